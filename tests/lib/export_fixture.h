/* Random work on a database, whole exports and imports, comparing databases.
 * For unit tests: include after cmocka.h. */
#ifndef TESTS_LIB_EXPORT_FIXTURE_H
#define TESTS_LIB_EXPORT_FIXTURE_H

#include "tests/lib/db_fixture.h"

/* --- random work ---------------------------------------------------------- */
static inline uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static inline int
pick(uint64_t *seed, int n)
{
	return (int)(next_random(seed) % (uint64_t)n);
}

/* Names and texts come from small pools, so that things meet again. */
static inline json_t *
name_of(uint64_t *seed)
{
	return json_sprintf("name %d", pick(seed, 8));
}

static inline json_t *
text_of(uint64_t *seed)
{
	static const char *const pool[] = {"likes tea", "plays \"chess\"",
		"lebt in Wien \xc3\xb6\xc3\xa4", "\xe7\x8c\xab\xe3\x81\x8c",
		"a\tb\nc", "x"};

	if (pick(seed, 4) == 0)
		return json_sprintf("%0*d", 1 + pick(seed, 700), pick(seed, 9));
	return json_string(pool[pick(seed, (int)ARRAY_LEN(pool))]);
}

static inline json_t *
observations_of(uint64_t *seed)
{
	json_t *list = json_array();

	for (int n = pick(seed, 4); n > 0; n--) {
		json_t *text = text_of(seed);

		if (pick(seed, 3) == 0)
			text = json_pack("{s:o, s:s, s:s, s:f, s:s}", "text",
				text, "speaker", "eve", "source_timestamp",
				"2026-01-02T03:04:05Z", "confidence", 0.1,
				"valid_to", "2027-01-01");
		else if (pick(seed, 6) == 0)
			text = json_pack("{s:o, s:[o]}", "text", text,
				"derived_from", name_of(seed));
		json_array_append_new(list, text);
	}
	return list;
}

/* Branches, merges, undo. */
static inline method_fn
random_history(uint64_t *seed, json_t **ret)
{
	static const char *const names[] = {"b1", "b2", "b3"};
	const char *name = names[pick(seed, 3)];

	switch (pick(seed, 6)) {
	case 0:
		*ret = json_pack("{s:s, s:s, s:s}", "action",
			pick(seed, 6) ? "create" : "discard", "name", name,
			"about", "a try");
		return m_memory_branch;
	case 1:
		*ret = json_pack("{s:s, s:s, s:s}", "action", "create", "name",
			name, "from_branch", names[pick(seed, 3)]);
		return m_memory_branch;
	case 2:
		*ret = json_pack("{s:s}", "branch", name);
		return m_memory_merge;
	case 3:
		*ret = json_pack("{s:o, s:i}", "name", name_of(seed), "version",
			1 + pick(seed, 3));
		return m_memory_revert;
	case 4:
		*ret = json_pack("{s:i, s:s}", "since", 1 + pick(seed, 120),
			"on_conflict", "skip");
		return m_memory_undo;
	default:
		*ret = json_pack("{s:i, s:s}", "change", 1 + pick(seed, 60),
			"on_conflict", pick(seed, 2) ? "skip" : "cascade");
		return m_memory_undo;
	}
}

static inline method_fn
random_write(uint64_t *seed, json_t **ret)
{
	static const char *const tiers[] = {"working", "episodic", "semantic",
		"procedural"};
	static const char *const modes[] = {"merge", "replace", "skip"};

	switch (pick(seed, 11)) {
	case 0:
		*ret = json_pack("{s:[{s:o, s:o}]}", "observations",
			"entityName", name_of(seed), "contents",
			observations_of(seed));
		return m_add_observations;
	case 1:
		*ret = json_pack("{s:[{s:o, s:o, s:s, s:f}]}", "relations",
			"from", name_of(seed), "to", name_of(seed),
			"relationType", pick(seed, 2) ? "knows" : "uses",
			"weight", pick(seed, 10) / 10.0);
		return m_create_relations;
	case 2:
		*ret = json_pack("{s:[o]}", "entityNames", name_of(seed));
		return m_delete_entities;
	case 3:
		*ret = json_pack("{s:[{s:o, s:[o]}]}", "deletions",
			"entityName", name_of(seed), "observations",
			text_of(seed));
		return m_delete_observations;
	case 4:
		*ret = json_pack("{s:o, s:s, s:b, s:s, s:{s:i}}", "name",
			name_of(seed), "tier", tiers[pick(seed, 4)], "pin",
			pick(seed, 2), "entityType",
			pick(seed, 2) ? "person" : "robot", "metadata", "n",
			pick(seed, 3));
		return m_update_entity;
	case 6:
		return random_history(seed, ret);
	case 5:
		*ret = json_pack("{s:o, s:o}", "name", name_of(seed),
			"new_name", name_of(seed));
		return m_rename_entity;
	default:
		*ret = json_pack("{s:[{s:o, s:s, s:o}], s:s}", "entities",
			"name", name_of(seed), "entityType",
			pick(seed, 2) ? "person" : "place", "observations",
			observations_of(seed), "mode", modes[pick(seed, 3)]);
		return m_create_entities;
	}
}

static inline void
random_work(struct fixture *f, uint64_t seed, int writes)
{
	static const char *const spaces[] = {"default", "p1", "p2"};
	static const char *const sessions[] = {"s1", "s2", NULL};
	static const char *const branches[] = {"b1", "b2", "b3"};
	json_t *params;
	int done = 0;

	while (done < writes) {
		method_fn fn;

		f->ctx.namespace_ = spaces[pick(&seed, 3)];
		f->ctx.session = sessions[pick(&seed, 3)];
		f->ctx.branch =
			pick(&seed, 4) == 0 ? branches[pick(&seed, 3)] : "main";
		f->ctx.message = pick(&seed, 3) == 0 ? "because" : NULL;
		clock_fake(1760000000000 + done * 1000);
		fn = random_write(&seed, &params);
		/* Some do not fit what is there; that is part of it. */
		done += fixture_write(f, fn, params) == 0;
	}
	f->ctx = (struct context){.namespace_ = "default", .branch = "main"};
}

/* --- comparing databases -------------------------------------------------- */
static const char *const state_queries[] = {
	"SELECT id, name, stem, hex(head), last_change, fact_max, past_max "
	"FROM namespace ORDER BY id",
	"SELECT name, ns FROM namespace_alias ORDER BY name",
	"SELECT c.id, ns, at, branch, kind, a.text, b.text, s.text, message, "
	"hex(message_salt), hex(message_digest), about, fact_max, past_max, "
	"hex(chain) FROM change c LEFT JOIN label a ON a.id = actor LEFT JOIN "
	"label b ON b.id = client LEFT JOIN label s ON s.id = session "
	"ORDER BY c.id",
	"SELECT * FROM op ORDER BY change, seq",
	"SELECT * FROM entity ORDER BY id",
	"SELECT * FROM alias ORDER BY ns, name",
	"SELECT f.id, entity, kind, peer, l.text, weight, method, confidence, "
	"valid_from, valid_to, s.text, k.text, source_at, supersedes, flags, "
	"hex(salt), hex(digest), size, hex(body) FROM fact f LEFT JOIN label l "
	"ON l.id = label LEFT JOIN label s ON s.id = source LEFT JOIN label k "
	"ON k.id = speaker ORDER BY f.id",
	"SELECT * FROM span ORDER BY fact, branch, added",
	"SELECT * FROM attr ORDER BY entity, branch, key, removed",
	"SELECT * FROM version ORDER BY entity, branch, n",
	"SELECT * FROM past ORDER BY id",
	"SELECT * FROM branch ORDER BY id",
	"SELECT * FROM merged ORDER BY branch, at",
	"SELECT * FROM conflict ORDER BY id",
	"SELECT * FROM derived ORDER BY source, fact",
	"SELECT fact, branch FROM branch_text ORDER BY fact, branch",
	"SELECT ns, kind, CASE kind WHEN 2 THEN (SELECT text FROM label WHERE "
	"id = key) ELSE key END AS k, n FROM tally WHERE n <> 0 "
	"ORDER BY ns, kind, k",
};

static inline json_t *
rows_of(sqlite3 *db, const char *sql)
{
	json_t *rows = json_array();
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		json_t *row = json_array();

		for (int i = 0; i < sqlite3_column_count(s); i++) {
			const void *t = sqlite3_column_text(s, i);

			json_array_append_new(row,
				t == NULL ? json_null() : json_string(t));
		}
		json_array_append_new(rows, row);
	}
	sqlite3_finalize(s);
	return rows;
}

static inline json_t *
state_of(const struct fixture *f)
{
	json_t *all = json_array();
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	for (size_t i = 0; i < ARRAY_LEN(state_queries); i++)
		json_array_append_new(all, rows_of(db, state_queries[i]));
	sqlite3_close(db);
	return all;
}

static inline void
assert_same_state(const struct fixture *a, const struct fixture *b)
{
	json_t *x = state_of(a), *y = state_of(b);

	for (size_t i = 0; i < ARRAY_LEN(state_queries); i++)
		if (!json_equal(json_array_get(x, i), json_array_get(y, i))) {
			char *t = json_dumps(json_array_get(x, i), 0);
			char *u = json_dumps(json_array_get(y, i), 0);

			print_error("%s\n%.3000s\n%.3000s\n", state_queries[i],
				t, u);
			free(t);
			free(u);
			fail();
		}
	json_decref(x);
	json_decref(y);
}

/* --- whole exports and imports -------------------------------------------- */
/* All lines, read page by page. Takes params. */
static inline json_t *
export_all(struct fixture *f, json_t *params)
{
	json_t *lines = json_array(), *next;
	size_t pages = 0;

	do {
		must(f, fixture_read(f, m_export_log, json_deep_copy(params)));
		json_array_extend(lines, json_object_get(f->last, "lines"));
		next = json_object_get(f->last, "next");
		if (next != NULL)
			json_object_set(params, "cursor", next);
		assert_true(++pages < 5000);
	} while (next != NULL);
	json_decref(params);
	return lines;
}

static inline json_t *
slice_of(const json_t *lines, size_t at, size_t n)
{
	json_t *records = json_array();

	for (size_t i = at; i < at + n && i < json_array_size(lines); i++) {
		/* Through text, as over the socket. */
		char *text = json_dumps(json_array_get(lines, i), 0);

		json_array_append_new(records, parse(text));
		free(text);
	}
	return records;
}

/* Sends lines from `at` on in slices; at most `slices` of them. */
static inline size_t
import_some(struct fixture *f, const char *source, const json_t *lines,
	size_t at, size_t step, size_t slices, int64_t *added, int64_t *errors)
{
	size_t n = json_array_size(lines);

	while (at < n && slices-- > 0) {
		must(f, fixture_write(f, m_import_records,
				json_pack("{s:s, s:b, s:b, s:I, s:o, s:b}",
					"source", source, "all_namespaces", 1,
					"confirm_erasures", 1, "offset",
					(json_int_t)at, "records",
					slice_of(lines, at, step), "done",
					at + step >= n)));
		*added += json_integer_value(json_object_get(f->last, "added"));
		*errors += (int64_t)json_array_size(
			json_object_get(f->last, "errors"));
		at = (size_t)json_integer_value(
			json_object_get(f->last, "next_offset"));
	}
	return at;
}

static inline int64_t
import_all(struct fixture *f, const json_t *lines, size_t step)
{
	int64_t added = 0, errors = 0;

	import_some(f, "file", lines, 0, step, 1000000, &added, &errors);
	if (errors != 0) {
		char *t = json_dumps(f->last, 0);

		print_error("%s\n", t);
		free(t);
	}
	assert_int_equal(errors, 0);
	return added;
}

static inline void
assert_clean(struct fixture *f)
{
	json_t *params = json_object(), *next;

	do {
		must(f, fixture_read(f, m_verify, json_deep_copy(params)));
		if (json_array_size(json_object_get(f->last, "problems")) > 0) {
			char *t = json_dumps(f->last, JSON_INDENT(1));

			print_error("%s\n", t);
			free(t);
			fail();
		}
		next = json_object_get(f->last, "next");
		if (next != NULL)
			json_object_set(params, "cursor", next);
	} while (next != NULL);
	json_decref(params);
}

#endif
