/* .git is a folder, or a file "gitdir: PATH" in worktrees and submodules; a
 * worktree's folder names the shared one in its file `commondir`. A worktree
 * TREE of the repository /src/tool:
 *
 *   TREE/.git                           gitdir: /src/tool/.git/worktrees/TREE
 *   /src/tool/.git/worktrees/TREE/      HEAD, gitdir, commondir: ../..
 *   /src/tool/.git/                     config and what all worktrees share */
#include "common/client/gitfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"

#define FILE_BYTES (256 * 1024) /* a git configuration is small */

int
gitfiles_read(const char *path, struct buf *out)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return MDB_E_NOT_FOUND;
	if (buf_reserve(out, FILE_BYTES))
		return MDB_E_NOMEM;
	do {
		n = read(fd, out->data + out->len, FILE_BYTES - out->len);
		if (n > 0)
			out->len += (size_t)n;
	} while ((n > 0 && out->len < FILE_BYTES) || (n < 0 && errno == EINTR));
	return n < 0 ? MDB_E_NOT_FOUND : 0;
}

int
gitfiles_text(const char *folder, const char *name, struct buf *out)
{
	AUTO_BUF struct buf path = {0};
	int rc;

	if (buf_addf(&path, "%s/%s", folder, name) || !buf_str(&path))
		return MDB_E_NOMEM;
	rc = gitfiles_read(path.data, out);
	if (rc)
		return rc;
	return buf_str(out) ? 0 : MDB_E_NOMEM;
}

int
gitfiles_path(const char *folder, const char *name, const char *prefix,
	struct buf *out)
{
	AUTO_BUF struct buf text = {0};
	const char *s;
	size_t n = strlen(prefix);
	int rc = gitfiles_text(folder, name, &text);

	if (rc)
		return rc;
	s = text.data;
	if (strncmp(s, prefix, n) != 0)
		return MDB_E_NOT_FOUND;
	s += n;
	n = strcspn(s, "\r\n");
	if (n == 0)
		return MDB_E_NOT_FOUND;
	if (*s != '/' && buf_addf(out, "%s/", folder))
		return MDB_E_NOMEM;
	return buf_add(out, s, n);
}

int
gitfiles_folder(const char *folder, struct buf *out)
{
	AUTO_BUF struct buf git = {0};
	struct stat st;
	int rc;

	if (buf_addf(&git, "%s/.git", folder) || !buf_str(&git))
		return MDB_E_NOMEM;
	if (stat(git.data, &st) < 0)
		return MDB_E_NOT_FOUND;
	if (S_ISREG(st.st_mode)) {
		buf_clear(&git, 0);
		rc = gitfiles_path(folder, ".git", "gitdir: ", &git);
		if (rc)
			return rc;
		if (!buf_str(&git))
			return MDB_E_NOMEM;
	}
	rc = gitfiles_path(git.data, "commondir", "", out);
	if (rc == MDB_E_NOT_FOUND)
		rc = buf_add(out, git.data, git.len);
	return rc;
}

int
gitfiles_ref(const char *folder, const char *name, const char *prefix,
	struct buf *out)
{
	AUTO_BUF struct buf text = {0};
	size_t n = strlen(prefix), len;
	int rc = gitfiles_text(folder, name, &text);

	if (rc)
		return rc;
	if (strncmp(text.data, prefix, n) != 0)
		return MDB_E_NOT_FOUND;
	len = strcspn(text.data + n, "\r\n");
	if (len == 0 || !text_is_utf8(text.data + n, len))
		return MDB_E_NOT_FOUND;
	return buf_add(out, text.data + n, len);
}

int
gitfiles_head(const char *top, struct buf *out)
{
	struct stat st;

	if (buf_addf(out, "%s/.git", top) || !buf_str(out))
		return MDB_E_NOMEM;
	if (stat(out->data, &st) < 0)
		return MDB_E_NOT_FOUND;
	if (!S_ISREG(st.st_mode))
		return 0;
	buf_clear(out, 0);
	return gitfiles_path(top, ".git", "gitdir: ", out);
}
