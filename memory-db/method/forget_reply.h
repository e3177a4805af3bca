/* The reply of what erases for good. */
#ifndef METHOD_FORGET_REPLY_H
#define METHOD_FORGET_REPLY_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/time/forget.h"

/* {facts, names, messages, notes, words, note, copies?, change?}: what went,
 * and where it may still be. Tells the writer that something was erased. */
int forget_reply(struct call *c, struct write *w,
	const struct forget_result *out, json_t **ret_result, struct err *e)
	MUST_CHECK;

#endif
