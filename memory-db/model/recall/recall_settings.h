/* Which weights a recall uses: those of the call over those stored for its
 * namespace over the configuration over the defaults. What is stored is a
 * setting of the operator, as the name of a namespace is: no change, no
 * history; an export of the log carries it. */
#ifndef MODEL_RECALL_RECALL_SETTINGS_H
#define MODEL_RECALL_RECALL_SETTINGS_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/recall/recall_weights.h"

struct store;

/* The weights of a call in a namespace (0: one that is not there yet) that
 * sets none itself. */
int recall_settings_read(struct store *st, int64_t ns,
	struct recall_weights *ret, struct err *e) MUST_CHECK;

/* What is stored for the namespace as a new object {name: number}, NULL for
 * nothing. */
int recall_settings_stored(struct store *st, int64_t ns, json_t **ret,
	struct err *e) MUST_CHECK;
/* Sets some of them; null takes one back. Writer. */
int recall_settings_set(struct store *st, int64_t ns, const json_t *weights,
	struct err *e) MUST_CHECK;

/* Takes all of them back. Writer. */
int recall_settings_clear(struct store *st, int64_t ns, struct err *e)
	MUST_CHECK;

/* [{name, value, from, default, most, about}], a new array. */
int recall_settings_table(struct store *st, int64_t ns, json_t **ret,
	struct err *e) MUST_CHECK;

#endif
