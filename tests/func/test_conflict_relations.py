"""Conflicts between relations: found by writes and by the scan, told as sentences,
resolved by each strategy, undone; beside renames, deletions, branches, other
namespaces and a protected main."""
import json

from harness import TestCase, entity, main, wait_until


class Relations(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()
        self.c.ok("create_entities", namespace="p", entities=[
            entity(x, type="thing")
            for x in ("Ada", "Ben", "Acme", "Globex", "Initech")])

    def relate(self, *types, c=None, **params):
        params.setdefault("namespace", "p")
        return (c or self.c).ok("create_relations", relations=[
            dict(zip(("from", "relationType", "to"), t)) for t in types],
            **params)

    def contest(self, old=("Ada", "works_at", "Acme"),
                new=("Ada", "works_at", "Globex"), **params):
        self.relate(old)
        got = self.relate(new, on_conflict="queue", **params)
        (x,) = got["conflicts"]
        self.assertEqual(x["did"], "queued")
        return x["id"]

    def pending(self, **params):
        params.setdefault("namespace", "p")
        return self.c.ok("list_conflicts", **params)["conflicts"]

    def resolve(self, **params):
        params.setdefault("namespace", "p")
        return self.c.ok("resolve_conflict", **params)

    def undo(self, change, **params):
        params.setdefault("namespace", "p")
        return self.c.ok("memory_undo", change=change, **params)

    def graph(self, **params):
        params.setdefault("namespace", "p")
        got = self.c.ok("read_graph", **params)
        return sorted((r["from"], r["relationType"], r["to"])
                      for r in got["relations"])

    BOTH = [("Ada", "works_at", "Acme"), ("Ada", "works_at", "Globex")]


class Found(Relations):
    def test_told_as_sentences(self):
        self.relate(("Ada", "works_at", "Acme"))
        got = self.relate(("Ada", "works_at", "Globex"), on_conflict="report")
        (x,) = got["conflicts"]
        self.assertEqual((x["existing_entity"], x["conflict_type"], x["text"],
                          x["said"], x["did"]),
                         ("Ada", "update", "works at Acme", "works at Globex",
                          "reported"))
        self.assertIn("works at", x["reason"])
        self.assertEqual(self.graph(), self.BOTH)
        self.assertEqual(self.pending(), [])

    def test_nothing_unasked(self):
        self.relate(("Ada", "works_at", "Acme"))
        got = self.relate(("Ada", "works_at", "Globex"))
        self.assertNotIn("conflicts", got)
        self.c.ok("set_namespace_settings", namespace="p",
                  settings={"on_conflict": "queue"})
        got = self.relate(("Ada", "works_at", "Initech"))
        self.assertEqual(len(got["conflicts"]), 2)
        self.assertNotIn("conflicts_later", got)

    def test_kinds(self):
        for old, new, kind in (
                ("likes", "dislikes", "contradiction"),
                ("LIKES", "doesNotLike", "contradiction"),
                ("works_at", "employed_by", "duplicate"),
                ("WORKS_AT", "isEmployedBy", "duplicate")):
            self.c.ok("create_entities", namespace=old + new, entities=[
                entity("Ada"), entity("Acme")])
            self.relate(("Ada", old, "Acme"), namespace=old + new)
            got = self.relate(("Ada", new, "Acme"), namespace=old + new,
                              on_conflict="report")
            self.assertEqual([x["conflict_type"]
                              for x in got.get("conflicts", ())], [kind],
                             (old, new))

    def test_what_may_be_many_is_none(self):
        for kind in ("knows", "likes", "depends_on", "visited", "has_part",
                     "owns", "related_to", "mentions", "contains"):
            self.relate(("Ada", kind, "Acme"))
            got = self.relate(("Ada", kind, "Globex"), on_conflict="report")
            self.assertEqual(got["conflict_count"], 0, kind)
        # What another entity is related to says nothing of this one.
        got = self.relate(("Ben", "works_at", "Acme"), on_conflict="queue")
        self.assertEqual(got["conflict_count"], 0)

    def test_attributes_decide_first(self):
        self.c.ok("set_namespace_settings", namespace="p", settings={
            "attributes": {"works at": "multi", "endorses": "single"}})
        self.relate(("Ada", "works_at", "Acme"), ("Ada", "endorses", "Acme"))
        got = self.relate(("Ada", "works_at", "Globex"),
                          ("Ada", "endorses", "Globex"), on_conflict="queue")
        self.assertEqual([x["said"] for x in got["conflicts"]],
                         ["endorses Globex"])

    def test_supersede(self):
        self.relate(("Ada", "works_at", "Acme"))
        got = self.relate(("Ada", "works_at", "Globex"),
                          on_conflict="supersede")
        self.assertEqual(got["conflicts"][0]["did"], "superseded")
        self.assertEqual(self.graph(), self.BOTH[1:])
        self.undo(got["change"])
        self.assertEqual(self.graph(), self.BOTH[:1])
        self.assertEqual(self.c.ok("verify")["problems"], [])

    def test_the_scan_finds_them(self):
        self.relate(("Ada", "works_at", "Acme"), ("Ada", "works_at", "Globex"),
                    ("Ada", "knows", "Ben"), ("Ben", "likes", "Acme"))
        self.relate(("Ben", "dislikes", "Acme"))
        self.c.ok("detect_memory_conflicts", namespace="p")
        wait_until(lambda: self.c.ok(
            "detect_memory_conflicts", namespace="p", action="status")
            ["state"] == "done", why="the scan is done")
        self.assertEqual(
            sorted((x["conflict_type"], x["existing"]["text"],
                    x["new"]["text"]) for x in self.pending()),
            [("contradiction", "likes Acme", "dislikes Acme"),
             ("update", "works at Acme", "works at Globex")])

    def test_reads_mark_them(self):
        id_ = self.contest()
        (e,) = self.c.ok("open_nodes", namespace="p", names=["Ada"])[
            "entities"]
        self.assertEqual([(x["conflict"], x["text"]) for x in e["contested"]],
                         [(id_, "works at Acme"), (id_, "works at Globex")])


class Resolved(Relations):
    def test_update_and_keep(self):
        for keep, left in ((None, self.BOTH[1:]), ("new", self.BOTH[1:]),
                           ("existing", self.BOTH[:1])):
            id_ = self.contest() if keep is None else self.pending()[0]["id"]
            (x,) = self.pending()
            self.assertEqual((x["existing"]["text"], x["new"]["text"]),
                             ("works at Acme", "works at Globex"))
            got = self.resolve(id=id_, strategy="update",
                               **({"keep": keep} if keep else {}))
            self.assertEqual(self.graph(), left)
            self.assertEqual(self.pending(), [])
            (x,) = self.pending(state="resolved")
            self.assertEqual(x["resolution"]["strategy"], "update")
            self.undo(got["change"])
            self.assertEqual(self.graph(), self.BOTH)

    def test_auto(self):
        id_ = self.contest()
        got = self.resolve(id=id_, strategy="auto")
        self.assertEqual(got["results"][0]["hidden"]["text"], "works at Acme")
        self.assertEqual(self.graph(), self.BOTH[1:])
        id_ = self.contest(("Ben", "likes", "Acme"),
                           ("Ben", "dislikes", "Acme"))
        got = self.resolve(id=id_, strategy="auto")
        self.assertEqual((got["resolved"], got["left"]), (0, 1))
        self.assertEqual(len(self.pending()), 1)

    def test_merge(self):
        id_ = self.contest(("Ada", "works_at", "Acme"),
                           ("Ada", "employed_by", "Acme"))
        got = self.resolve(id=id_, strategy="merge")
        self.assertEqual(len(self.graph()), 1)
        self.undo(got["change"])
        self.assertEqual(len(self.graph()), 2)
        self.assertEqual(len(self.pending()), 1)

    def test_keep_both_is_remembered(self):
        id_ = self.contest()
        got = self.resolve(id=id_, strategy="keep_both")
        self.assertEqual(self.graph(), self.BOTH)
        self.c.ok("detect_memory_conflicts", namespace="p")
        wait_until(lambda: self.c.ok(
            "detect_memory_conflicts", namespace="p", action="status")
            ["state"] == "done", why="the scan is done")
        self.assertEqual(self.pending(), [])
        self.undo(got["change"])
        self.assertEqual([x["id"] for x in self.pending()], [id_])

    def test_branch(self):
        id_ = self.contest()
        got = self.resolve(id=id_, strategy="branch")
        self.assertEqual(self.graph(), self.BOTH[1:])
        branch = got["results"][0]["branch"]
        self.assertEqual(self.graph(branch=branch), self.BOTH)
        self.undo(got["change"])
        self.assertEqual(self.graph(), self.BOTH)
        # Again: the branch of the first time stands.
        again = self.resolve(id=id_, strategy="branch")
        self.assertNotEqual(again["results"][0]["branch"], branch)

    def test_twice(self):
        id_ = self.contest()
        got = self.resolve(id=id_, strategy="update")
        e = self.c.fails("conflict", "resolve_conflict", namespace="p",
                         id=id_, strategy="keep_both")
        self.assertIn("resolved", e["error"])
        # An undo, and the undo of that.
        back = self.undo(got["change"])
        self.assertEqual(len(self.pending()), 1)
        self.undo(back["change"])
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.graph(), self.BOTH[1:])
        self.assertEqual(self.c.ok("verify")["problems"], [])

    def test_all_of_an_entity(self):
        self.contest()
        self.relate(("Ada", "works_at", "Initech"), on_conflict="queue")
        self.assertEqual(len(self.pending()), 3)
        got = self.resolve(entity="Ada", strategy="update")
        self.assertEqual(self.graph(), [("Ada", "works_at", "Initech")])
        self.assertEqual(self.pending(), [])
        self.undo(got["change"])
        self.assertEqual(len(self.pending()), 3)


class Strange(Relations):
    def test_renamed_ends(self):
        id_ = self.contest()
        self.c.ok("rename_entity", namespace="p", name="Acme",
                  new_name="Acme Corp")
        self.c.ok("rename_entity", namespace="p", name="Ada",
                  new_name="Ada Lovelace")
        (x,) = self.pending()
        self.assertEqual((x["id"], x["existing"]["entity"],
                          x["existing"]["text"]),
                         (id_, "Ada Lovelace", "works at Acme Corp"))
        self.resolve(id=id_, strategy="auto")
        self.assertEqual(self.graph(), [("Ada Lovelace", "works_at",
                                         "Globex")])

    def test_deleted_ends(self):
        id_ = self.contest()
        got = self.c.ok("delete_entities", namespace="p",
                        entityNames=["Acme"])
        self.assertEqual(self.pending(), [])
        (x,) = self.pending(state="gone")
        self.assertEqual(x["existing"]["text"], "works at Acme")
        self.assertTrue(x["existing"]["hidden"])
        self.c.fails("conflict", "resolve_conflict", namespace="p", id=id_,
                     strategy="update")
        self.undo(got["change"])
        self.assertEqual(len(self.pending()), 1)
        self.c.ok("delete_entities", namespace="p", entityNames=["Ada"])
        self.assertEqual(self.pending(), [])

    def test_forgotten_end(self):
        self.contest()
        self.c.ok("forget", namespace="p", name="Acme", confirm=True)
        self.assertEqual(self.pending(), [])
        self.assertNotIn("Acme", json.dumps(self.pending(state="all")))

    def test_on_a_branch(self):
        self.relate(("Ada", "works_at", "Acme"))
        self.c.ok("memory_branch", namespace="p", action="create", name="b")
        got = self.relate(("Ada", "works_at", "Globex"), branch="b",
                          on_conflict="queue")
        id_ = got["conflicts"][0]["id"]
        self.assertEqual(self.pending(), [])
        self.assertEqual(len(self.pending(branch="b")), 1)
        self.resolve(id=id_, strategy="update", branch="b")
        self.assertEqual(self.graph(branch="b"), self.BOTH[1:])
        self.assertEqual(self.graph(), self.BOTH[:1])
        self.c.ok("memory_merge", namespace="p", branch="b")
        self.assertEqual(self.graph(), self.BOTH[1:])
        self.assertEqual(self.pending(), [])

    def test_contested_on_both_sides_of_a_merge(self):
        self.relate(("Ada", "works_at", "Acme"))
        self.c.ok("memory_branch", namespace="p", action="create", name="b")
        self.relate(("Ada", "works_at", "Globex"), branch="b",
                    on_conflict="queue")
        got = self.relate(("Ada", "works_at", "Initech"), on_conflict="queue")
        here = got["conflicts"][0]["id"]
        self.c.ok("memory_merge", namespace="p", branch="b")
        self.assertEqual(len(self.graph()), 3)
        self.assertGreaterEqual(len(self.pending()), 2)
        self.resolve(id=here, strategy="update")
        self.resolve(entity="Ada", strategy="auto")
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.c.ok("verify")["problems"], [])

    def test_weight_told_anew(self):
        """The same relation with another weight is a fact of its own."""
        id_ = self.contest()
        self.c.ok("create_relations", namespace="p", on_conflict="queue",
                  relations=[{"from": "Ada", "to": "Globex", "weight": .9,
                              "relationType": "works_at"}])
        self.assertEqual([x["state"] for x in self.pending(state="all")],
                         ["pending", "gone"])
        self.assertNotEqual(self.pending()[0]["id"], id_)

    def test_a_weight_told_anew_keeps_what_was_decided(self):
        id_ = self.contest()
        self.resolve(id=id_, strategy="keep_both")
        for weight, mode in ((.9, "queue"), (.8, "supersede"),
                             (.7, "supersede")):
            got = self.c.ok("create_relations", namespace="p",
                            on_conflict=mode, relations=[{
                                "from": "Ada", "to": "Acme",
                                "relationType": "works_at",
                                "weight": weight}])
            self.assertEqual(got["conflict_count"], 0, weight)
        self.assertEqual(self.graph(), self.BOTH)
        self.assertEqual(self.pending(), [])

    def test_two_namespaces(self):
        self.c.ok("create_entities", namespace="q", entities=[
            entity("Ada"), entity("Acme")])
        id_ = self.contest()
        self.relate(("Ada", "works_at", "Acme"), namespace="q",
                    on_conflict="queue")
        self.assertEqual(self.pending(namespace="q"), [])
        self.c.fails("not_found", "resolve_conflict", namespace="q", id=id_,
                     strategy="update")

    def test_ends_in_the_users_memory(self):
        self.c.ok("create_entities", entities=[entity("Cleo"),
                                               entity("Dora")])
        agent = self.db.client()
        agent.ok("hello", tools="default,order", namespace="p",
                 session="s1", client="agent/1")
        self.addCleanup(agent.close)
        self.relate(("Ada", "reports_to", "Cleo"), c=agent)
        got = self.relate(("Ada", "reports_to", "Dora"), c=agent,
                          on_conflict="queue")
        (x,) = got["conflicts"]
        self.assertEqual((x["text"], x["said"]),
                         ("reports to Cleo", "reports to Dora"))
        # The user's memory is not written by a relation that begins there.
        got = self.relate(("Cleo", "works_at", "Acme"), c=agent,
                          on_conflict="queue")
        self.assertEqual(got["conflict_count"], 0)
        got = agent.ok("resolve_conflict", id=x["id"], strategy="auto")
        self.assertEqual(got["resolved"], 1)
        self.assertIn(("Ada", "reports_to", "Dora"), self.graph())
        self.assertNotIn(("Ada", "reports_to", "Cleo"), self.graph())

    def test_in_a_protected_namespace(self):
        id_ = self.contest()
        self.c.ok("set_namespace_settings", namespace="p",
                  settings={"protect": True})
        agent = self.db.client()
        agent.ok("hello", tools="default,order", namespace="p",
                 session="s1", client="agent/1")
        self.addCleanup(agent.close)
        got = agent.ok("resolve_conflict", id=id_, strategy="update")
        self.assertTrue(got["staged"])
        self.assertEqual(len(self.pending()), 1)
        self.assertEqual(agent.ok("list_conflicts")["conflict_count"], 0)
        self.c.ok("review_staged", namespace="p", do="approve", all=True)
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.graph(), self.BOTH[1:])

    def test_replayed(self):
        id_ = self.contest()
        self.resolve(id=id_, strategy="update")
        self.contest(("Ben", "works_at", "Acme"), ("Ben", "works_at",
                                                   "Globex"))
        lines, cursor = [], None
        while True:
            page = self.c.ok("export_log", all=True, **(
                {"cursor": cursor} if cursor else {}))
            lines += page["lines"]
            cursor = page.get("next")
            if not cursor:
                break
        c = self.service().client()
        c.ok("import_records", source="x", offset=0, done=True,
             all_namespaces=True, records=[json.loads(x) if isinstance(x, str)
                                           else x for x in lines])
        for state in ("pending", "resolved", "all"):
            there = c.ok("list_conflicts", namespace="p", state=state)
            self.assertEqual(there["conflicts"], self.pending(state=state))
        self.assertEqual(c.ok("verify")["problems"], [])


if __name__ == "__main__":
    main()
