#include "memory-db/work/parts.h"

#include "memory-db/work/internal.h"

void
parts_give(struct job *j, struct call *c)
{
	j->has_more = false;
	c->in_parts = true;
	c->part = j->part;
	c->progress = &j->progress;
}

void
parts_answer(struct job *j)
{
	j->has_more = true;
	j->is_answered = true;
	j->code = MDB_OK;
}

bool
parts_again(struct work *w, struct job *j)
{
	struct job_list list = {0};

	if (!j->has_more || j->code != MDB_OK)
		return false;
	job_retract(j);
	j->has_more = false;
	j->part++;
	job_list_add(&list, j);
	write_queue_push(&w->writes, &list);
	return true;
}
