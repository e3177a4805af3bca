/* Times and zones as text. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const int64_t now = INT64_C(1795162000000);
	int64_t ms = 0, end = 0, again = 0;
	char text[CLOCK_TEXT_SIZE];
	struct err e = {0};
	int minutes = 0;
	char *s;

	if (n < 1)
		return 0;
	s = malloc(n);
	if (!s)
		return 0;
	memcpy(s, data + 1, n - 1);
	s[n - 1] = '\0';
	if (clock_zone_minutes(s, now, &minutes) == 0 &&
		(minutes < -24 * 60 || minutes > 26 * 60))
		abort();
	minutes = (data[0] - 128) * 7;
	if (clock_parse(s, now, minutes, false, &ms, &e) == 0) {
		if (clock_parse(s, now, minutes, true, &end, NULL) < 0 ||
			end < ms || end >= ms + INT64_C(31) * 86400000)
			abort();
		clock_format(ms, text);
		/* years 0 and 9999 may leave the range by their zone */
		if (ms > INT64_C(-62000000000000) &&
			ms < INT64_C(253402000000000) &&
			(clock_parse(text, now, 0, false, &again, NULL) < 0 ||
				again != ms))
			abort();
	} else if (!text_is_utf8(e.text, strlen(e.text))) {
		abort();
	}
	free(s);
	return 0;
}
