#!/usr/bin/env python3
"""What others leave: folders of commands that were killed, and a foreign reader
that holds the log beside the database."""
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import BIN, TestCase, entity, main, wait_until  # noqa: E402


def folder_of(pid):
    """The folder of the service that a command started for itself alone."""
    for task in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            argv = task.read_bytes().split(b"\0")
            parent = int((task.parent / "stat").read_text()
                         .rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid and b"--socket" in argv:
            return Path(argv[argv.index(b"--socket") + 1].decode()).parent
    return None


class LeftBehind(TestCase):
    def test_folder_of_a_killed_restore(self):
        db = self.service()
        db.client().ok("create_entities", entities=[
            entity(f"e{i}", f"fact {i}") for i in range(500)])
        db.ctl("backup", db.folder / "b")
        one = subprocess.Popen(
            [str(BIN / "memoryctl"), "restore", str(db.folder / "b"),
             "--into", str(db.folder / "r.db")], env=db.env(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        left = wait_until(lambda: folder_of(one.pid) or
                          (one.poll() is not None and "too quick"),
                          why="it works")
        one.kill()
        one.wait()
        if left == "too quick":
            self.skipTest("the restore was over before it could be killed")
        mine = left
        self.assertTrue(mine.name.startswith("memoryctl-run."))
        wait_until(lambda: not folder_of(one.pid), why="its service ends")
        # One that is in use stays.
        def old(path):
            past = time.time() - 100
            os.utime(path, (past, past))
            return path

        used = Path(f"/tmp/memoryctl-run.{os.getpid() % 10**6:06d}")
        holder = subprocess.Popen(
            [sys.executable, "-c", "import fcntl, os, sys\n"
             "os.makedirs(sys.argv[1], 0o700, True)\n"
             "f = os.open(sys.argv[1], os.O_RDONLY)\n"
             "fcntl.flock(f, fcntl.LOCK_EX)\n"
             "print(1, flush=True)\nsys.stdin.read()", str(used)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            holder.stdout.readline()
            old(used)
            db.ctl("restore", db.folder / "b", "--into", db.folder / "r2.db")
            self.assertTrue(mine.exists(), "somebody may still make it")
            old(mine)
            db.ctl("restore", db.folder / "b", "--into", db.folder / "r3.db")
            self.assertFalse(mine.exists())
            self.assertTrue(used.exists())
        finally:
            holder.communicate()
            used.rmdir()

    def test_folders_of_the_user_stay(self):
        """Whatever they are called: also one that looks like ours."""
        db = self.service()
        db.client().ok("create_entities", entities=[entity("ada", "x")])
        db.ctl("backup", db.folder / "b")
        tail = f"{os.getpid() % 10**6:06d}"
        folders = [Path(f"/tmp/memoryctl-backups-{tail}"),
                   Path(f"/tmp/memoryctl-{tail}"),
                   Path(f"/tmp/memoryctl-run.{tail[:5]}z"),
                   Path(f"/tmp/memoryctl-run.{tail}-mine")]
        try:
            for folder in folders:
                folder.mkdir(0o700)
                (folder / "log").write_text("mine")
                (folder / "precious").write_text("mine")
                os.utime(folder, (1e9, 1e9))
            db.ctl("restore", db.folder / "b", "--into", db.folder / "r.db")
            for folder in folders:
                self.assertEqual(sorted(x.name for x in folder.iterdir()),
                                 ["log", "precious"])
        finally:
            for folder in folders:
                shutil.rmtree(folder, True)

    def test_what_a_service_leaves_is_swept(self):
        """All that one has made in such a folder, its lock file too."""
        db = self.service()
        db.client().ok("create_entities", entities=[entity("ada", "x")])
        db.ctl("backup", db.folder / "b")
        folder = Path(f"/tmp/memoryctl-run.{os.getpid() % 10**6:06d}")
        folder.mkdir(0o700)
        for name in ("memory.db", "memory.db-wal", "memory.db.pid", "log"):
            (folder / name).write_text("")
        os.utime(folder, (1, 1))
        db.ctl("restore", db.folder / "b", "--into", db.folder / "r.db")
        self.assertFalse(folder.exists())

    def test_a_foreign_reader_is_named(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[entity("ada", "x")])
        wal = Path(f"{db.database}-wal")
        reader = subprocess.Popen(
            [sys.executable, "-c", "import sqlite3, sys\n"
             "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
             "db.execute('BEGIN')\n"
             "db.execute('SELECT count(*) FROM fact').fetchall()\n"
             "print(1, flush=True)\nsys.stdin.read()", str(db.database)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            reader.stdout.readline()
            c.ok("create_entities", entities=[entity("bob", "y")])

            def findings():
                done = db.ctl("--json", "doctor", check=False)
                return [f for f in json.loads(done.stdout)["findings"]
                        if f["check"] == "log"]
            self.assertEqual(findings(), [])
            # As it would be after hours of writing beside that reader.
            os.truncate(wal, 70 << 20)
            told, = findings()
            self.assertIn(str(reader.pid), told["text"])
            self.assertIn("python", told["text"])
            self.assertIn("backup", told["advice"])

            # The service tells it by itself, and so do those who ask it.
            def problems():
                return c.ok("get_memory_status")["health"]["problems"]
            wait_until(problems)
            told, = problems()
            for word in (str(reader.pid), "python", "backup", "MB"):
                self.assertIn(word, told)
            done = db.ctl("health", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"process {reader.pid} (python", done.stdout)
            # The task that cuts the log back says so, far below that size.
            wait_until(lambda: "log-limit failed" in
                       db.ctl("health", check=False).stdout, 30)
            said = db.ctl("health", check=False).stdout
            self.assertIn(f"process {reader.pid} (python",
                          said.partition("log-limit failed")[2])
            self.assertIn(str(reader.pid),
                          db.ctl("status", check=False).stdout)
        finally:
            reader.communicate()
        for told in findings():     # none once the log is cut back
            self.assertNotIn("process", told["text"])
        wait_until(lambda: not problems())
        wait_until(lambda: db.ctl("health", check=False).returncode == 0,
                   30)
        db.verify()


if __name__ == "__main__":
    main()
