"""Both client libraries hold the same conversations: with a scripted server
that does what can go wrong, and with the real memory-db."""
import json
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

import golden
from harness import BUILD, ROOT, SLOW, Service, clean_env, temp_folder

DRIVERS = {"c": [str(BUILD / "client/client_driver")],
           "python": [sys.executable, str(ROOT / "tests/lib/client_driver.py")]}


class Driver:
    """A client library, driven line by line."""

    def __init__(self, language, folder, options):
        self.p = subprocess.Popen(
            DRIVERS[language], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=open(folder / "driver.log", "ab"), env=clean_env(folder),
            cwd=folder, text=True, encoding="utf-8")
        self.log = folder / "driver.log"
        self.run({"op": "new", **options})

    def run(self, op):
        self.p.stdin.write(json.dumps(op) + "\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        if not line:
            raise AssertionError("the driver ended: " + self.log.read_text())
        return json.loads(line)

    def close(self):
        self.p.stdin.close()
        code = self.p.wait(10 * SLOW)
        self.p.stdout.close()
        assert code == 0, f"driver: {code}\n{self.log.read_text()}"


def hold(talk, driver, test):
    """The client's side of a conversation."""
    names = {}
    for step in talk["steps"]:
        where = f"{talk['name']}, line {step['line']}"
        if step["op"] == "wait":
            time.sleep(step["ms"] / 1000)
            continue
        began = time.monotonic()
        op = {k: names.get(v[2:-1], v) if isinstance(v, str)
              and v.startswith("<=") else v for k, v in step.items()
              if k not in ("expect", "line", "at_least_ms", "at_most_ms")}
        got = driver.run(op)
        took = (time.monotonic() - began) * 1000
        golden.match(step["expect"], got, names, where)
        test.assertGreaterEqual(took + 1, step.get("at_least_ms", 0), where)
        test.assertLessEqual(took, step.get("at_most_ms", 60000) * SLOW, where)


class Conversations:
    """Mixed into a TestCase with a language: a test for each file."""

    language = ""

    def setUp(self):
        self.folder = temp_folder()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def talk_to_stub(self, talk, number):
        path = str(self.folder / f"s{number}")
        stub = golden.Stub(path, talk["server"], 20 * SLOW) \
            if talk["server"] else None
        driver = Driver(self.language, self.folder,
                        {"socket": path, **talk["options"]})
        try:
            hold(talk, driver, self)
        except Exception as e:
            raise AssertionError(f"{e}\nserver: "
                                 f"{stub and stub.error}") from e
        finally:
            driver.close()
        if stub:
            stub.done()

    def test_stub(self):
        talks = golden.load(ROOT / "tests/proto/stub.jsonl")
        self.assertGreater(len(talks), 25)
        for number, talk in enumerate(talks):
            with self.subTest(talk["name"]):
                self.talk_to_stub(talk, number)


class CClient(Conversations, unittest.TestCase):
    language = "c"
    timeout = 120


class PythonClient(Conversations, unittest.TestCase):
    language = "python"
    timeout = 120


if __name__ == "__main__":
    unittest.main(verbosity=2)
