#include "memory-db/cli/lib/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/out.h"

#define BAR	 24	   /* characters */
#define EVERY_NS 100000000 /* between two drawings */

void
progress_start(struct progress *p, const struct cli *c, const char *label)
{
	const char *term = getenv("TERM");

	*p = (struct progress){.label = label,
		.is_on = !c->quiet && isatty(STDERR_FILENO) &&
			 (!term || strcmp(term, "dumb") != 0),
		.begun_ns = clock_mono_ns()};
}

void
progress_at(struct progress *p, double part, int64_t count, const char *units)
{
	int64_t now = clock_mono_ns();
	char text[OUT_NUMBER_SIZE];

	if (!p->is_on || (p->is_shown && now - p->drawn_ns < EVERY_NS))
		return;
	p->drawn_ns = now;
	p->is_shown = true;
	fprintf(stderr, "\r\033[K%s ", p->label);
	if (part >= 0) {
		double left_s = -1, spent = (double)(now - p->begun_ns) / 1e9;

		part = part > 1 ? 1 : part;
		fputc('[', stderr);
		for (int i = 0; i < BAR; i++)
			fputc(i < (int)(part * BAR) ? '#' : '.', stderr);
		fprintf(stderr, "] %3.0f %%  ", part * 100);
		if (part > 0.02 && spent > 1)
			left_s = spent / part - spent;
		fprintf(stderr, "%s %s", out_count(count, text), units);
		if (left_s >= 1)
			fprintf(stderr, ", %.0f s left", left_s);
	} else {
		fprintf(stderr, "%s %s", out_count(count, text), units);
	}
	fflush(stderr);
}

void
progress_clear(struct progress *p)
{
	if (p->is_shown)
		fputs("\r\033[K", stderr);
	p->is_shown = false;
}
