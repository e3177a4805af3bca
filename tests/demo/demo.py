#!/usr/bin/env python3
"""The product at work, in a scratch folder.

Two MCP clients play the conversation of dialogue.jsonl against their own
memory-mcp (one speaks the 2026-07-28 revision of MCP, the other 2025-11-25).
memory-db is started by them, ended with SIGKILL in the middle of a burst of
writes, and started again by whoever needs it first. At the end everything that
was acknowledged must be there and `memoryctl verify` must be clean. Leaves
nothing running and nothing on the disk.
"""
import json
import os
import sys
import textwrap
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.dont_write_bytecode = True
os.environ.setdefault("TEST_VARIANT", "release")
import harness  # noqa: E402
from harness import BIN, MODERN, Spawned  # noqa: E402

BURST = 100     # writes of each client around the crash
WIDTH = 78


def say(who, text):
    print(textwrap.fill(text, WIDTH, initial_indent=f"{who:>9}  ",
                        subsequent_indent=" " * 11), flush=True)


def title(text):
    print(f"\n== {text} " + "=" * max(0, WIDTH - len(text) - 4), flush=True)


class Demo:
    def __init__(self):
        self.place = Spawned()
        self.facts = {}         # entity -> acknowledged observations
        self.relations = set()
        self.gone = set()       # observations deleted again
        self.calls = 0

    def begin(self):
        self.agents = {
            "mara": self.place.mcp(era=MODERN, client="mara's editor"),
            "jonas": self.place.mcp(era="2025-11-25",
                                    client="jonas's terminal")}

    def call(self, at, tool, arguments):
        """One tool call; what it acknowledged is noted."""
        result = self.agents[at].ok(tool, arguments)
        self.calls += 1
        for e in arguments.get("entities", ()):
            self.facts.setdefault(e["name"], set()).update(e["observations"])
        if tool == "add_observations":
            for o in arguments["observations"]:
                self.facts[o["entityName"]].update(o["contents"])
        if tool == "delete_observations":
            for d in arguments["deletions"]:
                self.facts[d["entityName"]] -= set(d["observations"])
                self.gone |= set(d["observations"])
        if tool == "create_relations":
            self.relations |= {(r["from"], r["relationType"], r["to"])
                               for r in arguments["relations"]}
        return result

    def turn(self, t):
        if t["who"] == "user":
            say(t["at"].capitalize(), t["says"])
            return
        say("agent", t["says"])
        result = self.call(t["at"], t["tool"], t["arguments"])
        text = json.dumps(result, ensure_ascii=False)
        print(f"{'':11}-> {t['tool']}: {self.short(t, result)}", flush=True)
        if "shows" in t and t["shows"] not in text:
            raise SystemExit(f"expected {t['shows']!r} in {text[:600]}")
        if "finds" in t and len(result.get("entities", ())) != t["finds"]:
            raise SystemExit(f"expected {t['finds']} entities: {text[:600]}")

    @staticmethod
    def short(t, result):
        """What came back, in a line or two."""
        if "finds" in t:
            return f"{t['finds'] or 'nothing'} found"
        if "shows" not in t:
            return "on disk"
        lines = [o if isinstance(o, str) else o.get("text", "")
                 for e in result.get("entities", result.get("results", ()))
                 for o in e.get("observations", ())]
        lines += [f"{r['from']} {r['relationType']} {r['to']}"
                  for r in result.get("relations", ())]
        hit = next((x for x in lines if t["shows"] in x), t["shows"])
        return "\n" + textwrap.fill(f'"{hit}"', WIDTH,
                                    initial_indent=" " * 14,
                                    subsequent_indent=" " * 15)

    def burst(self, at, acked, failures):
        """Writes one after the other while memory-db dies."""
        for i in range(BURST):
            name = f"Measurement {at} {i}"
            try:
                self.call(at, "create_entities", {"entities": [{
                    "name": name, "entityType": "measurement",
                    "observations": [f"Water level {100 + i} cm at gauge "
                                     f"{at}, sample {i}"]}]})
            except Exception as e:
                failures.append(f"{name}: {e!r}")
                return
            acked.append(name)

    def crash(self):
        acked, failures = [], []
        threads = [threading.Thread(target=self.burst,
                                    args=(at, acked, failures))
                   for at in self.agents]
        for t in threads:
            t.start()
        harness.wait_until(lambda: len(acked) >= BURST or failures, 30,
                           0.001, "half of the burst")
        pid, before = self.place.pid(), len(acked)
        self.place.kill()
        for t in threads:
            t.join()
        if failures:
            raise SystemExit("not acknowledged: " + "; ".join(failures))
        print(f"{'':11}Both agents write {BURST} measurements each. memory-db "
              f"(pid {pid}) is\n{'':11}killed with SIGKILL after {before}. "
              f"All {len(acked)} are acknowledged; the agents\n{'':11}started "
              f"memory-db again (pid {self.place.pid()}).", flush=True)

    def check(self):
        """Everything acknowledged is there, nothing twice."""
        there, relations, params = {}, set(), {}
        with self.place.client() as c:
            while True:
                page = c.ok("read_graph", params)
                for e in page["entities"]:
                    there.setdefault(e["name"], []).extend(e["observations"])
                relations |= {(r["from"], r["relationType"], r["to"])
                              for r in page["relations"]}
                if not page.get("next"):
                    break
                params = {"cursor": page["next"]}
        for name, texts in self.facts.items():
            if sorted(there.get(name, ())) != sorted(texts):
                raise SystemExit(f"{name}: acknowledged {sorted(texts)}, "
                                 f"stored {there.get(name)}")
        if set(there) != set(self.facts) or relations != self.relations:
            raise SystemExit("more or less stored than acknowledged")
        n = sum(map(len, self.facts.values()))
        print(f"{'':11}{self.calls} tool calls acknowledged; "
              f"{len(self.facts)} entities, {n} observations and "
              f"{len(relations)} relations\n{'':11}expected, all of them "
              "there, none twice.")
        self.show("verify")
        self.show("history", "Lanternfish")

    def show(self, *args):
        done = self.place.ctl(*args)
        print(f"\n{'':11}$ memoryctl {' '.join(args)}")
        for line in done.stdout.splitlines()[:24]:
            line = line if len(line) < 100 else line[:97] + "..."
            print(f"{'':11}{line}")

    def end(self):
        for m in getattr(self, "agents", {}).values():
            if m.process.running():
                m.done()
        self.place.done()


def connect_lines():
    program = BIN / "memory-mcp"
    title("To use it from your own client")
    print("Claude Code, for all projects, with a backup of its file:\n"
          f"  {BIN / 'memoryctl'} install --client claude-code\n")
    print("Any client with a JSON configuration (Claude Desktop, Cursor):")
    print(textwrap.indent(json.dumps(
        {"mcpServers": {"memory": {"command": str(program)}}}, indent=2),
        "  "))


def main():
    with open(HERE / "dialogue.jsonl", encoding="utf-8") as f:
        turns = [json.loads(line) for line in f]
    demo = Demo()
    try:
        title("Two people, two MCP clients, one memory")
        demo.begin()
        for t in turns:
            if t.get("crash"):
                title("memory-db is killed")
                demo.crash()
                title("The conversation goes on")
            else:
                demo.turn(t)
        title("What is left")
        demo.check()
    finally:
        demo.end()
    connect_lines()
    return 0


if __name__ == "__main__":
    sys.exit(main())
