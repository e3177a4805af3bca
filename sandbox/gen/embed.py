#!/usr/bin/env python3
"""Prints a text file as C string literals, one a line."""
import sys

for line in open(sys.argv[1], encoding="utf-8"):
    text = line.replace("\\", "\\\\").replace('"', '\\"')
    print('"%s\\n"' % text.rstrip("\n"))
