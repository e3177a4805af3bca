#include "memory-db/method/given.h"

#include <stdlib.h>

#include "common/buf.h"
#include "common/clock.h"
#include "memory-db/model/secrets/secrets.h"

bool
given_is_wanted(const struct call *c, const struct scope *s)
{
	return c->ctx->is_agent && !s->is_past;
}

int
given_receipt(struct call *c, enum receipt_kind kind, const char *question,
	size_t n, const struct scope *s, const struct encode_given *given,
	struct err *e)
{
	size_t rows_n = given->n < GIVEN_MAX ? given->n : GIVEN_MAX;
	AUTO_FREE struct receipt_row *rows = calloc(rows_n + 1, sizeof(*rows));
	AUTO_BUF struct buf masked = {0}; /* a receipt keeps no secret */
	struct receipt x = {.kind = kind,
		.at = clock_now_ms(),
		.ns = s->ns[0],
		.branch = s->lens.level[0].branch,
		.change = s->change,
		.is_relevant = true,
		.rows = rows,
		.n = rows_n};

	if (!rows || secret_mark(question, n, &masked, NULL) != 0)
		return err_nomem(e);
	for (size_t i = 0; i < rows_n; i++)
		rows[i].fact = given->v[i];
	x.query = masked.data ? masked.data : "";
	x.query_n = masked.len;
	return receipt_give(c->st, &x, e);
}
