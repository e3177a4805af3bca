"""What an agent meets when it writes: one bad entry does not drop the others, no
silent twin of what the user's memory has, a fact corrected in one call, a word on
what is known already, and answers that do not repeat what was sent."""
import json
import time

from harness import TestCase, entity


class Agent(TestCase):
    def setUp(self):
        self.db = self.service()
        self.user = self.agent("default")
        self.m = self.agent("p")

    def agent(self, space, *args):
        return self.mcp(self.db, args=list(args), env={"MEMORY_NAMESPACE": space})

    def ok(self, tool, _m=None, **arguments):
        return (_m or self.m).ok(tool, arguments)

    def fails(self, tool, _m=None, **arguments):
        r = (_m or self.m).tool(tool, arguments)
        self.assertTrue(r.get("isError"), r)
        return r["content"][0]["text"]

    def texts(self, name="Nina", _m=None):
        r = self.ok("open_nodes", _m, names=[name])
        return [o for e in r["entities"] for o in e["observations"]]

    def nina(self, *texts):
        self.ok("create_entities", entities=[entity("Nina", *texts)])

    def add(self, *texts, name="Nina", **more):
        r = self.ok("add_observations", observations=[
            {"entityName": name, "contents": list(texts), **more}])
        return r["results"][0]


class Twins(Agent):
    def setUp(self):
        super().setUp()
        self.ok("create_entities", self.user, entities=[
            entity("Nina", "likes tea", type="person")])

    def test_create_makes_no_silent_twin(self):
        text = self.fails("create_entities", entities=[
            entity("Nina", "works on tides", type="person")])
        self.assertIn('scope:"user"', text)
        self.assertIn('scope:"project"', text)
        self.assertEqual(self.texts(), ["likes tea"])
        # both ways out work
        r = self.ok("create_entities", scope="user", entities=[
            entity("Nina", "works on tides", type="person")])
        self.assertEqual(r["updated"][0]["added"], 1)
        r = self.ok("create_entities", scope="project", entities=[
            entity("Nina", "is also a service")])
        self.assertEqual(r["entities"], [{"name": "Nina", "added": 1}])
        self.assertEqual(len(self.ok("open_nodes",
                                     names=["Nina"])["entities"]), 2)
        # from now on the name is the project's own
        self.assertEqual(self.add("starts at noon")["added"], 1)

    def test_others_are_stored(self):
        r = self.ok("create_entities", entities=[
            entity("tides", "a"), entity("Nina", "b"), entity("csv", "c")])
        self.assertEqual([e["name"] for e in r["entities"]],
                         ["tides", "csv"])
        self.assertEqual([f["index"] for f in r["failed"]], [1])
        self.assertIn("scope", r["failed"][0]["error"])

    def test_add_says_the_same(self):
        for more in ({}, {"entityType": "person"}):
            text = self.fails("add_observations", observations=[
                {"entityName": "Nina", "contents": ["x"], **more}])
            self.assertIn('scope:"user"', text)

    def test_script(self):
        r = self.m.tool("execute_code", {"code": """
            local ok, e = pcall(memory.create_entities, {entities={
              {name='Nina', entityType='person', observations={'x'}}}})
            return {ok, tostring(e)}"""})
        got = json.dumps(r)
        self.assertIn("user's memory", got)
        self.assertEqual(self.texts(), ["likes tea"])

    def test_compat_skips(self):
        m = self.agent("p", "--tools", "compat")
        r = m.ok("create_entities", {"entities": [entity("Nina", "x")]})
        self.assertEqual(r, {"entities": []})
        self.assertEqual(self.texts(), ["likes tea"])

    def test_a_program_means_its_namespace(self):
        r = self.db.client().ok("create_entities", {
            "namespace": "p", "entities": [entity("Nina", "x")]})
        self.assertEqual(r["results"][0]["action"], "created")


class Partial(Agent):
    def test_one_bad_relation(self):
        self.ok("create_entities", entities=[entity("a"), entity("b")])
        good = {"from": "a", "to": "b", "relationType": "r"}
        r = self.ok("create_relations", relations=[
            good, dict(good, to="zz"), dict(good, relationType="s")])
        self.assertEqual(r["created"], 2)
        self.assertEqual(r["failed"][0]["index"], 1)
        self.assertIn("'zz'", r["failed"][0]["error"])
        text = self.fails("create_relations", relations=[
            dict(good, to="zz"), dict(good, to="yy")])
        self.assertIn("'zz'", text)
        self.assertIn("2 entries", text)

    def test_add(self):
        self.nina()
        r = self.ok("add_observations", observations=[
            {"entityName": "zz", "contents": ["x"]},
            {"entityName": "Nina", "contents": ["y"]}])
        self.assertEqual(r["results"], [{"entityName": "Nina", "added": 1}])
        self.assertEqual(r["failed"][0]["index"], 0)

    def test_an_entry_is_stored_in_whole_or_not(self):
        self.nina()
        c = self.db.client()
        r = c.ok("add_observations", {"namespace": "p", "observations": [
            {"entityName": "Nina", "contents": [
                "good", {"text": "bad", "derived_from": ["nobody"]}]},
            {"entityName": "Nina", "contents": ["other"]}]})
        self.assertEqual(r["failed"][0]["index"], 0)
        self.assertEqual(self.texts(), ["other"])

    def test_compat_is_all_or_nothing(self):
        m = self.agent("q", "--tools", "compat")
        m.ok("create_entities", {"entities": [entity("a"), entity("b")]})
        good = {"from": "a", "to": "b", "relationType": "r"}
        self.assertTrue(m.tool("create_relations", {"relations": [
            good, dict(good, to="zz")]}).get("isError"))
        r = m.ok("read_graph", {})
        self.assertEqual(r["relations"], [])
        schema = json.dumps(m.request("tools/list", {}))
        self.assertNotIn("makes the entity", schema)

    def test_add_makes_the_entity_when_asked(self):
        self.fails("add_observations", observations=[
            {"entityName": "new", "contents": ["x"]}])
        r = self.add("x", "y", name="new", entityType="thing")
        self.assertEqual((r["action"], r["added"]), ("created", 2))
        self.assertEqual(self.add("z", name="new", entityType="other"),
                         {"entityName": "new", "added": 1,
                          "note": "type kept: thing"})


class Replace(Agent):
    def replace(self, old, new, **more):
        return self.ok("replace_observation", entityName="Nina", old=old,
                       new=new, **more)

    def test_exact(self):
        self.nina("lives in Rome", "likes tea")
        r = self.replace("lives in Rome", "lives in Oslo")
        self.assertEqual(r["action"], "replaced")
        self.assertNotIn("replaced", r)
        self.assertEqual(sorted(self.texts()), ["likes tea", "lives in Oslo"])
        change = self.ok("memory_history", name="Nina")["changes"][0]
        self.assertEqual(change["added"][0]["replaces"], "lives in Rome")
        self.assertEqual(change["removed"][0]["replaced_by"], "lives in Oslo")
        facts = self.db.client().ok("open_nodes", {
            "namespace": "p", "names": ["Nina"],
            "fields": ["facts"]})["entities"][0]["facts"]
        self.assertEqual([f.get("replaces") for f in facts],
                         [None, "lives in Rome"])
        self.db.verify()

    def test_near(self):
        self.nina("Lives in Rome since 2020", "Works as a baker in Trastevere",
                  "Has a dog called Bruno")
        r = self.replace("lives in rome", "Lives in Oslo")
        self.assertEqual(r["replaced"], "Lives in Rome since 2020")
        self.assertEqual(self.replace("the dog Bruno", "Has a cat")["replaced"],
                         "Has a dog called Bruno")

    def test_part(self):
        self.nina("Prefers tabs over spaces", "Works at Acme since 2020",
                  "Listens on port 5432", "Works at home on Fridays",
                  "lives in a house in Oslo")
        self.assertEqual(self.replace("tabs over", "x1")["replaced"],
                         "Prefers tabs over spaces")
        text = self.fails("replace_observation", entityName="Nina",
                          old="Works at", new="x")
        self.assertIn("Acme", text)
        self.assertIn("Fridays", text)
        # too little to be sure, but told
        text = self.fails("replace_observation", entityName="Nina",
                          old="a", new="x")
        self.assertIn("nearest: 'lives in a house", text)
        # half a number is no part
        self.fails("replace_observation", entityName="Nina",
                   old="on port 543", new="x")
        self.assertEqual(len(self.texts()), 5)

    def test_ambiguous_and_none(self):
        self.nina("Deploys the web service every Monday",
                  "Deploys the mail service every Monday")
        text = self.fails("replace_observation", entityName="Nina",
                          old="deploys the service every Monday", new="x")
        self.assertIn("web service", text)
        self.assertIn("mail service", text)
        text = self.fails("replace_observation", entityName="Nina",
                          old="likes ice cream", new="x")
        self.assertIn("no observation like", text)
        # another number is another fact
        self.add("Listens on port 5432 in production")
        self.fails("replace_observation", entityName="Nina",
                   old="listens on port 5433 in production", new="x")
        self.assertEqual(len(self.texts()), 3)

    def test_what_is_said_of_it_stays(self):
        c = self.db.client()
        c.ok("create_entities", {"namespace": "p", "entities": [{
            "name": "Nina", "entityType": "person", "observations": [
                {"text": "lives in Rome", "tags": ["home"], "salience": 0.5,
                 "metadata": {"a": 1}, "valid_from": "2020-01-01"}]}]})
        self.replace("lives in Rome", "lives in Oslo")
        f = c.ok("open_nodes", {"namespace": "p", "names": ["Nina"],
                                "fields": ["facts"]})
        f = f["entities"][0]["facts"][0]
        self.assertEqual((f["tags"], f["metadata"], f["salience"]),
                         (["home"], {"a": 1}, 0.5))
        self.assertIn("2020-01-01", f["valid_from"])
        self.db.verify()

    def test_undo_branch_key(self):
        self.nina("lives in Rome")
        c = self.db.client()
        p = {"namespace": "p", "entityName": "Nina", "old": "lives in Rome",
             "new": "lives in Oslo"}
        c.ok("memory_branch", {"namespace": "p", "action": "create",
                               "name": "b"})
        c.ok("replace_observation", dict(p, branch="b"))
        self.assertEqual(self.texts(), ["lives in Rome"])
        c.ok("memory_merge", {"namespace": "p", "branch": "b"})
        self.assertEqual(self.texts(), ["lives in Oslo"])
        back = dict(p, old="lives in Oslo", new="lives in Bonn", key="k")
        first = c.ok("replace_observation", back)
        again = c.ok("replace_observation", back)
        self.assertEqual(again["change"], first["change"])
        self.assertEqual(self.texts(), ["lives in Bonn"])
        c.ok("memory_undo", {"namespace": "p", "change": first["change"]})
        self.assertEqual(self.texts(), ["lives in Oslo"])
        self.db.verify()

    def test_new_is_there_already(self):
        self.nina("lives in Rome", "lives in Oslo")
        self.replace("lives in Rome", "lives in Oslo")
        self.assertEqual(self.texts(), ["lives in Oslo"])
        self.assertEqual(self.replace("lives in Oslo",
                                      "lives in Oslo")["action"], "unchanged")

    def test_script(self):
        self.nina("lives in Rome")
        r = self.ok("execute_code", code="""return memory.replace_observation{
            entityName='Nina', old='lives in Rome', new='lives in Oslo'}.action
            """)
        self.assertEqual(r["result"], "replaced", r)
        self.assertEqual(self.texts(), ["lives in Oslo"])


class Alike(Agent):
    def test_the_same_is_folded(self):
        self.nina("Likes apples")
        for text in ("likes apples", "likes apples ", "  LIKES  apples.",
                     "“Likes apples”"):
            r = self.add(text)
            self.assertEqual(r["added"], 0, text)
            self.assertEqual(r["same_as"], [{"index": 0,
                                             "text": "Likes apples"}])
        self.assertEqual(self.texts(), ["Likes apples"])
        r = self.ok("create_entities", entities=[
            entity("Kim", "Likes tea", "likes tea", "likes tea!")])
        self.assertEqual(r["entities"][0]["added"], 1)

    def test_nearly_the_same_is_told(self):
        self.nina("Prefers tabs over spaces for indentation")
        for text in ("prefers tabs to spaces for indentation",
                     "prefers tabs to spaces",
                     "Prefers tabs over spaces for its indentations"):
            r = self.add(text)
            self.assertEqual(r["added"], 1, text)
            self.assertIn("Prefers tabs over spaces for indentation",
                          [s["text"] for s in r["similar"]])

    def test_others_are_not(self):
        pairs = [("has 2 cats", "has 3 cats"), ("lives in Rome",
                 "lives in Oslo"), ("eats meat every day",
                 "never eats meat every day"), ("eats meat", "does not eat meat"),
                 ("meets on Monday at the office",
                  "meets on Tuesday at the office"),
                 ("prefers tabs to spaces", "prefers spaces to tabs"),
                 ("writes the service in C", "writes the service in C++"),
                 ("the key is aBc1dE", "the key is AbC1dE"),
                 ("arrives before noon", "arrives after noon"),
                 ("version 1.2 is out", "version 1.3 is out"),
                 ("Anna called about the invoice",
                  "called about the invoice"),
                 ("lists them with ls -a", "lists them with ls -A"),
                 ("lives under /srv/data", "lives under /srv/Data"),
                 ("builds with `make test`", "builds with `make TEST`"),
                 ("runs `tar x` first", "runs `tar X` first")]
        for i, (a, b) in enumerate(pairs):
            name = f"n{i}"
            self.ok("create_entities", entities=[entity(name, a)])
            r = self.add(b, name=name)
            self.assertEqual(r, {"entityName": name, "added": 1}, (a, b))

    def test_compat_stores_every_letter(self):
        m = self.agent("q", "--tools", "compat")
        m.ok("create_entities", {"entities": [entity("a", "Likes tea")]})
        r = m.ok("add_observations", {"observations": [
            {"entityName": "a", "contents": ["likes tea", "Likes tea "]}]})
        self.assertEqual(r, {"results": [
            {"entityName": "a", "addedObservations": [
                "likes tea", "Likes tea "]}]})

    def test_a_program_is_told_only(self):
        self.nina("Likes apples")
        r = self.db.client().ok("add_observations", {
            "namespace": "p", "observations": [
                {"entityName": "Nina", "contents": ["likes apples"]}]})
        self.assertEqual(r["results"][0]["addedObservations"],
                         ["likes apples"])
        self.assertEqual(r["results"][0]["similar"],
                         [{"index": 0, "text": "Likes apples"}])

    def test_a_large_list_is_not_compared_for_ever(self):
        texts = [f"alpha beta gamma delta note {i}" for i in range(5000)]
        began = time.monotonic()
        self.nina(*texts)
        took = time.monotonic() - began
        r = self.db.client()
        began = time.monotonic()
        r.ok("create_entities", {"namespace": "p", "entities": [
            entity("Kim", *texts)]})
        self.assertLess(took, 3 * (time.monotonic() - began) + 1)
        self.assertEqual(self.add("Alpha beta gamma delta note 4999"),
                         {"entityName": "Nina", "added": 0, "same_as": [
                             {"index": 0, "text": texts[-1]}]})

    def test_a_large_entity_costs_no_more(self):
        c = self.db.client()
        words = "alpha beta gamma delta epsilon zeta eta theta".split()
        for k in range(10):
            c.ok("create_entities", {"namespace": "p", "entities": [entity(
                "Nina", *[f"{words[i % 8]} {words[i // 8 % 8]} note "
                          f"{k * 1000 + i}" for i in range(1000)])]})
        self.nina()
        self.ok("create_entities", entities=[entity("small", "alpha beta")])

        def median(name):
            times = []
            for i in range(21):
                began = time.monotonic()
                self.add(f"alpha beta note x{i}", name=name)
                times.append(time.monotonic() - began)
            return sorted(times)[10]
        self.assertLess(median("Nina"), 20 * median("small") + 0.05)


class Answers(Agent):
    def test_delete_of_nothing(self):
        self.nina("likes green tea")
        r = self.ok("delete_observations", deletions=[
            {"entityName": "Nina", "observations": ["likes tea"]}])
        self.assertEqual((r["success"], r["deleted"], r["message"]),
                         (False, 0, "nothing deleted"))
        self.assertEqual(r["missing"], [
            {"entityName": "Nina", "observations": ["likes tea"],
             "nearest": ["likes green tea"]}])
        r = self.ok("delete_observations", deletions=[
            {"entityName": "Nina", "observations": ["likes green tea", "x"]},
            {"entityName": "Nino", "observations": ["y"]}])
        self.assertEqual((r["success"], r["deleted"]), (True, 1))
        self.assertIn("'Nina'", r["missing"][1]["hints"][0])
        r = self.ok("delete_entities", entityNames=["Nino"])
        self.assertEqual((r["success"], r["message"], r["missing"]),
                         (False, "nothing deleted", ["Nino"]))
        self.assertIn("'Nina'", r["hints"][0])
        gone = {"from": "Nina", "to": "Nina", "relationType": "r"}
        r = self.ok("delete_relations", relations=[gone])
        self.assertEqual((r["success"], r["missing"]), (False, [gone]))
        self.assertEqual(self.ok("delete_entities", entityNames=["Nina"]),
                         {"success": True, "deleted": 1})

    def test_what_is_the_users_is_said(self):
        self.ok("create_entities", self.user, entities=[entity("Kim", "x")])
        r = self.ok("delete_entities", entityNames=["Kim"])
        self.assertIn('scope:"user"', r["hints"][0])

    def test_compat_keeps_the_text(self):
        m = self.agent("q", "--tools", "compat")
        r = m.ok("delete_entities", {"entityNames": ["nobody"]})
        self.assertEqual(r, {
            "success": True, "message": "Entities deleted successfully"})

    def test_answers_are_shorter_than_what_was_sent(self):
        sent = {"entities": [entity(f"e{i}", *[
            f"observation {k} of entity {i}, which is long enough"
            for k in range(5)]) for i in range(10)]}
        r = self.m.ok("create_entities", sent)
        self.assertLess(len(json.dumps(r)), len(json.dumps(sent)) / 5)
        self.assertNotIn("long enough", json.dumps(r))
        sent = {"observations": [{"entityName": "e1", "contents": [
            f"something else {k} that is also long" for k in range(20)]}]}
        r = self.m.ok("add_observations", sent)
        self.assertEqual(r, {"results": [{"entityName": "e1", "added": 20}]})
        r = self.m.ok("create_relations", {"relations": [
            {"from": "e1", "to": f"e{i}", "relationType": "knows"}
            for i in range(10)]})
        self.assertEqual(r, {"created": 10})


if __name__ == "__main__":
    import harness
    harness.main()
