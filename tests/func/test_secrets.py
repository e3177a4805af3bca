"""Secrets stay out of the memory: no write path stores one unasked, the refusal
says which rule and where, and neither an answer nor a file holds the secret."""
import json
import sqlite3

import harness
from harness import entity

# Made up, and put together here: no scanner should take them for real ones.
TOKEN = "gh" + "p_" + "q7Zt2LxV9bRc4NwY1mKd8FsH3jGp6QaUe5To"
PASSWORD = "Kx9" + "vT2mQ8wLz"
URL = f"postgres://app:{PASSWORD}@db.internal/main"
KEY = ("-----BEGIN PRI" + "VATE KEY-----\n" + "MIIBq7Zt2LxV9bRc4NwY1mKd8FsH" * 3 +
       "\n-----END PRI" + "VATE KEY-----")


class Secrets(harness.TestCase):
    timeout = 120

    def started(self, *args):
        self.db = self.service(args=list(args)) if args else self.service()
        self.m = self.mcp(self.db, args=["--tools", "all"],
                          env={"MEMORY_NAMESPACE": "p"})
        return self.m

    def fails(self, tool, **arguments):
        r = self.m.tool(tool, arguments)
        self.assertTrue(r.get("isError"), r)
        return r["content"][0]["text"]

    def refused(self, path, rule, tool, **arguments):
        text = self.fails(tool, **arguments)
        for part in (path, rule, "where the secret is kept",
                     "allow_secret: true"):
            self.assertIn(part, text)
        for secret in (TOKEN, PASSWORD, KEY[30:60]):
            self.assertNotIn(secret, text)
        return text

    def on_disk(self, *texts):
        """Which of the texts any file of the service holds."""
        self.m.done()
        self.db.stop()
        data = b"".join(f.read_bytes() for f in self.db.folder.rglob("*")
                        if f.is_file())
        return [t for t in texts if t.encode() in data]


class Refuse(Secrets):
    def setUp(self):
        self.started()
        self.m.ok("create_entities", {"entities": [
            entity("deploy", "runs at night")]})

    def test_every_tool(self):
        self.refused("entities[0].observations[1]", "github-token",
                     "create_entities", entities=[
                         entity("ci", "builds", f"uses {TOKEN}")])
        self.refused("entities[0].name", "github-token", "create_entities",
                     entities=[entity(TOKEN, "x")])
        self.refused("entities[0].entityType", "github-token",
                     "create_entities", entities=[entity("ci", type=TOKEN)])
        self.refused("entities[0].metadata.db.password",
                     "password-assignment", "create_entities", entities=[
                         {**entity("ci"),
                          "metadata": {"db": {"password": PASSWORD}}}])
        self.refused("observations[0].contents[0].text", "connection-string",
                     "add_observations", observations=[
                         {"entityName": "deploy",
                          "contents": [{"text": f"reads {URL}"}]}])
        self.refused("new", "private-key", "replace_observation",
                     entityName="deploy", old="runs at night", new=KEY)
        self.refused("relations[0].relationType", "github-token",
                     "create_relations", relations=[
                         {"from": "deploy", "to": "deploy",
                          "relationType": TOKEN}])
        self.refused("metadata.note", "github-token", "update_entity",
                     name="deploy", metadata={"note": TOKEN})
        self.refused("tags[0]", "github-token", "update_entity",
                     name="deploy", tags=[TOKEN])
        self.refused("new_name", "github-token", "rename_entity",
                     name="deploy", new_name=TOKEN)
        self.refused("code", "github-token", "save_skill", name="s",
                     description="d", code=f"return '{TOKEN}'")
        self.refused("content.api", "connection-string", "write_file",
                     name="f", content={"api": URL})
        self.refused("about", "github-token", "memory_branch",
                     action="create", name="b", about=TOKEN)
        self.refused("", "github-token", "execute_code", code=(
            "memory.add_observations{observations={{entityName='deploy', "
            f"contents={{'{TOKEN[:10]}' .. '{TOKEN[10:]}'}}}}}}}}"))
        r = self.m.ok("open_nodes", {"names": ["deploy", "ci", "s"]})
        self.assertEqual([(e["name"], e["observations"])
                          for e in r["entities"]],
                         [("deploy", ["runs at night"])])
        self.assertEqual(self.on_disk(TOKEN, PASSWORD), [])

    def test_others_are_stored(self):
        r = self.m.ok("create_entities", {"entities": [
            entity("a", "x"), entity(TOKEN, "y"), entity("b", URL),
            entity("c", "z")]})
        self.assertEqual([e["name"] for e in r["entities"]], ["a", "c"])
        self.assertEqual([(f["index"], f["code"]) for f in r["failed"]],
                         [(1, "denied"), (2, "denied")])
        self.assertIn("rule github-token", r["failed"][0]["error"])
        self.assertNotIn(TOKEN, json.dumps(r))
        self.assertNotIn(PASSWORD, json.dumps(r))

    def test_message_is_marked(self):
        self.m.ok("add_observations", {"message": f"with {TOKEN}",
                  "observations": [{"entityName": "deploy",
                                    "contents": ["runs on Mondays"]}]})
        r = self.m.ok("memory_history", {"limit": 1})
        self.assertEqual(r["changes"][0]["message"],
                         "with [secret:github-token]")

    def test_receipts_keep_none(self):
        r = self.m.ok("recall", {"query": f"what runs with {TOKEN}"})
        why = self.m.ok("memory_why", {"receipt": r["receipt"]})
        self.assertEqual(why["query"], "what runs with [secret:github-token]")
        r = self.m.ok("assemble_context", {"task": f"run with {TOKEN}"})
        why = self.m.ok("memory_why", {"receipt": r["receipt"]})
        self.assertEqual(why["query"], "run with [secret:github-token]")
        self.assertEqual(self.on_disk(TOKEN), [])

    def test_allowed_when_asked(self):
        self.m.ok("add_observations", {"allow_secret": True, "observations": [
            {"entityName": "deploy", "contents": [f"uses {TOKEN}"]}]})
        r = self.m.ok("execute_code", {"code": (
            "memory.add_observations{allow_secret=true, observations={{"
            f"entityName='deploy', contents={{'{URL}'}}}}}}}} return 1")})
        self.assertEqual(r["outcome"], "ok", r)
        r = self.m.ok("open_nodes", {"names": ["deploy"]})
        self.assertEqual(r["entities"][0]["observations"],
                         ["runs at night", f"uses {TOKEN}", URL])

    def test_what_agents_see(self):
        with self.mcp(self.db) as m:
            tools = m.request("tools/list")["tools"]
        self.assertNotIn("allow_secret", json.dumps(tools))
        # A secret that is there can be corrected and deleted by its text.
        self.m.ok("add_observations", {"allow_secret": True, "observations": [
            {"entityName": "deploy", "contents": [f"uses {TOKEN}", URL]}]})
        self.m.ok("replace_observation", {
            "entityName": "deploy", "old": f"uses {TOKEN}",
            "new": "the token is in the vault, item deploy"})
        self.m.ok("delete_observations", {"deletions": [
            {"entityName": "deploy", "observations": [URL]}]})
        r = self.m.ok("open_nodes", {"names": ["deploy"]})
        self.assertEqual(r["entities"][0]["observations"], [
            "runs at night", "the token is in the vault, item deploy"])


class Mark(Secrets):
    def test_markers(self):
        self.started("--secrets", "mark")
        r = self.m.ok("create_entities", {"entities": [
            entity("ci", "builds", f"uses {TOKEN}, {URL}")]})
        self.assertEqual(r["marked"], [
            {"param": "entities[0].observations[1]", "rule": "github-token",
             "count": 2}])
        self.m.ok("replace_observation", {
            "entityName": "ci", "old": "builds", "new": f"builds {URL}"})
        self.m.ok("write_file", {"name": "f", "content": {
            "password": PASSWORD, TOKEN: [URL]}})
        self.m.ok("execute_code", {"code": (
            "memory.add_observations{observations={{entityName='ci', "
            f"contents={{'see {TOKEN}'}}}}}}}} return 1")})
        r = self.m.ok("open_nodes", {"names": ["ci"]})
        marked = "postgres://app:[secret:connection-string]@db.internal/main"
        self.assertEqual(sorted(r["entities"][0]["observations"]), [
            f"builds {marked}", "see [secret:github-token]",
            f"uses [secret:github-token], {marked}"])
        r = self.m.ok("read_file", {"name": "f"})
        self.assertEqual(r["content"], {
            "password": "[secret:password-assignment]",
            "[secret:github-token]": [marked]})
        self.assertEqual(self.on_disk(TOKEN, PASSWORD), [])

    def test_allow(self):
        self.started("--secrets", "allow")
        self.m.ok("create_entities", {"entities": [entity("ci", TOKEN)]})
        r = self.m.ok("open_nodes", {"names": ["ci"]})
        self.assertEqual(r["entities"][0]["observations"], [TOKEN])


class Import(Secrets):
    def lines(self, *lines):
        file = self.db.folder / "lines.jsonl"
        file.write_text("".join(json.dumps(x) + "\n" for x in lines))
        return str(file)

    def test_markers_are_counted(self):
        self.started()
        file = self.lines(
            {"type": "entity", "name": "ci", "entityType": "t",
             "observations": [f"uses {TOKEN}", "plain"],
             "metadata": {"password": PASSWORD}},
            {"type": "file", "name": "f", "at": 5,
             "body": json.dumps({"k": KEY})})
        r = self.db.ctl("import", file)
        self.assertIn("3 texts held a secret", r.stdout)
        c = self.db.client()
        r = c.ok("open_nodes", names=["ci"], fields=["observations",
                                                     "metadata"])
        self.assertEqual(r["entities"][0]["observations"],
                         ["uses [secret:github-token]", "plain"])
        self.assertEqual(r["entities"][0]["metadata"],
                         {"password": "[secret:password-assignment]"})
        self.assertEqual(c.ok("read_file", name="f")["content"],
                         {"k": "[secret:private-key]"})
        r = self.db.ctl("--json", "import", "--allow-secrets", "--restart",
                        file)
        self.assertEqual(json.loads(r.stdout)["secrets"], 0)
        r = c.ok("open_nodes", names=["ci"])
        self.assertIn(f"uses {TOKEN}", r["entities"][0]["observations"])

    def test_a_log_is_taken_to_the_letter(self):
        self.started("--secrets", "allow")
        c = self.db.client()
        c.ok("create_entities", entities=[entity("ci", f"uses {TOKEN}")])
        log = self.db.ctl("export").stdout
        self.db = self.service()
        file = self.db.folder / "log.jsonl"
        file.write_text(log)
        r = self.db.ctl("import", str(file))
        self.assertIn("memoryctl secrets scan", r.stdout)
        self.db.ctl("verify")


class Scan(Secrets):
    def setUp(self):
        self.started("--secrets", "allow")
        self.m.ok("create_entities", {"entities": [
            {**entity("ci", f"uses {TOKEN} at night", "plain"),
             "metadata": {"db": {"password": PASSWORD}, "k": 1}},
            entity("old", f"reads {URL}")]})
        self.m.ok("delete_observations", {"deletions": [
            {"entityName": "old", "observations": [f"reads {URL}"]}]})
        self.m.ok("memory_branch", {"action": "create", "name": "b"})
        self.m.ok("add_observations", {"branch": "b", "observations": [
            {"entityName": "ci", "contents": [f"also {TOKEN}"]}]})
        self.m.ok("write_file", {"name": "f", "content": [URL]})

    def ctl(self, *args, **kw):
        return self.db.ctl("--namespace", "p", *args, **kw)

    def scan(self, code=1):
        r = self.ctl("--json", "secrets", "scan", check=False)
        self.assertEqual(r.returncode, code, r)
        return [json.loads(x) for x in r.stdout.splitlines()]

    def test_found_with_markers(self):
        got = {(x.get("entity"), x.get("kind"), x["rule"],
                x.get("gone", False)): x.get("text") for x in self.scan()}
        self.assertEqual(got, {
            ("ci", "observation", "github-token", False):
                "uses [secret:github-token] at night",
            ("ci", "metadata", "password-assignment", False):
                '{"db":{"password":"[secret:password-assignment]"},"k":1}',
            ("old", "observation", "connection-string", True):
                "reads postgres://app:[secret:connection-string]@db.internal"
                "/main",
            ("ci", "observation", "github-token", True):
                "also [secret:github-token]",
            (None, None, "connection-string", False): None})
        r = self.ctl("secrets", "scan", check=False)
        self.assertIn("5 secrets in", r.stdout)
        for secret in (TOKEN, PASSWORD):
            self.assertNotIn(secret, r.stdout + r.stderr)

    def test_forget(self):
        r = self.ctl("secrets", "scan", "--forget", check=False)
        self.assertIn("--yes", r.stderr)
        self.assertEqual(len(self.scan()), 5)
        r = self.ctl("secrets", "scan", "--forget", "--yes", check=False)
        self.assertEqual(r.returncode, 1, r)
        self.assertIn("still there: the file f", r.stdout)
        self.assertIn("erased 4 texts", r.stdout)
        self.ctl("call", "delete_file", '{"name":"f"}')
        self.assertEqual(self.scan(code=0), [])
        r = self.m.ok("open_nodes", {"names": ["ci", "old"]})
        self.assertEqual([e["observations"] for e in r["entities"]],
                         [["plain"], []])
        self.db.ctl("verify")
        self.assertEqual(self.on_disk(TOKEN, PASSWORD), [])

    def test_forgets_nothing_else(self):
        c = self.db.client()
        r = c.ok("open_nodes", namespace="p", names=["ci"], fields=["facts"])
        plain = next(f for f in r["entities"][0]["facts"]
                     if f["text"] == "plain")["id"]
        e = c.fails("not_found", "forget_secrets", namespace="p",
                    facts=[plain], confirm=True)
        self.assertIn("scan_secrets", e["error"])
        found = [x["fact"] for x in self.scan() if "fact" in x]
        c.fails("invalid", "forget_secrets", namespace="p", facts=found)
        c.fails("not_found", "forget_secrets", facts=found, confirm=True)
        self.assertEqual(len(self.scan()), 5)

    def test_beside_the_facts(self):
        """Types, messages, questions, notes of conflicts and of reviews,
        skills, plans, and what waits in an inbox."""
        for f in [x for x in self.scan() if "fact" in x]:
            self.ctl("call", "forget_secrets",
                     json.dumps({"facts": [f["fact"]], "confirm": True}))
        self.ctl("call", "delete_file", '{"name":"f"}')
        c = self.db.client()
        c.ok("hello", namespace="p")
        c.ok("add_observations", message=f"rotated {TOKEN}", observations=[
            {"entityName": "ci", "contents": ["turns"]}])
        c.ok("create_entities", entities=[
            entity("typed", "x", type=f"is {TOKEN}")])
        c.ok("create_relations", relations=[
            {"from": "ci", "to": "old", "relationType": f"via {TOKEN}"}])
        c.ok("recall", query=f"who has {TOKEN}")
        c.ok("save_skill", name="go", description="goes",
             code=f"return '{TOKEN}'")
        c.ok("save_implementation_plan", title="Plan",
             steps=[{"text": f"put {TOKEN} in"}])
        c.ok("create_entities", entities=[entity("both", "x", type="note")])
        c.ok("memory_branch", action="create", name="w")
        c.ok("update_entity", branch="w", name="both",
             entityType=f"theirs {TOKEN}")
        c.ok("update_entity", name="both", entityType="ours")
        c.ok("memory_merge", branch="w")
        c.ok("set_namespace_settings", settings={"protect": True})
        a = self.db.client()
        a.ok("hello", namespace="p", session="s1", tools="default")
        staged = a.ok("add_observations", observations=[
            {"entityName": "ci", "contents": [f"waits {TOKEN}"]}])["change"]
        c.ok("review_staged", do="reject", changes=[staged],
             note=f"no {TOKEN} here")
        # A receipt keeps none; one of an older version did.
        with sqlite3.connect(self.db.database, timeout=60) as file:
            harness.wait_until(lambda: file.execute(
                "UPDATE receipt SET query = ?",
                (f"who has {TOKEN}",)).rowcount > 0 or file.rollback())
        file.close()
        kinds = {x["kind"] for x in self.scan()}
        self.assertLessEqual({"message", "type", "relation type", "question",
                              "metadata", "note", "observation", "review"},
                             kinds)
        found = next(x for x in self.scan() if x["kind"] == "message")
        self.assertEqual(found["text"], "rotated [secret:github-token]")
        c.fails("not_found", "forget_secrets", changes=[1], confirm=True)
        c.fails("not_found", "forget_secrets", namespace="default",
                changes=[found["change"]], confirm=True)
        c.fails("invalid", "forget_secrets", confirm=True)
        r = self.ctl("secrets", "scan", "--forget", "--yes", check=False)
        self.assertIn("still there: the type of the entity", r.stdout, r)
        for left in self.scan():
            self.assertEqual(left["kind"], "type", left)
            self.ctl("forget", left["entity"], "--yes", check=False)
        self.assertEqual(self.scan(code=0), [])
        self.db.ctl("verify")
        self.assertEqual(self.on_disk(TOKEN), [])

    def test_names_are_left_to_a_person(self):
        self.m.ok("create_entities", {"entities": [entity(TOKEN, "x")]})
        rows = [x for x in self.scan() if x.get("kind") == "name"]
        self.assertEqual([x["entity"] for x in rows],
                         ["[secret:github-token]"])
        c = self.db.client()
        c.fails("invalid", "forget_secrets", namespace="p",
                facts=[rows[0]["fact"]], confirm=True)

    def test_pages(self):
        for k in range(3):
            self.m.ok("create_entities", {"entities": [
                entity(f"e{k}-{i}", *(f"plain {k} {i} {n}" for n in range(9)))
                for i in range(90)]})
        self.m.ok("create_entities", {"entities": [entity("z", URL)]})
        c, rows, pages, cursor = self.db.client(), [], 0, {}
        while cursor is not None:
            r = c.ok("scan_secrets", namespace="p", **cursor)
            rows += r["secrets"]
            pages += 1
            cursor = {"cursor": r["next"]} if "next" in r else None
        self.assertGreater(pages, 1)
        self.assertEqual(len(rows), 6)


if __name__ == "__main__":
    harness.main()
