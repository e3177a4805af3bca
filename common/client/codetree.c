/* What belongs to a reply: its budget, the files that it names, the project in
 * which they lie. The lines themselves are codelines.c's. */
#include "common/client/codetree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/client/codelines.h"
#include "common/client/codemoved.h"
#include "common/client/project.h"
#include "common/client/project_map.h"
#include "common/clock.h"
#include "common/jx.h"
#include "common/text.h"
#include "common/vec.h"

#define FILES 16 /* kept while a reply is told */
/* Files that are read for one that is gone. */
#define LOOKS 64
/* Fewer lines may stand in many files: then only one place counts. */
#define MANY_LINES 3

struct codetree_file {
	char path[LIMIT_CODE_PATH_BYTES + 1]; /* "": an empty place */
	enum codetree_state absent; /* STALE: it is not there; UNKNOWN: it is
				       not read; FRESH: lines has it */
	struct codelines lines;
};

struct codetree {
	struct buf top, name; /* the folder, and its namespace */
	struct buf folder, database;
	bool is_named; /* top and name are looked up */
	struct buf commit;
	bool has_commit;
	int64_t end_ns; /* 0: no reply is told */
	size_t bytes;	/* read for this reply */
	struct codetree_file files[FILES];
	size_t next;
};

const char *
codetree_word(enum codetree_state s)
{
	static const char *const words[] = {[CODETREE_UNKNOWN] = "unknown",
		[CODETREE_FRESH] = "fresh",
		[CODETREE_STALE] = "stale",
		[CODETREE_MOVED] = "moved"};

	return words[s];
}

/* --- files --------------------------------------------------------------- */
static bool
codetree_is_over(const struct codetree *t)
{
	return t->end_ns > 0 && clock_mono_ns() > t->end_ns;
}

/* The size is what it was when it was opened: one that grows while it is read
 * ends there. */
static void
codetree_read_lines(struct codetree *t, struct codetree_file *f)
{
	AUTO_BUF struct buf text = {0};
	struct stat st;
	bool is_gone;
	AUTO_FD int fd = codelines_open(t->top.data, f->path, &st, &is_gone);
	size_t size;

	f->absent = is_gone ? CODETREE_STALE : CODETREE_UNKNOWN;
	if (fd < 0 || st.st_size < 0 || st.st_size > LIMIT_CODE_FILE_BYTES)
		return;
	size = (size_t)st.st_size;
	if (t->bytes + size > LIMIT_CODE_REPLY_BYTES || codetree_is_over(t) ||
		buf_reserve(&text, size + 1) != 0)
		return;
	t->bytes += size;
	while (text.len < size) {
		ssize_t n = read(fd, text.data + text.len, size - text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || codetree_is_over(t))
			return;
		if (n == 0)
			break;
		text.len += (size_t)n;
	}
	if (codelines_cut(&f->lines, text.data, text.len) == 0)
		f->absent = CODETREE_FRESH;
}

static struct codetree_file *
codetree_lines_of(struct codetree *t, const char *path)
{
	struct codetree_file *f;

	for (size_t i = 0; i < FILES; i++)
		if (strcmp(t->files[i].path, path) == 0)
			return &t->files[i];
	f = &t->files[t->next++ % FILES];
	f->lines.n = 0;
	snprintf(f->path, sizeof(f->path), "%s", path);
	codetree_read_lines(t, f);
	return f;
}

static void
forget_files(struct codetree *t)
{
	for (size_t i = 0; i < FILES; i++) {
		free(t->files[i].lines.v);
		t->files[i].path[0] = '\0';
		t->files[i].lines = (struct codelines){.v = NULL};
	}
	t->next = t->bytes = 0;
}

/* --- the tree ------------------------------------------------------------- */
struct codetree *
codetree_new(const char *folder, const char *database)
{
	struct codetree *t = calloc(1, sizeof(*t));

	if (!t || buf_adds(&t->folder, folder) || !buf_str(&t->folder) ||
		buf_adds(&t->database, database ? database : "") ||
		!buf_str(&t->database)) {
		codetree_free(t);
		return NULL;
	}
	return t;
}

void
codetree_free(struct codetree *t)
{
	if (!t)
		return;
	forget_files(t);
	buf_done(&t->top);
	buf_done(&t->name);
	buf_done(&t->folder);
	buf_done(&t->database);
	buf_done(&t->commit);
	free(t);
}

void
codetree_begin(struct codetree *t)
{
	forget_files(t);
	t->has_commit = false;
	t->end_ns = clock_mono_ns() + LIMIT_CODE_REPLY_MS * INT64_C(1000000);
}

/* Looked up when the first fact asks for it. A folder that is no project (the
 * home folder) has no files of its own. */
static int
name_tree(struct codetree *t)
{
	AUTO_PROJECT struct project p = {0};
	struct project_choice choice;

	if (t->is_named)
		return 0;
	if (project_look(t->folder.data, &p) ||
		buf_add(&t->top, p.top.data, p.top.len) || !buf_str(&t->top) ||
		project_choose(t->folder.data, t->database.data, false,
			&t->name, &choice) ||
		!buf_str(&t->name))
		return MDB_E_NOMEM;
	t->is_named = true;
	return 0;
}

static bool
codetree_is_ours(const struct codetree *t, const char *name)
{
	return strcmp(name, t->name.data) == 0 && strcmp(name, "default") != 0;
}

/* The part of an absolute path below the top; of a relative one that is not
 * there below the top, but below the folder, that. */
static int
place(struct codetree *t, struct codespan *x, const char *param, struct err *e)
{
	size_t n = t->top.len;
	char inner[LIMIT_CODE_PATH_BYTES + 1];
	struct stat st;
	bool is_gone;
	AUTO_FD int fd = -1;

	if (x->path[0] == '/') {
		if (strncmp(x->path, t->top.data, n) != 0 || x->path[n] != '/')
			return err_param(e, MDB_E_INVALID, param,
				"`%s`: %.200s does not lie in this project "
				"(%.200s); give a path from the top folder of "
				"the project",
				param, x->path, t->top.data);
		memmove(x->path, x->path + n + 1, strlen(x->path + n + 1) + 1);
		return 0;
	}
	if (t->folder.len <= n + 1 ||
		(size_t)snprintf(inner, sizeof(inner), "%s/%s",
			t->folder.data + n + 1, x->path) >= sizeof(inner))
		return 0;
	fd = codelines_open(t->top.data, x->path, &st, &is_gone);
	if (fd >= 0 || !is_gone)
		return 0;
	fd = codelines_open(t->top.data, inner, &st, &is_gone);
	if (fd >= 0)
		memcpy(x->path, inner, sizeof(x->path));
	return 0;
}

static int
set_commit(struct codetree *t, struct codespan *x)
{
	if (!t->has_commit) {
		buf_clear(&t->commit, 0);
		if (project_commit(t->top.data, &t->commit) ||
			!buf_str(&t->commit))
			return MDB_E_NOMEM;
		t->has_commit = true;
	}
	if (t->commit.len > 0 && t->commit.len <= LIMIT_CODE_HASH_BYTES &&
		!x->commit[0])
		memcpy(x->commit, t->commit.data, t->commit.len + 1);
	return 0;
}

int
codetree_take(struct codetree *t, const char *namespace_, struct codespan *io,
	const char *param, struct err *e)
{
	const struct codetree_file *f;
	size_t first, n;
	int rc;

	if (name_tree(t))
		return err_nomem(e);
	rc = place(t, io, param, e);
	if (rc)
		return rc;
	/* Somebody else's project, or none: nothing here is that file. */
	if (strcmp(t->name.data, "default") == 0 ||
		(io->project[0] && !codetree_is_ours(t, io->project)))
		return 0;
	if (!io->project[0] && strcmp(namespace_, t->name.data) != 0)
		snprintf(io->project, sizeof(io->project), "%s", t->name.data);
	if (set_commit(t, io))
		return err_nomem(e);
	f = codetree_lines_of(t, io->path);
	if (f->absent != CODETREE_FRESH)
		return 0;
	first = io->first > 0 ? (size_t)io->first - 1 : 0;
	n = io->first > 0 ? (size_t)(io->last - io->first) + 1 : f->lines.n;
	if (first + n > f->lines.n)
		return err_param(e, MDB_E_INVALID, param,
			"`%s`: %.200s has %zu lines, not %lld; give the lines "
			"as the file has them now, or the path alone",
			param, io->path, f->lines.n, (long long)io->last);
	codelines_format(codelines_hash(f->lines.v + first, n), io->hash);
	return 0;
}

/* --- files that are gone -------------------------------------------------- */
struct elsewhere {
	struct codetree *t;
	const struct codespan *was;
	uint64_t hash;
	struct codespan found; /* path "": nowhere yet */
	int looks, places;
};

/* In how many places of a file the lines stand: 0, 1, or 2 for few lines that
 * stand there more than once. *ret_first: the line where. */
static int
codetree_find_in(const struct codelines *lines, const struct codespan *was,
	uint64_t hash, int64_t *ret_first)
{
	size_t first = was->first > 0 ? (size_t)was->first - 1 : 0, at, last;
	size_t n = (size_t)(was->last - was->first) + 1;

	if (was->first == 0) {
		*ret_first = 0;
		return codelines_hash(lines->v, lines->n) == hash;
	}
	if (!codelines_find(lines, n, hash, first, &at))
		return 0;
	*ret_first = (int64_t)at + 1;
	if (n >= MANY_LINES)
		return 1;
	return codelines_find(lines, n, hash, 0, &at) &&
			       codelines_find(lines, n, hash, lines->n,
				       &last) &&
			       at == last
		       ? 1
		       : 2;
}

/* 1: it is this one, or nobody will know. */
static int
codetree_look_into(void *ctx, const char *path)
{
	struct elsewhere *x = ctx;
	const struct codespan *was = x->was;
	bool is_many =
		was->first == 0 || was->last - was->first + 1 >= MANY_LINES;
	const struct codetree_file *f;
	int64_t first;
	int places;

	if (x->looks++ >= LOOKS || codetree_is_over(x->t))
		return 1;
	if (strcmp(path, x->found.path) == 0)
		return 0;
	f = codetree_lines_of(x->t, path);
	places = f->absent == CODETREE_FRESH
			 ? codetree_find_in(&f->lines, was, x->hash, &first)
			 : 0;
	if (places == 0)
		return 0;
	x->places += places;
	x->found = *was;
	snprintf(x->found.path, sizeof(x->found.path), "%s", path);
	x->found.last = first + was->last - was->first;
	x->found.first = first;
	return is_many || x->places > 1;
}

/* A file that was renamed: *io gets its new name and the lines there. */
static enum codetree_state
look_elsewhere(struct codetree *t, struct codespan *io, uint64_t hash)
{
	struct elsewhere x = {.t = t, .was = io, .hash = hash};

	/* Nobody made the hash of nothing on purpose. */
	if (hash == codelines_hash(NULL, 0))
		return CODETREE_STALE;
	(void)!codemoved_each(t->top.data, io->path, codetree_look_into, &x);
	if (x.places != 1)
		return CODETREE_STALE;
	*io = x.found;
	return CODETREE_MOVED;
}

enum codetree_state
codetree_look(struct codetree *t, const char *namespace_, struct codespan *io)
{
	const struct codetree_file *f;
	size_t first, n, at;
	uint64_t hash;

	if (!codelines_parse(io->hash, &hash) || name_tree(t) != 0 ||
		!codetree_is_ours(t,
			io->project[0] ? io->project : namespace_) ||
		codetree_is_over(t))
		return CODETREE_UNKNOWN;
	f = codetree_lines_of(t, io->path);
	if (f->absent == CODETREE_STALE)
		return look_elsewhere(t, io, hash);
	if (f->absent != CODETREE_FRESH)
		return f->absent;
	first = io->first > 0 ? (size_t)io->first - 1 : 0;
	n = io->first > 0 ? (size_t)(io->last - io->first) + 1 : f->lines.n;
	if (first <= f->lines.n && n <= f->lines.n - first &&
		codelines_hash(f->lines.v + first, n) == hash)
		return CODETREE_FRESH;
	if (io->first == 0)
		return CODETREE_STALE;
	if (codetree_is_over(t))
		return CODETREE_UNKNOWN;
	if (!codelines_find(&f->lines, n, hash, first, &at))
		return CODETREE_STALE;
	io->first = (int64_t)at + 1;
	io->last = (int64_t)(at + n);
	return CODETREE_FRESH;
}

int
codetree_tell(struct codetree *t, const char *namespace_, const json_t *source,
	struct buf *out)
{
	struct codespan x;
	char text[CODESPAN_TEXT_SIZE];
	enum codetree_state state;

	if (codespan_read(source, "source", false, &x, NULL) != 0)
		return 0;
	state = codetree_look(t, namespace_, &x);
	codespan_text(&x, text);
	return buf_addf(out, "%s: %s", text, codetree_word(state));
}

/* The code that a fact of the reply was read in, or NULL. */
static const json_t *
codetree_source_of(const json_t *reply, json_int_t fact)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(reply, "sources"), i, one)
		if (json_integer_value(json_object_get(one, "fact")) == fact)
			return one;
	return NULL;
}

static json_int_t
codetree_number_at(const char *s)
{
	json_int_t v = 0;

	for (; *s >= '0' && *s <= '9' && v < INT64_MAX / 10 - 1; s++)
		v = v * 10 + (*s - '0');
	return v;
}

/* Marks go behind "- #7 (2026-11-29", which the service wrote itself: what
 * others wrote comes later in the line, in quotes. */
int
codetree_context(struct codetree *t, const char *namespace_,
	const json_t *reply, struct buf *out)
{
	const char *done = jx_text(reply, "context"), *line = done;

	while (line && (line = strstr(line, "\n- #")) != NULL) {
		json_int_t fact = codetree_number_at(line + 4);
		const json_t *one = codetree_source_of(reply, fact);
		const char *ns = jx_text(one, "namespace");

		line += 4;
		if (!one)
			continue;
		line += strcspn(line, ",)\n");
		if (buf_add(out, done, (size_t)(line - done)) ||
			buf_adds(out, ", ") ||
			codetree_tell(t, ns ? ns : namespace_,
				json_object_get(one, "source"), out))
			return MDB_E_NOMEM;
		done = line;
	}
	return done ? buf_adds(out, done) : 0;
}
