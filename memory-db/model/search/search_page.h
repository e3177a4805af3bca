/* The reply of search_nodes: what was found, as JSON, in a budget of bytes. */
#ifndef MODEL_SEARCH_SEARCH_PAGE_H
#define MODEL_SEARCH_SEARCH_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/search/search.h"

struct encode_given;

struct search_page {
	unsigned members;	    /* of each entity (encode.h) */
	size_t max_bytes;	    /* of the reply */
	bool relations;		    /* with those of the entities found */
	struct encode_given *given; /* gets the facts that are on it; NULL: not
				       wanted */
};

/* {results, count, next?, relations?, partial?}. A row that does not fit waits
 * for the next page; the first is cut instead, and so is one that would take
 * more than its share of the page. */
int search_page_json(struct store *st, const struct scope *scope,
	const struct search_page *page, const struct search_result *found,
	json_t **ret_result, struct err *e) MUST_CHECK;

#endif
