/* What a question says beside its words: names, dates, "when". */
#include <string.h>

#include "common/text.h"
#include "memory-db/model/recall_internal.h"

struct reading {
	char first[3][16];	/* its first words */
	int n;
	bool how_long, how;
};

static bool
any_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

static int
take_piece(void *ctx, const struct text_piece *p)
{
	struct reading *r = ctx;
	bool how = p->n == 3 && memcmp(p->s, "how", 3) == 0;

	if (r->how && p->n == 4 && memcmp(p->s, "long", 4) == 0)
		r->how_long = true;
	r->how = how;
	if (r->n < 3 && p->n < sizeof(r->first[0])) {
		memcpy(r->first[r->n], p->s, p->n);
		r->first[r->n][p->n] = '\0';
	}
	r->n++;
	return 0;
}

static bool
asks_when(const struct reading *r)
{
	static const char *const which[] = {"what", "which", NULL};
	static const char *const units[] = {"year", "month", "day", "date",
		"time", "weekday", "week", NULL};

	return r->how_long || strcmp(r->first[0], "when") == 0 ||
	       (any_of(r->first[0], which) && any_of(r->first[1], units));
}

int
recall_question(const char *s, size_t n, int64_t today,
	struct recall_question *ret)
{
	struct reading r = {0};
	char low[1024];
	size_t k = text_cut(s, n < sizeof(low) ? n : sizeof(low) - 1);

	*ret = (struct recall_question){0};
	if (text_pieces(s, n, take_piece, &r) < 0)
		return MDB_E_NOMEM;
	ret->asks_when = asks_when(&r);
	for (size_t i = 0; i < k; i++)
		low[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] | 0x20 : s[i]);
	low[k] = '\0';
	recall_dates_read(low, today, &ret->dates);
	return 0;
}
