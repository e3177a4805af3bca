#!/usr/bin/env python3
"""Import of what clients and other memories write in their older and newer
forms: nested blocks, pictures, sub-agents, summaries, torn ends, other languages,
long texts, secrets. Each is taken, and a second run adds nothing. A marker takes
the place of a secret, whatever it stood in, and the report counts it."""
import json
import sqlite3
import unittest
import zipfile

from harness import main
from test_import_home import Imports

TOKEN = "ghp_" + "b7Yk3Mn8Rw2Et6Uy9Ip1As5Df4Gh0JkLz3Qe"


def lines(*rows):
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)


class Variants(Imports):
    def write(self, path, text):
        path = self.home / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def taken(self, kind, *path, wanted, never=(), namespace="default",
              code=0):
        first = self.take(kind, *path, code=code)
        self.assertEqual(first["unread"], 0, first)
        again = self.take(kind, *path, code=code)
        self.assertEqual((again["stored"], again["relations"]), (0, 0), again)
        got = self.texts(namespace, f"import-{kind}")
        for text in wanted:
            self.assertTrue(any(text in t for _, t in got), (text, got))
        for text in never:
            self.assertFalse(any(text in t or text in n for n, t in got),
                             (text, got))
        with self.db.client() as c:
            self.assertEqual(c.ok("verify").get("problems", []), [])
        return first, got


class Transcripts(Variants):
    def test_claude_code(self):
        def said(role, content, **more):
            return {"type": role, "uuid": "u", "sessionId": "s",
                    "cwd": "/srv/shop", "version": "2.1.0",
                    "timestamp": "2026-10-01T09:00:00.000Z",
                    "message": {"role": role, "content": content}, **more}
        picture = {"type": "image", "source": {
            "type": "base64", "media_type": "image/png", "data": "A" * 9000}}
        self.write(".claude/projects/-srv-shop/s.jsonl", lines(
            {"type": "summary", "summary": "My name is Sum Wrong."},
            {"type": "file-history-snapshot", "messageId": "m",
             "snapshot": {"trackedFileBackups": {}}},
            {"type": "queue-operation", "operation": "enqueue",
             "content": "My name is Queue Wrong."},
            said("user", [picture, {"type": "text",
                                    "text": "My name is Lena Vogt."}]),
            said("user", "Wir haben uns für Postgres 16 entschieden."),
            said("user", [{"type": "tool_result", "tool_use_id": "t",
                           "content": [{"type": "text",
                                        "text": "My name is Tool Wrong."},
                                       picture]}]),
            said("assistant", [{"type": "thinking",
                                "thinking": "My name is Thought Wrong.",
                                "signature": "x"},
                               {"type": "text", "text": "Noted."}]),
            said("user", "My name is Side Wrong.", isSidechain=True),
            said("user", "My name is Compact Wrong.", isCompactSummary=True,
                 isVisibleInTranscriptOnly=True),
            said("user", f"I prefer tabs over spaces. The key is {TOKEN}."),
            {"type": "system", "subtype": "compact_boundary",
             "content": "Conversation compacted"},
            said("user", "I live in Graz. " + "Nothing else is new. " * 4000)) +
            json.dumps(said("user", "My name is Torn Wrong."))[:-9])
        self.write(".claude/projects/-srv-shop/s/subagents/agent-a.jsonl",
                   lines(said("user", "My name is Sub Wrong.", agentId="a")))
        first, _ = self.taken("claude-code", namespace="/srv/shop",
                              wanted=("Lena Vogt", "tabs over spaces", "Graz"),
                              never=("Wrong", TOKEN))
        self.assertEqual(first["masked"], 1)

    def test_codex(self):
        def item(role, *texts, kind="input_text"):
            return {"timestamp": "2026-10-01T09:00:00Z",
                    "type": "response_item", "payload": {
                        "type": "message", "role": role, "content": [
                            {"type": kind, "text": t} for t in texts]}}
        self.write(".codex/sessions/2026/10/01/rollout-1-a.jsonl", lines(
            {"timestamp": "x", "type": "session_meta", "payload": {
                "id": "a", "cwd": "/srv/shop", "instructions": "y" * 40000}},
            {"type": "turn_context", "payload": {"cwd": "/srv/shop"}},
            item("developer", "My name is Dev Wrong."),
            item("user", "# AGENTS.md instructions\nMy name is Ag Wrong."),
            item("user", "<environment_context>My name is E Wrong."
                 "</environment_context>"),
            item("user", "My name is Cora Dahl."),
            {"type": "response_item", "payload": {
                "type": "reasoning", "summary": [
                    {"type": "summary_text", "text": "My name is R Wrong."}]}},
            {"type": "response_item", "payload": {
                "type": "function_call_output", "call_id": "c",
                "output": "My name is Out Wrong."}},
            {"type": "compacted", "payload": {
                "message": "My name is Comp Wrong."}},
            {"type": "event_msg", "payload": {
                "type": "user_message", "message": "My name is Ev Wrong."}},
            item("assistant", "Hello.", kind="output_text")))
        # The form of 2025: no envelope, and the folder in a text of its own.
        self.write(".codex/sessions/2025/05/01/rollout-0-b.jsonl", lines(
            {"id": "b", "timestamp": "2025-05-01T09:00:00Z",
             "instructions": None},
            {"record_type": "state"},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "I prefer rebase over merge."}]},
            {"type": "function_call", "name": "shell", "arguments": "{}"}))
        self.taken("codex", namespace="/srv/shop", wanted=("Cora Dahl",),
                   never=("Wrong",))
        self.assertTrue(any("rebase" in t for _, t in self.texts(
            "default", "import-codex")))

    def test_copilot_and_cursor(self):
        self.write(".copilot/session-state/a/events.jsonl", lines(
            {"type": "session.start", "data": {
                "sessionId": "a", "context": {"cwd": "/srv/shop"}}},
            {"type": "user.message", "data": {
                "content": "My name is Cole Pike.",
                "transformedContent": "My name is Trans Wrong.",
                "attachments": []}, "id": "1", "parentId": None},
            {"type": "assistant.message", "data": {
                "messageId": "m", "content": "Hello Cole.",
                "toolRequests": []}},
            {"type": "tool.execution_complete", "data": {
                "result": {"content": "My name is Tool Wrong."}}}))
        self.take("copilot-cli")
        got = {t for ns in ("default", "/srv/shop")
               for _, t in self.either(ns, "import-copilot-cli")}
        self.assertTrue(any("Cole Pike" in t for t in got), got)
        self.assertFalse(any("Wrong" in t for t in got))
        self.write(".cursor/projects/srv-shop/agent-transcripts/a/a.jsonl",
                   lines({"role": "user", "message": {"content": [
                       {"type": "text", "text":
                        "<user_query>\nMy name is Kurt Sorg.\n</user_query>"}]}},
                         {"role": "assistant", "message": {"content": [
                             {"type": "text", "text": "Hello."},
                             {"type": "tool_use", "name": "x",
                              "input": {"a": "My name is In Wrong."}}]}}))
        self.taken("cursor", wanted=("Kurt Sorg",),
                   never=("Wrong", "user_query"))

    def either(self, namespace, branch):
        with self.db.client() as c:
            got = c.call("read_graph", namespace=namespace, branch=branch)
        return {(e["name"], o if isinstance(o, str) else o["text"])
                for e in got.get("entities", []) for o in e["observations"]}

    def test_gemini(self):
        self.write(".gemini/tmp/h1/chats/session-1.json", json.dumps({
            "sessionId": "g1", "projectHash": "h1", "messages": [
                {"id": "1", "type": "user", "timestamp": "2026-10-01T09:00:00Z",
                 "content": "My name is Gem Iller."},
                {"id": "2", "type": "info", "content": "My name is I Wrong."},
                {"id": "3", "type": "gemini", "content": "Hello.",
                 "thoughts": [{"subject": "s",
                               "description": "My name is Th Wrong."}],
                 "toolCalls": [{"name": "x", "result": [
                     {"functionResponse": {"response": {
                         "output": "My name is Out Wrong."}}}]}]}]}))
        self.write(".gemini/tmp/h1/chats/session-2.jsonl", lines(
            {"sessionId": "g2", "kind": "main"},
            {"id": "1", "type": "user", "content": [
                {"text": "I prefer pnpm over npm."},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
            {"$set": {"lastUpdated": "2026-10-01T09:00:00Z"}},
            {"id": "2", "type": "gemini", "content": "Noted."}) +
            '{"id": "3", "type": "user", "content": "My name is To')
        self.taken("gemini", wanted=("Gem Iller", "pnpm"), never=("Wrong",))


class Notes(Variants):
    def test_auto_memory(self):
        self.write(".claude/projects/-srv-shop/s.jsonl", lines(
            {"type": "user", "cwd": "/srv/shop",
             "message": {"role": "user", "content": "hello"}}))
        base = ".claude/projects/-srv-shop/memory/"
        self.write(base + "MEMORY.md", "# Index\n\n- [pnpm](pnpm.md): package "
                   "manager of this project\n")
        self.write(base + "pnpm.md", "---\nname: pnpm\ndescription: package "
                   "manager\nmetadata:\n  type: feedback\n---\nUse pnpm here."
                   "\n\n**Why:** the lockfile.\n**How to apply:** every install."
                   "\n\nSee [[build]].\n")
        self.write(base + "日本.md", "- ビルドは金曜日に行う\n")
        self.taken("auto-memory", namespace="/srv/shop",
                   wanted=("Use pnpm here", "the lockfile", "ビルド"))

    def test_markdown_of_a_folder(self):
        (self.dir / "CLAUDE.md").write_text(
            "# Shop\n\nUse make test before a commit.\n\n```sh\nrm -rf wrong\n"
            "```\n\n* The API listens on 8080\n1. Deploy on Fridays only\n")
        (self.dir / ".cursorrules").write_text("Never edit generated files.\n")
        (self.dir / "AGENTS.md").write_text(f"Token: {TOKEN}\n\n- tabs of 8\n")
        first, got = self.taken(
            "markdown", namespace=str(self.dir),
            wanted=("make test", "8080", "Fridays", "generated files",
                    "tabs of 8"), never=("rm -rf", TOKEN))
        self.assertEqual((first["masked"], first["refused"]), (1, 0))
        self.assertIn(("AGENTS.md", "Token: [secret:token-assignment]"), got)

    def test_rules_and_marks_at_the_begin(self):
        (self.dir / "AGENTS.md").write_text("---\n\n- use tabs\n\nNo more.\n")
        (self.dir / "CLAUDE.md").write_bytes(
            "\ufeff---\r\nname: x\r\n---\r\n- make first\r\n".encode())
        self.write("basic-memory/n.md", "\ufeff---\ntitle: Tea\n---\n- green\n")
        self.write("basic-memory/r.md", "---\n\n- [how] a rule first\n")
        _, got = self.taken("markdown", namespace=str(self.dir), wanted=(
            "use tabs", "No more.", "make first"), never=("name", "\ufeff"))
        self.assertEqual(len(got), 4, got)
        _, got = self.taken("basic-memory", wanted=("green", "a rule first"))
        self.assertIn(("Tea", "green"), got)
        self.assertFalse(any("title" in t for _, t in got), got)

    def test_secrets_may_stay(self):
        (self.dir / "AGENTS.md").write_text(
            f"- deploys with {TOKEN} and postgres://a:hunter2secret@db/x\n")
        self.assertEqual(self.take("markdown")["masked"], 2)
        self.assertIn("1 facts stored", self.ctl(
            "import", "--from", "markdown", "--allow-secrets"))
        texts = {t for _, t in self.texts(self.dir, "import-markdown")}
        self.assertEqual(len(texts), 2, texts)
        self.assertEqual(sum(TOKEN in t for t in texts), 1, texts)


class Exports(Variants):
    def test_claude_ai(self):
        chats = [
            {"uuid": "c1", "name": "Tea", "created_at": "2026-01-01T00:00:00Z",
             "account": {"uuid": "a"}, "chat_messages": [
                 {"uuid": "m1", "sender": "human", "text": "",
                  "content": [{"type": "text", "text": "My name is Ada Orth.",
                               "citations": []}],
                  "created_at": "2026-01-01T00:00:00Z", "attachments": [
                      {"file_name": "a.txt",
                       "extracted_content": "My name is Att Wrong."}],
                  "files": []},
                 {"uuid": "m2", "sender": "assistant", "text": "Hello.",
                  "content": [{"type": "thinking", "thinking": "My name is T "
                               "Wrong."}, {"type": "tool_use", "name": "x"},
                              {"type": "text", "text": "Hello."}]}]},
            {"uuid": "c2", "name": "", "chat_messages": [
                {"sender": "human", "text": "I prefer green tea over coffee."}]},
            {"uuid": "c3", "name": "empty", "chat_messages": []}]
        path = self.dir / "export.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("conversations.json", json.dumps(chats))
            z.writestr("users.json", json.dumps([{"uuid": "a"}]))
            z.writestr("projects.json", json.dumps([
                {"uuid": "p1", "name": "Shop", "description": "a shop of tea",
                 "prompt_template": "Answer in short sentences.",
                 "docs": [{"filename": "d.md", "content": "Opens at nine.",
                           "created_at": "2026-01-01T00:00:00Z"}]}]))
            z.writestr("memories.json", json.dumps([
                {"conversations_memory": "- Ada works in Graz",
                 "project_memories": {"p1": "- the shop sells oolong"}}]))
        self.taken("claude-ai", path,
                   wanted=("Ada Orth", "green tea", "short sentences",
                           "Opens at nine", "works in Graz", "oolong"),
                   never=("Wrong",))

    def test_chatgpt(self):
        def node(id, parent, role, parts, kind="text", meta=None, **more):
            return id, {"id": id, "parent": parent, "children": [],
                        "message": {"author": {"role": role},
                                    "create_time": 1762000000.5,
                                    "content": {"content_type": kind,
                                                "parts": parts},
                                    "metadata": meta or {}, **more}}
        mapping = dict((
            ("root", {"id": "root", "message": None, "parent": None,
                      "children": ["s"]}),
            node("s", "root", "system", ["My name is Sys Wrong."]),
            node("h", "s", "user", ["My name is Hidden Wrong."],
                 meta={"is_visually_hidden_from_conversation": True}),
            node("u1", "h", "user", [{"content_type": "image_asset_pointer",
                                      "asset_pointer": "file-1"},
                                     "My name is Bea Lind."],
                 kind="multimodal_text"),
            node("a0", "u1", "assistant", ["My name is Old Wrong."]),
            node("t", "u1", "tool", ["My name is Tool Wrong."]),
            node("a1", "t", "assistant", ["Hello Bea."]),
            node("u2", "a1", "user", ["我叫李雷。 I live in Bergen."])))
        path = self.write("c/conversations.json", json.dumps([
            {"title": "T", "create_time": 1762000000.0, "current_node": "u2",
             "mapping": mapping, "conversation_id": "c1"},
            {"title": "No node", "mapping": dict((
                node("x", None, "user", ["I prefer vim over emacs."]),))}]))
        self.taken("chatgpt", path, wanted=("Bea Lind", "Bergen", "vim"),
                   never=("Wrong",))

    def test_mem0(self):
        path = self.write("m.json", json.dumps({"results": [
            {"id": "1", "memory": "Likes green tea", "hash": "h",
             "user_id": "ada", "metadata": {"category": "food"},
             "created_at": "2026-01-01T00:00:00-08:00", "updated_at": None},
            {"id": "2", "memory": "Plans reviews", "agent_id": "bot",
             "categories": ["work"]},
            {"id": "3", "memory": f"token {TOKEN}", "user_id": "ada"}]}))
        first, _ = self.taken("mem0", path, wanted=(
            "Likes green tea", "Plans reviews", "token [secret:"),
            never=(TOKEN,))
        self.assertEqual((first["stored"], first["masked"]), (3, 1))
        # A list without a frame, and the plugin's Markdown.
        path = self.write("n.json", json.dumps([
            {"id": "4", "memory": "Sails on Sundays", "user_id": "ada"}]))
        self.taken("mem0", path, wanted=("Sails on Sundays",))
        path = self.write("x.md", "---\nid: 9\ncreated_at: 2026-01-01\ntype: "
                          "decision\nfiles: [a.c]\n---\nUse one writer thread."
                          "\n\nBecause of order.\n---\nid: 10\n---\nKeep logs "
                          "a month.\n")
        self.taken("mem0", path, wanted=("one writer thread", "logs a month"))

    def test_databases(self):
        path = self.home / ".claude-mem/claude-mem.db"
        path.parent.mkdir()
        db = sqlite3.connect(path)
        db.executescript("""
          PRAGMA journal_mode=WAL;
          CREATE TABLE observations(id INTEGER PRIMARY KEY AUTOINCREMENT,
            memory_session_id TEXT, project TEXT, text TEXT, type TEXT,
            title TEXT, subtitle TEXT, facts TEXT, narrative TEXT,
            concepts TEXT, files_read TEXT, created_at TEXT,
            created_at_epoch INTEGER);
          CREATE TABLE session_summaries(id INTEGER PRIMARY KEY,
            memory_session_id TEXT, project TEXT, request TEXT,
            investigated TEXT, learned TEXT, completed TEXT, next_steps TEXT,
            created_at_epoch INTEGER);""")
        db.executemany("INSERT INTO observations(project, type, title, facts, "
                       "narrative, concepts, created_at_epoch) "
                       "VALUES('shop', 'decision', ?, ?, ?, ?, 1762000000000)", [
                           ("Writer", '["one thread writes"]', "long story",
                            '["concurrency"]'),
                           ("Broken", "{not json", "the cache is warm", "")])
        db.execute("INSERT INTO session_summaries(project, learned) "
                   "VALUES('shop', 'fsync costs a millisecond')")
        db.commit()
        self.taken("claude-mem", wanted=("one thread writes", "cache is warm",
                                         "fsync costs"))
        db.close()
        path = self.write("d.json", json.dumps({
            "export_metadata": {"source_machine": "m", "total_memories": 2},
            "memories": [
                {"content": "The gate opens at six", "content_hash": "h",
                 "tags": ["gate", "time"], "created_at": 1762000000.25,
                 "memory_type": "note", "metadata": {"a": 1}},
                {"content": "x" * 20000, "tags": "a,b", "memory_type": None}]}))
        self.taken("doobidoo", path, wanted=("gate opens",))

    def test_letta_and_graphiti(self):
        path = self.write("a.af", json.dumps({
            "agents": [{"name": "a", "core_memory": []}], "tools": [],
            "blocks": [{"id": "b1", "label": "human", "limit": 5000,
                        "value": "Name: Ada\n\n- Likes oolong\n* Plays chess"},
                       {"label": "persona", "value": ""}]}))
        self.taken("letta", path, wanted=("Name: Ada", "Likes oolong",
                                          "Plays chess"))
        # Also in the names of records, and in relations between them.
        path = self.write("s.json", json.dumps({
            "nodes": [{"uuid": "1", "name": f"key {TOKEN}",
                       "labels": ["Entity"], "summary": f"is {TOKEN}"},
                      {"uuid": "2", "name": "vault", "labels": ["Entity"]}],
            "edges": [{"uuid": "3", "name": "IN", "fact": f"{TOKEN} lies there",
                       "source_node_uuid": "1", "target_node_uuid": "2"}]}))
        first, _ = self.taken("graphiti", path, wanted=("lies there",),
                              never=(TOKEN,))
        self.assertGreaterEqual(first["masked"], 3)
        self.assertEqual((first["refused"], first["relations"]), (0, 1))
        path = self.write("g.json", json.dumps({
            "nodes": [{"uuid": "1", "name": "Ada", "labels": ["Entity",
                                                              "Person"],
                       "summary": "a sailor", "created_at":
                       "2026-01-01T00:00:00Z"},
                      {"uuid": "2", "name": "Oslo", "labels": ["Entity"]}],
            "episodes": [{"uuid": "e", "name": "n", "source": "message",
                          "content": "user: My name is Epi Soder.",
                          "valid_at": "2026-01-01T00:00:00Z"}],
            "edges": [{"uuid": "3", "name": "LIVES_IN",
                       "fact": "Ada lives in Oslo", "source_node_uuid": "1",
                       "target_node_uuid": "2", "episodes": ["e"],
                       "valid_at": "2025-01-01T00:00:00Z",
                       "invalid_at": None, "expired_at": None}]}))
        first, got = self.taken("graphiti", path,
                                wanted=("a sailor", "lives in Oslo"))
        self.assertEqual(first["relations"], 1)

    def test_basic_memory_and_back(self):
        self.write("basic-memory/notes/Kaffee Öl.md", "---\ntitle: Kaffee Öl\n"
                   "type: note\npermalink: notes/kaffee\ntags:\n  - drinks\n"
                   "---\n# Kaffee Öl\n\n## Observations\n- [method] Über Nacht "
                   "ziehen lassen #kalt (Küche)\n- [ ] buy beans\n\n"
                   "## Relations\n- pairs with [[Chocolate]]\n")
        first, got = self.taken("basic-memory",
                                wanted=("Über Nacht ziehen lassen",
                                        "buy beans"))
        self.assertEqual(first["relations"], 1)
        self.ctl("merge", "import-basic-memory")
        before = self.texts("default", "main")
        out = self.dir / "md"
        self.ctl("export", "--markdown", out)
        log = self.dir / "log.jsonl"
        self.ctl("export", log)
        for args in (("--branch", "main", "import", "--from", "basic-memory",
                      out), ("import", log)):
            old, self.db = self.db, self.service()
            self.ctl(*args)
            self.assertEqual(self.texts("default", "main"), before, args)
            self.db = old


if __name__ == "__main__":
    main()
