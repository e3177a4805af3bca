/* A sink is handed every change before its COMMIT, once, and none of a request
 * that was undone. */
#include "tests/lib/unit.h"

#include "memory-db/store/log/change_sink.h"
#include "memory-db/store/log/log.h"
#include "tests/lib/store_fixture.h"

struct seen {
	int64_t ids[16];
	size_t n;
	int committed, lost;
	bool refuses;
	unsigned char chain[32]; /* of the newest */
};

static int
same_chain(void *ctx, const struct log_change *c)
{
	const struct change_sealed *sealed = ctx;

	assert_int_equal(c->ns, sealed->ns);
	assert_memory_equal(c->chain, sealed->chain, 32);
	return 0;
}

static int
append(void *ctx, struct store *st, const struct change_sealed *v, size_t n,
	struct err *e)
{
	struct seen *s = ctx;

	assert_true(store_in_group(st)); /* before COMMIT */
	if (s->refuses)
		return err_set(e, MDB_E_STORE, "the sink is gone");
	for (size_t i = 0; i < n; i++) {
		struct change_sealed sealed = v[i];

		/* It can be read there, with its chain. */
		assert_int_equal(log_get(st, v[i].id, same_chain, &sealed, e),
			1);
		s->ids[s->n++] = v[i].id;
		memcpy(s->chain, v[i].chain, sizeof(s->chain));
	}
	return 0;
}

static void
settled(void *ctx, bool committed)
{
	struct seen *s = ctx;

	s->committed += committed;
	s->lost += !committed;
}

static int64_t
write_one(struct store_fixture *f, const char *name)
{
	struct change_info info = {.ns = f->ns,
		.branch = f->branch,
		.kind = CHANGE_CREATE};
	struct fact fact = {.kind = FACT_EXISTENCE,
		.weight = -1,
		.confidence = -1,
		.valid_from = FACT_NO_TIME,
		.valid_to = FACT_NO_TIME,
		.source_at = FACT_NO_TIME,
		.text = name,
		.text_n = strlen(name)};
	struct change *c;
	int64_t id, at;

	sf_ok(f, entity_create(f->w, f->ns, name, fact.text_n, &fact.entity,
			 &f->e));
	sf_ok(f, change_begin(f->w, &info, &c, &f->e));
	sf_ok(f, change_add_fact(c, &fact, NULL, &f->e));
	sf_ok(f, change_seal(c, &id, &at, &f->e));
	return id;
}

static void
test_each_change_once(void **state)
{
	struct seen seen = {0};
	struct change_sink sink = {append, settled, &seen};
	struct store_fixture f;
	int64_t first, second, third;

	(void)state;
	sf_open(&f);
	change_sink_set(f.db, &sink);
	sf_ok(&f, store_group_begin(f.w, &f.e));
	sf_ok(&f, store_savepoint(f.w, &f.e));
	first = write_one(&f, "first");
	sf_ok(&f, store_release(f.w, &f.e));
	sf_ok(&f, store_savepoint(f.w, &f.e));
	(void)write_one(&f, "undone");
	store_rollback(f.w);
	sf_ok(&f, store_savepoint(f.w, &f.e));
	second = write_one(&f, "second");
	third = write_one(&f, "third");
	sf_ok(&f, store_release(f.w, &f.e));
	assert_int_equal(seen.n, 0);
	sf_ok(&f, store_group_commit(f.w, &f.e));
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.ids[0], first);
	assert_int_equal(seen.ids[1], second);
	assert_int_equal(seen.ids[2], third);
	assert_int_equal(seen.committed, 1);
	assert_int_equal(seen.lost, 0);
	/* A group without a change says nothing. */
	sf_ok(&f, store_group_begin(f.w, &f.e));
	sf_ok(&f, store_group_commit(f.w, &f.e));
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.committed, 1);
	sf_close(&f);
}

static void
test_a_group_that_goes(void **state)
{
	struct seen seen = {0};
	struct change_sink sink = {append, settled, &seen};
	struct store_fixture f;
	int64_t last;

	(void)state;
	sf_open(&f);
	change_sink_set(f.db, &sink);
	sf_ok(&f, store_group_begin(f.w, &f.e));
	(void)write_one(&f, "gone");
	store_group_abort(f.w);
	assert_int_equal(seen.n, 0);
	/* One that the sink refuses is not committed. */
	seen.refuses = true;
	sf_ok(&f, store_group_begin(f.w, &f.e));
	(void)write_one(&f, "refused");
	assert_int_equal(store_group_commit(f.w, &f.e), MDB_E_STORE);
	store_group_abort(f.w);
	sf_ok(&f, lens_newest(f.w, &last, &f.e));
	assert_int_equal(last, 0);
	assert_int_equal(seen.n + (size_t)seen.committed + (size_t)seen.lost,
		0);
	sf_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_change_once),
		cmocka_unit_test(test_a_group_that_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
