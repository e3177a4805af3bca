/* A line is first lexed (depth, number of values), so that nothing small can
 * explode in the parser, then parsed strictly by jx_parse. What is valid JSON
 * all the same is refused with its id. */
#include "mcp-server/mcp/jsonrpc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/frame.h"
#include "common/jx.h"
#include "common/limits.h"

int
jsonrpc_fail(struct jsonrpc_error *e, int code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	e->id = NULL;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return code;
}

static bool
is_id(const json_t *j)
{
	return json_is_string(j) || json_is_integer(j);
}

/* Lexes `line` as a member of an object, since frames are objects and a batch
 * is an array. */
static enum frame_status
lex(const char *line, size_t n)
{
	struct frame_lexer lx;
	size_t skip, used;
	enum frame_status st;

	frame_init(&lx, n + 8, LIMIT_REQUEST_VALUES);
	st = frame_feed(&lx, "{\"\":", 4, &skip, &used);
	if (st == FRAME_MORE)
		st = frame_feed(&lx, line, n, &skip, &used);
	return st;
}

static json_t *
jsonrpc_refuse(const char *line, size_t n, struct jsonrpc_error *e, int code,
	const char *why)
{
	struct jsonrpc_scan scan;

	jsonrpc_fail(e, code, "request refused: %s", why);
	jsonrpc_scan_init(&scan);
	jsonrpc_scan_feed(&scan, line, n);
	e->id = jsonrpc_scan_id(&scan);
	return NULL;
}

/* A number that no type of ours holds: the message says which parameter. */
static json_t *
refuse_number(const char *line, size_t n, struct jsonrpc_error *e,
	const struct err *number)
{
	static const char inside[] = "params.arguments.";
	const char *at = number->param;
	char why[sizeof(number->param) + sizeof(number->text) + 2];

	if (strncmp(at, inside, sizeof(inside) - 1) == 0)
		at += sizeof(inside) - 1;
	snprintf(why, sizeof(why), "%s: %s", at, number->text);
	return jsonrpc_refuse(line, n, e, JSONRPC_PARAMS, why);
}

/* jx_parse said no: not JSON at all, or JSON that we do not take? */
static json_t *
refuse_parsed(const char *line, size_t n, struct jsonrpc_error *e,
	const struct err *why)
{
	AUTO_JSON json_t *loose = NULL;
	struct err number;

	if (why->code == MDB_E_NOMEM)
		return jsonrpc_refuse(line, n, e, JSONRPC_INTERNAL,
			"out of memory; nothing is broken, try again");
	loose = jx_parse_lenient(line, n, &number, NULL);
	if (loose)
		return refuse_number(line, n, e, &number);
	loose = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
	if (loose)
		return jsonrpc_refuse(line, n, e, JSONRPC_INVALID, why->text);
	jsonrpc_fail(e, JSONRPC_PARSE, "parse error: %s", why->text);
	return NULL;
}

json_t *
jsonrpc_parse(const char *line, size_t n, struct jsonrpc_error *e)
{
	struct err why = {0};
	enum frame_status st;
	json_t *j;
	size_t i = 0;

	e->id = NULL;
	while (i < n && strchr(" \t\r", line[i]) && line[i])
		i++;
	if (i == n) {
		jsonrpc_fail(e, JSONRPC_PARSE,
			"parse error: a message is one JSON object in a line");
		return NULL;
	}
	/* 1, "x", null and true are JSON, but no message: jsonrpc_read says
	 * so. */
	st = line[i] == '{' || line[i] == '[' ? lex(line, n) : FRAME_MORE;
	if (st == FRAME_TOO_DEEP || st == FRAME_TOO_MANY_VALUES)
		return jsonrpc_refuse(line, n, e, JSONRPC_INVALID,
			frame_status_text(st));
	j = jx_parse_any(line, n, &why);
	return j ? j : refuse_parsed(line, n, e, &why);
}

static enum jsonrpc_kind
jsonrpc_bad(struct jsonrpc_error *e, json_t *id, int code, const char *text)
{
	jsonrpc_fail(e, code, "%s", text);
	e->id = json_incref(id);
	return JSONRPC_BAD;
}

enum jsonrpc_kind
jsonrpc_read(json_t *value, struct jsonrpc_msg *ret, struct jsonrpc_error *e)
{
	json_t *id, *method, *version;

	memset(ret, 0, sizeof(*ret));
	e->id = NULL;
	if (!json_is_object(value))
		return jsonrpc_bad(e, NULL, JSONRPC_INVALID,
			"invalid request: a message is a JSON object");
	if (jx_settle_integer(value, "id"))
		return jsonrpc_bad(e, NULL, JSONRPC_INTERNAL,
			"out of memory; nothing is broken, try again");
	id = json_object_get(value, "id");
	method = json_object_get(value, "method");
	ret->params = json_object_get(value, "params");
	if (json_is_null(ret->params)) /* some clients' word for none */
		ret->params = NULL;
	if (!method && (json_object_get(value, "result") ||
			       json_object_get(value, "error")))
		return JSONRPC_RESPONSE;
	if (id && !is_id(id))
		return jsonrpc_bad(e, NULL, JSONRPC_INVALID,
			"invalid request: id must be a string or an integer");
	version = json_object_get(value, "jsonrpc");
	if (!json_is_string(version) ||
		strcmp(json_string_value(version), "2.0") != 0)
		return jsonrpc_bad(e, id, JSONRPC_INVALID,
			"invalid request: jsonrpc must be \"2.0\"");
	if (!json_is_string(method))
		return jsonrpc_bad(e, id, JSONRPC_INVALID,
			"invalid request: method must be a string");
	ret->id = id;
	ret->method = json_string_value(method);
	if (ret->params && !json_is_object(ret->params)) {
		if (!id)
			return JSONRPC_RESPONSE; /* nothing to do, or to say */
		return jsonrpc_bad(e, id, JSONRPC_PARAMS,
			"invalid params: params must be an object");
	}
	return id ? JSONRPC_REQUEST : JSONRPC_NOTIFICATION;
}

static json_t *
envelope(json_t *id)
{
	AUTO_JSON json_t *m = json_object();

	if (!m || jx_set(m, "jsonrpc", json_string("2.0")))
		return NULL;
	if (id && jx_set(m, "id", json_incref(id)))
		return NULL;
	return take_ptr(m);
}

json_t *
jsonrpc_result(json_t *id, json_t *result_new)
{
	AUTO_JSON json_t *m = envelope(id);

	if (!m) {
		json_decref(result_new);
		return NULL;
	}
	return jx_set(m, "result", result_new) ? NULL : take_ptr(m);
}

json_t *
jsonrpc_error(json_t *id, int code, const char *text, json_t *data_new)
{
	AUTO_JSON json_t *data = data_new;
	AUTO_JSON json_t *m = envelope(id);
	AUTO_JSON json_t *e = json_object();

	if (!m || !e || jx_set(e, "code", json_integer(code)) ||
		jx_set(e, "message", json_string(text)) ||
		(data && jx_set(e, "data", json_incref(data))) ||
		jx_set(m, "error", json_incref(e)))
		return NULL;
	return take_ptr(m);
}

json_t *
jsonrpc_notification(const char *method, json_t *params_new)
{
	AUTO_JSON json_t *params = params_new;
	AUTO_JSON json_t *m = envelope(NULL);

	if (!m || jx_set(m, "method", json_string(method)) ||
		(params && jx_set(m, "params", json_incref(params))))
		return NULL;
	return take_ptr(m);
}
