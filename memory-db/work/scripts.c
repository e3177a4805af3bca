/* The script threads: each runs one script at a time in a jail, with a private
 * view of the database. A script that wrote and ended well goes on to the
 * writer, which makes its writes one change (method/m_execute_code.c); every
 * other one is answered here. */
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/script/script.h"
#include "memory-db/work/internal.h"
#include "memory-db/work/once.h"
#include "memory-db/work/recover.h"
#include "memory-db/work/script_methods.h"
#include "sandbox/sandbox.h"

/* A jail that is over its time is killed within a second, and may have waited 3 s
 * for its turn: what lasts longer hangs in a call. */
#define SCRIPT_GRACE_MS 6000

struct scripts_run {
	struct runner *r;
	struct job *j;
	struct script script;
	struct sandbox_outcome outcome;
};

/* A call of the script, in this thread. */
static int
scripts_on_call(void *ctx, const char *method, json_t *params, int64_t left_ms,
	json_t **ret_result, struct err *e)
{
	struct scripts_run *x = ctx;

	return script_call(&x->script, method, params, left_ms, ret_result, e);
}

static bool
scripts_is_true(const struct job *j, const char *key)
{
	return json_is_true(json_object_get(j->params, key));
}

/* Each thread opens its view at the first script: most services run none. */
static int
open_store(struct runner *r, struct err *e)
{
	return r->st != NULL
		       ? 0
		       : store_open(r->work->opt.db, STORE_SCRIPT, &r->st, e);
}

/* run_skill of a client is a script of one line. */
static int
run_jailed(struct scripts_run *x, struct err *e)
{
	static const char skill[] = "return run_skill(args.name, args.params, "
				    "args.version)";
	const json_t *code = json_object_get(x->j->params, "code");
	const char *without[SCRIPT_METHODS_MAX];
	struct sandbox_job job = {
		.source = code != NULL ? json_string_value(code) : skill,
		.source_len = code != NULL ? json_string_length(code)
					   : sizeof(skill) - 1,
		.args = code != NULL ? json_object_get(x->j->params, "args")
				     : x->j->params,
		.without = without,
		.call = scripts_on_call,
		.call_ctx = x,
		.cancel = &x->j->cancelled,
	};

	script_methods_without(&x->j->ctx, without);
	job.limits.wall_ms = (int64_t)json_integer_value(
		json_object_get(x->j->params, "timeout_ms"));
	x->script = (struct script){.st = x->r->st,
		.ctx = &x->j->ctx,
		.run = x->r->work->opt.run};
	return sandbox_run(x->r->work->opt.sandbox, &job, &x->outcome, e);
}

/* From here on it counts, with the opening of its view. */
static void
set_due(struct runner *r, const struct job *j)
{
	struct sandbox_limits l = {
		.wall_ms = (int64_t)json_integer_value(
			json_object_get(j->params, "timeout_ms"))};

	sandbox_limits_settle(&l);
	atomic_store(&r->due_ns,
		clock_mono_ns() + (l.wall_ms + SCRIPT_GRACE_MS) * 1000000);
}

int64_t
work_script_overdue_ms(const struct work *w)
{
	int64_t now = clock_mono_ns(), most = 0;

	for (size_t i = 0; i < WORK_SCRIPTS; i++) {
		int64_t due = atomic_load(&w->runners[i].due_ns);

		if (due != 0 && now - due > most)
			most = now - due;
	}
	return most / 1000000;
}

/* Adds what the script changed; nothing when it changed nothing. */
static int
scripts_add_changes(struct scripts_run *x, json_t *result, struct err *e)
{
	json_t *changes = NULL;
	int rc = script_wrote(&x->script)
			 ? script_changes(&x->script, &changes, e)
			 : 0;

	if (rc != 0)
		return rc;
	if (changes && jx_set(result, "changes", changes) != 0)
		rc = err_nomem(e);
	if (rc != 0)
		return rc;
	if (scripts_is_true(x->j, "dry_run") &&
		jx_set(result, "dry_run", json_true()) != 0)
		rc = err_nomem(e);
	return rc;
}

/* The job becomes one for the writer: what it was asked stays inside, since
 * its context borrows from there. */
static int
scripts_pass_on(struct scripts_run *x, json_t *result, struct err *e)
{
	json_t *pack = NULL, *params;
	int rc = script_pack(&x->script, &pack, e);

	if (rc != 0)
		return rc;
	params = json_pack("{s:O,s:o,s:O}", "request", x->j->params, "pack",
		pack, "outcome", result);
	if (!params)
		return err_nomem(e);
	json_decref(x->j->params);
	x->j->params = params;
	return 0;
}

static int
refuse_writes(const struct scripts_run *x, struct err *e)
{
	if (x->j->write_refusal == MDB_E_DISK_LOW)
		return err_set(e, MDB_E_DISK_LOW,
			"the script ended well, but the disk of the database "
			"is nearly full: what it wrote was dropped. Reads go "
			"on; free some space and run it again");
	return err_set(e, x->j->write_refusal,
		"the script ended well, but the database is read-only: what "
		"it wrote was dropped. Scripts that only read work");
}

/* 1 when the job goes on to the writer, 0 when it is answered. */
static int
scripts_finish(struct scripts_run *x, struct err *e)
{
	AUTO_JSON json_t *result = sandbox_outcome_json(&x->outcome);
	bool keep = x->outcome.result == SANDBOX_OK &&
		    script_wrote(&x->script) &&
		    !scripts_is_true(x->j, "dry_run");
	int rc = 0;

	if (!result)
		return err_nomem(e);
	if (x->script.skill && json_object_get(x->j->params, "code") == NULL &&
		json_object_set(result, "skill", x->script.skill) != 0)
		rc = err_nomem(e);
	if (rc != 0)
		return rc;
	if (x->outcome.result == SANDBOX_OK)
		rc = scripts_add_changes(x, result, e);
	if (rc != 0)
		return rc;
	if (keep && x->j->write_refusal)
		return refuse_writes(x, e);
	if (keep) {
		rc = scripts_pass_on(x, result, e);
		return rc == 0 ? 1 : rc;
	}
	return job_answer(x->j, take_ptr(result), e);
}

static int
run_and_finish(struct scripts_run *x, struct err *e)
{
	int rc = run_jailed(x, e);

	if (rc != 0)
		return rc;
	if (!scripts_is_true(x->j, "dry_run"))
		script_count_skills(&x->script);
	return scripts_finish(x, e);
}

static int
scripts_run_script(struct runner *r, struct job *j, struct err *e)
{
	struct scripts_run x = {.r = r, .j = j};
	AUTO_JSON json_t *again = NULL;
	int rc;

	if (atomic_load_explicit(&j->cancelled, memory_order_relaxed))
		return err_set(e, MDB_E_CANCELLED, "cancelled before it ran");
	rc = open_store(r, e);
	if (rc != 0)
		return rc;
	rc = once_look_script(r->st, j, &again, e);
	if (rc != 0)
		return rc;
	if (again)
		return job_answer(j, take_ptr(again), e);
	rc = run_and_finish(&x, e);
	r->cpu_us += x.outcome.usage.cpu_us;
	script_done(&x.script);
	sandbox_outcome_done(&x.outcome);
	return rc;
}

/* What calls of a script cost is its cost. */
static int64_t
thread_cpu_us(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0
		       ? 0
		       : (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void *
runner_main(void *arg)
{
	struct runner *r = arg;
	struct work *w = r->work;
	struct job *j;
	unsigned index = (unsigned)(r - w->runners);
	int wait_ms = -1;

	(void)pthread_setname_np(pthread_self(), "script");
	for (;;) {
		struct job_list list = {0};
		struct err e = {0};
		int rc;

		j = fair_take(&w->scripts, index, wait_ms);
		if (!j) {
			if (fair_is_stopped(&w->scripts))
				return NULL;
			work_enter(w);
			work_shrink(r->st);
			work_leave(w);
			wait_ms = -1;
			continue;
		}
		wait_ms = WORK_SHRINK_MS;
		atomic_store(&r->current, j);
		if (atomic_load(&w->scripts_end))
			atomic_store(&j->cancelled, true);
		r->cpu_us = -thread_cpu_us();
		log_room_enter(&w->log_room, &j->cancelled);
		work_enter(w);
		set_due(r, j);
		rc = scripts_run_script(r, j, &e);
		atomic_store(&r->due_ns, 0);
		work_leave(w);
		log_room_leave(&w->log_room);
		r->cpu_us += thread_cpu_us();
		atomic_store(&r->current, NULL);
		fair_leave(&w->scripts, j, clock_mono_ns(), r->cpu_us);
		job_list_add(&list, j);
		if (rc == 1) {
			work_push_writes(w, &list);
			continue;
		}
		if (rc < 0) {
			e.code = rc;
			if (!j->is_answered)
				job_fail(j, &e);
		}
		work_deliver(w, &list);
	}
}
