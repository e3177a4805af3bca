/* The handlers, one a method: `int m_<tool>(struct call *, json_t **ret_result,
 * struct err *)`, each in a file m_*.c of this folder. This header declares
 * one for each record of common/contract/tools/; one that is missing is a
 * linker error that names it. */
#ifndef METHOD_HANDLERS_H
#define METHOD_HANDLERS_H

#include "memory-db/method/method.h"

#define TOOL(name, ...)                                                        \
	int m_##name(struct call *c, json_t **ret_result, struct err *e);
#define LOOP_TOOL(name, ...)
#include "common/contract/tools/all.def"
#undef TOOL
#undef LOOP_TOOL

#endif
