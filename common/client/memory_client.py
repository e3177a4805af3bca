#!/usr/bin/env python3
"""The Python client of Enhanced Memory: one file, standard library only.

    from memory_client import MemoryClient

    with MemoryClient(client="my-agent/1.0") as memory:
        memory.create_entities([{"name": "ada", "entityType": "person",
                                 "observations": ["likes tea"]}])
        print(memory.search_nodes("tea")["results"])

It has the surface of the C library (memory_client.h): a connection that opens
at the first call and again when it breaks, timeouts, retries with back-off,
an idempotency key on every call, many calls under way, events. A client is
used by one thread at a time. See PROTOCOL.md for the methods.

On a command line: python3 memory_client.py METHOD ['{"json": "parameters"}']
"""

import collections
import json
import os
import pwd
import random
import re
import secrets
import select
import socket
import stat
import struct
import sys
import time

__all__ = ["MemoryClient", "MemoryClientError", "Refused", "Unreachable",
           "TimedOut", "BadArgument", "ProtocolError", "Denied",
           "socket_path"]

VERSION = "0.1.0"
PROTOCOL = 1
REQUEST_BYTES = 4 * 1024 * 1024     # the service takes no larger request
REPLY_BYTES = 64 * 1024 * 1024      # a bound for a broken peer
KEY_BYTES = 64
EVENTS_MAX = 1024                   # kept; above, `lost` is told
BACKOFF_S, BACKOFF_MAX_S = 0.05, 2.0
SOCKET_BYTES = 108                  # of sockaddr_un.sun_path, with its NUL
SHARED_SOCKET = "/tmp/memory-db.sock"
HELLO = 0                           # the id of hello on each connection
IGNORED = -2                        # the id of cancel

# Convenience methods: the names of their positional parameters. All other
# parameters are given by name; every method of the service can be called
# with call().
METHODS = {
    "create_entities": ("entities",),
    "add_observations": ("observations",),
    "create_relations": ("relations",),
    "delete_entities": ("entityNames",),
    "delete_observations": ("deletions",),
    "delete_relations": ("relations",),
    "update_entity": ("name",),
    "replace_observation": ("entityName", "old", "new"),
    "rename_entity": ("name", "new_name"),
    "recall": ("query",),
    "search_nodes": ("query",),
    "open_nodes": ("names",),
    "read_graph": (),
    "memory_history": ("name",),
    "execute_code": ("code",),
    "get_memory_status": (),
    "list_sessions": (),
    "list_namespaces": (),
    "recall_weights": (),
    "set_recall_weights": ("weights",),
    "ping": (),
    "metrics": (),
    "subscribe": (),
    "unsubscribe": (),
}


class MemoryClientError(Exception):
    """The root of all errors of this module."""


class Refused(MemoryClientError):
    """The service answered success:false. `code` and `reply` say why."""

    def __init__(self, reply):
        super().__init__(str(reply.get("error", "no reason given")))
        self.reply = reply
        self.code = str(reply.get("code", "internal"))
        self.param = reply.get("param")


class Unreachable(MemoryClientError):
    """No service, or the connection broke and retries were used up."""


class TimedOut(MemoryClientError):
    """No reply in time. A write may have been executed or not."""


class BadArgument(MemoryClientError):
    """The caller passed something that cannot be sent."""


class ProtocolError(MemoryClientError):
    """The peer does not speak the protocol."""


class Denied(MemoryClientError):
    """The socket belongs to somebody else, or the service refuses us."""


# --- where the socket is, and whose ------------------------------------------

def _trusted_uids():
    uids = {os.geteuid(), 0}
    user = os.environ.get("MEMORY_DB_SERVICE_USER") or "memory-db"
    try:
        uids.add(pwd.getpwnam(user).pw_uid)
    except KeyError:
        pass
    return uids


def _is_own_folder(path, others):
    try:
        info = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid() \
        and not info.st_mode & others


def _made(path, others):
    """Makes the folder; whether only this user can write there."""
    try:
        os.mkdir(path, 0o700)
    except OSError:
        pass
    return _is_own_folder(path, others)


def _is_member(gid):
    """By the tables of the system; this process may be of an older login."""
    try:
        user = pwd.getpwuid(os.geteuid())
        return gid in os.getgrouplist(user.pw_name, user.pw_gid)
    except (KeyError, OSError):
        return False


def _shared_is_usable():
    try:
        info = os.lstat(SHARED_SOCKET)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return stat.S_ISSOCK(info.st_mode) and info.st_uid in _trusted_uids() \
        and (info.st_uid == os.geteuid() or os.access(SHARED_SOCKET, os.W_OK)
             or bool(info.st_mode & stat.S_IWGRP and _is_member(info.st_gid)))


def _runtime_path(folder):
    """memory-db.sock in it, when that is a folder of this user."""
    path = folder + "/memory-db.sock"
    try:
        info = os.stat(folder)
    except OSError:
        return None
    safe = stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid() \
        and not info.st_mode & 0o022
    if not folder.startswith("/") or not safe:
        return None
    return path if len(os.fsencode(path)) < SOCKET_BYTES else None


def _session_path():
    """The socket of this user's session, when it is there."""
    path = _runtime_path(os.environ.get("XDG_RUNTIME_DIR", "")) or \
        _runtime_path(f"/run/user/{os.geteuid()}")
    try:
        info = os.lstat(path) if path else None
    except OSError:
        return None
    return path if info and stat.S_ISSOCK(info.st_mode) and \
        info.st_uid == os.geteuid() else None


def _beside_database():
    given = os.environ.get("MEMORY_DB_PATH", "")
    folder = os.path.dirname(given) if given.startswith("/") else ""
    folder = folder if folder.strip("/") else \
        os.path.expanduser("~") + "/.memories"
    path = folder + "/memory-db.sock"
    if folder.startswith("/") and _made(folder, 0o022) and \
            len(os.fsencode(path)) < SOCKET_BYTES:
        return path
    raise Denied(
        f"no place for the socket: {SHARED_SOCKET} and /tmp/memory-db-"
        f"{os.geteuid()} belong to somebody else, XDG_RUNTIME_DIR is not set, "
        "and the folder of the database is not this user's alone; set "
        "MEMORY_DB_SOCKET to a path in a folder of your own")


def socket_path(option=None):
    """The path of the socket; the same order as the C library."""
    path = option or os.environ.get("MEMORY_DB_SOCKET") or _session_path()
    if not path and _shared_is_usable():
        path = SHARED_SOCKET
    path = path or _runtime_path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if not path:
        folder = f"/tmp/memory-db-{os.geteuid()}"
        path = folder + "/sock" if _made(folder, 0o077) else \
            _beside_database()
    if len(os.fsencode(path)) >= SOCKET_BYTES:
        raise BadArgument(f"the socket path has {len(os.fsencode(path))} "
                          f"bytes, at most {SOCKET_BYTES - 1} are possible: "
                          f"{path}")
    return path


def _settings():
    """What the environment holds that is meant for the service; it says what
    of it does not count (`ignored_settings`). No secrets."""
    given = {n: os.environ.get(n) for n in
             ("MEMORY_EMBED", "MEMORY_EMBED_MODEL", "MEMORY_RECALL_WEIGHTS")}
    given["MEMORY_EMBED_KEY"] = bool(os.environ.get("MEMORY_EMBED_KEY"))
    return {k: v for k, v in given.items() if v}


def _time_zone():
    zone = os.environ.get("TZ", "").removeprefix(":")
    if not zone:
        try:
            zone = os.readlink("/etc/localtime").partition("/zoneinfo/")[2]
        except OSError:
            return None
    if re.fullmatch(r"[+-]\d\d:\d\d|UTC", zone):
        return zone
    known = re.fullmatch(r"[A-Za-z0-9_+/-]+", zone) \
        and os.path.isfile("/usr/share/zoneinfo/" + zone)
    return zone if known else None


# --- calls --------------------------------------------------------------------

def _encode(message):
    try:
        text = json.dumps(message, ensure_ascii=False, allow_nan=False,
                          separators=(",", ":"))
        line = text.encode("utf-8") + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise BadArgument("the parameters cannot be written as JSON: "
                          f"{error}") from error
    if len(line) > REQUEST_BYTES:
        raise BadArgument(f"the request has {len(line)} bytes, at most "
                          f"{REQUEST_BYTES} are allowed: send it in parts")
    return line


def _unique(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice in an object")
    return members


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


def _decode(line):
    message = json.loads(line.decode("utf-8"), object_pairs_hook=_unique,
                         parse_constant=_no_constant)
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message


class _Call:
    """A request under way; without a method: connect(), no request."""

    def __init__(self, ticket, method, params, deadline, retries):
        self.ticket = ticket
        self.method = method
        self.params = params
        self.line = b"" if method is None else _encode(
            {"id": ticket, "method": method, "params": params})
        self.deadline = deadline
        self.retries = retries
        self.not_before = 0.0
        self.busy = 0
        self.sent = False


class _Broken(Exception):
    """The connection is of no use any more. final: do not try again."""

    def __init__(self, error, final=False, pause=0.0):
        super().__init__(str(error))
        self.error, self.final, self.pause = error, final, pause


class MemoryClient:
    """A connection to memory-db. Times are in seconds; None: no timeout."""

    def __init__(self, socket=None, client="memory_client.py/" + VERSION,
                 namespace=None, branch=None, session=None, time_zone=None,
                 expect_database=None, timeout=30.0, connect_timeout=5.0,
                 retries=5, tools=None):
        """tools: "default,skills", when the calls are those of an agent that
        has these tools; without it they are the program's own."""
        self._option = socket
        hello = {
            "protocol": PROTOCOL, "version": VERSION, "client": client,
            "namespace": namespace or os.environ.get("MEMORY_NAMESPACE"),
            "branch": branch or os.environ.get("MEMORY_BRANCH"),
            "session": session, "time_zone": time_zone or _time_zone(),
            "expect_database": expect_database, "tools": tools,
            "settings": _settings()}
        self._hello_params = {k: v for k, v in hello.items() if v}
        self.timeout = timeout
        self.connect_timeout = connect_timeout
        self.retries = retries
        self._sock = None
        self._welcome = None        # the reply of hello, good or bad
        self._plain = False         # it does not know `tools` yet
        self._in = bytearray()
        self._scanned = 0
        self._out = bytearray()
        self._last_ticket = 0
        self._calls = {}            # ticket -> _Call, in order
        self._done = collections.OrderedDict()  # ticket -> reply or error
        self._events = collections.deque()
        self._subscription = None
        self._seen_change = 0       # of the last event that came
        self._taken_change = 0      # of the last one handed out
        self._lost = None           # changes above are unknown; told after
        self._lost_after = 0        # so many more events
        self._failures = 0          # since the last good reply
        self._failure = ""          # what the last one was
        self._connect_at = 0.0
        self._asked_by = None       # the answer to hello is due by then

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the connection; the next call would open it again."""
        self._close()
        for call in self._calls.values():
            call.sent = False

    def _close(self):
        if self._sock is not None:
            self._sock.close()
        self._sock = None
        self._welcome = None
        self._plain = False
        self._in.clear()
        self._out.clear()
        self._scanned = 0
        self._asked_by = None

    # --- calling ---

    def connect(self):
        """Connects and says hello now; the reply of hello."""
        call = self._new_call(None, {}, self.timeout)
        return self._finish(call)

    def call(self, method, params=None, **more):
        """Calls a method; the reply as a dict. Raises Refused and others."""
        return self.call_with(method, {**(params or {}), **more})

    def call_with(self, method, params=None, timeout=0, key=None):
        """The same with its own timeout (0: the client's, None: none) and
        idempotency key (None: a new one for each call)."""
        return self._finish(
            self._calls[self.submit(method, params, timeout, key)])

    def submit(self, method, params=None, timeout=0, key=None):
        """Queues a call and returns its ticket."""
        params = {} if params is None else params
        if not isinstance(params, dict):
            raise BadArgument("the parameters are not a dict (JSON object)")
        if method == "hello":
            raise BadArgument("hello is said by the client: set namespace, "
                              "branch, session and time_zone in "
                              "MemoryClient(...)")
        if not method or not isinstance(method, str):
            raise BadArgument("the method is empty")
        if key is not None:
            if not 1 <= len(key.encode()) <= KEY_BYTES:
                raise BadArgument(f"a key has 1 to {KEY_BYTES} bytes")
            if "key" in params:
                raise BadArgument("the key is given twice: as argument and "
                                  "in the parameters")
        if method not in ("subscribe", "unsubscribe", "retire") \
                and "key" not in params:
            params = {"key": key or secrets.token_hex(16), **params}
        return self._new_call(
            method, params, self.timeout if timeout == 0 else timeout).ticket

    def receive(self, timeout=None):
        """(ticket, reply or error) of a finished call, in any order; None
        when none finished within timeout (0: look, do not wait)."""
        until = self._until(timeout)
        while True:
            self._round()
            if self._done:
                return self._done.popitem(last=False)
            if not self._calls or time.monotonic() >= until:
                return None
            self._wait(until)

    def cancel(self, ticket):
        """Drops a call; no reply will be delivered for it."""
        if self._done.pop(ticket, None) is not None:
            return
        call = self._calls.pop(ticket, None)
        if call is None:
            raise BadArgument(f"no call with ticket {ticket} is under way")
        self._withdraw(call)

    def next_event(self, timeout=None):
        """The next event of `subscribe`, or None within timeout. After a
        reconnect comes {"event": "lost", "change": n}: what came after
        change n must be read again."""
        until = self._until(timeout)
        while True:
            self._round()
            if self._lost is not None and self._lost_after == 0:
                lost, self._lost = self._lost, None
                return {"event": "lost", "change": lost}
            if self._events:
                self._lost_after = max(0, self._lost_after - 1)
                event = self._events.popleft()
                self._taken_change = event.get("change", 0)
                return event
            if self._subscription is None and not any(
                    c.method == "subscribe" for c in self._calls.values()):
                raise BadArgument("there is no subscription: call "
                                  "subscribe first")
            if time.monotonic() >= until:
                return None
            self._wait(until)

    def __getattr__(self, name):
        if name not in METHODS:
            raise AttributeError(name)

        def method(*args, **params):
            names = METHODS[name]
            if len(args) > len(names):
                raise BadArgument(f"{name} takes at most {len(names)} "
                                  "positional parameters")
            return self.call(name, dict(zip(names, args)), **params)
        method.__name__ = name
        return method

    # --- one round: connect, send, receive, time ---

    @staticmethod
    def _until(timeout):
        return float("inf") if timeout is None or timeout < 0 \
            else time.monotonic() + timeout

    @staticmethod
    def _sleep_until(when):
        time.sleep(max(0.0, when - time.monotonic()))

    def _new_call(self, method, params, timeout):
        self._last_ticket += 1
        call = _Call(self._last_ticket, method, params, self._until(timeout),
                     self.retries)
        self._calls[call.ticket] = call
        return call

    def _finish(self, call):
        """Drives the connection until this call is done."""
        try:
            self._round()
            while call.ticket not in self._done:
                self._wait(None)
                self._round()
        except BaseException:
            if call.ticket in self._calls:
                self.cancel(call.ticket)
            raise
        outcome = self._done.pop(call.ticket)
        if isinstance(outcome, MemoryClientError):
            raise outcome
        return outcome

    def _round(self):
        """Does what can be done without waiting."""
        try:
            if self._sock is not None:
                self._read()
            now = time.monotonic()
            self._expire(now)
            self._advance(now)
            self._queue(now)
            self._write()
        except _Broken as broken:
            self._break(broken)

    def _wanted(self, now):
        return self._subscription is not None or any(
            not c.sent and c.not_before <= now for c in self._calls.values())

    def _is_welcome(self):
        return self._welcome is not None and self._welcome["success"]

    def _next(self, until):
        """When something must be done without any input."""
        now = time.monotonic()
        times = [float("inf") if until is None else until]
        times += [c.deadline for c in self._calls.values()]
        times += [c.not_before for c in self._calls.values()
                  if c.not_before > now]
        if self._asked_by is not None:
            times.append(self._asked_by)
        elif self._wanted(now) and not self._is_welcome():
            times.append(self._connect_at)
        return min(times)

    def _wait(self, until):
        """Waits until something happens, at most until `until` (None: as
        long as the calls under way want)."""
        until = self._next(until)
        timeout = None if until == float("inf") \
            else max(0.0, until - time.monotonic())
        if self._sock is None:
            time.sleep(timeout or 0.0)
            return
        writes = [self._sock] if self._out else []
        select.select([self._sock], writes, [], timeout)

    def _expire(self, now):
        for call in list(self._calls.values()):
            if call.deadline > now:
                continue
            del self._calls[call.ticket]
            if self._sock is None:
                error = Unreachable("no connection to memory-db in time: "
                                    + self._failure)
            else:
                error = TimedOut(
                    "memory-db did not answer in time; a write may have been "
                    "executed or not: repeat it with the same key, or read")
                self._withdraw(call)
            self._done[call.ticket] = error

    def _withdraw(self, call):
        if call.sent and self._is_welcome():
            self._out += _encode({"id": IGNORED, "method": "cancel",
                                  "params": {"id": call.ticket}})

    # --- the connection ---

    def _backoff(self, n):
        full = min(BACKOFF_MAX_S, BACKOFF_S * 2 ** min(n, 6))
        return full / 2 + random.random() * full / 2

    def _break(self, broken):
        """All calls are tried again, or fail."""
        at_once = self._is_welcome() and self._failures == 0
        pause = 0.0 if at_once else self._backoff(self._failures)
        self._failure = str(broken.error)
        self._close()
        self._failures += 1
        self._connect_at = time.monotonic() + pause + broken.pause
        for call in list(self._calls.values()):
            if at_once and not broken.final and not call.sent:
                continue    # the end of an idle connection costs no retry
            call.sent = False
            if broken.final or call.retries <= 0:
                del self._calls[call.ticket]
                self._done[call.ticket] = broken.error
            else:
                call.retries -= 1

    def _advance(self, now):
        """Connects when it is time, says hello, looks after the answer."""
        if self._asked_by is not None:
            if now >= self._asked_by:
                raise _Broken(Unreachable("memory-db took the connection but "
                                          "did not answer hello in time"))
            return
        if self._is_welcome() or not self._wanted(now) \
                or now < self._connect_at:
            return
        if self._sock is None:
            try:
                self._open()
            except (Denied, BadArgument) as error:
                raise _Broken(error, final=True) from None
        if not self._unwelcome_retire():
            params = dict(self._hello_params)
            if self._plain:
                params.pop("tools", None)
                params.pop("settings", None)
            self._out += _encode({"id": HELLO, "method": "hello",
                                  "params": params})
            self._asked_by = now + self.connect_timeout

    def _unwelcome_retire(self):
        """Hello was refused and all that waits is `retire`: sent as it is."""
        return self._welcome is not None and self._subscription is None \
            and all(c.method == "retire" for c in self._calls.values())

    def _open(self):
        path = socket_path(self._option)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.connect(path)
            size = struct.calcsize("3i")
            _, uid, _ = struct.unpack("3i", sock.getsockopt(
                socket.SOL_SOCKET, socket.SO_PEERCRED, size))
            if uid not in _trusted_uids():
                raise Denied(
                    f"{path} is served by user {uid}, not by this user, root "
                    "or the service user; set MEMORY_DB_SOCKET")
        except PermissionError:
            sock.close()
            raise Denied(
                f"no permission to connect to {path}, which serves others: "
                "its owner can let you in (--allow-uid, or the group of the "
                "socket and a new login); for a memory of your own choose "
                "another MEMORY_DB_SOCKET") from None
        except OSError as error:
            sock.close()
            raise _Broken(Unreachable(
                f"nobody answers at {path} ({error.strerror or error}); "
                "start it with `memoryctl status`, or run memory-db; this "
                "library never does. Or set MEMORY_DB_SOCKET")) from None
        except BaseException:
            sock.close()
            raise
        self._sock = sock

    def _greeted(self, message):
        self._asked_by = None
        self._welcome = message
        if not message["success"]:
            if message.get("param") in ("tools", "settings") \
                    and not self._plain:
                # A service from before those, which restricts nobody.
                self._plain, self._welcome = True, None
                return
            self._refuse_unwelcome()
            return
        if abs(message.get("protocol", 0) - PROTOCOL) > 1:
            raise _Broken(ProtocolError(
                f"memory-db speaks protocol {message.get('protocol')}, "
                f"this client {PROTOCOL}: install the same version of both"),
                final=True)
        if self._subscription is not None:
            self._out += _encode({"id": -1, "method": "subscribe",
                                  "params": self._subscription})

    def _refuse_unwelcome(self):
        """A refused hello is the answer to all calls but `retire`."""
        now = time.monotonic()
        self._connect_at = now + self._backoff(self._failures) \
            if self._subscription is not None else now
        self._failures += 1
        for call in list(self._calls.values()):
            if call.method != "retire" and call.not_before <= now:
                self._answer(call, self._welcome)

    def _queue(self, now):
        if self._sock is None or self._welcome is None:
            return
        for call in list(self._calls.values()):
            if call.sent or call.not_before > now:
                continue
            if call.method is None and self._is_welcome():
                self._answer(call, self._welcome)
            elif self._is_welcome() or call.method == "retire":
                self._out += call.line
                call.sent = True

    def _write(self):
        while self._sock is not None and self._out:
            try:
                n = self._sock.send(self._out, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                return
            except OSError as error:
                self._read()        # the service may have said why
                raise _Broken(Unreachable("memory-db closed the connection: "
                                          f"{error.strerror}")) from None
            del self._out[:n]

    def _read(self):
        while True:
            try:
                data = self._sock.recv(65536)
            except BlockingIOError:
                return
            except OSError as error:
                raise _Broken(Unreachable("memory-db closed the connection: "
                                          f"{error.strerror}")) from None
            if not data:
                raise _Broken(Unreachable("memory-db closed the connection"))
            self._in += data
            self._take_lines()

    def _take_lines(self):
        """A reply is a line, however many reads it takes."""
        while True:
            end = self._in.find(b"\n", self._scanned)
            if end < 0:
                self._scanned = len(self._in)
                break
            line = bytes(self._in[:end])
            del self._in[:end + 1]
            self._scanned = 0
            if line.strip():
                self._take(line)
        if len(self._in) > REPLY_BYTES:
            raise _Broken(ProtocolError("a reply without end"), final=True)

    # --- what the service says ---

    def _take(self, line):
        try:
            message = _decode(line)
        except (ValueError, RecursionError) as error:
            raise _Broken(ProtocolError(
                "what listens there does not speak the protocol: "
                f"{error}"), final=True) from None
        ticket = message.get("id")
        if isinstance(message.get("event"), str):
            self._event(message)
        elif not isinstance(message.get("success"), bool):
            raise _Broken(ProtocolError(
                "what listens there does not speak the protocol: a reply "
                "without `success`"), final=True)
        elif ticket is None:
            self._complaint(message)
        elif ticket == HELLO:
            self._greeted(message)
        elif ticket == -1:
            if not message["success"]:
                raise _Broken(Unreachable(
                    "memory-db did not renew the subscription"))
            self._lose(self._seen_change)
            self._seen_change = message.get("change", 0)
        else:
            call = self._calls.get(ticket)
            if call is not None and call.sent:
                self._answer(call, message)

    def _complaint(self, message):
        """An answer without id: about the connection as a whole."""
        text, code = message.get("error"), message.get("code")
        if code == "busy":
            pause = message.get("retry_after_ms", 0) / 1000
            raise _Broken(Unreachable(f"memory-db is busy: {text}"),
                          pause=pause)
        if code == "denied":
            raise _Broken(Denied(f"memory-db refuses this user: {text}"),
                          final=True)
        raise _Broken(ProtocolError(
            f"memory-db closed the connection: {text}"))

    def _busy_pause(self, message, n):
        # Under its key a write whose outcome nobody knows is known, or done.
        if message.get("code") not in ("busy", "unknown_outcome"):
            return None
        return self._backoff(n) + message.get("retry_after_ms", 0) / 1000

    def _answer(self, call, message):
        if call.method is not None:
            self._failures = 0
        pause = None if message["success"] \
            else self._busy_pause(message, call.busy)
        now = time.monotonic()
        if pause is not None and call.retries > 0 \
                and now + pause < call.deadline:
            call.retries -= 1
            call.busy += 1
            call.sent = False
            call.not_before = now + pause
            return
        del self._calls[call.ticket]
        if not message["success"]:
            self._done[call.ticket] = Refused(message)
            return
        self._done[call.ticket] = message
        if call.method == "subscribe":
            self._subscription = call.params
            self._seen_change = message.get("change", 0)
            self._taken_change = self._seen_change
        elif call.method == "unsubscribe":
            self._subscription = None
            self._lost = None
            self._events.clear()

    def _event(self, message):
        if len(self._events) >= EVENTS_MAX:
            self._events.clear()
            self._lose(self._taken_change)
        self._seen_change = message.get("change", 0)
        self._events.append(message)

    def _lose(self, since):
        """Changes after `since` are unknown: told after the events that
        wait. Two gaps become one, from the beginning of the first."""
        self._lost = since if self._lost is None else min(self._lost, since)
        self._lost_after = len(self._events)


# --- command line ---------------------------------------------------------------

def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help") or len(arguments) > 2:
        print("usage: memory_client.py METHOD [JSON | -]\n\n"
              "Calls a method of memory-db and prints the reply. JSON: its "
              "parameters, an object; - reads them from standard input.\n"
              "Exit status: 0 success, 1 refused, 100 usage, 111 no answer.",
              file=sys.stderr)
        return 0 if arguments and arguments[0] in ("-h", "--help") else 100
    text = arguments[1] if len(arguments) == 2 else "{}"
    if text == "-":
        text = sys.stdin.read()
    try:
        params = json.loads(text)
        with MemoryClient() as memory:
            reply = memory.call_with(arguments[0], params)
    except (ValueError, BadArgument) as error:
        print(f"memory_client.py: {error}", file=sys.stderr)
        return 100
    except Refused as error:
        print(json.dumps(error.reply, ensure_ascii=False))
        print(f"memory_client.py: {error.code}: {error}", file=sys.stderr)
        return 1
    except MemoryClientError as error:
        print(f"memory_client.py: {error}", file=sys.stderr)
        return 111
    print(json.dumps(reply, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
