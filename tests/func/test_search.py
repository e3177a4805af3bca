#!/usr/bin/env python3
"""search_nodes through the service: what it finds after every kind of write,
at past states, and over pages while others write."""
import random
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase  # noqa: E402

BITS = ["tea", "Tea", "steam", "Straße", "STRASSE", "東京", "京都タワー", "🙂",
        "foo::bar(", "naïve", "x", "Ελλάς", "50 %", "a_b", "สวัสดี", "القهوة"]


class Model:
    """Entities by name: type and observations; one state per change."""

    def __init__(self):
        self.now = {}
        self.past = {}

    def keep(self, change):
        self.past[change] = {n: (t, list(o)) for n, (t, o) in self.now.items()}

    @staticmethod
    def contains(state, query):
        q = query.casefold()
        return {n for n, (t, o) in state.items()
                if any(q in text.casefold() for text in [n, t, *o])}


class Search(TestCase):
    def names(self, c, query, **more):
        """All pages."""
        names, cursor = [], {}
        while True:
            r = c.ok("search_nodes", query=query, **more, **cursor)
            names += [x["name"] for x in r["results"]]
            self.assertEqual(r["count"], len(r["results"]))
            if "next" not in r:
                return names
            cursor = {"cursor": r["next"]}

    def check(self, c, state, query, **more):
        want = Model.contains(state, query)
        got = self.names(c, query, mode="substring", **more)
        self.assertEqual(len(got), len(set(got)), query)
        self.assertEqual(set(got), want, query)
        got = self.names(c, query, **more)
        self.assertEqual(len(got), len(set(got)), query)
        self.assertLessEqual(want, set(got), query)

    def write(self, c, model, rng):
        text = " ".join(rng.choices(BITS, k=rng.randint(1, 4)))
        name = rng.choice(sorted(model.now)) if model.now else None
        what = rng.randint(0, 9)
        if name is None or what < 3:
            name = f"{text} {rng.randint(0, 999)}"
            kind = rng.choice(BITS)
            r = c.ok("create_entities", entities=[{
                "name": name, "entityType": kind, "observations": [text]}])
            model.now.setdefault(name, (kind, []))
            if text not in model.now[name][1]:
                model.now[name][1].append(text)
        elif what < 6:
            r = c.ok("add_observations", observations=[{
                "entityName": name, "contents": [text]}])
            if text not in model.now[name][1]:
                model.now[name][1].append(text)
        elif what < 7 and model.now[name][1]:
            gone = rng.choice(model.now[name][1])
            r = c.ok("delete_observations", deletions=[{
                "entityName": name, "observations": [gone]}])
            model.now[name][1].remove(gone)
        elif what < 8:
            new = f"{text} renamed {rng.randint(0, 9999)}"
            r = c.ok("rename_entity", name=name, new_name=new)
            model.now[new] = model.now.pop(name)
        elif what < 9:
            kind = rng.choice(BITS)
            r = c.ok("update_entity", name=name, entityType=kind)
            model.now[name] = (kind, model.now[name][1])
        else:
            r = c.ok("delete_entities", entityNames=[name])
            del model.now[name]
        if "change" in r:
            model.keep(r["change"])

    def query(self, rng):
        text = " ".join(rng.choices(BITS, k=rng.randint(1, 2)))
        if rng.random() < 0.5:
            a, b = sorted(rng.choices(range(len(text) + 1), k=2))
            text = text[a:b]
        return text

    def test_every_kind_of_write_and_the_past(self):
        c = self.service().client()
        rng = random.Random(4)
        model = Model()
        for i in range(150):
            self.write(c, model, rng)
            if i % 3 == 0:
                self.check(c, model.now, self.query(rng),
                           limit=rng.randint(1, 9))
        for _ in range(60):
            at = rng.choice(sorted(model.past))
            self.check(c, model.past[at], self.query(rng), as_of=at,
                       limit=rng.randint(1, 9))

    def test_pages_stay_while_others_write(self):
        db = self.service()
        c, other = db.client(), db.client()
        c.ok("create_entities", entities=[
            {"name": f"e{i}", "entityType": "thing",
             "observations": [f"fact {k} about tea" for k in range(i % 3 + 1)]}
            for i in range(300)])
        stop = threading.Event()

        def disturb():
            i = 0
            while not stop.is_set():
                other.ok("create_entities", entities=[
                    {"name": f"new {i}", "entityType": "thing",
                     "observations": ["more tea"]}])
                other.ok("delete_entities", entityNames=[f"e{i % 300}"])
                i += 1
        thread = threading.Thread(target=disturb)
        first = c.ok("search_nodes", query="tea", limit=7)
        want = {f"e{i}" for i in range(300)}
        thread.start()
        try:
            names = [x["name"] for x in first["results"]]
            page = first
            while "next" in page:
                page = c.ok("search_nodes", query="tea", limit=7,
                            cursor=page["next"])
                names += [x["name"] for x in page["results"]]
        finally:
            stop.set()
            thread.join()
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(set(names), want)

    def test_errors_say_what_is_wrong(self):
        c = self.service().client()
        got = c.fails("invalid", "search_nodes", query="x", cursor="nonsense")
        self.assertIn("cursor", got["error"])
        got = c.fails("invalid", "search_nodes", query="x", tiers=["best"])
        self.assertIn("tiers", got.get("param", "") + got["error"])
        got = c.fails("invalid", "search_nodes", query="x" * 5000)
        self.assertIn("query", got.get("param", "") + got["error"])


if __name__ == "__main__":
    unittest.main()
