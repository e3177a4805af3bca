"""Drives memory_client.py from a script; see client_driver.c."""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common/client"))

import memory_client as mc  # noqa: E402

RESULTS = {mc.Refused: "refused", mc.Unreachable: "unreachable",
           mc.TimedOut: "timed_out", mc.BadArgument: "bad_argument",
           mc.ProtocolError: "protocol", mc.Denied: "denied"}


def seconds(op, name, otherwise):
    ms = op.get(name)
    return otherwise if ms is None else None if ms < 0 else ms / 1000


class Driver:
    def __init__(self):
        self.client = None
        self.tickets = {}

    def new(self, op):
        options = {k: op[k] for k in ("socket", "client", "namespace",
                                      "branch", "session", "time_zone",
                                      "expect_database") if k in op}
        if op.get("retries"):
            options["retries"] = max(0, op["retries"])
        if self.client is not None:
            self.client.close()
        self.client = mc.MemoryClient(
            timeout=seconds(op, "timeout_ms", 30.0),
            connect_timeout=seconds(op, "connect_timeout_ms", 5.0), **options)

    def connect(self, op):
        return {"reply": self.client.connect()}

    @staticmethod
    def params(op):
        params = op.get("params")
        if isinstance(params, str):
            try:
                return json.loads(params)
            except ValueError as error:
                raise mc.BadArgument(str(error)) from None
        return params

    def call(self, op):
        return {"reply": self.client.call_with(
            op.get("method"), self.params(op),
            seconds(op, "timeout_ms", 0), op.get("key"))}

    def submit(self, op):
        ticket = self.client.submit(
            op.get("method"), self.params(op),
            seconds(op, "timeout_ms", 0), op.get("key"))
        self.tickets[ticket] = op.get("as")

    def receive(self, op):
        got = self.client.receive(seconds(op, "timeout_ms", None))
        if got is None:
            return {"result": "timed_out", "error": "none finished"}
        name = self.tickets.get(got[0], "?")
        if isinstance(got[1], Exception):
            return {**self.failure(got[1]), "as": name}
        return {"reply": got[1], "as": name}

    def cancel(self, op):
        named = [t for t, n in self.tickets.items() if n == op.get("as")]
        self.client.cancel(named[0] if named else 0)

    def event(self, op):
        event = self.client.next_event(seconds(op, "timeout_ms", None))
        if event is None:
            return {"result": "timed_out", "error": "no event"}
        return {"reply": event}

    @staticmethod
    def socket(_):
        return {"reply": {"path": mc.socket_path()}}

    @staticmethod
    def failure(error):
        out = {"result": RESULTS[type(error)], "error": str(error)}
        if isinstance(error, mc.Refused):
            out.update(reply=error.reply, code=error.code)
        return out

    def run(self, op):
        try:
            return {"result": "ok", **(getattr(self, op["op"])(op) or {})}
        except mc.MemoryClientError as error:
            return self.failure(error)


driver = Driver()
for line in sys.stdin:
    print(json.dumps(driver.run(json.loads(line))), flush=True)
