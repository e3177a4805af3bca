#!/usr/bin/env python3
"""Skills and the workspace: kept, versioned or not, run in the jail, counted,
part of a script's transaction."""
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import Service, TestCase  # noqa: E402


class Scripts(TestCase):
    def setUp(self):
        super().setUp()
        self.service = Service()
        self.addCleanup(self.service.done)
        self.c = self.service.client()
        self.addCleanup(self.c.close)
        end = time.monotonic() + 30
        while not self.c.ok("get_memory_status")["sandbox"]["available"]:
            if time.monotonic() > end:
                self.skipTest("no jail here")
            time.sleep(0.05)

    def run_code(self, code, outcome="ok", **more):
        r = self.c.ok("execute_code", code=code, **more)
        self.assertEqual(r["outcome"], outcome, r)
        return r

    def save(self, name, code, **more):
        return self.c.ok("save_skill", {
            "name": name, "code": code, "description": "does " + name, **more})


class Skills(Scripts):
    def test_versions_and_figures(self):
        self.assertEqual(self.save("twice", "return args.x * 2")["action"],
                         "created")
        r = self.save("twice", "return 2 * args.x", params={"x": "a number"})
        self.assertEqual((r["action"], r["version"]), ("updated", 2))
        self.assertEqual(
            self.save("twice", "return 2 * args.x",
                      params={"x": "a number"})["action"], "unchanged")
        r = self.c.ok("run_skill", {"name": "twice", "params": {"x": 21}})
        self.assertEqual((r["outcome"], r["result"]), ("ok", 42))
        r = self.c.ok("run_skill", {"name": "twice", "params": {}})
        self.assertEqual(r["outcome"], "error")
        self.assertIn("twice:1:", r["message"])
        self.add_one()
        r = self.c.ok("load_skill", name="twice")
        self.assertEqual(r["code"], "return 2 * args.x")
        self.assertEqual(r["params"], {"x": "a number"})
        self.assertEqual((r["runs"], r["success_rate"]), (2, 0.5))
        self.assertGreater(r["mean_ms"], 0)
        listed = self.c.ok("list_skills")["skills"]
        self.assertEqual([(x["name"], x["runs"]) for x in listed],
                         [("twice", 2)])
        got = self.c.ok("open_nodes", names=["twice"],
                        fields=["type", "tier", "version"])["entities"][0]
        self.assertEqual(got["tier"], "procedural")
        self.assertEqual(got["version"], 2)  # runs are no versions
        old = self.c.ok("load_skill", name="twice", as_of=1)
        self.assertEqual(old["code"], "return args.x * 2")

    def add_one(self):
        """A commit, which stores the figures of earlier runs."""
        self.c.ok("create_entities", entities=[
            {"name": "other", "entityType": "t", "observations": ["skill"]}])

    def test_in_scripts(self):
        r = self.run_code(
            'save_skill("count", "n = #search_nodes(args.q).results '
            'result = n", "counts matches") '
            'create_entities{entities={{name="ada", entityType="t", '
            'observations={"tea"}}}} '
            'local n = run_skill("count", {q="tea"}) '
            'return {n, n == nil, rawget(_G, "n") == nil, '
            '#list_skills().skills, memory.skill_begin == nil}')
        self.assertEqual(r["result"], [1, False, True, 1, True])
        r = self.run_code('return run_skill("count", {q="tea"})')
        self.assertEqual(r["result"], 1)
        r = self.run_code('return run_skill("nope")', outcome="error")
        self.assertIn("no skill 'nope'", r["message"])
        r = self.run_code('return run_skill("ada")', outcome="error")
        self.assertIn("is no skill", r["message"])
        self.c.fails("exists", "save_skill", {
            "name": "ada", "code": "return 1", "description": "x"})

    def test_limits_hold_in_skills(self):
        self.save("spin", "while true do end")
        self.save("deep", "return run_skill('deep')")
        self.save("bad", "return return")
        self.save("bytes", "\x1bLua")
        self.run_code('pcall(run_skill, "spin") return 1', timeout_ms=300,
                      outcome="timeout")
        self.run_code('return run_skill("deep")', outcome="error")
        for name in ("bad", "bytes"):
            r = self.run_code(
                'return (select(2, pcall(run_skill, "%s")))' % name)
            self.assertIsInstance(r["result"], str)
        self.run_code('return run_skill("spin")', dry_run=True,
                      timeout_ms=200, outcome="timeout")
        self.add_one()
        r = self.c.ok("load_skill", name="spin")
        self.assertEqual((r["runs"], r["success_rate"]), (1, 0))

    def test_figures_of_a_quiet_service(self):
        self.save("one", "return 1")
        self.c.ok("run_skill", name="one")
        end = time.monotonic() + 20
        while self.c.ok("load_skill", name="one")["runs"] == 0:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        self.c.ok("run_skill", name="one")
        self.c.close()
        self.service.restart()
        self.c = self.service.client()
        self.assertEqual(self.c.ok("load_skill", name="one")["runs"], 2)

    def test_over_mcp(self):
        with self.service.mcp(args=["--tools", "skills"]) as m:
            m.initialize()
            names = [t["name"] for t in m.request("tools/list")["tools"]]
            self.assertEqual(names, [
                "save_skill", "load_skill", "list_skills", "run_skill",
                "list_files", "read_file", "write_file", "delete_file"])
            m.ok("save_skill", {"name": "s", "code": "return args",
                                "description": "gives back"})
            r = m.ok("run_skill", {"name": "s", "params": {"a": [1]}})
            self.assertEqual(r["result"], {"a": [1]})
            self.assertTrue(m.tool("run_skill", {"name": "t"})["isError"])

    def test_commit_says_what_it_is_about(self):
        self.run_code('commit("tidied") create_entities{entities={{name="a", '
                      'entityType="t", observations={"x"}}}}')
        log = self.c.ok("memory_history")["changes"]
        self.assertEqual(log[0]["message"], "tidied")

    def test_related(self):
        self.run_code('''
            create_entities{entities={
                {name="ada", entityType="t", observations={"plays chess often"}},
                {name="bob", entityType="t", observations={"likes cycling"}},
                {name="eve", entityType="t", observations={"teaches chess"}},
                {name="zoe", entityType="t", observations={"nothing alike"}}}}
            create_relations{relations={
                {from="ada", to="bob", relationType="knows"}}}''')
        r = self.run_code('return find_related("ada").related')["result"]
        self.assertEqual([x["name"] for x in r], ["bob", "eve"])
        self.assertEqual(r[0]["why"], ["ada knows bob"])
        self.assertEqual(r[1]["why"], ["both say: chess"])


class Workspace(Scripts):
    def test_values(self):
        for value in ("text \u2713", 7, 1.5, True, [1, "a"], {"k": {}}):
            self.c.ok("write_file", name="v", content=value)
            self.assertEqual(self.c.ok("read_file", name="v")["content"],
                             value)
        r = self.run_code('write_file("t", {a = {1, 2}}) '
                          'return {read_file("t").content.a[2], '
                          '#list_files().files}')
        self.assertEqual(r["result"], [2, 2])
        self.assertEqual(r["changes"], [{"file": "t", "action": "created"}])
        self.assertNotIn("change", r)
        listed = self.c.ok("list_files")
        self.assertEqual([f["name"] for f in listed["files"]], ["t", "v"])
        self.assertTrue(self.c.ok("delete_file", name="t")["deleted"])
        self.assertFalse(self.c.ok("delete_file", name="t")["deleted"])
        self.c.fails("not_found", "read_file", name="t")
        self.c.fails("not_found", "read_file", name="v", namespace="other")

    def test_transaction(self):
        self.c.ok("write_file", name="n", content=1)
        bump = 'write_file("n", read_file("n").content + 1) '
        self.run_code(bump + bump, dry_run=True)
        self.run_code(bump + 'error("no")', outcome="error")
        self.run_code(bump + 'while true do end', outcome="timeout",
                      timeout_ms=200)
        self.assertEqual(self.c.ok("read_file", name="n")["content"], 1)
        self.run_code(bump + bump)
        self.assertEqual(self.c.ok("read_file", name="n")["content"], 3)

    def test_conflict(self):
        self.c.ok("write_file", name="n", content=1)
        with self.service.client() as other:
            other.request("execute_code", {
                "code": 'read_file("n") for i = 1, 40000000 do end '
                        'write_file("n", 2) write_file("m", 2)',
                "timeout_ms": 20000})
            time.sleep(0.15)
            self.c.ok("write_file", name="n", content=3)
            r = other.read(timeout=40)
        if r["outcome"] == "ok":
            self.skipTest("the script was faster than the other client")
        self.assertEqual(r["outcome"], "conflict", r)
        self.assertIn("'n'", r["message"])
        self.assertEqual(self.c.ok("read_file", name="n")["content"], 3)
        self.c.fails("not_found", "read_file", name="m")

    def test_bounds(self):
        self.c.fails("limit", "write_file", name="big",
                     content="x" * (256 * 1024))
        r = self.run_code('local s = ("x"):rep(260000) local ok, e '
                          'for i = 1, 40 do ok, e = pcall(write_file, '
                          '"f" .. i, s) if not ok then break end end '
                          'return tostring(e)')
        self.assertIn("8 MiB", r["result"])
        for i in range(1000):
            self.c.request("write_file", {"name": "n%d" % i, "content": i})
            self.c.read()
        self.c.fails("limit", "write_file", name="more", content=1)


if __name__ == "__main__":
    unittest.main()
