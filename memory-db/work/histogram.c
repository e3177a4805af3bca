/* Bucket b < 4 holds b us; from there bucket 4k + r holds the values whose
 * highest bit is k + 1 and whose next two bits are r. */
#include "memory-db/work/histogram.h"

#include <stddef.h>

static size_t
histogram_bucket_of(uint64_t us)
{
	unsigned top;
	size_t b;

	if (us < 4)
		return (size_t)us;
	top = 63U - (unsigned)__builtin_clzll(us);
	b = 4 * (size_t)(top - 1) + (size_t)((us >> (top - 2)) & 3);
	return b < HISTOGRAM_BUCKETS ? b : HISTOGRAM_BUCKETS - 1;
}

/* Largest value of a bucket. */
static uint64_t
bucket_end(size_t b)
{
	unsigned top;

	if (b < 4)
		return b;
	top = (unsigned)(b / 4) + 1;
	return ((uint64_t)(b % 4 + 4 + 1) << (top - 2)) - 1;
}

void
histogram_add(struct histogram *h, int64_t ns)
{
	uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;

	atomic_fetch_add_explicit(&h->buckets[histogram_bucket_of(us)], 1,
		memory_order_relaxed);
	atomic_fetch_add_explicit(&h->count, 1, memory_order_relaxed);
	if (us > atomic_load_explicit(&h->max_us, memory_order_relaxed))
		atomic_store_explicit(&h->max_us, us, memory_order_relaxed);
}

uint64_t
histogram_quantile(const struct histogram *h, double q)
{
	uint64_t total = 0, seen = 0, end;
	uint64_t max = atomic_load_explicit(&h->max_us, memory_order_relaxed);
	double target;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += atomic_load_explicit(&h->buckets[i],
			memory_order_relaxed);
	if (total == 0)
		return 0;
	target = q * (double)total;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += atomic_load_explicit(&h->buckets[i],
			memory_order_relaxed);
		if ((double)seen >= target) {
			end = bucket_end(i);
			return end < max ? end : max;
		}
	}
	return max;
}
