/* Which namespaces, branch and point in time a call means. */
#ifndef MODEL_SCOPE_SCOPE_H
#define MODEL_SCOPE_SCOPE_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/lens.h"

/* For reads: applies the lens of ctx to the store. ns[0] is the namespace
 * asked (0 when it does not exist), ns[1] is `default` when that is another
 * one and is covered too. change pins what is seen: the cursor of a next page
 * carries it. */
struct scope {
	/* Who reads, as labels; -1: one that never wrote, 0: none. Only who
	 * has a session has something that others differ from. */
	struct {
		const char *namespace_; /* borrowed */
		int64_t session, client;
		bool is_known, is_agent;
	} reader;
	int64_t ns[2];
	int n;
	int64_t change;
	int64_t valid_at; /* ms; FACT_NO_TIME: any */
	bool is_past;	  /* as_of was said */
	struct lens lens;
};

/* pinned > 0: the change a cursor carries, instead of ctx->as_of. Sets and
 * applies the lens. A pinned change equal to the newest uses the fast form. */
int scope_read(struct store *st, const struct context *ctx, int64_t pinned,
	struct scope *ret, struct err *e) MUST_CHECK;

/* A point in time (P_POINT: a change id, or a text that names a time) as the
 * last change at or before it. end_of_day: of a date, its last millisecond.
 * Above the newest change: the newest. */
int scope_point(struct store *st, const struct context *ctx,
	const json_t *point, bool end_of_day, int64_t *ret_change,
	struct err *e) MUST_CHECK;

/* For writes: the namespace written to (created when new), lens now. What an
 * agent writes to a protected main goes to its inbox (inbox.h). */
int scope_write(struct store *st, const struct context *ctx, int64_t *ret_ns,
	int64_t *ret_branch, struct err *e) MUST_CHECK;
/* The namespace alone; the lens stays. */
int scope_write_namespace(struct store *st, const struct context *ctx,
	int64_t *ret_ns, struct err *e) MUST_CHECK;

/* Entity by name in the scope, first ns[0], then ns[1], existing under the
 * lens. 1 found, 0 not. */
int scope_entity(struct store *st, const struct scope *s, const char *name,
	size_t n, int64_t *ret_entity, struct err *e) MUST_CHECK;

/* Up to three existing names of the scope that are near, for error texts
 * ("'rob', 'bobby'"); appends nothing when there are none. */
struct buf;
int scope_similar(struct store *st, const struct scope *s, const char *name,
	struct buf *out, struct err *e) MUST_CHECK;
/* The same as a new array. */
int scope_similar_names(struct store *st, const struct scope *s,
	const char *name, json_t **ret_names, struct err *e) MUST_CHECK;

/* Cursor texts: "c<change>.<a>.<b>"; a, b are the method's own. */
#define CURSOR_SIZE 80
void cursor_format(char out[CURSOR_SIZE], int64_t change, int64_t a, int64_t b);
int cursor_parse(const char *text, int64_t *ret_change, int64_t *ret_a,
	int64_t *ret_b, struct err *e) MUST_CHECK;

#endif
