#!/usr/bin/env python3
"""A day in short: does the service stay as it was?

    tests/bench/soak.py [--minutes N] [--clients N] [--rate N] [--filled N]

Clients write, read, branch, merge and run scripts at a fixed rate, with
embeddings; for a tenth of the time a foreign program holds a snapshot of the
file. The memory was in use before: it holds some facts at the beginning, as
many as fill the caches of the service, so that what grows later has no bound. Of thirty minutes (a shorter run is divided alike):

    memory       at the end at most 1.1 times that at minute 10
    descriptors  as many at the end as at minute 10
    WAL          never above 64 MiB, but while a foreign reader holds it
    p99          of the last 5 minutes at most 1.5 times that of minutes 5 to
                 10, and under 20 ms in any case no reason to fail

Exit 1 when one of them does not hold.
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
from harness import Service, open_fds, rss_kb  # noqa: E402

SLICES = 30
WAL_MOST_MB = 64 * 1.048576
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
        if kind < .97:
            return "recall", {"query": self.text()[:40], "limit": 5}
        if kind < .99:
            return "execute_code", {"code": f"""
                create_entities{{entities = {{{{name = "s{self.number}-{i}",
                    entityType = "note", observations = {{"by script"}}}}}}}}
                return #search_nodes("{self.text()[:10]}").results"""}
        return "memory_branch", {"action": "create",
                                 "name": f"b{self.number}-{i}"}

    def merge(self, branch):
        self.c.ok("create_entities", branch=branch, entities=[
            {"name": f"of {branch}", "entityType": "note",
             "observations": [self.text()]}], timeout=120)
        self.c.ok("memory_merge", branch=branch, timeout=120)

    def run(self):
        i, due = 0, time.monotonic() + self.pause * self.rnd.random()
        while time.monotonic() < self.soak.end:
            time.sleep(max(0, due - time.monotonic()))
            due += self.pause
            method, params = self.one(i)
            start = time.monotonic()
            self.c.ok(method, params, timeout=120)
            if method == "memory_branch":
                self.merge(params["name"])
            self.soak.add(start, time.monotonic() - start)
            i += 1


def fill(db, facts):
    """What an earlier life left, in requests of a hundred."""
    rnd = random.Random(0)
    with db.client(timeout=120) as c:
        c.ok("hello", {"session": "before"})
        for first in range(0, facts, 100):
            c.ok("create_entities", {"entities": [
                {"name": f"old-{i}", "entityType": "note",
                 "observations": [" ".join(rnd.choices(WORDS, k=12))]}
                for i in range(first, min(first + 100, facts))]})


class Soak:
    def __init__(self, args, db):
        self.args, self.db = args, db
        self.start = time.monotonic()
        self.seconds = args.minutes * 60
        self.end = self.start + self.seconds
        self.holding = False
        self.lock = threading.Lock()
        self.ms = [[] for _ in range(SLICES + 1)]
        self.rows = []

    def slice_of(self, t):
        return min(SLICES, int((t - self.start) * SLICES / self.seconds))

    def add(self, start, took):
        with self.lock:
            self.ms[self.slice_of(start)].append(1000 * took)

    def sample(self, i):
        wal = Path(f"{self.db.database}-wal")
        values = sorted(self.ms[i]) or [0]
        row = {"rss": rss_kb(self.db.pid) / 1024,
               "wal": wal.stat().st_size / 1e6 if wal.exists() else 0,
               "fds": open_fds(self.db.pid), "held": self.holding,
               "data": self.db.database.stat().st_size / 1e6,
               "n": len(values), "p99": values[int(.99 * (len(values) - 1))]}
        self.rows.append(row)
        print(f"{i + 1:3} of {SLICES}: RSS {row['rss']:6.1f} MB, database "
              f"{row['data']:6.1f} MB, WAL {row['wal']:6.1f} MB, "
              f"{row['fds']} descriptors, p99 "
              f"{row['p99']:6.1f} ms of {row['n']} requests", flush=True)

    def hold(self):
        """A foreign reader that keeps its snapshot for a while."""
        time.sleep(self.seconds * .4)
        self.holding = True
        db = sqlite3.connect(f"file:{self.db.database}?mode=ro", uri=True)
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM change").fetchone()
        time.sleep(self.seconds * .1)
        db.close()
        self.holding = False

    def run(self):
        pause = self.args.clients / self.args.rate
        threads = [Client(self.db, i, pause, self)
                   for i in range(self.args.clients)]
        threads.append(threading.Thread(target=self.hold, daemon=True))
        for t in threads:
            t.start()
        for i in range(SLICES):
            time.sleep(max(0, self.start + (i + 1) * self.seconds /
                           SLICES - time.monotonic()))
            self.sample(i)
        for t in threads:
            t.join()

    def mean(self, what, rows):
        return sum(r[what] for r in rows) / len(rows)

    def verdict(self):
        rows = self.rows
        tenth = rows[SLICES // 3 - 1]
        early, late = rows[SLICES // 6:SLICES // 3], rows[-SLICES // 6:]
        wal = max(r["wal"] for i, r in enumerate(rows)
                  if not r["held"] and not (i and rows[i - 1]["held"]))
        checks = (
            ("memory", rows[-1]["rss"], 1.1 * tenth["rss"], "MB"),
            ("descriptors", rows[-1]["fds"], tenth["fds"], ""),
            ("WAL", wal, WAL_MOST_MB, "MB"),
            ("p99", self.mean("p99", late),
             max(1.5 * self.mean("p99", early), 20), "ms"))
        for what, value, most, unit in checks:
            print(f"{what}: {value:.1f} {unit}, at most {most:.1f}: "
                  f"{'ok' if value <= most else 'MISS'}")
        return all(value <= most for _, value, most, _ in checks)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--minutes", type=float, default=30)
    p.add_argument("--clients", type=int, default=64)
    p.add_argument("--rate", type=float, default=192)
    p.add_argument("--filled", type=int, default=60_000)
    args = p.parse_args()
    with Service(args=["--embed", "hash"]) as db:
        fill(db, args.filled)
        soak = Soak(args, db)
        soak.run()
        return 0 if soak.verdict() else 1


if __name__ == "__main__":
    sys.exit(main())
