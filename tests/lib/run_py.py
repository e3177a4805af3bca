"""Runs one test file for tests/run.py: each test with a deadline of its own,
one result line a test on the descriptor given.

    run_py.py --list FILE            prints the classes with their test counts
    run_py.py FILE CLASS RESULT_FD   runs the tests of one class

A class may set `timeout` (seconds for each test, default 60); sanitizer builds
stretch it. A test that a signal cannot end is ended with its process.
"""
import faulthandler
import importlib.util
import os
import signal
import sys
import time
import unittest
from pathlib import Path

LIB = Path(__file__).resolve().parent
sys.path.insert(0, str(LIB))
sys.dont_write_bytecode = True
SLOW = float(os.environ.get("TEST_SLOW", "1"))


def load(path):
    path = Path(path).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def classes(module):
    """Test classes defined in this file, in its order."""
    loader = unittest.TestLoader()
    found = []
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, unittest.TestCase) \
                and value.__module__ == module.__name__:
            suite = loader.loadTestsFromTestCase(value)
            if suite.countTestCases():
                found.append((name, suite))
    return found


class Result(unittest.TextTestResult):
    """Writes "start ID" and "pass|fail|skip ID SECONDS" lines."""

    out = None

    def startTest(self, test):
        super().startTest(test)
        limit = getattr(test, "timeout", 60) * SLOW
        self.began = time.monotonic()
        self.bad = False
        self.skip = False
        self.say("start", test)
        signal.setitimer(signal.ITIMER_REAL, limit)
        faulthandler.dump_traceback_later(limit + 30, exit=True)

    def stopTest(self, test):
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        self.say("fail" if self.bad else "skip" if self.skip else "pass", test)
        super().stopTest(test)

    def say(self, word, test):
        name = test.id().partition(".")[2]
        self.out.write(f"{word}\t{name}\t{time.monotonic() - self.began:.2f}\n")
        self.out.flush()

    def addError(self, test, err):
        self.bad = True
        super().addError(test, err)
        # Errors outside a test (setUpClass) have no start line.
        if not isinstance(test, unittest.TestCase):
            self.began = time.monotonic()
            self.out.write(f"fail\t{test}\t0\n")

    def addFailure(self, test, err):
        self.bad = True
        super().addFailure(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.bad = True
        super().addSubTest(test, subtest, err)

    def addSkip(self, test, reason):
        self.skip = True
        super().addSkip(test, reason)


def too_late(*_):
    raise TimeoutError("the test took longer than its deadline")


def main():
    if sys.argv[1] == "--list":
        for name, suite in classes(load(sys.argv[2])):
            print(name, suite.countTestCases())
        return 0
    path, wanted, fd = sys.argv[1:4]
    signal.signal(signal.SIGALRM, too_late)
    Result.out = os.fdopen(int(fd), "w")
    suite = dict(classes(load(path)))[wanted]
    runner = unittest.TextTestRunner(resultclass=Result, verbosity=2)
    return 0 if runner.run(suite).wasSuccessful() else 1


sys.exit(main())
