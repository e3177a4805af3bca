"""Golden conversations of memory-mcp, one for each protocol revision and one
for the compat profile, held with the real memory-db.

A file of tests/proto/mcp/ has a line of options (JSON, behind "!") and then
lines to send (behind "> ", as they are) and lines that must come next, in this
order (behind "< ", patterns of tests/lib/golden.py). "!end" closes the input.
"""
import json
import queue
import sys
import threading
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
import subprocess

from golden import match
from harness import BIN, SLOW, TestCase, main, reports


class Golden(TestCase):
    def hold(self, path):
        script = path.read_text(encoding="utf-8").splitlines()
        options = json.loads(next(s for s in script if s[:1] == "!")[1:])
        db = self.service()
        with open(db.folder / "mcp.log", "wb") as log:
            p = subprocess.Popen(
                [str(BIN / "memory-mcp"), *options.get("args", [])],
                env=db.env(options.get("env")), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log)
        lines = queue.Queue()
        reader = threading.Thread(target=lambda: [
            lines.put(line) for line in p.stdout], daemon=True)
        reader.start()
        names = {}
        try:
            for number, line in enumerate(script, 1):
                if line.startswith("> "):
                    p.stdin.write(line[2:].encode() + b"\n")
                    p.stdin.flush()
                elif line == "!end":
                    p.stdin.close()
                elif line.startswith("< "):
                    got = json.loads(lines.get(timeout=10 * SLOW))
                    match(json.loads(line[2:]), got, names,
                          f"{path.name}:{number}")
            p.stdin.close()
            self.assertEqual(p.wait(5 * SLOW), 0)
            reader.join(5)
            self.assertTrue(lines.empty(), "more was said than expected")
        finally:
            p.kill()
            p.wait()
            p.stdout.close()
        text = (db.folder / "mcp.log").read_text(errors="replace")
        self.assertEqual(reports(text), [])


def add(path):
    setattr(Golden, "test_" + path.stem.replace("-", "_"),
            lambda self: self.hold(path))


for file in sorted((HERE / "mcp").glob("*.txt")):
    add(file)

if __name__ == "__main__":
    main()
