#include "memory-db/model/useful/question.h"

#include <stdint.h>

#include "common/err.h"
#include "common/limits.h"

int
question_of_names(const json_t *names, struct buf *out)
{
	const json_t *name;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)names, i, name) {
		size_t n = json_string_length(name);

		if (out->len + n + 1 > LIMIT_QUERY_BYTES)
			return 0;
		if ((i > 0 && buf_addc(out, '\n') != 0) ||
			buf_add(out, json_string_value(name), n) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}
