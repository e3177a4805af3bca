#!/usr/bin/env python3
"""memoryctl compact: what is older than a time becomes a base. All that is read
now, and all that was read of any time since, reads as before; the chain verifies;
an export of it gives equal tables; what was forgotten stays so."""
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
from harness import BIN, TestCase, entity, main, wait_until  # noqa: E402
import test_log_carries  # noqa: E402

SPACES = ("default", "p1", "p2")


def pages(client, method, key, **params):
    """All entries of a list that comes in pages."""
    out = []
    while True:
        got = client.call(method, params)
        if not got.get("success"):
            return got["code"]
        out.append({k: got.get(k) for k in key})
        if not got.get("next"):
            return out
        params = dict(params, cursor=got["next"])


def reads(client, points, branches, texts):
    """What is read of each namespace, now and at each point in time."""
    out = {}
    for ns in SPACES:
        for point in [None] + points:
            p = {"namespace": ns}
            if point:
                p["as_of"] = point
            out[ns, point] = pages(client, "read_graph",
                                   ("entities", "relations"), **p)
            for text in texts:
                got = client.call("search_nodes", dict(p, query=text))
                out[ns, point, text] = [e["name"]
                                        for e in got.get("results", [])]
        out[ns, "conflicts"] = pages(client, "list_conflicts",
                                     ("conflicts",), namespace=ns)
    for branch in branches:
        out["branch", branch] = pages(
            client, "read_graph", ("entities", "relations"), branch=branch)
    return out


class Compact(TestCase):
    def moment(self):
        """A time between two changes."""
        time.sleep(.02)
        now = time.time()
        time.sleep(.02)
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + \
            f".{int(now * 1000) % 1000:03d}Z"

    def compact(self, db, when, *args):
        """What the dry run and then the real one tell."""
        out = []
        for more in ((), ("--apply",)):
            done = db.ctl("--json", "compact", "--history-before", when,
                          *args, *more)
            out.append(json.loads(done.stdout))
        dry, real = out
        self.assertFalse(dry["applied"])
        self.assertEqual(dry["namespaces"], real["namespaces"])
        return real

    def fold(self, db, when, *args):
        """Stops the service, which no client started, and starts it again."""
        db.stop()
        try:
            return self.compact(db, when, *args)
        finally:
            db.start()

    # --- what is there ------------------------------------------------------
    def test_a_correction(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[entity("ada", "lives in Rome",
                                                 "likes tea"),
                                          entity("bob", "is gone")])
        c.ok("replace_observation", entityName="ada", old="lives in Rome",
             new="lives in Oslo")
        c.ok("delete_entities", entityNames=["bob"])
        when = self.moment()
        c.ok("add_observations", observations=[
            {"entityName": "ada", "contents": ["plays chess"]}])
        before = c.ok("open_nodes", names=["ada"])
        heads = c.ok("list_namespaces")["namespaces"]
        newest = c.ok("memory_history", limit=1)["changes"][0]["change"]
        told = self.fold(db, when)
        row, = told["namespaces"]
        self.assertEqual((row["namespace"], row["to"], row["changes"]),
                         ("default", 3, 3))
        self.assertLess(row["facts_left"], row["facts"])
        self.assertTrue(Path(told["before"]).exists())
        c = db.client()
        self.assertEqual(c.ok("open_nodes", names=["ada"])["entities"],
                         before["entities"])
        changes = c.ok("memory_history")["changes"]
        self.assertEqual([(x["change"], x["kind"]) for x in changes],
                         [(newest + 1, "fold"), (newest, "add")])
        self.assertIn("3 changes", changes[0]["message"])
        # What is older says why it is not there, and what is.
        for method, params in (
                ("read_graph", {"as_of": 1}),
                ("memory_undo", {"change": 1}),
                ("memory_undo", {"change": 2}),
                ("memory_undo", {"since": 1}),
                ("memory_revert", {"name": "ada", "version": 1}),
                ("memory_diff", {"from": 1}),
                ("memory_diff", {"name": "ada", "from_version": 1}),
                ("memory_branch", {"action": "create", "name": "x",
                                   "at": 2})):
            with self.subTest(method=method, **params):
                got = c.call(method, params)
                self.assertFalse(got.get("success"), got)
                self.assertIn("memoryctl compact", got["error"])
        # The erased texts are not in the file.
        db.stop()
        self.assertNotIn(b"is gone", db.database.read_bytes())
        db.start()
        # A head that was noted since is a link of the chain.
        db.verify()
        head = [h["head"] for h in heads if h["name"] == "default"][0]
        db.ctl("verify", "--head", f"default:{head}")
        # And what comes after can be undone as ever.
        c = db.client()
        c.ok("memory_undo", change=newest)
        self.assertNotIn("plays chess", json.dumps(
            c.ok("open_nodes", names=["ada"])))
        db.verify()

    def test_nothing_to_do_and_wrong_times(self):
        db = self.service()
        db.client().ok("create_entities", entities=[entity("ada", "x")])
        size = db.database.stat().st_size
        for when, code in (("2020-01-01", 0), ("in 3 days", 100),
                           ("2999-01-01", 100), ("nonsense", 100)):
            with self.subTest(when):
                done = db.ctl("compact", "--history-before", when,
                              check=False)
                self.assertEqual(done.returncode, code, done)
        self.assertEqual(db.ctl("compact", check=False).returncode, 100)
        self.assertEqual(db.database.stat().st_size, size)
        # One that an operator started is his to end.
        done = db.ctl("compact", "--history-before", self.moment(), "--apply",
                      check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("end it", done.stderr)
        self.assertEqual(list(db.folder.rglob("*.restoring")), [])

    def test_which_database(self):
        """What is served is not the user's own: neither the dry run nor
        --apply guesses which of the two is meant."""
        served, own = self.service(), self.service()
        with own.client() as c:
            c.ok("create_entities", entities=[entity("ada", "lives in Rome")])
            c.ok("delete_entities", entityNames=["ada"])
        when = self.moment()
        own.stop()
        home = self.folder()
        (home / ".memories").mkdir(mode=0o700)
        mine = home / ".memories/memory.db"
        shutil.copy(own.database, mine)
        mine.chmod(0o600)
        was = mine.read_bytes()
        env = {"HOME": home, "MEMORY_DB_PATH": None}
        for more in ((), ("--apply",)):
            done = served.ctl("compact", "--history-before", when, *more,
                              env=env, check=False)
            self.assertEqual(done.returncode, 100, done)
            self.assertIn(str(served.database), done.stderr)
            self.assertIn(str(mine), done.stderr)
        self.assertEqual(mine.read_bytes(), was)

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    def test_root_leaves_the_file_to_its_owner(self):
        """The service of another user opens what root put in its place."""
        db = self.service()
        with db.client() as c:
            c.ok("create_entities", entities=[entity("ada", "lives in Rome")])
            c.ok("delete_entities", entityNames=["ada"])
        when = self.moment()
        db.stop()
        for f in db.database.parent.iterdir():
            os.chown(f, 65534, 65534)
        os.chmod(db.database, 0o640)
        db.ctl("--database", db.database, "compact", "--history-before", when,
               "--apply")
        for f in (db.database, Path(f"{db.database}.pid")):
            st = f.stat()
            self.assertEqual((st.st_uid, st.st_gid), (65534, 65534), f)
        self.assertEqual(db.database.stat().st_mode & 0o777, 0o640)

    def test_a_branch_holds_its_past(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[entity("ada", "one")])
        c.ok("create_entities", entities=[entity("bob", "gone")])
        c.ok("memory_branch", action="create", name="idea")
        c.ok("delete_entities", entityNames=["bob"])
        c.ok("add_observations", branch="idea", observations=[
            {"entityName": "bob", "contents": ["still here"]}])
        c.ok("create_entities", namespace="p1", entities=[entity("x", "y")])
        c.ok("delete_entities", namespace="p1", entityNames=["x"])
        when = self.moment()
        before = reads(c, [], ["idea"], ["still"])
        told = self.fold(db, when)
        rows = {r["namespace"]: r for r in told["namespaces"]}
        self.assertEqual(rows["default"]["held_by"], "idea")
        self.assertEqual(rows["default"]["to"], 3)
        self.assertEqual(rows["p1"]["facts_left"], 0)
        c = db.client()
        self.assertEqual(reads(c, [], ["idea"], ["still"]), before)
        db.verify()
        c.ok("memory_merge", branch="idea")
        c.ok("memory_branch", action="discard", name="idea")
        told = self.fold(db, self.moment())
        self.assertNotIn("held_by", told["namespaces"][0])
        db.verify()

    def test_a_branch_of_a_project_sees_the_user(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[entity("bob", "knows much")])
        c.ok("create_entities", namespace="p1", entities=[entity("x", "y")])
        c.ok("memory_branch", namespace="p1", action="create", name="idea")
        c.ok("delete_entities", entityNames=["bob"])
        when = self.moment()

        def seen(c):
            p = {"namespace": "p1", "branch": "idea"}
            return [c.ok("search_nodes", dict(p, query="knows"))["results"],
                    c.call("open_nodes", dict(p, names=["bob", "x"]))]
        before = seen(c)
        held = self.fold(db, when)
        self.assertEqual(held["namespaces"][0]["held_by"], "idea")
        c = db.client()
        after = seen(c)
        for reply in before + after:
            if isinstance(reply, dict):
                reply.pop("id", None)
        self.assertEqual(after, before)
        db.verify()

    def test_a_branch_of_the_code_sees_the_user_of_today(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[entity("bob", "x")])
        c.ok("create_entities", namespace="p1", entities=[entity("x", "y")])
        c.ok("memory_branch", namespace="p1", action="create",
             name="git/login")
        c.ok("delete_entities", entityNames=["bob"])
        told = self.fold(db, self.moment())
        self.assertNotIn("held_by", told["namespaces"][0])
        self.assertEqual(told["namespaces"][0]["facts_left"], 0)
        got = db.client().ok("open_nodes", namespace="p1",
                             branch="git/login", names=["x"])
        self.assertEqual(len(got["entities"]), 1)
        db.verify()

    def test_forgotten_stays_forgotten(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[
            entity("ada", "her number is 555-1234"), entity("bob", "tea")])
        backup = db.folder / "backups"
        db.ctl("backup", backup)
        c.ok("forget", name="ada", confirm=True)
        when = self.moment()
        c.ok("create_entities", entities=[entity("eve", "x")])
        self.fold(db, when)
        db.verify()
        into = db.folder / "restored.db"
        done = db.ctl("restore", backup, "--into", into)
        self.assertIn("forgotten", done.stdout)
        self.assertNotIn(b"555-1234", into.read_bytes())

    def test_backups_go_on(self):
        """A part follows the whole one from before when it has all that came
        since; else a whole one is made, and says so."""
        db = self.service()
        c = db.client()
        folder = db.folder / "backups"
        for i in range(4):
            c.ok("create_entities", entities=[entity(f"e{i}", "x")])
        when = self.moment()
        db.ctl("backup", folder)
        c.ok("create_entities", entities=[entity("later", "y")])
        self.fold(db, when)
        self.assertIn(".log", db.ctl("backup", "--incremental",
                                     folder).stdout)
        into = db.folder / "r1.db"
        db.ctl("restore", folder, "--into", into)
        c = db.client()
        c.ok("create_entities", entities=[entity("last", "z")])
        self.fold(db, self.moment())
        done = db.ctl("backup", "--incremental", folder)
        self.assertIn(".db", done.stdout)
        self.assertIn("compact", done.stderr)
        db.ctl("restore", folder, "--into", db.folder / "r2.db")
        # Before the base of the backup there is nothing to go back to.
        done = db.ctl("restore", folder, "--change", "1", "--into",
                      db.folder / "r3.db", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("memoryctl compact", done.stderr)

    def test_a_base_is_built_where_nothing_is(self):
        db = self.service()
        c = db.client()
        for i in range(3):
            c.ok("create_entities", entities=[entity(f"e{i}", "x")])
        old = db.folder / "old.jsonl"
        db.ctl("export", "--all", old)
        c.ok("delete_entities", entityNames=["e1"])
        when = self.moment()
        whole = db.folder / "whole.jsonl"
        db.ctl("export", "--all", whole)
        self.fold(db, when)
        db.client().ok("create_entities", entities=[entity("new", "x")])
        log = db.folder / "folded.jsonl"
        db.ctl("export", "--all", log)
        # One that has all of the old log goes on with it.
        b = self.service()
        b.ctl("import", whole)
        b.ctl("import", log)
        self.assertEqual(len(b.client().ok("read_graph")["entities"]), 3)
        b.verify()
        # One that has a part of it only does not fit.
        b = self.service()
        b.ctl("import", old)
        done = b.ctl("import", log, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("base", done.stderr)
        b.verify()
        # Altered, it is refused.
        lines = log.read_text().splitlines()
        at = [i for i, x in enumerate(lines) if '"folded"' in x][0]
        lines[at] = lines[at].replace('"kind":"create"', '"kind":"delete"')
        log.write_text("\n".join(lines) + "\n")
        b = self.service()
        done = b.ctl("import", log, check=False)
        if done.returncode == 0:  # the last one of a base: its seal tells
            self.assertNotEqual(b.ctl("verify", check=False).returncode, 0)

    def test_an_altered_base_is_found(self):
        db = self.service()
        c = db.client()
        for i in range(3):
            c.ok("create_entities", entities=[entity(f"e{i}", f"fact {i}")])
        self.fold(db, self.moment())
        db.verify()
        db.stop()
        for sql in ("UPDATE change SET at = at - 1 WHERE id = 1",
                    "UPDATE change SET at = at + 1 WHERE id = 3",
                    "UPDATE op SET entity = 2 WHERE change = 1",
                    "DELETE FROM op WHERE change = 3 AND seq = 1"):
            with self.subTest(sql):
                copy = db.folder / "altered.db"
                shutil.copy(db.database, copy)
                os.chmod(copy, 0o600)
                with sqlite3.connect(copy) as file:
                    file.execute("PRAGMA foreign_keys = OFF")
                    file.execute(sql)
                file.close()
                with open(copy, "rb") as file:
                    done = subprocess.run(
                        [BIN / "memory-db", "--check-fd", "0"], stdin=file,
                        capture_output=True, text=True)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertTrue(json.loads(done.stdout)["problems"])
                copy.unlink()
        db.start()

    def test_a_base_that_nobody_seals(self):
        """A line in `meta` makes no base, nor does a log that ends before the
        seal."""
        db = self.service()
        c = db.client()
        for i in range(5):
            c.ok("create_entities", entities=[entity(f"e{i}", f"fact {i}")])
        db.stop()
        copy = db.folder / "altered.db"
        shutil.copy(db.database, copy)
        os.chmod(copy, 0o600)
        with sqlite3.connect(copy) as file:
            file.execute("INSERT INTO meta VALUES('base/1', '5')")
        file.close()
        with open(copy, "rb") as file:
            done = subprocess.run([BIN / "memory-db", "--check-fd", "0"],
                                  stdin=file, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("seals", done.stdout)
        db.start()
        when = self.moment()
        c = db.client()
        c.ok("create_entities", entities=[entity("later", "x")])
        last = c.ok("memory_history", limit=1)["changes"][0]["change"]
        self.fold(db, when)
        c = db.client()
        got = c.call("export_log", all=True, as_of=last)
        self.assertEqual(got.get("code"), "not_found")
        self.assertIn("memoryctl compact", got["error"])
        c.ok("export_log", current=True, as_of=last)
        c.ok("export_log", all=True)

    def test_the_feed_begins_behind_the_base(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[entity("ada", "x")])
        c.ok("create_entities", entities=[entity("bob", "x")])
        when = self.moment()
        c.ok("create_entities", entities=[entity("eve", "x")])
        self.fold(db, when)
        got = db.client().ok("changes_since")
        self.assertEqual([x["kind"] for x in got["changes"]],
                         ["create", "fold"])

    def test_a_hostile_base(self):
        """Numbers and entities of other namespaces are refused, and nothing of
        such a log stays."""
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[entity("ada", "x")])
        old = db.folder / "old.jsonl"
        db.ctl("export", "--all", old)
        p1 = {"namespace": "p1"}
        c.ok("create_entities", p1, entities=[entity("x", "one")])
        c.ok("add_observations", p1, observations=[
            {"entityName": "x", "contents": ["two"]}])
        self.fold(db, self.moment(), "--only", "p1")
        log = db.folder / "folded.jsonl"
        db.ctl("export", "--all", log)
        lines = [json.loads(x) for x in log.read_text().splitlines()]
        place = {}
        for i, line in enumerate(lines):
            if line["type"] == "version":
                place.setdefault("version", i)
            if line.get("folded"):
                place["change"] = i
        self.assertEqual(len(place), 2)
        for kind, key, value in (("version", "entity", 1),
                                 ("version", "entity", 4711),
                                 ("change", "fact_max", (1 << 33) + 9),
                                 ("change", "fact_max", 2 << 33),
                                 ("change", "past_max", (1 << 33) + 9)):
            with self.subTest(key, value=value):
                altered = [dict(x) for x in lines]
                altered[place[kind]][key] = value
                bad = db.folder / "bad.jsonl"
                bad.write_text("".join(json.dumps(x) + "\n"
                                       for x in altered))
                b = self.service()
                b.ctl("import", old)
                done = b.ctl("import", "--all-namespaces", bad,
                             check=False)
                self.assertNotEqual(done.returncode, 0, done)
                self.assertRegex(done.stderr, "altered|cannot be replayed")
                self.assertEqual(b.client().ok("open_nodes", names=["ada"])
                                 ["entities"][0]["observations"], ["x"])
                b.verify()
                b.ctl("import", "--all-namespaces", log)
                b.verify()
                b.stop()

    def test_an_import_that_stopped_before_the_first_change(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[entity("ada", "one")])
        c.ok("add_observations", observations=[
            {"entityName": "ada", "contents": ["two"]}])
        self.fold(db, self.moment())
        log = db.folder / "folded.jsonl"
        db.ctl("export", "--all", log)
        lines = log.read_text().splitlines(True)
        last = max(i for i, x in enumerate(lines) if '"version"' in x and
                   json.loads(x)["type"] == "version")
        part = db.folder / "part.jsonl"
        part.write_text("".join(lines[:last + 1]))
        b = self.service()
        b.ctl("import", part, check=False)
        b.ctl("import", log)
        b.verify()
        self.assertEqual(b.client().ok("read_graph")["entities"],
                         db.client().ok("read_graph")["entities"])

    def test_a_run_that_was_folded_stays(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[
            entity("build", "run make, then make test", type="Skill")])
        run = c.ok("curate", rules=["know_how"])
        self.assertEqual(run["moved"], 1)
        when = self.moment()
        c.ok("create_entities", entities=[entity("eve", "x")])
        before = c.ok("read_graph")["entities"]
        self.fold(db, when)
        c = db.client()
        got = c.call("memory_undo", run=run["run"])
        self.assertIn("memoryctl compact", got.get("error", ""))
        self.assertEqual(c.ok("read_graph")["entities"], before)
        db.verify()

    def test_killed_in_the_midst(self):
        """Whenever it ends, the database is the one from before or the folded
        one, and the next try finds nothing in its way."""
        db = self.service()
        c = db.client()
        for i in range(30):
            c.ok("create_entities", entities=[
                entity(f"e{i}", *[f"fact {k} of {i}" for k in range(20)])])
        for i in range(0, 30, 2):
            c.ok("delete_entities", entityNames=[f"e{i}"])
        when = self.moment()
        before = reads(c, [], [], ["fact"])
        db.stop()
        rng = random.Random(7)
        argv = [str(BIN / "memoryctl"), "compact", "--history-before", when,
                "--apply"]
        for _ in range(6):
            one = subprocess.Popen(argv, env=db.env(),
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
            try:
                one.wait(rng.uniform(.01, 1.2))
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
            db.start()
            db.verify()
            self.assertEqual(reads(db.client(), [], [], ["fact"]), before)
            db.stop()
        db.ctl("compact", "--history-before", when, "--apply")
        self.assertEqual(list(db.database.parent.glob("*.restoring")), [])
        db.start()
        db.verify()
        self.assertEqual(reads(db.client(), [], [], ["fact"]), before)

    # --- random work --------------------------------------------------------
    def work(self, forgets):
        seed = int(os.environ.get("TEST_SEED", time.time_ns() % 10**9))
        print(f"seed {seed}", file=sys.stderr)
        db = self.service()
        rng = random.Random(seed)
        c = db.client()
        work = test_log_carries.Work(c, rng, forgets)
        for i in range(160):
            work.step(i)
        for branch in work.branches:
            c.ok("memory_branch", action="discard", name=branch)
        work.branches.clear()
        when, first = self.moment(), c.ok("get_memory_status")["last_change"]
        for i in range(160, 300):
            work.step(i)
        db.restart()
        c = db.client()
        wait_until(lambda: not test_log_carries.Carries.scans(db),
                   why="no scan is under way")
        last = c.ok("get_memory_status")["last_change"]
        points = sorted({first, last} | {rng.randint(first, last)
                                         for _ in range(6)})
        texts = ["tea", "rome deadline", "unusual"]
        before = reads(c, points, work.branches, texts)
        told = self.fold(db, when)
        self.assertTrue(any(r["changes"] for r in told["namespaces"]))
        db.verify()
        c = db.client()
        after = reads(c, points, work.branches, texts)
        for key in before:
            with self.subTest(key=str(key)):
                self.assertEqual(after[key], before[key])
        return db, c, work, points, texts

    def round(self, forgets):
        db, c, work, points, texts = self.work(forgets)
        # It goes on as ever.
        work.c = c
        for i in range(300, 360):
            work.step(i)
        db.verify()
        # Once more, up to now: what is read stays.
        db.restart()
        c = db.client()
        before = reads(c, [], [], texts)
        self.fold(db, self.moment())
        c = db.client()
        self.assertEqual(reads(c, [], [], texts), before)
        db.verify()
        # An export of it gives equal tables.
        carries = test_log_carries.Carries()
        db.restart()
        wait_until(lambda: not carries.scans(db), why="no scan is under way")
        copy = self.service()
        carries.copy(db, copy)
        copy.verify()
        carries.compare(db, copy, forgets)

    def test_random_work(self):
        self.round(False)

    def test_random_work_that_forgets(self):
        self.round(True)


if __name__ == "__main__":
    main()
