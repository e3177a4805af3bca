"""Clients that know what must be there after a crash.

An actor works on names of its own, one request at a time. Before each request
it notes what the names hold should the request succeed:

    known    {(branch, name): texts}   what was acknowledged
    pending  the same of the request under way

The service dies. What an actor then reads must be `known`, and of the request
under way either all of it or none: what was acknowledged is there, nothing is
there by halves, and nothing that nobody wrote.

Each actor has a generator `steps` that goes through one small story (make a
branch, write on it, merge it). A crash ends the story where it is.
"""
import random
import threading

from harness import Client

MAIN = "main"
# What a dying or starting service does to a connection.
GONE = (ConnectionError, OSError, TimeoutError)


class Lost(Exception):
    """Something acknowledged is not there, or something is there by halves."""


class Refused(Exception):
    """An error answer where none is expected."""


class Actor:
    kind = "none"
    namespace = "p0"

    def __init__(self, number, seed):
        self.number = number
        self.random = random.Random(f"{seed} {self.kind} {number}")
        self.known, self.pending = {}, {}
        self.fresh = set()      # keys to look at after this round
        self.count = 0
        self.acked = self.unsure = self.kept = 0
        self.key = None         # of the request under way, to send it again
        self.thread = None
        self.failure = None

    # --- one round --------------------------------------------------------
    def start(self, socket_path):
        self.going, self.path = True, socket_path
        self.thread = threading.Thread(target=self.run, args=(socket_path,),
                                       daemon=True)
        self.thread.start()

    def run(self, socket_path):
        try:
            self.client = Client(socket_path, timeout=60)
        except OSError:
            return
        try:
            self.begin()
            while self.going:
                for _ in self.steps():
                    if not self.going:
                        break
        except GONE:
            pass
        except AssertionError as e:
            if not str(e).startswith("half a reply"):
                self.failure = e
        except Exception as e:
            self.failure = e
        finally:
            self.client.close()

    def end(self):
        """After the service has died."""
        self.going = False
        self.thread.join(120)
        if self.thread.is_alive():
            raise Lost(f"{self}: its request never ended")
        if self.failure:
            raise self.failure

    def begin(self):
        """First requests of a connection."""

    def steps(self):
        raise NotImplementedError

    def __str__(self):
        return f"{self.kind} {self.number}"

    # --- requests -----------------------------------------------------------
    def name(self, word="e"):
        self.count += 1
        return f"{self.kind}{self.number} {word}{self.count}"

    def ask(self, method, after=None, branch=MAIN, client=None,
            merged=None, **params):
        """One request; after: {name: texts} when it was acknowledged."""
        self.pending = {(branch, n): t if t is None else tuple(sorted(t))
                        for n, t in (after or {}).items()}
        self.fresh |= set(self.pending)
        if self.pending:
            self.key = f"{self} {self.random.randrange(1 << 60)}"
            params["key"] = self.key
        if branch != MAIN:
            params["branch"] = branch
        if merged:              # the branch that comes into main
            params["branch"] = merged
        params.setdefault("namespace", self.namespace)
        self.last = method, params
        reply = (client or self.client).call(method, params, timeout=120)
        if not reply.get("success"):
            if reply.get("code") in ("busy", "unknown_outcome"):
                return None
            raise Refused(f"{self}: {method} {params} -> {reply}")
        self.known.update(self.pending)
        self.acked += bool(self.pending)
        self.pending = {}
        return reply

    # --- after a crash --------------------------------------------------------
    def look(self, client, everything=False):
        """Raises Lost, or takes over what became of the last request."""
        keys = set(self.known) | set(self.pending) if everything else \
            self.fresh | set(self.pending)
        there = self.read(client, keys)
        for key in keys - set(self.pending):
            if there.get(key) != self.known.get(key):
                raise Lost(f"{self}: {key} holds {there.get(key)}, "
                           f"acknowledged was {self.known.get(key)}")
        self.settle(client, there)
        self.fresh = set()

    def settle(self, client, there):
        if not self.pending:
            return
        before = all(there.get(k) == self.known.get(k) for k in self.pending)
        after = all(there.get(k) == v for k, v in self.pending.items())
        if not before and not after:
            raise Lost(f"{self}: {self.last} is there by halves: "
                       f"{[there.get(k) for k in self.pending]}")
        self.unsure += 1
        self.kept += after
        if after:
            self.known.update(self.pending)
        elif self.random.random() < .5:
            self.again(client)
        self.pending = {}

    def again(self, client):
        """As the client libraries do: the same request with its key."""
        method, params = self.last
        reply = client.call(method, params)
        if reply.get("success"):
            self.known.update(self.pending)
            there = self.read(client, set(self.pending))
            if any(there.get(k) != v for k, v in self.pending.items()):
                raise Lost(f"{self}: {self.last} sent again is not there")

    def read(self, client, keys):
        there = {}
        for branch in {b for b, _ in keys}:
            # A relation is read with its ends.
            names = sorted({end for b, n in keys if b == branch
                            for end in n.split(" -> ")})
            for i in range(0, len(names), 200):
                self.read_names(client, branch, names[i:i + 200], there)
        return there

    def read_names(self, client, branch, names, there):
        params = {"names": names, "namespace": self.namespace}
        if branch != MAIN:
            params["branch"] = branch
        while True:
            reply = client.call("open_nodes", params)
            if not reply.get("success"):
                if branch != MAIN and reply.get("code") == "not_found":
                    return      # the branch was never acknowledged
                raise Refused(f"{self}: open_nodes -> {reply}")
            for e in reply["entities"]:
                there[branch, e["name"]] = tuple(sorted(e["observations"]))
            for r in reply["relations"]:
                name = f"{r['from']} -> {r['to']}"
                there[branch, name] = (r["relationType"],)
            if not reply.get("next"):
                break
            params = {**params, "cursor": reply["next"]}


def entity(name, *texts):
    return {"name": name, "entityType": "note", "observations": list(texts)}


class Writer(Actor):
    """Creates, adds, replaces, links, hides."""

    kind = "write"

    def __init__(self, number, seed):
        super().__init__(number, seed)
        self.namespace = f"p{number % 2}"

    def steps(self):
        a, b = self.name(), self.name()
        yield self.ask("create_entities", {a: ["one", "two"], b: ["three"]},
                       entities=[entity(a, "one", "two"), entity(b, "three")])
        yield self.ask("add_observations", {a: ["one", "two", "four"]},
                       observations=[{"entityName": a, "contents": ["four"]}])
        yield self.ask("replace_observation", {a: ["two", "four", "five"]},
                       entityName=a, old="one", new="five")
        yield self.ask("create_relations", {f"{a} -> {b}": ["knows"]},
                       relations=[{"from": a, "to": b,
                                   "relationType": "knows"}])
        yield self.ask("delete_observations", {a: ["four", "five"]},
                       deletions=[{"entityName": a, "observations": ["two"]}])
        if self.random.random() < .5:
            yield self.ask("delete_entities",
                           {b: None, f"{a} -> {b}": None}, entityNames=[b])


class Grower(Actor):
    """Only ever adds: what a backup must have is what it had before."""

    kind = "grow"

    def steps(self):
        n = self.name()
        yield self.ask("create_entities", {n: ["stays"]},
                       entities=[entity(n, "stays")])


class Merger(Actor):
    """Works on a branch and merges it, or leaves it."""

    kind = "merge"

    def steps(self):
        branch = f"b{self.number}-{self.random.randrange(1 << 40)}"
        a, b = self.name(), self.name()
        yield self.ask("create_entities", {a: ["main"]},
                       entities=[entity(a, "main")])
        if self.ask("memory_branch", action="create", name=branch):
            self.known[branch, a] = self.known[MAIN, a]
        yield
        yield self.ask("add_observations", {a: ["main", "branch"]}, branch,
                       observations=[{"entityName": a,
                                      "contents": ["branch"]}])
        yield self.ask("create_entities", {b: ["branch"]}, branch,
                       entities=[entity(b, "branch")])
        yield self.ask("memory_merge", {a: ["main", "branch"],
                                        b: ["branch"]}, merged=branch)


class Scripter(Actor):
    """What a script writes is one change, or nothing."""

    kind = "script"
    CODE = """
for i, name in ipairs(args.names) do
  create_entities{entities = {{name = name, entityType = "note",
                               observations = {"by script"}}}}
end
add_observations{observations = {{entityName = args.names[1],
                                  contents = {"and more"}}}}
return #args.names
"""

    def steps(self):
        names = [self.name() for _ in range(3)]
        after = {n: ["by script"] for n in names}
        after[names[0]] = ["by script", "and more"]
        reply = self.ask("execute_code", after, code=self.CODE,
                         args={"names": names})
        if reply and reply["outcome"] != "ok":
            for key in [k for k in self.known if k[1] in names]:
                del self.known[key]
            if reply["outcome"] not in ("busy", "killed", "conflict",
                                        "timeout"):
                raise Refused(f"{self}: {reply}")
        yield


class Curator(Actor):
    """Tiers by hand and by rule; texts stay as they are."""

    kind = "curate"

    def steps(self):
        n = self.name()
        yield self.ask("create_entities", {n: ["meeting yesterday"]},
                       entities=[entity(n, "meeting yesterday")])
        yield self.ask("promote_to_tier", {n: ["meeting yesterday"]},
                       entity=n, tier="episodic")
        yield self.ask("curate", confirm=True)


class Extractor(Actor):
    """Facts of a conversation are one change."""

    kind = "extract"

    def steps(self):
        self.count += 1
        who = f"talker{self.number}x{self.count}"
        text = f"{who}: I live in Rome and I don't like tea."
        yield self.ask(
            "auto_extract_facts",
            {who: ["lives in Rome", "does not like tea"]},
            conversation_text=text, session_date="2026-05-10")


class Reviewer(Actor):
    """An agent writes into a protected namespace, the operator approves."""

    kind = "review"
    namespace = "guarded"

    def begin(self):
        self.ask("set_namespace_settings", settings={"protect": True})
        self.agent = Client(self.path, timeout=60)
        self.agent.ok("hello", tools="default", namespace=self.namespace,
                      session=f"agent {self.number}")

    def steps(self):
        n = self.name()
        reply = self.ask("create_entities", client=self.agent,
                         entities=[entity(n, "proposed")])
        if not reply:
            return
        if not reply.get("staged"):
            raise Lost(f"{self}: a write reached a protected main: {reply}")
        yield
        yield self.ask("review_staged", {n: ["proposed"]}, do="approve",
                       changes=[reply["change"]])


class Undoer(Actor):
    """Takes back what it wrote, and sometimes erases it for good."""

    kind = "undo"

    def steps(self):
        n = self.name()
        reply = self.ask("create_entities", {n: ["not for long"]},
                         entities=[entity(n, "not for long")])
        if not reply:
            return
        yield
        if self.random.random() < .3:
            yield self.ask("forget", {n: None}, name=n, confirm=True)
        else:
            yield self.ask("memory_undo", {n: None}, change=reply["change"])


KINDS = (Writer, Writer, Grower, Merger, Scripter, Curator, Extractor,
         Reviewer, Undoer)


def cast(seed):
    return [kind(i, seed) for i, kind in enumerate(KINDS)]

