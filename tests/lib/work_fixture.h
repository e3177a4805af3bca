/* The worker threads with a real database and handlers made for the test: one
 * that waits at a gate, one that ruins its group, one that never ends. */
#ifndef TESTS_LIB_WORK_FIXTURE_H
#define TESTS_LIB_WORK_FIXTURE_H

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

#include "tests/lib/unit.h"

struct work_fixture {
	struct db_folder at;
	struct database *db;
	struct work *work;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	size_t wakes;
};

static inline void
on_wake(void *ctx)
{
	struct work_fixture *f = ctx;

	pthread_mutex_lock(&f->lock);
	f->wakes++;
	pthread_cond_signal(&f->woken);
	pthread_mutex_unlock(&f->lock);
}

/* --- handlers ------------------------------------------------------------- */
static atomic_int poison_left; /* how often "poison" ruins its group */
static atomic_int held;	       /* handlers that wait in the gate */
static atomic_bool gate_open;

static inline void
wait_at_gate(void)
{
	atomic_fetch_add(&held, 1);
	while (!atomic_load(&gate_open))
		usleep(500);
	atomic_fetch_sub(&held, 1);
}

static inline int
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
static inline int
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

static inline int
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

static inline int
run(struct call *c, json_t **ret_result, struct err *e)
{
	return c->tool->flags & TF_WRITE ? write_handler(c, ret_result, e)
					 : read_handler(c, ret_result, e);
}

/* --- fixture -------------------------------------------------------------- */
static inline void
start(struct work_fixture *f, size_t group_max)
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

static inline int
setup(void **state)
{
	struct work_fixture *f = calloc(1, sizeof *f);
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

static inline int
teardown(void **state)
{
	struct work_fixture *f = *state;

	atomic_store(&gate_open, true);
	work_stop(f->work);
	assert_null(work_take_done(f->work));
	work_free(f->work);
	database_close(f->db);
	assert_int_equal(db_folder_remove(&f->at), 0);
	free(f);
	return 0;
}

static inline struct job *
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

static inline struct job *
write_of(const char *name)
{
	return job_of("rename_namespace", "to", name);
}

static inline struct job *
read_of(const char *query)
{
	return job_of("search_nodes", "query", query);
}

/* Waits until n jobs are done; the list in the order of their serials. */
static inline struct job *
wait_done(struct work_fixture *f, size_t n)
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
static inline int
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
static inline int64_t
fed_change(const struct job *j)
{
	const struct effect *x = effects_find(&j->effects, EFFECT_FEED);

	return x ? x->note.change : 0;
}

static inline int
run_write(struct work_fixture *f, const char *name)
{
	struct job_list l = {0};
	struct job *done;

	job_list_add(&l, write_of(name));
	work_push_writes(f->work, &l);
	done = wait_done(f, 1);
	return pop(&done);
}

/* Whether a reader sees the namespace. */
static inline bool
exists(struct work_fixture *f, const char *name)
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
static inline struct job *
run_group(struct work_fixture *f, const char *const *names, size_t n)
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

#endif
