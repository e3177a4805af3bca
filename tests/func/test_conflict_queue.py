"""The queue of conflicts: what writes find, the list, and resolving, through
all layers; what an undo, a branch, a past time, another namespace, a forget and
a replay of the log make of it."""
import json
import sqlite3
import threading
import time

from harness import TestCase, entity, main, wait_until


def rows_of(service, sql):
    db = sqlite3.connect(f"file:{service.database}?mode=ro", uri=True)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


class Queue(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()

    def make(self, name, *texts, **params):
        params.setdefault("namespace", "p")
        return self.c.ok("create_entities", entities=[
            entity(name, *texts, type="person")], **params)

    def pending(self, **params):
        params.setdefault("namespace", "p")
        reply = self.c.ok("list_conflicts", **params)
        self.assertEqual(reply["conflict_count"], len(reply["conflicts"]))
        return reply["conflicts"]

    def resolve(self, **params):
        params.setdefault("namespace", "p")
        return self.c.ok("resolve_conflict", **params)

    def texts(self, name="Ada", **params):
        params.setdefault("namespace", "p")
        got = self.c.ok("open_nodes", names=[name], **params)
        return sorted(got["entities"][0]["observations"])

    def graph(self):
        return dict(self.c.ok("read_graph", namespace="p"), id=0)

    def contest(self, old="lives in Rome", new="lives in Oslo", **params):
        """Two facts of Ada and the row that names them."""
        self.make("Ada", old, **params)
        got = self.make("Ada", new, on_conflict="queue", **params)
        (x,) = got["conflicts"]
        self.assertEqual(x["did"], "queued")
        return x["id"]


class OnConflict(Queue):
    def test_nothing_unasked(self):
        self.make("Ada", "lives in Rome")
        got = self.make("Ada", "lives in Oslo")
        self.assertNotIn("conflicts", got)
        self.assertNotIn("conflict_count", got)
        self.assertEqual(self.pending(), [])

    def test_report(self):
        self.make("Ada", "lives in Rome")
        got = self.make("Ada", "lives in Oslo", "plays chess",
                        on_conflict="report")
        (x,) = got["conflicts"]
        self.assertEqual(
            (x["existing_entity"], x["conflict_type"], x["text"], x["said"],
             x["suggested_action"], x["did"]),
            ("Ada", "update", "lives in Rome", "lives in Oslo", "update",
             "reported"))
        self.assertIn("differ", x["reason"])
        self.assertEqual(got["conflict_count"], 1)
        self.assertEqual(self.texts(), ["lives in Oslo", "lives in Rome",
                                        "plays chess"])
        self.assertEqual(self.pending(), [])
        # Asked for, and there is none.
        got = self.make("Ada", "likes tea", on_conflict="report")
        self.assertEqual(got["conflict_count"], 0)

    def test_queue_shows_both_sides(self):
        id_ = self.contest(session="s1", client="cli-a")
        (x,) = self.pending()
        self.assertEqual(x["id"], id_)
        self.assertEqual(
            (x["state"], x["conflict_type"], x["existing_entity"],
             x["suggested_action"]),
            ("pending", "update", "Ada", "update"))
        self.assertEqual(x["existing"]["text"], "lives in Rome")
        self.assertEqual(x["new"]["text"], "lives in Oslo")
        self.assertEqual(x["new"]["session"], "s1")
        self.assertEqual(x["new"]["client"], "cli-a")
        self.assertRegex(x["existing"]["said_at"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(
            x["reason"],
            "both say of Ada 'lives in': 'Rome' and 'Oslo' differ")
        self.assertGreaterEqual(x["confidence"], .85)
        self.assertEqual(self.texts(), ["lives in Oslo", "lives in Rome"])
        # The guide's table.
        self.assertEqual(
            rows_of(self.db, "SELECT conflict_type, resolution_status, "
                    "suggested_action FROM conflicts"),
            [("update", "pending", "update")])

    def test_filters_and_pages(self):
        for i in range(7):
            self.make(f"P{i}", "lives in Rome")
            self.make(f"P{i}", "lives in Oslo", on_conflict="queue")
        self.make("P3", "likes tea")
        self.make("P3", "does not like tea", on_conflict="queue")
        self.assertEqual(len(self.pending()), 8)
        self.assertEqual(len(self.pending(kind="contradiction")), 1)
        self.assertEqual(len(self.pending(entity="P3")), 2)
        seen, cursor = [], None
        while True:
            page = self.c.ok("list_conflicts", namespace="p", limit=3,
                             **({"cursor": cursor} if cursor else {}))
            seen += [x["id"] for x in page["conflicts"]]
            cursor = page.get("next")
            if not cursor:
                break
        self.assertEqual(len(seen), 8)
        self.assertEqual(seen, sorted(set(seen), reverse=True))
        self.assertEqual(self.c.call("list_conflicts", namespace="p",
                                     entity="nobody")["code"], "not_found")

    def test_supersede(self):
        self.make("Ada", "lives in Rome", "likes tea")
        self.c.ok("update_entity", namespace="p", name="Ada",
                  observation="lives in Rome", tags=["home"])
        got = self.c.ok("add_observations", namespace="p", observations=[
            {"entityName": "Ada", "contents": ["lives in Oslo"]}],
            on_conflict="supersede")
        (x,) = got["conflicts"]
        self.assertEqual(x["did"], "superseded")
        self.assertEqual(self.texts(), ["likes tea", "lives in Oslo"])
        # One change, which history tells as a correction and undo takes back.
        log = self.c.ok("memory_history", namespace="p", name="Ada", limit=1)
        (change,) = log["changes"]
        self.assertEqual(change["change"], got["change"])
        added = next(a for a in change["added"] if "text" in a)
        self.assertEqual(added["replaces"], "lives in Rome")
        rows = self.c.ok("recall", namespace="p", query="Where does Ada live?")
        self.assertEqual(rows["results"][0]["tags"], ["home"])
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(self.texts(), ["likes tea", "lives in Rome"])

    def test_supersede_takes_all_older_values(self):
        self.make("Ada", "lives in Rome", "likes tea")
        self.make("Ada", "lives in Oslo")
        before = self.graph()
        got = self.c.ok("add_observations", namespace="p", observations=[
            {"entityName": "Ada", "contents": ["lives in Kiel"]}],
            on_conflict="supersede")
        self.assertEqual(sorted((x["text"], x["did"])
                                for x in got["conflicts"]),
                         [("lives in Oslo", "superseded"),
                          ("lives in Rome", "superseded")])
        self.assertEqual(self.texts(), ["likes tea", "lives in Kiel"])
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(self.graph(), before)

    def test_parts_of_a_text(self):
        self.make("Marta", "likes jazz", "lives in Rome and has two cats")
        got = self.c.ok("detect_conflicts", namespace="p", text="Marta "
                        "owns three cats and does not like jazz")
        self.assertEqual(sorted((x["text"], x["conflict_type"])
                                for x in got["conflicts"]),
                         [("likes jazz", "contradiction"),
                          ("lives in Rome and has two cats", "update")])
        # What says more than the new fact does not make room for it.
        got = self.c.ok("add_observations", namespace="p", observations=[
            {"entityName": "Marta", "contents": ["has three cats"]}],
            on_conflict="supersede")
        self.assertEqual([x["did"] for x in got["conflicts"]], ["queued"])
        self.assertIn("lives in Rome and has two cats", self.texts("Marta"))

    def test_supersede_leaves_contradictions(self):
        self.make("Ada", "likes tea")
        got = self.make("Ada", "does not like tea", on_conflict="supersede")
        self.assertEqual([x["did"] for x in got["conflicts"]], ["queued"])
        self.assertEqual(self.texts(), ["does not like tea", "likes tea"])
        # Of two new ones none takes the place of the other.
        got = self.make("Ben", "lives in Rome", "lives in Oslo",
                        on_conflict="supersede")
        self.assertEqual([x["did"] for x in got["conflicts"]], ["queued"])
        self.assertEqual(self.texts("Ben"), ["lives in Oslo", "lives in Rome"])

    def test_succession_is_none(self):
        def when(text, day):
            return {"text": text, "valid_from": day}

        for mode in ("report", "queue"):
            name = f"Dan {mode}"
            self.c.ok("create_entities", namespace="p", entities=[
                {"name": name, "entityType": "person", "observations": [
                    when("lives in Bonn", "2019-01-01")]}])
            got = self.c.ok("add_observations", namespace="p", observations=[
                {"entityName": name, "contents": [
                    when("lives in Kiel", "2023-01-01")]}], on_conflict=mode)
            self.assertEqual(got["conflict_count"], 0)
            self.assertEqual(self.texts(name), ["lives in Bonn",
                                                "lives in Kiel"])
        self.assertEqual(self.pending(), [])
        (x,) = self.pending(kind="succession")
        self.assertEqual(x["state"], "settled")

    def test_succession_gets_its_end(self):
        self.c.ok("create_entities", namespace="p", entities=[
            {"name": "Dan", "entityType": "person", "observations": [
                {"text": "lives in Bonn", "valid_from": "2019-01-01"}]}])
        got = self.c.ok("add_observations", namespace="p", observations=[
            {"entityName": "Dan", "contents": [
                {"text": "lives in Kiel", "valid_from": "2023-01-01"}]}],
            on_conflict="supersede")
        self.assertEqual(got["conflict_count"], 0)
        self.assertEqual(self.texts("Dan"), ["lives in Bonn", "lives in Kiel"])
        facts = self.c.ok("open_nodes", namespace="p", names=["Dan"],
                          fields=["name", "facts"])["entities"][0]["facts"]
        (bonn,) = [f for f in facts if f["text"] == "lives in Bonn"]
        self.assertTrue(bonn["valid_to"].startswith("2023-01-01"), bonn)
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(self.texts("Dan"), ["lives in Bonn"])

    def test_setting(self):
        self.make("Ada", "lives in Rome")
        self.c.ok("set_namespace_settings", namespace="p",
                  settings={"on_conflict": "queue"})
        self.assertEqual(self.make("Ada", "lives in Oslo")["conflict_count"],
                         1)
        # The call decides; another namespace has its own.
        self.assertNotIn("conflict_count",
                         self.make("Ada", "lives in Lima", on_conflict="none"))
        self.make("Ada", "lives in Rome", namespace="q")
        self.assertNotIn("conflict_count",
                         self.make("Ada", "lives in Oslo", namespace="q"))
        self.assertEqual(self.pending(namespace="q"), [])

    def test_of_another_entity(self):
        self.make("notes", "Ada works at Acme Corp")
        got = self.make("Ada", "is employed by Globex",
                        on_conflict="supersede")
        (x,) = got["conflicts"]
        # What somebody else says is not replaced unseen.
        self.assertEqual((x["existing_entity"], x["did"]), ("notes", "queued"))

    def test_replace_observation(self):
        self.make("Ada", "lives in Rome", "likes tea")
        got = self.c.ok("replace_observation", namespace="p",
                        entityName="Ada", old="lives in Rome",
                        new="lives in Oslo and does not like tea",
                        on_conflict="queue")
        self.assertNotIn("lives in Rome",
                         [x["text"] for x in got.get("conflicts", [])])

    def test_dry_runs_and_retries(self):
        self.make("Ada", "lives in Rome")
        one = self.make("Ada", "lives in Oslo", on_conflict="queue", key="k1")
        two = self.make("Ada", "lives in Oslo", on_conflict="queue", key="k1")
        self.assertEqual(one["results"][0]["id"], two["results"][0]["id"])
        self.assertEqual(len(self.pending()), 1)
        # Hidden and told again: the text comes back as another fact.
        self.c.ok("delete_observations", namespace="p", deletions=[
            {"entityName": "Ada", "observations": ["lives in Oslo"]}])
        self.assertEqual(self.pending(), [])


class Agents(Queue):
    """An agent may ask as a program may, and is told what came of it."""

    def schema(self, m, tool):
        tools = m.request("tools/list")["tools"]
        return next(t for t in tools if t["name"] == tool)["inputSchema"]

    def write(self, m, text, **more):
        return m.ok("add_observations", observations=[
            {"entityName": "Ada", "contents": [text]}], **more)

    def test_is_told_of_conflicts(self):
        self.make("Ada", "lives in Rome", "likes tea")
        with self.mcp(self.db, args=["--namespace", "p"]) as m:
            m.initialize()
            self.assertNotIn("on_conflict", json.dumps(
                self.schema(m, "add_observations")))
            said = self.write(m, "lives in Oslo", on_conflict="report")
            self.assertEqual(said["conflict_count"], 1)
            self.assertEqual(said["conflicts"][0]["did"], "reported")
            self.assertNotIn("ignored", said)
            said = self.write(m, "does not like tea", on_conflict="queue")
            self.assertEqual(said["conflicts"][0]["id"],
                             self.pending()[0]["id"])
            self.assertNotIn("conflicts", self.write(m, "likes dogs"))
            wrong = m.tool("add_observations", on_conflict="quarrel",
                           observations=[{"entityName": "Ada",
                                          "contents": ["sings"]}])
            self.assertTrue(wrong["isError"])
            self.assertIn("on_conflict", wrong["content"][0]["text"])

    def test_is_told_by_the_setting_too(self):
        self.make("Ada", "lives in Rome")
        self.c.ok("set_namespace_settings", namespace="p",
                  settings={"on_conflict": "queue"})
        with self.mcp(self.db, args=["--namespace", "p"]) as m:
            m.initialize()
            said = m.ok("create_entities", entities=[
                entity("Ada", "lives in Oslo", type="person")])
            self.assertEqual(said["conflicts"][0]["did"], "queued")

    def test_the_profile_order_shows_it(self):
        with self.mcp(self.db, args=["--tools", "default,order"]) as m:
            m.initialize()
            for tool in "create_entities", "add_observations":
                self.assertIn("on_conflict",
                              self.schema(m, tool)["properties"])
            self.assertIn("tiers",
                          self.schema(m, "search_nodes")["properties"])

    def test_compat_knows_nothing_of_it(self):
        self.make("Ada", "lives in Rome")
        with self.mcp(self.db, args=["--tools", "compat",
                                     "--namespace", "p"]) as m:
            m.initialize()
            said = self.write(m, "lives in Oslo", on_conflict="queue")
            self.assertEqual(list(said), ["results"])
            self.assertEqual(self.pending(), [])


class Attributes(Queue):
    """How many values an attribute has: what the operator of a namespace says,
    and what resolutions teach."""
    def set(self, value, namespace="p"):
        return self.c.ok("set_namespace_settings", namespace=namespace,
                         settings={"attributes": value})

    def kinds(self, old, new, namespace="p"):
        self.make("Ada", old, namespace=namespace)
        got = self.make("Ada", new, namespace=namespace,
                        on_conflict="report")
        return [x["conflict_type"] for x in got.get("conflicts", ())]

    def test_of_a_namespace(self):
        self.assertEqual(self.kinds("endorses Ben", "endorses Cleo", "q"), [])
        self.set({"endorses": "single", "works at": "multi",
                  "runs in": ["blue zone", "green zone"]})
        self.assertEqual(self.kinds("endorses Ben", "endorses Cleo"),
                         ["update"])
        self.assertEqual(self.kinds("works at Acme", "works at Globex"), [])
        self.assertEqual(self.kinds("runs in the blue zone",
                                    "runs in the green zone"),
                         ["contradiction"])
        # Of this namespace, and no other.
        self.assertEqual(self.kinds("works at Acme", "works at Globex", "q"),
                         ["update"])
        got = self.c.ok("detect_conflicts", namespace="p", entity_data={
            "name": "Ada", "observations": ["endorses Dora"]})
        self.assertEqual({x["conflict_type"] for x in got["conflicts"]},
                         {"update"})
        self.set(None)
        got = self.c.ok("detect_conflicts", namespace="p", entity_data={
            "name": "Ada", "observations": ["endorses Dora"]})
        self.assertEqual(got["conflicts"], [])

    def test_the_scan_knows_them(self):
        self.make("Ada", "endorses Ben")
        self.make("Ada", "endorses Cleo")
        self.set({"endorses": "single"})
        self.c.ok("detect_memory_conflicts", namespace="p")
        wait_until(lambda: self.pending())
        self.assertEqual([x["conflict_type"] for x in self.pending()],
                         ["update"])

    def test_wrong_ones_are_refused(self):
        for value, word in ((["a"], "an object"),
                            ({"works at": "many"}, "single"),
                            ({"": "single"}, "phrase"),
                            ({"a b c d e f g": "multi"}, "phrase"),
                            ({"is": ["x"]}, "two or more"),
                            ({"is": ["x", 3]}, "two or more"),
                            ({f"w{i}": "multi" for i in range(65)}, "64"),
                            ({f"w{i}": [f"v{k}" for k in range(10)]
                              for i in range(30)}, "256")):
            e = self.c.fails("invalid", "set_namespace_settings",
                             namespace="p", settings={"attributes": value})
            self.assertIn("attributes", e["error"])
            self.assertIn(word, e["error"])

    def keep_both(self, n):
        self.make(f"P{n}", f"works at Acme{n}")
        got = self.make(f"P{n}", f"works at Globex{n}", on_conflict="queue")
        return self.resolve(id=got["conflicts"][0]["id"],
                            strategy="keep_both")

    def test_learnt_from_resolutions(self):
        for n in range(2):
            self.assertNotIn("proposed_attributes", self.keep_both(n))
        done = self.keep_both(2)
        self.assertEqual(list(done["proposed_attributes"].values()),
                         ["multi"])
        shown = self.c.ok("namespace_settings", namespace="p")
        self.assertEqual(shown["proposed"]["attributes"],
                         done["proposed_attributes"])
        # Nothing was set by itself.
        self.assertEqual([x["value"] for x in shown["settings"]
                          if x["name"] == "attributes"], [{}])
        told = self.db.ctl("--namespace", "p", "settings").stdout
        self.assertIn("memoryctl settings 'attributes={", told)
        # A resolution that was undone teaches nothing.
        self.c.ok("memory_undo", namespace="p", change=done["change"])
        self.assertNotIn("proposed", self.c.ok("namespace_settings",
                                               namespace="p"))
        self.keep_both(3)
        learnt = self.c.ok("namespace_settings",
                           namespace="p")["proposed"]["attributes"]
        self.set(learnt)
        self.assertNotIn("proposed", self.c.ok("namespace_settings",
                                               namespace="p"))
        self.make("P9", "works at Acme")
        got = self.make("P9", "works at Globex", on_conflict="queue")
        self.assertNotIn("conflicts", got)


class Resolve(Queue):
    def test_update(self):
        id_ = self.contest()
        before = self.graph()
        dry = self.resolve(id=id_, strategy="update", dry_run=True)
        self.assertTrue(dry["dry_run"])
        self.assertEqual(len(self.pending()), 1)
        got = self.resolve(id=id_, strategy="update", note="she moved")
        (x,) = got["results"]
        self.assertEqual(x["kept"]["text"], "lives in Oslo")
        self.assertEqual(x["hidden"]["text"], "lives in Rome")
        self.assertEqual((got["resolved"], got["left"]), (1, 0))
        self.assertEqual(self.texts(), ["lives in Oslo"])
        self.assertEqual(self.pending(), [])
        (row,) = self.pending(state="resolved")
        self.assertEqual(row["resolution"]["strategy"], "update")
        self.assertEqual(row["resolution"]["note"], "she moved")
        self.assertEqual(row["resolution"]["change"], got["change"])
        # Twice is an error that says so.
        again = self.c.call("resolve_conflict", namespace="p", id=id_,
                            strategy="merge")
        self.assertEqual(again["code"], "conflict")
        self.assertIn("resolved", again["error"])
        # As of before it is pending, and the undo leaves no trace.
        self.assertEqual(
            len(self.pending(as_of=got["change"] - 1)), 1)
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(self.graph(), before)
        (row,) = self.pending()
        self.assertEqual(row["id"], id_)
        self.assertNotIn("resolution", row)
        self.assertEqual(len(self.pending(state="all",
                                          as_of=got["change"])), 1)
        self.assertEqual(self.pending(state="resolved",
                                      as_of=got["change"])[0]["id"], id_)

    def test_keep_decides_which(self):
        id_ = self.contest("likes tea", "does not like tea")
        auto = self.resolve(id=id_, strategy="auto")
        self.assertEqual((auto["resolved"], auto["left"]), (0, 1))
        self.assertIn("contradict", auto["results"][0]["why"])
        self.assertNotIn("change", auto)
        self.resolve(id=id_, strategy="update", keep="existing")
        self.assertEqual(self.texts(), ["likes tea"])

    def test_merge_keeps_tags(self):
        self.make("Ada", "lives in Rome")
        self.c.ok("update_entity", namespace="p", name="Ada",
                  observation="lives in Rome", tags=["home"])
        got = self.make("Ada", "is based in Rome", on_conflict="queue")
        (x,) = got["conflicts"]
        self.assertEqual(x["conflict_type"], "duplicate")
        done = self.resolve(id=x["id"], strategy="auto")
        (row,) = done["results"]
        self.assertEqual(row["strategy"], "merge")
        (text,) = self.texts()
        self.assertEqual(text, row["kept"]["text"])
        found = self.c.ok("recall", namespace="p", query="Ada Rome",
                          tags=["home"])
        self.assertEqual([r["text"] for r in found["results"]], [text])

    def test_keep_both_is_remembered(self):
        id_ = self.contest()
        got = self.resolve(id=id_, strategy="keep_both", note="two homes")
        self.assertEqual(self.texts(), ["lives in Oslo", "lives in Rome"])
        self.assertEqual(self.pending(), [])
        # Neither told nor queued again.
        found = self.c.ok("detect_conflicts", namespace="p", entity_data={
            "name": "Ada", "observations": ["lives in Oslo"]})
        self.assertEqual([x["text"] for x in found["conflicts"]
                          if x["conflict_type"] != "duplicate"], [])
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(len(self.pending()), 1)

    def test_branch(self):
        id_ = self.contest()
        got = self.resolve(id=id_, strategy="branch")
        (row,) = got["results"]
        self.assertEqual(row["branch"], f"conflict-{id_}")
        self.assertEqual(self.texts(), ["lives in Oslo"])
        self.assertIn("lives in Rome", self.texts(branch=row["branch"]))
        self.assertEqual(self.pending(), [])
        self.assertEqual(len(self.pending(branch=row["branch"])), 1)
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(self.texts(), ["lives in Oslo", "lives in Rome"])
        # The name of the branch is taken now.
        again = self.resolve(id=id_, strategy="branch")
        self.assertEqual(again["results"][0]["branch"], f"conflict-{id_}-2")

    def test_on_a_branch(self):
        id_ = self.contest()
        self.c.ok("memory_branch", namespace="p", action="create", name="b")
        self.resolve(id=id_, strategy="keep_both", branch="b")
        self.assertEqual(self.pending(branch="b"), [])
        self.assertEqual(len(self.pending()), 1)
        self.c.ok("memory_merge", namespace="p", branch="b")
        self.assertEqual(self.pending(), [])

    def test_suspect(self):
        self.make("Ada", "lives in Rome")
        fact = self.c.ok("recall", namespace="p",
                         query="Ada Rome")["results"][0]["id"]
        self.c.ok("add_observations", namespace="p", observations=[
            {"entityName": "Ada", "contents": [
                {"text": "commutes by metro line A",
                 "derived_from": [fact]}]}])
        got = self.make("Ada", "lives in Oslo", on_conflict="queue")
        done = self.resolve(id=got["conflicts"][0]["id"], strategy="update")
        self.assertEqual(done["results"][0]["suspect"], 1)
        row = self.c.ok("recall", namespace="p",
                        query="metro line commutes")["results"][0]
        self.assertIn("suspect", row)

    def test_all_of_a_kind(self):
        for i in range(5):
            self.make(f"P{i}", "lives in Rome", "likes tea")
            self.make(f"P{i}", "lives in Oslo", "does not like tea",
                      on_conflict="queue")
        before = self.graph()
        got = self.resolve(kind="update", strategy="update", limit=3)
        self.assertEqual((got["resolved"], got["more"]), (3, True))
        self.assertEqual(len(self.pending()), 7)
        # One change, and one undo.
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(self.graph(), before)
        got = self.resolve(entity="P1", strategy="auto")
        self.assertEqual((got["resolved"], got["left"]), (1, 1))
        self.assertEqual(len(self.pending()), 9)

    def test_refusals(self):
        self.contest()
        call = self.c.call
        self.assertEqual(call("resolve_conflict", namespace="p", id=99,
                              strategy="auto")["code"], "not_found")
        self.assertEqual(call("resolve_conflict", namespace="p",
                              strategy="auto")["code"], "invalid")
        self.assertEqual(call("resolve_conflict", namespace="p", id=1,
                              kind="update", strategy="auto")["code"],
                         "invalid")
        # Of another namespace: it is not even named.
        self.assertEqual(call("resolve_conflict", namespace="q", id=1,
                              strategy="auto")["code"], "not_found")

    def test_merge_conflicts_are_listed(self):
        self.make("Ada", "likes tea")
        self.c.ok("memory_branch", namespace="p", action="create", name="b")
        self.c.ok("update_entity", namespace="p", name="Ada", branch="b",
                  entityType="robot")
        self.c.ok("update_entity", namespace="p", name="Ada",
                  entityType="cat")
        self.c.ok("memory_merge", namespace="p", branch="b")
        (x,) = self.pending()
        self.assertEqual(x["conflict_type"], "attribute")
        self.assertIn("robot", x["reason"])
        self.assertEqual(x["branch"], "b")
        self.assertEqual(self.c.call("resolve_conflict", namespace="p",
                                     id=x["id"], strategy="update")["code"],
                         "invalid")
        got = self.resolve(id=x["id"], strategy="keep_both")
        self.assertEqual(self.pending(), [])
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(len(self.pending()), 1)

    def test_gone_by_itself(self):
        self.contest()
        got = self.c.ok("delete_observations", namespace="p", deletions=[
            {"entityName": "Ada", "observations": ["lives in Rome"]}])
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.pending(state="gone")[0]["existing"]["hidden"],
                         True)
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(len(self.pending()), 1)
        self.c.ok("delete_entities", namespace="p", entityNames=["Ada"])
        self.assertEqual(self.pending(), [])

    def test_forgotten(self):
        self.contest()
        self.c.ok("forget", namespace="p", name="Ada", confirm=True,
                  observation="lives in Rome")
        self.assertEqual(self.pending(), [])
        for x in self.pending(state="all"):
            self.assertNotIn("Rome", json.dumps(x))

    def test_replayed(self):
        id_ = self.contest()
        self.resolve(id=id_, strategy="keep_both", note="two homes")
        self.make("Ben", "likes tea")
        self.make("Ben", "does not like tea", on_conflict="queue")
        self.assertEqual(self.c.ok("verify")["problems"], [])
        lines, cursor = [], None
        while True:
            page = self.c.ok("export_log", all=True, **(
                {"cursor": cursor} if cursor else {}))
            lines += page["lines"]
            cursor = page.get("next")
            if not cursor:
                break
        other = self.service()
        c = other.client()
        c.ok("import_records", source="x", offset=0, done=True,
             all_namespaces=True, records=[json.loads(x) if isinstance(x, str)
                                           else x for x in lines])
        for state in ("pending", "resolved", "all"):
            there = c.ok("list_conflicts", namespace="p", state=state)
            self.assertEqual(there["conflicts"], self.pending(state=state))
        rows = "SELECT * FROM conflict ORDER BY id"
        self.assertEqual(rows_of(self.db, rows), rows_of(other, rows))


class Contested(Queue):
    def marks(self, **params):
        params.setdefault("namespace", "p")
        rows = self.c.ok("recall", query="Where does Ada live?",
                         **params)["results"]
        return {r["text"]: (r.get("contested"), r.get("conflict"))
                for r in rows}

    def test_reads_mark_both(self):
        id_ = self.contest()
        self.assertEqual(self.marks(), {"lives in Rome": (True, id_),
                                        "lives in Oslo": (True, id_)})
        for reply in (self.c.ok("open_nodes", namespace="p", names=["Ada"]),
                      self.c.ok("read_graph", namespace="p")):
            rows = reply["entities"][0]["contested"]
            self.assertEqual(
                sorted((x["text"], x["conflict"]) for x in rows),
                [("lives in Oslo", id_), ("lives in Rome", id_)])
        (row,) = self.c.ok("search_nodes", namespace="p",
                           query="Oslo")["results"]
        self.assertEqual(len(row["contested"]), 2)
        text = self.c.ok("assemble_context", namespace="p",
                         task="Where does Ada live?",
                         sources=["relevant"])["context"]
        self.assertEqual(text.count(f"contested (conflict #{id_})"), 2, text)
        lines = self.c.ok("recall", namespace="p", format="lines",
                          query="Where does Ada live?")["results"]
        self.assertIn(f"contested, conflict #{id_}", lines[0])
        # Decided: no mark is left; as of before it is there.
        got = self.resolve(id=id_, strategy="keep_both")
        none = (None, None)
        self.assertEqual(self.marks(), {"lives in Rome": none,
                                        "lives in Oslo": none})
        self.assertNotIn("contested", self.c.ok(
            "open_nodes", namespace="p", names=["Ada"])["entities"][0])
        self.assertEqual(
            self.marks(as_of=got["change"] - 1)["lives in Rome"],
            (True, id_))
        self.c.ok("memory_undo", namespace="p", change=got["change"])
        self.assertEqual(self.marks()["lives in Oslo"], (True, id_))

    def test_on_a_branch_alone(self):
        self.make("Ada", "lives in Rome")
        self.c.ok("memory_branch", namespace="p", action="create", name="b")
        self.make("Ada", "lives in Oslo", branch="b", on_conflict="queue")
        self.assertEqual(self.marks(), {"lives in Rome": (None, None)})
        self.assertTrue(all(m[0] for m in self.marks(branch="b").values()))

    def test_the_later_one_is_told(self):
        self.c.ok("create_entities", namespace="p", entities=[
            {"name": "Ada", "entityType": "person", "observations": [
                {"text": "lives in Bonn", "valid_from": "2019-01-01"}]}])
        self.c.ok("add_observations", namespace="p", on_conflict="queue",
                  observations=[{"entityName": "Ada", "contents": [
                      {"text": "lives in Kiel", "valid_from": "2023-01-01"}]}])
        rows = self.c.ok("recall", namespace="p",
                         query="Where does Ada live? Bonn")["results"]
        self.assertEqual([r["text"] for r in rows],
                         ["lives in Kiel", "lives in Bonn"])
        self.assertTrue(rows[1]["until"].startswith("2023-01-01"))
        self.assertNotIn("contested", rows[1])


class ValidTime(Queue):
    """What follows what in time, said in the text alone, in a project and in
    the user's own memory."""
    FOLLOW = (("worked at IBM until March 2023", "works at Intel"),
              ("works at IBM from 2010 to 2015", "works at Intel since 2016"),
              ("lives in Rome since 2020", "lives in Oslo since 2024"),
              ("lived in Rome from May to July", "lives in Oslo since August"),
              ("used to live in Rome", "lives in Oslo now"))
    AT_ODDS = (("lives in Rome since 2024", "lives in Oslo since 2024"),
               ("worked at IBM from 2010 to 2015",
                "worked at Intel from 2012 to 2014"),
               ("lives in Rome", "lives in Oslo"))

    def said(self, namespace, old, new):
        self.make("Ada", old, namespace=namespace)
        return self.make("Ada", new, namespace=namespace,
                         on_conflict="queue")

    def rows(self, namespace, query):
        return self.c.ok("recall", namespace=namespace,
                         query=query)["results"]

    def test_one_after_the_other_is_no_conflict(self):
        for i, (old, new) in enumerate(self.FOLLOW + self.FOLLOW[:1]):
            ns = f"p{i}" if i < len(self.FOLLOW) else "default"
            got = self.said(ns, old, new)
            self.assertNotIn("conflicts", got, (old, new))
            self.assertEqual(self.pending(namespace=ns), [], (old, new))
            rows = self.rows(ns, "Ada works at, lives in")
            self.assertEqual([r["text"] for r in rows], [new, old])
            self.assertFalse(any(r.get("contested") for r in rows))

    def test_two_for_one_time_are_contested(self):
        for i, (old, new) in enumerate(self.AT_ODDS + self.AT_ODDS[:1]):
            ns = f"p{i}" if i < len(self.AT_ODDS) else "default"
            got = self.said(ns, old, new)
            self.assertEqual([x["conflict_type"]
                              for x in got.get("conflicts", ())],
                             ["update"], (old, new))
            rows = self.rows(ns, "Ada works at, lives in")
            self.assertEqual(sorted(r["text"] for r in rows),
                             sorted((old, new)))
            self.assertTrue(all(r.get("contested") for r in rows), (old, rows))

    def test_the_user_beside_a_project(self):
        """What the user's memory says is told beside what the project says,
        each with the marks of its own."""
        self.said("default", "lives in Rome", "lives in Oslo")
        self.said("p", "worked at IBM until 2020", "works at Intel")
        rows = {r["text"]: r for r in self.rows("p", "Ada works at, lives in")}
        self.assertEqual(len(rows), 4, rows)
        self.assertTrue(rows["lives in Rome"]["contested"])
        self.assertTrue(rows["lives in Oslo"]["contested"])
        self.assertNotIn("contested", rows["works at Intel"])


class Ctl(Queue):
    def ctl(self, *args, code=0):
        done = self.db.ctl("--namespace", "p", "conflicts", *args,
                           check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def test_list_show_resolve(self):
        self.make("Cy", "likes tea")
        self.assertIn("no conflict", self.ctl())
        id_ = str(self.contest())
        out = self.ctl("list")
        for text in ("update", "lives in Rome", "lives in Oslo", "suggested"):
            self.assertIn(text, out)
        self.assertIn("lives in Oslo", self.ctl("show", id_))
        out = self.ctl("resolve", id_, "--strategy", "update", "--dry-run")
        self.assertIn("nothing was changed", out)
        self.assertEqual(len(self.pending()), 1)
        out = self.ctl("resolve", id_, "--strategy", "update",
                       "--keep", "existing", "--note", "she stayed")
        self.assertIn("hides", out)
        self.assertIn("memoryctl undo", out)
        self.assertEqual(self.texts(), ["lives in Rome"])
        self.assertIn("she stayed", self.ctl("show", id_))
        self.assertIn("no conflict", self.ctl())

    def test_all_and_scan(self):
        self.make("Ben", "likes tea")
        self.make("Ben", "does not like tea", on_conflict="queue")
        self.contest()
        self.assertIn("left, ", self.ctl("resolve", "--all", "--entity",
                                         "Ben", code=1))
        self.assertIn("1 resolved", self.ctl("resolve", "--all", "--kind",
                                             "update", "--strategy", "auto"))
        self.ctl("resolve", code=100)
        self.ctl("resolve", "x", code=100)
        self.assertIn("running", self.ctl("scan"))
        wait_until(lambda: "done" in self.ctl("scan", "--status"))


class Scan(Queue):
    def scan(self, action="start", **params):
        return self.c.ok("detect_memory_conflicts", namespace="p",
                         action=action, **params)

    def scanned(self):
        return wait_until(lambda: (s := self.scan("status"))["state"] ==
                          "done" and s, why="the scan is done")

    def test_finds_what_stands_there(self):
        self.make("Ada", "lives in Rome", "likes tea", "plays chess")
        self.make("Ada", "lives in Oslo")
        self.make("Ben", "likes coffee", "does not like coffee")
        self.make("notes", "Ada works at Acme Corp")
        self.make("Ada", "is employed by Globex")
        self.make("Ada", "lives in Lima", namespace="q")
        self.assertEqual(self.scan("status")["state"], "never")
        self.assertEqual(self.scan()["state"], "running")
        done = self.scanned()
        self.assertEqual((done["checked"], done["found"], done["progress"]),
                         (8, 3, 1))
        self.assertEqual(
            sorted((x["conflict_type"], x["existing"]["text"],
                    x["new"]["text"]) for x in self.pending()),
            [("contradiction", "likes coffee", "does not like coffee"),
             ("update", "Ada works at Acme Corp", "is employed by Globex"),
             ("update", "lives in Rome", "lives in Oslo")])
        self.assertEqual(self.pending(namespace="q"), [])
        # Again: nothing twice, and what was decided is not asked again.
        ids = [x["id"] for x in self.pending()]
        self.resolve(id=ids[0], strategy="keep_both")
        self.scan()
        self.assertEqual(self.scanned()["found"], 0)
        self.assertEqual([x["id"] for x in self.pending()], ids[1:])
        wait_until(lambda: {t["name"]: t for t in self.c.ok(
            "get_memory_status")["background"]}["conflict-scan"]["outcome"]
            == "done", why="status says that it is done")

    def test_goes_on_after_kill(self):
        for i in range(0, 1500, 50):
            self.c.ok("create_entities", namespace="p", entities=[
                entity(f"Person {k}", "lives in Rome",
                       f"drives car number {k}", type="person")
                for k in range(i, i + 50)])
        for i in range(0, 1500, 100):
            self.make(f"Person {i}", "lives in Oslo")
        self.scan()
        wait_until(lambda: self.scan("status")["checked"] > 100,
                   why="it has begun")
        # Its place is written once a second: what was reached before the
        # last time is not done again.
        before, begun = self.scan("status"), time.monotonic()
        wait_until(lambda: time.monotonic() > begun + 1.5 or
                   self.scan("status")["state"] == "done",
                   why="its place is written")
        self.db.kill()
        self.db.start()
        self.c = self.db.client()
        now = self.scan("status")
        self.assertIn(now["state"], ("running", "done"))
        self.assertGreaterEqual(now["checked"], before["checked"])
        done = wait_until(lambda: (s := self.scan("status"))["state"] ==
                          "done" and s, seconds=60, why="it ends")
        self.assertEqual(done["checked"], 3015)
        self.assertEqual(len(self.pending(limit=1000)), 15)

    def test_busy_writes_are_made_up_for(self):
        """What was not searched for while many wrote is found later, and a
        scan that is asked for then begins at the beginning."""
        self.make("notes", "Ada works at Acme Corp")
        self.make("old", "Ben works at Acme Corp")
        self.make("Ben", "is employed by Globex")
        later = False
        for i in range(400):
            got = self.make(f"Person {i}", f"drives car number {i}",
                            on_conflict="queue")
            later |= got.get("conflicts_later", False)
        self.assertTrue(later)
        self.make("Ada", "is employed by Globex", on_conflict="queue")
        wait_until(lambda: any(
            x["new"]["entity"] == "Ada" for x in self.pending()), seconds=30,
            why="the pair of Ada is found")
        self.assertFalse(any(x["new"]["entity"] == "Ben"
                             for x in self.pending()))
        self.scan()
        self.assertEqual(self.scanned()["checked"], 404)
        self.assertTrue(any(x["new"]["entity"] == "Ben"
                            for x in self.pending()))

    def test_beside_a_session_without_a_pause(self):
        """A session that sends its next write when it has the reply of the
        last one leaves the writer no idle moment; a scan ends all the same,
        with what was there when it began."""
        for i in range(0, 600, 50):
            self.c.ok("create_entities", namespace="p", entities=[
                entity(f"Person {k}", "lives in Rome", f"has key number {k}",
                       type="person") for k in range(i, i + 50)])
        self.make("Person 7", "lives in Oslo")
        end, wrote = threading.Event(), []

        def write():
            c = self.db.client()
            while not end.is_set():
                wrote.append(c.ok("add_observations", namespace="p",
                                  observations=[{
                                      "entityName": "Person 1", "contents":
                                      [f"was seen {len(wrote)} times"]}]))
        writer = threading.Thread(target=write)
        writer.start()
        self.addCleanup(lambda: (end.set(), writer.join()))
        wait_until(lambda: len(wrote) > 5, why="it writes")
        self.scan()
        done = wait_until(lambda: (s := self.scan("status"))["state"] ==
                          "done" and s, seconds=60, why="it ends")
        self.assertGreaterEqual(done["checked"], 1201)
        self.assertEqual(done["progress"], 1)
        self.assertTrue(any(x["new"]["text"] == "lives in Oslo"
                            for x in self.pending(limit=1000)))

    def test_stop(self):
        self.make("Ada", "lives in Rome")
        self.scan()
        self.assertIn(self.scan("stop")["state"], ("stopped", "done"))
        self.scan()
        self.assertEqual(self.scanned()["checked"], 1)


if __name__ == "__main__":
    main()
