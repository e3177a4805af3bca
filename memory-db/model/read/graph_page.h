/* Pages of the graph: entities with the relations among them. */
#ifndef MODEL_READ_GRAPH_PAGE_H
#define MODEL_READ_GRAPH_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/buf.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/read/expiry.h"
#include "memory-db/model/read/graph_keep.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/scope/scope.h"

/* A reply that grows entity by entity up to a budget of bytes. */
struct graph_page {
	struct store *st;
	const struct scope *scope;
	struct encode_options encode;
	size_t max_bytes; /* of the reply */
	bool with_relations;
	/* Every entity that was created earlier, and may be an end, was given on
	 * this page: one that is not known comes later, and what leads to it
	 * from here is kept for it. */
	bool knows_earlier;
	/* What is written, as JSON text: the values of an entity are written and
	 * freed one entity at a time. */
	struct buf entities, relations; /* items, with no commas between */
	struct graph_page_rows {
		struct graph_page_row {
			int64_t id, other; /* other: the end that it leads to,
					      or comes from */
			size_t at, n;	   /* in relations */
		} * v;
		size_t n, cap;
	} rows;
	int64_t entities_n;
	size_t bytes;
	bool has_conflicts; /* in this memory, of whatever state */

	/* Entities of this reply and at the other ends of their relations:
	 * each is looked up once. */
	struct graph_page_ends {
		struct idset at; /* entity -> its place in v, from 1 */
		struct graph_page_end {
			int64_t existence, ns, label; /* existence 0: none */
			size_t name, name_n;	      /* in names */
		} * v;
		size_t n, cap;
		struct buf names;
	} ends;
	/* The relations that stood among the facts of the last entity. */
	struct graph_page_facts {
		int64_t entity; /* 0: of none */
		struct fact *v; /* without their texts */
		size_t n, cap;
	} found;
	/* Relations that wait for the later one of their ends. */
	struct graph_page_waiting {
		struct idset first; /* that end -> its first in v, from 1 */
		struct graph_page_next {
			struct fact f; /* without its text */
			size_t next;   /* of the same end, from 1; 0: none */
		} * v;
		size_t n, cap;
	} waiting;
	struct origin origin; /* of the last fact given */
	struct expiry expiry;
	/* No entity from the one up to before the other is derived. */
	int64_t underived_from, underived_to;

	struct graph_view view; /* what is kept of the graph */
	int64_t any_end; /* the last end of anything; 0: nothing has one */
	/* The last entity given: its text in entities, its rows, and whether it
	 * may be kept. */
	size_t last_text, last_row;
	bool is_keepable;
};
int graph_page_init(struct graph_page *p, struct store *st,
	const struct scope *scope, const json_t *params, struct err *e)
	MUST_CHECK;
void graph_page_done(struct graph_page *p);
#define AUTO_PAGE __attribute__((cleanup(graph_page_done)))

/* Notes what the existence fact of an entity says, for graph_page_entity. */
int graph_page_note(struct graph_page *p, const struct fact *f, struct err *e)
	MUST_CHECK;

/* What became of a step, where it was no error. */
enum graph_page_step {
	GRAPH_PAGE_NOTHING = 0,
	GRAPH_PAGE_ADDED = 1,
	GRAPH_PAGE_FULL = 2,
};

/* Appends what is kept of the entity of this existence fact, and its relations
 * like graph_page_relations. GRAPH_PAGE_ADDED; GRAPH_PAGE_NOTHING, nothing
 * is kept of it; GRAPH_PAGE_FULL: *ret_given says whether the entity was added before. */
int graph_page_kept(struct graph_page *p, int which, int64_t existence,
	bool *ret_given, int64_t *after, struct err *e) MUST_CHECK;
/* Keeps the last entity, of which all relations were given behind it. */
void graph_page_keep(struct graph_page *p, int which, int64_t existence);

/* Appends an entity: GRAPH_PAGE_ADDED; GRAPH_PAGE_NOTHING, it does not exist;
 * GRAPH_PAGE_FULL, nothing was added. The first entity of a page is cut to fit (`omitted`), not left
 * out. */
int graph_page_entity(struct graph_page *p, int64_t entity, struct err *e)
	MUST_CHECK;

/* Relations of the entity that belong on this page, by id, from the one after
 * *after on (0: all). only_earlier: those whose other end was created before it
 * or is the same (each relation of a whole graph then comes exactly once).
 * 0 all done; GRAPH_PAGE_FULL: *after is the last one added. A page that
 * holds nothing yet takes at least one. */
int graph_page_relations(struct graph_page *p, int64_t entity,
	bool only_earlier, int64_t *after, struct err *e) MUST_CHECK;

/* {entities, relations, next?}. Where the caller takes text (struct call) the
 * two lists go there instead. */
int graph_page_result(struct graph_page *p, const char *next, struct buf *text,
	json_t **ret_result, struct err *e) MUST_CHECK;

#endif
