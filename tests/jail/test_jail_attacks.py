"""Every script of cases/, in the jail that is shipped: each ends in its own
way, and the next script is answered within a second."""
import re
import unittest

import jail


@unittest.skipUnless(jail.has_seccomp(), "this kernel has no seccomp")
class Attacks(unittest.TestCase):
    program = jail.SHIPPED
    timeout = 60

    @classmethod
    def setUpClass(cls):
        cls.driver = jail.Driver(cls.program)

    @classmethod
    def tearDownClass(cls):
        cls.driver.close()

    def check(self, case):
        reply = self.driver.ask(**case.request())
        problems = list(case.problems(reply))
        if problems:
            reply.pop("limits", None)
            self.fail(f"{case.file}: {case.name}: {'; '.join(problems)}: "
                      f"{str(reply)[:1500]}")
        jail.check_alive(self, self.driver)


def test_of(case):
    def test(self):
        self.check(case)
    test.__doc__ = None
    return test


def make(base, files, into, prefix=""):
    """A class a file, a test a case."""
    for file in files:
        members = {}
        for n, case in enumerate(jail.cases(file)):
            word = re.sub(r"\W+", "_", case.name).strip("_")
            members[f"test_{n:02}_{word}"] = test_of(case)
        name = prefix + file.stem.capitalize()
        into[name] = type(name, (base,), {**members,
                                          "__module__": base.__module__})


make(Attacks, jail.all_files(), globals())
