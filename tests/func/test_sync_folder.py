"""A folder of notes and a memory that say the same."""
import json
import os
import random
import shutil
import subprocess
import unittest

from harness import BIN, SLOW, TestCase, clean_env, entity, reports

CTL = str(BIN / "memoryctl")


class Syncing(TestCase):
    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.notes = self.dir / "memory"
        self.home.mkdir()
        self.notes.mkdir()
        self.db = self.service()

    def sync(self, *args, code=0):
        done = subprocess.run(
            [CTL, "--namespace", "p", "--json", "sync-folder", str(self.notes),
             *args], text=True, capture_output=True, timeout=60 * SLOW,
            env=clean_env(self.home, {"MEMORY_DB_SOCKET": self.db.socket,
                                      "MEMORY_DB_PATH": None}))
        self.assertEqual(reports(done.stderr), [])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.said = done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def same(self):
        """A sync that has nothing to do."""
        before = self.bytes()
        r = self.sync()
        self.assertEqual((r["memory"], r["folder"]),
                         ({"added": 0, "removed": 0},) * 2)
        self.assertEqual(self.bytes(), before)

    def bytes(self):
        return {p.name: p.read_bytes() for p in self.notes.glob("*.md")}

    def memory(self):
        with self.db.client() as c:
            g = c.ok("read_graph", namespace="p", limit=1000)
        return {e["name"]: sorted(e["observations"]) for e in g["entities"]
                if "namespace" not in e}

    def note(self, name, *facts, head=True):
        text = (f"---\nname: {name}\nmetadata:\n  type: feedback\n---\n\n"
                if head else "")
        (self.notes / f"{name}.md").write_text(
            text + "# About\n\n" + "".join(f"- {f}\n" for f in facts))

    def facts(self, name):
        return [ln[2:] for ln in (self.notes / f"{name}.md").read_text()
                .splitlines() if ln.startswith("- ")]

    def add(self, name, *facts):
        with self.db.client() as c:
            c.ok("add_observations", namespace="p", observations=[{
                "entityName": name, "entityType": "note",
                "contents": list(facts)}])

    def delete(self, name, *facts):
        with self.db.client() as c:
            c.ok("delete_observations", namespace="p", deletions=[{
                "entityName": name, "observations": list(facts)}])


class SyncFolder(Syncing):
    def test_both_ways(self):
        self.note("pnpm", "use pnpm here", "the lockfile is checked in")
        (self.notes / "MEMORY.md").write_text("- [pnpm](pnpm.md) tool\n")
        self.add("deploy", "deploys run on Mondays")
        self.sync()
        self.assertEqual(self.memory(), {
            "pnpm": ["the lockfile is checked in", "use pnpm here"],
            "deploy": ["deploys run on Mondays"]})
        self.assertEqual(self.facts("deploy"), ["deploys run on Mondays"])
        self.assertIn("(deploy.md)", (self.notes / "MEMORY.md").read_text())
        self.same()
        # Additions and deletions of both sides.
        self.note("pnpm", "use pnpm here", "never npm")
        self.add("deploy", "and on Thursdays")
        self.delete("deploy", "deploys run on Mondays")
        self.sync()
        self.assertEqual(self.memory()["pnpm"], ["never npm",
                                                 "use pnpm here"])
        self.assertEqual(self.facts("deploy"), ["and on Thursdays"])
        # What is no fact stays as it was.
        self.assertIn("# About", (self.notes / "pnpm.md").read_text())
        self.same()

    def test_edited_on_both_sides(self):
        self.note("a", "the port is 8080")
        self.sync()
        self.note("a", "the port is 8081")
        self.delete("a", "the port is 8080")
        self.add("a", "the port is 9000")
        r = self.sync()
        self.assertEqual(r["changed_on_both"], 1)
        self.assertIn("both are kept", self.said)
        self.assertEqual(self.memory()["a"],
                         ["the port is 8081", "the port is 9000"])
        self.assertEqual(sorted(self.facts("a")), self.memory()["a"])
        self.same()

    def test_deleted_against_changed(self):
        for name in ("a", "b", "c", "d"):
            self.note(name, f"fact of {name}")
        self.sync()
        (self.notes / "a.md").unlink()              # deleted in the folder
        (self.notes / "b.md").unlink()
        self.add("b", "new in the memory")          # and changed there
        with self.db.client() as c:
            c.ok("delete_entities", namespace="p", entityNames=["c", "d"])
        self.note("d", "fact of d", "new in the folder")
        self.sync()
        self.assertEqual(self.memory(), {"b": ["new in the memory"],
                                         "d": ["new in the folder"]})
        self.assertEqual(sorted(self.bytes()), ["MEMORY.md", "b.md", "d.md"])
        self.same()

    def test_emptied_folder(self):
        self.note("a", "a fact")
        self.sync()
        (self.notes / "a.md").unlink()
        self.sync(code=1)
        self.assertIn("--emptied", self.said)
        self.assertEqual(self.memory(), {"a": ["a fact"]})
        self.sync("--emptied")
        self.assertEqual(self.memory(), {})

    def test_half_written_and_hostile_files(self):
        self.note("a", "a fact")
        self.note("z", "last")
        self.sync()
        for torn in (b"", b"---\nname: a\n", b"- a \xff\n", b"- a\0b\n",
                     b"```\ncode\n"):
            (self.notes / "a.md").write_bytes(torn)
            self.assertGreater(self.sync()["skipped"], 0, torn)
            self.assertEqual(self.memory()["a"], ["a fact"], torn)
        self.note("a", "a fact", "more")
        self.sync()
        self.assertEqual(self.memory()["a"], ["a fact", "more"])
        os.symlink("/etc/passwd", self.notes / "link.md")
        os.mkfifo(self.notes / "fifo.md")
        (self.notes / "sub").mkdir()
        (self.notes / "sub/x.md").write_text("- not read\n")
        (self.notes / "own.md").write_text(
            "- mine\n\n<memory abc>\n- from the memory\n</memory abc>\n")
        self.sync()
        self.assertEqual(sorted(self.memory()), ["a", "own", "z"])
        self.assertEqual(self.memory()["own"], ["mine"])

    def test_renamed_and_copied_notes(self):
        self.note("x", "fact of x", "more of x")
        self.sync()
        (self.notes / "x.md").rename(self.notes / "y.md")
        self.sync()
        self.assertEqual(self.memory(), {"x": ["fact of x", "more of x"]})
        self.assertEqual(self.facts("y"), ["fact of x", "more of x"])
        self.delete("x", "more of x")
        self.sync()
        self.assertEqual(self.facts("y"), ["fact of x"])
        self.same()
        (self.notes / "a.md").write_bytes(
            (self.notes / "y.md").read_bytes())
        self.sync()
        (self.notes / "a.md").unlink()
        self.sync()
        self.assertEqual(self.memory(), {"x": ["fact of x"]})
        self.assertEqual(self.facts("y"), ["fact of x"])

    def test_what_is_in_the_way_is_not_gone(self):
        for name in ("a", "b", "c"):
            self.note(name, f"fact of {name}")
        self.sync()
        for name, make in (("a", os.mkfifo), ("b", lambda p: os.symlink(
                "/etc/passwd", p)), ("c", os.mkdir)):
            (self.notes / f"{name}.md").unlink()
            make(self.notes / f"{name}.md")
        self.sync("--emptied")
        self.assertEqual(sorted(self.memory()), ["a", "b", "c"])
        self.assertTrue((self.notes / "b.md").is_symlink())

    def test_notes_that_hold_more_than_facts_stay(self):
        (self.notes / "a.md").write_text(
            "# A\n\n- a fact\n\n```\nmake\n```\n")
        (self.notes / "a.md").chmod(0o644)
        self.note("b", "other")
        self.sync()
        with self.db.client() as c:
            c.ok("delete_entities", namespace="p", entityNames=["a", "b"])
        self.sync()
        self.assertEqual((self.notes / "a.md").read_text(),
                         "# A\n\n\n```\nmake\n```\n")
        self.assertEqual((self.notes / "a.md").stat().st_mode & 0o777, 0o644)
        self.assertFalse((self.notes / "b.md").exists())

    def test_a_base_leads_nowhere_else(self):
        self.note("a", "a fact")
        self.sync()
        base = self.notes / ".memory-sync.json"
        j = json.loads(base.read_text())
        for files in j["memories"].values():
            files["../out.md"] = {"entity": "out", "facts": {"0" * 32: 1}}
        base.write_text(json.dumps(j))
        (self.dir / "out.md").write_text("- not yours\n")
        self.add("out", "of the memory")
        self.sync()
        self.assertEqual((self.dir / "out.md").read_text(),
                         "- not yours\n")
        self.assertEqual(self.facts("out"), ["of the memory"])

    def test_masked_secrets_do_not_come_back(self):
        self.db = self.service(args=["--secrets", "mark"])
        token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
        self.note("s", f"the token is {token}", "a plain fact")
        for _ in range(2):
            self.sync()
            self.assertIn(token, (self.notes / "s.md").read_text())
            self.assertEqual(self.memory(), {"s": [
                "a plain fact", "the token is [secret:secret-told]"]})
        self.same()

    def test_relations_keep_an_entity(self):
        self.note("a", "a fact")
        self.note("b", "other")
        self.sync()
        with self.db.client() as c:
            c.ok("create_relations", namespace="p", relations=[
                {"from": "b", "to": "a", "relationType": "uses"}])
        (self.notes / "a.md").unlink()
        self.sync()
        self.assertEqual(self.memory(), {"a": [], "b": ["other"]})

    def test_secrets_are_masked(self):
        """The note keeps it, the memory has a marker, both are one fact."""
        token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
        other = "ghp_" + "z9Y8x7W6v5U4t3S2r1Q0p9O8n7M6l5K4j3I2"
        masked = "deploys with [secret:github-token] at night"
        self.note("s", f"deploys with {token} at night", "a plain fact",
                  f"two: {token} and {other} here", "buy milk and bread")
        r = self.sync()
        self.assertEqual(r["skipped"], 0)
        self.assertIn(masked, self.memory()["s"])
        self.assertEqual(len(self.memory()["s"]), 4)
        self.assertNotIn(token, json.dumps(self.memory()))
        self.same()
        # Nothing of the base is needed to know it again.
        (self.notes / ".memory-sync.json").unlink()
        self.same()
        self.assertEqual(len(self.memory()["s"]), 4)
        # Another token in the same words is the same fact.
        text = (self.notes / "s.md").read_text()
        (self.notes / "s.md").write_text(
            text.replace(f"deploys with {token}", f"deploys with {other}"))
        self.same()
        # Deleted in the note, and in the memory.
        self.note("s", f"deploys with {other} at night", "a plain fact")
        self.sync()
        self.assertEqual(self.memory(), {"s": ["a plain fact", masked]})
        with self.db.client() as c:
            c.ok("delete_observations", namespace="p", confirm=True, deletions=[
                {"entityName": "s", "observations": [masked]}])
        self.sync()
        self.assertEqual(self.facts("s"), ["a plain fact"])
        self.same()

    def test_a_secret_is_not_given_for_other_words(self):
        token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
        line = f"deploys with {token} at night"
        self.note("s", line)
        self.sync()
        with self.db.client() as c:
            c.ok("replace_observation", namespace="p", entityName="s",
                 old="deploys with [secret:github-token] at night",
                 new="deploys with [secret:github-token] at noon")
        self.sync()
        self.assertIn(line, self.facts("s"))
        self.sync()
        self.assertIn(line, self.facts("s"))
        self.same()

    def test_a_name_with_a_secret(self):
        token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
        self.note("s", "a fact")
        (self.notes / "s.md").write_text(
            f"---\nname: {token}\n---\n\n- a fact\n")
        for _ in range(2):
            self.assertGreater(self.sync()["skipped"], 0)
            self.assertEqual(self.memory(), {})
            self.assertEqual(list(self.bytes()), ["s.md"])

    def test_dry_run(self):
        self.note("a", "a fact")
        self.add("b", "b fact")
        before = self.bytes()
        r = self.sync("--dry-run")
        self.assertEqual((r["memory"]["added"], r["folder"]["added"]), (1, 1))
        self.assertEqual(self.bytes(), before)
        self.assertEqual(self.memory(), {"b": ["b fact"]})
        out = subprocess.run(
            [CTL, "--namespace", "p", "sync-folder", "--dry-run",
             str(self.notes)], text=True, capture_output=True, check=True,
            env=clean_env(self.home, {"MEMORY_DB_SOCKET": self.db.socket,
                                      "MEMORY_DB_PATH": None})).stdout
        self.assertIn("+ memory a.md: a fact", out)
        self.assertIn("+ folder b.md: b fact", out)

    def test_other_memory(self):
        """The base of one memory says nothing of another."""
        self.note("a", "a fact")
        self.sync()
        self.db = self.service()
        self.sync()
        self.assertEqual(self.memory(), {"a": ["a fact"]})
        self.assertEqual(self.facts("a"), ["a fact"])

    def older(self, how):
        """The memory goes back to what it was before notes were synced."""
        self.note("a", "a fact")
        self.sync()
        backups = self.dir / "backups"
        if how == "restore":
            self.db.ctl("backup", backups)
        else:
            self.db.stop()
            shutil.copy(self.db.database, self.dir / "old.db")
            self.db.start()
        self.note("a", "a fact", "a later one")
        self.note("b", "only in this note")
        self.sync()
        self.db.stop()
        if how == "restore":
            self.db.ctl("restore", "--force", backups)
        else:
            for f in self.db.database.parent.glob("memory.db*"):
                f.unlink()
            shutil.copy(self.dir / "old.db", self.db.database)
            self.db.database.chmod(0o600)
        self.db.start()
        self.sync()
        want = {"a": ["a fact", "a later one"], "b": ["only in this note"]}
        self.assertEqual({n: self.facts(n) for n in want}, want)
        self.assertEqual(self.memory(), want)
        self.same()

    def test_an_older_backup_takes_no_note_away(self):
        self.older("restore")

    def test_an_older_copy_takes_no_note_away(self):
        self.older("copy")

    def test_random_edits_of_both_sides(self):
        seed = random.randrange(2 ** 32)
        print(f"seed {seed}", flush=True)
        rnd = random.Random(seed)
        names = ["a", "b", "c", "d", "e"]
        words = ["tea", "# head", "- dash", "12. twelve", "``` fence",
                 "two\nlines", "  spaces  ", "\u00fc\u4e2d", "a: b", "--- x"]
        n = 0

        def fact():
            nonlocal n
            n += 1
            return f"{n} {rnd.choice(words)}" if rnd.random() < .6 else \
                f"{rnd.choice(words)} {n}"

        def norm(t):
            return " ".join(t.split())

        self.note("a", "start")
        self.sync()
        for _ in range(25):
            kept, fresh = set(), set()
            before = {(e, norm(o)) for e, os_ in self.memory().items()
                      for o in os_}
            gone = set()
            for name in names:
                path = self.notes / f"{name}.md"
                have = self.facts(name) if path.exists() else []
                keep = [f for f in have if rnd.random() < .8]
                gone |= {(name, norm(f)) for f in have if f not in keep}
                new = [norm(fact()) for _ in range(rnd.randrange(3))]
                fresh |= {(name, f) for f in new}
                if have or new:
                    if not keep + new and rnd.random() < .5:
                        path.unlink()
                    else:
                        self.note(name, *keep, *new)
                there = self.memory().get(name, [])
                drop = [o for o in there if rnd.random() < .2]
                if drop:
                    self.delete(name, *drop)
                    gone |= {(name, norm(o)) for o in drop}
                more = [fact() for _ in range(rnd.randrange(3))]
                if more:
                    self.add(name, *more)
                    fresh |= {(name, norm(o)) for o in more}
            kept = before - gone
            self.sync("--emptied")
            memory = {(e, norm(o)) for e, os_ in self.memory().items()
                      for o in os_}
            folder = {(p.stem, norm(f)) for p in self.notes.glob("*.md")
                      if p.stem in names for f in self.facts(p.stem)}
            self.assertEqual(memory, folder)
            self.assertEqual(memory, kept | fresh)
            self.same()


if __name__ == "__main__":
    unittest.main()
