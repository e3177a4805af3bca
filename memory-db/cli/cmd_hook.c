/* hook: what a client runs at its events. It fails open: whatever goes wrong,
 * the client gets an answer that changes nothing, in time, and exit code 0. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/sock.h"
#include "common/text.h"
#include "common/client/spawn.h"
#include "common/client/codetree.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/gitrun.h"
#include "memory-db/cli/lib/hookbranch.h"
#include "memory-db/cli/lib/hookevent.h"
#include "memory-db/cli/lib/hookstate.h"
#include "memory-db/cli/lib/hooksync.h"
#include "memory-db/cli/lib/hookwork.h"
#include "memory-db/cli/lib/hookworktree.h"
#include "memory-db/cli/lib/newfile.h"
#include "memory-db/cli/lib/where.h"

/* Milliseconds after which a hook gives up, and those of one call. A prompt
 * waits for its hook; a session may wait for the service to start. */
static const struct {
	int all_ms, call_ms;
} times[] = {
	[HOOK_START] = {4000, 1500},
	[HOOK_PROMPT] = {800, 400},
	[HOOK_CAPTURE] = {6000, 3000},
	[HOOK_SUBAGENT] = {4000, 2000},
	[HOOK_BRANCH] = {2000, 1000},
	[HOOK_UNBRANCH] = {2000, 1000},
};

/* After the answer: for branches of memory whose code is gone. */
#define BRANCHES_MS	  3000
#define BRANCHES_AGAIN_MS (3600 * 1000LL)

/* What is answered when time runs out. */
static struct buf nothing;

static void
cmd_hook_answer(const struct buf *text)
{
	size_t at = 0;

	while (at < text->len) {
		ssize_t put =
			write(STDOUT_FILENO, text->data + at, text->len - at);

		if (put <= 0)
			return;
		at += (size_t)put;
	}
}

static void
cmd_hook_on_alarm(int number)
{
	(void)number;
	cmd_hook_answer(&nothing);
	gitrun_kill();
	newfile_abandon();
	_exit(0);
}

static void
set_alarm(int ms)
{
	const struct itimerval t = {
		.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

	signal(SIGALRM, cmd_hook_on_alarm);
	setitimer(ITIMER_REAL, &t, NULL);
}

static bool
is_auto(const char *value)
{
	return value && strcmp(value, "auto") == 0;
}

/* The memory of the folder that the client works in, as memory-mcp has it. */
static bool
find_namespace(struct cli *c, const struct hookevent *ev)
{
	bool is_given = c->namespace_ && c->namespace_[0] != '\0' &&
			!is_auto(c->namespace_);

	/* A folder that is gone, of which nobody can tell the project. */
	if (ev->cwd && ev->cwd[0] == '/' && chdir(ev->cwd) < 0)
		return is_given && !is_auto(c->branch);
	if (!is_given) {
		c->namespace_ = "auto";
		buf_clear(&c->place, 0);
	}
	return where_read(c) == CLI_OK;
}

/* "claude-code-7f3a": what this event brings is of that session. */
static void
cmd_hook_name_session(const struct hook *h, const struct hookevent *ev,
	char *session, size_t session_size)
{
	snprintf(session, session_size, "%s-%.64s", h->client,
		ev->session && text_is_utf8(ev->session, strlen(ev->session)) &&
				strlen(ev->session) <= 64
			? ev->session
			: "hook");
}

/* A merge of a worktree is not of the session that happens to begin: who takes
 * that one back means what it wrote itself. */
static void
name_merge(char *session, size_t size)
{
	snprintf(session, size, "git-sync-%lld", (long long)clock_now_ms());
}

static bool
connect_service(struct cli *c, const struct hook *h, bool is_named,
	const char *session)
{
	char client[64], path[4096];
	struct memory_options o;
	struct err e;

	if (cli_client_options(c, &o, path, sizeof(path)) != CLI_OK)
		return false;
	if (h->what == HOOK_START && !c->no_spawn) {
		/* The client's memory-mcp starts it in this moment anyway. */
		const struct spawn_options spawn = {.socket = c->socket,
			.database = o.expect_database,
			.timeout_ms = times[HOOK_START].all_ms - 1000};

		if (spawn_service(&spawn, &e) != 0)
			return false;
	}
	snprintf(client, sizeof(client), "%s hook " MEMORY_VERSION, h->client);
	o.client = client;
	/* To a reader with a session each fact says who wrote it: words that
	 * a digest has no room for. */
	if (is_named)
		o.session = session;
	/* With the rights of an agent, not of its user. */
	o.tools = "default,history,order";
	o.timeout_ms = times[h->what].call_ms;
	o.connect_timeout_ms = times[h->what].call_ms / 2;
	o.retries = -1;
	c->client = memory_client_new(&o);
	return c->client != NULL;
}

/* True: there is a connection. *ret_is_due: hookbranch_sync() has work. */
static bool
cmd_hook_work(struct cli *c, const struct hook *h, const struct hookevent *ev,
	const char *session, struct buf *text, bool *ret_is_due)
{
	AUTO_HOOKSTATE struct hookstate state = {.lock = -1};
	struct hookwork w = {.c = c,
		.hook = h,
		.ev = ev,
		.state = &state,
		.timeout_ms = times[h->what].call_ms};

	if (!hookstate_open(h->client, ev->session ? ev->session : "none",
		    times[h->what].call_ms / 4, &state) ||
		!find_namespace(c, ev) ||
		!connect_service(c, h,
			h->what != HOOK_START && h->what != HOOK_PROMPT,
			session))
		return false;
	w.namespace_ = c->namespace_;
	hookwork_run(&w);
	/* What cannot be remembered as shown would be shown for ever. */
	if (hookstate_save(&state) != 0)
		buf_clear(&w.text, 0);
	if (w.text.len > 0 && !buf_str(&w.text))
		buf_clear(&w.text, 0);
	codetree_free(w.tree);
	*text = w.text;
	*ret_is_due = w.is_sync_due;
	return true;
}

/* Nothing more is said, whatever happens; and there is an end. */
static bool
be_silent(int ms)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 ||
		dup2(null, STDERR_FILENO) < 0)
		return false;
	close(null);
	buf_clear(&nothing, 0);
	set_alarm(ms);
	return true;
}

/* The client has its answer; it waits for the end of this program. */
static void
keep_notes(struct cli *c, const struct hook *h, const struct hookevent *ev,
	const char *session)
{
	int ms = hooksync_wants(h, ev);

	if (ms == 0 || !be_silent(ms))
		return;
	hooksync_run(c, h, ev, session);
	set_alarm(0);
}

/* Branches of memory whose code is gone. What is left is done next time. */
static void
keep_branches(struct cli *c, const struct hook *h)
{
	const int64_t begun = hookstate_last_fired("branches", "begun");
	char session[64];

	/* It was too much for the time that there is: not at each session. */
	if (begun > hookstate_last_fired("branches", "done") &&
		clock_now_ms() - begun < BRANCHES_AGAIN_MS)
		return;
	if (!be_silent(BRANCHES_MS))
		return;
	hookstate_fired("branches", "begun");
	name_merge(session, sizeof(session));
	memory_client_free(c->client);
	c->client = NULL;
	if (connect_service(c, h, true, session))
		hookbranch_sync(c);
	set_alarm(0);
	hookstate_fired("branches", "done");
}

/* --- worktrees ------------------------------------------------------------- */

/* The one hook that must do what it is for: without a path the client has no
 * worktree. So it is made, or removed, before the memory is asked, also where
 * hooks are off, and its failure is told. */
static int
run_worktree(struct cli *c, const struct hook *h, struct hookevent *ev)
{
	AUTO_BUF struct buf path = {0}, root = {0}, text = {0};
	const char *place =
		ev->worktree ? strstr(ev->worktree, "/.claude/worktrees/")
			     : NULL;
	char session[128];
	struct err e = {0};
	bool is_due;
	int rc = h->what == HOOK_BRANCH ? hookworktree_make(ev, &path, &e)
					: hookworktree_remove(ev, &e);

	if (path.len > 0 && rc == 0) {
		if (buf_addc(&path, '\n') != 0)
			return cli_nomem();
		cmd_hook_answer(&path);
	}
	if (rc == MDB_E_STORE || (rc != 0 && h->what == HOOK_BRANCH))
		return cli_fail(CLI_PROBLEM, "%s", e.text);
	if (hookstate_is_off() || !be_silent(times[h->what].all_ms))
		return CLI_OK;
	hookstate_fired(h->client, h->event);
	/* The session may have been in what is gone now. */
	if (h->what == HOOK_UNBRANCH && place &&
		buf_add(&root, ev->worktree, (size_t)(place - ev->worktree)) ==
			0 &&
		buf_str(&root) && access(root.data, F_OK) == 0)
		ev->cwd = root.data;
	if (h->what == HOOK_UNBRANCH)
		name_merge(session, sizeof(session));
	else
		cmd_hook_name_session(h, ev, session, sizeof(session));
	(void)cmd_hook_work(c, h, ev, session, &text, &is_due);
	buf_done(&text);
	return CLI_OK;
}

static int
run_event(struct cli *c, const char *client, const char *event)
{
	const struct hook *h = hookevent_find(client, event);
	AUTO_HOOKEVENT struct hookevent ev = {0};
	AUTO_BUF struct buf text = {0}, out = {0};
	bool is_connected, is_due = false;
	char session[128];

	if (!h) {
		cli_fail(CLI_USAGE, "no hook '%s' of '%s' is known", event,
			client);
		return isatty(STDIN_FILENO) ? CLI_USAGE : CLI_OK;
	}
	c->quiet = true;
	signal(SIGPIPE, SIG_IGN);
	if (hookevent_answer(h, &ev, "", &nothing) != 0)
		return CLI_OK;
	if (h->what == HOOK_BRANCH || h->what == HOOK_UNBRANCH) {
		if (!hookevent_read(STDIN_FILENO, &ev))
			return cli_fail(CLI_USAGE,
				"the event is no JSON object");
		return run_worktree(c, h, &ev);
	}
	set_alarm(times[h->what].all_ms);
	if (!hookevent_read(STDIN_FILENO, &ev) || hookstate_is_off()) {
		cmd_hook_answer(&nothing);
		return CLI_OK;
	}
	hookstate_fired(client, event);
	cmd_hook_name_session(h, &ev, session, sizeof(session));
	is_connected = cmd_hook_work(c, h, &ev, session, &text, &is_due);
	set_alarm(0);
	if (text.len == 0 || hookevent_answer(h, &ev, text.data, &out) != 0)
		cmd_hook_answer(&nothing);
	else
		cmd_hook_answer(&out);
	if (is_connected)
		keep_notes(c, h, &ev, session);
	if (is_connected && is_due)
		keep_branches(c, h);
	buf_done(&nothing);
	return CLI_OK;
}

static int
run_switch(const struct cli *c, enum hookstate_part part, bool is_off)
{
	/* off, on */
	static const char *const texts[][2] = {
		[HOOKSTATE_ALL] =
			{"hooks are off for all clients of this user, "
			 "until memoryctl hook on",
				"hooks are on"},
		[HOOKSTATE_SYNC] = {
			"hooks leave the notes of Claude Code alone, "
			"until memoryctl hook sync on",
			"hooks keep the notes of Claude Code and the memory in "
			"step"}};
	const char *variable = hookstate_off_variable(part);
	char path[PATH_MAX];
	struct err e = {0};

	if (hookstate_switch(part, is_off, path, &e) != 0)
		return cli_fail_err(&e);
	if (!is_off && variable)
		return cli_fail(CLI_PROBLEM,
			"%s=off is set in this environment and wins: unset it, "
			"then they are on",
			variable);
	if (!c->quiet)
		puts(texts[part][is_off ? 0 : 1]);
	return CLI_OK;
}

static bool
is_switch(const char *word)
{
	return strcmp(word, "off") == 0 || strcmp(word, "on") == 0;
}

static int
run_hook(struct cli *c, int argc, char **argv)
{
	if (argc == 1 && is_switch(argv[0]))
		return run_switch(c, HOOKSTATE_ALL,
			strcmp(argv[0], "off") == 0);
	if (argc == 2 && strcmp(argv[0], "sync") == 0 && is_switch(argv[1]))
		return run_switch(c, HOOKSTATE_SYNC,
			strcmp(argv[1], "off") == 0);
	if (argc != 2)
		return cli_fail(CLI_USAGE,
			"hook CLIENT EVENT, with the event on standard input; "
			"or hook off, hook on, hook sync off, hook sync on");
	return run_event(c, argv[0], argv[1]);
}

const struct cli_command cli_cmd_hook = {
	.name = "hook",
	.args = "CLIENT EVENT | off | on | sync off | sync on",
	.summary = "what a client runs at its events",
	.about = "Reads the event of a client on standard input and answers "
		 "in its shape: a digest when a session begins, what fits a "
		 "prompt, nothing when it stops, while what was said is kept. "
		 "Always exit code 0, also without the service; a worktree of "
		 "claude-code that cannot be made or removed is told. install "
		 "--hooks enters it, but not WorktreeCreate and "
		 "WorktreeRemove, with which a hook takes over what the client "
		 "does; off switches all hooks of this user off. "
		 "Where Claude Code has a folder of notes for the project, its "
		 "hooks keep that and the memory in step, as sync-folder does; "
		 "sync off ends that.",
	.min_args = 1,
	.max_args = 2,
	.fails_open = true,
	.run = run_hook,
};
