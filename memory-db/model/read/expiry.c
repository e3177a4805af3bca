/* See expiry.h. */
#include "memory-db/model/read/expiry.h"

#include "memory-db/store/beside/curated.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/change.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
/* As long as curation leaves alone what an undo brought back. */
#define HELD_MS (30 * DAY_MS)

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

/* Did an undo bring it back lately? */
static int
is_held(const struct expiry *x, int64_t entity, bool *ret, struct err *e)
{
	int64_t value, since, at = 0, kind = 0;
	int rc = branch_attr(x->st, entity, ATTR_EXPIRES, lens_of(x->st),
		&value, &since, e);

	*ret = false;
	if (rc || since == 0)
		return rc;
	rc = curated_change(x->st, since, &at, &kind, e);
	*ret = (kind == CHANGE_UNDO || kind == CHANGE_REVERT) &&
	       x->now - at < HELD_MS;
	return rc;
}

int
expiry_is_over(const struct expiry *x, int64_t entity, struct err *e)
{
	int64_t at = 0, pin = 0;
	bool held = false;
	int rc;

	if (x->newest == 0)
		return 0;
	rc = attr_get(x->st, entity, ATTR_EXPIRES, &at, e);
	if (rc || at <= 0 || at > x->now)
		return rc;
	rc = attr_get(x->st, entity, ATTR_PIN, &pin, e);
	if (rc || pin != 0)
		return rc;
	rc = is_held(x, entity, &held, e);
	return rc ? rc : !held;
}
