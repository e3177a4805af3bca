/* Latencies and their percentiles. */
#ifndef TESTS_BENCH_SAMPLES_H
#define TESTS_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
	uint64_t *ns;
	size_t n, size;
};

/* Ends the program when there is no memory: it is a benchmark. */
void samples_add(struct samples *s, int64_t ns);
void samples_sort(struct samples *s);

/* Milliseconds below which a share (0..1) of the sorted samples lies; 1 is the
 * largest. 0 without samples. */
double samples_ms(const struct samples *s, double share);

/* The text as a JSON string, without its control characters. */
void samples_print_text(const char *text);

#endif
