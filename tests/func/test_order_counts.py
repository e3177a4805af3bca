"""How much waits for a person: status, metrics and top tell it, and counting it
is nobody's call."""
from harness import TestCase, entity, wait_until


class Counts(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()

    def order(self):
        o = self.c.ok("get_memory_status")["order"]
        return (o["staged"], o["conflicts_pending"], o["facts_contested"])

    def wait_for(self, *expected):
        wait_until(lambda: self.order() == expected,
                   why=f"{self.order()} instead of {expected}")

    def add(self, name, *texts, c=None, **kw):
        return (c or self.c).ok("add_observations", observations=[
            {"entityName": name, "contents": list(texts)}], **kw)

    def test_they_follow_what_is_visible(self):
        self.wait_for(0, 0, 0)
        for ns in ("p", "q"):
            self.c.ok("create_entities", namespace=ns, entities=[
                entity("ada", "lives in Rome", "likes tea")])
            self.add("ada", "lives in Oslo", namespace=ns,
                     on_conflict="queue")
        self.wait_for(0, 2, 4)
        # One fact in two conflicts is one contested fact.
        self.add("ada", "lives in Lima", namespace="p", on_conflict="queue")
        rows = self.c.ok("list_conflicts", namespace="p")["conflicts"]
        self.wait_for(0, len(rows) + 1, 3 + 2)
        # A duplicate waits, and contests nothing.
        self.c.ok("create_entities", namespace="q", entities=[
            entity("bob", "is based in Lyon")])
        found = self.add("bob", "lives in Lyon", namespace="q",
                         on_conflict="queue")
        self.assertEqual([r["conflict_type"] for r in found["conflicts"]],
                         ["duplicate"])
        self.wait_for(0, len(rows) + 2, 5)
        self.c.ok("delete_entities", namespace="p", entityNames=["ada"])
        done = self.c.ok("resolve_conflict", namespace="q", entity="ada",
                         strategy="update")
        self.wait_for(0, 1, 0)
        self.c.ok("memory_undo", namespace="q", change=done["change"])
        self.wait_for(0, 2, 2)

    def test_staged(self):
        self.c.ok("create_entities", namespace="p", entities=[
            entity("ada", "lives in Rome")])
        self.c.ok("set_namespace_settings", namespace="p",
                  settings={"protect": True})
        a = self.db.client()
        a.ok("hello", namespace="p", session="s1", tools="default")
        for text in ("likes tea", "plays chess"):
            self.add("ada", text, c=a)
        self.wait_for(2, 0, 0)
        self.assertIn("counted_at", self.c.ok("get_memory_status")["order"])
        text = self.c.ok("metrics")["text"]
        self.assertIn("\nmemory_db_staged 2\n", text)
        self.assertIn("\nmemory_db_staged_oldest_seconds ", text)
        self.assertIn("\nmemory_db_conflicts_pending 0\n", text)
        self.assertIn("for you: 2 staged changes, the oldest 0.0 h old",
                      self.db.ctl("top", "--times", "1").stdout)
        # It is of all namespaces: nothing for an agent.
        self.assertNotIn("order", a.ok("get_memory_status"))
        self.c.ok("review_staged", namespace="p", do="reject", all=True,
                  note="not now")
        self.wait_for(0, 0, 0)
        self.assertNotIn("for you", self.db.ctl("top", "--times", "1").stdout)
