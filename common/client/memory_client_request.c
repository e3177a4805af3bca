/* Requests of libmemory-client: the line on the wire, from parameters as text
 * or as json_t. Parameters that are text go onto the wire as they are, after
 * one look at their outer members: so no number loses a digit, and a large
 * text is not built as values. */
#include <string.h>
#include <sys/random.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/client/memory_client_int.h"

static enum mc_kind
memory_client_request_kind_of(const char *method)
{
	static const struct {
		const char *method;
		enum mc_kind kind;
	} kinds[] = {{TOOL_NAME(subscribe), MC_SUBSCRIBE},
		{TOOL_NAME(unsubscribe), MC_UNSUBSCRIBE},
		{TOOL_NAME(retire), MC_RETIRE}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(method, kinds[i].method) == 0)
			return kinds[i].kind;
	return MC_METHOD;
}

/* 128 random bits: unique without asking anybody. */
static int
random_key(memory_client *c, char out[MC_KEY_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bits[16];

	if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return mc_fail(c, MEMORY_UNREACHABLE,
			"the kernel gives no random bytes for the key");
	for (size_t i = 0; i < sizeof(bits); i++) {
		out[2 * i] = hex[bits[i] >> 4];
		out[2 * i + 1] = hex[bits[i] & 15];
	}
	out[MC_KEY_SIZE - 1] = '\0';
	return MEMORY_OK;
}

static int
memory_client_request_parse(memory_client *c, const char *text, json_t **ret)
{
	struct err e = {0};

	*ret = jx_parse(text, strlen(text), &e);
	if (*ret != NULL)
		return MEMORY_OK;
	if (e.code == MDB_E_NOMEM)
		return mc_nomem(c);
	return mc_fail(c, MEMORY_BAD_ARGUMENT,
		"the parameters are not a JSON object: %s", e.text);
}

/* Whether these are an object, and what the caller put into it. */
static int
check_params(memory_client *c, const struct mc_params *params, const char *key,
	bool *ret_empty, bool *ret_has_key)
{
	AUTO_JSON json_t *parsed = NULL;
	const json_t *o = params->json;
	int r = params->text == NULL
			? MEMORY_OK
			: memory_client_request_parse(c, params->text, &parsed);

	if (r != MEMORY_OK)
		return r;
	if (parsed != NULL)
		o = parsed;
	if (o != NULL && !json_is_object(o))
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"the parameters are not a JSON object");
	*ret_empty = json_object_size(o) == 0;
	*ret_has_key = json_object_get(o, "key") != NULL;
	if (*ret_has_key && key != NULL)
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"the key is given "
			"twice: as argument and in the parameters");
	return MEMORY_OK;
}

/* Appends what stands behind the opening brace. Of a text that is the caller's
 * own: no number loses a digit. */
static int
memory_client_request_add_members(struct buf *out,
	const struct mc_params *params, bool empty)
{
	size_t at = out->len;

	if (params->text != NULL)
		return buf_adds(out, strchr(params->text, '{') + 1);
	if (empty)
		return buf_addc(out, '}');
	if (jx_dump(params->json, out) != 0)
		return MDB_E_NOMEM;
	out->len--;
	memmove(out->data + at, out->data + at + 1, out->len - at);
	return 0;
}

/* Appends the parameters with the key as their first member. */
static int
add_params(struct buf *out, const struct mc_params *params, bool empty,
	const char *key)
{
	int r;

	if (key == NULL)
		return buf_addc(out, '{') != 0
			       ? MDB_E_NOMEM
			       : memory_client_request_add_members(out, params,
					 empty);
	if ((r = buf_adds(out, "{\"key\":")) != 0 ||
		(r = jx_quote(key, strlen(key), out)) != 0 ||
		(!empty && (r = buf_addc(out, ',')) != 0))
		return r;
	return memory_client_request_add_members(out, params, empty);
}

int
mc_request_build(memory_client *c, struct mc_call *call, const char *method,
	const struct mc_params *params, const char *key)
{
	bool empty = true, has_key = false;
	char made[MC_KEY_SIZE];
	struct buf *out = &call->request;
	int r = check_params(c, params, key, &empty, &has_key);

	call->kind = memory_client_request_kind_of(method);
	if (r != MEMORY_OK)
		return r;
	if (key == NULL && !has_key && call->kind == MC_METHOD) {
		if ((r = random_key(c, made)) != MEMORY_OK)
			return r;
		key = made;
	}
	if (buf_addf(out, "{\"id\":%llu,\"method\":", call->ticket) != 0 ||
		jx_quote(method, strlen(method), out) != 0 ||
		buf_adds(out, ",\"params\":") != 0)
		return mc_nomem(c);
	call->params_at = out->len;
	if (add_params(out, params, empty, key) != 0 ||
		buf_adds(out, "}\n") != 0)
		return mc_nomem(c);
	if (out->len > LIMIT_REQUEST_BYTES)
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"the request has %zu "
			"bytes, at most %d are allowed: send it in parts",
			out->len, LIMIT_REQUEST_BYTES);
	return MEMORY_OK;
}
