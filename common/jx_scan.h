/* Reading JSON text without building values of it. A cursor goes through the
 * text once and hands out slices of it; so a large reply can be looked through
 * and passed on as bytes. What it goes over is checked as the parser checks it
 * (grammar, escapes, UTF-8), but for numbers out of range and names that stand
 * twice.
 *
 *     {"names":["ada","bob"],"next":"c1"}
 *
 *     jx_scan_enter(&s, '{');
 *     for (bool first = true; jx_scan_member(&s, &first, &name);)
 *             if (jx_slice_is(name, "next"))
 *                     jx_scan_string(&s, &next, NULL);     "c1", with its quotes
 *             else
 *                     jx_scan_skip(&s, &value);            ["ada","bob"]
 *     if (!jx_scan_ended(&s))
 *             it was no such text
 *
 * After the first thing that is wrong every function answers false. */
#ifndef COMMON_JX_SCAN_H
#define COMMON_JX_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

/* Part of a text, borrowed. A string has its quotes and escapes. */
struct jx_slice {
	const char *p;
	size_t n;
};

struct jx_scan {
	const char *p, *end;
	bool bad;
};

void jx_scan_init(struct jx_scan *s, const char *text, size_t n);

/* Past the opening bracket, '{' or '['. False: something else stands there. */
bool jx_scan_enter(struct jx_scan *s, char open) MUST_CHECK;

/* The next member of the object that was entered: its name; the cursor stands at
 * its value, which must be read or skipped. *io_first is true at the first
 * call. False: the object has ended, or something is wrong. */
bool jx_scan_member(struct jx_scan *s, bool *io_first,
	struct jx_slice *ret_name) MUST_CHECK;
/* The same of an array. */
bool jx_scan_entry(struct jx_scan *s, bool *io_first) MUST_CHECK;

/* A string. *ret_escapes (may be NULL): backslashes in it. */
bool jx_scan_string(struct jx_scan *s, struct jx_slice *ret,
	size_t *ret_escapes) MUST_CHECK;
/* An integer of 64 bits. */
bool jx_scan_int(struct jx_scan *s, int64_t *ret) MUST_CHECK;
/* Any value; ret may be NULL. */
bool jx_scan_skip(struct jx_scan *s, struct jx_slice *ret) MUST_CHECK;

/* The byte at which the next value begins; 0 at the end. */
char jx_scan_peek(struct jx_scan *s);

/* Nothing was wrong, and nothing but space is left. */
bool jx_scan_ended(struct jx_scan *s) MUST_CHECK;

/* Whether a slice is this word in quotes. */
bool jx_slice_is(struct jx_slice slice, const char *word);

#endif
