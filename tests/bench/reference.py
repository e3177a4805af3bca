"""Ours beside the reference memory server of npm, by turns, on the same data:
start, memory, a load in batches of 100, a search, the whole graph. Part of
run.py.

Both are driven over their stdio in the same way. Time counts from the first
byte of a request to the last byte of its answer, which is parsed after the
clock has stopped. CPU is that of all processes of a side: node alone, or
memory-mcp and memory-db. An fsync takes 1 ms on our side, as everywhere in the
report; the reference server does none.

The server is looked for in MEMORY_REFERENCE (a folder with node_modules), else
installed once into build/reference by npm."""
import json
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import harness
from harness import rss_kb

PACKAGE = "@modelcontextprotocol/server-memory"
VERSION = "2026.8.31"
MAIN = f"node_modules/{PACKAGE}/dist/index.js"
BATCH = 100
SIZES = (100, 1_000, 10_000, 50_000)
LARGEST = 10_000    # of the rounds; beyond, each side loads once
WORDS = ("amber birch copper delta ember fjord garnet harbour indigo juniper "
         "kelp lantern meadow nickel orchid pepper quartz ripple saffron "
         "timber umber velvet willow yarrow zephyr").split()


def entities_of(n):
    """n entities: two observations each, some 70 bytes of words."""
    for i in range(n):
        w = [WORDS[(i * k + k * k) % len(WORDS)] for k in range(1, 17)]
        yield {"name": f"entity {i}", "entityType": WORDS[i % 5],
               "observations": [f"{' '.join(w[:8])} number {i}",
                                f"{' '.join(w[8:])} noted by {w[0]}"]}


def relations_of(n):
    """One relation an entity, to an earlier one."""
    for i in range(1, n):
        yield {"from": f"entity {i}", "to": f"entity {i * 7919 % i}",
               "relationType": "knows"}


def batches(values):
    values = list(values)
    return [values[i:i + BATCH] for i in range(0, len(values), BATCH)]


def installed(b):
    """The server's main file; None: no node, or no npm registry."""
    given = os.environ.get("MEMORY_REFERENCE")
    folder = Path(given) if given else harness.BUILD.parent / "reference"
    if not shutil.which("node"):
        return None
    if not (folder / MAIN).exists() and not given and shutil.which("npm"):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit",
                        "--no-fund", "--prefix", str(folder),
                        f"{PACKAGE}@{VERSION}"], timeout=120,
                       capture_output=True, check=False)
    return folder / MAIN if (folder / MAIN).exists() else None


def cpu_ms(pids):
    """Processor time of all threads of these processes, to the microsecond."""
    ns = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                ns += int(f.read().split()[0])
    return ns / 1e6


class Refused(Exception):
    """The whole graph does not fit into one answer of ours: 50,000 entities
    take 15 MB, and clients of MCP take no message of that size."""


class Side:
    """A server on pipes. pids: what counts as its processor time."""

    def __init__(self, argv, env, folder):
        self.log = open(folder / "stderr", "ab")
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=self.log,
                                  env=env, cwd=folder, bufsize=0)
        self.pids = [self.p.pid]
        self.n = 0
        self.call("initialize", {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"}})
        self.p.stdin.write(b'{"jsonrpc":"2.0","method":'
                           b'"notifications/initialized"}\n')

    def call(self, method, params):
        """(ms, bytes) of one request. Refused: the server says that the
        answer is too large."""
        self.n += 1
        line = json.dumps({"jsonrpc": "2.0", "id": self.n, "method": method,
                           "params": params}).encode() + b"\n"
        began = time.monotonic()
        self.p.stdin.write(line)
        parts, out = [], self.p.stdout.fileno()
        while not parts or parts[-1][-1:] != b"\n":
            parts.append(os.read(out, 1 << 20))
            if not parts[-1]:
                raise SystemExit("a server ended in the middle of a call: " +
                                 Path(self.log.name).read_text()[-500:])
        ms = 1e3 * (time.monotonic() - began)
        answer = json.loads(b"".join(parts))
        if "error" in answer or answer["result"].get("isError"):
            if "too large to be read at once" in str(answer):
                raise Refused
            raise SystemExit(f"{method}: {str(answer)[:500]}")
        return ms, sum(map(len, parts))

    def tool(self, name, **arguments):
        """(ms, ms of CPU, bytes of the answer)."""
        before = cpu_ms(self.pids)
        ms, n = self.call("tools/call",
                          {"name": name, "arguments": arguments})
        return ms, cpu_ms(self.pids) - before, n

    def load(self, n):
        """(ms, ms of CPU) of n entities and n - 1 relations."""
        calls = [("create_entities", {"entities": x})
                 for x in batches(entities_of(n))]
        calls += [("create_relations", {"relations": x})
                  for x in batches(relations_of(n))]
        done = [self.tool(name, **args) for name, args in calls]
        return sum(x[0] for x in done), sum(x[1] for x in done)

    def settle(self):
        """Until it does nothing by itself any more: what comes then is the
        cost of calls alone."""
        while True:
            before = cpu_ms(self.pids)
            time.sleep(.4)
            if cpu_ms(self.pids) - before < 2:
                return

    def rss_mb(self):
        return sum(map(rss_kb, self.pids)) / 1024

    def done(self):
        self.p.stdin.close()
        self.p.wait(20)
        self.p.stdout.close()
        self.log.close()


class Ours(Side):
    def __init__(self, db):
        self.db = db
        super().__init__([str(harness.BIN / "memory-mcp"), "--tools",
                          "compat"], db.env(), db.folder)
        self.pids.append(db.pid)


class Theirs(Side):
    def __init__(self, main, folder):
        super().__init__(["node", str(main)], {
            **harness.clean_env(folder),
            "MEMORY_FILE_PATH": str(folder / "memory.jsonl")}, folder)


GRAPHS = ("read_graph after a write", "read_graph again")


def graphs(side, rounds):
    """Figures of reading the whole graph; None where it is refused."""
    try:
        side.tool("read_graph")
    except Refused:
        return dict.fromkeys(GRAPHS)
    # A graph that was read before and did not change is kept by memory-db;
    # behind a write it is read anew.
    anew, again = [], []
    for k in range(rounds):
        side.tool("create_entities", entities=[
            {"name": f"between {k}", "entityType": "t", "observations": []}])
        anew.append(side.tool("read_graph"))
    for k in range(rounds + 2):
        again.append(side.tool("read_graph"))
    return {what: tuple(statistics.median(x[i] for x in reads)
                        for i in (0, 1))
            for what, reads in zip(GRAPHS, (anew, again))}


def measure(side, n, rounds):
    """Figures of one side: {what: (ms, CPU ms)}."""
    found = {"load": side.load(n)}
    side.settle()
    found |= graphs(side, rounds)
    hits = [side.tool("search_nodes", query=f"number {n * k // 11}")
            for k in range(1, 11)]
    found["search_nodes"] = tuple(statistics.median(x[i] for x in hits)
                                  for i in (0, 1))
    ms, cpu, _ = side.tool("create_entities", entities=[
        {"name": f"one more {n}", "entityType": "t", "observations": ["x"]}])
    found["create of one"] = ms, cpu
    found["memory"] = side.rss_mb(), None
    return found


def start_ms(make):
    """ms from the start of a server to the answer of its first search."""
    times = []
    for _ in range(5):
        began = time.monotonic()
        side = make()
        side.tool("search_nodes", query="nothing")
        times.append(1e3 * (time.monotonic() - began))
        side.done()
    return statistics.median(times)


def one_round(b, main, n, found, ours_first):
    def ours():
        with b.service() as db:
            side = Ours(db)
            found.setdefault(("ours", n), []).append(
                measure(side, n, b.n(7, 5)))
            side.done()

    def theirs():
        folder = harness.temp_folder()
        side = Theirs(main, folder)
        found.setdefault(("reference", n), []).append(
            measure(side, n, b.n(7, 5)))
        side.done()
        shutil.rmtree(folder)

    for turn in (ours, theirs) if ours_first else (theirs, ours):
        turn()


def starts(b, main, compare):
    with b.service() as db:
        our_start = start_ms(lambda: Ours(db))
    folder = harness.temp_folder()
    their_start = start_ms(lambda: Theirs(main, folder))
    shutil.rmtree(folder)
    b.row("start to the first answer, beside the reference", "<= 1x",
          f"{our_start:.1f} ms, {their_start:.1f} ms",
          our_start <= their_start)
    compare.append({"what": "start", "entities": 0, "ours_ms": our_start,
                    "reference_ms": their_start})


# At these sizes ours must be no slower.
HELD = (1_000, 10_000)


def tell(b, n, what, ours, theirs, compare):
    if ours[0][what] is None:
        b.row(f"{n:,} entities: {what}, ours / reference", "",
              f"refused as too large / {theirs[0][what][0]:,.1f} ms")
        return

    def median(rows, i):
        values = [r[what][i] for r in rows]
        return None if values[0] is None else statistics.median(values)

    x, y, cx, cy = (median(r, i) for i in (0, 1) for r in (ours, theirs))
    unit = "MB" if what == "memory" else "ms"
    measured = f"{x:,.1f} / {y:,.1f} {unit} = {x / y:.2f}x"
    if cx is not None:
        measured += f" (CPU {cx:,.1f} / {cy:,.1f} = {cx / cy:.2f}x)"
    held = n in HELD and what != "memory"
    b.row(f"{n:,} entities: {what}, ours / reference",
          "<= 1x" if held else "", measured, x <= y if held else None)
    compare.append({"what": what, "entities": n, f"ours_{unit}": x,
                    f"reference_{unit}": y, "ours_cpu_ms": cx,
                    "reference_cpu_ms": cy})


def bench_reference(b):
    main = installed(b)
    if not main:
        b.row("beside the reference memory server", "", "skipped: no node, or "
              f"{PACKAGE} cannot be installed")
        return
    b.comparison = []
    starts(b, main, b.comparison)
    for n in SIZES[:b.n(4, 3)]:
        found = {}
        for i in range(b.rounds if n <= LARGEST else 1):
            one_round(b, main, n, found, i % 2 == 0)
        ours, theirs = found["ours", n], found["reference", n]
        for what in ours[0]:
            tell(b, n, what, ours, theirs, b.comparison)
