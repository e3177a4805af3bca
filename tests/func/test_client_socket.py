"""Which socket the clients choose, and that a squatter there gets nothing.

The search order ends in /tmp: these tests have a /tmp of their own, in a mount
namespace, which only root can make."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import SLOW, clean_env, temp_folder
from test_clients import DRIVERS

SHARED = "/tmp/memory-db.sock"
NOBODY = 65534      # the user nobody: neither we, nor root, nor the service


def may_mount():
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /tmp"],
        capture_output=True) if shutil.which("unshare") else None
    return done is not None and done.returncode == 0


# An empty /tmp; the checkout stays where it is, should it lie there too. A
# service of root's session is none of ours.
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
PRIVATE_TMP = "mount -t tmpfs none /tmp"
if os.path.isdir("/run/user"):
    PRIVATE_TMP += " && mount -t tmpfs none /run/user"
if ROOT.startswith("/tmp/"):
    PRIVATE_TMP = (f"mount --bind {ROOT} /mnt && {PRIVATE_TMP} && "
                   f"mkdir -p {ROOT} && mount --bind /mnt {ROOT}")


def taken(owner, kind="socket"):
    """Shell words that put something at the shared name."""
    if kind == "file":
        return f"touch {SHARED} && chown {owner} {SHARED}"
    return ("python3 -c 'import socket; "
            f'socket.socket(socket.AF_UNIX).bind("{SHARED}")\' '
            f"&& chown {owner} {SHARED}")


@unittest.skipUnless(may_mount(), "needs root and mount namespaces")
class SearchOrder(unittest.TestCase):
    def choose(self, prepare, env, ops=({"op": "connect"},),
               before="exec"):
        """(path, result of connecting) of each client; they must agree."""
        folder = temp_folder()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        answers = []
        for driver in DRIVERS.values():
            lines = [{"op": "new", "retries": -1}, *ops, {"op": "socket"}]
            done = subprocess.run(
                ["unshare", "-m", "sh", "-c", f"{PRIVATE_TMP} && {prepare} && {before} \"$0\" \"$@\"", *driver],
                input="".join(json.dumps(x) + "\n" for x in lines),
                env=clean_env(folder, env), text=True, capture_output=True,
                timeout=30 * SLOW)
            self.assertEqual(done.returncode, 0, done.stderr)
            out = [json.loads(line) for line in done.stdout.splitlines()]
            answers.append((out[-1]["reply"]["path"], out[1]["result"]))
        self.assertEqual(answers[0], answers[1])
        return answers[0]

    def runtime(self, mode):
        # /tmp itself is another one for the client
        folder = tempfile.mkdtemp(dir="/var/tmp")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        os.chmod(folder, mode)
        return folder

    def test_free(self):
        self.assertEqual(self.choose("true", {}), (SHARED, "unreachable"))

    def test_environment_first(self):
        self.assertEqual(self.choose("true", {"MEMORY_DB_SOCKET": "/x/y"}),
                         ("/x/y", "unreachable"))
        self.assertEqual(self.choose("true", {"MEMORY_DB_SOCKET": ""})[0],
                         SHARED)

    def test_own_and_of_the_service_user(self):
        self.assertEqual(self.choose(taken(0), {})[0], SHARED)
        self.assertEqual(
            self.choose(taken(NOBODY), {"MEMORY_DB_SERVICE_USER": "nobody"}),
            (SHARED, "unreachable"))

    def test_somebody_elses(self):
        good, bad = self.runtime(0o700), self.runtime(0o777)
        self.assertEqual(self.choose(taken(NOBODY),
                                     {"XDG_RUNTIME_DIR": good}),
                         (good + "/memory-db.sock", "unreachable"))
        for kind in ("socket", "file"):
            self.assertEqual(self.choose(taken(NOBODY, kind),
                                         {"XDG_RUNTIME_DIR": bad}),
                             ("/tmp/memory-db-0/sock", "unreachable"))
        self.assertEqual(self.choose(taken(NOBODY), {})[0],
                         "/tmp/memory-db-0/sock")

    def test_closed_to_this_user(self):
        """A service of the machine that does not admit this user is passed
        over; a member of its group whose login is older is told."""
        closed = taken("0:65534") + f" && chmod 660 {SHARED}"
        as_user = ("exec setpriv --reuid 65534 --clear-groups --regid")
        self.assertEqual(
            self.choose(f"{closed} && chmod 600 {SHARED}",
                        {}, before=f"{as_user} 65534"),
            ("/tmp/memory-db-65534/sock", "unreachable"))
        # of the group by the tables (nogroup is its own), not by the process
        self.assertEqual(self.choose(closed, {}, before=f"{as_user} 65533"),
                         (SHARED, "denied"))
        self.assertEqual(self.choose(closed, {}, before=f"{as_user} 65534"),
                         (SHARED, "unreachable"))

    def test_service_of_the_session(self):
        """systemd --user made it: it comes before the shared place."""
        good = self.runtime(0o700)
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(good + "/memory-db.sock")
            self.assertEqual(self.choose("true", {"XDG_RUNTIME_DIR": good}),
                             (good + "/memory-db.sock", "unreachable"))
            os.chown(good + "/memory-db.sock", NOBODY, NOBODY)
            self.assertEqual(
                self.choose("true", {"XDG_RUNTIME_DIR": good})[0], SHARED)

    def test_beside_the_database(self):
        """Both names in /tmp are taken by somebody else."""
        for spoil in (f"mkdir -m 700 /tmp/memory-db-0 && chown {NOBODY} "
                      "/tmp/memory-db-0", "mkdir -m 777 /tmp/memory-db-0",
                      "ln -s /var /tmp/memory-db-0"):
            home = self.runtime(0o700)
            both = f"{taken(NOBODY)} && {spoil}"
            self.assertEqual(
                self.choose(both, {"HOME": home}),
                (home + "/.memories/memory-db.sock", "unreachable"))
            info = os.stat(home + "/.memories")
            self.assertEqual(info.st_mode & 0o777, 0o700)
            path = self.runtime(0o700)
            self.assertEqual(
                self.choose(both, {"MEMORY_DB_PATH": path + "/m.db"}),
                (path + "/memory-db.sock", "unreachable"))
            # and where that is open to others, it is told
            os.chmod(path, 0o777)
            folder = temp_folder()
            self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
            for driver in DRIVERS.values():
                done = subprocess.run(
                    ["unshare", "-m", "sh", "-c",
                     f"{PRIVATE_TMP} && {both} && exec \"$0\" \"$@\"",
                     *driver], text=True, capture_output=True,
                    input='{"op":"new"}\n{"op":"connect"}\n',
                    env=clean_env(folder, {"MEMORY_DB_PATH": path + "/m.db"}),
                    timeout=30 * SLOW)
                answer = json.loads(done.stdout.splitlines()[1])
                self.assertEqual(answer["result"], "denied", answer)
                self.assertIn("MEMORY_DB_SOCKET", answer["error"])


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else too")
class Squatter(unittest.TestCase):
    """Somebody else listens where memory-db should."""

    def test_gets_nothing(self):
        for driver in DRIVERS.values():
            folder = temp_folder()
            self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
            path = str(folder / "s")
            listener = socket.socket(socket.AF_UNIX)
            # SO_PEERCRED tells who called listen()
            listener.bind(path)
            os.seteuid(NOBODY)
            try:
                listener.listen(4)
            finally:
                os.seteuid(0)
            done = subprocess.run(
                driver, text=True, capture_output=True, timeout=30 * SLOW,
                input=json.dumps({"op": "new", "socket": path}) + "\n" +
                '{"op":"call","method":"create_entities"}\n',
                env=clean_env(folder))
            answer = json.loads(done.stdout.splitlines()[1])
            self.assertEqual(answer["result"], "denied", answer)
            listener.settimeout(10)
            peer, _ = listener.accept()
            with peer, listener:
                self.assertEqual(peer.recv(4096), b"")


if __name__ == "__main__":
    unittest.main(verbosity=2)
