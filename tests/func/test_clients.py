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
        self.log = folder / "driver.log"
        with open(self.log, "ab") as err:
            self.p = subprocess.Popen(
                DRIVERS[language], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=err, env=clean_env(folder),
                cwd=folder, text=True, encoding="utf-8")
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


def fill(value, names):
    """Puts what was seen before in place of <=NAME>."""
    if isinstance(value, dict):
        return {k: fill(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, names) for v in value]
    if isinstance(value, str) and value.startswith("<="):
        return names[value[2:-1]]
    return value


def hold(talk, driver, test):
    """The client's side of a conversation."""
    names = {}
    for step in talk["steps"]:
        where = f"{talk['name']}, line {step['line']}"
        if step["op"] == "wait":
            time.sleep(step["ms"] / 1000)
            continue
        began = time.monotonic()
        op = fill({k: v for k, v in step.items() if k not in (
            "expect", "line", "at_least_ms", "at_most_ms")}, names)
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

    def test_memory_db(self):
        service = Service()
        self.addCleanup(service.done)
        for talk in golden.load(ROOT / "tests/proto/memory_db.jsonl"):
            with self.subTest(talk["name"]):
                driver = Driver(self.language, self.folder,
                                {"socket": service.socket,
                                 **talk["options"]})
                try:
                    hold(talk, driver, self)
                finally:
                    driver.close()

    def test_over_a_crash(self):
        """Calls under way when memory-db dies are answered by the next one,
        each executed once."""
        service = Service()
        self.addCleanup(service.done)
        driver = Driver(self.language, self.folder,
                        {"socket": service.socket, "retries": 50})
        self.addCleanup(driver.close)
        names = []
        for turn in range(3):
            batch = [f"n{turn}-{i}" for i in range(10)]
            for name in batch:
                driver.run({"op": "submit", "as": name,
                            "method": "create_entities",
                            "params": {"entities": [{
                                "name": name, "entityType": "t",
                                "observations": ["x"]}]}})
            # the first reply is there: the others are on their way
            answered = [driver.run({"op": "receive", "timeout_ms": 20000})]
            service.kill()
            service.start()
            while len(answered) < len(batch):
                answered.append(driver.run({"op": "receive",
                                            "timeout_ms": 20000}))
            self.assertEqual({a["result"] for a in answered}, {"ok"})
            self.assertEqual({a["as"] for a in answered}, set(batch))
            for a in answered:
                self.assertEqual(a["reply"]["results"][0]["action"],
                                 "created", a)
            names += batch
        got = driver.run({"op": "call", "method": "read_graph",
                          "params": {"max_bytes": 1048576}})
        self.assertEqual({e["name"] for e in got["reply"]["entities"]},
                         set(names))

class CClient(Conversations, unittest.TestCase):
    language = "c"
    timeout = 120


class PythonClient(Conversations, unittest.TestCase):
    language = "python"
    timeout = 120


if __name__ == "__main__":
    unittest.main(verbosity=2)
