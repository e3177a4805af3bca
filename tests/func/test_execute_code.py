#!/usr/bin/env python3
"""Scripts through the service: what they see, what becomes of their writes,
and that nobody waits for them."""
import json
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import (SANITIZED, Service, TestCase, open_fds,  # noqa: E402
                     rss_kb, wait_until)

CREATE = 'create_entities{entities={{name="bob",entityType="t",' \
         'observations={"a quince"}}}}\n'


class ExecuteCode(TestCase):
    def setUp(self):
        super().setUp()
        self.service = Service()
        self.addCleanup(self.service.done)
        self.c = self.service.client()
        self.addCleanup(self.c.close)
        end = time.monotonic() + 30
        while "available" not in self.status() or self.status()["reason"]:
            if not self.status()["available"] and time.monotonic() > end:
                self.skipTest("no jail here: " + self.status()["reason"])
            time.sleep(0.05)

    def status(self):
        return self.c.ok("get_memory_status")["sandbox"]

    def run_code(self, code, outcome="ok", **more):
        r = self.c.ok("execute_code", code=code, **more)
        self.assertEqual(r["outcome"], outcome, r)
        return r

    def graph(self):
        return [e["name"] for e in self.c.ok("read_graph")["entities"]]

    def add(self, name, *texts):
        self.c.ok("create_entities", entities=[
            {"name": name, "entityType": "t", "observations": list(texts)}])

    def test_result_args_and_print(self):
        r = self.run_code('print("hi"); return {n = args.x + 1}',
                          args={"x": 41})
        self.assertEqual(r["result"], {"n": 42})
        self.assertEqual(r["stdout"], "hi\n")

    def test_sees_writes_without_id_before_it(self):
        for i in range(20):
            self.c.send(json.dumps({"method": "create_entities", "params": {
                "entities": [{"name": f"e{i}", "entityType": "t",
                              "observations": ["quince"]}]}}) + json.dumps(
                {"method": "execute_code", "params": {
                    "code": 'return search_nodes("quince").count'}}))
            self.assertTrue(self.c.read()["success"])
            self.assertEqual(self.c.read()["result"], min(i + 1, 10))

    def test_reads_have_the_shapes_of_the_tools(self):
        self.add("bob", "a quince")
        self.add("ann", "a pear")
        self.c.ok("create_relations", relations=[
            {"from": "bob", "to": "ann", "relationType": "knows"}])
        r = self.run_code("""
            local found = search_nodes{query = "quince"}
            local e = found.entities[1]
            local opened = open_nodes{names = {"bob"}}.entities[1]
            local first
            for x in memory.each{query = "quince"} do
                first = first or x.entityType
            end
            return {found = found, types = {e.entityType, e.type,
                opened.entityType, read_graph().entities[1].entityType, first},
                old = {#found.results, found.count, found.next == nil},
                none = #search_nodes("nothing").entities}""")["result"]
        self.assertEqual(set(r["found"]), {"entities", "relations"})
        self.assertEqual(r["found"]["entities"][0]["name"], "bob")
        self.assertEqual([(x["from"], x["to"]) for x in
                          r["found"]["relations"]], [("bob", "ann")])
        self.assertEqual(r["types"], ["t"] * 5)
        self.assertEqual(r["old"], [1, 1, True])
        self.assertEqual(r["none"], 0)
        self.run_code("setmetatable(search_nodes('quince').entities[1], {})",
                      outcome="error")

    def test_ends_with_its_client(self):
        """Nobody waits for an endless script whose client has left."""
        other = self.service.client()
        other.request("execute_code", code="while true do end",
                      timeout_ms=30000)
        time.sleep(0.2)
        other.close()
        end = time.monotonic() + 8
        while self.c.ok("get_memory_status")["queues"][
                "requests_under_way"] > 1:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_has_the_shapes_of_the_tools(self):
        """What an agent reads of a tool's reply it can read in a script."""
        r = self.run_code('''
local out = {}
local c = create_entities{entities = {
  {name = "ann", entityType = "person", observations = {"a big hat"}},
  {name = "bob", entityType = "person", observations = {"a cap"}}}}
out.created = {c.entities[1].name, #c.entities, c.updated == nil, c.failed == nil}
c = create_entities{entities = {
  {name = "ann", entityType = "person", observations = {"a big coat"}}}}
out.updated = {c.updated[1].name, c.updated[1].added, #c.entities}
local kl = {from = "ann", to = "bob", relationType = "knows"}
c = create_relations{relations = {kl}}
out.related = {c.created, c.relations[1].to, c.unchanged == nil}
out.again = create_relations{relations = {kl}}.unchanged
out.added = add_observations{observations = {
  {entityName = "ann", contents = {"new", "newer"}}}}.results[1].added
local s = search_nodes{query = "big"}
out.search = {s.entities[1].entityType, s.relations[1].relationType, s.count}
out.bare = search_nodes{query = "big", relations = false}.relations == nil
out.open = open_nodes{names = {"ann"}}.entities[1].entityType
out.graph = read_graph{}.entities[2].entityType
out.recall = recall{query = "big hat"}.results[1].entityType
local d = delete_observations{deletions = {
  {entityName = "ann", observations = {"new", "gone"}}}}
out.deleted = {d.success, d.deleted, d.missing[1].observations[1]}
d = delete_entities{entityNames = {"nobody"}}
out.none = {d.success, d.message, d.missing[1]}
out.relation = delete_relations{relations = {kl}}.success
out.history = #memory_history{name = "ann"}.changes > 0
return out''')
        self.assertEqual(r["result"], {
            "created": ["ann", 2, True, True], "updated": ["ann", 1, 0],
            "related": [1, "bob", True], "again": 1, "added": 2,
            "search": ["person", "knows", 1], "bare": True, "open": "person",
            "graph": "person", "recall": "person",
            "deleted": [True, 1, "gone"],
            "none": [False, "nothing deleted", "nobody"], "relation": True,
            "history": True})

    def test_a_name_no_reply_has_is_an_error(self):
        for code, name, has in (
                ("search_nodes{query='x'}.nodes", "nodes", "entities"),
                ("recall{query='x'}.entities", "entities", "results"),
                ("open_nodes{names={'x'}}.results", "results", "entities"),
                ("memory.history{}.results", "results", "changes")):
            with self.subTest(code):
                r = self.run_code("return " + code, "error")
                self.assertIn(f"has no '{name}'; it has", r["message"])
                self.assertIn(has, r["message"])
                self.assertEqual(r["line"], 1)

    def test_reads_its_own_writes_and_commits_once(self):
        r = self.run_code(CREATE + 'return {search_nodes("quince").count, '
                          'search_nodes("uinc").count, #open_nodes({"bob"}).entities}')
        self.assertEqual(r["result"], [1, 1, 1])
        self.assertEqual([x["entity"] for x in r["changes"]], ["bob"])
        self.assertEqual(self.graph(), ["bob"])
        log = self.c.ok("memory_history")["changes"]
        self.assertEqual([(x["kind"], x["change"]) for x in log],
                         [("script", r["change"])])

    def test_dry_run_and_errors_write_nothing(self):
        r = self.run_code(CREATE + "return 1", dry_run=True)
        self.assertEqual(r["changes"][0]["added"], ["a quince"])
        self.assertNotIn("change", r)
        self.run_code(CREATE + 'error("no")', outcome="error")
        self.run_code(CREATE + "while true do end", outcome="timeout",
                      timeout_ms=300)
        self.assertEqual(self.graph(), [])

    def test_an_error_of_a_call_can_be_caught(self):
        r = self.run_code('local ok, e = pcall(add_observations, '
                          '{observations={{entityName="no", contents={"x"}}}})'
                          ' return {ok, tostring(e)}')
        self.assertFalse(r["result"][0])
        self.assertIn("no entity 'no'", r["result"][1])

    def test_place_is_that_of_the_whole_script(self):
        def refused(call, part, **more):
            r = self.run_code('return select(2, pcall(%s)).message' % call,
                              **more)
            self.assertIn(part, r["result"])
        self.add("ada", "first")
        was = self.c.ok("memory_history")["changes"][0]["change"]
        self.add("ada", "second")
        self.c.ok("memory_branch", action="create", name="try")
        add = 'add_observations, {observations={{entityName="ada", ' \
              'contents={"x"}}}%s}'
        refused(add % ', branch="main"', "give execute_code", branch="try")
        refused(add % ', as_of=1', "only for reads")
        refused(add % '', "reads the past", as_of=was)
        refused('open_nodes, {names={"ada"}, namespace="other"}', "leave it out")
        read = 'open_nodes{names={"ada"}%s}.entities[1].observations'
        r = self.run_code('return {#%s, #%s}' % (read % '', read %
                          (", as_of=%d" % was)))
        self.assertEqual(r["result"], [2, 1])
        self.assertEqual(self.run_code('return #' + read % '',
                                       as_of=was)["result"], 1)
        r = self.run_code('add_observations{observations={{entityName="ada", '
                          'contents={"branched"}}}} return {#%s, #%s}' % (
                              read % '', read % ', branch="main"'),
                          branch="try")
        self.assertEqual(r["result"], [3, 2])
        self.assertEqual([x["entity"] for x in r["changes"]], ["ada"])
        get = self.c.ok("open_nodes", names=["ada"])["entities"][0]
        self.assertEqual(get["observations"], ["first", "second"])
        get = self.c.ok("open_nodes", names=["ada"], branch="try")
        self.assertIn("branched", get["entities"][0]["observations"])

    def test_more_than_a_change_may_hold(self):
        r = self.run_code(
            'for i = 1, 12 do local l = {} for k = 1, 1000 do '
            'l[k] = "fact " .. i .. " " .. k end '
            'create_entities{entities={{name="big", entityType="t", '
            'observations=l}}} end', outcome="error", timeout_ms=30000)
        self.assertIn("more than 10000 facts", r["message"])
        r = self.run_code(
            'local s = ("x"):rep(700000) for i = 1, 20 do '
            'create_entities{entities={{name="n" .. i, entityType="t", '
            'observations={s .. i}}}} end', outcome="error",
            timeout_ms=30000)
        self.assertIn("8 MiB", r["message"])
        self.assertEqual(self.graph(), [])

    def test_over_mcp(self):
        with self.service.mcp() as m:
            m.initialize()
            r = m.ok("execute_code", {"code": CREATE + "return {1, 2}"})
            self.assertEqual(set(r), {"outcome", "result", "changes",
                                      "change", "usage"})
            self.assertEqual(r["usage"]["calls"], 1)
            r = m.tool("execute_code", {"code": "print('x')\nreturn nil + 1"})
            self.assertTrue(r["isError"])
            r = r["structuredContent"]
            self.assertEqual(set(r), {"outcome", "stdout", "message", "line",
                                      "traceback", "hint", "usage"})
            self.assertEqual((r["outcome"], r["line"]), ("error", 2))
            r = m.ok("execute_code", {"code": CREATE, "dry_run": True})
            self.assertEqual(r["dry_run"], True)
        log = self.c.ok("memory_history")["changes"]
        self.assertEqual(len(log), 1)
        self.assertIn("client", log[0])

    def test_sigterm_does_not_wait_for_scripts(self):
        clients = [self.service.client() for _ in range(6)]
        for x in clients:
            x.request("execute_code", {"code": "while true do end",
                                       "timeout_ms": 30000})
        time.sleep(0.3)
        start = time.monotonic()
        self.service.stop()
        self.assertLess(time.monotonic() - start, 5)
        for x in clients:
            x.close()

    def children(self):
        pid = self.service.pid
        found = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                found += int(stat.read_text().rpartition(")")[2].split()[1]) \
                    == pid
            except (OSError, ValueError):
                pass  # it went away
        return found

    def test_a_thousand_runs_leave_nothing(self):
        self.add("ada", "x")
        code = ('create_entities{entities={{name="b" .. args.i, '
                'entityType="t", observations={"y"}}}} '
                'if args.i % 3 == 0 then error("no") end '
                'return open_nodes{names={"ada"}}')

        def runs(n):
            for i in range(n):
                self.c.ok("execute_code", code=code, args={"i": i},
                          dry_run=i % 50 != 1)

        def settled():
            time.sleep(0.3)
            return (open_fds(self.service.pid), self.children(),
                    rss_kb(self.service.pid))
        runs(150)
        fds, children, rss = settled()
        runs(1000)
        got = settled()
        self.assertLessEqual(got[0], fds + 2)
        self.assertLessEqual(got[1], max(children, 5))
        if not SANITIZED:
            self.assertLess(got[2], rss + 1500)

    def test_the_log_is_copied_back_after_a_script(self):
        wal = Path(str(self.service.database) + "-wal")
        with self.service.client() as other:
            other.request("execute_code", {
                "code": "open_nodes{names={'x'}} while true do end",
                "timeout_ms": 2500})
            time.sleep(0.3)
            for i in range(60):
                self.add("e%d" % i, "some text " * 50)
            self.assertEqual(other.read(timeout=30)["outcome"], "timeout")
        written = 60

        def begins_anew():
            nonlocal written
            time.sleep(1.3)     # idle: everything is copied
            size = wal.stat().st_size
            for _ in range(30):
                self.add("f%d" % written, "some text " * 50)
                written += 1
            return wal.stat().st_size == size
        wait_until(begins_anew, 10, why="a log that does not grow")
        self.assertEqual(self.run_code(
            "local n = 0 for e in memory.each{} do n = n + 1 end return n"
        )["result"], written)

    def test_read_only_database(self):
        self.add("ada", "x")
        self.c.close()
        self.service.stop()
        with Service(folder=self.service.folder, args=["--read-only"]) as s, \
                s.client() as c:
            end = time.monotonic() + 30
            while not c.ok("get_memory_status")["sandbox"]["available"] and \
                    time.monotonic() < end:
                time.sleep(0.05)
            r = c.ok("execute_code", code='return #open_nodes({"ada"}).entities')
            self.assertEqual(r["result"], 1)
            r = c.ok("execute_code", code=CREATE, dry_run=True)
            self.assertEqual(len(r["changes"]), 1)
            r = c.fails("denied", "execute_code", {"code": CREATE})
            self.assertIn("read-only", r["error"])

    def test_disk_low(self):
        with Service(args=["--limit-disk-free", str(1 << 60)]) as s, \
                s.client() as c:
            end = time.monotonic() + 30
            while not c.ok("get_memory_status")["sandbox"]["available"] and \
                    time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(
                c.ok("execute_code", code="return 1")["result"], 1)
            c.fails("disk_low", "execute_code", {"code": CREATE})

    def test_conflict(self):
        self.add("ada", "a")
        code = ('open_nodes({"ada"}) local t = 0 while t < args.n do t = t + 1 '
                'end add_observations{observations={{entityName="ada", '
                'contents={"by the script"}}}} return 1')
        answers = []
        with self.service.client() as other:
            t = threading.Thread(target=lambda: answers.append(other.ok(
                "execute_code", code=code, args={"n": 150000000},
                timeout_ms=20000)))
            t.start()
            time.sleep(0.3)
            self.add("ada", "by another")
            t.join()
        if answers[0]["outcome"] == "ok":
            self.skipTest("the script was faster than the other client")
        self.assertEqual(answers[0]["outcome"], "conflict", answers)
        got = self.c.ok("open_nodes", names=["ada"])["entities"][0]
        self.assertEqual(got["observations"], ["a", "by another"])

    def test_additions_do_not_conflict(self):
        self.add("log", "begun")
        code = ('for i = 1, 10 do add_observations{observations={{'
                'entityName="log", contents={args.who .. " " .. i}}}} end '
                'create_relations{relations={{from="log", to="log", '
                'relationType=args.who}}} return args.who')

        def work(who):
            with self.service.client() as c:
                for i in range(5):
                    outcomes.append(c.ok("execute_code", {
                        "code": code, "timeout_ms": 20000,
                        "args": {"who": f"{who}.{i}"}})["outcome"])
        outcomes = []
        threads = [threading.Thread(target=work, args=(w,)) for w in "abcd"]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(outcomes, ["ok"] * 20)
        log = self.c.ok("open_nodes", names=["log"], relations=True)
        self.assertEqual(len(log["entities"][0]["observations"]), 201)
        self.assertEqual(len(log["relations"]), 20)
        self.service.verify()

    def test_others_do_not_wait(self):
        with self.service.client() as other:
            other.request("execute_code", {"code": "while true do end",
                                           "timeout_ms": 1500})
            start = time.monotonic()
            for i in range(20):
                self.add("e%d" % i, "x")
                self.c.ok("search_nodes", query="x")
            self.assertLess(time.monotonic() - start, 1.4)
            self.assertEqual(other.read(timeout=20)["outcome"], "timeout")

    def test_too_many_scripts_are_busy(self):
        clients = [self.service.client() for _ in range(24)]
        for x in clients:
            x.request("execute_code", {"code": "while true do end",
                                       "timeout_ms": 200})
        codes = [x.read(timeout=60).get("code") for x in clients]
        self.assertIn("busy", codes)
        for x in clients:
            x.close()
        self.run_code("return 1")


if __name__ == "__main__":
    unittest.main()
