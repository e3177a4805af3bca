"""auto_extract_facts: facts of a conversation, through all layers."""
import json
import os

from harness import TestCase, entity, wait_until

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


class Agreement(TestCase):
    """Politeness decides nothing: one of the two must mean it."""

    def decided(self, *lines):
        c = self.service().client()
        return [f["observations"][0] for f in c.ok(
            "auto_extract_facts", conversation_text="\n".join(lines),
            project="app", auto_store=False)["facts"]
            if f["kind"] == "decision"]

    def test_a_suggestion(self):
        for asked in ("What about Kafka for the events?",
                      "Maybe we should use Kafka for the events.",
                      "How about using Kafka for the events?",
                      "I'd suggest Kafka for the events.",
                      "We could use Kafka for the events at some point."):
            for said in ("Sounds good.", "Sure.", "Good idea!", "Ok"):
                self.assertEqual(self.decided(f"Bob: {asked}", f"Ada: {said}"),
                                 [], (asked, said))

    def test_somebody_means_it(self):
        for asked, said in (("Let's use Kafka for events.", "Sounds good!"),
                            ("What about Kafka for events?", "Let's do that."),
                            ("How about Kafka for events?", "Agreed.")):
            self.assertEqual(len(self.decided(f"Bob: {asked}",
                                              f"Ada: {said}")), 1,
                             (asked, said))


def long_talk(people):
    """Three facts each of many people, none like another."""
    return "\n".join(f"{name(k)}: I live in {name(k, 'City')}. I work at "
                     f"{name(k, 'Firm')}. I play the {name(k, 'Horn')}."
                     for k in range(people))


def name(k, first="Person"):
    return first + "".join(chr(97 + k // 26 ** i % 26) for i in range(2))


class InParts(TestCase):
    """What is much is stored in parts, each a change of one run."""

    def setUp(self):
        self.db = self.service()
        self.c = self.db.client(timeout=300)

    def extract(self, people, **params):
        return self.c.ok("auto_extract_facts", namespace="p",
                         session_date="2026-05-10",
                         conversation_text=long_talk(people), **params)

    def count(self):
        return self.c.ok("read_graph", namespace="p", limit=1)["total"]

    def graph(self):
        found, cursor = [], {}
        while True:
            page = self.c.ok("read_graph", namespace="p", limit=200, **cursor)
            found += page["entities"]
            if "next" not in page:
                return [{k: v for k, v in e.items() if k != "version"}
                        for e in found]
            cursor = {"cursor": page["next"]}

    def test_one_run(self):
        self.c.ok("create_entities", namespace="p",
                  entities=[entity("Personaa", "plays chess")])
        before = self.graph()
        reply = self.extract(40)
        self.assertGreaterEqual(reply["count"], 100)
        self.assertEqual(reply["parts"], -(-reply["count"] // 24))
        self.assertEqual({f["status"] for f in reply["facts"]}, {"stored"})
        self.assertEqual(len(reply["entity_ids"]), 40)
        log = self.c.ok("memory_history", namespace="p",
                        limit=50)["changes"]
        self.assertEqual(len(log), 1 + reply["parts"])
        # Again: nothing is stored twice.
        again = self.extract(40)
        self.assertEqual({f["status"] for f in again["facts"]}, {"known"})
        self.assertEqual(len(self.graph()), 40)
        self.c.ok("memory_undo", namespace="p", run=reply["run"])
        self.assertEqual(self.graph(), before)

    def test_few_are_one_change(self):
        reply = self.extract(5)
        self.assertNotIn("run", reply)
        self.c.ok("memory_undo", namespace="p", change=reply["change"])
        self.assertEqual(self.graph(), [])

    def test_a_key_and_a_script(self):
        first = self.extract(30, key="k1")
        again = self.extract(30, key="k1")
        self.assertTrue(again["repeated"])
        self.assertEqual(first["run"], again.get("run", first["run"]))
        self.c.ok("memory_undo", namespace="p", run=first["run"])
        r = self.c.ok("execute_code", namespace="p", timeout_ms=30000,
                      code="return auto_extract_facts(args.text).count",
                      args={"text": long_talk(30)})
        self.assertGreater(r["result"], 24)
        self.assertEqual(len(self.graph()), 30)

    def test_conflicts_of_all_parts(self):
        self.c.ok("create_entities", namespace="p", entities=[
            entity(name(k), "lives in Timbuktu") for k in (0, 39)])
        reply = self.extract(40)
        self.assertEqual({c["existing_entity"] for c in reply["conflicts"]},
                         {name(0), name(39)})
        self.assertEqual(reply["conflict_count"], 2)

    def test_goes_on_after_a_crash(self):
        other = self.db.client()
        request = {"namespace": "p", "session_date": "2026-05-10",
                   "conversation_text": long_talk(80)}
        self.c.request("auto_extract_facts", request)
        wait_until(lambda: other.ok("read_graph", namespace="p",
                                    limit=200)["entities"], why="a part")
        self.db.kill()
        self.db.start()
        self.c = self.db.client(timeout=300)
        reply = self.c.ok("auto_extract_facts", **request)
        self.assertEqual(len(self.graph()), 80)
        self.assertEqual(
            self.c.ok("memory_branch", namespace="p",
                      action="list").get("runs", []), [])
        if "run" in reply:
            self.c.ok("memory_undo", namespace="p", run=reply["run"])

    def test_of_a_protected_main(self):
        self.c.ok("set_namespace_settings", namespace="p",
                  settings={"protect": True})
        agent = self.db.client(timeout=300)
        agent.ok("hello", session="s1", namespace="p", tools="order")
        reply = agent.ok("auto_extract_facts", session_date="2026-05-10",
                         conversation_text=long_talk(20))
        self.assertGreater(reply["parts"], 1)
        self.assertEqual(self.graph(), [])
        staged = self.c.ok("list_staged", namespace="p")["staged"]
        self.assertEqual([s.get("conflicts") for s in staged], [None, None,
                                                                None])
        while not self.c.ok("review_staged", namespace="p", do="approve",
                            all=True)["done"]:
            pass
        self.assertEqual(len(self.graph()), 20)
