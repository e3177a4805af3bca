"""The n-th allocation, read, write, sync, open or truncation fails, in a loop
over n within one living service: an error answer, no loss, no leak."""
import errno

import faults
import harness
from faults import Faults
from harness import SLOW, Client, entity
from writers import Writers, check_acked, stored

# Answers that a failing machine may give.
CODES = {"nomem", "store", "busy", "internal", "disk_low", "limit", "timeout",
         "corrupt"}
# Loops over more calls than this take a share of them.
MOST = 250


class Loop(harness.TestCase):
    timeout = 240

    def setUp(self):
        self.shim = Faults(self.folder() / "faults")
        self.db = self.service(shims=["shim_fail.so"], env=self.shim.env())
        self.made, self.unsure = set(), set()
        self.number = 0
        with Client(self.db.socket) as c:
            c.ok("create_entities", entities=[entity("hub", "stays")])
        self.made.add("hub")

    def requests(self):
        """What one turn asks: writes and reads of each kind."""
        self.number += 1
        name = f"n{self.number}"
        return name, [
            ("create_entities", {"entities": [entity(name, f"fact of {name}")],
                                 "key": f"key {name}"}),
            ("create_relations", {"relations": [
                {"from": "hub", "to": name, "relationType": "knows"}]}),
            ("search_nodes", {"query": "fact"}),
            ("open_nodes", {"names": [name, "hub"]}),
            ("memory_history", {"limit": 5}),
            ("get_memory_status", {}),
        ]

    def turn(self, c):
        """Asks; returns the client to go on with."""
        name, asked = self.requests()
        self.unsure.add(name)
        for method, params in asked:
            try:
                if c is None:
                    c = Client(self.db.socket, timeout=5)
                reply = c.call(method, params)
            except TimeoutError:
                self.fail(f"no answer to {method} after {self.where}\n" +
                          self.db.process.tail())
            except (ConnectionError, BrokenPipeError):
                # Closing that one client is allowed; falling over is not.
                self.assertTrue(self.db.process.running(),
                                self.db.process.tail())
                if c:
                    c.close()
                c = None
                continue
            if reply["success"]:
                if method == "create_entities":
                    self.made.add(name)
            elif method == "create_entities" or reply["code"] not in (
                    "not_found",):
                self.assertIn(reply["code"], CODES, (method, reply))
                self.assertTrue(reply["error"], (method, self.where, reply))
        return c

    def loop(self, kinds, error, path="memory.db", expect=1):
        c = Client(self.db.socket, timeout=5)
        self.where = "no failure"
        calls = []
        for _ in range(6):
            self.shim.arm(kinds, skip=1 << 40, error=error, path=path)
            c = self.turn(c)
            calls.append(self.shim.seen)
        # The first turns read tables once, and background work of a start
        # may run beside them: it makes tens of thousands of calls that no
        # later turn makes.
        calls = min(calls)
        failed = n = 0
        step = max(1, calls * 2 // MOST)
        while n < calls * 2 + step:
            self.shim.arm(kinds, skip=n, error=error, path=path)
            self.where = f"call {n} failed"
            c = self.turn(c)
            failed += self.shim.failed
            n += step
        self.shim.disarm()
        print(f"{calls} calls a turn, {failed} failed", flush=True)
        self.assertGreaterEqual(failed, expect, "nothing failed")
        if c:
            c.close()
        self.healthy()

    def healthy(self):
        """Everything acknowledged is there, and it works as before."""
        with Client(self.db.socket) as c:
            there = set(stored(c))
            self.assertEqual(self.made - there, set(), "lost")
            self.assertEqual(there - self.made - self.unsure, set())
            c.ok("create_entities", entities=[entity("later", "works")])
            self.assertEqual(len(c.ok("search_nodes", query="later works")
                                 ["results"][:1]), 1)
        self.db.verify()
        self.db.restart()
        with Client(self.db.socket) as c:
            self.assertEqual(self.made - set(stored(c)), set())

    def test_memory(self):
        self.loop(faults.MALLOC, errno.ENOMEM, expect=50)

    def test_write_no_space(self):
        self.loop(faults.WRITE, errno.ENOSPC)

    def test_write_error(self):
        self.loop(faults.WRITE, errno.EIO)

    def test_sync(self):
        self.loop(faults.SYNC, errno.EIO)

    def test_read(self):
        self.loop(faults.READ, errno.EIO, expect=0)

    def test_open(self):
        self.loop(faults.OPEN, errno.EMFILE, expect=0)

    def test_truncate(self):
        self.loop(faults.TRUNCATE, errno.EIO, expect=0)

    def test_accept(self):
        """Out of descriptors: clients wait or are refused, then served."""
        for error in (errno.EMFILE, errno.ENOMEM, errno.ECONNABORTED):
            self.shim.arm(faults.ACCEPT, count=5, error=error)
            harness.wait_until(self.ping, 10, why="accept works again")
        self.shim.disarm()
        self.healthy()

    def ping(self):
        try:
            with Client(self.db.socket, timeout=1 / SLOW) as c:
                return c.call("ping")["success"]
        except (ConnectionError, TimeoutError, OSError):
            return False


class Groups(harness.TestCase):
    """One failing call in the commit of a group: its requests are run again
    one by one, so that at most the poisoned one fails."""

    def loop(self, kinds, error):
        shim = Faults(self.folder() / "faults")
        db = self.service(shims=["shim_fail.so"], env=shim.env())
        w = Writers(db.socket, clients=32).start()
        failed = 0
        for i in range(30):
            w.wait_acked(len(w.acked) + 50)
            shim.arm(kinds, skip=i % 7, error=error)
            harness.wait_until(lambda: shim.failed, why="a failing call")
            failed += shim.failed
        shim.disarm()
        w.stop()
        self.assertGreaterEqual(failed, 30)
        self.assertLessEqual(len(w.refused), failed, w.refused[:3])
        for reply in w.refused:
            self.assertIn(reply["code"], CODES)
        print(f"{failed} calls failed, {len(w.acked)} writes acknowledged, "
              f"{len(w.refused)} refused", flush=True)
        with Client(db.socket) as c:
            check_acked(self, c, w)
        db.verify()

    def test_write(self):
        self.loop(faults.WRITE, errno.ENOSPC)

    def test_sync(self):
        self.loop(faults.SYNC, errno.EIO)

    def test_memory(self):
        self.loop(faults.MALLOC, errno.ENOMEM)


class Relay(harness.TestCase):
    """memory-mcp without memory: an error answer or a result, and it lives."""

    timeout = 120

    def test_memory(self):
        db = self.service()
        shim = Faults(self.folder() / "faults")
        m = db.mcp(env=shim.env(), shims=["shim_fail.so"])
        self.addCleanup(self._end_mcp, m)
        shim.arm(faults.MALLOC, skip=1 << 40)
        m.ok("search_nodes", query="nothing")
        m.ok("create_entities", entities=[entity("first", "x")])
        calls = shim.seen
        made, step = {"first"}, max(1, calls // 120)
        for n in range(0, calls + 1, step):
            shim.arm(faults.MALLOC, skip=n)
            answers = [m.send("tools/call", {"name": tool, "arguments": a})
                       for tool, a in (
                           ("search_nodes", {"query": "x"}),
                           ("create_entities",
                            {"entities": [entity(f"n{n}", "x")]}))]
            for i, number in enumerate(answers):
                got = self.answer(m, number, n)
                if i == 1 and got and not got.get("isError"):
                    made.add(f"n{n}")
        shim.disarm()
        m.ok("create_entities", entities=[entity("last", "x")])
        made.add("last")
        with db.client() as c:
            self.assertEqual(made - set(stored(c)), set())

    def answer(self, m, number, n):
        """The result or None. An answer whose id was lost with the memory
        comes without one."""
        def arrived():
            self.assertTrue(m.process.running(), m.process.tail())
            return m.replies.get(number) or m.replies.get(None)
        harness.wait_until(arrived, 5, 0.001,
                           f"answer at call {n}; {m.process.tail(5)}")
        got = (m.replies.get(number) or m.replies[None]).pop()
        return got.get("result")


class Start(harness.TestCase):
    """The n-th call of a start fails: it ends with a text or serves."""

    timeout = 240

    def loop(self, kinds, error, path="memory.db"):
        folder = self.folder()
        shim = Faults(folder / "faults")
        db = self.service(shims=["shim_fail.so"], env=shim.env(), start=False)
        db.start()
        db.client().ok("create_entities", entities=[entity("ada", "tea")])
        db.stop()
        shim.arm(kinds, skip=1 << 40, error=error, path=path)
        db.start()
        calls = shim.seen
        db.stop()
        step = max(1, calls // 40)
        for n in range(0, calls + 1, step):
            shim.arm(kinds, skip=n, error=error, path=path)
            process = db.spawn()
            try:
                db.wait_ready()
            except AssertionError:
                code = process.wait(5)
                self.assertGreater(code, 0, f"n={n}: {process.tail()}")
                process.check()
                db.process = None
                continue
            shim.disarm()
            db.stop()
        shim.disarm()
        db.start()
        self.assertEqual(set(stored(db.client())), {"ada"})
        db.verify()

    def test_memory(self):
        self.loop(faults.MALLOC, errno.ENOMEM)

    def test_io(self):
        self.loop(faults.READ | faults.WRITE | faults.OPEN | faults.SYNC,
                  errno.EIO)


if __name__ == "__main__":
    harness.main()
