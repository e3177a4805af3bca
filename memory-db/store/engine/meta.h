/* Named state: small texts that belong to the database and to no change. A job
 * that goes on after a restart keeps its place here ("run:merge/..."), and so do
 * settings of a namespace ("recall_weights/..."). A text is written in the
 * transaction of the group, so it goes with a rollback. */
#ifndef STORE_ENGINE_META_H
#define STORE_ENGINE_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* What every key begins with; who owns it, and what for, says meta.c. */
#define META_RUN	    "run:"
#define META_RUN_LAST	    "run;" /* behind all keys of runs */
#define META_RUN_OPEN	    "open:"
#define META_RUN_OPEN_LAST  "open;" /* behind all of these */
#define META_IMPORT	    "import:"
#define META_HIDDEN	    "hidden/"
#define META_RECALL_WEIGHTS "recall_weights/"
#define META_CURATED	    "curated/"
#define META_SETTINGS	    "settings/"
#define META_SCAN	    "scan/"
#define META_SCANNING	    "scanning/"
#define META_SCANNING_LAST  "scanning0" /* behind all of these */
#define META_SKILLS	    "skills_unmarked_to"
#define META_SETTLED	    "settled"
#define META_BASE	    "base/"

/* Does an owner know a key that begins so? */
bool meta_is_known(const char *key);

/* For the writer, while a group is under way: a number that is another one when
 * a text may be another one. Who reads the same text with each request keeps it
 * with this number (model/scope/settings.c). 0: nothing may be kept. */
uint64_t meta_state(const struct store *st);

/* Appends the value. 1 found, 0 not. */
int meta_get(struct store *st, const char *key, struct buf *out, struct err *e)
	MUST_CHECK;
int meta_set(struct store *st, const char *key, const char *value, size_t n,
	struct err *e) MUST_CHECK;
/* Drops one key. */
int meta_drop_one(struct store *st, const char *key, struct err *e) MUST_CHECK;
/* Drops all keys with from <= key < to. */
int meta_drop(struct store *st, const char *from, const char *to, struct err *e)
	MUST_CHECK;
typedef int (*meta_fn)(void *ctx, const char *value, size_t n);
/* Values of the keys with from <= key < to, in order. fn returns non-zero to
 * stop, and that is returned. */
int meta_each(struct store *st, const char *from, const char *to, meta_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

#endif
