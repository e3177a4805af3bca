"""The clients' own commands accept and start what install writes. Their
programs come from npm: `make check-clients` fetches them into build/npm, and
without them this is skipped."""
import json
import os
import shutil
import subprocess
import unittest

from harness import BIN, ROOT, SLOW, TestCase, clean_env

FOLDERS = [ROOT / "build/npm/node_modules/.bin"]
CTL, MCP = str(BIN / "memoryctl"), str(BIN / "memory-mcp")


def program(name):
    for folder in FOLDERS:
        if (folder / name).exists():
            return str(folder / name)
    return None


def needs(name):
    return unittest.skipUnless(
        program(name) and shutil.which("node"),
        f"{name} is not in build/npm: `make check-clients` fetches it from "
        "the npm registry")


class Real(TestCase):
    timeout = 300

    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.project = self.dir / "project"
        for d in (self.home, self.project):
            d.mkdir()
        self.db = self.service()

    def run_it(self, *args, code=0):
        env = clean_env(self.home, {
            "MEMORY_DB_SOCKET": None, "MEMORY_DB_PATH": None,
            "XDG_CONFIG_HOME": None, "CLAUDE_CONFIG_DIR": None,
            "CODEX_HOME": None, "NO_COLOR": "1", "CI": "1",
            "PATH": os.environ["PATH"]})
        done = subprocess.run([str(a) for a in args], env=env,
                              cwd=self.project, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL,
                              timeout=100 * SLOW)
        if code is not None:
            self.assertEqual(done.returncode, code,
                             done.stdout + done.stderr)
        return done.stdout + done.stderr

    def install(self, client):
        self.run_it(CTL, "--socket", self.db.socket, "install", "--client",
                    client, "--program", MCP)

    @needs("claude")
    def test_claude_code(self):
        self.install("claude-code")
        out = self.run_it(program("claude"), "mcp", "list")
        self.assertRegex(out, r"memory: .*memory-mcp.*Connected")
        self.run_it(CTL, "uninstall", "--client", "claude-code")
        self.assertNotIn("memory-mcp",
                         self.run_it(program("claude"), "mcp", "list"))

    @needs("claude")
    def test_plugin_of_claude_code(self):
        out = self.run_it(program("claude"), "plugin", "validate",
                          ROOT / "mcp-server/plugin")
        self.assertIn("Validation passed", out)

    @needs("claude")
    def test_marketplace_of_the_repository(self):
        claude = program("claude")
        self.assertIn("Validation passed",
                      self.run_it(claude, "plugin", "validate", ROOT))
        self.run_it(claude, "plugin", "marketplace", "add", ROOT)
        self.run_it(claude, "plugin", "install",
                    "enhanced-memory@enhanced-memory")
        self.assertIn("enabled", self.run_it(claude, "plugin", "list"))

    @needs("codex")
    def test_plugin_of_codex(self):
        """Codex itself says which hooks it found: its own, and no others."""
        codex = program("codex")
        self.run_it(codex, "plugin", "marketplace", "add", ROOT)
        self.run_it(codex, "plugin", "add", "enhanced-memory@enhanced-memory")
        asked = "".join(json.dumps(x) + "\n" for x in (
            {"id": 1, "method": "initialize", "params": {"clientInfo": {
                "name": "test", "version": "1"}}},
            {"method": "initialized"},
            {"id": 2, "method": "hooks/list", "params": {
                "cwds": [str(self.project)]}}))
        env = clean_env(self.home, {"CODEX_HOME": None,
                                    "PATH": os.environ["PATH"]})
        server = subprocess.Popen([codex, "app-server"], env=env, text=True,
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        try:
            server.stdin.write(asked)
            server.stdin.flush()
            answer = {}
            while answer.get("id") != 2:
                answer = json.loads(server.stdout.readline())
        finally:
            server.kill()
            server.communicate()
        found = {h["command"]: h["timeoutSec"]
                 for h in answer["result"]["data"][0]["hooks"]}
        from test_plugins import rows
        self.assertEqual(found, {f"memoryctl hook codex {event}": timeout
                                 for event, timeout in rows("codex")})

    @needs("gemini")
    def test_extension_of_gemini(self):
        for folder in (ROOT, ROOT / "mcp-server/plugin/gemini"):
            self.assertIn("successfully validated", self.run_it(
                program("gemini"), "extensions", "validate", folder))

    @needs("codex")
    def test_codex(self):
        self.install("codex")
        out = self.run_it(program("codex"), "mcp", "get", "memory", "--json")
        got = json.loads(out[out.index("{"):out.rindex("}") + 1])
        self.assertTrue(got["enabled"])
        self.assertEqual(got["transport"]["command"], MCP)
        # Codex can take it out of the file that we wrote.
        self.run_it(program("codex"), "mcp", "remove", "memory")
        self.assertNotIn("memory-mcp", (
            self.home / ".codex/config.toml").read_text())

    @needs("gemini")
    def test_gemini(self):
        self.install("gemini")
        (self.home / ".gemini/trustedFolders.json").write_text(
            json.dumps({str(self.project): "TRUST_FOLDER"}))
        out = self.run_it(program("gemini"), "mcp", "list")
        self.assertRegex(out, r"memory: .*memory-mcp.*Connected")

    @needs("mcp-inspector")
    def test_inspector(self):
        out = self.run_it(
            program("mcp-inspector"), "--cli", "-e",
            f"MEMORY_DB_SOCKET={self.db.socket}", MCP, "--method",
            "tools/list")
        tools = {t["name"] for t in json.loads(out[out.index("{"):])["tools"]}
        self.assertGreaterEqual(tools, {"recall", "create_entities"})
        out = self.run_it(
            program("mcp-inspector"), "--cli", "-e",
            f"MEMORY_DB_SOCKET={self.db.socket}", MCP, "--method",
            "tools/call", "--tool-name", "recall", "--tool-arg", "query=tea")
        self.assertFalse(json.loads(out[out.index("{"):]).get("isError"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
