/* Clients pass over hooks without a word: because nobody has trusted them yet, or
 * because a setting switches all of them off. Where a client writes that down it is
 * read here; nothing is changed, as trust is a person's to give.
 *
 * Codex keeps in config.toml, for each entry, the hash of what was trusted:
 *
 *   [hooks.state."/ada/.codex/hooks.json:session_start:0:0"]
 *   trusted_hash = "sha256:.."
 *
 * The key is the file, the event, and the place of the entry in its list. Without
 * such a table Codex does not run the entry. Whether the hash is that of the entry
 * as it is now only Codex can tell (how it is made up is its own affair); but when
 * the file of the hooks is younger than config.toml, the trust is older than what
 * stands there now.
 *
 * Claude Code has "disableAllHooks", Gemini CLI "hooksConfig" and a list of
 * folders in which it runs nothing. */
#include "memory-db/cli/lib/hooktrust.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/hookfile_int.h"

#define EVENT_SIZE 64

/* --- Codex ---------------------------------------------------------------- */
/* "UserPromptSubmit" -> "user_prompt_submit" */
static void
snake(const char *event, char out[EVENT_SIZE])
{
	size_t n = 0;

	for (const char *p = event; *p != '\0' && n + 2 < EVENT_SIZE; p++) {
		if (isupper((unsigned char)*p) && p != event)
			out[n++] = '_';
		out[n++] = (char)tolower((unsigned char)*p);
	}
	out[n] = '\0';
}

/* What Codex remembers of an entry. real: the file behind symbolic links. */
static const json_t *
state_of(const json_t *states, const char *path, const char *real,
	const char *event, size_t i, size_t j)
{
	char key[PATH_MAX + EVENT_SIZE + 48], name[EVENT_SIZE];
	const json_t *found;

	snake(event, name);
	snprintf(key, sizeof(key), "%s:%s:%zu:%zu", path, name, i, j);
	found = json_object_get(states, key);
	if (found)
		return found;
	snprintf(key, sizeof(key), "%s:%s:%zu:%zu", real, name, i, j);
	return json_object_get(states, key);
}

struct hooktrust_count {
	int all, untrusted, disabled;
};

static void
count_states(const struct hookfile *hf, const struct clientfile *hooks_file,
	const char *path, const json_t *states, struct hooktrust_count *n)
{
	for (size_t k = 0; k < hooks_n; k++) {
		const struct hook *h = &hooks[k];
		const json_t *state;
		const char *command;
		size_t i, j;
		bool is_only;

		if (!h->is_installed || strcmp(h->client, hf->client) != 0 ||
			!hookfile_find(hooks_file->json, hf, h, &i, &j,
				&is_only, &command))
			continue;
		state = state_of(states, path, hooks_file->path, h->event, i,
			j);
		n->all++;
		if (json_is_false(json_object_get(state, "enabled")))
			n->disabled++;
		else if (cli_str(state, "trusted_hash", "")[0] == '\0')
			n->untrusted++;
	}
}

static bool
is_younger(const struct clientfile *a, const struct clientfile *b)
{
	return a->st.st_mtim.tv_sec != b->st.st_mtim.tv_sec
		       ? a->st.st_mtim.tv_sec > b->st.st_mtim.tv_sec
		       : a->st.st_mtim.tv_nsec > b->st.st_mtim.tv_nsec;
}

static enum hooktrust
tell_codex(const struct hooktrust_count *n, bool is_changed, const char *config,
	char why[HOOKTRUST_WHY_SIZE])
{
	if (n->disabled > 0) {
		snprintf(why, HOOKTRUST_WHY_SIZE,
			"%d of %d are disabled in %s: /hooks in Codex enables "
			"them",
			n->disabled, n->all, config);
		return HOOKTRUST_OFF;
	}
	if (n->untrusted > 0) {
		snprintf(why, HOOKTRUST_WHY_SIZE,
			"Codex does not trust %d of %d yet and passes over "
			"them",
			n->untrusted, n->all);
		return HOOKTRUST_WAITS;
	}
	if (n->all > 0 && is_changed) {
		snprintf(why, HOOKTRUST_WHY_SIZE,
			"they were changed after Codex was told to trust them, "
			"and it passes over a changed one");
		return HOOKTRUST_WAITS;
	}
	return n->all > 0 ? HOOKTRUST_YES : HOOKTRUST_UNKNOWN;
}

static enum hooktrust
look_at_codex(const struct hookfile *hf, const char *path,
	char why[HOOKTRUST_WHY_SIZE])
{
	AUTO_CLIENTFILE struct clientfile config = {0}, entries = {0};
	struct hooktrust_count n = {0};
	char config_path[PATH_MAX];
	struct err ignored = {0};
	const json_t *states;

	if (clients_file(clients_named(hf->client), false, config_path, NULL) !=
			0 ||
		clientfile_read(&config, CLIENT_TOML, config_path, &ignored) !=
			0 ||
		clientfile_read(&entries, CLIENT_JSON, path, &ignored) != 0 ||
		!entries.json)
		return HOOKTRUST_UNKNOWN;
	if (json_is_false(
		    json_object_get(json_object_get(config.json, "features"),
			    "hooks"))) {
		snprintf(why, HOOKTRUST_WHY_SIZE,
			"%s has `hooks = false` below [features]", config_path);
		return HOOKTRUST_OFF;
	}
	states =
		json_object_get(json_object_get(config.json, "hooks"), "state");
	count_states(hf, &entries, path, states, &n);
	return tell_codex(&n, config.exists && is_younger(&entries, &config),
		config_path, why);
}

/* --- Claude Code, Gemini CLI ---------------------------------------------- */
static enum hooktrust
look_at_claude(const struct clientfile *settings, char why[HOOKTRUST_WHY_SIZE])
{
	if (!json_is_true(json_object_get(settings->json, "disableAllHooks")))
		return HOOKTRUST_UNKNOWN;
	snprintf(why, HOOKTRUST_WHY_SIZE,
		"\"disableAllHooks\" is true in %s: Claude Code runs none",
		settings->path);
	return HOOKTRUST_OFF;
}

/* The nearest folder above that the person has said something about. */
static bool
is_folder_refused(const json_t *folders, char dir[PATH_MAX])
{
	while (dir[0] != '\0') {
		const char *said = cli_str(folders, dir, NULL);
		char *slash;

		if (said)
			return strcmp(said, "DO_NOT_TRUST") == 0;
		slash = strrchr(dir, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
	return false;
}

static enum hooktrust
look_at_gemini(const struct hookfile *hf, const struct clientfile *settings,
	char why[HOOKTRUST_WHY_SIZE])
{
	AUTO_CLIENTFILE struct clientfile folders = {0};
	char path[PATH_MAX], dir[PATH_MAX];
	struct err ignored = {0};
	const struct client where = {.title = hf->client,
		.file = "${GEMINI_CLI_HOME:-~}/.gemini/trustedFolders.json"};

	if (json_is_false(json_object_get(json_object_get(settings->json,
						  "hooksConfig"),
		    "enabled"))) {
		snprintf(why, HOOKTRUST_WHY_SIZE,
			"\"hooksConfig\" in %s has \"enabled\": false",
			settings->path);
		return HOOKTRUST_OFF;
	}
	if (clients_file(&where, false, path, NULL) != 0 ||
		clientfile_read(&folders, CLIENT_JSON, path, &ignored) != 0 ||
		!getcwd(dir, sizeof(dir)) ||
		!is_folder_refused(folders.json, dir))
		return HOOKTRUST_UNKNOWN;
	snprintf(why, HOOKTRUST_WHY_SIZE,
		"Gemini CLI does not trust the folder %s and runs none there",
		dir);
	return HOOKTRUST_WAITS;
}

enum hooktrust
hooktrust_look(const struct hookfile *hf, const char *path,
	char ret_why[HOOKTRUST_WHY_SIZE])
{
	AUTO_CLIENTFILE struct clientfile settings = {0};
	struct err ignored = {0};

	ret_why[0] = '\0';
	if (strcmp(hf->client, "codex") == 0)
		return look_at_codex(hf, path, ret_why);
	if (clientfile_read(&settings, CLIENT_JSON, path, &ignored) != 0)
		return HOOKTRUST_UNKNOWN;
	if (strcmp(hf->client, "claude-code") == 0)
		return look_at_claude(&settings, ret_why);
	if (strcmp(hf->client, "gemini") == 0)
		return look_at_gemini(hf, &settings, ret_why);
	return HOOKTRUST_UNKNOWN;
}
