/* Secrets that are stored already: from before they were refused, allowed by a
 * call, or replayed from a log. Shown with markers in their places. */
#ifndef MODEL_READ_SECRET_SCAN_H
#define MODEL_READ_SECRET_SCAN_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/check/erase_beside.h"
#include "memory-db/store/facts/facts.h"

/* One slice of a namespace: {secrets: [{entity, fact, kind, rule, text,
 * gone?}, {change | receipt | conflict | staged, kind, rule, text}, {file, rule}],
 * checked, next?}. gone: not visible now. Every fact
 * that was not erased is looked at, past ones and those of branches as well;
 * after them the types of entities, messages of changes, questions of receipts,
 * notes of conflicts and of reviews, and the workspace. cursor: `next` of the slice before, or NULL. */
int secret_scan(struct store *st, const struct scope *s, const char *cursor,
	json_t **ret, struct err *e) MUST_CHECK;

/* Does this fact hold one? Its text with markers is appended to masked (may be
 * NULL). 1 with the rule, 0, or MDB_E_NOMEM. */
int secret_of_fact(const struct fact *f, const char **ret_rule,
	struct buf *masked, struct err *e) MUST_CHECK;

/* The same of the type of an entity or of a relation, a label of the fact. */
int secret_of_type(struct store *st, const struct fact *f,
	const char **ret_rule, struct buf *masked, struct err *e) MUST_CHECK;
/* Does a text at such a place hold one? 1, 0 also when there is no such text. */
int secret_beside(struct store *st, enum beside_place place, int64_t ns,
	int64_t id, struct err *e) MUST_CHECK;
/* How a row of the scan names it, and a parameter of forget_secrets a list of
 * them: "change", "changes"; static. */
const char *secret_place_name(enum beside_place place);
const char *secret_place_list(enum beside_place place);

#endif
