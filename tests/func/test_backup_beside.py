#!/usr/bin/env python3
"""What stands beside the log in a chain of backups: counters, settings and
decisions come back as they were, though no change tells of them."""
import json
import sqlite3
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase, entity, main  # noqa: E402

DAY = 24 * 3600 * 1000
ASK = "Where does the build cache live?"
FACT = "the build cache lives on host kestrel"
DENIED = "No, the build cache does not live on host kestrel."


class Beside(TestCase):
    def setUp(self):
        super().setUp()
        self.db = self.service(env=self.clock(0))
        self.c = self.db.client()
        self.folder = self.db.folder / "backups"
        self.restored = 0

    def clock(self, day):
        self.day = day
        return {"MEMORY_TEST_CLOCK_OFFSET_MS": str((day - 40) * DAY)}

    def at(self, day):
        self.c.close()
        self.db.stop()
        self.db.start(env=self.clock(day))
        self.c = self.db.client()

    def backup(self):
        got = json.loads(self.db.ctl("--json", "backup", self.folder,
                                     "--incremental").stdout)
        return Path(got["path"])

    def restore(self, *args, source=None):
        """A client of a database that was restored."""
        self.restored += 1
        path = self.db.folder / f"r{self.restored}" / "m.db"
        path.parent.mkdir()
        self.db.ctl("restore", source or self.folder, "--into", path, *args)
        db = self.service(database=path, folder=path.parent / "run",
                          env=self.clock(self.day))
        self.assertEqual(db.client().ok("verify").get("problems", []), [])
        return db

    @staticmethod
    def rows(db, table, but=()):
        """Of a table of a service that has ended."""
        db.stop()
        with sqlite3.connect(f"file:{db.database}?mode=ro", uri=True) as file:
            file.row_factory = sqlite3.Row
            return sorted(
                tuple((k, r[k]) for k in r.keys() if k not in but)
                for r in file.execute(f"SELECT * FROM {table}"))

    # --- counters ---
    def judged(self, recalled=False):
        receipt = self.c.ok("recall", query=ASK, namespace="p")["receipt"]
        shown = {"recalled" if recalled else "shown": [{"receipt": receipt}]}
        got = self.c.ok("judge_use", namespace="p", asked=ASK,
                        answer="On host kestrel it lives.", **shown)
        self.assertEqual((got["judged"], got["used"]), (1, 1), got)
        return receipt

    def deny(self, receipt):
        got = self.c.ok("judge_use", namespace="p", asked=DENIED,
                        answer="I see.", before=[receipt])
        self.assertEqual(got.get("corrected"), 1, got)

    def compare_counters(self, restored):
        for table in ("outcome_day", "outcome"):
            but = ("day", "of_day") if table == "outcome" else ()
            self.assertEqual(self.rows(self.db, table, but),
                             self.rows(restored, table, but), table)

    def denied_on_another_day(self, recalled, later):
        self.c.ok("create_entities", namespace="p",
                  entities=[entity("infra", FACT)])
        receipt = self.judged(recalled)
        if recalled:
            self.judged()
        self.backup()
        self.at(later)
        self.deny(receipt)
        self.c.ok("add_observations", namespace="p", observations=[
            {"entityName": "infra", "contents": ["it is noisy"]}])
        self.backup()
        newest = self.c.ok("list_namespaces")["namespaces"]
        change = max(n.get("last_change", 0) for n in newest)
        restored = self.restore()
        self.restore("--change", change or 2)
        self.c.close()
        days = dict((dict(r)["day"], dict(r))
                    for r in self.rows(self.db, "outcome_day"))
        for row in days.values():
            for what in ("used", "ignored", "contradicted"):
                self.assertGreaterEqual(row[what], row["recalled_" + what])
                self.assertGreaterEqual(row["recalled_" + what], 0)
        self.assertEqual([d["used"] for _, d in sorted(days.items())],
                         [int(recalled), 0])
        self.assertEqual([d["contradicted"] for _, d in sorted(days.items())],
                         [0, 1])
        self.compare_counters(restored)

    def test_denied_a_day_later(self):
        self.denied_on_another_day(False, 1)

    def test_what_was_recalled_is_denied_a_day_later(self):
        self.denied_on_another_day(True, 1)

    def test_denied_weeks_later(self):
        self.denied_on_another_day(False, 20)

    def test_denied_on_the_same_day(self):
        self.c.ok("create_entities", namespace="p",
                  entities=[entity("infra", FACT)])
        receipt = self.judged()
        self.backup()
        self.deny(receipt)
        self.backup()
        restored = self.restore()
        self.c.close()
        self.compare_counters(restored)

    def test_backups_of_an_older_version(self):
        """They may have counts below zero, or more recalled than there are."""
        self.c.ok("create_entities", namespace="p",
                  entities=[entity("infra", FACT)])
        self.judged()
        log = self.db.folder / "log.jsonl"
        self.db.ctl("export", "--all", "--counters", log)
        text = log.read_text()
        self.assertIn('"outcome_day"', text)
        lines = []
        for line in text.splitlines():
            o = json.loads(line)
            if o["type"] == "outcome_day":
                o.update(used=-1, contradicted=1, recalled={
                    "used": -1, "ignored": 3, "contradicted": 2})
            lines.append(json.dumps(o))
        log.write_text("\n".join(lines) + "\n")
        other = self.service()
        other.ctl("import", log)
        row = dict(self.rows(other, "outcome_day")[0])
        self.assertEqual(
            [row[k] for k in ("used", "contradicted", "recalled_used",
                              "recalled_ignored", "recalled_contradicted")],
            [0, 1, 0, 0, 1])

    # --- settings ---
    def test_what_was_taken_back_stays_so(self):
        for ns, value in (("a", "supersede"), ("b", "queue")):
            self.c.ok("create_entities", namespace=ns,
                      entities=[entity("x", "y")])
            self.c.ok("set_namespace_settings", namespace=ns,
                      settings={"on_conflict": value, "protect": True})
            self.c.ok("set_recall_weights", namespace=ns,
                      weights={"recency": .2, "next": .5})
        self.backup()
        self.c.ok("set_namespace_settings", namespace="a",
                  settings={"on_conflict": None, "protect": None})
        self.c.ok("set_namespace_settings", namespace="b",
                  settings={"protect": None})
        self.c.ok("set_recall_weights", namespace="a",
                  weights={"recency": None, "next": None})
        self.c.ok("set_recall_weights", namespace="b",
                  weights={"next": None})
        self.backup()
        c = self.restore().client()
        for ns, want in (("a", {}), ("b", {"on_conflict": "queue"})):
            rows = c.ok("set_namespace_settings", namespace=ns,
                        settings={})["settings"]
            self.assertEqual({r["name"]: r["value"] for r in rows
                              if r["from"] == "namespace"}, want)
        rows = {ns: c.ok("set_recall_weights", namespace=ns,
                         weights={})["weights"] for ns in "ab"}
        self.assertEqual({ns: [r["name"] for r in v
                               if r["from"] == "namespace"]
                          for ns, v in rows.items()},
                         {"a": [], "b": ["recency"]})

    def test_an_import_leaves_what_was_set_here(self):
        """A log that is imported, not restored, takes nothing back."""
        self.c.ok("create_entities", namespace="a", entities=[
            entity("x", "y")])
        log = self.db.folder / "log.jsonl"
        self.db.ctl("export", "--all", log)
        self.c.ok("set_namespace_settings", namespace="a",
                  settings={"on_conflict": "queue"})
        self.db.ctl("import", log, "--all-namespaces")
        rows = self.c.ok("set_namespace_settings", namespace="a",
                         settings={})["settings"]
        self.assertIn("queue", [r["value"] for r in rows])

    # --- decisions ---
    def test_a_part_of_a_decision_alone(self):
        self.c.ok("create_entities", namespace="p",
                  entities=[entity("ada", "lives in Rome")])
        self.c.ok("set_namespace_settings", namespace="p",
                  settings={"protect": True})
        agent = self.db.client()
        agent.ok("hello", tools="default", namespace="p", session="s1",
                 client="agent/1")
        got = agent.ok("add_observations", observations=[
            {"entityName": "ada", "contents": ["plays chess"]}])
        self.assertTrue(got.get("staged"), got)
        agent.close()
        self.backup()
        log = self.db.folder / "before.jsonl"
        self.db.ctl("export", "--all", log)
        self.c.ok("review_staged", namespace="p", do="reject", all=True,
                  note="not now")
        c = self.restore(source=self.backup()).client()
        self.assertEqual(c.ok("list_staged", namespace="p")["staged"], [])
        # The line alone, without a change beside it.
        lines = self.c.ok("export_log", all=True)["lines"]
        row = [x for x in lines if x["type"] == "staged"]
        self.assertEqual(row[0]["state"], 2)
        for continues, left in ((False, 1), (True, 0)):
            other = self.service(env=self.clock(self.day))
            other.ctl("import", log)
            c = other.client()
            c.ok("import_records", source="part", offset=0, done=True,
                 all_namespaces=True, continues=continues,
                 records=lines[:1] + row)
            self.assertEqual(
                len(c.ok("list_staged", namespace="p")["staged"]), left)


if __name__ == "__main__":
    main()
