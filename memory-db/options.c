/* Who may configure the service: the user, by the file beside the database and
 * by the options of who starts it by hand. Whoever merely is the first client
 * of a service that does not run yet starts it for all others, and whatever a
 * project put into that client's environment is not meant for them. */
#include "memory-db/options.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <limits.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utf8proc.h>
#include <zlib.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/limits.h"
#include "common/owned.h"
#include "common/client/settings.h"
#include "common/client/spawn_env.h"
#include "common/text.h"
#include "memory-db/store/engine/store.h"

static struct options arg = {
	.embed = "none",
	.embed_ms = LIMIT_EMBED_MS,
	.chat_ms = LIMIT_CHAT_MS,
	.chat_calls = LIMIT_CHAT_CALLS,
	.chat_tokens = LIMIT_CHAT_TOKENS,
	.namespace_ = "default",
	.branch = "main",
	.secrets = "refuse",
	.audit = "off",
	.log_format = "text",
	.log_level = "info",
	.idle = -1,
	.ready_fd = -1,
	.group_max = LIMIT_GROUP_REQUESTS,
};

/* Where the table puts the limits that are numbers of struct config. */
static struct config limits = {
	.connections = LIMIT_CONNECTIONS,
	.request_bytes = LIMIT_REQUEST_BYTES,
	.disk_free_bytes = LIMIT_DISK_FREE_BYTES,
	.writes_per_minute = LIMIT_WRITES_PER_MINUTE,
	.writes_burst = LIMIT_WRITES_BURST,
	.day_bytes = LIMIT_NAMESPACE_DAY_BYTES,
	.namespace_facts = LIMIT_NAMESPACE_FACTS,
	.script_ms = LIMIT_SCRIPT_WALL_MAX_MS,
	.embed_question_ms = LIMIT_EMBED_QUESTION_MS,
	.vectors_bytes = LIMIT_VECTORS_BYTES,
	.slow_ms = 1000,
};

#define TEXT(name, env, target, what, help)                                    \
	{                                                                      \
		name, env, CONF_STRING, target, 0, 0, what, help               \
	}
#define NUMBER(name, env, target, min, max, what, help)                        \
	{                                                                      \
		name, env, CONF_INT, target, min, max, what, help              \
	}
#define SWITCH(name, target, help)                                             \
	{                                                                      \
		name, NULL, CONF_BOOL, target, 0, 0, NULL, help                \
	}

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
	SWITCH("no-scripts", &limits.no_scripts,
		"run no scripts (execute_code answers unavailable)"),
	SWITCH("no-upkeep", &limits.no_upkeep,
		"leave to another service what makes the file smaller or "
		"searches quicker: packing, merging, curating"),
	NUMBER("limit-script-ms", NULL, &limits.script_ms, 1,
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
	NUMBER("embed-question-ms", NULL, &limits.embed_question_ms, 1, 60000,
		"N", "that a question waits for an http provider"),
	TEXT("chat", "MEMORY_CHAT", &arg.chat, "URL",
		"none (default) or http://...: a chat model that adds to the "
		"facts of conversations"),
	TEXT("chat-model", "MEMORY_CHAT_MODEL", &arg.chat_model, "NAME",
		"the model that it is asked for"),
	TEXT("chat-key-file", NULL, &arg.chat_key_file, "PATH",
		"its first line is its key (default: MEMORY_CHAT_KEY)"),
	NUMBER("chat-timeout-ms", NULL, &arg.chat_ms, 1, 600000, "N",
		"of a request to the chat model"),
	NUMBER("chat-calls-per-day", NULL, &arg.chat_calls, 0, 1000000, "N",
		"requests to the chat model"),
	NUMBER("chat-tokens-per-day", NULL, &arg.chat_tokens, 0, 1000000000,
		"N", "tokens that these may cost"),
	TEXT("recall-weights", "MEMORY_RECALL_WEIGHTS", &arg.weights, "LIST",
		"weights of recall, as in recency=0.1,relevant=0.3; "
		"`memoryctl weights` lists them"),
	TEXT("secrets", NULL, &arg.secrets, "refuse|mark|allow",
		"texts that hold a token, a key or a password: refuse them "
		"(default), store a marker in its place, or store them"),
	SWITCH("read-only", &arg.read_only, "serve reads only"),
	TEXT("database-id", NULL, &arg.database_id, "HEX",
		"of a new file: the id of the database it becomes a copy of"),
	SWITCH("new-instance", &arg.new_instance,
		"the file is a copy that goes on by itself: give it an id"),
	NUMBER("ready-fd", NULL, &arg.ready_fd, 0, INT_MAX, "N",
		"descriptor that gets \"ready\" or one error line"),
	TEXT("allow-uid", NULL, &arg.allow_uid, "LIST",
		"users that may connect beside the own one and root"),
	TEXT("allow-gid", NULL, &arg.allow_gid, "LIST",
		"groups whose members may connect; the socket gets the first"),
	TEXT("log-format", "MEMORY_LOG_FORMAT", &arg.log_format, "json|text",
		"form of the log lines (default: text)"),
	TEXT("log-level", "MEMORY_LOG_LEVEL", &arg.log_level, "LEVEL",
		"error, warn, info or debug (default: info)"),
	NUMBER("slow-ms", NULL, &limits.slow_ms, 0, INT32_MAX, "N",
		"log requests that take longer (default: 1000)"),
	TEXT("log-file", NULL, &arg.log_file, "PATH",
		"log there instead of standard error"),
	TEXT("audit", NULL, &arg.audit, "off|writes|all",
		"note who asked for what in memory-db.audit beside the "
		"database (default: off)"),
	NUMBER("group-max", NULL, &arg.group_max, 1, LIMIT_WRITE_QUEUE, "N",
		"writes of one commit at most (1: one each, slow)"),
	NUMBER("limit-connections", NULL, &limits.connections, 1, 60000, "N",
		"clients at a time"),
	NUMBER("limit-request-bytes", NULL, &limits.request_bytes, 1024,
		64 * 1024 * 1024, "N", "bytes of a request"),
	NUMBER("limit-disk-free", NULL, &limits.disk_free_bytes, 0, INT64_MAX,
		"BYTES", "writes stop when less is free on the disk"),
	NUMBER("limit-writes-per-minute", NULL, &limits.writes_per_minute, 0,
		INT32_MAX, "N", "of a session (0: no limit)"),
	NUMBER("limit-writes-burst", NULL, &limits.writes_burst, 1, INT32_MAX,
		"N", "of a session at once"),
	NUMBER("limit-namespace-day-bytes", NULL, &limits.day_bytes, 0,
		INT64_C(1) << 50, "BYTES",
		"most bytes of requests that write "
		"to a namespace in a day; 0: no limit (default: 1 GiB)"),
	NUMBER("limit-vectors-bytes", NULL, &limits.vectors_bytes, 0,
		INT64_C(1) << 40, "BYTES",
		"memory that vectors may take; older ones are kept shorter, "
		"the oldest in the file only (default: 24 MiB)"),
	NUMBER("limit-namespace-facts", NULL, &limits.namespace_facts, 1,
		INT32_MAX, "N", "facts of a namespace"),
};

/* --- paths ---------------------------------------------------------------- */
static int
options_find_database(char **ret, struct err *e)
{
	const char *path = arg.database && *arg.database
				   ? arg.database
				   : "~/.memories/memory.db";

	return options_path(path, ret, e);
}

/* --- options -------------------------------------------------------------- */
/* Those who may connect: users or groups. */
struct allowed {
	const char *option, *what;
	uint32_t *ids;
	size_t *n;
};

static bool
id_of(const struct allowed *a, const char *name, uint32_t *ret)
{
	const struct passwd *pw = NULL;
	const struct group *gr = NULL;
	int64_t n;

	if (text_int(name, 0, UINT32_MAX - 1, &n) == 0) {
		*ret = (uint32_t)n;
		return true;
	}
	if (strcmp(a->what, "user") == 0)
		pw = getpwnam(name);
	else
		gr = getgrnam(name);
	if (pw || gr)
		*ret = pw ? pw->pw_uid : gr->gr_gid;
	return pw || gr;
}

static int
read_allowed(const char *given, const struct allowed *a, struct err *e)
{
	AUTO_FREE char *list = NULL;
	char *at, *one;

	*a->n = 0;
	if (!given)
		return 0;
	list = strdup(given);
	if (!list)
		return err_nomem(e);
	at = list;
	while ((one = strsep(&at, ", "))) {
		if (!*one)
			continue;
		if (*a->n == CONFIG_UIDS)
			return err_param(e, MDB_E_INVALID, a->option,
				"--%s: at most %d", a->option, CONFIG_UIDS);
		if (!id_of(a, one, &a->ids[*a->n]))
			return err_param(e, MDB_E_INVALID, a->option,
				"--%s: no %s '%.64s'; give numbers or names, "
				"separated by commas",
				a->option, a->what, one);
		++*a->n;
	}
	return 0;
}

static int
read_labels(struct err *e)
{
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
options_read_weights(struct config *config, struct err *e)
{
	struct err why = {0};
	int rc;

	config->weights = recall_weights_default;
	if (!arg.weights)
		return 0;
	rc = recall_weights_parse(&config->weights, arg.weights, &why);
	return rc ? err_param(e, rc, "recall-weights",
			    "--recall-weights "
			    "(MEMORY_RECALL_WEIGHTS): %s",
			    why.text)
		  : 0;
}

static int
options_read_secrets(struct config *config, struct err *e)
{
	static const char *const names[] = {"refuse", "mark", "allow"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(arg.secrets, names[i]) == 0) {
			config->secrets = (enum secret_policy)i;
			return 0;
		}
	return err_param(e, MDB_E_INVALID, "secrets",
		"--secrets: refuse, mark or allow, not '%.32s'", arg.secrets);
}

static int
options_read_audit(struct config *config, struct err *e)
{
	config->audits_reads = strcmp(arg.audit, "all") == 0;
	if (config->audits_reads || strcmp(arg.audit, "writes") == 0 ||
		strcmp(arg.audit, "off") == 0)
		return 0;
	return err_param(e, MDB_E_INVALID, "audit",
		"--audit: off, writes or all, not '%.32s'", arg.audit);
}

/* --- the file beside the database ----------------------------------------- */
/* Which files and process this is about is said by others than the file. */
static const char *const not_in_file[] = {"socket", "database", "spawned",
	"ready-fd", "new-instance", "database-id", NULL};

/* Only this user may have written it, and read: it may name a key. What root
 * put there may be read by all. */
static int
check_mode(const struct stat *st, const char *path, struct err *e)
{
	mode_t bad = st->st_uid == geteuid() ? 077 : 022;

	if ((st->st_mode & bad) == 0)
		return 0;
	return err_set(e, MDB_E_DENIED,
		"%s has mode %04o: others could set what this service does; "
		"look at what is in it, then run: chmod 600 '%s'",
		path, (unsigned)st->st_mode & 07777, path);
}

static int
options_read_file(const char *database, struct err *e)
{
	AUTO_FREE char *path = NULL;
	AUTO_BUF struct buf text = {0};
	AUTO_FD int fd = -1;
	struct stat st;
	ssize_t n;
	int rc = settings_file(database, &path, e);

	if (rc == 0)
		rc = owned_open(path, O_RDONLY, 0, &fd, &st, e);
	if (rc == MDB_E_NOT_FOUND || (rc == MDB_E_STORE && errno == ENOTDIR))
		return 0;
	if (rc < 0 || (rc = check_mode(&st, path, e)) < 0)
		return rc;
	if (buf_reserve(&text, SETTINGS_FILE_BYTES + 1) != 0)
		return err_nomem(e);
	do {
		n = read(fd, text.data + text.len,
			SETTINGS_FILE_BYTES + 1 - text.len);
		text.len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 || text.len > SETTINGS_FILE_BYTES)
		return err_set(e, MDB_E_INVALID,
			"%s cannot be read, or has "
			"more than %d bytes",
			path, SETTINGS_FILE_BYTES);
	arg.file_text = buf_steal(&text);
	if (!arg.file_text)
		return err_nomem(e);
	return conf_text(options, ARRAY_LEN(options), not_in_file, path,
		arg.file_text, e);
}

/* --- all together --------------------------------------------------------- */
/* Said before options are read, as it decides which of them count. */
static bool
is_spawned(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--spawned") == 0)
			return true;
	return false;
}

/* What the database is and how long to wait for clients may be said by a
 * client; all else comes from elsewhere when one started the service. */
static void
choose_sources(struct conf_opt *table, bool spawned)
{
	static const char *const of_clients[] = {"MEMORY_DB_SOCKET",
		"MEMORY_DB_PATH", "MEMORY_DB_EXIT_WHEN_IDLE"};

	memcpy(table, options, sizeof(options));
	for (size_t i = 0; spawned && i < ARRAY_LEN(options); i++) {
		bool keep = false;

		for (size_t k = 0; table[i].env && k < ARRAY_LEN(of_clients);
			k++)
			keep |= strcmp(table[i].env, of_clients[k]) == 0;
		if (!keep)
			table[i].env = NULL;
	}
}

static int
options_finish(struct config *config, struct err *e)
{
	struct allowed uids = {"allow-uid", "user", limits.allow_uids,
		&limits.allow_n};
	struct allowed gids = {"allow-gid", "group", limits.allow_gids,
		&limits.allow_gids_n};

	if (read_allowed(arg.allow_uid, &uids, e) ||
		read_allowed(arg.allow_gid, &gids, e) || read_labels(e) ||
		options_read_weights(&limits, e) ||
		options_read_secrets(&limits, e) ||
		options_read_audit(&limits, e))
		return e->code;
	limits.namespace_ = arg.namespace_;
	limits.branch = arg.branch;
	limits.is_spawned = arg.spawned;
	limits.group_max = arg.group_max;
	limits.exit_when_idle_s = arg.spawned ? LIMIT_SPAWNED_IDLE_S : 0;
	if (arg.idle >= 0)
		limits.exit_when_idle_s = arg.idle;
	limits.embed = arg.embed;
	limits.embed_model = arg.embed_model;
	limits.weights_text = arg.weights;
	*config = limits;
	return 0;
}

void
options_done(struct options *o)
{
	free(o->file_text);
	o->file_text = NULL;
}

/* The libraries that are there now, which need not be those of the build. */
static void
tell_versions(void)
{
	static char text[400];

	snprintf(text, sizeof(text),
		"scripts run in Lua %s (in memory-sandbox, linked "
		"statically)\nSQLite %s, zlib %s, libsodium %s, Jansson %s, "
		"libev %d.%d, utf8proc %s\n",
		MEMORY_LUA, store_sqlite_version(), zlibVersion(),
		sodium_version_string(), jansson_version_str(),
		ev_version_major(), ev_version_minor(), utf8proc_version());
	conf_version(text);
}

/* What the options say with the file of settings behind them. */
static int
options_read_again(const struct conf_opt *table, int argc, char **argv,
	struct config *config, struct err *e)
{
	int rest = argc;
	int rc = conf_read(table, ARRAY_LEN(options), argc, argv, &rest, e);

	if (rc != 0)
		return rc;
	return options_finish(config, e);
}

int
options_read(int argc, char **argv, struct options *ret, struct config *config,
	char **ret_database, struct err *e)
{
	struct conf_opt table[ARRAY_LEN(options)];
	int rest = argc, rc;

	if (is_spawned(argc, argv))
		spawn_env_clear();
	choose_sources(table, is_spawned(argc, argv));
	conf_usage("memory-db [options]",
		"Keeps a memory for language model agents in one SQLite file "
		"and serves it\non a Unix socket. See memory-db(8).");
	tell_versions();
	/* Twice: the first tells which file lies beside the database, and the
	 * second comes before what that says. */
	rc = conf_read(table, ARRAY_LEN(table), argc, argv, &rest, e);
	ret->ready_fd = arg.ready_fd;
	if (rc)
		return rc;
	if (rest < argc)
		return err_set(e, MDB_E_INVALID,
			"'%.64s': memory-db takes options only; see --help",
			argv[rest]);
	if (options_find_database(ret_database, e))
		return e->code;
	if (options_read_file(*ret_database, e)) {
		options_done(&arg);
		return e->code;
	}
	rc = options_read_again(table, argc, argv, config, e);
	if (rc != 0) {
		options_done(&arg);
		return rc;
	}
	*ret = arg;
	return 0;
}
