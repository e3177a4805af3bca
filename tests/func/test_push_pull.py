"""memoryctl push and pull: two machines without a server between them."""
import json
import os
import shutil
import subprocess
import unittest

from harness import BIN, SLOW, TestCase, clean_env, entity, reports

CTL = str(BIN / "memoryctl")
NS = "host.example/team/app"


class Machines(TestCase):
    def setUp(self):
        self.dir = self.folder()
        self.remote = str(self.dir / "remote")
        self.home, self.bin = self.dir / "home", self.dir / "bin"
        for d in (self.home, self.bin):
            d.mkdir()
        self.a, self.b = self.service(), self.service()

    def ctl(self, db, *args, code=0):
        done = subprocess.run(
            [CTL, "--namespace", NS, *args], text=True, capture_output=True,
            timeout=120 * SLOW, cwd=self.dir, env=clean_env(self.home, {
                "MEMORY_DB_SOCKET": db.socket, "MEMORY_DB_PATH": None,
                "PATH": f"{self.bin}:{os.environ['PATH']}"}))
        self.assertEqual(reports(done.stderr), [])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def push(self, db):
        return json.loads(self.ctl(db, "--json", "push", self.remote))

    def pull(self, db, *args):
        return json.loads(self.ctl(db, "--json", "pull", *args, self.remote))

    def write(self, db, *entities, method="create_entities", **more):
        with db.client() as c:
            c.ok(method, namespace=NS, **(
                {"entities": list(entities)} if entities else {}), **more)

    def texts(self, db, branch="main"):
        with db.client() as c:
            g = c.ok("read_graph", namespace=NS, branch=branch,
                     fields=["name", "facts"])
        return {(e["name"], f["text"]): sorted(f.get("tags", []))
                for e in g["entities"] for f in e["facts"]}

    def both(self):
        for db in (self.a, self.b):
            self.push(db)
        for db in (self.a, self.b):
            self.pull(db)

    def test_there_and_back_and_deletions(self):
        self.write(self.a, {"name": "ada", "entityType": "person",
                            "observations": [
                                {"text": "likes tea", "tags": ["food"]},
                                "lives in Rome"]},
                   entity("acme", "a firm"))
        self.write(self.a, method="create_relations", relations=[{
            "from": "ada", "to": "acme", "relationType": "works at"}])
        self.write(self.b, entity("bob", "likes jazz"),
                   entity("ada", "plays chess"))
        self.both()
        want = {("ada", "likes tea"): ["food"], ("ada", "lives in Rome"): [],
                ("ada", "plays chess"): [], ("acme", "a firm"): [],
                ("bob", "likes jazz"): []}
        self.assertEqual(self.texts(self.a), want)
        self.assertEqual(self.texts(self.b), want)
        # A second round says nothing new.
        for db in (self.a, self.b):
            self.push(db)
            again, = self.pull(db)
            self.assertEqual((again["conflicts"], again["merged"]), (0, True))
            self.assertEqual(self.texts(db), want)
        # What is deleted on one machine goes on the other, and does not come
        # back from it.
        self.write(self.a, method="delete_observations", deletions=[{
            "entityName": "ada", "observations": ["lives in Rome"]}])
        self.write(self.b, entity("bob", "plays the lute"))
        self.both()
        self.both()
        del want["ada", "lives in Rome"]
        want["bob", "plays the lute"] = []
        self.assertEqual(self.texts(self.a), want)
        self.assertEqual(self.texts(self.b), want)
        for db in (self.a, self.b):
            with db.client() as c:
                self.assertEqual(c.ok("verify")["problems"], [])

    def test_apart(self):
        self.write(self.a, entity("ada", "likes tea"))
        self.push(self.a)
        row, = self.pull(self.b, "--no-merge")
        self.assertEqual((self.texts(self.b), row["added"] > 0), ({}, True))
        self.assertEqual(self.texts(self.b, row["branch"]),
                         {("ada", "likes tea"): []})

    def test_a_log_that_was_changed_is_refused(self):
        self.write(self.a, entity("ada", "likes tea"))
        self.push(self.a)
        path, = (self.dir / "remote").rglob("*.jsonl")
        good = path.read_text()
        for bad in (good.replace("likes tea", "likes gin"), good[:-40],
                    "nonsense\n"):
            path.write_text(bad)
            done = subprocess.run(
                [CTL, "--namespace", NS, "pull", self.remote],
                capture_output=True, cwd=self.dir, timeout=60 * SLOW,
                env=clean_env(self.home, {"MEMORY_DB_SOCKET": self.b.socket,
                                          "MEMORY_DB_PATH": None}))
            self.assertNotEqual(done.returncode, 0, bad[:80])
            self.assertEqual(self.texts(self.b), {})
        path.write_text(good)
        self.pull(self.b)
        self.assertEqual(self.texts(self.b), {("ada", "likes tea"): []})

    def test_a_log_that_lacks_something_deletes_nothing(self):
        """Empty, cut between two lines, or that of another namespace."""
        self.write(self.a, entity("ada", "likes tea"))
        self.write(self.a, entity("bob", "likes jazz"))
        self.push(self.a)
        self.pull(self.b)
        want = {("ada", "likes tea"): [], ("bob", "likes jazz"): []}
        path, = (self.dir / "remote").rglob("*.jsonl")
        good = path.read_text()
        lines = good.splitlines(keepends=True)
        last = max(i for i, x in enumerate(lines) if '"type":"change"' in x)
        for bad in ("", lines[0], "".join(lines[:2]),
                    "".join(lines[:last]), good.replace(NS, "other")):
            path.write_text(bad)
            self.ctl(self.b, "pull", self.remote, code=1)
            self.assertEqual(self.texts(self.b), want, bad[:200])
        path.write_text(good)
        self.pull(self.b)
        self.assertEqual(self.texts(self.b), want)

    def test_one_bad_log_does_not_stop_the_others(self):
        self.write(self.a, entity("ada", "likes tea"))
        self.push(self.a)
        path, = (self.dir / "remote").rglob("*.jsonl")
        for name in ("0" * 32, "f" * 32):
            (path.parent / f"{name}.jsonl").write_text("nonsense\n")
        os.mkfifo(path.parent / f"{'e' * 32}.jsonl")
        # The pipe cannot be read, which is worse than nonsense.
        rows = json.loads(self.ctl(self.b, "--json", "pull", self.remote,
                                   code=111))
        self.assertEqual([r["merged"] for r in rows], [True])
        self.assertEqual(self.texts(self.b), {("ada", "likes tea"): []})

    def test_an_entity_that_no_reply_holds(self):
        """What cannot be compared is told, and nothing is done."""
        big = {"name": "big", "entityType": "note", "observations": [
            f"{i} " + "x" * 900000 for i in range(3)]}
        for one in big["observations"]:
            self.write(self.a, {**big, "observations": [one]})
        self.ctl(self.a, "push", self.remote, code=1)
        self.assertFalse(list(self.dir.rglob("*.jsonl")))
        self.ctl(self.a, "export", "--markdown", str(self.dir / "md"), code=1)
        self.assertFalse((self.dir / "md").exists())
        self.write(self.b, entity("ada", "likes tea"))
        self.push(self.b)
        path, = (self.dir / "remote").rglob("*.jsonl")
        (path.parent / f"{'a' * 32}.jsonl").write_text(
            self.ctl(self.a, "export"))
        self.ctl(self.b, "pull", self.remote, code=1)
        self.assertEqual(self.texts(self.b), {("ada", "likes tea"): []})

    def test_a_deleted_entity_stays_deleted(self):
        """Though the other still has it, which had it from here."""
        self.write(self.a, entity("ada", "likes tea"), entity("bob", "sings"))
        self.write(self.a, method="create_relations", relations=[{
            "from": "ada", "to": "bob", "relationType": "knows"}])
        self.push(self.a)
        self.pull(self.b)
        self.write(self.a, method="delete_entities", entityNames=["ada"],
                   confirm=True)
        self.push(self.b)
        self.pull(self.a)
        with self.a.client() as c:
            g = c.ok("read_graph", namespace=NS)
        self.assertEqual(([e["name"] for e in g["entities"]], g["relations"]),
                         (["bob"], []))

    def test_names_that_look_alike_have_places_of_their_own(self):
        names = ["team/app", "team_app", ".x", "_x", "x", "n" * 250,
                 "n" * 251]
        with self.a.client() as c:
            for name in names:
                c.ok("create_entities", namespace=name, entities=[entity("y")])
        for name in names:
            self.ctl(self.a, "--namespace", name, "push", self.remote)
        places = {p.name for p in (self.dir / "remote").iterdir()}
        self.assertEqual(len(places), len(names), places)
        self.assertIn("x", places)

    def test_no_link_in_the_folder_is_followed(self):
        self.write(self.a, entity("ada", "likes tea"))
        self.push(self.a)
        path, = (self.dir / "remote").rglob("*.jsonl")
        mine = self.dir / "mine"
        mine.write_text("mine")
        (path.parent / f".{path.stem}.new").symlink_to(mine)
        self.push(self.a)
        self.assertEqual((mine.read_text(), path.is_symlink()),
                         ("mine", False))

    def test_another_namespace_is_another_place(self):
        self.write(self.a, entity("ada", "likes tea"))
        self.push(self.a)
        with self.b.client() as c:
            c.ok("create_entities", namespace="x", entities=[entity("y")])
        self.assertEqual(json.loads(self.ctl(
            self.b, "--namespace", "x", "--json", "pull", self.remote)), [])

    @unittest.skipUnless(shutil.which("git"), "git is not installed")
    def test_git(self):
        subprocess.run(["git", "init", "-q", "--bare",
                        str(self.dir / "repo.git")], check=True)
        self.remote = f"git:{self.dir / 'repo.git'}"
        self.write(self.a, entity("ada", "likes tea"))
        self.push(self.a)
        self.pull(self.b)
        self.assertEqual(self.texts(self.b), {("ada", "likes tea"): []})

    def test_ssh(self):
        """With a stand-in for ssh that runs the line in a shell here."""
        ssh = self.bin / "ssh"
        ssh.write_text("#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\n"
                       "[ \"$2\" = far.example ] || exit 9\n"
                       "[ -e drop ] && case $3 in *mv*) "
                       "head -c 300 | sh -c \"$3\"; exit;; esac\n"
                       "exec sh -c \"$3\"\n")
        ssh.chmod(0o755)
        self.remote = f"far.example:{self.dir / 'there'}"
        self.write(self.a, entity("ada", "likes tea"))
        self.push(self.a)
        self.pull(self.b)
        self.assertEqual(self.texts(self.b), {("ada", "likes tea"): []})
        # A connection that drops leaves what was there.
        path, = (self.dir / "there").rglob("[!.]*.jsonl")
        good = path.read_text()
        (self.dir / "drop").touch()
        self.ctl(self.a, "push", self.remote, code=111)
        self.assertEqual(path.read_text(), good)


if __name__ == "__main__":
    unittest.main()
