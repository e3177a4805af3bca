"""The attacks again, through the whole service: execute_code over the socket.
Those that need limits of their own or the made-up memory stay with the
driver."""
import os
import time
import unittest

import jail
from harness import SLOW, Service, wait_until

FILES = ("loops", "memory", "parser", "bytecode", "environment", "state",
         "results", "errors", "coroutines", "output")
ONLY_DRIVER = {"cpu", "memory", "result_bytes", "api_calls", "api_bytes",
               "output", "cancel", "peak"}
# What differs because the service has other globals and methods.
SKIP = {"exactly these globals", "globals are apart from it",
        "API in one", "API error in one",
        "functions of the memory can be replaced"}


def usable(case):
    return not ONLY_DRIVER & set(case.want) and case.name not in SKIP and \
        "memory.fail" not in case.source and "memory.echo" not in case.source


@unittest.skipUnless(jail.has_seccomp(), "this kernel has no seccomp")
class ThroughTheService(unittest.TestCase):
    timeout = 120

    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.client = cls.service.client()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.service.stop()
        cls.service.done()

    def run_case(self, case):
        request = case.request()
        params = {"code": request["source"],
                  "timeout_ms": request["limits"]["wall_ms"]}
        if "args" in request:
            params["args"] = request["args"]
        return self.client.call("execute_code", params)

    def test_each_has_its_outcome_and_the_service_lives(self):
        done = 0
        for name in FILES:
            for case in jail.cases(jail.CASES / f"{name}.lua"):
                if not usable(case):
                    continue
                with self.subTest(file=name, case=case.name):
                    reply = self.run_case(case)
                    if reply.get("success") is False and \
                            "outcome" not in reply:
                        # refused before it came near a jail
                        self.assertIn(reply.get("code"),
                                      ("invalid", "limit"), reply)
                    else:
                        problems = list(case.problems(reply))
                        self.assertFalse(problems, str(reply)[:1000])
                    start = time.monotonic()
                    self.client.ok("ping")
                    self.assertLess(time.monotonic() - start, 1.0 * SLOW)
                    done += 1
        self.assertGreater(done, 250)

    def test_nothing_grows(self):
        pid = self.service.pid

        def measure():
            return (len(os.listdir(f"/proc/{pid}/fd")),
                    len(os.listdir(f"/proc/{pid}/task")))
        for _ in range(20):
            self.client.ok("execute_code", {"code": "return 1"})
        seen = [None]

        def settled():      # the pool is full, and nobody is being reaped
            last, seen[0] = seen[0], measure()
            time.sleep(0.2)
            return last == seen[0] == measure()
        wait_until(settled, why="the pool is full")
        before = measure()
        for i in range(300):
            code = ("return 1 + 1", "error('x')", "return search_nodes('x')")
            self.client.call("execute_code", {"code": code[i % 3]})
        wait_until(lambda: measure() == before, why=f"{before} again")

    def test_an_operator_may_shorten_and_switch_off(self):
        with Service(args=["--limit-script-ms", "150"]) as short:
            c = short.client()
            r = c.call("execute_code", {"code": "while true do end",
                                        "timeout_ms": 20000})
            c.close()
            self.assertEqual(r["outcome"], "timeout")
            self.assertEqual(r["limits"]["wall_ms"], 150)
            self.assertLess(r["usage"]["wall_ms"], 3000 * SLOW)
        with Service(args=["--no-scripts"]) as off:
            c = off.client()
            r = c.call("execute_code", {"code": "return 1"})
            self.assertEqual(r["outcome"], "unavailable")
            self.assertIn("--no-scripts", r["message"])
            self.assertFalse(c.ok("get_memory_status")["sandbox"]["available"])
            c.close()

    def test_ten_at_a_time(self):
        clients = [self.service.client() for _ in range(10)]
        for i, c in enumerate(clients):
            c.request("execute_code", {
                "code": "local t = os.clock() while os.clock() < t + 0.01 do "
                        "end return args.n", "args": {"n": i},
                "timeout_ms": 20000})
        got = [c.read() for c in clients]
        for c in clients:
            c.close()
        self.assertEqual([r.get("result") for r in got], list(range(10)), got)
