"""Seven agents with random work through their inboxes of two protected
namespaces, for two weeks; an operator who writes, merges, approves, rejects,
undoes and changes the policy. Whatever happens: what the list shows of a change
is what approving it does, an undo brings main back, nothing waits for ever, and
every change that did not come is explained to its agent."""
import json
import os
import random

from harness import TestCase, entity, wait_until

DAY = 86400000
TOOLS = "default,history,skills,order,admin"
WORDS = ("tea chess Rome Oslo rowing opera maps violins saffron cobalt "
         "herons granite").split()
POLICIES = ([], [{"when": {"deletes": True}, "do": "refuse",
                  "why": "ask first"}],
            [{"when": {"type": "note", "max_facts": 3}, "do": "apply"}],
            [{"when": {"tool": "create_relations"}, "do": "apply"},
             {"when": {"tag": "secret*"}, "do": "refuse"}])


class RandomReview(TestCase):
    AGENTS, DAYS, STEP = 7, 14, 2
    timeout = 600

    def setUp(self):
        self.seed = int(os.environ.get("REVIEW_SEED",
                                       random.randrange(1 << 30)))
        print(f"seed {self.seed}", flush=True)
        self.r = random.Random(self.seed)
        self.db = self.service()
        self.op = self.db.client(timeout=300)
        self.written, self.shown = set(), 0
        for ns in "pq":
            self.op.ok("create_entities", namespace=ns, entities=[
                entity(f"town {k}", "has 0 houses", f"likes {WORDS[k]}",
                       type="town") for k in range(6)])
            self.op.ok("set_namespace_settings", namespace=ns, settings={
                "protect": True, "review_expires": 6})

    # --- main -----------------------------------------------------------------
    def main(self, ns):
        """What main says: facts, types and relations."""
        said, cursor = set(), {}
        while True:
            g = self.op.ok("read_graph", namespace=ns, limit=200, **cursor)
            for e in g["entities"]:
                said.add((e["name"], None, e.get("type") or e["entityType"]))
                said |= {(e["name"], "says", t) for t in e["observations"]}
            said |= {(x["from"], x["relationType"], x["to"])
                     for x in g["relations"]}
            if "next" not in g:
                return said
            cursor = {"cursor": g["next"]}

    @staticmethod
    def texts(said):
        return {(e, t) for e, how, t in said if how == "says"}

    def staged(self, ns, c=None, **kw):
        return (c or self.op).ok("list_staged", namespace=ns, limit=1000,
                                 **kw)["staged"]

    # --- agents ---------------------------------------------------------------
    def agent(self, k, ns):
        c = self.db.client(timeout=300)
        c.ok("hello", tools=TOOLS, namespace=ns, session=f"agent {k}",
             client=f"agent/{k}")
        return c

    def town(self):
        return f"town {self.r.randrange(6)}"

    def request(self, n):
        r, town = self.r, self.town()
        word = f"{r.choice(WORDS)} {r.randrange(4)}"
        return r.choice((
            ("add_observations", {"observations": [
                {"entityName": town, "contents": [f"likes {word}"]}]}),
            ("add_observations", {"observations": [
                {"entityName": town, "contents": [
                    {"text": f"knows {word}", "tags": [f"t{n}"],
                     "metadata": {"day": n}}]}]}),
            ("delete_observations", {"deletions": [
                {"entityName": town, "observations": [
                    f"likes {r.choice(WORDS)}"]}]}),
            ("replace_observation", {"entityName": town, "old": "has 0 houses",
                                     "new": f"has {r.randrange(1, 9)} "
                                            "houses"}),
            ("create_entities", {"entities": [
                entity(f"note {r.randrange(20)}", f"about {word}",
                       type="note")]}),
            ("create_relations", {"relations": [
                {"from": town, "to": self.town(), "relationType": "near"}]}),
            ("update_entity", {"name": town,
                               "entityType": r.choice(("city", "village"))}),
            ("update_entity", {"name": town, "tags": [
                r.choice(("secret one", "plain"))]}),
            ("rename_entity", {"name": f"note {r.randrange(20)}",
                               "new_name": f"note {r.randrange(20, 40)}"}),
            ("delete_entities", {"entityNames": [
                f"note {r.randrange(40)}"]}),
            ("auto_extract_facts", {"conversation_text":
                                    f"Ada{n}: I live in Lima. I like "
                                    f"{r.choice(WORDS)}."})))

    def work(self, k, n):
        ns = self.r.choice("pq")
        c = self.agent(k, ns)
        mine = []
        for _ in range(self.r.randrange(1, 4)):
            tool, params = self.request(n)
            reply = c.call(tool, params)
            if reply.get("staged"):
                mine.append(reply["change"])
                self.written.add((ns, reply["change"]))
        if mine and self.r.random() < .3:
            c.call("memory_undo", {"change": self.r.choice(mine)})
        if self.r.random() < .2:
            self.branch(c, n)
        c.close()

    def branch(self, c, n):
        name = f"idea {n} {self.r.randrange(1 << 20)}"
        c.ok("memory_branch", action="create", name=name)
        c.ok("add_observations", branch=name, observations=[
            {"entityName": self.town(), "contents": [f"idea of day {n}"]}])
        c.call("memory_merge", {"branch": name})

    # --- the operator ---------------------------------------------------------
    def move_main(self, ns, n):
        for _ in range(self.r.randrange(3)):
            tool, params = self.request(n)
            self.op.call(tool, {"namespace": ns, **params})
        if self.r.random() < .3:
            self.op.ok("set_namespace_settings", namespace=ns,
                       settings={"policy": self.r.choice(POLICIES)})

    def approve_one(self, ns):
        """What is listed is what it does."""
        rows = self.staged(ns)
        if not rows:
            return
        row, before = self.r.choice(rows), self.main(ns)
        done = self.op.ok("review_staged", namespace=ns, do="approve",
                          changes=[row["staged"]])
        after = self.main(ns)
        self.shown += 1
        if done["approved"] == 0:
            self.assertTrue(done["left"][0]["why"], done)
            self.assertTrue("conflicts" in row or "needs" in row, row)
            self.assertEqual(after, before, row)
            return
        self.assertNotIn("conflicts", row)
        if any(x.get("member") == "name" for x in row.get("set", [])):
            return self.undo(ns, done, before)
        for key, one, other in (("added", after, before),
                                ("removed", before, after)):
            listed = {(x["entity"], x["text"]) for x in row.get(key, [])
                      if "text" in x and "of" not in x and "tag" not in x}
            real = self.texts(one) - self.texts(other)
            self.assertEqual(real, listed & (real | self.texts(one)), row)
            self.assertLessEqual(listed, self.texts(one), row)
        if row.get("dissolved"):
            self.assertEqual(after, before, row)
        self.undo(ns, done, before)

    def undo(self, ns, done, before):
        """Half of the runs are taken back: main is as it was, and what was
        approved waits again."""
        if "run" not in done or self.r.random() < .5:
            return
        if not done.get("change"):
            return
        waiting = len(self.staged(ns))
        self.op.ok("memory_undo", namespace=ns, run=done["run"])
        self.assertEqual(self.main(ns), before)
        self.assertGreater(len(self.staged(ns)), waiting)

    def approve_many(self, ns):
        before = self.main(ns)
        which = self.r.choice(({"all": True}, {"session_id": "agent 1"}))
        done = {"done": False}
        while not done["done"]:
            done = self.op.ok("review_staged", namespace=ns, do="approve",
                              **which)
        for left in done["left"]:
            self.assertTrue(left["why"])
        self.undo(ns, done, before)

    def reject_some(self, ns, n):
        rows = [x["staged"] for x in self.staged(ns)]
        chosen = self.r.sample(rows, len(rows) // 3)
        before = self.main(ns)
        if chosen:
            self.op.ok("review_staged", namespace=ns, do="reject",
                       changes=chosen, note=f"not on day {n}")
        self.assertEqual(self.main(ns), before)

    def review(self, ns, n):
        for _ in range(3):
            self.approve_one(ns)
        self.r.choice((self.approve_many, self.approve_many,
                       lambda ns: self.reject_some(ns, n)))(ns)

    # --- the clock ------------------------------------------------------------
    def day(self, n):
        self.op.close()
        self.db.stop()
        self.db.start(env={"MEMORY_TEST_CLOCK_OFFSET_MS": str(n * DAY)})
        self.op = self.db.client(timeout=300)

    def check_bounds(self, ns, n):
        """Nothing waits longer than it may."""
        def old():
            return [x for x in self.staged(ns)
                    if x["expires_at"] <= self.now(n)]
        wait_until(lambda: not old(), 30, why="expiry")

    def now(self, n):
        import datetime
        t = datetime.datetime.now(datetime.timezone.utc) + \
            datetime.timedelta(days=n, seconds=-60)
        return t.strftime("%Y-%m-%dT%H:%M:%S")

    def check_explained(self):
        """What an agent staged is where somebody put it, and says why."""
        for ns in "pq":
            known = {}
            for k in range(self.AGENTS):
                c = self.agent(k, ns)
                known.update((x["staged"], x) for x in self.staged(ns, c))
                c.close()
            for state in ("rejected", "expired"):
                for x in self.staged(ns, state=state):
                    self.assertTrue(x.get("note"), x)
            for x in known.values():
                if x["state"] in ("rejected", "expired"):
                    self.assertTrue(x["note"], x)
                    self.assertTrue(x.get("by"), x)

    def test_two_weeks(self):
        most = 0
        for n in range(0, self.DAYS + 1, self.STEP):
            self.day(n)
            for k in range(self.AGENTS):
                self.work(k, n)
            for ns in "pq":
                self.move_main(ns, n)
                most = max(most, len(self.staged(ns)))
                self.check_bounds(ns, n)
                self.review(ns, n)
        self.assertGreater(self.shown, 10)
        self.assertLess(most, 200)
        self.check_explained()
        self.day(self.DAYS + 30)
        for ns in "pq":
            wait_until(lambda ns=ns: not self.staged(ns), 60, why="expiry")
        self.check_explained()
        self.db.verify()
