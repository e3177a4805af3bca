/* git-sync: branches of memory follow those of the code. A branch "git/login"
 * was made when something was written while the code was on `login`:
 *
 *   login is there      it stays
 *   login is gone,
 *     and was merged    its memory is merged into main, and the branch ends
 *     and was not       it is told; --discard ends it
 *   login is unknown  it is told: another clone may have it
 *
 * Whether it was merged is asked of git: its last commit (which the log of HEAD
 * still names) is in the default branch, or merging it would change nothing
 * there (a squash). */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/programs.h"

#define PREFIX	     "git/"
#define COMMIT_BYTES 80
#define REFLOG_BYTES (4 * 1024 * 1024)

static bool is_dry_run, is_discard;

static const struct conf_opt opts[] = {
	CLI_FLAG("dry-run", &is_dry_run, "only tell what would be done"),
	CLI_FLAG("discard", &is_discard,
		"end branches whose code is gone and was not merged"),
};

enum code_state { CODE_THERE, CODE_MERGED, CODE_GONE, CODE_UNKNOWN };

struct git {
	char program[PATH_MAX];
	char base[2][256]; /* refs of the default branch; "": none */
	struct buf reflog; /* owned */
};

/* --- git ------------------------------------------------------------------ */
/* Its exit code, and its output cut to a line; -1: it could not be run. */
static int
git_run(const struct git *g, const char *const *args, struct buf *out)
{
	const char *argv[12] = {"git"};
	int ends[2], status;
	char chunk[512];
	ssize_t got;
	pid_t child;

	for (size_t i = 0; args[i] && i < 10; i++)
		argv[i + 1] = args[i];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null >= 0 && dup2(null, 0) >= 0 && dup2(null, 2) >= 0 &&
			dup2(ends[1], 1) >= 0)
			execv(g->program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	while (child > 0 && (got = read(ends[0], chunk, sizeof(chunk))) > 0)
		if (out && out->len < sizeof(chunk) &&
			buf_add(out, chunk, (size_t)got) != 0)
			out = NULL;
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	if (out && buf_str(out)) {
		out->len = strcspn(out->data, "\n");
		out->data[out->len] = '\0';
	}
	return WEXITSTATUS(status);
}

/* The commit of a ref; false: there is none. */
static bool
git_commit_of(const struct git *g, const char *ref, char ret[COMMIT_BYTES])
{
	const char *const args[] = {"rev-parse", "--verify", "--quiet",
		"--end-of-options", ref, NULL};
	AUTO_BUF struct buf out = {0};

	if (git_run(g, args, &out) != 0 || out.len == 0 ||
		out.len >= COMMIT_BYTES)
		return false;
	memcpy(ret, out.data, out.len + 1);
	return true;
}

/* Refs of the default branch: here, and at origin. */
static void
git_find_base(struct git *g)
{
	static const char *const names[] = {"main", "master"};
	const char *const args[] = {"symbolic-ref", "--quiet", "--short",
		"refs/remotes/origin/HEAD", NULL};
	AUTO_BUF struct buf out = {0};
	char commit[COMMIT_BYTES];
	int n = 0;

	if (git_run(g, args, &out) == 0 && out.len > 7 &&
		strncmp(out.data, "origin/", 7) == 0) {
		snprintf(g->base[n++], sizeof(g->base[0]), "refs/remotes/%s",
			out.data);
		snprintf(g->base[n], sizeof(g->base[0]), "refs/heads/%s",
			out.data + 7);
		if (!git_commit_of(g, g->base[n], commit))
			g->base[n][0] = '\0';
		return;
	}
	for (size_t i = 0; n == 0 && i < ARRAY_LEN(names); i++) {
		snprintf(g->base[0], sizeof(g->base[0]), "refs/heads/%s",
			names[i]);
		n += git_commit_of(g, g->base[0], commit);
	}
	if (n == 0)
		g->base[0][0] = '\0';
}

/* The log of HEAD: "OLD NEW who <mail> time zone\tcheckout: moving from A to B"
 * a line. */
static void
git_read_reflog(struct git *g)
{
	const char *const args[] = {"rev-parse", "--path-format=absolute",
		"--git-path", "logs/HEAD", NULL};
	AUTO_BUF struct buf path = {0};
	AUTO_FD int fd = -1;
	ssize_t got = 0;
	off_t size;

	if (git_run(g, args, &path) != 0 || path.len == 0)
		return;
	fd = open(path.data, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || buf_reserve(&g->reflog, REFLOG_BYTES + 1) != 0)
		return;
	/* Of a long one the end is what counts. */
	size = lseek(fd, 0, SEEK_END);
	if (size > REFLOG_BYTES)
		(void)lseek(fd, size - REFLOG_BYTES, SEEK_SET);
	else
		(void)lseek(fd, 0, SEEK_SET);
	while (g->reflog.len < REFLOG_BYTES &&
		(got = read(fd, g->reflog.data + g->reflog.len,
			 REFLOG_BYTES - g->reflog.len)) > 0)
		g->reflog.len += (size_t)got;
}

/* The commit that a branch had when the code was last moved away from it. */
static bool
git_last_commit(struct git *g, const char *name, char ret[COMMIT_BYTES])
{
	AUTO_BUF struct buf what = {0};
	const char *s = buf_str(&g->reflog), *hit, *line = NULL;
	size_t n;

	if (!s || buf_addf(&what, "checkout: moving from %s to ", name) != 0 ||
		!buf_str(&what))
		return false;
	for (; (hit = strstr(s, what.data)) != NULL; s = hit + 1) {
		line = hit;
		while (line > g->reflog.data && line[-1] != '\n')
			line--;
	}
	n = line ? strcspn(line, " ") : 0;
	if (n < 40 || n >= COMMIT_BYTES)
		return false;
	memcpy(ret, line, n);
	ret[n] = '\0';
	return true;
}

/* Is all of a commit in the default branch? 1, 0, or -1: git does not know. */
static int
git_is_merged(const struct git *g, const char *commit, const char *base)
{
	const char *const ancestor[] = {"merge-base", "--is-ancestor", commit,
		base, NULL};
	const char *const merge[] = {"merge-tree", "--write-tree", base, commit,
		NULL};
	AUTO_BUF struct buf tree = {0}, ref = {0};
	char now[COMMIT_BYTES];
	int rc = git_run(g, ancestor, NULL);

	if (rc == 0)
		return 1;
	if (rc != 1)
		return -1;
	/* Squashed: merging it changes nothing. Older gits cannot tell. */
	if (git_run(g, merge, &tree) != 0 ||
		buf_addf(&ref, "%s^{tree}", base) != 0 || !buf_str(&ref) ||
		!git_commit_of(g, ref.data, now))
		return 0;
	return tree.len > 0 && strcmp(tree.data, now) == 0;
}

static enum code_state
git_state(struct git *g, const char *name)
{
	AUTO_BUF struct buf ref = {0};
	char commit[COMMIT_BYTES];
	int known = 0;

	if (buf_addf(&ref, "refs/heads/%s", name) != 0 || !buf_str(&ref))
		return CODE_UNKNOWN;
	if (git_commit_of(g, ref.data, commit))
		return CODE_THERE;
	if (!git_last_commit(g, name, commit))
		return CODE_UNKNOWN;
	for (size_t i = 0; i < ARRAY_LEN(g->base); i++) {
		int rc = g->base[i][0] ? git_is_merged(g, commit, g->base[i])
				       : -1;

		if (rc == 1)
			return CODE_MERGED;
		known += rc == 0;
	}
	return known > 0 ? CODE_GONE : CODE_UNKNOWN;
}

/* --- the memory ------------------------------------------------------------ */
static int
end_branch(struct cli *c, const char *branch)
{
	AUTO_JSON json_t *reply = NULL;

	return cli_call(c, "memory_branch",
		json_pack("{s:s,s:s}", "action", "discard", "name", branch),
		CLI_NOW, &reply);
}

static int
merge_branch(struct cli *c, const char *branch, int64_t *ret_conflicts)
{
	bool is_done = false;

	while (!is_done) {
		AUTO_JSON json_t *reply = NULL;
		int rc = cli_call(c, "memory_merge",
			json_pack("{s:s,s:b}", "branch", branch, "sliced", 1),
			CLI_NOW, &reply);

		if (rc != CLI_OK)
			return rc;
		*ret_conflicts += (int64_t)json_array_size(
			json_object_get(reply, "conflicts"));
		is_done = !json_object_get(reply, "done") ||
			  json_is_true(json_object_get(reply, "done"));
	}
	return end_branch(c, branch);
}

static int
tell(const struct cli *c, json_t *rows, const char *branch, const char *what,
	int64_t conflicts)
{
	if (c->json)
		return jx_add(rows, json_pack("{s:s,s:s,s:I}", "branch", branch,
					    "did", what, "conflicts",
					    (json_int_t)conflicts)) == 0
			       ? CLI_OK
			       : cli_nomem();
	if (c->quiet)
		return CLI_OK;
	out_text(stdout, branch);
	printf(": %s", what);
	if (conflicts > 0)
		printf(", %lld conflicts (memoryctl conflicts)",
			(long long)conflicts);
	putchar('\n');
	return CLI_OK;
}

static int
sync_branch(struct cli *c, struct git *g, const char *branch, json_t *rows)
{
	int64_t conflicts = 0;
	int rc = CLI_OK;

	switch (git_state(g, branch + strlen(PREFIX))) {
	case CODE_THERE:
		return tell(c, rows, branch, "its code is there", 0);
	case CODE_MERGED:
		if (!is_dry_run)
			rc = merge_branch(c, branch, &conflicts);
		return rc != CLI_OK ? rc
				    : tell(c, rows, branch,
					      is_dry_run ? "would be merged"
							 : "merged",
					      conflicts);
	case CODE_UNKNOWN:
		/* Another clone may have its code. */
		return tell(c, rows, branch,
			"this repository knows nothing of its code: kept. "
			"memoryctl merge takes it, memoryctl branch discard "
			"ends it",
			0);
	case CODE_GONE:
		if (!is_discard)
			return tell(c, rows, branch,
				"its code is gone and was not merged as far as "
				"git tells: kept. memoryctl merge takes it, "
				"--discard ends it",
				0);
		if (!is_dry_run)
			rc = end_branch(c, branch);
		return rc != CLI_OK ? rc
				    : tell(c, rows, branch,
					      is_dry_run ? "would be discarded"
							 : "discarded",
					      0);
	}
	return rc;
}

static int
sync_all(struct cli *c, struct git *g)
{
	AUTO_JSON json_t *list = NULL, *rows = json_array();
	const json_t *b;
	size_t i;
	int rc = !rows ? cli_nomem()
		       : cli_call(c, "memory_branch",
				 json_pack("{s:s}", "action", "list"), CLI_NOW,
				 &list);

	if (rc != CLI_OK)
		return rc;
	json_array_foreach(json_object_get(list, "branches"), i, b) {
		const char *name = cli_str(b, "name", "");

		if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		rc = sync_branch(c, g, name, rows);
		if (rc != CLI_OK)
			return rc;
	}
	return c->json ? cli_print_json(c, rows) : CLI_OK;
}

static int
run_git_sync(struct cli *c, int argc, char **argv)
{
	const char *const inside[] = {"rev-parse", "--git-dir", NULL};
	struct git g = {0};
	int rc;

	(void)argc;
	(void)argv;
	/* What is said of the branches is said from main. */
	c->branch = NULL;
	if (!programs_on_path("git", g.program))
		return cli_fail(CLI_SYSTEM, "git is not on PATH");
	if (git_run(&g, inside, NULL) != 0)
		return cli_fail(CLI_USAGE,
			"the working directory is in no git repository");
	git_find_base(&g);
	git_read_reflog(&g);
	rc = sync_all(c, &g);
	buf_done(&g.reflog);
	return rc;
}

const struct cli_command cli_cmd_git_sync = {
	.name = "git-sync",
	.args = "",
	.summary = "merge the memory of code branches that were merged",
	.about = "With --branch auto (MEMORY_BRANCH=auto) what is written goes "
		 "to the branch git/NAME while the code is on the branch NAME. "
		 "When that is gone and was merged into the default branch, "
		 "also by a squash, git-sync merges its memory and ends the "
		 "branch. What was not merged is kept and told, and --discard "
		 "ends it, but not where this repository never had the "
		 "code.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.looks = true,
	.writes = true,
	.run = run_git_sync,
};
