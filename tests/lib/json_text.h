/* JSON written as text in a test. */
#ifndef TESTS_LIB_JSON_TEXT_H
#define TESTS_LIB_JSON_TEXT_H

#include <jansson.h>

#include "common/cleanup.h"
#include "tests/lib/unit.h"

static inline json_t *
json(const char *text)
{
	json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(j);
	return j;
}

static inline void
assert_json(json_t *got, const char *wanted)
{
	AUTO_FREE char *text = json_dumps(got, JSON_COMPACT);

	assert_non_null(text);
	assert_string_equal(text, wanted);
}

#endif
