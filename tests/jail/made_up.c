#include "tests/jail/made_up.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/jx.h"

#define ENTITIES 250

const struct sandbox_method made_up_methods[] = {
	{"search_nodes", "search_nodes{query, limit, cursor}\nFinds entities.",
		"query limit", true, false},
	{"open_nodes", "open_nodes{names}", "names", true, false},
	{"read_graph", "read_graph{limit, cursor}", "", true, false},
	{"create_entities", "create_entities{entities}", "entities", true,
		true},
	{"echo", "echo{value}: gives value back", "value", false, false},
	{"params", "params{...}: gives its parameters back", "a b c", false,
		false},
	{"fail", "fail{code, text}: always fails", "code text", false, false},
	{"slow", "slow{ms}: takes its time", "ms", false, false},
	{"big", "big{bytes}: a large reply", "bytes", false, false},
	{"deep", "deep{levels}: a nested reply", "levels", false, false},
	{NULL, NULL, NULL, false, false}};

static json_t *
entity(int i)
{
	char name[32], text[64], at[32];
	static const char *const types[] = {"person", "place", "thing"};
	static const char *const tiers[] = {"working", "episodic", "semantic",
		"procedural"};

	snprintf(name, sizeof(name), "e%d", i);
	snprintf(text, sizeof(text), "observation of %d", i);
	snprintf(at, sizeof(at), "2026-%02d-%02dT08:00:00.000Z", i % 12 + 1,
		i % 28 + 1);
	return json_pack("{s:i,s:s,s:s,s:[s],s:s,s:s,s:f,s:{s:f}}", "id", i,
		"name", name, "type", types[i % 3], "observations", text,
		"tier", tiers[i % 4], "created_at", at, "score",
		(double)(i * 7919 % 1000) / 1000, "metadata", "confidence",
		(double)(i % 10) / 10);
}

/* A page of the entities. */
static json_t *
page(const json_t *params, const char *list)
{
	const json_t *limit = json_object_get(params, "limit");
	const char *cursor =
		json_string_value(json_object_get(params, "cursor"));
	int at = 0, n = limit ? (int)json_integer_value(limit) : 10;
	json_t *a = json_array(), *o;
	char next[16];

	if (cursor && sscanf(cursor, "%d", &at) != 1)
		at = 0;
	for (; n > 0 && at < ENTITIES; n--, at++)
		json_array_append_new(a, entity(at));
	o = json_pack("{s:o,s:i}", list, a, "count", (int)json_array_size(a));
	if (at < ENTITIES) {
		snprintf(next, sizeof(next), "%d", at);
		json_object_set_new(o, "next", json_string(next));
	}
	return o;
}

static json_t *
nested(int64_t levels)
{
	json_t *v = json_string("bottom");

	for (int64_t i = 0; i < levels; i++)
		v = json_pack("[o]", v);
	return v;
}

static json_t *
large(int64_t n)
{
	char *s = calloc(1, (size_t)n + 1);
	json_t *v;

	if (!s)
		return NULL;
	memset(s, 'x', (size_t)n);
	v = json_string(s);
	free(s);
	return v;
}

static void
wait_ms(int64_t ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

static int64_t
number(const json_t *params, const char *key)
{
	return json_integer_value(json_object_get(params, key));
}

int
made_up_call(void *ctx, const char *method, json_t *params, int64_t left_ms,
	json_t **ret_result, struct err *e)
{
	struct made_up *m = ctx;
	json_t *r = NULL;
	const char *s;
	size_t n;

	m->calls++;
	if (strcmp(method, "search_nodes") == 0) {
		if (jx_string(params, "query", JX_REQUIRED, &s, &n, e))
			return e->code;
		r = page(params, "results");
	} else if (strcmp(method, "read_graph") == 0) {
		r = page(params, "entities");
	} else if (strcmp(method, "open_nodes") == 0) {
		r = json_pack("{s:[o],s:[]}", "entities", entity(7),
			"relations");
	} else if (strcmp(method, "create_entities") == 0) {
		m->created += (int)json_array_size(
			json_object_get(params, "entities"));
		r = json_pack("{s:i}", "created", m->created);
	} else if (strcmp(method, "echo") == 0) {
		r = json_incref(json_object_get(params, "value"));
		if (!r)
			r = json_null();
	} else if (strcmp(method, "params") == 0) {
		r = json_incref(params);
	} else if (strcmp(method, "fail") == 0) {
		s = json_string_value(json_object_get(params, "code"));
		return err_param(e, err_code_of(s ? s : "invalid"), "here",
			"%s",
			json_string_value(json_object_get(params, "text")));
	} else if (strcmp(method, "slow") == 0) {
		wait_ms(number(params, "ms") < left_ms ? number(params, "ms")
						       : left_ms + 1);
		r = json_true();
	} else if (strcmp(method, "big") == 0) {
		r = large(number(params, "bytes"));
	} else if (strcmp(method, "deep") == 0) {
		r = nested(number(params, "levels"));
	}
	if (!r)
		return err_nomem(e);
	*ret_result = r;
	return 0;
}
