/* The queue of review as JSON: each staged change with what it would do to
 * main as main is now.
 *
 * That is worked out at read, by a merge that writes nothing (review_look), so
 * a row is never old. Ids are read first and looked at afterwards, because
 * looking uses the same prepared statements as the loop over the rows. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/review/review_int.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/store/log/log.h"

/* Ids first: looking uses the statements of the loop. */
struct review_list_ids {
	json_t *list;
	const struct review_query *q;
	bool more;
	struct err *e;
};

static int
review_list_collect(void *ctx, const struct staged *s)
{
	struct review_list_ids *x = ctx;

	if ((int64_t)json_array_size(x->list) == x->q->limit) {
		x->more = true;
		return 1;
	}
	return jx_add(x->list, json_integer(s->change)) != 0 ? err_nomem(x->e)
							     : 0;
}

/* --- one row -------------------------------------------------------------- */
struct review_list_head {
	struct store *st;
	json_t *o;
	struct err *e;
};

static int
set_head(void *ctx, const struct log_change *c)
{
	struct review_list_head *x = ctx;
	int rc = member_set_new(x->o, "kind",
		json_string(change_kind_name((int)c->kind)), x->e);

	if (rc)
		return rc;
	rc = member_set_label(x->st, x->o, "actor", c->actor, x->e);
	if (rc)
		return rc;
	rc = member_set_label(x->st, x->o, "client", c->client, x->e);
	if (rc)
		return rc;
	rc = member_set_label(x->st, x->o, "session", c->session, x->e);
	if (rc)
		return rc;
	if (c->message)
		rc = member_set_text(x->o, "message", c->message, c->message_n,
			x->e);
	return rc;
}

static int
set_decision(json_t *o, const struct staged *s, struct err *e)
{
	int rc = 0;

	if (s->decided != 0)
		rc = member_set_time(o, "decided_at", s->decided, e);
	if (rc)
		return rc;
	if (s->applied != 0)
		rc = member_set_int(o, "applied", s->applied, e);
	if (rc)
		return rc;
	if (s->by)
		rc = member_set_text(o, "by", s->by, strlen(s->by), e);
	if (rc)
		return rc;
	if (s->note)
		rc = member_set_text(o, "note", s->note, strlen(s->note), e);
	return rc;
}

/* When it goes by itself if nobody decides. */
static int
set_expiry(struct store *st, json_t *o, const struct staged *s, struct err *e)
{
	double days = 0;
	int rc = settings_number(st, s->ns, SETTING_review_expires, &days, e);

	if (rc)
		return rc;
	if (days <= 0)
		return 0;
	return member_set_time(o, "expires_at",
		s->at + (int64_t)(days * 86400000.0), e);
}

static int
set_view(struct store *st, const struct context *ctx, json_t *o,
	const struct staged *s, size_t max_bytes, struct err *e)
{
	AUTO_REVIEW_VIEW struct review_view v = {0};
	int rc = review_look(st, ctx, s, false, max_bytes, &v, e);

	if (rc)
		return rc;
	if (json_object_update(o, v.row) != 0)
		rc = err_nomem(e);
	if (rc)
		return rc;
	if (json_array_size(v.conflicts) > 0)
		rc = member_set_new(o, "conflicts", json_incref(v.conflicts),
			e);
	if (rc)
		return rc;
	if (json_array_size(v.needs) > 0)
		rc = member_set_new(o, "needs", json_incref(v.needs), e);
	if (rc)
		return rc;
	if (v.is_dissolved)
		rc = member_set_bool(o, "dissolved", 1, e);
	return rc;
}

static int
make_row(struct store *st, const struct context *ctx, const struct staged *s,
	size_t max_bytes, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *o = json_object();
	struct review_list_head head = {st, o, e};
	int rc = !o ? err_nomem(e) : member_set_int(o, "staged", s->change, e);

	if (rc)
		return rc;
	rc = member_set_time(o, "at", s->at, e);
	if (rc)
		return rc;
	rc = member_set_new(o, "state",
		json_string(staged_state_name((int)s->state)), e);
	if (rc)
		return rc;
	rc = log_get(st, s->change, set_head, &head, e);
	if (rc < 0)
		return rc;
	rc = set_decision(o, s, e);
	if (rc)
		return rc;
	if (s->state == STAGED_WAITING)
		rc = set_expiry(st, o, s, e);
	if (rc)
		return rc;
	/* Of an approved one history tells, under `applied`. */
	if (s->state != STAGED_APPROVED)
		rc = set_view(st, ctx, o, s, max_bytes, e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(o);
	return 0;
}

/* --- the page ------------------------------------------------------------- */
static int
list_ids(struct store *st, const struct review_query *q,
	struct review_list_ids *x, struct err *e)
{
	int rc;

	if (q->change != 0)
		rc = staged_get(st, q->change, review_list_collect, x, e);
	else
		rc = staged_each(st, q->ns, q->state, q->session, q->after,
			review_list_collect, x, e);
	return rc < 0 ? rc : 0;
}

static bool
belongs(const struct review_query *q, const struct staged *s)
{
	return s->ns == q->ns &&
	       (q->session == STAGED_ANY || q->session == s->session);
}

int
review_list(struct store *st, const struct context *ctx,
	const struct review_query *q, json_t **ret, int64_t *ret_next,
	struct err *e)
{
	AUTO_JSON json_t *ids = json_array(), *rows = json_array();
	struct review_list_ids x = {ids, q, false, e};
	size_t bytes = 0, i;
	json_t *id;
	int rc = !ids || !rows ? err_nomem(e) : list_ids(st, q, &x, e);

	*ret_next = 0;
	if (rc != 0)
		return rc;
	json_array_foreach(ids, i, id) {
		AUTO_REVIEW_ROW struct review_row r = {.by = NULL};
		json_t *row = NULL;

		rc = staged_get(st, json_integer_value(id), review_row_copy, &r,
			e);
		if (rc == 1 && !belongs(q, &r.s))
			continue;
		if (rc == 1)
			rc = make_row(st, ctx, &r.s, q->max_bytes, &row, e);
		if (rc != 0)
			return rc;
		bytes += encode_size(row) + 1;
		if (i > 0 && bytes > q->max_bytes) {
			json_decref(row);
			x.more = true;
			break;
		}
		if (jx_add(rows, row) != 0)
			return err_nomem(e);
	}
	if (x.more)
		*ret_next = json_integer_value(
			json_object_get(json_array_get(rows,
						json_array_size(rows) - 1),
				"staged"));
	*ret = take_ptr(rows);
	return 0;
}
