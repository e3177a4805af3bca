/* Suspects, computed at read: an entity is suspect when something that it was
 * derived from is gone. derived_suspect.h has more.
 *
 * Nothing is stored about it, so nothing has to be kept up to date. A read
 * follows the edges "derived from" backwards, STEPS of them at most, and looks
 * whether each end is visible under the lens of the read.
 *
 *   summary "Ada"  from fact 7 "works at Acme"      fact 7 is hidden: suspect,
 *                                                   "'works at Acme' of ada" */
#include "memory-db/model/read/derived_suspect.h"

#include "common/buf.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/derivations.h"
#include "memory-db/store/facts/facts.h"

#define REASONS	    5 /* an agent needs to know that, and why; not all */
#define STEPS	    8 /* entities derived from entities derived from ... */
#define QUOTE_BYTES 120

struct derived_suspect_search {
	struct store *st;
	json_t *list;
	struct derived_row rows[64];
	int n;
	int64_t seen[STEPS];
	int steps;
	int64_t only; /* this fact, and the entity as a whole; 0: all */
	struct err *e;
};

static int
quote_text(struct derived_suspect_search *s, const char *text, size_t n,
	struct buf *out)
{
	size_t cut = text_cut(text, n < QUOTE_BYTES ? n : QUOTE_BYTES);

	if (buf_addc(out, '\'') != 0 || buf_add(out, text, cut) != 0 ||
		buf_adds(out, cut < n ? "...'" : "'") != 0)
		return err_nomem(s->e);
	return 0;
}

struct quoted {
	struct derived_suspect_search *s;
	struct buf *out;
	int64_t entity;
};

static int
quote_fact(void *ctx, const struct fact *f)
{
	struct quoted *q = ctx;

	q->entity = f->entity;
	if (f->erased)
		return buf_adds(q->out, "a forgotten fact") != 0
			       ? err_nomem(q->s->e)
			       : 0;
	return quote_text(q->s, f->text, f->text_n, q->out);
}

/* "'TEXT' of NAME" */
static int
derived_suspect_describe(struct derived_suspect_search *s, int64_t fact,
	struct buf *out)
{
	struct quoted q = {s, out, 0};
	json_t *name = NULL;
	int rc = fact_get(s->st, fact, quote_fact, &q, s->e);

	if (rc != 1)
		return rc;
	rc = member_entity_name(s->st, q.entity, &name, s->e);
	if (rc >= 0 && name &&
		buf_addf(out, " of %s", json_string_value(name)) != 0)
		rc = err_nomem(s->e);
	json_decref(name);
	return rc < 0 ? rc : 0;
}

static int
add_reason(struct derived_suspect_search *s, int64_t derived, int64_t gone)
{
	AUTO_BUF struct buf text = {0};
	struct quoted q = {s, &text, 0};
	int rc = 0;

	if (derived != 0) {
		rc = fact_get(s->st, derived, quote_fact, &q, s->e);
		if (rc >= 0 && buf_adds(&text, " was ") != 0)
			rc = err_nomem(s->e);
	}
	if (rc >= 0 && buf_adds(&text, "derived from ") != 0)
		rc = err_nomem(s->e);
	if (rc >= 0)
		rc = derived_suspect_describe(s, gone, &text);
	if (rc >= 0 && (buf_adds(&text, ", which is gone") != 0 ||
			       jx_add(s->list,
				       json_stringn(text.data, text.len)) != 0))
		rc = err_nomem(s->e);
	return rc < 0 ? rc : 0;
}

static int
derived_suspect_collect(void *ctx, const struct derived_row *row)
{
	struct derived_suspect_search *s = ctx;

	s->rows[s->n++] = *row;
	return s->n == (int)ARRAY_LEN(s->rows);
}

static int derived_suspect_look(struct derived_suspect_search *s,
	int64_t entity);

/* An entity derived from another as a whole. */
static int
look_at_relation(struct derived_suspect_search *s,
	const struct derived_row *row)
{
	struct derived_suspect_search peer = *s;
	int64_t gone;
	int rc = derivations_lost(s->st, row->peer, row->added, &gone, s->e);

	if (rc == 1)
		return add_reason(s, 0, gone);
	peer.only = 0;
	return rc < 0 ? rc : derived_suspect_look(&peer, row->peer);
}

static int
derived_suspect_look_at_fact(struct derived_suspect_search *s,
	const struct derived_row *row)
{
	int64_t gone;
	int rc = s->only != 0 && s->only != row->fact
			 ? 0
			 : derivations_suspect(s->st, row->fact, &gone, s->e);

	return rc == 1 ? add_reason(s, row->fact, gone) : rc;
}

static int
derived_suspect_look(struct derived_suspect_search *s, int64_t entity)
{
	struct derived_suspect_search here = *s;
	int rc;

	for (int i = 0; i < s->steps; i++)
		if (s->seen[i] == entity)
			return 0;
	if (s->steps == STEPS)
		return 0;
	here.seen[here.steps++] = entity;
	here.n = 0;
	rc = derivations_each_of(s->st, entity, derived_suspect_collect, &here,
		s->e);
	rc = rc < 0 ? rc : 0;
	if (rc != 0)
		return rc;
	for (int i = 0; i < here.n && json_array_size(s->list) < REASONS; i++) {
		rc = here.rows[i].kind == FACT_RELATION
			     ? look_at_relation(&here, &here.rows[i])
			     : derived_suspect_look_at_fact(&here,
				       &here.rows[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
derived_suspect_fact_reasons(struct store *st, int64_t entity, int64_t fact,
	json_t *list, struct err *e)
{
	struct derived_suspect_search s = {.st = st,
		.list = list,
		.only = fact,
		.e = e};

	return derived_suspect_look(&s, entity);
}

int
derived_suspect_reasons(struct store *st, int64_t entity, json_t *list,
	struct err *e)
{
	struct derived_suspect_search s = {.st = st, .list = list, .e = e};

	return derived_suspect_look(&s, entity);
}
