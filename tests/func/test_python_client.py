"""The surface of memory_client.py that its conversations do not touch: the
convenience methods, the errors as exceptions, the command line."""
import json
import re
import shutil
import subprocess
import sys
import unittest

import golden
import records
from harness import ROOT, SLOW, clean_env, temp_folder

sys.path.insert(0, str(ROOT / "common/client"))
import memory_client as mc  # noqa: E402

OK = {"reply": {"success": True}}


class Surface(unittest.TestCase):
    def stub(self, *actions):
        folder = temp_folder()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        path = str(folder / "s")
        stub = golden.Stub(path, [list(actions)], 10 * SLOW)
        self.addCleanup(stub.done)
        return path

    def test_convenience_methods(self):
        path = self.stub(
            {"hello": True},
            {"read": "create_entities",
             "params": {"entities": [1], "mode": "skip", "key": "<key>"}},
            {**OK, "to": "create_entities"},
            {"read": "rename_entity",
             "params": {"name": "a", "new_name": "b", "key": "<key>"}},
            {**OK, "to": "rename_entity"},
            {"read": "read_graph", "params": {"limit": 5, "key": "<key>"}},
            {**OK, "to": "read_graph"})
        with mc.MemoryClient(socket=path) as memory:
            memory.create_entities([1], mode="skip")
            memory.rename_entity("a", new_name="b")
            self.assertTrue(memory.read_graph(limit=5)["success"])
            with self.assertRaises(mc.BadArgument):
                memory.read_graph(1)
            with self.assertRaises(AttributeError):
                memory.no_such_method()

    def test_errors_are_exceptions(self):
        path = self.stub(
            {"hello": True}, {"read": "open_nodes"},
            {"reply": {"success": False, "error": "no entity 'x'",
                       "code": "not_found", "param": "names[0]"},
             "to": "open_nodes"})
        with mc.MemoryClient(socket=path) as memory:
            with self.assertRaisesRegex(mc.Refused, "no entity 'x'") as caught:
                memory.open_nodes(["x"])
            self.assertEqual(caught.exception.code, "not_found")
            self.assertEqual(caught.exception.param, "names[0]")
            self.assertIsInstance(caught.exception, mc.MemoryClientError)
            for wrong in ({"a": object()}, {"a": float("nan")},
                          {"a": "\ud800"}, {"a": "x" * (4 << 20)}):
                with self.assertRaises(mc.BadArgument):
                    memory.call("a", wrong)

    def run_cli(self, path, *args, stdin=None):
        folder = temp_folder()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return subprocess.run(
            [sys.executable, str(ROOT / "common/client/memory_client.py"), *args],
            env=clean_env(folder, {"MEMORY_DB_SOCKET": path}), text=True,
            input=stdin, capture_output=True, timeout=30 * SLOW)

    def test_command_line(self):
        path = self.stub(
            {"hello": True},
            {"read": "search_nodes", "params": {"query": "ä", "key": "<key>"}},
            {**OK, "to": "search_nodes", "pad": 100000})
        done = self.run_cli(path, "search_nodes", '{"query": "ä"}')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["pad"]), 100000)

    def test_command_line_refused(self):
        path = self.stub(
            {"hello": True}, {"read": "a", "params": {"key": "<key>", "x": 1}},
            {"reply": {"success": False, "error": "no", "code": "invalid"},
             "to": "a"})
        done = self.run_cli(path, "a", "-", stdin='{"x":1}')
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["code"], "invalid")
        self.assertIn("invalid: no", done.stderr)

    def test_command_line_usage(self):
        for args in ((), ("a", "{}", "b"), ("a", "{"), ("a", "[]")):
            self.assertEqual(self.run_cli("/nowhere/s", *args).returncode, 100)
        self.assertEqual(self.run_cli("/nowhere/s", "--help").returncode, 0)


class Agreement(unittest.TestCase):
    """What stands in more than one file."""

    def test_version(self):
        makefile = (ROOT / "Makefile").read_text()
        self.assertEqual(re.search(r"^VERSION := (\S+)", makefile, re.M)[1],
                         mc.VERSION)

    def test_methods(self):
        for name, positional in mc.METHODS.items():
            self.assertIn(name, records.METHODS)
            known = records.names(records.METHODS[name]["params"])
            for parameter in positional:
                self.assertIn(parameter, known, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
