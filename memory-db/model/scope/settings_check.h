/* What looks at the values of settings that are objects or lists (the column
 * `check` of settings.def). Each answers 0, or MDB_E_INVALID with *e: what is
 * wrong, and what would be right. No check sees a value of another kind. */
#ifndef MODEL_SCOPE_SETTINGS_CHECK_H
#define MODEL_SCOPE_SETTINGS_CHECK_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"

/* curation_settings_check */
#include "memory-db/model/curate/rules/rules.h"

/* attributes_check */
#include "memory-db/model/scope/attributes_check.h"

/* review_policy_check */
#include "memory-db/model/scope/review_policy.h"

typedef int (*setting_check_fn)(const json_t *value, struct err *e);

#endif
