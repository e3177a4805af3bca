"""Real processes under test: memory-db, memory-mcp, memoryctl.

    from harness import Service, Mcp, TestCase

    class T(TestCase):
        def test_create(self):
            db = self.service()
            reply = db.client().ok("create_entities", entities=[...])

Everything lives in one temporary folder per test (own socket, database and
HOME), is stopped at the end of the test and must have ended cleanly: exit code
0 after SIGTERM and no sanitizer report on stderr. Client speaks the socket
protocol by itself, on purpose independent of the client libraries.
"""
import atexit
import contextlib
import itertools
import json
import os
import queue
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VARIANT = os.environ.get("TEST_VARIANT", "release")
BUILD = ROOT / "build" / VARIANT
BIN = Path(os.environ.get("TEST_BIN") or
           (ROOT / "build/bin" if VARIANT == "release" else BUILD / "bin"))
SHIMS = BUILD / "lib"
SANITIZED = VARIANT in ("asan", "tsan")
# Times in tests are deadlines, never sleeps; sanitizers and busy machines
# stretch them.
SLOW = float(os.environ.get("TEST_SLOW", 4 if SANITIZED else 1))

MODERN = "2026-07-28"
REPORTS = ("Sanitizer", "runtime error:", "Assertion", "assertion failed",
           "stack smashing", "corrupted", "double free")


def wait_until(what, seconds=10.0, step=0.01, why="condition"):
    """Polls what() until it is true and returns its value."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{why}: not within {seconds * SLOW:.1f} s")
        time.sleep(step)


def temp_folder(prefix="t"):
    """A short path: sockets take at most 107 bytes."""
    return Path(tempfile.mkdtemp(prefix=prefix))


@contextlib.contextmanager
def scratch():
    folder = temp_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clean_env(home, extra=None):
    """The environment without anything that could lead to a real memory."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("MEMORY_", "XDG_", "LISTEN_"))
           and k not in ("LD_PRELOAD", "NOTIFY_SOCKET", "WATCHDOG_USEC")}
    env.update(HOME=str(home), TMPDIR=str(home), LC_ALL="C.UTF-8", TZ="UTC")
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:exitcode=99:"
                   "allocator_may_return_null=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    env.setdefault("TSAN_OPTIONS", "exitcode=98:second_deadlock_stack=1:"
                   f"suppressions='{ROOT}/tests/lib/tsan.supp'")
    for key, value in (extra or {}).items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = str(value)
    return env


def preload(env, *shims):
    """Puts shims of tests/lib before the C library (and before ASan)."""
    env["LD_PRELOAD"] = ":".join(str(SHIMS / s) for s in shims)
    if "ASAN_OPTIONS" in env:
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    return env


def proc_status(pid, field):
    """A number of /proc/PID/status (kB for sizes)."""
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise KeyError(field)


def rss_kb(pid):
    return proc_status(pid, "VmRSS")


def open_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def reports(text):
    """The lines of a log that no healthy process writes."""
    return [line for line in text.splitlines()
            if any(r in line for r in REPORTS)
            and not line.startswith("{")]


_living = set()


@atexit.register
def _kill_living():
    for process in list(_living):
        if process.poll() is None:
            process.kill()


class Process:
    """A started program with its stderr in a file."""

    def __init__(self, argv, folder, env, name, stdin=None, stdout=None,
                 pass_fds=(), limits=None, cwd=None, user=None):
        self.log = Path(folder) / f"{name}.log"
        self.name = name
        self.checked = False

        def before_exec():
            for which, value in (limits or {}).items():
                resource.setrlimit(which, (value, value))

        with open(self.log, "ab") as err:
            self.p = subprocess.Popen(
                [str(a) for a in argv], env=env, stdin=stdin or
                subprocess.DEVNULL, stdout=stdout or err, stderr=err,
                pass_fds=pass_fds, cwd=cwd or folder,
                user=user, preexec_fn=before_exec if limits else None)
        _living.add(self.p)

    @property
    def pid(self):
        return self.p.pid

    def running(self):
        return self.p.poll() is None

    def wait(self, seconds=20):
        try:
            code = self.p.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
            raise AssertionError(f"{self.name} did not end within "
                                 f"{seconds * SLOW:.0f} s; log:\n"
                                 f"{self.tail()}") from None
        _living.discard(self.p)
        return code

    def text(self):
        return self.log.read_text(errors="replace")

    def tail(self, lines=40):
        return "\n".join(self.text().splitlines()[-lines:])

    def check(self, code=None, allowed=(0,)):
        """Asserts a clean log and, when given, a clean exit code."""
        bad = reports(self.text())
        if bad:
            raise AssertionError(f"{self.name} reported:\n" + self.tail(120))
        if code is not None and code not in allowed:
            raise AssertionError(f"{self.name} ended with {code}; log:\n" +
                                 self.tail())


class Service:
    """memory-db with its own folder, socket and database."""

    def __init__(self, folder=None, env=None, args=(), shims=(), limits=None,
                 start=True, database=None, rate_limit=False):
        self.folder = Path(folder) if folder else temp_folder()
        self.socket = str(self.folder / "s")
        self.database = Path(database) if database else \
            self.folder / "db" / "memory.db"
        self.extra_env = dict(env or {})
        self.args = list(args)
        self.shims = tuple(shims)
        self.limits = limits
        self.rate_limit = rate_limit
        self.user = None        # another one to run as
        self.process = None
        self.clients = []
        self.starts = 0
        if start:
            self.start()

    def env(self, extra=None):
        """For programs that shall find this service."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        env = clean_env(home, {"MEMORY_DB_SOCKET": self.socket,
                               "MEMORY_DB_PATH": self.database})
        for key, value in {**self.extra_env, **(extra or {})}.items():
            if value is None:
                env.pop(key, None)
            else:
                env[key] = str(value)
        return env

    def spawn(self, env=None):
        """Starts the program without waiting until it serves."""
        self.folder.mkdir(exist_ok=True)
        full = self.env(env)
        if self.shims:
            preload(full, *self.shims)
        args = list(self.args)
        if not self.rate_limit:
            args += ["--limit-writes-per-minute", "0"]
        self.starts += 1
        self.process = Process([BIN / "memory-db", *args], self.folder, full,
                               "memory-db", limits=self.limits,
                               user=self.user)
        return self.process

    def start(self, seconds=20, env=None):
        self.spawn(env)
        self.wait_ready(seconds)
        return self

    def wait_ready(self, seconds=20):
        def ready():
            if not self.process.running():
                raise AssertionError("memory-db ended at start with "
                                     f"{self.process.p.returncode}:\n" +
                                     self.process.tail())
            try:
                c = Client(self.socket)
            except OSError:
                return False
            with c:
                try:
                    reply = c.call("ping")
                except (OSError, AssertionError):
                    return False
                return reply.get("success") is True
        wait_until(ready, seconds, why="memory-db ready")

    @property
    def pid(self):
        return self.process.pid

    def stop(self, seconds=20, allowed=(0,)):
        """SIGTERM; asserts a clean end."""
        if self.process is None:
            return None
        for c in self.clients:
            c.close()
        self.clients.clear()
        process, self.process = self.process, None
        if process.running():
            process.p.terminate()
        code = process.wait(seconds)
        process.check(code, allowed)
        return code

    def kill(self):
        """SIGKILL, as a crash would end it."""
        process, self.process = self.process, None
        process.p.kill()
        process.wait()
        process.check()

    def restart(self, seconds=20):
        self.stop()
        return self.start(seconds)

    def client(self, **kw):
        c = Client(self.socket, **kw)
        self.clients.append(c)
        return c

    def mcp(self, args=(), env=None, **kw):
        return Mcp(self.folder, args=args, env=self.env(env), **kw)

    def ctl(self, *args, env=None, stdin=None, check=True, seconds=60):
        """Runs memoryctl; returns the finished process (text streams)."""
        done = subprocess.run(
            [str(BIN / "memoryctl"), *map(str, args)], env=self.env(env),
            cwd=self.folder, input=stdin, text=True, capture_output=True,
            timeout=seconds * SLOW,
            stdin=subprocess.DEVNULL if stdin is None else None)
        bad = reports(done.stderr)
        if bad or (check and done.returncode != 0):
            raise AssertionError(f"memoryctl {' '.join(map(str, args))} -> "
                                 f"{done.returncode}\n{done.stdout}"
                                 f"{done.stderr}")
        return done

    def verify(self):
        """Chains, digests, indexes and SQLite's own check: all clean."""
        c = Client(self.socket, timeout=120)
        with c:
            params, problems = {}, []
            while True:
                reply = c.ok("verify", params)
                problems += reply["problems"]
                if not reply.get("next"):
                    break
                params = {"cursor": reply["next"]}
        assert not problems, f"verify: {problems[:10]}"
        return reply

    def done(self):
        """End of a test: stop, check, remove the folder."""
        try:
            self.stop()
        finally:
            if self.process is not None and self.process.running():
                self.process.p.kill()
            if not os.environ.get("TEST_KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.done()
        elif self.process is not None:
            sys.stderr.write("memory-db log:\n" + self.process.tail() + "\n")
            self.kill()


class Spawned:
    """A place where memory-mcp starts memory-db by itself."""

    def __init__(self, env=None):
        self.folder = temp_folder()
        self.socket = str(self.folder / "s")
        self.database = self.folder / "db" / "memory.db"
        self.home = self.folder / "home"
        self.home.mkdir()
        self.extra_env = dict(env or {})

    def env(self, extra=None):
        return clean_env(self.home, {
            "MEMORY_DB_SOCKET": self.socket, "MEMORY_DB_PATH": self.database,
            "MEMORY_DB_EXIT_WHEN_IDLE": 60, **self.extra_env,
            **(extra or {})})

    def pid(self):
        """Of the running service, by its lock file; None."""
        try:
            pid = int(Path(f"{self.database}.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if alive(pid) else None

    def kill(self, number=signal.SIGKILL):
        """Ends the service that runs now; waits until it is gone."""
        pid = wait_until(self.pid, why="a spawned memory-db")
        os.kill(pid, number)
        wait_until(lambda: not alive(pid), why="end of memory-db")

    def client(self, **kw):
        return Client(self.socket, **kw)

    def mcp(self, **kw):
        return Mcp(self.folder, env=self.env(kw.pop("env", None)), **kw)

    def ctl(self, *args, **kw):
        return Service.ctl(self, *args, **kw)

    def log(self):
        try:
            return Path(str(self.database.parent / "memory-db.log")
                        ).read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def done(self):
        try:
            if self.pid():
                self.kill(signal.SIGTERM)
            bad = reports(self.log())
            assert not bad, f"memory-db reported:\n{self.log()[-8000:]}"
        finally:
            if self.pid():
                self.kill()
            if not os.environ.get("TEST_KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.done()


class Client:
    """A tiny client of the socket protocol: bytes out, replies in."""

    def __init__(self, path, timeout=20.0, connect=True):
        self.timeout = timeout * SLOW
        self.ids = itertools.count(1)
        self.rest = b""
        self.waiting = []
        self.events = []
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        if connect:
            self.sock.connect(str(path))

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        self.sock.sendall(data)

    def request(self, method, params=None, **more):
        """Sends and returns the id, without waiting."""
        number = next(self.ids)
        self.send(json.dumps({"id": number, "method": method,
                              "params": {**(params or {}), **more}}) + "\n")
        return number

    def read(self, timeout=None):
        """The next line as an object; None at the end of the stream."""
        end = time.monotonic() + (timeout or self.timeout)
        while b"\n" not in self.rest:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("no reply in time")
            self.sock.settimeout(left)
            try:
                data = self.sock.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                assert not self.rest, f"half a reply: {self.rest[:200]!r}"
                return None
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return json.loads(line)

    def reply(self, number=None, timeout=None):
        """The reply with this id; others and events are kept."""
        for i, kept in enumerate(self.waiting):
            if kept.get("id") == number:
                return self.waiting.pop(i)
        while True:
            got = self.read(timeout)
            if got is None:
                raise ConnectionError("closed before the reply")
            if "event" in got:
                self.events.append(got)
            elif got.get("id") == number:
                return got
            else:
                self.waiting.append(got)

    def call(self, method, params=None, timeout=None, **more):
        return self.reply(self.request(method, params, **more), timeout)

    def ok(self, method, params=None, timeout=None, **more):
        reply = self.call(method, params, timeout, **more)
        assert reply.get("success") is True, f"{method}: {reply}"
        return reply

    def fails(self, code, method, params=None, **more):
        reply = self.call(method, params, **more)
        assert reply.get("success") is False and reply.get("code") == code, \
            f"{method}: expected {code}, got {str(reply)[:400]}"
        assert reply.get("error"), f"{method}: no error text"
        return reply

    def event(self, timeout=None):
        while not self.events:
            got = self.read(timeout)
            if got is None:
                raise ConnectionError("closed before the event")
            (self.events if "event" in got else self.waiting).append(got)
        return self.events.pop(0)

    def closed(self, timeout=None):
        """True when the service closes this connection in time."""
        try:
            while self.read(timeout) is not None:
                pass
        except TimeoutError:
            return False
        return True

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class McpError(Exception):
    """A JSON-RPC error answer."""

    def __init__(self, error):
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")
        self.error = error


class Mcp:
    """memory-mcp on pipes. era: a legacy revision (with initialize) or the
    modern one (stateless, _meta in each request)."""

    count = itertools.count(1)

    def __init__(self, folder, args=(), env=None, era="2025-11-25",
                 start=True, shims=(), cwd=None, timeout=30.0,
                 client="harness"):
        self.client = client
        self.era, self.timeout = era, timeout * SLOW
        self.ids = itertools.count(1)
        self.replies, self.notes = {}, queue.Queue()
        self.junk = []
        self.arrived = threading.Condition()
        self.ended = False
        env = dict(env or clean_env(folder))
        if shims:
            preload(env, *shims)
        self.process = Process([BIN / "memory-mcp", *args], folder, env,
                               f"memory-mcp-{next(self.count)}",
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               cwd=cwd)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.hello = None
        if start:
            self.hello = self.initialize() if era != MODERN else \
                self.request("server/discover")

    @property
    def pid(self):
        return self.process.pid

    def _read(self):
        for line in self.process.p.stdout:
            try:
                got = json.loads(line)
            except ValueError:
                got = None
            with self.arrived:
                for one in got if isinstance(got, list) else [got]:
                    self._sort(one, line)
                self.arrived.notify_all()
        with self.arrived:
            self.ended = True
            self.arrived.notify_all()

    def _sort(self, got, line):
        if not isinstance(got, dict):
            self.junk.append(line)
        elif "method" in got:
            self.notes.put(got)
        else:
            self.replies.setdefault(got.get("id"), []).append(got)

    def send_line(self, data):
        if isinstance(data, str):
            data = data.encode()
        self.process.p.stdin.write(data + b"\n")
        self.process.p.stdin.flush()

    def send(self, method, params=None, number=None):
        """Sends a request and returns its id, without waiting."""
        number = next(self.ids) if number is None else number
        params = dict(params or {})
        if self.era == MODERN:
            params.setdefault("_meta", {}).update({
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo":
                    {"name": self.client, "version": "1"}})
        self.send_line(json.dumps({"jsonrpc": "2.0", "id": number,
                                   "method": method, "params": params}))
        return number

    def notify(self, method, params=None):
        self.send_line(json.dumps({"jsonrpc": "2.0", "method": method,
                                   "params": params or {}}))

    def reply(self, number, timeout=None):
        """The whole JSON-RPC answer with this id."""
        with self.arrived:
            self.arrived.wait_for(
                lambda: self.replies.get(number) or self.ended,
                timeout * SLOW if timeout else self.timeout)
            if self.replies.get(number):
                return self.replies[number].pop(0)
        raise (ConnectionError if self.ended else TimeoutError)(
            f"no answer to {number}; log:\n{self.process.tail()}")

    def request(self, method, params=None, timeout=None):
        answer = self.reply(self.send(method, params), timeout)
        if "error" in answer:
            raise McpError(answer["error"])
        return answer["result"]

    def initialize(self):
        result = self.request("initialize", {
            "protocolVersion": self.era, "capabilities": {},
            "clientInfo": {"name": self.client, "version": "1"}})
        self.notify("notifications/initialized")
        return result

    def tool(self, name, arguments=None, timeout=None, **more):
        """tools/call; the result object, isError or not."""
        return self.request("tools/call", {
            "name": name, "arguments": {**(arguments or {}), **more}}, timeout)

    def ok(self, name, arguments=None, timeout=None, **more):
        """tools/call that must succeed; its structuredContent."""
        result = self.tool(name, arguments, timeout, **more)
        assert not result.get("isError"), f"{name}: {result}"
        return result.get("structuredContent", result)

    def note(self, timeout=None):
        """The next notification."""
        return self.notes.get(timeout=timeout * SLOW if timeout else
                              self.timeout)

    def eof(self):
        self.process.p.stdin.close()

    def done(self, seconds=10):
        """Closes stdin; asserts that it ends by itself, cleanly."""
        if not self.process.p.stdin.closed:
            try:
                self.eof()
            except BrokenPipeError:
                pass
        code = self.process.wait(seconds)
        self.reader.join(5)
        self.process.p.stdout.close()
        self.process.check(code)
        assert not self.junk, f"not JSON-RPC on stdout: {self.junk[:3]}"
        return code

    def kill(self):
        self.process.p.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.done() if kind is None else self.kill()


class TestCase(unittest.TestCase):
    """Services and MCP servers made here are ended and checked at the end."""

    maxDiff = 4000

    def service(self, *args, **kw):
        s = Service(*args, **kw)
        self.addCleanup(s.done)
        return s

    def mcp(self, service, *args, **kw):
        m = service.mcp(*args, **kw)
        self.addCleanup(self._end_mcp, m)
        return m

    @staticmethod
    def _end_mcp(m):
        if m.process.running():
            m.done()
        else:
            m.process.check()

    def folder(self):
        f = temp_folder()
        self.addCleanup(shutil.rmtree, f, ignore_errors=True)
        return f


def entity(name, *observations, type="thing"):
    return {"name": name, "entityType": type,
            "observations": list(observations)}


def main():
    unittest.main(verbosity=2)
