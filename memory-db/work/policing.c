/* One change at a time:
 *
 *   look (a snapshot)     the next change that waits and was not asked about
 *   run (a jail)          the function says apply, stage or refuse, and why
 *   write (the writer)    that is carried out, and noted
 *
 * What fails in the function makes the change wait for the operator. What fails
 * here, a disk for example, is tried again some seconds later. */
#include "memory-db/work/policing.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "memory-db/model/review/review_script.h"
#include "memory-db/store/engine/store.h"
#include "sandbox/sandbox.h"

/* From a failure to the next attempt; of those in a row twice as long each. */
#define AGAIN_NS     (3 * INT64_C(1000000000))
#define AGAIN_MAX_NS (300 * INT64_C(1000000000))

struct policing {
	struct policing_options opt;
	struct helper helper;
	atomic_bool cancelled;

	/* of the thread alone */
	int64_t pause_ns; /* it failed: until the next attempt; or 0 */
	struct review_asked asked;
	enum review_do what;
	struct buf why;
};

/* --- the writer's half ---------------------------------------------------- */
static int
policing_run(void *ctx, struct store *st, struct err *e)
{
	struct policing *x = ctx;

	effects_done(&x->helper.job.effects); /* of an attempt that failed */
	return review_answered(st, &x->asked, x->what,
		x->why.len > 0 ? x->why.data : NULL, &x->helper.job.effects, e);
}

static int
policing_write(struct policing *x, struct err *e)
{
	int rc = helper_write(&x->helper, policing_run, x);

	if (rc == 0)
		return 0;
	return err_set(e, rc,
		"the answer of a policy function was not stored (%s)",
		err_name(rc));
}

/* --- the function --------------------------------------------------------- */
static int
policing_refuse_call(void *ctx, const char *method, json_t *params,
	int64_t left_ms, json_t **ret_result, struct err *e)
{
	(void)ctx;
	(void)params;
	(void)left_ms;
	(void)ret_result;
	return err_set(e, MDB_E_DENIED,
		"%s: a policy function decides by the change alone", method);
}

static int
policing_say(struct policing *x, const char *how, const char *what,
	struct err *e)
{
	buf_clear(&x->why, 4096);
	if (buf_addf(&x->why, "%s%.900s", how, what) || !buf_str(&x->why))
		return err_nomem(e);
	return 0;
}

/* What the jail says; where it says nothing the change waits. */
static int
policing_read_outcome(struct policing *x, const struct sandbox_outcome *o,
	struct err *e)
{
	struct err wrong = {0};

	/* The function did not run, and so it said nothing. */
	if (o->result == SANDBOX_BUSY || o->result == SANDBOX_UNAVAILABLE)
		return err_set(e, MDB_E_BUSY, "no jail is there for it (%s)",
			o->message[0] ? o->message
				      : sandbox_result_name(o->result));
	x->what = REVIEW_STAGE;
	if (o->result != SANDBOX_OK)
		return policing_say(x, "the policy function failed: ",
			o->message[0] ? o->message
				      : sandbox_result_name(o->result),
			e);
	if (review_answer(o->value, &x->what, &x->why, &wrong) != 0)
		return policing_say(x,
			"the policy function gave no answer: ", wrong.text, e);
	if (x->what == REVIEW_APPLY && x->asked.is_own) {
		x->what = REVIEW_STAGE;
		return policing_say(x, "", "it touches the policy function", e);
	}
	if (x->what == REVIEW_APPLY && json_object_get(x->asked.row, "more")) {
		x->what = REVIEW_STAGE;
		return policing_say(x, "",
			"it is too large for the policy function to see all "
			"of it",
			e);
	}
	return x->why.len > 0 && !buf_str(&x->why) ? err_nomem(e) : 0;
}

static int
run_function(struct policing *x, struct sandbox_outcome *o, struct err *e)
{
	struct sandbox_job job = {.source = x->asked.code.data,
		.source_len = x->asked.code.len,
		.args = x->asked.row,
		.limits = {.wall_ms = x->asked.timeout_ms},
		.call = policing_refuse_call,
		.cancel = &x->cancelled};
	int rc = sandbox_run(x->opt.sandbox, &job, o, e);

	if (rc)
		return rc;
	return atomic_load(&x->cancelled) ? 1 : policing_read_outcome(x, o, e);
}

/* 1: it was ended by us, and says nothing. */
static int
policing_ask(struct policing *x, struct err *e)
{
	struct sandbox_outcome o = {0};
	int rc;

	buf_clear(&x->why, 4096);
	if (x->asked.failed) {
		x->what = REVIEW_STAGE;
		return policing_say(x,
			"the policy function failed: ", x->asked.failed, e);
	}
	rc = run_function(x, &o, e);
	sandbox_outcome_done(&o);
	return rc;
}

/* --- the thread ----------------------------------------------------------- */
static int
policing_look(struct policing *x, struct err *e)
{
	int rc = helper_read_begin(&x->helper, e);

	if (rc)
		return rc;
	rc = review_ask_next(x->helper.st, &x->asked, e);
	store_read_end(x->helper.st);
	return rc;
}

static int
find_next(struct policing *x, struct err *e)
{
	int rc;

	x->opt.room.enter(x->opt.room.ctx);
	rc = policing_look(x, e);
	x->opt.room.leave(x->opt.room.ctx);
	return rc;
}

/* Is it worth while to do the same again? */
static bool
policing_is_passing(int rc)
{
	return rc == MDB_E_NOMEM || rc == MDB_E_STORE || rc == MDB_E_BUSY ||
	       rc == MDB_E_DISK_LOW || rc == MDB_E_DENIED ||
	       rc == MDB_E_CANCELLED || rc == MDB_E_UNKNOWN_OUTCOME;
}

/* What the function said cannot be carried out, for example because the
 * namespace is full. Those behind it are asked about. */
static int
leave_to_operator(struct policing *x, int why, struct err *e)
{
	bool is_refusal = x->what == REVIEW_REFUSE;
	int rc;

	x->what = REVIEW_STAGE;
	rc = policing_say(x,
		is_refusal ? "the policy function refuses it, which failed: "
			   : "the policy function would apply it, which "
			     "failed: ",
		err_name(why), e);
	return rc ? rc : policing_write(x, e);
}

/* 1 there may be more. */
static int
police_one(struct policing *x, struct err *e)
{
	int rc = find_next(x, e);

	if (rc != 1)
		return rc;
	rc = policing_ask(x, e);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = policing_write(x, e);
	if (rc && x->what != REVIEW_STAGE && !policing_is_passing(rc))
		rc = leave_to_operator(x, rc, e);
	return rc ? rc : 1;
}

static int64_t
next_pause(int64_t pause_ns, bool is_failed)
{
	if (!is_failed)
		return 0;
	if (pause_ns == 0)
		return AGAIN_NS;
	return 2 * pause_ns < AGAIN_MAX_NS ? 2 * pause_ns : AGAIN_MAX_NS;
}

/* What failed is tried again by itself. */
static void
police_all(struct policing *x)
{
	struct err e = {0};
	int rc;

	do {
		x->asked = (struct review_asked){.ns = 0};
		rc = police_one(x, &e);
		review_asked_done(&x->asked);
	} while (rc > 0 && !atomic_load(&x->cancelled));
	if (rc < 0)
		log_event(x->pause_ns ? LOG_DEBUG : LOG_WARN,
			"a policy function was not asked", 0,
			LOG_S("error", e.text));
	x->pause_ns = next_pause(x->pause_ns, rc < 0);
	x->opt.room.enter(x->opt.room.ctx);
	policing_close(x);
	x->opt.room.leave(x->opt.room.ctx);
}

static void *
policing_main(void *arg)
{
	struct policing *x = arg;

	(void)pthread_setname_np(pthread_self(), "policy");
	helper_wait_begun(&x->helper);
	for (;;) {
		(void)helper_sleep(&x->helper,
			x->pause_ns ? clock_mono_ns() + x->pause_ns
				    : HELPER_FOREVER);
		if (helper_is_stopped(&x->helper))
			return NULL;
		police_all(x);
	}
}

/* --- from outside --------------------------------------------------------- */
int
policing_start(const struct policing_options *o, struct policing **ret,
	struct err *e)
{
	struct policing *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_nomem(e);
	x->opt = *o;
	helper_init(&x->helper, &o->room);
	helper_wake(&x->helper); /* what a service before this one left */
	rc = helper_start(&x->helper, policing_main, x, e);
	if (rc) {
		policing_free(x);
		return rc;
	}
	*ret = x;
	return 0;
}

void
policing_begin(struct policing *x)
{
	if (x)
		helper_begin(&x->helper);
}

void
policing_note(struct policing *x)
{
	if (x)
		helper_wake(&x->helper);
}

void
policing_close(struct policing *x)
{
	if (x)
		helper_close(&x->helper);
}

void
policing_cancel(struct policing *x)
{
	if (x)
		atomic_store(&x->cancelled, true);
}

void
policing_stop(struct policing *x)
{
	if (!x)
		return;
	policing_cancel(x);
	helper_stop(&x->helper);
}

void
policing_free(struct policing *x)
{
	if (!x)
		return;
	helper_done(&x->helper);
	buf_done(&x->why);
	free(x);
}
