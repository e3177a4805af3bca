/* A sentence tells what to do when it begins with a cue ("Always ..", "From now
 * on ..") or has one behind its first word, which then is a verb ("Antworte
 * immer .."). Words of courtesy in front are passed over. A cue with certain
 * words beside it tells of something instead: "Never been there", "Wie immer".
 * Each language is a row of tables; another one needs no code. */
#include "memory-db/model/read/instruction.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"

/* Where a sentence may begin to count: what a long text orders further behind
 * is advice among other things. */
#define LOOKED 600

struct language {
	const char *const *courtesy;
	const char *const *cues;   /* a sentence begins with one */
	const char *const *whens;  /* .. and goes on with somebody else than */
	const char *const *selves; /* .. these behind its comma */
	const char *const *second; /* words behind the first, a verb, */
	const char *const *no;	   /* or behind the verb that follows these */
	const char *const
		*tales; /* words beside a cue that tell of something */
};

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct language languages[] = {
	{.courtesy = LIST("please", "remember to", "remember", "and", "so",
		 "you should", "you must", "make sure to", "be sure to"),
		.cues = LIST("always", "never", "from now on", "in future",
			"in the future", "when I ask", "if I ask",
			"whenever you", "when you answer", "do not ever",
			"don't ever", "by default", "the user wants me to",
			"the user wants you to", "user wants me to",
			"user wants you to", "the user asked me to",
			"the user asked you to", "user asked me to",
			"user asked you to", "the user told me to",
			"user told me to", "the user always wants",
			"user always wants", "the user never wants",
			"user never wants"),
		.whens = LIST("whenever I", "every time I", "each time I"),
		.selves = LIST("I", "I'm", "I'll", "it", "it's", "my", "we",
			"he", "she", "they"),
		.second = LIST(NULL),
		.no = LIST(NULL),
		.tales = LIST("a", "an", "the", "been", "had", "have", "saw",
			"seen", "heard", "thought", "knew", "known", "wanted",
			"loved", "liked", "felt", "was", "were", "is", "here",
			"there", "up", "good", "great", "nice", "happy", "glad",
			"fun", "tried", "got", "say", "a", "my", "it", "he",
			"she", "they", "we", "I")},
	{.courtesy = LIST("bitte", "denk daran", "denke daran", "merk dir",
		 "merke dir", "und", "also", "du sollst", "du musst",
		 "Sie sollen", "Sie m\xc3\xbcssen"),
		.cues = LIST("immer", "nie", "niemals", "stets", "ab jetzt",
			"ab sofort", "von jetzt an", "von nun an",
			"k\xc3\xbcnftig", "zuk\xc3\xbcnftig", "in Zukunft",
			"wenn ich nach", "wenn ich um", "wenn ich frage",
			"wenn ich dich", "wenn ich Sie", "falls ich",
			"standardm\xc3\xa4\xc3\x9fig"),
		.whens = LIST("immer wenn ich", "jedes Mal wenn ich",
			"jedes Mal, wenn ich", "sooft ich"),
		.selves = LIST("ich", "denke ich", "bin ich", "habe ich",
			"f\xc3\xbchle ich", "es", "wir", "mein", "meine"),
		.second = LIST("immer", "nie", "niemals", "stets", "Sie immer",
			"Sie nie", "Sie niemals", "Sie stets", "mir immer",
			"mir nie", "bitte immer", "bitte nie"),
		.no = LIST(NULL),
		.tales = LIST("noch", "wieder", "mehr", "war", "waren", "habe",
			"hatte", "hab", "hat", "bin", "ist", "sind", "wird",
			"wie", "fast", "nicht", "schon", "beinahe", "auch",
			"ja", "doch", "ich", "du", "er", "sie", "es", "wir",
			"im", "der", "die", "das", "wenn", "so", "und")},
	{.courtesy = LIST("s'il te pla\xc3\xaet", "s'il vous pla\xc3\xaet",
		 "merci de", "veuillez", "tu dois", "vous devez", "et",
		 "pense \xc3\xa0", "il faut"),
		.cues = LIST("toujours", "jamais", "ne jamais",
			"d\xc3\xa9sormais", "dor\xc3\xa9navant",
			"\xc3\xa0 partir de maintenant",
			"\xc3\x80 partir de maintenant", "\xc3\xa0 l'avenir",
			"\xc3\x80 l'avenir", "quand je demande",
			"quand je te demande", "quand je vous demande",
			"lorsque je demande", "lorsque je te demande",
			"si je demande", "si je te demande",
			"par d\xc3\xa9"
			"faut"),
		.whens = LIST("chaque fois que je",
			"\xc3\xa0 chaque fois que je",
			"\xc3\x80 chaque fois que je"),
		.selves = LIST("je", "j'ai", "j'y", "me", "mon", "ma", "il",
			"elle", "nous", "on"),
		.second = LIST("toujours", "jamais"),
		.no = LIST("ne"),
		.tales = LIST("presque", "depuis", "pour", "pas", "est", "sont",
			"suis", "comme", "n'a", "n'ai", "n'est", "n'avais",
			"n'avait", "\xc3\xa9t\xc3\xa9", "vu", "eu", "je",
			"j'ai", "il", "elle", "nous", "on", "le", "la", "les",
			"un", "une", "aussi", "et", "l\xc3\xa0", "plus", "ou")},
	{.courtesy = LIST("por favor", "recuerda", "recuerde", "debes", "debe",
		 "tienes que", "tiene que", "hay que", "y"),
		.cues = LIST("siempre", "nunca", "jam\xc3\xa1s",
			"a partir de ahora", "de ahora en adelante",
			"en adelante", "en el futuro", "cuando pida",
			"cuando te pida", "cuando le pida", "cuando pregunte",
			"cuando te pregunte", "si pido", "si te pido",
			"si te pregunto", "por defecto"),
		.whens = LIST("cada vez que", "siempre que"),
		.selves = LIST("yo", "me", "mi", "es", "nos", "siento",
			"pienso", "tengo", "voy", "estoy"),
		.second = LIST("siempre", "nunca", "jam\xc3\xa1s"),
		.no = LIST("no"),
		.tales = LIST("casi", "como", "desde", "para", "es", "soy",
			"est\xc3\xa1", "estoy", "he", "ha", "han",
			"hab\xc3\xad"
			"a",
			"me", "fue", "era", "tengo", "tuve", "quise", "yo",
			"\xc3\xa9l", "ella", "lo", "la", "el", "los", "las",
			"un", "una", "no", "y", "m\xc3\xa1s", "hay", "que")},
};

/* Does it go on with these words, and what is behind them is no letter? */
static bool
instruction_begins(const char *s, size_t n, const char *words)
{
	size_t k;

	/* Most differ in their first letter, and there are hundreds. */
	if (n == 0 || ((s[0] ^ words[0]) & ~0x20) != 0)
		return false;
	k = strlen(words);
	return n > k && strncasecmp(s, words, k) == 0 &&
	       !isalnum((unsigned char)s[k]) && (unsigned char)s[k] < 0x80 &&
	       s[k] != '-' && s[k] != '\'';
}

/* Bytes of one of the list that it begins with, and of blanks behind; 0. */
static size_t
instruction_skip(const char *s, size_t n, const char *const *list)
{
	for (; *list != NULL; list++) {
		size_t k = instruction_begins(s, n, *list) ? strlen(*list) : 0;

		while (k > 0 && k < n && (s[k] == ' ' || s[k] == ','))
			k++;
		if (k > 0)
			return k;
	}
	return 0;
}

/* Bytes of a word and of the blanks behind it. */
static size_t
skip_word(const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && s[k] != ' ')
		k++;
	while (k < n && s[k] == ' ')
		k++;
	return k;
}

/* Behind "Whenever I ..": "mention Lyon, say the date". What goes on with
 * oneself ("hear this, I think of you") tells nobody to do anything. */
static bool
asks_another(const struct language *l, const char *s, size_t n)
{
	const char *comma = memchr(s, ',', n);
	size_t at = comma != NULL ? (size_t)(comma - s) + 1 : n;

	while (at < n && s[at] == ' ')
		at++;
	return at < n && instruction_skip(s + at, n - at, l->selves) == 0;
}

static bool
begins_with_cue(const struct language *l, const char *s, size_t n)
{
	size_t k = instruction_skip(s, n, l->whens);

	if (k > 0)
		return asks_another(l, s + k, n - k);
	k = instruction_skip(s, n, l->cues);
	return k > 0 && n - k > 2 &&
	       instruction_skip(s + k, n - k, l->tales) == 0;
}

/* "Antworte immer ..", "No uses nunca ..": the first word is a verb, not one
 * of those that tell. */
static bool
has_cue_second(const struct language *l, const char *s, size_t n)
{
	size_t no = instruction_skip(s, n, l->no), verb, k;

	s += no;
	n -= no;
	if (n == 0 || instruction_skip(s, n, l->tales) > 0)
		return false;
	verb = skip_word(s, n);
	if (memchr(s, ',', verb) != NULL)
		return false;
	k = instruction_skip(s + verb, n - verb, l->second);
	return k > 0 && verb + k < n;
}

/* Does a sentence that begins here tell what to do? */
static bool
orders(const struct language *l, const char *s, size_t n)
{
	for (size_t k = instruction_skip(s, n, l->courtesy); k > 0;
		k = instruction_skip(s, n, l->courtesy)) {
		s += k;
		n -= k;
	}
	return begins_with_cue(l, s, n) || has_cue_second(l, s, n);
}

static size_t
instruction_sentence_length(const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && strchr(".!?\n:", s[k]) == NULL)
		k++;
	return k < n ? k + 1 : n;
}

bool
is_instruction(const char *s, size_t n)
{
	for (size_t i = 0, k; i < n && i < LOOKED; i += k) {
		k = 1;
		if (isspace((unsigned char)s[i]) ||
			strchr("-*#>\"'(", s[i]) != NULL)
			continue;
		k = instruction_sentence_length(s + i, n - i);
		for (size_t l = 0; l < ARRAY_LEN(languages); l++)
			if (orders(&languages[l], s + i, k))
				return true;
	}
	return false;
}

const char *
instruction_cue(size_t i)
{
	for (size_t l = 0; l < ARRAY_LEN(languages); l++) {
		const char *const *lists[] = {languages[l].cues,
			languages[l].whens, languages[l].second};

		for (size_t k = 0; k < ARRAY_LEN(lists); k++)
			for (const char *const *p = lists[k]; *p != NULL; p++)
				if (i-- == 0)
					return *p;
	}
	return NULL;
}
