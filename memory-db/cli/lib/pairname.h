/* A name for two texts: 32 hex digits, the same for the same two. Files that note
 * something of a client and a session, of a repository and a branch, have names
 * of this kind, as the texts may hold anything. */
#ifndef CLI_LIB_PAIRNAME_H
#define CLI_LIB_PAIRNAME_H

#define PAIRNAME_SIZE 33

void pairname(const char *a, const char *b, char ret[PAIRNAME_SIZE]);

#endif
