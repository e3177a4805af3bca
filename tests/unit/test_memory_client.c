/* libmemory-client against a small server of our own: every allocation fails
 * once, and event loops never block. What the wire carries is tested by the
 * conversations of tests/proto/. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/client/memory_client.h"
#include "common/sock.h"
#include "tests/lib/heap.h"
#include "tests/lib/unit.h"

#define MS 1000000LL

static char folder[64], path[SOCK_PATH_SIZE];
static pid_t server;

/* --- the server: a child that answers every line -------------------------- */

static void
answer(int fd, const char *line)
{
	char out[512];
	const char *id = strstr(line, "\"id\":");
	int n = id == NULL ? 0 : (int)strspn(id + 5, "-0123456789");

	if (strstr(line, "\"silence\"") != NULL)
		return;
	if (strstr(line, "\"die\"") != NULL)
		_exit(0);
	int len = snprintf(out, sizeof(out),
		"{\"id\":%.*s,\"success\":true,"
		"\"protocol\":1,\"change\":4,\"echo\":\"%s\"}\n%s",
		n, id + 5, strstr(line, "\"hello\"") != NULL ? "hello" : "call",
		strstr(line, "\"subscribe\"") != NULL
			? "{\"event\":\"change\",\"change\":5}\n"
			: "");
	if (send(fd, out, (size_t)len, MSG_NOSIGNAL) < 0)
		return;
}

static void
serve_connection(int fd)
{
	char line[4096];
	size_t n = 0;

	for (;;) {
		ssize_t got = recv(fd, line + n, 1, 0);
		if (got <= 0)
			return;
		if (line[n] == '\n') {
			line[n] = '\0';
			answer(fd, line);
			n = 0;
		} else if (++n == sizeof(line) - 1) {
			return;
		}
	}
}

static void
start_server(void)
{
	int fd;

	assert_int_equal(sock_listen(path, 8, &fd, NULL), 0);
	server = fork();
	assert_true(server >= 0);
	if (server != 0) {
		close(fd);
		return;
	}
	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};

		poll(&p, 1, 30000);
		int peer = accept(fd, NULL, NULL);
		if (peer < 0)
			_exit(0);
		serve_connection(peer);
		close(peer);
	}
}

static void
stop_server(void)
{
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	server = 0;
	unlink(path);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%.40s/mcXXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/s", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stop_server();
	rmdir(folder);
	return 0;
}

static memory_client *
new_client(int retries)
{
	struct memory_options o = {.size = sizeof(o),
		.socket = path,
		.time_zone = "UTC",
		.timeout_ms = 20000,
		.retries = retries};

	return memory_client_new(&o);
}

/* --- memory --------------------------------------------------------------- */

/* A result that is right with and without memory. */
static void
check(int result, char **reply)
{
	if (result == MEMORY_OK) {
		assert_non_null(*reply);
	} else {
		assert_int_equal(result, MEMORY_NO_MEMORY);
		assert_null(*reply);
	}
	memory_free(*reply);
	*reply = NULL;
}

static void
use_client(memory_client *c)
{
	unsigned long long ticket = 0;
	char *reply = NULL;

	check(memory_client_connect(c, &reply), &reply);
	check(memory_client_call(c, "a", "{\"x\":[1,2]}", &reply), &reply);
	if (memory_client_submit(c, "b", NULL, NULL, 0, &ticket) == MEMORY_OK) {
		int r;

		do
			r = memory_client_receive(c, 20000, &ticket, &reply);
		while (r == MEMORY_NO_MEMORY && ticket == 0);
		check(r, &reply);
	}
	check(memory_client_call(c, "subscribe", NULL, &reply), &reply);
}

static void
test_every_allocation_fails_once(void **state)
{
	size_t n;

	(void)state;
	start_server();
	for (n = 1;; n++) {
		char *reply = NULL;

		heap_fail_at(n);
		memory_client *c = new_client(5);
		if (c != NULL)
			use_client(c);
		bool failed = heap_disarm();
		if (c == NULL) {
			assert_true(failed);
			continue;
		}
		/* whatever failed: the handle is as good as before */
		assert_int_equal(memory_client_call(c, "a", "{}", &reply),
			MEMORY_OK);
		assert_non_null(strstr(reply, "\"call\""));
		memory_free(reply);
		memory_client_free(c);
		if (!failed)
			break;
	}
	assert_true(n > 20);
}

static void
test_events_without_memory_are_told_lost(void **state)
{
	char *event = NULL, *reply = NULL;
	bool told_lost = false;

	(void)state;
	start_server();
	for (size_t n = 1; n < 60; n++) {
		memory_client *c = new_client(5);

		assert_int_equal(memory_client_connect(c, NULL), MEMORY_OK);
		heap_fail_at(n);
		int r = memory_client_call(c, "subscribe", NULL, &reply);
		bool failed = heap_disarm();
		memory_free(reply);
		reply = NULL;
		/* NO_MEMORY: the service may or may not know of it */
		if (r == MEMORY_OK) {
			assert_int_equal(memory_client_next_event(c, 20000,
						 &event),
				MEMORY_OK);
			if (strstr(event, "lost") != NULL) {
				told_lost = true;
				assert_string_equal(event,
					"{\"event\":\"lost\",\"change\":4}");
			}
			memory_free(event);
		}
		memory_client_free(c);
		if (!failed)
			break;
	}
	assert_true(told_lost);
}

/* --- event loops ---------------------------------------------------------- */

/* receive(0) as an event loop does; fails when one round takes long. */
static int
loop_until_done(memory_client *c, unsigned long long *ret_ticket,
	char **ret_reply, int64_t limit_ms)
{
	int64_t end = clock_mono_ns() + limit_ms * MS;

	while (clock_mono_ns() < end) {
		struct pollfd p = {.fd = -1};
		int timeout_ms, r;

		p.fd = memory_client_poll(c, &p.events, &timeout_ms);
		assert_true(timeout_ms >= 0);
		poll(&p, p.fd >= 0, timeout_ms);
		int64_t began = clock_mono_ns();
		r = memory_client_receive(c, 0, ret_ticket, ret_reply);
		assert_true(clock_mono_ns() - began < 500 * MS);
		if (*ret_ticket != 0)
			return r;
		assert_int_equal(r, MEMORY_TIMED_OUT);
	}
	fail_msg("no call finished");
	return 0;
}

static void
test_loop_with_a_server(void **state)
{
	unsigned long long a = 0, got = 0;
	char *reply = NULL;
	int timeout_ms;
	short events;

	(void)state;
	start_server();
	memory_client *c = new_client(0);
	assert_int_equal(memory_client_poll(c, &events, &timeout_ms), -1);
	assert_int_equal(timeout_ms, -1);
	assert_int_equal(memory_client_submit(c, "a", NULL, NULL, 0, &a), 0);
	assert_int_equal(loop_until_done(c, &got, &reply, 10000), MEMORY_OK);
	assert_true(got == a);
	memory_free(reply);
	/* idle: only the end of the connection is of interest */
	assert_true(memory_client_poll(c, &events, &timeout_ms) >= 0);
	assert_int_equal(events, POLLIN);
	assert_int_equal(timeout_ms, -1);
	memory_client_free(c);
}

static void
test_loop_without_a_server(void **state)
{
	unsigned long long a = 0, got = 0;
	char *reply = NULL;
	int64_t began = clock_mono_ns();

	(void)state;
	memory_client *c = new_client(2);
	assert_int_equal(memory_client_submit(c, "a", NULL, NULL, 0, &a), 0);
	assert_int_equal(loop_until_done(c, &got, &reply, 10000),
		MEMORY_UNREACHABLE);
	assert_true(got == a);
	assert_null(reply);
	/* two pauses, of 25 and 50 ms at least */
	assert_true(clock_mono_ns() - began >= 75 * MS);
	memory_client_free(c);
}

static void
test_loop_over_a_restart(void **state)
{
	unsigned long long a = 0, got = 0;
	char *reply = NULL;

	(void)state;
	start_server();
	memory_client *c = new_client(5);
	assert_int_equal(memory_client_submit(c, "silence", NULL, NULL, 0, &a),
		0);
	assert_int_equal(memory_client_receive(c, 50, &got, &reply),
		MEMORY_TIMED_OUT);
	stop_server();
	start_server();
	/* this server does not answer it either, so the deadline decides */
	assert_int_equal(memory_client_cancel(c, a), MEMORY_OK);
	assert_int_equal(memory_client_submit(c, "a", NULL, NULL, 0, &a), 0);
	assert_int_equal(loop_until_done(c, &got, &reply, 10000), MEMORY_OK);
	assert_true(got == a);
	memory_free(reply);
	memory_client_free(c);
}

static void
test_deadline_in_a_loop(void **state)
{
	unsigned long long a = 0, got = 0;
	char *reply = NULL;

	(void)state;
	start_server();
	memory_client *c = new_client(0);
	assert_int_equal(memory_client_submit(c, "silence", NULL, NULL, 60, &a),
		0);
	assert_int_equal(loop_until_done(c, &got, &reply, 10000),
		MEMORY_TIMED_OUT);
	assert_true(got == a);
	memory_client_free(c);
}

/* --- options -------------------------------------------------------------- */

static void
test_options(void **state)
{
	struct memory_options o = {.size = sizeof(o), .socket = path};

	(void)state;
	assert_string_equal(memory_client_version(), MEMORY_VERSION);
	memory_client_free(NULL);
	memory_free(NULL);
	memory_client *c = memory_client_new(&o);
	assert_string_equal(memory_client_socket(c), path);
	assert_true(strlen(memory_client_socket_reason(c)) > 0);
	assert_string_equal(memory_client_error(c), "");
	memory_client_free(c);

	o.size = 0;
	assert_null(memory_client_new(&o));
	o.size = sizeof(o) + 8;
	assert_null(memory_client_new(&o));
	/* an older header knew fewer members */
	o.size = offsetof(struct memory_options, client);
	c = memory_client_new(&o);
	assert_string_equal(memory_client_socket(c), path);
	memory_client_free(c);
}

static void
test_wrong_arguments(void **state)
{
	char big[120], *reply = NULL, *huge;
	size_t n = 4 * 1024 * 1024;

	(void)state;
	memory_client *c = new_client(0);
	assert_int_equal(memory_client_call(c, NULL, NULL, &reply),
		MEMORY_BAD_ARGUMENT);
	assert_int_equal(memory_client_call(c, "a", "[]", &reply),
		MEMORY_BAD_ARGUMENT);
	assert_int_equal(memory_client_call(c, "a", "{} x", &reply),
		MEMORY_BAD_ARGUMENT);
	assert_non_null(strstr(memory_client_error(c), "JSON"));
	assert_int_equal(memory_client_cancel(c, 77), MEMORY_BAD_ARGUMENT);
	huge = malloc(n + 1);
	assert_non_null(huge);
	memset(huge, ' ', n);
	memcpy(huge, "{}", 2);
	huge[n] = '\0';
	assert_int_equal(memory_client_call(c, "a", huge, &reply),
		MEMORY_BAD_ARGUMENT);
	assert_non_null(strstr(memory_client_error(c), "in parts"));
	free(huge);
	memory_client_free(c);

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	struct memory_options o = {.size = sizeof(o), .socket = big};
	c = memory_client_new(&o);
	assert_int_equal(memory_client_connect(c, &reply), MEMORY_BAD_ARGUMENT);
	assert_non_null(strstr(memory_client_error(c), "MEMORY_DB_SOCKET"));
	memory_client_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_every_allocation_fails_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_events_without_memory_are_told_lost, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_loop_with_a_server, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_loop_without_a_server,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_loop_over_a_restart, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_deadline_in_a_loop, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_options, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_arguments, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
