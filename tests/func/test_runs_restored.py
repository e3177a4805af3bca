#!/usr/bin/env python3
"""Runs come back with a restore, as their changes do; old ones go."""
import json
import sqlite3
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase, entity, main  # noqa: E402

KEPT = 1000


class Runs(TestCase):
    timeout = 120

    def setUp(self):
        super().setUp()
        self.db = self.service()
        self.c = self.db.client()
        self.folder = self.db.folder / "backups"

    def backup(self):
        got = json.loads(self.db.ctl("--json", "backup", self.folder,
                                     "--incremental").stdout)
        return Path(got["path"])

    def restore(self, *args):
        path = self.db.folder / f"r{len(args)}" / "m.db"
        path.parent.mkdir()
        self.db.ctl("restore", self.folder, "--into", path, *args)
        return self.service(database=path, folder=path.parent / "run").client()

    def names(self, c):
        return {e["name"] for e in c.ok("read_graph")["entities"]}

    def undo(self, changes):
        """A run of several slices that takes back changes, half or whole."""
        return self.c.ok("memory_undo", changes=changes, sliced=True,
                         slice_facts=2)

    def test_a_run_and_one_under_way(self):
        made = [self.c.ok("create_entities", entities=[
            entity(f"e{i}", "a fact")])["change"] for i in range(8)]
        self.backup()
        whole = self.undo(made[:2])
        while not whole["done"]:
            whole = self.undo(made[:2])
        half = self.undo(made[4:])
        self.assertFalse(half["done"])
        self.backup()
        before = self.names(self.c)
        at = half["slices"] and self.c.ok("list_namespaces")["namespaces"]
        c = self.restore()
        self.assertEqual(self.names(c), before)
        # The one under way is listed, and goes on by the same call.
        (told,) = c.ok("memory_branch", action="list")["unfinished"]
        self.assertEqual(told["run"], half["run"])
        while True:
            r = c.ok("memory_undo", changes=made[4:], sliced=True,
                     slice_facts=2)
            self.assertEqual(r["run"], half["run"])
            if r["done"]:
                break
        # And the one that ended is taken back as one.
        c.ok("memory_undo", run=whole["run"])
        self.assertEqual(self.names(c), {"e0", "e1", "e2", "e3"})
        self.assertEqual(c.ok("verify").get("problems", []), [])
        self.assertTrue(at)

    def test_as_of_an_earlier_change(self):
        made = [self.c.ok("create_entities", entities=[
            entity(f"e{i}", "a fact")])["change"] for i in range(6)]
        first = self.undo(made)
        last = first["change"]
        while not self.undo(made)["done"]:
            pass
        self.backup()
        c = self.restore("--change", last)
        self.assertEqual(c.ok("memory_branch", action="list").get("unfinished", []),
                         [])
        c.ok("memory_undo", run=first["run"])
        self.assertEqual(self.names(c), {f"e{i}" for i in range(6)})

    def test_old_ones_go(self):
        self.c.ok("create_entities", entities=[entity("x", "y")])
        self.c.close()
        self.db.stop()
        with sqlite3.connect(self.db.database) as file:
            for i in range(KEPT + 300):
                state = {"id": f"run-{i:08x}", "method": "memory_undo",
                         "ns": 1, "branch": 1, "open": i == 3,
                         "key": f"open:{i:032x}", "changes": [i % 700],
                         "totals": {}, "remaining": int(i == 3)}
                file.execute("INSERT INTO meta(key, value) VALUES(?, ?)",
                             (f"run:run-{i:08x}", json.dumps(state)))
        self.db.start()
        self.c = self.db.client()

        def kept():
            with sqlite3.connect(self.db.database) as file:
                return {r[0] for r in file.execute(
                    "SELECT key FROM meta WHERE key LIKE 'run:%'")}
        newest = None
        for i in range(500):
            made = self.c.ok("create_entities", entities=[
                entity(f"e{i}", "a fact")])["change"]
            newest = self.c.ok("memory_undo", change=made, sliced=True)["run"]
            if len(kept()) <= KEPT + 200:
                break
        left = kept()
        self.assertLessEqual(len(left), KEPT + 200)
        self.assertIn(f"run:{newest}", left)
        self.assertIn("run:run-00000003", left)  # it is open
        self.assertNotIn("run:run-00000004", left)


if __name__ == "__main__":
    main()
