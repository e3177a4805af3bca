/* A vector as a row of bytes, in one of two forms, and how near a question is
 * to it.
 *
 *   SCAN_NUMBERS  a byte for each number, and a scale: the cosine to 1 %
 *   SCAN_SIGNS    a bit for each number, whether it is above 0, and a scale: an
 *                 estimate of the cosine, off by some hundredths, in an eighth
 *                 of the room
 *
 * For example (.6, -.8, 0, 0) is 95, -127, 0, 0 with the scale .8 / 127, or the
 * bits 1, 0, 0, 0 with the scale 1 / 1.4. */
#ifndef EMBED_SCAN_ROW_H
#define EMBED_SCAN_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory-db/embed/embed.h"

enum scan_form { SCAN_NUMBERS, SCAN_SIGNS };

/* A multiple of 8. */
size_t scan_row_bytes(enum scan_form form, size_t dims);
/* Returns the scale; 0: all numbers are zero, or one is not finite, and nothing
 * is near to it. */
float scan_row_pack(enum scan_form form, const float *v, size_t dims,
	unsigned char *row);
/* As far as the row has it; of signs all numbers are of one size. */
void scan_row_unpack(enum scan_form form, const unsigned char *row, float scale,
	size_t dims, float *v);

#define SCAN_PLANES 4
struct scan_query {
	enum scan_form form;
	size_t row_bytes;
	float scale;
	union {
		int16_t numbers[EMBED_DIMS_MAX];
		struct {
			/* bit j of each number, of 4 bits, around 8 */
			uint64_t planes[SCAN_PLANES][EMBED_DIMS_MAX / 64];
			int32_t sum; /* of the numbers */
		} signs;
	};
	int32_t (*dot)(const struct scan_query *q, const unsigned char *row);
};
/* false: there is nothing to compare. */
bool scan_query_make(struct scan_query *q, enum scan_form form, const float *v,
	size_t dims);

static inline float
scan_query_score(const struct scan_query *q, const unsigned char *row,
	float scale)
{
	return (float)q->dot(q, row) * scale * q->scale;
}

#endif
