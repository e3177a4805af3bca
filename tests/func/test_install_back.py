"""After uninstall nothing tells that the memory was ever installed."""
import json
import unittest

from test_clients_install import Clients

HOOKS = {"claude-code": ".claude/settings.json",
         "codex": ".codex/hooks.json", "cursor": ".cursor/hooks.json",
         "gemini": ".gemini/settings.json"}


class Back(Clients):
    def test_back_to_the_byte(self):
        """Hooks and server, also in one file: as if nothing had been."""
        for client, file in HOOKS.items():
            for text in ("{ }", '{\n\t"hooks": {},\n\t"a": 1,\n}',
                         '// mine\n{"hooks": {  }, "b": 2}\r\n'):
                path = self.home / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
                self.install(client, "--hooks")
                self.assertIn("memoryctl", path.read_text())
                self.uninstall(client)
                self.assertEqual(path.read_bytes().decode(), text, client)
                if text == "{ }":
                    continue
                # Its owner edited it since.
                self.install(client, "--hooks")
                for old, new in (('"a": 1', '"a": 77'), ('"b": 2', '"b": 77')):
                    path.write_bytes(path.read_bytes().replace(
                        old.encode(), new.encode()))
                    text = text.replace(old, new)
                self.uninstall(client)
                self.assertEqual(path.read_bytes().decode(), text, client)
                path.unlink()


    def test_all_of_a_home(self):
        """Every client is here, some with files of their own: after install
        and uninstall of all the home is what it was, but for the backups."""
        rows = self.ctl("install", "--list", "--json").stdout
        for i, row in enumerate(json.loads(rows)):
            file = row.get("file")
            if not file or row["connected"] == "by hand":
                continue
            path = self.dir / file
            path.parent.mkdir(parents=True, exist_ok=True)
            if i % 3 and not path.exists():
                path.write_text({"toml": 'a = "b" # mine\n',
                                 "yaml": "a: b # mine\n"}.get(
                    path.suffix[1:], '{ "a": "b" }\n'))

        def files():
            return {str(p): p.read_bytes() for p in self.home.rglob("*")
                    if p.is_file() and ".bak-" not in p.name}

        def folders():
            return {str(p) for p in self.home.rglob("*") if p.is_dir()}

        before, had = files(), folders()
        done = self.ctl("install", "--client", "all", "--hooks")
        self.assertGreaterEqual(done.stdout.count("added"), 30)
        self.assertGreater(len(files()), len(before))
        self.ctl("uninstall", "--all")
        self.assertEqual(files(), before)
        self.assertEqual(folders(), had)

    def test_what_has_another_name(self):
        """--all finds what is ours by what it starts, not by its name."""
        for client in ("cursor", "codex", "goose", "opencode"):
            self.install(client, "--name", "mem2")
            self.install(client)
        mine = self.home / ".claude.json"
        mine.write_text(json.dumps({"projects": {"/srv/shop": {"mcpServers": {
            "memory": {"command": "/x/memory-mcp", "args": []}}}}}))
        before = mine.read_bytes()
        out = self.ctl("uninstall", "--all").stdout
        for file in (".cursor/mcp.json", ".codex/config.toml",
                     ".config/goose/config.yaml",
                     ".config/opencode/opencode.json"):
            path = self.home / file
            self.assertFalse(path.exists() and "mem" in path.read_text(), file)
        self.assertIn("cd /srv/shop && claude mcp remove", out)
        self.assertEqual(mine.read_bytes(), before)

    def test_units_are_named(self):
        """Each that systemctl enabled, as a timer would start it again."""
        units = self.home / ".config/systemd/user"
        for wants, unit in (("sockets.target", "memory-db.socket"),
                            ("timers.target", "memory-backup.timer"),
                            ("default.target", "other.service")):
            folder = units / f"{wants}.wants"
            folder.mkdir(parents=True)
            (folder / unit).symlink_to("/nowhere")
        out = self.ctl("uninstall", "--all").stdout
        line, = [x for x in out.splitlines() if "systemctl" in x]
        self.assertEqual(sorted(line.split("--now ")[1].split()),
                         ["memory-backup.timer", "memory-db.socket"])
        for path in units.glob("*/*"):
            path.unlink()
        self.assertNotIn("systemctl", self.ctl("uninstall", "--all").stdout)

    def test_folders(self):
        """Those that were made go when they are empty, and no others."""
        empty = self.home / ".cursor"
        empty.mkdir()
        for client in ("cursor", "kiro", "opencode", "gemini"):
            self.install(client)
        self.assertTrue((self.home / ".kiro/settings/mcp.json").exists())
        self.ctl("uninstall", "--client", "kiro", "--dry-run")
        self.assertTrue((self.home / ".kiro/settings/mcp.json").exists())
        (self.home / ".gemini/mine.txt").write_text("x")
        for client in ("cursor", "kiro", "opencode"):
            self.uninstall(client)
        self.assertTrue(empty.is_dir())
        self.assertFalse((self.home / ".kiro").exists())
        self.assertFalse((self.home / ".config").exists())
        self.uninstall("gemini")
        self.assertEqual({p.name for p in (self.home / ".gemini").iterdir()},
                         {"mine.txt"})
        # Nothing of ours is left but the note of the folder that is in use.
        left = {p.name for p in self.home.rglob("*") if p.is_file()}
        self.assertEqual(left, {"mine.txt", "made-folders"})
        self.ctl("uninstall", "--all")
        self.assertEqual({str(p.relative_to(self.home))
                          for p in self.home.rglob("*")},
                         {".cursor", ".gemini", ".gemini/mine.txt"})
        # What somebody wrote into the note leads nowhere else.
        self.install("kiro")
        note = self.home / ".local/state/enhanced-memory/made-folders"
        other = self.dir / "other"
        other.mkdir()
        note.write_text(f"{other}\n\n/\n{self.home}\n" + note.read_text())
        self.ctl("uninstall", "--all")
        self.assertTrue(other.is_dir() and empty.is_dir())
        self.assertFalse((self.home / ".local").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
