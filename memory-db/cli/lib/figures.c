#include "memory-db/cli/lib/figures.h"

#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"

enum unit { NONE, BYTES, SECONDS, MS, US, PERCENT };

static const struct {
	const char *section, *name;
	enum unit unit;
} figures[] = {
#define FIGURE(section, name, metric, unit, kind, expr, help)                  \
	{#section, #name, unit},
#define FIGURE_REAL FIGURE
#include "memory-db/figures.def"
};

bool
figure_is_bytes(const char *section, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		if (strcmp(figures[i].section, section) == 0 &&
			strcmp(figures[i].name, name) == 0)
			return figures[i].unit == BYTES;
	return false;
}
