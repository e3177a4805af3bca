/* Which commit is out in a folder, as git's files say: HEAD, the reference that it
 * names, or the list of those that have no file. */
#include <string.h>

#include "common/client/gitfiles.h"
#include "common/client/project.h"
#include "common/err.h"
#include "common/text.h"

#define REF "ref: "

static bool
is_hash(const char *s, size_t n)
{
	if (n != 40 && n != 64)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text_hex_digit(s[i]) < 0)
			return false;
	return true;
}

/* The hash that the file of a reference begins with. 0, MDB_E_NOT_FOUND. */
static int
read_hash(const char *folder, const char *name, struct buf *out)
{
	AUTO_BUF struct buf text = {0};
	size_t n;
	int rc = gitfiles_text(folder, name, &text);

	if (rc)
		return rc;
	n = strcspn(text.data, "\r\n");
	return is_hash(text.data, n) ? buf_add(out, text.data, n)
				     : MDB_E_NOT_FOUND;
}

/* "HASH refs/heads/NAME" in the list of references that have no file. */
static int
read_packed(const char *shared, const char *ref, struct buf *out)
{
	AUTO_BUF struct buf text = {0};
	size_t n = strlen(ref);
	int rc = gitfiles_text(shared, "packed-refs", &text);

	if (rc)
		return rc;
	for (const char *s = text.data; *s;) {
		size_t line = strcspn(s, "\r\n"), hash = strcspn(s, " \r\n");

		if (line == hash + 1 + n && memcmp(s + hash + 1, ref, n) == 0 &&
			is_hash(s, hash))
			return buf_add(out, s, hash);
		s += line;
		s += strspn(s, "\r\n");
	}
	return MDB_E_NOT_FOUND;
}

int
project_commit(const char *folder, struct buf *out)
{
	AUTO_PROJECT struct project p = {0};
	AUTO_BUF struct buf git = {0}, shared = {0}, ref = {0};
	int rc;

	if (project_look(folder, &p))
		return MDB_E_NOMEM;
	if (!p.is_repository || p.is_foreign)
		return 0;
	rc = gitfiles_head(p.top.data, &git);
	if (rc != 0)
		return rc == MDB_E_NOT_FOUND ? 0 : rc;
	if (!buf_str(&git))
		return MDB_E_NOMEM;
	rc = gitfiles_ref(git.data, "HEAD", REF, &ref);
	if (rc == MDB_E_NOT_FOUND)
		rc = read_hash(git.data, "HEAD", out);
	if (rc || ref.len == 0)
		return rc == MDB_E_NOT_FOUND ? 0 : rc;
	if (!buf_str(&ref))
		return MDB_E_NOMEM;
	if (strncmp(ref.data, "refs/", 5) != 0 || strstr(ref.data, ".."))
		return 0;
	rc = gitfiles_folder(p.top.data, &shared);
	if (rc)
		return rc == MDB_E_NOT_FOUND ? 0 : rc;
	if (!buf_str(&shared))
		return MDB_E_NOMEM;
	rc = read_hash(shared.data, ref.data, out);
	if (rc == MDB_E_NOT_FOUND)
		rc = read_packed(shared.data, ref.data, out);
	return rc == MDB_E_NOT_FOUND ? 0 : rc;
}
