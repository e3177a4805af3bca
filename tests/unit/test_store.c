/* Store: open, write changes, read them back under lenses, tallies, chain. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/counters.h"
#include "tests/lib/db_folder.h"

struct fixture {
	struct db_folder at;
	struct database *db;
	struct store *w;
	struct err e;
};

#define OK(x)                                                                  \
	do {                                                                   \
		int ok_ = (x);                                                 \
		if (ok_ < 0)                                                   \
			print_error("%s\n", f->e.text);                        \
		assert_true(ok_ >= 0);                                         \
	} while (0)

static void
open_all(struct fixture *f)
{
	struct database_options o = {.path = f->at.path};

	OK(database_open(&o, &f->db, &f->e));
	OK(store_open(f->db, STORE_WRITER, &f->w, &f->e));
}

static void
close_all(struct fixture *f)
{
	store_close(f->w);
	database_close(f->db);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	db_folder_make(&f->at);
	open_all(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	close_all(f);
	assert_int_equal(db_folder_remove(&f->at), 0);
	free(f);
	clock_fake(0);
	return 0;
}

static struct fact
observation(int64_t entity, const char *text)
{
	return (struct fact){.entity = entity,
		.kind = FACT_OBSERVATION,
		.weight = -1,
		.confidence = -1,
		.valid_from = FACT_NO_TIME,
		.valid_to = FACT_NO_TIME,
		.source_at = FACT_NO_TIME,
		.text = text,
		.text_n = strlen(text)};
}

static struct change *
begin(struct fixture *f, enum change_kind kind)
{
	struct change_info info = {.ns = NAMESPACE_DEFAULT,
		.branch = STORE_MAIN,
		.kind = kind,
		.session = "s1",
		.message = "because"};
	struct change *c = NULL;

	OK(store_group_begin(f->w, &f->e));
	OK(store_savepoint(f->w, &f->e));
	OK(change_begin(f->w, &info, &c, &f->e));
	return c;
}

static int64_t
commit(struct fixture *f, struct change *c)
{
	int64_t id, at;

	OK(change_seal(c, &id, &at, &f->e));
	OK(store_release(f->w, &f->e));
	OK(store_group_commit(f->w, &f->e));
	return id;
}

static int64_t
create(struct fixture *f, const char *name, const char *text)
{
	struct change *c = begin(f, CHANGE_CREATE);
	int64_t entity, label;
	struct fact x;

	OK(entity_create(f->w, NAMESPACE_DEFAULT, name, strlen(name), &entity,
		&f->e));
	OK(label_intern(f->w, "person", &label, &f->e));
	x = observation(entity, name);
	x.kind = FACT_EXISTENCE;
	x.label = label;
	OK(change_add_fact(c, &x, NULL, &f->e));
	x = observation(entity, text);
	OK(change_add_fact(c, &x, NULL, &f->e));
	commit(f, c);
	return entity;
}

struct seen {
	int n;
	char text[10][64];
	int64_t id[10];
};

static int
see(void *ctx, const struct fact *x)
{
	struct seen *s = ctx;

	snprintf(s->text[s->n], sizeof(s->text[0]), "%s", x->text);
	s->id[s->n++] = x->id;
	return 0;
}

static struct seen
read_at(struct fixture *f, int64_t entity, int64_t change)
{
	struct seen s = {0};
	struct lens lens;

	OK(lens_make(f->w, STORE_MAIN, change, &lens, &f->e));
	OK(lens_apply(f->w, &lens, &f->e));
	OK(fact_each(f->w, entity, 1 << FACT_OBSERVATION, see, &s, &f->e));
	OK(lens_make(f->w, STORE_MAIN, STORE_OPEN_END, &lens, &f->e));
	assert_true(lens.now);
	OK(lens_apply(f->w, &lens, &f->e));
	return s;
}

static void
test_past_states_stay(void **state)
{
	struct fixture *f = *state;
	int64_t ada = create(f, "ada", "likes tea"), c1, c2;
	struct fact x = observation(ada, "likes coffee");
	struct change *c = begin(f, CHANGE_ADD);
	struct entity_times times;
	struct counters t;
	struct seen s;

	OK(change_add_fact(c, &x, NULL, &f->e));
	c1 = commit(f, c);
	s = read_at(f, ada, STORE_OPEN_END);
	assert_int_equal(s.n, 2);
	c = begin(f, CHANGE_DELETE);
	OK(change_hide(c, s.id[0], &f->e));
	c2 = commit(f, c);
	assert_int_equal(c2, c1 + 1);

	s = read_at(f, ada, STORE_OPEN_END);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.text[0], "likes coffee");
	assert_int_equal(read_at(f, ada, c1).n, 2);
	assert_int_equal(read_at(f, ada, 1).n, 1);
	assert_int_equal(read_at(f, ada, 0).n, 0);

	c = begin(f, CHANGE_UNDO);
	OK(change_show(c, read_at(f, ada, 1).id[0], &f->e));
	commit(f, c);
	assert_int_equal(read_at(f, ada, STORE_OPEN_END).n, 2);
	assert_int_equal(read_at(f, ada, c2).n, 1);

	OK(entity_times(f->w, ada, &times, &f->e));
	assert_int_equal(times.version, 4);
	OK(store_counters(f->db, &t, &f->e));
	assert_int_equal(t.entities, 1);
	assert_int_equal(t.observations, 2);
	assert_int_equal(t.changes, 4);
	assert_int_equal(t.past_facts, 1);
	assert_int_equal(t.by_tier[0], 1);
	assert_int_equal(t.types_n, 1);
	assert_string_equal(t.types[0].name, "person");
	counters_done(&t);
}

static void
test_rollback_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t ada = create(f, "ada", "likes tea"), label;
	struct fact x = observation(ada, "rolled back");
	struct change *c = begin(f, CHANGE_ADD);
	struct counters t;

	OK(change_add_fact(c, &x, NULL, &f->e));
	OK(label_intern(f->w, "gone", &label, &f->e));
	change_drop(c);
	store_rollback(f->w);
	OK(store_group_commit(f->w, &f->e));
	assert_int_equal(read_at(f, ada, STORE_OPEN_END).n, 1);
	assert_int_equal(label_find(f->w, "gone", &label, &f->e), 0);
	OK(store_counters(f->db, &t, &f->e));
	assert_int_equal(t.observations, 1);
	counters_done(&t);
}

static void
test_reopen(void **state)
{
	struct fixture *f = *state;
	int64_t ada = create(f, "ada", "likes tea");
	struct counters t;
	char id[64];

	snprintf(id, sizeof(id), "%s", database_id(f->db));
	close_all(f);
	open_all(f);
	assert_string_equal(database_id(f->db), id);
	assert_int_equal(read_at(f, ada, STORE_OPEN_END).n, 1);
	OK(store_counters(f->db, &t, &f->e));
	assert_int_equal(t.entities, 1);
	counters_done(&t);
}

static void
test_second_instance_is_refused(void **state)
{
	struct fixture *f = *state;
	struct database_options o = {.path = f->at.path};
	struct database *db;

	assert_int_equal(database_open(&o, &db, &f->e), MDB_E_EXISTS);
	assert_non_null(strstr(f->e.text, "another instance"));
}

static void
test_times_resolve_to_changes(void **state)
{
	struct fixture *f = *state;
	int64_t c;

	clock_fake(1000000);
	create(f, "a", "one");
	clock_fake(2000000);
	create(f, "b", "two");
	clock_fake(1500000); /* the clock jumps back: order stays */
	create(f, "c", "three");
	OK(lens_change_at(f->w, 999999, &c, &f->e));
	assert_int_equal(c, 0);
	OK(lens_change_at(f->w, 1500000, &c, &f->e));
	assert_int_equal(c, 1);
	OK(lens_change_at(f->w, 2000000, &c, &f->e));
	assert_int_equal(c, 3);
}

static void
test_reader_sees_commits_only(void **state)
{
	struct fixture *f = *state;
	struct store *r = NULL;
	int64_t ada = create(f, "ada", "likes tea");
	struct fact x = observation(ada, "more");
	struct change *c;
	struct seen s = {0};

	OK(store_open(f->db, STORE_READER, &r, &f->e));
	c = begin(f, CHANGE_ADD);
	OK(change_add_fact(c, &x, NULL, &f->e));
	OK(store_read_begin(r, &f->e));
	OK(fact_each(r, ada, 1 << FACT_OBSERVATION, see, &s, &f->e));
	assert_int_equal(s.n, 1);
	commit(f, c);
	s.n = 0; /* the snapshot stays */
	OK(fact_each(r, ada, 1 << FACT_OBSERVATION, see, &s, &f->e));
	assert_int_equal(s.n, 1);
	store_read_end(r);
	s.n = 0;
	OK(fact_each(r, ada, 1 << FACT_OBSERVATION, see, &s, &f->e));
	assert_int_equal(s.n, 2);
	store_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_past_states_stay, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_rollback_leaves_nothing,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_reopen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_instance_is_refused,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_times_resolve_to_changes,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_reader_sees_commits_only,
			setup, teardown),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
