"""Every command of the README and of the man pages' examples, run from their
own text.

Each fenced block of the README, each command in its tables, and each block
under EXAMPLES of a man page is run in a folder of its own: its HOME, socket
and database, the built programs first on PATH. What would change this machine
(sudo, apt-get, systemctl, make, ...) is a stand-in that says what it got;
where that is a target or a unit, it must exist. A text that gains a command
this test has no way to run makes it fail: teach it here.
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from harness import BIN, ROOT, SLOW, Spawned, TestCase, reports, wait_until
from static_model import StaticModel

try:
    import tomllib
except ImportError:
    tomllib = None

OURS = ("memoryctl", "memory-db", "memory-mcp")
# Run as they are.
TOOLS = ("echo", "cat", "jq", "socat", "command", "cd", "mkdir", "true", "cc",
         "pkg-config", "python3")
# Would change the machine: they say what they got, and do nothing.
STAND_INS = ("apt-get", "useradd", "groupadd", "usermod", "gpasswd",
             "systemctl", "loginctl", "journalctl", "make", "tee", "install",
             "claude", "kill")
# What a text leaves to the reader, and what stands for it here.
SUBSTITUTES = (
    (r"/usr/local/bin/", f"{BIN}/"),
    (r"\b\d{4}-\d\d-\d\d-[0-9a-f]{6}\b", "{session}"),
    (r"~/path/to/memory\.jsonl", "~/memory.jsonl"),
    (r"\bTHAT_PATH\b", "~/memory.jsonl"),
    (r"static:FOLDER\b", "static:{home}/model"),
    (r"\bFILE\b", "{home}/export.jsonl"),
    (r"\bNAMESPACE:HEX\b", "{head}"),
    (r"http://127\.0\.0\.1:11434\b", "http://127.0.0.1:9"),
    (r"\bNAME\b", "bob"),
    (r"\bID\b", "{session}"),
    (r"\bUNIX:(?=work\b)", "UNIX:{home}/"),
    (r"^memoryctl namespace rename$", "memoryctl namespace rename spare kept"),
    (r"^memoryctl namespace alias$", "memoryctl namespace alias other kept"),
    (r"^memoryctl namespace merge$", "memoryctl namespace merge kept default"),
    (r"^memoryctl branch discard$", "memoryctl branch discard idea"),
)
# Commands that may find nothing in a memory that is a minute old.
MAY_BE_1 = (r"--as-of", r"\bdoctor\b", r"^memoryctl recall\b",
            r"^memoryctl search\b", r"^memoryctl tags\b", r"^memoryctl review",
            r"^memoryctl import --from\b")
# Inline commands that only name what there is: looked up, not run.
ONLY_NAMED = (r"^memoryctl (forget|undo|uninstall|repair|stop)\b",)


def programs_of(line):
    """The programs that a line of shell starts."""
    for part in re.split(r"\|\||&&|[|;{}()]", re.sub(r"'[^']*'|\"[^\"]*\"",
                                                     "Q", line)):
        words = part.split()
        while words and (words[0] in ("sudo", "!", "exec", "env") or
                         re.match(r"^\w+=", words[0])):
            words = words[1:]
        if words and words[0] not in ("&", ">/dev/null", "Q"):
            yield words[0]


def uncommented(text):
    """Lines of shell, joined where they go on."""
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        if line:
            yield line


class Place:
    """Where a text is run, and what is in it."""

    def __init__(self):
        self.spawned = Spawned(env={"MEMORY_DB_EXIT_WHEN_IDLE": 120})
        self.folder = self.spawned.folder
        self.home = self.spawned.home
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.log = self.folder / "stand-ins.log"
        self.project = self.folder / "work"
        git = self.project / ".git"
        git.mkdir(parents=True)
        (git / "config").write_text(
            '[remote "origin"]\n\turl = https://host.example/team/work\n')
        (self.home / "work").mkdir()
        StaticModel().save(self.home / "model")
        (self.home / "memory.jsonl").write_text(
            '{"type":"entity","name":"old","entityType":"t",'
            '"observations":["from the reference"]}\n')
        for name in STAND_INS:
            self.stand_in(name, f'echo "{name} $*" >> {self.log}\n')
        self.stand_in("sudo", 'exec "$@"\n')
        if not shutil.which("socat"):
            self.stand_in("socat", f'exec {sys.executable} -c \''
                          'import socket,sys\n'
                          's=socket.socket(socket.AF_UNIX)\n'
                          's.connect(sys.argv[2].split(":",1)[1])\n'
                          's.sendall(sys.stdin.buffer.read())\n'
                          'print(s.makefile().readline(),end="")\n\' "$@"\n')
        for name in OURS:
            (self.bin / name).symlink_to(BIN / name)
        self.session = self.head = ""

    def stand_in(self, name, body):
        file = self.bin / name
        file.write_text("#!/bin/sh\n" + body)
        file.chmod(0o755)

    def env(self):
        env = self.spawned.env()
        env["PATH"] = f"{self.bin}:{env['PATH']}"
        env["PYTHONPATH"] = str(ROOT / "common/client")
        env["PYTHONDONTWRITEBYTECODE"] = "1"
        env["MEMORY_DB_PROGRAM"] = str(BIN / "memory-db")
        return env

    def remember(self):
        """Two sessions of an agent; the second is the one to look into."""
        for k, facts in enumerate((["likes tea", "drinks it green",
                                    "works in Paris"], ["owns a boat"])):
            with self.spawned.mcp(cwd=self.project, env={
                    "MEMORY_NAMESPACE": "auto"}) as m:
                m.initialize()
                m.tool("create_entities", {"entities": [
                    {"name": n, "entityType": "person", "observations": []}
                    for n in (("ada", "bob", "Babbage"), ("eve",))[k]]})
                for fact in facts:
                    m.tool("add_observations", {"observations": [
                        {"entityName": "ada", "contents": [fact]}]})
        rows = [json.loads(x) for x in self.run(
            "memoryctl sessions --json").stdout.splitlines()]
        self.session = rows[0]["session"]
        self.run("memoryctl --namespace spare add spare one")
        heads = json.loads(self.run("memoryctl verify --json").stdout)
        self.head = next(f"{h['namespace']}:{h['head']}"
                         for h in heads["heads"])

    def filled(self, line):
        for pattern, text in SUBSTITUTES:
            line = re.sub(pattern, lambda m: text.format(
                session=self.session, home=self.home, head=self.head), line)
        return line

    def run(self, line, code=0):
        done = subprocess.run(["bash", "-c", line], env=self.env(),
                              cwd=self.project, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60 * SLOW)
        if reports(done.stderr):
            raise AssertionError(done.stderr)
        if code is not None and done.returncode != code:
            raise AssertionError(f"{line}\n-> {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def serve(self, line):
        """A line that starts memory-db: it listens, and ends when told."""
        env = self.env()
        del env["MEMORY_DB_PROGRAM"]
        given = re.search(r"--socket (\S+)", line)
        socket = Path(given[1].replace("~", str(self.home))) if given \
            else self.folder / "other"
        if not given:
            env["MEMORY_DB_SOCKET"] = str(socket)
        if "--database" not in line:
            env["MEMORY_DB_PATH"] = str(self.folder / "other.db" / "m.db")
        log = self.folder / "serve.log"
        with open(log, "wb") as out:
            p = subprocess.Popen(["bash", "-c", f"exec {line}"], env=env,
                                 cwd=self.project, stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=out)
        try:
            def answers():
                if p.poll() is not None:
                    raise AssertionError(f"{line}\n{log.read_text()}")
                return socket.exists() and self.run(
                    f"memoryctl --socket {socket} --database '' ping",
                    code=None).returncode == 0
            wait_until(answers, 20, 0.05, line)
            yield socket
        finally:
            p.terminate()
            code = p.wait(20 * SLOW)
        if code != 0 or reports(log.read_text()):
            raise AssertionError(f"{line} -> {code}\n{log.read_text()}")

    def talk(self, command, args=(), env=None):
        """A server of an MCP client's configuration answers."""
        hello = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                            "params": {"protocolVersion": "2025-11-25",
                                       "capabilities": {}, "clientInfo": {
                                           "name": "t", "version": "1"}}})
        done = subprocess.run([command, *args], input=hello + "\n",
                              env={**self.env(), **(env or {})}, text=True,
                              cwd=self.project, capture_output=True,
                              timeout=60 * SLOW)
        reply = json.loads(done.stdout.splitlines()[0])
        assert reply["result"]["serverInfo"]["name"] == "memory-mcp", reply

    def done(self):
        self.spawned.done()


class Text(TestCase):
    def place(self):
        place = Place()
        self.addCleanup(place.done)
        place.remember()
        return place

    def check_stand_ins(self, place):
        """What a stand-in was told to do could be done."""
        if not place.log.exists():
            return
        makefile = (ROOT / "Makefile").read_text() + "".join(
            f.read_text() for f in ROOT.rglob("*.mk"))
        for line in place.log.read_text().splitlines():
            name, *args = line.split()
            if name == "make":
                for target in args:
                    if re.match(r"^[a-z][a-z-]*$", target):
                        self.assertRegex(makefile, rf"(?m)^{target}\b.*:",
                                         line)
            for unit in re.findall(r"\bmemory-[\w-]+\.(?:service|socket|"
                                   r"timer)\b", line):
                self.assertTrue(list((ROOT / "systemd").rglob(unit)), line)

    def shell(self, place, line, named=False):
        """One command line. named: it stands in a sentence."""
        line = place.filled(line)
        programs = list(programs_of(line))
        for program in programs:
            self.assertIn(program, OURS + TOOLS + STAND_INS,
                          f"no way to run: {line}")
        if named and any(re.search(p, line) for p in ONLY_NAMED):
            return self.look_up(place, line)
        if "jq" in programs and not shutil.which("jq"):
            return None
        if programs[0] == "memory-db" and not re.search(
                r"--(help|version)", line):
            for _ in place.serve(line):
                pass
            return None
        done = place.run(line, code=None)
        allowed = (0, 1) if any(re.search(p, line) for p in MAY_BE_1) else (0,)
        self.assertIn(done.returncode, allowed,
                      f"{line}\n{done.stdout}{done.stderr}")
        return done

    def look_up(self, place, line):
        """The command, its options: as its help has them."""
        words = shlex.split(line)
        command = next(w for w in words[1:] if not w.startswith("-"))
        text = place.run(f"memoryctl help {command}").stdout
        for word in words[1:]:
            if word.startswith("--"):
                self.assertIn(word.split("=")[0], text, line)

    def config(self, place, servers):
        for entry in servers.values():
            place.talk(entry["command"], entry.get("args", ()),
                       entry.get("env"))

    def json_block(self, place, text):
        try:
            got = json.loads(text)
        except ValueError:
            got = json.loads("{%s}" % text)
        if "command" in got:
            got = {"mcpServers": {"memory": got}}
        servers = got.get("mcpServers") or got.get("servers") or {}
        for entry in servers.values():
            if "/" not in entry["command"]:
                entry["command"] = str(BIN / entry["command"])
        self.config(place, servers)


class Readme(Text):
    timeout = 240

    def blocks(self, text):
        for m in re.finditer(r"(?ms)^```(\w*)\n(.*?)^```$", text):
            yield m.group(1), m.group(2)

    def run_block(self, place, language, text):
        if language == "sh":
            for line in uncommented(text):
                with self.subTest(line=line):
                    self.shell(place, line)
        elif language == "json":
            self.json_block(place, place.filled(text))
        elif language == "toml":
            if tomllib is None:
                self.skipTest("no tomllib")
            self.config(place, tomllib.loads(place.filled(text))[
                "mcp_servers"])
        elif language == "lua":
            # test_readme_script.py has the memory that it is about.
            reply = json.loads(place.run(
                "memoryctl call execute_code " + shlex.quote(json.dumps(
                    {"code": text}))).stdout)
            self.assertIn(reply["outcome"], ("ok", "unavailable"), reply)
        elif language == "python":
            file = place.folder / "snippet.py"
            file.write_text(text)
            self.assertIn("likes tea", place.run(f"python3 {file}").stdout)
        else:
            self.fail(f"no way to run a block of '{language}':\n{text}")

    def test_fenced_blocks(self):
        place = self.place()
        text = (ROOT / "README.md").read_text()
        blocks = list(self.blocks(text))
        self.assertGreater(len(blocks), 8)
        self.assertEqual(len(blocks) * 2, len(re.findall(r"(?m)^```", text)))
        for language, block in blocks:
            with self.subTest(block=block):
                self.run_block(place, language, block)
        self.check_stand_ins(place)

    def test_commands_in_tables_and_sentences(self):
        """`memoryctl weights recency=0.2` and its like."""
        place = self.place()
        place.run("memoryctl branch create idea")
        place.run(f"memoryctl export {place.home}/export.jsonl")
        text = re.sub(r"(?ms)^```.*?^```$", "", (ROOT / "README.md")
                      .read_text())
        found = [m.group(1) for m in re.finditer(r"`([^`]+)`", text)
                 if re.match(r"(?:sudo |make |memoryctl \S|memory-db -|"
                             r"memory-mcp -|systemctl |claude )", m.group(1))]
        self.assertGreater(len(found), 8)
        for line in found:
            with self.subTest(line=line):
                if "import" in line and "{" not in line:
                    # "into an empty database gives the same state"
                    self.imports(place)
                else:
                    self.shell(place, line, named=True)
        self.check_stand_ins(place)

    def imports(self, place):
        other = Spawned()
        try:
            done = subprocess.run(
                [str(BIN / "memoryctl"), "import",
                 str(place.home / "export.jsonl")], env=other.env(),
                cwd=other.folder, text=True, capture_output=True,
                timeout=60 * SLOW)
            self.assertEqual(done.returncode, 0, done.stderr)
        finally:
            other.done()


class Manuals(Text):
    timeout = 240

    PAGES = sorted(p for p in ROOT.glob("*/*.[1-8]")) + \
        sorted(p for p in ROOT.glob("*/*/*.[1-8]"))

    def pages(self):
        for page in self.PAGES:
            if "build" not in page.parts:
                yield page

    def examples(self, page):
        text = page.read_text()
        part = re.search(r"(?ms)^\.Sh EXAMPLES\n(.*?)(?=^\.Sh )", text)
        for m in re.finditer(r"(?ms)^\.Bd [^\n]*\n(.*?)^\.Ed$",
                             part.group(1) if part else ""):
            yield m.group(1).replace("\\e", "\\").replace("\\-", "-")

    def test_examples(self):
        found = 0
        for page in self.pages():
            place = self.place()
            for block in self.examples(page):
                found += 1
                with self.subTest(page=page.name, block=block):
                    self.run_example(place, block)
            self.check_stand_ins(place)
        self.assertGreater(found, 10)

    def run_example(self, place, block):
        if block.startswith("#include"):
            done = subprocess.run(
                ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror",
                 "-fsyntax-only", "-I", str(ROOT / "common/client"), "-x", "c", "-"],
                input=block, text=True, capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        elif block.lstrip().startswith(("{", '"')):
            self.json_block(place, block)
        elif "$ " in block:
            done = None
            for line in block.splitlines():
                if line.startswith("$ "):
                    done = self.shell(place, line[2:])
                elif line.startswith("{"):
                    self.assertEqual(json.loads(done.stdout),
                                     json.loads(line))
                else:
                    self.fail(f"neither a command nor JSON: {line}")
        else:
            for line in uncommented(block):
                self.example_line(place, line)

    def example_line(self, place, line):
        # "Ask it by hand" is said of the one that was served before.
        if "UNIX:" in line:
            served = "memory-db --database ~/work/memory.db --socket " \
                     "~/work/memory.sock"
            for _ in place.serve(served.replace("~", str(place.home))):
                done = self.shell(place, line)
                self.assertTrue(json.loads(done.stdout)["success"])
        else:
            self.shell(place, line.replace("~", str(place.home)))

    def test_they_render(self):
        """No macro is left, no option has lost a dash, quotes are even."""
        formatter = shutil.which("mandoc") or shutil.which("man")
        if formatter is None:
            self.skipTest("neither mandoc nor man")
        for page in self.pages():
            argv = [formatter, "-Tutf8", str(page)] \
                if formatter.endswith("mandoc") else [formatter, "-l",
                                                      str(page)]
            done = subprocess.run(argv, capture_output=True, text=True,
                                  env={**os.environ, "MANWIDTH": "78",
                                       "LC_ALL": "C.UTF-8", "PAGER": "cat",
                                       "MANPAGER": "cat"})
            text = re.sub(r".\x08", "", done.stdout)
            text = re.sub(r"\x1b\[[0-9;]*m", "", text)
            text = re.sub(r"\u2010\n\s*", "", text).replace("\u2010", "-")
            self.assertGreater(len(text), 1000, page)
            with self.subTest(page=page.name):
                # "--cascade | -skip", "--socket, -database"
                self.assertNotRegex(text, r"(?m)(?:\||,|\[)\s*-[a-z]{2,}")
                self.assertNotRegex(text, r"-\|")
                self.assertNotRegex(text, r"(?m)^\s*\.[A-Z][a-z]\b")
                self.assertNotRegex(text, r"\b(?:Ns|Oc|Oo|Fl|Ar|Pq|Ql) ")
                # A quote that opens inside another one.
                self.assertNotRegex(text, "[\u2018][^\u2019\n]*[\u2018]")

    def test_synopsis_has_every_option(self):
        for program, page in (("memory-db", "memory-db/memory-db.8"),
                              ("memory-mcp", "mcp-server/memory-mcp.1")):
            text = (ROOT / page).read_text()
            synopsis = re.search(r"(?ms)^\.Sh SYNOPSIS\n(.*?)^\.Sh ",
                                 text).group(1)
            options = subprocess.run([str(BIN / program), "--help"],
                                     capture_output=True, text=True).stdout
            for name in re.findall(r"(?m)^  --([a-z-]+)", options):
                with self.subTest(program=program, option=name):
                    if name.startswith("limit-"):
                        self.assertIn("Fl Fl limit-", synopsis)
                    else:
                        self.assertIn(f"Fl Fl {name}", synopsis)
                    self.assertIn(f"Fl Fl {name}", text)


if __name__ == "__main__":
    unittest.main()
