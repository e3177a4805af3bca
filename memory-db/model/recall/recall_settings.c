/* The weights of a recall, from four places: the call over the namespace over
 * the configuration over the defaults. For example, a namespace that sets
 * "recency" keeps all other weights of the configuration. What is stored for a
 * namespace is an object in `meta`; a name in it that this version of the
 * program does not know is left alone, so that an older program does not lose
 * it. */
#include "memory-db/model/recall/recall_settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/scope/stored_object.h"
#include "memory-db/store/engine/meta.h"
#include "memory-db/store/engine/store.h"

#define KEY_SIZE 40

static void
recall_settings_state_key(int64_t ns, char ret[KEY_SIZE])
{
	snprintf(ret, KEY_SIZE, META_RECALL_WEIGHTS "%" PRId64, ns);
}

static struct recall_weights
configured(struct store *st)
{
	const struct recall_weights *w = database_weights(store_database(st));

	return w ? *w : recall_weights_default;
}

int
recall_settings_stored(struct store *st, int64_t ns, json_t **ret,
	struct err *e)
{
	char key[KEY_SIZE];

	*ret = NULL;
	if (ns == 0)
		return 0;
	recall_settings_state_key(ns, key);
	return stored_object_get(st, key,
		"the weights of recall of a namespace", ret, e);
}

int
recall_settings_read(struct store *st, int64_t ns, struct recall_weights *ret,
	struct err *e)
{
	json_t *stored AUTO_JSON = NULL, *value;
	const char *name;
	int rc = recall_settings_stored(st, ns, &stored, e);

	if (rc != 0)
		return rc;
	*ret = configured(st);
	/* One that this version does not know is left alone. */
	json_object_foreach(stored, name, value)
		if (recall_weights_set(ret, name, json_number_value(value),
			    NULL) != 0)
			continue;
	return 0;
}

static int
set_one(json_t *stored, const char *name, json_t *value, struct err *e)
{
	struct recall_weights probe = recall_weights_default;
	int rc;

	if (json_is_null(value)) {
		rc = recall_weights_set(&probe, name, 0, e);
		(void)json_object_del(stored, name);
	} else if (json_is_number(value)) {
		rc = recall_weights_set(&probe, name, json_number_value(value),
			e);
		if (rc == 0 && jx_set(stored, name, json_incref(value)) != 0)
			return err_nomem(e);
	} else {
		rc = err_set(e, MDB_E_INVALID,
			"'%.40s' must be a number, or null for the value that "
			"would hold without it",
			name);
	}
	return rc < 0 ? err_param(e, rc, "weights", "weights: %s",
				e ? e->text : "")
		      : 0;
}

int
recall_settings_set(struct store *st, int64_t ns, const json_t *weights,
	struct err *e)
{
	json_t *stored AUTO_JSON = NULL, *value;
	char key[KEY_SIZE];
	const char *name;
	int rc = recall_settings_stored(st, ns, &stored, e);

	if (rc != 0)
		return rc;
	if (!stored && !(stored = json_object()))
		return err_nomem(e);
	json_object_foreach((json_t *)(uintptr_t)weights, name, value) {
		rc = set_one(stored, name, value, e);
		if (rc != 0)
			return rc;
	}
	recall_settings_state_key(ns, key);
	return stored_object_set(st, key, stored, e);
}

int
recall_settings_clear(struct store *st, int64_t ns, struct err *e)
{
	char key[KEY_SIZE];

	recall_settings_state_key(ns, key);
	return meta_drop_one(st, key, e);
}

int
recall_settings_table(struct store *st, int64_t ns, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *list = json_array(), *stored = NULL;
	struct recall_weights w, set = configured(st);
	struct recall_weight row, base, own;
	int rc = list ? recall_settings_stored(st, ns, &stored, e)
		      : err_nomem(e);

	if (rc != 0)
		return rc;
	rc = recall_settings_read(st, ns, &w, e);
	if (rc != 0)
		return rc;
	for (int i = 0; recall_weights_row(&w, i, &row); i++) {
		const char *from = "default";

		(void)recall_weights_row(&recall_weights_default, i, &base);
		(void)recall_weights_row(&set, i, &own);
		if (own.value > base.value || own.value < base.value)
			from = "configuration";
		if (json_object_get(stored, row.name))
			from = "namespace";
		if (jx_add(list, json_pack("{s:s,s:f,s:s,s:f,s:f,s:s}", "name",
					 row.name, "value", row.value, "from",
					 from, "default", base.value, "most",
					 row.most, "about", row.text)) != 0)
			rc = err_nomem(e);
		if (rc != 0)
			return rc;
	}
	*ret = take_ptr(list);
	return 0;
}
