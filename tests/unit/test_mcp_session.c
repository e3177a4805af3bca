/* A session on pipes, without a service: lines in, answers out, and the same
 * with each allocation failing once. */
#include "mcp-server/stdio/stdio_front.h"

#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/limits.h"
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
	struct stdio_front front;
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
	w->relay = relay_new(&ro);
	assert_non_null(w->relay);
	stdio_front_init(&w->front, w->to[0], w->from[1], &so, w->relay);
}

static void
world_close(struct world *w)
{
	stdio_front_done(&w->front);
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
	size_t n = stdio_front_poll(&w->front, fds);

	poll(fds, n, 0);
	stdio_front_run(&w->front, fds, n);
	relay_run(w->relay);
	stdio_front_flush(&w->front);
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
	assert_int_equal(w.front.session.requests_n, 1);
	/* The end tells the listener. */
	session_end(&w.front.session);
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

/* --- a session without descriptors -----------------------------------------
 */

struct paper {
	struct buf text;
	size_t pending;
	bool refuses;
};

static int
paper_write(void *ctx, struct buf *line)
{
	struct paper *p = ctx;

	if (p->refuses)
		return MDB_E_NOMEM;
	assert_null(memchr(line->data, '\n', line->len));
	return buf_add(&p->text, line->data, line->len) ||
			       buf_addc(&p->text, '\n')
		       ? MDB_E_NOMEM
		       : 0;
}

static size_t
paper_pending(const void *ctx)
{
	return ((const struct paper *)ctx)->pending;
}

static void
test_another_transport(void **state)
{
	static const char ping[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
	static const char pong[] = "{\"jsonrpc\":\"2.0\",\"id\":1,"
				   "\"result\":{}}\n";
	struct relay_options ro = {.socket = "/nonexistent/memory.sock",
		.namespace_ = "default",
		.session = "s"};
	struct session_options so = {.end_ms = 60000};
	struct paper paper = {0};
	const struct session_transport t = {paper_write, paper_pending, &paper};
	struct relay *relay = relay_new(&ro);
	AUTO_JSON json_t *id = json_integer(7);
	struct session s;

	(void)state;
	assert_non_null(relay);
	assert_int_equal(profile_read("default", &so.profile, NULL), 0);
	session_init(&s, &so, &t, relay);
	session_line(&s, ping, sizeof(ping) - 1);
	assert_string_equal(buf_str(&paper.text), pong);
	session_line(&s, " \r", 2);
	assert_int_equal(paper.text.len, sizeof(pong) - 1);
	session_line_too_long(&s, id);
	assert_non_null(strstr(buf_str(&paper.text), "\"id\":7,\"error\""));
	/* What the transport has no memory for is dropped; the next is not. */
	paper.text.len = 0;
	paper.refuses = true;
	session_line(&s, ping, sizeof(ping) - 1);
	paper.refuses = false;
	session_line(&s, ping, sizeof(ping) - 1);
	assert_string_equal(buf_str(&paper.text), pong);
	/* Who does not read gets no further requests taken. */
	assert_true(session_accepts(&s));
	paper.pending = LIMIT_MCP_OUTPUT_BYTES;
	assert_false(session_accepts(&s));
	session_end(&s);
	assert_false(session_finished(&s));
	paper.pending = 0;
	assert_true(session_finished(&s));
	assert_false(session_accepts(&s));
	session_done(&s);
	relay_free(relay);
	buf_done(&paper.text);
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
		cmocka_unit_test(test_another_transport),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
