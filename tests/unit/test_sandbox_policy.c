/* The seccomp program of the jail against the table it was made from: it is
 * run here on every call number, three architectures and odd arguments. */
#include "tests/lib/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "common/cleanup.h"
#include "sandbox/wire.h"

static const struct sock_filter program[] = {
#include "build/jail/gen/policy.inc"
};

enum kind { ALLOWED, ALLOWED_WITH, KILLED };
static const struct {
	const char *name;
	long nr;
	enum kind kind;
	uint64_t first;
} table[] = {
#define ALLOW(name)	      {#name, SYS_##name, ALLOWED, 0},
#define ALLOW_WITH(name, arg) {#name, SYS_##name, ALLOWED_WITH, arg},
#define KILL(name)	      {#name, SYS_##name, KILLED, 0},
#include "sandbox/policy.def"
};

/* The few instructions of classic BPF that libseccomp emits; anything else
 * fails the test. */
static uint32_t
run(const struct seccomp_data *data)
{
	uint32_t a = 0;
	bool taken;

	for (size_t pc = 0; pc < ARRAY_LEN(program); pc++) {
		const struct sock_filter *f = &program[pc];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(f->k + 4 <= sizeof(*data));
			memcpy(&a, (const char *)data + f->k, 4);
			continue;
		case BPF_RET | BPF_K:
			return f->k;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = a == f->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = a >= f->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = a > f->k;
			break;
		default:
			fail_msg("an instruction of code %#x", f->code);
			return 0;
		}
		pc += taken ? f->jt : f->jf;
	}
	fail_msg("the program ends without a verdict");
	return 0;
}

static uint32_t
verdict(uint32_t arch, long nr, uint64_t first)
{
	struct seccomp_data data = {.nr = (int)nr,
		.arch = arch,
		.args = {first, 7, 8, 9, 10, 11}};

	return run(&data);
}

#ifdef __x86_64__
#define OURS AUDIT_ARCH_X86_64
#else
#define OURS AUDIT_ARCH_AARCH64
#endif

static uint32_t
wanted(long nr, uint64_t first)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].nr != nr)
			continue;
		switch (table[i].kind) {
		case ALLOWED:
			return SECCOMP_RET_ALLOW;
		case ALLOWED_WITH:
			if (first == table[i].first)
				return SECCOMP_RET_ALLOW;
			continue;
		case KILLED:
			return SECCOMP_RET_KILL_PROCESS;
		}
	}
	return SECCOMP_RET_TRAP;
}

static void
test_every_call(void **state)
{
	static const uint64_t firsts[] = {0, 1, 2, 3, 4, UINT32_MAX,
		(UINT64_C(1) << 32) + 3, UINT64_MAX, UINT64_C(3) << 32};
	int allowed = 0;

	(void)state;
	for (long nr = -10; nr < 2000; nr++) {
		bool is_x32 = nr < 0; /* as unsigned: bit 30 and above */

		for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
			uint32_t v = verdict(OURS, nr, firsts[i]);

			if (is_x32)
				assert_int_not_equal(v, SECCOMP_RET_ALLOW);
			else
				assert_int_equal(v, wanted(nr, firsts[i]));
			allowed += v == SECCOMP_RET_ALLOW;
		}
	}
	/* two with any of the nine, read and write with one, three clocks */
	assert_int_equal(allowed, 2 * (int)ARRAY_LEN(firsts) + 2 + 3);
}

static void
test_other_entries(void **state)
{
	(void)state;
	for (long nr = 0; nr < 1000; nr++) {
		assert_int_equal(verdict(AUDIT_ARCH_I386, nr, WIRE_FD),
			SECCOMP_RET_KILL_PROCESS);
		assert_int_equal(verdict(AUDIT_ARCH_ARM, nr, WIRE_FD),
			SECCOMP_RET_KILL_PROCESS);
		assert_int_equal(verdict(0, nr, WIRE_FD),
			SECCOMP_RET_KILL_PROCESS);
#ifdef __x86_64__
		/* x32 has the architecture of x86-64 and a bit in the number */
		assert_int_not_equal(verdict(OURS, nr | 0x40000000, WIRE_FD),
			SECCOMP_RET_ALLOW);
#endif
	}
}

static void
test_table(void **state)
{
	int calls = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		bool is_new = true;

		for (size_t k = 0; k < i; k++) {
			if (table[i].nr != table[k].nr)
				continue;
			is_new = false;
			assert_int_equal(table[i].kind, ALLOWED_WITH);
			assert_int_equal(table[k].kind, ALLOWED_WITH);
			assert_int_not_equal(table[i].first, table[k].first);
		}
		calls += is_new && table[i].kind != KILLED;
	}
	assert_int_equal(calls, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_call),
		cmocka_unit_test(test_other_entries),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
