/* What stored texts stand in when a hook gives them to a model: marks that no
 * stored text can know, and a word that they are records. */
#ifndef CLI_LIB_HOOKFENCE_H
#define CLI_LIB_HOOKFENCE_H

#include "common/buf.h"
#include "common/cleanup.h"

/* Appends a stored text on one line, at most so many bytes of it, without
 * characters that hide or reorder what stands around. 0 or MDB_E_NOMEM. */
int hookfence_plain(const char *s, size_t most, struct buf *out) MUST_CHECK;
/* Appends the lines between marks, under what they are about. 0 or
 * MDB_E_NOMEM. */
int hookfence_add(struct buf *out, const char *about, const struct buf *lines)
	MUST_CHECK;

#endif
