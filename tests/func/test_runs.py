"""Merge, undo, revert and forget of more than one change can hold."""
import json
import sqlite3

from harness import TestCase, entity

BIG = 10_200        # facts: more than the 10,000 of one change
PART = 2_000


class Runs(TestCase):
    def setUp(self):
        self.db = self.service()
        self.client = self.db.client(timeout=60)

    def fill(self, name, n=BIG, **params):
        """n facts, 2,000 a change; the last change."""
        for i in range(0, n, PART):
            reply = self.client.ok("create_entities", entities=[entity(
                name, *(f"fact {k} of {name}" for k in range(
                    i, min(i + PART, n))))], **params)
        return reply["change"]

    def count(self, name, **params):
        n, cursor = 0, {}
        while True:
            r = self.client.ok("open_nodes", names=[name], **params, **cursor)
            if not r["entities"] and not n:
                return None
            n += sum(len(e["observations"]) for e in r["entities"])
            if not r.get("next"):
                return n
            cursor = {"cursor": r["next"]}

    def facts(self, **params):
        """All that a branch shows, by a diff from nothing."""
        found, cursor = set(), {}
        while True:
            r = self.client.ok("memory_diff", **params, **cursor)
            for e in r["entities"]:
                found |= {(e["entity"], f)
                          for f in e.get("added", [])}
            if not r.get("next"):
                return found
            cursor = {"cursor": r["next"]}

    def refused(self, method, **params):
        reply = self.client.call(method, params)
        self.assertEqual(reply.get("code"), "limit", reply)
        self.assertIn("sliced", reply["error"])
        self.assertRegex(reply["error"], r"touches 1\d{4} facts")

    def slices(self, method, kill=False, **params):
        """Repeats the call until it is done; the replies."""
        replies = []
        while not replies or not replies[-1]["done"]:
            replies.append(self.client.ok(method, sliced=True, **params))
            self.assertLess(len(replies), 60)
            if kill and len(replies) == 1 and not replies[-1]["done"]:
                self.db.verify()
                self.db.kill()
                self.db.start()
                self.client = self.db.client(timeout=60)
        self.assertEqual({r["run"] for r in replies}, {replies[0]["run"]})
        self.assertEqual(replies[-1]["remaining"], 0)
        self.assertGreater(len(replies), 2)
        return replies

    def unfinished(self):
        return self.client.ok("memory_branch", action="list").get(
            "unfinished", [])

    def branch_work(self):
        """More on a branch than one change holds: new, changed, gone."""
        self.fill("gone", 3_000)
        self.fill("kept", 500)
        self.client.ok("memory_branch", action="create", name="b")
        self.fill("new", 6_000, branch="b")
        self.fill("kept", 2_500, branch="b")
        self.client.ok("delete_entities", entityNames=["gone"], branch="b")
        for i in range(3):
            self.client.ok("create_entities", branch="b", entities=[
                entity(f"e{i}.{k}", "one", "two") for k in range(400)])
            self.client.ok("create_relations", branch="b", relations=[
                {"from": f"e{i}.{k}", "to": "new", "relationType": "of"}
                for k in range(300)])
        self.client.ok("update_entity", name="kept", pin=True, branch="b")

    def test_merge(self):
        self.branch_work()
        self.refused("memory_merge", branch="b")
        first = self.client.ok("memory_merge", branch="b", sliced=True)
        self.assertFalse(first["done"])
        self.assertEqual([(x["run"], x["branch"], x["changes"])
                          for x in self.unfinished()],
                         [(first["run"], "b", [first["change"]])])
        reply = self.client.call("memory_merge", {"branch": "b"})
        self.assertEqual(reply["code"], "conflict")
        self.assertIn(first["run"], reply["error"])
        # What happens meanwhile stays: here a deletion, there an addition.
        self.client.ok("delete_entities", entityNames=["kept"])
        self.client.ok("create_entities", branch="b", entities=[
            entity("late", "after the merge began")])
        replies = self.slices("memory_merge", branch="b", kill=True)
        self.assertEqual(replies[0]["run"], first["run"])
        self.assertEqual(self.unfinished(), [])
        self.assertIsNone(self.count("gone"))
        self.assertEqual(self.count("new"), 6_000)
        self.assertIsNone(self.count("late"))
        graph = self.client.ok("read_graph", relations=True, limit=1)
        self.assertEqual(self.client.ok("get_memory_status")
                         ["total_relations"], 900, graph)
        self.db.verify()
        # What came later on the branch comes with the next merge.
        self.client.ok("memory_merge", branch="b")
        self.assertEqual(self.count("late"), 1)
        self.assertNotIn("change", self.client.ok("memory_merge", branch="b"))
        # The run as a whole is taken back.
        self.client.ok("memory_undo", change=self.client.ok(
            "memory_history", limit=1)["changes"][0]["change"])
        self.slices("memory_undo", run=first["run"])
        self.assertIsNone(self.count("new"))
        self.assertEqual(self.count("gone"), 3_000)
        self.db.verify()

    def test_merge_of_little_behind_much(self):
        """Slices that only pass what was merged before get on, too."""
        self.client.ok("create_entities", entities=[entity("zoe", "last")])
        self.client.ok("memory_branch", action="create", name="b")
        self.fill("ada", branch="b")
        self.slices("memory_merge", branch="b")
        self.client.ok("create_entities", branch="b", entities=[
            entity("yan", "new")])
        replies = []
        while not replies or not replies[-1]["done"]:
            replies.append(self.client.ok("memory_merge", branch="b",
                                          sliced=True))
            self.assertLess(len(replies), 10)
        self.assertEqual({r["run"] for r in replies}, {replies[0]["run"]})
        self.assertNotIn("change", replies[0])
        self.assertEqual(replies[-1]["added"], 2)
        self.assertEqual(self.count("yan"), 1)
        self.assertEqual(self.unfinished(), [])
        # A conflict is told once, however many slices say nothing more.
        self.client.ok("delete_entities", entityNames=["zoe"], branch="b")
        self.client.ok("update_entity", name="zoe", pin=True)
        self.client.ok("add_observations", observations=[
            {"entityName": "zoe", "contents": ["more"]}])
        for told in (1, 0):
            replies = [{"done": False}]
            while not replies[-1]["done"]:
                replies.append(self.client.ok("memory_merge", branch="b",
                                              sliced=True))
            self.assertEqual(sum(len(r["conflicts"]) for r in replies[1:]),
                             told)
        # One that found nothing so far is taken back, too.
        run = self.client.ok("memory_merge", branch="b", sliced=True)
        self.assertEqual((run["done"], run["slices"]), (False, 0))
        self.client.ok("memory_undo", run=run["run"])
        self.assertEqual(self.unfinished(), [])
        # Nothing to do, found out in slices.
        while not self.client.ok("memory_merge", branch="b",
                                 sliced=True)["done"]:
            pass
        self.assertEqual(self.unfinished(), [])
        self.db.verify()

    def test_merge_in_slices_is_a_merge(self):
        """Small and random: the same facts either way."""
        self.branch_work()
        want = self.facts(from_branch="main", to_branch="b")
        replies = self.slices("memory_merge", branch="b")
        self.assertEqual(sum(len(r["conflicts"]) for r in replies), 0)
        self.assertEqual(self.facts(from_branch="main", to_branch="b"),
                         set())
        self.assertGreater(len(want), 9_000)
        self.assertTrue(self.client.ok("open_nodes", names=["kept"],
                                       fields=["pin"])["entities"][0]["pin"])
        self.replay()

    def replay(self):
        """The log in an empty database: the same chains, clean."""
        lines, cursor = [], {}
        while True:
            r = self.client.ok("export_log", all=True, **cursor)
            lines += r["lines"]
            if not r.get("next"):
                break
            cursor = {"cursor": r["next"]}
        other = self.service()
        path = other.folder / "log.jsonl"
        path.write_text("".join(json.dumps(x) + "\n" for x in lines))
        other.ctl("import", path, seconds=300)
        self.assertEqual(other.verify()["heads"], self.db.verify()["heads"])

    def test_undo(self):
        since = self.fill("ada") - BIG // PART
        self.refused("memory_undo", since=since)
        replies = self.slices("memory_undo", since=since, kill=True)
        self.assertEqual(replies[-1]["undone"], 6)
        self.assertIsNone(self.count("ada"))
        self.db.verify()
        self.slices("memory_undo", run=replies[0]["run"])
        self.assertEqual(self.count("ada"), BIG)
        self.db.verify()

    def test_undo_of_half_a_run(self):
        self.fill("ada")
        first = self.client.ok("memory_undo", since=1, sliced=True)
        self.assertEqual(self.unfinished()[0]["method"], "memory_undo")
        self.assertFalse(first["done"])
        back = self.client.ok("memory_undo", run=first["run"])
        self.assertNotIn("done", back)
        self.assertEqual(self.count("ada"), BIG)
        self.assertEqual(self.unfinished(), [])
        reply = self.client.call("memory_undo", {"run": "run-0"})
        self.assertEqual(reply["code"], "not_found")

    def test_of_a_branch(self):
        """Undone where it was done, and nowhere else."""
        self.client.ok("memory_branch", action="create", name="b")
        self.fill("ada", branch="b")
        first = self.client.ok("memory_undo", since=1, branch="b",
                               sliced=True)
        self.assertEqual(self.unfinished()[0]["branch"], "b")
        reply = self.client.call("memory_undo", {"run": first["run"]})
        self.assertEqual((reply["code"], reply["param"]),
                         ("not_found", "branch"))
        self.assertIn("on branch 'b'", reply["error"])
        self.assertIsNone(self.count("ada"))
        main = self.client.ok("create_entities", entities=[
            entity("bob", "tea")])["change"]
        reply = self.client.call("memory_undo", {"change": main,
                                                 "branch": "b"})
        self.assertIn("on branch 'main'", reply["error"])
        self.client.ok("memory_undo", run=first["run"], branch="b")
        self.assertEqual(self.count("ada", branch="b"), BIG)
        self.assertEqual(self.unfinished(), [])
        self.db.verify()

    def test_of_a_branch_that_is_discarded(self):
        self.client.ok("memory_branch", action="create", name="b")
        self.fill("ada", branch="b")
        merge = self.client.ok("memory_merge", branch="b", sliced=True)
        undo = self.client.ok("memory_undo", since=1, branch="b",
                              sliced=True)
        self.assertEqual({x["run"] for x in self.unfinished()},
                         {merge["run"], undo["run"]})
        self.client.ok("memory_branch", action="discard", name="b")
        left = self.unfinished()
        self.assertEqual([(x["run"], x["discarded"]) for x in left],
                         [(merge["run"], True)])
        self.assertIn("branch is gone", self.db.ctl("branch").stdout)
        reply = self.client.call("memory_undo", {"run": undo["run"]})
        self.assertIn("discarded", reply["error"])
        self.client.ok("memory_undo", run=merge["run"])
        self.assertEqual(self.unfinished(), [])
        self.assertIsNone(self.count("ada"))
        self.db.verify()

    def test_what_comes_between_blocks(self):
        self.fill("ada")
        first = self.client.ok("memory_undo", since=1, sliced=True)
        between = self.client.ok("create_relations", relations=[
            {"from": "ada", "to": "ada", "relationType": "knows"}])["change"]
        left = 20
        while left > 0:
            reply = self.client.call("memory_undo", {"since": 1,
                                                     "sliced": True})
            left -= 1
            if not reply["success"]:
                break
        self.assertEqual(reply["code"], "conflict")
        self.assertIn(f" {between}.", reply["error"])
        self.assertIn(first["run"], reply["error"])
        self.assertEqual(self.unfinished()[0]["run"], first["run"])
        self.slices_on("memory_undo", since=1, on_conflict="cascade")
        self.assertIsNone(self.count("ada"))
        self.db.verify()

    def slices_on(self, method, **params):
        while not self.client.ok(method, sliced=True, **params)["done"]:
            pass

    def test_revert(self):
        self.client.ok("create_entities", entities=[entity("ada", "first")])
        self.fill("ada", 3 * PART)
        self.client.ok("create_entities", mode="replace", entities=[
            entity("ada", "one left")])
        self.fill("ada", 3 * PART)
        self.client.ok("rename_entity", name="ada", new_name="ida")
        self.refused("memory_revert", name="ida", version=4)
        replies = self.slices("memory_revert", name="ada", version=4,
                              kill=True)
        self.assertEqual(self.count("ada"), 3 * PART + 1)
        self.assertIsNone(self.count("ida"))
        self.db.verify()
        self.slices("memory_undo", run=replies[0]["run"])
        self.assertEqual(self.count("ida"), 3 * PART + 1)
        self.assertEqual(self.client.ok(
            "search_nodes", query="one left")["count"], 1)
        self.db.verify()

    def test_revert_by_a_name_that_goes(self):
        """It leads there until the last slice."""
        self.client.ok("create_entities", entities=[entity("ada", "first")])
        self.fill("ada", 3 * PART)
        self.client.ok("create_entities", mode="replace", entities=[
            entity("ada", "one left")])
        self.fill("ada", 3 * PART)
        self.client.ok("rename_entity", name="ada", new_name="ida")
        replies = self.slices("memory_revert", name="ida", version=4,
                              kill=True)
        self.assertEqual(self.count("ada"), 3 * PART + 1)
        self.assertIsNone(self.count("ida"))
        self.db.verify()
        self.slices("memory_undo", run=replies[0]["run"])
        # A name that another has by now is told at once.
        self.client.ok("memory_undo", change=self.client.ok(
            "rename_entity", name="ida", new_name="eda")["change"])
        self.client.ok("create_entities", entities=[entity("eda", "other")])
        last = self.client.ok("memory_history", name="ida",
                              limit=2)["changes"][1]["version"]
        reply = self.client.call("memory_revert", {
            "name": "ida", "version": last, "sliced": True})
        self.assertEqual(reply["code"], "conflict", reply)
        self.assertEqual(self.unfinished(), [])
        self.db.verify()

    def test_retry_of_a_revert_that_took_the_name_back(self):
        self.client.ok("create_entities", entities=[entity("ada", "tea")])
        self.client.ok("rename_entity", name="ada", new_name="ida")
        retry = {"name": "ida", "version": 1}
        for key, more in (("k1", {}), ("k2", {"sliced": True})):
            one, two = (self.client.ok("memory_revert", key=key, **retry,
                                       **more) for _ in range(2))
            self.assertEqual((one["change"], one["version"]),
                             (two["change"], two["version"]))
            self.assertNotIn("repeated", one)
            self.assertTrue(two["repeated"])
            self.assertEqual(one["restored"], two["restored"])
            self.client.ok("memory_undo", change=one["change"])

    def test_forget(self):
        self.fill("ada")
        self.client.ok("create_entities", entities=[entity("bob", "stays")])
        self.client.ok("create_relations", relations=[
            {"from": "bob", "to": "ada", "relationType": "knows"}])
        self.client.ok("memory_branch", action="create", name="b")
        self.client.ok("add_observations", branch="b", observations=[
            {"entityName": "ada", "contents": ["said on the branch"]}])
        self.refused("forget", name="ada", confirm=True)
        first = self.client.ok("forget", name="ada", confirm=True,
                               sliced=True)
        self.assertFalse(first["done"])
        self.assertIn("still there", first["note"])
        left = self.count("ada")
        self.assertTrue(0 < left < BIG)
        self.assertEqual(self.unfinished()[0]["method"], "forget")
        replies = self.slices("forget", name="ada", confirm=True, kill=True)
        self.assertIn("backups", replies[-1]["note"])
        self.assertEqual(self.count("ada"), None)
        self.assertIsNone(self.count("ada", branch="b"))
        self.assertEqual(self.client.ok("search_nodes", query="fact")
                         ["count"], 0)
        self.assertEqual(self.unfinished(), [])
        self.db.verify()
        self.replay()

    def test_forget_at_once_what_was_begun_in_slices(self):
        self.client.ok("create_entities", entities=[
            entity("ada", *(f"fact {i}" for i in range(9)))])
        first = self.client.ok("forget", name="ada", confirm=True,
                               sliced=True, slice_facts=4)
        self.assertEqual(self.unfinished()[0]["run"], first["run"])
        done = self.client.ok("forget", name="ada", confirm=True)
        self.assertEqual(first["facts"] + done["facts"], 10)
        self.assertEqual(self.unfinished(), [])
        self.db.verify()

    def damage(self, run, **members):
        """Sets members of the state of a run, in the file of a service that
        is stopped."""
        self.db.stop()
        db = sqlite3.connect(self.db.database)
        (text,), = db.execute("SELECT value FROM meta WHERE key = ?",
                              ["run:" + run])
        state = json.loads(text) | members
        db.execute("UPDATE meta SET value = ? WHERE key = ?",
                   [json.dumps(state), "run:" + run])
        db.commit()
        db.close()
        self.db.start()
        self.client = self.db.client(timeout=60)

    def test_state_that_is_damaged(self):
        """A file may hold anything: the run says so, the service lives on."""
        self.client.ok("memory_branch", action="create", name="b")
        self.fill("new", 2_000, branch="b")
        first = self.client.ok("memory_merge", branch="b", sliced=True,
                               slice_facts=500)
        self.assertFalse(first["done"])
        for phase in (-1, 5, 1 << 40):
            self.damage(first["run"], at={"phase": phase, "entity": 1})
            reply = self.client.call("memory_merge", {
                "branch": "b", "sliced": True, "slice_facts": 500})
            self.assertEqual(reply.get("code"), "corrupt", reply)
            self.assertIn(first["run"], reply["error"])
        self.client.ok("create_entities", entities=[entity("still", "here")])
        last = self.fill("more", 4_000)
        undo = self.client.ok("memory_undo", changes=[last, last - 1],
                              sliced=True, slice_facts=500)
        self.assertFalse(undo["done"])
        self.damage(undo["run"], undone=77)
        reply = self.client.call("memory_undo", {
            "changes": [last, last - 1], "sliced": True, "slice_facts": 500})
        self.assertEqual(reply.get("code"), "corrupt", reply)
        self.assertEqual(self.count("still"), 1)

    def test_on_the_command_line(self):
        self.branch_work()
        done = self.db.ctl("merge", "b", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("sliced", done.stderr)
        done = self.db.ctl("merge", "b", "--sliced", "--dry-run")
        self.assertRegex(done.stdout, r"would merge: \d+ facts? added")
        self.assertIn("next of several", done.stderr)
        self.assertEqual(self.unfinished(), [])
        first = self.client.ok("memory_merge", branch="b", sliced=True)
        text = self.db.ctl("branch").stdout
        self.assertIn(f"memory_merge of b is half done ({first['run']})", text)
        text = self.db.ctl("merge", "b", "--sliced").stdout
        self.assertRegex(text, r"merged: \d{5} facts added, 1 removed, 1 value")
        self.assertNotIn("half done", self.db.ctl("branch").stdout)
        text = self.db.ctl("undo", "--run", first["run"], "--sliced",
                           seconds=120).stdout
        self.assertIn("changes: ", text)
        self.assertIn("undo --run run-", text)
        self.assertEqual(self.count("gone"), 3_000)
        self.db.ctl("forget", "gone", "--yes", "--sliced")
        self.assertIsNone(self.count("gone"))
        self.db.verify()

    def test_of_one_slice(self):
        self.client.ok("create_entities", entities=[entity("ada", "tea")])
        reply = self.client.ok("memory_undo", since=1, sliced=True)
        self.assertEqual((reply["done"], reply["remaining"]), (True, 0))
        reply = self.client.ok("memory_undo", run=reply["run"])
        self.assertEqual(self.count("ada"), 1)
        retry = {"name": "ada", "version": 2, "sliced": True, "key": "k1"}
        one = self.client.ok("memory_revert", **retry)
        two = self.client.ok("memory_revert", **retry)
        self.assertEqual((one["change"], True), (two["change"], two["done"]))
