/* Runs scripts in jails without a service: one JSON object a line on stdin,
 * one a line on stdout.
 *
 *   {"source":.., "args":.., "limits":{..}, "cancel_after_ms":..}
 *   {"do":"status"}   {"do":"pids"}   {"do":"repeat", "n":.., "source":..}
 *   {"do":"parallel", "threads":.., "n":.., "source":..}
 *
 * The API behind it is a small made-up memory: 250 entities, and methods that
 * misbehave on demand. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/jx.h"
#include "sandbox/sandbox.h"
#include "tests/jail/made_up.h"

static struct sandbox *box;

static int64_t
number(const json_t *o, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static void
limits_of(const json_t *o, struct sandbox_limits *l)
{
	const json_t *j = json_object_get(o, "limits");

	l->wall_ms = number(j, "wall_ms", 0);
	l->cpu_ms = number(j, "cpu_ms", 0);
	l->memory_bytes = number(j, "memory_bytes", 0);
	l->output_bytes = number(j, "output_bytes", 0);
	l->result_bytes = number(j, "result_bytes", 0);
	l->result_nodes = number(j, "result_nodes", 0);
	l->result_depth = number(j, "result_depth", 0);
	l->api_calls = number(j, "api_calls", 0);
	l->api_bytes = number(j, "api_bytes", 0);
}

/* --- cancelling from another thread --------------------------------------- */
struct canceller {
	atomic_bool flag;
	int64_t after_ms;
};

static void *
cancel_later(void *arg)
{
	struct canceller *c = arg;
	struct timespec t = {c->after_ms / 1000,
		(long)(c->after_ms % 1000) * 1000000};

	nanosleep(&t, NULL);
	atomic_store(&c->flag, true);
	return NULL;
}

static json_t *
run(const json_t *o)
{
	struct canceller c = {false, number(o, "cancel_after_ms", 0)};
	struct made_up memory = {0};
	struct sandbox_job job = {
		.source = json_string_value(json_object_get(o, "source")),
		.source_len = json_string_length(json_object_get(o, "source")),
		.args = json_object_get(o, "args"),
		.call = made_up_call,
		.call_ctx = &memory,
		.cancel = &c.flag,
	};
	struct sandbox_outcome out;
	struct err e = {0};
	pthread_t thread;
	json_t *j;

	limits_of(o, &job.limits);
	if (c.after_ms > 0 &&
		pthread_create(&thread, NULL, cancel_later, &c) != 0)
		abort();
	if (sandbox_run(box, &job, &out, &e)) {
		j = json_pack("{s:s,s:s}", "outcome", "failed", "message",
			e.text);
	} else {
		j = sandbox_outcome_json(&out);
		sandbox_outcome_done(&out);
	}
	if (c.after_ms > 0)
		pthread_join(thread, NULL);
	return j;
}

/* --- about this process --------------------------------------------------- */
static json_t *
pids(void)
{
	json_t *a = json_array();
	char path[64];
	FILE *f;
	int pid;

	/* children of every thread */
	DIR *d = opendir("/proc/self/task");
	struct dirent *t;
	while (d && (t = readdir(d))) {
		if (t->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%.16s/children",
			t->d_name);
		f = fopen(path, "r");
		while (f && fscanf(f, "%d", &pid) == 1)
			json_array_append_new(a, json_integer(pid));
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return a;
}

static json_t *
repeat(const json_t *o)
{
	int64_t n = number(o, "n", 1), ok = 0, start = clock_mono_ns();

	for (int64_t i = 0; i < n; i++) {
		json_t *r = run(o);
		const char *what =
			json_string_value(json_object_get(r, "outcome"));

		ok += what && strcmp(what, "ok") == 0;
		json_decref(r);
	}
	return json_pack("{s:I,s:I,s:f}", "n", (json_int_t)n, "ok",
		(json_int_t)ok, "ms", (double)(clock_mono_ns() - start) / 1e6);
}

/* --- several at a time ---------------------------------------------------- */
struct worker {
	const json_t *request;
	pthread_t thread;
	int64_t number, runs, good;
};

/* Each script must give back the number that it alone was given. */
static void *
work(void *arg)
{
	struct worker *w = arg;

	for (int64_t i = 0; i < w->runs; i++) {
		json_t *o = json_deep_copy(w->request);
		json_t *r;

		json_object_set_new(o, "args",
			json_integer(w->number * 1000000 + i));
		r = run(o);
		w->good += json_integer_value(json_object_get(r, "result")) ==
			   w->number * 1000000 + i;
		json_decref(r);
		json_decref(o);
	}
	return NULL;
}

static json_t *
parallel(const json_t *o)
{
	struct worker w[8];
	int64_t good = 0, n = number(o, "threads", 2);

	for (int64_t i = 0; i < n && i < 8; i++) {
		w[i] = (struct worker){.request = o,
			.number = i + 1,
			.runs = number(o, "n", 1)};
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			abort();
	}
	for (int64_t i = 0; i < n && i < 8; i++) {
		pthread_join(w[i].thread, NULL);
		good += w[i].good;
	}
	return json_pack("{s:I}", "good", (json_int_t)good);
}

static json_t *
answer(const json_t *o)
{
	const char *what = json_string_value(json_object_get(o, "do"));

	if (!what)
		return run(o);
	if (strcmp(what, "status") == 0)
		return sandbox_status(box);
	if (strcmp(what, "pids") == 0)
		return json_pack("{s:o}", "pids", pids());
	if (strcmp(what, "parallel") == 0)
		return parallel(o);
	return repeat(o);
}

int
main(void)
{
	struct sandbox_options options = {.methods = made_up_methods,
		.pool = 2};
	struct err e = {0};
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (sandbox_open(&options, &box, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	while ((n = getline(&line, &cap, stdin)) > 0) {
		json_t *o = json_loadb(line, (size_t)n, JSON_ALLOW_NUL, NULL);
		json_t *r = o ? answer(o) : NULL;
		char *text = r ? json_dumps(r, JSON_COMPACT) : NULL;

		puts(text ? text : "{\"outcome\":\"bad line\"}");
		fflush(stdout);
		free(text);
		json_decref(r);
		json_decref(o);
	}
	free(line);
	sandbox_close(box);
	return 0;
}
