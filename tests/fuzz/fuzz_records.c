/* What import_records may be sent (lines of any file, also of an altered log),
 * and cursors that the paging methods never gave. One database for all inputs;
 * each import is rolled back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/store/engine/store.h"
#include "tests/lib/db_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct {
	struct db_folder at;
	struct database *db;
	struct store *w;
	struct context ctx;
} f;

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* Runs a method; its changes are rolled back unless keep is set. */
static int
run(method_fn fn, json_t *params, bool keep)
{
	struct call c = {.st = f.w, .ctx = &f.ctx, .params = params};
	json_t *result = NULL;
	struct err e = {0};
	int r;

	must(params != NULL);
	must(store_group_begin(f.w, &e) == 0 && store_savepoint(f.w, &e) == 0);
	r = fn(&c, &result, &e);
	must((r == 0) == (result != NULL));
	must(r == 0 || e.text[0] != '\0');
	if (keep)
		must(r == 0 && store_release(f.w, &e) == 0 &&
			store_group_commit(f.w, &e) == 0);
	else
		store_group_abort(f.w);
	json_decref(result);
	json_decref(params);
	change_note_done(&c.note);
	return r;
}

static void
close_all(void)
{
	store_close(f.w);
	database_close(f.db);
	(void)db_folder_remove(&f.at);
}

static void
open_all(void)
{
	struct database_options o = {.path = f.at.path};
	struct err e = {0};

	db_folder_make(&f.at);
	must(database_open(&o, &f.db, &e) == 0);
	must(store_open(f.db, STORE_WRITER, &f.w, &e) == 0);
	atexit(close_all);
	f.ctx = (struct context){.namespace_ = "default", .branch = "main"};
	run(m_create_entities,
		json_pack("{s:[{s:s, s:s, s:[s, s]}]}", "entities", "name",
			"ada", "entityType", "person", "observations",
			"likes tea", "plays chess"),
		true);
	run(m_create_relations,
		json_pack("{s:[{s:s, s:s, s:s}]}", "relations", "from", "ada",
			"to", "ada", "relationType", "is"),
		true);
}

static json_t *
records_of(const char *text, size_t n)
{
	json_t *records = json_array();

	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t len = end != NULL ? (size_t)(end - text) : n;
		json_t *o = jx_parse(text, len, NULL);

		json_array_append_new(records, o != NULL ? o : json_object());
		len += end != NULL;
		text += len;
		n -= len;
	}
	return records;
}

static void
import(const char *text, size_t n)
{
	json_t *records = records_of(text, n);

	(void)run(m_import_records,
		json_pack("{s:s, s:i, s:O, s:b}", "source", "s", "offset", 0,
			"records", records, "done", (int)(n & 1)),
		false);
	/* The rest of a change that began in the first lines. */
	(void)run(m_import_records,
		json_pack("{s:s, s:i, s:o}", "source", "s", "offset", 1,
			"records", records),
		false);
}

static void
page(const char *text, size_t n)
{
	static const method_fn methods[] = {m_export_log, m_verify,
		m_memory_history, m_list_sessions};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		json_t *cursor = json_stringn(text, n);

		if (cursor == NULL || strlen(json_string_value(cursor)) != n)
			json_decref(cursor);
		else
			(void)run(methods[i],
				json_pack("{s:o}", "cursor", cursor), false);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;

	if (n == 0 || n > 60000)
		return 0;
	if (f.db == NULL)
		open_all();
	if (data[0] == '{')
		import(text, n);
	else if (n < 256)
		page(text, n);
	return 0;
}
