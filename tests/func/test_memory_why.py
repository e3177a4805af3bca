"""memory_why: what was given, with scores, under the state that was read; also
after later writes, after its branch is gone, and after facts were forgotten."""
from harness import TestCase, entity, wait_until

TEA = "drinks green tea"
CELLO = "plays the cello"


class Why(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()
        self.c.ok("create_entities", namespace="p", entities=[
            entity("Ada", TEA, CELLO, type="person"),
            entity("Rob", "drinks black tea", type="person")])

    def recall(self, query="who drinks tea", **params):
        return self.c.ok("recall", query=query, namespace="p", **params)

    def why(self, reply, **params):
        return self.c.ok("memory_why", receipt=reply["receipt"], **params)

    def same(self, reply, why):
        """id, name, text and score of each row, in order."""
        members = ("id", "name", "text", "score")
        self.assertEqual([[f.get(m) for m in members] for f in why["facts"]],
                         [[r[m] for m in members] for r in reply["results"]])
        self.assertGreater(len(why["facts"]), 0)

    def test_exact(self):
        before = self.c.ok("get_memory_status")["last_change"]
        reply = self.recall()
        why = self.why(reply)
        self.same(reply, why)
        self.assertEqual(
            (why["kind"], why["query"], why["namespace"], why["change"],
             why["relevant"]),
            ("recall", "who drinks tea", "p", before, reply["relevant"]))
        self.assertNotIn("branch", why)
        # Only what was given: not what the limits left out.
        for params in ({"limit": 1}, {"min_score": 0.99}, {"max_tokens": 50}):
            reply = self.recall(**params)
            self.same(reply, self.why(reply))
        # Whoever asks, from wherever.
        self.assertEqual(self.why(reply, namespace="other")["facts"],
                         self.why(reply)["facts"])

    def test_later_writes(self):
        first, change = self.recall(), self.why(self.recall())["change"]
        self.c.ok("rename_entity", namespace="p", name="Ada",
                  new_name="Ada L.")
        self.c.ok("delete_observations", namespace="p", deletions=[
            {"entityName": "Ada L.", "observations": [TEA]}])
        self.c.ok("delete_entities", namespace="p", entityNames=["Rob"])
        for _ in range(50):
            self.c.ok("add_observations", namespace="p", observations=[
                {"entityName": "Ada L.", "contents": [f"tea {_}"]}])
        why = self.why(first)
        self.same(first, why)
        self.assertEqual(why["change"], change)
        self.assertEqual({f["text"] for f in why["facts"] if f.get("gone")},
                         {TEA, "drinks black tea"})
        self.assertFalse([f for f in why["facts"] if f.get("forgotten")])
        # It is in the file, too.
        wait_until(lambda: self.restarted_with(first), seconds=20,
                   why="the receipt in the file")
        self.same(first, self.why(first))

    def restarted_with(self, reply):
        self.db.restart()
        self.c = self.db.client()
        return self.c.call("memory_why",
                           receipt=reply["receipt"])["success"]

    def test_past(self):
        old = self.c.ok("get_memory_status")["last_change"]
        self.c.ok("create_entities", namespace="p", mode="replace", entities=[
            entity("Ada", "drinks coffee", type="person")])
        reply = self.recall(as_of=old)
        self.assertIn(TEA, [r["text"] for r in reply["results"]])
        why = self.why(reply)
        self.same(reply, why)
        self.assertEqual(why["change"], old)
        self.assertEqual([f["text"] for f in why["facts"] if f.get("gone")],
                         [TEA])

    def test_branch_that_is_gone(self):
        self.c.ok("memory_branch", namespace="p", action="create", name="try")
        self.c.ok("add_observations", namespace="p", branch="try",
                  observations=[{"entityName": "Ada",
                                 "contents": ["drinks oolong tea"]}])
        self.c.ok("delete_observations", namespace="p", branch="try",
                  deletions=[{"entityName": "Rob",
                              "observations": ["drinks black tea"]}])
        reply = self.recall(branch="try")
        texts = {r["text"] for r in reply["results"]}
        self.assertLessEqual({TEA, "drinks oolong tea"}, texts)
        self.assertNotIn("drinks black tea", texts)
        before = self.why(reply)
        self.same(reply, before)
        self.assertEqual(before["branch"], "try")
        self.assertNotIn("discarded", before)
        self.c.ok("memory_branch", namespace="p", action="discard", name="try")
        why = self.why(reply)
        self.same(reply, why)
        self.assertEqual((why["branch"], why["discarded"]), ("try", True))
        # Another branch of the name is not it.
        self.c.ok("memory_branch", namespace="p", action="create", name="try")
        self.same(reply, self.why(reply))

    def test_branch_that_is_merged(self):
        self.c.ok("memory_branch", namespace="p", action="create", name="try")
        self.c.ok("add_observations", namespace="p", branch="try",
                  observations=[{"entityName": "Ada",
                                 "contents": ["drinks oolong tea"]}])
        reply = self.recall(branch="try")
        self.c.ok("memory_merge", namespace="p", branch="try")
        why = self.why(reply)
        self.same(reply, why)
        self.assertFalse([f for f in why["facts"] if f.get("gone")])

    def test_forgotten(self):
        reply = self.recall("who drinks tea and plays the cello")
        self.c.ok("forget", namespace="p", name="Ada", observation=TEA,
                  confirm=True)
        why = self.why(reply)
        self.assertEqual([f["id"] for f in why["facts"]],
                         [r["id"] for r in reply["results"]])
        self.assertEqual([f["score"] for f in why["facts"]],
                         [r["score"] for r in reply["results"]])
        for row, fact in zip(reply["results"], why["facts"]):
            if row["text"] == TEA:
                self.assertEqual(
                    {k: v for k, v in fact.items()
                     if k not in ("id", "score", "name")},
                    {"forgotten": True, "gone": True})
            else:
                self.assertEqual(fact["text"], row["text"])
                self.assertNotIn("forgotten", fact)
        self.assertNotIn("green", str(why))
        self.c.ok("forget", namespace="p", name="Ada", confirm=True)
        why = self.why(reply)
        self.assertNotIn("Ada", str(why))
        self.assertNotIn("cello", str(why))
        self.assertEqual(sum(f.get("forgotten", False) for f in why["facts"]),
                         2)
        self.assertIn("drinks black tea", str(why))

    def test_context(self):
        reply = self.c.ok("assemble_context", namespace="p",
                          task="tea for Ada")
        why = self.why(reply)
        self.assertEqual(why["kind"], "context")
        for fact in why["facts"]:
            self.assertIn(f"- #{fact['id']} (", reply["context"])
            self.assertIn(fact["text"], reply["context"])
        self.assertEqual(len(why["facts"]), reply["context"].count("- #"))
        self.c.ok("forget", namespace="p", name="Ada", observation=TEA,
                  confirm=True)
        self.assertNotIn("green", str(self.why(reply)))

    def test_from_the_cache(self):
        """An answer kept from before has a receipt of its own."""
        a, b = (self.recall(weights={"use": 0}) for _ in range(2))
        self.assertNotEqual(a["receipt"], b["receipt"])
        self.same(a, self.why(a))
        self.same(b, self.why(b))
        self.assertEqual(self.why(a)["facts"], self.why(b)["facts"])


if __name__ == "__main__":
    import harness
    harness.main()
