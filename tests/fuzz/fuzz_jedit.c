/* Configuration files of MCP clients, whatever they hold: what the scanner
 * says about valid JSON must agree with the parser, an edit gives valid JSON
 * that differs in its member only, and taking it back gives the text of
 * before. Broken texts must only be survived. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory-db/cli/lib/jedit.h"
#include "memory-db/cli/lib/jscan.h"

#define NAME "fuzz-member"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
add_and_remove(const char *s, size_t n, const json_t *before)
{
	AUTO_JSON json_t *value = json_pack("{s:s,s:[s],s:{}}", "command", "x",
		"args", "y", "env");
	AUTO_JEDIT struct jedit add = {0}, del = {0};
	AUTO_BUF struct buf a = {0}, b = {0};
	size_t at = jscan_space(s, n, 0);
	struct err e;

	must(jedit_add(&add, s, n, at, NAME, value, &e) == 0);
	must(jedit_apply(&add, s, n, &a) == 0);
	AUTO_JSON json_t *after =
		json_loadb(a.data, a.len, JSON_REJECT_DUPLICATES, NULL);

	must(after != NULL);
	must(json_equal(json_object_get(after, NAME), value));
	json_object_del(after, NAME);
	must(json_equal(after, before));
	must(jedit_remove(&del, a.data, a.len, at, NAME, &e) == 0);
	must(jedit_apply(&del, a.data, a.len, &b) == 0);
	/* Blanks in an object without members are not kept. */
	if (json_object_size(before) > 0)
		must(b.len == n && memcmp(b.data, s, n) == 0);
}

static void
each_member(const char *s, size_t n, const json_t *json)
{
	size_t at = jscan_space(s, n, 0);
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)json, key, v) {
		AUTO_JEDIT struct jedit del = {0};
		AUTO_BUF struct buf left = {0};
		struct jmember m;
		struct err e;

		must(jscan_find(s, n, at, key, &m) == 1);
		AUTO_JSON json_t *same = json_loadb(s + m.value.at,
			m.value.end - m.value.at, JSON_DECODE_ANY, NULL);

		must(json_equal(same, v));
		must(jedit_remove(&del, s, n, at, key, &e) == 0);
		must(jedit_apply(&del, s, n, &left) == 0);
		AUTO_JSON json_t *rest =
			json_loadb(left.data, left.len, 0, NULL);

		must(json_object_size(rest) + 1 == json_object_size(json));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *s = (const char *)data;
	AUTO_JSON json_t *json = NULL;
	struct jmember m;

	/* jansson passes over a NUL behind a number; we refuse it. */
	if (n > 20000 || memchr(s, '\0', n) != NULL)
		return 0;
	json = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(json)) {
		(void)jscan_find(s, n, jscan_space(s, n, 0), "x", &m);
		return 0;
	}
	if (json_object_get(json, NAME) == NULL)
		add_and_remove(s, n, json);
	if (json_object_size(json) < 50)
		each_member(s, n, json);
	return 0;
}
