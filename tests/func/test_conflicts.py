"""detect_conflicts: what new facts would be to stored ones, through all layers."""
from harness import McpError, TestCase, entity


class Conflicts(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()
        self.c.ok("create_entities", namespace="p", entities=[
            entity("Ada", "lives in Rome", "likes green tea",
                   "is a vegetarian", type="person"),
            entity("Ben", "lives in Lima", "likes black tea", type="person"),
            entity("notes", "Ada works at Acme Corp", type="diary")])

    def detect(self, name=None, *texts, **params):
        if name:
            params["entity_data"] = {"name": name, "entityType": "person",
                                     "observations": list(texts)}
        reply = self.c.ok("detect_conflicts", namespace="p", **params)
        self.assertEqual(reply["conflict_count"], len(reply["conflicts"]))
        return reply["conflicts"]

    def kinds(self, *args, **params):
        return [(x["existing_entity"], x["conflict_type"], x["text"])
                for x in self.detect(*args, **params)]

    def test_kinds(self):
        self.assertEqual(self.kinds("Ada", "is based in Oslo"),
                         [("Ada", "update", "lives in Rome")])
        self.assertEqual(self.kinds("Ada", "is based in Rome"),
                         [("Ada", "duplicate", "lives in Rome")])
        self.assertEqual(self.kinds("Ada", "does not like green tea"),
                         [("Ada", "contradiction", "likes green tea")])
        self.assertEqual(self.kinds("Ada", "likes coffee"), [])
        # In other words, without one in common.
        self.assertEqual(self.kinds("Ada", "moved to Oslo"),
                         [("Ada", "update", "lives in Rome")])

    def test_row(self):
        (x,) = self.detect("Ada", "is based in Oslo")
        ada = self.c.ok("open_nodes", namespace="p", names=["Ada"])
        self.assertEqual(x["existing_id"], ada["entities"][0]["id"])
        self.assertEqual(x["suggested_action"], "update")
        self.assertEqual(x["said"], "is based in Oslo")
        self.assertEqual(
            x["reason"],
            "both say of Ada 'lives in': 'Rome' and 'Oslo' differ")
        self.assertGreaterEqual(x["confidence"], 0.85)
        self.assertIsInstance(x["fact"], int)

    def test_whose(self):
        # Of another entity, unless its fact names the one that is meant.
        self.assertEqual(self.kinds("Cleo", "lives in Oslo"), [])
        self.assertEqual(self.kinds("Ada", "is employed by Globex"),
                         [("notes", "update", "Ada works at Acme Corp")])
        # A text names whom it is about, or it is less sure.
        self.assertEqual(self.kinds(text="Ada lives in Oslo"),
                         [("Ada", "update", "lives in Rome")])
        self.assertEqual(self.kinds(text="lives in Oslo"), [])
        self.assertEqual(
            {x[0] for x in self.kinds(text="lives in Oslo", threshold=0.5)},
            {"Ada", "Ben"})

    def test_times(self):
        self.c.ok("create_entities", namespace="p", entities=[
            {"name": "Dan", "entityType": "person", "observations": [
                {"text": "lives in Bonn", "valid_from": "2019-01-01"}]}])
        said = {"text": "lives in Kiel", "valid_from": "2023-01-01"}
        (x,) = self.detect("Dan", said)
        self.assertEqual(x["conflict_type"], "succession")
        self.assertEqual(self.c.call("detect_conflicts", entity_data={
            "observations": [dict(said, valid_from="soonish")]})["code"],
            "invalid")

    def test_several_and_limits(self):
        found = self.detect("Ada", "lives in Oslo", "eats meat every day",
                            "plays chess")
        self.assertEqual({x["said"] for x in found},
                         {"lives in Oslo", "eats meat every day"})
        self.assertEqual(len(self.detect("Ada", "lives in Oslo",
                                         "eats meat every day", limit=1)), 1)
        for params in ({}, {"text": "a", "entity_data": {"observations": []}},
                       {"text": "a", "threshold": 2}, {"text": ""},
                       {"entity_data": {"observations": ["x"] * 101}}):
            self.assertEqual(
                self.c.call("detect_conflicts", **params)["code"], "invalid")

    def test_reads_what_is_shown(self):
        """A branch, the past, and nothing of another project."""
        before = self.c.ok("get_memory_status")["last_change"]
        self.c.ok("replace_observation", namespace="p", entityName="Ada",
                  old="lives in Rome", new="lives in Oslo")
        self.assertEqual(self.kinds("Ada", "lives in Bern"),
                         [("Ada", "update", "lives in Oslo")])
        self.assertEqual(self.kinds("Ada", "lives in Bern", as_of=before),
                         [("Ada", "update", "lives in Rome")])
        self.assertEqual(self.c.ok("detect_conflicts", namespace="q",
                                   text="Ada lives in Bern")["conflicts"], [])

    def test_agents_and_scripts(self):
        with self.db.mcp(args=["--tools", "default,order",
                               "--namespace", "p"]) as m:
            got = m.ok("detect_conflicts", {"text": "Ada lives in Oslo"})
            self.assertEqual(got["conflict_count"], 1)
            got = m.ok("execute_code", {"code": """
                local r = memory.detect_conflicts("Ada lives in Oslo")
                local s = memory.detect_conflicts({entity_data = {
                    name = "Ada", observations = {"likes green tea"}}})
                return {r.conflicts[1].conflict_type,
                        s.conflicts[1].conflict_type}"""})
            self.assertEqual(got["result"], ["update", "duplicate"])
        with self.db.mcp(args=["--namespace", "p"]) as m:
            with self.assertRaisesRegex(McpError, "Unknown tool"):
                m.tool("detect_conflicts", {"text": "Ada lives in Oslo"})
