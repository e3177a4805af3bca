"""What keeping the memory in order costs: conflicts of one fact, writes that look
for conflicts, the scan and curation beside agents. Part of run.py."""
import os
import random
import statistics
import time

from fairness import Other
from harness import entity

SAID = ("lives in {0}", "works at {0} since {1}", "likes {0} in the morning",
        "the port of {0} is {1}", "{0} was moved to server {1}",
        "prefers {0} over {2}", "met {2} in {0} on 2026-03-{3:02d}",
        "version {1} of {0} is in use", "{0} is not supported by {2}",
        "decided to use {0} because of {2}")
WHAT = ("Rome Oslo Lyon Kyoto Quito Turin Delft Porto Split Cork green-tea "
        "postgres redis kafka nginx grafana terraform ansible kestrel heron "
        "marble cobalt saffron juniper").split()


def fact(r):
    return r.choice(SAID).format(r.choice(WHAT), r.randrange(100, 9999),
                                 r.choice(WHAT), r.randrange(1, 29))


def fill_facts(c, facts, seed=1):
    """Entities of ten facts each, with words that recur."""
    r = random.Random(seed)
    for first in range(0, facts // 10, 100):
        c.ok("create_entities", timeout=300, entities=[
            entity(f"subject {k}", *{fact(r) for _ in range(10)})
            for k in range(first, min(first + 100, facts // 10))])


def p50_p99(ms):
    ms = sorted(ms)
    return ms[len(ms) // 2], ms[min(len(ms) - 1, len(ms) * 99 // 100)]


def settle(c):
    """Until what was written is indexed."""
    while c.ok("get_memory_status")["queues"]["index_rows_waiting"]:
        time.sleep(.05)


def bench_detect(b):
    facts = b.n(100_000, 10_000)
    with b.service(fsync_us=0) as db:
        c = db.client(timeout=300)
        fill_facts(c, facts)
        settle(c)
        r, ms = random.Random(2), []
        for k in range(b.n(1500, 400)):
            began = time.monotonic()
            c.ok("detect_conflicts", entity_data=entity(
                f"subject {r.randrange(facts // 10)}", fact(r)))
            ms.append(1e3 * (time.monotonic() - began))
        p50, p99 = p50_p99(ms)
        b.row(f"detect_conflicts of a fact, {facts:,} facts", "p99 < 30 ms",
              f"p50 {p50:.2f}, p99 {p99:.2f} ms", p99 < 30)
        bench_scan(b, db, facts)


def cpu_of(pid):
    """CPU seconds: of the thread of the scan, of all others."""
    used = {True: 0., False: 0.}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/comm") as f:
            is_scan = f.read().strip() == "conflict-scan"
        with open(f"/proc/{pid}/task/{tid}/schedstat") as f:
            used[is_scan] += int(f.read().split()[0]) / 1e9
    return used


def in_front(pid):
    """Ahead of other programs of the machine, where the kernel groups them and
    lets us: what they do would count for more than what is compared."""
    try:
        with open(f"/proc/{pid}/autogroup", "w") as f:
            f.write("-19")
    except OSError:
        pass


def session_for(db, seconds):
    """A session for so long: its times, and the CPU of scan and others."""
    before, other = cpu_of(db.pid), Other(db)
    other.start()
    time.sleep(seconds)
    other.end.set()
    other.join()
    after = cpu_of(db.pid)
    return other.ms, {k: after[k] - before[k] for k in after}


def bench_beside(b, db, c):
    """By turns without and with a scan, which is stopped and goes on."""
    in_front("self")
    in_front(db.pid)
    ms = {m: {"write": [], "read": []} for m in (False, True)}
    p99 = {m: {"write": [], "read": []} for m in (False, True)}
    cpu = {False: [], True: []}
    for _ in range(b.n(5, 3)):
        for scans in (False, True):
            if scans:
                c.ok("detect_memory_conflicts", action="start")
            times, used = session_for(db, b.n(7, 4))
            if scans:
                c.ok("detect_memory_conflicts", action="stop")
            for what in ms[scans]:
                ms[scans][what] += times[what]
                p99[scans][what].append(p50_p99(times[what])[1])
            cpu[scans].append(1e3 * used[False] / len(times["write"]))
    for what in ("write", "read"):
        alone, now = (b.median(p99[m][what]) for m in (False, True))
        medians = " -> ".join(f"{p50_p99(ms[m][what])[0]:.1f}"
                              for m in (False, True))
        b.row(f"  {what} p99 beside a scan", "<= 2x of alone",
              f"{alone:.1f} -> {now:.1f} ms = {now / alone:.1f}x (p50 "
              f"{medians}; {len(ms[True][what])} samples)", now <= 2 * alone)
    b.row("  CPU of a round of that session", "",
          " -> ".join(f"{b.median(cpu[m]):.2f}" for m in (False, True)) +
          " ms, without the scan itself")


def bench_scan(b, db, facts):
    """detect_memory_conflicts over all of it, and a session beside."""
    c, beside = db.client(timeout=300), Other(db)
    bench_beside(b, db, c)
    c.ok("detect_memory_conflicts", action="start")
    beside.start()
    began, limit = time.monotonic(), b.n(300, 60)
    while True:
        s = c.ok("detect_memory_conflicts", action="status")
        spent = time.monotonic() - began
        if s["state"] == "done" or spent > limit:
            break
        time.sleep(.1)
    beside.end.set()
    beside.join()
    # What the turns before had done is counted as slower than it was.
    spent += b.n(35, 12)
    b.row(f"scan of {facts:,} facts for conflicts", "< 300 s",
          f"{spent:.0f} s, {s['state']}, {s['found']:,} found",
          s["state"] == "done" and spent < 300)


def bench_queue(b):
    """Creates with the setting on_conflict=queue, beside plain ones."""
    for clients in (1, 64):
        rates = {"none": [], "queue": []}
        cpu = {"none": [], "queue": []}
        count = b.n(1750, 900) if clients == 1 else b.n(12000, 5000)
        for _ in range(max(b.rounds, 2)):
            for mode in rates:
                with b.service() as db:
                    db.client().ok("set_namespace_settings",
                                   settings={"on_conflict": mode})
                    before = b.cpu_by_thread(db.pid)
                    [r] = b.load(db, f"clients={clients},count={count},"
                                 "warm=100")
                    after = b.cpu_by_thread(db.pid)
                    cpu[mode].append(1e6 / count * max(
                        after[t] - before.get(t, 0) for t in after
                        if t != str(db.pid)))
                    rates[mode].append(r["rate"])
        off, queue = (b.median(rates[m]) for m in ("none", "queue"))
        b.row(f"creates that look for conflicts, {clients} client(s)",
              ">= 70 % of plain",
              f"{queue:,.0f} of {off:,.0f}/s = {100 * queue / off:.0f} % "
              f"(writer {b.median(cpu['none']):.0f} -> "
              f"{b.median(cpu['queue']):.0f} us)", queue >= 0.7 * off)


def bench_curate(b):
    """One look at every entity by every rule, in slices of the writer."""
    many = b.n(20_000, 4_000)
    with b.service(fsync_us=0) as db:
        c = db.client(timeout=300)
        fill_facts(c, many * 10 // 5)
        for first in range(many // 5, many, 200):
            c.ok("create_entities", timeout=300, entities=[
                entity(f"note {k}", f"a note, number {k}")
                for k in range(first, min(first + 200, many))])
        settle(c)
        ms, looked, page = [], 0, {}
        while True:
            began = time.monotonic()
            r = c.ok("curate", dry_run=True, timeout=300, **page)
            ms.append(1e3 * (time.monotonic() - began))
            looked += r["looked"]
            if "next" not in r:
                break
            page = {"cursor": r["next"]}
    b.row(f"curate --dry-run of {many:,} entities", "",
          f"{sum(ms) / 1e3:.2f} s, {looked:,} looked at in {len(ms)} calls, "
          f"the median one {statistics.median(ms):.0f} ms")


ORDER_PARTS = (("detect", bench_detect), ("queue", bench_queue),
               ("curate", bench_curate))
