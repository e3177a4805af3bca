/* Makes one memory as another is: adds and removes what one side alone has, and
 * sets what both have and say otherwise (mirror_values.c).
 *
 * For example here Ada "likes tea", and there she "likes tea" and "lives in
 * Rome". Then "lives in Rome" is added here, unless it was pushed from here
 * once: in that case it was deleted here since, and only comes back. */
#include "memory-db/cli/lib/mirror.h"

#include <stdio.h>

#include "common/jx.h"
#include "memory-db/cli/lib/mirror_meet.h"
#include "memory-db/cli/lib/mirror_side.h"
#include "memory-db/cli/lib/mirror_values.h"
#include "memory-db/cli/lib/sliced.h"

#define ONCE 100 /* rows of a request */

/* --- writing --------------------------------------------------------------- */
struct mirror_list {
	struct cli *to;
	const char *branch, *method, *key;
	json_t *rows; /* owned */
	int64_t *count;
	struct mirror_counts *counts;
};

static int
send_list(struct mirror_list *l)
{
	AUTO_JSON json_t *reply = NULL;
	size_t n = json_array_size(l->rows);
	int rc;

	if (n == 0)
		return CLI_OK;
	rc = cli_ask(l->to, l->method,
		json_pack("{s:s,s:b,s:O}", "branch", l->branch, "confirm", 1,
			l->key, l->rows),
		&reply);
	json_array_clear(l->rows);
	if (rc == CLI_PROBLEM) {
		l->counts->refused += (int64_t)n;
		return CLI_OK;
	}
	*l->count += (int64_t)n -
		     (int64_t)json_array_size(json_object_get(reply, "failed"));
	l->counts->refused +=
		(int64_t)json_array_size(json_object_get(reply, "failed"));
	return rc;
}

static int
mirror_add_row(struct mirror_list *l, json_t *row_new)
{
	if (jx_add(l->rows, row_new) != 0)
		return cli_nomem();
	return json_array_size(l->rows) >= ONCE ? send_list(l) : CLI_OK;
}

static int
end_list(struct mirror_list *l, int rc)
{
	if (rc == CLI_OK)
		rc = send_list(l);
	json_decref(l->rows);
	return rc;
}

/* Facts of b that a lacks, or has with another validity: added, or (removing)
 * hidden. */
static int
mirror_each_fact(const struct mirror_side *b, const struct mirror_side *a,
	bool is_removing, struct mirror_list *l)
{
	const char *name, *text;
	json_t *row, *content;
	int rc = CLI_OK;

	json_object_foreach(b->entities, name, row) {
		const json_t *facts =
			json_object_get(json_object_get(a->entities, name),
				"facts");

		/* One that is gone goes as a whole. */
		if (is_removing && !json_object_get(a->entities, name))
			continue;
		json_object_foreach(json_object_get(row, "facts"), text,
			content) {
			const json_t *have = json_object_get(facts, text);

			if (rc != CLI_OK ||
				(have &&
					mirror_values_same_body(have, content)))
				continue;
			rc = mirror_add_row(l,
				is_removing
					? json_pack("{s:s,s:[s]}", "entityName",
						  name, "observations", text)
					: json_pack("{s:s,s:O,s:[O]}",
						  "entityName", name,
						  "entityType",
						  json_object_get(row, "type"),
						  "contents", content));
		}
	}
	return rc;
}

static int
each_entity(const struct mirror_side *b, const struct mirror_side *a,
	bool is_removing, struct mirror_list *l)
{
	const char *name;
	json_t *row;
	int rc = CLI_OK;

	json_object_foreach(b->entities, name, row) {
		if (!json_object_get(a->entities, name))
			rc = mirror_add_row(l,
				is_removing ? json_string(name)
					    : mirror_values_entry(name,
						      json_object_get(row,
							      "values")));
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

static int
mirror_each_relation(const struct mirror_side *b, const struct mirror_side *a,
	bool is_removing, struct mirror_list *l)
{
	const char *key;
	json_t *row;
	int rc = CLI_OK;

	json_object_foreach(b->relations, key, row) {
		const json_t *have = json_object_get(a->relations, key);

		/* Another weight takes the place of the one that is there;
		 * none does not. */
		if (is_removing ? !have || (json_object_get(row, "weight") &&
						   !json_object_get(have,
							   "weight"))
				: !json_equal(have, row))
			rc = mirror_add_row(l, json_incref(row));
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

/* --- the order of it ------------------------------------------------------- */
struct mirror_step {
	const char *method, *key;
	int (*each)(const struct mirror_side *b, const struct mirror_side *a,
		bool is_removing, struct mirror_list *l);
	bool is_removing;
};

static const struct mirror_step removing[] = {
	{"delete_relations", "relations", mirror_each_relation, true},
	{"delete_observations", "deletions", mirror_each_fact, true},
	{"delete_entities", "entityNames", each_entity, true},
};
static const struct mirror_step adding[] = {
	{"create_entities", "entities", each_entity, false},
	{"add_observations", "observations", mirror_each_fact, false},
	{"create_relations", "relations", mirror_each_relation, false},
};

static int
run_steps(struct cli *to, const char *branch, const struct mirror_step *steps,
	size_t n, const struct mirror_side *theirs,
	const struct mirror_side *ours, struct mirror_counts *counts)
{
	for (size_t i = 0; i < n; i++) {
		bool is_removing = steps[i].is_removing;
		const struct mirror_side *b = is_removing ? ours : theirs;
		const struct mirror_side *a = is_removing ? theirs : ours;
		struct mirror_list l = {to, branch, steps[i].method,
			steps[i].key, json_array(),
			is_removing ? &counts->removed : &counts->added,
			counts};
		int rc;

		if (!l.rows)
			return cli_nomem();
		rc = steps[i].each(b, a, is_removing, &l);
		rc = end_list(&l, rc);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

/* What their memory has taken from this database; empty: nothing yet. */
static int
read_seen(struct cli *from, const char *namespace_, const char *own,
	struct mirror_side *ret)
{
	AUTO_JSON json_t *reply = NULL;
	char branch[MIRROR_BRANCH_BYTES];
	int rc;

	mirror_branch(own, branch);
	rc = cli_ask(from, "memory_branch",
		json_pack("{s:s,s:s,s:s}", "namespace", namespace_, "action",
			"describe", "name", branch),
		&reply);
	if (rc == CLI_PROBLEM)
		return CLI_OK;
	return rc == CLI_OK ? mirror_side_read(from, namespace_, branch, ret)
			    : rc;
}

void
mirror_branch(const char *database, char out[MIRROR_BRANCH_BYTES])
{
	snprintf(out, MIRROR_BRANCH_BYTES, "remote/%.12s", database);
}

int
mirror_run(const struct mirror *m, struct mirror_counts *ret)
{
	AUTO_SIDE struct mirror_side theirs = {0}, ours = {0}, seen = {0};
	struct cli *to = m->to;
	int rc = mirror_side_read(m->from, m->from_namespace, "main", &theirs);

	if (rc != CLI_OK)
		return rc;
	rc = read_seen(m->from, m->from_namespace, m->own, &seen);
	if (rc != CLI_OK)
		return rc;
	rc = mirror_side_read(to, to->namespace_ ? to->namespace_ : "default",
		m->branch, &ours);
	if (rc != CLI_OK)
		return rc;
	rc = mirror_meet(to, &seen, m->is_apart, &ours, &theirs, ret);
	if (rc != CLI_OK)
		return rc;
	rc = run_steps(to, m->branch, removing, ARRAY_LEN(removing), &theirs,
		&ours, ret);
	if (rc != CLI_OK)
		return rc;
	rc = run_steps(to, m->branch, adding, ARRAY_LEN(adding), &theirs, &ours,
		ret);
	if (rc != CLI_OK)
		return rc;
	rc = mirror_values_update(to, m->branch, &theirs, &ours, ret);
	if (rc != CLI_OK || m->is_apart)
		return rc;
	return sliced_merge(to, m->branch, &ret->conflicts);
}
