/* The parts of a TOML statement: keys and values, read strictly, since an edit
 * must not go into a text that was understood wrongly. Each value is also
 * given as JSON, so that the text before and after an edit can be compared as
 * a whole. */
#include "memory-db/cli/lib/tomlvalue.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"

void
toml_blanks(struct toml_reader *r)
{
	while (r->at < r->n && (r->s[r->at] == ' ' || r->s[r->at] == '\t'))
		r->at++;
}

void
toml_space(struct toml_reader *r)
{
	while (r->at < r->n) {
		char c = r->s[r->at];

		if (c == '#')
			while (r->at < r->n && r->s[r->at] != '\n')
				r->at++;
		else if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			r->at++;
		else
			return;
	}
}

size_t
toml_line_begin(const char *s, size_t at)
{
	while (at > 0 && s[at - 1] != '\n')
		at--;
	return at;
}

static int
tomlvalue_wrong(struct err *e, const char *what)
{
	return err_set(e, MDB_E_INVALID, "%s", what);
}

static bool
tomlvalue_begins(const struct toml_reader *r, const char *text)
{
	size_t n = strlen(text);

	return r->n - r->at >= n && memcmp(r->s + r->at, text, n) == 0;
}

/* --- strings -------------------------------------------------------------- */

static int
add_code_point(uint32_t c, struct buf *out)
{
	char u[4];
	size_t n;

	if (c < 0x80) {
		u[0] = (char)c;
		n = 1;
	} else if (c < 0x800) {
		u[0] = (char)(0xc0 | c >> 6);
		u[1] = (char)(0x80 | (c & 0x3f));
		n = 2;
	} else if (c < 0x10000) {
		u[0] = (char)(0xe0 | c >> 12);
		u[1] = (char)(0x80 | (c >> 6 & 0x3f));
		u[2] = (char)(0x80 | (c & 0x3f));
		n = 3;
	} else {
		u[0] = (char)(0xf0 | c >> 18);
		u[1] = (char)(0x80 | (c >> 12 & 0x3f));
		u[2] = (char)(0x80 | (c >> 6 & 0x3f));
		u[3] = (char)(0x80 | (c & 0x3f));
		n = 4;
	}
	return buf_add(out, u, n);
}

/* \uXXXX and \UXXXXXXXX; at: the first digit. */
static int
read_code_point(struct toml_reader *r, int digits, struct buf *out,
	struct err *e)
{
	uint32_t c = 0;

	for (; digits > 0; digits--) {
		int v = r->at < r->n ? text_hex_digit(r->s[r->at]) : -1;

		if (v < 0)
			return tomlvalue_wrong(e,
				"an escape has no hexadecimal digits");
		c = c << 4 | (uint32_t)v;
		r->at++;
	}
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return tomlvalue_wrong(e, "an escape names no character");
	return add_code_point(c, out) != 0 ? err_nomem(e) : 0;
}

/* Behind a backslash. */
static int
read_escape(struct toml_reader *r, bool is_long, struct buf *out, struct err *e)
{
	static const char names[] = "btnfr\"\\e",
			  values[] = "\b\t\n\f\r\"\\\x1b";
	char c = r->at < r->n ? r->s[r->at] : '\0';
	const char *hit = c != '\0' ? strchr(names, c) : NULL;

	if (hit) {
		r->at++;
		return buf_addc(out, values[hit - names]) != 0 ? err_nomem(e)
							       : 0;
	}
	if (c == 'u' || c == 'U') {
		r->at++;
		return read_code_point(r, c == 'u' ? 4 : 8, out, e);
	}
	/* At a line's end it takes the blanks that follow away. */
	if (is_long && (c == '\n' || c == '\r' || c == ' ' || c == '\t')) {
		toml_blanks(r);
		if (r->at < r->n && r->s[r->at] != '\n' && r->s[r->at] != '\r')
			return tomlvalue_wrong(e, "an unknown escape");
		while (r->at < r->n && strchr(" \t\r\n", r->s[r->at]))
			r->at++;
		return 0;
	}
	return tomlvalue_wrong(e, "an unknown escape");
}

/* A string with its quotes, of the four kinds. */
static int
read_string(struct toml_reader *r, struct buf *out, struct err *e)
{
	char quote = r->s[r->at];
	const char *three = quote == '"' ? "\"\"\"" : "'''";
	bool is_long = tomlvalue_begins(r, three);

	r->at += is_long ? 3 : 1;
	if (is_long && tomlvalue_begins(r, "\r\n"))
		r->at += 2;
	else if (is_long && tomlvalue_begins(r, "\n"))
		r->at++;
	while (r->at < r->n) {
		char c = r->s[r->at];

		if (c == quote && (!is_long || tomlvalue_begins(r, three))) {
			r->at += is_long ? 3 : 1;
			/* Quotes before the closing ones are part of it. */
			for (int i = 0; is_long && i < 2 && r->at < r->n &&
					r->s[r->at] == quote;
				i++, r->at++)
				if (buf_addc(out, quote) != 0)
					return err_nomem(e);
			return 0;
		}
		if ((c == '\n' && !is_long) || c == '\x7f' ||
			((unsigned char)c < 0x20 && !strchr("\t\n\r", c)))
			return tomlvalue_wrong(e,
				"a string does not end on its line");
		r->at++;
		if (c == '\\' && quote == '"') {
			int rc = read_escape(r, is_long, out, e);

			if (rc != 0)
				return rc;
		} else if (buf_addc(out, c) != 0) {
			return err_nomem(e);
		}
	}
	return tomlvalue_wrong(e, "a string does not end");
}

/* --- keys ----------------------------------------------------------------- */

static bool
tomlvalue_is_bare(char c)
{
	return isascii(c) &&
	       (isalnum((unsigned char)c) || c == '_' || c == '-');
}

int
toml_key(struct toml_reader *r, char **ret, struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int rc;

	toml_blanks(r);
	if (r->at < r->n && (r->s[r->at] == '"' || r->s[r->at] == '\'')) {
		if (tomlvalue_begins(r, "\"\"\"") || tomlvalue_begins(r, "'''"))
			return tomlvalue_wrong(e,
				"a key is no text of several lines");
		if ((rc = read_string(r, &name, e)) != 0)
			return rc;
	} else {
		size_t begin = r->at;

		while (r->at < r->n && tomlvalue_is_bare(r->s[r->at]))
			r->at++;
		if (r->at == begin)
			return tomlvalue_wrong(e, "a key is missing");
		if (buf_add(&name, r->s + begin, r->at - begin) != 0)
			return err_nomem(e);
	}
	toml_blanks(r);
	*ret = buf_steal(&name);
	return *ret ? 0 : err_nomem(e);
}

/* --- values --------------------------------------------------------------- */

static int read_value(struct toml_reader *r, struct buf *path, int depth,
	json_t **ret, struct err *e);

/* Numbers, dates, true, false. */
static int
read_word(struct toml_reader *r, json_t **ret, struct err *e)
{
	const char *s = r->s + r->at;
	char word[80], digits[80];
	size_t n = 0, k = 0;
	int64_t number;

	while (r->at + n < r->n &&
		(tomlvalue_is_bare(s[n]) || strchr("+.:", s[n]) ||
			/* a blank between date and time */
			(s[n] == ' ' && n == 10 && s[4] == '-' &&
				r->at + n + 1 < r->n &&
				isdigit((unsigned char)s[n + 1]))))
		n++;
	if (n == 0 || n >= sizeof(word))
		return tomlvalue_wrong(e, "a value is missing");
	memcpy(word, s, n);
	word[n] = '\0';
	r->at += n;
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
		*ret = json_boolean(word[0] == 't');
		return 0;
	}
	for (size_t i = word[0] == '+'; i < n; i++)
		if (word[i] != '_')
			digits[k++] = word[i];
	digits[k] = '\0';
	if (text_int(digits, INT64_MIN, INT64_MAX, &number) == 0)
		*ret = json_integer(number);
	else if (isdigit((unsigned char)digits[0]) || digits[0] == '-' ||
		 strcmp(digits, "inf") == 0 || strcmp(digits, "nan") == 0)
		*ret = json_string(word);
	else
		return tomlvalue_wrong(e,
			"a value is no string, number, date or "
			"true or false");
	return *ret ? 0 : err_nomem(e);
}

static int
tomlvalue_read_array(struct toml_reader *r, struct buf *path, int depth,
	json_t **ret, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	size_t path_n = path->len;
	int rc;

	if (!list)
		return err_nomem(e);
	for (r->at++;;) {
		json_t *v = NULL;

		toml_space(r);
		if (r->at < r->n && r->s[r->at] == ']')
			break;
		if (buf_addf(path, "%c%zu", TOML_ITEM, json_array_size(list)))
			return err_nomem(e);
		if ((rc = read_value(r, path, depth + 1, &v, e)) != 0)
			return rc;
		path->len = path_n;
		if (jx_add(list, v) != 0)
			return err_nomem(e);
		toml_space(r);
		if (r->at < r->n && r->s[r->at] == ',')
			r->at++;
		else if (r->at >= r->n || r->s[r->at] != ']')
			return tomlvalue_wrong(e, "an array does not end");
	}
	r->at++;
	if (toml_close(r->t, list) != 0)
		return err_nomem(e);
	*ret = take_ptr(list);
	return 0;
}

static int
read_inline(struct toml_reader *r, struct buf *path, int depth, json_t **ret,
	struct err *e)
{
	AUTO_JSON json_t *table = json_object();
	size_t path_n = path->len;

	if (!table)
		return err_nomem(e);
	for (r->at++;;) {
		struct toml_item item = {.kind = TOML_INNER};
		int rc;

		toml_space(r);
		if (r->at < r->n && r->s[r->at] == '}')
			break;
		rc = toml_pair(r, table, path, depth + 1, &item.at, &item.end,
			e);
		if (rc != 0)
			return rc;
		item.path = path->data;
		item.value_at = item.at;
		item.value_end = item.end;
		if (toml_record(r->t, &item) != 0)
			return err_nomem(e);
		path->len = path_n;
		toml_space(r);
		if (r->at < r->n && r->s[r->at] == ',')
			r->at++;
		else if (r->at >= r->n || r->s[r->at] != '}')
			return tomlvalue_wrong(e,
				"an inline table does not end");
	}
	r->at++;
	if (toml_close(r->t, table) != 0)
		return err_nomem(e);
	*ret = take_ptr(table);
	return 0;
}

static int
read_value(struct toml_reader *r, struct buf *path, int depth, json_t **ret,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};
	char c = r->at < r->n ? r->s[r->at] : '\0';
	int rc;

	if (depth > TOML_DEPTH_MAX)
		return tomlvalue_wrong(e, "it is nested too deeply");
	if (c == '[')
		return tomlvalue_read_array(r, path, depth, ret, e);
	if (c == '{')
		return read_inline(r, path, depth, ret, e);
	if (c != '"' && c != '\'')
		return read_word(r, ret, e);
	if ((rc = read_string(r, &text, e)) != 0)
		return rc;
	*ret = json_stringn(text.len > 0 ? text.data : "", text.len);
	return *ret ? 0 : err_nomem(e);
}

int
toml_pair(struct toml_reader *r, json_t *table, struct buf *path, int depth,
	size_t *ret_at, size_t *ret_end, struct err *e)
{
	json_t *value = NULL;
	int rc;

	for (;;) {
		AUTO_FREE char *name = NULL;

		if ((rc = toml_key(r, &name, e)) != 0)
			return rc;
		if (r->at < r->n && r->s[r->at] == '.') {
			r->at++;
			table = toml_step(r->t, table, name, path, e);
			if (!table)
				return e->code;
			continue;
		}
		if (r->at >= r->n || r->s[r->at] != '=')
			return tomlvalue_wrong(e, "a '=' is missing");
		r->at++;
		toml_blanks(r);
		if (json_object_get(table, name))
			return err_set(e, MDB_E_INVALID,
				"the key '%s' comes twice", name);
		if (buf_addf(path, "%c%s", TOML_SEP, name) != 0)
			return err_nomem(e);
		*ret_at = r->at;
		if ((rc = read_value(r, path, depth, &value, e)) != 0)
			return rc;
		*ret_end = r->at;
		if (jx_set(table, name, value) != 0 || !buf_str(path))
			return err_nomem(e);
		return 0;
	}
}
