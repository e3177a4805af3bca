#!/usr/bin/env python3
"""The thread that asks policy functions, where there is nobody to ask or nothing
can be written: a change then waits unanswered, and is asked about later."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase, entity, main, wait_until  # noqa: E402


class PolicyThread(TestCase):
    def stage(self, db):
        """A change of an agent that waits for the function `gate`."""
        op = db.client()
        op.ok("set_namespace_settings", namespace="p",
              settings={"protect": True})
        op.ok("create_entities", namespace="p",
              entities=[entity("ada", "lives in Rome")])
        op.ok("save_skill", namespace="p", name="gate", code="return 'apply'",
              description="lets all pass")
        op.ok("set_namespace_settings", namespace="p",
              settings={"review_script": {"skill": "gate"}})
        agent = db.client()
        agent.ok("hello", tools="default,order", namespace="p", session="s1",
                 client="agent/1")
        return agent.ok("add_observations", observations=[
            {"entityName": "ada", "contents": ["likes chess"]}])["change"]

    @staticmethod
    def row(db, change):
        with db.client() as c:
            [row] = c.ok("list_staged", namespace="p", change=change,
                         state="all")["staged"]
        return row

    def test_without_scripts_nothing_is_decided(self):
        db = self.service(args=["--no-scripts"])
        change = self.stage(db)
        wait_until(lambda: "policy function was not asked" in
                   db.process.text(), 30, why="it was tried")
        row = self.row(db, change)
        self.assertEqual((row["state"], row.get("by")), ("waiting", None))
        # Over a file that cannot be written nobody is asked: what would come
        # of it could not be stored. Other requests are served.
        db.stop()
        db.args = ["--read-only"]
        db.start()
        for _ in range(100):
            row = self.row(db, change)
        self.assertEqual((row["state"], row.get("by")), ("waiting", None))
        db.stop()
        # With scripts the function decides.
        db.args = []
        db.start()
        row = wait_until(lambda: (r := self.row(db, change)).get("by") and r,
                         60, why="the function is asked")
        self.assertEqual((row["state"], row["by"]),
                         ("approved", "policy function gate"))
        db.verify()

    def test_what_cannot_be_carried_out_holds_nobody_up(self):
        db = self.service(args=["--no-scripts"])
        self.stage(db)
        # A name and a type that come together are a new fact, and the
        # namespace will be full.
        with db.client() as agent:
            agent.ok("hello", tools="default,history,order", namespace="p",
                     session="s2", client="agent/1")
            renamed = agent.ok("rename_entity", name="ada",
                               new_name="ada b")["change"]
        with db.client() as agent:
            agent.ok("hello", tools="default,history,order", namespace="p",
                     session="s3", client="agent/1")
            last = agent.ok("add_observations", observations=[
                {"entityName": "ada", "contents": ["likes tea"]}])["change"]
        with db.client() as op:
            op.ok("update_entity", namespace="p", name="ada",
                  entityType="pilot")
        db.stop()
        db.args = ["--limit-namespace-facts", "1"]
        db.start()
        asked = [wait_until(lambda: (r := self.row(db, n)).get("by") and r, 60,
                            why="the function is asked")
                 for n in (renamed, last)]
        self.assertEqual([r["state"] for r in asked], ["waiting", "approved"])
        self.assertIn("would apply it", asked[0]["note"])
        db.verify()


if __name__ == "__main__":
    main()
