"""The files of mcp-server/plugin, and those at the root that lead there: each as
its client documents it. The files of the hooks are written from hooks.def,
and copies made:
`PYTHONPATH=tests/lib python3 tests/func/test_plugins.py --write`."""
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


class Hooks:
    """How a client finds the hooks of a plugin, and what it takes in them.

    folder    of mcp-server/plugin that the client takes as its plugin
    file      of the hooks, in that folder
    manifest  that names the file; None: the client looks for hooks/hooks.json
              and nowhere else
    unit      of a timeout, in seconds
    events    all that the client fires; another name is a warning or nothing
    """

    def __init__(self, folder, file, manifest, unit, events):
        self.folder, self.file = PLUGIN / folder, file
        self.manifest, self.unit = manifest, unit
        self.events = set(events.split())


# code.claude.com/docs/en/hooks and .../plugins-reference: a file that the
# manifest names is loaded beside hooks/hooks.json. openai/codex
# core-plugins/src/loader.rs: hooks/hooks.json unless the manifest names
# another, but no hooks at all where a plugin.json of Agent Plugins lies at the
# top (openai/codex#39895, seen with 0.171). cursor.com/docs/reference/plugins:
# hooks/hooks.json unless the manifest names another. geminicli.com/docs/
# extensions and .../hooks/reference: milliseconds.
HOOKS = {
    "claude-code": Hooks(
        ".", "hooks/claude-code.json", ".claude-plugin/plugin.json", 1,
        "SessionStart SessionEnd UserPromptSubmit PreToolUse PostToolUse "
        "PostToolUseFailure PermissionRequest Notification SubagentStart "
        "SubagentStop Stop StopFailure PreCompact PostCompact ConfigChange "
        "WorktreeCreate WorktreeRemove TaskCompleted TeammateIdle"),
    "codex": Hooks(
        "codex", "hooks/hooks.json", ".codex-plugin/plugin.json", 1,
        "PreToolUse PermissionRequest PostToolUse PreCompact PostCompact "
        "SessionStart SessionEnd UserPromptSubmit SubagentStart SubagentStop "
        "Stop Interrupt"),
    "cursor": Hooks(
        ".", "hooks/cursor.json", ".cursor-plugin/plugin.json", 1,
        "sessionStart sessionEnd preToolUse postToolUse postToolUseFailure "
        "subagentStart subagentStop beforeShellExecution afterShellExecution "
        "beforeMCPExecution afterMCPExecution beforeReadFile afterFileEdit "
        "beforeSubmitPrompt preCompact stop afterAgentResponse "
        "afterAgentThought beforeTabFileRead afterTabFileEdit"),
    "gemini": Hooks(
        "gemini", "hooks/hooks.json", None, 0.001,
        "SessionStart SessionEnd BeforeAgent AfterAgent BeforeModel "
        "AfterModel BeforeToolSelection BeforeTool AfterTool PreCompress "
        "Notification"),
}


def rows(client):
    """The events that `memoryctl install --hooks` enters: (event, timeout)."""
    return [(event, int(timeout)) for event, timeout in re.findall(
        rf'HOOK\("{client}", "(\w+)",\s+\w+,\s+\w+,\s+true,\s+(\d+)\)',
        (ROOT / "memory-db/cli/lib/hooks.def").read_text())]


def hooks_of(client):
    """What the file of a client's hooks must hold."""
    hooks = {}
    for event, timeout in rows(client):
        one = {"type": "command",
               "command": f"memoryctl hook {client} {event}",
               "timeout": timeout}
        if client == "cursor":
            del one["type"]
            hooks[event] = [one]
        else:
            hooks[event] = [{"hooks": [one]}]
    return {**({"version": 1} if client == "cursor" else {}), "hooks": hooks}


def copies():
    """What a client with a folder of its own needs a second time there."""
    for name in ("codex", "gemini"):
        for path in (PLUGIN / "skills").rglob("*.md"):
            yield path, PLUGIN / name / path.relative_to(PLUGIN)
    yield PLUGIN / ".mcp.json", PLUGIN / "codex/.mcp.json"
    yield (PLUGIN / "gemini/gemini-extension.json",
           ROOT / "gemini-extension.json")


def write_files():
    for client, h in HOOKS.items():
        path = h.folder / h.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(hooks_of(client), indent=2) + "\n")
    for one, other in copies():
        other.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one, other)


def load(name, folder=PLUGIN):
    def pairs(items):
        names = [k for k, _ in items]
        assert len(names) == len(set(names)), f"{name}: a key twice"
        return dict(items)
    return json.loads((folder / name).read_text(), object_pairs_hook=pairs)


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
                     "codex/.codex-plugin/plugin.json",
                     ".cursor-plugin/plugin.json",
                     "gemini/gemini-extension.json"):
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
        """The folder is a marketplace, and so is the repository."""
        plugin = load(".claude-plugin/plugin.json")
        for folder in (PLUGIN, ROOT):
            market = load(".claude-plugin/marketplace.json", folder)
            self.assertRegex(market["name"], NAME)
            self.assertTrue(market["owner"]["name"])
            one, = market["plugins"]
            self.assertTrue(one["source"].startswith("./"))
            self.assertEqual((folder / one["source"]).resolve(),
                             PLUGIN.resolve())
            self.assertEqual((one["name"], one["version"]),
                             (plugin["name"], plugin["version"]))
        self.server(load(".mcp.json")["mcpServers"]["memory"])

    def test_cursors_marketplace(self):
        market = load(".cursor-plugin/marketplace.json", ROOT)
        # Closed schemas (cursor/plugins, schemas/marketplace.schema.json).
        self.assertLessEqual(set(market),
                             {"name", "owner", "metadata", "plugins"})
        self.assertRegex(market["name"], NAME)
        self.assertTrue(market["owner"]["name"])
        one, = market["plugins"]
        self.assertLessEqual(set(one), {"name", "source", "description"})
        self.assertNotIn("..", one["source"])
        plugin = load(".cursor-plugin/plugin.json", ROOT / one["source"])
        self.assertEqual(one["name"], plugin["name"])

    def test_codexs_marketplace(self):
        """Codex takes this file before the one of Claude Code
        (core-plugins/src/marketplace.rs)."""
        for folder in (PLUGIN, ROOT):
            market = load(".agents/plugins/marketplace.json", folder)
            self.assertRegex(market["name"], NAME)
            one, = market["plugins"]
            self.assertEqual(one["source"]["source"], "local")
            self.assertTrue(one["source"]["path"].startswith("./"))
            self.assertNotIn("..", one["source"]["path"])
            self.assertEqual((folder / one["source"]["path"]).resolve(),
                             HOOKS["codex"].folder.resolve())
            self.assertIn(one["policy"]["installation"],
                          ("NOT_AVAILABLE", "AVAILABLE",
                           "INSTALLED_BY_DEFAULT"))
            self.assertIn(one["policy"]["authentication"],
                          ("ON_INSTALL", "ON_USE"))

    def test_no_client_finds_the_hooks_of_another(self):
        """hooks/hooks.json is where four clients look by themselves."""
        takes = {".claude-plugin": "claude-code", ".codex-plugin": "codex",
                 ".cursor-plugin": "cursor", "gemini-extension.json": "gemini",
                 "plugin.json": "those of Agent Plugins"}
        folders = {p.parent.parent for p in PLUGIN.rglob("hooks/*.json")}
        self.assertEqual(folders, {h.folder for h in HOOKS.values()})
        for folder in (*folders, ROOT):
            taken_by = {c for name, c in takes.items()
                        if (folder / name).exists()}
            if (folder / "hooks/hooks.json").exists():
                self.assertEqual(len(taken_by), 1, folder)
        for client, h in HOOKS.items():
            if h.manifest:
                # Codex drops what does not begin with "./".
                self.assertEqual(load(h.manifest, h.folder)["hooks"],
                                 f"./{h.file}")
            else:
                self.assertEqual(h.file, "hooks/hooks.json")
        self.assertFalse((HOOKS["codex"].folder / "plugin.json").exists())
        names = [h.folder / h.file for h in HOOKS.values()]
        self.assertEqual(sorted(names),
                         sorted(PLUGIN.rglob("hooks/*.json")))

    def test_copies(self):
        for one, other in copies():
            self.assertEqual(one.read_text(), other.read_text(),
                             "test_plugins.py --write puts it right")

    def test_hooks_are_those_that_install_enters(self):
        for client, h in HOOKS.items():
            data = load(h.file, h.folder)
            self.assertTrue(rows(client), client)
            self.assertEqual(data, hooks_of(client),
                             "test_plugins.py --write puts it right")
            # Codex refused a file with any other member for long.
            self.assertEqual(set(data) - {"version"}, {"hooks"})

    def test_hooks_as_their_client_takes_them(self):
        for client, h in HOOKS.items():
            for event, (entry,) in load(
                    h.file, h.folder)["hooks"].items():
                self.assertIn(event, h.events, client)
                one = entry if client == "cursor" else entry["hooks"][0]
                self.assertLessEqual(set(one), {"type", "command", "timeout"})
                seconds = one["timeout"] * h.unit
                self.assertTrue(1 <= seconds <= 60, (client, event, seconds))

    def test_codex_and_cursor(self):
        for client in ("codex", "cursor"):
            h = HOOKS[client]
            data = load(h.manifest, h.folder)
            for key in ("skills", "mcpServers"):
                self.assertTrue(data[key].startswith("./"), client)
                self.assertTrue((h.folder / data[key]).exists(), client)
        face = load("codex/.codex-plugin/plugin.json")["interface"]
        self.assertLessEqual(len(face["defaultPrompt"]), 3)
        self.assertTrue(all(len(p) <= 128 for p in face["defaultPrompt"]))

    def test_gemini_and_registry(self):
        """`gemini extensions install URL` wants the file at the root."""
        data = load("gemini/gemini-extension.json")
        self.server(data["mcpServers"]["memory"])
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
    if sys.argv[1:] == ["--write"]:
        write_files()
    else:
        unittest.main(verbosity=2)
