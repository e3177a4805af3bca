/* A conversation as turns: who says what. turns.h has the shapes that are
 * read.
 *
 * A line is a turn of its own when a name and a colon begin it. That alone
 * would take "Problem: the disk is full" for somebody who is called Problem,
 * so words that are labels and nobody's name are in a list, and a name that
 * nothing but its colon shows must come twice or beside another one. In a text
 * without any names, one turn of the user has it all. */
#include "memory-db/model/extract/turns.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/vec.h"
#include "memory-db/model/extract/words.h"

#define STAMP_BYTES 48

int
turns_add(struct turns *t, const struct turn *x, struct err *e)
{
	if (vec_room(t->v, t->n, t->cap) != 0)
		return err_nomem(e);
	t->v[t->n++] = *x;
	return 0;
}

void
turns_done(struct turns *t)
{
	free(t->v);
	json_decref(t->root);
	*t = (struct turns){0};
}

/* --- who speaks ------------------------------------------------------------- */
static const struct {
	enum turn_role role;
	const char *names;
} roles[] = {
	{ROLE_USER, "user|human|me|you|prompt|usr|human user"},
	{ROLE_ASSISTANT,
		"assistant|ai|ai assistant|claude|chatgpt|gpt|gpt-4|bot|chatbot|"
		"copilot|gemini|llm|model|agent|codex|cursor|bard|assistant ai|support|"
		"support agent|helper|helpdesk|virtual assistant|support bot"},
	{ROLE_OTHER, "system|tool|function|tool_result|tool result|developer|"
		     "tool_use|tool output|output|console|terminal|stdout|"
		     "stderr|shell|log|environment|observation|action input"},
};

/* What stands before a colon and is nobody. */
static const char *const labels =
	"decision|decisions|decided|agreed|action|actions|action item|action "
	"items|todo|to do|to-do|todos|note|notes|summary|recap|agenda|date|time|"
	"attendees|present|participants|absent|location|topic|topics|subject|"
	"title|owner|owners|deadline|due|due date|status|next steps|next step|"
	"next meeting|follow-up|follow-ups|followup|follow up|question|"
	"questions|answer|problem|problems|issue|issues|fix|fixed|solution|"
	"cause|root cause|result|results|outcome|reason|reasons|risk|risks|"
	"blocker|blockers|update|updates|background|context|example|examples|"
	"warning|error|info|debug|ps|p.s|edit|tldr|tl;dr|fyi|important|reminder|"
	"correction|step|goal|goals|plan|scope|requirement|requirements|usage|"
	"version|name|age|email|phone|address|from|to|cc|bcc|sent|re|fwd|via|"
	"http|https|resolution|conclusion|conclusions|discussion|minutes|"
	"meeting|chair|scribe|hint|tip|caveat|disclaimer|remember|facts|pros|"
	"cons|monday|tuesday|wednesday|thursday|friday|saturday|sunday|budget|"
	"environment|expected|actual|steps|impact|workaround|output|input|"
	"observation|thought|request|response|task|tasks|story|epic|"
	"acceptance criteria|open questions|open issues|key decisions|"
	"key takeaways|takeaways|highlights|learned|lesson|lessons|"
	"preferences|preference|settings|setup|stack|ok|okay|yes|no|well|so|"
	"wait|also|anyway|today|tomorrow|yesterday|update|first|second|third|"
	"finally|lastly|firstly|secondly|options|option|option a|option b|"
	"rule|rules|new rule|quick question|heads up|heads-up|for the record|"
	"rationale|proposal|assumption|assumptions|kudos|venue|menu|"
	"traceback|typeerror|valueerror|keyerror|exception|caused by|"
	"resolved|closed|merged|deployed|release|changelog|attachments|"
	"homework|announcement|announcements|standup|retro|my take|bottom line";

enum turn_role
turns_role(const char *name)
{
	char low[SPEAKER_BYTES];
	size_t n = strlen(name);

	for (size_t i = 0; i <= n && i < sizeof(low); i++)
		low[i] = (char)tolower((unsigned char)name[i]);
	low[sizeof(low) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (extract_in(low, roles[i].names))
			return roles[i].role;
	return ROLE_PERSON;
}

void
turns_speaker(struct turn *x, const char *name, size_t n)
{
	while (n > 0 && isspace((unsigned char)name[n - 1]))
		n--;
	n = n < SPEAKER_BYTES ? n : SPEAKER_BYTES - 1;
	while (n > 0 && n == SPEAKER_BYTES - 1 && (name[n] & 0xc0) == 0x80)
		n--;
	memcpy(x->speaker, name, n);
	x->speaker[n] = '\0';
	x->role = turns_role(x->speaker);
	if (x->role != ROLE_PERSON)
		x->speaker[0] = '\0';
}

/* --- lines of plain text -------------------------------------------------------- */
struct prefix {
	const char *name, *stamp;
	size_t name_n, stamp_n, used; /* bytes up to what is said */
	bool is_sure;		      /* more than a word and a colon */
};

static size_t
blanks(const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && (s[k] == ' ' || s[k] == '\t'))
		k++;
	return k;
}

/* "[10:02]", "(2026-05-04 10:02)", "10:02", "2026-05-04 10:02:33". */
static size_t
read_stamp(const char *s, size_t n, const char **ret, size_t *ret_n)
{
	size_t k = 0, digits = 0;
	char close = '\0';

	if (n > 0 && s[0] == '[')
		close = ']';
	else if (n > 0 && s[0] == '(')
		close = ')';
	if (close != '\0')
		k = 1;
	while (k < n && k < STAMP_BYTES &&
		(isdigit((unsigned char)s[k]) ||
			strchr(":-/., TZ+AaPpMm", s[k]) != NULL)) {
		digits += isdigit((unsigned char)s[k]) != 0;
		if (!close && s[k] == ' ' &&
			!isdigit((unsigned char)s[k + 1 < n ? k + 1 : k]))
			break;
		k++;
	}
	if (digits < 3 || (close && (k == n || s[k] != close)))
		return 0;
	*ret = s + (close != '\0');
	*ret_n = k - (close != '\0');
	k += close != '\0';
	return k + blanks(s + k, n - k);
}

static bool
is_name_byte(unsigned char c)
{
	return isalnum(c) || c >= 0x80 || c == '_' || c == '-' || c == '.' ||
	       c == '\'' || c == '@' || c == ' ';
}

/* "Speaker 1", "Participant 12": one of several who have no names. */
static bool
is_numbered(const char *low, size_t n)
{
	static const char *const ones[] = {"speaker ", "person ", "user ",
		"participant ", "agent ", "caller ", "player ", "guest ",
		"friend ", "interviewer ", "interviewee ", "human ", "persona ",
		"voice "};

	for (size_t i = 0; i < ARRAY_LEN(ones); i++) {
		size_t k = strlen(ones[i]);

		if (n > k && n <= k + 2 && memcmp(low, ones[i], k) == 0)
			return strspn(low + k, "0123456789ab") == n - k;
	}
	return false;
}

/* Words that each begin with a capital, at most four; or a known role. */
static bool
turns_is_name(const char *s, size_t n, bool *ret_sure)
{
	char low[SPEAKER_BYTES];
	int words = 0;

	if (n == 0 || n >= SPEAKER_BYTES)
		return false;
	for (size_t i = 0; i < n; i++)
		low[i] = (char)tolower((unsigned char)s[i]);
	low[n] = '\0';
	if (extract_in(low, labels))
		return false;
	*ret_sure = turns_role(low) != ROLE_PERSON || is_numbered(low, n);
	if (*ret_sure)
		return true;
	if (!isalpha((unsigned char)s[0]) && (unsigned char)s[0] < 0x80 &&
		s[0] != '@')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && s[i - 1] != ' ')
			continue;
		words++;
		if (!isupper((unsigned char)s[i]) &&
			(unsigned char)s[i] < 0x80 && !(words == 1 && n < 24))
			return false;
		if (words == 2 && !isupper((unsigned char)s[0]))
			return false;
	}
	return words <= 4;
}

/* Reads what stands before what is said. */
static bool
read_prefix(const char *s, size_t n, struct prefix *ret)
{
	size_t k = blanks(s, n), start, end;
	bool bold = false, angle, sure;

	*ret = (struct prefix){0};
	while (k < n && s[k] == '*')
		k++, bold = true;
	k += read_stamp(s + k, n - k, &ret->stamp, &ret->stamp_n);
	while (k < n && (s[k] == '*' || s[k] == '-') && ret->stamp_n > 0)
		k++;
	k += blanks(s + k, n - k);
	angle = k < n && s[k] == '<';
	start = k += angle;
	while (k < n && k - start < SPEAKER_BYTES &&
		is_name_byte((unsigned char)s[k]))
		k++;
	end = k;
	while (end > start && s[end - 1] == ' ')
		end--;
	if (!turns_is_name(s + start, end - start, &sure))
		return false;
	if (!angle && k < n && (s[k] == '(' || s[k] == '[')) {
		const char *close = memchr(s + k, s[k] == '(' ? ')' : ']',
			n - k < STAMP_BYTES ? n - k : STAMP_BYTES);

		if (!close)
			return false;
		if (ret->stamp_n == 0) {
			ret->stamp = s + k + 1;
			ret->stamp_n = (size_t)(close - ret->stamp);
		}
		k = (size_t)(close - s) + 1;
	}
	while (k < n && s[k] == '*')
		k++, bold = true;
	if (k == n || s[k] != (angle ? '>' : ':'))
		return false;
	k++;
	while (k < n && s[k] == '*')
		k++;
	if (k < n && s[k] != ' ' && s[k] != '\t' && s[k] != '\r')
		return false;
	ret->name = s + start;
	ret->name_n = end - start;
	ret->used = k + blanks(s + k, n - k);
	ret->is_sure = sure || bold || angle || ret->stamp_n > 0;
	return true;
}

/* The time of a stamp, when it names a day or an hour. */
static int64_t
turns_time_of(const struct extract_request *q, const char *s, size_t n)
{
	char text[STAMP_BYTES + 1];
	struct err e;
	int64_t at;

	if (n == 0 || n > STAMP_BYTES || n < 8)
		return EXTRACT_NO_TIME;
	memcpy(text, s, n);
	text[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (text[i] == ',')
			text[i] = ' ';
	if (clock_parse(text, q->at, q->zone_minutes, false, &at, &e) != 0)
		return EXTRACT_NO_TIME;
	return at;
}

/* A name that nothing but a colon shows must come twice, or beside another one:
 * "Problem: .." alone makes no conversation. */
static bool
is_conversation(const char *s, size_t n)
{
	struct prefix p;
	int found = 0;

	while (n > 0 && found < 2) {
		const char *end = memchr(s, '\n', n);
		size_t k = end ? (size_t)(end - s) + 1 : n;

		if (read_prefix(s, end ? k - 1 : k, &p))
			found += p.is_sure || isupper((unsigned char)p.name[0])
					 ? 1 + (int)p.is_sure
					 : 1;
		s += k;
		n -= k;
	}
	return found > 0;
}

static int
read_plain(const struct extract_request *q, struct turns *t, struct err *e)
{
	struct turn x = {.text = q->text, .line_no = 1, .at = EXTRACT_NO_TIME};
	const char *s = q->text;
	size_t left = q->n, line_no = 0;
	bool talk = is_conversation(s, left), fenced = false;

	while (left > 0) {
		const char *end = memchr(s, '\n', left);
		size_t k = end ? (size_t)(end - s) + 1 : left;
		struct prefix p;

		line_no++;
		if (k > 2 &&
			memcmp(s + blanks(s, k - 1), "```",
				k - blanks(s, k - 1) > 2 ? 3 : 0) == 0 &&
			k - blanks(s, k - 1) > 2)
			fenced = !fenced;
		if (talk && !fenced && read_prefix(s, end ? k - 1 : k, &p)) {
			x.n = (size_t)(s - x.text);
			if (x.n > 0 && turns_add(t, &x, e) != 0)
				return MDB_E_NOMEM;
			x = (struct turn){.text = s + p.used,
				.line_no = line_no,
				.at = turns_time_of(q, p.stamp, p.stamp_n)};
			turns_speaker(&x, p.name, p.name_n);
		}
		s += k;
		left -= k;
	}
	x.n = (size_t)(s - x.text);
	return x.n > 0 ? turns_add(t, &x, e) : 0;
}

/* "From: Ingrid Sol <ingrid@..>" at the head of a mail: who says it all. */
static void
read_sender(struct turns *t)
{
	struct turn *x = &t->v[0];
	const char *s = x->text, *end = s + x->n;

	if (t->n != 1 || x->speaker[0] != '\0' || x->role != ROLE_USER)
		return;
	for (int line = 0; line < 5 && s < end; line++) {
		const char *stop = memchr(s, '\n', (size_t)(end - s));
		size_t n = stop ? (size_t)(stop - s) : (size_t)(end - s);
		bool sure;

		if (n > 6 && strncasecmp(s, "from:", 5) == 0) {
			size_t k = 5 + blanks(s + 5, n - 5), m = k;

			while (m < n && is_name_byte((unsigned char)s[m]) &&
				s[m] != '@')
				m++;
			while (m > k && s[m - 1] == ' ')
				m--;
			if ((m == n || s[m] != '@') && m > k + 1 &&
				turns_is_name(s + k, m - k, &sure))
				turns_speaker(x, s + k, m - k);
			return;
		}
		s += n + 1;
	}
}

int
turns_read(const struct extract_request *q, struct turns *ret, struct err *e)
{
	int rc = turns_json(q, ret, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (read_plain(q, ret, e) != 0)
		return MDB_E_NOMEM;
	if (ret->n > 0)
		read_sender(ret);
	return 0;
}
