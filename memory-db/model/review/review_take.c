/* Taking one staged change over to main. It is a merge of that single change
 * (merge_pick), written as a change of the agent who made it: sessions,
 * history and the undo of a session find it there under its author, not under
 * the operator who approved it.
 *
 * The same code copies a change into an inbox: when an inbox is made anew for
 * those that still wait (review_settle.c), and when an approval is undone and
 * the change waits again (review_return.c). */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "memory-db/model/review/review_int.h"
#include "memory-db/model/time/merge.h"
#include "memory-db/model/write/write.h"
#include "memory-db/store/facts/labels.h"
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
#define AUTO_AUTHOR __attribute__((cleanup(author_done)))

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
	if (rc)
		return rc;
	rc = author_label(a, c->client, &a->client);
	if (rc)
		return rc;
	rc = author_label(a, c->session, &a->session);
	if (rc)
		return rc;
	if ((!buf_str(&a->namespace_) || !buf_str(&a->actor) ||
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
/* The merge of this one change, as a change of `part`. */
static int
take_picked(struct call *part, const struct staged *s, bool wins,
	struct write *w, enum change_kind kind, int64_t target, int64_t about,
	struct merge_result *m, struct err *e)
{
	AUTO_IDSET struct idset own = {0};
	struct merge_pick pick = {.change = s->change,
		.branch = s->branch,
		.wins = wins,
		.own = &own};
	int rc = review_own(part->st, s, &own, e);

	if (rc)
		return rc;
	rc = write_begin_on(w, part, kind, target, about, e);
	if (rc)
		return rc;
	rc = merge_pick(w, &pick, m, e);
	if (rc)
		return rc;
	rc = lens_apply(part->st, &w->scope.lens, e);
	if (rc)
		return rc;
	return write_end(w, e);
}

static int
take_to(struct call *c, const struct staged *s, bool wins, const char *message,
	enum change_kind kind, int64_t target, int64_t about,
	int64_t *ret_change, struct err *e)
{
	AUTO_AUTHOR struct author a = {.st = c->st, .e = e};
	AUTO_WRITE struct write w = {0};
	__attribute__((cleanup(merge_result_done))) struct merge_result m = {0};
	struct context ctx;
	__attribute__((cleanup(call_done))) struct call part = {.st = c->st,
		.tool = c->tool,
		.ctx = &ctx};
	struct effect *feed;
	int rc = author_context(&a, s, c->ctx, message, &ctx);

	*ret_change = 0;
	if (rc != 0)
		return rc;
	rc = take_picked(&part, s, wins, &w, kind, target, about, &m, e);
	if (rc != 0)
		return rc;
	*ret_change = w.change_id;
	if (w.change_id == 0 || target != STORE_MAIN)
		return 0;
	feed = effects_add(&c->effects, EFFECT_FEED, e);
	if (!feed)
		return MDB_E_NOMEM;
	feed->note = part.note;
	part.note.entities = NULL;
	return 0;
}

int
review_take(struct call *c, const struct staged *s, bool wins,
	const char *message, int64_t *ret_change, struct err *e)
{
	return take_to(c, s, wins, message, CHANGE_MERGE, STORE_MAIN, s->branch,
		ret_change, e);
}

int
review_copy(struct call *c, const struct staged *s, int64_t inbox,
	int64_t *ret_change, struct err *e)
{
	return take_to(c, s, true, "an inbox is made anew", CHANGE_CURATE,
		inbox, s->change, ret_change, e);
}
