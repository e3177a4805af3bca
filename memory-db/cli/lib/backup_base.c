/* What the next part of a chain follows.
 *
 * A part is worth nothing when one before it is gone, cut off, or for somebody
 * else's key. So before a part is made the chain is walked to its begin, and each
 * file is looked at: its description (which has a checksum of its own), that it
 * names the one before it, and its end. That is some KB of each, so an hourly part
 * of a chain of a week reads little. An example:
 *
 *   whole c50    hash A, ends as it should
 *   part c50-62  base A, hash B, but its last bytes are missing: the NAS was gone
 *   now          a part c62-70 would follow it: a whole one is made instead
 *
 * What flipped in the middle of a file is not found here: `memoryctl restore
 * --into FILE` reads every byte. */
#include "memory-db/cli/lib/backup_base.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/backup_sum.h"
#include "memory-db/cli/lib/restore.h"

void
backup_base_whose(const char *recipient, const char *database_id,
	char ret[BACKUP_WHOSE_SIZE])
{
	unsigned char bytes[(BACKUP_WHOSE_SIZE - 1) / 2];
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, sizeof(bytes));
	crypto_generichash_update(&h, (const unsigned char *)database_id,
		strlen(database_id) + 1);
	crypto_generichash_update(&h, (const unsigned char *)recipient,
		strlen(recipient));
	crypto_generichash_final(&h, bytes, sizeof(bytes));
	sodium_bin2hex(ret, BACKUP_WHOSE_SIZE, bytes, sizeof(bytes));
}

/* gzip's last four bytes say how much it holds; of a file that was cut off, or
 * whose last blocks never came to the disk, they say something else. */
static bool
ends_well(const char *path, int64_t content_bytes)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char last[4];
	struct stat st;
	uint32_t said;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < 20 ||
		pread(fd, last, sizeof(last), st.st_size - 4) != 4)
		return false;
	said = (uint32_t)last[0] | (uint32_t)last[1] << 8 |
	       (uint32_t)last[2] << 16 | (uint32_t)last[3] << 24;
	return said == (uint32_t)content_bytes;
}

/* An encrypted one: its size stands beside it, since some version on. */
static bool
has_its_size(const char *path, int64_t bytes)
{
	struct stat st;

	return stat(path, &st) == 0 && (bytes < 0 || st.st_size == bytes);
}

/* The description, and whether the file ends where it should. 1; 0 and why. */
static int
look_at(const struct backup_folder *f, size_t i, json_t **ret_about,
	char why[BACKUP_WHY_SIZE], struct err *e)
{
	const struct backup_entry *x = &f->entries[i];
	bool is_plain = x->name.cipher == BACKUP_PLAIN;
	AUTO_FREE char *path = backup_folder_path(f, x->file);
	AUTO_JSON json_t *about = NULL;
	char sha[BACKUP_SHA_SIZE];
	struct err bad = {0};
	int rc;

	if (!path)
		return err_nomem(e);
	rc = is_plain ? restore_about(path, NULL, &about, &bad)
		      : backup_sum_read(path, &about, sha, &bad);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 0 || !about) {
		snprintf(why, BACKUP_WHY_SIZE, "%s: %.200s", x->file,
			rc != 0 ? bad.text : "it has no description");
		return 0;
	}
	if (is_plain ? !ends_well(path, cli_int(about, "bytes", -1))
		     : !has_its_size(path, cli_int(about, "file_bytes", -1))) {
		snprintf(why, BACKUP_WHY_SIZE, "%s is cut off", x->file);
		return 0;
	}
	*ret_about = take_ptr(about);
	return 1;
}

/* Who reads the new part has to read what is before it, too. A plain part behind
 * encrypted ones is what its maker asked for. */
static bool
is_for_another(const json_t *about, const char *recipient)
{
	const char *whose = jx_text(about, "recipient");
	char own[BACKUP_WHOSE_SIZE];

	if (!recipient || !whose)
		return false;
	backup_base_whose(recipient, cli_str(about, "database_id", ""), own);
	return strcmp(own, whose) != 0;
}

struct backup_base_walk {
	const struct backup_folder *folder;
	const char *recipient;
	json_t *newest; /* owned: the description that is wanted */
	json_t *behind; /* owned: of the link that was looked at last */
};

static void
backup_base_walk_done(struct backup_base_walk *w)
{
	json_decref(w->newest);
	json_decref(w->behind);
}

/* One link: 1, or 0 and why. */
static int
walk_link(struct backup_base_walk *w, size_t i, char why[BACKUP_WHY_SIZE],
	struct err *e)
{
	const char *file = w->folder->entries[i].file;
	AUTO_JSON json_t *about = NULL;
	int rc = look_at(w->folder, i, &about, why, e);

	if (rc != 1)
		return rc;
	if (is_for_another(about, w->recipient)) {
		snprintf(why, BACKUP_WHY_SIZE,
			"%s is encrypted for somebody else than --encrypt-to",
			file);
		return 0;
	}
	if (w->behind && strcmp(cli_str(w->behind, "base", "?"),
				 cli_str(about, "hash", "")) != 0) {
		snprintf(why, BACKUP_WHY_SIZE,
			"%s is not the backup that the next one follows", file);
		return 0;
	}
	json_decref(w->behind);
	w->behind = json_incref(about);
	if (!w->newest)
		w->newest = json_incref(about);
	return 1;
}

int
backup_base_find(struct backup_folder *f, const char *id, const char *recipient,
	json_t **ret_about, char ret_why[BACKUP_WHY_SIZE], struct err *e)
{
	__attribute__((cleanup(
		backup_base_walk_done))) struct backup_base_walk w = {.folder =
									      f,
		.recipient = recipient};
	int rc = backup_folder_list(f, id, e);
	size_t i;

	if (rc)
		return rc;
	if (f->n == 0) {
		snprintf(ret_why, BACKUP_WHY_SIZE,
			"no backup of this database is there");
		return 0;
	}
	for (i = f->n - 1;;) {
		rc = walk_link(&w, i, ret_why, e);
		if (rc != 1)
			return rc;
		if (f->entries[i].name.is_whole)
			break;
		if (!backup_folder_link(f, i, &i)) {
			snprintf(ret_why, BACKUP_WHY_SIZE,
				"the one that %s follows is missing",
				f->entries[i].file);
			return 0;
		}
	}
	*ret_about = take_ptr(w.newest);
	return 1;
}
