"""All conflicts of a kind resolved at once: in parts, between which others are
served, as one run that goes on after a kill and that one undo takes back."""
import threading

from harness import TestCase, entity, main, wait_until

PEOPLE = 150


class Runs(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client(timeout=120)

    def fill(self, people=PEOPLE, **params):
        """An update and a contradiction a person."""
        params.setdefault("namespace", "p")
        for texts in (("lives in Rome", "likes tea"),
                      ("lives in Oslo", "does not like tea")):
            for i in range(0, people, 50):
                self.c.ok("create_entities", on_conflict="queue", entities=[
                    entity(f"P{k}", *texts, type="person")
                    for k in range(i, min(i + 50, people))], **params)

    def pending(self, **params):
        params.setdefault("namespace", "p")
        n, cursor = 0, None
        while True:
            got = self.c.ok("list_conflicts", limit=1000, **params,
                            **({"cursor": cursor} if cursor else {}))
            n += got["conflict_count"]
            cursor = got.get("next")
            if not cursor:
                return n

    def graph(self):
        return dict(self.c.ok("read_graph", namespace="p"), id=0)

    def resolve(self, **params):
        params.setdefault("namespace", "p")
        return self.c.ok("resolve_conflict", **params)

    def test_all_of_a_kind(self):
        self.fill()
        before = self.graph()
        got = self.resolve(kind="update", strategy="update", note="moved")
        self.assertEqual((got["resolved"], got["left"], got["done"],
                          got["remaining"]), (PEOPLE, 0, True, 0))
        self.assertGreater(got["slices"], 3)
        self.assertEqual(len(got["results"]), 100)
        self.assertNotIn("more", got)
        self.assertEqual(self.pending(kind="update"), 0)
        self.assertEqual(self.pending(), PEOPLE)
        # Each part says why, and is a change of its own.
        log = self.c.ok("memory_history", namespace="p", limit=got["slices"])
        self.assertEqual({x["message"] for x in log["changes"]}, {"moved"})
        back = self.c.ok("memory_undo", namespace="p", run=got["run"])
        self.assertEqual(back["restored"], PEOPLE)
        self.assertEqual(self.graph(), before)
        self.assertEqual(self.pending(), 2 * PEOPLE)
        # What was undone can be done again, and the undo be undone.
        self.c.ok("memory_undo", namespace="p", change=back["change"])
        self.assertEqual(self.pending(), PEOPLE)
        self.assertEqual(self.c.ok("verify")["problems"], [])

    def test_what_is_left_is_counted_once(self):
        self.fill()
        got = self.resolve(kind="contradiction", strategy="auto")
        self.assertEqual((got["resolved"], got["left"]), (0, PEOPLE))
        self.assertEqual(self.pending(), 2 * PEOPLE)
        again = self.resolve(kind="contradiction", strategy="auto")
        self.assertEqual((again["resolved"], again["left"]), (0, PEOPLE))

    def test_few_are_one_change(self):
        self.fill(people=4)
        got = self.resolve(kind="update", strategy="update")
        self.assertEqual(got["resolved"], 4)
        self.assertNotIn("run", got)
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(self.pending(), 8)

    def test_limit_and_trial(self):
        self.fill(people=60)
        got = self.resolve(kind="update", strategy="update", limit=40)
        self.assertEqual((got["resolved"], got["more"]), (40, True))
        self.assertNotIn("run", got)
        got = self.resolve(kind="update", strategy="update", dry_run=True)
        self.assertEqual((got["resolved"], got["dry_run"]), (20, True))
        self.assertEqual(self.pending(kind="update"), 20)

    def test_one_that_cannot_be_does_not_stop_the_others(self):
        self.fill(people=3)
        self.c.ok("memory_branch", namespace="p", action="create", name="b")
        self.c.ok("update_entity", namespace="p", name="P1", branch="b",
                  entityType="robot")
        self.c.ok("update_entity", namespace="p", name="P1", entityType="cat")
        self.c.ok("memory_merge", namespace="p", branch="b")
        got = self.resolve(entity="P1", strategy="update")
        self.assertEqual((got["resolved"], got["left"]), (2, 1))
        (why,) = [x["why"] for x in got["results"] if "why" in x]
        self.assertIn("merge", why)

    def test_a_retry_is_no_second_run(self):
        self.fill()
        first = self.resolve(kind="update", strategy="update", key="once")
        again = self.resolve(kind="update", strategy="update", key="once")
        self.assertTrue(again["repeated"])
        self.assertEqual(self.c.ok("memory_history", namespace="p",
                                   limit=1)["changes"][0]["change"],
                         first["change"])
        self.assertEqual(self.c.call(
            "resolve_conflict", namespace="p", kind="duplicate",
            strategy="merge", key="once")["code"], "invalid")

    def test_on_a_branch(self):
        self.fill()
        self.c.ok("memory_branch", namespace="p", action="create", name="b")
        got = self.resolve(kind="update", strategy="update", branch="b")
        self.assertEqual(got["resolved"], PEOPLE)
        self.assertEqual(self.pending(branch="b", kind="update"), 0)
        self.assertEqual(self.pending(kind="update"), PEOPLE)
        self.c.ok("memory_undo", namespace="p", run=got["run"], branch="b")
        self.assertEqual(self.pending(branch="b", kind="update"), PEOPLE)

    def test_another_namespace_is_left_alone(self):
        self.fill()
        self.fill(people=5, namespace="q")
        self.resolve(kind="update", strategy="update")
        self.assertEqual(self.pending(namespace="q"), 10)

    def test_others_are_served_between_parts(self):
        self.fill(people=400)
        order, other = [], self.db.client()
        end = threading.Event()

        def write():
            while not end.is_set():
                got = other.ok("create_entities", namespace="p", entities=[
                    entity(f"beside {len(order)}", "is here")])
                order.append(got["change"])
        t = threading.Thread(target=write)
        t.start()
        self.addCleanup(lambda: (end.set(), t.join()))
        wait_until(lambda: order, why="it writes")
        got = self.resolve(kind="update", strategy="update")
        end.set()
        t.join()
        self.assertEqual(got["resolved"], 400)
        log = self.c.ok("memory_history", namespace="p", limit=1000)
        parts = [x["change"] for x in log["changes"] if x["kind"] == "curate"]
        self.assertEqual(len(parts), got["slices"])
        self.assertTrue(any(min(parts) < x < max(parts) for x in order))

    def test_goes_on_after_a_kill(self):
        # A part takes its time, so that there is a middle of it.
        self.db.stop()
        self.db = self.service(shims=["shim_fsync.so"],
                               env={"FSYNC_US": "60000"})
        self.c = self.db.client(timeout=120)
        self.fill(people=400)
        before = self.graph()
        left = self.pending(kind="update")
        self.c.request("resolve_conflict", {
            "namespace": "p", "kind": "update", "strategy": "update"})
        with self.db.client() as look:
            wait_until(lambda: look.ok(
                "list_conflicts", namespace="p", kind="update", limit=1000)
                ["conflict_count"] < left, why="it has begun")
        self.db.kill()
        self.db.start()
        self.c = self.db.client(timeout=120)
        self.assertEqual(self.c.ok("verify")["problems"], [])
        got = self.resolve(kind="update", strategy="update")
        self.assertEqual((got["resolved"], got["left"]), (400, 0))
        self.assertEqual(self.pending(kind="update"), 0)
        self.c.ok("memory_undo", namespace="p", run=got["run"])
        self.assertEqual(self.graph(), before)
        self.assertEqual(self.pending(kind="update"), left)


if __name__ == "__main__":
    main()
