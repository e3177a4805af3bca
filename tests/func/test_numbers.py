"""What a number is, the same wherever one comes in. Every number of every
method (tests/lib/dump_tools.c), at any depth, is sent in several spellings
over the socket, from a script and through memory-mcp: 1.0 and 1e0 do what 1
does, what is no integer is refused by name, and nothing ends the service."""
import json
import re
import sqlite3
import time

import harness
from harness import Client
from test_torture_fields import SKIPPED, TABLES, good

HOLE = "@number@"
NUMERIC = ("int", "number", "point")
# What a request of each method needs to do something.
GIVEN = {
    "open_nodes": {"names": ["ada"]},
    "memory_history": {"name": "ada"},
    "update_entity": {"name": "ada", "tags": ["x"]},
    "memory_diff": {"name": "ada"},
    "memory_revert": {"name": "ada", "version": 1, "dry_run": True},
    "memory_undo": {"dry_run": True},
    "memory_merge": {"branch": "idea", "dry_run": True},
    "memory_branch": {"action": "list"},
    "forget": {"name": "nobody", "confirm": True},
    "create_relations": {"relations": [
        {"from": "ada", "to": "bob", "relationType": "knows"}]},
    "delete_relations": {"relations": [
        {"from": "ada", "to": "bob", "relationType": "no such"}]},
    "search_nodes": {"query": "tea"}, "recall": {"query": "tea"},
    "execute_code": {"code": "return 1"},
}
# Differs from one service to the next, or from one call to the next.
VOLATILE = {"receipt", "pid", "uptime_s", "database_id", "path", "spawned",
            "wall_ms", "cpu_ms", "memory_bytes", "usage", "score", "salt",
            "digest", "chain", "head", "heads", "next", "note", "tokens",
            "session", "instance_id", "instance", "database", "progress",
            "run",          # its id is random
            "checked"}      # of a slice of verify, which ends by the clock
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)?")


def steady(value):
    """value without what differs by nature."""
    if isinstance(value, dict) and "total_entities" in value:
        return "status"       # sizes and figures of the process
    if isinstance(value, dict) and str(value.get("text")).endswith("# EOF\n"):
        return "metrics"      # the same figures
    if isinstance(value, dict):
        return {k: steady(v) for k, v in value.items() if k not in VOLATILE}
    if isinstance(value, list):
        return [steady(v) for v in value]
    if isinstance(value, str):
        return TIME.sub("TIME", re.sub("<(/?)memory [a-z0-9]+>",
                                       r"<\1memory>", value))
    if isinstance(value, int) and value > 1 << 40:
        return "BIG"          # a time in ms
    return value


def holes(p, value):
    """(params with HOLE in the place of one number, the number's entry, its
    name) for each number at or under parameter p."""
    if p["type"] in NUMERIC:
        yield HOLE, p, p["name"]
    if p["type"] == "array":
        for inner, q, name in holes(p["item"], good(p["item"])):
            yield [inner], q, name or p["name"]
    if p["type"] in ("object", "text_or_object") and p.get("sub"):
        whole = {s["name"]: good(s) for s in p["sub"] if s["required"]}
        if isinstance(value, dict):
            whole.update(value)
        for s in p["sub"]:
            for inner, q, name in holes(s, good(s)):
                yield {**whole, s["name"]: inner}, q, name


def places(method):
    whole = {p["name"]: good(p) for p in method["params"] if p["required"]}
    whole.update(GIVEN.get(method["name"], {}))
    own = {p["name"] for p in method["params"]}
    for p in method["params"] + [c for c in TABLES["common"]
                                 if c["name"] not in own]:
        for inner, q, name in holes(p, whole.get(p["name"])):
            yield {**whole, p["name"]: inner}, q, name


def text(params, number):
    return json.dumps(params).replace(f'"{HOLE}"', number)


def lua(value):
    if value == HOLE:
        return HOLE
    if isinstance(value, dict):
        return "{" + ",".join(f"[{lua(k)}]={lua(v)}"
                              for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ",".join(map(lua, value)) + "}"
    return json.dumps(value)


def spellings(q):
    """Groups of spellings that must act alike; the first is the plain one."""
    if q["name"] in ("min_score", "cut"):   # 1 is at the edge of what is found
        return (("0", "-0.0", "0.0", "-0e0"),)
    if q["type"] == "number":
        return (("0", "-0.0", "0.0", "-0e0"), ("1", "1.0", "1e0"))
    if q["name"] == "timeout_ms":
        return (("20000", "20000.0", "2e4"),)
    if q["min"] > 2:
        return ((str(q["min"]), f"{q['min']}.0", f"{q['min']}e0"),)
    return (("2", "2.0", "2e0", "0.2e1"), ("0", "-0.0"), ("-1", "-1.0"))


def refused(q):
    bad = ["1e400", "-1e400", "99999999999999999999", "1e300", "-1e300"]
    if q["type"] == "number":
        return bad + ["-0.5", f"{q['max']}.5"]
    return bad + ["1.5", "-0.5", "9007199254740993.0", "1e17"]


def seed(c):
    c.ok("create_entities", entities=[
        {"name": "ada", "entityType": "person",
         "observations": ["likes tea", "reads"]},
        {"name": "bob", "entityType": "person", "observations": ["tea too"]}])
    c.ok("add_observations", observations=[
        {"entityName": "ada", "contents": ["walks"]}])
    c.ok("memory_branch", action="create", name="idea")


class Raw:
    """Sends text as it is, and reads the reply."""

    def __init__(self, service):
        self.c = service.client()

    def __call__(self, method, params):
        self.c.send('{"id":1,"method":"%s","params":%s}\n' % (method, params))
        reply = self.c.read()
        if reply is None:
            raise ConnectionError("closed")
        return reply


class Numbers(harness.TestCase):
    timeout = 400

    def pool(self, n):
        made = [self.service() for _ in range(n)]
        for db in made:
            seed(db.client())
        return made

    def test_socket(self):
        services = self.pool(4)
        ask = [Raw(db) for db in services]
        tried = 0
        for method in TABLES["methods"]:
            if method["name"] in SKIPPED:
                continue
            for params, q, name in places(method):
                self.alike(ask, method["name"], params, q)
                for number in refused(q):
                    self.named(ask[0], method["name"], params, name, number)
                tried += 1
        self.assertGreater(tried, 60)
        for db in services:
            db.verify()

    def alike(self, ask, method, params, q):
        """The same requests in the same order to services that began alike,
        one spelling each."""
        for group in spellings(q):
            got = []
            for i, one in enumerate(ask):
                number = group[min(i, len(group) - 1)]
                # A second one in the same millisecond changes nothing, and
                # `since_last` counts changes.
                if method == "confirm":
                    time.sleep(.002)
                got.append(steady(one(method, text(params, number))))
            for i, reply in enumerate(got[1:], 1):
                self.assertEqual(reply, got[0], (
                    method, text(params, group[min(i, len(group) - 1)])))

    def named(self, one, method, params, name, number):
        reply = one(method, text(params, number))
        self.assertIs(reply["success"], False,
                      f"{method} accepted {text(params, number)}")
        self.assertEqual(reply["code"], "invalid", reply)
        self.assertEqual(reply.get("id"), 1)
        self.assertIn(name, reply["param"])
        self.assertIn(name, reply["error"])

    def test_huge_integers_end_nothing(self):
        db, = self.pool(1)
        one = Raw(db)
        for method in TABLES["methods"]:
            if method["name"] in SKIPPED:
                continue
            for params, _, _ in places(method):
                for number in ("9007199254740993", "9223372036854775807",
                               "-9223372036854775808", "-9007199254740993",
                               "253402300800000", "140737488355327"):
                    self.assertIn("success", one(method["name"],
                                                 text(params, number)))
        # Lines are counted on from there.
        one.c.fails("invalid", "import_records", {
            "source": "f", "offset": 2**63 - 1, "records": [{
                "type": "entity", "name": "n", "entityType": "t",
                "observations": []}]})
        one.c.ok("read_graph")
        db.verify()

    def test_scripts(self):
        services = self.pool(3)
        ask = [self.script(db) for db in services]
        tried = 0
        for method in TABLES["methods"]:
            if method["name"] == "run_skill":
                continue      # another shape in scripts: (name, params)
            for params, q, name in places(method):
                got = [self.script_says(one, method["name"], params, "1")
                       for one in ask]
                if got[0][1] == "unknown_method":
                    break
                for group in spellings(q):
                    got = [self.script_says(one, method["name"], params,
                                            group[min(i, len(group) - 1)])
                           for i, one in enumerate(ask)]
                    self.assertEqual(got[1], got[0], (name, params, group))
                    self.assertEqual(got[2], got[0], (name, params, group))
                for number in refused(q):
                    ok, code, message = self.script_says(
                        ask[0], method["name"], params, number)
                    self.assertFalse(ok, (method["name"], params, number))
                    self.assertIn(name, message, (params, number))
                tried += 1
        self.assertGreater(tried, 20)
        for db in services:
            db.verify()

    def script(self, db):
        c = db.client()
        return lambda code: c.call("execute_code", code=code)

    def script_says(self, one, method, params, number):
        reply = one(
            "local ok, r = pcall(memory[%s] or function() error({code="
            "'unknown_method'}) end, %s) if ok then return {true, '', r} end "
            "return {false, r.code or '', r.message or tostring(r)}" %
            (json.dumps(method), lua(params).replace(HOLE, number)))
        self.assertTrue(reply["success"], reply)
        self.assertEqual(reply["outcome"], "ok", reply)
        return steady(reply["result"])

    def test_computed_in_a_script(self):
        """10 / 2 is 5.0 in Lua."""
        db, = self.pool(1)
        c = db.client()
        r = c.ok("execute_code", code="""
            local h = memory_history{since = 10 / 2, limit = 4 / 2}
            add_observations{observations = {{entityName = "ada", contents = {
              {text = "zero", confidence = 0 * -1.0, salience = 0 * -1.0}}}}}
            return #h.changes""")
        self.assertEqual(r["outcome"], "ok", r)
        self.assertEqual(c.ok("open_nodes", names=["ada"], fields=["facts"])
                         ["entities"][0]["facts"][-1]["confidence"], 0)
        db.verify()

    def test_mcp(self):
        services = self.pool(3)
        ask = [self.mcp(db, args=["--tools", "all,admin"]) for db in services]
        tools = {t["name"]: t for t in ask[0].request("tools/list")["tools"]}
        tried = 0
        for method in TABLES["methods"]:
            tool = tools.get(method["name"])
            if not tool:
                continue
            for params, q, name in places(method):
                for group in spellings(q):
                    got = [self.mcp_says(one, method["name"], params,
                                         group[min(i, len(group) - 1)])
                           for i, one in enumerate(ask)]
                    self.assertEqual(got[1], got[0], (name, params, group))
                    self.assertEqual(got[2], got[0], (name, params, group))
                if next(iter(params)) not in tool["inputSchema"].get(
                        "properties", {}):
                    continue
                for number in refused(q):
                    got = self.mcp_says(ask[0], method["name"], params, number)
                    said = json.dumps(got)
                    if '"ignored"' in said or "cannot be set" in said:
                        break
                    self.assertTrue("error" in got or got.get("isError"),
                                    (params, number, got))
                    self.assertIn(name, said)
                tried += 1
        self.assertGreater(tried, 30)

    def mcp_says(self, mcp, method, params, number):
        n = next(mcp.ids)
        mcp.send_line('{"jsonrpc":"2.0","id":%d.0,"method":"tools/call",'
                      '"params":{"name":"%s","arguments":%s}}' %
                      (n, method, text(params, number)))
        got = mcp.reply(n)
        if "error" in got:
            return {"error": steady(got["error"])}
        got = got["result"]
        return steady({"isError": got.get("isError"),
                       "is": got.get("structuredContent") or [
                           c.get("text") for c in got["content"]]})

    def test_ids(self):
        """An id 1.0 is the id 1; another real is none."""
        db = self.service()
        c = db.client()
        c.send('{"id":7.0,"method":"ping"}\n')
        self.assertEqual(c.read()["id"], 7)
        c.send('{"id":7.5,"method":"ping"}\n')
        self.assertEqual(c.read()["param"], "id")
        m = self.mcp(db)
        m.send_line('{"jsonrpc":"2.0","id":90.0,"method":"ping"}')
        self.assertEqual(m.reply(90)["result"], {})
        m.send_line('{"jsonrpc":"2.0","id":91,"method":"tools/call","params":'
                    '{"name":"execute_code","arguments":{"code":'
                    '"while true do end","timeout_ms":20000.0}}}')
        m.send_line('{"jsonrpc":"2.0","method":"notifications/cancelled",'
                    '"params":{"requestId":91.0}}')
        m.send_line('{"jsonrpc":"2.0","id":92,"method":"ping"}')
        self.assertEqual(m.reply(92)["result"], {})
        harness.wait_until(lambda: db.client().ok("get_memory_status")
                           ["sandbox"].get("running", 0) == 0, 5)

    def test_hello(self):
        db, = self.pool(1)
        c = db.client()
        c.ok("hello", protocol=1.0, as_of=1.0)
        got = c.ok("open_nodes", names=["ada"])["entities"][0]
        self.assertNotIn("walks", got["observations"])

    def test_a_number_out_of_range_closes_nothing(self):
        """It is no syntax error: its path is told, at any depth."""
        db = self.service()
        one = Raw(db)
        for params, param in (
                ('{"query":"x","limit":1e400}', "limit"),
                ('{"query":"x","weights":{"a":[1,{"b":-1e999}]}}',
                 "weights.a[1].b"),
                ('{"query":"x","types":[1,[2],99999999999999999999]}',
                 "types[2]")):
            reply = one("recall", params)
            self.assertEqual((reply["code"], reply["param"]),
                             ("invalid", param), reply)
            self.assertIn("range" if "1e" in params else "64 bits",
                          reply["error"])
        one.c.ok("ping")

    def test_configuration(self):
        db = self.service(args=["--limit-writes-per-minute", "1e3"])
        self.assertIn("1000", json.dumps(
            db.client().ok("get_memory_status")))
        seed(db.client())
        db.ctl("revert", "ada", "1.0", "--dry-run")
        for wrong in ("1.5", "1e400", "1.0x", "0x1", "1,0"):
            r = db.ctl("revert", "ada", wrong, "--dry-run", check=False)
            self.assertEqual(r.returncode, 100, wrong)


class Values(harness.TestCase):
    timeout = 120

    def test_minus_zero_is_zero(self):
        """The digest is of what is stored; so it is after a new start, in an
        export and in its import."""
        db = self.service()
        one = Raw(db)
        self.assertTrue(one("create_entities", """{"entities":[
            {"name":"a","entityType":"t","salience":-0.0,"observations":[
                {"text":"x","confidence":-0.0,"salience":-0e-5}]},
            {"name":"b","entityType":"t","observations":[]}]}""")["success"])
        self.assertTrue(one("create_relations", """{"relations":[
            {"from":"a","to":"b","relationType":"r","weight":-0.0}]}""")
                        ["success"])
        lines = db.folder / "lines.jsonl"
        lines.write_text(
            '{"type":"entity","name":"c","entityType":"t","observations":['
            '{"text":"y","confidence":-0.0,"salience":-0.0}]}\n'
            '{"type":"relation","from":"c","to":"b","relationType":"r",'
            '"weight":-0.0}\n'
            '{"type":"entity","name":"d","entityType":"t","observations":['
            '{"text":"z","confidence":1.5}]}\n'
            '{"type":"entity","name":"e","entityType":"t","observations":['
            '{"text":"z","valid_from":1.5}]}\n'
            '{"type":"entity","name":"f","entityType":"t","observations":['
            '{"text":"z","valid_from":1000.0,"confidence":1.0}]}\n'
            '{"type":"entity","name":"g","entityType":"t","observations":['
            '{"text":"z","salience":1e400}]}\n')
        r = db.ctl("import", str(lines), check=False)
        self.assertEqual(r.returncode, 1)
        for line, word in ((3, "confidence"), (4, "valid_from"),
                           (6, "range")):
            self.assertRegex(r.stdout + r.stderr, rf":{line}: .*{word}")
        self.same_everywhere(db, {"a", "b", "c", "f"})
        got = db.client().ok("open_nodes", names=["c"], fields=["facts"])
        self.assertEqual(got["entities"][0]["facts"][-1]["confidence"], 0)
        self.assertNotIn("-0.0", json.dumps(got))

    def test_repair(self):
        """An earlier version stored -0.0 as 0 under the digest of a number
        that is not set. The same row is made here by hand."""
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[
            {"name": "a", "entityType": "t", "observations": [
                {"text": "x", "salience": 0.5}, "y", "z",
                {"text": "w", "confidence": 0}]},
            {"name": "b", "entityType": "t", "observations": []}])
        c.ok("create_relations", relations=[
            {"from": "a", "to": "b", "relationType": "r"}])
        db.verify()
        head = json.loads(db.ctl("verify", "--json").stdout)["heads"]
        db.stop()

        def sql(*statements):
            file = sqlite3.connect(db.database)
            with file:
                for s in statements:
                    file.execute(s)
            rows = file.execute("SELECT id, weight, confidence FROM fact "
                                "ORDER BY id").fetchall()
            file.close()
            return rows
        whole = sql()
        broken = sql("UPDATE fact SET confidence = -0.0 WHERE confidence IS "
                     "NULL AND weight = 0.5",
                     "UPDATE fact SET confidence = 0, weight = 0 WHERE id = "
                     "(SELECT max(id) - 4 FROM fact)",
                     "UPDATE fact SET weight = -0.0 WHERE kind = 2")
        self.assertEqual(sum(a != b for a, b in zip(whole, broken)), 3)
        db.start()
        self.assertEqual(db.client().call("read_graph")["code"], "corrupt")
        r = db.ctl("verify", "--json", check=False)
        self.assertEqual(r.returncode, 1)
        told = json.loads(r.stdout)["problems"]
        self.assertEqual([p.get("repair") for p in told], [True] * 3, told)
        for p, words in zip(told, ("confidence -0.0", "weight and confidence",
                                   "weight -0.0")):
            self.assertIn(words, p["detail"])
            self.assertIn("memoryctl repair", p["detail"])
        r = db.ctl("repair", "--dry-run", check=False)
        self.assertEqual((r.returncode, r.stdout.count("would be")), (1, 4))
        self.assertEqual(sql(), broken)
        r = db.ctl("repair")
        self.assertEqual(r.stdout.count("is now"), 4)
        db.verify()
        db.ctl("verify", "--head", "default:" + head[0]["head"])
        self.assertIn("0 facts mended", db.ctl("repair").stdout)
        self.assertEqual(sql(), whole)
        self.same_everywhere(db, {"a", "b"})

    def test_repair_leaves_other_damage_alone(self):
        db = self.service()
        db.client().ok("create_entities", entities=[
            {"name": "a", "entityType": "t", "observations": ["x", "y"]}])
        db.stop()
        file = sqlite3.connect(db.database)
        with file:
            file.execute("UPDATE fact SET confidence = 0.25 WHERE kind = 1")
        file.close()
        db.start()
        r = db.ctl("repair", check=False)
        self.assertEqual(r.returncode, 1, r.stdout)
        self.assertIn("2 other problems", r.stdout)
        got = db.client().ok("repair", facts=[8589934593, 8589934594, 7])
        self.assertEqual(got["repaired"], [])

    def test_metadata_is_kept_as_it_is(self):
        db = self.service()
        one = Raw(db)
        given = ('{"a":-0.0,"b":1.0,"c":1e300,"d":[1e-320,2.5,-0.0,'
                 '9007199254740993,9223372036854775807],"e":{"f":0.1}}')
        self.assertTrue(one("create_entities", """{"entities":[{"name":"a",
            "entityType":"t","metadata":%s,"observations":[{"text":"x",
            "metadata":%s}]}]}""" % (given, given))["success"])
        reply = one("create_entities", """{"entities":[{"name":"b",
            "entityType":"t","observations":[],"metadata":{"x":[1e400]}}]}""")
        self.assertEqual(reply["param"], "entities[0].metadata.x[0]")
        self.same_everywhere(db, {"a"})
        reply = db.client().ok("open_nodes", names=["a"], fields=["metadata"])
        self.assertEqual(json.dumps(reply["entities"][0]["metadata"]),
                         json.dumps(json.loads(given)))

    def same_everywhere(self, db, names):
        def state(x):
            got = x.client().ok("read_graph", fields=["name", "observations",
                                                      "metadata"])
            self.assertEqual({e["name"] for e in got["entities"]}, names)
            return json.dumps([[e["name"], e.get("metadata"),
                                e["observations"]] for e in got["entities"]])
        db.verify()
        first = state(db)
        db.restart()
        db.verify()
        self.assertEqual(state(db), first)
        for args in ((), ("--current",)):
            out = db.folder / f"export{len(args)}.jsonl"
            db.ctl("export", *args, str(out))
            copy = self.service()
            copy.ctl("import", str(out))
            self.assertEqual(state(copy), first)
            copy.verify()


if __name__ == "__main__":
    harness.main()
