"""The files of mcp-server/plugin: each as its client documents it."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from harness import BIN, ROOT, clean_env

PLUGIN = ROOT / "mcp-server/plugin"
NAME = r"^[a-z0-9][a-z0-9.-]{0,63}$"


def load(name):
    def pairs(items):
        names = [k for k, _ in items]
        assert len(names) == len(set(names)), f"{name}: a key twice"
        return dict(items)
    return json.loads((PLUGIN / name).read_text(), object_pairs_hook=pairs)


class Plugins(unittest.TestCase):
    timeout = 60

    def server(self, entry):
        self.assertEqual(entry["command"], "memory-mcp")
        self.assertEqual(entry["args"], [])
        self.assertEqual(entry["env"], {"MEMORY_NAMESPACE": "auto"})

    def test_versions_and_names_are_one(self):
        version = re.search(r"^VERSION := (\S+)$",
                            (ROOT / "Makefile").read_text(), re.M)[1]
        for name in ("plugin.json", ".claude-plugin/plugin.json",
                     ".codex-plugin/plugin.json", ".cursor-plugin/plugin.json",
                     "gemini-extension.json"):
            data = load(name)
            self.assertEqual(data["version"], version, name)
            self.assertRegex(data["name"], NAME)
            self.assertTrue(data["description"])
        self.assertEqual(load("server.json")["version"], version)

    def test_agent_plugins(self):
        data = load("plugin.json")
        # A closed schema: what it does not know is an error.
        self.assertLessEqual(set(data), {
            "$schema", "name", "version", "description", "author", "homepage",
            "repository", "license", "keywords", "extensions"})
        self.assertLessEqual(set(data["author"]), {"name", "email", "url"})
        data = load("mcp.json")
        self.assertEqual(set(data), {"$schema", "mcpServers"})
        for entry in data["mcpServers"].values():
            self.assertLessEqual(set(entry),
                                 {"type", "command", "args", "env", "cwd"})
            self.assertEqual(entry["type"], "stdio")
            self.assertRegex(entry["command"], r"^(\./|[^/]+$)")
            self.server(entry)

    def test_claude_code(self):
        market = load(".claude-plugin/marketplace.json")
        self.assertRegex(market["name"], NAME)
        self.assertTrue(market["owner"]["name"])
        one, = market["plugins"]
        self.assertTrue(one["source"].startswith("./"))
        root = (PLUGIN / one["source"]).resolve()
        plugin = json.loads((root / ".claude-plugin/plugin.json").read_text())
        self.assertEqual((one["name"], one["version"]),
                         (plugin["name"], plugin["version"]))
        self.server(load(".mcp.json")["mcpServers"]["memory"])

    def test_hooks_are_those_that_install_enters(self):
        rows = re.findall(r'HOOK\("claude-code", "(\w+)", \w+, \w+, true, '
                          r"(\d+)\)",
                          (ROOT / "memory-db/cli/lib/hooks.def").read_text())
        hooks = load("hooks/hooks.json")["hooks"]
        self.assertEqual([(e, str(x[0]["hooks"][0]["timeout"]))
                          for e, x in hooks.items()], rows)
        for event, (entry,) in hooks.items():
            hook, = entry["hooks"]
            self.assertEqual(hook["type"], "command")
            self.assertEqual(hook["command"],
                             f"memoryctl hook claude-code {event}")

    def test_codex_and_cursor(self):
        for name in (".codex-plugin/plugin.json",
                     ".cursor-plugin/plugin.json"):
            data = load(name)
            for key in ("skills", "mcpServers"):
                self.assertTrue(data[key].startswith("./"), name)
                self.assertTrue((PLUGIN / data[key]).exists(), name)
        face = load(".codex-plugin/plugin.json")["interface"]
        self.assertLessEqual(len(face["defaultPrompt"]), 3)
        self.assertTrue(all(len(p) <= 128 for p in face["defaultPrompt"]))

    def test_gemini_and_registry(self):
        self.server(load("gemini-extension.json")["mcpServers"]["memory"])
        data = load("server.json")
        self.assertRegex(data["name"], r"^[a-z0-9.-]+/[a-zA-Z0-9._-]+$")
        self.assertLessEqual(len(data["description"]), 100)

    def test_bundle(self):
        """The programs run from where a client unpacks them."""
        folder = Path(tempfile.mkdtemp(prefix="mcpb-"))
        self.addCleanup(shutil.rmtree, folder)
        made = []
        for name in ("a.mcpb", "b.mcpb"):
            subprocess.run([sys.executable, ROOT / "systemd/make_mcpb.py",
                            BIN, "1.2.3", "1790000000", folder / name],
                           check=True, stdout=subprocess.DEVNULL)
            made.append((folder / name).read_bytes())
        self.assertEqual(made[0], made[1])
        with zipfile.ZipFile(folder / "a.mcpb") as z:
            data = json.loads(z.read("manifest.json"))
            for info in z.infolist():
                path = z.extract(info, folder / "out")
                os.chmod(path, info.external_attr >> 16 & 0o777)
        self.assertEqual((data["manifest_version"], data["version"],
                          data["server"]["type"]), ("0.3", "1.2.3", "binary"))
        server = data["server"]
        self.assertTrue(os.access(folder / "out" / server["entry_point"],
                                  os.X_OK))
        words = [server["mcp_config"]["command"],
                 *server["mcp_config"]["args"]]
        for key, value in data["user_config"].items():
            self.assertIn(value["type"], ("string", "number", "boolean",
                                          "directory", "file"))
            words = [w.replace("${user_config.%s}" % key, value["default"])
                     for w in words]
        words = [w.replace("${__dirname}", str(folder / "out"))
                 for w in words]
        self.assertNotIn("${", " ".join(words))
        done = subprocess.run(
            words, input=b'{"jsonrpc":"2.0","id":1,"method":"initialize",'
            b'"params":{"protocolVersion":"2025-11-25","capabilities":{}}}\n',
            env=clean_env(folder, {
                "MEMORY_NO_SPAWN": "1",
                "MEMORY_DB_SOCKET": str(folder / "s")}),
            capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b'"serverInfo"', done.stdout)

    def test_skills(self):
        skills = [p for p in (PLUGIN / "skills").iterdir() if p.is_dir()]
        self.assertTrue(skills)
        for skill in skills:
            text = (skill / "SKILL.md").read_text()
            head = re.match(r"---\n(.*?)\n---\n", text, re.S)[1]
            fields = dict(x.split(": ", 1) for x in head.splitlines())
            self.assertEqual(fields["name"], skill.name)
            self.assertRegex(fields["name"], NAME)
            self.assertLessEqual(len(fields["description"]), 1024)
            tools = set(re.findall(r"`([a-z]+_[a-z_]+)`", text))
            known = "".join(p.read_text() for p in
                            (ROOT / "common/contract/tools").glob("*.def"))
            for tool in tools:
                self.assertIn(f"TOOL({tool},", known)


if __name__ == "__main__":
    unittest.main(verbosity=2)
