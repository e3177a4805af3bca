#!/usr/bin/env python3
"""Backups where something goes wrong with the folder: it is full, gone, read-only
or somebody else's, two write into it, the clock jumps, a restore reads from it, the
service dies. Each time what was there stays good, nothing half is taken for a
backup, and one error names cause and remedy."""
import ctypes
import errno
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
import faults  # noqa: E402
from faults import Faults  # noqa: E402
from harness import (BIN, ROOT, SLOW, TestCase, entity, main,  # noqa: E402
                     preload, reports, wait_until)
from test_backup_cipher import FAKE  # noqa: E402

CLONE_NEWNS = 0x20000
NOBODY = 65534
DAY_MS = 24 * 3600 * 1000


def own_mounts():
    """This process and what it starts get mounts of their own. False: it may
    not have them."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or not shutil.which("mount") or \
            libc.unshare(CLONE_NEWNS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"],
                          capture_output=True).returncode == 0


MAY_MOUNT = own_mounts()


class Trial(TestCase):
    timeout = 400

    def setUp(self):
        super().setUp()
        self.db = self.service()
        self.c = self.db.client()
        self.target = self.db.folder / "target"
        self.target.mkdir(mode=0o700)
        self.rng = random.Random(os.environ.get("TEST_SEED", "8"))
        self.tools = self.db.folder / "tools"
        self.tools.mkdir()
        (self.tools / "age").write_text(FAKE)
        (self.tools / "age").chmod(0o755)
        self.key = self.db.folder / "key.txt"
        self.key.write_text("KEY\n")
        self.age = {"PATH": f"{self.tools}:{os.environ['PATH']}",
                    "LC_ALL": "C"}

    def fill(self, name, size=0):
        """Random texts: what is packed is no smaller."""
        self.c.ok("create_entities", entities=[
            entity(name, name + self.rng.randbytes(size // 2).hex())])

    def run_ctl(self, *args, env=None, words=()):
        done = subprocess.run(
            [*words, BIN / "memoryctl", *map(str, args)],
            env=self.db.env({**self.age, **(env or {})}), text=True,
            cwd=self.db.folder, capture_output=True, timeout=120 * SLOW)
        self.assertEqual(reports(done.stderr), [])
        return done

    def backup(self, *args, **kw):
        done = self.run_ctl("--json", "backup", self.target, *args, **kw)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.said = done.stderr
        return json.loads(done.stdout)

    def files(self):
        """What counts as a backup, by its name."""
        return sorted(p for p in self.target.iterdir() if re.fullmatch(
            r"memory_\S+\.(db|log)\.gz(\.age|\.gpg)?", p.name))

    def refused(self, done, *words, code=111):
        """One error: cause and remedy; nothing was removed."""
        self.assertEqual(done.returncode, code, done)
        self.assertEqual(done.stdout, "", done)
        for line in done.stderr.splitlines():
            self.assertRegex(line, r"\A(memoryctl|backup_memory\.sh): ")
        for w in words:
            self.assertRegex(done.stderr, w)

    def names(self, source, *args):
        """The entities of what is restored."""
        place = self.db.folder / "back" / "memory.db"
        shutil.rmtree(place.parent, ignore_errors=True)
        done = self.run_ctl("restore", source, "--into", place, "--identity",
                            self.key, *args)
        self.assertEqual(done.returncode, 0, done)
        other = self.service(database=place, folder=self.db.folder / "other")
        with other.client() as c:
            found = {e["name"] for e in
                     c.ok("read_graph", limit=1000)["entities"]}
        other.stop()
        return found

    def all_restore(self):
        for p in self.files():
            self.names(p)


class Mounted(Trial):
    """The folder lies on a file system of its own."""

    def setUp(self):
        super().setUp()
        if not MAY_MOUNT:
            self.skipTest("needs root and mount namespaces")
        self.mount("-t", "tmpfs", "-o", "size=16m,mode=0700", "none")

    def mount(self, *args):
        subprocess.run(["mount", *args, self.target], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.target],
                        capture_output=True)

    def resize(self, size):
        self.mount("-o", f"remount,size={size}")

    def used(self):
        fs = os.statvfs(self.target)
        return (fs.f_blocks - fs.f_bfree) * fs.f_frsize

    def test_full(self):
        """At whatever size the room ends: plain, encrypted, as a part."""
        self.fill("early")
        early = Path(self.backup()["path"])
        secret = ("--encrypt-to", "age1good")
        for args, kinds in (((), "whole"), (secret, "whole"),
                            (("--incremental",), "changes"),
                            (("--incremental", *secret), "changes")):
            with self.subTest(args=args):
                self.fill(f"large {args}", 120_000)
                base = Path(self.backup()["path"])
                self.fill(f"more {args}", 120_000)
                before = self.used()
                trial = self.backup(*args)
                self.assertEqual(trial["kind"], kinds)
                needed = self.used() - before
                for p in (Path(trial["path"]), Path(trial["path"] + ".sum")):
                    if p.exists():
                        p.unlink()
                good = self.files()
                ended = set()
                # A part has its log there, too, while it is packed.
                for room in (0, needed // 2, needed - 4096, needed,
                             needed + 8192, 6 * needed):
                    self.resize(self.used() + max(room, 0))
                    done = self.run_ctl("backup", self.target, "--keep", 1,
                                        *args)
                    self.resize("16m")
                    ended.add(done.returncode)
                    if done.returncode == 0:
                        self.assertEqual(len(self.files()),
                                         1 if kinds == "whole" else 2)
                        self.names(self.target)
                        break
                    self.refused(done, "No space left|free")
                    self.assertEqual(self.files(), good)
                    self.assertFalse([p for p in self.target.iterdir()
                                      if p.name.endswith(".sum")
                                      and not p.with_suffix("").exists()])
                self.assertEqual(ended, {0, 111})
        self.assertFalse(early.exists())
        self.assertTrue(base.exists() or len(self.files()) == 1)

    def test_advice_when_full(self):
        self.fill("large", 800_000)     # half of that when packed
        self.resize(200_000)
        self.refused(self.run_ctl("backup", self.target),
                     "No space left on device. No backup was made and no old",
                     "has .* free, and packed a backup takes a third")

    def test_read_only(self):
        self.fill("early")
        early = Path(self.backup()["path"])
        self.mount("-o", "remount,ro")
        for args in ((), ("--incremental",), ("--encrypt-to", "age1good")):
            self.refused(self.run_ctl("backup", self.target, *args),
                         "Read-only file system. No backup was made",
                         "is mounted read-only: mount it for writing")
        # It is read from all the same.
        self.assertEqual(self.names(self.target), {"early"})
        done = subprocess.run(
            ["sh", ROOT / "systemd/backup_memory.sh"], text=True,
            capture_output=True, env=self.db.env({
                "MEMORYCTL": BIN / "memoryctl", "BACKUP_DIR": self.target}))
        self.refused(done, "cannot write .*mounted for writing")
        self.mount("-o", "remount,rw")
        self.assertEqual(self.files(), [early])

    def test_unmounted(self):
        """While it is written, and what lies below is another folder."""
        self.fill("early")
        self.backup()
        for kind in (faults.SYNC, faults.OPEN):
            with self.subTest(kind=kind), Hanging(self, kind) as hanging:
                subprocess.run(["umount", "-l", self.target], check=True)
                done = hanging.go_on()
                self.refused(done, "No backup was made and no old one removed",
                             "another folder lies at .*mount it again")
                # Nothing lies in the folder below, where nobody looks.
                self.assertEqual(self.files(), [])
                shutil.rmtree(self.target)
                self.target.mkdir(mode=0o700)
                self.mount("-t", "tmpfs", "-o", "size=16m,mode=0700", "none")


class Hanging:
    """A memoryctl whose n-th call of a kind hangs, as on a NAS that answers no
    more; then something happens, and it goes on."""

    def __init__(self, case, kind, *args, skip=0, path=None, command="backup"):
        self.case = case
        self.shim = Faults(case.db.folder / f"faults{id(self)}")
        self.shim.arm(kind, skip=skip, count=1, error=0,
                      path=path or "/target/memory_")
        self.argv = [BIN / "memoryctl", command,
                     *(args or (case.target, "--keep", "1"))]

    def __enter__(self):
        env = self.case.db.env({**self.case.age, **self.shim.env()})
        self.p = subprocess.Popen(
            [*map(str, self.argv)], env=preload(env, "shim_fail.so"),
            cwd=self.case.db.folder, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            wait_until(lambda: self.shim.failed or
                       self.p.poll() is not None, 60, why="it hangs")
            self.case.assertIsNone(self.p.poll(), "it did not hang")
        except BaseException:
            self.__exit__()
            raise
        return self

    def go_on(self):
        self.shim.disarm()
        out, err = self.p.communicate(timeout=120 * SLOW)
        self.case.assertEqual(reports(err), [])
        return subprocess.CompletedProcess(self.argv, self.p.returncode, out,
                                           err)

    def kill(self):
        self.p.kill()
        self.p.communicate()

    def __exit__(self, *_):
        self.shim.disarm()
        if self.p.poll() is None:
            self.p.kill()
        self.p.communicate()


class Gone(Trial):
    def test_removed_meanwhile(self):
        self.fill("early")
        self.backup()
        for kind in (faults.SYNC, faults.OPEN):
            with self.subTest(kind=kind), Hanging(self, kind) as hanging:
                shutil.rmtree(self.target)
                done = hanging.go_on()
                self.refused(done, "No backup was made and no old one removed",
                             "is not there any more")
                self.assertFalse(self.target.exists())
                self.target.mkdir(mode=0o700)

    def test_others_go_on(self):
        """Writes are answered while the NAS answers nothing, and a hanging
        backup holds no log."""
        self.fill("early")
        with Hanging(self, faults.SYNC) as hanging:
            for i in range(50):
                self.c.ok("create_entities", entities=[entity(f"w{i}", "x")])
            self.assertEqual(self.run_ctl("health").returncode, 0)
            self.assertEqual(hanging.go_on().returncode, 0)

    def test_errors_of_a_nas(self):
        """Every call that may fail on the folder does, with what a NAS that is
        gone answers."""
        self.fill("early")
        self.backup()
        self.backup("--encrypt-to", "age1good")
        good = self.files()
        for args in ((), ("--encrypt-to", "age1good"), ("--incremental",)):
            self.fill(f"more {args}")
            read = set()
            for kinds, error in ((faults.SYNC, errno.EIO),
                                 (faults.OPEN, errno.ESTALE),
                                 (faults.READ, errno.ESTALE)):
                for n in range(10):
                    shim = Faults(self.db.folder / "faults")
                    shim.arm(kinds, skip=n, error=error,
                             path="/target/memory_")
                    env = preload(self.db.env({**self.age, **shim.env()}),
                                  "shim_fail.so")
                    done = subprocess.run(
                        [str(BIN / "memoryctl"), "backup", str(self.target),
                         "--keep", "9", *args], env=env, text=True,
                        cwd=self.db.folder, capture_output=True,
                        timeout=120 * SLOW)
                    with self.subTest(args=args, kinds=kinds, n=n):
                        self.assertEqual(reports(done.stderr), [])
                        self.assertIn(done.returncode, (0, 111), done)
                        self.assertTrue(set(good) <= set(self.files()))
                        if done.returncode == 0:
                            for p in set(self.files()) - set(good):
                                if kinds not in read:
                                    self.names(p)
                                read.add(kinds)
                                p.unlink()
                                Path(f"{p}.sum").unlink(missing_ok=True)
                        else:
                            self.refused(done, "No backup was made")
                            self.assertEqual(self.files(), good)
                    if shim.failed == 0:
                        break

    def test_killed_anywhere(self):
        """What it left is no backup, and goes with the next one."""
        self.fill("early")
        self.backup()
        secret = (self.target, "--encrypt-to", "age1good")
        for kind, skip, args in ((faults.SYNC, 0, ()), (faults.OPEN, 0, ()),
                                 (faults.SYNC, 0, secret),
                                 (faults.SYNC, 1, secret),
                                 (faults.SYNC, 2, secret)):
            with self.subTest(kind=kind, skip=skip), \
                    Hanging(self, kind, *args, skip=skip) as hanging:
                before = self.files()
                hanging.kill()
                left = {p.name for p in self.target.iterdir()}
                self.assertTrue([n for n in left if re.search(
                    r"\.[A-Za-z0-9]{6}$", n)], left)
                self.all_restore_of(before)
                self.backup()
                self.assertEqual([
                    p.name for p in self.target.iterdir()
                    if re.search(r"\.[A-Za-z0-9]{6}$", p.name)], [])

    def all_restore_of(self, files):
        for p in files:
            self.names(p)

    def test_a_log_that_was_left(self):
        """Where files must have names the log of a part has one for a moment."""
        left = self.target / ".memory-backup-a1B2c3"
        mine = self.target / ".memory-backup-notes of mine"
        for p in (left, mine):
            p.write_text("x")
        self.fill("early")
        self.backup()
        self.assertFalse(left.exists())
        self.assertTrue(mine.exists())


class Several(Trial):
    def script(self):
        return subprocess.Popen(
            ["sh", ROOT / "systemd/backup_memory.sh"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.db.env({"MEMORYCTL": BIN / "memoryctl",
                             "BACKUP_DIR": self.target}))

    def by_hand(self, *args):
        return subprocess.Popen(
            [str(BIN / "memoryctl"), "backup", str(self.target), *args],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.db.env(self.age))

    def test_at_once(self):
        """A whole one, a part, an encrypted one and cron's, all at once."""
        self.fill("early")
        self.backup()
        for i in range(2):
            self.fill(f"round {i}")
            running = [self.by_hand("--keep", "4"),
                       self.by_hand("--incremental"), self.script(),
                       self.by_hand("--encrypt-to", "age1good"),
                       self.script()]
            for p in running:
                _, err = p.communicate(timeout=200 * SLOW)
                self.assertEqual(reports(err), [])
                self.assertIn(p.returncode, (0, 75) if
                              "backup_memory" in str(p.args) else (0,), err)
            self.assertIn(f"round {i}", self.names(self.target))
        self.all_restore()

    def test_cron_beside_a_hand(self):
        """The script says 75 while somebody's memoryctl writes there."""
        self.fill("early")
        with Hanging(self, faults.SYNC) as hanging:
            p = self.script()
            out, err = p.communicate(timeout=60 * SLOW)
            self.assertEqual((p.returncode, out), (75, ""), err)
            self.assertIn("another memoryctl backs up", err)
            self.assertEqual(hanging.go_on().returncode, 0)
        p = self.script()
        _, err = p.communicate(timeout=60 * SLOW)
        self.assertEqual(p.returncode, 0, err)

    def test_cron(self):
        """No terminal, hardly a PATH, another umask, the program found beside
        the script; what it makes is for its owner alone."""
        self.fill("early")
        place = self.db.folder / "prefix"
        (place / "bin").mkdir(parents=True)
        share = place / "share/enhanced-memory"
        share.mkdir(parents=True)
        shutil.copy(ROOT / "systemd/backup_memory.sh", share)
        for name in ("memoryctl", "memory-db"):
            (place / "bin" / name).symlink_to(BIN / name)
        env = self.db.env()
        env = {k: v for k, v in env.items() if k in (
            "HOME", "MEMORY_DB_PATH", "MEMORY_DB_SOCKET", "ASAN_OPTIONS",
            "UBSAN_OPTIONS")} | {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh",
                                 "LOGNAME": "x"}
        for mask in (0o000, 0o077, 0o777):
            done = subprocess.run(
                [str(share / "backup_memory.sh")], env=env, text=True,
                capture_output=True, cwd="/", stdin=subprocess.DEVNULL,
                umask=mask, start_new_session=True)
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(done.stderr, "")
            self.assertEqual(len(done.stdout.splitlines()), 1)
        folder = Path(env["HOME"]) / "memory_backups"
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        made = list(folder.glob("memory_*"))
        self.assertEqual(len(made), 3)
        for p in made:
            self.assertEqual(p.stat().st_mode & 0o777, 0o600)

    def test_a_restore_reads(self):
        """Nothing of the chain that a restore reads is removed under it."""
        for i in range(4):
            self.fill(f"e{i}")
            self.backup("--incremental")
        before = self.files()
        self.fill("later")
        place = self.db.folder / "back" / "memory.db"
        with Hanging(self, faults.OPEN, self.target, "--into", place,
                     command="restore", skip=3) as hanging:
            made = self.backup("--keep", 1)
            self.assertEqual(made["removed"], 0)
            self.assertIn("a restore reads", self.said)
            self.assertEqual(self.files(), sorted(
                [*before, Path(made["path"])]))
            done = hanging.go_on()
            self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.backup("--keep", 1)["removed"], 5)

    def test_the_service_is_killed(self):
        """At any moment of it: all or nothing, one error, no half file."""
        for i in range(30):
            self.fill(f"e{i}", 20_000)
        self.backup()
        before = self.files()
        for i in range(4):
            p = self.by_hand("--incremental" if i % 2 else "--keep=9",
                             "--no-spawn")
            time.sleep(self.rng.random() * .2 * SLOW)
            self.db.kill()
            out, err = p.communicate(timeout=120 * SLOW)
            self.assertEqual(reports(err), [])
            self.assertIn(p.returncode, (0, 111), err)
            if p.returncode:
                self.assertEqual(out, "")
                self.assertEqual(len(err.splitlines()), 1, err)
                self.assertEqual(self.files(), before)
            self.db.start()
            self.c = self.db.client()
            self.fill(f"after {i}")
            before = self.files()
        self.backup("--incremental")
        self.assertIn("after 3", self.names(self.target))


class Chains(Trial):
    def test_another_recipient(self):
        """A chain that its reader cannot read is not gone on with."""
        self.fill("early")
        self.backup("--encrypt-to", "age1good")
        self.fill("second")
        self.assertEqual(self.backup("--incremental", "--encrypt-to",
                                     "age1good")["kind"], "changes")
        fake = FAKE.replace("age1good", "age1other")
        (self.tools / "age").write_text(fake)
        self.fill("third")
        other = self.backup("--incremental", "--encrypt-to", "age1other")
        self.assertEqual(other["kind"], "whole")
        self.assertIn("for somebody else", self.said)
        self.fill("fourth")
        self.assertEqual(self.backup("--incremental", "--encrypt-to",
                                     "age1other")["kind"], "changes")
        self.assertNotIn("age1", "".join(
            p.read_text() for p in self.target.glob("*.sum")))
        self.assertIn("fourth", self.names(self.target))

    def test_the_program_is_gone(self):
        self.fill("early")
        self.backup("--encrypt-to", "age1good")
        before = self.files()
        self.fill("second")
        self.refused(self.run_ctl(
            "backup", self.target, "--incremental", "--keep", 1,
            "--encrypt-to", "age1good", env={"PATH": "/nowhere"}),
            "apt-get install age")
        self.refused(self.run_ctl(
            "backup", self.target, "--incremental", "--keep", 1,
            "--encrypt-to", "age1bad"), "malformed recipient")
        # Killed in the middle, as for lack of memory.
        (self.tools / "age").write_text(
            "#!/bin/sh\nhead -c 40\nkill -9 $$\n")
        self.refused(self.run_ctl(
            "backup", self.target, "--keep", 1, "--encrypt-to", "age1good"),
            "age cannot encrypt the backup")
        self.assertEqual(self.files(), before)
        (self.tools / "age").write_text(FAKE)
        self.assertEqual(self.backup("--incremental", "--encrypt-to",
                                     "age1good")["kind"], "changes")
        self.assertEqual(self.names(self.target), {"early", "second"})

    def test_a_damaged_chain_is_not_gone_on_with(self):
        """Cut off, zeros at its end, exchanged, without its description."""
        for damage, which in (("cut", 0), ("cut", 2), ("zeros", 1),
                              ("head", 2)):
            with self.subTest(damage=damage, which=which):
                self.damaged(damage, which, ())
        for damage, which in (("cut", 1), ("sum", 0), ("sum", 2)):
            with self.subTest(damage=damage, which=which, encrypted=True):
                self.damaged(damage, which, ("--encrypt-to", "age1good"))

    def damaged(self, damage, which, secret):
        shutil.rmtree(self.target)
        self.target.mkdir(mode=0o700)
        for i in range(3):
            self.fill(f"{damage}{which}{i}{secret}")
            self.backup("--incremental", *secret)
        path = self.files()[which]
        data = path.read_bytes()
        if damage == "sum":
            path.with_name(path.name + ".sum").write_text("# nonsense\n")
        elif damage == "cut":
            path.write_bytes(data[:-9])
        elif damage == "zeros" and not secret:
            path.write_bytes(data[:-20] + bytes(20))
        elif damage == "head":
            path.write_bytes(data[:40] + b"x" + data[41:])
        else:
            path.write_bytes(data[:len(data) // 2])
        self.fill(f"last {damage}{which}{secret}")
        made = self.backup("--incremental", *secret)
        self.assertEqual(made["kind"], "whole")
        self.assertIn(path.name, self.said)
        self.assertIn(f"last {damage}{which}{secret}",
                      self.names(self.target))

    def test_the_clock_jumps(self):
        """Back and ahead between parts: the newest is what was made last, all
        restore, and none that another needs is removed."""
        seed = int(os.environ.get("TEST_SEED", time.time_ns() % 10**9))
        print(f"seed {seed}", file=sys.stderr)
        rng = random.Random(seed)
        for i in range(10):
            self.fill(f"e{i}")
            offset = rng.choice([0, 0, -3, 2, 40, -40, .01, -.01]) * DAY_MS
            args = ["--incremental"] if rng.random() < .7 else []
            args += rng.choice([[], [], ["--keep", "3"],
                                ["--keep-days", "7"]])
            before = set(self.files())
            made = self.backup(*args, env={
                "MEMORY_TEST_CLOCK_OFFSET_MS": str(int(offset))})
            self.assertEqual(len(set(self.files()) - before), 1)
            self.assertIn(Path(made["path"]), self.files())
        self.assertEqual(self.names(made["path"]),
                         {f"e{k}" for k in range(i + 1)})
        self.all_restore()


class Odd(Trial):
    """Places that are no folder and no file: a device, a pipe, a link."""

    def test_nothing_takes_their_place(self):
        self.fill("early")
        pipe = self.db.folder / "pipe"
        os.mkfifo(pipe)
        for command in (("backup", pipe), ("export", pipe),
                        ("metrics", "--textfile", pipe)):
            self.refused(self.run_ctl(*command), "pipe", code=100)
            self.assertTrue(pipe.is_fifo())
        self.refused(self.run_ctl("backup", ""), "name one", code=100)
        self.refused(self.run_ctl("restore", ""), code=1)

    def test_a_link_stays(self):
        self.fill("early")
        real = self.db.folder / "real.db.gz"
        real.write_text("old")
        link = self.db.folder / "link.db.gz"
        link.symlink_to(real)
        self.assertEqual(self.run_ctl("backup", link).returncode, 0)
        self.assertTrue(link.is_symlink())
        self.assertEqual(self.names(real), {"early"})

    def test_nothing_new(self):
        self.fill("early")
        self.backup()
        done = self.run_ctl("backup", self.target, "--incremental")
        self.assertIn("no change since the one before", done.stdout)


class Folded(Trial):
    def test_an_older_backup_is_named(self):
        """History that was folded since is in the backups from before."""
        self.fill("one")
        self.fill("two")
        old = Path(self.backup()["path"])
        self.fill("three")
        self.db.stop()
        self.assertEqual(self.run_ctl("compact", "--history-before", "now",
                                      "--apply").returncode, 0)
        self.backup()
        place = self.db.folder / "n" / "m.db"
        done = self.run_ctl("restore", self.target, "--change", "1",
                            "--into", place)
        self.refused(done, f"older backup in .*: {old.name}", code=1)
        self.assertFalse(place.exists())
        self.assertEqual(self.names(old, "--change", "1"), {"one"})
        self.run_ctl("stop")


class Databases(Trial):
    """Several in one folder: two users of a NAS, or one that was lost and the
    empty one that took its place."""

    def test_the_one_in_use(self):
        self.fill("mine")
        mine = Path(self.backup()["path"])
        other = self.service()
        other.client().ok("create_entities", entities=[entity("theirs")])
        theirs = json.loads(other.ctl("--json", "backup", self.target,
                                      "--keep", 1).stdout)["path"]
        self.assertTrue(mine.exists())
        place = self.db.folder / "n" / "m.db"
        for stopped in (False, True):
            done = self.run_ctl("--json", "restore", self.target, "--into",
                                place)
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(json.loads(done.stdout)["from"], str(mine))
            self.assertIn(Path(theirs).name, done.stderr)
            place.unlink()
            if not stopped:
                self.db.stop()
        # A part follows its own, whoever was there last.
        self.db.start()
        self.c = self.db.client()
        self.fill("more")
        self.assertEqual(self.backup("--incremental")["kind"], "changes")
        self.assertEqual(self.names(self.target), {"mine", "more"})

    def test_lost_and_begun_anew(self):
        self.fill("mine")
        mine = Path(self.backup()["path"])
        self.db.stop()
        shutil.rmtree(self.db.database.parent)
        place = self.db.folder / "n" / "m.db"
        # Nothing is in use: all are of one database.
        done = self.run_ctl("restore", self.target, "--into", place)
        self.assertEqual(done.returncode, 0, done)
        place.unlink()
        self.db.start()
        self.c = self.db.client()
        empty = Path(self.backup("--keep", 1)["path"])
        self.assertEqual(set(self.files()), {mine, empty})
        self.db.stop()
        shutil.rmtree(self.db.database.parent)
        done = self.run_ctl("restore", self.target)
        self.assertEqual(done.returncode, 1, done)
        for p in (mine, empty):
            self.assertIn(p.name, done.stderr)
        self.assertIn("Name the file", done.stderr)
        self.assertFalse(self.db.database.exists())
        self.assertEqual(self.run_ctl("restore", mine).returncode, 0)
        self.db.start()
        self.db.client().ok("open_nodes", names=["mine"])


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be two users")
class Others(Trial):
    AS = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
          "--clear-groups")

    def setUp(self):
        super().setUp()
        self.db.folder.chmod(0o755)
        self.fill("early")
        self.backup()

    def test_folder_of_another(self):
        before = self.files()
        self.target.chmod(0o755)
        self.refused(self.run_ctl("backup", self.target, words=self.AS),
                     "Permission denied. No backup was made",
                     "run this as a user who may write there|belongs to root")
        self.assertEqual(self.files(), before)

    def test_lock_of_another(self):
        """Root made a backup in the folder of a user once."""
        os.chown(self.target, NOBODY, NOBODY)
        self.refused(self.run_ctl("backup", self.target, words=self.AS),
                     "Permission denied. No backup was made",
                     "the lock .* belongs to root, .*remove that file")


if __name__ == "__main__":
    main()
