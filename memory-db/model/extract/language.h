/* Is a line in a language that there are rules for? Pure.
 *
 * Counted are words that a language cannot do without ("the", "und", "que"). A
 * line with more of another language than of English, or with letters that
 * English does not have throughout, is none of ours. */
#ifndef MODEL_EXTRACT_LANGUAGE_H
#define MODEL_EXTRACT_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

bool language_is_known(const char *s, size_t n, bool is_doubted);

#endif
