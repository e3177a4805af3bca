/* One script, from the frame that holds it to the frame that tells its end. */
#ifndef SANDBOX_JAIL_RUN_H
#define SANDBOX_JAIL_RUN_H

#include <lua.h>

#include "sandbox/jail/io.h"

/* Makes the interpreter with everything but the API. */
lua_State *run_prepare(void);

/* Adds the API of the SETUP frame. */
void run_setup(lua_State *L, struct in *setup);

/* Runs the script of the RUN frame; the process has only to exit then. */
void run_script(lua_State *L, struct in *run);

#endif
