"""Wrong values in every field of every method, generated from the tool tables
(tests/lib/dump_tools.c): each gets an error answer that names the parameter,
never a crash, and nothing is written."""
import json

import harness
from harness import Client
from records import COMPAT, TABLES
from writers import stored

# Ends the service by design; a managed one refuses.
SKIPPED = ("retire",)
TYPES = {
    "string": ("text",), "int": (3,), "number": (0.5, 1), "bool": (True,),
    "object": ({},), "array": ([],), "point": ("2026-01-01", 3),
    "text_or_object": ("text", {"text": "t"}), "any": ("text", 3, None),
}
WRONG = ("text", 3, 0.5, True, None, {}, [], {"text": "t"}, [[]], [None])


def good(p):
    """A valid value of a parameter."""
    if p.get("choices"):
        return p["choices"][0]
    if p["type"] == "array":
        return [good(p["item"])]
    if p["type"] == "object":
        return {s["name"]: good(s) for s in p.get("sub", ())
                if s["required"]}
    if p["type"] in ("int", "number"):
        return max(p["min"], 1) if p["max"] != 1 else 1
    return TYPES[p["type"]][0]


def kind(value):
    if isinstance(value, bool):
        return "bool"
    return {str: "string", int: "int", float: "number", dict: "object",
            list: "array", type(None): "null"}[type(value)]


def is_type(p, value):
    k = kind(value)
    return {"point": k in ("string", "int"), "number": k in ("int", "number"),
            "text_or_object": k in ("string", "object"), "any": True
            }.get(p["type"], k == p["type"])


def bad_values(p):
    """(value, why) that the table forbids. null means "not given": models
    send it for optional parameters."""
    optional = p["name"] and not p["required"]
    for value in WRONG:
        if not is_type(p, value) and not (optional and value is None):
            yield value, "type"
    if p["type"] == "string":
        if p["not_empty"]:
            yield "", "empty"
        if p["max"]:
            yield "x" * (p["max"] + 1), "too long"
        if p.get("choices"):
            yield "no such choice", "choice"
    if p["type"] in ("int", "number") and p["max"]:
        if p["max"] < 2**62:
            yield p["max"] + 1, "too large"
        if p["min"] > -2**62:
            yield p["min"] - 1, "too small"
    if p["type"] == "array" and p["max"]:
        yield [good(p["item"])] * (p["max"] + 1), "too many"
    if p["type"] == "array":
        for value, why in bad_values(p["item"]):
            yield [value], "entry: " + why
    for value, why in bad_members(p):
        yield value, why


def bad_members(p):
    """Objects with one wrong member, or one that is missing."""
    for s in p.get("sub", ()):
        whole = {x["name"]: good(x) for x in p["sub"] if x["required"]}
        for value, why in bad_values(s):
            yield {**whole, s["name"]: value}, f"{s['name']}: {why}"
        if s["required"]:
            whole.pop(s["name"])
            yield whole, f"{s['name']}: missing"


class Fields(harness.TestCase):
    timeout = 240

    @classmethod
    def setUpClass(cls):
        cls.db = harness.Service()

    @classmethod
    def tearDownClass(cls):
        cls.db.verify()
        cls.db.done()

    def one(self, c, method, params, path):
        try:
            reply = c.call(method, params)
        except ConnectionError:
            self.fail(f"{path}: connection closed\n" +
                      self.db.process.tail())
        with self.subTest(path=path):
            self.assertIs(reply.get("success"), False,
                          f"accepted: {json.dumps(params)[:200]}")
            self.assertIn(reply["code"], ("invalid", "limit"), reply)
            # The last named part of the path, in the error or the parameter.
            word = path.split(":")[0].split(".")[-1]
            self.assertIn(word, reply["error"] + reply.get("param", ""),
                          "the error does not name the parameter")

    def check_method(self, c, method):
        table = method["params"]
        whole = {p["name"]: good(p) for p in table if p["required"]}
        tried = 0
        for p in table + TABLES["common"]:
            path = f"{method['name']}.{p['name']}"
            for value, why in bad_values(p):
                if len(json.dumps(value)) > 3 << 20:
                    continue
                self.one(c, method["name"], {**whole, p["name"]: value},
                         f"{path}: {why}")
                tried += 1
            if p["required"]:
                rest = {k: v for k, v in whole.items() if k != p["name"]}
                self.one(c, method["name"], rest, f"{path}: missing")
                tried += 1
        return tried

    def test_every_field_of_every_method(self):
        tried = 0
        with Client(self.db.socket, timeout=60) as c:
            for method in TABLES["methods"]:
                if method["name"] in SKIPPED:
                    continue
                tried += self.check_method(c, method)
            self.assertGreater(tried, 1000)
            self.assertEqual(stored(c), {})
            status = c.ok("get_memory_status")
            self.assertEqual(status["total_changes"], 0)

    def test_null_is_not_there(self):
        """Some clients give every parameter that a tool has."""
        db = self.service()
        c = db.client()
        c.ok("create_entities", entities=[
            {"name": "ada", "entityType": "person",
             "observations": ["likes tea"]}])

        def all_of(method, **given):
            table, = [t for t in TABLES["methods"] if t["name"] == method]
            return {p["name"]: given.get(p["name"])
                    for p in table["params"]}
        for method, given in (
                ("update_entity", {"name": "ada", "tags": ["x"]}),
                ("update_entity", {"name": "ada", "tags": ["y"],
                                   "observation": "likes tea"}),
                ("memory_undo", {"change": 2}), ("recall", {"query": "tea"}),
                ("search_nodes", {"query": "tea"}), ("memory_history", {}),
                ("memory_diff", {})):
            c.ok(method, **all_of(method, **given))
        e = c.fails("invalid", "update_entity",
                    **all_of("update_entity", name="ada"))
        self.assertIn("nothing to update", e["error"])

    def test_unknown_members(self):
        """An error that names the nearest; the compat tools list it."""
        with Client(self.db.socket) as c:
            for method in TABLES["methods"]:
                if method["name"] in SKIPPED:
                    continue
                whole = {p["name"]: good(p) for p in method["params"]
                         if p["required"]}
                reply = c.call(method["name"], {**whole, "no_such_field": 1})
                if method["flags"] & COMPAT:
                    self.assertTrue(
                        "no_such_field" in reply.get("ignored", ()) or
                        not reply["success"], (method["name"], reply))
                else:
                    self.assertEqual(reply.get("code"), "invalid",
                                     (method["name"], reply))
                    self.assertIn("no_such_field", reply["error"])


if __name__ == "__main__":
    harness.main()
