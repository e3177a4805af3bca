"""memoryctl import --scan and --from: a memory that begins with what lies on
the disk, onto a branch, and never twice."""
import json
import subprocess
import unittest

from harness import BIN, SLOW, TestCase, clean_env, reports

CTL = str(BIN / "memoryctl")


def said(text, role="user", **more):
    return json.dumps({"type": role, "message": {"role": role,
                                                 "content": text}, **more})


class Disk(TestCase):
    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.shop = self.dir / "shop"
        for d in (self.home, self.shop):
            d.mkdir()
        self.db = self.service()
        self.claude = self.home / ".claude/projects/-shop"
        (self.claude / "memory").mkdir(parents=True)

    def ctl(self, *args, code=0, cwd=None):
        done = subprocess.run(
            [CTL, *map(str, args)], text=True, capture_output=True,
            cwd=cwd or self.dir, timeout=120 * SLOW,
            env=clean_env(self.home, {
                "MEMORY_DB_SOCKET": self.db.socket, "MEMORY_DB_PATH": None,
                "CLAUDE_CONFIG_DIR": None, "CODEX_HOME": None}))
        self.assertEqual(reports(done.stderr), [])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def take(self, *args, code=0, **kw):
        return json.loads(self.ctl("import", "--json", "--from", *args,
                                   code=code, **kw))

    def facts(self, namespace, branch="main"):
        with self.db.client() as c:
            graph = c.ok("read_graph", namespace=str(namespace),
                         branch=branch)
        return {o if isinstance(o, str) else o["text"]
                for e in graph["entities"] for o in e["observations"]}

    def fill(self):
        (self.claude / "a.jsonl").write_text("\n".join((
            said("I prefer tabs over spaces.", cwd=str(self.shop)),
            said("My name is Side Wrong.", isSidechain=True),
            said("<memory abcdef>\nMy name is Block Wrong.\n</memory abcdef>"),
            said("We decided to use Postg")[:-9])))
        (self.claude / "subagents").mkdir()
        (self.claude / "subagents/b.jsonl").write_text(
            said("My name is Sub Wrong.", cwd=str(self.shop)) + "\n")
        (self.claude / "memory/pnpm.md").write_text(
            "---\nname: pnpm\n---\n# Install\n\nUse pnpm here.\n"
            "**Why:** the lockfile.\n\n- first item\n  goes on\n1. second\n"
            "```\nnpm install\n```\n")

    def test_scan_counts_and_writes_nothing(self):
        self.assertIn("nothing is there", self.ctl("import", "--scan"))
        self.fill()
        rows = {r["kind"]: r for r in
                json.loads(self.ctl("import", "--scan", "--json"))}
        self.assertEqual({k: r["files"] for k, r in rows.items()},
                         {"claude-code": 1, "auto-memory": 1})
        with self.db.client() as c:
            self.assertEqual(c.ok("get_memory_status")["total_changes"], 0)

    def test_transcripts_onto_a_branch_and_once(self):
        self.fill()
        got = self.take("claude-code")
        self.assertEqual((got["files"], got["stored"], got["branch"]),
                         (1, 1, "import-claude-code"))
        self.assertEqual(got["namespaces"], [str(self.shop)])
        self.assertEqual(self.facts(self.shop), set())
        branch = "import-claude-code"
        self.assertEqual(self.facts(self.shop, branch),
                         {"prefers tabs over spaces"})
        got = self.take("claude-code")
        self.assertEqual((got["stored"], got["known"]), (0, 1))
        # More was said since.
        with open(self.claude / "a.jsonl", "a") as f:
            f.write("\n" + said("We decided to use Postgres.") + "\n")
        self.assertEqual(self.take("claude-code")["stored"], 1)
        self.ctl("--namespace", self.shop, "merge", branch)
        self.assertEqual(self.facts(self.shop), {
            "prefers tabs over spaces", "decided to use Postgres"})
        self.db.verify()

    def test_notes(self):
        self.fill()
        got = self.take("auto-memory")
        self.assertEqual((got["stored"], got["namespaces"]),
                         (3, [str(self.shop)]))
        self.assertEqual(self.facts(self.shop, "import-auto-memory"), {
            "Use pnpm here. **Why:** the lockfile.", "first item goes on",
            "second"})
        self.assertEqual(self.take("auto-memory")["stored"], 0)
        (self.shop / "CLAUDE.md").write_text("- run make lint\n- \u00fcb\n")
        (self.shop / "README.md").write_text("- not meant\n")
        self.take("markdown", "--branch", "main", cwd=self.shop)
        self.assertEqual(self.facts(self.shop), {"run make lint", "\u00fcb"})

    def test_codex_and_another_place(self):
        place = self.dir / "copy"
        place.mkdir()
        lines = ({"type": "session_meta", "payload": {"cwd": str(self.shop)}},
                 {"type": "response_item", "payload": {
                     "type": "message", "role": "user", "content": [
                         {"type": "input_text",
                          "text": "My name is Cora Dex."}]}})
        (place / "rollout-1.jsonl").write_text(
            "".join(json.dumps(x) + "\n" for x in lines))
        self.assertEqual(self.take("codex", place)["stored"], 1)
        self.assertEqual(self.facts(self.shop, "import-codex"),
                         {"name is Cora Dex"})

    def test_secrets(self):
        key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
        (self.claude / "a.jsonl").write_text(said(
            f"I use token {key} today. I prefer pnpm over npm.",
            cwd=str(self.shop)) + "\n")
        (self.claude / "memory/k.md").write_text(
            f"- the token is {key}\n- fine\n")
        self.take("claude-code")
        got = self.take("auto-memory")
        self.assertEqual((got["stored"], got["refused"], got["masked"]),
                         (2, 0, 1))
        everything = self.db.ctl("export", "--all").stdout
        self.assertNotIn(key, everything)
        self.assertIn("prefers pnpm over npm", everything)

    def test_what_is_no_file_of_ours(self):
        (self.claude / "link.jsonl").symlink_to("/etc/passwd")
        (self.claude / "dir.jsonl").mkdir()
        (self.claude / "bin.jsonl").write_bytes(bytes(range(256)) * 100)
        (self.claude / "empty.jsonl").write_bytes(b"")
        (self.claude / "long.jsonl").write_text("x" * 3_000_000)
        self.assertEqual(self.take("claude-code")["stored"], 0)
        self.ctl("import", "--from", "nonsense", code=100)
        self.ctl("import", code=100)
        self.assertIn("copilot-cli", subprocess.run(
            [CTL, "import", "--from", "x"], capture_output=True, text=True,
            env=clean_env(self.home)).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
