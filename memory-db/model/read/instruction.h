/* Is a text an instruction for the agent: "Always ..", "Never ..", "When I ask
 * for X, do Y"? By its words alone, in English. Pure.
 *
 * Nothing is kept of it: the text says it on every branch and at every time. */
#ifndef MODEL_READ_INSTRUCTION_H
#define MODEL_READ_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>

bool is_instruction(const char *s, size_t n);

#endif
