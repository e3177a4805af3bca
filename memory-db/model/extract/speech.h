/* The sentences of a turn, without what is no speech: code, logs, output of
 * tools, tables, quoted mail. Pure. */
#ifndef MODEL_EXTRACT_SPEECH_H
#define MODEL_EXTRACT_SPEECH_H

#include <stdbool.h>
#include <stddef.h>

#include "memory-db/model/extract/turns.h"

/* What a heading or a label before a colon says of the lines behind it. */
enum section {
	SECTION_NONE,
	SECTION_DECISION,
	SECTION_ACTION,
	SECTION_OTHER,
	SECTION_FIX,
	SECTION_PREFERENCE
};

struct spoken {
	const char *s; /* the sentence */
	size_t n;
	const char *line; /* the whole line it stands on */
	size_t line_n, line_no;
	enum section section;
	enum section label;	  /* of the line alone */
	bool is_bullet, is_first; /* of the line */
	bool is_box, is_done;	  /* it is "[ ]", and "[x]" */
	bool is_quoted; /* a quotation began in a sentence before it */
};

struct speech {
	const struct turn *turn;
	size_t at, line_no;
	enum section section;
	bool is_fenced, is_quoted; /* within ```; behind "wrote:" */
	/* the line that is read */
	const char *line, *rest;
	const char
		*stop; /* where a sentence with a capital ends; NULL: unknown */
	size_t line_n, rest_n;
	bool is_bullet, is_first, is_box, is_done;
	bool is_open; /* a quotation of the line has not ended */
	enum section label;
	/* counted */
	size_t pasted, foreign, read;
	bool is_doubted; /* most lines before were in another language */
};

void speech_begin(struct speech *l, const struct turn *turn);
/* The next sentence; false at the end. */
bool speech_next(struct speech *l, struct spoken *ret);

#endif
