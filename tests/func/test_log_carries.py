#!/usr/bin/env python3
"""The log carries everything: random work, exported and replayed into an empty
database, gives equal tables. Each table of the schema is in one of the lists
below; one that is in none fails, so that a statement that writes a new table has
to say how its rows travel."""
import os
import random
import sqlite3
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase, main, wait_until  # noqa: E402

# Compared row by row: all columns but those named, which are how a text is
# stored, or ids that are given in another order.
EQUAL = {
    "change": "", "op": "", "entity": "", "span": "", "attr": "",
    "version": "", "branch": "", "merged": "", "derived": "",
    "fact": "body same", "namespace": "", "namespace_alias": "", "alias": "",
    "conflict": "", "file": "id", "usage": "", "skill_run": "",
    "past": "id", "staged": "",
    # What one day may add to a fact begins anew.
    "outcome": "day of_day", "outcome_day": "",
}
# Labels are interned in the order in which they come; the rows that use them are
# compared by their texts.
LABELS = {"change": ("actor", "client", "session"),
          "fact": ("label", "source", "speaker"), "staged": ("session",)}
# Counted anew; a counter of zero may be a row or none.
COUNTED = {"tally": ("kind = 1 AND key = 8", "how the bodies are packed")}
# Nobody knows how long a text was that is forgotten, nor what a version took that
# showed it: bytes of versions, and their sum (enum total in counters.h).
FORGOTTEN = {"version": "bytes"}
FORGOTTEN_TALLY = " OR kind = 1 AND key = 7"
# Of one file alone, each with its reason.
LOCAL = {
    "label": "compared through those that use them",
    "receipt": "what reads gave", "judged": "which of them were judged",
    "vector": "made again by the provider", "vector_model": "the same",
    "request": "keys of retries, forgotten after a day",
    "answer": "the same; made again from the log",
    "dictionary": "how texts are packed", "packing": "the same",
    "meta": "identity of the file, marks of imports and runs",
    "branch_text": "text indexes, which verify compares",
    "term": "the same", "term_new": "the same",
    "text_wait": "the same", "text_gone": "the same",
    "curated": "why curation moved what: its changes are in the log",
}
# The work may not come to these.
RARE = {"conflict", "staged", "alias", "derived", "merged"}
SHADOW = ("ft_", "sqlite_")


def tables(db):
    return {r[0] for r in db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table'")
            if not r[0].startswith(SHADOW)}


def rows(db, table, without):
    labels = dict(db.execute("SELECT id, text FROM label"))
    db.row_factory = sqlite3.Row
    out = []
    for row in db.execute(f"SELECT * FROM \"{table}\""):
        row = {k: row[k] for k in row.keys() if k not in without}
        for column in LABELS.get(table, ()):
            row[column] = labels.get(row[column], row[column])
        out.append(tuple(sorted(row.items(), key=lambda kv: kv[0])))
    db.row_factory = None
    return sorted(out, key=repr)


class Work:
    """Random calls of every kind that writes. What is refused is no matter."""

    def __init__(self, client, rng, forgets):
        self.c, self.rng, self.forgets = client, rng, forgets
        self.names, self.texts = [], []
        self.branches = []

    def name(self):
        return self.rng.choice(self.names) if self.names else "e0"

    def text(self):
        words = "tea rome oslo lyon blue deadline ada bob review july".split()
        self.texts.append(" ".join(
            self.rng.choice(words) for _ in range(self.rng.randint(2, 6))) +
            f" Unusual{self.rng.randrange(10**6)}")
        return self.texts[-1]

    def step(self, i):
        r = self.rng
        ns = r.choice(["default", "default", "p1", "p2"])
        p = {"namespace": ns, "session": f"s{r.randrange(4)}"}
        if self.branches and r.random() < .2:
            p["branch"] = r.choice(self.branches)
            p["namespace"] = "default"
        kind = r.randrange(24)
        call = self.c.call
        if kind < 6 or i < 10:
            name = f"e{i}"
            self.names.append(name)
            call("create_entities", dict(p, entities=[
                {"name": name, "entityType": r.choice(["person", "task"]),
                 "observations": [self.text() for _ in range(r.randint(0, 3))],
                 "metadata": {"k": i}, "tags": ["t%d" % r.randrange(3)]}]))
        elif kind < 9:
            call("add_observations", dict(p, observations=[
                {"entityName": self.name(), "contents": [self.text()]}]))
        elif kind == 9:
            call("create_relations", dict(p, relations=[
                {"from": self.name(), "to": self.name(),
                 "relationType": "knows"}]))
        elif kind == 10:
            call("delete_entities", dict(p, entityNames=[self.name()]))
        elif kind == 11:
            call("rename_entity", dict(p, name=self.name(),
                                       new_name=f"renamed {i}"))
            self.names.append(f"renamed {i}")
        elif kind == 12 and self.forgets:
            call("forget", dict(p, name=self.name(), confirm=True))
        elif kind == 13:
            branch = f"b{i}"
            if self.c.call("memory_branch", dict(
                    p, action="create", name=branch)).get("success"):
                if p["namespace"] == "default" and "branch" not in p:
                    self.branches.append(branch)
        elif kind == 14 and self.branches:
            call("memory_merge", {"branch": self.branches.pop()})
        elif kind == 15:
            newest = self.c.call("list_sessions", {}).get("sessions")
            if newest:
                call("memory_undo", dict(p, of=r.choice(newest)["session"]))
        elif kind == 16:
            call("write_file", dict(p, name=f"f{r.randrange(5)}", content={
                "n": i}))
        elif kind == 17:
            call("delete_file", dict(p, name=f"f{r.randrange(5)}"))
        elif kind in (12, 18):
            text = self.rng.choice(self.texts or ["x"])
            got = call("recall", {"query": text, "namespace": p["namespace"]})
            if got.get("receipt"):
                call("judge_use", {
                    "namespace": p["namespace"], "answer": r.choice(
                        [text, "x", "no, it is not " + text]),
                    "shown": [{"receipt": got["receipt"]}]})
        elif kind == 19:
            call("set_namespace_settings", dict(p, settings={
                "on_conflict": r.choice(["queue", None])}))
        elif kind == 20:
            call("alias_namespace", {"alias": f"alias{r.randrange(3)}",
                                     "of": r.choice(["p1", "p2"])})
        elif kind == 21:
            call("set_recall_weights", dict(p, weights={
                "recency": r.choice([.1, .2, None])}))
        elif kind == 22:
            call("save_skill", dict(p, name=f"skill{r.randrange(3)}",
                                    code="return 1", description="one"))
            call("run_skill", dict(p, name=f"skill{r.randrange(3)}"))
        else:
            call("update_entity", dict(p, name=self.name(),
                                       pin=r.random() < .5))


class Carries(TestCase):
    def copy(self, a, b):
        path = a.folder / "log.jsonl"
        a.ctl("export", "--all", "--counters", path)
        b.ctl("import", path)
        return path

    def compare(self, a, b, forgets):
        for s in (a, b):
            s.stop()
        one, two = (sqlite3.connect(f"file:{s.database}?mode=ro", uri=True)
                    for s in (a, b))
        known = set(EQUAL) | set(LOCAL) | set(COUNTED)
        self.assertEqual(tables(one) - known, set(),
                         "tables that no line carries, and no list names")
        for table in sorted(EQUAL):
            with self.subTest(table=table):
                without = EQUAL[table].split()
                if forgets:
                    without += FORGOTTEN.get(table, "").split()
                x, y = (rows(db, table, without) for db in (one, two))
                self.assertEqual([r for r in x if r not in y][:3], [],
                                 "only before")
                self.assertEqual([r for r in y if r not in x][:3], [],
                                 "only after the replay")
                self.assertEqual(len(x), len(y))
                if table not in RARE:
                    self.assertTrue(x, "the work did not write to it")
        for table, (but, _) in COUNTED.items():
            but = f"({but}{FORGOTTEN_TALLY if forgets else ''})"
            with self.subTest(table=table):
                x, y = (sorted(db.execute(
                    f"SELECT * FROM {table} WHERE n <> 0 AND NOT ({but})"))
                        for db in (one, two))
                # Types are counted by label.
                fix = []
                for db, got in ((one, x), (two, y)):
                    text = dict(db.execute("SELECT id, text FROM label"))
                    fix.append(sorted((ns, kind, text.get(key, key)
                                       if kind == 2 else key, n)
                                      for ns, kind, key, n in got))
                self.assertEqual(*[repr(f) for f in fix])
        one.close()
        two.close()

    @staticmethod
    def scans(db):
        with sqlite3.connect(db.database) as file:
            return file.execute("SELECT count(*) FROM meta WHERE key LIKE "
                                "'scanning/%'").fetchone()[0]

    def run_work(self, forgets):
        seed = int(os.environ.get("TEST_SEED", time.time_ns() % 10**9))
        print(f"seed {seed}", file=sys.stderr)
        a = self.service()
        work = Work(a.client(), random.Random(seed), forgets)
        for i in range(300):
            work.step(i)
        # What was read is counted a moment later, at the latest in the end.
        a.restart()
        # A scan makes up for what busy writes did not search for: what it
        # finds behind the export would be missed in the copy.
        wait_until(lambda: not self.scans(a), why="no scan is under way")
        b = self.service()
        self.copy(a, b)
        b.verify()
        self.compare(a, b, forgets)

    def test_random_work(self):
        self.run_work(False)

    def test_random_work_that_forgets(self):
        self.run_work(True)

    def test_a_table_that_nobody_names_fails(self):
        """The test itself can fail."""
        with sqlite3.connect(":memory:") as db:
            db.execute("CREATE TABLE something_new(x)")
            self.assertEqual(tables(db) - set(EQUAL) - set(LOCAL),
                             {"something_new"})


if __name__ == "__main__":
    main()
