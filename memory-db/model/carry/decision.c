#include "memory-db/model/carry/decision.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"

/* Whole words; the first one stands anywhere, what follows right behind. */
static const char *const sayings[] = {"decided", "decision", "agreed to",
	"agreed on", "agreed that", "chose", "chosen", "opted for", "opted to",
	"settled on", "ruled out", "rejected", "adopted", "switched to",
	"switched from", "migrated to", "migrated from", "moved to",
	"moved from", "instead of", "no longer use", "from now on", "we use",
	"we will use", "going with", "went with", "dropped", "deprecated",
	"abandoned", "standardized on", "standardised on"};

static bool
decision_is_inside(char c)
{
	return isalnum((unsigned char)c) || c == '_' ||
	       (unsigned char)c >= 0x80;
}

bool
is_decision(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && decision_is_inside(s[i - 1]))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(sayings); k++) {
			size_t w = strlen(sayings[k]);

			if (w <= n - i &&
				strncasecmp(s + i, sayings[k], w) == 0 &&
				(i + w == n || !decision_is_inside(s[i + w])))
				return true;
		}
	}
	return false;
}
