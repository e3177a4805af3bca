/* A text file, a line an answer: "+" (trusted) or "-", remote, inode and birth
 * of the folder's .git, path, with tabs between them. Lines are only added,
 * under a lock; of those about one folder the last one holds. */
#include "common/client/project_map.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/owned.h"
#include "common/client/project.h"
#include "common/text.h"

struct project_map_line {
	bool is_trusted;
	const char *remote, *path;
	int64_t inode, born_ns;
};

/* The open list; fd -1: there is none. */
struct map {
	char *path; /* owned */
	int fd;
	struct buf text;
	struct project_map_line *lines; /* owned, pointing into text */
	size_t n;
};

static void
map_done(struct map *m)
{
	if (m->fd >= 0)
		close(m->fd);
	free(m->path);
	free(m->lines);
	buf_done(&m->text);
}
#define AUTO_MAP __attribute__((cleanup(map_done)))

/* --- the file ------------------------------------------------------------- */

static int
find_path(const char *database, char **ret)
{
	const char *home = getenv("HOME"), *slash = NULL;
	const struct passwd *pw;
	int n;

	if (database && *database == '/')
		slash = strrchr(database, '/');
	if (!home || *home != '/') {
		pw = getpwuid(geteuid());
		home = pw ? pw->pw_dir : "";
	}
	n = slash ? asprintf(ret, "%.*s/" PROJECT_MAP_NAME,
			    (int)(slash - database), database)
		  : asprintf(ret, "%s/.memories/" PROJECT_MAP_NAME, home);
	if (n < 0)
		*ret = NULL;
	return n < 0 ? MDB_E_NOMEM : 0;
}

static int
project_map_read_all(struct map *m, struct err *e)
{
	ssize_t n;

	do {
		if (buf_reserve(&m->text, 4096))
			return err_nomem(e);
		n = read(m->fd, m->text.data + m->text.len, 4096);
		m->text.len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && m->text.len <= PROJECT_MAP_BYTES) ||
		 (n < 0 && errno == EINTR));
	if (n < 0 || m->text.len > PROJECT_MAP_BYTES)
		return err_set(e, MDB_E_STORE,
			"%s cannot be read, or is too "
			"long",
			m->path);
	return buf_str(&m->text) ? 0 : err_nomem(e);
}

/* Opens and locks it. Without is_writing one that is not there is empty. */
static int
map_open(struct map *m, const char *database, bool is_writing, struct err *e)
{
	char *slash;
	int rc;

	m->fd = -1;
	if (find_path(database, &m->path))
		return err_nomem(e);
	slash = strrchr(m->path, '/');
	if (is_writing) {
		*slash = '\0';
		(void)mkdir(m->path, 0700);
		*slash = '/';
	}
	rc = owned_open(m->path,
		is_writing ? O_RDWR | O_CREAT | O_APPEND : O_RDONLY, 0600,
		&m->fd, NULL, e);
	if (rc == MDB_E_NOT_FOUND && !is_writing)
		return buf_str(&m->text) ? 0 : err_nomem(e);
	if (rc < 0)
		return rc;
	while (flock(m->fd, is_writing ? LOCK_EX : LOCK_SH) < 0)
		if (errno != EINTR)
			return err_set(e, MDB_E_STORE, "%s: %s", m->path,
				strerrordesc_np(errno));
	return project_map_read_all(m, e);
}

/* Cuts the text into lines; what is none is passed over. */
static int
project_map_cut(struct map *m, struct err *e)
{
	char *at = m->text.data, *text;
	size_t cap = 1;

	for (size_t i = 0; i < m->text.len; i++)
		cap += m->text.data[i] == '\n';
	m->lines = calloc(cap, sizeof(*m->lines));
	if (!m->lines)
		return err_nomem(e);
	while ((text = strsep(&at, "\n")) && m->n < cap) {
		struct project_map_line *l = &m->lines[m->n];
		const char *sign = strsep(&text, "\t"), *inode, *born;

		l->remote = strsep(&text, "\t");
		inode = strsep(&text, "\t");
		born = strsep(&text, "\t");
		l->path = text;
		l->is_trusted = strcmp(sign, "+") == 0;
		if (l->path && text_int(inode, 0, INT64_MAX, &l->inode) == 0 &&
			text_int(born, 0, INT64_MAX, &l->born_ns) == 0)
			m->n++;
	}
	return 0;
}

/* One write, so that a line is there whole or not at all. */
static int
project_map_add_line(struct map *m, const struct project *p, bool is_trusted,
	struct err *e)
{
	AUTO_BUF struct buf b = {0};

	/* Such a name could forge a line. */
	if (strpbrk(p->top.data, "\t\n") || strpbrk(p->remote.data, "\t\n"))
		return err_set(e, MDB_E_INVALID,
			"a tab or a line break in "
			"'%s', which cannot be kept",
			p->top.data);
	if (buf_addf(&b, "%s\t%s\t%llu\t%lld\t%s\n", is_trusted ? "+" : "-",
		    p->remote.data, p->inode, p->born_ns, p->top.data))
		return err_nomem(e);
	if (write(m->fd, b.data, b.len) != (ssize_t)b.len)
		return err_set(e, MDB_E_STORE, "cannot write %s: %s", m->path,
			strerrordesc_np(errno));
	return 0;
}

/* --- looking it up -------------------------------------------------------- */

/* Inodes are used again; together with the time of its birth one is not. */
static bool
is_same_folder(const struct project_map_line *l, const struct project *p)
{
	return strcmp(l->path, p->top.data) == 0 ||
	       (l->born_ns != 0 && l->born_ns == p->born_ns &&
		       (unsigned long long)l->inode == p->inode);
}

static bool
project_map_is_there(const char *folder)
{
	AUTO_BUF struct buf b = {0};
	struct stat st;

	/* Out of memory: it is, so that nobody takes its place. */
	return buf_addf(&b, "%s/.git", folder) || !buf_str(&b) ||
	       lstat(b.data, &st) == 0;
}

/* A later line about the same path holds instead. */
static bool
project_map_is_outdated(const struct map *m, size_t i)
{
	for (size_t k = i + 1; k < m->n; k++)
		if (strcmp(m->lines[k].path, m->lines[i].path) == 0 &&
			strcmp(m->lines[k].remote, m->lines[i].remote) == 0)
			return true;
	return false;
}

struct project_map_found {
	bool is_known;		     /* some folder has this remote's memory */
	bool has_answer, is_trusted; /* of this folder */
	bool is_exact;	   /* the answer names its path and its .git */
	const char *other; /* another folder that has it, and exists */
};

static struct project_map_found
look_up(const struct map *m, const struct project *p)
{
	struct project_map_found f = {0};

	for (size_t i = m->n; i-- > 0;) {
		const struct project_map_line *l = &m->lines[i];

		if (strcmp(l->remote, p->remote.data) != 0)
			continue;
		f.is_known = true;
		if (is_same_folder(l, p)) {
			if (!f.has_answer)
				f.is_trusted = l->is_trusted;
			f.has_answer = true;
			f.is_exact |= strcmp(l->path, p->top.data) == 0 &&
				      (unsigned long long)l->inode == p->inode;
		} else if (l->is_trusted && !f.other &&
			   !project_map_is_outdated(m, i) &&
			   project_map_is_there(l->path)) {
			f.other = l->path;
		}
	}
	return f;
}

/* --- choosing ------------------------------------------------------------- */

static void project_map_note(struct project_choice *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void
project_map_note(struct project_choice *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->note, sizeof(c->note), fmt, ap);
	va_end(ap);
}

/* True when the folder may have the memory of its remote. */
static bool
project_map_decide(const struct map *m, const struct project *p,
	struct project_map_found *f, struct project_choice *c)
{
	*f = look_up(m, p);
	if (f->has_answer && f->is_trusted)
		return true;
	if (p->is_foreign)
		project_map_note(c,
			"%s belongs to another user, so it does not get the "
			"memory of %s that it names but one of its own; if it "
			"should: memoryctl namespace trust %s",
			p->top.data, p->remote.data, p->top.data);
	else if (f->has_answer || f->other)
		project_map_note(c,
			"this folder names the remote %s, whose memory %s "
			"has; it has one of its own. If it is a clone of "
			"yours and should share: memoryctl namespace trust %s",
			p->remote.data, f->other ? f->other : "another folder",
			p->top.data);
	c->is_apart = c->note[0] != '\0';
	return !c->is_apart;
}

int
project_choose(const char *folder, const char *database, bool is_keeping,
	struct buf *out, struct project_choice *ret)
{
	AUTO_PROJECT struct project p = {0};
	AUTO_MAP struct map m = {.fd = -1};
	struct err e = {0};
	struct project_map_found f;

	*ret = (struct project_choice){0};
	if (project_look(folder, &p))
		return MDB_E_NOMEM;
	ret->is_repository = p.is_repository;
	if (p.remote.len == 0)
		return project_plain(&p, out);
	if (map_open(&m, database, is_keeping, &e) || project_map_cut(&m, &e)) {
		if (e.code == MDB_E_NOMEM)
			return e.code;
		/* Nothing is known then, so nobody is in the way. */
		if (!p.is_foreign) {
			project_map_note(ret,
				"which folders have the memory of %s cannot "
				"be %s: %s",
				p.remote.data, is_keeping ? "kept" : "read",
				e.text);
			return buf_add(out, p.remote.data, p.remote.len);
		}
	}
	if (!project_map_decide(&m, &p, &f, ret))
		return project_plain(&p, out);
	if (is_keeping && m.fd >= 0 && !f.is_exact &&
		project_map_add_line(&m, &p, true, &e))
		project_map_note(ret,
			"that %s has the memory of %s is not kept: %s",
			p.top.data, p.remote.data, e.text);
	return buf_add(out, p.remote.data, p.remote.len);
}

int
project_trust(const char *folder, const char *database, bool is_trusted,
	struct buf *out, struct err *e)
{
	AUTO_PROJECT struct project p = {0};
	AUTO_MAP struct map m = {.fd = -1};
	int rc;

	if (project_look(folder, &p))
		return err_nomem(e);
	if (p.remote.len == 0)
		return err_set(e, MDB_E_NOT_FOUND,
			"%s is in no repository "
			"with a remote 'origin': its memory is its own anyway",
			folder);
	rc = map_open(&m, database, true, e);
	if (rc != 0)
		return rc;
	rc = project_map_add_line(&m, &p, is_trusted, e);
	if (rc)
		return rc;
	if (buf_add(out, p.remote.data, p.remote.len))
		return err_nomem(e);
	return 0;
}

int
project_each(const char *database, project_each_fn fn, void *ctx, struct err *e)
{
	AUTO_MAP struct map m = {.fd = -1};
	int rc = map_open(&m, database, false, e);

	if (rc != 0)
		return rc;
	rc = project_map_cut(&m, e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < m.n; i++) {
		if (m.lines[i].is_trusted && !project_map_is_outdated(&m, i))
			rc = fn(ctx, m.lines[i].remote, m.lines[i].path);
		if (rc != 0)
			return rc;
	}
	return 0;
}
