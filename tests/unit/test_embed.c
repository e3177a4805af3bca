/* Specifications, and the provider hash. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/embed/embed.h"
#include "tests/lib/unit.h"

static struct embedder *
open_spec(const char *spec)
{
	struct embed_options o = {.spec = spec};
	struct embedder *x = NULL;
	struct err e = {0};

	assert_int_equal(embed_open(&o, &x, &e), 0);
	return x;
}

static void
check_refused(const char *spec, const char *part)
{
	struct embed_options o = {.spec = spec};
	struct embedder *x = NULL;
	struct err e = {0};

	assert_int_equal(embed_open(&o, &x, &e), MDB_E_INVALID);
	assert_null(x);
	if (!strstr(e.text, part))
		fail_msg("'%s' does not say '%s'", e.text, part);
}

static void
specifications(void **state)
{
	struct embedder *x;

	(void)state;
	assert_null(open_spec("none"));
	embed_close(NULL);
	x = open_spec("hash");
	assert_string_equal(embed_provider(x), "hash");
	assert_string_equal(embed_model(x), "hash-512-v1");
	assert_int_equal(embed_dims(x), 512);
	assert_true(embed_is_local(x));
	embed_close(x);
	check_refused("", "none, hash");
	check_refused("hashed", "'hashed' is no provider");
	check_refused("hash:512", "none, hash");
	check_refused("none:", "none, hash");
	check_refused("HASH", "none, hash");
}

/* --- hash ----------------------------------------------------------------- */

static float
near(struct embedder *x, const char *a, const char *b)
{
	struct embed_text t[2] = {{a, strlen(a)}, {b, strlen(b)}};
	float *v = NULL, sum = 0;
	size_t dims = 0;

	assert_int_equal(embed_texts(x, EMBED_STORED, t, 2, &v, &dims, NULL),
		0);
	for (size_t i = 0; i < dims; i++)
		sum += v[i] * v[dims + i];
	free(v);
	return sum;
}

static void
similar_texts_are_near(void **state)
{
	struct embedder *x = open_spec("hash");

	(void)state;
	assert_true(
		fabsf(near(x, "Ada likes tea", "Ada likes tea") - 1) < 1e-5f);
	/* Case, accents, stop words and order say nothing. */
	assert_true(fabsf(near(x, "the caf\xc3\xa9 in Z\xc3\xbcrich",
				  "ZURICH cafe") -
			    1) < 1e-5f);
	assert_true(
		near(x, "tokenising words", "the tokeniser of a word") > 0.4f);
	assert_true(fabsf(near(x, "postgres migration", "green tea leaves")) <
		    0.25f);
	assert_true(
		near(x, "colour of the house", "color of houses") >
		near(x, "colour of the house", "price of the garden") + 0.3f);
	/* Text without spaces, signs. */
	assert_true(near(x, "\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd",
			    "\xe6\x9d\xb1\xe4\xba\xac") > 0.5f);
	assert_true(near(x, "\xf0\x9f\x9a\x80 launch",
			    "\xf0\x9f\x9a\x80 start") > 0.05f);
	/* Stop words alone still are something. */
	assert_true(near(x, "who is it", "who is it") > 0.99f);
	assert_true(near(x, "", "tea") == 0);
	assert_true(near(x, " .,-\xff", "tea") == 0);
	embed_close(x);
}

/* Stored vectors must mean the same to every build: a change here needs
 * another name of the model. */
static void
the_same_everywhere(void **state)
{
	static const char text[] = "Grace prefers dark roast coffee, "
				   "caf\xc3\xa9 noir, \xe6\x9d\xb1\xe4\xba\xac";
	struct embedder *x = open_spec("hash");
	struct embed_text t = {text, strlen(text)};
	float *v = NULL;
	size_t dims = 0;
	uint32_t sum = 2166136261u;

	(void)state;
	assert_int_equal(embed_texts(x, EMBED_QUESTION, &t, 1, &v, &dims, NULL),
		0);
	for (size_t i = 0; i < dims; i++)
		sum = (sum ^ (uint32_t)(int32_t)lrintf(v[i] * 10000)) *
		      16777619u;
	assert_int_equal(sum, 0x40cf98dau);
	free(v);
	embed_close(x);
}

static void
long_texts_are_bounded(void **state)
{
	struct embedder *x = open_spec("hash");
	size_t n = 1024 * 1024;
	char *s = malloc(n + 1);
	struct embed_text t[EMBED_BATCH_MAX];
	float *v = NULL;
	size_t dims = 0;

	(void)state;
	assert_non_null(s);
	/* One word of a mebibyte, then words. */
	memset(s, 'x', n);
	s[n] = '\0';
	assert_true(near(x, s, s) > 0.99f);
	for (size_t i = 0; i < n; i++)
		s[i] = i % 7 == 6 ? ' ' : (char)('a' + (i * 31 / 7 + i) % 26);
	for (size_t i = 0; i < EMBED_BATCH_MAX; i++)
		t[i] = (struct embed_text){s + i, i == 0 ? n : i};
	assert_int_equal(embed_texts(x, EMBED_STORED, t, EMBED_BATCH_MAX, &v,
				 &dims, NULL),
		0);
	free(v);
	free(s);
	embed_close(x);
}

static void
hash_short_of_memory(void **state)
{
	struct embed_options o = {.spec = "hash"};
	struct embed_text t = {"one two three", 13};

	(void)state;
	for (size_t n = 1;; n++) {
		struct embedder *x = NULL;
		struct err e = {0};
		float *v = NULL;
		size_t dims;
		int rc;

		heap_fail_at(n);
		rc = embed_open(&o, &x, &e);
		if (rc == 0)
			rc = embed_texts(x, EMBED_STORED, &t, 1, &v, &dims, &e);
		embed_close(x);
		free(v);
		if (!heap_disarm()) {
			assert_int_equal(rc, 0);
			break;
		}
		assert_int_equal(rc, MDB_E_NOMEM);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specifications),
		cmocka_unit_test(similar_texts_are_near),
		cmocka_unit_test(the_same_everywhere),
		cmocka_unit_test(long_texts_are_bounded),
		cmocka_unit_test(hash_short_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
