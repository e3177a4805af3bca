"""Names belong to a branch and a time."""
import sqlite3

from harness import TestCase, entity
from old_schema import back_to


class Names(TestCase):
    def setUp(self):
        self.db = self.service()
        self.client = self.db.client()
        self.make("x", "first")
        self.client.ok("memory_branch", action="create", name="b")

    def make(self, name, text, **params):
        return self.client.ok("create_entities", entities=[
            entity(name, text)], **params)["results"][0]

    def rename(self, name, to, **params):
        return self.client.ok("rename_entity", name=name, new_name=to,
                              **params)

    def who(self, name, **params):
        """(present name, observations) of what a name leads to."""
        got = self.client.ok("open_nodes", names=[name], **params)["entities"]
        return (got[0]["name"], got[0]["observations"]) if got else None

    def test_a_rename_holds_where_it_was_made(self):
        before = self.rename("x", "y", branch="b")["change"] - 1
        self.assertEqual(self.who("y", branch="b"), ("y", ["first"]))
        self.assertEqual(self.who("x", branch="b"), ("y", ["first"]))
        self.assertEqual(self.who("x"), ("x", ["first"]))
        self.assertIsNone(self.who("y"))
        self.assertIsNone(self.who("y", branch="b", as_of=before))
        error = self.client.call("add_observations", {"observations": [
            {"entityName": "y", "contents": ["lost?"]}]})["error"]
        self.assertNotIn("similar: 'y'", error)
        # Found by the name, and by no other.
        self.assertEqual(self.client.ok(
            "search_nodes", query="y", branch="b")["count"], 1)
        self.assertEqual(self.client.ok("search_nodes", query="y")["count"], 0)
        self.client.ok("memory_merge", branch="b")
        self.assertEqual(self.who("y"), ("y", ["first"]))
        self.assertEqual(self.who("x"), ("y", ["first"]))
        self.assertIsNone(self.who("y", as_of=before))
        self.db.verify()

    def test_older_names_come_along(self):
        self.rename("x", "y", branch="b")
        self.rename("y", "z", branch="b")
        reply = self.client.ok("memory_merge", branch="b")
        for name in ("x", "y", "z"):
            self.assertEqual(self.who(name), ("z", ["first"]))
        got = self.client.ok("open_nodes", names=["z"], fields=["aliases"])
        self.assertEqual(got["entities"][0]["aliases"], ["x", "y"])
        self.client.ok("memory_undo", change=reply["change"])
        self.assertEqual(self.who("x"), ("x", ["first"]))
        self.assertIsNone(self.who("y"))
        self.assertIsNone(self.who("z"))

    def test_a_name_taken_on_the_target(self):
        self.rename("x", "y", branch="b")
        other = self.make("y", "second")
        self.assertEqual(other["action"], "created")
        reply = self.client.ok("memory_merge", branch="b")
        self.assertEqual(reply["conflicts"], [
            {"entity": "x", "member": "name", "ours": "x", "theirs": "y"}])
        self.assertEqual(self.who("x"), ("x", ["first"]))
        self.assertEqual(self.who("y"), ("y", ["second"]))
        self.assertEqual(self.who("y", branch="b"), ("y", ["first"]))
        row = sqlite3.connect(self.db.database).execute(
            "SELECT entity_id, conflicting_entity_id FROM conflicts"
        ).fetchall()
        self.assertEqual(row, [(1, other["id"])])
        again = self.client.ok("memory_merge", branch="b")
        self.assertNotIn("change", again)
        self.db.verify()

    def test_a_new_entity_whose_name_is_taken(self):
        self.rename("x", "y")
        self.make("y", "another", branch="b")
        self.client.ok("create_relations", branch="b", relations=[
            {"from": "y", "to": "x", "relationType": "knows"}])
        reply = self.client.ok("memory_merge", branch="b")
        self.assertEqual(reply["conflicts"], [
            {"entity": "y", "member": "name", "ours": "y~b", "theirs": "y"}])
        self.assertEqual(self.who("y"), ("y", ["first"]))
        self.assertEqual(self.who("y~b"), ("y~b", ["another"]))
        graph = self.client.ok("read_graph", relations=True)
        self.assertEqual([(r["from"], r["to"]) for r in graph["relations"]],
                         [("y~b", "y")])
        self.assertNotIn("change", self.client.ok("memory_merge", branch="b"))
        self.client.ok("memory_undo", change=reply["change"])
        self.assertIsNone(self.who("y~b"))
        self.db.verify()

    def test_undo_and_revert_never_give_one_name_twice(self):
        change = self.rename("x", "y")["change"]
        undone = self.client.ok("memory_undo", change=change)["change"]
        self.assertIsNone(self.who("y"))
        self.make("other", "second")
        taken = self.rename("other", "y")["change"]
        reply = self.client.call("memory_undo", {"change": undone})
        self.assertEqual(reply["code"], "conflict")
        self.assertIn(str(taken), reply["error"])
        reply = self.client.call("memory_revert", {"name": "x", "version": 2})
        self.assertEqual(reply["code"], "conflict")
        self.assertIn("'y'", reply["error"])
        self.client.ok("memory_undo", change=undone, on_conflict="cascade")
        self.assertEqual(self.who("y"), ("y", ["first"]))
        self.assertEqual(self.who("other"), ("other", ["second"]))
        self.db.verify()

    def test_a_name_that_leads_to_another(self):
        self.rename("x", "y")
        self.make("z", "second")
        for name, says in (("y", "exists already"), ("x", "name of 'y'")):
            reply = self.client.call("rename_entity", {
                "name": "z", "new_name": name})
            self.assertEqual((reply["code"], reply["param"]),
                             ("exists", "new_name"))
            self.assertIn(says, reply["error"])

    def test_erased_on_every_branch(self):
        self.rename("x", "y", branch="b")
        reply = self.client.ok("forget", name="y", confirm=True)
        self.assertEqual(reply["facts"], 3)
        self.assertIsNone(self.who("x"))
        self.assertIsNone(self.who("y", branch="b"))
        self.assertEqual(sqlite3.connect(self.db.database).execute(
            "SELECT * FROM alias").fetchall(), [])
        self.db.verify()

    def test_a_merged_fact_says_where_it_is_from(self):
        said = self.client.ok("add_observations", branch="b", session="s7",
                              observations=[{"entityName": "x", "contents": [
                                  "second"]}])["change"]
        merged = self.client.ok("memory_merge", branch="b", session="s8")
        self.client.ok("memory_undo", change=self.client.ok(
            "memory_undo", change=merged["change"])["change"])
        got = self.client.ok("open_nodes", names=["x"], fields=["facts"])
        self.assertEqual([(f["change"], f.get("session"))
                          for f in got["entities"][0]["facts"]],
                         [(1, None), (said, "s7")])

    def test_a_file_from_before(self):
        """Other names up to schema 3 were one entity's, everywhere."""
        self.rename("x", "y")
        self.db.stop()
        con = sqlite3.connect(self.db.database)
        for sql in back_to(4):
            con.execute(sql)
        con.executescript("""
            DROP TABLE alias;
            CREATE TABLE alias(ns INTEGER NOT NULL, name TEXT NOT NULL,
              entity INTEGER NOT NULL REFERENCES entity,
              PRIMARY KEY(ns, name)) STRICT, WITHOUT ROWID;
            CREATE INDEX alias_entity ON alias(entity);
            INSERT INTO alias VALUES(1, 'y', 1), (1, 'old', 1);
            PRAGMA user_version = 3;""")
        con.close()
        self.db.start()
        self.client = self.db.client()
        for name in ("x", "y", "old"):
            self.assertEqual(self.who(name), ("y", ["first"]))
        self.assertEqual(self.who("old", branch="b"), ("x", ["first"]))
        self.db.verify()
