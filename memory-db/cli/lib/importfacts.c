/* Facts go in calls of bounded size: a note of 10,000 lines is many. Those of one
 * entity go as one entry, as the service looks at what the entity has once an
 * entry: a database of 20,000 records of seven projects, which alternate, takes it
 * a quarter of the time so. An entry is stored as a whole or not at all, so when
 * one is refused (a fact of it is too long) its facts go again, each by itself.
 * A fact that holds a secret is stored with a marker in its place. */
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/cli/lib/importfrom_int.h"

/* Of one call. Each is compared with what is stored, and whoever writes beside the
 * import waits for the call under way: a hundred in one made p99 of another
 * session 107 to 150 ms where it was 3 to 14 alone, 25 made it 33 to 54, ten 23
 * (two busy cores), while ten store half as many in the same time. */
#define FACTS_ONCE 16
#define TEXT_ONCE  ((size_t)128 * 1024)
/* Names of what is pinned, of one report. */
#define PINS_TOLD 100

json_t *
importfrom_write(struct import_job *j, const char *place, const char *method,
	const char *key, json_t *list)
{
	json_t *params = json_pack("{s:O,s:s*}", key, list, "scope",
		strcmp(place, "default") == 0 ? NULL : "project");
	json_t *reply;

	if (params && importfrom_secrets(j, params) != 0) {
		json_decref(params);
		params = NULL;
	}
	reply = importfrom_ask(j, place, j->branch, method, params);
	j->n.masked += importfrom_masked(reply);
	return reply;
}

/* Bytes of an entry, about. */
static size_t
importfacts_bytes_of(const json_t *entry)
{
	const json_t *content =
		json_array_get(json_object_get(entry, "contents"), 0);
	const json_t *text = json_is_object(content)
				     ? json_object_get(content, "text")
				     : content;

	return 512 + (text ? json_string_length(text) : 0);
}

static int64_t
added_by(const json_t *reply)
{
	const json_t *row;
	int64_t added = 0;
	size_t i;

	json_array_foreach(json_object_get(reply, "results"), i, row) {
		size_t n = json_array_size(
			json_object_get(row, "addedObservations"));

		added += n > 0 ? (int64_t)n : cli_int(row, "added", 0);
	}
	return added;
}

/* Name and type of an entry as one text. A type has no line feed. */
static int
entity_key(const json_t *entry, struct buf *out)
{
	return buf_addf(out, "%s\n%s", cli_str(entry, "entityType", ""),
		       cli_str(entry, "entityName", "")) != 0 ||
			       !buf_str(out)
		       ? MDB_E_NOMEM
		       : 0;
}

/* Entries of one entity as one, in which its facts keep their order. Returns new,
 * or NULL. */
static json_t *
joined(const json_t *list)
{
	AUTO_JSON json_t *out = json_array(), *by_entity = json_object();
	json_t *entry, *one;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, entry) {
		json_t *contents = json_object_get(entry, "contents");
		AUTO_BUF struct buf key = {0};

		if (entity_key(entry, &key) != 0)
			return NULL;
		one = json_object_get(by_entity, key.data);
		if (one) {
			if (json_array_extend(json_object_get(one, "contents"),
				    contents) != 0)
				return NULL;
			continue;
		}
		one = json_pack("{s:O,s:O,s:o}", "entityName",
			json_object_get(entry, "entityName"), "entityType",
			json_object_get(entry, "entityType"), "contents",
			jx_copy(contents));
		if (!one || jx_add(out, one) != 0 ||
			json_object_set(by_entity, key.data, one) != 0)
			return NULL;
	}
	return take_ptr(out);
}

/* Each by itself; what is refused is counted. */
static void
send_singly(struct import_job *j, const char *place, json_t *part)
{
	AUTO_JSON json_t *reply = importfrom_write(j, place, "add_observations",
		"observations", part);
	size_t n = json_array_size(part),
	       failed = json_array_size(json_object_get(reply, "failed"));
	int64_t added;

	if (!reply)
		failed = n;
	j->n.refused += (int64_t)failed;
	added = added_by(reply);
	j->n.facts += added;
	j->n.known += (int64_t)n - (int64_t)failed - added;
}

/* All of the part at once. False: some of it has to go by itself. */
static bool
send_joined(struct import_job *j, const char *place, json_t *part)
{
	AUTO_JSON json_t *list = joined(part), *reply = NULL;
	int64_t added;

	if (!list) {
		j->rc = cli_nomem();
		return true;
	}
	/* Nothing to join: it is the same call. */
	if (json_array_size(list) == json_array_size(part))
		return false;
	reply = importfrom_write(j, place, "add_observations", "observations",
		list);
	if (j->rc != CLI_OK)
		return true;
	added = added_by(reply);
	j->n.facts += added;
	if (!reply || json_array_size(json_object_get(reply, "failed")) > 0) {
		/* Those that were stored just now will be known, and marked
		 * again. */
		j->n.known -= added;
		j->n.masked -= importfrom_masked(reply);
		return false;
	}
	j->n.known += (int64_t)json_array_size(part) - added;
	return true;
}

static void
send_part(struct import_job *j, const char *place, json_t *part)
{
	int64_t refused = j->n.refused, known;
	AUTO_BUF struct buf text = {0};
	char digest[33];
	bool is_kept;

	if (jx_dump(part, &text) != 0 || !buf_str(&text)) {
		j->rc = cli_nomem();
		return;
	}
	is_kept = importfrom_digest(j, place, "facts", &text, digest);
	if (is_kept && importseen_has(&j->seen, digest, &known)) {
		j->n.known += known;
		return;
	}
	if (!send_joined(j, place, part))
		send_singly(j, place, part);
	if (is_kept && j->rc == CLI_OK && j->n.refused == refused)
		importseen_add(&j->seen, digest,
			(int64_t)json_array_size(part));
}

typedef void (*part_fn)(struct import_job *j, const char *place, json_t *part);

static void
in_parts(struct import_job *j, const char *place, const json_t *all, part_fn fn)
{
	size_t n = json_array_size(all);

	for (size_t at = 0; at < n && j->rc == CLI_OK;) {
		AUTO_JSON json_t *part = json_array();
		size_t bytes = 0, from = at;

		for (; at < n && at - from < FACTS_ONCE && bytes < TEXT_ONCE;
			at++) {
			json_t *x = json_array_get(all, at);

			bytes += importfacts_bytes_of(x);
			if (!part || json_array_append(part, x) != 0) {
				j->rc = cli_nomem();
				return;
			}
		}
		fn(j, place, part);
	}
}

void
importfrom_facts(struct import_job *j, const char *place, const json_t *entries)
{
	in_parts(j, place, entries, send_part);
}

static void
send_entities(struct import_job *j, const char *place, json_t *part)
{
	AUTO_JSON json_t *reply =
		importfrom_write(j, place, "create_entities", "entities", part);

	(void)reply;
}

/* What will be part of every context is told; some names of it. */
static void
note_pins(struct import_job *j, const json_t *entities)
{
	const json_t *entity;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)entities, i, entity)
		if (json_is_true(json_object_get(entity, "pin")) &&
			json_array_size(j->pinned) < PINS_TOLD &&
			json_array_append(j->pinned,
				json_object_get(entity, "name")) != 0)
			j->rc = cli_nomem();
}

void
importfrom_entities(struct import_job *j, const char *place,
	const json_t *entities)
{
	note_pins(j, entities);
	in_parts(j, place, entities, send_entities);
}
