#!/usr/bin/env python3
"""memoryctl backup and restore: a copy while agents write, which verifies, comes
back whole, and does not bring back what was forgotten."""
import fcntl
import gzip
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import unittest
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import BIN, ROOT, SLOW, Service, TestCase, main, wait_until  # noqa: E402


def entity(name, *texts):
    return {"name": name, "entityType": "thing", "observations": list(texts)}


def backups(folder):
    return sorted(p for p in Path(folder).glob("memory_*"))


class BackupCase(TestCase):
    def setUp(self):
        super().setUp()
        self.db = self.service()
        self.client = self.db.client()
        self.folder = self.db.folder / "the backups"

    def fill(self, n=20, prefix="e", **params):
        self.client.ok("create_entities", entities=[
            entity(f"{prefix}{i}", f"fact {i} of {prefix}")
            for i in range(n)], **params)

    def backup(self, *args, **kw):
        return json.loads(self.db.ctl("--json", "backup", *(
            args or (self.folder,)), **kw).stdout)

    def restore(self, *args, **kw):
        return json.loads(self.db.ctl("--json", "restore", *args, **kw).stdout)

    def opened(self, path):
        """A service on a restored file."""
        return self.service(database=path, folder=self.db.folder / "other")

    def log(self, client):
        lines, cursor = [], {}
        while True:
            page = client.ok("export_log", all=True, **cursor)
            lines += page["lines"]
            if not page.get("next"):
                return lines
            cursor = {"cursor": page["next"]}


class Backup(BackupCase):
    def test_round_trip(self):
        self.fill()
        self.fill(namespace="other")
        self.client.ok("write_file", name="a file", content={"x": 1})
        done = self.backup()
        path = Path(done["path"])
        self.assertEqual(path.parent, self.folder)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)
        # What gunzip gives is a database by itself.
        plain = self.db.folder / "plain.db"
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        with sqlite3.connect(plain) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(),
                             ("ok",))
            self.assertEqual(
                db.execute("SELECT count(*) FROM entities").fetchone(), (40,))
        new = self.db.folder / "new" / "memory.db"
        reply = self.restore(path, "--into", new)
        self.assertEqual(reply["path"], str(new))
        self.assertEqual(stat.S_IMODE(new.stat().st_mode), 0o600)
        # The lock file of a database stays beside it.
        self.assertEqual(sorted(os.listdir(new.parent)),
                         ["memory.db", "memory.db.pid"])
        other = self.opened(new)
        self.assertEqual(self.log(other.client()), self.log(self.client))
        other.verify()
        a, b = (c.ok("get_memory_status")["database"]
                for c in (other.client(), self.client))
        self.assertEqual(a["id"], b["id"])
        self.assertNotEqual(a["instance_id"], b["instance_id"])

    def test_while_written(self):
        """Every write that was acknowledged before is in it, none by halves."""
        self.fill()
        writer = self.db.client()
        go = True
        last = 0
        running = subprocess.Popen(
            [BIN / "memoryctl", "--json", "backup", self.folder],
            env=self.db.env(), stdout=subprocess.PIPE, text=True)
        while running.poll() is None and go:
            writer.ok("create_entities", entities=[
                entity(f"a{last}", "x"), entity(f"b{last}", "y")])
            last += 1
        done = json.loads(running.communicate()[0])
        new = self.db.folder / "new.d" / "memory.db"
        self.restore(done["path"], "--into", new)
        graph = self.opened(new).client().ok("read_graph", limit=1000)
        names = {e["name"] for e in graph["entities"]}
        self.assertTrue({f"e{i}" for i in range(20)} <= names)
        for i in range(last):
            self.assertEqual(f"a{i}" in names, f"b{i}" in names)

    def test_retention(self):
        self.fill()
        paths = []
        for i in range(5):
            self.fill(1, f"more{i}")
            paths.append(self.backup()["path"])
        strangers = [self.folder / "notes.txt",
                     self.folder / "memory_20200101_000000.db.gz",
                     self.folder / "memory_20200101T000000Z_00000000_c5.db.gz"]
        for p in strangers:
            p.write_text("not ours")
        done = self.backup(self.folder, "--keep", 3)
        self.assertEqual(done["removed"], 3)
        self.assertEqual(backups(self.folder), sorted(
            strangers[1:] + [Path(p) for p in paths[3:]] +
            [Path(done["path"])]))
        # Old by its name, or by its time: older than a week goes.
        old = time.time() - 8 * 86400
        os.utime(paths[3], (old, old))
        renamed = self.folder / Path(paths[4]).name.replace("2026", "2019")
        if renamed == Path(paths[4]):
            renamed = self.folder / ("memory_2019" +
                                     Path(paths[4]).name[len("memory_2026"):])
        os.rename(paths[4], renamed)
        last = self.backup(self.folder, "--keep-days", 7)
        self.assertEqual(last["removed"], 2)
        # Either of the two keeps one.
        for p in (done["path"], last["path"]):
            os.utime(p, (old, old))
        newest = self.backup(self.folder, "--keep-days", 7, "--keep", 2)
        self.assertEqual(newest["removed"], 1)
        self.assertEqual({p for p in backups(self.folder)},
                         {Path(last["path"]), Path(newest["path"]),
                          *strangers[1:]})

    def test_names_of_a_clock_that_ran_ahead(self):
        """Backups made while the clock was a day ahead are older than what is
        made now, whatever their names say: the new one stays, the next part
        follows it, and a restore of the folder takes it."""
        tomorrow = time.time() + 86400
        for i in range(3):
            self.fill(1, f"ahead{i}")
            path = Path(self.backup()["path"])
            stamp = re.search(r"_(\d{8}T\d{6}Z)_", path.name)[1]
            ahead = path.with_name(path.name.replace(stamp, time.strftime(
                "%Y%m%dT%H%M%SZ", time.gmtime(tomorrow + i))))
            os.rename(path, ahead)
            os.utime(ahead, (tomorrow, tomorrow))
        self.fill(1, "now")
        made = Path(self.backup(self.folder, "--keep", 2)["path"])
        self.assertEqual(len(backups(self.folder)), 2)
        self.assertIn(made, backups(self.folder))
        self.fill(1, "after")
        part = self.backup(self.folder, "--incremental", "--keep", 2)
        self.assertIn(f"_c{part['change'] - 1}-c{part['change']}",
                      part["path"])
        self.assertEqual(set(backups(self.folder)),
                         {made, Path(part["path"])})

    def test_a_part_named_ahead_of_its_base(self):
        """The part of a clock that ran ahead sorts before the whole one that
        it follows; both stay, and it can be restored."""
        self.fill()
        whole = Path(self.backup()["path"])
        self.fill(1, "more")
        part = Path(self.backup(self.folder, "--incremental")["path"])
        stamp = re.search(r"_(\d{8}T\d{6}Z)_", part.name)[1]
        ahead = part.with_name(part.name.replace(stamp, time.strftime(
            "%Y%m%dT%H%M%SZ", time.gmtime(time.time() + 400 * 86400))))
        os.rename(part, ahead)
        old = time.time() - 30 * 86400
        os.utime(whole, (old, old))
        newest = Path(self.backup(self.folder, "--keep-days", 7)["path"])
        self.assertEqual(set(backups(self.folder)), {whole, ahead, newest})
        self.db.ctl("restore", ahead, "--into", self.db.folder / "again.db")

    def test_file_and_arguments(self):
        self.fill()
        one = self.db.folder / "one backup.gz"
        for _ in range(2):      # replaced whole
            self.assertEqual(self.backup(one)["path"], str(one))
        bad = self.db.ctl("backup", one, "--keep", 2, check=False)
        self.assertEqual(bad.returncode, 100)
        self.assertIn("names one file", bad.stderr)
        line = self.db.ctl("backup")
        self.assertEqual(len(line.stdout.splitlines()), 1)
        self.assertEqual(len(backups(self.db.folder / "home" /
                                     "memory_backups")), 1)

    def test_the_sum_of_the_one_before_goes(self):
        """A plain backup in the place of an encrypted one."""
        self.fill()
        path = self.db.folder / "mine.db.gz"
        beside = Path(f"{path}.sum")
        beside.write_text('# {"kind":"whole"} ' + "0" * 64 + "\n"
                          + "0" * 64 + f"  {path.name}\n")
        self.backup(path)
        self.assertFalse(beside.exists())
        self.restore(path, "--into", self.db.folder / "new" / "memory.db")

    def test_damaged_is_not_backed_up(self):
        self.fill(200)
        good = self.backup()["path"]
        self.db.stop()
        data = bytearray(self.db.database.read_bytes())
        at = data.index(b"fact 7 of e") if b"fact 7 of e" in data else None
        # A page in the middle, whatever it holds.
        at = at or len(data) // 2 // 4096 * 4096 + 100
        for i in range(at, at + 3000):
            data[i] ^= 0x55
        self.db.database.write_bytes(data)
        self.db.start()
        bad = self.db.ctl("backup", self.folder, "--keep", 1, check=False)
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn("no old one removed", bad.stderr)
        self.assertEqual(backups(self.folder), [Path(good)])

    def test_no_service_and_other_database(self):
        self.fill()
        self.db.stop()
        done = self.backup()        # starts one, as all commands do
        self.assertTrue(os.path.exists(done["path"]))
        self.db.ctl("stop")
        # Somebody else's service at the socket: the file is opened by itself.
        moved = self.db.database
        self.db.database = self.db.folder / "db2" / "memory.db"
        self.db.start()
        own = self.backup("--database", moved, self.folder)
        self.assertEqual(own["change"], done["change"])
        self.assertEqual(self.backup()["change"], 0)
        missing = self.db.ctl("--database", self.db.folder / "none.db",
                              "backup", self.folder, check=False)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("there is no database", missing.stderr)
        self.assertFalse((self.db.folder / "none.db").exists())

    def test_two_at_once_and_killed(self):
        self.fill()
        both = [subprocess.Popen([BIN / "memoryctl", "--json", "backup",
                                  self.folder], env=self.db.env(),
                                 stdout=subprocess.PIPE, text=True)
                for _ in range(2)]
        paths = {json.loads(p.communicate()[0])["path"] for p in both}
        self.assertEqual([p.returncode for p in both], [0, 0])
        self.assertEqual({Path(p) for p in paths}, set(backups(self.folder)))
        # One that is killed holds no lock and leaves nothing for long.
        left = self.folder / (Path(paths.pop()).name + ".Ab3dEf")
        left.write_text("half")
        held = os.open(self.folder / ".memory-backup.lock", os.O_RDWR)
        fcntl.flock(held, fcntl.LOCK_EX)
        busy = self.db.ctl("--timeout", 1, "backup", self.folder, check=False)
        self.assertEqual(busy.returncode, 111)
        self.assertIn("another memoryctl", busy.stderr)
        self.assertTrue(left.exists())
        os.close(held)
        self.backup()
        self.assertFalse(left.exists())

    def test_killed_in_the_middle(self):
        self.fill(500)
        for delay in (0.01, 0.03, 0.06, 0.1, 0.2):
            p = subprocess.Popen([BIN / "memoryctl", "backup", self.folder],
                                 env=self.db.env(), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            try:
                p.wait(delay * SLOW)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        good = self.backup()
        for p in backups(self.folder):
            self.assertRegex(p.name, r"\.db\.gz$")
            gzip.decompress(p.read_bytes())
        self.restore(good["path"], "--into", self.db.folder / "n" / "m.db")
        wait_until(lambda: not [
            t for t in os.listdir(f"/proc/{self.db.pid}/fd")
            if "deleted" in self.link(t)], why="no copy is held")

    def link(self, fd):
        try:
            return os.readlink(f"/proc/{self.db.pid}/fd/{fd}")
        except OSError:
            return ""

    def test_no_room(self):
        """RLIMIT_FSIZE stands for a full disk: write fails in the middle."""
        self.fill(500)
        good = self.backup()["path"]
        script = ("import os,resource,signal,sys;"
                  "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
                  "resource.setrlimit(resource.RLIMIT_FSIZE,(9000,9000));"
                  "os.execv(sys.argv[1],sys.argv[1:])")
        bad = subprocess.run(
            [sys.executable, "-c", script, BIN / "memoryctl", "backup",
             self.folder, "--keep", "1"], env=self.db.env(), text=True,
            capture_output=True)
        self.assertEqual(bad.returncode, 111, bad.stderr)
        self.assertIn("cannot write", bad.stderr)
        self.assertEqual(backups(self.folder), [Path(good)])

    def test_no_room_for_the_copy(self):
        self.fill()
        self.db.stop()
        self.db.args += ["--limit-disk-free", str(1 << 60)]
        self.db.start()
        bad = self.db.ctl("backup", self.folder, check=False)
        self.assertEqual(bad.returncode, 111)
        self.assertIn("a copy of the database takes", bad.stderr)

    def test_descriptor(self):
        """Only for reading, without a name, with the first byte."""
        self.fill()
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.db.socket)
            # Replies before and behind it carry none.
            s.sendall(b'{"id":1,"method":"ping"}\n'
                      b'{"id":2,"method":"snapshot_database"}\n')
            data, fds = b"", []
            while data.count(b"\n") < 2:
                part, new, _, _ = socket.recv_fds(s, 65536, 4)
                if new:
                    self.assertTrue(data == b"" or data.endswith(b"\n"))
                data += part
                fds += new
        self.assertEqual(len(fds), 1)
        reply = next(r for r in map(json.loads, data.splitlines())
                     if r["id"] == 2)
        self.assertEqual(os.fstat(fds[0]).st_size, reply["bytes"])
        self.assertEqual(os.fstat(fds[0]).st_nlink, 0)
        with self.assertRaises(OSError):
            os.write(fds[0], b"x")
        checked = subprocess.run(
            [BIN / "memory-db", "--check-fd", str(fds[0])], pass_fds=fds,
            capture_output=True, text=True, check=True, env=self.db.env())
        self.assertEqual(json.loads(checked.stdout)["heads"], reply["heads"])
        os.close(fds[0])

    def test_agents_have_none(self):
        mcp = self.db.mcp(args=["--tools", "all,admin"])
        names = {t["name"] for t in mcp.request("tools/list")["tools"]}
        self.assertIn("recall", names)
        self.assertFalse({"snapshot_database", "list_erasures",
                          "replay_erasures"} & names)


class Script(BackupCase):
    SCRIPT = ROOT / "systemd/backup_memory.sh"

    def run_script(self, **env):
        return subprocess.run(
            ["sh", self.SCRIPT], text=True, capture_output=True,
            env=self.db.env({"MEMORYCTL": BIN / "memoryctl", **env}))

    @unittest.skipUnless(shutil.which("shellcheck"), "needs shellcheck")
    def test_shellcheck(self):
        subprocess.run(["shellcheck", self.SCRIPT], check=True)

    def test_seven_days(self):
        self.fill()
        folder = self.db.folder / "home" / "memory_backups"
        first = self.run_script()
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertRegex(first.stdout, r"\ABackup complete: memory_\S+\.db\.gz"
                                       r": .*\n\Z")
        old, = backups(folder)
        day = time.time() - 8 * 86400
        os.utime(old, (day, day))
        self.assertIn("1 old one removed", self.run_script().stdout)
        new, = backups(folder)
        self.assertNotEqual(old, new)
        self.assertEqual(stat.S_IMODE(new.stat().st_mode), 0o600)

    def test_path_with_blanks_and_errors(self):
        self.fill()
        folder = self.db.folder / "a *strange* 'folder\""
        done = self.run_script(BACKUP_DIR=folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(backups(folder)), 1)
        for env, code, text in (
                ({"KEEP_DAYS": "x; rm"}, 100, "no number"),
                ({"MEMORYCTL": "/nowhere"}, 111, "no /nowhere"),
                ({"MEMORY_DB_PATH": "/nowhere/m.db"}, 1, "no database")):
            bad = self.run_script(BACKUP_DIR=folder, **env)
            self.assertEqual(bad.returncode, code, bad.stderr)
            self.assertIn(text, bad.stderr)
            self.assertEqual(bad.stdout, "")
        with open(folder / ".backup_memory.lock") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.assertEqual(
                self.run_script(BACKUP_DIR=folder).returncode, 75)
        self.assertEqual(len(backups(folder)), 1)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd")
    def test_units(self):
        for unit in ("memory-backup.service", "memory-backup.timer",
                     "user/memory-backup.service",
                     "user/memory-backup.timer"):
            place = self.db.folder / "units" / unit
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text((ROOT / "systemd" / unit).read_text().replace(
                "@bindir@", str(BIN)))
            done = subprocess.run(
                ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", place],
                capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)


class Restore(BackupCase):
    def test_never_over_a_database(self):
        self.fill()
        path = self.backup()["path"]
        self.fill(5, "later")
        refused = self.db.ctl("restore", path, check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("--force", refused.stderr)
        # One that an operator started is his.
        refused = self.db.ctl("restore", path, "--force", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("operator", refused.stderr)
        self.assertEqual(self.client.ok("get_memory_status")
                         ["total_entities"], 25)
        self.db.stop()
        done = self.restore(path, "--force")
        self.assertEqual(done["path"], str(self.db.database))
        self.db.start()
        status = self.db.client().ok("get_memory_status")
        self.assertEqual(status["total_entities"], 20)
        kept = self.service(database=done["before"],
                            folder=self.db.folder / "kept")
        self.assertEqual(kept.client().ok("get_memory_status")
                         ["total_entities"], 25)

    def test_spawned_service_ends(self):
        self.fill()
        path = self.backup()["path"]
        self.db.stop()
        self.db.ctl("status")
        done = self.restore(path, "--force")
        self.assertTrue(os.path.exists(done["before"]))
        self.db.ctl("verify")
        self.db.ctl("stop")

    def test_forgotten_stays_forgotten(self):
        self.client.ok("create_entities", entities=[
            entity("ada", "lives in Wunderburg", "likes tea"),
            entity("bob", "knows Quirinius", "likes coffee")])
        self.client.ok("create_relations", relations=[
            {"from": "bob", "to": "ada", "relationType": "knows"}])
        old = self.backup()["path"]
        self.client.ok("forget", name="ada", confirm=True)
        self.client.ok("forget", name="bob", observation="knows Quirinius",
                       confirm=True)
        for how in ("running", "stopped", "backup"):
            with self.subTest(how):
                if how == "stopped":
                    self.db.stop()
                if how == "backup":
                    self.db.start()
                    self.backup()
                    self.db.stop()
                    for p in self.db.database.parent.glob("memory.db*"):
                        p.unlink()
                new = self.db.folder / how / "memory.db"
                done = self.restore(old, "--into", new)
                # Ada, two facts, a relation; one of Bob's.
                self.assertEqual(done["forgotten_again"], 5)
                data = b"".join(p.read_bytes()
                                for p in new.parent.iterdir())
                for word in (b"Wunderburg", b"Quirinius", b"wunderburg",
                             b"quirinius"):
                    self.assertNotIn(word, data)
                with self.service(database=new,
                                  folder=self.db.folder / f"s{how}") as other:
                    c = other.client()
                    self.assertEqual(
                        [e["name"] for e in
                         c.ok("read_graph")["entities"]], ["bob"])
                    self.assertNotIn("Wunderburg",
                                     json.dumps(self.log(c)))
                    other.verify()

    def test_another_database_forgets_nothing_here(self):
        self.client.ok("create_entities", entities=[entity("ada", "tea")])
        old = self.backup()["path"]
        self.db.stop()
        for p in self.db.database.parent.glob("memory.db*"):
            p.unlink()
        self.db.start()
        c = self.db.client()
        c.ok("create_entities", entities=[entity("ada", "tea")])
        c.ok("forget", name="ada", confirm=True)
        done = self.restore(old, "--into", self.db.folder / "n" / "m.db")
        self.assertEqual(done["forgotten_again"], 0)

    @staticmethod
    def unpacks_alike(bad, data):
        """Deflate can say a repetition in several ways."""
        try:
            return gzip.decompress(bad) == gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return False

    def test_damage_is_told(self):
        self.fill(300)
        path = Path(self.backup()["path"])
        data = path.read_bytes()
        import random
        seed = int(os.environ.get("TEST_SEED", time.time_ns() % 10**9))
        print(f"seed {seed}", file=sys.stderr)
        rng = random.Random(seed)
        cases = [("cut", data[:rng.randrange(1, len(data))]),
                 ("longer", data + b"x"), ("empty", b"")]
        for _ in range(12):
            at = rng.randrange(len(data))
            bad = bytearray(data)
            bad[at] ^= 1 << rng.randrange(8)
            if at > 512 and self.unpacks_alike(bad, data):
                continue  # another way to say the same bytes is no damage
            cases.append((f"bit of byte {at}", bytes(bad)))
        new = self.db.folder / "n" / "m.db"
        for name, bad in cases:
            with self.subTest(name):
                broken = self.db.folder / "broken.db.gz"
                broken.write_bytes(bad)
                p = self.db.ctl("restore", broken, "--into", new, check=False)
                self.assertNotEqual(p.returncode, 0, p.stdout)
                self.assertRegex(p.stderr, "damaged|no backup|does not")
                self.assertFalse(new.exists())
                self.assertEqual(list(new.parent.iterdir()), [])

    def test_folder_and_plain_files(self):
        self.fill()
        first = self.backup()["path"]
        self.fill(3, "second")
        self.backup()
        new = self.db.folder / "n" / "m.db"
        done = self.restore(self.folder, "--into", new)
        self.assertGreater(done["from"], first)
        plain = self.db.folder / "plain.db"
        plain.write_bytes(gzip.decompress(Path(first).read_bytes()))
        again = self.restore(plain, "--into", self.db.folder / "n" / "p.db")
        self.assertLess(again["facts"], done["facts"])
        exists = self.db.ctl("restore", first, "--into", new, check=False)
        self.assertNotEqual(exists.returncode, 0)
        self.assertIn("exists", exists.stderr)

    def test_killed(self):
        self.fill(300)
        path = self.backup()["path"]
        new = self.db.folder / "n" / "m.db"
        for delay in (0.02, 0.05, 0.1, 0.2, 0.4):
            p = subprocess.Popen([BIN / "memoryctl", "restore", path,
                                  "--into", new], env=self.db.env(),
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            try:
                p.wait(delay * SLOW)
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL)
                p.wait()
            if new.exists():        # then all of it is there
                self.opened(new).verify()
                return
        self.restore(path, "--into", new)
        self.assertEqual(sorted(os.listdir(new.parent)), ["m.db", "m.db.pid"])


class Chain(BackupCase):
    def part(self, **kw):
        return self.backup(self.folder, "--incremental", **kw)

    def make_chain(self):
        """A whole one and three parts, each with something of every kind."""
        self.fill(5, "first")
        self.client.ok("write_file", name="gone later", content=1)
        self.client.ok("write_file", name="stays", content={"n": 1})
        done = [self.part()]
        self.assertEqual(done[0]["kind"], "whole")
        self.fill(5, "second")
        self.fill(3, "ns", namespace="other")
        done.append(self.part())
        self.client.ok("delete_file", name="gone later")
        self.client.ok("write_file", name="stays", content={"n": 2})
        self.client.ok("delete_entities", entityNames=["first1"])
        self.client.ok("memory_branch", action="create", name="idea")
        self.client.ok("add_observations", branch="idea", observations=[
            {"entityName": "first2", "contents": ["on a branch"]}])
        done.append(self.part())
        self.client.ok("forget", name="second1", confirm=True)
        self.client.ok("set_namespace_settings",
                       settings={"on_conflict": "queue"})
        done.append(self.part())
        self.assertEqual([d["kind"] for d in done[1:]], ["changes"] * 3)
        return [Path(d["path"]) for d in done]

    def test_chain(self):
        paths = self.make_chain()
        self.assertTrue(all(p.name.endswith(".log.gz") for p in paths[1:]))
        log = self.log(self.client)
        new = self.db.folder / "n" / "m.db"
        self.restore(self.folder, "--into", new)
        other = self.opened(new)
        self.assertEqual(self.log(other.client()), log)
        other.verify()
        other.stop()
        # One in the middle: what was forgotten later is forgotten there.
        mid = self.db.folder / "n" / "mid.db"
        done = self.restore(paths[1], "--into", mid)
        self.assertEqual(done["forgotten_again"], 2)
        self.assertNotIn(b"fact 1 of second", mid.read_bytes())

    def test_newer_parts_know_what_was_forgotten(self):
        paths = self.make_chain()
        self.db.stop()
        for p in self.db.database.parent.glob("memory.db*"):
            p.unlink()
        new = self.db.folder / "n" / "m.db"
        done = self.restore(paths[2], "--into", new)
        self.assertEqual(done["forgotten_again"], 2)

    def test_broken_links_are_named(self):
        paths = self.make_chain()
        new = self.db.folder / "n" / "m.db"
        for i, what in ((1, "missing"), (1, "flipped"), (2, "missing"),
                        (2, "flipped"), (0, "missing"), (0, "flipped"),
                        (1, "exchanged")):
            with self.subTest(link=i, what=what):
                data = paths[i].read_bytes()
                if what == "missing":
                    paths[i].unlink()
                elif what == "flipped":
                    bad = bytearray(data)
                    bad[len(bad) // 2] ^= 4
                    paths[i].write_bytes(bad)
                else:
                    paths[i].write_bytes(paths[2].read_bytes())
                p = self.db.ctl("restore", paths[3], "--into", new,
                                check=False)
                paths[i].write_bytes(data)
                self.assertEqual(p.returncode, 1 if i or what == "missing"
                                 else p.returncode, p.stderr)
                self.assertNotEqual(p.returncode, 0)
                # Of a missing one the name of the one that follows it.
                named = paths[i + 1] if what == "missing" else paths[i]
                self.assertIn(named.name, p.stderr)
                self.assertFalse(new.exists())
        self.restore(paths[3], "--into", new)

    def test_pruning_keeps_chains_whole(self):
        paths = self.make_chain()
        self.assertEqual(self.part("", ) if False else
                         self.backup(self.folder, "--incremental", "--keep",
                                     1)["removed"], 0)
        whole = self.backup(self.folder, "--keep", 1)
        self.assertEqual(whole["removed"], 5)
        self.assertEqual(backups(self.folder), [Path(whole["path"])])
        self.assertFalse(paths[0].exists())

    def test_restored_database_begins_a_new_chain(self):
        self.make_chain()
        self.db.stop()
        self.restore(self.folder, "--force")
        self.db.start()
        self.assertEqual(self.part()["kind"], "whole")
        self.db.client().ok("create_entities", entities=[entity("z", "y")])
        self.assertEqual(self.part()["kind"], "changes")

    def test_point_in_time(self):
        states = []
        for i in range(6):
            self.fill(2, f"step{i}")
            self.fill(1, f"step{i}", namespace="other")
            states.append((self.client.ok("list_namespaces")
                           ["namespaces"], self.log(self.client)))
        self.client.ok("forget", name="step10", confirm=True)
        self.backup()
        changes = [line["id"] for line in states[2][1]
                   if line["type"] == "change"]
        new = self.db.folder / "n" / "m.db"
        done = self.restore(self.folder, "--into", new, "--change",
                            changes[-1])
        # One more: what was forgotten later is forgotten there.
        self.assertEqual(done["changes"], len(changes) + 1)
        other = self.opened(new)
        c = other.client()
        heads = {n["name"]: n["head"] for n in
                 c.ok("list_namespaces")["namespaces"]}
        for n in states[2][0]:
            self.assertEqual(heads.pop(n["name"]),
                             self.head_after_forgetting(n["name"], c))
        other.verify()
        names = [e["name"] for e in c.ok("read_graph")["entities"]]
        self.assertEqual(sorted(names), ["step00", "step01", "step11",
                                         "step20", "step21"])
        self.assertEqual(
            c.ok("get_memory_status")["database"]["id"],
            self.client.ok("get_memory_status")["database"]["id"])
        # By time: as it was at the first change.
        at = next(line["at"] for line in states[0][1]
                  if line["type"] == "change")
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at / 1000)) + \
            f".{at % 1000:03}Z"
        early = self.db.folder / "n" / "e.db"
        self.assertEqual(self.restore(self.folder, "--into", early, "--at",
                                      when)["changes"], 1)
        far = self.db.ctl("restore", self.folder, "--into",
                          self.db.folder / "far.db", "--change", "99999",
                          check=False)
        self.assertEqual(far.returncode, 1)
        self.assertRegex(far.stderr, r"ends with change \d+: there is no "
                                     "change 99999")
        self.assertFalse((self.db.folder / "far.db").exists())
        for bad in (["--at", "gibberish"], ["--change", "x"],
                    ["--at", "now", "--change", "1"]):
            p = self.db.ctl("restore", self.folder, "--into",
                            self.db.folder / "x.db", *bad, check=False)
            self.assertNotEqual(p.returncode, 0)

    def head_after_forgetting(self, name, c):
        """The chain of a namespace ends with what is forgotten again."""
        log = [line for line in self.log(c) if line["type"] == "change"]
        spaces = {line["id"]: line["name"] for line in self.log(c)
                  if line["type"] == "namespace"}
        return [line["chain"] for line in log
                if spaces[line["ns"]] == name][-1]


if __name__ == "__main__":
    main()
