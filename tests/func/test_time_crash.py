"""kill -9 during merges, reverts and undos: each is there entirely or not at
all. And clocks that jump do not reorder history."""
import random
import threading

import harness
from harness import TestCase, entity

FACTS = 300


class Crash(TestCase):
    timeout = 180

    def texts(self, client, branch="main"):
        got, params = set(), {}
        while True:
            r = client.ok("read_graph", branch=branch, **params)
            for e in r["entities"]:
                got |= {(e["name"], t) for t in e["observations"]}
            if not r.get("next"):
                return got
            params = {"cursor": r["next"]}

    def big_change(self, client, branch, i):
        """Replaces all facts of all entities on a branch."""
        client.ok("create_entities", branch=branch, mode="replace", entities=[
            entity(f"e{k}", *[f"fact {j} of round {i}" for j in range(10)])
            for k in range(FACTS // 10)])

    def kill_during(self, action, rounds=6):
        """action(client, round) -> (method, params) and the state after."""
        chance = random.Random(5)
        db = self.service()
        whole = nothing = 0
        # A dry run tells how long one takes, so that the kill falls into it.
        self.big_change(db.client(), "main", -1)
        for i in range(rounds):
            client = db.client()
            method, params = action(client, i)
            before = self.texts(client)
            start = harness.time.monotonic()
            client.ok(method, **params, dry_run=True)
            took = harness.time.monotonic() - start
            self.assertEqual(self.texts(client), before)
            thread = threading.Thread(target=self.ask,
                                      args=(client, method, params))
            thread.start()
            thread.join(chance.uniform(0, took * 1.5))
            db.kill()
            thread.join()
            db.start()
            client = db.client()
            now = self.texts(client)
            if now == before:
                nothing += 1
                client.ok(method, **params)
                now = self.texts(client)
            else:
                whole += 1
            self.assertEqual(now, self.wanted, f"round {i}")
            db.verify()
        print(f"{whole} done, {nothing} not", flush=True)

    def ask(self, client, method, params):
        try:
            client.call(method, params)
        except (OSError, AssertionError, EOFError):
            pass

    def test_merges(self):
        def action(client, i):
            client.ok("memory_branch", action="create", name=f"b{i}")
            self.big_change(client, f"b{i}", i)
            self.wanted = self.texts(client, f"b{i}")
            return "memory_merge", {"branch": f"b{i}"}
        self.kill_during(action)

    def test_undos(self):
        def action(client, i):
            self.wanted = self.texts(client)
            self.big_change(client, "main", i)
            change = client.ok("memory_history", limit=1)["changes"][0]
            return "memory_undo", {"change": change["change"]}
        self.kill_during(action)

    def test_reverts(self):
        def action(client, i):
            texts = [f"fact {k} of round {i}" for k in range(FACTS)]
            n = client.ok("create_entities", mode="replace", entities=[
                entity("e0", *texts)])["results"][0]["version"]
            self.wanted = self.texts(client)
            client.ok("create_entities", mode="replace", entities=[
                entity("e0", *[t + "!" for t in texts])])
            return "memory_revert", {"name": "e0", "version": n}
        self.kill_during(action)


@harness.unittest.skipIf(harness.VARIANT == "release",
                         "the clock moves in test builds only")
class Clock(TestCase):
    def test_jumps(self):
        """Days forward, then back: ids order what is recorded, and a time
        means the last change recorded at or before it."""
        db = self.service(start=False)
        at = []
        for i, offset in enumerate([0, 86400000, -86400000, 3600000, 0]):
            db.start(env={"MEMORY_TEST_CLOCK_OFFSET_MS": str(offset)})
            c = db.client()
            c.ok("create_entities", entities=[entity(f"e{i}", "x")])
            at.append(c.ok("memory_history", limit=1)["changes"][0]["at"])
            names = [e["name"] for e in c.ok("read_graph")["entities"]]
            self.assertEqual(names, [f"e{k}" for k in range(i + 1)])
            db.verify()
            db.stop()
        self.assertEqual(at, sorted(at))
        db.start()
        c = db.client()
        changes = c.ok("memory_history", limit=50)["changes"]
        self.assertEqual([x["change"] for x in changes], [5, 4, 3, 2, 1])
        got = c.ok("read_graph", as_of=at[0])["entities"]
        self.assertEqual([e["name"] for e in got], ["e0"])
        got = c.ok("read_graph", as_of=at[1])["entities"]
        self.assertEqual([e["name"] for e in got][:2], ["e0", "e1"])
        c.ok("memory_undo", since=3)
        self.assertEqual([e["name"] for e in c.ok("read_graph")["entities"]],
                         ["e0", "e1"])


if __name__ == "__main__":
    harness.main()
