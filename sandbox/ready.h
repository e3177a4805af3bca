/* One jail, started until it waits for its script. */
#ifndef SANDBOX_READY_H
#define SANDBOX_READY_H

#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "sandbox/launch.h"

/* setup: the SETUP frame. Layers as bits of wire.h. MDB_E_SANDBOX with the reason:
 * it could not be started, lacks a layer, or did not answer; it is gone then. */
int ready_start(int program, uid_t uid, const struct buf *setup,
	struct jail *ret, uint32_t *ret_in_place, uint32_t *ret_refused,
	struct err *e) MUST_CHECK;

#endif
