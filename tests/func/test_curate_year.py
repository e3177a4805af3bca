"""A year of use in two memories, by two users beside each other, with every rule
of curation: what it must never do, and what it must keep in order."""
import json

from harness import TestCase, entity

DAY = 24 * 3600 * 1000
STEPS = ("checked out branch {} of the service", "ran all tests of build {}",
         "merged request {} into the main branch")
COLOURS = ("amber", "azure", "beige", "coral", "ebony", "ivory", "khaki",
           "lilac", "olive", "ochre", "pearl", "sepia", "umber")
THINGS = ("anchor", "bottle", "candle", "drawer", "engine", "funnel", "garden",
          "hammer", "island", "jacket", "kettle", "ladder", "mirror")


class Year(TestCase):
    timeout = 900
    MEMORIES = ("default", "project")

    def setUp(self):
        self.day = -400
        self.db = self.service(env=self.clock())
        self.connect()
        for namespace in self.MEMORIES:
            self.a.ok("set_namespace_settings", namespace=namespace, settings={
                "curation": {"background": "off"}})
        self.said = {}      # (namespace, name) -> change at which it was told
        self.undone = self.killed = 0

    def clock(self):
        return {"MEMORY_TEST_CLOCK_OFFSET_MS": str(self.day * DAY)}

    def connect(self):
        self.a, self.b = self.db.client(), self.db.client()

    def at(self, day):
        self.day = day
        self.db.stop()
        self.db.start(env=self.clock())
        self.connect()

    def note(self, client, namespace, name, *texts, **more):
        r = client.ok("create_entities", namespace=namespace, entities=[
            dict(entity(name, *texts), **more)])
        if "change" in r:
            self.said.setdefault((namespace, name), r["change"])

    def graph(self, namespace):
        got, cursor = {}, {}
        while True:
            r = self.a.ok("read_graph", namespace=namespace, fields=[
                "name", "type", "observations", "tier", "pin", "confirmed_at",
                "expires_at", "namespace"], **cursor)
            for e in r["entities"]:
                if e["namespace"] == namespace:
                    got[e["name"]] = e
            got.setdefault("relations", []).extend(r["relations"])
            if "next" not in r:
                return got
            cursor = {"cursor": r["next"]}

    def week(self, namespace, week):
        """Two users, each in sessions of their own."""
        colour, thing = COLOURS[week % 13], THINGS[(week // 4) % 13]
        self.note(self.a, namespace, f"{namespace} note {week}",
                  f"the {colour} {thing} of week {week} belongs to Ada")
        self.note(self.b, namespace, f"{namespace} parking {week}",
                  f"the car of week {week} stands on level four", ttl_days=10)
        for k, step in enumerate(STEPS):
            self.note(self.b, namespace, f"{namespace} act {week} {k}",
                      step.format(week), type="action",
                      source_session=f"{namespace} {week}")
        if week % 13 == 0:
            self.note(self.a, namespace, f"{namespace} pinned {week}",
                      f"rule {week} of the {thing}", pin=True)
        # Told again (half of the year is told), and asked for.
        self.a.ok("create_entities", namespace=namespace, entities=[entity(
            f"{namespace} note {week // 2}",
            f"the {COLOURS[week // 2 % 13]} {THINGS[week // 2 // 4 % 13]} of "
            f"week {week // 2} belongs to Ada")])
        for client in (self.a, self.b):
            client.ok("recall", namespace=namespace,
                      query=f"who owns the {colour} {thing} of week {week}?")

    MAKERS = ["consolidate", "procedure", "day_summary"]

    def curate(self, namespace, week):
        self.run_rules(namespace, week)
        if week % 10 == 6 or week == 50:
            self.run_rules(namespace, week, rules=self.MAKERS)

    def run_rules(self, namespace, week, **params):
        done, runs, k = None, set(), 0
        while not done:
            r = self.a.ok("curate", namespace=namespace, confirm=True,
                          **params)
            done = r["done"]
            runs |= {r["run"]} if "run" in r else set()
            k += 1
            if k % 3 == 1:      # somebody writes between two slices
                self.note(self.b, namespace, f"{namespace} beside {week}",
                          f"said in slice {k} of week {week}")
            if week % 16 == 6 and not done:
                self.db.kill()
                self.db.start(env=self.clock())
                self.connect()
                self.killed += 1
        self.assertLessEqual(len(runs), 1, "a killed run goes on")

    def undo(self, namespace, run):
        while not self.a.ok("memory_undo", namespace=namespace, run=run,
                            sliced=True).get("done"):
            pass

    def answers(self, namespace, weeks, **params):
        """Of the questions of these weeks, how many have what was noted among
        the ten best."""
        found = 0
        for week in weeks:
            colour, thing = COLOURS[week % 13], THINGS[(week // 4) % 13]
            got = self.a.ok("recall", namespace=namespace, limit=10, query=f"who "
                            f"owns the {colour} {thing} of week {week}?",
                            **params)
            # In its own words, or in those of the summary of its day.
            found += any(f"{thing} of week {week} belongs" in r["text"]
                         for r in got["results"])
        return found / len(weeks)

    def test_a_year(self):
        sizes = {n: [] for n in self.MEMORIES}
        for week in range(0, 52, 2):
            self.at(-400 + 7 * week)
            for namespace in self.MEMORIES:
                self.week(namespace, week)
            for namespace in self.MEMORIES:
                if week in (10, 32):      # a run that is taken back
                    before = self.graph(namespace)
                    r = {"done": False}
                    while not r["done"]:
                        r = self.a.ok("curate", namespace=namespace,
                                      confirm=True, rules=[
                                          *self.MAKERS, "expire", "settle",
                                          "to_episodic", "confirm_used"])
                    if "run" in r:
                        self.undo(namespace, r["run"])
                        self.undone += 1
                    self.assertEqual(self.graph(namespace), before)
                    continue
                self.curate(namespace, week)
                sizes[namespace].append(sum(
                    e["tier"] == "working"
                    for e in self.graph(namespace).values()
                    if isinstance(e, dict)))
        print("working sets by week:", json.dumps(sizes), flush=True)
        self.assertGreater(self.undone, 2)
        self.assertGreater(self.killed, 2)
        for namespace in self.MEMORIES:
            self.check_memory(namespace, sizes[namespace])
        self.db.verify()
        text = self.db.ctl("export", "--all", "-").stdout
        other = self.service()
        other.ctl("import", "-", stdin=text)
        again = other.ctl("export", "--all", "-").stdout
        self.assertEqual(again.splitlines()[1:], text.splitlines()[1:])
        other.verify()

    def check_memory(self, namespace, sizes):
        graph = self.graph(namespace)
        graph.pop("relations")
        # Six a fortnight, some five weeks until they are old.
        self.assertLess(max(sizes[6:]), 50)
        self.assertLess(sizes[-1], 1.5 * sizes[8] + 4)
        pinned = [e for n, e in graph.items() if " pinned " in n]
        self.assertEqual(len(pinned), 2)
        self.assertEqual({(e["tier"], e["pin"]) for e in pinned},
                         {("working", True)})
        # What has an end is gone, all else is there; nothing is lost.
        last = f"{namespace} parking 50"
        self.assertFalse([n for n in graph if " parking " in n and n < last
                          and int(n.split()[-1]) < 48])
        kept = {n for (ns, n) in self.said
                if ns == namespace and " parking " not in n}
        self.assertFalse(kept - set(graph))
        for (ns, name), change in self.said.items():
            if ns == namespace:
                got = self.a.ok("open_nodes", namespace=namespace,
                                names=[name], as_of=change)["entities"]
                self.assertTrue(got and got[0]["observations"], name)
        # What each rule made.
        procedures = [e for n, e in graph.items()
                      if n.startswith("checked out")]
        self.assertEqual(len(procedures), 1, procedures)
        self.assertEqual(len(procedures[0]["observations"]), 3)
        days = [n for n in graph if n.startswith("day ")]
        self.assertGreater(len(days), 15)
        confirmed = [e for n, e in graph.items()
                     if " note " in n and "confirmed_at" in e]
        self.assertGreater(len(confirmed), 5)
        # Tiers and confirmations hide nothing from questions.
        weeks = range(0, 52, 2)
        plain = self.answers(namespace, weeks,
                             weights={"tier": 0, "confirmed": 0, "use": 0})
        self.assertGreaterEqual(plain, .85)
        self.assertGreaterEqual(self.answers(namespace, weeks), plain - .01)
