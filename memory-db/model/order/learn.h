/* What resolutions teach of attributes. Who keeps both sides of an update again
 * and again says that the attribute has many values:
 *
 *   "endorses Ben", "endorses Cleo"     keep_both
 *   "endorses Ida", "endorses Jon"      keep_both
 *   "endorses Kai", "endorses Lea"      keep_both     -> {"endorses": "multi"}
 *
 * That is proposed, not done: whether it becomes the setting `attributes` is for
 * the operator to say. Nothing is kept for it: the resolutions themselves are
 * counted, so that one which is undone counts no more. */
#ifndef MODEL_ORDER_LEARN_H
#define MODEL_ORDER_LEARN_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"

struct store;

/* As often as this both were kept. */
#define LEARN_TIMES 3

/* {phrase: "multi"}, new, of the namespace that comes first in the scope; NULL
 * where nothing is to be proposed. */
int learn_attributes(struct store *st, const struct scope *scope, json_t **ret,
	struct err *e) MUST_CHECK;

#endif
