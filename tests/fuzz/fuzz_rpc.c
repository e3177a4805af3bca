/* A request from the socket, from its bytes to its checked parameters and the
 * reply; jansson's own parser is the judge of what is JSON. */
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/contract/rpc.h"
#include "common/text.h"
#include "common/contract/tools.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned
depth(const json_t *v)
{
	unsigned most = 0, d;
	const char *key;
	json_t *entry;
	size_t i;

	if (json_is_array(v)) {
		json_array_foreach(v, i, entry)
			if ((d = depth(entry)) > most)
				most = d;
		return most + 1;
	}
	if (!json_is_object(v))
		return 0;
	json_object_foreach((json_t *)(uintptr_t)v, key, entry)
		if ((d = depth(entry)) > most)
			most = d;
	return most + 1;
}

static json_t *
parse(const char *s, size_t n)
{
	json_t *theirs = json_loadb(s, n,
		JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	struct err e = {0};
	json_t *own = jx_parse_any(s, n, &e);

	if (own && (!theirs || !json_equal(own, theirs)))
		abort();
	if (!own && (e.code != MDB_E_PROTOCOL ||
			    !text_is_utf8(e.text, strlen(e.text))))
		abort();
	/* jansson skips a NUL behind a number; we do not. */
	if (!own && theirs && depth(theirs) <= JX_DEPTH_MAX &&
		!memchr(s, '\0', n))
		abort();
	json_decref(theirs);
	return own;
}

static void
check_round_trip(const json_t *v)
{
	struct buf b = {0};
	json_t *again;

	if (jx_dump(v, &b) < 0)
		abort();
	again = jx_parse_any(b.data, b.len, NULL);
	if (!again || !json_equal(v, again))
		abort();
	json_decref(again);
	buf_done(&b);
}

/* A reply is one line of JSON. */
static void
check_reply(struct buf *b)
{
	json_t *reply = jx_parse(b->data, b->len, NULL);

	if (!reply || memchr(b->data, '\n', b->len) != b->data + b->len - 1 ||
		!text_is_utf8(b->data, b->len))
		abort();
	json_decref(reply);
	b->len = 0;
}

static const struct buf none;

static void
handle(const json_t *msg)
{
	struct rpc_request r;
	const struct tool *tool;
	json_t *ignored = NULL;
	struct buf b = {0};
	struct err e = {0};
	int rc = rpc_request_read(msg, &r, &e);

	tool = rc == 0 ? tool_find(r.method) : NULL;
	if (rc == 0 && !tool) {
		const char *nearest = tool_nearest(r.method);

		rc = err_set(&e, MDB_E_UNKNOWN_METHOD, "no method '%s'; %s",
			r.method, nearest ? nearest : "");
	}
	if (rc == 0)
		rc = schema_check(tool->params, tools_common, r.params, NULL,
			&e);
	if (tool && schema_check(tool->params, tools_common, r.params, &ignored,
			    NULL) == 0) {
		if (rc == 0 && json_array_size(ignored) > 0)
			abort();
		json_decref(ignored);
	}
	if (rc == 0) {
		json_object_del(r.params, "id"); /* no result has them */
		json_object_del(r.params, "success");
	}
	if ((rc < 0 ? rpc_error(&b, r.id, &e)
		    : rpc_reply(&b, r.id, &none, r.params)) < 0)
		abort();
	check_reply(&b);
	rpc_request_done(&r);
	buf_done(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	json_t *msg = parse((const char *)data, n);

	if (!msg)
		return 0;
	check_round_trip(msg);
	handle(msg);
	json_decref(msg);
	return 0;
}
