/* The tool list from the records; a call from its name to memory-db and back.
 * What is wrong with the request itself is a protocol error; what is wrong
 * with the values, or goes wrong with them, is a result with isError that the
 * model can act on. */
#include "mcp-server/mcp/mcp_tools.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "mcp-server/mcp/code_marks.h"
#include "mcp-server/mcp/compat.h"
#include "mcp-server/mcp/compat_answer.h"
#include "mcp-server/mcp/graph_read.h"
#include "mcp-server/mcp/mcp_args.h"
#include "mcp-server/mcp/recall_shape.h"
#include "mcp-server/mcp/script_shape.h"

/* --- the list ------------------------------------------------------------- */

static bool
is_exact(const struct profile *p, const struct tool *t)
{
	return p->compat && (t->flags & TF_COMPAT);
}

/* Hints that differ from the protocol's defaults (not read-only, destructive,
 * not idempotent, open world). Of a tool that only reads, the two about writing
 * mean nothing. In compat all of them, as in the reference. */
static json_t *
annotations(const struct tool *t, bool exact)
{
	bool reads = !(t->flags & (TF_WRITE | TF_SCRIPT));
	bool destroys = (t->flags & TF_DESTRUCTIVE) != 0;
	bool again = (t->flags & TF_IDEMPOTENT) != 0;
	AUTO_JSON json_t *a = json_pack("{s:b}", "openWorldHint", 0);

	if (!a ||
		((exact || reads) &&
			jx_set(a, "readOnlyHint", json_boolean(reads))) ||
		((exact || (!reads && !destroys)) &&
			jx_set(a, "destructiveHint", json_boolean(destroys))) ||
		((exact || (!reads && again)) &&
			jx_set(a, "idempotentHint", json_boolean(again))))
		return NULL;
	return take_ptr(a);
}

/* outputSchema, if the tool has one. 0 or MDB_E_NOMEM. */
static int
add_output(const struct tool *t, bool exact, json_t *j)
{
	const struct param *output = exact ? t->compat.output : t->output;

	if (!output)
		return 0;
	return jx_set(j, "outputSchema",
		exact ? schema_json_closed(output) : schema_json(output, 0));
}

static json_t *
tool_json(const struct tool *t, const struct profile *p)
{
	AUTO_JSON json_t *j = json_object();
	AUTO_JSON json_t *input = schema_json(t->params, mcp_args_hidden(t, p));
	const char *text = is_exact(p, t) ? t->compat.text : NULL;

	if (!j || !input || mcp_args_schema(t, p, input))
		return NULL;
	if (jx_set(j, "name", json_string(t->name)) ||
		/* Elsewhere the name says it, and every client pays. */
		(is_exact(p, t) && jx_set(j, "title", json_string(t->title))) ||
		jx_set(j, "description", json_string(text ? text : t->text)) ||
		jx_set(j, "inputSchema", take_ptr(input)) ||
		add_output(t, is_exact(p, t), j) ||
		jx_set(j, "annotations", annotations(t, is_exact(p, t))))
		return NULL;
	return take_ptr(j);
}

/* The next tool of the profile after `order`, or NULL. */
static const struct tool *
next_tool(const struct profile *p, unsigned order)
{
	const struct tool *best = NULL;

	for (size_t i = 0; i < tools_n; i++)
		if (profile_has(p, &tools[i]) && tools[i].order > order &&
			(!best || tools[i].order < best->order))
			best = &tools[i];
	return best;
}

json_t *
mcp_tools_json(const struct profile *p)
{
	AUTO_JSON json_t *list = json_array();
	const struct tool *t = list ? next_tool(p, 0) : NULL;

	if (!list)
		return NULL;
	for (; t; t = next_tool(p, t->order))
		if (jx_add(list, tool_json(t, p)))
			return NULL;
	return take_ptr(list);
}

bool
mcp_bad_cursor(struct session_request *r)
{
	json_t *cursor = json_object_get(r->params, "cursor");

	if (!cursor || json_is_null(cursor))
		return false;
	session_fail(r, JSONRPC_PARAMS, NULL,
		"invalid cursor: this list has one page, leave cursor out");
	return true;
}

void
mcp_tools_list(struct session_request *r)
{
	json_t *list;

	if (mcp_bad_cursor(r))
		return;
	list = mcp_tools_json(&r->session->o.profile);
	request_reply(r, list ? json_pack("{s:o}", "tools", list) : NULL);
}

/* --- results -------------------------------------------------------------- */

struct tool_call {
	struct session_request *request;
	const struct tool *tool;
	bool exact;		 /* as the reference does it */
	json_t *args;		 /* owned */
	json_t *ignored;	 /* owned; names of arguments left out */
	struct relay_call *call; /* one of these is under way */
	struct graph_read *read;
};

static void
tool_call_free(void *state)
{
	struct tool_call *c = state;

	if (c->call)
		relay_cancel(c->call);
	graph_read_free(c->read);
	json_decref(c->args);
	json_decref(c->ignored);
	free(c);
}

static void reply_error(struct tool_call *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void
reply_error(struct tool_call *c, const char *fmt, ...)
{
	AUTO_BUF struct buf text = {0};
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = buf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (rc != 0) {
		request_reply(c->request, NULL);
		return;
	}
	request_reply(c->request,
		json_pack("{s:[{s:s, s:s%}], s:b}", "content", "type", "text",
			"text", text.data, text.len, "isError", 1));
}

static void
reply_failure(struct tool_call *c, const struct err *e)
{
	const char *name = e->code == MDB_E_NOT_FOUND && c->exact
				   ? mcp_args_at(c->args, e->param)
				   : NULL;

	if (name)
		reply_error(c, "Entity with name %s not found", name);
	else if (e->code == MDB_E_BUSY && e->retry_after_ms > 0)
		reply_error(c, "%s (try again in %d ms)", e->text,
			e->retry_after_ms);
	else
		reply_error(c, "%s", e->text);
}

/* Entities so large that memory-db left facts out of them are told of beside the
 * text, which has no place for it in compat. Their names are quoted already. */
static int
add_omitted(struct buf *out, const struct graph_text *graph)
{
	for (size_t i = 0; i < graph->entities.n; i++) {
		const struct graph_item *e = &graph->entities.v[i];

		if (e->omitted == 0)
			continue;
		if (buf_addf(out,
			    ",{\"type\":\"text\",\"text\":\"Note: %lld "
			    "observations of ",
			    (long long)e->omitted) ||
			buf_add(out, e->name.p + 1, e->name.n - 2) ||
			buf_adds(out, " are not shown; it is too large for one "
				      "answer.\"}"))
			return MDB_E_NOMEM;
	}
	return 0;
}

static bool
is_recall(const struct tool_call *c)
{
	return c->tool->shape == SHAPE_RECALL;
}

/* Appends the text, quoted. *ret_alone: it goes without structuredContent. 0,
 * MDB_E_LIMIT or MDB_E_NOMEM. */
static int
mcp_tools_add_text(struct tool_call *c, json_t *structured,
	const struct buf *plain, struct buf *out, bool *ret_alone)
{
	AUTO_BUF struct buf text = {0};

	*ret_alone = false;
	if (c->exact)
		return compat_answer(c->tool, structured, plain, out,
			ret_alone);
	if (!is_recall(c))
		return jx_quote(plain->data, plain->len, out);
	return recall_write_text(structured, &text)
		       ? MDB_E_NOMEM
		       : jx_quote(text.data, text.len, out);
}

/* content, structuredContent: the same data twice, since clients show the
 * model the one or the other; a large graph once. It is written once, and
 * quoted where it is a text. */
static int
mcp_tools_write_result(struct tool_call *c, json_t *structured,
	const struct buf *plain, const struct graph_text *graph,
	struct buf *out)
{
	bool alone;
	int rc = buf_adds(out, "\"content\":[{\"type\":\"text\",\"text\":");

	if (rc != 0)
		return rc;
	rc = mcp_tools_add_text(c, structured, plain, out, &alone);
	if (rc)
		return rc;
	if (buf_addc(out, '}') || (graph && add_omitted(out, graph)) ||
		buf_addc(out, ']'))
		return MDB_E_NOMEM;
	if (alone)
		return 0;
	return buf_adds(out, ",\"structuredContent\":") ||
			       buf_add(out, plain->data, plain->len)
		       ? MDB_E_NOMEM
		       : 0;
}

/* What was left out of the arguments, by us and by memory-db. */
static int
add_ignored(struct tool_call *c, json_t *structured, json_t *reply)
{
	json_t *there = json_object_get(reply, "ignored");

	if (json_is_array(there) && json_array_extend(c->ignored, there))
		return MDB_E_NOMEM;
	if (json_array_size(c->ignored) == 0)
		return 0;
	return jx_set(structured, "ignored", json_incref(c->ignored));
}

/* memory-db's reply as it is, without the envelope. */
static json_t *
plain_shape(json_t *reply)
{
	json_t *shape = json_object();

	if (!shape || json_object_update(shape, reply) != 0) {
		json_decref(shape);
		return NULL;
	}
	json_object_del(shape, "id");
	json_object_del(shape, "success");
	json_object_del(shape, "ignored");
	return shape;
}

static json_t *
mcp_tools_shape_of(struct tool_call *c, json_t *reply)
{
	if (c->tool->flags & TF_COMPAT)
		return compat_shape(c->tool, c->exact, c->args, reply);
	if (is_recall(c))
		return recall_shape(reply,
			profile_has(&c->request->session->o.profile,
				TOOL_OF(memory_why)));
	return c->tool->shape == SHAPE_SCRIPT ? script_shape(reply)
					      : plain_shape(reply);
}

static void
reply_too_large(struct tool_call *c)
{
	reply_error(c,
		"the memory is too large to be read at once: the answer "
		"would pass %d MiB, more than clients take. Use search_nodes "
		"with a narrower query, or open_nodes with names. Without "
		"--tools compat all reads come in pages.",
		LIMIT_MCP_ANSWER_BYTES >> 20);
}

/* Sends the result of which `plain` is the compact JSON. structured: the same,
 * or NULL for a graph. */
static void
reply_written(struct tool_call *c, json_t *structured, const struct buf *plain,
	const struct graph_text *graph, bool failed)
{
	struct session_request *r = c->request;
	struct buf *out = request_write(r);
	int rc = out ? mcp_tools_write_result(c, structured, plain, graph, out)
		     : MDB_E_NOMEM;

	if (rc == MDB_E_LIMIT) {
		reply_too_large(c);
		return;
	}
	if (rc == 0 && failed)
		rc = buf_adds(out, ",\"isError\":true");
	request_written(r, rc);
}

static void
reply_success(struct tool_call *c, json_t *reply)
{
	const struct code_marks *code = &c->request->session->o.code;
	AUTO_JSON json_t *structured = NULL;
	AUTO_BUF struct buf plain = {0};

	if (c->exact || code_marks_tell(code, c->tool, reply) == 0)
		structured = mcp_tools_shape_of(c, reply);
	if (!structured || (!c->exact && add_ignored(c, structured, reply)) ||
		jx_dump(structured, &plain))
		request_reply(c->request, NULL);
	else
		reply_written(c, structured, &plain, NULL,
			(c->tool->flags & TF_SCRIPT) && script_failed(reply));
}

static void
reply_graph(struct tool_call *c, const struct graph_text *graph)
{
	AUTO_BUF struct buf plain = {0};

	if (compat_write_graph(graph, &plain))
		request_reply(c->request, NULL);
	else
		reply_written(c, NULL, &plain, graph, false);
}

/* --- the call ------------------------------------------------------------- */

static void
call_done(void *ctx, int rc, json_t *reply, const struct err *e)
{
	struct tool_call *c = ctx;

	c->call = NULL;
	if (rc)
		reply_failure(c, e);
	else
		reply_success(c, reply);
}

static void
mcp_tools_read_done(void *ctx, int rc, const struct graph_text *graph,
	const struct err *e)
{
	struct tool_call *c = ctx;

	if (rc)
		reply_failure(c, e);
	else if (graph->is_cut)
		reply_too_large(c);
	else
		reply_graph(c, graph);
}

/* "" finds everything, as in the reference: that is read_graph. */
static const struct tool *
whole_tool(struct tool_call *c)
{
	json_t *query = json_object_get(c->args, "query");

	if (c->tool->compat.whole != WHOLE_SEARCH || !json_is_string(query) ||
		json_string_length(query) > 0)
		return c->tool;
	json_object_del(c->args, "query");
	json_object_del(c->args, "mode");
	return TOOL_OF(read_graph);
}

static void
mcp_tools_start(struct tool_call *c)
{
	struct session_request *r = c->request;
	const struct profile *p = &r->session->o.profile;
	struct err e = {0};

	if (mcp_args_filter(c->tool, p, c->args, c->ignored, &e) ||
		code_marks_take(&r->session->o.code, c->tool, c->args, &e)) {
		reply_failure(c, &e);
		return;
	}
	if (mcp_args_complete(c->tool, p, r->client, c->args)) {
		request_reply(r, NULL);
		return;
	}
	if (c->exact && (c->tool->flags & TF_READ)) {
		c->read = graph_read_start(r->session->relay, whole_tool(c),
			json_incref(c->args), LIMIT_MCP_ANSWER_BYTES,
			mcp_tools_read_done, c);
	} else {
		c->call = relay_call(r->session->relay, c->tool->name,
			json_incref(c->args),
			c->tool->flags & (TF_WRITE | TF_SCRIPT), call_done, c);
	}
	if (!c->read && !c->call)
		request_reply(r, NULL);
}

/* The tool by name, or NULL after an -32602 answer. */
static const struct tool *
find_tool(struct session_request *r)
{
	const char *name = request_string(r, "name");
	const struct tool *t;

	if (!name)
		return NULL;
	t = tool_find(name);
	if (t && profile_has(&r->session->o.profile, t))
		return t;
	session_fail(r, JSONRPC_PARAMS, NULL,
		"Unknown tool: %.100s. tools/list names those there are; "
		"--tools decides which",
		name);
	return NULL;
}

void
mcp_tools_call(struct session_request *r)
{
	const struct tool *t = find_tool(r);
	struct tool_call *c;
	json_t *args;

	if (!t)
		return;
	args = json_object_get(r->params, "arguments");
	if (args && !json_is_object(args) && !json_is_null(args)) {
		session_fail(r, JSONRPC_PARAMS, NULL,
			"invalid params: arguments must be an object, is %s",
			jx_type_name(args));
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		request_reply(r, NULL);
		return;
	}
	c->request = r;
	c->tool = t;
	c->exact = is_exact(&r->session->o.profile, t);
	c->args = json_is_object(args) ? json_incref(args) : json_object();
	c->ignored = json_array();
	request_hold(r, c, tool_call_free);
	if (!c->args || !c->ignored)
		request_reply(r, NULL);
	else
		mcp_tools_start(c);
}
