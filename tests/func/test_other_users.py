"""Another user of the same machine: gets in where that was allowed, reads
nothing and stops nobody where it was not. Needs root, to be two users."""
import os
import socket
import stat
import subprocess
import unittest
from pathlib import Path

from harness import BIN, SLOW, TestCase, clean_env, main
from test_client_socket import PRIVATE_TMP, SHARED, may_mount, taken

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
            said = db.ctl("doctor", "--no-spawn", check=False).stdout
            self.assertRegex(said, "fail +database +others may make files")
            self.assertFalse(db.database.exists())
        db.database.parent.chmod(0o1777)
        # the way out that the text names
        db.database = db.database.parent / "memory" / "memory.db"
        db.start()
        self.assertEqual(
            stat.S_IMODE(db.database.parent.stat().st_mode), 0o700)


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be two users")
class Admitted(TestCase):
    """A second user of one service: by number, by group, or not at all."""

    def ask(self, db, uid, gid=None, groups=()):
        """Code and text of memoryctl as that user."""
        env = clean_env("/nonexistent", {"MEMORY_DB_SOCKET": db.socket})
        done = subprocess.run(
            [*as_user(uid, gid, groups), str(BIN / "memoryctl"), "--no-spawn",
             "--json", "search", "tea"], env=env, text=True, cwd="/",
            capture_output=True, timeout=60 * SLOW)
        return done.returncode, done.stdout + done.stderr

    def open_folders(self, db):
        """They may be passed through, and no more."""
        for at in (db.folder, *db.folder.parents):
            mode = at.stat().st_mode
            if not mode & 0o001:
                at.chmod(stat.S_IMODE(mode) | 0o011)

    def serve(self, *args):
        db = self.service(args=args, start=False)
        self.open_folders(db)
        db.start()
        db.client().ok("create_entities", entities=[
            {"name": "ada", "entityType": "person",
             "observations": ["likes tea"]}])
        return db

    def mode(self, db):
        return stat.S_IMODE(os.lstat(db.socket).st_mode)

    def test_nobody_else(self):
        db = self.serve()
        self.assertEqual(self.mode(db), 0o600)
        code, out = self.ask(db, NOBODY)
        self.assertEqual(code, 111)
        self.assertIn("no permission", out)

    def test_by_number_and_name(self):
        for who in (str(NOBODY), "nobody", f"1,{NOBODY}"):
            db = self.serve("--allow-uid", who)
            code, out = self.ask(db, NOBODY)
            self.assertEqual(code, 0, out)
            self.assertIn("ada", out)
            # the socket is open to all, the service is not
            code, out = self.ask(db, OTHER)
            self.assertNotEqual(code, 0, out)
            self.assertIn("--allow-uid", out)

    def test_by_group(self):
        db = self.serve("--allow-gid", "54321")
        self.assertEqual(self.mode(db), 0o660)
        self.assertEqual(os.lstat(db.socket).st_gid, 54321)
        for gid, groups in ((54321, ()), (OTHER, (7, 54321))):
            code, out = self.ask(db, NOBODY, gid, groups)
            self.assertEqual(code, 0, out)
            self.assertIn("ada", out)
        code, out = self.ask(db, NOBODY, OTHER, (7,))
        self.assertEqual(code, 111, out)

    def test_group_of_a_socket_that_systemd_made(self):
        """Its mode is the unit's; the group is asked of the peer."""
        db = self.service(start=False, args=["--allow-gid", "54321"])
        self.open_folders(db)
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        s.bind(db.socket)
        s.listen(16)
        os.chmod(db.socket, 0o666)
        # sh becomes memory-db, so that the number is right
        p = subprocess.Popen(
            ["sh", "-c", "LISTEN_PID=$$ exec \"$0\" \"$@\" 3<&0 </dev/null",
             str(BIN / "memory-db"), *db.args],
            env=db.env({"LISTEN_FDS": "1"}), stdin=s.fileno(),
            stderr=subprocess.DEVNULL)
        self.addCleanup(p.wait)
        self.addCleanup(p.terminate)
        code, out = self.ask(db, NOBODY, OTHER, (54321,))
        self.assertIn("nothing found", out)     # it was let in
        code, out = self.ask(db, NOBODY, OTHER)
        self.assertIn("--allow-gid", out)

    def test_no_such_user_or_group(self):
        for option in ("--allow-uid", "--allow-gid"):
            db = self.service(start=False, args=[option, "nosuch"])
            p, db.process = db.spawn(), None
            self.assertEqual(p.wait(), 100)
            self.assertIn("nosuch", p.text())


@unittest.skipUnless(may_mount(), "needs root and mount namespaces")
class Doctor(TestCase):
    """What it says of a service that is for others; nothing that it advises
    would undo that service."""

    def doctor(self, prepare, user=None, home=None):
        folder = self.folder()
        folder.chmod(0o777)
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", f"{PRIVATE_TMP} && {prepare} && "
             f"exec \"$@\"", "sh", *(user or ()), str(BIN / "memoryctl"),
             "doctor"], text=True, capture_output=True, cwd="/",
            env=clean_env(home or folder), timeout=60 * SLOW)
        self.assertEqual(done.stderr, "")
        for word in ("chmod 600", "chmod o-w"):
            self.assertNotIn(word, [line for line in
                                    done.stdout.splitlines()
                                    if "socket" in line])
        return done.stdout

    def test_a_service_of_the_machine(self):
        closed = taken(0) + f" && chgrp nogroup {SHARED} && chmod 660 {SHARED}"
        # not in its group: the way in, and a memory of one's own meanwhile
        out = self.doctor(closed, as_user(OTHER, OTHER))
        self.assertIn("does not let you in", out)
        self.assertIn("usermod -aG nogroup", out)
        self.assertIn("memory of your own", out)
        # in it, by a login from before
        out = self.doctor(closed, as_user(NOBODY, OTHER))
        self.assertRegex(out, "fail +socket +no permission")
        self.assertIn("log in again", out)
        self.assertNotIn("-> set MEMORY_DB_SOCKET", out)
        # for its own user alone
        out = self.doctor(taken(0) + f" && chmod 600 {SHARED}",
                          as_user(OTHER, OTHER))
        self.assertIn("SocketGroup=memory", out)
        # and let in: nothing to take back
        out = self.doctor(closed, as_user(NOBODY, NOBODY))
        self.assertRegex(out, "ok +socket +owned by root, group nogroup, "
                         "mode 0660")
        self.assertNotIn("-> chmod", out)

    def test_a_squatter(self):
        out = self.doctor(taken(NOBODY))
        self.assertIn("belongs to nobody: it is not used", out)

    def test_two_databases(self):
        """The service of the machine has another than the user had."""
        db = self.service(args=["--allow-uid", str(NOBODY)], start=False)
        Admitted.open_folders(self, db)
        db.start()
        home = self.folder()
        (home / ".memories").mkdir()
        (home / ".memories" / "memory.db").write_bytes(b"x" * 4096)
        for at in (home, home / ".memories"):
            at.chmod(0o755)
        out = subprocess.run(
            [*as_user(NOBODY), str(BIN / "memoryctl"), "doctor"], cwd="/",
            env=clean_env(home, {"MEMORY_DB_SOCKET": db.socket}), text=True,
            capture_output=True, timeout=60 * SLOW).stdout
        self.assertIn(f"you also have {home}/.memories/memory.db", out)
        self.assertIn("memoryctl import", out)
        self.assertNotRegex(out, "(?m)^fail")


if __name__ == "__main__":
    main()
