"""Bad input: the service answers, or closes that one client, and serves the
others meanwhile."""
import json
import resource
import socket
import time
import unittest

import harness
from bystander import Bystander
from harness import SLOW, VARIANT, Client, entity, rss_kb

PING = b'{"id":1,"method":"ping"}\n'
MB = 1 << 20


def create(*entities, number=1):
    return json.dumps({"id": number, "method": "create_entities",
                       "params": {"entities": list(entities)}}).encode()


class Case(harness.TestCase):
    """One service for the tests of a class; it must outlive them all."""

    timeout = 60

    @classmethod
    def setUpClass(cls):
        cls.db = harness.Service()

    @classmethod
    def tearDownClass(cls):
        with Client(cls.db.socket) as c:
            c.ok("ping")
        cls.db.verify()
        cls.db.done()

    def setUp(self):
        self.pid = self.db.pid
        self.other = Bystander(self.db)
        self.other.__enter__()
        self.addCleanup(lambda: self.assertTrue(self.db.process.running(),
                                                self.db.process.tail()))

    def tearDown(self):
        self.other.__exit__(None, None, None)

    def client(self, **kw):
        c = Client(self.db.socket, **kw)
        self.addCleanup(c.close)
        return c

    def send_all(self, c, data):
        """The service may close before it has read everything."""
        try:
            c.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def refused(self, data, codes, closes):
        """One error reply with one of the codes; then closed or not."""
        c = self.client()
        self.send_all(c, data)
        reply = c.read()
        self.assertIsNotNone(reply, f"closed without a word: {data[:80]!r}")
        self.assertIs(reply["success"], False, data[:200])
        self.assertIn(reply["code"], codes, f"{data[:80]!r}: {reply}")
        self.assertTrue(reply["error"])
        self.assertNotIn("\n", reply["error"])
        if closes:
            self.assertTrue(c.closed(5), f"not closed after {data[:80]!r}")
        else:
            c.rest = b""
            c.ok("ping")
        return reply


class Framing(Case):
    def test_half_a_request_and_silence(self):
        c = self.client(timeout=30)
        began = time.monotonic()
        c.send(PING[:-6])
        reply = c.read(20 * SLOW)
        spent = time.monotonic() - began
        if reply is not None:
            self.assertIs(reply["success"], False)
            self.assertIn(reply["code"], ("timeout", "protocol"))
        self.assertTrue(c.closed(5))
        self.assertGreater(spent, 8)
        self.assertLess(spent, 15 * SLOW)

    def test_silence_before_a_request_is_no_fault(self):
        c = self.client(timeout=30)
        time.sleep(11)
        c.send(PING)
        self.assertTrue(c.read()["success"])

    def test_one_byte_writes(self):
        c = self.client()
        request = create(entity("Zoë 東京 🦉", "läuft", "a \\ \" \u2028 b"))
        for i in range(len(request)):
            c.send(request[i:i + 1])
        reply = c.read()
        self.assertEqual(reply["results"][0]["action"], "created")
        got = c.ok("open_nodes", names=["Zoë 東京 🦉"])["entities"][0]
        self.assertEqual(got["observations"], ["läuft", "a \\ \" \u2028 b"])

    def test_many_requests_in_one_write(self):
        c = self.client()
        c.send(b"".join(json.dumps({"id": i, "method": "ping"}).encode() +
                        (b"\n" if i % 2 else b"") for i in range(1000)))
        self.assertEqual({c.read()["id"] for _ in range(1000)},
                         set(range(1000)))

    def test_no_newline_at_the_end(self):
        c = self.client()
        c.send(PING[:-1])
        self.assertTrue(c.read()["success"])

    def test_without_ids_in_order(self):
        c = self.client()
        c.send(b'{"method":"search_nodes","params":{"query":"x"}}'
               b'{"method":"ping"}{"method":"no such"}')
        self.assertIn("results", c.read())
        self.assertTrue(c.read()["success"])
        self.assertEqual(c.read()["code"], "unknown_method")

    def test_client_closes_its_direction(self):
        """As `printf ... | nc -U` does: the answers still come."""
        c = self.client()
        c.send(create(entity("half closed", "yes")) + PING)
        c.sock.shutdown(socket.SHUT_WR)
        got = [c.read(), c.read()]
        self.assertTrue(all(r["success"] for r in got), got)
        self.assertTrue(c.closed(5))

    def test_leaves_before_the_reply(self):
        for i in range(200):
            c = Client(self.db.socket)
            c.send(create(entity(f"left {i}", "no one waits")))
            c.close()
        c = self.client()
        harness.wait_until(lambda: len(c.ok(
            "search_nodes", query="no one waits", limit=500)["results"]) == 200,
            why="writes of clients that left")


class Limits(Case):
    def test_5_mb_in_one_line(self):
        self.refused(create(entity("big", "x" * (5 * MB))),
                     ("limit", "protocol"), True)

    def test_5_mb_of_spaces_in_a_request(self):
        self.refused(b'{"id":1,' + b" " * (5 * MB) + b'"method":"ping"}',
                     ("limit", "protocol"), True)

    def test_white_space_between_requests_is_free(self):
        c = self.client()
        for _ in range(6):
            c.send(b" \r\n\t" * (MB // 4))
        c.send(PING)
        self.assertTrue(c.read()["success"])

    def test_100000_nested_brackets(self):
        for head, one in ((b'{"id":1,"method":"ping","params":', b"["),
                          (b"", b'{"a":'), (b'{"id":', b"[{\"a\":")):
            self.refused(head + one * 100_000, ("limit", "protocol"), True)

    def test_4_mib_of_empty_objects(self):
        before = rss_kb(self.pid)
        data = b'{"id":1,"method":"create_entities","params":{"entities":['
        data += b"{}," * ((4 * MB - len(data) - 8) // 3) + b"{}]}}"
        self.refused(data, ("limit", "protocol"), True)
        if VARIANT == "release":
            self.assertLess(rss_kb(self.pid) - before, 64 * 1024)

    def test_most_values_allowed(self):
        data = b'{"id":1,"method":"create_entities","params":{"entities":['
        data += b"{}," * 199_000 + b"{}]}}"
        self.refused(data, ("invalid", "limit"), False)

    def test_largest_observation(self):
        c = self.client()
        text = "é" * (MB // 2)
        c.ok("create_entities", entities=[entity("large", text)])
        got = c.ok("open_nodes", names=["large"])["entities"][0]
        self.assertEqual(got["observations"], [text])
        self.refused(create(entity("larger", text + "x")),
                     ("invalid", "limit"), False)

    def test_names(self):
        c = self.client()
        for name in ("n" * 1024, "東" * 341, " ", "a\nb", "../../etc", "\\",
                     "%s%n", "'; DROP TABLE entities; --", "\u202e\ufeff"):
            c.ok("create_entities", entities=[entity(name, "x")])
            got = c.ok("open_nodes", names=[name])["entities"]
            self.assertEqual([e["name"] for e in got], [name])
        for name in ("", "n" * 1025):
            r = c.fails("invalid", "create_entities",
                        entities=[entity(name, "x")])
            self.assertIn("name", r.get("param", "") + r["error"])


class Json(Case):
    def test_not_json(self):
        for data in (b"hello\n", b"[]\n", b"[1,2]\n", b"42\n", b'"text"\n',
                     b"null\n", b"}\n", b"GET / HTTP/1.1\r\n\r\n",
                     b"\x00\x01\x02\x03", b"\xff\xfe{}", b"\xef\xbb\xbf{}",
                     b"{]", b'{"id":1]', b'{"id":1,}\n', b"{'id':1}\n",
                     b'{"id":01,"method":"ping"}\n', b'{"id":1 "x":2}\n',
                     b'{"id":1,"method":"ping",}\n', b'{"a":tru}\n',
                     b'{"id":1,"method":"a\nb"}\n', b'{"id":+1}',
                     b'{"id":1,"method":"ping"/*c*/}', b'{"x":NaN}',
                     b'{"x":Infinity}', b'{"x":0x10}', b'{"x":.5}'):
            self.refused(data, ("protocol",), True)

    def test_not_text(self):
        """Invalid UTF-8, NUL and lone surrogates."""
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
                    b"\xe6\x9d", b"\\u0000", b"\x00", b"\\ud800",
                    b"\\udc00\\ud800", b"\\ud800x", b"\\u12g4", b"\\x41"):
            self.refused(b'{"id":1,"method":"create_entities","params":{'
                         b'"entities":[{"name":"n' + bad + b'","entityType":'
                         b'"t","observations":[]}]}}',
                         ("protocol", "invalid"), True)

    def test_surrogate_pair_is_a_character(self):
        c = self.client()
        c.send(b'{"id":1,"method":"create_entities","params":{"entities":[{'
               b'"name":"owl \\ud83e\\udd89","entityType":"t",'
               b'"observations":[]}]}}')
        self.assertTrue(c.read()["success"])
        got = c.ok("open_nodes", names=["owl 🦉"])
        self.assertEqual(len(got["entities"]), 1)

    def test_duplicate_keys(self):
        for data in (b'{"id":1,"id":2,"method":"ping"}',
                     b'{"id":1,"method":"ping","method":"retire"}',
                     b'{"id":1,"method":"search_nodes","params":'
                     b'{"query":"a","query":"b"}}'):
            self.refused(data, ("protocol",), True)

    def test_numbers_out_of_range(self):
        for number, codes, closes in (
                (b"1e400", ("protocol", "invalid"), None),
                (b"-1e400", ("protocol", "invalid"), None),
                (b"99999999999999999999999", ("protocol", "invalid"), None),
                (b"9223372036854775807", ("invalid",), False),
                (b"-9223372036854775808", ("invalid",), False),
                (b"0", ("invalid",), False), (b"-1", ("invalid",), False),
                (b"1001", ("invalid",), False),
                (b"2.5", ("invalid",), False)):
            data = b'{"id":1,"method":"search_nodes","params":' \
                b'{"query":"x","limit":' + number + b"}}"
            if closes is None:
                c = self.client()
                c.send(data)
                self.assertIn(c.read()["code"], codes, number)
            else:
                reply = self.refused(data, codes, closes)
                self.assertIn("limit", reply["error"])

    def test_envelope(self):
        for data in (b'{"id":1}', b'{"id":1,"method":5}',
                     b'{"id":1,"method":""}', b'{"id":1,"method":null}',
                     b'{"id":1,"method":"ping","params":[]}',
                     b'{"id":1,"method":"ping","params":"x"}',
                     b'{"id":{},"method":"ping"}',
                     b'{"id":[1],"method":"ping"}',
                     b'{"id":1.5,"method":"ping"}',
                     b'{"id":true,"method":"ping"}',
                     b'{"method":"' + b"m" * 5000 + b'"}'):
            c = self.client()
            c.send(data)
            reply = c.read()
            self.assertIs(reply["success"], False, data[:60])
            self.assertIn(reply["code"], ("protocol", "invalid",
                                          "unknown_method"), data[:60])

    def test_ids_come_back_as_they_were(self):
        c = self.client()
        for number in (0, -1, 2**53 + 1, 2**63 - 1, "", "a\"b\\", "é" * 50):
            c.send(json.dumps({"id": number, "method": "ping"}))
            self.assertEqual(c.read()["id"], number)

    def test_unknown_method_and_field(self):
        c = self.client()
        self.assertIn("create_entities", c.fails(
            "unknown_method", "create_entites")["error"])
        self.assertIn("new_name", c.fails(
            "invalid", "rename_entity", name="a", new_nam="b")["error"])
        got = c.ok("search_nodes", query="x", limti=3)
        self.assertEqual(got["ignored"], ["limti"])


class Crowds(harness.TestCase):
    timeout = 90

    def test_1200_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 2000:
            self.skipTest(f"only {hard} descriptors allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        db = self.service()
        crowd = []
        self.addCleanup(lambda: [c.close() for c in crowd])
        with Bystander(db):
            served = refused = 0
            for _ in range(1200):
                crowd.append(Client(db.socket))
            for c in crowd:
                try:
                    c.send(PING)
                    reply = c.read()
                except (BrokenPipeError, ConnectionError):
                    reply = None
                if reply and reply["success"]:
                    served += 1
                else:
                    refused += 1
                    if reply:
                        self.assertEqual(reply["code"], "busy")
                        self.assertGreater(reply["retry_after_ms"], 0)
            self.assertGreater(served, 1000)
            self.assertLessEqual(served, 1100)
            self.assertEqual(served + refused, 1200)
        for c in crowd:
            c.close()

        def room():
            with Client(db.socket) as c:
                try:
                    return c.call("ping").get("success")
                except ConnectionError:
                    return False
        harness.wait_until(room, why="room after the crowd has left")

    def test_a_client_that_never_reads(self):
        db = self.service()
        c = db.client()
        for i in range(20):
            c.ok("create_entities", entities=[
                entity(f"wide {i}", "x" * 50_000)])
        lazy = Client(db.socket)
        self.addCleanup(lazy.close)
        lazy.sock.settimeout(0.5)
        before = rss_kb(db.pid)
        with Bystander(db):
            line = json.dumps({"id": 1, "method": "read_graph"}).encode()
            try:
                # 2,000 replies of 1 MB each, if it were fool enough.
                for _ in range(2000):
                    lazy.sock.sendall(line)
            except (TimeoutError, BrokenPipeError, ConnectionResetError):
                pass
            time.sleep(1)
            if VARIANT == "release":
                self.assertLess(rss_kb(db.pid) - before, 100 * 1024)

    def test_many_that_never_read(self):
        """The output bound is one of each connection; queues stay short."""
        db = self.service()
        db.client().ok("create_entities", entities=[
            entity("wide", *[f"{i} " + "x" * 40_000 for i in range(20)])])
        crowd = [Client(db.socket) for _ in range(50)]
        self.addCleanup(lambda: [c.close() for c in crowd])
        line = json.dumps({"id": 1, "method": "open_nodes",
                           "params": {"names": ["wide"]}}).encode() * 60
        with Bystander(db, bound=3):
            for c in crowd:
                c.send(line)
            time.sleep(1)
            for c in crowd:
                c.close()

    def test_input_of_all_clients_is_bounded(self):
        """Many large unfinished requests: the others go on."""
        db = self.service()
        crowd = [Client(db.socket) for _ in range(20)]
        self.addCleanup(lambda: [c.close() for c in crowd])
        with Bystander(db):
            half = b'{"id":1,"method":"ping","params":{"x":"' + b"x" * (3 * MB)
            for c in crowd:
                c.sock.settimeout(0.2)
                try:
                    c.sock.sendall(half)
                except (TimeoutError, BrokenPipeError, ConnectionResetError):
                    pass
            if VARIANT == "release":
                self.assertLess(rss_kb(db.pid), 150 * 1024)

    def test_poison_request_in_a_group(self):
        """Bad requests among good ones of the same group fail alone."""
        db = self.service()
        crowd = [Client(db.socket) for _ in range(16)]
        self.addCleanup(lambda: [c.close() for c in crowd])
        for i in range(20):
            for k, c in enumerate(crowd):
                if k % 4 == 3:
                    c.send(json.dumps({
                        "id": i, "method": "add_observations", "params": {
                            "strict": True, "observations": [
                                {"entityName": f"g{i}-{k - 1}",
                                 "contents": ["half of a request"]},
                                {"entityName": "nobody", "contents": ["x"]}]}
                    }))
                else:
                    c.send(create(entity(f"g{i}-{k}", "good"), number=i))
        good = 0
        for i in range(20):
            for k, c in enumerate(crowd):
                reply = c.read()
                if k % 4 == 3:
                    self.assertEqual(reply["code"], "not_found")
                else:
                    self.assertTrue(reply["success"], reply)
                    good += 1
        self.assertEqual(good, 240)
        c = db.client()
        # A refused request happened not at all.
        self.assertEqual(c.ok("search_nodes", query="half of a request")
                         ["results"], [])
        db.verify()


if __name__ == "__main__":
    harness.main()
