/* statusline: counters of a session for the status line of a client. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/hookevent.h"
#include "memory-db/cli/lib/hookstate.h"
#include "memory-db/cli/lib/out.h"

static const char *client = "claude-code", *session;

static const struct conf_opt statusline_opts[] = {
	CLI_TEXT("client", &client, "NAME", "whose session (claude-code)"),
	CLI_TEXT("session", &session, "ID",
		"the session, when it is not on standard input"),
};

/* "12s", "4m", "3h", "2d". */
static void
age_of(int64_t at_ms, char out[32])
{
	int64_t s = (clock_now_ms() - at_ms) / 1000;

	if (s < 0)
		s = 0;
	if (s < 60)
		snprintf(out, 32, "%ds", (int)s);
	else if (s < 3600)
		snprintf(out, 32, "%dm", (int)(s / 60));
	else if (s < 86400)
		snprintf(out, 32, "%dh", (int)(s / 3600));
	else
		snprintf(out, 32, "%dd", (int)(s / 86400));
}

static int
cmd_statusline_print_json(const struct cli *c, const struct hookstate *s,
	bool is_off)
{
	AUTO_JSON json_t *out =
		json_pack("{s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "off",
			is_off, "used", (json_int_t)s->used, "contradicted",
			(json_int_t)s->contradicted, "loaded",
			(json_int_t)s->loaded, "recalled",
			(json_int_t)s->recalled, "captured",
			(json_int_t)s->captured, "prompts",
			(json_int_t)s->prompts, "silent", (json_int_t)s->silent,
			"at_ms", (json_int_t)s->at_ms);

	return !out ? cli_nomem() : cli_print_json(c, out);
}

static int
run_statusline(struct cli *c, int argc, char **argv)
{
	AUTO_HOOKSTATE struct hookstate s = {.lock = -1};
	AUTO_HOOKEVENT struct hookevent ev = {0};
	bool is_off = hookstate_is_off(), is_there;
	const char *id = session;
	char age[32];

	(void)argc;
	(void)argv;
	if (!id && hookevent_read(0, &ev))
		id = ev.session;
	is_there = id && hookstate_look(client, id, &s);
	if (c->json)
		return cmd_statusline_print_json(c, &s, is_off);
	if (is_off) {
		puts("memory: hooks off");
	} else if (!is_there || s.at_ms == 0) {
		puts("memory: no hook has run in this session");
	} else {
		age_of(s.at_ms, age);
		printf("memory: %d loaded, %d recalled", (int)s.loaded,
			(int)s.recalled);
		if (s.used > 0)
			printf(" (%d used)", (int)s.used);
		printf(", %d kept, %s ago\n", (int)s.captured, age);
	}
	return CLI_OK;
}

const struct cli_command cli_cmd_statusline = {
	.name = "statusline",
	.args = "",
	.summary = "counters of a session for a client's status line",
	.about = "Reads the client's JSON with session_id on standard input "
		 "and prints one line: facts that the session began with, "
		 "facts recalled for prompts, facts kept of what was said, "
		 "and how long ago. Asks no service. In Claude Code: "
		 "{\"statusLine\": {\"type\": \"command\", \"command\": "
		 "\"memoryctl statusline\"}}.",
	.opts = statusline_opts,
	.opts_n = ARRAY_LEN(statusline_opts),
	.run = run_statusline,
};
