#include "memory-db/model/order/scan.h"

#include <inttypes.h>
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

/* Facts of a slice at most; time ends most slices earlier. */
#define CHUNK 16
/* Facts of branches and of the past that a slice passes over without work. */
#define PASSED 2000

/* A fact visited so long ago that the place is to be written. */
#define SAVE_NS INT64_C(1000000000)
/* Behind the number of the namespace. */
#define CATCH_UP "+"

static void
scan_key(char out[40], const char *prefix, int64_t ns)
{
	snprintf(out, 40, "%s%" PRId64, prefix, ns);
}

/* --- the state ------------------------------------------------------------ */
static int64_t
scan_number(const struct scan *x, const char *key, int64_t otherwise)
{
	const json_t *j = json_object_get(x->state, key);

	return j ? (int64_t)json_integer_value(j) : otherwise;
}

/* An empty object where there never was a scan. */
static int
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
	x->after = scan_number(x, "after", x->ns << 33);
	x->checked = scan_number(x, "checked", 0);
	x->found = scan_number(x, "found", 0);
	return 0;
}

static int
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

static bool
is_running(const struct scan *x)
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
		from >= 0 ? CATCH_UP : "");

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
begin_scan(struct scan *x, int64_t from)
{
	const char *state = jx_text(x->state, "state");
	bool was_stopped =
		state && strcmp(state, "stopped") == 0 && !is_catch_up(x);
	int rc;

	if (from >= 0 && was_stopped) /* by a person, who will go on with it */
		return 0;
	if (from < 0 && !was_stopped) {
		x->after = x->ns << 33;
		x->checked = x->found = 0;
	} else if (from >= 0) {
		x->after = from;
	}
	(void)json_object_del(x->state, "ended_at");
	rc = member_set_bool(x->state, "catch_up", from >= 0, x->e);
	if (rc)
		return rc;
	rc = note_running(x, from);
	if (rc)
		return rc;
	return scan_set_state(x, "running", "started_at");
}

int
scan_start(struct store *st, int64_t ns, int64_t from, struct err *e)
{
	struct scan x = {.st = st, .ns = ns, .e = e};
	AUTO_BUF struct buf running = {0};
	char key[40];
	int rc;

	scan_key(key, META_SCANNING, ns);
	rc = meta_get(st, key, &running, e);
	/* Whichever is under way comes to what was just written. */
	if (rc < 0 || (rc == 1 && from >= 0))
		return rc < 0 ? rc : 0;
	rc = scan_load(&x);
	if (rc == 0 && (!is_running(&x) || is_catch_up(&x)))
		rc = begin_scan(&x, from);
	json_decref(x.state);
	return rc;
}

static int
end_scan(struct scan *x, const char *state)
{
	char key[40];
	int rc;

	scan_key(key, META_SCANNING, x->ns);
	rc = meta_drop_one(x->st, key, x->e);
	if (rc)
		return rc;
	return scan_set_state(x, state, "ended_at");
}

int
scan_stop(struct store *st, int64_t ns, struct err *e)
{
	struct scan x = {.st = st, .ns = ns, .e = e};
	int rc = scan_load(&x);

	if (rc == 0 && is_running(&x)) {
		rc = end_scan(&x, "stopped");
		rc = rc == 0 ? 1 : rc;
	}
	json_decref(x.state);
	return rc;
}

/* --- telling -------------------------------------------------------------- */
static int
note_newest(void *ctx, const struct log_change *c)
{
	*(int64_t *)ctx = c->fact_max;
	return 1;
}

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
	int64_t first = x->ns << 33, last = first;
	AUTO_JSON json_t *o = NULL;
	double progress;
	int rc = log_newest(x->st, x->ns, 0, INT64_MAX, note_newest, &last,
		x->e);

	if (rc < 0)
		return rc;
	progress = last > first
			   ? (double)(x->after - first) / (double)(last - first)
			   : 1;
	o = json_pack("{s:s,s:I,s:I,s:f}", "state", state ? state : "never",
		"checked", (json_int_t)x->checked, "found",
		(json_int_t)x->found, "progress",
		!state	       ? 0.0
		: progress > 1 ? 1.0
			       : progress);
	rc = !o ? err_nomem(x->e) : tell_times(x, o);
	if (rc)
		return rc;
	*ret = take_ptr(o);
	return rc;
}

int
scan_tell(struct store *st, int64_t ns, json_t **ret, struct err *e)
{
	struct scan x = {.st = st, .ns = ns, .e = e};
	int rc = scan_load(&x);

	if (rc == 0)
		rc = tell_state(&x, ret);
	json_decref(x.state);
	return rc;
}

/* --- a slice -------------------------------------------------------------- */
struct scan_chunk {
	int64_t v[CHUNK], last;
	int n, passed;
};

static int
take_fact(void *ctx, const struct fact *f)
{
	struct scan_chunk *c = ctx;

	c->last = f->id;
	if (f->kind == FACT_OBSERVATION)
		c->v[c->n++] = f->id;
	return c->n == CHUNK || ++c->passed == PASSED;
}

static int
look_at_main(struct scan *x, struct scope *s, struct fact_attributes **ret)
{
	int rc = lens_make(x->st, STORE_MAIN, STORE_OPEN_END - 1, &s->lens,
		x->e);

	if (rc == 0)
		rc = lens_apply(x->st, &s->lens, x->e);
	fact_home(x->st, x->ns);
	return rc ? rc : fact_attributes_get(x->st, x->ns, ret, x->e);
}

/* 1 more is to do. */
static int
scan_chunk(struct scan *x, int64_t end_ns)
{
	struct scan_chunk c = {.n = 0};
	struct scope scope = {.ns = {x->ns}, .n = 1, .valid_at = FACT_NO_TIME};
	AUTO_FREE struct fact_attributes *attributes = NULL;
	int more =
		fact_each_stored(x->st, x->ns, x->after, take_fact, &c, x->e);
	int rc = more < 0 ? more : look_at_main(x, &scope, &attributes);

	x->attributes = attributes;
	if (rc != 0)
		return rc;
	for (int i = 0; i < c.n; i++) {
		rc = scan_fact(x, &scope, c.v[i]);
		x->after = c.v[i];
		if (rc != 0)
			return rc;
		if (i + 1 < c.n && clock_mono_ns() > end_ns)
			return 1;
	}
	if (c.last > x->after)
		x->after = c.last;
	return more;
}

/* Where the steps before left off; what they did not write is in *p. */
static void
take_place(struct scan *x, struct scan_place *p)
{
	int64_t started = scan_number(x, "started_at", 0);

	if (p->ns == x->ns && p->started_at == started) {
		x->after = p->after;
		x->checked = p->checked;
		x->found = p->found;
		return;
	}
	*p = (struct scan_place){.ns = x->ns,
		.started_at = started,
		.saved_ns = clock_mono_ns()};
}

static int
scan_slice(struct scan *x, struct scan_place *p, int64_t budget_ns)
{
	int64_t start = clock_mono_ns(), found;
	int rc = scan_load(x), more;

	if (rc != 0)
		return rc;
	take_place(x, p);
	found = x->found;
	more = scan_chunk(x, start + budget_ns);
	if (more == 0)
		rc = end_scan(x, "done");
	else if (more == 1 &&
		 (x->found > found || start - p->saved_ns > SAVE_NS)) {
		rc = scan_save(x);
		p->saved_ns = start;
	}
	p->after = x->after;
	p->checked = x->checked;
	p->found = x->found;
	if (more == 0)
		p->ns = 0;
	return rc != 0 ? rc : more;
}

struct scan_next {
	int64_t ns;
	bool is_calm;
};

static int
first_scanned(void *ctx, const char *value, size_t n)
{
	struct scan_next *x = ctx;
	bool is_late = n > 0 && value[n - 1] == CATCH_UP[0];
	char text[24];

	n -= is_late;
	if (n >= sizeof(text) || (is_late && !x->is_calm))
		return 0;
	memcpy(text, value, n);
	text[n] = '\0';
	return text_int(text, 1, INT64_MAX >> 33, &x->ns) == 0;
}

static int64_t
next_scan(struct store *st, bool is_calm)
{
	struct scan_next x = {0, is_calm};
	int rc = meta_each(st, META_SCANNING, META_SCANNING_LAST, first_scanned,
		&x, NULL);

	return rc == 1 ? x.ns : 0;
}

bool
scan_wanted(struct store *st, bool is_calm)
{
	return next_scan(st, is_calm) != 0;
}

int
scan_step(struct store *st, struct scan_place *place, int64_t budget_ns,
	struct err *e)
{
	struct scan x = {.st = st, .ns = next_scan(st, true), .e = e};
	int rc;

	if (x.ns == 0)
		return 0;
	rc = store_group_begin(st, e);
	if (rc != 0)
		return rc;
	rc = scan_slice(&x, place, budget_ns);
	json_decref(x.state);
	if (rc < 0) {
		store_group_abort(st);
		place->ns = 0; /* from what is written */
		return rc;
	}
	if (store_group_commit(st, e) != 0) {
		place->ns = 0;
		return e->code;
	}
	return rc;
}
