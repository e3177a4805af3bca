"""Random operations on random branches against a plain model.

    export PYTHONPATH=tests/lib
    TIME_SEEDS=3000 python3 tests/func/test_time_model.py     more seeds
    TIME_FROM=5000 TIME_STEPS=200 ...                         others, longer
    TIME_SEED=17 python3 tests/func/test_time_model.py        one seed, told

Each seed has a namespace of its own, so that one service takes thousands.
"""
import json
import os
import random
import unittest

from harness import TestCase, entity
from time_model import TIERS, Branch, Model

SEEDS = int(os.environ.get("TIME_SEEDS", 120))
FROM = int(os.environ.get("TIME_FROM", 1))
ONE = os.environ.get("TIME_SEED")
STEPS = int(os.environ.get("TIME_STEPS", 40))
# Small pools: the same text, name or triple comes back again and again.
NAMES = ["ada", "bob", "cy", "dee"]
TEXTS = ["likes green tea", "likes rum", "owns a teapot", "is tall", "moved"]
OTHERS = ["eve", "fay", "gil"]
TYPES = ["person", "place"]
LABELS = ["knows", "near"]
TAGS = ["red", "blue"]


class Run:
    def __init__(self, test, client, seed, talk=False):
        self.test = test
        self.client = client
        self.seed = seed
        self.ns = f"seed{seed}"
        self.rng = random.Random(seed)
        self.talk = talk
        self.model = Model(self.newest())
        self.fresh = 0
        self.undos = []

    def newest(self):
        return self.client.ok("get_memory_status").get("last_change", 0)

    def say(self, *what):
        if self.talk:
            print(*what, flush=True)

    # --- the service
    def call(self, method, **params):
        params.setdefault("namespace", self.ns)
        reply = self.client.call(method, params)
        self.say(method, json.dumps(params), "->", json.dumps(reply)[:300])
        return reply

    def ok(self, method, **params):
        reply = self.call(method, **params)
        self.test.assertTrue(reply.get("success"),
                             f"seed {self.seed}: {method} {params}: {reply}")
        return reply

    def read(self, branch, as_of=None):
        graph, relations, cursor = {}, [], {}
        params = {"branch": branch}
        if as_of is not None:
            params["as_of"] = as_of
        while True:
            r = self.ok("read_graph", relations=True, fields=[
                "id", "name", "type", "facts", "tier", "pin"],
                **params, **cursor)
            for e in r["entities"]:
                self.test.assertNotIn(e["name"], graph)
                graph[e["name"]] = {
                    "id": e["id"], "type": e["type"], "tier": e["tier"],
                    "pin": e["pin"],
                    "observations": sorted(f["text"] for f in e["facts"]),
                    "tags": sorted((f["text"], t) for f in e["facts"]
                                   for t in f.get("tags", [])),
                    "notes": sorted((f["text"], f["metadata"]["v"])
                                    for f in e["facts"] if "metadata" in f)}
            relations += [(x["from"], x["relationType"], x["to"])
                          for x in r["relations"]]
            if not r.get("next"):
                return graph, sorted(relations)
            cursor = {"cursor": r["next"]}

    def check(self, branch, change=None):
        state = branch.now() if change is None else branch.at(change)
        want = state.view(self.model.ids)
        got = self.read(branch.name, change)
        self.test.assertEqual(
            got, want, f"seed {self.seed}: {branch.name} as of {change}")

    def check_search(self, branch, change=None):
        state = branch.now() if change is None else branch.at(change)
        graph, _ = state.view(self.model.ids)
        query = self.rng.choice(["tea", "likes", "a", "perso", "ad", "rum"])
        want = sorted(n for n, e in graph.items() if any(
            query in t for t in [n, e["type"], *e["observations"]]))
        params = {} if change is None else {"as_of": change}
        r = self.ok("search_nodes", query=query, mode="substring", limit=50,
                    branch=branch.name, **params)
        self.test.assertEqual(
            sorted(x["name"] for x in r["results"]), want,
            f"seed {self.seed}: search {query!r} on {branch.name} "
            f"as of {change}")

    def check_names(self, branch, change=None):
        """Each name anybody ever had leads where it should."""
        state = branch.now() if change is None else branch.at(change)
        params = {} if change is None else {"as_of": change}
        for name in sorted({*NAMES, *self.model.names.values()}):
            who = self.model.resolve(state, name)
            r = self.ok("open_nodes", names=[name], branch=branch.name,
                        fields=["id", "name"], **params)
            want = [] if who is None else [
                (self.model.ids[who], state.existence(who)[2])]
            self.test.assertEqual(
                [(e["id"], e["name"]) for e in r["entities"]], want,
                f"seed {self.seed}: name {name!r} on {branch.name} "
                f"as of {change}")

    # --- operations: each returns (reply, expected state) or None
    def pick(self, state):
        """A random existing entity and its name."""
        names = sorted(state.entities().items())
        return self.rng.choice(names) if names else (None, None)

    def op_create(self, branch, new):
        name = self.rng.choice(NAMES)
        texts = self.rng.sample(TEXTS, self.rng.randint(0, 3))
        type = self.rng.choice(TYPES)
        # The name may be an old one, or that of an entity that is gone.
        who = self.model.find(branch, new, name)
        reply = self.ok("create_entities", branch=branch.name,
                        entities=[entity(name, *texts, type=type)])
        if who is None:
            who = name
            self.model.ids[who] = reply["results"][0]["id"]
        self.test.assertEqual(
            reply["results"][0]["id"], self.model.ids[who],
            f"seed {self.seed}: {name} on {branch.name} is another entity")
        if new.existence(who) is None:
            self.model.call(new, who, type, name)
        for t in texts:
            self.model.add(new, ("obs", who, t))
        return reply

    def op_add(self, branch, new):
        who, name = self.pick(new)
        if who is None:
            return None
        texts = self.rng.sample(TEXTS, 2)
        tag = self.rng.choice([None, None, *TAGS])
        reply = self.ok("add_observations", branch=branch.name, observations=[
            {"entityName": name, "contents": [
                {"text": t, "tags": [tag]} if tag else t for t in texts]}])
        for t in texts:
            self.model.add(new, ("obs", who, t))
            if tag:
                self.model.add(new, (
                    "tag", who, new.find(("obs", who, t)), tag))
        return reply

    def op_remove(self, branch, new):
        who, name = self.pick(new)
        if who is None:
            return None
        texts = self.rng.sample(TEXTS, 2)
        reply = self.ok("delete_observations", branch=branch.name, deletions=[
            {"entityName": name, "observations": texts}])
        for t in texts:
            new.drop(new.find(("obs", who, t)))
        return reply

    def op_tag(self, branch, new):
        """An observation gets these tags and no others."""
        all = sorted((u, f) for u, f in new.facts.items() if f[0] == "obs")
        if not all:
            return None
        obs, f = self.rng.choice(all)
        tags = self.rng.sample(TAGS, self.rng.randint(0, 2))
        reply = self.ok("update_entity", branch=branch.name,
                        name=new.existence(f[1])[2], observation=f[2],
                        tags=tags)
        for u, t in new.marks(obs, "tag").items():
            if t[3] not in tags:
                del new.facts[u]
        for t in tags:
            self.model.add(new, ("tag", f[1], obs, t))
        return reply

    def op_note(self, branch, new):
        """The metadata of an observation is set, or taken away."""
        all = sorted((u, f) for u, f in new.facts.items() if f[0] == "obs")
        if not all:
            return None
        obs, f = self.rng.choice(all)
        value = self.rng.choice([None, 1, 2, 3])
        reply = self.ok("update_entity", branch=branch.name,
                        name=new.existence(f[1])[2], observation=f[2],
                        metadata={"v": value} if value else {})
        old, was = new.note(obs)
        if was != value:
            new.facts.pop(old, None)
            if value:
                self.model.add(new, ("note", f[1], obs, value))
        return reply

    def check_tags(self, branch):
        """recall and search with a tag as a filter."""
        graph, _ = branch.now().view(self.model.ids)
        tag = self.rng.choice(TAGS)
        want = sorted((n, t) for n, e in graph.items()
                      for t, x in e["tags"] if x == tag)
        r = self.ok("recall", query="likes owns tall moved", limit=100,
                    tags=[tag], branch=branch.name)
        self.test.assertEqual(
            sorted((x["name"], x["text"]) for x in r["results"]), want,
            f"seed {self.seed}: tag {tag} on {branch.name}")
        r = self.ok("search_nodes", query="", limit=50, tags=[tag],
                    branch=branch.name)
        self.test.assertEqual(sorted(x["name"] for x in r["results"]),
                              sorted({n for n, _ in want}))

    def op_swap(self, branch, new):
        """The same text goes and comes within one entity: another fact."""
        who, name = self.pick(new)
        if who is None:
            return None
        reply = self.ok("create_entities", branch=branch.name, mode="replace",
                        entities=[entity(name, "moved", type="x")])
        for u, f in new.of(who, "obs").items():
            if f[2] != "moved":
                new.drop(u)
        self.model.add(new, ("obs", who, "moved"))
        return reply

    def op_delete(self, branch, new):
        who, name = self.pick(new)
        if who is None:
            return None
        reply = self.ok("delete_entities", branch=branch.name,
                        entityNames=[name])
        self.model.delete_entity(new, who)
        return reply

    def op_relate(self, branch, new):
        a, an = self.pick(new)
        b, bn = self.pick(new)
        if a is None:
            return None
        label = self.rng.choice(LABELS)
        reply = self.ok("create_relations", branch=branch.name, relations=[
            {"from": an, "to": bn, "relationType": label}])
        self.model.add(new, ("rel", a, label, b))
        return reply

    def op_unrelate(self, branch, new):
        rels = sorted((u, f) for u, f in new.facts.items() if f[0] == "rel")
        if not rels:
            return None
        u, f = self.rng.choice(rels)
        names = new.entities()
        reply = self.ok("delete_relations", branch=branch.name, relations=[
            {"from": names[f[1]], "to": names[f[3]], "relationType": f[2]}])
        del new.facts[u]
        return reply

    def op_update(self, branch, new):
        who, name = self.pick(new)
        if who is None:
            return None
        what = self.rng.choice(["tier", "pin", "type"])
        if what == "tier":
            tier = self.rng.randrange(4)
            reply = self.ok("update_entity", branch=branch.name, name=name,
                            tier=TIERS[tier])
            self.set(new, who, "tier", tier)
        elif what == "pin":
            pin = self.rng.random() < 0.5
            reply = self.ok("update_entity", branch=branch.name, name=name,
                            pin=pin)
            self.set(new, who, "pin", int(pin))
        else:
            type = self.rng.choice(TYPES)
            reply = self.ok("update_entity", branch=branch.name, name=name,
                            entityType=type)
            if new.existence(who)[1] != type:
                self.model.call(new, who, type, name)
        return reply

    def set(self, state, who, key, value):
        if value:
            state.attrs[who, key] = value
        else:
            state.attrs.pop((who, key), None)

    def op_rename(self, branch, new):
        who, name = self.pick(new)
        if who is None:
            return None
        self.fresh += 1
        to = self.rng.choice(NAMES + OTHERS + [f"{who}{self.fresh}"])
        other = self.model.find(branch, new, to)
        reply = self.call("rename_entity", branch=branch.name, name=name,
                          new_name=to)
        if other not in (None, who) and (
                new.existence(other) or self.model.last(branch, other)):
            self.test.assertEqual(reply.get("code"), "exists",
                                  f"seed {self.seed}: {name} to {to}: {reply}")
            return {}
        self.test.assertTrue(reply["success"], f"seed {self.seed}: {reply}")
        if to != name:
            self.model.call(new, who, new.existence(who)[1], to)
        return reply

    def op_revert(self, branch, new):
        who, name = self.pick(new)
        versions = self.model.versions(branch, who) if who else []
        if not versions:
            return None
        n = self.rng.randrange(len(versions))
        after = self.model.revert(branch, who, versions[n])
        if after is None:
            reply = self.call("memory_revert", branch=branch.name, name=name,
                              version=n + 1)
            self.test.assertEqual(reply.get("code"), "conflict",
                                  f"seed {self.seed}: {reply}")
            return {}
        dry = self.ok("memory_revert", branch=branch.name, name=name,
                      version=n + 1, dry_run=True)
        self.test.assertNotIn("change", dry)
        reply = self.ok("memory_revert", branch=branch.name, name=name,
                        version=n + 1)
        new.facts, new.attrs = after.facts, after.attrs
        return reply

    # --- undo
    def blockers(self, branch, ids):
        reply = self.ok("memory_undo", branch=branch.name, dry_run=True,
                        changes=sorted(ids))
        return set(reply["blockers"])

    def op_undo(self, branch, new):
        mine = [c for c in self.model.changes.values() if c.branch is branch]
        if not mine:
            return None
        chosen = self.rng.sample(mine, min(len(mine), self.rng.choice(
            [1, 1, 1, 2, 3])))
        if self.rng.random() < 0.5:
            chosen = [mine[-1]]
        ids = {c.id for c in chosen}
        first = self.blockers(branch, ids)
        policy = self.rng.choice(["refuse", "refuse", "cascade", "skip"])
        if chosen == [mine[-1]]:
            self.test.assertEqual(first, set(), f"seed {self.seed}: the "
                                  f"newest change {ids} is blocked")
        if policy == "cascade":
            more = first
            while more:
                ids |= more
                more = self.blockers(branch, ids)
        reply = self.call("memory_undo", branch=branch.name,
                          changes=sorted(c.id for c in chosen),
                          on_conflict=policy)
        if first and policy == "refuse":
            self.test.assertEqual(reply["code"], "conflict")
            return {}
        self.test.assertTrue(reply["success"],
                             f"seed {self.seed}: {reply}")
        changes = [self.model.changes[i] for i in ids]
        if first and policy == "skip":
            self.resync(branch, new, changes)
        else:
            after = self.model.inverse(new.copy(), changes)
            new.facts, new.attrs = after.facts, after.attrs
            self.undos.append((branch, reply.get("change"),
                               branch.now().copy()))
        return reply

    def resync(self, branch, new, changes):
        """What skip leaves alone is its own choice: takes its state, which
        must lie between the two and be whole."""
        before = branch.now()
        full = self.model.inverse(before.copy(), changes)
        graph, relations = self.read(branch.name)
        names = {}
        pool = {**full.facts, **before.facts}
        new.facts = {}
        mine_first = sorted(pool.items(), key=lambda x: (
            x[0] not in before.facts, x[0]))
        for uid, f in mine_first:
            if f[0] == "is" and f[3] in graph and \
                    graph[f[3]]["id"] == self.model.ids[f[1]] and \
                    graph[f[3]]["type"] == f[2] and f[1] not in names:
                new.facts[uid] = f
                names[f[1]] = f[3]
        for uid, f in mine_first:
            if f[0] == "obs" and f[1] in names and f[2] in \
                    graph[names[f[1]]]["observations"] and \
                    new.find(f) is None:
                new.facts[uid] = f
            elif f[0] == "rel" and f[1] in names and f[3] in names and (
                    names[f[1]], f[2], names[f[3]]) in relations and \
                    new.find(f) is None:
                new.facts[uid] = f
        for uid, f in mine_first:
            if f[0] == "tag" and f[2] in new.facts and new.find(f) is None \
                    and (new.facts[f[2]][2], f[3]) in \
                    graph[names[f[1]]]["tags"]:
                new.facts[uid] = f
            if f[0] == "note" and f[2] in new.facts and \
                    not new.marks(f[2], "note") and \
                    (new.facts[f[2]][2], f[3]) in graph[names[f[1]]]["notes"]:
                new.facts[uid] = f
        new.attrs = {}
        for who, name in names.items():
            self.set(new, who, "tier", TIERS.index(graph[name]["tier"]))
            self.set(new, who, "pin", int(graph[name]["pin"]))
        # No read shows those of an entity that is gone: each goes back as
        # far as its newest changes are undone ones.
        ids = {c.id for c in changes}
        for key in set(before.attrs) | set(full.attrs):
            if key[0] in names:
                continue
            value = before.attr(*key)
            for c in sorted(self.model.changes.values(), key=lambda c: -c.id):
                if c.branch is branch and key in c.attrs:
                    if c.id not in ids:
                        break
                    value = c.attrs[key]
            self.set(new, *key, value)

    def undo_the_undo(self):
        """undo(undo(x)) = x, as nothing happened in between."""
        branch, change, state = self.undos[-1]
        if change is None or branch.log[-1][0] != change:
            return
        reply = self.ok("memory_undo", branch=branch.name, change=change)
        if "change" in reply:
            self.model.commit(branch, reply["change"], state)
        self.check(branch)

    # --- branches
    def fork(self):
        parent = self.rng.choice([b for b in self.model.branches.values()
                                  if b.depth < 4])
        name = f"b{len(self.model.branches)}"
        params = {}
        past = self.rng.random() < 0.3 and len(parent.log) > 1
        if past:
            params["at"] = self.rng.choice(parent.log[1:])[0]
        reply = self.ok("memory_branch", action="create", name=name,
                        from_branch=parent.name, **params)
        fork = reply["fork"]
        self.model.branches[name] = Branch(name, parent, fork,
                                           parent.at(fork))
        self.check(self.model.branches[name])

    def merge(self):
        branches = [b for b in self.model.branches.values() if b.parent]
        if not branches:
            return
        branch = self.rng.choice(branches)
        want, conflicts = self.model.merge(branch)
        dry = self.ok("memory_merge", branch=branch.name, dry_run=True)
        self.test.assertNotIn("change", dry)
        self.check(branch.parent)
        reply = self.ok("memory_merge", branch=branch.name)
        self.test.assertEqual(len(reply["conflicts"]), conflicts,
                              f"seed {self.seed}: {reply}")
        if "change" in reply:
            self.model.commit(branch.parent, reply["change"], want)
            self.model.merged(branch, reply["change"])
        self.check(branch.parent)
        if "change" in reply and conflicts == 0:
            again = self.ok("memory_merge", branch=branch.name)
            self.test.assertNotIn("change", again, f"seed {self.seed}: "
                                  "merging twice changed something")

    # --- the run
    OPS = [("create", 6), ("add", 6), ("remove", 5), ("swap", 1),
           ("delete", 2), ("relate", 4), ("unrelate", 2), ("update", 4),
           ("rename", 5), ("revert", 2), ("undo", 4), ("tag", 5), ("note", 3)]

    def step(self):
        dice = self.rng.random()
        if dice < 0.06 and len(self.model.branches) < 6:
            return self.fork()
        if dice < 0.14:
            return self.merge()
        branch = self.rng.choice(list(self.model.branches.values()))
        op = self.rng.choices([n for n, _ in self.OPS],
                              [w for _, w in self.OPS])[0]
        new = branch.now().copy()
        reply = getattr(self, "op_" + op)(branch, new)
        if reply is None:
            return None
        if "change" in reply:
            self.model.commit(branch, reply["change"], new)
        self.check(branch)
        if op == "undo" and "change" in reply and self.undos and \
                self.rng.random() < 0.5:
            self.undo_the_undo()
        if self.rng.random() < 0.3:
            self.check_search(branch)
        if op in ("tag", "undo") or self.rng.random() < 0.1:
            self.check_tags(branch)
        if op in ("rename", "undo") or self.rng.random() < 0.1:
            self.check_names(branch)
        return None

    def past(self):
        """Every past state, on every branch."""
        for branch in self.model.branches.values():
            points = {c for c, _ in branch.log} | {
                c - 1 for c, _ in branch.log}
            for point in sorted(points):
                if point > self.model.main.fork:
                    self.check(branch, point)
            for point in self.rng.sample(sorted(points),
                                         min(4, len(points))):
                if point > self.model.main.fork:
                    self.check_search(branch, point)
                    self.check_names(branch, point)

    def run(self):
        for _ in range(STEPS):
            self.step()
        for branch in self.model.branches.values():
            self.check(branch)
            self.check_search(branch)
            self.check_names(branch)
        self.past()


class TimeModel(TestCase):
    def dump(self, client):
        lines, params = [], {}
        while True:
            reply = client.ok("export_log", all=True, **params)
            lines += reply["lines"]
            if not reply.get("next"):
                return lines
            params = {"cursor": reply["next"]}

    def replay(self, db, client, runs):
        """The log in an empty database: the same chains and states."""
        lines = self.dump(client)
        other = self.service()
        path = other.folder / "log.jsonl"
        path.write_text("".join(json.dumps(x) + "\n" for x in lines))
        other.ctl("import", path, seconds=300)
        self.assertEqual(other.verify()["heads"], db.verify()["heads"])
        again = other.client()
        self.assertEqual(self.dump(again)[1:], lines[1:])
        for run in runs:
            run.client = again
            for branch in run.model.branches.values():
                run.check(branch)
                run.check_search(branch)
                run.check_names(branch)
            run.past()

    def test_against_the_model(self):
        seeds = [int(ONE)] if ONE else range(FROM, FROM + SEEDS)
        db = self.service()
        client = db.client(timeout=60)
        runs = []
        for seed in seeds:
            run = Run(self, client, seed, bool(ONE))
            try:
                run.run()
            except Exception:
                print(f"\nseed {seed} failed: TIME_SEED={seed} "
                      "tells each step", flush=True)
                raise
            if len(runs) < 20:
                runs.append(run)
        db.verify()
        self.replay(db, client, runs)


if __name__ == "__main__":
    unittest.main()
