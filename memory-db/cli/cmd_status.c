/* Status is whatever the service counts: known members come first, the rest
 * is shown by its names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/out.h"

/* Rows of by_type and namespaces shown; --json has them all. */
#define ROWS_MAX 15

/* "original_size" and "free_bytes" are bytes, "p50_us" microseconds. */
static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

static int
value_text(const char *key, const json_t *v, struct buf *out)
{
	char text[OUT_NUMBER_SIZE];

	if (json_is_integer(v)) {
		int64_t n = json_integer_value(v);

		if (ends_with(key, "bytes") || ends_with(key, "size"))
			return buf_adds(out, out_bytes(n, text));
		if (strcmp(key, "pid") == 0)
			return buf_addf(out, "%lld", (long long)n);
		return buf_adds(out, out_count(n, text));
	}
	if (json_is_real(v))
		return buf_addf(out, "%.3g", json_real_value(v));
	if (json_is_string(v))
		return out_safe(json_string_value(v), json_string_length(v),
			out);
	return jx_dump(v, out);
}

/* An object on one line: "count 3, p50_us 12". */
static int
object_text(const json_t *o, struct buf *out)
{
	size_t k = 0;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v)
		if (buf_adds(out, k++ > 0 ? ", " : "") != 0 ||
			out_safe(key, strlen(key), out) != 0 ||
			buf_addc(out, ' ') != 0 ||
			value_text(key, v, out) != 0)
			return MDB_E_NOMEM;
	return k > 0 ? 0 : buf_adds(out, "none");
}

static int
print_row(const struct cli *c, const char *key, const json_t *v)
{
	AUTO_BUF struct buf name = {0}, value = {0};
	int pad;

	if (out_safe(key, strlen(key), &name) != 0 || buf_str(&name) == NULL ||
		(json_is_object(v) ? object_text(v, &value) :
			value_text(key, v, &value)) != 0 ||
		buf_str(&value) == NULL)
		return MDB_E_NOMEM;
	pad = 24 - out_width(name.data);
	printf("  %s%s%s%*s  %s\n", out_on(c, OUT_DIM), name.data,
		out_off(c, OUT_DIM), pad > 0 ? pad : 0, "", value.data);
	return 0;
}

/* Sections that grow with the content. */
static bool
is_open_ended(const char *title)
{
	return strcmp(title, "by_type") == 0 ||
		strcmp(title, "namespaces") == 0;
}

static int
print_section(const struct cli *c, const char *title, const json_t *o)
{
	size_t rows = 0, n = json_object_size(o);
	const char *key;
	json_t *v;

	if (n == 0)
		return 0;
	printf("%s", out_on(c, OUT_BOLD));
	out_text(stdout, title);
	printf("%s\n", out_off(c, OUT_BOLD));
	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		if (rows++ == ROWS_MAX && is_open_ended(title)) {
			printf("  (%zu more)\n", n - ROWS_MAX);
			break;
		}
		/* Lists, as of problems, are shown where they matter. */
		if (!json_is_array(v) && print_row(c, key, v) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

static void
print_problems(const struct cli *c, const json_t *health)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(health, "problems"), i, p) {
		printf("%sproblem:%s ", out_on(c, OUT_YELLOW),
			out_off(c, OUT_YELLOW));
		out_text(stdout, json_is_string(p) ? json_string_value(p) :
			"?");
		putchar('\n');
	}
}

/* What is set for this client and does not count. */
static void
print_ignored(const struct cli *c, const json_t *ignored)
{
	const char *name;
	json_t *why;

	json_object_foreach((json_t *)(uintptr_t)ignored, name, why) {
		printf("%signored:%s ", out_on(c, OUT_YELLOW),
			out_off(c, OUT_YELLOW));
		out_text(stdout, name);
		putchar(' ');
		out_text(stdout, json_string_value(why));
		putchar('\n');
	}
}

static void
print_headline(const struct cli *c, const json_t *reply)
{
	static const char *const totals[][2] = {
		{"total_entities", "entities"},
		{"total_observations", "observations"},
		{"total_relations", "relations"},
		{"total_changes", "changes"}};
	char text[OUT_NUMBER_SIZE];
	int64_t up = cli_int(reply, "uptime_s", -1);

	printf("%smemory-db %s%s", out_on(c, OUT_BOLD),
		cli_str(reply, "version", ""), out_off(c, OUT_BOLD));
	if (up >= 0)
		printf(", up %lld h %02lld min %02lld s",
			(long long)(up / 3600), (long long)(up / 60 % 60),
			(long long)(up % 60));
	putchar('\n');
	out_text(stdout, cli_str(json_object_get(reply, "database"), "path",
		""));
	putchar('\n');
	for (size_t i = 0; i < ARRAY_LEN(totals); i++)
		printf("%s%s %s", i > 0 ? ", " : "",
			out_count(cli_int(reply, totals[i][0], 0), text),
			totals[i][1]);
	putchar('\n');
}

static bool
in_headline(const char *key)
{
	return strncmp(key, "total_", 6) == 0 || strcmp(key, "version") == 0 ||
		strcmp(key, "uptime_s") == 0;
}

static int
run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	const char *key;
	json_t *v;
	int rc;

	(void)argc;
	(void)argv;
	rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	cli_strip(reply);
	if (c->json)
		return cli_print_json(c, reply);
	print_headline(c, reply);
	print_problems(c, json_object_get(reply, "health"));
	print_ignored(c, json_object_get(reply, "ignored_settings"));
	json_object_del(reply, "ignored_settings");
	json_object_foreach(reply, key, v) {
		if (in_headline(key) || json_is_object(v))
			continue;
		if (!json_is_array(v) && print_row(c, key, v) != 0)
			return cli_nomem();
	}
	json_object_foreach(reply, key, v)
		if (json_is_object(v) && print_section(c, key, v) != 0)
			return cli_nomem();
	return CLI_OK;
}

const struct cli_command cli_cmd_status = {
	.name = "status",
	.args = "",
	.summary = "counts, sizes, limits and health",
	.run = run,
};
