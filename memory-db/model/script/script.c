/* Scripts: their calls on the private view, and what the writer needs of them.
 * script.h has the idea.
 *
 * For example a script reads Ada, then adds a fact to her and one to Bob. Both
 * writes happen on the private view, so a later read of the script sees them,
 * and both calls are kept with their parameters. In the end the pack that goes
 * to the writer has the two calls and what the script saw: Ada at version 3.
 * Bob it only added to, so that somebody else may have changed Bob. */
#include "memory-db/model/script/script.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/contract/profiles.h"
#include "memory-db/model/read/diff.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/script/script_int.h"
#include "memory-db/model/secrets/secret_json.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/text_index.h"

/* Bytes of the calls that a script may make to write: they wait in memory
 * until its end. */
#define WRITES_BYTES (8 * 1024 * 1024)

static const struct tool *
script_tool_by_alias(const char *name)
{
	for (size_t i = 0; i < tools_n; i++) {
		const char *alias = tools[i].script.alias;

		if (alias && strcmp(alias, name) == 0)
			return &tools[i];
	}
	return NULL;
}

const struct tool *
script_tool(const char *name)
{
	const struct tool *t = tool_find(name);

	if (!t)
		t = script_tool_by_alias(name);
	if (!t || t->profiles == 0 || (t->flags & (TF_SLOW | TF_SCRIPT)) ||
		(t->script.flags & TS_NOT))
		return NULL;
	/* Of the operator's tools those that read: the others cannot be part
	 * of a change. */
	if ((t->flags & TF_ADMIN) && !(t->flags & TF_READ))
		return NULL;
	if ((t->flags & TF_LOOP) && !(t->script.flags & TS_COUNTS))
		return NULL;
	return t;
}

/* Which profiles have it, for an error text. */
static void
profiles_of(const struct tool *t, char out[PROFILES_TEXT])
{
	const char *comma;

	profiles_text(t->profiles, out);
	comma = strchr(out, ',');
	if (comma)
		out[comma - out] = '\0';
}

bool
script_has(const struct context *ctx, const struct tool *t)
{
	return !ctx->is_agent ||
	       ((t->profiles | t->script.profiles) & ctx->profiles) != 0;
}

int
script_check(const struct context *ctx, const struct tool *t, struct err *e)
{
	char has[PROFILES_TEXT], mine[PROFILES_TEXT];

	if (script_has(ctx, t))
		return 0;
	profiles_of(t, has);
	profiles_text(ctx->profiles, mine);
	return err_set(e, MDB_E_DENIED,
		"%s is not among the tools of this agent (--tools %s), and so "
		"not of its scripts; the profile %s has it",
		t->name, mine, has);
}

/* --- one call ------------------------------------------------------------- */
int
script_begin(struct script *s, struct err *e)
{
	int rc;

	if (s->began)
		return 0;
	s->calls = json_array();
	if (!s->calls)
		return err_nomem(e);
	rc = store_script_begin(s->st, &s->base, e);
	if (rc != 0)
		return rc;
	s->began = true;
	return entity_highest(s->st, &s->highest, e);
}

static bool
has_param(const struct param *table, const char *name)
{
	for (; table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

static bool
is_given(const json_t *params, const char *name)
{
	const json_t *v = json_object_get(params, name);

	return v != NULL && !json_is_null(v);
}

/* Who asks and where is decided once, for the whole script. */
static int
check_place(const struct tool *t, const struct context *caller,
	const json_t *params, struct err *e)
{
	static const char *const fixed[] = {"namespace", "session", "client",
		"actor", "message", "key", NULL};
	const char *branch = jx_text(params, "branch");

	for (size_t i = 0; fixed[i] != NULL; i++)
		if (is_given(params, fixed[i]) &&
			!has_param(t->params, fixed[i]))
			return err_param(e, MDB_E_INVALID, fixed[i],
				"%s: a script has one for all its calls, that "
				"of execute_code; leave it out",
				fixed[i]);
	if (!(t->flags & TF_WRITE))
		return 0;
	if (branch && strcmp(branch, caller->branch) != 0)
		return err_param(e, MDB_E_INVALID, "branch",
			"branch: this script writes to '%s'; give execute_code "
			"the branch '%s' to write there",
			caller->branch, branch);
	if (is_given(params, "as_of"))
		return err_param(e, MDB_E_INVALID, "as_of",
			"as_of: only for reads; a write always happens now");
	if (caller->as_of)
		return err_param(e, MDB_E_INVALID, "as_of",
			"this script reads the past (as_of of execute_code) and "
			"cannot write; give as_of to single reads instead");
	return 0;
}

/* In the view each call is a change, in the end all are one: a call of the
 * script itself is nothing that can be undone. */
static int
check_undo(const struct script *s, const struct tool *t, const json_t *params,
	struct err *e)
{
	json_t *one = json_object_get(params, "change"), *change;
	json_t *many = json_object_get(params, "changes");
	bool named = one != NULL || many != NULL;
	bool own = !named && script_wrote(s);
	size_t i;

	if (!(t->script.flags & TS_UNDO))
		return 0;
	own = own || json_integer_value(one) > s->base;
	json_array_foreach(many, i, change)
		own = own || json_integer_value(change) > s->base;
	if (!own)
		return 0;
	return err_param(e, MDB_E_INVALID, named ? "change" : "session",
		"memory_undo: the script's own calls become one change at its "
		"end and cannot be undone before; undo first, and name "
		"changes up to %lld",
		(long long)s->base);
}

void
script_context(const struct context *caller, const json_t *params,
	struct context *ret)
{
	const json_t *as_of = json_object_get(params, "as_of");
	const json_t *valid_at = json_object_get(params, "valid_at");
	const char *scope = jx_text(params, "scope");
	const char *branch = jx_text(params, "branch");

	*ret = *caller;
	ret->in_script = true;
	ret->key = NULL;
	if (branch)
		ret->branch = branch;
	if (as_of && !json_is_null(as_of))
		ret->as_of = as_of;
	if (valid_at && !json_is_null(valid_at))
		ret->valid_at = valid_at;
	if (scope)
		ret->user_scope = strcmp(scope, "user") == 0;
	ret->secrets = secret_policy_of(params, ret->secrets);
	if (scope)
		ret->own_scope = !ret->user_scope;
}

static int
script_status(struct script *s, json_t **ret, struct err *e)
{
	const char *const only[] = {s->ctx->namespace_, "default", NULL};
	struct counters t;
	int rc = store_counters_of(store_database(s->st),
		s->ctx->is_agent ? only : NULL, &t, e);

	if (rc != 0)
		return rc;
	*ret = json_pack("{s:I,s:I,s:I,s:I}", "total_entities",
		(json_int_t)t.entities, "total_observations",
		(json_int_t)t.observations, "total_relations",
		(json_int_t)t.relations, "total_changes",
		(json_int_t)t.changes);
	counters_done(&t);
	return !*ret ? err_nomem(e) : 0;
}

/* Keeps a call for the writer, within what one change may hold. */
static int
script_record(struct script *s, const struct call *c, const json_t *reply,
	struct err *e)
{
	size_t bytes = encode_size(c->params) + 64;
	int64_t told;
	int rc;

	if (s->facts + c->note.facts > LIMIT_CHANGE_FACTS)
		return err_set(e, MDB_E_LIMIT,
			"this script changes more than %d facts, the most one "
			"change may hold; this call was not done. Write the "
			"rest with another script",
			LIMIT_CHANGE_FACTS);
	if (s->bytes + bytes > WRITES_BYTES)
		return err_set(e, MDB_E_LIMIT,
			"this script writes more than %d MiB, the most one "
			"change may hold; this call was not done. Write the "
			"rest with another script",
			WRITES_BYTES / (1024 * 1024));
	rc = script_told(c->tool, reply, s->highest, &told, e);
	if (rc != 0)
		return rc;
	rc = script_did(s, c, e);
	if (rc != 0)
		return rc;
	if (jx_add(s->calls, json_pack("{s:s,s:O,s:I}", "method", c->tool->name,
				     "params", c->params, "told",
				     (json_int_t)told)) != 0)
		return err_nomem(e);
	s->bytes += bytes;
	s->facts += c->note.facts;
	return 0;
}

/* Inside the savepoint of the call; what was written can be searched at once. */
static int
write_call_do(struct script *s, struct call *c, json_t **ret, struct err *e)
{
	int rc = 0;

	if (c->tool->script.flags & TS_FILE)
		rc = script_note_file(s, c, e);
	if (rc != 0)
		return rc;
	rc = s->run(c, ret, e);
	if (rc != 0 || c->dry_run)
		return rc;
	rc = script_record(s, c, *ret, e);
	if (rc != 0)
		return rc;
	return store_release(s->st, e);
}

static int
write_call(struct script *s, struct call *c, json_t **ret, struct err *e)
{
	int rc = store_savepoint(s->st, e);

	if (rc != 0)
		return rc;
	rc = write_call_do(s, c, ret, e);
	if (rc != 0 || c->dry_run) {
		s->saw_all = true; /* the answer told what stands there */
		store_rollback(s->st);
	}
	if (rc != 0)
		return rc;
	return text_queue_flush(s->st, e);
}

/* A search gives a script the relations, as it gives them to an agent. */
static int
script_complete(const struct tool *t, json_t *params, struct err *e)
{
	const json_t *asked = json_object_get(params, "relations");

	if ((t->script.flags & TS_RELATIONS) &&
		(!asked || json_is_null(asked)) &&
		jx_set(params, "relations", json_true()) != 0)
		return err_nomem(e);
	return 0;
}

static int
make_call(struct script *s, struct call *c, json_t **ret_result, struct err *e)
{
	bool is_write = c->tool->flags & TF_WRITE;
	int rc = is_write ? 0 : script_saw(s, c, e);

	if (rc != 0)
		return rc;
	if (c->tool->flags & TF_LOOP)
		return script_status(s, ret_result, e);
	if (is_write)
		return write_call(s, c, ret_result, e);
	return s->run(c, ret_result, e);
}

int
script_call(struct script *s, const char *name, json_t *params, int64_t left_ms,
	json_t **ret_result, struct err *e)
{
	const struct tool *t = script_tool(name);
	struct context ctx;
	struct call c = {.st = s->st, .tool = t, .ctx = &ctx, .params = params};
	int rc = script_own_call(s, name, params, ret_result, e);

	if (rc != 1)
		return rc;
	*ret_result = NULL;
	if (!t)
		return err_set(e, MDB_E_UNKNOWN_METHOD,
			"scripts cannot call '%.64s'; memory.help() lists what "
			"they can",
			name);
	rc = script_check(s->ctx, t, e);
	if (rc != 0)
		return rc;
	rc = schema_check(t->params, tools_common, params, NULL, e);
	if (rc != 0)
		return rc;
	rc = script_complete(t, params, e);
	if (rc != 0)
		return rc;
	rc = check_place(t, s->ctx, params, e);
	if (rc != 0)
		return rc;
	rc = script_begin(s, e);
	if (rc != 0)
		return rc;
	rc = check_undo(s, t, params, e);
	if (rc != 0)
		return rc;
	script_context(s->ctx, params, &ctx);
	c.deadline_ns = clock_mono_ns() + left_ms * 1000000;
	store_deadline(s->st, c.deadline_ns);
	rc = make_call(s, &c, ret_result, e);
	store_deadline(s->st, 0);
	call_done(&c);
	if (rc != 0) {
		json_decref(*ret_result);
		*ret_result = NULL;
	}
	return rc;
}

bool
script_wrote(const struct script *s)
{
	return json_array_size(s->calls) > 0;
}

void
script_done(struct script *s)
{
	if (s->began)
		store_script_end(s->st);
	s->began = false;
	json_decref(s->calls);
	json_decref(s->message);
	json_decref(s->files);
	json_decref(s->skill);
	free(s->skills);
	idset_done(&s->bound);
	s->calls = s->message = s->files = s->skill = NULL;
	s->skills = NULL;
	s->skills_n = 0;
}

/* --- what it changed ------------------------------------------------------ */
int
script_changes(struct script *s, json_t **ret, struct err *e)
{
	AUTO_DIFF struct diff d = {.st = s->st, .max_bytes = 64 * 1024};
	struct scope scope = {0};
	int64_t after = 0;
	int rc;

	if (diff_init(&d) != 0)
		return err_nomem(e);
	rc = scope_read(s->st, s->ctx, 0, &scope, e);
	if (rc != 0)
		return rc;
	d.ns = scope.ns[0];
	rc = lens_make(s->st, scope.lens.level[0].branch, s->base, &d.from, e);
	if (rc != 0)
		return rc;
	d.to = scope.lens;
	if (d.ns != 0)
		rc = diff_all(&d, &after, e);
	if (rc != 0 && rc != 2)
		return rc;
	rc = script_add_files(s, d.entities, e);
	if (rc != 0)
		return rc;
	*ret = json_incref(d.entities);
	return 0;
}

struct script_touched {
	struct script *s;
	json_t *ids, *names;
	struct err *e;
};

static int
script_add_touched(void *ctx, int64_t entity)
{
	struct script_touched *t = ctx;
	AUTO_BUF struct buf name = {0};
	int rc;

	if (entity == 0)
		return 0;
	if (entity <= t->s->highest)
		return script_is_bound(t->s, entity) &&
				       jx_add(t->ids, json_integer(entity)) != 0
			       ? err_nomem(t->e)
			       : 0;
	rc = entity_first_name(t->s->st, entity, NULL, &name, t->e);
	if (rc == 1 && jx_add(t->names, json_stringn(name.data, name.len)) != 0)
		rc = err_nomem(t->e);
	return rc < 0 ? rc : 0;
}

int
script_pack(struct script *s, json_t **ret, struct err *e)
{
	json_t *pack AUTO_JSON = json_pack("{s:I,s:I,s:O,s:[],s:[],s:O*,s:O*}",
		"base", (json_int_t)s->base, "highest", (json_int_t)s->highest,
		"calls", s->calls, "touched", "created", "files", s->files,
		"message", s->message);
	struct script_touched t = {s, json_object_get(pack, "touched"),
		json_object_get(pack, "created"), e};
	struct scope scope;
	int rc;

	if (!pack)
		return err_nomem(e);
	rc = scope_read(s->st, s->ctx, 0, &scope, e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < scope.n; i++) {
		if (scope.ns[i] != 0)
			rc = log_entities(s->st, scope.ns[i],
				scope.lens.level[0].branch, s->base,
				STORE_OPEN_END, script_add_touched, &t, e);
		if (rc != 0)
			return rc;
	}
	*ret = take_ptr(pack);
	return 0;
}
