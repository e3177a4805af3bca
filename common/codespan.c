/* Where in the code a fact was read; codespan.h has the forms. A span comes
 * from a person or a model, so it is checked part by part: a path within the
 * project (no "..", nothing that a terminal would obey), lines in order, hash
 * and commit as single words. That is all that memory-db ever does with a
 * span: it opens no file. */
#include "common/codespan.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "common/jx.h"
#include "common/text.h"

#define LAST_LINE INT64_C(100000000)

/* --- the parts ------------------------------------------------------------ */

/* "10-14" or "10" of n bytes. */
static bool
codespan_read_lines(const char *s, size_t n, struct codespan *x)
{
	char text[48];
	char *dash;

	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	dash = strchr(text, '-');
	if (dash)
		*dash = '\0';
	if (text_int(text, 1, LAST_LINE, &x->first) != 0)
		return false;
	x->last = x->first;
	return !dash || text_int(dash + 1, x->first, LAST_LINE, &x->last) == 0;
}

/* Without "." and "//", with nothing that leads out of the tree or that a
 * terminal would take for more than a name. */
static bool
clean_path(const char *s, size_t n, bool may_be_absolute, char *out)
{
	size_t len = 0;
	bool is_absolute = n > 0 && s[0] == '/';

	if (n == 0 || n > LIMIT_CODE_PATH_BYTES || !text_is_utf8(s, n) ||
		(is_absolute && !may_be_absolute))
		return false;
	for (size_t i = 0; i < n;) {
		utf8proc_int32_t c = 0;
		utf8proc_ssize_t k =
			utf8proc_iterate((const utf8proc_uint8_t *)s + i,
				(utf8proc_ssize_t)(n - i), &c);

		if (k <= 0 || c < 0x20 || text_is_dangerous((uint32_t)c))
			return false;
		i += (size_t)k;
	}
	for (size_t i = 0; i < n;) {
		const char *slash = memchr(s + i, '/', n - i);
		size_t part = slash ? (size_t)(slash - s) - i : n - i;

		if (part == 2 && s[i] == '.' && s[i + 1] == '.')
			return false;
		if (part > 0 && !(part == 1 && s[i] == '.')) {
			if (len > 0 || is_absolute)
				out[len++] = '/';
			memcpy(out + len, s + i, part);
			len += part;
		}
		i += part + 1;
	}
	out[len] = '\0';
	return len > 0;
}

static bool
codespan_is_word(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= 0x20 || (unsigned char)s[i] >= 0x7f)
			return false;
	return true;
}

/* --- together ------------------------------------------------------------- */
static int
codespan_bad(const char *param, const char *member, const char *what,
	struct err *e)
{
	return err_param(e, MDB_E_INVALID, param,
		"`%s`%s%s: %s; right is \"src/pool.c:10-14\" or "
		"{\"path\": \"src/pool.c\", \"lines\": \"10-14\"}, with a path "
		"from the top folder of the project",
		param, *member ? "." : "", member, what);
}

/* A colon that no line number follows is part of the path. */
static int
codespan_read_text(const char *s, size_t n, const char *param,
	bool may_be_absolute, struct codespan *x, struct err *e)
{
	const char *colon = memrchr(s, ':', n);
	size_t path_n = n;

	if (colon &&
		codespan_read_lines(colon + 1, n - (size_t)(colon - s) - 1, x))
		path_n = (size_t)(colon - s);
	return clean_path(s, path_n, may_be_absolute, x->path)
		       ? 0
		       : codespan_bad(param, "",
				 "this is no path in the project", e);
}

static int
read_member(const json_t *source, const char *member, const char *param,
	size_t most, char *out, struct err *e)
{
	const json_t *v = json_object_get(source, member);
	const char *s = json_string_value(v);
	size_t n = json_string_length(v);

	if (!v)
		return 0;
	if (!s || n > most || !codespan_is_word(s, n))
		return codespan_bad(param, member,
			"this is no word of that length", e);
	memcpy(out, s, n);
	out[n] = '\0';
	return 0;
}

static int
read_project(const json_t *source, const char *param, struct codespan *x,
	struct err *e)
{
	const json_t *v = json_object_get(source, "project");
	size_t n = json_string_length(v);

	if (!v)
		return 0;
	if (!json_is_string(v) || n > LIMIT_LABEL_BYTES ||
		memchr(json_string_value(v), '\0', n))
		return codespan_bad(param, "project",
			"this is no name of a project", e);
	memcpy(x->project, json_string_value(v), n);
	x->project[n] = '\0';
	return 0;
}

static int
codespan_read_object(const json_t *source, const char *param,
	bool may_be_absolute, struct codespan *x, struct err *e)
{
	const json_t *path = json_object_get(source, "path");
	const json_t *lines = json_object_get(source, "lines");
	int64_t line;
	int rc;

	if (!json_is_string(path) ||
		!clean_path(json_string_value(path), json_string_length(path),
			may_be_absolute, x->path))
		return codespan_bad(param, "path",
			"this is no path in the project", e);
	if (jx_integral(lines, &line) && line >= 1 && line <= LAST_LINE)
		x->first = x->last = line;
	else if (lines && (!json_is_string(lines) ||
				  !codespan_read_lines(json_string_value(lines),
					  json_string_length(lines), x)))
		return codespan_bad(param, "lines", "these are no line numbers",
			e);
	rc = read_member(source, "hash", param, LIMIT_CODE_HASH_BYTES, x->hash,
		e);
	if (rc)
		return rc;
	rc = read_member(source, "commit", param, LIMIT_CODE_HASH_BYTES,
		x->commit, e);
	return rc ? rc : read_project(source, param, x, e);
}

int
codespan_read(const json_t *source, const char *param, bool may_be_absolute,
	struct codespan *ret, struct err *e)
{
	struct codespan x = {.first = 0};
	int rc = json_is_string(source)
			 ? codespan_read_text(json_string_value(source),
				   json_string_length(source), param,
				   may_be_absolute, &x, e)
			 : codespan_read_object(source, param, may_be_absolute,
				   &x, e);

	if (rc)
		return rc;
	*ret = x;
	return 0;
}

bool
codespan_is(const json_t *source)
{
	return json_is_object(source) &&
	       json_is_string(json_object_get(source, "path"));
}

static void
format_lines(const struct codespan *s, char out[48])
{
	if (s->first == s->last)
		snprintf(out, 48, "%lld", (long long)s->first);
	else
		snprintf(out, 48, "%lld-%lld", (long long)s->first,
			(long long)s->last);
}

json_t *
codespan_json(const struct codespan *s)
{
	AUTO_JSON json_t *j = json_pack("{s:s}", "path", s->path);
	char lines[48];

	format_lines(s, lines);
	if (!j ||
		(s->first > 0 && jx_set(j, "lines", json_string(lines)) != 0) ||
		(s->hash[0] && jx_set(j, "hash", json_string(s->hash)) != 0) ||
		(s->commit[0] &&
			jx_set(j, "commit", json_string(s->commit)) != 0) ||
		(s->project[0] &&
			jx_set(j, "project", json_string(s->project)) != 0))
		return NULL;
	return take_ptr(j);
}

void
codespan_text(const struct codespan *s, char out[CODESPAN_TEXT_SIZE])
{
	char lines[48] = "";

	if (s->first > 0)
		format_lines(s, lines);
	snprintf(out, CODESPAN_TEXT_SIZE, "%s%s%s", s->path,
		lines[0] ? ":" : "", lines);
}
