/* The table from method names to handlers, generated from the one list. */
#include <string.h>

#include "memory-db/method/handlers.h"

static const struct entry {
	const char *name;
	unsigned flags;
	method_fn fn;
} entries[] = {
#define TOOL(name, title, flags, profiles, order, text)                        \
	{#name, (flags), m_##name},
#include "common/contract/tools.def"
#undef TOOL
};

method_fn
method_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (strcmp(entries[i].name, name) == 0)
			return entries[i].fn;
	return NULL;
}

int
method_check(struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		bool in_loop = entries[i].flags & TF_LOOP;

		if (!in_loop && !entries[i].fn)
			return err_set(e, MDB_E_INTERNAL,
				"method '%s' has no handler", entries[i].name);
		if (in_loop && entries[i].fn)
			return err_set(e, MDB_E_INTERNAL,
				"method '%s' is answered in the loop and has a "
				"handler all the same",
				entries[i].name);
		if (!in_loop && !(entries[i].flags & TF_SCRIPT) &&
			!(entries[i].flags & TF_READ) ==
				!(entries[i].flags & TF_WRITE))
			return err_set(e, MDB_E_INTERNAL,
				"method '%s' must be either a read or a write",
				entries[i].name);
	}
	return 0;
}
