/* Answers of an endpoint of embeddings, in memory and short of it. */
#include <math.h>
#include <string.h>

#include "memory-db/embed/embed.h"
#include "memory-db/embed/http_reply.h"
#include "tests/lib/unit.h"

#define GOOD                                                                   \
	"{\"object\":\"list\",\"data\":["                                      \
	"{\"index\":1,\"embedding\":[0,-2]},"                                  \
	"{\"index\":0,\"embedding\":[3.0,4e0]},"                               \
	"{\"index\":2,\"embedding\":[0,0]}]}"

static int
read_reply(const char *s, size_t n, float **ret, size_t *dims, struct err *e)
{
	return http_reply_vectors(s, strlen(s), n, ret, dims, e);
}

static void
reads_vectors(void **state)
{
	static const float want[] = {0.6f, 0.8f, 0, -1, 0, 0};
	float *v = NULL;
	size_t dims = 0;

	(void)state;
	assert_int_equal(read_reply(GOOD, 3, &v, &dims, NULL), 0);
	assert_int_equal(dims, 2);
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_true(fabsf(v[i] - want[i]) < 1e-6f);
	free(v);
}

static void
refuses_others(void **state)
{
	static const struct {
		const char *reply, *says;
	} cases[] = {
		{"", "not valid JSON"},
		{"[]", "not a JSON object"},
		{"{}", "no array 'data'"},
		{"{\"data\":{}}", "no array 'data'"},
		{"{\"data\":[]}", "asked for 1 embeddings and answered 0"},
		{"{\"data\":[[1]]}", "nothing as embedding"},
		{"{\"data\":[null]}", "nothing as embedding"},
		{"{\"data\":[{\"embedding\":null}]}", "null as embedding"},
		{"{\"data\":[{\"embedding\":[]}]}", "0 dimensions"},
		{"{\"data\":[{\"embedding\":[1,null]}]}", "null among"},
		{"{\"data\":[{\"embedding\":[1,4e38]}]}", "too large"},
		{"{\"data\":[{\"embedding\":[1],\"index\":-1}]}", "index"},
		{"{\"data\":[{\"embedding\":[1],\"index\":1}]}", "index"},
		{"{\"data\":[{\"embedding\":[1],\"index\":\"0\"}]}", "index"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		float *v = NULL;
		size_t dims = 0;
		struct err e = {0};

		assert_int_equal(read_reply(cases[i].reply, 1, &v, &dims, &e),
			MDB_E_INVALID);
		assert_null(v);
		if (!strstr(e.text, cases[i].says))
			fail_msg("'%s' does not say '%s'", e.text,
				cases[i].says);
	}
}

static void
check_message(const char *body, const char *key, const char *want)
{
	AUTO_BUF struct buf b = {0};

	assert_int_equal(http_reply_message(body, strlen(body), key, &b), 0);
	assert_string_equal(buf_str(&b), want);
}

static void
takes_messages_out(void **state)
{
	(void)state;
	check_message("", NULL, "");
	check_message("{\"error\":{\"message\":\"a\\nb\"}}", NULL, "a b");
	check_message("{\"error\":{\"code\":3}}", NULL,
		"{\"error\":{\"code\":3}}");
	check_message("{\"error\":", NULL, "{\"error\":");
	check_message("key k1 and k1k1.", "k1", "key *** and ******.");
	check_message("k", "k1", "k");
	check_message("\xc3\xa9\xff\xc3", NULL, "\xc3\xa9??");
}

static void
reply_short_of_memory(void **state)
{
	static const char says[] = "{\"error\":{\"message\":\"no k1\"}}";

	(void)state;
	for (size_t n = 1;; n++) {
		AUTO_BUF struct buf b = {0};
		struct err e = {0};
		float *v = NULL;
		size_t dims = 0;
		int rc;

		heap_fail_at(n);
		rc = read_reply(GOOD, 3, &v, &dims, &e);
		if (rc == 0)
			rc = http_reply_message(says, strlen(says), "k1", &b);
		free(v);
		if (!heap_disarm()) {
			assert_int_equal(rc, 0);
			break;
		}
		assert_int_equal(rc, MDB_E_NOMEM);
	}
}

/* Opening a provider needs memory of its own, of libcurl's lists, too. */
static void
http_short_of_memory(void **state)
{
	struct embed_options o = {.spec = "http://127.0.0.1:9/v1",
		.model = "m",
		.key = "k",
		.timeout_ms = 1000,
		.query_timeout_ms = 1000};

	(void)state;
	for (size_t n = 1;; n++) {
		struct embedder *x = NULL;
		struct err e = {0};
		int rc;

		heap_fail_at(n);
		rc = embed_open(&o, &x, &e);
		if (!heap_disarm()) {
			assert_int_equal(rc, 0);
			assert_string_equal(embed_model(x),
				"http:m@127.0.0.1:9/v1/embeddings");
			assert_false(embed_is_local(x));
			embed_close(x);
			break;
		}
		assert_int_equal(rc, MDB_E_NOMEM);
		assert_null(x);
	}
}

/* A stop ends what comes, without a look at the network. */
static void
stops(void **state)
{
	struct embed_options o = {.spec = "http://127.0.0.1:9/v1",
		.model = "m",
		.timeout_ms = 60000,
		.query_timeout_ms = 60000};
	struct embed_text t = {"tea", 3};
	struct embedder *x = NULL;
	struct err e = {0};
	float *v = NULL;
	size_t dims = 0;

	(void)state;
	assert_int_equal(embed_open(&o, &x, &e), 0);
	embed_stop(x);
	assert_int_equal(embed_texts(x, EMBED_STORED, &t, 1, &v, &dims, &e),
		MDB_E_CANCELLED);
	embed_stop(NULL);
	embed_close(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_vectors),
		cmocka_unit_test(refuses_others),
		cmocka_unit_test(takes_messages_out),
		cmocka_unit_test(reply_short_of_memory),
		cmocka_unit_test(http_short_of_memory),
		cmocka_unit_test(stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
