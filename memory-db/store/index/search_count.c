/* How many facts have a word. Most words of a question are common, and to count
 * one up to a bound costs 50 to 100 us, so what was counted is kept. A count
 * depends on what the namespace shows alone, and so it stands until its next
 * change. */
#include <stdlib.h>
#include <string.h>

#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/search.h"
#include "memory-db/store/index/search_sql.h"
#include "memory-db/store/index/search_wait.h"

#define KEPT	   1024 /* a power of 2; 80 bytes each */
#define TEXT_BYTES 36 /* of an expression that is kept; longer ones are rare */

struct search_counted {
	int64_t n, lowest, bound;
};
struct search_kept {
	int64_t ns, change; /* ns 0: free */
	struct search_counted counted;
	uint32_t text_n;
	char text[TEXT_BYTES];
};
struct search_counts {
	struct search_kept kept[KEPT]; /* by the hash of the text */
};

static void
search_counts_free(struct store *st)
{
	free(st->search_counts);
	st->search_counts = NULL;
}

/* Where the count of an expression is kept; NULL: it is not. */
static struct search_kept *
kept_slot(struct store *st, const struct search_range *range,
	const struct search_match *match, int64_t bound)
{
	/* FNV-1a; ids of namespaces lie above the bounds. */
	uint64_t h = 14695981039346656037u ^ (uint64_t)bound ^
		     (uint64_t)range->ns << 16;

	if (range->change == 0 || match->n > TEXT_BYTES)
		return NULL;
	if (!st->search_counts)
		st->search_counts = calloc(1, sizeof(*st->search_counts));
	if (!st->search_counts)
		return NULL;
	for (size_t i = 0; i < match->n; i++)
		h = (h ^ (unsigned char)match->text[i]) * 1099511628211u;
	return &st->search_counts->kept[(h ^ h >> 32) % KEPT];
}

static bool
search_count_is_kept(const struct search_kept *kept,
	const struct search_range *range, const struct search_match *match,
	int64_t bound)
{
	return kept->ns == range->ns && kept->change == range->change &&
	       kept->counted.bound == bound && kept->text_n == match->n &&
	       memcmp(kept->text, match->text, match->n) == 0;
}

static int
search_count_row(void *ctx, const struct search_row *row)
{
	struct search_counted *c = ctx;

	c->lowest = row->fact;
	return ++c->n == c->bound;
}

static sqlite3_stmt *
use_count(struct store *st, enum search_statement statement,
	const struct search_range *range, const struct search_match *match)
{
	sqlite3_stmt *s = stmt_use(st, MOD_SEARCH, (int)statement);

	bind_t(s, 1, match->text, match->n);
	bind_i(s, 2, range->lo);
	bind_i(s, 3, range->hi);
	return s;
}

/* The index alone: of a common word the last one of the bound, which takes half
 * the time of counting them, as nothing is read of the others. */
static int
count_in_index(struct store *st, const struct search_range *range,
	const struct search_match *match, struct search_counted *c,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *nth = use_count(st, SEARCH_NTH, range, match);
	AUTO_STMT sqlite3_stmt *all = NULL;
	int rc;

	bind_i(nth, 4, c->bound - 1);
	rc = stmt_row(st, nth, e);
	if (rc == 1) {
		c->n = c->bound;
		c->lowest = sqlite3_column_int64(nth, 0);
	}
	if (rc != 0)
		return rc;
	all = use_count(st, SEARCH_COUNT, range, match);
	rc = stmt_row(st, all, e);
	if (rc == 1)
		c->n = sqlite3_column_int64(all, 0);
	return rc;
}

static int
count_all(struct store *st, const struct search_range *range,
	const struct search_match *match, struct search_counted *c,
	struct err *e)
{
	struct search_waits *waits;
	int rc = search_waits(st, range->ns, &waits, e);

	if (rc < 0)
		return rc;
	return !st->lens.now || waits != NULL
		       ? search_match(st, range, match, search_count_row, c, e)
		       : count_in_index(st, range, match, c, e);
}

int
search_count(struct store *st, const struct search_range *range,
	const struct search_match *match, int64_t bound, int64_t *ret_n,
	int64_t *ret_lowest, struct err *e)
{
	struct search_kept *kept = kept_slot(st, range, match, bound);
	struct search_counted c = {.bound = bound};
	int rc;

	if (kept && search_count_is_kept(kept, range, match, bound)) {
		c = kept->counted;
	} else {
		rc = count_all(st, range, match, &c, e);
		if (rc < 0)
			return rc;
		if (kept) {
			*kept = (struct search_kept){.ns = range->ns,
				.change = range->change,
				.counted = c,
				.text_n = (uint32_t)match->n};
			memcpy(kept->text, match->text, match->n);
		}
	}
	*ret_n = c.n;
	*ret_lowest = c.lowest;
	return 0;
}

const struct participant search_counts_participant = {
	.name = "search_counts",
	.close = search_counts_free,
};
