"""A plain model of memory through time: sets of facts, copied at each change.

Facts have identities of their own (uids), as the same text may have been added
twice. A state is what one branch shows after one change. Nothing here knows
spans, lenses or SQL; what the rules are is written in merge.h, undo.h, revert.h,
and for names in store/facts/entity_names.c. An entity is known by its first name, as "is" facts
are ("is", entity, type, name).
"""
import copy
import itertools

TIERS = ("working", "episodic", "semantic", "procedural")


class State:
    """uids shown -> facts, and attributes."""

    def __init__(self):
        self.facts = {}     # uid -> (kind, entity, ...)
        self.attrs = {}     # (entity, key) -> value other than 0

    def copy(self):
        new = State()
        new.facts = dict(self.facts)
        new.attrs = dict(self.attrs)
        return new

    def existence(self, entity):
        """(uid, type, name) or None."""
        for uid, f in self.facts.items():
            if f[0] == "is" and f[1] == entity:
                return uid, f[2], f[3]
        return None

    def entities(self):
        return {f[1]: f[3] for f in self.facts.values() if f[0] == "is"}

    def of(self, entity, *kinds):
        return {u: f for u, f in self.facts.items()
                if f[1] == entity and (not kinds or f[0] in kinds)}

    def incoming(self, entity):
        return {u: f for u, f in self.facts.items()
                if f[0] == "rel" and f[3] == entity}

    def find(self, fact):
        for uid, f in self.facts.items():
            if f == fact:
                return uid
        return None

    def marks(self, obs, *kinds):
        """Tags and metadata (note) of an observation: uid -> fact."""
        return {u: f for u, f in self.facts.items()
                if f[0] in (kinds or ("tag", "note")) and f[2] == obs}

    def note(self, obs):
        """(uid, value) of its metadata; (None, None): none."""
        for uid, f in self.marks(obs, "note").items():
            return uid, f[3]
        return None, None

    def drop(self, obs):
        """An observation goes with what is said of it."""
        for uid in (*self.marks(obs), obs):
            self.facts.pop(uid, None)

    def attr(self, entity, key):
        return self.attrs.get((entity, key), 0)

    def view(self, ids):
        """As plain values, to be compared with what the service says."""
        names = self.entities()
        graph = {}
        for entity, name in names.items():
            assert name not in graph
            graph[name] = {
                "id": ids[entity],
                "type": self.existence(entity)[1],
                "tier": TIERS[self.attr(entity, "tier")],
                "pin": bool(self.attr(entity, "pin")),
                "observations": sorted(
                    f[2] for f in self.of(entity, "obs").values()),
                "tags": sorted(
                    (self.facts[f[2]][2], f[3])
                    for f in self.of(entity, "tag").values()),
                "notes": sorted(
                    (self.facts[f[2]][2], f[3])
                    for f in self.of(entity, "note").values())}
        relations = sorted((names.get(f[1]), f[2], names.get(f[3]))
                           for f in self.facts.values() if f[0] == "rel")
        return graph, relations


class Change:
    def __init__(self, id, branch, before, after):
        self.id = id
        self.branch = branch
        self.shown = {u: f for u, f in after.facts.items()
                      if u not in before.facts}
        self.hidden = {u: f for u, f in before.facts.items()
                       if u not in after.facts}
        keys = set(before.attrs) | set(after.attrs)
        self.attrs = {k: before.attrs.get(k, 0) for k in keys
                      if before.attrs.get(k, 0) != after.attrs.get(k, 0)}

    def touched(self):
        return ({f[1] for f in self.shown.values()} |
                {f[1] for f in self.hidden.values()} |
                {k[0] for k in self.attrs})


class Branch:
    def __init__(self, name, parent, fork, state):
        self.name = name
        self.parent = parent
        self.fork = fork
        self.log = [(fork, state)]      # (change, state after it)
        self.ever = set()               # uids it showed or hid itself
        self.set = []                   # (entity, key) it set
        self.touched = {}               # entity -> change
        self.base_at = fork             # of the parent
        self.base = state               # what the last merge saw of it

    @property
    def depth(self):
        return 0 if self.parent is None else self.parent.depth + 1

    def now(self):
        return self.log[-1][1]

    def at(self, change):
        for id, state in reversed(self.log):
            if id <= change:
                return state
        return self.parent.at(change) if self.parent else State()


class Model:
    def __init__(self, start=0):
        self.uids = itertools.count(1)
        self.main = Branch("main", None, start, State())
        self.branches = {"main": self.main}
        self.changes = {}
        self.added_at = {}      # (branch, uid) -> changes that showed it there
        self.ids = {}           # entity -> its id, in order of creation
        self.names = {}         # uid of an "is" fact -> its name
        self.before = {}        # the same -> uid of the one it replaced

    def commit(self, branch, id, state):
        change = Change(id, branch, branch.now(), state)
        branch.log.append((id, state))
        branch.ever |= set(change.shown) | set(change.hidden)
        for key in change.attrs:
            if key not in branch.set:
                branch.set.append(key)
        for entity in change.touched():
            branch.touched[entity] = id
        for uid in change.shown:
            self.added_at.setdefault((branch.name, uid), []).append(id)
        self.changes[id] = change
        return change

    def versions(self, branch, entity):
        """Changes that made a version, as the branch sees them."""
        own = [c.id for c in self.changes.values()
               if c.branch is branch and entity in c.touched()]
        if branch.parent is None:
            return own
        return [c for c in self.versions(branch.parent, entity)
                if c <= branch.fork] + own

    # --- steps on a copy of the state
    def add(self, state, fact):
        """Shows a new fact unless it is there."""
        if state.find(fact) is None:
            state.facts[next(self.uids)] = fact

    # --- names
    def call(self, state, entity, type, name, before=None):
        """Shows a new "is" fact; before: the one it replaced, by itself the
        one shown now. Facts of one name are one link of the chain."""
        old = state.existence(entity)
        if old is not None:
            del state.facts[old[0]]
            before = before or (
                self.before[old[0]] if old[2] == name else old[0])
        uid = next(self.uids)
        state.facts[uid] = ("is", entity, type, name)
        self.names[uid] = name
        self.before[uid] = before

    def aliases(self, uid):
        while self.before[uid] is not None:
            uid = self.before[uid]
            yield self.names[uid]

    def resolve(self, state, name):
        """The existing entity that the name means, or None."""
        was = []
        for uid, f in state.facts.items():
            if f[0] == "is" and f[3] == name:
                return f[1]
            if f[0] == "is" and name in self.aliases(uid):
                was.append(f[1])
        if state.existence(name) is not None:
            return name
        return min(was, key=self.order, default=None)

    def order(self, entity):
        return self.ids[entity]

    def last(self, branch, entity):
        """(change, name): when an entity that is gone vanished from the
        branch, and what it was called; None if it never was there."""
        until, gone = float("inf"), None
        while branch is not None:
            for id, state in reversed(branch.log):
                if id > until or (id == branch.fork and branch.parent):
                    continue
                here = state.existence(entity)
                if here:
                    return gone, here[2]
                gone = id
            until = min(until, branch.fork)
            if branch.parent and branch.log[0][1].existence(entity):
                return gone, branch.log[0][1].existence(entity)[2]
            branch = branch.parent
        return None

    def find(self, branch, state, name):
        """As resolve; else the entity to be created again under the name."""
        entity = self.resolve(state, name)
        if entity is not None:
            return entity
        gone = []
        for e in self.ids:
            last = None if state.existence(e) else self.last(branch, e)
            if last and last[1] == name:
                gone.append((last[0], e))
        if gone:
            return max(gone)[1]
        return name if name in self.ids else None

    def delete_entity(self, state, entity):
        for uid in {**state.of(entity), **state.incoming(entity)}:
            del state.facts[uid]
        for key in ("tier", "pin"):
            state.attrs.pop((entity, key), None)

    def inverse(self, state, changes):
        for c in sorted(changes, key=lambda c: -c.id):
            for uid in c.shown:
                state.facts.pop(uid, None)
            state.facts.update(c.hidden)
            for key, value in c.attrs.items():
                if value:
                    state.attrs[key] = value
                else:
                    state.attrs.pop(key, None)
        return state

    def revert(self, branch, entity, change):
        """The state after it, with what it was at the change; None: another
        entity has its name by now."""
        then, new = branch.at(change), branch.now().copy()
        wanted = then.of(entity)
        for uid, f in wanted.items():
            if f[0] == "is" and uid not in new.facts and any(
                    n == f[3] and e != entity
                    for e, n in new.entities().items()):
                return None
        if not wanted:
            self.delete_entity(new, entity)
            return new
        for uid in new.of(entity):
            if uid not in wanted:
                del new.facts[uid]
        for uid, f in wanted.items():
            if f[0] != "is" and uid not in new.facts:
                if f[0] == "rel" and f[3] != entity and \
                        new.existence(f[3]) is None:
                    continue
            new.facts[uid] = f
        for key in ("tier", "pin"):
            value = then.attr(entity, key)
            if value:
                new.attrs[entity, key] = value
            else:
                new.attrs.pop((entity, key), None)
        return new

    # --- merge
    def merge(self, branch):
        """(state of the parent after it, number of conflicts)."""
        merge = Merge(self, branch)
        merge.run()
        return merge.ours, merge.conflicts

    def merged(self, branch, at):
        branch.base_at = at
        branch.base = branch.now()


class Merge:
    def __init__(self, model, branch):
        self.model = model
        self.branch = branch
        self.base = branch.base
        self.theirs = branch.now()
        self.before = branch.parent.now()
        self.ours = self.before.copy()
        self.conflicts = 0
        self.told = set()
        self.facts = {u: f for s in (self.base, self.theirs, self.before)
                      for u, f in s.facts.items() if u in branch.ever}

    def known(self, uid):
        for state in (self.base, self.theirs, self.ours):
            if uid in state.facts:
                return state.facts[uid]
        return None

    def goes(self, u):
        return u in self.base.facts and u not in self.theirs.facts and \
            u in self.ours.facts

    def comes(self, u):
        return u in self.theirs.facts and u not in self.base.facts and \
            u not in self.ours.facts

    def single(self, b, t, o):
        """Three-way choice of one value."""
        if t in (o, b):
            return o
        if o == b:
            return t
        self.conflicts += 1
        return o

    def taken(self, entity, name):
        return self.model.resolve(self.ours, name) not in (None, entity)

    def existence(self, entity, b, t, o):
        """True: it waits for a name that may come free."""
        b = b or (None, None, None)
        name = o[2]
        if t[2] not in (o[2], b[2]):
            taken = o[2] == b[2] and self.taken(entity, t[2])
            if taken and not self.last_round:
                return True
            self.conflicts += taken
            name = o[2] if taken else self.single(b[2], t[2], o[2])
        type = self.single(b[1], t[1], o[1])
        if (type, name) == o[1:]:
            return False
        if (type, name) == t[1:]:
            del self.ours.facts[o[0]]
            self.ours.facts[t[0]] = ("is", entity, type, name)
        else:
            self.model.call(self.ours, entity, type, name)
        return False

    def new(self, entity, t):
        if not self.taken(entity, t[2]):
            self.ours.facts[t[0]] = ("is", entity, t[1], t[2])
            return False
        if not self.last_round:
            return True
        name, n = f"{t[2]}~{self.branch.name}", 1
        while self.taken(entity, name):
            n += 1
            name = f"{t[2]}~{self.branch.name}~{n}"
        self.conflicts += 1
        self.model.call(self.ours, entity, t[1], name, t[0])
        return False

    def gone(self, entity):
        """Deleted on one side, changed on the other."""
        self.conflicts += entity not in self.told
        self.told.add(entity)

    def changed(self, entity):
        return any((u in self.base.facts) != (u in self.theirs.facts)
                   for u, f in self.facts.items() if f[1] == entity)

    def parent_changed(self, entity):
        parent = self.branch.parent
        if parent.touched.get(entity, 0) > self.branch.base_at:
            return True
        return any(self.shown_at(parent, u) > self.branch.base_at
                   for u in self.ours.incoming(entity))

    def shown_at(self, branch, uid):
        """The newest change at which a branch shows it, or its parent did
        before the fork."""
        until = float("inf")
        while branch is not None:
            at = [c for c in self.model.added_at.get((branch.name, uid), [])
                  if c <= until]
            if at:
                return at[-1]
            until = min(until, branch.fork)
            branch = branch.parent
        return 0

    def entity(self, entity):
        """True: not yet."""
        b = self.base.existence(entity)
        t = self.theirs.existence(entity)
        o = self.ours.existence(entity)
        if t and o:
            if self.existence(entity, b, t, o):
                return True
        elif t and b:
            if self.changed(entity):
                self.gone(entity)
            return False
        elif t:
            if self.new(entity, t):
                return True
        elif not o or not b:
            return False
        elif self.parent_changed(entity):
            self.gone(entity)
            return False
        else:
            self.model.delete_entity(self.ours, entity)
            return False
        mine = sorted((u, f) for u, f in self.facts.items()
                      if f[1] == entity and f[0] == "obs")
        tags = sorted((u, f) for u, f in self.facts.items()
                      if f[1] == entity and f[0] == "tag")
        for u, f in tags:
            if self.goes(u):
                del self.ours.facts[u]
        for u, f in mine:
            if self.goes(u):
                self.ours.drop(u)
        for u, f in mine:
            if self.comes(u) and self.ours.find(f) is None:
                self.ours.facts[u] = f
        for u, f in tags:
            if self.comes(u):
                self.tag(u, f)
        for of in sorted({f[2] for f in self.facts.values()
                          if f[1] == entity and f[0] == "note"}):
            self.note(entity, of)
        return False

    def home(self, of):
        """The fact here, or the one that says the same, or None."""
        return of if of in self.ours.facts else \
            self.ours.find(self.known(of))

    def note(self, entity, of):
        """One value a fact, as the metadata of an entity."""
        home = self.home(of)
        b, _ = self.base.note(of)
        t, theirs = self.theirs.note(of)
        o, ours = self.ours.note(home)
        if t == b or theirs == ours:
            return
        if home is None or (o != b and (home == of or o)):
            self.conflicts += 1
            return
        self.ours.facts.pop(o, None)
        if t:
            u = t if home == of else next(self.model.uids)
            self.ours.facts[u] = ("note", entity, home, theirs)

    def tag(self, u, f):
        home = self.home(f[2])
        if home is None:
            self.conflicts += 1
        elif self.ours.find(("tag", f[1], home, f[3])) is None:
            if home != f[2]:
                u = next(self.model.uids)
            self.ours.facts[u] = ("tag", f[1], home, f[3])

    def run(self):
        waiting = sorted({f[1] for f in self.facts.values()},
                         key=self.model.order)
        self.last_round = False
        while waiting:
            still = [e for e in waiting if self.entity(e)]
            self.last_round = still == waiting
            waiting = still
        for u, f in sorted(self.facts.items()):
            if f[0] != "rel":
                continue
            if self.goes(u):
                del self.ours.facts[u]
            elif self.comes(u):
                if not (self.ours.existence(f[1]) and
                        self.ours.existence(f[3])):
                    self.conflicts += 1
                elif self.ours.find(f) is None:
                    self.ours.facts[u] = f
        for entity, key in self.branch.set:
            b, t, o = (s.attr(entity, key)
                       for s in (self.base, self.theirs, self.ours))
            if self.ours.existence(entity) is None and t != b and \
                    self.base.existence(entity) and \
                    self.theirs.existence(entity):
                self.gone(entity)
            if self.ours.existence(entity) is None or t in (b, o):
                continue
            if o == b:
                self.ours.attrs[entity, key] = t
                continue
            self.conflicts += 1
