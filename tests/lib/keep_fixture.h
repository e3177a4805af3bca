/* A graph that is read with what is kept of it and without: writes, pages, and
 * their comparison byte for byte. */
#ifndef TESTS_LIB_KEEP_FIXTURE_H
#define TESTS_LIB_KEEP_FIXTURE_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/read/graph_keep.h"
#include "memory-db/model/scope/scope.h"
#include "tests/lib/method_fixture.h"
#include "tests/lib/unit.h"

#define START_MS INT64_C(1790000000000)
#define DAY_MS	 INT64_C(86400000)
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
static inline int
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
static inline bool
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

static inline json_t *
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

static inline size_t
count(const struct buf *text, const char *word)
{
	return memmem(text->data, text->len, word, strlen(word)) != NULL;
}

/* Where two replies begin to differ. */
static inline void
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
static inline void
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

static inline int
below(struct keep_fixture *f, int n)
{
	return sf_below(&f->random, n);
}

static inline const char *
pick_name(struct keep_fixture *f)
{
	static const char *const names[NAMES] = {"ada", "bob", "cyd", "dan",
		"eve", "fay", "gus", "hal", "ivy", "jon", "kim", "lee", "mia",
		"ned"};

	return names[below(f, NAMES)];
}

static inline const char *
pick_text(struct keep_fixture *f)
{
	static const char *const texts[] = {"lives in Rome", "lives in Oslo",
		"lives in Lima", "works at Acme", "works at Globex",
		"likes \"tea\"", "has a cat", "no longer lives in Rome",
		"birthday is 3 May", "birthday is 9 June"};

	return texts[below(f, (int)ARRAY_LEN(texts))];
}

static inline void
be_somebody(struct keep_fixture *f)
{
	static const char *const namespaces[] = {"default", "default", "shop"};
	static const char *const sessions[] = {"s1", "s1", "s2", NULL};

	f->m.ctx.namespace_ = namespaces[below(f, 3)];
	f->m.ctx.session = sessions[below(f, 4)];
	f->m.ctx.user_scope = below(f, 6) == 0;
}

/* --- writes --- */
static inline void
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

static inline void
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

static inline void
relate(struct keep_fixture *f)
{
	(void)write_of(f, "create_relations",
		json_pack("{s:[{s:s,s:s,s:s}]}", "relations", "from",
			pick_name(f), "to", pick_name(f), "relationType",
			below(f, 8) ? "knows" : "derived_from"));
}

static inline void
keep_open(struct keep_fixture *f, uint64_t seed)
{
	*f = (struct keep_fixture){.now = START_MS, .random = {seed}};
	clock_fake(f->now);
	mf_open(&f->m);
	assert_int_equal(graph_keep_new(&f->keep), 0);
}

static inline void
keep_close(struct keep_fixture *f)
{
	graph_keep_free(f->keep);
	mf_close(&f->m);
	clock_fake(0);
}

#endif
