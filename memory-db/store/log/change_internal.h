/* A change under construction, shared by change.c (beginning), change_facts.c
 * (ops) and change_seal.c. */
#ifndef STORE_LOG_CHANGE_INTERNAL_H
#define STORE_LOG_CHANGE_INTERNAL_H

#include "memory-db/store/log/change.h"
#include "memory-db/store/log/chain.h"
#include "memory-db/store/engine/store_internal.h"

/* An entity touched by the change: its next version grows by `delta`. */
struct change_touched {
	int64_t entity, delta;
};

struct change {
	struct store *st;
	struct change_info info;
	int64_t id, at, fact_max, past_max;
	int64_t seq;
	unsigned char head[CHAIN_BYTES];
	unsigned char message_salt[FACT_SALT_BYTES];
	unsigned char message_digest[FACT_DIGEST_BYTES];
	struct chain chain;
	struct change_touched *touched; /* open addressing by entity */
	size_t touched_n, touched_cap;
	struct buf body, text;
	int64_t made_first; /* entities from this id on are made by this change;
			       0: it made none */
	int64_t made_last;  /* the one made last, and its name */
	struct buf made_name;
	bool has_attrs;	  /* it has set an attribute, of whichever entity */
	bool is_compared; /* see change_compared() */
};

/* The entity is made by this very change: whatever the tables have of it, this
 * change has put there. */
static inline bool
change_made(const struct change *c, int64_t entity)
{
	return c->made_first != 0 && entity >= c->made_first;
}

/* What is left of a change of a base that is replayed; NULL: it is none. */
static inline const struct change_folded *
change_folded_of(const struct change *c)
{
	return c->info.given ? c->info.given->folded : NULL;
}

/* A replayed change whose message was forgotten: its digest alone is known. */
static inline bool
change_is_forgotten(const struct change *c)
{
	return c->info.given != NULL && c->info.given->message_digest != NULL;
}

/* Records that the change makes a version of the entity whose JSON form grows
 * by delta bytes. */
int change_touch(struct change *c, int64_t entity, int64_t delta, struct err *e)
	MUST_CHECK;

/* --- change_seal.c, used by base.c ----------------------------------------- */
/* Writes a row of `version` by s, which takes its five columns, and counts it,
 * unless s leaves one that is there as it is. */
int change_put_version(struct store *st, sqlite3_stmt *s,
	const struct version_kept *v, struct err *e) MUST_CHECK;

/* --- change_facts.c, used by change_add.c and change_attrs.c -------------- */
bool change_on_main(const struct change *c);
/* Writes one op and feeds it to the chain; MDB_E_LIMIT above
 * LIMIT_CHANGE_FACTS. */
int change_op(struct change *c, enum op_what what, int64_t entity, int64_t fact,
	int64_t key, int64_t value, const unsigned char *digest, struct err *e)
	MUST_CHECK;
/* Shows f, which has its id, on the change's branch from now on: its span, its
 * op with the digest, the version of its entity, the counters and the index. */
int change_open_fact(struct change *c, const struct fact *f,
	const unsigned char *digest, struct err *e) MUST_CHECK;

#endif
