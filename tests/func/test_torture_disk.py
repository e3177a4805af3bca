"""Disks and files that are not as they should be."""
import errno
import hashlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

import faults
import harness
from faults import Faults
from harness import BIN, Service, entity
from writers import stored


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class Refused(harness.TestCase):
    """Files that memory-db must not touch."""

    def start_refused(self, db, *words):
        """It ends by itself, says why, and never by a signal."""
        process = db.spawn()
        code = process.wait(20)
        text = process.text()
        db.process = None
        self.assertNotIn(code, (0, 77), text)
        self.assertGreater(code, 0, f"ended by signal {-code}\n{text}")
        self.assertEqual(harness.reports(text), [])
        for word in words:
            self.assertIn(word, text)
        return text

    def foreign(self):
        db = self.service(start=False)
        db.database.parent.mkdir(parents=True)
        return db

    def made(self, entities=500):
        """A service that was stopped after some writes."""
        db = self.service()
        db.client().ok("create_entities", entities=[
            entity(f"e{i}", f"fact {i} " + "y" * 200)
            for i in range(entities)])
        db.stop()
        return db

    def test_database_of_another_program(self):
        db = self.foreign()
        other = sqlite3.connect(db.database)
        other.execute("CREATE TABLE entities (id INTEGER PRIMARY KEY, x)")
        other.execute("INSERT INTO entities VALUES (1, 'mine')")
        other.commit()
        other.close()
        before = digest(db.database)
        self.start_refused(db, str(db.database))
        self.assertEqual(digest(db.database), before)

    def test_application_id_of_another_program(self):
        db = self.made(3)
        other = sqlite3.connect(db.database)
        other.execute("PRAGMA application_id = 252006673")
        other.commit()
        other.close()
        before = digest(db.database)
        self.start_refused(db, str(db.database))
        self.assertEqual(digest(db.database), before)

    def test_newer_schema(self):
        db = self.made(3)
        newer = sqlite3.connect(db.database)
        newer.execute("PRAGMA user_version = 99")
        newer.commit()
        newer.close()
        before = digest(db.database)
        text = self.start_refused(db, "99")
        self.assertRegex(text, "newer")
        self.assertEqual(digest(db.database), before)

    def test_not_a_database(self):
        db = self.foreign()
        for content in (b"hello, this is a text file\n" * 100,
                        os.urandom(8192), b"SQLite format 3\0" + bytes(84),
                        b"SQLite format 3\0" + os.urandom(4080)):
            db.database.write_bytes(content)
            self.start_refused(db, str(db.database))
            self.assertEqual(db.database.read_bytes(), content)

    def test_a_folder_in_its_place(self):
        db = self.foreign()
        db.database.mkdir()
        self.start_refused(db, str(db.database))

    def test_truncated(self):
        """Half of the file is gone: refused, or served with errors that say
        so; never a crash, and no write is acknowledged that is lost."""
        db = self.made()
        size = db.database.stat().st_size
        for part in (0.9, 0.5, 0.1):
            os.truncate(db.database, int(size * part) // 4096 * 4096)
            process = db.spawn()
            try:
                db.wait_ready()
            except AssertionError:
                self.assertGreater(process.wait(5), 0, process.tail())
                db.process = None
                continue
            with db.client() as c:
                for method, params in (
                        ("read_graph", {}),
                        ("search_nodes", {"query": "fact"}),
                        ("create_entities", {"entities": [entity("n", "x")]}),
                        ("verify", {})):
                    reply = c.call(method, params)
                    if not reply["success"]:
                        self.assertIn(reply["code"], ("corrupt", "store"),
                                      reply)
                self.assertTrue(c.call("ping")["success"])
            db.stop(allowed=(0, 111))

    def test_flipped_bytes_are_noticed(self):
        """Digests and SQLite's checks: `verify` must not be clean."""
        db = self.made()
        data = bytearray(db.database.read_bytes())
        at = data.find(b"fact 42 ")
        for k in range(len(data) // 3, len(data), 40961) if at < 0 else (at,):
            data[k] ^= 0x55
        db.database.write_bytes(data)
        process = db.spawn()
        try:
            db.wait_ready()
        except AssertionError:
            self.assertGreater(process.wait(5), 0)
            db.process = None
            return
        with self.assertRaises(AssertionError):
            db.verify()
        db.stop(allowed=(0, 111))

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_folder_of_another_user(self):
        db = self.made(3)
        shutil.chown(db.database.parent, 12345)
        shutil.chown(db.database, 12345)
        before = digest(db.database)
        process = db.spawn()
        try:
            db.wait_ready()
        except AssertionError:
            self.assertGreater(process.wait(5), 0)
            db.process = None
        self.assertEqual(digest(db.database), before)


@unittest.skipUnless(os.geteuid() == 0, "becomes another user")
class ReadOnly(harness.TestCase):
    def test_read_only_database(self):
        """Reads go on, writes are told why not."""
        # Not below the runner's folder, which is closed to other users.
        place = Path(tempfile.mkdtemp(prefix="mdbr-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        db = self.service(folder=place)
        db.client().ok("create_entities", entities=[entity("ada", "tea")])
        db.stop()
        nobody = 65534
        probe = subprocess.run([str(BIN / "memory-db"), "--version"],
                               user=nobody, capture_output=True)
        if probe.returncode != 0:
            self.skipTest("the build folder is closed to other users")
        for path in [db.folder, *db.folder.rglob("*")]:
            os.chown(path, nobody, nobody)
        db.database.chmod(0o400)
        db.user = nobody
        db.start()
        c = db.client()
        self.assertEqual(c.ok("open_nodes", names=["ada"])["entities"][0]
                         ["observations"], ["tea"])
        reply = c.call("create_entities", entities=[entity("bob", "x")])
        self.assertIs(reply["success"], False)
        self.assertIn(reply["code"], ("denied", "store"))
        self.assertIn("read", reply["error"])
        c.ok("ping")


class Full(harness.TestCase):
    timeout = 90

    def test_disk_full(self):
        """No space left: writes fail with a text, reads go on, nothing
        acknowledged is lost, and writes come back when there is space."""
        folder = self.folder()
        shim = Faults(folder / "faults")
        db = self.service(shims=["shim_fail.so"], env=shim.env())
        c = db.client()
        made = []
        for i in range(20):
            c.ok("create_entities", entities=[entity(f"before {i}", "x")])
            made.append(f"before {i}")
        shim.arm(faults.WRITE | faults.TRUNCATE, count=1 << 40,
                 error=errno.ENOSPC)
        for i in range(20):
            reply = c.call("create_entities", entities=[
                entity(f"full {i}", "y" * 20000)])
            self.assertIs(reply["success"], False, reply)
            self.assertIn(reply["code"], ("disk_low", "store", "busy"))
            self.assertEqual(len(c.ok("search_nodes", query="before",
                                      limit=100)["results"]), 20)
        self.assertGreater(shim.failed, 0)
        shim.disarm()
        for i in range(20):
            c.ok("create_entities", entities=[entity(f"after {i}", "z")])
            made.append(f"after {i}")
        self.assertEqual(set(stored(c)), set(made))
        db.verify()
        db.restart()
        self.assertEqual(set(stored(db.client())), set(made))

    def test_little_space_left(self):
        """Under the threshold writes stop with disk_low, reads go on."""
        db = self.service()
        db.client().ok("create_entities", entities=[entity("ada", "tea")])
        db.stop()
        db.args = ["--limit-disk-free", str(1 << 50)]
        db.start()
        c = db.client()
        reply = c.fails("disk_low", "create_entities",
                        entities=[entity("bob", "x")])
        self.assertRegex(reply["error"], "free")
        self.assertEqual(len(c.ok("read_graph")["entities"]), 1)
        c.ok("get_memory_status")

    def test_folder_vanishes(self):
        """A service without its database says so and ends."""
        db = self.service()
        db.client().ok("create_entities", entities=[entity("ada", "tea")])
        shutil.rmtree(db.database.parent)
        self.assertNotEqual(db.process.wait(30), None)
        text = db.process.text()
        self.assertRegex(text, "gone|vanished|removed|no longer")
        self.assertEqual(harness.reports(text), [])
        db.process = None

    def test_socket_vanishes(self):
        db = self.service()
        os.unlink(db.socket)
        db.process.wait(30)
        self.assertRegex(db.process.text(), "gone|vanished|removed|no longer")
        db.process.check()
        db.process = None
        db.start()

    def test_second_service_on_the_same_database(self):
        db = self.service()
        second = Service(start=False, database=db.database)
        self.addCleanup(second.done)
        process = second.spawn()
        self.assertGreater(process.wait(10), 0)
        self.assertIn(str(db.pid), process.text())
        second.process = None
        db.client().ok("ping")

    def test_live_socket_is_not_replaced(self):
        db = self.service()
        second = Service(start=False)
        self.addCleanup(second.done)
        second.socket = db.socket
        process = second.spawn()
        self.assertGreater(process.wait(10), 0)
        second.process = None
        db.client().ok("ping")

    def test_stale_socket_is_replaced(self):
        db = self.service()
        db.kill()
        self.assertTrue(os.path.exists(db.socket))
        db.start()
        db.client().ok("ping")


if __name__ == "__main__":
    harness.main()
