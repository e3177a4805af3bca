"""Old databases under today's service: what was written under each earlier
schema reads the same after the steps, new things work beside it, a crash on
the way harms nothing, callers meanwhile are told to wait; a newer one is
refused.

An old file is made from a new one: its tables are those of the earlier steps
and hold the rows that today's service wrote."""
import json
import os
import re
import sqlite3
import stat
import struct
import time

from harness import ROOT, Client, Spawned, TestCase, entity, main, \
    wait_until
from old_schema import settle_words

STEPS = {int(p.name[:4]): p.read_text(encoding="utf-8")
         for p in (ROOT / "memory-db/sql").glob("*.sql")}
LATEST = max(STEPS)
APPLICATION_ID_AT = 68      # in the header of a database file
# Longer than the service waits before it lets clients in.
# All steps of the schema, well within the time that an agent waits.
SLOW_DISK = {"FSYNC_US": "450000"}


def columns(db, schema, table):
    # table_xinfo also names the hidden columns of virtual tables
    return [r[1] for r in db.execute(
        f"PRAGMA {schema}.table_info('{table}')")]


def tables(db, schema="main"):
    """Those that hold rows; of a virtual table its shadows."""
    return {r[0] for r in db.execute(
        f"SELECT name FROM {schema}.sqlite_schema WHERE type = 'table' AND "
        "sql NOT LIKE 'CREATE VIRTUAL%'")}


def make_old(new, old, schema):
    """The rows of the database `new` in a file of an earlier schema."""
    application, = struct.unpack_from(">I", new.read_bytes(),
                                      APPLICATION_ID_AT)
    db = sqlite3.connect(old)
    for number in range(1, schema + 1):
        db.executescript(STEPS[number])
    db.execute(f"PRAGMA user_version = {schema}")
    db.execute(f"PRAGMA application_id = {application}")
    db.execute("ATTACH ? AS new", (str(new),))
    for table in tables(db) & tables(db, "new"):
        names = ", ".join(c for c in columns(db, "main", table)
                          if c in columns(db, "new", table))
        db.execute(f"DELETE FROM main.{table}")
        db.execute(f"INSERT INTO main.{table}({names}) "
                   f"SELECT {names} FROM new.{table}")
    if schema < 11:
        for sql in settle_words("new."):
            db.execute(sql)
    db.commit()
    db.close()
    os.chmod(old, 0o600)


def set_schema(path, number):
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {number}")
    db.close()


def schema_of(path):
    db = sqlite3.connect(path)
    number, = db.execute("PRAGMA user_version").fetchone()
    db.close()
    return number


def shape(path):
    """Tables with their columns, indexes, views."""
    db = sqlite3.connect(path)
    out = {(kind, name, tuple(columns(db, "main", name)))
           for kind, name in db.execute("SELECT type, name FROM sqlite_schema")}
    db.close()
    return out


def fill(c):
    """Something in every table that the first schema has."""
    long = " ".join(f"word{i % 40} of a long text" for i in range(200))
    c.ok("create_entities", {"session": "s1", "message": "the beginning"},
         entities=[entity("ada", "likes tea", "plays chess", long,
                          type="person"),
                   entity("čeněk", "žluťoučký kůň", "lives in Oslo",
                          type="person"),
                   entity("report", "the budget is 5k"), entity("gone", "x")])
    c.ok("create_entities", entities=[{
        "name": "plan", "entityType": "plan", "observations": [
            {"text": "buy three", "derived_from": ["report"]},
            {"text": "valid a year", "valid_from": "2024-01-01",
             "valid_to": "2025-01-01"}]}])
    c.ok("create_relations", relations=[
        {"from": "ada", "to": "čeněk", "relationType": "knows"},
        {"from": "plan", "to": "report", "relationType": "derived_from"}])
    c.ok("update_entity", name="ada", tier="semantic", pin=True,
         metadata={"a": [1, None, "b"]})
    c.ok("rename_entity", name="report", new_name="budget report")
    c.ok("delete_observations", deletions=[
        {"entityName": "ada", "observations": ["plays chess"]},
        {"entityName": "budget report", "observations": ["the budget is 5k"]}])
    c.ok("delete_entities", entityNames=["gone"])
    c.ok("memory_branch", action="create", name="idea")
    c.ok("update_entity", {"branch": "idea"}, name="ada", entityType="robot")
    c.ok("create_entities", {"branch": "idea"},
         entities=[entity("ada", "likes coffee"), entity("eva", "new")])
    c.ok("update_entity", name="ada", entityType="scientist")
    c.ok("memory_merge", branch="idea")     # with a conflict
    c.ok("memory_branch", action="create", name="open")
    c.ok("create_entities", {"branch": "open"}, entities=[entity("zoe", "z")])
    c.ok("create_entities", {"namespace": "host/project", "key": "once"},
         entities=[entity("module", "has a bug in the parser")])
    c.ok("save_skill", {"name": "twice", "code": "return args.x * 2",
                        "description": "doubles"})
    c.ok("recall", query="who likes coffee?")


ASKED = [
    ("read_graph", {}), ("read_graph", {"branch": "open"}),
    ("read_graph", {"namespace": "host/project"}),
    ("read_graph", {"as_of": 3}), ("read_graph", {"valid_at": "2023-06-01"}),
    ("open_nodes", {"names": ["ada", "report", "plan"], "fields": [
        "id", "name", "type", "tier", "pin", "metadata", "aliases", "version",
        "observations", "facts"]}),
    ("search_nodes", {"query": "coffee"}), ("search_nodes", {"query": "luťou"}),
    ("search_nodes", {"query": "chess", "as_of": 2}),
    ("search_nodes", {"query": "parser", "namespace": "host/project"}),
    ("recall", {"query": "who likes coffee?"}),
    ("memory_history", {}), ("memory_history", {"name": "ada"}),
    ("memory_branch", {"action": "list"}),
    ("memory_diff", {"from": 2, "text": True}),
    ("list_sessions", {}), ("list_namespaces", {}), ("list_skills", {}),
    ("load_skill", {"name": "twice"}),
]


def steps_done(c):
    """Until then callers are told to try again; how soon that is nobody knows."""
    wait_until(lambda: c.call("search_nodes", query="coffee")["success"],
               why="end of the steps")


# New with every question, or what the questions themselves count.
PASSING = ("receipt", "score", "took_ms", "access_count", "success")


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in PASSING}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def answers(c):
    out = []
    for method, params in ASKED:
        reply = plain(c.ok(method, params))
        del reply["id"]         # of the request
        out.append((method, params, reply))
    return out


class Migration(TestCase):
    def old_service(self, schema, **kw):
        """A service that did not start yet, over a filled file of that
        schema, and what it shall answer."""
        source = self.service()
        with source.client() as c:
            fill(c)
            want = answers(c)
        source.stop()
        db = self.service(start=False, **kw)
        db.database.parent.mkdir(parents=True, mode=0o700)
        make_old(source.database, db.database, schema)
        self.assertEqual(schema_of(db.database), schema)
        return db, want, source.database

    def new_things(self, db):
        """What came with later steps, beside what was there."""
        with db.client() as c:
            c.ok("create_entities", entities=[entity("ada", "since today")])
            c.ok("write_file", {"name": "notes", "content": {"n": 1}})
            self.assertEqual(
                c.ok("read_file", {"name": "notes"})["content"], {"n": 1})
            try:
                wait_until(lambda: c.ok("get_memory_status")["sandbox"][
                    "available"], 30, why="a jail")
            except TimeoutError:
                return          # no jail on this machine
            r = c.ok("run_skill", {"name": "twice", "params": {"x": 21}})
            self.assertEqual((r["outcome"], r["result"]), ("ok", 42))
            r = c.ok("execute_code", code=(
                'local n = #search_nodes("coffee").results '
                'add_observations{observations={{entityName="ada", '
                'contents={"said by a script"}}}} '
                'write_file("count", n) return n'))
            self.assertEqual((r["outcome"], r["result"]), ("ok", 1), r)
            self.assertEqual(c.ok("read_file", name="count")["content"], 1)
            wait_until(lambda: c.ok("load_skill", name="twice")["runs"] == 1,
                       20, why="figures of the skill")

    def test_from_every_schema(self):
        for schema in sorted(STEPS)[:-1]:
            with self.subTest(schema=schema):
                db, want, fresh = self.old_service(schema)
                db.start()
                with db.client() as c:
                    steps_done(c)
                    self.assertEqual(answers(c), want)
                    status = c.ok("get_memory_status")
                    self.assertEqual(status["database"]["schema"], LATEST)
                    again = c.ok("create_entities", {
                        "namespace": "host/project", "key": "once"},
                        entities=[entity("module",
                                         "has a bug in the parser")])
                    self.assertEqual(again["results"][0]["action"], "created")
                db.verify()
                self.new_things(db)
                db.verify()
                db.stop()
                self.assertEqual(shape(db.database), shape(fresh))
                self.look_at_the_copy(db, schema)
                db.start()
                db.verify()

    def forgets(self, c):
        """A name that is erased, and the copies that may still have it."""
        c.ok("create_entities", entities=[entity("brief", "gone soon")])
        return c.ok("forget", name="brief", confirm=True).get("copies")

    def look_at_the_copy(self, db, schema):
        """The file as it was stays beside it, and is made once."""
        copy = db.database.with_name(f"{db.database.name}.schema-{schema}")
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        self.assertEqual(schema_of(copy), schema)
        kept = sqlite3.connect(copy)
        self.assertEqual(kept.execute("PRAGMA integrity_check").fetchall(),
                         [("ok",)])
        self.assertEqual(kept.execute("SELECT count(*) FROM fact WHERE body "
                                      "LIKE '%since today'").fetchone(), (0,))
        kept.close()
        db.start()
        with db.client() as c:
            self.assertEqual(self.forgets(c), [str(copy)])
        db.stop()
        copy.unlink()
        db.start()
        with db.client() as c:
            self.assertIsNone(self.forgets(c))
        db.stop()
        self.assertFalse(copy.exists())

    def test_callers_wait_meanwhile(self):
        db, want, _ = self.old_service(1, shims=["shim_fsync.so"],
                                       env=SLOW_DISK)
        db.spawn()
        wait_until(lambda: os.path.exists(db.socket), why="a socket")
        with Client(db.socket) as c:
            e = c.fails("busy", "search_nodes", query="coffee")
            self.assertGreater(e["retry_after_ms"], 0)
            self.assertRegex(e["error"], r"format of this version, \d+ %")
            c.fails("busy", "create_entities", entities=[entity("n", "x")])
            c.fails("busy", "execute_code", {"code": "return 1"})
            c.ok("ping")
            status = c.ok("get_memory_status")
            self.assertIn("format of this version",
                          status["health"]["problems"][0])
            steps_done(c)
            self.assertEqual(answers(c), want)
        db.verify()

    def test_an_agent_waits_meanwhile(self):
        db, _, _ = self.old_service(1, shims=["shim_fsync.so"], env=SLOW_DISK)
        db.spawn()
        wait_until(lambda: os.path.exists(db.socket), why="a socket")
        with db.mcp() as m:
            m.initialize()
            found = m.ok("search_nodes", query="coffee")
            self.assertIn("ada", json.dumps(found))

    def test_not_where_nothing_may_be_written(self):
        db, want, _ = self.old_service(1, args=["--read-only"])
        p = db.spawn()
        self.assertNotEqual(p.wait(), 0)
        self.assertRegex(p.text(), r"older version \(schema 1, this program "
                         rf"reads {LATEST}\) and may not be written")
        self.assertEqual(schema_of(db.database), 1)
        db.args = []
        db.start().stop()
        db.args = ["--read-only"]
        db.start()
        with db.client() as c:
            found = c.ok("read_graph")
            self.assertEqual(found["entities"], want[0][2]["entities"])

    def test_ended_on_the_way(self):
        """By a signal or a crash, at several moments: begun anew."""
        db, want, _ = self.old_service(1, shims=["shim_fsync.so"],
                                       env={"FSYNC_US": "100000"})
        for i in range(6):
            db.spawn()
            pid = db.database.with_name(db.database.name + ".pid")
            wait_until(lambda: pid.exists() and pid.read_text().strip() ==
                       str(db.pid), why="the lock")
            time.sleep(0.06 * i)
            if i % 2:
                db.kill()
            else:       # also before it minds signals
                db.stop(allowed=(0, -15))
            self.assertIn(schema_of(db.database), STEPS)
        db.shims = ()
        db.start()
        with db.client() as c:
            steps_done(c)
            self.assertEqual(answers(c), want)
        db.verify()


class Newer(TestCase):
    def newer(self, path):
        set_schema(path, LATEST + 1)
        return path.read_bytes()

    def told(self, text):
        self.assertRegex(text, re.escape(
            f"was written by a newer version (schema {LATEST + 1}, this "
            f"program knows {LATEST}); install the newer program"))

    def test_refused_and_left_alone(self):
        db = self.service()
        with db.client() as c:
            c.ok("create_entities", entities=[entity("ada", "likes tea")])
        db.stop()
        bytes_then = self.newer(db.database)
        for _ in range(2):
            p = db.spawn()
            self.assertNotEqual(p.wait(), 0)
            p.check()
            self.told(p.text())
        self.assertEqual(db.database.read_bytes(), bytes_then)
        set_schema(db.database, LATEST)
        db.start()
        db.verify()

    def test_told_to_who_starts_it(self):
        with Spawned() as place:
            place.ctl("add", "ada", "likes tea")
            place.kill(15)
            self.newer(place.database)
            done = place.ctl("search", "tea", check=False)
            self.assertNotEqual(done.returncode, 0)
            self.told(done.stderr)
            with place.mcp() as m:
                m.initialize()
                r = m.tool("search_nodes", query="tea")
                self.assertTrue(r["isError"])
                self.told(r["content"][0]["text"])


if __name__ == "__main__":
    main()
