"""A page of the graph that is asked for again: the same bytes while nothing was
committed, and never a state that is over."""
from harness import TestCase, entity, wait_until


class Again(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()
        self.c.ok("create_entities", entities=[
            entity(f"e{i}", f"fact {i}") for i in range(50)])

    def graph(self, client=None, **params):
        return (client or self.c).ok("read_graph", **params)

    def texts(self, client=None, **params):
        return sorted(o for e in self.graph(client, **params)["entities"]
                      for o in e["observations"])

    def test_each_write_is_seen_at_once(self):
        other = self.db.client()
        for i in range(30):
            for _ in range(3):      # both readers
                before = self.texts()
                self.assertEqual(self.texts(other), before)
            self.c.ok("add_observations", observations=[
                {"entityName": "e1", "contents": [f"more {i}"]}])
            for client in (self.c, other, self.c, other):
                self.assertEqual(self.texts(client),
                                 sorted([*before, f"more {i}"]))

    def test_branches_pages_and_sessions_are_apart(self):
        self.c.ok("memory_branch", action="create", name="idea")
        self.c.ok("create_entities", branch="idea",
                  entities=[entity("e1", "only here")])
        for _ in range(4):
            self.assertNotIn("only here", self.texts())
            self.assertIn("only here", self.texts(branch="idea"))
            first = self.graph(limit=20)
            rest = self.graph(cursor=first["next"])
            self.assertEqual(len(first["entities"] + rest["entities"]), 50)
            self.assertEqual(len(self.graph(limit=10)["entities"]), 10)
        self.c.ok("hello", session="mine")
        self.c.ok("create_entities", entities=[entity("own", "by mine")])
        other = self.db.client()
        other.ok("hello", session="yours")
        for _ in range(3):
            told = [[e.get("from") for e in self.graph(c)["entities"]
                     if e["name"] == "own"][0] for c in (self.c, other)]
            self.assertIsNone(told[0])
            self.assertEqual(told[1][0]["session"], "mine")

    def test_what_has_an_end_goes_without_a_commit(self):
        self.c.ok("create_entities", entities=[
            {**entity("soon", "is over soon"), "ttl_days": 2 / 86400}])
        self.assertIn("is over soon", self.texts())
        wait_until(lambda: "is over soon" not in self.texts(), 20, .2,
                   "the end, while it is asked for all the time")

    def test_what_was_forgotten_is_gone(self):
        for _ in range(4):
            self.assertIn("fact 7", self.texts())
            self.c.ok("open_nodes", names=["e7"])
        self.c.ok("forget", name="e7", confirm=True)
        for _ in range(4):
            self.assertNotIn("fact 7", self.texts())
            self.assertEqual(
                self.c.ok("open_nodes", names=["e7"])["entities"], [])
