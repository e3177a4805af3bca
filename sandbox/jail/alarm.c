/* Everything here ends the process soon, so that what runs in a signal
 * handler may look at the interpreter's stack: if that goes wrong, the crash
 * is caught by the same parent that sent the signal. */
#include "sandbox/jail/alarm.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/jail/arena.h"
#include "sandbox/jail/output.h"

#define FRAMES_MAX 16
#define DEEP	   10000 /* calls, when memory is out: that was the reason */
#define NAMES_MAX  128

static struct alarm_frame *volatile running;
static volatile sig_atomic_t alarms;
static int refused_line;
static bool is_deep;

static struct {
	lua_CFunction f;
	const char *name;
} names[NAMES_MAX];
static size_t names_n;

void
alarm_name(lua_CFunction f, const char *name)
{
	if (names_n < NAMES_MAX) {
		names[names_n].f = f;
		names[names_n++].name = name;
	}
}

static const char *
alarm_name_of(lua_State *L, lua_Debug *ar)
{
	lua_CFunction f;

	lua_getinfo(L, "f", ar);
	f = lua_tocfunction(L, -1);
	lua_pop(L, 1);
	for (size_t i = 0; i < names_n; i++)
		if (names[i].f == f)
			return names[i].name;
	return ar->name ? ar->name : "a function";
}

static bool
in_script(const lua_Debug *ar)
{
	return strcmp(ar->source, ALARM_CHUNK) == 0;
}

static struct alarm_frame *
frame_of(lua_State *L)
{
	struct alarm_frame *f = running;

	while (f && f->L != L)
		f = f->resumer;
	return f;
}

int
alarm_line(lua_State *L)
{
	struct alarm_frame *f = frame_of(L);
	lua_Debug ar;

	for (;;) {
		for (int level = 0; lua_getstack(L, level, &ar); level++) {
			lua_getinfo(L, "Sl", &ar);
			if (in_script(&ar) && ar.currentline > 0)
				return ar.currentline;
		}
		if (!f || !f->resumer)
			return 0;
		f = f->resumer;
		L = f->L;
	}
}

static void
alarm_describe(struct out *o, const lua_Debug *ar, const char *name)
{
	if (name)
		out_textf(o, "in %s", name);
	else if (strncmp(ar->source, "=skill ", 7) == 0)
		out_textf(o, "line %d of %.100s", ar->currentline,
			ar->source + 1);
	else if (!in_script(ar))
		out_textf(o, "in memory.%s", ar->name ? ar->name : "each");
	else if (*ar->what == 'm')
		out_textf(o, "line %d", ar->currentline);
	else
		out_textf(o, "line %d in function %s", ar->currentline,
			ar->name ? ar->name : "without a name");
}

void
alarm_traceback(struct out *o, lua_State *L, int *ret_line,
	const char **ret_where)
{
	struct alarm_frame *f = frame_of(L);
	size_t count_at = o->len + 1;
	uint32_t n = 0;
	lua_Debug ar;

	*ret_line = alarm_line(L);
	*ret_where = "";
	out_count(o, WIRE_ARRAY, 0);
	for (bool is_first = true;; is_first = false) {
		for (int level = 0;
			n < FRAMES_MAX && lua_getstack(L, level, &ar);
			level++) {
			lua_getinfo(L, "nSl", &ar);
			const char *name =
				*ar.what == 'C' ? alarm_name_of(L, &ar) : NULL;
			if (level == 0 && is_first && name)
				*ret_where = name;
			if (name && !*name)
				continue;
			alarm_describe(o, &ar, name);
			n++;
		}
		if (!f || !f->resumer || n >= FRAMES_MAX)
			break;
		f = f->resumer;
		L = f->L;
	}
	if (!o->full)
		o->data[count_at] = (uint8_t)n;
}

static _Noreturn void
stop(int exit_code, int line, const char *why)
{
	static uint8_t data[8192];
	struct out o = {data, WIRE_HEADER, sizeof(data), false};
	struct out frames = {data + 4096, 0, 4096, false};
	const char *where = "";
	int now = 0;

	o.cap = 4096;
	if (running)
		alarm_traceback(&frames, running->L, &now, &where);
	else
		out_count(&frames, WIRE_ARRAY, 0);
	out_count(&o, WIRE_ARRAY, 4);
	out_textf(&o, "%s", why ? why : where);
	out_int(&o, line > 0 ? line : now);
	o.cap = sizeof(data);
	/* frames lies behind: move it up */
	memmove(data + o.len, frames.data, frames.len);
	o.len += frames.len;
	out_int(&o, (int64_t)arena_peak());
	output_flush();
	if (!o.full && !frames.full)
		io_send(&o, WIRE_TRACE);
	_exit(exit_code);
}

_Noreturn void
alarm_stop(int exit_code)
{
	stop(exit_code, 0, NULL);
}

static void
on_hook(lua_State *L, lua_Debug *ar)
{
	(void)L;
	(void)ar;
	alarm_stop(WIRE_EXIT_TIME);
}

static void
alarm_on_alarm(int number)
{
	(void)number;
	if (++alarms == 1) {
		if (running)
			lua_sethook(running->L, on_hook, LUA_MASKCOUNT, 1);
	} else if (!io_sending()) {
		alarm_stop(WIRE_EXIT_TIME);
	}
}

void
alarm_check(void)
{
	if (alarms > 0)
		alarm_stop(WIRE_EXIT_TIME);
}

static void
alarm_on_violation(int number, siginfo_t *info, void *context)
{
	static uint8_t data[128];
	struct out o = {data, WIRE_HEADER, sizeof(data), false};

	(void)number;
	(void)context;
	out_count(&o, WIRE_ARRAY, 3);
	out_int(&o, info->si_syscall);
	out_int(&o, info->si_arch);
	out_int(&o, (int64_t)(uintptr_t)info->si_call_addr);
	if (!io_sending())
		io_send(&o, WIRE_VIOLATION);
	_exit(WIRE_EXIT_POLICY);
}

void
alarm_install(void)
{
	struct sigaction a = {.sa_handler = alarm_on_alarm};

	sigemptyset(&a.sa_mask);
	sigaction(SIGALRM, &a, NULL); /* no SA_RESTART: see io.c */
	a.sa_handler = NULL;
	a.sa_flags = SA_SIGINFO;
	a.sa_sigaction = alarm_on_violation;
	sigaction(SIGSYS, &a, NULL);
}

void
alarm_enter(struct alarm_frame *f, lua_State *L)
{
	f->L = L;
	f->resumer = running;
	running = f;
	/* the alarm came while the hook was set elsewhere */
	if (alarms > 0)
		lua_sethook(L, on_hook, LUA_MASKCOUNT, 1);
}

void
alarm_leave(struct alarm_frame *f)
{
	running = f->resumer;
	if (alarms > 0 && running)
		lua_sethook(running->L, on_hook, LUA_MASKCOUNT, 1);
}

void
alarm_memory_refused(void)
{
	lua_Debug ar;

	if (!running)
		return;
	refused_line = alarm_line(running->L);
	is_deep = lua_getstack(running->L, DEEP, &ar);
}

_Noreturn void
alarm_out_of_memory(void)
{
	stop(WIRE_EXIT_MEMORY, refused_line,
		is_deep ? "calls nested more than 10000 deep (a recursion "
			  "without end?)"
			: NULL);
}
