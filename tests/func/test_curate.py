"""Tiers: rules move entities, in slices, with a brake, a report and an undo."""
import json

from harness import TestCase, entity, wait_until

DAY = 24 * 3600 * 1000


class Curation(TestCase):
    timeout = 240

    def setUp(self):
        self.day = -400
        self.db = self.service(env=self.clock())
        self.c = self.db.client()
        # What the service does by itself has a test of its own.
        self.settings()

    def settings(self, namespace="default", **more):
        self.c.ok("set_namespace_settings", namespace=namespace, settings={
            "curation": {"background": "off", **more}})

    def clock(self):
        return {"MEMORY_TEST_CLOCK_OFFSET_MS": str(self.day * DAY)}

    def at(self, day):
        """The service goes on at another day."""
        self.day = day
        self.db.stop()
        self.db.start(env=self.clock())
        self.c = self.db.client()

    def tiers(self, **params):
        got, cursor = {}, {}
        while True:
            r = self.c.ok("read_graph", fields=["name", "tier"], **params,
                          **cursor)
            got.update({e["name"]: e["tier"] for e in r["entities"]})
            if "next" not in r:
                return got
            cursor = {"cursor": r["next"]}

    def curate(self, **params):
        moves = []
        while True:
            r = self.c.ok("curate", **params)
            moves += r["moves"]
            if "next" in r:
                params["cursor"] = r["next"]
            elif r.get("done") is not False:
                r["moves"] = moves
                return r

    def use(self, name, question, times):
        for _ in range(times):
            got = self.c.ok("recall", query=question)
            self.assertTrue(got["relevant"], got)
        # Uses reach the file behind the answer.
        wait_until(lambda: self.c.ok(
            "open_nodes", names=[name], fields=["access_count"])["entities"][0][
                "access_count"] >= times, why="uses are counted")

    def seed(self):
        self.c.ok("create_entities", entities=[
            entity("standup", "the standup of monday was short"),
            entity("deploy", "the deployment needs two approvals of managers"),
            entity("pinned", "the printer is on floor two"),
            entity("rule", "Always answer in French"),
            entity("build", "run make, then make test", type="Skill")])
        self.c.ok("update_entity", name="pinned", pin=True)

    def test_moves_dry_run_report_and_undo(self):
        self.seed()
        self.at(-390)
        self.use("deploy", "how many approvals does a deployment need?", 5)
        before = self.tiers()
        dry = self.curate(dry_run=True)
        self.assertEqual({(m["entity"], m["rule"], m["from"], m["to"])
                          for m in dry["moves"]
                          if m["rule"] != "confirm_used"},
                         {("build", "know_how", "working", "procedural"),
                          ("deploy", "promote_used", "working", "semantic")})
        self.assertEqual([m["entity"] for m in dry["moves"]
                          if m["rule"] == "confirm_used"], ["deploy"])
        self.assertEqual(self.tiers(), before)
        self.assertNotIn("change", dry)
        self.at(-360)
        run = self.curate()
        self.assertEqual(self.tiers(), {
            "standup": "episodic", "deploy": "semantic", "pinned": "working",
            "rule": "working", "build": "procedural"})
        why = [m for m in run["moves"] if m["entity"] == "standup"][0]
        self.assertIn("40 days old", why["reason"])
        self.assertEqual(why["rule"], "to_episodic")
        # The report says the same afterwards, and the log knows the change.
        report = self.c.ok("curation_report", run=run["run"])
        self.assertEqual([m["entity"] for m in report["moves"]],
                         [m["entity"] for m in run["moves"]])
        (told,) = self.c.ok("curation_report")["runs"]
        self.assertEqual(told["run"], run["run"])
        change = self.c.ok("memory_history", name="standup")["changes"][0]
        self.assertEqual(change["kind"], "curate")
        self.assertIn("to_episodic", change["message"])
        self.assertEqual(change["set"][0]["member"], "tier")
        self.assertEqual(change["set"][0]["to"], "episodic")
        # Nothing is left to do, and one undo takes all back.
        self.assertEqual(self.curate()["moved"], 0)
        self.c.ok("memory_undo", run=run["run"])
        self.assertEqual(self.tiers(), before)
        # What was taken back is not done again the next night.
        self.at(-359)
        self.assertEqual(self.curate()["moved"], 0)
        self.assertEqual(self.tiers(), before)
        self.db.verify()

    def test_by_hand(self):
        self.seed()
        self.at(-300)
        r = self.c.ok("promote_to_tier", entity="standup", tier="procedural",
                      reason="it is how we work")
        self.assertEqual((r["from"], r["tier"]), ("working", "procedural"))
        self.c.ok("promote_to_tier", entity="standup", tier="working",
                  reason="or not")
        change = self.c.ok("memory_history", name="standup")["changes"][0]
        self.assertEqual(change["message"], "or not")
        self.curate()
        self.assertEqual(self.tiers()["standup"], "working")
        self.at(-260)
        self.curate()
        self.assertEqual(self.tiers()["standup"], "episodic")
        self.c.fails("not_found", "promote_to_tier",
                     dict(entity="standdown", tier="semantic"))
        self.c.fails("denied", "promote_to_tier", dict(
            entity="standup", tier="semantic",
            reason="token ghp_" + "a1B2c3D4e5" * 3 + "f6G7H8"))

    def test_confirm(self):
        self.seed()
        self.at(-360)
        got = self.c.ok("confirm", entity="standup")
        (e,) = self.c.ok("open_nodes", names=["standup"],
                         fields=["confirmed_at"])["entities"]
        self.assertEqual(e["confirmed_at"], got["confirmed_at"])
        # Confirmed a moment ago: not quiet, so it stays where it is.
        self.curate()
        self.assertEqual(self.tiers()["standup"], "working")
        self.c.ok("confirm", entity="deploy",
                  observation="the deployment needs two approvals of managers")
        (e,) = self.c.ok("open_nodes", names=["deploy"],
                         fields=["facts"])["entities"]
        self.assertIn("confirmed_at", e["facts"][0]["metadata"])
        self.c.fails("not_found", "confirm", dict(entity="deploy",
                                                  observation="no"))
        change = self.c.ok("memory_history", name="standup")["changes"][0]
        self.assertEqual(change["set"][0]["member"], "confirmed_at")
        self.c.ok("memory_undo", change=change["change"])
        (e,) = self.c.ok("open_nodes", names=["standup"],
                         fields=["confirmed_at"])["entities"]
        self.assertNotIn("confirmed_at", e)
        self.db.verify()

    def test_settings_and_rules(self):
        self.seed()
        self.at(-380)
        self.assertEqual(self.curate(rules=["to_episodic"])["moved"], 0)
        self.settings(rules={"to_episodic": {"age_days": 10},
                             "know_how": False})
        run = self.curate()
        self.assertEqual(run["by_rule"], {"to_episodic": 3})
        # A rule that is asked for by name runs although it is off.
        self.assertEqual(self.curate(rules=["know_how"])["by_rule"],
                         {"know_how": 1})
        for bad in ({"rules": {"to_episodical": False}}, {"brake": 1},
                    {"rules": {"settle": {"age": 1}}}, {"brake_share": 2},
                    {"background": "on"}):
            e = self.c.fails("invalid", "set_namespace_settings",
                             dict(settings={"curation": bad}))
        self.c.fails("invalid", "curate", dict(rules=["setle"]))

    def test_brake(self):
        for k in range(3):
            self.c.ok("create_entities", entities=[
                entity(f"note {k} {i}", f"text {i} of {k}") for i in range(50)])
        self.at(-300)
        before = self.tiers()
        run = self.curate()
        self.assertIn("150 of 150", run["stopped"])
        self.assertEqual(run["moved"], 0)
        self.assertEqual(self.tiers(), before)
        self.assertIn("150 of 150",
                      self.c.ok("curation_report")["runs"][0]["stopped"])
        out = self.db.ctl("curate", check=False)
        self.assertIn("150 of 150", out.stderr)
        self.assertEqual(out.returncode, 1)
        self.db.ctl("curate", "--confirm")
        self.assertEqual(set(self.tiers().values()), {"episodic"})

    def test_other_namespace_and_branch(self):
        self.seed()
        self.c.ok("create_entities", namespace="p",
                  entities=[entity("other", "text")])
        self.c.ok("memory_branch", action="create", name="trial")
        self.at(-300)
        self.curate(branch="trial")
        self.assertEqual(self.tiers(branch="trial")["standup"], "episodic")
        self.assertEqual(self.tiers()["standup"], "working")
        self.curate(namespace="p")
        self.assertEqual(self.tiers()["standup"], "working")
        self.assertEqual(self.tiers(namespace="p")["other"], "episodic")
        self.c.ok("memory_merge", branch="trial")
        self.assertEqual(self.tiers()["standup"], "episodic")
        self.assertEqual(self.tiers()["pinned"], "working")
        self.db.verify()

    def test_memoryctl(self):
        self.seed()
        self.at(-300)
        out = self.db.ctl("curate", "--dry-run").stdout
        self.assertIn("to_episodic", out)
        self.assertIn("would do: ", out)
        out = self.db.ctl("curate").stdout
        self.assertIn("done: ", out)
        self.assertIn("standup", out)
        self.assertIn("standup", self.db.ctl("curate", "--report",
                                             "last").stdout)
        self.assertIn("to_episodic", self.db.ctl("curate", "--runs").stdout)
        row = json.loads(self.db.ctl("curate", "--json").stdout)
        self.assertEqual(row["moved"], 0)

    def test_agents(self):
        self.seed()
        self.at(-300)
        with self.mcp(self.db, ["--tools", "order"]) as m:
            got = m.ok("curate", {"dry_run": True})
            self.assertEqual(len(got["moves"]), 3, got)
            m.ok("curate", {})
            m.ok("confirm", {"entity": "deploy"})
        self.assertEqual(self.tiers()["standup"], "episodic")

    def test_export_and_replay(self):
        self.seed()
        self.at(-300)
        self.c.ok("confirm", entity="deploy")
        self.curate()
        text = self.db.ctl("export", "--all", "-").stdout
        other = self.service()
        other.ctl("import", "-", stdin=text)
        again = other.ctl("export", "--all", "-").stdout
        self.assertEqual(again.splitlines()[1:], text.splitlines()[1:])
        other.verify()

    # --- confirmation by repetition -----------------------------------------
    def confirmed(self, name, **params):
        (e,) = self.c.ok("open_nodes", names=[name], fields=[
            "name", "confirmed_at"], **params)["entities"]
        return e.get("confirmed_at")

    def tell(self, text, name="ada", **params):
        r = self.c.ok("add_observations", observations=[
            dict(entityName=name, contents=[text])], **params)
        return r["results"][0]

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
        self.assertTrue(self.confirmed("zoe"))
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

    def date(self, days):
        import datetime
        return (datetime.datetime.now(datetime.timezone.utc)
                + datetime.timedelta(days=self.day + days)).date().isoformat()

    def seen(self, **params):
        """Names that each kind of read gives."""
        found = self.c.ok("search_nodes", query="car", **params)["results"]
        told = self.c.ok("recall", query="where does the car stand?",
                         **params)["results"]
        graph = [e["name"] for e in self.graph(**params) if "name" in e]
        return ({e["name"] for e in found}, {r["name"] for r in told},
                set(graph))

    def test_expiry(self):
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
        dry = self.curate(dry_run=True)
        self.assertEqual([(m["entity"], m["rule"], m["to"])
                          for m in dry["moves"]], [("parking", "expire", None)])
        self.assertEqual(dry["moves"][0]["from"][:10], self.date(-3))
        run = self.curate()
        self.assertEqual(run["by_rule"], {"expire": 1})
        self.assertEqual(self.seen(), ({"visa", "car"},) * 3)
        self.assertEqual(self.c.ok("curation_report", run=run["run"])["moves"][
            0]["entity"], "parking")
        self.assertEqual(self.curate()["moved"], 0)
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
        (e,) = self.c.ok("open_nodes", names=["car"])["entities"]
        self.assertEqual(len(e["observations"]), 2)
        self.db.verify()
        text = self.db.ctl("export", "--all", "-").stdout
        other = self.service()
        other.ctl("import", "-", stdin=text)
        self.assertEqual(other.ctl("export", "--all", "-").stdout
                         .splitlines()[1:], text.splitlines()[1:])
        other.verify()

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

    # --- runs of many slices ------------------------------------------------
    def fill(self, n, prefix="n", **params):
        for i in range(0, n, 250):
            self.c.ok("create_entities", entities=[
                entity(f"{prefix}{k}", f"text {k} about thing {k % 7}")
                for k in range(i, min(i + 250, n))], **params)

    def graph(self, **params):
        """All that reads tell of the present state."""
        got, cursor = [], {}
        while True:
            r = self.c.ok("read_graph", fields=["name", "type", "observations",
                                                "tier", "pin", "confirmed_at",
                                                "metadata"],
                          **params, **cursor)
            got += r["entities"] + r["relations"]
            if "next" not in r:
                return got
            cursor = {"cursor": r["next"]}

    def test_killed_run_goes_on_and_is_undone_as_one(self):
        self.fill(1500)
        self.at(-300)
        before = self.graph()
        first = self.c.ok("curate", confirm=True)
        while not first.get("change"):
            first = self.c.ok("curate", confirm=True)
        self.assertFalse(first["done"])
        for _ in range(3):
            self.c.ok("curate", confirm=True)
            self.db.kill()
            self.db.start(env=self.clock())
            self.c = self.db.client()
        run = self.curate(confirm=True)
        self.assertEqual(run["run"], first["run"])
        self.assertEqual(run["moved"], 1500)
        self.assertEqual(set(self.tiers().values()), {"episodic"})
        self.db.verify()
        while not self.c.ok("memory_undo", run=run["run"],
                            sliced=True).get("done"):
            pass
        self.assertEqual(self.graph(), before)
        self.db.verify()

    def test_a_retry_of_a_slice_does_nothing_twice(self):
        self.fill(300)
        self.at(-300)
        a = self.c.ok("curate", confirm=True, key="once")
        b = self.c.ok("curate", confirm=True, key="once")
        self.assertEqual(a["moved"], b["moved"])

    def test_by_itself(self):
        self.fill(600)
        self.fill(80, "p", namespace="project")
        self.fill(80, "off", namespace="quiet")
        self.c.ok("set_namespace_settings", namespace="quiet",
                  settings={"curation": {"background": "off"}})
        self.c.ok("set_namespace_settings",
                  settings={"curation": {"brake_least": 1000}})
        self.at(-300)
        wait_until(lambda: set(self.tiers().values()) == {"episodic"}, 60,
                   0.3, "the service curates by itself")
        def own(namespace, prefix):
            # Reads of a project cover `default`, too.
            return {t for name, t in self.tiers(namespace=namespace).items()
                    if name.startswith(prefix)}
        wait_until(lambda: own("project", "p") == {"episodic"}, 60, 0.3,
                   "each namespace")
        self.assertEqual(own("quiet", "off"), {"working"})
        (run,) = self.c.ok("curation_report")["runs"]
        self.assertEqual(run["by_rule"], {"to_episodic": 600})
        task = [t for t in self.c.ok("get_memory_status")["background"]
                if t["name"] == "curation"][0]
        self.assertNotEqual(task["outcome"], "failed")
        # Not again before the next day.
        self.fill(3, "late")
        self.assertEqual(len(self.c.ok("curation_report")["runs"]), 1)
        self.db.verify()

    def test_a_year(self):
        """52 weeks of use: the working set stays small, pins and instructions
        stand, and nothing is lost."""
        said, sizes = {}, []
        self.seed()
        for week in range(52):
            self.at(-400 + 7 * week)
            for k in range(8):
                name = f"w{week} {k}"
                change = self.c.ok("create_entities", entities=[entity(
                    name, f"in week {week} item {k} was made",
                    type=["note", "task", "person"][k % 3])])["change"]
                said[name] = change
            self.c.ok("recall", query=f"item {week % 8} of week {week}")
            if week % 5 == 0:
                self.c.ok("confirm", entity=f"w{week} 1")
            self.curate()
            sizes.append(sum(t == "working" for t in self.tiers().values()))
        print("working set by week:", sizes, flush=True)
        # Eight a week, five weeks until they are old.
        self.assertLess(max(sizes[10:]), 8 * 8)
        tiers = self.tiers()
        self.assertEqual((tiers["pinned"], tiers["rule"]),
                         ("working", "working"))
        for name, change in said.items():
            (e,) = self.c.ok("open_nodes", names=[name],
                             as_of=change)["entities"]
            (now,) = self.c.ok("open_nodes", names=[name])["entities"]
            self.assertEqual(e["observations"], now["observations"])
        self.db.verify()
        text = self.db.ctl("export", "--all", "-").stdout
        other = self.service()
        other.ctl("import", "-", stdin=text)
        again = other.ctl("export", "--all", "-").stdout
        self.assertEqual(again.splitlines()[1:], text.splitlines()[1:])
        other.verify()

    # --- consolidation --------------------------------------------------------
    EPISODES = {
        "deploy 2026-05-03": "deployed the api with make release after review",
        "deploy 2026-05-09": "deployed the api with make release after a review",
        "deploy 2026-05-20": "deployed the api with make release after review "
                             "by Zoe",
        "lunch 2026-05-09": "had noodles with Ben near the station",
        "lunch 2026-05-12": "discussed the budget of the museum with Eve",
    }

    def episodes(self, **params):
        self.c.ok("create_entities", entities=[
            dict(entity(name, text, type="event"), tier="episodic")
            for name, text in self.EPISODES.items()], **params)

    def test_similar_episodes_become_one(self):
        self.episodes()
        self.at(-380)
        before = self.graph()
        dry = self.curate(dry_run=True, rules=["consolidate"])
        self.assertEqual([(m["entity"], m["to"]) for m in dry["moves"]],
                         [("deploy 2026-05-03", None)])
        self.assertEqual(self.graph(), before)
        run = self.curate(rules=["consolidate"])
        self.assertEqual(run["by_rule"], {"consolidate": 1})
        (made,) = self.c.ok("open_nodes", names=["deploy (pattern)"], fields=[
            "name", "type", "tier", "facts"])["entities"]
        self.assertEqual((made["type"], made["tier"]), ("event", "semantic"))
        # Their own words, each with the fact it is from.
        texts = {f["text"] for f in made["facts"]}
        self.assertTrue(texts and texts <= set(self.EPISODES.values()), texts)
        relations = self.c.ok("open_nodes", names=["deploy (pattern)"],
                              )["relations"]
        self.assertEqual({(r["relationType"], r["to"]) for r in relations},
                         {("derived_from", n) for n in self.EPISODES
                          if n.startswith("deploy")})
        # The sources are as they were, and nothing is left of the branch.
        now = {e["name"]: e for e in self.graph() if "name" in e}
        for e in before:
            self.assertEqual(now[e["name"]], e)
        self.assertEqual(self.c.ok("memory_branch",
                                   action="list")["branches"], [])
        # A second run finds nothing new; a fact that is taken away makes what
        # was derived from it doubtful.
        self.assertEqual(self.curate(rules=["consolidate"])["moved"], 0)
        self.db.verify()
        text = self.db.ctl("export", "--all", "-").stdout
        other = self.service()
        other.ctl("import", "-", stdin=text)
        self.assertEqual(other.ctl("export", "--all", "-").stdout
                         .splitlines()[1:], text.splitlines()[1:])
        other.verify()
        report = self.c.ok("curation_report", run=run["run"])
        self.assertEqual(report["moves"][0]["entity"], "deploy (pattern)")
        self.c.ok("memory_undo", run=run["run"])
        self.assertEqual(self.graph(), before)
        self.db.verify()

    # --- procedures -----------------------------------------------------------
    def sessions(self, n=4, **params):
        for k in range(n):
            for text in ("checked out branch {} of the api",
                         "ran the tests of build {}",
                         "merged the request {} into main"):
                self.c.ok("create_entities", session=f"s{k}", entities=[dict(
                    entity(f"act {k} {text[:6]}", text.format(k * 7),
                           type="action"), tier="episodic")], **params)
            self.c.ok("add_observations", session=f"s{k}", observations=[{
                "entityName": f"act {k} merged",
                "contents": [["the weather was fine", "lunch with Ben",
                              "a call about budgets", "nothing else"][k % 4]],
            }], **params)

    STEPS = ["1. checked out branch 0 of the api", "2. ran the tests of build 0",
             "3. merged the request 0 into main"]

    def test_repeated_steps_become_a_procedure(self):
        self.sessions()
        self.sessions(2, namespace="project")
        self.at(-380)
        before = self.graph()
        dry = self.curate(dry_run=True, rules=["procedure"])
        self.assertEqual([(m["entity"], m["rule"]) for m in dry["moves"]],
                         [("act 0 checke", "procedure")])
        self.assertIn("3 steps, done 4 times", dry["moves"][0]["reason"])
        self.assertEqual(self.graph(), before)
        # Not by itself: it makes new entities.
        self.assertNotIn("procedure", self.curate()["by_rule"])
        run = self.curate(rules=["procedure"])
        self.assertEqual(run["by_rule"], {"procedure": 1})
        name = run["moves"][0]["entity"]
        (made,) = self.c.ok("open_nodes", names=[name], fields=[
            "type", "tier", "observations"])["entities"]
        self.assertEqual((made["type"], made["tier"]),
                         ("procedure", "procedural"))
        self.assertEqual(made["observations"], self.STEPS)
        got = self.c.ok("open_nodes", names=[name])["relations"]
        self.assertEqual({(r["relationType"], r["to"]) for r in got},
                         {("derived_from", f"act {k} {t}") for k in range(4)
                          for t in ("checke", "ran th", "merged")})
        # Once; a branch nobody sees is gone; two sessions are no pattern.
        self.assertEqual(self.curate(rules=["procedure"])["moved"], 0)
        self.assertEqual(self.c.ok("memory_branch",
                                   action="list")["branches"], [])
        self.assertEqual(self.curate(rules=["procedure"],
                                     namespace="project")["moved"], 0)
        self.db.verify()
        # A source that goes makes the step doubtful.
        self.c.ok("memory_undo", run=run["run"])
        self.assertNotIn(name, self.tiers())
        self.db.verify()

    def test_a_procedure_of_entities_without_sessions(self):
        for k in range(3):
            self.c.ok("create_entities", entities=[dict(entity(
                f"release {k}", f"bumped the version to 1.{k}",
                f"tagged the commit of version 1.{k}",
                f"uploaded archive {k} of the release"), tier="episodic")])
        self.c.ok("create_entities", entities=[dict(entity(
            "other", "bumped the version to 2", "went home early"),
            tier="episodic")])
        self.at(-380)
        self.settings(rules={"procedure": {"uses": 4}})
        self.assertEqual(self.curate(rules=["procedure"])["moved"], 0)
        self.settings(rules={"procedure": {"uses": 3}})
        done, steps = None, 0
        while not done:
            r = self.c.ok("curate", rules=["procedure"])
            done = r["done"]
            self.db.kill()
            self.db.start(env=self.clock())
            self.c = self.db.client()
            steps += 1
            self.assertLess(steps, 40)
        made = [e for e in self.graph() if e.get("type") == "procedure"
                or "(procedure)" in e.get("name", "")]
        self.assertEqual(len(made), 1, made)
        self.assertEqual(len(made[0]["observations"]), 3)
        self.db.verify()

    # --- days -----------------------------------------------------------------
    def noted(self, **params):
        self.c.ok("create_entities", entities=[
            entity("ada", "works at Initech.", "does not work at Globex",
                   type="person"),
            entity("Initech", "makes printers", type="company"),
            entity("Globex", "makes paper", type="company"),
            entity("deploy", "deployed the api with make release",
                   "rolled the api back because of an error",
                   "deployed the api with make release again"),
            entity("lunch", "had noodles")], **params)

    def test_a_day_is_summarised_once(self):
        self.noted()
        self.noted(namespace="project")
        name = "day " + self.date(0)
        # The day is not over.
        self.assertEqual(self.curate(rules=["day_summary"])["moved"], 0)
        self.at(-397)
        before = self.graph()
        dry = self.curate(dry_run=True, rules=["day_summary"])
        self.assertEqual([(m["entity"], m["rule"]) for m in dry["moves"]],
                         [(name, "day_summary")])
        run = self.curate(rules=["day_summary"])
        self.assertEqual([m["entity"] for m in run["moves"]], [name])
        (made,) = self.c.ok("open_nodes", names=[name], fields=[
            "type", "tier", "observations"])["entities"]
        self.assertEqual((made["type"], made["tier"]),
                         ("day_summary", "semantic"))
        self.assertIn(made["observations"][0], (
            "deploy: deployed the api with make release",
            "deploy: deployed the api with make release again"))
        self.assertLessEqual(len(made["observations"]), 5)
        got = {(r["from"], r["relationType"], r["to"])
               for r in self.c.ok("read_graph")["relations"]}
        self.assertIn(("ada", "works at", "Initech"), got)
        self.assertFalse([r for r in got if r[2] == "Globex"
                          and r[1] != "derived_from"], got)
        self.assertIn((name, "derived_from", "ada"), got)
        # What comes later makes no second one, nor does a second run.
        self.c.ok("add_observations", observations=[{
            "entityName": "deploy", "contents": [dict(
                text="the api was down", source_timestamp=self.date(-3))]}])
        self.assertEqual(self.curate(rules=["day_summary"])["moved"], 0)
        self.assertNotIn(name, {e["name"] for e in self.c.ok(
            "read_graph", namespace="project")["entities"]
            if e.get("namespace") == "project"})
        self.db.verify()
        text = self.db.ctl("export", "--all", "-").stdout
        other = self.service()
        other.ctl("import", "-", stdin=text)
        self.assertEqual(other.ctl("export", "--all", "-").stdout
                         .splitlines()[1:], text.splitlines()[1:])
        other.verify()
        self.c.ok("memory_undo", run=run["run"])
        self.assertNotIn(name, self.tiers())
        self.assertEqual(self.curate(rules=["day_summary"])["moved"], 0)
        self.c.ok("delete_observations", deletions=[{
            "entityName": "deploy", "observations": ["the api was down"]}])
        self.assertEqual(self.graph(), before)

    def test_days_at_night_by_itself(self):
        self.c.ok("set_namespace_settings", settings={"curation": {
            "background": "all", "rules": {"day_summary": True}}})
        self.noted()
        name = "day " + self.date(0)
        self.at(-397)
        wait_until(lambda: name in self.tiers(), 30, 0.3, "a summary at night")
        self.db.verify()

    def test_consolidation_beside_writes_and_killed(self):
        self.episodes()
        self.at(-380)
        done = run = None
        step = 0
        while not done:
            r = self.c.ok("curate", rules=["consolidate"])
            done, run = r["done"], r.get("run", run)
            if not done:
                # Until it is merged nobody sees anything of it.
                self.c.ok("create_entities", entities=[
                    entity(f"beside {step}", "x")])
                self.db.kill()
                self.db.start(env=self.clock())
                self.c = self.db.client()
            step += 1
            self.assertLess(step, 20)
        self.assertGreater(step, 3)
        self.assertIn("deploy (pattern)", self.tiers())
        self.db.verify()

    def test_consolidation_is_braked(self):
        self.c.ok("create_entities", entities=[
            dict(entity(f"run {i}", "the nightly import of prices ended well",
                        type="event"), tier="episodic") for i in range(60)])
        self.settings(brake_least=10)
        self.at(-380)
        before = self.graph()
        run = self.curate(rules=["consolidate"])
        self.assertIn("stopped", run)
        self.assertEqual(self.graph(), before)
        self.assertEqual(self.c.ok("memory_branch",
                                   action="list")["branches"], [])
        self.db.verify()

    # --- of scripts and agents ------------------------------------------------
    def test_classify_content(self):
        for text, tier, kind in (
                ("Always answer in French.", "procedural", "instruction"),
                ("1. run make\n2. run make test\n3. tag it", "procedural",
                 "procedure"),
                ("First run make, then make test.", "procedural",
                 "procedure"),
                ("Zoe lives in Oslo and works at Initech.", "semantic", None),
                ("qux?", "working", "note")):
            got = self.c.ok("classify_content", text=text)
            self.assertEqual(got["tier"], tier, (text, got))
            if kind:
                self.assertEqual(got["type"], kind)
            self.assertTrue(got["reason"])
        got = self.c.ok("execute_code", code="""
            return memory.classify_content("Never push on a Friday").tier""")
        self.assertEqual(got["result"], "procedural")

    def test_analyze_patterns(self):
        for k in range(4):
            for text in ("checked out branch {}", "ran the tests of build {}",
                         "merged request {}"):
                self.c.ok("create_entities", session=f"s{k}", entities=[dict(
                    entity(f"act {k} {text[:6]}", dict(
                        text=text.format(k * 7), tags=["ci"]),
                        type="action"))])
        got = self.c.ok("analyze_patterns")
        (seq,) = [p for p in got["patterns"] if p["kind"] == "sequence"]
        self.assertEqual(seq["count"], 4)
        self.assertEqual(len(seq["steps"]), 3)
        self.assertIn({"kind": "type", "value": "action", "count": 12},
                      got["patterns"])
        self.assertIn({"kind": "tag", "value": "ci", "count": 12},
                      got["patterns"])
        pages, cursor = [], {}
        while True:
            r = self.c.ok("analyze_patterns", limit=1, **cursor)
            pages += r["patterns"]
            if "next" not in r:
                break
            cursor = {"cursor": r["next"]}
        self.assertEqual(pages, got["patterns"])
        self.assertEqual(self.c.ok("analyze_patterns", namespace="other")
                         ["patterns"], [])
        got = self.c.ok("execute_code", code="""
            return memory.analyze_patterns{limit = 1}.patterns[1].kind""")
        self.assertEqual(got["result"], "sequence")

