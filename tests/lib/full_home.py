"""A home folder with something of every kind that import knows: what clients
and other memories leave on a disk, of a size that is asked for.

Most of a transcript is what tools answered, as in real ones; of what people
and agents say one message in sixteen holds a fact. Two thirds of the bytes are transcripts of
Claude Code and Codex, many files of many projects."""
import json
import random
import sqlite3
import zipfile

WORDS = ("build cache test deploy server branch index table query parser "
         "socket lexer worker queue thread kernel buffer cursor schema commit "
         "release vector memory client session token window driver module "
         "report filter").split()
CITIES = "Lisbon Oslo Lyon Turin Ghent Cork Graz Bergen Porto Basel".split()
NAMES = "Ada Bob Eve Zoe Max Ida Leo Mia Tom Ana".split()


class Home:
    def __init__(self, home, size, seed=1):
        self.home, self.size = home, size
        self.rng = random.Random(seed)
        self.number = 0
        self.exports = {}      # kind: file

    def sentence(self):
        r = self.rng
        return " ".join(r.choice(WORDS) for _ in range(r.randint(5, 14))) + "."

    def fact(self):
        """A sentence that holds a fact, none twice."""
        r, self.number = self.rng, self.number + 1
        n = self.number
        return r.choice((
            f"We decided to use {r.choice(WORDS)}{n} for the {r.choice(WORDS)}.",
            f"I prefer {r.choice(WORDS)}{n} over {r.choice(WORDS)}.",
            f"{r.choice(NAMES)}{n} lives in {r.choice(CITIES)}.",
            f"{r.choice(NAMES)}{n} works on the {r.choice(WORDS)} "
            f"{r.choice(WORDS)}.",
            f"The {r.choice(WORDS)} {r.choice(WORDS)} number {n} runs on host "
            f"h{n}."))

    def said(self, sentences):
        out = [self.sentence() for _ in range(sentences)]
        if self.rng.random() < .06:
            out[self.rng.randrange(len(out))] = self.fact()
        return " ".join(out)

    def result(self):
        """What a tool answered."""
        r = self.rng
        line = "\t".join(r.choice(WORDS) for _ in range(12)) + "\n"
        return line * r.randint(2, 200)

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def claude_code(self, size):
        i = 0
        while size > 0:
            cwd = f"/srv/project{i % 7}"
            lines, n = [], 0
            while n < min(size, 2_000_000):
                base = {"sessionId": f"s{i}", "cwd": cwd, "uuid": f"u{n}",
                        "timestamp": "2026-11-01T09:00:00.000Z"}
                kind = self.rng.random()
                if kind < .3:
                    x = {"type": "user", "message": {
                        "role": "user", "content": self.said(4)}}
                elif kind < .55:
                    x = {"type": "assistant", "message": {
                        "role": "assistant", "content": [
                            {"type": "text", "text": self.said(8)},
                            {"type": "tool_use", "name": "Bash",
                             "input": {"command": self.sentence()}}]}}
                elif kind < .6:
                    x = {"type": "user", "isMeta": True, "message": {
                        "role": "user", "content": self.fact()}}
                else:
                    x = {"type": "user", "message": {"role": "user", "content": [
                        {"type": "tool_result", "content": self.result()}]}}
                lines.append(json.dumps({**base, **x}))
                n += len(lines[-1]) + 1
            slug = cwd.replace("/", "-")
            folder = self.home / ".claude/projects" / slug
            self.write(folder / f"{i:04}.jsonl",
                       "\n".join(lines) + '\n{"type":"user","mess')
            self.write(folder / f"memory/note{i}.md",
                       f"---\nname: n{i}\n---\n{self.fact()}\n\n{self.fact()}\n")
            self.write(folder / "subagents/a.jsonl", lines[0] + "\n")
            size -= n
            i += 1

    def codex(self, size):
        i = 0
        while size > 0:
            lines = [json.dumps({"type": "session_meta", "payload": {
                "session_id": f"c{i}", "cwd": f"/srv/project{i % 7}",
                "instructions": self.result() * 2}})]
            n = len(lines[0])
            while n < min(size, 2_000_000):
                role = self.rng.choice(("user", "assistant", "developer"))
                kind = "output_text" if role == "assistant" else "input_text"
                x = {"type": "message", "role": role, "content": [
                    {"type": kind, "text": self.said(6)}]} \
                    if self.rng.random() < .5 else \
                    {"type": "function_call_output", "output": self.result()}
                lines.append(json.dumps({"timestamp": "2026-11-01T09:00:00Z",
                                         "type": "response_item",
                                         "payload": x}))
                n += len(lines[-1]) + 1
            self.write(self.home / f".codex/sessions/2026/11/0{i % 9 + 1}/"
                       f"rollout-{i}.jsonl", "\n".join(lines) + "\n")
            size -= n
            i += 1
        self.write(self.home / ".codex/memories/MEMORY.md",
                   "".join(f"- {self.fact()}\n" for _ in range(50)))

    def chats(self, size):
        """Copilot CLI, Cursor, Gemini CLI: a third each."""
        for i in range(max(1, size // 4_000_000)):
            part = min(size, 4_000_000) // 3
            lines, n = [], 0
            while n < part:
                who = self.rng.choice(("user", "assistant", "tool"))
                lines.append((who, self.result()[:2000] if who == "tool"
                              else self.said(5)))
                n += len(lines[-1][1]) + 60
            self.write(self.home / f".copilot/session-state/p{i}/events.jsonl",
                       "".join(json.dumps({"type": f"{w}.message",
                                           "data": {"content": t}}) + "\n"
                               for w, t in lines))
            self.write(self.home / f".cursor/projects/p{i}/agent-transcripts/"
                       f"t{i}.jsonl",
                       "".join(json.dumps({"role": w, "message": {
                           "content": [{"type": "text", "text": "c " + t}]}})
                           + "\n" for w, t in lines))
            self.write(self.home / f".gemini/tmp/g{i}/chats/session-{i}.json",
                       json.dumps({"sessionId": f"g{i}", "messages": [
                           {"type": "gemini" if w == "assistant" else w,
                            "content": "g " + t} for w, t in lines]}))

    def databases(self, rows):
        path = self.home / ".claude-mem/claude-mem.db"
        path.parent.mkdir(parents=True)
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE observations (id INTEGER PRIMARY KEY, "
                   "project TEXT, type TEXT, title TEXT, facts TEXT, "
                   "narrative TEXT, created_at_epoch INTEGER)")
        db.executemany("INSERT INTO observations VALUES (?,?,?,?,?,?,?)", (
            (i, f"project{i % 7}", "decision", self.sentence(),
             json.dumps([self.fact()]), self.sentence(), 1767323045000)
            for i in range(rows)))
        db.commit()
        db.close()
        path = self.home / ".local/share/mcp-memory/sqlite_vec.db"
        path.parent.mkdir(parents=True)
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE memories (id INTEGER PRIMARY KEY, content "
                   "TEXT, tags TEXT, memory_type TEXT, created_at REAL)")
        db.executemany("INSERT INTO memories VALUES (?,?,?,?,?)", (
            (i, self.fact(), "a,b", "note", 1767323045.5)
            for i in range(rows)))
        db.commit()
        db.close()
        for i in range(rows // 10):
            self.write(self.home / f"basic-memory/f{i % 5}/N{i}.md",
                       f"---\ntitle: N{i}\n---\n- [fact] {self.fact()} #t\n"
                       f"- goes_with [[N{(i * 7) % max(1, rows // 10)}]]\n")

    def export(self, kind, name, content):
        path = self.home / "Downloads" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
                for file, data in content.items():
                    z.writestr(file, json.dumps(data))
        else:
            path.write_text(content if isinstance(content, str)
                            else json.dumps(content))
        self.exports[kind] = path

    def archives(self, size):
        """As the vendors send them."""
        n = max(1, size // 20_000)
        self.export("claude-ai", "data-2026-11-01-batch-0000.zip", {
            "users.json": [{"uuid": "u", "full_name": "Ada"}],
            "conversations.json": [
                {"uuid": f"c{i}", "name": "Talk", "chat_messages": [
                    {"uuid": f"m{i}-{k}",
                     "sender": "human" if k % 2 == 0 else "assistant",
                     "text": "", "created_at": "2026-11-01T09:00:00.000000Z",
                     "content": [{"type": "text", "text": self.said(8)}]}
                    for k in range(20)]} for i in range(n)],
            "projects.json": [{"uuid": "p", "name": "Shop",
                               "prompt_template": self.fact(), "docs": []}],
            "memories.json": [{"conversations_memory":
                               f"**Work**\n\n{self.fact()}",
                               "project_memories": {"p": self.fact()},
                               "account_uuid": "u"}]})
        self.export("chatgpt", "chatgpt.zip", {
            "user.json": {"id": "u"}, "chat.html": "",
            "shared_conversations.json": [{"id": "s", "title": "x"}],
            "conversations.json": [
                {"title": f"t{i}", "id": f"g{i}", "current_node": "n9",
                 "mapping": {f"n{k}": {
                     "parent": f"n{k - 1}" if k else None, "children": [],
                     "message": {"author": {"role": "user" if k % 2 else
                                            "assistant"},
                                 "create_time": 1762000000.5,
                                 "content": {"content_type": "text",
                                             "parts": [self.said(8)]},
                                 "metadata": {}}} for k in range(10)}}
                for i in range(n)]})
        self.export("mem0", "mem0.json", {"results": [
            {"id": f"m{i}", "memory": self.fact(), "user_id": "ada",
             "created_at": "2026-11-01T09:00:00Z"} for i in range(n)]})
        self.export("letta", "agent.af", {"agents": [], "blocks": [
            {"label": "human", "value": "\n".join(
                self.fact() for _ in range(100))}]})
        self.export("graphiti", "graphiti.json", {
            "nodes": [{"uuid": f"n{i}", "name": f"Node {i}",
                       "labels": ["Entity"], "summary": self.fact()}
                      for i in range(n)],
            "edges": [{"uuid": f"e{i}", "source_node_uuid": f"n{i}",
                       "target_node_uuid": f"n{(i * 7 + 1) % n}",
                       "name": "KNOWS", "fact": self.fact()}
                      for i in range(n)], "episodes": []})

    def make(self):
        self.claude_code(int(self.size * .5))
        self.codex(int(self.size * .2))
        self.chats(int(self.size * .2))
        self.databases(max(20, self.size // 50_000))
        self.archives(int(self.size * .1))
        return self

    def bytes(self):
        return sum(p.stat().st_size for p in self.home.rglob("*")
                   if p.is_file())
