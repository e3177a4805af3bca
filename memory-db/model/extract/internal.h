/* What the files of extract.h share. */
#ifndef MODEL_EXTRACT_INTERNAL_H
#define MODEL_EXTRACT_INTERNAL_H

#include "common/buf.h"
#include "memory-db/model/extract/clause.h"
#include "memory-db/model/extract/dates.h"
#include "memory-db/model/extract/extract.h"
#include "memory-db/model/extract/speech.h"
#include "memory-db/model/extract/turns.h"
#include "memory-db/model/extract/words.h"

/* Facts below this are not given. */
#define SURE_ENOUGH 0.6
/* Words of a value: what goes on longer is a story. */
#define VALUE_WORDS 26
#define NAME_BYTES  80

/* Names of what software is made of and with (facts_fit.c). */
extern const char *const extract_tools;

/* What a turn proposes, in the words behind "let's": "use Kafka". */
struct proposal {
	bool is_meant; /* not only suggested */
	char text[240];
	bool is_there, is_concrete;
	size_t line_no;
	char line[320];
};

/* What a turn asks: an answer to "when is your flight?" is what "flight is" is. */
struct question {
	char text[120]; /* "flight is", "lives", "uses" */
	bool is_there, is_place, is_project, is_goal;
	bool is_open; /* any words that name something are an answer */
};

/* What a turn asks that yes or no answers (polar.c). */
struct polar {
	char rest[120];	  /* "still closing on mondays" */
	const char *verb; /* "is" */
	size_t noun_n;	  /* of "sister" in "sister vegan" */
	int way;
	bool is_there;
};

/* "Ada", or a noun of hers: the mother of ada. */
struct person {
	char name[NAME_BYTES], noun[NAME_BYTES];
};

struct reader {
	const struct extract_request *q;
	struct extraction *x;
	const struct turn *turn;
	const struct spoken *said;
	struct extract_words w;
	struct when whens[WHENS];
	int whens_n;
	int64_t today;	  /* of the turn */
	int64_t head;	  /* of the head of the text */
	size_t head_line; /* that names the day; 0: none */
	char line_person
		[NAME_BYTES]; /* "Ravi" of "Ravi - finished it. Blocked" */
	struct person person, she, he; /* of whom was spoken last */
	size_t turn_no;		       /* of the turn, from 1 */
	struct proposal last, now;     /* of the turn before, and of this one */
	struct question asked, asked_now; /* the same */
	struct polar polar, polar_now;	  /* the same */
	char last_speaker[SPEAKER_BYTES];
	const char *me; /* who "me" and "my" are in a fact of somebody else;
			   NULL: them, their */
	char thing[NAME_BYTES]; /* what "it" means: the thing named last in the
				   turn; "": none */
	const char *speakers[16]; /* names, of the turns */
	size_t speakers_n;
	/* Words of the sentence of which something is kept, or that a clause has
	 * which says nothing: pieces.c leaves them out. */
	bool read[SENTENCE_WORDS];
	bool is_joke;
	bool is_notes;	    /* one text of many lines, of nobody */
	bool has_assistant; /* one of the turns is of a machine */
	bool is_work;	    /* the text speaks of work: "we" is the project */
};

/* A fact in the making; the buffers are its owner's to end. */
struct draft {
	struct buf attribute, value, text;
	char subject[NAME_BYTES];
	enum extract_kind kind;
	double sureness;
	bool is_person, is_denied;
	int first, end; /* words that it is made of: for its times */
};
void draft_done(struct draft *d);
#define AUTO_DRAFT __attribute__((cleanup(draft_done)))

/* --- render.c --------------------------------------------------------------- */
/* Words first to end as they are to be kept: "my dog" becomes "their dog", times
 * become dates. 0 or MDB_E_NOMEM. */
int render_words(const struct reader *r, int first, int end, struct buf *out)
	MUST_CHECK;
/* The verb of a clause in the third person: "does not live". */
int render_verb(const struct reader *r, const struct clause *c, struct buf *out)
	MUST_CHECK;
/* Where a value that begins at `first` ends, without words that say nothing. */
int render_trim(const struct reader *r, int first, int end);
/* The name of an entity: lower case, without a title. */
void render_name(const struct extract_words *w, int first, int end,
	char out[NAME_BYTES]);
void render_low(const char *name, char out[NAME_BYTES]);

/* --- facts.c ------------------------------------------------------------------- */
/* The facts of one clause. 0 or MDB_E_NOMEM. */
int facts_of_clause(struct reader *r, const struct clause *c, struct err *e)
	MUST_CHECK;
/* Keeps a draft, whose text is attribute and value when it has none. */
int facts_keep(struct reader *r, struct draft *d, struct err *e) MUST_CHECK;
/* A fact of a rule whose verb ends (with its particle) before word `value`. */
int facts_keep_verb(struct reader *r, const struct clause *c,
	const struct rule *rule, int value, int end, struct err *e) MUST_CHECK;
/* What no rule knows and still says something (general.c). */
int facts_in_general(struct reader *r, const struct clause *c, struct err *e)
	MUST_CHECK;
/* What people tell of themselves (told.c). */
int facts_told(struct reader *r, const struct clause *c, struct err *e)
	MUST_CHECK;
/* "I think tea is better than coffee". */
int facts_opinion(struct reader *r, const struct clause *c, struct err *e)
	MUST_CHECK;
/* Words of those from first to end that name something: of "made a huge
 * difference" none does. */
int facts_content(const struct extract_words *w, int first, int end);
/* --- general.c: is the verb of the clause, in any form, one of a list? */
bool general_any_of(const struct clause *c, const char *low, const char *list);
bool general_of_somebody(const struct reader *r, const struct clause *c);
bool general_tense(const struct clause *c);
bool general_past(const struct reader *r, const struct clause *c);
extern const char *const general_everyday;
/* Is the subject a line, a page, a function: a part of a program? */
bool facts_is_of_code(const struct reader *r, const struct clause *c);
/* --- signs.c: what speaks for a clause whose value is from first to end, and what
 * against it. */
int signs_points(const struct reader *r, const struct clause *c, int first,
	int end);
/* Is it about somebody, and is its verb "to be"? */
bool signs_is_person(const struct reader *r, const struct clause *c);
bool signs_is_state(const struct clause *c);
extern const char *const signs_talk;	/* verbs of talk */
extern const char *const signs_passing; /* states that pass */
/* What signs speak for, where no rule does (frame.c). */
int frame_clause(struct reader *r, const struct clause *c, struct err *e)
	MUST_CHECK;
/* What stands in none of the clauses of the sentence (pieces.c). */
int pieces_read(struct reader *r, const struct clause *clauses, int n,
	struct err *e) MUST_CHECK;
/* A piece is of so many words at most. */
#define PIECE_WORDS 12
int pieces_by_noun(struct reader *r, int first, int end, struct err *e)
	MUST_CHECK;
int pieces_by_duration(struct reader *r, int first, int end, struct err *e)
	MUST_CHECK;
/* "Node 20.", "Timeouts of 10 seconds": of a sentence without a clause. */
int facts_of_fragment(struct reader *r, struct err *e) MUST_CHECK;
/* The same of what somebody is (states.c). */
int facts_of_state(struct reader *r, const struct clause *c, struct err *e)
	MUST_CHECK;
/* Notes what "it" means in what follows (subjects.c). */
void facts_note_thing(struct reader *r, const struct clause *c);
/* Sets whom a clause is about, and what stands before its verb then. 1; 0: that
 * nobody knows; -1: no memory. */
int facts_subject(struct reader *r, const struct clause *c,
	const struct rule *rule, struct draft *d) MUST_CHECK;
/* --- facts_fit.c */
bool facts_fit_tense(const struct rule *rule, const struct clause *c);
/* The value from `first` on: *ret_end is where it ends. */
bool facts_fit_value(const struct reader *r, const struct rule *rule,
	const struct clause *c, int first, int *ret_end);
bool facts_has_time(const struct reader *r, int first, int end);
/* Does it name something: a name, a number, a path? */
/* "euros", "1.70" */
bool facts_is_measure(const struct extract_words *w, int i);
bool facts_is_version(const struct extract_word *x);
bool facts_is_concrete(const struct extract_words *w, int first, int end);
/* Does a clause say how often? */
bool facts_has_often(const struct reader *r, const struct clause *c);
/* "sister Clara": the name in a noun phrase; 0: none. */
int facts_name_in(const struct extract_words *w, int first, int end);
bool facts_noun_is_person(const struct extract_words *w,
	const struct clause *c);
/* "our rent": of a home, not of a project. */
bool facts_is_private(const struct reader *r, const struct clause *c);
bool facts_fit_person(const struct reader *r, const struct rule *rule,
	const struct clause *c);
/* Adds "for the backend" of the front, a time there, and the reason. 0 or -1. */
int facts_rest(const struct reader *r, const struct clause *c, struct draft *d)
	MUST_CHECK;
void facts_speaker(const struct reader *r, char out[NAME_BYTES]);

/* --- states.c, for states_noun.c: words of what somebody is, "a senior software
 * engineer at Acme in Berlin" */
#define STATE_WORDS 14
/* "is", "was", "are". */
const char *states_copula(const struct reader *r, const struct clause *c);
/* Begins a draft of a state. 1; 0: nobody knows of whom; negative: no memory. */
int states_begin(struct reader *r, const struct clause *c,
	const struct rule *rule, struct draft *d, struct err *e) MUST_CHECK;
/* The verb, the words of its phrase up to `value`, and the value. */
int states_keep(struct reader *r, const struct clause *c,
	const struct rule *rule, int value, int end, struct err *e) MUST_CHECK;
/* By the rules of english.def. */
int states_by_rule(struct reader *r, const struct clause *c, struct err *e)
	MUST_CHECK;
/* --- states_noun.c */
int states_of_noun(struct reader *r, const struct clause *c, struct err *e)
	MUST_CHECK;
int states_of_place(struct reader *r, const struct clause *c, struct err *e)
	MUST_CHECK;

/* --- written.c ----------------------------------------------------------------- */
/* Sets the name of each fact. */
int written_names(const struct extract_request *q, struct extraction *x,
	struct err *e) MUST_CHECK;

/* --- notes.c ------------------------------------------------------------------- */
/* Lines with a label, tasks, boxes, a name and its value. 1 or 0; negative. */
int notes_read(struct reader *r, struct err *e) MUST_CHECK;

/* --- people.c ------------------------------------------------------------------ */
/* Does a text speak of work, so that "we" is a project and not a family? */
bool people_at_work(const char *s, size_t n);
/* Does one of the words belong to work: "cluster", "deadline"? */
bool people_is_of_work(const struct extract_words *w, int first, int end);
/* Names without capitals get theirs. */
void people_capitals(struct reader *r);
/* Cuts a question off what is told before it in the sentence. */
void people_told(struct reader *r);
/* Whom a question is about is "he" in the answer. */
void people_asked_of(struct reader *r);
/* Before the sentences of r->turn. */
void people_turn(struct reader *r);
/* "he" is this one from now on, or the noun of this one. */
void facts_person(struct reader *r, const char *name, const char *noun);
/* Whom word i, "she" or "his", means. */
const struct person *people_meant(const struct reader *r, int i);

/* --- sayings.c: what is no subject and verb ---------------------------------------- */
/* Fixes, instructions, lines of notes, what people agree to. 1: the sentence
 * is done with. */
int sayings_read(struct reader *r, struct err *e) MUST_CHECK;
/* "Always use tabs", "call me Sam" (orders.c). */
int orders_read(struct reader *r, struct err *e) MUST_CHECK;
int sayings_decide(struct reader *r, struct err *e) MUST_CHECK;
/* Notes what is proposed, and keeps it when it is accepted (agree.c). */
int sayings_agree(struct reader *r, struct err *e) MUST_CHECK;
int sayings_keep(struct reader *r, enum extract_kind kind, const char *subject,
	const char *attribute, int first, int end, double sureness,
	struct err *e) MUST_CHECK;
void sayings_project(const struct reader *r, char out[NAME_BYTES]);
/* Is nothing of the sentence meant as it stands? */
bool sayings_is_unreal(const struct reader *r);

/* --- people_named.c ----------------------------------------------------------------- */
/* Notes whom a sentence names, so that the next ones know who is meant. */
void people_named_note(struct reader *r);
/* Notes who is named beside what he is ("my husband Tom"), and keeps that as a
 * fact. 0 or MDB_E_NOMEM. */
int people_named_kin(struct reader *r, struct err *e) MUST_CHECK;

/* --- answers.c ---------------------------------------------------------------------- */
/* Notes what a sentence asks; keeps what a fragment answers. 0 or MDB_E_NOMEM. */
int answers_note(struct reader *r, struct err *e) MUST_CHECK;
int answers_read(struct reader *r, struct err *e) MUST_CHECK;
/* --- asks.c: what the question from word i on asks, as the words that an answer goes
 * on with. 1, 0; negative: no memory. */
int asks_frame(struct reader *r, int i, struct buf *out) MUST_CHECK;

/* --- polar.c ------------------------------------------------------------------------ */
void polar_note(struct reader *r);
int polar_read(struct reader *r, struct err *e) MUST_CHECK;

/* --- correct.c ---------------------------------------------------------------------- */
/* "no, actually Tuesday", "I meant Oslo", "not 5432 but 5433": mends a fact
 * that was said before. 1: it did, and the sentence is done with. */
int correct_read(struct reader *r, struct err *e) MUST_CHECK;
/* A fact behind others, all of one conversation: which of them it repeats or
 * takes the place of. */
int correct_settle(struct extraction *x, size_t from, struct err *e) MUST_CHECK;

#endif
