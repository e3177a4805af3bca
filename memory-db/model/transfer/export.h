/* Export as JSON lines, page by page, in constant memory.
 *
 * The log: lossless and deterministic; replaying it into an empty database
 * gives the same state, ids and chains.
 *
 *   {"type":"header","format":"enhanced-memory-log","version":1,
 *    "database":HEX,"heads":[{"namespace","change","head"}]}
 *   {"type":"namespace","id","name","stem","aliases":[],
 *    "recall_weights"?:{}, "settings"?:{}, "files"?:[name] (of a log since a
 *    change: those there are; others are gone)}
 *   {"type":"change","id","ns","at","branch","kind","about"?,"actor"?,
 *    "client"?,"session"?,"message"?,"message_salt"?,"message_digest"?,
 *    "ops":N,"chain":HEX}
 *   {"type":"op","what","entity","fact"?,"key"?,"value"?,"new"?:{...},
 *    "branch"?:{"name","parent","about"?}}  N times
 *   {"type":"version","ns","entity","branch","n","change","bytes"}  those that
 *    a base kept, before its changes. What is left of a change that was folded
 *    into a base has "folded":true, "fact_max", "past_max" and may have 0 ops;
 *    the last one has "base":true (store/log/base.h). An op of it that hides a
 *    fact says its row in `past`: "past".
 *   {"type":"alias","ns","name","entity"}  lent names alone (store/facts/entity_names.c)
 *   {"type":"conflict","id","entity","kind","state","found","other"?,"base"?,
 *    "ours"?,"theirs"?,"action"?,"closed"?,"confidence"?,"notes"?}
 *   {"type":"staged","change","branch","shown","at","facts","bytes","state",
 *    "told","decided"?,"applied"?,"by"?,"note"?}  what waits for review, or did
 *   {"type":"run","id","method","ns","branch","open","changes":[id],..}  changes
 *    that are one run (model/time/sliced_run.h)
 *   {"type":"file","ns","name","at","body"}  of the workspace, those of now;
 *    the body is JSON as text
 *
 *   {"type":"usage","entity","n","at","confirmed"}  counters, when they are asked
 *   {"type":"runs","entity","n","at","ok","us"}     for: reads, runs of a skill
 *   {"type":"outcome","ns","fact","at","used","ignored","contradicted"}
 *   {"type":"outcome_day","ns","day","used","ignored","contradicted",
 *    "recalled"?: {"used","ignored","contradicted"}}
 *
 * `new` stands at the op that shows a fact for the first time: {"kind",
 * "first_name"? (existence), "peer"?, "peer_namespace"?, "peer_name"? (of an
 * end in the user's memory), "label"?, "weight"?, "method",
 * "confidence"?, "valid_from"?, "valid_to"?, "source"?, "speaker"?,
 * "source_at"?, "supersedes"?, "flags"?, "salt", "text"}, or "digest" instead of salt
 * and text when it was forgotten.
 *
 * Today's state (current): the reference memory server's lines with more
 * members, so that both read it: {"type":"entity","name","entityType",
 * "observations":[text], "namespace"?,"tier"?,"pin"?,"metadata"?,"aliases"?,
 * "created_at"?,"expires_at"?,"provenance"?:[an object for each observation, with its "tags"
 * and "metadata"]} and
 * {"type":"relation","from","to","relationType","weight"?,"valid_from"?,
 * "valid_to"?,"namespace"?,"from_namespace"?,"to_namespace"? ("default")}, and
 * {"type":"file","name","at","body","namespace"?} in the end.
 * An entity with very much text takes several lines. */
#ifndef MODEL_TRANSFER_EXPORT_H
#define MODEL_TRANSFER_EXPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/page_cursor.h"

struct store;

#define EXPORT_LOG_FORMAT     "enhanced-memory-log"
#define EXPORT_CURRENT_FORMAT "enhanced-memory-current"
#define EXPORT_VERSION	      1

struct export_query {
	int64_t ns;	  /* 0: every namespace */
	bool counters;	  /* log: with those beside it */
	int64_t since;	  /* log: only changes behind this one; 0: all */
	int64_t change;	  /* state or log as of this change */
	size_t max_bytes; /* of the lines of a page; the first line of a
				   page always stays */
};

/* Where a page begins; zeroed for the first. */
struct export_mark {
	int64_t phase, ns, a, b;
};

/* Return a new array of lines and move *mark; *ret_more false at the end. The
 * lens of the store is now that of the query's change. */
int export_log_page(struct store *st, const struct export_query *q,
	struct export_mark *mark, json_t **ret, bool *ret_more, struct err *e)
	MUST_CHECK;
int export_current_page(struct store *st, const struct export_query *q,
	struct export_mark *mark, json_t **ret, bool *ret_more, struct err *e)
	MUST_CHECK;

/* --- shared by the two ---------------------------------------------------- */
struct export_page {
	struct store *st;
	const struct export_query *q;
	struct export_mark *mark;
	json_t *lines;
	size_t bytes;
	bool full;
	int64_t skip; /* lines of the version at hand, written before */
	int64_t base_ns, base; /* of the change at hand: 0, none */
	struct err *e;
};
/* Takes line. 0; 1 when the page is full: the line was dropped. */
int export_push(struct export_page *p, json_t *line_new) MUST_CHECK;
/* Set a member, unless there is none: v is `none`, below 0, NULL. */
int export_set_number(json_t *o, const char *key, int64_t v, int64_t none,
	struct err *e) MUST_CHECK;
int export_set_share(json_t *o, const char *key, double v, struct err *e)
	MUST_CHECK;
int export_set_string(json_t *o, const char *key, const char *s, struct err *e)
	MUST_CHECK;
/* Members of a fact into `o`, which is borrowed; a log_fact_fn with the struct as
 * its ctx. */
struct log_fact;
struct export_fact_line {
	struct export_page *p;
	json_t *o;
};
int export_fact(void *ctx, const struct log_fact *f) MUST_CHECK;
/* Lent names, conflicts and staged changes as of the query's change, from the
 * mark on: 0; 1 when the page is full. */
int export_aliases(struct export_page *p) MUST_CHECK;
int export_conflicts(struct export_page *p) MUST_CHECK;
int export_staged(struct export_page *p) MUST_CHECK;
/* Runs that have a change behind the query's `since`. */
int export_runs(struct export_page *p) MUST_CHECK;
/* The files, at the end of both: 0; 1 when the page is full. */
int export_files(struct export_page *p, bool is_log) MUST_CHECK;
/* Counters, at the end of a log: 0, also when the page is full. */
int export_uses(struct export_page *p) MUST_CHECK;
/* Those of usefulness, of facts or days: 0; 1 when the page is full. */
int export_outcomes(struct export_page *p, bool is_days, int64_t since_ms)
	MUST_CHECK;
/* What is to be said of an op and of a change when it is part of a base, and the
 * versions that bases kept: 0; 1 when the page is full. */
struct log_change;
struct log_op;
int export_base_op(struct export_page *p, json_t *o, const struct log_op *op)
	MUST_CHECK;
int export_base_change(struct export_page *p, json_t *o,
	const struct log_change *c) MUST_CHECK;
int export_base_versions(struct export_page *p) MUST_CHECK;
/* The first line. */
int export_header(struct export_page *p, const char *format) MUST_CHECK;

#endif
