/* doctor, the socket: where it is, who owns it, who answers, and what the
 * answer says. Each question is asked only when the one before was answered
 * well, so that one fault gives one line and not five. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/contract/rpc.h"
#include "common/sock.h"
#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/twomemories.h"

#define SHARED	    TWOMEMORIES_SHARED
#define PATIENCE_MS 2000
#define ANSWER_MS   5000 /* of a service with much to do, too */

static const char *
group_name(gid_t gid)
{
	static char text[80];
	const struct group *gr = getgrgid(gid);

	if (gr)
		snprintf(text, sizeof(text), "%s", gr->gr_name);
	else
		snprintf(text, sizeof(text), "%u", (unsigned)gid);
	return text;
}

/* How to be let in to a service of the machine. */
static void
way_in(const struct stat *st, char *out, size_t size)
{
	if (st->st_mode & S_IWGRP)
		snprintf(out, size,
			"its group is '%s': sudo usermod -aG %s %s, "
			"then log in again (a membership counts from the next "
			"login)",
			group_name(st->st_gid), group_name(st->st_gid),
			doctor_user(geteuid()));
	else
		snprintf(out, size,
			"it admits its own user alone: give "
			"memory-db.socket SocketGroup=memory and "
			"SocketMode=0660, and memory-db --allow-gid memory");
}

/* A socket in the shared place that is not used: a service of the machine that
 * does not let this user in, or a squatter. Both are harmless, and worth
 * knowing. */
static void
check_squatter(struct doctor *d)
{
	char way[300];
	struct stat st;

	if (strcmp(d->socket, SHARED) == 0 || lstat(SHARED, &st) != 0)
		return;
	if (st.st_uid == geteuid())
		doctor_say(d, DOCTOR_WARN, "socket",
			"if one listens there "
			"still, end it: memoryctl --socket " SHARED " doctor "
			"names its process",
			SHARED " is yours, too, and is "
			       "not asked any more");
	else if (!sock_is_trusted(st.st_uid))
		doctor_say(d, DOCTOR_WARN, "socket",
			"if that is not your "
			"service user (MEMORY_DB_SERVICE_USER), ask them to "
			"move it",
			SHARED " belongs to %s: it is not used",
			doctor_user(st.st_uid));
	else if (access(SHARED, W_OK) != 0) {
		way_in(&st, way, sizeof(way));
		doctor_say(d, DOCTOR_WARN, "socket", way,
			"a memory service of "
			"this machine listens at " SHARED " and does not let "
			"you in: you have a memory of your own instead");
	}
}

/* The service of the machine would answer, and another one comes first. */
static void
doctor_socket_check_both(struct doctor *d)
{
	char own[PATH_MAX];
	enum twomemories which = twomemories_at(d->socket, own);

	if (which == TWOMEMORIES_OWN_SERVES)
		doctor_say(d, DOCTOR_OK, "socket", twomemories_advice(which),
			"a memory service of this machine listens at " SHARED
			" and lets you in; it is not asked, as the socket "
			"above comes first, and what each holds is apart");
}

/* The service that was chosen refuses this user. */
static void
say_denied(struct doctor *d, const char *path, const struct err *e)
{
	char way[300] = "set MEMORY_DB_SOCKET to a path of yours";
	struct stat st;

	if (lstat(path, &st) == 0 && sock_is_trusted(st.st_uid))
		way_in(&st, way, sizeof(way));
	doctor_say(d, DOCTOR_FAIL, "socket", way, "%s", e->text);
}

static void
doctor_socket_check_folder(struct doctor *d)
{
	char dir[PATH_MAX];
	struct stat st;
	char *slash;

	snprintf(dir, sizeof(dir), "%s", d->socket);
	slash = strrchr(dir, '/');
	if (!slash)
		return;
	slash[slash == dir ? 1 : 0] = '\0';
	if (stat(dir, &st) < 0) {
		doctor_say(d, DOCTOR_FAIL, "socket",
			"make the folder, or "
			"choose another MEMORY_DB_SOCKET",
			"its folder %s cannot be reached: %s", dir,
			strerrordesc_np(errno));
	} else if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)) {
		doctor_say(d, DOCTOR_WARN, "socket",
			"chmod o-w the folder, "
			"or choose another MEMORY_DB_SOCKET",
			"everybody may replace files in its folder %s", dir);
	} else if (access(dir, W_OK | X_OK) < 0 &&
		   access(d->socket, W_OK) < 0) {
		doctor_say(d, DOCTOR_WARN, "socket",
			"memory-db must be "
			"started by its owner, or elsewhere",
			"you may not make files in its folder %s", dir);
	}
}

/* What lies at the path. False: no socket to talk to. */
static bool
doctor_socket_check_file(struct doctor *d)
{
	struct stat st;

	if (lstat(d->socket, &st) < 0) {
		if (errno == ENOENT)
			doctor_say(d, DOCTOR_OK, "socket", NULL,
				"does not "
				"exist yet: memory-db makes it when it starts");
		else
			doctor_say(d, DOCTOR_FAIL, "socket",
				"choose another "
				"MEMORY_DB_SOCKET",
				"cannot be reached: %s",
				strerrordesc_np(errno));
		return false;
	}
	if (!S_ISSOCK(st.st_mode)) {
		doctor_say(d, DOCTOR_FAIL, "socket",
			"move it away, or choose "
			"another MEMORY_DB_SOCKET",
			"%s is no socket: memory-db will not start there",
			d->socket);
		return false;
	}
	/* Others are let in on purpose (a group, --allow-uid), and memory-db
	 * asks the kernel who they are: nothing to take back. */
	doctor_say(d, DOCTOR_OK, "socket", NULL,
		"owned by %s, group %s, mode "
		"%04o%s",
		doctor_user(st.st_uid), group_name(st.st_gid),
		(unsigned)st.st_mode & 07777,
		st.st_mode & 022
			? ": others may ask, memory-db decides (--allow-uid, "
			  "--allow-gid)"
			: "");
	return true;
}

void
doctor_socket(struct doctor *d)
{
	char path[SOCK_PATH_SIZE], name[64] = "";
	struct sock_peer peer;
	struct err e = {0};
	const char *why = "";
	AUTO_FD int fd = -1;
	int rc;

	if (sock_path(d->c->socket, path, &why, &e) != 0) {
		doctor_say(d, DOCTOR_FAIL, "socket", NULL, "%s", e.text);
		return;
	}
	snprintf(d->socket, sizeof(d->socket), "%s", path);
	doctor_say(d, DOCTOR_OK, "socket", NULL, "%s: %s", path, why);
	check_squatter(d);
	doctor_socket_check_both(d);
	doctor_socket_check_folder(d);
	if (!doctor_socket_check_file(d))
		return;
	rc = sock_connect(path, PATIENCE_MS, &fd, &e);
	if (rc == MDB_E_UNREACHABLE)
		doctor_say(d, DOCTOR_WARN, "socket",
			"nothing to do: the next "
			"memory-db replaces it",
			"stale: %s", e.text);
	else if (rc != 0)
		say_denied(d, path, &e);
	if (rc != 0 || sock_peer(fd, &peer, &e) != 0)
		return;
	doctor_process(peer.pid, name, sizeof(name));
	doctor_say(d, DOCTOR_OK, "socket", NULL,
		"process %ld (%s) of %s "
		"listens",
		(long)peer.pid, name[0] ? name : "?", doctor_user(peer.uid));
	d->is_listening = true;
	d->pid = (long)peer.pid;
}

static void
doctor_socket_check_version(struct doctor *d)
{
	const char *version = cli_str(d->hello, "version", "?");
	bool is_same = strcmp(version, MEMORY_VERSION) == 0;
	int64_t protocol = cli_int(d->hello, "protocol", 0);

	doctor_say(d, is_same ? DOCTOR_OK : DOCTOR_WARN, "service",
		is_same ? NULL : "restart memory-db after an update",
		"memory-db %s, protocol %lld, schema %lld, process %lld%s; "
		"memoryctl %s, protocol %d",
		version, (long long)protocol,
		(long long)cli_int(d->hello, "schema", 0),
		(long long)cli_int(d->hello, "pid", 0),
		json_is_true(json_object_get(d->hello, "spawned"))
			? " (started by a client)"
			: "",
		MEMORY_VERSION, RPC_PROTOCOL);
}

/* What this client has in its environment, and the service does not go by. */
static void
check_ignored(struct doctor *d)
{
	const char *name;
	json_t *why;

	json_object_foreach(json_object_get(d->hello, "ignored_settings"), name,
		why)
		doctor_say(d, DOCTOR_WARN, "service", "unset it", "%s %s", name,
			json_is_string(why) ? json_string_value(why)
					    : "is ignored");
}

/* Scripts run behind walls or not at all. */
static void
check_scripts(struct doctor *d)
{
	const json_t *box = json_object_get(d->status, "sandbox");
	const char *reason = cli_str(box, "reason", "no reason given");

	if (!json_is_false(json_object_get(box, "available")))
		return;
	/* A service that has just begun. */
	if (strstr(reason, "self test is running") != NULL) {
		doctor_say(d, DOCTOR_OK, "scripts", NULL, "%s", reason);
		return;
	}
	doctor_say(d, DOCTOR_WARN, "scripts",
		"memory-sandbox must lie beside memory-db, or where "
		"MEMORY_SANDBOX_PROGRAM says; all else works without it",
		"execute_code answers `unavailable`: %s", reason);
}

/* Clients that found no room: every one of them believes the memory is gone. */
static void
check_room(struct doctor *d)
{
	const json_t *queues = json_object_get(d->status, "queues");
	const json_t *limits = json_object_get(d->status, "limits");
	int64_t refused = cli_int(queues, "connections_refused", 0);

	if (refused <= 0)
		return;
	doctor_say(d, DOCTOR_WARN, "service",
		"end clients that are not used; or raise --limit-connections, "
		"and the descriptors that memory-db may have (ulimit -n, "
		"LimitNOFILE of the unit)",
		"it turned away %lld connections since it began: %lld are open, "
		"%lld is the most",
		(long long)refused,
		(long long)cli_int(queues, "connections", 0),
		(long long)cli_int(limits, "connections", 0));
}

/* It listens, and does not answer. */
static void
say_silent(struct doctor *d, const char *why)
{
	char advice[160] = "look at its log; restart it if it hangs";
	char state = doctor_process_state(d->pid);

	if (state == 'T' || state == 't')
		snprintf(advice, sizeof(advice),
			"process %ld was stopped (SIGSTOP, Ctrl-Z, a debugger): "
			"kill -CONT %ld lets it go on",
			d->pid, d->pid);
	else if (state == 'D')
		snprintf(advice, sizeof(advice),
			"process %ld waits for its disk: look at the system's "
			"log (dmesg) and at the disk",
			d->pid);
	doctor_say(d, DOCTOR_FAIL, "service", advice, "it does not answer: %s",
		why);
}

/* What the service says of itself now; false after saying that it says nothing. */
static bool
ask_status(struct doctor *d, memory_client *client)
{
	char *reply = NULL;
	struct err e = {0};
	bool is_told = memory_client_call(client, "get_memory_status", NULL,
			       &reply) == MEMORY_OK;

	if (is_told) {
		json_decref(d->status);
		d->status = jx_parse(reply, strlen(reply), &e);
	} else {
		doctor_say(d, DOCTOR_FAIL, "service", "look at its log",
			"no status: %s", memory_client_error(client));
	}
	memory_free(reply);
	return is_told;
}

static const json_t *
problems_of(const struct doctor *d)
{
	return json_object_get(json_object_get(d->status, "health"),
		"problems");
}

/* It knows of what it met, and one that nobody asks meets nothing: so it is asked
 * to read. A read that is refused shows what the status then tells; one that hangs
 * shows nothing there. */
static void
try_reading(struct doctor *d, memory_client *client)
{
	char *reply = NULL;
	int rc = memory_client_call(client, "list_namespaces", NULL, &reply);
	char why[400];

	memory_free(reply);
	if (rc == MEMORY_OK)
		return;
	snprintf(why, sizeof(why), "%s", memory_client_error(client));
	if (rc == MEMORY_REFUSED && !ask_status(d, client))
		return;
	if (json_array_size(problems_of(d)) == 0)
		doctor_say(d, DOCTOR_FAIL, "service",
			"look at its log and at the disk; a restart helps when "
			"something hangs",
			"it answers, but does not read: %s", why);
}

/* What the service itself finds wrong. */
static void
check_health(struct doctor *d, memory_client *client)
{
	const json_t *p;
	size_t i;

	if (!ask_status(d, client))
		return;
	if (json_array_size(problems_of(d)) == 0)
		try_reading(d, client);
	check_scripts(d);
	check_room(d);
	json_array_foreach(problems_of(d), i, p)
		doctor_say(d,
			cli_is_broken(d->status) ? DOCTOR_FAIL : DOCTOR_WARN,
			"service", NULL, "it says: %s",
			json_is_string(p) ? json_string_value(p) : "?");
}

void
doctor_service(struct doctor *d)
{
	struct memory_options options;
	memory_client *client;
	char path[PATH_MAX], *reply = NULL;
	struct err e = {0};
	int rc;

	if (!d->is_listening) {
		doctor_say(d, DOCTOR_OK, "service", NULL,
			"does not run; the "
			"first client starts it");
		return;
	}
	if (cli_client_options(d->c, &options, path, sizeof(path)) != CLI_OK)
		return;
	options.socket = d->socket;
	options.retries = -1;
	options.connect_timeout_ms = PATIENCE_MS;
	options.timeout_ms = ANSWER_MS;
	client = memory_client_new(&options);
	if (!client) {
		d->is_out_of_memory = true;
		return;
	}
	rc = memory_client_connect(client, &reply);
	if (rc == MEMORY_OK) {
		d->hello = jx_parse(reply, strlen(reply), &e);
		doctor_socket_check_version(d);
		check_ignored(d);
		check_health(d, client);
	} else if (rc == MEMORY_REFUSED) {
		doctor_say(d, DOCTOR_FAIL, "service",
			strcmp(memory_client_error_code(client),
				"wrong_database")
				? "update the older of the two programs"
				: "unset MEMORY_DB_PATH, or give that database a "
				  "MEMORY_DB_SOCKET of its own",
			"it answers, but: %s", memory_client_error(client));
	} else {
		say_silent(d, memory_client_error(client));
	}
	memory_free(reply);
	memory_client_free(client);
}
