#!/usr/bin/env python3
"""The worked example of the README: the script stands there, and so do the
bytes that reach the agent without it and with it."""
import json
import re
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
sys.dont_write_bytecode = True
from harness import Service, TestCase  # noqa: E402

PEOPLE = ("ada", "bob", "eve", "zoe")


def tasks():
    for i in range(500):
        month, day = 5 + i % 4, 1 + i * 7 % 28
        yield {"name": f"task-{i:03}", "entityType": "task", "observations": [
            f"fix report {i * 37 % 1000} about the import of tables",
            f"done by {PEOPLE[i * 5 % 7 % 4]} on 2026-{month:02}-{day:02}, "
            f"took {1 + i * 3 % 8} h"]}


def example():
    text = (ROOT / "README.md").read_text()
    part = text.split("\n## Scripts\n")[1].split("\n## ")[0]
    code = re.search(r"```lua\n(.*?)```", part, re.S).group(1)
    read, ran = (int(x.replace(",", "")) for x in
                 re.findall(r"\*\*([\d,]+) bytes\*\*", part)[:2])
    result = json.loads(re.search(r"```json\n(.*?)```", part, re.S).group(1))
    return code, read, ran, result


class Readme(TestCase):
    def test_example(self):
        code, said_read, said_ran, said_result = example()
        with Service() as db, db.client() as c, db.mcp() as m:
            c.ok("create_entities", entities=list(tasks()))
            end = time.monotonic() + 30
            while not c.ok("get_memory_status")["sandbox"]["available"]:
                if time.monotonic() > end:
                    self.skipTest("no jail here")
                time.sleep(0.05)
            m.initialize()
            read, hours, page = 0, {}, {}
            while True:
                r = m.tool("read_graph", page)
                read += len(r["content"][0]["text"].encode())
                got = r["structuredContent"]
                for e in got["entities"]:
                    for o in e["observations"]:
                        d = re.match(r"done by (\w+) on 2026-07.*took (\d+) h",
                                     o)
                        if d:
                            hours[d[1]] = hours.get(d[1], 0) + int(d[2])
                if "next" not in got:
                    break
                page = {"cursor": got["next"]}
            r = m.tool("execute_code", {"code": code})
            ran = len(r["content"][0]["text"].encode())
            got = r["structuredContent"]
        self.assertEqual(got["outcome"], "ok", got)
        self.assertEqual(got["result"], hours)
        self.assertEqual(said_result, hours)
        self.assertLess(abs(read - said_read), read / 50, (read, said_read))
        self.assertLess(abs(ran - said_ran), 4, (ran, said_ran))


if __name__ == "__main__":
    unittest.main()
