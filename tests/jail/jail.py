"""The driver of jails under test, and the cases of cases/*.lua.

A case begins with a line

    --- NAME: OUTCOME|OUTCOME; key=value; key=value

and its script follows. Keys: line, where (a C function), limit, message (a
part of it), trace, stdout (a part), output, warning, nowarning, result (JSON),
raw (JSON as text), peak (KiB at least), calls, writes; and what the script
gets: args (JSON), wall, cpu, memory, result_bytes, api_calls, api_bytes,
cancel. @{TEXT*N} in a script is TEXT N times.
"""
import json
import os
import re
import subprocess
import time
from pathlib import Path

from harness import BIN, BUILD, ROOT, REPORTS, SLOW

CASES = Path(__file__).resolve().parent / "cases"
JAIL = ROOT / "build/jail"
BARE = JAIL / "memory-sandbox-bare"
PROBE = JAIL / "memory-sandbox-probe"
SHIPPED = BIN / "memory-sandbox"
SECRET = {"bom": "\ufeff", "esc": "\x1b"}


def has_seccomp():
    with open("/proc/self/status", encoding="ascii") as f:
        return "Seccomp:" in f.read()


class Driver:
    def __init__(self, program=SHIPPED, env=None):
        self.process = subprocess.Popen(
            [BUILD / "jail/jail_driver"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "MEMORY_SANDBOX_PROGRAM": str(program),
                 **(env or {})})

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise EOFError("the driver ended: " + self.process.stderr.read())
        return json.loads(line)

    def run(self, source, **more):
        return self.ask(source=source, **more)

    def pids(self):
        return self.ask(do="pids")["pids"]

    def close(self):
        self.process.stdin.close()
        errors = self.process.stderr.read()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.process.stderr.close()
        if code or any(r in errors for r in REPORTS):
            raise AssertionError(f"the driver ended with {code}: {errors}")
        return errors


def expand(source):
    def repeated(m):
        if m.group(1):
            return SECRET[m.group(1)]
        return m.group(2) * int(m.group(3))
    return re.sub(r"@\{(?:(bom|esc)|(.+?)\*(\d+))\}", repeated, source)


class Case:
    NUMBERS = {"wall": "wall_ms", "cpu": "cpu_ms", "memory": "memory_bytes",
               "result_bytes": "result_bytes", "api_calls": "api_calls",
               "api_bytes": "api_bytes", "output": "output_bytes"}

    def __init__(self, file, head, source):
        self.name, rest = head.split(": ", 1)
        parts = re.split(r";\s*(?=[a-z_]+=)", rest.strip())
        self.outcomes = parts[0].strip().split("|")
        self.want = dict(p.split("=", 1) for p in parts[1:])
        self.source = expand(source)
        self.file = file

    def request(self):
        r = {"source": self.source,
             "limits": {key: int(self.want[k]) for k, key in
                        self.NUMBERS.items() if k in self.want}}
        r["limits"].setdefault("wall_ms", 20000)
        if "args" in self.want:
            r["args"] = json.loads(self.want["args"])
        if "cancel" in self.want:
            r["cancel_after_ms"] = int(self.want["cancel"])
        return r

    def problems(self, reply):
        """Sentences about what is not as expected."""
        if reply["outcome"] not in self.outcomes:
            yield f"outcome {reply['outcome']}, not {self.outcomes}"
            return
        for key, value in self.want.items():
            check = getattr(self, "check_" + key, None)
            if check and not check(reply, value):
                yield f"{key} is not {value}"
        if reply["outcome"] == "ok" and reply["message"]:
            yield "a message with ok"
        if reply["outcome"] != "ok" and not (reply["message"] and
                                             reply["result"] is None):
            yield "no message, or a result, with a failure"

    @staticmethod
    def check_line(reply, value):
        return reply["line"] == int(value)

    @staticmethod
    def check_where(reply, value):
        return f"inside {value}." in reply["message"] if value \
            else "inside" not in reply["message"]

    @staticmethod
    def check_limit(reply, value):
        return reply["limit"] == value

    @staticmethod
    def check_message(reply, value):
        return value in reply["message"]

    @staticmethod
    def check_trace(reply, value):
        return any(value in line for line in reply["traceback"])

    @staticmethod
    def check_stdout(reply, value):
        if '"' not in value:
            value = json.loads(f'"{value}"')
        return value in reply["stdout"]

    @staticmethod
    def check_output(reply, value):
        return len(reply["stdout"].encode()) <= int(value)

    @staticmethod
    def check_warning(reply, value):
        return any(value in w for w in reply["warnings"])

    @staticmethod
    def check_nowarning(reply, _):
        return not reply["warnings"]

    @staticmethod
    def check_result(reply, value):
        return json.dumps(reply["result"], sort_keys=True) == \
            json.dumps(json.loads(value), sort_keys=True)

    @staticmethod
    def check_raw(reply, value):
        return json.dumps(reply["result"], separators=(",", ":")) == value

    @staticmethod
    def check_peak(reply, value):
        return int(value) <= reply["usage"]["memory_peak_kib"] <= 65536

    @staticmethod
    def check_calls(reply, value):
        return reply["usage"]["api_calls"] == int(value)

    @staticmethod
    def check_writes(reply, value):
        return reply["usage"]["writes"] == int(value)


def cases(file):
    text = file.read_text(encoding="utf-8")
    for part in re.split(r"^--- ", text, flags=re.M)[1:]:
        head, _, source = part.partition("\n")
        yield Case(file.stem, head, source.rstrip("\n"))


def all_files():
    return sorted(CASES.glob("*.lua"))


def check_alive(test, driver):
    """After whatever happened, the next script is answered at once."""
    start = time.monotonic()
    reply = driver.run("return 1 + 1")
    took = time.monotonic() - start
    test.assertEqual((reply["outcome"], reply["result"]), ("ok", 2), reply)
    test.assertLess(took, 1.0 * SLOW)
