/* Positions in a JSON text that a person wrote: comments, a comma behind the
 * last member, a byte order mark. Nothing is built; each function steps over
 * one thing and says where it ends. It may be called on any bytes: what is no
 * JSON ends the walk, and nothing behind the end is read. */
#include "memory-db/cli/lib/jscan.h"

#include <jansson.h>
#include <string.h>

#include "common/err.h"
#include "common/jx.h"

size_t
jscan_blank(const char *s, size_t n, size_t at)
{
	if (at == 0 && n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	while (at < n && (s[at] == ' ' || s[at] == '\t' || s[at] == '\n' ||
				 s[at] == '\r'))
		at++;
	return at;
}

size_t
jscan_comment(const char *s, size_t n, size_t at)
{
	const char *end;

	if (at + 1 >= n || s[at] != '/' ||
		(s[at + 1] != '/' && s[at + 1] != '*'))
		return at;
	if (s[at + 1] == '/') {
		end = memchr(s + at, '\n', n - at);
		return end != NULL ? (size_t)(end - s) : n;
	}
	end = memmem(s + at + 2, n - at - 2, "*/", 2);
	return end != NULL ? (size_t)(end - s) + 2 : n;
}

size_t
jscan_space(const char *s, size_t n, size_t at)
{
	size_t before;

	do {
		before = at;
		at = jscan_comment(s, n, jscan_blank(s, n, at));
	} while (at > before);
	return at;
}

/* End of the string whose quote is at `at`; 0: it does not end. */
static size_t
string_end(const char *s, size_t n, size_t at)
{
	for (at++; at < n; at++) {
		if (s[at] == '\\')
			at++;
		else if (s[at] == '"')
			return at + 1;
	}
	return 0;
}

static size_t
scalar_end(const char *s, size_t n, size_t at)
{
	size_t begin = at;

	while (at < n && strchr(",]}: \t\r\n\"[{/", s[at]) == NULL)
		at++;
	return at > begin ? at : 0;
}

size_t
jscan_value(const char *s, size_t n, size_t at)
{
	size_t depth = 0;

	if (at >= n)
		return 0;
	if (s[at] == '"')
		return string_end(s, n, at);
	if (s[at] != '{' && s[at] != '[')
		return scalar_end(s, n, at);
	while (at < n) {
		switch (s[at]) {
		case '"':
			at = string_end(s, n, at);
			if (at == 0)
				return 0;
			continue;
		case '/':
			at = jscan_comment(s, n, at);
			if (at < n && s[at] != '/')
				continue;
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return at + 1;
			break;
		default:
			break;
		}
		at++;
	}
	return 0;
}

/* Whether a comma stands at `at` behind a value and before a closing bracket.
 * before: what stands before it, blanks and comments left out. */
static bool
is_last_comma(const char *s, size_t n, size_t at, char before)
{
	if (s[at] != ',' || strchr("{[,:", before) != NULL)
		return false;
	at = jscan_space(s, n, at + 1);
	return at < n && (s[at] == '}' || s[at] == ']');
}

static int
add_blanks(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		if (buf_addc(out, s[i] == '\n' ? '\n' : ' ') != 0)
			return MDB_E_NOMEM;
	return 0;
}

int
jscan_plain(const char *s, size_t n, struct buf *out)
{
	size_t at = 0, end;
	char before = '{';
	int rc;

	while (at < n) {
		if (s[at] == '"' && (end = string_end(s, n, at)) > at) {
			rc = buf_add(out, s + at, end - at);
			before = '"';
		} else if ((end = jscan_comment(s, n, at)) > at) {
			rc = add_blanks(s + at, end - at, out);
		} else {
			end = at == 0 && jscan_blank(s, n, 0) >= 3 &&
					      s[0] == '\xef'
				      ? 3
				      : at + 1;
			rc = end > at + 1 || is_last_comma(s, n, at, before)
				     ? add_blanks(s + at, end - at, out)
				     : buf_addc(out, s[at]);
			if (end == at + 1 && strchr(" \t\r\n", s[at]) == NULL)
				before = s[at];
		}
		if (rc != 0)
			return MDB_E_NOMEM;
		at = end;
	}
	return !buf_str(out) ? MDB_E_NOMEM : 0;
}

bool
jwalk_init(struct jwalk *w, const char *s, size_t n, size_t at)
{
	if (at >= n || (s[at] != '{' && s[at] != '['))
		return false;
	*w = (struct jwalk){s, n, at + 1, s[at] == '{' ? '}' : ']', false};
	return true;
}

/* The key of a member and its colon; moves on to the value. */
static bool
take_key(struct jwalk *w, struct jmember *ret)
{
	if (w->at >= w->n || w->s[w->at] != '"')
		return false;
	ret->key.at = w->at;
	ret->key.end = string_end(w->s, w->n, w->at);
	if (ret->key.end == 0)
		return false;
	w->at = jscan_space(w->s, w->n, ret->key.end);
	if (w->at >= w->n || w->s[w->at] != ':')
		return false;
	w->at = jscan_space(w->s, w->n, w->at + 1);
	return true;
}

int
jwalk_next(struct jwalk *w, struct jmember *ret)
{
	*ret = (struct jmember){{0, 0}, {0, 0}};
	w->at = jscan_space(w->s, w->n, w->at);
	if (w->at >= w->n)
		return -1;
	if (w->s[w->at] == w->close)
		return 0;
	if (w->is_begun) {
		if (w->s[w->at] != ',')
			return -1;
		w->at = jscan_space(w->s, w->n, w->at + 1);
		/* A comma that nothing follows. */
		if (w->at < w->n && w->s[w->at] == w->close)
			return 0;
	}
	w->is_begun = true;
	if (w->close == '}' && !take_key(w, ret))
		return -1;
	ret->value.at = w->at;
	ret->value.end = jscan_value(w->s, w->n, w->at);
	if (ret->value.end == 0)
		return -1;
	w->at = ret->value.end;
	return 1;
}

/* Keys may be written with escapes: compare what they mean. 1 the key is
 * `name`, 0 it is another one, or MDB_E_NOMEM. */
static int
jscan_key_is(const char *s, struct jspan key, const char *name)
{
	size_t n = key.end - key.at;
	struct err e = {0};

	if (memchr(s + key.at, '\\', n) == NULL)
		return n == strlen(name) + 2 &&
		       memcmp(s + key.at + 1, name, n - 2) == 0;
	AUTO_JSON json_t *k = jx_parse_any(s + key.at, n, &e);

	if (!k)
		return e.code == MDB_E_NOMEM ? MDB_E_NOMEM : 0;
	return json_is_string(k) && strcmp(json_string_value(k), name) == 0;
}

int
jscan_find(const char *s, size_t n, size_t at, const char *name,
	struct jmember *ret)
{
	struct jwalk w;
	int rc;

	if (!jwalk_init(&w, s, n, at) || w.close != '}')
		return -1;
	while ((rc = jwalk_next(&w, ret)) == 1) {
		int same = jscan_key_is(s, ret->key, name);

		if (same != 0)
			return same;
	}
	return rc;
}

int
jscan_text(const char *s, size_t n, size_t at, const char *name, char **ret)
{
	struct jmember m;
	struct err e = {0};
	int rc = jscan_find(s, n, at, name, &m);

	if (rc != 1)
		return rc;
	AUTO_JSON json_t *v =
		jx_parse_any(s + m.value.at, m.value.end - m.value.at, &e);

	if (!v)
		return e.code == MDB_E_NOMEM ? MDB_E_NOMEM : -1;
	if (json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return -1;
	*ret = strdup(json_string_value(v));
	return *ret ? 1 : MDB_E_NOMEM;
}
