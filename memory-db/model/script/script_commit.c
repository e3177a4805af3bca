/* The end of a script, on the writer: its calls happen again, as one change.
 *
 * For example the pack says "I saw Ada at version 3" and has two calls. Ada
 * is still at 3: the calls are executed, and where both answer what they
 * answered the script, change 12 is sealed. Is Ada at 4, nothing happens,
 * and the outcome is `conflict`: the script decided on what is no longer
 * true. */
#include "memory-db/model/script/script.h"

#include "common/jx.h"
#include "memory-db/model/script/script_int.h"
#include "memory-db/model/write/write.h"
#include "memory-db/store/log/branch.h"

/* 1 somebody changed what the script changed. */
static int
changed_since(struct write *w, const json_t *pack, struct err *e)
{
	int64_t base =
		(int64_t)json_integer_value(json_object_get(pack, "base"));
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(pack, "touched"), i, item) {
		int64_t change;
		int rc =
			branch_touched(w->st, (int64_t)json_integer_value(item),
				w->branch, &change, e);

		if (rc != 0)
			return rc;
		if (change > base) {
			err_set(e, MDB_E_CONFLICT,
				"change %lld touched what this script changed",
				(long long)change);
			return 1;
		}
	}
	json_array_foreach(json_object_get(pack, "created"), i, item) {
		int64_t entity;
		int rc = write_find_entity(w, json_string_value(item), &entity,
			e);

		if (rc < 0)
			return rc;
		if (rc == 1) {
			err_set(e, MDB_E_CONFLICT,
				"'%s' was created by somebody else meanwhile",
				json_string_value(item));
			return 1;
		}
	}
	return script_files_changed(w->st, w->ctx,
		json_object_get(pack, "files"), e);
}

static int
script_commit_merge_note(struct change_note *whole, struct change_note *part,
	struct err *e)
{
	int rc = 0;

	if (!whole->entities)
		whole->entities = take_ptr(part->entities);
	else if (part->entities && json_array_size(whole->entities) < 50 &&
		 json_array_extend(whole->entities, part->entities) != 0)
		rc = err_nomem(e);
	json_decref(part->entities);
	return rc;
}

/* 1 when a call answers otherwise than the script was told. */
static int
answers_otherwise(const struct tool *t, const json_t *pack, const json_t *entry,
	const json_t *reply, struct err *e)
{
	int64_t highest =
		(int64_t)json_integer_value(json_object_get(pack, "highest"));
	int64_t now, then = (int64_t)json_integer_value(
			     json_object_get(entry, "told"));
	int rc = script_told(t, reply, highest, &now, e);

	if (rc != 0 || now == then)
		return rc;
	err_set(e, MDB_E_CONFLICT,
		"somebody else wrote meanwhile: %s does not give what it gave "
		"the script",
		t->name);
	return 1;
}

/* 1 conflict. */
static int
execute(struct call *whole, struct write *w, const json_t *pack,
	const json_t *entry, script_handler run, struct err *e)
{
	json_t *params = json_object_get(entry, "params"), *result = NULL;
	struct context ctx;
	struct call c = {.st = whole->st,
		.ctx = &ctx,
		.params = params,
		.within = w};
	int rc;

	c.tool = script_tool(jx_text(entry, "method"));
	if (!c.tool)
		return err_set(e, MDB_E_INTERNAL, "unknown call of a script");
	script_context(whole->ctx, params, &ctx);
	rc = run(&c, &result, e);
	if (rc == 0)
		rc = answers_otherwise(c.tool, pack, entry, result, e);
	json_decref(result);
	if (rc != 0) {
		call_done(&c);
		return rc;
	}
	effects_move(&whole->effects, &c.effects);
	return script_commit_merge_note(&whole->note, &c.note, e);
}

/* Errors which say that the state is another than the one the script saw. */
static bool
means_conflict(int code)
{
	return code == MDB_E_NOT_FOUND || code == MDB_E_EXISTS ||
	       code == MDB_E_CONFLICT;
}

/* What the script did, once more, on today's state. 1: what it read has changed
 * since. */
static int
write_calls(struct call *c, struct write *w, const json_t *pack,
	script_handler run, struct err *e)
{
	json_t *entry;
	size_t i;
	int rc = write_begin(w, c, CHANGE_SCRIPT, e);

	if (rc != 0 || w->replay)
		return rc;
	rc = changed_since(w, pack, e);
	if (rc != 0)
		return rc;
	json_array_foreach(json_object_get(pack, "calls"), i, entry) {
		rc = execute(c, w, pack, entry, run, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
script_commit(struct call *c, const json_t *pack, script_handler run,
	int64_t *ret_change, bool *ret_conflict, struct err *e)
{
	const char *message = jx_text(pack, "message");
	const struct context *caller = c->ctx;
	struct context ctx = *caller;
	AUTO_WRITE struct write w = {0};
	int rc;

	*ret_conflict = false;
	*ret_change = 0;
	if (message)
		ctx.message = message;
	c->ctx = &ctx; /* no longer than here */
	rc = write_calls(c, &w, pack, run, e);
	c->ctx = caller;
	*ret_conflict = rc == 1 || means_conflict(rc);
	if (*ret_conflict)
		return 0;
	if (rc != 0)
		return rc;
	rc = write_end(&w, e);
	*ret_change = w.change_id;
	return rc;
}
