/* What a script finds: an allow list over Lua's own libraries. */
#ifndef SANDBOX_JAIL_ENV_H
#define SANDBOX_JAIL_ENV_H

#include <lua.h>
#include <stdint.h>

/* Makes the globals. seed: two random numbers for math.random. Raises errors. */
void env_setup(lua_State *L, const uint64_t seed[2]);

/* The parts of it; each adds to the globals table at the top of the stack. */
void env_co_setup(lua_State *L);  /* coroutine, pcall, xpcall */
void env_lib_setup(lua_State *L); /* string, table, utf8, math */
void env_os_setup(lua_State *L);  /* os: time without zones, no processes */

/* tostring without addresses; pushes a string. */
const char *env_tostring(lua_State *L, int idx, size_t *ret_n);

/* Copies the functions of the library at the top of the stack whose full
 * names ("string.byte") are listed (NULL ends) to the table below it, and
 * names them in tracebacks. */
void env_allow(lua_State *L, const char *const *names);

/* Sets t[name] = f in the table at the top, with `upvalues` popped before. */
void env_function(lua_State *L, const char *full_name, lua_CFunction f,
	int upvalues);

/* seed words: the k-th of a sequence of their own, for math.randomseed(). */
uint64_t env_random(void);

#endif
