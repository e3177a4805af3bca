"""memory-mcp --tools compat: the reference memory server, row by row.

The cases follow the behaviour that the reference server's own tests describe
(create, add, delete, read, search, open, persistence), and the texts it gives
for them. Where we differ on purpose it is said: no entity is created twice, no
observation is kept twice, no relation dangles.
"""
import json
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import MODERN, TestCase, entity, main
from stub_db import StubDb
from harness import Mcp, clean_env

GRAPH = "memory://knowledge-graph"


def rel(a, b, kind="knows"):
    return {"from": a, "to": b, "relationType": kind}


class Compat(TestCase):
    def setUp(self):
        self.db = self.service()
        self.m = self.mcp(self.db, args=["--tools", "compat"])

    def call(self, name, **arguments):
        """structuredContent; the text must be the reference's."""
        r = self.m.tool(name, arguments)
        self.assertNotIn("isError", r, r)
        self.assertEqual(set(r), {"content", "structuredContent"})
        [block] = r["content"]
        s = r["structuredContent"]
        member = {"create_entities": "entities",
                  "create_relations": "relations",
                  "add_observations": "results"}.get(name)
        if name.startswith("delete_"):
            self.assertEqual(block["text"], s["message"])
        else:
            self.assertEqual(block["text"], json.dumps(
                s[member] if member else s, indent=2, ensure_ascii=False))
        return s

    def error(self, name, **arguments):
        r = self.m.tool(name, arguments)
        self.assertIs(r.get("isError"), True, r)
        self.assertNotIn("structuredContent", r)
        return r["content"][0]["text"]

    def graph(self):
        g = self.call("read_graph")
        return g["entities"], g["relations"]

    def people(self):
        self.call("create_entities", entities=[
            entity("Alice", "works at Acme Corp", type="person"),
            entity("Bob", "works at TechCo", type="person"),
            entity("Acme Corp", "tech company", type="company")])
        self.call("create_relations", relations=[
            rel("Alice", "Acme Corp", "works_at"),
            rel("Bob", "Acme Corp", "competitor")])


class Create(Compat):
    def test_entities(self):
        two = [entity("Alice", "works at Acme Corp", type="person"),
               entity("Bob", "likes programming", type="person")]
        self.assertEqual(self.call("create_entities", entities=two),
                         {"entities": two})
        self.assertEqual(self.graph(), (two, []))

    def test_existing_entity_is_skipped_and_left_alone(self):
        self.call("create_entities", entities=[entity("Alice", "x")])
        self.assertEqual(self.call("create_entities", entities=[
            entity("Alice", "y", type="other"), entity("Bob")]),
            {"entities": [entity("Bob")]})
        self.assertEqual(self.graph()[0], [entity("Alice", "x"),
                                           entity("Bob")])

    def test_no_entities(self):
        self.assertEqual(self.call("create_entities", entities=[]),
                         {"entities": []})

    def test_same_name_twice_is_created_once(self):
        self.assertEqual(self.call("create_entities", entities=[
            entity("a", "1"), entity("a", "2")]),
            {"entities": [entity("a", "1")]})
        self.assertEqual(self.graph()[0], [entity("a", "1")])

    def test_unknown_fields_are_dropped(self):
        self.assertEqual(self.call("create_entities", extra=1, mode="replace",
                                   namespace="other", entities=[
            {**entity("a", "x"), "tier": "semantic", "foo": {"bar": 1}}]),
            {"entities": [entity("a", "x")]})
        self.assertEqual(self.graph()[0], [entity("a", "x")])

    def test_text_survives(self):
        odd = entity("Zoë 🙂 \\ \"q\"", "tab\tnl\n\u001b\u007f", "\u2028", "日本語",
                     "a/b", type="ä")
        self.assertEqual(self.call("create_entities", entities=[odd]),
                         {"entities": [odd]})
        self.assertEqual(self.graph()[0], [odd])

    def test_bad_input(self):
        for args in ({}, {"entities": "x"}, {"entities": [{"name": "a"}]},
                     {"entities": [entity("a") | {"observations": [1]}]},
                     {"entities": [{**entity("a"), "name": 7}]},
                     {"entities": [None]}):
            self.assertIn("entities", self.error("create_entities", **args))
        self.assertEqual(self.graph(), ([], []))

    def test_relations(self):
        self.call("create_entities", entities=[entity("a"), entity("b")])
        both = [rel("a", "b"), rel("b", "a")]
        self.assertEqual(self.call("create_relations", relations=both),
                         {"relations": both})
        self.assertEqual(self.graph()[1], both)

    def test_identical_relation_is_skipped(self):
        self.call("create_entities", entities=[entity("a"), entity("b")])
        self.call("create_relations", relations=[rel("a", "b")])
        self.assertEqual(self.call("create_relations", relations=[
            rel("a", "b"), rel("a", "b", "Knows"), rel("b", "a")]),
            {"relations": [rel("a", "b", "Knows"), rel("b", "a")]})

    def test_no_relations(self):
        self.assertEqual(self.call("create_relations", relations=[]),
                         {"relations": []})

    def test_no_relation_dangles(self):
        self.call("create_entities", entities=[entity("a")])
        self.assertEqual(self.error("create_relations", relations=[
            rel("a", "a"), rel("a", "ghost")]),
            "Entity with name ghost not found")
        self.assertEqual(self.graph()[1], [])


class Add(Compat):
    def test_observations(self):
        self.call("create_entities", entities=[entity("Alice", "x")])
        self.assertEqual(self.call("add_observations", observations=[
            {"entityName": "Alice", "contents": ["y", "z"]}]),
            {"results": [{"entityName": "Alice",
                          "addedObservations": ["y", "z"]}]})
        self.assertEqual(self.graph()[0], [entity("Alice", "x", "y", "z")])

    def test_duplicates_are_skipped(self):
        self.call("create_entities", entities=[entity("Alice", "x")])
        self.assertEqual(self.call("add_observations", observations=[
            {"entityName": "Alice", "contents": ["x", "X", "new"]}]),
            {"results": [{"entityName": "Alice",
                          "addedObservations": ["X", "new"]}]})

    def test_unknown_entity_saves_nothing(self):
        self.call("create_entities", entities=[entity("Alice")])
        self.assertEqual(self.error("add_observations", observations=[
            {"entityName": "Alice", "contents": ["saved?"]},
            {"entityName": "Nobody", "contents": ["x"]}]),
            "Entity with name Nobody not found")
        self.assertEqual(self.graph()[0], [entity("Alice")])


class Delete(Compat):
    def test_entities(self):
        self.people()
        self.assertEqual(self.call("delete_entities", entityNames=["Bob"]), {
            "success": True, "message": "Entities deleted successfully"})
        self.assertEqual([e["name"] for e in self.graph()[0]],
                         ["Alice", "Acme Corp"])

    def test_relations_go_with_their_entity(self):
        self.people()
        self.call("delete_entities", entityNames=["Bob"])
        self.assertEqual(self.graph()[1],
                         [rel("Alice", "Acme Corp", "works_at")])
        self.call("delete_entities", entityNames=["Acme Corp"])
        self.assertEqual(self.graph()[1], [])

    def test_unknown_entity_is_silent(self):
        self.assertTrue(self.call("delete_entities",
                                  entityNames=["nobody"])["success"])

    def test_observations(self):
        self.call("create_entities", entities=[entity("a", "x", "y")])
        self.assertEqual(self.call("delete_observations", deletions=[
            {"entityName": "a", "observations": ["x"]}]), {
            "success": True, "message": "Observations deleted successfully"})
        self.assertEqual(self.graph()[0], [entity("a", "y")])

    def test_unknown_observation_or_entity_is_silent(self):
        self.call("create_entities", entities=[entity("a", "x")])
        self.call("delete_observations", deletions=[
            {"entityName": "nobody", "observations": ["x"]},
            {"entityName": "a", "observations": ["X", "xx"]}])
        self.assertEqual(self.graph()[0], [entity("a", "x")])

    def test_relations(self):
        self.people()
        self.assertEqual(self.call("delete_relations", relations=[
            rel("Alice", "Acme Corp", "works_at"),
            rel("Acme Corp", "Alice", "works_at")]), {
            "success": True, "message": "Relations deleted successfully"})
        self.assertEqual(self.graph()[1],
                         [rel("Bob", "Acme Corp", "competitor")])

    def test_created_again(self):
        self.people()
        self.call("delete_entities", entityNames=["Alice"])
        self.assertEqual(self.call("create_entities", entities=[
            entity("Alice", "new")]), {"entities": [entity("Alice", "new")]})
        self.assertEqual(self.graph()[0][-1], entity("Alice", "new"))


class Read(Compat):
    def test_empty(self):
        self.assertEqual(self.graph(), ([], []))

    def test_order_of_creation(self):
        self.people()
        names = [f"n{i:03}" for i in reversed(range(50))]
        self.call("create_entities", entities=[entity(n) for n in names])
        entities, relations = self.graph()
        self.assertEqual([e["name"] for e in entities],
                         ["Alice", "Bob", "Acme Corp", *names])
        self.assertEqual([r["relationType"] for r in relations],
                         ["works_at", "competitor"])

    def test_more_than_a_page(self):
        """The whole, however many pages it takes."""
        for k in range(5):
            self.call("create_entities", entities=[
                entity(f"e{k}-{i}", "o" * 1000) for i in range(500)])
            self.call("create_relations", relations=[
                rel(f"e0-{i}", f"e{k}-{i}") for i in range(100)])
        entities, relations = self.graph()
        self.assertEqual([e["name"] for e in entities], [
            f"e{k}-{i}" for k in range(5) for i in range(500)])
        self.assertEqual(relations, [
            rel(f"e0-{i}", f"e{k}-{i}") for k in range(5)
            for i in range(100)])
        # Those that stand on several pages come once, in their order.
        self.assertEqual(self.call("search_nodes", query="ooo")["relations"],
                         relations)

    def test_large(self):
        """A line stays below the 10 MiB that clients take: the text goes
        without structuredContent where both would not."""
        names = [f"entity {i}" for i in range(20000)]
        with self.db.client() as c:
            for i in range(0, len(names), 2000):
                c.ok("create_entities", entities=[
                    entity(n, "o" * 100) for n in names[i:i + 2000]])
        r = self.m.tool("read_graph", timeout=60)
        self.assertNotIn("isError", r)
        graph = json.loads(r["content"][0]["text"])
        self.assertEqual([e["name"] for e in graph["entities"]], names)
        self.assertEqual(graph["entities"][7]["observations"],
                         ["o" * 100])
        self.assertLess(len(json.dumps(r, ensure_ascii=False)), 10 << 20)

    def test_too_large_is_said(self):
        for k in range(10):
            self.call("create_entities", entities=[
                entity(f"e{k}-{i}", "o" * 900000) for i in range(2)])
        text = self.error("read_graph")
        self.assertIn("too large", text)
        self.assertIn("search_nodes", text)


class Search(Compat):
    def search(self, query):
        g = self.call("search_nodes", query=query)
        return [e["name"] for e in g["entities"]], g["relations"]

    def setUp(self):
        super().setUp()
        self.people()

    def test_by_name(self):
        self.assertEqual(self.search("Alice")[0], ["Alice"])

    def test_by_type(self):
        self.assertEqual(self.search("company")[0], ["Acme Corp"])

    def test_by_observation_in_order_of_creation(self):
        self.assertEqual(self.search("works at")[0], ["Alice", "Bob"])
        self.assertEqual(self.search("tech")[0], ["Bob", "Acme Corp"])

    def test_any_case_and_part_of_a_word(self):
        self.assertEqual(self.search("ALICE")[0], ["Alice"])
        self.assertEqual(self.search("cme c")[0], ["Alice", "Acme Corp"])

    def test_relations_with_one_end(self):
        self.assertEqual(self.search("Alice")[1],
                         [rel("Alice", "Acme Corp", "works_at")])
        self.assertEqual(len(self.search("tech company")[1]), 2)

    def test_nothing(self):
        self.assertEqual(self.search("nonexistent"), ([], []))
        self.assertEqual(self.search("at works"), ([], []))

    def test_pattern_characters_are_plain(self):
        self.call("create_entities", entities=[entity("50% off_*?[a]")])
        for q in ("%", "_", "*", "?", "[a]", "50% OFF"):
            self.assertEqual(self.search(q)[0], ["50% off_*?[a]"], q)

    def test_empty_query_is_everything(self):
        entities, relations = self.graph()
        names, found = self.search("")
        self.assertEqual(names, [e["name"] for e in entities])
        self.assertEqual(found, relations)

    def test_no_limit(self):
        self.call("create_entities", entities=[
            entity(f"x{i}", "common word") for i in range(1500)])
        self.assertEqual(len(self.search("common")[0]), 1500)

    def test_bad_input(self):
        self.assertIn("query", self.error("search_nodes"))
        self.assertIn("query", self.error("search_nodes", query=7))


class Open(Compat):
    def open(self, *names):
        g = self.call("open_nodes", names=names)
        return [e["name"] for e in g["entities"]], g["relations"]

    def setUp(self):
        super().setUp()
        self.people()

    def test_by_name_in_order_of_the_graph(self):
        self.assertEqual(self.open("Bob", "Alice")[0], ["Alice", "Bob"])
        self.assertEqual(self.open("Alice", "Alice")[0], ["Alice"])

    def test_relations(self):
        both = self.graph()[1]
        self.assertEqual(self.open("Alice", "Acme Corp")[1], both)
        self.assertEqual(self.open("Alice")[1], both[:1])
        self.assertEqual(self.open("Acme Corp")[1], both)
        self.assertEqual(self.open("Alice", "Bob")[1], both)

    def test_unknown_and_none(self):
        self.assertEqual(self.open("nobody"), ([], []))
        self.assertEqual(self.open("alice"), ([], []))
        self.assertEqual(self.open(), ([], []))
        self.assertEqual(self.open("nobody", "Bob")[0], ["Bob"])


class Life(Compat):
    def test_second_process_sees_it(self):
        self.people()
        other = self.mcp(self.db, args=["--tools=compat"], era=MODERN)
        self.assertEqual(other.ok("read_graph")["relations"],
                         self.graph()[1])

    def test_survives_the_service(self):
        self.people()
        before = self.graph()
        self.db.restart()
        self.assertEqual(self.graph(), before)

    def test_no_internal_member_is_shown(self):
        self.people()
        for g in (self.call("read_graph"),
                  self.call("search_nodes", query="a"),
                  self.call("open_nodes", names=["Alice"])):
            for e in g["entities"]:
                self.assertEqual(list(e), ["name", "entityType",
                                           "observations"])
            for r in g["relations"]:
                self.assertEqual(list(r), ["from", "to", "relationType"])

    def test_resource_and_its_updates(self):
        self.people()
        [c] = self.m.request("resources/read", {"uri": GRAPH})["contents"]
        self.assertEqual(json.loads(c["text"]), self.call("read_graph"))
        self.m.request("resources/subscribe", {"uri": GRAPH})
        for name, args in (
                ("create_entities", {"entities": [entity("z")]}),
                ("create_relations", {"relations": [rel("z", "z")]}),
                ("add_observations", {"observations": [
                    {"entityName": "z", "contents": ["o"]}]}),
                ("delete_observations", {"deletions": [
                    {"entityName": "z", "observations": ["o"]}]}),
                ("delete_relations", {"relations": [rel("z", "z")]}),
                ("delete_entities", {"entityNames": ["z"]})):
            self.call(name, **args)
            self.assertEqual(self.m.note()["params"], {"uri": GRAPH}, name)

    def test_parallel_calls_lose_nothing(self):
        """20 calls at once: the reference loses 19 of them."""
        numbers = [self.m.send("tools/call", {
            "name": "create_entities",
            "arguments": {"entities": [entity(f"p{i}")]}}) for i in range(20)]
        for number in numbers:
            self.assertEqual(len(self.m.reply(number)["result"]
                                 ["structuredContent"]["entities"]), 1)
        self.assertEqual(len(self.graph()[0]), 20)

    def test_two_processes_lose_nothing(self):
        other = self.mcp(self.db, args=["--tools", "compat"])

        def work(m, prefix):
            for i in range(50):
                m.ok("create_entities", entities=[entity(f"{prefix}{i}")])
        threads = [threading.Thread(target=work, args=a)
                   for a in ((self.m, "x"), (other, "y"))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(self.graph()[0]), 100)


class Stub(unittest.TestCase):
    """What the real service shows too rarely."""

    def test_facts_left_out_are_said(self):
        import shutil
        import tempfile
        home = Path(tempfile.mkdtemp(prefix="t"))
        self.addCleanup(shutil.rmtree, home)
        db = StubDb(home / "s").start()
        self.addCleanup(db.stop)
        db.do_create_entities({"entities": [entity("big", "x")]})
        db.omit["big"] = 7
        with Mcp(home, args=["--tools", "compat", "--no-spawn"],
                 env=clean_env(home, {"MEMORY_DB_SOCKET": home / "s"})) as m:
            r = m.tool("open_nodes", names=["big"])
        self.assertEqual(r["structuredContent"]["entities"],
                         [entity("big", "x")])
        self.assertIn("7 observations of big", r["content"][1]["text"])


if __name__ == "__main__":
    main()
