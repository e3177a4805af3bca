/* policy_gen MACHINE: prints the jail's seccomp program for that machine (as
 * `uname -m` says it: x86_64, aarch64) as a C array, from policy.def through
 * libseccomp. It runs at build time, so that the jail needs no library, and
 * asks for the machine, as that one may not be the one that builds: openat is
 * call 257 on x86_64 and 56 on aarch64, which has no open at all. */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/wire.h"

enum policy_gen_kind { KIND_ALLOW, KIND_ALLOW_WITH, KIND_KILL };

static const struct policy_gen_rule {
	const char *name;
	enum policy_gen_kind kind;
	unsigned first;
} rules[] = {
#define ALLOW(name)	      {#name, KIND_ALLOW, 0},
#define ALLOW_WITH(name, arg) {#name, KIND_ALLOW_WITH, arg},
#define KILL(name)	      {#name, KIND_KILL, 0},
#include "sandbox/policy.def"
};

static int
policy_gen_add(scmp_filter_ctx ctx, uint32_t arch,
	const struct policy_gen_rule *r)
{
	/* Rules are told by the numbers of this machine; libseccomp puts those
	 * of the filter's own one in their place. */
	int nr = seccomp_syscall_resolve_name(r->name);
	int there = seccomp_syscall_resolve_name_arch(arch, r->name);

	if (nr == __NR_SCMP_ERROR)
		return -ENOENT;
	if (there < 0) /* not on that machine: the default refuses it */
		return r->kind == KIND_KILL ? 0 : -ENOENT;
	switch (r->kind) {
	case KIND_ALLOW:
		return seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, nr, 0);
	case KIND_ALLOW_WITH:
		return seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, nr, 1,
			SCMP_A0(SCMP_CMP_EQ, r->first));
	case KIND_KILL:
		return seccomp_rule_add_exact(ctx, SCMP_ACT_KILL_PROCESS, nr,
			0);
	}
	return -EINVAL;
}

static int
print_filter(FILE *from, scmp_filter_ctx ctx)
{
	struct sock_filter f;
	int rc = seccomp_export_bpf(ctx, fileno(from));

	if (rc != 0)
		return rc;
	rewind(from);
	while (fread(&f, sizeof(f), 1, from) == 1)
		printf("{0x%04x, %3u, %3u, 0x%08x},\n", f.code, f.jt, f.jf,
			f.k);
	return 0;
}

static int
policy_gen_print(scmp_filter_ctx ctx)
{
	FILE *tmp = tmpfile();
	int rc;

	if (!tmp)
		return -errno;
	rc = print_filter(tmp, ctx);
	fclose(tmp);
	return rc;
}

/* An empty filter for one machine, or NULL. */
static scmp_filter_ctx
policy_gen_open(uint32_t arch)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);

	if (!ctx)
		return NULL;
	if (arch != seccomp_arch_native() &&
		(seccomp_arch_add(ctx, arch) != 0 ||
			seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE) != 0)) {
		seccomp_release(ctx);
		return NULL;
	}
	return ctx;
}

static int
policy_gen_fill(scmp_filter_ctx ctx, uint32_t arch)
{
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
		SCMP_ACT_KILL_PROCESS);

	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		rc = policy_gen_add(ctx, arch, &rules[i]);
		if (rc) {
			fprintf(stderr, "rule %s: ", rules[i].name);
			return rc;
		}
	}
	return policy_gen_print(ctx);
}

int
main(int argc, char **argv)
{
	uint32_t arch = argc == 2 ? seccomp_arch_resolve_name(argv[1]) : 0;
	scmp_filter_ctx ctx;
	int rc;

	if (arch == 0) {
		fputs("usage: policy_gen MACHINE, one that libseccomp knows\n",
			stderr);
		return 1;
	}
	ctx = policy_gen_open(arch);
	rc = ctx ? policy_gen_fill(ctx, arch) : -ENOMEM;
	if (rc)
		fprintf(stderr, "policy_gen: %s\n", strerror(-rc));
	seccomp_release(ctx);
	return rc ? 1 : 0;
}
