#!/usr/bin/env python3
"""A folder of notes and a memory, where it gets difficult: both sides at once,
names that change, other line ends and encodings, broken heads, large notes, more
than one project and user."""
import os
import subprocess
import threading
import time
import unittest

from harness import SLOW, clean_env, entity
from test_sync_folder import CTL, Syncing


class BothSides(Syncing):
    def test_edited_at_the_same_place_on_both(self):
        self.note("a", "one", "two", "three")
        self.sync()
        # The same correction, another one, and a deletion against a change.
        self.note("a", "one", "two is 2", "three")
        self.delete("a", "two")
        self.add("a", "two is 2")
        self.sync()
        self.assertEqual(self.memory()["a"], ["one", "three", "two is 2"])
        self.same()
        self.note("a", "one", "three")
        self.delete("a", "two is 2", "one")
        self.add("a", "one is 1")
        self.sync()
        self.assertEqual(self.memory()["a"], ["one is 1", "three"])
        self.assertEqual(sorted(self.facts("a")), ["one is 1", "three"])
        self.same()

    def test_deleted_on_both(self):
        for name in ("a", "b", "c"):
            self.note(name, f"fact of {name}", "shared")
        self.sync()
        (self.notes / "a.md").unlink()
        with self.db.client() as c:
            c.ok("delete_entities", namespace="p", entityNames=["a"])
        (self.notes / "b.md").unlink()
        self.delete("b", "fact of b")
        self.note("c")
        self.delete("c", "fact of c", "shared")
        self.sync()
        self.assertEqual({n: f for n, f in self.memory().items() if f}, {})
        self.assertEqual([p for p in self.bytes() if p in ("a.md", "b.md")],
                         [])
        self.same()
        # It may come again.
        self.note("a", "fact of a")
        self.sync()
        self.assertEqual(self.memory()["a"], ["fact of a"])
        self.same()

    def test_agents_write_while_it_runs(self):
        """Nothing of either side is lost, whatever the moment."""
        self.note("a", *(f"start {i}" for i in range(40)))
        self.sync()
        stop = threading.Event()
        added = []

        def agent():
            i = 0
            while not stop.is_set():
                self.add("a", f"agent {i}")
                added.append(f"agent {i}")
                i += 1
                time.sleep(.01)

        thread = threading.Thread(target=agent)
        thread.start()
        wrote = []
        try:
            for i in range(6):
                # As an editor saves: another file takes the place.
                temp = self.notes / ".a.md.swp"
                text = (self.notes / "a.md").read_text()
                temp.write_text(text + f"- editor {i}\n")
                os.replace(temp, self.notes / "a.md")
                wrote.append(f"editor {i}")
                self.sync()
        finally:
            stop.set()
            thread.join()
        self.sync()
        want = sorted([f"start {i}" for i in range(40)] + added + wrote)
        self.assertEqual(self.memory()["a"], want)
        self.assertEqual(sorted(self.facts("a")), want)
        self.same()

    def test_two_at_once(self):
        self.note("a", *(f"fact {i}" for i in range(300)))
        env = clean_env(self.home, {"MEMORY_DB_SOCKET": self.db.socket,
                                    "MEMORY_DB_PATH": None})
        both = [subprocess.Popen(
            [CTL, "--namespace", "p", "sync-folder", str(self.notes)], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
        ends = []
        for p in both:
            out, err = p.communicate(timeout=120 * SLOW)
            ends.append((p.returncode, out + err))
        for code, said in ends:
            self.assertTrue(code == 0 or "synced already" in said, ends)
        self.sync()
        self.assertEqual(len(self.memory()["a"]), 300)
        self.same()


class Names(Syncing):
    def test_an_entity_that_gets_another_name(self):
        text = "# About\n\n- fact of old\n- second\n\n```\nmake all\n```\n"
        (self.notes / "old.md").write_text(text)
        self.sync()
        with self.db.client() as c:
            c.ok("rename_entity", namespace="p", name="old", new_name="fresh")
        self.sync()
        self.assertEqual((self.notes / "old.md").read_text(), text)
        self.assertEqual(self.memory(), {"fresh": ["fact of old", "second"]})
        self.assertFalse((self.notes / "fresh.md").exists())
        self.same()
        # And both sides go on.
        self.add("fresh", "third")
        self.delete("fresh", "second")
        self.sync()
        self.assertEqual(self.facts("old"), ["fact of old", "third"])
        # Without a base the head still tells which one it is.
        self.note("n", "fact of n")
        self.sync()
        with self.db.client() as c:
            c.ok("rename_entity", namespace="p", name="n", new_name="m")
        (self.notes / ".memory-sync.json").unlink()
        self.sync()
        self.assertEqual(self.memory()["m"], ["fact of n"])
        self.assertNotIn("n", self.memory())
        self.assertFalse((self.notes / "m.md").exists())
        self.same()

    def test_renamed_on_both(self):
        self.note("a", "fact of a")
        self.sync()
        (self.notes / "a.md").rename(self.notes / "b.md")
        with self.db.client() as c:
            c.ok("rename_entity", namespace="p", name="a", new_name="c")
        self.sync()
        self.assertEqual(self.memory(), {"c": ["fact of a"]})
        self.assertEqual([n for n in self.bytes() if n != "MEMORY.md"],
                         ["b.md"])
        self.same()
        # One name on both sides that are two things.
        self.note("x", "of the folder")
        self.add("x", "of the memory")
        self.sync()
        self.assertEqual(self.memory()["x"], ["of the folder",
                                              "of the memory"])
        self.same()

    def test_copies_of_a_conflict(self):
        """As synchronizers of folders leave them: nothing of them is lost."""
        self.note("a", "one", "two")
        self.sync()
        head = "---\nname: a\nmetadata:\n  type: feedback\n---\n\n"
        for name in ("a (conflicted copy 2026-11-30).md",
                     "a.sync-conflict-20261130-101500-ABCDEFG.md"):
            (self.notes / name).write_text(head + f"- one\n- from {name}\n")
        self.sync()
        texts = {t for facts in self.memory().values() for t in facts}
        self.assertLessEqual({"one", "two", "from a (conflicted copy "
                              "2026-11-30).md"}, texts)
        self.assertEqual(self.memory()["a"], ["one", "two"])
        self.same()
        for name in list(self.bytes()):
            if "conflict" in name:
                (self.notes / name).unlink()
        self.sync()
        self.assertEqual(self.memory(), {"a": ["one", "two"]})
        self.same()


class Forms(Syncing):
    def test_other_line_ends_and_a_mark_at_the_begin(self):
        raw = ("\ufeff---\r\nname: \"tea pot\"\r\nmetadata:\r\n  type: "
               "project\r\n---\r\n\r\n- one\r\n- two\r\n")
        path = self.notes / "t.md"
        path.write_bytes(raw.encode())
        (self.notes / "plain.md").write_bytes("\ufeff- first\r\n".encode())
        self.sync()
        self.assertEqual(self.memory(), {"tea pot": ["one", "two"],
                                         "plain": ["first"]})
        with self.db.client() as c:
            e, = c.ok("open_nodes", namespace="p",
                      names=["tea pot"])["entities"]
        self.assertEqual(e["type"], "project")
        self.add("tea pot", "three")
        self.delete("tea pot", "one")
        self.sync()
        self.assertEqual(path.read_bytes().decode(),
                         raw.replace("- one\r\n", "") + "- three\r\n")
        self.same()
        # The other line end is no change.
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
        r = self.sync()
        self.assertEqual(r["memory"], {"added": 0, "removed": 0})
        # No line end at all.
        path.write_bytes(path.read_bytes().rstrip())
        self.add("tea pot", "four")
        self.sync()
        self.assertTrue(path.read_text().endswith("- three\n- four\n"))

    def test_other_encodings_are_left_alone(self):
        self.note("a", "stays")
        self.sync()
        for raw in ("- über\n".encode("latin-1"), "- x\n".encode("utf-16"),
                    "- x\n".encode("utf-32"), b"- \xc0\xaf\n",
                    b"- \xed\xa0\x80\n"):
            for name in ("a.md", "other.md"):
                (self.notes / name).write_bytes(raw)
            self.add("a", f"meanwhile {len(raw)}")
            r = self.sync()
            self.assertEqual(r["skipped"], 2, (raw, self.said))
            self.assertEqual((self.notes / "a.md").read_bytes(), raw)
            self.assertIn("stays", self.memory()["a"])
            self.assertNotIn("other", self.memory())
        self.note("a", "stays")
        (self.notes / "other.md").unlink()
        self.sync()
        self.assertEqual(len(self.facts("a")), 6)
        self.assertEqual(sorted(self.facts("a")), self.memory()["a"])

    def test_broken_heads(self):
        for i, (head, name) in enumerate((
                ("---\nname: [a, b\n\tx: :\n---\n", "[a, b"),
                ("---\n: : :\n---\n", None),
                ("---\nname:\n---\n", None),
                ("---\nname: \"no end\n---\n", '"no end'),
                ("---\n---\n", None),
                ("---\nname: " + "x" * 5000 + "\n---\n", None),
                ("----\n\n", None),
                ("--- \nname: y\n---\n\n", None))):
            file = self.notes / f"n{i}.md"
            text = head + f"- fact {i}\n"
            file.write_text(text)
            self.sync()
            self.assertIn([f"fact {i}"], [
                [f for f in facts if f.startswith("fact")]
                for facts in self.memory().values()], head)
            if name:
                self.assertIn(name, self.memory())
            self.assertEqual(file.read_text(), text)
            self.same()
        # One that does not end says nothing yet, and loses nothing.
        self.note("torn", "a fact")
        self.sync()
        (self.notes / "torn.md").write_text("---\nname: torn\n- a fa")
        self.assertGreater(self.sync()["skipped"], 0)
        self.assertEqual(self.memory()["torn"], ["a fact"])
        self.assertEqual((self.notes / "torn.md").read_text(),
                         "---\nname: torn\n- a fa")

    def test_a_note_of_one_megabyte(self):
        facts = [f"fact {i:05} " + "of a large note " * 5 for i in range(
            10_900)]
        self.note("big", *facts)
        size = (self.notes / "big.md").stat().st_size
        self.assertGreater(size, 1_000_000)
        self.assertLess(size, 1 << 20)
        self.note("small", "beside it")
        self.sync()
        with self.db.client(timeout=120) as c:
            e, = c.ok("read_graph", namespace="p", limit=1)["entities"]
        self.assertEqual(e["name"], "big")
        self.assertEqual(len(e["observations"]), len(facts))
        self.same()
        # Both sides change it.
        self.note("big", *facts[:-3000], "new in the folder")
        self.add("big", "new in the memory")
        self.delete("big", facts[0].strip())
        r = self.sync()
        self.assertEqual((r["memory"]["removed"], r["folder"]["removed"]),
                         (3000, 1))
        have = [" ".join(f.split()) for f in self.facts("big")]
        self.assertEqual(len(have), len(facts) - 3000 - 1 + 2)
        self.assertIn("new in the memory", have)
        self.same()
        # More than a note can have is a document: it is left alone.
        (self.notes / "huge.md").write_text("- x\n" + "y " * (1 << 20))
        self.assertEqual(self.sync()["skipped"], 1)
        self.assertNotIn("huge", self.memory())


class Several(Syncing):
    def one(self, folder, namespace, db=None, home=None, code=0):
        done = subprocess.run(
            [CTL, "--namespace", namespace, "sync-folder", str(folder)],
            text=True, capture_output=True, timeout=60 * SLOW,
            env=clean_env(home or self.home, {
                "MEMORY_DB_SOCKET": (db or self.db).socket,
                "MEMORY_DB_PATH": None}))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def graph(self, namespace, db=None):
        with (db or self.db).client() as c:
            g = c.ok("read_graph", namespace=namespace, limit=1000)
        return {e["name"]: sorted(e["observations"]) for e in g["entities"]
                if "namespace" not in e}

    def test_two_projects(self):
        """Notes of one name are two things; the user's memory is in neither."""
        with self.db.client() as c:
            c.ok("create_entities", namespace="default",
                 entities=[entity("me", "I like tea")])
        folders = {}
        for ns in ("/srv/a", "/srv/b"):
            folders[ns] = self.dir / ns.replace("/", "-") / "memory"
            folders[ns].mkdir(parents=True)
            (folders[ns] / "build.md").write_text(f"- make in {ns}\n")
            self.one(folders[ns], ns)
        for ns, folder in folders.items():
            self.assertEqual(self.graph(ns), {"build": [f"make in {ns}"]})
            self.one(folder, ns)
            self.assertEqual(sorted(p.name for p in folder.glob("*.md")),
                             ["build.md"])
        # A folder that is moved to another project has no base there.
        (folders["/srv/a"] / "build.md").write_text("- make in /srv/a\n- x\n")
        self.one(folders["/srv/a"], "/srv/b")
        self.assertEqual(self.graph("/srv/b")["build"], [
            "make in /srv/a", "make in /srv/b", "x"])
        self.assertEqual(self.graph("/srv/a"), {"build": ["make in /srv/a"]})

    def test_two_users_with_one_folder(self):
        """A folder that is shared has a base for each memory."""
        other, home = self.service(), self.dir / "home2"
        home.mkdir()
        self.note("a", "one", head=False)
        self.one(self.notes, "p")
        self.one(self.notes, "p", other, home)
        with other.client() as c:
            c.ok("add_observations", namespace="p", observations=[{
                "entityName": "a", "contents": ["of the second user"]}])
        self.one(self.notes, "p", other, home)
        self.one(self.notes, "p")
        want = {"a": ["of the second user", "one"]}
        self.assertEqual((self.graph("p"), self.graph("p", other)),
                         (want, want))
        self.delete("a", "one")
        self.one(self.notes, "p")
        self.one(self.notes, "p", other, home)
        want = {"a": ["of the second user"]}
        self.assertEqual((self.graph("p"), self.graph("p", other)),
                         (want, want))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_notes_of_another_user(self):
        self.note("a", "mine")
        self.note("b", "theirs")
        os.chown(self.notes / "b.md", 65534, 65534)
        self.assertEqual(self.sync()["skipped"], 1)
        self.assertEqual(self.memory(), {"a": ["mine"]})
        self.assertEqual(self.facts("b"), ["theirs"])


if __name__ == "__main__":
    unittest.main()
