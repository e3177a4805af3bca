"""memory-mcp as a process: framing, eras, bad input, cancellation, the end.

memory-db is the stub here, because it must be slow, vanish or refuse at a
chosen moment.
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import (BIN, MODERN, SLOW, Mcp, McpError, TestCase, clean_env,
                     entity, main, rss_kb, SANITIZED, wait_until)
from stub_db import StubDb

META = {"io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {}}
GRAPH = "memory://knowledge-graph"


class Base(TestCase):
    def setUp(self):
        self.home = self.folder()
        self.db = StubDb(self.home / "s").start()
        self.addCleanup(self.stop_db)

    def stop_db(self):
        try:
            self.db.stop()
        except OSError:
            pass

    def env(self, **more):
        return clean_env(self.home, {"MEMORY_DB_SOCKET": self.home / "s",
                                     "MEMORY_NO_SPAWN": "1", **more})

    def start(self, *args, era="2025-11-25", env=None, **kw):
        m = Mcp(self.home, args=args, era=era, env=self.env(**(env or {})),
                **kw)
        self.addCleanup(self._end_mcp, m)
        return m

    def raw(self, m, line):
        """Sends a line, returns the next answer without an id."""
        m.send_line(line)
        return m.reply(None)


class Legacy(Base):
    def test_versions(self):
        for version in ("2024-11-05", "2025-03-26", "2025-06-18",
                        "2025-11-25"):
            with self.subTest(version):
                m = self.start(era=version)
                self.assertEqual(m.hello["protocolVersion"], version)
                self.assertEqual(m.hello["capabilities"], {
                    "tools": {}, "resources": {"subscribe": True},
                    "prompts": {}, "completions": {}})
                self.assertIn("READ", m.hello["instructions"])
                self.assertLess(len(m.hello["instructions"]), 1600)

    def test_unknown_version_gets_the_newest(self):
        m = self.start(start=False)
        self.assertEqual(m.request("initialize", {
            "protocolVersion": "1999-01-01", "capabilities": {}})
            ["protocolVersion"], "2025-11-25")

    def test_ping_before_initialize(self):
        m = self.start(start=False)
        self.assertEqual(m.request("ping"), {})

    def test_request_before_initialize_is_told_both_ways(self):
        m = self.start(start=False)
        with self.assertRaises(McpError) as e:
            m.request("tools/list")
        self.assertEqual(e.exception.code, -32602)
        self.assertIn("initialize", str(e.exception))

    def test_ids_keep_their_type(self):
        m = self.start()
        for number in ("7", 7, "", -1, 2 ** 62, "x" * 5000, "ü\u2028"):
            m.send("ping", number=number)
            self.assertEqual(m.reply(number)["id"], number)

    def test_unknown_methods(self):
        m = self.start()
        for method in ("prompts/set", "logging/setLevel", "tasks/list",
                       "subscriptions/listen", "x"):
            with self.assertRaises(McpError) as e:
                m.request(method)
            self.assertEqual(e.exception.code, -32601, method)

    def test_unknown_tool_and_malformed_params(self):
        m = self.start()
        for params in ({"name": "nosuch"}, {}, {"name": 7},
                       {"name": "hello"}, {"name": "update_entity"},
                       {"name": "read_graph", "arguments": []}):
            with self.assertRaises(McpError) as e:
                m.request("tools/call", params)
            self.assertEqual(e.exception.code, -32602, params)

    def test_bad_cursor(self):
        m = self.start()
        for method in ("tools/list", "resources/list",
                       "resources/templates/list"):
            with self.assertRaises(McpError) as e:
                m.request(method, {"cursor": "zzz"})
            self.assertEqual(e.exception.code, -32602)

    def test_batches_of_2025_03_26(self):
        m = self.start(era="2025-03-26")
        m.send_line(json.dumps([
            {"jsonrpc": "2.0", "id": "a", "method": "ping"},
            {"jsonrpc": "2.0", "method": "notifications/whatever"},
            {"jsonrpc": "2.0", "id": "b", "method": "tools/call", "params": {
                "name": "get_memory_status"}},
            {"jsonrpc": "2.0", "id": "c", "method": "nosuch"},
            {"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": {
                "protocolVersion": "2025-03-26"}},
            7]))
        self.assertEqual(m.reply("a")["result"], {})
        self.assertEqual(m.reply("b")["result"]["structuredContent"],
                         {"total_entities": 0})
        self.assertEqual(m.reply("c")["error"]["code"], -32601)
        self.assertEqual(m.reply("i")["error"]["code"], -32600)
        self.assertEqual(m.reply(None)["error"]["code"], -32600)
        self.assertEqual(self.raw(m, "[]")["error"]["code"], -32600)
        m.send_line('[{"jsonrpc":"2.0","method":"notifications/x"}]')
        self.assertEqual(m.request("ping"), {})

    def test_batches_of_other_versions(self):
        for era in ("2024-11-05", "2025-06-18", "2025-11-25", MODERN):
            m = self.start(era=era)
            answer = self.raw(m, '[{"jsonrpc":"2.0","id":1,"method":"ping"}]')
            self.assertEqual(answer["error"]["code"], -32600)
            self.assertNotIn("id", answer)


class Modern(Base):
    def test_discover(self):
        m = self.start(era=MODERN)
        d = m.hello
        self.assertEqual(d["supportedVersions"], [MODERN])
        self.assertEqual(d["resultType"], "complete")
        self.assertGreaterEqual(d["ttlMs"], 0)
        self.assertEqual(d["cacheScope"], "public")
        self.assertIn("READ", d["instructions"])
        info = d["_meta"]["io.modelcontextprotocol/serverInfo"]
        self.assertEqual(info["name"], "memory-mcp")

    def test_every_result_is_marked(self):
        m = self.start(era=MODERN)
        for method, params, cached in (
                ("tools/list", {}, True), ("resources/list", {}, True),
                ("resources/templates/list", {}, True),
                ("resources/read", {"uri": GRAPH}, True),
                ("tools/call", {"name": "read_graph"}, False)):
            r = m.request(method, params)
            self.assertEqual(r["resultType"], "complete", method)
            self.assertIn("io.modelcontextprotocol/serverInfo", r["_meta"])
            self.assertEqual("ttlMs" in r, cached, method)
            self.assertEqual("cacheScope" in r, cached, method)
        self.assertEqual(m.request("resources/read",
                                   {"uri": GRAPH})["cacheScope"], "private")

    def test_meta_is_required_in_each_request(self):
        m = self.start(era=MODERN)
        for meta in (None, {}, 7, {"io.modelcontextprotocol/"
                                   "clientCapabilities": {}},
                     {"io.modelcontextprotocol/protocolVersion": MODERN},
                     {"io.modelcontextprotocol/protocolVersion": 7},
                     {**META, "io.modelcontextprotocol/clientInfo": "x"}):
            params = {} if meta is None else {"_meta": meta}
            m.send_line(json.dumps({"jsonrpc": "2.0", "id": "q",
                                    "method": "tools/list",
                                    "params": params}))
            self.assertEqual(m.reply("q")["error"]["code"], -32602, meta)

    def test_unsupported_version(self):
        m = self.start(era=MODERN)
        m.send_line(json.dumps({
            "jsonrpc": "2.0", "id": 99, "method": "server/discover",
            "params": {"_meta": {**META, "io.modelcontextprotocol/"
                                 "protocolVersion": "2031-01-01"}}}))
        error = m.reply(99)["error"]
        self.assertEqual(error["code"], -32022)
        self.assertEqual(error["data"], {"supported": [MODERN],
                                         "requested": "2031-01-01"})

    def test_removed_methods(self):
        m = self.start(era=MODERN)
        for method in ("initialize", "ping", "logging/setLevel",
                       "resources/subscribe", "resources/unsubscribe",
                       "tasks/list", "tasks/get"):
            with self.assertRaises(McpError) as e:
                m.request(method, {"uri": GRAPH})
            self.assertEqual(e.exception.code, -32601, method)

    def test_both_eras_in_one_process(self):
        m = self.start()
        m.send_line(json.dumps({"jsonrpc": "2.0", "id": "m",
                                "method": "tools/list",
                                "params": {"_meta": META}}))
        self.assertEqual(m.reply("m")["result"]["resultType"], "complete")
        self.assertNotIn("resultType", m.request("tools/list"))

    def test_client_is_named_per_request(self):
        m = self.start(era=MODERN)
        m.ok("create_entities", entities=[entity("a")])
        self.assertEqual(self.db.calls("create_entities")[0]["client"],
                         "harness/1")


class Input(Base):
    """Nothing a client sends ends the process or puts junk on stdout."""

    def alive(self, m):
        self.assertEqual(m.request("ping"), {})

    def test_no_json(self):
        m = self.start()
        for line in (b"hello", b"{", b'{"jsonrpc":"2.0","id":1,', b"\x00",
                     b"\xff\xfe{}", b"{}{}", b"7 8", b"nul", b'"text',
                     b'{"jsonrpc":"2.0","id":1,"method":"\xff"}',
                     b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}',
                     b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
                     b'{"jsonrpc":"2.0","id":1,"method":"x\x00y"}'):
            answer = self.raw(m, line)
            self.assertEqual(answer["error"]["code"], -32700, line)
            self.assertNotIn("id", answer)
        self.alive(m)

    def test_no_request(self):
        m = self.start()
        for text, number in (
                ('{}', None), ("7", None), ('"text"', None), ("null", None),
                ("true", None), (" -1.5e3 ", None),
                ('{"jsonrpc":"2.0","id":1}', 1),
                ('{"jsonrpc":"1.0","id":2,"method":"ping"}', 2),
                ('{"id":3,"method":"ping"}', 3),
                ('{"jsonrpc":"2.0","id":null,"method":"ping"}', None),
                ('{"jsonrpc":"2.0","id":1.5,"method":"ping"}', None),
                ('{"jsonrpc":"2.0","id":[1],"method":"ping"}', None),
                ('{"jsonrpc":"2.0","id":{},"method":"ping"}', None),
                ('{"jsonrpc":"2.0","id":true,"method":"ping"}', None),
                ('{"jsonrpc":"2.0","id":"s","method":7}', "s")):
            m.send_line(text)
            answer = m.reply(number)
            self.assertEqual(answer["error"]["code"], -32600, text)
            self.assertEqual("id" in answer, number is not None, text)
        m.send_line('{"jsonrpc":"2.0","id":4,"method":"ping","params":[]}')
        self.assertEqual(m.reply(4)["error"]["code"], -32602)
        self.alive(m)

    def test_valid_json_that_is_refused_keeps_its_id(self):
        m = self.start()
        for text in (
                '{"jsonrpc":"2.0","id":1,"method":"a\\u0000b"}',
                '{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}'):
            m.send_line(text)
            self.assertEqual(m.reply(1)["error"]["code"], -32600, text)
        self.alive(m)

    def test_too_deep(self):
        m = self.start()
        m.send_line('{"params":' + "[" * 100000 + "]" * 100000 +
                    ',"jsonrpc":"2.0","id":"deep","method":"ping"}')
        self.assertEqual(m.reply("deep")["error"]["code"], -32600)
        self.assertEqual(self.raw(m, "[" * 100000)["error"]["code"], -32600)
        self.alive(m)

    def test_too_many_values(self):
        m = self.start()
        m.send_line('{"id":8,"params":{"a":[' + "{}," * 300000 +
                    '0]},"jsonrpc":"2.0","method":"ping"}')
        self.assertEqual(m.reply(8)["error"]["code"], -32600)
        self.alive(m)
        self.assertEqual(self.raw(m, "[" + "{}," * 300000 + "0]")["error"]
                         ["code"], -32600)
        if not SANITIZED:
            self.assertLess(rss_kb(m.pid), 20000)

    def test_too_long(self):
        m = self.start()
        body = json.dumps({"method": "tools/call", "params": {
            "name": "search_nodes", "arguments": {"query": "x" * 5000000}},
            "jsonrpc": "2.0", "id": "late"})
        m.send_line(body)
        error = m.reply("late")["error"]
        self.assertEqual(error["code"], -32600)
        self.assertIn("4194304", error["message"])
        self.assertEqual(self.raw(m, "y" * 6000000)["error"]["code"], -32600)
        self.alive(m)
        # The room is given back.
        if not SANITIZED:
            self.assertLess(rss_kb(m.pid), 12000)

    def test_four_mebibytes_pass(self):
        m = self.start()
        note = "n" * 1000000
        m.ok("create_entities", entities=[
            entity("big", *(note + str(i) for i in range(4)))])
        self.assertEqual(len(self.db.entities["big"]["observations"]), 4)

    def test_one_byte_writes_and_empty_lines(self):
        m = self.start()
        for byte in b'\n\r\n \n{"jsonrpc":"2.0","id":5,"method":"ping"}\r\n':
            m.process.p.stdin.write(bytes([byte]))
            m.process.p.stdin.flush()
        self.assertEqual(m.reply(5)["result"], {})
        self.assertEqual(m.request("ping"), {})
        self.assertNotIn(None, m.replies)

    def test_responses_and_unknown_notifications_are_ignored(self):
        m = self.start()
        for line in ('{"jsonrpc":"2.0","id":1,"result":{}}',
                     '{"jsonrpc":"2.0","id":1,"error":{"code":1}}',
                     '{"jsonrpc":"2.0","method":"notifications/nosuch"}',
                     '{"jsonrpc":"2.0","method":"notifications/cancelled"}',
                     '{"jsonrpc":"2.0","method":"notifications/cancelled",'
                     '"params":{"requestId":{}}}',
                     '{"jsonrpc":"2.0","method":"ping","params":[1]}'):
            m.send_line(line)
        self.alive(m)
        self.assertEqual({k: v for k, v in m.replies.items() if v}, {})

    def bare(self):
        """A process whose stdout nobody reads but the test."""
        p = subprocess.Popen([str(BIN / "memory-mcp")], env=self.env(),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, bufsize=0)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.addCleanup(p.stdin.close)
        self.addCleanup(p.stdout.close)
        return p

    def test_stdout_closed(self):
        p = self.bare()
        p.stdout.close()
        try:
            for _ in range(20):
                p.stdin.write(
                    b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
                p.stdin.flush()
                time.sleep(0.02)
        except BrokenPipeError:
            pass
        self.assertEqual(p.wait(5 * SLOW), 0)

    def test_closed_descriptors(self):
        """Nobody else's descriptor takes the place of stdout."""
        for closing in (">&-", "<&-", "2>&-", "<&- >&- 2>&-"):
            done = subprocess.run(
                ["sh", "-c", f'exec "$0" {closing}', BIN / "memory-mcp"],
                env=self.env(), input=b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                timeout=10 * SLOW)
            self.assertEqual(done.returncode, 0, closing)
            self.assertEqual(b"result" in done.stdout, closing == "2>&-")

    def test_a_client_that_does_not_read(self):
        """Reading stops while much is unwritten, and nothing is lost."""
        p = self.bare()
        count = 4000
        lines = b"".join(json.dumps({
            "jsonrpc": "2.0", "id": i, "method": "tools/list",
            "params": {"_meta": META}}).encode() + b"\n"
            for i in range(count))
        done = threading.Event()

        def feed():
            rest = memoryview(lines)
            while rest:
                rest = rest[p.stdin.write(rest):]
            done.set()
        threading.Thread(target=feed, daemon=True).start()
        self.assertFalse(done.wait(1))
        if not SANITIZED:
            self.assertLess(rss_kb(p.pid), 40000)
        with open(p.stdout.fileno(), "rb", closefd=False) as answers:
            for i in range(count):
                self.assertEqual(json.loads(answers.readline())["id"], i)


class Calls(Base):
    def test_answers_out_of_order(self):
        self.db.delay["read_graph"] = 0.5
        m = self.start()
        slow = m.send("tools/call", {"name": "read_graph"})
        quick = m.send("tools/call", {"name": "get_memory_status"})
        self.assertIn("result", m.reply(quick))
        self.assertEqual(m.request("ping"), {})
        self.assertFalse(m.replies.get(slow))
        self.assertIn("result", m.reply(slow))

    def test_wrong_values_are_results_with_is_error(self):
        self.db.refuse["create_entities"] = [{
            "code": "invalid", "param": "entities[0].name",
            "error": "entities[0].name: must be a string, is integer"}]
        m = self.start()
        r = m.tool("create_entities", entities=[{"name": 7}])
        self.assertTrue(r["isError"])
        self.assertEqual(r["content"], [{
            "type": "text",
            "text": "entities[0].name: must be a string, is integer"}])
        self.assertNotIn("structuredContent", r)

    def test_missing_arguments_reach_memory_db(self):
        self.db.refuse["search_nodes"] = [{
            "code": "invalid", "error": "query: is missing"}]
        m = self.start()
        self.assertTrue(m.tool("search_nodes")["isError"])

    def test_cancel(self):
        self.db.hold["read_graph"] = threading.Event()
        m = self.start()
        number = m.send("tools/call", {"name": "read_graph"})
        wait_until(lambda: self.db.calls("read_graph"))
        m.notify("notifications/cancelled", {"requestId": number,
                                             "reason": "test"})
        wait_until(lambda: self.db.cancelled, why="cancel at memory-db")
        self.db.hold["read_graph"].set()
        m.ok("get_memory_status")
        self.assertFalse(m.replies.get(number))

    def test_cancel_distinguishes_types_and_ignores_strangers(self):
        self.db.hold["read_graph"] = threading.Event()
        m = self.start()
        number = m.send("tools/call", {"name": "read_graph"}, number=77)
        wait_until(lambda: self.db.calls("read_graph"))
        for other in ("77", 78, None, 1.5):
            m.notify("notifications/cancelled", {"requestId": other})
        self.assertEqual(m.request("ping"), {})
        self.db.hold["read_graph"].set()
        self.assertIn("result", m.reply(number))
        self.assertEqual(self.db.cancelled, [])

    def test_cancelled_in_a_batch(self):
        self.db.hold["read_graph"] = threading.Event()
        m = self.start(era="2025-03-26")
        m.send_line(json.dumps([
            {"jsonrpc": "2.0", "id": "p", "method": "ping"},
            {"jsonrpc": "2.0", "id": "q", "method": "tools/call",
             "params": {"name": "read_graph"}}]))
        wait_until(lambda: self.db.calls("read_graph"))
        m.notify("notifications/cancelled", {"requestId": "q"})
        self.assertEqual(m.reply("p")["result"], {})
        self.db.hold["read_graph"].set()

    def test_many_calls_at_once(self):
        m = self.start()
        numbers = [m.send("tools/call", {
            "name": "create_entities",
            "arguments": {"entities": [entity(f"e{i}", "x")]}})
            for i in range(600)]
        for number in numbers:
            self.assertNotIn("isError", m.reply(number)["result"])
        self.assertEqual(len(self.db.entities), 600)

    def test_an_agent_cannot_set_what_is_not_its_own(self):
        m = self.start(env={"MEMORY_NAMESPACE": "proj"})
        r = m.ok("create_entities", entities=[entity("a")], namespace="evil",
                 key="k", session="s", client="c", actor="x", as_of=3)
        self.assertEqual(sorted(r["ignored"]), [
            "actor", "as_of", "client", "key", "namespace", "session"])
        sent = self.db.calls("create_entities")[0]
        self.assertNotEqual(sent.get("key"), "k")
        self.assertNotIn("session", sent)
        self.assertEqual(sent["client"], "harness/1")
        self.assertEqual(self.db.hellos[-1]["namespace"], "proj")
        r = m.tool("memory_history", namespace="evil")
        self.assertTrue(r["isError"])
        self.assertIn("namespace", r["content"][0]["text"])

    def test_scope_and_hidden_members_pass(self):
        m = self.start()
        m.ok("create_entities", scope="user", entities=[
            {**entity("a"), "tier": "semantic"}])
        sent = self.db.calls("create_entities")[0]
        self.assertEqual(sent["scope"], "user")
        self.assertEqual(sent["entities"][0]["tier"], "semantic")

    def test_budgets(self):
        m = self.start()
        m.ok("search_nodes", query="a")
        m.ok("search_nodes", query="a", max_tokens=99)
        m.ok("open_nodes", names=["a"])
        m.ok("read_graph")
        self.assertEqual([p["max_tokens"] for p in
                          self.db.calls("search_nodes")], [2000, 99])
        for method in ("open_nodes", "read_graph"):
            self.assertEqual(self.db.calls(method)[0]["max_bytes"], 40000)

    def test_default_shapes(self):
        self.db.page = 2
        m = self.start()
        r = m.tool("create_entities", entities=[
            entity("a", "x", "x"), entity("b"), entity("a", "x", "y"),
            entity("c")])
        self.assertEqual(r["structuredContent"], {
            "entities": [{"name": "a", "added": 2}, {"name": "b", "added": 0},
                         {"name": "c", "added": 0}],
            "updated": [{"name": "a", "added": 1}]})
        self.assertEqual(r["content"][0]["text"], json.dumps(
            r["structuredContent"], separators=(",", ":")))
        rel = {"from": "a", "to": "b", "relationType": "r"}
        self.assertEqual(m.ok("create_relations", relations=[rel]),
                         {"created": 1})
        self.assertEqual(m.ok("create_relations", relations=[rel]),
                         {"created": 0, "unchanged": 1})
        self.db.omit["b"] = 3
        self.assertEqual(m.ok("read_graph"), {
            "entities": [entity("a", "x", "y"), {**entity("b"),
                                                 "omitted": 3}],
            "relations": [rel], "next": "2"})
        self.assertEqual(m.ok("read_graph", cursor="2")["entities"],
                         [entity("c")])
        self.assertEqual(m.ok("open_nodes", names=["c", "zz"]), {
            "entities": [entity("c")], "relations": [],
            "missing": [{"name": "zz", "similar": []}]})
        self.assertEqual(m.ok("delete_entities", entityNames=["c", "zz"]), {
            "success": True, "deleted": 1, "missing": ["zz"]})
        self.assertEqual(m.ok("delete_observations", deletions=[
            {"entityName": "a", "observations": ["x", "q"]}])["missing"],
            [{"entityName": "a", "observations": ["q"]}])
        self.assertEqual(m.ok("delete_relations",
                              relations=[rel, rel])["success"], True)

    def test_history_profile(self):
        m = self.start("--tools", "default,history")
        names = [t["name"] for t in m.request("tools/list")["tools"]]
        self.assertIn("update_entity", names)
        m.ok("read_graph", as_of="yesterday", branch="idea")
        self.assertEqual(self.db.calls("read_graph")[0]["as_of"],
                         "yesterday")
        self.assertEqual(self.db.calls("read_graph")[0]["branch"], "idea")


class Service(Base):
    """memory-db leaves, comes back, or is not there at all."""

    def test_nobody_there(self):
        self.db.stop()
        os.unlink(self.home / "s")
        m = self.start()
        names = [x["name"] for x in m.request("tools/list")["tools"]]
        self.assertIn("search_nodes", names)
        began = time.monotonic()
        r = m.tool("read_graph", timeout=20)
        self.assertLess(time.monotonic() - began, 15 * SLOW)
        self.assertTrue(r["isError"])
        self.assertIn("memoryctl doctor", r["content"][0]["text"])
        # And again when it has come back.
        self.db.start()
        m.ok("read_graph")

    def test_write_survives_a_restart_and_happens_once(self):
        self.db.drop_after["create_entities"] = 2
        m = self.start()
        m.ok("create_entities", entities=[entity("a", "x")])
        keys = {p["key"] for p in self.db.calls("create_entities")}
        self.assertEqual(len(self.db.calls("create_entities")), 3)
        self.assertEqual(len(keys), 1)
        self.assertEqual(self.db.change, 1)

    def test_restart_while_calls_are_under_way(self):
        self.db.hold["create_entities"] = threading.Event()
        m = self.start()
        numbers = [m.send("tools/call", {
            "name": "create_entities",
            "arguments": {"entities": [entity(f"e{i}")]}}) for i in range(20)]
        wait_until(lambda: len(self.db.calls("create_entities")) == 20)
        self.db.stop()
        self.db.hold.clear()
        time.sleep(0.5)
        self.db.start()
        for number in numbers:
            self.assertNotIn("isError", m.reply(number)["result"])
        self.assertEqual(len(self.db.entities), 20)

    def test_garbage_from_the_service(self):
        self.db.garbage.add("read_graph")
        m = self.start()
        r = m.tool("read_graph", timeout=20)
        self.assertTrue(r["isError"])
        m.ok("get_memory_status")

    def test_wrong_database_names_both(self):
        self.db.refuse["hello"] = [{
            "code": "wrong_database",
            "error": "this service has /a open, not /b"}] * 50
        m = self.start(env={"MEMORY_DB_PATH": "/b"})
        r = m.tool("read_graph", timeout=20)
        self.assertTrue(r["isError"])
        self.assertIn("/a", r["content"][0]["text"])
        self.assertEqual(self.db.hellos[-1]["expect_database"], "/b")

    def test_relative_database_becomes_absolute(self):
        m = self.start("--database", "x/m.db")
        m.ok("read_graph")
        self.assertEqual(self.db.hellos[-1]["expect_database"],
                         os.path.join(os.path.realpath(self.home), "x/m.db"))

    def test_short_busy_is_waited_out(self):
        self.db.refuse["create_entities"] = [{
            "code": "busy", "error": "queue full", "retry_after_ms": 50}] * 8
        m = self.start()
        m.ok("create_entities", entities=[entity("a")])
        self.assertEqual(self.db.refuse["create_entities"], [])

    def test_busy_is_passed_on(self):
        self.db.refuse["read_graph"] = [{
            "code": "busy", "error": "migrating, 40 % done",
            "retry_after_ms": 3600000}] * 9
        m = self.start()
        r = m.tool("read_graph", timeout=30)
        self.assertTrue(r["isError"])
        self.assertIn("migrating", r["content"][0]["text"])

    def test_session_and_client(self):
        m = self.start()
        m.ok("read_graph")
        hello = self.db.hellos[-1]
        self.assertRegex(hello["session"], r"^20\d\d-\d\d-\d\d-[0-9a-f]{6}$")
        self.assertTrue(hello["client"].startswith("memory-mcp/"))
        self.assertEqual(hello["tools"], "default")
        other = self.start()
        other.ok("read_graph")
        self.assertNotEqual(self.db.hellos[-1]["session"], hello["session"])


    def test_tools_are_told_on_each_connection(self):
        m = self.start("--tools", "all, compat")
        self.db.drop_after["read_graph"] = 1
        m.tool("read_graph", timeout=20)
        self.assertGreater(len(self.db.hellos), 1)
        for hello in self.db.hellos:
            self.assertIn(hello.get("tools"),
                          ("default,compat,history,skills,order", None))
        self.assertEqual(self.db.hellos[-1]["tools"],
                         "default,compat,history,skills,order")

    def test_service_from_before_tools(self):
        self.db.refuse["hello"] = [{
            "code": "invalid", "param": "tools",
            "error": "unknown parameter 'tools'"}]
        m = self.start()
        m.ok("read_graph")
        self.assertIn("tools", self.db.hellos[-2])
        self.assertNotIn("tools", self.db.hellos[-1])


class End(Base):
    def test_eof_ends_at_once(self):
        m = self.start()
        m.ok("read_graph")
        began = time.monotonic()
        m.done()
        self.assertLess(time.monotonic() - began, 1.0 * SLOW)

    def test_eof_finishes_accepted_calls(self):
        self.db.delay["create_entities"] = 0.6
        m = self.start()
        number = m.send("tools/call", {
            "name": "create_entities",
            "arguments": {"entities": [entity("a")]}})
        m.eof()
        self.assertIn("result", m.reply(number))
        m.done()

    def test_eof_waits_two_seconds_at_most(self):
        self.db.silent.add("read_graph")
        m = self.start()
        number = m.send("tools/call", {"name": "read_graph"})
        wait_until(lambda: self.db.calls("read_graph"))
        began = time.monotonic()
        m.eof()
        self.assertEqual(m.process.wait(10), 0)
        self.assertTrue(m.reply(number)["result"]["isError"])
        took = time.monotonic() - began
        self.assertTrue(1.0 < took < 2.0 + (SLOW - 1), took)

    def test_last_line_without_newline(self):
        m = self.start()
        m.process.p.stdin.write(b'{"jsonrpc":"2.0","id":9,"method":"ping"}')
        m.eof()
        self.assertEqual(m.reply(9)["result"], {})

    def test_sigterm_finishes_accepted_calls(self):
        for number_of_signal in (signal.SIGTERM, signal.SIGINT,
                                 signal.SIGHUP):
            self.db.delay["read_graph"] = 0.4
            m = self.start()
            number = m.send("tools/call", {"name": "read_graph"})
            wait_until(lambda: len(self.db.calls("read_graph")) > 0)
            self.db.seen.clear()
            os.kill(m.pid, number_of_signal)
            self.assertIn("result", m.reply(number))
            self.assertEqual(m.process.wait(5), 0)

    def test_second_sigterm_is_final(self):
        self.db.silent.add("read_graph")
        m = self.start()
        m.send("tools/call", {"name": "read_graph"})
        wait_until(lambda: self.db.calls("read_graph"))
        os.kill(m.pid, signal.SIGTERM)
        time.sleep(0.1)
        began = time.monotonic()
        os.kill(m.pid, signal.SIGTERM)
        self.assertEqual(m.process.wait(5), 0)
        self.assertLess(time.monotonic() - began, 1.0 * SLOW)

    @unittest.skipIf(SANITIZED, "sanitizers need memory of their own")
    def test_memory(self):
        m = self.start()
        for i in range(50):
            m.ok("create_entities", entities=[entity(f"e{i}", "x" * 1000)])
        m.ok("read_graph")
        m.request("tools/list")
        self.assertLess(rss_kb(m.pid), 5000)


class Resources(Base):
    def test_lists(self):
        m = self.start()
        self.assertEqual([r["uri"] for r in
                          m.request("resources/list")["resources"]], [GRAPH])
        self.assertEqual([r["uriTemplate"] for r in m.request(
            "resources/templates/list")["resourceTemplates"]],
            ["memory://entity/{name}"])

    def test_graph(self):
        m = self.start()
        m.ok("create_entities", entities=[entity("a", "x")])
        [c] = m.request("resources/read", {"uri": GRAPH})["contents"]
        self.assertEqual((c["uri"], c["mimeType"]),
                         (GRAPH, "application/json"))
        self.assertEqual(c["text"], json.dumps(
            {"entities": [entity("a", "x")], "relations": []}, indent=2))

    def test_graph_in_bounds(self):
        """A graph over the bound goes on at the URI in `next`."""
        self.db.page = 3
        for i in range(12):
            self.db.entities[f"e{i}"] = {
                "id": i, "name": f"e{i}", "type": "t",
                "observations": ["o" * 1000000]}
        m = self.start()
        uri, names = GRAPH, []
        while uri:
            [c] = m.request("resources/read", {"uri": uri})["contents"]
            self.assertLess(len(c["text"]), 8 << 20)
            graph = json.loads(c["text"])
            names += [e["name"] for e in graph["entities"]]
            uri = graph.get("next")
        self.assertEqual(names, [f"e{i}" for i in range(12)])

    def test_entity(self):
        m = self.start()
        name = "Zoë / 100 % 🙂"
        m.ok("create_entities", entities=[entity(name, "x"), entity("b")])
        m.ok("create_relations", relations=[
            {"from": "b", "to": name, "relationType": "knows"}])
        from urllib.parse import quote
        uri = "memory://entity/" + quote(name, safe="")
        [c] = m.request("resources/read", {"uri": uri})["contents"]
        self.assertEqual(c["uri"], uri)
        self.assertEqual(json.loads(c["text"]), {
            **entity(name, "x"), "relations": [
                {"from": "b", "to": name, "relationType": "knows"}]})

    def test_not_found(self):
        for era, code in (("2025-11-25", -32002), (MODERN, -32602)):
            m = self.start(era=era)
            for uri in ("memory://entity/nosuch", "memory://entity/",
                        "memory://entity/%zz", "memory://entity/%ff",
                        "memory://entity/%00", "file:///etc/passwd", "",
                        "memory://entity/" + "x" * 3000):
                with self.assertRaises(McpError) as e:
                    m.request("resources/read", {"uri": uri})
                self.assertEqual(e.exception.code, code, uri)
                self.assertEqual(e.exception.error["data"], {"uri": uri})
            with self.assertRaises(McpError) as e:
                m.request("resources/read")
            self.assertEqual(e.exception.code, -32602)


class Subscriptions(Base):
    def quiet(self, m):
        """Nothing more comes."""
        m.request("tools/list")
        time.sleep(0.1)
        self.assertTrue(m.notes.empty())

    def test_legacy(self):
        m = self.start()
        m.ok("create_entities", entities=[entity("a")])
        self.quiet(m)
        self.assertEqual(m.request("resources/subscribe", {"uri": GRAPH}), {})
        wait_until(lambda: self.db.subscribers)
        m.ok("create_entities", entities=[entity("b")])
        self.assertEqual(m.note(), {
            "jsonrpc": "2.0", "method": "notifications/resources/updated",
            "params": {"uri": GRAPH}})
        m.request("resources/unsubscribe", {"uri": GRAPH})
        m.ok("create_entities", entities=[entity("c")])
        self.quiet(m)

    def test_of_one_entity(self):
        m = self.start()
        uri = "memory://entity/b%20b"
        m.request("resources/subscribe", {"uri": uri})
        wait_until(lambda: self.db.subscribers)
        m.ok("create_entities", entities=[entity("a")])
        self.quiet(m)
        m.ok("create_entities", entities=[entity("b b")])
        self.assertEqual(m.note()["params"], {"uri": uri})

    def test_changes_of_others_are_told(self):
        m, other = self.start(), self.start()
        m.request("resources/subscribe", {"uri": GRAPH})
        wait_until(lambda: self.db.subscribers)
        other.ok("create_entities", entities=[entity("b")])
        self.assertEqual(m.note()["params"]["uri"], GRAPH)
        self.quiet(other)

    def test_unknown_uri(self):
        m = self.start()
        with self.assertRaises(McpError) as e:
            m.request("resources/subscribe", {"uri": "file:///x"})
        self.assertEqual(e.exception.code, -32002)

    def test_listen(self):
        m = self.start(era=MODERN)
        key = "io.modelcontextprotocol/subscriptionId"
        number = m.send("subscriptions/listen", {"notifications": {
            "toolsListChanged": True,
            "resourceSubscriptions": [GRAPH, "file:///x"]}})
        self.assertEqual(m.note(), {
            "jsonrpc": "2.0",
            "method": "notifications/subscriptions/acknowledged",
            "params": {"_meta": {key: number}, "notifications": {
                "resourceSubscriptions": [GRAPH]}}})
        wait_until(lambda: self.db.subscribers)
        m.ok("create_entities", entities=[entity("a")])
        note = m.note()
        self.assertEqual(note["params"], {"_meta": {key: number},
                                          "uri": GRAPH})
        m.notify("notifications/cancelled", {"requestId": number})
        m.ok("create_entities", entities=[entity("b")])
        self.quiet(m)
        self.assertFalse(m.replies.get(number))

    def test_two_listens_are_told_apart_and_end_with_a_result(self):
        m = self.start(era=MODERN)
        key = "io.modelcontextprotocol/subscriptionId"
        first = m.send("subscriptions/listen", {"notifications": {
            "resourceSubscriptions": [GRAPH]}}, number="one")
        second = m.send("subscriptions/listen", {"notifications": {
            "resourceSubscriptions": [GRAPH]}}, number="two")
        m.note(), m.note()
        wait_until(lambda: self.db.subscribers)
        m.ok("create_entities", entities=[entity("a")])
        ids = {m.note()["params"]["_meta"][key] for _ in range(2)}
        self.assertEqual(ids, {first, second})
        m.eof()
        for number in (first, second):
            r = m.reply(number)["result"]
            self.assertEqual(r["resultType"], "complete")
            self.assertEqual(r["_meta"][key], number)

    def test_listen_without_filter(self):
        m = self.start(era=MODERN)
        with self.assertRaises(McpError) as e:
            m.request("subscriptions/listen")
        self.assertEqual(e.exception.code, -32602)
        m.send("subscriptions/listen", {"notifications": {}})
        self.assertEqual(m.note()["params"]["notifications"], {})

    def test_after_a_restart_of_the_service(self):
        m = self.start()
        m.request("resources/subscribe", {"uri": GRAPH})
        wait_until(lambda: self.db.subscribers)
        self.db.stop()
        time.sleep(0.2)
        self.db.start()
        self.assertEqual(m.note()["params"]["uri"], GRAPH)  # "lost"
        wait_until(lambda: self.db.subscribers)
        self.db.do_create_entities({"entities": [entity("z")]})
        self.assertEqual(m.note()["params"]["uri"], GRAPH)


if __name__ == "__main__":
    main()
