/* Labels: small texts that occur often, such as types, sessions and
 * speakers, are stored once and named by a number.
 *
 * For example the type "person" is label 3, and 10,000 entities have 3 in
 * their row. A cache of the last labels asked for saves most of the
 * look-ups; a rollback empties it, because it may hold a label that is gone
 * again. */
#include "memory-db/store/facts/labels.h"

#include <string.h>

#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

enum { LABEL_FIND, LABEL_ADD, LABEL_TEXT, ENT_ADD, ENT_NAME, ENT_HIGHEST };

static const struct stmt_def defs[] = {
	[LABEL_FIND] = {"SELECT id FROM label WHERE text = ?1", 1, 0},
	[LABEL_ADD] = {"INSERT INTO label(text) VALUES(?1)", 1, STMT_WRITER},
	[LABEL_TEXT] = {"SELECT text FROM label WHERE id = ?1", 1, 0},
	[ENT_ADD] = {"INSERT INTO entity(ns, name) VALUES(?1, ?2)", 2,
		STMT_WRITER},
	[ENT_NAME] = {"SELECT ns, name FROM entity WHERE id = ?1", 1, 0},
	[ENT_HIGHEST] = {"SELECT coalesce(max(id), 0) FROM entity", 0, 0},
};
const struct stmt_module names_module = {"names", defs, ARRAY_LEN(defs)};

const struct store_table names_tables[] = {
	{.name = "label", .kind = TABLE_LOG, .forget = FORGET_BLANKS},
	{0},
};

/* --- the label cache: most texts recur (types, sessions, clients) --------- */
#define CACHE_SLOTS 256 /* direct-mapped by id and by hash of the text */

struct label_slot {
	int64_t id;
	char *text;
};
struct label_cache {
	struct label_slot by_text[CACHE_SLOTS], by_id[CACHE_SLOTS];
};

static void
slot_set(struct label_slot *slot, int64_t id, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return; /* a cache may stay empty */
	free(slot->text);
	slot->text = copy;
	slot->id = id;
}

static size_t
text_hash(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h % CACHE_SLOTS;
}

static struct label_cache *
labels_cache_of(struct store *st)
{
	if (!st->labels)
		st->labels = calloc(1, sizeof(*st->labels));
	return st->labels;
}

static void
cache_put(struct store *st, int64_t id, const char *text)
{
	struct label_cache *c = labels_cache_of(st);

	if (!c)
		return;
	slot_set(&c->by_text[text_hash(text)], id, text);
	slot_set(&c->by_id[(uint64_t)id % CACHE_SLOTS], id, text);
}

void
label_cache_clear(struct store *st)
{
	struct label_cache *c = st->labels;

	if (!c)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		free(c->by_text[i].text);
		free(c->by_id[i].text);
	}
	memset(c, 0, sizeof(*c));
}

static void
label_cache_free(struct store *st)
{
	label_cache_clear(st);
	free(st->labels);
	st->labels = NULL;
}

/* A request that is undone may have taken labels along. */
const struct participant labels_participant = {
	.name = "labels",
	.close = label_cache_free,
	.undone = label_cache_clear,
	.rolled_back = label_cache_clear,
};

int
label_find(struct store *st, const char *text, int64_t *ret_id, struct err *e)
{
	struct label_cache *c = labels_cache_of(st);
	const struct label_slot *slot =
		c != NULL ? &c->by_text[text_hash(text)] : NULL;
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc;

	if (slot && slot->text && strcmp(slot->text, text) == 0) {
		*ret_id = slot->id;
		return 1;
	}
	s = stmt_use(st, MOD_NAMES, LABEL_FIND);
	bind_t(s, 1, text, strlen(text));
	rc = stmt_row(st, s, e);
	if (rc == 1) {
		*ret_id = sqlite3_column_int64(s, 0);
		cache_put(st, *ret_id, text);
	}
	return rc;
}

int
label_intern(struct store *st, const char *text, int64_t *ret_id, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	*ret_id = 0;
	if (!text)
		return 0;
	rc = label_find(st, text, ret_id, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	s = stmt_use(st, MOD_NAMES, LABEL_ADD);
	bind_t(s, 1, text, strlen(text));
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	*ret_id = sqlite3_last_insert_rowid(st->db);
	cache_put(st, *ret_id, text);
	return rc;
}

int
label_text(struct store *st, int64_t id, struct buf *out, struct err *e)
{
	struct label_cache *c = labels_cache_of(st);
	const struct label_slot *slot =
		c != NULL ? &c->by_id[(uint64_t)id % CACHE_SLOTS] : NULL;
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc;

	if (slot && slot->text && slot->id == id)
		return buf_adds(out, slot->text) != 0 ? err_nomem(e) : 1;
	s = stmt_use(st, MOD_NAMES, LABEL_TEXT);
	bind_i(s, 1, id);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	rc = stmt_append_text(s, 0, out, e);
	if (rc == 1)
		cache_put(st, id, (const char *)sqlite3_column_text(s, 0));
	return rc;
}

static int
find_id(struct store *st, sqlite3_stmt *s, int64_t *ret_id, struct err *e)
{
	int rc = stmt_row(st, s, e);

	if (rc == 1)
		*ret_id = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc;
}

/* --- entities ------------------------------------------------------------- */
int
entity_create(struct store *st, int64_t ns, const char *name, size_t n,
	int64_t *ret_id, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_NAMES, ENT_ADD);
	int rc;

	bind_i(s, 1, ns);
	bind_t(s, 2, name, n);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	*ret_id = sqlite3_last_insert_rowid(st->db);
	return rc;
}

int
entity_first_name(struct store *st, int64_t entity, int64_t *ret_ns,
	struct buf *out, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_NAMES, ENT_NAME);
	int rc;

	bind_i(s, 1, entity);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	if (ret_ns != NULL)
		*ret_ns = sqlite3_column_int64(s, 0);
	return out != NULL ? stmt_append_text(s, 1, out, e) : 1;
}

int
entity_highest(struct store *st, int64_t *ret_id, struct err *e)
{
	int rc = find_id(st, stmt_use(st, MOD_NAMES, ENT_HIGHEST), ret_id, e);

	return rc < 0 ? rc : 0;
}
