"""A project and the user's memory are one to an agent: a relation of the
project may have an end in the user's memory. It belongs to the project; no other
project sees it, and it shows only where both of its ends do."""
import json

from harness import TestCase, entity

WORKS = {"from": "Nina", "to": "tides", "relationType": "works_on"}
OWNED = {"from": "tides", "to": "Nina", "relationType": "owned_by"}


def triples(relations):
    return sorted((r["from"], r["relationType"], r["to"]) for r in relations)


class TwoMemories(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()
        self.user("create_entities", entities=[
            entity("Nina", "likes tea", type="person"),
            entity("Oslo", "is a town", type="place")])
        self.p("create_entities", entities=[
            entity("tides", "is a service"), entity("csv", "comes at night")])

    def user(self, method, **params):
        return self.c.ok(method, params)

    def p(self, method, **params):
        return self.c.ok(method, dict(params, namespace="p"))

    def q(self, method, **params):
        return self.c.ok(method, dict(params, namespace="q"))

    def relate(self, *relations, **more):
        return self.p("create_relations", relations=list(relations), **more)

    def seen(self, who=None, **more):
        who = who or self.p
        return triples(who("read_graph", **more)["relations"])

    def clean(self):
        self.db.verify()

    # --- both directions, in every read
    def test_both_directions(self):
        reply = self.relate(WORKS, OWNED)
        self.assertEqual([r["action"] for r in reply["results"]],
                         ["created", "created"])
        want = [("Nina", "works_on", "tides"), ("tides", "owned_by", "Nina")]
        self.assertEqual(self.seen(), want)
        for name in ("Nina", "tides"):
            r = self.p("open_nodes", names=[name], fields=[
                "name", "relations"])
            self.assertEqual(triples(r["relations"]), want)
            self.assertEqual(triples(r["entities"][0]["relations"]), want)
        for query in ("tea", "service"):
            r = self.p("search_nodes", query=query, relations=True)
            self.assertEqual(triples(r["relations"]), want)
        # told of which memory the other end is
        got = {r["relationType"]: r for r in
               self.p("open_nodes", names=["tides"])["relations"]}
        self.assertEqual(got["works_on"].get("from_namespace"), "default")
        self.assertEqual(got["owned_by"].get("to_namespace"), "default")
        self.assertNotIn("to_namespace", got["works_on"])
        # again: nothing new
        reply = self.relate(WORKS, OWNED)
        self.assertEqual([r["action"] for r in reply["results"]],
                         ["unchanged", "unchanged"])
        self.assertNotIn("change", reply)
        self.clean()

    def test_nobody_else_sees_it(self):
        self.relate(WORKS, OWNED)
        self.q("create_entities", entities=[entity("other")])
        for who in (self.user, self.q):
            self.assertEqual(self.seen(who), [])
            self.assertEqual(who("open_nodes", names=["Nina"], fields=[
                "name", "relations"])["entities"][0]["relations"], [])
            self.assertEqual(who("search_nodes", query="tea",
                                 relations=True)["relations"], [])
            self.assertNotIn("tides", json.dumps(who("recall",
                                                     query="likes tea")))
            self.assertNotIn("tides", json.dumps(
                who("memory_history", name="Nina")))
        # the same relation of another project is its own
        self.q("create_relations", relations=[
            {"from": "other", "to": "Nina", "relationType": "owned_by"}])
        self.assertEqual(self.seen(self.q), [("other", "owned_by", "Nina")])
        self.assertEqual(len(self.seen()), 2)

    def test_history_and_delete(self):
        self.relate(WORKS, OWNED)
        change = self.p("memory_history", name="tides")["changes"][0]
        self.assertEqual(sorted((a["entity"], a["to"])
                                for a in change["added"]),
                         [("Nina", "tides"), ("tides", "Nina")])
        r = self.p("delete_relations", relations=[WORKS])
        self.assertEqual(r["deleted"], 1)
        self.assertEqual(self.seen(), [("tides", "owned_by", "Nina")])
        self.p("memory_undo", change=r["change"])
        self.assertEqual(len(self.seen()), 2)
        self.assertEqual(len(self.seen(as_of=change["change"] - 1)), 0)
        self.clean()

    # --- the ends
    def test_rename_of_the_users(self):
        self.relate(WORKS, OWNED)
        self.user("rename_entity", name="Nina", new_name="Nina Berg")
        self.assertEqual(self.seen(), [("Nina Berg", "works_on", "tides"),
                                       ("tides", "owned_by", "Nina Berg")])

    def test_an_end_goes_and_comes_back(self):
        self.relate(WORKS, OWNED)
        gone = self.user("delete_entities", entityNames=["Nina"])["change"]
        self.assertEqual(self.seen(), [])
        self.assertEqual(self.p("open_nodes", names=["tides"])["relations"],
                         [])
        self.clean()
        self.user("memory_undo", change=gone)
        self.assertEqual(len(self.seen()), 2)
        gone = self.p("delete_entities", entityNames=["tides"])["change"]
        self.assertEqual(self.seen(), [])
        self.p("memory_undo", change=gone)
        self.assertEqual(len(self.seen()), 2)
        self.clean()

    def test_forget_of_either_end(self):
        self.relate(WORKS, OWNED)
        self.user("forget", name="Nina", confirm=True)
        self.assertEqual(self.seen(), [])
        self.user("create_entities", entities=[entity("Nina")])
        self.assertEqual(self.seen(), [])
        self.clean()
        self.relate(WORKS)
        self.p("forget", name="tides", confirm=True)
        self.assertEqual(self.seen(), [])
        self.clean()

    # --- errors that lead out
    def test_errors(self):
        e = self.c.fails("not_found", "create_relations", {
            "namespace": "p", "scope": "user", "relations": [OWNED]})
        self.assertIn("Leave out scope", e["error"])
        e = self.c.fails("not_found", "create_relations", {
            "namespace": "p", "relations": [
                {"from": "Nina", "to": "Oslo", "relationType": "lives_in"}]})
        self.assertIn('scope:"user"', e["error"])
        r = self.p("create_relations", scope="user", relations=[
            {"from": "Nina", "to": "Oslo", "relationType": "lives_in"}])
        self.assertEqual(r["results"][0]["action"], "created")
        e = self.c.fails("not_found", "create_relations", {
            "namespace": "p", "relations": [dict(OWNED, to="Nin")]})
        self.assertIn("Nina", e["error"])
        # following each error leads somewhere
        self.assertEqual(len(self.relate(OWNED)["results"]), 1)

    def test_own_name_first(self):
        self.p("create_entities", entities=[entity("Nina", "a cat")],
               scope="project")
        self.relate(OWNED)
        self.assertNotIn("to_namespace",
                         self.p("open_nodes", names=["tides"])["relations"][0])
        self.assertEqual(self.seen(self.q), [])

    # --- branches, keys, scripts
    def test_branches(self):
        self.p("memory_branch", action="create", name="b")
        self.relate(WORKS, branch="b")
        self.assertEqual(self.seen(), [])
        self.assertEqual(self.seen(branch="b"),
                         [("Nina", "works_on", "tides")])
        self.p("memory_merge", branch="b")
        self.assertEqual(self.seen(), [("Nina", "works_on", "tides")])
        self.clean()

    def test_key(self):
        first = self.relate(WORKS, OWNED, key="k1")
        self.user("delete_entities", entityNames=["Nina"])
        again = self.relate(WORKS, OWNED, key="k1")
        self.assertEqual(again["results"], first["results"])
        self.assertEqual(again["change"], first["change"])

    def test_script(self):
        r = self.p("execute_code", code="""
            memory.create_relations{relations={
              {from='Nina', to='tides', relationType='works_on'}}}
            return memory.open_nodes{names={'tides'}}.relations""")
        self.assertEqual(r["outcome"], "ok", r)
        self.assertEqual(triples(r["result"]), [("Nina", "works_on", "tides")])
        self.assertEqual(self.seen(), [("Nina", "works_on", "tides")])

    # --- export, import, replay, merging of namespaces
    def dump(self, **params):
        lines = []
        while True:
            reply = self.c.ok("export_log", params)
            lines += reply["lines"]
            if not reply.get("next"):
                return lines
            params = dict(params, cursor=reply["next"])

    def load(self, c, lines, **params):
        r = c.ok("import_records", dict(
            params, source="x", offset=0, done=True, all_namespaces=True,
            records=[json.loads(x) if isinstance(x, str) else x
                     for x in lines]))
        return r

    def test_state(self):
        self.relate(WORKS, OWNED)
        want = self.seen()
        other = self.service().client()
        r = self.load(other, self.dump(all=True, current=True))
        self.assertFalse(r.get("errors"), r)
        self.assertEqual(triples(other.ok(
            "read_graph", {"namespace": "p"})["relations"]), want)
        self.assertEqual(other.ok("read_graph")["relations"], [])

    def test_replay(self):
        self.relate(WORKS, OWNED)
        want = self.seen()
        lines = self.dump(all=True)
        db = self.service()
        r = self.load(db.client(), lines)
        self.assertFalse(r.get("errors"), r)
        self.assertEqual(triples(db.client().ok(
            "read_graph", {"namespace": "p"})["relations"]), want)
        db.verify()
        # the log of the project alone
        db = self.service()
        r = self.load(db.client(), self.dump(namespace="p"))
        self.assertFalse(r.get("errors"), r)
        self.assertEqual(db.client().ok(
            "read_graph", {"namespace": "p"})["relations"], [])
        db.verify()

    def merged(self, a, b):
        while self.c.ok("merge_namespaces", {"from": a, "to": b}).get("more"):
            pass
        self.clean()

    def test_into_another_project(self):
        self.relate(WORKS, OWNED)
        want = self.seen()
        self.q("create_entities", entities=[entity("other")])
        self.merged("p", "q")
        self.assertEqual(self.seen(self.q), want)
        self.assertEqual(self.seen(self.user), [])

    def test_into_the_user(self):
        self.relate(WORKS, OWNED)
        want = self.seen()
        self.merged("p", "default")
        self.assertEqual(self.seen(self.user), want)
        self.user("delete_entities", entityNames=["Nina"])
        self.assertEqual(self.seen(self.user), [])
        self.clean()

    def test_user_into_project(self):
        self.relate(WORKS, OWNED)
        want = self.seen()
        self.merged("default", "p")
        self.assertEqual(self.seen(), want)
        self.p("delete_entities", entityNames=["Nina"])
        self.assertEqual(self.seen(), [])
        self.clean()


if __name__ == "__main__":
    import harness
    harness.main()
