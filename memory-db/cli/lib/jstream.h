/* Takes a large JSON file apart in constant memory: the elements of its array,
 * or of the arrays that are members of its object, one after the other.
 *
 *   [{"a": 1}, {"a": 2}]                    fn("", {"a": 1}), fn("", {"a": 2})
 *   {"n": 2, "memories": [{"a": 1}], ..}    fn("memories", {"a": 1})
 *
 * A file that was cut off gives the elements that are whole. */
#ifndef CLI_LIB_JSTREAM_H
#define CLI_LIB_JSTREAM_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "memory-db/cli/lib/bytesource.h"

/* Non-zero stops and is returned. */
typedef int (*jstream_fn)(void *ctx, const char *key, const json_t *element);

struct jstream_result {
	int64_t elements;
	int64_t left_out; /* longer than JSTREAM_ELEMENT_BYTES, or no JSON */
	bool is_torn;	  /* the file ends within an element */
};

/* One conversation, or one record. Parsed it takes some five times as much. */
#define JSTREAM_ELEMENT_BYTES (6 * 1024 * 1024)

/* 0, what fn returned, MDB_E_STORE or MDB_E_NOMEM. */
int jstream_each(struct bytesource *from, jstream_fn fn, void *ctx,
	struct jstream_result *ret) MUST_CHECK;

#endif
