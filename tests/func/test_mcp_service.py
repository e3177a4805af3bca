"""memory-mcp with the real memory-db: who starts it, what survives its end,
how long it takes."""
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
import harness
from harness import (MODERN, SANITIZED, SLOW, Mcp, TestCase, alive, entity,
                     main, rss_kb, wait_until)
from stub_db import StubDb


class Spawned(TestCase):
    def setUp(self):
        self.place = harness.Spawned()
        self.addCleanup(self.place.done)
        self.home = self.place.folder

    def start(self, *args, era="2025-11-25", env=None, **kw):
        m = Mcp(self.home, args=args, era=era, env=self.place.env(env), **kw)
        self.addCleanup(self._end_mcp, m)
        return m


class Spawn(Spawned):
    def test_first_call_starts_it_and_discover_does_not_wait(self):
        for era in ("2025-11-25", MODERN):
            m = self.start(era=era)
            m.request("tools/list")
            self.assertIsNone(self.place.pid())
            m.ok("create_entities", entities=[entity("a")])
            m.done()
            self.place.kill(signal.SIGTERM)

    def test_it_outlives_its_client(self):
        m = self.start()
        m.ok("create_entities", entities=[entity("a")])
        pid = self.place.pid()
        self.assertNotEqual(os.getsid(pid), os.getsid(m.pid))
        m.kill()
        self.assertTrue(alive(pid))

    def test_several_clients_start_one(self):
        clients = [self.start() for _ in range(4)]
        numbers = [m.send("tools/call", {
            "name": "create_entities", "arguments": {
                "entities": [entity(f"e{i}")]}})
            for i, m in enumerate(clients)]
        for m, number in zip(clients, numbers):
            self.assertNotIn("isError", m.reply(number)["result"])
        self.assertEqual(len(clients[0].ok("read_graph")["entities"]), 4)

    def test_killed_service_is_started_again(self):
        m = self.start()
        m.ok("create_entities", entities=[entity("a")])
        for i in range(3):
            self.place.kill()
            m.ok("create_entities", entities=[entity(f"b{i}")])
        self.assertEqual([e["name"] for e in m.ok("read_graph")["entities"]],
                         ["a", "b0", "b1", "b2"])

    def test_kill_in_the_middle_loses_and_doubles_nothing(self):
        m = self.start()
        m.ok("create_entities", entities=[entity("log")])
        numbers = []

        def write():
            for i in range(200):
                numbers.append((i, m.send("tools/call", {
                    "name": "add_observations", "arguments": {
                        "observations": [{"entityName": "log",
                                          "contents": [f"n{i}"]}]}})))
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.02)
        os.kill(self.place.pid(), signal.SIGKILL)
        writer.join()
        for i, number in numbers:
            r = m.reply(number)["result"]
            self.assertEqual(r.get("structuredContent"), {"results": [
                {"entityName": "log", "added": 1}]}, r)
        [log] = m.ok("open_nodes", names=["log"])["entities"]
        self.assertEqual(sorted(log["observations"]),
                         sorted(f"n{i}" for i in range(200)))

    def test_in_a_terminal_it_says_what_it_waits_for(self):
        ours, theirs = os.openpty()
        with os.fdopen(ours, "wb", 0) as terminal:
            done = subprocess.Popen(
                [harness.BIN / "memory-mcp"], stdin=theirs, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=self.place.env())
            os.close(theirs)
            terminal.write(b"\x04")        # Ctrl-D
            out, err = done.communicate(timeout=20 * SLOW)
        self.assertEqual((done.returncode, out), (0, ""))
        self.assertIn("waiting for MCP messages on stdin", err)

    def test_no_spawn(self):
        for args, env in ((["--no-spawn"], {}), ([], {"MEMORY_NO_SPAWN": 1})):
            m = self.start(*args, env=env)
            number = m.send("tools/call", {"name": "read_graph"})
            m.eof()
            r = m.reply(number)["result"]
            self.assertTrue(r["isError"])
            self.assertIn("memoryctl doctor", r["content"][0]["text"])
            self.assertIsNone(self.place.pid())

    def test_it_cannot_be_started(self):
        m = self.start(env={"MEMORY_DB_PROGRAM": "/nonexistent/memory-db"})
        r = m.tool("read_graph")
        self.assertTrue(r["isError"])
        self.assertIn("memoryctl doctor", r["content"][0]["text"])
        self.assertEqual(m.request("ping"), {})

    def test_wrong_database(self):
        m = self.start()
        m.ok("read_graph")
        other = self.start(env={"MEMORY_DB_PATH": self.home / "other.db"})
        self.assertIsNotNone(self.place.pid())
        r = other.tool("read_graph")
        self.assertTrue(r["isError"])
        self.assertIn("other.db", r["content"][0]["text"])
        self.assertIn("memory.db", r["content"][0]["text"])

    def test_database_in_a_linked_folder(self):
        (self.home / "real").mkdir()
        os.symlink(self.home / "real", self.home / "db")
        m = self.start()
        m.ok("create_entities", entities=[entity("a")])
        other = self.start(env={
            "MEMORY_DB_PATH": self.home / "real/memory.db"})
        self.assertEqual(len(other.ok("read_graph")["entities"]), 1)

    def test_a_file_that_is_no_database(self):
        (self.home / "db").mkdir()
        (self.home / "db/memory.db").write_bytes(b"something else" * 100)
        r = self.start().tool("read_graph")
        self.assertTrue(r["isError"])
        self.assertIn("no SQLite database", r["content"][0]["text"])

    def test_older_spawned_service_retires(self):
        old = StubDb(self.home / "s", version="0.0.1", spawned=True).start()
        m = self.start()
        m.ok("create_entities", entities=[entity("a")])
        self.assertEqual(len(old.calls("retire")), 1)
        self.assertEqual(old.entities, {})
        self.assertIsNotNone(self.place.pid())

    def test_older_managed_service_stays(self):
        old = StubDb(self.home / "s", version="0.0.1", spawned=False).start()
        self.addCleanup(old.stop)
        m = self.start()
        m.ok("create_entities", entities=[entity("a")])
        self.assertEqual(old.calls("retire"), [])
        self.assertEqual(list(old.entities), ["a"])

    def test_newer_spawned_service_stays(self):
        new = StubDb(self.home / "s", version="99.0.0", spawned=True).start()
        self.addCleanup(new.stop)
        self.start().ok("create_entities", entities=[entity("a")])
        self.assertEqual(new.calls("retire"), [])


class Namespaces(Spawned):
    def test_of_the_folder(self):
        (self.home / "app/.git").mkdir(parents=True)
        (self.home / "app/src").mkdir()
        (self.home / "app/.git/config").write_text(
            '[remote "origin"]\n\turl = git@host.example:team/app.git\n')
        m = self.start(env={"MEMORY_NAMESPACE": "auto"},
                       cwd=self.home / "app/src")
        m.ok("create_entities", entities=[entity("here")])
        m.ok("create_entities", entities=[entity("mine")], scope="user")
        plain = self.start()
        self.assertEqual([e["name"] for e in
                          plain.ok("read_graph")["entities"]], ["mine"])
        named = self.start("--namespace", "host.example/team/app")
        self.assertEqual({e["name"]: e.get("namespace") for e in
                          named.ok("read_graph")["entities"]},
                         {"here": None, "mine": "default"})

    def test_provenance(self):
        m = self.start()
        m.ok("create_entities", entities=[entity("a", "x")])
        [change] = m.ok("memory_history", {"name": "a"})["changes"]
        self.assertEqual(change["client"], "harness/1")
        self.assertRegex(change["session"], r"^20\d\d-\d\d-\d\d-[0-9a-f]{6}$")


class Profiles(TestCase):
    def test_every_tool_shown_is_served(self):
        """Nothing is listed that memory-db does not know."""
        db = self.service()
        m = self.mcp(db, args=["--tools", "all,admin"])
        tools = m.request("tools/list")["tools"]
        self.assertEqual(len(tools), len({t["name"] for t in tools}))
        for t in tools:
            r = m.tool(t["name"], {"no_such_parameter": 1})
            text = r["content"][0]["text"]
            self.assertNotIn("not part of this build", text, t["name"])
            self.assertNotIn("unknown method", text, t["name"])

    def test_the_list_is_small_plain_and_described(self):
        """Every session of every agent pays for it; some clients refuse a
        list with a type that is one of several."""
        def walk(schema, path):
            if not isinstance(schema, dict):
                return
            self.assertFalse({"anyOf", "oneOf", "allOf"} & set(schema), path)
            self.assertNotIsInstance(schema.get("type"), list, path)
            if schema.get("type") == "array":
                self.assertIn("items", schema, path)
                walk(schema["items"], path + "[]")
            for name, member in schema.get("properties", {}).items():
                if " in" in path:
                    self.assertTrue(member.get("description"),
                                    f"{path}.{name}")
                walk(member, f"{path}.{name}")

        db = self.service()
        for profiles in ("default", "compat", "all,admin"):
            with self.mcp(db, args=["--tools", profiles,
                                    "--namespace", "p"]) as m:
                m.initialize()
                r = m.request("tools/list")
            if profiles == "default":
                self.assertLess(len(json.dumps(
                    r, separators=(",", ":"), ensure_ascii=False)), 9000 - 60)
            for t in r["tools"]:
                self.assertTrue(t["description"])
                if profiles != "compat":    # the reference describes less
                    walk(t["inputSchema"], t["name"] + " in")
                walk(t["inputSchema"], t["name"])
                walk(t.get("outputSchema"), t["name"] + " out")

    def test_scope_of_a_read_is_told_to_be_ignored(self):
        db = self.service()
        with self.mcp(db, args=["--namespace", "p"]) as m:
            m.initialize()
            m.ok("create_entities", entities=[entity("ada", "likes tea")],
                 scope="user")
            for tool, args in (("recall", {"query": "tea"}),
                               ("search_nodes", {"query": "tea"}),
                               ("open_nodes", {"names": ["ada"]}),
                               ("memory_history", {})):
                r = m.ok(tool, args, scope="project")
                self.assertEqual(r["ignored"], ["scope"], tool)
                self.assertIn("likes tea", json.dumps(r), tool)

    def test_admin(self):
        db = self.service()
        m = self.mcp(db, args=["--tools", "default,admin"])
        m.ok("create_entities", entities=[entity("a")])
        self.assertEqual([n["name"] for n in
                          m.ok("list_namespaces")["namespaces"]], ["default"])
        self.assertEqual(m.ok("verify")["problems"], [])
        self.assertEqual(len(m.ok("list_sessions")["sessions"]), 1)

    def test_history(self):
        db = self.service()
        m = self.mcp(db, args=["--tools", "default,history"])
        m.ok("create_entities", entities=[entity("a", "x")])
        [change] = m.ok("memory_history", since="1 hour ago")["changes"]
        self.assertEqual(m.ok("memory_history", until="yesterday")["changes"],
                         [])
        self.assertEqual(m.ok("memory_history", session=change["session"])
                         ["changes"], [change])
        self.assertEqual(m.ok("memory_history", session="another")["changes"],
                         [])
        change = change["change"]
        m.ok("add_observations", observations=[
            {"entityName": "a", "contents": ["y"]}])
        m.ok("rename_entity", {"name": "a", "new_name": "b"})
        m.ok("update_entity", {"name": "b", "tier": "semantic"})
        self.assertEqual(m.ok("open_nodes", names=["b"])["entities"],
                         [entity("b", "x", "y")])
        self.assertEqual(m.ok("read_graph", as_of=change)["entities"],
                         [entity("a", "x")])
        r = m.tool("read_graph", branch="nosuch")
        self.assertTrue(r["isError"])


@unittest.skipIf(SANITIZED, "sanitizers are slow and large")
class Figures(TestCase):
    def test_start_to_first_answer(self):
        db = self.service()
        took = []
        for _ in range(7):
            began = time.monotonic()
            m = db.mcp(era=MODERN, start=False)
            m.tool("get_memory_status")
            took.append(time.monotonic() - began)
            m.done()
        # The best of several: other tests run on this machine, and the
        # start of the process from Python counts as well.
        self.assertLess(min(took), 0.03 * SLOW, took)

    def test_memory_after_work(self):
        db = self.service(rate_limit=False)
        m = self.mcp(db)
        for k in range(20):
            m.ok("create_entities", entities=[
                entity(f"e{k}-{i}", "fact " * 10) for i in range(500)])
        m.ok("read_graph")
        m.tool("search_nodes", query="fact")
        self.assertLess(rss_kb(m.pid), 5000)
        # What a large answer took is given back.
        whole = self.mcp(db, args=["--tools", "compat"])
        self.assertEqual(len(whole.ok("read_graph")["entities"]), 10000)
        wait_until(lambda: rss_kb(whole.pid) < 5000, 5,
                   why="memory of the answer given back")


if __name__ == "__main__":
    main()
