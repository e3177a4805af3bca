/* One backup, step by step; backup_make.h draws the way. Each step is checked
 * by the next one: the copy is verified before it is packed, the packed file
 * is read back from the disk before it counts, and only then does it get its
 * name. What fails leaves the backups that there are as they were. */
#include "memory-db/cli/lib/backup_make.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/client/memory_client_int.h"
#include "common/jx.h"
#include "memory-db/cli/lib/backup_base.h"
#include "memory-db/cli/lib/backup_check.h"
#include "memory-db/cli/lib/backup_file.h"
#include "memory-db/cli/lib/backup_sum.h"
#include "memory-db/cli/lib/newfile.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/progress.h"

/* Seconds that a copy may take: it has the time of an ordinary call otherwise,
 * and a large database on a slow disk takes longer. */
#define COPY_S 600
/* Problems of a damaged database that are printed. */
#define PROBLEMS_SHOWN 5

/* A database that is not there is not made in order to be backed up. */
static int
open_database(struct cli *c, struct backup_copy *ret)
{
	char path[PATH_MAX];
	struct err e = {0};
	int rc = database_use_open(&ret->use, c, true, &e);

	if (rc == CLI_PROBLEM)
		return cli_fail(cli_exit_of(e.code), "%s. No backup was made",
			e.text);
	if (rc != CLI_OK)
		return rc;
	if (!ret->use.is_there) {
		if (database_use_path(c, path) != CLI_OK)
			return CLI_USAGE;
		rc = cli_fail(CLI_PROBLEM,
			"there is no database %s; no backup was made and no "
			"old one removed. memoryctl restore brings one back",
			path);
	}
	return rc;
}

int
backup_copy_open(struct cli *c, struct backup_copy *ret)
{
	int rc;

	*ret = (struct backup_copy){.fd = -1};
	if (c->timeout_s < COPY_S)
		c->timeout_s = COPY_S;
	rc = open_database(c, ret);
	return rc == CLI_OK ? cli_connect(ret->use.cli) : rc;
}

int
backup_copy_take(struct backup_copy *ret)
{
	struct cli *c = ret->use.cli;
	struct stat st;
	int rc;

	mc_keep_fds(c->client);
	rc = cli_call(c, "snapshot_database", json_object(), CLI_NOW,
		&ret->reply);
	if (rc != CLI_OK)
		return rc;
	ret->fd = mc_take_fd(c->client);
	if (ret->fd < 0 || fstat(ret->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		st.st_size != cli_int(ret->reply, "bytes", -1))
		return cli_fail(CLI_SYSTEM,
			"the service answered without the copy of its "
			"database; another version of memoryctl and memory-db? "
			"memoryctl doctor compares them");
	return CLI_OK;
}

static int
backup_make_tell_problems(const struct backup_copy *copy, size_t n)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(copy->checked, "problems"), i, p) {
		if (i == PROBLEMS_SHOWN)
			break;
		fprintf(stderr, "problem  ");
		out_text(stderr, cli_str(p, "what", "?"));
		fputs(": ", stderr);
		out_text(stderr, cli_str(p, "detail", ""));
		fputc('\n', stderr);
	}
	return cli_fail(CLI_PROBLEM,
		"the database is damaged (%zu problem%s, memoryctl verify "
		"lists them); no backup was made and no old one removed. "
		"memoryctl restore brings back the newest good one",
		n, n == 1 ? "" : "s");
}

int
backup_copy_check(struct cli *c, struct backup_copy *copy)
{
	struct err e = {0};
	size_t n;

	(void)c;
	if (backup_check(copy->fd, &copy->checked, &e) != 0)
		return cli_fail(CLI_PROBLEM,
			"the copy of the database cannot be verified: %s. No "
			"backup was made and no old one removed",
			e.text);
	n = json_array_size(json_object_get(copy->checked, "problems"));
	return n == 0 ? CLI_OK : backup_make_tell_problems(copy, n);
}

/* What is said of the backup in itself. */
static json_t *
backup_make_describe(const struct backup_copy *copy, int64_t made_ms,
	const char *hash)
{
	static const char *const taken[] = {"database_id", "instance_id",
		"schema", "change", "at", "bytes", "heads"};
	json_t *o = json_pack("{s:s,s:i,s:s,s:I,s:s}", "format", BACKUP_FORMAT,
		"version", BACKUP_VERSION, "kind",
		copy->part ? "changes" : "whole", "made", (json_int_t)made_ms,
		"hash", hash);
	char whose[BACKUP_WHOSE_SIZE];

	for (size_t i = 0; o && i < ARRAY_LEN(taken); i++)
		if (json_object_set(o, taken[i],
			    json_object_get(copy->reply, taken[i])) != 0) {
			json_decref(o);
			return NULL;
		}
	if (o && copy->part && json_object_update(o, copy->part) != 0) {
		json_decref(o);
		return NULL;
	}
	if (!o || !copy->recipient)
		return o;
	backup_base_whose(copy->recipient,
		cli_str(copy->reply, "database_id", ""), whose);
	if (jx_set(o, "recipient", json_string(whose)) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

struct steps {
	struct progress progress;
	int64_t bytes;
};

static void
backup_make_on_tick(void *ctx, int64_t bytes)
{
	struct steps *s = ctx;

	progress_at(&s->progress, (double)bytes / (double)s->bytes, bytes >> 20,
		"MB");
}

static int
read_whole(int fd, struct steps *s, struct err *e)
{
	AUTO_READER struct backup_reader r = {0};
	int rc = backup_reader_open(&r, fd, e);

	if (rc != 0)
		return rc;
	rc = backup_reader_copy(&r, -1, backup_make_on_tick, s, e);
	if (rc != 0)
		return rc;
	if (!r.about || r.bytes != s->bytes)
		return err_set(e, MDB_E_CORRUPT, "it lacks something");
	return 0;
}

/* From the disk, not from what the kernel still has of it. */
static int
read_back(const char *path, struct steps *s, struct err *e)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_set(e, MDB_E_STORE, "cannot read %s back: %m", path);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	rc = read_whole(fd, s, e);
	if (rc != 0 && e)
		err_prefix(e,
			"what was written to %s is not what was to be "
			"written there",
			path);
	return rc;
}

struct plain {
	int fd;
	const json_t *about;
};

static int
feed_plain(void *ctx, FILE *to, struct err *e)
{
	const struct plain *p = ctx;

	return backup_write(p->fd, p->about, to, NULL, NULL, e);
}

/* What is encrypted is on the disk under its temporary name: this and the sum get
 * their names. The sum is whole before, so that a disk that is full ends it while
 * nothing has changed. A sum of the file that is replaced would refuse the new
 * one; without any the backup is as good, but no part can follow it. */
static int
put_both_in_place(struct newfile *nf, const char *path, json_t *about,
	const char sha[BACKUP_SHA_SIZE], struct err *e)
{
	AUTO_NEWFILE struct newfile sum = {0};
	struct err ignored;
	struct stat st;
	int rc;

	if (fstat(fileno(nf->f), &st) != 0)
		return err_set(e, MDB_E_STORE, "cannot look at %s: %m", path);
	if (jx_set(about, "file_bytes", json_integer(st.st_size)) != 0)
		return err_nomem(e);
	rc = backup_sum_write(&sum, path, about, sha, e);
	if (rc)
		return rc;
	rc = backup_sum_remove(path, e);
	if (rc)
		return rc;
	rc = newfile_commit(nf, e);
	if (rc)
		return rc;
	(void)!newfile_commit(&sum, &ignored);
	return 0;
}

/* Without the key nobody can look into it: it is compared with what came out of
 * the program. */
static int
encrypt_file(const struct backup_copy *copy, json_t *about, const char *path,
	struct newfile *nf, struct err *e)
{
	struct plain plain = {.fd = copy->fd, .about = about};
	char sha[BACKUP_SHA_SIZE], there[BACKUP_SHA_SIZE];
	int rc = backup_encrypt(backup_cipher_of(copy->recipient),
		copy->recipient, feed_plain, &plain, nf->f, sha, e);

	if (rc)
		return rc;
	rc = newfile_sync(nf, e);
	if (rc)
		return rc;
	rc = backup_sha(nf->temp, there, e);
	if (rc)
		return rc;
	if (strcmp(sha, there) != 0)
		return err_set(e, MDB_E_CORRUPT,
			"what was written to %s is not what was to be written "
			"there",
			path);
	return put_both_in_place(nf, path, about, sha, e);
}

static int
backup_make_write_file(const struct backup_copy *copy, int64_t made_ms,
	const char *path, struct steps *s, struct err *e)
{
	AUTO_NEWFILE struct newfile nf = {0};
	char hash[BACKUP_HASH_SIZE];
	AUTO_JSON json_t *about = NULL;
	int rc = backup_hash(copy->fd, hash, e);

	if (rc)
		return rc;
	about = backup_make_describe(copy, made_ms, hash);
	if (!about)
		return err_nomem(e);
	rc = newfile_open(&nf, path, 0600, e);
	if (rc)
		return rc;
	if (copy->recipient)
		return encrypt_file(copy, about, path, &nf, e);
	rc = backup_write(copy->fd, about, nf.f, backup_make_on_tick, s, e);
	if (rc)
		return rc;
	rc = newfile_sync(&nf, e);
	if (rc)
		return rc;
	rc = read_back(nf.temp, s, e);
	if (rc)
		return rc;
	/* That of an encrypted one which is replaced would refuse this one. */
	rc = backup_sum_remove(path, e);
	if (rc)
		return rc;
	return newfile_commit(&nf, e);
}

int
backup_copy_write(struct cli *c, const struct backup_copy *copy,
	int64_t made_ms, const char *path, int64_t *ret_bytes)
{
	struct steps s = {.bytes = cli_int(copy->reply, "bytes", 1)};
	struct err e = {0};
	struct stat st;
	int rc;

	progress_start(&s.progress, c, "backing up");
	rc = backup_make_write_file(copy, made_ms, path, &s, &e);
	progress_clear(&s.progress);
	if (rc != 0)
		return cli_fail(CLI_SYSTEM,
			"%s. No backup was made and no old one removed",
			e.text);
	*ret_bytes = stat(path, &st) == 0 ? st.st_size : 0;
	return CLI_OK;
}

void
backup_copy_done(struct backup_copy *copy)
{
	if (copy->fd >= 0)
		close(copy->fd);
	json_decref(copy->reply);
	json_decref(copy->checked);
	json_decref(copy->part);
	database_use_done(&copy->use);
	*copy = (struct backup_copy){.fd = -1};
}
