/* What is kept of the graph is, to the byte, what would be made anew: after any
 * write, undo, forget, merge and end, for whoever reads, in whatever pages. The
 * writes are random ones; test_graph_keep_cases.c has single cases. */
#include "tests/lib/keep_fixture.h"

#define ROUNDS 400

/* --- writes --------------------------------------------------------------- */

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
