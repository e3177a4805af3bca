/* What gathering and writing a context share. */
#ifndef MODEL_CONTEXT_CONTEXT_INTERNAL_H
#define MODEL_CONTEXT_CONTEXT_INTERNAL_H

#include "common/buf.h"
#include "memory-db/model/context/context.h"
#include "memory-db/model/scope/idmap.h"
#include "memory-db/store/facts/facts.h"

struct context_item {
	enum context_source source;
	int64_t fact, entity; /* of a conflict: ours, or 0 */
	int64_t at;	      /* ms; 0: look at the fact */
	double score;	      /* of recall; else 0 */
	int64_t conflict;     /* id, or 0 */
	int64_t other;	      /* fact in conflict with it, or 0 */
	int conflict_kind;
	int alike; /* copies of it that are no items (recent) */
	bool written, named;
};
struct gathering {
	struct store *st;
	const struct scope *scope;
	const struct context_request *request;
	struct err *e;
	struct context_item *items;
	size_t n, cap;
	struct idmap seen; /* facts */
	size_t left;	   /* of the source under way */
	int64_t pins_over; /* pinned, and not counted (pins.h) */
	bool is_relevant;  /* recall found something that fits */
};

/* Items in order of their sources, each fact once. */
int context_gather(struct gathering *g) MUST_CHECK;

/* Appends a text of others in quotes: what stands outside of quotes, the service
 * says. No quote inside ends it, it has no line ends, and nothing that changes
 * how the rest is shown. Not 0: no memory. */
int context_quote(struct buf *out, const char *s, size_t n);

/* The same for equal texts of entities of the same name. */
uint64_t context_key(const struct buf *name, const struct fact *f);
const char *context_conflict_word(int kind);

#endif
