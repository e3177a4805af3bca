/* The other programs of the product. */
#ifndef CLI_LIB_PROGRAMS_H
#define CLI_LIB_PROGRAMS_H

#include <limits.h>
#include <stdbool.h>

/* An executable regular file. */
bool programs_is_program(const char *path);
/* On PATH, in its absolute folders. */
bool programs_on_path(const char *name, char ret_path[PATH_MAX]);
/* Beside memoryctl, else on PATH: absolute. False: nowhere. */
bool programs_find(const char *name, char ret_path[PATH_MAX]);
/* The last part of a path. */
const char *programs_base(const char *path);

#endif
