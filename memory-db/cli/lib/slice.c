#include "memory-db/cli/lib/slice.h"

#include <string.h>

#include "common/frame.h"
#include "common/jx.h"
#include "common/limits.h"

/* The envelope of a request: its own values. */
#define SPARE_VALUES 32

static size_t
facts_of(const json_t *record)
{
	size_t n = 1;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)record, key, v)
		if (json_is_array(v))
			n += json_array_size(v);
	return n;
}

int
slice_weigh(const char *json, size_t n, struct slice_cost *ret, struct err *e)
{
	static const char before[] = "{\"params\":{\"records\":[";
	AUTO_JSON json_t *record = NULL;
	struct frame_lexer lx;
	enum frame_status st;
	size_t skip, used, values;

	/* As the service will see it: a line that ends the connection there
	 * would end the import. */
	frame_init(&lx, LIMIT_REQUEST_BYTES,
		LIMIT_REQUEST_VALUES - SPARE_VALUES);
	st = frame_feed(&lx, before, strlen(before), &skip, &used);
	values = lx.values;
	if (st == FRAME_MORE)
		st = frame_feed(&lx, json, n, &skip, &used);
	if (st != FRAME_MORE && st != FRAME_DONE)
		return err_set(e, MDB_E_PROTOCOL, "%s", frame_status_text(st));
	record = jx_parse(json, n, e);
	if (!record)
		return e->code;
	*ret = (struct slice_cost){n, facts_of(record), lx.values - values};
	return 0;
}

bool
slice_has_room(const struct slice *s, const struct slice_cost *cost)
{
	return s->lines == 0 ||
	       (s->lines < SLICE_LINES &&
		       s->facts + cost->facts <= LIMIT_SLICE_FACTS &&
		       s->values + cost->values + SLICE_LINES + SPARE_VALUES <=
			       LIMIT_REQUEST_VALUES &&
		       s->records.len + cost->bytes < SLICE_BYTES);
}

int
slice_add(struct slice *s, const char *json, const struct slice_cost *cost)
{
	size_t before = s->records.len;

	if ((s->lines > 0 && buf_addc(&s->records, ',') != 0) ||
		buf_add(&s->records, json ? json : "{}",
			json ? cost->bytes : 2) != 0) {
		s->records.len = before;
		return MDB_E_NOMEM;
	}
	s->is_empty[s->lines++] = !json;
	if (json) {
		s->facts += cost->facts;
		s->values += cost->values;
	}
	return 0;
}

int
slice_params(const struct slice *s, const char *source, bool is_last,
	const char *more, struct buf *out)
{
	if (buf_adds(out, "{\"source\":") != 0 ||
		jx_quote(source, strlen(source), out) != 0 ||
		buf_addf(out, ",\"offset\":%lld,\"records\":[",
			(long long)s->offset) != 0 ||
		(s->records.len > 0 &&
			buf_add(out, s->records.data, s->records.len) != 0))
		return MDB_E_NOMEM;
	return buf_addf(out, "]%s%s}", is_last ? ",\"done\":true" : "", more);
}

void
slice_next(struct slice *s)
{
	s->offset += (int64_t)s->lines;
	s->lines = s->facts = s->values = 0;
	buf_clear(&s->records, SLICE_BYTES);
}
