/* Proof that the walls hold. */
#ifndef SANDBOX_JAIL_PROBE_H
#define SANDBOX_JAIL_PROBE_H

#include <lua.h>

/* Makes the n-th forbidden call (WIRE_PROBE_NAMES), which must end the
 * process; returns if it was made. */
void probe_run(int n);

/* In test builds (memory-sandbox-probe): functions that make any system call.
 * Otherwise nothing. */
void probe_setup(lua_State *L);

#endif
