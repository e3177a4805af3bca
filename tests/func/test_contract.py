#!/usr/bin/env python3
"""The records of the methods (common/contract/tools/) and what is written about
the methods elsewhere: PROTOCOL.md, the man page, README.md, the Python client,
the helpers of scripts. And the examples in the records, each of which is sent;
a test build refuses a reply that is not as its record says."""
import json
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import ROOT, TestCase, main  # noqa: E402
from records import COMPAT, METHODS, TABLES, names  # noqa: E402

sys.path.insert(0, str(ROOT / "common/client"))
import memory_client  # noqa: E402

DEFAULT, HISTORY, SKILLS = 1, 4, 16     # enum tool_profile

# Told once, in the text beside the tables, for all methods that have them.
TOLD_ONCE = {"limit", "cursor", "max_bytes", "max_tokens", "fields", "strict",
             "next", "dry_run", "sliced", "slice_facts", "done", "run",
             "slices", "remaining", "branch", "failed", "same_as", "similar",
             "conflicts", "conflict_count", "conflicts_later"}


def members(table):
    """All names in a table, those of its rows and groups as well. What an
    observation is made of is told once, in the text."""
    for p in table:
        yield p["name"]
        for inner in (p, p.get("item", {})):
            if inner.get("type") != "text_or_object" and \
                    p["name"] not in TOLD_ONCE:
                yield from members(inner.get("sub", ()))


def has_word(word, text):
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)


class Protocol(unittest.TestCase):
    TEXT = (ROOT / "common/contract/PROTOCOL.md").read_text()
    ROWS = dict(re.findall(r"(?m)^\| `(\w+)` \|(.*)$", TEXT))
    # Of hello a paragraph tells.
    ROWS["hello"] = re.search(r"(?s)^`hello \{.*?\n\n", TEXT, re.M)[0]
    COMMON = {p["name"] for p in TABLES["common"]}

    def told(self, name, table):
        row = self.ROWS[name]
        # "as `memory_history`"
        row += "".join(self.ROWS[other] for other in
                       re.findall(r"\bas `(\w+)`", row) if other in METHODS)
        for member in members(table):
            if has_word(member, row):
                continue
            with self.subTest(method=name, member=member):
                self.assertIn(member, TOLD_ONCE,
                              f"PROTOCOL.md does not tell of it in the row "
                              f"of {name}")
                self.assertTrue(has_word(member, self.TEXT))

    def test_each_method_has_a_row(self):
        # Parameters that every method takes have rows of that form, too.
        self.assertEqual(set(self.ROWS) - (self.COMMON - set(METHODS)),
                         set(METHODS))

    def test_parameters(self):
        for name, m in METHODS.items():
            own = [p for p in m["params"] if p["name"] not in self.COMMON]
            self.told(name, own)

    def test_replies(self):
        for name, m in METHODS.items():
            self.told(name, m["result"])
        for p in TABLES["any_reply"]:
            self.assertTrue(has_word(p["name"], self.TEXT), p["name"])


class Lists(unittest.TestCase):
    def shown(self, profile):
        return [m["name"] for m in sorted(METHODS.values(),
                                          key=lambda m: m["order"])
                if m["profiles"] & profile]

    def test_readme_has_the_default_tools_in_order(self):
        text = (ROOT / "README.md").read_text()
        listed = re.search(r"default tools, in order: ([\w, ]+)\.", text)[1]
        self.assertEqual(listed.split(", "), self.shown(DEFAULT))

    def test_man_page_names_the_tools_of_each_profile(self):
        text = (ROOT / "mcp-server/memory-mcp.1").read_text()
        text = text[text.index(".Sh PROFILES"):text.index(".Sh ENVIRONMENT")]
        for profile in (DEFAULT, HISTORY, SKILLS):
            for name in self.shown(profile):
                if METHODS[name]["flags"] & COMPAT or (
                        profile == HISTORY and name.startswith("memory_")):
                    continue    # "the nine", "begin with memory_"
                self.assertIn(f".Ql {name}", text)

    def test_python_client(self):
        """Positional parameters are those of scripts, or what is required."""
        for name, positional in memory_client.METHODS.items():
            m = METHODS[name]
            of_scripts = (m["positional"] or "").split()
            required = [p["name"] for p in m["params"] if p["required"]]
            self.assertIn(list(positional), (of_scripts[:len(positional)],
                                             required), name)
        for name in self.shown(DEFAULT):
            self.assertIn(name, memory_client.METHODS)

    def test_helpers_of_scripts_know_the_replies(self):
        """What is not listed there is an error for a script that reads it."""
        text = (ROOT / "sandbox/lua/helpers.lua").read_text()
        graph = re.search(r'local graph = \{gives = "([^"]*)"', text)[1]
        for name in ("open_nodes", "read_graph"):
            self.assertLessEqual(set(names(METHODS[name]["result"])),
                                 set(graph.split()))
        shapes = re.findall(
            r'(\w+) = \{\s*gives = ((?:"[^"]*"|\s|\.\.|written|at_odds)+)',
            text)
        self.assertGreater(len(shapes), 7)
        for name, gives in shapes:
            if name not in METHODS:
                continue
            known = gives.replace("written", '"change failed note dry_run"')
            known = known.replace(
                "at_odds", '"conflicts conflict_count conflicts_later"')
            known = set(" ".join(re.findall(r'"([^"]*)"', known)).split())
            self.assertLessEqual(set(names(METHODS[name]["result"])), known,
                                 name)


class Examples(TestCase):
    def test_each_example_is_answered(self):
        """In an order in which each has what it speaks of."""
        c = self.service().client()
        self.addCleanup(c.close)
        later = ("merge", "delete", "forget", "import", "export", "verify")
        order = sorted(METHODS.values(), key=lambda m: next(
            (i + 1 for i, word in enumerate(later) if word in m["name"]), 0))
        order.sort(key=lambda m: not m["name"].startswith(
            ("create", "add", "save", "write")))
        sent = 0
        for m in order:
            if m["example"]:
                c.ok(m["name"], json.loads(m["example"]))
                sent += 1
        self.assertGreater(sent, 25)


if __name__ == "__main__":
    main()
