/* The handlers, one a method: `int m_<tool>(struct call *, json_t **ret_result,
 * struct err *)`, each in a file m_*.c of this folder. The list is tools.def.
 *
 * The references are weak so that a missing handler is found by method_check
 * at start, by name, instead of a linker error about half of the list. */
#ifndef METHOD_HANDLERS_H
#define METHOD_HANDLERS_H

#include "memory-db/method/method.h"

#define TOOL(name, title, flags, profiles, order, text)                        \
	int m_##name(struct call *c, json_t **ret_result, struct err *e)       \
		__attribute__((weak));
#include "common/contract/tools.def"
#undef TOOL

#endif
