/* Cursors of the long jobs (export, verify): a letter and a few numbers. */
#ifndef MODEL_SCOPE_PAGE_CURSOR_H
#define MODEL_SCOPE_PAGE_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

#define PAGE_CURSOR_MAX	 10
#define PAGE_CURSOR_SIZE 224 /* letter, PAGE_CURSOR_MAX numbers, points, NUL */

void page_cursor_format(char out[PAGE_CURSOR_SIZE], char letter,
	const int64_t *v, size_t n);
/* Exactly n numbers after the letter; MDB_E_INVALID naming `cursor`. */
int page_cursor_parse(const char *text, char letter, int64_t *v, size_t n,
	struct err *e) MUST_CHECK;

#endif
