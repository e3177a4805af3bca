"""The jail's filter of system calls for each machine that it can be built for.

The filter of another machine cannot be put on here, but it is a program for a
small machine of its own, which is easily played: each number of a call is put
to it, and what it answers must be what the table below says."""
import struct
import subprocess
import unittest

import jail

GEN = jail.JAIL / "gen/policy_gen"
KILL_PROCESS, TRAP, ALLOW = 0x80000000, 0x00030000, 0x7fff0000
WIRE_FD = 3
CLOCKS = (0, 1, 2)      # real time, monotonic, CPU time of the process

# The word of the kernel for a machine (linux/audit.h).
WORDS = {"x86_64": 0xc000003e, "aarch64": 0xc00000b7, "i386": 0x40000003,
         "arm": 0x40000028, "nothing": 0}

# What each call's number is: asm/unistd_64.h, asm-generic/unistd.h.
ALLOWED = {
    "read": (0, 63), "write": (1, 64), "rt_sigreturn": (15, 139),
    "clock_gettime": (228, 113), "exit_group": (231, 94)}
KILLED = {
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "clone": (56, 220), "clone3": (435, 435), "fork": (57, None),
    "vfork": (58, None), "socket": (41, 198), "socketpair": (53, 199),
    "connect": (42, 203), "open": (2, None), "openat": (257, 56),
    "openat2": (437, 437), "mmap": (9, 222), "mprotect": (10, 226),
    "mremap": (25, 216), "memfd_create": (319, 279), "bpf": (321, 280),
    "io_uring_setup": (425, 425), "userfaultfd": (323, 282),
    "perf_event_open": (298, 241), "keyctl": (250, 219),
    "unshare": (272, 97), "setns": (308, 268), "kill": (62, 129),
    "tgkill": (234, 131), "rt_sigaction": (13, 134)}
MACHINES = ("x86_64", "aarch64")


def program(machine):
    """The filter: a list of (code, jump if true, jump if false, k)."""
    text = subprocess.run([str(GEN), machine], text=True, check=True,
                          capture_output=True).stdout
    return [tuple(int(word, 0) for word in line.strip(" {},\n").split(","))
            for line in text.splitlines()]


def verdict(code, word, number, first):
    """What the filter says of a call: the few instructions that it has."""
    data = struct.pack("<iIQ6Q", number, word, 0, first, 7, 8, 9, 10, 11)
    a = pc = 0
    while True:
        what, true, false, k = code[pc]
        pc += 1
        if what == 0x20:                        # load a word
            a, = struct.unpack_from("<I", data, k)
        elif what == 0x54:                      # and
            a &= k
        elif what == 0x05:                      # jump
            pc += k
        elif what in (0x15, 0x35, 0x25):        # equal, >=, >
            taken = a == k if what == 0x15 else \
                a >= k if what == 0x35 else a > k
            pc += true if taken else false
        elif what == 0x06:                      # the answer
            return k
        else:
            raise AssertionError(f"an instruction {what:#x}")


@unittest.skipUnless(GEN.exists(), "needs make jail-programs")
class Policy(unittest.TestCase):
    def expected(self, column, number, first):
        allowed = {n[column]: name for name, n in ALLOWED.items()}
        name = allowed.get(number)
        if name in ("read", "write"):
            return ALLOW if first == WIRE_FD else TRAP
        if name == "clock_gettime":
            return ALLOW if first in CLOCKS else TRAP
        if name:
            return ALLOW
        killed = {n[column] for n in KILLED.values()}
        return KILL_PROCESS if number in killed else TRAP

    def test_every_number_of_each_machine(self):
        for column, machine in enumerate(MACHINES):
            code = program(machine)
            for number in range(600):
                for first in (0, 1, 2, 3, 4, 2 ** 32 + 3, 2 ** 64 - 1):
                    self.assertEqual(
                        verdict(code, WORDS[machine], number, first),
                        self.expected(column, number, first),
                        f"{machine}: call {number} of {first}")

    def test_calls_of_other_machines_kill(self):
        for machine in MACHINES:
            code = program(machine)
            for other, word in WORDS.items():
                for number in range(500):
                    if other != machine:
                        self.assertEqual(
                            verdict(code, word, number, WIRE_FD),
                            KILL_PROCESS, f"{machine} asked by {other}")

    def test_numbers_of_x32_and_below_zero(self):
        for machine in MACHINES:
            code = program(machine)
            for number in [-1, -2, -2 ** 31] + [n | 1 << 30
                                                for n in range(500)]:
                self.assertNotEqual(
                    verdict(code, WORDS[machine], number, WIRE_FD), ALLOW)

    def test_a_machine_that_nobody_knows(self):
        for words in (["pdp11"], [], ["x86_64", "aarch64"]):
            done = subprocess.run([str(GEN), *words], text=True,
                                  capture_output=True)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stdout, "")
            self.assertIn("MACHINE", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
