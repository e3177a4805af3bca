"""The same scripts through the inside of the jail without its walls, built
with ASan and UBSan: the library, the API and the serialiser make no error of
memory whatever a script does."""
import os
import unittest

import jail
from harness import VARIANT
from test_jail_attacks import Attacks, make

# What ends by the arena's exact cap or by the C stack of the jail is another
# matter under a sanitizer.
SKIP = {"cpu limit"}


class Bare(Attacks):
    program = jail.BARE
    timeout = 120

    @classmethod
    def setUpClass(cls):
        if VARIANT != "asan":
            raise unittest.SkipTest("only in the variant asan")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        reply = cls.driver.run("return 1 + 1")
        cls.driver.close()
        if reply["result"] != 2:
            raise AssertionError(f"not alive at the end: {reply}")

    def check(self, case):
        if case.name in SKIP:
            self.skipTest("needs the real jail")
        reply = self.driver.ask(**case.request())
        # slower, so that more of them run out of time
        if reply["outcome"] not in case.outcomes + ["timeout"]:
            self.fail(f"{case.file}: {case.name}: {str(reply)[:1500]}")


if VARIANT == "asan" or os.environ.get("TEST_BARE"):
    make(Bare, jail.all_files(), globals(), "Bare")
del Attacks
