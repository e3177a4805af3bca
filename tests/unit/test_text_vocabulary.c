/* The vocabulary of the text indexes: words are found by their beginnings, ends and
 * middles, while they wait and afterwards. */
#include "tests/lib/index_fixture.h"

#include "memory-db/store/idle.h"
#include "memory-db/store/index/search.h"

/* How often the vocabulary has a word: in it, or on its way there. */
#define WORDS(word)                                                            \
	"SELECT (SELECT count(*) FROM term WHERE text = '" word "')"           \
	" + (SELECT count(*) FROM term_new WHERE words LIKE '%" word "%')"

/* Words learnt by a group whose COMMIT fails are not remembered as known. */
static void
test_words_of_a_failed_group(void **state)
{
	struct store_fixture *f = *state;
	int64_t ada;

	sf_begin(f);
	ada = sf_entity(f, "ada", "person");
	sf_commit(f);
	sf_begin(f);
	sf_observe(f, ada, "zymurgy");
	sf_seal(f);
	sf_ok(f, text_queue_flush(f->w, &f->e)); /* ... and now it fails */
	store_group_abort(f->w);
	assert_int_equal(rows(f, WORDS("zymurgy")), 0);
	sf_begin(f);
	sf_observe(f, ada, "zymurgy");
	sf_commit(f);
	assert_int_equal(rows(f, WORDS("zymurgy")), 1);
	assert_int_equal(problems(f), 0);
}

struct found {
	int n;
	char text[16][80];
};

static int
take_term(void *ctx, const char *term, size_t n)
{
	struct found *x = ctx;

	assert_true(x->n < 16 && n < 80);
	memcpy(x->text[x->n], term, n);
	x->text[x->n++][n] = '\0';
	return 0;
}

static int
terms(struct store_fixture *f, enum search_how how, const char *piece,
	struct found *x)
{
	x->n = 0;
	return sf_ok(f, search_terms(f->w, how, piece, strlen(piece), 10,
				take_term, x, &f->e));
}

static void
check_vocabulary(struct store_fixture *f)
{
	struct found x;

	assert_int_equal(terms(f, SEARCH_PREFIX, "st", &x), 0);
	assert_int_equal(x.n, 3); /* steam, strasse, stream */
	assert_int_equal(terms(f, SEARCH_SUFFIX, "eam", &x), 0);
	assert_int_equal(x.n, 3);
	assert_int_equal(terms(f, SEARCH_SUFFIX, "am", &x), 0);
	assert_int_equal(x.n, 3);
	assert_int_equal(terms(f, SEARCH_INFIX, "rass", &x), 0);
	assert_int_equal(x.n, 1);
	assert_int_equal(terms(f, SEARCH_INFIX, "t", &x), 0);
	assert_int_equal(x.n, 6);
	assert_int_equal(terms(f, SEARCH_INFIX, "qqq", &x), 0);
	assert_int_equal(x.n, 0);
	/* A long word does not stand there; its text has the mark of one. */
	assert_int_equal(terms(f, SEARCH_INFIX, "xxneedlexx", &x), 0);
	assert_int_equal(x.n, 0);
	assert_int_equal(rows(f, LIVE("\"\xff\"")), 1);
	assert_int_equal(search_terms(f->w, SEARCH_INFIX, "t", 1, 2, take_term,
				 &x, &f->e),
		1);
	assert_int_equal(problems(f), 0);
}

/* New words are found while they wait, and when they stand in `term`. */
static void
test_vocabulary(void **state)
{
	struct store_fixture *f = *state;
	struct found x;
	char word[201];

	memset(word, 'x', 200);
	memcpy(word + 90, "needle", 6);
	word[200] = '\0';
	sf_begin(f);
	sf_observe(f, sf_entity(f, "Straße 17", "place"), word);
	sf_observe(f, sf_entity(f, "steam", "thing"), "team stream ten");
	sf_commit(f);
	assert_int_equal(rows(f, "SELECT count(*) FROM term"), 0);
	check_vocabulary(f);
	sf_ok(f, store_terms_step(f->w, &f->e));
	assert_int_equal(rows(f, "SELECT count(*) FROM term_new"), 0);
	assert_true(rows(f, "SELECT count(*) FROM term") > 5);
	check_vocabulary(f);
	assert_int_equal(terms(f, SEARCH_PREFIX, "st", &x), 0);
	assert_string_equal(x.text[0], "steam");
	assert_string_equal(x.text[1], "strasse");
}

/* A group takes what waits into `term` when it is much; idle time already when
 * it is a part of that. Each word comes there once. */
static void
test_words_wait(void **state)
{
	struct store_fixture *f = *state;
	struct found x;
	int64_t ada;
	int groups = 0;

	sf_begin(f);
	ada = sf_entity(f, "ada", "person");
	sf_commit(f);
	assert_false(store_terms_wanted(f->w));
	do {
		char text[400];
		size_t n = 0;

		for (int i = 0; i < 20; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
				"word%dx%d again%d ", groups, i, i);
		sf_begin(f);
		sf_observe(f, ada, text);
		sf_commit(f);
		assert_true(++groups < 1000);
		if (groups == 32)
			assert_true(store_terms_wanted(f->w));
	} while (rows(f, "SELECT count(*) FROM term") == 0);
	assert_true(groups > 32);
	assert_int_equal(terms(f, SEARCH_INFIX, "rd0x0", &x), 0);
	assert_int_equal(x.n, 1);
	assert_int_equal(rows(f, WORDS("word0x0")), 1);
	assert_int_equal(rows(f, WORDS("again19")), 1);
	assert_int_equal(problems(f), 0);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, sf_setup, sf_teardown)
	const struct CMUnitTest tests[] = {
		T(test_words_of_a_failed_group),
		T(test_vocabulary),
		T(test_words_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
