"""memoryctl push and pull: two machines without a server between them."""
import json
import os
import re
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

    def whole(self, db, namespace=NS, branch="main"):
        """All that is said of each entity, and of each fact of it."""
        with db.client() as c:
            g = c.ok("read_graph", namespace=namespace, branch=branch, fields=[
                "name", "type", "facts", "metadata", "tier", "pin",
                "expires_at"])
        out = {}
        for e in g["entities"]:
            # Tags have no order.
            facts = {f["text"]: (sorted(f.get("tags", [])),
                                 f.get("metadata", {}), f.get("valid_from"),
                                 f.get("valid_to"), f.get("salience"))
                     for f in e["facts"]}
            out[e["name"]] = (e["type"], e["tier"], e["pin"],
                              e.get("metadata", {}), e.get("expires_at"),
                              facts)
        for r in g.get("relations", []):
            out[r["from"], r["relationType"], r["to"]] = r.get("weight")
        return out

    def update(self, db, name, **values):
        self.write(db, method="update_entity", name=name, **values)

    def test_all_that_is_said_of_an_entity(self):
        """Metadata, tags, pins, tiers, ends, salience: there and back, and as
        they change."""
        self.write(self.a, {
            "name": "ada", "entityType": "person", "pin": True,
            "tier": "procedural", "tags": ["friend"],
            "metadata": {"room": 4, "deep": {"a": [1, "x"]}},
            "expires_at": "2090-01-01T00:00:00Z", "observations": [
                {"text": "likes tea", "tags": ["food", "drink"],
                 "metadata": {"category": "taste"}, "salience": 0.9},
                {"text": "worked at Acme", "valid_from": "2020-01-01",
                 "valid_to": "2021-01-01"},
                {"text": "parks in 7", "expires_at": "2091-01-01T00:00:00Z"},
                "plain"]},
            entity("acme", "a firm"))
        self.write(self.a, method="create_relations", relations=[{
            "from": "ada", "to": "acme", "relationType": "knows",
            "weight": 0.5}])
        self.push(self.a)
        first, = self.pull(self.b)
        self.assertEqual((first["refused"], first["conflicts"]), (0, 0))
        want = self.whole(self.a)
        self.assertEqual(want["ada"][:3], ("person", "procedural", True))
        self.assertEqual(self.whole(self.b), want)
        # A second time nothing is said anew.
        self.push(self.a)
        again, = self.pull(self.b)
        self.assertEqual([again[k] for k in ("added", "removed", "changed",
                                             "refused", "conflicts")],
                         [0, 0, 0, 0, 0])
        # Each changes, some on one machine and some on the other.
        self.update(self.a, "ada", pin=False, entityType="author",
                    expires_at="never")
        self.update(self.a, "ada", observation="likes tea", tags=["drink"],
                    metadata={})
        self.update(self.a, "ada", observation="plain", tags=["new"],
                    metadata={"k": "v"})
        self.update(self.b, "ada", tier="semantic",
                    metadata={"room": 5, "tags": ["friend", "old"]})
        self.update(self.b, "acme", pin=True, tags=["firm"])
        self.write(self.a, method="create_relations", relations=[{
            "from": "ada", "to": "acme", "relationType": "knows",
            "weight": 0.75}])
        self.both()
        self.both()
        got = self.whole(self.a)
        self.assertEqual(self.whole(self.b), got)
        self.assertEqual(got["ada"][:5], (
            "author", "semantic", False,
            {"room": 5, "tags": ["friend", "old"]}, None))
        self.assertEqual(got["acme"][2:4], (True, {"tags": ["firm"]}))
        facts = got["ada"][5]
        self.assertEqual(facts["likes tea"],
                         (["drink"], {}, None, None, 0.9))
        self.assertEqual(facts["plain"][:2], (["new"], {"k": "v"}))
        self.assertEqual(got["ada", "knows", "acme"], 0.75)
        for db in (self.a, self.b):
            again, = self.pull(db)
            self.assertEqual([again[k] for k in (
                "added", "removed", "changed", "conflicts")], [0, 0, 0, 0])
            with db.client() as c:
                self.assertEqual(c.ok("verify", namespace=NS)["problems"], [])

    def test_both_set_the_same_value(self):
        """A conflict, as in any merge: ours is kept, and what else the other
        says of the entity comes."""
        self.write(self.a, {"name": "ada", "entityType": "person",
                            "observations": ["x"]})
        self.push(self.a)
        self.pull(self.b)
        self.update(self.a, "ada", entityType="author", pin=True)
        self.update(self.b, "ada", entityType="researcher",
                    metadata={"b": 1})
        self.push(self.a)
        row, = self.pull(self.b)
        self.assertEqual(row["conflicts"], 1)
        got = self.whole(self.b)["ada"]
        self.assertEqual((got[0], got[2], got[3]),
                         ("researcher", True, {"b": 1}))

    def test_what_was_set_anew_does_not_come_back(self):
        """B has what A pushed; A has changed it since, and meets B's log for
        the first time."""
        self.write(self.a, {"name": "ada", "entityType": "person", "pin": True,
                            "tier": "procedural", "metadata": {"n": 1},
                            "observations": ["x"]})
        self.push(self.a)
        self.pull(self.b)
        self.update(self.a, "ada", pin=False, tier="working",
                    metadata={"n": 2}, entityType="author")
        want = self.whole(self.a)
        self.write(self.b, entity("bob", "new there"))
        self.push(self.b)
        row, = self.pull(self.a)
        self.assertEqual(row["conflicts"], 0)
        got = self.whole(self.a)
        self.assertEqual(got.pop("bob")[0], "thing")
        self.assertEqual(got, want)
        # And B takes the new values then.
        self.push(self.a)
        self.pull(self.b)
        self.assertEqual(self.whole(self.b)["ada"], want["ada"])

    def test_what_both_have_is_compared_with(self):
        """B has all from A; A took nothing of B's log, as it had it already.
        What B sets then is no conflict on A, and what A sets none on B."""
        self.write(self.a, {"name": "ada", "entityType": "person",
                            "metadata": {"n": 1}, "observations": ["x"]})
        for _ in range(2):
            self.push(self.a)
            self.pull(self.b)
            self.push(self.b)
            self.pull(self.a)
        for i, (db, other) in enumerate(((self.b, self.a),
                                         (self.a, self.b)) * 2):
            self.update(db, "ada", entityType=f"type {i}",
                        metadata={"n": i + 2},
                        tier=("semantic", "procedural")[i % 2])
            self.push(db)
            row, = self.pull(other)
            self.assertEqual(row["conflicts"], 0, i)
            self.assertEqual(self.whole(other), self.whole(db), i)
            again, = self.pull(other)
            self.assertEqual((again["added"], again["changed"]), (0, 0))

    def test_a_pin_that_nobody_confirmed_is_none(self):
        """What an agent pins in the user's memory waits for the user, on the
        other machine as well."""
        with self.a.client() as c:
            c.ok("hello", tools="all")
            c.ok("create_entities", entities=[entity("rule", "always gin")])
            c.ok("update_entity", name="rule", pin=True)
        self.ctl(self.a, "--namespace", "default", "push", self.remote)
        self.ctl(self.b, "--namespace", "default", "pull", self.remote)
        got = self.whole(self.b, "default")["rule"]
        self.assertEqual((got[2], "always gin" in got[5]), (False, True))

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
        # Below the home folder, which no shell has put in its place; and on
        # to another machine, with the words of the man page.
        subprocess.run(["git", "clone", "-q", "--bare",
                        str(self.dir / "repo.git"),
                        str(self.home / "clone.git")], check=True,
                       stderr=subprocess.DEVNULL)
        words = "+refs/memory/*:refs/memory/*"
        self.assertIn(words, re.sub(r"\s+", " ", self.ctl(
            self.a, "help", "push")))
        for text in ("plays chess", "lives in Rome"):
            self.write(self.a, method="add_observations", observations=[{
                "entityName": "ada", "contents": [text]}])
            self.push(self.a)
            subprocess.run(["git", "-C", str(self.dir / "repo.git"), "push",
                            "-q", str(self.home / "clone.git"), words],
                           check=True)
            self.ctl(self.b, "pull", "git:~/clone.git")
            self.assertIn(("ada", text), self.texts(self.b))

    def test_ssh(self):
        """With a stand-in for ssh that runs the line in a shell here."""
        ssh = self.bin / "ssh"
        self.there = self.dir / "home of another"
        self.there.mkdir()
        ssh.write_text("#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\n"
                       "[ \"$2\" = far.example ] || exit 9\n"
                       f"drop=$PWD/drop; cd '{self.there}'\n"
                       "[ -e $drop ] && case $3 in *mv*) "
                       "head -c 300 | sh -c \"$3\"; exit;; esac\n"
                       "exec sh -c \"$3\"\n")
        ssh.chmod(0o755)
        self.remote = f"far.example:{self.dir / 'there'}"
        self.write(self.a, entity("ada", "likes tea"))
        self.push(self.a)
        self.pull(self.b)
        self.assertEqual(self.texts(self.b), {("ada", "likes tea"): []})
        # ssh begins in the home folder: "~/" is that, and no folder "~".
        for remote in ("far.example:~/Sync/memory", "far.example:Sync/memory"):
            before = self.remote
            self.remote = remote
            self.push(self.a)
            self.assertEqual([r["merged"] for r in self.pull(self.b)], [True])
            self.assertFalse(list(self.dir.rglob("~*")))
            self.assertTrue(list((self.there / "Sync/memory").rglob("*.jsonl")))
            shutil.rmtree(self.there / "Sync")
            self.remote = before
        self.ctl(self.a, "push", "far.example:~bob/memory", code=100)
        self.ctl(self.a, "push", "~bob/memory", code=100)
        # In quotes no shell has read it.
        self.ctl(self.a, "push", "~/local")
        self.assertTrue(list((self.home / "local").rglob("*.jsonl")))
        # A connection that drops leaves what was there.
        path, = (self.dir / "there").rglob("[!.]*.jsonl")
        good = path.read_text()
        (self.dir / "drop").touch()
        self.ctl(self.a, "push", self.remote, code=111)
        self.assertEqual(path.read_text(), good)


if __name__ == "__main__":
    unittest.main()
