/* memoryctl: its commands. A command is a file cmd_*.c with a handler and a
 * descriptor, and a line in commands.def; lib/cli.h has what they share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "memory-db/cli/lib/cli.h"

#define COMMAND(name) extern const struct cli_command cli_cmd_##name;
#include "memory-db/cli/commands.def"
#undef COMMAND

#endif
