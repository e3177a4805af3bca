/* The work is done by the programs that people have for it: ssh and git. What
 * stands in a shell line of the other machine is quoted. */
#include "memory-db/cli/lib/remote.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/cli/lib/gitrun.h"
#include "memory-db/cli/lib/programs.h"

#define ENDING	     ".jsonl"
#define OUTPUT_BYTES (1024 * 1024)
/* Of a place, and what of it is the name. */
#define PLACE_BYTES sizeof(((struct remote *)0)->place)
#define PLACE_NAME  200

/* --- names ----------------------------------------------------------------- */
/* A namespace as the name of a folder: "team/app" is "team_app-HASH". The hash
 * tells those apart that would be written alike. */
static void
remote_place(const char *namespace_, char out[PLACE_BYTES])
{
	size_t len = strlen(namespace_), n = 0;
	bool is_plain = len <= PLACE_NAME && namespace_[0] != '.';
	unsigned char hash[16];

	for (const char *s = namespace_; *s && n < PLACE_NAME; s++) {
		bool is_kept = isalnum((unsigned char)*s) || *s == '-' ||
			       (*s == '.' && n > 0);

		is_plain = is_plain && is_kept;
		out[n++] = is_kept ? *s : '_';
	}
	out[n] = '\0';
	if (is_plain)
		return;
	crypto_generichash(hash, sizeof(hash),
		(const unsigned char *)namespace_, len, NULL, 0);
	out[n++] = '-';
	sodium_bin2hex(out + n, PLACE_BYTES - n, hash, sizeof(hash));
}

static bool
is_database_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 64 && strspn(s, "0123456789abcdef-") == n;
}

/* "~/x" as a shell would read it: here below HOME; on another machine x, as ssh
 * begins in the home folder. In quotes, and behind "git:" or "HOST:", no shell
 * has seen it. */
static int
read_path(const char *text, struct remote *ret, struct err *e)
{
	const char *home = getenv("HOME"), *before = "";
	int n;

	if (!*text || strchr(text, '\'') || strchr(text, '\n'))
		return err_set(e, MDB_E_INVALID,
			"REMOTE is a folder, HOST:FOLDER or git:REPOSITORY");
	if (text[0] == '~' && text[1] != '/' && text[1] != '\0')
		return err_set(e, MDB_E_INVALID,
			"'%.200s' begins with the home of a user: write the "
			"path in full",
			text);
	if (text[0] == '~') {
		text += text[1] == '/' ? 2 : 1;
		text += strspn(text, "/");
		if (ret->kind != REMOTE_SSH && (!home || home[0] != '/'))
			return err_set(e, MDB_E_INVALID,
				"HOME is not set: write the path in full");
		before = ret->kind == REMOTE_SSH ? "./" : home;
	}
	n = snprintf(ret->path, sizeof(ret->path), "%s%s%s", before,
		before[0] == '/' ? "/" : "", text);
	return n < (int)sizeof(ret->path)
		       ? 0
		       : err_set(e, MDB_E_INVALID, "the path is too long");
}

int
remote_read(const char *text, const char *namespace_, struct remote *ret,
	struct err *e)
{
	const char *colon = strchr(text, ':'), *slash = strchr(text, '/');

	*ret = (struct remote){.kind = REMOTE_FOLDER};
	remote_place(namespace_, ret->place);
	if (strncmp(text, "git:", 4) == 0) {
		ret->kind = REMOTE_GIT;
		text += 4;
	} else if (colon && colon > text && (!slash || colon < slash)) {
		ret->kind = REMOTE_SSH;
		if (text[0] == '-' || colon - text >= 255)
			return err_set(e, MDB_E_INVALID, "no such host");
		snprintf(ret->host, sizeof(ret->host), "%.*s",
			(int)(colon - text), text);
		text = colon + 1;
	}
	return read_path(text, ret, e);
}

/* --- programs -------------------------------------------------------------- */
/* Runs one: in and out are descriptors (-1: nothing). *text (may be NULL): what
 * it prints instead. */
static int
remote_run(const char *name, const char *const *argv, int in, int out,
	struct buf *text, struct err *e)
{
	char program[PATH_MAX], chunk[4096];
	int ends[2] = {-1, -1}, status = -1;
	ssize_t got;
	pid_t child;

	if (!programs_on_path(name, program))
		return err_set(e, MDB_E_NOT_FOUND, "%s is not on PATH", name);
	if (text && pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, MDB_E_LIMIT, "no descriptors");
	child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		int to = out >= 0 ? out : null;

		if (strcmp(name, "git") == 0)
			gitrun_forget_caller();
		if (dup2(in >= 0 ? in : null, 0) >= 0 &&
			dup2(text ? ends[1] : to, 1) >= 0)
			execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (ends[1] >= 0)
		close(ends[1]);
	while (child > 0 && text &&
		(got = read(ends[0], chunk, sizeof(chunk))) > 0)
		if (text->len < OUTPUT_BYTES &&
			buf_add(text, chunk, (size_t)got) != 0)
			break;
	if (ends[0] >= 0)
		close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) ||
		WEXITSTATUS(status) != 0)
		return err_set(e, MDB_E_STORE, "%s failed", name);
	return 0;
}

static int
remote_ssh(const struct remote *r, const char *line, int in, int out,
	struct buf *text, struct err *e)
{
	const char *const argv[] = {"ssh", "-o", "BatchMode=yes", "--", r->host,
		line, NULL};

	return remote_run("ssh", argv, in, out, text, e);
}

static int
remote_git_line(const struct remote *r, const char *const *args, int in,
	int out, struct buf *text, struct err *e)
{
	const char *argv[12] = {"git", "-C", r->path};

	for (size_t i = 0; args[i] && i < 8; i++)
		argv[i + 3] = args[i];
	return remote_run("git", argv, in, out, text, e);
}

/* --- putting --------------------------------------------------------------- */
/* With those above it. */
static int
remote_make_folders(char *path)
{
	for (char *slash = path; (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

static int
put_in_folder(const struct remote *r, const char *database, int from,
	struct err *e)
{
	AUTO_BUF struct buf folder = {0}, to = {0}, temp = {0};
	char chunk[64 * 1024];
	AUTO_FD int fd = -1;
	ssize_t got = -1;

	if (buf_addf(&folder, "%s/%s", r->path, r->place) != 0 ||
		buf_addf(&to, "%s/%s/%s" ENDING, r->path, r->place, database) ||
		buf_addf(&temp, "%s/%s/.%s.new", r->path, r->place, database) ||
		!buf_str(&folder) || !buf_str(&to) || !buf_str(&temp))
		return err_nomem(e);
	if (remote_make_folders(folder.data) != 0)
		return err_set(e, MDB_E_STORE, "cannot make %s: %s",
			folder.data, strerrordesc_np(errno));
	/* Others write into the folder too: no link of theirs is followed. */
	(void)unlink(temp.data);
	fd = open(temp.data,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	while (fd >= 0 && (got = read(from, chunk, sizeof(chunk))) > 0)
		if (write(fd, chunk, (size_t)got) != got)
			break;
	if (fd < 0 || got != 0 || fsync(fd) < 0 ||
		rename(temp.data, to.data) < 0) {
		(void)unlink(temp.data);
		return err_set(e, MDB_E_STORE, "cannot write %s: %s", to.data,
			strerrordesc_np(errno));
	}
	return 0;
}

static int
put_by_git(const struct remote *r, const char *database, int from,
	struct err *e)
{
	const char *const hash[] = {"hash-object", "-w", "--stdin", NULL};
	AUTO_BUF struct buf blob = {0}, ref = {0};
	int rc = remote_git_line(r, hash, from, -1, &blob, e);

	if (rc != 0)
		return rc;
	if (buf_addf(&ref, "refs/memory/%s/%s", r->place, database) != 0 ||
		!buf_str(&ref) || !buf_str(&blob))
		return err_nomem(e);
	blob.data[strcspn(blob.data, "\n")] = '\0';
	const char *const update[] = {"update-ref", ref.data, blob.data, NULL};

	return remote_git_line(r, update, -1, -1, NULL, e);
}

int
remote_put(const struct remote *r, const char *database, const char *file,
	struct err *e)
{
	AUTO_FD int from = open(file, O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf line = {0};
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0 || !is_database_name(database))
		return err_set(e, MDB_E_STORE, "cannot read %s", file);
	if (r->kind == REMOTE_FOLDER)
		return put_in_folder(r, database, from, e);
	if (r->kind == REMOTE_GIT)
		return put_by_git(r, database, from, e);
	/* A connection that drops looks like the end of the file. */
	if (buf_addf(&line,
		    "umask 077 && mkdir -p '%s/%s' && cd '%s/%s' && "
		    "rm -f .%s.new && cat > .%s.new && "
		    "[ $(wc -c < .%s.new) -eq %lld ] && mv .%s.new %s" ENDING,
		    r->path, r->place, r->path, r->place, database, database,
		    database, (long long)st.st_size, database, database) != 0 ||
		!buf_str(&line))
		return err_nomem(e);
	return remote_ssh(r, line.data, from, -1, NULL, e);
}

/* --- getting --------------------------------------------------------------- */
/* A name of a line or a file, without what stands around it. */
static int
remote_add_name(json_t *names, const char *s, size_t n, struct err *e)
{
	size_t k = strlen(ENDING);
	char name[80];

	if (n > k && memcmp(s + n - k, ENDING, k) == 0)
		n -= k;
	if (n >= sizeof(name))
		return 0;
	memcpy(name, s, n);
	name[n] = '\0';
	if (!is_database_name(name))
		return 0;
	return jx_add(names, json_string(name)) != 0 ? err_nomem(e) : 0;
}

static int
list_folder(const struct remote *r, json_t *names, struct err *e)
{
	AUTO_BUF struct buf folder = {0};
	struct dirent *d;
	int rc = 0;
	DIR *dir;

	if (buf_addf(&folder, "%s/%s", r->path, r->place) != 0 ||
		!buf_str(&folder))
		return err_nomem(e);
	dir = opendir(folder.data);
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return err_set(e, MDB_E_STORE, "cannot read %s: %s",
			folder.data, strerrordesc_np(errno));
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		rc = remote_add_name(names, d->d_name, strlen(d->d_name), e);
		if (rc != 0)
			break;
	}
	closedir(dir);
	return rc;
}

static int
list_by_program(const struct remote *r, json_t *names, struct err *e)
{
	AUTO_BUF struct buf text = {0}, what = {0};
	int rc;

	if (buf_addf(&what,
		    r->kind == REMOTE_GIT ? "refs/memory/%s/"
					  : "ls '%s/%s' 2>/dev/null; true",
		    r->kind == REMOTE_GIT ? r->place : r->path,
		    r->place) != 0 ||
		!buf_str(&what))
		return err_nomem(e);
	const char *const refs[] = {"for-each-ref", "--format=%(refname)",
		what.data, NULL};

	rc = r->kind == REMOTE_GIT ? remote_git_line(r, refs, -1, -1, &text, e)
				   : remote_ssh(r, what.data, -1, -1, &text, e);
	if (rc != 0)
		return rc;
	for (size_t at = 0; at < text.len;) {
		const char *s = text.data + at;
		const char *nl = memchr(s, '\n', text.len - at);
		size_t n = nl ? (size_t)(nl - s) : text.len - at;
		const char *slash = memrchr(s, '/', n);
		size_t lead = slash ? (size_t)(slash + 1 - s) : 0;

		rc = remote_add_name(names, s + lead, n - lead, e);
		at += n + 1;
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
remote_list(const struct remote *r, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *names = json_array();
	int rc;

	if (!names)
		return err_nomem(e);
	rc = r->kind == REMOTE_FOLDER ? list_folder(r, names, e)
				      : list_by_program(r, names, e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(names);
	return 0;
}

/* What the program of this kind is asked for: a ref, a command, a path. */
static int
remote_name(const struct remote *r, const char *database, struct buf *out)
{
	switch (r->kind) {
	case REMOTE_GIT:
		return buf_addf(out, "refs/memory/%s/%s", r->place, database);
	case REMOTE_SSH:
		return buf_addf(out, "cat '%s/%s/%s" ENDING "'", r->path,
			r->place, database);
	case REMOTE_FOLDER:
		break;
	}
	return buf_addf(out, "%s/%s/%s" ENDING, r->path, r->place, database);
}

int
remote_get(const struct remote *r, const char *database, int fd, struct err *e)
{
	AUTO_BUF struct buf what = {0};
	char chunk[64 * 1024];
	AUTO_FD int from = -1;
	ssize_t got = -1;
	struct stat st;

	if (remote_name(r, database, &what) != 0 || !buf_str(&what))
		return err_nomem(e);
	const char *const cat[] = {"cat-file", "blob", what.data, NULL};

	if (r->kind == REMOTE_GIT)
		return remote_git_line(r, cat, -1, fd, NULL, e);
	if (r->kind == REMOTE_SSH)
		return remote_ssh(r, what.data, -1, fd, NULL, e);
	/* A pipe would wait for somebody to write into it. */
	from = open(what.data, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (from >= 0 && (fstat(from, &st) < 0 || !S_ISREG(st.st_mode)))
		return err_set(e, MDB_E_STORE, "%s is no regular file",
			what.data);
	while (from >= 0 && (got = read(from, chunk, sizeof(chunk))) > 0)
		if (write(fd, chunk, (size_t)got) != got)
			return err_set(e, MDB_E_STORE, "cannot write: %s",
				strerrordesc_np(errno));
	return got == 0 ? 0
			: err_set(e, MDB_E_STORE, "cannot read %s: %s",
				  what.data, strerrordesc_np(errno));
}
