#include "memory-db/work/aside.h"

#include "memory-db/work/internal.h"
#include "memory-db/work/policing.h"
#include "memory-db/work/scanning.h"

void
aside_begin(struct work *w)
{
	scanning_begin(w->scanning);
	policing_begin(w->policing);
}

void
aside_close(struct work *w)
{
	scanning_close(w->scanning);
	policing_close(w->policing);
}

void
aside_stop(struct work *w)
{
	scanning_stop(w->scanning);
	policing_stop(w->policing);
}

void
aside_free(struct work *w)
{
	scanning_free(w->scanning);
	w->scanning = NULL;
	policing_free(w->policing);
	w->policing = NULL;
}
