#!/usr/bin/env python3
"""What a newcomer reads first: the head of a file, and names.

- A .c file of the product of some length begins with a comment that says what
  it is for, or has a header that says it in more than a line.
- The name of a static function stands in one file, in two at most, so that it
  can be looked for and broken on: `merge_tell`, not the twelfth `tell`. The tag
  of a struct or an enum has one meaning, too.
- Asserts stay in release builds, so nothing sets NDEBUG, and an assert does
  nothing but ask.

One TAP line a rule; a broken rule lists its places before it."""
import collections
import os
import re
import subprocess
import sys

LONG = 120   # lines from which on a file needs a head
WORDS = 5    # of a head with that of its header
TELLING = 20 # words of a header that says enough for both

NAMES = 2    # files in which one name may stand

# Names and tags that stand in more files; a number may only become smaller.
TOO_OFTEN = {"main_serve": 3}

HEAD = re.compile(r"\s*/\*(.*?)\*/", re.S)
STATIC = re.compile(r"^static [^;{}=]*?\n(\w+)\(", re.M)
TAG = re.compile(r"^\s*(?:static |const |typedef )*(?:struct|enum) (\w+) \{",
                 re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
ASSERT = re.compile(r"\bassert\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\);")
EFFECT = re.compile(r"\+\+|--|(?<![=!<>])=(?!=)")


def sources(ending="*.c"):
    """The .c files of the product."""
    out = subprocess.run(["git", "ls-files", ending], capture_output=True,
                         text=True, check=True).stdout.split()
    return [f for f in out if not f.startswith("tests/")
            and os.path.exists(f)]


def words(file):
    """Words of the comment at the head of a file."""
    if not os.path.exists(file):
        return 0
    with open(file, encoding="utf-8") as f:
        m = HEAD.match(f.read())
    return len(m.group(1).replace("*", " ").split()) if m else 0


def headless(file, text):
    """Is the file long, and says nobody what it is for?"""
    if text.count("\n") < LONG:
        return False
    own, header = words(file), words(file[:-2] + ".h")
    return own + header < WORDS or (own == 0 and header < TELLING)


def repeated(where):
    """What stands in more files than it may."""
    for name, files in sorted(where.items()):
        most = TOO_OFTEN.get(name, NAMES)
        if len(files) > most:
            yield f"{name}: {len(files)} files, may be {most}: " \
                f"{' '.join(files)}"


def main():
    """Prints the rules; 1 when one is broken."""
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    heads, effects = [], []
    where, tags = collections.defaultdict(list), collections.defaultdict(list)
    for file in sources():
        with open(file, encoding="utf-8") as f:
            text = f.read()
        if headless(file, text):
            heads.append(f"{file}: begins with no comment that says what it "
                         "is for")
        for name in set(STATIC.findall(text)):
            where[name].append(file)
        for m in ASSERT.finditer(text):
            if EFFECT.search(m.group(1)):
                effects.append(f"{file}:{text.count(chr(10), 0, m.start()) + 1}"
                               f": assert({' '.join(m.group(1).split())})")
    for file in sources("*.[ch]"):
        with open(file, encoding="utf-8") as f:
            for tag in set(TAG.findall(COMMENT.sub("", f.read()))):
                tags["struct " + tag].append(file)
    # The rule itself, and the pages that tell it, name the word.
    ndebug = subprocess.run(["git", "grep", "-n", "NDEBUG", "--", ":!*.md",
                             ":!tests/lint_heads.py"],
                            capture_output=True, text=True).stdout.split("\n")
    rules = [("a long file says what it is for", heads),
             ("the name of a static function stands in a file or two",
              list(repeated(where))),
             ("the tag of a struct has one meaning", list(repeated(tags))),
             ("an assert has no side effect", effects),
             ("asserts stay in every build", [p for p in ndebug if p])]
    for name, places in rules:
        for place in places:
            print("#", place)
        print("not ok -" if places else "ok -", name)
    return 1 if any(places for _, places in rules) else 0


if __name__ == "__main__":
    sys.exit(main())
