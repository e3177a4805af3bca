"""Facts that were read in code: marked as fresh, stale or unknown."""
import json
import os
import shutil
import subprocess
import time
import unittest

from harness import BIN, SLOW, Mcp, TestCase, clean_env, entity, reports

CTL = str(BIN / "memoryctl")
POOL = "int threads = 8;\nint queue = 64;\n\nvoid run(void)\n{\n}\n"


class CodeSource(TestCase):
    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.code = self.dir / "shop"
        for d in (self.home, self.code / "src"):
            d.mkdir(parents=True)
        (self.code / ".git").mkdir()
        (self.code / ".git/HEAD").write_text("ref: refs/heads/main\n")
        (self.code / ".git/packed-refs").write_text(
            "# pack-refs\n" + "a1" * 20 + " refs/heads/main\n")
        self.pool = self.code / "src/pool.c"
        self.pool.write_text(POOL)
        self.db = self.service()

    def mcp(self, cwd=None, args=("--namespace", "auto"), **env):
        m = Mcp(self.folder(), list(args), clean_env(self.home, {
            "MEMORY_DB_SOCKET": self.db.socket, "MEMORY_DB_PATH": None,
            **env}), cwd=cwd or self.code)
        self.addCleanup(m.done)
        return m

    def store(self, m, source, text="the pool has eight threads", name="pool",
              **more):
        return m.ok("create_entities", entities=[entity(
            name, {"text": text, "source": source})], **more)

    def line(self, m, query="how many threads has the pool?"):
        return "\n".join(m.ok("recall", query=query)["results"])

    def state(self, m, name="pool"):
        e = m.ok("open_nodes", names=[name])["entities"][0]
        return [(s["source"], s["state"]) for s in e.get("sources", [])]

    def stored(self, namespace=None, name="pool"):
        with self.db.client() as c:
            e = c.ok("open_nodes", names=[name],
                     namespace=namespace or str(self.code))["entities"][0]
        return e["sources"]

    def test_fresh_moved_stale_gone(self):
        m = self.mcp()
        self.store(m, "src/pool.c:1-2")
        s = self.stored()[0]["source"]
        self.assertEqual((s["path"], s["lines"], s["commit"]),
                         ("src/pool.c", "1-2", "a1" * 20))
        self.assertRegex(s["hash"], "^l1:[0-9a-f]{16}$")
        self.assertIn("src/pool.c:1-2: fresh)", self.line(m))
        self.assertEqual(self.state(m), [("src/pool.c:1-2", "fresh")])
        found = m.ok("search_nodes", query="threads")["entities"][0]
        self.assertEqual(found["sources"][0]["state"], "fresh")
        # Other line ends and white space at the ends do not matter.
        self.pool.write_text("int threads = 8;  \r\nint queue = 64;\t\n")
        self.assertEqual(self.state(m), [("src/pool.c:1-2", "fresh")])
        # The lines moved: still there, and told where.
        self.pool.write_text("/* new */\n" * 40 + POOL)
        self.assertEqual(self.state(m), [("src/pool.c:41-42", "fresh")])
        self.assertIn("src/pool.c:41-42: fresh)", self.line(m))
        self.pool.write_text(POOL.replace("8", "16"))
        self.assertIn("src/pool.c:1-2: stale)", self.line(m))
        self.assertEqual(self.state(m), [("src/pool.c:1-2", "stale")])
        self.pool.rename(self.code / "src/threads.c")
        self.assertEqual(self.state(m), [("src/pool.c:1-2", "stale")])
        # It is marked, never hidden, and told again it is fresh.
        self.assertIn("eight threads", self.line(m))
        self.store(m, "src/threads.c:1")
        self.assertEqual(self.state(m), [("src/threads.c:1", "fresh")])

    def ctl(self, *args, cwd=None, namespace=None, code=0):
        done = subprocess.run(
            [CTL, *(["--namespace", namespace] if namespace else []), *args],
            text=True, capture_output=True, timeout=60 * SLOW,
            cwd=cwd or self.code,
            env=clean_env(self.home, {"MEMORY_DB_SOCKET": self.db.socket,
                                      "MEMORY_DB_PATH": None}))
        self.assertEqual(reports(done.stderr), [])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def git(self, *args):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b",
                        "-C", str(self.code), *args], check=True,
                       capture_output=True, env=clean_env(self.home))

    def test_renamed_files(self):
        """A file that has another name now: its facts are moved, not stale."""
        shutil.rmtree(self.code / ".git")
        self.git("init", "-q")
        for i in range(30):
            (self.code / f"src/other{i}.c").write_text(f"int o{i};\n}}\n" * 3)
        self.git("add", ".")
        self.git("commit", "-qm", "x")
        m = self.mcp()
        self.store(m, "src/pool.c:1-3")
        self.store(m, "src/pool.c:2", "the queue takes 64", "queue")
        self.store(m, "src/pool.c", "pools are one file", "file")
        self.store(m, "src/pool.c:6", "it ends", "end")
        where = {"pool": ":1-3", "queue": ":2", "file": ""}
        names = ["src/threads.c", "lib/deep/pool.c", "lib/deep/fibers.c"]
        was = "src/pool.c"
        for version in ("2", "4", "3"):
            for now in names:
                (self.code / now).parent.mkdir(parents=True, exist_ok=True)
                self.git("mv", was, now)
                self.git("update-index", "--index-version", version)
                for name, lines in where.items():
                    self.assertEqual(self.state(m, name),
                                     [(now + lines, "moved")], (version, now))
                # A bracket alone stands in many files.
                self.assertEqual(self.state(m, "end"),
                                 [("src/pool.c:6", "stale")])
                was = now
        self.assertIn("lib/deep/fibers.c:1-3: moved)", self.line(m))
        self.assertIn("lib/deep/fibers.c:1-3: moved", self.ctl("show", "pool"))
        # Renamed and edited: the lines stand elsewhere in the other file.
        (self.code / was).write_text("/* new */\n" * 9 + POOL)
        self.assertEqual(self.state(m), [(was + ":10-12", "moved")])
        self.assertEqual(self.state(m, "file"), [("src/pool.c", "stale")])
        # Not told to git yet.
        self.git("rm", "-qf", "--cached", was)
        (self.code / was).rename(self.code / "src/zero.c")
        self.assertEqual(self.state(m), [("src/zero.c:10-12", "moved")])
        (self.code / "src/zero.c").unlink()
        self.assertEqual(self.state(m), [("src/pool.c:1-3", "stale")])
        for text in (b"", b"DIRC", b"DIRC\0\0\0\4\xff\xff\xff\xff" + b"a" * 200,
                     os.urandom(4000)):
            (self.code / ".git/index").write_bytes(text)
            self.assertEqual(self.state(m), [("src/pool.c:1-3", "stale")])

    def test_show_search_and_json_mark(self):
        m = self.mcp()
        self.store(m, "src/pool.c:1-2")
        self.assertIn("src/pool.c:1-2: fresh", self.ctl("show", "pool"))
        self.pool.write_text("int other;\n")
        for word, out in (("show", self.ctl("show", "pool")),
                          ("search", self.ctl("search", "threads")),
                          ("recall", self.ctl("recall", "threads of the pool"))):
            self.assertIn("src/pool.c:1-2: stale", out, word)
        shown = json.loads(self.ctl("--json", "show", "pool"))
        self.assertEqual(shown["entities"][0]["facts"][0]["state"], "stale")
        found = json.loads(self.ctl("--json", "search", "threads"))
        self.assertEqual(found["sources"][0]["state"], "stale")
        # Elsewhere nobody knows.
        away = self.folder()
        self.assertIn("src/pool.c:1-2: unknown", self.ctl(
            "show", "pool", cwd=away, namespace=str(self.code)))

    def test_markdown_and_back(self):
        m = self.mcp()
        self.store(m, "src/pool.c:1-2")
        self.store(m, {"path": "src/pool.c", "lines": 4}, "has a > run --> it",
                   "run")
        before = [self.stored(name=n) for n in ("pool", "run")]
        folder = self.dir / "md"
        self.ctl("export", "--markdown", str(folder))
        self.db = self.service()
        self.ctl("--branch", "main", "import", "--from", "basic-memory",
                 str(folder), namespace=str(self.code))
        self.assertEqual([self.stored(name=n) for n in ("pool", "run")],
                         before)
        m = self.mcp()
        self.assertEqual(self.state(m), [("src/pool.c:1-2", "fresh")])

    def test_metadata_keeps_the_source(self):
        m = self.mcp(args=("--namespace", "auto", "--tools",
                           "default,history"))
        text = "the pool has eight threads"

        def update(**what):
            m.ok("update_entity", {"name": "pool", "observation": text,
                                   **what})

        self.store(m, "src/pool.c:1-2")
        before = self.stored()
        for metadata in ({"a": 1}, {}, {"b": {"c": 2}}):
            update(metadata=metadata)
            self.assertEqual(self.stored(), before)
            m.ok("add_observations", observations=[{
                "entityName": "pool",
                "contents": [{"text": text, "metadata": metadata}]}])
            self.assertEqual(self.stored(), before)
        update(tags=["x"],
             ttl_days=3)
        self.assertEqual(self.state(m), [("src/pool.c:1-2", "fresh")])
        update(metadata={"source": {"path": "src/pool.c"}})
        self.assertEqual(self.stored()[0]["source"], {"path": "src/pool.c"})
        update(metadata={"source": None, "b": 3})
        self.assertEqual(self.state(m), [])
        # Somebody's own member of that name is theirs.
        update(metadata={"source": "a book"})
        update(metadata={"d": 1})
        with self.db.client() as c:
            [f] = c.ok("open_nodes", names=["pool"], fields=["facts"],
                       namespace=str(self.code))["entities"][0]["facts"]
        self.assertEqual(f["metadata"], {"d": 1})

    def test_whole_file_and_forms(self):
        m = self.mcp()
        self.store(m, "src/pool.c")
        self.assertEqual(self.state(m), [("src/pool.c", "fresh")])
        self.store(m, {"path": "./src//pool.c", "lines": 4}, "has a run",
                   "run")
        self.assertEqual(self.state(m, "run"), [("src/pool.c:4", "fresh")])
        self.store(m, f"{self.code}/src/pool.c:4-6", "run does nothing",
                   "does")
        self.assertEqual(self.state(m, "does"), [("src/pool.c:4-6", "fresh")])
        with open(self.pool, "a") as f:
            f.write("more\n")
        self.assertEqual(self.state(m), [("src/pool.c", "stale")])
        self.assertEqual(self.state(m, "run"), [("src/pool.c:4", "fresh")])

    def test_add_and_correct(self):
        m = self.mcp()
        m.ok("create_entities", entities=[entity("pool", "exists")])
        m.ok("add_observations", observations=[{
            "entityName": "pool", "source": "src/pool.c:1",
            "contents": ["has eight threads", "is a global"]}])
        self.assertEqual([s for _, s in self.state(m)], ["fresh", "fresh"])
        self.assertEqual([s["observation"] for s in self.stored()], [1, 2])
        m.ok("replace_observation", entityName="pool", old="is a global",
             new="is a global variable of the file")
        # What the old words were read in does not say the new.
        self.assertEqual(len(self.state(m)), 1)
        m.ok("replace_observation", entityName="pool",
             old="has eight threads", new="has a queue of 64",
             source="src/pool.c:2")
        self.assertEqual(self.state(m), [("src/pool.c:2", "fresh")])

    def test_from_a_folder_below(self):
        m = self.mcp(self.code / "src")
        self.store(m, "pool.c:1")
        self.assertEqual(self.state(m), [("src/pool.c:1", "fresh")])

    def test_second_project_and_users_memory(self):
        m = self.mcp()
        self.store(m, "src/pool.c:1-2", "pools have eight threads", "pools",
                   scope="user")
        self.assertEqual(self.state(m, "pools"),
                         [("src/pool.c:1-2", "fresh")])
        other = self.dir / "other"
        (other / "src").mkdir(parents=True)
        (other / ".git").mkdir()
        (other / "src/pool.c").write_text("something else\n")
        o = self.mcp(other)
        # A file of the same name in another project says nothing of it.
        self.assertEqual(self.state(o, "pools"),
                         [("src/pool.c:1-2", "unknown")])
        self.assertIn("src/pool.c:1-2: unknown", self.line(
            o, "how many threads do pools have?"))
        # A namespace that somebody chose: the tree is told beside.
        n = self.mcp(args=("--namespace", "shared"))
        self.store(n, "src/pool.c:1")
        self.assertEqual(self.stored("shared")[0]["source"]["project"],
                         str(self.code))
        self.assertEqual(self.state(n), [("src/pool.c:1", "fresh")])
        o = self.mcp(other, args=("--namespace", "shared"))
        self.assertEqual(self.state(o), [("src/pool.c:1", "unknown")])

    def test_hostile_paths(self):
        m = self.mcp()
        secret = self.dir / "secret.txt"
        secret.write_text("a\n")
        for path in ("../secret.txt", "src/../../secret.txt", str(secret),
                     "/etc/passwd", "", "a\nb", "x" * 2000):
            r = m.tool("create_entities", entities=[entity(
                "bad", {"text": "is bad", "source": path})])
            self.assertTrue(r.get("isError"), path)
            self.assertIn("source", json.dumps(r))
        with self.db.client() as c:
            for source in ("../x", "/etc/passwd", {"path": "a/../b"},
                           {"path": "a", "lines": "9-3"},
                           {"path": "a", "lines": "x"},
                           {"path": "a", "hash": "a b"}):
                r = c.call("add_observations", namespace="p", observations=[{
                    "entityName": "e", "entityType": "t", "contents": [
                        {"text": "x", "source": source}]}])
                self.assertFalse(r["success"], source)
                self.assertIn("source", r["error"])
        os.symlink(secret, self.code / "out.txt")
        os.symlink(self.dir, self.code / "up")
        os.symlink("/dev/zero", self.code / "zero")
        os.mkfifo(self.code / "fifo")
        with open(self.code / "big.c", "wb") as f:
            f.truncate(3 * 1024 ** 3)
        (self.code / "shut.c").write_text("x\n")
        (self.code / "shut.c").chmod(0)
        paths = ["out.txt", "up/secret.txt", "zero", "fifo", "big.c", "src"]
        if os.getuid():
            paths.append("shut.c")
        began = time.monotonic()
        for i, path in enumerate(paths):
            self.store(m, path, f"fact {i} of {path}", f"e{i}")
            self.assertEqual(self.state(m, f"e{i}"), [(path, "unknown")])
            self.assertNotIn("hash", self.stored(name=f"e{i}")[0]["source"])
        self.assertLess(time.monotonic() - began, 5 * SLOW)
        # A file that became a link, a fifo, a large one.
        for i, make in enumerate((
                lambda p: os.symlink(secret, p), os.mkfifo,
                lambda p: open(p, "wb").truncate(10 ** 9))):
            p = self.code / f"f{i}.c"
            p.write_text("a\n")
            self.store(m, f"f{i}.c:1", f"file {i} says a", f"f{i}")
            self.assertEqual(self.state(m, f"f{i}")[0][1], "fresh")
            p.unlink()
            make(p)
            self.assertEqual(self.state(m, f"f{i}")[0][1], "unknown")

    def test_secret_in_a_path(self):
        m = self.mcp()
        token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
        r = m.tool("create_entities", entities=[entity("s", {
            "text": "a fact", "source": f"src/{token}.c"})])
        self.assertNotIn(token, json.dumps(self.db_text()))
        self.assertTrue(r.get("isError") or "marked" in json.dumps(r))

    def db_text(self):
        with self.db.client() as c:
            return c.ok("export_log", all=True)

    def test_lines_that_are_not_there(self):
        m = self.mcp()
        r = m.tool("create_entities", entities=[entity("p", {
            "text": "a fact", "source": "src/pool.c:100-110"})])
        self.assertTrue(r["isError"])
        self.assertIn("6 lines", json.dumps(r))

    def test_kept_by_undo_export_and_branches(self):
        m = self.mcp(args=("--namespace", "auto", "--tools",
                           "default,history"))
        self.store(m, "src/pool.c:1-2")
        before = self.stored()
        log = self.db_text()["lines"]
        with self.service().client() as c:
            c.ok("import_records", source="x", offset=0, records=log,
                 done=True, all_namespaces=True)
            e = c.ok("open_nodes", names=["pool"],
                     namespace=str(self.code))["entities"][0]
            self.assertEqual(e["sources"], before)
        with self.db.client() as c:
            self.assertEqual(c.ok("verify")["problems"], [])

    def test_ten_thousand_facts_of_large_files(self):
        """A reply has a budget: what is left is unknown, and it is told."""
        m = self.mcp()
        for f in range(4):
            (self.code / f"l{f}.c").write_text("".join(
                f"line {f} {i}\n" for i in range(60000)))
        with self.db.client() as c:
            for k in range(20):
                c.ok("add_observations", namespace=str(self.code),
                     observations=[{
                         "entityName": f"big{k}", "entityType": "t",
                         "contents": [{
                             "text": f"fact {k} {i}",
                             "source": {"path": f"l{i % 4}.c",
                                        "lines": f"{i + 1}-{i + 9}",
                                        "hash": "l1:" + "0" * 16}}
                             for i in range(500)]}])
        began = time.monotonic()
        cursor, n, states = {}, 0, set()
        while True:
            g = m.ok("read_graph", **cursor)
            for e in g["entities"]:
                states |= {s["state"] for s in e["sources"]}
                n += len(e["sources"])
            if "next" not in g:
                break
            cursor = {"cursor": g["next"]}
        self.assertGreater(n, 1000)
        self.assertLessEqual(states, {"stale", "unknown"})
        self.assertLess(time.monotonic() - began, 20 * SLOW)

    def test_sources_are_within_the_budget(self):
        """Where facts and their sources have no room, fewer facts are given;
        the sources are of those that are."""
        path = "a/" * 400 + "x.c"
        source = {"path": path, "lines": "1-2", "hash": "0" * 16}
        for lead in (False, True):
            texts = [f"item {i} of the list" for i in range(300)]
            with self.db.client() as c:
                c.ok("create_entities", entities=[entity(
                    "list", *({"text": t, "source": source} for t in texts))])
                # What leads a search is one of the last.
                (e,) = (c.ok("search_nodes", query="299", max_bytes=6000)[
                    "results"] if lead else c.ok(
                        "open_nodes", names=["list"], max_bytes=6000)[
                            "entities"])
                (whole,) = c.ok("open_nodes", names=["list"])["entities"]
            self.assertLess(len(json.dumps(e)), 6500)
            n = len(e["observations"])
            self.assertEqual(n + e["omitted"], 300)
            self.assertGreater(n, 2)
            self.assertGreater(len(e["sources"]), 2)
            for s in e["sources"]:
                self.assertLess(s["observation"], n)
            if not lead:
                self.assertEqual(e["observations"], texts[:n])
            self.assertEqual(len(whole["observations"]),
                             len(whole["sources"]))

    def test_compat_is_as_the_reference(self):
        m = self.mcp()
        self.store(m, "src/pool.c:1")
        c = self.mcp(args=("--namespace", "auto", "--tools", "compat"))
        self.assertNotIn("sources", json.dumps(c.ok("read_graph")))


if __name__ == "__main__":
    unittest.main()
