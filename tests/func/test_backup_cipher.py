"""Backups that only the holder of a key reads: through age and gpg, where they are
installed."""
import json
import os
import shutil
import stat
import subprocess
import unittest
from pathlib import Path

from harness import BIN, TestCase, entity, main

GPG = shutil.which("gpg")
AGE = shutil.which("age") and shutil.which("age-keygen")
SECRET = "the harbour master keeps bees"
FAKE = """#!/bin/sh
# Stands for age where it is not installed: the same options, pipes, exit codes.
# What it writes begins as age's files do; the "cipher" turns bits around.
case "$1 $2" in
"--encrypt --recipient")
	[ "$3" = age1good ] || { echo "age: error: malformed recipient" >&2; exit 1; }
	echo age-encryption.org/v1; exec tr '\\000-\\377' '\\200-\\377\\000-\\177' ;;
"--decrypt --identity")
	grep -q KEY "$3" || { echo "age: error: no identity matched" >&2; exit 1; }
	read -r head; exec tr '\\000-\\377' '\\200-\\377\\000-\\177' ;;
esac
exit 2
"""


class Cipher(TestCase):
    timeout = 180
    recipient = suffix = None
    identity = ()

    def setUp(self):
        super().setUp()
        self.db = self.service()
        self.home = self.db.folder / "home"
        self.home.mkdir(exist_ok=True)
        self.folder = self.db.folder / "backups"
        self.set_up_key()
        self.c = self.db.client()
        self.write("first")

    def write(self, name):
        self.c.ok("create_entities", entities=[entity(name, SECRET, name)])

    def ctl(self, *args, **kw):
        env = {**getattr(self, "more_env", {}), **kw.pop("env", {})}
        return self.db.ctl(*args, env=env, **kw)

    def backup(self, *args):
        return Path(json.loads(self.ctl(
            "--json", "backup", self.folder, "--encrypt-to", self.recipient,
            *args).stdout)["path"])

    def names(self, database):
        other = self.service(database=database,
                             folder=self.db.folder / "other")
        other.verify()
        with other.client() as c:
            found = {e["name"] for e in
                     c.ok("read_graph")["entities"]}
        other.stop()
        return found

    def restore(self, backup, **kw):
        target = self.db.folder / "back" / "memory.db"
        shutil.rmtree(target.parent, ignore_errors=True)
        done = self.ctl("restore", backup, "--into", target, *self.identity,
                        **kw)
        return done, target


class Common:
    """What holds for both programs."""

    def test_there_and_back(self):
        path = self.backup()
        self.assertTrue(path.name.endswith(".db.gz" + self.suffix))
        data = path.read_bytes()
        self.assertNotIn(b"\x1f\x8b", data[:2])
        self.assertNotIn(b"enhanced-memory-backup", data)
        beside = Path(f"{path}.sum")
        for p in (path, beside):
            self.assertEqual(stat.S_IMODE(p.stat().st_mode), 0o600)
        self.assertNotIn("first", beside.read_text())
        self.assertNotIn("default", beside.read_text())
        done = subprocess.run(["sha256sum", "-c", beside.name],
                              cwd=self.folder, capture_output=True)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(
            [".memory-backup.lock", path.name, beside.name]))
        _, target = self.restore(path)
        self.assertEqual(self.names(target), {"first"})

    def test_a_chain_and_its_retention(self):
        paths = [self.backup()]
        for i in range(2):
            self.write(f"part {i}")
            paths.append(self.backup("--incremental"))
        for p in paths[1:]:
            self.assertIn(".log.gz", p.name)
        _, target = self.restore(paths[-1])
        self.assertEqual(self.names(target), {"first", "part 0", "part 1"})
        # A chain may go on without a cipher, and with one again.
        self.write("plain")
        plain = Path(json.loads(self.ctl(
            "--json", "backup", self.folder, "--incremental")
            .stdout)["path"])
        self.assertTrue(plain.name.endswith(".log.gz"))
        _, target = self.restore(plain)
        self.assertIn("plain", self.names(target))
        last = self.backup("--keep", "1")
        self.assertEqual(sorted(p.name for p in self.folder.glob("memory_*")),
                         [last.name, last.name + ".sum"])

    def test_forgotten_stays_forgotten(self):
        old = self.backup()
        self.write("ghost")
        ghost = self.backup()
        self.c.ok("forget", name="ghost", confirm=True)
        self.backup("--incremental")
        self.db.stop()
        shutil.rmtree(self.db.database.parent)
        _, target = self.restore(ghost)
        self.assertEqual(self.names(target), {"first"})
        _, target = self.restore(old)
        self.assertEqual(self.names(target), {"first"})

    def test_damage(self):
        path = self.backup()
        data = path.read_bytes()
        beside = Path(f"{path}.sum")
        for at in (0, len(data) // 2, len(data) - 1):
            bad = bytearray(data)
            bad[at] ^= 1
            path.write_bytes(bad)
            done, target = self.restore(path, check=False)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("SHA-256", done.stderr)
            self.assertFalse(target.exists())
        # Without the sum the program, or the checksum within, says so.
        sums = beside.read_text()
        beside.unlink()
        for n in (len(data) // 2, len(data) - 30):
            path.write_bytes(data[:n])
            done, target = self.restore(path, check=False)
            self.assertIn(done.returncode, (1, 111), done)
            self.assertIn("othing was changed", done.stderr)
            self.assertFalse(target.exists())
        path.write_bytes(data)
        beside.write_text(sums.replace("whole", "wh0le"))
        done, _ = self.restore(path, check=False)
        self.assertIn("describes it, is damaged", done.stderr)

    def test_a_file_of_another_name(self):
        path = self.db.folder / "mine.backup"
        self.ctl("backup", path, "--encrypt-to", self.recipient)
        _, target = self.restore(path)
        self.assertEqual(self.names(target), {"first"})

    def test_unknown_recipient(self):
        for who in (self.nobody, ""):
            done = self.ctl("backup", self.folder, "--encrypt-to", who,
                            check=False)
            self.assertIn(done.returncode, (100, 111), done)
            self.assertFalse([p for p in self.folder.glob("memory_*")]
                             if self.folder.exists() else [])

    def test_no_plain_bytes_on_the_disk(self):
        """What is written below the folder, as the kernel sees it."""
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        self.write("second")
        self.backup()
        self.write("third")
        log = self.db.folder / "trace"
        env = self.db.env(getattr(self, "more_env", {}))
        env["ASAN_OPTIONS"] += ":detect_leaks=0"
        subprocess.run(
            ["strace", "-f", "-o", log, "-e", "trace=openat", BIN /
             "memoryctl", "backup", self.folder, "--incremental",
             "--encrypt-to", self.recipient], env=env, check=True,
            capture_output=True)
        self.assertNotIn("O_TMPFILE", log.read_text())


@unittest.skipUnless(GPG, "gpg is not installed (package gnupg)")
class Gpg(Common, Cipher):
    recipient, suffix, nobody = "keeper@example.org", ".gpg", "no@example.org"

    def set_up_key(self):
        # A short path: the agent's socket lies in it.
        ring = self.folder_short()
        self.more_env = {"GNUPGHOME": str(ring)}
        self.addCleanup(subprocess.run, ["gpgconf", "--homedir", ring,
                                         "--kill", "all"])
        subprocess.run(
            ["gpg", "--homedir", ring, "--batch", "--quiet", "--passphrase",
             "", "--quick-generate-key", self.recipient,
             "future-default", "default", "never"], check=True, capture_output=True)

    def folder_short(self):
        ring = self.db.folder / "g"
        ring.mkdir(mode=0o700)
        return ring

    def test_another_key(self):
        path = self.backup()
        other = self.db.folder / "g2"
        other.mkdir(mode=0o700)
        done, target = self.restore(path, check=False,
                                    env={"GNUPGHOME": str(other)})
        self.assertIn(done.returncode, (1, 111), done)
        self.assertIn("gpg cannot decrypt it", done.stderr)
        self.assertFalse(target.exists())
        subprocess.run(["gpgconf", "--homedir", other, "--kill", "all"])


class AgeCommon(Common):
    suffix, nobody = ".age", "age1nobody"

    def test_key(self):
        path = self.backup()
        self.identity = ()
        done, _ = self.restore(path, check=False)
        self.assertEqual(done.returncode, 100, done)
        self.assertIn("--identity", done.stderr)
        wrong = self.db.folder / "wrong"
        wrong.write_text("nothing\n")
        self.identity = ("--identity", wrong)
        done, target = self.restore(path, check=False)
        self.assertIn("age cannot decrypt it", done.stderr)
        self.assertFalse(target.exists())


@unittest.skipUnless(AGE, "age is not installed (package age)")
class Age(AgeCommon, Cipher):
    def set_up_key(self):
        key = self.db.folder / "key.txt"
        done = subprocess.run(["age-keygen", "-o", key], check=True,
                              capture_output=True, text=True)
        self.recipient = done.stderr.split()[-1]
        self.identity = ("--identity", key)


@unittest.skipIf(AGE, "the real one is there")
class AgeCalls(AgeCommon, Cipher):
    """How age is called, by a program that takes its options."""

    recipient = "age1good"

    def set_up_key(self):
        tools = self.db.folder / "tools"
        tools.mkdir()
        (tools / "age").write_text(FAKE)
        (tools / "age").chmod(0o755)
        key = self.db.folder / "key.txt"
        key.write_text("KEY\n")
        self.identity = ("--identity", key)
        self.more_env = {"PATH": f"{tools}:{os.environ['PATH']}",
                         "LC_ALL": "C"}


class Missing(Cipher):
    def set_up_key(self):
        pass

    def test_the_package_is_named(self):
        for who, package in (("age1xyz", "age"), ("me@example.org",
                                                  "gnupg")):
            done = self.ctl("backup", self.folder, "--encrypt-to", who,
                            check=False, env={"PATH": "/nowhere"})
            self.assertEqual(done.returncode, 111, done)
            self.assertIn(f"apt-get install {package}", done.stderr)


if __name__ == "__main__":
    main()
