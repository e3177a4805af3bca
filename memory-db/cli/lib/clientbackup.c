/* The backups beside a configuration file, newest first. Their names tell the
 * time: mcp.json.bak-20261120T101500Z, a second one in that second has "-1"
 * behind it. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/cli/lib/clientfile.h"

/* Who installs every day has hundreds; what was before the entry is in one of
 * the last, or in the very first. */
#define LOOKED_AT 8

struct clientbackup_backup {
	char stamp[24];
	int64_t number;
};

/* Whether the name is that of a backup of the file `base`. */
static bool
clientbackup_read_name(const char *name, const char *base,
	struct clientbackup_backup *ret)
{
	static const char digits[] = "dddddddd"
				     "Tdddddd"
				     "Z";
	size_t n = strlen(base), k = sizeof(digits) - 1;

	if (strncmp(name, base, n) != 0 || strncmp(name + n, ".bak-", 5) != 0)
		return false;
	name += n + 5;
	for (size_t i = 0; i < k; i++)
		if (digits[i] == 'd' ? name[i] < '0' || name[i] > '9'
				     : name[i] != digits[i])
			return false;
	snprintf(ret->stamp, sizeof(ret->stamp), "%.*s", (int)k, name);
	ret->number = 0;
	return name[k] == '\0' ||
	       (name[k] == '-' &&
		       text_int(name + k + 1, 1, 99, &ret->number) == 0);
}

static bool
is_newer(const struct clientbackup_backup *a,
	const struct clientbackup_backup *b)
{
	int order = strcmp(a->stamp, b->stamp);

	return order > 0 || (order == 0 && a->number > b->number);
}

/* Keeps the newest, in order, and at the end the oldest of all. */
static void
clientbackup_keep(struct clientbackup_backup list[LOOKED_AT], size_t *n,
	const struct clientbackup_backup *b)
{
	struct clientbackup_backup oldest =
		*n > 0 && is_newer(b, &list[*n - 1]) ? list[*n - 1] : *b;
	size_t at = *n;

	while (at > 0 && is_newer(b, &list[at - 1]))
		at--;
	if (*n < LOOKED_AT)
		++*n;
	if (at < *n) {
		memmove(&list[at + 1], &list[at],
			(*n - at - 1) * sizeof(*list));
		list[at] = *b;
	}
	list[*n - 1] = oldest;
}

static size_t
find_backups(const char *path, struct clientbackup_backup list[LOOKED_AT])
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	struct clientbackup_backup b;
	struct dirent *d;
	size_t n = 0;
	DIR *dir;

	if (!slash)
		return 0;
	snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - path), path);
	dir = opendir(folder);
	while (dir && (d = readdir(dir)) != NULL)
		if (clientbackup_read_name(d->d_name, slash + 1, &b))
			clientbackup_keep(list, &n, &b);
	if (dir)
		closedir(dir);
	return n;
}

int
clientfile_old(const char *path,
	bool (*is_wanted)(const struct buf *text, const void *context),
	const void *context, struct buf *ret_text)
{
	struct clientbackup_backup list[LOOKED_AT];
	size_t n = find_backups(path, list);

	for (size_t i = 0; i < n; i++) {
		AUTO_CLIENTFILE struct clientfile cf = {0};
		char name[PATH_MAX + 64], number[8] = "";
		struct err why = {0};
		int rc;

		if (list[i].number > 0)
			snprintf(number, sizeof(number), "-%d",
				(int)list[i].number);
		snprintf(name, sizeof(name), "%s.bak-%s%s", path, list[i].stamp,
			number);
		rc = clientfile_load(&cf, name, &why);
		if (rc == MDB_E_NOMEM)
			return rc;
		if (rc != 0 || !cf.exists || !is_wanted(&cf.text, context))
			continue;
		*ret_text = cf.text;
		cf.text = (struct buf){0};
		return 1;
	}
	return 0;
}
