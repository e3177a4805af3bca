"""The provider http against an endpoint that does everything wrong: each error
says what it is, nothing hangs, nothing secret is told."""
import json
import math
import os
import subprocess
import time

from harness import BUILD, SLOW, TestCase, entity, main, wait_until
from stub_embed import ClosedPort, StubEmbed, unused_port

KEY = "sk-secret-0123456789"


class Driver:
    """A running embed_driver."""

    def __init__(self, spec, model="m1", key=KEY, timeout=5000, query=5000,
                 **env):
        env = {k: v for k, v in {**os.environ, **env}.items()
               if not k.lower().endswith("_proxy") or k in env}
        self.process = subprocess.Popen(
            [str(BUILD / "lib/embed_driver"), spec, model, key,
             str(int(timeout)), str(int(query))], text=True, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.opened = json.loads(self.process.stdout.readline())

    def ask(self, *texts, use="stored"):
        self.process.stdin.write(json.dumps([use, *texts]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def rss(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int([x for x in f if x.startswith("VmRSS")][0].split()[1])

    def close(self):
        _, told = self.process.communicate(timeout=30 * SLOW)
        assert self.process.returncode == 0 and not told, told


def unit(v):
    norm = math.sqrt(sum(x * x for x in v))
    return [x / norm for x in v]


class Http(TestCase):
    def setUp(self):
        super().setUp()
        self.stub = StubEmbed()
        self.addCleanup(self.stub.close)

    def driver(self, spec=None, **kw):
        d = Driver(spec or "http:" + self.stub.url, **kw)
        self.addCleanup(d.close)
        return d

    def check(self, answer, *texts):
        self.assertEqual(answer.get("dims"), 16, answer)
        for text, got in zip(texts, answer["vectors"], strict=True):
            for a, b in zip(got, unit(self.stub.vector(text)), strict=True):
                self.assertAlmostEqual(a, b, delta=1e-6)

    def fails(self, answer, code, *parts):
        self.assertEqual(answer.get("code"), code, answer)
        for part in parts:
            self.assertIn(part, answer["error"])
        self.assertNotIn(KEY, answer["error"])
        self.assertLess(len(answer["error"]), 640)

    # --- what is asked -------------------------------------------------------

    def test_request(self):
        d = self.driver()
        place = self.stub.url.removeprefix("http://")
        self.assertEqual(d.opened, {"provider": "http", "dims": 0,
                                    "model": "http:m1@" + place})
        texts = ["Ada likes tea", "\"quoted\" \\ \n\t\x01 東京 🚀"]
        self.check(d.ask(*texts), *texts)
        self.assertEqual(self.stub.seen, [{
            "model": "m1", "input": texts, "encoding_format": "float"}])
        sent = self.stub.headers[0]
        self.assertEqual(sent["Authorization"], "Bearer " + KEY)
        self.assertEqual(sent["Content-Type"], "application/json")
        self.assertNotIn("Expect", sent)

    def test_no_key(self):
        d = self.driver(key="")
        self.check(d.ask("tea"), "tea")
        self.assertNotIn("Authorization", self.stub.headers[0])

    def test_addresses(self):
        for spec, path in [
                ("http:" + self.stub.base, "/v1/embeddings"),
                ("http:" + self.stub.base + "/", "/v1/embeddings"),
                ("http:" + self.stub.base + "/v1", "/v1/embeddings"),
                (self.stub.base + "/v1/", "/v1/embeddings"),
                (self.stub.base + "/api/embed?version=2",
                 "/api/embed?version=2")]:
            d = self.driver(spec)
            self.check(d.ask("tea"), "tea")
            self.assertEqual(self.stub.paths[-1], path)
            # What stands behind ? may be a secret.
            self.assertEqual(d.opened["model"].split("@")[1],
                             f"127.0.0.1:{self.stub.port}"
                             + path.split("?")[0])

    def test_full_batch_and_long_texts(self):
        d = self.driver()
        texts = [f"text number {i} " + "words " * i for i in range(64)]
        self.check(d.ask(*texts), *texts)
        long = "é" * 500000
        self.assertEqual(len(d.ask(long)["vectors"]), 1)
        self.assertEqual(self.stub.seen[-1]["input"], ["é" * 4000])

    def test_blank_texts(self):
        d = self.driver()
        answer = d.ask("", "tea", " \n\t")
        self.assertEqual(answer["vectors"][0], [0.0] * 16)
        self.assertEqual(answer["vectors"][2], [0.0] * 16)
        self.assertNotEqual(answer["vectors"][1], [0.0] * 16)
        self.assertNotIn("", self.stub.seen[0]["input"])

    def test_connections_are_kept(self):
        d = self.driver()
        for _ in range(5):
            self.check(d.ask("tea"), "tea")
            self.check(d.ask("tea", use="question"), "tea")
        self.assertEqual(self.stub.connections, 2)

    def test_threads(self):
        d = self.driver()
        self.stub.mode, self.stub.delay = "slow", .3
        begin = time.monotonic()
        for answer in d.ask("tea", "coffee", use="many"):
            self.check(answer, "tea", "coffee")
        # Side by side, not one after the other.
        self.assertLess(time.monotonic() - begin, .9 * SLOW)

    def test_endpoint_restarts(self):
        """A kept connection that is gone is no error."""
        d = self.driver()
        self.check(d.ask("tea"), "tea")
        port = self.stub.port
        self.stub.close()
        self.fails(d.ask("tea"), "unreachable", str(port))
        self.stub = StubEmbed(port=port)
        self.addCleanup(self.stub.close)
        self.check(d.ask("tea"), "tea")

    def test_proxy_of_the_environment_is_not_for_this_machine(self):
        dead = f"http://127.0.0.1:{unused_port()}"
        d = self.driver(http_proxy=dead, HTTP_PROXY=dead, all_proxy=dead)
        self.check(d.ask("tea"), "tea")

    # --- what is answered ----------------------------------------------------

    def test_good_answers(self):
        d = self.driver()
        for mode in ("shuffled", "no_index", "extra", "chunked"):
            self.stub.mode = mode
            self.check(d.ask("tea", "dark coffee"), "tea", "dark coffee")

    def test_bad_answers(self):
        d = self.driver()
        for mode, *parts in [
                ("garbage", "not valid JSON"),
                ("no_data", "no array 'data'", "path"),
                ("count", "asked for 2", "answered 1"),
                ("twice", "index 0 twice"),
                ("index", "index", "from 0 to 1"),
                ("dims_differ", "16 and 17 dimensions"),
                ("nan", "not valid JSON"),
                ("big", "too large"),
                ("text", "string among the numbers"),
                ("base64", "string as embedding", "array of numbers"),
                ("huge", "more than 327680 bytes"),
                ("values", "more values")]:
            with self.subTest(mode):
                self.stub.mode = mode
                self.fails(d.ask("tea", "coffee"), "invalid",
                           f"127.0.0.1:{self.stub.port}/v1/embeddings",
                           *parts)
        # It was not read on; sockets hold some.
        self.assertLess(self.stub.sent, 32 << 20)
        # No vector of a bad answer counts: dimensions are not known yet.
        self.stub.mode, self.stub.other_dims = "dims", 5
        self.assertEqual(d.ask("tea")["dims"], 5)

    def test_dimensions(self):
        d = self.driver()
        self.stub.mode, self.stub.other_dims = "dims", 4097
        self.fails(d.ask("tea"), "invalid", "4097 dimensions", "4096")
        self.stub.mode = "ok"
        self.check(d.ask("tea"), "tea")
        self.stub.mode, self.stub.other_dims = "dims", 8
        self.fails(d.ask("tea"), "invalid", "16 dimensions", "of 8",
                   "changed")
        self.stub.mode = "ok"
        self.check(d.ask("tea"), "tea")
        d = self.driver()
        self.stub.mode, self.stub.other_dims = "dims", 4096
        self.assertEqual(len(d.ask(*["tea"] * 64)["vectors"]), 64)

    def test_statuses(self):
        d = self.driver()
        self.stub.mode = "status"
        for status, code, hint in [
                (500, "unreachable", ""), (429, "unreachable", ""),
                (503, "unreachable", ""), (401, "unreachable", "key"),
                (403, "unreachable", "key"), (404, "unreachable", "path"),
                (400, "invalid", ""), (413, "invalid", ""),
                (422, "invalid", ""), (204, "unreachable", "")]:
            self.stub.status = status
            for says in ({"error": {"message": "what it says"}},
                         {"error": "what it says"},
                         {"message": "what it says"},
                         {"detail": "what it says"}, b"what\nit says",
                         b"{what it says", b""):
                self.stub.says = b"" if status == 204 else says
                told = "what it says" if self.stub.says else str(status)
                self.fails(d.ask("tea"), code, f"answered {status}", hint,
                           told)

    def test_messages_are_cut_and_clean(self):
        d = self.driver()
        self.stub.mode = "status"
        for says in (b"x" * 100000, "ä".encode() * 5000,
                     {"error": "x" * 5000}, b"\xff\x00\x1b[2J" * 100):
            self.stub.says = says
            answer = d.ask("tea")
            self.fails(answer, "unreachable", "...")
            told = answer["error"].split(": ", 2)[2]
            self.assertLessEqual(len(told.encode()), 200)
            self.assertTrue(told.isprintable(), told)

    def test_key_is_never_told(self):
        d = self.driver()
        self.stub.mode = "status"
        for says in ({"error": {"message": f"bad key {KEY}!"}},
                     f"{KEY}{KEY}".encode(),
                     ("x" * 190 + KEY).encode()):
            self.stub.says, self.stub.status = says, 401
            answer = d.ask("tea")
            self.fails(answer, "unreachable", "***")
            self.assertNotIn(KEY[:8], answer["error"])

    def test_redirects_are_not_followed(self):
        d = self.driver()
        self.stub.mode = "redirect"
        self.fails(d.ask("tea"), "unreachable", "307", "not followed")
        self.assertEqual((len(self.stub.seen), self.stub.gets), (1, 0))

    # --- time ----------------------------------------------------------------

    def test_timeouts(self):
        d = self.driver(timeout=400 * SLOW, query=200 * SLOW)
        for mode in ("silent", "drip", "slow"):
            self.stub.mode, self.stub.delay = mode, 30
            for use, ms in (("stored", 400 * SLOW), ("question", 200 * SLOW)):
                begin = time.monotonic()
                self.fails(d.ask("tea", use=use), "timeout",
                           f"within {int(ms)} ms")
                took = time.monotonic() - begin
                self.assertGreater(took, ms / 1000 - .05)
                self.assertLess(took, ms / 1000 + 2 * SLOW)
        self.stub.mode = "ok"
        self.check(d.ask("tea"), "tea")

    def test_slow_within_the_limit(self):
        d = self.driver()
        self.stub.mode, self.stub.delay = "slow", .3
        self.check(d.ask("tea"), "tea")

    def test_nobody_there(self):
        d = self.driver(f"http://127.0.0.1:{unused_port()}")
        self.fails(d.ask("tea"), "unreachable", "connect")
        closed = ClosedPort()
        self.addCleanup(closed.close)
        d = self.driver(f"http://127.0.0.1:{closed.port}", timeout=300)
        self.fails(d.ask("tea"), "timeout", "300 ms")
        d = self.driver("http://no-such-host.invalid", key="",
                        timeout=2000 * SLOW)
        answer = d.ask("tea")
        # A machine without a name server waits for one.
        self.assertIn(answer["code"], ("unreachable", "timeout"))
        self.assertIn("no-such-host.invalid", answer["error"])

    def test_connection_ends(self):
        d = self.driver()
        for mode in ("close", "half"):
            self.stub.mode = mode
            self.fails(d.ask("tea"), "unreachable")
        self.stub.mode = "ok"
        self.check(d.ask("tea"), "tea")

    def test_https_to_a_plain_endpoint(self):
        d = self.driver(f"https://127.0.0.1:{self.stub.port}")
        self.fails(d.ask("tea"), "unreachable", "SSL")

    # --- opening -------------------------------------------------------------

    def test_refused_when_opened(self):
        url = self.stub.url
        for spec, kw, *parts in [
                ("http:", {}, "http://127.0.0.1"),
                ("http:localhost:11434", {}, "http://127.0.0.1"),
                ("http:ftp://localhost/x", {}, "http or https"),
                ("http:file:///etc/passwd", {}, "http or https"),
                ("http:http://", {}, "address"),
                ("http:http:///v1", {}, "address"),
                ("http:http://a b/", {}, "address"),
                ("http:http://a\r\nb/", {}, "address"),
                (f"http://user:{KEY}@localhost/v1", {}, "password"),
                ("http:http://192.0.2.1/v1", {}, "plain http", "https"),
                ("http://localhost.example.org", {}, "plain http"),
                (url + "?key=" + KEY, {"key": ""}, "--embed-key-file"),
                (url + "?a=1&X-Api-Key=" + KEY, {}, "--embed-key-file"),
                (url + "?access_token=x#y", {}, "must not hold a key"),
                ("http:" + url, {"model": ""}, "name of the model"),
                ("http:" + url, {"model": "m" * 257}, "256"),
                ("http:" + url, {"key": KEY + "\r\nX: y"}, "key"),
                ("http:" + url, {"key": "a b"}, "key")]:
            d = self.driver(spec, **kw)
            self.fails(d.opened, "invalid", "embeddings", *parts)
        self.assertEqual(self.stub.connections, 0)

    def test_nothing_is_asked_when_opened(self):
        self.driver()
        self.assertEqual(self.stub.connections, 0)


class Stop(TestCase):
    def test_a_request_under_way_does_not_hold_up_the_end(self):
        stub = StubEmbed()
        self.addCleanup(stub.close)
        stub.mode = "silent"
        db = self.service(args=["--embed", "http:" + stub.url,
                                "--embed-model", "m",
                                "--embed-timeout-ms", "50000"])
        with db.client() as c:
            c.ok("create_entities", entities=[entity("ada", "likes tea")])
        wait_until(lambda: stub.seen, why="the endpoint is asked")
        begin = time.monotonic()
        db.stop()
        self.assertLess(time.monotonic() - begin, 5 * SLOW)


if __name__ == "__main__":
    main()
