/* Names like one that nobody has: what an error tells beside "no entity 'Adda'".
 * Only names that begin with the same character, in either case, are looked at,
 * as most slips are further on. */
#include "memory-db/model/scope/scope.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/text.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"

#define SIMILAR	  3
#define LOOKED_AT 300

struct near {
	struct store *st;
	int64_t ns;
	const char *wanted;
	struct {
		unsigned distance;
		char name[80];
	} best[SIMILAR];
	int n;
	struct err *e;
};

/* Keeps the nearest few, nearest first. */
static void
scope_keep(struct near *x, const char *name, unsigned distance)
{
	int at = x->n;

	for (int i = 0; i < x->n; i++)
		if (strcmp(x->best[i].name, name) == 0)
			return;
	while (at > 0 && x->best[at - 1].distance > distance)
		at--;
	if (at == SIMILAR)
		return;
	if (x->n < SIMILAR)
		x->n++;
	memmove(&x->best[at + 1], &x->best[at],
		(size_t)(x->n - 1 - at) * sizeof(x->best[0]));
	x->best[at].distance = distance;
	snprintf(x->best[at].name, sizeof(x->best[at].name), "%s", name);
}

static int
scope_look(void *ctx, int64_t entity, const char *name)
{
	struct near *x = ctx;
	unsigned limit = 2 + (unsigned)strlen(x->wanted) / 4, d;
	int64_t meant;
	int rc;

	if (strlen(name) >= sizeof(x->best[0].name))
		return 0;
	d = text_distance(x->wanted, name, limit);
	if (d > limit && strncasecmp(x->wanted, name, strlen(x->wanted)) != 0)
		return 0;
	rc = fact_existence(x->st, entity, NULL, NULL, NULL, x->e);
	/* The name may be its own on another branch only. */
	if (rc == 1)
		rc = entity_find(x->st, x->ns, name, strlen(name), &meant,
			x->e);
	if (rc == 1 && meant == entity)
		scope_keep(x, name, d);
	return rc < 0 ? rc : 0;
}

/* Names that begin with the first characters, in either case. */
static int
look_around(struct near *x, int64_t ns)
{
	size_t n = text_cut(x->wanted,
		strlen(x->wanted) < 2 ? strlen(x->wanted) : 2);
	char prefix[8] = "";
	int rc = 0;

	x->ns = ns;
	for (int upper = 0; upper < 2; upper++) {
		memcpy(prefix, x->wanted, n);
		if (prefix[0] >= 'a' && prefix[0] <= 'z' && upper)
			prefix[0] = (char)(prefix[0] - 'a' + 'A');
		else if (prefix[0] >= 'A' && prefix[0] <= 'Z' && upper)
			prefix[0] = (char)(prefix[0] - 'A' + 'a');
		rc = entity_near(x->st, ns, prefix, n > 1 ? n - 1 : n,
			LOOKED_AT, scope_look, x, x->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
look_everywhere(struct near *x, const struct scope *s)
{
	for (int i = 0; i < s->n; i++) {
		int rc = s->ns[i] == 0 ? 0 : look_around(x, s->ns[i]);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int
scope_similar_names(struct store *st, const struct scope *s, const char *name,
	json_t **ret_names, struct err *e)
{
	struct near x = {.st = st, .wanted = name, .e = e};
	AUTO_JSON json_t *names = json_array();
	int rc = look_everywhere(&x, s);

	if (rc != 0)
		return rc;
	for (int i = 0; i < x.n; i++)
		if (json_array_append_new(names, json_string(x.best[i].name)) !=
			0)
			return err_nomem(e);
	if (!names)
		return err_nomem(e);
	*ret_names = take_ptr(names);
	return 0;
}

int
scope_similar(struct store *st, const struct scope *s, const char *name,
	struct buf *out, struct err *e)
{
	struct near x = {.st = st, .wanted = name, .e = e};
	int rc = look_everywhere(&x, s);

	if (rc != 0)
		return rc;
	for (int i = 0; i < x.n; i++)
		if (buf_addf(out, "%s'%s'", i > 0 ? ", " : "",
			    x.best[i].name) != 0)
			return err_nomem(e);
	return 0;
}
