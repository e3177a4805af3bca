#include "mcp-server/profile.h"

#include <string.h>

struct profile_name {
	const char *name;
	unsigned set;
};

/* `all` is everything but what belongs to the operator. */
static const struct profile_name names[] = {
	{"default", TP_DEFAULT},
	{"compat", TP_COMPAT},
	{"history", TP_HISTORY},
	{"admin", TP_ADMIN},
	{"skills", TP_SKILLS},
	{"all", TP_DEFAULT | TP_HISTORY | TP_SKILLS},
};

static const struct profile_name *
find(const char *s, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i].name) == n &&
			memcmp(names[i].name, s, n) == 0)
			return &names[i];
	return NULL;
}

int
profile_read(const char *text, struct profile *ret, struct err *e)
{
	struct profile p = {0, false, false};
	const char *s = text;

	for (;;) {
		size_t n = strcspn(s, ",");
		size_t lead = strspn(s, " ");
		const struct profile_name *found;

		lead = lead < n ? lead : n;
		s += lead;
		n -= lead;
		while (n > 0 && s[n - 1] == ' ')
			n--;
		found = find(s, n);
		if (!found)
			return err_param(e, MDB_E_INVALID, "tools",
				"no tool profile '%.*s'; known are default, "
				"compat, history, skills, admin and all, combined by "
				"commas", (int)n, s);
		p.set |= found->set;
		s += strcspn(s, ",");
		if (*s == '\0')
			break;
		s++;
	}
	p.compat = (p.set & TP_COMPAT) != 0;
	p.history = (p.set & TP_HISTORY) != 0;
	*ret = p;
	return 0;
}

bool
profile_has(const struct profile *p, const struct tool *t)
{
	return (t->profiles & p->set) != 0;
}
