/* Building and sealing a change. See change.h for the digests and the chain. */
#include "memory-db/store/change.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/store/digest.h"
#include "memory-db/store/internal.h"
#include "memory-db/store/names.h"
#include "memory-db/store/same.h"
#include "memory-db/store/text_index.h"

enum {
	LAST, NS_HEAD, NS_SET, ADD_CHANGE, ADD_OP, ADD_FACT, OPEN_SPAN,
	CLOSE_SPAN, MASK_SPAN, ADD_PAST, LAST_VERSION, ADD_VERSION, END_ATTR,
	ADD_ATTR, FACT_PLACE, SEEN, REMEMBER
};

static const struct stmt_def defs[] = {
	[LAST] = {"SELECT id, at FROM change ORDER BY id DESC LIMIT 1", 0, 0},
	[NS_HEAD] = {"SELECT head, fact_max, past_max FROM namespace WHERE "
		     "id = ?1", 1, STMT_WRITER},
	[NS_SET] = {"UPDATE namespace SET head = ?2, last_change = ?3, "
		    "fact_max = ?4, past_max = ?5 WHERE id = ?1", 5,
		STMT_WRITER},
	[ADD_CHANGE] = {"INSERT INTO change(id, ns, at, branch, kind, actor, "
			"client, session, message, message_salt, "
			"message_digest, about, fact_max, past_max, chain) "
			"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,"
			"?14,?15)", 15, STMT_WRITER},
	[ADD_OP] = {"INSERT INTO op(change, seq, what, entity, fact, key, "
		    "value) VALUES(?1,?2,?3,?4,?5,?6,?7)", 7, STMT_WRITER},
	[ADD_FACT] = {"INSERT INTO fact(id, entity, kind, peer, label, weight, "
		      "method, confidence, valid_from, valid_to, source, "
		      "speaker, source_at, supersedes, flags, same, salt, "
		      "digest, size, body) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,"
		      "?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)", 20,
		STMT_WRITER},
	[OPEN_SPAN] = {"INSERT OR REPLACE INTO span(fact, branch, added, "
		       "removed, entity) VALUES(?1, ?2, ?3, 140737488355327, "
		       "?4)", 4, STMT_WRITER},
	[CLOSE_SPAN] = {"UPDATE span SET removed = ?3 WHERE fact = ?1 AND "
			"branch = ?2 AND removed = 140737488355327 RETURNING "
			"added", 3, STMT_WRITER},
	[MASK_SPAN] = {"INSERT OR REPLACE INTO span(fact, branch, added, "
		       "removed, entity) VALUES(?1, ?2, ?3, ?3, ?4)", 4,
		STMT_WRITER},
	[ADD_PAST] = {"INSERT INTO past(id, fact, added, removed) "
		      "VALUES(?1,?2,?3,?4)", 4, STMT_WRITER},
	[LAST_VERSION] = {"SELECT n, bytes FROM version WHERE entity = ?1 AND "
			  "branch = ?2 ORDER BY n DESC LIMIT 1", 2,
		STMT_WRITER},
	[ADD_VERSION] = {"INSERT INTO version(entity, branch, n, change, "
			 "bytes) VALUES(?1,?2,?3,?4,?5)", 5, STMT_WRITER},
	/* Set twice in one change: the first value never held. */
	[END_ATTR] = {"UPDATE OR REPLACE attr SET removed = ?4 WHERE "
		      "entity = ?1 AND branch = ?2 AND key = ?3 AND "
		      "removed = 140737488355327", 4, STMT_WRITER},
	[ADD_ATTR] = {"INSERT INTO attr(entity, branch, key, removed, added, "
		      "value) VALUES(?1, ?2, ?3, 140737488355327, ?4, ?5)", 5,
		STMT_WRITER},
	[FACT_PLACE] = {"SELECT digest, length(body) FROM fact WHERE id = ?1",
		1, STMT_WRITER},
	[SEEN] = {"SELECT change FROM request WHERE key = ?1 AND at >= ?2", 2,
		STMT_WRITER},
	[REMEMBER] = {"INSERT OR REPLACE INTO request(key, change, at) "
		      "VALUES(?1, ?2, ?3)", 3, STMT_WRITER},
};
const struct stmt_module change_module = {"change", defs, ARRAY_LEN(defs)};

/* An entity touched by the change: its next version grows by `delta`. */
struct touched {
	int64_t entity, delta;
};

struct change {
	struct store *st;
	struct change_info info;
	int64_t id, at, fact_max, past_max;
	int64_t seq;
	unsigned char head[CHAIN_BYTES];
	unsigned char message_salt[FACT_SALT_BYTES];
	unsigned char message_digest[FACT_DIGEST_BYTES];
	struct chain chain;
	struct touched *touched;	/* open addressing by entity */
	size_t touched_n, touched_cap;
	struct buf body, text;
};

static const char *const kind_names[CHANGE_KIND_MAX] = {"unknown", "create",
	"add", "relate", "delete", "update", "rename", "import", "move", "undo",
	"revert", "merge", "branch", "script", "curate", "forget"};

const char *
change_kind_name(int kind)
{
	return kind_names[kind > 0 && kind < CHANGE_KIND_MAX ? kind : 0];
}

/* --- begin ------------------------------------------------------------------------ */
static int
load_last(struct change *c, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(c->st, MOD_CHANGE, LAST);
	int r = stmt_row(c->st, s, e);

	c->id = 1;
	c->at = clock_now_ms();
	if (r == 1) {
		c->id = sqlite3_column_int64(s, 0) + 1;
		if (sqlite3_column_int64(s, 1) > c->at)
			c->at = sqlite3_column_int64(s, 1);
	}
	return r < 0 ? r : 0;
}

/* A replayed change brings its id and time; they must follow what is there. */
static int
take_given(struct change *c, struct err *e)
{
	const struct change_given *g = c->info.given;

	if (g == NULL)
		return 0;
	if (g->id < c->id)
		return err_set(e, MDB_E_CONFLICT,
			"change %lld cannot be replayed: this database has "
			"changes up to %lld of its own; replay into an empty "
			"database", (long long)g->id, (long long)c->id - 1);
	c->id = g->id;
	c->at = g->at;
	return 0;
}

static int
load_namespace(struct change *c, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(c->st, MOD_CHANGE, NS_HEAD);
	int r;

	bind_i(s, 1, c->info.ns);
	r = stmt_row(c->st, s, e);
	if (r < 0)
		return r;
	if (r == 0 || sqlite3_column_bytes(s, 0) != CHAIN_BYTES)
		return err_set(e, MDB_E_CORRUPT, "namespace %lld is damaged",
			(long long)c->info.ns);
	memcpy(c->head, sqlite3_column_blob(s, 0), CHAIN_BYTES);
	c->fact_max = sqlite3_column_int64(s, 1);
	c->past_max = sqlite3_column_int64(s, 2);
	return 0;
}

static void
begin_chain(struct change *c)
{
	const char *m = c->info.message;
	struct chain_head h = {
		.ns = c->info.ns, .id = c->id, .at = c->at,
		.branch = c->info.branch, .kind = (int64_t)c->info.kind,
		.about = c->info.about, .actor = c->info.actor,
		.client = c->info.client, .session = c->info.session,
		.message_digest = c->message_digest,
	};

	if (m != NULL && c->info.given != NULL)
		memcpy(c->message_salt, c->info.given->message_salt,
			sizeof(c->message_salt));
	else if (m != NULL)
		randombytes_buf(c->message_salt, sizeof(c->message_salt));
	digest_message(c->message_salt, m, m != NULL ? strlen(m) : 0,
		c->message_digest);
	chain_begin(&c->chain, c->head, &h);
}

int
change_begin(struct store *st, const struct change_info *info,
	struct change **ret, struct err *e)
{
	struct change *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return err_nomem(e);
	c->st = st;
	c->info = *info;
	r = load_last(c, e);
	if (r == 0)
		r = take_given(c, e);
	if (r == 0)
		r = load_namespace(c, e);
	if (r != 0) {
		change_drop(c);
		return r;
	}
	begin_chain(c);
	*ret = c;
	return 0;
}

void
change_drop(struct change *c)
{
	if (c == NULL)
		return;
	buf_done(&c->body);
	buf_done(&c->text);
	free(c->touched);
	free(c);
}

int64_t
change_ops(const struct change *c)
{
	return c->seq;
}

int64_t
change_id(const struct change *c)
{
	return c->id;
}

/* --- entities touched -------------------------------------------------------------- */
static struct touched *
touched_slot(struct touched *table, size_t cap, int64_t entity)
{
	size_t i = (size_t)((uint64_t)entity * 0x9e3779b97f4a7c15u) & (cap - 1);

	while (table[i].entity != 0 && table[i].entity != entity)
		i = (i + 1) & (cap - 1);
	return &table[i];
}

static int
touched_grow(struct change *c, struct err *e)
{
	size_t cap = c->touched_cap == 0 ? 8 : c->touched_cap * 2;
	struct touched *table = calloc(cap, sizeof(*table));

	if (table == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < c->touched_cap; i++)
		if (c->touched[i].entity != 0)
			*touched_slot(table, cap, c->touched[i].entity) =
				c->touched[i];
	free(c->touched);
	c->touched = table;
	c->touched_cap = cap;
	return 0;
}

static int
touch(struct change *c, int64_t entity, int64_t delta, struct err *e)
{
	struct touched *t;
	int r = 0;

	if (2 * (c->touched_n + 1) > c->touched_cap)
		r = touched_grow(c, e);
	if (r != 0)
		return r;
	t = touched_slot(c->touched, c->touched_cap, entity);
	if (t->entity == 0) {
		t->entity = entity;
		c->touched_n++;
	}
	t->delta += delta;
	return 0;
}

/* --- ops --------------------------------------------------------------------------- */
static int
add_op(struct change *c, enum op_what what, int64_t entity, int64_t fact,
	int64_t key, int64_t value, const unsigned char *digest, struct err *e)
{
	sqlite3_stmt *s;

	if (c->seq >= LIMIT_CHANGE_FACTS)
		return err_set(e, MDB_E_LIMIT,
			"this would touch more than %d facts at once; split "
			"it into several calls",
			LIMIT_CHANGE_FACTS);
	s = stmt_use(c->st, MOD_CHANGE, ADD_OP);
	bind_i(s, 1, c->id);
	bind_i(s, 2, c->seq++);
	bind_i(s, 3, (int64_t)what);
	bind_i(s, 4, entity);
	bind_i0(s, 5, fact);
	if (what == OP_ATTR) {
		bind_i(s, 6, key);
		bind_i(s, 7, value);
	}
	chain_op(&c->chain, what, entity, fact, key, value, digest);
	return stmt_run(c->st, s, e);
}

static int
open_span(struct change *c, int64_t fact, int64_t entity, struct err *e)
{
	sqlite3_stmt *s = stmt_use(c->st, MOD_CHANGE, OPEN_SPAN);

	bind_i(s, 1, fact);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, c->id);
	bind_i(s, 4, entity);
	return stmt_run(c->st, s, e);
}

static bool
on_main(const struct change *c)
{
	return c->info.branch == STORE_MAIN;
}

static int64_t
json_growth(const struct fact *f)
{
	return f->kind == FACT_OBSERVATION
		       ? (int64_t)jx_quoted_size(f->text, f->text_n) + 1
		       : 0;
}

/* Counters of main: `sign` +1 when a fact opens, -1 when it closes. */
static int
count_fact(struct change *c, const struct fact *f, int sign, struct err *e)
{
	static const int64_t totals[] = {
		[FACT_EXISTENCE] = TOTAL_ENTITIES,
		[FACT_OBSERVATION] = TOTAL_OBSERVATIONS,
		[FACT_RELATION] = TOTAL_RELATIONS,
	};
	int64_t ns = c->info.ns, tier = 0;
	int r = tally_add(c->st, ns, TALLY_TOTAL, TOTAL_FACTS, sign, e);

	if (r == 0 && f->kind != FACT_METADATA)
		r = tally_add(c->st, ns, TALLY_TOTAL, totals[f->kind], sign, e);
	if (r != 0 || f->kind != FACT_EXISTENCE)
		return r;
	r = attr_get(c->st, f->entity, ATTR_TIER, &tier, e);
	if (r == 0)
		r = tally_add(c->st, ns, TALLY_TIER, tier, sign, e);
	if (r == 0)
		r = tally_add(c->st, ns, TALLY_TYPE, f->label, sign, e);
	return r;
}

/* What the text index holds of a fact: name and type, or the text. */
struct indexed {
	const char *name, *body;
	size_t name_n, body_n;
	bool any;
	struct buf type;
};

static int
indexed_text(struct change *c, const struct fact *f, struct indexed *x,
	struct err *e)
{
	int r = 0;

	x->any = f->kind == FACT_EXISTENCE || f->kind == FACT_OBSERVATION;
	x->name = "";
	if (f->kind == FACT_OBSERVATION) {
		x->body = f->text;
		x->body_n = f->text_n;
	} else if (f->kind == FACT_EXISTENCE) {
		x->name = f->text;
		x->name_n = f->text_n;
		r = label_text(c->st, f->label, &x->type, e);
		x->body = x->type.data != NULL ? x->type.data : "";
		x->body_n = x->type.len;
	}
	return r < 0 ? r : 0;
}

static int
index_opens(struct change *c, const struct fact *f, struct err *e)
{
	struct indexed x = {0};
	int r = 0;

	if (!on_main(c))
		return 0; /* branches: see ft_branch */
	r = indexed_text(c, f, &x, e);
	if (r == 0 && x.any)
		r = text_opens(c->st, f->id, x.name, x.name_n, x.body,
			x.body_n, e);
	buf_done(&x.type);
	return r;
}

/* past 0: the fact never held (opened by this very change). */
static int
index_closes(struct change *c, const struct fact *f, int64_t past,
	struct err *e)
{
	struct indexed x = {0};
	int r = indexed_text(c, f, &x, e);

	if (r == 0 && x.any)
		r = text_closes(c->st, f->id, past, x.name, x.name_n, x.body,
			x.body_n, e);
	buf_done(&x.type);
	return r;
}

/* --- a new fact ---------------------------------------------------------------------- */
static void
bind_time(sqlite3_stmt *s, int i, int64_t t)
{
	if (t != FACT_NO_TIME)
		bind_i(s, i, t);
}

static void
bind_share(sqlite3_stmt *s, int i, double v)
{
	if (v >= 0)
		(void)sqlite3_bind_double(s, i, v);
}

static int
digest_new(struct change *c, const struct fact *f,
	const unsigned char *salt, unsigned char *ret_digest, struct err *e)
{
	struct buf label AUTO_BUF = {0}, source AUTO_BUF = {0},
		   speaker AUTO_BUF = {0};
	struct digest_fact d = {
		.salt = salt, .ns = c->info.ns, .entity = f->entity,
		.kind = (int64_t)f->kind, .peer = f->peer, .weight = f->weight,
		.method = (int64_t)f->method, .confidence = f->confidence,
		.valid_from = f->valid_from, .valid_to = f->valid_to,
		.source_at = f->source_at, .supersedes = f->supersedes,
		.text = f->text, .text_n = f->text_n,
	};
	struct {
		int64_t id;
		struct buf *b;
		const char **target;
	} texts[] = {{f->label, &label, &d.label},
		{f->source, &source, &d.source},
		{f->speaker, &speaker, &d.speaker}};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int r = texts[i].id == 0 ? 0
					 : label_text(c->st, texts[i].id,
						   texts[i].b, e);

		if (r < 0)
			return r;
		if (r == 1) {
			*texts[i].target = buf_str(texts[i].b);
			if (*texts[i].target == NULL)
				return err_nomem(e);
		}
	}
	digest_fact(&d, ret_digest);
	return 0;
}

/* Sets *ret_same for facts that can be looked up; 0 for none. */
static int
same_of(struct change *c, const struct fact *f, int64_t *ret_same,
	struct err *e)
{
	*ret_same = 0;
	if (f->kind == FACT_OBSERVATION)
		return same_of_text(c->st, f->text, f->text_n, ret_same, e);
	if (f->kind == FACT_RELATION)
		*ret_same = same_of_relation(c->st, f->peer, f->label);
	return 0;
}

/* Packs the body into c->body; empty for none. */
static int
pack_body(struct change *c, const struct fact *f, struct err *e)
{
	int r = 0;

	buf_clear(&c->body, 64 * 1024);
	if (f->kind == FACT_EXISTENCE) {
		buf_clear(&c->text, 64 * 1024);
		r = entity_first_name(c->st, f->entity, NULL, &c->text, e);
		if (r < 0 || (c->text.len == f->text_n &&
				     memcmp(c->text.data, f->text,
					     f->text_n) == 0))
			return r < 0 ? r : 0;
	} else if (f->kind == FACT_RELATION) {
		return 0;
	}
	r = codec_pack(&c->st->codec, f->text, f->text_n, &c->body);
	return r != 0 ? err_set(e, r, "a text cannot be packed") : 0;
}

static int
insert_fact(struct change *c, const struct fact *f, int64_t same,
	const unsigned char *salt, const unsigned char *digest, struct err *e)
{
	sqlite3_stmt *s = stmt_use(c->st, MOD_CHANGE, ADD_FACT);
	int r;

	bind_i(s, 1, f->id);
	bind_i(s, 2, f->entity);
	bind_i(s, 3, (int64_t)f->kind);
	bind_i0(s, 4, f->peer);
	bind_i0(s, 5, f->label);
	bind_share(s, 6, f->weight);
	bind_i(s, 7, (int64_t)f->method);
	bind_share(s, 8, f->confidence);
	bind_time(s, 9, f->valid_from);
	bind_time(s, 10, f->valid_to);
	bind_i0(s, 11, f->source);
	bind_i0(s, 12, f->speaker);
	bind_time(s, 13, f->source_at);
	bind_i0(s, 14, f->supersedes);
	bind_i(s, 15, f->flags);
	if (salt != NULL &&
		(f->kind == FACT_OBSERVATION || f->kind == FACT_RELATION))
		bind_i(s, 16, same);
	if (salt != NULL)
		bind_b(s, 17, salt, FACT_SALT_BYTES);
	bind_b(s, 18, digest, FACT_DIGEST_BYTES);
	bind_i(s, 19, (int64_t)f->text_n);
	if (c->body.len > 0)
		bind_b(s, 20, c->body.data, c->body.len);
	r = stmt_run(c->st, s, e);
	if (r == 0 && c->body.len > 0)
		r = tally_add(c->st, c->info.ns, TALLY_TOTAL, TOTAL_STORED,
			(int64_t)c->body.len, e);
	return r;
}

static int
check_room(struct change *c, struct err *e)
{
	int64_t limit = c->st->base->namespace_facts;

	if (tally_facts(c->st->base, c->info.ns) + c->seq < limit)
		return 0;
	return err_set(e, MDB_E_LIMIT,
		"this namespace holds %lld facts, its limit; delete what is "
		"no longer needed, or raise --limit-namespace-facts",
		(long long)limit);
}

/* Writes f, which has its id, with this salt (NULL: erased) and digest. */
static int
write_fact(struct change *c, const struct fact *f, const unsigned char *salt,
	const unsigned char *digest, struct err *e)
{
	int64_t same = 0;
	int r = f->erased ? 0 : same_of(c, f, &same, e);

	if (r == 0 && f->erased)
		buf_clear(&c->body, 64 * 1024);
	else if (r == 0)
		r = pack_body(c, f, e);
	if (r == 0)
		r = insert_fact(c, f, same, salt, digest, e);
	if (r == 0)
		r = open_span(c, f->id, f->entity, e);
	if (r == 0)
		r = add_op(c, OP_SHOW, f->entity, f->id, 0, 0, digest, e);
	if (r == 0)
		r = touch(c, f->entity, json_growth(f), e);
	if (r == 0 && on_main(c))
		r = count_fact(c, f, 1, e);
	if (r == 0 && !f->erased)
		r = index_opens(c, f, e);
	if (r == 0)
		c->fact_max = f->id;
	return r;
}

int
change_add_fact(struct change *c, const struct fact *given, int64_t *ret_id,
	struct err *e)
{
	unsigned char salt[FACT_SALT_BYTES], digest[FACT_DIGEST_BYTES];
	struct fact f = *given;
	int r = check_room(c, e);

	f.id = c->fact_max + 1;
	f.flags = 0;
	f.erased = false;
	randombytes_buf(salt, sizeof(salt));
	if (r == 0)
		r = digest_new(c, &f, salt, digest, e);
	if (r == 0)
		r = write_fact(c, &f, salt, digest, e);
	if (r == 0 && ret_id != NULL)
		*ret_id = f.id;
	return r;
}

int
change_replay_fact(struct change *c, const struct fact *f,
	const unsigned char *salt, const unsigned char *given, struct err *e)
{
	unsigned char digest[FACT_DIGEST_BYTES];
	int r = check_room(c, e);

	if (r == 0 && f->id != c->fact_max + 1)
		return err_set(e, MDB_E_CONFLICT,
			"fact %lld cannot be replayed: the next of its "
			"namespace is %lld", (long long)f->id,
			(long long)c->fact_max + 1);
	if (r == 0 && f->erased)
		memcpy(digest, given, sizeof(digest));
	else if (r == 0)
		r = digest_new(c, f, salt, digest, e);
	return r == 0 ? write_fact(c, f, f->erased ? NULL : salt, digest, e) : r;
}

/* --- hiding and showing ----------------------------------------------------------------- */
/* Closes the open span on the change's branch; *ret_added 0: it had none. */
static int
close_span(struct change *c, int64_t fact, int64_t *ret_added, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(c->st, MOD_CHANGE, CLOSE_SPAN);
	int r;

	bind_i(s, 1, fact);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, c->id);
	r = stmt_row(c->st, s, e);
	*ret_added = r == 1 ? sqlite3_column_int64(s, 0) : 0;
	if (r == 1)
		r = stmt_row(c->st, s, e);
	return r < 0 ? r : 0;
}

static int
mask_span(struct change *c, const struct fact *f, struct err *e)
{
	sqlite3_stmt *s = stmt_use(c->st, MOD_CHANGE, MASK_SPAN);

	bind_i(s, 1, f->id);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, c->id);
	bind_i(s, 4, f->entity);
	return stmt_run(c->st, s, e);
}

static int
add_past(struct change *c, int64_t fact, int64_t added, struct err *e)
{
	sqlite3_stmt *s = stmt_use(c->st, MOD_CHANGE, ADD_PAST);
	int r;

	bind_i(s, 1, c->past_max + 1);
	bind_i(s, 2, fact);
	bind_i(s, 3, added);
	bind_i(s, 4, c->id);
	r = stmt_run(c->st, s, e);
	if (r == 0) {
		c->past_max++;
		r = tally_add(c->st, c->info.ns, TALLY_TOTAL, TOTAL_PAST, 1, e);
	}
	return r;
}

struct apply {
	struct change *c;
	struct err *e;
	bool show;
};

static int
hide_loaded(struct change *c, const struct fact *f, struct err *e)
{
	int64_t added, past = 0;
	int r = close_span(c, f->id, &added, e);

	if (r != 0)
		return r;
	if (added == 0 && on_main(c))
		return err_set(e, MDB_E_INTERNAL,
			"fact %lld is not open on main", (long long)f->id);
	if (added == 0)
		r = mask_span(c, f, e);
	if (r == 0 && on_main(c) && added != c->id) {
		r = add_past(c, f->id, added, e);
		past = c->past_max;
	}
	if (r == 0)
		r = add_op(c, OP_HIDE, f->entity, f->id, 0, 0, NULL, e);
	if (r == 0)
		r = touch(c, f->entity, -json_growth(f), e);
	if (r == 0 && on_main(c))
		r = count_fact(c, f, -1, e);
	if (r == 0 && on_main(c))
		r = index_closes(c, f, past, e);
	return r;
}

static int
fact_digest(struct change *c, int64_t id, unsigned char *ret, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(c->st, MOD_CHANGE, FACT_PLACE);
	int r;

	bind_i(s, 1, id);
	r = stmt_row(c->st, s, e);
	if (r == 1 && sqlite3_column_bytes(s, 0) == FACT_DIGEST_BYTES)
		memcpy(ret, sqlite3_column_blob(s, 0), FACT_DIGEST_BYTES);
	else if (r >= 0)
		r = err_set(e, MDB_E_CORRUPT, "fact %lld has no digest",
			(long long)id);
	return r < 0 ? r : 0;
}

static int
show_loaded(struct change *c, const struct fact *f, struct err *e)
{
	unsigned char digest[FACT_DIGEST_BYTES];
	int r = fact_digest(c, f->id, digest, e);

	if (r == 0 && f->erased)
		r = err_set(e, MDB_E_NOT_FOUND,
			"fact %lld was forgotten and cannot come back",
			(long long)f->id);
	if (r == 0)
		r = open_span(c, f->id, f->entity, e);
	if (r == 0)
		r = add_op(c, OP_SHOW, f->entity, f->id, 0, 0, digest, e);
	if (r == 0)
		r = touch(c, f->entity, json_growth(f), e);
	if (r == 0 && on_main(c))
		r = count_fact(c, f, 1, e);
	if (r == 0)
		r = index_opens(c, f, e);
	return r;
}

static int
apply_fact(void *ctx, const struct fact *f)
{
	struct apply *a = ctx;

	return a->show ? show_loaded(a->c, f, a->e) : hide_loaded(a->c, f, a->e);
}

static int
apply_to(struct change *c, int64_t fact, bool show, struct err *e)
{
	struct apply a = {c, e, show};
	int r = fact_get(c->st, fact, apply_fact, &a, e);

	if (r == 0)
		return err_set(e, MDB_E_INTERNAL, "no fact %lld",
			(long long)fact);
	return r < 0 ? r : 0;
}

int
change_hide(struct change *c, int64_t fact, struct err *e)
{
	return apply_to(c, fact, false, e);
}

int
change_show(struct change *c, int64_t fact, struct err *e)
{
	return apply_to(c, fact, true, e);
}

/* --- attributes ------------------------------------------------------------------------ */
static int
move_tier(struct change *c, int64_t entity, int64_t from, int64_t to,
	struct err *e)
{
	int r = fact_existence(c->st, entity, NULL, NULL, NULL, e);

	if (r == 1)
		r = tally_add(c->st, c->info.ns, TALLY_TIER, from, -1, e);
	else
		return r;
	if (r == 0)
		r = tally_add(c->st, c->info.ns, TALLY_TIER, to, 1, e);
	return r;
}

int
change_attr(struct change *c, int64_t entity, enum attr_key key,
	int64_t value, struct err *e)
{
	sqlite3_stmt *s;
	int64_t before;
	int r = attr_get(c->st, entity, key, &before, e);

	if (r != 0 || before == value)
		return r;
	if (key == ATTR_TIER && on_main(c))
		r = move_tier(c, entity, before, value, e);
	if (r != 0)
		return r;
	s = stmt_use(c->st, MOD_CHANGE, END_ATTR);
	bind_i(s, 1, entity);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, (int64_t)key);
	bind_i(s, 4, c->id);
	r = stmt_run(c->st, s, e);
	if (r != 0)
		return r;
	s = stmt_use(c->st, MOD_CHANGE, ADD_ATTR);
	bind_i(s, 1, entity);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, (int64_t)key);
	bind_i(s, 4, c->id);
	bind_i(s, 5, value);
	r = stmt_run(c->st, s, e);
	if (r == 0)
		r = add_op(c, OP_ATTR, entity, before + 1, (int64_t)key, value,
			NULL, e);
	return r == 0 ? touch(c, entity, 0, e) : r;
}

/* --- sealing ------------------------------------------------------------------------------ */
/* Newest (n, bytes) on the branch, or where it was forked from. */
static int
last_version(struct change *c, int64_t entity, int64_t *ret_n,
	int64_t *ret_bytes, struct err *e)
{
	const struct lens *lens = lens_of(c->st);

	*ret_n = 0;
	*ret_bytes = 18; /* {"observations":[]} less a comma too many */
	for (int i = 0; i < lens->n; i++) {
		sqlite3_stmt *s AUTO_STMT =
			stmt_use(c->st, MOD_CHANGE, LAST_VERSION);
		int r;

		bind_i(s, 1, entity);
		bind_i(s, 2, lens->level[i].branch);
		r = stmt_row(c->st, s, e);
		if (r < 0)
			return r;
		if (r == 1) {
			*ret_n = sqlite3_column_int64(s, 0);
			*ret_bytes = sqlite3_column_int64(s, 1);
			return 0;
		}
	}
	return 0;
}

static int
seal_version(struct change *c, const struct touched *t, struct err *e)
{
	int64_t n, bytes, ns = c->info.ns;
	int r = last_version(c, t->entity, &n, &bytes, e);
	sqlite3_stmt *s;

	if (r != 0)
		return r;
	bytes += t->delta;
	s = stmt_use(c->st, MOD_CHANGE, ADD_VERSION);
	bind_i(s, 1, t->entity);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, n + 1);
	bind_i(s, 4, c->id);
	bind_i(s, 5, bytes);
	r = stmt_run(c->st, s, e);
	if (r == 0)
		r = tally_add(c->st, ns, TALLY_TOTAL, TOTAL_VERSIONS, 1, e);
	if (r == 0)
		r = tally_add(
			c->st, ns, TALLY_TOTAL, TOTAL_ORIGINAL, bytes, e);
	return r;
}

static int
seal_row(struct change *c, const unsigned char *head, struct err *e)
{
	sqlite3_stmt *s;
	int64_t actor, client, session;
	int r = label_intern(c->st, c->info.actor, &actor, e);

	if (r == 0)
		r = label_intern(c->st, c->info.client, &client, e);
	if (r == 0)
		r = label_intern(c->st, c->info.session, &session, e);
	if (r != 0)
		return r;
	s = stmt_use(c->st, MOD_CHANGE, ADD_CHANGE);
	bind_i(s, 1, c->id);
	bind_i(s, 2, c->info.ns);
	bind_i(s, 3, c->at);
	bind_i(s, 4, c->info.branch);
	bind_i(s, 5, (int64_t)c->info.kind);
	bind_i0(s, 6, actor);
	bind_i0(s, 7, client);
	bind_i0(s, 8, session);
	if (c->info.message != NULL) {
		bind_t(s, 9, c->info.message, strlen(c->info.message));
		bind_b(s, 10, c->message_salt, FACT_SALT_BYTES);
		bind_b(s, 11, c->message_digest, FACT_DIGEST_BYTES);
	}
	bind_i0(s, 12, c->info.about);
	bind_i(s, 13, c->fact_max);
	bind_i(s, 14, c->past_max);
	bind_b(s, 15, head, CHAIN_BYTES);
	return stmt_run(c->st, s, e);
}

static int
seal_namespace(struct change *c, const unsigned char *head, struct err *e)
{
	sqlite3_stmt *s = stmt_use(c->st, MOD_CHANGE, NS_SET);

	bind_i(s, 1, c->info.ns);
	bind_b(s, 2, head, CHAIN_BYTES);
	bind_i(s, 3, c->id);
	bind_i(s, 4, c->fact_max);
	bind_i(s, 5, c->past_max);
	return stmt_run(c->st, s, e);
}

static int
seal_all(struct change *c, struct err *e)
{
	unsigned char head[CHAIN_BYTES];
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->touched_cap; i++)
		if (c->touched[i].entity != 0)
			r = seal_version(c, &c->touched[i], e);
	if (r != 0)
		return r;
	chain_end(&c->chain, head);
	r = seal_row(c, head, e);
	if (r == 0)
		r = seal_namespace(c, head, e);
	if (r == 0)
		r = tally_add(c->st, c->info.ns, TALLY_TOTAL, TOTAL_CHANGES, 1,
			e);
	if (r == 0)
		r = tally_add(c->st, 0, TALLY_TOTAL, TOTAL_LAST_CHANGE, c->id,
			e);
	if (r == 0)
		r = tally_add(c->st, 0, TALLY_TOTAL, TOTAL_LAST_AT, c->at, e);
	return r;
}

int
change_seal(struct change *c, int64_t *ret_change, int64_t *ret_at,
	struct err *e)
{
	int r = 0;

	*ret_change = 0;
	*ret_at = c->at;
	if (c->seq > 0) {
		r = seal_all(c, e);
		*ret_change = c->id;
	}
	change_drop(c);
	return r;
}

/* --- retries -------------------------------------------------------------------------------- */
int
request_seen(struct store *st, const char *key, int64_t *ret_change,
	struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_CHANGE, SEEN);
	int r;

	bind_b(s, 1, key, strlen(key));
	bind_i(s, 2, clock_now_ms() - LIMIT_KEY_AGE_MS);
	r = stmt_row(st, s, e);
	if (r == 1)
		*ret_change = sqlite3_column_int64(s, 0);
	return r;
}

int
request_remember(struct store *st, const char *key, int64_t change,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_CHANGE, REMEMBER);

	bind_b(s, 1, key, strlen(key));
	bind_i(s, 2, change);
	bind_i(s, 3, clock_now_ms());
	return stmt_run(st, s, e);
}
