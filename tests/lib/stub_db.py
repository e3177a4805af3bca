"""A stand-in for memory-db that misbehaves on request.

It speaks the socket protocol, keeps a small graph in memory, and can be slow,
refuse, vanish in the middle, send garbage, cut pages short or count what
reached it. Tests of memory-mcp use it for what the real service does not do on
demand; whatever the real one can show is tested with the real one.
"""
import json
import os
import socket
import threading
import time


class StubDb:
    def __init__(self, path, version="0.1.0", spawned=False):
        self.path = str(path)
        self.version, self.spawned = version, spawned
        self.lock = threading.Lock()
        self.entities, self.relations = {}, []
        self.change = 0
        self.keys = {}
        self.seen = []          # (method, params) in order of arrival
        self.hellos = []
        self.cancelled = []
        self.delay = {}         # method -> seconds before the answer
        self.hold = {}          # method -> threading.Event to wait for
        self.refuse = {}        # method -> [reply members, ...], used up
        self.drop_after = {}    # method -> n: act, then close unanswered
        self.garbage = set()    # methods answered with bytes
        self.silent = set()     # methods never answered
        self.page = 1000        # entities in a page at most
        self.omit = {}          # entity -> facts said to be left out
        self.listener = None
        self.connections = []
        self.subscribers = []

    # --- life ------------------------------------------------------------
    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o600)
        self.listener.listen(64)
        threading.Thread(target=self._accept, args=(self.listener,),
                         daemon=True).start()
        return self

    def stop(self):
        """As after SIGKILL: connections break, the socket stays behind."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for c in self.connections:
            self._break(c)
        self.connections, self.subscribers = [], []

    @staticmethod
    def _break(connection):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def calls(self, method):
        with self.lock:
            return [p for m, p in self.seen if m == method]

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    if line.strip():
                        threading.Thread(
                            target=self._answer, daemon=True,
                            args=(connection, json.loads(line))).start()
        except (OSError, ValueError):
            pass

    # --- one request -------------------------------------------------------
    @staticmethod
    def _send_bytes(connection, data):
        try:
            connection.sendall(data)
        except OSError:
            pass

    def _send(self, connection, value):
        self._send_bytes(connection, json.dumps(value).encode() + b"\n")

    def _answer(self, connection, request):
        method = request["method"]
        params = request.get("params") or {}
        with self.lock:
            self.seen.append((method, params))
        if method == "hello":
            self.hellos.append(params)
        if method == "cancel":
            self.cancelled.append(params["id"])
        if method in self.hold:
            self.hold[method].wait(20)
        time.sleep(self.delay.get(method, 0))
        if method in self.silent:
            return
        if method in self.garbage:
            self._send_bytes(connection, b"\x00\xff not json\n")
            return
        with self.lock:
            reply = self._act(connection, method, params)
            if self.drop_after.get(method, 0) > 0:
                self.drop_after[method] -= 1
                self._break(connection)
                return
        if method == "cancel" or request.get("id") is None:
            return
        if request["id"] in self.cancelled:
            return
        self._send(connection, {"id": request["id"], **reply})

    def _act(self, connection, method, params):
        if self.refuse.get(method):
            return {"success": False, **self.refuse[method].pop(0)}
        key = params.get("key")
        if key in self.keys:
            return self.keys[key]
        handler = getattr(self, "do_" + method, None)
        if handler is None:
            return {"success": False, "code": "unknown_method",
                    "error": f"unknown method '{method}'"}
        if method == "subscribe":
            self.subscribers.append(connection)
        reply = handler(params)
        reply.setdefault("success", True)
        if key and reply["success"]:
            self.keys[key] = reply
        return reply

    def _changed(self, *names, **more):
        self.change += 1
        event = {"event": "change", "change": self.change,
                 "namespace": "default", "entities": list(names), **more}
        for subscriber in self.subscribers:
            self._send(subscriber, event)

    # --- methods -------------------------------------------------------------
    def do_hello(self, p):
        return {"protocol": 1, "version": self.version, "schema": 1,
                "database_id": "stub", "instance_id": "stub",
                "path": "/stub.db", "spawned": self.spawned,
                "pid": os.getpid()}

    def do_ping(self, p):
        return {}

    def do_subscribe(self, p):
        return {"change": self.change}

    def do_unsubscribe(self, p):
        return {}

    def do_retire(self, p):
        threading.Timer(0.05, self.stop).start()
        return {}

    def do_get_memory_status(self, p):
        return {"total_entities": len(self.entities)}

    def do_memory_history(self, p):
        return {"changes": []}

    @staticmethod
    def _not_found(name, param):
        return {"success": False, "code": "not_found", "param": param,
                "error": f"no entity '{name}'"}

    def do_create_entities(self, p):
        results = []
        for e in p["entities"]:
            known = self.entities.get(e["name"])
            if known is None:
                self.entities[e["name"]] = {
                    "id": len(self.entities) + 1, "name": e["name"],
                    "type": e["entityType"],
                    "observations": list(dict.fromkeys(e["observations"]))}
                results.append({"name": e["name"], "action": "created",
                                "added": len(e["observations"])})
                continue
            new = [o for o in e["observations"]
                   if o not in known["observations"]]
            if p.get("mode") == "skip":
                new = []
            known["observations"] += new
            results.append({"name": e["name"], "added": len(new),
                            "action": "updated" if new else "unchanged"})
        self._changed(*[e["name"] for e in p["entities"]])
        return {"results": results}

    def do_add_observations(self, p):
        for i, o in enumerate(p["observations"]):
            if o["entityName"] not in self.entities:
                return self._not_found(o["entityName"],
                                       f"observations[{i}].entityName")
        results = []
        for o in p["observations"]:
            known = self.entities[o["entityName"]]["observations"]
            new = [c for c in o["contents"] if c not in known]
            known += new
            results.append({"entityName": o["entityName"],
                            "addedObservations": new})
        self._changed(*[o["entityName"] for o in p["observations"]])
        return {"results": results}

    def do_create_relations(self, p):
        results = []
        for i, r in enumerate(p["relations"]):
            for end in ("from", "to"):
                if r[end] not in self.entities:
                    return self._not_found(r[end], f"relations[{i}].{end}")
        for r in p["relations"]:
            new = r not in self.relations
            if new:
                self.relations.append(r)
            results.append({**r, "action": "created" if new else "unchanged"})
        self._changed(*[r["from"] for r in p["relations"]])
        return {"results": results}

    def do_delete_entities(self, p):
        gone = [n for n in p["entityNames"] if self.entities.pop(n, None)]
        self.relations = [r for r in self.relations if r["from"] not in gone
                          and r["to"] not in gone]
        self._changed(*gone)
        return {"deleted": gone, "missing": [
            n for n in p["entityNames"] if n not in gone]}

    def do_delete_observations(self, p):
        results = []
        for d in p["deletions"]:
            known = self.entities.get(d["entityName"], {"observations": []})
            hit = [o for o in d["observations"] if o in known["observations"]]
            for o in hit:
                known["observations"].remove(o)
            results.append({"entityName": d["entityName"], "deleted": len(hit),
                            "missing": [o for o in d["observations"]
                                        if o not in hit]})
        return {"results": results}

    def do_delete_relations(self, p):
        hit = [r for r in p["relations"] if r in self.relations]
        missing = [i for i, r in enumerate(p["relations"])
                   if r not in self.relations]
        self.relations = [r for r in self.relations if r not in hit]
        return {"deleted": len(hit), "missing": len(p["relations"]) - len(hit),
                "missing_at": missing}

    # --- reads: the cursor is a position ---------------------------------------
    def _pages(self, hits, p, member, relations):
        at = int(p.get("cursor", 0))
        n = min(self.page, p.get("limit", 1000))
        page = [dict(e, **({"omitted": self.omit[e["name"]]}
                           if e["name"] in self.omit else {}))
                for e in hits[at:at + n]]
        names = {e["name"] for e in page}
        reply = {member: page, "relations": [
            r for r in self.relations if relations(r, names)]}
        if at + n < len(hits):
            reply["next"] = str(at + n)
        return reply

    def do_read_graph(self, p):
        order = list(self.entities)
        return self._pages(
            list(self.entities.values()), p, "entities",
            lambda r, names: order[max(order.index(r["from"]),
                                       order.index(r["to"]))] in names)

    def do_open_nodes(self, p):
        hits = [e for e in self.entities.values() if e["name"] in p["names"]]
        reply = self._pages(hits, p, "entities", lambda r, names:
                            r["from"] in names or r["to"] in names)
        reply["missing"] = [{"name": n, "similar": []} for n in p["names"]
                            if n not in self.entities]
        return reply

    def do_search_nodes(self, p):
        q = p["query"].casefold()
        hits = [e for e in self.entities.values() if any(
            q in t.casefold() for t in
            [e["name"], e["type"], *e["observations"]])]
        reply = self._pages(hits, p, "results", lambda r, names:
                            r["from"] in names or r["to"] in names)
        reply["count"] = len(hits)
        return reply
