/* Words for what became of a script. The order of the tests in outcome_rule()
 * is the rule: what this side saw (exit status, clock, counters) comes before
 * what the jail said, because a script that broke out of its interpreter would
 * say anything.
 *
 *   a result on the wire, but the clock says it is over    a timeout
 *   a frame that is none, then exit status 0               crashed */
#include "sandbox/outcome.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "common/jx.h"
#include "common/text.h"

static const char *const names[SANDBOX_RESULT_MAX] = {
	[SANDBOX_OK] = "ok",
	[SANDBOX_ERROR] = "error",
	[SANDBOX_TIMEOUT] = "timeout",
	[SANDBOX_MEMORY] = "memory",
	[SANDBOX_OUTPUT] = "output",
	[SANDBOX_API_LIMIT] = "api_limit",
	[SANDBOX_DENIED] = "denied",
	[SANDBOX_KILLED] = "killed",
	[SANDBOX_CRASHED] = "crashed",
	[SANDBOX_CONFLICT] = "conflict",
	[SANDBOX_BUSY] = "busy",
	[SANDBOX_UNAVAILABLE] = "unavailable",
};

const char *
sandbox_result_name(enum sandbox_result r)
{
	return r >= 0 && r < SANDBOX_RESULT_MAX ? names[r] : "crashed";
}

static const char *const hints[SANDBOX_RESULT_MAX] = {
	[SANDBOX_ERROR] = "Correct the script; nothing was written.",
	[SANDBOX_TIMEOUT] =
		"Reduce the work: filter in the query, page with "
		"memory.each, or ask for more time with timeout_ms.",
	[SANDBOX_MEMORY] = "Keep less at a time: read page by page with "
			   "memory.each and keep only what the result needs.",
	[SANDBOX_OUTPUT] = "Return a summary, fewer entries or fewer fields.",
	[SANDBOX_API_LIMIT] =
		"Use fewer and larger calls: several names in "
		"one open_nodes, several entities in one create_entities.",
	[SANDBOX_DENIED] = "Scripts can compute and call memory.*; nothing "
			   "else of the system is reachable.",
	[SANDBOX_CRASHED] =
		"Simplify the part of the script at fault: very "
		"deep nesting and very long expressions crash Lua 5.4.4.",
	[SANDBOX_CONFLICT] =
		"Run the script again: it then sees the new state.",
	[SANDBOX_BUSY] = "Try again in a moment.",
	[SANDBOX_UNAVAILABLE] =
		"Use the other tools; scripts need a system "
		"that can jail them. get_memory_status tells the layers.",
};

static void __attribute__((format(printf, 3, 4)))
outcome_say(struct sandbox_outcome *o, enum sandbox_result r, const char *fmt,
	...)
{
	va_list ap;

	o->result = r;
	va_start(ap, fmt);
	vsnprintf(o->message, sizeof(o->message), fmt, ap);
	va_end(ap);
	o->message[text_cut(o->message, strlen(o->message))] = '\0';
}

static void
hit(struct sandbox_outcome *o, const char *limit)
{
	snprintf(o->limit, sizeof(o->limit), "%s", limit);
}

/* " at line 3, inside string.find", as far as it is known. */
static const char *
outcome_place(const struct talk *t, char room[160])
{
	size_t n = 0;

	room[0] = '\0';
	if (t->end != TALK_TRACE)
		return room;
	if (t->line > 0)
		n = (size_t)snprintf(room, 160, " at line %" PRId64, t->line);
	if (t->message[0])
		snprintf(room + n, 160 - n, "%s inside %.110s", n ? "," : "",
			t->message);
	return room;
}

static void
say_timeout(const struct outcome_facts *f, struct sandbox_outcome *o)
{
	char room[160];
	int64_t limit = f->is_cpu ? o->limits.cpu_ms : o->limits.wall_ms;

	hit(o, f->is_cpu ? "cpu_ms" : "wall_ms");
	outcome_say(o, SANDBOX_TIMEOUT,
		"The script %s %.1f s%s (limit %.1f s) and was stopped%s.",
		f->is_cpu ? "used" : "ran for",
		(double)(f->is_cpu ? o->usage.cpu_us : o->usage.wall_us) / 1e6,
		f->is_cpu ? " of CPU time" : "", (double)limit / 1000,
		outcome_place(f->talk, room));
}

static void
say_api_limit(const struct outcome_facts *f, struct sandbox_outcome *o)
{
	char room[160];

	if (f->talk->calls >= o->limits.api_calls) {
		hit(o, "api_calls");
		outcome_say(o, SANDBOX_API_LIMIT,
			"The script made more than %" PRId64
			" calls of the memory and was stopped%s.",
			o->limits.api_calls, outcome_place(f->talk, room));
	} else {
		hit(o, "api_bytes");
		outcome_say(o, SANDBOX_API_LIMIT,
			"The script's calls carried more "
			"than %" PRId64 " KiB and it was stopped%s.",
			o->limits.api_bytes / 1024,
			outcome_place(f->talk, room));
	}
}

static void
say_signal(const struct outcome_facts *f, struct sandbox_outcome *o)
{
	int number = WTERMSIG(f->status);

	if (number == SIGSYS)
		outcome_say(o, SANDBOX_DENIED,
			"The script's process made a system call "
			"that is forbidden and was killed. The memory was not "
			"touched by it.");
	else if (number == SIGKILL || number == SIGXCPU)
		outcome_say(o, SANDBOX_KILLED,
			"The script's process was killed from "
			"outside (the system may be short of memory).");
	else
		outcome_say(o, SANDBOX_CRASHED,
			"The Lua interpreter crashed (signal "
			"%d, %s). This is a bug or an attack; the memory was "
			"not touched by it.",
			number,
			sigdescr_np(number) ? sigdescr_np(number) : "unknown");
}

static void
say_exit(const struct outcome_facts *f, struct sandbox_outcome *o)
{
	int code = WEXITSTATUS(f->status);
	char room[160];

	if (code == WIRE_EXIT_MEMORY) {
		hit(o, "memory_bytes");
		outcome_say(o, SANDBOX_MEMORY,
			"The script needed more than %" PRId64
			" KiB of memory and was stopped%s.",
			o->limits.memory_bytes / 1024,
			outcome_place(f->talk, room));
	} else if (code == WIRE_EXIT_API) {
		say_api_limit(f, o);
	} else if (code == WIRE_EXIT_POLICY) {
		outcome_say(o, SANDBOX_DENIED,
			"The script's process tried system call "
			"%" PRId64 ", which is forbidden; it was not made and "
			"the process ended.",
			f->talk->violation);
	} else {
		outcome_say(o, SANDBOX_CRASHED,
			"The script's process ended without a "
			"result (exit code %d). This is a bug or an attack; the "
			"memory was not touched by it.",
			code);
	}
}

static void
say_end(const struct outcome_facts *f, struct sandbox_outcome *o)
{
	const struct talk *t = f->talk;

	if (f->has_status && WIFSIGNALED(f->status))
		say_signal(f, o);
	else if (f->has_status)
		say_exit(f, o);
	else
		outcome_say(o, SANDBOX_CRASHED,
			"The script's process was lost.");
	o->line = t->end == TALK_TRACE ? t->line : 0;
}

static void
outcome_rule(const struct outcome_facts *f, struct sandbox_outcome *o)
{
	const struct talk *t = f->talk;

	if (f->is_cancelled) {
		outcome_say(o, SANDBOX_KILLED, "The script was cancelled.");
	} else if (f->is_over) {
		say_timeout(f, o);
		o->line = t->end == TALK_TRACE ? t->line : 0;
	} else if (t->end == TALK_API_LIMIT) {
		say_api_limit(f, o);
	} else if (t->end == TALK_BROKEN) {
		outcome_say(o, SANDBOX_CRASHED,
			"The script's process sent what is no "
			"message and was killed. This is a bug or an attack; "
			"the memory was not touched by it.");
	} else if (t->end == TALK_RESULT) {
		o->result = SANDBOX_OK;
	} else if (t->end == TALK_ERROR) {
		outcome_say(o, SANDBOX_ERROR, "%s", t->message);
		o->line = t->line;
	} else if (t->end == TALK_EXCESS) {
		hit(o, t->limit);
		outcome_say(o, SANDBOX_OUTPUT, "The result is too large: %s.",
			t->message);
	} else {
		say_end(f, o);
	}
}

void
outcome_decide(const struct outcome_facts *f, struct sandbox_outcome *o)
{
	outcome_rule(f, o);
	if (o->line < 0 || o->line > INT32_MAX)
		o->line = 0;
	outcome_hint(o);
}

void
outcome_hint(struct sandbox_outcome *o)
{
	if (!o->hint[0] && hints[o->result])
		snprintf(o->hint, sizeof(o->hint), "%s", hints[o->result]);
}

/* --- JSON ----------------------------------------------------------------- */
static json_t *
limits_json(const struct sandbox_limits *l)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "wall_ms",
		(json_int_t)l->wall_ms, "cpu_ms", (json_int_t)l->cpu_ms,
		"memory_bytes", (json_int_t)l->memory_bytes, "source_bytes",
		(json_int_t)l->source_bytes, "output_bytes",
		(json_int_t)l->output_bytes, "result_bytes",
		(json_int_t)l->result_bytes, "result_nodes",
		(json_int_t)l->result_nodes, "result_depth",
		(json_int_t)l->result_depth, "api_calls",
		(json_int_t)l->api_calls, "api_bytes",
		(json_int_t)l->api_bytes);
}

static json_t *
usage_json(const struct sandbox_usage *u)
{
	return json_pack("{s:f,s:f,s:I,s:I,s:I,s:I,s:I}", "wall_ms",
		(double)u->wall_us / 1000, "cpu_ms", (double)u->cpu_us / 1000,
		"memory_peak_kib", (json_int_t)u->memory_peak_kib, "api_calls",
		(json_int_t)u->api_calls, "api_bytes", (json_int_t)u->api_bytes,
		"reads", (json_int_t)u->reads, "writes", (json_int_t)u->writes);
}

static json_t *
or_empty_array(json_t *a)
{
	return a ? json_incref(a) : json_array();
}

json_t *
sandbox_outcome_json(const struct sandbox_outcome *o)
{
	AUTO_JSON json_t *j = json_object();
	bool bad;

	if (!j)
		return NULL;
	bad = jx_set(j, "outcome",
		      json_string(sandbox_result_name(o->result))) ||
	      jx_set(j, "message", json_string(o->message)) ||
	      jx_set(j, "result",
		      o->value ? json_incref(o->value) : json_null()) ||
	      jx_set(j, "stdout",
		      json_stringn(o->output ? o->output : "",
			      o->output_len)) ||
	      jx_set(j, "line",
		      o->line ? json_integer(o->line) : json_null()) ||
	      jx_set(j, "traceback", or_empty_array(o->traceback)) ||
	      jx_set(j, "limit",
		      o->limit[0] ? json_string(o->limit) : json_null()) ||
	      jx_set(j, "limits", limits_json(&o->limits)) ||
	      jx_set(j, "usage", usage_json(&o->usage)) ||
	      jx_set(j, "warnings", or_empty_array(o->warnings)) ||
	      jx_set(j, "hint", json_string(o->hint));
	return bad ? NULL : take_ptr(j);
}

void
sandbox_outcome_done(struct sandbox_outcome *o)
{
	json_decref(o->value);
	json_decref(o->traceback);
	json_decref(o->warnings);
	free(o->output);
	memset(o, 0, sizeof(*o));
}
