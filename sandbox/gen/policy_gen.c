/* Prints the jail's seccomp program as a C array, from policy.def through
 * libseccomp; run at build time, so that the jail needs no library. */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/wire.h"

enum kind { KIND_ALLOW, KIND_ALLOW_WITH, KIND_KILL };

static const struct rule {
	const char *name;
	enum kind kind;
	unsigned first;
} rules[] = {
#define ALLOW(name)	      {#name, KIND_ALLOW, 0},
#define ALLOW_WITH(name, arg) {#name, KIND_ALLOW_WITH, arg},
#define KILL(name)	      {#name, KIND_KILL, 0},
#include "sandbox/policy.def"
};

static int
policy_gen_add(scmp_filter_ctx ctx, const struct rule *r)
{
	int nr = seccomp_syscall_resolve_name(r->name);

	if (nr < 0) /* not on this architecture: the default refuses it */
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
policy_gen_print(scmp_filter_ctx ctx)
{
	struct sock_filter f;
	FILE *tmp = tmpfile();
	int rc;

	if (!tmp)
		return -errno;
	rc = seccomp_export_bpf(ctx, fileno(tmp));
	rewind(tmp);
	while (rc == 0 && fread(&f, sizeof(f), 1, tmp) == 1)
		printf("{0x%04x, %3u, %3u, 0x%08x},\n", f.code, f.jt, f.jf,
			f.k);
	fclose(tmp);
	return rc;
}

int
main(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	int rc = ctx ? 0 : -ENOMEM;

	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
			SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; rc == 0 && i < sizeof(rules) / sizeof(rules[0]);
		i++) {
		rc = policy_gen_add(ctx, &rules[i]);
		if (rc)
			fprintf(stderr, "rule %s: ", rules[i].name);
	}
	if (rc == 0)
		rc = policy_gen_print(ctx);
	if (rc)
		fprintf(stderr, "policy_gen: %s\n", strerror(-rc));
	return rc ? 1 : 0;
}
