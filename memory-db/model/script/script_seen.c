/* Records what a script has read of the state it began with, so that the commit
 * can tell whether one of these reads is out of date by then. A script that read
 * "ada" and writes a summary of it is refused when somebody changed ada in the
 * meantime. A script that only added an observation to ada, and never read what
 * is said of it, is not: additions come to the same in any order.
 *
 * Told is: an entity that a read named, any entity of the namespace after a
 * read of many (what a search did not find is an answer too), and what the
 * reply of a write says, which must be the same when it is done again. Which
 * of these a method does stands in its record (struct tool_script). */
#include <sodium.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/script/script_int.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"

/* --- reads ---------------------------------------------------------------- */
static int
bind_entity(struct script *s, int64_t entity, struct err *e)
{
	return !idset_put(&s->bound, entity) ? err_nomem(e) : 0;
}

static int
saw_name(struct script *s, const struct scope *scope, const json_t *name,
	struct err *e)
{
	for (int i = 0; i < scope->n; i++) {
		int64_t entity;
		int rc = scope->ns[i] == 0 ? 0
					   : entity_find(s->st, scope->ns[i],
						     json_string_value(name),
						     json_string_length(name),
						     &entity, e);

		if (rc == 1)
			rc = bind_entity(s, entity, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
saw_names(struct script *s, const struct context *ctx, const json_t *names,
	struct err *e)
{
	struct scope scope;
	int rc = scope_read(s->st, ctx, 0, &scope, e);
	json_t *name;
	size_t i;

	if (rc != 0)
		return rc;
	if (json_is_string(names))
		return saw_name(s, &scope, names, e);
	json_array_foreach(names, i, name) {
		rc = saw_name(s, &scope, name, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
script_saw(struct script *s, const struct call *c, struct err *e)
{
	const struct tool_script *how = &c->tool->script;
	const json_t *names =
		how->names ? json_object_get(c->params, how->names) : NULL;

	if (how->flags & TS_BLIND)
		return 0;
	if (names && !json_is_null(names))
		return saw_names(s, c->ctx, names, e);
	s->saw_all = true;
	return 0;
}

/* --- writes --------------------------------------------------------------- */
static bool
has_only(const json_t *object, const char *const *keys)
{
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		const char *const *k = keys;

		while (*k && strcmp(*k, key) != 0)
			k++;
		if (!*k && !json_is_null(value))
			return false;
	}
	return true;
}

/* Members with which a new fact says nothing of others. */
static const char *const adding[] = {"name", "entityName", "entityType",
	"observations", "contents", "text", "from", "to", "relationType",
	"source_session", "source_timestamp", "speaker", "confidence",
	"valid_from", "valid_to", "salience", "extraction_method", NULL};

static bool
only_adds(const json_t *params, const char *entries, const char *texts)
{
	const char *mode = jx_text(params, "mode");
	json_t *entry, *text;
	size_t i, k;

	if (mode && strcmp(mode, "merge") != 0)
		return false;
	json_array_foreach(json_object_get(params, entries), i, entry) {
		if (!has_only(entry, adding))
			return false;
		json_array_foreach(texts ? json_object_get(entry, texts) : NULL,
			k, text)
			if (json_is_object(text) && !has_only(text, adding))
				return false;
	}
	return true;
}

struct binding {
	struct script *s;
	bool all;
	struct err *e;
};

static int
bind_op(void *ctx, const struct log_op *op)
{
	struct binding *b = ctx;
	bool adds = op->what == OP_SHOW || op->what == OP_DERIVE;

	return op->entity == 0 || (adds && !b->all)
		       ? 0
		       : bind_entity(b->s, op->entity, b->e);
}

int
script_did(struct script *s, const struct call *c, struct err *e)
{
	const struct tool_script *how = &c->tool->script;
	struct binding b = {s, true, e};

	if (how->adds)
		b.all = !only_adds(c->params, how->adds, how->texts);
	return c->note.change == 0
		       ? 0
		       : log_ops(s->st, c->note.change, 0, 0, bind_op, &b, e);
}

/* What another change moves, without a meaning for the script: numbers, and the
 * near names that an error or a hint offers. */
static void
drop_numbers(json_t *j, int64_t highest, int depth)
{
	json_t *item;
	size_t i;

	if (json_is_object(j)) {
		json_object_del(j, "change");
		json_object_del(j, "version");
		json_object_del(j, "hints");
		json_object_del(j, "error");
		/* What it was at odds with; how far that was searched for
		 * depends on how busy the writer is. */
		json_object_del(j, "conflicts");
		json_object_del(j, "conflict_count");
		json_object_del(j, "conflicts_later");
		if (json_integer_value(json_object_get(j, "id")) > highest)
			json_object_del(j, "id"); /* of a new entity */
		drop_numbers(json_object_get(j, "results"), highest, depth + 1);
		drop_numbers(json_object_get(j, "failed"), highest, depth + 1);
	}
	if (depth < 2)
		json_array_foreach(j, i, item)
			drop_numbers(item, highest, depth + 1);
}

int
script_told(const struct tool *t, const json_t *reply, int64_t highest,
	int64_t *ret, struct err *e)
{
	static const unsigned char no_key[crypto_shorthash_KEYBYTES];
	AUTO_JSON json_t *plain = NULL;
	AUTO_BUF struct buf text = {0};

	*ret = 0;
	if (!(t->script.flags & TS_TOLD))
		return 0;
	plain = jx_copy(reply);
	drop_numbers(plain, highest, 0);
	if (!plain || jx_dump(plain, &text) != 0)
		return err_nomem(e);
	crypto_shorthash((unsigned char *)ret, (const unsigned char *)text.data,
		text.len, no_key);
	return 0;
}

bool
script_is_bound(const struct script *s, int64_t entity)
{
	return s->saw_all || idset_has(&s->bound, entity);
}
