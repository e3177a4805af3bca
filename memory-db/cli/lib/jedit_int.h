/* What adding and cutting out members of a JSON text share. */
#ifndef CLI_LIB_JEDIT_INT_H
#define CLI_LIB_JEDIT_INT_H

#include "memory-db/cli/lib/jedit.h"
#include "memory-db/cli/lib/jscan.h"

int jedit_broken(struct err *e) MUST_CHECK;
/* jscan_find gave no member: why. */
int jedit_not_found(int found, const char *name, struct err *e) MUST_CHECK;
/* Where a member or an element begins. */
size_t jedit_begin(const struct jmember *m);

#endif
