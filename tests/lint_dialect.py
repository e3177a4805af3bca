#!/usr/bin/env python3
"""Forms of C that the product does not use.

A *chain* keeps on asking whether all went well so far, where a function can
return instead:

    rc = read(x);                       rc = read(x);
    if (rc == 0)                        if (rc != 0)
            rc = check(x);                      return rc;
    if (rc == 0)                        rc = check(x);
            rc = write(x);              if (rc != 0)
    return rc;                                  return rc;
                                        return write(x);

Two conditions `rc == 0` in a row are a chain. What a function holds is released
by itself (common/cleanup.h), so that it may return anywhere; where something
must happen in the end all the same, a function inside the function returns
early. A single `if (rc == 0)` before such an end is no chain; a file may have
one of them, so that they do not become a habit again.

A *loop* that asks it in its condition hides where it ends:

    for (i = 0; rc == 0 && i < n; i++)  for (i = 0; i < n; i++) {
            rc = write(v[i]);                   rc = write(v[i]);
    free(v);                                    if (rc != 0)
    return rc;                                          return rc;
                                        }
                                        return 0;

A *tail* does the same on the last line: `return rc == 0 ? write(x) : rc;`.

One TAP line a rule; a broken rule lists its places before it."""
import os
import re
import sys

# The most that a file may ask whether all went well so far: before an end that
# must be reached, or where 0 is an answer ("not there: make it").
MOST = 1

HOUSES = ("common", "mcp-server", "memory-db", "sandbox")
LOOP = re.compile(r"(?<![\w.>])(?:(?:rc|r|ret) (?:==|>=) (?:0|CLI_OK)\b"
                  r"|!(?:rc|r|ret)\b(?![-.\[]))")
GUARD = re.compile(r"(\t+)(?:else )?if \("
                   r"(?:(rc|r|ret) == (?:0|CLI_OK)|!(rc|r|ret))(?: &&|\)|$)")

TAIL = re.compile(r"\breturn (rc|r) == 0\s*\?\s*\w+\([^;]*\)\s*:\s*\1;")


def sources(ends):
    """Each .c file of the product, or .h file."""
    for house in HOUSES:
        for path, _, names in os.walk(house):
            for name in sorted(names):
                if name.endswith(ends):
                    yield os.path.join(path, name)


def blank(text):
    """The text with comments and strings made of blanks, line for line."""
    def fill(m):
        return re.sub(r"[^\n]", " ", m.group())
    return re.sub(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'',
                  fill, text, flags=re.S)


def guards(lines):
    """Numbers of the lines that ask whether all went well so far. What leaves
    the function or the turn of a loop ("found nothing: say so") is an early
    return, and none of them."""
    for at, line in enumerate(lines):
        if GUARD.match(line) and not leaves(lines, at):
            yield at + 1


LEAVES = ("return", "continue;", "break;")


def leaves(lines, at):
    """Does what the condition at the line leads to end by leaving?"""
    depth = 0
    for n in range(at, len(lines)):
        depth += lines[n].count("(") - lines[n].count(")")
        if depth > 0:
            continue
        rest = [line for line in lines[n + 1:n + 40] if line.strip()]
        if lines[n].rstrip().endswith(")"):
            return bool(rest) and rest[0].strip().startswith(LEAVES)
        if not lines[n].rstrip().endswith("{"):
            return False
        indent = re.match(r"\t*", lines[at]).group()
        last = ""
        for line in rest:
            if line.startswith(indent + "}"):
                return last.startswith(indent + "\t" + "return") or \
                    last.startswith(tuple(indent + "\t" + word
                                          for word in LEAVES[1:]))
            if re.match(indent + r"\t\S", line):
                last = line
        return False
    return False


def loops(text):
    """Numbers of the lines where a loop asks in its condition whether all went
    well so far."""
    for m in re.finditer(r"\b(for|while) \(", text):
        level, end = 1, m.end()
        while level > 0:
            level += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        asked = text[m.end():end - 1]
        if m.group(1) == "for":
            asked = asked.split(";")[1] if ";" in asked else ""
        if LOOP.search(asked):
            yield text.count("\n", 0, m.start()) + 1


def statement_end(lines, at):
    """The line after the statement that begins at `at`: the next one that is
    not deeper, and that is no closing brace or `else` of it."""
    depth = len(lines[at]) - len(lines[at].lstrip("\t"))
    n = at + 1
    while n < len(lines):
        line = lines[n]
        if line.strip():
            here = len(line) - len(line.lstrip("\t"))
            if here < depth:
                return n
            rest = line.lstrip("\t")
            if here == depth and not rest.startswith(("}", "else")):
                return n
            if here == depth and rest.startswith("else"):
                return -1
            if here == depth and "else" in rest:
                return -1
        n += 1
    return n


def chains(lines):
    """Numbers of the lines where a second condition of a chain stands."""
    for at, line in enumerate(lines):
        first = GUARD.match(line)
        if not first or line.lstrip("\t").startswith("else"):
            continue
        following = statement_end(lines, at)
        if following < 0 or following >= len(lines):
            continue
        second = GUARD.match(lines[following])
        if second and second.group(1) == first.group(1):
            name = [m.group(2) or m.group(3) for m in (first, second)]
            if name[0] == name[1]:
                yield following + 1


def ternaries(text):
    """Numbers of the lines on which a condition stands within another:
    a ? b : c ? d : e."""
    for m in re.finditer(r"[;{}]", text):
        end = re.compile(r"[;{}]").search(text, m.end())
        part = text[m.end():end.start()] if end else ""
        if part.count("?") > 1 and nested(part):
            lead = len(part) - len(part.lstrip())
            yield text.count("\n", 0, m.end() + lead) + 1


def nested(part):
    """Is a question open, or just answered, where another begins?"""
    level = [0]  # of each open bracket: how many questions stand in it
    for c in part:
        if c in "([":
            level.append(0)
        elif c in ")]" and len(level) > 1:
            level.pop()
        elif c == ",":
            level[-1] = 0
        elif c == "?":
            if level[-1] > 0:
                return True
            level[-1] += 1
    return False


def beyond(file, found, most):
    """The places of a file, when they are more than there may be."""
    if len(found) > most:
        yield "%s:%s: %d, may be %d" % (
            file, ",".join(str(line) for line in found), len(found), most)


def main():
    """Prints the rules; 1 when one is broken."""
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    pairs, asked, often, looped, tails = [], [], [], [], []
    for file in sources((".c", ".h")):
        with open(file, encoding="utf-8") as f:
            text = blank(f.read())
        lines = text.split("\n")
        pairs += [f"{file}:{line}" for line in chains(lines)]
        asked += [f"{file}:{line}" for line in ternaries(text)]
        often += beyond(file, list(guards(lines)), MOST)
        looped += [f"{file}:{line}" for line in loops(text)]
        tails += ["%s:%d" % (file, text.count("\n", 0, m.start()) + 1)
                  for m in TAIL.finditer(text)]
    rules = [("no chain of `if (rc == 0)`", pairs),
             ("no condition within a condition (?:)", asked),
             ("`if (rc == 0)` is no habit of a file", often),
             ("no loop asks whether all went well", looped),
             ("no tail asks whether all went well", tails)]
    for name, places in rules:
        for place in places:
            print("#", place)
        print("not ok -" if places else "ok -", name)
    return 1 if any(places for _, places in rules) else 0


if __name__ == "__main__":
    sys.exit(main())
