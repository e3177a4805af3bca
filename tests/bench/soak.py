#!/usr/bin/env python3
"""A day in short: does the service stay as it was?

    tests/bench/soak.py [--seconds N] [--clients N] [--rate N]

Clients write and read at a fixed rate, with embeddings; for a part of the time
a foreign program holds a snapshot of the file. The last fifth of the time is
compared with what minutes 3 to 5 of 20 are: memory beyond the data, the WAL and
the p99 of the requests. Exit 1 when one is above 1.2 times of that.
"""
import argparse
import random
import sqlite3
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import Service, rss_kb  # noqa: E402

MOST = 1.2
SLICES = 20
WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprstvz" for b in "aeiou"
         for c in ("n", "r", "st", "l", "ck")]


class Client(threading.Thread):
    def __init__(self, db, number, pause, soak):
        super().__init__(daemon=True)
        self.c = db.client(timeout=120)
        self.c.ok("hello", {"session": f"soak {number}"})
        self.rnd = random.Random(number)
        self.number, self.pause, self.soak = number, pause, soak

    def text(self):
        return " ".join(self.rnd.choices(WORDS, k=12))

    def one(self, i):
        kind = self.rnd.random()
        if kind < .5:
            return "create_entities", {"entities": [
                {"name": f"e{self.number}-{i}", "entityType": "note",
                 "observations": [self.text()]}]}
        if kind < .6:
            return "delete_entities", {
                "entityNames": [f"e{self.number}-{i // 2}"]}
        if kind < .85:
            return "search_nodes", {"query": self.text()[:20], "limit": 5}
        return "recall", {"query": self.text()[:40], "limit": 5}

    def run(self):
        i, due = 0, time.monotonic() + self.pause * self.rnd.random()
        while time.monotonic() < self.soak.end:
            time.sleep(max(0, due - time.monotonic()))
            due += self.pause
            method, params = self.one(i)
            start = time.monotonic()
            self.c.ok(method, params, timeout=120)
            self.soak.add(start, time.monotonic() - start)
            i += 1


class Soak:
    def __init__(self, args, db):
        self.args, self.db = args, db
        self.start = time.monotonic()
        self.end = self.start + args.seconds
        self.lock = threading.Lock()
        self.ms = [[] for _ in range(SLICES + 1)]
        self.rows = []

    def slice_of(self, t):
        return min(SLICES, int((t - self.start) * SLICES / self.args.seconds))

    def add(self, start, took):
        with self.lock:
            self.ms[self.slice_of(start)].append(1000 * took)

    def sample(self, i):
        wal = Path(f"{self.db.database}-wal")
        values = sorted(self.ms[i]) or [0]
        row = {"rss": rss_kb(self.db.pid) / 1024,
               "wal": wal.stat().st_size / 1e6 if wal.exists() else 0,
               "data": self.db.database.stat().st_size / 1e6,
               "n": len(values), "p99": values[int(.99 * (len(values) - 1))]}
        self.rows.append(row)
        print(f"{i + 1:3} of {SLICES}: RSS {row['rss']:6.1f} MB, database "
              f"{row['data']:6.1f} MB, WAL {row['wal']:6.1f} MB, p99 "
              f"{row['p99']:6.1f} ms of {row['n']} requests", flush=True)

    def hold(self):
        """A foreign reader that keeps its snapshot for a while."""
        time.sleep(self.args.seconds * .4)
        db = sqlite3.connect(f"file:{self.db.database}?mode=ro", uri=True)
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM change").fetchone()
        time.sleep(self.args.seconds * .05)
        db.close()

    def run(self):
        pause = self.args.clients / self.args.rate
        threads = [Client(self.db, i, pause, self)
                   for i in range(self.args.clients)]
        threads.append(threading.Thread(target=self.hold, daemon=True))
        for t in threads:
            t.start()
        for i in range(SLICES):
            time.sleep(max(0, self.start + (i + 1) * self.args.seconds /
                           SLICES - time.monotonic()))
            self.sample(i)
        for t in threads:
            t.join()

    def mean(self, what, rows):
        return sum(r[what] for r in rows) / len(rows)

    def verdict(self):
        first, last = self.rows[2:5], self.rows[-SLICES // 5:]
        good = True
        for what, unit, least in (("rss", "MB", 0), ("wal", "MB", 26),
                                  ("p99", "ms", 20)):
            a, b = self.mean(what, first), self.mean(what, last)
            ok = b <= max(MOST * a, least)
            good &= ok
            print(f"{what}: {a:.1f} {unit}, at the end {b:.1f} {unit}: "
                  f"{b / max(a, .001):.2f}x {'ok' if ok else 'MISS'}")
        return good


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=int, default=1200)
    p.add_argument("--clients", type=int, default=32)
    p.add_argument("--rate", type=float, default=192)
    args = p.parse_args()
    with Service(args=["--embed", "hash"]) as db:
        soak = Soak(args, db)
        soak.run()
        return 0 if soak.verdict() else 1


if __name__ == "__main__":
    sys.exit(main())
