/* Replay of an exported log: ids, times, salts and chains as they were.
 *
 * A change is written when its last op has come. Ops of a change that does not
 * end within a slice are kept in the database (state keys "import:SOURCE",
 * \1, number) until the slice that ends it. A change that is here already with
 * the same chain is passed over: replaying a longer log of the same database
 * adds what is new. */
#include "memory-db/model/transfer/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/time/forget.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/check/erase.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/engine/meta.h"

#define KEY_SIZE 340

/* --- ops kept between slices ---------------------------------------------- */
static void
staged_key(const struct importer *im, int64_t n, char out[KEY_SIZE])
{
	snprintf(out, KEY_SIZE, META_IMPORT "%s\x01%08" PRId64, im->q->source,
		n);
}

static int
load_staged(void *ctx, const char *text, size_t n)
{
	struct importer *im = ctx;
	json_t *op = jx_parse(text, n, im->e);

	if (!op)
		return im->e != NULL && im->e->code != 0 ? im->e->code
							 : MDB_E_CORRUPT;
	return jx_add(im->ops, op) == 0 ? 0 : err_nomem(im->e);
}

int
replay_begin(struct importer *im)
{
	char from[KEY_SIZE], to[KEY_SIZE];

	im->ops = json_array();
	if (!im->ops)
		return err_nomem(im->e);
	if (im->state.staged == 0)
		return 0;
	staged_key(im, 0, from);
	staged_key(im, im->state.staged, to);
	return meta_each(im->st, from, to, load_staged, im, im->e);
}

int
replay_end(struct importer *im)
{
	int64_t n = (int64_t)json_array_size(im->ops);

	for (int64_t i = im->state.staged; i < n; i++) {
		AUTO_BUF struct buf text = {0};
		char key[KEY_SIZE];
		int rc;

		if (jx_dump(json_array_get(im->ops, (size_t)i), &text) != 0)
			return err_nomem(im->e);
		staged_key(im, i, key);
		rc = meta_set(im->st, key, text.data, text.len, im->e);
		if (rc != 0)
			return rc;
	}
	im->state.staged = n;
	return 0;
}

static int
drop_staged(struct importer *im)
{
	char from[KEY_SIZE], to[KEY_SIZE];

	json_array_clear(im->ops);
	if (im->state.staged == 0)
		return 0;
	staged_key(im, 0, from);
	staged_key(im, im->state.staged, to);
	im->state.staged = 0;
	return meta_drop(im->st, from, to, im->e);
}

/* --- a change ------------------------------------------------------------- */
static int
note_text(void *ctx, const struct log_fact *f)
{
	*(bool *)ctx = f->salt != NULL;
	return 0;
}

/* A log that is restored has its erased facts without text already. */
static int
replay_erase(struct importer *im, int64_t entity, int64_t fact, int64_t scope)
{
	bool has_text = scope == ERASE_ENTITY;
	int64_t facts = 0;
	int rc = has_text ? 0
			  : log_fact(im->st, fact, note_text, &has_text, im->e);

	if (rc >= 0)
		rc = forget_replay(im->change, im->st, entity, fact, scope,
			&facts, im->e);
	return rc == 0 && has_text ? import_note_erased(im, facts) : rc;
}

static int
replay_hide(struct importer *im, const json_t *o, int64_t fact)
{
	int64_t past = 0;
	int rc = im->is_folded ? import_base_past(im, o, fact >> STORE_NS_SHIFT,
					 &past)
			       : 0;

	if (rc != 0)
		return rc;
	return change_hide_as(im->change, fact, past, im->e);
}

static int
replay_attr(struct importer *im, const json_t *o, int64_t entity, int64_t key,
	int64_t value)
{
	AUTO_BUF struct buf name = {0};
	int64_t told = 0;
	int r = jx_int(o, "fact", JX_OPTIONAL, INT64_MIN, INT64_MAX, &told,
		im->e);

	if (r < 0)
		return r;
	r = im->is_folded ? change_attr_as(im->change, entity,
				    (enum attr_key)key, told, value, im->e)
			  : change_attr(im->change, entity, (enum attr_key)key,
				    value, im->e);

	if (r != 0 || key != ATTR_PIN || value == 0)
		return r;
	r = entity_first_name(im->st, entity, NULL, &name, im->e);
	return r == 1 ? import_note_pin(im, name.data ? name.data : "",
				name.len)
		      : r;
}

static bool
import_log_is_key(int64_t key)
{
	return (key >= ATTR_TIER && key <= ATTR_LAST_OF_ENTITY) ||
	       (key > ATTR_CONFLICT && key <= ATTR_LAST);
}

static int
import_log_replay_op(struct importer *im, const json_t *o, int64_t ns)
{
	int64_t what = 0, entity = 0, fact = 0, key = 0, value = 0;
	json_t *new_fact = NULL;
	int rc = jx_int(o, "what", JX_REQUIRED, 0, INT64_MAX, &what, im->e);

	if (rc != 0)
		return rc;
	rc = jx_int(o, "entity", JX_REQUIRED, 0, INT64_MAX, &entity, im->e);
	if (rc != 0)
		return rc;
	rc = jx_int(o, "fact", JX_OPTIONAL, 0, INT64_MAX, &fact, im->e);
	if (rc < 0)
		return rc;
	rc = jx_int(o, "key", JX_OPTIONAL, INT64_MIN, INT64_MAX, &key, im->e);
	if (rc < 0)
		return rc;
	rc = jx_int(o, "value", JX_OPTIONAL, INT64_MIN, INT64_MAX, &value,
		im->e);
	if (rc < 0)
		return rc;
	rc = jx_object(o, "new", JX_OPTIONAL, &new_fact, im->e);
	if (rc < 0)
		return rc;
	/* The chain has no key: who alters a log can make it fit again. */
	if ((what == OP_SHOW || what == OP_HIDE) &&
		fact >> STORE_NS_SHIFT != ns)
		rc = err_set(im->e, MDB_E_INVALID,
			"a change of the log touches fact %" PRId64 " of "
			"another namespace: the log was altered",
			fact);
	if (rc < 0)
		return rc;
	if (what != OP_BRANCH)
		rc = import_check_entity(im, entity, ns);
	if (rc < 0)
		return rc;
	if (what == OP_SHOW && new_fact)
		return replay_new(im, new_fact, ns, entity, fact);
	if (what == OP_SHOW)
		return change_show(im->change, fact, im->e);
	if (what == OP_HIDE)
		return replay_hide(im, o, fact);
	if (what == OP_ATTR && import_log_is_key(key))
		return replay_attr(im, o, entity, key, value);
	if (what == OP_FOLD)
		return import_base_seal(im, ns, key, value);
	if (what == OP_DERIVE)
		return change_derive(im->change, entity, fact, value, im->e);
	if (what == OP_ERASE)
		return replay_erase(im, entity, fact, key);
	if (what == OP_BRANCH)
		return replay_branch(im, o,
			&(struct branch_row){.id = value,
				.ns = ns,
				.fork = fact},
			key);
	return err_set(im->e, MDB_E_VERSION,
		"the log holds an operation (%" PRId64 ") that this version "
		"does not know; upgrade first",
		what);
}

struct import_log_head {
	struct change_info info;
	struct change_given given;
	unsigned char salt[FACT_SALT_BYTES], chain[32];
	unsigned char message_digest[FACT_DIGEST_BYTES];
	struct change_folded folded;
	int64_t ops;
};

static int
import_log_kind_of(const char *name)
{
	for (int k = 1; name != NULL && k < CHANGE_KIND_MAX; k++)
		if (strcmp(change_kind_name(k), name) == 0)
			return k;
	return 0;
}

static int
import_log_read_texts(struct importer *im, const json_t *o,
	struct import_log_head *h)
{
	const char *kind, *chain, *salt = NULL, *digest = NULL;
	int rc = jx_string(o, "kind", JX_REQUIRED, &kind, NULL, im->e);

	if (rc != 0)
		return rc;
	rc = jx_string(o, "chain", JX_REQUIRED, &chain, NULL, im->e);
	if (rc != 0)
		return rc;
	rc = jx_string(o, "actor", JX_OPTIONAL, &h->info.actor, NULL, im->e);
	if (rc < 0)
		return rc;
	rc = jx_string(o, "client", JX_OPTIONAL, &h->info.client, NULL, im->e);
	if (rc < 0)
		return rc;
	rc = jx_string(o, "session", JX_OPTIONAL, &h->info.session, NULL,
		im->e);
	if (rc < 0)
		return rc;
	rc = jx_string(o, "message", JX_OPTIONAL, &h->info.message, NULL,
		im->e);
	if (rc < 0)
		return rc;
	rc = jx_string(o, "message_salt", JX_OPTIONAL, &salt, NULL, im->e);
	if (rc < 0)
		return rc;
	if (jx_string(o, "message_digest", JX_OPTIONAL, &digest, NULL, im->e) ==
			0 &&
		!h->info.message &&
		member_hex(digest, h->message_digest, FACT_DIGEST_BYTES) == 0)
		h->given.message_digest = h->message_digest;
	h->info.kind = (enum change_kind)import_log_kind_of(kind);
	if (h->info.kind == 0 || member_hex(chain, h->chain, 32) != 0 ||
		(h->info.message &&
			member_hex(salt, h->salt, FACT_SALT_BYTES) != 0))
		return err_set(im->e, MDB_E_INVALID,
			"change %" PRId64 " of the log is damaged (kind, chain "
			"or message_salt)",
			h->given.id);
	memcpy(h->folded.chain, h->chain, sizeof(h->folded.chain));
	return 0;
}

static int
import_log_read_head(struct importer *im, const json_t *o,
	struct import_log_head *h)
{
	int rc = jx_int(o, "id", JX_REQUIRED, 1, STORE_OPEN_END - 1,
		&h->given.id, im->e);

	if (rc != 0)
		return rc;
	rc = jx_int(o, "ns", JX_REQUIRED, 1, 1 << 20, &h->info.ns, im->e);
	if (rc != 0)
		return rc;
	rc = jx_int(o, "at", JX_REQUIRED, INT64_MIN, INT64_MAX, &h->given.at,
		im->e);
	if (rc != 0)
		return rc;
	rc = jx_int(o, "branch", JX_REQUIRED, 1, INT64_MAX, &h->info.branch,
		im->e);
	if (rc != 0)
		return rc;
	rc = import_base_read(im, o, h->info.ns, &h->folded);
	if (rc == 1)
		h->given.folded = &h->folded;
	if (rc < 0)
		return rc;
	rc = jx_int(o, "ops", JX_REQUIRED, h->given.folded ? 0 : 1,
		LIMIT_CHANGE_FACTS, &h->ops, im->e);
	if (rc != 0)
		return rc;
	rc = jx_int(o, "about", JX_OPTIONAL, 0, INT64_MAX, &h->info.about,
		im->e);
	if (rc < 0)
		return rc;
	h->given.message_salt = h->salt;
	h->info.given = &h->given;
	return import_log_read_texts(im, o, h);
}

static int
check_chain(struct importer *im, const struct import_log_head *h)
{
	unsigned char chain[32];
	int64_t change = 0;
	int rc = log_head_at(im->st, h->info.ns, h->given.id, chain, &change,
		im->e);

	if (rc < 0)
		return rc;
	if (rc == 1 && change == h->given.id &&
		memcmp(chain, h->chain, 32) == 0)
		return 0;
	return err_set(im->e, MDB_E_CORRUPT,
		"change %" PRId64 " does not give the chain that the log says: "
		"the log was altered, or lines before it are missing",
		h->given.id);
}

/* The change is complete: writes it. */
static int
apply_change(struct importer *im)
{
	struct import_log_head h = {0};
	struct lens lens;
	int64_t change = 0, at = 0;
	size_t i;
	json_t *op;
	int rc = import_log_read_head(im, im->state.head, &h);

	if (rc != 0)
		return rc;
	rc = lens_make(im->st, h.info.branch, STORE_OPEN_END, &lens, im->e);
	if (rc != 0)
		return rc;
	rc = lens_apply(im->st, &lens, im->e);
	if (rc != 0)
		return rc;
	im->is_folded = h.given.folded != NULL;
	rc = change_begin(im->st, &h.info, &im->change, im->e);
	if (rc != 0)
		return rc;
	json_array_foreach(im->ops, i, op) {
		rc = import_log_replay_op(im, op, h.info.ns);
		if (rc != 0)
			return rc;
	}
	rc = change_seal(take_ptr(im->change), &change, &at, im->e);
	if (rc != 0)
		return rc;
	rc = check_chain(im, &h);
	if (rc != 0)
		return rc;
	im->state.applied = true;
	im->written += h.ops;
	im->result->added += h.ops;
	im->result->change = change;
	im->result->at = at;
	json_decref(im->state.head);
	im->state.head = NULL;
	return drop_staged(im);
}

/* --- lines ---------------------------------------------------------------- */
struct same {
	const struct import_log_head *h;
	bool here, is_same;
};

static int
compare_change(void *ctx, const struct log_change *c)
{
	struct same *s = ctx;

	s->here = true;
	s->is_same = c->ns == s->h->info.ns && c->chain &&
		     memcmp(c->chain, s->h->chain, 32) == 0;
	return 0;
}

static int
replay_change(struct importer *im, const json_t *o)
{
	struct import_log_head h = {0};
	struct same s = {.h = &h};
	int rc;

	if (im->state.head)
		return err_set(im->e, MDB_E_INVALID,
			"line %" PRId64 ": the change before it is not "
			"complete; lines are missing",
			im->line);
	rc = import_log_read_head(im, o, &h);
	if (rc != 0)
		return rc;
	rc = log_get(im->st, h.given.id, compare_change, &s, im->e);
	if (rc < 0)
		return rc;
	if (h.given.folded)
		rc = import_base_place(im, &h.info, &s.here, &s.is_same);
	if (rc < 0)
		return rc;
	if (s.here && !s.is_same)
		return err_set(im->e, MDB_E_CONFLICT,
			"change %" PRId64 " of this database is another one "
			"than that of the log; a log can be replayed into an "
			"empty database or continue its own. To add what is "
			"in it to this memory, import an export made with "
			"--current",
			h.given.id);
	rc = s.here ? 0 : import_check_log_place(im, h.info.ns);
	if (rc != 0)
		return rc;
	im->state.skip = s.here;
	im->result->skipped += s.here;
	if (s.here)
		return 0;
	im->state.head = jx_copy(o);
	if (!im->state.head)
		return err_nomem(im->e);
	return h.ops == 0 ? apply_change(im) : 0;
}

static int
replay_one_op(struct importer *im, const json_t *o)
{
	const json_t *ops;

	if (im->state.skip)
		return 0;
	if (!im->state.head)
		return err_set(im->e, MDB_E_INVALID,
			"line %" PRId64 ": an operation outside of a change; "
			"lines are missing",
			im->line);
	if (json_array_append(im->ops, (json_t *)(uintptr_t)o) != 0)
		return err_nomem(im->e);
	ops = json_object_get(im->state.head, "ops");
	return (json_int_t)json_array_size(im->ops) >= json_integer_value(ops)
		       ? apply_change(im)
		       : 0;
}

int
replay_line(struct importer *im, const json_t *record)
{
	static const struct {
		const char *type;
		int (*fn)(struct importer *im, const json_t *o);
	} lines[] = {{"namespace", replay_namespace},
		{"version", replay_version}, {"change", replay_change},
		{"op", replay_one_op}, {"alias", replay_alias},
		{"conflict", replay_conflict}, {"staged", replay_staged},
		{"run", replay_run}, {"file", replay_file},
		{"usage", replay_usage}, {"runs", replay_runs},
		{"outcome", replay_outcome},
		{"outcome_day", replay_outcome_day}};
	const char *type = jx_text(record, "type");

	for (size_t i = 0; type != NULL && i < ARRAY_LEN(lines); i++)
		if (strcmp(lines[i].type, type) == 0) {
			int rc = lines[i].fn(im, record);

			if (rc < 0 && im->e)
				err_prefix(im->e, "line %" PRId64, im->line);
			return rc;
		}
	return err_set(im->e, MDB_E_INVALID,
		"line %" PRId64 ": '%.60s' is no line of a log", im->line,
		type != NULL ? type : "");
}
