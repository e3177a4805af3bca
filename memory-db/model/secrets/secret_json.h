/* Secrets in JSON: in the texts of a request, a line of an import, a file of
 * the workspace. A member whose name says what it is is looked at together
 * with its value: {"password": ".."}. */
#ifndef MODEL_SECRETS_SECRET_JSON_H
#define MODEL_SECRETS_SECRET_JSON_H

#include <jansson.h>

#include "common/err.h"
#include "memory-db/model/secrets/secrets.h"

struct secret_place {
	const char *rule;
	char path[96]; /* "entities[2].observations[0]" */
};

/* What becomes of secrets in a call: as its parameters say, or else as usual. */
enum secret_policy secret_policy_of(const json_t *params,
	enum secret_policy usual);

/* Is there one in the value, of whatever type (NULL: no)? path: of it. */
bool secret_in_value(const json_t *value, const char *path,
	struct secret_place *ret);
/* The same for o[key]. path: where o stands in the parameters, "" for the
 * top. */
bool secret_in_member(const json_t *o, const char *key, const char *path,
	struct secret_place *ret);

/* Puts markers into o[key], in place. For each text that got one, appends
 * {param, rule, count? (markers, when several)} to places (may be NULL) and
 * counts the text in *io_marked. 0 or MDB_E_NOMEM. */
int secret_mark_member(json_t *o, const char *key, const char *path,
	json_t *places, int64_t *io_marked, struct err *e) MUST_CHECK;

#endif
