/* Shared by the files of this room. */
#ifndef MODEL_REVIEW_REVIEW_INT_H
#define MODEL_REVIEW_REVIEW_INT_H

#include "memory-db/model/review/review.h"
#include "memory-db/model/scope/idset.h"

/* A row with texts of its own. */
struct review_row {
	struct staged s;
	char *by, *note;
};
void review_row_done(struct review_row *r);
#define AUTO_REVIEW_ROW __attribute__((cleanup(review_row_done)))
/* A staged_fn; ctx: struct review_row. MDB_E_NOMEM. */
int review_row_copy(void *ctx, const struct staged *s) MUST_CHECK;

/* The staged change that a change on an inbox is, or was made anew from; 0:
 * none that waits. */
int review_origin(struct store *st, int64_t change, int64_t *ret, struct err *e)
	MUST_CHECK;
/* Changes of main that took other changes of the session of s after s was
 * written. */
int review_own(struct store *st, const struct staged *s, struct idset *ret,
	struct err *e) MUST_CHECK;

/* The same change on another inbox, where it was on none: there it stands above
 * main as it is now. */
int review_copy(struct call *c, const struct staged *s, int64_t inbox,
	int64_t *ret_change, struct err *e) MUST_CHECK;

/* What waits again and is in no inbox is shown in that of its session. At most
 * about *room facts; *ret_more is set when something is left. Writer. */
int review_show_again(struct call *c, int64_t ns, int64_t *room, bool *ret_more,
	struct err *e) MUST_CHECK;

#endif
