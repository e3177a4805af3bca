/* pull: what other machines have pushed. The log of each is replayed into a
 * database of its own, which compares every link of its chain; what it says now
 * is put onto a branch of ours, and the branch is merged:
 *
 *   their log -> replay, verify -> remote/3f2a.. -> merge into main
 *
 * The branch stays: the next pull changes it by what changed there, and the
 * merge takes only that. So what was deleted here does not come back, and what
 * is deleted there goes here, unless it was changed here. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/lines.h"
#include "memory-db/cli/lib/mirror.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/private_service.h"
#include "memory-db/cli/lib/remote.h"
#include "memory-db/cli/lib/replay.h"
#include "memory-db/cli/lib/tempfolder.h"

static bool is_apart;

static const struct conf_opt opts[] = {
	CLI_FLAG("no-merge", &is_apart,
		"leave it on its branch, to be looked "
		"at"),
};

struct pull {
	struct cli *c;
	const struct remote *remote;
	const char *namespace_, *own; /* own: our database */
	char folder[TEMP_FOLDER_SIZE], file[96], database[96];
	int folder_fd; /* its lock */
	json_t *rows;  /* owned */
};

/* --- their memory ---------------------------------------------------------- */
/* What was seen of a log that is to be that of a namespace, and whole. */
struct pull_seen {
	const char *namespace_;
	bool is_ours; /* a line of our namespace */
	bool is_whole;
	char head[80]; /* `"chain":"..."` of its last change; "": unknown */
};

static bool
pull_names(const json_t *line, const char *namespace_)
{
	const char *name = jx_text(line, "name");
	const json_t *alias;
	size_t i;

	if (name && strcmp(name, namespace_) == 0)
		return true;
	json_array_foreach(json_object_get(line, "aliases"), i, alias)
		if (json_is_string(alias) &&
			strcmp(json_string_value(alias), namespace_) == 0)
			return true;
	return false;
}

static bool
pull_is(const char *line, size_t n, const char *begin)
{
	return n > strlen(begin) && memcmp(line, begin, strlen(begin)) == 0;
}

/* The header says where the chain ends; the change with this link must come. */
static void
pull_see(struct pull_seen *s, const char *line, size_t n)
{
	AUTO_JSON json_t *j = NULL;
	const json_t *heads, *last;
	const char *head;

	if (pull_is(line, n, "{\"type\":\"change\"")) {
		s->is_whole =
			s->is_whole || (s->head[0] && memmem(line, n, s->head,
							      strlen(s->head)));
		return;
	}
	if (!pull_is(line, n, "{\"type\":\"header\"") &&
		!pull_is(line, n, "{\"type\":\"namespace\""))
		return;
	j = jx_parse(line, n, NULL);
	heads = json_object_get(j, "heads");
	last = json_array_get(heads, 0);
	head = jx_text(last, "head");
	if (json_array_size(heads) == 1 && head &&
		json_integer_value(json_object_get(last, "change")) > 0)
		snprintf(s->head, sizeof(s->head), "\"chain\":\"%.64s\"", head);
	s->is_ours = s->is_ours || (!heads && pull_names(j, s->namespace_));
}

/* Whatever is not in the log counts as deleted there: a log that lacks something
 * is none. */
static int
pull_check(const struct pull_seen *s)
{
	if (!s->is_ours)
		return cli_fail(CLI_PROBLEM,
			"the pulled log is empty or of another namespace than "
			"%s: nothing was taken of it",
			s->namespace_);
	if (s->head[0] && !s->is_whole)
		return cli_fail(CLI_PROBLEM,
			"the pulled log ends before its last change: nothing "
			"was taken of it; push again there");
	return CLI_OK;
}

static int
pull_replay(struct pull *p, struct cli *to)
{
	AUTO_LOG_REPLAY struct log_replay r = {0};
	AUTO_LINES struct lines l = {0};
	AUTO_FD int fd = open(p->file, O_RDONLY | O_CLOEXEC);
	struct pull_seen seen = {.namespace_ = p->namespace_};
	struct err e = {0};
	const char *line;
	size_t n;
	int rc;

	if (fd < 0)
		return cli_fail(CLI_SYSTEM, "cannot read %s: %m", p->file);
	lines_init(&l, fd, LIMIT_REQUEST_BYTES);
	log_replay_begin(&r, to);
	while ((rc = lines_next(&l, &line, &n, &e)) == 1) {
		if (n == 0)
			continue;
		pull_see(&seen, line, n);
		rc = log_replay_add(&r, line, n);
		if (rc != CLI_OK)
			return rc;
	}
	if (rc < 0)
		return cli_fail_err(&e);
	rc = pull_check(&seen);
	return rc == CLI_OK ? log_replay_end(&r) : rc;
}

/* Every link of the chain was compared; now every row with the log. */
static int
pull_verify(struct cli *c)
{
	AUTO_FREE char *cursor = NULL;

	do {
		AUTO_JSON json_t *reply = NULL;
		const char *next;
		int rc = cli_call(c, "verify",
			json_pack("{s:s*}", "cursor", cursor), CLI_NOW, &reply);

		if (rc != CLI_OK)
			return rc;
		if (json_array_size(json_object_get(reply, "problems")) > 0)
			return cli_fail(CLI_PROBLEM,
				"the pulled log does not verify: nothing was "
				"taken of it");
		free(cursor);
		next = cli_str(reply, "next", NULL);
		cursor = next ? strdup(next) : NULL;
		if (next && !cursor)
			return cli_nomem();
	} while (cursor);
	return CLI_OK;
}

/* --- our branch ------------------------------------------------------------ */
/* It begins empty: all that it says is theirs. */
static int
pull_branch(struct pull *p, const char *branch)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cli_ask(p->c, "memory_branch",
		json_pack("{s:s,s:s}", "action", "describe", "name", branch),
		&reply);

	if (rc != CLI_PROBLEM)
		return rc;
	return cli_call(p->c, "memory_branch",
		json_pack("{s:s,s:s,s:s,s:s}", "action", "create", "name",
			branch, "at", "1970-01-02", "about",
			"the memory of another machine"),
		CLI_NOW, &reply);
}

static int
pull_tell(struct pull *p, const char *branch, const struct mirror_counts *n)
{
	if (p->c->json)
		return jx_add(p->rows,
			       json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:b}",
				       "branch", branch, "added",
				       (json_int_t)n->added, "removed",
				       (json_int_t)n->removed, "changed",
				       (json_int_t)n->changed, "refused",
				       (json_int_t)n->refused, "conflicts",
				       (json_int_t)n->conflicts, "merged",
				       !is_apart)) == 0
			       ? CLI_OK
			       : cli_nomem();
	cli_note(p->c,
		"%s: %lld new there, %lld gone there, %lld changed there, %lld "
		"refused, %lld conflicts%s",
		branch, (long long)n->added, (long long)n->removed,
		(long long)n->changed, (long long)n->refused,
		(long long)n->conflicts,
		is_apart ? "; memoryctl merge takes it" : "");
	return CLI_OK;
}

/* --- one machine ----------------------------------------------------------- */
static int
pull_fetch(struct pull *p, const char *database)
{
	AUTO_FD int fd =
		open(p->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct err e = {0};

	if (fd < 0)
		return cli_fail(CLI_SYSTEM, "cannot write %s: %m", p->file);
	return remote_get(p->remote, database, fd, &e) == 0 ? CLI_OK
							    : cli_fail_err(&e);
}

static int
pull_one(struct pull *p, const char *database)
{
	AUTO_PRIVATE struct private_service theirs = {0};
	struct mirror_counts n = {0};
	struct err e = {0};
	char branch[MIRROR_BRANCH_BYTES];
	int rc = pull_fetch(p, database);

	if (rc != CLI_OK)
		return rc;
	if (private_service_start(&theirs, p->c, p->database, false, &e) != 0)
		return cli_fail_err(&e);
	mirror_branch(database, branch);
	rc = pull_replay(p, &theirs.cli);
	if (rc != CLI_OK)
		return rc;
	rc = pull_verify(&theirs.cli);
	if (rc != CLI_OK)
		return rc;
	rc = pull_branch(p, branch);
	if (rc != CLI_OK)
		return rc;
	rc = mirror_run(&(struct mirror){.from = &theirs.cli,
				.to = p->c,
				.from_namespace = p->namespace_,
				.own = p->own,
				.branch = branch,
				.is_apart = is_apart},
		&n);
	return rc == CLI_OK ? pull_tell(p, branch, &n) : rc;
}

/* The database of the one before, with what lies beside it. */
static void
pull_clean(const struct pull *p, bool is_all)
{
	static const char *const beside[] = {"", "-wal", "-shm", ".lock",
		".log"};
	char path[160];

	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		snprintf(path, sizeof(path), "%s%s", p->database, beside[i]);
		(void)unlink(path);
	}
	(void)unlink(p->file);
	snprintf(path, sizeof(path), "%s/memory-db.log", p->folder);
	(void)unlink(path);
	if (is_all)
		(void)rmdir(p->folder);
}

/* What is wrong with one is no reason to miss the others. */
static int
pull_all(struct pull *p)
{
	AUTO_JSON json_t *names = NULL;
	const json_t *name;
	struct err e = {0};
	int worst = CLI_OK, seen = 0;
	size_t i;

	if (remote_list(p->remote, &names, &e) != 0)
		return cli_fail_err(&e);
	json_array_foreach(names, i, name) {
		int rc;

		if (strcmp(json_string_value(name), p->own) == 0)
			continue;
		rc = pull_one(p, json_string_value(name));
		pull_clean(p, false);
		if (rc != CLI_OK)
			cli_note(p->c, "remote/%.12s was not pulled",
				json_string_value(name));
		worst = rc > worst ? rc : worst;
		seen++;
	}
	if (seen == 0 && !p->c->json)
		cli_note(p->c, "no other machine has pushed this namespace");
	return worst;
}

static int
run_pull(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *status = NULL, *rows = json_array();
	struct remote remote;
	struct pull p = {.c = c, .remote = &remote, .rows = rows};
	struct err e = {0};
	int rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW,
		&status);

	(void)argc;
	if (rc != CLI_OK)
		return rc;
	if (!rows)
		return cli_nomem();
	c->branch = NULL;
	p.namespace_ =
		c->namespace_ && c->namespace_[0] ? c->namespace_ : "default";
	p.own = cli_str(json_object_get(status, "database"), "instance_id", "");
	if (remote_read(argv[0], p.namespace_, &remote, &e) != 0)
		return cli_fail_err(&e);
	if (temp_folder_make(p.folder, &p.folder_fd, &e) != 0)
		return cli_fail(CLI_SYSTEM, "%s", e.text);
	snprintf(p.file, sizeof(p.file), "%s/log", p.folder);
	snprintf(p.database, sizeof(p.database), "%s/memory.db", p.folder);
	rc = pull_all(&p);
	pull_clean(&p, true);
	close(p.folder_fd);
	if (c->json && (rc == CLI_OK || json_array_size(rows) > 0)) {
		int printed = cli_print_json(c, rows);

		rc = rc == CLI_OK ? printed : rc;
	}
	return rc;
}

const struct cli_command cli_cmd_pull = {
	.name = "pull",
	.args = "REMOTE",
	.summary = "take what other machines have pushed",
	.about = "Replays the log of each other database at REMOTE (see push) "
		 "apart, compares every link of its chain, puts what it says "
		 "onto a branch remote/ID and merges that. The branch stays, "
		 "so the next pull takes what changed since, deletions too. "
		 "What both changed is a conflict, and ours is kept.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = 1,
	.writes = true,
	.is_bulk = true,
	.makes = true,
	.run = run_pull,
};
