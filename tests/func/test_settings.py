"""Who may configure the service: its user, by memory-db.conf and by options.
Not the environment of whichever client happens to start it."""
import json
import os
import re
import stat
import subprocess
import sys
import unittest
from pathlib import Path

import harness
from harness import Spawned, TestCase, entity, main, wait_until
from stub_embed import StubEmbed

HOSTILE = {"MEMORY_EMBED": "http://127.0.0.1:9", "MEMORY_EMBED_MODEL": "m",
           "MEMORY_EMBED_KEY": "sesame", "MEMORY_RECALL_WEIGHTS": "near=0.9",
           "MEMORY_LOG_LEVEL": "debug", "MEMORY_LOG_FORMAT": "json",
           "MEMORY_NAMESPACE": "theirs", "MEMORY_BRANCH": "main",
           "MEMORY_SANDBOX_PROGRAM": "/bin/false",
           "ANTHROPIC_API_KEY": "sk-secret", "SSLKEYLOGFILE": "/tmp/keys",
           "https_proxy": "http://127.0.0.1:9"}


class Place(TestCase):
    def place(self, **env):
        place = Spawned(env=env)
        self.addCleanup(place.done)
        return place

    def file(self, place):
        return place.database.parent / "memory-db.conf"

    def write(self, place, text, mode=0o600):
        place.database.parent.mkdir(mode=0o700, exist_ok=True)
        path = self.file(place)
        path.write_text(text)
        path.chmod(mode)
        return path

    def processes(self, place):
        """Those that know the socket of this place."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if place.socket.encode() in words.split(b"\0"):
                found.append(pid)
        return found

    def status(self, place, **kw):
        return json.loads(place.ctl("--json", "status", **kw).stdout)


class Environment(Place):
    def test_of_the_first_client_does_not_count(self):
        place = self.place()
        with place.mcp(env=HOSTILE) as m:
            m.initialize()
            m.ok("create_entities", entities=[entity("a", "a fact")])
            said = m.ok("get_memory_status")["ignored_settings"]
            with place.client() as c:
                got = c.ok("get_memory_status")
                self.assertEqual(got["embedding"], {"provider": "none"})
                self.assertEqual(got["recall_weights"], {})
                self.assertNotIn("ignored_settings", got)
                # of requests that name none: not the client's either
                self.assertEqual(c.ok("search_nodes", query="")["count"], 0)
                # scripts run in the jail, not in what the client names
                self.assertEqual(
                    c.ok("execute_code", code="return 1")["outcome"], "ok")
            env = Path(f"/proc/{place.pid()}/environ").read_bytes()
            for word in (b"sk-secret", b"sesame", b"MEMORY_EMBED", b"keys",
                         b"proxy"):
                self.assertNotIn(word, env)
            self.assertIn(b"HOME=", env)
            self.assertFalse(place.log().startswith("{"))
            # and its client is told, in both ways, with the way out
            self.assertEqual(sorted(said), [
                "MEMORY_EMBED", "MEMORY_EMBED_KEY", "MEMORY_EMBED_MODEL",
                "MEMORY_RECALL_WEIGHTS"])
            self.assertIn("memoryctl embed", said["MEMORY_EMBED"])
            self.assertIn(str(self.file(place)), said["MEMORY_EMBED"])
            self.assertIn("MEMORY_EMBED", m.process.text())
            self.assertIn("memoryctl embed", m.process.text())
            self.assertNotIn("sesame", m.process.text())

    def test_of_an_older_client_is_overwritten(self):
        """It hands its whole environment on."""
        db = self.service(args=["--spawned"], env={**HOSTILE, **{
            "MEMORY_SANDBOX_PROGRAM": None}})
        self.assertEqual(db.client().ok("get_memory_status")["embedding"],
                         {"provider": "none"})
        env = Path(f"/proc/{db.pid}/environ").read_bytes()
        for word in (b"sk-secret", b"sesame", b"http"):
            self.assertNotIn(word, env)

    def test_of_an_operator_counts(self):
        stub = StubEmbed()
        self.addCleanup(stub.close)
        db = self.service(env={"MEMORY_EMBED": stub.url,
                               "MEMORY_EMBED_MODEL": "m",
                               "MEMORY_EMBED_KEY": "sesame"})
        c = db.client()
        self.assertEqual(c.ok("get_memory_status")["embedding"]["provider"],
                         "http")
        # told nothing: it is as the client has it
        got = c.ok("hello", settings={"MEMORY_EMBED": stub.url,
                                      "MEMORY_EMBED_MODEL": "m",
                                      "MEMORY_EMBED_KEY": True})
        self.assertNotIn("ignored_settings", got)
        got = c.ok("hello", settings={"MEMORY_EMBED": "hash", "X": 1})
        self.assertEqual(list(got["ignored_settings"]), ["MEMORY_EMBED"])
        # read, and gone
        self.assertNotIn(b"sesame",
                         Path(f"/proc/{db.pid}/environ").read_bytes())

    def test_is_told_by_memoryctl(self):
        place = self.place()
        place.ctl("status")
        env = {"MEMORY_EMBED": "hash"}
        for command in ("status", "doctor"):
            out = place.ctl(command, env=env, check=False).stdout
            self.assertRegex(out, r"MEMORY_EMBED.*memoryctl embed")
            self.assertNotIn("is no name of ours", out)
            self.assertNotRegex(place.ctl(command, check=False).stdout,
                                "MEMORY_EMBED")

    def test_is_told_by_the_library(self):
        place = self.place()
        place.ctl("status")
        sys.path.insert(0, str(Path(__file__).parents[2] / "common/client"))
        from memory_client import MemoryClient
        os.environ["MEMORY_EMBED"] = "hash"
        self.addCleanup(os.environ.pop, "MEMORY_EMBED")
        with MemoryClient(socket=place.socket) as c:
            self.assertIn("MEMORY_EMBED",
                          c.get_memory_status()["ignored_settings"])


class File(Place):
    def test_configures_a_spawned_service(self):
        place = self.place()
        self.write(place, "# of the user\n\nembed = hash\n"
                   "recall-weights = near=0.9\nlog-format=json\n"
                   "limit-writes-per-minute = 7\n"
                   "no-scripts\n")
        got = self.status(place)
        self.assertEqual(got["embedding"]["provider"], "hash")
        self.assertEqual(got["recall_weights"], {"near": 0.9})
        self.assertEqual(got["limits"]["writes_per_minute"], 7)
        self.assertTrue(place.log().startswith("{"))
        # as the client has it: nothing to tell
        self.assertNotIn("ignored_settings",
                         self.status(place, env={"MEMORY_EMBED": "hash"}))

    def test_options_and_environment_come_before(self):
        db = self.service(start=False, env={"MEMORY_RECALL_WEIGHTS":
                                            "near=0.7"},
                          args=["--embed", "none"])
        db.database.parent.mkdir(mode=0o700)
        path = db.database.parent / "memory-db.conf"
        path.write_text("embed = hash\nrecall-weights = near=0.9\n")
        path.chmod(0o600)
        db.start()
        got = db.client().ok("get_memory_status")
        self.assertEqual(got["embedding"], {"provider": "none"})
        self.assertEqual(got["recall_weights"], {"near": 0.7})

    def test_that_is_wrong_is_named(self):
        for text, mode, words in (
                ("embed = hash\n", 0o644, ["0644", "chmod 600"]),
                ("embed = hash\n", 0o666, ["0666", "chmod 600"]),
                ("\nembde = hash\n", 0o600, ["line 2", "did you mean"]),
                ("socket = /x\n", 0o600, ["line 1", "--socket"]),
                ("embed\n", 0o600, ["line 1", "needs a value"]),
                ("embed = word2vec\n", 0o600, ["word2vec", "hash"]),
                ("limit-script-ms = soon\n", 0o600, ["line 1", "integer"])):
            with self.subTest(text=text, mode=mode):
                place = self.place()
                path = self.write(place, text, mode)
                out = place.ctl("status", check=False)
                self.assertEqual(out.returncode, 111)
                for word in words:
                    self.assertIn(word, out.stderr)
                if "word2vec" not in words:
                    self.assertIn(str(path), out.stderr)
                if mode != 0o600:
                    said = place.ctl("doctor", check=False)
                    self.assertRegex(said.stdout, rf"fail +settings .*{mode:o}")
                # it has told its reason and may still be ending
                wait_until(lambda: not self.processes(place))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_of_another_user_or_a_link(self):
        place = self.place()
        path = self.write(place, "embed = hash\n")
        os.chown(path, 65534, 65534)
        out = place.ctl("status", check=False)
        self.assertIn("65534", out.stderr)
        target = self.write(place, "embed = hash\n").rename(
            place.folder / "elsewhere")
        path.symlink_to(target)
        self.assertIn("link", place.ctl("status", check=False).stderr)


class Embed(Place):
    def add(self, place, n=3):
        with place.client() as c:
            c.ok("create_entities", entities=[
                entity("a", *(f"fact {i}" for i in range(n)))])

    def test_on_and_off(self):
        place = self.place()
        place.ctl("status")
        self.add(place)
        before = place.pid()
        out = place.ctl("embed", "hash").stdout
        self.assertIn("hash", out)
        self.assertNotEqual(place.pid(), before)
        self.assertEqual(stat.S_IMODE(self.file(place).stat().st_mode), 0o600)
        self.assertEqual(self.status(place)["embedding"]["provider"], "hash")
        self.assertIn("hash", place.ctl("embed").stdout)
        self.assertIn(str(self.file(place)), place.ctl("embed").stdout)
        # what else is in the file stays
        with open(self.file(place), "a") as f:
            f.write("# mine\nrecall-weights = near=0.9\n")
        place.ctl("embed", "off")
        self.assertEqual(self.status(place)["embedding"],
                         {"provider": "none"})
        self.assertEqual(self.file(place).read_text(),
                         "# mine\nrecall-weights = near=0.9\n")

    def test_without_a_service(self):
        place = self.place()
        out = place.ctl("embed", "hash")
        self.assertIn("next client", out.stderr)
        self.assertIsNone(place.pid())
        self.assertEqual(self.status(place)["embedding"]["provider"], "hash")

    def test_a_new_endpoint_is_asked_about(self):
        stub = StubEmbed()
        self.addCleanup(stub.close)
        host = re.sub("^http://", "", stub.url).split("/")[0]
        place = self.place()
        place.ctl("status")
        self.add(place, 3)
        out = place.ctl("embed", stub.url, "--model", "m", check=False)
        self.assertEqual(out.returncode, 1)
        for word in ("3 texts", host, "--confirm"):
            self.assertIn(word, out.stderr)
        self.assertFalse(self.file(place).exists())
        self.assertEqual(stub.seen, [])
        place.ctl("embed", stub.url, "--model", "m", "--confirm")
        wait_until(lambda: self.status(place)["embedding"].get("vectors") == 3)
        # at the start the log says how many texts go where
        line = [x for x in place.log().splitlines() if "endpoint" in x][-1]
        self.assertIn(host, line)
        self.assertIn("texts=3", line)
        # it is known now, another one is not
        place.ctl("embed", stub.url, "--model", "m2")
        out = place.ctl("embed", "http://127.0.0.2:9", "--model", "m",
                        check=False)
        self.assertEqual(out.returncode, 1)

    def test_what_does_not_start_is_taken_back(self):
        place = self.place()
        place.ctl("embed", "hash")
        place.ctl("status")
        empty = place.folder / "empty"
        empty.mkdir()
        out = place.ctl("embed", f"static:{empty}", check=False)
        self.assertEqual(out.returncode, 111)
        self.assertIn("tokenizer.json", out.stderr)
        self.assertEqual(self.file(place).read_text(), "embed = hash\n")
        self.assertEqual(self.status(place)["embedding"]["provider"], "hash")

    def test_what_is_no_provider(self):
        place = self.place()
        for args, word in ((["word2vec"], "hash"),
                           (["http://127.0.0.1:9"], "--model"),
                           (["hash", "--model", "m"], "--model"),
                           (["static:/no/such"], "/no/such")):
            out = place.ctl("embed", *args, check=False)
            self.assertEqual(out.returncode, 100, args)
            self.assertIn(word, out.stderr)
        self.assertFalse(self.file(place).exists())

    def test_of_an_operator_is_told(self):
        db = self.service()
        out = db.ctl("embed", "hash")
        self.assertIn("operator", out.stderr)
        self.assertTrue(db.process.running())
        db.restart()
        self.assertEqual(db.client().ok("get_memory_status")["embedding"]
                         ["provider"], "hash")

    def test_clients_go_on(self):
        """The service is exchanged under a client that is connected."""
        place = self.place()
        with place.mcp() as m:
            m.initialize()
            m.ok("create_entities", entities=[entity("a", "Kubernetes")])
            place.ctl("embed", "hash")
            m.ok("create_entities", entities=[entity("b", "more")])
            self.assertEqual(m.ok("read_graph")["entities"][0]["name"], "a")


RELEASE = harness.ROOT / "build/bin"


@unittest.skipUnless((RELEASE / "memory-mcp").exists(), "no release build")
class Secrets(Place):
    """Of the programs as they are installed: sanitizers look at their own
    process, and are let."""

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(setattr, harness, "BIN", harness.BIN)
        harness.BIN = RELEASE

    def test_no_core_and_no_debugger(self):
        place = self.place()
        with place.mcp() as m:
            m.initialize()
            m.ok("read_graph")
            for pid in (place.pid(), m.pid):
                limits = Path(f"/proc/{pid}/limits").read_text()
                self.assertRegex(limits, r"Max core file size\s+0\s+0")
                # what is not dumpable belongs to root
                self.assertEqual(os.stat(f"/proc/{pid}/mem").st_uid, 0)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to be two users")
    def test_not_read_by_its_own_user(self):
        db = self.service(start=False)
        db.database.parent.mkdir()
        os.chown(db.database.parent, 65534, 65534)
        os.chown(db.folder, 65534, 65534)
        db.user = 65534
        db.start()
        out = subprocess.run(["setpriv", "--reuid", "65534", "--regid",
                              "65534", "--clear-groups", "head", "-c", "1",
                              f"/proc/{db.pid}/environ"], capture_output=True)
        self.assertNotEqual(out.returncode, 0)


if __name__ == "__main__":
    main()
