/* Calls through session, relay and client library to a service that answers
 * from a table: what comes back, and that each call is answered exactly once
 * whichever allocation fails. */
#include "mcp-server/stdio/stdio_front.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "tests/lib/unit.h"

/* --- the service: no allocation of its own -------------------------------- */

struct canned {
	const char *method, *with; /* with: must stand in the request */
	const char *reply;
};

static const struct canned canned[] = {
	{"hello", "",
		"\"protocol\":1,\"version\":\"0.1.0\","
		"\"spawned\":false,\"path\":\"/x\""},
	{"subscribe", "", "\"change\":1"},
	{"create_entities", "",
		"\"results\":[{\"name\":\"a\",\"action\":"
		"\"created\",\"added\":1},{\"name\":\"b\",\"action\":"
		"\"updated\",\"added\":2}]"},
	{"search_nodes", "\"cursor\"",
		"\"results\":[{\"id\":3,\"name\":\"c\"}],"
		"\"count\":1"},
	{"search_nodes", "",
		"\"results\":[{\"id\":1,\"name\":\"a\"},"
		"{\"id\":2,\"name\":\"b\"}],\"count\":2,\"next\":\"c2\""},
	{"open_nodes", "\"cursor\"",
		"\"entities\":[{\"id\":3,\"name\":\"c\","
		"\"type\":\"t\",\"observations\":[]}],\"relations\":[{\"id\":9,"
		"\"from\":\"a\",\"to\":\"c\",\"relationType\":\"r\"}]"},
	{"open_nodes", "",
		"\"entities\":[{\"id\":2,\"name\":\"b\",\"type\":"
		"\"t\",\"observations\":[\"x\"]},{\"id\":1,\"name\":\"a\","
		"\"type\":\"t\",\"observations\":[\"y\"]}],\"relations\":["
		"{\"id\":9,\"from\":\"a\",\"to\":\"c\",\"relationType\":\"r\"},"
		"{\"id\":8,\"from\":\"a\",\"to\":\"b\",\"relationType\":\"r\"}]"
		",\"next\":\"c1\""},
	{"read_graph", "", "\"entities\":[],\"relations\":[]"},
	{"memory_history", "", "\"changes\":[]"},
};

static void
write_all(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t w = send(fd, text, n, MSG_NOSIGNAL);

		if (w <= 0)
			return;
		text += w;
		n -= (size_t)w;
	}
}

static const struct canned *
find(const char *line)
{
	char method[64];

	for (size_t i = 0; i < ARRAY_LEN(canned); i++) {
		snprintf(method, sizeof(method), "\"method\":\"%s\"",
			canned[i].method);
		if (strstr(line, method) && strstr(line, canned[i].with))
			return &canned[i];
	}
	return NULL;
}

static void
answer(int fd, const char *line)
{
	static _Thread_local char out[4096];
	const struct canned *c = find(line);
	const char *id = strstr(line, "\"id\":");
	int digits = id ? (int)strspn(id + 5, "-0123456789") : 0;

	if (digits == 0)
		return;
	if (c)
		snprintf(out, sizeof(out),
			"{\"id\":%.*s,\"success\":true,%s}\n", digits, id + 5,
			c->reply);
	else
		snprintf(out, sizeof(out),
			"{\"id\":%.*s,\"success\":false,"
			"\"code\":\"not_found\",\"error\":\"no such thing\","
			"\"param\":\"observations[0].entityName\"}\n",
			digits, id + 5);
	write_all(fd, out);
	if (c && strcmp(c->method, "create_entities") == 0)
		write_all(fd, "{\"event\":\"change\",\"change\":2,"
			      "\"entities\":[\"a\"]}\n");
}

static void *
serve(void *arg)
{
	static char line[65536];
	int listener = *(int *)arg;

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		size_t n = 0;

		if (fd < 0)
			return NULL;
		while (n + 1 < sizeof(line) && read(fd, line + n, 1) == 1) {
			if (line[n++] != '\n')
				continue;
			line[n] = '\0';
			answer(fd, line);
			n = 0;
		}
		close(fd);
	}
}

/* --- what is parsed and written -------------------------------------------- */
/* Linked with --wrap: how often the program under test does either. What the
 * parser's own file calls within itself does not count twice. */

static unsigned parses, dumps;

json_t *__real_jx_parse(const char *data, size_t n, struct err *e);
json_t *__wrap_jx_parse(const char *data, size_t n, struct err *e);
json_t *__real_jx_parse_any(const char *data, size_t n, struct err *e);
json_t *__wrap_jx_parse_any(const char *data, size_t n, struct err *e);
int __real_jx_dump(const json_t *j, struct buf *out);
int __wrap_jx_dump(const json_t *j, struct buf *out);

json_t *
__wrap_jx_parse(const char *data, size_t n, struct err *e)
{
	parses++;
	return __real_jx_parse(data, n, e);
}

json_t *
__wrap_jx_parse_any(const char *data, size_t n, struct err *e)
{
	parses++;
	return __real_jx_parse_any(data, n, e);
}

int
__wrap_jx_dump(const json_t *j, struct buf *out)
{
	dumps += json_is_object(j) || json_is_array(j);
	return __real_jx_dump(j, out);
}

/* --- the session ---------------------------------------------------------- */

static char folder[64], path[96];
static int listener;
static pthread_t thread;

struct world {
	int to[2], from[2];
	struct relay *relay;
	struct stdio_front front;
	char *out; /* answers */
	size_t n;
};

static char answers[256 * 1024];

static void
world_open(struct world *w, const char *profile)
{
	struct relay_options ro = {.socket = path,
		.namespace_ = "default",
		.session = "s",
		.call_ms = 5000};
	struct session_options so = {.end_ms = 100};

	memset(w, 0, sizeof(*w));
	w->out = answers;
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
drain(struct world *w)
{
	struct pollfd p = {w->from[0], POLLIN, 0};

	while (w->n + 1 < sizeof(answers) && poll(&p, 1, 0) == 1) {
		ssize_t got = read(w->from[0], w->out + w->n,
			sizeof(answers) - 1 - w->n);

		if (got <= 0)
			break;
		w->n += (size_t)got;
	}
	w->out[w->n] = '\0';
}

/* Turns the loop until every line was handled and every call is answered. */
static void
run(struct world *w, const char *lines)
{
	int64_t until = clock_mono_ns() + 20000000000LL;
	size_t n = strlen(lines);

	assert_int_equal(write(w->to[1], lines, n), (ssize_t)n);
	for (;;) {
		struct pollfd fds[2 + RELAY_FDS];
		struct pollfd in = {w->to[0], POLLIN, 0};
		size_t mine = stdio_front_poll(&w->front, fds), all;
		int timeout = 100;

		all = mine + relay_poll(w->relay, fds + mine, &timeout);
		poll(fds, all, timeout);
		stdio_front_run(&w->front, fds, mine);
		relay_run(w->relay);
		stdio_front_flush(&w->front);
		drain(w);
		if (poll(&in, 1, 0) == 0 && w->front.session.requests_n == 0)
			return;
		if (clock_mono_ns() > until)
			fail_msg("%zu calls hang after %s",
				w->front.session.requests_n, w->out);
	}
}

#define INIT                                                                   \
	"{\"jsonrpc\":\"2.0\",\"id\":\"i\",\"method\":\"initialize\","         \
	"\"params\":{\"protocolVersion\":\"2025-11-25\"}}\n"
#define CALL(id, name, args)                                                   \
	"{\"jsonrpc\":\"2.0\",\"id\":\"" id "\",\"method\":\"tools/call\","    \
	"\"params\":{\"name\":\"" name "\",\"arguments\":" args "}}\n"

static const char calls[] = CALL("1", "create_entities",
	"{\"entities\":[{\"name\":\"a\","
	"\"entityType\":\"t\",\"observations\":[\"x\"]},{\"name\":"
	"\"b\",\"entityType\":\"t\",\"observations\":[]}]}") CALL("2",
	"search_nodes", "{\"query\":\"q\"}") CALL("3", "open_nodes",
	"{\"names\":[\"b\",\"a\",\"c\"]}") CALL("4", "read_graph",
	"{}") CALL("5", "add_observations",
	"{\"observations\":[{\"entityName\":"
	"\"zed\",\"contents\":[\"o\"]}]}") "{\"jsonrpc\":\"2.0\",\"id\":"
					   "\"6\",\"method\":\"resources/"
					   "read\","
					   "\"params\":{\"uri\":\"memory:/"
					   "/entity/a\"}}\n"
					   "{\"jsonrpc\":\"2.0\",\"id\":"
					   "\"7\",\"method\":\"resources/"
					   "read\","
					   "\"params\":{\"uri\":\"memory:/"
					   "/knowledge-graph\"}}\n";

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static void
assert_answered_once(const struct world *w)
{
	char what[16];

	for (char id = '1'; id <= '7'; id++) {
		snprintf(what, sizeof(what), "\"id\":\"%c\"", id);
		if (count(w->out, what) != 1)
			fail_msg("call %c: %zu answers in %s", id,
				count(w->out, what), w->out);
	}
}

static void
test_compat(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "compat");
	run(&w, INIT);
	run(&w, calls);
	assert_answered_once(&w);
	/* created: the first only */
	assert_non_null(strstr(w.out,
		"\"structuredContent\":{\"entities\":["
		"{\"name\":\"a\",\"entityType\":\"t\",\"observations\":"
		"[\"x\"]}]}"));
	/* opened: by id, relations of both pages once and by id */
	assert_non_null(strstr(w.out,
		"\"structuredContent\":{\"entities\":["
		"{\"name\":\"a\",\"entityType\":\"t\",\"observations\":[\"y\"]},"
		"{\"name\":\"b\",\"entityType\":\"t\",\"observations\":[\"x\"]},"
		"{\"name\":\"c\",\"entityType\":\"t\",\"observations\":[]}],"
		"\"relations\":[{\"from\":\"a\",\"to\":\"b\",\"relationType\":"
		"\"r\"},{\"from\":\"a\",\"to\":\"c\",\"relationType\":\"r\"}]}"));
	assert_non_null(strstr(w.out, "Entity with name zed not found"));
	world_close(&w);
}

/* One call, counted: its line and the reply of memory-db are parsed, once
 * each; its parameters are written, and the result, which is in the message
 * twice. */
static void
test_parses_and_dumps(void **state)
{
	static const char search[] =
		CALL("9", "search_nodes", "{\"query\":\"q\"}");
	static const char history[] =
		CALL("8", "memory_history", "{\"name\":\"a\"}");
	struct world w;

	(void)state;
	world_open(&w, "default");
	run(&w, INIT);
	run(&w, search); /* connects and says hello */
	parses = dumps = 0;
	run(&w, search);
	print_message("a search: %u parses, %u dumps\n", parses, dumps);
	assert_int_equal(parses, 2);
	assert_int_equal(dumps, 2);
	parses = dumps = 0;
	run(&w, history);
	assert_int_equal(parses, 2);
	assert_int_equal(dumps, 2);
	assert_int_equal(count(w.out, "\"structuredContent\":"), 3);
	world_close(&w);
}

/* A whole graph goes on as text: of memory-db's reply nothing is parsed, and
 * nothing of the result is written from values. */
static void
test_graph_is_not_parsed(void **state)
{
	static const char read[] = CALL("9", "read_graph", "{}");
	struct world w;

	(void)state;
	world_open(&w, "compat");
	run(&w, INIT);
	run(&w, read);
	parses = dumps = 0;
	run(&w, read);
	print_message("a whole graph: %u parses, %u dumps\n", parses, dumps);
	assert_int_equal(parses, 1);
	assert_int_equal(dumps, 1);
	world_close(&w);
}

static void
each_allocation(const char *profile, bool events)
{
	for (size_t n = 1;; n++) {
		struct world w;
		bool failed;

		world_open(&w, profile);
		run(&w, INIT);
		if (events)
			run(&w, "{\"jsonrpc\":\"2.0\",\"id\":\"s\",\"method\":"
				"\"resources/subscribe\",\"params\":{\"uri\":"
				"\"memory://entity/a\"}}\n");
		heap_fail_at(n);
		run(&w, calls);
		failed = heap_disarm();
		assert_answered_once(&w);
		/* and it lives on */
		run(&w, "{\"jsonrpc\":\"2.0\",\"id\":\"z\",\"method\":"
			"\"ping\"}\n");
		assert_int_equal(count(w.out, "\"id\":\"z\",\"result\":{}"), 1);
		world_close(&w);
		if (!failed)
			break;
	}
}

static void
test_compat_without_memory(void **state)
{
	(void)state;
	each_allocation("compat", false);
}

static void
test_default_without_memory(void **state)
{
	(void)state;
	each_allocation("default", true);
}

static int
start(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *tmp = getenv("TMPDIR");

	(void)state;
	log_setup("test", LOG_ERROR, LOG_TEXT);
	snprintf(folder, sizeof(folder), "%s/callsXXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/s", folder);
	memcpy(a.sun_path, path, strlen(path) + 1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		listen(listener, 8) < 0)
		return -1;
	return pthread_create(&thread, NULL, serve, &listener);
}

static int
stop(void **state)
{
	(void)state;
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compat),
		cmocka_unit_test(test_parses_and_dumps),
		cmocka_unit_test(test_graph_is_not_parsed),
		cmocka_unit_test(test_compat_without_memory),
		cmocka_unit_test(test_default_without_memory),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
