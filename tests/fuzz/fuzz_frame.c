/* The frame lexer: any bytes, in any pieces. The first byte says where the
 * input is cut. */
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"
#include "common/jx.h"

#define BYTES  4096
#define VALUES 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Feeds pieces [0, cut) and [cut, n), or single bytes (step 1). */
static enum frame_status
feed(const char *s, size_t n, size_t cut, size_t step, size_t *ret_at)
{
	struct frame_lexer lx;
	size_t at = 0, skip, used;

	frame_init(&lx, BYTES, VALUES);
	while (at < n) {
		size_t piece = step ? step : at < cut ? cut - at : n - at;
		enum frame_status st =
			frame_feed(&lx, s + at, piece, &skip, &used);

		if (skip > used || used > piece)
			abort();
		if (st != FRAME_MORE) {
			*ret_at = st == FRAME_DONE ? at + used : 0;
			return st;
		}
		at += piece;
	}
	*ret_at = 0;
	return FRAME_MORE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t whole_at, cut_at, single_at;
	const char *s;
	enum frame_status st;
	json_t *v;

	if (n < 1)
		return 0;
	s = (const char *)data + 1;
	n--;
	st = feed(s, n, 0, 0, &whole_at);
	if (feed(s, n, n * data[0] / 256, 0, &cut_at) != st ||
		feed(s, n, 0, 1, &single_at) != st || cut_at != whole_at ||
		single_at != whole_at)
		abort();
	/* What the parser takes, the lexer has found the end of. */
	v = jx_parse(s, n, NULL);
	if (v && (st == FRAME_MORE || st == FRAME_NOT_OBJECT ||
			 st == FRAME_SYNTAX))
		abort();
	if (v && st == FRAME_DONE) {
		json_t *again = jx_parse(s, whole_at, NULL);

		if (!again || !json_equal(v, again))
			abort();
		json_decref(again);
	}
	json_decref(v);
	return 0;
}
