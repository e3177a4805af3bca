/* What can be worked out of a call before the writer has it: from its parameters
 * alone, without the database. A thread of its own does so (work/prepare.h), and the
 * handler finds it in call.prepared; where nobody prepared it (a call of a script),
 * the handler does it itself. */
#ifndef METHOD_PREPARE_H
#define METHOD_PREPARE_H

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

/* Of a tool with TF_PREPARE. The call has no store. ret: the caller's to end also
 * after an error. */
int method_prepare(struct call *c, struct prepared *ret, struct err *e)
	MUST_CHECK;
void prepared_done(struct prepared *p);
#define AUTO_PREPARED __attribute__((cleanup(prepared_done)))

/* The parts of it: one a tool. */
int prepare_auto_extract_facts(struct call *c, struct prepared *ret,
	struct err *e) MUST_CHECK;
int prepare_judge_use(struct call *c, struct prepared *ret, struct err *e)
	MUST_CHECK;

#endif
