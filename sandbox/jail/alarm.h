/* Where a script was when it was stopped. memory-db sends SIGALRM twice: the
 * first lets the interpreter stop between two instructions, the second looks
 * at it from outside, for loops in C. SIGKILL follows in any case. */
#ifndef SANDBOX_JAIL_ALARM_H
#define SANDBOX_JAIL_ALARM_H

#include <lua.h>
#include <stdbool.h>

#include "sandbox/jail/io.h"

/* The coroutine that runs now, and those that wait for it. */
struct alarm_frame {
	lua_State *L;
	struct alarm_frame *resumer;
};
/* Before and after a coroutine is resumed. */
void alarm_enter(struct alarm_frame *f, lua_State *L);
void alarm_leave(struct alarm_frame *f);

/* Handlers for SIGALRM and SIGSYS. */
void alarm_install(void);

/* After an interrupted system call: ends the process if time is over. */
void alarm_check(void);

/* Names C functions in tracebacks: name lives as long as the process; ""
 * hides them. */
void alarm_name(lua_CFunction f, const char *name);

/* Appends [frame, ...] of the running script, and says which line it is at
 * (0: none) and where, for the message ("string.find"; "" in Lua code). */
void alarm_traceback(struct out *o, lua_State *L, int *ret_line,
	const char **ret_where);
/* The line of the script that runs now in L or those that wait for it. */
int alarm_line(lua_State *L);

/* Sends what was printed and TRACE, and ends the process with this code. */
_Noreturn void alarm_stop(int exit_code);

/* What the arena calls when memory is refused: remembers the line. */
void alarm_memory_refused(void);
/* Memory is out and garbage collection did not help: ends the process. */
_Noreturn void alarm_out_of_memory(void);

#define ALARM_CHUNK "=script" /* chunk name of the script */

#endif
