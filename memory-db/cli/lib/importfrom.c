/* A file is read in pieces of bounded size, and each piece is one call. The
 * service knows what it was told before, so a second run adds nothing. */
#include "memory-db/cli/lib/importfrom.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/owned.h"
#include "common/text.h"
#include "memory-db/cli/lib/disksource.h"
#include "memory-db/cli/lib/importfrom_int.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/progress.h"

/* How often and how long a call is sent again while the service is busy. */
#define BUSY_RETRIES	    1000
#define BUSY_MS		    (10 * 60 * 1000)
#define IMPORT_SESSION_SIZE 64
#define NICE		    10

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

/* "memoryctl-import-2026-11-30-7f3a01" */
static void
name_session(char out[IMPORT_SESSION_SIZE])
{
	char now[CLOCK_TEXT_SIZE];
	unsigned char random[3];

	clock_format(clock_now_ms(), now);
	randombytes_buf(random, sizeof(random));
	snprintf(out, IMPORT_SESSION_SIZE, IMPORT_SESSION "-%.10s-%02x%02x%02x",
		now, random[0], random[1], random[2]);
}

int
importfrom_secrets(const struct import_job *j, json_t *params)
{
	return jx_set(params,
		j->keeps_secrets ? "allow_secret" : "mark_secrets",
		json_true());
}

int64_t
importfrom_masked(const json_t *reply)
{
	const json_t *one;
	int64_t n = 0;
	size_t i;

	json_array_foreach(json_object_get(reply, "marked"), i, one)
		n += cli_int(one, "count", 1);
	return n;
}

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
		importturns_file(j, take_fd(&fd), session);
	else if (j->src->kind == DISK_NOTES)
		importfrom_notes(j, fd, path);
	else
		importfrom_records(j, fd, path);
	return j->rc;
}

static json_t *
report_json(const struct import_job *j)
{
	AUTO_JSON json_t *names = json_array();
	const struct import_counts *n = &j->n;
	const char *name;
	json_t *x;

	json_object_foreach(j->places, name, x)
		if (jx_add(names, json_string(name)) != 0)
			return NULL;
	return json_pack(
		"{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:O,s:O}",
		"kind", j->src->name, "branch", j->branch, "session",
		j->session, "files", (json_int_t)n->files, "turns",
		(json_int_t)n->turns, "stored", (json_int_t)n->facts, "known",
		(json_int_t)n->known, "masked", (json_int_t)n->masked,
		"refused", (json_int_t)n->refused, "unread",
		(json_int_t)n->unread, "left_out", (json_int_t)n->left_out,
		"relations", (json_int_t)n->relations, "namespaces", names,
		"pinned", j->pinned);
}

static void
print_report(const struct import_job *j)
{
	const struct import_counts *n = &j->n;
	const char *name;
	json_t *x;
	size_t i;

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
	if (n->masked > 0)
		printf("%" PRId64 " secrets were masked: a marker is stored in "
		       "the place of each. --allow-secrets stores them\n",
			n->masked);
	json_array_foreach(j->pinned, i, x) {
		fputs(i == 0 ? "pinned, so part of every context: " : ", ",
			stdout);
		out_text(stdout, json_string_value(x));
	}
	if (json_array_size(j->pinned) > 0)
		putchar('\n');
	if (n->facts + n->relations > 0)
		printf("take all of this import back: memoryctl undo --session "
		       "%s\n",
			j->session);
	json_object_foreach(j->places, name, x) {
		fputs("look: memoryctl --namespace ", stdout);
		out_text(stdout, name);
		printf(" diff --from-branch main --to-branch %s; keep: memoryctl "
		       "--namespace ",
			j->branch);
		out_text(stdout, name);
		printf(" merge %s\n", j->branch);
	}
}

/* The connection of an agent, to which what it says again in other letters is
 * known. Notes of basic-memory are somebody's own words, to the letter. */
static int
connect_as_agent(struct cli *c, const struct disksource *src,
	const char *session)
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
	o.session = session;
	/* Its writes are not counted by the minute. Where the service is another
	 * user's, they are, and the service says when to come again: an import
	 * waits, it leaves nothing out. */
	o.is_bulk = true;
	o.retries = BUSY_RETRIES;
	o.timeout_ms = BUSY_MS;
	c->client = memory_client_new(&o);
	return c->client ? CLI_OK : cli_nomem();
}

static int
unknown_kind(const char *kind)
{
	AUTO_BUF struct buf names = {0};

	for (size_t i = 0; i < disksources_n; i++)
		if (buf_addf(&names, ", %s", disksources[i].name) != 0)
			return cli_nomem();
	if (!buf_str(&names))
		return cli_nomem();
	return cli_fail(CLI_USAGE, "no kind '%s' to import from; known: all%s",
		kind, names.data);
}

static int
take_files(struct import_job *j, const char *path)
{
	int rc;

	j->places = json_object();
	j->relations = json_array();
	j->pinned = json_array();
	if (!j->places || !j->relations || !j->pinned ||
		importseen_open(&j->seen) != 0)
		return cli_nomem();
	progress_start(&j->progress, j->c, "importing");
	rc = disksource_each(j->src, path, take_file, j);
	progress_clear(&j->progress);
	importturns_finish(j);
	if (rc == CLI_OK)
		importfrom_relations(j);
	importfrom_note_newest(j);
	return rc != CLI_OK ? rc : j->rc;
}

static int
tell(const struct import_job *j, json_t *reports)
{
	if (j->c->json && jx_add(reports, report_json(j)) != 0)
		return cli_nomem();
	if (!j->c->json && !j->c->quiet)
		print_report(j);
	return j->n.refused > 0 ? CLI_PROBLEM : CLI_OK;
}

/* One run of the command. */
struct import_run {
	struct cli *c;
	const char *branch; /* for all kinds; NULL: one for each */
	bool is_fresh, keeps_secrets;
	char session[IMPORT_SESSION_SIZE];
};

static int
take_and_tell(struct import_job *j, const char *path, json_t *reports)
{
	int rc = take_files(j, path);

	if (rc != CLI_OK)
		return rc;
	return tell(j, reports);
}

/* One kind; -1: nothing of it is there. reports: with --json. */
static int
import_kind(const struct import_run *run, const struct disksource *src,
	const char *path, json_t *reports)
{
	const char *branch = run->branch;
	struct cli *c = run->c;
	struct import_job j = {.c = c,
		.src = src,
		.session = run->session,
		.is_fresh = run->is_fresh,
		.keeps_secrets = run->keeps_secrets,
		.seen = {.fd = -1}};
	int rc;

	if (branch)
		snprintf(j.branch, sizeof(j.branch), "%.79s", branch);
	else
		snprintf(j.branch, sizeof(j.branch), "import-%s", src->name);
	rc = connect_as_agent(c, src, run->session);
	if (rc != CLI_OK)
		return rc;
	rc = take_and_tell(&j, path, reports);
	json_decref(j.places);
	json_decref(j.relations);
	json_decref(j.pinned);
	importturns_done(&j.turns);
	importseen_done(&j.seen);
	return rc;
}

/* All that --scan tells of. */
static int
import_all(const struct import_run *run, json_t *reports)
{
	const struct cli *c = run->c;
	int worst = CLI_OK;
	bool has_any = false;

	for (size_t i = 0; i < disksources_n; i++) {
		const struct disksource *src = &disksources[i];
		struct import_counts n = {0};
		int rc;

		if (disksource_each(src, NULL, count_file, &n) != 0 ||
			n.files == 0)
			continue;
		has_any = true;
		if (!c->quiet && !c->json)
			printf("%s: ", src->name);
		rc = import_kind(run, src, NULL, reports);
		if (rc != CLI_OK && rc != CLI_PROBLEM)
			return rc;
		worst = rc > worst ? rc : worst;
	}
	if (!has_any)
		return cli_fail(CLI_PROBLEM,
			"nothing is there that import --from knows");
	return worst;
}

int
importfrom_run(struct cli *c, const struct importfrom_wish *wish)
{
	const char *kind = wish->kind, *path = wish->path;
	/* "auto" names the branch of one folder's code, and an import is of
	 * all projects: only a branch that somebody named counts. */
	struct import_run run = {.c = c,
		.branch = !c->follows_code && c->branch && c->branch[0]
				  ? c->branch
				  : NULL,
		.is_fresh = wish->is_fresh,
		.keeps_secrets = wish->keeps_secrets};
	const struct disksource *src = disksource_named(kind);
	AUTO_JSON json_t *reports = json_array();
	bool is_all = strcmp(kind, "all") == 0;
	int rc, printed;

	if (!src && !is_all)
		return unknown_kind(kind);
	if (is_all && path)
		return cli_fail(CLI_USAGE, "--from all takes no path: name the "
					   "kind of what is there");
	if (!reports)
		return cli_nomem();
	/* Who works meanwhile goes first; on an idle machine it changes nothing. */
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	/* The calls name it; it need not be there yet. */
	c->branch = NULL;
	name_session(run.session);
	rc = is_all ? import_all(&run, reports)
		    : import_kind(&run, src, path, reports);
	if (rc == -1)
		return cli_fail(CLI_PROBLEM, "nothing of that kind is %s%s",
			path ? "at " : "here; import --scan shows what is",
			path ? path : "");
	if (!c->json || json_array_size(reports) == 0)
		return rc;
	if (!is_all)
		printed = cli_print_json(c, json_array_get(reports, 0));
	else
		printed = cli_print_json(c, reports);
	return printed != CLI_OK ? printed : rc;
}
