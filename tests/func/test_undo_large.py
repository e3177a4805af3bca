#!/usr/bin/env python3
"""Undo of changes that, with what came of them since, are more than one change
holds: curation has touched what they made, or later changes build on it."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from curation_case import CurationCase  # noqa: E402
from harness import entity, main  # noqa: E402

MOST = 10000  # facts of one change


class Large(CurationCase):
    def sliced(self, **params):
        runs = set()
        while True:
            r = self.c.ok("memory_undo", sliced=True, **params)
            runs.add(r.get("run"))
            if r.get("done") is not False:
                self.assertEqual(len(runs), 1)
                return r

    def entities(self):
        return self.c.ok("get_memory_status")["totals"]["entities"]

    def test_after_curation(self):
        n = MOST // 3 + 50
        self.at(-400)
        change = self.c.ok("create_entities", entities=[
            entity(f"note {i}", "nobody asks") for i in range(n)])["change"]
        self.c.ok("create_entities", entities=[entity("mine", "stays")])
        self.at(-300)
        while self.c.ok("curate", confirm=True).get("done") is False:
            pass
        self.assertEqual(self.tiers()["note 7"], "episodic")
        # In one change it does not fit, and the error says how on.
        error = self.c.fails("limit", "memory_undo", change=change)["error"]
        self.assertIn("sliced", error)
        done = self.sliced(change=change)
        self.assertEqual(set(self.tiers()), {"mine"})
        # What comes under such a name begins anew, and the run goes back.
        self.c.ok("create_entities", entities=[entity("note 7", "again")])
        self.assertEqual(self.tiers()["note 7"], "working")
        self.c.ok("delete_entities", entityNames=["note 7"])
        self.assertEqual(self.c.ok("verify").get("problems", []), [])
        self.assertGreaterEqual(done["slices"], 2)

    def test_cascade_over_slices(self):
        n = MOST * 3 // 10
        names = [f"n{i}" for i in range(n)]
        first = self.c.ok("create_entities", entities=[
            entity(x, "is here") for x in names])["change"]
        for k in range(2):
            self.c.ok("add_observations", observations=[
                {"entityName": x, "contents": [f"saw {k}", f"heard {k}"]}
                for x in names])
        self.c.ok("create_entities", entities=[entity("mine", "stays")])
        self.c.fails("conflict", "memory_undo", change=first, sliced=True)
        self.sliced(change=first, on_conflict="cascade")
        self.assertEqual(set(self.tiers()), {"mine"})
        self.assertEqual(self.c.ok("verify").get("problems", []), [])


if __name__ == "__main__":
    main()
