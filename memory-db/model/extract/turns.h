/* A conversation as turns: who says what. Pure.
 *
 * Three shapes are read:
 *
 *   plain text      one turn of the user
 *   Ada: hello      a turn each; also "[10:02] Ada: ..", "**Ada:** ..",
 *   Bob: hi         "<ada> ..", and what follows on further lines
 *   JSON            a list, or an object with `messages` or `turns`, or one
 *                   object a line, of {role, content} (content: a text or blocks
 *                   {type: text, text}; the results of tools are left out) or
 *                   {speaker, text, at} */
#ifndef MODEL_EXTRACT_TURNS_H
#define MODEL_EXTRACT_TURNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/extract/extract.h"

#define SPEAKER_BYTES 64

enum turn_role { ROLE_USER, ROLE_PERSON, ROLE_ASSISTANT, ROLE_OTHER };

struct turn {
	enum turn_role role;
	char speaker[SPEAKER_BYTES]; /* "Ada"; "": not said */
	const char *text;
	size_t n;
	size_t line_no; /* of its first line; of JSON: its number; from 1 */
	int64_t at;	/* EXTRACT_NO_TIME: not said */
};
struct turns {
	struct turn *v; /* owned */
	size_t n, cap;
	json_t *root; /* owned: holds the texts of JSON */
};

/* 0 or MDB_E_NOMEM. zone, now: of dates in the text. */
int turns_read(const struct extract_request *q, struct turns *ret,
	struct err *e) MUST_CHECK;
void turns_done(struct turns *t);

/* For turns_json.c. */
int turns_add(struct turns *t, const struct turn *x, struct err *e) MUST_CHECK;
enum turn_role turns_role(const char *name);
void turns_speaker(struct turn *x, const char *name, size_t n);
/* 1: it was JSON with turns. 0: none. */
int turns_json(const struct extract_request *q, struct turns *t, struct err *e)
	MUST_CHECK;

#endif
