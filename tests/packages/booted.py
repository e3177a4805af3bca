#!/usr/bin/env python3
"""The units in a real systemd: it is booted in a container that is made of this
machine's own root below a throw-away layer, without network, and the packages
are installed there. tests/packages/inside.py has the checks, which run as a
unit of that systemd; each of them is a test here.

`make check-systemd` runs it. It needs root and Debian's packages
systemd-container and dbus; where a container cannot be booted it says why, and
all counts as skipped. BOOTED_FROM=install takes `make install` in place of the
Debian packages, which are built anew otherwise."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import inside
from trees import ROOT, main, run

SECONDS = 600

TARGET = """[Unit]
Requires=basic.target check.service
After=basic.target check.service
AllowIsolate=yes
"""
SERVICE = """[Unit]
Description=Runs the checks, then ends the container
DefaultDependencies=no
After=basic.target
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /opt/check/inside.py
ExecStopPost=/bin/systemctl --no-block exit 0
StandardOutput=file:/opt/check-out/check.log
StandardError=inherit
"""
# The root is bound onto a folder of its own, as systemd-nspawn refuses "/".
BOOT = """
mount --make-rprivate / && mount --bind / "$1" || exit 111
exec timeout -k 5 "$5" systemd-nspawn -q --directory="$1" \\
  --volatile=overlay --register=no --keep-unit --private-network \\
  --machine="$4" --link-journal=no --bind-ro="$2":/opt/check \\
  --bind="$3":/opt/check-out \\
  --bind-ro="$2"/check.service:/etc/systemd/system/check.service \\
  --bind-ro="$2"/check.target:/etc/systemd/system/check.target \\
  --boot -- --unit=check.target --show-status=false
"""


def missing():
    """What a container needs and this machine lacks, or ''."""
    if os.getuid() != 0:
        return "a container needs root"
    for program, package in (("systemd-nspawn", "systemd-container"),
                             ("systemd", "systemd"),
                             ("dbus-daemon", "dbus"), ("unshare", "util-linux")):
        if not shutil.which(program) and \
                not Path("/lib/systemd", program).exists():
            return f"no {program} (Debian package {package})"
    return ""


def put_down(stage):
    """What shall be installed, into a folder that the container sees."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    if shutil.which("dh") and os.environ.get("BOOTED_FROM") != "install":
        run("make", "-s", "-C", ROOT, "deb", env=env)
        for deb in (ROOT / "build/deb").glob("*.deb"):
            shutil.copy(deb, stage)
        return
    run("make", "-s", "-C", ROOT, "V=release", "install", "prefix=/usr",
        f"DESTDIR={stage / 'tree'}", env=env)


@unittest.skipIf(missing(), missing())
class Booted(unittest.TestCase):
    """A test of each check of inside.py; see the end of this file."""

    @classmethod
    def setUpClass(cls):
        folder = Path(tempfile.mkdtemp(prefix="booted-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        root, stage, out = (folder / n for n in ("root", "stage", "out"))
        for one in (root, stage, out):
            one.mkdir(mode=0o755)
        folder.chmod(0o755)
        (stage / "check.target").write_text(TARGET)
        (stage / "check.service").write_text(SERVICE)
        shutil.copy(inside.__file__, stage)
        put_down(stage)
        with open(out / "boot.log", "wb") as log:
            subprocess.run(
                ["unshare", "-m", "bash", "-c", BOOT, "boot", root, stage,
                 out, f"booted-{os.getpid()}", str(SECONDS)], stdout=log,
                stderr=log, stdin=subprocess.DEVNULL)
        said = (out / "boot.log").read_text(errors="replace").strip()
        if not (out / "begun").exists():
            raise unittest.SkipTest("no container can be booted here: " +
                                    (said.splitlines() or ["?"])[-1])
        cls.log = said + "\n" + (out / "check.log").read_text()
        cls.outcomes = {}
        for line in (out / "outcomes").read_text().splitlines():
            cls.outcomes.update(json.loads(line))

    def outcome_of(self, name):
        if name not in self.outcomes:
            self.fail(f"the container ended before it\n{self.log[-6000:]}")
        kind, text = self.outcomes[name]
        if kind == "skipped":
            self.skipTest(text)
        self.assertEqual(kind, "ok", text)


for _name in inside.names():
    setattr(Booted, _name,
            lambda self, name=_name: self.outcome_of(name))

if __name__ == "__main__":
    main()
