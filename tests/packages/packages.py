#!/usr/bin/env python3
"""The packages: what is in them, that they run where nothing else of this
project is, and that a second build in another folder gives the same bytes.

Not a part of `make test`, as it builds everything four times; `make
check-packages` runs it. What the machine lacks a program for is skipped."""
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from trees import PROGRAMS, ROOT, Trees, main, run


class Packages(Trees):
    def remember(self, bin_dir):
        """The programs of that folder keep a fact and give it back."""
        home, env = self.home()
        self.serve(env, bin_dir / "memory-db")
        run(bin_dir / "memoryctl", "add", "ada", "drinks green tea",
            "--type", "person", env=env)
        said = run(bin_dir / "memoryctl", "recall", "what does ada drink",
                   env=env).stdout
        self.assertIn("green tea", said)

    @unittest.skipUnless(shutil.which("dh"), "needs debhelper")
    def test_deb(self):
        one, two = self.make("deb", "deb/*.deb")
        self.same(one, two)
        names = {f.name.split("_")[0] for f in one}
        self.assertLessEqual({"enhanced-memory", "libmemory-client0",
                              "libmemory-client-dev",
                              "python3-memory-client"}, names)
        to = self.dir / "installed"
        for f in one:
            run("dpkg-deb", "-x", f, to)
        self.assertLessEqual(PROGRAMS, {p.name for p in
                                        (to / "usr/bin").iterdir()})
        unit = (to / "lib/systemd/system/memory-db.service").read_text()
        self.assertIn("ExecStart=/usr/bin/memory-db ", unit)
        self.remember(to / "usr/bin")
        run(sys.executable, "-c", "import memory_client",
            env={"PYTHONPATH": to / "usr/lib/python3/dist-packages"})
        if not shutil.which("lintian"):
            self.skipTest("all but lintian, which is not here")
        said = run("lintian", "--fail-on", "error,warning",
                   *(self.trees[0] / "build/deb").glob("*.changes"), ok=False)
        self.assertEqual(said.returncode, 0, said.stdout)

    def test_dist(self):
        one, two = self.make("dist", "dist/*.tar.gz")
        self.assertEqual(len(one), 1)
        self.same(one, two)
        run("sha256sum", "-c", "SHA256SUMS", cwd=one[0].parent)
        run("tar", "xzf", one[0], "-C", self.dir)
        unpacked = self.dir / one[0].name.removesuffix(".tar.gz")
        home, env = self.home()
        prefix = home / "a prefix"
        said = run(unpacked / "install.sh", prefix, env=env).stdout
        self.assertIn("is not in PATH", said)
        self.assertEqual(PROGRAMS, {p.name for p in
                                    (prefix / "bin").iterdir()})
        unit = (prefix / "share/systemd/user/memory-db.service").read_text()
        self.assertIn(f'ExecStart="{prefix}/bin/memory-db" ', unit)
        self.remember(prefix / "bin")
        # A second time, over what is there; and away again.
        run(unpacked / "install.sh", prefix, env=env)
        run(unpacked / "install.sh", "--remove", prefix, env=env)
        self.assertEqual([p for p in prefix.rglob("*") if p.is_file()], [])
        # Nothing of an archive that was changed.
        with open(unpacked / "bin/memoryctl", "ab") as f:
            f.write(b"x")
        done = run(unpacked / "install.sh", prefix, env=env, ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing was installed", done.stderr)
        self.assertEqual([p for p in prefix.rglob("*") if p.is_file()], [])
        self.assertEqual(run(unpacked / "install.sh", "relative", env=env,
                             ok=False).returncode, 100)


class Units(unittest.TestCase):
    def root(self):
        root = Path(tempfile.mkdtemp(prefix="packages-root-"))
        self.addCleanup(shutil.rmtree, root)
        for name in ("etc", "usr/lib"):
            (root / name).mkdir(parents=True)
        return root

    @unittest.skipUnless(shutil.which("systemd-sysusers"), "needs systemd")
    @unittest.skipIf(os.getuid() != 0, "needs root")
    def test_sysusers(self):
        root = self.root()
        run("systemd-sysusers", f"--root={root}",
            ROOT / "systemd/sysusers.d/memory-db.conf")
        self.assertIn("\nmemory-db:", "\n" + (root / "etc/passwd").read_text())
        self.assertIn("\nmemory:", "\n" + (root / "etc/group").read_text())
        line = next(x for x in (root / "etc/passwd").read_text().splitlines()
                    if x.startswith("memory-db:"))
        group = next(x for x in (root / "etc/group").read_text().splitlines()
                     if x.startswith("memory:"))
        self.assertEqual(line.split(":")[3], group.split(":")[2])


if __name__ == "__main__":
    main()
