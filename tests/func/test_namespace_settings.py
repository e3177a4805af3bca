#!/usr/bin/env python3
"""Settings of a namespace: known ones alone, each with its own kind of value,
for one namespace, and carried by an export."""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase, entity, main  # noqa: E402


class Settings(TestCase):
    def setUp(self):
        super().setUp()
        self.db = self.service()
        self.c = self.db.client()
        for ns in ("default", "a"):
            self.c.ok("create_entities", namespace=ns,
                      entities=[entity("ada", "likes tea", type="person")])

    def rows(self, ns="a", **kw):
        got = self.c.ok("namespace_settings", namespace=ns, **kw)["settings"]
        return {r["name"]: r for r in got}

    def set(self, ns="a", **settings):
        return self.c.ok("set_namespace_settings", namespace=ns,
                         settings=settings)

    def test_set_and_take_back(self):
        row = self.rows()["on_conflict"]
        self.assertEqual((row["value"], row["from"], row["default"]),
                         ("none", "default", "none"))
        self.assertIn("queue", row["choices"])
        got = self.set(on_conflict="queue")["settings"]
        row = next(r for r in got if r["name"] == "on_conflict")
        self.assertEqual((row["value"], row["from"]), ("queue", "namespace"))
        for ns in ("default", "b"):         # of that one only
            self.assertEqual(self.rows(ns)["on_conflict"]["from"], "default")
        self.set(on_conflict=None)
        self.assertEqual(self.rows()["on_conflict"]["from"], "default")

    def test_all_or_nothing(self):
        for settings, said in (
                ({"on_conflict": "queue", "no_such": 1}, "no_such"),
                ({"on_conflict": "sometimes"}, "none|report|queue|supersede"),
                ({"on_conflict": 3}, "`on_conflict` must be one of"),
                ({"on_conflict": "x" * 20000}, "16384 is the most")):
            reply = self.c.call("set_namespace_settings", namespace="a",
                                settings=settings)
            self.assertEqual(reply["param"], "settings")
            self.assertIn(said, reply["error"])
        self.assertEqual(self.rows()["on_conflict"]["from"], "default")

    def test_it_outlives_a_restart_and_an_export(self):
        self.set(on_conflict="report")
        self.db.stop()
        self.db.start()
        self.c = self.db.client()
        self.assertEqual(self.rows()["on_conflict"]["value"], "report")
        path = str(self.folder() / "log.jsonl")
        self.db.ctl("export", "--all", path)
        copy = self.service()
        copy.ctl("import", path)
        got = copy.client().ok("namespace_settings", namespace="a")["settings"]
        self.assertEqual(
            next(r for r in got if r["name"] == "on_conflict")["value"],
            "report")

    def test_the_command(self):
        out = self.ctl("on_conflict=supersede").stdout
        self.assertIn("supersede", out)
        rows = [json.loads(line)
                for line in self.ctl("--json").stdout.splitlines()]
        self.assertEqual(
            {r["name"]: r["value"] for r in rows}["on_conflict"], "supersede")
        self.ctl("on_conflict=")
        self.assertEqual(self.rows()["on_conflict"]["from"], "default")

    def ctl(self, *args):
        return self.db.ctl("settings", *args, "--namespace", "a")

    def test_agents_have_it_not(self):
        m = self.mcp(self.db, args=["--tools", "default,order"])
        names = {t["name"] for t in m.request("tools/list")["tools"]}
        self.assertIn("detect_conflicts", names)
        self.assertNotIn("set_namespace_settings", names)


if __name__ == "__main__":
    main()
