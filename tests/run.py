#!/usr/bin/env python3
"""Runs the tests: unit binaries, fuzz corpora, Python tests, lints.

    run.py [--variant V] [--jobs N] [--filter REGEX] [--unit BIN...]
           [--replay BIN...] [--py FILE...] [--lint SCRIPT...]

Each job has its own temporary folder and HOME, an environment without
MEMORY_*, and a deadline; a process that it leaves behind is a failure. Jobs
run two at a time. What failed then runs once more, alone: a test that only
fails beside others on a busy machine is named as unsteady and not counted as
failed; a report of a sanitizer or an assertion stays a failure. Prints failures with their output and closes with one line
`N passed, N failed` that counts test cases.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SLOW = {"asan": 4, "tsan": 8, "cov": 2, "plain": 2}
DEADLINE = {"unit": 120, "replay": 120, "py": 600, "lint": 120}


def scratch():
    """A short path with room for databases, memory-backed when possible."""
    for place in ("/dev/shm", ROOT / "build/tmp", tempfile.gettempdir()):
        try:
            os.makedirs(place, exist_ok=True)
            free = shutil.disk_usage(place).free
        except OSError:
            continue
        # Sockets take at most 107 bytes of path.
        if free > 2 << 30 and os.access(place, os.W_OK) and \
                len(str(place)) < 50:
            return tempfile.mkdtemp(prefix="mdbt-", dir=place)
    return tempfile.mkdtemp(prefix="mdbt-")


class Job:
    """One process that runs some test cases."""

    def __init__(self, kind, name, argv, weight=1):
        self.kind, self.name, self.argv = kind, name, argv
        self.weight = weight
        self.passed = self.skipped = 0
        self.failed = []
        self.output = ""
        self.seconds = 0.0

    def run(self, number, base, variant):
        folder = Path(base) / str(number)
        (folder / "home").mkdir(parents=True)
        slow = SLOW.get(variant, 1)
        began = time.monotonic()
        read_fd, write_fd = os.pipe()
        argv = [a.replace("@FD@", str(write_fd)) for a in self.argv]
        with open(folder / "output", "wb") as out:
            p = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd=folder if self.kind != "lint" else ROOT,
                env=self.environment(folder, variant, slow),
                start_new_session=True, pass_fds=(write_fd,))
        os.close(write_fd)
        lines = []
        reader = threading.Thread(target=self.collect, args=(read_fd, lines))
        reader.start()
        try:
            code = p.wait(DEADLINE[self.kind] * slow)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            code = p.wait()
            self.failed.append("deadline of the whole file")
        left = leftovers(str(folder))
        reader.join()
        self.seconds = time.monotonic() - began
        self.output = (folder / "output").read_text(errors="replace")
        if self.kind == "py":
            self.count_lines(lines, code)
        else:
            self.count_tap(code)
        if left:
            self.failed.append("left behind: " + "; ".join(left))
        if not os.environ.get("TEST_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def environment(folder, variant, slow):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("MEMORY_", "XDG_", "MAKE", "MFLAGS"))}
        env.update(HOME=str(folder / "home"), TMPDIR=str(folder),
                   TEST_VARIANT=variant, LC_ALL="C.UTF-8", TZ="UTC",
                   TEST_SLOW=env.get("TEST_SLOW", str(slow)),
                   PYTHONDONTWRITEBYTECODE="1",
                   CMOCKA_MESSAGE_OUTPUT="TAP",
                   ASAN_OPTIONS="detect_leaks=1:exitcode=99:"
                   "allocator_may_return_null=1",
                   UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
                   TSAN_OPTIONS="exitcode=98:second_deadlock_stack=1:"
                   f"suppressions='{ROOT}/tests/lib/tsan.supp'")
        return env

    @staticmethod
    def collect(fd, lines):
        with os.fdopen(fd, errors="replace") as f:
            lines.extend(line.rstrip("\n").split("\t") for line in f)

    def count_lines(self, lines, code):
        """Results of run_py.py; a started test without one has failed."""
        open_tests = []
        for word, name, seconds in (x for x in lines if len(x) == 3):
            if word == "start":
                open_tests.append(name)
                continue
            if name in open_tests:
                open_tests.remove(name)
            if word == "pass":
                self.passed += 1
            elif word == "skip":
                self.skipped += 1
            else:
                self.failed.append(f"{name} ({seconds} s)")
        self.failed += [f"{name} (ended its process)" for name in open_tests]
        if code != 0 and not self.failed:
            self.failed.append(f"{self.name}: exit code {code}")

    def count_tap(self, code):
        """TAP lines of cmocka and the lints. A crash has no line: the plan
        says how many cases are missing."""
        plan = seen = 0
        for line in self.output.splitlines():
            m = re.match(r"(not )?ok\b\s*(\d*)\s*-?\s*(.*)", line)
            if m:
                seen += 1
                # cmocka 1.1 writes `not ok 8 # SKIP name` for what it skips.
                if re.match(r"# SKIP\b", m[3]) or \
                        (not m[1] and "# SKIP" in m[3]):
                    self.skipped += 1
                elif m[1]:
                    self.failed.append(m[3])
                else:
                    self.passed += 1
            elif re.match(r"1\.\.\d+$", line):
                plan += int(line[3:])
        if self.kind == "replay" or not (plan or seen):
            if code == 0:
                self.passed += 1
            else:
                self.failed.append(f"{self.name}: exit code {code}")
        elif plan > seen:
            self.failed.append(f"{self.name}: ended after {seen} of {plan} "
                               f"cases (exit code {code})")
        elif code != 0 and not self.failed:
            self.failed.append(f"{self.name}: exit code {code}")

    def report(self, write):
        n = self.passed + len(self.failed)
        word = "FAIL" if self.failed else "ok"
        note = f", {self.skipped} skipped" if self.skipped else ""
        write(f"{word:4} {self.name} ({n} cases{note}, {self.seconds:.1f} s)\n")
        if self.failed:
            text = self.output.splitlines()
            if len(text) > 250:
                text = text[:50] + ["..."] + text[-200:]
            write("".join(f"     | {line}\n" for line in text))
            write("".join(f"     failed: {f}\n" for f in self.failed))


def leftovers(marker):
    """Processes that still mention the folder of a job: ended and named."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as f:
                env = f.read()
            with open(f"/proc/{entry}/cmdline", "rb") as f:
                line = f.read()
            with open(f"/proc/{entry}/stat") as f:
                state = f.read().rpartition(")")[2].split()[0]
        except OSError:
            continue
        names = (marker + "/").encode(), (marker + "\0").encode()
        if state != "Z" and any(n in env or n in line for n in names):
            found.append(line.replace(b"\0", b" ").decode(errors="replace")
                         .strip() + f" (pid {entry})")
            try:
                os.kill(int(entry), signal.SIGKILL)
            except ProcessLookupError:
                pass
    return found


def python_jobs(files, variant):
    """One job a test class, so that two cores share a long file."""
    runner = str(ROOT / "tests/lib/run_py.py")
    jobs = []
    for path in files:
        p = Path(path)
        listed = subprocess.run(
            [sys.executable, runner, "--list", str(p.resolve())], text=True,
            capture_output=True, env={**os.environ,
                                      "TEST_VARIANT": variant,
                                      "PYTHONDONTWRITEBYTECODE": "1"})
        if listed.returncode != 0:
            jobs.append(Job("py", p.stem, [sys.executable, "-c",
                        f"import sys; sys.exit({listed.stderr!r})"]))
            continue
        for line in listed.stdout.splitlines():
            name, count = line.split()
            # Long ones first: they should not run alone at the end.
            weight = int(count) + (1000 if "torture" in p.stem else 0)
            jobs.append(Job("py", f"{p.stem}.{name}",
                            [sys.executable, runner, str(p.resolve()), name,
                             "@FD@"], weight))
    return jobs


def arguments():
    a = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    a.add_argument("--variant", default=os.environ.get("V", "release"))
    # One more than the cores: many jobs wait for a time to pass.
    a.add_argument("--jobs", type=int,
                   default=min((os.cpu_count() or 2) + 1, 8))
    a.add_argument("--filter", default="", help="only jobs that match")
    for kind in ("unit", "replay", "py", "lint"):
        a.add_argument("--" + kind, nargs="*", default=[])
    return a.parse_args()


def make_jobs(args):
    jobs = [Job("lint", Path(s).name, [str(ROOT / s)], 2000)
            for s in args.lint]
    jobs += python_jobs(args.py, args.variant)
    jobs += [Job("unit", Path(b).name, [str(Path(b).resolve())])
             for b in args.unit]
    for b in args.replay:
        corpus = ROOT / "tests/fuzz/corpus" / \
            Path(b).name.removeprefix("fuzz_")
        jobs.append(Job("replay", Path(b).name + " corpus",
                        [str(Path(b).resolve()), str(corpus)]))
    jobs = [j for j in jobs if re.search(args.filter, j.name)]
    return sorted(jobs, key=lambda j: -j.weight)


def run_again(jobs, base, variant):
    """Failed jobs once more, one after the other; at most a few, as many
    failures are no accident. Names of the tests that passed then."""
    unsteady = []
    failed = [i for i, j in enumerate(jobs)
              if j.failed and j.kind in ("unit", "py") and
              not re.search("Sanitizer|runtime error:|[Aa]ssertion .* failed",
                            j.output)]
    for i in failed if len(failed) <= 8 else []:
        job = Job(jobs[i].kind, jobs[i].name, jobs[i].argv)
        try:
            job.run(f"again-{i}", base, variant)
        except Exception as e:
            job.failed.append(f"runner: {e!r}")
        print("again: ", end="")
        job.report(sys.stdout.write)
        if not job.failed:
            unsteady += [f"{job.name}: {f}" for f in jobs[i].failed]
        jobs[i] = job
    return unsteady


def main():
    args = arguments()
    jobs = make_jobs(args)
    base = scratch()
    os.chmod(base, 0o711)       # some tests act as another user
    lock = threading.Lock()
    todo = list(enumerate(jobs))

    def work():
        while True:
            with lock:
                if not todo:
                    return
                number, job = todo.pop(0)
            try:
                job.run(number, base, args.variant)
            except Exception as e:  # the runner's own fault: show it
                job.failed.append(f"runner: {e!r}")
            with lock:
                job.report(sys.stdout.write)
                sys.stdout.flush()

    threads = [threading.Thread(target=work) for _ in range(args.jobs)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    unsteady = run_again(jobs, base, args.variant)
    if not os.environ.get("TEST_KEEP"):
        shutil.rmtree(base, ignore_errors=True)
    failed = [f"{j.name}: {f}" for j in jobs for f in j.failed]
    for f in failed:
        print("failed:", f)
    for name in unsteady:
        print("unsteady:", name)
    skipped = sum(j.skipped for j in jobs)
    if skipped:
        print(f"skipped: {skipped}")
    print(f"{sum(j.passed for j in jobs)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
