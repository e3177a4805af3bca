#include "memory-db/model/scope/call.h"

void
change_note_done(struct change_note *n)
{
	json_decref(n->entities);
	n->entities = NULL;
}
