/* Taking hooks out again. As with the entry of a server (clienttake.c) the
 * backup that install made says what was there: when the hooks put into it
 * give the text that is there, the backup is the result. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/clientjson.h"
#include "memory-db/cli/lib/clienttake.h"
#include "memory-db/cli/lib/hookfile.h"
#include "memory-db/cli/lib/hookfile_int.h"
#include "memory-db/cli/lib/hookscript.h"

/* Nobody else's is left in it. */
static bool
is_left_empty(const json_t *all)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)all, name, v)
		if (strcmp(name, "version") != 0 &&
			!(strcmp(name, "hooks") == 0 &&
				json_object_size(v) == 0))
			return false;
	return true;
}

static bool
hooktake_is_of(const struct hookfile *hf, const struct hook *h)
{
	return strcmp(h->client, hf->client) == 0;
}

/* A text without any of our hooks. context: the struct hookfile. */
static bool
hooktake_is_without(const struct buf *text, const void *context)
{
	AUTO_JSON json_t *all = clientfile_parse(CLIENT_JSON, text, NULL);
	const struct hookfile *hf = context;
	const char *command;
	bool is_only;
	size_t a, b;

	for (size_t i = 0; all && i < hooks_n; i++)
		if (hooktake_is_of(hf, &hooks[i]) &&
			hookfile_find(all, hf, &hooks[i], &a, &b, &is_only,
				&command))
			return false;
	return all != NULL;
}

/* Puts the hooks that `now` has into ed. */
static int
put_again(struct editing *ed, const struct hookfile *hf, const json_t *now,
	struct err *e)
{
	int rc = hf->is_versioned ? hookfile_add_version(ed, e) : 0;

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < hooks_n; i++) {
		const char *command;
		bool is_only;
		size_t a, b;

		if (!hooktake_is_of(hf, &hooks[i]) ||
			!hookfile_find(now, hf, &hooks[i], &a, &b, &is_only,
				&command))
			continue;
		rc = hookfile_append(ed, hf, &hooks[i], command, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Whether old with our hooks is what the file says. */
static int
hooktake_is_untouched(const struct hookfile *hf, const struct editing *now,
	const struct buf *old, struct err *e)
{
	AUTO_EDITING struct editing again = {0};
	struct err why = {0};
	int rc = hookfile_edit(&again, old, &why);

	if (rc == 0)
		rc = put_again(&again, hf, now->all, &why);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	return rc == 0 && again.text.len == now->text.len &&
	       memcmp(again.text.data, now->text.data, now->text.len) == 0;
}

/* The hooks go one by one; then what is left of the frame that install made. */
static int
take_each(struct editing *ed, const struct hookfile *hf, const struct buf *old,
	struct err *e)
{
	AUTO_BUF struct buf after = {0}, last = {0};
	AUTO_JSON json_t *before = NULL;
	int rc;

	for (size_t i = 0; i < hooks_n; i++) {
		if (!hooktake_is_of(hf, &hooks[i]))
			continue;
		rc = hookfile_remove_event(ed, hf, &hooks[i], e);
		if (rc != 0)
			return rc;
	}
	if (ed->edits == 0)
		return 0;
	rc = clienttake_empty(&ed->text, "hooks", old, &after, e);
	if (rc != 0 || (rc = hookfile_settle(ed, &after, e)) != 0)
		return rc;
	/* The version of a format that is left without hooks. */
	before = old ? clientfile_parse(CLIENT_JSON, old, NULL) : NULL;
	if (!hf->is_versioned || !old || json_object_get(before, "version") ||
		json_object_size(json_object_get(ed->all, "hooks")) > 0 ||
		!json_object_get(ed->all, "version"))
		return 0;
	rc = clientjson_remove(&ed->text, "", "version", &last, e);
	return rc != 0 ? rc : hookfile_settle(ed, &last, e);
}

static int
hooktake_take(const struct connect *w, const struct hookfile *hf,
	struct connected *r)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	AUTO_EDITING struct editing ed = {0};
	AUTO_BUF struct buf old = {0};
	static const struct buf nothing = {0};
	bool is_gone = false;
	int rc = hookfile_begin(w, hf, &cf, &ed, r), has_old;

	if (rc != 0 || !cf.exists || hooktake_is_without(&ed.text, hf))
		return rc;
	has_old = clientfile_old(cf.path, hooktake_is_without, hf, &old);
	if (has_old < 0)
		return err_nomem(&r->err);
	rc = hooktake_is_untouched(hf, &ed, has_old ? &old : &nothing, &r->err);
	if (rc < 0)
		return rc;
	if (rc == 1 && has_old) {
		buf_clear(&ed.text, 0);
		rc = hookfile_edit(&ed, &old, &r->err);
	} else if (rc == 1) {
		is_gone = true;
		rc = hookfile_edit(&ed, &nothing, &r->err);
	} else {
		rc = take_each(&ed, hf, has_old ? &old : NULL, &r->err);
		is_gone = hf->is_own && is_left_empty(ed.all);
	}
	return rc != 0 ? rc : hookfile_end(w, &cf, &ed, is_gone, "removed", r);
}

int
hookfile_remove(const struct connect *w, const struct hookfile *hf,
	struct connected *r)
{
	int rc;

	*r = (struct connected){.client = clients_named(hf->client),
		.is_hooks = true,
		.action = "absent"};
	if (hf->shape != HOOKFILE_SCRIPT)
		return hookfile_told(hooktake_take(w, hf, r), r);
	rc = hookfile_path(hf, w->is_project, r->file, &r->err);
	return hookfile_told(rc != 0 ? rc : hookscript_remove(w, r), r);
}
