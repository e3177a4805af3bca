#!/usr/bin/env python3
"""An import is one session, however large and over however many projects: one
undo takes it back. The limit of writes, which agents have, does not slow it."""
import json
import time
import unittest

from harness import SLOW, entity, main
from test_import_home import Imports

SAID = ("We decided to use Postgres {} for the orders.",
        "My name is Ida Quell{}.", "I prefer tabs over spaces.",
        "The build cache runs on host kestrel{}.", "Ada{} lives in Oslo.")
LIMITS = ("--limit-writes-per-minute", "6", "--limit-writes-burst", "14")


def line(role, text, cwd):
    return json.dumps({"type": role, "cwd": cwd, "message": {
        "role": role, "content": text}}) + "\n"


class Limited(Imports):
    def setUp(self):
        super().setUp()
        self.db.done()
        self.db = self.service(args=LIMITS, rate_limit=True)
        self.projects = [f"/srv/project{i}" for i in range(4)]
        for i, cwd in enumerate(self.projects):
            folder = self.home / ".claude/projects" / cwd.replace("/", "-")
            folder.mkdir(parents=True)
            for k in range(5):
                (folder / f"s{k}.jsonl").write_text(
                    line("user", SAID[k].format(i), cwd) +
                    line("assistant", "Noted.", cwd))
        notes = self.home / ".codex/memories"
        notes.mkdir(parents=True)
        (notes / "n.md").write_text("- the quay closes at nine\n")

    def facts(self):
        """Of all branches, by namespace."""
        out = {}
        with self.db.client() as c:
            c.ok("hello", bulk=True)
            for ns in c.ok("list_namespaces")["namespaces"]:
                for b in c.ok("memory_branch", namespace=ns["name"],
                              action="list")["branches"]:
                    if b["name"] != "main":
                        got = self.texts(ns["name"], b["name"])
                        out[ns["name"], b["name"]] = {t for _, t in got}
        return out

    def test_one_undo_takes_all_of_it_back(self):
        begun = time.monotonic()
        rows = self.take("all")
        again = self.take("all")
        # Sixty writes at six a minute would take ten minutes.
        self.assertLess(time.monotonic() - begun, 60 * SLOW)
        self.assertEqual(sum(r["stored"] for r in again), 0)
        self.assertEqual({r["session"] for r in rows}, {rows[0]["session"]})
        stored = self.facts()
        self.assertEqual(sum(map(len, stored.values())),
                         sum(r["stored"] for r in rows))
        self.assertEqual(len([f for f in stored.values() if f]), 5)
        with self.db.client() as c:
            sessions = [s["session"] for s in c.ok("list_sessions")["sessions"]]
            self.assertEqual(sessions, [rows[0]["session"]])
        dry = self.ctl("undo", "--session", rows[0]["session"], "--dry-run")
        self.assertEqual(dry.count("would undo"), 5, dry)
        self.assertEqual(self.facts(), stored)
        self.ctl("undo", "--session", rows[0]["session"])
        self.assertEqual(sum(map(len, self.facts().values())), 0)
        # What was taken back comes again, in a session of its own.
        third = self.take("all")
        self.assertEqual([r["stored"] for r in third],
                         [r["stored"] for r in rows])
        self.assertNotEqual(third[0]["session"], rows[0]["session"])
        self.assertEqual(self.facts(), stored)
        self.assertIn(third[0]["session"],
                      self.ctl("--json", "sessions"))

    def test_the_report_names_the_way_back(self):
        out = self.ctl("import", "--from", "claude-code")
        self.assertIn("take all of this import back: memoryctl undo --session "
                      "memoryctl-import-", out)
        name = out.split("undo --session ")[1].split()[0]
        self.ctl("undo", "--session", name)
        self.assertEqual(sum(map(len, self.facts().values())), 0)

    def test_one_place_alone(self):
        session = self.take("all")[0]["session"]
        before = self.facts()
        self.assertGreater(len(before[self.projects[0],
                                      "import-claude-code"]), 3)
        self.ctl("--namespace", self.projects[0], "undo", "--session", session)
        left = self.facts()
        self.assertEqual(left[self.projects[0], "import-claude-code"], set())
        for place, facts in before.items():
            if place[0] != self.projects[0]:
                self.assertEqual(left[place], facts)
        self.ctl("--branch", "import-codex-memories", "undo", "--session",
                 session)
        self.assertEqual(self.facts()["default", "import-codex-memories"],
                         set())
        self.assertEqual(self.facts()[self.projects[1], "import-claude-code"],
                         before[self.projects[1], "import-claude-code"])

    def test_agents_keep_their_limit(self):
        def write(c, i):
            return c.call("create_entities", namespace="p", entities=[
                entity(f"e{i}", "x")])
        with self.db.client() as c:
            c.ok("hello", tools="default", session="s1", namespace="p")
            got = [write(c, i) for i in range(20)]
            self.assertEqual(got[-1].get("code"), "busy", got[-1])
        # An import has none.
        with self.db.client() as c:
            c.ok("hello", tools="default", session="s2", bulk=True)
            for i in range(20):
                self.assertTrue(write(c, f"b{i}")["success"])
            # A later hello without it ends that.
            c.ok("hello", tools="default", session="s2")
            got = [write(c, f"c{i}") for i in range(20)]
            self.assertEqual(got[-1].get("code"), "busy")


if __name__ == "__main__":
    main()
