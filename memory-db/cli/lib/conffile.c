/* memory-db.conf, edited line by line: of each setting the line that sets it
 * is replaced, or one is added at the end. Comments and settings that this
 * program does not know stay. */
#include "memory-db/cli/lib/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/owned.h"
#include "common/client/settings.h"
#include "memory-db/cli/lib/newfile.h"

int
conffile_read(const char *path, struct buf *out, struct err *e)
{
	AUTO_FD int fd = -1;
	int rc = owned_open(path, O_RDONLY, 0, &fd, NULL, e);
	ssize_t n;

	if (rc == MDB_E_NOT_FOUND)
		return 0;
	if (rc < 0)
		return rc;
	do {
		if (buf_reserve(out, 4096) != 0)
			return err_nomem(e);
		n = read(fd, out->data + out->len, 4096);
		out->len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && out->len <= SETTINGS_FILE_BYTES) ||
		 (n < 0 && errno == EINTR));
	if (n < 0 || out->len > SETTINGS_FILE_BYTES)
		return err_set(e, MDB_E_INVALID,
			"%s cannot be read, or is too "
			"long for such a file",
			path);
	return 0;
}

/* Which of the settings a line is; n: none. */
static size_t
conffile_find(const char *line, const struct conffile_line *lines, size_t n)
{
	size_t len, i;

	line += strspn(line, " \t");
	line += strncmp(line, "--", 2) == 0 ? 2 : 0;
	len = strcspn(line, " \t=\r\n");
	for (i = 0; i < n; i++)
		if (strlen(lines[i].name) == len &&
			strncmp(lines[i].name, line, len) == 0)
			break;
	return i;
}

static int
conffile_add(const struct conffile_line *line, struct buf *out)
{
	return !line->value
		       ? 0
		       : buf_addf(out, "%s = %s\n", line->name, line->value);
}

int
conffile_set(const char *text, const struct conffile_line *lines, size_t n,
	struct buf *out, struct err *e)
{
	bool done[8] = {false};

	for (size_t i = 0; i < n; i++)
		if (lines[i].value && strpbrk(lines[i].value, "\r\n"))
			return err_param(e, MDB_E_INVALID, lines[i].name,
				"%s: must be one line", lines[i].name);
	while (*text != '\0') {
		size_t len = strcspn(text, "\n"),
		       i = conffile_find(text, lines, n);

		if ((i == n && (buf_add(out, text, len) != 0 ||
				       buf_addc(out, '\n') != 0)) ||
			(i < n && !done[i] &&
				conffile_add(&lines[i], out) != 0))
			return err_nomem(e);
		if (i < n)
			done[i] = true;
		text += len + (text[len] == '\n');
	}
	for (size_t i = 0; i < n; i++)
		if (!done[i] && conffile_add(&lines[i], out) != 0)
			return err_nomem(e);
	return 0;
}

/* The folder of a database that was never opened, as memory-db makes it. */
static void
conffile_make_folder(const char *path)
{
	char dir[PATH_MAX];

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return;
	for (char *p = dir + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		(void)mkdir(dir, 0700);
	}
}

int
conffile_write(const char *path, const struct buf *text, struct err *e)
{
	AUTO_NEWFILE struct newfile nf = {0};
	int rc;

	conffile_make_folder(path);
	rc = newfile_open(&nf, path, 0600, e);

	if (rc != 0)
		return rc;
	if (text->len > 0)
		(void)!fwrite(text->data, 1, text->len, nf.f);
	if (rc != 0)
		return rc;
	return newfile_commit(&nf, e);
}
