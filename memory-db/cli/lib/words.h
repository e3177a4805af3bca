/* Errors of the service in the words of the command line. The service speaks
 * to programs and agents: of parameters, members and tools. A person has
 * options and commands. */
#ifndef CLI_LIB_WORDS_H
#define CLI_LIB_WORDS_H

#include "common/buf.h"
#include "common/cleanup.h"

/* Appends text with the names of tools, parameters and their values replaced
 * by what does the same here. What stands between ' ' is somebody's text and
 * stays. 0 or MDB_E_NOMEM. */
int words_for_people(const char *text, struct buf *out) MUST_CHECK;

#endif
