/* Members of JSON objects, made of what the store gives: bytes, labels, times.
 * Each function sets one member and answers 0 or MDB_E_NOMEM. Bytes that are
 * no UTF-8 are shown as "(damaged text)": JSON cannot hold them, and one bad
 * row must not spoil a page. */
#include "memory-db/model/scope/json_members.h"

#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"

json_t *
member_text(const char *s, size_t n)
{
	if (!s || !text_is_utf8(s, n))
		return json_string("(damaged text)");
	return json_stringn(s, n);
}

int
member_set_new(json_t *o, const char *key, json_t *v_new, struct err *e)
{
	return jx_set(o, key, v_new) == 0 ? 0 : err_nomem(e);
}

int
member_set_text(json_t *o, const char *key, const char *s, size_t n,
	struct err *e)
{
	return member_set_new(o, key, member_text(s, n), e);
}

int
member_set_int(json_t *o, const char *key, int64_t v, struct err *e)
{
	return member_set_new(o, key, json_integer(v), e);
}

int
member_set_real(json_t *o, const char *key, double v, struct err *e)
{
	return member_set_new(o, key, json_real(v), e);
}

int
member_set_bool(json_t *o, const char *key, int v, struct err *e)
{
	return member_set_new(o, key, json_boolean(v), e);
}

int
member_set_time(json_t *o, const char *key, int64_t ms, struct err *e)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(ms, text);
	return member_set_new(o, key, json_string(text), e);
}

int
member_set_hex(json_t *o, const char *key, const unsigned char *bytes, size_t n,
	struct err *e)
{
	static const char digits[] = "0123456789abcdef";
	char text[65];

	for (size_t i = 0; i < n && i < 32; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return member_set_new(o, key, json_stringn(text, 2 * (n < 32 ? n : 32)),
		e);
}

int
member_set_parsed(json_t *o, const char *key, const char *text, size_t n,
	struct err *e)
{
	struct err why = {0};
	json_t *value = jx_parse(text, n, &why);

	if (!value && why.code == MDB_E_NOMEM)
		return err_nomem(e);
	if (!value)
		value = member_text(text, n);
	return member_set_new(o, key, value, e);
}

int
member_hex(const char *text, unsigned char *out, size_t n)
{
	if (!text || strlen(text) != 2 * n)
		return MDB_E_INVALID;
	for (size_t i = 0; i < n; i++) {
		int high = text_hex_digit(text[2 * i]);
		int low = text_hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return MDB_E_INVALID;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

int
member_set_label(struct store *st, json_t *o, const char *key, int64_t label,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int rc;

	if (label == 0)
		return 0;
	rc = label_text(st, label, &text, e);
	if (rc != 1)
		return rc;
	return member_set_text(o, key, text.data != NULL ? text.data : "",
		text.len, e);
}

int
member_entity_name(struct store *st, int64_t entity, json_t **ret,
	struct err *e)
{
	AUTO_BUF struct buf name = {0};
	json_t *text;
	int64_t ns;
	int rc = fact_existence(st, entity, NULL, NULL, &name, e);

	if (rc == 0)
		rc = entity_first_name(st, entity, &ns, &name, e);
	if (rc < 0)
		return rc;
	text = name.len > 0 ? member_text(name.data, name.len)
			    : json_string("(forgotten)");
	if (!text)
		return err_nomem(e);
	*ret = text;
	return 0;
}

struct json_members_of {
	json_t *o; /* borrowed */
	const char *key;
	struct err *e;
};

static int
json_members_set_of(void *ctx, const struct log_fact *f)
{
	struct json_members_of *x = ctx;

	return !f->text ? 0
			: member_set_text(x->o, x->key, f->text, f->text_n,
				  x->e);
}

int
member_set_fact(struct store *st, json_t *o, const char *key, int64_t fact,
	struct err *e)
{
	struct json_members_of x = {o, key, e};
	int rc = log_fact(st, fact, json_members_set_of, &x, e);

	return rc < 0 ? rc : 0;
}
