"""The Dockerfile: what it promises, checked without docker where there is none.

Its build commands run here into a folder, and the service runs as its last lines
say: another user, a root file system that nobody writes to, the same variables."""
import json
import os
import re
import shlex
import shutil
import subprocess
import unittest

import harness
from harness import BIN, ROOT, TestCase, entity, main


def instructions():
    """(word, text) of each, lines joined, comments left out."""
    text = "\n".join(x for x in (ROOT / "Dockerfile").read_text()
                     .splitlines() if not x.startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", text)
    return [tuple(line.split(None, 1)) for line in joined.splitlines()
            if line.strip()]


class Dockerfile(TestCase):
    def setUp(self):
        super().setUp()
        self.all = instructions()
        last = max(i for i, (w, _) in enumerate(self.all) if w == "FROM")
        self.build, self.final = self.all[:last], self.all[last:]

    def one(self, word):
        found = [text for w, text in self.final if w == word]
        self.assertEqual(len(found), 1, word)
        return found[0]

    def test_what_it_promises(self):
        known = {"FROM", "RUN", "COPY", "ENV", "VOLUME", "USER",
                 "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT"}
        self.assertLessEqual({w for w, _ in self.all}, known)
        # Not root, by number, so that a host can check it.
        user, group = self.one("USER").split(":")
        self.assertGreater(int(user), 0)
        run = self.one("RUN")
        self.assertIn(f"-u {user}", run)
        self.assertIn(f"-g {group}", run)
        # All that is written lies in volumes.
        volumes = json.loads(self.one("VOLUME"))
        env = dict(x.split("=", 1) for x in shlex.split(self.one("ENV")))
        for name in ("MEMORY_DB_PATH", "MEMORY_DB_SOCKET"):
            self.assertIn(os.path.dirname(env[name]), volumes)
        for v in volumes:
            self.assertRegex(run, rf"install .*-m 0700.*{v}")
        # Nothing of the build but programs comes along.
        self.assertFalse([t for w, t in self.final if w == "RUN" and
                          "apt-get" in t])
        self.assertIn("HEALTHCHECK", {w for w, _ in self.final})
        words = (ROOT / ".dockerignore").read_text().split()
        self.assertIn("build", words)

    def test_it_installs_what_the_makefile_needs(self):
        make = re.sub(r"\\\n", " ", (ROOT / "Makefile").read_text())
        debs = set(re.search(r"^DEBS := (.*)$", make, re.M)[1].split())
        for_tests = {"libcmocka-dev", "sqlite3"}
        run = next(t for w, t in self.build if w == "RUN")
        self.assertEqual(debs - for_tests - set(run.split()), set())

    def test_the_service_runs_so(self):
        """Its entry point and health check, with folders in the place of the
        volumes."""
        db = self.service(start=False)
        db.args = json.loads(self.one("ENTRYPOINT"))[1:]
        db.start()
        db.client().ok("create_entities", entities=[entity("a", "b")])
        check = json.loads(self.one("HEALTHCHECK").partition("CMD ")[2])
        done = db.ctl(*check[1:])
        self.assertEqual(done.stdout, "")
        db.stop()
        self.assertEqual(db.ctl(*check[1:], check=False).returncode, 111)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"),
                         "needs root and unshare")
    def test_a_root_that_nobody_writes_to(self):
        """A mount namespace with everything read-only but the volumes."""
        place = self.folder()
        for name in ("db", "run", "home"):
            (place / name).mkdir(mode=0o700)
        script = (
            "mount --make-rprivate / && "
            f"mount --bind {place} {place} && "
            "mount -o remount,bind,ro / && "
            "touch /etc/x 2>/dev/null && exit 50; "
            f"{BIN}/memory-db --log-format json & p=$!; "
            f"i=0; while [ $i -lt 200 ]; do {BIN}/memoryctl --no-spawn "
            "--quiet ping 2>/dev/null && break; sleep .1; i=$((i+1)); done; "
            f"{BIN}/memoryctl --no-spawn add ada 'likes tea' && "
            f"{BIN}/memoryctl --no-spawn --quiet health; code=$?; "
            "kill $p; wait $p; exit $code")
        env = harness.clean_env(place / "home", {
            "MEMORY_DB_PATH": place / "db/memory.db",
            "MEMORY_DB_SOCKET": place / "run/s"})
        probe = subprocess.run(["unshare", "-m", "true"],
                               capture_output=True)
        if probe.returncode != 0:
            self.skipTest("no mount namespace can be made here")
        done = subprocess.run(["unshare", "-m", "sh", "-c", script], env=env,
                              capture_output=True, text=True, timeout=120)
        if "remount" in done.stderr or "mount:" in done.stderr:
            self.skipTest(f"mounts are refused here: {done.stderr[:100]}")
        self.assertEqual(done.returncode, 0, done)
        self.assertTrue((place / "db/memory.db").exists())

    @unittest.skipUnless(shutil.which("docker") and subprocess.run(
        ["docker", "info"], capture_output=True).returncode == 0,
        "no docker daemon answers here")
    def test_docker_builds_it(self):
        subprocess.run(["docker", "build", "-q", str(ROOT)], check=True,
                       capture_output=True)


if __name__ == "__main__":
    main()
