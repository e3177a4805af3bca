#!/usr/bin/env python3
"""What can break, and what a person is told then: each fault is brought about,
and `doctor` and `health` name cause and remedy, with their exit codes."""
import contextlib
import errno
import json
import os
import re
import resource
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
import faults  # noqa: E402
from faults import Faults  # noqa: E402
from harness import Service, TestCase, entity, main, wait_until  # noqa: E402
from stub_embed import unused_port  # noqa: E402

ALWAYS = 1 << 40
DAY = 24 * 3600
NOBODY = 111        # health: nobody answers

# Fault (a function below): doctor's check, its level, words of its text, words of
# its advice; exit code of health, words of its line.
TABLE = {
    "sync_fails": ("service", "fail", "does not take writes", "",
                   1, "does not take writes"),
    "locks_fail": ("service", "fail", "refuses locks", "", None, ""),
    "disk_low": ("service", "warn", "writes are off until", "",
                 1, "free on the disk"),
    "page_damaged": ("service", "fail", "damaged.*verify", "",
                     1, "damaged"),
    "file_read_only": ("service", "warn", "reads only", "",
                       1, "reads only"),
    "provider_down": ("service", "warn", "no vectors are made", "",
                      1, "no vectors"),
    "no_sandbox": ("scripts", "warn", "unavailable",
                   "MEMORY_SANDBOX_PROGRAM", 0, "healthy"),
    "sandbox_misses": ("programs", "fail", "no executable", "unset it",
                       0, "healthy"),
    "stopped": ("service", "fail", "does not answer", "kill -CONT",
                NOBODY, ""),
    "connections_refused": ("service", "warn", "turned away",
                            "limit-connections", 0, "healthy"),
    "descriptors_gone": ("service", "warn", "turned away", "ulimit -n",
                         None, ""),
    "killed": ("log", "ok", "did not end by itself.*next start", "",
               NOBODY, ""),
    "socket_stale": ("socket", "warn", "stale", "replaces it", NOBODY, ""),
    "socket_is_a_file": ("socket", "fail", "no socket", "move it away",
                         NOBODY, ""),
    "another_socket": ("lock", "warn", "listens at another socket",
                       "MEMORY_DB_SOCKET", NOBODY, ""),
    "another_database": ("service", "fail", "it answers, but",
                         "MEMORY_DB_PATH", NOBODY, ""),
    "database_removed": ("backup", "warn", "there is no database",
                         "memoryctl restore", NOBODY, ""),
    "database_replaced": ("database", "fail", "no SQLite database",
                          "memoryctl restore", NOBODY, ""),
    "cut_short": ("database", "fail", "truncated", "memoryctl restore",
                  NOBODY, ""),
    "schema_newer": ("database", "fail", "newer than", "update memory-db",
                     NOBODY, ""),
    "header_damaged": ("database", "fail", "damaged: its header",
                       "memoryctl restore", NOBODY, ""),
    "schema_older": ("database", "ok", "brings it from schema 3", "",
                     NOBODY, ""),
    "folder_open": ("database", "fail", "others may make files",
                    "chmod 700", NOBODY, ""),
    "wrong_owner": ("database", "fail", "belongs to", "MEMORY_DB_PATH",
                    NOBODY, ""),
    "settings_open": ("settings", "fail", "does not start with it",
                      "chmod 600", NOBODY, ""),
    "clock_set_back": ("database", "warn", "days from now", "clock",
                       NOBODY, ""),
    "no_backup": ("backup", "warn", "none in", "memoryctl backup",
                  0, "healthy"),
    "backup_old": ("backup", "warn", "days old", "timer", 0, "healthy"),
    "backup_of_tomorrow": ("backup", "warn", "yet to come", "clock",
                           0, "healthy"),
    "chain_broken": ("backup", "fail", "cannot be restored",
                     "whole one", 0, "healthy"),
    "backups_open": ("backup", "warn", "others may read", "chmod 700",
                     0, "healthy"),
}


class Faulty(TestCase):
    timeout = 300

    def setUp(self):
        super().setUp()
        self.shim = Faults(self.folder() / "faults")
        self.after = contextlib.ExitStack()
        self.addCleanup(self.after.close)

    # --- looking --------------------------------------------------------------
    def doctor(self, db, env):
        done = db.ctl("--no-spawn", "--json", "doctor", check=False, env=env)
        found = json.loads(done.stdout)["findings"]
        failed = any(f["level"] == "fail" for f in found)
        self.assertEqual(done.returncode, 1 if failed else 0, done.stdout)
        return found

    def look(self, name, db, env):
        check, level, text, advice, code, line = TABLE[name]

        def told():
            self.found = self.doctor(db, env)
            return [f for f in self.found
                    if (f["check"], f["level"]) == (check, level) and
                    re.search(text, f["text"]) and
                    re.search(advice, f.get("advice", ""))]
        try:
            wait_until(told, 30, .1, f"doctor tells of {name}")
        except TimeoutError as e:
            raise AssertionError(f"{e}\n" + "\n".join(
                map(str, self.found))) from None
        done = db.ctl("health", check=False, env=env)
        if code is None:
            code = done.returncode
            self.assertIn(code, (0, 1), done)
        self.assertEqual(done.returncode, code, done)
        self.assertTrue(re.search(line, done.stdout + done.stderr), done)
        if code != 0:
            self.assertFalse(done.stdout.startswith("healthy"), done)

    def test_every_fault(self):
        for name in TABLE:
            with self.subTest(name), contextlib.ExitStack() as self.after:
                db, env = getattr(self, name)()
                self.look(name, db, env)

    def test_sound(self):
        """Where nothing is wrong nothing is told, and it costs no start."""
        db = self.filled()
        db.ctl("backup")
        found = self.doctor(db, None)
        # The folder of a test need not lie on a local disk.
        self.assertEqual([f for f in found if f["level"] != "ok" and
                          f["check"] != "disk"], [])
        self.assertEqual(db.ctl("health").returncode, 0)

    # --- bringing about -------------------------------------------------------
    def filled(self, **kw):
        db = Service(**kw)
        self.after.callback(db.done)
        c = db.client()
        c.ok("create_entities", entities=[entity("ada", "likes tea")])
        return db

    def faulty(self):
        self.shim.disarm()
        db = self.filled(shims=["shim_fail.so"], env=self.shim.env())
        self.after.callback(self.shim.disarm)
        return db

    def sync_fails(self):
        db = self.faulty()
        self.shim.arm(faults.SYNC, count=ALWAYS, error=errno.EIO)
        db.client().call("create_entities", entities=[entity("bob", "x")])
        return db, None

    def locks_fail(self):
        db = self.faulty()
        self.shim.arm(faults.LOCK, count=ALWAYS, error=errno.EIO)
        c = db.client()
        done = threading.Event()

        def write():
            """Whether locks work is seen by who takes one."""
            while not done.wait(.02):
                c.call("create_entities", entities=[entity("bob", "x")])
        writer = threading.Thread(target=write)
        writer.start()
        self.after.callback(writer.join)
        self.after.callback(done.set)
        return db, None

    def disk_low(self):
        return self.filled_then(["--limit-disk-free", str(1 << 60)]), None

    def filled_then(self, args, **kw):
        db = self.filled(**kw)
        db.stop()
        db.args += args
        return db.start()

    def page_damaged(self):
        db = self.filled()
        c = db.client()
        for i in range(60):
            c.ok("create_entities", entities=[
                entity(f"e{i} {k}", f"fact {i} {k} " + "tea " * 60)
                for k in range(10)])
        db.stop()
        db.start()
        with open(db.database, "r+b") as f:
            for at in range(4096 * 8, os.fstat(f.fileno()).st_size - 4096,
                            4096):
                f.seek(at)
                f.write(b"\xa5" * 4096)
        c = db.client()
        for i in range(60):
            if not c.call("open_nodes", names=[f"e{i} 3"])["success"]:
                return db, None
        raise AssertionError("no read met the damage")

    def file_read_only(self):
        return self.filled_then(["--read-only"]), None

    def provider_down(self):
        db = self.filled_then(["--embed", f"http://127.0.0.1:{unused_port()}",
                               "--embed-model", "m"])
        db.client().ok("create_entities", entities=[entity("bob", "x")])
        return db, None

    def no_sandbox(self):
        db = self.filled_then([])
        db.stop()
        db.start(env={"MEMORY_SANDBOX_PROGRAM": "/gone/memory-sandbox"})
        return db, None

    def sandbox_misses(self):
        return self.filled(), {
            "MEMORY_SANDBOX_PROGRAM": "/gone/memory-sandbox"}

    def stopped(self):
        db = self.filled()
        os.kill(db.pid, signal.SIGSTOP)
        self.after.callback(os.kill, db.pid, signal.SIGCONT)
        return db, None

    def crowd(self, db, n):
        """More come than there is room for, and go again."""
        with contextlib.ExitStack() as crowd:
            for _ in range(n):
                s = crowd.enter_context(socket.socket(socket.AF_UNIX))
                s.connect(db.socket)
            s.settimeout(20)
            s.recv(1000)        # an answer, or the end: it was seen
        return db, None

    def connections_refused(self):
        db = self.filled_then(["--limit-connections", "4"])
        return self.crowd(db, 12)

    def descriptors_gone(self):
        db = self.filled(limits={resource.RLIMIT_NOFILE: 64})
        return self.crowd(db, 100)

    def killed(self):
        db = self.filled()
        db.kill()
        os.unlink(db.socket)
        return db, None

    def socket_stale(self):
        db = self.filled()
        db.kill()
        return db, None

    def socket_is_a_file(self):
        db = self.filled()
        db.stop()
        Path(db.socket).write_text("")
        return db, None

    def another_socket(self):
        db = self.filled()
        return db, {"MEMORY_DB_SOCKET": db.folder / "other"}

    def another_database(self):
        db = self.filled()
        other = db.folder / "other" / "memory.db"
        other.parent.mkdir(mode=0o700)
        return db, {"MEMORY_DB_PATH": other}

    def stopped_service(self, backup=False):
        db = self.filled()
        if backup:
            db.ctl("backup")
        db.stop()
        return db

    def database_removed(self):
        db = self.stopped_service(backup=True)
        os.unlink(db.database)
        return db, None

    def database_replaced(self):
        db = self.stopped_service()
        db.database.write_bytes(b"these are not the bytes " * 100)
        return db, None

    def cut_short(self):
        db = self.stopped_service()
        os.truncate(db.database, 4096 * 3 + 7)
        return db, None

    def header(self, db, at, value):
        with open(db.database, "r+b") as f:
            f.seek(at)
            f.write(struct.pack(">I", value))

    def schema_newer(self):
        db = self.stopped_service()
        self.header(db, 60, 99)
        return db, None

    def header_damaged(self):
        db = self.stopped_service()
        self.header(db, 60, 9000)
        return db, None

    def schema_older(self):
        db = self.stopped_service()
        self.header(db, 60, 3)
        return db, None

    def folder_open(self):
        db = self.stopped_service()
        db.database.parent.chmod(0o777)
        return db, None

    def wrong_owner(self):
        if os.geteuid() != 0:
            self.skipTest("only root gives files away")
        db = self.stopped_service()
        os.chown(db.database, 12345, -1)
        return db, None

    def settings_open(self):
        db = self.stopped_service()
        conf = db.database.with_name("memory-db.conf")
        conf.write_text("slow-ms 5\n")
        conf.chmod(0o666)
        return db, None

    def clock_set_back(self):
        db = self.stopped_service()
        then = time.time() + 9 * DAY
        os.utime(db.database, (then, then))
        return db, None

    def no_backup(self):
        db = self.filled()
        c = db.client()
        for i in range(6):
            c.ok("create_entities", entities=[entity(
                f"large {i}", os.urandom(150000).hex())])
        db.stop()
        return db.start(), None

    def backed_up(self, *more):
        db = self.filled()
        for args in ((), *more):
            db.client().ok("create_entities", entities=[
                entity(f"then {args} {time.monotonic()}", "x")])
            db.ctl("backup", *args)
        folder = db.folder / "home" / "memory_backups"
        return db, folder, sorted(folder.glob("memory_*"))

    def made_at(self, path, days):
        stamp = time.strftime("%Y%m%dT%H%M%SZ",
                              time.gmtime(time.time() + days * DAY))
        path.rename(path.with_name(re.sub(r"\d{8}T\d{6}Z", stamp, path.name)))

    def backup_old(self):
        db, _, (one,) = self.backed_up()
        self.made_at(one, -30)
        return db, None

    def backup_of_tomorrow(self):
        db, _, (one,) = self.backed_up()
        self.made_at(one, 3)
        return db, None

    def chain_broken(self):
        folder = ["--incremental"]
        db, _, files = self.backed_up(folder, folder)
        self.assertEqual(len(files), 3, files)
        files[1].unlink()
        return db, None

    def backups_open(self):
        db, folder, _ = self.backed_up()
        folder.chmod(0o755)
        return db, None


if __name__ == "__main__":
    main()
