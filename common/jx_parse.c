/* A strict JSON parser into jansson values.
 *
 * Our own, because jansson's lexer ignores failed allocations: short of memory
 * it drops bytes of strings and digits of numbers and reports success. Here a
 * failed allocation is an error. It is also faster (strings are taken from the
 * input in one piece) and says what was expected where. */
#include "common/jx.h"

#include <string.h>

#include "common/jx_lex.h"

static json_t *value(struct jx_lex *lx);

static json_t *
string_value(struct jx_lex *lx)
{
	const char *s;
	size_t n;
	json_t *v;

	if (!jx_lex_string(lx, &s, &n))
		return NULL;
	v = json_stringn_nocheck(s, n);
	return v ? v : jx_lex_nomem(lx);
}

static bool
jx_parse_enter(struct jx_lex *lx)
{
	if (++lx->depth > JX_DEPTH_MAX) {
		jx_lex_fail(lx, "nesting is too deep");
		return false;
	}
	lx->p++;
	jx_lex_space(lx);
	return true;
}

/* Behind an entry: true at a comma; false at the closing bracket or an error
 * (*ret_closed says which). */
static bool
more(struct jx_lex *lx, char close, bool *ret_closed)
{
	jx_lex_space(lx);
	*ret_closed = lx->p < lx->end && *lx->p == close;
	if (*ret_closed) {
		lx->p++;
		lx->depth--;
		return false;
	}
	if (lx->p < lx->end && *lx->p == ',') {
		lx->p++;
		jx_lex_space(lx);
		return true;
	}
	jx_lex_fail(lx, close == ']' ? "expected , or ] in an array"
				     : "expected , or } in an object");
	return false;
}

static json_t *
array(struct jx_lex *lx)
{
	AUTO_JSON json_t *a = json_array();
	bool closed = false;

	if (!a)
		return jx_lex_nomem(lx);
	if (!jx_parse_enter(lx))
		return NULL;
	if (lx->p < lx->end && *lx->p == ']') {
		lx->p++;
		lx->depth--;
		return take_ptr(a);
	}
	do {
		json_t *v = value(lx);

		if (!v)
			return NULL;
		jx_lex_place(lx, NULL, 0, json_array_size(a));
		if (json_array_append_new(a, v) < 0)
			return jx_lex_nomem(lx);
	} while (more(lx, ']', &closed));
	return closed ? take_ptr(a) : NULL;
}

static bool
jx_parse_member(struct jx_lex *lx, json_t *o)
{
	AUTO_FREE char *kept = NULL;
	const char *at = lx->p, *key;
	char small[64];
	size_t n, before = json_object_size(o);
	json_t *v;

	if (lx->p == lx->end || *lx->p != '"') {
		jx_lex_fail(lx, "expected a name in quotes");
		return false;
	}
	if (!jx_lex_string(lx, &key, &n))
		return false;
	/* A name with escapes lies in lx->text, which its value will use. */
	if (key == lx->text.data) {
		char *to = n <= sizeof(small) ? small : (kept = malloc(n));

		if (!to) {
			jx_lex_nomem(lx);
			return false;
		}
		key = memcpy(to, key, n);
	}
	jx_lex_space(lx);
	if (lx->p == lx->end || *lx->p != ':') {
		jx_lex_fail(lx, "expected : after a name");
		return false;
	}
	lx->p++;
	jx_lex_space(lx);
	v = value(lx);
	if (!v)
		return false;
	jx_lex_place(lx, key, n, 0);
	if (json_object_setn_new_nocheck(o, key, n, v) < 0) {
		jx_lex_nomem(lx);
		return false;
	}
	if (json_object_size(o) == before) {
		lx->p = at;
		jx_lex_fail(lx, "a name stands twice in one object");
		return false;
	}
	return true;
}

static json_t *
jx_parse_object(struct jx_lex *lx)
{
	AUTO_JSON json_t *o = json_object();
	bool closed = false;

	if (!o)
		return jx_lex_nomem(lx);
	if (!jx_parse_enter(lx))
		return NULL;
	if (lx->p < lx->end && *lx->p == '}') {
		lx->p++;
		lx->depth--;
		return take_ptr(o);
	}
	do {
		if (!jx_parse_member(lx, o))
			return NULL;
	} while (more(lx, '}', &closed));
	return closed ? take_ptr(o) : NULL;
}

static json_t *
value(struct jx_lex *lx)
{
	char c = lx->p < lx->end ? *lx->p : '\0';

	if (c == '{')
		return jx_parse_object(lx);
	if (c == '[')
		return array(lx);
	if (c == '"')
		return string_value(lx);
	if (c == '-' || (c >= '0' && c <= '9'))
		return jx_lex_number(lx);
	return jx_lex_literal(lx);
}

static json_t *
jx_parse_parse(const char *data, size_t n, struct err *number, struct err *e)
{
	struct jx_lex lx = {.begin = data,
		.p = data,
		.end = data + n,
		.e = e,
		.number = number};
	json_t *v;

	jx_lex_space(&lx);
	v = value(&lx);
	buf_done(&lx.text);
	if (!v)
		return NULL;
	jx_lex_space(&lx);
	if (lx.p == lx.end)
		return v;
	json_decref(v);
	return jx_lex_fail(&lx, "expected the end after the value");
}

json_t *
jx_parse_any(const char *data, size_t n, struct err *e)
{
	return jx_parse_parse(data, n, NULL, e);
}

static json_t *
only_object(json_t *v, struct err *e)
{
	if (!v || json_is_object(v))
		return v;
	json_decref(v);
	err_set(e, MDB_E_PROTOCOL, "not a JSON object");
	return NULL;
}

json_t *
jx_parse(const char *data, size_t n, struct err *e)
{
	return only_object(jx_parse_any(data, n, e), e);
}

json_t *
jx_parse_lenient(const char *data, size_t n, struct err *number, struct err *e)
{
	*number = (struct err){0};
	return only_object(jx_parse_parse(data, n, number, e), e);
}
