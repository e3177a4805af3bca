/* Members of JSON objects from what the store gives: texts, labels, times,
 * bytes. What history, export and the lists of the operator share. */
#ifndef MODEL_SCOPE_JSON_MEMBERS_H
#define MODEL_SCOPE_JSON_MEMBERS_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* A JSON string; a damaged text (no UTF-8) becomes a note in its place, so
 * that one bad row does not stop a read. NULL: no memory. Returns new. */
json_t *member_text(const char *s, size_t n) MUST_CHECK;

/* Each sets o[key]; 0 or MDB_E_NOMEM with *e set. */
int member_set_text(json_t *o, const char *key, const char *s, size_t n,
	struct err *e) MUST_CHECK;
int member_set_int(json_t *o, const char *key, int64_t v, struct err *e)
	MUST_CHECK;
int member_set_real(json_t *o, const char *key, double v, struct err *e)
	MUST_CHECK;
int member_set_bool(json_t *o, const char *key, int v, struct err *e)
	MUST_CHECK;
int member_set_time(json_t *o, const char *key, int64_t ms, struct err *e)
	MUST_CHECK;
/* Lower-case hexadecimal digits; n <= 32. */
int member_set_hex(json_t *o, const char *key, const unsigned char *bytes,
	size_t n, struct err *e) MUST_CHECK;
/* Takes v (NULL counts as no memory). */
int member_set_new(json_t *o, const char *key, json_t *v_new, struct err *e)
	MUST_CHECK;
/* A JSON object kept as text (metadata); what is no object is set as text. */
int member_set_parsed(json_t *o, const char *key, const char *text, size_t n,
	struct err *e) MUST_CHECK;
/* Text of a label; nothing is set for label 0. 0 or negative. */
int member_set_label(struct store *st, json_t *o, const char *key,
	int64_t label, struct err *e) MUST_CHECK;

/* o[key]: the text of a fact (what a mark is said of, what an observation
 * replaces); nothing when it was forgotten. */
int member_set_fact(struct store *st, json_t *o, const char *key, int64_t fact,
	struct err *e) MUST_CHECK;

/* The reverse of member_set_hex: exactly n bytes from 2 n digits. 0 or
 * MDB_E_INVALID. */
int member_hex(const char *text, unsigned char *out, size_t n) MUST_CHECK;

/* The present name of an entity, or its first when it exists no more. */
int member_entity_name(struct store *st, int64_t entity, json_t **ret,
	struct err *e) MUST_CHECK;

#endif
