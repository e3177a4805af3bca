#include "memory-db/method/conflict_filter.h"

#include <string.h>

#include "common/jx.h"

static int
conflict_filter_kind_of(const char *name)
{
	for (int i = 1; name && i < CONFLICT_KIND_MAX; i++)
		if (strcmp(conflict_kind_name(i), name) == 0)
			return i;
	return 0;
}

static int
conflict_filter_state_of(const char *name)
{
	for (int i = 0; name && i < QUEUE_STATE_MAX; i++)
		if (strcmp(queue_state_name((enum queue_state)i), name) == 0)
			return i;
	return name ? -1 : QUEUE_PENDING; /* -1: "all" */
}

int
conflict_filter(struct call *c, const struct scope *s, struct queue_filter *f,
	struct err *e)
{
	const char *name = jx_text(c->params, "entity");
	int rc = 1;

	f->kind = conflict_filter_kind_of(jx_text(c->params, "kind"));
	f->state = conflict_filter_state_of(jx_text(c->params, "state"));
	if (f->kind == CONFLICT_SUCCESSION && !jx_text(c->params, "state"))
		f->state = QUEUE_SETTLED;
	if (name)
		rc = scope_entity(c->st, s, name, strlen(name), &f->entity, e);
	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "entity",
			"no entity '%.200s'; search_nodes finds names", name);
	return rc < 0 ? rc : 0;
}
