"""A short crash campaign; `make crash` is the long one (tests/crash)."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crash"))
import actors  # noqa: E402
import campaign  # noqa: E402
from harness import VARIANT, TestCase, main  # noqa: E402


class Kill(TestCase):
    timeout = 120

    def test_a_short_campaign(self):
        c = campaign.run(["--rounds", "7", "--verify", "6"])
        self.assertEqual(c.counts["rounds"], 7)
        self.assertGreater(c.counts["backups"], 0)
        self.assertGreater(c.counts["restores"], 0)
        for a in c.cast:
            self.assertGreater(a.acked, 0, str(a))

    def test_it_notices(self):
        """An actor that was told more than is there says so."""
        db = self.service()
        w = actors.Writer(0, 1)
        w.client = db.client()
        steps = w.steps()
        next(steps)
        w.look(db.client(), everything=True)
        (key, *_) = w.known
        w.known[key] = ("one", "two", "lost")
        with self.assertRaises(actors.Lost):
            w.look(db.client(), everything=True)
        # Two names of one request: both or none.
        w.known.clear()
        w.pending = {("main", "write0 e1"): ("one", "two"),
                     ("main", "write0 e2"): ("another",)}
        w.last = "create_entities", {}
        with self.assertRaises(actors.Lost):
            w.look(db.client())


@unittest.skipIf(VARIANT == "release", "needs the VFS of test builds")
class PowerCuts(TestCase):
    timeout = 120

    def test_a_short_campaign(self):
        c = campaign.run(["--rounds", "4", "--verify", "3",
                          "--how", "power"])
        self.assertEqual(c.counts["rounds"], 4)
        self.assertGreater(sum(a.acked for a in c.cast), 20)


if __name__ == "__main__":
    main()
