/* Writing: one change at a time, built op by op and sealed with its link of
 * the namespace's hash chain. Only on the writer, inside a savepoint.
 *
 *   digest(fact) = H16("mf2", salt, ns, entity, kind, peer, label text, weight,
 *                  method, confidence, valid_from, valid_to, source text,
 *                  speaker text, source_at, supersedes, text)
 *   digest(msg)  = H16("mm2", salt, message), 16 zero bytes without a message
 *   chain        = H32("mc2", previous chain of the namespace, ns, id, at,
 *                  branch, kind, about, actor, client, session (texts),
 *                  digest(msg), then per op by seq: what, entity, fact,
 *                  key, value (0: none), and digest(fact) when it shows;
 *                  last the number of ops)
 * Example: "create Ada, who likes tea" is a change with two ops. Op 0 shows fact
 * 1 (Ada exists), op 1 shows fact 2 ("likes tea"). Its chain covers both digests
 * and the chain of the change before it; so whoever alters fact 1 in the file
 * must alter every chain since, up to the head that somebody may have noted.
 *
 * H = BLAKE2b of 16 or 32 bytes; integers as i64 little endian, NULL as
 * INT64_MIN; doubles by their bits; text = i64 length, then bytes. */
#ifndef STORE_LOG_CHANGE_H
#define STORE_LOG_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/facts.h"

enum change_kind {
	CHANGE_CREATE = 1,
	CHANGE_ADD,
	CHANGE_RELATE,
	CHANGE_DELETE,
	CHANGE_UPDATE,
	CHANGE_RENAME,
	CHANGE_IMPORT,
	CHANGE_MOVE,
	CHANGE_UNDO,
	CHANGE_REVERT,
	CHANGE_MERGE,
	CHANGE_BRANCH,
	CHANGE_SCRIPT,
	CHANGE_CURATE,
	CHANGE_FORGET,
	CHANGE_FOLD, /* seals a base (base.h); about: its last change */
	CHANGE_KIND_MAX
};
const char *change_kind_name(int kind); /* "create", ... ; static */

enum op_what {
	OP_SHOW = 1,   /* fact */
	OP_HIDE = 2,   /* fact */
	OP_ATTR = 3,   /* key, value; fact = value before + 1, 0 unset */
	OP_BRANCH = 4, /* see change_branch */
	OP_ERASE = 5,  /* see erase.h */
	OP_DERIVE = 6,
	OP_FOLD = 7 /* key 0 to 3: value is that part of a seal */
};

/* What is left of a change that was folded into a base (base.h). Its link is
 * that of the chain of what is left; the last one, `is_base`, has the link of
 * the chain before, on which the next change stands. */
struct change_folded {
	int64_t fact_max, past_max;
	unsigned char chain[32];
	bool is_base;
};

/* A change that is replayed from an export: given, not drawn. */
struct change_given {
	const struct change_folded *folded; /* or NULL */
	int64_t id, at;
	const unsigned char *message_salt; /* FACT_SALT_BYTES; with a message */
	const unsigned char *message_digest; /* FACT_DIGEST_BYTES, of one that
						was forgotten; or NULL */
};
struct change_info {
	int64_t ns, branch;
	enum change_kind kind;
	const char *actor, *client, *session, *message; /* or NULL */
	int64_t about;					/* 0: none */
	const struct change_given *given;		/* NULL: a new change */
};

struct change;

/* Begins a change; nothing is written before the first op. Returns new. */
int change_begin(struct store *st, const struct change_info *info,
	struct change **ret, struct err *e) MUST_CHECK;

/* Makes an entity, which exists nowhere yet: what it has is from this change, so
 * nothing is looked for. Its existence fact comes next. */
int change_make_entity(struct change *c, const char *name, size_t n,
	int64_t *ret_id, struct err *e) MUST_CHECK;
/* Shows a new fact. f: id, added, erased ignored; text as given (for
 * FACT_EXISTENCE the present name; stored only when it is not the first name).
 * The caller has made sure it is not visible already. *ret_id may be NULL. */
int change_add_fact(struct change *c, const struct fact *f, int64_t *ret_id,
	struct err *e) MUST_CHECK;
/* The same for a replayed fact: f->id must be the next of its namespace; salt
 * is given, or, when f->erased, the digest alone. */
int change_replay_fact(struct change *c, const struct fact *f,
	const unsigned char *salt, const unsigned char *digest, struct err *e)
	MUST_CHECK;
/* Hides a visible fact / shows a hidden one again. */
int change_hide(struct change *c, int64_t fact, struct err *e) MUST_CHECK;
int change_show(struct change *c, int64_t fact, struct err *e) MUST_CHECK;
/* Sets an attribute; no op when it has that value. */
int change_attr(struct change *c, int64_t entity, enum attr_key key,
	int64_t value, struct err *e) MUST_CHECK;

/* The same of a folded change, which says what there was before: the row in
 * `past`, the value of the attribute + 1. */
int change_hide_as(struct change *c, int64_t fact, int64_t past, struct err *e)
	MUST_CHECK;
int change_attr_as(struct change *c, int64_t entity, enum attr_key key,
	int64_t told, int64_t value, struct err *e) MUST_CHECK;

/* A part of the seal of a base, 0 to 3. */
int change_fold(struct change *c, int64_t part, int64_t value, struct err *e)
	MUST_CHECK;

/* Creating (value: branch, fact: fork), merging (fact: the last change of the
 * branch that is taken; 0: the one before this) or discarding a branch, so that
 * the chain covers it. */
enum branch_action { BRANCH_OP_CREATE = 1, BRANCH_OP_MERGE, BRANCH_OP_DISCARD };
int change_branch(struct change *c, enum branch_action action, int64_t branch,
	int64_t fork, struct err *e) MUST_CHECK;

/* Records that a new fact (added with FACT_DERIVED) was derived from another. */
int change_derive(struct change *c, int64_t entity, int64_t fact,
	int64_t source, struct err *e) MUST_CHECK;

/* From now on, what it shows on main is or is not compared with what is there by
 * who writes it (shown_late.h). At first it is not. */
void change_compared(struct change *c, bool is_compared);

/* Facts touched so far, against LIMIT_CHANGE_FACTS (checked by each op). */
int64_t change_ops(const struct change *c);
/* Its id: that of the newest change + 1, whether or not it will be sealed. */
int64_t change_id(const struct change *c);

/* Seals: versions of the entities touched, chain, change row. Frees c.
 * *ret_change 0 when it had no op (nothing is written then). */
int change_seal(struct change *c, int64_t *ret_change, int64_t *ret_at,
	struct err *e) MUST_CHECK;
/* Frees without sealing; the caller rolls the savepoint back. NULL is fine. */
void change_drop(struct change *c);

/* A version that a base kept (base.h). */
struct version_kept {
	int64_t ns, entity, branch, n, change, bytes;
};

static inline void
cleanup_change(struct change **c)
{
	change_drop(*c);
}
#define AUTO_CHANGE __attribute__((cleanup(cleanup_change)))

/* --- retries -------------------------------------------------------------- */
/* 1: the key was seen; *ret_change is the newest change after it ran (its
 * own when it wrote one). */
int request_seen(struct store *st, const char *key, int64_t *ret_change,
	struct err *e) MUST_CHECK;
int request_remember(struct store *st, const char *key, int64_t change,
	struct err *e) MUST_CHECK;

#endif
