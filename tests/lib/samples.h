/* Sentences as agents store them, made from lists of words: for tests of
 * packing. The same numbers give the same sentence. */
#ifndef TESTS_LIB_SAMPLES_H
#define TESTS_LIB_SAMPLES_H

#include <stdio.h>

#include "tests/lib/store_fixture.h"

static inline const char *
sample_word(struct sf_random *r, const char *const *words, size_t n)
{
	return words[sf_below(r, (int)n)];
}
#define SAMPLE_OF(r, ...)                                                      \
	sample_word(r, (const char *const[]){__VA_ARGS__},                     \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* One of some hundred thousand sentences, at most 200 bytes. */
static inline void
sample_sentence(struct sf_random *r, char out[256])
{
	const char *who = SAMPLE_OF(r, "Marta", "Ilse", "Tomek", "Devi",
		"Okafor", "Yusuf", "Lena", "Bruno", "Akiko", "Sven");
	const char *does = SAMPLE_OF(r, "is planning to repaint",
		"has repaired", "would like to sell", "is looking after",
		"wrote a report on", "asked the council about",
		"took photographs of", "has been restoring", "is proud of",
		"is worried about");
	const char *what = SAMPLE_OF(r, "the old harbour crane", "a greenhouse",
		"the rowing club's boathouse", "her grandmother's loom",
		"the village bakery", "a vintage tram", "the community orchard",
		"a weather station", "the lighthouse stairs", "two beehives");
	const char *why = SAMPLE_OF(r, "because the roof leaks",
		"before the winter market", "together with the neighbours",
		"since the storm in March", "for the school's summer project",
		"although the budget is small", "and needs volunteers",
		"as a present for the museum");

	snprintf(out, 256, "%s %s %s %s (%d)", who, does, what, why,
		sf_below(r, 90) + 10);
}

#endif
