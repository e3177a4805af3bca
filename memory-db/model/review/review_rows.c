/* Rows of staged changes: copies, and how changes lead to them. */
#include <stdlib.h>
#include <string.h>

#include "memory-db/model/review/review_int.h"
#include "memory-db/store/log/log.h"

void
review_row_done(struct review_row *r)
{
	free(r->by);
	free(r->note);
	*r = (struct review_row){.by = NULL};
}

int
review_row_copy(void *ctx, const struct staged *s)
{
	struct review_row *r = ctx;

	review_row_done(r);
	r->s = *s;
	r->by = s->by ? strdup(s->by) : NULL;
	r->note = s->note ? strdup(s->note) : NULL;
	r->s.by = r->by;
	r->s.note = r->note;
	return (s->by && !r->by) || (s->note && !r->note) ? MDB_E_NOMEM : 0;
}

/* --- which staged change a change is -------------------------------------- */
struct origin_of {
	int64_t about;
	bool is_waiting;
};

static int
get_copy(void *ctx, const struct log_change *c)
{
	struct origin_of *x = ctx;

	x->about = c->kind == CHANGE_CURATE ? c->about : 0;
	return 0;
}

static int
get_waiting(void *ctx, const struct staged *s)
{
	((struct origin_of *)ctx)->is_waiting = s->state == STAGED_WAITING;
	return 0;
}

int
review_origin(struct store *st, int64_t change, int64_t *ret, struct err *e)
{
	struct origin_of x = {0, false};
	int rc = staged_get(st, change, get_waiting, &x, e);

	*ret = 0;
	if (rc == 0) {
		rc = log_get(st, change, get_copy, &x, e);
		if (rc == 1 && x.about != 0) {
			change = x.about;
			rc = staged_get(st, change, get_waiting, &x, e);
		}
	}
	if (rc < 0)
		return rc;
	if (x.is_waiting)
		*ret = change;
	return 0;
}

struct own_changes {
	struct idset *set;
	struct err *e;
};

static int
add_own(void *ctx, const struct staged *s)
{
	struct own_changes *x = ctx;

	return !idset_put(x->set, s->applied) ? err_nomem(x->e) : 0;
}

int
review_own(struct store *st, const struct staged *s, struct idset *ret,
	struct err *e)
{
	struct own_changes x = {ret, e};

	return staged_each_applied(st, s->ns, s->session, s->change, add_own,
		&x, e);
}
