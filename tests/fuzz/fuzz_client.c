/* What a server may send to libmemory-client: any bytes, in any pieces. The
 * input goes through a socket pair to a handle that has said hello, has calls
 * under way and a subscription. */
#include <string.h>
#include <sys/socket.h>

#include "common/client/memory_client_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
submit(memory_client *c, const char *method)
{
	unsigned long long ticket;

	if (memory_client_submit(c, method, NULL, NULL, 1000, &ticket) !=
		MEMORY_OK)
		abort();
}

/* Makes the handle believe that it is connected to fd. */
static memory_client *
new_client(int fd)
{
	struct memory_options o = {.size = sizeof(o),
		.socket = "/nowhere/socket",
		.time_zone = "UTC",
		.retries = -1};
	memory_client *c = memory_client_new(&o);

	if (c == NULL)
		abort();
	submit(c, "a");
	submit(c, "subscribe");
	submit(c, "b");
	c->fd = fd;
	frame_init(&c->lexer, MC_REPLY_BYTES, MC_REPLY_BYTES);
	return c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fds[2];

	if (n > 60000 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		return 0;
	memory_client *c = new_client(fds[0]);

	/* two pieces: the first byte says where the cut is */
	size_t cut = n == 0 ? 0 : data[0] * n / 256;
	for (int round = 0; round < 4; round++) {
		unsigned long long ticket;
		char *text = NULL;

		if (round < 2) {
			const uint8_t *from = round == 0 ? data : data + cut;
			size_t len = round == 0 ? cut : n - cut;

			if (len > 0 && send(fds[1], from, len,
					       MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
				break;
		} else if (round == 2) {
			shutdown(fds[1], SHUT_WR);
		}
		(void)!memory_client_receive(c, 0, &ticket, &text);
		memory_free(text);
		text = NULL;
		(void)!memory_client_next_event(c, 0, &text);
		memory_free(text);
	}
	memory_client_free(c);
	close(fds[1]);
	return 0;
}
