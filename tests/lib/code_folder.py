"""A git repository beside a memory: what tests of branches that follow the code
have in common."""
import subprocess

from harness import TestCase, clean_env


class CodeFolder(TestCase):
    """self.code: a repository with one commit on main; self.home; self.db."""

    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.code = self.dir / "code"
        for d in (self.home, self.code):
            d.mkdir()
        self.db = self.service()
        self.namespace = str(self.code)
        self.git("init", "-q", "-b", "main")
        self.commit("first")

    def env(self, **more):
        return clean_env(self.home, {
            "MEMORY_DB_SOCKET": self.db.socket, "MEMORY_DB_PATH": None,
            "MEMORY_BRANCH": None, "XDG_STATE_HOME": None,
            "XDG_CONFIG_HOME": None, "MEMORY_HOOKS": None,
            "CLAUDE_PROJECT_DIR": None,
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b", **more})

    def git(self, *args, cwd=None):
        return subprocess.run(["git", *args], cwd=cwd or self.code, check=True,
                              env=self.env(), capture_output=True,
                              text=True).stdout

    def commit(self, name, cwd=None):
        ((cwd or self.code) / name).write_text(name)
        self.git("add", ".", cwd=cwd)
        self.git("commit", "-q", "-m", name, cwd=cwd)
