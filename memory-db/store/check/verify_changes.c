/* Verify, every change: its link of the chain is computed anew from its fields
 * and ops and compared with the one that is stored; then its message, its ids,
 * and what its ops left behind.
 *
 * Ops and tables are compared as sums of hashes, so that a slice needs no
 * memory of the slices before: each op adds the row that it should have made,
 * each row that is found is taken off (verify_ops.c, verify_facts.c). At the
 * end all sums must be zero. */
#include "memory-db/store/check/verify_int.h"

#include <inttypes.h>
#include <string.h>

#include "memory-db/store/log/chain.h"

/* Where the chain of a namespace stands before the change at hand. Kept for
 * the slice, newest namespaces first in use. */
#define PREVIOUS 16

struct previous {
	int64_t ns, fact_max, past_max, base;
	bool is_open; /* the base is not replayed to its end yet */
	unsigned char chain[CHAIN_BYTES];
};

struct verify_changes_run {
	struct verify *v;
	struct previous previous[PREVIOUS];
	size_t next; /* slot used next */
	int64_t at;  /* of the change before */
	struct verify_ops ops;
};

struct verify_changes_row { /* a row of V_CHANGES */
	struct chain_head head;
	const char *message;
	size_t message_n;
	const unsigned char *salt, *digest, *chain;
	int64_t fact_max, past_max;
};

/* --- what was before ------------------------------------------------------ */
static int
load_previous(struct verify *v, int64_t ns, int64_t id, struct previous *p)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_BEFORE);
	int rc;

	bind_i(s, 1, ns);
	bind_i(s, 2, id);
	memset(p, 0, sizeof(*p));
	p->ns = ns;
	p->fact_max = p->past_max = store_ids_of(ns);
	rc = verify_base(v, ns, &p->base);
	if (rc != 0)
		return rc;
	p->is_open = v->base_is_open;
	rc = stmt_row(v->st, s, v->e);
	if (rc != 1)
		return rc;
	if (sqlite3_column_bytes(s, 0) == CHAIN_BYTES)
		memcpy(p->chain, sqlite3_column_blob(s, 0), CHAIN_BYTES);
	p->fact_max = sqlite3_column_int64(s, 1);
	p->past_max = sqlite3_column_int64(s, 2);
	return 0;
}

static int
previous_of(struct verify_changes_run *run, int64_t ns, int64_t id,
	struct previous **ret)
{
	struct previous *p;

	for (size_t i = 0; i < PREVIOUS; i++)
		if (run->previous[i].ns == ns) {
			*ret = &run->previous[i];
			return 0;
		}
	p = &run->previous[run->next++ % PREVIOUS];
	*ret = p;
	return load_previous(run->v, ns, id, p);
}

/* --- a change ------------------------------------------------------------- */
static void
verify_changes_read_row(sqlite3_stmt *s, struct verify_changes_row *c)
{
	static const unsigned char none[FACT_DIGEST_BYTES];

	*c = (struct verify_changes_row){
		.head = {.id = sqlite3_column_int64(s, 0),
			.ns = sqlite3_column_int64(s, 1),
			.at = sqlite3_column_int64(s, 2),
			.branch = sqlite3_column_int64(s, 3),
			.kind = sqlite3_column_int64(s, 4),
			.about = sqlite3_column_int64(s, 5),
			.actor = (const char *)sqlite3_column_text(s, 6),
			.client = (const char *)sqlite3_column_text(s, 7),
			.session = (const char *)sqlite3_column_text(s, 8),
			.message_digest = none},
		.message = (const char *)sqlite3_column_text(s, 9),
		.message_n = (size_t)sqlite3_column_bytes(s, 9),
		.fact_max = sqlite3_column_int64(s, 13),
		.past_max = sqlite3_column_int64(s, 14)};
	if (sqlite3_column_bytes(s, 10) == FACT_SALT_BYTES)
		c->salt = sqlite3_column_blob(s, 10);
	if (sqlite3_column_bytes(s, 11) == FACT_DIGEST_BYTES)
		c->digest = sqlite3_column_blob(s, 11);
	if (sqlite3_column_bytes(s, 12) == CHAIN_BYTES)
		c->chain = sqlite3_column_blob(s, 12);
	if (c->digest)
		c->head.message_digest = c->digest;
}

static int
check_message(struct verify *v, const struct verify_changes_row *c)
{
	unsigned char digest[FACT_DIGEST_BYTES];

	if (!c->message)
		return 0; /* none, or forgotten: the chain has its digest */
	if (c->salt && c->digest) {
		digest_message(c->salt, c->message, c->message_n, digest);
		if (memcmp(digest, c->digest, sizeof(digest)) == 0)
			return 0;
	}
	return verify_problem(v, "message",
		"the message of change %" PRId64 " does not match its digest",
		c->head.id);
}

/* Feeds the ops of a change to the chain and collects them. */
static int
read_ops(struct verify_changes_run *run, const struct verify_changes_row *c,
	struct chain *chain)
{
	struct verify *v = run->v;
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_OPS);
	static const unsigned char none[FACT_DIGEST_BYTES];
	int64_t next = 0;
	int rc, told = 0;

	bind_i(s, 1, c->head.id);
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		struct verify_op op = {.seq = sqlite3_column_int64(s, 0),
			.what = sqlite3_column_int64(s, 1),
			.entity = sqlite3_column_int64(s, 2),
			.fact = sqlite3_column_int64(s, 3),
			.key = sqlite3_column_int64(s, 4),
			.value = sqlite3_column_int64(s, 5)};
		const unsigned char *digest = none;
		bool is_fact = op.what == OP_SHOW || op.what == OP_HIDE;

		if (sqlite3_column_bytes(s, 6) == FACT_DIGEST_BYTES)
			digest = sqlite3_column_blob(s, 6);
		chain_op(chain, (enum op_what)op.what, op.entity, op.fact,
			op.key, op.value, digest);
		if (op.seq != next++ ||
			(is_fact && sqlite3_column_int64(s, 7) != op.entity))
			told = verify_problem(v, "op",
				"op %" PRId64 " of change %" PRId64 " is out "
				"of order or names a fact of another entity",
				op.seq, c->head.id);
		if (told != 0)
			return told;
		if (verify_ops_add(&run->ops, &op) != 0)
			return err_nomem(v->e);
	}
	return rc;
}

static int
check_ids(struct verify_changes_run *run, const struct verify_changes_row *c,
	const struct previous *p)
{
	struct verify *v = run->v;
	int64_t facts = run->ops.fact_max > p->fact_max ? run->ops.fact_max
							: p->fact_max;
	int rc = 0;

	if (c->head.at < run->at)
		rc = verify_problem(v, "change",
			"change %" PRId64 " is older than the one before it",
			c->head.id);
	if (rc != 0)
		return rc;
	/* Their numbers are those of the facts that were there once. */
	if (run->ops.is_folded)
		return 0;
	if (c->fact_max != facts ||
		c->past_max != p->past_max + run->ops.new_past)
		rc = verify_problem(v, "change",
			"change %" PRId64 " names wrong highest ids",
			c->head.id);
	return rc;
}

/* The last change of a base: what is left of all of it gives a seal, which the
 * change that folded it holds: without that one nobody vouches for the base, and
 * a line in `meta` would be enough to alter what is old. */
static int
verify_changes_check_seal(struct verify *v, const struct verify_changes_row *c,
	const unsigned char link[CHAIN_BYTES])
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_FOLD);
	unsigned char seal[CHAIN_BYTES], found[CHAIN_BYTES];
	int rc, n = 0;

	chain_seal(link, c->chain, seal);
	bind_i(s, 1, c->head.ns);
	bind_i(s, 2, c->head.id);
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		int64_t part = sqlite3_column_int64(s, 0);

		memcpy(found + (size_t)n++ * sizeof(part), &part, sizeof(part));
	}
	if (rc < 0)
		return rc;
	if (n == 0)
		return verify_problem(v, "chain",
			"no change seals the base of namespace %" PRId64
			", up to change %" PRId64 ": it was altered, or a log "
			"of it was not imported to its end",
			c->head.ns, c->head.id);
	if (n == 4 && memcmp(found, seal, sizeof(seal)) == 0)
		return 0;
	return verify_problem(v, "chain",
		"the base of namespace %" PRId64 ", up to change %" PRId64
		", does not give its seal: it, or one of its ops or facts, was "
		"altered",
		c->head.ns, c->head.id);
}

static int
check_link(struct verify *v, const struct verify_changes_row *c,
	const struct previous *p, const unsigned char computed[CHAIN_BYTES])
{
	if (c->chain && c->head.id == p->base && !p->is_open)
		return verify_changes_check_seal(v, c, computed);
	if (c->chain && memcmp(computed, c->chain, CHAIN_BYTES) == 0)
		return 0;
	return verify_problem(v, "chain",
		"change %" PRId64 " of namespace %" PRId64 " does not "
		"give its link of the chain: it, or one of its ops or "
		"facts, was altered",
		c->head.id, c->head.ns);
}

static int
check_change(struct verify_changes_run *run, sqlite3_stmt *s)
{
	unsigned char computed[CHAIN_BYTES];
	struct verify *v = run->v;
	struct previous *p;
	struct chain chain;
	struct verify_changes_row c;
	int rc;

	verify_changes_read_row(s, &c);
	rc = previous_of(run, c.head.ns, c.head.id, &p);
	if (rc != 0)
		return rc;
	run->ops.n = 0;
	run->ops.change = c.head.id;
	run->ops.branch = c.head.branch;
	run->ops.new_past = run->ops.fact_max = 0;
	run->ops.is_folded = c.head.id <= p->base;
	chain_begin(&chain, p->chain, &c.head);
	rc = read_ops(run, &c, &chain);
	chain_end(&chain, computed);
	if (rc != 0)
		return rc;
	rc = check_link(v, &c, p, computed);
	if (rc != 0)
		return rc;
	rc = check_message(v, &c);
	if (rc != 0)
		return rc;
	rc = verify_ops_check(v, &run->ops);
	if (rc != 0)
		return rc;
	rc = check_ids(run, &c, p);
	if (rc != 0)
		return rc;
	run->at = c.head.at;
	p->fact_max = c.fact_max;
	p->past_max = c.past_max;
	if (c.chain)
		memcpy(p->chain, c.chain, CHAIN_BYTES);
	return 0;
}

/* `at` of the change before the first of this slice. */
static int
load_at(struct verify_changes_run *run)
{
	struct verify *v = run->v;
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_BEFORE);
	int rc;

	bind_i(s, 1, 0);
	bind_i(s, 2, v->mark->a + 1);
	rc = stmt_row(v->st, s, v->e);
	run->at = rc == 1 ? sqlite3_column_int64(s, 3) : INT64_MIN;
	return rc < 0 ? rc : 0;
}

static void
changes_run_done(struct verify_changes_run *x)
{
	free(x->ops.rows);
}
#define AUTO_CHANGES_RUN __attribute__((cleanup(changes_run_done)))

int
verify_changes(struct verify *v)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_CHANGES);
	AUTO_CHANGES_RUN struct verify_changes_run run = {.v = v};
	int rc = load_at(&run);

	bind_i(s, 1, v->mark->a);
	bind_i(s, 2, v->mark->change);
	if (rc != 0)
		return rc < 0 ? rc : 1;
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		rc = verify_rises(v, v->mark->a, sqlite3_column_int64(s, 0));
		if (rc == 0)
			rc = check_change(&run, s);
		if (rc != 0)
			break;
		v->mark->a = run.ops.change;
		v->mark->changes++;
		if (verify_is_late(v))
			return 0;
	}
	return rc < 0 ? rc : 1;
}
