/* What the last count of pending things said (model/order/order_counts.h), and
 * the count under way. */
#ifndef WORK_COUNTING_H
#define WORK_COUNTING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "memory-db/model/order/order_counts.h"

struct counting {
	/* the last count: any thread reads it */
	_Atomic int64_t staged, oldest, pending, contested, counted;
	/* of the writer */
	struct order_counting under_way;
	bool is_running, has_run;
	uint64_t seen_groups; /* when it began */
	int64_t seen_change;
	int64_t spent_ns, rest_ns; /* of this one; no other before */
};

#endif
