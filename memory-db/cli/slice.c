#include "memory-db/cli/slice.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"

size_t
slice_facts_of(const json_t *record)
{
	size_t n = 1;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)record, key, v)
		if (json_is_array(v))
			n += json_array_size(v);
	return n;
}

bool
slice_has_room(const struct slice *s, size_t n, size_t facts)
{
	return s->lines == 0 || (s->lines < SLICE_LINES &&
		s->facts + facts <= LIMIT_SLICE_FACTS &&
		s->records.len + n < SLICE_BYTES);
}

int
slice_add(struct slice *s, const char *json, size_t n, size_t facts)
{
	size_t before = s->records.len;

	if ((s->lines > 0 && buf_addc(&s->records, ',') != 0) ||
		buf_add(&s->records, json ? json : "{}", json ? n : 2) != 0) {
		s->records.len = before;
		return MDB_E_NOMEM;
	}
	s->is_empty[s->lines++] = json == NULL;
	s->facts += facts;
	return 0;
}

int
slice_params(const struct slice *s, const char *source, bool is_last,
	struct buf *out)
{
	if (buf_adds(out, "{\"source\":") != 0 ||
		jx_quote(source, strlen(source), out) != 0 ||
		buf_addf(out, ",\"offset\":%lld,\"records\":[",
			(long long)s->offset) != 0 ||
		(s->records.len > 0 &&
			buf_add(out, s->records.data, s->records.len) != 0))
		return MDB_E_NOMEM;
	return buf_adds(out, is_last ? "],\"done\":true}" : "]}");
}

void
slice_next(struct slice *s)
{
	s->offset += (int64_t)s->lines;
	s->lines = s->facts = 0;
	buf_clear(&s->records, SLICE_BYTES);
}
