"""Tiers: rules move entities, in slices, with a brake, a report and an undo."""
import json
import sqlite3

from curation_case import CurationCase
from harness import entity, wait_until


class Curation(CurationCase):

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

    def test_a_creation_is_undone_though_it_moved(self):
        self.at(-400)
        change = self.c.ok("create_entities", entities=[
            entity("old note", "nobody asks for it")])["change"]
        other = self.c.ok("create_entities", entities=[
            entity("by hand", "nobody asks for it")])["change"]
        self.c.ok("promote_to_tier", entity="by hand", tier="semantic")
        self.at(-300)
        self.curate()
        self.assertEqual(self.tiers()["old note"], "episodic")
        undone = self.c.ok("memory_undo", change=change)
        self.assertNotIn("old note", self.tiers())
        # What somebody decided stands in the way, and the error says how on.
        error = self.c.fails("conflict", "memory_undo", change=other)["error"]
        self.assertIn("cascade", error)
        # As it was, its tier too; and what has its name later begins anew.
        back = self.c.ok("memory_undo", change=undone["change"])
        self.assertEqual(self.tiers()["old note"], "episodic")
        self.c.ok("memory_undo", change=back["change"])
        self.c.ok("create_entities", entities=[entity("old note", "again")])
        self.assertEqual(self.tiers()["old note"], "working")

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

    def test_a_fact_confirmed_by_itself(self):
        """Its own age counts from there in recall; those of the others of its
        entity do not."""
        self.at(-400)
        self.c.ok("create_entities", entities=[
            entity("shed", "has two windows"),
            entity("hut", "has one window")])
        self.c.ok("create_entities", entities=[
            entity("gate", "the gate opens with a red key",
                   "the gate opens with a blue key"),
            entity("door", "the door opens with a red key")])

        def parts():
            got = self.c.ok("recall", query="what opens with a red or blue "
                            "key?", explain=True, limit=3)
            return {r["text"].split(" key")[0][4:]: r["parts"].get(
                "confirmed", 0) for r in got["results"]}
        self.at(-30)
        old = parts()
        self.assertEqual(len(set(old.values())), 1)
        change = self.c.ok("confirm", entity="gate", observation="the gate "
                           "opens with a blue key")["change"]
        now = parts()
        self.assertGreater(now["gate opens with a blue"],
                           10 * old["gate opens with a blue"])
        for other in ("gate opens with a red", "door opens with a red"):
            self.assertAlmostEqual(now[other], old[other], places=4)
        (e,) = self.c.ok("open_nodes", names=["gate"],
                         fields=["confirmed_at"])["entities"]
        self.assertNotIn("confirmed_at", e)
        # Curation sees an entity in use.
        self.c.ok("confirm", entity="hut", observation="has one window")
        self.curate()
        self.assertEqual((self.tiers()["hut"], self.tiers()["shed"]),
                         ("working", "episodic"))
        # Said of the whole entity it counts for all of it.
        self.c.ok("confirm", entity="gate")
        self.assertGreater(parts()["gate opens with a red"],
                           10 * old["gate opens with a red"])
        history = self.c.ok("memory_history", name="gate")["changes"]
        self.assertIn("fact_confirmed_at", [
            s["member"] for x in history for s in x.get("set", ())])
        self.c.ok("memory_undo", change=change)
        self.db.verify()

    def test_a_confirmed_fact_merges_with_its_branch(self):
        self.at(-400)
        self.c.ok("create_entities", entities=[
            entity("gate", "opens with a red key")])
        self.c.ok("memory_branch", action="create", name="b")
        self.at(-30)
        self.c.ok("confirm", entity="gate", branch="b",
                  observation="opens with a red key")
        self.c.ok("memory_merge", branch="b")
        (r,) = self.c.ok("recall", query="red key", explain=True)["results"]
        self.assertGreater(r["parts"]["confirmed"], .01)
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

    def test_a_clock_that_ran_ahead(self):
        """A run of a day that is yet to come keeps none of today from being
        due."""
        self.fill(3)
        self.c.ok("set_namespace_settings", settings={
            "curation": {"background": "tiers"}})

        def last():
            with sqlite3.connect(self.db.database) as file:
                row = file.execute("SELECT value FROM meta WHERE key ="
                                   " 'curated/1'").fetchone()
            return int(row[0]) if row else 0
        self.at(3000)
        wait_until(lambda: last() > 0, 60, 0.3, "it curates ahead of time")
        ahead = last()
        self.at(-300)
        wait_until(lambda: last() < ahead, 60, 0.3,
                   "it goes on when the clock is right again")

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

    # --- runs of many slices ------------------------------------------------
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

    def test_a_retry_amid_a_run(self):
        """More than a slice is left: the retry writes none of it, and the run
        goes on behind it."""
        self.fill(1200)
        self.at(-300)
        for _ in range(50):
            first = self.c.ok("curate", confirm=True, key="first")
            if first.get("change"):
                break
        self.assertFalse(first["done"], "a run of several slices")
        moved = self.tiers()
        again = self.c.ok("curate", confirm=True, key="first")
        self.assertFalse(again["done"])
        self.assertEqual(self.tiers(), moved)
        for _ in range(200):
            if self.c.ok("curate", confirm=True)["done"]:
                break
        self.assertEqual(set(self.tiers().values()), {"episodic"})
        self.db.verify()

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
