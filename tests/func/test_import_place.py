"""Where an import may write: a file of somebody else stays in one namespace,
says what it pins, renames nothing and erases nothing unasked."""
import json

import harness


def entity(name, **more):
    return {"type": "entity", "name": name, "entityType": "t",
            "observations": ["o of " + name], **more}


class Place(harness.TestCase):
    timeout = 120

    def lines(self, db, *lines):
        file = db.folder / "lines.jsonl"
        file.write_text("".join(json.dumps(x) + "\n" for x in lines))
        return str(file)

    def log(self, db, *args):
        """Without the header, which names the database."""
        return db.ctl("export", *args).stdout.split("\n", 1)[1]

    def names(self, db, ns):
        got = db.client().ok("read_graph", namespace=ns, fields=[
            "name", "namespace"])
        return {e["name"] for e in got["entities"]
                if e.get("namespace", ns) == ns}

    def two(self):
        """A database with two namespaces, one with a rule of its own."""
        db = self.service()
        c = db.client()
        for ns in ("default", "p1", "p2"):
            c.ok("create_entities", namespace=ns, entities=[
                {"name": f"{ns} a", "entityType": "t", "pin": ns == "p1",
                 "observations": ["x"]}])
        return db

    def test_lines_stay(self):
        db = self.service()
        db.client().ok("create_entities", namespace="team", entities=[])
        file = self.lines(db, entity("rule", namespace="default", pin=True),
                          entity("here", pin=True), entity("own", namespace="team"),
                          entity("x", namespace="p3"),
                          {"type": "relation", "from": "rule", "to": "rule",
                           "relationType": "r", "namespace": "default"})
        r = db.ctl("--namespace", "team", "import", file, check=False)
        self.assertEqual(r.returncode, 1, r)
        self.assertRegex(r.stdout, "3 lines not taken.*--all-namespaces.*"
                         "default, p3")
        self.assertIn("pinned, so part of every context: here", r.stdout)
        self.assertNotIn("rule", r.stdout)
        self.assertEqual(self.names(db, "team"), {"here", "own"})
        self.assertEqual(self.names(db, "default"), set())
        r = db.ctl("--namespace", "team", "--json", "import",
                   "--all-namespaces", file)
        told = json.loads(r.stdout)
        self.assertEqual((told["elsewhere"], told["pinned"]), (0, ["rule"]))
        self.assertEqual(self.names(db, "default"), {"rule"})
        self.assertEqual(self.names(db, "p3"), {"x"})
        db.verify()

    def test_an_alias_is_the_namespace(self):
        db = self.two()
        db.client().ok("alias_namespace", alias="old", of="p1")
        db.ctl("--namespace", "p1", "import",
               self.lines(db, entity("y", namespace="old")))
        self.assertIn("y", self.names(db, "p1"))

    def test_restore_of_all(self):
        db = self.two()
        for args in (("--all",), ("--all", "--current")):
            out = str(db.folder / f"all{len(args)}.jsonl")
            db.ctl("export", *args, out)
            copy = self.service()
            more = ("--all-namespaces",) if "--current" in args else ()
            r = copy.ctl("import", *more, out)   # a log into nothing: a restore
            self.assertIn("pinned, so part of every context: p1 a", r.stdout)
            for ns in ("default", "p1", "p2"):
                self.assertEqual(self.names(copy, ns), {f"{ns} a"})
            copy.verify()

    def test_a_log_stays(self):
        db = self.two()
        out = str(db.folder / "all.jsonl")
        db.ctl("export", "--all", out)
        db.client().ok("create_entities", namespace="p2", entities=[
            {"name": "later", "entityType": "t", "observations": []}])
        longer = str(db.folder / "longer.jsonl")
        db.ctl("export", "--all", longer)
        copy = self.service()
        copy.ctl("import", out)
        before = copy.ctl("export", "--all").stdout
        r = copy.ctl("import", longer, check=False)
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("--all-namespaces", r.stderr)
        self.assertEqual(copy.ctl("export", "--all").stdout, before)
        copy.ctl("import", "--all-namespaces", longer)
        self.assertEqual(self.log(copy, "--all"), self.log(db, "--all"))
        copy.verify()

    def test_the_users_own_memory_keeps_its_name(self):
        db = self.two()
        log = [json.loads(x) for x in db.ctl(
            "export", "--all").stdout.splitlines()]
        for line in log:
            if line["type"] == "namespace" and line["id"] == 1:
                line["name"] = "evil"
        copy = self.service()
        r = copy.ctl("import", "--all-namespaces", self.lines(copy, *log),
                     check=False)
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("default", r.stderr)
        got = copy.client().ok("list_namespaces")["namespaces"]
        self.assertEqual([n["name"] for n in got], ["default"])

    def test_erasures_are_asked_about(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[
            {"name": "a", "entityType": "t", "observations": ["x", "y"]},
            {"name": "b", "entityType": "t", "observations": ["z"]}])
        out = str(db.folder / "log.jsonl")
        db.ctl("export", out)
        copy = self.service()
        copy.ctl("import", out)
        c.ok("forget", name="a", confirm=True)
        db.ctl("export", out)
        r = copy.ctl("import", out, check=False)
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("--confirm-erasures", r.stderr)
        self.assertRegex(r.stderr, r"\(3 facts")
        self.assertEqual(self.names(copy, "default"), {"a", "b"})
        r = copy.ctl("import", "--confirm-erasures", out)
        self.assertIn("3 facts erased for good", r.stdout)
        self.assertEqual(self.names(copy, "default"), {"b"})
        self.assertEqual(self.log(copy), self.log(db))
        copy.verify()
        fresh = self.service()          # there is nothing to erase
        fresh.ctl("import", out)
        fresh.verify()


if __name__ == "__main__":
    harness.main()
