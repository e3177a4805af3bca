#!/usr/bin/env python3
"""Of what use facts were: judged by words, counted beside the log, a small part of
the ranking, figures in the status."""
import json
import sqlite3
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import TestCase, entity, main  # noqa: E402

ASK = "which host has the build cache?"
# Two facts that fit the question about as well.
TWINS = ("the build cache lives on host kestrel",
         "the build cache lives on host merlin")


class Usefulness(TestCase):
    def setUp(self):
        self.db = self.service()
        self.c = self.db.client()

    def tearDown(self):
        self.c.close()
        super().tearDown()

    def fill(self, ns="p", **texts):
        for name, text in texts.items():
            self.c.ok("create_entities", namespace=ns,
                      entities=[entity(name, text)])

    def recall(self, query=ASK, ns="p", **more):
        return self.c.ok("recall", query=query, namespace=ns, **more)

    def judge(self, answer, query=ASK, ns="p", times=1, only=None, **more):
        """Shown, and answered so."""
        for _ in range(times):
            got = self.recall(query, ns)
            facts = {"facts": only} if only else {}
            reply = self.c.ok("judge_use", namespace=ns, asked=query,
                              answer=answer,
                              shown=[{"receipt": got["receipt"], **facts}],
                              **more)
        return reply

    def order(self, **more):
        return [r["name"] for r in self.recall(**more)["results"]]

    def counts(self, ns="p"):
        got = self.c.ok("get_memory_status")["usefulness"]["namespaces"]
        got = got.get(ns)
        return got and (got["used"], got["ignored"], got["contradicted"])

    def ids(self, ns="p"):
        return {r["name"]: r["id"] for r in self.recall(ns=ns)["results"]}


class Judging(Usefulness):
    def test_words_decide(self):
        self.fill(infra=TWINS[0])
        for answer, outcome in (
                ("It is on kestrel.", "used"),
                ("On Kestrel's disk!", "used"),
                ("I ran the tests.", "ignored"),
                # What was asked with is no use of the fact.
                ("Which host has the build cache, you ask?", "ignored"),
                ("", "ignored"),
                ("The build cache no longer lives on host kestrel.",
                 "contradicted"),
                ("The build cache lives on host falcon.", "contradicted"),
                ("Isn't the build cache on host kestrel?", "used")):
            reply = self.judge(answer)
            self.assertEqual(reply["judged"], 1)
            if reply["used"] + reply["ignored"] + reply["contradicted"]:
                self.assertEqual(reply[outcome], 1, answer)
        self.assertEqual(self.counts(), (3, 3, 2))

    def test_the_name_is_what_the_fact_told(self):
        self.fill(kestrel="hosts the build cache")
        self.assertEqual(self.judge("That is kestrel.",
                                    "who hosts the build cache?")["used"], 1)
        self.assertEqual(self.judge("No idea.", "who hosts the build cache?")
                         ["used"], 0)

    def test_other_languages(self):
        self.fill(infra="der Zwischenspeicher liegt auf Rechner Falke")
        ask = "auf welchem Rechner liegt der Zwischenspeicher?"
        self.assertEqual(self.judge("Auf Falke.", ask)["used"], 1)
        self.assertEqual(self.judge(
            "Der Zwischenspeicher liegt nicht auf Rechner Falke.", ask)
            ["contradicted"], 1)

    def test_a_receipt_counts_once(self):
        self.fill(infra=TWINS[0])
        receipt = self.recall()["receipt"]
        for times in range(3):
            got = self.c.ok("judge_use", namespace="p", asked=ASK,
                            answer="On kestrel.", shown=[
                                {"receipt": receipt}, {"receipt": receipt}])
            self.assertEqual(got["judged"], times == 0)
        self.assertEqual(self.counts(), (1, 0, 0))

    def test_the_next_prompt_denies(self):
        self.fill(infra=TWINS[0])
        receipt = self.recall()["receipt"]
        self.c.ok("judge_use", namespace="p", asked=ASK, answer="On kestrel.",
                  shown=[{"receipt": receipt}])
        for prompt, counts in (
                ("Is the build cache not on host kestrel?", (1, 0, 0)),
                ("No, the build cache does not live on host kestrel.",
                 (0, 0, 1)),
                ("No, the build cache does not live on host kestrel.",
                 (0, 0, 1))):
            self.c.ok("judge_use", namespace="p", asked=prompt,
                      answer="I see.", before=[receipt])
            self.assertEqual(self.counts(), counts, prompt)
        self.assertEqual(self.c.ok("verify").get("problems", []), [])

    def test_only_what_was_shown(self):
        self.fill(a=TWINS[0], b=TWINS[1])
        self.judge("nothing", only=[self.ids()["a"]])
        self.assertEqual(self.counts(), (0, 1, 0))
        # What did not fit was no help, and no receipt is none.
        got = self.recall("why do zebras have stripes?")
        self.assertFalse(got["relevant"])
        for receipt in (got["receipt"], "raaaaaaaaaa", "x"):
            self.assertEqual(self.c.ok(
                "judge_use", namespace="p", answer="kestrel",
                shown=[{"receipt": receipt}])["judged"], 0)
        self.assertEqual(self.counts(), (0, 1, 0))

    def test_a_loop_moves_little(self):
        self.fill(infra=TWINS[0])
        self.judge("kestrel kestrel kestrel", times=40)
        self.assertEqual(self.counts(), (8, 0, 0))


class Ranking(Usefulness):
    def test_used_rises_ignored_sinks(self):
        self.fill(a=TWINS[0], b=TWINS[1])
        first, second = self.order()
        low = self.ids()[second]
        self.judge("It is on " + ("kestrel" if second == "a" else "merlin"),
                   only=[low], times=5)
        self.assertEqual(self.order(), [second, first])
        row = self.recall(explain=True)["results"][0]
        self.assertGreater(row["parts"]["useful"], 0)
        # The weight turns it off: in a call, or for the namespace.
        self.assertEqual(self.order(weights={"useful": 0}), [first, second])
        self.c.ok("set_recall_weights", namespace="p", weights={"useful": 0})
        self.assertEqual(self.order(), [first, second])
        self.c.ok("set_recall_weights", namespace="p",
                  weights={"useful": None})
        # What it was of use for says nothing about the past.
        change = self.c.ok("get_memory_status")["last_change"]
        self.assertEqual(self.order(as_of=change), [first, second])

    def test_ignored_sinks_slowly(self):
        self.fill(a=TWINS[0], b=TWINS[1])
        first, second = self.order()
        top = self.ids()[first]
        moved = None
        for i in range(1, 9):
            self.judge("I ran the tests.", only=[top])
            if moved is None and self.order() != [first, second]:
                moved = i
        self.assertEqual(self.order(), [second, first])
        got = self.recall()
        self.assertTrue(got["relevant"])
        self.assertEqual(got["count"], 2)

    def test_never_below_the_floor_nor_above_it(self):
        self.fill(a=TWINS[0], b=TWINS[1],
                  c="a build of all packages takes an hour",
                  d="the cafeteria has a cache of biscuits")
        asks = (ASK, "is a build possible without the network today?",
                "can the cache of this thing be emptied by a script?",
                "why do zebras have stripes?")
        floors = (0, .25, .4, .6)
        def state():
            out = {}
            for ask in asks:
                for floor in floors:
                    for cut in (0, .4, .9):
                        got = self.recall(ask, min_score=floor, cut=cut)
                        out[ask, floor, cut] = (
                            got["relevant"],
                            sorted(r["name"] for r in got["results"]))
                        scores = [r["score"] for r in got["results"]]
                        self.assertEqual(scores,
                                         sorted(scores, reverse=True))
                        self.assertTrue(all(s >= floor - .0006
                                            for s in scores), scores)
            return out
        before = state()
        ids = self.ids()
        for name, answer in (("a", "kestrel"), ("b", "no"), ("c", "hour"),
                             ("d", "I ran the tests")):
            if name in ids:
                self.judge(answer, only=[ids[name]], times=8)
        self.assertGreater(sum(self.counts()), 15)
        self.assertEqual(state(), before)

    def test_a_better_fit_stays_first(self):
        self.fill(a="the build cache lives on host kestrel",
                  b="a host was bought in May")
        ids = self.ids()
        self.judge("I ran the tests.", only=[ids["a"]], times=8)
        self.judge("It was bought in May.", only=[ids.get("b", 0)] if
                   "b" in ids else None, times=8)
        self.assertEqual(self.order()[0], "a")

    def test_another_project_is_not_moved(self):
        for ns in ("p", "q"):
            self.fill(ns, a=TWINS[0], b=TWINS[1])
        first = self.order(ns="q")
        for answer in ("kestrel", "merlin"):
            self.judge(answer, ns="p", times=4)
        self.assertEqual(self.order(ns="q"), first)
        self.assertIsNone(self.counts("q"))
        # Nor by the receipt of one: it is of the namespace that read.
        receipt = self.recall(ns="p")["receipt"]
        self.assertEqual(self.c.ok("judge_use", namespace="q",
                                   answer="kestrel", asked="?",
                                   shown=[{"receipt": receipt}])["judged"], 0)

    def test_the_users_memory_is_judged_by_each_project(self):
        self.fill("default", a=TWINS[0], b=TWINS[1])
        for ns in ("p", "q"):
            self.fill(ns, unrelated="lunch is at noon")
        first, second = self.order(ns="p")
        low = self.ids("p")[second]
        word = "kestrel" if second == "a" else "merlin"
        self.judge(word, only=[low], times=5)
        self.assertEqual(self.order(ns="p"), [second, first])
        self.assertEqual(self.order(ns="q"), [first, second])
        self.assertEqual(self.order(ns="default"), [first, second])

    def test_on_a_branch(self):
        self.fill(a=TWINS[0], b=TWINS[1])
        self.c.ok("memory_branch", namespace="p", action="create", name="x")
        self.c.ok("create_entities", namespace="p", branch="x",
                  entities=[entity("c", "the build cache lives on host owl")])
        got = self.recall(branch="x")
        row = next(r for r in got["results"] if r["name"] == "c")
        self.c.ok("judge_use", namespace="p", branch="x", asked=ASK,
                  answer="On owl.", shown=[{"receipt": got["receipt"],
                                            "facts": [row["id"]]}])
        self.assertEqual(self.counts(), (1, 0, 0))
        self.assertNotIn("c", self.order())
        names = [f.get("name") for f in
                 self.c.ok("usefulness_report", namespace="p")["facts"]]
        self.assertNotIn("c", names)
        names = [f.get("name") for f in
                 self.c.ok("usefulness_report", namespace="p", branch="x")["facts"]]
        self.assertIn("c", names)

    def test_why(self):
        self.fill(a=TWINS[0])
        self.judge("On kestrel.", times=4)
        receipt = self.recall()["receipt"]
        for _ in range(2):      # waiting, then written
            fact, = self.c.ok("memory_why", receipt=receipt)["facts"]
            self.assertGreater(fact["useful"], 0)
            self.assertEqual((fact["used"], fact["ignored"]), (4, 0))
            self.fill(b="x")
        # Where it adds nothing it is not told.
        receipt = self.recall(weights={"useful": 0})["receipt"]
        fact = self.c.ok("memory_why", receipt=receipt)["facts"][0]
        self.assertNotIn("useful", fact)


class Figures(Usefulness):
    def test_status_metrics_and_command(self):
        self.fill(a=TWINS[0])
        self.fill("q", a=TWINS[0])
        self.judge("On kestrel.", times=2)
        self.judge("I ran the tests.", times=3)
        self.judge("On kestrel.", ns="q")
        got = self.c.ok("get_memory_status")["usefulness"]
        self.assertEqual((got["shown"], got["used"], got["ignored"]),
                         (6, 3, 3))
        self.assertEqual(self.counts("p"), (2, 3, 0))
        text = self.c.ok("metrics")["text"]
        self.assertIn("memory_db_facts_shown 6\n", text)
        self.assertIn('memory_db_namespace_facts_used{namespace="p"} 2\n',
                      text)
        out = self.db.ctl("--namespace", "p", "useful").stdout
        self.assertIn("of 5 facts shown 2 were used, 0 contradicted", out)
        self.assertIn("kestrel", out)
        out = self.db.ctl("--namespace", "p", "useful", "--days").stdout
        self.assertIn("DAY", out)
        self.assertIn("of 5 facts 2 were used",
                      self.db.ctl("--namespace", "p", "status").stdout)
        data = json.loads(self.db.ctl("--namespace", "p", "--json", "useful",
                                      "--since", "2001-01-01", "--until",
                                      "2001-12-31").stdout)
        self.assertEqual((data["shown"], data["days"]), (0, []))
        self.assertIn("no fact", self.db.ctl("--namespace", "none",
                                             "useful").stdout)

    def test_a_restart_and_forgetting(self):
        self.fill(a=TWINS[0], b=TWINS[1])
        self.judge("On kestrel.", times=2)
        before = self.counts()
        order = self.order()
        self.c.close()
        self.db.stop()
        self.db.start()
        self.c = self.db.client()
        self.assertEqual(self.counts(), before)
        self.assertEqual(self.order(), order)
        self.c.ok("forget", namespace="p", name="a", confirm=True)
        self.assertEqual(self.counts(), before)     # figures stay
        names = [f.get("name") for f in
                 self.c.ok("usefulness_report", namespace="p")["facts"]]
        self.assertEqual(names, ["b"])
        self.assertEqual(self.c.ok("verify").get("problems", []), [])

    def test_export_and_import(self):
        self.fill(a=TWINS[0], b=TWINS[1])
        self.judge("On kestrel.", times=4, only=[self.ids()["a"]])
        self.judge("I ran the tests.", times=3, only=[self.ids()["b"]])
        log = self.db.folder / "log.jsonl"
        self.db.ctl("export", "--all", "--counters", log)
        other = self.service()
        other.ctl("import", log)
        with other.client() as c:
            got = c.ok("get_memory_status")["usefulness"]["namespaces"]["p"]
            self.assertEqual((got["used"], got["ignored"]), (4, 3))
            one = self.c.ok("usefulness_report", namespace="p")
            two = c.ok("usefulness_report", namespace="p")
            self.assertEqual(one["facts"], two["facts"])
            self.assertEqual(one["days"], two["days"])
            self.assertEqual(c.ok("verify").get("problems", []), [])
        # Again: nothing is counted twice.
        other.ctl("import", log)
        with other.client() as c:
            self.assertEqual(c.ok("usefulness_report", namespace="p")["days"],
                             one["days"])

    def test_namespaces_merge(self):
        self.fill("default", d="the build cache lives on host owl")
        self.fill(a=TWINS[0])
        self.fill("q", z="lunch is at noon")
        self.judge("On kestrel.", times=3)
        used, ignored, against = self.counts()
        more = True
        while more:
            more = self.c.ok("merge_namespaces", **{
                "from": "p", "to": "q"}).get("more")
        self.assertIsNone(self.counts("p"))
        self.assertEqual(self.counts("q"), (used, ignored, against))
        facts = {f["name"]: f for f in
                 self.c.ok("usefulness_report", namespace="q")["facts"]}
        self.assertEqual(facts["a"]["used"], 3)
        self.assertEqual(self.c.ok("verify").get("problems", []), [])


if __name__ == "__main__":
    main()
