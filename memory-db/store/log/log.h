/* Reading the log: changes and what they did. The log has everything that was
 * ever written, visible or not; a lens says nothing here. Change 2 of the log
 * says "hid fact 2, showed fact 3", also when both are gone by now. */
#ifndef STORE_LOG_LOG_H
#define STORE_LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/facts/facts.h"

struct store;

struct log_change {
	int64_t id, ns, at, branch, about, fact_max, past_max;
	enum change_kind kind;
	int64_t actor, client, session; /* labels, 0: none */
	const char *message;		/* borrowed, or NULL */
	size_t message_n;
	const unsigned char *message_salt, *message_digest; /* or NULL */
	const unsigned char *chain;			    /* 32 bytes */
	int64_t version; /* of the entity asked for; else 0 */
};
struct log_op {
	int64_t change, seq;
	enum op_what what;
	int64_t entity, fact, key, value;
};

typedef int (*log_change_fn)(void *ctx, const struct log_change *c);
typedef int (*log_op_fn)(void *ctx, const struct log_op *op);

/* Changes with id < before, newest first, of namespace ns (0: all) and session
 * label (0: all). fn returns non-zero to stop. */
int log_newest(struct store *st, int64_t ns, int64_t session, int64_t before,
	log_change_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Changes that touched an entity under the lens, newest first. */
int log_of_entity(struct store *st, int64_t entity, int64_t before,
	log_change_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Changes with id > after, oldest first, of namespace ns (0: all). */
int log_since(struct store *st, int64_t ns, int64_t after, log_change_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* The same without the changes of a base, of which only a part is left
 * (base.h). */
int log_feed(struct store *st, int64_t ns, int64_t after, log_change_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* One change. 1 found. */
int log_get(struct store *st, int64_t id, log_change_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* Its ops from seq `from` on; entity 0: all. */
int log_ops(struct store *st, int64_t change, int64_t entity, int64_t from,
	log_op_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* All ops of this kind behind op `seq` of a change, by both. */
int log_ops_of_kind(struct store *st, enum op_what what, int64_t change,
	int64_t seq, log_op_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* Whether an op erased this fact, or all of the entity: 1, else 0. */
int log_is_erased(struct store *st, int64_t entity, int64_t fact, struct err *e)
	MUST_CHECK;

/* How many ops it has. */
int log_op_count(struct store *st, int64_t change, int64_t *ret_n,
	struct err *e) MUST_CHECK;

/* A fact with all that its digest covers, whether visible or not. Nothing is
 * checked: verify compares, export writes what is there. */
struct log_fact {
	int64_t id, ns, entity, kind, peer, method, supersedes; /* 0: none */
	double weight, confidence;				/* < 0: none */
	int64_t valid_from, valid_to, source_at; /* FACT_NO_TIME: none */
	const char *label, *source, *speaker;	 /* texts, NULL: none */
	const unsigned char *salt;     /* FACT_SALT_BYTES; NULL: erased */
	const unsigned char *digest;   /* FACT_DIGEST_BYTES */
	int64_t same, label_id, flags; /* same -1: none */
	int64_t size;		       /* of the text, as recorded */
	bool damaged;		       /* its stored form gives no text */
	const unsigned char *body;     /* as stored; NULL: none */
	size_t body_n;
	const char *text; /* existence: the name; NULL: erased
					   or damaged */
	size_t text_n;
	const char *first_name; /* of its entity; NULL: forgotten */
	size_t first_name_n;
};
typedef int (*log_fact_fn)(void *ctx, const struct log_fact *f);

/* One fact. 1 found. */
int log_fact(struct store *st, int64_t id, log_fact_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* The first fact that says that an entity exists. 1 found. */
int log_existence(struct store *st, int64_t entity, log_fact_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* The change that showed a fact first. 1 found. */
int log_first_shown(struct store *st, int64_t fact, int64_t *ret_change,
	struct err *e) MUST_CHECK;
/* True when no change before `change` shows the fact: 1, else 0. */
int log_is_new(struct store *st, int64_t fact, int64_t change, struct err *e)
	MUST_CHECK;
/* Facts with id > after by id; fn returns non-zero to stop. */
int log_facts_after(struct store *st, int64_t after, log_fact_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

/* Entities touched by the changes of a branch with after < id <= upto, each
 * once, in no order. fn returns non-zero to stop. */
int log_entities(struct store *st, int64_t ns, int64_t branch, int64_t after,
	int64_t upto, int (*fn)(void *ctx, int64_t entity), void *ctx,
	struct err *e) MUST_CHECK;

/* What the ops of main with after < change <= upto touched, in their order. fn
 * returns non-zero to stop. */
struct log_touch {
	enum op_what what;
	int64_t entity, key; /* key: of an attribute */
	int64_t kind, peer;  /* of a fact shown or hidden; kind -1: of none */
};
typedef int (*log_touch_fn)(void *ctx, const struct log_touch *x);
int log_touched(struct store *st, int64_t after, int64_t upto, log_touch_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* The chain of a namespace as of a change: its head then. 1 found (32 bytes
 * into ret, *ret_change), 0: no change of it yet. */
int log_head_at(struct store *st, int64_t ns, int64_t change,
	unsigned char ret[32], int64_t *ret_change, struct err *e) MUST_CHECK;

#endif
