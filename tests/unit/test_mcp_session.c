/* A session on pipes, without a service: lines in, answers out, and the same
 * with each allocation failing once. */
#include "mcp-server/mcp/session.h"

#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/lib/unit.h"

#define MODERN                                                                 \
	"\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":"              \
	"\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{}}"

static const char conversation[] =
	"{\"jsonrpc\":\"2.0\",\"id\":\"d\",\"method\":\"server/discover\","
	"\"params\":{" MODERN "}}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":\"l\",\"method\":\"subscriptions/listen\","
	"\"params\":{" MODERN ",\"notifications\":{\"resourceSubscriptions\":"
	"[\"memory://knowledge-graph\"]}}}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
	"{\"protocolVersion\":\"2025-03-26\",\"clientInfo\":{\"name\":\"n\"}}}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}\n"
	"[{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"},"
	"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"resources/list\"}]\n"
	"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"resources/subscribe\","
	"\"params\":{\"uri\":\"memory://entity/a\"}}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"tools/call\",\"params\":"
	"{\"name\":\"create_entities\",\"arguments\":{\"entities\":[],"
	"\"key\":1}}}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"resources/read\","
	"\"params\":{\"uri\":\"memory://entity/a\"}}\n"
	"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
	"\"params\":{\"requestId\":6}}\n"
	"nonsense\n"
	"{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"nosuch\"}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\"}\n";

struct world {
	int to[2], from[2];
	struct relay *relay;
	struct session session;
};

static void
world_open(struct world *w, const char *profile)
{
	struct relay_options ro = {.socket = "/nonexistent/memory.sock",
		.namespace_ = "default",
		.session = "s",
		.call_ms = 1000};
	struct session_options so = {.end_ms = 100};

	log_setup("test", LOG_ERROR, LOG_TEXT);
	assert_int_equal(pipe(w->to), 0);
	assert_int_equal(pipe(w->from), 0);
	assert_int_equal(profile_read(profile, &so.profile, NULL), 0);
	so.in_fd = w->to[0];
	so.out_fd = w->from[1];
	w->relay = relay_new(&ro);
	assert_non_null(w->relay);
	session_init(&w->session, &so, w->relay);
}

static void
world_close(struct world *w)
{
	session_done(&w->session);
	relay_free(w->relay);
	close(w->to[0]);
	close(w->to[1]);
	close(w->from[0]);
	close(w->from[1]);
}

static void
feed(struct world *w, const char *text)
{
	size_t n = strlen(text);

	assert_int_equal(write(w->to[1], text, n), (ssize_t)n);
}

static void
turn(struct world *w)
{
	struct pollfd fds[2];
	size_t n = session_poll(&w->session, fds);

	poll(fds, n, 0);
	session_run(&w->session, fds, n);
	relay_run(w->relay);
	session_flush(&w->session);
}

/* What was written, NUL-terminated. */
static void
drain(struct world *w, char *out, size_t size)
{
	struct pollfd p = {w->from[0], POLLIN, 0};
	size_t n = 0;

	while (n + 1 < size && poll(&p, 1, 0) == 1) {
		ssize_t got = read(w->from[0], out + n, size - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	out[n] = '\0';
}

static char answers[256 * 1024];

static void
test_conversation(void **state)
{
	static const char *const wanted[] = {"\"id\":\"d\"",
		"subscriptions/acknowledged", "\"id\":1,", "\"id\":2,",
		"[{\"jsonrpc\":\"2.0\",\"id\":3,", "\"id\":4,", "\"id\":5,",
		"-32700", "-32601", "\"id\":9,\"result\":{}}"};
	struct world w;
	const char *at = answers;

	(void)state;
	world_open(&w, "default");
	feed(&w, conversation);
	turn(&w);
	drain(&w, answers, sizeof(answers));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		at = strstr(at, wanted[i]);
		if (!at)
			fail_msg("%s is missing or too early in %s", wanted[i],
				answers);
	}
	/* 6 was cancelled, 7 waits for a service. */
	assert_null(strstr(answers, "\"id\":6"));
	assert_null(strstr(answers, "\"id\":7"));
	assert_int_equal(w.session.requests_n, 1);
	/* The end tells the listener. */
	session_end(&w.session);
	turn(&w);
	drain(&w, answers, sizeof(answers));
	assert_non_null(strstr(answers, "\"id\":\"l\",\"result\""));
	world_close(&w);
}

/* Whatever fails, the next ping is answered and nothing leaks. */
static void
test_without_memory(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct world w;
		bool failed;

		world_open(&w, "default");
		feed(&w, conversation);
		heap_fail_at(n);
		turn(&w);
		failed = heap_disarm();
		feed(&w, "{\"jsonrpc\":\"2.0\",\"id\":\"z\","
			 "\"method\":\"ping\"}\n");
		turn(&w);
		turn(&w);
		drain(&w, answers, sizeof(answers));
		if (!strstr(answers, "\"id\":\"z\",\"result\":{}}"))
			fail_msg("allocation %zu: no answer", n);
		world_close(&w);
		if (!failed)
			break;
	}
}

/* The same when memory stays short: errors, no crash. */
static void
test_with_no_memory_at_all(void **state)
{
	(void)state;
	for (size_t n = 1; n < 400; n += 7) {
		struct world w;

		world_open(&w, "compat");
		feed(&w, conversation);
		heap_fail_from(n);
		turn(&w);
		heap_disarm();
		turn(&w);
		drain(&w, answers, sizeof(answers));
		world_close(&w);
	}
}

static void
test_lines(void **state)
{
	struct stdio_in in;
	const char *text;
	size_t n;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	stdio_in_init(&in, p[0], 8);
	assert_int_equal(write(p[1], "ab\n\ncd\n123456789\nlong", 21), 21);
	assert_int_equal(stdio_in_read(&in), 0);
	assert_int_equal(stdio_in_line(&in, &text, &n), STDIO_LINE);
	assert_int_equal(n, 2);
	assert_int_equal(stdio_in_line(&in, &text, &n), STDIO_LINE);
	assert_memory_equal(text, "cd", 2);
	assert_int_equal(stdio_in_line(&in, &text, &n), STDIO_TOO_LONG);
	assert_int_equal(stdio_in_line(&in, &text, &n), STDIO_NONE);
	assert_int_equal(write(p[1], "erthan8{\"id\":5", 14), 14);
	assert_int_equal(stdio_in_read(&in), 0);
	assert_int_equal(stdio_in_line(&in, &text, &n), STDIO_NONE);
	assert_int_equal(write(p[1], "\n12345678", 9), 9);
	assert_int_equal(stdio_in_read(&in), 0);
	assert_int_equal(stdio_in_line(&in, &text, &n), STDIO_TOO_LONG);
	assert_int_equal(stdio_in_line(&in, &text, &n), STDIO_NONE);
	close(p[1]);
	assert_int_equal(stdio_in_read(&in), 0);
	assert_true(in.eof);
	assert_int_equal(stdio_in_line(&in, &text, &n), STDIO_LINE);
	assert_memory_equal(text, "12345678", 8);
	assert_int_equal(stdio_in_line(&in, &text, &n), STDIO_NONE);
	stdio_in_done(&in);
	close(p[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_with_no_memory_at_all),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
