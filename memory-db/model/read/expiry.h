/* What is not to be given any more, because its time to live is over.
 *
 * An entity may be stored with an end: `{"name": "parking", "ttl_days": 7}`. Its
 * time stands in ATTR_EXPIRES. When it has come, recall, search and the graph
 * leave the entity out at once; the rule `expire` of curation hides it a little
 * later, by a change. Nothing is lost: history and `as_of` tell of it, an undo of
 * that change makes it as it was, and without an end (`expires_at: "never"`) it is
 * given again. A pinned entity does not expire. */
#ifndef MODEL_READ_EXPIRY_H
#define MODEL_READ_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

#define EXPIRY_MEMBER "expires_at" /* of the metadata of a fact */

struct fact;
struct store;

/* What is due in a database, of the present: asked once a read. */
struct expiry {
	struct store *st;
	int64_t now;
	int64_t newest; /* time of what expired last; 0: nothing is due */
	int64_t entity; /* that was asked about last for facts of it; */
	bool has_over;	/* some of them may be over */
};
/* Under the lens applied: of a past state nothing is due. */
int expiry_begin(struct store *st, int64_t now, struct expiry *ret,
	struct err *e) MUST_CHECK;
/* Has the time of the entity come? 1, 0 or negative. Costs nothing where
 * nothing is due. */
int expiry_is_over(const struct expiry *x, int64_t entity, struct err *e)
	MUST_CHECK;
/* The same for one fact of the entity, whose metadata has an end. */
int expiry_fact_is_over(struct expiry *x, int64_t entity, int64_t fact,
	struct err *e) MUST_CHECK;

/* The end that a note says, as write_expiry_fact writes it; false: none. What
 * else the metadata of a person has under that name is no end. */
bool expiry_of_note(const struct fact *f, int64_t *ret);

#endif
