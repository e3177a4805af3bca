/* What the commands of memoryctl share: messages, questions, pages of replies.
 * A message says what is wrong on stderr; stdout has results alone, so that a
 * pipe stays clean. */
#include "memory-db/cli/lib/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/cli/lib/out.h"

static void cli_say(const char *fmt, va_list ap)
	__attribute__((format(printf, 1, 0)));

static void
cli_say(const char *fmt, va_list ap)
{
	AUTO_BUF struct buf b = {0};
	const char *s;

	fflush(stdout);
	fputs("memoryctl: ", stderr);
	if (buf_vaddf(&b, fmt, ap) == 0 && (s = buf_str(&b)) != NULL)
		out_text(stderr, s);
	else
		fputs("out of memory", stderr);
	fputc('\n', stderr);
}

int
cli_fail(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cli_say(fmt, ap);
	va_end(ap);
	return code;
}

void
cli_note(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	va_start(ap, fmt);
	cli_say(fmt, ap);
	va_end(ap);
}

int
cli_exit_of(int mdb_code)
{
	switch (mdb_code) {
	case MDB_OK:
		return CLI_OK;
	case MDB_E_INVALID:
	case MDB_E_UNKNOWN_METHOD:
		return CLI_USAGE;
	case MDB_E_NOT_FOUND:
	case MDB_E_EXISTS:
	case MDB_E_CONFLICT:
	case MDB_E_DENIED:
	case MDB_E_LIMIT:
	case MDB_E_CORRUPT:
		return CLI_PROBLEM;
	default:
		return CLI_SYSTEM;
	}
}

int
cli_fail_err(const struct err *e)
{
	return cli_fail(cli_exit_of(e->code), "%s", e->text);
}

int
cli_nomem(void)
{
	return cli_fail(CLI_SYSTEM, "out of memory");
}

/* --- JSON ----------------------------------------------------------------- */
void
cli_strip(json_t *reply)
{
	json_object_del(reply, "id");
	json_object_del(reply, "success");
}

int
cli_print_text(const struct cli *c, const char *json, size_t n)
{
	AUTO_BUF struct buf b = {0};

	if (c->is_tty) {
		if (out_safe_json(json, n, &b) != 0)
			return cli_nomem();
		json = b.data;
		n = b.len;
	}
	fwrite(json, 1, n, stdout);
	putchar('\n');
	return CLI_OK;
}

int
cli_print_json(const struct cli *c, const json_t *j)
{
	AUTO_BUF struct buf b = {0};

	if (jx_dump(j, &b) != 0)
		return cli_nomem();
	return cli_print_text(c, b.data, b.len);
}

int
cli_print_jsonl(const struct cli *c, const json_t *array)
{
	size_t i;
	json_t *entry;
	int rc = CLI_OK;

	json_array_foreach((json_t *)(uintptr_t)array, i, entry)
		if ((rc = cli_print_json(c, entry)) != CLI_OK)
			break;
	return rc;
}

json_t *
cli_texts(int n, char **texts)
{
	json_t *list = json_array();

	for (int i = 0; list != NULL && i < n; i++)
		if (jx_add(list, json_string(texts[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	if (!list)
		cli_fail(CLI_USAGE, "a text is no valid UTF-8");
	return list;
}

json_t *
cli_list(const char *text)
{
	json_t *list = json_array();

	while (list && *text != '\0') {
		size_t n = strcspn(text, ",");

		if (n > 0 && jx_add(list, json_stringn(text, n)) != 0) {
			json_decref(list);
			list = NULL;
		}
		text += n + (text[n] == ',');
	}
	if (!list)
		cli_fail(CLI_USAGE, "a text is no valid UTF-8");
	return list;
}

const char *
cli_str(const json_t *o, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : otherwise;
}

int64_t
cli_int(const json_t *o, const char *key, int64_t otherwise)
{
	int64_t n;

	return jx_integral(json_object_get(o, key), &n) ? n : otherwise;
}

double
cli_num(const json_t *o, const char *key, double otherwise)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : otherwise;
}

bool
cli_is_broken(const json_t *status)
{
	const char *state =
		cli_str(json_object_get(status, "health"), "state", "");

	return strcmp(state, "damaged") == 0 || strcmp(state, "failing") == 0;
}
