/* The counters as status shows them. The writer counts in memory and publishes
 * after its COMMIT (counters.c); here another thread copies what was
 * published, adds up namespaces, sorts the rows and cuts long lists. */
#include "memory-db/store/facts/counters_int.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"

static void
add_total(struct counters *ret, const struct counter *c)
{
	int64_t *const targets[] = {
		[TOTAL_ENTITIES] = &ret->entities,
		[TOTAL_OBSERVATIONS] = &ret->observations,
		[TOTAL_RELATIONS] = &ret->relations,
		[TOTAL_FACTS] = &ret->facts,
		[TOTAL_CHANGES] = &ret->changes,
		[TOTAL_VERSIONS] = &ret->versions,
		[TOTAL_ORIGINAL] = &ret->original_bytes,
		[TOTAL_STORED] = &ret->stored_bytes,
		[TOTAL_PAST] = &ret->past_facts,
	};

	if (c->key > 0 && c->key < (int64_t)ARRAY_LEN(targets))
		*targets[c->key] += c->n;
}

/* Adds n to the row of that name; rows are few. */
static int
counters_add_row(struct counters_row **rows, size_t *n, const char *name,
	int64_t count)
{
	struct counters_row *p;

	for (size_t i = 0; i < *n; i++)
		if (strcmp((*rows)[i].name, name) == 0) {
			(*rows)[i].n += count;
			return 0;
		}
	p = realloc(*rows, (*n + 1) * sizeof(*p));
	if (!p)
		return MDB_E_NOMEM;
	*rows = p;
	p[*n].name = strdup(name);
	if (!p[*n].name)
		return MDB_E_NOMEM;
	p[*n].n = count;
	(*n)++;
	return 0;
}

static const char *
counters_namespace(const struct counters_state *t, int64_t ns)
{
	for (size_t i = 0; i < t->names_n; i++)
		if (t->names[i].kind == 0 && t->names[i].id == ns)
			return t->names[i].text;
	return NULL;
}

/* What became of facts that were shown: in all, and of the namespace. */
static int
add_outcome(const struct counters_state *t, const struct counter *c,
	struct counters *ret)
{
	const char *name = counters_namespace(t, c->ns);
	struct counters_outcomes *row = NULL;

	if (c->key < 1 || c->key > COUNTERS_OUTCOMES || c->n == 0)
		return 0;
	ret->outcomes[c->key - 1] += c->n;
	for (size_t i = 0; name && !row && i < ret->shown_n; i++)
		if (strcmp(ret->shown[i].name, name) == 0)
			row = &ret->shown[i];
	if (!row && (!name || ret->shown_n == NAMES_SHOWN))
		return 0;
	if (!row) {
		row = realloc(ret->shown, (ret->shown_n + 1) * sizeof(*row));
		if (!row)
			return MDB_E_NOMEM;
		ret->shown = row;
		row = &ret->shown[ret->shown_n];
		*row = (struct counters_outcomes){.name = strdup(name)};
		if (!row->name)
			return MDB_E_NOMEM;
		ret->shown_n++;
	}
	row->n[c->key - 1] += c->n;
	return 0;
}

static int
add_counter(const struct counters_state *t, const struct counter *c,
	struct counters *ret)
{
	bool is_ns = c->kind == TALLY_TOTAL && c->key == TOTAL_ENTITIES;
	int64_t kind = is_ns ? 0 : c->kind, id = is_ns ? c->ns : c->key;
	int rc = 0;

	if (c->kind == TALLY_OUTCOME)
		return add_outcome(t, c, ret);
	if (c->kind == TALLY_TOTAL)
		add_total(ret, c);
	if (c->kind == TALLY_TIER && c->key >= 0 && c->key < 4)
		ret->by_tier[c->key] += c->n;
	if (c->n == 0 || (!is_ns && c->kind != TALLY_TYPE))
		return 0;
	for (size_t i = 0; i < t->names_n; i++) {
		if (t->names[i].kind != kind || t->names[i].id != id)
			continue;
		rc = is_ns ? counters_add_row(&ret->namespaces,
				     &ret->namespaces_n, t->names[i].text, c->n)
			   : counters_add_row(&ret->types, &ret->types_n,
				     t->names[i].text, c->n);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
counters_status_most_first(const void *a, const void *b)
{
	const struct counters_row *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
sort_and_cut(struct counters_row *rows, size_t *n)
{
	if (*n > 0)
		qsort(rows, *n, sizeof(*rows), counters_status_most_first);
	while (*n > NAMES_SHOWN)
		free(rows[--*n].name);
}

static bool
counters_is_wanted(const struct counters_state *t, const struct counter *c,
	const char *const *only, struct counters *ret)
{
	const char *name = counters_namespace(t, c->ns);

	for (; name && *only; only++)
		if (strcmp(*only, name) == 0)
			return true;
	ret->others += c->kind == TALLY_TOTAL && c->key == TOTAL_ENTITIES;
	return false;
}

int
store_counters(struct database *db, struct counters *ret, struct err *e)
{
	return store_counters_of(db, NULL, ret, e);
}

static int
add_counters(const struct counters_state *t, const char *const *only,
	struct counters *ret)
{
	for (size_t i = 0; i < t->n; i++) {
		int rc;

		if (only && !counters_is_wanted(t, &t->rows[i], only, ret))
			continue;
		rc = add_counter(t, &t->rows[i], ret);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
store_counters_of(struct database *db, const char *const *only,
	struct counters *ret, struct err *e)
{
	int rc = 0;

	memset(ret, 0, sizeof(*ret));
	pthread_mutex_lock(&db->tally_lock);
	if (db->tally) {
		rc = add_counters(db->tally, only, ret);
		ret->last_change = db->tally->last_change;
		ret->last_at = db->tally->last_at;
	}
	pthread_mutex_unlock(&db->tally_lock);
	if (rc != 0) {
		counters_done(ret);
		return err_nomem(e);
	}
	sort_and_cut(ret->types, &ret->types_n);
	sort_and_cut(ret->namespaces, &ret->namespaces_n);
	return 0;
}

void
counters_done(struct counters *t)
{
	for (size_t i = 0; i < t->types_n; i++)
		free(t->types[i].name);
	for (size_t i = 0; i < t->namespaces_n; i++)
		free(t->namespaces[i].name);
	for (size_t i = 0; i < t->shown_n; i++)
		free(t->shown[i].name);
	free(t->shown);
	free(t->types);
	free(t->namespaces);
	memset(t, 0, sizeof(*t));
}
