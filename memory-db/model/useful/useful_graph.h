/* What an agent saw that read the whole of a small memory. */
#ifndef MODEL_USEFUL_USEFUL_GRAPH_H
#define MODEL_USEFUL_USEFUL_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"

struct store;

/* Of a memory with more facts nobody looked at each. */
#define USEFUL_GRAPH_FACTS 60

/* The facts that the scope has now and had at the change; none where they are
 * more than USEFUL_GRAPH_FACTS. */
int useful_graph(struct store *st, const struct scope *scope, int64_t change,
	int64_t facts[USEFUL_GRAPH_FACTS], size_t *ret_n, struct err *e)
	MUST_CHECK;

#endif
