/* What changed, newest first: of one entity or of everything. */
#ifndef MODEL_READ_HISTORY_H
#define MODEL_READ_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"

/* Entries of one list (added, removed, set) of one change; what is beyond is
 * counted in its `more`: a change can have 10,000. */
#define HISTORY_LIST_MAX 50

struct history_query {
	int64_t entity;	   /* 0: everything in the scope */
	int64_t since;	   /* first change that counts; 0: from the start */
	int64_t before;	   /* changes with smaller ids only */
	int64_t session;   /* label; 0: every session */
	bool oldest_first; /* from the one after `after` on; before and
				   since do not count */
	int64_t after;
	int64_t limit;
	size_t max_bytes;
};

/* Returns a new array of changes (PROTOCOL.md, memory_history). *ret_next is
 * the `before` (`after`) of the following page, 0 when this is the last. */
int history_read(struct store *st, const struct scope *scope,
	const struct history_query *q, json_t **ret, int64_t *ret_next,
	struct err *e) MUST_CHECK;

/* What ops do, whether they were ever written or not, as the members added,
 * removed, set and more of a change, into o. */
struct log_op;
int history_tell_ops(struct store *st, const struct scope *scope,
	const struct log_op *ops, size_t n, size_t max_bytes, json_t *o,
	struct err *e) MUST_CHECK;

#endif
