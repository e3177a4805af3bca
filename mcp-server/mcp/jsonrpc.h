/* JSON-RPC 2.0 as MCP narrows it: bytes of a line <-> messages. Pure, no fd,
 * no session. */
#ifndef MCP_SERVER_MCP_JSONRPC_H
#define MCP_SERVER_MCP_JSONRPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"

enum jsonrpc_code {
	JSONRPC_PARSE = -32700,
	JSONRPC_INVALID = -32600,
	JSONRPC_METHOD = -32601,
	JSONRPC_PARAMS = -32602,
	JSONRPC_INTERNAL = -32603
};

struct jsonrpc_error {
	int code; /* enum jsonrpc_code, or one of MCP's own */
	char text[320];
	json_t *id; /* owned, NULL: could not be read */
};

/* Sets code and text, drops the id; returns code. */
int jsonrpc_fail(struct jsonrpc_error *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Parses a line: any JSON value. Objects are messages, an array is a batch
 * (whether one is welcome is the session's question), and what is neither,
 * jsonrpc_read refuses. Returns new, or NULL with *e set. e->id is set
 * when the text is JSON that we refuse (NUL, duplicate keys, too deep, too
 * many values), so that the sender does not wait for an answer in vain. */
json_t *jsonrpc_parse(const char *line, size_t n, struct jsonrpc_error *e)
	MUST_CHECK;

enum jsonrpc_kind {
	JSONRPC_REQUEST,
	JSONRPC_NOTIFICATION,
	JSONRPC_RESPONSE, /* of the client; we ask nothing: to be ignored */
	JSONRPC_BAD	  /* error says why; to be answered */
};

struct jsonrpc_msg {
	json_t *id; /* string or integer; NULL: none */
	const char *method;
	json_t *params; /* an object, or NULL when absent */
};

/* Takes a parsed value apart. Members of *ret are borrowed from it. */
enum jsonrpc_kind jsonrpc_read(json_t *value, struct jsonrpc_msg *ret,
	struct jsonrpc_error *e);

/* Messages to send; the first two return new or NULL: no memory. They take
 * their _new arguments also on failure. id NULL: the member is left out. */
json_t *jsonrpc_result(json_t *id, json_t *result_new) MUST_CHECK;
json_t *jsonrpc_error(json_t *id, int code, const char *text, json_t *data_new)
	MUST_CHECK;
json_t *jsonrpc_notification(const char *method, json_t *params_new) MUST_CHECK;

/* --- the id of a line that is too large to be parsed -------------------------
 * Looks at each byte once and keeps the last top-level member "id" of an
 * object. Clients may write it behind the parameters. */
struct jsonrpc_scan {
	unsigned depth;
	bool in_string, escaped, is_value, in_key, keep, bad;
	size_t key_n, value_n;
	char key[4];
	char value[128];
};
void jsonrpc_scan_init(struct jsonrpc_scan *s);
void jsonrpc_scan_feed(struct jsonrpc_scan *s, const char *data, size_t n);
/* Returns new (string or integer), or NULL: none found. */
json_t *jsonrpc_scan_id(const struct jsonrpc_scan *s) MUST_CHECK;

#endif
