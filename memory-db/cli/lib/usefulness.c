/* Was a fact of use? usefulness.h has the rule with examples. Only words that
 * tell something are compared, those of the fact which the prompt did not have
 * already: an answer with half of them used the fact. The ledger keeps counts
 * per namespace; two sessions may end a turn at once, so it is changed under a
 * lock. */
#include "memory-db/cli/lib/usefulness.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/owned.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/hookstate.h"

/* Of a word; the rest does not tell words apart. */
#define WORD_BYTES 48
/* Share of a fact's own words that an answer that uses it has. */
#define USED_SHARE 0.5
/* Of a sentence that denies it. */
#define DENIED_SHARE 0.5
/* Facts kept one by one; figures go on without them. */
#define FACTS_MAX 5000
/* Shown so often without a use. */
#define IDLE_TIMES 4

/* --- words ----------------------------------------------------------------- */
static bool
is_common(const char *word)
{
	static const char *const words[] = {"the", "and", "for", "are", "was",
		"were", "has", "have", "had", "that", "this", "with", "from",
		"its", "not", "but", "you", "your", "our", "their", "his",
		"her", "she", "they", "will", "can", "all", "any", "which",
		"what", "when", "where", "who", "how", "there", "than", "then",
		"into", "over", "use", "uses", "used", "user", "one", "also"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static bool
is_of_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* The next word in small letters, without an "s" at its end; the rest, or NULL
 * behind the last. */
static const char *
next_word(const char *s, const char *end, char out[WORD_BYTES])
{
	size_t n = 0;

	while (s < end && !is_of_word(*s))
		s++;
	if (s >= end)
		return NULL;
	for (; s < end && is_of_word(*s); s++)
		if (n + 1 < WORD_BYTES)
			out[n++] = (char)tolower((unsigned char)*s);
	if (n > 3 && out[n - 1] == 's')
		n--;
	out[n] = '\0';
	return s;
}

static bool
is_telling(const char *word)
{
	return (strlen(word) >= 3 || isdigit((unsigned char)word[0])) &&
	       !is_common(word);
}

/* The set of telling words of a text. Returns new; NULL: no memory. */
static json_t *
words_of(const char *s, size_t n)
{
	AUTO_JSON json_t *set = json_object();
	const char *end = s + n;
	char word[WORD_BYTES];

	while (set && (s = next_word(s, end, word)) != NULL)
		if (is_telling(word) &&
			json_object_set_new_nocheck(set, word, json_true()))
			return NULL;
	return take_ptr(set);
}

static double
share_in(const json_t *words, const json_t *set)
{
	size_t n = 0, hits = 0;
	const char *word;
	json_t *x;

	json_object_foreach((json_t *)(uintptr_t)words, word, x) {
		n++;
		hits += json_object_get(set, word) != NULL;
	}
	return n == 0 ? 0 : (double)hits / (double)n;
}

/* --- the judgement --------------------------------------------------------- */
static bool
has_denial(const char *s, size_t n)
{
	static const char *const cues[] = {"not", "isn", "aren", "wasn", "don",
		"doesn", "didn", "no", "never", "instead", "outdated", "wrong",
		"incorrect", "longer", "contrary", "nicht", "kein", "non", "ne",
		"pas"};
	const char *end = s + n;
	char word[WORD_BYTES];

	while ((s = next_word(s, end, word)) != NULL)
		for (size_t i = 0; i < ARRAY_LEN(cues); i++)
			if (strcmp(word, cues[i]) == 0)
				return true;
	return false;
}

/* A sentence of the answer that speaks of the fact and denies something, where
 * the fact does not. */
static int
is_contradicted(const char *fact, const json_t *words, const char *answer)
{
	if (has_denial(fact, strlen(fact)))
		return 0;
	for (const char *s = answer; *s;) {
		size_t n = strcspn(s, ".!?\n");
		AUTO_JSON json_t *set = NULL;

		/* "v1.2" and "a.b" end no sentence. */
		while (s[n] == '.' && is_of_word(s[n + 1]))
			n += 1 + strcspn(s + n + 1, ".!?\n");
		set = words_of(s, n);
		if (!set)
			return -1;
		if (share_in(words, set) >= DENIED_SHARE && has_denial(s, n))
			return 1;
		s += n + (s[n] != '\0');
	}
	return 0;
}

int
usefulness_judge(const char *fact, const char *asked, const char *answer)
{
	AUTO_JSON json_t *words = words_of(fact, strlen(fact));
	AUTO_JSON json_t *said = words_of(answer, strlen(answer));
	AUTO_JSON json_t *before = words_of(asked, strlen(asked));
	AUTO_JSON json_t *own = json_object();
	const char *word;
	json_t *x;
	int rc;

	if (!words || !said || !before || !own || json_object_size(words) == 0)
		return -1;
	rc = is_contradicted(fact, words, answer);
	if (rc != 0)
		return rc < 0 ? rc : FACT_CONTRADICTED;
	json_object_foreach(words, word, x)
		if (!json_object_get(before, word) &&
			json_object_set_new_nocheck(own, word, json_true()))
			return -1;
	/* The prompt said all of it: nothing was learned from the fact. */
	if (json_object_size(own) == 0)
		return FACT_IGNORED;
	return share_in(own, said) >= USED_SHARE ? FACT_USED : FACT_IGNORED;
}

/* --- the ledger ------------------------------------------------------------ */
bool
ledger_read(const char *namespace_, struct ledger *ret)
{
	AUTO_JSON json_t *j = NULL;
	char path[PATH_MAX];

	*ret = (struct ledger){0};
	if (!hookstate_ledger(namespace_, path, false) ||
		!(j = hookstate_read(path)))
		return false;
	ret->used = cli_int(j, "used", 0);
	ret->ignored = cli_int(j, "ignored", 0);
	ret->contradicted = cli_int(j, "contradicted", 0);
	ret->shown = ret->used + ret->ignored + ret->contradicted;
	ret->facts = json_incref(json_object_get(j, "facts"));
	return true;
}

static int
count_fact(json_t *facts, const char *id, size_t what)
{
	json_t *row = json_object_get(facts, id), *n;

	if (!json_is_array(row) || json_array_size(row) != 3) {
		if (json_object_size(facts) >= FACTS_MAX)
			return 0;
		row = json_pack("[i,i,i]", 0, 0, 0);
		if (jx_set(facts, id, row) != 0)
			return MDB_E_NOMEM;
	}
	n = json_array_get(row, what);
	return json_array_set_new(row, what,
		       json_integer(json_integer_value(n) + 1)) == 0
		       ? 0
		       : MDB_E_NOMEM;
}

static void
ledger_write(const char *path, const struct ledger *l)
{
	AUTO_JSON json_t *j = json_pack("{s:I,s:I,s:I,s:O}", "used",
		(json_int_t)l->used, "ignored", (json_int_t)l->ignored,
		"contradicted", (json_int_t)l->contradicted, "facts", l->facts);
	AUTO_BUF struct buf text = {0};
	char temp[PATH_MAX + 8];
	AUTO_FD int fd = -1;

	snprintf(temp, sizeof(temp), "%s.new", path);
	if (j && jx_dump(j, &text) == 0 &&
		owned_open(temp, O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, NULL,
			NULL) == 0 &&
		write(fd, text.data, text.len) == (ssize_t)text.len)
		(void)rename(temp, path);
}

void
ledger_add(const char *namespace_, const json_t *judged)
{
	AUTO_LEDGER struct ledger l = {0};
	char path[PATH_MAX], lock[PATH_MAX + 8];
	AUTO_FD int fd = -1;
	const char *id;
	json_t *what;

	if (json_object_size(judged) == 0 ||
		!hookstate_ledger(namespace_, path, true))
		return;
	/* Two sessions of a project may end a turn at once. */
	snprintf(lock, sizeof(lock), "%s.lock", path);
	if (owned_open(lock, O_RDWR | O_CREAT, 0600, &fd, NULL, NULL) != 0 ||
		flock(fd, LOCK_EX) < 0)
		return;
	(void)ledger_read(namespace_, &l);
	if (!json_is_object(l.facts)) {
		json_decref(l.facts);
		l.facts = json_object();
	}
	if (!l.facts)
		return;
	json_object_foreach((json_t *)(uintptr_t)judged, id, what) {
		size_t k = (size_t)json_integer_value(what);

		l.used += k == FACT_USED;
		l.ignored += k == FACT_IGNORED;
		l.contradicted += k == FACT_CONTRADICTED;
		if (count_fact(l.facts, id, k) != 0)
			return;
	}
	ledger_write(path, &l);
}

bool
ledger_is_idle(const struct ledger *l, int64_t fact)
{
	char id[32];
	const json_t *row;

	snprintf(id, sizeof(id), "%" PRId64, fact);
	row = json_object_get(l->facts, id);
	return json_array_size(row) == 3 &&
	       json_integer_value(json_array_get(row, FACT_USED)) == 0 &&
	       json_integer_value(json_array_get(row, FACT_IGNORED)) >=
		       IDLE_TIMES;
}

void
ledger_done(struct ledger *l)
{
	json_decref(l->facts);
	*l = (struct ledger){0};
}
