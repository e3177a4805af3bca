/* All connections of the process are opened anew after trouble with locks
 * (recover.h): meanwhile this thread has none. */
#include "memory-db/work/embedding_internal.h"

void
embedding_rest(struct embedding *x)
{
	pthread_mutex_lock(&x->helper.lock);
	if (x->is_to_park) {
		helper_close(&x->helper);
		x->is_parked = true;
		while (x->is_to_park && !embedding_is_stopped(x))
			pthread_cond_wait(&x->helper.wake, &x->helper.lock);
		x->is_parked = false;
	}
	pthread_mutex_unlock(&x->helper.lock);
}

bool
embedding_park(struct embedding *x, bool on)
{
	bool is_parked;

	if (!x)
		return true;
	pthread_mutex_lock(&x->helper.lock);
	x->is_to_park = on;
	x->helper.is_woken = true;
	pthread_cond_broadcast(&x->helper.wake);
	is_parked =
		x->is_parked || !x->helper.is_started || !x->helper.is_begun;
	pthread_mutex_unlock(&x->helper.lock);
	return is_parked;
}
