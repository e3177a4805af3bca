/* Damage that can be mended without guessing: what the digest of a fact is of
 * can be told from what is stored.
 *
 * An earlier version stored a weight or confidence of -0.0. SQLite keeps it as
 * 0.0, and the digest of a number that is -0.0 is that of a number that is not
 * there. So the row says 0 where the digest, and with it the chain, says none.
 * Taking the 0 away makes both right again; no link of the chain changes. */
#ifndef STORE_CHECK_REPAIR_H
#define STORE_CHECK_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;
struct log_fact;

/* Which numbers of a fact were -0.0. */
struct minus_zero {
	bool weight, confidence;
};

/* Does the digest of f match as it is? */
bool repair_matches(const struct log_fact *f);
/* Does it match when a 0 is taken for a -0.0? *ret says which. */
bool repair_is_minus_zero(const struct log_fact *f, struct minus_zero *ret);

/* Looks at a fact and, unless it is a dry run, mends it. 1 there was something
 * to mend, and *ret says what; 0 nothing, or no such fact. Writer only. */
int repair_fact(struct store *st, int64_t fact, bool dry_run,
	struct minus_zero *ret, struct err *e) MUST_CHECK;

#endif
