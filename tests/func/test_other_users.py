"""Another user of the same machine: gets in where that was allowed, reads
nothing and stops nobody where it was not. Needs root, to be two users."""
import json
import os
import socket
import stat
import subprocess
import unittest
from pathlib import Path

from harness import BIN, SLOW, Client, TestCase, clean_env, main

NOBODY = 65534
OTHER = 65533       # a third one, without a name


def as_user(uid, gid=None, groups=()):
    """Words that run a command as somebody else."""
    words = ["setpriv", "--reuid", str(uid), "--regid", str(gid or uid)]
    if groups:
        return words + ["--groups", ",".join(map(str, groups))]
    return words + ["--clear-groups"]


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be two users")
class Files(TestCase):
    """What another user put there is not used: they could read it."""

    def refused(self, db, *words, code=111):
        p, db.process = db.spawn(), None
        self.assertEqual(p.wait(), code, p.text())
        p.check()
        for word in words:
            self.assertIn(word, p.text())

    def prepare(self, **kw):
        db = self.service(start=False, **kw)
        db.database.parent.mkdir(mode=0o700)
        return db

    def test_file_of_another(self):
        """The database, what SQLite keeps beside it, the lock: as they would
        lie there when the folder was open to all once."""
        for end in ("", "-wal", "-shm", "-journal", ".pid"):
            with self.subTest(end):
                db = self.prepare()
                path = Path(f"{db.database}{end}")
                path.write_bytes(b"")
                os.chown(path, NOBODY, NOBODY)
                path.chmod(0o666)
                self.refused(db, str(path), f"user {NOBODY}",
                             "MEMORY_DB_PATH")
                self.assertEqual(path.read_bytes(), b"")
                path.unlink()
                db.start()
                db.client().ok("create_entities", entities=[])

    def test_log_and_key_of_another(self):
        db = self.prepare()
        log = db.folder / "log"
        log.touch()
        os.chown(log, NOBODY, NOBODY)
        db.args = ["--log-file", log]
        self.refused(db, str(log), f"user {NOBODY}")
        self.assertEqual(log.read_bytes(), b"")
        db.args = ["--embed", "http://127.0.0.1:1", "--embed-model", "x",
                   "--embed-key-file", log]
        self.refused(db, f"user {NOBODY}", code=100)

    def test_links_are_not_followed(self):
        """Not for reading only either."""
        for mode in (0o600, 0o400):
            db = self.prepare()
            target = db.folder / "target"
            target.touch(mode)
            db.database.symlink_to(target)
            self.refused(db, "link")
            self.assertEqual(target.read_bytes(), b"")

    def test_readable_file_of_another_as_user(self):
        """Not root: the file may be read, not written. It is not served."""
        db = self.prepare()
        os.chown(db.database.parent, OTHER, OTHER)
        db.folder.chmod(0o755)
        db.database.write_bytes(b"")
        os.chown(db.database, NOBODY, NOBODY)
        db.database.chmod(0o644)
        db.user = OTHER
        self.refused(db, str(db.database), f"user {NOBODY}")

    def test_folder_for_everybody(self):
        for mode in (0o1777, 0o777):
            db = self.prepare()
            db.database.parent.chmod(mode)
            self.refused(db, str(db.database.parent))
            self.assertFalse(db.database.exists())
        db.database.parent.chmod(0o1777)
        # the way out that the text names
        db.database = db.database.parent / "memory" / "memory.db"
        db.start()
        self.assertEqual(
            stat.S_IMODE(db.database.parent.stat().st_mode), 0o700)


if __name__ == "__main__":
    main()
