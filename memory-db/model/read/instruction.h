/* Is a text an instruction for the agent: "Always ..", "Never ..", "When I ask
 * for X, do Y"? By its words alone, in English, German, French and Spanish.
 * Pure.
 *
 * Nothing is kept of it: the text says it on every branch and at every time,
 * and so does one that was written before this was known. */
#ifndef MODEL_READ_INSTRUCTION_H
#define MODEL_READ_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>

/* What such facts are called: `kind` of a fact that is read, and the tag that
 * they have for filters, whether or not somebody gave it to them. */
#define INSTRUCTION_TAG "instruction"

bool is_instruction(const char *s, size_t n);

/* The i-th piece of text that instructions have: each has one of them. NULL
 * behind the last. An index of words finds by them what is worth looking at. */
const char *instruction_cue(size_t i);

#endif
