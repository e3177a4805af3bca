#!/usr/bin/env python3
"""Forgetting reaches what was noted about a text beside it: the conflict of a
merge that quotes a long one, and the reason why a change was refused."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase, entity, main  # noqa: E402

NUMBER = "her number is 555-1234"


class Notes(TestCase):
    def setUp(self):
        super().setUp()
        self.db = self.service()
        self.c = self.db.client()
        self.c.ok("create_entities", namespace="p", entities=[
            entity("ada", "likes tea", type="person")])

    def everywhere(self):
        """The export, and all lists that tell of notes."""
        out = self.db.ctl("export", "--all").stdout
        out += json.dumps(self.c.ok("list_conflicts", namespace="p",
                                    state="all"))
        out += json.dumps(self.c.ok("list_staged", namespace="p",
                                    state="all"))
        return out

    def conflict_of(self, text):
        """A branch and main say it for different times."""
        self.c.ok("memory_branch", namespace="p", action="create", name="b")
        for more in ({"branch": "b"}, {}):
            self.c.ok("add_observations", namespace="p", observations=[{
                "entityName": "ada", "contents": [{
                    "text": text,
                    "valid_to": "2030-01-01" if more else "2031-01-01"}]}],
                **more)
        self.c.ok("memory_merge", namespace="p", branch="b")

    def test_a_long_text(self):
        # In the middle of a character, too: two bytes each, from an odd place.
        for text in ("x" + "\u00e4" * 300 + NUMBER, NUMBER + " z" * 400,
                     "short 555-1234"):
            with self.subTest(text=text[:20]):
                db, c = self.db, self.c
                self.db = self.service()
                self.c = self.db.client()
                self.c.ok("create_entities", namespace="p", entities=[
                    entity("ada", "likes tea", type="person")])
                self.conflict_of(text)
                told = self.c.ok("list_conflicts", namespace="p",
                                 state="all")["conflicts"]
                self.assertIn(text[:240], told[0]["reason"])
                self.assertNotIn("damaged", told[0]["reason"])
                self.c.ok("forget", namespace="p", name="ada",
                          observation=text, confirm=True)
                self.assertNotIn(text[:30], self.everywhere())
                self.db, self.c = db, c

    def refuse(self, text, note=None):
        a = self.db.client()
        a.ok("hello", tools="default", namespace="p", session="s1",
             client="agent/1")
        self.addCleanup(a.close)
        a.call("add_observations", {"observations": [
            {"entityName": "ada", "contents": [text]}]})
        if note:
            self.c.ok("review_staged", namespace="p", do="reject", all=True,
                      note=note)

    def protect(self, **more):
        self.c.ok("set_namespace_settings", namespace="p",
                  settings={"protect": True, **more})

    def test_the_words_of_a_reviewer(self):
        self.protect()
        for forget in ({"observation": NUMBER}, {}):
            with self.subTest(forget=forget):
                self.refuse(NUMBER, f"not here: {NUMBER}")
                self.assertIn("555-1234", self.everywhere())
                if forget:
                    # The operator has it on main by then.
                    self.c.ok("add_observations", namespace="p",
                              observations=[{"entityName": "ada",
                                             "contents": [NUMBER]}])
                self.c.ok("forget", namespace="p", name="ada", confirm=True,
                          **forget)
                self.assertNotIn("not here: her", self.everywhere())
                self.c.call("create_entities", {
                    "namespace": "p", "entities": [
                        entity("ada", "likes tea", type="person")]})

    def test_a_note_that_was_cut(self):
        self.protect()
        text = NUMBER + " and much more of it" * 60
        self.refuse(text, "z" * 700 + text)
        self.c.ok("forget", namespace="p", name="ada", confirm=True)
        self.assertNotIn("555-1234", self.everywhere())

    def test_another_note_stays(self):
        self.protect()
        self.c.ok("create_entities", namespace="p", entities=[
            entity("ben", "likes coffee", type="person")])
        self.refuse("plays chess", "who asked for that?")
        self.c.ok("forget", namespace="p", name="ben", confirm=True)
        self.assertIn("who asked for that?", self.everywhere())


if __name__ == "__main__":
    main()
