#!/usr/bin/env python3
"""The checks of tests/packages/booted.py. They run inside the container, as
root, in the order of their names; each builds on what those before it did."""
import json
import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

HERE = Path("/opt/check")
OUT = Path("/opt/check-out")
SOCKET = Path("/tmp/memory-db.sock")
STATE = Path("/var/lib/memory-db")
BACKUPS = Path("/var/backups/memory-db")
SERVICE = "memory-db.service"


def run(*words, ok=True, **kw):
    done = subprocess.run([str(w) for w in words], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=120, **kw)
    if ok and done.returncode != 0:
        raise AssertionError(f"{words} -> {done.returncode}\n{done.stdout}"
                             f"\n{done.stderr}")
    return done


def packages():
    return [f for f in sorted(HERE.glob("*.deb")) if "-dbgsym" not in f.name]


def as_user(name, *words):
    """The words that run it as that user, as after a login of his."""
    user = pwd.getpwnam(name)
    env = [f"HOME={user.pw_dir}", f"USER={name}", "PATH=/usr/bin:/bin",
           "LANG=C.UTF-8"]
    if Path(f"/run/user/{user.pw_uid}").exists():
        env.append(f"XDG_RUNTIME_DIR=/run/user/{user.pw_uid}")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}",
            "--init-groups", "env", "-i", "-C", user.pw_dir, *env, *words]


def ctl(user, *words, ok=True):
    return run(*as_user(user, "memoryctl", *words), ok=ok)


def show(unit, *names, user=None):
    words = ["systemctl", "show", unit, "-p", ",".join(names)]
    if user:
        words[1:1] = ["--user"]
        words = as_user(user, *words)
    pairs = (line.partition("=") for line in
             run(*words).stdout.splitlines())
    return {key: value for key, _, value in pairs}


def wait_until(what, seconds=60):
    end = time.monotonic() + seconds
    while True:
        got = what()
        if got or time.monotonic() > end:
            return got
        time.sleep(.05)


def drop_in(unit, text):
    folder = Path(f"/run/systemd/system/{unit}.d")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "test.conf").write_text(text)
    run("systemctl", "daemon-reload")


class Agent:
    """An MCP client of a user: memory-mcp and its pipes."""

    def __init__(self, user, *options):
        self.process = subprocess.Popen(
            as_user(user, "memory-mcp", *options), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.n = 0
        self.ask("initialize", {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": user, "version": "1"}})
        self.send({"method": "notifications/initialized"})

    def send(self, message):
        line = json.dumps({"jsonrpc": "2.0", **message})
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        self.n += 1
        self.send({"id": self.n, "method": method, "params": params})
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError("memory-mcp ended")
            said = json.loads(line)
            if said.get("id") == self.n:
                return said["result"]

    def call(self, name, **arguments):
        said = self.ask("tools/call", {"name": name, "arguments": arguments})
        if said.get("isError"):
            raise AssertionError(f"{name}: {said}")
        return json.dumps(said)

    def remember(self, name, text):
        return self.call("create_entities", entities=[
            {"name": name, "entityType": "note", "observations": [text]}])

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class Load(threading.Thread):
    """An agent that writes one fact behind the other until it is stopped."""

    def __init__(self, user, number):
        super().__init__()
        self.user, self.number = user, number
        self.kept, self.failed, self.slowest = [], None, 0.0
        self.is_over = False

    def run(self):
        try:
            agent = Agent(self.user)
            while not self.is_over:
                name = f"load-{self.number}-{len(self.kept)}"
                begun = time.monotonic()
                agent.remember(name, f"fact of {name}")
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.kept.append(name)
                time.sleep(.005)
            agent.close()
        except Exception as problem:        # told by the test
            self.failed = repr(problem)


class Checks(unittest.TestCase):
    def test_01_packages_install(self):
        # Images of containers forbid packages to start anything.
        Path("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
        debs = packages()
        if debs:
            run("dpkg", "-i", *debs)
        else:
            run("cp", "-a", f"{HERE}/tree/.", "/")
            run("systemd-sysusers")
            run("systemd-tmpfiles", "--create")
            run("systemctl", "daemon-reload")
        user = pwd.getpwnam("memory-db")
        self.assertTrue(user.pw_shell.endswith("nologin"))
        for folder in (STATE, BACKUPS):
            st = folder.stat()
            self.assertEqual(stat.S_IMODE(st.st_mode), 0o700, folder)
            self.assertEqual((st.st_uid, st.st_gid),
                             (user.pw_uid, user.pw_gid), folder)
        # Whoever installs it decides whether it serves.
        self.assertFalse(SOCKET.exists())
        done = run("systemctl", "is-enabled", "memory-db.socket", ok=False)
        self.assertEqual(done.stdout.strip(), "disabled")
        for name in ("ada", "bob", "eve"):
            run("useradd", "-m", name)
        for name in ("ada", "bob"):
            run("usermod", "-aG", "memory", name)

    def test_02_exposure(self):
        for words in (["--offline=true",
                       "/lib/systemd/system/memory-db.service"], [SERVICE]):
            done = run("systemd-analyze", "security", "--no-pager", *words)
            level = re.search(r"exposure level.*: ([0-9.]+)",
                              done.stdout + done.stderr)
            self.assertLessEqual(float(level[1]), 0.5, done.stdout)
        done = run("systemd-analyze", "verify", SERVICE, "memory-db.socket",
                   "memory-backup.service", "memory-backup.timer", ok=False)
        ours = [x for x in done.stderr.splitlines() if "memory-" in x]
        self.assertEqual(ours, [])

    def test_03_first_client_starts_it(self):
        run("systemctl", "enable", "--now", "memory-db.socket")
        st = SOCKET.stat()
        self.assertEqual(stat.S_IMODE(st.st_mode), 0o660)
        self.assertEqual(show(SERVICE, "ActiveState")["ActiveState"],
                         "inactive")
        self.assertIn("health      ok", ctl("ada", "status").stdout)
        unit = show(SERVICE, "ActiveState", "MainPID", "User")
        self.assertEqual(unit["ActiveState"], "active")
        uid = os.stat(f"/proc/{unit['MainPID']}").st_uid
        self.assertEqual(uid, pwd.getpwnam("memory-db").pw_uid)
        self.assertTrue((STATE / "memory.db").exists())

    def test_04_members_share_and_others_do_not(self):
        ctl("ada", "--namespace", "default", "add", "release",
            "ships on Friday", "--type", "plan")
        said = ctl("bob", "--namespace", "default", "show", "release").stdout
        self.assertIn("ships on Friday", said)
        done = ctl("eve", "--no-spawn", "status", ok=False)
        self.assertNotEqual(done.returncode, 0)
        # He has a memory of his own, which a client starts.
        ctl("eve", "--namespace", "default", "add", "secret", "only of eve",
            "--type", "note")
        done = ctl("eve", "--namespace", "default", "show", "release",
                   ok=False)
        self.assertNotIn("Friday", done.stdout + done.stderr)
        done = ctl("bob", "--namespace", "default", "show", "secret",
                   ok=False)
        self.assertNotIn("only of eve", done.stdout + done.stderr)
        own = Path(pwd.getpwnam("eve").pw_dir, ".memories/memory.db")
        self.assertTrue(own.exists())
        ctl("eve", "stop")
        done = run("cat", STATE / "memory.db", user=pwd.getpwnam("ada").pw_uid,
                   ok=False)
        self.assertNotEqual(done.returncode, 0)

    def test_05_scripts_in_the_hardened_unit(self):
        agent = Agent("bob", "--namespace", "default")
        said = agent.call("execute_code", code="return 6 * 7")
        self.assertIn("42", said)
        said = agent.call("execute_code", code="""
            create_entities{entities = {{name = "by script",
                entityType = "note", observations = {"made in a jail"}}}}
            return #search_nodes{query = "jail"}.entities""")
        agent.close()
        said = ctl("ada", "--namespace", "default", "show",
                   "by script").stdout
        self.assertIn("made in a jail", said)
        said = ctl("ada", "status").stdout
        self.assertNotIn("not available", said)

    def load(self, disturb):
        """Agents write while it happens: what was acknowledged is there."""
        agents = [Load(user, f"{self._testMethodName}-{i}")
                  for i, user in enumerate(("ada", "bob", "ada"))]
        for agent in agents:
            agent.start()
        for _ in range(3):
            sizes = [len(a.kept) for a in agents]
            wait_until(lambda: all(
                len(a.kept) > n + 20 or a.failed
                for a, n in zip(agents, sizes)))
            disturb()
        sizes = [len(a.kept) for a in agents]
        wait_until(lambda: all(len(a.kept) > n + 20 or a.failed
                               for a, n in zip(agents, sizes)))
        for agent in agents:
            agent.is_over = True
        for agent in agents:
            agent.join()
        self.assertEqual([a.failed for a in agents], [None] * 3)
        said = ctl("bob", "--namespace", "default", "export", "--current",
                   "-").stdout
        stored = set(re.findall(r"load-[-\w]+", said))
        for agent in agents:
            self.assertGreater(len(agent.kept), 60)
            self.assertEqual(set(agent.kept) - stored, set())
        print(self._testMethodName, sum(len(a.kept) for a in agents),
              "writes, slowest", round(max(a.slowest for a in agents), 2), "s")

    def test_06_restart_under_load(self):
        self.load(lambda: run("systemctl", "restart", SERVICE))

    def test_07_killed_under_load(self):
        before = int(show(SERVICE, "NRestarts")["NRestarts"])
        self.load(lambda: run("systemctl", "kill", "-s", "KILL", SERVICE))
        self.assertGreater(int(show(SERVICE, "NRestarts")["NRestarts"]),
                           before)
        run("systemctl", "reset-failed", SERVICE)
        self.assertIn("no problems", ctl("ada", "verify").stdout)

    def test_08_package_again_under_load(self):
        debs = packages()
        if not debs:
            self.skipTest("no packages: `make install` was used")
        pid = show(SERVICE, "MainPID")["MainPID"]
        self.load(lambda: run("dpkg", "-i", *debs))
        self.assertNotEqual(show(SERVICE, "MainPID")["MainPID"], pid)
        self.assertEqual(show("memory-db.socket",
                              "ActiveState")["ActiveState"], "active")

    def test_09_watchdog(self):
        """A service that hangs is ended by systemd and begun anew."""
        drop_in(SERVICE, "[Service]\nWatchdogSec=3\n")
        run("systemctl", "restart", SERVICE)
        before = show(SERVICE, "MainPID", "NRestarts")
        os.kill(int(before["MainPID"]), signal.SIGSTOP)
        self.assertTrue(wait_until(
            lambda: show(SERVICE, "NRestarts", "ActiveState") == {
                "NRestarts": str(int(before["NRestarts"]) + 1),
                "ActiveState": "active"}))
        said = ctl("bob", "--namespace", "default", "show", "release").stdout
        self.assertIn("ships on Friday", said)

    def test_10_backup_timer(self):
        drop_in("memory-backup.timer",
                "[Timer]\nOnCalendar=\nOnActiveSec=1s\nAccuracySec=100ms\n"
                "RandomizedDelaySec=0\nPersistent=no\n")
        run("systemctl", "start", "memory-backup.timer")
        self.assertTrue(wait_until(lambda: list(BACKUPS.glob("*.gz"))))
        self.assertTrue(wait_until(
            lambda: show("memory-backup.service", "ActiveState",
                         "Result") == {"ActiveState": "inactive",
                                       "Result": "success"}))
        kept = [f for f in BACKUPS.iterdir() if f.suffix == ".gz"]
        for file in kept:
            st = file.stat()
            self.assertEqual(stat.S_IMODE(st.st_mode), 0o600, file)
            self.assertEqual(st.st_uid, pwd.getpwnam("memory-db").pw_uid)
        folder = Path("/run/check")
        folder.mkdir(mode=0o700)
        copy = folder / "restored.db"
        words = ["env", f"HOME={folder}", "memoryctl", "--database", copy,
                 "--socket", folder / "s"]
        run(*words, "restore", BACKUPS, "--into", copy)
        said = run(*words, "--namespace", "default", "show",
                   "release").stdout
        self.assertIn("ships on Friday", said)
        run(*words, "stop")

    def test_11_journald_has_the_log(self):
        said = run("journalctl", "-q", "--no-pager", "-o", "cat", "-u",
                   SERVICE).stdout.splitlines()
        lines = [json.loads(x) for x in said if x.startswith("{")]
        self.assertTrue([x for x in lines if x.get("state") == "ready"],
                        said[-5:])
        self.assertFalse((STATE / "memory-db.log").exists())

    def user_manager(self, name):
        """The manager of a user, as lingering or a login begins it."""
        uid = pwd.getpwnam(name).pw_uid
        run("systemctl", "start", f"user@{uid}.service")
        self.assertTrue(Path(f"/run/user/{uid}/systemd/private").exists())
        return Path(f"/run/user/{uid}")

    def test_12_unit_of_a_user(self):
        folder = self.user_manager("eve")
        run(*as_user("eve", "systemctl", "--user", "enable", "--now",
                     "memory-db.socket"))
        st = (folder / "memory-db.sock").stat()
        self.assertEqual(stat.S_IMODE(st.st_mode), 0o600)
        said = ctl("eve", "--namespace", "default", "show", "secret").stdout
        self.assertIn("only of eve", said)      # the database that he had
        self.assertEqual(show(SERVICE, "ActiveState",
                              user="eve")["ActiveState"], "active")
        agent = Agent("eve", "--namespace", "default")
        self.assertIn("42", agent.call("execute_code", code="return 6 * 7"))
        agent.close()
        run(*as_user("eve", "systemctl", "--user", "start",
                     "memory-backup.service"))
        home = Path(pwd.getpwnam("eve").pw_dir)
        self.assertEqual(len(list((home / "memory_backups").glob("*.gz"))), 1)

    def test_13_both_are_there(self):
        """A member with a unit of his own: his is served, doctor says so."""
        folder = self.user_manager("bob")
        run(*as_user("bob", "systemctl", "--user", "start",
                     "memory-db.socket"))
        done = ctl("bob", "--namespace", "default", "show", "release",
                   ok=False)
        self.assertNotIn("Friday", done.stdout)
        said = ctl("bob", "doctor", ok=False).stdout
        self.assertIn(str(folder / "memory-db.sock"), said)
        self.assertIn(f"listens at {SOCKET} and lets you in", said)
        Path(pwd.getpwnam("bob").pw_dir, ".cursor").mkdir(exist_ok=True)
        said = ctl("bob", "install", "--client", "cursor",
                   "--dry-run").stdout
        self.assertIn("The memory is your own", said)
        # What is advised brings it along.
        ctl("bob", "--namespace", "default", "add", "mine", "kept by bob",
            "--type", "note")
        ctl("bob", "--namespace", "default", "export", "--current",
            "own.jsonl")
        ctl("bob", "--namespace", "default", "--socket", str(SOCKET),
            "import", "own.jsonl")
        run(*as_user("bob", "systemctl", "--user", "stop",
                     "memory-db.socket", "memory-db.service"))
        said = ctl("bob", "--namespace", "default", "show", "release").stdout
        self.assertIn("ships on Friday", said)
        said = ctl("ada", "--namespace", "default", "show", "mine").stdout
        self.assertIn("kept by bob", said)
        # Now the memory of the machine serves, and his own lies beside it.
        said = ctl("bob", "doctor", ok=False).stdout
        self.assertIn(".memories/memory.db, which is not read", said)
        said = ctl("bob", "install", "--client", "cursor",
                   "--dry-run").stdout
        self.assertIn("The memory is that of this machine", said)

    def test_14_away_again(self):
        run("systemctl", "disable", "--now", "memory-db.socket", SERVICE)
        self.assertFalse(SOCKET.exists())
        if packages():
            run("dpkg", "-r", "enhanced-memory")
            self.assertFalse(Path("/usr/bin/memory-db").exists())
        self.assertTrue((STATE / "memory.db").exists())


def names():
    return unittest.TestLoader().getTestCaseNames(Checks)


class Result(unittest.TextTestResult):
    """Each outcome is on the disk before the next check begins."""

    def note(self, test, kind, text=""):
        with open(OUT / "outcomes", "a", encoding="utf-8") as f:
            f.write(json.dumps({test._testMethodName: [kind, text]}) + "\n")

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "ok")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "failed", self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)


if __name__ == "__main__":
    (OUT / "outcomes").touch()
    (OUT / "begun").touch()
    unittest.main(testRunner=unittest.TextTestRunner(
        stream=sys.stdout, resultclass=Result, verbosity=2))
