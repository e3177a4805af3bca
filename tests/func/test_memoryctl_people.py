"""memoryctl as a person meets it: in a project, with another one's session,
at a narrow terminal, with words that are options."""
import json
import os
import pty
import re
import shlex
import subprocess
import time
import unittest
from pathlib import Path

import records
from harness import (BIN, ROOT, SLOW, Service, Spawned, TestCase, alive,
                     clean_env, reports, wait_until)
from test_memoryctl_wire import Script

CTL = str(BIN / "memoryctl")
PROJECT = "host.example/team/tides"


def ctl(place, *args, cwd, code=0, env=None, stdin=None):
    done = subprocess.run([CTL, *map(str, args)], env=place.env(env), cwd=cwd,
                          text=True, capture_output=True, input=stdin,
                          timeout=60 * SLOW)
    assert reports(done.stderr) == [], done.stderr
    if code is not None and done.returncode != code:
        raise AssertionError(f"memoryctl {args} -> {done.returncode}, not "
                             f"{code}\n{done.stdout}{done.stderr}")
    return done


def make_project(folder, remote="git@host.example:team/tides.git"):
    git = folder / ".git"
    git.mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(f'[remote "origin"]\n\turl = {remote}\n')
    return folder


def on_terminal(argv, env, cwd, columns, keys=b""):
    """What a terminal of this width gets."""
    master, slave = pty.openpty()
    with subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave,
                          env={**env, "COLUMNS": str(columns),
                               "TERM": "xterm", "NO_COLOR": "1"},
                          cwd=cwd, start_new_session=True) as p:
        os.close(slave)
        if keys:
            os.write(master, keys)
        text = b""
        while True:
            try:
                got = os.read(master, 65536)
            except OSError:
                break
            if not got:
                break
            text += got
        code = p.wait(30 * SLOW)
    os.close(master)
    return code, text.decode().replace("\r\n", "\n")


class Where(TestCase):
    """An agent in a project with MEMORY_NAMESPACE=auto; a person in its
    folder, below it, elsewhere, and in another project."""

    @classmethod
    def setUpClass(cls):
        cls.db = Service()
        cls.project = make_project(cls.db.folder / "work" / "tides")
        cls.below = cls.project / "src"
        cls.below.mkdir()
        cls.other = make_project(cls.db.folder / "work" / "other",
                                 "https://host.example/team/other")
        cls.plain = cls.db.folder / "plain"
        cls.plain.mkdir()
        cls.home = cls.db.folder / "home"
        with cls.db.mcp(env={"MEMORY_NAMESPACE": "auto"},
                        cwd=cls.project) as m:
            m.initialize()
            m.tool("create_entities", {"entities": [
                {"name": "tides", "entityType": "project",
                 "observations": ["predicts the tides of Brest"]}]})
            m.tool("create_entities", {"scope": "user", "entities": [
                {"name": "Nina Berg", "entityType": "person",
                 "observations": ["prefers tabs"]}]})
        [row] = [json.loads(x) for x in ctl(
            cls.db, "sessions", "--json", cwd=cls.home).stdout.splitlines()]
        cls.session = row["session"]
        with cls.db.mcp(env={"MEMORY_NAMESPACE": "auto"},
                        cwd=cls.plain) as m:
            m.initialize()
            m.tool("create_entities", {"entities": [
                {"name": "notes", "entityType": "thing",
                 "observations": ["of a folder without git"]}]})

    @classmethod
    def tearDownClass(cls):
        cls.db.done()

    def ctl(self, *args, cwd=None, **kw):
        return ctl(self.db, *args, cwd=cwd or self.project, **kw)

    def test_a_project_folder_is_the_project(self):
        for cwd in (self.project, self.below):
            self.assertIn("Brest", self.ctl("show", "tides", cwd=cwd).stdout)
            self.assertIn("Brest", self.ctl("search", "tide", cwd=cwd).stdout)
            self.assertIn("Brest", self.ctl("history", "tides",
                                            cwd=cwd).stdout)
            self.assertIn("Brest", self.ctl("recall", "tides of Brest?",
                                            cwd=cwd).stdout)
        self.assertIn("git", self.ctl("show", "notes", cwd=self.plain).stdout)

    def test_rows_say_where_they_are_from(self):
        text = self.ctl("search", "prefers").stdout
        self.assertIn("Nina Berg  person  in default", text)
        self.assertIn(f"in {PROJECT}", self.ctl("search", "Brest").stdout)
        self.assertIn("in default", self.ctl("recall", "tabs or blanks, what "
                                             "is preferred?", code=None).stdout)
        self.assertIn(f"namespace  {PROJECT}", self.ctl("show",
                                                        "tides").stdout)
        text = self.ctl("log", "--session", self.session).stdout
        self.assertRegex(text, r"(?m)^#\d+ .* in default$")
        self.assertRegex(text, rf"(?m)^#\d+ .* in {PROJECT}$")
        self.assertIn("namespace  default", self.ctl("show",
                                                     "Nina Berg").stdout)
        self.assertRegex(self.ctl("list").stdout,
                         rf"(?m)^tides .* {PROJECT}$")

    def test_a_relation_between_the_two_memories_is_the_projects(self):
        third = make_project(self.db.folder / "work" / "third",
                             "git@host.example:team/third.git")
        named = "host.example/team/third"
        with self.db.mcp(env={"MEMORY_NAMESPACE": "auto"}, cwd=third) as m:
            m.initialize()
            m.tool("create_entities", {"entities": [
                {"name": "harbour", "entityType": "project",
                 "observations": ["has a crane"]}]})
        for ends in (("Nina Berg", "leads", "harbour"),
                     ("harbour", "led by", "Nina Berg")):
            text = self.ctl("link", *ends, cwd=third).stdout
            self.assertIn(f"added in {named}", text)
            self.assertIn("deleted", self.ctl("unlink", *ends,
                                              cwd=third).stdout)
        done = self.ctl("link", "Nina Berg", "leads", "nobody", cwd=third,
                        code=1)
        self.assertIn("no entity 'nobody'", done.stderr)
        self.assertIn(f"of the index in {named}", self.ctl(
            "forget", "harbour", "--yes", cwd=third).stdout)

    def test_elsewhere_the_namespaces_that_have_it_are_named(self):
        for args, code in ((("show", "tides"), 1), (("search", "Brest"), 1),
                           (("history", "tides"), 1),
                           (("recall", "where are the tides of Brest?"), 1),
                           (("revert", "tides", "1"), 1),
                           (("delete", "tides"), 1),
                           (("forget", "tides", "--yes"), 1),
                           (("rename", "tides", "x"), 1),
                           (("tag", "tides", "x"), 1),
                           (("tags", "tides"), 1),
                           (("link", "tides", "is", "tides"), 1)):
            for cwd in (self.home, self.other):
                with self.subTest(args=args, cwd=cwd):
                    done = self.ctl(*args, cwd=cwd, code=code)
                    self.assertIn(f"'{PROJECT}' has it", done.stderr)
                    # The command that is named works.
                    line = done.stderr.strip().splitlines()[-1]
                    found = shlex.split(line.split(" has it: ")[1])
                    self.assertEqual(found[:3], ["memoryctl", "--namespace",
                                                 PROJECT])
                    if args[0] in ("show", "search", "history", "recall"):
                        self.assertIn("Brest", self.ctl(
                            *found[1:], cwd=self.home).stdout)
        done = self.ctl("show", "nowhere", code=1)
        self.assertNotIn("has it", done.stderr)

    def test_a_namespace_that_does_not_exist(self):
        for args in (("search", "x"), ("show", "x"), ("log",), ("list",),
                     ("recall", "x"), ("diff",), ("tags",)):
            done = self.ctl("--namespace", "nope", *args, code=1)
            self.assertIn("no namespace 'nope'; there are 'default'",
                          done.stderr)
        done = self.ctl("--namespace", "made", "add", "x", "y")
        self.assertIn("namespace 'made' is new", done.stderr)
        done = self.ctl("--namespace", "made", "add", "x", "z")
        self.assertEqual(done.stderr, "")
        done = self.ctl("--namespace", "tides", "log", code=1)
        self.assertIn(f"similar: '{PROJECT}'", done.stderr)
        done = self.ctl("search", "x", code=1,
                        env={"MEMORY_NAMESPACE": "host.example/team/tide"})
        self.assertIn(f"similar: '{PROJECT}'", done.stderr)

    def test_named_ones_are_obeyed(self):
        done = self.ctl("--namespace", "default", "show", "tides", code=1)
        self.assertIn("no entity 'tides'", done.stderr)
        done = self.ctl("show", "tides", code=1,
                        env={"MEMORY_NAMESPACE": "default"})
        self.assertIn("no entity 'tides'", done.stderr)
        self.assertIn("Brest", self.ctl("--namespace", "auto", "show",
                                        "tides").stdout)

    def test_a_session_is_followed_wherever_one_stands(self):
        for cwd in (self.project, self.home, self.other):
            text = self.ctl("log", "--session", self.session, cwd=cwd).stdout
            self.assertIn("+ tides: predicts", text)
            self.assertIn("+ Nina Berg: prefers tabs", text)
            self.assertEqual(text.count("+ Nina Berg: prefers tabs"), 1)
            text = self.ctl("diff", "--session", self.session, cwd=cwd).stdout
            self.assertIn("Brest", text)
            self.assertEqual(text.count("prefers tabs"), 1)
            text = self.ctl("undo", "--session", self.session, "--dry-run",
                            cwd=cwd).stdout
            self.assertIn(f"in {PROJECT}: would undo 1 change", text)
            self.assertIn("in default: would undo 1 change", text)
        with self.db.client() as c:
            [row] = c.ok("list_sessions", session=self.session)["sessions"]
            self.assertEqual(sorted(row["namespaces"]),
                             ["default", PROJECT])
            self.assertEqual(c.ok("list_sessions", session="nobody")
                             ["sessions"], [])
        for command in ("log", "undo", "diff"):
            done = self.ctl(command, "--session", "2026-01-01-000000",
                            code=1)
            self.assertIn("memoryctl sessions lists them", done.stderr)
        # A namespace that was named is not left, and says what is elsewhere.
        done = self.ctl("--namespace", "host.example/team/tides", "log",
                        "--session", "nobody", code=1)
        self.assertIn("nothing matches", done.stderr)

    def test_undo_of_changes_and_sessions(self):
        db = self.db
        with db.mcp(env={"MEMORY_NAMESPACE": "auto"}, cwd=self.project) as m:
            m.initialize()
            for name in ("moon", "buoy"):
                m.tool("create_entities", {"entities": [
                    {"name": name, "entityType": "t", "observations": ["o"]}]})
        rows = [json.loads(x) for x in self.ctl(
            "sessions", "--json").stdout.splitlines()]
        session = [r for r in rows if r["client"] and r["namespace"] ==
                   PROJECT][0]["session"]
        change = json.loads(self.ctl("log", "moon", "--json").stdout
                            .splitlines()[0])["change"]
        self.assertIn("undid 1 change", self.ctl("undo", change,
                                                 cwd=self.home).stdout)
        self.ctl("show", "moon", code=1)
        self.ctl("undo", "--session", session, "--skip", cwd=self.other)
        self.ctl("show", "buoy", code=1)

    def test_writes_go_where_the_thing_is(self):
        text = self.ctl("add", "quay", "is long").stdout
        self.assertIn(f"in {PROJECT}", text)
        text = self.ctl("add", "Nina Berg", "has a boat").stdout
        self.assertIn("in default", text)
        self.assertIn("has a boat", self.ctl("show", "Nina Berg",
                                             cwd=self.home).stdout)
        self.ctl("show", "quay", cwd=self.home, code=1)
        self.assertIn("in default", self.ctl("tag", "Nina Berg",
                                             "sailor").stdout)
        self.assertIn("+ has a boat", self.ctl("diff", "Nina Berg").stdout)
        self.assertIn("in default", self.ctl("delete", "Nina Berg",
                                             "has a boat").stdout)
        self.assertIn("--all exports every namespace", self.ctl(
            "export", self.db.folder / "y").stderr)

    def test_a_fresh_project_is_the_users_until_a_client_says_auto(self):
        fresh = make_project(self.db.folder / "work" / "fresh",
                             "https://host.example/fresh")
        self.assertEqual(self.ctl("add", "first", "x", cwd=fresh).stdout,
                         "first created, 1 added\n")
        file = self.home / ".claude.json"
        self.addCleanup(file.unlink)
        entry = {"command": "/x/memory-mcp", "args": [],
                 "env": {"MEMORY_NAMESPACE": "auto"}}
        file.write_text("// mine\n" + json.dumps({"mcpServers": {
            "m": entry}}))
        self.assertIn("in host.example/fresh", self.ctl(
            "add", "second", "x", cwd=fresh).stdout)
        # Somewhere without a project nothing changes; a name is a name.
        self.assertNotIn(" in ", self.ctl("add", "third", "x",
                                          cwd=self.home).stdout)
        entry["env"]["MEMORY_NAMESPACE"] = "work"
        file.write_text(json.dumps({"mcpServers": {"m": entry}}))
        self.assertIn("in work", self.ctl("add", "fourth", "x",
                                          cwd=self.home).stdout)
        file.write_text(json.dumps({"projects": {str(self.home): {
            "mcpServers": {"m": {"command": "memory-mcp", "args": [
                "--namespace", "own"]}}}}}))
        self.assertIn("in own", self.ctl("add", "fifth", "x",
                                         cwd=self.home).stdout)


class Commands(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.db = Service()

    @classmethod
    def tearDownClass(cls):
        cls.db.done()

    def ctl(self, *args, **kw):
        return ctl(self.db, *args, cwd=self.db.folder, **kw)

    def test_recall(self):
        self.ctl("add", "grace", "wrote the first compiler in 1952")
        self.ctl("add", "bob", "keeps bees")
        text = self.ctl("recall", "who wrote the compiler?").stdout
        self.assertRegex(text, r"(?m)^[01]\.\d\d  grace: wrote the first")
        got = json.loads(self.ctl("recall", "who wrote the compiler?",
                                  "--json").stdout)
        self.assertTrue(got["relevant"])
        # what an agent does not get is shown on request
        self.ctl("link", "grace", "knows", "bob")
        few, all_ = (self.ctl("recall", "who wrote the first compiler?",
                              *more).stdout for more in ((), ("--explain",)))
        self.assertNotIn("bees", few)
        self.assertIn("bees", all_)
        with self.db.mcp() as m:
            m.initialize()
            lines = m.ok("recall", query="who wrote the first compiler?")[
                "results"]
        self.assertEqual(len(lines), len(few.splitlines()))
        done = self.ctl("recall", "price of zinc in Lima", code=1)
        self.assertRegex(done.stdout + done.stderr,
                         "nothing found|not relevant")
        self.assertIn("words ", self.ctl("recall", "compiler",
                                         "--explain").stdout + "words ")

    def test_list(self):
        for i in range(5):
            self.ctl("add", f"row {i}", "x", "--type", "row")
        self.ctl("add", "row 0", "y")
        text = self.ctl("list", "--type", "row").stdout
        self.assertRegex(text, r"(?m)^row 0 +row +2 ")
        self.assertEqual(len(text.splitlines()), 6)
        done = self.ctl("list", "--type", "row", "--limit", "2")
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertIn("--limit", done.stderr)
        self.assertEqual(sorted(self.ctl("list", "--names", "ROW")
                                .stdout.splitlines()),
                         [f"row {i}" for i in range(5)])
        done = self.ctl("list", "zzz", code=1)
        self.assertIn("begin with zzz", done.stderr)

    def test_rename(self):
        self.ctl("add", "lovelace", "wrote notes")
        self.ctl("add", "taken", "x")
        self.assertIn("is now Countess", self.ctl("rename", "lovelace",
                                                  "Countess").stdout)
        self.assertIn("Countess", self.ctl("show", "lovelace").stdout)
        self.assertIn("taken", self.ctl("rename", "Countess", "taken",
                                        code=1).stderr)

    def test_link_and_unlink(self):
        self.ctl("add", "left", "x")
        self.ctl("add", "right", "x")
        text = self.ctl("link", "left", "stands by", "right", "--weight",
                        "0.5").stdout
        self.assertIn("left -[stands by]-> right added", text)
        self.assertIn("was there already", self.ctl(
            "link", "left", "stands by", "right").stdout)
        self.assertIn("stands by 0.5", self.ctl("show", "left").stdout)
        done = self.ctl("link", "left", "is", "nobody", code=1)
        self.assertIn("no entity 'nobody'", done.stderr)
        for bad in ("heavy", "2", "-1"):
            done = self.ctl("link", "left", "x", "right", f"--weight={bad}",
                            code=100)
            self.assertIn("--weight", done.stderr)
        self.assertIn("deleted", self.ctl("unlink", "left", "stands by",
                                          "right").stdout)
        self.assertIn("no relation", self.ctl("unlink", "left", "stands by",
                                              "right", code=1).stderr)

    def test_tags(self):
        self.ctl("add", "tagged", "one", "two", "--tags", "deep")
        self.assertEqual(self.ctl("tag", "tagged", "red", "#blue").stdout,
                         "tagged: #red #blue\n")
        self.assertEqual(self.ctl("tag", "tagged", "--observation", "two",
                                  "warm").stdout, "tagged: #deep #warm\n")
        rows = [json.loads(x) for x in
                self.ctl("tags", "--json").stdout.splitlines()]
        self.assertEqual({r["tag"]: (r["entities"], r["facts"])
                          for r in rows},
                         {"red": (1, 0), "blue": (1, 0), "deep": (0, 2),
                          "warm": (0, 1)})
        self.assertEqual(rows[0]["tag"], "deep")
        self.assertIn("tagged", self.ctl("search", "", "--tags",
                                         "blue").stdout)
        self.assertEqual(self.ctl("untag", "tagged", "red").stdout,
                         "tagged: #blue\n")
        self.ctl("untag", "tagged", "--observation", "two", "warm")
        self.assertIn("no tag 'red'", self.ctl("untag", "tagged", "red",
                                               code=1).stderr)
        self.assertIn("no fact that reads", self.ctl(
            "tag", "tagged", "--observation", "three", "x", code=1).stderr)
        text = self.ctl("tags", "tagged").stdout
        self.assertNotIn("red", text)
        self.assertIn("blue", text)

    def test_what_one_types_has_a_session(self):
        self.ctl("add", "typed", "by hand")
        (self.db.folder / "m.jsonl").write_text(
            '{"type":"entity","name":"read","entityType":"t",'
            '"observations":["o"]}\n')
        self.ctl("import", "m.jsonl")
        rows = [json.loads(x) for x in
                self.ctl("sessions", "--json").stdout.splitlines()]
        own = [r for r in rows if r["client"].startswith("memoryctl")]
        # One login, one session, however many commands.
        self.assertEqual(len(own), 1, rows)
        session = own[0]["session"]
        self.assertRegex(session, r"^ctl-\d{4}-\d\d-\d\d-[0-9a-f]{6}$")
        self.assertIn("+ read: o", self.ctl("log", "--session",
                                            session).stdout)
        # Another login is another session.
        subprocess.run(["setsid", CTL, "add", "typed", "elsewhere"],
                       env=self.db.env(), cwd=self.db.folder, check=True,
                       capture_output=True)
        rows = self.ctl("sessions").stdout
        self.assertEqual(len(set(re.findall(r"ctl-\S+", rows))), 2)

    def test_log_shortens_large_changes(self):
        with self.db.client() as c:
            c.ok("create_entities", entities=[
                {"name": f"bulk {i}", "entityType": "t",
                 "observations": [f"observation {i}"]} for i in range(100)])
        text = self.ctl("log", "--limit", "1").stdout
        self.assertLess(len(text.splitlines()), 15)
        self.assertIn("(and 190 more; --full shows them)", text)
        text = self.ctl("log", "--limit", "1", "--full").stdout
        for i in range(100):
            self.assertIn(f"observation {i}\n", text)

    def test_writes_happen_now(self):
        for args in (("add", "x", "y"), ("undo", "1"), ("tag", "x", "y")):
            self.assertIn("--as-of is for commands that read", self.ctl(
                "--as-of", "yesterday", *args, code=100).stderr)

    def test_undo_says_what_options_there_are(self):
        done = self.ctl("undo", code=100)
        for words in ("change ids", "--session", "--run", "--since"):
            self.assertIn(words, done.stderr)
        done = self.ctl("undo", "99999", code=1)
        self.assertIn("memoryctl log lists them", done.stderr)
        self.ctl("add", "base", "x")
        first = json.loads(self.ctl("log", "base", "--json").stdout)["change"]
        self.ctl("add", "base", "y")
        done = self.ctl("undo", first, code=1)
        self.assertIn("--cascade", done.stderr)
        self.assertIn("--skip", done.stderr)
        self.assertNotIn("on_conflict", done.stderr)

    def test_status_is_ten_lines(self):
        wait_until(lambda: "available" in self.ctl("status").stdout or
                   "not available" in self.ctl("status").stdout, 30)
        lines = self.ctl("status").stdout.splitlines()
        self.assertLessEqual(len(lines), 10 + sum("problem:" in x
                                                  for x in lines), lines)
        for word in ("entities", "namespaces", "health", "scripts", "--all"):
            self.assertIn(word, "\n".join(lines))
        self.assertNotIn("p50_us", "\n".join(lines))
        text = self.ctl("status", "--all").stdout
        for word in ("p50_us", "limits", "sandbox", "writer_cpu_ms"):
            self.assertIn(word, text)


class Stop(TestCase):
    def test_a_spawned_one_ends_cleanly(self):
        place = Spawned()
        self.addCleanup(place.done)
        ctl(place, "add", "ada", "likes tea", cwd=place.folder)
        pid = place.pid()
        begun = time.monotonic()
        done = ctl(place, "stop", cwd=place.folder)
        self.assertIn(f"pid {pid}", done.stdout)
        self.assertFalse(alive(pid))
        self.assertLess(time.monotonic() - begun, 10 * SLOW)
        self.assertIn("no memory-db runs", ctl(place, "stop",
                                               cwd=place.folder).stdout)
        # Never started by the question.
        self.assertIsNone(place.pid())
        self.assertIn("likes tea", ctl(place, "show", "ada",
                                       cwd=place.folder).stdout)

    def test_one_of_an_operator_is_left_alone(self):
        with Service() as db:
            done = ctl(db, "stop", cwd=db.folder, code=1)
            self.assertIn(f"kill {db.pid}", done.stderr)
            self.assertTrue(alive(db.pid))


class Words(TestCase):
    """Each error text of the service that speaks of tools or members."""

    # Of scripts, of the socket itself: no command gets them.
    # And members of a setting, which a person types as they are.
    NOT_OURS = ("script.c", "script_own.c", "skill.c", "m_files.c", "job.c",
                "stmt.c", "import_log.c", "rules.c")

    @staticmethod
    def calls(text):
        """The arguments of each err_set() and its kin."""
        for m in re.finditer(r"err_(?:set|param|prefix)\(", text):
            at, depth, quoted = m.end() - 1, 0, False
            while True:
                c = text[at]
                if quoted:
                    at += c == "\\"
                    quoted = c != '"'
                elif c == '"':
                    quoted = True
                else:
                    depth += (c == "(") - (c == ")")
                if depth == 0:
                    break
                at += 1
            yield text[m.end():at]

    def texts(self):
        literal = r'"((?:[^"\\]|\\.)*)"'
        for folder in ("method", "model", "net", "store", "work"):
            for file in sorted((ROOT / "memory-db" / folder).rglob("*.c")):
                if file.name in self.NOT_OURS:
                    continue
                for call in self.calls(file.read_text()):
                    for m in re.finditer(rf"{literal}(?:\s*{literal})*", call):
                        text = "".join(re.findall(literal, m.group(0)))
                        text = text.replace('\\"', '"')
                        text = re.sub(r"%\.?\d*\*?(?:ll|z)?[sdug]", "7", text)
                        if " " in text:
                            yield text

    def test_no_error_speaks_of_the_protocol(self):
        tools = [t for t in records.METHODS if "_" in t]
        theirs = re.compile(
            r"`|\w:\s?\"|\w:(?:true|false|null)\b|\b[a-z]+_[a-z_]+\b|" +
            "|".join(rf"\b{t}\b" for t in tools))
        wanted = sorted({t for t in self.texts() if theirs.search(t) and
                         '"as_of":null' not in t})
        self.assertGreater(len(wanted), 15)
        folder = self.folder()
        env = clean_env(folder, {"MEMORY_DB_SOCKET": folder / "s"})
        said = []
        script = Script(folder / "s", lambda method, params: {
            "success": False, "code": "conflict", "error": said[-1]})
        self.addCleanup(script.stop)
        for text in wanted:
            said.append(text)
            done = subprocess.run([CTL, "merge", "x"], env=env, text=True,
                                  cwd=folder, capture_output=True,
                                  timeout=60 * SLOW)
            self.assertEqual(done.returncode, 1, done.stderr)
            with self.subTest(text=text):
                self.assertIsNone(theirs.search(done.stderr), done.stderr)

    def test_names_of_people_stay(self):
        folder = self.folder()
        env = clean_env(folder, {"MEMORY_DB_SOCKET": folder / "s"})
        reply = {"success": False, "code": "not_found", "param":
                 "deletions[0].entityName", "error": "deletions[0].entityName"
                 ": no entity 'memory_history of on_conflict', the project's; "
                 "memory_history lists them"}
        script = Script(folder / "s", lambda method, params: reply)
        self.addCleanup(script.stop)
        done = subprocess.run([CTL, "merge", "x"], env=env, text=True,
                              cwd=folder, capture_output=True,
                              timeout=60 * SLOW)
        self.assertEqual(done.stderr, "memoryctl: NAME: no entity "
                         "'memory_history of on_conflict', the project's; "
                         "memoryctl log lists them (not_found)\n")

    def test_wrong_parameters_are_options(self):
        with Service() as db:
            for args, word in (
                    (("search", "x", "--tier", "odd"), "--tier"),
                    (("add", "", "x"), "NAME"),
                    (("add", "x" * 2000, "x"), "NAME"),
                    (("add", "a", "x", "--type", "y" * 300), "--type"),
                    (("add", "a", ""), "TEXT"),
                    (("log", "--since", "nonsense"), "--since"),
                    (("show", "a", "--as-of", "nonsense"), "--as-of"),
                    (("rename", "a", ""), "NEW"),
                    (("branch", "create", "a", "--at", "nonsense"), "--at"),
                    (("branch", "discard", "none"), "no branch 'none'")):
                with self.subTest(args=args):
                    done = ctl(db, *args, cwd=db.folder, code=None)
                    self.assertIn(done.returncode, (1, 100))
                    self.assertIn(word, done.stderr)
                    self.assertNotRegex(done.stderr,
                                        r"\b[a-z]+_[a-z]+\b(?<!not_found)")
                    self.assertNotIn("[0]", done.stderr)


class Terminal(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.db = Service()
        for i in range(30):
            ctl(cls.db, "add", f"entity number {i}", "a fact of some length "
                "that does not fit into forty columns", cwd=cls.db.folder)

    @classmethod
    def tearDownClass(cls):
        cls.db.done()

    def run_at(self, columns, *args, **env):
        env = {**self.db.env(), "MEMORY_PAGER": "", **env}
        return on_terminal([CTL, *args], env, self.db.folder, columns)

    def test_tables_fit(self):
        for columns in (40, 80, 100):
            for args in (("sessions",), ("list",), ("namespace",),
                         ("branch",), ("search", "fact"), ("status",)):
                with self.subTest(columns=columns, args=args):
                    code, text = self.run_at(columns, *args)
                    self.assertEqual(code, 0, text)
                    wide = [x for x in text.splitlines() if len(x) > columns
                            and not x.startswith("memoryctl: ")
                            and max(map(len, x.split())) < columns - 12]
                    self.assertEqual(wide, [])
        # Nothing of a row is lost where it becomes lines.
        _, text = self.run_at(40, "sessions")
        self.assertRegex(text, r"(?m)^SESSION +ctl-\d{4}-\d\d-\d\d-\w{6}$")
        self.assertRegex(text, r"(?m)^CHANGES +30$")

    def test_pager(self):
        mark = "sed s/^/PAGED:/"
        _, text = self.run_at(80, "log", MEMORY_PAGER=mark)
        self.assertIn("PAGED:#", text)
        _, text = self.run_at(80, "list", PAGER=mark)
        self.assertNotIn("PAGED", text)
        env = {**self.db.env(), "PAGER": mark}
        _, text = on_terminal([CTL, "show", "entity number 1"], env,
                              self.db.folder, 80)
        self.assertIn("PAGED:entity number 1", text)
        # What fails is told, and the exit code is the command's.
        code, text = self.run_at(80, "show", "none", MEMORY_PAGER=mark)
        self.assertEqual(code, 1)
        self.assertIn("no entity 'none'", text)
        for args in (("log", "--json"), ("status",)):
            _, text = self.run_at(80, *args, MEMORY_PAGER=mark)
            self.assertNotIn("PAGED", text)
        done = ctl(self.db, "log", cwd=self.db.folder,
                   env={"MEMORY_PAGER": mark})
        self.assertNotIn("PAGED", done.stdout)
        # One that ends early, or is none, harms nobody.
        code, text = self.run_at(80, "log", "--limit", "1000",
                                 MEMORY_PAGER="head -1")
        self.assertEqual(len(text.splitlines()), 1)
        code, text = self.run_at(80, "log", MEMORY_PAGER="/nowhere/pager")
        self.assertIn("/nowhere/pager", text)


class Completion(TestCase):
    def setUp(self):
        self.db = Service()
        self.addCleanup(self.db.done)

    def complete(self, *words, env=None):
        script = (f"source {ROOT}/memory-db/cli/memoryctl.bash-completion; "
                  'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_memoryctl "$1"; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", CTL, *words],
                              env=self.db.env(env), text=True,
                              cwd=self.db.folder, capture_output=True,
                              timeout=60 * SLOW)
        self.assertEqual(done.stderr, "")
        return [x for x in done.stdout.splitlines() if x]

    def test_names(self):
        run = lambda *a: ctl(self.db, *a, cwd=self.db.folder)
        run("add", "Nina Berg", "x")
        run("add", "Nina's boat", "x")
        run("add", "anna", "knows Nina")
        run("--namespace", "work", "add", "nightly", "x")
        run("branch", "create", "idea")
        both = ["Nina\\ Berg", "Nina\\'s\\ boat"]
        for command in ("show", "history", "log", "forget", "rename", "add",
                        "delete", "revert", "tag"):
            self.assertEqual(sorted(self.complete(command, "Ni")), both)
        self.assertEqual(self.complete("show", "nina\\ b"), ["Nina\\ Berg"])
        self.assertEqual(self.complete("link", "a", "knows", "an"), ["anna"])
        self.assertNotIn("nightly", self.complete("show", "ni"))
        self.assertIn("nightly", self.complete("--namespace", "work", "show",
                                               "ni"))
        self.assertEqual(self.complete("--namespace", "w"), ["work"])
        self.assertEqual(self.complete("search", "--branch", "i"), ["idea"])
        self.assertEqual(self.complete("merge", "i"), ["idea"])
        self.assertEqual(self.complete("branch", "discard", "i"), ["idea"])
        [session] = self.complete("undo", "--session", "ctl")
        self.assertRegex(session, r"^ctl-")

    def test_silent_and_harmless_without_a_service(self):
        self.db.stop()
        for words in (("show", "a"), ("--namespace", ""), ("undo",
                      "--session", ""), ("merge", "")):
            self.assertEqual(self.complete(*words), [])
        self.assertFalse(Path(self.db.socket).exists())


class Newcomers(TestCase):
    """From the reference memory server, with a file that has comments."""

    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.home.mkdir()
        self.file = self.home / ".claude.json"
        self.mcp = self.dir / "memory-mcp"
        self.mcp.write_text("#!/bin/sh\n")
        self.mcp.chmod(0o755)

    def install(self, *args, env=None, code=0, command="install"):
        extra = ("--program", self.mcp) if command == "install" else ()
        done = subprocess.run(
            [CTL, command, "--client", "claude-code",
             *map(str, extra), *args],
            env=clean_env(self.home, env), text=True, cwd=self.dir,
            capture_output=True, timeout=60 * SLOW)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_comments_and_byte_order_mark_stay(self):
        before = ('\ufeff{\n  // which servers\n  "mcpServers": {\n'
                  '    /* not ours } */\n    "other": {"command": "x",}, '
                  '// keep\n  },\n}\n// end\n')
        self.file.write_text(before)
        self.install()
        text = self.file.read_text()
        self.assertTrue(text.startswith("\ufeff"))
        for words in ("// which servers", "/* not ours } */", "// keep",
                      "// end", '"memory": {', '"MEMORY_NAMESPACE": "auto"'):
            self.assertIn(words, text)
        self.assertIn("unchanged", self.install().stdout)
        self.install(command="uninstall")
        text = self.file.read_text()
        self.assertNotIn("memory-mcp", text)
        for words in ("// which servers", "/* not ours } */", "// keep",
                      "// end", '"other"'):
            self.assertIn(words, text)

    def test_replace_offers_the_import(self):
        self.file.write_text(json.dumps({"mcpServers": {"memory": {
            "command": "npx", "args": [
                "-y", "@modelcontextprotocol/server-memory"],
            "env": {"MEMORY_FILE_PATH": "/srv/nina/memory.jsonl"}}}}))
        for args in (("--dry-run",), ()):
            self.assertIn("memoryctl import /srv/nina/memory.jsonl",
                          self.install("--replace", *args).stdout)
        self.file.unlink()
        done = self.install(env={"MEMORY_FILE_PATH": "/m.jsonl"})
        self.assertIn("memoryctl import /m.jsonl", done.stdout)
        self.assertNotIn("import", self.install().stdout)
        got = json.loads(self.install(
            "--json", env={"MEMORY_FILE_PATH": "/m.jsonl"}).stdout)
        self.assertEqual(got["import"], "/m.jsonl")

    def test_memory_mcp_and_doctor_say_so(self):
        file = self.dir / "memory.jsonl"
        file.write_text("{}\n")
        for value, said in ((file, True), (self.dir / "none", False)):
            done = subprocess.run(
                [str(BIN / "memory-mcp"), "--no-spawn"], input="", text=True,
                env=clean_env(self.home, {
                    "MEMORY_DB_SOCKET": self.dir / "s",
                    "MEMORY_FILE_PATH": value}), capture_output=True,
                timeout=60 * SLOW)
            self.assertEqual("memoryctl import" in done.stderr, said,
                             done.stderr)
            self.assertEqual(done.stdout, "")
        done = subprocess.run([CTL, "doctor"], env=clean_env(self.home, {
            "MEMORY_DB_SOCKET": self.dir / "s", "MEMORY_FILE_PATH": file}),
            text=True, capture_output=True, timeout=60 * SLOW)
        self.assertIn(f"memoryctl import {file}", done.stdout)


if __name__ == "__main__":
    unittest.main()
