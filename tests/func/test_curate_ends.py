"""What is told again is confirmed, what has an end goes."""
import json

from curation_case import CurationCase
from harness import entity


class Ends(CurationCase):

    # --- confirmation by repetition -----------------------------------------
    def test_told_again(self):
        self.c.ok("create_entities", entities=[
            entity("ada", "likes green tea", "was born in Rome")])
        # The second try of a client is no second witness.
        self.assertNotIn("confirmed", self.tell("likes green tea"))
        self.assertIsNone(self.confirmed("ada"))
        self.at(-380)
        before = self.c.ok("get_memory_status")["total_entities"]
        r = self.c.ok("create_entities", key="retry", entities=[
            entity("ada", "likes green tea")])
        self.assertTrue(r["results"][0]["confirmed"], r)
        self.assertEqual(r["results"][0]["added"], 0)
        # A retry answers the same.
        again = self.c.ok("create_entities", key="retry", entities=[
            entity("ada", "likes green tea")])
        self.assertTrue(again["results"][0]["confirmed"])
        first = self.confirmed("ada")
        self.assertTrue(first)
        self.assertEqual(self.c.ok("get_memory_status")["total_entities"],
                         before)
        # Once a day, whatever of it is told.
        self.assertNotIn("confirmed", self.tell("was born in Rome"))
        (op,) = self.c.ok("memory_history", name="ada")["changes"][0]["set"]
        self.assertEqual((op["member"], op["to"]), ("confirmed_at", first))
        self.c.ok("memory_undo", change=r["change"])
        self.assertIsNone(self.confirmed("ada"))
        self.db.verify()

    def test_told_again_in_other_words_and_by_a_conversation(self):
        self.c.ok("create_entities", entities=[
            entity("ada", "likes green tea in the morning")])
        self.c.ok("auto_extract_facts", conversation_text="Zoe: I live in Oslo.")
        self.at(-380)
        with self.mcp(self.db) as m:
            m.ok("add_observations", {"observations": [{
                "entityName": "ada",
                "contents": ["Likes green tea, in the morning."]}]})
        self.assertTrue(self.confirmed("ada"))
        (e,) = self.c.ok("open_nodes", names=["ada"])["entities"]
        self.assertEqual(len(e["observations"]), 1)
        got = self.c.ok("auto_extract_facts",
                        conversation_text="Zoe: I live in Oslo.")
        self.assertEqual(got["facts"][0]["status"], "known", got)
        self.assertTrue(self.confirmed(got["facts"][0]["name"]))
        # Another value is no confirmation.
        self.c.ok("create_entities", entities=[
            entity("room", "has 12 chairs")])
        self.at(-370)
        self.tell("has 13 chairs", "room")
        self.assertIsNone(self.confirmed("room"))

    def test_told_again_elsewhere_and_switched_off(self):
        for namespace, name in (("default", "ada"), ("one", "bea"),
                                ("two", "cal")):
            self.c.ok("create_entities", namespace=namespace, entities=[
                entity(name, "likes green tea")])
        self.settings("two", rules={"confirm_told": False})
        self.at(-380)
        self.tell("likes green tea", "bea", namespace="one")
        self.tell("likes green tea", "cal", namespace="two")
        self.assertTrue(self.confirmed("bea", namespace="one"))
        self.assertIsNone(self.confirmed("ada"))
        self.assertIsNone(self.confirmed("cal", namespace="two"))
        # On a branch it is of the branch, until that is merged.
        self.c.ok("memory_branch", action="create", name="trial")
        self.tell("likes green tea", branch="trial")
        self.assertIsNone(self.confirmed("ada"))
        self.c.ok("memory_merge", branch="trial")
        self.assertTrue(self.confirmed("ada"))
        # A protected main is confirmed by its operator alone.
        self.c.ok("set_namespace_settings", namespace="two", settings={
            "protect": True, "curation": {"background": "off"}})
        with self.mcp(self.db, ["--namespace", "two"]) as m:
            m.ok("add_observations", {"observations": [{
                "entityName": "cal", "contents": ["likes green tea"]}]})
        self.assertIsNone(self.confirmed("cal", namespace="two"))
        # What is told again does not leave the working set.
        self.settings()
        self.at(-375)
        self.assertEqual(self.curate(rules=["to_episodic"])["moved"], 0)

    # --- time to live -------------------------------------------------------
    def expiring(self):
        self.c.ok("create_entities", entities=[
            dict(entity("parking", "the car stands on level four"), ttl_days=7),
            dict(entity("visa", "the visa of the car is in the drawer"),
                 expires_at=f"{self.date(60)}T12:00:00Z"),
            entity("car", dict(text="the car has winter tyres", ttl_days=20),
                   "the car is green")])

    def seen(self, **params):
        """Names that each kind of read gives."""
        found = self.c.ok("search_nodes", query="car", **params)["results"]
        told = self.c.ok("recall", query="where does the car stand?",
                         **params)["results"]
        graph = [e["name"] for e in self.graph(**params) if "name" in e]
        return ({e["name"] for e in found}, {r["name"] for r in told},
                set(graph))

    def test_expiry(self):
        # What reads here may promote is another rule's.
        self.expiring()
        change = self.c.ok("get_memory_status")["last_change"]
        all_three = {"parking", "visa", "car"}
        self.assertEqual(self.seen(), (all_three,) * 3)
        (e,) = self.c.ok("open_nodes", names=["parking"], fields=[
            "expires_at"])["entities"]
        self.assertEqual(e["expires_at"][:10], self.date(7))
        self.at(-390)
        # Reads leave it out at once, and nothing was written for it.
        self.assertEqual(self.seen(), ({"visa", "car"},) * 3)
        self.assertEqual(self.c.ok("get_memory_status")["last_change"], change)
        dry = self.curate(dry_run=True, rules=["expire"])
        self.assertEqual([(m["entity"], m["rule"], m["to"])
                          for m in dry["moves"]], [("parking", "expire", None)])
        self.assertEqual(dry["moves"][0]["from"][:10], self.date(-3))
        run = self.curate(rules=["expire"])
        self.assertEqual(run["by_rule"], {"expire": 1})
        self.assertEqual(self.seen(), ({"visa", "car"},) * 3)
        self.assertEqual(self.c.ok("curation_report", run=run["run"])["moves"][
            0]["entity"], "parking")
        self.assertEqual(self.curate(rules=["expire"])["moved"], 0)
        # Nothing is lost, and an undo holds.
        self.assertIn("parking", self.seen(as_of=change)[2])
        self.c.ok("memory_undo", run=run["run"])
        self.assertEqual(self.seen(), ({"visa", "car"},) * 3)
        self.assertEqual(self.curate(rules=["expire"])["moved"], 0)
        self.c.ok("update_entity", name="parking", expires_at="never")
        self.assertEqual(self.seen(), (all_three,) * 3)
        self.db.verify()

    def test_expiry_of_single_facts(self):
        self.expiring()
        self.at(-375)
        run = self.curate(rules=["expire"])
        self.assertEqual(run["by_rule"], {"expire": 2})
        (e,) = self.c.ok("open_nodes", names=["car"])["entities"]
        self.assertEqual(e["observations"], ["the car is green"])
        self.c.ok("memory_undo", run=run["run"])
        # As with an entity: it is stored again, and over; without an end it
        # is given again.
        self.assertEqual(self.observations("car"), ["the car is green"])
        self.curate(rules=["expire"])
        self.c.ok("update_entity", name="car", expires_at="never",
                  observation="the car has winter tyres")
        self.assertEqual(len(self.observations("car")), 2)
        self.db.verify()
        text = self.db.ctl("export", "--all", "-").stdout
        other = self.service()
        other.ctl("import", "-", stdin=text)
        self.assertEqual(other.ctl("export", "--all", "-").stdout
                         .splitlines()[1:], text.splitlines()[1:])
        other.verify()

    def test_a_single_fact_is_over_when_its_end_has_come(self):
        """Recall, search and the graph leave it out at once; its entity and
        the other facts of it stay, and the past has all."""
        self.c.ok("create_entities", entities=[dict(entity(
            "door", "the door is blue",
            dict(text="the password of the day is heron", ttl_days=2)))])
        self.c.ok("create_entities", entities=[dict(entity(
            "gate", dict(text="the gate is shut for repairs", ttl_days=2),
            "the gate is tall"))])
        self.c.ok("update_entity", name="gate", pin=True)
        change = self.c.ok("get_memory_status")["last_change"]

        def told(**params):
            graph = {e["name"]: e["observations"]
                     for e in self.graph(**params) if "name" in e}
            found = {e["name"]: e["observations"] for e in self.c.ok(
                "search_nodes", query="door", **params)["results"]}
            return (graph["door"], found["door"], [
                r["text"] for r in self.c.ok(
                    "recall", query="password of the day heron",
                    **params)["results"]], [e["name"] for e in self.c.ok(
                        "search_nodes", query="heron", **params)["results"]])
        day_one = told()
        self.assertEqual([len(x) for x in day_one[:2]], [2, 2])
        self.assertIn("the password of the day is heron", day_one[2])
        self.assertEqual(day_one[3], ["door"])
        self.at(-397)
        day_three = told()
        self.assertEqual(day_three[:2], (["the door is blue"],) * 2)
        self.assertNotIn("the password of the day is heron", day_three[2])
        self.assertEqual(day_three[3], [])
        self.assertEqual(self.c.ok("get_memory_status")["last_change"], change)
        # A pin holds what is said of the entity, too.
        self.assertEqual({e["name"]: len(e["observations"])
                          for e in self.graph() if "name" in e}["gate"], 2)
        self.assertEqual(self.observations("door"), ["the door is blue"])
        self.assertEqual(self.curate(rules=["expire"])["by_rule"],
                         {"expire": 1})
        self.assertEqual(self.observations("door"), ["the door is blue"])
        self.assertEqual(len(told(as_of=change)[0]), 2)
        self.db.verify()

    def test_facts_of_one_entity_that_end_one_after_the_other(self):
        self.c.ok("create_entities", entities=[entity(
            "door", "the door is blue",
            dict(text="the first word of the door is heron", ttl_days=2),
            dict(text="the second word of the door is kestrel",
                 ttl_days=4))])

        def told():
            texts = [r["text"] for r in self.c.ok(
                "recall", query="which word has the door?")["results"]]
            graph = [o for e in self.graph() if e.get("name") == "door"
                     for o in e["observations"]]
            return [sum(w in t for t in list_)
                    for list_ in (texts, graph)
                    for w in ("heron", "kestrel")]
        self.assertEqual(told(), [1, 1, 1, 1])
        self.at(-397)
        self.assertEqual([told(), told()], [[0, 1, 0, 1]] * 2)
        self.at(-395)
        self.assertEqual([told(), told()], [[0, 0, 0, 0]] * 2)

    def test_a_fact_told_again_after_its_end_goes_on(self):
        """What is acknowledged is given: an end that has come does not
        swallow a text that is told again, nor what is like it."""
        day = dict(text="Bo is on call this week", ttl_days=2)
        self.c.ok("create_entities", entities=[
            entity("Bo", day, "Bo plays chess")])
        change = self.c.ok("get_memory_status")["last_change"]

        def told(**params):
            graph = [o for e in self.graph(**params) if e.get("name") == "Bo"
                     for o in e["observations"]]
            rows = self.c.ok("recall", query="who is on call this week?",
                             **params)["results"]
            return (day["text"] in graph,
                    day["text"] in [r["text"] for r in rows],
                    day["text"] in str(self.c.ok(
                        "assemble_context", task="chess",
                        sources=["recent"], **params)))
        self.at(-397)
        self.assertEqual(told(), (False,) * 3)
        (again,) = self.c.ok("add_observations", observations=[
            {"entityName": "Bo", "contents": [day["text"]]}])["results"]
        self.assertEqual(told(), (True,) * 3, again)
        self.curate(rules=["expire"])
        self.assertEqual(told(), (True,) * 3)
        self.assertEqual(told(as_of=change), (True,) * 3)
        # With a new end it has that one.
        self.c.ok("add_observations", observations=[
            {"entityName": "Bo", "contents": [day]}])
        self.at(-394)
        self.assertEqual(told(), (False,) * 3)
        self.c.ok("add_observations", observations=[
            {"entityName": "Bo", "contents": [day]}])
        self.assertEqual(told(), (True,) * 3)
        self.at(-391)
        self.assertEqual(told(), (False,) * 3)
        self.db.verify()

    def test_told_again_after_the_end_of_its_validity(self):
        """What was right until 2021 and is said again is right now."""
        def ada(**kw):
            (e,) = self.c.ok("open_nodes", names=["Ada"], fields=["facts"],
                             **kw)["entities"]
            return [(f["text"], f.get("valid_to") is None)
                    for f in e["facts"]]
        old = dict(text="works at Acme", valid_from="2020-01-01",
                   valid_to="2021-01-01")
        self.c.ok("create_entities", entities=[entity(
            "Ada", old, dict(text="has a dog", valid_to="2099-01-01"))])
        # The same again is the same.
        self.c.ok("create_entities", entities=[entity("Ada", old)])
        self.assertEqual(ada(), [("works at Acme", False),
                                 ("has a dog", False)])
        change = self.c.ok("get_memory_status")["last_change"]
        self.tell("works at Acme", "Ada")
        self.tell("has a dog", "Ada")
        self.assertEqual(sorted(ada()), [("has a dog", False),
                                         ("works at Acme", True)])
        self.assertEqual(ada(as_of=change)[0], ("works at Acme", False))
        self.assertEqual([r["text"] for r in self.c.ok(
            "recall", query="where does Ada work?", valid_at="now")[
                "results"]][:1], ["works at Acme"])
        # And a third time: nothing new.
        self.tell("works at Acme", "Ada")
        self.assertEqual(len(ada()), 2)
        self.db.verify()

    def test_expiry_changes_its_mind(self):
        self.expiring()
        self.c.ok("update_entity", name="visa", ttl_days=3)
        self.c.ok("update_entity", name="parking", expires_at="never")
        self.c.ok("update_entity", name="car", pin=True, ttl_days=1)
        self.at(-390)
        # A pin holds; what is written to again goes on.
        self.assertEqual(self.seen()[0], {"parking", "car"})
        self.tell("the visa of the car is with Ada", "visa")
        self.assertEqual(self.seen()[0], {"parking", "car", "visa"})
        # Errors name what was wrong.
        for params, word in (
                (dict(ttl_days=1, expires_at="tomorrow"), "not both"),
                (dict(expires_at="2001-01-01"), "must lie ahead"),
                (dict(expires_at="soonish"), "expires_at"),
                (dict(ttl_days=-1), "ttl_days")):
            bad = self.c.call("update_entity", name="visa", **params)
            self.assertFalse(bad["success"], params)
            self.assertIn(word, bad["error"])
        bad = self.c.call("create_entities", entities=[
            dict(entity("x", dict(text="y", expires_at="2001-01-01")))])
        self.assertIn("must lie ahead", json.dumps(bad))
        self.db.verify()

    def test_expiry_of_more_facts_than_a_change_takes(self):
        for k in range(26):
            self.c.ok("create_entities", entities=[entity(f"many {k}", *[
                dict(text=f"fact {i} of {k}", ttl_days=1,
                     tags=["one", "two"]) for i in range(210)])])
        self.at(-390)
        runs = 0
        while self.curate(rules=["expire"])["moved"]:
            runs += 1
            self.assertLess(runs, 9)
        self.assertGreater(runs, 1)
        left = [e for e in self.graph(relations=False)
                if e.get("observations")]
        self.assertEqual(left, [])
        self.db.verify()

    def observations(self, name, **params):
        (e,) = self.c.ok("open_nodes", names=[name], **params)["entities"]
        return e["observations"]

    def test_expiry_of_a_fact_that_comes_back(self):
        self.expiring()
        gone = self.c.ok("delete_observations", deletions=[{
            "entityName": "car",
            "observations": ["the car has winter tyres"]}])
        self.at(-370)
        self.curate(rules=["expire"])
        self.c.ok("memory_undo", change=gone["change"])
        self.assertEqual(self.observations("car"), ["the car is green"])
        # The undo was of a deletion: it says nothing of the end.
        self.assertEqual(self.curate(rules=["expire"])["by_rule"],
                         {"expire": 1})
        self.assertEqual(self.observations("car"), ["the car is green"])
        self.db.verify()

    def test_expiry_goes_with_an_export(self):
        self.expiring()
        text = self.db.ctl("export", "-").stdout
        for line in map(json.loads, text.splitlines()):
            self.assertEqual("expires_at" in line,
                             line.get("name") in ("parking", "visa"), line)
        other = self.service(env=self.clock())
        other.ctl("import", "-", stdin=text)
        self.db, self.c = other, other.client()
        self.settings()
        self.assertEqual(self.curate(rules=["expire"])["moved"], 0)
        self.at(-375)
        self.assertEqual(self.curate(rules=["expire"])["by_rule"],
                         {"expire": 2})
        self.assertEqual(self.observations("car"), ["the car is green"])
        other.verify()

    def test_expiry_of_many_in_two_namespaces(self):
        for namespace in ("default", "project"):
            self.settings(namespace)
            self.c.ok("create_entities", namespace=namespace, entities=[
                dict(entity(f"{namespace} {k}", f"note {k}"), ttl_days=5)
                for k in range(200)])
            self.c.ok("create_entities", namespace=namespace, entities=[
                dict(entity(f"{namespace} large", *[
                    f"part {k} of it" for k in range(600)]), ttl_days=5)])
        self.at(-380)
        # Whoever gave an end decided: the brake does not count it.
        run = self.curate()
        self.assertEqual(run["by_rule"], {"expire": 201})
        self.assertEqual(self.graph(), [])
        self.db.kill()
        self.db.start(env=self.clock())
        self.c = self.db.client()
        self.assertEqual(self.curate(namespace="project")["by_rule"],
                         {"expire": 201})
        while not self.c.ok("memory_undo", run=run["run"],
                            sliced=True).get("done"):
            pass
        self.at(-396)
        self.assertEqual(len(self.graph(relations=False)), 201)
        self.db.verify()

    def test_unused_episodes_go_where_a_person_wants_it(self):
        self.c.ok("create_entities", entities=[
            dict(entity(f"old {k}", f"on day {k} it rained"), tier="episodic")
            for k in range(5)] + [dict(entity("new", "it rains"), tier="semantic")])
        self.c.ok("update_entity", name="old 0", pin=True)
        self.at(0)
        self.assertEqual(self.curate()["by_rule"].get("expire_unused"), None)
        run = self.curate(rules=["expire_unused"])
        self.assertEqual(run["by_rule"], {"expire_unused": 4})
        self.assertEqual(set(self.tiers()), {"old 0", "new"})
        self.c.ok("memory_undo", run=run["run"])
        self.assertEqual(len(self.tiers()), 6)
