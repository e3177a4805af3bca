#!/usr/bin/env python3
"""Runs make for the tests and says how far it is.

    build.py MAKE-ARGUMENT...

A build of some hundred files is silent for minutes with `make -s` and
unreadable without. This counts instead: `make -n` tells how many commands
there are, and each command that make echoes is one that was done. On a
terminal one line moves; elsewhere a line is written every ten seconds. All
that is no command (warnings, errors) is shown as it comes. The exit code is
that of make.
"""
import os
import re
import subprocess
import sys
import time

# What the rules run: compilers and the generators of sources. The helper
# lines of a rule (mkdir, test) are not counted.
COMMAND = re.compile(r"\s*(\S*/)?(gcc|clang|cc|c99|ar|objcopy|python3)"
                     r"(-\d+)? ")
SECONDS = 10.0


def lines_of(argv):
    return subprocess.Popen(argv, text=True, errors="replace",
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def count(argv):
    """How many commands make would run; 0 when it cannot tell."""
    with lines_of(argv + ["-n"]) as p:
        n = sum(bool(COMMAND.match(line)) for line in p.stdout)
    return n if p.returncode == 0 else 0


class Progress:
    def __init__(self, what, total):
        self.what, self.total, self.done = what, total, 0
        self.moves = sys.stdout.isatty()
        self.shown = time.monotonic()

    def text(self):
        return f"building {self.what}: {self.done} of {self.total}"

    def step(self):
        self.done += 1
        now = time.monotonic()
        if self.moves:
            sys.stdout.write("\r" + self.text())
        elif now - self.shown >= SECONDS:
            self.shown = now
            sys.stdout.write(self.text() + "\n")
        sys.stdout.flush()

    def pass_on(self, line):
        sys.stdout.write(("\r\033[K" if self.moves else "") + line)
        sys.stdout.flush()

    def end(self, seconds):
        if self.done:
            self.pass_on(f"building {self.what}: {self.done} commands, "
                         f"{seconds:.0f} s\n")


def main():
    argv = [os.environ.get("MAKE", "make"), "--no-print-directory",
            *sys.argv[1:]]
    what = next((a[2:] for a in argv if a.startswith("V=")), "release")
    began = time.monotonic()
    progress = Progress(what, count(argv))
    continued = False       # the line before is a command that goes on
    with lines_of(argv) as p:
        for line in p.stdout:
            is_command = bool(COMMAND.match(line))
            if is_command:
                progress.step()
            elif not continued and "Nothing to be done" not in line:
                progress.pass_on(line)
            continued = (is_command or continued) and line.endswith("\\\n")
    progress.end(time.monotonic() - began)
    return p.returncode


if __name__ == "__main__":
    sys.exit(main())
