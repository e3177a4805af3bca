/* Setting pins (model/read/pins.h says what they are). */
#ifndef MODEL_WRITE_PINS_WRITE_H
#define MODEL_WRITE_PINS_WRITE_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* Sets ATTR_PIN, and ATTR_PIN_ASKED as who writes has it. MDB_E_LIMIT: an agent
 * pins, and the namespace has as many as count. */
int pins_set(struct write *w, int64_t entity, int64_t value, struct err *e)
	MUST_CHECK;
/* Sets ATTR_PIN_ASKED, as a merge or an undo wants it. An agent cannot confirm a
 * pin in that way. */
int pins_set_asked(struct write *w, int64_t entity, int64_t value,
	struct err *e) MUST_CHECK;

#endif
