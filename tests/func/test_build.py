"""What is built: reproducible, told by --version and a bill of materials; the
units of systemd."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from harness import BIN, TestCase, main

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build/bin"
PROGRAMS = ("memory-db", "memory-mcp", "memoryctl", "memory-sandbox")


def run(*words, **kw):
    done = subprocess.run([str(w) for w in words], text=True,
                          capture_output=True, **kw)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


class Programs(TestCase):
    @unittest.skipUnless((RELEASE / "memory-db").exists(), "no release build")
    def test_know_no_folder(self):
        """`make reproducible` builds in another one and compares; this finds
        what would differ."""
        for name in PROGRAMS:
            self.assertNotIn(os.fsencode(str(ROOT)) + b"/",
                             (RELEASE / name).read_bytes(), name)

    def test_version(self):
        text = run(BIN / "memory-db", "--version")
        self.assertRegex(text, r"\Amemory-db \d+\.\d+\.\d+\n")
        lua = run("pkg-config", "--modversion", "lua5.4").strip()
        self.assertIn(f"Lua {lua} (in memory-sandbox", text)
        for name in ("SQLite", "zlib", "libsodium", "Jansson", "libev",
                     "utf8proc"):
            self.assertRegex(text, rf"{name} \d+\.\d+")
        # of the others, one line
        self.assertEqual(run(BIN / "memory-mcp", "--version").count("\n"), 1)

    def test_no_claim_that_does_not_hold(self):
        """Programs whose parts are not all made for it carry no mark of CET,
        and then the flags do not ask for it either."""
        flags = re.findall(r"-fcf-protection=(\w+)",
                           (ROOT / "Makefile").read_text())
        for name in PROGRAMS if RELEASE.exists() else ():
            marked = "IBT" in run("readelf", "-n", RELEASE / name)
            self.assertEqual(marked, flags == ["full"], name)

    @unittest.skipUnless(shutil.which("dpkg-query"), "needs dpkg")
    def test_bill_of_materials(self):
        words = [sys.executable, ROOT / "tests/lib/sbom.py", "1.2.3",
                 *(BIN / p for p in PROGRAMS)]
        text = run(*words)
        bom = json.loads(text)
        self.assertEqual(bom["bomFormat"], "CycloneDX")
        self.assertEqual(bom["specVersion"], "1.5")
        self.assertRegex(bom["serialNumber"], r"^urn:uuid:[0-9a-f-]{36}$")
        parts = {p["name"]: p for p in bom["components"]}
        refs = [p["bom-ref"] for p in bom["components"]]
        self.assertEqual(len(refs), len(set(refs)))
        for name in PROGRAMS:
            self.assertEqual(parts[name]["version"], "1.2.3")
            self.assertRegex(parts[name]["hashes"][0]["content"],
                             r"^[0-9a-f]{64}$")
            needed = re.findall(r"NEEDED.*\[(.+)\]",
                                run("readelf", "-d", BIN / name))
            for library in needed:
                self.assertIn(library, parts)
        # Of another machine's a package may be here as well.
        own = run("dpkg", "--print-architecture").strip()
        for name in ("liblua5.4.a", "libcurl.so.4", "libsqlite3.so.0"):
            package = re.search("debian/(.+)@", parts[name]["purl"])[1]
            version = run("dpkg-query", "-W", "-f", "${Version}",
                          f"{package}:{own}")
            self.assertEqual(parts[name]["version"], version)
        self.assertIn("sandbox/lua/helpers.lua", parts)
        self.assertIn("memory-db/store/engine/dictionary.c", parts)
        for one in bom["dependencies"]:
            for ref in one["dependsOn"]:
                self.assertIn(ref, refs)
        self.assertEqual(run(*words), text)


class Units(TestCase):
    def unit(self, name):
        """The settings of a unit: name -> list of values."""
        found = {}
        for line in (ROOT / "systemd" / name).read_text().splitlines():
            key, sign, value = line.partition("=")
            if sign and not line.startswith("#"):
                found.setdefault(key, []).append(value)
        return found

    def test_group_and_check_agree(self):
        service = self.unit("memory-db.service")
        sock = self.unit("memory-db.socket")
        group = sock["SocketGroup"][0]
        self.assertEqual(sock["SocketMode"], ["0660"])
        self.assertIn(f"--allow-gid {group} ", service["ExecStart"][0])
        for text in ("README.md", "memory-db/memory-db.8"):
            words = (ROOT / text).read_text()
            self.assertIn(f"groupadd -r {group}", words)
            self.assertIn(f"usermod -aG {group}", words)

    def test_limits(self):
        for name in ("memory-db.service", "user/memory-db.service"):
            unit = self.unit(name)
            for key in ("MemoryMax", "MemorySwapMax", "LimitCORE", "TasksMax"):
                self.assertIn(key, unit, name)
        self.assertIn("OOMScoreAdjust", self.unit("memory-db.service"))
        self.assertEqual(self.unit("memory-db.service")["IPAccounting"],
                         ["yes"])

    def test_socket_of_a_user_is_where_clients_look(self):
        self.assertEqual(self.unit("user/memory-db.socket")["ListenStream"],
                         ["%t/memory-db.sock"])

    def test_drop_in_opens_what_the_unit_closes(self):
        drop = self.unit("examples/http-embeddings.conf")
        self.assertEqual(drop["PrivateNetwork"], ["no"])
        self.assertIn("AF_INET", drop["RestrictAddressFamilies"][-1])
        self.assertIn("IPAddressAllow", drop)

    def copy(self, name, text=""):
        folder = self.folder()
        unit = folder / Path(name).name
        unit.write_text((ROOT / "systemd" / name).read_text().replace(
            "@bindir@/memory-db", "/bin/true") + text)
        return unit

    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd")
    def test_exposure(self):
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager",
             str(self.copy("memory-db.service"))], text=True,
            capture_output=True)
        level = re.search(r"Overall exposure level.*: ([0-9.]+)",
                          done.stdout + done.stderr)
        if not level:
            self.skipTest("this systemd cannot: " + done.stderr[-200:])
        self.assertLessEqual(float(level[1]), 0.5)


if __name__ == "__main__":
    main()
