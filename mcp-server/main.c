/* memory-mcp: MCP on stdin and stdout, relayed to memory-db. Options, signals
 * and the loop: one poll(2) over the two ends of stdio, the connection to
 * memory-db, and a descriptor for signals. The first SIGTERM ends the session
 * as the end of input does, so that what is under way is answered; the second
 * ends the process at once. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/allocator.h"
#include "common/client/codetree.h"
#include "common/client/project_map.h"
#include "common/clock.h"
#include "common/conf.h"
#include "common/contract/profiles.h"
#include "common/harden.h"
#include "common/limits.h"
#include "common/log.h"
#include "mcp-server/stdio/stdio_front.h"

#define EXIT_USAGE  100
#define EXIT_SYSTEM 111
/* Clients wait 2 s between closing stdin and SIGTERM. */
#define END_MS 1800
/* Below the 60 s after which clients give up a request themselves. */
#define CALL_MS 50000

struct main_options {
	const char *socket, *database, *namespace_, *branch, *tools;
	const char *log_format, *log_level;
	bool no_spawn;
};

/* What the options become; owned. */
struct setup {
	struct buf namespace_, database;
	struct project_choice project;
	char session[32], tools[PROFILES_TEXT];
	struct profile profile;
};

static int
read_options(struct main_options *arg, int argc, char **argv, struct err *e)
{
	const struct conf_opt opts[] = {
		{"socket", "MEMORY_DB_SOCKET", CONF_STRING, &arg->socket, 0, 0,
			"PATH", "socket of memory-db"},
		{"database", "MEMORY_DB_PATH", CONF_STRING, &arg->database, 0,
			0, "FILE", "database that memory-db must serve"},
		{"namespace", "MEMORY_NAMESPACE", CONF_STRING, &arg->namespace_,
			0, 0, "NAME",
			"project; auto: from the git remote or the folder"},
		{"branch", "MEMORY_BRANCH", CONF_STRING, &arg->branch, 0, 0,
			"NAME", "branch to work on"},
		{"tools", "MEMORY_TOOLS", CONF_STRING, &arg->tools, 0, 0,
			"LIST",
			"default,compat,history,skills,order,admin,all"},
		{"no-spawn", "MEMORY_NO_SPAWN", CONF_BOOL, &arg->no_spawn, 0, 0,
			NULL, "never start memory-db"},
		{"log-format", "MEMORY_LOG_FORMAT", CONF_STRING,
			&arg->log_format, 0, 0, "FORMAT", "text or json"},
		{"log-level", "MEMORY_LOG_LEVEL", CONF_STRING, &arg->log_level,
			0, 0, "LEVEL", "error, warn, info or debug"},
	};
	enum log_level level = LOG_WARN;
	enum log_format format = LOG_TEXT;
	int rest = argc, rc;

	conf_usage("memory-mcp [options]",
		"A memory for LLM agents: MCP on stdin and stdout.");
	rc = conf_read(opts, ARRAY_LEN(opts), argc, argv, &rest, e);
	if (rc)
		return rc;
	if (rest < argc)
		return err_set(e, MDB_E_INVALID, "unexpected argument '%s'",
			argv[rest]);
	if (log_level_of(arg->log_level, &level))
		return err_set(e, MDB_E_INVALID,
			"--log-level: must be error, "
			"warn, info or debug, is '%s'",
			arg->log_level);
	if (log_format_of(arg->log_format, &format))
		return err_set(e, MDB_E_INVALID,
			"--log-format: must be text "
			"or json, is '%s'",
			arg->log_format);
	log_setup("memory-mcp", level, format);
	return 0;
}

static int
main_find_namespace(const char *wanted, struct setup *set)
{
	AUTO_FREE char *folder = NULL;
	struct buf *out = &set->namespace_;

	if (!wanted || !*wanted)
		return buf_adds(out, "default");
	if (strcmp(wanted, "auto") != 0)
		return buf_adds(out, wanted);
	folder = getcwd(NULL, 0);
	return folder ? project_choose(folder, buf_str(&set->database), true,
				out, &set->project)
		      : buf_adds(out, "default");
}

/* An absolute path, so that two programs mean the same file. No shell has seen
 * what stands in a client's configuration: "~/" is ours to resolve. */
static int
main_find_database(const char *path, struct buf *out)
{
	AUTO_FREE char *folder = NULL;
	const char *home = getenv("HOME");

	if (!path || !*path)
		return 0;
	if (strncmp(path, "~/", 2) == 0 && home && *home == '/')
		return buf_addf(out, "%s%s", home, path + 1);
	folder = getcwd(NULL, 0);
	if (*path != '/' && folder && buf_addf(out, "%s/", folder))
		return MDB_E_NOMEM;
	return buf_adds(out, path);
}

/* "2026-11-20-4f2a9c": the day, and which of that day's. */
static void
make_session(char *out, size_t size)
{
	char now[CLOCK_TEXT_SIZE];
	unsigned char r[3] = {0};

	clock_format(clock_now_ms(), now);
	if (getrandom(r, sizeof(r), 0) < 0) {
		pid_t pid = getpid();

		memcpy(r, &pid, sizeof(r));
	}
	snprintf(out, size, "%.10s-%02x%02x%02x", now, r[0], r[1], r[2]);
}

static int
main_set_up(const struct main_options *arg, struct setup *set, struct err *e)
{
	int rc = profile_read(arg->tools, &set->profile, e);

	if (rc)
		return rc;
	if (main_find_database(arg->database, &set->database) ||
		!buf_str(&set->database) ||
		main_find_namespace(arg->namespace_, set) ||
		!buf_str(&set->namespace_))
		return err_nomem(e);
	if (set->namespace_.len > LIMIT_LABEL_BYTES)
		return err_set(e, MDB_E_INVALID,
			"--namespace: must be at most "
			"%d bytes",
			LIMIT_LABEL_BYTES);
	make_session(set->session, sizeof(set->session));
	profiles_text(set->profile.set, set->tools);
	return 0;
}

/* SIGTERM and its kin arrive at a descriptor; the first ends the session as
 * the end of input does, the second at once. */
static int
open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True when the process is to end at once. */
static bool
take_signals(int fd, struct session *s)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (s->end_at_ns)
			return true;
		session_end(s);
	}
	return false;
}

static int
main_lower(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int
main_loop(struct stdio_front *f, struct relay *relay, int signals)
{
	struct pollfd fds[STDIO_FRONT_FDS + RELAY_FDS + 1];
	struct session *s = &f->session;

	while (!session_finished(s)) {
		int timeout = stdio_front_timeout(f), relay_ms = -1;
		size_t mine = stdio_front_poll(f, fds);
		size_t n = mine;

		n += relay_poll(relay, fds + n, &relay_ms);
		fds[n++] = (struct pollfd){signals, POLLIN, 0};
		if (poll(fds, n, main_lower(timeout, relay_ms)) < 0 &&
			errno != EINTR)
			return EXIT_SYSTEM;
		if (fds[n - 1].revents && take_signals(signals, s))
			return 0;
		stdio_front_run(f, fds, mine);
		relay_run(relay);
		stdio_front_flush(f);
		if (session_was_heavy(s))
			malloc_trim(0);
	}
	relay_abort(relay);
	stdio_front_flush(f);
	return 0;
}

static int
main_serve(const struct main_options *arg, struct setup *set)
{
	bool follows = arg->branch && strcmp(arg->branch, "auto") == 0;
	AUTO_FREE char *folder = getcwd(NULL, 0);
	struct codetree *tree =
		folder ? codetree_new(folder, buf_str(&set->database)) : NULL;
	struct relay_options ro = {
		.socket = arg->socket,
		.database = set->database.len > 0 ? set->database.data : NULL,
		.namespace_ = set->namespace_.data,
		.branch = follows ? NULL : arg->branch,
		.follows = follows ? folder : NULL,
		.session = set->session,
		.tools = set->tools,
		.spawn = !arg->no_spawn,
		.call_ms = CALL_MS,
	};
	struct session_options so = {
		.profile = set->profile,
		.end_ms = END_MS,
		.is_apart = set->project.is_apart,
		.code = {tree, set->namespace_.data},
	};
	struct stdio_front front;
	AUTO_FD int signals = open_signals();
	struct relay *relay = relay_new(&ro);
	int code = EXIT_SYSTEM;

	if (signals >= 0 && relay) {
		log_event(LOG_INFO, "start", 0, LOG_S("session", set->session),
			LOG_S("namespace", set->namespace_.data));
		if (set->project.note[0])
			log_event(LOG_WARN, "namespace", 0,
				LOG_S("note", set->project.note));
		stdio_front_init(&front, STDIN_FILENO, STDOUT_FILENO, &so,
			relay);
		code = main_loop(&front, relay, signals);
		stdio_front_done(&front);
	} else {
		fputs("memory-mcp: out of memory or descriptors\n", stderr);
	}
	relay_free(relay);
	codetree_free(tree);
	return code;
}

/* A closed standard descriptor would be the next one opened here, and get
 * what belongs to the client. */
static int
guard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* Somebody tries it in a terminal, where it would seem to hang. */
static void
greet_terminal(void)
{
	if (isatty(STDIN_FILENO))
		fputs("memory-mcp: waiting for MCP messages on stdin; an MCP "
		      "client starts this program. End it with Ctrl-D; "
		      "--help says more, memoryctl is for people\n",
			stderr);
}

/* Who comes from the reference memory server has its variable in the
 * configuration, and a memory in that file. */
static void
tell_of_file(void)
{
	const char *path = getenv("MEMORY_FILE_PATH");
	struct stat st;

	if (path && *path && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		st.st_size > 0)
		log_event(LOG_WARN,
			"MEMORY_FILE_PATH is not used here: "
			"`memoryctl import FILE` takes over what it holds, "
			"and adds nothing when it is run again",
			0, LOG_S("file", path));
}

/* The exit code; a negative one: e says what is wrong with the options. */
static int
main_run(int argc, char **argv, struct setup *set, struct err *e)
{
	struct main_options arg = {.tools = "default",
		.log_format = "text",
		.log_level = "warn"};
	int rc = read_options(&arg, argc, argv, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = main_set_up(&arg, set, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	greet_terminal();
	tell_of_file();
	return main_serve(&arg, set);
}

int
main(int argc, char **argv)
{
	struct setup set = {0};
	struct err e = {0};
	int rc;

	harden_process();
	allocator_tune();
	if (guard_descriptors() < 0)
		return EXIT_SYSTEM;
	rc = main_run(argc, argv, &set, &e);
	if (rc < 0) {
		fprintf(stderr, "memory-mcp: %s\n", e.text);
		rc = EXIT_USAGE;
	}
	buf_done(&set.namespace_);
	buf_done(&set.database);
	return rc;
}
