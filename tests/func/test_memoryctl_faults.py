"""memoryctl while its own allocations and file calls fail: it says so, ends
with a code of its own, and leaves files whole."""
import errno
import json
import os
import resource
import subprocess

import faults
from faults import Faults
from harness import BIN, SANITIZED, SLOW, TestCase, entity, preload, reports

CTL = str(BIN / "memoryctl")
# Of each command at most this many places fail, spread over all of them.
MOST = 60 if SANITIZED else 150


class Loop(TestCase):
    timeout = 180

    def setUp(self):
        self.db = self.service()
        self.dir = self.db.folder
        self.shim = Faults(self.dir / "faults")
        self.env = preload({**self.db.env(), **self.shim.env()},
                           "shim_fail.so")
        self.db.client().ok("create_entities", entities=[
            entity("a", "one", "two"), entity("b")])
        self.db.client().ok("create_relations", relations=[
            {"from": "a", "to": "b", "relationType": "r"}])
        self.file = self.dir / "m.jsonl"
        self.file.write_text("".join(json.dumps({
            "type": "entity", "name": f"n{i}", "entityType": "t",
            "observations": ["x"]}) + "\n" for i in range(20)))
        self.config = self.dir / "config.json"
        self.config.write_text('{\n  "mcpServers": {\n    "x": {}\n  }\n}')

    def run_ctl(self, *args):
        done = subprocess.run([CTL, *map(str, args)], env=self.env,
                              cwd=self.dir, text=True, capture_output=True,
                              timeout=60 * SLOW)
        self.assertEqual(reports(done.stderr), [])
        return done

    def each_failure(self, kinds, args, check, **arm):
        """Runs the command once for each place that may fail."""
        self.shim.arm(kinds, skip=1 << 40, **arm)
        good = self.run_ctl(*args)
        places = self.shim.seen
        self.assertGreater(places, 0, args)
        for n in range(0, places, max(1, places // MOST)):
            self.shim.arm(kinds, skip=n, **arm)
            done = self.run_ctl(*args)
            if self.shim.failed == 0:
                continue
            with self.subTest(args=args, n=n):
                self.assertIn(done.returncode, (0, 1, 100, 111),
                              done.stderr)
                check(good, done)
        self.shim.disarm()

    @staticmethod
    def complaint(done):
        return done.stderr.strip() or done.returncode == 0

    def test_reading_without_memory(self):
        def same_or_said(good, done):
            self.assertTrue(self.complaint(done))
            if done.returncode == 0 and not done.stderr:
                self.assertEqual(done.stdout, good.stdout)
        for args in (("show", "a"), ("search", "one", "-j"),
                     ("history", "a"), ("export",), ("namespace",),
                     ("verify", "--json")):
            self.each_failure(faults.MALLOC, args, same_or_said)

    def test_doctor_without_memory(self):
        def check(good, done):
            if done.returncode == 0:
                json.loads(done.stdout)
        self.each_failure(faults.MALLOC, ("doctor", "--json"), check)

    def test_import_without_memory(self):
        def check(good, done):
            self.assertTrue(self.complaint(done))
        self.each_failure(faults.MALLOC, ("import", self.file, "-q"), check)
        self.db.ctl("import", self.file)
        got = json.loads(self.db.ctl("status", "-j").stdout)
        self.assertEqual(got["total_entities"], 22)
        self.db.ctl("verify")

    def test_install_leaves_whole_files(self):
        before = self.config.read_text()
        program = self.dir / "memory-mcp"
        program.write_text("")
        program.chmod(0o755)
        args = ("install", "--client", "claude-code", "--file", self.config,
                "--program", program)

        def check(good, done):
            now = self.config.read_text()
            if now != before:
                self.assertIn("memory", json.loads(now)["mcpServers"])
                self.config.write_text(before)
            else:
                self.assertNotEqual(done.returncode, 0, done.stdout)
            for name in os.listdir(self.dir):
                self.assertFalse(name.startswith("config.json.") and
                                 ".bak-" not in name, name)
                if ".bak-" in name:
                    os.unlink(self.dir / name)
        self.config.write_text(before)
        for kinds in (faults.MALLOC,
                      faults.OPEN | faults.WRITE | faults.SYNC):
            self.each_failure(kinds, args, check, path="config.json")

    def test_export_to_a_full_disk(self):
        out = self.dir / "out.jsonl"

        def check(good, done):
            self.assertEqual(done.returncode, 111, done.stdout)
            self.assertIn("out.jsonl", done.stderr)
            self.assertEqual(out.read_text(), "old")
            self.assertEqual([x for x in os.listdir(self.dir)
                              if x.startswith("out.jsonl.")], [])
        out.write_text("old")
        self.shim.arm(faults.SYNC, path="out.jsonl", error=errno.EIO)
        check(None, self.run_ctl("export", out))
        self.assertEqual(self.shim.failed, 1)
        self.shim.disarm()
        # A file size limit is what a full disk is to stdio.
        check(None, subprocess.run(
            [CTL, "export", str(out)], env=self.db.env(), text=True,
            capture_output=True, restore_signals=False,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (100, 100))))


if __name__ == "__main__":
    from harness import main
    main()
