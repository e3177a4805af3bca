/* The figures of the service as a table. figures.def is included twice: each
 * row becomes a function that reads the value, then a row that names it. So a
 * new figure is one line, and status, metrics and memoryctl cannot disagree
 * about it. */
#include "memory-db/net/figures.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/store/beside/outcomes.h"
#include "memory-db/store/index/text_wait.h"

/* --- what a row may call --------------------------------------------------- */
static int64_t
figures_load(const _Atomic uint64_t *v)
{
	return (int64_t)atomic_load_explicit(v, memory_order_relaxed);
}

/* The size of every version as JSON against what is stored, to one digit. */
static double
figures_saved(const struct figures *f)
{
	double saved;

	if (f->counts->original_bytes <= 0)
		return 0;
	saved = 100.0 * (1 - (double)f->counts->stored_bytes /
					(double)f->counts->original_bytes);
	return (double)(int64_t)(saved * 10) / 10;
}

static double
figures_per_commit(const struct figures *f)
{
	int64_t groups = figures_load(&f->w->groups);
	int64_t writes = figures_load(&f->w->grouped);

	return groups ? (double)(100 * writes / groups) / 100 : 0.0;
}

static int64_t
figures_shown(const struct figures *f)
{
	const int64_t *n = f->counts->outcomes;

	return n[OUTCOME_USED] + n[OUTCOME_IGNORED] + n[OUTCOME_CONTRADICTED];
}

static int64_t
figures_recalled(const struct figures *f)
{
	const int64_t *n = f->counts->outcomes + OUTCOME_MAX;

	return n[OUTCOME_USED] + n[OUTCOME_IGNORED] + n[OUTCOME_CONTRADICTED];
}

static int64_t
figures_hits(const struct figures *f)
{
	int64_t asked = f->answers.hits + f->answers.misses;

	return asked ? 100 * f->answers.hits / asked : 0;
}

static int64_t
figures_oldest_staged(const struct figures *f)
{
	int64_t at = f->order.staged_oldest, now = clock_now_ms();

	return at != 0 && now > at ? (now - at) / 1000 : 0;
}

/* --- the table ------------------------------------------------------------ */
#define FIGURE(section, name, metric, unit, kind, expr, help)                  \
	static struct figure_value figure_##section##_##name(                  \
		const struct figures *f)                                       \
	{                                                                      \
		(void)f;                                                       \
		return (struct figure_value){.n = (int64_t)(expr)};            \
	}
#define FIGURE_REAL(section, name, metric, unit, kind, expr, help)             \
	static struct figure_value figure_##section##_##name(                  \
		const struct figures *f)                                       \
	{                                                                      \
		return (struct figure_value){.is_real = true, .x = (expr)};    \
	}
#include "memory-db/figures.def"
#undef FIGURE
#undef FIGURE_REAL

#define FIGURE(section, name, metric, unit, kind, expr, help)                  \
	{#section, #name, #metric, FIGURE_##unit, FIGURE_##kind, help,         \
		figure_##section##_##name},
#define FIGURE_REAL FIGURE
static const struct figure figures[] = {
#include "memory-db/figures.def"
};

const struct figure *
figures_row(size_t i)
{
	return i < ARRAY_LEN(figures) ? &figures[i] : NULL;
}

/* --- reading -------------------------------------------------------------- */
void
figures_read(struct server *s, const struct counters *counts,
	struct figures *ret)
{
	*ret = (struct figures){.s = s,
		.c = s->config,
		.counts = counts,
		.sizes = server_sizes(s),
		.w = work_stats(s->work),
		.uptime_s = (clock_mono_ns() - s->started_ns) / 1000000000};
	if (s->is_open)
		answer_cache_stats(s->db, &ret->answers);
	work_embedding(s->work, &ret->embedding);
	work_order_counts(s->work, &ret->order);
	text_wait_published(s->db, &ret->index_rows, &ret->index_bytes);
}

int
figures_add(const struct figures *f, const char *section, json_t *o)
{
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		struct figure_value v;

		if (strcmp(figures[i].section, section) != 0)
			continue;
		v = figures[i].value(f);
		if (jx_set(o, figures[i].name,
			    v.is_real ? json_real(v.x)
				      : json_integer((json_int_t)v.n)))
			return MDB_E_NOMEM;
	}
	return 0;
}

json_t *
figures_section(const struct figures *f, const char *section)
{
	json_t *o = json_object();

	if (o && figures_add(f, section, o) == 0)
		return o;
	json_decref(o);
	return NULL;
}
