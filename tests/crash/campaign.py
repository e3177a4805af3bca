#!/usr/bin/env python3
"""The crash campaign: the service dies at random points, many times.

    tests/crash/campaign.py [--rounds N] [--how kill|power] [--entities N]
                            [--seed N]

A round: the service starts, actors (actors.py) write, merge, run scripts, curate,
extract, approve and undo, memoryctl makes backups and restores beside them, the
service is ended at a random point (SIGKILL, or a power cut by the VFS of test
builds), is started again, and every actor looks whether it finds what it was told
is stored. Every few rounds everything is verified and a backup is restored.

It ends with exit code 1 at the first thing lost.
"""
import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
sys.dont_write_bytecode = True
import actors  # noqa: E402
from harness import BIN, SLOW, VARIANT, Service  # noqa: E402

POWER_CUT = 77
LONGEST = .6                    # seconds of load in a round
BATCH = 1000


class Backups(threading.Thread):
    """memoryctl backup again and again; restores of what it made."""

    def __init__(self, campaign, incremental):
        super().__init__(daemon=True)
        self.c, self.incremental = campaign, incremental
        self.going = True

    def run(self):
        while self.going:
            had = self.c.grown()
            args = ["--incremental"] if self.incremental else []
            done = self.c.ctl("--json", "backup", *args,
                              self.c.folder, "--keep", "4")
            if done.returncode == 0:
                self.c.good = json.loads(done.stdout)["path"], had
                self.c.counts["backups"] += 1
            elif done.returncode < 0:
                raise actors.Lost(f"backup died: {done}")
            else:
                time.sleep(.02)


class Campaign:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.db = Service(start=False)
        self.folder = self.db.folder / "backups"
        self.cast = actors.cast(args.seed)
        self.good = None        # (newest backup, what must be in it)
        self.counts = dict.fromkeys(
            ("rounds", "in start", "verified", "backups", "restores",
             "restores killed"), 0)
        self.starts = []

    # --- parts of a round ---------------------------------------------------
    def ctl(self, *args):
        return subprocess.run(
            [str(BIN / "memoryctl"), "--no-spawn", *map(str, args)],
            env=self.db.env(), text=True, capture_output=True,
            timeout=120 * SLOW, stdin=subprocess.DEVNULL)

    def grown(self):
        return {n for a in self.cast if isinstance(a, actors.Grower)
                for (_, n), t in list(a.known.items()) if t}

    def end_service(self):
        process, self.db.process = self.db.process, None
        if self.args.how == "kill":
            process.p.kill()
            process.wait()
        else:
            process.p.send_signal(signal.SIGUSR2)
            code = process.wait(60)
            assert code == POWER_CUT, f"{code}: {process.tail()}"
        process.check()

    def spawn(self):
        env = {}
        if self.args.how == "power":
            env["MEMORY_TEST_VFS"] = f"seed={self.random.randrange(1 << 31)}"
        return self.db.spawn(env)

    def start(self):
        began = time.monotonic()
        self.spawn()
        self.db.wait_ready()
        self.starts.append(time.monotonic() - began)

    def load(self, number):
        """Ends at a random point with the service dead."""
        backups = Backups(self, number % 2 == 1) if number % 3 == 0 else None
        for a in self.cast:
            a.start(self.db.socket)
        if backups:
            backups.start()
        time.sleep(self.random.uniform(.005, LONGEST))
        if backups:
            backups.going = False
        self.end_service()
        for a in self.cast:
            a.end()
        if backups:
            backups.join()

    def crash_in_start(self):
        """Recovery itself is interrupted, up to three times."""
        for _ in range(self.random.randrange(1, 4)):
            self.spawn()
            time.sleep(self.random.uniform(0, .06 * SLOW))
            process, self.db.process = self.db.process, None
            process.p.kill()
            process.wait()
            process.check()
            self.counts["in start"] += 1

    def look(self, everything=False):
        with self.db.client(timeout=120) as client:
            for a in self.cast:
                a.look(client, everything)

    # --- now and then ---------------------------------------------------------
    def verify(self):
        self.look(everything=True)
        self.db.verify()
        found = sqlite3.connect(f"file:{self.db.database}?mode=ro", uri=True)
        try:
            result = [r[0] for r in found.execute("PRAGMA integrity_check")]
        finally:
            found.close()
        assert result == ["ok"], result[:5]
        self.counts["verified"] += 1

    def restore(self):
        """The newest backup has all that was acknowledged before it; a
        restore that is killed leaves nothing that looks like one."""
        if not self.good:
            return
        path, had = self.good
        target = self.db.folder / "restored" / "memory.db"
        args = [str(BIN / "memoryctl"), "--no-spawn", "restore", path,
                "--into", str(target)]
        killed = subprocess.Popen(args, env=self.db.env(),
                                  stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        time.sleep(self.random.uniform(.01, .4 * SLOW))
        killed.kill()
        if killed.wait() != 0:
            assert not target.exists(), "a killed restore took its place"
            self.counts["restores killed"] += 1
        if not target.exists():
            done = self.ctl("restore", path, "--into", target)
            assert done.returncode == 0, done
        self.read_restored(target, had)
        for p in target.parent.iterdir():
            p.unlink()
        self.counts["restores"] += 1

    def read_restored(self, target, had):
        folder = self.db.folder / "other"
        with Service(folder=folder, database=target) as other, \
                other.client() as c:
            names = sorted(had)
            for i in range(0, len(names), 200):
                reply = c.ok("open_nodes", names=names[i:i + 200],
                             namespace="p0")
                assert not reply.get("missing"), reply["missing"][:3]
        other.process = None

    def fill(self):
        """A memory of a size that somebody has."""
        with self.db.client(timeout=120) as c:
            for at in range(0, self.args.entities, BATCH):
                c.ok("create_entities", namespace="p0", entities=[
                    actors.entity(f"old {i}", f"fact {i} of long ago",
                                  f"and number {i * 7} beside it")
                    for i in range(at, min(at + BATCH, self.args.entities))])

    # --- all of it ------------------------------------------------------------
    def run(self):
        self.db.start()
        self.fill()
        self.end_service() if self.args.how == "kill" else self.db.stop()
        for number in range(self.args.rounds):
            if number % 10 == 9:
                self.crash_in_start()
            self.start()
            self.look()
            if number % self.args.verify == self.args.verify - 1:
                self.verify()
                self.restore()
            self.load(number)
            self.counts["rounds"] += 1
            if sys.stdout.isatty() or number % 50 == 49:
                print(f"round {number + 1} of {self.args.rounds}",
                      flush=True)
        self.db.start()
        self.look()
        self.verify()
        self.restore()
        self.db.stop()

    def report(self):
        starts = sorted(self.starts)
        what = {"kill": "SIGKILL", "power": "power cut"}[self.args.how]
        print(f"{self.counts['rounds']} rounds of {what} ({VARIANT}), "
              f"{self.counts['in start']} more while starting, seed "
              f"{self.args.seed}, {self.args.entities} entities before")
        for kind in sorted({a.kind for a in self.cast}):
            one = [a for a in self.cast if a.kind == kind]
            print(f"  {kind:8} {sum(a.acked for a in one):7} acknowledged, 0 "
                  f"lost; {sum(a.unsure for a in one)} cut in the middle, "
                  f"{sum(a.kept for a in one)} of them stored whole")
        print(f"  {self.counts['backups']} backups, "
              f"{self.counts['restores']} restores read, "
              f"{self.counts['restores killed']} killed; verified "
              f"{self.counts['verified']} times; start p50 "
              f"{starts[len(starts) // 2] * 1000:.0f} ms, max "
              f"{starts[-1] * 1000:.0f} ms")
        idle = [str(a) for a in self.cast if not a.acked]
        assert not idle, f"never acknowledged anything: {idle}"
        middle = starts[len(starts) // 2]
        assert middle <= self.args.longest_start, f"start took {middle} s"

    def done(self):
        if self.db.process is not None:
            self.db.kill()
        self.db.done()


def arguments(argv=None):
    p = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    p.add_argument("--rounds", type=int, default=1000)
    p.add_argument("--how", choices=("kill", "power"), default="kill")
    p.add_argument("--entities", type=int, default=0)
    p.add_argument("--verify", type=int, default=25,
                   help="all is verified every N rounds")
    p.add_argument("--longest-start", type=float, default=60,
                   help="seconds from exec to the first answer")
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    return p.parse_args(argv)


def run(argv=None):
    args = arguments(argv)
    print(f"seed {args.seed}", flush=True)
    c = Campaign(args)
    try:
        c.run()
        c.report()
        return c
    finally:
        c.done()


if __name__ == "__main__":
    run()
