/* A new fact comes into being: digest, body, row, span, op, in this order.
 *
 * For example "likes tea" of Ada by change 7: a random salt is drawn, the
 * digest is made of salt and text, the text is packed, the row of fact 9 is
 * written, a span of fact 9 opens at 7, and op 0 of change 7 says that it
 * shows fact 9. */
#include <assert.h>
#include <string.h>

#include "common/limits.h"
#include "memory-db/store/log/change_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/fact_key.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/store/facts/pack.h"

enum { ADD_FACT };

static const struct stmt_def defs[] = {
	[ADD_FACT] = {"INSERT INTO fact(id, entity, kind, peer, label, weight, "
		      "method, confidence, valid_from, valid_to, source, "
		      "speaker, source_at, supersedes, flags, same, salt, "
		      "digest, size, body) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,"
		      "?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)",
		20, STMT_WRITER},
};
const struct stmt_module add_module = {"add", defs, ARRAY_LEN(defs)};

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
digest_new(struct change *c, const struct fact *f, const unsigned char *salt,
	unsigned char *ret_digest, struct err *e)
{
	struct buf label AUTO_BUF = {0}, source AUTO_BUF = {0},
			 speaker AUTO_BUF = {0};
	struct digest_fact d = digest_fact_of(f, c->info.ns, salt);
	struct {
		int64_t id;
		struct buf *b;
		const char **target;
	} texts[] = {{f->label, &label, &d.label},
		{f->source, &source, &d.source},
		{f->speaker, &speaker, &d.speaker}};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int rc = texts[i].id == 0 ? 0
					  : label_text(c->st, texts[i].id,
						    texts[i].b, e);

		if (rc < 0)
			return rc;
		if (rc == 1) {
			*texts[i].target = buf_str(texts[i].b);
			if (!*texts[i].target)
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
		return fact_key_of_text(c->st, f->text, f->text_n, ret_same, e);
	if (f->kind == FACT_RELATION)
		*ret_same = fact_key_of_relation(c->st, f->peer, f->label);
	if (fact_is_mark(f->kind))
		*ret_same = fact_key_of_mark(c->st, f->supersedes);
	return 0;
}

/* Whether the name of an existence fact is the first one of its entity: that one
 * stands in the row of the entity. */
static int
is_first_name(struct change *c, const struct fact *f, bool *ret, struct err *e)
{
	struct buf *first = &c->made_name;

	if (f->entity != c->made_last) {
		int rc;

		first = &c->text;
		buf_clear(first, 64 * 1024);
		rc = entity_first_name(c->st, f->entity, NULL, first, e);
		if (rc < 0)
			return rc;
	}
	*ret = first->len == f->text_n &&
	       memcmp(first->data, f->text, f->text_n) == 0;
	return 0;
}

/* Packs the body into c->body; empty for none. */
static int
pack_body(struct change *c, const struct fact *f, struct err *e)
{
	bool is_first = false;
	int rc;

	buf_clear(&c->body, 64 * 1024);
	if (f->kind == FACT_EXISTENCE) {
		rc = is_first_name(c, f, &is_first, e);
		if (rc || is_first)
			return rc;
	} else if (f->kind == FACT_RELATION && f->text_n == 0) {
		return 0;
	}
	return pack_write(c->st, c->info.ns, f->text, f->text_n, &c->body, e);
}

static int
insert_fact(struct change *c, const struct fact *f, int64_t same,
	const unsigned char *salt, const unsigned char *digest, struct err *e)
{
	sqlite3_stmt *s = stmt_use(c->st, MOD_ADD, ADD_FACT);
	int rc;

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
	if (salt && (f->kind == FACT_OBSERVATION || f->kind == FACT_RELATION ||
			    fact_is_mark(f->kind)))
		bind_i(s, 16, same);
	if (salt)
		bind_b(s, 17, salt, FACT_SALT_BYTES);
	bind_b(s, 18, digest, FACT_DIGEST_BYTES);
	bind_i(s, 19, (int64_t)f->text_n);
	if (c->body.len > 0)
		bind_b(s, 20, c->body.data, c->body.len);
	rc = stmt_run(c->st, s, e);
	if (rc != 0)
		return rc;
	if (c->body.len > 0)
		rc = counters_add(c->st, c->info.ns, TALLY_TOTAL, TOTAL_STORED,
			(int64_t)c->body.len, e);
	return rc;
}

static int
change_add_check_room(struct change *c, struct err *e)
{
	int64_t limit = c->st->base->namespace_facts;

	if (counters_facts(c->st->base, c->info.ns) + c->seq < limit)
		return 0;
	return err_set(e, MDB_E_LIMIT,
		"this namespace holds %lld facts, its limit; delete what is "
		"no longer needed, or raise --limit-namespace-facts",
		(long long)limit);
}

/* Writes f, which has its id, with this salt (NULL: erased) and digest. */
static int
change_add_write_fact(struct change *c, const struct fact *f,
	const unsigned char *salt, const unsigned char *digest, struct err *e)
{
	int64_t same = 0;
	int rc;

	/* Ids follow each other; only a base has gaps, of facts that went. */
	assert(f->id == c->fact_max + 1 || change_folded_of(c));
	/* A salt would let somebody try texts until the digest fits. */
	assert(f->erased == (salt == NULL));
	rc = f->erased ? 0 : same_of(c, f, &same, e);
	if (rc != 0)
		return rc;
	if (f->erased)
		buf_clear(&c->body, 64 * 1024);
	else
		rc = pack_body(c, f, e);
	if (rc != 0)
		return rc;
	rc = insert_fact(c, f, same, salt, digest, e);
	if (rc != 0)
		return rc;
	/* It has a body only where it says another than the first name. */
	if (f->kind == FACT_EXISTENCE && c->body.len > 0)
		rc = entity_alias(c->st, c->info.ns, f->text, f->text_n,
			f->entity, false, e);
	if (rc != 0)
		return rc;
	rc = change_open_fact(c, f, digest, e);
	if (rc != 0)
		return rc;
	c->fact_max = f->id;
	return 0;
}

int
change_make_entity(struct change *c, const char *name, size_t n,
	int64_t *ret_id, struct err *e)
{
	int rc;

	buf_clear(&c->made_name, 4096);
	if (buf_add(&c->made_name, name, n) != 0)
		return err_nomem(e);
	rc = entity_create(c->st, c->info.ns, name, n, ret_id, e);
	if (rc != 0)
		return rc;
	/* Ids only grow, so one look tells those of this change from others. */
	assert(*ret_id > c->made_last);
	if (c->made_first == 0)
		c->made_first = *ret_id;
	c->made_last = *ret_id;
	return 0;
}

int
change_add_fact(struct change *c, const struct fact *given, int64_t *ret_id,
	struct err *e)
{
	unsigned char salt[FACT_SALT_BYTES], digest[FACT_DIGEST_BYTES];
	struct fact f = *given;
	int rc = change_add_check_room(c, e);

	f.id = c->fact_max + 1;
	f.erased = false;
	/* -0.0 is stored as 0, so it must not be what the digest is of. */
	f.weight += 0.0;
	f.confidence += 0.0;
	randombytes_buf(salt, sizeof(salt));
	if (rc != 0)
		return rc;
	rc = digest_new(c, &f, salt, digest, e);
	if (rc != 0)
		return rc;
	rc = change_add_write_fact(c, &f, salt, digest, e);
	if (rc != 0)
		return rc;
	if (ret_id != NULL)
		*ret_id = f.id;
	return rc;
}

int
change_replay_fact(struct change *c, const struct fact *f,
	const unsigned char *salt, const unsigned char *given, struct err *e)
{
	unsigned char digest[FACT_DIGEST_BYTES];
	int r = change_add_check_room(c, e);

	if (r != 0)
		return r;
	if (change_folded_of(c) == NULL
			? f->id != c->fact_max + 1
			: f->id <= store_ids_of(c->info.ns) ||
				  f->id > change_folded_of(c)->fact_max)
		return err_set(e, MDB_E_CONFLICT,
			"fact %lld cannot be replayed: the next of its "
			"namespace is %lld",
			(long long)f->id, (long long)c->fact_max + 1);
	if (f->erased)
		memcpy(digest, given, sizeof(digest));
	else
		r = digest_new(c, f, salt, digest, e);
	if (r != 0)
		return r;
	return change_add_write_fact(c, f, f->erased ? NULL : salt, digest, e);
}
