/* Settings of a namespace: what its operator has decided for all who write and
 * read there. A setting is no change: it has no history, undo does not touch
 * it, and branches share it; an export of the log carries it.
 *
 * For example the row on_conflict of settings.def says which values there are
 * and that "none" holds where nothing is set. The operator sets "queue", which
 * is kept as {"on_conflict":"queue"} under the namespace; a write asks
 *
 *   rc = settings_choice(st, ns, SETTING_on_conflict, &choice, e);
 *
 * and gets 2, the place of "queue" in the list of choices.
 *
 * To add one: its row in settings.def, and, for an object or a list, what looks
 * at its value in settings_check.c. */
#ifndef MODEL_SCOPE_SETTINGS_H
#define MODEL_SCOPE_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

enum setting_kind {
	SETTING_BOOL,
	SETTING_CHOICE,
	SETTING_NUMBER,
	SETTING_OBJECT,
	SETTING_LIST
};

enum setting_id {
#define SETTING(name, ...) SETTING_##name,
#include "memory-db/model/scope/settings.def"
#undef SETTING
	SETTING_MAX
};

/* What holds in namespace ns (0: one that is not there yet): *ret is new, the
 * default where nothing is set, NULL when that is null. A stored value that
 * this version would refuse (an import brings what it brings) counts as not
 * set. */
int settings_get(struct store *st, int64_t ns, enum setting_id id, json_t **ret,
	struct err *e) MUST_CHECK;
/* The same for one kind. choice: its place in the list of choices. */
int settings_bool(struct store *st, int64_t ns, enum setting_id id, bool *ret,
	struct err *e) MUST_CHECK;
int settings_choice(struct store *st, int64_t ns, enum setting_id id, int *ret,
	struct err *e) MUST_CHECK;
int settings_number(struct store *st, int64_t ns, enum setting_id id,
	double *ret, struct err *e) MUST_CHECK;

/* All that is set, as a new object; NULL for nothing. */
int settings_stored(struct store *st, int64_t ns, json_t **ret, struct err *e)
	MUST_CHECK;
/* Sets some of them; null takes one back. All or nothing: an error names the
 * setting, and what would be right. Writer. */
int settings_set(struct store *st, int64_t ns, const json_t *values,
	struct err *e) MUST_CHECK;
/* What another database had set, of a newer version perhaps: each value is
 * kept as it is, up to the bound of its size. replaces: what is set here beside
 * that is taken back. Writer. */
int settings_import(struct store *st, int64_t ns, const json_t *values,
	bool replaces, struct err *e) MUST_CHECK;

/* [{name, value, from: default|namespace, default, choices?, about}], new. */
int settings_table(struct store *st, int64_t ns, json_t **ret, struct err *e)
	MUST_CHECK;

#endif
