/* Facts that were read in code, on their way through memory-mcp; code_marks.h
 * has an example. A write is completed before it goes to memory-db (hash and
 * commit of the lines as they are now), a reply is marked before it goes to
 * the agent. Files are read within a budget, so that a reply with many sources
 * is not late; what was not looked at is `unknown`. */
#include "mcp-server/mcp/code_marks.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"

/* --- what a write says ---------------------------------------------------- */
struct taking {
	const struct code_marks *m;
	const char *namespace_; /* that the write goes to */
	struct err *e;
};

static bool
is_code_source(const struct param *p)
{
	return p->type == P_TEXT_OR_OBJECT && strcmp(p->name, "source") == 0;
}

static int take_members(const struct taking *x, const struct param *table,
	json_t *object, const char *path);

static int
take_source(const struct taking *x, json_t *object, const json_t *value,
	const char *path)
{
	struct codespan source;
	int rc = codespan_read(value, path, true, &source, x->e);

	if (rc)
		return rc;
	rc = codetree_take(x->m->tree, x->namespace_, &source, path, x->e);
	if (rc)
		return rc;
	return jx_set(object, "source", codespan_json(&source)) != 0
		       ? err_nomem(x->e)
		       : 0;
}

static int
take_list(const struct taking *x, const struct param *item, json_t *list,
	const char *path)
{
	char at[96];
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		int rc;

		if (!item->sub || !json_is_object(entry))
			continue;
		snprintf(at, sizeof(at), "%.60s[%zu].", path, i);
		rc = take_members(x, item->sub, entry, at);
		if (rc)
			return rc;
	}
	return 0;
}

/* Recursion ends with the tables: three levels. path: what stands before the
 * name of a member. */
static int
take_members(const struct taking *x, const struct param *table, json_t *object,
	const char *path)
{
	char at[96];

	for (const struct param *p = table; p && p->name; p++) {
		json_t *value = json_object_get(object, p->name);
		int rc = 0;

		if (!value)
			continue;
		snprintf(at, sizeof(at), "%.60s%.30s", path, p->name);
		if (is_code_source(p))
			rc = take_source(x, object, value, at);
		else if (p->item && json_is_array(value))
			rc = take_list(x, p->item, value, at);
		if (rc)
			return rc;
	}
	return 0;
}

int
code_marks_take(const struct code_marks *m, const struct tool *t, json_t *args,
	struct err *e)
{
	const char *scope = json_string_value(json_object_get(args, "scope"));
	struct taking x = {m, m->namespace_, e};

	if (!m->tree || !(t->flags & TF_WRITE))
		return 0;
	if (scope && strcmp(scope, "user") == 0)
		x.namespace_ = "default";
	codetree_begin(m->tree);
	return take_members(&x, t->params, args, "");
}

/* --- what a read gives ---------------------------------------------------- */
/* "src/pool.c:10-14" with the lines where it stands now, and its state. False:
 * it is none of these. */
static bool
code_marks_look(const struct code_marks *m, const json_t *source,
	const json_t *namespace_, char text[CODESPAN_TEXT_SIZE],
	enum codetree_state *ret)
{
	const char *ns = json_string_value(namespace_);
	struct codespan x;

	if (codespan_read(source, "source", false, &x, NULL) != 0)
		return false;
	*ret = m->tree ? codetree_look(m->tree, ns ? ns : m->namespace_, &x)
		       : CODETREE_UNKNOWN;
	codespan_text(&x, text);
	return true;
}

/* Behind the other marks of the line: "(noted 2026-11-29; src/a.c: stale)". */
static int
mark_line(json_t *results, size_t row, const char *text,
	enum codetree_state state)
{
	const json_t *line = json_array_get(results, row);
	size_t n = json_string_length(line);
	AUTO_BUF struct buf out = {0};
	json_t *marked;
	bool has_marks;

	if (!json_is_string(line))
		return 0;
	/* A line has its date in brackets, so its end is theirs. */
	has_marks = n > 0 && json_string_value(line)[n - 1] == ')';
	if (buf_add(&out, json_string_value(line), has_marks ? n - 1 : n) ||
		buf_addf(&out, "%s%s: %s)", has_marks ? "; " : " (", text,
			codetree_word(state)))
		return MDB_E_NOMEM;
	marked = json_stringn(out.data, out.len);
	return marked && json_array_set_new(results, row, marked) == 0
		       ? 0
		       : MDB_E_NOMEM;
}

static int
mark_lines(const struct code_marks *m, json_t *reply)
{
	json_t *results = json_object_get(reply, "results"), *one;
	char text[CODESPAN_TEXT_SIZE];
	enum codetree_state state;
	size_t i;

	json_array_foreach(json_object_get(reply, "sources"), i, one) {
		json_int_t row =
			json_integer_value(json_object_get(one, "row"));

		if (code_marks_look(m, json_object_get(one, "source"),
			    json_object_get(one, "namespace"), text, &state) &&
			mark_line(results, (size_t)row, text, state) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

/* {"observation": 0, "source": "src/pool.c:10-14", "state": "stale"} */
static int
mark_entity(const struct code_marks *m, json_t *entity)
{
	AUTO_JSON json_t *told = json_array();
	json_t *sources = json_object_get(entity, "sources"), *one;
	char text[CODESPAN_TEXT_SIZE];
	enum codetree_state state;
	size_t i;

	if (!sources)
		return 0;
	json_array_foreach(sources, i, one) {
		if (!code_marks_look(m, json_object_get(one, "source"),
			    json_object_get(entity, "namespace"), text, &state))
			continue;
		if (jx_add(told, json_pack("{s:O,s:s,s:s}", "observation",
					 json_object_get(one, "observation"),
					 "source", text, "state",
					 codetree_word(state))) != 0)
			return MDB_E_NOMEM;
	}
	return !told || jx_set(entity, "sources", take_ptr(told)) != 0
		       ? MDB_E_NOMEM
		       : 0;
}

/* The text of a context has its marks in the lines. */
static int
mark_context(const struct code_marks *m, json_t *reply)
{
	AUTO_BUF struct buf text = {0};

	if (!m->tree || !json_object_get(reply, "sources"))
		return 0;
	if (codetree_context(m->tree, m->namespace_, reply, &text) != 0 ||
		jx_set(reply, "context", json_stringn(text.data, text.len)))
		return MDB_E_NOMEM;
	(void)json_object_del(reply, "sources");
	return 0;
}

int
code_marks_tell(const struct code_marks *m, const struct tool *t, json_t *reply)
{
	static const char *const lists[] = {"results", "entities"};
	json_t *entity;
	size_t i;

	if (m->tree)
		codetree_begin(m->tree);
	if (t->shape == SHAPE_RECALL)
		return mark_lines(m, reply);
	if (json_is_string(json_object_get(reply, "context")))
		return mark_context(m, reply);
	if (t->shape != SHAPE_GRAPH)
		return 0;
	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		json_array_foreach(json_object_get(reply, lists[k]), i, entity)
			if (json_is_object(entity) &&
				mark_entity(m, entity) != 0)
				return MDB_E_NOMEM;
	return 0;
}
