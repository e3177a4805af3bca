#include "memory-db/model/read/relation_text.h"

#include <ctype.h>

#include "common/err.h"
#include "memory-db/store/facts/labels.h"

/* A type of capitals alone is no name: KNOWS is "knows". */
static bool
shouts(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (islower((unsigned char)s[i]) || (s[i] & 0x80))
			return false;
	return true;
}

static int
add_type(const char *s, size_t n, struct buf *out)
{
	bool is_loud = shouts(s, n);
	char before = ' ';

	for (size_t i = 0; i < n; i++) {
		bool begins = isupper((unsigned char)s[i]) &&
			      islower((unsigned char)before);
		char c = s[i];

		if (c == '_' || c == '-')
			c = ' ';
		if (is_loud || begins)
			c = (char)tolower((unsigned char)c);
		if ((begins && buf_addc(out, ' ') != 0) ||
			buf_addc(out, c) != 0)
			return MDB_E_NOMEM;
		before = s[i];
	}
	return 0;
}

static int
relation_text_add_name(struct store *st, int64_t entity, struct buf *out,
	struct err *e)
{
	int rc = fact_existence(st, entity, NULL, NULL, out, e);

	if (rc == 0)
		rc = entity_first_name(st, entity, NULL, out, e);
	return rc < 0 ? rc : 0;
}

int
relation_text(struct store *st, const struct fact *f, struct buf *out,
	struct err *e)
{
	bool reversed = fact_is_reversed(f);
	AUTO_BUF struct buf type = {0};
	int rc = label_text(st, f->label, &type, e);

	if (rc < 0)
		return rc;
	if (reversed) {
		rc = relation_text_add_name(st, f->peer, out, e);
		if (rc != 0)
			return rc;
		if (buf_addc(out, ' ') != 0)
			return err_nomem(e);
	}
	if (add_type(type.data ? type.data : "", type.len, out) != 0 ||
		buf_addc(out, ' ') != 0)
		return err_nomem(e);
	rc = relation_text_add_name(st, reversed ? f->entity : f->peer, out, e);
	if (rc != 0)
		return rc;
	return buf_str(out) ? 0 : err_nomem(e);
}

struct relation_text_reading {
	struct store *st;
	struct buf *out;
	int64_t entity; /* 0: it is none */
	struct err *e;
};

static int
read_relation(void *ctx, const struct fact *f)
{
	struct relation_text_reading *x = ctx;

	if (f->erased || f->kind != FACT_RELATION)
		return 0;
	x->entity = f->entity;
	return relation_text(x->st, f, x->out, x->e);
}

int
relation_text_of(struct store *st, int64_t fact, struct buf *out,
	int64_t *ret_entity, struct err *e)
{
	struct relation_text_reading x = {st, out, 0, e};
	int rc = fact_get(st, fact, read_relation, &x, e);

	if (rc < 0)
		return rc;
	*ret_entity = x.entity;
	return x.entity != 0;
}
