/* Every number of the ranking, in one table: name, default, most, what it is.
 * Scores of words are scaled to 1 for the best fact; the other weights are
 * added to that. Tuned on the development half of the question set named in
 * README.md of this folder, which also has the effect of each. */
#ifndef MODEL_RECALL_RECALL_WEIGHTS_H
#define MODEL_RECALL_RECALL_WEIGHTS_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/err.h"

#define RECALL_WEIGHTS(X)                                                      \
	X(k1, 0.6, 10, "words: how fast repetition saturates")                 \
	X(b, 0.5, 1, "words: how much long texts lose")                        \
	X(name, 0.5, 10, "words: of the entity's name")                        \
	X(said_by, 0.5, 10, "words: of the speaker's name")                    \
	X(pair, 0.3, 10, "words: two of the query, close together")            \
	X(prev, 0.4, 10, "of the fact before, in the same session")            \
	X(next, 0.3, 10, "of the fact behind")                                 \
	X(prev2, 0.15, 10, "of the fact two before")                           \
	X(next2, 0.05, 10, "of the fact two behind")                           \
	X(answer, 0.2, 10, "of a question before")                             \
	X(around, 0.25, 10, "words of the query in it or its neighbours")      \
	X(topic, 0.2, 10, "words of the query in its session")                 \
	X(session, 0.2, 10, "of the best three of the session")                \
	X(speaker, 0.15, 10, "the query names the speaker")                    \
	X(entity, 0.15, 10, "the query names the entity")                      \
	X(date, 1, 10, "the query gives a date near the fact's")               \
	X(time, 0.2, 10, "a \"when\" question, and the fact has a time word")  \
	X(rule, 0.2, 10, "an instruction, and the query has a word of it")     \
	X(hop, 0.2, 10, "of facts of entities one relation away")              \
	X(hop2, 0.1, 10, "of facts of entities two relations away")            \
	X(long_from, 80, 100000,                                               \
		"words of a long text: neighbours' shares fall")               \
	X(length, 0.1, 10, "taken off for each doubling beyond that")          \
	X(echo, 0.5, 1, "off a neighbour's share: words the text has itself")  \
	X(recency, 0.02, 10, "new facts; halves in half_life days")            \
	X(half_life, 30, 36500, "days")                                        \
	X(use, 0.02, 10, "entities that were given before")                    \
	X(useful, 0.06, 0.2, "answers used it before, or left it unused")      \
	X(salience, 0.1, 10, "salience given at write")                        \
	X(tier, 0.02, 10, "semantic and procedural entities; working: half")   \
	X(confirmed, 0.02, 10, "lately confirmed: exp(-0.01 x days since)")    \
	X(pin, 0.05, 10, "pinned entities")                                    \
	X(meaning, 0.4, 10, "nearness of meaning, of a model (static, http)")  \
	X(near, 0.8, 1, "a model's cosine from which something is relevant")   \
	X(letters, 0.45, 10, "nearness of words and letters (hash)")           \
	X(letters_from, 40, 100000, "words of a text from which that counts")  \
	X(relevant, 0.25, 1, "less sure than this: nothing is relevant")

struct recall_weights {
#define X(name, value, most, text) double name;
	RECALL_WEIGHTS(X)
#undef X
};

extern const struct recall_weights recall_weights_default;

/* Sets one by name: MDB_E_INVALID for an unknown name (the nearest is named)
 * or a value that is not between 0 and its most. */
int recall_weights_set(struct recall_weights *w, const char *name, double value,
	struct err *e) MUST_CHECK;

/* Sets several from a text as "recency=0.1,relevant=0.3". The text says what
 * is wrong with which. */
int recall_weights_parse(struct recall_weights *w, const char *text,
	struct err *e) MUST_CHECK;

/* The i-th weight as w has it; false behind the last. */
struct recall_weight {
	const char *name, *text; /* what it is; static */
	double value, most;
};
bool recall_weights_row(const struct recall_weights *w, int i,
	struct recall_weight *ret);

#endif
