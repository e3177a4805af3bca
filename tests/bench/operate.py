"""Backup beside writers, restore, hooks, imports, and what a call of an agent
costs. Part of run.py."""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from full_home import Home
from harness import BIN, BUILD, ROOT, entity
from hooks import HOOK_PARTS
from order import settle
from reference import cpu_ms


def fill(b, db, entities):
    b.load(db, f"op=bulk,clients=4,count={entities // 250},batch=250,name=c")


def bench_backup(b):
    many = b.n(100_000, 10_000)
    with b.service(fsync_us=1000) as db:
        fill(b, db, many)
        folder = db.folder / "backups"
        seconds, shares, took = b.n(6, 3), [], []
        for i in range(max(b.rounds, 2)):
            [alone] = b.load(db, f"clients=64,seconds={seconds},name=a{i}x")
            done = {}

            def backup():
                began = time.monotonic()
                db.ctl("backup", folder, seconds=300)
                done["s"] = time.monotonic() - began

            thread = threading.Thread(target=backup)
            thread.start()
            [beside] = b.load(db, f"clients=64,seconds={seconds},name=b{i}x")
            thread.join()
            took.append(done["s"])
            # Of the time in which both ran; the rest went at full speed.
            part = min(1, done["s"] / seconds)
            lost = 1 - beside["rate"] / alone["rate"]
            shares.append(1 - lost / part)
        share = b.median(shares)
        b.row(f"creates while {many:,} entities are backed up",
              ">= 80 % of the rate", f"{100 * share:.0f} % (backup "
              f"{b.median(took):.1f} s)", share >= 0.8)
        c = db.client(timeout=120)
        for first in range(0, 1000, 1):
            c.ok("create_entities", entities=[entity(f"i{first}", "x")])
        began = time.monotonic()
        db.ctl("backup", "--incremental", folder, seconds=300)
        spent = time.monotonic() - began
        b.row("backup --incremental of 1,000 changes", "< 1 s",
              f"{spent:.2f} s", spent < 1)
        began = time.monotonic()
        db.ctl("restore", folder, "--into", db.folder / "restored.db",
               seconds=300)
        spent = time.monotonic() - began
        b.row("restore into a new file", "< 10 s", f"{spent:.1f} s",
              spent < 10)


def peak_mb(pid):
    """The most memory that a process had at once."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


def take(db, home, *args):
    """(seconds, MB of memoryctl, report) of one import."""
    began, peak = time.monotonic(), 0
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen(
            [str(BIN / "memoryctl"), "import", "--json", *map(str, args)],
            env={**db.env(), "HOME": str(home.home)}, cwd=db.folder,
            stdout=out)
        while p.poll() is None:
            # What wait4 says has in it what this program had before exec.
            try:
                peak = max(peak, peak_mb(p.pid))
            except (OSError, TypeError):
                pass
            time.sleep(.01)
        out.seek(0)
        data = out.read()
    return time.monotonic() - began, peak, json.loads(data or "[]")


def bench_scan(b):
    """A home folder with all that import knows, taken twice."""
    with b.service(fsync_us=0) as db:
        home = Home(db.folder / "full", b.n(500, 20) * 1_000_000, seed=3)
        home.make()
        size = home.bytes() / 1e6
        for turn in ("all of", "again all of"):
            spent, peak, rows = take(db, home, "--from", "all")
            for kind, path in home.exports.items():
                more, mb, row = take(db, home, "--from", kind, path)
                spent, peak = spent + more, max(peak, mb)
                rows.append(row)
            stored = sum(r["stored"] for r in rows)
            turns = sum(r["turns"] for r in rows)
            its = peak_mb(db.pid)
            b.row(f"import {turn} a home of {size:.0f} MB", "< 60 s, < 50 MB"
                  if turn == "all of" else "adds nothing",
                  f"{spent:.1f} s; {peak:.0f} MB memoryctl, {its:.0f} MB "
                  f"memory-db; {turns:,} turns, {stored:,} facts stored",
                  spent < 60 and max(peak, its) < 50 if turn == "all of"
                  else stored == 0)


def counted():
    """(call, parses, dumps) in memory-mcp, as the unit test counts them."""
    program = BUILD / "unit" / "test_mcp_calls"
    done = subprocess.run([str(program)], capture_output=True, text=True,
                          check=False)
    found = re.findall(r"(a search|a whole graph): (\d+) parses, (\d+) dumps",
                       done.stdout + done.stderr)
    return [(what, int(x), int(y)) for what, x, y in found]


def bench_calls(b):
    """CPU of one call of an agent, in memory-mcp and in memory-db."""
    many = b.n(10_000, 3_000)
    with b.service(fsync_us=0) as db:
        fill(b, db, many)
        settle(db.client())
        with db.mcp() as m:
            for tool, args in (("search_nodes", {"query": "w10 w200"}),
                               ("recall", {"query": "what of w10 w200?"})):
                n = b.n(1500, 400)
                for _ in range(50):
                    m.ok(tool, **args)
                us = []
                for _ in range(3):
                    before = cpu_ms([m.pid]), cpu_ms([db.pid])
                    for _ in range(n // 3):
                        m.ok(tool, **args)
                    after = cpu_ms([m.pid]), cpu_ms([db.pid])
                    us.append([1e3 * (y - x) / (n // 3)
                               for x, y in zip(before, after)])
                mine, its = (statistics.median(x[i] for x in us)
                             for i in (0, 1))
                b.row(f"CPU of a {tool}, {many:,} entities", "",
                      f"memory-mcp {mine:.0f} us, memory-db {its:.0f} us")
    for what, parses, dumps in counted():
        most = 2 if what == "a search" else 1
        b.row(f"{what} in memory-mcp: parses, dumps", f"<= {most}, {most}",
              f"{parses}, {dumps}", max(parses, dumps) <= most)


OPERATE_PARTS = (("calls", bench_calls), *HOOK_PARTS, ("scan", bench_scan),
                 ("backup", bench_backup))
