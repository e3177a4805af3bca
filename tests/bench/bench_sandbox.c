/* Latency and throughput of scripts, without the service around them.
 *
 *   bench_sandbox [--runs N] [--growth N]
 *
 * One JSON object a line: {"what":.., "p50_us":.., "p99_us":..} and the like.
 * --growth runs N scripts and prints descriptors, children and memory before
 * and after. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "sandbox/sandbox.h"

static const char fib[] =
	"local function fib(n) if n < 2 then return n end "
	"return fib(n - 1) + fib(n - 2) end\n"
	"local t = os.clock()\nfib(30)\nreturn os.clock() - t";

static int
answer(void *ctx, const char *method, json_t *params, int64_t left_ms,
	json_t **ret, struct err *e)
{
	(void)ctx;
	(void)method;
	(void)left_ms;
	*ret = json_incref(params);
	return *ret ? 0 : err_nomem(e);
}

static const struct sandbox_method methods[] = {{"echo", "echo{...}", "", false,
							false},
	{NULL, NULL, NULL, false, false}};

static void
pause_us(long us)
{
	struct timespec t = {0, us * 1000};

	nanosleep(&t, NULL);
}

/* Microseconds of one run; the outcome must be ok. */
static double
run(struct sandbox *s, const char *source, double *ret_number)
{
	struct sandbox_job job = {.source = source,
		.source_len = strlen(source),
		.call = answer};
	struct sandbox_outcome o;
	struct err e = {0};
	int64_t start = clock_mono_ns();

	if (sandbox_run(s, &job, &o, &e)) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	double us = (double)(clock_mono_ns() - start) / 1000;
	if (o.result != SANDBOX_OK) {
		fprintf(stderr, "%s\n", o.message);
		exit(1);
	}
	if (ret_number)
		*ret_number = json_number_value(o.value);
	sandbox_outcome_done(&o);
	return us;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
latency(struct sandbox *s, const char *what, const char *source, int runs,
	long pause)
{
	double *us = calloc((size_t)runs, sizeof(*us));

	if (!us)
		abort();
	for (int i = 0; i < runs; i++) {
		us[i] = run(s, source, NULL);
		if (pause)
			pause_us(pause);
	}
	qsort(us, (size_t)runs, sizeof(*us), compare);
	printf("{\"what\":\"%s\",\"runs\":%d,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
		what, runs, us[runs / 2], us[runs * 99 / 100]);
	free(us);
}

/* The best of several, as other work on the machine only adds. */
static void
speed(struct sandbox *s)
{
	double best = 1e9, t;

	for (int i = 0; i < 7; i++) {
		run(s, fib, &t);
		if (t < best)
			best = t;
	}
	printf("{\"what\":\"fib(30)\",\"ms\":%.2f}\n", best * 1000);
}

/* An API call alone: a thousand of them in a script. */
static void
call_cost(struct sandbox *s)
{
	static const char source[] =
		"local clock, echo = os.clock, memory.echo\n"
		"for i = 1, 1000 do echo{a = 1} end return 0";
	double best = 1e9, us;

	for (int i = 0; i < 7; i++) {
		us = run(s, source, NULL);
		if (us < best)
			best = us;
	}
	printf("{\"what\":\"call\",\"us\":%.1f}\n", best / 1000);
}

/* --- growth --------------------------------------------------------------- */
static int
entries(const char *folder)
{
	DIR *d = opendir(folder);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static long
resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size, resident = 0;

	if (f && fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
growth(struct sandbox *s, int runs)
{
	int64_t start;
	int fds;
	long kib;

	for (int i = 0; i < 200; i++)
		run(s, "return 1", NULL);
	pause_us(300000);
	fds = entries("/proc/self/fd");
	kib = resident_kib();
	start = clock_mono_ns();
	for (int i = 0; i < runs; i++)
		run(s, i % 10 ? "return 1 + 1" : "return memory.echo{a = {1}}",
			NULL);
	double seconds = (double)(clock_mono_ns() - start) / 1e9;
	pause_us(300000);
	printf("{\"what\":\"growth\",\"runs\":%d,\"seconds\":%.1f,"
	       "\"descriptors\":%d,\"kib\":%ld}\n",
		runs, seconds, entries("/proc/self/fd") - fds,
		resident_kib() - kib);
}

int
main(int argc, char **argv)
{
	struct sandbox_options options = {.methods = methods};
	int64_t runs = 2000, grow = 0;
	struct sandbox *s;
	struct err e = {0};

	for (int i = 1; i + 1 < argc; i += 2) {
		int64_t *to = strcmp(argv[i], "--growth") == 0 ? &grow : &runs;

		if (text_int(argv[i + 1], 0, 10000000, to))
			return 100;
	}
	if (sandbox_open(&options, &s, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	run(s, "return 1", NULL); /* waits for the self test */
	if (runs > 0) {
		latency(s, "return 1+1, a jail waits", "return 1+1", (int)runs,
			3000);
		latency(s, "return 1+1, one after the other", "return 1+1",
			(int)runs, 0);
		speed(s);
		call_cost(s);
	}
	if (grow > 0)
		growth(s, (int)grow);
	sandbox_close(s);
	return 0;
}
