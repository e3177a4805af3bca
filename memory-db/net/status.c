/* get_memory_status, from counters alone: it answers in the loop, under full
 * load and during a migration, and never touches the database file. Problems
 * are told as sentences that say what to do. An agent is told of what it can
 * read; where the file lies is the operator's business. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/utf8.h"
#include "memory-db/embed/chat.h"
#include "memory-db/store/engine/trouble.h"
#include "memory-db/net/figures.h"
#include "memory-db/net/loop_methods.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/store/beside/outcomes.h"
#include "sandbox/sandbox.h"

#define LOAD(x) ((json_int_t)atomic_load_explicit(&(x), memory_order_relaxed))

static json_t *
rows(const struct counters_row *r, size_t n)
{
	json_t *o = json_object();

	for (size_t i = 0; o && i < n; i++)
		if (jx_set(o, r[i].name, json_integer(r[i].n))) {
			json_decref(o);
			return NULL;
		}
	return o;
}

/* Sets {shown, used, ignored, contradicted}, their names behind `before`. */
static int
set_outcomes(json_t *o, const char *before, const int64_t n[OUTCOME_MAX])
{
	char key[64];

	for (int k = 0; k < OUTCOME_MAX; k++) {
		snprintf(key, sizeof(key), "%s%s", before,
			outcome_name((enum outcome)k));
		if (jx_set(o, key, json_integer(n[k])) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

/* One namespace. NULL: no memory. */
static json_t *
outcomes_of(const struct counters_outcomes *x)
{
	AUTO_JSON json_t *o = json_object();
	int64_t shown = 0, recalled = 0;

	for (int k = 0; k < OUTCOME_MAX; k++) {
		shown += x->n[k];
		recalled += x->n[OUTCOME_MAX + k];
	}
	if (!o || set_outcomes(o, "", x->n) != 0 ||
		set_outcomes(o, "recalled_", x->n + OUTCOME_MAX) != 0 ||
		jx_set(o, "shown", json_integer(shown)) != 0 ||
		jx_set(o, "recalled", json_integer(recalled)) != 0)
		return NULL;
	return take_ptr(o);
}

/* What became of facts that were shown: in all, and by namespace. */
static json_t *
usefulness(const struct figures *f)
{
	AUTO_JSON json_t *all = figures_section(f, "usefulness");
	json_t *by_name = json_object();

	if (jx_set(all, "namespaces", by_name) != 0)
		return NULL;
	for (size_t i = 0; i < f->counts->shown_n; i++) {
		const struct counters_outcomes *x = &f->counts->shown[i];

		if (jx_set(by_name, x->name, outcomes_of(x)) != 0)
			return NULL;
	}
	return take_ptr(all);
}

static json_t *
tiers(const struct counters *t)
{
	json_t *o = json_object();

	for (size_t i = 0; o && tool_tiers[i]; i++)
		if (jx_set(o, tool_tiers[i], json_integer(t->by_tier[i]))) {
			json_decref(o);
			return NULL;
		}
	return o;
}

static json_t *
quantiles(const struct histogram *h)
{
	return json_pack("{s:I,s:I,s:I,s:I}", "count", LOAD(h->count), "p50_us",
		(json_int_t)histogram_quantile(h, 0.5), "p99_us",
		(json_int_t)histogram_quantile(h, 0.99), "max_us",
		LOAD(h->max_us));
}

static json_t *
latency(const struct server *s)
{
	const struct work_stats *w = work_stats(s->work);

	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "write_wait",
		quantiles(&w->write_wait), "write", quantiles(&w->write_run),
		"commit", quantiles(&w->commit), "read_wait",
		quantiles(&w->read_wait), "read", quantiles(&w->read_run),
		"search", quantiles(&w->search));
}

static json_t *
outcomes(const struct server *s)
{
	json_t *o = json_object();

	for (int i = 0; o && i < MDB_E_MAX; i++)
		if (s->outcomes[i] > 0 &&
			jx_set(o, i ? err_name(-i) : "success",
				json_integer((json_int_t)s->outcomes[i]))) {
			json_decref(o);
			return NULL;
		}
	return o;
}

/* Another program has the file open and stands in the past: the log that it may
 * still read cannot be cut back, and grows with each write until it ends. */
static json_t *
log_reader(struct server *s)
{
	const struct database_sizes *sizes = server_sizes(s);

	return json_sprintf("the log beside the database has %lld MB, as the "
			    "process %ld (%s) reads the file and holds what it "
			    "saw when it began: end that program or its "
			    "transaction, and let it open a copy (memoryctl "
			    "backup)",
		(long long)(sizes->wal_bytes / 1000000), s->log_reader,
		s->log_reader_name[0] ? s->log_reader_name : "unknown");
}

/* A thread that has taken no step for so long waits for something outside. */
#define HANGS_MS 10000

/* What hangs: a disk that answers no more fails nothing, it only lasts. */
static int
hanging(struct server *s, json_t *a)
{
	int64_t writer_ms = work_writer_busy_ms(s->work);
	int64_t script_ms = work_script_overdue_ms(s->work);
	int rc = 0;

	if (writer_ms > HANGS_MS)
		rc |= jx_add(a,
			json_sprintf(
				"a write has waited for the disk for %lld s, "
				"and all others behind it: look at the system's "
				"log (dmesg) and at the disk. What was accepted "
				"is stored when the disk goes on",
				(long long)(writer_ms / 1000)));
	if (script_ms > 0)
		rc |= jx_add(a,
			json_sprintf(
				"a script should have ended %lld s ago and "
				"hangs: a call of it waits for the disk, or its "
				"process (memory-sandbox) cannot be ended, as ps "
				"shows by the state D. Look at the disk; a "
				"restart of memory-db ends it",
				(long long)(script_ms / 1000)));
	return rc;
}

/* Each problem is a sentence that says what to do. */
static json_t *
problems(struct server *s)
{
	json_t *a = json_array();
	enum work_state state = work_state(s->work);
	struct embedding_status x;
	char trouble[600];
	int rc = 0;

	if (s->is_open && trouble_now(s->db) != TROUBLE_NONE) {
		trouble_text(s->db, trouble, sizeof(trouble));
		rc |= jx_add(a, json_string(trouble));
	}
	if (state == WORK_MIGRATING || state == WORK_OPENING)
		rc |= jx_add(a,
			json_sprintf(
				"the database is being brought to "
				"the format of this version, %.0f %% are done",
				100 * work_progress(s->work)));
	if (s->config->is_read_only)
		rc |= jx_add(a, json_string("the database file may not be "
					    "written: reads only"));
	if (server_sizes(s)->disk_free_bytes < s->config->disk_free_bytes)
		rc |= jx_add(a,
			json_sprintf(
				"writes are off until more than "
				"%lld MB are free on the disk of the database",
				(long long)(s->config->disk_free_bytes >> 20)));
	if (s->log_reader > 0)
		rc |= jx_add(a, log_reader(s));
	rc |= hanging(s, a);
	work_embedding(s->work, &x);
	if (strcmp(x.state, "down") == 0)
		rc |= jx_add(a,
			json_string(
				"no vectors are made now "
				"(embedding.last_error says why); recall goes on by "
				"words, and what is missing is made later"));
	if (s->phase != SERVER_SERVING)
		rc |= jx_add(a, json_string("the service is ending"));
	if (rc) {
		json_decref(a);
		return NULL;
	}
	return a;
}

static json_t *
health(struct server *s)
{
	static const char *const states[] = {[TROUBLE_NONE] = "limited",
		[TROUBLE_LOCKS] = "failing",
		[TROUBLE_DISK] = "failing",
		[TROUBLE_DAMAGE] = "damaged"};
	enum trouble trouble = s->is_open ? trouble_now(s->db) : TROUBLE_NONE;
	json_t *p = problems(s);

	return json_pack("{s:s,s:o,s:o}", "state",
		json_array_size(p) == 0 ? "ok" : states[trouble], "problems", p,
		"replies", outcomes(s));
}

/* Where the file lies is no business of an agent. */
static json_t *
database(const struct server *s, bool is_agent)
{
	if (is_agent)
		return json_pack("{s:i}", "schema", database_schema(s->db));
	return json_pack("{s:s,s:s,s:s,s:i,s:i,s:b}", "path",
		database_path(s->db), "id", database_id(s->db), "instance_id",
		database_instance(s->db), "schema", database_schema(s->db),
		"pid", (int)getpid(), "spawned", s->config->is_spawned);
}

/* Weights that the configuration sets. */
static json_t *
recall_weights(const struct config *c)
{
	struct recall_weight set, base;
	json_t *o = json_object();

	for (int i = 0; o && recall_weights_row(&c->weights, i, &set); i++) {
		(void)recall_weights_row(&recall_weights_default, i, &base);
		if ((set.value > base.value || set.value < base.value) &&
			jx_set(o, set.name, json_real(set.value))) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static json_int_t
left_of(int64_t most, int64_t used)
{
	return (json_int_t)(most > used ? most - used : 0);
}

static json_t *
embeddings(const struct figures *f)
{
	const struct embedding_status *x = &f->embedding;
	json_t *o;

	if (!x->model[0])
		return json_pack("{s:s}", "provider", x->provider);
	o = json_pack("{s:s,s:s}", "provider", x->provider, "model", x->model);
	/* What a provider answered may be cut anywhere. */
	if (o && !figures_add(f, "embedding", o) &&
		!jx_set(o, "state", json_string(x->state)) &&
		(!x->last_error[0] ||
			!jx_set(o, "last_error",
				json_stringn(x->last_error,
					utf8_cut(x->last_error,
						strlen(x->last_error))))))
		return o;
	json_decref(o);
	return NULL;
}

static const char *
chat_state(const struct chat_status *x)
{
	if (x->calls >= x->calls_per_day || x->tokens >= x->tokens_per_day)
		return "budget used up";
	return x->last_error[0] ? "failing" : "ready";
}

/* The chat model that may add to what is extracted, and what is left of the day's
 * budget. */
static json_t *
chat(struct chat *chat)
{
	struct chat_status x;
	json_t *o;

	if (!chat)
		return json_pack("{s:s}", "provider", "none");
	chat_status(chat, &x);
	o = json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I}", "provider", "chat",
		"model", chat_model(chat), "state", chat_state(&x),
		"calls_left", left_of(x.calls_per_day, x.calls),
		"calls_per_day", (json_int_t)x.calls_per_day, "tokens_left",
		left_of(x.tokens_per_day, x.tokens), "tokens_per_day",
		(json_int_t)x.tokens_per_day);
	if (!o || !x.last_error[0])
		return o;
	/* What an endpoint answered may be cut anywhere. */
	if (!jx_set(o, "last_error",
		    json_stringn(x.last_error,
			    utf8_cut(x.last_error, strlen(x.last_error)))))
		return o;
	json_decref(o);
	return NULL;
}

/* A time that is not known has no member. */
static int
set_time(json_t *o, const char *name, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	if (ms == 0)
		return 0;
	clock_format(ms, text);
	return jx_set(o, name, json_string(text));
}

static json_t *
background_task(const struct background_state *t)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I}", "name",
		t->task->name, "about", t->task->about, "outcome",
		background_outcome_name(t->outcome), "runs",
		(json_int_t)t->runs, "failures", (json_int_t)t->failures,
		"duration_ms", (json_int_t)(t->duration_ns / 1000000),
		"longest_step_ms", (json_int_t)(t->longest_ns / 1000000));

	if (o && !set_time(o, "last_run", t->last_run_ms) &&
		!set_time(o, "next_due", t->next_due_ms) &&
		(!t->error[0] || !jx_set(o, "error", json_string(t->error))))
		return o;
	json_decref(o);
	return NULL;
}

/* What the service does for itself; for the operator, as it is long. */
static json_t *
background(const struct server *s)
{
	struct background_state t[BACKGROUND_TASKS_MAX];
	size_t n = work_background(s->work, t);
	json_t *a = json_array();

	for (size_t i = 0; a && i < n; i++)
		if (jx_add(a, background_task(&t[i]))) {
			json_decref(a);
			return NULL;
		}
	return a;
}

/* What waits for somebody, of all namespaces; counted a moment ago. */
static json_t *
order(struct server *s, const struct counters *t)
{
	AUTO_JSON json_t *o = NULL;
	struct figures f;

	figures_read(s, t, &f);
	o = figures_section(&f, "order");
	if (!o || set_time(o, "counted_at", f.order.counted))
		return NULL;
	return take_ptr(o);
}

static json_t *
status_status(struct server *s, const struct counters *t, bool is_agent)
{
	AUTO_JSON json_t *o = json_object(), *more = NULL;
	struct figures f;

	figures_read(s, t, &f);
	more = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,"
			 "s:o,s:o,s:o,s:s}",
		"by_tier", tiers(t), "by_type", rows(t->types, t->types_n),
		"namespaces", rows(t->namespaces, t->namespaces_n), "sizes",
		figures_section(&f, "sizes"), "compression",
		figures_section(&f, "compression"), "queues",
		figures_section(&f, "queues"), "latency", latency(s), "limits",
		figures_section(&f, "limits"), "recall_cache",
		figures_section(&f, "recall_cache"), "recall_weights",
		recall_weights(s->config), "usefulness", usefulness(&f),
		"embedding", embeddings(&f), "chat", chat(s->config->chat),
		"health", health(s), "sandbox", sandbox_status(s->sandbox),
		"database", database(s, is_agent), "version", MEMORY_VERSION);
	if (more && o && !figures_add(&f, "top", o) &&
		!json_object_update(o, more) && !figures_add(&f, "end", o))
		return take_ptr(o);
	return NULL;
}

/* An agent is told what it can read, and that there is more. */
static int
status_count(struct request *r, struct counters *t, struct err *e)
{
	const char *const only[] = {r->job.ctx.namespace_, "default", NULL};

	return r->job.ctx.is_agent
		       ? store_counters_of(r->server->db, only, t, e)
		       : store_counters(r->server->db, t, e);
}

/* Of each method that was called. */
static json_t *
status_methods(const struct server *s)
{
	AUTO_JSON json_t *all = json_object();

	for (size_t i = 0; all && i < tools_n; i++) {
		const struct by_method *m = &s->methods[i];
		json_t *row;

		if (LOAD(m->answer.count) == 0)
			continue;
		row = quantiles(&m->answer);
		if (jx_set(all, tools[i].name, row) != 0 ||
			jx_set(row, "errors",
				json_integer((json_int_t)m->errors)) != 0)
			return NULL;
	}
	return take_ptr(all);
}

int
loop_get_memory_status(struct request *r, json_t **ret_result, struct err *e)
{
	bool is_agent = r->job.ctx.is_agent;
	struct counters t = {0};

	/* Before the database is open there is nothing to count yet. */
	if (r->server->is_open && status_count(r, &t, e))
		return e->code;
	*ret_result = status_status(r->server, &t, is_agent);
	if (*ret_result && is_agent &&
		jx_set(*ret_result, "other_namespaces",
			json_integer((json_int_t)t.others))) {
		json_decref(*ret_result);
		*ret_result = NULL;
	}
	if (*ret_result && !is_agent &&
		(jx_set(*ret_result, "background", background(r->server)) ||
			jx_set(*ret_result, "order", order(r->server, &t)) ||
			jx_set(*ret_result, "methods",
				status_methods(r->server)))) {
		json_decref(*ret_result);
		*ret_result = NULL;
	}
	if (r->server->is_open)
		counters_done(&t);
	if (*ret_result && json_object_size(r->conn->ignored) > 0 &&
		json_object_set(*ret_result, "ignored_settings",
			r->conn->ignored)) {
		json_decref(*ret_result);
		*ret_result = NULL;
	}
	return *ret_result ? 0 : err_nomem(e);
}
