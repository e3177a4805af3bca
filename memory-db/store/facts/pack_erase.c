/* Does a dictionary hold a piece of a text that is erased? Each sequence of six
 * bytes of the text is looked for, which is the shortest that a dictionary was
 * made of (engine/train.c): first in a table of bits by hash, then itself. */
#include <stdlib.h>
#include <string.h>

#include "memory-db/store/engine/dictionaries.h"
#include "memory-db/store/facts/pack_internal.h"

#define SEQUENCE   6
#define TABLE_BITS 18

static unsigned
pack_erase_place_of(const char *p)
{
	uint64_t v = 0;

	memcpy(&v, p, SEQUENCE);
	return (unsigned)((v * UINT64_C(0x9e3779b97f4a7c15)) >>
			  (64 - TABLE_BITS));
}

/* What is built in stands at the beginning of each, and is nobody's text. */
static const char *
own_part(const struct dictionary_row *d, size_t *ret_n)
{
	struct codec_dictionary builtin;

	codec_builtin(&builtin);
	if (d->n >= builtin.n &&
		memcmp(d->bytes, builtin.bytes, builtin.n) == 0) {
		*ret_n = d->n - builtin.n;
		return (const char *)d->bytes + builtin.n;
	}
	*ret_n = d->n;
	return d->bytes;
}

static int
note_sequences(struct pack *x, const struct dictionary_row *d)
{
	size_t n;
	const char *p = own_part(d, &n);

	if (x->seen && x->seen_id == d->id)
		return 0;
	if (!x->seen)
		x->seen = malloc((1 << TABLE_BITS) / 8);
	if (!x->seen)
		return MDB_E_NOMEM;
	memset(x->seen, 0, (1 << TABLE_BITS) / 8);
	x->seen_id = d->id;
	for (size_t i = 0; i + SEQUENCE <= n; i++) {
		unsigned at = pack_erase_place_of(p + i);

		x->seen[at / 8] |= (unsigned char)(1 << at % 8);
	}
	return 0;
}

static bool
pack_erase_holds(const struct pack *x, const struct dictionary_row *d,
	const char *text, size_t n)
{
	size_t own_n;
	const char *own = own_part(d, &own_n);

	if (n < SEQUENCE)
		return n > 0 && memmem(own, own_n, text, n) != NULL;
	for (size_t i = 0; i + SEQUENCE <= n; i++) {
		unsigned at = pack_erase_place_of(text + i);

		if ((x->seen[at / 8] >> at % 8 & 1) &&
			memmem(own, own_n, text + i, SEQUENCE) != NULL)
			return true;
	}
	return false;
}

struct erased {
	struct pack *x;
	const struct packing *p;
	const char *text;
	size_t n;
	int stale;
};

static int
pack_erase_look_into(void *ctx, const struct dictionary_row *d)
{
	struct erased *r = ctx;

	if (note_sequences(r->x, d) != 0)
		return MDB_E_NOMEM;
	if (!pack_erase_holds(r->x, d, r->text, r->n))
		return 0;
	/* One that is being left goes with the walk that is under way. */
	r->stale = d->id == r->p->dictionary ? PACK_STALE : PACK_LEAVING;
	return r->stale == PACK_STALE;
}

static int
set_stale(struct store *st, int64_t ns, int stale, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_PACK, PACK_SET_STALE);

	bind_i(s, 1, ns);
	bind_i(s, 2, stale);
	return stmt_run(st, s, e);
}

int
pack_erase(struct store *st, int64_t ns, const char *text, size_t n,
	struct err *e)
{
	struct pack *x = pack_of(st);
	struct packing p;
	struct erased r = {x, &p, text, n, PACK_CLEAN};
	int rc;

	if (!x)
		return err_nomem(e);
	/* What is being made may be made of it. */
	if (x->p.ns == ns)
		pack_begin_anew(x);
	rc = pack_get(st, ns, &p, e);
	if (rc <= 0 || p.stale == PACK_STALE)
		return rc < 0 ? rc : 0;
	rc = dictionary_each(st, ns, pack_erase_look_into, &r, e);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc < 0 || r.stale == PACK_CLEAN)
		return rc < 0 ? rc : 0;
	pack_forget_quick(x, ns);
	return set_stale(st, ns, r.stale, e);
}
