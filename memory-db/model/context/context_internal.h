/* What gathering and writing a context share. */
#ifndef MODEL_CONTEXT_CONTEXT_INTERNAL_H
#define MODEL_CONTEXT_CONTEXT_INTERNAL_H

#include "common/buf.h"
#include "memory-db/model/context/context.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/scope/idmap.h"
#include "memory-db/store/beside/receipts.h"
#include "memory-db/store/facts/facts.h"

struct context_item {
	enum context_source source;
	int64_t fact, entity; /* of a conflict: ours, or 0 */
	int64_t at;	      /* ms; 0: look at the fact */
	double score;	      /* of recall; else 0 */
	double useful;	      /* what its usefulness is of that */
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

/* A context as it is written. */
struct context_writing {
	struct gathering g;
	struct buf lines[CONTEXT_MAX];	 /* what each source has so far */
	struct buf line, name;		 /* of the item under way */
	const struct context_item *item; /* its name is not written yet */
	size_t tokens; /* of all lines, heads, and the frame */
	size_t counts[CONTEXT_MAX];
	size_t named, left_out;
	char begin[96], end[48];
	bool is_framed; /* the marks fit into the budget */
	int minutes;	/* of the zone */
	struct receipt_row *rows;
	size_t rows_n;
	int64_t at;	      /* of the fact under way */
	int alike;	      /* likewise: copies that are left out */
	struct origin origin; /* likewise */
	uint64_t key;	      /* of its entity's name and its text */
	struct idmap said;    /* keys of what is written */
};

/* Items in order of their sources, each fact once. */
int context_gather(struct gathering *g) MUST_CHECK;

/* Appends a text of others in quotes: what stands outside of quotes, the service
 * says. No quote inside ends it, it has no line ends, and nothing that changes
 * how the rest is shown. Not 0: no memory. */
int context_quote(struct buf *out, const char *s, size_t n);

/* The line of an item into w->line; the line stays empty when the fact is
 * gone. */
int context_line_make(struct context_writing *w, const struct context_item *x)
	MUST_CHECK;
/* The first name of an entity into w->name. */
int context_line_name(struct context_writing *w, int64_t entity) MUST_CHECK;
int context_line_quote(struct buf *out, const struct buf *b);

/* The same for equal texts of entities of the same name. */
uint64_t context_key(const struct buf *name, const struct fact *f);
const char *context_conflict_word(int kind);

#endif
