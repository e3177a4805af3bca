/* Of two facts that follow each other in time, the later one comes first:
 * "lives in Oslo" (since May) before "lived in Rome" (until May). */
#include "memory-db/model/read/contested.h"
#include "memory-db/model/recall/recall_page.h"

/* Rows that are looked at: behind them nobody misses the order. */
#define ROWS 50

/* The row of the later fact takes the place and the score of the earlier one,
 * which and all between move down by one. */
static void
recall_succession_put_first(struct recall_found *rows, size_t earlier,
	size_t later)
{
	struct recall_found first = rows[later];

	/* Scores stay in their places. */
	first.score = rows[earlier].score;
	first.fit = rows[earlier].fit;
	for (size_t i = later; i > earlier; i--) {
		const struct recall_found own = rows[i];

		rows[i] = rows[i - 1];
		rows[i].score = own.score;
		rows[i].fit = own.fit;
	}
	rows[earlier] = first;
}

int
recall_later_first(struct store *st, struct recall_result *found, struct err *e)
{
	size_t n = found->n < ROWS ? found->n : ROWS;

	for (size_t i = 0; i < n; i++) {
		struct contest c;
		int rc = contested_find(st, found->rows[i].fact, &c, e);

		if (rc != 0)
			return rc;
		for (size_t k = i + 1; c.later != 0 && k < n; k++)
			if (found->rows[k].fact == c.later) {
				recall_succession_put_first(found->rows, i, k);
				break;
			}
	}
	return 0;
}
