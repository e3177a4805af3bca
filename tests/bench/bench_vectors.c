/* How long vectors take: bench_vectors [VECTORS [DIMS]]
 *
 * Looks through random unit vectors (the worst case: nothing is near) for the
 * 40 nearest, as recall does, and has the built-in provider embed texts of 100
 * bytes. Prints p50 and p99. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "memory-db/embed/embed.h"
#include "memory-db/embed/scan.h"
#include "tests/bench/samples.h"

#define ROUNDS	200
#define NEAREST 40

static uint64_t state = 1;

static float
number(void)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (float)(int32_t)(state >> 32) / (float)INT32_MAX;
}

static void
unit(float *v, size_t dims)
{
	double sum = 0;

	for (size_t i = 0; i < dims; i++) {
		v[i] = number();
		sum += (double)v[i] * (double)v[i];
	}
	for (size_t i = 0; i < dims; i++)
		v[i] = (float)(v[i] / sqrt(sum));
}

static void
report(const char *what, struct samples *s)
{
	samples_sort(s);
	printf("%s: p50 %.4f p99 %.4f ms\n", what, samples_ms(s, 0.5),
		samples_ms(s, 0.99));
	free(s->ns);
}

static int
bench_scan(enum scan_form form, size_t n, size_t dims)
{
	struct scan *scan = scan_new(form, dims);
	float *v = calloc(dims, sizeof(*v));
	struct samples s = {0};
	struct scan_hit hits[NEAREST];
	char what[80];

	if (!scan || !v)
		return 1;
	for (size_t i = 0; i < n; i++) {
		unit(v, dims);
		if (scan_put(scan, 1, (int64_t)i + 1, v) != 0)
			return 1;
	}
	for (int i = 0; i < ROUNDS; i++) {
		int64_t start;

		unit(v, dims);
		start = clock_mono_ns();
		if (scan_best(scan, 1, v, NULL, 0, hits, NEAREST) != NEAREST)
			return 1;
		samples_add(&s, clock_mono_ns() - start);
	}
	snprintf(what, sizeof(what), "scan of %zu x %zu as %s, %zu bytes each",
		n, dims, form == SCAN_SIGNS ? "signs" : "numbers",
		scan_row_cost(scan));
	report(what, &s);
	free(v);
	scan_free(scan);
	return 0;
}

static int
bench_hash(void)
{
	const struct embed_options o = {.spec = "hash"};
	struct embed_text texts[32];
	struct embedder *x = NULL;
	struct samples s = {0};
	struct err e = {0};
	char line[32][101];

	if (embed_open(&o, &x, &e) != 0)
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		int64_t start;
		size_t dims;
		float *v;

		for (int t = 0; t < 32; t++) {
			for (int k = 0; k < 100; k++)
				line[t][k] =
					k % 7 == 6
						? ' '
						: (char)('a' +
							  fabsf(number()) * 25);
			texts[t] = (struct embed_text){line[t], 100};
		}
		start = clock_mono_ns();
		if (embed_texts(x, EMBED_STORED, texts, 32, &v, &dims, &e) != 0)
			return 1;
		samples_add(&s, clock_mono_ns() - start);
		free(v);
	}
	report("hash, 32 texts of 100 bytes", &s);
	embed_close(x);
	return 0;
}

int
main(int argc, char **argv)
{
	int64_t n = 100000, dims = 256;

	if ((argc > 1 && text_int(argv[1], 64, 10000000, &n) != 0) ||
		(argc > 2 &&
			text_int(argv[2], 1, EMBED_DIMS_MAX, &dims) != 0)) {
		fprintf(stderr, "bench_vectors [VECTORS [DIMS]]\n");
		return 100;
	}
	return bench_scan(SCAN_NUMBERS, (size_t)n, (size_t)dims) ||
	       bench_scan(SCAN_SIGNS, (size_t)n, (size_t)dims) || bench_hash();
}
