/* Shared by encode.c and encode_members.c. */
#ifndef MODEL_READ_ENCODE_INTERNAL_H
#define MODEL_READ_ENCODE_INTERNAL_H

#include "memory-db/model/read/encode.h"

/* Sets j[key]; nothing for label 0. */
int encode_set_label(struct store *st, json_t *j, const char *key, int64_t id,
	struct err *e) MUST_CHECK;
int encode_set_time(json_t *j, const char *key, int64_t ms, struct err *e)
	MUST_CHECK;

/* All members of o->members but id, name, type and facts. */
int encode_set_members(struct store *st, int64_t entity, int64_t ns,
	const struct encode_options *o, json_t *j, struct err *e) MUST_CHECK;

/* The code that facts among these (ids, in the order in which they are given)
 * were read in, as the member `sources`: *ret a list, owned by the caller, and
 * the bytes of its JSON, 0 when it is empty. max: bytes after which the others
 * are left out; 0: none. */
int encode_sources(struct store *st, int64_t entity, const int64_t *ids,
	size_t n, size_t max, json_t **ret, size_t *ret_bytes, struct err *e)
	MUST_CHECK;

#endif
