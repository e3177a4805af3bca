"""Scripts of one client do not keep those of another waiting."""
import time

from harness import TestCase, main, wait_until

SPIN = {"code": "while true do end", "timeout_ms": 20000}
MOST = 1.0      # seconds that a first script may wait, beside its own time


class Fairness(TestCase):
    def setUp(self):
        self.db = self.service()

    def client(self, **hello):
        c = self.db.client()
        self.addCleanup(c.close)
        if hello:
            c.ok("hello", **hello)
        return c

    def first_of_another(self, c):
        begin = time.monotonic()
        reply = c.ok("execute_code", code="return 6 * 7")
        took = time.monotonic() - begin
        self.assertEqual((reply["outcome"], reply["result"]), ("ok", 42))
        self.assertLess(took, MOST)

    def spin(self, clients, each):
        return [(c, c.request("execute_code", SPIN))
                for c in clients for _ in range(each)]

    def refused(self, c, numbers):
        n = 0
        for number in numbers:
            try:
                reply = c.reply(number, timeout=0.5)
            except TimeoutError:
                continue
            self.assertEqual(reply["code"], "busy", reply)
            self.assertGreater(reply["retry_after_ms"], 0)
            self.assertIn("scripts", reply["error"])
            n += 1
        return n

    def test_forty_of_one_session(self):
        self.client(session="warm").ok("execute_code", code="return 1")
        evil = self.client(session="evil")
        numbers = [x for _, x in self.spin([evil], 40)]
        time.sleep(0.3)
        for name in ("one", "two"):
            self.first_of_another(self.client(session=name))
        self.first_of_another(self.client())
        self.assertEqual(self.refused(evil, numbers[3:]), 37)

    def test_one_session_over_many_connections(self):
        many = [self.client(session="evil") for _ in range(40)]
        sent = self.spin(many, 1)
        time.sleep(0.3)
        self.first_of_another(self.client(session="good"))
        self.assertEqual(sum(self.refused(c, [n]) for c, n in sent), 37)

    def test_connections_without_a_session(self):
        self.spin([self.client() for _ in range(40)], 1)
        time.sleep(0.3)
        self.first_of_another(self.client(session="good"))

    def test_a_process_that_makes_up_sessions(self):
        self.spin([self.client(session=f"evil {i}") for i in range(40)], 1)
        time.sleep(0.3)
        m = self.mcp(self.db)
        begin = time.monotonic()
        m.ok("execute_code", {"code": "return 1"})
        self.assertLess(time.monotonic() - begin, MOST)

    def test_two_agents(self):
        evil, good = (self.mcp(self.db) for _ in range(2))
        for _ in range(40):
            evil.send("tools/call", {"name": "execute_code",
                                     "arguments": SPIN})
        time.sleep(0.5)
        begin = time.monotonic()
        good.ok("execute_code", {"code": "return 1"})
        self.assertLess(time.monotonic() - begin, MOST)
        # What is left of them goes with their agent.
        evil.kill()
        other = self.client(session="later")
        wait_until(lambda: other.ok("get_memory_status")["queues"]
                   ["requests_under_way"] <= 1, 20, why="scripts end")

    def test_a_few_at_once_are_done_in_turn(self):
        c = self.client(session="agent")
        numbers = [c.request("execute_code", code=f"return {i}")
                   for i in range(3)]
        self.assertEqual([c.reply(n)["result"] for n in numbers], [0, 1, 2])


if __name__ == "__main__":
    main()
