/* Packing at write: the dictionaries of the namespaces that are written to. */
#include <string.h>

#include "memory-db/store/facts/pack_internal.h"

static void
drop_quick(struct pack_quick *q)
{
	squeeze_free(q->squeeze);
	*q = (struct pack_quick){0};
}

void
pack_forget_quick(struct pack *x, int64_t ns)
{
	for (int i = 0; i < PACK_QUICK; i++)
		if (ns == 0 || x->quick[i].ns == ns)
			drop_quick(&x->quick[i]);
}

void
pack_shrink(struct store *st)
{
	if (st->pack)
		pack_forget_quick(st->pack, 0);
}

static int
quick_of(struct store *st, struct pack *x, int64_t ns, struct pack_quick **ret,
	struct err *e)
{
	struct pack_quick *q = &x->quick[0];
	struct packing p = {0};
	int rc;

	for (int i = 0; i < PACK_QUICK; i++) {
		if (x->quick[i].ns == ns) {
			*ret = &x->quick[i];
			return 0;
		}
		if (x->quick[i].used < q->used)
			q = &x->quick[i];
	}
	rc = pack_get(st, ns, &p, e);
	if (rc < 0)
		return rc;
	drop_quick(q);
	/* Of a stale one nothing is to be stored any more. */
	q->dictionary = p.stale == PACK_STALE ? CODEC_BUILTIN : p.dictionary;
	rc = pack_squeeze_of(st, ns, q->dictionary, &q->squeeze, e);
	if (rc == MDB_E_CORRUPT) {
		q->dictionary = CODEC_BUILTIN;
		rc = pack_squeeze_of(st, ns, q->dictionary, &q->squeeze, e);
	}
	if (rc != 0)
		return rc;
	q->ns = ns;
	*ret = q;
	return 0;
}

int
pack_write(struct store *st, int64_t ns, const char *text, size_t n,
	struct buf *out, struct err *e)
{
	struct pack *x = st->role == STORE_WRITER ? pack_of(st) : NULL;
	struct pack_quick *q;
	int rc;

	/* A short one then stays as it is, until the walk comes to it. */
	if (!x || n >= CODEC_LONG_BYTES || st->is_crowded)
		return codec_pack(&st->codec, text, n, out) != 0 ? err_nomem(e)
								 : 0;
	rc = quick_of(st, x, ns, &q, e);
	if (rc != 0)
		return rc;
	q->used = ++x->uses;
	if (codec_squeeze(q->squeeze, SQUEEZE_QUICK, q->dictionary, text, n,
		    out) != 0)
		return err_nomem(e);
	return 0;
}
