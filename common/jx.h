/* Typed getters over jansson that name the failing path. Borrowing: returned
 * pointers live as long as the object. All set *e and return a negative code
 * on a wrong type or range, 0 when found, 1 when absent (or null) and not
 * required: *ret is untouched then. */
#ifndef COMMON_JX_H
#define COMMON_JX_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

#define JX_REQUIRED true
#define JX_OPTIONAL false

/* n: length in bytes, may be NULL. */
int jx_string(const json_t *o, const char *key, bool required, const char **ret,
	size_t *ret_n, struct err *e) MUST_CHECK;
int jx_int(const json_t *o, const char *key, bool required, int64_t min,
	int64_t max, int64_t *ret, struct err *e) MUST_CHECK;
int jx_number(const json_t *o, const char *key, bool required, double min,
	double max, double *ret, struct err *e) MUST_CHECK;
int jx_bool(const json_t *o, const char *key, bool required, bool *ret,
	struct err *e) MUST_CHECK;
int jx_array(const json_t *o, const char *key, bool required, json_t **ret,
	struct err *e) MUST_CHECK;
int jx_object(const json_t *o, const char *key, bool required, json_t **ret,
	struct err *e) MUST_CHECK;

/* The text of a member that was checked before; NULL when it is absent. */
const char *jx_text(const json_t *o, const char *key);

/* JSON's name of the type: "string", "integer", "number", "boolean", ... */
const char *jx_type_name(const json_t *v);

/* What a number is, everywhere: many writers of JSON send 1.0 for 1, so a real
 * without a fraction is that integer, as long as it names just one (below
 * 2^53; 2^53 + 1 reads as 2^53). -0.0 is 0: storage has no other. */
bool jx_integral(const json_t *v, int64_t *ret);
double jx_real(const json_t *v); /* of any number; 0 for what is none */
/* Puts the integer in the place of a member that is one written as 1.0. 0 or
 * MDB_E_NOMEM. */
int jx_settle_integer(json_t *o, const char *key) MUST_CHECK;

/* Nesting of what the parser takes: FRAME_DEPTH_MAX with room for envelopes. */
#define JX_DEPTH_MAX 256

/* Parses one JSON object: duplicate keys, NUL, invalid UTF-8, lone surrogates
 * and numbers out of range are errors whose text says where. Returns new, or
 * NULL with *e set (MDB_E_PROTOCOL, or MDB_E_NOMEM). */
json_t *jx_parse(const char *data, size_t n, struct err *e) MUST_CHECK;

/* The same; but a number out of range, which is good JSON all the same, reads
 * as null, and number says which it was (MDB_E_INVALID, param: its path). So a
 * request can be answered under its id. */
json_t *jx_parse_lenient(const char *data, size_t n, struct err *number,
	struct err *e) MUST_CHECK;

/* jx_parse for any JSON value. */
json_t *jx_parse_any(const char *data, size_t n, struct err *e) MUST_CHECK;

/* Appends compact JSON; numbers with the fewest digits that read back the
 * same. 0 or MDB_E_NOMEM. */
int jx_dump(const json_t *j, struct buf *out) MUST_CHECK;

/* Bytes that jx_dump appends. */
size_t jx_dump_size(const json_t *j);

/* Appends s as a JSON string with its quotes. 0 or MDB_E_NOMEM. */
int jx_quote(const char *s, size_t n, struct buf *out) MUST_CHECK;

/* Bytes of s as a JSON string with its quotes (control characters and quotes
 * escaped, the rest as UTF-8). */
size_t jx_quoted_size(const char *s, size_t n);

/* The value with all that is in it, as a new one; NULL: no memory. Those of
 * jansson (json_copy, json_deep_copy) leave members out then. */
json_t *jx_copy(const json_t *v) MUST_CHECK;

/* json_object_set_new / json_array_append_new that take the value also on
 * failure and return MDB_E_NOMEM then (value NULL counts as no memory). */
int jx_set(json_t *o, const char *key, json_t *value_new) MUST_CHECK;
int jx_add(json_t *a, json_t *value_new) MUST_CHECK;

#endif
