/* memory-db: options, the database, the socket, then the loop. */
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

#include "common/buf.h"
#include "common/conf.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/owned.h"
#include "common/sock.h"
#include "common/text.h"
#include "memory-db/method/method.h"
#include "memory-db/net/loop_methods.h"
#include "memory-db/net/notify.h"
#include "memory-db/net/server.h"
#include "memory-db/store/store.h"

#define EXIT_USAGE 100
#define LISTEN_BACKLOG 1024

/* Options as they were given. */
static struct {
	const char *socket, *database, *namespace_, *branch, *allow_uid;
	const char *log_format, *log_level, *log_file;
	const char *embed, *embed_model, *embed_key_file, *weights;
	bool spawned, read_only;
	int64_t idle, ready_fd, group_max, embed_ms;
} arg = {
	.embed = "none",
	.embed_ms = LIMIT_EMBED_MS,
	.namespace_ = "default",
	.branch = "main",
	.log_format = "text",
	.log_level = "info",
	.idle = -1,
	.ready_fd = -1,
	.group_max = LIMIT_GROUP_REQUESTS,
};

static struct config config = {
	.connections = LIMIT_CONNECTIONS,
	.request_bytes = LIMIT_REQUEST_BYTES,
	.disk_free_bytes = LIMIT_DISK_FREE_BYTES,
	.writes_per_minute = LIMIT_WRITES_PER_MINUTE,
	.writes_burst = LIMIT_WRITES_BURST,
	.namespace_facts = LIMIT_NAMESPACE_FACTS,
	.script_ms = LIMIT_SCRIPT_WALL_MAX_MS,
	.embed_question_ms = LIMIT_EMBED_QUESTION_MS,
};

#define TEXT(name, env, target, what, help)                                    \
	{name, env, CONF_STRING, target, 0, 0, what, help}
#define NUMBER(name, env, target, min, max, what, help)                        \
	{name, env, CONF_INT, target, min, max, what, help}
#define SWITCH(name, target, help)                                             \
	{name, NULL, CONF_BOOL, target, 0, 0, NULL, help}

static const struct conf_opt options[] = {
	TEXT("socket", "MEMORY_DB_SOCKET", &arg.socket, "PATH",
		"where to listen (default: see memory-db(8))"),
	TEXT("database", "MEMORY_DB_PATH", &arg.database, "PATH",
		"the database file (default: ~/.memories/memory.db)"),
	TEXT("namespace", "MEMORY_NAMESPACE", &arg.namespace_, "NAME",
		"of requests that name none (default: default)"),
	TEXT("branch", "MEMORY_BRANCH", &arg.branch, "NAME",
		"of requests that name none (default: main)"),
	NUMBER("exit-when-idle", "MEMORY_DB_EXIT_WHEN_IDLE", &arg.idle, 0,
		INT32_MAX, "SECONDS",
		"end after so long without a client (0: never)"),
	SWITCH("spawned", &arg.spawned,
		"started by a client: may be retired, ends when idle"),
	SWITCH("no-scripts", &config.no_scripts,
		"run no scripts (execute_code answers unavailable)"),
	NUMBER("limit-script-ms", NULL, &config.script_ms, 1,
		LIMIT_SCRIPT_WALL_MAX_MS, "N",
		"milliseconds a script may run at most"),
	TEXT("embed", "MEMORY_EMBED", &arg.embed, "PROVIDER",
		"none (default), hash, static:FOLDER or http://...; recall then "
		"finds what is near in meaning, too"),
	TEXT("embed-model", "MEMORY_EMBED_MODEL", &arg.embed_model, "NAME",
		"the model that an http provider is asked for"),
	TEXT("embed-key-file", NULL, &arg.embed_key_file, "PATH",
		"its first line is the key of an http provider (default: "
		"MEMORY_EMBED_KEY)"),
	NUMBER("embed-timeout-ms", NULL, &arg.embed_ms, 1, 600000, "N",
		"of a request to an http provider"),
	NUMBER("embed-question-ms", NULL, &config.embed_question_ms, 1, 60000,
		"N", "that a question waits for an http provider"),
	TEXT("recall-weights", "MEMORY_RECALL_WEIGHTS", &arg.weights, "LIST",
		"weights of recall, as in recency=0.1,relevant=0.3; "
		"`memoryctl weights` lists them"),
	SWITCH("read-only", &arg.read_only, "serve reads only"),
	NUMBER("ready-fd", NULL, &arg.ready_fd, 0, INT_MAX, "N",
		"descriptor that gets \"ready\" or one error line"),
	TEXT("allow-uid", NULL, &arg.allow_uid, "LIST",
		"users that may connect beside the own one and root"),
	TEXT("log-format", "MEMORY_LOG_FORMAT", &arg.log_format, "json|text",
		"form of the log lines (default: text)"),
	TEXT("log-level", "MEMORY_LOG_LEVEL", &arg.log_level, "LEVEL",
		"error, warn, info or debug (default: info)"),
	TEXT("log-file", NULL, &arg.log_file, "PATH",
		"log there instead of standard error"),
	NUMBER("group-max", NULL, &arg.group_max, 1, LIMIT_WRITE_QUEUE, "N",
		"writes of one commit at most (1: one each, slow)"),
	NUMBER("limit-connections", NULL, &config.connections, 1, 60000, "N",
		"clients at a time"),
	NUMBER("limit-request-bytes", NULL, &config.request_bytes, 1024,
		64 * 1024 * 1024, "N", "bytes of a request"),
	NUMBER("limit-disk-free", NULL, &config.disk_free_bytes, 0, INT64_MAX,
		"BYTES", "writes stop when less is free on the disk"),
	NUMBER("limit-writes-per-minute", NULL, &config.writes_per_minute, 0,
		INT32_MAX, "N", "of a session (0: no limit)"),
	NUMBER("limit-writes-burst", NULL, &config.writes_burst, 1, INT32_MAX,
		"N", "of a session at once"),
	NUMBER("limit-namespace-facts", NULL, &config.namespace_facts, 1,
		INT32_MAX, "N", "facts of a namespace"),
};

/* Says why memory-db does not start, to a person and to the client that
 * started it. */
static int
fail(int exit_code, const struct err *e)
{
	fprintf(stderr, "memory-db: %s\n", e->text);
	if (arg.ready_fd >= 0)
		dprintf((int)arg.ready_fd, "%s %s\n", err_name(e->code),
			e->text);
	return exit_code;
}

/* --- paths --------------------------------------------------------------------- */
static const char *
home_folder(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home && *home)
		return home;
	pw = getpwuid(geteuid());
	return pw ? pw->pw_dir : "/";
}

/* Absolute, with "~/" for the home folder; the file need not exist. */
static int
absolute_path(const char *path, char **ret, struct err *e)
{
	AUTO_BUF struct buf b = {0};
	AUTO_FREE char *cwd = NULL;
	char *absolute;
	int rc;

	if (strncmp(path, "~/", 2) == 0) {
		rc = buf_addf(&b, "%s/%s", home_folder(), path + 2);
	} else if (path[0] == '/') {
		rc = buf_adds(&b, path);
	} else {
		cwd = getcwd(NULL, 0);
		if (!cwd) {
			err_set(e, MDB_E_STORE,
				"the working directory is gone; give "
				"--database an absolute path");
			return MDB_E_STORE;
		}
		rc = buf_addf(&b, "%s/%s", cwd, path);
	}
	absolute = rc ? NULL : buf_steal(&b);
	if (!absolute) {
		err_nomem(e);
		return MDB_E_NOMEM;
	}
	*ret = absolute;
	return 0;
}

static int
find_database(char **ret, struct err *e)
{
	const char *path = arg.database && *arg.database ? arg.database :
		"~/.memories/memory.db";

	return absolute_path(path, ret, e);
}

/* --- options -------------------------------------------------------------------- */
static int
add_uid(const char *name, struct err *e)
{
	int64_t n;
	const struct passwd *pw;

	if (config.allow_n == CONFIG_UIDS)
		return err_param(e, MDB_E_INVALID, "allow-uid",
			"--allow-uid: at most %d users", CONFIG_UIDS);
	if (text_int(name, 0, UINT32_MAX - 1, &n) == 0) {
		config.allow_uids[config.allow_n++] = (uid_t)n;
		return 0;
	}
	pw = getpwnam(name);
	if (!pw)
		return err_param(e, MDB_E_INVALID, "allow-uid",
			"--allow-uid: no user '%.64s'; give numbers or names, "
			"separated by commas", name);
	config.allow_uids[config.allow_n++] = pw->pw_uid;
	return 0;
}

static int
read_uids(struct err *e)
{
	AUTO_FREE char *list = NULL;
	char *at, *one;

	if (!arg.allow_uid)
		return 0;
	list = strdup(arg.allow_uid);
	if (!list)
		return err_nomem(e);
	at = list;
	while ((one = strsep(&at, ", ")))
		if (*one && add_uid(one, e))
			return e->code;
	return 0;
}

/* A client that starts a service does so for every client: what its own
 * environment says about its requests is not meant for those of the others.
 * (conf_read returns pointers into the environment.) */
static void
use_option_only(const char **value, const char *env)
{
	if (arg.spawned && *value == getenv(env))
		*value = "";
}

static int
read_labels(struct err *e)
{
	use_option_only(&arg.namespace_, "MEMORY_NAMESPACE");
	use_option_only(&arg.branch, "MEMORY_BRANCH");
	if (!*arg.namespace_)
		arg.namespace_ = "default";
	if (!*arg.branch)
		arg.branch = "main";
	if (strlen(arg.namespace_) > LIMIT_LABEL_BYTES)
		return err_param(e, MDB_E_INVALID, "namespace",
			"--namespace: at most %d bytes", LIMIT_LABEL_BYTES);
	if (strlen(arg.branch) > LIMIT_LABEL_BYTES)
		return err_param(e, MDB_E_INVALID, "branch",
			"--branch: at most %d bytes", LIMIT_LABEL_BYTES);
	return 0;
}

static int
read_weights(struct err *e)
{
	struct err why = {0};
	int rc;

	config.weights = recall_weights_default;
	if (!arg.weights)
		return 0;
	rc = recall_weights_parse(&config.weights, arg.weights, &why);
	return rc ? err_param(e, rc, "recall-weights", "--recall-weights "
			"(MEMORY_RECALL_WEIGHTS): %s", why.text)
		  : 0;
}

static int
read_options(int argc, char **argv, struct err *e)
{
	int rest, rc;

	conf_usage("memory-db [options]",
		"Keeps a memory for language model agents in one SQLite file "
		"and serves it\non a Unix socket. See memory-db(8).");
	rc = conf_read(options, ARRAY_LEN(options), argc, argv, &rest, e);
	if (rc)
		return rc;
	if (rest < argc)
		return err_set(e, MDB_E_INVALID,
			"'%.64s': memory-db takes options only; see --help",
			argv[rest]);
	if (read_uids(e) || read_labels(e) || read_weights(e))
		return e->code;
	config.namespace_ = arg.namespace_;
	config.branch = arg.branch;
	config.is_spawned = arg.spawned;
	config.group_max = arg.group_max;
	config.exit_when_idle_s = arg.idle >= 0 ? arg.idle :
		arg.spawned ? LIMIT_SPAWNED_IDLE_S : 0;
	return 0;
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
		return absolute_path(arg.log_file, ret_path, e);
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
			"debug", arg.log_level);
	if (log_format_of(arg.log_format, &format))
		return err_param(e, MDB_E_INVALID, "log-format",
			"--log-format: '%.64s' is neither text nor json",
			arg.log_format);
	log_setup("memory-db", level, format);
	rc = find_log(database, &path, e);
	if (rc || !path)
		return rc;
	return log_to_file(path, LIMIT_LOG_FILE_BYTES, e);
}

/* --- embeddings ------------------------------------------------------------------- */
/* The first line of the file. A key on the command line would be seen by all
 * users of the machine. */
static int
read_key(char *ret, size_t size, struct err *e)
{
	const char *path = arg.embed_key_file;
	FILE *f;
	bool ok;
	int fd, rc;

	if (!path)
		return 0;
	rc = owned_open(path, O_RDONLY, 0, &fd, NULL, e);
	if (rc < 0)
		return rc;
	f = fdopen(fd, "r");
	if (!f)
		close(fd);
	ok = f && fgets(ret, (int)size, f);
	if (f)
		fclose(f);
	if (!ok)
		return err_param(e, MDB_E_INVALID, "embed-key-file",
			"--embed-key-file: cannot read a line of %s", path);
	ret[strcspn(ret, "\r\n")] = '\0';
	return 0;
}

static int
open_embedder(struct err *e)
{
	char key[1024] = "";
	const char *given = getenv("MEMORY_EMBED_KEY");
	struct embed_options o = {.spec = arg.embed && *arg.embed ? arg.embed :
		"none", .model = arg.embed_model, .timeout_ms = arg.embed_ms,
		.query_timeout_ms = config.embed_question_ms};
	int rc = read_key(key, sizeof(key), e);

	o.key = *key ? key : given && *given ? given : NULL;
	if (rc == 0)
		rc = embed_open(&o, &config.embedder, e);
	explicit_bzero(key, sizeof(key));
	return rc;
}

/* --- start ----------------------------------------------------------------------- */
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
	if (sodium_init() < 0)
		return err_set(e, MDB_E_INTERNAL,
			"the crypto library does not start");
	return 0;
}

/* The lock on the database is held: whoever left a socket is gone, or serves
 * another database. */
static int
open_socket(char path[SOCK_PATH_SIZE], struct server_options *o, struct err *e)
{
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
	return sock_listen(path, LISTEN_BACKLOG, &o->listen_fd, e);
}

static int
serve(char *database, struct err *e)
{
	struct database_options dbo = {.path = database,
		.read_only = arg.read_only,
		.namespace_facts = config.namespace_facts,
		.weights = &config.weights};
	struct server_options so = {.config = &config, .listen_fd = -1,
		.ready_fd = (int)arg.ready_fd};
	char socket[SOCK_PATH_SIZE];
	int code;

	config.database = database;
	if (open_embedder(e))
		return fail(EXIT_USAGE, e);
	if (database_open(&dbo, &so.db, e)) {
		embed_close(config.embedder);
		return fail(SERVER_EXIT_SYSTEM, e);
	}
	config.is_read_only = database_read_only(so.db);
	if (set_up_log(database, e) || open_socket(socket, &so, e)) {
		log_event(LOG_ERROR, "cannot start", 0,
			LOG_S("error", e->text));
		database_close(so.db);
		embed_close(config.embedder);
		return fail(SERVER_EXIT_SYSTEM, e);
	}
	/* Not to hold a file system that somebody wants to unmount. */
	if (arg.spawned && socket[0] == '/')
		(void)!chdir("/");
	if (arg.ready_fd >= 0)
		(void)fcntl((int)arg.ready_fd, F_SETFD, FD_CLOEXEC);
	code = server_run(&so);
	database_close(so.db);
	embed_close(config.embedder);
	return code;
}

int
main(int argc, char **argv)
{
	AUTO_FREE char *database = NULL;
	struct err e = {0};
	int rc = read_options(argc, argv, &e);

	if (rc == 1)
		return 0;
	if (rc < 0)
		return fail(EXIT_USAGE, &e);
	if (set_up_process(&e) || method_check(&e) || loop_method_check(&e) ||
	    find_database(&database, &e))
		return fail(SERVER_EXIT_SYSTEM, &e);
	return serve(database, &e);
}
