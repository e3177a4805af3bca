#!/usr/bin/env python3
"""Rules that includes do not show: which room calls which, by symbols.

A *room* is a folder of the product (common/contract, memory-db/store/log). In
each house (HOUSES) the rooms have an order; a room may use what stands before
it and nothing behind it. An object file tells what it defines and what it wants
(`nm`), so a call through a prototype that was copied, or through a header that
lies lower than its .c, is seen as well.

    lint_symbols.py [FOLDER OF OBJECTS]     build/asan, or build/release

One TAP line a rule; a broken rule lists its places before it: the file that
calls, the symbol, the file that has it."""
import os
import re
import subprocess
import sys

# Of each house its rooms, lowest first. Rooms in one tuple do not know each
# other. What stands in no list is told as an error: a new room is given its
# place here.
HOUSES = {
    "product": [
        "common", "common/contract", ("common/client", "sandbox"),
        ("mcp-server", "memory-db/cli"), "memory-db"],
    "mcp-server": [
        "mcp-server/mcp", "mcp-server/stdio", "mcp-server"],
    "memory-db": [
        ("memory-db/sql", "memory-db/store", "memory-db/embed"),
        "memory-db/model", "memory-db/method", "memory-db/work",
        "memory-db/net", "memory-db"],
    "memory-db/cli": ["memory-db/cli/lib", "memory-db/cli"],
    "memory-db/model": [
        "memory-db/model/secrets", "memory-db/model/curate/rules",
        "memory-db/model/scope",
        "memory-db/model/read",
        "memory-db/model/write", "memory-db/model/time",
        ("memory-db/model/namespace", "memory-db/model/search",
         "memory-db/model/plan", "memory-db/model/review",
         "memory-db/model/carry"),
        "memory-db/model/recall", "memory-db/model/order",
        "memory-db/model/useful",
        "memory-db/model/extract",
        "memory-db/model/curate",
        "memory-db/model/context",
        "memory-db/model/transfer", "memory-db/model/script"],
    "memory-db/store": [
        "memory-db/store/engine", "memory-db/store/facts",
        "memory-db/store/index", "memory-db/store/log",
        "memory-db/store/beside", "memory-db/store/check",
        "memory-db/store"],
}

# Folders that are a part of the room above them: both use each other.
PARTS = ["memory-db/work/background", "sandbox/jail", "sandbox/gen"]

# Files of one room that all lead to each other are read as one. More than so
# many are a knot.
MOST_FILES = 6


def flat(order):
    """(room, rank) of each room."""
    for rank, rooms in enumerate(order):
        for room in (rooms,) if isinstance(rooms, str) else rooms:
            yield room, rank


def nm(objects):
    """{source without .c: (symbols it defines, symbols it wants)}"""
    out = subprocess.run(["nm", "-A", "-g"] + list(objects), check=True,
                         capture_output=True, text=True).stdout
    files = {o: (set(), set()) for o in objects}
    for line in out.splitlines():
        path, _, rest = line.partition(":")
        fields = rest.split()
        kind, name = fields[-2], fields[-1]
        # Sanitizers mark the globals of each file.
        if name.startswith(("__odr_asan", "__asan", "__ubsan")):
            continue
        files[path][kind in "Uwv"].add(name)
    return files


def find_objects(folder):
    """Objects of the product below the folder whose source is there."""
    found = {}
    for house in ("common", "mcp-server", "memory-db", "sandbox"):
        for path, _, names in os.walk(os.path.join(folder, house)):
            for name in names:
                obj = os.path.join(path, name)
                source = os.path.relpath(obj, folder)[:-2]
                if name.endswith(".o") and os.path.exists(source + ".c") \
                        and not name.startswith("example_"):
                    found[obj] = source
    return found


def read_edges(folder):
    """{(file, file): symbols} between files of the product."""
    objects = find_objects(folder)
    symbols = nm(objects)
    home = {}
    for obj, (defined, _) in symbols.items():
        for name in defined - {"main"}:
            home.setdefault(name, objects[obj])
    edges = {}
    for obj, (_, wanted) in symbols.items():
        for name in wanted:
            target = home.get(name)
            if target is not None and target != objects[obj]:
                edges.setdefault((objects[obj], target), set()).add(name)
    return set(objects.values()), edges


def read_includes():
    """{(file, header): {"the header"}} of the product, without endings."""
    edges = {}
    for house in ("common", "mcp-server", "memory-db", "sandbox"):
        for path, _, names in os.walk(house):
            for name in names:
                if not name.endswith((".c", ".h")):
                    continue
                file = os.path.join(path, name)
                with open(file, encoding="utf-8") as f:
                    for header in re.findall(r'^#include "(.+)\.h"', f.read(),
                                             re.M):
                        edges[file[:-2], header] = {"the header"}
    return edges


def room_of(file, rooms):
    """The innermost of the rooms in which the file lies, or None."""
    path = os.path.dirname(file)
    while path and path not in rooms:
        path = os.path.dirname(path)
    return path or None


def components(nodes, edges):
    """Sets of nodes that all lead to each other, larger than one (Tarjan)."""
    out = {n: [] for n in nodes}
    for a, b in edges:
        out[a].append(b)
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(n):
        index[n] = low[n] = len(index)
        stack.append(n)
        on.add(n)
        for m in out[n]:
            if m not in index:
                visit(m)
                low[n] = min(low[n], low[m])
            elif m in on:
                low[n] = min(low[n], index[m])
        if low[n] != index[n]:
            return
        part = set()
        while n not in part:
            part.add(stack.pop())
        on.difference_update(part)
        if len(part) > 1:
            found.append(part)

    for n in nodes:
        if n not in index:
            visit(n)
    return found


def upward(house, edges):
    """Places where a room of the house uses one that does not stand below."""
    rank = dict(flat(HOUSES[house]))
    for (a, b), names in sorted(edges.items()):
        ra, rb = room_of(a, rank), room_of(b, rank)
        if ra is None or rb is None or ra == rb or rank[rb] < rank[ra]:
            continue
        yield f"{a} uses {', '.join(sorted(names))} of {b}"


def homeless(files):
    """Folders of the product that no list names."""
    named = {room for order in HOUSES.values() for room, _ in flat(order)}
    for folder in sorted({os.path.dirname(f) for f in files}):
        if folder not in named and folder not in PARTS:
            yield f"{folder}: no room of tests/lint_symbols.py"


def knots(files, edges):
    """Cycles over too many files of one folder."""
    for folder in sorted({os.path.dirname(f) for f in files}):
        inside = [f for f in files if os.path.dirname(f) == folder]
        for part in components(inside, [(a, b) for a, b in edges
                                        if a in inside and b in inside]):
            if len(part) > MOST_FILES:
                yield "%s: %d files lead to each other, %d may: %s" % (
                    folder, len(part), MOST_FILES, ", ".join(
                        sorted(os.path.basename(f) for f in part)))


def main():
    """Prints the rules; 1 when one is broken."""
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    folders = sys.argv[1:] or [f for f in ("build/asan", "build/release",
                                           "build/tsan", "build/cov")
                               if os.path.isdir(f + "/memory-db")]
    if not folders:
        print("ok - rooms have one direction # SKIP nothing is built")
        return 0
    files, edges = read_edges(folders[0])
    includes = read_includes()
    rules = [(f"rooms of {house} have one direction",
              list(upward(house, edges)) + list(upward(house, includes))) for house in HOUSES]
    rules.append(("each folder of the product is a room",
                  list(homeless(files))))
    rules.append(("no cycle over many files of a room",
                  list(knots(files, edges))))
    for name, places in rules:
        for place in places:
            print("#", place)
        print("not ok -" if places else "ok -", name)
    return 1 if any(places for _, places in rules) else 0


if __name__ == "__main__":
    sys.exit(main())
