/* Where the log of each namespace ends: the head of its chain, its newest change
 * and the highest ids given. The row of a namespace has them.
 *
 * The writer keeps those that a group moves on in memory, and writes each row once
 * before the COMMIT. Of sixty creates in one group fifty-nine would write a row
 * that the next one writes again. Who reads these columns on the writer's
 * connection calls heads_settle first. */
#ifndef STORE_FACTS_HEADS_H
#define STORE_FACTS_HEADS_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

#define HEAD_BYTES 32

struct head {
	int64_t ns, last_change, fact_max, past_max;
	unsigned char chain[HEAD_BYTES];
};
/* The newest change of all namespaces; id 0: there is none. */
struct head_newest {
	int64_t id, at;
};

int heads_newest(struct store *st, struct head_newest *ret, struct err *e)
	MUST_CHECK;
/* MDB_E_CORRUPT when the namespace is damaged. */
int heads_get(struct store *st, int64_t ns, struct head *ret, struct err *e)
	MUST_CHECK;
/* After the change h->last_change, made at this time. Writer. */
int heads_set(struct store *st, const struct head *h, int64_t at, struct err *e)
	MUST_CHECK;
/* Writes what is only in memory. */
int heads_settle(struct store *st, struct err *e) MUST_CHECK;

#endif
