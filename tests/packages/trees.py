"""What the tests of packages share: two copies of the sources in different
folders, which must build to the same bytes, and a memory that is tried."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {"memory-db", "memory-mcp", "memoryctl", "memory-sandbox"}


def run(*words, ok=True, **kw):
    """Runs it to its end; stdin is empty unless `input` says otherwise."""
    if "input" not in kw:
        kw["stdin"] = subprocess.DEVNULL
    done = subprocess.run([str(w) for w in words], text=True,
                          capture_output=True, **kw)
    if ok and done.returncode != 0:
        raise AssertionError(f"{words} -> {done.returncode}\n{done.stdout}"
                             f"\n{done.stderr}")
    return done


def clean_env(home):
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8",
            "MEMORY_DB_SOCKET": str(home / "s"),
            "MEMORY_DB_PATH": str(home / "m/memory.db")}


class Trees(unittest.TestCase):
    """Subclasses build in both and compare."""

    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.trees = []
        files = run("git", "-C", ROOT, "ls-files", "-z", "-co",
                    "--exclude-standard").stdout.split("\0")
        date = run("git", "-C", ROOT, "log", "-1", "--format=%ct").stdout
        cls.date = date.strip()
        for name in ("one", "two and a space"):
            tree = cls.dir / name.split()[0]
            for file in filter(None, files):
                if (ROOT / file).exists():
                    (tree / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / file, tree / file)
            cls.trees.append(tree)

    def make(self, target, result, *options):
        """Builds it in both trees: the files that match, of each."""
        env = {k: v for k, v in os.environ.items()
               if not k.startswith("MAKE")}
        env["SOURCE_DATE_EPOCH"] = self.date
        for tree in self.trees:
            run("make", "-C", tree, target, *options, env=env)
        return [sorted((t / "build").glob(result)) for t in self.trees]

    def same(self, first, second):
        self.assertEqual([f.name for f in first], [f.name for f in second])
        for a, b in zip(first, second):
            self.assertEqual(a.read_bytes(), b.read_bytes(), a.name)

    def home(self):
        """A new home with a folder for a memory: the path and environment."""
        home = Path(tempfile.mkdtemp(prefix="packages home-"))
        self.addCleanup(shutil.rmtree, home)
        (home / "m").mkdir(mode=0o700)
        return home, clean_env(home)

    def serve(self, env, *words):
        """A memory-db that is ready and ends with the test."""
        service = subprocess.Popen(
            [*words, "--ready-fd", "1"], env=env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(service.stderr.close)
        self.addCleanup(service.stdout.close)
        self.addCleanup(service.wait, 60)
        self.addCleanup(service.send_signal, signal.SIGTERM)
        if not service.stdout.readline():
            raise AssertionError(f"{words}: {service.stderr.read()}")
        return service


def main():
    result = unittest.main("__main__", exit=False, verbosity=2,
                           argv=sys.argv).result
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed - len(result.skipped)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
