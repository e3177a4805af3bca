/* Sealing a change: the versions of the entities it touched, the hash over the
 * head before, the change and its ops, and the row that says what it did.
 *
 *   change 7 touched Ada   her version 3 becomes version 4 on this branch
 *                          chain of 7 = H(chain of 6, change 7, its ops)
 *                          the head of the namespace is the chain of 7
 *
 * What is left of a folded change brings its versions and its chain along
 * (base.h); only that they fit is looked at. */
#include "memory-db/store/log/change_internal.h"

#include <string.h>

#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/store/facts/heads.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/base.h"
#include "memory-db/store/log/change_sink.h"

enum { ADD_CHANGE, LAST_VERSION, ADD_VERSION };

static const struct stmt_def defs[] = {
	[ADD_CHANGE] = {"INSERT INTO change(id, ns, at, branch, kind, actor, "
			"client, session, message, message_salt, "
			"message_digest, about, fact_max, past_max, chain) "
			"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,"
			"?14,?15)",
		15, STMT_WRITER},
	[LAST_VERSION] =
		{"SELECT n, bytes FROM version WHERE entity = ?1 AND "
		 "branch = ?2 AND change <= ?3 ORDER BY n DESC LIMIT 1",
			3, STMT_WRITER},
	[ADD_VERSION] = {"INSERT INTO version(entity, branch, n, change, "
			 "bytes) VALUES(?1,?2,?3,?4,?5)",
		5, STMT_WRITER},
};
const struct stmt_module seal_module = {"seal", defs, ARRAY_LEN(defs)};

/* Newest (n, bytes) on the branch, or where it was forked from: the lens of a
 * write is that of its branch. */
static int
seal_last_version(struct change *c, int64_t entity, int64_t *ret_n,
	int64_t *ret_bytes, struct err *e)
{
	const struct lens *lens = lens_of(c->st);

	*ret_n = 0;
	*ret_bytes = 18; /* {"observations":[]} less a comma too many */
	if (change_made(c, entity))
		return 0;
	for (int i = 0; i < lens->n; i++) {
		sqlite3_stmt *s AUTO_STMT =
			stmt_use(c->st, MOD_SEAL, LAST_VERSION);
		int rc;

		bind_i(s, 1, entity);
		bind_i(s, 2, lens->level[i].branch);
		bind_i(s, 3, lens->level[i].limit);
		rc = stmt_row(c->st, s, e);
		if (rc < 0)
			return rc;
		if (rc == 1) {
			*ret_n = sqlite3_column_int64(s, 0);
			*ret_bytes = sqlite3_column_int64(s, 1);
			return 0;
		}
	}
	return 0;
}

int
change_put_version(struct store *st, sqlite3_stmt *s,
	const struct version_kept *v, struct err *e)
{
	int rc;

	bind_i(s, 1, v->entity);
	bind_i(s, 2, v->branch);
	bind_i(s, 3, v->n);
	bind_i(s, 4, v->change);
	bind_i(s, 5, v->bytes);
	rc = stmt_run(st, s, e);
	if (rc != 0 || sqlite3_changes(st->db) == 0)
		return rc;
	rc = counters_add(st, v->ns, TALLY_TOTAL, TOTAL_VERSIONS, 1, e);
	if (rc != 0)
		return rc;
	return counters_add(st, v->ns, TALLY_TOTAL, TOTAL_ORIGINAL, v->bytes,
		e);
}

static int
seal_version(struct change *c, const struct change_touched *t, struct err *e)
{
	struct version_kept v = {.ns = c->info.ns,
		.entity = t->entity,
		.branch = c->info.branch,
		.change = c->id};
	int rc = seal_last_version(c, t->entity, &v.n, &v.bytes, e);

	if (rc != 0)
		return rc;
	v.n++;
	v.bytes += t->delta;
	return change_put_version(c->st, stmt_use(c->st, MOD_SEAL, ADD_VERSION),
		&v, e);
}

static int
seal_row(struct change *c, const unsigned char *head, struct err *e)
{
	sqlite3_stmt *s;
	int64_t actor, client, session;
	int rc = label_intern(c->st, c->info.actor, &actor, e);

	if (rc != 0)
		return rc;
	rc = label_intern(c->st, c->info.client, &client, e);
	if (rc != 0)
		return rc;
	rc = label_intern(c->st, c->info.session, &session, e);
	if (rc != 0)
		return rc;
	s = stmt_use(c->st, MOD_SEAL, ADD_CHANGE);
	bind_i(s, 1, c->id);
	bind_i(s, 2, c->info.ns);
	bind_i(s, 3, c->at);
	bind_i(s, 4, c->info.branch);
	bind_i(s, 5, (int64_t)c->info.kind);
	bind_i0(s, 6, actor);
	bind_i0(s, 7, client);
	bind_i0(s, 8, session);
	if (c->info.message) {
		bind_t(s, 9, c->info.message, strlen(c->info.message));
		bind_b(s, 10, c->message_salt, FACT_SALT_BYTES);
	}
	if (c->info.message || change_is_forgotten(c))
		bind_b(s, 11, c->message_digest, FACT_DIGEST_BYTES);
	bind_i0(s, 12, c->info.about);
	bind_i(s, 13, c->fact_max);
	bind_i(s, 14, c->past_max);
	bind_b(s, 15, head, CHAIN_BYTES);
	return stmt_run(c->st, s, e);
}

static int
seal_namespace(struct change *c, const unsigned char *head, struct err *e)
{
	struct head h = {.ns = c->info.ns,
		.last_change = c->id,
		.fact_max = c->fact_max,
		.past_max = c->past_max};

	memcpy(h.chain, head, CHAIN_BYTES);
	return heads_set(c->st, &h, c->at, e);
}

static int
seal_offer(const struct change *c, const unsigned char head[CHAIN_BYTES],
	struct err *e)
{
	struct change_sealed sealed = {.id = c->id, .ns = c->info.ns};

	memcpy(sealed.chain, head, sizeof(sealed.chain));
	return change_sink_sealed(c->st, &sealed, e);
}

/* Versions and numbers of a folded change do not follow from its ops. */
static int
seal_folded(struct change *c, unsigned char head[CHAIN_BYTES], struct err *e)
{
	const struct change_folded *f = change_folded_of(c);

	if ((!f->is_base && memcmp(head, f->chain, CHAIN_BYTES) != 0) ||
		c->fact_max > f->fact_max || c->past_max > f->past_max)
		return err_set(e, MDB_E_CORRUPT,
			"change %lld of a base does not give its chain or has "
			"higher numbers than it says: the log was altered",
			(long long)c->id);
	memcpy(head, f->chain, CHAIN_BYTES);
	c->fact_max = f->fact_max;
	c->past_max = f->past_max;
	return log_base_set(c->st, c->info.ns, f->is_base ? c->id : -c->id, e);
}

static int
seal_all(struct change *c, struct err *e)
{
	bool is_folded = change_folded_of(c) != NULL;
	unsigned char head[CHAIN_BYTES];
	int rc = 0;

	for (size_t i = 0; !is_folded && i < c->touched_cap; i++) {
		if (c->touched[i].entity != 0)
			rc = seal_version(c, &c->touched[i], e);
		if (rc != 0)
			return rc;
	}
	chain_end(&c->chain, head);
	if (is_folded)
		rc = seal_folded(c, head, e);
	if (rc != 0)
		return rc;
	rc = seal_row(c, head, e);
	if (rc != 0)
		return rc;
	rc = seal_namespace(c, head, e);
	if (rc != 0)
		return rc;
	rc = counters_add(c->st, c->info.ns, TALLY_TOTAL, TOTAL_CHANGES, 1, e);
	if (rc != 0)
		return rc;
	rc = counters_add(c->st, 0, TALLY_TOTAL, TOTAL_LAST_CHANGE, c->id, e);
	if (rc != 0)
		return rc;
	rc = counters_add(c->st, 0, TALLY_TOTAL, TOTAL_LAST_AT, c->at, e);
	if (rc != 0)
		return rc;
	return seal_offer(c, head, e);
}

int
change_seal(struct change *c, int64_t *ret_change, int64_t *ret_at,
	struct err *e)
{
	int rc = 0;

	*ret_change = 0;
	*ret_at = c->at;
	if (c->seq > 0 || change_folded_of(c) != NULL) {
		rc = seal_all(c, e);
		*ret_change = c->id;
	}
	change_drop(c);
	return rc;
}
