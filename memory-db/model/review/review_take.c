/* Taking a staged change over to main, and keeping inboxes in step with what
 * was decided. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "memory-db/model/review/review_int.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/time/merge.h"
#include "memory-db/model/write/write.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/log.h"

/* --- who wrote it --------------------------------------------------------- */
/* The change on main is the agent's: sessions, history and undo of a session
 * find it there. */
struct author {
	struct store *st;
	struct buf namespace_, actor, client, session;
	struct err *e;
};

static void
author_done(struct author *a)
{
	buf_done(&a->namespace_);
	buf_done(&a->actor);
	buf_done(&a->client);
	buf_done(&a->session);
}

static int
author_label(struct author *a, int64_t label, struct buf *out)
{
	int rc = label == 0 ? 0 : label_text(a->st, label, out, a->e);

	return rc < 0 ? rc : 0;
}

static int
author_get(void *ctx, const struct log_change *c)
{
	struct author *a = ctx;
	int rc = namespace_name(a->st, c->ns, &a->namespace_, a->e);

	if (rc >= 0)
		rc = author_label(a, c->actor, &a->actor);
	if (rc == 0)
		rc = author_label(a, c->client, &a->client);
	if (rc == 0)
		rc = author_label(a, c->session, &a->session);
	if (rc == 0 && (!buf_str(&a->namespace_) || !buf_str(&a->actor) ||
			       !buf_str(&a->client) || !buf_str(&a->session)))
		rc = err_nomem(a->e);
	return rc;
}

static const char *
text_or_null(const struct buf *b)
{
	return b->len > 0 ? b->data : NULL;
}

static int
author_context(struct author *a, const struct staged *s,
	const struct context *caller, const char *message, struct context *ret)
{
	int rc = log_get(a->st, s->change, author_get, a, a->e);

	if (rc != 1)
		return rc < 0 ? rc
			      : err_set(a->e, MDB_E_CORRUPT,
					"staged change %lld is not in the log",
					(long long)s->change);
	*ret = (struct context){.namespace_ = a->namespace_.data,
		.branch = "main",
		.session = text_or_null(&a->session),
		.client = text_or_null(&a->client),
		.actor = text_or_null(&a->actor),
		.message = message,
		.uid = caller->uid,
		.secrets = SECRETS_ALLOW};
	return 0;
}

/* --- a change on a target ------------------------------------------------- */
static int
take_to(struct call *c, const struct staged *s, bool wins, const char *message,
	enum change_kind kind, int64_t target, int64_t about,
	int64_t *ret_change, struct err *e)
{
	struct author a = {.st = c->st, .e = e};
	AUTO_IDSET struct idset own = {0};
	AUTO_WRITE struct write w = {0};
	struct merge_pick pick = {.change = s->change,
		.branch = s->branch,
		.wins = wins,
		.own = &own};
	struct merge_result m = {0};
	struct context ctx;
	struct call part = {.st = c->st, .tool = c->tool, .ctx = &ctx};
	int rc = author_context(&a, s, c->ctx, message, &ctx);

	if (rc == 0)
		rc = review_own(c->st, s, &own, e);
	if (rc == 0)
		rc = write_begin_on(&w, &part, kind, target, about, e);
	if (rc == 0)
		rc = merge_pick(&w, &pick, &m, e);
	if (rc == 0)
		rc = lens_apply(c->st, &w.scope.lens, e);
	if (rc == 0)
		rc = write_end(&w, e);
	*ret_change = rc == 0 ? w.change_id : 0;
	if (rc == 0 && w.change_id != 0 && target == STORE_MAIN) {
		struct effect *feed = effects_add(&c->effects, EFFECT_FEED, e);

		rc = !feed ? MDB_E_NOMEM : 0;
		if (feed) {
			feed->note = part.note;
			part.note.entities = NULL;
		}
	}
	merge_result_done(&m);
	call_done(&part);
	author_done(&a);
	return rc;
}

int
review_take(struct call *c, const struct staged *s, bool wins,
	const char *message, int64_t *ret_change, struct err *e)
{
	return take_to(c, s, wins, message, CHANGE_MERGE, STORE_MAIN, s->branch,
		ret_change, e);
}

/* --- inboxes -------------------------------------------------------------- */
struct inbox_state {
	int64_t waiting, decided, facts;
	int64_t first; /* the first that waits */
};

static int
count_row(void *ctx, const struct staged *s)
{
	struct inbox_state *x = ctx;

	if (s->state != STAGED_WAITING) {
		x->decided++;
		return 0;
	}
	if (x->waiting++ == 0)
		x->first = s->change;
	x->facts += s->facts;
	return 0;
}

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
	if (x->n == x->cap) {
		size_t cap = x->cap == 0 ? 8 : x->cap * 2;
		int64_t *p = realloc(x->v, cap * sizeof(*p));

		if (!p)
			return err_nomem(x->e);
		x->v = p;
		x->cap = cap;
	}
	x->v[x->n++] = b->id;
	return 0;
}

/* The inbox without what is decided: nothing waits, so it ends. */
static int
settle_one(struct store *st, int64_t ns, int64_t branch, struct err *e)
{
	struct inbox_state x = {0, 0, 0, 0};
	int rc = staged_each_shown(st, branch, count_row, &x, e);

	if (rc != 0 || x.decided == 0 || x.waiting > 0)
		return rc;
	return inbox_discard(st, ns, branch, "memory-db", e);
}

int
review_settle(struct store *st, int64_t ns, int64_t room, bool *ret_more,
	struct err *e)
{
	struct inbox_ids all = {.e = e};
	int rc = branch_each(st, ns, add_inbox, &all, e);

	(void)room;
	*ret_more = false;
	for (size_t i = 0; rc == 0 && i < all.n; i++)
		rc = settle_one(st, ns, all.v[i], e);
	free(all.v);
	return rc;
}
