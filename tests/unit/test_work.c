/* The worker threads with a real database and handlers made for the test:
 * groups, poison requests, cancelling, long frames. */
#include "tests/lib/unit.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/work/work.h"
#include "tests/lib/db_folder.h"

struct fixture {
	struct db_folder at;
	struct database *db;
	struct work *work;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	size_t wakes;
};

static void
on_wake(void *ctx)
{
	struct fixture *f = ctx;

	pthread_mutex_lock(&f->lock);
	f->wakes++;
	pthread_cond_signal(&f->woken);
	pthread_mutex_unlock(&f->lock);
}

/* --- handlers ------------------------------------------------------------- */
static atomic_int poison_left; /* how often "poison" ruins its group */
static atomic_int held;	       /* handlers that wait in the gate */
static atomic_bool gate_open;

static void
wait_at_gate(void)
{
	atomic_fetch_add(&held, 1);
	while (!atomic_load(&gate_open))
		usleep(500);
	atomic_fetch_sub(&held, 1);
}

static int
add_lease(struct call *c, const char *name, int64_t branch, struct err *e)
{
	struct effect *x;

	if (strncmp(name, "lease", 5) != 0)
		return 0;
	x = effects_add(&c->effects, EFFECT_LEASE, e);
	if (!x)
		return MDB_E_NOMEM;
	x->branch = branch;
	return 0;
}

/* Creates the namespace in `query`; some names do something else. */
static int
write_handler(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = json_string_value(json_object_get(c->params, "to"));
	int64_t id;
	int rc = namespace_intern(c->st, name, &id, e);

	if (rc < 0)
		return rc;
	if (strcmp(name, "refused") == 0)
		return err_set(e, MDB_E_EXISTS, "refused after writing");
	if (strcmp(name, "gate") == 0)
		wait_at_gate();
	if (strcmp(name, "poison") == 0 &&
		atomic_fetch_sub(&poison_left, 1) > 0) {
		/* What FULL and IOERR may do: the transaction is gone. */
		sqlite3_exec(c->st->db, "ROLLBACK", NULL, NULL, NULL);
		return err_set(e, MDB_E_STORE, "poison");
	}
	c->note.change = id;
	rc = add_lease(c, name, id, e);
	if (rc)
		return rc;
	if (strcmp(name, "lease, then refused") == 0)
		return err_set(e, MDB_E_EXISTS, "refused with an effect");
	*ret_result = json_pack("{s:I}", "ns", (json_int_t)id);
	return *ret_result ? 0 : err_nomem(e);
}

static int
read_handler(struct call *c, json_t **ret_result, struct err *e)
{
	const char *q = json_string_value(json_object_get(c->params, "query"));
	int64_t id = 0;
	int rc;

	if (strcmp(q, "endless") == 0) {
		atomic_fetch_add(&held, 1);
		rc = sqlite3_exec(c->st->db,
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
			"SELECT i + 1 FROM n) SELECT count(*) FROM n",
			NULL, NULL, NULL);
		atomic_fetch_sub(&held, 1);
		assert(rc == SQLITE_INTERRUPT);
		return err_set(e, MDB_E_CANCELLED, "interrupted");
	}
	rc = namespace_find(c->st, q, &id, e);
	if (rc < 0)
		return rc;
	*ret_result = json_pack("{s:I}", "ns", (json_int_t)id);
	return *ret_result ? 0 : err_nomem(e);
}

static int
run(struct call *c, json_t **ret_result, struct err *e)
{
	return c->tool->flags & TF_WRITE ? write_handler(c, ret_result, e)
					 : read_handler(c, ret_result, e);
}

/* --- fixture -------------------------------------------------------------- */
static void
start(struct fixture *f, size_t group_max)
{
	struct work_options o = {.db = f->db,
		.group_max = group_max,
		.run = run,
		.wake = on_wake,
		.wake_ctx = f};
	struct err e;

	assert_int_equal(work_start(&o, &f->work, &e), 0);
	while (work_state(f->work) != WORK_READY)
		usleep(200);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct database_options o = {.path = f->at.path};
	struct err e;

	db_folder_make(&f->at);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->woken, NULL);
	assert_int_equal(database_open(&o, &f->db, &e), 0);
	atomic_store(&poison_left, 0);
	atomic_store(&gate_open, false);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	atomic_store(&gate_open, true);
	work_stop(f->work);
	assert_null(work_take_done(f->work));
	work_free(f->work);
	database_close(f->db);
	assert_int_equal(db_folder_remove(&f->at), 0);
	free(f);
	return 0;
}

static struct job *
job_of(const char *tool, const char *key, const char *value)
{
	static uint64_t serial;
	struct job *j = calloc(1, sizeof *j);

	assert_non_null(j);
	job_init(j, ++serial);
	j->tool = tool_find(tool);
	assert_non_null(j->tool);
	j->params = json_pack("{s:s}", key, value);
	j->id = json_integer((json_int_t)serial);
	j->ctx.namespace_ = "default";
	j->ctx.branch = "main";
	return j;
}

static struct job *
write_of(const char *name)
{
	return job_of("rename_namespace", "to", name);
}

static struct job *
read_of(const char *query)
{
	return job_of("search_nodes", "query", query);
}

/* Waits until n jobs are done; the list in the order of their serials. */
static struct job *
wait_done(struct fixture *f, size_t n)
{
	struct job *all = NULL, *j, *next, **at;

	while (n > 0) {
		pthread_mutex_lock(&f->lock);
		while (f->wakes == 0)
			pthread_cond_wait(&f->woken, &f->lock);
		f->wakes = 0;
		pthread_mutex_unlock(&f->lock);
		for (j = work_take_done(f->work); j; j = next, n--) {
			next = j->next;
			for (at = &all; *at && (*at)->serial < j->serial;)
				at = &(*at)->next;
			j->next = *at;
			*at = j;
		}
	}
	return all;
}

/* Takes the first job of a list: its code, freed. */
static int
pop(struct job **list)
{
	struct job *j = *list;
	int code = j->code;

	assert_true(j->is_answered);
	assert_true(j->reply.len > 0);
	assert_int_equal(j->reply.data[j->reply.len - 1], '\n');
	*list = j->next;
	job_done(j);
	free(j);
	return code;
}

/* The change that subscribers will be told of; 0: none. */
static int64_t
fed_change(const struct job *j)
{
	const struct effect *x = effects_find(&j->effects, EFFECT_FEED);

	return x ? x->note.change : 0;
}

static int
run_write(struct fixture *f, const char *name)
{
	struct job_list l = {0};
	struct job *done;

	job_list_add(&l, write_of(name));
	work_push_writes(f->work, &l);
	done = wait_done(f, 1);
	return pop(&done);
}

/* Whether a reader sees the namespace. */
static bool
exists(struct fixture *f, const char *name)
{
	struct job_list l = {0}, none = {0};
	struct job *done;
	struct err e;
	bool found;

	job_list_add(&l, read_of(name));
	work_push_reads(f->work, &l, &none);
	done = wait_done(f, 1);
	assert_int_equal(done->code, MDB_OK);
	{
		AUTO_JSON json_t *o =
			jx_parse(done->reply.data, done->reply.len, &e);

		assert_non_null(o);
		found = json_integer_value(json_object_get(o, "ns")) > 0;
	}
	(void)pop(&done);
	return found;
}

/* Queues a group behind a write that waits at the gate, then opens it. */
static struct job *
run_group(struct fixture *f, const char *const *names, size_t n)
{
	struct job_list l = {0};
	struct job *all;

	atomic_store(&gate_open, false);
	job_list_add(&l, write_of("gate"));
	work_push_writes(f->work, &l);
	while (atomic_load(&held) == 0)
		usleep(200);
	for (size_t i = 0; i < n; i++)
		job_list_add(&l, write_of(names[i]));
	work_push_writes(f->work, &l);
	atomic_store(&gate_open, true);
	all = wait_done(f, n + 1);
	assert_int_equal(pop(&all), MDB_OK);
	return all;
}

/* --- tests ---------------------------------------------------------------- */
static void
groups_share_a_commit(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct fixture *f = *state;
	struct job *done;

	start(f, 100);
	done = run_group(f, names, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(work_stats(f->work)->groups, 2);
	assert_int_equal(work_stats(f->work)->grouped, 5);
	assert_int_equal(work_stats(f->work)->group_largest, 4);
	assert_true(exists(f, "a"));
	assert_true(exists(f, "d"));
}

static void
group_max_bounds_groups(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct fixture *f = *state;
	struct job *done;

	start(f, 1);
	done = run_group(f, names, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(work_stats(f->work)->groups, 5);
}

static void
a_refused_request_fails_alone(void **state)
{
	static const char *const names[] = {"a", "refused", "b"};
	struct fixture *f = *state;
	struct job *done;

	start(f, 100);
	done = run_group(f, names, 3);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(fed_change(done), 0);
	assert_int_equal(pop(&done), MDB_E_EXISTS);
	assert_true(fed_change(done) > 0);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(work_stats(f->work)->groups_repeated, 0);
	assert_true(exists(f, "a"));
	assert_false(exists(f, "refused"));
	assert_true(exists(f, "b"));
}

/* The group is lost once, then everything works. */
static void
a_lost_group_is_repeated(void **state)
{
	static const char *const names[] = {"a", "poison", "b"};
	struct fixture *f = *state;
	struct job *done;

	start(f, 100);
	atomic_store(&poison_left, 1);
	done = run_group(f, names, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(work_stats(f->work)->groups_repeated, 1);
	assert_true(exists(f, "a"));
	assert_true(exists(f, "poison"));
	assert_true(exists(f, "b"));
}

static size_t
count_effects(const struct job *j)
{
	size_t n = 0;

	for (const struct effect *x = j->effects.first; x; x = x->next)
		n++;
	return n;
}

/* Its group is lost and run again: it has what the second run added, once. Of
 * what is refused nothing is left. */
static void
effects_are_of_the_commit(void **state)
{
	static const char *const names[] = {"lease", "poison",
		"lease, then refused"};
	struct fixture *f = *state;
	struct job *done;
	int64_t change;

	start(f, 100);
	atomic_store(&poison_left, 1);
	done = run_group(f, names, 3);
	assert_int_equal(work_stats(f->work)->groups_repeated, 1);
	assert_int_equal(count_effects(done), 2);
	change = fed_change(done);
	assert_true(change > 0);
	assert_int_equal(effects_find(&done->effects, EFFECT_LEASE)->branch,
		change);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(count_effects(done), 1);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(count_effects(done), 0);
	assert_int_equal(pop(&done), MDB_E_EXISTS);
}

static void
a_poison_request_fails_alone(void **state)
{
	static const char *const names[] = {"a", "poison", "b"};
	struct fixture *f = *state;
	struct job *done;

	start(f, 100);
	atomic_store(&poison_left, 1000);
	done = run_group(f, names, 3);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(fed_change(done), 0);
	assert_int_equal(pop(&done), MDB_E_STORE);
	assert_int_equal(pop(&done), MDB_OK);
	assert_true(exists(f, "a"));
	assert_false(exists(f, "poison"));
	assert_true(exists(f, "b"));
	/* And the writer lives on. */
	assert_int_equal(run_write(f, "later"), MDB_OK);
	assert_true(exists(f, "later"));
}

static void
cancelled_writes_do_not_happen(void **state)
{
	struct fixture *f = *state;
	struct job_list l = {0};
	struct job *victim, *done;

	start(f, 100);
	job_list_add(&l, write_of("gate"));
	victim = write_of("victim");
	work_push_writes(f->work, &l);
	while (atomic_load(&held) == 0)
		usleep(200);
	job_list_add(&l, victim);
	work_push_writes(f->work, &l);
	work_cancel(f->work, victim);
	atomic_store(&gate_open, true);
	done = wait_done(f, 2);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(pop(&done), MDB_E_CANCELLED);
	assert_false(exists(f, "victim"));
}

static void
a_running_read_is_interrupted(void **state)
{
	struct fixture *f = *state;
	struct job_list l = {0}, none = {0};
	struct job *endless = read_of("endless"), *done;

	start(f, 100);
	job_list_add(&l, endless);
	work_push_reads(f->work, &l, &none);
	while (atomic_load(&held) == 0)
		usleep(200);
	/* The other reader serves meanwhile. */
	assert_false(exists(f, "nothing"));
	work_cancel(f->work, endless);
	done = wait_done(f, 1);
	assert_int_equal(pop(&done), MDB_E_CANCELLED);
	for (int i = 0; i < 20; i++)
		assert_false(exists(f, "nothing"));
}

struct hammer {
	struct work *work;
	struct job *_Atomic victim;
	atomic_bool end;
	atomic_ulong blows;
};

static void *
cancel_all_the_time(void *arg)
{
	struct hammer *h = arg;

	while (!atomic_load(&h->end)) {
		struct job *j = atomic_load(&h->victim);

		if (j)
			work_cancel(h->work, j);
		atomic_fetch_add(&h->blows, 1);
	}
	return NULL;
}

/* Whoever leaves at whatever moment of its read ends no read of another. */
static void
an_interrupt_hits_only_its_job(void **state)
{
	struct fixture *f = *state;
	struct hammer h = {0};
	pthread_t thread;
	struct job *done;
	int code, hits = 0;

	start(f, 100);
	h.work = f->work;
	assert_int_equal(pthread_create(&thread, NULL, cancel_all_the_time, &h),
		0);
	for (int i = 0; i < 4000; i++) {
		struct job_list l = {0}, none = {0};
		struct job *victim = read_of("victim");
		unsigned long before;

		job_list_add(&l, victim);
		atomic_store(&h.victim, victim);
		work_push_reads(f->work, &l, &none);
		done = wait_done(f, 1);
		/* The hammer has let go of it before it is freed. */
		atomic_store(&h.victim, NULL);
		before = atomic_load(&h.blows);
		while (atomic_load(&h.blows) < before + 2)
			sched_yield();
		(void)pop(&done);
		for (int k = 0; k < WORK_READERS; k++) {
			job_list_add(&l, read_of("other"));
			work_push_reads(f->work, &l, &none);
			done = wait_done(f, 1);
			code = pop(&done);
			hits += code == MDB_E_CANCELLED;
		}
	}
	atomic_store(&h.end, true);
	pthread_join(thread, NULL);
	assert_int_equal(hits, 0);
}

static void
readers_parse_long_frames(void **state)
{
	static const char good[] = "{\"id\":\"x\",\"method\":\"search_nodes\","
				   "\"params\":{\"query\":\"q\",\"odd\":1}}";
	static const char bad[] = "{\"id\":1,\"method\":\"search_nodes\",}";
	const char *frames[] = {good, bad};
	struct fixture *f = *state;
	struct job_list l = {0}, none = {0};
	struct job *done;

	start(f, 100);
	for (int i = 0; i < 2; i++) {
		struct job *j = calloc(1, sizeof *j);

		job_init(j, (uint64_t)i + 1);
		j->kind = JOB_PARSE;
		assert_int_equal(buf_adds(&j->frame, frames[i]), 0);
		job_list_add(&l, j);
	}
	work_push_reads(f->work, &l, &none);
	done = wait_done(f, 2);
	assert_false(done->is_answered);
	assert_string_equal(done->tool->name, "search_nodes");
	assert_string_equal(json_string_value(done->id), "x");
	assert_int_equal(json_array_size(done->ignored), 1);
	{
		struct err e = {0};

		assert_int_equal(job_answer(done, NULL, &e), 0);
	}
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(pop(&done), MDB_E_PROTOCOL);
}

static void
what_is_queued_is_finished_at_the_end(void **state)
{
	struct fixture *f = *state;
	struct job_list l = {0};
	struct job *done, *next;
	size_t n = 0;

	start(f, 10);
	atomic_store(&gate_open, true);
	for (int i = 0; i < 100; i++)
		job_list_add(&l, write_of("x"));
	work_push_writes(f->work, &l);
	work_stop(f->work);
	for (done = work_take_done(f->work); done; done = next, n++) {
		next = done->next;
		assert_int_equal(pop(&done), MDB_OK);
	}
	assert_int_equal(n, 100);
}

/* Each allocation of a small group fails once: an error or success, never a
 * half; the writer lives on. */
static void
without_memory(void **state)
{
	struct fixture *f = *state;
	char name[32];
	int code;
	bool failed;

	start(f, 100);
	for (size_t n = 1; n < 400; n++) {
		struct job_list l = {0};
		struct job *done;

		snprintf(name, sizeof name, "oom%zu", n);
		job_list_add(&l, write_of(name));
		heap_fail_at(n);
		work_push_writes(f->work, &l);
		done = wait_done(f, 1);
		failed = heap_disarm();
		code = done->code;
		/* No memory for the reply: the connection would be closed. */
		if (done->reply.len == 0)
			assert_int_equal(buf_adds(&done->reply, "\n"), 0);
		(void)pop(&done);
		assert_int_equal(exists(f, name), code == MDB_OK);
		if (!failed)
			return;
	}
	fail_msg("a write needs more than 400 allocations");
}

/* The steps fail on a database that has their tables already. */
static void
a_failed_migration_says_why(void **state)
{
	struct fixture *f = *state;
	struct work_options o = {.db = f->db,
		.group_max = 10,
		.run = run,
		.wake = on_wake,
		.wake_ctx = f};
	struct err e;

	f->db->schema = 0;
	assert_int_equal(work_start(&o, &f->work, &e), 0);
	while (work_state(f->work) != WORK_FAILED)
		usleep(200);
	assert_true(work_failure(f->work)->code < 0);
	assert_true(strlen(work_failure(f->work)->text) > 0);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(groups_share_a_commit),
		TEST(group_max_bounds_groups),
		TEST(a_refused_request_fails_alone),
		TEST(a_lost_group_is_repeated),
		TEST(effects_are_of_the_commit),
		TEST(a_poison_request_fails_alone),
		TEST(cancelled_writes_do_not_happen),
		TEST(a_running_read_is_interrupted),
		TEST(an_interrupt_hits_only_its_job),
		TEST(readers_parse_long_frames),
		TEST(what_is_queued_is_finished_at_the_end),
		TEST(without_memory),
		TEST(a_failed_migration_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
