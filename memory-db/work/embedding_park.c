/* All connections of the process are opened anew after trouble with locks
 * (recover.h): meanwhile this thread has none. */
#include "memory-db/work/embedding_internal.h"

void
embedding_rest(struct embedding *x)
{
	pthread_mutex_lock(&x->lock);
	if (x->is_to_park) {
		store_close(x->st);
		x->st = NULL;
		x->is_parked = true;
		while (x->is_to_park && !embedding_is_stopped(x))
			pthread_cond_wait(&x->wake, &x->lock);
		x->is_parked = false;
	}
	pthread_mutex_unlock(&x->lock);
}

bool
embedding_park(struct embedding *x, bool on)
{
	bool is_parked;

	if (!x)
		return true;
	pthread_mutex_lock(&x->lock);
	x->is_to_park = on;
	x->is_woken = true;
	pthread_cond_broadcast(&x->wake);
	is_parked = x->is_parked || !x->is_started || !x->is_begun;
	pthread_mutex_unlock(&x->lock);
	return is_parked;
}
