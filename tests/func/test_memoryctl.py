"""memoryctl with the real service."""
import json
import os
import re
import signal
import sqlite3
import subprocess

from harness import (BIN, SLOW, TestCase, alive, clean_env, entity,
                     wait_until)

CTL = str(BIN / "memoryctl")


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def reference(n, facts=2):
    """The reference memory server's file."""
    for i in range(n):
        yield json.dumps({"type": "entity", "name": f"e{i}",
                          "entityType": "thing", "observations": [
                              f"fact {k} of number {i} é日本"
                              for k in range(facts)]}, ensure_ascii=False)
    for i in range(1, n, 3):
        yield json.dumps({"type": "relation", "from": f"e{i}", "to": "e0",
                          "relationType": "belongs to"})


class Base(TestCase):
    def fails(self, db, code, *args, **kw):
        done = db.ctl(*args, check=False, **kw)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def totals(self, db):
        got = json.loads(db.ctl("status", "--json").stdout)
        return (got["total_entities"], got["total_observations"],
                got["total_relations"], got["total_changes"])


class Reading(Base):
    def setUp(self):
        self.db = self.service()
        self.client = self.db.client()
        self.client.ok("hello", {"protocol": 1, "client": "tester 1",
                                 "session": "s-1"})
        self.client.ok("create_entities", entities=[
            entity("ada", "likes tea", "line\x1b[31m\ntwo", type="person"),
            entity("acme", type="company")])
        self.client.ok("create_relations", relations=[
            {"from": "ada", "to": "acme", "relationType": "works at"}])
        self.change = self.client.ok("delete_observations", deletions=[
            {"entityName": "ada", "observations": ["likes tea"]}])["change"]

    def test_show(self):
        text = self.db.ctl("show", "ada").stdout
        self.assertIn("ada  (person)", text)
        self.assertIn("  - line\\x1b[31m\\ntwo\n", text)
        self.assertIn("by tester 1, session s-1", text)
        self.assertIn("ada -[works at]-> acme", text)
        self.assertNotIn("likes tea", text)
        none = self.db.ctl("show", "ada", "--as-of", "2001-01-01", check=False)
        self.assertEqual((none.returncode, none.stderr), (
            1, "memoryctl: no entity 'ada' as of 2001-01-01\n"))
        text = self.db.ctl("show", "ada", "--as-of", self.change - 1).stdout
        self.assertIn("likes tea", text)
        [page] = lines_of(self.db.ctl("show", "ada", "-j").stdout)
        self.assertEqual(page["entities"][0]["facts"][0]["text"],
                         "line\x1b[31m\ntwo")
        done = self.fails(self.db, 1, "show", "adda")
        self.assertIn("'ada'", done.stderr)

    def test_search(self):
        text = self.db.ctl("search", "LINE").stdout
        self.assertIn("ada  person\n", text)
        [hit] = lines_of(self.db.ctl("search", "line", "--json").stdout)
        self.assertEqual(hit["name"], "ada")
        self.fails(self.db, 1, "search", "likes")
        self.fails(self.db, 1, "search", "line", "--type", "company")
        self.db.ctl("search", "likes", "--as-of", self.change - 1)

    def test_history(self):
        text = self.db.ctl("history", "ada").stdout
        self.assertIn("  - ada: likes tea\n", text)
        self.assertIn("  + ada: likes tea\n", text)
        self.assertIn("  + ada (person)\n", text)
        self.assertIn("  + ada -[works at]-> acme\n", text)
        self.assertLess(text.index("- ada: likes"), text.index("+ ada: likes"))
        self.assertEqual(text.count("tester 1  session s-1"), 3)
        got = lines_of(self.db.ctl("history", "-j", "--limit", "2").stdout)
        self.assertEqual([x["change"] for x in got],
                         [self.change, self.change - 1])
        self.fails(self.db, 1, "history", "nobody")

    def test_sessions_and_namespaces(self):
        [session] = lines_of(self.db.ctl("sessions", "--json").stdout)
        self.assertEqual((session["session"], session["changes"]), ("s-1", 3))
        self.assertRegex(self.db.ctl("sessions").stdout,
                         r"(?m)^s-1 +tester 1 +default +2")
        self.client.ok("create_entities", {"namespace": "one"},
                       entities=[entity("x", "in one")])
        self.db.ctl("namespace", "rename", "one", "two")
        self.db.ctl("namespace", "alias", "uno", "two")
        [_, two] = lines_of(self.db.ctl("namespace", "list", "-j").stdout)
        self.assertEqual((two["name"], sorted(two["aliases"])[-1]),
                         ("two", "uno"))
        self.assertIn("in one", self.db.ctl("show", "x", "--namespace",
                                            "uno").stdout)
        self.fails(self.db, 1, "namespace", "rename", "none", "three")
        self.db.ctl("namespace", "merge", "two", "default")
        self.assertIn("in one", self.db.ctl("show", "x").stdout)

    def test_status_ping_call(self):
        text = self.db.ctl("status").stdout
        self.assertIn("2 entities, 1 observations, 1 relations", text)
        self.assertIn(str(self.db.database), text)
        text = self.db.ctl("status", "--background").stdout
        self.assertRegex(text, r"(?m)^TASK +STATE ")
        self.assertRegex(text, r"(?m)^checkpoint +(done|never) ")
        text = self.db.ctl("status", "--all").stdout
        self.assertRegex(text, r"(?m)^background$\n^TASK +STATE ")
        self.assertRegex(self.db.ctl("ping").stdout, r"answers in [\d.]+ ms")
        self.assertGreater(json.loads(self.db.ctl("ping", "-j").stdout)["ms"],
                           0)
        got = json.loads(self.db.ctl("call", "open_nodes",
                                     '{"names":["ada"]}').stdout)
        self.assertEqual(got["entities"][0]["name"], "ada")
        got = json.loads(self.db.ctl("call", "open_nodes", "-",
                                     stdin='{"names":["ada"]}').stdout)
        self.assertTrue(got["success"])
        done = self.fails(self.db, 100, "call", "open_node", "{}")
        self.assertIn("'open_nodes'", done.stderr)
        self.assertEqual(json.loads(done.stdout)["code"], "unknown_method")


class Writing(Base):
    def test_add_and_delete(self):
        db = self.service()
        self.assertIn("ada created, 2 added", db.ctl(
            "add", "ada", "likes tea", "--", "-x", env={}).stdout)
        self.assertIn("updated, 1 added", db.ctl(
            "add", "ada", "likes tea", "likes rain").stdout)
        got = json.loads(db.ctl("add", "ada", "likes rain", "-j").stdout)
        self.assertEqual(got["results"][0]["action"], "unchanged")
        self.assertIn("note", db.ctl("add", "ada", "--type",
                                     "person").stderr)
        db.ctl("delete", "ada", "likes tea")
        page = json.loads(db.ctl("show", "ada", "-j").stdout)
        self.assertEqual([f["text"] for f in page["entities"][0]["facts"]],
                         ["-x", "likes rain"])
        done = self.fails(db, 1, "delete", "ada", "likes tea")
        self.assertIn("no observation 'likes tea'", done.stderr)
        db.ctl("delete", "ada")
        self.fails(db, 1, "delete", "ada")
        self.fails(db, 1, "show", "ada")
        self.fails(db, 1, "delete", "nobody", "x")
        self.fails(db, 100, "add", "")
        bad = b"\xff".decode(errors="surrogateescape")
        for args in (("add", bad), ("add", "a", bad), ("delete", bad),
                     ("delete", "a", bad), ("search", bad), ("show", bad),
                     ("history", bad), ("namespace", "alias", bad, "x"),
                     ("status", "--namespace", bad),
                     ("show", "a", "--as-of", bad)):
            done = db.ctl(*args, check=False)
            self.assertEqual(done.returncode, 100, (args, done.stderr))


class Files(Base):
    def write(self, name, lines):
        path = self.db.folder / name
        path.write_text("".join(x + "\n" for x in lines))
        return path

    def setUp(self):
        self.db = self.service()

    def test_reference_file_twice(self):
        lines = list(reference(300))
        lines.insert(10, "{broken")
        lines.insert(20, "")
        lines.insert(30, '{"type":"relation","from":"e1","to":"nobody",'
                         '"relationType":"r"}')
        file = self.write("memory.jsonl", lines)
        done = self.fails(self.db, 1, "import", file, "--json")
        got = json.loads(done.stdout)
        self.assertEqual(sorted(e["line"] for e in got["errors"]), [11, 31])
        first = self.totals(self.db)
        self.assertEqual(first[:3], (300, 600, 100))
        done = self.fails(self.db, 1, "import", file, "--json")
        self.assertEqual(json.loads(done.stdout)["added"], 0)
        self.assertEqual(self.totals(self.db), first)
        self.db.ctl("verify")

    def other(self):
        """A second, empty memory."""
        return self.service()

    def test_log_round_trip(self):
        self.db.ctl("import", self.write("m", reference(200)))
        c = self.db.client()
        c.ok("delete_entities", entityNames=["e1", "e2"])
        c.ok("create_entities", {"namespace": "other"},
             entities=[entity("x", "y")])
        c.ok("rename_entity", name="e3", new_name="é3")
        c.ok("update_entity", name="e4", tier="semantic", pin=True,
             metadata={"w": 1.5})
        log = self.db.folder / "log"
        self.db.ctl("export", log, "--all")
        self.assertEqual(self.db.ctl("export", "--all").stdout.encode(),
                         log.read_bytes())
        new = self.other()
        new.ctl("import", log)
        mine, theirs = (json.loads(s.ctl("verify", "--json").stdout)
                        for s in (self.db, new))
        self.assertTrue(mine["ok"] and theirs["ok"])
        self.assertEqual(mine["heads"], theirs["heads"])
        self.assertEqual(len(mine["heads"]), 2)
        self.assertEqual(self.totals(self.db), self.totals(new))
        self.assertEqual(new.ctl("export", "--all").stdout.splitlines()[1:],
                         log.read_text().splitlines()[1:])
        # Again, it adds nothing.
        before = self.totals(new)
        got = json.loads(new.ctl("import", log, "--json").stdout)
        self.assertEqual((got["added"], self.totals(new)), (0, before))
        # An older head is still part of the history; another is not.
        head = mine["heads"][0]
        name = f"{head['namespace']}:{head['head']}"
        self.db.client().ok("create_entities", entities=[entity("later")])
        self.db.ctl("verify", "--head", name)
        flipped = name[:-1] + ("0" if name[-1] != "0" else "1")
        self.fails(self.db, 1, "verify", "--head", flipped)

    def test_export_of_the_past(self):
        c = self.db.client()
        change = c.ok("create_entities", entities=[
            entity("old", "x")])["change"]
        before = self.db.ctl("export").stdout
        c.ok("delete_entities", entityNames=["old"])
        c.ok("create_entities", entities=[entity("new", "x")])
        self.assertNotEqual(self.db.ctl("export").stdout, before)
        self.assertEqual(self.db.ctl("export", "--as-of", change).stdout,
                         before)
        names = [x["name"] for x in lines_of(self.db.ctl(
            "export", "--current", "--as-of", change).stdout)[1:]]
        self.assertEqual(names, ["old"])

    def test_current_state_round_trip(self):
        self.db.ctl("import", self.write("m", reference(120)))
        self.db.client().ok("delete_entities", entityNames=["e1"])
        file = self.db.folder / "now"
        self.db.ctl("export", "--current", file)
        new = self.other()
        new.ctl("import", file)
        self.assertEqual(self.totals(self.db)[:3], self.totals(new)[:3])

        def plain(s):
            return [{k: x.get(k) for k in ("type", "name", "entityType",
                                           "observations", "from", "to")}
                    for x in lines_of(s.ctl("export", "--current").stdout)[1:]]
        self.assertEqual(plain(self.db), plain(new))

    def kill_import_at(self, file, part):
        """SIGKILLs memoryctl once memory-db has this part of the lines."""
        with subprocess.Popen([CTL, "import", str(file), "-q"],
                              env=self.db.env(),
                              stderr=subprocess.DEVNULL) as p:
            c = self.db.client()
            wait_until(lambda: p.poll() is not None or c.ok(
                "get_memory_status")["total_entities"] >= part, 60)
            self.assertIsNone(p.poll(), "it was too fast to be killed")
            p.kill()

    def test_interrupted_import_goes_on(self):
        file = self.write("m", reference(20000, 1))
        for part in (1500, 6000):
            self.kill_import_at(file, part)
        got = json.loads(self.db.ctl("import", file, "--json",
                                     seconds=240).stdout)
        self.assertGreaterEqual(got["resumed_after"], 6000)
        self.assertEqual(self.totals(self.db)[:3], (20000, 20000, 6667))
        # It is over: the next run begins anew and adds nothing.
        got = json.loads(self.db.ctl("import", file, "--json",
                                     seconds=240).stdout)
        self.assertEqual((got["resumed_after"], got["added"]), (0, 0))
        self.db.ctl("verify", seconds=120)

    timeout = 300

    def test_service_dies_in_the_middle(self):
        file = self.write("m", reference(8000, 1))
        with subprocess.Popen([CTL, "import", str(file), "--json"],
                              env=self.db.env(), text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as p:
            c = self.db.client()
            wait_until(lambda: p.poll() is not None or c.ok(
                "get_memory_status")["total_entities"] >= 1000, 60)
            self.db.kill()
            self.db.start()
            out = p.communicate(timeout=120 * SLOW)[0]
        if p.returncode != 0:   # retries were used up: it goes on
            out = self.db.ctl("import", file, "--json").stdout
        self.assertEqual(json.loads(out)["bad"], 0)
        self.assertEqual(self.totals(self.db)[:3], (8000, 8000, 2667))
        self.db.ctl("verify")

    def test_one_wide_entity(self):
        wide = [json.dumps({"type": "entity", "name": "w", "entityType": "t",
                            "observations": [f"o{i}" for i in range(9000)]})]
        self.db.ctl("import", self.write("m", wide))
        self.assertEqual(self.totals(self.db)[:2], (1, 9000))
        text = self.db.ctl("show", "w").stdout
        shown = len(re.findall(r"(?m)^  - o\d+$", text))
        more = re.search(r"\((\d+) more: export", text)
        self.assertEqual(shown + int(more[1] if more else 0), 9000)
        self.assertGreater(shown, 5000)

    def test_lines_the_service_would_not_take(self):
        file = self.write("m", [
            '{"type":"entity","name":"a","entityType":"t","observations":[' +
            "[" * 200 + "]" * 200 + "]}", "[" * 100000,
            '{"x":[' + "{}," * 1000000 + "{}]}",
            '{"type":"entity","name":"b","entityType":"t",'
            '"observations":["x"]}'])
        done = self.fails(self.db, 1, "import", file, "--json")
        got = json.loads(done.stdout)
        self.assertEqual([e["line"] for e in got["errors"]], [1, 2, 3])
        self.assertEqual(self.totals(self.db)[0], 1)


class Care(Base):
    def test_verify_finds_a_changed_byte(self):
        db = self.service()
        db.client().ok("create_entities", entities=[
            entity("a", "the quick brown fox")])
        self.assertIn("no problems", db.ctl("verify").stdout)
        db.stop()
        con = sqlite3.connect(db.database)
        [(fact, body)] = con.execute(
            "SELECT id, body FROM fact WHERE kind = 1")
        body = body[:-1] + bytes([body[-1] ^ 1])
        con.execute("UPDATE fact SET body = ? WHERE id = ?", (body, fact))
        con.commit()
        con.close()
        db.start()
        got = json.loads(self.fails(db, 1, "verify", "--json").stdout)
        self.assertFalse(got["ok"])
        self.assertTrue(got["problems"])
        self.assertIn("problem", self.fails(db, 1, "verify").stdout)

    def test_doctor_of_a_running_service(self):
        db = self.service()
        db.client().ok("create_entities", entities=[entity("a", "b")])
        done = db.ctl("doctor", "--json")
        found = json.loads(done.stdout)["findings"]

        def has(check, level, text):
            return [f for f in found if (f["check"], f["level"]) ==
                    (check, level) and text in f["text"]]
        self.assertTrue(has("service", "ok", f"process {db.pid}"))
        self.assertTrue(has("lock", "ok", str(db.pid)))
        # The header as doctor reads it is the one that memory-db writes.
        schema = db.client().ok("hello")["schema"]
        self.assertTrue(has("database", "ok", f"schema {schema},"))
        self.assertFalse(has("database", "fail", ""))
        done = self.fails(db, 1, "doctor", "--database", "/other/m.db")
        self.assertIn(str(db.database), done.stdout)
        self.assertIn("/other/m.db", done.stdout)

    def test_wrong_database_is_refused(self):
        db = self.service()
        done = db.ctl("status", "--database", "/other/m.db", check=False)
        self.assertEqual(done.returncode, 111)
        self.assertIn("/other/m.db", done.stderr)

    def test_starts_the_service(self):
        folder = self.folder()
        env = clean_env(folder, {"MEMORY_DB_SOCKET": folder / "s",
                                 "MEMORY_DB_PATH": folder / "d" / "m.db"})

        def ctl(*args):
            return subprocess.run([CTL, *args], env=env, text=True,
                                  capture_output=True, timeout=30 * SLOW)
        self.assertEqual(ctl("status", "--no-spawn").returncode, 111)
        self.assertEqual(ctl("ping").returncode, 111)
        self.assertFalse((folder / "d").exists())
        done = ctl("status", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        pid = json.loads(done.stdout)["database"]["pid"]
        try:
            self.assertEqual(ctl("ping").returncode, 0)
        finally:
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not alive(pid), 20)

    def test_namespace_auto_is_the_project(self):
        db = self.service()
        project = db.folder / "project"
        (project / ".git").mkdir(parents=True)
        (project / ".git" / "config").write_text(
            '[remote "origin"]\n\turl = git@host.example:team/app.git\n')
        db.client().ok("create_entities", {"namespace": "host.example/team/app"},
                       entities=[entity("here", "x")])
        for where, code in ((project, 0), (db.folder, 1)):
            done = subprocess.run([CTL, "show", "here"], cwd=where,
                                  env=db.env({"MEMORY_NAMESPACE": "auto"}),
                                  capture_output=True, timeout=30 * SLOW)
            self.assertEqual(done.returncode, code, done.stderr)


if __name__ == "__main__":
    from harness import main
    main()
