/* Facts that were confirmed by themselves.
 *
 * An entity with three facts has one of them confirmed today:
 *
 *   deploy   "needs two approvals"     a year old, confirmed today: 1
 *            "runs on Fridays"         a year old: 0.03
 *            "takes ten minutes"       a year old: 0.03
 *
 * When that was stands in the note of the fact. A note costs a look, so only facts
 * of entities are asked of which any was confirmed so: their attribute says it,
 * which is read with the entity. */
#include "memory-db/model/recall/recall_internal.h"

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/read/fact_tags.h"

/* What is not a time of the past says nothing. */
static int64_t
time_in(const struct recalling *r, const json_t *note)
{
	const char *text = jx_text(note, CONFIRMED_MEMBER);
	struct err why = {0};
	int64_t at = 0;

	if (!text ||
		clock_parse(text, r->request->now, 0, false, &at, &why) != 0)
		return 0;
	return at > 0 && at <= r->request->now ? at : 0;
}

int
recall_confirmed(struct recalling *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct recall_candidate *c = &r->c[i];
		AUTO_JSON json_t *note = NULL;
		int rc;

		if (c->name < 0 || r->names[c->name].e.fact_confirmed_at == 0)
			continue;
		rc = fact_tags_metadata(r->st, r->names[c->name].id, c->fact,
			&note, r->e);
		if (rc < 0)
			return rc;
		c->confirmed_at = time_in(r, note);
	}
	return 0;
}
