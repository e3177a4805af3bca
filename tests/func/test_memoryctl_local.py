"""memoryctl without the service: usage, install, doctor."""
import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess

from harness import BIN, ROOT, SLOW, TestCase, clean_env, reports, wait_until

CTL = str(BIN / "memoryctl")


class Local(TestCase):
    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.home.mkdir()

    def ctl(self, *args, code=0, env=None, cwd=None, stdin=None):
        full = clean_env(self.home, {
            "MEMORY_DB_SOCKET": self.dir / "s", "MEMORY_DB_PATH": None,
            **(env or {})})
        done = subprocess.run([CTL, *map(str, args)], env=full, text=True,
                              cwd=cwd or self.dir, capture_output=True,
                              input=stdin, timeout=30 * SLOW)
        self.assertEqual(reports(done.stderr), [])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done


class Usage(Local):
    def test_help_lists_every_command(self):
        text = self.ctl("help").stdout
        for name in ("status", "search", "show", "history", "sessions",
                     "namespace", "import", "export", "verify", "doctor",
                     "install", "uninstall", "ping", "call"):
            self.assertRegex(text, rf"(?m)^  {name} +\w")
            own = self.ctl("help", name).stdout
            self.assertIn(f"usage: memoryctl {name}", own)
            self.assertIn("--socket PATH", own)
            self.assertEqual(self.ctl(name, "--help").stdout, own)
            for line in own.splitlines():
                self.assertLess(len(line), 100, line)

    def test_wrong_use_is_100_and_says_what_would_be_right(self):
        for args, text in (
                ((), "usage"), (("serch",), "'search'"),
                (("help", "serch"), "'search'"),
                (("search",), "too few"),
                (("show", "a", "b"), "too many"),
                (("search", "--limt", "3", "x"), "--limit"),
                (("search", "--limit", "0", "x"), "1 to"),
                (("search", "x", "--limit"), "needs a value"),
                (("namespace", "drop", "x"), "rename"),
                (("namespace", "rename", "x"), "FROM TO"),
                (("call", "ping", "[]"), "no JSON object"),
                (("call", "ping", "{\"a\":1,\"a\":2}"), "no JSON object"),
                (("import", "nowhere"), "nowhere"),
                (("export", self.dir), "no regular file"),
                (("install",), "claude-code"),
                (("install", "--client", "emacs"), "claude-code")):
            with self.subTest(args=args):
                done = self.ctl(*args, code=100)
                self.assertIn(text, done.stderr)
                self.assertEqual(done.stdout, "")

    def complete(self, *words):
        """What bash would offer for the last word."""
        script = (f"source {ROOT}/memory-db/cli/memoryctl.bash-completion; "
                  'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_memoryctl "$1"; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", CTL, *words],
                              env=clean_env(self.home), text=True,
                              cwd=self.dir, capture_output=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_completion(self):
        self.assertEqual(self.complete("sta"), ["status", "statusline"])
        self.assertEqual(self.complete("--json", "sea"), ["search"])
        self.assertEqual(self.complete("search", "--sub"), ["--substring"])
        self.assertEqual(self.complete("export", "x", "--cu"), ["--current"])
        self.assertEqual(self.complete("namespace", "m"), ["merge"])
        self.assertEqual(self.complete("install", "--scope", ""),
                         ["user", "project"])
        (self.dir / "memory.jsonl").touch()
        self.assertEqual(self.complete("import", "mem"), ["memory.jsonl"])
        self.assertIn("verify", self.complete("help", ""))

    def test_manual_names_everything(self):
        page = (ROOT / "memory-db/cli/memoryctl.1").read_text()
        for name in re.findall(r"(?m)^  ([a-z]+) +\w", self.ctl("help").stdout):
            if name != "help":
                self.assertRegex(page, rf"\.(It )?Cm {name}\b")
                for option in re.findall(r"(?m)^  --([a-z-]+)",
                                         self.ctl("help", name).stdout):
                    self.assertIn(f"Fl Fl {option}", page)

    def test_version(self):
        for args in (("--version",), ("-V",), ("status", "--version")):
            self.assertRegex(self.ctl(*args).stdout,
                             r"^memoryctl \d+\.\d+\.\d+\n$")

    def test_nobody_there_is_111(self):
        for args in (("ping",), ("--no-spawn", "status"),
                     ("search", "x", "--no-spawn")):
            done = self.ctl(*args, code=111)
            self.assertIn(str(self.dir / "s"), done.stderr)
            self.assertIn("doctor", done.stderr)
        self.assertFalse((self.dir / "s").exists())

    def test_full_disk_on_stdout_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([CTL, "help"], stdout=full,
                                  stderr=subprocess.PIPE, text=True,
                                  env=clean_env(self.home))
        self.assertEqual(done.returncode, 111)
        self.assertIn("cannot write", done.stderr)


# Written as people and programs write it; the edits must keep every byte.
ODD = ('{\r\n\t"numStartups" : 3,   \r\n\t"tips": {"a":1.50, '
       '"b":"\\u00e9\\/"},\r\n\t"mcpServers": {\r\n\t\t"other": '
       '{"command":"x"}\r\n\t},\r\n\t"projects":{}\r\n}')


class Install(Local):
    def setUp(self):
        super().setUp()
        self.file = self.home / ".claude.json"
        self.mcp = self.dir / "memory-mcp"
        self.mcp.write_text("#!/bin/sh\n")
        self.mcp.chmod(0o755)
        self.args = ("--client", "claude-code")

    def install(self, *args, **kw):
        kw.setdefault("env", {"MEMORY_DB_SOCKET": None})
        return self.ctl("install", *self.args, "--program", self.mcp, *args,
                        **kw)

    def uninstall(self, *args, **kw):
        kw.setdefault("env", {"MEMORY_DB_SOCKET": None})
        return self.ctl("uninstall", *self.args, *args, **kw)

    def backups(self):
        return sorted(self.home.glob(".claude.json.bak-*"))

    def entry(self, name="memory"):
        return json.loads(self.file.read_bytes())["mcpServers"][name]

    def test_adds_its_entry_and_nothing_else(self):
        self.file.write_bytes(ODD.encode())
        self.file.chmod(0o640)
        self.install()
        self.assertEqual(self.entry(), {
            "type": "stdio", "command": str(self.mcp), "args": [],
            "env": {"MEMORY_NAMESPACE": "auto"}})
        text = self.file.read_bytes().decode()
        head, tail = ODD.split("\r\n\t},\r\n", 1)
        self.assertTrue(text.startswith(head))
        self.assertTrue(text.endswith("\r\n\t},\r\n" + tail))
        self.assertNotIn("\n", text.replace("\r\n", ""))
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o640)
        self.assertEqual([b.read_bytes() for b in self.backups()],
                         [ODD.encode()])
        # Again: nothing to do, no backup.
        before = self.file.stat().st_mtime_ns
        self.assertIn("unchanged", self.install().stdout)
        self.assertEqual(self.file.stat().st_mtime_ns, before)
        self.assertEqual(len(self.backups()), 1)
        # And out again: to the byte.
        self.uninstall()
        self.assertEqual(self.file.read_bytes().decode(), ODD)
        self.assertIn("absent", self.uninstall().stdout)

    def test_file_on_one_line(self):
        self.file.write_text('{"a":[1,{"b":"}"}],"mcpServers":{}}')
        self.install()
        self.assertEqual(self.entry()["command"], str(self.mcp))
        self.assertNotIn("\n", self.file.read_text())
        self.uninstall()
        self.assertEqual(self.file.read_text(),
                         '{"a":[1,{"b":"}"}],"mcpServers":{}}')

    def test_file_without_servers_and_no_file(self):
        self.file.write_text('{\n    "x": 1\n}\n')
        self.install()
        self.assertTrue(self.file.read_text().startswith(
            '{\n    "x": 1,\n    "mcpServers": {\n        "memory": {\n'))
        self.file.unlink()
        self.install()
        self.assertEqual(list(json.loads(self.file.read_text())),
                         ["mcpServers"])
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)

    def test_dry_run_shows_and_writes_nothing(self):
        self.file.write_bytes(ODD.encode())
        done = self.install("--dry-run")
        added = [x for x in done.stdout.splitlines() if x.startswith("+\t")]
        self.assertTrue(any(str(self.mcp) in x for x in added), done.stdout)
        self.assertEqual(self.file.read_bytes().decode(), ODD)
        self.assertEqual(self.backups(), [])
        self.file.unlink()
        self.assertIn("would be added", self.install("--dry-run").stdout)
        self.assertFalse(self.file.exists())
        got = json.loads(self.install("--dry-run", "--json").stdout)
        self.assertEqual((got["action"], got["dry_run"]), ("added", True))

    def test_moved_program_keeps_what_the_user_added(self):
        own = {"command": "/gone/memory-mcp", "args": ["--tools", "all"],
               "env": {"MEMORY_NAMESPACE": "mine", "X": "1"}}
        self.file.write_text(json.dumps({"mcpServers": {"memory": own}}))
        self.assertIn("updated", self.install().stdout)
        self.assertEqual(self.entry(), {**own, "command": str(self.mcp)})

    def test_other_server_of_that_name(self):
        other = {"command": "npx", "args": ["-y", "server-memory"]}
        text = json.dumps({"mcpServers": {"memory": other}}, indent=2)
        self.file.write_text(text)
        self.assertIn("--name", self.install(code=1).stderr)
        self.assertIn("not ours", self.uninstall(code=1).stderr)
        self.assertEqual(self.file.read_text(), text)
        self.install("--name", "memory2")
        self.assertEqual(self.entry(), other)
        self.assertEqual(self.entry("memory2")["command"], str(self.mcp))
        self.uninstall("--name", "memory2")
        self.assertEqual(self.file.read_text(), text)
        self.install("--replace")
        self.assertEqual(self.entry()["command"], str(self.mcp))

    def test_broken_files_are_left_alone(self):
        for text in ('{"mcpServers": {,}}', "[]", '{"mcpServers": []}',
                     '{"a":1,"a":2}', '{"x": "\udc80"}'):
            self.file.write_bytes(text.encode("utf-8", "surrogateescape"))
            before = self.file.read_bytes()
            for command in (self.install, self.uninstall):
                done = command(code=1)
                self.assertIn("nothing was changed", done.stderr)
            self.assertEqual(self.file.read_bytes(), before)
            self.assertEqual(self.backups(), [])

    def test_link_stays_a_link(self):
        real = self.dir / "dotfiles.json"
        real.write_text("{}")
        self.file.symlink_to(real)
        self.install()
        self.assertTrue(self.file.is_symlink())
        self.assertIn("memory", json.loads(real.read_text())["mcpServers"])

    def test_project_and_other_places(self):
        self.install("--scope", "project")
        file = self.dir / ".mcp.json"
        self.assertIn("memory", json.loads(file.read_text())["mcpServers"])
        self.assertFalse(self.file.exists())
        other = self.dir / "claude"
        other.mkdir()
        self.install(env={"CLAUDE_CONFIG_DIR": other,
                          "MEMORY_DB_SOCKET": None})
        self.assertTrue((other / ".claude.json").exists())
        self.install("--file", self.dir / "x.json", "--database", "m.db")
        got = json.loads((self.dir / "x.json").read_text())
        self.assertEqual(got["mcpServers"]["memory"]["env"],
                         {"MEMORY_NAMESPACE": "auto",
                          "MEMORY_DB_PATH": str(self.dir / "m.db")})

    def test_folder_that_cannot_be_written(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        self.file.write_text("{}")
        self.home.chmod(0o500)
        try:
            self.install(code=111)
        finally:
            self.home.chmod(0o700)
        self.assertEqual(self.file.read_text(), "{}")


def listen(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(str(path))
    return s


class Doctor(Local):
    def setUp(self):
        super().setUp()
        self.db = self.dir / "db" / "memory.db"

    def doctor(self, code=0, env=None, **kw):
        """All findings as [(check, level, text + advice)]."""
        done = self.ctl("doctor", "--json", code=code, env={
            "MEMORY_DB_PATH": self.db,
            "MEMORY_DB_PROGRAM": shutil.which("true"), **(env or {})}, **kw)
        got = json.loads(done.stdout)
        self.assertEqual(got["ok"], code == 0)
        self.assertEqual(got["failures"], sum(
            f["level"] == "fail" for f in got["findings"]))
        return [(f["check"], f["level"], f["text"] + " -> " +
                 f.get("advice", "")) for f in got["findings"]]

    def finds(self, check, level, text, code=None, **kw):
        found = self.doctor(code=(1 if level == "fail" else 0)
                            if code is None else code, **kw)
        hits = [x for x in found if x[:2] == (check, level)
                and re.search(text, x[2])]
        self.assertTrue(hits, f"{check} {level} {text!r} not in\n" +
                        "\n".join(map(str, found)))

    def make_db(self, app=0x454d454d, version=1):
        self.db.parent.mkdir(mode=0o700, exist_ok=True)
        self.db.unlink(missing_ok=True)
        con = sqlite3.connect(self.db)
        con.execute(f"PRAGMA application_id = {app}")
        con.execute(f"PRAGMA user_version = {version}")
        con.execute("CREATE TABLE t(x)")
        con.executemany("INSERT INTO t VALUES(?)",
                        [("y" * 1000,)] * 100)
        con.commit()
        con.close()
        self.db.chmod(0o600)

    def test_nothing_there_is_healthy(self):
        self.finds("socket", "ok", "MEMORY_DB_SOCKET")
        self.finds("service", "ok", "does not run")
        self.finds("database", "ok", "does not exist yet")
        self.finds("disk", "ok", "free")
        text = self.ctl("doctor", code=0, env={
            "MEMORY_DB_PROGRAM": shutil.which("true")}).stdout
        self.assertRegex(text, r"(?m)^ok    socket       ")
        self.assertFalse((self.dir / "s").exists())

    def test_knows_every_variable_that_is_read(self):
        """A name in the sources that doctor does not know would be called a
        mistake."""
        source = (ROOT / "memory-db/cli/lib/doctor_env.c").read_text()
        known = set(re.findall(r'"(MEMORY_\w+)"', source))
        # The example in conf.c, and the begin of names.
        read = {"MEMORY_LIMIT", "MEMORY_TEST_"}
        for folder in ("common", "mcp-server", "memory-db", "sandbox"):
            for path in (ROOT / folder).rglob("*.[chd]*"):
                if path.suffix in (".c", ".h", ".def"):
                    read |= set(re.findall(r'"(MEMORY_[A-Z_]+)"',
                                           path.read_text()))
        self.assertEqual(read - known - {"MEMORY_LIMIT", "MEMORY_TEST_"},
                         set())
        page = (ROOT / "memory-db/cli/memoryctl.1").read_text()
        for name in set(re.findall(r"MEMORY_[A-Z_]+", page)):
            self.assertIn(name, known)

    def test_environment(self):
        self.finds("environment", "ok", "nothing suspicious")
        for name, value, level, text in (
                ("MEMORY_DB_SOKET", "/x", "warn", "MEMORY_DB_SOCKET"),
                ("MEMORY_ENTIRELY_ELSE", "x", "warn", "no name of ours"),
                ("MEMORY_DB_EXIT_WHEN_IDLE", "10s", "fail", "whole seconds"),
                ("MEMORY_DB_PATH", "~/x.db", "warn", "only shells know"),
                ("MEMORY_DB_PROGRAM", "/gone", None, None)):
            if level:
                self.finds("environment", level, text, env={name: value})
        self.finds("programs", "fail", "/gone",
                   env={"MEMORY_DB_PROGRAM": "/gone"})

    def test_socket(self):
        path = self.dir / "s"
        s = listen(path)
        path.chmod(0o600)
        s.close()
        self.finds("socket", "warn", "stale")
        path.chmod(0o666)
        self.finds("socket", "ok", "mode 0666: others may ask")
        path.unlink()
        path.write_text("")
        self.finds("socket", "fail", "is no socket")
        path.unlink()
        self.finds("socket", "fail", "folder", env={
            "MEMORY_DB_SOCKET": self.dir / "none" / "s"})
        self.finds("socket", "fail", "shorter", env={
            "MEMORY_DB_SOCKET": "/" + "x" * 200})
        wide = self.dir / "wide"
        wide.mkdir()
        wide.chmod(0o777)
        self.finds("socket", "warn", "everybody", env={
            "MEMORY_DB_SOCKET": wide / "s"})

    def test_silent_listener(self):
        path = self.dir / "s"
        with listen(path) as s:
            s.listen()
            path.chmod(0o600)
            self.finds("service", "fail", "does not answer")
            self.finds("socket", "ok", rf"process {os.getpid()} ", code=1)

    def test_database_files(self):
        self.make_db()
        self.finds("database", "ok", "schema 1")
        self.db.chmod(0o644)
        self.finds("database", "warn", "mode 0644")
        self.db.chmod(0o400)
        self.finds("database", "fail", "may not be written")
        self.db.chmod(0o600)
        self.db.parent.chmod(0o755)
        self.finds("database", "warn", "chmod 700")
        self.db.parent.chmod(0o700)
        with open(self.db, "r+b") as f:
            f.truncate(self.db.stat().st_size - 4096)
        self.finds("database", "fail", "truncated")
        self.make_db(version=99)
        self.finds("database", "fail", "newer")
        self.make_db(app=7)
        self.finds("database", "fail", "another program")
        self.db.write_bytes(b"hello")
        self.finds("database", "fail", "no SQLite")
        self.db.write_bytes(b"")
        self.finds("database", "warn", "empty")
        self.db.unlink()
        self.db.mkdir()
        self.finds("database", "fail", "no regular file")

    def test_lock(self):
        self.make_db()
        lock = self.db.with_name("memory.db.pid")
        gone = subprocess.Popen(["true"])
        gone.wait()
        lock.write_text(f"{gone.pid}\n")
        self.finds("lock", "ok", "has ended")
        lock.write_text("nonsense")
        self.finds("lock", "ok", "names no process")
        # A process of that name that serves another socket.
        fake = self.dir / "memory-db"
        shutil.copy(shutil.which("sleep"), fake)
        with subprocess.Popen([str(fake), "60"]) as p:
            try:
                lock.write_text(f"{p.pid}\n")
                wait_until(lambda: open(f"/proc/{p.pid}/comm").read() ==
                           "memory-db\n")
                self.finds("lock", "warn", "another socket")
            finally:
                p.kill()

    def test_clients(self):
        self.finds("clients", "ok", "no MCP client is connected")
        file = self.home / ".claude.json"
        file.write_text('{"mcpServers":{"memory":{"command":'
                        '"/gone/memory-mcp"}}}')
        self.finds("clients", "fail", "/gone/memory-mcp.*install")
        file.write_text('{"projects":{"/p":{"mcpServers":{"m":{"command":'
                        '"/gone/memory-mcp"}}}}}')
        self.finds("clients", "fail", "/p: server 'm'")
        file.write_text('{"mcpServers":{"memory":{"command":"memory-mcp"}}}')
        self.finds("clients", "ok", "starts memory-mcp")
        file.write_text("{")
        self.finds("clients", "warn", "no valid JSON")

    def test_names_are_terminal_safe(self):
        done = self.ctl("doctor", code=None or 0, env={
            "MEMORY_DB_PROGRAM": shutil.which("true"),
            "MEMORY_DB_PATH": f"{self.dir}/a\x1b[31m/m.db"})
        self.assertNotIn("\x1b", done.stdout)
        self.assertIn("\\x1b[31m", done.stdout)


if __name__ == "__main__":
    from harness import main
    main()
