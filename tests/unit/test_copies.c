/* Near copies: what is one and what is not, and that none is missed. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory-db/model/recall/near_copies.h"
#include "memory-db/model/recall/recall_internal.h"
#include "tests/lib/store_fixture.h"

#define WORDS_MAX 200

struct made {
	token_t v[WORDS_MAX], mins[COPY_MINS];
	struct copy_text text;
};

static void
make_text(struct made *m, const char *text, int64_t entity)
{
	struct tokens t = {0};
	struct buf tmp AUTO_BUF = {0};

	assert_int_equal(tokens_add(&t, text, strlen(text), "english", &tmp,
				 WORDS_MAX),
		0);
	if (t.n > 0)
		memcpy(m->v, t.v, t.n * sizeof(*t.v));
	near_copy_mins(m->v, t.n, m->mins);
	m->text = (struct copy_text){.v = m->v,
		.n = t.n,
		.mins = m->mins,
		.entity = entity};
	free(t.v);
}

static enum copy_how
how(const char *a, const char *b, int64_t other)
{
	struct made x, y;

	make_text(&x, a, 1);
	make_text(&y, b, other);
	assert_int_equal(near_copy_compare(&x.text, &y.text),
		near_copy_compare(&y.text, &x.text));
	return near_copy_compare(&x.text, &y.text);
}

static void
says_what_is_alike(void **state)
{
	static const char long_text[] = "the board of the harbour has decided "
					"that the old crane is sold in May";
	static const char note[] = "the board of the harbour has decided that "
				   "the old crane is sold in May, note %d";
	char a[200], b[200];

	(void)state;
	assert_int_equal(how("likes apples", " Likes apples!", 1), COPY_SAME);
	assert_int_equal(how("likes apples", "likes apples", 2), COPY_NOT);
	assert_int_equal(how(long_text, long_text, 2), COPY_SAME);
	assert_int_equal(how("prefers tabs over spaces",
				 "prefers spaces over tabs", 1),
		COPY_NOT);
	assert_int_equal(how(long_text,
				 "the board of the harbour has not "
				 "decided that the old crane is sold in May",
				 1),
		COPY_NOT);
	assert_int_equal(how(long_text,
				 "the board of the harbour has decided "
				 "that the new crane is sold in May",
				 1),
		COPY_ALMOST);
	assert_int_equal(how(long_text,
				 "the board of the harbour has decided "
				 "that the new ship is sold in June",
				 1),
		COPY_NOT);
	assert_int_equal(how(long_text,
				 "board of the harbour has also decided "
				 "that the old crane is sold in May",
				 1),
		COPY_SAME);
	snprintf(a, sizeof(a), note, 17);
	snprintf(b, sizeof(b), note, 4711);
	assert_int_equal(how(a, b, 2), COPY_NUMBERS);
	assert_int_equal(how("", "", 1), COPY_SAME);
	assert_int_equal(how("", long_text, 1), COPY_NOT);
}

static void
days_and_words_of_the_question_part(void **state)
{
	struct made x, y;

	(void)state;
	make_text(&x, "went to the gym with Bob and lifted weights", 1);
	make_text(&y, "went to the gym with Bob and lifted weights", 1);
	assert_int_equal(near_copy_compare(&x.text, &y.text), COPY_SAME);
	x.text.day = 19000;
	assert_int_equal(near_copy_compare(&x.text, &y.text), COPY_SAME);
	y.text.day = 19001;
	assert_int_equal(near_copy_compare(&x.text, &y.text), COPY_NOT);
	y.text.day = 19000;
	assert_int_equal(near_copy_compare(&x.text, &y.text), COPY_SAME);
	y.text.found = 1;
	assert_int_equal(near_copy_compare(&x.text, &y.text), COPY_NOT);
}

/* Texts of random words, each with copies in which a few words are changed:
 * every copy must find the first. */
static void
set_misses_none(void **state)
{
	enum { TEXTS = 60, COPIES = 8 };
	struct sf_random random = {11};
	struct made *all = calloc(TEXTS * (COPIES + 1), sizeof(*all));
	struct near_copy_set set = {0};
	size_t made = 0;

	(void)state;
	assert_non_null(all);
	for (int i = 0; i < TEXTS; i++) {
		struct made *first = &all[made];
		size_t n = 20 + (size_t)sf_below(&random, 40), at, own;
		enum copy_how found;

		for (size_t w = 0; w < n; w++)
			first->v[w] = (token_t)sf_below(&random, 1 << 20);
		for (int c = 0; c <= COPIES; c++) {
			struct made *m = &all[made++];

			if (c > 0) {
				memcpy(m->v, first->v, sizeof(m->v));
				m->v[sf_below(&random, (int)n)] =
					(token_t)sf_below(&random, 1 << 20);
			}
			near_copy_mins(m->v, n, m->mins);
			m->text = (struct copy_text){.v = m->v,
				.n = n,
				.mins = m->mins,
				.entity = 1};
			assert_int_equal(near_copy_set_put(&set, &m->text, &at,
						 &found),
				0);
			if (c == 0)
				own = at;
			assert_int_equal(found == COPY_NOT, c == 0);
			assert_int_equal(at, own);
		}
	}
	assert_int_equal(set.n, TEXTS);
	near_copy_set_done(&set);
	free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_alike),
		cmocka_unit_test(days_and_words_of_the_question_part),
		cmocka_unit_test(set_misses_none),
	};

	return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
