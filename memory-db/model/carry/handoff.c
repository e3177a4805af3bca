/* Notes for the next agent; handoff.h says how a note is stored.
 *
 * Claiming replaces the observation of the note by one that says who has it.
 * The writer does one change after the other, so of two agents that claim at
 * the same time the second finds the note taken. Whoever reads a note trusts
 * its metadata no further than that it has the shape that this file writes:
 * anybody may set metadata. */
#include "memory-db/model/carry/handoff.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/vec.h"
#include "memory-db/model/carry/last_session.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/write/fact_tags_write.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/facts/labels.h"

/* Notes that begin in the same second get a number. */
#define NAMES_TRIED 1000

void
handoff_done(struct handoff *h)
{
	json_decref(h->said);
	h->said = NULL;
}

/* --- reading --------------------------------------------------------------- */
struct handoff_mark {
	int64_t of;
	json_t *said; /* owned */
};

struct handoff_reading {
	struct store *st;
	int64_t entity;
	struct handoff_mark *marks;
	size_t n, cap;
	handoff_fn fn;
	void *ctx;
	struct err *e;
};

/* Anybody may set metadata; what is no note as we write one is none. */
static bool
handoff_is_said(const json_t *said)
{
	const char *state = jx_text(said, "state");

	return jx_text(said, "note") && state &&
	       (strcmp(state, "open") == 0 || strcmp(state, "claimed") == 0);
}

static int
handoff_take_mark(void *ctx, const struct fact *f)
{
	struct handoff_reading *r = ctx;
	AUTO_JSON json_t *j = NULL;
	json_t *said;

	if (f->erased)
		return 0;
	j = jx_parse(f->text, f->text_n, r->e);
	if (!j)
		return MDB_E_NOMEM;
	said = json_object_get(j, HANDOFF_TYPE);
	if (!handoff_is_said(said))
		return 0;
	if (vec_room(r->marks, r->n, r->cap) != 0)
		return err_nomem(r->e);
	r->marks[r->n++] =
		(struct handoff_mark){f->supersedes, json_incref(said)};
	return 0;
}

static int
handoff_take_fact(void *ctx, const struct fact *f)
{
	struct handoff_reading *r = ctx;
	struct handoff h = {.entity = r->entity, .fact = f->id};

	if (f->erased)
		return 0;
	for (size_t i = 0; i < r->n; i++)
		if (r->marks[i].of == f->id)
			h.said = r->marks[i].said;
	if (!h.said)
		return 0;
	h.is_open = strcmp(jx_text(h.said, "state"), "open") == 0;
	return r->fn(r->ctx, &h);
}

int
handoff_each(struct store *st, int64_t entity, handoff_fn fn, void *ctx,
	struct err *e)
{
	struct handoff_reading r = {.st = st,
		.entity = entity,
		.fn = fn,
		.ctx = ctx,
		.e = e};
	int rc = fact_each(st, entity, 1u << FACT_NOTE, handoff_take_mark, &r,
		e);

	if (rc == 0 && r.n > 0)
		rc = fact_each(st, entity, 1u << FACT_OBSERVATION,
			handoff_take_fact, &r, e);
	for (size_t i = 0; i < r.n; i++)
		json_decref(r.marks[i].said);
	free(r.marks);
	return rc;
}

/* --- writing --------------------------------------------------------------- */
/* "Handoff for codex (the API): the migration is half done." */
static int
handoff_text(const json_t *said, const char *by, struct buf *out, struct err *e)
{
	const char *to = jx_text(said, "to"), *task = jx_text(said, "task");

	if (buf_adds(out, "Handoff") != 0 ||
		(to && buf_addf(out, " for %s", to) != 0) ||
		(task && buf_addf(out, " (%s)", task) != 0) ||
		(by && buf_addf(out, ", claimed by %.*s",
			       (int)client_name_length(by), by) != 0) ||
		buf_addf(out, ": %s", jx_text(said, "note")) != 0 ||
		!buf_str(out))
		return err_nomem(e);
	return 0;
}

/* Shows what is said as an observation with its marks. */
static int
handoff_put(struct write *w, int64_t entity, const json_t *said,
	int64_t supersedes, const char *by, int64_t *ret_fact, struct err *e)
{
	AUTO_JSON json_t *note =
		json_pack("{s:O}", HANDOFF_TYPE, (json_t *)(uintptr_t)said);
	AUTO_JSON json_t *tags = json_pack("[s]", HANDOFF_OPEN_TAG);
	AUTO_BUF struct buf text = {0};
	struct fact f = write_fact(entity, FACT_OBSERVATION);
	int rc = !note || !tags ? err_nomem(e)
				: handoff_text(said, by, &text, e);

	if (rc != 0)
		return rc;
	f.text = text.data;
	f.text_n = text.len;
	f.supersedes = supersedes;
	rc = write_add(w, &f, e);
	if (rc != 0)
		return rc;
	*ret_fact = w->last_fact;
	rc = fact_tags_note(w, entity, *ret_fact, note, "note", e);
	if (rc != 0 || strcmp(jx_text(said, "state"), "open") != 0)
		return rc;
	return fact_tags_add(w, entity, *ret_fact, tags, "note", e);
}

/* A name that says when, and that nothing has: "handoff 2026-11-29 21:30:05". */
static int
handoff_name(struct write *w, struct buf *out, struct err *e)
{
	char at[CLOCK_TEXT_SIZE];
	int64_t entity;
	int rc;

	clock_format(clock_now_ms(), at);
	at[10] = ' ';
	for (int i = 1; i <= NAMES_TRIED; i++) {
		buf_clear(out, LIMIT_NAME_BYTES);
		if (buf_addf(out, "handoff %.19s", at) != 0 ||
			(i > 1 && buf_addf(out, " (%d)", i) != 0) ||
			!buf_str(out))
			return err_nomem(e);
		rc = write_find_entity(w, out->data, &entity, e);
		if (rc <= 0)
			return rc;
	}
	return err_set(e, MDB_E_LIMIT,
		"%d notes were left within a second; try again", NAMES_TRIED);
}

int
handoff_leave(struct write *w, const json_t *params, struct handoff *ret,
	struct err *e)
{
	AUTO_JSON json_t *said = json_pack("{s:s,s:O,s:O*,s:O*}", "state",
		"open", "note", json_object_get(params, "note"), "to",
		json_object_get(params, "to"), "task",
		json_object_get(params, "task"));
	struct fact defaults = write_fact(0, FACT_OBSERVATION);
	AUTO_BUF struct buf name = {0};
	int rc = !said ? err_nomem(e) : handoff_name(w, &name, e);

	if (rc != 0)
		return rc;
	rc = write_entity_new(w, name.data, HANDOFF_TYPE, &defaults,
		&ret->entity, e);
	if (rc != 0)
		return rc;
	rc = handoff_put(w, ret->entity, said, 0, NULL, &ret->fact, e);
	if (rc != 0)
		return rc;
	ret->is_open = true;
	ret->said = take_ptr(said);
	return write_note(w, name.data, e);
}

int
handoff_claim(struct write *w, const struct handoff *h, struct handoff *ret,
	struct err *e)
{
	const char *by = w->ctx->client && w->ctx->client[0] ? w->ctx->client
							     : "somebody";
	AUTO_JSON json_t *said = jx_copy(h->said);
	AUTO_BUF struct buf name = {0};
	int64_t hidden = w->hidden;
	int rc;

	if (!h->is_open)
		return err_param(e, MDB_E_CONFLICT, "claim",
			"the note #%lld is claimed already; handoff without "
			"`claim` lists those that are open",
			(long long)h->fact);
	if (!said || jx_set(said, "state", json_string("claimed")) != 0)
		return err_nomem(e);
	rc = handoff_put(w, h->entity, said, h->fact, by, &ret->fact, e);
	if (rc != 0)
		return rc;
	rc = write_hide_marked(w, h->entity, h->fact, e);
	if (rc != 0)
		return rc;
	/* What is replaced is not out of sight (model/plan). */
	w->hidden = hidden;
	ret->entity = h->entity;
	ret->is_open = false;
	ret->said = take_ptr(said);
	rc = fact_existence(w->st, h->entity, NULL, NULL, &name, e);
	if (rc < 0)
		return rc;
	return !buf_str(&name) ? err_nomem(e) : write_note(w, name.data, e);
}

/* --- telling --------------------------------------------------------------- */
bool
handoff_is_for(const struct handoff *h, const char *client)
{
	const char *to = jx_text(h->said, "to");

	return !to || (client && client_is_same(to, client));
}

static int
handoff_set_origin(struct store *st, int64_t fact, json_t *o, struct err *e)
{
	struct origin at = {0};
	int rc = provenance_origin(st, fact, &at, e);

	if (rc < 0)
		return rc;
	rc = member_set_time(o, "at", at.at, e);
	if (rc != 0)
		return rc;
	rc = member_set_label(st, o, "client", at.client, e);
	return rc != 0 ? rc : member_set_label(st, o, "session", at.session, e);
}

static int
handoff_superseded(void *ctx, const struct fact *f)
{
	*(int64_t *)ctx = f->supersedes;
	return 0;
}

int
handoff_tell(struct store *st, const struct handoff *h, json_t **ret,
	struct err *e)
{
	AUTO_JSON json_t *o = json_pack("{s:O,s:O,s:O*,s:O*,s:I}", "state",
		json_object_get(h->said, "state"), "note",
		json_object_get(h->said, "note"), "to",
		json_object_get(h->said, "to"), "task",
		json_object_get(h->said, "task"), "id", (json_int_t)h->fact);
	AUTO_JSON json_t *claimed = json_object(), *name = NULL;
	int64_t left = 0;
	int rc = !o || !claimed ? err_nomem(e)
				: member_entity_name(st, h->entity, &name, e);

	if (rc != 0)
		return rc;
	if (json_object_set(o, "name", name) != 0)
		return err_nomem(e);
	if (!h->is_open) {
		rc = handoff_set_origin(st, h->fact, claimed, e);
		if (rc != 0)
			return rc;
		rc = fact_get(st, h->fact, handoff_superseded, &left, e);
		if (rc < 0)
			return rc;
		if (json_object_set(o, "claimed", claimed) != 0)
			return err_nomem(e);
	}
	rc = handoff_set_origin(st, left != 0 ? left : h->fact, o, e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(o);
	return 0;
}
