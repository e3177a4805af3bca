#!/usr/bin/env python3
"""Findings page, and a token beside a path is one."""
import random
import string
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase, entity, main  # noqa: E402


class Pages(TestCase):
    def setUp(self):
        super().setUp()
        self.db = self.service()
        self.c = self.db.client()

    def test_findings_page(self):
        n = 60
        for i in range(n):
            self.c.ok("create_entities", namespace="p", entities=[
                entity(f"person {i}", "lives in Rome")])
        ask = {"namespace": "p", "entity_data": {
            "name": "ada", "observations": ["lives in Oslo"] * 1}}
        self.c.ok("create_entities", namespace="p", entities=[
            entity("ada", *[f"lives in Town{chr(65 + i % 26)}{i}"
                            for i in range(n)])])
        whole = self.c.ok("detect_conflicts", ask, limit=500)
        self.assertGreater(whole["conflict_count"], 50)
        self.assertNotIn("next", whole)
        first = self.c.ok("detect_conflicts", ask)
        self.assertEqual(first["conflict_count"], 50)
        self.assertEqual(first["total"], whole["conflict_count"])
        got, page = list(first["conflicts"]), first
        # What is written meanwhile is on no page.
        self.c.ok("add_observations", namespace="p", observations=[
            {"entityName": "ada", "contents": ["lives in Lima"]}])
        while "next" in page:
            page = self.c.ok("detect_conflicts", ask, limit=3,
                             cursor=page["next"])
            got += page["conflicts"]
        self.assertEqual([x["fact"] for x in got],
                         [x["fact"] for x in whole["conflicts"]])
        self.c.fails("invalid", "detect_conflicts", ask, cursor="nonsense")


class Tokens(TestCase):
    """Short prefixes beside the signs of base64."""

    def setUp(self):
        super().setUp()
        self.c = self.service().client()
        self.rng = random.Random(7)

    def chars(self, n, more=""):
        return "".join(self.rng.choice(string.ascii_letters + string.digits +
                                       more) for _ in range(n))

    def test_beside_a_path(self):
        for text in ("we moved from sk-{48}/ to another",
                     "see auth/token/s.{24}", "https://host/hf_{34}",
                     "https://example.org/a/b/c/hf_{34}/x",
                     "old+sk-{48}"):
            n = int(text[text.index("{") + 1:text.index("}")])
            said = text.replace("{%d}" % n, self.chars(n))
            with self.subTest(text=text):
                got = self.c.call("create_entities", {"entities": [
                    entity(f"e{n}{text[:3]}", said)]})
                self.assertEqual(got.get("code"), "denied", got)

    def test_amid_a_picture(self):
        for i in range(30):
            self.c.ok("create_entities", entities=[entity(
                f"picture {i}", "data:image/png;base64,iVBORw0KGgo" +
                self.chars(300, "+/") + "/sk" + self.chars(170) + "+" +
                self.chars(200, "+/") + "==")])


if __name__ == "__main__":
    main()
