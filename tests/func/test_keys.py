"""A request with a key happens once: its retry gets the first answer, whatever
became of branches, namespaces, names and texts since, also after a restart."""
import contextlib
import json
import sqlite3

from harness import TestCase, entity, main

SECRET = "zyxwvut-melon"


def without_mark(answer):
    return {k: v for k, v in answer.items() if k not in ("repeated", "id")}


class Keys(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()
        self.addCleanup(lambda: self.c.close())
        self.number = 0

    def once(self, method, **params):
        """The first answer and what would ask for it again."""
        self.number += 1
        params["key"] = f"{self.number} {method}"
        return self.c.ok(method, params), (method, params)

    def again(self, first, asked):
        two = self.c.ok(*asked)
        self.assertTrue(two.get("repeated"), two)
        self.assertNotIn("repeated", first)
        self.assertEqual(without_mark(two), without_mark(first))

    def restart(self):
        self.c.close()
        self.db.kill()
        self.db.start()
        self.c = self.db.client()

    def test_every_write_method(self):
        """The world changes after each; retries are sent at the end."""
        done = []

        def do(method, **params):
            done.append(self.once(method, **params))
            return done[-1][0]

        do("create_entities", entities=[entity("ada", "tea", "chess"),
                                        entity("bob", "go")])
        do("add_observations", observations=[
            {"entityName": "ada", "contents": ["likes " + SECRET]}])
        do("create_relations", relations=[
            {"from": "ada", "to": "bob", "relationType": "knows"}])
        do("delete_observations", deletions=[
            {"entityName": "ada", "observations": ["chess"]}])
        do("delete_relations", relations=[
            {"from": "ada", "to": "bob", "relationType": "knows"}])
        do("update_entity", name="bob", tier="semantic")
        do("rename_entity", name="bob", new_name="robert")
        do("memory_branch", action="create", name="idea")
        do("create_entities", branch="idea", entities=[entity("eve", "x")])
        do("add_observations", branch="idea", observations=[
            {"entityName": "eve", "contents": ["y"]}])
        do("memory_merge", branch="idea")
        do("write_file", name="f", content={"a": 1})
        do("delete_file", name="f")
        do("write_file", name="f", content={"a": 2})
        do("save_skill", name="twice", code="return 2", description="d")
        do("execute_code", code="""
           create_entities{entities = {{name = "lua", entityType = "t",
             observations = {}}}} return 1""")
        last = do("delete_entities", entityNames=["robert"])
        do("memory_undo", change=last["change"])
        do("memory_revert", name="ada", version=1)
        do("create_entities", namespace="p", entities=[entity("m", "in p")])
        do("write_file", namespace="p", name="g", content=7)
        do("rename_namespace", **{"from": "p", "to": "q"})
        do("alias_namespace", alias="r", of="q")
        do("import_records", source="s", offset=0, done=True, records=[
            {"type": "entity", "name": "imp", "entityType": "t",
             "observations": ["one"]}, {"bad": 1}])
        do("memory_branch", action="discard", name="idea")
        # What came later: other values, other names, nothing at all.
        self.c.ok("write_file", name="f", content="later")
        self.c.ok("write_file", name="keep", content="later")
        self.c.ok("delete_entities", entityNames=["lua", "ada", "imp"])
        self.c.ok("memory_branch", action="create", name="idea")
        before = self.c.ok("get_memory_status")["total_changes"]
        for round_ in ("at once", "after a kill"):
            for first, asked in done:
                with self.subTest(round_, method=asked[0]):
                    self.again(first, asked)
            self.restart()
        status = self.c.ok("get_memory_status")
        self.assertEqual(status["total_changes"], before)
        self.assertEqual(self.c.ok("read_file", name="f")["content"], "later")
        self.db.verify()

    def test_forget_takes_the_texts_out_of_answers(self):
        self.c.ok("create_entities", entities=[entity("bob", "go")])
        asked = [self.once("create_entities", entities=[
            entity(SECRET, "o " + SECRET)])]
        asked.append(self.once("add_observations", observations=[
            {"entityName": SECRET, "contents": ["more of " + SECRET]}]))
        asked.append(self.once("execute_code", code=f"""
            add_observations{{observations = {{{{entityName = "bob",
              contents = {{"b"}}}}}}}} return "{SECRET}" """))
        other = self.once("write_file", name="f", content=1)
        plain = self.once("create_entities", entities=[entity("zoe", "z")])
        forget = self.once("forget", name=SECRET, confirm=True)
        for first, again in asked:
            with self.subTest(method=again[0]):
                two = self.c.ok(*again)
                self.assertTrue(two["repeated"])
                self.assertEqual(two["change"], first["change"])
                self.assertNotIn("melon", json.dumps(two))
        for first, again in (other, plain, forget):
            self.again(first, again)
        # nobody came back
        self.assertEqual(self.c.ok("open_nodes", names=[SECRET])["entities"],
                         [])
        self.assertNotIn("melon", json.dumps(
            self.c.ok("search_nodes", query="melon")))
        self.c.close()
        self.db.stop()
        with open(self.db.database, "rb") as file:
            self.assertNotIn(b"melon", file.read())
        self.db.start()
        self.c = self.db.client()

    def test_more_answers_than_are_kept(self):
        """Then the log tells, or nothing is known: never is it done twice."""
        one = self.once("create_entities", entities=[entity("ada", "tea")])
        file = self.once("write_file", name="f", content=1)
        gone = self.once("create_entities", branch=self.branch("b"),
                         entities=[entity("eve", "x")])
        long = self.once("create_entities", entities=[
            entity("e%d" % i, "o") for i in range(900)])
        self.c.close()
        self.db.stop()
        with contextlib.closing(sqlite3.connect(self.db.database)) as sql:
            sql.execute("DELETE FROM answer")
            sql.commit()
        self.db.start()
        self.c = self.db.client()
        self.c.ok("memory_branch", action="discard", name="b")
        self.c.ok("write_file", name="f", content=2)
        self.again(*one)
        self.again(*long)
        for first, asked in (file, gone):
            two = self.c.ok(*asked)
            self.assertTrue(two["repeated"])
            self.assertIn("key", two["note"])
        self.assertEqual(self.c.ok("read_file", name="f")["content"], 2)

    def branch(self, name):
        self.c.ok("memory_branch", action="create", name=name)
        return name

    def test_a_key_is_that_of_one_request(self):
        _, (method, params) = self.once("write_file", name="f", content=1)
        for other in ({"content": 2}, {"name": "g"}, {"namespace": "p"}):
            with self.subTest(other=other):
                error = self.c.fails("invalid", method, {**params, **other})
                self.assertEqual(error["param"], "key")
        self.c.fails("invalid", "delete_file", name="f", key=params["key"])
        # A refused request is none: its key is free.
        self.c.fails("not_found", "add_observations", key="k", observations=[
            {"entityName": "nobody", "contents": ["x"]}])
        self.c.ok("create_entities", key="k", entities=[entity("nobody")])

    def test_a_dry_run_is_no_first_time(self):
        params = {"code": "return write_file{name = 'f', content = 1}",
                  "key": "k"}
        self.c.ok("execute_code", params, dry_run=True)
        first = self.c.ok("execute_code", params)
        self.again(first, ("execute_code", params))


if __name__ == "__main__":
    main()
