"""What `make install` puts down, and that a program can be built with it."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import ROOT, SLOW, clean_env

# The public names of libmemory-client.so.0. One more is a new version of the
# library; one less breaks programs.
NAMES = """
memory_client_call memory_client_call_with memory_client_cancel
memory_client_connect memory_client_error memory_client_error_code
memory_client_free memory_client_new memory_client_next_event
memory_client_poll memory_client_receive memory_client_socket
memory_client_socket_reason memory_client_submit memory_client_version
memory_free
""".split()


class Archive(unittest.TestCase):
    """install.sh of `make dist`, over an archive of stand-ins."""

    PREFIXES = ("plain", "Jan Maria/.local", "50% off", "money $HOME; true",
                "ends with blank ")

    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="archive"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.from_ = self.dir / "from"
        (self.from_ / "share/systemd/user").mkdir(parents=True)
        (self.from_ / "bin").mkdir()
        for name in ("memory-db", "memoryctl"):
            (self.from_ / "bin" / name).write_text("#!/bin/sh\n# " + "x" * 40)
        for unit in (ROOT / "systemd/user").glob("*.service"):
            (self.from_ / "share/systemd/user" / unit.name).write_text(
                unit.read_text().replace("@bindir@", "/bin"))
        shutil.copy(ROOT / "systemd/install.sh", self.from_)
        sums = subprocess.run(
            "find . -type f -printf '%P\\0' | xargs -0 sha256sum",
            shell=True, cwd=self.from_, check=True, capture_output=True)
        (self.from_ / "SHA256SUMS").write_bytes(sums.stdout)

    def install(self, prefix, *args):
        return subprocess.run(
            ["sh", self.from_ / "install.sh", *args, prefix],
            capture_output=True, text=True, env=clean_env(self.dir, {}))

    def test_units_name_the_program_whatever_the_path(self):
        for name in self.PREFIXES:
            prefix = self.dir / name
            self.assertEqual(self.install(prefix).returncode, 0)
            units = sorted((prefix / "share/systemd/user").iterdir())
            self.assertEqual(len(units), 2, name)
            for unit in units:
                lines = [x.partition("=")[2]
                         for x in unit.read_text().splitlines()
                         if x.startswith("ExecStart=")]
                self.assertEqual(len(lines), 1, unit)
                # As systemd reads it: a word in quotes or up to a blank, and
                # "%%" is "%".
                quoted, word, rest = re.fullmatch(
                    r'(?:"([^"]*)"|([^" ]+))( .*)', lines[0]).groups()
                word = quoted or word
                self.assertNotRegex(word.replace("%%", ""), "%")
                self.assertTrue(os.access(word.replace("%%", "%"), os.X_OK),
                                (name, lines[0]))
                self.assertTrue(rest.startswith(" --"), lines[0])
            self.install(prefix, "--remove")
            self.assertEqual(
                [p for p in prefix.rglob("*") if p.is_file()], [])

    def test_what_systemd_takes_in_no_path_is_refused(self):
        for name in ('a "b"', "o'neil", "back\\slash"):
            done = self.install(self.dir / name)
            self.assertEqual((done.returncode, (self.dir / name).exists()),
                             (100, False))
            self.assertIn("another PREFIX", done.stderr)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd")
    def test_systemd_finds_the_program(self):
        for name in self.PREFIXES:
            prefix = self.dir / name
            self.install(prefix)
            unit = prefix / "share/systemd/user/memory-db.service"
            shutil.copy(unit, self.dir / "memory-db.service")
            done = subprocess.run(
                ["systemd-analyze", "verify", self.dir / "memory-db.service"],
                capture_output=True, text=True, timeout=60 * SLOW,
                env=clean_env(self.dir, {}))
            for bad in ("not executable", "does not exist", "invalid slot",
                        "xecutable"):
                self.assertNotIn(bad, done.stderr, name)


class Install(unittest.TestCase):
    """Always of the release variant: that is what gets installed."""

    timeout = 300

    @classmethod
    def setUpClass(cls):
        cls.root = Path(tempfile.mkdtemp(prefix="inst"))
        cls.make("install")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root, ignore_errors=True)

    @classmethod
    def make(cls, target):
        env = {k: v for k, v in os.environ.items()
               if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        done = subprocess.run(
            ["make", "-s", "V=release", target, f"DESTDIR={cls.root}",
             "prefix=/usr"], cwd=ROOT, env=env, text=True,
            capture_output=True, timeout=240 * SLOW)
        if done.returncode != 0:
            raise AssertionError(f"make {target}:\n{done.stdout}{done.stderr}")

    def run_here(self, *argv, env=None, cwd=None, code=0):
        done = subprocess.run([str(a) for a in argv], text=True, env=env,
                              cwd=cwd, capture_output=True,
                              timeout=60 * SLOW)
        self.assertEqual(done.returncode, code,
                         f"{argv}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def pkg_config(self, *args):
        env = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=str(self.root),
                   PKG_CONFIG_PATH=str(self.root / "usr/lib/pkgconfig"))
        return self.run_here("pkg-config", *args, "libmemory-client",
                             env=env).split()

    def test_files(self):
        files = {str(p.relative_to(self.root / "usr"))
                 for p in (self.root / "usr").rglob("*") if not p.is_dir()}
        for name in ("bin/memory-mcp", "bin/memory-db", "bin/memoryctl",
                     "bin/memory-sandbox",
                     "lib/systemd/system/memory-db.service",
                     "lib/systemd/system/memory-db.socket",
                     "lib/systemd/user/memory-db.service",
                     "lib/systemd/user/memory-db.socket",
                     "share/doc/enhanced-memory/http-embeddings.conf",
                     "include/memory_client.h", "lib/libmemory-client.a",
                     "lib/libmemory-client.so", "lib/libmemory-client.so.0",
                     "lib/pkgconfig/libmemory-client.pc",
                     "share/enhanced-memory/memory_client.py",
                     "share/enhanced-memory/plugin/plugin.json",
                     "share/enhanced-memory/plugin/codex/hooks/hooks.json",
                     "share/enhanced-memory/plugin/.claude-plugin/plugin.json",
                     "share/enhanced-memory/plugin/skills/memory/SKILL.md",
                     "share/bash-completion/completions/memoryctl",
                     "share/man/man1/memoryctl.1",
                     "share/man/man3/libmemory-client.3"):
            self.assertIn(name, files)

    def test_unit_names_the_program(self):
        unit = (self.root / "usr/lib/systemd/system/memory-db.service")
        self.assertIn("ExecStart=/usr/bin/memory-db ", unit.read_text())
        unit = (self.root / "usr/lib/systemd/user/memory-db.service")
        self.assertIn("ExecStart=/usr/bin/memory-db ", unit.read_text())

    def test_exported_names(self):
        text = self.run_here("nm", "-D", "--defined-only",
                             self.root / "usr/lib/libmemory-client.so")
        names = [line.split()[2].partition("@")[0]
                 for line in text.splitlines() if " A " not in line]
        self.assertEqual(sorted(names), sorted(NAMES))
        text = self.run_here("nm", "-g", "--defined-only",
                             self.root / "usr/lib/libmemory-client.a")
        names = re.findall(r"^[0-9a-f]+ [A-Z] (\S+)$", text, re.M)
        self.assertEqual(sorted(names), sorted(NAMES))

    def test_soname(self):
        text = self.run_here("readelf", "-d",
                             self.root / "usr/lib/libmemory-client.so")
        self.assertIn("soname: [libmemory-client.so.0]", text)
        needed = set(re.findall(r"NEEDED.*\[(\S+)\]", text))
        self.assertEqual(needed, {"libjansson.so.4", "libc.so.6"})

    def test_man_page_names_every_function(self):
        page = (ROOT / "common/client/libmemory-client.3").read_text()
        for name in NAMES:
            self.assertRegex(page, rf"(?m)^\.F[no] {name}( |$)")

    def build(self, *flags):
        program = self.root / "example"
        self.run_here("cc", "-Wall", "-Wextra", "-Werror",
                      ROOT / "common/client/example_client.c", "-o", program, *flags)
        env = clean_env(self.root, {
            "MEMORY_DB_SOCKET": self.root / "nobody",
            "LD_LIBRARY_PATH": self.root / "usr/lib"})
        env.pop("LD_PRELOAD", None)
        text = self.run_here(program, "ada", "person", "tea", env=env,
                             cwd=self.root, code=111)
        self.assertIn("no memory-db runs at", text)
        self.assertIn("start it with `memoryctl status`", text)

    def test_example_shared(self):
        self.build(*self.pkg_config("--cflags", "--libs"))

    def test_example_static(self):
        archive = self.root / "usr/lib/libmemory-client.a"
        self.build(*self.pkg_config("--cflags"), archive, "-ljansson")

    @unittest.skipUnless(shutil.which("g++"), "no C++ compiler")
    def test_header_in_cpp(self):
        source = self.root / "t.cpp"
        source.write_text(
            "#include <memory_client.h>\n"
            "int main() { memory_options o = {}; o.size = sizeof o;\n"
            "memory_client *c = memory_client_new(&o);\n"
            "memory_client_free(c); return c == nullptr; }\n")
        program = self.root / "cpp"
        self.run_here("g++", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                      source, "-o", program,
                      *self.pkg_config("--cflags", "--libs"))
        self.run_here(program, env={"LD_LIBRARY_PATH":
                                    str(self.root / "usr/lib")})

    def test_python_client_runs_from_where_it_is(self):
        client = self.root / "usr/share/enhanced-memory/memory_client.py"
        env = clean_env(self.root, {"MEMORY_DB_SOCKET":
                                    str(self.root / "nobody")})
        text = self.run_here(client, "ping", env=env, code=111)
        self.assertIn("nobody", text)
        self.run_here(client, "ping", "{", env=env, code=100)

    def test_uninstall_leaves_nothing(self):
        other = self.root / "usr/lib/other.so"
        other.write_text("stays")
        self.make("uninstall")
        left = [p for p in (self.root / "usr").rglob("*") if p.is_file()
                or p.is_symlink()]
        self.make("install")
        other.unlink()
        self.assertEqual(left, [other])


if __name__ == "__main__":
    unittest.main(verbosity=2)
