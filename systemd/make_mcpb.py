#!/usr/bin/env python3
"""make_mcpb.py BIN VERSION DATE OUT: a bundle for clients that install MCP
servers from one file (.mcpb, manifest version 0.3): a zip with the manifest and
the programs of BIN. The same bytes for the same programs and DATE (seconds)."""
import json
import platform
import sys
import time
import zipfile
from pathlib import Path

PROGRAMS = ("memory-mcp", "memory-db", "memory-sandbox", "memoryctl")


def manifest(version):
    return {
        "manifest_version": "0.3",
        "name": "enhanced-memory",
        "display_name": "Enhanced Memory",
        "version": version,
        "description": "A memory that keeps what it is told: versions, "
                       "branches, undo, ranked recall. Local, without a "
                       "model.",
        "author": {"name": "The Enhanced Memory authors"},
        "license": "MIT",
        "keywords": ["memory", "recall"],
        "server": {
            "type": "binary",
            "entry_point": "server/memory-mcp",
            "mcp_config": {
                "command": "${__dirname}/server/memory-mcp",
                "args": ["--namespace", "${user_config.namespace}",
                         "--tools", "${user_config.tools}"],
                "env": {}}},
        "compatibility": {"platforms": [platform.system().lower()]},
        "user_config": {
            "namespace": {
                "type": "string", "title": "Which memory",
                "description": "default is your own; auto gives each "
                               "project its own",
                "default": "default", "required": False},
            "tools": {
                "type": "string", "title": "Tools",
                "description": "default, or several joined by commas: "
                               "history, skills, order",
                "default": "default", "required": False}},
        "tools_generated": True}


def main():
    folder, version, date, out = sys.argv[1:5]
    when = time.gmtime(max(int(date), 315532800))[:6]   # zip begins in 1980
    files = [("manifest.json", json.dumps(manifest(version), indent=2)
              .encode() + b"\n", 0o644)]
    files += [(f"server/{p}", (Path(folder) / p).read_bytes(), 0o755)
              for p in PROGRAMS]
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data, mode in files:
            info = zipfile.ZipInfo(name, when)
            info.external_attr = (0o100000 | mode) << 16
            info.create_system = 3
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, data, compresslevel=9)
    print(out)


if __name__ == "__main__":
    main()
