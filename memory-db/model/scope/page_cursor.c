#include "memory-db/model/scope/page_cursor.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

void
page_cursor_format(char out[PAGE_CURSOR_SIZE], char letter, const int64_t *v,
	size_t n)
{
	size_t used = 1;

	assert(n <= PAGE_CURSOR_MAX);
	out[0] = letter;
	out[1] = '\0';
	for (size_t i = 0; i < n; i++) {
		int k = snprintf(out + used, PAGE_CURSOR_SIZE - used,
			"%s%" PRId64, i > 0 ? "." : "", v[i]);

		assert(k > 0 && (size_t)k < PAGE_CURSOR_SIZE - used);
		used += (size_t)k;
	}
}

int
page_cursor_parse(const char *text, char letter, int64_t *v, size_t n,
	struct err *e)
{
	char one[24];
	const char *p = text;
	size_t i = 0;

	if (*p == letter)
		for (p++; i < n; i++) {
			size_t len = strcspn(p, ".");

			if (len == 0 || len >= sizeof(one))
				break;
			memcpy(one, p, len);
			one[len] = '\0';
			if (text_int(one, INT64_MIN, INT64_MAX, &v[i]) != 0)
				break;
			p += len;
			if (i + 1 < n && *p++ != '.')
				break;
		}
	if (i < n || *p != '\0')
		return err_param(e, MDB_E_INVALID, "cursor",
			"cursor '%.40s' is none of this method's; pass `next` "
			"of the page before, or nothing",
			text);
	return 0;
}
