"""Texts are packed in idle time, with dictionaries made from them: what it
saves, that forgetting reaches the dictionaries, whatever ends the service."""
import contextlib
import os
import random
import signal
import sqlite3
import time

from harness import TestCase, entity, main, wait_until

WHO = ("Marta", "Ilse", "Tomek", "Devi", "Okafor", "Yusuf", "Lena", "Bruno")
DOES = ("is planning to repaint", "has repaired", "would like to sell",
        "is looking after", "wrote a report on", "took photographs of")
WHAT = ("the old harbour crane", "a greenhouse", "the village bakery",
        "a vintage tram", "the community orchard", "a weather station")
WHY = ("because the roof leaks", "before the winter market",
       "together with the neighbours", "since the storm in March")
PHRASE = "vermilion submarine under the quarry"


def sentences(seed, n):
    r = random.Random(seed)
    return [f"{r.choice(WHO)} {r.choice(DOES)} {r.choice(WHAT)} "
            f"{r.choice(WHY)} ({r.randrange(10, 99)})" for _ in range(n)]


def ask(db, sql, *params):
    with contextlib.closing(sqlite3.connect(
            f"file:{db.database}?mode=ro", uri=True)) as s:
        return s.execute(sql, params).fetchall()


def dictionaries(db):
    return ask(db, "SELECT id, ns, bytes FROM dictionary ORDER BY id")


def is_packed(db):
    return not ask(db, "SELECT 1 FROM namespace n LEFT JOIN packing p ON "
                   "p.ns = n.id WHERE n.fact_max > coalesce(p.upto, n.id << 33)"
                   " OR p.stale")


def traces(db, text):
    return [p.name for p in db.database.parent.iterdir()
            if text.encode() in p.read_bytes()]


class Packing(TestCase):
    timeout = 180

    def setUp(self):
        self.db = self.service()
        self.client = self.db.client()

    def fill(self, seed, n=300, namespace="default", extra=()):
        texts = sentences(seed, n) + list(extra)
        self.client.ok("create_entities", {"namespace": namespace}, entities=[
            entity(f"e{seed}.{i}", t) for i, t in enumerate(texts)])
        return texts

    def packed(self):
        wait_until(lambda: is_packed(self.db), 60, why="packing")

    def texts(self, seed, n, namespace="default"):
        got = []
        for i in range(0, n, 100):
            reply = self.client.ok(
                "open_nodes", {"namespace": namespace},
                names=[f"e{seed}.{k}" for k in range(i, min(n, i + 100))])
            found = {e["name"]: e["observations"] for e in reply["entities"]}
            got += [found[f"e{seed}.{k}"][0]
                    for k in range(i, min(n, i + 100))]
        return got

    def test_saves_half(self):
        texts = self.fill(1)
        self.packed()
        self.assertEqual(len(dictionaries(self.db)), 1)
        more = self.fill(2)         # that it has not seen
        self.packed()
        self.assertEqual(self.texts(1, 300), texts)
        self.assertEqual(self.texts(2, 300), more)
        [(text, body)] = ask(self.db, "SELECT sum(size), sum(length(body)) "
                             "FROM fact WHERE kind = 1")
        self.assertLess(body, 0.5 * text)
        status = self.client.ok("get_memory_status")
        self.assertGreater(status["compression"]["saved_percent"], 50)
        self.assertIn("pack-texts", self.db.ctl("status",
                                                "--background").stdout)
        self.db.verify()

    def test_each_namespace_has_its_own(self):
        self.fill(1, extra=[f"{PHRASE} {i}" for i in range(20)])
        self.fill(2, namespace="host/other")
        self.packed()
        [(_, first, a), (_, second, b)] = dictionaries(self.db)
        self.assertNotEqual(first, second)
        self.assertEqual([PHRASE.encode() in x for x in (a, b)],
                         [True, False])

    def forget(self, n):
        reply = None
        for i in range(n):
            reply = self.client.ok("forget", name=f"e1.{300 + i}",
                                   confirm=True)
        return reply

    def test_forgetting_reaches_it(self):
        texts = self.fill(1, extra=[f"{PHRASE} {i}" for i in range(3)])
        self.packed()
        self.assertTrue(traces(self.db, PHRASE))
        self.assertTrue(self.forget(3)["pending"])
        wait_until(lambda: not traces(self.db, PHRASE), 60, why="forgetting")
        self.packed()
        self.assertFalse(traces(self.db, PHRASE))
        self.assertGreater(dictionaries(self.db)[0][0], 1)
        self.assertEqual(self.texts(1, 300), texts[:300])
        reply = self.client.ok("create_entities", entities=[entity("z", "y")])
        self.db.verify()
        self.assertNotIn("pending", reply)

    def test_forgetting_survives_a_crash(self):
        texts = self.fill(1, extra=[f"{PHRASE} {i}" for i in range(3)])
        self.packed()
        self.forget(3)
        for _ in range(6):
            self.db.kill()
            self.db.start()
            self.client = self.db.client()
            self.assertEqual(self.texts(1, 300), texts[:300])
        wait_until(lambda: not traces(self.db, PHRASE), 60, why="forgetting")
        self.packed()
        self.assertEqual(self.texts(1, 300), texts[:300])
        self.db.verify()

    def test_power_fails_on_the_way(self):
        """What was not synced is dropped, torn, reordered; at any sync of the
        walk nothing that was acknowledged is lost."""
        for seed in range(1, 9):
            self.db.stop()
            self.db = self.service(start=False)
            self.db.start(env={"MEMORY_TEST_VFS": f"seed={seed}"})
            self.client = self.db.client()
            texts = self.fill(seed, 400)
            wait_until(lambda: ask(self.db, "SELECT 1 FROM packing"), 30)
            time.sleep(seed * 0.02)     # somewhere in the walk
            os.kill(self.db.pid, signal.SIGUSR2)
            self.assertEqual(self.db.process.wait(60), 77)
            self.db.process = None
            self.db.start()
            self.client = self.db.client()
            self.assertEqual(self.texts(seed, 400), texts, f"seed {seed}")
            self.packed()
            self.assertEqual(self.texts(seed, 400), texts, f"seed {seed}")
            self.db.verify()

    def test_the_log_rests(self):
        for seed in range(4):
            self.fill(seed, 500)
        wal = self.db.database.with_name("memory.db-wal")
        self.assertGreater(wal.stat().st_size, 1 << 18)
        wait_until(lambda: wal.stat().st_size == 0, 40, why="an empty log")


if __name__ == "__main__":
    main()
