"""Many firings of hooks over sessions of several clients: nothing twice in a
session, nothing where nothing fits, nothing of another project, and no process
stays. TEST_FIRINGS says how many (`make bench PART=hooks` fires 1,000)."""
import json
import os
import re
import subprocess
import unittest
from pathlib import Path

from harness import BIN, SLOW, TestCase, clean_env, entity, reports
from hook_days import CLIENTS, Days

CTL = str(BIN / "memoryctl")


def injected(client, out):
    """The text for the model in an answer."""
    data = json.loads(out or "{}")
    for key in ("hookSpecificOutput", "additionalContext",
                "additional_context", "modifiedTransformedPrompt"):
        if isinstance(data, dict) and key in data:
            data = data[key]
    return data if isinstance(data, str) else data.get(
        "additionalContext", "") if isinstance(data, dict) else ""


def processes(folder):
    """Commands with this folder in their environment that still run: one that
    was left behind is nobody's child any more."""
    mark, found = os.fsencode(str(folder)), []
    for p in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (p / "environ").read_bytes() and \
                    b"memoryctl" in (p / "cmdline").read_bytes():
                found.append(p.name)
        except OSError:
            pass
    return found


class Days_(TestCase):
    timeout = 300

    def setUp(self):
        self.dir = self.folder()
        self.db = self.service()
        self.project = self.dir / "project"
        self.other = self.dir / "other"
        for d in (self.project, self.other, self.dir / "home"):
            d.mkdir()
        self.env = clean_env(self.dir / "home", {
            "MEMORY_DB_SOCKET": self.db.socket, "MEMORY_DB_PATH": None,
            "XDG_STATE_HOME": None, "XDG_CONFIG_HOME": None,
            "MEMORY_HOOKS": None})

    def fire(self, client, event, data):
        done = subprocess.run([CTL, "hook", client, event], env=self.env,
                              input=json.dumps(data).encode(), cwd=self.dir,
                              capture_output=True, timeout=60 * SLOW)
        self.assertEqual(reports(done.stderr.decode(errors="replace")), [])
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def test_firings(self):
        wanted = int(os.environ.get("TEST_FIRINGS", 120 if SLOW > 1 else 400))
        days = Days(self.dir)
        with self.db.client() as c:
            for name, text in days.facts().items():
                c.ok("create_entities", namespace=str(self.project),
                     entities=[entity(name, text)])
            c.ok("create_entities", namespace=str(self.other), entities=[
                entity("secret plan", "the zebra button of line twelve is "
                       "tested in Peru with autumn leaves WRONG")])
        fired = unfit = wrong = missed = asked = 0
        clients = list(CLIENTS)
        while fired < wanted:
            client = clients[fired % len(clients)]
            shown, sent = [], None
            talk = days.session(client, self.project, 12)
            try:
                while True:
                    event, data, about = talk.send(sent)
                    out = self.fire(client, event, data)
                    fired += 1
                    text = injected(client, out)
                    # In the digest of the start and behind prompts.
                    rows = re.findall(r"the \w+ service runs on host h\d\d",
                                      text.partition("<memory ")[2])
                    self.assertNotIn("WRONG", text)
                    sent = text if "<memory " in text else ""
                    shown += rows
                    if "prompt" not in data:
                        continue
                    if not about:
                        unfit += 1
                        wrong += bool(sent)
                    elif not any(about in x for x in shown):
                        missed += 1
                    asked += bool(about)
            except StopIteration:
                pass
            self.assertEqual(len(shown), len(set(shown)), client)
        self.assertGreater(unfit, wanted // 8)
        self.assertLessEqual(wrong, unfit * .05)
        self.assertLessEqual(missed, asked * .1)
        self.assertEqual(processes(self.dir), [])
        with self.db.client() as c:
            graph = c.ok("read_graph", namespace=str(self.project),
                         max_bytes=1 << 20)
        # Nothing that was not said, and nothing of what was put in.
        self.assertNotIn("WRONG", json.dumps(graph))
        texts = [o if isinstance(o, str) else o["text"]
                 for e in graph["entities"] for o in e["observations"]]
        self.assertEqual(len([t for t in texts if " runs on host " in t]),
                         len(days.hosts))
        print(f"{fired} firings: {unfit} prompts that nothing fits, {wrong} "
              f"answered; {asked} that something fits, {missed} without it")


if __name__ == "__main__":
    unittest.main(verbosity=2)
