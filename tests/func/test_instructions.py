"""Instructions of the user: told by their words, whoever reads, filtered by the
tag `instruction`, listed, on every branch and at every time."""
import random

from harness import TestCase, entity

RULES = ["Always confirm salary figures when I ask about pay.",
         "Never deploy on Fridays.",
         "From now on, use tabs in the parser.",
         "Antworte immer auf Deutsch.",
         "Ne pousse jamais sur main.",
         "No uses nunca tabuladores."]
OTHERS = ["The salary of Ada was raised in May.",
          "It never rains in the desert.",
          "Ada always drinks green tea.",
          "The parser uses tabs now and asks for nothing."]
TAG = ["instruction"]


class Instructions(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()

    def write(self):
        return self.c.ok("create_entities", entities=[
            entity(f"n{i}", text, type="note")
            for i, text in enumerate(RULES + OTHERS)])["change"]

    def recall(self, query, **params):
        params.setdefault("limit", 100)
        return self.c.ok("recall", query=query, **params)

    def texts(self, query, **params):
        return [r["text"] for r in self.recall(query, **params)["results"]]

    def listed(self, query="all instructions", **params):
        reply = self.recall(query, tags=TAG, **params)
        self.assertEqual(reply["relevant"], bool(reply["results"]))
        return {r["text"] for r in reply["results"]}

    # --- reads say it
    def test_reads_say_what_it_is(self):
        self.write()
        for row in self.recall("salary parser Deutsch main tabs")["results"]:
            self.assertEqual(row.get("kind"), "instruction"
                             if row["text"] in RULES else None, row)
        reply = self.c.ok("open_nodes", names=["n0", "n6"],
                          fields=["name", "facts"])
        kinds = [e["facts"][0].get("kind") for e in reply["entities"]]
        self.assertEqual(kinds, ["instruction", None])
        lines = self.c.ok("assemble_context", task="deploy on Fridays?")
        line = [x for x in lines["context"].split("\n") if "Fridays" in x]
        self.assertIn(", instruction)", line[0])
        lines = self.c.ok("assemble_context", task="Who drinks green tea?",
                          sources=["relevant"])["context"]
        self.assertIn("green tea", lines)
        self.assertNotIn(", instruction", lines)

    # --- filters
    def test_the_tag_filters(self):
        self.write()
        self.assertEqual(self.texts("salary", tags=TAG), RULES[:1])
        self.assertEqual(self.texts("tabs parser", tags=TAG), RULES[2:3])
        found = self.c.ok("search_nodes", query="salary", tags=TAG)
        self.assertEqual([e["name"] for e in found["results"]], ["n0"])
        found = self.c.ok("search_nodes", query="", tags=TAG, limit=100)
        self.assertEqual({e["name"] for e in found["results"]},
                         {f"n{i}" for i in range(len(RULES))})

    def test_all_are_listed(self):
        self.assertEqual(self.listed(), set())
        self.write()
        for query in "all instructions", "list the rules", "?":
            self.assertEqual(self.listed(query), set(RULES), query)
        self.assertEqual(len(self.recall("instructions", tags=TAG,
                                         limit=2)["results"]), 2)
        # by hand, what no words tell
        self.c.ok("add_observations", observations=[
            {"entityName": "n9", "contents": [
                {"text": "Metric units, please.", "tags": TAG}]}])
        self.assertEqual(self.listed(), set(RULES) | {"Metric units, please."})
        # with another tag beside it
        self.c.ok("update_entity", name="n1", observation=RULES[1],
                  tags=["release"])
        self.assertEqual(self.texts("instructions", tags=TAG + ["release"]),
                         RULES[1:2])

    def test_time_and_branches(self):
        change = self.write()
        self.c.ok("memory_branch", action="create", name="idea")
        self.c.ok("delete_observations", branch="idea", deletions=[
            {"entityName": "n1", "observations": [RULES[1]]}])
        self.assertEqual(self.listed(branch="idea"),
                         set(RULES) - {RULES[1]})
        self.assertIn(RULES[1], self.listed())
        self.c.ok("delete_entities", entityNames=["n0"])
        self.assertNotIn(RULES[0], self.listed())
        self.assertIn(RULES[0], self.listed(as_of=change))
        self.db.verify()

    # --- among many
    def test_few_among_many(self):
        rng = random.Random(5)
        words = ["always", "never", "now", "default", "time", "deploy", "when"]
        for k in range(20):
            self.c.ok("create_entities", entities=[
                entity(f"m{k}-{i}", f"Entry {i} of {k} " + " ".join(
                    rng.choice(words) for _ in range(4)), type="note")
                for i in range(200)])
            if k == 0:
                self.write()
        for query in "all instructions", "deploy":
            rows = self.texts(query, tags=TAG)
            self.assertIn(RULES[1], rows)
            self.assertLessEqual(set(rows), set(RULES))
        self.assertEqual(self.listed(), set(RULES))
