"""memoryctl install and uninstall for every client: what each file holds then,
and that all else in it stays byte for byte."""
import json
import os
import random
import re
import stat
import subprocess
import tomllib
import unittest

from harness import BIN, SLOW, TestCase, clean_env, reports

CTL = str(BIN / "memoryctl")

# What each client reads, as its maker documents it: file below HOME, members
# to the servers, the entry (@ stands for the program), the format.
AUTO = {"MEMORY_NAMESPACE": "auto"}
PLAIN = {"command": "@", "args": [], "env": AUTO}
STDIO = {"type": "stdio", **PLAIN}
ARRAY = {"type": "local", "command": ["@"], "environment": AUTO,
         "enabled": True}
CODE = ".config/Code/User/"
KNOWN = {
    "claude-code": (".claude.json", "mcpServers", STDIO),
    "claude-desktop": (".config/Claude/claude_desktop_config.json",
                       "mcpServers", {**PLAIN, "env": {}}),
    "cursor": (".cursor/mcp.json", "mcpServers", PLAIN),
    "gemini": (".gemini/settings.json", "mcpServers", PLAIN),
    "copilot-cli": (".copilot/mcp-config.json", "mcpServers",
                    {"type": "local", **PLAIN, "tools": ["*"]}),
    "vscode": (CODE + "mcp.json", "servers", STDIO),
    "vscode-insiders": (".config/Code - Insiders/User/mcp.json", "servers",
                        STDIO),
    "vscodium": (".config/VSCodium/User/mcp.json", "servers", STDIO),
    "windsurf": (".codeium/windsurf/mcp_config.json", "mcpServers", PLAIN),
    "zed": (".config/zed/settings.json", "context_servers",
            {"source": "custom", **PLAIN}),
    "opencode": (".config/opencode/opencode.json", "mcp", ARRAY),
    "kilo": (".config/kilo/kilo.jsonc", "mcp", ARRAY),
    "cline": (".cline/mcp.json", "mcpServers", PLAIN),
    "roo-code": (CODE + "globalStorage/rooveterinaryinc.roo-cline/settings/"
                 "mcp_settings.json", "mcpServers", PLAIN),
    "antigravity": (".gemini/config/mcp_config.json", "mcpServers", PLAIN),
    "qwen": (".qwen/settings.json", "mcpServers", PLAIN),
    "kiro": (".kiro/settings/mcp.json", "mcpServers", PLAIN),
    "junie": (".junie/mcp/mcp.json", "mcpServers", PLAIN),
    "augment": (".augment/settings.json", "mcpServers", PLAIN),
    "factory": (".factory/mcp.json", "mcpServers", STDIO),
    "kimi": (".kimi-code/mcp.json", "mcpServers", PLAIN),
    "amazon-q": (".aws/amazonq/default.json", "mcpServers", PLAIN),
    "tabnine": (".tabnine/mcp_servers.json", "mcpServers", PLAIN),
    "crush": (".config/crush/crush.json", "mcp", STDIO),
    "openclaw": (".openclaw/openclaw.json", "mcp/servers", PLAIN),
    "amp": (".config/amp/settings.json", "amp.mcpServers", PLAIN),
    "rovo-dev": (".rovodev/mcp.json", "mcpServers", STDIO),
    "lm-studio": (".lmstudio/mcp.json", "mcpServers", {**PLAIN, "env": {}}),
}


def plain(text):
    """JSON without comments and last commas."""
    text = text.removeprefix("\ufeff")
    out, at = [], 0
    for m in re.finditer(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', text, re.S):
        out.append(text[at:m.start()])
        out.append(m.group() if m.group()[0] == '"' else " ")
        at = m.end()
    text = "".join(out) + text[at:]
    return re.sub(r",(\s*[}\]])", r"\1", text)


class Clients(TestCase):
    def setUp(self):
        self.dir = self.folder()
        self.home = self.dir / "home"
        self.home.mkdir()
        self.mcp = self.dir / "memory-mcp"
        self.mcp.write_text("#!/bin/sh\n")
        self.mcp.chmod(0o755)

    def ctl(self, command, *args, code=0, env=None, program=True, cwd=None):
        extra = ("--program", self.mcp) \
            if command == "install" and program else ()
        full = clean_env(self.home, {
            "MEMORY_DB_SOCKET": None, "MEMORY_DB_PATH": None,
            "PATH": "/usr/bin:/bin", **(env or {})})
        for name in ("XDG_CONFIG_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR"):
            if name not in (env or {}):
                full.pop(name, None)
        done = subprocess.run([CTL, command, *map(str, extra + args)],
                              env=full, text=True, capture_output=True,
                              cwd=cwd or self.dir, timeout=60 * SLOW)
        self.assertEqual(reports(done.stderr), [])
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def install(self, client, *args, **kw):
        return self.ctl("install", "--client", client, *args, **kw)

    def uninstall(self, client, *args, **kw):
        return self.ctl("uninstall", "--client", client, *args, **kw)

    def path(self, client):
        return self.home / KNOWN[client][0]

    def wanted(self, entry):
        return json.loads(json.dumps(entry).replace('"@"',
                                                    json.dumps(str(self.mcp))))

    def write(self, client, text):
        path = self.path(client)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path


def holder(data, key):
    for part in key.split("/"):
        data = data[part]
    return data


class Table(Clients):
    def test_each_client_gets_what_it_reads(self):
        for client, (file, key, entry) in KNOWN.items():
            with self.subTest(client=client):
                self.install(client)
                path = self.home / file
                data = json.loads(path.read_text())
                self.assertEqual(holder(data, key),
                                 {"memory": self.wanted(entry)})
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
                self.assertIn("unchanged", self.install(client).stdout)
                self.assertIn("removed", self.uninstall(client).stdout)
                # There was no file.
                self.assertFalse(path.exists())

    def test_list_names_all(self):
        rows = json.loads(self.ctl("install", "--list", "--json").stdout)
        names = {r["client"] for r in rows}
        self.assertGreaterEqual(names, set(KNOWN))
        self.assertGreaterEqual(len(names), 30)
        self.assertEqual({r["here"] for r in rows}, {False})
        (self.home / ".cursor").mkdir()
        self.install("cursor")
        rows = {r["client"]: r for r in json.loads(
            self.ctl("install", "--list", "--json").stdout)}
        self.assertEqual((rows["cursor"]["here"],
                          rows["cursor"]["connected"]), (True, "yes"))
        self.assertEqual(rows["zed"]["connected"], "no")

    def test_foreign_members_stay_to_the_byte(self):
        styles = [(newline, tab, bom)
                  for newline, tab in (("\n", "  "), ("\r\n", "\t"),
                                       ("\n", ""))
                  for bom in ("", "\ufeff")]
        # Each client in one style, one client in all.
        for i, (client, (_, key, _)) in enumerate(KNOWN.items()):
            self.one_style(client, key, *styles[i % len(styles)])
        for style in styles:
            self.one_style("openclaw", "mcp/servers", *style)

    def one_style(self, client, key, newline, tab, bom):
        inner = '"%s": {"command": "x", "enabled": false}, // theirs' \
            % "other"
        parts = key.split("/")
        lines = [bom + "{", tab + "// a remark", tab + '"first": [1, 2.50],']
        for depth, part in enumerate(parts, 1):
            lines.append(tab * depth + f'"{part}": {{')
        lines.append(tab * (len(parts) + 1) + inner)
        for depth in range(len(parts), 0, -1):
            lines.append(tab * depth + "},")
        lines += [tab + '"last": "\\u00e9"', "}", ""]
        before = newline.join(lines)
        path = self.write(client, before)
        self.install(client)
        after = path.read_bytes().decode()
        for line in lines:
            self.assertIn(line.rstrip(","), after)
        if newline == "\r\n":
            self.assertNotIn("\n", after.replace("\r\n", ""))
        got = holder(json.loads(plain(after)), key)
        self.assertEqual(list(got), ["other", "memory"])
        self.assertEqual(got["other"], {"command": "x", "enabled": False})
        self.uninstall(client)
        self.assertEqual(path.read_bytes().decode(), before)

    def test_what_the_user_added_to_ours_stays(self):
        self.write("cursor", json.dumps({"mcpServers": {"memory": {
            "command": "/gone/memory-mcp", "enabled": False,
            "args": ["--tools", "all"]}}}))
        self.assertIn("updated", self.install("cursor").stdout)
        self.assertEqual(
            json.loads(self.path("cursor").read_text()),
            {"mcpServers": {"memory": {
                "command": str(self.mcp), "enabled": False,
                "args": ["--tools", "all"]}}})
        self.write("opencode", json.dumps({"mcp": {"memory": {
            "type": "local", "enabled": False,
            "command": ["/gone/memory-mcp", "--tools", "all"]}}}))
        self.install("opencode")
        self.assertEqual(
            json.loads(self.path("opencode").read_text())["mcp"]["memory"],
            {"type": "local", "enabled": False,
             "command": [str(self.mcp), "--tools", "all"]})

    def test_what_is_named_reaches_an_entry_that_is_there(self):
        """An older version's entry follows; what it is not told of stays."""
        wanted = {"MEMORY_NAMESPACE": "auto", "MEMORY_BRANCH": "auto",
                  "MEMORY_DB_SOCKET": str(self.dir / "s"), "MINE": "1"}
        named = ("--socket", "s", "--branch", "auto")
        path = self.write("cursor", """{
  // mine
  "mcpServers": {
    "memory": {"command": "/old/memory-mcp", "env": {"MEMORY_NAMESPACE":
      "auto", "MINE": "1"}, "args": ["--tools", "all"], "disabled": false},
    "other": {"command": "x"} /* too */
  }
}
""")
        said = self.ctl("install", "--client", "cursor", "--dry-run", *named)
        self.assertIn("MEMORY_DB_SOCKET", said.stdout)
        self.assertIn("/old/memory-mcp", path.read_text())
        self.assertIn("updated", self.install("cursor", *named).stdout)
        text = path.read_text()
        self.assertIn("  // mine\n", text)
        self.assertIn("/* too */", text)
        self.assertEqual(json.loads(plain(text))["mcpServers"], {
            "memory": {"command": str(self.mcp), "env": wanted,
                       "args": ["--tools", "all"], "disabled": False},
            "other": {"command": "x"}})
        self.assertIn("unchanged", self.install("cursor", *named).stdout)
        # Nobody who names nothing changes it.
        self.assertIn("unchanged", self.install("cursor").stdout)
        self.assertEqual(path.read_text(), text)
        for client, file, old in (
                ("codex", ".codex/config.toml",
                 '# mine\nmodel = "x" # too\n\n[mcp_servers.memory]\n'
                 'command = "/old/memory-mcp"\n'
                 'env = { MEMORY_NAMESPACE = "auto", MINE = "1" }\n'
                 "startup_timeout_sec = 20\n"),
                ("hermes", ".hermes/config.yaml",
                 "# mine\nmodel: x # too\nmcp_servers:\n  memory:\n"
                 "    command: /old/memory-mcp\n    timeout: 9\n    env:\n"
                 "      MEMORY_NAMESPACE: auto\n      MINE: '1'\n")):
            path = self.home / file
            path.parent.mkdir(parents=True)
            path.write_text(old)
            self.assertIn("updated", self.install(client, *named).stdout)
            text = path.read_text()
            self.assertIn("# mine\n", text)
            self.assertIn("# too\n", text)
            for name, value in wanted.items():
                self.assertIn(name, text)
                self.assertIn(value, text)
            self.assertIn("startup_timeout_sec = 20" if client == "codex"
                          else "timeout: 9", text)
            self.assertNotIn("/old/", text)
            self.assertIn("unchanged", self.install(client, *named).stdout)

    def test_a_foreign_entry_of_that_name(self):
        """Only --replace touches it, and a dry run says so, too."""
        for client, text in (
                ("cursor", '{"mcpServers": {"memory": {"command": "npx", '
                 '"args": ["-y", "@modelcontextprotocol/server-memory"]}}}'),
                ("cursor", '{"mcpServers": {"memory": '
                 '{"url": "https://memory.example/mcp"}}}'),
                ("cursor", '{"mcpServers": {"memory": '
                 '{"command": "/opt/memory-mcp-other"}}}')):
            path = self.write(client, text)
            for args in (("--dry-run",), (), ("--hooks",)):
                done = self.install(client, *args, code=1)
                self.assertIn("has another server 'memory'", done.stderr)
                self.assertIn("--replace", done.stderr)
                self.assertEqual(path.read_text(), text)
            done = self.uninstall(client, code=1)
            self.assertIn("not ours to remove", done.stderr)
            self.assertEqual(path.read_text(), text)
            self.assertIn("would be replaced", self.install(
                client, "--replace", "--dry-run").stdout)
            self.assertEqual(path.read_text(), text)
            self.assertIn("replaced", self.install(client,
                                                   "--replace").stdout)
            self.uninstall(client)

    def test_environment_says_where(self):
        for client, name, file in (
                ("claude-code", "CLAUDE_CONFIG_DIR", ".claude.json"),
                ("zed", "XDG_CONFIG_HOME", "zed/settings.json"),
                ("vscode", "XDG_CONFIG_HOME", "Code/User/mcp.json"),
                ("copilot-cli", "COPILOT_HOME", "mcp-config.json"),
                ("kiro", "KIRO_HOME", "settings/mcp.json"),
                ("gemini", "GEMINI_CLI_HOME", ".gemini/settings.json"),
                ("openclaw", "OPENCLAW_STATE_DIR", "openclaw.json")):
            other = self.dir / f"at-{client}"
            self.install(client, env={name: other})
            self.assertTrue((other / file).exists(), client)
            self.assertFalse(self.path(client).exists(), client)
            # A relative folder would mean another place everywhere.
            self.install(client, env={name: "relative"})
            self.assertTrue(self.path(client).exists(), client)
        file = self.dir / "my.jsonc"
        self.install("opencode", env={"OPENCODE_CONFIG": file})
        self.assertIn("memory", json.loads(file.read_text())["mcp"])

    def test_the_file_that_is_there_is_the_one(self):
        old = self.home / ".config/opencode/opencode.jsonc"
        old.parent.mkdir(parents=True)
        old.write_text('{\n  // mine\n  "theme": "x"\n}\n')
        self.install("opencode")
        self.assertIn("// mine", old.read_text())
        self.assertIn("memory-mcp", old.read_text())
        self.assertFalse((old.parent / "opencode.json").exists())

    def test_several_files_of_one_client(self):
        other = self.home / ".cline/data/settings/cline_mcp_settings.json"
        other.parent.mkdir(parents=True)
        self.install("cline")
        self.assertTrue(other.exists())
        self.assertTrue(self.path("cline").exists())

    def test_project_files(self):
        for client, file, key in (("cursor", ".cursor/mcp.json", "mcpServers"),
                                  ("vscode", ".vscode/mcp.json", "servers")):
            self.install(client, "--scope", "project")
            path = self.dir / file
            self.assertIn("memory", json.loads(path.read_text())[key])
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o644)
        done = self.install("windsurf", "--scope", "project", code=1)
        self.assertIn("--scope user", done.stderr)

    def test_by_hand(self):
        done = self.install("jetbrains")
        self.assertIn("As JSON", done.stdout)
        text = done.stdout[done.stdout.index("{"):]
        self.assertEqual(json.loads(text)["mcpServers"]["memory"],
                         self.wanted(PLAIN))


class All(Clients):
    def test_only_what_is_here_and_each_by_itself(self):
        (self.home / ".cursor").mkdir()
        (self.home / ".codeium/windsurf").mkdir(parents=True)
        self.write("kiro", "{broken")
        self.write("junie", json.dumps({"mcpServers": {"memory": {
            "command": "npx"}}}))
        done = self.ctl("install", "--client", "all", code=1)
        for client in ("cursor", "windsurf"):
            self.assertTrue(self.path(client).exists(), client)
        self.assertIn("Kiro: ", done.stderr)
        self.assertIn("no valid JSON", done.stderr)
        self.assertIn("Junie: ", done.stderr)
        self.assertIn("--replace", done.stderr)
        # What it could not write it shows.
        self.assertIn("add this by hand", done.stdout)
        self.assertIn(str(self.mcp), done.stdout)
        self.assertFalse(self.path("zed").exists())
        self.assertEqual(self.path("kiro").read_text(), "{broken")
        got = json.loads(self.ctl("install", "--client", "all", "--json",
                                  code=1).stdout)["clients"]
        got = {r["client"]: r for r in got}
        self.assertEqual({c: r["action"] for c, r in got.items()},
                         {"cursor": "unchanged", "windsurf": "unchanged",
                          "kiro": "failed", "junie": "failed"})
        self.assertIn("no valid JSON", got["kiro"]["error"])
        done = self.ctl("uninstall", "--client", "all", code=1)
        self.assertFalse(self.path("cursor").exists())
        self.assertIn("not ours", done.stderr)

    def test_nothing_here(self):
        done = self.ctl("install", "--client", "all", code=1)
        self.assertIn("no MCP client is installed here", done.stderr)
        self.ctl("uninstall", "--client", "all")

    def test_dry_run_writes_nothing(self):
        self.write("cursor", '{\n  "mcpServers": {}\n}\n')
        (self.home / ".kiro").mkdir()
        done = self.ctl("install", "--client", "all", "--dry-run")
        self.assertIn("would be added", done.stdout)
        self.assertRegex(done.stdout, r'(?m)^\+ +"memory": \{$')
        self.assertRegex(done.stdout, r'(?m)^-  "mcpServers": \{\}$')
        files = [p for p in self.home.rglob("*") if p.is_file()]
        self.assertEqual(files, [self.path("cursor")])

    def test_names(self):
        done = self.install("curser", code=100)
        self.assertIn("similar: 'cursor'", done.stderr)
        for name in ("", "a b", "a/b", "x" * 65, "memöry"):
            self.assertIn("--name", self.install("cursor", "--name", name,
                                                 code=100).stderr)
        self.assertIn("--file", self.ctl(
            "install", "--client", "all", "--file", "x", code=100).stderr)


class Files(Clients):
    """Files as they are met: each has a right behaviour."""

    def test_empty_file(self):
        for text in ("", "\n", "\ufeff", "  \r\n", "// only a remark",
                     "/* one */\n"):
            self.write("cursor", text)
            self.install("cursor")
            after = self.path("cursor").read_bytes().decode()
            self.assertTrue(after.startswith(text.rstrip()), after)
            self.assertEqual(json.loads(plain(after))["mcpServers"],
                             {"memory": self.wanted(PLAIN)})
            self.uninstall("cursor")

    def test_not_valid(self):
        for text in ('{"mcpServers": {,}}', "[]", '{"mcpServers": []}',
                     '{"a":1,"a":2}', "{'single': 1}", "{unquoted: 1}",
                     '{"mcpServers": 5}', "null", "{}{}"):
            path = self.write("cursor", text)
            done = self.install("cursor", code=1)
            self.assertIn("nothing was changed", done.stderr)
            self.assertIn("add this by hand", done.stdout)
            self.assertIn("nothing was changed",
                          self.uninstall("cursor", code=1).stderr)
            self.assertEqual(path.read_text(), text)
            self.assertEqual(len(list(path.parent.iterdir())), 1)

    def test_read_only(self):
        path = self.write("cursor", "{}")
        path.chmod(0o444)
        done = self.install("cursor", code=1)
        self.assertIn("read-only", done.stderr)
        self.assertIn("add this by hand", done.stdout)
        self.assertEqual(path.read_text(), "{}")
        self.assertEqual(list(path.parent.iterdir()), [path])
        self.install("cursor", "--dry-run")
        # Nor does one go that holds ours alone.
        path.chmod(0o644)
        path.unlink()
        self.install("cursor")
        path.chmod(0o444)
        self.assertIn("read-only", self.uninstall("cursor", code=1).stderr)
        self.assertTrue(path.exists())
        path.chmod(0o644)
        self.uninstall("cursor")
        self.assertFalse(path.exists())

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_file_of_another_user(self):
        path = self.write("cursor", "{}")
        os.chown(path, 65534, 65534)
        self.install("cursor")
        st = path.stat()
        self.assertEqual((st.st_uid, st.st_gid), (65534, 65534))

    def test_links_of_dotfiles(self):
        real = self.dir / "dotfiles" / "cursor.json"
        real.parent.mkdir()
        real.write_text("{}\n")
        path = self.path("cursor")
        path.parent.mkdir()
        path.symlink_to("../../dotfiles/cursor.json")
        self.install("cursor")
        self.assertTrue(path.is_symlink())
        self.assertIn("memory", json.loads(real.read_text())["mcpServers"])
        self.uninstall("cursor")
        self.assertTrue(path.is_symlink())
        # The whole folder may be a link, too.
        path.unlink()
        path.parent.rmdir()
        path.parent.symlink_to(real.parent)
        self.install("cursor")
        self.assertTrue((real.parent / "mcp.json").exists())

    def test_link_to_nothing(self):
        path = self.path("cursor")
        path.parent.mkdir()
        path.symlink_to(self.dir / "gone")
        done = self.install("cursor", code=1)
        self.assertIn("link to a file that does not exist", done.stderr)
        self.assertTrue(path.is_symlink())
        self.assertFalse((self.dir / "gone").exists())

    def test_no_regular_file(self):
        self.path("cursor").mkdir(parents=True)
        self.assertIn("no regular file",
                      self.install("cursor", code=1).stderr)
        os.mkfifo(self.home / ".claude.json")
        self.assertIn("no regular file",
                      self.install("claude-code", code=1).stderr)

    def test_backup_is_what_was(self):
        path = self.write("cursor", '{"x": 1}')
        path.chmod(0o640)
        self.install("cursor")
        backup, = path.parent.glob("mcp.json.bak-*")
        self.assertEqual(backup.read_text(), '{"x": 1}')
        self.assertEqual(stat.S_IMODE(backup.stat().st_mode), 0o640)

    def test_command_line_says_the_memory(self):
        self.install("cursor", "--database", "m.db", "--socket", "s")
        entry = json.loads(self.path("cursor").read_text())
        self.assertEqual(entry["mcpServers"]["memory"]["env"], {
            "MEMORY_NAMESPACE": "auto",
            "MEMORY_DB_PATH": str(self.dir / "m.db"),
            "MEMORY_DB_SOCKET": str(self.dir / "s")})


TOML = ("codex", ".codex/config.toml"), ("vibe", ".vibe/config.toml")
YAML = (("hermes", ".hermes/config.yaml", "mcp_servers"),
        ("goose", ".config/goose/config.yaml", "extensions"))


class Toml(Clients):
    def write_to(self, file, text):
        path = self.home / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def entry(self, client, path):
        data = tomllib.loads(path.read_bytes().decode().removeprefix("\ufeff"))
        servers = data["mcp_servers"]
        if client == "codex":
            return servers["memory"]
        return [s for s in servers if s["name"] == "memory"][0]

    def test_entries(self):
        for client, file in TOML:
            self.install(client)
            wanted = {"command": str(self.mcp), "env": AUTO}
            if client == "vibe":
                wanted.update(name="memory", transport="stdio")
            path = self.home / file
            self.assertEqual(self.entry(client, path), wanted)
            self.assertIn("unchanged", self.install(client).stdout)
            self.uninstall(client)
            self.assertFalse(path.exists())

    def test_round_trips(self):
        ours = "mcp_servers"
        texts = [
            "", "\n", "# only a remark", "# r\n", "a = 1", "a = 1\n",
            "a = 1\n\n", "a = 1\r\n[b]\r\nc = 2 # r\r\n", "\ufeffa = 1\n",
            'model = "x"\n\n# servers\n[other.a]\ncommand = "y"\n',
            "s = \"\"\"\n[mcp_servers.memory]\n\"\"\"\n",
            "s = '''\n[mcp_servers.memory]\ncommand='''\n",
            "a = [\n  1, # one\n  [2, 3],\n]\nd = 1979-05-27 07:32:00Z\n",
            "[a]\nb.c = {x = 1, y = [{z = 2}]}\n\n[a.\"d e\"]\nf = 0x1F\n"]
        for client, file in TOML:
            for text in texts + ([f"[{ours}.o]\ncommand = 'x'\n",
                                  f"[{ours}]\no = {{command = 'x'}}\n"]
                                 if client == "codex" else
                                 [f"[[{ours}]]\nname = 'o'\n\n[b]\nx = 1\n"]):
                path = self.write_to(file, text)
                before = tomllib.loads(text.removeprefix("\ufeff"))
                self.install(client)
                after = path.read_bytes().decode()
                self.assertTrue(after.startswith(text), after)
                if "\r\n" in text:
                    self.assertNotIn("\n", after.replace("\r\n", ""))
                self.assertEqual(self.entry(client, path)["command"],
                                 str(self.mcp))
                data = tomllib.loads(after.removeprefix("\ufeff"))
                if client == "codex":
                    del data[ours]["memory"]
                else:
                    data[ours].pop()
                self.assertEqual(data.pop(ours) or None,
                                 before.pop(ours, None))
                self.assertEqual(data, before)
                self.uninstall(client)
                self.assertEqual(path.read_bytes().decode(), text)

    def test_remarks_and_neighbours_stay(self):
        path = self.write_to(TOML[0][1], (
            "# top\n[mcp_servers.a]\ncommand = 'a'\n\n"
            "[mcp_servers.memory]  # ours\n# why\n"
            "command = '/gone/memory-mcp'\nenabled = false\n"
            "startup_timeout_sec = 20\n\n[mcp_servers.memory.env]\n"
            "MEMORY_NAMESPACE = 'mine'\n\n# of z\n"
            "[mcp_servers.z]\ncommand = 'z'\n"))
        old = path.read_text()
        self.assertIn("updated", self.install("codex").stdout)
        self.assertEqual(path.read_text(), old.replace(
            "'/gone/memory-mcp'", json.dumps(str(self.mcp))))
        self.uninstall("codex")
        self.assertEqual(path.read_text(), (
            "# top\n[mcp_servers.a]\ncommand = 'a'\n# why\n"
            "\n# of z\n[mcp_servers.z]\ncommand = 'z'\n"))

    def test_other_ways_to_write_it(self):
        for text in ("[mcp_servers]\nmemory = {command = '/g/memory-mcp', "
                     "startup_timeout_sec = 3}\nz = {command = 'z'}\n",
                     "[mcp_servers]\nmemory.command = '/g/memory-mcp'\n"
                     "memory.env.A = 'b'\nz.command = 'z'\n",
                     "mcp_servers.memory.command = '/g/memory-mcp'\n"
                     "mcp_servers.z.command = 'z'\n",
                     "[mcp_servers.\"memory\"]\n'command' = \"\"\"\n"
                     "/g/memory-mcp\"\"\"\n[mcp_servers.z]\ncommand='z'\n"):
            path = self.write_to(TOML[0][1], text)
            self.install("codex")
            self.assertEqual(self.entry("codex", path)["command"],
                             str(self.mcp), text)
            self.uninstall("codex")
            self.assertEqual(tomllib.loads(path.read_text()),
                             {"mcp_servers": {"z": {"command": "z"}}}, text)

    def test_entry_within_an_inline_table(self):
        text = "mcp_servers = {memory = {command = '/g/memory-mcp'}}\n"
        path = self.write_to(TOML[0][1], text)
        self.install("codex")
        self.assertEqual(self.entry("codex", path)["command"], str(self.mcp))
        before = path.read_text()
        self.assertIn("inline table", self.uninstall("codex", code=1).stderr)
        self.assertEqual(path.read_text(), before)

    def test_what_cannot_be_edited(self):
        for text in ("mcp_servers = {z = {command = 'z'}}\n",
                     "mcp_servers = 5\n", "[[mcp_servers]]\nname = 'x'\n",
                     "a = \n", "a = 1\na = 2\n", "[a]\n[a]\n", "[a\n",
                     "a = 'x\n", "x = 1 y = 2\n", "a = '\x00'\n",
                     "a = \"\\q\"\n", "\udcff = 1\n", "[" * 2000,
                     "a = " + "[" * 2000, "a = 1\n" * 200000):
            path = self.home / TOML[0][1]
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
            before = path.read_bytes()
            done = self.install("codex", code=1)
            self.assertIn("config.toml", done.stderr)
            self.assertIn("[mcp_servers.memory]", done.stdout)
            self.assertEqual(path.read_bytes(), before)
            self.uninstall("codex", code=None)
            self.assertEqual(path.read_bytes(), before)
            self.assertEqual(len(list(path.parent.iterdir())), 1)

    def test_random_files(self):
        seed = int(os.environ.get("TEST_SEED", random.randrange(10**6)))
        print(f"seed {seed}")
        rng = random.Random(seed)
        for _ in range(40 if SLOW > 1 else 120):
            text = self.random_text(rng)
            try:
                before = tomllib.loads(text)
            except tomllib.TOMLDecodeError:
                continue
            client, file = rng.choice(TOML)
            path = self.write_to(file, text)
            self.install(client, "-q")
            after = path.read_bytes().decode()
            self.assertEqual(self.entry(client, path)["command"],
                             str(self.mcp), text)
            self.assertTrue(after.startswith(text), text)
            self.uninstall(client, "-q")
            self.assertEqual(path.read_bytes().decode(), text)
            self.assertEqual(tomllib.loads(path.read_text()), before)
            for backup in path.parent.glob("*.bak-*"):
                backup.unlink()

    def random_text(self, rng):
        values = ["1", "-2.5e3", "'a # b'", '"x\\n\\u00e9"', "true", "inf",
                  "[1,\n 2, # c\n]", "{a = 1, b = {c = 'd'}}", "[[1], ['x']]",
                  '"""\n[t]\nk = 1\n"""', "'''l\''''", "12:30:00",
                  "1979-05-27", "0b101", "1_000", "[]", "{}"]
        lines = []
        for i in range(rng.randint(0, 12)):
            kind = rng.random()
            if kind < 0.2:
                lines.append(rng.choice([f"[t{i}]", f"[t{i}.u.'v w']",
                                         "[[list]]", f" [ t{i} ] # r"]))
            elif kind < 0.4:
                lines.append(rng.choice(["", "# remark", "  # [x]", "\t"]))
            else:
                key = rng.choice([f"k{i}", f"k{i}.x", f"'k {i}'", f"  q{i}"])
                lines.append(f"{key} = {rng.choice(values)}" +
                             rng.choice(["", " # r", " "]))
        end = rng.choice(["", "\n", "\n\n"]) if lines else ""
        return "\n".join(lines) + end


class Yaml(Clients):
    def block(self, client, column=2):
        """The lines of our entry, as this test expects them."""
        lines = ["memory:"]
        if client == "goose":
            lines += ["  enabled: true", '  type: "stdio"',
                      '  name: "memory"', f'  cmd: "{self.mcp}"',
                      "  args: []", "  envs:",
                      '    MEMORY_NAMESPACE: "auto"', "  timeout: 300"]
        else:
            lines += [f'  command: "{self.mcp}"', "  args: []", "  env:",
                      '    MEMORY_NAMESPACE: "auto"']
        return [" " * column + x for x in lines]

    def each(self, texts):
        """texts: (before, after) with KEY and OURS (the lines of the entry, 2
        columns in) or OURS4."""
        for client, file, key in YAML:
            for before, after in texts:
                nl = "\r\n" if "\r\n" in before else "\n"
                fill = [x.replace("KEY", key)
                        .replace("OURS4", nl.join(self.block(client, 4)))
                        .replace("OURS", nl.join(self.block(client)))
                        for x in (before, after)]
                path = self.home / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(fill[0].encode())
                with self.subTest(client=client, before=before):
                    self.install(client)
                    self.assertEqual(path.read_bytes().decode(), fill[1])
                    self.assertIn("unchanged", self.install(client).stdout)
                    self.uninstall(client)
                    self.assertEqual(path.read_bytes().decode(), fill[0])
                # Edited in between: what install made goes all the same.
                self.install(client)
                path.write_bytes(path.read_bytes() +
                                 f"{nl}mine: 1{nl}".encode())
                self.uninstall(client)
                self.assertEqual(path.read_bytes().decode(),
                                 f"{fill[0]}{nl}mine: 1{nl}")

    def test_places(self):
        self.each((
            ("", "KEY:\nOURS\n"),
            ("# r\n", "# r\nKEY:\nOURS\n"),
            ("a: 1\n", "a: 1\nKEY:\nOURS\n"),
            ("a: 1", "a: 1\nKEY:\nOURS"),
            ("---\na: |\n  KEY:\n  text\n",
             "---\na: |\n  KEY:\n  text\nKEY:\nOURS\n"),
            ("KEY:\nb: 2\n", "KEY:\nOURS\nb: 2\n"),
            ("KEY: # r\nb: 2\n", "KEY: # r\nOURS\nb: 2\n"),
            ("KEY: {}\nb: 2\n", "KEY:\nOURS\nb: 2\n"),
            ("KEY: {} # r\n", "KEY: # r\nOURS\n"),
            ("KEY: ~\n", "KEY:\nOURS\n"),
            ("a: é ü # ö\nKEY:\n  # of o\n  o:\n    cmd: x # y\n\nb: [1]\n",
             "a: é ü # ö\nKEY:\nOURS\n  # of o\n  o:\n    cmd: x # y\n\n"
             "b: [1]\n"),
            ("\ufeffKEY:\n    o: {cmd: x}\n",
             "\ufeffKEY:\nOURS4\n    o: {cmd: x}\n"),
            ("a: 1\r\nKEY:\r\n  o:\r\n    cmd: x\r\n",
             "a: 1\r\nKEY:\r\nOURS\r\n  o:\r\n    cmd: x\r\n")))

    def test_what_is_there_stays(self):
        for client, file, key in YAML:
            path = self.home / file
            path.parent.mkdir(parents=True, exist_ok=True)
            cmd = "cmd" if client == "goose" else "command"
            before = (f"{key}:\n  memory: # ours\n    enabled: false\n"
                      f"    {cmd}: '/gone/memory-mcp' # old\n"
                      "    args:\n    - --tools\n    - all\n  # of z\n"
                      "  z:\n    x: 1\n")
            path.write_text(before)
            self.assertIn("updated", self.install(client).stdout)
            self.assertEqual(path.read_text(), before.replace(
                "'/gone/memory-mcp'", f'"{self.mcp}"'))
            self.uninstall(client)
            self.assertEqual(path.read_text(),
                             f"{key}:\n  # of z\n  z:\n    x: 1\n")

    def test_what_cannot_be_edited(self):
        for client, file, key in YAML:
            for text in (f"{key}: {{o: {{x: 1}}}}\n", f"{key}: 5\n",
                         f"{key}: [a]\n", f"a: &x {{}}\n{key}: *x\n",
                         f"{{{key}: {{}}}}\n", "- a\n", "a: 1\n---\nb: 2\n",
                         "a: [1\n", "a: 1\na: 2\n", "a: b: c\n", "\ta: 1\n",
                         "a: 1\n...\n", "? [1]\n: 2\n", "x\n", "\udcff: 1\n",
                         "a: &a [*a]\n", "[" * 3000,
                         "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a"
                         ",*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,"
                         "*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d]\nf: &f [*e,*e"
                         ",*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f]\n"):
                path = self.home / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode("utf-8", "surrogateescape"))
                before = path.read_bytes()
                done = self.install(client, code=1)
                self.assertIn("config.yaml", done.stderr, text)
                self.assertIn(f"{key}:", done.stdout)
                self.assertEqual(path.read_bytes(), before)
                self.uninstall(client, code=None)
                self.assertEqual(path.read_bytes(), before)

    def test_odd_names(self):
        for name in ("true", "12", "no", "x-1"):
            self.install("hermes", "--name", name)
            self.assertIn(f'  {name}:' if name == "x-1" else f'  "{name}":',
                          (self.home / YAML[0][1]).read_text())
            self.uninstall("hermes", "--name", name)


class RandomJson(Clients):
    """Edits of random files: what is not ours is as before."""

    def random_value(self, rng, depth):
        kind = rng.random()
        if depth < 3 and kind < 0.25:
            return self.random_object(rng, depth + 1, rng.randint(0, 3))
        if depth < 3 and kind < 0.4:
            items = [self.random_value(rng, depth + 1)
                     for _ in range(rng.randint(0, 3))]
            last = "," if items and rng.random() < 0.2 else ""
            return "[" + self.gap(rng).join(
                x + ("," if i < len(items) - 1 else last)
                for i, x in enumerate(items)) + "]"
        return rng.choice(['"a"', '"}{"', '"//no"', '"\\u00e9\\""', "1.50",
                           "-0", "1e3", "true", "null", '"/* no */"'])

    def gap(self, rng):
        return rng.choice([" ", "\n", "\n  ", "\t", "", "\r\n\t",
                           " /* c } */ ", "  // c {\n", "\n\n"])

    def random_object(self, rng, depth, n, members=()):
        members = list(members)
        for _ in range(n):
            members.insert(rng.randint(0, len(members)),
                           (f"k{rng.randint(0, 10**9)}",
                            self.random_value(rng, depth)))
        last = "," if members and rng.random() < 0.3 else ""
        text = "{" + self.gap(rng)
        for i, (name, value) in enumerate(members):
            text += (f'"{name}":' + rng.choice(["", " ", "\n"]) + value +
                     rng.choice(["", " "]) +
                     ("," if i < len(members) - 1 else last) + self.gap(rng))
        return text + "}"

    def test_random_files(self):
        seed = int(os.environ.get("TEST_SEED", random.randrange(10**6)))
        print(f"seed {seed}")
        rng = random.Random(seed)
        for _ in range(60 if SLOW > 1 else 150):
            servers = self.random_object(rng, 2, rng.randint(0, 3))
            whole = [("mcpServers", servers)] if rng.random() < 0.8 else []
            before = rng.choice(["", "\ufeff", "// top\n"]) + \
                self.random_object(rng, 1, rng.randint(0, 3), whole) + \
                rng.choice(["", "\n", "\n// end"])
            path = self.write("cursor", before)
            old = json.loads(plain(before))
            self.install("cursor", "-q")
            new = json.loads(plain(path.read_bytes().decode()))
            self.assertEqual(new["mcpServers"].pop("memory"),
                             self.wanted(PLAIN), before)
            self.assertEqual(new, {"mcpServers": {}, **old}, before)
            self.uninstall("cursor", "-q")
            self.assertEqual(path.read_bytes().decode(), before)
            for backup in path.parent.glob("*.bak-*"):
                backup.unlink()


if __name__ == "__main__":
    unittest.main(verbosity=2)
