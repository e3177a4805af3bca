/* What the service does now, anew each second. Rates are those of the last
 * interval; percentiles are since the service began. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"

#define TOP_METHODS 15

static int64_t interval = 1, times;

static const struct conf_opt opts[] = {
	CLI_COUNT("interval", &interval, 1, 3600, "S",
		"seconds between two looks, default 1"),
	CLI_COUNT("times", &times, 1, 1000000, "N",
		"looks; default: until you stop it"),
};

static const struct table_column columns[] = {
	{"METHOD", false, false},
	{"CALLS", true, false},
	{"PER SECOND", true, false},
	{"ERRORS", true, false},
	{"P50 MS", true, false},
	{"P99 MS", true, false},
	{"MAX MS", true, false},
};

struct top_method {
	const char *name;
	const json_t *now;
	double per_second;
};

/* Two looks at the same service. */
struct top_look {
	json_t *status; /* owned */
	int64_t at_ns;
};

static double
top_rate(const struct top_look *then, const struct top_look *now,
	const char *section, const char *name, const char *member)
{
	const json_t *a = json_object_get(then->status, section);
	const json_t *b = json_object_get(now->status, section);
	double seconds = (double)(now->at_ns - then->at_ns) / 1e9;
	int64_t n;

	if (name) {
		a = json_object_get(a, name);
		b = json_object_get(b, name);
	}
	n = cli_int(b, member, 0) - cli_int(a, member, 0);
	/* A service that was started anew counts from 0. */
	return n > 0 && seconds > 0 ? (double)n / seconds : 0;
}

static int
top_by_rate(const void *a, const void *b)
{
	const struct top_method *x = a, *y = b;
	int64_t n = cli_int(x->now, "count", 0),
		m = cli_int(y->now, "count", 0);

	if (x->per_second > y->per_second || x->per_second < y->per_second)
		return x->per_second > y->per_second ? -1 : 1;
	return (n < m) - (n > m);
}

static void
top_number(struct table *t, double v, const char *fmt)
{
	char text[40];

	if (strcmp(fmt, "ms") == 0)
		snprintf(text, sizeof(text), "%.2f", v / 1000);
	else
		snprintf(text, sizeof(text), "%.1f", v);
	table_text(t, text);
}

/* The busiest methods. */
static int
top_methods(const struct cli *c, const struct top_look *then,
	const struct top_look *now)
{
	json_t *all = json_object_get(now->status, "methods"), *row;
	AUTO_FREE struct top_method *v =
		calloc(json_object_size(all) + 1, sizeof(*v));
	AUTO_TABLE struct table t;
	const char *name;
	size_t n = 0;

	table_init(&t, columns, ARRAY_LEN(columns));
	if (!v)
		return cli_nomem();
	json_object_foreach(all, name, row)
		v[n++] = (struct top_method){name, row,
			top_rate(then, now, "methods", name, "count")};
	qsort(v, n, sizeof(*v), top_by_rate);
	for (size_t i = 0; i < n && i < TOP_METHODS; i++) {
		table_text(&t, v[i].name);
		table_number(&t, cli_int(v[i].now, "count", 0));
		top_number(&t, v[i].per_second, "1");
		table_number(&t, cli_int(v[i].now, "errors", 0));
		top_number(&t, (double)cli_int(v[i].now, "p50_us", 0), "ms");
		top_number(&t, (double)cli_int(v[i].now, "p99_us", 0), "ms");
		top_number(&t, (double)cli_int(v[i].now, "max_us", 0), "ms");
	}
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

static void
top_head(const struct cli *c, const struct top_look *then,
	const struct top_look *now)
{
	const json_t *s = now->status, *q = json_object_get(s, "queues");
	const json_t *sizes = json_object_get(s, "sizes");
	const json_t *health = json_object_get(s, "health"), *problem;
	char a[OUT_NUMBER_SIZE], b[OUT_NUMBER_SIZE], d[OUT_NUMBER_SIZE];
	size_t i;

	printf("%smemory-db%s %s, up %lld s, %lld clients, %s facts, %s and "
	       "%s beside it\n",
		out_on(c, OUT_BOLD), out_off(c, OUT_BOLD),
		cli_str(s, "version", "?"),
		(long long)cli_int(s, "uptime_s", 0),
		(long long)cli_int(q, "connections", 0),
		out_count(cli_int(sizes, "facts", 0), a),
		out_bytes(cli_int(sizes, "file_bytes", 0), b),
		out_bytes(cli_int(sizes, "wal_bytes", 0), d));
	json_array_foreach(json_object_get(health, "problems"), i, problem) {
		printf("%sproblem:%s ", out_on(c, OUT_YELLOW),
			out_off(c, OUT_YELLOW));
		out_text(stdout, json_string_value(problem));
		putchar('\n');
	}
	printf("requests %.1f/s, commits %.1f/s; waiting: %lld writes, %lld "
	       "reads, %lld rows of the index; recall cache %lld %%\n",
		top_rate(then, now, "queues", NULL, "requests_total"),
		top_rate(then, now, "queues", NULL, "commits"),
		(long long)cli_int(q, "writes_waiting", 0),
		(long long)cli_int(q, "reads_waiting", 0),
		(long long)cli_int(q, "index_rows_waiting", 0),
		(long long)cli_int(json_object_get(s, "recall_cache"),
			"hit_percent", 0));
}

/* name number, name number, ... of an object. */
static void
top_counts(const char *title, const json_t *o)
{
	const char *name, *between = "";
	json_t *v;

	printf("%s: ", title);
	json_object_foreach((json_t *)(uintptr_t)o, name, v) {
		if (!json_is_integer(v))
			continue;
		fputs(between, stdout);
		out_text(stdout, name);
		printf(" %lld", (long long)json_integer_value(v));
		between = ", ";
	}
	putchar('\n');
}

/* Tasks that run now or failed last. */
static void
top_tasks(const json_t *tasks)
{
	const json_t *t;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)tasks, i, t) {
		const char *outcome = cli_str(t, "outcome", "");

		if (strcmp(outcome, "running") != 0 &&
			strcmp(outcome, "failed") != 0)
			continue;
		printf("task %s: %s", cli_str(t, "name", "?"), outcome);
		if (cli_str(t, "error", NULL)) {
			fputs(", ", stdout);
			out_text(stdout, cli_str(t, "error", ""));
		}
		putchar('\n');
	}
}

/* What waits for a person; nothing where nothing does. */
static void
top_order(const struct cli *c, const json_t *o)
{
	int64_t staged = cli_int(o, "staged", 0);
	int64_t pending = cli_int(o, "conflicts_pending", 0);
	int64_t age = cli_int(o, "staged_oldest_s", 0);

	if (staged == 0 && pending == 0)
		return;
	printf("%sfor you:%s %lld staged changes", out_on(c, OUT_YELLOW),
		out_off(c, OUT_YELLOW), (long long)staged);
	if (staged > 0)
		printf(", the oldest %lld.%lld h old", (long long)age / 3600,
			(long long)age % 3600 / 360);
	printf("; %lld conflicts, %lld contested facts\n", (long long)pending,
		(long long)cli_int(o, "facts_contested", 0));
}

static int
top_show(const struct cli *c, const struct top_look *then,
	const struct top_look *now)
{
	int rc;

	if (c->json) {
		cli_strip(now->status);
		return cli_print_json(c, now->status);
	}
	/* Home, and clear to the end: no flicker of an emptied screen. */
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	top_head(c, then, now);
	top_counts("tiers", json_object_get(now->status, "by_tier"));
	top_order(c, json_object_get(now->status, "order"));
	top_counts("scripts", json_object_get(now->status, "sandbox"));
	rc = top_methods(c, then, now);
	top_tasks(json_object_get(now->status, "background"));
	putchar('\n');
	return fflush(stdout) == 0 ? rc : CLI_SYSTEM;
}

static int
top_look(struct cli *c, struct top_look *ret)
{
	ret->at_ns = clock_mono_ns();
	return cli_call(c, "get_memory_status", json_object(), CLI_NOW,
		&ret->status);
}

/* then: how it was; it becomes what is shown. */
static int
look_again(struct cli *c, struct top_look *then)
{
	struct timespec pause = {.tv_sec = interval};
	struct top_look now = {0};
	int rc;

	while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
		continue;
	rc = top_look(c, &now);
	if (rc == CLI_OK)
		rc = top_show(c, then, &now);
	json_decref(then->status);
	*then = now;
	return rc;
}

static int
cmd_top_run(struct cli *c, int argc, char **argv)
{
	struct top_look then = {0};
	int rc;

	(void)argc;
	(void)argv;
	/* Whoever looks does not keep the service alive by starting it. */
	c->no_spawn = true;
	rc = top_look(c, &then);
	if (rc != CLI_OK)
		return rc;
	for (int64_t i = 0; times == 0 || i < times; i++) {
		rc = look_again(c, &then);
		if (rc != CLI_OK)
			break;
	}
	json_decref(then.status);
	return rc;
}

const struct cli_command cli_cmd_top = {
	.name = "top",
	.args = "",
	.summary = "what memory-db does now, anew each second",
	.about =
		"Requests by method with their rate and percentiles (since "
		"the service began), what waits, commits, the cache, tiers, "
		"what waits for a person, scripts, and tasks that run or fail. Ctrl-C ends it. Never "
		"starts the service.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.run = cmd_top_run,
};
