/* Filters that several reads share: types, tiers, points in time. */
#ifndef METHOD_FILTER_H
#define METHOD_FILTER_H

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

/* Labels of the types asked for, new in *ret_labels (NULL: none). *ret_n is
 * negative when nothing was asked; a type that does not exist matches
 * nothing. */
int filter_types(struct call *c, int64_t **ret_labels, int *ret_n,
	struct err *e) MUST_CHECK;

/* Mask of 1 << tier; 0: any. */
unsigned filter_tiers(const json_t *tiers);

/* The member `key`, a time in words, as milliseconds. Unset when absent. */
int filter_time(struct call *c, const char *key, bool end_of_day,
	int64_t *ret_ms, struct err *e) MUST_CHECK;

#endif
