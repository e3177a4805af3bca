/* The request/response envelope of the socket protocol. */
#include "common/contract/rpc.h"

#include <assert.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/utf8.h"

static int
rpc_read_id(const json_t *id, struct rpc_request *ret, struct err *e)
{
	int64_t number;

	if (!id || json_is_null(id))
		return 0;
	if (jx_integral(id, &number)) {
		ret->id = json_is_integer(id)
				  ? json_incref((json_t *)(uintptr_t)id)
				  : json_integer(number);
		return ret->id ? 0 : err_nomem(e);
	}
	if (json_is_string(id) && json_string_length(id) <= LIMIT_LABEL_BYTES) {
		ret->id = json_incref((json_t *)(uintptr_t)id);
		return 0;
	}
	if (json_is_string(id))
		return err_param(e, MDB_E_PROTOCOL, "id",
			"id: must be at most %d bytes", LIMIT_LABEL_BYTES);
	return err_param(e, MDB_E_PROTOCOL, "id",
		"id: must be an integer or a string, is %s", jx_type_name(id));
}

static int
rpc_read_method(const json_t *msg, struct rpc_request *ret, struct err *e)
{
	const json_t *m = json_object_get(msg, "method");
	size_t n;

	if (!m)
		return err_param(e, MDB_E_PROTOCOL, "method",
			"a request has a member 'method' with the name of the "
			"method, and 'params' with an object");
	if (!json_is_string(m))
		return err_param(e, MDB_E_PROTOCOL, "method",
			"method: must be a string, is %s", jx_type_name(m));
	n = json_string_length(m);
	/* A longer name is no method; what is left of it names it well. */
	if (n >= sizeof(ret->method))
		n = utf8_cut(json_string_value(m), sizeof(ret->method) - 1);
	memcpy(ret->method, json_string_value(m), n);
	ret->method[n] = '\0';
	return 0;
}

static int
rpc_check_members(const json_t *msg, struct err *e)
{
	static const char *const known[] = {"id", "method", "params", "jsonrpc",
		NULL};
	json_t *o = (json_t *)(uintptr_t)msg;

	for (void *it = json_object_iter(o); it;
		it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			return err_set(e, MDB_E_INVALID,
				"unknown member '%.64s' of the request; a "
				"request has id, method and params, and the "
				"parameters stand inside params",
				key);
	}
	return 0;
}

int
rpc_request_read(const json_t *msg, struct rpc_request *ret, struct err *e)
{
	json_t *params;
	int rc;

	*ret = (struct rpc_request){0};
	if (!json_is_object(msg))
		return err_set(e, MDB_E_PROTOCOL, "a request is a JSON object");
	rc = rpc_read_id(json_object_get(msg, "id"), ret, e);
	if (rc != 0)
		return rc;
	rc = rpc_read_method(msg, ret, e);
	if (rc != 0)
		return rc;
	rc = rpc_check_members(msg, e);
	if (rc < 0)
		return rc;
	params = json_object_get(msg, "params");
	if (!params || json_is_null(params)) {
		ret->params = json_object();
		return ret->params ? 0 : err_nomem(e);
	}
	if (!json_is_object(params))
		return err_param(e, MDB_E_PROTOCOL, "params",
			"params: must be an object, is %s",
			jx_type_name(params));
	ret->params = json_incref(params);
	return 0;
}

void
rpc_request_done(struct rpc_request *r)
{
	json_decref(r->id);
	json_decref(r->params);
	*r = (struct rpc_request){0};
}

static int
rpc_begin(struct buf *out, const json_t *id, bool success)
{
	int rc = buf_addc(out, '{');

	if (rc != 0)
		return rc;
	if (id) {
		rc = buf_adds(out, "\"id\":");
		if (rc != 0)
			return rc;
		rc = jx_dump(id, out);
		if (rc != 0)
			return rc;
		rc = buf_addc(out, ',');
	}
	if (rc != 0)
		return rc;
	return buf_adds(out,
		success ? "\"success\":true" : "\"success\":false");
}

static int
add_members(struct buf *out, const json_t *result)
{
	json_t *o = (json_t *)(uintptr_t)result;

	for (void *it = json_object_iter(o); it;
		it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);

#ifdef MEMORY_TEST_BUILD
		/* They would stand twice in the reply. */
		assert(strcmp(key, "id") != 0 && strcmp(key, "success") != 0);
#endif
		if (buf_addc(out, ',') < 0 ||
			jx_quote(key, strlen(key), out) < 0 ||
			buf_addc(out, ':') < 0 ||
			jx_dump(json_object_iter_value(it), out) < 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

int
rpc_reply(struct buf *out, const json_t *id, const struct buf *text,
	const json_t *result)
{
	size_t before = out->len;

	if (rpc_begin(out, id, true) == 0 &&
		(text->len == 0 ||
			(buf_addc(out, ',') == 0 &&
				buf_add(out, text->data, text->len) == 0)) &&
		add_members(out, result) == 0 && buf_adds(out, "}\n") == 0)
		return 0;
	out->len = before;
	return MDB_E_NOMEM;
}

static int
rpc_add_text(struct buf *out, const char *key, const char *text)
{
	if (buf_addc(out, ',') < 0 || jx_quote(key, strlen(key), out) < 0 ||
		buf_addc(out, ':') < 0)
		return MDB_E_NOMEM;
	return jx_quote(text, strlen(text), out);
}

int
rpc_error(struct buf *out, const json_t *id, const struct err *e)
{
	size_t before = out->len;

	if (rpc_begin(out, id, false) == 0 &&
		rpc_add_text(out, "error", e->text) == 0 &&
		rpc_add_text(out, "code", err_name(e->code)) == 0 &&
		(e->param[0] == '\0' ||
			rpc_add_text(out, "param", e->param) == 0) &&
		(e->retry_after_ms <= 0 ||
			buf_addf(out, ",\"retry_after_ms\":%d",
				e->retry_after_ms) == 0) &&
		buf_adds(out, "}\n") == 0)
		return 0;
	out->len = before;
	return MDB_E_NOMEM;
}
