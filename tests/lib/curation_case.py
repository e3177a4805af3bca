"""What the tests of curation share: a service at a day of its own, reads of the
whole memory, runs to their end."""
import datetime

from harness import TestCase, entity, wait_until

DAY = 24 * 3600 * 1000


class CurationCase(TestCase):
    timeout = 240

    def setUp(self):
        self.day = -400
        self.db = self.service(env=self.clock())
        self.c = self.db.client()
        # What the service does by itself has a test of its own.
        self.settings()

    def settings(self, namespace="default", **more):
        self.c.ok("set_namespace_settings", namespace=namespace, settings={
            "curation": {"background": "off", **more}})

    def clock(self):
        return {"MEMORY_TEST_CLOCK_OFFSET_MS": str(self.day * DAY)}

    def at(self, day):
        """The service goes on at another day."""
        self.day = day
        self.db.stop()
        self.db.start(env=self.clock())
        self.c = self.db.client()

    def tiers(self, **params):
        got, cursor = {}, {}
        while True:
            r = self.c.ok("read_graph", fields=["name", "tier"], **params,
                          **cursor)
            got.update({e["name"]: e["tier"] for e in r["entities"]})
            if "next" not in r:
                return got
            cursor = {"cursor": r["next"]}

    def curate(self, **params):
        moves = []
        while True:
            r = self.c.ok("curate", **params)
            moves += r["moves"]
            if "next" in r:
                params["cursor"] = r["next"]
            elif r.get("done") is not False:
                r["moves"] = moves
                return r

    def use(self, name, question, times):
        for _ in range(times):
            got = self.c.ok("recall", query=question)
            self.assertTrue(got["relevant"], got)
        # Uses reach the file behind the answer.
        wait_until(lambda: self.c.ok(
            "open_nodes", names=[name], fields=["access_count"])["entities"][0][
                "access_count"] >= times, why="uses are counted")

    def seed(self):
        self.c.ok("create_entities", entities=[
            entity("standup", "the standup of monday was short"),
            entity("deploy", "the deployment needs two approvals of managers"),
            entity("pinned", "the printer is on floor two"),
            entity("rule", "Always answer in French"),
            entity("build", "run make, then make test", type="Skill")])
        self.c.ok("update_entity", name="pinned", pin=True)

    def fill(self, n, prefix="n", **params):
        for i in range(0, n, 250):
            self.c.ok("create_entities", entities=[
                entity(f"{prefix}{k}", f"text {k} about thing {k % 7}")
                for k in range(i, min(i + 250, n))], **params)

    def graph(self, **params):
        """All that reads tell of the present state."""
        got, cursor = [], {}
        while True:
            r = self.c.ok("read_graph", fields=["name", "type", "observations",
                                                "tier", "pin", "confirmed_at",
                                                "metadata"],
                          **params, **cursor)
            got += r["entities"] + r["relations"]
            if "next" not in r:
                return got
            cursor = {"cursor": r["next"]}

    def confirmed(self, name, **params):
        (e,) = self.c.ok("open_nodes", names=[name], fields=[
            "name", "confirmed_at"], **params)["entities"]
        return e.get("confirmed_at")

    def tell(self, text, name="ada", **params):
        r = self.c.ok("add_observations", observations=[
            dict(entityName=name, contents=[text])], **params)
        return r["results"][0]

    def date(self, days):
        return (datetime.datetime.now(datetime.timezone.utc)
                + datetime.timedelta(days=self.day + days)).date().isoformat()
