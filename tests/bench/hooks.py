"""What the hooks of a session cost: each event of it, and many of them. Part of
run.py."""
import json
import os
import re
import statistics
import subprocess
import sys
import time

from harness import BIN, ROOT, entity
from hook_days import CLIENTS, Days
from order import p50_p99, settle

# A session of Claude Code has one more, and begins in other ways, too.
ENDS = {"claude-code": ("SessionEnd",), "cursor": ("sessionEnd",),
        "gemini": ("SessionEnd",), "copilot-cli": ("sessionEnd",)}
TARGET_MS = 50


def fire(db, client, event, data):
    """(ms, bytes) of one firing: from the start of the process to its end."""
    began = time.monotonic()
    done = subprocess.run([str(BIN / "memoryctl"), "hook", client, event],
                          input=json.dumps(data).encode(), env=db.env(),
                          cwd=db.folder, capture_output=True, check=True)
    return 1e3 * (time.monotonic() - began), len(done.stdout)


def one_session(db, days, client, turns, told):
    """Fires all events of a session; adds to told: event -> [(ms, bytes)]."""
    talk, sent, data = days.session(client, db.folder, turns), None, {}
    try:
        while True:
            event, data, _ = talk.send(sent)
            got = fire(db, client, event, data)
            told.setdefault(event, []).append(got)
            sent = ""
    except StopIteration:
        pass
    for event in ENDS.get(client, ()):
        told.setdefault(event, []).append(
            fire(db, client, event, {**data, "reason": "other"}))
    if client == "claude-code":
        for source in ("resume", "compact"):
            told.setdefault(f"SessionStart ({source})", []).append(
                fire(db, client, "SessionStart", {**data, "source": source}))


def bench_hooks(b):
    """In a memory of 10,500 entities, with plans and notes that are open and
    many that are not."""
    with b.service(fsync_us=0) as db:
        b.load(db, "op=bulk,clients=4,count=40,batch=250,name=c")
        c, days = db.client(timeout=120), Days(db.folder, seed=5)
        c.ok("create_entities", entities=[
            entity(name, text) for name, text in days.facts().items()])
        c.ok("create_entities", namespace=str(db.folder), entities=[
            entity(f"project {k}", f"the deploy of service {k} goes over "
                   f"kestrel host {k}") for k in range(440)])
        for k in range(20):
            c.ok("save_implementation_plan", namespace=str(db.folder),
                 title=f"Plan {k}", steps=["design", "build"])
            if k > 2:
                for step in (1, 2):
                    c.ok("update_plan_step", namespace=str(db.folder),
                         name=f"Plan {k}", step=step, state="done")
        c.ok("handoff", namespace=str(db.folder), client="codex/1",
             session="x", note="the migration is half done")
        settle(c)
        for client in CLIENTS:
            told = {}
            for _ in range(b.n(100, 30) if client == "claude-code"
                           else b.n(20, 5)):
                one_session(db, days, client, 7, told)
            for event, fired in told.items():
                p50, p99 = p50_p99([x[0] for x in fired])
                sizes = [x[1] for x in fired]
                b.row(f"hook {client} {event}", f"p99 < {TARGET_MS} ms",
                      f"p50 {p50:.1f}, p99 {p99:.1f} ms; "
                      f"{statistics.median(sizes):.0f} bytes, at most "
                      f"{max(sizes)}", p99 < TARGET_MS)


def bench_days(b):
    """The hook's test of many firings, all of them."""
    n = b.n(1000, 200)
    done = subprocess.run(
        [sys.executable, "-W", "ignore",
         str(ROOT / "tests/func/test_hook_days.py")],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "TEST_FIRINGS": str(n), "TEST_VARIANT": "release",
             "PYTHONPATH": os.pathsep.join(str(ROOT / "tests" / x)
                                           for x in ("lib", "func"))})
    told = re.search(r"\d+ firings: .*", done.stdout + done.stderr)
    b.row("hooks of six clients, days of work", "none twice, <= 5 % unasked",
          told[0] if told else done.stderr[-300:], done.returncode == 0)


HOOK_PARTS = (("hooks", bench_hooks), ("hooks days", bench_days))
