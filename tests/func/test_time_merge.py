"""merge(a, b) and merge(b, a) agree on everything that does not conflict.

Two namespaces get the same base. In one, a is written on main and b on a
branch; in the other, b on main and a on the branch. Both are merged, and what
main shows is compared, but for the members that either merge names.

A merge, undo or revert in slices does what one in a whole does: two namespaces
get the same all over; one is merged at once, the other a few facts at a time.

    MERGE_SEEDS=3000 MERGE_FROM=5000 python3 tests/func/test_time_merge.py
    MERGE_SEED=17 ...                                      one seed, told
"""
import json
import os
import random
import unittest

from harness import TestCase, entity

SEEDS = int(os.environ.get("MERGE_SEEDS", 300))
FROM = int(os.environ.get("MERGE_FROM", 1))
ONE = os.environ.get("MERGE_SEED")
NAMES = ["ada", "bob", "cy", "dee", "eve"]
TEXTS = ["likes tea", "likes rum", "is tall", "moved", "sings"]
TYPES = ["person", "place"]
LABELS = ["knows", "near"]
TIERS = ["working", "episodic", "semantic", "procedural"]
SINGLE = {"entityType": "type", "tier": "tier", "pin": "pin", "name": "name"}


def an_op(rng):
    """(method, parameters), by names alone: the same in both copies."""
    name, other = rng.choice(NAMES), rng.choice(NAMES)
    texts = rng.sample(TEXTS, rng.randint(1, 2))
    relation = {"from": name, "to": other,
                "relationType": rng.choice(LABELS)}
    return rng.choice([
        ("create_entities", {"entities": [entity(
            name, *texts, type=rng.choice(TYPES))]}),
        ("add_observations", {"observations": [
            {"entityName": name, "contents": texts}]}),
        ("delete_observations", {"deletions": [
            {"entityName": name, "observations": texts}]}),
        ("delete_entities", {"entityNames": [name]}),
        ("create_relations", {"relations": [relation]}),
        ("delete_relations", {"relations": [relation]}),
        ("update_entity", {"name": name, "tier": rng.choice(TIERS)}),
        ("update_entity", {"name": name, "pin": rng.random() < 0.5}),
        ("update_entity", {"name": name, "entityType": rng.choice(TYPES)}),
        ("rename_entity", {"name": name, "new_name": rng.choice(
            NAMES + ["fay", "gil"])}),
    ])


class Copy:
    """One namespace: base, one side on main, the other on a branch."""

    def __init__(self, test, client, ns, talk):
        self.test, self.client, self.ns, self.talk = test, client, ns, talk
        self.first = {}     # id -> first name

    def call(self, method, **params):
        reply = self.client.call(method, {"namespace": self.ns, **params})
        if self.talk:
            print(self.ns, method, json.dumps(params), "->",
                  json.dumps(reply)[:400], flush=True)
        return reply

    def apply(self, ops, branch, **more):
        told = []
        for method, params in ops:
            reply = self.call(method, branch=branch, **more, **params)
            told.append(reply.get("code"))
            for row in reply.get("results", []):
                if row.get("action") == "created" and "id" in row:
                    self.first.setdefault(row["id"], row["name"])
        return told

    def merge(self):
        """Members in conflict, by the first name of the entity."""
        reply = self.call("memory_merge", branch="b")
        self.test.assertTrue(reply["success"], f"{self.ns}: {reply}")
        return {(c["entity"], c["member"]) for c in reply["conflicts"]}

    def slices(self, method, size, **params):
        """The last reply, the conflicts of all, and the run."""
        conflicts = []
        for _ in range(500):
            reply = self.call(method, sliced=True, slice_facts=size, **params)
            if not reply["success"]:
                return reply, None
            conflicts += reply.get("conflicts", [])
            if reply["done"]:
                return reply, conflicts
        self.test.fail(f"{self.ns}: {method} {params} never ends")

    def view(self):
        """First name -> what main shows of it, and the relations."""
        graph = self.call("read_graph", relations=True, limit=100, fields=[
            "id", "name", "type", "observations", "tier", "pin"])
        self.test.assertNotIn("next", graph)
        first = {e["name"]: self.first[e["id"]] for e in graph["entities"]}
        things = {first[e["name"]]: {
            "name": e["name"], "type": e["type"], "tier": e["tier"],
            "pin": e["pin"], "observations": sorted(e["observations"])}
            for e in graph["entities"]}
        return things, {(first[r["from"]], r["relationType"], first[r["to"]])
                        for r in graph["relations"]}


class MergeModel(TestCase):
    def one(self, client, seed):
        rng = random.Random(seed)
        base, a, b = ([an_op(rng) for _ in range(rng.randint(1, n))]
                      for n in (8, 8, 8))
        # Most of them exist, so that most of what follows does something.
        base = [("create_entities", {"entities": [
            entity(n, *rng.sample(TEXTS, 2), type="person")
            for n in NAMES if rng.random() < 0.8] or [
                entity("ada", "likes tea", type="person")]})] + base
        copies = [Copy(self, client, f"s{seed}.{i}", ONE) for i in (1, 2)]
        told = []
        for copy, main, branch in zip(copies, (a, b), (b, a)):
            at = [copy.apply(base, "main")]
            copy.call("memory_branch", action="create", name="b")
            at += [copy.apply(main, "main"), copy.apply(branch, "b")]
            told.append(at)
        self.assertEqual(told[0], [told[1][0], told[1][2], told[1][1]],
                         f"seed {seed}: the copies differ before the merge")
        conflicts = copies[0].merge() | copies[1].merge()
        views = [copy.view() for copy in copies]
        self.compare(seed, conflicts, *views)
        return len(conflicts)

    def compare(self, seed, conflicts, one, two):
        # Whether it exists at all is in question, and so is all of it.
        open_ = {e for e, member in conflicts if member == "existence"}
        for things, _ in (one, two):
            for who in open_:
                things.pop(who, None)
            for who, member in conflicts:
                if who in things and member in SINGLE:
                    things[who].pop(SINGLE[member], None)
        self.assertEqual(one[0], two[0],
                         f"seed {seed}, conflicts {conflicts}")
        related = [{r for r in relations
                    if not {r[0], r[2]} & open_} for _, relations in
                   (one, two)]
        loose = {e for e, member in conflicts if member == "relation"}
        for r in related[0] ^ related[1]:
            self.assertIn(r[0], loose, f"seed {seed}: {r}, {conflicts}")

    def same(self, what, seed, copies, replies):
        """Both succeeded or neither did, and both show the same."""
        codes = [r.get("code") for r in replies]
        self.assertEqual(codes[0], codes[1], f"seed {seed}: {what}: {replies}")
        views = [copy.view() for copy in copies]
        self.assertEqual(views[0], views[1], f"seed {seed}: {what}")
        return views[0]

    def sliced(self, client, seed):
        rng = random.Random(seed)
        base, a, b = ([an_op(rng) for _ in range(rng.randint(1, n))]
                      for n in (10, 6, 14))
        base = [("create_entities", {"entities": [
            entity(n, *rng.sample(TEXTS, 2), type="person")
            for n in NAMES]})] + base
        size = rng.randint(1, 4)
        copies = [Copy(self, client, f"t{seed}.{i}", ONE) for i in (1, 2)]
        whole, parts = copies
        for copy in copies:
            copy.apply(base, "main")
            copy.call("memory_branch", action="create", name="b")
            copy.apply(a, "main", session=f"{copy.ns} a")
            copy.apply(b, "b")
        before = self.same("before", seed, copies, [{}, {}])
        # Slices make more versions than a whole: one from before.
        name = rng.choice(NAMES)
        got = whole.call("open_nodes", names=[name], fields=["version"])
        version = rng.randint(1, got["entities"][0]["version"]
                              if got["entities"] else 1)
        one = whole.call("memory_undo", session=f"{whole.ns} a")
        two, _ = parts.slices("memory_undo", size, session=f"{parts.ns} a")
        self.same("undo of a session", seed, copies, [one, two])
        if "change" in one:
            one = whole.call("memory_undo", change=one["change"])
            two, _ = parts.slices("memory_undo", size, run=two["run"])
            self.assertEqual(self.same("undo of the undo", seed, copies,
                                       [one, two]), before)
        one = whole.call("memory_merge", branch="b")
        two, conflicts = parts.slices("memory_merge", size, branch="b")
        self.same("merge", seed, copies, [one, two])
        told = [sorted((c["entity"], c["member"], c["ours"], c["theirs"])
                       for c in x) for x in (one["conflicts"], conflicts)]
        self.assertEqual(told[0], told[1], f"seed {seed}: conflicts")
        for key in ("added", "removed", "attributes"):
            self.assertEqual(one[key], two[key], f"seed {seed}: {key}")
        if "change" in one:
            one = whole.call("memory_undo", change=one["change"])
            two, _ = parts.slices("memory_undo", size, run=two["run"])
            self.assertEqual(self.same("undo", seed, copies, [one, two]),
                             before, f"seed {seed}: undo of the merge")
            for copy in copies:     # nothing comes again
                self.assertNotIn("change", copy.call("memory_merge",
                                                     branch="b"))
        one = whole.call("memory_revert", name=name, version=version)
        two, _ = parts.slices("memory_revert", size, name=name,
                              version=version)
        self.same(f"revert {name} {version}", seed, copies, [one, two])
        if ONE is None and seed % 3 == 0:
            one = whole.call("forget", name="ada", confirm=True)
            two, _ = parts.slices("forget", size, name="ada", confirm=True)
            self.same("forget", seed, copies, [one, two])

    def test_in_slices(self):
        db = self.service()
        client = db.client(timeout=60)
        for seed in [int(ONE)] if ONE else range(FROM, FROM + SEEDS // 2):
            try:
                self.sliced(client, seed)
            except Exception:
                print(f"\nseed {seed} failed: MERGE_SEED={seed} tells each "
                      "step", flush=True)
                raise
        db.verify()

    def test_either_way(self):
        seeds = [int(ONE)] if ONE else range(FROM, FROM + SEEDS)
        db = self.service()
        client = db.client(timeout=60)
        conflicts = 0
        for seed in seeds:
            try:
                conflicts += self.one(client, seed)
            except Exception:
                print(f"\nseed {seed} failed: MERGE_SEED={seed} tells each "
                      "step", flush=True)
                raise
        if len(seeds) > 50:
            self.assertGreater(conflicts, len(seeds) // 4)
        db.verify()


if __name__ == "__main__":
    unittest.main()
