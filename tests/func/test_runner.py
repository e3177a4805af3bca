"""The test runner itself: it must go red for whatever can go wrong."""
import subprocess
import sys
import unittest

import harness
from harness import ROOT, alive


class Runner(harness.TestCase):
    def run_jobs(self, kind, name, text):
        folder = self.folder()
        path = folder / name
        path.write_text(text)
        path.chmod(0o755)
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests/run.py"), "--" + kind,
             str(path)], text=True, capture_output=True, cwd=folder,
            timeout=60, env=harness.clean_env(folder, {"TEST_SLOW": "0.01"}))
        return done.returncode, done.stdout.splitlines(), done.stdout

    def check(self, kind, name, text, passed, failed, word=""):
        code, lines, all_text = self.run_jobs(kind, name, text)
        self.assertEqual(lines[-1], f"{passed} passed, {failed} failed",
                         all_text)
        self.assertEqual(all_text.count(" passed, "), 1)
        self.assertEqual(code, 1 if failed else 0)
        self.assertIn(word, all_text)

    def tap(self, body):
        return "#!/bin/bash\n" + body

    def py(self, body):
        return ("import os, subprocess, time, unittest\n"
                "class T(unittest.TestCase):\n" +
                "".join(f"    {line}\n" for line in body))

    def test_unit(self):
        self.check("unit", "test_u", self.tap("echo 1..2\necho ok 1 - a\n"
                                              "echo ok 2 - b"), 2, 0)
        self.check("unit", "test_u", self.tap(
            "echo 1..2\necho ok 1 - a\necho not ok 2 - b\nexit 1"), 1, 1, "b")

    def test_unit_that_skips(self):
        """As cmocka writes it, and as TAP has it; a failure that only speaks
        of a skip stays one."""
        self.check("unit", "test_u", self.tap(
            "echo 1..3\necho 'not ok 1 # SKIP a'\necho 'ok 2 - b # SKIP'\n"
            "echo 'ok 3 - c'"), 1, 0, "skipped: 2")
        self.check("unit", "test_u", self.tap(
            "echo 1..1\necho 'not ok 1 - a # SKIP'\nexit 1"), 0, 1)

    def test_what_fails_once_is_unsteady(self):
        once = ("[ -e {0} ] && good=1; touch {0}; echo 1..1\n"
                "[ \"$good\" ] && echo ok 1 - a || {{ echo not ok 1 - a{1}; "
                "exit 1; }}")
        mark = self.folder() / "mark"
        self.check("unit", "test_u", self.tap(once.format(mark, "")), 1, 0,
                   "unsteady: test_u: a")
        mark.unlink()
        self.check("unit", "test_u", self.tap(once.format(
            mark, "; echo ERROR: AddressSanitizer")), 0, 1)

    def test_unit_that_crashes_or_leaks(self):
        self.check("unit", "test_u", self.tap("echo 1..3\necho ok 1 - a\n"
                                              "kill -SEGV $$"), 1, 1,
                   "after 1 of 3")
        self.check("unit", "test_u", self.tap("echo 1..1\necho ok 1 - a\n"
                                              "exit 99"), 1, 1, "99")
        self.check("unit", "test_u", self.tap("exit 3"), 0, 1)

    def test_python(self):
        self.check("py", "test_p.py", self.py([
            "def test_a(self): pass", "def test_b(self): self.fail('why')",
            "@unittest.skip('x')", "def test_c(self): pass"]), 1, 1, "why")

    def test_python_that_dies_or_hangs(self):
        self.check("py", "test_p.py", self.py([
            "def test_a(self): pass", "def test_b(self): os._exit(0)"]),
            1, 1, "ended its process")
        self.check("py", "test_p.py", self.py([
            "def test_a(self): time.sleep(600)"]), 0, 1, "deadline")
        self.check("py", "test_p.py", "import nothing_such", 0, 1,
                   "nothing_such")

    def test_process_left_behind(self):
        code, lines, text = self.run_jobs("py", "test_p.py", self.py([
            "def test_a(self): subprocess.Popen(['sleep', '77.7'])"]))
        self.assertEqual(lines[-1], "1 passed, 1 failed", text)
        self.assertIn("left behind: sleep 77.7", text)
        pid = int(text.split("(pid ")[1].split(")")[0])
        harness.wait_until(lambda: not alive(pid))


if __name__ == "__main__":
    unittest.main()
