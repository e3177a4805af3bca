/* Which entities are over, for one read; expiry.h has the idea. A read begins
 * by asking whether anything expires at all (one number); only then are ends
 * looked up entity by entity. */
#include "memory-db/model/read/expiry.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/facts.h"

/* Does the lens end at the newest change? */
static int
is_present(struct store *st, bool *ret, struct err *e)
{
	const struct lens *lens = lens_of(st);
	int64_t newest = 0;
	int rc;

	*ret = lens->now;
	if (lens->now)
		return 0;
	rc = lens_newest(st, &newest, e);
	*ret = lens->n > 0 && lens->level[0].limit >= newest;
	return rc;
}

int
expiry_begin(struct store *st, int64_t now, struct expiry *ret, struct err *e)
{
	bool present = false;
	int rc;

	*ret = (struct expiry){.st = st, .now = now};
	rc = curated_due(st, now, &ret->newest, e);
	if (rc || ret->newest == 0)
		return rc;
	rc = is_present(st, &present, e);
	if (!present)
		ret->newest = 0;
	return rc;
}

int
expiry_is_over(const struct expiry *x, int64_t entity, struct err *e)
{
	int64_t at = 0, pin = 0;
	int rc;

	if (x->newest == 0)
		return 0;
	rc = attr_get(x->st, entity, ATTR_EXPIRES, &at, e);
	if (rc || at <= 0 || at > x->now)
		return rc;
	rc = attr_get(x->st, entity, ATTR_PIN, &pin, e);
	return rc ? rc : pin == 0;
}

/* --- single facts --------------------------------------------------------- */
/* Cheap where there is none, as with most metadata. */
bool
expiry_of_note(const struct fact *f, int64_t *ret)
{
	AUTO_JSON json_t *note = NULL;
	char again[CLOCK_TEXT_SIZE];
	const char *text;

	if (f->kind != FACT_NOTE || f->erased ||
		!memmem(f->text, f->text_n, "\"" EXPIRY_MEMBER "\"",
			sizeof("\"" EXPIRY_MEMBER "\"") - 1))
		return false;
	note = jx_parse(f->text, f->text_n, NULL);
	text = jx_text(note, EXPIRY_MEMBER);
	if (!text || clock_parse_in(text, 0, "", false, ret, NULL) != 0)
		return false;
	clock_format(*ret, again);
	return *ret > 0 && strcmp(text, again) == 0;
}

struct expiry_ending {
	int64_t now;
	bool is_over;
};

static int
look_at_end(void *ctx, const struct fact *f)
{
	struct expiry_ending *x = ctx;
	int64_t at = 0;

	if (expiry_of_note(f, &at) && at <= x->now)
		x->is_over = true;
	return 0;
}

/* May facts of the entity be over? Asked of the same one again and again. */
static int
expires_facts(struct expiry *x, int64_t entity, bool *ret, struct err *e)
{
	int64_t at = 0, pin = 0;
	bool is_over;
	int rc;

	*ret = x->has_over;
	if (x->entity == entity)
		return 0;
	x->entity = 0;
	rc = attr_get(x->st, entity, ATTR_FACT_EXPIRES, &at, e);
	if (rc != 0)
		return rc;
	is_over = at > 0 && at <= x->now;
	if (is_over)
		rc = attr_get(x->st, entity, ATTR_PIN, &pin, e);
	if (rc != 0)
		return rc;
	x->entity = entity;
	*ret = x->has_over = is_over && pin == 0;
	return 0;
}

int
expiry_fact_is_over(struct expiry *x, int64_t entity, int64_t fact,
	struct err *e)
{
	struct expiry_ending end = {.now = x->now};
	bool some = false;
	int rc;

	if (x->newest == 0)
		return 0;
	rc = expires_facts(x, entity, &some, e);
	if (rc || !some)
		return rc;
	rc = fact_each_mark(x->st, entity, fact, 1u << FACT_NOTE, look_at_end,
		&end, e);
	return rc < 0 ? rc : end.is_over;
}
