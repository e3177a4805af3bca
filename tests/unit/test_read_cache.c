/* Replies that a reader keeps: which requests are the same, and when all that was
 * kept goes. */
#include "memory-db/work/read_cache.h"

#include <string.h>

#include "tests/lib/unit.h"

static void
ask(struct job *j, const char *request)
{
	struct err e = {0};

	job_init(j, 1);
	assert_int_equal(job_read(j, request, strlen(request), &e), 0);
	j->ctx = (struct context){.namespace_ = "default",
		.branch = "main",
		.as_of = json_object_get(j->params, "as_of"),
		.valid_at = json_object_get(j->params, "valid_at"),
		.session = json_string_value(
			json_object_get(j->params, "session")),
		.key = json_string_value(json_object_get(j->params, "key"))};
}

/* "": the reply of this request is not kept. */
static void
key_of(const char *request, struct buf *key)
{
	struct job j;

	key->len = 0;
	ask(&j, request);
	if (!read_cache_key(&j, key))
		key->len = 0;
	job_done(&j);
}

#define GRAPH(params) "{\"method\":\"read_graph\",\"params\":{" params "}}"

static void
test_keys(void **state)
{
	static const char *const others[] = {GRAPH("\"session\":\"s\""),
		GRAPH("\"cursor\":\"c\""), GRAPH("\"limit\":5"),
		GRAPH("\"limit\":55"), GRAPH("\"as_of\":7"),
		"{\"method\":\"open_nodes\",\"params\":{\"names\":[\"a\"]}}",
		"{\"method\":\"open_nodes\",\"params\":{\"names\":[\"b\"]}}"};
	static const char *const never[] = {GRAPH("\"as_of\":\"yesterday\""),
		GRAPH("\"valid_at\":\"2026-01-01\""),
		GRAPH("\"fields\":[\"access_count\"]"),
		"{\"method\":\"search_nodes\",\"params\":{\"query\":\"a\"}}",
		"{\"method\":\"memory_history\"}"};
	struct buf keys[ARRAY_LEN(others) + 1] = {{0}};
	AUTO_BUF struct buf key = {0};

	(void)state;
	key_of(GRAPH(""), &keys[0]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		key_of(others[i], &keys[i + 1]);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		assert_true(keys[i].len > 0);
		for (size_t k = 0; k < i; k++)
			assert_false(keys[i].len == keys[k].len &&
				     memcmp(keys[i].data, keys[k].data,
					     keys[i].len) == 0);
	}
	/* The key of a request is no part of what it asks. */
	key_of(GRAPH("\"key\":\"k1\""), &key);
	assert_int_equal(key.len, keys[0].len);
	assert_memory_equal(key.data, keys[0].data, key.len);
	for (size_t i = 0; i < ARRAY_LEN(never); i++) {
		key_of(never[i], &key);
		assert_int_equal(key.len, 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		buf_done(&keys[i]);
}

static void
keep(struct read_cache *c, const char *name, const char *text, json_t *result)
{
	struct buf key = {0}, written = {0};

	assert_int_equal(buf_adds(&key, name), 0);
	assert_int_equal(buf_adds(&written, text), 0);
	read_cache_keep(c, &key, &written, result);
	buf_done(&key);
	buf_done(&written);
}

static bool
finds(struct read_cache *c, uint32_t state, const char *name, const char *text)
{
	AUTO_BUF struct buf key = {0}, out = {0};

	assert_int_equal(buf_adds(&key, name), 0);
	if (!read_cache_find(c, state, &key, &out))
		return false;
	assert_string_equal(buf_str(&out), text);
	return true;
}

static void
test_goes_with_the_state(void **state)
{
	AUTO_JSON json_t *next = json_pack("{s:s}", "next", "c1");
	AUTO_JSON json_t *none = json_object();
	struct read_cache c = {0};

	(void)state;
	assert_false(finds(&c, 7, "a", ""));
	keep(&c, "a", "\"entities\":[]", next);
	keep(&c, "b", "\"entities\":[1]", none);
	keep(&c, "c", "", next); /* nothing large is in it */
	assert_true(finds(&c, 7, "a", "\"entities\":[],\"next\":\"c1\""));
	assert_true(finds(&c, 7, "b", "\"entities\":[1]"));
	assert_false(finds(&c, 7, "c", ""));
	assert_false(finds(&c, 8, "a", ""));
	assert_int_equal(c.n, 0);
	assert_false(finds(&c, 7, "a", ""));
	read_cache_clear(&c);
}

static void
test_is_bounded(void **state)
{
	AUTO_JSON json_t *none = json_object();
	AUTO_FREE char *large = malloc(READ_CACHE_BYTES);
	struct read_cache c = {0};
	char name[16];

	(void)state;
	memset(large, ' ', READ_CACHE_BYTES);
	large[READ_CACHE_BYTES - 1] = '\0';
	assert_false(finds(&c, 1, "a", ""));
	keep(&c, "small", "\"e\":[]", none);
	keep(&c, "large", large, none);
	assert_false(finds(&c, 1, "large", ""));
	for (int i = 0; i < 2 * READ_CACHE_ENTRIES; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		keep(&c, name, "\"e\":[]", none);
	}
	assert_int_equal(c.n, READ_CACHE_ENTRIES);
	assert_true(finds(&c, 1, "small", "\"e\":[]"));
	read_cache_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_goes_with_the_state),
		cmocka_unit_test(test_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
