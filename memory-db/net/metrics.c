/* The figures as OpenMetrics text, which Prometheus and its kin read:
 *
 *   # TYPE memory_db_commits counter
 *   # HELP memory_db_commits Commits of the writer
 *   memory_db_commits_total 12
 *   ...
 *   # EOF
 *
 * Seconds and bytes are the only units, ratios are between 0 and 1. Beside the
 * rows of figures.def there are families with a label each, below. */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "memory-db/net/figures.h"
#include "memory-db/net/loop_methods.h"
#include "memory-db/store/engine/trouble.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/store/beside/outcomes.h"

#define PREFIX "memory_db_"

/* Where the samples of a family go. */
struct sink {
	struct buf *out;
	const char *metric;
	enum figure_unit unit;
	enum figure_kind kind;
	int rc;
};

struct metrics_family {
	const char *metric;
	enum figure_unit unit;
	enum figure_kind kind;
	const char *help;
	void (*samples)(const struct figures *f, struct sink *s);
};

static const char *
unit_name(enum figure_unit u)
{
	switch (u) {
	case FIGURE_NONE:
		return "";
	case FIGURE_BYTES:
		return "bytes";
	case FIGURE_SECONDS:
	case FIGURE_MS:
	case FIGURE_US:
		return "seconds";
	case FIGURE_PERCENT:
		return "ratio";
	}
	return "";
}

static int
metrics_add_name(struct buf *out, const char *metric, enum figure_unit unit)
{
	const char *u = unit_name(unit);

	return buf_addf(out, PREFIX "%s%s%s", metric, u[0] ? "_" : "", u);
}

static int
metrics_add_head(struct buf *out, const char *metric, enum figure_unit unit,
	enum figure_kind kind, const char *help)
{
	static const char *const kinds[] = {[FIGURE_COUNTER] = "counter",
		[FIGURE_GAUGE] = "gauge",
		[FIGURE_SUMMARY] = "summary"};
	const char *u = unit_name(unit);
	int rc = buf_adds(out, "# TYPE ") ||
		 metrics_add_name(out, metric, unit) ||
		 buf_addf(out, " %s\n", kinds[kind]);

	if (u[0])
		rc |= buf_adds(out, "# UNIT ") ||
		      metrics_add_name(out, metric, unit) ||
		      buf_addf(out, " %s\n", u);
	rc |= buf_adds(out, "# HELP ") || metrics_add_name(out, metric, unit) ||
	      buf_addf(out, " %s\n", help);
	return rc ? MDB_E_NOMEM : 0;
}

/* In the unit of the text. */
static int
metrics_add_value(struct buf *out, enum figure_unit unit, struct figure_value v)
{
	double x = v.is_real ? v.x : (double)v.n;

	switch (unit) {
	case FIGURE_MS:
		return buf_addf(out, " %.3f\n", x / 1e3);
	case FIGURE_US:
		return buf_addf(out, " %.6f\n", x / 1e6);
	case FIGURE_PERCENT:
		return buf_addf(out, " %.3f\n", x / 100);
	case FIGURE_NONE:
	case FIGURE_BYTES:
	case FIGURE_SECONDS:
		break;
	}
	return v.is_real ? buf_addf(out, " %.6g\n", x)
			 : buf_addf(out, " %lld\n", (long long)v.n);
}

static int
metrics_add_label(struct buf *out, const char *label, const char *value)
{
	int rc = buf_addf(out, "%s=\"", label);

	if (rc != 0)
		return rc;
	for (; *value; value++) {
		if (*value == '\n')
			rc = buf_adds(out, "\\n");
		else if (*value == '"' || *value == '\\')
			rc = buf_addf(out, "\\%c", *value);
		else
			rc = buf_addc(out, *value);
		if (rc != 0)
			return rc;
	}
	return buf_addc(out, '"');
}

/* --- families ------------------------------------------------------------- */
/* A sample; more: of a summary, `,quantile="0.5"` or the suffix "_count". */
static void
sample_of(struct sink *s, const char *suffix, const char *label,
	const char *value, const char *quantile, enum figure_unit unit,
	int64_t n)
{
	struct buf *out = s->out;
	int rc = metrics_add_name(out, s->metric, s->unit) ||
		 buf_addf(out, "%s{", suffix) ||
		 metrics_add_label(out, label, value);

	if (rc == 0 && quantile)
		rc = buf_addf(out, ",quantile=\"%s\"", quantile);
	if (rc || buf_addc(out, '}') ||
		metrics_add_value(out, unit, (struct figure_value){.n = n}))
		s->rc = MDB_E_NOMEM;
}

static void
sample(struct sink *s, const char *label, const char *value, int64_t n)
{
	sample_of(s, s->kind == FIGURE_COUNTER ? "_total" : "", label, value,
		NULL, s->unit, n);
}

static void
replies(const struct figures *f, struct sink *s)
{
	for (int i = 0; i < MDB_E_MAX; i++)
		if (i == 0 || f->s->outcomes[i] > 0)
			sample(s, "code", i ? err_name(-i) : "success",
				(int64_t)f->s->outcomes[i]);
}

static void
metrics_tiers(const struct figures *f, struct sink *s)
{
	for (size_t i = 0; tool_tiers[i]; i++)
		sample(s, "tier", tool_tiers[i], f->counts->by_tier[i]);
}

static void
namespaces(const struct figures *f, struct sink *s)
{
	for (size_t i = 0; i < f->counts->namespaces_n; i++)
		sample(s, "namespace", f->counts->namespaces[i].name,
			f->counts->namespaces[i].n);
}

/* The family tells which outcome. */
static void
metrics_outcomes(const struct figures *f, struct sink *s)
{
	for (size_t i = 0; i < f->counts->shown_n; i++)
		for (int o = 0; o < OUTCOME_MAX; o++)
			if (strcmp(s->metric + strlen("namespace_facts_"),
				    outcome_name((enum outcome)o)) == 0)
				sample(s, "namespace", f->counts->shown[i].name,
					f->counts->shown[i].n[o]);
}

/* How long requests take, by stage. */
static void
each_stage(const struct figures *f, struct sink *s,
	void (*fn)(struct sink *s, const char *stage,
		const struct histogram *h))
{
	fn(s, "write_wait", &f->w->write_wait);
	fn(s, "write", &f->w->write_run);
	fn(s, "commit", &f->w->commit);
	fn(s, "read_wait", &f->w->read_wait);
	fn(s, "read", &f->w->read_run);
	fn(s, "search", &f->w->search);
}

static void
quantiles_of(struct sink *s, const char *label, const char *value,
	const struct histogram *h)
{
	sample_of(s, "", label, value, "0.5", s->unit,
		(int64_t)histogram_quantile(h, 0.5));
	sample_of(s, "", label, value, "0.99", s->unit,
		(int64_t)histogram_quantile(h, 0.99));
	sample_of(s, "_count", label, value, NULL, FIGURE_NONE,
		(int64_t)atomic_load_explicit(&h->count, memory_order_relaxed));
}

static void
stage_quantiles(struct sink *s, const char *stage, const struct histogram *h)
{
	quantiles_of(s, "stage", stage, h);
}

static void
metrics_latency(const struct figures *f, struct sink *s)
{
	each_stage(f, s, stage_quantiles);
}

static void
stage_max(struct sink *s, const char *stage, const struct histogram *h)
{
	sample(s, "stage", stage,
		(int64_t)atomic_load_explicit(&h->max_us,
			memory_order_relaxed));
}

static void
latency_max(const struct figures *f, struct sink *s)
{
	each_stage(f, s, stage_max);
}

static int64_t
task_value(const struct background_state *t, const char *metric)
{
	if (strcmp(metric, "background_runs") == 0)
		return (int64_t)t->runs;
	if (strcmp(metric, "background_failures") == 0)
		return (int64_t)t->failures;
	if (strcmp(metric, "background_failing") == 0)
		return t->outcome == BACKGROUND_FAILED;
	if (strcmp(metric, "background_last_run_timestamp") == 0)
		return t->last_run_ms;
	return t->duration_ns / 1000;
}

static void
tasks(const struct figures *f, struct sink *s)
{
	struct background_state t[BACKGROUND_TASKS_MAX];
	size_t n = work_background(f->s->work, t);

	for (size_t i = 0; i < n; i++)
		sample(s, "task", t[i].task->name,
			task_value(&t[i], s->metric));
}

static void
metrics_health(const struct figures *f, struct sink *s)
{
	static const char *const names[] = {[TROUBLE_LOCKS] = "locks",
		[TROUBLE_DISK] = "disk",
		[TROUBLE_DAMAGE] = "damage"};
	enum trouble now = f->s->is_open ? trouble_now(f->s->db) : TROUBLE_NONE;

	for (int t = TROUBLE_LOCKS; t <= TROUBLE_DAMAGE; t++)
		sample(s, "kind", names[t], now == (enum trouble)t);
}

static void
version(const struct figures *f, struct sink *s)
{
	(void)f;
	sample(s, "version", MEMORY_VERSION, 1);
}

/* Of each method that was called. */
static void
by_method_each(const struct figures *f, struct sink *s,
	void (*fn)(struct sink *s, const char *name, const struct by_method *m))
{
	for (size_t i = 0; i < tools_n; i++) {
		const struct by_method *m = &f->s->methods[i];

		if (atomic_load_explicit(&m->answer.count,
			    memory_order_relaxed) > 0)
			fn(s, tools[i].name, m);
	}
}

static void
method_errors_one(struct sink *s, const char *name, const struct by_method *m)
{
	sample(s, "method", name, (int64_t)m->errors);
}

static void
method_errors(const struct figures *f, struct sink *s)
{
	by_method_each(f, s, method_errors_one);
}

static void
method_latency_one(struct sink *s, const char *name, const struct by_method *m)
{
	quantiles_of(s, "method", name, &m->answer);
}

static void
method_latency(const struct figures *f, struct sink *s)
{
	by_method_each(f, s, method_latency_one);
}

static const struct metrics_family families[] = {
	{"build", FIGURE_NONE, FIGURE_GAUGE, "The program that serves",
		version},
	{"trouble", FIGURE_NONE, FIGURE_GAUGE,
		"1 while that is wrong with the file", metrics_health},
	{"replies", FIGURE_NONE, FIGURE_COUNTER, "Replies by their code",
		replies},
	{"tier_entities", FIGURE_NONE, FIGURE_GAUGE, "Entities of a tier",
		metrics_tiers},
	{"namespace_entities", FIGURE_NONE, FIGURE_GAUGE,
		"Entities of a namespace", namespaces},
	{"namespace_facts_used", FIGURE_NONE, FIGURE_GAUGE,
		"Facts shown in a namespace that were used next",
		metrics_outcomes},
	{"namespace_facts_ignored", FIGURE_NONE, FIGURE_GAUGE,
		"Facts shown in a namespace that were left unused",
		metrics_outcomes},
	{"namespace_facts_contradicted", FIGURE_NONE, FIGURE_GAUGE,
		"Facts shown in a namespace that were contradicted next",
		metrics_outcomes},
	{"latency", FIGURE_US, FIGURE_SUMMARY,
		"Time of requests in a stage of their way", metrics_latency},
	{"latency_max", FIGURE_US, FIGURE_GAUGE,
		"Longest time of a request in a stage", latency_max},
	{"method_errors", FIGURE_NONE, FIGURE_COUNTER,
		"Answers of a method that are no success", method_errors},
	{"method_latency", FIGURE_US, FIGURE_SUMMARY,
		"Time of calls of a method, from the queue to the answer",
		method_latency},
	{"background_runs", FIGURE_NONE, FIGURE_COUNTER,
		"Runs of a task of the service", tasks},
	{"background_failures", FIGURE_NONE, FIGURE_COUNTER,
		"Runs of a task that failed", tasks},
	{"background_failing", FIGURE_NONE, FIGURE_GAUGE,
		"1 while the last run of a task is one that failed", tasks},
	{"background_last_run_timestamp", FIGURE_MS, FIGURE_GAUGE,
		"Begin of the last run of a task, since 1970; 0: never", tasks},
	{"background_duration", FIGURE_US, FIGURE_GAUGE,
		"Time that the last run of a task took", tasks},
};

/* --- the text ------------------------------------------------------------- */
static int
add_figure(const struct figures *f, const struct figure *row, struct buf *out)
{
	if (metrics_add_head(out, row->metric, row->unit, row->kind,
		    row->help) ||
		metrics_add_name(out, row->metric, row->unit) ||
		(row->kind == FIGURE_COUNTER && buf_adds(out, "_total")) ||
		metrics_add_value(out, row->unit, row->value(f)))
		return MDB_E_NOMEM;
	return 0;
}

int
metrics_text(const struct figures *f, struct buf *out)
{
	const struct figure *row;

	for (size_t i = 0; (row = figures_row(i)) != NULL; i++)
		if (add_figure(f, row, out))
			return MDB_E_NOMEM;
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		const struct metrics_family *a = &families[i];
		struct sink s = {out, a->metric, a->unit, a->kind, 0};

		if (metrics_add_head(out, a->metric, a->unit, a->kind, a->help))
			return MDB_E_NOMEM;
		a->samples(f, &s);
		if (s.rc)
			return s.rc;
	}
	return buf_adds(out, "# EOF\n");
}

int
loop_metrics(struct request *r, json_t **ret_result, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	struct counters t = {0};
	struct figures f;
	int rc;

	if (r->job.ctx.is_agent)
		return err_set(e, MDB_E_DENIED,
			"the figures of the whole service are the operator's; "
			"get_memory_status has those of this memory");
	if (r->server->is_open && store_counters(r->server->db, &t, e))
		return e->code;
	figures_read(r->server, &t, &f);
	rc = metrics_text(&f, &text);
	if (r->server->is_open)
		counters_done(&t);
	if (rc)
		return err_nomem(e);
	*ret_result = json_pack("{s:s%}", "text", text.data, text.len);
	return *ret_result ? 0 : err_nomem(e);
}
