#include "memory-db/model/order/learn.h"

#include <stdlib.h>

#include "common/jx.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/scope/settings.h"

/* The newest resolutions that are looked at; some 30 us each. */
#define LOOKED 100

struct learning {
	struct store *st;
	json_t *times, *known; /* phrase: how often; the setting */
	struct err *e;
};

/* One resolution that kept both. */
static int
learn_count_row(struct learning *x, const struct queue_row *r)
{
	AUTO_QUEUE_SIDE struct queue_side ours = {0}, theirs = {0};
	struct fact_verdict v = {0};
	int64_t n;
	int rc = queue_sides(x->st, &r->c, &ours, &theirs, x->e);

	if (rc != 1)
		return rc;
	rc = queue_compare(&ours, &theirs, &v, x->e);
	buf_done(&v.reason);
	if (rc || v.attribute[0] == '\0' ||
		json_object_get(x->known, v.attribute))
		return rc;
	n = json_integer_value(json_object_get(x->times, v.attribute));
	return jx_set(x->times, v.attribute, json_integer(n + 1)) != 0
		       ? err_nomem(x->e)
		       : 0;
}

static int
count_kept(struct learning *x, const struct queue_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = rows[i].decision == DECIDED_KEEP_BOTH
				 ? learn_count_row(x, &rows[i])
				 : 0;

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
learn_count_rows(struct learning *x, const struct scope *scope)
{
	struct queue_filter f = {.state = QUEUE_RESOLVED,
		.kind = CONFLICT_UPDATE,
		.before = INT64_MAX};
	struct queue_row *rows = calloc(LOOKED, sizeof(*rows));
	int64_t next = 0;
	size_t n = 0;
	int rc;

	if (!rows)
		return err_nomem(x->e);
	rc = queue_page(x->st, scope, &f, LOOKED, rows, &n, &next, x->e);
	if (rc == 0)
		rc = count_kept(x, rows, n);
	for (size_t i = 0; i < n; i++)
		queue_row_done(&rows[i]);
	free(rows);
	return rc;
}

int
learn_attributes(struct store *st, const struct scope *scope, json_t **ret,
	struct err *e)
{
	AUTO_JSON json_t *times = json_object(), *found = json_object();
	AUTO_JSON json_t *known = NULL;
	struct learning x = {.st = st, .times = times, .e = e};
	struct scope first = *scope;
	const char *phrase;
	json_t *n;
	int rc;

	*ret = NULL;
	first.n = 1;
	if (!times || !found)
		return err_nomem(e);
	rc = settings_get(st, scope->ns[0], SETTING_attributes, &known, e);
	if (rc)
		return rc;
	x.known = known;
	rc = learn_count_rows(&x, &first);
	if (rc)
		return rc;
	json_object_foreach(times, phrase, n)
		if (json_integer_value(n) >= LEARN_TIMES &&
			jx_set(found, phrase, json_string("multi")) != 0)
			return err_nomem(e);
	if (json_object_size(found) > 0)
		*ret = take_ptr(found);
	return 0;
}
