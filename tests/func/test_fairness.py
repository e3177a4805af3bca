"""What one session asks does not hold up the others: measured by the time that
the writer spends on one turn, and by what a second session sees."""

import json
import random
import sqlite3
import threading

import harness
from long_texts import LETTERS, letters, words

# With sanitizers everything takes several times as long: less of it.
SHARE = 10 if harness.SANITIZED else 1
# Of the writer for one request. Wall time on a busy machine says little.
CPU_MS = 500


def queues(client):
    return client.ok("get_memory_status")["queues"]


def wait_indexed(client, seconds=120):
    harness.wait_until(
        lambda: queues(client)["index_rows_waiting"] == 0, seconds, .1,
        "all texts are indexed")


class Turns(harness.TestCase):
    def cost(self, client, method, params):
        """CPU milliseconds of the writer until the answer came."""
        before = queues(client)["writer_cpu_ms"]
        client.ok(method, params, timeout=120)
        return queues(client)["writer_cpu_ms"] - before

    def test_no_create_holds_the_writer(self):
        rnd = random.Random(5)
        s = self.service()
        c = s.client(timeout=120)
        cases = {
            "9,999 entities without facts": [
                {"name": f"n{i}-{words(rnd, 8)}", "entityType": "t",
                 "observations": []} for i in range(9999 // SHARE)],
            "9,000 texts of 400 bytes": [
                {"name": f"e{i}", "entityType": "t",
                 "observations": [words(rnd, 400) for _ in range(90)]}
                for i in range(100 // SHARE)],
            "three texts of 1 MB without spaces": [
                {"name": f"b{i}", "entityType": "t",
                 "observations": [letters(rnd, 1048000 // SHARE)]}
                for i in range(3)],
            "four texts of .9 MB of new words": [
                {"name": f"w{i}", "entityType": "t",
                 "observations": [words(rnd, 900000 // SHARE)]}
                for i in range(4)],
        }
        for name, entities in cases.items():
            with self.subTest(name):
                ms = self.cost(c, "create_entities", {"entities": entities})
                self.assertLess(ms, CPU_MS)
        if harness.SANITIZED:
            wait_indexed(c, 300)
            s.verify()

    def test_names_that_are_missing_do_not_hold_it(self):
        s = self.service()
        c = s.client(timeout=120)
        c.ok("create_entities", {"entities": [
            {"name": f"known {i}", "entityType": "t", "observations": []}
            for i in range(4900)]})
        wait_indexed(c)
        n = 9900 // SHARE
        for method, entries in (
                ("create_relations", {"relations": [
                    {"from": f"known{i}x", "to": "b", "relationType": "r"}
                    for i in range(n)]}),
                ("add_observations", {"observations": [
                    {"entityName": f"known{i}x", "contents": ["x"]}
                    for i in range(n)]})):
            before = queues(c)["writer_cpu_ms"]
            out = c.fails("not_found", method, entries)
            self.assertIn("similar", out["error"])
            self.assertLess(queues(c)["writer_cpu_ms"] - before, CPU_MS)
        out = c.ok("open_nodes", {"names": [f"known{i}x" for i in range(n)]})
        self.assertEqual(len(out["missing"]), n)
        self.assertTrue(out["missing"][0]["similar"])

    def test_deleting_and_forgetting_do_not_hold_it(self):
        rnd = random.Random(6)
        s = self.service()
        c = s.client(timeout=120)
        texts = [words(rnd, 400000 // SHARE) for _ in range(4)]
        for name in ("gone", "erased"):
            c.ok("create_entities", {"entities": [
                {"name": name, "entityType": "t", "observations": texts}]},
                timeout=120)
            wait_indexed(c, 300)
        with self.subTest("delete"):
            self.assertLess(self.cost(
                c, "delete_entities", {"entityNames": ["gone"]}), CPU_MS)
        with self.subTest("forget"):
            self.assertLess(self.cost(
                c, "forget", {"name": "erased", "confirm": True}), CPU_MS)

    def test_what_waits_is_found(self):
        """At once, in every way, and the same after a kill."""
        rnd = random.Random(7)
        s = self.service()
        c = s.client(timeout=60)
        text = words(rnd, 300000 // SHARE)
        word = text.split()[3000]
        c.ok("create_entities", {"entities": [
            {"name": "atlas", "entityType": "book",
             "observations": [text, "zyzzyva " + letters(rnd, 50000)]}]})
        long_part = "q" * 30

        def look(client):
            for query in (word, word[1:], word[:-1], "zyzzyva"):
                found = client.ok("search_nodes", {"query": query})
                self.assertEqual(
                    [e["name"] for e in found["results"]], ["atlas"], query)
            for query in (text.split()[3], "zyzzyva"):
                recalled = client.ok("recall", {"query": query})
                self.assertIn("atlas", json.dumps(recalled))
            self.assertEqual(client.ok(
                "search_nodes", {"query": long_part})["results"], [])

        self.assertGreater(queues(c)["index_rows_waiting"], 0)
        look(c)
        c.close()
        s.kill()
        s.start()
        c = s.client(timeout=60)
        look(c)
        wait_indexed(c)
        look(c)
        s.verify()

    def test_inside_of_long_words(self):
        """They are in no vocabulary, and still a part of one is found."""
        rnd = random.Random(8)
        s = self.service()
        c = s.client()
        word = "".join(rnd.choices(LETTERS, k=3000))
        c.ok("create_entities", {"entities": [
            {"name": "key", "entityType": "t", "observations": ["is " + word]},
            {"name": "other", "entityType": "t", "observations": ["is not"]}]})
        wait_indexed(c)
        for part in (word[2000:2030], word[:10], word[-10:], word,
                     "is " + word[:40]):
            found = c.ok("search_nodes", {"query": part})["results"]
            self.assertEqual([e["name"] for e in found], ["key"], part)

    def test_forgotten_text_leaves_the_file(self):
        rnd = random.Random(9)
        s = self.service()
        c = s.client(timeout=60)
        text = words(rnd, 400000 // SHARE)
        word = text.split()[5000]
        c.ok("create_entities", {"entities": [
            {"name": "diary", "entityType": "book", "observations": [text]}]})
        before = c.ok("memory_history", {"limit": 1})
        out = c.ok("forget", {"name": "diary", "confirm": True})
        self.assertTrue(out.get("pending"))
        for extra in ({}, {"as_of": before["changes"][0]["change"]}):
            found = c.ok("search_nodes", {"query": word, **extra})
            self.assertEqual(found["results"], [])
        c.close()
        s.kill()
        s.start()
        c = s.client(timeout=60)

        def is_gone():
            data = s.database.read_bytes()
            log = s.database.with_name(s.database.name + "-wal")
            data += log.read_bytes() if log.exists() else b""
            return word.encode() not in data

        harness.wait_until(is_gone, 120, .2, "the word is out of the file")
        s.verify()


class Sessions(harness.TestCase):
    def test_many_large_writes_of_another(self):
        """A small write waits for one of them at most, not for all."""
        rnd = random.Random(10)
        s = self.service()
        big, small = s.client(timeout=300), s.client(timeout=60)
        big.ok("hello", {"session": "big"})
        small.ok("hello", {"session": "small"})
        n, answered, done = 60, 0, threading.Event()

        def send():
            for i in range(n):
                big.request("create_entities", {"entities": [
                    {"name": f"b{i}", "entityType": "t",
                     "observations": [words(rnd, 100000)]}]})

        def read():
            nonlocal answered
            for _ in range(n):
                big.read(timeout=300)
                answered += 1
            done.set()

        threads = [threading.Thread(target=f) for f in (send, read)]
        for t in threads:
            t.start()
        harness.wait_until(lambda: answered > 0, 60, .001, "the first")
        meanwhile = []
        while not done.is_set():
            before = answered
            small.ok("create_entities", {"entities": [
                {"name": f"s{len(meanwhile)}", "entityType": "t",
                 "observations": ["x"]}]})
            meanwhile.append(answered - before)
        for t in threads:
            t.join()
        self.assertGreater(len(meanwhile), 5)
        # One under way, one behind it; the threads here are not exact.
        self.assertLessEqual(sorted(meanwhile)[len(meanwhile) // 2], 2)
        self.assertLess(max(meanwhile), n // 4)

    def test_many_reads_of_another(self):
        """A read waits for one of them at most, not for all."""
        s = self.service()
        c = s.client(timeout=300)
        for k in range(4):
            c.ok("create_entities", {"entities": [
                {"name": f"e{k}-{i}", "entityType": "t",
                 "observations": [f"a text {k} {i} " * 60]}
                for i in range(1000 // SHARE)]})
        busy, small = s.client(timeout=300), s.client(timeout=60)
        # Of the past: the texts of now are kept, and answered at once.
        past = c.ok("get_memory_status")["last_change"]
        # Short frames, and such as a reader has to parse first.
        for padding in ("", " " * 20000):
            n = 60
            for i in range(n):
                # Each asks something else: none is answered from a kept page.
                busy.send('{"id": %d, "method": "read_graph", "params": '
                          '{"limit": %d, "max_bytes": 200000, "as_of": %d}'
                          '%s}\n' % (i, 440 + i, past, padding))
            busy.read(timeout=300)
            small.ok("search_nodes", {"query": "text"})
            # Optimised programs may be through before the question is here.
            if harness.SANITIZED:
                self.assertGreater(queues(small)["reads_waiting"], n // 2)
            for _ in range(n - 1):
                busy.read(timeout=300)


class Limits(harness.TestCase):
    def test_bytes_count_for_the_rate(self):
        """A write of 640 KB is as good as eleven small ones."""
        s = self.service(rate_limit=True, args=["--limit-writes-burst", "20",
            "--limit-writes-per-minute", "1"])
        c = s.client()
        c.ok("hello", {"session": "one"})

        def write(name, n):
            return {"entities": [{"name": name, "entityType": "t",
                                  "observations": ["x " * n]}]}

        c.ok("create_entities", write("a", 320 * 1000))
        for i in range(10):
            c.ok("create_entities", write(f"b{i}", 1))
        out = c.fails("busy", "create_entities", write("c", 1))
        self.assertGreater(out["retry_after_ms"], 0)
        other = s.client()
        other.ok("hello", {"session": "two"})
        other.ok("create_entities", write("d", 1))

    def test_bytes_of_a_namespace_and_day(self):
        s = self.service(args=["--limit-namespace-day-bytes", "100000"])
        status = s.client().ok("get_memory_status")
        self.assertEqual(status["limits"]["namespace_day_bytes"], 100000)
        text = {"entities": [{"name": "a", "entityType": "t",
                              "observations": ["x " * 20000]}]}
        # Two sessions share it: it is the namespace's.
        for i in range(2):
            c = s.client()
            c.ok("hello", {"session": f"s{i}"})
            text["entities"][0]["name"] = f"a{i}"
            c.ok("create_entities", text)
        out = c.fails("busy", "create_entities", text)
        self.assertIn("limit-namespace-day-bytes", out["error"])
        self.assertGreater(out["retry_after_ms"], 1000)
        c.ok("search_nodes", {"query": "a1"})
        c.ok("create_entities", {**text, "namespace": "another"})


class Wal(harness.TestCase):
    def test_it_is_cut_back(self):
        """A foreign reader made it large; when he is gone it is small again,
        though the service is never idle."""
        rnd = random.Random(11)
        s = self.service()
        c = s.client(timeout=120)
        wal = s.database.with_name(s.database.name + "-wal")
        c.ok("create_entities", {"entities": [
            {"name": "a", "entityType": "t", "observations": ["x"]}]})
        reader = sqlite3.connect(f"file:{s.database}?mode=ro", uri=True)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM change").fetchone()
        i = 0
        while wal.stat().st_size < 40e6:
            i += 1
            c.ok("create_entities", {"entities": [
                {"name": f"b{i}", "entityType": "t",
                 "observations": [letters(rnd, 900000)]}]}, timeout=120)
        reader.close()

        def is_small():
            c.ok("add_observations", {"observations": [
                {"entityName": "a", "contents": [words(rnd, 20)]}]},
                timeout=120)
            return wal.stat().st_size < 25 * 1024 * 1024

        harness.wait_until(is_small, 120, .02, "the WAL is cut back")

    def test_scripts_that_overlap(self):
        """At any moment one stands in the past: the next ones wait for their
        turn once the log is large, and it is cut back while they go on."""
        rnd = random.Random(12)
        s = self.service()
        c = s.client(timeout=120)
        wal = s.database.with_name(s.database.name + "-wal")
        c.ok("create_entities", {"entities": [
            {"name": "a", "entityType": "t", "observations": ["x"]}]})
        done, ran = threading.Event(), [0] * 3

        def scripts(i):
            with s.client(timeout=120) as own:
                own.ok("hello", {"session": f"slow {i}"})
                done.wait(.7 * i)
                while not done.is_set():
                    own.call("execute_code", {
                        "code": 'open_nodes{"a"} while true do end',
                        "timeout_ms": 2000}, timeout=120)
                    ran[i] += 1

        threads = [threading.Thread(target=scripts, args=(i,))
                   for i in range(3)]
        for t in threads:
            t.start()
        i = 0

        def write():
            nonlocal i
            i += 1
            c.ok("create_entities", {"entities": [
                {"name": f"b{i}", "entityType": "t",
                 "observations": [letters(rnd, 900000)]}]}, timeout=120)
            return wal.stat().st_size

        harness.wait_until(lambda: write() > 28 * 1024 * 1024, 120, .01,
                           "the WAL is large")
        harness.wait_until(lambda: write() < 25 * 1024 * 1024, 120, .5,
                           "the WAL is cut back")
        before = sum(ran)
        harness.wait_until(lambda: sum(ran) > before, 60,
                           why="scripts go on")
        done.set()
        for t in threads:
            t.join()


if __name__ == "__main__":
    harness.main()
