#!/usr/bin/env python3
"""Scripts through the service: what they see, what becomes of their writes,
and that nobody waits for them."""
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import Service, TestCase  # noqa: E402

CREATE = 'create_entities{entities={{name="bob",entityType="t",' \
         'observations={"a quince"}}}}\n'


class ExecuteCode(TestCase):
    def setUp(self):
        super().setUp()
        self.service = Service()
        self.addCleanup(self.service.done)
        self.c = self.service.client()
        self.addCleanup(self.c.close)
        end = time.monotonic() + 30
        while "available" not in self.status() or self.status()["reason"]:
            if not self.status()["available"] and time.monotonic() > end:
                self.skipTest("no jail here: " + self.status()["reason"])
            time.sleep(0.05)

    def status(self):
        return self.c.ok("get_memory_status")["sandbox"]

    def run_code(self, code, outcome="ok", **more):
        r = self.c.ok("execute_code", code=code, **more)
        self.assertEqual(r["outcome"], outcome, r)
        return r

    def graph(self):
        return [e["name"] for e in self.c.ok("read_graph")["entities"]]

    def add(self, name, *texts):
        self.c.ok("create_entities", entities=[
            {"name": name, "entityType": "t", "observations": list(texts)}])

    def test_result_args_and_print(self):
        r = self.run_code('print("hi"); return {n = args.x + 1}',
                          args={"x": 41})
        self.assertEqual(r["result"], {"n": 42})
        self.assertEqual(r["stdout"], "hi\n")

    def test_reads_its_own_writes_and_commits_once(self):
        r = self.run_code(CREATE + 'return {search_nodes("quince").count, '
                          'search_nodes("uinc").count, #open_nodes({"bob"}).entities}')
        self.assertEqual(r["result"], [1, 1, 1])
        self.assertEqual([x["entity"] for x in r["changes"]], ["bob"])
        self.assertEqual(self.graph(), ["bob"])
        log = self.c.ok("memory_history")["changes"]
        self.assertEqual([(x["kind"], x["change"]) for x in log],
                         [("script", r["change"])])

    def test_dry_run_and_errors_write_nothing(self):
        r = self.run_code(CREATE + "return 1", dry_run=True)
        self.assertEqual(r["changes"][0]["added"], ["a quince"])
        self.assertNotIn("change", r)
        self.run_code(CREATE + 'error("no")', outcome="error")
        self.run_code(CREATE + "while true do end", outcome="timeout",
                      timeout_ms=300)
        self.assertEqual(self.graph(), [])

    def test_an_error_of_a_call_can_be_caught(self):
        r = self.run_code('local ok, e = pcall(add_observations, '
                          '{observations={{entityName="no", contents={"x"}}}})'
                          ' return {ok, tostring(e)}')
        self.assertFalse(r["result"][0])
        self.assertIn("no entity 'no'", r["result"][1])

    def test_conflict(self):
        self.add("ada", "a")
        code = ('open_nodes({"ada"}) local t = 0 while t < args.n do t = t + 1 '
                'end add_observations{observations={{entityName="ada", '
                'contents={"by the script"}}}} return 1')
        answers = []
        with self.service.client() as other:
            t = threading.Thread(target=lambda: answers.append(other.ok(
                "execute_code", code=code, args={"n": 150000000},
                timeout_ms=20000)))
            t.start()
            time.sleep(0.3)
            self.add("ada", "by another")
            t.join()
        if answers[0]["outcome"] == "ok":
            self.skipTest("the script was faster than the other client")
        self.assertEqual(answers[0]["outcome"], "conflict", answers)
        got = self.c.ok("open_nodes", names=["ada"])["entities"][0]
        self.assertEqual(got["observations"], ["a", "by another"])

    def test_others_do_not_wait(self):
        with self.service.client() as other:
            other.request("execute_code", {"code": "while true do end",
                                           "timeout_ms": 1500})
            start = time.monotonic()
            for i in range(20):
                self.add("e%d" % i, "x")
                self.c.ok("search_nodes", query="x")
            self.assertLess(time.monotonic() - start, 1.4)
            self.assertEqual(other.read(timeout=20)["outcome"], "timeout")

    def test_too_many_scripts_are_busy(self):
        clients = [self.service.client() for _ in range(24)]
        for x in clients:
            x.request("execute_code", {"code": "while true do end",
                                       "timeout_ms": 200})
        codes = [x.read(timeout=60).get("code") for x in clients]
        self.assertIn("busy", codes)
        for x in clients:
            x.close()
        self.run_code("return 1")


if __name__ == "__main__":
    unittest.main()
