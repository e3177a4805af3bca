/* The sentences of a turn, without what is no speech.
 *
 * A turn is read line by line. Code, logs, tables, quoted mail and lines in a
 * language without rules are passed over and counted. Marks of a list are
 * taken off, and a heading or a label says what the lines below it are:
 *
 *   Decisions:                    a heading: the section is SECTION_DECISION
 *   - use Kafka                   "use Kafka", a bullet of that section
 *   | a | b |                     a table: passed over
 *   We ship on Friday. Ok?        two sentences
 *
 * A sentence ends at a dot, but not at that of "e.g." or "Dr.". */
#include "memory-db/model/extract/speech.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "memory-db/model/extract/language.h"
#include "memory-db/model/extract/words.h"
#include "memory-db/model/recall/sentences.h"

static bool
begins(const char *s, size_t n, const char *with)
{
	size_t k = strlen(with);

	return n >= k && strncasecmp(s, with, k) == 0;
}

static bool
holds(const char *s, size_t n, const char *what)
{
	return memmem(s, n, what, strlen(what)) != NULL;
}

/* --- what is no speech --------------------------------------------------------- */
static const char *const code_starts[] = {"$ ", ">>> ", "... ", "import ",
	"from __", "#include", "def ", "class ", "return ", "function ",
	"func ", "const ", "let ", "var ", "public ", "private ", "static ",
	"void ", "select ", "insert into", "create table", "diff --git",
	"index ", "@@", "+++", "--- a/", "--- b/", "traceback (", "file \"",
	"npm err", "npm warn",
	"error:", "warning:", "fatal:", "panic:", "exception in",
	"caused by:", "java.", "make:", "make[", "gcc", "sudo ", "root@",
	"at async ", "#!/", "import{", "export ", "if (", "for (", "while (",
	"} else", "try {", "error[", "test result:", "running ", "passed ",
	"failed ", "collected ", "=====", "-----", "step ", "layer ", "drwx",
	"-rw-", "total ", "usage:", "note: ", "help: ", "<?xml", "<html",
	"<div", "http/1", "get /", "post /", "> ", "content-", "<system",
	"<command", "assert", "e   ", "[info]", "[error]", "[warn", "[debug",
	"info:", "debug:", "typeerror", "valueerror", "keyerror", "syntaxerror",
	"runtimeerror", "nameerror", "importerror", "modulenotfounderror",
	"segmentation fault", "undefined reference"};

/* These begin speech as well ("let me", "return it"), so the line must look
 * like code besides. */
static const char *const doubtful[] = {"import ", "class ", "return ", "let ",
	"var ", "public ", "private ", "static ", "void ", "select ",
	"running ", "passed ", "failed ", "step ", "layer ", "total ",
	"note: ", "help: ", "export ", "function ", "const ", "index ",
	"assert", "usage:", "error:", "warning:", "make:", "func ", "from __",
	"java.", "gcc", "> ", "content-", "... ", "def ", "collected "};

static size_t
signs_of(const char *s, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += s[i] != '\0' && strchr("{}[]();=<>_\\/|$", s[i]) != NULL;
	return k;
}

static bool
is_log(const char *s, size_t n)
{
	static const char *const levels[] = {" INFO", " WARN", " ERROR",
		" DEBUG", " TRACE", " FATAL", "[INFO", "[ERROR", "[WARN",
		"[DEBUG", "level="};
	size_t digits = 0, k = 0;

	while (k < n &&
		(isdigit((unsigned char)s[k]) ||
			strchr("[-:/. TZ,", s[k]) != NULL) &&
		s[k] != '\0') {
		digits += isdigit((unsigned char)s[k]) != 0;
		k++;
	}
	if (digits < 6 && s[0] != '[')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (holds(s, n < 80 ? n : 80, levels[i]))
			return true;
	return false;
}

static bool
is_code(const char *s, size_t n)
{
	size_t signs = signs_of(s, n);
	char last = s[n - 1];

	if (s[0] == '|' || s[0] == '>' || is_log(s, n))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(code_starts); i++)
		if (begins(s, n, code_starts[i])) {
			bool doubt = false;

			for (size_t k = 0; k < ARRAY_LEN(doubtful); k++)
				doubt = doubt || strcmp(doubtful[k],
							 code_starts[i]) == 0;
			if (!doubt || signs > 1 || last == ':' || last == ';' ||
				holds(s, n, " passed in ") || holds(s, n, "%"))
				return true;
		}
	if (begins(s, n, "at ") && holds(s, n, "(") && holds(s, n, ":"))
		return true;
	if ((last == '{' || last == ';' || last == '}') && n < 200 &&
		signs > 0 + (last == ';'))
		return true;
	return signs > 4 && signs * 9 > n;
}

/* --- lines ------------------------------------------------------------------------ */
static const struct {
	enum section section;
	const char *names;
} sections[] = {
	{SECTION_DECISION,
		"decision|decisions|decided|agreed|key decisions|decisions made|"
		"agreements|resolution|resolutions|conclusion|conclusions|"
		"decision log|we decided|final decision"},
	{SECTION_ACTION,
		"action|actions|action item|action items|next steps|next step|"
		"todo|to do|to-do|todos|tasks|task|follow-ups|follow-up|"
		"follow ups|assignments|owners"},
	{SECTION_FIX, "fix|solution|resolution|root cause|cause|workaround|"
		      "the fix|resolved"},
	{SECTION_PREFERENCE,
		"preferences|preference|rules|conventions|ground rules|style|"
		"code style|guidelines|instructions|new rule|rule|convention"},
	{SECTION_OTHER,
		"questions|open questions|ideas|options|discussion|discussed|"
		"agenda|parking lot|risks|notes|example|examples|summary|attendees|"
		"present|topics|proposal|proposals|background|context|"
		"nice to have|maybe|open issues|brainstorm|brainstorming|"
		"alternatives|considered|rejected|pros|cons"},
};

/* The section that words before a colon or in a heading name. */
static bool
section_of(const char *s, size_t n, enum section *ret)
{
	char low[40];
	size_t k = 0;

	for (size_t i = 0; i < n && k + 1 < sizeof(low); i++)
		if (s[i] != '*' && s[i] != '_' && s[i] != '#')
			low[k++] = (char)tolower((unsigned char)s[i]);
	while (k > 0 && (low[k - 1] == ' ' || low[k - 1] == ':'))
		k--;
	low[k] = '\0';
	for (size_t i = 0; n < sizeof(low) && i < ARRAY_LEN(sections); i++)
		if (extract_in(low, sections[i].names)) {
			*ret = sections[i].section;
			return true;
		}
	return false;
}

static void
skip_bytes(struct speech *l, size_t k)
{
	l->rest += k;
	l->rest_n -= k;
}

/* "- ", "* ", "1. ", "[x] ", in front of a line. */
static void
skip_bullet(struct speech *l)
{
	const char *s = l->rest;
	size_t n = l->rest_n, k = 0;

	if (begins(s, n, "\xe2\x80\xa2"))
		k = 3;
	else if (n > 1 && strchr("-*+", s[0]) != NULL && s[1] == ' ')
		k = 1;
	else if (n > 2 && strchr("-=", s[0]) != NULL && s[1] == '>')
		k = 2;
	else if (n > 2 && isdigit((unsigned char)s[0])) {
		while (k < n && k < 3 && isdigit((unsigned char)s[k]))
			k++;
		k = k < n - 1 && (s[k] == '.' || s[k] == ')') && s[k + 1] == ' '
			    ? k + 1
			    : 0;
	}
	while (k > 0 && k < n && s[k] == ' ')
		k++;
	l->is_bullet = k > 0;
	l->is_box = n - k > 4 && s[k] == '[' && s[k + 2] == ']';
	l->is_done = l->is_box && strchr("xX*", s[k + 1]) != NULL;
	if (l->is_box)
		k += 4;
	skip_bytes(l, k);
}

/* "Decision: ..", "**Decided:** ..". Returns whether nothing is left. */
static bool
read_label(struct speech *l)
{
	const char *colon =
		memchr(l->rest, ':', l->rest_n < 40 ? l->rest_n : 40);
	size_t k = colon ? (size_t)(colon - l->rest) : 0;
	enum section section;

	if (!colon || !section_of(l->rest, k, &section))
		return false;
	k++;
	while (k < l->rest_n &&
		(l->rest[k] == ' ' || l->rest[k] == '*' || l->rest[k] == '_'))
		k++;
	skip_bytes(l, k);
	l->label = section;
	if (l->rest_n == 0)
		l->section = section;
	return l->rest_n == 0;
}

/* What a line is, so that it is passed over: true. */
static bool
passes(struct speech *l)
{
	const char *s = l->rest;
	size_t n = l->rest_n;

	if (begins(s, n, "```") || begins(s, n, "~~~")) {
		l->is_fenced = !l->is_fenced;
		return true;
	}
	if (l->is_fenced || l->is_quoted) {
		l->pasted++;
		return true;
	}
	if ((begins(s, n, "on ") && n > 8 &&
		    memcmp(s + n - 6, "wrote:", 6) == 0) ||
		begins(s, n, "-----original message") ||
		begins(s, n, "---------- forwarded") ||
		begins(s, n, "begin forwarded message")) {
		l->is_quoted = true;
		return true;
	}
	if (s[0] == '#' && n > 2) {
		size_t k = strspn(s, "# ");

		l->section = SECTION_NONE;
		if (k < n)
			(void)section_of(s + k, n - k, &l->section);
		return true;
	}
	if (is_code(s, n)) {
		l->pasted++;
		return true;
	}
	return false;
}

/* "Tom - update the bank mandate", "Dev: hand over the keys". */
static bool
begins_with_name(const char *s, size_t n)
{
	size_t k = 0;

	if (!isupper((unsigned char)s[0]))
		return false;
	while (k < n && k < 24 && s[k] != ':' && s[k] != ' ')
		k++;
	return k < n && k > 1 &&
	       (s[k] == ':' || begins(s + k, n - k, " - ") ||
		       begins(s + k, n - k, " to ") ||
		       begins(s + k, n - k, " will "));
}

/* "before we start, some rules for you:": what follows are rules. */
static bool
heads_rules(struct speech *l)
{
	static const char *const words[] = {"rules", "preferences",
		"guidelines", "conventions", "instructions", "ground rules"};
	const char *s = l->rest;
	size_t n = l->rest_n;

	if (n < 5 || n > 90 || s[n - 1] != ':')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const char *at = memmem(s, n, words[i], strlen(words[i]));

		if (at && (at == s || at[-1] == ' ')) {
			l->section = l->label = SECTION_PREFERENCE;
			return true;
		}
	}
	return false;
}

/* "ACTIONS" on a line of its own, in the notes of a meeting. */
static bool
is_bare_heading(struct speech *l)
{
	enum section section;

	if (l->turn->speaker[0] != '\0' || l->is_bullet || l->rest_n > 30 ||
		l->rest_n < 4 || !isupper((unsigned char)l->rest[0]) ||
		l->line_no == l->turn->line_no ||
		!section_of(l->rest, l->rest_n, &section))
		return false;
	l->section = section;
	return true;
}

/* Sets the next line that is speech. */
static bool
next_line(struct speech *l)
{
	const struct turn *t = l->turn;

	while (l->at < t->n) {
		const char *s = t->text + l->at, *end;
		size_t n;

		end = memchr(s, '\n', t->n - l->at);
		n = end ? (size_t)(end - s) : t->n - l->at;
		l->at += n + (end != NULL);
		l->line_no++;
		while (n > 0 && isspace((unsigned char)s[n - 1]))
			n--;
		while (n > 0 && isspace((unsigned char)s[0]))
			s++, n--;
		l->line = l->rest = s;
		l->line_n = l->rest_n = n;
		l->is_bullet = l->is_box = l->is_done = l->is_open = false;
		l->stop = NULL;
		l->label = l->section;
		if (n == 0 || passes(l))
			continue;
		skip_bullet(l);
		if (!l->is_bullet && l->section != SECTION_NONE &&
			l->rest_n > 0 && l->rest[l->rest_n - 1] != ':' &&
			!(l->section == SECTION_ACTION &&
				begins_with_name(l->rest, l->rest_n)))
			l->label = l->section = SECTION_NONE;
		if (heads_rules(l) || is_bare_heading(l))
			continue;
		if (read_label(l) || l->rest_n == 0)
			continue;
		if (!language_is_known(l->rest, l->rest_n, l->is_doubted)) {
			l->foreign++;
			continue;
		}
		l->read++;
		l->is_first = true;
		return true;
	}
	return false;
}

/* Is the dot at the end that of "e.g." or "Dr.", not of a sentence? */
static bool
is_short_form(const char *s, size_t n, const char *next, size_t next_n)
{
	static const char *const forms = "e.g.|i.e.|mr.|mrs.|ms.|dr.|prof.|st.|"
					 "vs.|no.|approx.|ca.|jr.|sr.|inc.|"
					 "p.m.|a.m.|fig.|cf.|resp.|dept.";
	char low[12];
	size_t k = 0;

	while (k < n && k + 1 < sizeof(low) && s[n - 1 - k] != ' ')
		k++;
	for (size_t i = 0; i < k; i++)
		low[i] = (char)tolower((unsigned char)s[n - k + i]);
	low[k] = '\0';
	if (!extract_in(low, forms))
		return false;
	while (next_n > 0 && *next == ' ')
		next++, next_n--;
	/* "at 5 p.m. She left." */
	return next_n > 0 && (!isupper((unsigned char)*next) ||
				     !extract_in(low, "p.m.|a.m.|inc.|no."));
}

/* "120. it's in the config": where people write in small letters, a dot and a space
 * end a sentence as well. */
static size_t
small_end(const char *s, size_t n)
{
	for (size_t i = 2; i + 2 < n; i++)
		if (s[i] == '.' && s[i + 1] == ' ' &&
			islower((unsigned char)s[i + 2]) &&
			isalnum((unsigned char)s[i - 1]) &&
			(isalnum((unsigned char)s[i - 2]) ||
				isdigit((unsigned char)s[i - 1])) &&
			!is_short_form(s, i + 1, s + i + 1, n - i - 1))
			return i + 1;
	return n;
}

void
speech_begin(struct speech *l, const struct turn *turn)
{
	*l = (struct speech){.turn = turn, .line_no = turn->line_no - 1};
}

bool
speech_next(struct speech *l, struct spoken *ret)
{
	size_t k = 0;

	while (l->rest_n > 0 && isspace((unsigned char)*l->rest))
		skip_bytes(l, 1);
	if (l->rest_n == 0 && !next_line(l))
		return false;
	if (l->stop && l->stop > l->rest && l->stop <= l->rest + l->rest_n)
		k = (size_t)(l->stop - l->rest);
	else
		do
			k += sentences_end(l->rest + k, l->rest_n - k);
		while (k < l->rest_n &&
			is_short_form(l->rest, k, l->rest + k, l->rest_n - k));
	/* The next call goes on from here, and looks for the end only once. */
	l->stop = l->rest + k;
	k = small_end(l->rest, k);
	*ret = (struct spoken){.s = l->rest,
		.n = k,
		.line = l->line,
		.line_n = l->line_n,
		.line_no = l->line_no,
		.section = l->label,
		.label = l->section,
		.is_box = l->is_box && l->is_first,
		.is_done = l->is_done,
		.is_bullet = l->is_bullet,
		.is_quoted = l->is_open,
		.is_first = l->is_first};
	for (size_t i = 0; i < k; i++)
		l->is_open ^= l->rest[i] == '"';
	l->is_first = false;
	skip_bytes(l, k > 0 ? k : 1);
	return true;
}
