#!/usr/bin/env python3
"""restore --force, and the power goes at each of its last steps: the old
database is still there with its write-ahead log, in its place or beside it, and
a database is in the place at any moment."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import BIN, SLOW, TestCase, entity, main, preload  # noqa: E402

CUT = 86        # exit code of shim_cut
STEPS_MOST = 20


class Cut(TestCase):
    timeout = 240

    def setUp(self):
        super().setUp()
        self.db = self.service()
        c = self.db.client()
        c.ok("create_entities", entities=[
            entity(f"e{i}", f"fact {i}") for i in range(20)])
        self.backup = json.loads(self.db.ctl(
            "--json", "backup", self.db.folder / "backups").stdout)["path"]
        c.ok("create_entities", entities=[
            entity(f"later{i}", f"fact {i}") for i in range(5)])
        c.close()
        self.db.kill()
        self.place = self.db.database.parent
        self.wal = Path(f"{self.db.database}-wal")
        self.assertGreater(self.wal.stat().st_size, 0)
        self.kept = self.db.folder / "kept"

    def keep(self):
        """Remembers the files as they are now."""
        shutil.copytree(self.place, self.kept)

    def again(self):
        shutil.rmtree(self.place)
        shutil.copytree(self.kept, self.place)

    def restore(self, step, **more):
        env = self.db.env({"CUT_AT": step, "CUT_PATH": "memory.db", **more})
        preload(env, "shim_cut.so")
        return subprocess.run(
            [BIN / "memoryctl", "restore", self.backup, "--force"], env=env,
            cwd=self.db.folder, text=True, capture_output=True,
            timeout=60 * SLOW).returncode

    def every_step(self, look, **more):
        for step in range(1, STEPS_MOST):
            self.again()
            code = self.restore(step, **more)
            with self.subTest(step=step):
                self.assertIn(code, (0, CUT))
                look()
            if code == 0:
                self.assertGreater(step, 1, "no step was cut")
                return
        self.fail(f"more than {STEPS_MOST} steps")

    def aside(self):
        """The database that moved aside, or None."""
        found = [p for p in self.place.glob("memory.db.before-*")
                 if not p.name.endswith(("-wal", "-shm", "-journal"))]
        self.assertLessEqual(len(found), 1)
        return found[0] if found else None

    def count(self, database, name):
        """How many entities it holds; opened as a copy."""
        folder = self.db.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        for tail in ("", "-wal"):
            if Path(f"{database}{tail}").exists():
                shutil.copy(f"{database}{tail}", folder / f"m.db{tail}")
        db = self.service(database=folder / "m.db", folder=folder)
        n = db.client().ok("get_memory_status")["total_entities"]
        db.verify()
        db.stop()
        return n

    def test_a_refused_start_leaves_the_log(self):
        """What cannot be opened stays as it is, its log too."""
        self.damage()
        code = self.db.spawn().wait(20)
        self.db.process = None
        self.assertNotEqual(code, 0)
        self.assertTrue(self.is_old(self.db.database))

    def test_a_log_without_its_database(self):
        """It would be brought into the restored file by the first start."""
        self.db.database.unlink()
        log = self.wal.read_bytes()
        self.db.ctl("--no-spawn", "restore", self.backup)
        self.assertFalse(self.wal.exists())
        kept, = self.place.glob("memory.db.before-*-wal")
        self.assertTrue(kept.read_bytes() == log)
        self.assertEqual(self.count(self.db.database, "there"), 20)

    def test_a_sound_database(self):
        self.keep()

        def look():
            n = self.count(self.db.database, "there")
            self.assertIn(n, (20, 25))
            if n == 20:
                self.assertEqual(self.count(self.aside(), "beside"), 25)
        self.every_step(look)

    def damage(self):
        """Nobody can open it, so its log cannot be brought in before."""
        self.db.database.write_bytes(b"no database" + os.urandom(30000))
        self.wal.write_bytes(os.urandom(20000))
        self.keep()
        self.old = {tail: Path(f"{self.kept}/memory.db{tail}").read_bytes()
                    for tail in ("", "-wal")}

    def is_old(self, database, tails=("", "-wal")):
        return all(Path(f"{database}{t}").exists() and
                   Path(f"{database}{t}").read_bytes() == self.old[t]
                   for t in tails)

    def test_one_that_cannot_be_opened(self):
        self.damage()

        def look():
            self.assertTrue(self.db.database.exists())
            aside = self.aside()
            if not self.is_old(self.db.database):
                self.assertTrue(aside and self.is_old(aside),
                                sorted(p.name for p in self.place.iterdir()))
            if not self.is_old(self.db.database, ("",)):
                self.assertEqual(self.count(self.db.database, "there"), 20)
        self.every_step(look)

    def test_where_files_have_one_name(self):
        self.damage()

        def look():
            names = {p: p.read_bytes() for p in self.place.iterdir()
                     if p.is_file()}
            for tail, data in self.old.items():
                self.assertTrue(data in names.values(), tail)
            if self.db.database.exists() and not self.is_old(
                    self.db.database, ("",)):
                self.assertFalse(self.wal.exists())
        self.every_step(look, CUT_LINKS="0")


if __name__ == "__main__":
    main()
