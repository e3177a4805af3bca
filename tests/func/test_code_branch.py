"""The memory follows the code: --branch auto, and git-sync."""
import json
import os
import shutil
import subprocess
import unittest

from code_folder import CodeFolder
from harness import BIN, SLOW, Mcp, entity, reports

CTL = str(BIN / "memoryctl")


@unittest.skipUnless(shutil.which("git"), "git is not installed")
class CodeBranch(CodeFolder):
    def ctl(self, *args, code=0, cwd=None, **env):
        done = subprocess.run([CTL, *map(str, args)], text=True,
                              capture_output=True, cwd=cwd or self.code,
                              timeout=60 * SLOW, env=self.env(**env))
        self.assertEqual(reports(done.stderr), [])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def add(self, text, cwd=None):
        self.ctl("--namespace", "auto", "--branch", "auto", "add", "notes",
                 text, cwd=cwd)

    def texts(self, branch="main"):
        with self.db.client() as c:
            g = c.ok("read_graph", namespace=self.namespace, branch=branch)
        return sorted(o for e in g["entities"] for o in e["observations"])

    def branches(self):
        with self.db.client() as c:
            return [b["name"] for b in c.ok(
                "memory_branch", action="list",
                namespace=self.namespace)["branches"]]

    def sync(self, *args):
        return {r["branch"]: r["did"] for r in json.loads(self.ctl(
            "--namespace", "auto", "--json", "git-sync", *args))}

    def test_follows_and_merges(self):
        self.add("on main")
        self.assertEqual((self.texts(), self.branches()), (["on main"], []))
        self.git("switch", "-q", "-c", "feature/login")
        # Reading makes no branch: as long as nothing is written it is main.
        self.assertIn("on main", self.ctl("--branch", "auto", "show",
                                          "notes"))
        self.assertEqual(self.branches(), [])
        self.commit("login")
        self.add("login uses tokens")
        self.assertEqual(self.branches(), ["git/feature/login"])
        self.assertEqual(self.texts(), ["on main"])
        self.assertEqual(self.texts("git/feature/login"),
                         ["login uses tokens", "on main"])
        self.git("switch", "-q", "main")
        self.add("main again")
        self.assertEqual(self.texts(), ["main again", "on main"])
        self.assertEqual(list(self.sync().values()), ["its code is there"])
        self.git("merge", "-q", "--no-ff", "-m", "m", "feature/login")
        self.git("branch", "-q", "-d", "feature/login")
        self.assertEqual(list(self.sync("--dry-run").values()),
                         ["would be merged"])
        self.assertEqual(self.texts(), ["main again", "on main"])
        self.assertEqual(list(self.sync().values()), ["merged"])
        self.assertEqual(self.texts(), ["login uses tokens", "main again",
                                        "on main"])
        self.assertEqual((self.branches(), self.sync()), ([], {}))

    def test_squash_and_given_up(self):
        for name in ("squashed", "given-up"):
            self.git("switch", "-q", "-c", name, "main")
            self.commit(name)
            self.add(f"of {name}")
        self.git("switch", "-q", "main")
        self.git("merge", "-q", "--squash", "squashed")
        self.git("commit", "-q", "-m", "squash")
        self.git("branch", "-q", "-D", "squashed", "given-up")
        did = self.sync()
        self.assertEqual(did["git/squashed"], "merged")
        self.assertIn("kept", did["git/given-up"])
        self.assertEqual(self.texts(), ["of squashed"])
        self.assertEqual(self.sync("--discard"),
                         {"git/given-up": "discarded"})
        self.assertEqual((self.texts(), self.branches()),
                         (["of squashed"], []))

    def test_discard_keeps_what_another_clone_may_have(self):
        with self.db.client() as c:
            c.ok("memory_branch", action="create", name="git/theirs",
                 namespace=self.namespace)
        did = self.sync("--discard")
        self.assertIn("knows nothing", did["git/theirs"])
        self.assertEqual(self.branches(), ["git/theirs"])

    def test_worktree_and_detached(self):
        self.git("remote", "add", "origin", "https://host.example/team/app")
        tree = self.dir / "tree"
        self.git("worktree", "add", "-q", "-b", "other", tree)
        m = Mcp(self.folder(), ["--namespace", "auto"], self.env(),
                cwd=self.code)      # the remote is this folder's
        m.done()
        self.namespace = "host.example/team/app"
        self.add("in the first")
        self.add("in the worktree", cwd=tree)
        self.assertEqual(self.texts(), ["in the first"])
        self.assertEqual(self.branches(), ["git/other"])
        self.git("checkout", "-q", "--detach")
        self.add("detached is main")
        self.assertEqual(self.texts(), ["detached is main", "in the first"])

    def test_default_branch_of_another_name(self):
        self.git("branch", "-m", "main", "trunk")
        (self.code / ".git/refs/remotes/origin").mkdir(parents=True)
        (self.code / ".git/refs/remotes/origin/HEAD").write_text(
            "ref: refs/remotes/origin/trunk\n")
        self.add("on the trunk")
        self.assertEqual((self.texts(), self.branches()),
                         (["on the trunk"], []))

    def test_an_import_is_of_all_projects(self):
        """MEMORY_BRANCH=auto names the branch of one folder's code; what is
        imported lands on a branch of its own in each project, and one undo
        finds it there."""
        other = self.dir / "other"
        other.mkdir()
        for cwd, text in ((self.code, "We decided to use Postgres."),
                          (other, "We decided to use Redis.")):
            folder = (self.home / ".claude/projects" /
                      str(cwd).replace("/", "-"))
            folder.mkdir(parents=True)
            (folder / "s.jsonl").write_text(json.dumps({
                "type": "user", "cwd": str(cwd),
                "message": {"role": "user", "content": text}}) + "\n")
        env = {"MEMORY_BRANCH": "auto", "MEMORY_NAMESPACE": "auto"}
        for branch in ("main", "login"):
            if branch != "main":
                self.git("checkout", "-q", "-b", branch)
            report = json.loads(self.ctl("import", "--json", "--from",
                                         "claude-code", "--restart", **env))
            self.assertEqual(report["branch"], "import-claude-code")
            self.assertGreater(report["stored"], 0)
            names = set(report["namespaces"])
            self.assertLessEqual({str(self.code), str(other)}, names)
            self.assertEqual((self.texts(), self.branches()),
                             ([], ["import-claude-code"]))
            self.assertTrue(self.texts("import-claude-code"))
            self.ctl("undo", "--session", report["session"], **env)
            with self.db.client() as c:
                for name in names:
                    g = c.ok("read_graph", namespace=name,
                             branch="import-claude-code")
                    self.assertEqual([o for e in g["entities"]
                                      for o in e["observations"]], [], name)
        # A branch that somebody names is the one.
        report = json.loads(self.ctl(
            "--branch", "mine", "import", "--json", "--from", "claude-code",
            "--restart", MEMORY_NAMESPACE="auto"))
        self.assertEqual(report["branch"], "mine")
        self.assertTrue(self.texts("mine"))

    def test_no_repository(self):
        plain = self.dir / "plain"
        plain.mkdir()
        self.ctl("--namespace", "x", "--branch", "auto", "add", "a", "b",
                 cwd=plain)
        self.ctl("--namespace", "x", "git-sync", code=100, cwd=plain)

    def test_agents_follow_while_they_run(self):
        """A session of memory-mcp that lives through a switch."""
        m = Mcp(self.folder(), ["--namespace", "auto", "--branch", "auto"],
                self.env(), cwd=self.code)
        self.addCleanup(m.done)
        m.ok("create_entities", entities=[entity("a", "said on main")])
        self.git("switch", "-q", "-c", "login")
        self.assertIn("said on main", json.dumps(m.ok("read_graph")))
        m.ok("create_entities", entities=[entity("a", "said on login")])
        m.ok("create_entities", entities=[entity("u", "of the user")],
             scope="user")
        self.assertIn("said on login", json.dumps(m.ok("read_graph")))
        self.git("switch", "-q", "main")
        self.assertNotIn("said on login", json.dumps(m.ok("read_graph")))
        # What holds in every project is on main of the user's memory.
        self.assertIn("of the user", json.dumps(m.ok("read_graph")))
        self.assertEqual(self.branches(), ["git/login"])

    def test_the_users_memory_follows_its_main(self):
        """A branch of the code is one of the project alone."""
        m = Mcp(self.folder(), ["--namespace", "auto", "--branch", "auto",
                                "--tools", "default,history"],
                self.env(), cwd=self.code)
        self.addCleanup(m.done)
        m.ok("create_entities", entities=[entity("ada", "likes green tea")],
             scope="user")
        m.ok("create_entities", entities=[entity("a", "said on main")])
        self.git("switch", "-q", "-c", "login")
        m.ok("create_entities", entities=[entity("a", "said on login")])
        # Everything below happens after the fork.
        with self.db.client() as c:
            c.ok("add_observations", observations=[
                {"entityName": "ada", "contents": ["plays chess"]}])
            c.ok("delete_observations", deletions=[
                {"entityName": "ada", "observations": ["likes green tea"]}])
            c.ok("create_entities", entities=[entity("bob", "keeps bees")])
            c.ok("update_entity", name="bob", pin=True)
            c.ok("create_entities", namespace=self.namespace,
                 entities=[entity("b", "later on main")])
        m.ok("create_entities", entities=[entity("eve", "paints boats")],
             scope="user")
        g = {e["name"]: e["observations"]
             for e in m.ok("read_graph")["entities"]}
        self.assertEqual(g["ada"], ["plays chess"])
        self.assertEqual(g["bob"], ["keeps bees"])
        self.assertEqual(g["eve"], ["paints boats"])
        self.assertEqual(g["a"], ["said on main", "said on login"])
        self.assertNotIn("b", g)
        for query, wanted in (("who keeps bees?", "keeps bees"),
                              ("who plays chess?", "plays chess"),
                              ("what does eve paint?", "paints boats")):
            self.assertIn(wanted, json.dumps(m.ok("recall", query=query)))
        self.assertNotIn("green tea", json.dumps(
            m.ok("recall", query="who likes green tea?")))
        # A write sees it as well: bob came after the fork.
        m.ok("create_relations", relations=[
            {"from": "a", "to": "bob", "relationType": "asks"}])
        self.assertEqual([e["name"] for e in m.ok(
            "search_nodes", query="bees")["entities"]], ["bob"])
        self.assertEqual(m.ok("search_nodes", query="green tea")["entities"],
                         [])
        seen = json.dumps(m.ok("memory_history", {"name": "ada"}))
        self.assertIn("plays chess", seen)
        with self.db.client() as c:
            e = c.ok("open_nodes", names=["bob"], namespace=self.namespace,
                     branch="git/login",
                     fields=["name", "pin", "version"])["entities"][0]
            self.assertEqual((e["pin"], e["version"]), (True, 2))
            # The past of the branch is the past of both.
            newest = c.ok("memory_history", limit=1,
                          namespace="default")["changes"][0]["change"]
            c.ok("add_observations", observations=[
                {"entityName": "bob", "contents": ["sells honey"]}])
            e = c.ok("open_nodes", names=["bob"], namespace=self.namespace,
                     branch="git/login", as_of=newest)["entities"][0]
            self.assertEqual(e["observations"], ["keeps bees"])
            self.assertEqual(c.ok("verify")["problems"], [])
            self.assertEqual([b["name"] for b in c.ok(
                "memory_branch", action="list")["branches"]], [])

    def test_protected_memory_of_the_user(self):
        """An agent on a branch of the code writes to the user's inbox."""
        with self.db.client() as c:
            c.ok("set_namespace_settings", settings={"protect": True})
        m = Mcp(self.folder(), ["--namespace", "auto", "--branch", "auto"],
                self.env(), cwd=self.code)
        self.addCleanup(m.done)
        self.git("switch", "-q", "-c", "login")
        r = m.ok("create_entities", entities=[entity("eve", "paints boats")],
                 scope="user")
        self.assertTrue(r["staged"], r)
        m.ok("create_entities", entities=[entity("a", "said on login")])
        # Its own session reads what waits, beside its branch; main has not.
        g = json.dumps(m.ok("read_graph"))
        self.assertIn("paints boats", g)
        self.assertIn("said on login", g)
        with self.db.client() as c:
            self.assertEqual(c.ok("read_graph")["entities"], [])
            waiting = c.ok("list_staged")["staged"]
            self.assertEqual(len(waiting), 1)
            c.ok("review_staged", {"do": "approve",
                                   "changes": [waiting[0]["staged"]]})
            self.assertIn("paints boats", json.dumps(c.ok("read_graph")))
        self.assertIn("paints boats", json.dumps(m.ok("read_graph")))

    def test_hooks_follow(self):
        self.git("switch", "-q", "-c", "login")
        self.commit("x")
        done = subprocess.run(
            [CTL, "hook", "gemini", "AfterAgent"], cwd=self.dir,
            env=self.env(MEMORY_BRANCH="auto"), capture_output=True,
            timeout=60 * SLOW, input=json.dumps({
                "session_id": "s", "cwd": str(self.code),
                "prompt": "I prefer tabs over spaces.",
                "prompt_response": "Noted."}).encode())
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.texts(), [])
        self.assertEqual(len(self.texts("git/login")), 1)

    def test_log_is_replayed(self):
        self.git("switch", "-q", "-c", "login")
        self.add("on the branch")
        with self.db.client() as c:
            self.assertEqual(c.ok("verify")["problems"], [])
            lines = c.ok("export_log", all=True)["lines"]
        with self.service().client() as c:
            c.ok("import_records", source="x", offset=0, records=lines,
                 done=True, all_namespaces=True)
            g = c.ok("read_graph", namespace=self.namespace,
                     branch="git/login")
            self.assertIn("on the branch", json.dumps(g))


if __name__ == "__main__":
    unittest.main()
