#include "memory-db/method/prepare.h"

#include <assert.h>

typedef int (*prepare_fn)(struct call *c, struct prepared *ret, struct err *e);

static const prepare_fn parts[TOOL_MAX] = {
	[TOOL_auto_extract_facts] = prepare_auto_extract_facts,
	[TOOL_judge_use] = prepare_judge_use,
};

int
method_prepare(struct call *c, struct prepared *ret, struct err *e)
{
	prepare_fn fn = parts[c->tool - tools];

	assert(fn && c->tool->flags & TF_PREPARE);
	return fn(c, ret, e);
}

void
prepared_done(struct prepared *p)
{
	if (p->free)
		p->free(p->data);
	*p = (struct prepared){.data = NULL};
}
