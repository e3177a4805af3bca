/* The small file beside an encrypted backup: two comments and lines for
 * sha256sum -c, so that the check needs no program of ours. Of what it says
 * about the backup only numbers and hashes are taken over; no name and no text
 * of the memory stands in it. */
#include "memory-db/cli/lib/backup_sum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/cli/lib/backup_file.h"

/* Of one number or hash each. */
static const char *const shown[] = {"format", "version", "kind", "database_id",
	"instance_id", "schema", "change", "hash", "from", "base", "recipient",
	"file_bytes"};
#define LINE_MOST 4096

static int
backup_sum_path_of(const char *path, char **ret, struct err *e)
{
	return asprintf(ret, "%s%s", path, BACKUP_SUM_SUFFIX) < 0 ? err_nomem(e)
								  : 0;
}

static int
make_line(const json_t *about, struct buf *line, struct err *e)
{
	AUTO_JSON json_t *o = json_object();

	if (!o)
		return err_nomem(e);
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		json_t *value = json_object_get(about, shown[i]);

		if (value && json_object_set(o, shown[i], value) != 0)
			return err_nomem(e);
	}
	return backup_about_text(o, line, e);
}

int
backup_sum_write(struct newfile *nf, const char *path, const json_t *about,
	const char sha[BACKUP_SHA_SIZE], struct err *e)
{
	AUTO_BUF struct buf line = {0};
	AUTO_FREE char *beside = NULL;
	const char *slash = strrchr(path, '/');
	int rc = backup_sum_path_of(path, &beside, e);

	if (rc)
		return rc;
	rc = make_line(about, &line, e);
	if (rc)
		return rc;
	rc = newfile_open(nf, beside, 0600, e);
	if (rc)
		return rc;
	if (fprintf(nf->f, "# %s\n%s  %s\n", line.data, sha,
		    slash ? slash + 1 : path) < 0)
		return err_set(e, MDB_E_STORE, "cannot write %s: %s", beside,
			strerrordesc_np(errno));
	return newfile_sync(nf, e);
}

int
backup_sum_remove(const char *path, struct err *e)
{
	AUTO_FREE char *beside = NULL;
	int rc = backup_sum_path_of(path, &beside, e);

	if (rc)
		return rc;
	if (unlink(beside) == 0 || errno == ENOENT)
		return 0;
	return err_set(e, MDB_E_STORE, "cannot remove %s: %s", beside,
		strerrordesc_np(errno));
}

static int
backup_sum_damaged(struct err *e, const char *path)
{
	return err_set(e, MDB_E_CORRUPT,
		"%s%s, which describes it, is damaged: when the backup itself "
		"is good, remove that file",
		path, BACKUP_SUM_SUFFIX);
}

static int
backup_sum_read_lines(FILE *f, const char *path, json_t **ret_about,
	char ret_sha[BACKUP_SHA_SIZE], struct err *e)
{
	char about[LINE_MOST], sum[LINE_MOST];
	int rc;

	if (!fgets(about, sizeof(about), f) || !fgets(sum, sizeof(sum), f) ||
		strncmp(about, "# ", 2) != 0 ||
		strspn(sum, "0123456789abcdef") != BACKUP_SHA_SIZE - 1)
		return backup_sum_damaged(e, path);
	about[strcspn(about, "\n")] = '\0';
	rc = backup_about_parse(about + 2, ret_about, e);
	if (rc == MDB_E_NOMEM)
		return rc;
	if (rc || !*ret_about)
		return backup_sum_damaged(e, path);
	memcpy(ret_sha, sum, BACKUP_SHA_SIZE - 1);
	ret_sha[BACKUP_SHA_SIZE - 1] = '\0';
	return 0;
}

int
backup_sum_read(const char *path, json_t **ret_about,
	char ret_sha[BACKUP_SHA_SIZE], struct err *e)
{
	AUTO_FREE char *beside = NULL;
	FILE *f;
	int rc = backup_sum_path_of(path, &beside, e);

	if (rc)
		return rc;
	f = fopen(beside, "re");
	if (!f)
		return err_set(e, MDB_E_NOT_FOUND, "cannot read %s: %s", beside,
			strerrordesc_np(errno));
	rc = backup_sum_read_lines(f, path, ret_about, ret_sha, e);
	(void)fclose(f);
	return rc;
}

int
backup_sum_check(const char *path, struct err *e)
{
	AUTO_JSON json_t *about = NULL;
	char want[BACKUP_SHA_SIZE], have[BACKUP_SHA_SIZE];
	int rc = backup_sum_read(path, &about, want, e);

	if (rc == MDB_E_NOT_FOUND)
		return 0;
	if (rc)
		return rc;
	rc = backup_sha(path, have, e);
	if (rc)
		return rc;
	if (strcmp(want, have) != 0)
		return err_set(e, MDB_E_CORRUPT,
			"the backup is damaged: its SHA-256 is not the one "
			"that was written beside it");
	return 0;
}
