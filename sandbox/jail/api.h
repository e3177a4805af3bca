/* The table `memory`: each method of the service that a script may call. */
#ifndef SANDBOX_JAIL_API_H
#define SANDBOX_JAIL_API_H

#include <lua.h>

#include "sandbox/jail/io.h"

/* Makes the functions from the SETUP frame and the helpers written in Lua.
 * Leaves the stack as it was; raises errors. */
void api_setup(lua_State *L, struct in *setup);

/* A script begins: the list at the top names methods that it lacks. Pops it;
 * raises errors. */
void api_begin(lua_State *L);

void api_limits(int64_t calls, int64_t bytes);

/* If the value at idx is an error of the API: pushes its text. */
int api_error_text(lua_State *L, int idx);

#endif
