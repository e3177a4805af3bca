/* Writes of a list of entries, which may hold no secrets (guard.h). What is wrong with one entry does not stop the
 * others: it is told in `failed`, unless the call says strict:true. */
#ifndef METHOD_LISTED_H
#define METHOD_LISTED_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

struct listed {
	enum change_kind kind;
	const char *member, *name; /* the list; in an entry, its entity */
	/* Applies an entry, or fails before its first op: then the others go
	 * on. */
	int (*apply)(struct write *w, const json_t *params, const json_t *entry,
		const char *path, struct err *e);
	/* With all of them done, the row that tells it. */
	int (*row)(struct write *w, const json_t *params, const json_t *entry,
		json_t *rows, struct err *e);
};

/* {results: [..], failed?: [{index, error, code, param}], change?}. When no
 * entry could be applied, the error of the first. */
int listed_write(const struct listed *l, struct call *c, json_t **ret_result,
	struct err *e) MUST_CHECK;

#endif
