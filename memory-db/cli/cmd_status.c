/* Ten lines for a person, each from members that are known here. With --all
 * whatever the service counts, by its names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/background.h"
#include "memory-db/cli/lib/figures.h"
#include "memory-db/cli/lib/out.h"

#define STATUS_NAMES 100 /* types or namespaces in a status */

static bool is_all, is_background;

static const struct conf_opt opts[] = {
	CLI_FLAG("all", &is_all, "everything that is counted"),
	CLI_FLAG("background", &is_background,
		"what the service does for itself, and how that went"),
};

/* Rows of by_type and namespaces shown; --json has them all. */
#define ROWS_MAX 15

static int
value_text(const char *section, const char *key, const json_t *v,
	struct buf *out)
{
	char text[OUT_NUMBER_SIZE];

	if (json_is_integer(v)) {
		int64_t n = json_integer_value(v);

		if (figure_is_bytes(section, key))
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
object_text(const char *section, const json_t *o, struct buf *out)
{
	size_t k = 0;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v)
		if (buf_adds(out, k++ > 0 ? ", " : "") != 0 ||
			out_safe(key, strlen(key), out) != 0 ||
			buf_addc(out, ' ') != 0 ||
			value_text(section, key, v, out) != 0)
			return MDB_E_NOMEM;
	return k > 0 ? 0 : buf_adds(out, "none");
}

static int
cmd_status_print_row(const struct cli *c, const char *section, const char *key,
	const json_t *v)
{
	AUTO_BUF struct buf name = {0}, value = {0};
	int pad;

	if (out_safe(key, strlen(key), &name) != 0 || !buf_str(&name) ||
		(json_is_object(v)
				? object_text(section, v, &value)
				: value_text(section, key, v, &value)) != 0 ||
		!buf_str(&value))
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
		if (!json_is_array(v) &&
			cmd_status_print_row(c, title, key, v) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

static void
cmd_status_print_problems(FILE *f, const struct cli *c, const json_t *health)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(health, "problems"), i, p) {
		fprintf(f, "%sproblem:%s ", out_on(c, OUT_YELLOW),
			out_off(c, OUT_YELLOW));
		out_text(f, json_is_string(p) ? json_string_value(p) : "?");
		fputc('\n', f);
	}
}

/* What is set for this client and does not count. */
static void
print_ignored(FILE *f, const struct cli *c, const json_t *ignored)
{
	const char *name;
	json_t *why;

	json_object_foreach((json_t *)(uintptr_t)ignored, name, why) {
		fprintf(f, "%signored:%s ", out_on(c, OUT_YELLOW),
			out_off(c, OUT_YELLOW));
		out_text(f, name);
		fputc(' ', f);
		out_text(f, json_string_value(why));
		fputc('\n', f);
	}
}

/* --- in ten lines --------------------------------------------------------- */
static void
print_headline(FILE *f, const struct cli *c, const json_t *reply)
{
	const json_t *db = json_object_get(reply, "database");
	int64_t up = cli_int(reply, "uptime_s", -1);

	fprintf(f, "%smemory-db %s%s", out_on(c, OUT_BOLD),
		cli_str(reply, "version", ""), out_off(c, OUT_BOLD));
	if (up >= 0)
		fprintf(f, ", up %lld h %02lld min %02lld s",
			(long long)(up / 3600), (long long)(up / 60 % 60),
			(long long)(up % 60));
	if (json_object_get(db, "pid") != NULL)
		fprintf(f, ", pid %lld%s", (long long)cli_int(db, "pid", 0),
			json_is_true(json_object_get(db, "spawned"))
				? ", started by a client"
				: "");
	fputc('\n', f);
}

static void
print_label(FILE *f, const struct cli *c, const char *label)
{
	fprintf(f, "%s%-11s%s ", out_on(c, OUT_DIM), label,
		out_off(c, OUT_DIM));
}

static void
print_database(FILE *f, const struct cli *c, const json_t *reply)
{
	const json_t *sizes = json_object_get(reply, "sizes");
	char text[2][OUT_NUMBER_SIZE];

	print_label(f, c, "database");
	out_text(f, cli_str(json_object_get(reply, "database"), "path", ""));
	fprintf(f, " (%s, %s free)\n",
		out_bytes(cli_int(sizes, "file_bytes", 0) +
				  cli_int(sizes, "wal_bytes", 0),
			text[0]),
		out_bytes(cli_int(sizes, "disk_free_bytes", 0), text[1]));
}

static void
print_totals(FILE *f, const struct cli *c, const json_t *reply)
{
	static const char *const totals[][2] = {{"total_entities", "entities"},
		{"total_observations", "observations"},
		{"total_relations", "relations"}, {"total_changes", "changes"}};
	char text[OUT_NUMBER_SIZE];

	print_label(f, c, "memory");
	for (size_t i = 0; i < ARRAY_LEN(totals); i++)
		fprintf(f, "%s%s %s", i > 0 ? ", " : "",
			out_count(cli_int(reply, totals[i][0], 0), text),
			totals[i][1]);
	fputc('\n', f);
}

/* "types       person 12, project 3 and 5 more", cut to the terminal. */
static int
cmd_status_print_counts(FILE *f, const struct cli *c, const char *label,
	const json_t *counts)
{
	size_t i = 0, n = json_object_size(counts);
	int room = (c->width > 0 ? c->width : 80) - 12;
	const char *name;
	json_t *v;

	print_label(f, c, label);
	json_object_foreach((json_t *)(uintptr_t)counts, name, v) {
		AUTO_BUF struct buf one = {0};
		char text[OUT_NUMBER_SIZE];

		if (buf_addf(&one, "%s", i > 0 ? ", " : "") != 0 ||
			out_safe(name, strlen(name), &one) != 0 ||
			buf_addf(&one, " %s",
				out_count(json_integer_value(v), text)) ||
			!buf_str(&one))
			return MDB_E_NOMEM;
		room -= out_width(one.data);
		if (i > 0 && room < (i + 1 < n ? 14 : 0))
			break;
		fputs(one.data, f);
		i++;
	}
	/* The service names no more than that. */
	if (i < n && n >= STATUS_NAMES)
		fputs(" and more", f);
	else if (i < n)
		fprintf(f, " and %zu more", n - i);
	fputs(n == 0 ? "none\n" : "\n", f);
	return 0;
}

static void
print_here(FILE *f, const struct cli *c)
{
	print_label(f, c, "here");
	out_text(f, c->namespace_ != NULL && c->namespace_[0] ? c->namespace_
							      : "default");
	fputs(c->is_chosen ? ", the namespace of this project; reads cover "
			     "default too\n"
			   : " is the namespace\n",
		f);
}

/* "shown       of 100 facts 31 were used, 2 contradicted": of this namespace. */
static void
print_usefulness(FILE *f, const struct cli *c, const json_t *all)
{
	const json_t *here = json_object_get(json_object_get(all, "namespaces"),
		c->namespace_ && c->namespace_[0] ? c->namespace_ : "default");
	int64_t against = cli_int(here, "contradicted", 0);
	char text[3][OUT_NUMBER_SIZE];

	if (cli_int(here, "shown", 0) == 0)
		return;
	print_label(f, c, "shown");
	fprintf(f, "of %s facts %s were used",
		out_count(cli_int(here, "shown", 0), text[0]),
		out_count(cli_int(here, "used", 0), text[1]));
	if (against > 0)
		fprintf(f, ", %s contradicted", out_count(against, text[2]));
	if (cli_int(here, "recalled", 0) > 0)
		fprintf(f, "; agents asked for %s, of which %s",
			out_count(cli_int(here, "recalled", 0), text[0]),
			out_count(cli_int(here, "recalled_used", 0), text[1]));
	fputs(" by what was said next (memoryctl useful)\n", f);
}

static void
print_vectors(FILE *f, const struct cli *c, const json_t *e)
{
	char text[2][OUT_NUMBER_SIZE];

	print_label(f, c, "recall");
	if (strcmp(cli_str(e, "provider", "none"), "none") == 0) {
		fputs("by words (no vectors)\n", f);
		return;
	}
	fputs("by words and vectors of ", f);
	out_text(f, cli_str(e, "model", cli_str(e, "provider", "?")));
	fprintf(f, ": %s made, %s to come",
		out_count(cli_int(e, "vectors", 0), text[0]),
		out_count(cli_int(e, "pending", 0), text[1]));
	if (strcmp(cli_str(e, "state", ""), "down") == 0) {
		fprintf(f, "; %sit does not answer%s: ", out_on(c, OUT_YELLOW),
			out_off(c, OUT_YELLOW));
		out_text(f, cli_str(e, "last_error", "no reason given"));
	}
	fputc('\n', f);
}

/* Nothing where no chat model is configured: most have none. */
static void
print_chat(FILE *f, const struct cli *c, const json_t *x)
{
	char text[4][OUT_NUMBER_SIZE];

	if (strcmp(cli_str(x, "provider", "none"), "none") == 0)
		return;
	print_label(f, c, "chat");
	out_text(f, cli_str(x, "model", "?"));
	fprintf(f,
		" adds to what is extracted: %s of %s calls, %s of %s tokens "
		"left today",
		out_count(cli_int(x, "calls_left", 0), text[0]),
		out_count(cli_int(x, "calls_per_day", 0), text[1]),
		out_count(cli_int(x, "tokens_left", 0), text[2]),
		out_count(cli_int(x, "tokens_per_day", 0), text[3]));
	if (strcmp(cli_str(x, "state", ""), "failing") == 0) {
		fprintf(f, "; %sit fails%s: ", out_on(c, OUT_YELLOW),
			out_off(c, OUT_YELLOW));
		out_text(f, cli_str(x, "last_error", "no reason given"));
	}
	fputc('\n', f);
}

static void
print_scripts(FILE *f, const struct cli *c, const json_t *s)
{
	const char *reason = cli_str(s, "reason", "");

	print_label(f, c, "scripts");
	if (json_is_true(json_object_get(s, "available"))) {
		fputs("available\n", f);
	} else if (strstr(reason, "self test is running") != NULL) {
		fputs("the jail is being tested, ready in a moment\n", f);
	} else {
		fprintf(f, "%snot available%s: ", out_on(c, OUT_YELLOW),
			out_off(c, OUT_YELLOW));
		out_text(f, reason);
		fputc('\n', f);
	}
}

static int
cmd_status_print_lines(FILE *f, const struct cli *c, const json_t *reply)
{
	const json_t *health = json_object_get(reply, "health");

	print_headline(f, c, reply);
	print_database(f, c, reply);
	print_totals(f, c, reply);
	if (cmd_status_print_counts(f, c, "types",
		    json_object_get(reply, "by_type")) != 0 ||
		cmd_status_print_counts(f, c, "namespaces",
			json_object_get(reply, "namespaces")) != 0)
		return cli_nomem();
	print_here(f, c);
	print_usefulness(f, c, json_object_get(reply, "usefulness"));
	print_vectors(f, c, json_object_get(reply, "embedding"));
	print_chat(f, c, json_object_get(reply, "chat"));
	print_scripts(f, c, json_object_get(reply, "sandbox"));
	print_label(f, c, "health");
	out_text(f, cli_str(health, "state", "?"));
	fputc('\n', f);
	cmd_status_print_problems(f, c, health);
	print_ignored(f, c, json_object_get(reply, "ignored_settings"));
	print_label(f, c, "more");
	fputs("memoryctl status --all: sizes, limits, queues, latency\n", f);
	return CLI_OK;
}

/* Lines that are too long go on below their text, not their label. */
static int
print_short(const struct cli *c, const json_t *reply)
{
	AUTO_FREE char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	int rc = !f ? cli_nomem() : cmd_status_print_lines(f, c, reply);

	if (f && fclose(f) != 0)
		rc = cli_nomem();
	if (rc != CLI_OK)
		return rc;
	out_wrapped(stdout, text, c->width, 12);
	return CLI_OK;
}

/* --- all of it ------------------------------------------------------------ */
static bool
in_headline(const char *key)
{
	return strncmp(key, "total_", 6) == 0 || strcmp(key, "version") == 0 ||
	       strcmp(key, "uptime_s") == 0;
}

static int
print_all(const struct cli *c, json_t *reply)
{
	const char *key;
	json_t *v;

	print_headline(stdout, c, reply);
	print_database(stdout, c, reply);
	print_totals(stdout, c, reply);
	cmd_status_print_problems(stdout, c, json_object_get(reply, "health"));
	print_ignored(stdout, c, json_object_get(reply, "ignored_settings"));
	json_object_del(reply, "ignored_settings");
	json_object_foreach(reply, key, v) {
		if (in_headline(key) || json_is_object(v))
			continue;
		if (!json_is_array(v) &&
			cmd_status_print_row(c, "top", key, v) != 0)
			return cli_nomem();
	}
	json_object_foreach(reply, key, v)
		if (json_is_object(v) && print_section(c, key, v) != 0)
			return cli_nomem();
	if (json_object_get(reply, "background") == NULL)
		return CLI_OK;
	printf("%sbackground%s\n", out_on(c, OUT_BOLD), out_off(c, OUT_BOLD));
	return background_print(c, json_object_get(reply, "background"));
}

static int
cmd_status_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	bool is_broken;
	int rc;

	(void)argc;
	(void)argv;
	rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	cli_strip(reply);
	is_broken = cli_is_broken(reply);
	if (c->json)
		rc = cli_print_json(c, reply);
	else if (is_background)
		rc = background_print(c, json_object_get(reply, "background"));
	else
		rc = is_all ? print_all(c, reply) : print_short(c, reply);
	return rc == CLI_OK && is_broken ? CLI_PROBLEM : rc;
}

const struct cli_command cli_cmd_status = {
	.name = "status",
	.args = "",
	.summary = "counts, health, and where this is",
	.about =
		"What memory-db runs here and how it is. With --all everything "
		"it counts: sizes, limits, queues, latency, the jail of "
		"scripts. With --background the tasks that the service does for "
		"itself. Exit code 1 when the database is damaged or its "
		"disk fails.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.run = cmd_status_run,
};
