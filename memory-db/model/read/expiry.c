/* See expiry.h. */
#include "memory-db/model/read/expiry.h"

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
