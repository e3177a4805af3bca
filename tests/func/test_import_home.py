"""A home folder with every kind that import knows: all of it is taken, in
little memory, and a second time nothing comes of it."""
import json
import subprocess
import unittest
import zipfile

from full_home import Home
from harness import BIN, SLOW, TestCase, clean_env, reports

CTL = str(BIN / "memoryctl")
# Those that lie in a home, and exports that lie anywhere.
KINDS = ["claude-code", "auto-memory", "codex", "codex-memories",
         "copilot-cli", "cursor", "gemini", "claude-mem", "basic-memory",
         "doobidoo"]


def peak_kb(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    return 0


class Imports(TestCase):
    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.home.mkdir()
        self.db = self.service()
        self.peak = 0

    def ctl(self, *args, code=0):
        with subprocess.Popen(
                [CTL, *map(str, args)], text=True, cwd=self.dir,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=clean_env(self.home, {
                    "MEMORY_DB_SOCKET": self.db.socket,
                    "MEMORY_DB_PATH": None, "CLAUDE_CONFIG_DIR": None,
                    "CODEX_HOME": None, "XDG_STATE_HOME": None,
                    "CLAUDE_MEM_DATA_DIR": None})) as p:
            out, err = p.communicate(timeout=300 * SLOW)
        self.assertEqual(reports(err), [])
        self.assertEqual(p.returncode, code, out + err)
        return out

    def take(self, kind, *path, **kw):
        return json.loads(self.ctl("import", "--json", "--from", kind, *path,
                                   **kw))

    def texts(self, namespace, branch):
        with self.db.client() as c:
            graph = c.ok("read_graph", namespace=str(namespace),
                         branch=branch, max_bytes=1 << 20)
        return {(e["name"], o if isinstance(o, str) else o["text"])
                for e in graph["entities"] for o in e["observations"]}


class Everything(Imports):
    def run_all(self, home):
        """The reports of all kinds."""
        rows = self.take("all")
        self.assertEqual({r["kind"] for r in rows}, set(KINDS))
        return rows + [self.take(kind, path)
                       for kind, path in home.exports.items()]

    def test_all_of_it_and_once(self):
        home = Home(self.home, 2_000_000 if SLOW > 1 else 6_000_000,
                    seed=5).make()
        scan = json.loads(self.ctl("import", "--scan", "--json"))
        self.assertEqual({r["kind"] for r in scan}, set(KINDS))
        with self.db.client() as c:
            self.assertEqual(c.ok("get_memory_status")["total_changes"], 0)
        first = self.run_all(home)
        for r in first:
            if not 0 < r["turns"] < 50:
                self.assertGreater(r["stored"], 0, r)
            self.assertEqual((r["refused"], r["unread"], r["left_out"]),
                             (0, 0, 0), r)
        with self.db.client() as c:
            changes = c.ok("get_memory_status")["total_changes"]
        for was, r in zip(first, self.run_all(home)):
            self.assertEqual((r["stored"], r["relations"], r["turns"]),
                             (0, 0, was["turns"]), r)
        with self.db.client() as c:
            self.assertEqual(c.ok("get_memory_status")["total_changes"],
                             changes)
        if SLOW == 1:
            self.assertLess(peak_kb(self.db.pid), 50 * 1024)

    def test_what_was_taken_back_comes_again(self):
        home = Home(self.home, 600_000)
        home.codex(500_000)
        first = self.take("codex")
        again = self.take("codex")
        self.assertEqual((again["stored"], again["known"]),
                         (0, first["stored"] + first["known"]))
        for place in first["namespaces"]:
            self.ctl("--namespace", place, "branch", "discard",
                     "import-codex")
        undone = self.take("codex")
        self.assertEqual(undone["stored"], first["stored"])
        # What somebody else did on the branch is not passed over.
        place = first["namespaces"][0]
        name, text = sorted(self.texts(place, "import-codex"))[0]
        self.ctl("--namespace", place, "--branch", "import-codex", "undo",
                 "--session", undone["session"])
        self.assertEqual(self.texts(place, "import-codex"), set())
        self.take("codex")
        self.assertIn((name, text), self.texts(place, "import-codex"))


    def test_an_older_backup_is_told_again(self):
        folder = self.home / ".claude/projects/-x/memory"
        folder.mkdir(parents=True)
        backups = self.dir / "backups"

        def note(name, *facts):
            (folder / name).write_text("".join(f"- {f}\n" for f in facts))
            return self.take("auto-memory")

        early = "the harbour master is Nils"
        late = "the quay closes at nine in winter"
        note("a.md", early)
        self.ctl("backup", backups)
        self.assertEqual(note("b.md", late)["stored"], 1)
        self.assertEqual(self.take("auto-memory")["known"], 2)
        self.db.stop()
        self.ctl("restore", backups, "--database", self.db.database,
                 "--force")
        self.db.start()
        self.assertEqual({t for _, t in self.texts("x", "import-auto-memory")},
                         {early})
        self.assertEqual(self.take("auto-memory")["stored"], 1)
        self.assertEqual({t for _, t in self.texts("x", "import-auto-memory")},
                         {early, late})
        again = self.take("auto-memory")
        self.assertEqual((again["stored"], again["known"]), (0, 2))


class Long(Imports):
    """Notes have no bound, memory has."""

    def facts(self, n):
        return [f"rule number {i} of the house is kept by worker {i * 7}"
                for i in range(n)]

    def test_a_note_of_many_lines(self):
        n = 1500 if SLOW > 1 else 12_000
        wanted = self.facts(n)
        note = self.home / ".claude/projects/-x/memory/long.md"
        note.parent.mkdir(parents=True)
        note.write_text("# Rules\n\n" + "".join(f"- {x}\n" for x in wanted))
        self.assertEqual(self.take("auto-memory")["stored"], n)
        again = self.take("auto-memory")
        self.assertEqual((again["stored"], again["known"]), (0, n))
        page = self.home / "basic-memory/Long.md"
        page.parent.mkdir()
        page.write_text("---\ntitle: Long page\ntype: guide\n---\n" +
                        "".join(f"- [rule] {x} #r\n" for x in wanted))
        got = self.take("basic-memory")
        self.assertEqual((got["stored"], got["refused"], got["left_out"]),
                         (n, 0, 0))
        with self.db.client() as c:
            rows = c.ok("open_nodes", names=["Long page"],
                        branch="import-basic-memory", max_bytes=1 << 20)
        self.assertEqual(rows["entities"][0]["type"], "guide")

    def test_a_paragraph_longer_than_a_fact(self):
        """It is cut behind sentences, and no word of it is lost."""
        text = " ".join(f"Sentence {i} tells of the harbour and its cranes."
                        for i in range(200))
        note = self.home / ".claude/projects/-x/memory/p.md"
        note.parent.mkdir(parents=True)
        word = "y" + "".join(map(str, range(1500)))
        note.write_text(text + "\n\n" + word + "\n")
        self.take("auto-memory")
        # No transcript says which project it is: it is of no other one.
        self.assertEqual(self.texts("default", "main"), set())
        got = {t for _, t in self.texts("x", "import-auto-memory")}
        for i in range(200):
            self.assertTrue(any(f"Sentence {i} tells of the harbour and its "
                                "cranes." in t for t in got), i)
        self.assertEqual(sum(len(t) for t in got if " " not in t), len(word))

    def test_pieces_of_a_large_file(self):
        """A note of 1.5 MB: code stays out, and its head is that of all."""
        lines = self.facts(600)
        text = "---\ntitle: Big\ntype: book\n---\n"
        for i, line in enumerate(lines):
            text += f"- [x] {line}\n\n```\n{'code ' * 500}\n\n- no\n```\n\n"
        page = self.home / "basic-memory/Big.md"
        page.parent.mkdir()
        page.write_text(text)
        self.assertGreater(len(text), 1_400_000)
        self.assertEqual(self.take("basic-memory")["stored"], len(lines))
        got = self.texts("default", "import-basic-memory")
        self.assertEqual({n for n, _ in got}, {"Big"})
        self.assertFalse(any("code" in t or t == "no" for _, t in got))


class Exports(Imports):
    """Archives as the vendors send them."""

    def test_memories_and_projects_of_claude_ai(self):
        for i, names in enumerate((("projects.json", "memories.json"),
                                   ("projects/p1.json", "memories/a.json"))):
            project = {"uuid": "p1", "name": f"Shop {i}", "description":
                       "Sells tea", "prompt_template": "Answer in German.",
                       "docs": [{"filename": f"notes{i}.txt", "content":
                                 "Tea is stored in the cellar."}]}
            memory = {"conversations_memory":
                      f"**Work**\n\nAda runs tea shop {i}.\n\n- likes rain",
                      "project_memories": {"p1": f"The shop has {i} cats.",
                                           "p9": "Nobody names this one."},
                      "account_uuid": "u"}
            wrap = (lambda x: [x]) if i == 0 else (lambda x: x)
            path = self.dir / f"data-2026-batch-000{i}.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
                # Names come before and after what they name.
                z.writestr(names[1], json.dumps(wrap(memory)))
                z.writestr("users.json", '[{"uuid": "u", "name": "x"}]')
                z.writestr("conversations.json", json.dumps([{
                    "uuid": "c1", "name": "Talk", "chat_messages": [{
                        "sender": "human", "text": "I live in Lisbon.",
                        "content": []}]}]))
                z.writestr(names[0], json.dumps(wrap(project)))
            got = self.take("claude-ai", path)
            self.assertEqual((got["left_out"], got["refused"]), (0, 0), got)
            texts = self.texts("default", "import-claude-ai")
            for wanted in ((f"Shop {i}", "Answer in German."),
                           (f"Shop {i}", "Sells tea"),
                           (f"Shop {i}", f"The shop has {i} cats."),
                           (f"notes{i}.txt", "Tea is stored in the cellar."),
                           ("claude.ai", f"Ada runs tea shop {i}."),
                           ("claude.ai", "likes rain"),
                           ("project p9", "Nobody names this one.")):
                self.assertIn(wanted, texts)
            self.assertTrue(any("Lisbon" in t for _, t in texts))
            self.assertEqual(self.take("claude-ai", path)["stored"], 0)

    def test_lines_of_gemini(self):
        path = self.home / ".gemini/tmp/abc/chats/session-2.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(x) + "\n" for x in (
            {"sessionId": "s", "kind": "main"},
            {"id": "1", "type": "user", "content": "I live in Lisbon."},
            {"id": "2", "type": "gemini", "content": "Nice."},
            {"id": "3", "type": "info", "content": "I live in Rome."})))
        self.assertEqual(self.take("gemini")["turns"], 2)
        texts = self.texts("default", "import-gemini")
        self.assertTrue(any("Lisbon" in t for _, t in texts))
        self.assertFalse(any("Rome" in t for _, t in texts))


if __name__ == "__main__":
    unittest.main(verbosity=2)
