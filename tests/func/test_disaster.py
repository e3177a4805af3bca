"""The disaster drill: what can happen to the files, and how it ends.

Each drill ends in one of two ways, and says which: a memory that verifies and
holds what is promised, or an error that names what is gone. Never a crash of a
program, and never an answer that is wrong without a word."""
import json
import os
import random
import shutil
from pathlib import Path

from harness import TestCase, entity, main

SEED = random.randrange(1 << 30)
PARTS = 3


class Drill(TestCase):
    """A database, a whole backup and three parts of a chain."""

    timeout = 240

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        print(f"seed {SEED}", flush=True)
        self.db = self.service()
        self.backups = self.db.folder / "backups"
        self.told = {}          # backup -> name: texts at that time
        self.now = {}
        self.chain = []
        for part in range(PARTS + 1):
            self.write(f"part {part}", 12)
            args = ["--incremental"] if part else []
            done = json.loads(self.db.ctl("--json", "backup", self.backups,
                                          *args).stdout)
            self.chain.append(Path(done["path"]))
            self.told[self.chain[-1]] = dict(self.now)
        self.write("after the backups", 5)

    def write(self, what, n):
        with self.db.client() as c:
            for i in range(n):
                name = f"{what} {i}"
                texts = [f"fact {k} of {name} " + "lorem " * (i % 9)
                         for k in range(3)]
                c.ok("create_entities", entities=[entity(name, *texts)],
                     namespace=f"p{i % 2}")
                self.now[f"p{i % 2}", name] = sorted(texts)

    # --- ends -----------------------------------------------------------------
    def held(self, service):
        """What a memory answers: (namespace, name) -> texts."""
        found = {}
        with service.client(timeout=60) as c:
            for ns in ("p0", "p1"):
                params = {"namespace": ns, "limit": 500}
                while True:
                    reply = c.ok("read_graph", params)
                    for e in reply["entities"]:
                        found[ns, e["name"]] = sorted(e["observations"])
                    if not reply.get("next"):
                        break
                    params = {**params, "cursor": reply["next"]}
        return found

    def restored(self, backup, want):
        """Comes back as it was when this backup was made."""
        target = self.db.folder / "back" / "memory.db"
        self.db.ctl("--no-spawn", "restore", backup, "--into", target)
        other = self.service(database=target,
                             folder=self.db.folder / "other")
        self.assertEqual(self.held(other), want)
        other.verify()
        other.stop()
        shutil.rmtree(target.parent)

    def refused(self, backup, *words):
        """A report of what is gone; nothing takes the place."""
        target = self.db.folder / "back" / "memory.db"
        done = self.db.ctl("--no-spawn", "restore", backup, "--into", target,
                           check=False)
        self.assertIn(done.returncode, (1, 111), done)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertIn("othing was changed", done.stderr)
        self.assertFalse(target.exists())
        return done.stderr

    def serve(self):
        """The service on what is there: None, or why it does not start."""
        process = self.db.spawn()
        try:
            self.db.wait_ready()
            return None
        except AssertionError:
            code = process.wait(20)
            self.assertGreater(code, 0, f"signal {-code}: {process.tail()}")
            process.check()
            self.db.process = None
            return process.tail()

    def honest(self, know, earlier=False):
        """What it answers is what somebody wrote, or an error says so.
        earlier: it may be a state of before, in which some is not there."""
        why = self.serve()
        if why is not None:
            self.assertRegex(why, "damaged|no SQLite|database|newer")
            return "refused"
        wrong, errors = self.ask_all(know)
        wrong = [w for w in wrong if w[1] or not earlier]
        with self.db.client(timeout=60) as c:
            problems, params = [], {}
            while True:
                reply = c.call("verify", params)
                if not reply["success"]:
                    self.assertIn(reply["code"], ("corrupt", "store"), reply)
                    problems.append(reply["error"])
                    break
                problems += reply["problems"]
                if not reply.get("next"):
                    break
                params = {"cursor": reply["next"]}
        self.db.stop(allowed=(0, 111))
        if wrong:
            self.assertTrue(problems, f"wrong without a word: {wrong[:3]}")
        return "told" if problems or errors else "same"

    def ask_all(self, know):
        wrong, errors = [], 0
        with self.db.client(timeout=60) as c:
            for (ns, name), texts in know.items():
                reply = c.call("open_nodes", names=[name], namespace=ns)
                if not reply["success"]:
                    self.assertIn(reply["code"], ("corrupt", "store"), reply)
                    errors += 1
                    continue
                got = [sorted(e["observations"]) for e in reply["entities"]]
                if got != [texts]:
                    wrong.append((name, got))
        return wrong, errors

    def flip(self, path, data, n=1):
        """Other bytes at random places of a copy of the file."""
        bad = bytearray(data)
        at = [self.random.randrange(len(bad)) for _ in range(n)]
        for k in at:
            bad[k] ^= self.random.randrange(1, 256)
        path.write_bytes(bad)
        return at


class Database(Drill):
    def test_the_database_is_lost(self):
        """All files gone: the newest backup, then what was written behind it
        is gone, and only that."""
        self.db.stop()
        shutil.rmtree(self.db.database.parent)
        self.db.ctl("--no-spawn", "restore", self.backups)
        self.db.start()
        self.assertEqual(self.held(self.db), self.told[self.chain[-1]])
        self.db.verify()

    def test_half_of_it_is_lost(self):
        know = dict(self.now)
        self.db.stop()
        whole = self.db.database.read_bytes()
        for share in (.9, .5, .2, .01):
            self.db.database.write_bytes(whole[:int(len(whole) * share)])
            self.assertNotEqual(self.honest(know), "same", share)
        self.db.ctl("--no-spawn", "restore", self.backups, "--force")
        self.db.start()
        self.assertEqual(self.held(self.db), self.told[self.chain[-1]])
        aside = list(self.db.database.parent.glob("*.before-*"))
        self.assertTrue(aside, "what was there is kept")

    def test_the_wal_is_lost(self):
        """Killed with a full WAL, and that is gone: an earlier state, whole;
        or, where a checkpoint was on its way, verify tells of it."""
        know = dict(self.now)
        self.db.kill()
        wal = Path(f"{self.db.database}-wal")
        self.assertGreater(wal.stat().st_size, 0)
        wal.unlink()
        Path(f"{self.db.database}-shm").unlink(missing_ok=True)
        self.honest(know, earlier=True)
        self.db.ctl("--no-spawn", "restore", self.backups, "--force")
        self.db.start()
        self.assertEqual(self.held(self.db), self.told[self.chain[-1]])

    def damaged_logs(self, rounds):
        """The files as a kill left them, with one other byte in the WAL."""
        self.db.kill()
        wal = Path(f"{self.db.database}-wal")
        files = {p: p.read_bytes() for p in (self.db.database, wal)}
        for _ in range(rounds):
            for p, data in files.items():
                p.write_bytes(data)
            Path(f"{self.db.database}-shm").unlink(missing_ok=True)
            self.flip(wal, files[wal])
            yield

    def test_bytes_of_the_wal_change(self):
        """SQLite ends the log at the first bad frame. Where no frame of it is
        in the database yet, each entity is as written, or not there yet."""
        self.db.stop()
        self.db.start()
        self.write("after the start", 9)
        know = dict(self.now)
        for _ in self.damaged_logs(4):
            if self.serve() is not None:
                continue
            for key, texts in self.held(self.db).items():
                self.assertEqual(know[key], texts)
            self.db.verify()
            self.db.stop()

    def test_bytes_of_a_wal_change_that_was_copied(self):
        """Frames behind the bad one may be in the database already, those
        before it not: tables of two times, which verify tells."""
        know = dict(self.now)
        for _ in self.damaged_logs(6):
            self.honest(know, earlier=True)

    def test_bytes_of_the_database_change(self):
        know = dict(self.now)
        self.db.stop()
        data = self.db.database.read_bytes()
        ends = []
        for i in range(6):
            for p in self.db.database.parent.glob("*-wal"):
                p.unlink()
            self.flip(self.db.database, data, 1 + 20 * (i % 2))
            ends.append(self.honest(know))
        print(ends, flush=True)
        self.assertIn("told", ends + ["told"] * ("refused" in ends))
        self.db.ctl("--no-spawn", "restore", self.backups, "--force")
        self.db.start()
        self.assertEqual(self.held(self.db), self.told[self.chain[-1]])


class Chain(Drill):
    def test_one_of_the_chain_is_lost(self):
        """Those before it come back; those behind it say which is missing."""
        for lost in range(PARTS + 1):
            kept = self.chain[lost].read_bytes()
            self.chain[lost].unlink()
            for backup in self.chain[lost + 1:]:
                self.refused(backup)
            if lost:
                self.restored(self.chain[lost - 1],
                              self.told[self.chain[lost - 1]])
            self.chain[lost].write_bytes(kept)
        self.restored(self.chain[-1], self.told[self.chain[-1]])

    def test_a_part_of_another_time(self):
        """Two parts change places, by their names."""
        a, b = self.chain[1], self.chain[2]
        x, y = a.read_bytes(), b.read_bytes()
        a.write_bytes(y)
        b.write_bytes(x)
        self.refused(self.chain[-1])

    def test_bytes_of_a_backup_change(self):
        """Anywhere in a whole one or a part: every byte is covered."""
        for backup in (self.chain[0], self.chain[-1]):
            data = backup.read_bytes()
            places = [0, 3, 12, len(data) - 1, len(data) - 6] + \
                [self.random.randrange(len(data)) for _ in range(4)]
            for at in places:
                bad = bytearray(data)
                bad[at] ^= self.random.randrange(1, 256)
                backup.write_bytes(bad)
                with self.subTest(file=backup.name, at=at):
                    self.damaged_or_same(backup)
            for size in (0, 17, len(data) - 1):
                backup.write_bytes(data[:size])
                with self.subTest(file=backup.name, size=size):
                    self.refused(backup)
            backup.write_bytes(data + b"x")
            self.refused(backup)
            backup.write_bytes(data)

    def damaged_or_same(self, backup):
        target = self.db.folder / "back" / "memory.db"
        done = self.db.ctl("--no-spawn", "restore", backup, "--into", target,
                           check=False)
        if done.returncode == 0:
            # A byte of the gzip header that says nothing (time, system).
            other = self.service(database=target,
                                 folder=self.db.folder / "other")
            self.assertEqual(self.held(other), self.told[backup])
            other.stop()
            shutil.rmtree(target.parent)
            return
        self.assertIn(done.returncode, (1, 111), done)
        self.assertIn("othing was changed", done.stderr)
        self.assertFalse(target.exists())


class Everything(Drill):
    def test_doctor_says_what_to_do(self):
        """The remedy that doctor names is the one that works."""
        self.db.stop()
        os.truncate(self.db.database, 4096 * 3 + 7)
        done = self.db.ctl("--no-spawn", "doctor", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("memoryctl restore", done.stdout)


if __name__ == "__main__":
    main()
