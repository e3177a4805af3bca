"""Exports hold the files of the workspace, say which namespace they are of,
and come back as they were."""
import json

from harness import TestCase, entity, main


class Files(TestCase):
    def setUp(self):
        self.db = self.service()
        c = self.db.client()
        self.addCleanup(c.close)
        c.ok("create_entities", entities=[entity("ada", "tea")])
        c.ok("create_entities", namespace="p", entities=[entity("bob", "go")])
        self.values = {"": {"a": [1, None, "é\n"], "z": 1.5}, "p": "text"}
        for i in range(30):
            c.ok("write_file", name=f"f{i}", content={"n": i, "t": "x" * 900})
        for ns, value in self.values.items():
            c.ok("write_file", name="shared", content=value,
                 **({"namespace": ns} if ns else {}))
        c.ok("write_file", name="gone", content=1)
        c.ok("delete_file", name="gone")
        self.c = c

    def export(self, *args):
        path = self.folder() / "export"
        said = self.db.ctl("export", *args, path)
        return path, said.stdout + said.stderr

    def files(self, client, **more):
        return {f["name"]: client.ok("read_file", name=f["name"], **more)
                for f in client.ok("list_files", **more)["files"]}

    def back(self, path, **more):
        other = self.service()
        other.ctl("import", *more.get("flags", ()), path)
        c = other.client()
        self.addCleanup(c.close)
        for ns in ("default", "p"):
            want = self.files(self.c, namespace=ns)
            got = self.files(c, namespace=ns)
            for f in (*want.values(), *got.values()):
                f.pop("id")
            if ns in more.get("only", (ns,)):
                self.assertEqual(got, want)
            else:
                self.assertEqual(got, {})
        other.verify()
        again = self.folder() / "again"
        other.ctl("export", *more.get("args", ()), again)
        return path.read_bytes(), again.read_bytes()

    def test_a_log_of_all(self):
        for flag in ("--all", "--all-namespaces"):
            path, _ = self.export(flag)
            one, two = self.back(path, args=[flag])
            self.assertEqual(one.count(b'"type":"file"'), 32)
            # But for the identity of the database the same bytes.
            self.assertEqual(one.split(b"\n", 1)[1], two.split(b"\n", 1)[1])
            self.assertEqual(self.export(flag)[0].read_bytes(), one)

    def test_todays_state_of_all(self):
        self.back(self.export("--current", "--all")[0],
                  flags=["--all-namespaces"])

    def test_one_namespace_is_named(self):
        path, said = self.export("--namespace", "p")
        self.assertRegex(said, r"\bp\b")
        names = [json.loads(line)["name"] for line in
                 path.read_text().splitlines() if '"type":"file"' in line]
        self.assertEqual(names, ["shared"])
        self.back(path, only=("p",))

    def test_small_pages(self):
        lines, params = [], {}
        while True:
            reply = self.c.ok("export_log", all=True, max_bytes=700, **params)
            lines += reply["lines"]
            if not reply.get("next"):
                break
            params = {"cursor": reply["next"]}
        files = [x for x in lines if x["type"] == "file"]
        self.assertEqual(len(files), 32)
        self.assertEqual(len({(f["ns"], f["name"]) for f in files}), 32)

    def test_what_was_written_later_stays(self):
        path, _ = self.export("--all")
        self.c.ok("write_file", name="f1", content="later")
        self.c.ok("delete_file", name="f2")
        self.db.ctl("import", "--all-namespaces", path)
        self.assertEqual(self.c.ok("read_file", name="f1")["content"], "later")
        self.assertEqual(self.c.ok("read_file", name="f2")["content"]["n"], 2)

    def test_bad_lines(self):
        path = self.folder() / "bad"
        bad = [{"type": "file", "name": "a", "at": 1, "body": "{"},
               {"type": "file", "name": "", "at": 1, "body": "1"},
               {"type": "file", "name": "a", "at": "x", "body": "1"},
               {"type": "file", "name": "big", "at": 1,
                "body": '"' + "x" * 300000 + '"'},
               {"type": "file", "name": "good", "at": 1, "body": "[1]"}]
        path.write_text("\n".join(json.dumps(x) for x in bad))
        said = self.db.ctl("import", path, check=False)
        for n in range(1, 5):
            self.assertIn(f"bad:{n}: ", said.stdout + said.stderr)
        self.assertEqual(self.c.ok("read_file", name="good")["content"], [1])


if __name__ == "__main__":
    main()
