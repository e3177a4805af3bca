"""Beside what one session does, how long do the writes and reads of another
take? Part of run.py."""
import random
import threading
import time

from long_texts import letters, words

MOST_MS = 500


class Other(threading.Thread):
    """The session beside: a small write, a search and a ping every 20 ms."""

    def __init__(self, db):
        super().__init__()
        self.client = db.client(timeout=120)
        self.client.ok("hello", {"session": "beside"})
        self.end = threading.Event()
        self.ms = {"write": [], "read": [], "ping": []}

    def timed(self, what, method, params):
        start = time.monotonic()
        self.client.ok(method, params, timeout=120)
        self.ms[what].append(1000 * (time.monotonic() - start))

    def run(self):
        i = 0
        while not self.end.is_set():
            i += 1
            self.timed("write", "create_entities", {"entities": [
                {"name": f"beside {i}", "entityType": "note",
                 "observations": [f"a small text, number {i}"]}]})
            self.timed("read", "search_nodes",
                       {"query": "small number", "limit": 5})
            self.timed("ping", "ping", {})
            time.sleep(.02)

    def p99(self, what):
        values = sorted(self.ms[what])
        return values[min(len(values) - 1, int(.99 * len(values)))]


def create(client, entities):
    client.ok("create_entities", {"entities": entities}, timeout=300)


def many_texts(db, client, rnd, seconds):
    create(client, [{"name": f"m{rnd.random()}", "entityType": "t",
                     "observations": [words(rnd, 400) for _ in range(90)]}
                    for _ in range(100)])


def new_words(db, client, rnd, seconds):
    create(client, [{"name": f"w{rnd.random()}", "entityType": "t",
                     "observations": [words(rnd, 900000)]}
                    for _ in range(4)])


def no_spaces(db, client, rnd, seconds):
    create(client, [{"name": f"b{rnd.random()}", "entityType": "t",
                     "observations": [letters(rnd, 1048000)]}
                    for _ in range(3)])


def forget(db, client, rnd, seconds):
    client.ok("forget", {"name": "large", "confirm": True}, timeout=300)


def before_forget(db, client, rnd):
    create(client, [{"name": "large", "entityType": "t", "observations":
                     [words(rnd, 900000) for _ in range(4)]}])
    while client.ok("get_memory_status")["queues"]["index_rows_waiting"]:
        time.sleep(.1)


def spinning(db, client, rnd, seconds):
    for _ in range(40):
        client.request("execute_code", {"code": "while true do end",
                                        "timeout_ms": 1000})
    for _ in range(40):
        client.read(timeout=300)


def failing(db, client, rnd, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        client.call("add_observations", {"observations": [
            {"entityName": "nobody", "contents": ["x"]}]})
        time.sleep(1 / 60)


def export(db, client, rnd, seconds):
    end, cursor = time.monotonic() + seconds, None
    while time.monotonic() < end:
        page = client.ok("export_log", {"cursor": cursor} if cursor
                         else {"all": True}, timeout=300)
        cursor = page.get("next")


def verify(db, client, rnd, seconds):
    db.ctl("verify", seconds=300)


def deaf(db, client, rnd, seconds):
    client.sock.settimeout(.2)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            client.request("read_graph", {"limit": 1000})
    except OSError:
        pass    # the service reads no more: its output is full
    time.sleep(max(0, end - time.monotonic()))


CASES = (
    ("9,000 texts of 400 bytes", many_texts, None),
    ("3.6 MB of new words", new_words, None),
    ("3 MB without spaces", no_spaces, None),
    ("forget of 3.6 MB", forget, before_forget),
    ("40 spinning scripts", spinning, None),
    ("60 failing requests a second", failing, None),
    ("an export", export, None),
    ("verify", verify, None),
    ("a client that reads nothing", deaf, None),
)


def bench_fairness(b):
    rnd = random.Random(1)
    for name, fn, prepare in CASES:
        with b.service() as db:
            client = db.client(timeout=300)
            for first in range(0, b.n(8000, 2000), 2000):
                create(client, [{"name": f"n{i}", "entityType": "thing",
                                 "observations": [words(rnd, 200)]}
                                for i in range(first, first + 2000)])
            if prepare:
                prepare(db, client, rnd)
            other = Other(db)
            before = db.client().ok("get_memory_status")["queues"]
            other.start()
            fn(db, client, rnd, b.n(10, 3))
            # What waits to be indexed is still beside the others.
            time.sleep(b.n(10, 3))
            other.end.set()
            other.join()
            after = db.client().ok("get_memory_status")["queues"]
            write, read = other.p99("write"), other.p99("read")
            b.row(f"beside {name}, write p99", f"< {MOST_MS} ms",
                  f"{write:.0f} ms (writer {after['writer_cpu_ms'] - before['writer_cpu_ms']} ms of CPU)",
                  write < MOST_MS)
            b.row("  read p99, ping p99", f"< {MOST_MS} ms",
                  f"{read:.0f} ms, {other.p99('ping'):.1f} ms",
                  read < MOST_MS)
