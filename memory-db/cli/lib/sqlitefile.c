/* A table is a tree of pages, whose leaves hold its rows. A row is a header of
 * types, then the values; what does not fit its page goes on in a chain of
 * others. The table of all tables stands on page 1:
 *
 *   page 1    "sqlite_schema": type, name, tbl_name, rootpage, sql
 *   interior  [child page, key] ...  and a last child
 *   leaf      [length, rowid, record] ...
 *
 * The format is described at sqlite.org/fileformat2.html. */
#include "memory-db/cli/lib/sqlitefile.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/lib/sqlitepages.h"

#define DEPTH_MAX   24
#define COLUMNS_MAX 200
#define NAME_BYTES  64
#define PAYLOAD_MAX (8 * 1024 * 1024)
#define LEAF	    13
#define INTERIOR    5

struct sqlitefile {
	struct sqlitepages pages;
};

struct sqlitefile_table {
	struct sqlitepages *f;
	const char *name;
	char columns[COLUMNS_MAX][NAME_BYTES];
	size_t columns_n;
	size_t rowid; /* the column that is the rowid; SIZE_MAX: none */
	sqlitefile_fn fn;
	void *ctx;
	struct err *e;
};

bool
sqlitefile_is(int fd)
{
	return sqlitepages_is(fd);
}

int
sqlitefile_open(const char *path, struct sqlitefile **ret, struct err *e)
{
	AUTO_SQLITEFILE struct sqlitefile *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return err_nomem(e);
	rc = sqlitepages_open(&f->pages, path, e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(f);
	return 0;
}

void
sqlitefile_close(struct sqlitefile *f)
{
	if (!f)
		return;
	sqlitepages_close(&f->pages);
	free(f);
}

/* --- rows ------------------------------------------------------------------ */
/* A number of 1 to 9 bytes; false: it passes the end. */
static bool
varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
	uint64_t v = 0;

	for (int i = 0; i < 9; i++) {
		uint8_t c;

		if (*p >= end)
			return false;
		c = *(*p)++;
		if (i == 8) {
			*ret = v << 8 | c;
			return true;
		}
		v = v << 7 | (c & 0x7f);
		if (!(c & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

static size_t
value_size(uint64_t type)
{
	static const uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};

	return type < 12 ? sizes[type] : (size_t)((type - 12) / 2);
}

/* New, or NULL when it is nothing to tell (or no memory: then it is missing). */
static json_t *
value_json(uint64_t type, const uint8_t *p)
{
	uint64_t v = 0;
	double d;

	if (type == 8 || type == 9)
		return json_integer((json_int_t)(type - 8));
	if (type >= 1 && type <= 7) {
		size_t n = value_size(type);

		if (type != 7 && (p[0] & 0x80))
			v = UINT64_MAX;
		for (size_t i = 0; i < n; i++)
			v = v << 8 | p[i];
		if (type != 7)
			return json_integer((json_int_t)v);
		memcpy(&d, &v, sizeof(d));
		return json_real(d);
	}
	if (type < 13 || type % 2 == 0)
		return NULL;
	return text_is_utf8((const char *)p, value_size(type))
		       ? json_stringn((const char *)p, value_size(type))
		       : NULL;
}

/* A record as a row; false: it is not as a record is. */
static bool
record_json(const struct sqlitefile_table *t, int64_t rowid, const uint8_t *p,
	size_t n, json_t *row)
{
	const uint8_t *end = p + n, *types = p, *at, *types_end;
	uint64_t head;

	if (!varint(&types, end, &head) || head > n)
		return false;
	at = types_end = p + head;
	for (size_t i = 0; types < types_end && i < t->columns_n; i++) {
		uint64_t type;
		json_t *v;

		if (!varint(&types, types_end, &type) ||
			value_size(type) > (size_t)(end - at))
			return false;
		v = i == t->rowid && type == 0 ? json_integer(rowid)
					       : value_json(type, at);
		at += value_size(type);
		if (v && json_object_set_new(row, t->columns[i], v) != 0)
			return false;
	}
	return true;
}

/* Bytes of a payload that lie on its leaf. */
static size_t
local_size(const struct sqlitepages *f, uint64_t payload)
{
	uint64_t most = f->usable - 35;
	uint64_t least = (f->usable - 12) * 32 / 255 - 23;
	uint64_t k;

	if (payload <= most)
		return (size_t)payload;
	k = least + (payload - least) % (f->usable - 4);
	return (size_t)(k <= most ? k : least);
}

/* The whole payload: `local` bytes at p, and the pages that follow. */
static int
read_payload(struct sqlitefile_table *t, const uint8_t *p, size_t local,
	uint64_t payload, struct buf *out)
{
	AUTO_FREE uint8_t *page = malloc(t->f->page_size);
	uint32_t next = sqlitepages_be32(p + local);

	if (!page || buf_add(out, (const char *)p, local) != 0)
		return err_nomem(t->e);
	while (out->len < payload) {
		size_t n = payload - out->len;

		if (n > t->f->usable - 4)
			n = t->f->usable - 4;
		if (!sqlitepages_read(t->f, next, page))
			return sqlitepages_corrupt(t->e);
		if (buf_add(out, (const char *)page + 4, n) != 0)
			return err_nomem(t->e);
		next = sqlitepages_be32(page);
	}
	return 0;
}

static int
take_cell(struct sqlitefile_table *t, const uint8_t *p, const uint8_t *end)
{
	AUTO_JSON json_t *row = json_object();
	AUTO_BUF struct buf whole = {0};
	uint64_t payload, rowid;
	size_t local;

	if (!row)
		return err_nomem(t->e);
	if (!varint(&p, end, &payload) || !varint(&p, end, &rowid))
		return sqlitepages_corrupt(t->e);
	local = local_size(t->f, payload);
	if (local + (local < payload ? 4 : 0) > (size_t)(end - p))
		return sqlitepages_corrupt(t->e);
	if (payload > PAYLOAD_MAX)
		return 0;
	if (local < payload) {
		int rc = read_payload(t, p, local, payload, &whole);

		if (rc != 0)
			return rc;
		p = (const uint8_t *)whole.data;
	}
	if (!record_json(t, (int64_t)rowid, p, (size_t)payload, row))
		return sqlitepages_corrupt(t->e);
	return t->fn(t->ctx, t->name, row);
}

static int
sqlitefile_walk(struct sqlitefile_table *t, uint32_t number, int depth)
{
	AUTO_FREE uint8_t *page = malloc(t->f->page_size);
	const uint8_t *head, *cells, *end;
	uint32_t n;
	int rc;

	if (!page)
		return err_nomem(t->e);
	if (depth > DEPTH_MAX || !sqlitepages_read(t->f, number, page))
		return sqlitepages_corrupt(t->e);
	head = page + (number == 1 ? 100 : 0);
	end = page + t->f->usable;
	n = sqlitepages_be16(head + 3);
	cells = head + (head[0] == INTERIOR ? 12 : 8);
	if ((head[0] != LEAF && head[0] != INTERIOR) || cells + 2 * n > end)
		return sqlitepages_corrupt(t->e);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *cell = page + sqlitepages_be16(cells + 2 * i);

		if (cell + 4 > end)
			return sqlitepages_corrupt(t->e);
		rc = head[0] == LEAF
			     ? take_cell(t, cell, end)
			     : sqlitefile_walk(t, sqlitepages_be32(cell),
				       depth + 1);
		if (rc != 0)
			return rc;
	}
	if (head[0] != INTERIOR)
		return 0;
	return sqlitefile_walk(t, sqlitepages_be32(head + 8), depth + 1);
}

/* --- columns --------------------------------------------------------------- */
static bool
is_constraint(const char *word)
{
	static const char *const words[] = {"PRIMARY", "UNIQUE", "CHECK",
		"FOREIGN", "CONSTRAINT"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(word, words[i]) == 0)
			return true;
	return false;
}

/* One definition, "name TYPE ..", up to its comma. */
static void
take_column(struct sqlitefile_table *t, const char *s, size_t n)
{
	char word[NAME_BYTES], quote = '\0';
	size_t k = 0;

	while (n > 0 && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	if (n > 0 && strchr("\"`[", *s)) {
		quote = *s == '[' ? ']' : *s;
		s++;
		n--;
	}
	while (k < n && k + 1 < NAME_BYTES &&
		(quote ? s[k] != quote
		       : isalnum((unsigned char)s[k]) || s[k] == '_')) {
		word[k] = s[k];
		k++;
	}
	word[k] = '\0';
	if (k == 0 || t->columns_n == COLUMNS_MAX ||
		(!quote && is_constraint(word)))
		return;
	if (memmem(s, n, "INTEGER PRIMARY KEY", 19) ||
		memmem(s, n, "integer primary key", 19))
		t->rowid = t->columns_n;
	memcpy(t->columns[t->columns_n++], word, k + 1);
}

static void
take_columns(struct sqlitefile_table *t, const char *sql)
{
	const char *s = strchr(sql, '('), *from;
	int depth = 0;
	char quote = '\0';

	if (!s)
		return;
	for (from = ++s; *s && depth >= 0; s++) {
		if (quote) {
			quote = *s == quote ? '\0' : quote;
			continue;
		}
		if (*s == '\'' || *s == '"' || *s == '`')
			quote = *s;
		depth += (*s == '(') - (*s == ')');
		if (depth < 0 || (depth == 0 && *s == ',')) {
			take_column(t, from, (size_t)(s - from));
			from = s + 1;
		}
	}
}

struct schema_search {
	const char *name;
	uint32_t root;
	struct sqlitefile_table *found;
};

static int
look_at_schema(void *ctx, const char *table, const json_t *row)
{
	struct schema_search *x = ctx;
	const char *type = jx_text(row, "type"), *name = jx_text(row, "name");
	const char *sql = jx_text(row, "sql");

	(void)table;
	if (!type || !name || !sql || strcmp(type, "table") != 0 ||
		strcmp(name, x->name) != 0)
		return 0;
	x->root =
		(uint32_t)json_integer_value(json_object_get(row, "rootpage"));
	take_columns(x->found, sql);
	return 1;
}

int
sqlitefile_each(struct sqlitefile *f, const char *table, sqlitefile_fn fn,
	void *ctx, struct err *e)
{
	struct sqlitefile_table t = {.f = &f->pages,
		.name = table,
		.rowid = SIZE_MAX,
		.fn = fn,
		.ctx = ctx,
		.e = e};
	struct schema_search x = {.name = table, .found = &t};
	struct sqlitefile_table schema = {.f = &f->pages,
		.name = "sqlite_schema",
		.columns = {"type", "name", "tbl_name", "rootpage", "sql"},
		.columns_n = 5,
		.rowid = SIZE_MAX,
		.fn = look_at_schema,
		.ctx = &x,
		.e = e};
	int rc;

	sqlitepages_walk(&f->pages);
	rc = sqlitefile_walk(&schema, 1, 0);
	if (rc != 1)
		return rc;
	rc = sqlitefile_walk(&t, x.root, 0);
	return rc != 0 ? rc : 1;
}
