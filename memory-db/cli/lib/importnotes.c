/* Notes in Markdown are facts of an entity that has the name of the file, in
 * the memory of the project that they lie in. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/importfrom_int.h"
#include "memory-db/cli/lib/notes.h"
#include "memory-db/cli/lib/transcript.h"

static void
importnotes_send_facts(struct import_job *j, const char *place,
	const char *entity, const json_t *facts)
{
	AUTO_JSON json_t *list = json_array();
	json_t *fact;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)facts, i, fact)
		if (jx_add(list, json_pack("{s:s,s:s,s:[O]}", "entityName",
					 entity, "entityType", "notes",
					 "contents", fact)) != 0) {
			j->rc = cli_nomem();
			return;
		}
	importfrom_prepare(j, place);
	importfrom_facts(j, place, list);
}

/* The project of a note in ".../SLUG/memory/": the folder that a transcript
 * beside says, as the slug has lost its slashes. */
static bool
project_beside(const char *folder, struct buf *out)
{
	char path[PATH_MAX];
	bool is_found = false;
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "%s", folder);
	if (strrchr(path, '/') == NULL)
		return false;
	*strrchr(path, '/') = '\0';
	dir = opendir(path);
	while (dir && !is_found && (d = readdir(dir)) != NULL) {
		size_t n = strlen(d->d_name);
		int fd;

		if (n < 6 || strcmp(d->d_name + n - 6, ".jsonl") != 0)
			continue;
		fd = openat(dirfd(dir), d->d_name,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		is_found = fd >= 0 && disksource_cwd(fd, out);
		if (fd >= 0)
			close(fd);
	}
	if (dir)
		closedir(dir);
	return is_found;
}

/* The SLUG of ".../SLUG/memory" without the dash that was its first slash; NULL:
 * the folder is another one. The client deletes old transcripts: then nothing
 * beside says which project it is, and its notes are still none of the others'. */
static const char *
slug_of(char *folder)
{
	char *name = strrchr(folder, '/');

	if (!name || strcmp(name, "/memory") != 0)
		return NULL;
	*name = '\0';
	name = strrchr(folder, '/');
	if (!name || name[1] != '-' || name[2] == '\0')
		return NULL;
	return name + 2;
}

/* Whose note it is. */
static bool
importnotes_note_place(struct import_job *j, const char *path, struct buf *out)
{
	AUTO_BUF struct buf beside = {0};
	char folder[PATH_MAX];
	const char *slug;

	snprintf(folder, sizeof(folder), "%.*s",
		(int)(strrchr(path, '/') - path), path);
	if (!j->src->folder)
		return importfrom_namespace(j, folder, out);
	if (project_beside(folder, &beside))
		return importfrom_namespace(j, beside.data, out);
	slug = slug_of(folder);
	if (!slug || (j->c->is_named && j->c->namespace_))
		return importfrom_namespace(j, NULL, out);
	return buf_adds(out, slug) == 0 && buf_str(out);
}

void
importfrom_notes(struct import_job *j, int fd, const char *path)
{
	AUTO_NOTE_PIECES struct note_pieces p = {.fd = fd};
	AUTO_BUF struct buf place = {0};
	const char *text;
	size_t n;
	int rc = 0;

	if (!importnotes_note_place(j, path, &place)) {
		j->rc = cli_nomem();
		return;
	}
	while (j->rc == CLI_OK && (rc = notes_piece(&p, &text, &n)) == 1) {
		AUTO_JSON json_t *facts = json_array();
		AUTO_BUF struct buf own = {0};

		if (!facts || transcript_strip(text, n, &own) != 0 ||
			notes_facts(own.len > 0 ? own.data : "", own.len,
				facts) != 0) {
			j->rc = cli_nomem();
			return;
		}
		if (json_array_size(facts) > 0)
			importnotes_send_facts(j, place.data,
				strrchr(path, '/') + 1, facts);
	}
	if (j->rc == CLI_OK && rc == MDB_E_NOMEM)
		j->rc = cli_nomem();
	else if (j->rc == CLI_OK && rc < 0)
		j->n.unread++;
}
