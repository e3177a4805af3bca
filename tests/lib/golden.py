"""Golden conversations: their files, patterns, and a scripted server.

A file of tests/proto/ holds one JSON object a line; empty lines and lines
that begin with # are for the reader. A conversation begins with its name:

    {"conversation": "replies out of order"}
    {"server": [ACTION, ...]}            one for each connection, in order
    {"op": "call", ..., "expect": PATTERN}   what the client does and gets

Without server lines the conversation is held with the real memory-db.

Patterns: objects have exactly the members named (others may follow when the
pattern has the member "..."), arrays exactly these entries. Strings may be
placeholders: <any> <int> <text> <time> <key>, <=NAME> (the first time
any value, later the same), <has WORDS> (a text that contains them).

Actions of the server, in order, on one connection:
    {"read": METHOD, "as": NAME, "params": PATTERN}   a request must come
    {"reply": OBJECT, "to": NAME, "chunk": BYTES, "pad": BYTES}
                       the id of request NAME is put in; in pieces of chunk
                       bytes; pad adds a text of that length
    {"hello": true}    reads hello and answers it well
    {"send": OBJECT}   as it is, without an id
    {"raw": TEXT}      not even JSON
    {"events": [FROM, TO]}   a change event for each number
    {"closed": true}   the client must close
    {"close": true}    (also at the end of the list)
"""
import json
import re
import socket
import threading
from pathlib import Path

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
HELLO = {"success": True, "protocol": 1, "version": "0.1.0", "schema": 1,
         "database_id": "d", "instance_id": "i", "path": "/stub",
         "spawned": False, "pid": 1}


class Mismatch(AssertionError):
    pass


def load(path):
    """The conversations of a file: [{name, server: [...], steps: [...]}]."""
    found = []
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            entry = json.loads(line)
        except ValueError as e:
            raise ValueError(f"{path}:{number}: {e}") from None
        if "conversation" in entry:
            found.append({"name": entry["conversation"], "server": [],
                          "steps": [], "options": entry.get("options", {})})
        elif "server" in entry:
            found[-1]["server"].append(entry["server"])
        else:
            found[-1]["steps"].append({**entry, "line": number})
    return found


def _placeholder(word, got, names):
    if word == "any":
        return True
    if word == "int":
        return isinstance(got, int) and not isinstance(got, bool)
    if word == "text":
        return isinstance(got, str) and got != ""
    if word == "time":
        return isinstance(got, str) and TIME.fullmatch(got) is not None
    if word == "key":
        return isinstance(got, str) and \
            re.fullmatch("[0-9a-f]{32}", got) is not None
    if word.startswith("="):
        return names.setdefault(word[1:], got) == got
    if word.startswith("has "):
        return isinstance(got, str) and word[4:] in got
    raise ValueError(f"no such placeholder: <{word}>")


def match(pattern, got, names, where="reply"):
    """Raises Mismatch, naming the place."""
    if isinstance(pattern, dict):
        if not isinstance(got, dict):
            raise Mismatch(f"{where}: not an object: {got!r}")
        for name, value in pattern.items():
            if name == "...":
                continue
            if name not in got:
                raise Mismatch(f"{where}.{name}: missing in {got!r}")
            match(value, got[name], names, f"{where}.{name}")
        more = set(got) - set(pattern)
        if more and "..." not in pattern:
            raise Mismatch(f"{where}: unexpected {sorted(more)} in {got!r}")
    elif isinstance(pattern, list):
        if not isinstance(got, list) or len(got) != len(pattern):
            raise Mismatch(f"{where}: expected {len(pattern)} entries: "
                           f"{got!r}")
        for i, value in enumerate(pattern):
            match(value, got[i], names, f"{where}[{i}]")
    elif isinstance(pattern, str) and re.fullmatch("<.+>", pattern):
        if not _placeholder(pattern[1:-1], got, names):
            raise Mismatch(f"{where}: {got!r} does not match {pattern}")
    elif type(pattern) is not type(got) or pattern != got:
        raise Mismatch(f"{where}: expected {pattern!r}, got {got!r}")


class Stub:
    """A server that follows a script; wrong requests are failures."""

    def __init__(self, path, script, seconds):
        self.path, self.script, self.seconds = path, script, seconds
        self.error = None
        self.names = {}
        self.requests = {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.listener.settimeout(seconds)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        try:
            for number, actions in enumerate(self.script, 1):
                peer, _ = self.listener.accept()
                peer.settimeout(self.seconds)
                with peer:
                    self._connection(peer, actions, number)
        except Exception as e:
            self.error = e
        finally:
            self.listener.close()

    def _connection(self, peer, actions, number):
        data = bytearray()
        for i, action in enumerate(actions, 1):
            kind = next(iter(action))
            try:
                getattr(self, "_" + kind)(peer, action, data)
            except (Mismatch, OSError, ValueError) as e:
                raise Mismatch(f"connection {number}, action {i} "
                               f"({kind}): {e}") from e

    @staticmethod
    def _line(peer, data):
        while b"\n" not in data:
            got = peer.recv(65536)
            if not got:
                raise Mismatch("the client closed the connection")
            data += got
        line, _, rest = bytes(data).partition(b"\n")
        data[:] = rest
        return json.loads(line)

    def _read(self, peer, action, data):
        request = self._line(peer, data)
        if request.get("method") != action["read"]:
            raise Mismatch(f"expected {action['read']}, got {request!r}")
        if "params" in action:
            match(action["params"], request.get("params"), self.names,
                  "params")
        self.requests[action.get("as", action["read"])] = request

    def _hello(self, peer, action, data):
        self._read(peer, {"read": "hello"}, data)
        self._reply(peer, {"reply": HELLO, "to": "hello"}, data)

    def _reply(self, peer, action, data):
        reply = {"id": self.requests[action["to"]]["id"], **action["reply"]}
        if "pad" in action:
            reply["pad"] = "x" * action["pad"]
        line = json.dumps(reply, ensure_ascii=False).encode() + b"\n"
        chunk = action.get("chunk", len(line))
        for i in range(0, len(line), chunk):
            peer.sendall(line[i:i + chunk])

    def _send(self, peer, action, data):
        peer.sendall(json.dumps(action["send"]).encode() + b"\n")

    def _raw(self, peer, action, data):
        peer.sendall(action["raw"].encode())

    def _events(self, peer, action, data):
        first, last = action["events"]
        peer.sendall(b"".join(b'{"event":"change","change":%d}\n' % n
                              for n in range(first, last + 1)))

    def _close(self, peer, action, data):
        peer.close()

    def _closed(self, peer, action, data):
        while True:
            try:
                if not peer.recv(65536):
                    return
            except ConnectionResetError:
                return

    def done(self):
        """The script must have been followed to its end."""
        self.thread.join(self.seconds)
        if self.thread.is_alive():
            raise Mismatch("the server's script did not come to its end")
        if self.error is not None:
            raise self.error
