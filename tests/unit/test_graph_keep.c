/* What is kept of the graph is, to the byte, what would be made anew: after any
 * write, undo, forget, merge and end, for whoever reads, in whatever pages. */
#include "memory-db/model/read/graph_keep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/scope/scope.h"
#include "tests/lib/method_fixture.h"
#include "tests/lib/unit.h"

#define START_MS INT64_C(1790000000000)
#define DAY_MS	 INT64_C(86400000)
#define ROUNDS	 400
#define NAMES	 14

struct keep_fixture {
	struct method_fixture m;
	struct graph_keep *keep;
	struct sf_random random;
	int64_t now, change; /* of the last write */
	bool has_branch;
	size_t kept, contested, suspect, from, failed, forgot;
};

/* --- calls ---------------------------------------------------------------- */

/* A write as the writer does it, with what follows its COMMIT. */
static int
write_of(struct keep_fixture *f, const char *method, json_t *params)
{
	struct call c = {.st = f->m.s.w,
		.ctx = &f->m.ctx,
		.params = params,
		.tool = tool_find(method)};
	json_t *result = NULL;
	int rc;

	assert_non_null(params);
	assert_non_null(c.tool);
	memset(&f->m.e, 0, sizeof(f->m.e));
	sf_ok(&f->m.s, store_group_begin(c.st, &f->m.s.e));
	sf_ok(&f->m.s, store_savepoint(c.st, &f->m.s.e));
	rc = method_run(&c, &result, &f->m.e);
	if (rc == 0 && !c.dry_run)
		sf_ok(&f->m.s, store_release(c.st, &f->m.s.e));
	else
		store_rollback(c.st);
	sf_ok(&f->m.s, store_group_commit(c.st, &f->m.s.e));
	if (rc == 0 && effects_find(&c.effects, EFFECT_KEPT))
		graph_keep_clear(f->keep);
	f->failed += rc != 0;
	json_decref(result);
	json_decref(params);
	call_done(&c);
	return rc;
}

/* A page as a reader makes it. True: there is another one. */
static bool
page_of(struct keep_fixture *f, struct graph_keep *keep, json_t *params,
	struct buf *out, char next[CURSOR_SIZE])
{
	struct buf text = {0};
	struct call c = {.st = f->m.s.w,
		.ctx = &f->m.ctx,
		.params = params,
		.tool = tool_find("read_graph"),
		.text = &text,
		.keep = keep,
		.keep_seen = keep ? graph_keep_seen(keep) : 0};
	json_t *result = NULL;
	const char *cursor;

	sf_ok(&f->m.s, store_read_begin(c.st, &f->m.s.e));
	sf_ok(&f->m.s, method_run(&c, &result, &f->m.s.e));
	store_read_end(c.st);
	cursor = json_string_value(json_object_get(result, "next"));
	snprintf(next, CURSOR_SIZE, "%s", cursor ? cursor : "");
	assert_int_equal(buf_add(out, text.data, text.len), 0);
	f->kept += c.is_kept;
	call_done(&c);
	json_decref(result);
	buf_done(&text);
	return next[0] != '\0';
}

static json_t *
page_params(int limit, int max_bytes, const char *cursor)
{
	json_t *params = json_object();

	assert_int_equal((limit > 0 && jx_set(params, "limit",
					       json_integer(limit))) ||
				 (max_bytes > 0 &&
					 jx_set(params, "max_bytes",
						 json_integer(max_bytes))) ||
				 (cursor[0] && jx_set(params, "cursor",
						       json_string(cursor))),
		0);
	return params;
}

static size_t
count(const struct buf *text, const char *word)
{
	return memmem(text->data, text->len, word, strlen(word)) != NULL;
}

/* Where two replies begin to differ. */
static void
show_difference(struct buf *kept, struct buf *anew)
{
	size_t i = 0, from;

	while (i < kept->len && i < anew->len && kept->data[i] == anew->data[i])
		i++;
	from = i > 200 ? i - 200 : 0;
	fprintf(stderr, "kept: %.*s\nanew: %.*s\n",
		(int)(kept->len - from < 500 ? kept->len - from : 500),
		kept->data + from,
		(int)(anew->len - from < 500 ? anew->len - from : 500),
		anew->data + from);
}

/* Reads up to so many pages with what is kept and without. Each reading goes by
 * its own cursors: of relations that are not on a page they may name another. */
static void
compare(struct keep_fixture *f, int limit, int max_bytes, int pages, int step)
{
	char next[CURSOR_SIZE] = "", other[CURSOR_SIZE] = "";

	for (int i = 0; i < pages; i++) {
		AUTO_BUF struct buf kept = {0}, anew = {0};
		AUTO_JSON json_t *params = page_params(limit, max_bytes, next);
		AUTO_JSON json_t *same = page_params(limit, max_bytes, other);
		bool more = page_of(f, f->keep, params, &kept, next);

		if (page_of(f, NULL, same, &anew, other) != more ||
			kept.len != anew.len ||
			memcmp(kept.data, anew.data, kept.len) != 0) {
			show_difference(&kept, &anew);
			fail_msg("round %d, page %d of %d entities, %d bytes",
				step, i, limit, max_bytes);
		}
		f->contested += count(&anew, "\"contested\"");
		f->suspect += count(&anew, "\"suspect\"");
		f->from += count(&anew, "\"from\":[{");
		if (!more)
			break;
	}
}

/* --- who, and what -------------------------------------------------------- */

static int
below(struct keep_fixture *f, int n)
{
	return sf_below(&f->random, n);
}

static const char *
pick_name(struct keep_fixture *f)
{
	static const char *const names[NAMES] = {"ada", "bob", "cyd", "dan",
		"eve", "fay", "gus", "hal", "ivy", "jon", "kim", "lee", "mia",
		"ned"};

	return names[below(f, NAMES)];
}

static const char *
pick_text(struct keep_fixture *f)
{
	static const char *const texts[] = {"lives in Rome", "lives in Oslo",
		"lives in Lima", "works at Acme", "works at Globex",
		"likes \"tea\"", "has a cat", "no longer lives in Rome",
		"birthday is 3 May", "birthday is 9 June"};

	return texts[below(f, (int)ARRAY_LEN(texts))];
}

static void
be_somebody(struct keep_fixture *f)
{
	static const char *const namespaces[] = {"default", "default", "shop"};
	static const char *const sessions[] = {"s1", "s1", "s2", NULL};

	f->m.ctx.namespace_ = namespaces[below(f, 3)];
	f->m.ctx.session = sessions[below(f, 4)];
	f->m.ctx.user_scope = below(f, 6) == 0;
}

/* --- writes --------------------------------------------------------------- */

static void
create(struct keep_fixture *f)
{
	json_t *e = json_pack("{s:s,s:s,s:[s,s]}", "name", pick_name(f),
		"entityType", below(f, 2) ? "person" : "thing", "observations",
		pick_text(f), pick_text(f));

	if (below(f, 5) == 0)
		assert_int_equal(jx_set(e, "ttl_days",
					 json_integer(1 + below(f, 5))),
			0);
	(void)write_of(f, "create_entities",
		json_pack("{s:[o],s:s}", "entities", e, "on_conflict",
			below(f, 2) ? "queue" : "report"));
}

static void
add(struct keep_fixture *f)
{
	json_t *text = below(f, 6) ? json_string(pick_text(f))
				   : json_pack("{s:s,s:[s]}", "text", "guessed",
					     "derived_from", pick_name(f));

	(void)write_of(f, "add_observations",
		json_pack("{s:[{s:s,s:[o]}],s:s}", "observations", "entityName",
			pick_name(f), "contents", text, "on_conflict",
			below(f, 2) ? "queue" : "report"));
}

static void
relate(struct keep_fixture *f)
{
	(void)write_of(f, "create_relations",
		json_pack("{s:[{s:s,s:s,s:s}]}", "relations", "from",
			pick_name(f), "to", pick_name(f), "relationType",
			below(f, 8) ? "knows" : "derived_from"));
}

static void
delete_one(struct keep_fixture *f)
{
	if (below(f, 2))
		(void)write_of(f, "delete_entities",
			json_pack("{s:[s]}", "entityNames", pick_name(f)));
	else
		(void)write_of(f, "delete_observations",
			json_pack("{s:[{s:s,s:[s]}]}", "deletions",
				"entityName", pick_name(f), "observations",
				pick_text(f)));
}

static void
update(struct keep_fixture *f)
{
	json_t *params = json_pack("{s:s}", "name", pick_name(f));

	switch (below(f, 5)) {
	case 0:
		assert_int_equal(jx_set(params, "entityType",
					 json_string(pick_name(f))),
			0);
		break;
	case 1:
		assert_int_equal(jx_set(params, "pin",
					 json_boolean(below(f, 2))),
			0);
		break;
	case 2:
		assert_int_equal(jx_set(params, "expires_at",
					 json_string("never")),
			0);
		break;
	case 3:
		assert_int_equal(jx_set(params, "ttl_days",
					 json_integer(1 + below(f, 3))),
			0);
		break;
	default:
		assert_int_equal(jx_set(params, "tier",
					 json_string("semantic")),
			0);
		break;
	}
	(void)write_of(f, "update_entity", params);
}

static void
rename_one(struct keep_fixture *f)
{
	(void)write_of(f, "rename_entity",
		json_pack("{s:s,s:s}", "name", pick_name(f), "new_name",
			pick_name(f)));
}

static void
undo(struct keep_fixture *f)
{
	int64_t newest = 0;

	sf_ok(&f->m.s, lens_newest(f->m.s.w, &newest, &f->m.s.e));
	(void)write_of(f, "memory_undo",
		json_pack("{s:I,s:s}", "change",
			(json_int_t)(newest > 6 ? newest - below(f, 6)
						: newest),
			"on_conflict", below(f, 2) ? "skip" : "cascade"));
}

static void
forget(struct keep_fixture *f)
{
	json_t *params =
		json_pack("{s:s,s:b}", "name", pick_name(f), "confirm", 1);

	if (below(f, 2))
		assert_int_equal(jx_set(params, "observation",
					 json_string(pick_text(f))),
			0);
	f->forgot += write_of(f, "forget", params) == 0;
}

/* A branch that is written to and merged. */
static void
branch(struct keep_fixture *f)
{
	const char *before = f->m.ctx.namespace_;

	f->m.ctx.namespace_ = "default";
	f->m.ctx.user_scope = false;
	if (!f->has_branch) {
		f->has_branch = write_of(f, "memory_branch",
					json_pack("{s:s,s:s}", "action",
						"create", "name", "b")) == 0;
	} else if (below(f, 3)) {
		f->m.ctx.branch = "b";
		below(f, 2) ? add(f) : delete_one(f);
		f->m.ctx.branch = "main";
	} else {
		(void)write_of(f, "memory_merge",
			json_pack("{s:s}", "branch", "b"));
		(void)write_of(f, "memory_branch",
			json_pack("{s:s,s:s}", "action", "discard", "name",
				"b"));
		f->has_branch = false;
	}
	f->m.ctx.namespace_ = before;
}

static void
resolve(struct keep_fixture *f)
{
	(void)write_of(f, "resolve_conflict",
		json_pack("{s:I,s:s}", "id", (json_int_t)(1 + below(f, 40)),
			"strategy", below(f, 2) ? "keep_both" : "update"));
}

static void
revert(struct keep_fixture *f)
{
	(void)write_of(f, "memory_revert",
		json_pack("{s:s,s:i}", "name", pick_name(f), "version",
			1 + below(f, 4)));
}

/* Time goes on, now and then back. */
static void
wait_days(struct keep_fixture *f)
{
	f->now += below(f, 8) ? DAY_MS * (1 + below(f, 2)) : -DAY_MS;
	clock_fake(f->now);
}

static void
rename_namespace(struct keep_fixture *f)
{
	(void)write_of(f, "rename_namespace",
		json_pack("{s:s,s:s}", "from", "shop", "to", "store"));
	(void)write_of(f, "rename_namespace",
		json_pack("{s:s,s:s}", "from", "store", "to", "shop"));
}

static void
write_something(struct keep_fixture *f)
{
	static void (*const all[])(struct keep_fixture *) = {create, create,
		create, add, add, add, add, relate, relate, relate, delete_one,
		delete_one, update, update, rename_one, undo, undo, branch,
		branch, resolve, revert, wait_days};
	int i = below(f, (int)ARRAY_LEN(all) * 10 + 4);

	be_somebody(f);
	if (i < (int)ARRAY_LEN(all) * 10)
		all[i / 10](f);
	else
		(i % 2 ? forget : rename_namespace)(f);
}

/* --- tests ---------------------------------------------------------------- */

static void
keep_open(struct keep_fixture *f, uint64_t seed)
{
	*f = (struct keep_fixture){.now = START_MS, .random = {seed}};
	clock_fake(f->now);
	mf_open(&f->m);
	assert_int_equal(graph_keep_new(&f->keep), 0);
}

static void
keep_close(struct keep_fixture *f)
{
	graph_keep_free(f->keep);
	mf_close(&f->m);
	clock_fake(0);
}

static void
read_somehow(struct keep_fixture *f, int step)
{
	static const int bounds[][2] = {{0, 0}, {0, 0}, {3, 0}, {1, 0},
		{0, 1200}, {0, 2000}, {0, 700}, {5, 900}};
	const int *bound = bounds[below(f, (int)ARRAY_LEN(bounds))];

	be_somebody(f);
	f->m.ctx.user_scope = false;
	compare(f, bound[0], bound[1], below(f, 3) ? 60 : 1, step);
}

static void
what_is_kept_is_what_is_there(void **state)
{
	const char *given = getenv("TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10)
			      : (uint64_t)clock_mono_ns() % 100000;
	struct keep_fixture f;

	(void)state;
	print_message("seed %" PRIu64 "\n", seed);
	keep_open(&f, seed);
	for (int i = 0; i < ROUNDS; i++) {
		write_something(&f);
		if (below(&f, 3) > 0)
			read_somehow(&f, i);
	}
	print_message("%zu pages kept, %zu contested, %zu suspect, %zu of "
		      "others, %zu forgotten, %zu writes refused\n",
		f.kept, f.contested, f.suspect, f.from, f.forgot, f.failed);
	/* The test has seen what it is for. */
	assert_true(f.kept > ROUNDS / 2 && f.contested > 0 && f.from > 0);
	assert_true(f.failed < ROUNDS / 2);
	keep_close(&f);
}

/* More than 64 entities, the first pages of which have all come to an end. */
static void
what_has_ended_is_passed_over(void **state)
{
	struct keep_fixture f;

	(void)state;
	keep_open(&f, 1);
	for (int i = 0; i < 150; i++) {
		char name[32];

		snprintf(name, sizeof(name), "e%d", i);
		assert_int_equal(write_of(&f, "create_entities",
					 json_pack("{s:[{s:s,s:s,s:[s],s:i}]}",
						 "entities", "name", name,
						 "entityType", "t",
						 "observations", "x",
						 "ttl_days", i < 140 ? 1 : 9)),
			0);
	}
	compare(&f, 0, 0, 1, 0);
	f.now += 2 * DAY_MS;
	clock_fake(f.now);
	compare(&f, 0, 0, 1, 1);
	compare(&f, 4, 0, 10, 2);
	keep_close(&f);
}

/* Of two facts with ends the second one's comes without a write. */
static void
facts_end_one_by_one(void **state)
{
	static const int64_t days[] = {0, 1, 1, 2};
	struct keep_fixture f;

	(void)state;
	keep_open(&f, 5);
	assert_int_equal(
		write_of(&f, "create_entities",
			json_pack("{s:[{s:s,s:s,s:[{s:s,s:i},{s:s,s:i},s]}]}",
				"entities", "name", "ada", "entityType", "t",
				"observations", "text", "first", "ttl_days", 1,
				"text", "second", "ttl_days", 2, "third")),
		0);
	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		AUTO_BUF struct buf text = {0};
		AUTO_JSON json_t *params = json_object();
		char next[CURSOR_SIZE];

		f.now = START_MS + days[i] * DAY_MS + DAY_MS / 2;
		clock_fake(f.now);
		compare(&f, 0, 0, 1, (int)i);
		(void)page_of(&f, f.keep, params, &text, next);
		assert_int_equal(count(&text, "first"), days[i] < 1);
		assert_int_equal(count(&text, "second"), days[i] < 2);
		assert_int_equal(count(&text, "third"), 1);
	}
	keep_close(&f);
}

/* A read whose snapshot is older than a clearing keeps nothing. */
static void
an_older_snapshot_keeps_nothing(void **state)
{
	struct keep_fixture f;
	struct call c = {0};
	json_t *result = NULL;

	(void)state;
	keep_open(&f, 6);
	create(&f);
	c = (struct call){.st = f.m.s.w,
		.ctx = &f.m.ctx,
		.tool = tool_find("read_graph"),
		.keep = f.keep,
		.keep_seen = graph_keep_seen(f.keep)};
	c.params = json_object();
	graph_keep_clear(f.keep);
	sf_ok(&f.m.s, store_read_begin(c.st, &f.m.s.e));
	sf_ok(&f.m.s, method_run(&c, &result, &f.m.s.e));
	store_read_end(c.st);
	assert_false(c.is_kept);
	json_decref(c.params);
	json_decref(result);
	call_done(&c);
	keep_close(&f);
}

/* The texts of a forgotten fact are in no reply, whether or not the service was
 * told to drop what it keeps. */
static void
nothing_forgotten_is_given(void **state)
{
	struct keep_fixture f;
	char next[CURSOR_SIZE];

	(void)state;
	keep_open(&f, 2);
	(void)write_of(&f, "create_entities",
		json_pack("{s:[{s:s,s:s,s:[s,s]}]}", "entities", "name", "ada",
			"entityType", "t", "observations", "the code is 4711",
			"likes tea"));
	for (int i = 0; i < 2; i++) {
		AUTO_BUF struct buf text = {0};
		AUTO_JSON json_t *params = json_object();

		(void)page_of(&f, f.keep, params, &text, next);
		assert_int_equal(count(&text, "4711"), i == 0);
		assert_int_equal(count(&text, "likes tea"), 1);
		if (i == 0)
			assert_int_equal(write_of(&f, "forget",
						 json_pack("{s:s,s:s,s:b}",
							 "name", "ada",
							 "observation",
							 "the code is 4711",
							 "confirm", 1)),
				0);
	}
	keep_close(&f);
}

/* Graphs of more readers than have room push each other out. */
static void
many_readers(void **state)
{
	struct keep_fixture f;

	(void)state;
	keep_open(&f, 3);
	for (int i = 0; i < 60; i++) {
		char session[16];

		be_somebody(&f);
		create(&f);
		f.m.ctx.user_scope = false;
		snprintf(session, sizeof(session), "r%d", below(&f, 9));
		f.m.ctx.session = session;
		compare(&f, 0, 0, 1, i);
		f.m.ctx.session = NULL;
	}
	assert_false(graph_keep_rest(f.keep, 0));
	compare(&f, 0, 0, 1, 60);
	assert_true(graph_keep_rest(f.keep, INT64_MAX));
	keep_close(&f);
}

static void
every_allocation_may_fail(void **state)
{
	struct keep_fixture f;

	(void)state;
	keep_open(&f, 4);
	for (int i = 0; i < 3; i++)
		create(&f);
	compare(&f, 0, 0, 1, 0);
	for (size_t n = 1;; n += 1 + n / 16) {
		struct call c = {.st = f.m.s.w,
			.ctx = &f.m.ctx,
			.tool = tool_find("read_graph"),
			.keep = f.keep};
		json_t *result = NULL;
		struct err e = {0};
		bool failed;
		int rc;

		relate(&f); /* something to follow */
		add(&f);
		c.keep_seen = graph_keep_seen(f.keep);
		c.params = json_object();
		sf_ok(&f.m.s, store_read_begin(c.st, &f.m.s.e));
		heap_fail_at(n);
		rc = method_run(&c, &result, &e);
		failed = heap_disarm();
		store_read_end(c.st);
		json_decref(c.params);
		json_decref(result);
		call_done(&c);
		assert_true(rc == 0 || rc == MDB_E_NOMEM);
		compare(&f, 0, 0, 1, (int)n);
		if (!failed)
			break;
	}
	keep_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_what_is_there),
		cmocka_unit_test(what_has_ended_is_passed_over),
		cmocka_unit_test(facts_end_one_by_one),
		cmocka_unit_test(an_older_snapshot_keeps_nothing),
		cmocka_unit_test(nothing_forgotten_is_given),
		cmocka_unit_test(many_readers),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
