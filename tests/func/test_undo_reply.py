"""The reply of an undo has a bound, however large what came back is."""
import json

from harness import TestCase, entity

BOUND = 1 << 20
LARGE = 180 * 1024


class Reply(TestCase):
    def undo(self, c, **params):
        reply = c.ok("memory_undo", **params)
        self.assertLess(len(json.dumps(reply)), BOUND)
        return reply

    def test_large_texts(self):
        c = self.service().client()
        for i in range(7):
            c.ok("create_entities", session="s", entities=[
                {"name": "ada", "entityType": "t",
                 "observations": [f"{i} " + "x" * LARGE]}])
        for dry in (True, False):
            reply = self.undo(c, session="s", dry_run=dry)
            # ada and her facts, of which two fit
            self.assertEqual(reply["removed"], 8)
            self.assertIn(len(reply["removed_facts"]), (2, 3))
        back = c.ok("memory_history")["changes"][0]["change"]
        reply = self.undo(c, change=back)
        self.assertEqual(reply["restored"], 8)
        self.assertIn(len(reply["restored_facts"]), (2, 3))

    def test_metadata(self):
        c = self.service().client()
        c.ok("create_entities", entities=[
            {"name": "ada", "entityType": "t", "observations": [
                {"text": f"fact {i}", "metadata": {"k": "v" * 60000}}
                for i in range(40)]}])
        reply = self.undo(c, change=1)
        self.assertEqual(reply["removed"], 81)
        self.assertGreater(len(reply["removed_facts"]), 5)

    def test_changes_of_several_branches(self):
        """None of a list is passed over in silence."""
        c = self.service().client()
        c.ok("create_entities", entities=[entity("ada", "tea")])
        c.ok("memory_branch", action="create", name="b")
        c.ok("add_observations", branch="b", observations=[
            {"entityName": "ada", "contents": ["on b"]}])
        c.ok("add_observations", observations=[
            {"entityName": "ada", "contents": ["on main"]}])
        ids = [x["change"] for x in c.ok("memory_history")["changes"]]
        on_b = c.ok("memory_history", branch="b")["changes"][0]["change"]
        e = c.fails("not_found", "memory_undo", changes=[max(ids), on_b])
        self.assertIn("nothing was undone", e["error"])
        self.assertIn("branch 'b'", e["error"])
        texts = c.ok("open_nodes", names=["ada"])["entities"][0]
        self.assertEqual(texts["observations"], ["tea", "on main"])
        self.assertEqual(self.undo(c, changes=[max(ids)])["removed"], 1)
        self.assertEqual(self.undo(c, changes=[on_b], branch="b")["removed"],
                         1)


if __name__ == "__main__":
    import harness
    harness.main()
