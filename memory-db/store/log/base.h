/* The base of a namespace: what is left of its oldest changes once `memoryctl
 * compact` has folded them (store/check/fold.h).
 *
 *   changes     1  2  3  4  5 | 6  7  8        base = 5, the last one folded
 *               what is left  | as they were
 *
 * Changes up to the base have lost every op that no read of change 5 or later
 * can see. What they have left makes a chain of its own, from nothing; change 5
 * keeps the link that change 6 stands on, and a change of kind "fold" at the
 * end of the log holds the seal over both (chain_seal). So heads that somebody
 * noted at change 5 or later stay links of the chain, and whoever alters the
 * base must alter the seal, and with it every change since.
 *
 * Before its base a namespace cannot be read, undone to or reverted to. */
#ifndef STORE_LOG_BASE_H
#define STORE_LOG_BASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/log/log.h"

struct store;

/* The last change that was folded; 0: none was. *ret_open (may be NULL): it is
 * being replayed from a log, and not complete. */
int log_base(struct store *st, int64_t ns, int64_t *ret, bool *ret_open,
	struct err *e) MUST_CHECK;
/* change negative: the base is open, and reaches up to there so far. */
int log_base_set(struct store *st, int64_t ns, int64_t change, struct err *e)
	MUST_CHECK;
/* The newest base of all namespaces; 0: nothing was folded. */
int log_base_newest(struct store *st, int64_t *ret, struct err *e) MUST_CHECK;
/* The newest change that seals the base of namespace ns (0: of any); 0: none. */
int log_base_seal(struct store *st, int64_t ns, int64_t *ret, struct err *e)
	MUST_CHECK;
/* MDB_E_NOT_FOUND, with a text that says why, for a change before the base. */
int log_base_check(struct store *st, int64_t ns, int64_t change, struct err *e)
	MUST_CHECK;

/* log_get(), but what is left of a folded change, which cannot be taken back, is
 * that error. */
int log_get_unfolded(struct store *st, int64_t ns, int64_t id, log_change_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* entity_version(), but one that was folded is an error that says so. */
int log_base_version(struct store *st, int64_t entity, int64_t n,
	int64_t *ret_change, struct err *e) MUST_CHECK;

/* Versions that the bases of namespaces (ns 0: of all) kept, with entity > after,
 * by entity. fn returns non-zero to stop. */
struct version_kept;
typedef int (*log_version_fn)(void *ctx, const struct version_kept *v);
int log_base_versions(struct store *st, int64_t ns, int64_t after,
	log_version_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Keeps one of a change that is not there yet. One that is kept already stays: an
 * import that was killed begins anew. */
int log_base_keep_version(struct store *st, const struct version_kept *v,
	struct err *e) MUST_CHECK;
/* Is a version kept, of a change of this namespace or of none before change
 * `seal`, whose entity is not there? 1 (ret_entity says which), 0, or an error. */
int log_base_stray_version(struct store *st, int64_t ns, int64_t seal,
	int64_t *ret_entity, struct err *e) MUST_CHECK;
/* The row in `past` of the span of main that a change ended. 1 found. */
int log_base_past(struct store *st, int64_t fact, int64_t change,
	int64_t *ret_row, struct err *e) MUST_CHECK;

#endif
