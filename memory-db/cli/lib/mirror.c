/* Makes one memory as another is: adds and removes what one side alone has. */
#include "memory-db/cli/lib/mirror.h"

#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/owned.h"
#include "memory-db/cli/lib/hookstate.h"
#include "memory-db/cli/lib/lines.h"
#include "memory-db/cli/lib/pages.h"

#define PAGE_ROWS 200
#define ONCE	  100

/* A memory as sets: name -> {type, facts: {text -> content}}, and relations. */
struct mirror_side {
	json_t *entities, *relations; /* owned */
};

static void
mirror_side_done(struct mirror_side *s)
{
	json_decref(s->entities);
	json_decref(s->relations);
}
#define AUTO_SIDE __attribute__((cleanup(mirror_side_done)))

static json_t *
content_of(const json_t *fact)
{
	static const char *const members[] = {"text", "tags", "metadata",
		"valid_from", "valid_to"};
	AUTO_JSON json_t *o = json_object();

	for (size_t i = 0; o && i < ARRAY_LEN(members); i++) {
		json_t *v = json_object_get(fact, members[i]);

		if (v && json_object_set(o, members[i], v) != 0)
			return NULL;
	}
	return take_ptr(o);
}

static int
take_entity(struct mirror_side *s, const json_t *entity)
{
	const char *name = jx_text(entity, "name");
	json_t *row = json_pack("{s:O,s:{}}", "type",
		json_object_get(entity, "type"), "facts");
	const json_t *fact;
	size_t i;

	if (!name || jx_set(s->entities, name, row) != 0)
		return cli_nomem();
	/* What is missing here would be deleted on the other machine. */
	if (cli_int(entity, "omitted", 0) > 0)
		return cli_fail(CLI_PROBLEM,
			"%s has more facts than one reply holds (%lld were "
			"left out): split it over several entities, then push "
			"and pull again",
			name, (long long)cli_int(entity, "omitted", 0));
	json_array_foreach(json_object_get(entity, "facts"), i, fact) {
		const char *text = jx_text(fact, "text");

		if (text && jx_set(json_object_get(row, "facts"), text,
				    content_of(fact)) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

static int
take_relation(struct mirror_side *s, const json_t *x)
{
	AUTO_BUF struct buf key = {0};
	const char *from = jx_text(x, "from"), *to = jx_text(x, "to");
	const char *type = jx_text(x, "relationType");

	/* One that leads into the user's memory stays on its machine. */
	if (!from || !to || !type || json_object_get(x, "to_namespace") ||
		json_object_get(x, "from_namespace"))
		return CLI_OK;
	if (buf_addf(&key, "%s\n%s\n%s", from, type, to) != 0 ||
		!buf_str(&key) ||
		jx_set(s->relations, key.data,
			json_pack("{s:s,s:s,s:s,s:O*}", "from", from,
				"relationType", type, "to", to, "weight",
				json_object_get(x, "weight"))) != 0)
		return cli_nomem();
	return CLI_OK;
}

static int
mirror_page(struct cli *c, json_t *reply, void *ctx)
{
	struct mirror_side *s = ctx;
	const json_t *x;
	size_t i;
	int rc;

	(void)c;
	json_array_foreach(json_object_get(reply, "entities"), i, x) {
		/* Not what stands in the user's memory beside. */
		if (json_object_get(x, "namespace"))
			continue;
		rc = take_entity(s, x);
		if (rc != CLI_OK)
			return rc;
	}
	json_array_foreach(json_object_get(reply, "relations"), i, x) {
		rc = take_relation(s, x);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

static int
read_side(struct cli *c, const char *namespace_, const char *branch,
	struct mirror_side *s)
{
	struct pages p = {.method = "read_graph",
		.list = "entities",
		.with_as_of = CLI_NOW,
		.page = mirror_page,
		.ctx = s};

	s->entities = json_object();
	s->relations = json_object();
	return pages_read(c, &p,
		json_pack("{s:s,s:s,s:i,s:[s,s,s]}", "namespace", namespace_,
			"branch", branch, "limit", PAGE_ROWS, "fields", "name",
			"type", "facts"));
}

/* --- what was pushed -------------------------------------------------------- */
static void
pushed_key(const char *name, const char *text, char out[33])
{
	unsigned char d[16];
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, sizeof(d));
	crypto_generichash_update(&h, (const unsigned char *)name,
		strlen(name) + 1);
	crypto_generichash_update(&h, (const unsigned char *)text,
		strlen(text));
	crypto_generichash_final(&h, d, sizeof(d));
	for (size_t i = 0; i < sizeof(d); i++)
		snprintf(out + 2 * i, 3, "%02x", d[i]);
}

/* The file of the namespace of a database. */
static bool
pushed_path(struct cli *c, char path[PATH_MAX], bool is_making)
{
	AUTO_JSON json_t *status = NULL;
	char folder[PATH_MAX], key[33];

	if (cli_ask(c, "get_memory_status", json_object(), &status) != CLI_OK)
		return false;
	pushed_key(cli_str(json_object_get(status, "database"), "instance_id",
			   ""),
		c->namespace_ ? c->namespace_ : "default", key);
	return hookstate_folder(folder, is_making) &&
	       snprintf(path, PATH_MAX, "%s/pushed-%s", folder, key) < PATH_MAX;
}

/* A key a line: a set. Returns new; empty when there is no file. */
static json_t *
pushed_read(const char *path)
{
	AUTO_JSON json_t *set = json_object();
	AUTO_LINES struct lines l = {0};
	AUTO_FD int fd = -1;
	const char *line;
	size_t n;

	if (!set || owned_open(path, O_RDONLY, 0, &fd, NULL, NULL) != 0)
		return take_ptr(set);
	lines_init(&l, fd, 64);
	while (lines_next(&l, &line, &n, NULL) == 1) {
		char key[33];

		if (n != 32)
			continue;
		memcpy(key, line, n);
		key[n] = '\0';
		if (jx_set(set, key, json_true()) != 0)
			return NULL;
	}
	return take_ptr(set);
}

int
mirror_keys(struct cli *c, json_t **ret)
{
	AUTO_SIDE struct mirror_side now = {0};
	AUTO_JSON json_t *keys = json_object();
	const char *name, *text;
	json_t *row, *x;
	char key[33];
	int rc = !keys ? cli_nomem()
		       : read_side(c, c->namespace_ ? c->namespace_ : "default",
				 "main", &now);

	if (rc != CLI_OK)
		return rc;
	json_object_foreach(now.entities, name, row)
		json_object_foreach(json_object_get(row, "facts"), text, x) {
			pushed_key(name, text, key);
			if (jx_set(keys, key, json_true()) != 0)
				return cli_nomem();
		}
	*ret = take_ptr(keys);
	return CLI_OK;
}

int
mirror_pushed(struct cli *c, const json_t *keys)
{
	AUTO_JSON json_t *known = NULL;
	char path[PATH_MAX], line[34];
	AUTO_FD int fd = -1;
	const char *key;
	json_t *x;

	if (!pushed_path(c, path, true) || !(known = pushed_read(path)) ||
		owned_open(path, O_WRONLY | O_CREAT | O_APPEND, 0600, &fd, NULL,
			NULL) != 0)
		return cli_fail(CLI_SYSTEM, "cannot note what was pushed");
	json_object_foreach((json_t *)(uintptr_t)keys, key, x) {
		if (json_object_get(known, key))
			continue;
		snprintf(line, sizeof(line), "%s\n", key);
		if (write(fd, line, 33) != 33)
			return cli_fail(CLI_SYSTEM,
				"cannot note what was pushed: %m");
	}
	return CLI_OK;
}

/* Facts of an entity that only come back. Returns how many went. */
static size_t
drop_facts(const char *name, json_t *facts, const json_t *known,
	const json_t *ours, const json_t *there)
{
	const char *text;
	size_t gone = 0;
	char key[33];
	void *next;
	json_t *x;

	json_object_foreach_safe(facts, next, text, x) {
		pushed_key(name, text, key);
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
	char path[PATH_MAX];
	const char *name;
	void *next;
	json_t *row;
	int rc;

	if (!gone)
		return cli_nomem();
	if (!pushed_path(to, path, false) || !(known = pushed_read(path)))
		return CLI_OK;
	rc = read_side(to, to->namespace_ ? to->namespace_ : "default", "main",
		&main_now);
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
add_row(struct mirror_list *l, json_t *row_new)
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
each_fact(const struct mirror_side *b, const struct mirror_side *a,
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
			rc = add_row(l,
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
			rc = add_row(l,
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
each_relation(const struct mirror_side *b, const struct mirror_side *a,
	bool is_removing, struct mirror_list *l)
{
	const char *key;
	json_t *row;
	int rc = CLI_OK;

	(void)is_removing;
	json_object_foreach(b->relations, key, row) {
		if (!json_object_get(a->relations, key))
			rc = add_row(l, json_incref(row));
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
		{"delete_relations", "relations", each_relation, true},
		{"delete_observations", "deletions", each_fact, true},
		{"delete_entities", "entityNames", each_entity, true},
		{"create_entities", "entities", each_entity, false},
		{"add_observations", "observations", each_fact, false},
		{"create_relations", "relations", each_relation, false},
	};
	int rc = read_side(from, from_namespace, "main", &theirs);

	if (rc != CLI_OK)
		return rc;
	rc = read_side(to, to->namespace_ ? to->namespace_ : "default", branch,
		&ours);
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
