/* spawn_service with a service of our own that notes how it was started. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/sock.h"
#include "common/client/spawn.h"
#include "tests/lib/unit.h"

#define CALLERS 8

/* Notes its facts in `fact.*` beside the socket and serves until somebody
 * sends it a byte; --fake says how it behaves. */
static const char script[] =
	"#!/usr/bin/env python3\n"
	"import os, socket, sys, time\n"
	"args = sys.argv[1:]\n"
	"path = args[args.index('--socket') + 1]\n"
	"ready = int(args[args.index('--ready-fd') + 1])\n"
	"folder = os.path.dirname(path)\n"
	"def note(name, text):\n"
	"    with open(folder + '/fact.' + name, 'a') as f:\n"
	"        f.write(str(text) + '\\n')\n"
	"def links():\n"
	"    for fd in os.listdir('/proc/self/fd'):\n"
	"        try:\n"
	"            yield fd + '=' + os.readlink('/proc/self/fd/' + fd)\n"
	"        except OSError:\n"
	"            pass\n"
	"fds = ' '.join(sorted(links()))\n"
	"how = args[args.index('--fake') + 1] if '--fake' in args else 'ready'\n"
	"note('start', os.getpid())\n"
	"note('env', '\\n'.join(sorted(k + '=' + v for k, v in os.environ.items())))\n"
	"note('args', ' '.join(args))\n"
	"note('fds', fds)\n"
	"note('cwd', os.getcwd())\n"
	"note('session', '%d %d' % (os.getsid(0), os.getpid()))\n"
	"if how == 'silent':\n"
	"    time.sleep(1)\n"
	"if how == 'die' or how == 'silent':\n"
	"    sys.exit(1)\n"
	"if how != 'ready':\n"
	"    os.write(ready, how.encode() + b'\\n')\n"
	"    sys.exit(1)\n"
	"s = socket.socket(socket.AF_UNIX)\n"
	"s.bind(path)\n"
	"s.listen(64)\n"
	"s.settimeout(20)\n"
	"os.write(ready, b'ready\\n')\n"
	"os.close(ready)\n"
	"while True:\n"
	"    try:\n"
	"        if s.accept()[0].recv(1):\n"
	"            break\n"
	"    except OSError:\n"
	"        break\n"
	"os.unlink(path)\n"
	"note('end', '')\n";

static char folder[64], socket_path[96], program[96];
static const char *fake; /* how the service behaves */

static void
path_in(char out[128], const char *name)
{
	snprintf(out, 128, "%s/%s", folder, name);
}

/* The text of a fact; "" when there is none. */
static const char *
fact(const char *name)
{
	static char text[4096];
	char path[128], file[64];

	snprintf(file, sizeof(file), "fact.%s", name);
	path_in(path, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static size_t
lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static int
setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%.40s/spXXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/s", folder);
	snprintf(program, sizeof(program), "%s/fake", folder);
	int fd = open(program, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
	if (fd < 0 || write(fd, script, sizeof(script) - 1) < 0)
		return -1;
	close(fd);
	fake = NULL;
	unsetenv("MEMORY_DB_PROGRAM");
	unsetenv("MEMORY_DB_PATH");
	return 0;
}

/* Ends the service, if one runs, and waits for its last word. */
static void
end_service(void)
{
	int fd;

	if (sock_connect(socket_path, 1000, &fd, NULL) != 0)
		return;
	assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), 1);
	close(fd);
	for (int i = 0; i < 1000 && fact("end")[0] == '\0'; i++)
		poll(NULL, 0, 10);
	assert_true(fact("end")[0] != '\0');
}

static int
teardown(void **state)
{
	static const char *const names[] = {"fact.start", "fact.args",
		"fact.fds", "fact.cwd", "fact.session", "fact.env", "fact.end",
		"fake", "s", "s.spawn", "target"};
	char path[128];

	(void)state;
	end_service();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		path_in(path, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static int
spawn(int timeout_ms, struct err *e)
{
	const char *const args[] = {"--fake", fake, NULL};
	struct spawn_options o = {.program = program,
		.socket = socket_path,
		.args = fake ? args : NULL,
		.timeout_ms = timeout_ms};

	return spawn_service(&o, e);
}

static bool
lock_file_is_there(void)
{
	char path[128];

	path_in(path, "s.spawn");
	return access(path, F_OK) == 0;
}

/* --- tests ---------------------------------------------------------------- */

static void
test_starts_detached(void **state)
{
	const char *const more[] = {"--log-level", "debug", NULL};
	struct spawn_options o = {.program = program,
		.socket = socket_path,
		.database = "/x/memory.db",
		.args = more,
		.timeout_ms = 20000};
	struct err e = {0};
	char expected[400];
	int sid = 0, pid = 0;
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	int leaked = fcntl(zero, F_DUPFD, 20); /* not CLOEXEC, on purpose */

	(void)state;
	assert_true(leaked > 2);
	assert_int_equal(spawn_service(&o, &e), 0);
	close(leaked);
	close(zero);
	snprintf(expected, sizeof(expected),
		"--spawned --socket %s --database "
		"/x/memory.db --ready-fd 3 --log-level debug\n",
		socket_path);
	assert_string_equal(fact("args"), expected);
	assert_string_equal(fact("cwd"), "/\n");
	assert_non_null(strstr(fact("fds"),
		"0=/dev/null 1=/dev/null 2=/dev/null 3=pipe:"));
	assert_null(strstr(fact("fds"), "/dev/zero"));
	assert_int_equal(sscanf(fact("session"), "%d %d", &sid, &pid), 2);
	assert_true(sid != getsid(0));
	assert_true(sid != pid); /* no terminal can ever be its own */
	/* no child of ours is left, dead or alive */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_false(lock_file_is_there());
	/* a second time: there is one already */
	assert_int_equal(spawn(20000, &e), 0);
	assert_int_equal(lines(fact("start")), 1);
}

static void
test_many_callers_start_one(void **state)
{
	(void)state;
	for (int i = 0; i < CALLERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(spawn(20000, NULL) == 0 ? 0 : 1);
	}
	for (int i = 0; i < CALLERS; i++) {
		int status = -1;

		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	assert_int_equal(lines(fact("start")), 1);
	assert_false(lock_file_is_there());
}

static void
test_sigchld_ignored_and_stdio_closed(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGCHLD, SIG_IGN);
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		_exit(spawn(20000, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_non_null(strstr(fact("fds"), "0=/dev/null 1=/dev/null"));
}

static void
test_relative_paths(void **state)
{
	struct spawn_options o = {.program = "./fake",
		.socket = "s",
		.database = "db/m.db",
		.timeout_ms = 20000};
	struct err e = {0};
	char here[256], expected[400];

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(folder), 0);
	int r = spawn_service(&o, &e);
	assert_int_equal(chdir(here), 0);
	assert_int_equal(r, 0);
	snprintf(expected, sizeof(expected),
		"--spawned --socket %s/s "
		"--database %s/db/m.db --ready-fd 3\n",
		folder, folder);
	assert_string_equal(fact("args"), expected);
}

static void
test_program_by_environment(void **state)
{
	struct spawn_options o = {.socket = socket_path, .timeout_ms = 20000};
	struct err e = {0};

	(void)state;
	setenv("MEMORY_DB_PROGRAM", "/does/not/exist", 1);
	assert_int_equal(spawn_service(&o, &e), MDB_E_NOT_FOUND);
	assert_non_null(strstr(e.text, "MEMORY_DB_PROGRAM"));
	setenv("MEMORY_DB_PROGRAM", program, 1);
	setenv("MEMORY_DB_PATH", "/y/m.db", 1);
	assert_int_equal(spawn_service(&o, &e), 0);
	assert_non_null(strstr(fact("args"), "--database /y/m.db"));
}

static void
test_program_that_cannot_run(void **state)
{
	struct err e = {0};
	int fd = open(program, O_WRONLY | O_TRUNC | O_CLOEXEC);

	(void)state;
	assert_int_equal(write(fd,
				 "\x7f"
				 "ELFnot",
				 7),
		7);
	close(fd);
	assert_int_equal(spawn(20000, &e), MDB_E_NOT_FOUND);
	assert_non_null(strstr(e.text, program));
	assert_false(lock_file_is_there());
	for (size_t n = 1;; n++) {
		heap_fail_at(n);
		int r = spawn(20000, &e);
		if (!heap_disarm())
			break;
		assert_int_equal(r, MDB_E_NOMEM);
		assert_false(lock_file_is_there());
	}
}

static void
test_words_of_a_failing_service(void **state)
{
	struct err e = {0};

	(void)state;
	fake = "store the disk of /y is read-only";
	assert_int_equal(spawn(20000, &e), MDB_E_STORE);
	assert_string_equal(e.text,
		"memory-db did not start: the disk of /y is read-only");
	fake = "something odd";
	assert_int_equal(spawn(20000, &e), MDB_E_UNREACHABLE);
	assert_non_null(strstr(e.text, "something odd"));
	fake = "die";
	assert_int_equal(spawn(20000, &e), MDB_E_UNREACHABLE);
	assert_non_null(strstr(e.text, "did not say why"));
	fake = "exists pid 7 serves /y at /z";
	/* time for a slow machine to start it; then it is waited for */
	assert_int_equal(spawn(2500, &e), MDB_E_EXISTS);
	assert_non_null(strstr(e.text, "pid 7"));
}

static void
test_another_instance_counts(void **state)
{
	struct err e = {0};
	int status = -1;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd;

		/* begins to listen while the spawned one gives up */
		while (fact("start")[0] == '\0')
			poll(NULL, 0, 5);
		poll(NULL, 0, 100);
		if (sock_listen(socket_path, 8, &fd, NULL) != 0)
			_exit(1);
		poll(NULL, 0, 2000);
		_exit(0);
	}
	fake = "exists another one is just starting";
	assert_int_equal(spawn(20000, &e), 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	unlink(socket_path);
}

static void
test_deadline(void **state)
{
	struct err e = {0};
	int64_t began = clock_mono_ns();

	(void)state;
	fake = "silent";
	assert_int_equal(spawn(100, &e), MDB_E_TIMEOUT);
	assert_true(clock_mono_ns() - began >= 100 * 1000000LL);
	/* let it end before the folder goes */
	for (int i = 0; i < 500; i++) {
		int pid = 0;

		if (sscanf(fact("start"), "%d", &pid) == 1 && pid > 0 &&
			kill(pid, 0) != 0)
			break;
		poll(NULL, 0, 10);
	}
}

/* What one client has in its environment is not for the service of all. */
static void
test_environment_of_the_service(void **state)
{
	static const char *const kept[] = {"LC_TIME", "TZ", "XDG_RUNTIME_DIR",
		"MEMORY_DB_EXIT_WHEN_IDLE"};
	static const char *const dropped[] = {"ANTHROPIC_API_KEY",
		"MEMORY_EMBED", "MEMORY_EMBED_KEY", "MEMORY_RECALL_WEIGHTS",
		"MEMORY_LOG_LEVEL", "MEMORY_DB_SERVICE_USER", "LC", "HOMER",
		"MEMORY_SANDBOX_PROGRAM", "MEMORY_DB_PROGRAM", "SSLKEYLOGFILE",
		"https_proxy", "LD_LIBRARY_PATH", "LD_AUDIT"};
	struct err e = {0};
	char line[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		setenv(kept[i], "7kept", 1);
	for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
		setenv(dropped[i], "/7dropped", 1);
	setenv("MEMORY_DB_PROGRAM", program, 1);
	int r = spawn(20000, &e);
	for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
		unsetenv(dropped[i]);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		unsetenv(kept[i]);
		snprintf(line, sizeof(line), "%s=7kept\n", kept[i]);
		assert_non_null(strstr(fact("env"), line));
	}
	assert_int_equal(r, 0);
	assert_non_null(strstr(fact("env"), "HOME="));
	assert_non_null(strstr(fact("env"), "PATH="));
	assert_null(strstr(fact("env"), "7dropped"));
	assert_null(strstr(fact("env"), "MEMORY_DB_PROGRAM"));
}

/* Another user holds a lock of that name for ever. */
static void
test_lock_of_another_user(void **state)
{
	struct err e = {0};
	char lock[128];
	int fd, status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	path_in(lock, "s.spawn");
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	assert_int_equal(fchown(fd, 65534, 65534), 0);
	assert_int_equal(fchmod(fd, 0666), 0);
	pid = fork();
	if (pid == 0) {
		(void)flock(fd, LOCK_EX);
		for (;;)
			pause();
	}
	assert_int_equal(close(fd), 0);
	fd = open(lock, O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 1000 && flock(fd, LOCK_EX | LOCK_NB) == 0; i++) {
		flock(fd, LOCK_UN);
		poll(NULL, 0, 5);
	}
	close(fd);
	int r = spawn(5000, &e);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(r, 0);
	/* it is not ours to remove */
	assert_int_equal(access(lock, F_OK), 0);
}

/* A name in the way is no reason not to start. */
static void
test_lock_that_cannot_be_had(void **state)
{
	struct err e = {0};
	char lock[128], target[128];

	(void)state;
	path_in(lock, "s.spawn");
	path_in(target, "target");
	assert_int_equal(symlink(target, lock), 0);
	assert_int_equal(spawn(20000, &e), 0);
	/* nothing was made behind the link, and it was left alone */
	assert_int_not_equal(access(target, F_OK), 0);
	struct stat st;
	assert_int_equal(lstat(lock, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_starts_detached),
		TEST(test_many_callers_start_one),
		TEST(test_sigchld_ignored_and_stdio_closed),
		TEST(test_relative_paths),
		TEST(test_program_by_environment),
		TEST(test_environment_of_the_service),
		TEST(test_lock_of_another_user),
		TEST(test_program_that_cannot_run),
		TEST(test_words_of_a_failing_service),
		TEST(test_another_instance_counts),
		TEST(test_deadline),
		TEST(test_lock_that_cannot_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
