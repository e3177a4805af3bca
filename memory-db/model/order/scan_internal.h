/* What the files of scan.h share. */
#ifndef MODEL_ORDER_SCAN_INTERNAL_H
#define MODEL_ORDER_SCAN_INTERNAL_H

#include "memory-db/model/order/scan.h"
#include "memory-db/model/scope/scope.h"

struct scan {
	struct store *st;
	int64_t ns;
	json_t *state;			    /* owned */
	struct fact_attributes *attributes; /* of one chunk */
	int64_t after, checked, found;
	struct err *e;
};

/* Compares one fact of main with older ones and queues what it finds. 0 or
 * negative. (scan_fact.c) */
int scan_fact(struct scan *x, const struct scope *scope, int64_t fact)
	MUST_CHECK;

#endif
