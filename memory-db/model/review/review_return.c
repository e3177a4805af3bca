/* An approval that is undone.
 *
 * What main had taken is taken back, so the staged changes wait again, as if
 * nobody had decided: they are listed, worked out against main as it is now, and
 * read by their agents. For example change 41 of session s1 was approved as
 * change 50 of main:
 *
 *   undo of 50            row 41: approved -> waiting, applied 50 -> none
 *   the next settling     a copy of 41 in the inbox of s1, which reads it again
 *
 * An undo of that undo brings back what 50 did; change 41 is then told as
 * dissolved, as main has all of it. */
#include <stdlib.h>

#include "common/buf.h"
#include "common/vec.h"
#include "memory-db/model/review/review_int.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/log/log.h"

/* --- the rows ------------------------------------------------------------- */
struct returning {
	struct store *st;
	int64_t change; /* of main, undone */
	int64_t ns, session;
	bool is_merge;
	int64_t staged; /* the row that it was; 0: none */
	struct err *e;
};

static int
get_undone(void *ctx, const struct log_change *c)
{
	struct returning *x = ctx;

	x->ns = c->ns;
	x->session = c->session;
	x->is_merge = c->kind == CHANGE_MERGE;
	return 0;
}

static int
review_return_find_row(void *ctx, const struct staged *s)
{
	struct returning *x = ctx;

	if (s->applied != x->change)
		return 0;
	x->staged = s->change;
	return 1;
}

static int
return_one(struct returning *x)
{
	/* No function is asked of it again (review_script.h). */
	struct staged s = {.state = STAGED_WAITING,
		.by = "memory-db",
		.note = "its approval was undone"};
	int rc = log_get(x->st, x->change, get_undone, x, x->e);

	if (rc != 1 || !x->is_merge)
		return rc < 0 ? rc : 0;
	rc = staged_each_applied(x->st, x->ns, x->session, x->change - 1,
		review_return_find_row, x, x->e);
	if (rc != 1)
		return rc;
	s.change = x->staged;
	rc = staged_decide(x->st, &s, x->e);
	return rc ? rc : 1;
}

int
review_return(struct call *c, int64_t ns, const struct idset *undone,
	int64_t *ret_n, struct err *e)
{
	bool more;

	*ret_n = 0;
	for (size_t i = 0; i < undone->cap; i++) {
		struct returning x = {.st = c->st,
			.change = undone->slots[i].id,
			.e = e};
		int rc = x.change == 0 ? 0 : return_one(&x);

		if (rc < 0)
			return rc;
		*ret_n += rc;
	}
	if (*ret_n == 0)
		return 0;
	/* What is left of it the background does. */
	return review_settle(c, ns, LIMIT_REVIEW_SETTLE, &more, e);
}

/* --- shown again ---------------------------------------------------------- */
struct unshown {
	struct { /* in order */
		int64_t change, session;
	} * v; /* owned */
	size_t n, cap;
	struct err *e;
};

static int
add_unshown(void *ctx, const struct staged *s)
{
	struct unshown *x = ctx;

	if (s->shown != 0)
		return 0;
	if (vec_room(x->v, x->n, x->cap) != 0)
		return err_nomem(x->e);
	x->v[x->n].change = s->change;
	x->v[x->n++].session = s->session;
	return 0;
}

/* The inbox of a session, made when it has none. */
static int
open_inbox(struct call *c, int64_t ns, int64_t session, int64_t *ret,
	struct err *e)
{
	AUTO_BUF struct buf name = {0};
	struct context ctx = {.namespace_ = c->ctx->namespace_,
		.branch = "main",
		.client = "memory-db",
		.is_agent = true};
	int rc = session == 0 ? 0 : label_text(c->st, session, &name, e);

	if (rc < 0)
		return rc;
	if (!buf_str(&name))
		return err_nomem(e);
	ctx.session = session != 0 ? name.data : NULL;
	return inbox_open(c->st, &ctx, ns, ret, e);
}

static int
show_one(struct call *c, int64_t ns, int64_t change, int64_t session,
	int64_t *room, struct err *e)
{
	AUTO_REVIEW_ROW struct review_row r = {.by = NULL};
	int64_t inbox = 0, copy;
	int rc = staged_get(c->st, change, review_row_copy, &r, e);

	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 1)
		return rc;
	rc = open_inbox(c, ns, session, &inbox, e);
	if (rc ==
		MDB_E_CONFLICT) /* a branch is in its way: listed, not shown */
		return 0;
	if (rc)
		return rc;
	rc = review_copy(c, &r.s, inbox, &copy, e);
	if (rc)
		return rc;
	*room -= r.s.facts + 1;
	return staged_set_shown(c->st, change, inbox, e);
}

static void
unshown_done(struct unshown *x)
{
	free(x->v);
}
#define AUTO_UNSHOWN __attribute__((cleanup(unshown_done)))

int
review_show_again(struct call *c, int64_t ns, int64_t *room, bool *ret_more,
	struct err *e)
{
	AUTO_UNSHOWN struct unshown x = {.e = e};
	size_t done = 0;
	int rc = staged_each(c->st, ns, STAGED_WAITING, STAGED_ANY, 0,
		add_unshown, &x, e);

	if (rc != 0)
		return rc;
	for (; done < x.n; done++) {
		if (*room <= 0) {
			*ret_more = true;
			return 0;
		}
		rc = show_one(c, ns, x.v[done].change, x.v[done].session, room,
			e);
		if (rc != 0)
			return rc;
	}
	return 0;
}
