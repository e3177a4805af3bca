/* The file has a line a text: "DIGEST FACTS". Lines are only added; of a file
 * that has grown too long the older half goes. */
#include "memory-db/cli/lib/importseen.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/owned.h"
#include "common/text.h"
#include "memory-db/cli/lib/hookstate.h"
#include "memory-db/cli/lib/statefolder.h"

#define DIGEST_BYTES 16
/* 40 bytes a line: some 50,000 pieces of 128 KB. */
#define FILE_BYTES (2 * 1024 * 1024)

static int
read_line(struct importseen *s, char *line)
{
	char *blank = strchr(line, ' ');
	int64_t facts;

	/* A line that was torn tells nothing. */
	if (!blank || blank - line != DIGEST_BYTES * 2 ||
		text_int(blank + 1, 0, INT64_MAX, &facts) != 0)
		return 0;
	*blank = '\0';
	return jx_set(s->rows, line, json_integer(facts));
}

/* The newer half of a file that is too long stays. */
static int
shorten(const struct importseen *s, const char *text, size_t n)
{
	const char *half =
		n > FILE_BYTES ? memchr(text + n / 2, '\n', n - n / 2) : NULL;
	size_t k = half ? (size_t)(text + n - half - 1) : 0;

	if (!half)
		return 0;
	return ftruncate(s->fd, 0) == 0 &&
			       pwrite(s->fd, half + 1, k, 0) == (ssize_t)k
		       ? 0
		       : MDB_E_STORE;
}

static int
importseen_read_all(struct importseen *s)
{
	AUTO_BUF struct buf text = {0};
	ssize_t got;

	do {
		/* A run of a very large home: it is begun anew. */
		if (text.len > FILE_BYTES * 16)
			return ftruncate(s->fd, 0) == 0 ? 0 : MDB_E_STORE;
		if (buf_reserve(&text, 64 * 1024) != 0)
			return MDB_E_NOMEM;
		got = read(s->fd, text.data + text.len, 64 * 1024 - 1);
		text.len += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	if (got < 0 || !buf_str(&text))
		return got < 0 ? MDB_E_STORE : MDB_E_NOMEM;
	if (shorten(s, text.data, text.len) != 0)
		return MDB_E_STORE;
	for (char *rest = text.data, *line;
		(line = strsep(&rest, "\n")) != NULL;)
		if (read_line(s, line) != 0)
			return MDB_E_NOMEM;
	return 0;
}

int
importseen_open(struct importseen *s)
{
	char path[PATH_MAX];
	size_t n;
	int rc;

	*s = (struct importseen){.rows = json_object(), .fd = -1};
	if (!s->rows)
		return MDB_E_NOMEM;
	if (!statefolder(path, true))
		return 0;
	n = strlen(path);
	if (snprintf(path + n, sizeof(path) - n, "/imported") >=
			(int)(sizeof(path) - n) ||
		owned_open(path, O_RDWR | O_CREAT | O_APPEND, 0600, &s->fd,
			NULL, NULL) != 0)
		return 0;
	rc = importseen_read_all(s);
	/* One that cannot be read counts as empty. */
	return rc == MDB_E_NOMEM ? rc : 0;
}

void
importseen_done(struct importseen *s)
{
	json_decref(s->rows);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct importseen){.fd = -1};
}

void
importseen_digest(const char *place, const char *session, const char *text,
	size_t n, char ret[33])
{
	unsigned char d[DIGEST_BYTES];
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, sizeof(d));
	/* With their ends, so that no two of them are taken for one. */
	crypto_generichash_update(&h, (const unsigned char *)place,
		strlen(place) + 1);
	crypto_generichash_update(&h, (const unsigned char *)session,
		strlen(session) + 1);
	crypto_generichash_update(&h, (const unsigned char *)text, n);
	crypto_generichash_final(&h, d, sizeof(d));
	sodium_bin2hex(ret, 33, d, sizeof(d));
}

int
importseen_has(const struct importseen *s, const char *digest,
	int64_t *ret_facts)
{
	const json_t *row = json_object_get(s->rows, digest);

	if (!row)
		return 0;
	*ret_facts = json_integer_value(row);
	return 1;
}

void
importseen_add(struct importseen *s, const char *digest, int64_t facts)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%s %" PRId64 "\n", digest, facts);

	if (s->fd < 0 || write(s->fd, line, (size_t)n) != n)
		return;
	if (jx_set(s->rows, digest, json_integer(facts)) != 0)
		return; /* the file has it */
}
