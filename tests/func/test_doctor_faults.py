#!/usr/bin/env python3
"""What can break, and what a person is told then: each fault is brought about,
and `doctor` and `health` name cause and remedy, with their exit codes."""
import contextlib
import errno
import json
import os
import platform
import re
import resource
import signal
import socket
import struct
import sys
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

# A program for x86-64 that waits for a signal, whatever its arguments.
_CODE = bytes.fromhex("b822000000" "0f05" "ebf7")     # pause(); again
PAUSES = struct.pack(
    "<16sHHIQQQIHHHHHH" "IIQQQQQQ", b"\x7fELF\2\1\1", 2, 62, 1, 0x400078,
    64, 0, 0, 64, 56, 1, 64, 0, 0,
    1, 5, 0, 0x400000, 0x400000, 120 + len(_CODE), 120 + len(_CODE),
    0x1000) + _CODE

# Fault (a function below): doctor's check, its level, words of its text, words of
# its advice; exit code of health, words of its line.
TABLE = {
    "sync_fails": ("service", "fail", "does not take writes", "",
                   1, "does not take writes"),
    "locks_fail": ("service", "fail", "refuses locks", "",
                   1, "refuses locks"),
    "writer_hangs": ("service", "warn", "a write has waited for the disk",
                     "", 1, "waited for the disk"),
    "reads_fail": ("service", "fail", "does not read|damaged", "",
                   1, "a read fails|damaged"),
    "script_hangs": ("service", "warn", "a script should have ended", "",
                     1, "a script should have ended"),
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
    "sandbox_silent": ("scripts", "warn", "did not answer in 5 s",
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
    "settings_wrong": ("settings", "fail", "line 2.*did you mean",
                       "take it out", NOBODY, ""),
    "settings_provider": ("settings", "fail", "word2vec", "take it out",
                          NOBODY, ""),
    "log_of_another": ("database", "fail", "memory.db-wal.*belongs to",
                       "move it away", NOBODY, ""),
    "lock_is_a_link": ("database", "fail", "memory.db.pid",
                       "move it away", NOBODY, ""),
    "clock_set_back": ("database", "warn", "days from now", "clock",
                       NOBODY, ""),
    "no_backup": ("backup", "warn", "none in", "memoryctl backup",
                  0, "healthy"),
    "backup_old": ("backup", "warn", "days old", "timer", 0, "healthy"),
    "backup_of_tomorrow": ("backup", "warn", "yet to come", "clock",
                           0, "healthy"),
    "chain_broken": ("backup", "fail", "cannot be restored",
                     "whole one", 0, "healthy"),
    "hooks_partial": ("hooks", "warn", r"\d of \d hooks are installed",
                      "enters the rest", 0, "healthy"),
    "hooks_silent": ("hooks", "warn", "none has fired yet",
                     "start the client anew", 0, "healthy"),
    "hooks_untrusted": ("hooks", "warn", "not trusted: Codex does not trust "
                        r"(\d) of \1 yet", "/hooks", 0, "healthy"),
    "hooks_untrusted_one": ("hooks", "warn", r"does not trust 1 of \d",
                            "/hooks", 0, "healthy"),
    "hooks_changed": ("hooks", "warn", "changed after Codex was told",
                      "/hooks", 0, "healthy"),
    "hooks_disabled": ("hooks", "warn", r"1 of \d are disabled", "",
                       0, "healthy"),
    "hooks_off_codex": ("hooks", "warn", "switched off: .*hooks = false",
                        "change that there", 0, "healthy"),
    "hooks_off_claude": ("hooks", "warn", "switched off: .*disableAllHooks",
                         "memoryctl uninstall", 0, "healthy"),
    "hooks_off_gemini": ("hooks", "warn", "switched off: .*hooksConfig",
                         "change that there", 0, "healthy"),
    "hooks_untrusted_folder": ("hooks", "warn", "does not trust the folder",
                               "", 0, "healthy"),
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
        return db, None     # nobody else asks: health and doctor do

    def writer_hangs(self):
        db = self.faulty()
        self.shim.arm(faults.SYNC, count=ALWAYS, error=0)
        db.client().request("create_entities", {
            "entities": [entity("bob", "x")]})
        return db, None

    def reads_fail(self):
        db = self.faulty()
        db.stop()
        db.start()
        self.shim.arm(faults.READ, count=ALWAYS, error=errno.EIO)
        return db, None

    def script_hangs(self):
        db = self.faulty()
        wait_until(lambda: db.client().ok("get_memory_status")["sandbox"]
                   ["reason"] != "the self test is running", 30)
        if not db.client().ok("get_memory_status")["sandbox"]["available"]:
            self.skipTest("no script runs here")
        db.stop()
        db.start()
        self.shim.arm(faults.READ, count=ALWAYS, error=0)
        db.client().request("execute_code", {
            "code": "return memory.search_nodes{query = 'tea'}",
            "timeout_ms": 500})
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

    def sandbox_silent(self):
        if platform.machine() != "x86_64":
            self.skipTest("its program is for x86-64")
        db = self.filled_then([])
        db.stop()
        silent = db.folder / "silent"
        silent.write_bytes(PAUSES)
        silent.chmod(0o755)
        db.start(env={"MEMORY_SANDBOX_PROGRAM": silent})
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

    def settings(self, text):
        db = self.stopped_service()
        conf = db.database.with_name("memory-db.conf")
        conf.write_text(text)
        conf.chmod(0o600)
        return db, None

    def settings_wrong(self):
        return self.settings("slow-ms = 5\nembde = hash\n")

    def settings_provider(self):
        return self.settings("embed = word2vec\n")

    def log_of_another(self):
        if os.geteuid() != 0:
            self.skipTest("only root gives files away")
        db = self.stopped_service()
        wal = Path(f"{db.database}-wal")
        wal.touch()
        os.chown(wal, 12345, -1)
        return db, None

    def lock_is_a_link(self):
        db = self.stopped_service()
        lock = Path(f"{db.database}.pid")
        lock.rename(db.folder / "elsewhere")
        lock.symlink_to(db.folder / "elsewhere")
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

    # --- hooks ----------------------------------------------------------------
    def hooked(self, client, folder):
        """Its hooks are installed; its folder."""
        db = self.filled()
        home = db.folder / "home"
        (home / folder).mkdir(parents=True)
        db.ctl("install", "--client", client, "--hooks")
        return db, home / folder

    def hooks_partial(self):
        db, folder = self.hooked("codex", ".codex")
        path = folder / "hooks.json"
        said = json.loads(path.read_text())
        del said["hooks"]["Stop"]
        path.write_text(json.dumps(said))
        return db, None

    def hooks_silent(self):
        return self.hooked("claude-code", ".claude")[0], None

    def hooks_untrusted(self):
        return self.hooked("codex", ".codex")[0], None

    def trusted(self, but=0, more=""):
        """As Codex notes that a person trusts all but some."""
        db, folder = self.hooked("codex", ".codex")
        events = list(json.loads((folder / "hooks.json").read_text())["hooks"])
        with open(folder / "config.toml", "a") as f:
            f.write("\n[hooks.state]\n")
            for event in events[:len(events) - but]:
                snake = re.sub("(?<!^)([A-Z])", r"_\1", event).lower()
                f.write(f'[hooks.state."{folder}/hooks.json:{snake}:0:0"]\n'
                        'trusted_hash = "sha256:00"\n')
            f.write(more)
        return db, folder

    def hooks_untrusted_one(self):
        return self.trusted(1)[0], None

    def hooks_changed(self):
        db, folder = self.trusted()
        then = time.time() + 60
        os.utime(folder / "hooks.json", (then, then))
        return db, None

    def hooks_disabled(self):
        return self.trusted(0, "enabled = false\n")[0], None

    def hooks_off_codex(self):
        return self.trusted(0, "\n[features]\nhooks = false\n")[0], None

    def setting(self, client, folder, name, value):
        db, place = self.hooked(client, folder)
        path = place / "settings.json"
        said = json.loads(path.read_text())
        said[name] = value
        path.write_text(json.dumps(said))
        return db, None

    def hooks_off_claude(self):
        return self.setting("claude-code", ".claude", "disableAllHooks", True)

    def hooks_off_gemini(self):
        return self.setting("gemini", ".gemini", "hooksConfig",
                            {"enabled": False})

    def hooks_untrusted_folder(self):
        db, folder = self.hooked("gemini", ".gemini")
        (folder / "trustedFolders.json").write_text(json.dumps(
            {str(db.folder): "DO_NOT_TRUST"}))
        return db, None

    def test_hooks_that_run(self):
        """Trusted and fired: when, and which never did. Where Codex keeps no
        trust, that they fired since says enough."""
        db, _ = self.trusted()
        self.assertIn("installed and trusted, none has fired", " ".join(
            f["text"] for f in self.doctor(db, None)))
        event = json.dumps({"session_id": "s", "cwd": str(db.folder),
                            "prompt": "what does ada like?"})
        db.ctl("hook", "codex", "UserPromptSubmit", stdin=event)
        found = [f for f in self.doctor(db, None) if f["check"] == "hooks"]
        self.assertEqual([f["level"] for f in found], ["ok"], found)
        self.assertRegex(found[0]["text"], "installed and trusted, fired last "
                         "20.*; never yet: SessionStart, .*PreCompact")
        db, folder = self.hooked("codex", ".codex")
        os.utime(folder / "hooks.json", (1, 1))
        db.ctl("hook", "codex", "UserPromptSubmit", stdin=event)
        found = [f for f in self.doctor(db, None) if f["check"] == "hooks"]
        self.assertRegex(found[0]["text"], "are installed, fired last")

    def backups_open(self):
        db, folder, _ = self.backed_up()
        folder.chmod(0o755)
        return db, None


if __name__ == "__main__":
    main()
