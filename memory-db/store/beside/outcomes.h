/* Of what use facts were that somebody was shown: used, ignored or contradicted
 * by what was said next. Counters of a fact in the namespace that it was shown
 * in, and of a namespace by day; beside the log, as `usage` is.
 *
 * Example: in project `shop` fact 7 was shown five times, and the answers used
 * it twice. Its row is (shop, 7, used 2, ignored 3, contradicted 0), and the
 * days of `shop` have the same five among theirs. Another project that reads
 * fact 7, as it is the user's own, has a row of its own or none.
 *
 * Whoever repeats a fact for ever moves it little: a day counts at most
 * OUTCOMES_OF_DAY of each fact. */
#ifndef STORE_BESIDE_OUTCOMES_H
#define STORE_BESIDE_OUTCOMES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

enum outcome {
	OUTCOME_USED,
	OUTCOME_IGNORED,
	OUTCOME_CONTRADICTED,
	OUTCOME_MAX
};
static inline const char *
outcome_name(enum outcome o)
{
	static const char *const names[OUTCOME_MAX] = {"used", "ignored",
		"contradicted"};

	return names[o];
}

/* Of one fact and day in one namespace: what a session of a day shows by itself
 * is less, what a loop repeats is far more. */
#define OUTCOMES_OF_DAY 8
/* How old a judgement may be that a later one corrects: the day that counted it
 * is changed. So an export of what is new has the days of that time again. */
#define OUTCOME_DAYS_BACK 31
/* Receipts that are remembered as judged, as many as are kept. */
#define JUDGED_KEPT 5000

struct outcome_row {
	int64_t ns, fact; /* of a day: the day in the place of the fact */
	int64_t n[OUTCOME_MAX];
	int64_t recalled[OUTCOME_MAX]; /* of these, those that the agent had
					  asked for itself; of days alone */
	int64_t last_at;	       /* ms; of facts alone */
};

/* One judgement. is_recalled: the agent had asked for the fact itself. */
struct outcome_said {
	int64_t ns, fact;
	enum outcome what;
	bool is_recalled;
};

/* The state of all counters, for who keeps something that depends on them: it
 * only grows. 0: nothing was ever judged. */
int outcomes_state(struct store *st, int64_t *ret, struct err *e) MUST_CHECK;

/* 1, or 0 for none. */
int outcome_get(struct store *st, int64_t ns, int64_t fact,
	struct outcome_row *ret, struct err *e) MUST_CHECK;
/* Counts one (writer). *ret_counted: false where the day has enough of it. */
int outcome_add(struct store *st, const struct outcome_said *said, int64_t now,
	bool *ret_counted, struct err *e) MUST_CHECK;
/* What was counted so was another outcome (writer): it goes from the day that
 * counted it, and today has the other one. */
int outcome_correct(struct store *st, const struct outcome_said *said,
	enum outcome to, int64_t now, struct err *e) MUST_CHECK;

typedef int (*outcome_fn)(void *ctx, const struct outcome_row *row);
/* Facts behind one, by namespace and fact, of a namespace (0: all), that were
 * judged at or after since_ms. fn returns non-zero to stop. */
int outcomes_each(struct store *st, int64_t ns, int64_t after_ns,
	int64_t after_fact, int64_t since_ms, outcome_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* Days behind one, by namespace and day, of a namespace (0: all), from and to
 * inclusive. */
int outcome_days_each(struct store *st, int64_t ns, int64_t after_ns,
	int64_t after_day, int64_t from, int64_t to, outcome_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* Facts of a namespace that were judged since, most used or most ignored first. */
int outcomes_most(struct store *st, int64_t ns, enum outcome what,
	int64_t since_ms, int limit, outcome_fn fn, void *ctx, struct err *e)
	MUST_CHECK;

/* Rows of another copy of this database (writer): of both numbers the larger
 * stands, or the other copy's, when it `replaces`. A fact that is not there or
 * is forgotten gets none. */
int outcome_put(struct store *st, const struct outcome_row *row, bool replaces,
	struct err *e) MUST_CHECK;
int outcome_day_put(struct store *st, const struct outcome_row *row,
	bool replaces, struct err *e) MUST_CHECK;

/* A fact of namespace `from` is `other` in `to` now (writer). */
int outcome_move(struct store *st, int64_t from, int64_t fact, int64_t to,
	int64_t other, struct err *e) MUST_CHECK;

/* What was said of a receipt's facts: appends the JSON. 1, or 0: it was not
 * judged yet. */
int judged_get(struct store *st, const char *receipt, struct buf *ret,
	struct err *e) MUST_CHECK;
/* Notes it (writer), in the place of what was noted. */
int judged_put(struct store *st, const char *receipt, const char *outcomes,
	size_t n, struct err *e) MUST_CHECK;

#endif
