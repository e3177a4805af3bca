#include "memory-db/model/order/fact_attributes.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/model/scope/settings.h"

struct reading_phrase {
	struct attribute_phrase *to;
};

static int
take_stem(void *ctx, const struct text_piece *p)
{
	struct attribute_phrase *x = ((struct reading_phrase *)ctx)->to;

	if (x->n == LEXICON_WORDS)
		return 1;
	return lexicon_stem(p->s, p->n, &x->stems[x->n++]);
}

static int
read_phrase(const char *text, struct attribute_phrase *ret, struct err *e)
{
	struct reading_phrase x = {ret};

	ret->n = 0;
	return text_pieces(text, strlen(text), take_stem, &x) < 0 ? err_nomem(e)
								  : 0;
}

/* The values of a list. 0 or MDB_E_NOMEM. */
static int
read_values(const json_t *list, struct fact_attributes *a,
	struct fact_attribute *to, struct err *e)
{
	const json_t *value;
	size_t i;

	to->rule = ATTRIBUTE_SET;
	to->first = a->values;
	json_array_foreach((json_t *)(uintptr_t)list, i, value) {
		int rc;

		if (a->values == LIMIT_ATTRIBUTE_VALUES)
			break;
		rc = read_phrase(json_string_value(value), &a->value[a->values],
			e);
		if (rc)
			return rc;
		a->values++;
		to->values++;
	}
	return 0;
}

int
fact_attributes_read(const json_t *setting, struct fact_attributes *ret,
	struct err *e)
{
	const char *phrase;
	json_t *rule;

	ret->n = ret->values = 0;
	json_object_foreach((json_t *)(uintptr_t)setting, phrase, rule) {
		struct fact_attribute *to = &ret->v[ret->n];
		int rc;

		if (ret->n == LIMIT_ATTRIBUTES)
			break;
		*to = (struct fact_attribute){.rule = ATTRIBUTE_SINGLE};
		rc = read_phrase(phrase, &to->phrase, e);
		if (rc)
			return rc;
		if (json_is_array(rule))
			rc = read_values(rule, ret, to, e);
		else if (strcmp(json_string_value(rule), "multi") == 0)
			to->rule = ATTRIBUTE_MULTI;
		if (rc)
			return rc;
		ret->n += to->phrase.n > 0;
	}
	return 0;
}

int
fact_attributes_get(struct store *st, int64_t ns, struct fact_attributes **ret,
	struct err *e)
{
	AUTO_JSON json_t *setting = NULL;
	AUTO_FREE struct fact_attributes *a = NULL;
	int rc = settings_get(st, ns, SETTING_attributes, &setting, e);

	*ret = NULL;
	if (rc || json_object_size(setting) == 0)
		return rc;
	a = malloc(sizeof(*a));
	if (!a)
		return err_nomem(e);
	rc = fact_attributes_read(setting, a, e);
	if (rc)
		return rc;
	*ret = take_ptr(a);
	return 0;
}
