#!/usr/bin/env python3
"""A namespace that protects main: what agents write waits in an inbox, however
it is written; the operator sees it as it would be now, and decides."""
import json
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import SLOW, TestCase, entity, main, wait_until  # noqa: E402
from records import METHODS  # noqa: E402

WRITES = {name for name, m in METHODS.items() if m["flags"] & 2}
ALL = "default,history,skills,order,admin"


class Review(TestCase):
    def setUp(self):
        super().setUp()
        self.db = self.service()
        self.op = self.db.client()
        self.protect("p")
        self.op.ok("create_entities", namespace="p", entities=[
            entity("ada", "lives in Rome", "likes tea", type="person"),
            entity("ben", "lives in Lima", type="person")])

    def protect(self, namespace, on=True):
        self.op.ok("set_namespace_settings", namespace=namespace,
                   settings={"protect": on})

    def agent(self, session="s1", namespace="p", tools=ALL):
        c = self.db.client()
        c.ok("hello", tools=tools, namespace=namespace, session=session,
             client="agent/1")
        self.addCleanup(c.close)
        return c

    @staticmethod
    def texts(c, name="ada", **kw):
        found = c.ok("open_nodes", names=[name], **kw)["entities"]
        return sorted(found[0]["observations"]) if found else None

    def add(self, c, *texts, name="ada", **kw):
        return c.ok("add_observations", observations=[
            {"entityName": name, "contents": list(texts)}], **kw)

    def staged(self, c=None, **kw):
        return (c or self.op).ok("list_staged", namespace="p", **kw)["staged"]

    def decide(self, do="approve", **kw):
        """All slices; `left` of all of them."""
        left = []
        while True:
            r = self.op.ok("review_staged", namespace="p", do=do, **kw)
            left += r["left"]
            if r["done"]:
                return {**r, "left": left}

    def state(self, namespace="p"):
        """All that main shows, and what was written there."""
        ctl = self.db.ctl("--namespace", namespace, "export", "--current")
        lines = [json.loads(x) for x in ctl.stdout.splitlines()]
        return [x for x in lines if x.get("type") != "header"]


class Staging(Review):
    def test_a_write_waits_and_is_read_by_its_session_alone(self):
        s1, s2 = self.agent("s1"), self.agent("s2")
        before = self.state()
        r = self.add(s1, "likes chess")
        self.assertTrue(r["staged"])
        self.assertIn(f"change {r['change']} waits for review", r["review"])
        self.assertEqual(self.texts(s1),
                         ["likes chess", "likes tea", "lives in Rome"])
        for other in (s2, self.op):
            self.assertEqual(self.texts(other, namespace="p"),
                             ["likes tea", "lives in Rome"])
        found = s1.ok("search_nodes", query="chess")["results"]
        self.assertEqual([x["name"] for x in found], ["ada"])
        self.assertEqual(s2.ok("search_nodes", query="chess")["results"], [])
        self.assertEqual(
            [x["text"] for x in s1.ok("recall", query="chess")["results"]][:1],
            ["likes chess"])
        self.assertNotIn("likes chess", json.dumps(
            s2.ok("recall", query="likes chess")))
        self.assertEqual(self.state(), before)

    def test_an_agent_reads_main_as_it_is_now(self):
        s1 = self.agent("s1")
        self.add(s1, "likes chess")
        self.add(self.op, "moved to Oslo", namespace="p")
        self.op.ok("delete_observations", namespace="p", deletions=[
            {"entityName": "ada", "observations": ["lives in Rome"]}])
        self.assertEqual(self.texts(s1),
                         ["likes chess", "likes tea", "moved to Oslo"])

    def test_the_operator_and_other_namespaces_write_to_main(self):
        r = self.add(self.op, "likes chess", namespace="p")
        self.assertNotIn("staged", r)
        other = self.agent(namespace="q")
        r = other.ok("create_entities", entities=[entity("cleo", "sings")])
        self.assertNotIn("staged", r)
        self.assertEqual(self.texts(self.op, "cleo", namespace="q"),
                         ["sings"])
        self.assertEqual(self.staged(), [])

    def test_the_list_shows_what_would_be(self):
        s1 = self.agent("s1")
        s1.ok("replace_observation", entityName="ada",
              old="lives in Rome", new="lives in Oslo")
        s1.ok("update_entity", name="ben", entityType="pilot")
        a, b = self.staged()
        self.assertEqual(a["session"], "s1")
        self.assertEqual([x["text"] for x in a["added"]], ["lives in Oslo"])
        self.assertEqual([x["text"] for x in a["removed"]],
                         ["lives in Rome"])
        self.assertEqual(b["set"], [{
            "entity": "ben", "member": "entityType", "from": "person",
            "to": "pilot"}])
        # Main moves: what it has meanwhile dissolves.
        self.op.ok("replace_observation", namespace="p", entityName="ada",
                   old="lives in Rome", new="lives in Oslo")
        a, b = self.staged()
        self.assertTrue(a["dissolved"], a)
        # And where it says otherwise, that is shown.
        self.op.ok("update_entity", namespace="p", name="ben",
                   entityType="sailor")
        a, b = self.staged()
        self.assertNotIn("set", b)
        self.assertEqual(b["conflicts"], [{
            "entity": "ben", "member": "entityType", "ours": "sailor",
            "theirs": "pilot"}])


class Deciding(Review):
    def test_approve_all_and_undo(self):
        before = self.state()
        for n in range(3):
            s = self.agent(f"s{n}")
            self.add(s, f"fact {n}")
            s.ok("create_entities", entities=[entity(f"new {n}", "is new")])
        r = self.decide(all=True)
        self.assertEqual((r["approved"], r["skipped"]), (6, 0))
        self.assertEqual(self.texts(self.op, namespace="p"), [
            "fact 0", "fact 1", "fact 2", "likes tea", "lives in Rome"])
        self.assertEqual(self.staged(), [])
        self.op.ok("memory_undo", namespace="p", run=r["run"])
        self.assertEqual(self.state(), before)
        self.db.verify()

    def test_an_undone_approval_waits_again(self):
        """Of a run, and of a single change of it: listed, read by its agent
        again, worked out against main as it is now, and approved as ever."""
        s1, s2 = self.agent("s1"), self.agent("s2")
        self.add(s1, "likes chess")
        s1.ok("replace_observation", entityName="ada",
              old="lives in Rome", new="lives in Oslo")
        self.add(s2, "likes go")
        before = self.texts(self.op, namespace="p")
        waiting = self.staged()
        first = self.decide(all=True)
        r = self.op.ok("memory_undo", namespace="p", run=first["run"])
        self.assertEqual(r["returned"], 3)
        self.assertIn("wait for review again", r["note"])
        self.assertEqual(self.texts(self.op, namespace="p"), before)
        self.assertEqual([(x["staged"], x["added"]) for x in self.staged()],
                         [(x["staged"], x["added"]) for x in waiting])
        self.assertEqual(self.texts(s1),
                         ["likes chess", "likes tea", "lives in Oslo"])
        self.assertEqual(self.texts(s2),
                         ["likes go", "likes tea", "lives in Rome"])
        # Main moves on: what is shown is what an approval does now.
        self.op.ok("delete_observations", namespace="p", deletions=[
            {"entityName": "ada", "observations": ["likes tea"]}])
        again = self.decide(all=True)
        self.assertEqual((again["approved"], again["left"]), (3, []))
        self.assertEqual(
            self.texts(self.op, namespace="p"),
            sorted({"likes chess", "likes go", "lives in Oslo"}))
        one = self.op.ok("list_staged", namespace="p",
                         state="approved")["staged"][0]
        r = self.op.ok("memory_undo", namespace="p", change=one["applied"])
        self.assertEqual(r["returned"], 1)
        self.assertEqual([x["staged"] for x in self.staged()],
                         [one["staged"]])
        # A rehearsal leaves everything as it is.
        two = self.op.ok("list_staged", namespace="p",
                         state="approved")["staged"][0]
        self.op.ok("memory_undo", namespace="p", change=two["applied"],
                   dry_run=True)
        self.assertEqual(len(self.staged()), 1)
        # An agent that goes on meanwhile has all of it.
        self.add(s1, "likes rowing")
        self.assertIn("likes chess", self.texts(s1))
        self.assertIn("likes rowing", self.texts(s1))
        r = self.decide(all=True)
        self.assertEqual((r["approved"], r["left"]), (2, []))
        # The undo is undone: main has it, nothing is left to do.
        undo = self.op.ok("memory_undo", namespace="p", change=r["change"])
        self.assertEqual(undo["returned"], 1)
        self.op.ok("memory_undo", namespace="p", change=undo["change"])
        [row] = self.staged()
        self.assertTrue(row["dissolved"])
        self.db.verify()

    def test_the_operators_tools_are_refused_where_main_is_protected(self):
        """And nowhere else: another namespace is not the worse for it."""
        other = self.agent("s9", namespace="q")
        other.ok("create_entities", entities=[entity("cleo", "sings")])
        set_ = "set_namespace_settings"
        other.ok(set_, settings={"on_conflict": "queue"})
        other.ok("forget", name="cleo", confirm=True)
        for method, params in (
                (set_, {"namespace": "p", "settings": {"protect": False}}),
                ("forget", {"namespace": "p", "name": "ada",
                            "confirm": True}),
                ("rename_namespace", {"from": "p", "to": "z"}),
                ("merge_namespaces", {"from": "q", "to": "p"}),
                ("alias_namespace", {"alias": "z", "of": "p"})):
            with self.subTest(method=method):
                other.fails("denied", method, **params)
        other.ok("rename_namespace", **{"from": "q", "to": "r"})

    def test_the_approved_change_is_its_agents(self):
        self.add(self.agent("s1"), "likes chess")
        self.decide(all=True, note="seen")
        change = self.op.ok("memory_history", namespace="p")["changes"][0]
        # The inbox goes with the last change in it.
        if "discarded_branch" in change:
            change = self.op.ok("memory_history", namespace="p")["changes"][1]
        self.assertEqual(change["session"], "s1")
        self.assertEqual(change["client"], "agent/1")
        self.assertIn("seen", change["message"])

    def test_one_by_one_and_by_session(self):
        s1, s2 = self.agent("s1"), self.agent("s2")
        one = self.add(s1, "one")["change"]
        two = self.add(s1, "two")["change"]
        three = self.add(s2, "three")["change"]
        self.decide(changes=[two])
        self.assertEqual(self.texts(self.op, namespace="p"),
                         ["likes tea", "lives in Rome", "two"])
        self.assertEqual([x["staged"] for x in self.staged()], [one, three])
        self.decide(session_id="s2")
        self.assertIn("three", self.texts(self.op, namespace="p"))
        self.decide("reject", session_id="s1", note="not true")
        self.assertEqual(self.staged(), [])
        (r,) = self.staged(state="rejected")
        self.assertEqual((r["staged"], r["note"]), (one, "not true"))

    def test_what_was_staged_after_the_look_is_not_approved(self):
        s1 = self.agent("s1")
        seen = self.add(s1, "one")["change"]
        self.add(s1, "two")
        self.decide(all=True, upto=seen)
        self.assertNotIn("two", self.texts(self.op, namespace="p"))

    def test_a_change_waits_for_what_it_builds_on(self):
        s1 = self.agent("s1")
        first = s1.ok("create_entities", entities=[entity("dora")])["change"]
        second = self.add(s1, "sings", name="dora")["change"]
        r = self.decide(changes=[second])
        self.assertEqual(r["approved"], 0)
        self.assertEqual(r["left"][0]["needs"], [first])
        self.assertIsNone(self.texts(self.op, "dora", namespace="p"))
        self.decide(changes=[second, first])
        self.assertEqual(self.texts(self.op, "dora", namespace="p"),
                         ["sings"])

    def test_that_main_has_not_got_what_waits_is_no_conflict(self):
        s1 = self.agent("s1")
        first = s1.ok("create_entities", entities=[entity("dora")])["change"]
        second = s1.ok("create_relations", relations=[
            {"from": "ada", "to": "dora", "relationType": "knows"}])["change"]
        third = self.add(s1, "sings", name="dora")["change"]
        rows = {r["staged"]: r for r in self.staged()}
        for change in (second, third):
            self.assertEqual(rows[change]["needs"], [first])
            self.assertNotIn("conflicts", rows[change])
        # A conflict is what main itself says otherwise.
        self.op.ok("delete_entities", namespace="p", entityNames=["ben"])
        fourth = self.add(s1, "rows", name="ada")["change"]
        self.assertNotIn("needs", {r["staged"]: r
                                   for r in self.staged()}[fourth])

    def test_a_conflict_is_skipped_unless_the_staged_value_shall_win(self):
        s1 = self.agent("s1")
        c = s1.ok("update_entity", name="ben", entityType="pilot")["change"]
        self.op.ok("update_entity", namespace="p", name="ben",
                   entityType="sailor")
        r = self.decide(all=True)
        self.assertEqual((r["approved"], r["skipped"]), (0, 1))
        self.assertEqual(r["left"][0]["staged"], c)
        r = self.decide(all=True, on_conflict="staged")
        self.assertEqual(r["approved"], 1)
        ben = self.op.ok("open_nodes", namespace="p", names=["ben"])
        self.assertEqual(ben["entities"][0]["type"], "pilot")

    def test_a_dry_run_changes_nothing(self):
        self.add(self.agent(), "likes chess")
        before = self.state()
        r = self.op.ok("review_staged", namespace="p", do="approve", all=True,
                       dry_run=True)
        self.assertEqual(r["approved"], 1)
        self.assertEqual(self.state(), before)
        self.assertEqual(len(self.staged()), 1)

    def test_agents_do_not_decide(self):
        s1 = self.agent("s1")
        c = self.add(s1, "likes chess")["change"]
        for params in ({"all": True}, {"changes": [c]}):
            s1.fails("denied", "review_staged", do="approve", **params)
        self.assertEqual(self.texts(self.op, namespace="p"),
                         ["likes tea", "lives in Rome"])

    def test_rejected_is_told_and_gone(self):
        s1 = self.agent("s1")
        c = self.add(s1, "likes chess")["change"]
        self.decide("reject", changes=[c], note="no source")
        (r,) = self.staged(s1)
        self.assertEqual((r["state"], r["note"]), ("rejected", "no source"))
        self.assertEqual(self.texts(s1), ["likes tea", "lives in Rome"])
        # Others are not told of it.
        self.assertEqual(self.staged(self.agent("s2")), [])

    def test_an_agent_learns_with_its_next_write_what_was_not_taken(self):
        s1, s2 = self.agent("s1"), self.agent("s2")
        one = self.add(s1, "likes chess")["change"]
        two = self.add(s1, "likes golf")["change"]
        self.decide("reject", changes=[one], note="no source")
        self.assertNotIn("Not taken", self.add(s2, "sings")["review"])
        told = self.add(s1, "rows")["review"]
        self.assertIn(f"change {one} was rejected", told)
        self.assertIn("no source", told)
        self.assertNotIn(f"change {two} ", told)
        # Once.
        self.assertNotIn("Not taken", self.add(s1, "dives")["review"])
        self.decide("approve", changes=[two])
        self.assertNotIn("Not taken", self.add(s1, "skis")["review"])
        # Also where main is protected no more.
        more = [self.add(s1, f"x{i}")["change"] for i in range(5)]
        self.decide("reject", changes=more, note="no")
        self.protect("p", False)
        r = self.add(s1, "runs")
        self.assertNotIn("staged", r)
        self.assertIn("and 2 more", r["review"])


class Inbox(Review):
    """What a session reads of its own changes, as they are decided."""

    def test_what_is_decided_goes_out_of_the_inbox(self):
        s1 = self.agent("s1")
        one = self.add(s1, "one")["change"]
        two = self.add(s1, "two")["change"]
        gone = s1.ok("delete_observations", deletions=[
            {"entityName": "ada", "observations": ["likes tea"]}])["change"]
        self.add(s1, "three")
        self.decide("reject", changes=[two, gone], note="no")
        self.decide(changes=[one])
        self.assertEqual(self.texts(s1), [
            "likes tea", "lives in Rome", "one", "three"])
        # What was approved is main's to change, and what was rejected, too.
        self.op.ok("delete_observations", namespace="p", deletions=[
            {"entityName": "ada", "observations": ["one", "likes tea"]}])
        self.assertEqual(self.texts(s1), ["lives in Rome", "three"])
        self.add(s1, "four")
        self.decide(all=True)
        self.assertEqual(self.texts(self.op, namespace="p"),
                         ["four", "lives in Rome", "three"])
        names = [b["name"] for b in self.op.ok(
            "memory_branch", namespace="p", action="list")["branches"]]
        self.assertEqual(names, [])
        self.db.verify()

    def test_an_agent_takes_back_what_it_staged(self):
        s1 = self.agent("s1")
        first = s1.ok("create_entities", entities=[entity("dora")])["change"]
        second = self.add(s1, "sings", name="dora")["change"]
        keep = self.add(s1, "likes chess")["change"]
        error = s1.fails("conflict", "memory_undo", change=first)["error"]
        self.assertIn(str(second), error)
        r = s1.ok("memory_undo", change=first, on_conflict="cascade")
        self.assertEqual(r["undone"], 2)
        self.assertIsNone(self.texts(s1, "dora"))
        self.assertIn("likes chess", self.texts(s1))
        self.assertEqual([x["staged"] for x in self.staged()], [keep])
        # Not what others staged, and not what main has.
        s2 = self.agent("s2")
        self.assertNotIn("undone", s2.call("memory_undo", change=keep))
        main = self.add(self.op, "is tall", namespace="p")["change"]
        s1.fails("denied", "memory_undo", change=main)
        self.assertIn("is tall", self.texts(self.op, namespace="p"))

    def test_the_feed_of_an_agent_has_its_own_alone(self):
        s1, s2 = self.agent("s1"), self.agent("s2")
        self.add(s1, "likes chess")
        for feed in ("changes_since", "memory_history"):
            self.assertIn("likes chess", json.dumps(s1.ok(feed)))
            self.assertNotIn("likes chess", json.dumps(s2.ok(feed)))
        self.decide("reject", all=True, note="no")
        self.assertNotIn("likes chess", json.dumps(s2.ok("changes_since")))
        self.assertIn("likes chess", json.dumps(
            self.op.ok("changes_since", namespace="p")))

    def test_a_project_and_the_user_beside_it(self):
        self.protect("default")
        self.op.ok("create_entities", entities=[entity("user", "is kind")])
        s1 = self.agent("s1")
        self.add(s1, "likes chess")
        self.add(s1, "is patient", name="user", scope="user")
        self.assertIn("likes chess", self.texts(s1))
        self.assertEqual(self.texts(s1, "user"), ["is kind", "is patient"])
        self.assertEqual(self.texts(self.agent("s2"), "user"), ["is kind"])
        waiting = self.op.ok("list_staged")["staged"]
        self.assertEqual(waiting[0]["actor"], "project p")
        r = self.op.ok("review_staged", do="approve", all=True)
        self.assertEqual(r["approved"], 1)
        self.assertEqual(self.texts(self.op, "user"),
                         ["is kind", "is patient"])
        self.assertEqual(len(self.staged()), 1)

    def test_a_project_protects_the_user_from_its_agents(self):
        self.op.ok("create_entities", entities=[entity("user", "is kind")])
        r = self.add(self.agent("s1"), "is mean", name="user", scope="user")
        self.assertTrue(r["staged"])
        r = self.add(self.agent("s1", namespace="q"), "is tall", name="user",
                     scope="user")
        self.assertNotIn("staged", r)
        self.assertEqual(self.texts(self.op, "user"), ["is kind", "is tall"])

    def test_every_write_over_mcp_says_that_it_waits(self):
        writes = [
            ("create_entities", {"entities": [entity("eva", "sings")]}),
            ("add_observations", {"observations": [
                {"entityName": "ada", "contents": ["likes chess"]}]}),
            ("create_relations", {"relations": [
                {"from": "ada", "to": "ben", "relationType": "knows"}]}),
            ("replace_observation", {
                "entityName": "ada", "old": "likes tea", "new": "likes mate"}),
            ("delete_relations", {"relations": [
                {"from": "ada", "to": "ben", "relationType": "knows"}]}),
            ("delete_observations", {"deletions": [
                {"entityName": "ada", "observations": ["lives in Rome"]}]}),
            ("delete_entities", {"entityNames": ["ben"]})]
        with self.mcp(self.db, args=["--namespace", "p"]) as m:
            m.initialize()
            for tool, args in writes:
                with self.subTest(tool=tool):
                    said = m.ok(tool, args)
                    self.assertIs(said.get("staged"), True)
                    self.assertIn("waits for review", said["review"])
        self.assertEqual(len(self.staged()), len(writes))

    def test_a_full_queue_refuses_and_is_fair(self):
        hog, other = self.agent("hog"), self.agent("other")
        for n in range(500):
            self.add(hog, f"fact {n}")
        error = hog.fails("limit", "add_observations", observations=[
            {"entityName": "ada", "contents": ["one more"]}])["error"]
        self.assertIn("500 changes", error.replace("501", "500"))
        self.assertNotIn("one more", self.texts(hog))
        self.assertTrue(self.add(other, "is heard")["staged"])
        r = self.decide(all=True)
        self.assertEqual(r["approved"], 501)
        self.assertGreater(r["slices"], 2)


class Policy(Review):
    def policy(self, *rules):
        self.op.ok("set_namespace_settings", namespace="p",
                   settings={"policy": list(rules)})

    def test_apply_stage_refuse(self):
        self.policy(
            {"when": {"deletes": True}, "do": "refuse", "why": "ask first"},
            {"when": {"type": "note", "max_facts": 5}, "do": "apply"},
            {"when": {"tag": "secret*"}, "do": "refuse"},
            {"when": {"tool": ["rename_entity", "update_entity"]},
             "do": "stage"},
            {"when": {"client": "trusted/*"}, "do": "apply"})
        s1 = self.agent("s1")
        r = s1.ok("create_entities",
                  entities=[entity("n", "is short", type="note")])
        self.assertNotIn("staged", r)
        self.assertIn("rule 2", r["review"])
        self.assertEqual(self.texts(self.op, "n", namespace="p"),
                         ["is short"])
        self.assertTrue(self.add(s1, "likes chess")["staged"])
        error = s1.fails("denied", "delete_entities",
                         entityNames=["ben"])["error"]
        self.assertIn("rule 1", error)
        self.assertIn("ask first", error)
        # What is given an end goes as well, later; what is new may have one.
        s1.fails("denied", "update_entity", name="ada", ttl_days=1)
        r = s1.ok("create_entities", entities=[dict(
            entity("m", dict(text="is new", ttl_days=1), type="note"),
            ttl_days=2)])
        self.assertIn("rule 2", r["review"])
        error = s1.fails("denied", "update_entity", name="ada",
                         tags=["secrets"])["error"]
        self.assertIn("rule 3", error)
        self.assertEqual(len(self.staged()), 1)
        trusted = self.db.client()
        trusted.ok("hello", tools=ALL, namespace="p", session="s2",
                   client="trusted/2")
        self.assertNotIn("staged", self.add(trusted, "likes rowing"))
        self.assertTrue(trusted.ok("rename_entity", name="ben",
                                   new_name="bob")["staged"])
        trusted.close()
        self.assertEqual(self.texts(self.op, namespace="p"),
                         ["likes rowing", "likes tea", "lives in Rome"])
        self.assertEqual(self.texts(s1), [
            "likes chess", "likes rowing", "likes tea", "lives in Rome"])
        self.db.verify()

    def test_a_rule_that_applies_is_read_strictly(self):
        self.policy({"when": {"type": "note"}, "do": "apply"})
        s1 = self.agent("s1")
        before = self.state()
        for name, params in (
                ("create_entities", {"entities": [
                    entity("n", "x", type="note"),
                    entity("ada", "under its cover", type="person")]}),
                ("create_entities", {"entities": [
                    {**entity("pinned", "x", type="note"), "pin": True}]}),
                ("create_relations", {"relations": [
                    {"from": "ada", "to": "ben", "relationType": "x"}]}),
                ("delete_observations", {"deletions": [
                    {"entityName": "ada", "observations": ["likes tea"]}]}),
                ("memory_undo", {"since": 1})):
            s1.call(name, params)
            self.assertEqual(self.state(), before, name)
        self.op.ok("create_entities", namespace="p", entities=[
            entity("n", "a", "b", type="note")])
        before = self.state()
        r = s1.ok("delete_observations", deletions=[
            {"entityName": "n", "observations": ["a"]}])
        self.assertTrue(r["staged"])
        s1.ok("update_entity", name="n", pin=True)
        s1.ok("save_skill", name="n2", code="return 1", description="d")
        self.assertEqual(self.state(), before)

    def test_what_builds_on_a_staged_change_is_staged(self):
        self.policy({"when": {"tool": "add_observations"}, "do": "apply"})
        s1 = self.agent("s1")
        s1.ok("create_entities", entities=[entity("dora")])
        self.assertTrue(self.add(s1, "sings", name="dora")["staged"])
        self.assertNotIn("staged", self.add(s1, "dances"))
        self.decide(all=True)
        self.assertEqual(self.texts(self.op, "dora", namespace="p"),
                         ["sings"])

    def test_wrong_rules_are_refused(self):
        for rule, why in (
                ({"when": {"type": 3}, "do": "apply"}, "`type` must be"),
                ({"when": {"typ": "a"}, "do": "apply"}, "no condition"),
                ({"when": {}, "do": "allow"}, "rule 1 must be"),
                ({"do": "apply", "type": "note"}, "rule 1 must be"),
                ({"when": {}, "do": "stage", "if": 1}, "no member `if`"),
                ({"when": {"max_facts": -1}, "do": "apply"}, "0 or more")):
            error = self.op.fails(
                "invalid", "set_namespace_settings", namespace="p",
                settings={"policy": [rule]})["error"]
            self.assertIn(why, error)


class CommandLine(Review):
    def ctl(self, *args, check=True):
        return self.db.ctl("--namespace", "p", *args, check=check)

    def test_list_show_approve_reject(self):
        s1 = self.agent("s1")
        one = s1.ok("replace_observation", entityName="ada",
                    old="lives in Rome", new="lives in Oslo")["change"]
        two = self.add(s1, "is 200 years old")["change"]
        out = self.ctl("review", "list").stdout
        self.assertIn(f"#{one}", out)
        self.assertIn("2 changes wait", out)
        out = self.ctl("review", "show", str(one)).stdout
        self.assertRegex(out, r"- .*lives in Rome")
        self.assertRegex(out, r"\+ .*lives in Oslo")
        self.assertIn("1 approved", self.ctl(
            "review", "approve", "--dry-run", str(one)).stdout)
        out = self.ctl("review", "approve", str(one)).stdout
        self.assertIn("lives in Oslo", self.texts(self.op, namespace="p"))
        run = re.search(r"undo --run (\S+?)`", out)[1]
        bad = self.ctl("review", "reject", str(two), check=False)
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn("note", bad.stderr)
        self.ctl("review", "reject", "--note", "no", "--session", "s1")
        self.assertIn("nothing waits", self.ctl("review", "list").stdout)
        self.assertIn("no", self.ctl("review", "list", "--state",
                                     "rejected").stdout)
        self.ctl("undo", "--run", run)
        self.assertEqual(self.texts(self.op, namespace="p"),
                         ["likes tea", "lives in Rome"])

    def test_all(self):
        for n in range(3):
            self.add(self.agent(f"s{n}"), f"fact {n}")
        self.assertIn("3 approved", self.ctl("review", "approve",
                                             "--all").stdout)


class TwoWeeks(Review):
    """Seven agents write through their inboxes for two weeks, with a day
    between two starts of the service; main moves, and the reviewer comes
    rarely."""
    AGENTS, DAYS, REVIEWS = 7, 14, (4, 9, 13)

    def day(self, n):
        self.op.close()
        self.db.stop()
        self.db.start(env={"MEMORY_TEST_CLOCK_OFFSET_MS":
                           str(n * 86400000)})
        self.op = self.db.client()

    def write_a_day(self, n):
        for a in range(self.AGENTS):
            s = self.agent(f"agent {a}")
            self.add(s, f"day {n}: {a} saw a bird")
            s.ok("create_entities", entities=[
                entity(f"bird {n}.{a}", f"has {a} feathers", type="bird")])
            if n % 3 == 0:
                s.ok("replace_observation", entityName=f"town {a}",
                     old=f"has {n} houses", new=f"has {n + 3} houses")
            if n % 5 == 1:
                s.ok("update_entity", name=f"town {a}",
                     entityType=f"kind {n}")
            s.close()

    def move_main(self, n):
        """What the agents say of some towns, main says first, or says
        otherwise."""
        if n % 3 == 1 and n > 1:
            self.op.call("replace_observation", {
                "namespace": "p", "entityName": "town 0",
                "old": f"has {n - 1} houses", "new": f"has {n + 2} houses"})
        if n % 5 == 2:
            self.op.ok("update_entity", namespace="p", name="town 1",
                       entityType=f"other {n}")

    @staticmethod
    def content(state):
        """What comes back by an undo is there since the undo."""
        return [{k: v for k, v in x.items() if k != "provenance"}
                for x in state]

    def review(self, n):
        """Whatever the list shows is what an approval does."""
        before = self.state()
        rows = self.staged(limit=1000)
        rejected = [r["staged"] for r in rows if "3 saw" in json.dumps(r)]
        if rejected:
            self.decide("reject", changes=rejected, note=f"seen on day {n}")
        shown = {r["staged"]: r for r in rows
                 if r["staged"] not in rejected}
        middle = self.state()
        self.assertEqual(middle, before)
        r = self.decide(all=True)
        main = json.dumps(self.state())
        left = {x["staged"] for x in r["left"]}
        for change, row in shown.items():
            stays = "conflicts" in row or bool(
                left & set(row.get("needs", [])))
            self.assertEqual(change in left, stays, row)
            for x in [] if stays else row.get("added", []):
                if "text" in x and "houses" not in x["text"]:
                    self.assertIn(x["text"], main)
        if n == self.REVIEWS[-1]:
            self.op.ok("memory_undo", namespace="p", run=r["run"])
            self.assertEqual(self.content(self.state()),
                             self.content(middle))
        return rejected

    def test_two_weeks(self):
        self.op.ok("create_entities", namespace="p", entities=[
            entity(f"town {a}", "has 0 houses", type="town")
            for a in range(self.AGENTS)])
        other = self.op.ok("create_entities", namespace="q", entities=[
            entity("calm", "is not touched")])
        self.assertNotIn("staged", other)
        rejected, most = [], 0
        calm = self.state("q")
        for n in range(self.DAYS):
            self.day(n)
            self.write_a_day(n)
            self.move_main(n)
            most = max(most, self.op.ok("list_staged", namespace="p",
                                        limit=1)["waiting"]["changes"])
            if n in self.REVIEWS:
                rejected += self.review(n)
        self.assertLessEqual(most, 2000)
        # Every rejected change is explained to its agent.
        told = {}
        for a in range(self.AGENTS):
            for r in self.staged(self.agent(f"agent {a}"), limit=1000):
                if r["state"] == "rejected":
                    told[r["staged"]] = r["note"]
        self.assertEqual(sorted(told), sorted(rejected))
        self.assertTrue(all(n.startswith("seen on day")
                            for n in told.values()))
        # What nobody decided is gone two weeks later, and says so.
        self.day(self.DAYS + 15)
        wait_until(lambda: not self.staged(), 30, why="expiry")
        for r in self.staged(state="expired"):
            self.assertIn("review_expires", r["note"])
        self.assertEqual(self.state("q"), calm)
        self.db.verify()
        self.replayed()

    def replayed(self):
        log = self.db.folder / "log.jsonl"
        self.db.ctl("export", str(log))
        with self.service() as copy:
            copy.ctl("import", str(log))
            again = copy.folder / "again.jsonl"
            copy.ctl("export", str(again))
            self.assertEqual(self.lines(again), self.lines(log))

    @staticmethod
    def lines(path):
        # The header has the id of the database.
        return path.read_text().splitlines()[1:]


class Killed(Review):
    def test_approve_all_goes_on(self):
        s1 = self.agent("s1")
        for n in range(60):
            self.add(s1, f"fact {n}")
        before = self.state()
        r = self.op.ok("review_staged", namespace="p", do="approve",
                       all=True, slice_facts=10)
        self.assertFalse(r["done"])
        done = r["approved"]
        self.db.kill()
        self.db.start()
        self.op = self.db.client()
        r = self.decide(all=True, slice_facts=10)
        self.assertEqual(r["approved"], 60)
        self.assertGreater(done, 0)
        self.assertEqual(len(self.texts(self.op, namespace="p")), 62)
        self.op.ok("memory_undo", namespace="p", run=r["run"])
        self.assertEqual(self.state(), before)
        self.db.verify()


class PolicyFunction(Review):
    GATE = """
        if #(change.removed or {}) > 0 then
          return {"refuse", "nothing is deleted here"}
        end
        for _, a in ipairs(change.added or {}) do
          local text = a.text or ""
          if text:find("loop") then while true do end end
          if text:find("broken") then error("out of order") end
          if text:find("odd") then return 42 end
          if text:find("ask") then return {"stage", "a person should look"} end
          if text:find("peek") then return memory.read_graph{} end
        end
        return "apply"
    """

    def setUp(self):
        super().setUp()
        self.op.ok("save_skill", namespace="p", name="gate", code=self.GATE,
                   description="decides of what agents write")
        self.script({"skill": "gate", "timeout_ms": 5000})

    def script(self, value, namespace="p"):
        self.op.ok("set_namespace_settings", namespace=namespace,
                   settings={"review_script": value})

    def row(self, change):
        """As it is once the function was asked."""
        def asked():
            [row] = self.staged(change=change, state="all")
            return row if row.get("by") else None
        return wait_until(asked, 30, why="the function is asked")

    def test_apply_stage_refuse(self):
        s1 = self.agent("s1")
        good = self.add(s1, "likes chess")["change"]
        self.assertEqual(self.row(good)["state"], "approved")
        self.assertIn("likes chess", self.texts(self.op, namespace="p"))
        ask = self.row(self.add(s1, "ask: moved")["change"])
        self.assertEqual((ask["state"], ask["note"], ask["by"]),
                         ("waiting", "a person should look",
                          "policy function gate"))
        bad = s1.ok("delete_observations", deletions=[
            {"entityName": "ada", "observations": ["likes tea"]}])["change"]
        bad = self.row(bad)
        self.assertEqual((bad["state"], bad["note"]),
                         ("rejected", "nothing is deleted here"))
        self.assertIn("likes tea", self.texts(self.op, namespace="p"))
        # Its agent learns why with the next thing that it writes.
        self.assertIn("nothing is deleted here",
                      self.add(s1, "likes rowing")["review"])
        # The operator decides as ever.
        self.decide(changes=[ask["staged"]])
        self.assertIn("ask: moved", self.texts(self.op, namespace="p"))
        self.db.verify()

    def test_those_who_subscribed_learn_of_it(self):
        watcher = self.db.client()
        watcher.ok("subscribe", namespace="p")
        change = self.add(self.agent("s1"), "likes chess")["change"]
        row = self.row(change)
        while True:
            event = watcher.event(timeout=60)
            if event["change"] == row["applied"]:
                break
            self.assertLess(event["change"], row["applied"])
        self.assertEqual((event["namespace"], event["kind"]), ("p", "merge"))
        watcher.close()

    def test_what_fails_waits(self):
        s1 = self.agent("s1")
        for text, note in (("loop", "failed"), ("broken", "out of order"),
                           ("odd", "must return"), ("peek", "read_graph")):
            self.script({"skill": "gate", "timeout_ms":
                         300 if text == "loop" else 5000})
            row = self.row(self.add(s1, text)["change"])
            with self.subTest(text=text):
                self.assertEqual(row["state"], "waiting")
                self.assertIn(note, row["note"])
        self.script({"skill": "nobody"})
        row = self.row(self.add(s1, "likes chess")["change"])
        self.assertIn("no skill of that name", row["note"])
        # Nobody waits for a function that takes its time.
        self.script({"skill": "gate", "timeout_ms": 5000})
        slow = self.add(s1, "loop again")["change"]
        began = time.monotonic()
        self.add(self.op, "was here", namespace="p")
        self.assertLess(time.monotonic() - began, 3 * SLOW)
        self.assertEqual(self.row(slow)["state"], "waiting")

    def test_undone_stays_undone_and_nobody_changes_the_gate(self):
        s1 = self.agent("s1")
        row = self.row(self.add(s1, "likes chess")["change"])
        self.op.ok("memory_undo", namespace="p", change=row["applied"])
        again = self.add(s1, "likes go")["change"]
        self.assertEqual(self.row(again)["state"], "approved")
        [left] = self.staged()
        self.assertEqual(left["staged"], row["staged"])
        self.assertIn("undone", left["note"])
        s1.fails("denied", "set_namespace_settings",
                 settings={"review_script": {}})
        # What waits is asked about when a function is set; another namespace
        # has none.
        self.protect("q")
        s2 = self.agent("s2", namespace="q")
        s2.ok("create_entities", entities=[entity("cleo", "sings")])
        self.assertEqual(len(self.op.ok("list_staged",
                                        namespace="q")["staged"]), 1)
        self.op.ok("save_skill", namespace="q", name="all",
                   code="return {['do'] = 'apply', why = 'trusted'}",
                   description="lets all pass")
        self.script({"skill": "all"}, "q")
        wait_until(lambda: self.texts(self.op, "cleo", namespace="q"), 30,
                   why="it is applied")
        own = s2.ok("save_skill", name="all", code="return 'refuse'",
                    description="lets nothing pass")["change"]
        row = wait_until(lambda: (r := self.op.ok(
            "list_staged", namespace="q", change=own)["staged"][0]).get("by")
            and r, 30, why="the function is asked")
        self.assertEqual((row["state"], row["note"]),
                         ("waiting", "it touches the policy function"))
        self.db.verify()

    def test_what_it_does_not_see_whole_and_what_is_not_its_own(self):
        s1 = self.agent("s1")
        row = self.row(self.add(s1, *[f"fact {k}" for k in range(80)])[
            "change"])
        self.assertEqual(row["state"], "waiting")
        self.assertIn("too large", row["note"])
        # A function of the user's memory, where others write, is none here.
        self.op.ok("save_skill", name="theirs", code="return 'apply'",
                   description="lets all pass")
        self.script({"skill": "theirs"})
        row = self.row(self.add(s1, "likes chess")["change"])
        self.assertEqual(row["state"], "waiting")

    def test_wrong_values(self):
        for value in ({"skill": ""}, {"skill": 3}, {"name": "gate"},
                      {"skill": "gate", "timeout_ms": 1}, "gate",
                      {"skill": "gate", "timeout_ms": 60000}):
            with self.subTest(value=value):
                e = self.op.fails("invalid", "set_namespace_settings",
                                  namespace="p",
                                  settings={"review_script": value})
                self.assertIn("review_script", str(e))


class Closed(Review):
    """What a hostile agent would try."""

    def test_every_write_leaves_main_as_it_is(self):
        self.protect("default")
        self.op.ok("create_entities", entities=[entity("user", "is kind")])
        self.op.ok("create_relations", namespace="p", relations=[
            {"from": "ada", "to": "ben", "relationType": "knows"}])
        self.op.ok("memory_branch", namespace="p", action="create",
                   name="trial")
        self.op.ok("create_entities", namespace="p", branch="trial",
                   entities=[entity("from trial", "came by a merge")])
        last = self.add(self.op, "to be undone", namespace="p")["change"]
        before, user = self.state(), self.state("default")
        more = {
            "create_entities": [{"entities": [entity("x", "is new")]},
                                {"entities": [entity("ada", "all new",
                                                     type="person")],
                                 "mode": "replace"},
                                {"entities": [entity("user", "is not kind")],
                                 "scope": "user"}],
            "add_observations": [
                {"observations": [{"entityName": "ada", "contents": ["y"]}]},
                {"observations": [{"entityName": "user", "contents": ["y"]}],
                 "scope": "user"},
                {"observations": [{"entityName": "ada", "contents": ["y"]}],
                 "branch": "main"}],
            "replace_observation": [{"entityName": "ada",
                                     "old": "likes tea",
                                     "new": "hates tea"}],
            "create_relations": [{"relations": [
                {"from": "ben", "to": "ada", "relationType": "hates"}]}],
            "delete_observations": [{"deletions": [
                {"entityName": "ada", "observations": ["likes tea"]}]}],
            "delete_entities": [{"entityNames": ["ben"]},
                                {"entityNames": ["user"], "scope": "user"}],
            "delete_relations": [{"relations": [
                {"from": "ada", "to": "ben", "relationType": "knows"}]}],
            "update_entity": [{"name": "ada", "tags": ["t"]},
                              {"name": "ada", "metadata": {"a": 1}},
                              {"name": "ada", "pin": True},
                              {"name": "ada", "tier": "semantic"},
                              {"name": "user", "pin": True,
                               "scope": "user"}],
            "rename_entity": [{"name": "ada", "new_name": "eve"}],
            "save_skill": [{"name": "sk", "code": "return 1",
                            "description": "d"}],
            "write_file": [{"name": "f", "content": "x"}],
            "delete_file": [{"name": "f"}],
            "memory_undo": [{"change": last}, {"changes": [last]},
                            {"since": 1}],
            "memory_revert": [{"name": "ada", "to": last - 1}],
            "memory_merge": [{"branch": "trial"}, {"branch": "trial",
                                                   "sliced": True}],
            "forget": [{"name": "ada", "confirm": True}],
            "set_namespace_settings": [{"settings": {"protect": False}}],
            "rename_namespace": [{"from": "p", "to": "z"}],
            "merge_namespaces": [{"from": "p", "to": "z"}],
            "import_records": [{"records": [{"type": "entity", "name": "im",
                                             "entityType": "t",
                                             "observations": ["x"]}]}],
            "review_staged": [{"do": "approve", "all": True}],
        }
        for i, method in enumerate(sorted(WRITES)):
            tries = [json.loads(METHODS[method]["example"] or "{}")]
            for params in tries + more.get(method, []):
                s = self.agent(f"h{i}")
                s.call(method, params)
                with self.subTest(method=method, params=params):
                    self.assertEqual(self.state(), before)
                    self.assertEqual(self.state("default"), user)
        names = [x["name"] for x in
                 self.op.ok("list_namespaces")["namespaces"]]
        self.assertNotIn("z", names)

    def test_inboxes_are_closed(self):
        s1, s2 = self.agent("s1"), self.agent("s2")
        self.add(s1, "secret plan")
        s2.fails("denied", "open_nodes", names=["ada"], branch="inbox/s1")
        for c in (s2, self.op):
            c.fails("denied", "add_observations", namespace="p",
                    branch="inbox/s1", observations=[
                        {"entityName": "ada", "contents": ["forged"]}])
        for action in ("create", "discard"):
            s2.fails("denied", "memory_branch", action=action,
                     name="inbox/s1")
        s2.fails("denied", "memory_branch", action="create", name="inbox/s9")
        s2.fails("denied", "memory_branch", action="create", name="mine",
                 from_branch="inbox/s1")
        for c in (s1, s2, self.op):
            c.fails("denied", "memory_merge", namespace="p",
                    branch="inbox/s1")
        self.assertEqual(self.texts(self.op, namespace="p",
                                    branch="inbox/s1"),
                         ["likes tea", "lives in Rome", "secret plan"])

    def test_scripts(self):
        box = {}

        def settled():
            box.update(self.op.ok("get_memory_status")["sandbox"])
            return box["available"] or "running" not in box["reason"]
        wait_until(settled, 30, why="the sandbox")
        if not box["available"]:
            self.skipTest("no jail here")
        s1 = self.agent("s1")
        before = self.state()
        code = ("create_entities({{name='z', entityType='t', "
                "observations={'by a script'}}})\n"
                "return #open_nodes({'z'}).entities")
        for n in range(2):
            r = s1.ok("execute_code", code=code.replace("'z'", f"'z{n}'"))
            self.assertEqual((r["outcome"], r["result"]), ("ok", 1), r)
            self.assertTrue(r["staged"])
        r = s1.ok("execute_code", code="return write_file('f', 'x')")
        self.assertNotEqual(r["outcome"], "ok")
        self.assertEqual(self.state(), before)
        self.decide(all=True)
        self.assertEqual(self.texts(self.op, "z1", namespace="p"),
                         ["by a script"])

    def test_a_merge_waits_and_can_be_made_again(self):
        s1 = self.agent("s1")
        s1.ok("memory_branch", action="create", name="trial")
        s1.ok("create_entities", branch="trial",
              entities=[entity("t", "from trial")])
        r = s1.ok("memory_merge", branch="trial")
        self.assertTrue(r["staged"])
        self.decide("reject", all=True, note="later")
        self.assertIsNone(self.texts(self.op, "t", namespace="p"))
        r = self.op.ok("memory_merge", namespace="p", branch="trial")
        self.assertEqual(self.texts(self.op, "t", namespace="p"),
                         ["from trial"])


if __name__ == "__main__":
    main()
