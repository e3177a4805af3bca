"""Disks that fail, files that are damaged, locks that are refused, under a
living service: what is answered is true, writes stop, and it goes on when the
cause is gone."""
import contextlib
import errno
import os
import sqlite3
import time

import faults
from faults import Faults
from harness import TestCase, entity, main, wait_until
from old_schema import back_to

ALWAYS = 1 << 40


class Trouble(TestCase):
    timeout = 180

    def setUp(self):
        self.shim = Faults(self.folder() / "faults")
        self.db = self.service(shims=["shim_fail.so"], env=self.shim.env())
        self.c = self.db.client()
        self.addCleanup(lambda: self.c.close())
        self.c.ok("create_entities", entities=[entity("hub", "stays")])

    def health(self):
        return self.c.ok("get_memory_status")["health"]

    def healthy(self, name="later"):
        wait_until(lambda: self.c.call("create_entities", entities=[
            entity(name, "works")])["success"], 20, why="writes work again")
        # Connections are opened anew at most every 300 ms.
        wait_until(lambda: self.health()["state"] == "ok", 5,
                   why="nothing fails any more")
        self.assertEqual(self.c.ok("search_nodes", query="works stays")
                         ["count"] > 0, True)
        self.db.verify()

    def exists(self, name):
        return len(self.c.ok("open_nodes", names=[name])["entities"]) == 1

    def crash(self):
        self.c.close()
        self.db.kill()
        self.shim.disarm()
        self.db.start()
        self.c = self.db.client()

    def create(self, name, **more):
        return self.c.call("create_entities", entities=[entity(name, "x")],
                           **more)


class Outcome(Trouble):
    def test_not_stored_is_true_after_a_crash(self):
        """The commit and its repetition fail, the next one works."""
        for count in range(1, 6):
            name = f"n{count}"
            self.shim.arm(faults.SYNC, count=count, error=errno.EIO)
            reply = self.create(name, key=name)
            if not reply["success"]:
                self.assertIn(reply["code"], ("store", "unknown_outcome"))
            self.crash()
            if reply["success"]:
                self.assertTrue(self.exists(name), reply)
            elif reply["code"] == "store":
                self.assertFalse(self.exists(name), reply)
            self.assertTrue(self.create(name, key=name)["success"])
            self.assertTrue(self.exists(name))
        self.healthy()

    def test_unknown_is_said_so(self):
        self.shim.arm(faults.SYNC, count=ALWAYS, error=errno.EIO)
        reply = self.create("ada", key="k")
        self.assertEqual(reply["code"], "unknown_outcome", reply)
        self.assertIn("same key", reply["error"])
        self.assertGreater(reply["retry_after_ms"], 0)
        self.assertTrue(self.exists("hub"))
        # No more is written until it is settled.
        for i in range(3):
            reply = self.create(f"n{i}")
            self.assertEqual(reply["code"], "store", reply)
            self.assertIn("writes are off", reply["error"])
        self.assertEqual(self.health()["state"], "failing")
        self.crash()
        for i in range(3):
            self.assertFalse(self.exists(f"n{i}"))
        self.assertTrue(self.create("ada", key="k")["success"])
        self.assertTrue(self.exists("ada"))
        ada = self.c.ok("open_nodes", names=["ada"])["entities"][0]
        self.assertEqual(ada["observations"], ["x"])
        self.healthy()

    def test_settled_without_a_restart(self):
        self.shim.arm(faults.SYNC, count=ALWAYS, error=errno.EIO)
        self.assertEqual(self.create("ada", key="k")["code"],
                         "unknown_outcome")
        self.shim.disarm()
        wait_until(lambda: self.health()["state"] == "ok", 20,
                   why="the service sees that the disk works")
        self.assertFalse(self.exists("ada"))
        self.crash()
        self.assertFalse(self.exists("ada"))
        self.assertTrue(self.create("ada", key="k")["success"])
        self.healthy()

    def test_clients_ask_again_by_themselves(self):
        m = self.mcp(self.db)
        m.ok("search_nodes", query="hub")
        self.shim.arm(faults.SYNC, count=ALWAYS, error=errno.EIO)
        number = m.send("tools/call", {
            "name": "create_entities",
            "arguments": {"entities": [entity("by mcp", "x")]}})
        wait_until(lambda: self.shim.failed > 2, 20, why="it fails")
        self.shim.disarm()
        self.assertFalse(m.reply(number)["result"].get("isError"))
        self.assertTrue(self.exists("by mcp"))

    def test_everybody_says_so(self):
        self.shim.arm(faults.SYNC, count=ALWAYS, error=errno.EIO)
        self.create("ada")
        self.assertEqual(self.db.ctl("status", check=False).returncode, 1)
        doctor = self.db.ctl("doctor", check=False)
        self.assertEqual(doctor.returncode, 1, doctor.stdout)
        self.assertIn("does not take writes", doctor.stdout)
        self.shim.disarm()
        self.healthy()
        self.assertEqual(self.db.ctl("status").returncode, 0)


class Locks(Trouble):
    def test_they_work_again(self):
        for error in (errno.EIO, errno.ENOLCK):
            self.shim.arm(faults.LOCK, count=ALWAYS, error=error)
            end = time.monotonic() + 3
            while time.monotonic() < end:
                for method, params in (
                        ("create_entities", {"entities": [entity("n", "x")]}),
                        ("search_nodes", {"query": "stays"}),
                        ("open_nodes", {"names": ["hub"]})):
                    reply = self.c.call(method, params)
                    if not reply["success"]:
                        self.assertIn(reply["code"], ("busy", "store"), reply)
            self.assertGreater(self.shim.failed, 0)
            self.shim.disarm()
            wait_until(lambda: self.c.call("search_nodes", query="stays")
                       ["success"], 10, why="reads work again")
            self.healthy(f"after {error}")


class Damage(Trouble):
    def fill(self):
        for i in range(40):
            self.c.ok("create_entities", entities=[
                entity(f"e{i} {k}", f"fact {i} {k} " + "tea " * 60)
                for k in range(20)])
        self.c.close()
        self.db.stop()
        self.db.start()
        self.c = self.db.client()

    def damage(self):
        """Overwrites pages of the file under the service."""
        with open(self.db.database, "r+b") as f:
            good = f.read()
            size = len(good)
            for at in range(4096 * 8, size - 4096, 4096):
                f.seek(at)
                f.write(b"\xa5" * 4096)
            f.flush()
            os.fsync(f.fileno())
        return good

    def see_it(self):
        for i in range(40):
            reply = self.c.call("open_nodes", names=[f"e{i} 3"])
            if not reply["success"]:
                self.assertEqual(reply["code"], "corrupt", reply)
                return
        self.fail("no read met the damage")

    def test_writes_stop(self):
        self.fill()
        good = self.damage()
        self.see_it()
        for i in range(5):
            reply = self.create(f"n{i}")
            self.assertEqual(reply["code"], "corrupt", reply)
            self.assertIn("writes are off", reply["error"])
        health = self.health()
        self.assertEqual(health["state"], "damaged")
        self.assertIn("verify", health["problems"][0])
        self.assertEqual(self.db.ctl("status", check=False).returncode, 1)
        doctor = self.db.ctl("doctor", check=False)
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("damaged", doctor.stdout)
        self.assertEqual(self.db.ctl("verify", check=False).returncode, 1)
        # The cause is gone: when all was verified, writes go on.
        with open(self.db.database, "r+b") as f:
            f.write(good)
        self.assertEqual(self.create("n")["code"], "corrupt")
        self.db.verify()
        self.healthy()
        for i in range(5):
            self.assertFalse(self.exists(f"n{i}"))

    def test_nothing_is_written_at_the_end(self):
        self.fill()
        self.damage()
        self.see_it()
        with open(self.db.database, "rb") as f:
            before = f.read()
        self.c.close()
        self.db.stop()
        with open(self.db.database, "rb") as f:
            self.assertEqual(f.read(), before)

    def test_a_read_that_failed_once(self):
        """What lies there verifies: no reason to stop."""
        self.fill()
        good = self.damage()
        self.see_it()
        with open(self.db.database, "r+b") as f:
            f.write(good)
        self.healthy()


class Start(TestCase):
    def refused(self, *sql):
        db = self.service()
        db.client().ok("create_entities", entities=[entity("ada", "tea")])
        db.stop()
        with contextlib.closing(sqlite3.connect(db.database)) as s:
            for line in sql:
                s.execute(line)
            s.commit()
        with open(db.database, "rb") as f:
            before = f.read()
        p = db.spawn()
        self.assertGreater(p.wait(), 0)
        db.process = None
        self.said = p.text()
        self.assertIn("damaged", self.said)
        self.assertNotIn("newer", self.said)
        with open(db.database, "rb") as f:
            self.assertEqual(f.read(), before)
        return db

    def test_a_table_of_the_index_is_gone(self):
        self.refused("PRAGMA writable_schema = ON",
                     "DELETE FROM sqlite_schema WHERE name = 'ft_live_config'")

    def test_what_others_planted_does_not_run(self):
        """Each would be a part of statements of the service."""
        edit = ("UPDATE sqlite_schema SET sql = replace(sql, 'duplicate', "
                "'dupli--cate') WHERE name = 'conflicts'")
        for what, *sql in (
                ("the trigger 'spy' is none", "CREATE TRIGGER spy AFTER INSERT "
                 "ON fact BEGIN UPDATE meta SET value = new.body; END"),
                ("the view 'more' is none", "CREATE VIEW more AS SELECT 1"),
                ("the table 'more' is none", "CREATE TABLE more(x)"),
                ("the table 'ft_more' is none",
                 "CREATE VIRTUAL TABLE ft_more USING fts5(x)"),
                ("the index 'fact_body' is none",
                 "CREATE INDEX fact_body ON fact(hex(body))"),
                ("the trigger 'sqlite_stat1' is none",
                 "PRAGMA writable_schema = ON",
                 "INSERT INTO sqlite_schema VALUES('trigger', 'sqlite_stat1', "
                 "'fact', 0, 'CREATE TRIGGER sqlite_stat1 AFTER INSERT ON fact "
                 "BEGIN DELETE FROM op; END')"),
                ("the table 'fact' is not as", "ALTER TABLE fact ADD COLUMN x "
                 "TEXT AS (hex(body))"),
                ("the view 'versions' is not as", "DROP VIEW versions",
                 "CREATE VIEW versions AS SELECT 1 AS id"),
                ("the view 'conflicts' is not as",
                 "PRAGMA writable_schema = ON", edit),
                ("the index 'span_at' is missing", "DROP INDEX span_at"),
                ("the trigger '?[2J???' is none",
                 'CREATE TRIGGER "\x1b[2J\u202e" AFTER INSERT ON fact BEGIN '
                 "SELECT 1; END")):
            with self.subTest(what):
                self.refused(*sql)
                self.assertIn(what, self.said)

    def test_nor_in_the_steps_of_an_older_file(self):
        db = self.refused(
            "PRAGMA user_version = 7", *back_to(7),
            "CREATE TRIGGER spy AFTER INSERT ON fact BEGIN SELECT 1; END")
        self.assertIn("the trigger 'spy' is none", self.said)
        self.assertFalse(list(db.database.parent.glob("*.schema-*")))

    def test_what_sqlite_adds_is_no_stranger(self):
        db = self.service()
        db.client().ok("create_entities", entities=[entity("ada", "tea")])
        db.stop()
        with contextlib.closing(sqlite3.connect(db.database)) as s:
            s.execute("ANALYZE")
            s.execute("VACUUM")
        db.start()
        db.verify()

    def test_a_schema_that_nobody_writes(self):
        db = self.refused("PRAGMA user_version = 65543")
        doctor = db.ctl("doctor", check=False)
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("damaged", doctor.stdout)


if __name__ == "__main__":
    main()
