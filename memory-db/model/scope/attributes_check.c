#include "memory-db/model/scope/attributes_check.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/limits.h"

/* Is the text a phrase of one to six words? */
static bool
is_phrase(const char *text)
{
	size_t words = 0;

	for (const char *p = text; *p != '\0';) {
		size_t n = strcspn(p, " ");

		words += n > 0;
		p += n + (p[n] == ' ');
	}
	return words >= 1 && words <= LIMIT_ATTRIBUTE_WORDS &&
	       strlen(text) <= LIMIT_LABEL_BYTES;
}

static bool
attributes_check_is_list(const json_t *rule)
{
	const json_t *value;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)rule, i, value)
		if (!json_is_string(value) ||
			!is_phrase(json_string_value(value)))
			return false;
	return json_array_size(rule) >= 2;
}

static bool
attributes_check_is_rule(const json_t *rule)
{
	const char *text = json_string_value(rule);

	if (json_is_array(rule))
		return attributes_check_is_list(rule);
	return text &&
	       (strcmp(text, "single") == 0 || strcmp(text, "multi") == 0);
}

int
attributes_check(const json_t *value, struct err *e)
{
	const char *phrase;
	size_t values = 0;
	json_t *rule;

	if (json_object_size(value) > LIMIT_ATTRIBUTES)
		return err_param(e, MDB_E_INVALID, "settings",
			"`attributes` has at most %d phrases",
			LIMIT_ATTRIBUTES);
	json_object_foreach((json_t *)(uintptr_t)value, phrase, rule) {
		if (!is_phrase(phrase))
			return err_param(e, MDB_E_INVALID, "settings",
				"`attributes`: '%.60s' must be a phrase of one "
				"to %d words, as \"works at\"",
				phrase, LIMIT_ATTRIBUTE_WORDS);
		if (!attributes_check_is_rule(rule))
			return err_param(e, MDB_E_INVALID, "settings",
				"`attributes`: '%.60s' must be \"single\", "
				"\"multi\", or a list of two or more values "
				"that exclude each other",
				phrase);
		values += json_array_size(rule);
	}
	if (values > LIMIT_ATTRIBUTE_VALUES)
		return err_param(e, MDB_E_INVALID, "settings",
			"`attributes`: its lists have %zu values; %d are the "
			"most",
			values, LIMIT_ATTRIBUTE_VALUES);
	return 0;
}
