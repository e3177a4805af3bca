"""Who did what, when it was asked for; and logs that stay small."""
import gzip
import json
import os
import stat
import time

from harness import TestCase, entity, main, wait_until

DAY = 86400
SECRET = "the harbour master keeps bees"


class Audit(TestCase):
    def begin(self, what, **kw):
        self.db = self.service(args=["--audit", what], **kw)
        self.file = self.db.database.parent / "memory-db.audit"
        self.c = self.db.client()
        self.c.ok("hello", client="tester/1", session="s1", actor="ada")

    def lines(self):
        return [json.loads(x) for x in self.file.read_text().splitlines()]

    def test_writes(self):
        self.begin("writes")
        done = self.c.ok("create_entities", namespace="p", entities=[
            entity("bob", SECRET)])
        self.c.ok("search_nodes", query=SECRET)
        self.c.ok("execute_code", code=f"return '{SECRET}'")
        self.c.fails("invalid", "create_entities", {"entities": 5})
        with self.db.client() as agent:
            agent.ok("hello", tools="default", session="s2")
            agent.call("set_namespace_settings", settings={"protect": True})
        rows = wait_until(lambda: len(self.lines()) >= 4 and self.lines(),
                          why="the audit")
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        first = rows[0]
        self.assertEqual(
            {k: first[k] for k in ("uid", "pid", "client", "session",
                                   "actor", "method", "namespace",
                                   "change", "outcome")},
            {"uid": os.getuid(), "pid": os.getpid(), "client": "tester/1",
             "session": "s1", "actor": "ada", "method": "create_entities",
             "namespace": "p", "change": done["change"], "outcome": "ok"})
        self.assertEqual([r["method"] for r in rows[:4]], [
            "create_entities", "execute_code", "create_entities",
            "set_namespace_settings"])
        self.assertEqual(rows[2]["outcome"], "invalid")
        self.assertEqual(rows[3]["session"], "s2")
        text = self.file.read_text()
        self.assertNotIn("harbour", text)
        self.assertNotIn("search_nodes", text)

    def test_all_and_off(self):
        self.begin("all")
        self.c.ok("search_nodes", query=SECRET)
        wait_until(lambda: "search_nodes" in self.file.read_text())
        self.assertNotIn("harbour", self.file.read_text())
        other = self.service()
        other.client().ok("create_entities", entities=[entity("a", "b")])
        self.assertFalse(
            (other.database.parent / "memory-db.audit").exists())

    def test_memoryctl(self):
        self.begin("writes")
        for i in range(5):
            self.c.ok("create_entities", entities=[entity(f"e{i}", "x")])
        self.c.ok("delete_entities", entityNames=["e0"])
        wait_until(lambda: len(self.lines()) == 6)
        out = self.db.ctl("audit").stdout.splitlines()
        self.assertEqual(len(out), 6)
        self.assertIn("delete_entities", out[-1])
        self.assertIn("tester/1", out[-1])
        rows = json.loads(self.db.ctl(
            "--json", "audit", "--method", "create_entities", "--limit",
            "2").stdout)
        self.assertEqual([r["change"] for r in rows], [4, 5])
        self.assertEqual(json.loads(self.db.ctl(
            "--json", "audit", "--session", "other").stdout), [])
        self.assertEqual(json.loads(self.db.ctl(
            "--json", "audit", "--since", "1 hour ago", "--outcome",
            "ok").stdout), self.lines())
        self.db.ctl("audit", "--since", "when pigs fly", check=False)
        off = self.service()
        self.assertIn("--audit writes", off.ctl("audit").stdout)

    def test_by_the_settings(self):
        db = self.service(start=False)
        db.database.parent.mkdir(mode=0o700)
        conf = db.database.parent / "memory-db.conf"
        conf.write_text("audit = writes\n")
        conf.chmod(0o600)
        db.start()
        db.client().ok("create_entities", entities=[entity("a", "b")])
        self.assertIn("create_entities",
                      (db.database.parent / "memory-db.audit").read_text())
        bad = self.service(start=False)
        bad.args = ["--audit", "some"]
        process = bad.spawn()
        self.assertEqual(process.wait(), 100)
        self.assertIn("off, writes or all", process.text())
        bad.process = None

    def test_names_forge_no_line(self):
        self.begin("writes")
        with self.db.client() as c:
            c.ok("hello", client='x","uid":0,"y":"\n{"ts":"1"}')
            c.ok("create_entities", entities=[entity("a", "b")])
        wait_until(lambda: len(self.lines()) == 1)
        self.assertEqual(self.lines()[0]["uid"], os.getuid())


class Rotation(TestCase):
    """A file of yesterday is packed; old ones and too many go."""

    def old_name(self, folder, base, days, number=1):
        day = time.strftime("%Y%m%d", time.gmtime(time.time() - days * DAY))
        return folder / f"{base}-{day}-{number}.gz"

    def test_a_new_day(self):
        db = self.service(start=False)
        folder = db.database.parent
        folder.mkdir(mode=0o700)
        log, audit = folder / "memory-db.log", folder / "memory-db.audit"
        db.args = ["--audit", "writes", "--log-file", str(log)]
        for f in (log, audit):
            f.write_text('{"ts":"2026-01-01T00:00:00.000Z",'
                         '"method":"yesterday"}\n')
            f.chmod(0o600)
            os.utime(f, (time.time() - DAY, time.time() - DAY))
        keep = [self.old_name(folder, f.name, 5) for f in (log, audit)]
        gone = [self.old_name(folder, f.name, 40) for f in (log, audit)]
        many = [self.old_name(folder, log.name, 6, i) for i in range(1, 90)]
        stranger = folder / "memory-db.log-notes"
        for p in keep + gone + many + [stranger]:
            p.write_bytes(gzip.compress(b"{}\n"))
        db.start()
        db.client().ok("create_entities", entities=[entity("a", "b")])
        for f in (log, audit):
            packed = self.old_name(folder, f.name, 1)
            wait_until(packed.exists, why=f"{packed}")
            wait_until(lambda: not packed.with_suffix("").exists())
            self.assertIn(b"yesterday", gzip.decompress(packed.read_bytes()))
            self.assertEqual(stat.S_IMODE(packed.stat().st_mode), 0o600)
            self.assertNotIn("yesterday", f.read_text())
            self.assertFalse((folder / (f.name + ".1")).exists())
        for p in gone:
            wait_until(lambda: not p.exists(), why=f"{p} to go")
        for p in keep:
            self.assertTrue(p.exists(), p)
        wait_until(lambda: len(list(folder.glob("memory-db.log-2*"))) == 60)
        # The numbers of a day are numbers: 9 is older than 10.
        self.assertFalse(many[8].exists())
        self.assertTrue(many[-1].exists())
        self.assertTrue(stranger.exists())
        # memoryctl reads packed ones, too, in order.
        rows = json.loads(db.ctl("--json", "audit").stdout)
        self.assertEqual([r.get("method") for r in rows][-2:],
                         ["yesterday", "create_entities"])


if __name__ == "__main__":
    main()
