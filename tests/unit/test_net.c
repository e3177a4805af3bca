/* Small pieces of the service that need no service. */
#include "tests/lib/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "memory-db/method/method.h"
#include "memory-db/net/loop_methods.h"
#include "memory-db/net/notify.h"
#include "memory-db/work/job.h"

static void
every_method_has_a_handler(void **state)
{
	(void)state;
	for (size_t i = 0; i < tools_n; i++) {
		bool in_loop = tools[i].flags & TF_LOOP;

		assert_int_equal(loop_method_of(&tools[i]) != NULL, in_loop);
		assert_int_equal(method_of(&tools[i]) != NULL, !in_loop);
	}
}

/* --- jobs ----------------------------------------------------------------- */
static const char question[] =
	"{\"id\":7,\"method\":\"search_nodes\",\"params\":{\"query\":\"q\","
	"\"colour\":1}}";

static void
a_job_is_read_and_answered(void **state)
{
	struct job j;
	struct err e = {0};

	(void)state;
	job_init(&j, 1);
	assert_int_equal(job_read(&j, question, sizeof question - 1, &e), 0);
	assert_string_equal(j.tool->name, "search_nodes");
	assert_int_equal(job_answer(&j, json_pack("{s:i}", "count", 0), &e), 0);
	assert_int_equal(j.code, MDB_OK);
	assert_string_equal(buf_str(&j.reply),
		"{\"id\":7,\"success\":true,\"count\":0,\"ignored\":"
		"[\"colour\"]}\n");
	job_retract(&j);
	assert_false(j.is_answered);
	err_set(&e, MDB_E_BUSY, "later");
	e.retry_after_ms = 5;
	job_fail(&j, &e);
	assert_int_equal(j.code, MDB_E_BUSY);
	assert_non_null(strstr(buf_str(&j.reply), "\"retry_after_ms\":5"));
	job_done(&j);
}

static int
read_one(const char *frame, json_t **ret_id)
{
	struct job j;
	struct err e = {0};
	int rc;

	job_init(&j, 1);
	rc = job_read(&j, frame, strlen(frame), &e);
	if (rc)
		assert_true(strlen(e.text) > 0);
	*ret_id = json_incref(j.id);
	job_done(&j);
	return rc;
}

static void
bad_requests_keep_their_id(void **state)
{
	static const struct {
		const char *frame;
		int code, id;
	} cases[] = {
		{"{\"id\":1,\"method\":\"nonsense\"}", MDB_E_UNKNOWN_METHOD, 1},
		{"{\"id\":2,\"method\":\"search_nodes\"}", MDB_E_INVALID, 2},
		{"{\"id\":3,\"method\":\"verify\",\"params\":{\"x\":1}}",
			MDB_E_INVALID, 3},
		{"{\"id\":4}", MDB_E_PROTOCOL, 4},
		{"{\"id\":5,\"method\":\"ping\",\"params\":[]}", MDB_E_PROTOCOL,
			5},
		{"{\"id\":[],\"method\":\"ping\"}", MDB_E_PROTOCOL, 0},
		{"{\"id\":6,\"id\":6,\"method\":\"ping\"}", MDB_E_PROTOCOL, 0},
		{"{1}", MDB_E_PROTOCOL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_JSON json_t *id = NULL;

		assert_int_equal(read_one(cases[i].frame, &id), cases[i].code);
		assert_int_equal(json_integer_value(id), cases[i].id);
	}
}

/* Reading and answering with each allocation failing once. */
static void
jobs_without_memory(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct job j;
		struct err e = {0};
		AUTO_JSON json_t *result = json_pack("{s:i}", "count", 0);
		int rc;

		assert_true(n < 200);
		job_init(&j, 1);
		heap_fail_at(n);
		rc = job_read(&j, question, sizeof question - 1, &e);
		if (rc == 0)
			rc = job_answer(&j, json_incref(result), &e);
		else
			job_fail(&j, &e);
		if (!heap_disarm()) {
			assert_int_equal(rc, 0);
			job_done(&j);
			return;
		}
		assert_true(j.is_answered);
		assert_int_equal(rc, MDB_E_NOMEM);
		assert_int_equal(j.code, MDB_E_NOMEM);
		job_done(&j);
	}
}

/* --- systemd -------------------------------------------------------------- */
static void
no_systemd_no_socket(void **state)
{
	struct err e = {0};
	int fd = -1;

	(void)state;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("WATCHDOG_USEC");
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_socket(&fd, &e), 0);
	assert_int_equal(notify_watchdog_ms(), 0);
	notify_send("READY=1");
	/* Meant for another process. */
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "1", 1);
	assert_int_equal(notify_socket(&fd, &e), 0);
	assert_int_equal(fd, -1);
	setenv("WATCHDOG_USEC", "2000000", 1);
	assert_int_equal(notify_watchdog_ms(), 2000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
}

static void
set_pid(void)
{
	char pid[32];

	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
}

static void
the_socket_must_be_one_that_listens(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct err e = {0};
	int fd = -1, saved = dup(3), s;

	(void)state;
	set_pid();
	setenv("LISTEN_FDS", "2", 1);
	assert_int_equal(notify_socket(&fd, &e), MDB_E_INVALID);
	setenv("LISTEN_FDS", "1", 1);
	s = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(dup2(s, 3), 3);
	assert_int_equal(notify_socket(&fd, &e), MDB_E_INVALID);
	if (s != 3)
		close(s);
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(dup2(s, 3), 3);
	assert_int_equal(notify_socket(&fd, &e), MDB_E_INVALID);
	/* An address of the kernel's choice. */
	assert_int_equal(bind(s, (const struct sockaddr *)&a,
				 sizeof a.sun_family),
		0);
	assert_int_equal(listen(s, 1), 0);
	assert_int_equal(notify_socket(&fd, &e), 1);
	assert_int_equal(fd, 3);
	assert_true(fcntl(3, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(3, F_GETFL) & O_NONBLOCK);
	close(s);
	if (saved >= 0) {
		assert_int_equal(dup2(saved, 3), 3);
		close(saved);
	} else {
		close(3);
	}
	unsetenv("LISTEN_PID");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_has_a_handler),
		cmocka_unit_test(a_job_is_read_and_answered),
		cmocka_unit_test(bad_requests_keep_their_id),
		cmocka_unit_test(jobs_without_memory),
		cmocka_unit_test(no_systemd_no_socket),
		cmocka_unit_test(the_socket_must_be_one_that_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
