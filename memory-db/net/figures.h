/* The figures of the service: one table (memory-db/figures.def), read by
 * status, by the text of `metrics`, and by memoryctl for the units. */
#ifndef NET_FIGURES_H
#define NET_FIGURES_H

#include <jansson.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "memory-db/net/server.h"
#include "memory-db/store/facts/answer_cache.h"
#include "memory-db/store/facts/counters.h"

/* What all figures are read from, at one time. */
struct figures {
	struct server *s;
	const struct config *c;
	const struct counters *counts;
	const struct database_sizes *sizes;
	const struct work_stats *w;
	struct answer_cache_stats answers;
	struct embedding_status embedding;
	struct order_counts order;
	int64_t index_rows, index_bytes, uptime_s;
};

/* counts is borrowed; all of the database, or what an agent may know. */
void figures_read(struct server *s, const struct counters *counts,
	struct figures *ret);

/* The figures of a section ("queues") as an object. Returns new, or NULL. */
json_t *figures_section(const struct figures *f, const char *section);
/* Puts them into o. 0 or MDB_E_NOMEM. */
int figures_add(const struct figures *f, const char *section, json_t *o)
	MUST_CHECK;

/* Appends the figures, and those with labels, as OpenMetrics text. 0 or
 * MDB_E_NOMEM. */
int metrics_text(const struct figures *f, struct buf *out) MUST_CHECK;

/* --- for metrics.c -------------------------------------------------------- */
enum figure_kind { FIGURE_COUNTER, FIGURE_GAUGE, FIGURE_SUMMARY };
enum figure_unit {
	FIGURE_NONE,
	FIGURE_BYTES,
	FIGURE_SECONDS,
	FIGURE_MS,
	FIGURE_US,
	FIGURE_PERCENT
};
struct figure_value {
	bool is_real;
	int64_t n;
	double x;
};
struct figure {
	const char *section, *name, *metric;
	enum figure_unit unit;
	enum figure_kind kind;
	const char *help;
	struct figure_value (*value)(const struct figures *f);
};
/* NULL behind the last. */
const struct figure *figures_row(size_t i);

#endif
