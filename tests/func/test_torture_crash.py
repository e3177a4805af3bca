"""Crashes and power cuts: what was acknowledged is there afterwards."""
import random
import shutil
import signal
import sqlite3
import threading
import unittest

import harness
from harness import VARIANT, Mcp, Spawned
from writers import Writers, check_acked, pause, stored

SEED = random.randrange(1 << 30)


def integrity(path):
    """SQLite's own check, on a copy: the service is not disturbed."""
    with harness.scratch() as folder:
        for tail in ("", "-wal"):
            source = path.with_name(path.name + tail)
            if source.exists():
                shutil.copy(source, folder / ("copy.db" + tail))
        db = sqlite3.connect(folder / "copy.db")
        try:
            return [row[0] for row in db.execute("PRAGMA integrity_check")]
        finally:
            db.close()


class Agents(harness.TestCase):
    """memory-mcp processes that start the service themselves."""

    timeout = 120

    def one_agent(self, mcp, number, failures):
        try:
            for i in range(100):
                got = mcp.ok("create_entities", entities=[harness.entity(
                    f"agent {number} entity {i}", f"fact {i}")])
                self.made.append(got["entities"][0]["name"])
        except Exception as e:
            failures.append(f"agent {number}, create {i}: {e!r}")

    def test_four_agents_three_crashes(self):
        place = Spawned()
        self.addCleanup(place.done)
        self.made, failures = [], []
        agents = [Mcp(place.folder, env=place.env()) for _ in range(4)]
        threads = [threading.Thread(target=self.one_agent,
                                    args=(m, i, failures))
                   for i, m in enumerate(agents)]
        for t in threads:
            t.start()
        for at in (100, 200, 300):
            harness.wait_until(
                lambda: len(self.made) >= at or failures, 60,
                why=f"{at} creates")
            place.kill()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])
        for m in agents:
            m.done()
        with place.client() as c:
            there = stored(c)
        self.assertEqual(len(self.made), 400)
        self.assertEqual(set(there), set(self.made))
        self.assertEqual({v for v, _ in there.values()}, {1})
        place.ctl("verify")


class Clients(harness.TestCase):
    timeout = 180

    def test_20000_writes_of_64_clients_three_crashes(self):
        db = self.service()
        w = Writers(db.socket, clients=64, total=20000).start()
        for at in (4000, 9000, 15000):
            w.wait_acked(at)
            db.kill()
            db.start()
        w.join()
        self.assertEqual(w.refused, [])
        self.assertEqual(len(w.acked), 20000)
        # A repeated request answers the first result.
        self.assertEqual({r["action"] for r in w.acked.values()}, {"created"})
        self.assertGreaterEqual(w.reconnects, 3)
        there = check_acked(self, db.client(), w)
        self.assertEqual(len(there), 20000)
        db.verify()

    def test_kill_at_random_points(self):
        """20 rounds on one database, some while it still starts."""
        chance = random.Random(SEED)
        print(f"seed {SEED}", flush=True)
        db = self.service(start=False)
        rounds = []
        for i in range(20):
            db.spawn()
            w = Writers(db.socket, clients=8, prefix=f"r{i}").start()
            if i % 4 == 0:
                pause(chance.uniform(0, 0.1))
            else:
                w.wait_acked(chance.randrange(1, 300))
                pause(chance.uniform(0, 0.02))
            w.retry = False
            db.kill()
            w.stop()
            self.assertEqual(w.refused, [])
            rounds.append(w)
        db.start()
        for w in rounds:
            check_acked(self, db.client(), w)
        self.assertGreater(sum(len(w.acked) for w in rounds), 100)
        db.verify()
        self.assertEqual(integrity(db.database), ["ok"])

    def test_sigterm_answers_what_was_accepted(self):
        db = self.service()
        w = Writers(db.socket, clients=32, retry=False).start()
        w.wait_acked(200)
        db.stop()
        w.stop()
        self.assertEqual(w.refused, [])
        db.start()
        there = check_acked(self, db.client(), w)
        # Written but not answered: the reply was lost, not the order kept.
        silent = set(there) - set(w.acked)
        self.assertEqual(silent, set(), "committed, accepted, never answered")


@unittest.skipIf(VARIANT == "release", "needs the VFS of test builds")
class PowerCuts(harness.TestCase):
    """tests/lib/vfs_shim.c drops, tears and reorders what was not synced."""

    timeout = 240

    def test_power_cuts(self):
        chance = random.Random(SEED)
        db = self.service(start=False)
        cuts = []
        for i in range(16):
            seed, sync = chance.randrange(1 << 31), chance.randrange(4, 150)
            print(f"cut {i}: seed={seed},sync={sync}", flush=True)
            if i % 4 == 3:
                sync = 0
            db.spawn({"MEMORY_TEST_VFS": f"seed={seed},sync={sync}"})
            w = Writers(db.socket, clients=16, prefix=f"p{i}").start()
            if sync == 0:
                w.wait_acked(chance.randrange(1, 400))
                db.process.p.send_signal(signal.SIGUSR2)
            self.assertEqual(db.process.wait(60), 77, db.process.tail())
            w.retry = False
            w.stop()
            db.process.check()
            self.assertEqual(w.refused, [])
            self.assertEqual(integrity(db.database), ["ok"])
            cuts.append(w)
        db.start()
        for w in cuts:
            check_acked(self, db.client(), w)
        self.assertGreater(sum(len(w.acked) for w in cuts), 100)
        db.verify()


if __name__ == "__main__":
    harness.main()
