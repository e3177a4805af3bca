/* Lines of a client through a whole session, without a service: whatever comes
 * in, only JSON-RPC goes out, and a ping is answered afterwards. The first
 * byte chooses the profile. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/log.h"
#include "mcp-server/stdio/stdio_front.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define MAX_BYTES 60000 /* of a pipe's 65536 */
static const char ping[] =
	"\n{\"jsonrpc\":\"2.0\",\"id\":\"last\",\"method\":\"ping\"}\n";

static void
check_line(const char *line, size_t n)
{
	AUTO_JSON json_t *m = jx_parse_any(line, n, NULL);

	assert(json_is_object(m) || json_is_array(m));
	if (json_is_object(m))
		assert(json_object_get(m, "jsonrpc"));
}

struct output {
	char data[8 << 20];
	size_t n, checked;
};

/* Reads what was written; true when the last ping was answered. */
static bool
check_output(struct output *o, int fd)
{
	ssize_t got;
	char *at, *nl;

	while (o->n < sizeof(o->data) - 1 &&
		(got = read(fd, o->data + o->n, sizeof(o->data) - 1 - o->n)) >
			0)
		o->n += (size_t)got;
	o->data[o->n] = '\0';
	while (at = o->data + o->checked,
		(nl = memchr(at, '\n', o->n - o->checked))) {
		check_line(at, (size_t)(nl - at));
		o->checked += (size_t)(nl + 1 - at);
	}
	return strstr(o->data, "\"id\":\"last\"") != NULL;
}

static void
turn(struct stdio_front *f, struct relay *relay)
{
	struct pollfd fds[2];
	size_t k = stdio_front_poll(f, fds);

	poll(fds, k, 0);
	stdio_front_run(f, fds, k);
	relay_run(relay);
	stdio_front_flush(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const profiles[] = {"default", "compat", "all,admin",
		"compat,history"};
	struct relay_options ro = {.socket = "/nonexistent/s",
		.namespace_ = "default",
		.session = "s",
		.call_ms = 1};
	struct session_options so = {.end_ms = 0};
	static struct output output;
	struct stdio_front f;
	struct relay *relay;
	int in[2], out[2];
	bool answered = false;

	if (n < 1 || n > MAX_BYTES)
		return 0;
	log_setup("fuzz", LOG_ERROR, LOG_TEXT);
	if (pipe(in) < 0 || pipe(out) < 0)
		return 0;
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	if (profile_read(profiles[data[0] % 4], &so.profile, NULL) ||
		write(in[1], data + 1, n - 1) < 0 ||
		write(in[1], ping, sizeof(ping) - 1) < 0)
		return 0;
	relay = relay_new(&ro);
	assert(relay);
	stdio_front_init(&f, in[0], out[1], &so, relay);
	output.n = output.checked = 0;
	for (int i = 0; i < 200 && !answered; i++) {
		turn(&f, relay);
		answered = check_output(&output, out[0]);
	}
	assert(answered || f.session.end_at_ns || f.session.requests_n > 0);
	stdio_front_done(&f);
	relay_free(relay);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
	return 0;
}
