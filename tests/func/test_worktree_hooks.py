"""Worktrees of the code and branches of the memory: what hooks do when a session
begins in a worktree, after its code was merged, and for who lets our hook make
the worktree."""
import json
import os
import shutil
import stat
import subprocess
import unittest
from pathlib import Path

from code_folder import CodeFolder
from harness import BIN, SLOW, Mcp, entity, reports
from test_clients_install import Clients

CTL = str(BIN / "memoryctl")


@unittest.skipUnless(shutil.which("git"), "git is not installed")
class Worktrees(CodeFolder):
    def hook(self, event, data, code=0, args=(), **env):
        data = {"session_id": "s1", "hook_event_name": event, **data}
        data.setdefault("cwd", str(self.code))
        done = subprocess.run([CTL, *args, "hook", "claude-code", event],
                              env=self.env(**env), cwd=self.dir,
                              input=json.dumps(data).encode(),
                              capture_output=True, timeout=60 * SLOW)
        err = done.stderr.decode()
        self.assertEqual(reports(err), [])
        self.assertEqual(done.returncode, code, err)
        self.err = err
        return done.stdout.decode()

    def start(self, cwd, **data):
        return self.hook("SessionStart", {
            "cwd": str(cwd), "source": "startup", **data},
            args=("--branch", "auto"))

    def branches(self):
        with self.db.client() as c:
            return {b["name"] for b in c.ok(
                "memory_branch", action="list",
                namespace=self.namespace)["branches"]}

    def texts(self, branch="main"):
        with self.db.client() as c:
            g = c.ok("read_graph", namespace=self.namespace, branch=branch)
        return sorted(o for e in g["entities"] for o in e["observations"])

    def add(self, text, branch):
        with self.db.client() as c:
            c.ok("create_entities", namespace=self.namespace, branch=branch,
                 entities=[entity("notes", text)])

    def tree(self, name):
        """As Claude Code makes one."""
        path = self.code / ".claude/worktrees" / name
        self.git("worktree", "add", "-q", "-b", f"worktree-{name}", path)
        return path


class Sessions(Worktrees):
    def test_a_session_makes_the_branch_and_a_later_one_merges_it(self):
        tree = self.tree("login")
        self.start(self.code)
        self.assertEqual(self.branches(), set())
        self.start(tree)
        self.assertEqual(self.branches(), {"git/worktree-login"})
        # memory-mcp of the same session writes there.
        m = Mcp(self.folder(), ["--namespace", "auto", "--branch", "auto"],
                self.env(), cwd=tree)
        self.addCleanup(m.done)
        m.ok("create_entities", entities=[entity("notes", "login needs x")])
        self.assertEqual(self.texts(), [])
        self.commit("login", cwd=tree)
        self.hook("Stop", {"cwd": str(tree)}, args=("--branch", "auto"))
        # A worktree whose code is there keeps its branch.
        self.start(self.code, session_id="s2")
        self.assertEqual(self.branches(), {"git/worktree-login"})
        self.git("merge", "-q", "--no-ff", "-m", "m", "worktree-login")
        self.git("worktree", "remove", tree)
        self.git("branch", "-q", "-d", "worktree-login")
        self.start(self.code, session_id="s3")
        self.assertEqual(self.branches(), set())
        self.assertEqual(self.texts(), ["login needs x"])
        # The merge is not of the session that found it: it stays when that
        # one is taken back.
        with self.db.client() as c:
            c.ok("create_entities", namespace=self.namespace,
                 session="claude-code-s3", entities=[entity("a", "of s3")])
            c.ok("memory_undo", namespace=self.namespace,
                 session="claude-code-s3")
        self.assertEqual(self.texts(), ["login needs x"])

    def test_what_was_not_merged_stays(self):
        for name in ("empty", "written"):
            tree = self.tree(name)
            self.start(tree)
            self.commit(name, cwd=tree)
            self.hook("Stop", {"cwd": str(tree)}, args=("--branch", "auto"))
        self.add("given up", "git/worktree-written")
        for name in ("empty", "written"):
            self.git("worktree", "remove", self.code / ".claude/worktrees" /
                     name)
            self.git("branch", "-q", "-D", f"worktree-{name}")
        self.start(self.code, session_id="s2")
        # The code is gone for good; on one of both nothing waits.
        self.assertEqual(self.branches(), {"git/worktree-written"})
        self.assertEqual(self.texts(), [])

    def test_a_squash_of_packed_branches(self):
        tree = self.tree("squashed")
        self.start(tree)
        self.add("of the squash", "git/worktree-squashed")
        self.commit("squashed", cwd=tree)
        self.hook("Stop", {"cwd": str(tree)}, args=("--branch", "auto"))
        self.git("pack-refs", "--all")
        self.start(self.code, session_id="s2")
        self.assertEqual(self.branches(), {"git/worktree-squashed"})
        self.git("merge", "-q", "--squash", "worktree-squashed")
        self.git("commit", "-q", "-m", "squash")
        self.git("worktree", "remove", tree)
        self.git("branch", "-q", "-D", "worktree-squashed")
        self.start(self.code, session_id="s3")
        self.assertEqual((self.branches(), self.texts()),
                         (set(), ["of the squash"]))

    def test_nothing_is_left_of_it(self):
        tree = self.tree("login")
        self.start(tree)
        self.hook("Stop", {"cwd": str(tree)}, args=("--branch", "auto"))
        state = self.home / ".local/state/enhanced-memory"
        self.assertTrue(list(state.glob("code-*")))
        subprocess.run([CTL, "uninstall", "--all"], check=True, cwd=self.dir,
                       env=self.env(MEMORY_DB_SOCKET=self.dir / "none"),
                       capture_output=True)
        self.assertFalse(state.exists())

    def test_without_auto_nothing_follows(self):
        tree = self.tree("login")
        self.hook("SessionStart", {"cwd": str(tree), "source": "startup"})
        self.assertEqual(self.branches(), set())

    def test_another_project_is_left_alone(self):
        other = self.dir / "other"
        other.mkdir()
        self.git("init", "-q", "-b", "main", cwd=other)
        self.commit("first", cwd=other)
        with self.db.client() as c:
            for ns in (self.namespace, str(other)):
                c.ok("memory_branch", action="create", namespace=ns,
                     name="git/theirs")
        self.start(other)
        self.assertIn("git/theirs", self.branches())


class Makes(Worktrees):
    def make(self, name, code=0, **data):
        return self.hook("WorktreeCreate", {"name": name, **data}, code)

    def test_makes_it_and_says_where(self):
        out = self.make("login")
        tree = self.code / ".claude/worktrees/login"
        self.assertEqual(out, f"{tree}\n")
        self.assertEqual((tree / "first").read_text(), "first")
        self.assertEqual(self.git("rev-parse", "--abbrev-ref", "HEAD",
                                  cwd=tree), "worktree-login\n")
        self.assertEqual(self.branches(), {"git/worktree-login"})
        # One that is there is as good; so is one made from within it.
        self.assertEqual(self.make("login"), f"{tree}\n")
        self.assertEqual(self.make("second", cwd=str(tree)),
                         f"{tree.parent / 'second'}\n")
        # Its branch is left of an earlier one, also one that git still lists.
        self.git("worktree", "remove", tree)
        self.assertEqual(self.make("login"), f"{tree}\n")
        shutil.rmtree(tree)
        self.assertEqual(self.make("login"), f"{tree}\n")

    def test_a_branch_that_is_out_elsewhere_is_not_taken(self):
        self.git("switch", "-q", "-c", "worktree-mine")
        self.assertEqual(self.make("mine", code=1), "")
        self.assertIn("out nowhere else", self.err)
        self.assertFalse((self.code / ".claude/worktrees/mine").exists())

    def test_begins_where_the_client_would(self):
        """At the default branch of origin, not at what is out."""
        origin = self.dir / "origin.git"
        self.git("clone", "-q", "--bare", self.code, origin)
        clone = self.dir / "clone"
        self.git("clone", "-q", origin, clone)
        self.git("switch", "-q", "-c", "mine", cwd=clone)
        self.commit("second", cwd=clone)
        tree = Path(self.make("x", cwd=str(clone)).strip())
        self.assertFalse((tree / "second").exists())
        self.assertEqual(subprocess.run(
            ["git", "config", "branch.worktree-x.merge"], cwd=clone,
            capture_output=True).stdout, b"")

    def test_brings_along_what_is_named(self):
        (self.code / ".gitignore").write_text(".env*\nkeys/\nbig/\n")
        (self.code / ".worktreeinclude").write_text(".env\nkeys/*.pem\n")
        self.commit("more")
        (self.code / ".env").write_text("A=1")
        (self.code / ".env").chmod(0o600)
        (self.code / ".env.other").write_text("no")
        (self.code / "keys").mkdir()
        (self.code / "keys/a b.pem").write_text("pem")
        (self.code / "keys/link.pem").symlink_to("/etc/passwd")
        tree = Path(self.make("x").strip())
        self.assertEqual((tree / ".env").read_text(), "A=1")
        self.assertEqual(stat.S_IMODE((tree / ".env").stat().st_mode), 0o600)
        self.assertEqual((tree / "keys/a b.pem").read_text(), "pem")
        self.assertFalse(os.path.lexists(tree / "keys/link.pem"))
        self.assertFalse((tree / ".env.other").exists())

    def test_no_link_of_the_branch_leads_out(self):
        """What is brought along lands in the worktree, also where the branch
        has a link of the same name to somewhere else."""
        outside = self.dir / "outside"
        outside.mkdir()
        (self.code / ".gitignore").write_text("*.env\n")
        (self.code / ".worktreeinclude").write_text("*.env\n")
        for name in ("conf", "deep/conf"):
            (self.code / name).parent.mkdir(exist_ok=True)
            (self.code / name).symlink_to(outside)
        self.commit("links")
        self.git("branch", "worktree-x")
        for name in ("conf", "deep/conf"):
            (self.code / name).unlink()
            (self.code / name).mkdir()
            (self.code / name / "a.env").write_text("secret")
        (self.code / "deep/b.env").write_text("b")
        tree = Path(self.make("x").strip())
        self.assertTrue((tree / "conf").is_symlink())
        self.assertEqual(list(outside.iterdir()), [])
        self.assertEqual((tree / "deep/b.env").read_text(), "b")

    def test_started_by_a_hook_of_git(self):
        """GIT_DIR says of which repository the caller is; the event says which
        folder is meant."""
        other = self.dir / "other"
        other.mkdir()
        self.git("init", "-q", "-b", "main", cwd=other)
        self.commit("theirs", cwd=other)
        tree = Path(self.hook(
            "WorktreeCreate", {"name": "x"}, GIT_DIR=str(other / ".git"),
            GIT_WORK_TREE=str(other),
            GIT_INDEX_FILE=str(other / ".git/index")).strip())
        self.assertEqual(tree, self.code / ".claude/worktrees/x")
        self.assertEqual((tree / "first").read_text(), "first")
        self.assertFalse((tree / "theirs").exists())
        self.assertIn("x", self.git("worktree", "list"))

    def test_names(self):
        self.assertEqual(self.make("feature/login").strip(),
                         str(self.code / ".claude/worktrees/feature+login"))
        for bad in ("../x", "a/../../b", "-f", ".git", "a b", "x\ny", "",
                    "a//b", "x" * 200, "a;b", "$(b)"):
            out = self.make(bad, code=1)
            self.assertEqual(out, "", bad)
            self.assertIn("worktree", self.err, bad)
        self.assertEqual(sorted(os.listdir(self.code / ".claude/worktrees")),
                         ["feature+login"])

    def test_without_a_service_and_switched_off(self):
        self.db.stop()
        out = self.hook("WorktreeCreate", {"name": "a"},
                        args=("--no-spawn",))
        self.assertTrue(Path(out.strip()).is_dir())
        out = self.hook("WorktreeCreate", {"name": "b"}, MEMORY_HOOKS="off")
        self.assertTrue(Path(out.strip()).is_dir())

    def test_no_repository(self):
        plain = self.dir / "plain"
        plain.mkdir()
        self.assertEqual(self.make("x", cwd=str(plain), code=1), "")
        self.assertIn("no git repository", self.err)

    def test_removes_what_it_made(self):
        tree = Path(self.make("login").strip())
        self.add("of the worktree", "git/worktree-login")
        self.commit("login", cwd=tree)
        (tree / "left").write_text("not tracked")
        self.git("merge", "-q", "--no-ff", "-m", "m", "worktree-login")
        # The session is in it.
        self.hook("WorktreeRemove", {"worktree_path": str(tree),
                                     "cwd": str(tree)})
        self.assertFalse(tree.exists())
        self.assertNotIn("worktree-login", self.git("branch"))
        self.assertEqual((self.branches(), self.texts()),
                         (set(), ["of the worktree"]))
        # Again, and of nothing.
        self.hook("WorktreeRemove", {"worktree_path": str(tree)})
        self.hook("WorktreeRemove", {})

    def test_commits_that_are_merged_nowhere_stay(self):
        tree = Path(self.make("login").strip())
        self.add("of the worktree", "git/worktree-login")
        self.commit("login", cwd=tree)
        self.hook("WorktreeRemove", {"worktree_path": str(tree)})
        self.assertFalse(tree.exists())
        self.assertIn("worktree-login", self.git("branch"))
        self.assertEqual(self.branches(), {"git/worktree-login"})

    def test_no_other_folder_is_removed(self):
        keep = self.dir / "keep"
        self.git("worktree", "add", "-q", "-b", "keep", keep)
        inner = self.code / ".claude/worktrees/x/../../../../keep"
        for path in (keep, self.code, inner, "/",
                     self.code / ".claude/worktrees/",
                     self.code / ".claude/worktrees/a/b"):
            self.hook("WorktreeRemove", {"worktree_path": str(path)})
        self.assertTrue((keep / "first").exists())
        self.assertTrue((self.code / "first").exists())


class Installs(Clients):
    def test_branch_auto_is_entered(self):
        self.ctl("--branch", "auto", "install", "--client", "claude-code",
                 "--hooks")
        entry = json.loads((self.home / ".claude.json").read_text())
        self.assertEqual(entry["mcpServers"]["memory"]["env"]
                         ["MEMORY_BRANCH"], "auto")
        hooks = json.loads((self.home / ".claude/settings.json").read_text())
        self.assertIn(" --branch auto hook claude-code SessionStart",
                      json.dumps(hooks))
        self.assertNotIn("Worktree", json.dumps(hooks))
        self.ctl("uninstall", "--client", "claude-code")


if __name__ == "__main__":
    unittest.main(verbosity=2)
