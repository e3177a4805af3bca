/* Latencies in buckets of a fixed relative width. One thread adds, any thread
 * reads; no locks. */
#ifndef WORK_HISTOGRAM_H
#define WORK_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

/* Four buckets for each power of two of microseconds: figures are at most a
 * quarter too high. The last holds everything from about 9 minutes. */
#define HISTOGRAM_BUCKETS 116

struct histogram {
	_Atomic uint64_t count, max_us;
	_Atomic uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, int64_t ns);

/* The upper bound, in microseconds, of the bucket in which the share q (0..1)
 * of all values ends; never more than the largest value seen. 0: no values. */
uint64_t histogram_quantile(const struct histogram *h, double q);

#endif
