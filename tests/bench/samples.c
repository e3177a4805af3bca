#include "tests/bench/samples.h"

#include <stdio.h>
#include <stdlib.h>

void
samples_add(struct samples *s, int64_t ns)
{
	if (s->n == s->size) {
		s->size = s->size ? s->size * 2 : 8192;
		s->ns = realloc(s->ns, s->size * sizeof(*s->ns));
		if (!s->ns) {
			perror("samples");
			exit(111);
		}
	}
	s->ns[s->n++] = ns > 0 ? (uint64_t)ns : 0;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void
samples_sort(struct samples *s)
{
	if (s->n)
		qsort(s->ns, s->n, sizeof(*s->ns), by_size);
}

double
samples_ms(const struct samples *s, double share)
{
	if (s->n == 0)
		return 0;
	return (double)s->ns[(size_t)((double)(s->n - 1) * share + 0.5)] / 1e6;
}

void
samples_print_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		if ((unsigned char)*text >= ' ')
			putchar(*text);
	}
	putchar('"');
}
