/* Cursors of the long jobs (export, verify): a letter and a few numbers. */
#ifndef MODEL_MARKS_H
#define MODEL_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

#define MARKS_MAX 10
#define MARKS_SIZE 224		/* letter, MARKS_MAX numbers, points, NUL */

void marks_format(char out[MARKS_SIZE], char letter, const int64_t *v,
	size_t n);
/* Exactly n numbers after the letter; MDB_E_INVALID naming `cursor`. */
int marks_parse(const char *text, char letter, int64_t *v, size_t n,
	struct err *e) MUST_CHECK;

#endif
