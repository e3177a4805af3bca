"""The process: connections, hello, routing, the ways it begins and ends."""
import json
import os
import random
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

import faults
import harness
from faults import Faults
from harness import BIN, SLOW, Client, entity, wait_until

SECOND = 1_000_000


class TestCase(harness.TestCase):
    def slow(self, us):
        """A service whose commits take so many microseconds. Making a
        database takes many syncs: the disk is slow only after that."""
        db = self.service()
        db.stop()
        db.shims, db.extra_env = ["shim_fsync.so"], {"FSYNC_US": us}
        return db.start(60)


def ended(db, code):
    """Waits until the service has ended by itself; returns its log."""
    process, db.process = db.process, None
    process.check(process.wait(), (code,))
    return process.text()


class Hello(TestCase):
    def test_reply(self):
        db = self.service()
        got = db.client().ok("hello", protocol=1, version="0.1.0",
                             client="test", time_zone="Europe/Vienna")
        self.assertEqual(got["protocol"], 1)
        self.assertEqual(got["path"], str(db.database))
        self.assertEqual(got["pid"], db.pid)
        self.assertIs(got["spawned"], False)
        self.assertRegex(got["version"], r"^\d+\.\d+\.\d+$")
        self.assertRegex(got["database_id"], r"^[0-9a-f]{32}$")
        self.assertRegex(got["instance_id"], r"^[0-9a-f]{32}$")
        self.assertGreaterEqual(got["schema"], 1)

    def test_versions(self):
        c = self.service().client()
        c.ok("hello", protocol=2)
        got = c.fails("version", "hello", protocol=3)
        self.assertIn("update memory-db", got["error"])
        c.ok("ping")

    def test_expected_database(self):
        db = self.service()
        link = db.folder / "link.db"
        link.symlink_to(db.database)
        c = db.client()
        c.ok("hello", expect_database=str(db.database))
        c.ok("hello", expect_database=str(link))
        got = c.fails("wrong_database", "hello",
                      expect_database="/nowhere/other.db")
        self.assertIn(str(db.database), got["error"])
        self.assertIn("/nowhere/other.db", got["error"])

    def test_zone(self):
        c = self.service().client()
        c.ok("hello", time_zone="+02:00")
        c.ok("hello", tools="default,of_a_later_version")
        self.assertEqual(
            c.fails("invalid", "hello", time_zone="Mars/Olympus")["param"],
            "time_zone")

    def test_defaults_hold_for_the_connection(self):
        db = self.service()
        a, b = db.client(), db.client()
        a.ok("hello", namespace="proj", session="s1", client="agent")
        b.ok("subscribe", all=True)
        a.ok("create_entities", entities=[entity("ada")])
        event = b.event()
        self.assertEqual(event["namespace"], "proj")
        self.assertEqual(event["session"], "s1")
        self.assertEqual(event["client"], "agent")
        a.ok("create_entities", entities=[entity("bob")], namespace="q",
             session="s2")
        event = b.event()
        self.assertEqual(event["namespace"], "q")
        self.assertEqual(event["session"], "s2")

    def test_as_of_is_for_reads(self):
        c = self.service().client()
        got = c.fails("invalid", "create_entities", entities=[entity("a")],
                      as_of="yesterday")
        self.assertEqual(got["param"], "as_of")
        c.ok("hello", as_of="2020-01-01")
        c.fails("invalid", "create_entities", entities=[entity("a")])

    def test_other_branch(self):
        c = self.service().client()
        got = c.fails("not_found", "search_nodes", query="x", branch="dev")
        self.assertIn("main", got["error"])


    def test_defaults_of_the_service(self):
        for how in (dict(env={"MEMORY_NAMESPACE": "team"}),
                    dict(args=["--namespace", "team", "--spawned"])):
            db = self.service(**how)
            c = db.client()
            c.ok("create_entities", entities=[entity("a")])
            c.ok("create_entities", entities=[entity("b")], namespace="own")
            got = c.ok("get_memory_status")["namespaces"]
            self.assertEqual(got, {"team": 1, "own": 1})

    def test_environment_of_one_client_is_not_that_of_all(self):
        db = self.service(args=["--spawned"], env={
            "MEMORY_NAMESPACE": "team", "MEMORY_BRANCH": "dev"})
        c = db.client()
        c.ok("create_entities", entities=[entity("a")])
        self.assertEqual(c.ok("get_memory_status")["namespaces"],
                         {"default": 1})


class Routing(TestCase):
    def test_nearest_method(self):
        c = self.service().client()
        got = c.fails("unknown_method", "search_node", query="x")
        self.assertIn("search_nodes", got["error"])

    def test_ignored_parameters(self):
        c = self.service().client()
        got = c.ok("search_nodes", query="x", colour="red")
        self.assertEqual(got["ignored"], ["colour"])
        got = c.fails("invalid", "memory_history", limitt=3)
        self.assertIn("limit", got["error"])

    def test_out_of_order(self):
        """A status overtakes a write that waits for the disk."""
        c = self.slow(300_000).client()
        write = c.request("create_entities", entities=[entity("a")])
        status = c.request("get_memory_status")
        first = c.read()
        self.assertEqual(first["id"], status)
        self.assertEqual(c.read()["id"], write)

    def test_without_id_in_order(self):
        """Replies keep the order; reads see the writes before them."""
        c = self.slow(200_000).client()
        c.send('{"method":"create_entities","params":{"entities":'
               '[{"name":"ada","entityType":"p","observations":["x"]}]}}'
               '{"method":"get_memory_status"}'
               '{"method":"ping"}'
               '{"method":"search_nodes","params":{"query":"ada"}}')
        self.assertEqual(c.read()["results"][0]["action"], "created")
        self.assertEqual(c.read()["total_entities"], 1)
        self.assertEqual(c.read(), {"success": True})
        self.assertEqual(c.read()["count"], 1)

    def test_many_without_id_in_one_group(self):
        """Answers that come back together are told apart."""
        c = self.slow(20_000).client()
        for turn in range(5):
            c.send("".join(json.dumps({
                "method": "create_entities", "params": {
                    "entities": [entity(f"e{turn}-{i}")]}})
                for i in range(300)))
            self.assertEqual(
                [c.read()["results"][0]["name"] for _ in range(300)],
                [f"e{turn}-{i}" for i in range(300)])

    def test_long_frame_without_id_keeps_its_place(self):
        c = self.service().client()
        long = {"method": "create_entities", "params": {"entities": [
            entity("long", "x" * 100_000)]}}
        c.send(json.dumps(long) + '{"method":"ping"}')
        self.assertEqual(c.read()["results"][0]["name"], "long")
        self.assertEqual(c.read(), {"success": True})

    def test_long_frame_with_an_id_does_not_hold_others(self):
        c = self.slow(300_000).client()
        c.send(json.dumps({"id": 1, "method": "create_entities", "params": {
            "entities": [entity("long", "x" * 100_000)]}}) +
            '{"method":"ping"}')
        self.assertNotIn("id", c.read())
        self.assertEqual(c.read()["id"], 1)

    def test_bad_long_frame_closes(self):
        c = self.service().client()
        c.send('{"id":1,"method":"ping","params":{"a":' + '1 1,' * 9000 + "1}}")
        self.assertEqual(c.read()["code"], "protocol")
        self.assertTrue(c.closed())

    def test_pending_is_bounded_but_nothing_dropped(self):
        c = self.slow(100_000).client()
        ids = [c.request("create_entities", entities=[entity(f"e{i}")])
               for i in range(300)]
        self.assertEqual({c.read()["id"] for _ in ids}, set(ids))

    def test_half_close_gets_the_replies(self):
        c = self.slow(200_000).client()
        number = c.request("create_entities", entities=[entity("a")])
        c.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(c.read()["id"], number)
        self.assertTrue(c.closed())

    def test_write_of_a_client_that_left_happens(self):
        db = self.slow(200_000)
        with Client(db.socket) as c:
            c.request("create_entities", entities=[entity("left")])
        c = db.client()
        wait_until(lambda: c.ok("search_nodes", query="left")["count"] == 1,
                   why="the write of a client that left")

    def test_rate_limit(self):
        db = self.service(rate_limit=True, args=[
            "--limit-writes-burst", "3", "--limit-writes-per-minute", "60"])
        a, b = db.client(), db.client()
        for i in range(3):
            a.ok("create_entities", entities=[entity(f"{i}")], session="s")
        got = b.fails("busy", "create_entities", entities=[entity("x")],
                      session="s")
        self.assertGreater(got["retry_after_ms"], 0)
        self.assertLessEqual(got["retry_after_ms"], 1001)
        b.ok("create_entities", entities=[entity("x")], session="other")
        b.ok("create_entities", entities=[entity("y")])
        b.ok("search_nodes", query="x", session="s")
        a.ok("import_records", source="f", offset=0, session="s")

    def test_disk_low(self):
        db = self.service(args=["--limit-disk-free", str(1 << 60)])
        c = db.client()
        got = c.fails("disk_low", "create_entities", entities=[entity("a")])
        self.assertIn("MB", got["error"])
        c.ok("search_nodes", query="a")
        health = c.ok("get_memory_status")["health"]
        self.assertEqual(health["state"], "limited")


    def test_request_bytes(self):
        db = self.service(args=["--limit-request-bytes", "2000"])
        c = db.client()
        c.ok("create_entities", entities=[entity("a", "x" * 1500)])
        c.request("create_entities", entities=[entity("b", "x" * 2000)])
        got = c.read()
        self.assertEqual(got["code"], "protocol")
        self.assertIn("2000 bytes", got["error"])
        self.assertTrue(c.closed())

    def test_namespace_facts(self):
        db = self.service(args=["--limit-namespace-facts", "6"])
        c = db.client()
        c.ok("create_entities", entities=[entity("a", "1", "2", "3")])
        c.fails("limit", "create_entities",
                entities=[entity("b", "1", "2", "3", "4")])
        c.ok("create_entities", entities=[entity("b", "1")], namespace="n2")

    def flood(self, db, clients, method, params, each=64):
        """Sends much at once; returns the first reply with code busy."""
        line = json.dumps({"id": 1, "method": method, "params": params})
        all = [Client(db.socket) for _ in range(clients)]
        try:
            for c in all:
                c.send(line * each)
            for c in reversed(all):
                for _ in range(each):
                    got = c.read(60)
                    if got.get("code") == "busy":
                        return got
        finally:
            for c in all:
                c.close()
        return None

    def test_write_queue_has_an_end(self):
        """More than 40,000 writes behind one slow commit."""
        db = self.slow(2 * SECOND)
        got = self.flood(db, 700, "create_entities", {"entities": [
            entity("x", "y")], "mode": "replace"})
        self.assertIn("writes are waiting", got["error"])
        self.assertGreater(got["retry_after_ms"], 0)
        db.client().ok("ping")
        db.kill()

    def test_read_queue_has_an_end(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[
            entity(f"e{i}", "y" * 5000) for i in range(100)])
        # Of a time in words no page is kept: each is read anew.
        got = self.flood(db, 200, "read_graph", {"limit": 100, "as_of": "now"})
        self.assertIn("reads are waiting", got["error"])
        self.assertGreater(got["retry_after_ms"], 0)
        wait_until(lambda: c.call("search_nodes", query="e1")["success"],
                   why="a free queue, as those who asked have left")

    def test_read_only(self):
        db = self.service()
        db.client().ok("create_entities", entities=[entity("ada")])
        db.stop()
        db.args.append("--read-only")
        db.start()
        c = db.client()
        got = c.fails("denied", "create_entities", entities=[entity("bob")])
        self.assertIn("read-only", got["error"])
        self.assertEqual(c.ok("search_nodes", query="ada")["count"], 1)
        got = c.ok("get_memory_status")
        self.assertEqual(got["total_entities"], 1)
        self.assertEqual(got["health"]["state"], "limited")


class Background(TestCase):
    def tasks(self, client):
        return {t["name"]: t
                for t in client.ok("get_memory_status")["background"]}

    def test_tasks_in_status(self):
        c = self.service().client()
        c.ok("create_entities", entities=[entity("ada")])
        wait_until(lambda: self.tasks(c)["checkpoint"]["runs"] > 0, 10)
        wait_until(lambda: self.tasks(c)["memory"]["runs"] > 0, 20)
        tasks = self.tasks(c)
        done = tasks["old-keys"]
        self.assertEqual(done["outcome"], "done")
        self.assertRegex(done["last_run"], r"^20\d\d-.*Z$")
        self.assertGreater(done["next_due"], done["last_run"])
        self.assertNotIn("next_due", tasks["checkpoint"])  # when there is work
        self.assertEqual([t for t in tasks.values() if t["failures"]], [])
        self.assertEqual(tasks["vectors"]["outcome"], "never")

    def test_agents_get_none(self):
        c = self.service().client()
        c.ok("hello", protocol=1, version="9", client="t/1", tools="default")
        self.assertNotIn("background", c.ok("get_memory_status"))


class Cancel(TestCase):
    def test_queued_write(self):
        """The second write waits behind the commit of the first."""
        db = self.slow(500_000)
        c = db.client()
        first = c.request("create_entities", entities=[entity("first")])
        time.sleep(0.15)
        second = c.request("create_entities", entities=[entity("second")])
        self.assertTrue(c.ok("cancel", id=second)["cancelled"])
        self.assertTrue(c.reply(first)["success"])
        self.assertEqual(c.ok("search_nodes", query="second")["count"], 0)
        self.assertFalse(c.ok("cancel", id=second)["cancelled"])
        c.sock.settimeout(0.7)
        with self.assertRaises(TimeoutError):
            c.sock.recv(1)

    def test_unknown(self):
        c = self.service().client()
        self.assertFalse(c.ok("cancel", id=12345)["cancelled"])
        c.fails("invalid", "cancel", id="x")

    def test_of_another_connection(self):
        db = self.slow(300_000)
        a, b = db.client(), db.client()
        number = a.request("create_entities", entities=[entity("a")])
        self.assertFalse(b.ok("cancel", id=number)["cancelled"])
        self.assertTrue(a.reply(number)["success"])


class Feed(TestCase):
    def test_events(self):
        db = self.service()
        a, b = db.client(), db.client()
        since = b.ok("subscribe")["change"]
        got = a.ok("create_entities", entities=[entity("ada"), entity("bob")])
        event = b.event()
        self.assertGreater(event["change"], since)
        self.assertEqual(event["change"], got["change"])
        self.assertEqual(event["event"], "change")
        self.assertEqual(event["kind"], "create")
        self.assertEqual(event["entities"], ["ada", "bob"])
        self.assertRegex(event["at"], r"^\d{4}-\d\d-\d\dT")
        b.ok("unsubscribe")
        a.ok("create_entities", entities=[entity("eve")])
        b.ok("ping")
        self.assertEqual(b.events, [])

    def test_only_own_namespace_and_default(self):
        db = self.service()
        a, b, c = db.client(), db.client(), db.client()
        b.ok("subscribe", namespace="p")
        c.ok("subscribe", all=True)
        for ns in ("other", "p", "default"):
            a.ok("create_entities", entities=[entity("x")], namespace=ns)
        self.assertEqual([b.event()["namespace"] for _ in range(2)],
                         ["p", "default"])
        self.assertEqual([c.event()["namespace"] for _ in range(3)],
                         ["other", "p", "default"])

    def test_alias(self):
        db = self.service()
        a, b, c = db.client(), db.client(), db.client()
        a.ok("create_entities", entities=[entity("x")], namespace="new")
        a.ok("alias_namespace", alias="old", of="new")
        b.ok("subscribe", namespace="old")
        c.ok("subscribe", namespace="new")
        a.ok("create_entities", entities=[entity("y")], namespace="old")
        self.assertEqual(b.event()["namespace"], "new")
        self.assertEqual(c.event()["namespace"], "new")

    def test_failed_write_is_no_event(self):
        db = self.service()
        a, b = db.client(), db.client()
        b.ok("subscribe")
        a.call("add_observations", observations=[
            {"entityName": "nobody", "contents": ["x"]}])
        a.ok("create_entities", entities=[entity("ada")])
        self.assertEqual(b.event()["entities"], ["ada"])

    def test_slow_reader_hears_what_it_lost(self):
        db = self.service()
        a, b = db.client(), db.client()
        b.ok("subscribe")
        name = "n" * 900
        n = 3000
        for _ in range(0, n, 50):
            ids = [a.request("create_entities", entities=[
                entity(f"{name}{i}-{k}") for k in range(5)])
                for i in range(50)]
            for number in ids:
                a.reply(number)
            name = name[:-1]
        last = a.ok("get_memory_status")["last_change"]
        told = []
        while True:
            event = b.event()
            if event["event"] == "lost":
                break
            told.append(event["change"])
        self.assertEqual(told, sorted(told))
        self.assertEqual(event["change"], told[-1] + 1)
        self.assertLess(len(told), n)
        # From there on it is up to date again.
        got = a.ok("create_entities", entities=[entity("after")])
        self.assertGreater(got["change"], last)
        changes = []
        while not changes or changes[-1] != got["change"]:
            event = b.event()
            changes.append(event["change"])


class Status(TestCase):
    def test_shape(self):
        c = self.service().client()
        c.ok("create_entities", entities=[entity("ada", "likes tea")])
        c.fails("unknown_method", "nonsense")
        got = c.ok("get_memory_status")
        self.assertEqual(got["total_entities"], 1)
        self.assertEqual(got["total_observations"], 1)
        self.assertEqual(got["total_relations"], 0)
        self.assertEqual(got["total_changes"], 1)
        self.assertEqual(sum(got["by_tier"].values()), 1)
        self.assertEqual(sum(got["by_type"].values()), 1)
        self.assertEqual(got["namespaces"], {"default": 1})
        self.assertGreater(got["sizes"]["file_bytes"], 0)
        self.assertGreater(got["sizes"]["disk_free_bytes"], 0)
        self.assertGreater(got["compression"]["original_size"], 0)
        self.assertEqual(got["queues"]["commits"], 1)
        self.assertEqual(got["latency"]["commit"]["count"], 1)
        self.assertEqual(got["limits"]["connections"], 1100)
        self.assertEqual(got["health"]["state"], "ok")
        self.assertEqual(got["health"]["replies"]["unknown_method"], 1)
        self.assertGreaterEqual(got["uptime_s"], 0)

    def test_grouped(self):
        db = self.slow(50_000)
        c = db.client()
        ids = [c.request("create_entities", entities=[entity(f"e{i}")])
               for i in range(60)]
        for number in ids:
            c.reply(number)
        q = c.ok("get_memory_status")["queues"]
        self.assertLess(q["commits"], 10)
        self.assertGreater(q["largest_commit"], 10)

    def test_group_max_1_is_naive(self):
        db = self.service(args=["--group-max", "1"])
        c = db.client()
        ids = [c.request("create_entities", entities=[entity(f"e{i}")])
               for i in range(20)]
        for number in ids:
            c.reply(number)
        q = c.ok("get_memory_status")["queues"]
        self.assertEqual((q["commits"], q["largest_commit"]), (20, 1))


class End(TestCase):
    def test_other_signals(self):
        for number in (signal.SIGINT, signal.SIGHUP):
            db = self.service()
            db.client().ok("create_entities", entities=[entity("a")])
            os.kill(db.pid, number)
            ended(db, 0)
            self.assertFalse(os.path.exists(f"{db.database}-wal"))

    def test_sigterm_finishes_what_was_accepted(self):
        db = self.slow(300_000)
        c = db.client()
        ids = [c.request("create_entities", entities=[entity(f"e{i}")])
               for i in range(40)]
        idle = Client(db.socket)
        time.sleep(0.1)
        os.kill(db.pid, signal.SIGTERM)
        self.assertEqual({c.read()["id"] for _ in ids}, set(ids))
        self.assertTrue(c.closed())
        self.assertTrue(idle.closed())
        ended(db, 0)
        self.assertFalse(os.path.exists(db.socket))
        self.assertFalse(os.path.exists(f"{db.database}-wal"))
        db.start()
        self.assertEqual(db.client().ok("get_memory_status")
                         ["total_entities"], 40)

    def test_a_client_that_never_reads_does_not_keep_it(self):
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[
            entity(f"e{i}", "y" * 20000) for i in range(60)])
        for _ in range(20):
            c.request("read_graph")
        os.kill(db.pid, signal.SIGTERM)
        ended(db, 0)

    def test_exit_when_idle(self):
        db = self.service(args=["--exit-when-idle", "1"])
        c = db.client()
        c.ok("ping")
        time.sleep(2.5)
        c.ok("ping")
        c.close()
        began = time.monotonic()
        ended(db, 0)
        self.assertGreater(time.monotonic() - began, 0.5)
        self.assertFalse(os.path.exists(db.socket))

    def test_vanished_socket(self):
        db = self.service()
        os.unlink(db.socket)
        self.assertIn("socket was removed", ended(db, 111))

    def test_replaced_socket_is_left_alone(self):
        db = self.service()
        os.unlink(db.socket)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(db.socket)
            other.listen()
            ended(db, 111)
            self.assertTrue(os.path.exists(db.socket))

    def test_vanished_database(self):
        db = self.service()
        db.client().ok("create_entities", entities=[entity("a")])
        os.rename(db.database.parent, db.folder / "moved")
        self.assertIn("database file", ended(db, 111))

    def test_vanished_lock(self):
        db = self.service()
        os.unlink(f"{db.database}.pid")
        self.assertIn("lock file", ended(db, 111))

    def test_a_second_instance_leaves_the_pid(self):
        db = self.service()
        pid = db.database.with_name(db.database.name + ".pid")
        before = pid.read_text()
        self.assertTrue(before.strip().isdigit())
        for _ in range(2):
            second = subprocess.run(
                [BIN / "memory-db", "--database", db.database,
                 "--socket", f"{db.socket}2"], capture_output=True,
                text=True, timeout=60)
            self.assertEqual(second.returncode, 111)
            self.assertIn(f"pid {before.strip()}", second.stderr)
        self.assertEqual(pid.read_text(), before)

    def test_retire(self):
        db = self.service(args=["--spawned"])
        c = db.client()
        c.fails("denied", "retire")
        c.ok("hello", version="0.0.1")
        c.fails("denied", "retire")
        c.ok("hello", version="1000.0.0")
        c.ok("retire")
        ended(db, 0)

    def test_retire_of_a_managed_one(self):
        c = self.service().client()
        c.ok("hello", version="1000.0.0")
        got = c.fails("denied", "retire")
        self.assertIn("systemctl restart memory-db", got["error"])


class Start(TestCase):
    def run_db(self, *args, env, **kw):
        return subprocess.run([BIN / "memory-db", *args], env=env, text=True,
                              capture_output=True, timeout=20 * SLOW, **kw)

    def test_second_instance(self):
        db = self.service()
        r, w = os.pipe()
        env = db.env({"MEMORY_DB_SOCKET": str(db.folder / "s2")})
        got = self.run_db("--ready-fd", str(w), env=env, pass_fds=[w])
        os.close(w)
        with os.fdopen(r) as f:
            line = f.read()
        text = f"another instance (pid {db.pid}) serves {db.database}"
        self.assertEqual(got.returncode, 111)
        self.assertEqual(line, f"exists {text}\n")
        self.assertIn(text, got.stderr)
        db.client().ok("ping")

    def test_ready_line(self):
        db = self.service(start=False)
        r, w = os.pipe()
        p = subprocess.Popen([BIN / "memory-db", "--ready-fd", str(w)],
                             env=db.env(), pass_fds=[w],
                             stderr=subprocess.DEVNULL)
        os.close(w)
        with os.fdopen(r) as f:
            self.assertEqual(f.read(), "ready\n")
        with Client(db.socket) as c:
            c.ok("ping")
        p.terminate()
        self.assertEqual(p.wait(20 * SLOW), 0)

    def test_stale_socket_is_replaced(self):
        db = self.service()
        db.kill()
        self.assertTrue(os.path.exists(db.socket))
        db.start()
        db.client().ok("ping")

    def test_live_socket_is_not(self):
        db = self.service()
        env = db.env({"MEMORY_DB_PATH": str(db.folder / "other.db")})
        got = self.run_db(env=env)
        self.assertEqual(got.returncode, 111)
        self.assertIn(db.socket, got.stderr)
        db.client().ok("ping")

    def test_modes(self):
        db = self.service(args=["--spawned"])
        self.assertEqual(stat.S_IMODE(os.stat(db.socket).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(db.database).st_mode), 0o600)
        log = db.database.parent / "memory-db.log"
        self.assertEqual(stat.S_IMODE(os.stat(log).st_mode), 0o600)
        self.assertIn("ready", log.read_text())

    def test_usage(self):
        db = self.service(start=False)
        for args in (["--nonsense"], ["--group-max", "0"], ["extra"],
                     ["--allow-uid", "nobody-has-this-name"],
                     ["--log-level", "loud"], ["--namespace", "n" * 300]):
            got = self.run_db(*args, env=db.env())
            self.assertIn(got.returncode, (100, 111), args)
            self.assertIn("memory-db: ", got.stderr)
        got = self.run_db("--help", env=db.env())
        self.assertEqual(got.returncode, 0)
        self.assertIn("--exit-when-idle", got.stdout)

    def test_log_as_json(self):
        db = self.service(args=["--log-format", "json", "--log-level",
                                "debug"])
        db.client().ok("ping")
        db.stop()
        # log of the process, kept by the harness
        lines = [json.loads(line) for line in
                 (db.folder / "memory-db.log").read_text().splitlines()]
        self.assertTrue(any(o["event"] == "request" and o["request"] > 0
                            for o in lines))


class Systemd(TestCase):
    """The protocols of systemd, with this test in its place."""

    def test_socket_activation_and_notify(self):
        db = self.service(start=False)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(db.socket)
        listener.listen(16)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(db.folder / "notify"))
        notify.settimeout(10 * SLOW)

        # LISTEN_PID has to be that of the service itself.
        script = ("import os,sys; os.environ['LISTEN_PID']=str(os.getpid());"
                  "os.execv(sys.argv[1], sys.argv[1:])")
        env = db.env({"LISTEN_FDS": "1",
                      "NOTIFY_SOCKET": str(db.folder / "notify"),
                      "WATCHDOG_USEC": str(SECOND)})
        early = Client(db.socket)
        p = subprocess.Popen(
            ["python3", "-c", script, str(BIN / "memory-db")], env=env,
            preexec_fn=lambda: os.dup2(listener.fileno(), 3, True),
            pass_fds=[3], stderr=subprocess.DEVNULL)
        try:
            early.ok("ping")
            seen = set()
            # On a busy machine the watchdog may be fed before all is open.
            while not {"READY=1", "WATCHDOG=1"} <= seen:
                seen.add(notify.recv(200).decode())
            p.terminate()
            while "STOPPING=1" not in seen:
                seen.add(notify.recv(200).decode())
            self.assertEqual(p.wait(20 * SLOW), 0)
            # The socket is systemd's: it stays.
            self.assertTrue(os.path.exists(db.socket))
        finally:
            if p.poll() is None:
                p.kill()
                p.wait()
            early.close()
            listener.close()
            notify.close()


@unittest.skipUnless(os.geteuid() == 0, "needs root to be two users")
class Users(TestCase):
    NOBODY = 65534

    def as_nobody(self, path):
        """What another user gets: the first line."""
        code = ("import os,socket,sys\n"
                "os.setgid(65534); os.setuid(65534)\n"
                "s=socket.socket(socket.AF_UNIX); s.settimeout(20)\n"
                "s.connect(sys.argv[1])\n"
                "try: s.sendall(b'{\"id\":1,\"method\":\"ping\"}')\n"
                "except OSError: pass\n"
                "print(s.makefile().readline())")
        done = subprocess.run(["python3", "-c", code, path], text=True,
                              capture_output=True, timeout=30 * SLOW)
        return json.loads(done.stdout) if done.stdout.strip() else done.stderr

    def open_to_all(self, db):
        os.chmod(db.folder, 0o755)
        os.chmod(db.socket, 0o666)

    def test_refused(self):
        db = self.service()
        self.open_to_all(db)
        got = self.as_nobody(db.socket)
        self.assertEqual(got["code"], "denied")
        self.assertIn("--allow-uid", got["error"])

    def test_allowed(self):
        db = self.service(args=["--allow-uid", str(self.NOBODY)])
        self.open_to_all(db)
        self.assertTrue(self.as_nobody(db.socket)["success"])


class Connections(TestCase):
    def test_limit(self):
        db = self.service(args=["--limit-connections", "5"])
        held = [db.client() for _ in range(5)]
        for c in held:
            c.ok("ping")
        extra = Client(db.socket)
        got = extra.read()
        self.assertEqual(got["code"], "busy")
        self.assertTrue(extra.closed())
        held.pop().close()

        def again():
            with Client(db.socket) as c:
                try:
                    return c.call("ping").get("success")
                except (OSError, ConnectionError):
                    return False
        wait_until(again, why="a free place")

    def test_few_descriptors(self):
        """The service says so instead of spinning."""
        import resource
        db = self.service(limits={resource.RLIMIT_NOFILE: 90})
        held = []
        for _ in range(120):
            c = Client(db.socket, timeout=5)
            held.append(c)
        refused = 0
        for c in held:
            try:
                c.ok("ping")
            except (OSError, AssertionError, ConnectionError):
                refused += 1
        self.assertGreater(refused, 0)
        for c in held:
            c.close()

        def again():
            with Client(db.socket) as c:
                try:
                    return c.call("ping").get("success")
                except (OSError, ConnectionError, AssertionError):
                    return False
        wait_until(again, why="service after the rush")

    def test_silent_ones_cost_little(self):
        db = self.service()
        held = [Client(db.socket) for _ in range(500)]
        db.client().ok("ping")
        self.assertLess(harness.rss_kb(db.pid),
                        (200_000 if harness.SANITIZED else 25_000))
        for c in held:
            c.close()


class Chaos(TestCase):
    """Many clients at once that do what clients do, and worse. Afterwards
    nothing is left of them: no connection, no request, no byte of input."""

    def one(self, db, rng, number):
        """The life of one client."""
        c = Client(db.socket, timeout=5)
        with c:
            for _ in range(rng.randrange(1, 25)):
                name = f"n{rng.randrange(50)}"
                act = rng.randrange(12)
                if act < 4:
                    c.request("create_entities", entities=[
                        entity(name, "z" * rng.choice([10, 500, 30000]))])
                elif act == 4:
                    c.send(json.dumps({"method": "create_entities", "params": {
                        "entities": [entity(name, "without id")]}}))
                elif act == 5:
                    c.send('{"method":"search_nodes","params":'
                           '{"query":"%s"}}{"method":"get_memory_status"}'
                           % name)
                elif act == 6:
                    c.request("cancel", id=rng.randrange(1, 30))
                elif act == 7:
                    c.request(rng.choice(["subscribe", "unsubscribe"]))
                elif act == 8:
                    c.request("read_graph", limit=5)
                elif act == 9:
                    c.request("hello", namespace=rng.choice(["a", "default"]))
                elif act == 10:
                    try:
                        c.sock.setblocking(False)
                        while c.sock.recv(1 << 16):
                            pass
                    except OSError:
                        pass
                    finally:
                        c.sock.setblocking(True)
                        c.sock.settimeout(5 * SLOW)
                else:
                    time.sleep(rng.random() / 100)
            end = rng.randrange(4)
            if end == 0:
                c.send('{"id":1,"method":"create_entities","params":{"en')
            elif end == 1:
                c.send("[1,2,3]")
            elif end == 2:
                # A subscriber that writes no more is still told.
                c.sock.shutdown(socket.SHUT_WR)
                c.sock.settimeout(1)
                while c.sock.recv(1 << 16):
                    pass

    def crowd(self, db, beside=None):
        """Sixteen clients for some seconds, and what happens beside them."""
        seed = int(os.environ.get("TEST_SEED", time.time_ns() % 1_000_000))
        print(f"TEST_SEED={seed}", flush=True)
        end = time.monotonic() + 4
        wrong = []

        def run(k):
            rng = random.Random(seed * 100 + k)
            while time.monotonic() < end:
                try:
                    self.one(db, rng, k)
                except (OSError, TimeoutError):
                    pass    # closed for what it did
                except Exception as e:
                    wrong.append(repr(e))
                    return
        threads = [threading.Thread(target=run, args=(k,)) for k in range(16)]
        for t in threads:
            t.start()
        rng = random.Random(seed)
        while beside and time.monotonic() < end:
            beside(rng)
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])

    def nothing_is_left(self, db):
        c = db.client(timeout=60)

        def left():
            q = c.ok("get_memory_status")["queues"]
            return (q["connections"], q["requests_under_way"],
                    q["writes_waiting"], q["reads_waiting"],
                    q["input_bytes"] < 200)
        try:
            wait_until(lambda: left() == (1, 1, 0, 0, True), 30)
        except TimeoutError:
            self.fail(f"left: {left()}")
        db.verify()

    def test_nothing_is_left(self):
        db = self.slow(2000)
        self.crowd(db)
        self.nothing_is_left(db)

    def test_nothing_is_left_without_memory(self):
        """One of some hundred allocations fails all the time."""
        shim = Faults(self.folder() / "faults")
        db = self.service(shims=["shim_fail.so"], env=shim.env())

        def fail(rng):
            shim.arm(faults.MALLOC, skip=rng.randrange(300),
                     count=rng.choice([1, 1, 3, 20]))
            time.sleep(0.005)
        try:
            self.crowd(db, fail)
        finally:
            shim.disarm()
        self.nothing_is_left(db)


if __name__ == "__main__":
    unittest.main()
