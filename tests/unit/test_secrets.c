/* What is found of secrets, what is left alone, and what that costs. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memory-db/model/secrets/secret_json.h"
#include "memory-db/model/secrets/secrets.h"
#include "tests/lib/secret_lookalikes.h"
#include "tests/lib/secret_samples.h"

#define RECALL_LEAST	  0.95
#define FALSE_ALARMS_MOST 0.01
#define DRAWS		  6 /* of each look-alike */

static bool
found(const char *text, struct secret *ret)
{
	return secret_find(text, strlen(text), 0, ret);
}

/* Each family in three of its carriers, each line twice: more than 200. */
static void
secrets_are_found(void **state)
{
	struct draw d = {UINT64_C(0x9E3779B97F4A7C15)};
	size_t all = 0, hit = 0;
	char value[800], text[1200];
	struct secret s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secret_families); i++)
		for (size_t k = 0; k < 3; k++) {
			const char *carrier =
				secret_carriers[(i + k) %
						ARRAY_LEN(secret_carriers)];
			const char *at = strstr(carrier, "%s");

			sample_draw(&d, secret_families[i].shape, value,
				sizeof(value));
			snprintf(text, sizeof(text), "%.*s%s%s",
				(int)(at - carrier), carrier, value, at + 2);
			all++;
			if (found(text, &s))
				hit++;
			else
				print_message("missed: %s\n", text);
		}
	for (size_t i = 0; i < 2 * ARRAY_LEN(secret_lines); i++) {
		sample_draw(&d, secret_lines[i / 2], text, sizeof(text));
		all++;
		if (found(text, &s))
			hit++;
		else
			print_message("missed: %s\n", text);
	}
	print_message("%zu families, recall %.3f (%zu of %zu)\n",
		ARRAY_LEN(secret_families) + ARRAY_LEN(secret_lines),
		(double)hit / (double)all, hit, all);
	assert_true(ARRAY_LEN(secret_families) >= 40 && all >= 200);
	assert_true((double)hit >= RECALL_LEAST * (double)all);
}

static void
lookalikes_are_left_alone(void **state)
{
	struct draw d = {UINT64_C(0xD1B54A32D192ED03)};
	size_t all = 0, bad = 0;
	char text[1200];
	struct secret s;

	(void)state;
	for (size_t i = 0; i < DRAWS * ARRAY_LEN(lookalike_shapes); i++) {
		sample_draw(&d, lookalike_shapes[i / DRAWS], text,
			sizeof(text));
		all++;
		bad += found(text, &s);
		if (found(text, &s))
			print_message("%s in: %s\n", s.rule, text);
	}
	for (size_t i = 0; i < ARRAY_LEN(lookalike_texts); i++) {
		all++;
		bad += found(lookalike_texts[i], &s);
		if (found(lookalike_texts[i], &s))
			print_message("%s in: %s\n", s.rule,
				lookalike_texts[i]);
	}
	print_message("false alarms %.4f (%zu of %zu)\n",
		(double)bad / (double)all, bad, all);
	assert_true(all >= 500);
	assert_true((double)bad <= FALSE_ALARMS_MOST * (double)all);
}

/* A picture of a megabyte has some thirty thousand runs of letters and digits, of
 * which a few begin and end as a token with a short prefix does. */
static void
pictures_are_left_alone(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	struct draw d = {UINT64_C(0xD1B54A32D192ED03)};
	size_t n = (size_t)1 << 20;
	char *text = malloc(n);
	struct secret s;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 30; i++) {
		for (size_t k = 0; k < n; k++)
			text[k] = alphabet[draw_next(&d) % 64];
		if (secret_find(text, n, 0, &s))
			print_message("false alarm: %s\n", s.rule);
		assert_false(secret_find(text, n, 0, &s));
	}
	free(text);
}

/* --- where it is ----------------------------------------------------------- */
static void
range_is_the_secret(void **state)
{
	struct draw d = {77};
	char value[100], text[300];
	struct secret s;

	(void)state;
	sample_draw(&d, "ghp_{N36}", value, sizeof(value));
	snprintf(text, sizeof(text), "use %s.", value);
	assert_true(found(text, &s));
	assert_string_equal(s.rule, "github-token");
	assert_int_equal(s.at, 4);
	assert_int_equal(s.n, strlen(value));
	sample_draw(&d, "{N12}7z", value, sizeof(value));
	snprintf(text, sizeof(text), "postgres://app:%s@db/x", value);
	assert_true(found(text, &s));
	assert_string_equal(s.rule, "connection-string");
	assert_int_equal(s.at, 15);
	assert_int_equal(s.n, strlen(value));
}

static void
markers_take_the_place(void **state)
{
	struct draw d = {78};
	struct buf out AUTO_BUF = {0};
	char a[100], b[100], text[400];
	struct secret s;
	size_t marked;

	(void)state;
	sample_draw(&d, "ghp_{N36}", a, sizeof(a));
	sample_draw(&d, "{N12}7z", b, sizeof(b));
	snprintf(text, sizeof(text), "first %s, then DB_PASSWORD=%s; done", a,
		b);
	assert_int_equal(secret_mark(text, strlen(text), &out, &marked), 0);
	assert_int_equal(marked, 2);
	assert_string_equal(buf_str(&out),
		"first [secret:github-token], then "
		"DB_PASSWORD=[secret:password-assignment]; done");
	assert_false(found(out.data, &s));
}

/* Two secrets side by side, and a key that never ends. */
static void
edges_hold(void **state)
{
	static const char head[] = "-----BEGIN PRIVATE KEY-----\n";
	struct draw d = {79};
	char body[200], text[400];
	struct secret s;

	(void)state;
	sample_draw(&d, "{B64}\n{B64}\n", body, sizeof(body));
	snprintf(text, sizeof(text), "%s%sand so on", head, body);
	assert_true(found(text, &s));
	assert_int_equal(s.at, 0);
	assert_int_equal(s.n, strlen(head) + strlen(body) - 1);
	assert_false(secret_find("", 0, 0, &s));
	assert_false(secret_find("=", 1, 0, &s));
	assert_false(secret_find("password=", 9, 0, &s));
	assert_false(secret_find("://", 3, 0, &s));
	assert_false(secret_find("ghp_", 4, 0, &s));
	/* Every end of the text is one that a matcher may run into. */
	for (size_t i = 0; i < ARRAY_LEN(secret_lines); i++) {
		sample_draw(&d, secret_lines[i], text, sizeof(text));
		for (size_t n = 0; n <= strlen(text); n++) {
			char *exact = malloc(n + 1);

			assert_non_null(exact);
			exact = realloc(exact, n > 0 ? n : 1);
			memcpy(exact, text, n);
			if (secret_find(exact, n, 0, &s))
				assert_true(s.at + s.n <= n);
			free(exact);
		}
	}
}

/* --- in JSON ----------------------------------------------------------------- */
/* {"a": [{"password": .., TOKEN: 1, "plain": "x"}], "k": TOKEN} */
static json_t *
tree_of(const char *token)
{
	json_t *inner = json_pack("{s:s,s:s}", "password", "Kx9vT2mQ8wLz",
		"plain", "x");

	json_object_set_new(inner, token, json_integer(1));
	return json_pack("{s:[o],s:s}", "a", inner, "k", token);
}

static void
trees_are_marked(void **state)
{
	struct draw d = {80};
	char token[100];
	struct secret_place at;
	struct err e = {0};

	(void)state;
	sample_draw(&d, "ghp_{N36}", token, sizeof(token));
	for (size_t n = 1;; n++) {
		json_t *places AUTO_JSON = json_array();
		json_t *tree AUTO_JSON =
			json_pack("{s:o}", "t", tree_of(token));
		json_t *want AUTO_JSON = NULL;
		int64_t marked = 0;
		int rc;

		assert_true(secret_in_member(tree, "t", "", &at));
		assert_string_equal(at.rule, "password-assignment");
		assert_string_equal(at.path, "t.a[0].password");
		heap_fail_at(n);
		rc = secret_mark_member(tree, "t", "", places, &marked, &e);
		if (heap_disarm()) {
			assert_int_equal(rc, MDB_E_NOMEM);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_int_equal(marked, 3);
		assert_int_equal(json_array_size(places), 3);
		assert_false(secret_in_member(tree, "t", "", &at));
		want = json_pack("{s:{s:[{s:s,s:s,s:i}],s:s}}", "t", "a",
			"password", "[secret:password-assignment]", "plain",
			"x", "[secret:github-token]", 1, "k",
			"[secret:github-token]");
		assert_true(json_equal(tree, want));
		break;
	}
}

/* --- what it costs ----------------------------------------------------------- */
static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double
seconds_of(const char *text, size_t n)
{
	int64_t began = cpu_ns();
	struct secret s;
	size_t at = 0;

	while (secret_find(text, n, at, &s))
		at = s.at + s.n;
	return (double)(cpu_ns() - began) / 1e9;
}

/* Texts made to run matchers in vain, a MiB each: linear in the length, so
 * twice the text costs about twice the time, and no text costs seconds. */
static void
hostile_texts_are_linear(void **state)
{
	static const char *const pieces[] = {"eyJ-", "eyJaaaaaaaaaaaa.",
		"glpat-", "fm2_=", "AKIA-", "password=", "=", ":", "a://b:c",
		"-----BEGIN ", "-----BEGIN PRIVATE KEY-----",
		"PuTTY-User-Key-File-", "ops_eyJ.", "basic aaaa", "bearer a",
		"password for ", "M.", "a1.b2.", "12345678:", "Q~", "-us1",
		"https://hooks.slack.com/services/T", "://@", "\"'`\\ =",
		"-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	size_t n = 1024 * 1024;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		size_t m = strlen(pieces[i]);
		double s;

		for (size_t k = 0; k < n; k++)
			text[k] = pieces[i][k % m];
		s = seconds_of(text, n);
		if (s > 1)
			print_message("%.2f s: %s\n", s, pieces[i]);
		assert_true(s < 10);
	}
	free(text);
}

/* A fact as agents write them. The figure is printed; the bound leaves room
 * for a build with checks. */
static void
plain_facts_cost_little(void **state)
{
	static const char fact[] =
		"Ada moved the billing service to Postgres 15 in March: "
		"migrations run in CI, and Bob reviews them.";
	struct secret s;
	int64_t began = cpu_ns(), ns;
	int runs = 20000;

	(void)state;
	for (int i = 0; i < runs; i++)
		assert_false(secret_find(fact, sizeof(fact) - 1, 0, &s));
	ns = (cpu_ns() - began) / runs;
	print_message("%zu bytes of prose: %lld ns\n", sizeof(fact) - 1,
		(long long)ns);
	assert_true(ns < 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_found),
		cmocka_unit_test(lookalikes_are_left_alone),
		cmocka_unit_test(pictures_are_left_alone),
		cmocka_unit_test(range_is_the_secret),
		cmocka_unit_test(markers_take_the_place),
		cmocka_unit_test(edges_hold),
		cmocka_unit_test(trees_are_marked),
		cmocka_unit_test(hostile_texts_are_linear),
		cmocka_unit_test(plain_facts_cost_little),
	};

	return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
