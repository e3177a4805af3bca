/* Erasing rows; erase.h has the idea. Words and index entries: erase_words.c.
 *
 * What names a text is looked for in all tables: the fact, the names of its
 * entity, messages of changes that showed or hid it, notes of conflicts and of
 * reviews, queries of receipts. Digests stay, so that the chain over the change can
 * still be verified.
 *
 *   fact 7 "her number is 555-1234"   body and salt NULL, the digest stays
 *   change 3, which showed it         message and its salt NULL
 *   label 12, the type "number"       'forgotten#12', if nothing else uses it
 */
#include "memory-db/store/check/erase.h"
#include "memory-db/store/check/tables.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/vec.h"
#include "memory-db/store/log/change_internal.h"
#include "memory-db/store/log/conflicts.h"
#include "memory-db/store/log/staged.h"
#include "memory-db/store/beside/keys.h"
#include "memory-db/store/beside/receipts.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/store/facts/fact_key.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/pack.h"
#include "memory-db/store/index/text_index.h"
#include "memory-db/store/index/text_wait.h"
#include "memory-db/store/index/vectors.h"

enum {
	OF_ENTITY,
	OF_TEXT,
	OF_MARKS,
	USES,
	WIPE_FACT,
	WIPE_NAME,
	DROP_ALIASES,
	WIPE_MESSAGES,
	WIPE_MESSAGES_OF,
	WIPE_NOTES,
	WIPE_REASONS,
	WIPE_REASONS_OF,
	WIPE_LABEL,
	WIPE_QUERIES,
	DROP_OUTCOMES
};

#define RANK                                                                   \
	"CASE kind WHEN " SQL_EXISTENCE " THEN 2 WHEN " SQL_TAG                \
	" THEN 0 WHEN " SQL_NOTE " THEN 0 ELSE 1 END"

static const struct stmt_def defs[] = {
	/* What is said of facts first, existence last. A relation of a project
	 * to an entity of the user's memory has no text of it, and belongs to a
	 * chain of its own: it stays, and is never seen again. */
	[OF_ENTITY] = {"SELECT id, entity, " RANK " AS rank FROM fact WHERE "
		       "entity = ?1 AND salt IS NOT NULL UNION ALL SELECT id, "
		       "entity, 1 FROM fact WHERE peer = ?1 AND entity <> ?1 "
		       "AND id >> 33 = (SELECT ns FROM entity WHERE id = ?1) "
		       "AND salt IS NOT NULL ORDER BY rank",
		1, STMT_WRITER},
	[OF_TEXT] = {"SELECT id, entity FROM fact WHERE entity = ?1 AND "
		     "same = ?2 AND kind = " SQL_OBSERVATION
		     " AND salt IS NOT NULL",
		2, STMT_WRITER},
	[OF_MARKS] = {"SELECT id, entity FROM fact WHERE entity = ?1 AND "
		      "same = ?2 AND kind IN " SQL_MARKS
		      " AND supersedes = ?3 AND "
		      "salt IS NOT NULL",
		3, STMT_WRITER},
	[USES] = {"SELECT label, source, speaker, length(body) FROM fact WHERE "
		  "id = ?1",
		1, STMT_WRITER},
	[WIPE_FACT] = {"UPDATE fact SET body = NULL, salt = NULL, same = NULL, "
		       "size = 0, label = NULL, source = NULL, speaker = NULL "
		       "WHERE id = ?1",
		1, STMT_WRITER},
	[WIPE_NAME] = {"UPDATE entity SET name = NULL WHERE id = ?1 AND "
		       "name IS NOT NULL",
		1, STMT_WRITER},
	[DROP_ALIASES] = {"DELETE FROM alias WHERE entity = ?1", 1,
		STMT_WRITER},
	[WIPE_MESSAGES] = {"UPDATE change SET message = NULL, message_salt = "
			   "NULL WHERE message IS NOT NULL AND id IN (SELECT "
			   "change FROM version WHERE entity = ?1)",
		1, STMT_WRITER},
	/* Changes that showed or hid it. */
	[WIPE_MESSAGES_OF] = {"UPDATE change SET message = NULL, message_salt "
			      "= NULL WHERE message IS NOT NULL AND id IN "
			      "(SELECT added FROM span WHERE fact = ?1 UNION "
			      "SELECT removed FROM span WHERE fact = ?1)",
		1, STMT_WRITER},
	/* Of a single fact only the notes that hold its text. */
	[WIPE_NOTES] = {"UPDATE conflict SET notes = NULL WHERE notes IS NOT "
			"NULL AND (entity = ?1 OR other = ?1) AND (?2 IS NULL "
			"OR instr(notes, ?2) > 0)",
		2, STMT_WRITER},
	/* Why a change was refused (staged.h): the words of a reviewer or of a
	 * script, which may quote what was to be stored. A note that was cut may
	 * end within the quotation. */
	[WIPE_REASONS] = {"UPDATE staged SET note = NULL WHERE ns = ?1 AND note"
			  " IS NOT NULL AND (instr(note, ?2) > 0 OR"
			  " (length(CAST(note AS BLOB)) >= ?4 AND"
			  " instr(?3, substr(note, -16)) > 0))",
		4, STMT_WRITER},
	[WIPE_REASONS_OF] = {"UPDATE staged SET note = NULL WHERE note IS NOT"
			     " NULL AND change IN (SELECT change FROM version"
			     " WHERE entity = ?1)",
		1, STMT_WRITER},
	/* The id is not used again: readers may remember its text. */
	[WIPE_LABEL] = {"UPDATE label SET text = 'forgotten#' || id WHERE id = "
			"?1 AND NOT EXISTS (SELECT 1 FROM fact WHERE label = "
			"?1 OR source = ?1 OR speaker = ?1) AND NOT EXISTS "
			"(SELECT 1 FROM change WHERE actor = ?1 OR client = "
			"?1 OR session = ?1)",
		1, STMT_WRITER},
	/* What was asked may say it too; what was given stays. */
	[WIPE_QUERIES] = {"UPDATE receipt SET query = '' WHERE (ns = ?1 OR "
			  "?1 = 1) AND query <> ''",
		1, STMT_WRITER},
	[DROP_OUTCOMES] = {"DELETE FROM outcome WHERE fact = ?1", 1,
		STMT_WRITER},
};
const struct stmt_module erase_module = {"erase", defs, ARRAY_LEN(defs)};

/* --- what there is -------------------------------------------------------- */
struct erase_wanted {
	const char *text;
	size_t n;
};

/* 1 is what fact_get says of a fact that is there. */
#define READS_SO 2

static int
reads_so(void *ctx, const struct fact *f)
{
	const struct erase_wanted *w = ctx;

	return f->text_n == w->n && memcmp(f->text, w->text, w->n) == 0
		       ? READS_SO
		       : 0;
}

/* What is said of a fact goes with it. */
static int
each_mark(struct store *st, int64_t entity, int64_t of, erase_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_ERASE, OF_MARKS);

	bind_i(s, 1, entity);
	bind_i(s, 2, fact_key_of_mark(st, of));
	bind_i(s, 3, of);
	return stmt_each_pair(st, s, fn, ctx, e);
}

int
erase_each(struct store *st, int64_t entity, const char *text, size_t n,
	erase_fn fn, void *ctx, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(st, MOD_ERASE, text != NULL ? OF_TEXT : OF_ENTITY);
	struct erase_wanted wanted = {text, n};
	int64_t same = 0;
	int rc = text != NULL ? fact_key_of_text(st, text, n, &same, e) : 0;

	bind_i(s, 1, entity);
	if (text)
		bind_i(s, 2, same);
	if (rc != 0)
		return rc;
	while ((rc = stmt_row(st, s, e)) == 1) {
		int64_t fact = sqlite3_column_int64(s, 0);

		rc = !text ? READS_SO
			   : fact_get(st, fact, reads_so, &wanted, e);
		if (rc == 1)
			continue;
		if (rc == READS_SO)
			rc = fn(ctx, fact, sqlite3_column_int64(s, 1));
		if (rc == 0 && text)
			rc = each_mark(st, entity, fact, fn, ctx, e);
		if (rc != 0)
			return rc;
	}
	return rc;
}

/* --- steps ---------------------------------------------------------------- */
static int
run_one(struct store *st, int which, int64_t id, int64_t *count, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_ERASE, which);
	int rc;

	bind_i(s, 1, id);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	if (count != NULL)
		*count += sqlite3_changes(st->db);
	return rc;
}

int
erase_begin(struct erasure *x, struct change *c, struct err *e)
{
	memset(x, 0, sizeof(*x));
	x->change = c;
	x->st = x->index.st = c->st;
	return text_queue_flush_early(c->st, e);
}

void
erase_done(struct erasure *x)
{
	buf_done(&x->index.texts);
	free(x->labels);
	x->labels = NULL;
	x->labels_n = x->labels_cap = 0;
}

static int
may_go(struct erasure *x, int64_t label, struct err *e)
{
	for (size_t i = 0; i < x->labels_n; i++)
		if (x->labels[i] == label)
			return 0;
	if (label == 0)
		return 0;
	if (vec_room(x->labels, x->labels_n, x->labels_cap) != 0)
		return err_nomem(e);
	x->labels[x->labels_n++] = label;
	return 0;
}

/* Notes its labels; *ret_stored: bytes of its body. */
static int
note_uses(struct erasure *x, int64_t fact, int64_t *ret_stored, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(x->st, MOD_ERASE, USES);
	int rc;

	bind_i(s, 1, fact);
	rc = stmt_row(x->st, s, e);
	if (rc != 1)
		return rc;
	for (int i = 0; i < 3; i++) {
		rc = may_go(x, sqlite3_column_int64(s, i), e);
		if (rc != 0)
			return rc;
	}
	*ret_stored = sqlite3_column_int64(s, 3);
	return 0;
}

/* The text that erase_index kept last, and how much of it a note has: older
 * versions cut it amid a character. */
struct erased_text {
	const char *s;
	size_t n, noted;
};

static bool
text_kept(const struct erasure *x, size_t text_at, struct erased_text *ret)
{
	const size_t most = CONFLICT_NOTE_BYTES - 4;

	if (text_at >= x->index.texts.len)
		return false;
	ret->s = x->index.texts.data + text_at;
	ret->n = ret->noted = x->index.texts.len - text_at - 1;
	if (ret->n > most)
		ret->noted = text_cut(ret->s, most);
	return true;
}

/* Conflict notes that hold the text. */
static int
wipe_notes(struct erasure *x, int64_t entity, const struct erased_text *text,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(x->st, MOD_ERASE, WIPE_NOTES);
	int rc;

	bind_i(s, 1, entity);
	bind_t(s, 2, text->s, text->noted);
	rc = stmt_run(x->st, s, e);
	x->notes += rc == 0 ? sqlite3_changes(x->st->db) : 0;
	return rc;
}

/* A note of a review that says so little of a text tells nothing of it. */
#define QUOTED_LEAST 4

static int
wipe_reasons(struct erasure *x, const struct erased_text *text, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (text->n < QUOTED_LEAST)
		return 0;
	s = stmt_use(x->st, MOD_ERASE, WIPE_REASONS);
	bind_i(s, 1, x->change->info.ns);
	bind_t(s, 2, text->s, text->noted);
	bind_t(s, 3, text->s, text->n);
	bind_i(s, 4, STAGED_NOTE_BYTES - 4);
	rc = stmt_run(x->st, s, e);
	x->notes += rc == 0 ? sqlite3_changes(x->st->db) : 0;
	return rc;
}

static int
wipe_quotations(struct erasure *x, int64_t entity, size_t text_at,
	bool of_conflicts, struct err *e)
{
	struct erased_text text;
	int rc;

	if (!text_kept(x, text_at, &text))
		return 0;
	rc = wipe_reasons(x, &text, e);
	if (rc != 0 || !of_conflicts)
		return rc;
	return wipe_notes(x, entity, &text, e);
}

struct erase_packed {
	struct store *st;
	struct err *e;
};

static int
erase_packed_text(void *ctx, const struct fact *f)
{
	struct erase_packed *p = ctx;

	return pack_erase(p->st, f->ns, f->text, f->text_n, p->e);
}

/* The dictionaries that hold a piece of it. Of a text that is damaged nobody
 * knows what it was. */
static int
erase_from_dictionaries(struct erasure *x, int64_t fact, struct err *e)
{
	struct erase_packed p = {x->st, e};
	int rc = fact_get(x->st, fact, erase_packed_text, &p, e);

	return rc < 0 && rc != MDB_E_CORRUPT ? rc : 0;
}

int
erase_fact(struct erasure *x, int64_t entity, int64_t fact, bool with_op,
	struct err *e)
{
	size_t text_at = x->index.texts.len;
	int64_t stored = 0;
	int rc = note_uses(x, fact, &stored, e);

	if (rc != 0)
		return rc;
	rc = erase_from_dictionaries(x, fact, e);
	if (rc != 0)
		return rc;
	rc = erase_index(&x->index, fact, e);
	if (rc != 0)
		return rc;
	rc = run_one(x->st, WIPE_FACT, fact, &x->facts, e);
	if (rc != 0)
		return rc;
	rc = run_one(x->st, DROP_OUTCOMES, fact, NULL, e);
	if (rc != 0)
		return rc;
	rc = vector_erase(x->st, fact, e);
	if (rc != 0)
		return rc;
	rc = counters_add(x->st, x->change->info.ns, TALLY_TOTAL, TOTAL_STORED,
		-stored, e);
	if (rc != 0)
		return rc;
	/* Without an op the whole entity goes, and erase_names() wipes. */
	rc = wipe_quotations(x, entity, text_at, with_op, e);
	if (rc != 0 || !with_op)
		return rc;
	rc = run_one(x->st, WIPE_MESSAGES_OF, fact, &x->messages, e);
	if (rc != 0)
		return rc;
	rc = change_op(x->change, OP_ERASE, entity, fact, ERASE_FACT, 0, NULL,
		e);
	if (rc != 0)
		return rc;
	return change_touch(x->change, entity, 0, e);
}

int
erase_names(struct erasure *x, int64_t entity, struct err *e)
{
	struct store *st = x->st;
	int rc = run_one(st, WIPE_NAME, entity, &x->names, e);

	if (rc != 0)
		return rc;
	rc = run_one(st, DROP_ALIASES, entity, &x->names, e);
	if (rc != 0)
		return rc;
	rc = tables_forget_entity(st, entity, e);
	if (rc != 0)
		return rc;
	rc = run_one(st, WIPE_MESSAGES, entity, &x->messages, e);
	if (rc != 0)
		return rc;
	rc = run_one(st, WIPE_REASONS_OF, entity, &x->notes, e);
	if (rc != 0)
		return rc;
	rc = run_one(st, WIPE_NOTES, entity, &x->notes, e);
	if (rc != 0)
		return rc;
	rc = change_op(x->change, OP_ERASE, entity, 0, ERASE_ENTITY, 0, NULL,
		e);
	if (rc != 0)
		return rc;
	return change_touch(x->change, entity, 0, e);
}

/* --- the end -------------------------------------------------------------- */
/* The words, labels, queries and retry keys that facts left behind. */
static int
erase_rest(struct erasure *x, struct err *e)
{
	int rc = erase_words(&x->index, e);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < x->labels_n; i++) {
		rc = run_one(x->st, WIPE_LABEL, x->labels[i], NULL, e);
		if (rc != 0)
			return rc;
	}
	rc = run_one(x->st, WIPE_QUERIES, x->change->info.ns, NULL, e);
	if (rc != 0)
		return rc;
	return keys_forget(x->st, x->change->info.ns, e);
}

int
erase_end(struct erasure *x, bool is_last, struct err *e)
{
	int rc = erase_rest(x, e);

	/* What is kept in memory goes, however far the tables have come. */
	label_cache_clear(x->st);
	receipts_forget(x->st, x->change->info.ns);
	if (rc != 0 || !is_last)
		return rc;
	return erase_segments_begin(x->st, e);
}
