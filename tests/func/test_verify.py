"""verify through the service: what somebody changes with the sqlite3 command
line is told, while the service runs and after a restart; a sound database
stays clean while it is written to."""
import json
import random
import subprocess
import threading

from harness import TestCase, entity, main

# One for each table that holds what was said or who said it.
CASES = {
    "fact": "UPDATE fact SET body = CAST(substr(body, 1, 4) || 'X' || "
            "substr(body, 6) AS BLOB) WHERE id = (SELECT min(id) FROM fact "
            "WHERE kind = 1)",
    "fact digest": "UPDATE fact SET digest = randomblob(16) WHERE kind = 2",
    "op": "UPDATE op SET entity = entity + 1 WHERE change = 1 AND seq = 0",
    "op value": "UPDATE op SET value = 3 WHERE what = 3",
    "change message": "UPDATE change SET message = 'because!' WHERE id = 1",
    "change time": "UPDATE change SET at = at + 1 WHERE id = 2",
    "change gone": "DELETE FROM change WHERE id = 2",
    "label": "UPDATE label SET text = text || 's' WHERE text = 'knows'",
    "session": "UPDATE label SET text = 's2' WHERE text = 's1'",
    "entity": "UPDATE entity SET name = 'eve' WHERE name = 'ada'",
    "alias": "DELETE FROM alias",
    "span": "UPDATE span SET removed = 140737488355327 WHERE removed < "
            "140737488355327",
    "attr": "UPDATE attr SET value = 3 WHERE key = 1",
    "version": "DELETE FROM version WHERE n = 2",
    "past": "DELETE FROM past",
    "tally": "UPDATE tally SET n = n + 1",
    "namespace": "UPDATE namespace SET head = randomblob(32)",
    "text index": "INSERT INTO ft_live(rowid, name, body) "
                  "VALUES(8589934593, '', 'ghost')",
}


def problems(service):
    with service.client() as c:
        params, found = {}, []
        while True:
            reply = c.ok("verify", params)
            found += reply["problems"]
            if not reply.get("next"):
                return found
            params = {"cursor": reply["next"]}


class Tampering(TestCase):
    def fill(self, db):
        with db.client() as c:
            c.ok("create_entities", {"session": "s1", "message": "because"},
                 entities=[entity("ada", "likes long walks in the evening",
                                  "plays chess"), entity("bob", "x")])
            c.ok("create_relations", relations=[
                {"from": "ada", "to": "bob", "relationType": "knows"}])
            c.ok("update_entity", name="ada", tier="semantic")
            c.ok("delete_observations", deletions=[
                {"entityName": "ada", "observations": ["plays chess"]}])
            c.ok("rename_entity", name="bob", new_name="robert")

    def test_each_table(self):
        db = self.service()
        self.fill(db)
        self.assertEqual(problems(db), [])
        db.stop()
        path = next(db.folder.rglob("*.db"))
        sound = path.read_bytes()
        for name, sql in CASES.items():
            for end in ("-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            path.write_bytes(sound)
            db.start()
            self.assertEqual(problems(db), [], name)
            subprocess.run(["sqlite3", "-cmd", ".timeout 10000", path, sql],
                           check=True)
            self.assertNotEqual(problems(db), [], name)
            done = db.ctl("verify", "--json", check=False)
            self.assertEqual(done.returncode, 1, name)
            self.assertFalse(json.loads(done.stdout)["ok"])
            db.restart()
            self.assertNotEqual(problems(db), [], f"{name}, restarted")
            db.stop()
        db.start()

    def test_clean_beside_writes(self):
        db = self.service()
        stop = threading.Event()

        def write(seed):
            rnd = random.Random(seed)
            with db.client() as c:
                while not stop.is_set():
                    name = f"e{rnd.randrange(30)}"
                    c.ok("create_entities", entities=[
                        entity(name, f"fact {rnd.randrange(200)}")])
                    if rnd.randrange(5) == 0:
                        c.ok("delete_entities", entityNames=[name])
                    elif rnd.randrange(5) == 0:
                        c.ok("update_entity", name=name,
                             pin=rnd.random() < 0.5)
        writers = [threading.Thread(target=write, args=(i,)) for i in range(3)]
        for t in writers:
            t.start()
        try:
            for _ in range(8):
                self.assertEqual(problems(db), [])
        finally:
            stop.set()
            for t in writers:
                t.join()
        self.assertEqual(problems(db), [])


if __name__ == "__main__":
    main()
