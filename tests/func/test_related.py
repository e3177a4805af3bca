#!/usr/bin/env python3
"""find_related: what entities have to do with each other, and why."""
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import McpError, TestCase, entity, wait_until  # noqa: E402


def relation(a, verb, b, **more):
    return {"from": a, "relationType": verb, "to": b, **more}


class Related(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()

    def create(self, *entities, **more):
        return self.c.ok("create_entities", entities=list(entities), **more)

    def relate(self, *relations, **more):
        return self.c.ok("create_relations", relations=list(relations), **more)

    def find(self, entity=None, **more):
        if entity:
            more["entity"] = entity
        return self.c.ok("find_related", **more)["related"]

    def why(self, *args, **more):
        return {x["name"]: x["why"] for x in self.find(*args, **more)}


class Kinds(Related):
    def test_relations_in_two_steps(self):
        self.create(*(entity(n, type="t") for n in
                      ("ada", "acme", "bob", "cleo", "dora")))
        self.relate(relation("ada", "works at", "acme"),
                    relation("bob", "owns", "acme"),
                    relation("cleo", "knows", "bob"),
                    relation("dora", "teaches", "ada"))
        got = self.why("ada")
        self.assertEqual(got, {"acme": ["ada works at acme"],
                               "dora": ["dora teaches ada"],
                               "bob": ["both with acme: works at, owns"]})
        rows = self.find("ada")
        self.assertEqual(rows[-1]["name"], "bob")       # further away
        self.assertEqual(rows[0]["kinds"], ["relations"])
        # What is gone is not related, and was.
        self.c.ok("delete_relations", relations=[
            relation("ada", "works at", "acme")])
        self.assertEqual(list(self.why("ada")), ["dora"])
        self.assertIn("bob", self.why("ada", as_of=2))

    def test_words_by_how_rare_they_are(self):
        self.create(
            entity("ledger", "the reconciliation uses idempotency keys"),
            entity("billing", "retries carry idempotency keys"),
            entity("mailer", "keys of the mailer are rotated"),
            *(entity("door %d" % i, "keys of door %d" % i)
              for i in range(20)))
        rows = self.find("ledger", kinds=["words"], limit=30)
        self.assertEqual(rows[0]["name"], "billing")
        self.assertIn("idempot", rows[0]["why"][0])
        self.assertGreater(rows[0]["score"], 3 * rows[1]["score"])

    def test_names(self):
        self.create(entity("Xanthippe", "plays the harp"),
                    entity("party", "Xanthippe will bring a cake"),
                    entity("Socrates", "argues"),
                    entity("note", "Socratesian irony"),
                    entity("school", "was led by Socrates"))
        self.assertEqual(self.why("Xanthippe", kinds=["names"]),
                         {"party": ["party names Xanthippe"]})
        self.assertEqual(self.why("party", kinds=["names"]),
                         {"Xanthippe": ["party names Xanthippe"]})
        self.assertEqual(list(self.why("Socrates", kinds=["names"])),
                         ["school"])

    def test_tags(self):
        self.create({**entity("ada", "a"), "tags": ["choir"]},
                    {**entity("bob", "b"), "tags": ["choir", "staff"]},
                    entity("eve", "e"), entity("zoe", "z"))
        self.c.ok("add_observations", observations=[
            {"entityName": "eve", "contents": [
                {"text": "sings", "tags": ["choir"]}]}])
        self.assertEqual(self.why("ada", kinds=["tags"]),
                         {"bob": ["both tagged choir"],
                          "eve": ["both tagged choir"]})
        self.c.ok("update_entity", name="bob", tags=["staff"])
        self.assertEqual(list(self.why("ada", kinds=["tags"])), ["eve"])

    def test_session(self):
        self.create(entity("ada", "a"), session="s1")
        self.create(entity("bob", "b"), session="s1")
        self.create(entity("eve", "e"), session="s2")
        self.assertEqual(self.why("ada", kinds=["session"]),
                         {"bob": ["both in session s1"]})

    def test_several_kinds_add_up(self):
        self.create(entity("ada", "plays chess with bob"),
                    entity("bob", "plays chess"), entity("eve", "likes chess"))
        self.relate(relation("ada", "knows", "bob"))
        rows = self.find("ada")
        self.assertEqual([x["name"] for x in rows], ["bob", "eve"])
        self.assertEqual(rows[0]["kinds"], ["relations", "words", "names"])
        one = self.find("ada", kinds=["relations"])[0]["score"]
        self.assertGreater(rows[0]["score"], one)
        self.assertLessEqual(rows[0]["score"], 1)

    def test_text(self):
        self.create(entity("ada", "keeps bees on the roof"),
                    entity("eve", "paints"))
        got = self.why(text="bees, and what eve does")
        self.assertEqual(got["eve"], ["the text names eve"])
        self.assertIn("both say: bee", got["ada"][0])
        self.assertEqual(self.find(text="nothing of that kind"), [])

    def test_errors(self):
        self.create(entity("ada", "a"))
        e = self.c.fails("not_found", "find_related", entity="adda")
        self.assertIn("ada", e["error"])
        self.c.fails("invalid", "find_related")
        self.c.fails("invalid", "find_related", entity="ada", text="x")
        self.c.fails("invalid", "find_related", entity="ada", kinds=["friends"])
        self.c.fails("invalid", "find_related", entity="ada", cursor="x")


class Pages(Related):
    def test_pages_are_one_list(self):
        n = 90
        self.create(entity("hub", "h"), *(entity("e%d" % i, "f")
                                          for i in range(n)))
        self.relate(*(relation("hub", "has", "e%d" % i, weight=i / n)
                      for i in range(n)))
        whole = [x["name"] for x in self.find("hub", limit=1000)]
        self.assertEqual(len(whole), n)
        self.assertEqual(whole[:2], ["e89", "e88"])
        names, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            r = self.c.ok("find_related", entity="hub", limit=7, **more)
            names += [x["name"] for x in r["related"]]
            cursor = r.get("next")
            if not cursor:
                break
            # What is written meanwhile is not of this list.
            self.create(entity("late %d" % len(names), "l"))
            self.relate(relation("hub", "has", "late %d" % len(names)))
        self.assertEqual(names, whole)

    def test_a_large_hub_is_bounded(self):
        for part in range(4):
            self.create(*(entity("n%d" % i, "of the hub")
                          for i in range(part * 500, part * 500 + 500)))
        self.create(entity("hub", "h"), entity("ada", "knows the hub"))
        for part in range(4):
            self.relate(*(relation("n%d" % i, "in", "hub")
                          for i in range(part * 500, part * 500 + 500)))
        self.relate(relation("ada", "in", "hub"))
        begin = time.monotonic()
        r = self.c.ok("find_related", entity="hub", limit=5)
        self.assertTrue(r["partial"])
        r = self.c.ok("find_related", entity="ada", limit=5)
        self.assertEqual(r["related"][0]["name"], "hub")
        self.assertLess(time.monotonic() - begin, 5)


class Whose(Related):
    def test_a_project_beside_the_user(self):
        self.create(entity("Quentin", "likes marmalade"))
        self.create(entity("shop", "sells marmalade"), namespace="p")
        self.create(entity("other", "marmalade"), namespace="q")
        self.relate(relation("shop", "serves", "Quentin"), namespace="p")
        got = {x["name"]: x.get("namespace")
               for x in self.find("shop", namespace="p")}
        self.assertEqual(got, {"Quentin": "default"})
        # The user's memory knows nothing of a project.
        self.assertEqual(self.find("Quentin"), [])

    def test_agents(self):
        self.create(entity("ada", "chess"), entity("bob", "chess"))
        m = self.mcp(self.db, ["--tools", "order"])
        got = m.ok("find_related", {"entity": "ada"})
        self.assertEqual(got["related"][0]["name"], "bob")
        m = self.mcp(self.db)
        with self.assertRaisesRegex(McpError, "Unknown tool"):
            m.tool("find_related", {"entity": "ada"})
        try:
            wait_until(lambda: self.c.ok("get_memory_status")["sandbox"][
                "available"])
        except TimeoutError:
            self.skipTest("no jail here")
        got = m.ok("execute_code", {
            "code": "local r = memory.find_related('ada', 3) "
                    "return {r.related[1].name, r.count}"})
        self.assertEqual(got["result"], ["bob", 1])


if __name__ == "__main__":
    unittest.main()
