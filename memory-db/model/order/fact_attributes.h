/* What the operator of a namespace knows of its attributes: how many values one
 * has at a time (the setting `attributes`).
 *
 *   {"works at": "single", "endorses": "multi",
 *    "is deployed to": ["staging", "production"]}
 *
 * single   another value takes the place of the first: an update
 * multi    there may be many: "endorses Ben" and "endorses Cleo" are two facts
 * a list   its values exclude each other: who says one denies the others
 *
 * A phrase is met where its words stand one behind the other, in any form ("worked
 * at"). It comes before what the lexicon knows. Pure but for reading the setting. */
#ifndef MODEL_ORDER_FACT_ATTRIBUTES_H
#define MODEL_ORDER_FACT_ATTRIBUTES_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "memory-db/model/order/lexicon.h"

struct store;

enum attribute_rule { ATTRIBUTE_SINGLE, ATTRIBUTE_MULTI, ATTRIBUTE_SET };

struct attribute_phrase {
	uint64_t stems[LEXICON_WORDS];
	int n;
};
struct fact_attribute {
	struct attribute_phrase phrase;
	enum attribute_rule rule;
	size_t first, values; /* of a list: in fact_attributes.value */
};
struct fact_attributes {
	size_t n, values;
	struct fact_attribute v[LIMIT_ATTRIBUTES];
	struct attribute_phrase value[LIMIT_ATTRIBUTE_VALUES];
};

/* From the setting as it was checked. 0 or MDB_E_NOMEM. */
int fact_attributes_read(const json_t *setting, struct fact_attributes *ret,
	struct err *e) MUST_CHECK;
/* Those of namespace ns: *ret is new (free), NULL where none are set. */
int fact_attributes_get(struct store *st, int64_t ns,
	struct fact_attributes **ret, struct err *e) MUST_CHECK;

#endif
