#!/usr/bin/env python3
"""Implementation plans: kept as facts like any, so that history, undo,
branches, the past, export and forgetting hold for them."""
import json
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase, entity, wait_until  # noqa: E402

SAVE, GET, STEP = ("save_implementation_plan", "get_implementation_plan",
                   "update_plan_step")


class Plans(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()

    def save(self, title="Ship the API", steps=("design", "build", "test"),
             **more):
        return self.c.ok(SAVE, {"title": title, "steps": list(steps), **more})

    def get(self, name="Ship the API", **more):
        return self.c.ok(GET, {"name": name, **more})

    def step(self, step, state=None, name="Ship the API", **more):
        if state:
            more["state"] = state
        return self.c.ok(STEP, {"name": name, "step": step, **more})

    def states(self, **more):
        return [(x["step"], x["state"]) for x in self.get(**more)["steps"]]


class Life(Plans):
    def test_save_and_get(self):
        r = self.save(goal="users can call it", acceptance=["make test"],
                      notes="before May", steps=[
                          "design", {"text": "build", "state": "doing",
                                     "acceptance": ["make", "make lint"],
                                     "note": "with zoe"}])
        self.assertEqual((r["action"], r["version"], r["state"]),
                         ("created", 1, "open"))
        self.assertEqual(r["counts"], {"todo": 1, "doing": 1, "blocked": 0,
                                       "done": 0, "dropped": 0})
        self.assertEqual(r["next_step"], {
            "step": 2, "state": "doing", "text": "build",
            "acceptance": ["make", "make lint"]})
        p = self.get()
        self.assertEqual((p["title"], p["goal"], p["notes"], p["acceptance"]),
                         ("Ship the API", "users can call it", "before May",
                          ["make test"]))
        self.assertEqual([(x["step"], x["state"], x["text"], x.get("note"))
                          for x in p["steps"]],
                         [(1, "todo", "design", None),
                          (2, "doing", "build", "with zoe")])
        # Nobody runs a command; a person reads it.
        got = self.c.ok("open_nodes", names=["Ship the API"],
                        fields=["type", "tier", "observations"])["entities"][0]
        self.assertEqual((got["type"], got["tier"]),
                         ("implementation_plan", "procedural"))
        self.assertEqual(got["observations"], [
            "Plan: Ship the API. Goal: users can call it. Notes: before May. "
            "Accepted by: `make test`.",
            "Step 1 (todo): design.",
            "Step 2 (doing): build. Note: with zoe. "
            "Accepted by: `make`, `make lint`."])

    def test_update_says_what_is_next(self):
        self.save()
        r = self.step(1, "done", evidence="commit 1f2e")
        self.assertEqual((r["action"], r["was"], r["step"], r["version"]),
                         ("updated", "todo", 1, 2))
        self.assertEqual((r["next_step"]["step"], r["state"]), (2, "open"))
        self.assertEqual(self.step(3, "doing")["next_step"]["step"], 3)
        self.step(2, "blocked", note="waits for the key")
        r = self.step(3, "done")
        self.assertNotIn("next_step", r)    # what is left is blocked
        self.assertEqual(r["state"], "open")
        r = self.step(2, "dropped")
        self.assertEqual((r["state"], r["counts"]["done"]), ("done", 2))
        steps = self.get()["steps"]
        self.assertEqual(steps[0]["evidence"], "commit 1f2e")
        self.assertEqual(steps[1]["note"], "waits for the key")
        # The same again is no change; an empty text takes a member away.
        r = self.step(2, "dropped")
        self.assertEqual((r["action"], r.get("change")), ("unchanged", None))
        self.step(2, note="")
        self.assertNotIn("note", self.get()["steps"][1])

    def test_recall_and_search_read_it(self):
        self.save(steps=["write the migration of the ledger", "test"])
        self.step(1, "blocked", note="the ledger is locked by finance")
        rows = self.c.ok("recall", query="why is the ledger migration blocked")
        self.assertIn("Step 1 (blocked): write the migration of the ledger. "
                      "Note: the ledger is locked by finance.",
                      [x["text"] for x in rows["results"]])
        found = self.c.ok("search_nodes", query="ledger finance")["results"]
        self.assertEqual(found[0]["name"], "Ship the API")

    def test_save_again(self):
        self.save(goal="g")
        self.step(1, "done", evidence="e")
        self.assertEqual(self.save(goal="g")["action"], "unchanged")
        # In another order, one new, one gone, one with other words.
        r = self.save(steps=["test", {"step": 2, "text": "build it"},
                             "announce"])
        self.assertEqual((r["action"], r["removed"]), ("updated", ["design"]))
        p = self.get()
        self.assertEqual(p["goal"], "g")    # not said: stays
        self.assertEqual([(x["step"], x["text"]) for x in p["steps"]],
                         [(3, "test"), (2, "build it"), (4, "announce")])
        # Numbers are not given twice; a state that was removed is gone.
        self.save(steps=["test"])
        self.save(steps=["test", "design"])
        self.assertEqual(self.states(), [(3, "todo"), (5, "todo")])

    def test_errors(self):
        self.save()
        e = self.c.fails("not_found", STEP, {
            "name": "Ship the API", "step": 9, "state": "done"})
        self.assertIn("no step 9", e["error"])
        self.c.fails("not_found", STEP, {
            "name": "no such", "step": 1, "state": "done"})
        self.c.fails("invalid", STEP, {
            "name": "Ship the API", "step": 1, "state": "finished"})
        e = self.c.fails("invalid", STEP, {"name": "Ship the API", "step": 1})
        self.assertIn("nothing to update", e["error"])
        self.c.fails("invalid", SAVE, {"title": "t", "steps": []})
        e = self.c.fails("invalid", SAVE, {"title": "Ship the API", "steps": [
            {"step": 1, "text": "a"}, {"step": 1, "text": "b"}]})
        self.assertEqual(e["param"], "steps[1].step")
        self.c.fails("not_found", SAVE, {"title": "Ship the API", "steps": [
            {"step": 7, "text": "a"}]})
        self.c.ok("create_entities", entities=[entity("ada", "x")])
        self.c.fails("exists", SAVE, {"title": "ada", "steps": ["a"]})
        self.c.fails("not_found", GET, {"name": "ada"})
        self.c.fails("not_found", STEP, {"name": "ada", "step": 1,
                                         "state": "done"})
        self.assertEqual(self.states(), [(1, "todo"), (2, "todo"), (3, "todo")])

    def test_limits(self):
        many = ["step %d" % i for i in range(200)]
        self.save("large", many)
        self.assertEqual(len(self.get("large")["steps"]), 200)
        e = self.c.fails("invalid", SAVE, {"title": "l", "steps": many + ["x"]})
        self.assertIn("200", e["error"])
        big = {"text": "\x01" * 4096, "note": "\x01" * 4096,
               "evidence": "\x01" * 4096}
        e = self.c.fails("limit", SAVE, {"title": "l", "steps": ["a", big]})
        self.assertEqual(e["param"], "steps[1]")
        self.c.fails("not_found", GET, {"name": "l"})

    def test_names_and_titles(self):
        self.save(name="api")
        self.assertEqual(self.get("api")["title"], "Ship the API")
        self.c.ok("rename_entity", name="api", new_name="api 2026")
        self.step(1, "doing", name="api 2026")
        self.save("Ship it", ["design"], name="api 2026")
        p = self.get("api 2026")
        self.assertEqual((p["title"], p["steps"][0]["state"]),
                         ("Ship it", "doing"))

    def test_list(self):
        for i in range(7):
            self.save("plan %d" % i)
        for i in (1, 2, 3):
            for k in (1, 2, 3):
                self.step(k, "done", name="plan %d" % i)
        names, cursor, pages = [], None, 0
        while True:
            more = {"cursor": cursor} if cursor else {}
            r = self.c.ok(GET, limit=2, **more)
            names += [x["name"] for x in r["plans"]]
            cursor, pages = r.get("next"), pages + 1
            if not cursor:
                break
        self.assertEqual(sorted(names),
                         ["plan 0", "plan 4", "plan 5", "plan 6"])
        self.assertGreaterEqual(pages, 2)
        every = self.c.ok(GET, state="all", limit=50)["plans"]
        self.assertEqual({x["name"]: x["state"] for x in every}["plan 1"],
                         "done")
        self.assertEqual(len(every), 7)
        self.assertEqual(every[0]["title"], every[0]["name"])
        # A step that is taken up again opens its plan.
        self.step(2, "todo", name="plan 1")
        self.assertIn("plan 1", [x["name"]
                                 for x in self.c.ok(GET)["plans"]])

    def test_what_a_person_does_to_it(self):
        """Facts of a plan are facts: they can be read, edited, deleted."""
        self.save()
        self.c.ok("add_observations", observations=[
            {"entityName": "Ship the API", "contents": ["ask legal first"]}])
        self.c.ok("replace_observation", entityName="Ship the API",
                  old="Step 2 (todo): build.", new="Step two: build all of it")
        p = self.get()
        self.assertEqual(p["other_observations"], 1)
        self.assertEqual(p["steps"][1]["observation"],
                         "Step two: build all of it")
        self.step(2, "doing")
        self.assertNotIn("observation", self.get()["steps"][1])
        self.c.ok("delete_observations", deletions=[
            {"entityName": "Ship the API",
             "observations": ["Step 1 (todo): design."]}])
        self.assertEqual(self.states(), [(2, "doing"), (3, "todo")])
        # Metadata that only looks like ours does no harm.
        for bad in ({"plan_step": 7}, {"plan_step": {"step": 1}}, {"plan": []},
                    {"plan_step": {"step": 1, "text": "x", "state": "y"}},
                    {"plan_step": {"step": 1, "text": "x", "state": "todo",
                                   "acceptance": [1]}}):
            self.c.ok("update_entity", name="Ship the API",
                      observation="ask legal first", metadata=bad)
            self.assertEqual(self.states(), [(2, "doing"), (3, "todo")])


class Model(Plans):
    """What holds for all facts."""

    def test_history_undo_and_the_past(self):
        saved = self.save()["change"]
        done = self.step(1, "done")["change"]
        changes = self.c.ok("memory_history", name="Ship the API")["changes"]
        self.assertEqual(changes[0]["change"], done)
        added = [x for x in changes[0]["added"] if "text" in x and
                 "of" not in x]
        self.assertEqual(added[0]["text"], "Step 1 (done): design.")
        self.assertEqual(added[0]["replaces"], "Step 1 (todo): design.")
        self.assertEqual(self.states(as_of=saved)[0], (1, "todo"))
        self.c.ok("memory_undo", changes=[done])
        self.assertEqual(self.states()[0], (1, "todo"))
        self.assertEqual(self.get()["next_step"]["step"], 1)
        self.step(1, "doing")
        self.c.ok("memory_revert", name="Ship the API", version=1)
        self.assertEqual(self.states()[0], (1, "todo"))

    def test_branches(self):
        self.save()
        self.c.ok("memory_branch", action="create", name="idea")
        self.step(1, "done", branch="idea")
        self.step(2, "doing")
        self.assertEqual(self.states(), [(1, "todo"), (2, "doing"),
                                         (3, "todo")])
        self.assertEqual(self.states(branch="idea"),
                         [(1, "done"), (2, "todo"), (3, "todo")])
        self.c.ok("memory_merge", branch="idea")
        self.assertEqual(self.states(), [(1, "done"), (2, "doing"),
                                         (3, "todo")])

    def two_ways(self, text=None):
        self.save()
        self.c.ok("memory_branch", action="create", name="idea")
        self.step(1, "done", branch="idea", **({"text": text} if text else {}))
        self.step(1, "dropped")
        self.c.ok("memory_merge", branch="idea")
        return [x for x in self.get()["steps"] if x["step"] == 1]

    def test_one_step_set_on_two_branches(self):
        both = self.two_ways()
        self.assertEqual(sorted(x["state"] for x in both), ["done", "dropped"])
        self.assertTrue(all(x["contested"] for x in both))
        e = self.c.fails("conflict", STEP, {
            "name": "Ship the API", "step": 1, "state": "done"})
        self.assertEqual(e["param"], "fact")
        done = [x for x in both if x["state"] == "done"][0]
        self.step(1, fact=done["fact"])
        self.assertEqual(self.states()[0], (1, "done"))
        self.assertEqual(len(self.states()), 3)
        self.assertNotIn("contested", self.get()["steps"][0])

    def test_one_number_for_two_steps(self):
        both = self.two_ways("sketch")
        sketch = [x for x in both if x["text"] == "sketch"][0]
        r = self.step(1, "doing", fact=sketch["fact"])
        self.assertEqual(r["step"], 4)
        self.assertEqual(sorted(self.states()), [
            (1, "dropped"), (2, "todo"), (3, "todo"), (4, "doing")])

    def log(self):
        lines, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            r = self.c.ok("export_log", all=True, **more)
            lines += r["records"]
            cursor = r.get("next")
            if not cursor:
                return lines

    def test_export_replay_and_verify(self):
        self.save(goal="g", acceptance=["make"])
        self.step(1, "done", evidence="e")
        self.save(steps=["test", "build"])
        out = self.folder() / "log"
        current = self.folder() / "current"
        self.db.ctl("export", "--all", out)
        self.db.ctl("export", "--current", current)
        self.db.verify()
        want = self.get()
        for path in (out, current):
            other = self.service()
            other.ctl("import", path)
            got = other.client().ok(GET, name="Ship the API")
            for p in (got, want):
                for x in p["steps"]:
                    for key in ("fact", "at", "session"):
                        x.pop(key, None)
                for key in ("id", "version"):
                    p.pop(key, None)
            self.assertEqual(got, want)
            other.verify()

    def test_forget(self):
        self.save(steps=["call Xanthippe", "b"])
        self.step(1, "done", note="Xanthippe said yes")
        self.c.ok("forget", name="Ship the API", confirm=True)
        self.c.fails("not_found", GET, {"name": "Ship the API"})
        self.assertEqual(self.c.ok(GET, state="all")["plans"], [])
        self.db.verify()

    def test_secrets(self):
        token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
        for steps, more in (([token], {}), (["a"], {"goal": token}),
                            ([{"text": "a", "acceptance": [
                                "curl -H 'Authorization: Bearer %s'" % token]}],
                             {})):
            e = self.c.fails("denied", SAVE, {"title": "t", "steps": steps,
                                              **more})
            self.assertNotIn(token, json.dumps(e))
        self.save()
        self.c.fails("denied", STEP, {"name": "Ship the API", "step": 1,
                                      "evidence": token})

    def test_retry_by_key(self):
        first = self.save(key="k1")
        again = self.save(key="k1")
        self.assertEqual(first["change"], again["change"])
        first = self.step(1, "done", key="k2")
        self.step(1, "doing")
        again = self.step(1, "done", key="k2")
        self.assertEqual(first["change"], again["change"])
        self.assertEqual(self.states()[0], (1, "doing"))


class Agents(Plans):
    def test_different_steps_at_once(self):
        n = 24
        self.save(steps=["part %d" % i for i in range(n)])
        failed = []

        def work(first):
            try:
                with self.db.client() as c:
                    for i in range(first, n + 1, 4):
                        c.ok(STEP, name="Ship the API", step=i, state="done",
                             expected_state="todo", expected_version=1,
                             evidence="by %d" % first)
            except Exception as e:      # noqa: BLE001
                failed.append(e)

        threads = [threading.Thread(target=work, args=(i,))
                   for i in range(1, 5)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failed, [])
        p = self.get()
        self.assertEqual(p["counts"]["done"], n)
        self.assertEqual([x["evidence"] for x in p["steps"][:5]],
                         ["by 1", "by 2", "by 3", "by 4", "by 1"])

    def test_expected(self):
        v = self.save()["version"]
        self.step(2, "doing", expected_version=v)
        self.step(1, "done", expected_version=v)    # another step: fine
        e = self.c.fails("conflict", STEP, {
            "name": "Ship the API", "step": 1, "state": "doing",
            "expected_version": v})
        self.assertEqual(e["param"], "expected_version")
        self.assertIn("done now", e["error"])
        e = self.c.fails("conflict", STEP, {
            "name": "Ship the API", "step": 1, "state": "doing",
            "expected_state": "todo"})
        self.assertIn("is done, not todo", e["error"])
        self.c.fails("invalid", STEP, {
            "name": "Ship the API", "step": 1, "state": "doing",
            "expected_version": 99})
        e = self.c.fails("conflict", SAVE, {
            "title": "Ship the API", "steps": ["x"], "expected_version": v})
        self.assertIn("is at version 3, not 1", e["error"])
        self.c.fails("conflict", SAVE, {
            "title": "Ship the API", "steps": ["x"], "expected_version": 0})
        self.c.fails("conflict", SAVE, {
            "title": "other", "steps": ["x"], "expected_version": 2})
        self.save("other", ["x"], expected_version=0)

    def test_over_mcp(self):
        """The schema shows what a model may write; a project sees the user's
        plans, and writes there when told so; steps are no deletions."""
        self.save("mine", ["a", "b"])
        m = self.mcp(self.db, ["--tools", "order", "--namespace", "p"])
        tools = {t["name"]: t for t in
                 m.request("tools/list")["tools"]}
        items = tools[SAVE]["inputSchema"]["properties"]["steps"]["items"]
        self.assertEqual(items["type"], "object")
        self.assertIn("acceptance", items["properties"])
        m.ok(SAVE, {"title": "theirs", "steps": ["x %d" % i
                                                 for i in range(60)]})
        listed = m.ok(GET)["plans"]
        self.assertEqual({x["name"]: x.get("namespace") for x in listed},
                         {"mine": "default", "theirs": None})
        for i in range(1, 61):      # above what may be hidden unasked
            m.ok(STEP, {"name": "theirs", "step": i, "state": "done"})
        self.assertEqual(m.ok(GET, {"name": "theirs"})["state"], "done")
        self.assertEqual(m.ok(GET, {"name": "mine"})["namespace"], "default")
        r = m.tool(STEP, {"name": "mine", "step": 1, "state": "done"})
        self.assertTrue(r["isError"])
        self.assertIn("user", r["content"][0]["text"])
        r = m.tool(SAVE, {"title": "mine", "steps": ["a"]})
        self.assertTrue(r["isError"])
        # Taking many steps away is.
        r = m.tool(SAVE, {"title": "theirs", "steps": ["x 0"]})
        self.assertTrue(r["isError"])
        self.assertIn("confirm", r["content"][0]["text"])

    def test_in_scripts(self):
        try:
            wait_until(lambda: self.c.ok("get_memory_status")["sandbox"][
                "available"])
        except AssertionError:
            self.skipTest("no jail here")
        r = self.c.ok("execute_code", code='''
            save_implementation_plan("p", {"a", {text="b", state="doing"}}, "g")
            update_plan_step("p", 1, "done", "by script")
            local p = get_implementation_plan("p")
            return {p.steps[1].state, p.steps[1].note, p.next_step.step,
                    #get_implementation_plan().plans}''')
        self.assertEqual(r.get("result"), ["done", "by script", 2, 1], r)
        self.assertEqual(self.states(name="p"), [(1, "done"), (2, "doing")])

    def test_memoryctl(self):
        self.save(goal="users call it", steps=[
            "design", {"text": "build", "acceptance": ["make \x1b[2J"]}])
        def ctl(*args):
            return self.db.ctl(*args).stdout

        listed = ctl("plan")
        self.assertRegex(listed, r"Ship the API +0/2 +0 +design")
        shown = ctl("plan", "Ship the API")
        self.assertIn("goal: users call it", shown)
        self.assertRegex(shown, r"(?m)^ +2  todo +build$")
        self.assertIn("$ make \\x1b[2J", shown)
        said = ctl("plan", "Ship the API", "1", "done",
                           "--evidence", "commit 1f2e")
        self.assertIn("next: 2  build", said)
        self.assertIn("evidence: commit 1f2e",
                      ctl("plan", "Ship the API"))
        ctl("plan", "Ship the API", "2", "done")
        self.assertEqual(ctl("plan"), "")
        self.assertIn("2/2", ctl("plan", "--all"))
        rows = [json.loads(x) for x in
                ctl("plan", "--all", "--json").splitlines()]
        self.assertEqual(rows[0]["state"], "done")
        self.assertEqual(json.loads(ctl(
            "plan", "--json", "Ship the API", "--as-of", "1"))["state"],
            "open")
        for args, code in ((("no such",), 1), (("Ship the API", "x"), 100),
                           (("Ship the API", "1", "finished"), 100),
                           (("--note", "x"), 100),
                           (("--as-of", "1", "Ship the API", "1", "done"),
                            100)):
            p = self.db.ctl("plan", *args, check=False)
            self.assertEqual(p.returncode, code, (args, p.stderr))


if __name__ == "__main__":
    unittest.main()
