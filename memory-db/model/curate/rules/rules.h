/* The rules of curation as data, and the setting `curation` of a namespace,
 * which changes their numbers. Stands on nothing but common/. */
#ifndef MODEL_CURATE_RULES_RULES_H
#define MODEL_CURATE_RULES_RULES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

enum curation_act {
	CURATE_MOVE,	 /* another tier */
	CURATE_CONFIRM,	 /* right again, by use */
	CURATE_EXPIRE,	 /* hidden: the end that somebody gave it has come */
	CURATE_HIDE,	 /* hidden, by the numbers */
	CURATE_TOLD,	 /* right again, by being told again */
	CURATE_SEQUENCE, /* steps that come again make a new entity */
	CURATE_DAY,	 /* a day makes a new entity */
	CURATE_GATHER	 /* similar ones make a new entity */
};
enum curation_rule_id {
#define CURATION_RULE(name, ...) CURATION_##name,
#include "memory-db/model/curate/rules/curation_rules.def"
#undef CURATION_RULE
	CURATION_RULES
};

/* A row of curation_rules.def, which says what each number means. */
struct curation_rule {
	const char *name;
	enum curation_act act;
	bool is_on;
	unsigned from; /* mask of 1 << tier */
	int to;
	const char *types; /* NULL: any */
	double age_days, quiet_days, uses, uses_below;
	const char *about;
};
/* What the service curates by itself. */
enum curation_background {
	CURATION_OFF,	/* nothing */
	CURATION_TIERS, /* rules that move and confirm */
	CURATION_ALL	/* those that make new entities as well */
};
struct curation_settings {
	struct curation_rule rules[CURATION_RULES];
	enum curation_background alone;
	/* A run that would touch more entities than both is stopped. */
	double brake_share; /* of those there are */
	double brake_least;
	double hold_days; /* a tier that somebody set is left alone so long */
};

/* The defaults with what the setting says (an object, or NULL) over them.
 * MDB_E_INVALID names the member that is wrong. */
int curation_settings_of(const json_t *value, struct curation_settings *ret,
	struct err *e) MUST_CHECK;
/* The check of the setting (model/scope/settings_check.h). */
int curation_settings_check(const json_t *value, struct err *e) MUST_CHECK;

/* The rule of that name; NULL: there is none, and *e names the nearest. */
const struct curation_rule *curation_rule_find(const char *name,
	enum curation_rule_id *ret, struct err *e);
/* Does the rule look at entities of this type? Case does not count. */
bool curation_rule_takes_type(const struct curation_rule *r, const char *type);

#endif
