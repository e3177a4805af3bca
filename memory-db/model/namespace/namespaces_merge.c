/* Moving what one namespace holds into another, slice by slice.
 *
 * No state is kept between slices: what was moved is hidden, so the next slice
 * takes what is still visible. A relation whose other end is not moved yet
 * creates that end in the target; one whose other end is hidden by now finds
 * it there by name. */
#include "memory-db/model/namespace/namespaces_int.h"

#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/check/tables.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"

/* Text of one slice: bounds memory and the turn of the writer. */
#define SLICE_BYTES (4 * 1024 * 1024)

static bool
namespaces_merge_is_full(const struct mover *m)
{
	return m->moved.n >= LIMIT_SLICE_FACTS || m->bytes >= SLICE_BYTES;
}

/* --- the entity in the target --------------------------------------------- */
struct naming {
	struct mover *m;
	int64_t target;
};

static int
lend_name(void *ctx, const char *name, size_t n)
{
	struct naming *x = ctx;
	struct mover *m = x->m;
	int64_t other;
	int rc = entity_find(m->st, m->to, name, n, &other, m->e);

	return rc != 0 ? (rc < 0 ? rc : 0)
		       : entity_alias(m->st, m->to, name, n, x->target, true,
				 m->e);
}

/* All names of the entity lead to its target, where they are free. */
static int
lend_names(struct mover *m, int64_t entity, int64_t target)
{
	struct naming x = {m, target};

	return entity_aliases(m->st, entity, lend_name, &x, m->e);
}

static int
copy_attrs(struct mover *m, int64_t entity, int64_t target)
{
	static const enum attr_key keys[] = ATTR_KEYS;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		int64_t value;

		rc = attr_get(m->st, entity, keys[i], &value, m->e);
		if (rc != 0)
			return rc;
		rc = change_attr(m->change, target, keys[i], value, m->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
namespaces_merge_add_existence(struct mover *m, int64_t entity, int64_t label,
	const struct buf *name, int64_t target)
{
	struct fact f = {.entity = target,
		.kind = FACT_EXISTENCE,
		.label = label,
		.weight = -1,
		.method = METHOD_IMPORT,
		.confidence = -1,
		.valid_from = FACT_NO_TIME,
		.valid_to = FACT_NO_TIME,
		.text = name->data,
		.text_n = name->len};
	struct entity_times times;
	int rc = entity_times(m->st, entity, &times, m->e);

	f.source_at = times.created_at;
	if (rc != 0)
		return rc;
	rc = change_add_fact(m->change, &f, NULL, m->e);
	if (rc != 0)
		return rc;
	return copy_attrs(m, entity, target);
}

/* 1 with the entity of the target that has the name, 0 there is none. */
static int
existing_target(struct mover *m, const struct buf *name, int64_t *ret_target)
{
	int r = entity_find(m->st, m->to, name->data, name->len, ret_target,
		m->e);

	return r == 1 ? fact_existence(m->st, *ret_target, NULL, NULL, NULL,
				m->e)
		      : r;
}

/* The name of an entity; of one that is not there any more (0) its first one. */
static int
name_or_first(struct mover *m, int64_t entity, int64_t *ret_label,
	struct buf *ret_name)
{
	int64_t ns;
	int r = fact_existence(m->st, entity, NULL, ret_label, ret_name, m->e);

	if (r != 0)
		return r;
	r = entity_first_name(m->st, entity, &ns, ret_name, m->e);
	return r < 0 ? r : 0;
}

int
namespaces_target(struct mover *m, int64_t entity, int64_t *ret_target)
{
	AUTO_BUF struct buf name = {0};
	int64_t label = 0;
	bool is_there;
	int r = name_or_first(m, entity, &label, &name);

	is_there = r == 1;
	if (r < 0 || name.len == 0)
		return r < 0 ? r : 0;
	r = existing_target(m, &name, ret_target);
	if (r != 0 || !is_there)
		return r;
	r = entity_find(m->st, m->to, name.data, name.len, ret_target, m->e);
	if (r == 0)
		r = entity_create(m->st, m->to, name.data, name.len, ret_target,
			m->e);
	if (r < 0)
		return r;
	r = namespaces_merge_add_existence(m, entity, label, &name,
		*ret_target);
	if (r != 0)
		return r;
	r = lend_names(m, entity, *ret_target);
	if (r != 0)
		return r;
	return 1;
}

/* --- facts ---------------------------------------------------------------- */
struct namespaces_merge_origin {
	int64_t at, session;
};

static int
namespaces_merge_note_origin(void *ctx, const struct log_change *c)
{
	struct namespaces_merge_origin *o = ctx;

	o->at = c->at;
	o->session = c->session;
	return 0;
}

/* Where a fact came from stays with it: the change that showed it is told by
 * source and source_at, unless these say more. */
static int
keep_origin(struct mover *m, struct fact *f, int64_t id)
{
	struct namespaces_merge_origin o = {0};
	int64_t added = 0;
	int rc = log_first_shown(m->st, id, &added, m->e);

	if (rc == 1)
		rc = log_get(m->st, added, namespaces_merge_note_origin, &o,
			m->e);
	if (rc == 1 && f->source == 0)
		f->source = o.session;
	if (rc == 1 && f->source_at == FACT_NO_TIME)
		f->source_at = o.at;
	return rc < 0 ? rc : 0;
}

struct said_of {
	struct mover *m;
	int64_t fact; /* in the target; 0: none */
};

static int
find_said_of(void *ctx, const struct fact *f)
{
	struct said_of *x = ctx;
	int rc = f->erased ? 0
			   : fact_find_text(x->m->st, x->m->target,
				     FACT_OBSERVATION, f->text, f->text_n,
				     &x->fact, x->m->e);

	return rc < 0 ? rc : 0;
}

/* What a mark is said of has gone before, to a fact of the same text. 1, or 0
 * when there is none. */
static int
move_mark(struct mover *m, struct fact *f, int64_t of)
{
	struct said_of x = {m, 0};
	int rc = fact_get(m->st, of, find_said_of, &x, m->e);

	f->supersedes = x.fact;
	return rc < 0 ? rc : x.fact != 0;
}

/* A row stays readable only until the statement is used again. */
struct given {
	struct fact f;
	struct buf text;
	struct err *e;
};

static int
copy_given(void *ctx, const struct fact *f)
{
	struct given *x = ctx;

	x->f = *f;
	if (buf_add(&x->text, f->text, f->text_n) != 0 || !buf_str(&x->text))
		return err_nomem(x->e);
	x->f.text = x->text.data;
	return 0;
}

static int
move_fact(struct mover *m, const struct fact *given)
{
	struct fact f = *given;
	int64_t other = 0;
	int rc = 1;

	f.entity = m->target;
	f.supersedes = 0;
	if (f.kind != FACT_RELATION)
		f.flags &= FACT_CLAIMED; /* edges lead to facts, and these
					    stay behind */
	if (!f.text)
		f.text = "";
	if (f.kind == FACT_RELATION)
		rc = namespaces_ends(m, &f);
	if (fact_is_mark(f.kind))
		rc = move_mark(m, &f, given->supersedes);
	if (rc != 1) /* 0: the other end is gone, and so is this */
		return rc;
	rc = namespaces_known(m, &f, &other);
	if (rc < 0)
		return rc;
	if (rc == 1)
		return namespaces_beside(m, given, other);
	rc = keep_origin(m, &f, given->id);
	if (rc != 0)
		return rc;
	m->bytes += f.text_n;
	rc = change_add_fact(m->change, &f, &other, m->e);
	if (rc != 0)
		return rc;
	return namespaces_beside(m, given, other);
}

static int
move_id(struct mover *m, int64_t fact)
{
	struct given x = {.e = m->e};
	int rc = fact_get(m->st, fact, copy_given, &x, m->e);

	if (rc == 1)
		rc = move_fact(m, &x.f);
	buf_done(&x.text);
	return rc;
}

static int
collect_fact(void *ctx, const struct fact *f)
{
	struct mover *m = ctx;

	if (m->facts.n + m->moved.n >= LIMIT_SLICE_FACTS) {
		m->full = true;
		return 1;
	}
	m->facts.id[m->facts.n++] = f->id;
	return 0;
}

/* The facts of an entity, as far as the slice has room; then itself. */
static int
move_entity(struct mover *m, int64_t entity, int64_t existence)
{
	int rc = namespaces_target(m, entity, &m->target);

	m->facts.n = 0;
	if (rc < 0)
		return rc;
	if (rc == 1)
		rc = fact_each(m->st, entity,
			1u << FACT_OBSERVATION | 1u << FACT_RELATION |
				1u << FACT_METADATA | FACT_MARKS,
			collect_fact, m, m->e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < m->facts.n; i++) {
		if (namespaces_merge_is_full(m)) {
			m->full = true;
			return 0;
		}
		rc = move_id(m, m->facts.id[i]);
		if (rc < 0)
			return rc;
		m->moved.id[m->moved.n++] = m->facts.id[i];
	}
	if (m->full)
		return 0;
	rc = namespaces_incoming(m, entity);
	if (rc < 0)
		return rc;
	if (!m->full)
		m->moved.id[m->moved.n++] = existence;
	return 0;
}

/* --- a slice -------------------------------------------------------------- */
struct entities {
	int64_t entity[LIMIT_SLICE_FACTS], existence[LIMIT_SLICE_FACTS];
	size_t n;
};

static int
collect_entity(void *ctx, const struct fact *f)
{
	struct entities *x = ctx;

	x->entity[x->n] = f->entity;
	x->existence[x->n++] = f->id;
	return x->n == LIMIT_SLICE_FACTS;
}

static int
move_entities(struct mover *m)
{
	AUTO_FREE struct entities *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_nomem(m->e);
	rc = fact_each_entity(m->st, m->from, 0, collect_entity, x, m->e);
	if (rc < 0)
		return rc;
	m->full = rc == 1;
	for (size_t i = 0; i < x->n; i++) {
		bool rest = m->full;

		m->full = false;
		rc = move_entity(m, x->entity[i], x->existence[i]);
		if (rc != 0)
			return rc;
		m->full |=
			rest || (i + 1 < x->n && namespaces_merge_is_full(m));
		if (namespaces_merge_is_full(m))
			break;
	}
	return 0;
}

static int
begin_change(struct mover *m, int64_t ns, const struct context *ctx,
	const char *message)
{
	struct change_info info = {.ns = ns,
		.branch = m->branch,
		.kind = CHANGE_MOVE,
		.actor = ctx->actor,
		.client = ctx->client,
		.session = ctx->session,
		.message = ctx->message != NULL ? ctx->message : message};

	return change_begin(m->st, &info, &m->change, m->e);
}

static int
seal_change(struct mover *m, struct namespaces_merge_result *ret)
{
	int64_t change, at;
	int rc = change_seal(take_ptr(m->change), &change, &at, m->e);

	if (rc != 0)
		return rc;
	if (change != 0) {
		ret->change = change;
		ret->at = at;
	}
	return rc;
}

static int
namespaces_merge_run_slice(struct mover *m, const struct context *ctx,
	const char *message, struct namespaces_merge_result *ret)
{
	int rc = begin_change(m, m->to, ctx, message);

	if (rc != 0)
		return rc;
	rc = move_entities(m);
	if (rc != 0)
		return rc;
	rc = seal_change(m, ret);
	if (rc != 0)
		return rc;
	rc = begin_change(m, m->from, ctx, message);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < m->moved.n; i++) {
		rc = change_hide(m->change, m->moved.id[i], m->e);
		if (rc != 0)
			return rc;
	}
	rc = seal_change(m, ret);
	ret->moved = (int64_t)m->moved.n;
	ret->more = m->full;
	return rc;
}

static int
namespaces_merge_find(struct store *st, const char *param, const char *name,
	int64_t *ret, struct err *e)
{
	int rc = namespace_find(st, name, ret, e);

	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, param,
			"no namespace '%.200s'; list_namespaces names "
			"them",
			name);
	if (rc < 0)
		return rc;
	return 0;
}

int
namespaces_merge(struct store *st, const struct context *ctx, const char *from,
	const char *to, struct namespaces_merge_result *ret, struct err *e)
{
	AUTO_FREE struct mover *m = calloc(1, sizeof(*m));
	struct context target = *ctx;
	char message[700];
	int rc;

	memset(ret, 0, sizeof(*ret));
	if (!m)
		return err_nomem(e);
	m->st = st;
	m->e = e;
	rc = namespaces_merge_find(st, "from", from, &m->from, e);
	if (rc != 0)
		return rc;
	rc = namespaces_merge_find(st, "to", to, &m->to, e);
	if (rc != 0)
		return rc;
	if (m->from == m->to)
		return err_param(e, MDB_E_INVALID, "to",
			"'%.200s' and '%.200s' are one namespace", from, to);
	target.branch = "main"; /* of both namespaces */
	target.namespace_ = to;
	target.user_scope = false;
	rc = scope_write(st, &target, &m->to, &m->branch, e);
	if (rc != 0)
		return rc;
	snprintf(message, sizeof(message), "namespace '%s' merged into '%s'",
		from, to);
	rc = namespaces_merge_run_slice(m, ctx, message, ret);
	change_drop(m->change);
	if (rc != 0)
		return rc;
	return tables_merged(st, m->from, m->to, !ret->more, e);
}
