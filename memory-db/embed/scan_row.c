/* Rows of bytes and of bits.
 *
 * Bytes: a cosine is the sum of products of both int8 vectors times both scales;
 * sums of up to 4,096 products of 127 * 127 fit into 32 bits. Rows are padded
 * with zeros to a multiple of 32.
 *
 * Bits: s, the signs of a vector x of length 1, is a vector of ones and minus
 * ones that points roughly where x does. How far a question q reaches along s,
 * divided by how far x does, estimates their cosine (the idea of RaBitQ, Gao and
 * Long 2024):
 *
 *   cosine(q, x)  ~  (q . s) / (x . s),     x . s = the sum of all |x_i|
 *
 * q is rounded to the whole numbers from -7 to 7, so that zeros stay zeros, and
 * kept as four planes of bits of q + 8. Then q . s takes five counts of bits for
 * each 64 numbers: where b has the bits of s,
 *
 *   q . s  =  2 * (the sum of q where b is 1) - (the sum of q)  */
#include "memory-db/embed/scan_row.h"

#include <math.h>
#include <string.h>

#define BLOCK  32 /* numbers are padded to a multiple */
#define WORD   64 /* bits are */
#define MOST   7  /* the largest number of a question, rounded */
#define MIDDLE 8  /* what is added to it */

/* --- sums ----------------------------------------------------------------- */
/* The compiler makes vector instructions of this, sixteen products at a time;
 * n is a multiple of BLOCK. */
static inline __attribute__((always_inline)) int32_t
dot_numbers_body(const struct scan_query *q, const unsigned char *row)
{
	const int8_t *a = (const int8_t *)row;
	const int16_t *b = q->numbers;
	int32_t sum = 0;

	for (size_t i = 0; i < q->row_bytes; i += BLOCK)
		for (size_t k = 0; k < BLOCK; k++)
			sum += (int32_t)a[i + k] * b[i + k];
	return sum;
}

static inline __attribute__((always_inline)) int32_t
dot_signs_body(const struct scan_query *q, const unsigned char *row)
{
	int32_t ones = 0, sum = 0;

	for (size_t i = 0; i < q->row_bytes / sizeof(uint64_t); i++) {
		uint64_t b;

		memcpy(&b, row + i * sizeof(b), sizeof(b));
		ones += __builtin_popcountll(b);
		for (int p = 0; p < SCAN_PLANES; p++)
			sum += __builtin_popcountll(q->signs.planes[p][i] & b)
			       << p;
	}
	return 2 * (sum - MIDDLE * ones) - q->signs.sum;
}

#if defined(__GNUC__) && !defined(__clang__)
#define VECTORISED __attribute__((optimize("O3")))
#else
#define VECTORISED
#endif

static VECTORISED int32_t
dot_numbers(const struct scan_query *q, const unsigned char *row)
{
	return dot_numbers_body(q, row);
}

static int32_t
dot_signs(const struct scan_query *q, const unsigned char *row)
{
	return dot_signs_body(q, row);
}

#ifdef __x86_64__
/* Chosen at run time, by hand: target_clones would put an indirect function
 * into the program, which runs before the sanitizers are ready. */
static VECTORISED __attribute__((target("avx2"))) int32_t
dot_numbers_avx2(const struct scan_query *q, const unsigned char *row)
{
	return dot_numbers_body(q, row);
}

static __attribute__((target("popcnt"))) int32_t
dot_signs_popcnt(const struct scan_query *q, const unsigned char *row)
{
	return dot_signs_body(q, row);
}
#endif

static void
choose_dot(struct scan_query *q)
{
	q->dot = q->form == SCAN_SIGNS ? dot_signs : dot_numbers;
#ifdef __x86_64__
	if (q->form == SCAN_NUMBERS && __builtin_cpu_supports("avx2"))
		q->dot = dot_numbers_avx2;
	if (q->form == SCAN_SIGNS && __builtin_cpu_supports("popcnt"))
		q->dot = dot_signs_popcnt;
#endif
}

/* --- rows ----------------------------------------------------------------- */
size_t
scan_row_bytes(enum scan_form form, size_t dims)
{
	return form == SCAN_SIGNS ? (dims + WORD - 1) / WORD * sizeof(uint64_t)
				  : (dims + BLOCK - 1) / BLOCK * BLOCK;
}

/* The largest size of a number; 0 when all are zero or one is not finite. */
static float
largest(const float *v, size_t n)
{
	float most = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(v[i]))
			return 0;
		if (fabsf(v[i]) > most)
			most = fabsf(v[i]);
	}
	/* Below, its inverse would not be finite. */
	return most < 1e-30f ? 0 : most;
}

/* Rounded so that the largest is `to`; returns what 1 stands for then, or 0. */
static float
quantise(const float *v, size_t n, float to, int16_t *out)
{
	float most = largest(v, n), inverse;

	if (most <= 0) {
		memset(out, 0, n * sizeof(*out));
		return 0;
	}
	inverse = to / most;
	for (size_t i = 0; i < n; i++)
		out[i] = (int16_t)lrintf(v[i] * inverse);
	return most / to;
}

static float
pack_numbers(const float *v, size_t dims, unsigned char *row)
{
	int16_t q[EMBED_DIMS_MAX];
	float scale = quantise(v, dims, 127, q);

	for (size_t i = 0; i < dims; i++)
		row[i] = (unsigned char)(int8_t)q[i];
	return scale;
}

static float
pack_signs(const float *v, size_t dims, unsigned char *row)
{
	uint64_t words[EMBED_DIMS_MAX / WORD] = {0};
	double sum = 0;

	if (largest(v, dims) <= 0)
		return 0;
	for (size_t i = 0; i < dims; i++) {
		words[i / WORD] |= (uint64_t)(v[i] > 0) << i % WORD;
		sum += fabs((double)v[i]);
	}
	memcpy(row, words, scan_row_bytes(SCAN_SIGNS, dims));
	return (float)(1 / sum);
}

float
scan_row_pack(enum scan_form form, const float *v, size_t dims,
	unsigned char *row)
{
	memset(row, 0, scan_row_bytes(form, dims));
	return form == SCAN_SIGNS ? pack_signs(v, dims, row)
				  : pack_numbers(v, dims, row);
}

void
scan_row_unpack(enum scan_form form, const unsigned char *row, float scale,
	size_t dims, float *v)
{
	float size = scale > 0 ? 1 / scale / (float)dims : 0;
	uint64_t word = 0;

	for (size_t i = 0; i < dims; i++) {
		if (form == SCAN_NUMBERS) {
			v[i] = (float)(int8_t)row[i] * scale;
			continue;
		}
		if (i % WORD == 0)
			memcpy(&word, row + i / WORD * sizeof(word),
				sizeof(word));
		v[i] = word >> i % WORD & 1 ? size : -size;
	}
}

/* --- questions ------------------------------------------------------------ */
static void
make_planes(struct scan_query *q, const int16_t *numbers, size_t dims)
{
	memset(&q->signs, 0, sizeof(q->signs));
	for (size_t i = 0; i < dims; i++) {
		unsigned bits = (unsigned)(numbers[i] + MIDDLE);

		q->signs.sum += numbers[i];
		for (int p = 0; p < SCAN_PLANES; p++)
			q->signs.planes[p][i / WORD] |=
				(uint64_t)(bits >> p & 1) << i % WORD;
	}
}

bool
scan_query_make(struct scan_query *q, enum scan_form form, const float *v,
	size_t dims)
{
	int16_t numbers[EMBED_DIMS_MAX] = {0};

	q->form = form;
	q->row_bytes = scan_row_bytes(form, dims);
	q->scale = quantise(v, dims, form == SCAN_SIGNS ? MOST : 127, numbers);
	if (q->scale <= 0)
		return false;
	choose_dot(q);
	if (form == SCAN_SIGNS)
		make_planes(q, numbers, dims);
	else
		memcpy(q->numbers, numbers, sizeof(q->numbers));
	return true;
}
