"""Dates mean the client's time zone."""
import datetime
import unittest

import harness
from harness import entity

UTC = datetime.timezone.utc


class Zones(harness.TestCase):
    def seen(self, c, as_of):
        return len(c.ok("open_nodes", names=["ada"], as_of=as_of)["entities"])

    def test_a_date_ends_at_the_clients_midnight(self):
        """The date it is now in the last zone of the world is over in the
        first."""
        db = self.service()
        west, east = db.client(), db.client()
        west.ok("hello", time_zone="-12:00")
        east.ok("hello", time_zone="+14:00")
        west.ok("create_entities", entities=[entity("ada")])
        now = datetime.datetime.now(UTC)
        date = (now - datetime.timedelta(hours=12)).date().isoformat()
        self.assertEqual(self.seen(west, date), 1)
        self.assertEqual(self.seen(east, date), 0)
        self.assertEqual(self.seen(east, "today"), 1)
        self.assertEqual(self.seen(west, "yesterday"), 0)

    def test_history_between_dates(self):
        db = self.service()
        west, east = db.client(), db.client()
        west.ok("hello", time_zone="-12:00")
        east.ok("hello", time_zone="+14:00")
        west.ok("create_entities", entities=[entity("ada")])
        now = datetime.datetime.now(UTC)
        date = (now - datetime.timedelta(hours=12)).date().isoformat()
        for c, n in ((west, 1), (east, 0)):
            got = c.ok("memory_history", since=date, until=date)
            self.assertEqual(len(got["changes"]), n)

    def test_texts_that_are_no_time(self):
        c = self.service().client()
        for text in ("someday", "2026-02-30", "-3 days ago", "25:00"):
            got = c.fails("invalid", "read_graph", as_of=text)
            self.assertIn("write 2026-11-20", got["error"])
            self.assertIn(text, got["error"])


if __name__ == "__main__":
    unittest.main()
