/* A configuration file of an MCP client, read and replaced with care. The file
 * belongs to somebody else, who may have it open: the old content is kept
 * beside it (FILE.bak-TIME), the new one is written under another name and
 * renamed, and only if the file is still the one that was read. A link is
 * followed to its end and stays a link. */
#include "memory-db/cli/lib/clientfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/cli/lib/clienttoml.h"
#include "memory-db/cli/lib/clientyaml.h"
#include "memory-db/cli/lib/jscan.h"
#include "memory-db/cli/lib/newfile.h"
#include "memory-db/cli/lib/statefolder.h"

/* Claude Code keeps histories in its file: tens of MB occur. Others' are small,
 * and TOML and YAML are read as a whole. */
#define FILE_BYTES (256 * 1024 * 1024)

static int
clientfile_store_error(struct err *e, const char *what, const char *path)
{
	return err_set(e, MDB_E_STORE, "cannot %s %s: %s", what, path,
		strerrordesc_np(errno));
}

static int
clientfile_read_all(int fd, struct clientfile *cf, struct err *e)
{
	ssize_t got;

	do {
		if (cf->text.len > FILE_BYTES)
			return err_set(e, MDB_E_LIMIT,
				"%s is larger than %d "
				"MB",
				cf->path, FILE_BYTES / (1024 * 1024));
		if (buf_reserve(&cf->text, 64 * 1024) != 0)
			return err_nomem(e);
		got = read(fd, cf->text.data + cf->text.len, 64 * 1024 - 1);
		if (got < 0 && errno != EINTR)
			return clientfile_store_error(e, "read", cf->path);
		if (got > 0)
			cf->text.len += (size_t)got;
	} while (got != 0);
	return !buf_str(&cf->text) ? err_nomem(e) : 0;
}

static json_t *
parse_json(const struct buf *text, struct err *e)
{
	/* The parser says so first; here the name of the file comes first. */
	static const char begins[] = "not valid JSON ";
	const size_t n = sizeof(begins) - 1;
	AUTO_BUF struct buf plain = {0};
	struct err why = {0};
	json_t *all;

	if (jscan_space(text->data, text->len, 0) >= text->len) {
		all = json_object();
		if (!all)
			err_nomem(e);
		return all;
	}
	if (jscan_plain(text->data, text->len, &plain) != 0) {
		err_nomem(e);
		return NULL;
	}
	all = jx_parse_any(plain.data, plain.len, &why);
	if (all)
		return all;
	if (why.code == MDB_E_NOMEM)
		err_nomem(e);
	else
		err_set(e, MDB_E_INVALID, "is no valid JSON (%s)",
			why.text + (strncmp(why.text, begins, n) == 0 ? n : 0));
	return NULL;
}

json_t *
clientfile_parse(enum client_format format, const struct buf *text,
	struct err *e)
{
	json_t *all = NULL;

	switch (format) {
	case CLIENT_JSON:
		all = parse_json(text, e);
		break;
	case CLIENT_TOML:
		all = clienttoml_parse(text, e);
		break;
	case CLIENT_YAML:
		all = clientyaml_parse(text, e);
		break;
	case CLIENT_NONE:
		err_set(e, MDB_E_INVALID, "cannot be edited by this program");
		break;
	}
	if (all && !json_is_object(all)) {
		json_decref(all);
		err_set(e, MDB_E_INVALID, "holds no object at its top");
		return NULL;
	}
	return all;
}

int
clientfile_load(struct clientfile *cf, const char *path, struct err *e)
{
	AUTO_FD int fd = -1;

	*cf = (struct clientfile){0};
	/* Renaming over a link would cut it off from its target. */
	if (!realpath(path, cf->path)) {
		if (errno != ENOENT)
			return clientfile_store_error(e, "read", path);
		if (lstat(path, &cf->st) == 0)
			return err_set(e, MDB_E_INVALID,
				"%s is a link to a file that does not exist: "
				"nothing was changed",
				path);
		if (strlen(path) >= sizeof(cf->path))
			return err_set(e, MDB_E_INVALID, "path too long");
		memcpy(cf->path, path, strlen(path) + 1);
		return 0;
	}
	fd = open(cf->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &cf->st) < 0)
		return clientfile_store_error(e, "read", cf->path);
	if (!S_ISREG(cf->st.st_mode))
		return err_set(e, MDB_E_INVALID, "%s is no regular file",
			cf->path);
	cf->exists = true;
	return clientfile_read_all(fd, cf, e);
}

int
clientfile_read(struct clientfile *cf, enum client_format format,
	const char *path, struct err *e)
{
	struct err why = {0};
	int rc = clientfile_load(cf, path, e);

	if (rc != 0 || !cf->exists)
		return rc;
	cf->json = clientfile_parse(format, &cf->text, &why);
	if (cf->json)
		return 0;
	if (why.code == MDB_E_NOMEM)
		return err_nomem(e);
	return err_set(e, why.code,
		"%s %s: correct it first; nothing was changed", cf->path,
		why.text);
}

static bool
is_unchanged(const struct clientfile *cf)
{
	struct stat now;

	if (stat(cf->path, &now) < 0)
		return errno == ENOENT && !cf->exists;
	return cf->exists && now.st_ino == cf->st.st_ino &&
	       now.st_size == cf->st.st_size &&
	       now.st_mtim.tv_sec == cf->st.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == cf->st.st_mtim.tv_nsec;
}

static int
clientfile_write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, data, n);

		if (put < 0 && errno != EINTR)
			return MDB_E_STORE;
		if (put > 0) {
			data += put;
			n -= (size_t)put;
		}
	}
	return fsync(fd) < 0 ? MDB_E_STORE : 0;
}

/* A second backup in the same second gets a number. */
static int
backup(const struct clientfile *cf, char *path, struct err *e)
{
	time_t now = (time_t)(clock_now_ms() / 1000);
	AUTO_FD int fd = -1;
	char stamp[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	for (int i = 0; i < 100 && fd < 0; i++) {
		int n = i == 0 ? snprintf(path, PATH_MAX, "%s.bak-%s", cf->path,
					 stamp)
			       : snprintf(path, PATH_MAX, "%s.bak-%s-%d",
					 cf->path, stamp, i);

		if (n >= PATH_MAX)
			return err_set(e, MDB_E_STORE,
				"no room for the name "
				"of a backup of %s",
				cf->path);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			cf->st.st_mode & 0777);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0 ||
		clientfile_write_all(fd, cf->text.data, cf->text.len) != 0)
		return clientfile_store_error(e, "write the backup", path);
	return 0;
}

static int
need_unchanged(const struct clientfile *cf, struct err *e)
{
	if (is_unchanged(cf))
		return 0;
	return err_set(e, MDB_E_CONFLICT,
		"%s was changed by another program in this moment: run this "
		"again",
		cf->path);
}

/* Who made a file read-only (or keeps it in a store of packages and links to
 * it) does not want it edited; and another user's file is that user's. */
static int
may_write(const struct clientfile *cf, struct err *e)
{
	if (!cf->exists)
		return 0;
	if ((cf->st.st_mode & 0222) == 0)
		return err_set(e, MDB_E_DENIED,
			"%s is read-only (mode %04o): nothing was changed",
			cf->path, (unsigned)(cf->st.st_mode & 07777));
	if (geteuid() != 0 && cf->st.st_uid != geteuid())
		return err_set(e, MDB_E_DENIED,
			"%s belongs to another user: nothing was changed",
			cf->path);
	return 0;
}

/* Makes the folder of a new file, and those above it. */
static int
clientfile_make_folders(const struct clientfile *cf, struct err *e)
{
	char dir[PATH_MAX];

	if (statefolder_make_above(cf->path, dir) != 0)
		return clientfile_store_error(e, "make the folder", dir);
	return 0;
}

int
clientfile_write(const struct clientfile *cf, const char *text, size_t n,
	mode_t new_mode, char *ret_backup, struct err *e)
{
	AUTO_NEWFILE struct newfile nf = {0};
	mode_t mode = cf->exists ? cf->st.st_mode & 07777 : new_mode;
	int rc;

	ret_backup[0] = '\0';
	if ((rc = may_write(cf, e)) != 0 ||
		(!cf->exists && (rc = clientfile_make_folders(cf, e)) != 0))
		return rc;
	if (cf->exists && (rc = backup(cf, ret_backup, e)) != 0)
		return rc;
	if ((rc = newfile_open(&nf, cf->path, mode, e)) != 0)
		return rc;
	if (cf->exists &&
		(cf->st.st_uid != geteuid() || cf->st.st_gid != getegid()) &&
		fchown(fileno(nf.f), cf->st.st_uid, cf->st.st_gid) < 0)
		return clientfile_store_error(e, "keep the owner of", cf->path);
	fwrite(text, 1, n, nf.f);
	rc = need_unchanged(cf, e);
	if (rc != 0)
		return rc;
	return newfile_commit(&nf, e);
}

int
clientfile_remove(const struct clientfile *cf, struct err *e)
{
	int rc = may_write(cf, e);

	if (rc != 0)
		return rc;
	rc = need_unchanged(cf, e);
	if (rc != 0)
		return rc;
	if (unlink(cf->path) != 0)
		return clientfile_store_error(e, "remove", cf->path);
	statefolder_remove_above(cf->path);
	return 0;
}

void
clientfile_done(struct clientfile *cf)
{
	buf_done(&cf->text);
	json_decref(cf->json);
	cf->json = NULL;
}
