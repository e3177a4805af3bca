/* A file is read in pieces of bounded size, and each piece is one call. The
 * service knows what it was told before, so a second run adds nothing. */
#include "memory-db/cli/lib/importfrom.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/client/project.h"
#include "common/jx.h"
#include "common/owned.h"
#include "common/text.h"
#include "memory-db/cli/lib/disksource.h"
#include "memory-db/cli/lib/importfrom_int.h"
#include "memory-db/cli/lib/notes.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/progress.h"
#include "memory-db/cli/lib/transcript.h"

/* Text of one call. */
#define PIECE_BYTES (128 * 1024)
/* Notes that are larger are no notes. */
#define NOTE_BYTES (1024 * 1024)

/* --- counting ------------------------------------------------------------- */

static int
count_file(void *ctx, const char *path, int64_t size)
{
	struct import_counts *n = ctx;

	(void)path;
	n->files++;
	n->bytes += size;
	return 0;
}

int
importfrom_scan(const struct cli *c)
{
	AUTO_JSON json_t *list = json_array();
	int64_t all = 0;

	if (!list)
		return cli_nomem();
	for (size_t i = 0; i < disksources_n; i++) {
		const struct disksource *src = &disksources[i];
		char size[OUT_NUMBER_SIZE], number[OUT_NUMBER_SIZE];
		struct import_counts n = {0};

		if (disksource_each(src, NULL, count_file, &n) != 0 ||
			n.files == 0)
			continue;
		all += n.files;
		if (jx_add(list, json_pack("{s:s,s:s,s:I,s:I}", "kind",
					 src->name, "title", src->title,
					 "files", (json_int_t)n.files, "bytes",
					 (json_int_t)n.bytes)) != 0)
			return cli_nomem();
		if (!c->json)
			printf("%-14s %6s files %10s  %s\n", src->name,
				out_count(n.files, number),
				out_bytes(n.bytes, size), src->title);
	}
	if (c->json)
		return cli_print_json(c, list);
	if (all == 0)
		puts("nothing is there that import --from knows");
	else if (!c->quiet)
		puts("memoryctl import --from KIND takes one of them, onto a "
		     "branch of its own");
	return CLI_OK;
}

/* --- where it goes -------------------------------------------------------- */

/* Asks as an agent does: what is known is not stored again. */
json_t *
importfrom_ask(struct import_job *j, const char *namespace_, const char *branch,
	const char *method, json_t *params_new)
{
	AUTO_JSON json_t *params = params_new;
	AUTO_BUF struct buf b = {0};
	char *reply = NULL;
	json_t *out;
	int rc;

	if (!params ||
		jx_set(params, "namespace", json_string(namespace_)) != 0 ||
		(branch && jx_set(params, "branch", json_string(branch))) ||
		jx_dump(params, &b) != 0 || !buf_str(&b)) {
		j->rc = cli_nomem();
		return NULL;
	}
	rc = memory_client_call(j->c->client, method, b.data, &reply);
	if (rc != MEMORY_OK && rc != MEMORY_REFUSED)
		j->rc = cli_fail(CLI_SYSTEM, "%s",
			memory_client_error(j->c->client));
	out = rc == MEMORY_OK ? jx_parse(reply, strlen(reply), NULL) : NULL;
	memory_free(reply);
	return out;
}

/* The branch of a namespace, made when it is not there. */
void
importfrom_prepare(struct import_job *j, const char *namespace_)
{
	AUTO_JSON json_t *made = NULL;

	if (json_object_get(j->places, namespace_) ||
		strcmp(j->branch, "main") == 0)
		return;
	/* One that is there from a run before is the one. */
	made = importfrom_ask(j, namespace_, NULL, "memory_branch",
		json_pack("{s:s,s:s,s:s}", "action", "create", "name",
			j->branch, "about", j->src->title));
	if (jx_set(j->places, namespace_, json_true()) != 0)
		j->rc = cli_nomem();
}

/* The namespace of a folder, as memory-mcp has it with `auto`. */
bool
importfrom_namespace(struct import_job *j, const char *folder, struct buf *out)
{
	if (j->c->is_named && j->c->namespace_)
		return buf_adds(out, j->c->namespace_) == 0 && buf_str(out);
	if (!folder)
		return buf_adds(out, "default") == 0 && buf_str(out);
	return project_namespace(folder, out) == 0 && buf_str(out);
}

/* --- transcripts ---------------------------------------------------------- */

void
importfrom_turns(struct import_job *j, const char *namespace_,
	const char *session, const json_t *turns)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_BUF struct buf text = {0};
	const json_t *fact;
	size_t i;

	if (json_array_size(turns) == 0)
		return;
	if (jx_dump(turns, &text) != 0 || !buf_str(&text)) {
		j->rc = cli_nomem();
		return;
	}
	j->n.turns += (int64_t)json_array_size(turns);
	importfrom_prepare(j, namespace_);
	reply = importfrom_ask(j, namespace_, j->branch, "auto_extract_facts",
		json_pack("{s:s,s:s,s:b}", "conversation_text", text.data,
			"session_id", session, "auto_store", 1));
	if (!reply)
		j->n.refused++;
	json_array_foreach(json_object_get(reply, "facts"), i, fact) {
		if (strcmp(cli_str(fact, "status", ""), "stored") == 0)
			j->n.facts++;
		else
			j->n.known++;
	}
}

static void
take_transcript(struct import_job *j, int fd, const char *session)
{
	AUTO_BUF struct buf folder = {0}, place = {0};
	bool has_folder = disksource_cwd(fd, &folder);
	int64_t at = 0, to;

	if (!importfrom_namespace(j, has_folder ? folder.data : NULL, &place)) {
		j->rc = cli_nomem();
		return;
	}
	while (j->rc == CLI_OK) {
		AUTO_JSON json_t *turns = json_array();

		to = at;
		if (!turns ||
			transcript_read(fd, at, PIECE_BYTES, turns, &to) != 0) {
			j->rc = cli_nomem();
			return;
		}
		if (to == at)
			return;
		importfrom_turns(j, place.data, session, turns);
		at = to;
	}
}

/* --- notes ---------------------------------------------------------------- */

/* Each fact by itself: one that holds a secret is refused and stops none. */
static void
send_facts(struct import_job *j, const char *namespace_, const char *entity,
	const json_t *facts)
{
	const json_t *fact;
	size_t i;

	importfrom_prepare(j, namespace_);
	json_array_foreach((json_t *)(uintptr_t)facts, i, fact) {
		AUTO_JSON json_t *reply = NULL;
		const json_t *one;

		if (j->rc != CLI_OK)
			return;
		reply = importfrom_ask(j, namespace_, j->branch,
			"add_observations",
			json_pack("{s:[{s:s,s:s,s:[O]}]}", "observations",
				"entityName", entity, "entityType", "notes",
				"contents", fact));
		one = json_array_get(json_object_get(reply, "results"), 0);
		if (!reply)
			j->n.refused++;
		else if (json_array_size(json_object_get(one,
				 "addedObservations")) > 0 ||
			 cli_int(one, "added", 0) > 0)
			j->n.facts++;
		else
			j->n.known++;
	}
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

/* Where the notes of a folder go: the project beside them, if it is known. */
static const char *
notes_folder(const struct import_job *j, const char *folder, struct buf *beside)
{
	if (!j->src->folder)
		return folder;
	return project_beside(folder, beside) ? beside->data : NULL;
}

static void
take_notes(struct import_job *j, int fd, const char *path, int64_t size)
{
	AUTO_BUF struct buf text = {0}, own = {0}, place = {0}, beside = {0};
	AUTO_JSON json_t *facts = json_array();
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	ssize_t got;

	if (size > NOTE_BYTES || !facts ||
		buf_reserve(&text, (size_t)size + 1) != 0)
		return;
	got = read(fd, text.data, (size_t)size);
	if (got <= 0)
		return;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	if (transcript_strip(text.data, (size_t)got, &own) != 0 ||
		notes_facts(own.len > 0 ? own.data : "", own.len, facts) != 0 ||
		!importfrom_namespace(j, notes_folder(j, folder, &beside),
			&place)) {
		j->rc = cli_nomem();
		return;
	}
	if (json_array_size(facts) > 0)
		send_facts(j, place.data, slash + 1, facts);
}

/* --- all files ------------------------------------------------------------ */

static int
take_file(void *ctx, const char *path, int64_t size)
{
	const char *slash = strrchr(path, '/');
	struct import_job *j = ctx;
	AUTO_FD int fd = -1;
	char session[200];

	if (owned_open(path, O_RDONLY, 0, &fd, NULL, NULL) != 0 ||
		!text_is_utf8(path, strlen(path))) {
		j->n.unread++;
		return 0;
	}
	j->n.files++;
	j->n.bytes += size;
	progress_at(&j->progress, -1, j->n.files, "files");
	snprintf(session, sizeof(session), "%.190s", slash + 1);
	if (strlen(session) > 6 &&
		strcmp(session + strlen(session) - 6, ".jsonl") == 0)
		session[strlen(session) - 6] = '\0';
	if (j->src->kind == DISK_TRANSCRIPT)
		take_transcript(j, fd, session);
	else if (j->src->kind == DISK_NOTES)
		take_notes(j, fd, path, size);
	else
		importfrom_records(j, fd, path, size);
	return j->rc;
}

static int
report(const struct import_job *j)
{
	AUTO_JSON json_t *out = NULL, *names = json_array();
	const struct cli *c = j->c;
	const struct import_counts *n = &j->n;
	const char *name;
	json_t *x;

	json_object_foreach(j->places, name, x)
		if (jx_add(names, json_string(name)) != 0)
			return cli_nomem();
	if (c->json) {
		out = json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:O}",
			"kind", j->src->name, "branch", j->branch, "files",
			(json_int_t)n->files, "turns", (json_int_t)n->turns,
			"stored", (json_int_t)n->facts, "known",
			(json_int_t)n->known, "refused", (json_int_t)n->refused,
			"unread", (json_int_t)n->unread, "left_out",
			(json_int_t)n->left_out, "relations",
			(json_int_t)n->relations, "namespaces", names);
		return !out ? cli_nomem() : cli_print_json(c, out);
	}
	if (c->quiet)
		return CLI_OK;
	printf("%" PRId64 " files, %" PRId64 " turns: %" PRId64
	       " facts stored, %" PRId64 " known already",
		n->files, n->turns, n->facts, n->known);
	if (n->refused > 0)
		printf(", %" PRId64 " refused", n->refused);
	if (n->relations > 0)
		printf(", %" PRId64 " relations", n->relations);
	if (n->unread > 0)
		printf(", %" PRId64 " files could not be read", n->unread);
	if (n->left_out > 0)
		printf(", %" PRId64 " records left out (too large, or cut off)",
			n->left_out);
	putchar('\n');
	json_object_foreach(j->places, name, x) {
		fputs("look: memoryctl --namespace ", stdout);
		out_text(stdout, name);
		printf(" diff --from-branch main --to-branch %s; keep: memoryctl "
		       "--namespace ",
			j->branch);
		out_text(stdout, name);
		printf(" merge %s\n", j->branch);
	}
	return CLI_OK;
}

/* The connection of an agent, to which what it says again in other letters is
 * known. Notes of basic-memory are somebody's own words, to the letter. */
static int
connect_as_agent(struct cli *c, const struct disksource *src)
{
	struct memory_options o;
	char path[4096];
	int rc = cli_connect(c);

	if (rc != CLI_OK ||
		(rc = cli_client_options(c, &o, path, sizeof(path))) != CLI_OK)
		return rc;
	memory_client_free(c->client);
	if (strcmp(src->name, "basic-memory") != 0)
		o.tools = "default,history,order";
	o.session = "memoryctl-import";
	c->client = memory_client_new(&o);
	return c->client ? CLI_OK : cli_nomem();
}

int
importfrom_run(struct cli *c, const char *kind, const char *path)
{
	struct import_job j = {.c = c, .src = disksource_named(kind)};
	const char *branch = c->branch && c->branch[0] ? c->branch : NULL;
	int rc;

	if (!j.src) {
		AUTO_BUF struct buf names = {0};

		for (size_t i = 0; i < disksources_n; i++)
			if (buf_addf(&names, "%s%s", i > 0 ? ", " : "",
				    disksources[i].name) != 0)
				return cli_nomem();
		if (!buf_str(&names))
			return cli_nomem();
		return cli_fail(CLI_USAGE,
			"no kind '%s' to import from; known: "
			"%s",
			kind, names.data);
	}
	if (branch)
		snprintf(j.branch, sizeof(j.branch), "%.79s", branch);
	else
		snprintf(j.branch, sizeof(j.branch), "import-%s", kind);
	/* The calls name it; it need not be there yet. */
	c->branch = NULL;
	if ((rc = connect_as_agent(c, j.src)) != CLI_OK)
		return rc;
	j.places = json_object();
	j.relations = json_array();
	if (!j.places || !j.relations)
		return cli_nomem();
	progress_start(&j.progress, c, "importing");
	rc = disksource_each(j.src, path, take_file, &j);
	if (rc == CLI_OK) {
		importfrom_relations(&j);
		rc = j.rc;
	}
	progress_clear(&j.progress);
	if (rc == -1)
		rc = cli_fail(CLI_PROBLEM, "nothing of that kind is %s%s",
			path ? "at " : "here; import --scan shows what is",
			path ? path : "");
	if (rc == CLI_OK)
		rc = report(&j);
	json_decref(j.places);
	json_decref(j.relations);
	return rc == CLI_OK && j.n.refused > 0 ? CLI_PROBLEM : rc;
}
