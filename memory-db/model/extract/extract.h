/* What somebody would keep of a conversation: facts, in the third person, each
 * with the line that says it. Pure: no database, no model; the same facts for
 * the same text.
 *
 *   Ada: I moved to Rome last May.     ada  "moved to Rome in May 2025"
 *   Bob: We decided to use Kafka       project  "decided to use Kafka because
 *        because we need replay.                  the team needs replay"
 *   Ada: Would you like some tea?      nothing
 *
 * The text becomes turns (turns.h), their lines sentences without what was
 * pasted or quoted (speech.h), these clauses with a subject and a verb (clause.h),
 * and rules (english.def) say of which verbs and nouns something is kept. What
 * is no English is left out and counted. */
#ifndef MODEL_EXTRACT_EXTRACT_H
#define MODEL_EXTRACT_EXTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

#define EXTRACT_NO_TIME INT64_MIN

enum extract_kind {
	EXTRACT_PREFERENCE,
	EXTRACT_NEED,
	EXTRACT_HABIT,
	EXTRACT_DECISION,
	EXTRACT_PLAN,
	EXTRACT_IDENTITY,
	EXTRACT_PLACE,
	EXTRACT_EVENT,
	EXTRACT_RELATION,
	EXTRACT_TOOL,
	EXTRACT_FIX,
	EXTRACT_INSTRUCTION,
	EXTRACT_KIND_MAX
};

struct extracted {
	enum extract_kind kind;
	char *subject; /* owned, all of them: in lower case, "ada" */
	char *name;    /* of the entity, as the text writes it: "Ada" */
	char *text;    /* "lives in Rome" */
	char *attribute, *value; /* "lives in", "Rome" */
	char *speaker;		 /* as the text names who said it; "": nobody */
	char *line;		 /* that says it */
	size_t line_no, turn;
	bool is_person;	  /* the subject */
	bool is_denied;	  /* "does not like tea" */
	bool is_gone;	  /* taken back further on: not to be kept */
	bool is_of_model; /* a chat model found it, no rule */
	double confidence;
	int64_t time;	  /* that it names, or EXTRACT_NO_TIME; ms */
	int64_t from, to; /* since and until when it is so; the same */
	int64_t said_at;  /* the same, if the text tells */
};

struct extract_request {
	const char *text;
	size_t n;
	const char *user;    /* who "I" is when the text does not tell */
	const char *project; /* what "we decided" and "the server" are about */
	int64_t at;	     /* of the session, ms; local when zone is added */
	int zone_minutes;
	bool us; /* 5/8 is a day of May */
	size_t most;
	int64_t deadline_ns; /* monotonic; 0: none */
};

struct extraction {
	struct extracted *v; /* owned */
	size_t n, cap;
	size_t lines,
		foreign; /* lines that were read; not in a known language */
	size_t pasted;	 /* lines of code, logs and quotes, not read */
	bool partial;	 /* stopped at the deadline or at `most` */
};

/* 0 or MDB_E_NOMEM. *ret is the caller's to end also then. */
int extract_facts(const struct extract_request *request, struct extraction *ret,
	struct err *e) MUST_CHECK;
void extract_done(struct extraction *x);

/* "preference", ... */
const char *extract_kind_name(enum extract_kind kind);

#endif
