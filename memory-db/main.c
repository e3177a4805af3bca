/* memory-db: options, the database, the socket, then the loop. The order
 * matters: the log first, so that errors have a place; the lock on the
 * database before the socket, so that a socket which is left behind belongs to
 * nobody; and the process is hardened before any key is read.
 *
 * With --check-fd, --check-settings or --fold it does one thing with one file, for
 * memoryctl, and serves nobody. */
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/allocator.h"
#include "common/buf.h"
#include "common/conf.h"
#include "common/harden.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/owned.h"
#include "common/sock.h"
#include "common/text.h"
#include "memory-db/embed/chat.h"
#include "memory-db/method/method.h"
#include "memory-db/model/transfer/compact.h"
#include "memory-db/model/transfer/inspect.h"
#include "memory-db/net/log_archive.h"
#include "memory-db/net/loop_methods.h"
#include "memory-db/net/notify.h"
#include "memory-db/net/server.h"
#include "memory-db/options.h"
#include "memory-db/store/engine/store.h"

#define EXIT_USAGE     100
#define LISTEN_BACKLOG 1024

static struct options arg;
static struct config config;

/* Says why memory-db does not start, to a person and to the client that
 * started it. */
static int
main_fail(int exit_code, const struct err *e)
{
	fprintf(stderr, "memory-db: %s\n", e->text);
	if (arg.ready_fd >= 0)
		dprintf((int)arg.ready_fd, "%s %s\n", err_name(e->code),
			e->text);
	return exit_code;
}

/* A service that a client started has no standard error: its log lies beside
 * the database. *ret_path stays NULL for standard error. */
static int
find_log(const char *database, char **ret_path, struct err *e)
{
	AUTO_BUF struct buf b = {0};
	const char *slash = strrchr(database, '/');
	char *path = NULL;

	if (arg.log_file)
		return options_path(arg.log_file, ret_path, e);
	if (!arg.spawned || !slash)
		return 0;
	if (buf_addf(&b, "%.*s/memory-db.log", (int)(slash - database),
		    database) == 0)
		path = buf_steal(&b);
	if (!path) {
		err_nomem(e);
		return MDB_E_NOMEM;
	}
	*ret_path = path;
	return 0;
}

/* Beside the database, as its log: whoever may read the one may read the other. */
static int
set_up_audit(const char *database, struct err *e)
{
	AUTO_FREE char *path = NULL;

	if (strcmp(arg.audit, "off") == 0)
		return 0;
	if (asprintf(&path, "%.*s" AUDIT_FILE,
		    (int)(strrchr(database, '/') + 1 - database), database) < 0)
		return err_nomem(e);
	return log_audit_to_file(path, LIMIT_LOG_FILE_BYTES, e);
}

static int
set_up_log(const char *database, struct err *e)
{
	enum log_level level;
	enum log_format format;
	AUTO_FREE char *path = NULL;
	int rc;

	if (log_level_of(arg.log_level, &level))
		return err_param(e, MDB_E_INVALID, "log-level",
			"--log-level: '%.64s' is none of error, warn, info, "
			"debug",
			arg.log_level);
	if (log_format_of(arg.log_format, &format))
		return err_param(e, MDB_E_INVALID, "log-format",
			"--log-format: '%.64s' is neither text nor json",
			arg.log_format);
	log_setup("memory-db", level, format);
	log_on_moved(log_archive_moved);
	rc = set_up_audit(database, e);
	if (rc)
		return rc;
	rc = find_log(database, &path, e);
	if (rc || !path)
		return rc;
	return log_to_file(path, LIMIT_LOG_FILE_BYTES, e);
}

/* --- embeddings ----------------------------------------------------------- */
/* The first line of the file. A key on the command line would be seen by all
 * users of the machine. */
static int
read_key(const char *option, const char *path, char *ret, size_t size,
	struct err *e)
{
	struct err why = {0};
	FILE *f;
	bool ok;
	int fd, rc;

	if (!path)
		return 0;
	rc = owned_open(path, O_RDONLY, 0, &fd, NULL, &why);
	if (rc < 0)
		return err_param(e, rc, option, "--%s: %s", option, why.text);
	f = fdopen(fd, "r");
	if (!f)
		close(fd);
	ok = f && fgets(ret, (int)size, f);
	if (f)
		fclose(f);
	if (!ok)
		return err_param(e, MDB_E_INVALID, option,
			"--%s: cannot read a line of %s", option, path);
	ret[strcspn(ret, "\r\n")] = '\0';
	return 0;
}

/* A key of a file comes before one of the environment; NULL: there is none. */
static const char *
chosen_key(const char *key, const char *given)
{
	if (*key)
		return key;
	return given && *given ? given : NULL;
}

static int
open_embedder(struct err *e)
{
	char key[1024] = "";
	char *given = arg.spawned ? NULL : getenv("MEMORY_EMBED_KEY");
	struct embed_options o = {.spec = arg.embed && *arg.embed ? arg.embed
								  : "none",
		.model = arg.embed_model,
		.timeout_ms = arg.embed_ms,
		.query_timeout_ms = config.embed_question_ms};
	int rc = read_key("embed-key-file", arg.embed_key_file, key,
		sizeof(key), e);

	o.key = chosen_key(key, given);
	if (rc == 0)
		rc = embed_open(&o, &config.embedder, e);
	config.has_embed_key = o.key != NULL;
	explicit_bzero(key, sizeof(key));
	/* Nor does it stay in /proc. */
	if (given)
		explicit_bzero(given, strlen(given));
	unsetenv("MEMORY_EMBED_KEY");
	return rc;
}

static int
open_chat_with(const char *database, char *key, size_t size, const char *given,
	struct err *e)
{
	AUTO_FREE char *budget = NULL;
	struct chat_options o = {.url = arg.chat,
		.model = arg.chat_model,
		.timeout_ms = arg.chat_ms,
		.calls_per_day = arg.chat_calls,
		.tokens_per_day = arg.chat_tokens};
	int rc;

	if (asprintf(&budget, "%s-chat", database) < 0) {
		budget = NULL;
		return err_nomem(e);
	}
	rc = read_key("chat-key-file", arg.chat_key_file, key, size, e);
	if (rc != 0)
		return rc;
	o.key = chosen_key(key, given);
	o.budget_path = budget;
	return chat_open(&o, &config.chat, e);
}

static int
open_chat(const char *database, struct err *e)
{
	char key[1024] = "";
	char *given = arg.spawned ? NULL : getenv("MEMORY_CHAT_KEY");
	int rc = open_chat_with(database, key, sizeof(key), given, e);

	explicit_bzero(key, sizeof(key));
	if (given)
		explicit_bzero(given, strlen(given));
	unsetenv("MEMORY_CHAT_KEY");
	return rc;
}

/* --- start ---------------------------------------------------------------- */
static int
set_up_process(struct err *e)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	umask(077);
	sigaction(SIGPIPE, &ignore, NULL);
	/* Two arenas: the loop's and one for the workers; each more would keep
	 * some MB to itself. Large blocks go back to the system at once. */
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	mallopt(M_TRIM_THRESHOLD, 512 * 1024);
	json_object_seed(0);
	store_set_up();
	if (sodium_init() < 0)
		return err_set(e, MDB_E_INTERNAL,
			"the crypto library does not start");
	return 0;
}

/* The lock on the database is held: whoever left a socket is gone, or serves
 * another database. Where others may connect the mode lets them; who they are
 * is asked of the kernel (net/listen.c). */
static int
open_socket(char path[SOCK_PATH_SIZE], struct server_options *o, struct err *e)
{
	const mode_t mode = config.allow_gids_n > 0 ? 0660 : 0600;
	const struct sock_access who = {.mode = config.allow_n > 0 ? 0666
								   : mode,
		.has_group = config.allow_gids_n > 0,
		.group = config.allow_gids[0]};
	const char *why;
	int rc = notify_socket(&o->listen_fd, e);

	if (rc < 0)
		return rc;
	o->owns_socket = rc == 0;
	rc = sock_path(arg.socket, path, &why, e);
	if (rc < 0)
		return rc;
	config.socket = path;
	if (!o->owns_socket)
		return 0;
	log_event(LOG_DEBUG, "socket", 0, LOG_S("path", path),
		LOG_S("why", why));
	return sock_listen_for(path, LISTEN_BACKLOG, &who, &o->listen_fd, e);
}

static int
main_serve(char *database, struct err *e)
{
	struct database_options dbo = {.path = database,
		.read_only = arg.read_only,
		.new_instance = arg.new_instance,
		.new_id = arg.database_id,
		.namespace_facts = config.namespace_facts,
		.weights = &config.weights};
	struct server_options so = {.config = &config,
		.listen_fd = -1,
		.ready_fd = (int)arg.ready_fd};
	char socket[SOCK_PATH_SIZE];
	int code;

	config.database = database;
	if (open_embedder(e) || open_chat(database, e)) {
		embed_close(config.embedder);
		return main_fail(EXIT_USAGE, e);
	}
	if (database_open(&dbo, &so.db, e)) {
		embed_close(config.embedder);
		return main_fail(SERVER_EXIT_SYSTEM, e);
	}
	config.is_read_only = database_read_only(so.db);
	if (set_up_log(database, e) || open_socket(socket, &so, e)) {
		log_event(LOG_ERROR, "cannot start", 0,
			LOG_S("error", e->text));
		database_close(so.db);
		embed_close(config.embedder);
		return main_fail(SERVER_EXIT_SYSTEM, e);
	}
	/* Not to hold a file system that somebody wants to unmount. */
	if (arg.spawned && socket[0] == '/')
		(void)!chdir("/");
	if (arg.ready_fd >= 0)
		(void)fcntl((int)arg.ready_fd, F_SETFD, FD_CLOEXEC);
	code = server_run(&so);
	database_close(so.db);
	embed_close(config.embedder);
	chat_close(config.chat);
	return code;
}

static int
print_object(const json_t *o, const char *what)
{
	AUTO_BUF struct buf text = {0};
	struct err e = {0};

	if (jx_dump(o, &text) == 0 && buf_addc(&text, '\n') == 0 &&
		fwrite(text.data, 1, text.len, stdout) == text.len &&
		fflush(stdout) == 0)
		return 0;
	err_set(&e, MDB_E_STORE, "%s: cannot write the result", what);
	return main_fail(SERVER_EXIT_SYSTEM, &e);
}

/* --check-fd N: verifies the database that is open as this descriptor, writes a
 * JSON object, and serves nobody. memoryctl does so with what it has backed up.
 * No settings are read: none of them matters. */
static int
check_fd(const char *number)
{
	AUTO_JSON json_t *o = NULL;
	struct err e = {0};
	int64_t fd;
	int code;

	if (conf_int(number, 0, INT_MAX, &fd) != 0) {
		err_set(&e, MDB_E_INVALID,
			"--check-fd: '%.32s' is no number of a descriptor",
			number);
		return main_fail(EXIT_USAGE, &e);
	}
	if (set_up_process(&e) || inspect_fd((int)fd, &o, &e))
		return main_fail(SERVER_EXIT_SYSTEM, &e);
	code = print_object(o, "--check-fd");
	if (code != 0)
		return code;
	return json_array_size(json_object_get(o, "problems")) > 0 ? 1 : 0;
}

/* --check-settings DATABASE: whether memory-db.conf beside the database is one that
 * a service would start with. Opens nothing else and serves nobody. */
static int
check_settings(char **argv)
{
	static char spawned[] = "--spawned", option[] = "--database";
	char *args[] = {argv[0], spawned, option, argv[2], NULL};
	AUTO_FREE char *database = NULL;
	struct err e = {0};
	int rc = options_read(ARRAY_LEN(args) - 1, args, &arg, &config,
		&database, &e);

	if (rc < 0 || set_up_process(&e) != 0 || open_embedder(&e) != 0)
		return main_fail(EXIT_USAGE, &e);
	embed_close(config.embedder);
	options_done(&arg);
	return 0;
}

/* --fold FILE BEFORE [NAMESPACE]: folds the history of a file that nobody else
 * has open up to a time, in milliseconds, writes a JSON object, and serves
 * nobody. memoryctl compact does so with a copy of the database. */
static int
fold_file(int argc, char **argv)
{
	struct compact_query q = {.path = argv[2],
		.namespace_ = argc > 4 ? argv[4] : NULL};
	const struct passwd *user = getpwuid(getuid());
	AUTO_JSON json_t *o = NULL;
	struct err e = {0};

	if (user)
		q.actor = user->pw_name;
	if (conf_int(argv[3], INT64_MIN, INT64_MAX, &q.before_ms) != 0) {
		err_set(&e, MDB_E_INVALID,
			"--fold: '%.32s' is no time in milliseconds", argv[3]);
		return main_fail(EXIT_USAGE, &e);
	}
	if (set_up_process(&e) || compact_file(&q, &o, &e))
		return main_fail(SERVER_EXIT_SYSTEM, &e);
	return print_object(o, "--fold");
}

int
main(int argc, char **argv)
{
	AUTO_FREE char *database = NULL;
	struct err e = {0};
	int rc;

	arg.ready_fd = -1;
	harden_process();
	allocator_tune();
	if (argc == 3 && strcmp(argv[1], "--check-fd") == 0)
		return check_fd(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--check-settings") == 0)
		return check_settings(argv);
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "--fold") == 0)
		return fold_file(argc, argv);
	rc = options_read(argc, argv, &arg, &config, &database, &e);

	if (rc == 1)
		return 0;
	if (rc < 0)
		return main_fail(EXIT_USAGE, &e);
	if (set_up_process(&e))
		rc = main_fail(SERVER_EXIT_SYSTEM, &e);
	else
		rc = main_serve(database, &e);
	options_done(&arg);
	return rc;
}
