"""Tags and metadata of single facts: a mark is a fact of its own, so time,
branches, undo, replay and forgetting hold for it as for any other."""
import json
import sqlite3

from harness import TestCase, entity

TEA = "drinks green tea in the morning"
DOG = "walks the dog at noon"
CAR = "sold the car in spring"


def told(text, *tags, **more):
    return {"text": text, **({"tags": list(tags)} if tags else {}), **more}


class FactTags(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()
        self.c.ok("create_entities", entities=[
            {"name": "ada", "entityType": "person", "tags": ["family"],
             "observations": [told(TEA, "habit", "food",
                                   metadata={"cups": 2}),
                              told(DOG, "habit"), CAR]},
            entity("bob", "drinks tea too", type="person")])

    def facts(self, name="ada", **params):
        reply = self.c.ok("open_nodes", names=[name],
                          fields=["name", "facts"], **params)
        return {f["text"]: f for e in reply["entities"] for f in e["facts"]}

    def tags(self, text, name="ada", **params):
        return self.facts(name, **params)[text].get("tags", [])

    def set(self, text, *tags, name="ada", **params):
        return self.c.ok("update_entity", name=name, observation=text,
                         tags=list(tags), **params)

    def found(self, *tags, query="tea dog car", **params):
        rows = self.c.ok("recall", query=query, tags=list(tags), limit=100,
                         **params)["results"]
        return {r["text"] for r in rows}

    def dump(self):
        lines, params = [], {}
        while True:
            reply = self.c.ok("export_log", all=True, **params)
            lines += reply["lines"]
            if not reply.get("next"):
                return lines
            params = {"cursor": reply["next"]}

    # --- giving and reading
    def test_given_and_read(self):
        facts = self.facts()
        self.assertEqual(facts[TEA]["tags"], ["habit", "food"])
        self.assertEqual(facts[TEA]["metadata"], {"cups": 2})
        self.assertEqual(facts[DOG]["tags"], ["habit"])
        self.assertNotIn("tags", facts[CAR])
        self.assertNotIn("metadata", facts[CAR])
        row = [r for r in self.c.ok("recall", query="green tea")["results"]
               if r["text"] == TEA][0]
        self.assertEqual(row["tags"], ["habit", "food"])
        self.assertEqual(row["metadata"], {"cups": 2})
        self.db.verify()

    def test_metadata_stays_out_of_a_small_budget(self):
        self.set(TEA, "food", metadata={"x": "y" * 60000})
        row = self.c.ok("recall", query="green tea")["results"][0]
        self.assertEqual(len(row["metadata"]["x"]), 60000)
        self.assertNotIn("omitted", row)
        reply = self.c.ok("recall", query="green tea", max_tokens=100)
        row = reply["results"][0]
        self.assertEqual(row["text"], TEA)
        self.assertEqual(row["tags"], ["food"])
        self.assertEqual(row["omitted"], ["metadata"])
        self.assertNotIn("metadata", row)
        self.assertLess(len(json.dumps(reply)), 600)

    def test_given_again(self):
        """A text that is there is not added twice; new tags join."""
        reply = self.c.ok("add_observations", observations=[
            {"entityName": "ada", "contents": [
                told(TEA, "food", "asia", metadata={"cups": 3})]}])
        self.assertEqual(reply["results"][0]["addedObservations"], [])
        self.assertIn("change", reply)
        self.assertEqual(self.tags(TEA), ["habit", "food", "asia"])
        self.assertEqual(self.facts()[TEA]["metadata"], {"cups": 3})
        self.assertNotIn("change", self.c.ok("add_observations", observations=[
            {"entityName": "ada", "contents": [
                told(TEA, "asia", metadata={"cups": 3})]}]))

    def test_refused(self):
        for item, param in ((told(TEA, ""), "tags"),
                            (told(TEA, 7), "tags"),
                            ({"text": TEA, "tags": "x"}, "tags"),
                            ({"text": TEA, "metadata": [1]}, "metadata"),
                            (told(TEA, metadata={"x": "y" * 70000}), None)):
            reply = self.c.call("add_observations", observations=[
                {"entityName": "ada", "contents": [item]}])
            self.assertFalse(reply["success"], item)
            if param:
                self.assertIn(param, reply["error"] + reply["param"])
        self.assertEqual(self.tags(TEA), ["habit", "food"])

    # --- changing
    def test_as_many_as_a_fact_may_have(self):
        many = [f"t{i}" for i in range(100)]
        self.c.ok("update_entity", name="ada", observation=CAR, tags=many)
        self.assertEqual(sorted(self.facts()[CAR]["tags"]), sorted(many))

        def refused(method, **params):
            e = self.c.fails("limit", method, **params)
            self.assertIn("at most 100 tags", e["error"])
        refused("update_entity", name="ada", observation=CAR,
                tags=many + ["more"])
        refused("create_entities", entities=[
            {"name": "ada", "entityType": "person", "observations": [
                {"text": CAR, "tags": ["more"]}]}])
        refused("create_entities", entities=[
            {"name": "new", "entityType": "person", "observations": [
                {"text": CAR, "tags": [str(i) for i in range(10000)]}]}])
        self.assertEqual(sorted(self.facts()[CAR]["tags"]), sorted(many))
        # Others in their place, and those that are there again.
        self.c.ok("update_entity", name="ada", observation=CAR,
                  tags=many[1:] + ["more", "more"])
        self.assertEqual(sorted(self.facts()[CAR]["tags"]),
                         sorted(many[1:] + ["more"]))
        lines = self.db.folder / "lines.jsonl"
        lines.write_text(json.dumps(
            {"type": "entity", "name": "eve", "entityType": "person",
             "observations": [CAR], "provenance": [
                 {"tags": [str(i) for i in range(1000)]}]}) + "\n")
        self.db.ctl("import", lines)
        self.assertEqual(self.tags(CAR, name="eve"),
                         [str(i) for i in range(100)])

    def test_change(self):
        before = self.facts()[TEA]["id"]
        self.assertTrue(self.set(TEA, "food", "drink")["changed"])
        self.assertEqual(self.tags(TEA), ["food", "drink"])
        self.assertFalse(self.set(TEA, "food", "drink")["changed"])
        reply = self.c.ok("update_entity", name="ada", fact=before,
                          metadata={"cups": 1}, tags=[])
        self.assertTrue(reply["changed"])
        fact = self.facts()[TEA]
        self.assertEqual(fact["id"], before)
        self.assertNotIn("tags", fact)
        self.assertEqual(fact["metadata"], {"cups": 1})
        self.c.ok("update_entity", name="ada", fact=before, metadata={})
        self.assertNotIn("metadata", self.facts()[TEA])
        self.db.verify()

    def test_change_refused(self):
        bob = self.facts("bob")["drinks tea too"]["id"]
        for params, code in (
                (dict(observation="no such text", tags=["x"]), "not_found"),
                (dict(fact=bob, tags=["x"]), "not_found"),
                (dict(fact=bob + 1000, tags=["x"]), "not_found"),
                (dict(observation=TEA, fact=bob, tags=["x"]), "invalid"),
                (dict(observation=TEA, tier="semantic"), "invalid"),
                (dict(observation=TEA), "invalid")):
            self.c.fails(code, "update_entity", dict(name="ada", **params))
        self.c.ok("delete_observations", deletions=[
            {"entityName": "bob", "observations": ["drinks tea too"]}])
        self.c.fails("not_found", "update_entity",
                     dict(name="bob", fact=bob, tags=["x"]))

    def test_tags_of_an_entity(self):
        self.c.ok("update_entity", name="ada", metadata={
            "tags": ["family"], "mail": "a@x"})
        self.c.ok("update_entity", name="ada", tags=["work", "work"])
        got = self.c.ok("open_nodes", names=["ada"],
                        fields=["metadata"])["entities"][0]["metadata"]
        self.assertEqual(got, {"tags": ["work"], "mail": "a@x"})
        self.c.ok("update_entity", name="ada", tags=[])
        got = self.c.ok("open_nodes", names=["ada"],
                        fields=["metadata"])["entities"][0]["metadata"]
        self.assertEqual(got, {"mail": "a@x"})

    def test_retry(self):
        for _ in range(2):
            reply = self.set(TEA, "one", key="tags-1")
            self.assertTrue(reply["changed"])
        self.assertEqual(self.tags(TEA), ["one"])

    # --- the filter
    def test_filter(self):
        self.assertEqual(self.found("habit"), {TEA, DOG})
        self.assertEqual(self.found("habit", "food"), {TEA})
        self.assertEqual(self.found("family"), {TEA, DOG, CAR})
        self.assertEqual(self.found("family", "food"), {TEA})
        self.assertEqual(self.found("nosuch"), set())
        for tags, names in ((["habit"], ["ada"]), (["food", "family"], ["ada"]),
                            (["food", "nosuch"], [])):
            reply = self.c.ok("search_nodes", query="tea", tags=tags)
            self.assertEqual([e["name"] for e in reply["results"]], names)
        # Two facts of one entity do not add up.
        self.c.ok("add_observations", observations=[
            {"entityName": "bob", "contents": [told("tea a", "one"),
                                               told("tea b", "two")]}])
        self.assertEqual(self.c.ok("search_nodes", query="tea",
                                   tags=["one", "two"])["count"], 0)

    # --- time
    def test_filter_of_many(self):
        """Each entity is compared with each: 10,000 took a reader until its
        deadline."""
        many = [f"t{i}" for i in range(101)]
        for method in ("recall", "search_nodes"):
            self.assertEqual(self.c.ok(
                method, query="tea", tags=many[:100])["count"], 0)
            e = self.c.fails("invalid", method, query="tea", tags=many)
            self.assertIn("at most 100", e["error"])

    def test_past_and_undo(self):
        change = self.set(TEA, "food")["change"]
        self.assertEqual(self.tags(TEA), ["food"])
        self.assertEqual(self.tags(TEA, as_of=change - 1), ["habit", "food"])
        self.assertEqual(self.found("habit"), {DOG})
        self.assertEqual(self.found("habit", as_of=change - 1), {TEA, DOG})
        undo = self.c.ok("memory_undo", change=change)
        self.assertEqual(undo["restored_facts"], [
            {"entity": "ada", "tag": "habit", "of": TEA}])
        self.assertEqual(undo["removed_facts"], [])
        self.assertEqual(sorted(self.tags(TEA)), ["food", "habit"])
        self.assertEqual(self.found("habit"), {TEA, DOG})
        self.c.ok("memory_undo", change=undo["change"])
        self.assertEqual(self.tags(TEA), ["food"])
        self.c.ok("memory_revert", name="ada", version=1)
        self.assertEqual(sorted(self.tags(TEA)), ["food", "habit"])
        self.db.verify()

    def test_deleted_with_its_fact(self):
        change = self.c.ok("delete_observations", deletions=[
            {"entityName": "ada", "observations": [TEA]}])["change"]
        self.c.ok("add_observations", observations=[
            {"entityName": "ada", "contents": [TEA]}])
        self.assertEqual(self.tags(TEA), [])
        self.c.fails("conflict", "memory_undo", dict(change=change))
        self.c.ok("memory_undo", change=change + 1)
        self.c.ok("memory_undo", change=change)
        self.assertEqual(sorted(self.tags(TEA)), ["food", "habit"])
        change = self.c.ok("delete_entities", entityNames=["ada"])["change"]
        self.c.ok("memory_undo", change=change)
        self.assertEqual(sorted(self.tags(TEA)), ["food", "habit"])
        self.c.ok("create_entities", mode="replace", entities=[
            entity("ada", CAR, type="person")])
        self.assertEqual(list(self.facts()), [CAR])
        self.db.verify()

    def test_undo_meets_tags(self):
        """A tag builds on its fact: undoing the fact alone is refused."""
        made = self.c.ok("add_observations", observations=[
            {"entityName": "bob", "contents": ["likes jam"]}])["change"]
        tagged = self.set("likes jam", "food", name="bob")["change"]
        reply = self.c.call("memory_undo", change=made)
        self.assertEqual(reply["code"], "conflict")
        self.assertIn(str(tagged), reply["error"])
        self.c.ok("memory_undo", change=made, on_conflict="cascade")
        self.assertNotIn("likes jam", self.facts("bob"))
        self.db.verify()
        # A tag does not come back to a fact that is gone.
        made = self.c.ok("add_observations", observations=[
            {"entityName": "bob", "contents": ["likes figs"]}])["change"]
        self.set("likes figs", "food", name="bob")
        off = self.set("likes figs", name="bob")["change"]
        self.c.ok("delete_observations", deletions=[
            {"entityName": "bob", "observations": ["likes figs"]}])
        self.c.fails("conflict", "memory_undo", dict(change=off))

    def test_history_and_diff(self):
        change = self.set(TEA, "food", "hot")["change"]
        got = self.c.ok("memory_history", name="ada", limit=1)["changes"][0]
        self.assertEqual(got["added"], [
            {"entity": "ada", "tag": "hot", "of": TEA}])
        self.assertEqual(got["removed"], [
            {"entity": "ada", "tag": "habit", "of": TEA}])
        self.c.ok("update_entity", name="ada", observation=TEA,
                  metadata={"cups": 5})
        fact = self.facts()[TEA]["id"]
        diff = self.c.ok("memory_diff", **{"from": change - 1}, text=True)
        row = diff["entities"][0]
        self.assertEqual(row["status"], "changed")
        self.assertNotIn("added", row)
        self.assertEqual(row["marks_added"], [
            {"fact": fact, "tag": "hot", "of": TEA},
            {"fact": fact, "metadata": {"cups": 5}, "of": TEA}])
        self.assertEqual(row["marks_removed"], [
            {"fact": fact, "tag": "habit", "of": TEA},
            {"fact": fact, "metadata": {"cups": 2}, "of": TEA}])
        self.assertIn(f"  + #hot of: {TEA}\n", diff["text"])
        self.assertIn(f"#hot of: {TEA}", self.db.ctl("log", "--limit", "5").stdout)
        out = self.db.ctl("diff", "--from", str(change - 1)).stdout
        self.assertIn(f"- #habit of: {TEA}", out)

    # --- branches
    def test_branch_and_merge(self):
        self.c.ok("memory_branch", action="create", name="b")
        self.set(TEA, "food", "new", branch="b")
        self.c.ok("update_entity", name="ada", observation=DOG, branch="b",
                  metadata={"who": "rex"})
        self.c.ok("add_observations", branch="b", observations=[
            {"entityName": "ada", "contents": [
                told("paints", "art", metadata={"oil": True}),
                told("sings", "art")]}])
        self.assertEqual(self.tags(TEA), ["habit", "food"])
        self.assertEqual(self.tags(TEA, branch="b"), ["food", "new"])
        self.assertEqual(self.found("new"), set())
        self.assertEqual(self.found("new", branch="b"), {TEA})
        # Meanwhile on main: another tag, and the same text untagged.
        self.set(TEA, "habit", "food", "main")
        self.c.ok("add_observations", observations=[
            {"entityName": "ada", "contents": [told("sings", "loud")]}])
        self.c.ok("memory_merge", branch="b", dry_run=True)
        reply = self.c.ok("memory_merge", branch="b")
        self.assertEqual(reply["conflicts"], [])
        self.assertEqual(sorted(self.tags(TEA)), ["food", "main", "new"])
        self.assertEqual(self.facts()[DOG]["metadata"], {"who": "rex"})
        self.assertEqual(self.tags("paints"), ["art"])
        self.assertEqual(self.facts()["paints"]["metadata"], {"oil": True})
        self.assertEqual(sorted(self.tags("sings")), ["art", "loud"])
        self.assertNotIn("change", self.c.ok("memory_merge", branch="b"))
        self.db.verify()

    def test_merge_conflicts(self):
        self.c.ok("memory_branch", action="create", name="b")
        self.set(DOG, "habit", "late", branch="b")
        for branch, cups in (("b", 7), ("main", 9)):
            self.c.ok("update_entity", name="ada", observation=TEA,
                      metadata={"cups": cups}, branch=branch)
        self.c.ok("delete_observations", deletions=[
            {"entityName": "ada", "observations": [DOG]}])
        got = self.c.ok("memory_merge", branch="b")["conflicts"]
        fact = self.facts()[TEA]["id"]
        self.assertEqual({x["member"].split()[0] for x in got},
                         {"tag", "metadata"})
        self.assertIn(f"metadata of #{fact}", [x["member"] for x in got])
        self.assertEqual(self.facts()[TEA]["metadata"], {"cups": 9})
        self.assertNotIn(DOG, self.facts())
        self.db.verify()

    def test_merge_takes_what_went(self):
        """Removed on the branch: main's own marks on it go along."""
        self.c.ok("memory_branch", action="create", name="b")
        self.c.ok("delete_observations", branch="b", deletions=[
            {"entityName": "ada", "observations": [TEA]}])
        self.c.ok("update_entity", name="ada", observation=CAR, tags=["past"],
                  metadata={"eur": 900}, branch="b")
        self.c.ok("memory_merge", branch="b")
        self.assertEqual(set(self.facts()), {DOG, CAR})
        self.assertEqual(self.tags(CAR), ["past"])
        self.assertEqual(self.facts()[CAR]["metadata"], {"eur": 900})
        self.assertEqual(self.found("food"), set())
        self.db.verify()

    # --- out and in
    def test_replay(self):
        self.set(TEA, "food", "hot")
        self.c.ok("memory_branch", action="create", name="b")
        self.set(DOG, "x", branch="b")
        self.c.ok("memory_merge", branch="b")
        self.c.ok("forget", name="ada", observation=CAR, confirm=True)
        log = self.dump()
        other = self.service().client()
        got = other.ok("import_records", source="log", offset=0, records=log,
                       done=True)
        self.assertEqual(got["errors"], [])
        self.c, mine = other, self.c
        self.assertEqual(self.dump()[0]["heads"], log[0]["heads"])
        self.assertEqual(self.dump()[1:], log[1:])
        self.assertEqual(self.tags(TEA), ["food", "hot"])
        self.assertEqual(self.found("x"), {DOG})
        self.c = mine

    def test_current_state(self):
        out = self.folder()
        for command in (("export", "--current", str(out / "s.jsonl")),):
            self.db.ctl(*command)
        other = self.service()
        other.ctl("import", str(out / "s.jsonl"))
        self.db, self.c = other, other.client()
        facts = self.facts()
        self.assertEqual(facts[TEA]["tags"], ["habit", "food"])
        self.assertEqual(facts[TEA]["metadata"], {"cups": 2})
        self.assertEqual(self.found("habit"), {TEA, DOG})
        changes = self.c.ok("get_memory_status")["total_changes"]
        other.ctl("import", "--restart", str(out / "s.jsonl"), check=False)
        self.assertEqual(self.c.ok("get_memory_status")["total_changes"],
                         changes)
        other.verify()

    def test_moved_namespace(self):
        self.c.ok("create_entities", namespace="old", entities=[
            {"name": "zoe", "entityType": "person", "observations": [
                told("rows a boat", "sport", metadata={"n": 1})]}])
        while self.c.ok("merge_namespaces", **{
                "from": "old", "to": "default"}).get("more"):
            pass
        fact = self.facts("zoe")["rows a boat"]
        self.assertEqual((fact["tags"], fact["metadata"]),
                         (["sport"], {"n": 1}))
        self.db.verify()

    # --- forgetting
    def test_forget(self):
        self.set(TEA, "food", "xanadu")
        self.c.ok("update_entity", name="ada", observation=TEA,
                  metadata={"place": "xanadustan"})
        self.set(TEA, "food")
        self.set(DOG, "xanaduesque")
        reply = self.c.ok("forget", name="ada", observation=TEA, confirm=True)
        self.assertGreaterEqual(reply["facts"], 5)
        self.assertEqual(set(self.facts()), {DOG, CAR})
        self.assertEqual(self.tags(DOG), ["xanaduesque"])
        self.db.verify()
        self.db.stop()
        data = b"".join(p.read_bytes()
                        for p in self.db.database.parent.iterdir()
                        if p.name.startswith(self.db.database.name))
        rows = sqlite3.connect(self.db.database).execute(
            "SELECT count(*) FROM fact WHERE kind IN (4, 5) AND "
            "body IS NOT NULL").fetchone()
        self.assertEqual(rows, (2,))    # those of DOG, past and present
        self.assertNotIn(b"xanadustan", data)
        labels = {t for t, in sqlite3.connect(self.db.database).execute(
            "SELECT text FROM label")}
        self.assertNotIn("xanadu", labels)
        self.assertLessEqual({"xanaduesque", "habit"}, labels)

    def test_verify_sees_what_was_altered(self):
        """A tag moved to another fact, or lost from its index."""
        facts = self.facts()
        self.db.stop()
        for sql in (f"UPDATE fact SET supersedes = {facts[CAR]['id']} "
                    "WHERE kind = 4 AND id = ?",
                    "UPDATE fact SET same = same + 1 WHERE id = ?"):
            db = sqlite3.connect(self.db.database)
            db.execute("SAVEPOINT x")
            tag, = db.execute("SELECT max(id) FROM fact WHERE kind = 4"
                              ).fetchone()
            before = db.execute("SELECT supersedes, same FROM fact WHERE "
                                "id = ?", (tag,)).fetchone()
            db.execute(sql, (tag,))
            db.commit()
            self.db.start()
            self.c = self.db.client()
            problems, params = [], {}
            while params is not None:
                reply = self.c.ok("verify", **params)
                problems += reply["problems"]
                params = {"cursor": reply["next"]} if reply.get("next") \
                    else None
            self.assertTrue(any(f"fact {tag} " in p["detail"]
                                for p in problems), problems)
            self.db.stop()
            db.execute("UPDATE fact SET supersedes = ?, same = ? "
                       "WHERE id = ?", (*before, tag))
            db.commit()
            db.close()
        self.db.start()
        self.db.verify()

    def test_forget_many_tags(self):
        """Every one of them goes, however many there are."""
        self.c.ok("create_entities", entities=[
            {"name": "zed", "entityType": "t", "observations": [
                told(f"fact {i}", f"secret{i}", f"hidden{i}")
                for i in range(150)]}])
        self.c.ok("forget", name="zed", confirm=True)
        self.db.verify()
        self.db.stop()
        labels = [t for t, in sqlite3.connect(self.db.database).execute(
            "SELECT text FROM label")]
        self.assertEqual([t for t in labels if t.startswith(("sec", "hid"))],
                         [])

    def test_memoryctl(self):
        self.db.ctl("add", "--tags", "food,fish", "bob", "eats herring",
                    "drinks tea too")
        self.assertEqual(self.tags("eats herring", "bob"), ["food", "fish"])
        self.assertEqual(self.tags("drinks tea too", "bob"), ["food", "fish"])
        shown = self.db.ctl("show", "bob").stdout
        self.assertIn("- eats herring  #food #fish\n", shown)
        self.assertIn('- %s  #habit #food  {"cups":2}\n' % TEA,
                      self.db.ctl("show", "ada").stdout)
        self.assertIn("bob", self.db.ctl("search", "--tags", "food,fish",
                                         "herring").stdout)
        self.assertEqual(self.db.ctl("search", "--tags", "food,habit",
                                     "herring", check=False).returncode, 1)

    def test_in_scripts(self):
        got = self.c.ok("execute_code", code="""
            memory.update_entity{name="ada", observation=%s, tags={"lua"}}
            local e = memory.open_nodes{names={"ada"}, fields={"facts"}}
            return e.entities[1].facts[2].tags""" % json.dumps(DOG))
        self.assertEqual((got["outcome"], got["result"]), ("ok", ["lua"]))
        self.assertEqual(self.tags(DOG), ["lua"])


if __name__ == "__main__":
    import harness
    harness.main()
