/* The one encoder of entities and relations as JSON (PROTOCOL.md, Reading). */
#ifndef MODEL_READ_ENCODE_H
#define MODEL_READ_ENCODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/store.h"

enum member { /* in the order of tools.c entity_members */
	MEMBER_ID = 1 << 0,
	MEMBER_NAME = 1 << 1,
	MEMBER_TYPE = 1 << 2,
	MEMBER_OBSERVATIONS = 1 << 3,
	MEMBER_RELATIONS = 1 << 4,
	MEMBER_TIER = 1 << 5,
	MEMBER_PIN = 1 << 6,
	MEMBER_VERSION = 1 << 7,
	MEMBER_BRANCH = 1 << 8,
	MEMBER_CREATED_AT = 1 << 9,
	MEMBER_UPDATED_AT = 1 << 10,
	MEMBER_NAMESPACE = 1 << 11,
	MEMBER_METADATA = 1 << 12,
	MEMBER_ALIASES = 1 << 13,
	MEMBER_FACTS = 1 << 14,
	MEMBER_ACCESS_COUNT = 1 << 15,
	MEMBER_CONFIRMED_AT = 1 << 16,
	MEMBER_EXPIRES_AT = 1 << 17
};
#define MEMBERS_DEFAULT                                                        \
	(MEMBER_ID | MEMBER_NAME | MEMBER_TYPE | MEMBER_OBSERVATIONS)

/* Mask of a `fields` array (checked by schema); MEMBERS_DEFAULT for NULL. */
unsigned encode_members(const json_t *fields);

struct scope;

struct origin;

/* One end of a relation, or an entity about to be encoded, as its existence
 * fact says. */
struct encode_end {
	int64_t existence, ns, label; /* of its type */
	const char *name;
	size_t name_n;
};

/* What the reader of many entities knows already of the next one, so that it is
 * not looked up once more. */
struct expiry;
struct encode_known {
	struct encode_end end;
	struct origin *origin; /* of the fact before, and then of its last */
	bool is_underived; /* none of its facts says what it is derived from */
	bool is_uncontested; /* nothing in the memory is in conflict */
	/* Gets its relations while its facts are read; NULL: not wanted. */
	fact_fn relation;
	void *ctx;
};

/* Facts in the order in which they were given; v is the owner's to free. */
struct encode_given {
	int64_t *v;
	size_t n, cap;
};

struct encode_options {
	unsigned members;
	int64_t home_ns;  /* entities elsewhere get `namespace` */
	size_t max_bytes; /* of this entity; facts beyond are left out and
			     counted in `omitted`; the first always stays.
			     0: no bound */
	const struct scope *reader; /* facts of others get `from`; NULL: not
			     told */
	int64_t valid_at;	    /* ms: only facts valid then; 0 or
			     FACT_NO_TIME: any */
	const struct encode_known *known; /* of the entity; NULL: nothing */
	struct expiry *expiry; /* facts whose end has come are left out; NULL:
				  they are given */
	struct encode_given *given; /* gets the observations that were given;
				       NULL: not wanted */
	const char *lead; /* search: facts containing one of these folded
			     words come first when some are left out;
			     NULL: order of creation */
};

/* 1 with a new object, 0 when the entity does not exist under the lens.
 * *ret_bytes (may be NULL) gets its size as compact JSON. */
int encode_entity(struct store *st, int64_t entity,
	const struct encode_options *o, json_t **ret, size_t *ret_bytes,
	struct err *e) MUST_CHECK;

/* {id, from, to, relationType, weight?}; from_namespace or to_namespace where
 * that end is in the user's memory and the relation in another. 1, or 0 when an end does not exist
 * under the lens. f: FACT_RELATION. */
int encode_relation(struct store *st, const struct fact *f, json_t **ret,
	struct err *e) MUST_CHECK;

/* The same between two ends that are known to exist. 0. */
int encode_relation_between(struct store *st, const struct fact *f,
	const struct encode_end *entity, const struct encode_end *peer,
	json_t **ret, struct err *e) MUST_CHECK;

/* Bytes of a JSON value in compact form. */
size_t encode_size(const json_t *j);

/* Bytes a reply may take: the lesser of max_bytes and max_tokens (4 bytes
 * each); without them LIMIT_REPLY_BYTES. */
int encode_budget(const json_t *params, size_t *ret_bytes, struct err *e)
	MUST_CHECK;

#endif
