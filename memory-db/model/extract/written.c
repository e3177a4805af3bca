/* Names as the text writes them. Facts are compared by names in lower case ("kasia"),
 * and kept under the name as it stands there first with a capital ("Kasia"). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "memory-db/model/extract/internal.h"

/* Names that are looked for in a text; those behind keep lower case. */
#define WRITTEN_NAMES 40

static bool
is_edge(const char *s, size_t n, size_t at)
{
	return at >= n ||
	       !(isalnum((unsigned char)s[at]) || (unsigned char)s[at] >= 0x80);
}

/* Where the name stands with a capital as words of its own; NULL: nowhere. */
static const char *
find_capital(const char *s, size_t n, const char *name)
{
	size_t k = strlen(name);
	int first = toupper((unsigned char)name[0]);

	for (size_t at = 0; at + k <= n;) {
		const char *p = memchr(s + at, first, n - at - k + 1);

		if (!p)
			return NULL;
		at = (size_t)(p - s);
		if (strncasecmp(p, name, k) == 0 && is_edge(s, n, at + k) &&
			(at == 0 || is_edge(s, n, at - 1)))
			return p;
		at++;
	}
	return NULL;
}

static char *
written(const struct extract_request *q, const char *subject)
{
	const char *found = NULL;

	/* Who nobody named, and the project, are called as the caller does. */
	if (strcasecmp(subject, q->project) == 0)
		return strdup(q->project);
	if (strcasecmp(subject, q->user) == 0)
		return strdup(q->user);
	if (subject[0] != '\0')
		found = find_capital(q->text, q->n, subject);
	return found ? strndup(found, strlen(subject)) : strdup(subject);
}

int
written_names(const struct extract_request *q, struct extraction *x,
	struct err *e)
{
	int looked = 0;

	for (size_t i = 0; i < x->n; i++) {
		struct extracted *f = &x->v[i];

		for (size_t k = 0; k < i && !f->name; k++)
			if (strcmp(x->v[k].subject, f->subject) == 0)
				f->name = strdup(x->v[k].name);
		if (!f->name)
			f->name = looked++ < WRITTEN_NAMES
					  ? written(q, f->subject)
					  : strdup(f->subject);
		if (!f->name)
			return err_nomem(e);
	}
	return 0;
}
