/* What lies on the disk that a memory could begin with: a table of clients and
 * of the folders in which they keep transcripts and notes. Whose project a
 * transcript is of stands in its first lines (`cwd`), for the names of such
 * folders do not say it reliably. */
#include "memory-db/cli/lib/disksource.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/clients.h"

/* Where a transcript's folder stands: in its first lines. */
#define HEAD_BYTES (256 * 1024)

const struct disksource disksources[] = {
	{"claude-code", "transcripts of Claude Code", DISK_TRANSCRIPT,
		"${CLAUDE_CONFIG_DIR:-~/.claude}/projects", ".jsonl", NULL,
		"/subagents/"},
	{"auto-memory", "notes of Claude Code's own memory", DISK_NOTES,
		"${CLAUDE_CONFIG_DIR:-~/.claude}/projects", ".md", "/memory/",
		NULL},
	{"codex", "sessions of Codex", DISK_TRANSCRIPT,
		"${CODEX_HOME:-~/.codex}/sessions", ".jsonl", NULL, NULL},
	{"codex-memories", "notes of Codex's own memory", DISK_NOTES,
		"${CODEX_HOME:-~/.codex}/memories", ".md", NULL, NULL},
	{"copilot-cli", "sessions of Copilot CLI", DISK_TRANSCRIPT,
		"${COPILOT_HOME:-~/.copilot}/session-state", "events.jsonl",
		NULL, NULL},
	{"cursor", "transcripts of Cursor", DISK_TRANSCRIPT,
		"~/.cursor/projects", ".jsonl", "/agent-transcripts/", NULL},
	{"gemini", "sessions of Gemini CLI", DISK_RECORDS,
		"${GEMINI_CLI_HOME:-~}/.gemini/tmp", ".json|.jsonl", "/chats/",
		NULL},
	{"claude-mem", "database of claude-mem", DISK_RECORDS,
		"${CLAUDE_MEM_DATA_DIR:-~/.claude-mem}", "claude-mem.db", NULL,
		NULL},
	{"basic-memory", "notes of basic-memory", DISK_RECORDS,
		"~/basic-memory", ".md", NULL, NULL},
	{"doobidoo", "database of mcp-memory-service", DISK_RECORDS,
		"~/.local/share/mcp-memory", "sqlite_vec.db", NULL, NULL},
	{"claude-ai", "an export of claude.ai (conversations.json or zip)",
		DISK_RECORDS, "", ".json", NULL, NULL},
	{"chatgpt", "an export of ChatGPT (conversations.json or zip)",
		DISK_RECORDS, "", ".json", NULL, NULL},
	{"mem0", "an export of mem0 (JSON or Markdown)", DISK_RECORDS, "",
		".json", NULL, NULL},
	{"letta", "an agent file of Letta (.af)", DISK_RECORDS, "", ".af", NULL,
		NULL},
	{"graphiti", "a dump of Graphiti or Zep (JSON)", DISK_RECORDS, "",
		".json", NULL, NULL},
	{"markdown", "instructions and notes in this folder", DISK_NOTES, NULL,
		"", NULL, NULL},
};
const size_t disksources_n = ARRAY_LEN(disksources);

/* What `markdown` means in a folder. */
static const char *const notes[] = {"CLAUDE.md", "CLAUDE.local.md", "AGENTS.md",
	"GEMINI.md", "MEMORY.md", ".cursorrules", ".windsurfrules",
	".github/copilot-instructions.md"};

const struct disksource *
disksource_named(const char *name)
{
	for (size_t i = 0; i < disksources_n; i++)
		if (strcmp(disksources[i].name, name) == 0)
			return &disksources[i];
	return NULL;
}

/* Whether the path ends in one of those with "|" between. */
static bool
has_ending(const char *path, const char *endings)
{
	size_t n = strlen(path);

	for (const char *s = endings;; s++) {
		size_t k = strcspn(s, "|");

		if (n >= k && memcmp(path + n - k, s, k) == 0)
			return true;
		s += k;
		if (*s == '\0')
			return false;
	}
}

static bool
disksource_is_meant(const struct disksource *src, const char *path)
{
	return has_ending(path, src->ending) &&
	       (!src->within || strstr(path, src->within)) &&
	       (!src->without || !strstr(path, src->without));
}

static int
disksource_by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int
disksource_walk(const struct disksource *src, char *folder, bool is_any,
	disk_file_fn fn, void *ctx)
{
	char *const roots[] = {folder, NULL};
	FTS *tree =
		fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, disksource_by_name);
	FTSENT *at;
	int rc = 0;

	if (!tree)
		return -1;
	while ((at = fts_read(tree)) != NULL) {
		if (at->fts_info != FTS_F ||
			(!disksource_is_meant(src, at->fts_path) &&
				!(is_any && at->fts_level == 0)))
			continue;
		rc = fn(ctx, at->fts_path, at->fts_statp->st_size);
		if (rc != 0)
			break;
	}
	fts_close(tree);
	return rc;
}

static int
in_this_folder(disk_file_fn fn, void *ctx)
{
	char here[PATH_MAX], path[PATH_MAX + 64];
	struct stat st;
	int rc = 0;

	if (!getcwd(here, sizeof(here)))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
		snprintf(path, sizeof(path), "%s/%s", here, notes[i]);
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			rc = fn(ctx, path, st.st_size);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
disksource_each(const struct disksource *src, const char *path, disk_file_fn fn,
	void *ctx)
{
	char folder[PATH_MAX];
	struct stat st;

	if (path) {
		if (!realpath(path, folder))
			return -1;
		return disksource_walk(src, folder, true, fn, ctx);
	}
	if (!src->folder)
		return in_this_folder(fn, ctx);
	if (src->folder[0] == '\0')
		return -1;
	if (!clients_expand(src->folder, strlen(src->folder), false, getenv,
		    folder) ||
		stat(folder, &st) < 0)
		return -1;
	return disksource_walk(src, folder, false, fn, ctx);
}

bool
disksource_cwd(int fd, struct buf *out)
{
	AUTO_FREE char *text = malloc(HEAD_BYTES);
	ssize_t got = text ? pread(fd, text, HEAD_BYTES, 0) : -1;
	const char *s = text, *end = text + (got > 0 ? got : 0), *nl;

	for (; s < end && (nl = memchr(s, '\n', (size_t)(end - s))) != NULL;
		s = nl + 1) {
		AUTO_JSON json_t *line = jx_parse(s, (size_t)(nl - s), NULL);
		const char *cwd = cli_str(line, "cwd", NULL);

		if (!cwd)
			cwd = cli_str(json_object_get(line, "payload"), "cwd",
				NULL);
		if (!cwd)
			cwd = cli_str(json_object_get(line, "data"), "cwd",
				NULL);
		if (cwd && cwd[0] == '/')
			return buf_adds(out, cwd) == 0 && buf_str(out) != NULL;
	}
	return false;
}
