/* What is told again was right again: a confirmation by repetition.
 *
 * An example. In May an agent stores of `ada` that she likes tea. In July
 * another conversation says so again, in the same words or nearly. Nothing is
 * added, but `ada` is confirmed (ATTR_CONFIRMED, as `confirm` does it): an op of
 * the change, which history tells and memory_undo takes back.
 *
 * The rule `confirm_told` (model/curate/rules) says after how many days a
 * repetition counts, since the text was stored and since the last confirmation:
 * the second try of a client is no second witness. */
#ifndef MODEL_WRITE_TOLD_AGAIN_H
#define MODEL_WRITE_TOLD_AGAIN_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* A text of the entity that the fact says already was told again. Nothing is
 * confirmed by a write that waits for review, or when the rule is off. */
int told_again(struct write *w, int64_t entity, int64_t fact, struct err *e)
	MUST_CHECK;
/* Says so in the row of the entity: `confirmed`. */
int told_again_row(struct write *w, int64_t entity, json_t *row, struct err *e)
	MUST_CHECK;

/* *have, if not 0, is the stored fact that says the same as f, of a time that is
 * over, while f says it of a later time, or of now: it becomes *ret_past, and
 * *have 0. For example "works at Acme", until 2021, and today again "works at
 * Acme". */
int told_again_of_past(struct write *w, int64_t *have, const struct fact *f,
	int64_t *ret_past, struct err *e) MUST_CHECK;
/* Adds a fact, in the place of the one that was right in its time (0: none). */
int told_again_add(struct write *w, struct fact *f, int64_t past, struct err *e)
	MUST_CHECK;

#endif
