/* The graph as a resource is the reference's: one JSON text in its shape. A
 * graph larger than one answer goes on at the URI in `next`. */
#include "mcp-server/mcp/mcp_resources.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "mcp-server/mcp/compat.h"
#include "mcp-server/mcp/era.h"
#include "mcp-server/mcp/graph_read.h"
#include "mcp-server/mcp/mcp_tools.h"

#define GRAPH_URI  "memory://knowledge-graph"
#define NEXT_URI   GRAPH_URI "?cursor="
#define ENTITY_URI "memory://entity/"
#define JSON_TYPE  "application/json"

/* --- URIs ----------------------------------------------------------------- */

/* Percent-decodes into out. 0, or MDB_E_INVALID: no name of ours. */
static int
decode(const char *s, char out[LIMIT_NAME_BYTES + 1])
{
	size_t n = 0;

	while (*s) {
		int c = (unsigned char)*s++;

		if (n == LIMIT_NAME_BYTES)
			return MDB_E_INVALID;
		if (c == '%') {
			int high = text_hex_digit(s[0]);
			int low = high < 0 ? -1 : text_hex_digit(s[1]);

			if (low < 0)
				return MDB_E_INVALID;
			c = high * 16 + low;
			s += 2;
		}
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return n > 0 && text_is_utf8(out, n) ? 0 : MDB_E_INVALID;
}

static int
encode(const char *s, struct buf *out)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *s; s++) {
		int rc = strchr(plain, *s)
				 ? buf_addc(out, *s)
				 : buf_addf(out, "%%%02X",
					   (unsigned)(unsigned char)*s);

		if (rc)
			return rc;
	}
	return 0;
}

static bool
has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int
mcp_resources_entity_name(const char *uri, char out[LIMIT_NAME_BYTES + 1])
{
	if (!has_prefix(uri, ENTITY_URI))
		return MDB_E_INVALID;
	return decode(uri + strlen(ENTITY_URI), out);
}

bool
resource_is_known(const char *uri)
{
	char name[LIMIT_NAME_BYTES + 1];

	return strcmp(uri, GRAPH_URI) == 0 ||
	       mcp_resources_entity_name(uri, name) == 0;
}

bool
resource_is_touched(const char *uri, json_t *event)
{
	char name[LIMIT_NAME_BYTES + 1];
	json_t *entity;
	size_t i;

	if (strcmp(uri, GRAPH_URI) == 0 || mcp_resources_entity_name(uri, name))
		return true;
	/* Not all names are known: rather once too often. */
	if (!json_object_get(event, "entities") ||
		json_object_get(event, "more"))
		return true;
	json_array_foreach(json_object_get(event, "entities"), i, entity)
		if (json_is_string(entity) &&
			strcmp(json_string_value(entity), name) == 0)
			return true;
	return false;
}

void
resource_not_found(struct session_request *r, const char *uri)
{
	session_fail(r, r->era->code_no_resource,
		json_pack("{s:s}", "uri", uri),
		"Resource not found: %.200s. There are " GRAPH_URI
		" and " ENTITY_URI "{name}, the name percent-encoded",
		uri);
}

/* --- lists ---------------------------------------------------------------- */

void
mcp_resources_list(struct session_request *r)
{
	if (mcp_bad_cursor(r))
		return;
	request_reply(r,
		json_pack("{s:[{s:s, s:s, s:s, s:s, s:s}]}", "resources", "uri",
			GRAPH_URI, "name", "knowledge-graph", "title",
			"Knowledge Graph", "description",
			"The full knowledge graph with all entities and relations",
			"mimeType", JSON_TYPE));
}

void
mcp_resources_templates(struct session_request *r)
{
	if (mcp_bad_cursor(r))
		return;
	request_reply(r,
		json_pack("{s:[{s:s, s:s, s:s, s:s, s:s}]}",
			"resourceTemplates", "uriTemplate", ENTITY_URI "{name}",
			"name", "entity", "title", "Entity", "description",
			"One entity with its observations and relations",
			"mimeType", JSON_TYPE));
}

/* --- reading -------------------------------------------------------------- */

struct resource_read {
	struct session_request *request;
	const char *uri; /* of the request's message */
	struct graph_read *read;
};

static void
resource_read_free(void *state)
{
	struct resource_read *c = state;

	graph_read_free(c->read);
	free(c);
}

static json_t *
contents_entry(const char *uri, const json_t *value)
{
	AUTO_BUF struct buf text = {0};

	if (!value || compat_pretty(value, &text))
		return NULL;
	return json_pack("{s:s, s:s, s:s%}", "uri", uri, "mimeType", JSON_TYPE,
		"text", text.data, text.len);
}

static void
reply_contents(struct resource_read *c, json_t *contents_new)
{
	request_reply(c->request,
		contents_new ? json_pack("{s:o}", "contents", contents_new)
			     : NULL);
}

/* The whole graph, or the page of it that fits: as indented text, which takes
 * up to three times what graph_read counts. */
static json_t *
graph_contents(struct resource_read *c, json_t *graph)
{
	AUTO_JSON json_t *shape =
		compat_shape(TOOL_OF(read_graph), true, NULL, graph);
	AUTO_JSON json_t *contents = json_array();
	const char *next = json_string_value(json_object_get(graph, "next"));

	if (!shape || !contents)
		return NULL;
	if (next) {
		AUTO_BUF struct buf uri = {0};

		if (buf_adds(&uri, NEXT_URI) || encode(next, &uri) ||
			jx_set(shape, "next", json_stringn(uri.data, uri.len)))
			return NULL;
	}
	if (jx_add(contents, contents_entry(c->uri, shape)))
		return NULL;
	return take_ptr(contents);
}

/* The entity, or two of its name when the user's own memory has one, too. */
static json_t *
entity_contents(struct resource_read *c, json_t *graph)
{
	AUTO_JSON json_t *shape =
		compat_shape(TOOL_OF(open_nodes), false, NULL, graph);
	AUTO_JSON json_t *contents = json_array();
	json_t *entity;
	size_t i;

	if (!shape || !contents)
		return NULL;
	json_array_foreach(json_object_get(shape, "entities"), i, entity)
		if (jx_set(entity, "relations",
			    json_incref(json_object_get(shape, "relations"))) ||
			jx_add(contents, contents_entry(c->uri, entity)))
			return NULL;
	return take_ptr(contents);
}

static void
mcp_resources_read_done(void *ctx, int rc, const struct graph_text *text,
	const struct err *e)
{
	struct resource_read *c = ctx;
	bool whole = has_prefix(c->uri, GRAPH_URI);
	AUTO_JSON json_t *graph = rc == 0 ? graph_text_json(text) : NULL;

	if (rc == 0 && !graph)
		request_reply(c->request, NULL);
	else if (rc)
		session_fail(c->request,
			rc == MDB_E_INVALID && whole ? JSONRPC_PARAMS
						     : JSONRPC_INTERNAL,
			NULL, "%s", e->text);
	else if (whole)
		reply_contents(c, graph_contents(c, graph));
	else if (json_array_size(json_object_get(graph, "entities")) == 0)
		resource_not_found(c->request, c->uri);
	else
		reply_contents(c, entity_contents(c, graph));
}

/* The call a URI stands for: *ret_tool and its parameters (new). NULL and
 * *ret_tool set: no memory; NULL and no tool: no such resource. */
static json_t *
mcp_resources_params_of(const char *uri, const struct tool **ret_tool)
{
	char name[LIMIT_NAME_BYTES + 1];

	*ret_tool = TOOL_OF(read_graph);
	if (strcmp(uri, GRAPH_URI) == 0)
		return json_pack("{s:i, s:i}", "limit", LIMIT_ROWS, "max_bytes",
			LIMIT_REPLY_BYTES);
	if (has_prefix(uri, NEXT_URI) && !decode(uri + strlen(NEXT_URI), name))
		return json_pack("{s:i, s:i, s:s}", "limit", LIMIT_ROWS,
			"max_bytes", LIMIT_REPLY_BYTES, "cursor", name);
	*ret_tool = TOOL_OF(open_nodes);
	if (mcp_resources_entity_name(uri, name) == 0)
		return json_pack("{s:[s], s:i}", "names", name, "max_bytes",
			LIMIT_REPLY_BYTES);
	*ret_tool = NULL;
	return NULL;
}

void
mcp_resources_read(struct session_request *r)
{
	const char *uri = request_string(r, "uri");
	const struct tool *tool = NULL;
	struct resource_read *c;
	json_t *params;

	if (!uri)
		return;
	params = mcp_resources_params_of(uri, &tool);
	if (!tool) {
		resource_not_found(r, uri);
		return;
	}
	c = params ? calloc(1, sizeof(*c)) : NULL;
	if (!c) {
		json_decref(params);
		request_reply(r, NULL);
		return;
	}
	c->request = r;
	c->uri = uri;
	request_hold(r, c, resource_read_free);
	c->read = graph_read_start(r->session->relay, tool, params,
		LIMIT_MCP_ANSWER_BYTES / 3, mcp_resources_read_done, c);
	if (!c->read)
		request_reply(r, NULL);
}
