/* Makes one memory as another is: adds and removes what one side alone has.
 *
 * For example here Ada "likes tea", and there she "likes tea" and "lives in
 * Rome". Then "lives in Rome" is added here, unless it was pushed from here
 * once: in that case it was deleted here since, and only comes back. */
#include "memory-db/cli/lib/mirror.h"

#include "common/jx.h"
#include "memory-db/cli/lib/mirror_pushed.h"
#include "memory-db/cli/lib/mirror_side.h"

#define ONCE 100 /* rows of a request */

/* Facts of an entity that only come back. Returns how many went. */
static size_t
drop_facts(const char *name, json_t *facts, const json_t *known,
	const json_t *ours, const json_t *there)
{
	const char *text;
	size_t gone = 0;
	char key[MIRROR_KEY_BYTES];
	void *next;
	json_t *x;

	json_object_foreach_safe(facts, next, text, x) {
		mirror_pushed_key(name, text, key);
		if (!json_object_get(known, key) ||
			json_object_get(json_object_get(ours, "facts"), text) ||
			json_object_get(json_object_get(there, "facts"), text))
			continue;
		(void)json_object_del(facts, text);
		gone++;
	}
	return gone;
}

/* Those of an entity that is gone. */
static void
drop_relations(struct mirror_side *s, const json_t *gone)
{
	const char *key;
	void *next;
	json_t *x;

	json_object_foreach_safe(s->relations, next, key, x)
		if (json_object_get(gone, jx_text(x, "from")) ||
			json_object_get(gone, jx_text(x, "to")))
			(void)json_object_del(s->relations, key);
}

/* Takes out of what another memory says what only comes back from here: it was
 * pushed, and is not there any more. An entity that has nothing else was deleted
 * here, and goes with its relations. */
static int
drop_echoes(struct cli *to, const struct mirror_side *branch,
	struct mirror_side *theirs)
{
	AUTO_SIDE struct mirror_side main_now = {0};
	AUTO_JSON json_t *known = NULL, *gone = json_object();
	const char *name;
	void *next;
	json_t *row;
	int rc;

	if (!gone)
		return cli_nomem();
	known = mirror_pushed_known(to);
	if (!known)
		return CLI_OK;
	rc = mirror_side_read(to, to->namespace_ ? to->namespace_ : "default",
		"main", &main_now);
	if (rc != CLI_OK)
		return rc;
	json_object_foreach_safe(theirs->entities, next, name, row) {
		const json_t *ours = json_object_get(main_now.entities, name);
		const json_t *there = json_object_get(branch->entities, name);
		json_t *facts = json_object_get(row, "facts");

		if (drop_facts(name, facts, known, ours, there) == 0 ||
			json_object_size(facts) > 0 || ours || there)
			continue;
		if (jx_set(gone, name, json_true()) != 0)
			return cli_nomem();
		(void)json_object_del(theirs->entities, name);
	}
	drop_relations(theirs, gone);
	return CLI_OK;
}

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

/* Facts of b that a lacks: added, or (removing) hidden. */
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
			if (rc != CLI_OK ||
				json_equal(json_object_get(facts, text),
					content))
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
				is_removing
					? json_string(name)
					: json_pack("{s:s,s:O,s:[]}", "name",
						  name, "entityType",
						  json_object_get(row, "type"),
						  "observations"));
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

	(void)is_removing;
	json_object_foreach(b->relations, key, row) {
		if (!json_object_get(a->relations, key))
			rc = mirror_add_row(l, json_incref(row));
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

int
mirror_run(struct cli *from, const char *from_namespace, struct cli *to,
	const char *branch, struct mirror_counts *ret)
{
	AUTO_SIDE struct mirror_side theirs = {0}, ours = {0};
	static const struct {
		const char *method, *key;
		int (*each)(const struct mirror_side *b,
			const struct mirror_side *a, bool is_removing,
			struct mirror_list *l);
		bool is_removing;
	} steps[] = {
		{"delete_relations", "relations", mirror_each_relation, true},
		{"delete_observations", "deletions", mirror_each_fact, true},
		{"delete_entities", "entityNames", each_entity, true},
		{"create_entities", "entities", each_entity, false},
		{"add_observations", "observations", mirror_each_fact, false},
		{"create_relations", "relations", mirror_each_relation, false},
	};
	int rc = mirror_side_read(from, from_namespace, "main", &theirs);

	if (rc != CLI_OK)
		return rc;
	rc = mirror_side_read(to, to->namespace_ ? to->namespace_ : "default",
		branch, &ours);
	if (rc != CLI_OK)
		return rc;
	rc = drop_echoes(to, &ours, &theirs);
	if (rc != CLI_OK)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		bool is_removing = steps[i].is_removing;
		const struct mirror_side *b = is_removing ? &ours : &theirs;
		const struct mirror_side *a = is_removing ? &theirs : &ours;
		struct mirror_list l = {to, branch, steps[i].method,
			steps[i].key, json_array(),
			is_removing ? &ret->removed : &ret->added, ret};

		if (!l.rows)
			return cli_nomem();
		rc = steps[i].each(b, a, is_removing, &l);
		rc = end_list(&l, rc);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}
