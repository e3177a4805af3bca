/* How many tokens a text takes, without a model: an estimate on the high side.
 *
 *   letters (ASCII)   a run of n: n / 4, rounded up
 *   digits            a run of n: n / 3, rounded up
 *   spaces            one before a word is part of it; each further one 1/4
 *   line ends, other ASCII   1 each
 *   other characters  half their UTF-8 bytes, rounded up
 *
 * The parts of a text that end in a line end add up exactly, so what is packed
 * line by line stays in its budget. English prose comes out some 20 % above the
 * tokenizers of current models, code and names about right.
 */
#ifndef COMMON_TOKENS_H
#define COMMON_TOKENS_H

#include <stddef.h>

size_t tokens_estimate(const char *s, size_t n);

#endif
