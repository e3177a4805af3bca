/* Names of tool profiles. */
#include "common/contract/profiles.h"

#include <stdio.h>
#include <string.h>

struct profile_name {
	const char *name;
	unsigned set;
};

/* `all` is everything but what belongs to the operator. It is no profile of
 * its own and stands last, so that a set is told by the others. */
static const struct profile_name names[] = {
	{"default", TP_DEFAULT},
	{"compat", TP_COMPAT},
	{"history", TP_HISTORY},
	{"admin", TP_ADMIN},
	{"skills", TP_SKILLS},
	{"order", TP_ORDER},
	{"all", TP_DEFAULT | TP_HISTORY | TP_SKILLS | TP_ORDER},
};
#define SINGLE (ARRAY_LEN(names) - 1)

static const struct profile_name *
profiles_find(const char *s, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i].name) == n &&
			memcmp(names[i].name, s, n) == 0)
			return &names[i];
	return NULL;
}

/* The next name of a list, without the spaces around it; the rest, or NULL
 * behind the last. */
static const char *
profiles_next_name(const char *s, const char **ret_name, size_t *ret_n)
{
	size_t n = strcspn(s, ",");
	size_t lead = strspn(s, " ");
	const char *rest = s[n] == ',' ? s + n + 1 : NULL;

	lead = lead < n ? lead : n;
	s += lead;
	n -= lead;
	while (n > 0 && s[n - 1] == ' ')
		n--;
	*ret_name = s;
	*ret_n = n;
	return rest;
}

int
profiles_read(const char *text, unsigned *ret_set, struct err *e)
{
	unsigned set = 0;

	while (text) {
		const struct profile_name *found;
		const char *name;
		size_t n;

		text = profiles_next_name(text, &name, &n);
		found = profiles_find(name, n);
		if (!found)
			return err_param(e, MDB_E_INVALID, "tools",
				"no tool profile '%.*s'; known are default, "
				"compat, history, skills, order, admin and all, "
				"combined by commas",
				(int)n, name);
		set |= found->set;
	}
	*ret_set = set;
	return 0;
}

unsigned
profiles_known(const char *text)
{
	unsigned set = 0;

	while (text) {
		const struct profile_name *found;
		const char *name;
		size_t n;

		text = profiles_next_name(text, &name, &n);
		found = profiles_find(name, n);
		set |= found ? found->set : 0;
	}
	return set;
}

void
profiles_text(unsigned set, char out[PROFILES_TEXT])
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < SINGLE; i++) {
		if (!(names[i].set & set))
			continue;
		at += (size_t)snprintf(out + at, PROFILES_TEXT - at, "%s%s",
			at > 0 ? "," : "", names[i].name);
	}
}
