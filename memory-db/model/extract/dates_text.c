/* Times in words that stay right. */
#include <stdio.h>

#include "common/clock.h"
#include "memory-db/model/extract/dates.h"

void
extract_when_text(const struct extract_words *w, const struct when *x,
	char out[WHEN_BYTES])
{
	static const char *const months[] = {"January", "February", "March",
		"April", "May", "June", "July", "August", "September",
		"October", "November", "December"};
	static const char *const seasons[] = {"winter", "spring", "summer",
		"autumn"};
	struct clock_date d = clock_date_of(x->from);
	const char *before = extract_low(w, x->first), *gap;
	bool has =
		extract_in(before, "since|until|till|through|by|before|during");
	/* What stands before that and is not taken along. */
	bool none = extract_in(extract_low(w, x->first - 1),
		"from|to|after|of|for|is|was|are|around|about|as");
	char day[16];

	snprintf(day, sizeof(day), "%04d-%02d-%02d", (int)d.year % 10000,
		d.month, d.day);
	if (!has)
		before = x->grain == WHEN_DAY ? "on" : "in";
	if (none && !has)
		before = "";
	gap = *before ? " " : "";
	switch (x->grain) {
	case WHEN_DAY:
		snprintf(out, WHEN_BYTES, "%s%s%s", before, gap, day);
		break;
	case WHEN_WEEK:
	case WHEN_WEEKEND:
		snprintf(out, WHEN_BYTES, "%s%sthe week%s of %s", before, gap,
			x->grain == WHEN_WEEKEND ? "end" : "", day);
		break;
	case WHEN_MONTH:
		snprintf(out, WHEN_BYTES, "%s%s%s %d", before, gap,
			months[d.month - 1], (int)d.year);
		break;
	case WHEN_SEASON:
		snprintf(out, WHEN_BYTES, "%s%s%s %d", before, gap,
			seasons[d.month / 3 % 4], (int)d.year);
		break;
	case WHEN_YEAR:
		snprintf(out, WHEN_BYTES, "%s%s%d", before, gap, (int)d.year);
		break;
	}
}
