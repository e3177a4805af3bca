#include "common/frame.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "tests/lib/unit.h"

#define MANY 1000000

/* Feeds s in pieces cut at `cut` (0: one piece) or bytewise (SIZE_MAX) and
 * returns the first status that is not MORE; *ret_at is the byte behind it. */
static enum frame_status
feed(const char *s, size_t n, size_t cut, size_t *ret_at)
{
	struct frame_lexer lx;
	size_t at = 0, skip, used;

	frame_init(&lx, MANY, MANY);
	while (at < n) {
		size_t piece = cut == SIZE_MAX ? 1
			       : at < cut      ? cut - at
					       : n - at;
		/* an exact copy, so that ASan sees a read behind it */
		AUTO_FREE char *copy = malloc(piece);
		enum frame_status st;

		memcpy(copy, s + at, piece);
		st = frame_feed(&lx, copy, piece, &skip, &used);
		assert_true(skip <= used && used <= piece);
		if (st != FRAME_MORE) {
			*ret_at = at + used;
			return st;
		}
		assert_int_equal(used, piece);
		at += piece;
	}
	*ret_at = n;
	return FRAME_MORE;
}

static void
check_all_splits(const char *s, enum frame_status want, size_t want_at)
{
	size_t n = strlen(s), at = 0;

	for (size_t cut = 0; cut <= n; cut++) {
		if (feed(s, n, cut, &at) != want ||
			(want == FRAME_DONE && at != want_at))
			fail_msg("%s cut at %zu: end at %zu", s, cut, at);
	}
	assert_int_equal(feed(s, n, SIZE_MAX, &at), want);
	if (want == FRAME_DONE)
		assert_int_equal(at, want_at);
}

static void
ends_at_the_closing_brace(void **state)
{
	static const char *const whole[] = {"{}", "{\"a\":1}", "{\"a\":\"}\"}",
		"{\"a\":\"\\\"}\"}", "{\"a\":\"\\\\\"}",
		"{\"a\":[{},[],{\"b\":[1,2]}]}",
		"{\"a\":\"\xf0\x9f\x98\x80\",\"b\":-1.5e+3}",
		"{\"a\":true,\"b\":null, \"c\" : [ ] }",
		"{\"a\":\"\\u0041\\n{[\"}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		char more[200];

		check_all_splits(whole[i], FRAME_DONE, strlen(whole[i]));
		snprintf(more, sizeof(more), "%s\n{\"x\":1}", whole[i]);
		check_all_splits(more, FRAME_DONE, strlen(whole[i]));
		snprintf(more, sizeof(more), " \n\t\r%s ", whole[i]);
		check_all_splits(more, FRAME_DONE, 4 + strlen(whole[i]));
		/* all of it but the last byte */
		snprintf(more, sizeof(more), "%.*s", (int)strlen(whole[i]) - 1,
			whole[i]);
		check_all_splits(more, FRAME_MORE, 0);
	}
}

static void
refuses_what_is_no_request(void **state)
{
	(void)state;
	check_all_splits("[1]", FRAME_NOT_OBJECT, 0);
	check_all_splits(" 1", FRAME_NOT_OBJECT, 0);
	check_all_splits("\"a\"", FRAME_NOT_OBJECT, 0);
	check_all_splits("GET / HTTP/1.1\r\n", FRAME_NOT_OBJECT, 0);
	check_all_splits("}", FRAME_NOT_OBJECT, 0);
	check_all_splits("\xef\xbb\xbf{}", FRAME_NOT_OBJECT, 0);
	check_all_splits("{]", FRAME_SYNTAX, 0);
	check_all_splits("{\"a\":[}", FRAME_SYNTAX, 0);
	check_all_splits("{\"a\":[{]}", FRAME_SYNTAX, 0);
	check_all_splits("{\"a\":\"\n\"}", FRAME_SYNTAX, 0);
	check_all_splits("{\"a\":\"\\\n\"}", FRAME_SYNTAX, 0);
	check_all_splits("{\x01}", FRAME_SYNTAX, 0);
	check_all_splits("{\xff}", FRAME_SYNTAX, 0);
	assert_int_equal(feed("{\0}", 3, 0, &(size_t){0}), FRAME_SYNTAX);
}

static void
skips_space_between_frames(void **state)
{
	static const char s[] = "  {\"a\":1}\n\n{}\n ";
	struct frame_lexer lx;
	size_t skip, used;

	(void)state;
	frame_init(&lx, MANY, MANY);
	assert_int_equal(frame_feed(&lx, s, sizeof(s) - 1, &skip, &used),
		FRAME_DONE);
	assert_int_equal(skip, 2);
	assert_int_equal(used, 9);
	assert_false(frame_begun(&lx));
	assert_int_equal(frame_feed(&lx, s + 9, sizeof(s) - 10, &skip, &used),
		FRAME_DONE);
	assert_int_equal(skip, 2);
	assert_int_equal(used, 4);
	assert_int_equal(frame_feed(&lx, s + 13, sizeof(s) - 14, &skip, &used),
		FRAME_MORE);
	assert_int_equal(skip, 2);
	assert_int_equal(used, 2);
	assert_false(frame_begun(&lx));
	assert_int_equal(frame_feed(&lx, "{", 1, &skip, &used), FRAME_MORE);
	assert_true(frame_begun(&lx));
	/* inside of a frame nothing is skipped */
	assert_int_equal(frame_feed(&lx, "  ", 2, &skip, &used), FRAME_MORE);
	assert_int_equal(skip, 0);
}

static void
counts_values(void **state)
{
	static const struct {
		const char *s;
		size_t n;
	} cases[] = {{"{}", 1}, {"{\"a\":1}", 3}, {"{\"a\":[]}", 3},
		{"{\"a\":[1,-2.5e3,true,null,\"x\"]}", 8},
		{"{\"a\":{\"b\":\"\\\"\"}}", 5}, {"{\"a\" : [1 2,3\t4]}", 7}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct frame_lexer lx;
		size_t skip, used, n = strlen(cases[i].s);

		frame_init(&lx, MANY, cases[i].n);
		assert_int_equal(frame_feed(&lx, cases[i].s, n, &skip, &used),
			FRAME_DONE);
		frame_init(&lx, MANY, cases[i].n - 1);
		assert_int_equal(frame_feed(&lx, cases[i].s, n, &skip, &used),
			FRAME_TOO_MANY_VALUES);
	}
}

static void
limits_length_whatever_the_split(void **state)
{
	static const char s[] = "{\"abc\":\"def\"}";
	size_t n = sizeof(s) - 1, skip, used;
	struct frame_lexer lx;

	(void)state;
	for (size_t cut = 0; cut <= n; cut++) {
		for (int over = 0; over <= 1; over++) {
			enum frame_status st;

			frame_init(&lx, n - (size_t)over, MANY);
			st = frame_feed(&lx, s, cut, &skip, &used);
			if (st == FRAME_MORE)
				st = frame_feed(&lx, s + cut, n - cut, &skip,
					&used);
			assert_int_equal(st, cut == n && !over ? FRAME_DONE
					     : over	       ? FRAME_TOO_LONG
							       : FRAME_DONE);
		}
	}
	/* the space before a frame does not count */
	frame_init(&lx, 2, MANY);
	assert_int_equal(frame_feed(&lx, "      {}", 8, &skip, &used),
		FRAME_DONE);
	/* and the limit holds for each frame anew */
	assert_int_equal(frame_feed(&lx, "{}", 2, &skip, &used), FRAME_DONE);
}

static void
limits_depth(void **state)
{
	char s[2 * FRAME_DEPTH_MAX + 8];
	size_t at = 0, skip, used;
	struct frame_lexer lx;

	(void)state;
	s[at++] = '{';
	memset(s + at, '[', FRAME_DEPTH_MAX - 1);
	at += FRAME_DEPTH_MAX - 1;
	memset(s + at, ']', FRAME_DEPTH_MAX - 1);
	at += FRAME_DEPTH_MAX - 1;
	s[at++] = '}';
	frame_init(&lx, MANY, MANY);
	assert_int_equal(frame_feed(&lx, s, at, &skip, &used), FRAME_DONE);
	memset(s + 1, '[', sizeof(s) - 1);
	frame_init(&lx, MANY, MANY);
	assert_int_equal(frame_feed(&lx, s, sizeof(s), &skip, &used),
		FRAME_TOO_DEEP);
}

/* Every kind of level is remembered on all levels. */
static void
matches_brackets_at_any_depth(void **state)
{
	char s[2 * FRAME_DEPTH_MAX];
	size_t skip, used;

	(void)state;
	for (unsigned seed = 1; seed < 50; seed++) {
		struct frame_lexer lx;
		unsigned x = seed * 2654435761u;

		for (size_t i = 0; i < FRAME_DEPTH_MAX; i++) {
			bool object = i == 0 || (x >> (i % 31) & 1);

			s[i] = object ? '{' : '[';
			s[2 * FRAME_DEPTH_MAX - 1 - i] = object ? '}' : ']';
		}
		frame_init(&lx, MANY, MANY);
		assert_int_equal(frame_feed(&lx, s, sizeof(s), &skip, &used),
			FRAME_DONE);
		s[FRAME_DEPTH_MAX + seed] ^= '}' ^ ']';
		frame_init(&lx, MANY, MANY);
		assert_int_equal(frame_feed(&lx, s, sizeof(s), &skip, &used),
			FRAME_SYNTAX);
	}
}

static void
every_status_has_a_text(void **state)
{
	(void)state;
	for (int s = FRAME_MORE; s <= FRAME_TOO_MANY_VALUES; s++)
		assert_true(
			strlen(frame_status_text((enum frame_status)s)) > 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_at_the_closing_brace),
		cmocka_unit_test(refuses_what_is_no_request),
		cmocka_unit_test(skips_space_between_frames),
		cmocka_unit_test(counts_values),
		cmocka_unit_test(limits_length_whatever_the_split),
		cmocka_unit_test(limits_depth),
		cmocka_unit_test(matches_brackets_at_any_depth),
		cmocka_unit_test(every_status_has_a_text),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
