"""What curation makes: patterns of episodes, procedures, summaries of days."""
from curation_case import CurationCase
from harness import entity, wait_until


class Makers(CurationCase):

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
        # Asked again it is made again, once.
        self.assertEqual(self.curate(rules=["procedure"])["moved"], 1)
        self.assertEqual(self.curate(rules=["procedure"])["moved"], 0)
        self.db.verify()

    def test_nothing_is_made_of_what_has_an_end(self):
        self.sessions()
        for k in range(4):
            for text in ("checke", "ran th", "merged"):
                self.c.ok("update_entity", name=f"act {k} {text}",
                          ttl_days=300)
        self.at(-380)
        self.assertEqual(self.curate(rules=["procedure", "day_summary"])[
            "by_rule"], {})

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
