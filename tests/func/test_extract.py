"""auto_extract_facts: facts of a conversation, through all layers."""
import json
import os

from harness import TestCase, entity

TALK = """Ada: Hi! I live in Rome and I don't like tea.
Bob: We decided to use Kafka because we need replay.
Ada: I'm flying to Paris next Friday. Do you like jazz?
"""


class Extract(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()

    def extract(self, text, **params):
        params.setdefault("session_date", "2026-05-10")
        return self.c.ok("auto_extract_facts", namespace="p",
                         conversation_text=text, **params)

    def texts(self, reply):
        return [(f["subject"], f["observations"][0]) for f in reply["facts"]]

    def test_stores(self):
        reply = self.extract(TALK, session_id="chat-7")
        self.assertEqual(self.texts(reply), [
            ("ada", "lives in Rome"), ("ada", "does not like tea"),
            ("p", "decided to use Kafka because they need replay"),
            ("ada", "is flying to Paris on 2026-05-15")])
        self.assertEqual((reply["count"], reply["stored"],
                          len(reply["entity_ids"])), (4, True, 2))
        rome = reply["facts"][0]
        self.assertEqual((rome["attribute"], rome["value"], rome["kind"],
                          rome["speaker"], rome["line"], rome["status"]),
                         ("lives in", "Rome", "place", "Ada", 1, "stored"))
        self.assertEqual(rome["source"],
                         "Hi! I live in Rome and I don't like tea.")
        self.assertTrue(reply["facts"][1]["denied"])
        self.assertEqual(reply["facts"][3]["time"][:10], "2026-05-15")
        (row,) = self.c.ok("recall", namespace="p",
                           query="where does ada live", limit=1)["results"]
        self.assertEqual((row["text"], row["speaker"], row["source"]),
                         ("lives in Rome", "Ada", "chat-7"))
        self.assertEqual(row["metadata"]["line"], rome["source"])
        # One change, which an undo takes back.
        self.c.ok("memory_undo", namespace="p", change=reply["change"])
        self.assertEqual(self.c.ok("open_nodes", namespace="p",
                                   names=["Ada"])["entities"], [])

    def test_only_shows(self):
        reply = self.extract(TALK, auto_store=False)
        self.assertEqual((reply["count"], reply["stored"],
                          reply["entity_ids"]), (4, False, []))
        self.assertNotIn("change", reply)
        self.assertEqual(
            self.c.ok("read_graph", namespace="p")["entities"], [])

    def test_known_and_conflicts(self):
        self.c.ok("create_entities", namespace="p", entities=[
            entity("Ada", "is based in Rome", "likes tea", type="person")])
        reply = self.extract(TALK)
        rome, tea = reply["facts"][:2]
        self.assertEqual((rome["status"], rome["same_as"]),
                         ("known", "is based in Rome"))
        self.assertEqual(tea["status"], "stored")
        (x,) = reply["conflicts"]
        self.assertEqual((x["conflict_type"], x["text"], x["said"]),
                         ("contradiction", "likes tea", "does not like tea"))
        (queued,) = self.c.ok("list_conflicts", namespace="p")["conflicts"]
        self.assertEqual(queued["id"], x["id"])
        again = self.extract(TALK)
        self.assertEqual({f["status"] for f in again["facts"]}, {"known"})
        self.assertNotIn("change", again)

    def test_json_turns(self):
        turns = [{"role": "user", "content": "I use vim."},
                 {"role": "assistant", "content": [
                     {"type": "text", "text": "I live in the cloud."},
                     {"type": "tool_use", "name": "x", "input": {}}]},
                 {"speaker": "Bob", "text": "I'm a nurse.",
                  "at": "2026-05-01"}]
        reply = self.extract(json.dumps(turns))
        self.assertEqual(self.texts(reply),
                         [("user", "uses vim"), ("bob", "is a nurse")])

    def test_other_languages(self):
        reply = self.extract("Ich wohne in Berlin und mag den Winter nicht.\n"
                             "I live in Rome.")
        self.assertEqual(self.texts(reply), [("user", "lives in Rome")])
        self.assertEqual(reply["lines_not_read"], 1)
        self.assertIn("1 of 2 lines", reply["note"])

    def test_secrets(self):
        key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
        reply = self.extract("I use the token %s for GitHub." % key)
        self.assertNotIn(key, json.dumps(reply))
        self.assertNotIn(key, json.dumps(
            self.c.ok("open_nodes", namespace="p", names=["user"])))

    def test_wrong_date(self):
        reply = self.c.call("auto_extract_facts", namespace="p",
                            conversation_text=TALK, session_date="soonish")
        self.assertEqual((reply["code"], reply["param"]),
                         ("invalid", "session_date"))

    def test_memoryctl(self):
        path = os.path.join(self.db.folder, "talk.txt")
        with open(path, "w", encoding="utf-8") as f:
            f.write(TALK)
        shown = self.db.ctl("extract", "--date", "2026-05-10", path)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("lives in Rome", shown.stdout)
        self.assertIn("4 facts; nothing is stored", shown.stderr)
        kept = self.db.ctl("extract", "--store", "--session", "s1",
                           "--project", "kettle", "-", stdin=TALK)
        self.assertIn("4 stored, 0 known", kept.stderr)
        self.assertIn("decided to use Kafka",
                      self.db.ctl("show", "kettle").stdout)
        again = self.db.ctl("extract", "--store", "--project", "kettle", path)
        self.assertIn("known already", again.stderr)
        none = self.db.ctl("extract", "-", stdin="Nice weather today!",
                           check=False)
        self.assertEqual(none.returncode, 1)
        bad = self.db.ctl("extract", path + ".missing", check=False)
        self.assertEqual(bad.returncode, 111)

    def test_script(self):
        reply = self.c.ok("execute_code", namespace="p", code="""
            local r = memory.auto_extract_facts(
                "Ada: I live in Rome.\\nBob: I'm a nurse.")
            return {r.count, r.facts[1].name, r.stored}""")
        self.assertEqual(reply["result"], [2, "Ada", True])
        (ada,) = self.c.ok("open_nodes", namespace="p",
                           names=["Ada"])["entities"]
        self.assertEqual(ada["observations"], ["lives in Rome"])
