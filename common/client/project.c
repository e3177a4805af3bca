/* A folder belongs to the project whose remote its repository names, so that a
 * second clone, or a worktree, finds the same memory:
 *
 *   /src/tool, origin git@host.org:team/tool.git   host.org/team/tool
 *   /src/notes, a repository without a remote      /src/notes
 *   /tmp/tree, a worktree of it                    /src/notes
 *   $HOME, no repository                           default */
#include "common/client/project.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/client/gitfiles.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/owned.h"
#include "common/text.h"

/* --- the configuration ---------------------------------------------------- */

static const char *
skip_space(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s;
}

static bool
is_origin_header(const char *s, const char *end)
{
	static const char name[] = "[remote";
	size_t n = sizeof(name) - 1;

	if ((size_t)(end - s) < n || strncasecmp(s, name, n) != 0)
		return false;
	s = skip_space(s + n, end);
	return (size_t)(end - s) >= 9 && memcmp(s, "\"origin\"]", 9) == 0;
}

/* The value of a line: quotes and escapes taken away, comment cut. */
static int
project_add_value(const char *s, const char *end, struct buf *out)
{
	bool quoted = false;
	size_t keep = out->len;

	for (; s < end; s++) {
		if (*s == '"') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && (*s == '#' || *s == ';'))
			break;
		if (*s == '\\' && s + 1 < end)
			s++;
		if (buf_addc(out, *s))
			return MDB_E_NOMEM;
		if (quoted || (*s != ' ' && *s != '\t' && *s != '\r'))
			keep = out->len;
	}
	out->len = keep;
	return 0;
}

int
project_origin_url(const char *config, size_t n, struct buf *out)
{
	const char *end = config + n;
	bool inside = false;

	while (config < end) {
		const char *nl = memchr(config, '\n', (size_t)(end - config));
		const char *stop = nl ? nl : end;
		const char *s = skip_space(config, stop);

		config = nl ? nl + 1 : end;
		if (s < stop && *s == '[') {
			inside = is_origin_header(s, stop);
			continue;
		}
		if (!inside || stop - s < 4 || strncasecmp(s, "url", 3) != 0)
			continue;
		s = skip_space(s + 3, stop);
		if (s < stop && *s == '=')
			return project_add_value(skip_space(s + 1, stop), stop,
				out);
	}
	return 0;
}

/* --- the URL -------------------------------------------------------------- */

/* "host" and "path" without "/" at its ends and ".git". */
static int
project_add_parts(const char *host, size_t host_n, const char *path,
	struct buf *out)
{
	size_t n = strcspn(path, "?#");

	while (n > 0 && *path == '/') {
		path++;
		n--;
	}
	while (n > 0 && path[n - 1] == '/')
		n--;
	if (n > 4 && memcmp(path + n - 4, ".git", 4) == 0)
		n -= 4;
	if (host_n == 0 || n == 0)
		return 0;
	for (size_t i = 0; i < host_n; i++)
		if (buf_addc(out, (char)tolower((unsigned char)host[i])))
			return MDB_E_NOMEM;
	return buf_addc(out, '/') || buf_add(out, path, n) ? MDB_E_NOMEM : 0;
}

/* What stands behind user and password. */
static const char *
skip_user(const char *s, size_t n)
{
	const char *at = memrchr(s, '@', n);

	return at ? at + 1 : s;
}

int
project_normalise_url(const char *url, struct buf *out)
{
	const char *host = strstr(url, "://");
	const char *end, *name;
	size_t n;

	if (host) {
		if (strncasecmp(url, "file:", 5) == 0)
			return 0;
		host += 3;
		n = strcspn(host, "/");
		end = host + n;
		name = skip_user(host, n);
		/* [::1]:22 and host:22 lose their port. */
		n = *name == '[' ? strcspn(name, "]") + 1 : strcspn(name, ":/");
		if (n > (size_t)(end - name))
			n = (size_t)(end - name);
		return project_add_parts(name, n, end, out);
	}
	/* user@host:path; a colon behind a slash is part of a path. */
	n = strcspn(url, ":/");
	if (url[n] != ':')
		return 0;
	name = skip_user(url, n);
	return project_add_parts(name, n - (size_t)(name - url), url + n + 1,
		out);
}

/* --- together ------------------------------------------------------------- */

/* Of a long name the end is kept: it tells projects apart. */
static int
project_add_label(const char *s, size_t n, struct buf *out)
{
	if (n > LIMIT_LABEL_BYTES) {
		s += n - LIMIT_LABEL_BYTES;
		n = LIMIT_LABEL_BYTES;
		while (n > 0 && ((unsigned char)*s & 0xc0) == 0x80) {
			s++;
			n--;
		}
	}
	return buf_add(out, s, n);
}

/* Appends host/path of the repository at git; nothing without a remote. */
static int
add_remote(const char *git, struct buf *out)
{
	AUTO_BUF struct buf path = {0};
	AUTO_BUF struct buf config = {0};
	AUTO_BUF struct buf url = {0};
	AUTO_BUF struct buf label = {0};
	int rc;

	if (buf_addf(&path, "%s/config", git) || !buf_str(&path))
		return MDB_E_NOMEM;
	rc = gitfiles_read(path.data, &config);
	if (rc == MDB_E_NOT_FOUND)
		return 0;
	if (rc || project_origin_url(config.data, config.len, &url) ||
		!buf_str(&url))
		return MDB_E_NOMEM;
	if (project_normalise_url(url.data, &label))
		return MDB_E_NOMEM;
	if (label.len == 0 || !text_is_utf8(label.data, label.len))
		return 0;
	return project_add_label(label.data, label.len, out);
}

/* Where desktop programs start when nobody chose a folder. */
static bool
is_no_project(const char *folder)
{
	const char *home = getenv("HOME");

	return strcmp(folder, "/") == 0 || (home && strcmp(folder, home) == 0);
}

/* Whether the file or folder, through links, belongs to this user or root;
 * what is not there harms nobody. */
static bool
project_is_ours(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || owned_is_ours(st.st_uid);
}

/* A worktree's folder in its repository names the worktree: a .git that merely
 * points to somebody's repository is not known there. */
static int
is_known_worktree(const char *top, bool *ret)
{
	AUTO_BUF struct buf here = {0}, dir = {0}, back = {0};
	AUTO_FREE char *a = NULL, *b = NULL;
	int rc;

	*ret = false;
	if (buf_addf(&here, "%s/.git", top) || !buf_str(&here))
		return MDB_E_NOMEM;
	rc = gitfiles_path(top, ".git", "gitdir: ", &dir);
	if (rc != 0)
		return rc == MDB_E_NOT_FOUND ? 0 : rc;
	if (!buf_str(&dir))
		return MDB_E_NOMEM;
	rc = gitfiles_path(dir.data, "gitdir", "", &back);
	if (rc != 0)
		return rc == MDB_E_NOT_FOUND ? 0 : rc;
	if (!buf_str(&back))
		return MDB_E_NOMEM;
	a = realpath(here.data, NULL);
	b = realpath(back.data, NULL);
	*ret = a && b && strcmp(a, b) == 0;
	return 0;
}

/* The folder whose .git a worktree shares. One of a bare repository has none. */
static int
find_home(const char *git, struct buf *out)
{
	static const char end[] = "/.git";
	AUTO_FREE char *whole = realpath(git, NULL);
	size_t n = whole ? strlen(whole) : 0;

	if (n < sizeof(end) || strcmp(whole + n - strlen(end), end) != 0)
		return 0;
	if (buf_add(out, whole, n - strlen(end)))
		return MDB_E_NOMEM;
	return buf_str(out) ? 0 : MDB_E_NOMEM;
}

/* Whose git's files are, and what tells them from a copy. */
static int
identify(const char *git, struct project *p)
{
	AUTO_BUF struct buf own = {0}, config = {0};
	struct statx st;
	bool is_worktree;

	if (buf_addf(&own, "%s/.git", p->top.data) || !buf_str(&own) ||
		buf_addf(&config, "%s/config", git) || !buf_str(&config) ||
		is_known_worktree(p->top.data, &is_worktree))
		return MDB_E_NOMEM;
	if (is_worktree && find_home(git, &p->home))
		return MDB_E_NOMEM;
	p->is_foreign = !project_is_ours(own.data) || !project_is_ours(git) ||
			!project_is_ours(config.data);
	if (statx(AT_FDCWD, is_worktree ? git : own.data, AT_SYMLINK_NOFOLLOW,
		    STATX_INO | STATX_BTIME, &st) < 0)
		return 0;
	p->inode = st.stx_ino;
	if (st.stx_mask & STATX_BTIME)
		p->born_ns = (long long)st.stx_btime.tv_sec * 1000000000LL +
			     st.stx_btime.tv_nsec;
	return 0;
}

int
project_look(const char *folder, struct project *ret)
{
	AUTO_PROJECT struct project p = {0};
	AUTO_BUF struct buf git = {0};
	int rc = MDB_E_NOT_FOUND;

	if (buf_adds(&p.top, folder))
		return MDB_E_NOMEM;
	while (p.top.len > 0 && rc == MDB_E_NOT_FOUND) {
		if (!buf_str(&p.top))
			return MDB_E_NOMEM;
		rc = gitfiles_folder(p.top.data, &git);
		if (rc == MDB_E_NOT_FOUND)
			while (p.top.len > 0 && p.top.data[--p.top.len] != '/')
				;
	}
	p.is_repository = rc == 0;
	if (rc == MDB_E_NOT_FOUND) {
		buf_clear(&p.top, 0);
		if (buf_adds(&p.top, folder) || !buf_str(&p.top))
			return MDB_E_NOMEM;
	} else if (rc || !buf_str(&git) || add_remote(git.data, &p.remote) ||
		   !buf_str(&p.remote) || identify(git.data, &p)) {
		return MDB_E_NOMEM;
	}
	*ret = p;
	p = (struct project){0};
	return 0;
}

void
project_done(struct project *p)
{
	buf_done(&p->top);
	buf_done(&p->home);
	buf_done(&p->remote);
}

int
project_plain(const struct project *p, struct buf *out)
{
	if (!p->is_repository && is_no_project(p->top.data))
		return buf_adds(out, "default");
	if (p->home.len > 0 && !p->is_foreign)
		return project_add_label(p->home.data, p->home.len, out);
	return project_add_label(p->top.data, p->top.len, out);
}

int
project_namespace(const char *folder, struct buf *out)
{
	bool is_repository;

	return project_find(folder, out, &is_repository);
}

int
project_find(const char *folder, struct buf *out, bool *ret_is_repository)
{
	AUTO_PROJECT struct project p = {0};

	if (project_look(folder, &p))
		return MDB_E_NOMEM;
	*ret_is_repository = p.is_repository;
	return p.remote.len > 0 && !p.is_foreign
		       ? buf_add(out, p.remote.data, p.remote.len)
		       : project_plain(&p, out);
}

/* --- its branch ----------------------------------------------------------- */

#define HEADS	 "ref: refs/heads/"
#define ORIGIN	 "ref: refs/remotes/origin/"
#define GIT_NAME "git/"

static bool
is_default_branch(const char *name, const char *shared)
{
	AUTO_BUF struct buf said = {0};

	if (gitfiles_ref(shared, "refs/remotes/origin/HEAD", ORIGIN, &said) ==
			0 &&
		buf_str(&said))
		return strcmp(said.data, name) == 0;
	return strcmp(name, "main") == 0 || strcmp(name, "master") == 0;
}

/* The branch that is checked out in a repository, and the folder with what all
 * its worktrees share. MDB_E_NOT_FOUND: a commit is checked out, or nothing. */
static int
find_branch(const struct project *p, struct buf *name, struct buf *shared)
{
	AUTO_BUF struct buf git = {0};
	int rc;

	if (!p->is_repository || p->is_foreign)
		return MDB_E_NOT_FOUND;
	rc = gitfiles_head(p->top.data, &git);
	if (rc != 0)
		return rc;
	if (!buf_str(&git))
		return MDB_E_NOMEM;
	rc = gitfiles_ref(git.data, "HEAD", HEADS, name);
	if (rc != 0)
		return rc;
	return gitfiles_folder(p->top.data, shared);
}

int
project_branch(const char *folder, struct buf *out)
{
	AUTO_PROJECT struct project p = {0};
	AUTO_BUF struct buf shared = {0}, name = {0};
	int rc;

	if (project_look(folder, &p))
		return MDB_E_NOMEM;
	rc = find_branch(&p, &name, &shared);
	if (rc == MDB_E_NOMEM)
		return rc;
	if (rc != 0)
		return buf_adds(out, "main");
	if (!buf_str(&name) || !buf_str(&shared))
		return MDB_E_NOMEM;
	if (is_default_branch(name.data, shared.data) ||
		name.len + sizeof(GIT_NAME) > LIMIT_LABEL_BYTES)
		return buf_adds(out, "main");
	return buf_addf(out, GIT_NAME "%s", name.data);
}
