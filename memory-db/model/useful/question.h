/* What a read that has no words of its own was asked with, as receipts keep it and
 * the calls in a transcript say it. */
#ifndef MODEL_USEFUL_QUESTION_H
#define MODEL_USEFUL_QUESTION_H

#include <jansson.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Of read_graph. */
#define QUESTION_ALL "everything there is"

/* Of open_nodes: the names, a line each, as far as LIMIT_QUERY_BYTES go. 0 or
 * MDB_E_NOMEM. */
int question_of_names(const json_t *names, struct buf *out) MUST_CHECK;

#endif
