/* Which namespace is curated next, when the service does it by itself.
 *
 * Once a minute (CHECK_MS) the namespaces are gone through for one whose last
 * run is a day old. Its run then goes in slices, one a step, until it ends;
 * the end is noted in `meta` and counts for the next day. A run that a crash
 * interrupted has no end noted, so it is due at once and goes on. */
#include "memory-db/model/curate/alone.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "common/contract/tools.h"
#include "memory-db/model/curate/curation.h"
#include "memory-db/store/engine/meta.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/log/log.h"

#define DAY_MS	 (24 * 3600 * INT64_C(1000))
#define CHECK_MS (60 * INT64_C(1000))
#define KEY_SIZE 40

void
curation_alone_done(struct curation_alone *a)
{
	buf_done(&a->name);
}

bool
curation_alone_wanted(const struct curation_alone *a)
{
	int64_t now = clock_now_ms();

	/* A clock that was set back does not stop it. */
	return a->is_running || now >= a->next_ms ||
	       a->next_ms > now + CHECK_MS;
}

/* --- which ---------------------------------------------------------------- */
struct alone_finding {
	struct curation_alone *a;
	bool found;
	struct err *e;
};

static int
alone_take_next(void *ctx, const struct namespace_row *row)
{
	struct alone_finding *f = ctx;

	if (row->id <= f->a->ns || row->last_change == 0)
		return 0;
	f->a->ns = row->id;
	f->a->name.len = 0;
	f->found = true;
	return buf_add(&f->a->name, row->name, strlen(row->name)) != 0 ||
			       !buf_str(&f->a->name)
		       ? err_nomem(f->e)
		       : 1;
}

static void
last_key(int64_t ns, char ret[KEY_SIZE])
{
	snprintf(ret, KEY_SIZE, META_CURATED "%" PRId64, ns);
}

static int
alone_note_time(void *ctx, const struct log_change *c)
{
	*(int64_t *)ctx = c->at;
	return 1;
}

/* The end of its last run; of one that never had any, its first change. */
static int
last_run(struct store *st, int64_t ns, int64_t *ret, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	char key[KEY_SIZE];
	int rc;

	last_key(ns, key);
	rc = meta_get(st, key, &text, e);
	if (rc == 1 && buf_str(&text) &&
		text_int(text.data, 0, INT64_MAX, ret) == 0)
		return 0;
	*ret = INT64_MAX;
	if (rc >= 0)
		rc = log_since(st, ns, 0, alone_note_time, ret, e);
	return rc < 0 ? rc : 0;
}

/* 1 it is due. */
static int
is_due(struct store *st, int64_t ns, struct err *e)
{
	struct curation_settings settings;
	int64_t last = 0, now = clock_now_ms();
	int rc = curation_settings_read(st, ns, &settings, e);

	if (rc != 0 || settings.alone == CURATION_OFF)
		return rc;
	rc = last_run(st, ns, &last, e);
	if (rc != 0 || last == INT64_MAX)
		return rc;
	/* A run that lies ahead was of a clock that ran ahead: it would keep
	 * the next one from being due until then. */
	return now - DAY_MS >= last || last > now;
}

/* 1 a->ns is the next that is due, 0 there is none. */
static int
next_due(struct store *st, struct curation_alone *a, struct err *e)
{
	for (;;) {
		struct alone_finding f = {.a = a, .e = e};
		int rc = namespace_each(st, 0, alone_take_next, &f, e);

		if (rc < 0 || !f.found)
			return rc < 0 ? rc : 0;
		rc = is_due(st, a->ns, e);
		if (rc != 0)
			return rc;
	}
}

/* --- a slice -------------------------------------------------------------- */
static int
alone_note_end(struct store *st, int64_t ns, struct err *e)
{
	char key[KEY_SIZE], text[32];
	int n = snprintf(text, sizeof(text), "%" PRId64, clock_now_ms());

	last_key(ns, key);
	return meta_set(st, key, text, (size_t)n, e);
}

static void
alone_tell(const struct curation_alone *a, const json_t *reply)
{
	const char *stopped =
		json_string_value(json_object_get(reply, "stopped"));

	if (stopped)
		log_event(LOG_WARN, "curation stopped", 0,
			LOG_S("namespace", a->name.data),
			LOG_S("why", stopped));
	else
		log_event(LOG_INFO, "curation done", 0,
			LOG_S("namespace", a->name.data),
			LOG_I("moved", json_integer_value(json_object_get(reply,
					       "moved"))));
}

/* 1 the namespace is not through. */
static int
slice(struct store *st, struct curation_alone *a, int64_t budget_ns,
	struct err *e)
{
	struct context ctx = {.namespace_ = a->name.data,
		.branch = "main",
		.is_service = true};
	struct call c = {.st = st, .tool = TOOL_OF(curate), .ctx = &ctx};
	struct curation_request q = {.is_alone = true, .budget_ns = budget_ns};
	AUTO_JSON json_t *reply = NULL;
	bool done;
	int rc = curation_slice(&c, &q, &reply, e);

	done = rc == 0 && !json_is_false(json_object_get(reply, "done"));
	if (done)
		rc = alone_note_end(st, a->ns, e);
	if (done && rc == 0)
		alone_tell(a, reply);
	call_done(&c);
	return rc != 0 ? rc : !done;
}

int
curation_alone_step(struct store *st, struct curation_alone *a,
	int64_t budget_ns, struct err *e)
{
	int rc = store_group_begin(st, e);

	if (rc != 0)
		return rc;
	rc = a->is_running ? 1 : next_due(st, a, e);
	if (rc == 0) {
		a->ns = 0;
		a->next_ms = clock_now_ms() + CHECK_MS;
		store_group_abort(st);
		return 0;
	}
	if (rc == 1)
		rc = slice(st, a, budget_ns, e);
	a->is_running = rc == 1;
	if (rc < 0 || store_group_commit(st, e) != 0) {
		a->is_running = false;
		store_group_abort(st);
		return rc < 0 ? rc : e->code;
	}
	return 1;
}
