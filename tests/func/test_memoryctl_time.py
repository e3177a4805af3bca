"""memoryctl through time: log, diff, branch, merge, undo, revert."""
import json

from harness import TestCase, entity


class Time(TestCase):
    def setUp(self):
        self.db = self.service()
        self.person = self.db.client()
        self.person.ok("hello", {"protocol": 1, "client": "person",
                                 "session": "morning"})
        self.person.ok("create_entities", entities=[
            entity("ada", "likes tea", type="person")])
        self.agent = self.db.client()
        self.agent.ok("hello", {"protocol": 1, "client": "agent",
                                "session": "night"})

    def fails(self, code, *args):
        done = self.db.ctl(*args, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr

    def facts(self, *args):
        done = self.db.ctl("show", "ada", "-j", *args)
        reply = json.loads(done.stdout)
        return [f["text"] for f in reply["entities"][0]["facts"]]

    def agent_night(self):
        self.agent.ok("delete_observations", deletions=[
            {"entityName": "ada", "observations": ["likes tea"]}])
        return self.agent.ok("add_observations", observations=[
            {"entityName": "ada", "contents": ["likes rum\x1b[31m"]}])["change"]

    def test_what_did_the_agent_do_and_take_it_back(self):
        self.agent_night()
        text = self.db.ctl("log", "--session", "night").stdout
        self.assertIn("- ada: likes tea", text)
        self.assertIn("+ ada: likes rum\\x1b[31m", text)
        self.assertNotIn("morning", text)
        text = self.db.ctl("diff", "--from", "1").stdout
        self.assertEqual(text, "ada\n  - likes tea\n"
                         "  + likes rum\\x1b[31m\n")
        text = self.db.ctl("undo", "--session", "night", "--dry-run").stdout
        self.assertIn("would undo 2 changes: 1 fact goes, 1 comes back", text)
        self.assertEqual(self.facts(), ["likes rum\x1b[31m"])
        text = self.db.ctl("undo", "--session", "night").stdout
        self.assertIn("undid 2 changes", text)
        self.assertIn("this is change #4; undo 4 takes it back", text)
        self.assertEqual(self.facts(), ["likes tea"])
        self.db.ctl("undo", "4")
        self.assertEqual(self.facts(), ["likes rum\x1b[31m"])
        self.assertIn("no difference",
                      self.db.ctl("diff", "--from", "3").stderr)

    def test_undo_says_what_stands_in_the_way(self):
        self.person.ok("create_relations", relations=[
            {"from": "ada", "to": "ada", "relationType": "knows"}])
        error = self.fails(1, "undo", "1")
        self.assertIn("later changes build on it: 2", error)
        self.assertIn("later changes build on it: #2",
                      self.db.ctl("undo", "#1", "--dry-run").stdout)
        self.db.ctl("undo", "--change", "1", "--cascade")
        self.fails(1, "show", "ada")
        self.fails(100, "undo")
        self.fails(100, "undo", "one")
        self.fails(100, "undo", "1", "--cascade", "--skip")

    def test_branch_and_merge(self):
        self.db.ctl("branch", "create", "idea", "--about", "what if")
        self.db.ctl("--branch", "idea", "add", "ada", "likes rum")
        self.assertEqual(self.facts(), ["likes tea"])
        self.assertEqual(self.facts("--branch", "idea"),
                         ["likes tea", "likes rum"])
        row = json.loads(self.db.ctl("branch", "-j").stdout)
        self.assertEqual((row["name"], row["parent"], row["about"],
                          row["unmerged_changes"]),
                         ("idea", "main", "what if", True))
        self.assertIn("changes to merge", self.db.ctl("branch").stdout)
        self.assertEqual(self.db.ctl("diff", "--from-branch", "main",
                                     "--to-branch", "idea").stdout,
                         "ada\n  + likes rum\n")
        self.assertIn("would merge: 1 fact added",
                      self.db.ctl("merge", "idea", "--dry-run").stdout)
        self.assertEqual(self.facts(), ["likes tea"])
        self.assertIn("merged: 1 fact added",
                      self.db.ctl("merge", "idea").stdout)
        self.assertEqual(self.facts(), ["likes tea", "likes rum"])
        self.assertEqual(self.db.ctl("merge", "idea").stdout,
                         "nothing to merge\n")
        self.db.ctl("branch", "discard", "idea")
        self.fails(1, "merge", "idea")
        self.fails(100, "branch", "grow", "idea")

    def test_a_conflict_is_told(self):
        self.db.ctl("branch", "create", "idea")
        for branch, tier in (("idea", "semantic"), ("main", "episodic")):
            self.person.ok("update_entity", name="ada", tier=tier,
                           branch=branch)
        done = self.db.ctl("merge", "idea", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("! ada: tier stays episodic; the branch says semantic",
                      done.stdout)

    def test_revert(self):
        self.agent_night()
        self.assertIn("ada is as at version 1: 1 fact removed, 1 restored; "
                      "now version 4",
                      self.db.ctl("revert", "ada", "1").stdout)
        self.assertEqual(self.facts(), ["likes tea"])
        self.assertIn("already", self.db.ctl("revert", "ada", "1").stdout)
        self.fails(1, "revert", "ada", "9")
        self.fails(100, "revert", "ada", "first")
        self.db.verify()
