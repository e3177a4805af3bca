/* The state of a scan: started, stopped, ended, and how far it is. scan.h has
 * the idea; scan_look.c does the looking.
 *
 * The state is one JSON object a namespace in `meta`, written in the same
 * transaction as the findings: after a crash a scan goes on where its findings
 * end. A second key exists only while a scan is under way, so that asking
 * whether there is anything to do costs one look at an index.
 *
 * Two kinds of scans share this state. One that a person asked for has an end
 * that is fixed at its start. One that makes up for busy writes ("catch_up")
 * goes on until it has seen all; it never sets back a scan of a person. What is
 * owed to writes stays in the state ("later", "again") until a scan comes to it,
 * and the place of a scan that a person has stopped does, too ("paused"). */
#include "memory-db/model/order/scan.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/model/order/fact_attributes.h"
#include "memory-db/model/order/scan_internal.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/stored_object.h"
#include "memory-db/store/engine/meta.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/log/log.h"

/* Scans that began, of all namespaces, committed or not: who does the looking
 * is awake by that. */
static _Atomic unsigned asked;

static void
scan_key(char out[40], const char *prefix, int64_t ns)
{
	snprintf(out, 40, "%s%" PRId64, prefix, ns);
}

void
scan_done(struct scan *x)
{
	json_decref(x->state);
}

/* --- the state ------------------------------------------------------------ */
int64_t
scan_number(const struct scan *x, const char *key, int64_t otherwise)
{
	const json_t *j = json_object_get(x->state, key);

	return j ? (int64_t)json_integer_value(j) : otherwise;
}

/* An empty object where there never was a scan. */
int
scan_load(struct scan *x)
{
	char key[40];
	int rc;

	scan_key(key, META_SCAN, x->ns);
	rc = stored_object_get(x->st, key, "the place of a scan", &x->state,
		x->e);
	if (rc)
		return rc;
	if (!x->state && !(x->state = json_object()))
		rc = err_nomem(x->e);
	if (rc != 0)
		return rc;
	x->started_at = scan_number(x, "started_at", 0);
	x->upto = scan_number(x, "upto", INT64_MAX);
	x->after = scan_number(x, "after", x->ns << 33);
	x->checked = scan_number(x, "checked", 0);
	x->found = scan_number(x, "found", 0);
	return 0;
}

int
scan_save(struct scan *x)
{
	char key[40];
	int rc = member_set_int(x->state, "after", x->after, x->e);

	if (rc)
		return rc;
	rc = member_set_int(x->state, "checked", x->checked, x->e);
	if (rc)
		return rc;
	rc = member_set_int(x->state, "found", x->found, x->e);
	if (rc != 0)
		return rc;
	scan_key(key, META_SCAN, x->ns);
	return stored_object_set(x->st, key, x->state, x->e);
}

static int
scan_set_state(struct scan *x, const char *state, const char *when)
{
	int rc = member_set_new(x->state, "state", json_string(state), x->e);

	if (rc)
		return rc;
	rc = member_set_int(x->state, when, clock_now_ms(), x->e);
	if (rc)
		return rc;
	return scan_save(x);
}

bool
scan_is_running(const struct scan *x)
{
	const char *state = jx_text(x->state, "state");

	return state && strcmp(state, "running") == 0;
}

/* --- starting and stopping ------------------------------------------------ */
/* What makes up for busy writes is marked. */
static int
note_running(struct scan *x, int64_t from)
{
	char key[40], value[24];
	int n = snprintf(value, sizeof(value), "%" PRId64 "%s", x->ns,
		from >= 0 ? SCAN_CATCH_UP : "");

	scan_key(key, META_SCANNING, x->ns);
	return meta_set(x->st, key, value, (size_t)n, x->e);
}

/* Is or was it one that makes up for busy writes? Such a one has not seen the
 * facts before them. */
static bool
is_catch_up(const struct scan *x)
{
	return json_is_true(json_object_get(x->state, "catch_up"));
}

static int
note_newest(void *ctx, const struct log_change *c)
{
	*(int64_t *)ctx = c->fact_max;
	return 1;
}

int
scan_newest_fact(struct scan *x, int64_t *ret)
{
	int rc;

	*ret = x->ns << 33;
	rc = log_newest(x->st, x->ns, 0, INT64_MAX, note_newest, ret, x->e);
	return rc < 0 ? rc : 0;
}

/* A scan that was asked for ends with what was there when it began: a session
 * that writes faster than facts are compared would keep it from ever ending. */
static int
set_end(struct scan *x, bool is_bounded)
{
	int rc;

	x->upto = INT64_MAX;
	(void)json_object_del(x->state, "upto");
	if (!is_bounded)
		return 0;
	rc = scan_newest_fact(x, &x->upto);
	return rc ? rc : member_set_int(x->state, "upto", x->upto, x->e);
}

/* The place of a scan that a person has stopped, and may go on with, stays while
 * another one makes up for what writes have left out. */
static int
set_paused(struct scan *x)
{
	json_t *o = json_pack("{s:I, s:I, s:I}", "after", (json_int_t)x->after,
		"checked", (json_int_t)x->checked, "found",
		(json_int_t)x->found);

	x->checked = x->found = 0;
	return member_set_new(x->state, "paused", o, x->e);
}

/* 1: there was one, and its place is that of the scan. */
static int
take_paused(struct scan *x)
{
	const json_t *o = json_object_get(x->state, "paused");

	if (!o)
		return 0;
	x->after = (int64_t)json_integer_value(json_object_get(o, "after"));
	x->checked = (int64_t)json_integer_value(json_object_get(o, "checked"));
	x->found = (int64_t)json_integer_value(json_object_get(o, "found"));
	(void)json_object_del(x->state, "paused");
	return 1;
}

/* What writes have left out is behind the lowest fact that any of them named. */
static int
owe(struct scan *x, int64_t from)
{
	int64_t later = scan_number(x, "later", INT64_MAX);

	if (later <= from)
		return 0;
	return member_set_int(x->state, "later", from, x->e);
}

static int
begin_catch_up(struct scan *x, bool was_stopped, int64_t from)
{
	int64_t later = scan_number(x, "later", INT64_MAX);
	int rc = was_stopped ? set_paused(x) : 0;

	(void)json_object_del(x->state, "later");
	x->after = later < from ? later : from;
	return rc;
}

/* From the beginning, with all that is owed; or on from where it was stopped. */
static int
begin_asked(struct scan *x, bool was_stopped)
{
	bool is_catching_up = scan_is_running(x) && is_catch_up(x);
	int64_t at = x->after;
	int rc = take_paused(x);

	if (rc == 1 && is_catching_up)
		return owe(x, at);
	if (rc == 1 || was_stopped)
		return 0;
	(void)json_object_del(x->state, "later");
	x->after = x->ns << 33;
	x->checked = x->found = 0;
	return 0;
}

int
scan_begin(struct scan *x, int64_t from)
{
	const char *state = jx_text(x->state, "state");
	bool was_stopped =
		state && strcmp(state, "stopped") == 0 && !is_catch_up(x);
	int rc = from >= 0 ? begin_catch_up(x, was_stopped, from)
			   : begin_asked(x, was_stopped);

	if (rc)
		return rc;
	rc = set_end(x, from < 0);
	if (rc)
		return rc;
	(void)json_object_del(x->state, "ended_at");
	rc = member_set_bool(x->state, "catch_up", from >= 0, x->e);
	if (rc)
		return rc;
	rc = note_running(x, from);
	if (rc)
		return rc;
	return scan_set_state(x, "running", "started_at");
}

/* Busy writes left something out while a scan is under way. One that makes up
 * for such writes comes to these, too, as their facts are new; behind one that
 * was asked for another begins. */
static int
scan_note_later(struct scan *x, const struct buf *running, int64_t from)
{
	int rc;

	if (running->len > 0 &&
		running->data[running->len - 1] == SCAN_CATCH_UP[0])
		return 0;
	rc = scan_load(x);
	if (rc || scan_number(x, "later", INT64_MAX) <= from)
		return rc;
	rc = owe(x, from);
	return rc ? rc : scan_save(x);
}

/* A scan that runs goes on, but for one that only catches up. */
static int
begin_unless_running(struct scan *x, int64_t from)
{
	int rc = scan_load(x);

	if (rc != 0 || (scan_is_running(x) && !is_catch_up(x)))
		return rc;
	return scan_begin(x, from);
}

int
scan_start(struct store *st, int64_t ns, int64_t from, struct err *e)
{
	AUTO_SCAN struct scan x = {.st = st, .ns = ns, .e = e};
	AUTO_BUF struct buf running = {0};
	char key[40];
	int rc;

	scan_key(key, META_SCANNING, ns);
	rc = meta_get(st, key, &running, e);
	if (rc < 0)
		return rc;
	if (rc == 1 && from >= 0) {
		/* Whoever looks is awake, or was woken for that one. */
		rc = scan_note_later(&x, &running, from);
	} else {
		rc = begin_unless_running(&x, from);
		atomic_fetch_add(&asked, 1);
	}
	return rc;
}

int
scan_again(struct store *st, int64_t ns, int64_t first, int64_t last,
	struct err *e)
{
	AUTO_SCAN struct scan x = {.st = st, .ns = ns, .e = e};
	int64_t newest;
	int rc = scan_again_add(&x, first, last);

	if (rc)
		return rc;
	atomic_fetch_add(&asked, 1);
	if (scan_is_running(&x))
		return scan_save(&x);
	rc = scan_newest_fact(&x, &newest);
	return rc ? rc : scan_begin(&x, newest);
}

unsigned
scan_asked(void)
{
	return atomic_load(&asked);
}

int
scan_end(struct scan *x, const char *state)
{
	char key[40];
	int rc;

	scan_key(key, META_SCANNING, x->ns);
	rc = meta_drop_one(x->st, key, x->e);
	if (rc)
		return rc;
	if (take_paused(x)) {
		state = "stopped";
		rc = member_set_bool(x->state, "catch_up", false, x->e);
	}
	return rc ? rc : scan_set_state(x, state, "ended_at");
}

int
scan_stop(struct store *st, int64_t ns, struct err *e)
{
	AUTO_SCAN struct scan x = {.st = st, .ns = ns, .e = e};
	int rc = scan_load(&x);

	if (rc != 0 || !scan_is_running(&x))
		return rc;
	/* A stop ends what was asked for, not what writes owe. */
	if (is_catch_up(&x))
		rc = owe(&x, x.after);
	if (rc)
		return rc;
	rc = scan_end(&x, "stopped");
	return rc == 0 ? 1 : rc;
}

/* --- telling -------------------------------------------------------------- */
static int
tell_times(struct scan *x, json_t *o)
{
	static const char *const keys[] = {"started_at", "ended_at"};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		int64_t ms = scan_number(x, keys[i], 0);

		if (ms > 0)
			rc = member_set_time(o, keys[i], ms, x->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
tell_state(struct scan *x, json_t **ret)
{
	const char *state = jx_text(x->state, "state");
	int64_t first = x->ns << 33, last;
	AUTO_JSON json_t *o = NULL;
	double progress;
	int rc = scan_newest_fact(x, &last);

	if (rc)
		return rc;
	if (last > x->upto)
		last = x->upto;
	progress = last > first
			   ? (double)(x->after - first) / (double)(last - first)
			   : 1;
	if (progress > 1)
		progress = 1;
	o = json_pack("{s:s,s:I,s:I,s:f}", "state", state ? state : "never",
		"checked", (json_int_t)x->checked, "found",
		(json_int_t)x->found, "progress", state ? progress : 0.0);
	rc = !o ? err_nomem(x->e) : tell_times(x, o);
	if (rc)
		return rc;
	*ret = take_ptr(o);
	return rc;
}

int
scan_tell(struct store *st, int64_t ns, json_t **ret, struct err *e)
{
	AUTO_SCAN struct scan x = {.st = st, .ns = ns, .e = e};
	int rc = scan_load(&x);

	if (rc != 0)
		return rc;
	return tell_state(&x, ret);
}
