"""The figures: one table behind status, the text of `metrics` and memoryctl."""
import json
import math
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import harness
from harness import entity

ROOT = Path(__file__).resolve().parents[2]

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(
    rf"^({NAME})(?:\{{((?:{NAME}=\"(?:[^\"\\\n]|\\.)*\",?)*)\}})? (\S+)$")
LABEL = re.compile(rf"({NAME})=\"((?:[^\"\\\n]|\\.)*)\"")
SUFFIXES = {"counter": ("_total",), "gauge": ("",),
            "summary": ("", "_count", "_sum")}


class Wrong(Exception):
    """The text is not OpenMetrics."""


def head(line, families):
    _, what, name, rest = line.split(" ", 3)
    if what == "TYPE":
        if name in families:
            raise Wrong(f"{name} stands twice")
        if rest not in SUFFIXES:
            raise Wrong(f"{name}: no such type as {rest}")
        families[name] = {"type": rest, "unit": None, "help": None,
                          "samples": {}}
    elif next(reversed(families), None) != name:
        raise Wrong(f"{what} of {name} stands elsewhere")
    elif what not in ("UNIT", "HELP"):
        raise Wrong(line)
    elif families[name][what.lower()] is not None:
        raise Wrong(f"{name}: a second {what}")
    elif what == "UNIT" and not name.endswith("_" + rest):
        raise Wrong(f"{name} does not end with its unit, {rest}")
    else:
        families[name][what.lower()] = rest


def sample(line, families):
    found = SAMPLE.match(line)
    if not found:
        raise Wrong(f"no sample: {line!r}")
    name, labels, value = found.groups()
    family, row = next(reversed(families.items()))
    if not name.startswith(family) \
            or name[len(family):] not in SUFFIXES[row["type"]]:
        raise Wrong(f"{name} does not belong to {family}, a {row['type']}")
    key = name, tuple(sorted(LABEL.findall(labels or "")))
    if key in row["samples"]:
        raise Wrong(f"{key} stands twice")
    if not math.isfinite(float(value)):
        raise Wrong(f"{name} is {value}")
    if row["type"] == "counter" and float(value) < 0:
        raise Wrong(f"{name} is a counter below 0")
    row["samples"][key] = float(value)


def parse(text):
    """{family: {type, unit, help, samples {(name, labels): value}}}."""
    if not text.endswith("\n# EOF\n"):
        raise Wrong("no # EOF at the end")
    families = {}
    for line in text[:-len("# EOF\n")].splitlines():
        if line.startswith("# "):
            head(line, families)
        else:
            sample(line, families)
    return families


class Parser(unittest.TestCase):
    """What the others here rely on finds what it shall find."""
    GOOD = ("# TYPE a_bytes gauge\n# UNIT a_bytes bytes\n# HELP a_bytes x\n"
            "a_bytes 1\n# TYPE b counter\nb_total{k=\"v\\\"w\"} 2\n# EOF\n")

    def test_good(self):
        got = parse(self.GOOD)
        self.assertEqual(got["a_bytes"]["samples"], {("a_bytes", ()): 1})
        self.assertEqual(got["b"]["samples"],
                         {("b_total", (("k", 'v\\"w'),)): 2})

    def test_wrong(self):
        for old, new in (("# EOF\n", ""), ("TYPE b ", "TYPE a_bytes "),
                         ("gauge", "number"), ("b_total", "b"),
                         ("UNIT a_bytes bytes", "UNIT a_bytes seconds"),
                         ("a_bytes 1", "a_bytes one"),
                         ("a_bytes 1", "a_bytes 1\na_bytes 1"),
                         ("} 2", "} -2"), ("w\"}", "w}"),
                         ("HELP a_bytes", "HELP b")):
            with self.subTest(old=old, new=new), \
                    self.assertRaises((Wrong, ValueError)):
                parse(self.GOOD.replace(old, new, 1))


class Figures(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.db = self.service()
        self.c = self.db.client()
        self.c.ok("create_entities", entities=[entity("ada", "likes tea")])
        self.c.ok("create_entities", entities=[entity("bob")],
                  namespace='odd"\\name')
        self.c.ok("search_nodes", query="tea")
        for answer in ("Tea.", "I ran it.", "Ada no longer likes tea."):
            got = self.c.ok("recall", query="what does ada drink, likes tea?")
            self.c.ok("judge_use", answer=answer,
                      shown=[{"receipt": got["receipt"]}])

    def metrics(self):
        return parse(self.c.ok("metrics")["text"])

    def value(self, families, name, **labels):
        return families[name.removesuffix("_total")]["samples"][
            name, tuple(sorted(labels.items()))]

    def test_all_families(self):
        for name, row in self.metrics().items():
            with self.subTest(name):
                self.assertTrue(name.startswith("memory_db_"))
                self.assertTrue(row["help"])
                self.assertTrue(row["samples"])
                self.assertEqual(bool(row["unit"]), name.endswith(
                    ("_bytes", "_seconds", "_ratio")))

    def test_same_as_status(self):
        status = self.c.ok("get_memory_status")
        got = self.metrics()
        for name, want in (
                ("memory_db_entities", status["total_entities"]),
                ("memory_db_observations", status["total_observations"]),
                ("memory_db_commits_total", status["queues"]["commits"]),
                ("memory_db_database_bytes", status["sizes"]["file_bytes"]),
                ("memory_db_limit_name_bytes", status["limits"]["name_bytes"]),
                ("memory_db_saved_ratio",
                 status["compression"]["saved_percent"] / 100)):
            with self.subTest(name):
                self.assertAlmostEqual(self.value(got, name), want, places=3)
        self.assertGreater(self.value(got, "memory_db_writer_cpu_seconds_total"),
                           0)
        self.assertLess(self.value(got, "memory_db_writer_cpu_seconds_total"),
                        60)

    def test_labels(self):
        got = self.metrics()
        self.assertEqual(self.value(got, "memory_db_namespace_entities",
                                    namespace='odd\\"\\\\name'), 1)
        self.assertGreater(self.value(got, "memory_db_replies_total",
                                      code="success"), 2)
        self.assertEqual(self.value(got, "memory_db_trouble", kind="damage"),
                         0)
        counts = got["memory_db_latency_seconds"]["samples"]
        # Two that store, three that judge what was shown.
        self.assertEqual(counts["memory_db_latency_seconds_count",
                                (("stage", "write"),)], 5)
        self.assertEqual(self.value(got, "memory_db_background_failures_total",
                                    task="checkpoint"), 0)

    def test_counters_do_not_fall(self):
        before = self.metrics()
        self.c.ok("create_entities", entities=[entity("eve")])
        after = self.metrics()
        for name, row in before.items():
            if row["type"] == "counter":
                for key, value in row["samples"].items():
                    self.assertGreaterEqual(after[name]["samples"][key], value)
        name = "memory_db_requests_total"
        self.assertGreater(self.value(after, name), self.value(before, name))

    def test_not_for_agents(self):
        c = self.db.client()
        c.ok("hello", protocol=1, version="9", client="t/1", tools="default")
        c.fails("denied", "metrics")

    def test_textfile(self):
        path = self.folder() / "memory.prom"
        path.write_text("old")
        self.db.ctl("metrics", "--textfile", path)
        text = path.read_text()
        self.assertEqual(path.stat().st_mode & 0o777, 0o644)
        self.assertIn("\n# TYPE memory_db_requests_total counter\n", text)
        self.assertIn("\n# HELP memory_db_requests_total ", text)
        self.assertRegex(text, r"\nmemory_db_requests_total \d+\n")
        self.assertIn("\n# TYPE memory_db_relations gauge\n", text)
        self.assertNotIn("# UNIT", text)
        self.assertNotIn("# EOF", text)
        families = set(re.findall(r"(?m)^# TYPE (\S+) ", text))
        for name in re.findall(r"(?m)^([a-z_]+)[ {]", text):
            self.assertIn(name.removesuffix("_count"), families)
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "metrics"], text=True,
                                  input=text, capture_output=True)
            self.assertNotIn("error", done.stderr.lower().replace(
                "memory_db", ""), done.stderr)
        # Nothing replaces a good file when nobody answers.
        self.db.stop()
        path.write_text("good")
        self.db.ctl("metrics", "--textfile", path, "--no-spawn", check=False)
        self.assertEqual(path.read_text(), "good")

    def test_monitoring_names_what_there_is(self):
        names = set(re.findall(r"(?m)^(\w+)[ {]",
                               self.c.ok("metrics")["text"]))
        for file in ("alerts.yml", "dashboard.json"):
            text = (ROOT / "systemd/monitoring" / file).read_text()
            used = set(re.findall(r"memory_db_\w+", text))
            self.assertGreater(len(used), 5)
            self.assertEqual(used - names, set(), file)
        board = json.loads(text)
        self.assertEqual(len({p["id"] for p in board["panels"]}),
                         len(board["panels"]))
        for p in board["panels"]:
            self.assertTrue(p["targets"] and p["gridPos"]["w"], p["title"])

    @unittest.skipUnless(shutil.which("promtool"), "needs promtool")
    def test_monitoring_is_well_formed(self):
        for what, file in (("rules", "alerts.yml"),
                           ("config", "prometheus.yml")):
            done = subprocess.run(
                ["promtool", "check", what, file], text=True,
                cwd=ROOT / "systemd/monitoring", capture_output=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_health(self):
        done = self.db.ctl("health")
        self.assertRegex(done.stdout, r"\Ahealthy: \d+ entities, \d+ MB free\n")
        self.assertEqual(
            json.loads(self.db.ctl("health", "--json").stdout),
            {"healthy": True, "problems": ""})
        self.db.stop()
        done = self.db.ctl("health", check=False)
        self.assertEqual(done.returncode, 111)
        full = self.service(args=("--limit-disk-free", str(1 << 50)))
        done = full.ctl("health", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "unhealthy: writes are off until")

    def test_methods(self):
        self.c.fails("invalid", "recall", query=7)
        got = self.c.ok("get_memory_status")["methods"]
        self.assertEqual(got["create_entities"]["count"], 2)
        self.assertEqual(got["create_entities"]["errors"], 0)
        self.assertGreater(got["create_entities"]["max_us"], 0)
        self.assertEqual(got["recall"]["errors"], 1)
        self.assertNotIn("forget", got)
        text = self.metrics()
        self.assertEqual(self.value(text, "memory_db_method_errors_total",
                                    method="recall"), 1)
        counts = text["memory_db_method_latency_seconds"]["samples"]
        self.assertEqual(counts["memory_db_method_latency_seconds_count",
                                (("method", "create_entities"),)], 2)
        c = self.db.client()        # what others ask is no business of agents
        c.ok("hello", protocol=1, version="9", client="t/1", tools="default")
        self.assertNotIn("methods", c.ok("get_memory_status"))

    def test_top(self):
        out = self.db.ctl("top", "--times", "2").stdout
        self.assertEqual(out.count("METHOD"), 2)
        self.assertNotIn("\x1b", out)
        self.assertRegex(out, r"(?m)^create_entities +2 +[\d.]+ +0 ")
        self.assertRegex(out, r"(?m)^requests [\d.]+/s, commits [\d.]+/s")
        self.assertRegex(out, r"(?m)^tiers: working 2, ")
        self.db.stop()
        self.assertEqual(
            self.db.ctl("top", "--times", "1", check=False).returncode, 111)

    def test_slow_requests_are_logged(self):
        slow = self.service(args=("--slow-ms", "0"))
        slow.client().ok("create_entities", entities=[entity("x")])
        self.assertRegex(slow.process.log.read_text(), r"create_entities")
        quick = self.service(args=("--slow-ms", "60000"))
        quick.client().ok("create_entities", entities=[entity("x")])
        self.assertNotRegex(quick.process.log.read_text(), r"create_entities")

    def test_memoryctl(self):
        text = self.db.ctl("metrics").stdout
        self.assertEqual(self.value(parse(text), "memory_db_entities"), 2)
        text = self.db.ctl("status", "--all").stdout
        self.assertRegex(text, r"(?m)^  file_bytes +[\d.]+ [KM]B$")
        self.assertRegex(text, r"(?m)^  original_size +\d+ B$")
        self.assertRegex(text, r"(?m)^  commits +\d+$")


if __name__ == "__main__":
    unittest.main()
