"""Weights of recall: the call before the namespace before the configuration
before the default, and never an answer made with other weights."""
import json
import subprocess

from harness import BIN, TestCase, clean_env, entity

TEA = "drinks green tea"


def values(reply):
    return {w["name"]: w["value"] for w in reply["weights"]}


class Weights(TestCase):
    def start(self, **kw):
        self.db = self.service(**kw)
        self.c = self.db.client()
        for ns in ("default", "a", "b"):
            self.c.ok("create_entities", namespace=ns, entities=[
                entity("ada", TEA, type="person")])

    def relevant(self, ns="a", query="green coffee", **params):
        """The threshold `relevant` decides: half of the query is there."""
        return self.c.ok("recall", query=query, namespace=ns,
                         **params)["relevant"]

    def set(self, ns="a", **weights):
        return self.c.ok("set_recall_weights", namespace=ns, weights=weights)

    def test_the_order(self):
        self.start()
        self.assertTrue(self.relevant())
        self.start(args=("--recall-weights", "relevant=0.9, use=0"))
        self.assertFalse(self.relevant())           # configuration
        self.set(relevant=0.1)
        self.assertTrue(self.relevant())            # namespace
        self.assertFalse(self.relevant("b"))        # of that one only
        self.assertFalse(self.relevant("default"))
        self.assertFalse(self.relevant(weights={"relevant": 0.95}))  # call
        self.assertTrue(self.relevant("b", weights={"relevant": 0.05}))
        self.set(relevant=None)
        self.assertFalse(self.relevant())
        self.assertTrue(self.relevant(query="green tea"))

    def test_no_stale_answers(self):
        self.start()
        for _ in range(3):
            self.set(relevant=0.9)
            self.assertEqual([self.relevant() for _ in range(3)], [False] * 3)
            self.set(relevant=0.1)
            self.assertEqual([self.relevant() for _ in range(3)], [True] * 3)
        self.assertGreater(
            self.c.ok("get_memory_status")["recall_cache"]["hits"], 0)
        # A context is made of the same facts.
        def facts():
            return self.c.ok("assemble_context", namespace="a",
                             task="green coffee",
                             sources=["relevant"])["counts"].get("relevant", 0)
        self.assertEqual(facts(), 1)
        self.set(relevant=0.9)
        self.assertEqual(facts(), 0)

    def test_table(self):
        self.start(args=("--recall-weights", "date=1.5"))
        before = values(self.c.ok("recall_weights", namespace="a"))
        rows = {w["name"]: w for w in self.set(hop=0.75)["weights"]}
        self.assertEqual((rows["hop"]["value"], rows["hop"]["from"]),
                         (0.75, "namespace"))
        self.assertEqual((rows["date"]["value"], rows["date"]["from"]),
                         (1.5, "configuration"))
        self.assertEqual((rows["k1"]["value"], rows["k1"]["from"]),
                         (rows["k1"]["default"], "default"))
        self.assertTrue(all(w["about"] for w in rows.values()))
        self.assertEqual(values(self.c.ok("recall_weights", namespace="b")),
                         before)
        self.assertEqual(self.c.ok("get_memory_status")["recall_weights"],
                         {"date": 1.5})
        self.assertEqual(values(self.set(hop=None)), before)

    def test_kept(self):
        self.start()
        self.set(relevant=0.9, hop=0.5)
        log = self.c.ok("export_log", all=True)["lines"]
        self.db.restart()
        self.c = self.db.client()
        self.assertFalse(self.relevant())
        self.c.ok("rename_namespace", **{"from": "a", "to": "z"})
        self.assertFalse(self.relevant("z"))
        self.db.verify()
        other = self.service().client()
        reply = other.ok("import_records", source="log", offset=0,
                         records=log, done=True)
        self.assertEqual(reply["errors"], [])
        got = values(other.ok("recall_weights", namespace="a"))
        self.assertEqual((got["relevant"], got["hop"]), (0.9, 0.5))

    def test_refused(self):
        self.start()
        for weights, text in (({"recensy": 1}, "recency"),
                              ({"hop": -1}, "between"), ({"b": 2}, "between"),
                              ({"hop": "1"}, "number"),
                              ({"nope": None}, "nope")):
            reply = self.c.call("set_recall_weights", weights=weights)
            self.assertEqual((reply["code"], reply["param"]),
                             ("invalid", "weights"))
            self.assertIn(text, reply["error"])
        # All or nothing.
        self.c.fails("invalid", "set_recall_weights",
                     dict(weights={"hop": 0.9, "nope": 1}))
        self.assertEqual(values(self.c.ok("recall_weights"))["hop"], 0.2)

    def test_configuration_is_checked(self):
        program = str(BIN / "memory-db")
        folder = self.folder()
        for text, words in (("recensy=0.1", ("recensy", "recency")),
                            ("recency", ("recency", "number")),
                            ("recency=x", ("recency", "number")),
                            ("hop=0.1,date=99", ("date", "between"))):
            for args, env in ((["--recall-weights", text], {}),
                              ([], {"MEMORY_RECALL_WEIGHTS": text})):
                got = subprocess.run(
                    [program, "--database", str(folder / "m.db"), "--socket",
                     str(folder / "s"), *args], capture_output=True, text=True,
                    env=clean_env(folder, env), timeout=20)
                self.assertEqual(got.returncode, 100, got)
                for word in ("recall-weights", *words):
                    self.assertIn(word, got.stderr)

    def test_environment(self):
        self.start(env={"MEMORY_RECALL_WEIGHTS": "relevant=0.9"})
        self.assertFalse(self.relevant())

    def test_memoryctl(self):
        self.start()
        table = self.db.ctl("--namespace", "a", "weights").stdout
        self.assertIn("recency", table)
        self.assertNotIn("namespace", table)
        table = self.db.ctl("--namespace", "a", "weights", "relevant=0.9",
                            "hop=0.5").stdout
        self.assertRegex(table, r"relevant +0.9 +0.25 +namespace")
        self.assertFalse(self.relevant())
        self.db.ctl("--namespace", "a", "weights", "relevant=")
        self.assertTrue(self.relevant())
        rows = [json.loads(x) for x in self.db.ctl(
            "--namespace", "a", "--json", "weights").stdout.splitlines()]
        self.assertEqual([r["value"] for r in rows if r["name"] == "hop"],
                         [0.5])
        for bad in ("relevant", "relevant=x", "=1"):
            got = self.db.ctl("weights", bad, check=False)
            self.assertEqual(got.returncode, 100)
        got = self.db.ctl("weights", "recensy=1", check=False)
        self.assertIn("recency", got.stderr)


if __name__ == "__main__":
    import harness
    harness.main()
