"""memoryctl export --markdown, and back: nothing is lost, whatever the texts."""
import json
import random
import unittest

from harness import entity
from test_import_records import Records

ODD = ["", " ", "#", "# no heading", "- item", "[x] task", "[cat] text",
       "ends with #tag", "ends (so)", "[[Link]] inside", "a\nb", "a\r\n\n- b",
       "---", "```", "<!-- memory {\"text\": 1} -->", "-->", "\"quoted\"",
       "ünï 日本 \U0001f600", "\\n", "trailing\\", "a: b", "x" * 3000, "> q",
       "tab\there", "#a #b", "no (", ") no", "* star", "1. one", "|table|"]


class Markdown(Records):
    def state(self, namespace):
        out, cursor = [], None
        with self.db.client() as c:
            while True:
                r = c.ok("read_graph", namespace=namespace, fields=[
                    "name", "type", "facts", "relations", "metadata", "pin",
                    "tier"], limit=100, **(
                        {"cursor": cursor} if cursor else {}))
                out += r["entities"]
                cursor = r.get("next")
                if not cursor:
                    break
        rows = {}
        for e in out:
            rows[e["name"]] = (
                e["type"], e.get("pin"), e.get("tier"),
                json.dumps(e.get("metadata"), sort_keys=True), sorted(
                    json.dumps([f["text"], sorted(f.get("tags", [])),
                                f.get("metadata"), f.get("valid_from"),
                                f.get("valid_to")], sort_keys=True)
                    for f in e["facts"]),
                sorted(json.dumps({k: v for k, v in x.items() if k != "id"},
                                  sort_keys=True)
                       for x in e.get("relations", [])))
        return rows

    def there_and_back(self):
        folder = self.dir / "out"
        self.ctl("--namespace", "a", "export", "--markdown", folder)
        self.ctl("--namespace", "b", "--branch", "main", "import", "--from",
                 "basic-memory", folder)
        want, got = self.state("a"), self.state("b")
        self.assertEqual(set(got), set(want))
        for name, row in want.items():
            self.assertEqual(got[name], row, name)
        again = json.loads(self.ctl(
            "--namespace", "b", "--branch", "main", "import", "--json",
            "--from", "basic-memory", folder))
        self.assertEqual((again["stored"], again["relations"]), (0, 0))
        return folder

    def test_reads_like_basic_memory(self):
        with self.db.client() as c:
            c.ok("create_entities", namespace="a", entities=[
                {"name": "Coffee", "entityType": "note", "tags": ["drinks"],
                 "observations": [
                     {"text": "Pour over brings out the taste",
                      "tags": ["method", "brewing"], "metadata":
                      {"category": "method", "context": "at home"}},
                     "plain text"]},
                entity("Chocolate")])
            c.ok("create_relations", namespace="a", relations=[{
                "from": "Coffee", "to": "Chocolate",
                "relationType": "pairs_with"}])
        text = (self.there_and_back() / "Coffee.md").read_text()
        self.assertTrue(text.startswith(
            "---\ntitle: Coffee\ntype: note\ntags:\n- drinks\n---\n"))
        self.assertIn("- [method] Pour over brings out the taste #brewing "
                      "(at home)\n- plain text\n", text)
        self.assertIn("\n- pairs_with [[Chocolate]]\n", text)
        self.assertEqual(text.count("<!--"), 1)

    def test_a_file_of_several_pieces(self):
        """A line and what is said of it are never parted."""
        rnd = random.Random(3)
        with self.db.client(timeout=120) as c:
            for name in ("big\nname", "plain"):
                c.ok("create_entities", namespace="a", entities=[
                    {"name": name, "entityType": "note", "tags": ["t"],
                     "observations": [
                         f"{i} " + "".join(
                             rnd.choice("abc de\n") for _ in range(1900)) + "."
                         for i in range(300)]}])
        folder = self.there_and_back()
        self.assertGreater(max(p.stat().st_size for p in folder.iterdir()),
                           1 << 20)

    def test_heads_are_yaml(self):
        names = ['say "hi"', "C:\\new", "true", "12", "2026-11-30", "- x",
                 "#a", "a: b", "tab\there", "ü: 日本", "'q'", "x\ny", "null",
                 "ends \\"]
        with self.db.client() as c:
            c.ok("create_entities", namespace="a", entities=[
                {"name": n, "entityType": n, "observations": ["x"],
                 "tags": [n]} for n in names])
        heads = set()
        for path in self.there_and_back().iterdir():
            head = path.read_text().split("---\n")[1].splitlines()
            for line in head:
                value = line.removeprefix("- ").split(": ", 1)[-1] \
                    if line.startswith(("title", "type")) else \
                    line.removeprefix("- ")
                # What needs quotes has those of JSON, which YAML reads alike.
                if value.startswith('"'):
                    heads.add(json.loads(value))
                elif line != "tags:":
                    self.assertRegex(value, r"^[^\W\d_][\w \-]*$")
        self.assertLessEqual(set(names) - {"ü: 日本"}, heads)

    def test_pins_are_told(self):
        folder = self.dir / "notes"
        folder.mkdir()
        (folder / "a.md").write_text(
            '# A\n<!-- memory {"name":"rule","entityType":"note","pin":true} '
            "-->\n- [x] always deploy with force\n")
        said = self.ctl("import", "--from", "basic-memory", folder)
        self.assertIn("pinned, so part of every context: rule", said)
        got = json.loads(self.ctl("import", "--json", "--restart", "--from",
                                  "basic-memory", folder))
        self.assertEqual(got["pinned"], ["rule"])

    def test_random_there_and_back(self):
        seed = random.randrange(1 << 30)
        print("seed", seed)
        r = random.Random(seed)
        names = [f"e{i} " + r.choice(["", "ä/..", "#x", "[[y]]", "A", "a",
                                      "\"q\"", "x|y", ": z"])
                 for i in range(25)]

        def fact():
            text = " ".join(r.choice(ODD) for _ in range(r.randrange(1, 4)))
            f = {"text": text if text.strip() else "something"}
            if r.random() < .4:
                f["tags"] = sorted({r.choice(["a", "b c", "#d", "method"])
                                    for _ in range(2)})
            if r.random() < .3:
                f["metadata"] = {"category": r.choice(["method", "a]b", "x"]),
                                 "n": 7}
            if r.random() < .2:
                f["valid_from"] = "2024-01-01T00:00:00Z"
            return f

        with self.db.client() as c:
            c.ok("create_entities", namespace="a", entities=[
                {"name": n.strip(), "entityType": r.choice(
                    ["note", "Person: x", "#t", "1"]),
                 "pin": r.random() < .2,
                 "metadata": {"k": "v\n>"} if r.random() < .3 else {},
                 "observations": [fact() for _ in range(8)]}
                for n in names])
            c.ok("create_relations", namespace="a", relations=[
                {"from": r.choice(names).strip(),
                 "to": r.choice(names).strip(),
                 "relationType": r.choice(["likes", "[odd", "a [[b", "x y"]),
                 **({"weight": .5} if r.random() < .3 else {})}
                for _ in range(40)])
        self.there_and_back()

    def test_a_project_without_the_users_own_memory(self):
        """A read of a project shows the user's memory beside it; a folder for
        others to read has the project's alone."""
        with self.db.client() as c:
            c.ok("create_entities", namespace="default", entities=[
                {"name": "ada", "entityType": "person",
                 "observations": ["earns ninety thousand"]}])
            c.ok("create_entities", namespace="a", entities=[
                {"name": "api", "entityType": "service",
                 "observations": ["speaks http"]}])
        folder = self.dir / "notes"
        self.ctl("--namespace", "a", "export", "--markdown", folder)
        notes = {f.stem: f.read_text() for f in folder.iterdir()}
        self.assertEqual(list(notes), ["api"])
        self.assertNotIn("ninety", "".join(notes.values()))

    def test_refuses_a_folder_that_is_not_empty(self):
        folder = self.dir / "mine"
        folder.mkdir()
        (folder / "x").write_text("x")
        self.ctl("export", "--markdown", folder, code=100)
        self.assertEqual((folder / "x").read_text(), "x")
        self.ctl("export", "--markdown", code=100)

    def test_an_empty_folder_stays_what_it_is(self):
        """A link, and one with a mode of its own."""
        with self.db.client() as c:
            c.ok("create_entities", entities=[{
                "name": "ada", "entityType": "person",
                "observations": ["likes tea"]}])
        real, link = self.dir / "real", self.dir / "link"
        real.mkdir()
        real.chmod(0o2750)
        before = real.stat()
        link.symlink_to(real)
        self.ctl("export", "--markdown", link)
        self.assertTrue(link.is_symlink())
        after = real.stat()
        self.assertEqual((after.st_ino, after.st_mode),
                         (before.st_ino, before.st_mode))
        self.assertEqual([p.name for p in real.iterdir()], ["ada.md"])
        self.ctl("export", "--markdown", link, code=100)
        (self.dir / "file").write_text("x")
        self.ctl("export", "--markdown", self.dir / "file", code=100)


del Records  # its own tests run there

if __name__ == "__main__":
    unittest.main()
