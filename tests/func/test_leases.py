"""Leased branches end with their owner."""
from harness import TestCase, entity, wait_until


class Leases(TestCase):
    def setUp(self):
        self.db = self.service()
        self.other = self.db.client()
        self.other.ok("create_entities", entities=[entity("ada", "one")])

    def names(self):
        return sorted(b["name"] for b in
                      self.other.ok("memory_branch", action="list")["branches"])

    def lease(self, client, name, **params):
        return client.ok("memory_branch", action="create", name=name,
                         lease=True, **params)

    def test_ends_with_the_connection(self):
        owner = self.db.client()
        self.lease(owner, "what if")
        self.lease(owner, "another", namespace="project")
        owner.ok("memory_branch", action="create", name="kept")
        owner.ok("add_observations", branch="what if", observations=[
            {"entityName": "ada", "contents": ["two"]}])
        owner.ok("memory_branch", action="create", name="child",
                 from_branch="what if")
        got = self.other.ok("memory_branch", action="describe",
                            name="what if")["branches"][0]
        self.assertIs(got["leased"], True)
        self.assertEqual(self.names(), ["child", "kept", "what if"])
        owner.close()
        wait_until(lambda: self.names() == ["kept"], why="end of the lease")
        reply = self.other.call("open_nodes", names=["ada"], branch="what if")
        self.assertEqual(reply["code"], "not_found")
        self.assertEqual(self.other.ok("memory_branch", action="list",
                                       namespace="project")["branches"], [])
        self.db.verify()
        # The name is free.
        self.lease(self.other, "what if")

    def test_discarded_before(self):
        owner = self.db.client()
        self.lease(owner, "idea")
        owner.ok("memory_branch", action="discard", name="idea")
        self.other.ok("memory_branch", action="create", name="idea")
        owner.close()
        self.other.ok("add_observations", observations=[
            {"entityName": "ada", "contents": ["two"]}])
        self.assertEqual(self.names(), ["idea"])

    def test_after_a_crash_and_after_a_stop(self):
        for end in (self.db.kill, self.db.stop):
            owner = self.db.client()
            self.lease(owner, "idea")
            owner.ok("memory_branch", action="create", name="child",
                     from_branch="idea", lease=True)
            end()
            self.db.start()
            self.other = self.db.client()
            self.assertEqual(self.names(), [])
            self.db.verify()

    def test_an_owner_that_leaves_before_the_reply(self):
        owner = self.db.client()
        owner.send(b'{"method":"memory_branch","params":{"action":"create",'
                   b'"name":"idea","lease":true}}')
        owner.close()
        self.other.ok("add_observations", observations=[
            {"entityName": "ada", "contents": ["two"]}])
        wait_until(lambda: self.names() == [], why="end of the lease")

    def test_bound(self):
        owner = self.db.client()
        for i in range(32):
            self.lease(owner, f"b{i}")
        reply = owner.call("memory_branch", action="create", name="more",
                           lease=True)
        self.assertEqual((reply["code"], reply["param"]), ("limit", "lease"))
        owner.close()
        wait_until(lambda: self.names() == [], why="end of the leases")

    def test_only_leased_ones_go_by_id(self):
        self.other.ok("memory_branch", action="create", name="kept")
        reply = self.other.call("memory_branch", action="discard", id=2)
        self.assertEqual(reply["code"], "not_found")
        self.assertEqual(self.names(), ["kept"])
