/* The statements, the order of the steps, and slicing. The log says what the
 * tables must hold; verify goes through the log and adds a checksum for each
 * row that an op should have made, then through the tables and takes each row's
 * off again:
 *
 *   op "show fact 3 on main" of change 2    + sum(fact 3, main, from 2)
 *   row span(3, main, 2, open)              - sum(fact 3, main, from 2)
 *
 * The sum must end at zero. A row that was added, altered or lost leaves a rest,
 * whichever table it is of. Between two slices only the mark (the step, the last
 * id, the sums) is kept, so that writes go on; what they add is beyond
 * mark->change and is not looked at. */
#include "memory-db/store/check/verify_int.h"

#include <stdarg.h>
#include <string.h>

#include "common/clock.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/base.h"

#define OPEN SQL_OPEN_END

static const struct stmt_def defs[V_STATEMENTS] = {
	[V_TABLE] =
		{"SELECT rowid, name FROM sqlite_master WHERE type = 'table'"
		 " AND rootpage > 0 AND rowid > ?1 ORDER BY rowid LIMIT 1",
			1, 0},
	[V_INTEGRITY] = {"SELECT * FROM pragma_integrity_check(?1)", 1, 0},
	[V_FOREIGN] = {"SELECT parent, count(*), min(rowid)"
		       " FROM pragma_foreign_key_check(?1) GROUP BY parent",
		1, 0},
	[V_NAMESPACES] = {"SELECT n.id, n.name, n.head, n.last_change,"
			  " n.fact_max, n.past_max, c.id, c.chain, c.fact_max,"
			  " c.past_max FROM namespace n LEFT JOIN (SELECT ns,"
			  " max(id) AS id FROM change GROUP BY ns) m"
			  " ON m.ns = n.id LEFT JOIN change c ON c.id = m.id"
			  " ORDER BY n.id",
		0, 0},
	[V_NS_MAX] = {"SELECT (SELECT max(id) FROM fact WHERE id >= ?1 << 33"
		      " AND id < (?1 + 1) << 33), (SELECT max(id) FROM past"
		      " WHERE id >= ?1 << 33 AND id < (?1 + 1) << 33)",
		1, 0},
	[V_CHANGES] = {"SELECT c.id, c.ns, c.at, c.branch, c.kind, c.about,"
		       " (SELECT text FROM label WHERE id = c.actor),"
		       " (SELECT text FROM label WHERE id = c.client),"
		       " (SELECT text FROM label WHERE id = c.session),"
		       " c.message, c.message_salt, c.message_digest, c.chain,"
		       " c.fact_max, c.past_max FROM change c"
		       " WHERE c.id > ?1 AND c.id <= ?2 ORDER BY c.id",
		2, 0},
	[V_BEFORE] = {"SELECT chain, fact_max, past_max, at FROM change"
		      " WHERE id < ?2 AND (?1 = 0 OR ns = ?1)"
		      " ORDER BY id DESC LIMIT 1",
		2, 0},
	[V_OPS] = {"SELECT o.seq, o.what, o.entity, o.fact, o.key, o.value,"
		   " f.digest, f.entity FROM op o LEFT JOIN fact f"
		   " ON f.id = o.fact AND o.what IN (1, 2)"
		   " WHERE o.change = ?1 ORDER BY o.seq",
		1, 0},
	[V_SPAN_ADDED] = {"SELECT removed, entity FROM span WHERE fact = ?1"
			  " AND branch = ?2 AND added = ?3",
		3, 0},
	[V_SPAN_REMOVED] =
		{"SELECT count(*) FROM span WHERE fact = ?1 AND branch = ?2"
		 " AND removed = ?3",
			3, 0},
	[V_ATTR_OF] = {"SELECT value FROM attr WHERE entity = ?1 AND"
		       " branch = ?2 AND key = ?3 AND added = ?4"
		       " AND (removed > added)",
		4, 0},
	[V_SPANS] = {"SELECT branch, added, removed, entity FROM span"
		     " WHERE fact = ?1 ORDER BY branch, added",
		1, 0},
	[V_FORGOTTEN] = {"SELECT 1 FROM version v CROSS JOIN change c"
			 " ON c.id = v.change AND c.kind = 15 CROSS JOIN op o"
			 " ON o.change = v.change WHERE v.entity = ?1"
			 " AND o.what = 5 AND o.entity = ?1 AND o.key = 1"
			 " LIMIT 1",
		1, 0},
	[V_ERASED] = {"SELECT 1 FROM version v CROSS JOIN change c"
		      " ON c.id = v.change AND c.kind = 15 CROSS JOIN op o"
		      " ON o.change = v.change WHERE v.entity = ?1"
		      " AND o.what = 5 AND o.entity = ?1 AND o.fact = ?2"
		      " LIMIT 1",
		2, 0},
	[V_ALIAS_OF] = {"SELECT 1 FROM alias WHERE ns = ?1 AND name = ?2"
			" AND entity = ?3",
		3, 0},
	[V_VERSIONS] = {"SELECT v.entity, v.branch, v.n, v.change, c.ns, e.ns,"
			" v.bytes FROM version v LEFT JOIN change c"
			" ON c.id = v.change LEFT JOIN entity e"
			" ON e.id = v.entity WHERE v.entity > ?1"
			" ORDER BY v.entity, v.branch, v.n",
		1, 0},
	[V_ATTRS] = {"SELECT entity, branch, key, added, removed, value"
		     " FROM attr WHERE entity > ?1"
		     " ORDER BY entity, branch, key, removed",
		1, 0},
	[V_PAST] = {"SELECT p.id, p.fact, s.fact, f.id >> 33 FROM past p"
		    " LEFT JOIN span s ON s.fact = p.fact AND s.branch = 1"
		    " AND s.added = p.added AND s.removed = p.removed"
		    " LEFT JOIN fact f ON f.id = p.fact"
		    " WHERE p.id > ?1 ORDER BY p.id",
		1, 0},
	[V_PAST_COUNT] = {"SELECT (SELECT count(*) FROM past),"
			  " (SELECT count(*) FROM span WHERE branch = 1 AND"
			  " removed < " OPEN " AND added < removed)",
		0, 0},
	[V_ORPHAN_OPS] = {"SELECT o.change, count(*) FROM op o WHERE NOT EXISTS"
			  " (SELECT 1 FROM change c WHERE c.id = o.change)"
			  " GROUP BY o.change LIMIT 20",
		0, 0},
	[V_ALIASES] = {"SELECT a.ns, a.name FROM alias a LEFT JOIN entity e"
		       " ON e.id = a.entity WHERE e.ns IS NOT a.ns"
		       " UNION ALL SELECT n.ns, n.name FROM namespace_alias n"
		       " WHERE n.name IN (SELECT name FROM namespace)"
		       " LIMIT 20",
		0, 0},
	[V_NO_DICTIONARY] = {"SELECT p.ns, p.dictionary FROM packing p WHERE "
			     "p.dictionary <> 0 AND NOT EXISTS (SELECT 1 FROM "
			     "dictionary d WHERE d.id = p.dictionary AND "
			     "d.ns = p.ns)",
		0, 0},
	[V_TALLY] = {"WITH open(id, ns, kind, label, entity) AS MATERIALIZED"
		     " (SELECT f.id, f.id >> 33, f.kind, f.label, f.entity"
		     " FROM span s CROSS JOIN fact f ON f.id = s.fact"
		     " WHERE s.branch = 1 AND s.removed = " OPEN "),"
		     " counted(ns, kind, key, n) AS ("
		     " SELECT ns, 1, kind + 1, count(*) FROM open"
		     " WHERE kind < " SQL_METADATA " GROUP BY 1, 3"
		     " UNION ALL SELECT ns, 1, 4, count(*) FROM open GROUP BY 1"
		     " UNION ALL SELECT ns, 1, 5, count(*) FROM change"
		     " GROUP BY 1"
		     " UNION ALL SELECT e.ns, 1, 6, count(*) FROM version v"
		     " CROSS JOIN entity e ON e.id = v.entity GROUP BY 1"
		     " UNION ALL SELECT e.ns, 1, 7, sum(v.bytes) FROM version v"
		     " CROSS JOIN entity e ON e.id = v.entity GROUP BY 1"
		     " UNION ALL SELECT id >> 33, 1, 8, sum(length(body))"
		     " FROM fact WHERE body IS NOT NULL GROUP BY 1"
		     " UNION ALL SELECT id >> 33, 1, 9, count(*) FROM past"
		     " GROUP BY 1"
		     " UNION ALL SELECT ns, 2, label, count(*) FROM open"
		     " WHERE kind = " SQL_EXISTENCE " GROUP BY 1, 3"
		     " UNION ALL SELECT ns, 3, coalesce((SELECT value FROM attr"
		     " a WHERE a.entity = open.entity AND a.branch = 1 AND"
		     " a.key = 1 AND a.removed = " OPEN "), 0), count(*)"
		     " FROM open WHERE kind = " SQL_EXISTENCE " GROUP BY 1, 3)"
		     " SELECT ns, kind, key, sum(n) FROM"
		     " (SELECT ns, kind, key, n FROM counted UNION ALL"
		     " SELECT ns, 4, 1, used FROM outcome_day UNION ALL"
		     " SELECT ns, 4, 2, ignored FROM outcome_day UNION ALL"
		     " SELECT ns, 4, 3, contradicted FROM outcome_day UNION ALL"
		     " SELECT ns, 4, 4, recalled_used FROM outcome_day"
		     " UNION ALL SELECT ns, 4, 5, recalled_ignored"
		     " FROM outcome_day UNION ALL SELECT ns, 4, 6,"
		     " recalled_contradicted FROM outcome_day UNION ALL"
		     " SELECT ns, kind, key, -n FROM tally)"
		     " GROUP BY ns, kind, key HAVING sum(n) <> 0 LIMIT 20",
		0, 0},
	[V_HEAD] = {"SELECT id FROM change WHERE ns = ?1 AND chain = ?2", 2, 0},
	[V_DERIVED] = {"SELECT 1 FROM derived WHERE source = ?1 AND fact = ?2",
		2, 0},
	[V_DERIVED_OF] = {"SELECT 1 FROM derived WHERE fact = ?1 LIMIT 1", 1,
		0},
	[V_BRANCH] = {"SELECT ns, fork, state FROM branch WHERE id = ?1", 1, 0},
	[V_MERGED] = {"SELECT upto FROM merged WHERE branch = ?1 AND at = ?2",
		2, 0},
	/* Rows beside the changes, and the ops that made them. */
	[V_BESIDE] = {"SELECT (SELECT count(*) FROM branch WHERE id <> 1),"
		      " (SELECT count(*) FROM merged),"
		      " (SELECT count(*) FROM branch WHERE state = 2),"
		      " (SELECT count(*) FROM derived),"
		      " sum(what = 4 AND key = 1), sum(what = 4 AND key = 2),"
		      " sum(what = 4 AND key = 3), (SELECT count(*) FROM"
		      " (SELECT DISTINCT fact, value FROM op WHERE what = 6))"
		      " FROM op",
		0, 0},
	[V_VECTORS] =
		{"SELECT v.fact, v.model, CASE WHEN m.id IS NULL THEN 0"
		 " WHEN f.id IS NULL OR f.kind <> " SQL_OBSERVATION " THEN 1"
		 " WHEN f.salt IS NULL THEN 2 ELSE 3 END AS why"
		 " FROM vector v LEFT JOIN fact f ON f.id = v.fact"
		 " LEFT JOIN vector_model m ON m.id = v.model"
		 " WHERE m.id IS NULL OR f.id IS NULL OR f.kind <> " SQL_OBSERVATION
		 " OR f.salt IS NULL OR (length(v.data) <> 0 AND"
		 " length(v.data) <> 4 * m.dims AND"
		 " (length(v.data) > 4 * m.dims OR"
		 " (length(v.data) - (m.dims + 7) / 8) % 4 <> 0))"
		 " LIMIT 20",
			0, 0},
	[V_FOLD] = {"SELECT o.value FROM change c CROSS JOIN op o"
		    " ON o.change = c.id WHERE c.id > ?2 AND c.ns = ?1 AND"
		    " c.kind = 16 AND c.about = ?2 AND o.what = 7"
		    " ORDER BY c.id DESC, o.seq LIMIT 4",
		2, 0},
	[V_TOTALS] = {"SELECT sum(fact_max - (id << 33)) FROM namespace", 0, 0},
};
const struct stmt_module verify_module = {"verify", defs, ARRAY_LEN(defs)};

int
verify_problem(struct verify *v, const char *what, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (v->mark->problems == VERIFY_PROBLEMS_MAX)
		return 0;
	if (++v->mark->problems == VERIFY_PROBLEMS_MAX)
		snprintf(text, sizeof(text), "%d problems; the run stops here",
			VERIFY_PROBLEMS_MAX);
	return v->fn(v->ctx, what, text, v->mendable);
}

int
verify_rises(struct verify *v, int64_t before, int64_t key)
{
	if (key > before)
		return 0;
	return err_set(v->e, MDB_E_CORRUPT, "rows are out of order");
}

void
verify_sum(struct verify *v, int64_t *sum, int sign, enum verify_row row,
	const int64_t key[4])
{
	int64_t data[5] = {row, key[0], key[1], key[2], key[3]};
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t hash;

	crypto_shorthash(out, (const unsigned char *)data, sizeof(data),
		v->st->base->sip_key);
	memcpy(&hash, out, sizeof(hash));
	*sum = (int64_t)((uint64_t)*sum + (sign > 0 ? hash : -hash));
}

int
verify_base(struct verify *v, int64_t ns, int64_t *ret)
{
	int rc = 0;

	if (v->base_ns != ns)
		rc = log_base(v->st, ns, &v->base, &v->base_is_open, v->e);
	if (rc != 0)
		return rc;
	v->base_ns = ns;
	*ret = v->base;
	return 0;
}

bool
verify_is_late(const struct verify *v)
{
	return clock_mono_ns() >= v->until_ns ||
	       v->mark->problems >= VERIFY_PROBLEMS_MAX;
}

/* --- steps ---------------------------------------------------------------- */
static const struct step {
	const char *name;
	int (*fn)(struct verify *v);
	double share; /* of the time, by experience */
	enum verify_part part;
} steps[] = {
	{"sqlite", verify_tables, 0.15, VERIFY_DERIVED},
	{"namespace", verify_namespaces, 0.01, VERIFY_LOG},
	{"chain", verify_changes, 0.25, VERIFY_LOG},
	{"dictionary", verify_dictionaries, 0.01, VERIFY_LOG},
	{"digest", verify_facts, 0.23, VERIFY_LOG},
	{"version", verify_versions, 0.10, VERIFY_LOG},
	{"attribute", verify_attrs, 0.01, VERIFY_LOG},
	{"past", verify_past, 0.03, VERIFY_LOG},
	{"name", verify_names, 0.01, VERIFY_LOG},
	{"branch", verify_beside, 0.01, VERIFY_LOG},
	{"counter", verify_tally, 0.04, VERIFY_DERIVED},
	{"vector", verify_vectors, 0.02, VERIFY_DERIVED},
	{"text index", verify_text, 0.13, VERIFY_DERIVED},
};

bool
verify_has_step(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (strcmp(steps[i].name, name) == 0)
			return true;
	return false;
}

/* How far the step under way is, 0..1. */
static double
step_progress(struct verify *v)
{
	const struct verify_mark *m = v->mark;
	AUTO_STMT sqlite3_stmt *s = NULL;
	double total;

	if (steps[m->step].fn == verify_changes)
		return m->change > 0 ? (double)m->a / (double)m->change : 1;
	if (steps[m->step].fn != verify_facts)
		return 0;
	s = stmt_use(v->st, MOD_VERIFY, V_TOTALS);
	if (stmt_row(v->st, s, NULL) != 1)
		return 0;
	total = sqlite3_column_double(s, 0);
	return total > 0 && (double)m->facts < total ? (double)m->facts / total
						     : 1;
}

static double
progress(struct verify *v)
{
	double sum = 0;

	for (int64_t i = 0; i < v->mark->step; i++)
		sum += steps[i].share;
	if (v->mark->step < (int64_t)ARRAY_LEN(steps))
		sum += steps[v->mark->step].share * step_progress(v);
	return sum < 1 ? sum : 1;
}

/* One step, as far as time allows. Damage that SQLite itself meets (a broken
 * index of words is a plain "logic error") is a problem, not an error, and ends
 * the step. */
static int
verify_run_step(struct verify *v)
{
	const struct step *step = &steps[v->mark->step];
	bool is_ours =
		v->mark->part == VERIFY_WHOLE || v->mark->part == step->part;
	int r = is_ours ? step->fn(v) : 1;

	if (r == MDB_E_CORRUPT || r == MDB_E_STORE) {
		r = verify_problem(v, step->name, "%s", v->e->text);
		if (r == 0)
			r = 1;
	}
	if (r == 1) {
		v->mark->step++;
		v->mark->a = 0;
	}
	return r;
}

int
verify_slice(struct store *st, struct verify_mark *mark, int64_t until_ns,
	verify_problem_fn fn, void *ctx, double *ret_progress, bool *ret_done,
	struct err *e)
{
	struct err own = {0};
	struct verify v = {.st = st,
		.mark = mark,
		.until_ns = until_ns,
		.fn = fn,
		.ctx = ctx,
		.e = e != NULL ? e : &own};
	int64_t end = (int64_t)ARRAY_LEN(steps);
	if (mark->step < 0 || mark->step > end)
		return err_param(e, MDB_E_INVALID, "cursor",
			"cursor names no step of verify");
	/* A table is checked in one go, however large; a client that does not
	 * want to wait cancels. */
	store_deadline(st, 0);
	while (mark->step < end) {
		int rc = verify_run_step(&v);

		if (rc < 0)
			return rc;
		if (verify_is_late(&v))
			break;
	}
	if (mark->problems >= VERIFY_PROBLEMS_MAX)
		mark->step = end;
	*ret_done = mark->step == end;
	*ret_progress = *ret_done ? 1 : progress(&v);
	return 0;
}

int
verify_find_head(struct store *st, int64_t ns, const unsigned char head[32],
	int64_t *ret_change, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_VERIFY, V_HEAD);

	bind_i(s, 1, ns);
	bind_b(s, 2, head, 32);
	return stmt_int(st, s, ret_change, e);
}
