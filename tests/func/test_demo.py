"""`make demo` itself: it ends well, shows what it promises, leaves nothing."""
import os
import subprocess
import sys
import unittest

from harness import BIN, ROOT, SLOW


class Demo(unittest.TestCase):
    timeout = 120

    def test_demo(self):
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests/demo/demo.py")], text=True,
            capture_output=True, timeout=100 * SLOW, env=os.environ)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        for words in ("killed with SIGKILL", "none twice", "no problems",
                      f"{BIN / 'memoryctl'} install --client claude-code",
                      '"mcpServers"'):
            self.assertIn(words, done.stdout)
        # Nothing is left of its scratch folder.
        left = os.listdir(os.environ["TMPDIR"])
        self.assertEqual([x for x in left if x.startswith("t")], [])


if __name__ == "__main__":
    unittest.main()
