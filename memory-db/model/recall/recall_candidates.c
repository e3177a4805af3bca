#include "memory-db/model/recall/recall_candidates.h"

#include <stdlib.h>

#include "memory-db/model/recall/recall_internal.h"

static int
weightiest_first(const void *a, const void *b)
{
	const struct recall_candidate *x = a, *y = b;

	if (x->guess != y->guess)
		return x->guess > y->guess ? -1 : 1;
	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

int
recall_candidates(struct store *st, const struct recall_request *request,
	int most, int64_t *ret, int *ret_n, struct err *e)
{
	__attribute__((cleanup(recalling_done))) struct recalling r = {.st = st,
		.request = request,
		.w = recall_weights_default,
		.sentences = 1,
		.e = e};
	int rc = recall_facts_begin(st, e);

	if (rc != 0)
		return rc;
	rc = query_init(&r.query, request->query, request->query_n, true, e);
	if (rc != 0)
		return rc;
	rc = recall_gather(&r);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (r.n > 1)
		qsort(r.c, r.n, sizeof(*r.c), weightiest_first);
	*ret_n = r.n < (size_t)most ? (int)r.n : most;
	for (int i = 0; i < *ret_n; i++)
		ret[i] = r.c[i].fact;
	return 0;
}
