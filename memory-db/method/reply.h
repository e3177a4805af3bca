/* Small helpers for the replies of handlers. */
#ifndef METHOD_REPLY_H
#define METHOD_REPLY_H

#include <jansson.h>

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* What a saving did: "unchanged", "updated" or "created". */
static inline const char *
reply_saved(bool is_changed, bool existed)
{
	if (!is_changed)
		return "unchanged";
	return existed ? "updated" : "created";
}

/* {key: list, change?}. Takes list, also on failure. */
int reply_list(const struct write *w, const char *key, json_t *list,
	json_t **ret_result, struct err *e) MUST_CHECK;

/* Adds `change` when the write changed something. Takes result. */
int reply_change(const struct write *w, json_t *result, json_t **ret_result,
	struct err *e) MUST_CHECK;

/* The same for a write whose numbers nobody keeps: a retry says `repeated`
 * instead of what it would have to make up. Its texts and `version` stay. */
int reply_effect(const struct write *w, json_t *result, json_t **ret_result,
	struct err *e) MUST_CHECK;

#endif
