#!/usr/bin/env python3
"""A bill of materials (CycloneDX 1.5, JSON) of built programs: the libraries
they name, the Debian packages these come from, and what is linked or built
into them. The same programs give the same bytes.

    sbom.py VERSION PROGRAM...
"""
import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.parse
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
# Linked statically into memory-sandbox: the archives, by their package.
STATIC = {"memory-sandbox": ["liblua5.4.a", "libc.a", "libm.a"]}
# Opened at run time, when an endpoint for embeddings is configured.
OPENED = {"memory-db": ["libcurl.so.4"]}
# Data of our own that is built in.
BUILT_IN = {"memory-sandbox": ["sandbox/lua/helpers.lua"],
            "memory-db": ["memory-db/store/engine/dictionary.c"]}
ABOUT = {"sandbox/lua/helpers.lua": "Lua helpers of scripts",
         "memory-db/store/engine/dictionary.c": "zlib dictionary of stored texts"}


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def sha256(path):
    with open(path, "rb") as f:
        return [{"alg": "SHA-256",
                 "content": hashlib.sha256(f.read()).hexdigest()}]


def needed(program):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-dW", program))


def library_path(name):
    """Where the loader, or the linker, finds a file of this name."""
    for line in run("/sbin/ldconfig", "-p").splitlines():
        found = re.match(r"\s*(\S+) \(.*x86-64.*\) => (.+)", line)
        if found and found[1] == name:
            return found[2]
    path = run("gcc", f"-print-file-name={name}").strip()
    return path if path != name else None


def package(path):
    """(name, version, architecture) of the package that brought a file."""
    real = os.path.realpath(path)
    for one in (real, path, re.sub("^/usr", "", real)):
        try:
            names = run("dpkg-query", "-S", one).split(": ")[0]
        except subprocess.CalledProcessError:
            continue
        name = names.split(",")[0]
        return tuple(run("dpkg-query", "-W", "-f",
                         "${Package}\t${Version}\t${Architecture}",
                         name).split("\t"))
    return None


def of_library(name, how):
    path = library_path(name)
    origin = package(path) if path else None
    found = {"type": "library", "name": name,
             "bom-ref": f"{how}:{name}",
             "properties": [{"name": "link", "value": how}]}
    if origin:
        name, version, arch = origin
        found["version"] = version
        found["purl"] = (f"pkg:deb/debian/{name}@"
                         f"{urllib.parse.quote(version, safe='~')}?arch={arch}")
    return found


def of_file(path):
    return {"type": "data", "name": path, "bom-ref": f"file:{path}",
            "description": ABOUT[path],
            "hashes": sha256(os.path.join(ROOT, path))}


def main(version, programs):
    parts, depends = {}, []
    for program in programs:
        name = os.path.basename(program)
        mine = [of_library(n, "dynamic") for n in needed(program)]
        mine += [of_library(n, "static") for n in STATIC.get(name, ())]
        mine += [of_library(n, "opened") for n in OPENED.get(name, ())]
        mine += [of_file(p) for p in BUILT_IN.get(name, ())]
        parts[name] = {"type": "application", "name": name,
                       "version": version, "bom-ref": name,
                       "hashes": sha256(program)}
        parts.update({p["bom-ref"]: p for p in mine})
        depends.append({"ref": name,
                        "dependsOn": sorted(p["bom-ref"] for p in mine)})
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
           "metadata": {"component": {
               "type": "application", "name": "enhanced-memory",
               "version": version, "bom-ref": "enhanced-memory"}},
           "components": [parts[k] for k in sorted(parts)],
           "dependencies": [
               {"ref": "enhanced-memory",
                "dependsOn": sorted(d["ref"] for d in depends)}] + depends}
    text = json.dumps(bom, sort_keys=True)
    bom["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, text)}"
    json.dump(bom, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
