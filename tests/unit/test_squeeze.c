/* Packed texts: every text comes back from its body, with whatever dictionary, and a
 * body that somebody made up is an error. */
#include "tests/lib/unit.h"

#include "common/limits.h"
#include "memory-db/store/engine/squeeze.h"
#include "memory-db/store/engine/store_internal.h"
#include "tests/lib/samples.h"

#define TEXT_MAX 20000

/* Pieces of a few kinds, so that there are literals, matches with the
 * dictionary and matches with the text itself. */
static size_t
random_text(struct sf_random *r, const struct codec_dictionary *d, char *out)
{
	static const char *const letters[] = {"a", "e", " ", "ž", "日", "€"};
	size_t most =
		sf_below(r, 8) == 0 ? TEXT_MAX : (size_t)sf_below(r, 600) + 1;
	size_t n = 0;

	while (n + 300 < most || n == 0) {
		size_t k = (size_t)sf_below(r, 290) + 1, at;

		switch (sf_below(r, 4)) {
		case 0:
			at = (size_t)sf_below(r, (int)(d->n - k));
			memcpy(out + n, d->bytes + at, k);
			n += k;
			break;
		case 1:
			at = n > k ? (size_t)sf_below(r, (int)(n - k)) : n;
			if (at + k <= n) {
				memcpy(out + n, out + at, k);
				n += k;
			}
			break;
		case 2:
			memset(out + n, 'x', k);
			n += k;
			break;
		default:
			for (size_t i = 0; i < k / 8 + 1; i++) {
				const char *s = letters[sf_below(r, 6)];

				memcpy(out + n, s, strlen(s));
				n += strlen(s);
			}
		}
	}
	return n;
}

struct lent {
	const unsigned char *bytes;
	size_t n;
};

static int
lend(void *ctx, int64_t id, struct buf *out, struct err *e)
{
	const struct lent *l = ctx;

	if (id != 5 && id != 77777)
		return 0;
	return buf_add(out, l->bytes, l->n) != 0 ? err_nomem(e) : 1;
}

static void
test_squeezed_texts_come_back(void **state)
{
	static char text[TEXT_MAX + 600];
	unsigned char bytes[LIMIT_DICTIONARY_BYTES];
	struct sf_random r = {20261129};
	struct lent l = {bytes, sizeof(bytes)};
	struct codec_dictionary d;
	struct codec c;
	struct squeeze *q;
	struct err e;

	(void)state;
	codec_builtin(&d);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i < d.n ? d.bytes[i]
				   : (unsigned char)('a' + sf_below(&r, 9));
	d = (struct codec_dictionary){bytes, sizeof(bytes)};
	assert_int_equal(codec_init(&c, lend, &l), 0);
	assert_int_equal(squeeze_new(bytes, sizeof(bytes), &q), 0);
	for (int i = 0; i < 1000; i++) {
		struct buf body AUTO_BUF = {0}, back AUTO_BUF = {0};
		size_t n = random_text(&r, &d, text);
		int64_t id = i % 2 ? 5 : 77777;

		assert_int_equal(codec_squeeze(q,
					 i % 3 ? SQUEEZE_BEST : SQUEEZE_QUICK,
					 id, text, n, &body),
			0);
		assert_true(body.len <= n + 1);
		assert_int_equal(codec_unpack(&c, body.data, body.len, n, &back,
					 &e),
			0);
		assert_int_equal(back.len, n);
		assert_memory_equal(back.data, text, n);
		assert_int_equal(codec_check_rest(&c, body.data, body.len, n,
					 &e),
			1);
		if (body.data[0] != 0)
			assert_int_equal(codec_needs(body.data, body.len), id);
		/* Any other size is refused. */
		assert_int_equal(codec_unpack(&c, body.data, body.len, n + 1,
					 &back, &e),
			MDB_E_CORRUPT);
	}
	squeeze_free(q);
	codec_done(&c);
}

static void
test_hostile_bodies(void **state)
{
	struct sf_random r = {7};
	struct lent l = {(const unsigned char *)"some words to copy from", 23};
	struct codec c;
	struct err e;

	(void)state;
	assert_int_equal(codec_init(&c, lend, &l), 0);
	for (int i = 0; i < 50000; i++) {
		unsigned char body[40];
		size_t n = (size_t)sf_below(&r, (int)sizeof(body));
		size_t size = (size_t)sf_below(&r, 300);
		struct buf out AUTO_BUF = {0};
		int rc;

		for (size_t k = 0; k < n; k++)
			body[k] = (unsigned char)sf_below(&r, 256);
		if (n > 1 && i % 2)
			body[0] = 0x85;
		rc = codec_unpack(&c, body, n, size, &out, &e);
		assert_true(rc == 0 || rc == MDB_E_CORRUPT);
		assert_int_equal(out.len, rc == 0 ? size : 0);
		if (rc == 0)
			assert_true(
				codec_check_rest(&c, body, n, size, &e) >= 0);
	}
	codec_done(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_squeezed_texts_come_back),
		cmocka_unit_test(test_hostile_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
