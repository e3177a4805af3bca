#!/usr/bin/env python3
"""The archive for arm64, made on another machine: two builds are the same
bytes, and its programs keep a memory, under qemu's emulator of one program.

`make check-arm64` runs it. Without a cross compiler and the libraries of arm64
(`make deps-arm64`) it says so, and its tests count as skipped.

What cannot be seen here is the jail's filter of system calls: the emulator has
none, so that scripts must be told as unavailable. tests/jail/test_jail_policy.py
runs the filter itself, by the numbers of that machine."""
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from trees import PROGRAMS, ROOT, Trees, main, run

QEMU = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
LOADER = "/lib/ld-linux-aarch64.so.1"


def missing():
    """Why it cannot be built here, or ''."""
    if os.uname().machine == "aarch64":
        return "this is such a machine: `make check-packages` is the test"
    if not shutil.which("aarch64-linux-gnu-gcc"):
        return "no aarch64-linux-gnu-gcc: `make deps-arm64` installs it"
    done = run("make", "-s", "-C", ROOT, "ARCH=arm64", "missing", ok=False)
    return "" if done.returncode == 0 else done.stderr.splitlines()[0]


class Mcp:
    """A client of memory-mcp."""

    def __init__(self, words, env):
        self.process = subprocess.Popen(
            words, env=env, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.n = 0

    def ask(self, method, params):
        self.n += 1
        self.send({"id": self.n, "method": method, "params": params})
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(self.process.stderr.read())
            said = json.loads(line)
            if said.get("id") == self.n:
                return said["result"]

    def send(self, message):
        line = json.dumps({"jsonrpc": "2.0", **message})
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def call(self, name, **arguments):
        return self.ask("tools/call", {"name": name, "arguments": arguments})

    def close(self):
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@unittest.skipIf(missing(), missing())
class Arm64(Trees):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        one, two = cls.make(cls, "dist", "dist/*.tar.gz", "ARCH=arm64")
        cls.archives = one, two
        run("tar", "xzf", one[0], "-C", cls.dir)
        cls.unpacked = cls.dir / one[0].name.removesuffix(".tar.gz")

    def test_same_bytes_and_sums(self):
        one, two = self.archives
        self.assertEqual([f.name.rsplit("-", 1)[1] for f in one],
                         ["aarch64.tar.gz"])
        self.same(one, two)
        run("sha256sum", "-c", "SHA256SUMS", cwd=one[0].parent)
        run("sha256sum", "--strict", "-c", "SHA256SUMS", cwd=self.unpacked)
        for name in PROGRAMS:
            head = run("readelf", "-h", self.unpacked / "bin" / name).stdout
            self.assertIn("AArch64", head, name)

    def test_another_archive_stays(self):
        """Sums name the archives of both machines."""
        folder = self.archives[0][0].parent
        sums = folder / "SHA256SUMS"
        self.addCleanup(sums.write_text, sums.read_text())
        other = folder / "enhanced-memory-0-linux-other.tar.gz"
        other.write_text("of another machine")
        self.addCleanup(other.unlink)
        run("make", "-s", "-C", self.trees[0], "dist", "ARCH=arm64",
            env={**os.environ, "SOURCE_DATE_EPOCH": self.date})
        self.assertEqual(len(sums.read_text().splitlines()), 2)
        run("sha256sum", "-c", "SHA256SUMS", cwd=folder)

    def test_not_installed_here(self):
        home, env = self.home()
        done = run(self.unpacked / "install.sh", home / "p", env=env,
                   ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("these programs are for aarch64", done.stderr)
        self.assertFalse((home / "p").exists())

    def program(self, name):
        return [QEMU, self.unpacked / "bin" / name]

    @unittest.skipUnless(QEMU, "no qemu-aarch64: `make deps-arm64`")
    @unittest.skipUnless(Path(LOADER).exists(), "no libc6:arm64")
    def test_runs_under_qemu(self):
        home, env = self.home()
        for name in PROGRAMS:
            said = run(*self.program(name), "--version", env=env).stdout
            self.assertIn(name, said)
        self.serve(env, *self.program("memory-db"))
        ctl = self.program("memoryctl") + ["--no-spawn"]

        mcp = Mcp(self.program("memory-mcp"), env)
        self.addCleanup(mcp.process.kill)
        said = mcp.ask("initialize", {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}})
        self.assertEqual(said["protocolVersion"], "2025-06-18")
        mcp.send({"method": "notifications/initialized"})
        said = mcp.call("create_entities", entities=[
            {"name": "ada", "entityType": "person",
             "observations": ["drinks green tea", "lives in Oslo"]}])
        self.assertFalse(said.get("isError"), said)
        said = mcp.call("search_nodes", query="green tea")
        self.assertIn("drinks green tea", json.dumps(said))
        # No filter of system calls, so no scripts, and never one without.
        said = mcp.call("execute_code", code="return 1 + 1")
        self.assertTrue(said["isError"])
        self.assertIn("unavailable", json.dumps(said))
        code, errors = mcp.close()
        self.assertEqual(code, 0, errors)

        said = run(*ctl, "recall", "what does ada drink", env=env).stdout
        self.assertIn("green tea", said)
        self.assertIn("scripts     not available",
                      run(*ctl, "status", env=env).stdout)
        run(*ctl, "verify", env=env)
        # The file is the same for both machines.
        if shutil.which("sqlite3"):
            said = run("sqlite3", env["MEMORY_DB_PATH"],
                       "PRAGMA integrity_check").stdout
            self.assertEqual(said, "ok\n")

    @unittest.skipUnless(QEMU, "no qemu-aarch64: `make deps-arm64`")
    def test_jail_refuses_to_live(self):
        """Its filter cannot be put on here: it ends and says which layer."""
        home, env = self.home()
        done = run(*self.program("memory-sandbox"), "serve", str(os.getpid()),
                   "65534", env=env, ok=False)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    main()
