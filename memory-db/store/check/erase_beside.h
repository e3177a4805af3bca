/* Texts that belong to no fact: messages of changes, questions of receipts,
 * notes of conflicts, reasons of reviews. An erasure of a fact takes those along
 * that may say it; here one of them goes alone. The digest of a message stays,
 * so the chain holds. */
#ifndef STORE_CHECK_ERASE_BESIDE_H
#define STORE_CHECK_ERASE_BESIDE_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/check/erase.h"

enum beside_place {
	BESIDE_MESSAGE,	 /* id: of the change */
	BESIDE_QUESTION, /* of the receipt, its number */
	BESIDE_NOTES,	 /* of the conflict */
	BESIDE_REASON,	 /* of the staged change */
	BESIDE_PLACES
};

/* Between erase_begin and erase_end; counted as a message or a note. */
int erase_beside(struct erasure *x, enum beside_place place, int64_t ns,
	int64_t id, struct err *e) MUST_CHECK;

/* The texts of a namespace at such a place with id > after, by id. fn returns
 * non-zero to stop. */
typedef int (*beside_fn)(void *ctx, int64_t id, const char *text, size_t n);
int beside_each(struct store *st, enum beside_place place, int64_t ns,
	int64_t after, beside_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* One of them. 1: fn was called and returned 0. */
int beside_get(struct store *st, enum beside_place place, int64_t ns,
	int64_t id, beside_fn fn, void *ctx, struct err *e) MUST_CHECK;

#endif
