/* See write_expiry.h. The end of a fact is a member of its metadata, so it is
 * carried, merged and undone with the fact; ATTR_FACT_EXPIRES of its entity has
 * the earliest of them, so that nobody needs to look for it. */
#include "memory-db/model/write/write_expiry.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/model/read/expiry.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/write/fact_tags_write.h"
#include "memory-db/store/log/change.h"

#define DAY_MS	(24 * 3600 * INT64_C(1000))
#define MEMBER	EXPIRY_MEMBER
#define NOTHING INT64_C(-1) /* j says none */

/* --- what is said --------------------------------------------------------- */
static int
write_expiry_at_of(const struct context *ctx, const json_t *at,
	const char *param, int64_t *ret, struct err *e)
{
	const char *text = json_string_value(at);
	int rc;

	if (text && strcmp(text, "never") == 0) {
		*ret = 0;
		return 0;
	}
	if (json_is_integer(at))
		*ret = (int64_t)json_integer_value(at);
	else {
		rc = clock_parse_in(text ? text : "", clock_now_ms(), ctx->zone,
			false, ret, e);
		if (rc) {
			err_prefix(e, "%s", param);
			return rc;
		}
	}
	if (*ret <= clock_now_ms() || *ret > CLOCK_LATEST_MS)
		return err_param(e, MDB_E_INVALID, param,
			"%s must lie ahead, in the year 9999 at the latest, "
			"or be \"never\"",
			param);
	return 0;
}

/* *ret: the time, 0 to take it back, NOTHING when j has no such member. */
static int
say_expiry(const struct context *ctx, const json_t *j, const char *path,
	int64_t *ret, struct err *e)
{
	const json_t *at = json_object_get(j, MEMBER);
	const json_t *days = json_object_get(j, "ttl_days");
	char param[96];

	*ret = NOTHING;
	snprintf(param, sizeof(param), "%s%s%s", path, *path ? "." : "",
		days ? "ttl_days" : MEMBER);
	if (at && days)
		return err_param(e, MDB_E_INVALID, param,
			"%s: give a time or a number of days, not both", param);
	if (at)
		return write_expiry_at_of(ctx, at, param, ret, e);
	if (!json_is_number(days))
		return 0;
	*ret = jx_real(days) > 0 ? clock_now_ms() + (int64_t)(jx_real(days) *
							      (double)DAY_MS)
				 : 0;
	return 0;
}

bool
write_expiry_says(const json_t *j)
{
	return json_object_get(j, MEMBER) || json_object_get(j, "ttl_days");
}

int
write_expiry_check(const struct context *ctx, const json_t *j, const char *path,
	struct err *e)
{
	int64_t unused;

	return say_expiry(ctx, j, path, &unused, e);
}

int
write_expiry(struct write *w, int64_t entity, const json_t *j, const char *path,
	struct err *e)
{
	int64_t at = NOTHING, before = 0;
	int rc = say_expiry(w->ctx, j, path, &at, e);

	if (rc)
		return rc;
	if (at == NOTHING) {
		rc = attr_get(w->st, entity, ATTR_EXPIRES, &before, e);
		if (rc || before == 0 || before > clock_now_ms())
			return rc;
		at = 0;
	}
	return write_attr(w, entity, ATTR_EXPIRES, at, e);
}

/* --- facts ---------------------------------------------------------------- */
static int
note_earliest(struct write *w, int64_t entity, int64_t at, struct err *e)
{
	int64_t before = 0;
	int rc = attr_get(w->st, entity, ATTR_FACT_EXPIRES, &before, e);

	if (rc || (before != 0 && before <= at))
		return rc;
	return write_attr(w, entity, ATTR_FACT_EXPIRES, at, e);
}

int
write_expiry_told_again(struct write *w, int64_t entity, int64_t fact,
	struct err *e)
{
	AUTO_JSON json_t *note = NULL;
	struct expiry x;
	int rc = expiry_begin(w->st, clock_now_ms(), &x, e);

	if (rc)
		return rc;
	rc = expiry_fact_is_over(&x, entity, fact, e);
	if (rc != 1)
		return rc;
	rc = fact_tags_metadata(w->st, entity, fact, &note, e);
	if (rc)
		return rc;
	(void)json_object_del(note, MEMBER);
	return fact_tags_note(w, entity, fact, note, "", e);
}

int
write_expiry_fact(struct write *w, int64_t entity, int64_t fact,
	bool is_told_again, const json_t *j, const char *path, struct err *e)
{
	AUTO_JSON json_t *note = NULL;
	char text[CLOCK_TEXT_SIZE];
	int64_t at = NOTHING;
	int rc = say_expiry(w->ctx, j, path, &at, e);

	if (rc)
		return rc;
	if (at == NOTHING)
		return is_told_again
			       ? write_expiry_told_again(w, entity, fact, e)
			       : 0;
	rc = fact_tags_metadata(w->st, entity, fact, &note, e);
	if (rc)
		return rc;
	clock_format(at, text);
	if (at == 0)
		(void)json_object_del(note, MEMBER);
	else if (jx_set(note, MEMBER, json_string(text)) != 0)
		return err_nomem(e);
	rc = fact_tags_note(w, entity, fact, note, path, e);
	return rc || at == 0 ? rc : note_earliest(w, entity, at, e);
}

int
write_expiry_noted(struct write *w, const struct fact *f, struct err *e)
{
	int64_t at = 0;

	if (w->replay || w->look || !expiry_of_note(f, &at))
		return 0;
	return note_earliest(w, f->entity, at, e);
}

/* --- the end of facts ----------------------------------------------------- */
struct due {
	int64_t now, next; /* next: INT64_MAX, none */
	int64_t *facts;	   /* owned */
	size_t n, cap;
};

static void
due_done(struct due *d)
{
	free(d->facts);
}
#define AUTO_DUE __attribute__((cleanup(due_done)))

static int
look_at_note(void *ctx, const struct fact *f)
{
	struct due *d = ctx;
	int64_t at = 0;

	if (!expiry_of_note(f, &at))
		return 0;
	if (at > d->now) {
		d->next = at < d->next ? at : d->next;
		return 0;
	}
	if (d->n >= LIMIT_SLICE_FACTS) { /* the others in the next run */
		d->next = d->now;
		return 0;
	}
	if (vec_room(d->facts, d->n, d->cap) != 0)
		return MDB_E_NOMEM;
	d->facts[d->n++] = f->supersedes;
	return 0;
}

int
write_expire_facts(struct write *w, int64_t entity, int64_t now, int64_t *ret_n,
	struct err *e)
{
	AUTO_DUE struct due d = {.now = now, .next = INT64_MAX};
	int64_t before = change_ops(w->change);
	size_t done = 0;
	int rc = fact_each(w->st, entity, 1u << FACT_NOTE, look_at_note, &d, e);

	if (rc == MDB_E_NOMEM)
		err_nomem(e);
	if (rc != 0)
		return rc;
	/* A fact goes with its tags: several of its kind fill a change. */
	while (done < d.n &&
		change_ops(w->change) - before < LIMIT_SLICE_FACTS) {
		rc = write_hide_marked(w, entity, d.facts[done++], e);
		if (rc != 0)
			return rc;
	}
	if (done < d.n)
		d.next = now;
	*ret_n = (int64_t)done;
	return write_attr(w, entity, ATTR_FACT_EXPIRES,
		d.next == INT64_MAX ? 0 : d.next, e);
}
