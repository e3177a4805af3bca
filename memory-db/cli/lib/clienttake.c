/* An editor that looks at one text cannot know whether an empty object of
 * servers is the user's. The backup that install made knows it:
 *
 *   backup  {"theme": "dark"}
 *   now     {"theme": "light", "mcpServers": {"memory": {...}}}
 *   after   {"theme": "light"}
 *
 * When the entry put into the backup gives the text that is there, nobody
 * edited the file since, and the backup is what it was, to the last blank.
 * Else the entry is cut out, and the objects that are empty now and that the
 * backup has not go with it. */
#include "memory-db/cli/lib/clienttake.h"

#include <stdio.h>
#include <string.h>

#include "memory-db/cli/lib/clientedit.h"
#include "memory-db/cli/lib/cliententry.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/clientjson.h"
#include "memory-db/cli/lib/clientyaml.h"
#include "memory-db/cli/lib/jscan.h"

static bool
clienttake_is_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static int
clienttake_copy(const struct buf *text, struct buf *out, struct err *e)
{
	if (text->len > 0 && buf_add(out, text->data, text->len) != 0)
		return err_nomem(e);
	return buf_str(out) ? 0 : err_nomem(e);
}

bool
clienttake_has(const struct client *cl, const struct buf *text,
	const char *name)
{
	AUTO_JSON json_t *all = clientfile_parse(cl->format, text, NULL);
	json_t *entry;

	return !all ||
	       cliententry_find(cl, all, name, &entry, NULL, NULL) != 0 ||
	       entry != NULL;
}

/* Whether the entry of text, put into old, gives text. */
static int
clienttake_is_untouched(const struct client *cl, const struct buf *text,
	const char *name, const struct buf *old, struct err *e)
{
	AUTO_JSON json_t *all = clientfile_parse(cl->format, text, e);
	AUTO_BUF struct buf again = {0};
	struct err why = {0};
	json_t *entry;
	int rc;

	if (!all)
		return e ? e->code : MDB_E_INVALID;
	rc = cliententry_find(cl, all, name, &entry, NULL, e);
	if (rc != 0 || !entry)
		return rc;
	if (clienttake_has(cl, old, name))
		return 0;
	rc = clientedit_put(cl, old, name, entry, &again, &why);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	return rc == 0 && clienttake_is_same(&again, text);
}

/* --- empty objects of JSON ------------------------------------------------ */

/* The span of the object that the first n bytes of the key lead to. 1, 0: it
 * is not there, or MDB_E_NOMEM. */
static int
object_at(const struct buf *text, const char *key, size_t n, struct jspan *ret)
{
	const char *s = text->len > 0 ? text->data : "";
	size_t at = jscan_space(s, text->len, 0);
	char part[128];

	*ret = (struct jspan){at, jscan_value(s, text->len, at)};
	while (n > 0 && ret->end > 0) {
		size_t len = strcspn(key, "/");
		struct jmember m;
		int rc;

		len = len < n ? len : n;
		if (len >= sizeof(part))
			return 0;
		snprintf(part, sizeof(part), "%.*s", (int)len, key);
		rc = jscan_find(s, text->len, ret->at, part, &m);
		if (rc != 1)
			return rc == MDB_E_NOMEM ? rc : 0;
		*ret = m.value;
		key += len + (len < n);
		n -= len + (len < n);
	}
	return ret->end > 0 && s[ret->at] == '{';
}

/* Nothing is in it; has_remarks: but remarks. */
static bool
clienttake_is_empty(const struct buf *text, const struct jspan *span,
	bool has_remarks)
{
	size_t (*skip)(const char *, size_t, size_t) =
		has_remarks ? jscan_space : jscan_blank;

	return skip(text->data, text->len, span->at + 1) + 1 == span->end;
}

/* Whether two spans differ in blanks alone. */
static bool
is_same_but_blanks(const char *a, size_t a_end, const char *b, size_t b_end)
{
	static const char blanks[] = " \t\r\n";

	for (size_t i = 0, j = 0;; i++, j++) {
		while (i < a_end && strchr(blanks, a[i]) != NULL)
			i++;
		while (j < b_end && strchr(blanks, b[j]) != NULL)
			j++;
		if (i >= a_end || j >= b_end)
			return i >= a_end && j >= b_end;
		if (a[i] != b[j])
			return false;
	}
}

/* The empty object gets the blanks that old has between its braces. */
static int
as_it_was(const struct buf *text, const struct jspan *now,
	const struct buf *old, const struct jspan *then, struct buf *after,
	struct err *e)
{
	if (!is_same_but_blanks(old->data + then->at, then->end - then->at,
		    text->data + now->at, now->end - now->at))
		return clienttake_copy(text, after, e);
	if (buf_add(after, text->data, now->at) != 0 ||
		buf_add(after, old->data + then->at, then->end - then->at) ||
		buf_add(after, text->data + now->end, text->len - now->end) ||
		!buf_str(after))
		return err_nomem(e);
	return 0;
}

/* old holds remarks alone: the object below them goes. */
static int
without_object(const struct buf *text, const struct jspan *now,
	const struct buf *old, struct buf *after, struct err *e)
{
	size_t at = now->at, end = now->end;

	end += end < text->len && text->data[end] == '\n';
	/* A line end came before the object, too. */
	if (old->len > 0 && old->data[old->len - 1] != '\n')
		at -= at > 0 && text->data[at - 1] == '\n';
	if (buf_add(after, text->data, at) != 0 ||
		buf_add(after, text->data + end, text->len - end) != 0 ||
		!buf_str(after))
		return err_nomem(e);
	return 0;
}

int
clienttake_empty(const struct buf *text, const char *key, const struct buf *old,
	struct buf *after, struct err *e)
{
	static const struct buf nothing = {0};
	AUTO_BUF struct buf less = {0};
	size_t n = strlen(key), above;
	struct jspan now, then;
	char path[256];
	int rc;

	rc = object_at(text, key, n, &now);
	if (rc < 0)
		return err_nomem(e);
	if (rc == 0 || !clienttake_is_empty(text, &now, true))
		return clienttake_copy(text, after, e);
	rc = object_at(old ? old : &nothing, key, n, &then);
	if (rc < 0)
		return err_nomem(e);
	if (rc == 1)
		return as_it_was(text, &now, old, &then, after, e);
	if (n == 0 && old)
		return without_object(text, &now, old, after, e);
	/* Somebody's remark in it stays. */
	if (n == 0 || n >= sizeof(path) ||
		!clienttake_is_empty(text, &now, false))
		return clienttake_copy(text, after, e);
	for (above = n; above > 0 && key[above - 1] != '/';)
		above--;
	snprintf(path, sizeof(path), "%.*s", above > 0 ? (int)above - 1 : 0,
		key);
	rc = clientjson_remove(text, path, key + above, &less, e);
	if (rc != 0)
		return rc;
	return clienttake_empty(&less, path, old, after, e);
}

/* --- the whole ------------------------------------------------------------ */

/* What install made around the entry goes as well. */
static int
without_holder(const struct client *cl, const struct buf *text,
	const struct buf *old, struct buf *after, struct err *e)
{
	switch (cl->format) {
	case CLIENT_JSON:
		return clienttake_empty(text, cl->key, old, after, e);
	case CLIENT_YAML:
		return clientyaml_settle(text, cl->key, old, after, e);
	case CLIENT_TOML:
	case CLIENT_NONE:
		break;
	}
	return clienttake_copy(text, after, e);
}

int
clienttake(const struct client *cl, const struct buf *text, const char *name,
	const struct buf *old, struct buf *after, bool *ret_gone, struct err *e)
{
	static const struct buf nothing = {0};
	AUTO_BUF struct buf less = {0};
	int rc = clienttake_is_untouched(cl, text, name, old ? old : &nothing,
		e);

	if (rc < 0)
		return rc;
	*ret_gone = rc == 1 && !old;
	if (rc == 1)
		return clienttake_copy(old ? old : &nothing, after, e);
	rc = clientedit_remove(cl, text, name, &less, e);
	if (rc != 0)
		return rc;
	return without_holder(cl, &less, old, after, e);
}
