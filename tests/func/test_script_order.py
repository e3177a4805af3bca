"""What keeps a memory in order, called from scripts: detect_conflicts,
resolve_conflict, find_related, classify_content and analyze_patterns in the jail,
on real data, page by page, with their errors."""
from harness import TestCase, entity


class Scripts(TestCase):
    timeout = 120

    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()
        self.c.ok("create_entities", entities=[
            entity("Ada", "lives in Rome", "likes green tea", type="person"),
            entity("Bob", "works at Initech", type="person"),
            entity("Initech", "makes printers in Rome", type="company")])
        self.c.ok("create_relations", relations=[
            {"from": "Bob", "to": "Initech", "relationType": "works at"},
            {"from": "Ada", "to": "Bob", "relationType": "knows"}])

    def run_script(self, code, **params):
        got = self.c.ok("execute_code", code=code, **params)
        return got["result"]

    def test_conflicts_are_found_and_resolved(self):
        self.c.ok("add_observations", on_conflict="queue", observations=[{
            "entityName": "Ada", "contents": ["lives in Oslo"]}])
        code = """
            local told = memory.detect_conflicts("Ada lives in Bern")
            local kinds = {}
            for _, c in ipairs(told.conflicts) do
                kinds[#kinds + 1] = c.existing_entity .. " " .. c.conflict_type
            end
            local queue = memory.list_conflicts()
            local r = memory.resolve_conflict{id = queue.conflicts[1].id,
                strategy = "update", note = "she moved"}
            return {kinds = kinds, queued = #queue.conflicts,
                    success = r.success ~= false,
                    now = memory.open_nodes{"Ada"}.entities[1].observations}"""
        got = self.run_script(code, dry_run=True)
        self.assertEqual(got["queued"], 1)
        # A dry run decides nothing.
        self.assertEqual(self.c.ok("list_conflicts")["conflict_count"], 1)
        got = self.run_script(code)
        self.assertTrue(got["kinds"])
        self.assertEqual({k.split()[0] for k in got["kinds"]}, {"Ada"})
        self.assertIn("lives in Oslo", got["now"])
        self.assertNotIn("lives in Rome", got["now"])
        self.assertEqual(self.c.ok("list_conflicts")["conflict_count"], 0)
        (ada,) = self.c.ok("open_nodes", names=["Ada"])["entities"]
        self.assertNotIn("lives in Rome", ada["observations"])
        self.db.verify()

    def test_nothing_is_at_odds(self):
        got = self.run_script("""
            local r = memory.detect_conflicts{entity_data = {
                name = "Ada", observations = {"plays the cello"}}}
            return {r.conflict_count, #r.conflicts}""")
        self.assertEqual(got, [0, 0])

    def test_related_and_classified(self):
        got = self.run_script("""
            local names, cursor = {}, nil
            repeat
                local r = memory.find_related{entity = "Ada", limit = 1,
                                              cursor = cursor}
                for _, e in ipairs(r.related or r.results or r.entities) do
                    names[#names + 1] = e.name or e.entity
                end
                cursor = r.next
            until not cursor or #names > 10
            local tiers = {}
            for i, text in ipairs{"Always answer in French",
                                  "Zoe lives in Oslo", "hm?"} do
                tiers[i] = memory.classify_content(text).tier
            end
            return {names = names, tiers = tiers}""")
        self.assertEqual(got["names"][0], "Bob")
        self.assertIn("Initech", got["names"])
        self.assertEqual(len(got["names"]), len(set(got["names"])))
        self.assertEqual(got["tiers"], ["procedural", "semantic", "working"])

    def test_patterns_page_by_page(self):
        for k in range(3):
            for text in ("checked out branch {}", "ran the tests of build {}"):
                self.c.ok("create_entities", session=f"s{k}", entities=[
                    entity(f"act {k} {text[:3]}", text.format(k),
                           type="action")])
        got = self.run_script("""
            local all = memory.analyze_patterns().patterns
            local pages, cursor, n = {}, nil, 0
            repeat
                local r = memory.analyze_patterns{limit = 1, cursor = cursor}
                for _, p in ipairs(r.patterns) do pages[#pages + 1] = p.value end
                cursor, n = r.next, n + 1
            until not cursor or n > 50
            local values = {}
            for i, p in ipairs(all) do values[i] = p.value end
            return {all = values, pages = pages, kind = all[1].kind,
                    steps = #all[1].steps}""")
        self.assertEqual(got["all"], got["pages"])
        self.assertGreater(len(got["all"]), 2)
        self.assertEqual((got["kind"], got["steps"]), ("sequence", 2))

    def test_errors_tell_the_script_what_was_wrong(self):
        for call, word in (
                ('detect_conflicts{}', "text"),
                ('detect_conflicts{text = 3}', "text"),
                ('detect_conflicts{text = "x", threshold = 7}', "threshold"),
                ('resolve_conflict{id = 999, strategy = "update"}', "999"),
                ('resolve_conflict{id = 1, strategy = "shout"}', "strategy"),
                ('find_related{entity = "nobody"}', "nobody"),
                ('find_related{}', "entity"),
                ('classify_content{}', "text"),
                ('analyze_patterns{limit = 0}', "limit"),
                ('analyze_patterns{cursor = "nonsense"}', "cursor")):
            got = self.run_script(f"""
                local ok, why = pcall(memory.{call.split("{")[0]},
                                      {{{call.split("{", 1)[1]})
                return {{ok, tostring(why)}}""")
            self.assertFalse(got[0], call)
            self.assertIn(word, got[1], call)
        # What it does not catch fails the script, and nothing is written.
        before = self.c.ok("get_memory_status")["last_change"]
        reply = self.c.call("execute_code", code="""
            memory.create_entities{{name = "x", entityType = "t",
                                    observations = {"y"}}}
            memory.find_related{entity = "nobody"}""")
        self.assertIn("nobody", str(reply))
        self.assertEqual(self.c.ok("get_memory_status")["last_change"], before)

    def test_another_namespace_is_not_seen(self):
        got = self.c.ok("execute_code", namespace="other", code="""
            return {memory.detect_conflicts("Ada lives in Oslo").conflict_count,
                    #memory.analyze_patterns().patterns}""")["result"]
        self.assertIn(got[0], (0, 1))     # `default` is the user's own
        self.assertEqual(got[1], 0)
