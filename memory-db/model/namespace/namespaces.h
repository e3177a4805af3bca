/* Namespaces and sessions for the operator: lists, names, and moving what one
 * namespace holds into another. */
#ifndef MODEL_NAMESPACE_NAMESPACES_H
#define MODEL_NAMESPACE_NAMESPACES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

/* Return new arrays (PROTOCOL.md, Operating). */
int namespaces_list(struct store *st, json_t **ret, struct err *e) MUST_CHECK;
/* [{namespace, change, head}] as of a change; ns 0: all. */
int namespaces_heads(struct store *st, int64_t ns, int64_t change, json_t **ret,
	struct err *e) MUST_CHECK;
/* Sessions whose newest change is < before; *ret_next is the `before` of the
 * following page, 0 at the end. */
int sessions_list(struct store *st, int64_t before, int64_t limit, json_t **ret,
	int64_t *ret_next, struct err *e) MUST_CHECK;

/* The session of that name alone, with the `namespaces` it wrote to; an empty
 * array when it never wrote. */
int sessions_one(struct store *st, const char *session, json_t **ret,
	struct err *e) MUST_CHECK;

/* Writer. A rename changes the name alone: chains hash the id. */
int namespaces_rename(struct store *st, const char *from, const char *to,
	struct err *e) MUST_CHECK;
/* An alias that meant another namespace means this one from now on. */
int namespaces_alias(struct store *st, const char *alias, const char *of,
	struct err *e) MUST_CHECK;

struct namespaces_merge_result {
	int64_t moved;	    /* facts hidden in `from`, now in `to` */
	bool more;	    /* call again */
	int64_t change, at; /* the last one written; 0: none */
};
/* One slice (namespaces_merge.c): up to LIMIT_SLICE_FACTS facts become new
 * facts of `to`, with their provenance, and are hidden in `from`; entities of
 * one name become one. Two changes, as each namespace has its own chain. */
int namespaces_merge(struct store *st, const struct context *ctx,
	const char *from, const char *to, struct namespaces_merge_result *ret,
	struct err *e) MUST_CHECK;

#endif
