/* Idempotency keys: which change a request made (table request, a day long)
 * and how it was answered (table answer, the newest ones). A key is looked for
 * before any name of its request is: namespaces, branches and entities may
 * have other names by the time of a retry, or none.
 *
 * Answers may hold names and texts, so forgetting drops them. */
#ifndef STORE_BESIDE_KEYS_H
#define STORE_BESIDE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

enum key_texts {
	KEY_TEXTS_ANY = 0,  /* of whatever namespace; else a namespace id */
	KEY_TEXTS_NONE = -1 /* nothing that can be forgotten */
};

struct key_seen {
	int64_t change;	 /* the newest it wrote; 0 or less: none */
	bool is_known;	 /* asked is */
	int64_t asked;	 /* key_hash() of what was asked */
	bool has_answer; /* body was filled */
};

/* Keyed with a secret of this database. */
int64_t key_hash(const struct store *st, const void *data, size_t n);

/* 1 seen within the time keys are kept, *ret filled and the answer (JSON)
 * appended to body; 0 not. Writer and scripts. */
int key_find(struct store *st, const char *key, struct key_seen *ret,
	struct buf *body, struct err *e) MUST_CHECK;

/* After the work, in its savepoint: remembers the key when the work did not,
 * and the answer (NULL: it is too long, the next time it is made again). */
int key_keep(struct store *st, const char *key, int64_t asked, int64_t texts,
	const struct buf *answer, struct err *e) MUST_CHECK;

/* Drops the answers that may hold texts of the namespace. */
int keys_forget(struct store *st, int64_t ns, struct err *e) MUST_CHECK;
/* Some of the keys that are too old to be asked for; outside a group. 1: there
 * may be more, 0, or negative. */
int keys_forget_old(struct store *st, struct err *e) MUST_CHECK;
/* Texts moved from one namespace to another. */
int keys_moved(struct store *st, struct err *e) MUST_CHECK;

#endif
