/* Phrases, the longest first where one is the beginning of another, then the
 * methods, whose records say what of memoryctl does the same. An entry
 * counts where no letter or underscore touches it, outside of quotes. The marks
 * around other names of parameters are left out. */
#include "memory-db/cli/lib/words.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "common/contract/tools.h"
#include "common/err.h"

static const struct {
	const char *theirs, *ours;
} words[] = {
	/* values of parameters */
	{"on_conflict:\"cascade\"", "--cascade"},
	{"on_conflict:\"skip\"", "--skip"},
	{"pass scope:\"user\" to write there",
		"--namespace default writes there"},
	{"scope:\"user\"", "--namespace default"},
	{"scope:\"project\"", "--namespace of the project"},
	{"pass sliced:true (memoryctl: --sliced) to have it done in several, and "
	 "call again while the reply says done:false",
		"--sliced does it in several"},
	{"sliced:true (memoryctl: --sliced)", "--sliced"},
	{"pass sliced:true", "give --sliced"},
	{"sliced:true", "--sliced"},
	{"the reply of a sliced call names it, memory_branch (action list) "
	 "lists those half done",
		"memoryctl branch list shows those half done"},
	{"memory_branch (action list)", "memoryctl branch list"},
	{"action:\"list\" shows them", "memoryctl branch list shows them"},
	{"the member `facts` of a read gives their ids",
		"memoryctl show lists what there is"},
	{"list_namespaces or an export shows it",
		"memoryctl verify or an export shows it"},
	{"list_sessions (memoryctl sessions)", "memoryctl sessions"},
	{"delete_entities or delete_observations", "memoryctl delete"},
	{"pass confirm:true", "give --yes"},
	{"confirm:true", "--yes"},
	{"If it is none, pass allow_secret: true",
		"If it is none: memoryctl add --allow-secret"},
	{"pass it as `branch`", "give it as --branch"},
	{"pass it as `namespace`", "give it as --namespace"},
	{"say what to undo: change, changes, session, run, or since",
		"say what to undo: change ids, --session, --run or --since"},
	{"say which changes: `changes`, `session_id`, or all:true",
		"say which changes: CHANGE, --session or --all"},
	{"close it with `strategy` \"keep_both\"",
		"close it with --strategy keep-both"},
	{"dry_run:true", "--dry-run"},
	{"dry_run", "--dry-run"},
	{"memory_undo and its `run`", "memoryctl undo --run ID"},
	/* tools */
	{"open_nodes gives them", "memoryctl show gives them"},
	{"memory_branch discards one",
		"memoryctl branch discard NAME drops one"},
	{" (of a script: execute_code, run_skill)", ""},
	{"execute_code (run_skill)", "the script"},
	/* parameters whose names are no words */
	{"`changes`", "the changes"},
	{"`branch`", "--branch"},
	{"`namespace`", "--namespace"},
	{"`observation`", "--observation"},
	{"`run`", "--run"},
	{"expect_database", "--database"},
	{"from_version", "--from-version"},
	{"to_version", "--to-version"},
	{"from_branch", "--from-branch"},
	{"to_branch", "--to-branch"},
	{"as_of", "--as-of"},
	{"new_name", "NEW"},
	{"session_date", "--date"},
	{"entityType", "--type"},
	{"relationType", "RELATION"},
	{"entity_data", "the entity"},
	{"on_conflict", "--cascade or --skip"},
	{"time_zone", "TZ"},
	{"max_bytes", "the size of a reply"},
	{"max_tokens", "--tokens"},
	{"slice_facts", "the size of a slice"},
	{"timeout_ms", "--timeout"},
};

/* The last part of a path such as `deletions[0].observations[2]`. */
static const struct {
	const char *member, *ours;
} members[] = {
	{"name", "NAME"},
	{"names", "NAME"},
	{"entityName", "NAME"},
	{"entityNames", "NAME"},
	{"new_name", "NEW"},
	{"query", "QUERY"},
	{"observations", "TEXT"},
	{"contents", "TEXT"},
	{"text", "TEXT"},
	{"observation", "--observation"},
	{"session_date", "--date"},
	{"entityType", "--type"},
	{"relationType", "RELATION"},
	{"types", "--type"},
	{"tiers", "--tier"},
	{"tags", "--tags"},
	{"limit", "--limit"},
	{"since", "--since"},
	{"until", "--until"},
	{"session", "--session"},
	{"run", "--run"},
	{"change", "CHANGE"},
	{"changes", "CHANGE"},
	{"version", "VERSION"},
	{"from", "FROM"},
	{"to", "TO"},
	{"alias", "NEW"},
	{"of", "EXISTING"},
	{"at", "--at"},
	{"about", "--about"},
	{"branch", "--branch"},
	{"namespace", "--namespace"},
	{"as_of", "--as-of"},
	{"head", "--head"},
	{"weights", "NAME=NUMBER"},
	{"weight", "--weight"},
	{"min_score", "--min-score"},
	{"max_tokens", "--tokens"},
	{"records", "the lines"},
	{"time_zone", "TZ"},
};

static bool
words_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* How long `theirs` is when it stands at s, else 0. */
static size_t
words_match_one(const char *s, bool is_start, const char *theirs)
{
	size_t n = strlen(theirs);

	if ((words_is_word(theirs[0]) && !is_start) ||
		strncmp(s, theirs, n) != 0 ||
		(words_is_word(theirs[n - 1]) && words_is_word(s[n])))
		return 0;
	return n;
}

/* How long the entry is that begins at s, 0 for none. */
static size_t
match(const char *s, bool is_start, const char **ret_ours)
{
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if ((n = words_match_one(s, is_start, words[i].theirs)) > 0) {
			*ret_ours = words[i].ours;
			return n;
		}
	for (size_t i = 0; i < tools_n; i++)
		if (tools[i].command &&
			(n = words_match_one(s, is_start, tools[i].name)) > 0) {
			*ret_ours = tools[i].command;
			return n;
		}
	return 0;
}

/* What a person calls the parameter at this path; the path itself when that
 * says enough. */
static const char *
parameter(const char *path)
{
	const char *at = strrchr(path, '.');
	size_t n;

	at = at != NULL ? at + 1 : path;
	n = strcspn(at, "[");
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (strlen(members[i].member) == n &&
			strncmp(members[i].member, at, n) == 0)
			return members[i].ours;
	return path;
}

/* The end of what stands in quotes from s on; s when none begin there. An
 * apostrophe in a word is none. */
static const char *
quoted_end(const char *s, bool is_start)
{
	const char *end;

	if (*s != '\'' || !is_start)
		return s;
	for (end = s + 1; (end = strchr(end, '\'')) != NULL; end++)
		if (!words_is_word(end[1]))
			return end + 1;
	return s;
}

int
words_for_people(const char *text, struct buf *out)
{
	const char *s = text, *ours = NULL;
	char path[80];
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			     "WXYZ0123456789_.[]");
	int rc = 0;

	/* "entities[0].name: must not be empty" */
	if (n > 0 && n < sizeof(path) && s[n] == ':') {
		memcpy(path, s, n);
		path[n] = '\0';
		rc = buf_adds(out, parameter(path));
		s += n;
	}
	if (rc != 0)
		return rc;
	while (*s != '\0') {
		bool is_start = s == text || !words_is_word(s[-1]);
		const char *end = quoted_end(s, is_start);
		size_t k;

		if (end > s) {
			rc = buf_add(out, s, (size_t)(end - s));
			s = end;
		} else if ((k = match(s, is_start, &ours)) > 0) {
			rc = buf_adds(out, ours);
			s += k;
		} else if (*s == '`') {
			s++;
		} else {
			rc = buf_addc(out, *s++);
		}
		if (rc != 0)
			return rc;
	}
	return 0;
}
