/* Import, slice by slice: the reference memory server's lines, our export of
 * today's state, and our export of the log (a replay).
 *
 * Where a source stands is kept in the same transaction as what was imported,
 * so that an interrupted import goes on where it stopped. An empty object
 * stands for a line that the client could not parse or that was blank: it
 * counts as a line and says nothing. */
#ifndef MODEL_TRANSFER_IMPORT_H
#define MODEL_TRANSFER_IMPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/store/facts/facts.h"

struct import_query {
	const char *source;
	int64_t offset;	       /* lines before records */
	const json_t *records; /* NULL: only asks where it stands */
	bool done;
	bool all_namespaces;   /* lines may write outside of the call's own */
	bool confirm_erasures; /* a log may erase what is here */
	bool continues;	       /* the log goes on from this very state, as a
				  part of a backup does: what stands beside it
				  replaces what is here */
};
struct import_result {
	int64_t next_offset, added, skipped;
	json_t *errors;		 /* [{line, error}]; owned by the caller */
	json_t *pinned;		 /* names of what it pinned; likewise */
	int64_t elsewhere;	 /* lines refused: they name other namespaces */
	json_t *elsewhere_names; /* which ones; likewise */
	int64_t erased;		 /* facts, for good */
	int64_t secrets;	 /* texts in which a marker stands instead */
	int64_t secrets_kept;	 /* of a log, which is taken to the letter */
	int64_t change, at;	 /* the last one written; 0: none */
};

void import_result_done(struct import_result *r);
#define AUTO_IMPORT_RESULT __attribute__((cleanup(import_result_done)))

/* Errors of a line are reported and the line is skipped; a log that does not
 * fit this database is an error of the whole call. At most LIMIT_CHANGE_FACTS
 * facts are written: next_offset then lies before the end of records. */
int import_slice(struct store *st, const struct context *ctx,
	const struct import_query *q, struct import_result *ret, struct err *e)
	MUST_CHECK;

/* --- between import.c and the two readers of lines ------------------------ */
struct import_state { /* kept in the database between calls */
	int64_t offset;
	bool is_log;	/* the header said so */
	bool skip;	/* log: the change is here already */
	bool applied;	/* log: a change of it was new here */
	bool all;	/* it may write to every namespace */
	int64_t staged; /* log: ops kept of an unfinished change */
	json_t *head;	/* log: its head; owned, NULL: none */
};
struct importer {
	struct store *st;
	const struct context *ctx;
	const struct import_query *q;
	struct import_result *result;
	struct import_state state;
	struct err *e;
	int64_t written; /* facts, in this call */
	int64_t line;	 /* of the record, from 1 */
	/* import_lines.c: the change that is open */
	struct change *change;
	int64_t ns, branch;
	/* import_log.c: ops of the change under way, those staged first */
	json_t *ops;
	bool is_folded; /* the change under way is one of a base */
};

/* Adds {line, error} and counts the line as skipped. */
int import_complain(struct importer *im, const char *fmt, ...) MUST_CHECK
	__attribute__((format(printf, 2, 3)));

/* One entity or relation. */
int import_line(struct importer *im, const json_t *record) MUST_CHECK;
/* Adds a fact, whose method is that of imports. ret_id may be NULL. */
int import_add(struct importer *im, const struct fact *f, int64_t *ret_id)
	MUST_CHECK;
/* Tags and metadata that the object o says of a fact (import_marks.c). */
int import_marks(struct importer *im, int64_t entity, int64_t of,
	const json_t *o) MUST_CHECK;
/* A text of the record: 1 when it is there, fits and is not empty. */
int import_text(const json_t *o, const char *key, size_t max, const char **ret,
	size_t *ret_n);
/* The namespace that the line names, else the one of the call; opens a change
 * there. 1: it names one where this import must not write. */
int import_namespace(struct importer *im, const json_t *o, int64_t *ret_ns)
	MUST_CHECK;
void import_validity(const json_t *o, struct fact *f);
/* A line of a relation (import_relations.c). */
int import_relation(struct importer *im, const json_t *o) MUST_CHECK;
/* A file of the workspace (import_files.c); one written here later stays. */
int import_file(struct importer *im, const json_t *o, int64_t ns) MUST_CHECK;
/* import_place.c. The namespace of the call. */
const char *import_home(const struct importer *im);
/* The header said that it is a log. */
int import_begins_log(struct importer *im) MUST_CHECK;
/* 1: a line names this namespace, and must not; it was counted. */
int import_line_goes_elsewhere(struct importer *im, const char *name)
	MUST_CHECK;
/* A log names a namespace. 1: it is here already and is left as it is; an error
 * when it would have to be made. */
int import_check_log_namespace(struct importer *im, int64_t id,
	const char *name, bool is_here) MUST_CHECK;
/* May it write into this one: 1, 0; the same as an error; touch this entity? */
int import_may_write(struct importer *im, int64_t ns) MUST_CHECK;
int import_check_log_place(struct importer *im, int64_t ns) MUST_CHECK;
int import_check_entity(struct importer *im, int64_t entity, int64_t ns)
	MUST_CHECK;
int import_note_pin(struct importer *im, const char *name, size_t n) MUST_CHECK;
/* Facts that were there; an error unless the call confirms that. */
int import_note_erased(struct importer *im, int64_t facts) MUST_CHECK;
/* import_numbers.c. A time: a text that is one, or milliseconds since 1970;
 * false: absent or neither. */
int import_time(const json_t *o, const char *key, int64_t *ret);
/* A number from 0 to 1 that was checked; -1: absent. */
double import_share(const json_t *o, const char *key);
/* Reads the numbers of a line that a log has: least to INT64_MAX each. */
struct import_number {
	const char *key;
	int64_t *target;
	bool is_needed;
};
int import_read_numbers(const json_t *o, const struct import_number *v,
	size_t n, int64_t least, struct err *e) MUST_CHECK;
/* Are the numbers that o has what a request could give, too? */
int import_check_numbers(const json_t *o, struct err *e) MUST_CHECK;
/* Seals the change that is open. */
int import_seal(struct importer *im) MUST_CHECK;

/* One line of a log. */
int replay_line(struct importer *im, const json_t *record) MUST_CHECK;
/* Loads and keeps the ops of an unfinished change. */
int replay_begin(struct importer *im) MUST_CHECK;
int replay_end(struct importer *im) MUST_CHECK;
/* A fact shown for the first time, from the member `new` of its op. */
int replay_new(struct importer *im, const json_t *o, int64_t ns, int64_t entity,
	int64_t fact) MUST_CHECK;
/* Rows beside the changes (import_rows.c). */
int replay_namespace(struct importer *im, const json_t *o) MUST_CHECK;
int replay_version(struct importer *im, const json_t *o) MUST_CHECK;
int replay_alias(struct importer *im, const json_t *o) MUST_CHECK;
int replay_conflict(struct importer *im, const json_t *o) MUST_CHECK;
int replay_staged(struct importer *im, const json_t *o) MUST_CHECK;
int replay_run(struct importer *im, const json_t *o) MUST_CHECK;
int replay_usage(struct importer *im, const json_t *o) MUST_CHECK;
int replay_runs(struct importer *im, const json_t *o) MUST_CHECK;
int replay_outcome(struct importer *im, const json_t *o) MUST_CHECK;
int replay_outcome_day(struct importer *im, const json_t *o) MUST_CHECK;
int replay_file(struct importer *im, const json_t *o) MUST_CHECK;
/* import_base.c. What a line says of a change of a base: 1; 0: it is none. */
struct change_folded;
struct change_info;
int import_base_read(struct importer *im, const json_t *o, int64_t ns,
	struct change_folded *ret) MUST_CHECK;
/* An op of the seal; every version of the base must belong to an entity by now. */
int import_base_seal(struct importer *im, int64_t ns, int64_t key,
	int64_t value) MUST_CHECK;
/* The row in `past` that an op of it names; stays as it was when there is none. */
int import_base_past(struct importer *im, const json_t *o, int64_t ns,
	int64_t *ret) MUST_CHECK;
/* Does it fit here? *ret_here: it is passed over, if it is the same. */
int import_base_place(struct importer *im, const struct change_info *info,
	bool *ret_here, bool *ret_same) MUST_CHECK;
/* b: id, ns and fork are set. action: enum branch_action. */
struct branch_row;
int replay_branch(struct importer *im, const json_t *op, struct branch_row *b,
	int64_t action) MUST_CHECK;

#endif
