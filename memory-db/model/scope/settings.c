/* Settings of a namespace: reading, checking and keeping them. settings.h has
 * an example.
 *
 * All settings of a namespace are one JSON object in one row of `meta`, so
 * they are read at once. A setting that the object does not have is at the
 * preset of its row in settings.def. */
#include "memory-db/model/scope/settings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/settings_check.h"
#include "memory-db/model/scope/stored_object.h"
#include "memory-db/store/engine/meta.h"
#include "memory-db/store/engine/store.h"

#define KEY_SIZE 40

static const struct setting {
	const char *name;
	enum setting_kind kind;
	const char *choices; /* "a|b|c", or NULL */
	double least, most;
	const char *preset; /* JSON */
	setting_check_fn check;
	const char *about;
} settings[SETTING_MAX] = {
#define SETTING(name, kind, choices, least, most, preset, check, about)        \
	[SETTING_##name] = {#name, kind, choices, least, most, preset, check,  \
		about},
#include "memory-db/model/scope/settings.def"
#undef SETTING
};

/* --- values --------------------------------------------------------------- */

/* The place of a word in a list "a|b|c"; -1: it is not there. */
static int
settings_place(const char *choices, const char *word, size_t n)
{
	int place = 0;

	for (const char *p = choices; *p != '\0'; place++) {
		size_t length = strcspn(p, "|");

		if (length == n && memcmp(p, word, n) == 0)
			return place;
		p += length + (p[length] == '|');
	}
	return -1;
}

static int
settings_wrong(const struct setting *s, const char *wanted, struct err *e)
{
	return err_param(e, MDB_E_INVALID, "settings", "`%s` must be %s",
		s->name, wanted);
}

static int
settings_check_choice(const struct setting *s, const json_t *v, struct err *e)
{
	AUTO_BUF struct buf wanted = {0};

	if (json_is_string(v) &&
		settings_place(s->choices, json_string_value(v),
			json_string_length(v)) >= 0)
		return 0;
	if (buf_addf(&wanted, "one of %s", s->choices) != 0 ||
		!buf_str(&wanted))
		return err_nomem(e);
	return settings_wrong(s, wanted.data, e);
}

static int
settings_check_number(const struct setting *s, const json_t *v, struct err *e)
{
	char wanted[80];

	if (json_is_number(v) && json_number_value(v) >= s->least &&
		json_number_value(v) <= s->most)
		return 0;
	snprintf(wanted, sizeof(wanted), "a number from %g to %g", s->least,
		s->most);
	return settings_wrong(s, wanted, e);
}

static int
settings_check_size(const struct setting *s, const json_t *v, struct err *e)
{
	size_t n = jx_dump_size(v);

	if (n <= LIMIT_SETTING_BYTES)
		return 0;
	return err_param(e, MDB_E_LIMIT, "settings",
		"`%s` has %zu bytes as JSON; %d is the most", s->name, n,
		LIMIT_SETTING_BYTES);
}

/* 0, or MDB_E_INVALID, MDB_E_LIMIT with what would be right. */
static int
settings_check(const struct setting *s, const json_t *v, struct err *e)
{
	int rc = settings_check_size(s, v, e);

	if (rc != 0)
		return rc;
	switch (s->kind) {
	case SETTING_BOOL:
		return json_is_boolean(v)
			       ? 0
			       : settings_wrong(s, "true or false", e);
	case SETTING_CHOICE:
		return settings_check_choice(s, v, e);
	case SETTING_NUMBER:
		return settings_check_number(s, v, e);
	case SETTING_OBJECT:
		if (!json_is_object(v))
			return settings_wrong(s, "an object", e);
		break;
	case SETTING_LIST:
		if (!json_is_array(v))
			return settings_wrong(s, "a list", e);
		break;
	}
	return s->check ? s->check(v, e) : 0;
}

/* --- what is stored ------------------------------------------------------- */
static void
settings_key(int64_t ns, char ret[KEY_SIZE])
{
	snprintf(ret, KEY_SIZE, META_SETTINGS "%" PRId64, ns);
}

int
settings_stored(struct store *st, int64_t ns, json_t **ret, struct err *e)
{
	char key[KEY_SIZE];

	*ret = NULL;
	if (ns == 0)
		return 0;
	settings_key(ns, key);
	return stored_object_get(st, key, "the settings of a namespace", ret,
		e);
}

static int
settings_write(struct store *st, int64_t ns, const json_t *stored,
	struct err *e)
{
	char key[KEY_SIZE];

	settings_key(ns, key);
	return stored_object_set(st, key, stored, e);
}

/* --- what the writer keeps ------------------------------------------------- */
/* Every write asks for several settings of its namespace. Those of the namespace
 * asked for last stay read for as long as they cannot have changed. */
struct settings_kept {
	uint64_t state; /* meta_state() when they were read */
	int64_t ns;
	json_t *stored; /* owned; NULL: none is set */
};

static void
settings_kept_free(void *p)
{
	struct settings_kept *k = p;

	json_decref(k->stored);
	free(k);
}

static struct settings_kept *
settings_kept_of(struct store *st)
{
	void **p = store_kept(st, STORE_KEPT_SETTINGS, settings_kept_free);

	if (!*p)
		*p = calloc(1, sizeof(struct settings_kept));
	return *p;
}

/* To be read only: it may be the kept one. Returns new. */
static int
settings_peek(struct store *st, int64_t ns, json_t **ret, struct err *e)
{
	uint64_t state = meta_state(st);
	struct settings_kept *k = state != 0 ? settings_kept_of(st) : NULL;
	int rc;

	if (k && k->state == state && k->ns == ns) {
		*ret = json_incref(k->stored);
		return 0;
	}
	rc = settings_stored(st, ns, ret, e);
	if (rc != 0 || !k)
		return rc;
	json_decref(k->stored);
	*k = (struct settings_kept){state, ns, json_incref(*ret)};
	return 0;
}

/* --- reading -------------------------------------------------------------- */
static int
settings_preset(const struct setting *s, json_t **ret, struct err *e)
{
	*ret = jx_parse_any(s->preset, strlen(s->preset), NULL);
	if (!*ret)
		return err_nomem(e);
	if (json_is_null(*ret))
		*ret = NULL; /* the one null value is not counted */
	return 0;
}

/* *ret NULL: the namespace has none of its own. */
static int
settings_own(struct store *st, int64_t ns, enum setting_id id, json_t **ret,
	struct err *e)
{
	const struct setting *s = &settings[id];
	AUTO_JSON json_t *stored = NULL;
	struct err why = {0};
	json_t *value;
	int rc;

	*ret = NULL;
	rc = settings_peek(st, ns, &stored, e);
	if (rc != 0)
		return rc;
	value = json_object_get(stored, s->name);
	if (!value)
		return 0;
	rc = settings_check(s, value, &why);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	/* What cannot be right any more does not count. */
	*ret = rc == 0 ? json_incref(value) : NULL;
	return 0;
}

int
settings_get(struct store *st, int64_t ns, enum setting_id id, json_t **ret,
	struct err *e)
{
	int rc = settings_own(st, ns, id, ret, e);

	if (rc != 0 || *ret)
		return rc;
	return settings_preset(&settings[id], ret, e);
}

int
settings_bool(struct store *st, int64_t ns, enum setting_id id, bool *ret,
	struct err *e)
{
	AUTO_JSON json_t *value = NULL;
	int rc = settings_own(st, ns, id, &value, e);

	assert(settings[id].kind == SETTING_BOOL);
	*ret = value ? json_is_true(value)
		     : strcmp(settings[id].preset, "true") == 0;
	return rc;
}

int
settings_choice(struct store *st, int64_t ns, enum setting_id id, int *ret,
	struct err *e)
{
	const char *preset = settings[id].preset;
	AUTO_JSON json_t *value = NULL;
	int rc = settings_own(st, ns, id, &value, e);

	assert(settings[id].kind == SETTING_CHOICE && preset[0] == '"');
	*ret = value ? settings_place(settings[id].choices,
			       json_string_value(value),
			       json_string_length(value))
		     : settings_place(settings[id].choices, preset + 1,
			       strlen(preset) - 2);
	return rc;
}

int
settings_number(struct store *st, int64_t ns, enum setting_id id, double *ret,
	struct err *e)
{
	AUTO_JSON json_t *value = NULL;
	int rc = settings_get(st, ns, id, &value, e);

	*ret = json_number_value(value);
	return rc;
}

/* --- setting -------------------------------------------------------------- */
static int
settings_unknown(const char *name, struct err *e)
{
	AUTO_BUF struct buf names = {0};

	for (int i = 0; i < SETTING_MAX; i++)
		if (buf_addf(&names, "%s`%s`", i > 0 ? ", " : "",
			    settings[i].name) != 0)
			return err_nomem(e);
	if (!buf_str(&names))
		return err_nomem(e);
	return err_param(e, MDB_E_INVALID, "settings",
		"there is no setting '%.40s'; there are %s", name, names.data);
}

static const struct setting *
settings_find(const char *name)
{
	for (int i = 0; i < SETTING_MAX; i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

static int
settings_set_one(json_t *stored, const char *name, json_t *value, struct err *e)
{
	const struct setting *s = settings_find(name);
	int rc;

	if (!s)
		return settings_unknown(name, e);
	if (json_is_null(value)) {
		(void)json_object_del(stored, name);
		return 0;
	}
	rc = settings_check(s, value, e);
	if (rc != 0)
		return rc;
	return jx_set(stored, name, json_incref(value)) == 0 ? 0 : err_nomem(e);
}

int
settings_set(struct store *st, int64_t ns, const json_t *values, struct err *e)
{
	AUTO_JSON json_t *stored = NULL;
	const char *name;
	json_t *value;
	int rc = settings_stored(st, ns, &stored, e);

	if (rc != 0)
		return rc;
	if (!stored && !(stored = json_object()))
		return err_nomem(e);
	json_object_foreach((json_t *)(uintptr_t)values, name, value) {
		rc = settings_set_one(stored, name, value, e);
		if (rc != 0)
			return rc;
	}
	return settings_write(st, ns, stored, e);
}

int
settings_import(struct store *st, int64_t ns, const json_t *values,
	bool replaces, struct err *e)
{
	AUTO_JSON json_t *stored = NULL;
	const char *name;
	json_t *value;
	int rc;

	if (!json_is_object(values) ||
		json_object_size(values) > LIMIT_SETTINGS ||
		(!replaces && json_object_size(values) == 0))
		return 0;
	rc = replaces ? 0 : settings_stored(st, ns, &stored, e);
	if (rc != 0)
		return rc;
	if (!stored && !(stored = json_object()))
		return err_nomem(e);
	json_object_foreach((json_t *)(uintptr_t)values, name, value) {
		if (strlen(name) > LIMIT_LABEL_BYTES ||
			jx_dump_size(value) > LIMIT_SETTING_BYTES)
			continue;
		if (jx_set(stored, name, json_incref(value)) != 0)
			return err_nomem(e);
	}
	return settings_write(st, ns, stored, e);
}

/* --- the table ------------------------------------------------------------ */

/* The choices as a list; nothing for another kind. */
static int
settings_row_choices(json_t *row, const struct setting *s, struct err *e)
{
	json_t *list;

	if (!s->choices)
		return 0;
	list = json_array();
	if (member_set_new(row, "choices", list, e) != 0)
		return err_nomem(e);
	for (const char *p = s->choices; *p != '\0';) {
		size_t length = strcspn(p, "|");

		if (jx_add(list, json_stringn(p, length)) != 0)
			return err_nomem(e);
		p += length + (p[length] == '|');
	}
	return 0;
}

static int
settings_row(const struct setting *s, json_t *stored, json_t **ret,
	struct err *e)
{
	json_t *own = json_object_get(stored, s->name);
	AUTO_JSON json_t *preset = NULL;
	AUTO_JSON json_t *row = NULL;
	int rc = settings_preset(s, &preset, e);

	if (rc != 0)
		return rc;
	if (own && settings_check(s, own, NULL) != 0)
		own = NULL; /* not counted, see settings_get */
	row = json_pack("{s:s, s:O?, s:s, s:O?, s:s}", "name", s->name, "value",
		own ? own : preset, "from", own ? "namespace" : "default",
		"default", preset, "about", s->about);
	if (!row)
		return err_nomem(e);
	rc = settings_row_choices(row, s, e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(row);
	return 0;
}

int
settings_table(struct store *st, int64_t ns, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	AUTO_JSON json_t *stored = NULL;
	int rc = list ? settings_stored(st, ns, &stored, e) : err_nomem(e);

	if (rc != 0)
		return rc;
	for (int i = 0; i < SETTING_MAX; i++) {
		json_t *row = NULL;

		rc = settings_row(&settings[i], stored, &row, e);
		if (rc != 0)
			return rc;
		if (jx_add(list, row) != 0)
			return err_nomem(e);
	}
	*ret = take_ptr(list);
	return 0;
}
