/* Settings that a client has in its environment and this service does not go
 * by. */
#ifndef NET_IGNORED_H
#define NET_IGNORED_H

#include <jansson.h>

#include "memory-db/net/config.h"

/* given: what hello said, {NAME: value or true}; NULL: nothing. New:
 * {NAME: "why, and what sets it"}, empty when all of it holds here. NULL: no
 * memory. */
json_t *ignored_settings(const struct config *c, const json_t *given);

#endif
