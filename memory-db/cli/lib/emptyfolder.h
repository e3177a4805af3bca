/* A folder to write files into that has nothing in it. */
#ifndef CLI_LIB_EMPTYFOLDER_H
#define CLI_LIB_EMPTYFOLDER_H

#include "common/cleanup.h"

/* Makes it, or finds it empty. Exit codes, printed errors. */
int emptyfolder_make(const char *folder) MUST_CHECK;

#endif
