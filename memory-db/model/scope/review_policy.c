/* The rules of a policy: are they well formed, and which of them decides
 * about a change? Pure: the change comes as a struct, the rules as JSON.
 * review_policy.h has the meaning and three rules as an example.
 *
 * Each condition is a row of a table here: its name, what its value must be,
 * and the function that says whether it holds. */
#include "memory-db/model/scope/review_policy.h"

#include <fnmatch.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"

/* --- conditions ----------------------------------------------------------- */
/* A word with * and ?, in either case. */
static bool
fits_word(const json_t *pattern, const char *text)
{
	return text &&
	       fnmatch(json_string_value(pattern), text, FNM_CASEFOLD) == 0;
}

/* wanted: a word, or a list of which one fits. */
static bool
review_policy_fits(const json_t *wanted, const char *text)
{
	json_t *w;
	size_t i;

	if (json_is_string(wanted))
		return fits_word(wanted, text);
	json_array_foreach((json_t *)(uintptr_t)wanted, i, w)
		if (fits_word(w, text))
			return true;
	return false;
}

/* Does one name of the list fit? strict: there are names, and all of them
 * fit. */
static bool
fits_list(const json_t *wanted, const json_t *list, bool strict)
{
	json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x)
		if (review_policy_fits(wanted, json_string_value(x)) != strict)
			return !strict;
	return strict && json_array_size(list) > 0;
}

enum review_policy_of { OF_WORDS, OF_BOOL, OF_NUMBER };
static const struct condition {
	const char *name;
	enum review_policy_of is;
} conditions[] = {{"tool", OF_WORDS}, {"kind", OF_WORDS}, {"client", OF_WORDS},
	{"session", OF_WORDS}, {"type", OF_WORDS}, {"entity", OF_WORDS},
	{"tag", OF_WORDS}, {"deletes", OF_BOOL}, {"pins", OF_BOOL},
	{"skills", OF_BOOL}, {"min_facts", OF_NUMBER}, {"max_facts", OF_NUMBER},
	{"min_bytes", OF_NUMBER}, {"max_bytes", OF_NUMBER}};

static bool
review_policy_holds(const char *name, const json_t *v,
	const struct review_change *c, bool strict)
{
	const struct {
		const char *name, *text;
	} words[] = {{"tool", c->tool}, {"kind", c->kind},
		{"client", c->client}, {"session", c->session}};
	const struct {
		const char *name;
		const json_t *list;
	} lists[] = {{"type", c->types}, {"entity", c->entities},
		{"tag", c->tags}};
	const struct {
		const char *name;
		bool is;
	} flags[] = {{"deletes", c->deletes}, {"pins", c->pins},
		{"skills", c->skills}};
	int64_t n = strstr(name, "bytes") ? c->bytes : c->facts;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(name, words[i].name) == 0)
			return review_policy_fits(v, words[i].text);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (strcmp(name, lists[i].name) == 0)
			return fits_list(v, lists[i].list, strict);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strcmp(name, flags[i].name) == 0)
			return json_is_true(v) == flags[i].is;
	return strncmp(name, "min_", 4) == 0 ? n >= json_integer_value(v)
					     : n <= json_integer_value(v);
}

/* --- rules ---------------------------------------------------------------- */
static enum review_do
does(const json_t *rule)
{
	const char *what = jx_text(rule, "do");

	if (!what || strcmp(what, "stage") == 0)
		return REVIEW_STAGE;
	if (strcmp(what, "apply") == 0)
		return REVIEW_APPLY;
	return REVIEW_REFUSE;
}

static bool
rule_holds(const json_t *rule, const struct review_change *c)
{
	json_t *when = json_object_get(rule, "when"), *v;
	bool strict = does(rule) == REVIEW_APPLY;
	const char *name;

	if (strict && ((c->deletes && !json_object_get(when, "deletes")) ||
			      (c->pins && !json_object_get(when, "pins")) ||
			      (c->skills && !json_object_get(when, "skills"))))
		return false;
	json_object_foreach(when, name, v)
		if (!review_policy_holds(name, v, c, strict))
			return false;
	return true;
}

enum review_do
review_policy_decide(const json_t *rules, const struct review_change *c,
	size_t *ret_rule, const char **ret_why)
{
	json_t *rule;
	size_t i;

	*ret_rule = 0;
	*ret_why = NULL;
	json_array_foreach((json_t *)(uintptr_t)rules, i, rule)
		if (rule_holds(rule, c)) {
			*ret_rule = i + 1;
			*ret_why = jx_text(rule, "why");
			return does(rule);
		}
	return REVIEW_STAGE;
}

/* --- the check ------------------------------------------------------------ */
static bool
is_words(const json_t *v)
{
	json_t *w;
	size_t i;

	if (json_is_string(v))
		return json_string_length(v) > 0;
	json_array_foreach((json_t *)(uintptr_t)v, i, w)
		if (!json_is_string(w) || json_string_length(w) == 0)
			return false;
	return json_is_array(v) && json_array_size(v) > 0;
}

static int
check_condition(size_t rule, const char *name, const json_t *v, struct err *e)
{
	static const char *const wanted[] = {
		[OF_WORDS] = "a word, or a list of words, where * stands for "
			     "anything",
		[OF_BOOL] = "true or false",
		[OF_NUMBER] = "a number of 0 or more",
	};
	bool ok;

	for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
		if (strcmp(conditions[i].name, name) != 0)
			continue;
		if (conditions[i].is == OF_WORDS)
			ok = is_words(v);
		else if (conditions[i].is == OF_BOOL)
			ok = json_is_boolean(v);
		else
			ok = json_is_integer(v) && json_integer_value(v) >= 0;
		return ok ? 0
			  : err_param(e, MDB_E_INVALID, "settings",
				    "`policy`: rule %zu: `%s` must be %s", rule,
				    name, wanted[conditions[i].is]);
	}
	return err_param(e, MDB_E_INVALID, "settings",
		"`policy`: rule %zu: no condition `%.40s`; there are tool, "
		"kind, client, session, type, entity, tag, deletes, pins, "
		"skills, and bounds (min or max) of facts and bytes",
		rule, name);
}

static int
check_rule(size_t n, const json_t *rule, struct err *e)
{
	json_t *when = json_object_get(rule, "when"), *v, *member;
	const char *what = jx_text(rule, "do"), *name;
	json_t *why = json_object_get(rule, "why");

	if (!json_is_object(rule) || !json_is_object(when) || !what ||
		(strcmp(what, "apply") != 0 && strcmp(what, "stage") != 0 &&
			strcmp(what, "refuse") != 0))
		return err_param(e, MDB_E_INVALID, "settings",
			"`policy`: rule %zu must be {\"when\": {..}, \"do\": "
			"\"apply\", \"stage\" or \"refuse\", \"why\": \"..\"}",
			n);
	json_object_foreach((json_t *)(uintptr_t)rule, name, member)
		if (strcmp(name, "when") != 0 && strcmp(name, "do") != 0 &&
			strcmp(name, "why") != 0)
			return err_param(e, MDB_E_INVALID, "settings",
				"`policy`: rule %zu has no member `%.40s`; "
				"conditions stand in `when`",
				n, name);
	if (why && !json_is_string(why))
		return err_param(e, MDB_E_INVALID, "settings",
			"`policy`: rule %zu: `why` must be a text", n);
	json_object_foreach(when, name, v) {
		int rc = check_condition(n, name, v, e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
review_policy_check(const json_t *rules, struct err *e)
{
	json_t *rule;
	size_t i;

	if (json_array_size(rules) > LIMIT_POLICY_RULES)
		return err_param(e, MDB_E_INVALID, "settings",
			"`policy` has at most %d rules", LIMIT_POLICY_RULES);
	json_array_foreach((json_t *)(uintptr_t)rules, i, rule) {
		int rc = check_rule(i + 1, rule, e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
review_script_check(const json_t *value, struct err *e)
{
	const json_t *skill = json_object_get(value, "skill");
	const json_t *ms = json_object_get(value, "timeout_ms");
	size_t known = (skill ? 1U : 0U) + (ms ? 1U : 0U);

	if (json_object_size(value) == 0)
		return 0;
	if (!json_is_string(skill) || json_string_length(skill) == 0 ||
		json_string_length(skill) > LIMIT_NAME_BYTES ||
		known != json_object_size(value))
		return err_param(e, MDB_E_INVALID, "settings",
			"`%s` must be {} or an object with the name of a "
			"stored skill as `skill`, and perhaps `%s`",
			"review_script", "timeout_ms");
	if (ms && (!json_is_integer(ms) || json_integer_value(ms) < 10 ||
			  json_integer_value(ms) > LIMIT_REVIEW_SCRIPT_MS))
		return err_param(e, MDB_E_INVALID, "settings",
			"`%s`: `%s` must be a number from 10 to %d",
			"review_script", "timeout_ms", LIMIT_REVIEW_SCRIPT_MS);
	return 0;
}
