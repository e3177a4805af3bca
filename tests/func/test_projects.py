"""Which folder gets the memory of which git remote, with `--namespace auto`."""
import os
import shutil
import subprocess
import unittest

from harness import BIN, MODERN, Mcp, Spawned, TestCase, entity, main

REMOTE = "h.example/team/private"


class Projects(TestCase):
    def setUp(self):
        self.place = Spawned(env={"MEMORY_NAMESPACE": "auto"})
        self.addCleanup(self.place.done)
        self.work = self.folder()
        self.list = self.place.database.parent / "memory-db.projects"

    def clone(self, name, remote="git@h.example:team/private.git"):
        folder = self.work / name
        (folder / ".git").mkdir(parents=True)
        (folder / ".git" / "config").write_text(
            f'[remote "origin"]\n\turl = {remote}\n')
        return folder

    def mcp(self, folder, **kw):
        m = Mcp(self.place.folder, env=self.place.env(kw.pop("env", None)),
                cwd=folder, **kw)
        self.addCleanup(self._end_mcp, m)
        return m

    def remember(self, folder, text):
        self.mcp(folder).ok("create_entities", entities=[entity("a", text)])

    def sees(self, folder):
        """The facts that an agent in this folder finds, and what the program
        wrote to standard error."""
        m = self.mcp(folder)
        got = m.ok("read_graph")["entities"]
        return [o for e in got for o in e["observations"]], m

    def test_first_folder_has_it_and_keeps_it(self):
        first = self.clone("first")
        self.remember(first, "secret of the project")
        facts, m = self.sees(first / ".git" / "..")
        self.assertEqual(facts, ["secret of the project"])
        self.assertNotIn("trust", m.process.text())
        with self.place.client() as c:
            names = [n["name"] for n in
                     c.ok("list_namespaces")["namespaces"]]
        self.assertIn(REMOTE, names)
        self.assertEqual(os.stat(self.list).st_mode & 0o777, 0o600)
        self.assertEqual(len(self.list.read_text().splitlines()), 1)
        self.assertIn(str(first), self.place.ctl("namespace",
                                                 "folders").stdout)

    def test_second_folder_does_not_get_it(self):
        """As it came out of an archive: a .git that names the remote."""
        first, second = self.clone("first"), self.clone("second")
        self.remember(first, "secret of the project")
        facts, m = self.sees(second)
        self.assertEqual(facts, [])
        said = m.process.text()
        for word in (REMOTE, str(first), "memoryctl namespace trust"):
            self.assertIn(word, said)
        self.assertIn("namespace trust", m.hello["instructions"])
        modern = self.mcp(second, era=MODERN)
        self.assertIn("namespace trust", modern.hello["instructions"])
        # nothing of the folder itself reaches the agent
        self.assertNotIn(REMOTE, m.hello["instructions"])
        self.assertNotIn("trust", self.mcp(first).hello["instructions"])
        # it has a memory, of its own
        self.remember(second, "planted")
        self.assertEqual(self.sees(first)[0], ["secret of the project"])
        self.assertEqual(self.sees(second)[0], ["planted"])

    def test_trust_and_back(self):
        first, second = self.clone("first"), self.clone("second")
        self.remember(first, "fact")
        out = self.place.ctl("namespace", "trust", second).stdout
        self.assertIn(REMOTE, out)
        facts, m = self.sees(second)
        self.assertEqual(facts, ["fact"])
        self.assertNotIn("trust", m.hello["instructions"])
        self.assertIn(str(second), self.place.ctl("namespace",
                                                  "folders").stdout)
        self.place.ctl("namespace", "untrust", second)
        self.assertEqual(self.sees(second)[0], [])
        self.assertNotIn(str(second), self.place.ctl("namespace",
                                                     "folders").stdout)
        # here, without naming it
        done = subprocess.run(
            [str(self.ctl()), "namespace", "trust"], cwd=second, text=True,
            env=self.place.env(), capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.sees(second)[0], ["fact"])
        plain = self.work / "plain"
        plain.mkdir()
        out = self.place.ctl("namespace", "trust", plain, check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn("no repository", out.stderr)

    def ctl(self):
        return BIN / "memoryctl"

    def test_memoryctl_looks_and_claims_nothing(self):
        first, second = self.clone("first"), self.clone("second")

        def search(folder):
            return subprocess.run(
                [str(self.ctl()), "--json", "search", "fact"], cwd=folder,
                env=self.place.env(), text=True, capture_output=True)
        search(second)
        self.assertFalse(self.list.exists())
        self.remember(first, "a fact")
        self.assertIn("a fact", search(first).stdout)
        got = search(second)
        self.assertNotIn("a fact", got.stdout)
        self.assertIn("namespace trust", got.stderr)

    def test_moved_and_gone(self):
        first = self.clone("first")
        self.remember(first, "fact")
        moved = first.rename(self.work / "moved")
        self.assertEqual(self.sees(moved)[0], ["fact"])
        # even while something else stands where it was
        self.clone("first")
        self.assertEqual(self.sees(moved)[0], ["fact"])
        # copied, and the old one removed
        shutil.copytree(moved, self.work / "copy")
        self.assertEqual(self.sees(self.work / "copy")[0], [])
        shutil.rmtree(moved)
        shutil.rmtree(self.work / "first")
        self.assertEqual(self.sees(self.work / "copy")[0], ["fact"])

    def test_cloned_again_in_place(self):
        first = self.clone("first")
        self.remember(first, "fact")
        shutil.rmtree(first)
        self.clone("first")
        self.assertEqual(self.sees(first)[0], ["fact"])

    def test_worktree(self):
        first = self.clone("first")
        self.remember(first, "fact")
        inside = first / ".git" / "worktrees" / "w"
        inside.mkdir(parents=True)
        tree = self.work / "tree"
        (tree / "src").mkdir(parents=True)
        (tree / ".git").write_text(f"gitdir: {inside}\n")
        (inside / "commondir").write_text("../..\n")
        (inside / "gitdir").write_text(f"{tree}/.git\n")
        self.assertEqual(self.sees(tree / "src")[0], ["fact"])
        # a folder that only points there is none
        for target in (inside, first / ".git"):
            fake = self.work / f"fake-{target.name}"
            fake.mkdir()
            (fake / ".git").write_text(f"gitdir: {target}\n")
            self.assertEqual(self.sees(fake)[0], [], target)
        fake = self.work / "link"
        fake.mkdir()
        (fake / ".git").symlink_to(first / ".git")
        self.assertEqual(self.sees(fake)[0], [])

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_worktree_that_git_made(self):
        first = self.work / "real"
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@h.example"]
        for words in (["init", "-q", first],
                      ["-C", first, "remote", "add", "origin",
                       "https://h.example/team/private"],
                      ["-C", first, "commit", "-q", "--allow-empty", "-m",
                       "x"],
                      ["-C", first, "worktree", "add", "-q",
                       self.work / "tree"]):
            subprocess.run([*git, *map(str, words)], check=True,
                           env={**os.environ, "HOME": str(self.work)})
        self.remember(first, "fact")
        self.assertEqual(self.sees(self.work / "tree")[0], ["fact"])

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_worktree_without_a_remote(self):
        """It is the same project; what merely points there is not."""
        first = self.work / "local"
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@h.example"]
        tree = first / ".claude" / "worktrees" / "x"
        for words in (["init", "-q", first],
                      ["-C", first, "commit", "-q", "--allow-empty", "-m",
                       "x"],
                      ["-C", first, "worktree", "add", "-q", tree]):
            subprocess.run([*git, *map(str, words)], check=True,
                           env={**os.environ, "HOME": str(self.work)})
        self.remember(first, "fact")
        self.assertEqual(self.sees(tree)[0], ["fact"])
        fake = self.work / "points-there"
        fake.mkdir()
        (fake / ".git").write_text(f"gitdir: {first}/.git/worktrees/x\n")
        self.assertEqual(self.sees(fake)[0], [])

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_git_of_another_user(self):
        for what in (".git", ".git/config"):
            with self.subTest(what):
                folder = self.clone("of-another" + what.replace("/", "-"))
                os.chown(folder / what, 65534, 65534)
                m = self.mcp(folder)
                m.ok("read_graph")
                self.assertIn("another user", m.process.text())
                with self.place.client() as c:
                    names = [n["name"] for n in
                             c.ok("list_namespaces")["namespaces"]]
                self.assertNotIn(REMOTE, names)
        self.place.ctl("namespace", "trust", folder)
        self.remember(folder, "fact")
        self.assertEqual(self.sees(folder)[0], ["fact"])

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_list_of_another_user_is_not_read(self):
        first = self.clone("first")
        self.remember(first, "fact")
        self.list.write_text(f"+\t{REMOTE}\t1\t1\t{self.work}/x\n")
        os.chown(self.list, 65534, 65534)
        facts, m = self.sees(first)
        self.assertEqual(facts, ["fact"])
        self.assertIn("user 65534", m.process.text())

    def test_names_that_could_forge_a_line(self):
        first = self.clone("first")
        self.remember(first, "fact")
        evil = self.clone(f"x\n+\t{REMOTE}\t1\t1\t{self.work}\nfake",
                          "git@h.example:team/other")
        self.sees(evil)
        self.assertEqual(len(self.list.read_text().splitlines()), 1)
        second = self.clone("second")
        self.assertEqual(self.sees(second)[0], [])

    def test_two_at_once(self):
        """Both are first: they may share, the list stays whole."""
        folders = [self.clone(f"c{i}", f"git@h.example:team/p{i % 2}")
                   for i in range(6)]
        clients = [self.mcp(f, start=False) for f in folders]
        for m in clients:
            m.initialize()
        for line in self.list.read_text().splitlines():
            self.assertRegex(line, r"^\+\th.example/team/p[01]\t\d+\t\d+\t/")


if __name__ == "__main__":
    main()
