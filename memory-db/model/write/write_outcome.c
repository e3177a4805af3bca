/* What a write did, op by op: from that its reply is made (write.h). */
#include "memory-db/model/write/write_outcome.h"

#include <sodium.h>
#include <string.h>

#include "common/vec.h"

/* What one op did, as a hash of (what, entity, kind, peer, label, text). */
struct outcome_entry {
	uint64_t hash;
	int64_t entity;
	bool told; /* write_did has answered with it */
};

/* Existence and relation facts are known by peer and label alone. */
static uint64_t
outcome_hash(enum op_what what, int64_t entity, enum fact_kind kind,
	int64_t peer, int64_t label, const char *text, size_t n)
{
	static const unsigned char no_key[crypto_shorthash_KEYBYTES];
	int64_t head[6] = {(int64_t)what, entity, (int64_t)kind, peer, label,
		0};
	bool has_text =
		kind != FACT_EXISTENCE && (kind != FACT_RELATION || n > 0);
	uint64_t h;

	if (has_text)
		crypto_shorthash((unsigned char *)&head[5],
			(const unsigned char *)text, n, no_key);
	crypto_shorthash((unsigned char *)&h, (const unsigned char *)head,
		sizeof(head), no_key);
	return h;
}

int
write_record(struct write *w, uint64_t hash, int64_t entity, struct err *e)
{
	if (vec_room(w->entries, w->entries_n, w->entries_cap) != 0)
		return err_nomem(e);
	w->entries[w->entries_n++] =
		(struct outcome_entry){hash, entity, false};
	return 0;
}

int
write_record_attr(struct write *w, int64_t entity, int64_t key, struct err *e)
{
	return write_record(w,
		outcome_hash(OP_ATTR, entity, FACT_EXISTENCE, key, 0, "", 0),
		entity, e);
}

int
write_record_fact(struct write *w, enum op_what what, const struct fact *f,
	struct err *e)
{
	return write_record(w,
		outcome_hash(what, f->entity, f->kind, f->peer, f->label,
			f->text, f->text_n),
		f->entity, e);
}

bool
write_did(struct write *w, enum op_what what, int64_t entity,
	enum fact_kind kind, int64_t peer, int64_t label, const char *text,
	size_t n)
{
	uint64_t h = outcome_hash(what, entity, kind, peer, label, text, n);

	/* Replies ask in the order in which things were done: going on from
	 * the last hit finds nearly all at once. */
	for (size_t k = 0; k < w->entries_n; k++) {
		size_t i = (w->asked + k) % w->entries_n;

		if (w->entries[i].hash == h && !w->entries[i].told) {
			w->entries[i].told = true;
			w->asked = i;
			return true;
		}
	}
	return false;
}

bool
write_did_relation(struct write *w, enum op_what what,
	const struct relation_ends *ends, int64_t label)
{
	const char *text = ends->reversed ? FACT_REVERSED : "";

	return write_did(w, what, ends->entity, FACT_RELATION, ends->peer,
		label, text, strlen(text));
}

bool
write_did_attr(struct write *w, int64_t entity, enum attr_key key)
{
	return write_did(w, OP_ATTR, entity, FACT_EXISTENCE, key, 0, "", 0);
}

bool
write_touched(struct write *w, int64_t entity)
{
	for (size_t k = 0; k < w->entries_n; k++) {
		size_t i = (w->asked + k) % w->entries_n;

		if (w->entries[i].entity == entity) {
			w->asked = i;
			return true;
		}
	}
	return false;
}
