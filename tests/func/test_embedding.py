"""Embeddings behind a running service: vectors follow writes, restarts,
crashes, another model, forget; the status says how far they are."""
import errno
import json
import os
import sqlite3
import struct
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import faults  # noqa: E402
from harness import SANITIZED, SLOW, Spawned, TestCase, rss_kb, wait_until  # noqa: E402
from static_model import StaticModel  # noqa: E402
from stub_embed import ClosedPort, StubEmbed, unused_port  # noqa: E402


def embedding(c):
    return c.ok("get_memory_status")["embedding"]


def filled(c, vectors=None, seconds=20):
    """Waits until every text has its vector."""
    def look():
        s = embedding(c)
        return s["state"] == "ready" and s["pending"] == 0 and \
            (vectors is None or s["vectors"] == vectors) and s
    try:
        return wait_until(look, seconds, why="vectors")
    except TimeoutError as e:
        raise TimeoutError(f"{e}: {vectors} wanted, {embedding(c)}") from None


def add(c, name, *texts, **more):
    return c.ok("create_entities", entities=[
        {"name": name, "entityType": "note", "observations": list(texts)}],
        **more)


def rows(path, sql, *args):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return db.execute(sql, args).fetchall()
    finally:
        db.close()


def numbers(data, dims):
    """The vector in a column `data`."""
    if len(data) == 4 * dims:
        return list(struct.unpack(f"<{dims}f", data))
    mask, at, v = data[:dims // 8], dims // 8, []
    for i in range(dims):
        if mask[i // 8] >> i % 8 & 1:
            v.append(struct.unpack_from("<f", data, at)[0])
            at += 4
        else:
            v.append(0.0)
    assert at == len(data)
    return v


class Filling(TestCase):
    def hash(self, **kw):
        return self.service(args=["--embed", "hash"], **kw)

    def test_status(self):
        c = self.service().client()
        self.assertEqual(embedding(c), {"provider": "none"})
        c = self.hash().client()
        add(c, "tea", "the kettle whistles")
        s = filled(c, 1)
        self.assertEqual(s["provider"], "hash")
        self.assertEqual(s["dims"], 512)
        self.assertTrue(s["model"].startswith("hash-512"))
        self.assertGreater(s["bytes"], 512)
        self.assertNotIn("last_error", s)

    def test_every_observation_and_nothing_else(self):
        db = self.hash()
        c = db.client()
        for i in range(130):
            add(c, f"e{i}", f"fact number {i}", f"another one, {i * 7}")
        add(c, "u", "of another namespace", namespace="other")
        c.ok("create_relations", relations=[
            {"from": "e1", "to": "e2", "relationType": "knows"}])
        filled(c, 261)
        found = rows(db.database, "SELECT fact, data FROM vector v JOIN "
                     "vector_model m ON m.id = v.model")
        facts = rows(db.database, "SELECT id FROM fact WHERE kind = 1")
        self.assertEqual(sorted(f for f, _ in found),
                         sorted(f for f, in facts))
        for _, data in found[:5]:
            v = numbers(data, 512)
            self.assertAlmostEqual(sum(x * x for x in v), 1, places=4)
        db.verify()

    def test_text_without_anything_to_embed(self):
        db = self.hash()
        c = db.client()
        add(c, "a", "first")
        filled(c, 1)
        add(c, "b", " ", "!")
        add(c, "d", "last")
        filled(c)
        got = rows(db.database, "SELECT length(data) = 0 FROM vector "
                   "ORDER BY fact")
        self.assertEqual(len(got), 4)
        self.assertEqual(got[0], (0,))
        self.assertEqual(got[-1], (0,))
        self.assertEqual(embedding(c)["vectors"],
                         sum(1 for e, in got if not e))

    def test_restart_loads_and_goes_on(self):
        db = self.service()
        c = db.client()
        for i in range(50):
            add(c, f"e{i}", f"written before there were vectors {i}")
        db.stop()
        db.args += ["--embed", "hash"]
        db.start()
        c = db.client()
        filled(c, 50)
        add(c, "new", "written after")
        filled(c, 51)
        db.restart()
        c = db.client()
        filled(c, 51)
        self.assertEqual(rows(db.database, "SELECT count(*) FROM vector"),
                         [(51,)])

    def test_kill_while_filling(self):
        db = self.service()
        c = db.client()
        for i in range(20):
            c.ok("create_entities", entities=[
                {"name": f"e{i}-{k}", "entityType": "t",
                 "observations": [f"one of many facts {i} {k}"]}
                for k in range(100)])
        db.stop()
        db.args += ["--embed", "hash"]
        for pause in (0.01, 0.05, 0.1):
            db.start()
            time.sleep(pause)
            db.kill()
        db.start()
        c = db.client()
        filled(c, 2000)
        self.assertEqual(
            rows(db.database, "SELECT count(*), count(DISTINCT fact) "
                 "FROM vector"), [(2000, 2000)])
        db.verify()

    def test_another_model(self):
        db = self.hash()
        c = db.client()
        for i in range(600):
            add(c, f"e{i}", f"a fact {i}")
        filled(c, 600)
        db.stop()
        # A model of earlier, higher and lower than the present one.
        f = sqlite3.connect(db.database)
        f.execute("UPDATE vector_model SET name = 'of-earlier'")
        f.commit()
        f.close()
        db.start()
        c = db.client()
        filled(c, 600)
        wait_until(lambda: rows(
            db.database, "SELECT count(*) FROM vector_model") == [(1,)],
            why="the old model gone")
        self.assertEqual(rows(db.database, "SELECT count(*) FROM vector"),
                         [(600,)])
        self.assertEqual(rows(db.database, "SELECT name FROM vector_model"),
                         [(embedding(c)["model"],)])
        db.verify()

    def test_first_commit_that_fails(self):
        """The model that it made is made again, or its vectors would be of
        none."""
        shim = faults.Faults(self.folder() / "faults")
        db = self.service()
        add(db.client(), "a", "a fact")
        db.stop()
        shim.arm(faults.SYNC, error=errno.EIO, path="-wal")
        db.args += ["--embed", "hash"]
        db.shims, db.extra_env = ("shim_fail.so",), shim.env()
        db.start()
        filled(db.client(), 1)
        self.assertEqual(shim.failed, 1)
        self.assertEqual(rows(
            db.database, "SELECT count(*) FROM vector WHERE model IN "
            "(SELECT id FROM vector_model)"), [(1,)])

    def test_forget_leaves_no_bytes(self):
        db = self.hash()
        c = db.client()
        secret = "the combination of the safe is four seven one one"
        add(c, "safe", secret, "it stands in the cellar")
        add(c, "gone", "an entity that is forgotten as a whole")
        filled(c, 3)
        data = [d for d, in rows(
            db.database, "SELECT v.data FROM vector v JOIN fact f ON "
            "f.id = v.fact JOIN entity e ON e.id = f.entity WHERE e.name = "
            "'gone' OR f.id = (SELECT min(f.id) FROM fact f WHERE kind = 1)")]
        self.assertEqual(len(data), 2)
        # The end of each holds numbers in either form.
        traces = [d[-64:] for d in data]
        c.ok("forget", name="safe", observation=secret, confirm=True)
        c.ok("forget", name="gone", confirm=True)
        wait_until(lambda: embedding(c)["vectors"] == 1, why="memory")
        filled(c, 1)
        self.assertEqual(rows(db.database, "SELECT count(*) FROM vector"),
                         [(1,)])
        db.verify()
        db.stop()
        for path in db.database.parent.iterdir():
            if path.is_file():
                have = path.read_bytes()
                for t in traces:
                    self.assertNotIn(t, have, path.name)

    def test_exports_hold_none_and_imports_get_them(self):
        db = self.hash()
        c = db.client()
        for i in range(10):
            add(c, f"e{i}", f"a fact {i}")
        filled(c, 10)
        out = db.folder / "log.jsonl"
        db.ctl("export", out)
        self.assertNotIn(b"vector", out.read_bytes())
        other = self.service(args=["--embed", "hash"])
        other.ctl("import", out)
        filled(other.client(), 10)

    def test_moved_namespaces_get_them(self):
        db = self.hash()
        c = db.client()
        for i in range(20):
            add(c, f"e{i}", f"a Kubernetes fact {i}", namespace="old")
        add(c, "own", "a fact", namespace="new")
        filled(c, 21)
        db.ctl("namespace", "merge", "old", "new")
        filled(c)
        got = c.ok("recall", query="Kubernetis", namespace="new")
        self.assertEqual(got["count"], 10)
        db.verify()

    def test_read_only(self):
        db = self.hash()
        c = db.client()
        add(c, "cluster", "Kubernetes runs in the basement")
        filled(c, 1)
        db.stop()
        db.args += ["--read-only"]
        db.start()
        c = db.client()
        filled(c, 1)
        self.assertEqual(c.ok("recall", query="Kubernetis")["count"], 1)

    def test_low_disk(self):
        db = self.service()
        add(db.client(), "a", "a fact")
        db.stop()
        db.args = ["--embed", "hash", "--limit-disk-free", str(1 << 60)]
        db.start()
        c = db.client()
        s = wait_until(lambda: embedding(c)["state"] == "down" and
                       embedding(c), why="state down")
        self.assertIn("disk", s["last_error"])
        self.assertEqual(s["vectors"], 0)
        self.assertTrue(any("vectors" in p for p in c.ok(
            "get_memory_status")["health"]["problems"]))

    def test_verify_tells(self):
        db = self.hash()
        c = db.client()
        add(c, "a", "a fact", "another")
        filled(c, 2)
        db.stop()
        f = sqlite3.connect(db.database)
        f.execute("INSERT INTO vector(model, head, fact, data) "
                  "SELECT model, 0, fact + 1000, data FROM vector LIMIT 1")
        f.execute("UPDATE vector SET data = zeroblob(2049) WHERE fact = "
                  "(SELECT min(fact) FROM vector)")
        f.commit()
        f.close()
        db.start()
        reply = db.client().ok("verify")
        told = [p["detail"] if isinstance(p, dict) else p
                for p in reply["problems"]]
        self.assertEqual(len(told), 2, told)
        self.assertTrue(any("no observation" in t for t in told), told)
        self.assertTrue(any("damaged size" in t for t in told), told)

    def test_nothing_of_it_when_off(self):
        db = self.service()
        c = db.client()
        add(c, "a", "a fact")
        with open(f"/proc/{db.pid}/maps") as f:
            self.assertNotIn("libcurl", f.read())
        threads = [Path(f"/proc/{db.pid}/task/{t}/comm").read_text().strip()
                   for t in os.listdir(f"/proc/{db.pid}/task")]
        self.assertNotIn("embedding", threads)
        self.assertEqual(rows(db.database, "SELECT count(*) FROM vector"),
                         [(0,)])
        # The sanitizer keeps shadows of the program, which grows.
        self.assertLess(rss_kb(db.pid), 90000 if SANITIZED else 20000)

    def test_bad_options(self):
        db = self.service(start=False)
        for args, word in ((["--embed", "magic"], "magic"),
                           (["--embed", "hash", "--embed-key-file",
                             "/nonexistent"], "embed-key-file")):
            db.args = args
            p = db.spawn()
            self.assertEqual(p.wait(), 100)
            self.assertIn(word, p.text())
        db.process = None


class Memory(TestCase):
    timeout = 240

    def test_allocations_that_fail(self):
        """Of the thread that fills and of recall: nothing stays undone."""
        shim = faults.Faults(self.folder() / "faults")
        db = self.service(args=["--embed", "hash"], shims=["shim_fail.so"],
                          env=shim.env())
        c = db.client()
        failed = 0
        for n in range(60):
            shim.arm(faults.MALLOC, skip=n * 4)
            try:
                c.call("create_entities", entities=[
                    {"name": f"e{n}", "entityType": "t",
                     "observations": [f"Kubernetes number {n}"]}])
                c.call("recall", query=f"Kubernetis {n}")
            except (ConnectionError, BrokenPipeError):
                c = db.client()
            if n % 3 == 0:
                time.sleep(.03)     # the thread gathers 20 ms
            failed += shim.failed
            shim.disarm()
        made = c.ok("get_memory_status")["total_observations"]
        self.assertGreater(made, 10)
        filled(c, made, seconds=60)
        # Forgetting, too.
        for n in range(0, 60, 7):
            shim.arm(faults.MALLOC, skip=n * 5)
            try:
                c.call("forget", name=f"e{n}", confirm=True)
                time.sleep(.01)
            except (ConnectionError, BrokenPipeError):
                c = db.client()
            shim.disarm()
        left = rows(db.database, "SELECT count(*) FROM fact WHERE kind = 1 "
                    "AND salt IS NOT NULL")[0][0]
        filled(c, left, seconds=60)
        self.assertEqual(rows(db.database, "SELECT count(*) FROM vector"),
                         [(left,)])
        self.assertGreater(failed, 0)
        db.verify()


class Static(TestCase):
    def test_words_that_mean_the_same(self):
        model = StaticModel(dims=16)
        # Coffee as the model has it: nearly tea.
        tea, coffee = model.vocab["tea"], model.vocab["coffee"]
        model.rows[coffee] = [x + 0.01 for x in model.rows[tea]]
        model.raw = b"".join(model.pack(x) for row in model.rows for x in row)
        folder = self.folder() / "m"
        model.save(folder)
        db = self.service(args=["--embed", f"static:{folder}"])
        c = db.client()
        add(c, "cup", "tea")
        add(c, "home", "house zurich")
        s = filled(c, 2)
        self.assertEqual((s["provider"], s["dims"]), ("static", 16))
        reply = c.ok("recall", query="coffee", explain=True)
        self.assertEqual(reply["results"][0]["name"], "cup")
        self.assertTrue(reply["relevant"])
        self.assertGreater(reply["results"][0]["parts"]["meaning"], 0.3)
        self.assertAlmostEqual(
            numbers(rows(db.database, "SELECT data FROM vector ORDER BY "
                         "fact")[0][0], 16)[3],
            model.encode("tea")[3], places=3)
        # Another provider begins anew.
        db.stop()
        db.args = ["--embed", "hash"]
        db.start()
        c = db.client()
        self.assertEqual(filled(c, 2)["dims"], 512)
        self.assertEqual(c.ok("recall", query="coffee")["count"], 0)


class Spawning(TestCase):
    def test_the_file_says_it(self):
        """A service that a client started goes by memory-db.conf."""
        place = Spawned()
        self.addCleanup(place.done)
        place.ctl("embed", "hash")
        with place.mcp() as m:
            m.initialize()
            m.tool("create_entities", entities=[
                {"name": "a", "entityType": "t", "observations": ["a fact"]}])
            with place.client() as c:
                self.assertEqual(filled(c, 1)["provider"], "hash")


class Recall(TestCase):
    def names(self, c, query, **kw):
        return [r["name"] for r in
                c.ok("recall", query=query, **kw)["results"]]

    def test_what_looks_alike_is_found(self):
        db = self.service(args=["--embed", "hash"])
        c = db.client()
        add(c, "cluster", "Kubernetes runs in the basement")
        add(c, "garden", "the roses need water on Sundays")
        filled(c, 2)
        reply = c.ok("recall", query="Kubernetis", explain=True)
        self.assertEqual(reply["results"][0]["name"], "cluster")
        self.assertGreater(reply["results"][0]["parts"]["meaning"], 0)
        # one letter apart from a word that is there: that is an answer
        self.assertTrue(reply["relevant"])
        self.assertFalse(c.ok("recall", query="Kubarnitis")["relevant"])
        c.ok("delete_entities", entityNames=["cluster"])
        self.assertNotIn("cluster", self.names(c, "Kubernetis"))
        before = c.ok("get_memory_status")["last_change"] - 1
        self.assertEqual(self.names(c, "Kubernetis", as_of=before)[0],
                         "cluster")
        add(c, "side", "Kubernetes on the side")
        c.ok("memory_branch", action="create", name="b")
        add(c, "branched", "a Kubernetes of the branch", branch="b")
        filled(c)
        self.assertNotIn("branched", self.names(c, "Kubernetis"))
        self.assertIn("branched", self.names(c, "Kubernetis", branch="b"))
        # Scripts and contexts ask in the same way.
        out = c.ok("execute_code", code=
                   'return memory.recall{query="Kubarnitis"}.results[1].name')
        self.assertEqual(out.get("result"), "side", out)

    def test_search_stays_with_words(self):
        db = self.service(args=["--embed", "hash"])
        c = db.client()
        add(c, "cluster", "Kubernetes runs in the basement")
        filled(c, 1)
        self.assertEqual(c.ok("search_nodes", query="Kubarnitis")["count"], 0)


SYNONYMS = {"automobile": "car", "physician": "doctor"}


class Http(TestCase):
    def stub(self, **kw):
        stub = StubEmbed(dims=64, synonyms=SYNONYMS, **kw)
        self.addCleanup(stub.close)
        return stub

    def http(self, url, *args, **kw):
        return self.service(args=["--embed", url, "--embed-model", "m",
                                  *args], **kw)

    def top(self, c, query, **kw):
        got = c.ok("recall", query=query, **kw)["results"]
        return got[0]["name"] if got else None

    def down(self, c, seconds=20):
        wait_until(lambda: embedding(c)["state"] == "down", seconds,
                   why="state down")

    def test_meaning_is_found(self):
        stub = self.stub()
        db = self.http(stub.url, env={"MEMORY_EMBED_KEY": "sesame"})
        c = db.client()
        add(c, "garage", "the car needs new tyres")
        add(c, "health", "see the doctor on Monday")
        s = filled(c, 2)
        self.assertEqual((s["provider"], s["dims"]), ("http", 64))
        wait_until(lambda: self.top(c, "automobile") == "garage",
                   why="questions are asked")
        reply = c.ok("recall", query="automobile tyres", explain=True)
        self.assertGreater(reply["results"][0]["parts"]["meaning"], 0)
        self.assertEqual(self.top(c, "physician"), "health")
        self.assertEqual(stub.headers[-1]["Authorization"], "Bearer sesame")
        # near in meaning is relevant, though no word is the same
        self.assertTrue(c.ok("recall", query="the physician on Monday")
                        ["relevant"])
        # asked once, answered from then on
        n = len(stub.seen)
        add(c, "x", "something else")
        filled(c, 3)
        asked = len(stub.seen)
        self.assertGreater(asked, n)
        self.assertEqual(self.top(c, "physician"), "health")
        self.assertEqual(len(stub.seen), asked)
        # a context asks the same way
        got = c.ok("assemble_context", task="see the physician", sources=["relevant"])
        self.assertIn("doctor", got["context"])

    def test_key_from_a_file(self):
        stub = self.stub()
        folder = self.service().folder
        key = folder / "key"
        key.write_text("from the file\n".replace(" ", "-"))
        db = self.http(stub.url, "--embed-key-file", str(key))
        c = db.client()
        add(c, "a", "a fact")
        filled(c, 1)
        self.assertEqual(stub.headers[-1]["Authorization"],
                         "Bearer from-the-file")

    def test_no_provider_at_all(self):
        """Nobody listens: words alone, at once; writes go on."""
        db = self.http(f"http://127.0.0.1:{unused_port()}")
        c = db.client()
        add(c, "garage", "the car needs new tyres")
        self.down(c)
        s = embedding(c)
        self.assertIn("127.0.0.1", s["last_error"])
        for _ in range(20):
            start = time.monotonic()
            self.assertEqual(self.top(c, "car"), "garage")
            self.assertLess(time.monotonic() - start, 0.25)
        start = time.monotonic()
        db.stop()
        self.assertLess(time.monotonic() - start, 5)

    def test_dies_and_comes_back(self):
        stub = self.stub()
        db = self.http(stub.url)
        c = db.client()
        add(c, "garage", "the car needs new tyres")
        filled(c, 1)
        wait_until(lambda: self.top(c, "automobile") == "garage",
                   why="questions are asked")
        port = stub.port
        stub.close()
        # The first that asks finds out; the others do not wait.
        self.assertIsNone(self.top(c, "automobile one"))
        self.down(c)
        for i in range(10):
            start = time.monotonic()
            self.assertEqual(self.top(c, f"car {i}"), "garage")
            self.assertLess(time.monotonic() - start, 0.25)
        self.assertEqual(self.top(c, "automobile"), "garage")
        # What it said before is known still, but an answer of words alone is
        # not given for it later.
        add(c, "health", "see the doctor on Monday")
        self.assertIsNone(self.top(c, "physician"))
        stub = self.stub(port=port)
        filled(c, 2, seconds=30)
        wait_until(lambda: self.top(c, "physician") == "health", 30,
                   why="questions are asked again")
        self.assertEqual(embedding(c)["state"], "ready")

    def test_hangs(self):
        stub = self.stub()
        db = self.http(stub.url, "--embed-question-ms", "200",
                       "--embed-timeout-ms", "400")
        c = db.client()
        add(c, "garage", "the car needs new tyres")
        filled(c, 1)
        wait_until(lambda: self.top(c, "automobile") == "garage",
                   why="questions are asked")
        stub.mode = "silent"
        clients = [db.client() for _ in range(8)]
        start = time.monotonic()
        for i, k in enumerate(clients):
            k.send(json.dumps({"id": 1, "method": "recall", "params": {
                "query": f"which car is {i}"}}).encode() + b"\n")
        for k in clients:
            self.assertTrue(k.read()["success"])
        took = time.monotonic() - start
        self.assertLess(took, 1.0)
        self.down(c)
        start = time.monotonic()
        self.assertEqual(self.top(c, "which car now"), "garage")
        self.assertLess(time.monotonic() - start, 0.15)
        # A write does not wait for it either.
        start = time.monotonic()
        add(c, "b", "written while it hangs")
        self.assertLess(time.monotonic() - start, 0.5)
        start = time.monotonic()
        db.stop()
        self.assertLess(time.monotonic() - start, 5)

    def test_end_while_it_hangs(self):
        """Neither a batch nor a question that may take long is waited for."""
        stub = self.stub()
        db = self.http(stub.url, "--embed-timeout-ms", "100000",
                       "--embed-question-ms", "60000")
        c = db.client()
        add(c, "garage", "the car needs new tyres")
        filled(c, 1)
        wait_until(lambda: self.top(c, "automobile") == "garage",
                   why="questions are asked")
        stub.mode = "silent"
        n = len(stub.seen)
        add(c, "x", "something else")
        asked = c.request("recall", {"query": "what of the tyres"})
        wait_until(lambda: len(stub.seen) == n + 2, why="both are asked")
        start = time.monotonic()
        db.process.p.terminate()
        # It is answered all the same.
        self.assertEqual(c.reply(asked)["results"][0]["name"], "garage")
        db.stop()
        self.assertLess(time.monotonic() - start, 8 * SLOW)

    def test_one_text_that_it_refuses(self):
        stub = self.stub()
        refuse = stub.server.RequestHandlerClass

        class Picky(refuse):
            def mode_ok(self, stub, body):
                if any("poison" in t for t in body["input"]):
                    self.reply(400, b'{"error":{"message":"no poison"}}')
                else:
                    refuse.mode_ok(self, stub, body)
        stub.server.RequestHandlerClass = Picky
        db = self.service()
        c = db.client()
        for i in range(50):
            add(c, f"e{i}", "a poison" if i in (3, 40) else f"fact {i}")
        db.stop()
        db.args = ["--embed", "http:" + stub.url, "--embed-model", "m"]
        db.start()
        c = db.client()
        filled(c, 48)
        self.assertEqual(rows(db.database, "SELECT count(*) FROM vector "
                              "WHERE length(data) = 0"), [(2,)])
        db.verify()

    def test_garbage_marks_no_text(self):
        stub = self.stub()
        stub.mode = "garbage"
        db = self.http(stub.url)
        c = db.client()
        add(c, "a", "a fact")
        self.down(c)
        self.assertEqual(rows(db.database, "SELECT count(*) FROM vector"),
                         [(0,)])
        stub.mode = "ok"
        filled(c, 1, seconds=30)

    def test_other_dimensions_after_a_restart(self):
        stub = self.stub()
        db = self.http(stub.url)
        c = db.client()
        for i in range(40):
            add(c, f"e{i}", f"fact {i}")
        filled(c, 40)
        db.stop()
        stub.dims = 32
        db.start()
        c = db.client()
        add(c, "new", "one more")
        wait_until(lambda: embedding(c)["dims"] == 32, why="dims")
        filled(c, 41)
        wait_until(lambda: rows(
            db.database, "SELECT dims FROM vector_model") == [(32,)],
            why="the old vectors gone")
        db.verify()

    def test_connection_that_nobody_takes(self):
        port = ClosedPort()
        self.addCleanup(port.close)
        db = self.http(f"http://127.0.0.1:{port.port}",
                       "--embed-timeout-ms", "300")
        c = db.client()
        add(c, "garage", "the car needs new tyres")
        self.down(c)
        start = time.monotonic()
        self.assertEqual(self.top(c, "car"), "garage")
        self.assertLess(time.monotonic() - start, 0.25)


if __name__ == "__main__":
    unittest.main(verbosity=2)
