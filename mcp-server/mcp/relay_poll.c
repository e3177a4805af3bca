/* What a relay waits for: its connection, a look at the service, and the time at
 * which a call is sent again. */
#include "mcp-server/mcp/relay_int.h"

#include <poll.h>

#include "common/clock.h"

static void
relay_lower(int *io_timeout_ms, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (ms > 60000)
		ms = 60000;
	if (*io_timeout_ms < 0 || ms < *io_timeout_ms)
		*io_timeout_ms = (int)ms;
}

size_t
relay_poll(const struct relay *r, struct pollfd *fds, int *io_timeout_ms)
{
	size_t n = 0;
	short events = 0;
	int timeout = -1;
	int64_t now = clock_mono_ns();
	int fd = memory_client_poll(r->client, &events, &timeout);

	if (fd >= 0)
		fds[n++] = (struct pollfd){fd, events, 0};
	if (timeout >= 0)
		relay_lower(io_timeout_ms, timeout);
	if (r->service == SERVICE_CHECKING)
		fds[n++] = (struct pollfd){r->check.fd, POLLIN, 0};
	for (const struct relay_call *c = r->calls; c; c = c->next)
		if (!c->sent && r->service != SERVICE_CHECKING)
			relay_lower(io_timeout_ms,
				(c->retry_ns - now) / MS + 1);
	if (r->events_wanted && !r->subscribed && !r->subscribe)
		relay_lower(io_timeout_ms, (r->resubscribe_ns - now) / MS + 1);
	return n;
}
