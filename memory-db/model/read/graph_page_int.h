/* Shared by graph_page.c, which makes what is on a page, and graph_page_kept.c,
 * which copies it. Both fill a page to the same byte. */
#ifndef MODEL_READ_GRAPH_PAGE_INT_H
#define MODEL_READ_GRAPH_PAGE_INT_H

#include "memory-db/model/read/graph_page.h"

/* Bytes of one entity on a page. A page never passes its bound; an entity that
 * would is left for the next page, where it is first and is cut. */
size_t graph_page_room(const struct graph_page *p);

/* Takes the text of an entity that was appended, from `before` on, or removes
 * it again: 1, or 2 where there is no room. */
int graph_page_take_entity(struct graph_page *p, size_t before) MUST_CHECK;

/* The same for a relation: 0, 2 where there is no room, or MDB_E_NOMEM. */
int graph_page_take_relation(struct graph_page *p, int64_t id, int64_t other,
	size_t before, struct err *e) MUST_CHECK;

#endif
