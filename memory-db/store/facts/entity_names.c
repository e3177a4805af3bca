/* Names -> entities under the lens applied.
 *
 * What an entity is called is in its existence facts. One that replaced another
 * says so (`supersedes`, over facts of the same name), so the older names of an
 * entity are those along the chain from the existence fact that is visible.
 * They come with it to another branch, and go when it is taken back. The table
 * alias says only which entities have a name anywhere; rows with lent = 1 came
 * without a rename (import, namespaces made one) and hold wherever the entity
 * exists. */
#include "memory-db/store/facts/labels.h"

#include <string.h>

#include "common/vec.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

enum { CANDIDATES, ADD, LENT, NEAR, EXISTENCES, LAST_SPAN };

static const struct stmt_def defs[] = {
	[CANDIDATES] = {"SELECT id, 2 FROM entity WHERE ns = ?1 AND name = ?2 "
			"UNION ALL SELECT entity, lent FROM alias WHERE "
			"ns = ?1 AND name = ?2",
		2, 0},
	[ADD] = {"INSERT INTO alias(ns, name, entity, lent) "
		 "VALUES(?1, ?2, ?3, ?4) ON CONFLICT(ns, name, entity) "
		 "DO UPDATE SET lent = 1 WHERE excluded.lent = 1",
		4, STMT_WRITER},
	[LENT] = {"SELECT name FROM alias WHERE entity = ?1 AND lent = 1 "
		  "ORDER BY name",
		1, 0},
	[NEAR] = {"SELECT id, name FROM entity WHERE ns = ?1 AND name >= ?2 "
		  "AND name < ?3 UNION ALL SELECT entity, name FROM alias "
		  "WHERE ns = ?1 AND name >= ?2 AND name < ?3 LIMIT ?4",
		4, 0},
	/* Existence facts have no key by text: `same` is NULL. */
	[EXISTENCES] = {"SELECT id FROM fact WHERE entity = ?1 AND same IS NULL"
			" AND kind = " SQL_EXISTENCE " AND salt IS NOT NULL",
		1, 0},
	[LAST_SPAN] =
		{"SELECT removed FROM span WHERE fact = ?1 AND "
		 "branch = ?2 AND added <= ?3 ORDER BY added DESC LIMIT 1",
			3, 0},
};
const struct stmt_module named_module = {"named", defs, ARRAY_LEN(defs)};

const struct store_table named_tables[] = {
	{.name = "alias",
		.kind = TABLE_LINE,
		.forget = FORGET_DROPS,
		.verified = "name"},
	{0},
};

/* --- the names of one entity ---------------------------------------------- */
struct link {
	int64_t before;
	struct buf name;
	struct err *e;
};

static int
get_link(void *ctx, const struct fact *f)
{
	struct link *x = ctx;

	x->before = 0;
	x->name.len = 0;
	if (f->erased || f->kind != FACT_EXISTENCE)
		return 0;
	x->before = f->supersedes;
	return buf_add(&x->name, f->text, f->text_n) != 0 ? err_nomem(x->e) : 0;
}

typedef int (*name_fn)(void *ctx, const char *name, size_t n);

static void
link_done(struct link *x)
{
	buf_done(&x->name);
}
#define AUTO_LINK __attribute__((cleanup(link_done)))

/* The names along the chain, newest first, the one of `fact` among them. */
static int
each_name(struct store *st, int64_t fact, name_fn fn, void *ctx, struct err *e)
{
	AUTO_LINK struct link x = {.e = e};

	for (int i = 0; fact != 0 && i < LIMIT_ENTITY_NAMES; i++) {
		int rc = fact_get(st, fact, get_link, &x, e);

		fact = x.before;
		if (rc == 1)
			rc = x.name.len == 0 ? 0
					     : fn(ctx, x.name.data, x.name.len);
		if (rc != 0)
			return rc;
	}
	return 0;
}

struct entity_names_wanted {
	const char *name;
	size_t n;
};

static bool
entity_names_is_wanted(const struct entity_names_wanted *w, const char *name,
	size_t n)
{
	return n == w->n && memcmp(name, w->name, n) == 0;
}

static int
stop_at(void *ctx, const char *name, size_t n)
{
	return entity_names_is_wanted(ctx, name, n) ? 1 : 0;
}

/* When a fact that is not visible under the lens vanished there; 0 never. */
static int
closed_at(struct store *st, int64_t fact, int64_t *ret, struct err *e)
{
	*ret = 0;
	for (int i = 0; i < st->lens.n; i++) {
		AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_NAMED, LAST_SPAN);
		int rc;

		bind_i(s, 1, fact);
		bind_i(s, 2, st->lens.level[i].branch);
		bind_i(s, 3, lens_limit(&st->lens, i, fact_namespace(fact)));
		rc = stmt_row(st, s, e);
		if (rc == 1)
			*ret = sqlite3_column_int64(s, 0);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

/* The last existence fact of an entity that exists no more: 1, 0 it never did
 * under this lens. */
static int
last_existence(struct store *st, int64_t entity, int64_t *ret_fact,
	int64_t *ret_closed, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_NAMED, EXISTENCES);
	int rc;

	*ret_fact = *ret_closed = 0;
	bind_i(s, 1, entity);
	while ((rc = stmt_row(st, s, e)) == 1) {
		int64_t fact = sqlite3_column_int64(s, 0), closed;

		rc = closed_at(st, fact, &closed, e);
		if (rc != 0)
			return rc;
		if (closed > *ret_closed) {
			*ret_closed = closed;
			*ret_fact = fact;
		}
	}
	return rc < 0 ? rc : *ret_fact != 0;
}

int
entity_was(struct store *st, int64_t entity, struct err *e)
{
	int64_t fact, closed;

	return last_existence(st, entity, &fact, &closed, e);
}

/* --- which entity a name means -------------------------------------------- */
/* Higher ones win. */
enum rank {
	NO_WAY = -1,
	GONE_FIRST, /* does not exist; its first name */
	GONE,	    /* does not exist; its last name here */
	IS_LENT,
	IS_FIRST, /* exists; its first name, or one before its present */
	WAS,
	IS
};
struct entity_names_candidate {
	int64_t entity;
	bool first, lent;
	enum rank rank;
	int64_t closed; /* GONE: when */
};
struct entity_names_candidates {
	struct entity_names_candidate *v;
	size_t n, cap;
};

static void
candidates_done(struct entity_names_candidates *c)
{
	free(c->v);
}
#define AUTO_CANDIDATES __attribute__((cleanup(candidates_done)))

static int
entity_names_add_candidate(struct entity_names_candidates *c, int64_t entity,
	int how, struct err *e)
{
	size_t i = 0;

	while (i < c->n && c->v[i].entity != entity)
		i++;
	if (i == c->n && vec_room(c->v, c->n, c->cap) != 0)
		return err_nomem(e);
	if (i == c->n)
		c->v[c->n++] =
			(struct entity_names_candidate){.entity = entity};
	c->v[i].first |= how == 2;
	c->v[i].lent |= how == 1;
	return 0;
}

static int
load_candidates(struct store *st, int64_t ns,
	const struct entity_names_wanted *w,
	struct entity_names_candidates *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_NAMED, CANDIDATES);
	int rc;

	bind_i(s, 1, ns);
	bind_t(s, 2, w->name, w->n);
	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = entity_names_add_candidate(ret, sqlite3_column_int64(s, 0),
			sqlite3_column_int(s, 1), e);
		if (rc != 0)
			return rc;
	}
	return rc;
}

static int
rank_gone(struct store *st, const struct entity_names_wanted *w,
	struct entity_names_candidate *c, struct err *e)
{
	struct link last = {.e = e};
	int64_t fact;
	int rc = last_existence(st, c->entity, &fact, &c->closed, e);

	c->rank = c->first ? GONE_FIRST : NO_WAY;
	if (rc == 1)
		rc = fact_get(st, fact, get_link, &last, e);
	if (rc == 1 && last.name.len > 0 &&
		entity_names_is_wanted(w, last.name.data, last.name.len))
		c->rank = GONE;
	buf_done(&last.name);
	return rc < 0 ? rc : 0;
}

static int
rank(struct store *st, const struct entity_names_wanted *w,
	struct entity_names_candidate *c, struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int64_t fact = 0;
	int rc = fact_existence(st, c->entity, &fact, NULL, &name, e);

	if (rc == 0)
		return rank_gone(st, w, c, e);
	if (rc == 1 && name.len > 0 &&
		entity_names_is_wanted(w, name.data, name.len)) {
		c->rank = IS;
		return 0;
	}
	if (c->first)
		c->rank = IS_FIRST;
	else if (c->lent)
		c->rank = IS_LENT;
	else
		c->rank = NO_WAY;
	if (rc == 1)
		rc = each_name(st, fact, stop_at, (void *)(uintptr_t)w, e);
	if (rc == 1)
		c->rank = WAS;
	return rc < 0 ? rc : 0;
}

int
entity_find(struct store *st, int64_t ns, const char *name, size_t n,
	int64_t *ret_id, struct err *e)
{
	AUTO_CANDIDATES struct entity_names_candidates all = {0};
	struct entity_names_wanted w = {name, n};
	const struct entity_names_candidate *best = NULL;
	int rc = load_candidates(st, ns, &w, &all, e);

	if (rc != 0)
		return rc;
	/* Nearly always: it is the first name of one and of no other. */
	if (all.n == 1 && all.v[0].first) {
		*ret_id = all.v[0].entity;
		return 1;
	}
	for (size_t i = 0; i < all.n; i++) {
		const struct entity_names_candidate *c = &all.v[i];

		rc = rank(st, &w, &all.v[i], e);
		if (!best || c->rank > best->rank ||
			(c->rank == GONE && best->rank == GONE &&
				c->closed > best->closed))
			best = c;
		if (rc != 0)
			return rc;
	}
	if (rc != 0 || !best || best->rank == NO_WAY)
		return rc;
	*ret_id = best->entity;
	return 1;
}

int
entity_find_ever(struct store *st, int64_t ns, const char *name, size_t n,
	int64_t *ret_id, struct err *e)
{
	AUTO_CANDIDATES struct entity_names_candidates all = {0};
	struct entity_names_wanted w = {name, n};
	int rc = entity_find(st, ns, name, n, ret_id, e);

	if (rc != 0)
		return rc;
	rc = load_candidates(st, ns, &w, &all, e);
	if (rc != 0 || all.n != 1)
		return rc;
	*ret_id = all.v[0].entity;
	return 1;
}

int
entity_each_named(struct store *st, int64_t ns, const char *name, size_t n,
	int (*fn)(void *ctx, int64_t entity), void *ctx, struct err *e)
{
	AUTO_CANDIDATES struct entity_names_candidates all = {0};
	struct entity_names_wanted w = {name, n};
	int rc = load_candidates(st, ns, &w, &all, e);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < all.n; i++) {
		rc = fn(ctx, all.v[i].entity);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- other names ---------------------------------------------------------- */
int
entity_alias(struct store *st, int64_t ns, const char *name, size_t n,
	int64_t entity, bool lent, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_NAMED, ADD);

	bind_i(s, 1, ns);
	bind_t(s, 2, name, n);
	bind_i(s, 3, entity);
	bind_i(s, 4, lent);
	return stmt_run(st, s, e);
}

/* Names told so far, each with a NUL behind it. */
struct entity_names_telling {
	struct buf told;
	int (*fn)(void *ctx, const char *name, size_t n);
	void *ctx;
	struct err *e;
};

static int
entity_names_note(struct entity_names_telling *t, const char *name, size_t n)
{
	return buf_add(&t->told, name, n) != 0 || buf_addc(&t->told, '\0') != 0
		       ? err_nomem(t->e)
		       : 0;
}

static int
entity_names_tell(void *ctx, const char *name, size_t n)
{
	struct entity_names_telling *t = ctx;
	int rc;

	for (size_t at = 0; at < t->told.len;) {
		size_t len = strlen(t->told.data + at);

		if (len == n && memcmp(t->told.data + at, name, n) == 0)
			return 0;
		at += len + 1;
	}
	rc = entity_names_note(t, name, n);
	if (rc != 0)
		return rc;
	return t->fn(t->ctx, name, n);
}

static int
tell_lent(struct store *st, int64_t entity, struct entity_names_telling *t,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_NAMED, LENT);
	int rc;

	bind_i(s, 1, entity);
	while ((rc = stmt_row(st, s, e)) == 1) {
		const char *name = (const char *)sqlite3_column_text(s, 0);

		rc = !name ? err_nomem(e)
			   : entity_names_tell(t, name,
				     (size_t)sqlite3_column_bytes(s, 0));
		if (rc != 0)
			return rc;
	}
	return rc;
}

/* The name it was created with, those it has had since, those lent to it. */
static int
tell_aliases(struct store *st, int64_t entity, int64_t fact,
	struct entity_names_telling *t)
{
	AUTO_BUF struct buf first = {0};
	int rc = entity_first_name(st, entity, NULL, &first, t->e);

	if (rc < 0)
		return rc;
	rc = rc == 1 && first.len > 0
		     ? entity_names_tell(t, first.data, first.len)
		     : 0;
	if (rc != 0)
		return rc;
	if (fact != 0)
		rc = each_name(st, fact, entity_names_tell, t, t->e);
	if (rc != 0)
		return rc;
	return tell_lent(st, entity, t, t->e);
}

int
entity_aliases(struct store *st, int64_t entity,
	int (*fn)(void *ctx, const char *name, size_t n), void *ctx,
	struct err *e)
{
	struct entity_names_telling t = {.fn = fn, .ctx = ctx, .e = e};
	AUTO_BUF struct buf name = {0};
	int64_t fact = 0;
	int rc = fact_existence(st, entity, &fact, NULL, &name, e);

	if (rc == 1)
		rc = entity_names_note(&t, name.data != NULL ? name.data : "",
			name.len);
	if (rc == 0)
		rc = tell_aliases(st, entity, fact, &t);
	buf_done(&t.told);
	return rc;
}

int
entity_near(struct store *st, int64_t ns, const char *prefix, size_t n,
	int limit, int (*fn)(void *ctx, int64_t entity, const char *name),
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_NAMED, NEAR);
	AUTO_BUF struct buf end = {0};
	int rc;

	/* No UTF-8 text holds the byte 0xff. */
	if (buf_add(&end, prefix, n) != 0 || buf_addc(&end, (char)0xff) != 0)
		return err_nomem(e);
	bind_i(s, 1, ns);
	bind_t(s, 2, prefix, n);
	bind_t(s, 3, end.data, end.len);
	bind_i(s, 4, limit);
	while ((rc = stmt_row(st, s, e)) == 1) {
		const char *name = (const char *)sqlite3_column_text(s, 1);

		rc = !name ? 0 : fn(ctx, sqlite3_column_int64(s, 0), name);
		if (rc != 0)
			return rc;
	}
	return rc;
}
