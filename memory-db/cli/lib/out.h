/* Text on a terminal: safe, as wide as it is, in colour where wanted.
 *
 * Stored text may hold anything. Before it reaches a terminal, control
 * characters, escape sequences, bytes that are no UTF-8 and characters that
 * reorder a line are shown as escapes (\n, \x1b, \u{202e}). */
#ifndef CLI_LIB_OUT_H
#define CLI_LIB_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/cleanup.h"

struct cli;

/* Appends the safe form of s. 0 or MDB_E_NOMEM. */
int out_safe(const char *s, size_t n, struct buf *out) MUST_CHECK;

/* The same for JSON text, in which such characters become \\uXXXX: the value
 * stays what it is. */
int out_safe_json(const char *s, size_t n, struct buf *out) MUST_CHECK;

/* Columns of a safe text. */
int out_width(const char *s);

/* Appends s, cut to width columns with "…" at its end if it is wider.
 * 0 or MDB_E_NOMEM. */
int out_cut(const char *s, int width, struct buf *out) MUST_CHECK;

/* The same, cut at its beginning. */
int out_cut_head(const char *s, int width, struct buf *out) MUST_CHECK;

/* Writes lines of safe text; those wider than width (0: none is) go on in the
 * next line behind indent blanks, at a blank where there is one. Escape
 * sequences of styles count nothing. */
void out_wrapped(FILE *f, const char *text, int width, int indent);

/* Writes the safe form of s to f. */
void out_text(FILE *f, const char *s);

enum out_style { OUT_PLAIN, OUT_BOLD, OUT_DIM, OUT_GREEN, OUT_YELLOW, OUT_RED };

/* The escape sequences of a style, or "" without colour. */
const char *out_on(const struct cli *c, enum out_style style);
const char *out_off(const struct cli *c, enum out_style style);

/* "1.2 MB"; "12 345". */
#define OUT_NUMBER_SIZE 40
const char *out_bytes(int64_t bytes, char out[OUT_NUMBER_SIZE]);
const char *out_count(int64_t n, char out[OUT_NUMBER_SIZE]);

/* "2026-11-20 09:05:33" in local time from RFC 3339; the text itself when it
 * is none. */
#define OUT_TIME_SIZE 64
const char *out_time(const char *at, char out[OUT_TIME_SIZE]);

#endif
