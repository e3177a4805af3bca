/* Where sentences end, in several scripts; and that no word is lost. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "memory-db/model/recall/sentences.h"
#include "tests/lib/store_fixture.h"

static void
ends_are_found(void **state)
{
	static const struct {
		const char *text;
		int n;
	} cases[] = {{"", 0}, {" \n\t...", 0}, {"Where does Ada live?", 1},
		{"where does Ada live", 1},
		{"I have a task. Where does Ada live?", 2},
		{"Version 3.14 of example.org is out", 1},
		{"Really?! \"Yes.\" Then go (now). Good", 4},
		{"- first point\n- second point\n\n", 2},
		{"\xe6\x9d\xb1\xe4\xba\xac\xe3\x80\x82\xe5\xa4\xa7\xe9\x98\xaa"
		 "\xef\xbc\x9f",
			2},
		{"\xd8\xa3\xd9\x8a\xd9\x86\xd8\x9f \xd9\x87\xd9\x86\xd8\xa7",
			2},
		{"Wait... what", 2}};
	struct sentence v[SENTENCES_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(sentences_of(cases[i].text,
					 strlen(cases[i].text), v),
			cases[i].n);
}

static void
no_word_is_lost(void **state)
{
	struct sf_random random = {5};

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct sentence v[SENTENCES_MAX];
		char text[4000] = "";
		size_t at = 0, letters = 0, found = 0;
		int n, words = sf_below(&random, 400);

		for (int i = 0; i < words; i++) {
			static const char *const ends[] = {" ", " ", ". ", "? ",
				"\n", "... ", "!\" "};

			at += (size_t)snprintf(text + at, sizeof(text) - at,
				"w%s", ends[sf_below(&random, 7)]);
			letters++;
		}
		n = sentences_of(text, at, v);
		assert_in_range(n, 0, SENTENCES_MAX);
		for (int i = 0; i < n; i++) {
			assert_true(
				v[i].s >= text && v[i].s + v[i].n <= text + at);
			assert_true(
				i == 0 || v[i].s >= v[i - 1].s + v[i - 1].n);
			for (size_t k = 0; k < v[i].n; k++)
				found += v[i].s[k] == 'w';
		}
		assert_int_equal(found, letters);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_found),
		cmocka_unit_test(no_word_is_lost),
	};

	return cmocka_run_group_tests_name("sentences", tests, NULL, NULL);
}
