/* The whole database as a file of its own, as of the state that a view pins
 * (store_script_begin). The file has no name: it is gone when its last
 * descriptor is closed, also when somebody is killed in between.
 *
 * It needs no WAL and no process beside it: an ordinary SQLite file, the next
 * opening of which makes it a WAL database again. */
#ifndef STORE_ENGINE_COPY_H
#define STORE_ENGINE_COPY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

/* Copies into a file in the folder of the database, or, where that cannot be
 * written, in /var/tmp. st: STORE_SCRIPT, begun, nothing written to it. *ret_fd
 * can only be read from, and stands at 0. cancelled may be NULL. 0,
 * MDB_E_CANCELLED, MDB_E_STORE (disk full; a page that cannot be read). */
int store_copy(struct store *st, const atomic_bool *cancelled, int *ret_fd,
	int64_t *ret_bytes, struct err *e) MUST_CHECK;

#endif
