"""memoryctl import --from: exports and databases of other memories, with samples
written here: onto a branch, through extraction and the look for secrets, in
constant memory, and never twice."""
import json
import os
import resource
import sqlite3
import subprocess
import unittest
import zipfile

from harness import BIN, SLOW, TestCase, clean_env, reports

CTL = str(BIN / "memoryctl")
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def claude_ai(*talks):
    return [{"uuid": f"c{i}", "name": "Tea", "created_at":
             "2026-11-01T09:00:00Z", "chat_messages": [
                 {"uuid": f"m{i}-{k}", "sender": who, "text": text,
                  "content": [{"type": "text", "text": text},
                              {"type": "tool_use", "name": "x"}],
                  "created_at": "2026-11-01T09:00:00.000000Z"}
                 for k, (who, text) in enumerate(talk)]}
            for i, talk in enumerate(talks)]


def chatgpt(way, side=(), **more):
    """A tree: `way` is what was said last, `side` an answer given up."""
    nodes = {"n0": {"id": "n0", "parent": None, "children": ["n1"],
                    "message": None}}
    for i, (role, text) in enumerate(way, 1):
        nodes[f"n{i}"] = {
            "id": f"n{i}", "parent": f"n{i - 1}",
            "children": [f"n{i + 1}"] if i < len(way) else [],
            "message": {"author": {"role": role},
                        "create_time": 1762000000.5 + i,
                        "content": {"content_type": "text",
                                    "parts": [text]}, "metadata": {}}}
    for i, (role, text) in enumerate(side, 1):
        nodes[f"s{i}"] = {
            "id": f"s{i}", "parent": "n1", "children": [],
            "message": {"author": {"role": role}, "create_time": 1,
                        "content": {"content_type": "text",
                                    "parts": [text]}, "metadata": {}}}
    return {"title": "Tea", "create_time": 1762000000.0, "id": "conv1",
            "current_node": f"n{len(way)}", "mapping": nodes, **more}


class Records(TestCase):
    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.home.mkdir()
        self.db = self.service()

    def ctl(self, *args, code=0, limit=None):
        done = subprocess.run(
            [CTL, *map(str, args)], text=True, capture_output=True,
            cwd=self.dir, timeout=240 * SLOW, preexec_fn=limit,
            env=clean_env(self.home, {
                "MEMORY_DB_SOCKET": self.db.socket, "MEMORY_DB_PATH": None,
                "CLAUDE_CONFIG_DIR": None, "CODEX_HOME": None,
                "CLAUDE_MEM_DATA_DIR": None}))
        self.assertEqual(reports(done.stderr), [])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def take(self, kind, path=None, code=0):
        return json.loads(self.ctl("import", "--json", "--from", kind,
                                   *([path] if path else []), code=code))

    def file(self, name, content):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str)
                        else json.dumps(content))
        return path

    def graph(self, kind, branch=None):
        with self.db.client() as c:
            return c.ok("read_graph", namespace="default",
                        branch=branch or f"import-{kind}",
                        fields=["name", "type", "facts", "relations"])

    def facts(self, kind, branch=None):
        """{entity: {text: fact}}"""
        return {e["name"]: {f["text"]: f for f in e["facts"]}
                for e in self.graph(kind, branch)["entities"]}

    def twice(self, kind, path=None):
        """Both runs; the second one adds nothing, and main has nothing."""
        first = self.take(kind, path)
        self.assertGreater(first["stored"], 0, first)
        self.assertEqual(first["branch"], f"import-{kind}")
        second = self.take(kind, path)
        self.assertEqual((second["stored"], second["relations"]), (0, 0))
        with self.db.client() as c:
            self.assertEqual(c.ok("read_graph", namespace="default")
                             ["entities"], [])
        return first


class Chats(Records):
    TALK = ((("human", "I live in Lisbon. I prefer green tea over coffee."),
             ("assistant", "Noted!")),
            (("human", f"My token is {TOKEN}. My name is Ada."),))

    def texts(self, kind):
        return " | ".join(t for e in self.facts(kind).values() for t in e)

    def test_claude_ai(self):
        path = self.file("conversations.json", claude_ai(*self.TALK))
        got = self.twice("claude-ai", path)
        self.assertEqual(got["turns"], 3)
        self.assertIn("Lisbon", self.texts("claude-ai"))
        self.assertNotIn(TOKEN, json.dumps(self.graph("claude-ai")))

    def test_claude_ai_projects(self):
        path = self.file("projects.json", [{
            "uuid": "p1", "name": "Shop", "prompt_template": "Use pnpm here",
            "docs": [{"filename": "api.md", "content": "The API is REST",
                      "created_at": "2026-01-02T03:04:05Z"}]}])
        self.twice("claude-ai", path)
        facts = self.facts("claude-ai")
        self.assertIn("Use pnpm here", facts["Shop"])
        self.assertIn("The API is REST", facts["api.md"])

    def test_chatgpt(self):
        path = self.file("conversations.json", [
            chatgpt([("system", "I live in Nowhere."),
                     ("user", "I live in Lisbon."), ("assistant", "Nice")],
                    side=[("user", "I live in Paris.")]),
            chatgpt([("user", "I like jazz.")], current_node=None,
                    id="conv2")])
        self.twice("chatgpt", path)
        texts = self.texts("chatgpt")
        self.assertIn("Lisbon", texts)
        self.assertIn("jazz", texts)
        self.assertNotIn("Paris", texts)
        self.assertNotIn("Nowhere", texts)

    def test_zip_stored_and_deflated(self):
        for i, method in enumerate((zipfile.ZIP_STORED,
                                    zipfile.ZIP_DEFLATED)):
            path = self.dir / f"export{i}.zip"
            with zipfile.ZipFile(path, "w", method) as z:
                z.writestr("user.json", "[{\"email\": \"a@b.c\"}]")
                z.writestr("conversations.json", json.dumps(claude_ai(
                    (("human", f"I live in {('Lisbon', 'Oslo')[i]}."),))))
            got = self.take("claude-ai", path)
            self.assertEqual(got["turns"], 1)
        self.assertIn("Oslo", self.texts("claude-ai"))

    def test_zip_of_very_many_files(self):
        """More than 65,535: their number stands in another record."""
        path = self.dir / "many.zip"
        with zipfile.ZipFile(path, "w") as z:
            for i in range(66000):
                z.writestr(f"media/{i}", b"")
            z.writestr("conversations.json", json.dumps(claude_ai(
                (("human", "I live in Lisbon."),))))
        got = self.take("claude-ai", path)
        self.assertEqual(got["turns"], 1)

    def test_damaged_zip(self):
        good = self.dir / "good.zip"
        with zipfile.ZipFile(good, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("conversations.json", json.dumps(
                claude_ai(*self.TALK)) * 3)
        data = good.read_bytes()
        for i, bad in enumerate((data[:-30], data[:40] + b"\xff" * 30 +
                                 data[70:], data[:50])):
            path = self.dir / f"bad{i}.zip"
            path.write_bytes(bad)
            got = self.take("claude-ai", path)
            self.assertEqual(got["unread"] + got["left_out"] > 0, True, got)

    def test_torn_file(self):
        whole = json.dumps(claude_ai(*self.TALK))
        path = self.file("conversations.json", whole[:-40])
        got = self.take("claude-ai", path)
        self.assertEqual((got["turns"], got["left_out"]), (2, 1))
        self.assertIn("Lisbon", self.texts("claude-ai"))

    def test_gemini(self):
        self.file("home/.gemini/tmp/abc/chats/session-1.json", {
            "sessionId": "s1", "messages": [
                {"id": "1", "type": "user", "timestamp":
                 "2026-11-01T09:00:00Z", "content": "I live in Lisbon."},
                {"id": "2", "type": "info", "content": "I live in Rome."},
                {"id": "3", "type": "gemini", "content":
                 [{"text": "Nice"}]}]})
        rows = {r["kind"]: r["files"] for r in
                json.loads(self.ctl("import", "--scan", "--json"))}
        self.assertEqual(rows, {"gemini": 1})
        self.assertEqual(self.twice("gemini")["turns"], 2)
        self.assertNotIn("Rome", self.texts("gemini"))


class Memories(Records):
    def test_mem0_json(self):
        path = self.file("mem0.json", {"results": [
            {"id": "m1", "memory": "Likes green tea", "hash": "x",
             "user_id": "ada", "metadata": {"category": "food"},
             "created_at": "2026-01-02T03:04:05-07:00"},
            {"id": "m2", "memory": f"token {TOKEN}", "user_id": "ada"},
            {"id": "m3", "memory": "Answers in German",
             "agent_id": "helper"}],
            "relations": [{"source": "ada", "relationship": "works_at",
                           "target": "acme"}]})
        got = json.loads(self.ctl("import", "--json", "--from", "mem0",
                                  path))
        self.assertEqual((got["stored"], got["masked"], got["refused"],
                          got["relations"]), (3, 1, 0, 1))
        facts = self.facts("mem0")
        tea = facts["ada"]["Likes green tea"]
        self.assertEqual((tea["tags"], tea["metadata"],
                          tea["claims"]["source_timestamp"][:16]),
                         (["food"], {"category": "food"}, "2026-01-02T10:04"))
        self.assertIn("Answers in German", facts["helper"])
        self.assertEqual(len(facts["ada"]), 2)
        self.assertNotIn(TOKEN, json.dumps(self.graph("mem0")))

    def test_mem0_list_and_markdown(self):
        self.twice("mem0", self.file("list.json", [
            {"memory": "Likes jazz", "user_id": "ada"}]))
        self.take("mem0", self.file("mem0.md", (
            "---\nid: 1\ncreated_at: 2026-01-02\ntype: preference\n"
            "categories: [food, drinks]\n---\nLikes green tea.\n\n"
            "---\nid: 2\ntype: decision\n---\nUses pnpm\nand tabs\n")))
        facts = self.facts("mem0")["user"]
        self.assertEqual(set(facts), {"Likes green tea.",
                                      "Uses pnpm\nand tabs"})
        self.assertEqual(sorted(facts["Likes green tea."]["tags"]),
                         ["drinks", "food", "preference"])

    def claude_mem(self, path, rows=1, wal=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path)
        db.executescript("""
          CREATE TABLE "schema_versions" (id INTEGER PRIMARY KEY, v TEXT);
          CREATE TABLE observations (id INTEGER PRIMARY KEY AUTOINCREMENT,
            memory_session_id TEXT NOT NULL, project TEXT NOT NULL, text TEXT,
            type TEXT NOT NULL CHECK(type IN ('decision', 'bugfix, or')
              OR 1), title TEXT, subtitle TEXT, facts TEXT, narrative TEXT,
            concepts TEXT, files_read TEXT, created_at TEXT NOT NULL,
            created_at_epoch INTEGER NOT NULL,
            FOREIGN KEY(memory_session_id) REFERENCES s(id));
          CREATE TABLE session_summaries (id INTEGER PRIMARY KEY,
            memory_session_id TEXT, project TEXT, request TEXT, learned TEXT,
            completed TEXT, next_steps TEXT, created_at TEXT,
            created_at_epoch INTEGER);
          CREATE TABLE user_prompts (id INTEGER PRIMARY KEY,
            content_session_id TEXT, prompt_number INTEGER, prompt_text TEXT,
            created_at TEXT, created_at_epoch INTEGER);""")
        if wal:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA wal_autocheckpoint=0")
        for i in range(rows):
            db.execute(
                "INSERT INTO observations (memory_session_id, project, type,"
                " title, facts, narrative, concepts, created_at,"
                " created_at_epoch) VALUES (?,?,?,?,?,?,?,?,?)",
                ("s1", "shop", "decision", f"Chose database {i}",
                 json.dumps([f"Postgres was chosen over MySQL in round {i}",
                             "x" * 9000 if i == 3 else f"fact {i}"]),
                 "told", '["how-it-works"]', "2026-01-02T03:04:05Z",
                 1767323045000))
        db.execute("INSERT INTO session_summaries (project, learned,"
                   " next_steps, created_at_epoch) VALUES"
                   " ('shop', 'Vite needs node 22', 'ship it',"
                   " 1767323045000)")
        db.execute("INSERT INTO user_prompts (content_session_id, prompt_text,"
                   " created_at_epoch) VALUES ('c1', 'I live in Lisbon.',"
                   " 1767323045000)")
        db.commit()
        return db

    def test_claude_mem_database(self):
        path = self.home / ".claude-mem/claude-mem.db"
        self.claude_mem(path, rows=400).close()
        before = path.read_bytes()
        got = self.twice("claude-mem")
        self.assertEqual(path.read_bytes(), before)
        self.assertEqual(sorted(p.name for p in path.parent.iterdir()),
                         ["claude-mem.db"])
        facts = self.facts("claude-mem")
        self.assertGreater(got["stored"], 1100)
        chosen = facts["shop"]["Postgres was chosen over MySQL in round 7"]
        self.assertEqual(sorted(chosen["tags"]), ["decision", "how-it-works"])
        self.assertIn("x" * 9000, facts["shop"])      # on overflow pages
        self.assertIn("Learned: Vite needs node 22", facts["shop"])
        self.assertTrue(any("Lisbon" in t for e in facts.values()
                            for t in e))

    def test_claude_mem_in_use(self):
        """What was committed lies in the log beside the file."""
        path = self.home / ".claude-mem/claude-mem.db"
        db = self.claude_mem(path, rows=50, wal=True)
        self.addCleanup(db.close)
        self.assertGreater(os.path.getsize(str(path) + "-wal"), 0)
        db.execute("BEGIN")
        db.execute("UPDATE observations SET title = 'never committed'")
        self.twice("claude-mem")
        facts = self.facts("claude-mem")["shop"]
        self.assertIn("Postgres was chosen over MySQL in round 49", facts)
        self.assertFalse(any("never" in t for t in facts))

    def test_claude_mem_export(self):
        self.twice("claude-mem", self.file("export.json", {
            "exportedAt": "x", "observations": [
                {"id": 1, "project": "shop", "type": "bugfix",
                 "text": "The clock was wrong", "title": "Clock",
                 "created_at_epoch": 1767323045000}],
            "summaries": [{"project": "shop", "learned": "Vite is fast"}],
            "prompts": [{"content_session_id": "c",
                         "prompt_text": "I like jazz."}]}))
        self.assertIn("Clock: The clock was wrong",
                      self.facts("claude-mem")["shop"])

    def test_damaged_database(self):
        path = self.home / ".claude-mem/claude-mem.db"
        self.claude_mem(path, rows=100).close()
        data = path.read_bytes()
        for cut in (100, 4096, len(data) // 2):
            path.write_bytes(data[:cut])
            self.take("claude-mem")
        for at in range(100, len(data), len(data) // 12):
            path.write_bytes(data[:at] + b"\xff" * 64 + data[at + 64:])
            self.take("claude-mem")

    def test_doobidoo(self):
        memory = {"content": "The cache is on kestrel", "content_hash": "h",
                  "tags": ["infra", "hosts"], "created_at": 1767323045.5,
                  "memory_type": "note", "metadata": {"by": "ada"}}
        self.twice("doobidoo", self.file("export.json", {
            "export_metadata": {"total_memories": 1, "tags": ["no"]},
            "memories": [memory]}))
        fact = self.facts("doobidoo")["note"]["The cache is on kestrel"]
        self.assertEqual((sorted(fact["tags"]), fact["metadata"]),
                         (["hosts", "infra"], {"by": "ada"}))
        path = self.home / ".local/share/mcp-memory/sqlite_vec.db"
        path.parent.mkdir(parents=True)
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE memories (id INTEGER PRIMARY KEY, "
                   "content_hash TEXT, content TEXT, tags TEXT, "
                   "memory_type TEXT, metadata TEXT, created_at REAL)")
        db.execute("ALTER TABLE memories ADD COLUMN deleted_at REAL")
        db.execute("INSERT INTO memories VALUES (1, 'a', 'Uses pnpm', "
                   "'js,tools', 'rule', '{\"k\": 1}', 1767323045.5, NULL)")
        db.execute("INSERT INTO memories VALUES (2, 'b', 'Was deleted', "
                   "'', 'rule', '', 1767323045.5, 1767323046.5)")
        db.commit()
        db.close()
        self.take("doobidoo")
        facts = self.facts("doobidoo")["rule"]
        self.assertEqual(list(facts), ["Uses pnpm"])
        self.assertEqual(sorted(facts["Uses pnpm"]["tags"]), ["js", "tools"])

    def test_letta(self):
        self.twice("letta", self.file("agent.af", {
            "agents": [{"name": "a", "block_ids": ["b1"]}],
            "blocks": [{"id": "b1", "label": "human", "limit": 5000,
                        "value": "Name: Ada\n- likes tea\n\n",
                        "read_only": False},
                       {"label": "persona", "value": "Speaks plainly."}],
            "tools": [{"name": "x", "value": "no", "label": "no"}]}))
        facts = self.facts("letta")
        self.assertEqual(set(facts["human"]), {"Name: Ada", "likes tea"})
        self.assertNotIn("no", facts)

    def test_graphiti(self):
        self.twice("graphiti", self.file("dump.json", {
            "edges": [{"uuid": "e1", "source_node_uuid": "n1",
                       "target_node_uuid": "n2", "name": "WORKS_AT",
                       "fact": "Ada worked at Acme",
                       "valid_at": "2024-01-01T00:00:00Z",
                       "invalid_at": "2025-06-01T00:00:00Z",
                       "created_at": "2025-07-01T00:00:00Z"},
                      {"uuid": "e2", "source_node_uuid": "n1",
                       "target_node_uuid": "n3", "name": "LIVES_IN",
                       "fact": "Ada lives in Lisbon",
                       "valid_at": "2025-06-01T00:00:00Z"}],
            "nodes": [{"uuid": "n1", "name": "Ada", "labels":
                       ["Entity", "Person"], "summary": "An engineer"},
                      {"uuid": "n2", "name": "Acme", "labels": ["Entity"]},
                      {"uuid": "n3", "name": "Lisbon", "labels": ["Entity"],
                       "summary": ""}],
            "episodes": [{"uuid": "p1", "content": "I like jazz.",
                          "source": "message",
                          "valid_at": "2025-06-01T00:00:00Z"}]}))
        facts = self.facts("graphiti")
        self.assertIn("An engineer", facts["Ada"])
        with self.db.client() as c:
            old = c.ok("read_graph", branch="import-graphiti",
                       valid_at="2025-12-01T00:00:00Z")
        ada = next(e for e in old["entities"] if e["name"] == "Ada")
        self.assertIn("Ada lives in Lisbon", ada["observations"])
        self.assertNotIn("Ada worked at Acme", ada["observations"])
        self.assertEqual([(r["from"], r["relationType"], r["to"])
                          for r in self.graph("graphiti")["relations"]],
                         [("Ada", "LIVES_IN", "Lisbon")])

    def test_basic_memory(self):
        self.file("home/basic-memory/drinks/Coffee.md", (
            "---\ntitle: Coffee Methods\ntype: guide\n"
            "permalink: drinks/coffee\ntags:\n- drinks\n- hot\n---\n"
            "# Coffee Methods\n\nA note about [[Beans]].\n\n"
            "## Observations\n"
            "- [method] Pour over brings out the taste #brewing #slow "
            "(in the kitchen)\n"
            "- [tip] Water at 93 degrees\n- plain item\n"
            "- [ ] buy a kettle\n"
            "```\n- [no] code\n```\n"
            "## Relations\n- pairs_with [[Chocolate]]\n"
            "- see also [[Tea|the tea]] (later)\n"))
        self.file("home/basic-memory/Chocolate.md",
                  "---\ntitle: Chocolate\ntype: food\n---\n- [taste] sweet\n")
        got = self.twice("basic-memory")
        self.assertEqual(got["files"], 2)
        facts = self.facts("basic-memory")
        coffee = facts["Coffee Methods"]
        pour = coffee["Pour over brings out the taste"]
        self.assertEqual((sorted(pour["tags"]), pour["metadata"]),
                         (["brewing", "method", "slow"],
                          {"category": "method",
                           "context": "in the kitchen"}))
        self.assertEqual(set(coffee), {
            "A note about [[Beans]].", "Pour over brings out the taste",
            "Water at 93 degrees", "plain item", "buy a kettle"})
        self.assertEqual({e["name"]: e["type"] for e in
                          self.graph("basic-memory")["entities"]},
                         {"Coffee Methods": "guide", "Chocolate": "food",
                          "Beans": "note", "Tea": "note"})
        self.assertEqual({(r["from"], r["relationType"], r["to"]) for r in
                          self.graph("basic-memory")["relations"]},
                         {("Coffee Methods", "pairs_with", "Chocolate"),
                          ("Coffee Methods", "see also", "Tea"),
                          ("Coffee Methods", "links to", "Beans")})

    def test_basic_memory_odd_names(self):
        """No title, and what is cut within a character."""
        self.file("home/basic-memory/Plain.md",
                  "---\ntitle:\ntype: note\n---\n- [a] first\n")
        self.file("home/basic-memory/Long.md",
                  "---\ntitle: x" + "\u00fc" * 600 + "\ntags: [x"
                  + "\u00fc" * 600 + "]\n---\n- [b] second #x"
                  + "\u00fc" * 200 + "\n")
        self.file("home/basic-memory/Third.md", "- [c] third\n")
        self.twice("basic-memory")
        facts = self.facts("basic-memory")
        self.assertEqual({"Plain", "x" + "\u00fc" * 511, "Third"},
                         set(facts))

    def test_a_database_of_pages_that_lead_to_pages(self):
        """A tree that visits its pages again and again ends."""
        path = self.home / ".local/share/mcp-memory/sqlite_vec.db"
        path.parent.mkdir(parents=True)
        size, first = 512, bytearray(512)
        pages = 24
        first[:16] = b"SQLite format 3\0"
        first[16:18] = size.to_bytes(2, "big")
        out = []
        for n in range(1, pages + 1):
            page, at = (first, 100) if n == 1 else (bytearray(size), 0)
            page[at] = 5
            cells = 40
            page[at + 3:at + 5] = cells.to_bytes(2, "big")
            child = min(n + 1, pages).to_bytes(4, "big")
            page[at + 8:at + 12] = child
            for i in range(cells):
                k = at + 12 + 2 * i
                page[k:k + 2] = (size - 8).to_bytes(2, "big")
            page[size - 8:size - 4] = child
            if n == pages:
                page[0], page[3:5] = 13, bytes(2)
            out.append(bytes(page))
        path.write_bytes(b"".join(out))
        self.assertEqual(self.take("doobidoo", path)["unread"], 1)


class Bounds(Records):
    def test_large_file_in_constant_memory(self):
        """35 MB of one file within 48 MB of memory (sanitizers take more)."""
        path = self.dir / "conversations.json"
        filler = "this line says nothing that would be a fact. " * 200
        with open(path, "w") as f:
            f.write("[")
            for i in range(400):
                one = claude_ai((("human", filler),) * 4 +
                                (("assistant", filler * 2),) * 3)[0]
                one["uuid"] = f"c{i}"
                f.write(json.dumps(one) + ",")
            f.write(json.dumps(claude_ai(
                (("human", "I live in Lisbon."),))[0]) + "]")
        self.assertGreater(path.stat().st_size, 30e6)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        got = self.take("claude-ai", path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertEqual(got["turns"], 400 * 7 + 1)
        if SLOW == 1:
            self.assertLess(max(before, after), 48 * 1024)

    def test_strange_files(self):
        for i, text in enumerate((
                "", "[", "{", "[]", "null", "[1, 2]", '"x"', "[[[[", "}",
                '{"memories": {"a": 1}}', '{"memories": [1, "x", null]}',
                '[{"mapping": {"a": {"parent": "a"}}, "current_node": "a"}]',
                '[{"chat_messages": [1, {"sender": 7}, {"sender": "human"}]}]',
                '[{"memory": 7, "user_id": []}]', "\ufeff[]",
                '[{"uuid": "a", "chat_messages": "x"}]')):
            for kind in (("claude-ai", "graphiti"), ("mem0", "doobidoo"),
                         ("letta",))[i % 3]:
                got = self.take(kind, self.file(f"{i}.json", text))
                self.assertEqual(got["stored"], 0, (kind, text))

    def test_needs_a_path(self):
        for kind in ("claude-ai", "chatgpt", "mem0", "letta", "graphiti"):
            self.ctl("import", "--from", kind, code=1)
            self.ctl("import", "--from", kind, self.dir / "none.json",
                     code=1)


if __name__ == "__main__":
    unittest.main()
