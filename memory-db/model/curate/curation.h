/* Curation: what keeps the tiers of a memory in order. README.md of this folder
 * has the idea.
 *
 * Example: a note of May that nobody asked for since is 40 days old in June. The
 * run of that night moves it from working to episodic, as one op of a change of
 * the kind `curate`. memory_undo {run} sets it back, and for hold_days no run
 * touches it again.
 *
 * A run goes in slices (model/time/sliced_run.h), so that no write of a client
 * waits for it: first it counts what it would do, and is stopped by the brake
 * when that is too much; then it does it, a change a slice. What is left is kept
 * with the database, in the transaction of the slice, so a crash costs nothing.
 * All its changes are of the kind CHANGE_CURATE and go with one memory_undo
 * {run}. */
#ifndef MODEL_CURATE_CURATION_H
#define MODEL_CURATE_CURATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/curate/judge.h"
#include "memory-db/model/scope/call.h"

/* The settings of a namespace (0: one that is not there yet). */
int curation_settings_read(struct store *st, int64_t ns,
	struct curation_settings *ret, struct err *e) MUST_CHECK;
/* The rules that a call names (an array, or NULL: those that are on). */
int curation_rules_of(const struct curation_settings *s, const json_t *names,
	uint64_t *ret, struct err *e) MUST_CHECK;

/* A list of verdicts. */
struct curation_list {
	struct verdict_move *v; /* owned */
	size_t n, cap;
	int64_t looked; /* entities */
	int64_t after;	/* existence fact of the last one: where to go on */
	bool is_end;	/* no entity is left */
};
void curation_list_done(struct curation_list *l);
#define AUTO_CURATION_LIST __attribute__((cleanup(curation_list_done)))

/* Looks at entities of a namespace behind existence fact `after`, until there
 * are `most` verdicts or the time is up. */
int curation_look(const struct judging *j, int64_t ns, int64_t after,
	size_t most, int64_t deadline_ns, struct curation_list *ret) MUST_CHECK;

/* One slice of a run, new or open, with its reply: {run, done, looked, moved,
 * by_rule, moves: [..], stopped?}. rows: moves that are told. over_brake: it is
 * not stopped. */
struct curation_request {
	const json_t *rules; /* names, or NULL */
	bool over_brake;
	bool is_alone; /* nobody asked: the setting says which rules */
	size_t rows;
	int64_t budget_ns;
};
int curation_slice(struct call *c, const struct curation_request *q,
	json_t **ret_reply, struct err *e) MUST_CHECK;
/* What a run would do, a page: {dry_run, looked, moves, by_rule, next?}. */
int curation_preview(struct call *c, const struct curation_request *q,
	const char *cursor, json_t **ret_reply, struct err *e) MUST_CHECK;
/* What a run did: {run, state, moves, next?}; run NULL: the runs of the
 * namespace. */
int curation_report(struct call *c, const char *run, const char *cursor,
	size_t rows, json_t **ret_reply, struct err *e) MUST_CHECK;

/* A verdict as a row of a reply: {entity, rule, from, to, reason}. 0 or
 * negative; *ret NULL: the entity is not visible any more. */
int curation_row(struct store *st, const struct verdict_move *v, json_t **ret,
	struct err *e) MUST_CHECK;

#endif
