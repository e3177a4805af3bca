/* Keeping inboxes in step with what was decided, and expiry.
 *
 * An inbox shows some changes; once one of them is decided it must show it no
 * more: what was rejected is gone, what was approved is main's to change. A
 * branch cannot forget one of its changes, so a new inbox is made: what still
 * waits is copied to it in order, and the old one is discarded. A session reads
 * the inbox that shows its newest waiting change (staged_inbox), so it changes
 * over with the last copy; what it writes meanwhile is behind the others. */
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/vec.h"
#include "memory-db/model/review/review_int.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/branch.h"

struct settling {
	struct call *c;
	int64_t ns, room;
	bool more;
	struct err *e;
};

/* --- what an inbox shows --------------------------------------------------- */
struct shown {
	int64_t *waiting; /* changes, in order; owned */
	size_t n, cap;
	int64_t decided, session;
	struct err *e;
};

static int
add_shown(void *ctx, const struct staged *s)
{
	struct shown *x = ctx;

	x->session = s->session;
	if (s->state != STAGED_WAITING) {
		x->decided++;
		return 0;
	}
	if (vec_room(x->waiting, x->n, x->cap) != 0)
		return err_nomem(x->e);
	x->waiting[x->n++] = s->change;
	return 0;
}

/* The inbox that is being made in the place of another, or a new one: its name
 * has the id of the other, so that a run which was cut off finds it. */
static int
successor(struct settling *x, int64_t old, const struct shown *w, int64_t *ret)
{
	AUTO_BUF struct buf session = {0};
	char own[INBOX_NAME_SIZE], name[INBOX_NAME_SIZE + 24];
	struct store *st = x->c->st;
	int rc = w->session == 0 ? 0
				 : label_text(st, w->session, &session, x->e);

	if (rc < 0 || !buf_str(&session))
		return rc < 0 ? rc : err_nomem(x->e);
	inbox_name(w->session != 0 ? session.data : NULL, own);
	snprintf(name, sizeof(name), "%s~%lld", own, (long long)old);
	rc = lens_branch(st, x->ns, name, ret, x->e);
	if (rc != MDB_E_NOT_FOUND)
		return rc;
	return inbox_create(st, x->ns, name, "memory-db", NULL, ret, x->e);
}

static int
copy_one(struct settling *x, int64_t change, int64_t to)
{
	AUTO_REVIEW_ROW struct review_row r = {.by = NULL};
	int64_t copy;
	int rc = staged_get(x->c->st, change, review_row_copy, &r, x->e);

	if (rc == MDB_E_NOMEM)
		return err_nomem(x->e);
	if (rc == 1)
		rc = review_copy(x->c, &r.s, to, &copy, x->e);
	if (rc != 0)
		return rc;
	x->room -= r.s.facts + 1;
	return staged_set_shown(x->c->st, change, to, x->e);
}

static void
shown_done(struct shown *w)
{
	free(w->waiting);
}

static int
settle_inbox(struct settling *x, int64_t old)
{
	__attribute__((cleanup(shown_done))) struct shown w = {.e = x->e};
	int64_t to = 0;
	size_t done = 0;
	int rc = staged_each_shown(x->c->st, old, add_shown, &w, x->e);

	if (rc != 0)
		return rc;
	if (w.decided == 0)
		return 0;
	if (w.n > 0)
		rc = successor(x, old, &w, &to);
	if (rc != 0)
		return rc;
	while (done < w.n && x->room > 0) {
		rc = copy_one(x, w.waiting[done++], to);
		if (rc != 0)
			return rc;
	}
	if (done < w.n) {
		x->more = true;
		return 0;
	}
	return inbox_discard(x->c->st, x->ns, old, "memory-db", x->e);
}

/* --- all of a namespace --------------------------------------------------- */
struct inbox_ids {
	int64_t *v;
	size_t n, cap;
	struct err *e;
};

static int
add_inbox(void *ctx, const struct branch_row *b)
{
	struct inbox_ids *x = ctx;

	if (b->fork != INBOX_FORK)
		return 0;
	if (vec_room(x->v, x->n, x->cap) != 0)
		return err_nomem(x->e);
	x->v[x->n++] = b->id;
	return 0;
}

static int
settle_inboxes(struct settling *x, const struct inbox_ids *all)
{
	for (size_t i = 0; i < all->n; i++) {
		int rc;

		if (x->room <= 0) {
			x->more = true;
			return 0;
		}
		rc = settle_inbox(x, all->v[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
review_settle(struct call *c, int64_t ns, int64_t room, bool *ret_more,
	struct err *e)
{
	struct settling x = {.c = c, .ns = ns, .room = room, .e = e};
	struct inbox_ids all = {.e = e};
	int rc = branch_each(c->st, ns, add_inbox, &all, e);

	if (rc == 0)
		rc = settle_inboxes(&x, &all);
	free(all.v);
	if (rc != 0)
		return rc;
	rc = review_show_again(c, ns, &x.room, &x.more, e);
	*ret_more = x.more;
	return rc;
}

/* --- expiry --------------------------------------------------------------- */
struct expiring {
	int64_t *v;
	int64_t n, most, before;
};

/* Oldest first, as ids only grow with the time. */
static int
add_expired(void *ctx, const struct staged *s)
{
	struct expiring *x = ctx;

	if (x->n == x->most || s->at > x->before)
		return 1;
	x->v[x->n++] = s->change;
	return 0;
}

int
review_expire(struct store *st, int64_t ns, int64_t now, int64_t most,
	int64_t *ret_n, struct err *e)
{
	AUTO_FREE int64_t *v = calloc((size_t)most + 1, sizeof(*v));
	struct expiring x = {.v = v, .most = most};
	char note[120];
	double days = 0;
	int rc = !v ? err_nomem(e)
		    : settings_number(st, ns, SETTING_review_expires, &days, e);

	*ret_n = 0;
	if (rc != 0 || days <= 0)
		return rc;
	x.before = now - (int64_t)(days * 86400000.0);
	snprintf(note, sizeof(note),
		"nobody decided within %g days (setting review_expires); write "
		"it again if it still holds",
		days);
	rc = staged_each(st, ns, STAGED_WAITING, STAGED_ANY, 0, add_expired, &x,
		e);
	if (rc < 0)
		return rc;
	for (int64_t i = 0; i < x.n; i++) {
		struct staged s = {.change = v[i],
			.state = STAGED_EXPIRED,
			.decided = now,
			.by = "memory-db",
			.note = note};

		rc = staged_decide(st, &s, e);
		if (rc < 0)
			return rc;
	}
	*ret_n = x.n;
	return 0;
}
