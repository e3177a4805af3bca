/* What a change does to facts that exist, op by op.
 *
 * To hide fact 9 is to close its span; on a branch, whose parent's span it
 * cannot close, it is to write an empty span of the branch's own
 * (store/engine/lens.h). To show fact 9 again is to open another span. */
#include <assert.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/store/log/change_internal.h"
#include "memory-db/store/log/derivations.h"
#include "memory-db/store/log/shown_late.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/text_index.h"
#include "memory-db/store/facts/counters.h"

enum { ADD_OP, OPEN_SPAN, CLOSE_SPAN, MASK_SPAN, ADD_PAST, FACT_PLACE };

static const struct stmt_def defs[] = {
	[ADD_OP] = {"INSERT INTO op(change, seq, what, entity, fact, key, "
		    "value) VALUES(?1,?2,?3,?4,?5,?6,?7)",
		7, STMT_WRITER},
	[OPEN_SPAN] = {"INSERT OR REPLACE INTO span(fact, branch, added, "
		       "removed, entity) VALUES(?1, ?2, ?3, " SQL_OPEN_END ", "
		       "?4)",
		4, STMT_WRITER},
	[CLOSE_SPAN] = {"UPDATE span SET removed = ?3 WHERE fact = ?1 AND "
			"branch = ?2 AND removed = " SQL_OPEN_END " RETURNING "
			"added",
		3, STMT_WRITER},
	[MASK_SPAN] = {"INSERT OR REPLACE INTO span(fact, branch, added, "
		       "removed, entity) VALUES(?1, ?2, ?3, ?3, ?4)",
		4, STMT_WRITER},
	[ADD_PAST] = {"INSERT INTO past(id, fact, added, removed) "
		      "VALUES(?1,?2,?3,?4)",
		4, STMT_WRITER},
	[FACT_PLACE] = {"SELECT digest, length(body) FROM fact WHERE id = ?1",
		1, STMT_WRITER},
};
const struct stmt_module ops_module = {"ops", defs, ARRAY_LEN(defs)};

/* --- ops ------------------------------------------------------------------ */
int
change_op(struct change *c, enum op_what what, int64_t entity, int64_t fact,
	int64_t key, int64_t value, const unsigned char *digest, struct err *e)
{
	sqlite3_stmt *s;

	if (c->seq >= LIMIT_CHANGE_FACTS)
		return err_set(e, MDB_E_LIMIT,
			"this would touch more than %d facts at once; split "
			"it into several calls",
			LIMIT_CHANGE_FACTS);
	/* Each op has its number, and the chain has taken each of them. */
	assert(c->chain.ops == c->seq);
	s = stmt_use(c->st, MOD_OPS, ADD_OP);
	bind_i(s, 1, c->id);
	bind_i(s, 2, c->seq++);
	bind_i(s, 3, (int64_t)what);
	bind_i(s, 4, entity);
	bind_i0(s, 5, fact);
	if (what == OP_FOLD || what == OP_ATTR || what == OP_BRANCH ||
		what == OP_ERASE || what == OP_DERIVE) {
		bind_i(s, 6, key);
		bind_i(s, 7, value);
	}
	chain_op(&c->chain, what, entity, fact, key, value, digest);
	return stmt_run(c->st, s, e);
}

static int
change_open_span(struct change *c, int64_t fact, int64_t entity, struct err *e)
{
	sqlite3_stmt *s = stmt_use(c->st, MOD_OPS, OPEN_SPAN);

	assert(fact > 0 && entity > 0 && c->info.branch > 0);
	bind_i(s, 1, fact);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, c->id);
	bind_i(s, 4, entity);
	return stmt_run(c->st, s, e);
}

bool
change_on_main(const struct change *c)
{
	return c->info.branch == STORE_MAIN;
}

static int64_t
change_json_growth(const struct fact *f)
{
	return f->kind == FACT_OBSERVATION
		       ? (int64_t)jx_quoted_size(f->text, f->text_n) + 1
		       : 0;
}

/* Counters of main: `sign` +1 when a fact opens, -1 when it closes. */
static int
change_count(struct change *c, const struct fact *f, int sign, struct err *e)
{
	static const int64_t totals[] = {
		[FACT_EXISTENCE] = TOTAL_ENTITIES,
		[FACT_OBSERVATION] = TOTAL_OBSERVATIONS,
		[FACT_RELATION] = TOTAL_RELATIONS,
	};
	bool has_total = (size_t)f->kind < ARRAY_LEN(totals);
	int64_t ns = c->info.ns, tier = 0;
	int rc = counters_add(c->st, ns, TALLY_TOTAL, TOTAL_FACTS, sign, e);

	if (rc != 0)
		return rc;
	if (has_total)
		rc = counters_add(c->st, ns, TALLY_TOTAL, totals[f->kind], sign,
			e);
	if (rc != 0 || f->kind != FACT_EXISTENCE)
		return rc;
	if (!change_made(c, f->entity) || c->has_attrs)
		rc = attr_get(c->st, f->entity, ATTR_TIER, &tier, e);
	if (rc != 0)
		return rc;
	rc = counters_add(c->st, ns, TALLY_TIER, tier, sign, e);
	if (rc != 0)
		return rc;
	return counters_add(c->st, ns, TALLY_TYPE, f->label, sign, e);
}

/* What the text index holds of a fact: name and type, or the text. */
struct indexed {
	const char *name, *body;
	size_t name_n, body_n;
	bool any;
	struct buf type;
};

static void
indexed_done(struct indexed *x)
{
	buf_done(&x->type);
}
#define AUTO_INDEXED __attribute__((cleanup(indexed_done)))

static int
indexed_text(struct change *c, const struct fact *f, struct indexed *x,
	struct err *e)
{
	int rc = 0;

	x->any = f->kind == FACT_EXISTENCE || f->kind == FACT_OBSERVATION;
	x->name = "";
	if (f->kind == FACT_OBSERVATION) {
		x->body = f->text;
		x->body_n = f->text_n;
	} else if (f->kind == FACT_EXISTENCE) {
		x->name = f->text;
		x->name_n = f->text_n;
		rc = label_text(c->st, f->label, &x->type, e);
		x->body = x->type.data != NULL ? x->type.data : "";
		x->body_n = x->type.len;
	}
	return rc < 0 ? rc : 0;
}

static int
change_index(struct change *c, const struct fact *f, struct err *e)
{
	AUTO_INDEXED struct indexed x = {0};
	int rc = indexed_text(c, f, &x, e);

	if (rc != 0 || !x.any)
		return rc;
	if (change_on_main(c))
		return text_opens(c->st, f->id, x.name, x.name_n, x.body,
			x.body_n, e);
	return text_branch_shows(c->st, c->info.branch, f->id, x.name, x.name_n,
		x.body, x.body_n, e);
}

/* past 0: the fact never held (opened by this very change). */
static int
index_closes(struct change *c, const struct fact *f, int64_t past,
	struct err *e)
{
	AUTO_INDEXED struct indexed x = {0};
	int rc = indexed_text(c, f, &x, e);

	if (rc != 0 || !x.any)
		return rc;
	return text_closes(c->st, f->id, past, x.name, x.name_n, x.body,
		x.body_n, e);
}

/* --- hiding and showing --------------------------------------------------- */
/* Closes the open span on the change's branch; *ret_added 0: it had none. */
static int
close_span(struct change *c, int64_t fact, int64_t *ret_added, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(c->st, MOD_OPS, CLOSE_SPAN);
	int rc;

	bind_i(s, 1, fact);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, c->id);
	rc = stmt_row(c->st, s, e);
	*ret_added = rc == 1 ? sqlite3_column_int64(s, 0) : 0;
	if (rc == 1)
		rc = stmt_row(c->st, s, e);
	return rc < 0 ? rc : 0;
}

static int
mask_span(struct change *c, const struct fact *f, struct err *e)
{
	sqlite3_stmt *s = stmt_use(c->st, MOD_OPS, MASK_SPAN);

	bind_i(s, 1, f->id);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, c->id);
	bind_i(s, 4, f->entity);
	return stmt_run(c->st, s, e);
}

static int
add_past(struct change *c, int64_t fact, int64_t added, struct err *e)
{
	sqlite3_stmt *s = stmt_use(c->st, MOD_OPS, ADD_PAST);
	int rc;

	bind_i(s, 1, c->past_max + 1);
	bind_i(s, 2, fact);
	bind_i(s, 3, added);
	bind_i(s, 4, c->id);
	rc = stmt_run(c->st, s, e);
	if (rc != 0)
		return rc;
	c->past_max++;
	rc = counters_add(c->st, c->info.ns, TALLY_TOTAL, TOTAL_PAST, 1, e);
	return rc;
}

struct apply {
	struct change *c;
	struct err *e;
	bool show;
};

static int
hide_loaded(struct change *c, const struct fact *f, struct err *e)
{
	int64_t added, past = 0;
	int rc = close_span(c, f->id, &added, e);

	if (rc != 0)
		return rc;
	if (added == 0 && change_on_main(c))
		return err_set(e, MDB_E_INTERNAL,
			"fact %lld is not open on main", (long long)f->id);
	if (added == 0)
		rc = mask_span(c, f, e);
	if (rc != 0)
		return rc;
	if (change_on_main(c) && added != c->id) {
		rc = add_past(c, f->id, added, e);
		past = c->past_max;
	}
	if (rc != 0)
		return rc;
	rc = change_op(c, OP_HIDE, f->entity, f->id, 0, 0, NULL, e);
	if (rc != 0)
		return rc;
	rc = change_touch(c, f->entity, -change_json_growth(f), e);
	if (rc != 0)
		return rc;
	if (change_on_main(c))
		rc = change_count(c, f, -1, e);
	if (rc != 0)
		return rc;
	if (change_on_main(c) && !f->erased)
		rc = index_closes(c, f, past, e);
	return rc;
}

/* What curation makes of facts says no more than they do; what is replayed was
 * compared where it was written. */
static int
note_shown_late(struct change *c, const struct fact *f, struct err *e)
{
	bool says = f->kind == FACT_OBSERVATION || f->kind == FACT_RELATION;

	if (!says || f->erased || c->is_compared || !change_on_main(c) ||
		c->info.kind == CHANGE_CURATE || c->info.given)
		return 0;
	return shown_late_note(c->st, c->info.ns, f->id, e);
}

int
change_open_fact(struct change *c, const struct fact *f,
	const unsigned char *digest, struct err *e)
{
	int rc = change_open_span(c, f->id, f->entity, e);

	if (rc != 0)
		return rc;
	rc = note_shown_late(c, f, e);
	if (rc != 0)
		return rc;
	rc = change_op(c, OP_SHOW, f->entity, f->id, 0, 0, digest, e);
	if (rc != 0)
		return rc;
	rc = change_touch(c, f->entity, change_json_growth(f), e);
	if (rc != 0)
		return rc;
	if (change_on_main(c))
		rc = change_count(c, f, 1, e);
	if (rc != 0)
		return rc;
	if (!f->erased)
		return change_index(c, f, e);
	return 0;
}

static int
fact_digest(struct change *c, int64_t id, unsigned char *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(c->st, MOD_OPS, FACT_PLACE);
	int rc;

	bind_i(s, 1, id);
	rc = stmt_row(c->st, s, e);
	if (rc == 1 && sqlite3_column_bytes(s, 0) == FACT_DIGEST_BYTES)
		memcpy(ret, sqlite3_column_blob(s, 0), FACT_DIGEST_BYTES);
	else if (rc >= 0)
		rc = err_set(e, MDB_E_CORRUPT, "fact %lld has no digest",
			(long long)id);
	return rc < 0 ? rc : 0;
}

static int
show_loaded(struct change *c, const struct fact *f, struct err *e)
{
	unsigned char digest[FACT_DIGEST_BYTES];
	int rc = fact_digest(c, f->id, digest, e);

	if (rc != 0)
		return rc;
	/* A log is replayed without the text, but with all its ops. */
	if (f->erased && !c->info.given)
		return err_set(e, MDB_E_NOT_FOUND,
			"fact %lld was forgotten and cannot come back",
			(long long)f->id);
	return change_open_fact(c, f, digest, e);
}

static int
apply_fact(void *ctx, const struct fact *f)
{
	struct apply *a = ctx;

	return a->show ? show_loaded(a->c, f, a->e)
		       : hide_loaded(a->c, f, a->e);
}

static int
apply_to(struct change *c, int64_t fact, bool show, struct err *e)
{
	struct apply a = {c, e, show};
	int rc = fact_get(c->st, fact, apply_fact, &a, e);

	if (rc == 0)
		return err_set(e, MDB_E_INTERNAL, "no fact %lld",
			(long long)fact);
	return rc < 0 ? rc : 0;
}

int
change_hide(struct change *c, int64_t fact, struct err *e)
{
	return apply_to(c, fact, false, e);
}

int
change_hide_as(struct change *c, int64_t fact, int64_t past, struct err *e)
{
	if (past > 0)
		c->past_max = past - 1;
	return change_hide(c, fact, e);
}

int
change_show(struct change *c, int64_t fact, struct err *e)
{
	return apply_to(c, fact, true, e);
}

int
change_fold(struct change *c, int64_t part, int64_t value, struct err *e)
{
	return change_op(c, OP_FOLD, 0, 0, part, value, NULL, e);
}

int
change_branch(struct change *c, enum branch_action action, int64_t branch,
	int64_t fork, struct err *e)
{
	return change_op(c, OP_BRANCH, 0, fork, (int64_t)action, branch, NULL,
		e);
}

int
change_derive(struct change *c, int64_t entity, int64_t fact, int64_t source,
	struct err *e)
{
	int r = derivations_add(c->st, source, fact, e);

	if (r != 0)
		return r;
	return change_op(c, OP_DERIVE, entity, fact, 0, source, NULL, e);
}
