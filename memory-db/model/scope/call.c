#include "memory-db/model/scope/call.h"

void
call_done(struct call *c)
{
	change_note_done(&c->note);
	effects_done(&c->effects);
}
