/* The reply of recall, in a budget of bytes. */
#ifndef MODEL_RECALL_RECALL_PAGE_H
#define MODEL_RECALL_RECALL_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/recall/recall.h"
#include "memory-db/model/scope/scope.h"

struct recall_page {
	size_t max_bytes; /* of the reply */
	bool explain;	  /* with the parts of each score */
	bool lines;	  /* rows as lines for a model (recall_line.h);
				   what is not relevant: the two best, as weak */
	const char *zone; /* dates are those of this zone; "": UTC */
};

/* {results:[{name, id, type, text, date, dated, score, ..}], count, relevant,
 * omitted?, partial?}. Rows come whole; what does not fit is counted in
 * `omitted`, and the first comes in any case. Each text is read and checked
 * here. *ret_given: how many of found->rows were written. */
int recall_page_json(struct store *st, const struct scope *scope,
	const struct recall_page *page, const struct recall_result *found,
	json_t **ret_result, size_t *ret_given, struct err *e) MUST_CHECK;

/* Of two rows that follow each other in time (model/read/contested.h) the later
 * one comes first. */
int recall_later_first(struct store *st, struct recall_result *found,
	struct err *e) MUST_CHECK;

#endif
