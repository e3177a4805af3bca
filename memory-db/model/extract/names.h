/* First names. Pure. */
#ifndef MODEL_EXTRACT_NAMES_H
#define MODEL_EXTRACT_NAMES_H

#include <stdbool.h>

/* Is the word, in lower case, a first name and nothing else: "dan", not "max"? */
bool people_is_first_name(const char *low);

#endif
