/* Shared by counters.c and counters_status.c. */
#ifndef STORE_FACTS_COUNTERS_INT_H
#define STORE_FACTS_COUNTERS_INT_H

#include <stddef.h>
#include <stdint.h>

#include "memory-db/store/facts/counters.h"

#define NAMES_SHOWN 100

struct counter {
	int64_t ns, kind, key, n;
};

/* A growing list, used as the log of a group; after summing, keys are unique. */
struct counters_log {
	struct counter *rows;
	size_t n, cap;
	size_t savepoint; /* n at the last one */
};

struct name_row {
	int64_t kind, id; /* TALLY_TYPE: label; 0: namespace */
	char *text;
};

struct counters_state {
	struct counter *rows; /* sorted by (ns, kind, key) */
	size_t n, cap;
	struct name_row *names;
	size_t names_n, names_cap;
	int64_t last_change, last_at;
};

#endif
