#include "memory-db/net/by_method.h"

#include <assert.h>
#include <stdlib.h>

#include "common/err.h"

struct by_method *
by_method_new(void)
{
	return calloc(tools_n, sizeof(struct by_method));
}

void
by_method_count(struct by_method *all, const struct tool *tool, int code,
	int64_t ns)
{
	struct by_method *m = &all[tool - tools];

	assert(tool >= tools && tool < tools + tools_n);
	histogram_add(&m->answer, ns);
	m->errors += code != MDB_OK;
}
