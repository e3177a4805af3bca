/* Shared by receipts.c and receipts_asked.c: the queue, and the statements. */
#ifndef STORE_BESIDE_RECEIPTS_INT_H
#define STORE_BESIDE_RECEIPTS_INT_H

#include <pthread.h>

#include "memory-db/store/beside/receipts.h"

enum {
	RECEIPTS_WRITE,
	RECEIPTS_FIND,
	RECEIPTS_ASKED,
	RECEIPTS_TRIM,
	RECEIPTS_USE,
	RECEIPTS_FORGET_USAGE
};

struct receipts_waiting {
	struct receipts_waiting *next;
	struct receipt r; /* points into what follows */
	struct receipt_row rows[];
};
struct receipts {
	pthread_mutex_t lock;
	struct receipts_waiting *first, *last; /* waiting, oldest first */
	struct receipts_waiting *written;      /* in the group under way */
	const struct store *writer;	       /* whose group that is */
	size_t n;
	int64_t commits; /* that wrote some */
};

#endif
