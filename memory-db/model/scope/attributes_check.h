/* The setting `attributes`: how many values an attribute has at a time. What it
 * means stands in model/order/fact_attributes.h. */
#ifndef MODEL_SCOPE_ATTRIBUTES_CHECK_H
#define MODEL_SCOPE_ATTRIBUTES_CHECK_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"

/* The check of the setting: phrases with "single", "multi" or a list of values. */
int attributes_check(const json_t *value, struct err *e) MUST_CHECK;

#endif
