/* The files of a folder of notes, the base and the index; foldersync.h says
 * what a base is for.
 *
 * Everything in the folder may be somebody's own or hostile: the base comes
 * with the folder, also from another machine. So names in it are taken only
 * when this program could have written them (no path, no link), and a file is
 * written only when it still has the bytes that were read. */
#include "memory-db/cli/lib/folderbase.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/owned.h"
#include "memory-db/cli/lib/newfile.h"

#define BASE	    ".memory-sync.json"
#define BASE_BYTES  (16 * 1024 * 1024)
#define INDEX	    "MEMORY.md"
#define INDEX_BYTES (1024 * 1024)
#define FILES_MAX   10000

/* --- notes ---------------------------------------------------------------- */
static bool
is_note(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && n < FOLDERBASE_NAME_SIZE && name[0] != '.' &&
	       strcmp(name + n - 3, ".md") == 0;
}

static int
folderbase_by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of notes in a folder, at most FILES_MAX; errno on failure. */
struct note_names {
	char **v; /* owned, each as well */
	size_t n;
};

static void
note_names_done(struct note_names *names)
{
	int failed = errno;

	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	errno = failed;
}

static int
note_names_read(int dir, DIR *d, struct note_names *names)
{
	struct dirent *e;
	struct stat st;

	while ((errno = 0, e = readdir(d)) != NULL) {
		if (!is_note(e->d_name) ||
			fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISREG(st.st_mode))
			continue;
		if (names->n == FILES_MAX) {
			errno = E2BIG;
			return MDB_E_LIMIT;
		}
		names->v[names->n] = strdup(e->d_name);
		if (!names->v[names->n])
			return MDB_E_NOMEM;
		names->n++;
	}
	/* What was not seen is not gone. */
	return errno != 0 ? MDB_E_STORE : 0;
}

/* In order of their names: two runs see the same. */
int
folderbase_list(int dir, json_t *files)
{
	__attribute__((cleanup(note_names_done))) struct note_names names = {
		.v = calloc(FILES_MAX, sizeof(*names.v))};
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	int rc, failed;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return MDB_E_STORE;
	}
	rc = names.v ? note_names_read(dir, d, &names) : MDB_E_NOMEM;
	failed = errno;
	closedir(d);
	errno = failed;
	if (rc != 0)
		return rc;
	if (names.n > 0)
		qsort(names.v, names.n, sizeof(*names.v), folderbase_by_name);
	for (size_t i = 0; i < names.n; i++)
		if (jx_set(files, names.v[i], json_true()) != 0)
			return MDB_E_NOMEM;
	return 0;
}

int
folderbase_read(int dir, const char *file, size_t most, struct buf *out)
{
	AUTO_FD int fd = openat(dir, file,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st, after;

	if (fd < 0)
		return errno == ENOENT ? MDB_E_NOT_FOUND : MDB_E_STORE;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		!owned_is_ours(st.st_uid) || st.st_size < 0 ||
		(size_t)st.st_size > most)
		return MDB_E_STORE;
	if (buf_reserve(out, (size_t)st.st_size + 1) != 0)
		return MDB_E_NOMEM;
	while (out->len < (size_t)st.st_size) {
		ssize_t n = read(fd, out->data + out->len,
			(size_t)st.st_size - out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		out->len += (size_t)n;
	}
	return fstat(fd, &after) == 0 && after.st_size == st.st_size &&
			       out->len == (size_t)st.st_size
		       ? 0
		       : MDB_E_STORE;
}

bool
folderbase_is_gone(int dir, const char *file)
{
	struct stat st;

	return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}

/* By whatever it is: also by a link or a folder. */
static bool
folderbase_is_taken(int dir, const json_t *files, const char *name)
{
	return json_object_get(files, name) || strcmp(name, "memory.md") == 0 ||
	       !folderbase_is_gone(dir, name);
}

void
folderbase_name(int dir, const char *entity, const json_t *files,
	char ret[FOLDERBASE_NAME_SIZE])
{
	char slug[FOLDERBASE_NAME_SIZE - 24] = "";
	size_t n = 0;

	for (const char *s = entity; *s && n < sizeof(slug) - 1; s++) {
		unsigned char c = (unsigned char)*s;
		bool is_plain = (c >= 'a' && c <= 'z') ||
				(c >= '0' && c <= '9') || c == '_' || c == '.';

		if (c >= 'A' && c <= 'Z')
			slug[n++] = (char)(c + 32);
		else if (is_plain && !(c == '.' && n == 0))
			slug[n++] = (char)c;
		else if (n > 0 && slug[n - 1] != '-')
			slug[n++] = '-';
	}
	while (n > 0 && slug[n - 1] == '-')
		n--;
	slug[n] = '\0';
	snprintf(ret, FOLDERBASE_NAME_SIZE, "%s.md", n > 0 ? slug : "note");
	for (int i = 2; folderbase_is_taken(dir, files, ret); i++)
		snprintf(ret, FOLDERBASE_NAME_SIZE, "%s-%d.md",
			n > 0 ? slug : "note", i);
}

/* --- the base ------------------------------------------------------------- */
void
folderbase_point_done(struct folderbase_point *p)
{
	buf_done(&p->whose);
	buf_done(&p->instance);
}

int
folderbase_point_read(struct cli *c, struct folderbase_point *ret)
{
	AUTO_JSON json_t *status = NULL;
	const json_t *database;
	int rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW,
		&status);

	if (rc != CLI_OK)
		return rc;
	database = json_object_get(status, "database");
	buf_clear(&ret->whose, 0);
	buf_clear(&ret->instance, 0);
	if (buf_addf(&ret->whose, "%s %s %s", cli_str(database, "id", ""),
		    c->namespace_ ? c->namespace_ : "default",
		    c->branch ? c->branch : "main") != 0 ||
		buf_addf(&ret->instance, "%s",
			cli_str(database, "instance_id", "")) != 0 ||
		!buf_str(&ret->whose) || !buf_str(&ret->instance))
		return cli_nomem();
	ret->change = cli_int(status, "last_change", 0);
	return CLI_OK;
}

/* Only what this program could have written: names of notes in this folder. */
static int
take_base(const json_t *stored, json_t *files)
{
	const char *file;
	json_t *known;

	json_object_foreach((json_t *)(uintptr_t)stored, file, known) {
		if (!is_note(file) || strchr(file, '/') ||
			!json_is_string(json_object_get(known, "entity")) ||
			!json_is_object(json_object_get(known, "facts")))
			continue;
		if (json_object_set(files, file, known) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

/* All that is stored: {memories: {whose: {instance, change, files}}}. */
static json_t *
read_bases(int dir)
{
	AUTO_BUF struct buf text = {0};
	AUTO_JSON json_t *j = NULL;
	json_t *memories;

	if (folderbase_read(dir, BASE, BASE_BYTES, &text) == 0 && text.len > 0)
		j = jx_parse(text.data, text.len, NULL);
	memories = json_object_get(j, "memories");
	return json_is_object(memories) ? json_incref(memories) : json_object();
}

json_t *
folderbase_load(int dir, const struct folderbase_point *p)
{
	AUTO_JSON json_t *memories = read_bases(dir), *files = json_object();
	const json_t *base = json_object_get(memories, p->whose.data);

	if (!memories || !files)
		return NULL;
	if (strcmp(cli_str(base, "instance", ""), p->instance.data) != 0 ||
		cli_int(base, "change", 0) > p->change)
		return take_ptr(files);
	if (take_base(json_object_get(base, "files"), files) != 0)
		return NULL;
	return take_ptr(files);
}

static int
put(const char *folder, const char *name, mode_t mode, const struct buf *text)
{
	AUTO_NEWFILE struct newfile nf = {0};
	char path[PATH_MAX];
	struct err e = {0};

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
			(int)sizeof(path) ||
		newfile_open(&nf, path, mode, &e) != 0 ||
		(text->len > 0 &&
			fwrite(text->data, 1, text->len, nf.f) != text->len) ||
		newfile_commit(&nf, &e) != 0)
		return MDB_E_STORE;
	return 0;
}

bool
folderbase_is_as_read(int dir, const char *file, size_t most,
	const struct buf *before)
{
	AUTO_BUF struct buf there = {0};
	int rc = folderbase_read(dir, file, most, &there);

	if (rc != 0)
		return rc == MDB_E_NOT_FOUND && before->len == 0;
	return there.len == before->len &&
	       (there.len == 0 ||
		       memcmp(there.data, before->data, there.len) == 0);
}

int
folderbase_put(int dir, const char *folder, const char *file, size_t most,
	const struct buf *before, const struct buf *now)
{
	struct stat st;
	mode_t mode = 0600;

	if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
		mode = st.st_mode & 0777;
	if (!folderbase_is_as_read(dir, file, most, before))
		return MDB_E_CONFLICT;
	return put(folder, file, mode, now);
}

int
folderbase_save(int dir, const char *folder, const struct folderbase_point *p,
	json_t *files)
{
	AUTO_JSON json_t *memories = read_bases(dir), *j = NULL;
	AUTO_BUF struct buf text = {0};

	if (!memories ||
		jx_set(memories, p->whose.data,
			json_pack("{s:s,s:I,s:O}", "instance", p->instance.data,
				"change", (json_int_t)p->change, "files",
				files)) != 0)
		return cli_nomem();
	j = json_pack("{s:i,s:O}", "version", 1, "memories", memories);
	if (!j || jx_dump(j, &text) != 0)
		return cli_nomem();
	/* What could not be read again would make deleted facts return. */
	if (text.len > BASE_BYTES)
		return cli_fail(CLI_SYSTEM,
			"%s has too many facts to be kept in step (" BASE
			" would have %zu bytes)",
			folder, text.len);
	return put(folder, BASE, 0600, &text) == 0
		       ? CLI_OK
		       : cli_fail(CLI_SYSTEM, "cannot write %s/" BASE ": %m",
				 folder);
}

/* --- the index ------------------------------------------------------------ */
static int
folderbase_add_entry(struct buf *out, const char *file, const char *entity)
{
	AUTO_BUF struct buf name = {0};

	for (const char *s = entity; *s; s++)
		if (buf_addc(&name, strchr("[]\n\r", *s) ? ' ' : *s) != 0)
			return MDB_E_NOMEM;
	if (out->len > 0 && out->data[out->len - 1] != '\n' &&
		buf_addc(out, '\n') != 0)
		return MDB_E_NOMEM;
	return buf_addf(out, "- [%.*s](%s)\n", (int)name.len, name.data, file);
}

static size_t
count_links(const char *s, size_t n)
{
	size_t links = 0;

	for (size_t i = 0; i + 1 < n; i++)
		links += s[i] == ']' && s[i + 1] == '(';
	return links;
}

/* Takes the lines that lead to the file out of the text. */
static int
drop_entry(struct buf *text, const char *file)
{
	AUTO_BUF struct buf out = {0}, link = {0};

	if (buf_addf(&link, "](%s)", file) != 0)
		return MDB_E_NOMEM;
	for (size_t at = 0; at < text->len;) {
		const char *s = text->data + at;
		const char *nl = memchr(s, '\n', text->len - at);
		size_t n = nl ? (size_t)(nl - s) + 1 : text->len - at;

		/* A line with two links is somebody's own. */
		if ((!memmem(s, n, link.data, link.len) ||
			    count_links(s, n) > 1) &&
			buf_add(&out, s, n) != 0)
			return MDB_E_NOMEM;
		at += n;
	}
	buf_done(text);
	*text = out;
	out = (struct buf){0};
	return 0;
}

int
folderbase_index(int dir, const char *folder, const json_t *changed)
{
	AUTO_BUF struct buf text = {0}, link = {0}, before = {0};
	const char *file;
	json_t *entity;
	int rc;

	if (json_object_size(changed) == 0)
		return 0;
	rc = folderbase_read(dir, INDEX, INDEX_BYTES, &text);
	if (rc != 0 && rc != MDB_E_NOT_FOUND)
		return rc;
	if (text.len > 0 && buf_add(&before, text.data, text.len) != 0)
		return MDB_E_NOMEM;
	json_object_foreach((json_t *)(uintptr_t)changed, file, entity) {
		buf_clear(&link, 4096);
		if (buf_addf(&link, "](%s)", file) != 0)
			return MDB_E_NOMEM;
		if (json_is_null(entity))
			rc = drop_entry(&text, file);
		else if (text.len > 0 &&
			 memmem(text.data, text.len, link.data, link.len))
			rc = 0;
		else
			rc = folderbase_add_entry(&text, file,
				json_string_value(entity));
		if (rc != 0)
			return rc;
	}
	return folderbase_put(dir, folder, INDEX, INDEX_BYTES, &before, &text);
}
