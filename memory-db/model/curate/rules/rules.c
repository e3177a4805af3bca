/* The table of rules (curation_rules.def) and what the setting `curation` of a
 * namespace changes of it. Only numbers can be changed, each within a range of
 * its own, so no setting can make a rule do something else than its name says.
 */
#include "memory-db/model/curate/rules/rules.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "common/jx.h"
#include "common/text.h"

#define BRAKE_SHARE 0.1
#define BRAKE_LEAST 100
#define HOLD_DAYS   30
#define DAYS_MOST   36500
#define COUNT_MOST  1e9

static const struct curation_rule rules[] = {
#define CURATION_RULE(name, act, on, from, to, types, age, quiet, uses,        \
	uses_below, about)                                                     \
	[CURATION_##name] = {#name, act, on, from, to, types, age, quiet,      \
		uses, uses_below, about},
#include "memory-db/model/curate/rules/curation_rules.def"
#undef CURATION_RULE
};

static const char *const rule_names[] = {
#define CURATION_RULE(name, ...) #name,
#include "memory-db/model/curate/rules/curation_rules.def"
#undef CURATION_RULE
	NULL};

/* Numbers that a setting may change. */
struct rules_member {
	const char *name;
	size_t offset;
	double most;
};
static const struct rules_member rule_members[] = {
	{"age_days", offsetof(struct curation_rule, age_days), DAYS_MOST},
	{"quiet_days", offsetof(struct curation_rule, quiet_days), DAYS_MOST},
	{"uses", offsetof(struct curation_rule, uses), COUNT_MOST},
	{"uses_below", offsetof(struct curation_rule, uses_below), COUNT_MOST},
};
static const struct rules_member setting_members[] = {
	{"brake_share", offsetof(struct curation_settings, brake_share), 1},
	{"brake_least", offsetof(struct curation_settings, brake_least),
		COUNT_MOST},
	{"hold_days", offsetof(struct curation_settings, hold_days), DAYS_MOST},
};

const struct curation_rule *
curation_rule_find(const char *name, enum curation_rule_id *ret, struct err *e)
{
	const char *near;

	for (size_t i = 0; i < CURATION_RULES; i++)
		if (strcmp(rules[i].name, name) == 0) {
			*ret = (enum curation_rule_id)i;
			return &rules[i];
		}
	near = text_nearest(name, rule_names);
	err_set(e, MDB_E_INVALID, "no rule '%.60s'%s%s%s", name,
		near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "; `curate` with dry_run lists them");
	return NULL;
}

bool
curation_rule_takes_type(const struct curation_rule *r, const char *type)
{
	const char *s = r->types;
	size_t n = strlen(type);

	if (!s)
		return true;
	for (; *s != '\0'; s += strspn(s, " ")) {
		size_t k = strcspn(s, " ");

		if (k == n && strncasecmp(s, type, n) == 0)
			return true;
		s += k;
	}
	return false;
}

/* --- the setting ---------------------------------------------------------- */
static const char *
rules_name_of(const struct rules_member *m, size_t n, const char *key,
	size_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(m[i].name, key) == 0) {
			*ret = i;
			return m[i].name;
		}
	return NULL;
}

static int
set_number(void *of, const struct rules_member *m, const char *path,
	const json_t *value, struct err *e)
{
	double v = json_number_value(value);

	if (!json_is_number(value) || !(v >= 0 && v <= m->most))
		return err_set(e, MDB_E_INVALID,
			"curation: %s must be a number from 0 to %g", path,
			m->most);
	memcpy((char *)of + m->offset, &v, sizeof(v));
	return 0;
}

static int
set_rule(struct curation_rule *r, const json_t *value, struct err *e)
{
	const json_t *v;
	const char *key;
	size_t i;

	if (json_is_boolean(value)) {
		r->is_on = json_is_true(value);
		return 0;
	}
	if (!json_is_object(value))
		return err_set(e, MDB_E_INVALID,
			"curation: rules.%s must be true, false, or an object "
			"of numbers, as {\"age_days\": 60}",
			r->name);
	r->is_on = true;
	json_object_foreach((json_t *)(uintptr_t)value, key, v) {
		char path[96];
		int rc;

		if (!rules_name_of(rule_members, ARRAY_LEN(rule_members), key,
			    &i))
			return err_set(e, MDB_E_INVALID,
				"curation: rules.%s has no number '%.40s'; it "
				"has age_days, quiet_days, uses, uses_below",
				r->name, key);
		snprintf(path, sizeof(path), "rules.%s.%s", r->name, key);
		rc = set_number(r, &rule_members[i], path, v, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
set_rules(struct curation_settings *s, const json_t *value, struct err *e)
{
	enum curation_rule_id id;
	const json_t *v;
	const char *key;
	int rc = 0;

	if (!json_is_object(value))
		return err_set(e, MDB_E_INVALID,
			"curation: rules must be an object, as {\"settle\": "
			"false}");
	json_object_foreach((json_t *)(uintptr_t)value, key, v) {
		if (!curation_rule_find(key, &id, e)) {
			err_prefix(e, "curation: rules");
			return MDB_E_INVALID;
		}
		rc = set_rule(&s->rules[id], v, e);
		if (rc != 0)
			break;
	}
	return rc;
}

static int
set_alone(struct curation_settings *s, const json_t *value, struct err *e)
{
	static const char *const names[] = {"off", "tiers", "all"};
	const char *text = json_string_value(value);

	for (size_t i = 0; text != NULL && i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i]) == 0) {
			s->alone = (enum curation_background)i;
			return 0;
		}
	return err_set(e, MDB_E_INVALID,
		"curation: background must be \"off\", \"tiers\" (move and "
		"confirm) or \"all\" (make summaries, too)");
}

static int
set_member(struct curation_settings *s, const char *key, const json_t *value,
	struct err *e)
{
	size_t i;

	if (strcmp(key, "background") == 0)
		return set_alone(s, value, e);
	if (strcmp(key, "rules") == 0)
		return set_rules(s, value, e);
	if (rules_name_of(setting_members, ARRAY_LEN(setting_members), key, &i))
		return set_number(s, &setting_members[i], key, value, e);
	return err_set(e, MDB_E_INVALID,
		"curation has no member '%.40s'; it has background, "
		"brake_share, brake_least, hold_days, rules",
		key);
}

int
curation_settings_of(const json_t *value, struct curation_settings *ret,
	struct err *e)
{
	const json_t *v;
	const char *key;
	int rc = 0;

	*ret = (struct curation_settings){.alone = CURATION_TIERS,
		.brake_share = BRAKE_SHARE,
		.brake_least = BRAKE_LEAST,
		.hold_days = HOLD_DAYS};
	memcpy(ret->rules, rules, sizeof(rules));
	json_object_foreach((json_t *)(uintptr_t)value, key, v) {
		rc = set_member(ret, key, v, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
curation_settings_check(const json_t *value, struct err *e)
{
	struct curation_settings unused;

	return curation_settings_of(value, &unused, e);
}
