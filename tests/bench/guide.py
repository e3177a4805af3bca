"""Ours beside a plain service in Python (guide_service.py), both over their Unix
socket, by turns, on the same data and behind the same fsync of 1 ms: start,
memory, a load in batches of 100, a create, a search. Part of run.py.

The plain service serves one request at a time, so that its rate with many
clients is that of one: 64 clients of ours stand in the part "create". Its
search looks at names and types only, ours at all texts."""
import json
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import harness
from harness import rss_kb
from reference import batches, entities_of

SERVICE = Path(__file__).with_name("guide_service.py")


class Plain:
    """The service in Python, of a folder of its own."""

    def __init__(self, fsync_us=1000):
        self.folder = harness.temp_folder()
        self.socket = str(self.folder / "s")
        env = harness.clean_env(self.folder, {"FSYNC_US": str(fsync_us)})
        harness.preload(env, "shim_fsync.so")
        self.p = subprocess.Popen(
            [sys.executable, str(SERVICE), self.socket,
             str(self.folder / "memory.db")], env=env)
        self.pid = self.p.pid
        harness.wait_until(self.answers, step=.002,
                           why="the plain service answers")

    def answers(self):
        try:
            return self.call("search_nodes", query="nothing")["success"]
        except OSError:
            return False

    def call(self, method, **params):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(self.socket)
            s.sendall(json.dumps({"method": method, "params": params})
                      .encode() + b"\n")
            with s.makefile("rb") as lines:
                return json.loads(lines.readline())

    def done(self):
        self.p.terminate()
        self.p.wait(10)
        shutil.rmtree(self.folder)


class Ours:
    def __init__(self, b):
        self.db = b.service()
        self.pid = self.db.pid
        self.client = self.db.client(timeout=60)

    def call(self, method, **params):
        return self.client.ok(method, params)

    def done(self):
        self.client.close()
        self.db.done()


def ms_of(call):
    began = time.monotonic()
    call()
    return 1e3 * (time.monotonic() - began)


def measure(make, n, calls):
    """{what: figure} of one side with n entities."""
    began = time.monotonic()
    side = make()
    found = {"start, ms": 1e3 * (time.monotonic() - began)}
    try:
        found["load, ms"] = sum(
            ms_of(lambda x=x: side.call("create_entities", entities=x))
            for x in batches(entities_of(n)))
        found["create of one, ms"] = statistics.median(
            ms_of(lambda k=k: side.call("create_entities", entities=[
                {"name": f"one more {k}", "entityType": "t",
                 "observations": ["x"]}])) for k in range(calls))
        found["search, ms"] = statistics.median(
            ms_of(lambda k=k: side.call("search_nodes",
                                        query=f"entity {n * k // calls}"))
            for k in range(calls))
        found["memory, MB"] = rss_kb(side.pid) / 1024
    finally:
        side.done()
    return found


def bench_guide(b):
    for n in (1_000, 10_000):
        ours, plain = [], []
        for _ in range(b.rounds):
            ours.append(measure(lambda: Ours(b), n, b.n(60, 30)))
            plain.append(measure(Plain, n, b.n(60, 30)))
        for what in ours[0]:
            x, y = (statistics.median(r[what] for r in rows)
                    for rows in (ours, plain))
            b.row(f"{n:,} entities: {what}, ours / plain Python", "",
                  f"{x:,.1f} / {y:,.1f} = {x / y:.2f}x")
