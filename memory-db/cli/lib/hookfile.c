/* Entries are told as ours by their command: it runs "memoryctl ... hook". All
 * else in the file stays, also other hooks of the same event. */
#include "memory-db/cli/lib/hookfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/clientjson.h"
#include "memory-db/cli/lib/hookevent.h"
#include "memory-db/cli/lib/hookfile_int.h"
#include "memory-db/cli/lib/hookscript.h"
#include "memory-db/cli/lib/shellword.h"

static const struct hookfile files[] = {
	{.client = "claude-code",
		.file = "${CLAUDE_CONFIG_DIR:-~/.claude}/settings.json",
		.project = ".claude/settings.local.json",
		.shape = HOOKFILE_NESTED},
	{.client = "codex",
		.file = "${CODEX_HOME:-~/.codex}/hooks.json",
		.project = ".codex/hooks.json",
		.shape = HOOKFILE_NESTED,
		.trust = "Codex passes over a hook that is not trusted: trust "
			 "these with /hooks in it"},
	{.client = "cursor",
		.file = "~/.cursor/hooks.json",
		.project = ".cursor/hooks.json",
		.shape = HOOKFILE_FLAT,
		.is_versioned = true},
	{.client = "gemini",
		.file = "${GEMINI_CLI_HOME:-~}/.gemini/settings.json",
		.project = ".gemini/settings.json",
		.shape = HOOKFILE_NESTED,
		.trust = "Gemini CLI asks before it runs the hooks of a "
			 "project"},
	{.client = "copilot-cli",
		.file = "${COPILOT_HOME:-~/.copilot}/hooks/enhanced-memory.json",
		.project = ".github/hooks/enhanced-memory.json",
		.shape = HOOKFILE_TYPED,
		.is_versioned = true,
		.is_own = true},
	{.client = "vscode",
		.project = ".github/hooks/enhanced-memory-vscode.json",
		.shape = HOOKFILE_TYPED,
		.is_versioned = true,
		.is_own = true},
	{.client = "opencode",
		.file = "@config/opencode/plugin/enhanced-memory.js",
		.project = ".opencode/plugin/enhanced-memory.js",
		.shape = HOOKFILE_SCRIPT,
		.is_own = true},
};

const struct hookfile *
hookfile_of(const char *client)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (strcmp(files[i].client, client) == 0)
			return &files[i];
	return NULL;
}

int
hookfile_path(const struct hookfile *hf, bool is_project,
	char ret_path[PATH_MAX], struct err *e)
{
	const struct client as = {.title = clients_named(hf->client)->title,
		.file = hf->file,
		.project = hf->project};

	if (!is_project && !hf->file)
		return err_set(e, MDB_E_NOT_FOUND,
			"%s reads hooks in the folder of a project only: "
			"--scope project",
			as.title);
	return clients_file(&as, is_project, ret_path, e);
}

/* --- entries -------------------------------------------------------------- */

/* "/usr/bin/memoryctl --socket S hook CLIENT EVENT". */
static int
hookfile_add_command(const struct connect *w, const char *program,
	const char *client, const char *event, struct buf *out)
{
	const char *const options[][2] = {{"--socket", w->socket},
		{"--database", w->database}, {"--branch", w->branch}};

	if (shellword_add(out, program) != 0)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i][1] &&
			(buf_addf(out, " %s ", options[i][0]) != 0 ||
				shellword_add(out, options[i][1]) != 0))
			return MDB_E_NOMEM;
	if (buf_addf(out, " hook %s %s", client, event) != 0)
		return MDB_E_NOMEM;
	return buf_str(out) != NULL ? 0 : MDB_E_NOMEM;
}

static json_t *
new_entry(const struct hookfile *hf, const struct hook *h, const char *command)
{
	switch (hf->shape) {
	case HOOKFILE_NESTED:
		return json_pack("{s:[{s:s,s:s,s:i}]}", "hooks", "type",
			"command", "command", command, "timeout", h->timeout);
	case HOOKFILE_FLAT:
		return json_pack("{s:s,s:i}", "command", command, "timeout",
			h->timeout);
	case HOOKFILE_TYPED:
		if (strcmp(hf->client, "vscode") == 0)
			return json_pack("{s:s,s:s,s:i}", "type", "command",
				"command", command, "timeout", h->timeout);
		return json_pack("{s:s,s:s,s:i}", "type", "command", "bash",
			command, "timeoutSec", h->timeout);
	case HOOKFILE_SCRIPT:
		break;
	}
	return NULL;
}

/* "... memoryctl ... hook CLIENT EVENT", also with a "2>/dev/null" behind it. */
static bool
is_our_command(const char *command, const char *client, const char *event)
{
	const char *s = command ? strstr(command, "memoryctl") : NULL;
	char words[128];
	int n = snprintf(words, sizeof(words), " hook %s %s", client, event);

	while (s && (s = strstr(s, words)) != NULL) {
		s += n;
		if (*s == '\0' || strchr(" \t;&|<>\"')", *s))
			return true;
	}
	return false;
}

static const char *
command_of(const json_t *entry)
{
	const char *command = cli_str(entry, "command", NULL);

	return command ? command : cli_str(entry, "bash", NULL);
}

bool
hookfile_find(const json_t *all, const struct hookfile *hf,
	const struct hook *h, size_t *ret_i, size_t *ret_j, bool *ret_is_only,
	const char **ret_command)
{
	const json_t *list =
		json_object_get(json_object_get(all, "hooks"), h->event);
	const json_t *x, *y;
	size_t i, j;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		const json_t *inner = json_object_get(x, "hooks");

		*ret_i = i;
		*ret_j = 0;
		*ret_is_only = true;
		if (hf->shape != HOOKFILE_NESTED) {
			*ret_command = command_of(x);
			if (is_our_command(*ret_command, h->client, h->event))
				return true;
			continue;
		}
		json_array_foreach((json_t *)(uintptr_t)inner, j, y) {
			*ret_j = j;
			*ret_is_only = json_array_size(inner) == 1;
			*ret_command = command_of(y);
			if (is_our_command(*ret_command, h->client, h->event))
				return true;
		}
	}
	return false;
}

/* --- edits ---------------------------------------------------------------- */

int
hookfile_settle(struct editing *ed, struct buf *after, struct err *e)
{
	json_t *all = clientfile_parse(CLIENT_JSON, after, e);

	if (!all)
		return e->code;
	json_decref(ed->all);
	ed->all = all;
	buf_done(&ed->text);
	ed->text = *after;
	*after = (struct buf){0};
	ed->edits++;
	return 0;
}

/* Takes our entry of an event away, and an event's list that is empty then. */
int
hookfile_remove_event(struct editing *ed, const struct hookfile *hf,
	const struct hook *h, struct err *e)
{
	size_t i, j;
	bool is_only;
	const char *command;

	while (hookfile_find(ed->all, hf, h, &i, &j, &is_only, &command)) {
		AUTO_BUF struct buf after = {0};
		char key[160];
		const json_t *list;
		int rc;

		list = json_object_get(json_object_get(ed->all, "hooks"),
			h->event);
		snprintf(key, sizeof(key), "hooks/%s", h->event);
		if (is_only && json_array_size(list) == 1) {
			rc = clientjson_remove(&ed->text, "hooks", h->event,
				&after, e);
		} else if (is_only) {
			rc = clientjson_drop(&ed->text, key, i, &after, e);
		} else {
			snprintf(key, sizeof(key), "hooks/%s/%zu/hooks",
				h->event, i);
			rc = clientjson_drop(&ed->text, key, j, &after, e);
		}
		if (rc != 0 || (rc = hookfile_settle(ed, &after, e)) != 0)
			return rc;
	}
	return 0;
}

int
hookfile_append(struct editing *ed, const struct hookfile *hf,
	const struct hook *h, const char *command, struct err *e)
{
	AUTO_JSON json_t *entry = new_entry(hf, h, command);
	AUTO_BUF struct buf after = {0};
	char key[96];
	int rc;

	if (!entry)
		return err_nomem(e);
	snprintf(key, sizeof(key), "hooks/%s", h->event);
	rc = clientjson_append(&ed->text, key, entry, &after, e);
	return rc != 0 ? rc : hookfile_settle(ed, &after, e);
}

static int
add_event(struct editing *ed, const struct connect *w,
	const struct hookfile *hf, const struct hook *h, const char *program,
	struct err *e)
{
	AUTO_BUF struct buf command = {0};
	const char *old;
	size_t i, j;
	bool is_only;
	int rc;

	if (hookfile_add_command(w, program, h->client, h->event, &command) !=
		0)
		return err_nomem(e);
	if (hookfile_find(ed->all, hf, h, &i, &j, &is_only, &old)) {
		/* What the user changed in it (a timeout) stays. */
		if (strcmp(old, command.data) == 0)
			return 0;
		if ((rc = hookfile_remove_event(ed, hf, h, e)) != 0)
			return rc;
	}
	return hookfile_append(ed, hf, h, command.data, e);
}

int
hookfile_add_version(struct editing *ed, struct err *e)
{
	AUTO_JSON json_t *one = json_integer(1);
	AUTO_BUF struct buf after = {0};
	int rc;

	if (json_object_get(ed->all, "version"))
		return 0;
	rc = clientjson_put(&ed->text, "", "version", one, &after, e);
	return rc != 0 ? rc : hookfile_settle(ed, &after, e);
}

void
hookfile_editing_done(struct editing *ed)
{
	buf_done(&ed->text);
	json_decref(ed->all);
}

int
hookfile_edit(struct editing *ed, const struct buf *text, struct err *e)
{
	json_t *all = clientfile_parse(CLIENT_JSON, text, e);

	if (!all)
		return e->code;
	json_decref(ed->all);
	ed->all = all;
	if ((text->len > 0 && buf_add(&ed->text, text->data, text->len) != 0) ||
		!buf_str(&ed->text))
		return err_nomem(e);
	return 0;
}

int
hookfile_begin(const struct connect *w, const struct hookfile *hf,
	struct clientfile *cf, struct editing *ed, struct connected *r)
{
	int rc = hookfile_path(hf, w->is_project, r->file, &r->err);

	if (rc != 0)
		return rc;
	rc = clientfile_read(cf, CLIENT_JSON, r->file, &r->err);
	if (rc != 0)
		return rc;
	memcpy(r->file, cf->path, strlen(cf->path) + 1);
	if (!buf_str(&cf->text))
		return err_nomem(&r->err);
	return hookfile_edit(ed, &cf->text, &r->err);
}

int
hookfile_end(const struct connect *w, struct clientfile *cf, struct editing *ed,
	bool is_gone, const char *action, struct connected *r)
{
	int rc = 0;

	r->before = cf->text;
	cf->text = (struct buf){0};
	r->after = ed->text;
	ed->text = (struct buf){0};
	r->action = action;
	if (w->is_dry_run)
		return 0;
	if (is_gone && cf->exists)
		return clientfile_remove(cf, &r->err);
	cf->text = r->before;
	rc = clientfile_write(cf, r->after.data, r->after.len,
		w->is_project ? 0644 : 0600, r->backup, &r->err);
	cf->text = (struct buf){0};
	return rc;
}

static int
hookfile_add_entries(const struct connect *w, const struct hookfile *hf,
	const char *program, struct connected *r)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	AUTO_EDITING struct editing ed = {0};
	int rc = hookfile_begin(w, hf, &cf, &ed, r);
	int had = 0, all;

	if (rc != 0)
		return rc;
	had = hookfile_count(hf, r->file, &all);
	if (hf->is_versioned)
		rc = hookfile_add_version(&ed, &r->err);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < hooks_n; i++) {
		if (hooks[i].is_installed &&
			strcmp(hooks[i].client, hf->client) == 0)
			rc = add_event(&ed, w, hf, &hooks[i], program, &r->err);
		if (rc != 0)
			return rc;
	}
	r->action = "unchanged";
	return ed.edits == 0 ? 0
			     : hookfile_end(w, &cf, &ed, false,
				       had > 0 ? "updated" : "added", r);
}

int
hookfile_told(int rc, struct connected *r)
{
	if (rc == 0)
		return 0;
	r->action = "failed";
	if (rc != MDB_E_NOMEM && strstr(r->err.text, r->file) == NULL)
		err_prefix(&r->err, "%s", r->file);
	return rc;
}

int
hookfile_add(const struct connect *w, const struct hookfile *hf,
	const char *program, struct connected *r)
{
	*r = (struct connected){.client = clients_named(hf->client),
		.is_hooks = true};
	if (hf->shape == HOOKFILE_SCRIPT) {
		int rc = hookfile_path(hf, w->is_project, r->file, &r->err);

		return hookfile_told(rc != 0 ? rc
					     : hookscript_write(w, program, r),
			r);
	}
	return hookfile_told(hookfile_add_entries(w, hf, program, r), r);
}

int
hookfile_count(const struct hookfile *hf, const char *path, int *ret_all)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	int n = 0;

	*ret_all = 0;
	if (hf->shape == HOOKFILE_SCRIPT) {
		*ret_all = 1;
		return access(path, F_OK) == 0;
	}
	if (clientfile_read(&cf, CLIENT_JSON, path, NULL) != 0)
		return -1;
	for (size_t i = 0; i < hooks_n; i++) {
		size_t a, b;
		bool is_only;
		const char *command;

		if (!hooks[i].is_installed ||
			strcmp(hooks[i].client, hf->client) != 0)
			continue;
		++*ret_all;
		n += hookfile_find(cf.json, hf, &hooks[i], &a, &b, &is_only,
			&command);
	}
	return n;
}
