/* Facts and attributes as a lens shows them, and the usage counters.
 *
 * The same call gives different facts under different lenses: fact_each of
 * `ada` is "lives in Oslo" now, and "lives in Rome" under the lens of last
 * year. The lens is applied to the connection first (lens_apply); nothing here
 * takes one as a parameter. Attributes are numbers of an entity (tier, pin,
 * times), with spans like facts. */
#ifndef STORE_FACTS_FACTS_H
#define STORE_FACTS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* As the file has them. Statements write them as SQL_TAG and so on (SQL_OF of
 * store_internal.h). */
#define FACT_KIND_EXISTENCE   0
#define FACT_KIND_OBSERVATION 1
#define FACT_KIND_RELATION    2
#define FACT_KIND_METADATA    3
#define FACT_KIND_TAG	      4
#define FACT_KIND_NOTE	      5
#define SQL_EXISTENCE	      SQL_OF(FACT_KIND_EXISTENCE)
#define SQL_OBSERVATION	      SQL_OF(FACT_KIND_OBSERVATION)
#define SQL_RELATION	      SQL_OF(FACT_KIND_RELATION)
#define SQL_METADATA	      SQL_OF(FACT_KIND_METADATA)
#define SQL_TAG		      SQL_OF(FACT_KIND_TAG)
#define SQL_NOTE	      SQL_OF(FACT_KIND_NOTE)
/* What the text indexes hold. */
#define SQL_INDEXED "(" SQL_EXISTENCE ", " SQL_OBSERVATION ")"
/* What is said of another fact. */
#define SQL_MARKS "(" SQL_TAG ", " SQL_NOTE ")"
enum fact_kind {
	FACT_EXISTENCE = FACT_KIND_EXISTENCE,
	FACT_OBSERVATION = FACT_KIND_OBSERVATION,
	FACT_RELATION = FACT_KIND_RELATION,
	FACT_METADATA = FACT_KIND_METADATA,
	/* marks: said of another fact, an observation of the same entity */
	FACT_TAG =
		FACT_KIND_TAG, /* text: the tag; label: the same, to find by */
	FACT_NOTE = FACT_KIND_NOTE /* text: its metadata, a JSON object */
};
#define FACT_KIND_LAST FACT_NOTE
/* Text of a relation that leads from its peer to its entity: one between a
 * project and the user's memory belongs to the end that is the project's. */
#define FACT_REVERSED "<"
#define FACT_MARKS    (1u << FACT_TAG | 1u << FACT_NOTE)
enum fact_method { METHOD_MANUAL, METHOD_AUTO, METHOD_IMPORT, METHOD_SCRIPT };

/* fact.flags, beside FACT_DERIVED (derivations.h): speaker, session, date, confidence
 * and weight are what an agent says of it, not what the service knows. */
#define FACT_CLAIMED 2

#define FACT_DIGEST_BYTES 16
#define FACT_SALT_BYTES	  8
#define FACT_NO_TIME	  INT64_MIN /* NULL in valid_from, valid_to, source_at */

struct fact {
	int64_t id, entity;
	int64_t ns; /* of the entity; set by reads */
	enum fact_kind kind;
	int64_t peer, label; /* 0: none */
	double weight;	     /* < 0: none */
	enum fact_method method;
	double confidence; /* < 0: none */
	int64_t valid_from, valid_to, source_at;
	int64_t source, speaker; /* 0: none */
	int64_t supersedes; /* a fact; marks: what they are said of; 0: none */
	int64_t added;	    /* change that shows it under the lens */
	int flags;
	bool erased;	  /* forgotten: no text */
	const char *text; /* borrowed until the callback returns; for
				   FACT_EXISTENCE the present name */
	size_t text_n;
};

/* Non-zero stops and is returned by the loop. */
typedef int (*fact_fn)(void *ctx, const struct fact *f);

/* The visible facts of an entity by id; kinds: bit mask of 1 << kind. Each
 * text's digest is checked: MDB_E_CORRUPT names the fact. */
int fact_each(struct store *st, int64_t entity, unsigned kinds, fact_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* Visible observations of an entity, newest first, of `low` to `high` bytes,
 * among its newest `most` facts. */
int fact_each_newest(struct store *st, int64_t entity, int64_t low,
	int64_t high, int64_t most, fact_fn fn, void *ctx, struct err *e)
	MUST_CHECK;

/* The namespace that reads: relations of no other but `default` are incoming
 * ones to it. Set with the scope of each request. */
void fact_home(struct store *st, int64_t ns);

/* Visible relations that name an entity as their peer, as far as the namespace
 * that reads may see them. */
int fact_each_incoming(struct store *st, int64_t entity, fact_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

/* The existence fact under the lens: 1 the entity exists, 0 not. name gets
 * its present name appended; any of the pointers may be NULL. */
int fact_existence(struct store *st, int64_t entity, int64_t *ret_fact,
	int64_t *ret_type_label, struct buf *name, struct err *e) MUST_CHECK;

/* One visible fact of an entity by kind and exact text (observations), or by
 * label and peer (relations). 1 found. */
int fact_find_text(struct store *st, int64_t entity, enum fact_kind kind,
	const char *text, size_t n, int64_t *ret_fact, struct err *e)
	MUST_CHECK;
int fact_find_relation(struct store *st, int64_t entity, int64_t peer,
	int64_t label, bool reversed, int64_t *ret_fact, struct err *e)
	MUST_CHECK;

/* The visible marks of a fact by id; kinds as above. fn must not look facts up
 * by their content itself. */
int fact_each_mark(struct store *st, int64_t entity, int64_t of, unsigned kinds,
	fact_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* A visible mark of a fact with this text; text NULL: any of the kind. */
int fact_find_mark(struct store *st, int64_t entity, int64_t of,
	enum fact_kind kind, const char *text, size_t n, int64_t *ret_fact,
	struct err *e) MUST_CHECK;

/* Any fact by id, visible or not. 1 found. */
int fact_get(struct store *st, int64_t id, fact_fn fn, void *ctx, struct err *e)
	MUST_CHECK;

/* Existing entities of a namespace in order of creation, after existence fact
 * `after` (0: from the start). *ret_... via callback: FACT_EXISTENCE facts. */
int fact_each_entity(struct store *st, int64_t ns, int64_t after, fact_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* All facts of a namespace that are not erased, visible or not and of every
 * branch, by id, after fact `after` (0: from the start). */
int fact_each_stored(struct store *st, int64_t ns, int64_t after, fact_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* --- numbers of an entity ------------------------------------------------- */
enum attr_key {
	ATTR_TIER = 1,
	ATTR_PIN = 2,
	ATTR_PIN_ASKED = 3, /* 1: the pin is an agent's (model/read/pins.h) */
	ATTR_CONFIRMED = 4, /* when it was last said to be right, ms */
	ATTR_EXPIRES = 5,   /* when it is to go by itself, ms; 0: never */
	ATTR_FACT_EXPIRES = 6, /* the earliest such time of its facts */
	/* When one of its facts was last said to be right by itself, ms: the
	 * notes of its facts say which and when. */
	ATTR_FACT_CONFIRMED = 7,
	ATTR_LAST_OF_ENTITY = ATTR_FACT_CONFIRMED,
	/* From here on, + conflict.id: what was decided about it, an enum
	 * conflict_decision (store/log/conflicts.h). */
	ATTR_CONFLICT = 1024,
	ATTR_LAST = ATTR_CONFLICT + (1 << 30)
};
/* All of them, for an array. */
#define ATTR_KEYS                                                              \
	{                                                                      \
		ATTR_TIER, ATTR_PIN, ATTR_PIN_ASKED, ATTR_CONFIRMED,           \
			ATTR_EXPIRES, ATTR_FACT_EXPIRES, ATTR_FACT_CONFIRMED   \
	}
/* The value under the lens, or 0 when never set. */
int attr_get(struct store *st, int64_t entity, enum attr_key key,
	int64_t *ret_value, struct err *e) MUST_CHECK;

struct entity_times {
	int64_t version;		/* under the lens */
	int64_t created_at, updated_at; /* of its first and newest version */
	int64_t hits, last_at;		/* usage, not versioned */
};
int entity_times(struct store *st, int64_t entity, struct entity_times *ret,
	struct err *e) MUST_CHECK;
/* Its version alone; 0 for none. */
int entity_newest(struct store *st, int64_t entity, int64_t *ret_version,
	struct err *e) MUST_CHECK;

/* The change of version n of an entity under the lens. 1 found. */
int entity_version(struct store *st, int64_t entity, int64_t n,
	int64_t *ret_change, struct err *e) MUST_CHECK;

static inline bool
fact_is_reversed(const struct fact *f)
{
	return f->kind == FACT_RELATION && f->text_n > 0;
}

static inline bool
fact_is_mark(int64_t kind)
{
	return kind == FACT_TAG || kind == FACT_NOTE;
}

/* Namespace of a fact or past id. */
static inline int64_t
fact_namespace(int64_t id)
{
	return id >> 33;
}

/* The namespace of an entity where the lens applied asks for it (lens_limit), 0
 * where it does not. */
int entity_lens_namespace(struct store *st, int64_t entity, int64_t *ret_ns,
	struct err *e) MUST_CHECK;

#endif
