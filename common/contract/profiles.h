/* Profiles of tools by name: which tools an agent has. A set is a mask of enum
 * tool_profile. */
#ifndef COMMON_CONTRACT_PROFILES_H
#define COMMON_CONTRACT_PROFILES_H

#include "common/cleanup.h"
#include "common/err.h"
#include "common/contract/tools.h"

/* All names, commas and the NUL. */
#define PROFILES_TEXT 64

/* "default,history" -> *ret_set. An unknown name is an error that lists the
 * known ones. 0 or MDB_E_INVALID. */
int profiles_read(const char *text, unsigned *ret_set, struct err *e)
	MUST_CHECK;

/* The same from a peer, which may be newer: a name that is not known here
 * stands for no tool. */
unsigned profiles_known(const char *text);

/* A set as profiles_read takes it; "" for none. */
void profiles_text(unsigned set, char out[PROFILES_TEXT]);

#endif
