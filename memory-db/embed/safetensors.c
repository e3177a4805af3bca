/* The safetensors format:
 *
 *   8 bytes	length of the header, little-endian
 *   header	{"name": {"dtype": "F32", "shape": [rows, cols],
 *		"data_offsets": [begin, end]}, ..., "__metadata__": {...}}
 *   data	offsets count from here; values little-endian, row by row
 *
 * (Machines we run on are little-endian as well; a build for another stops.) */
#include "memory-db/embed/safetensors.h"

#include <string.h>

#include "common/jx.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	"tensors are read as they lie");

/* Headers of static models take 200 bytes; nobody needs this much. */
#define HEADER_MAX (1024 * 1024)
#define HEAD	   8

static const struct {
	const char *name;
	size_t size;
} types[] = {[TENSOR_I8] = {"I8", 1},
	[TENSOR_I32] = {"I32", 4},
	[TENSOR_I64] = {"I64", 8},
	[TENSOR_F16] = {"F16", 2},
	[TENSOR_BF16] = {"BF16", 2},
	[TENSOR_F32] = {"F32", 4},
	[TENSOR_F64] = {"F64", 8}};

/* --- the header ----------------------------------------------------------- */

int
safetensors_open(const uint8_t *file, size_t n, struct safetensors *ret,
	struct err *e)
{
	struct err why = {0};
	uint64_t size;
	json_t *header;

	if (n < HEAD)
		return err_set(e, MDB_E_INVALID,
			"no safetensors file: it has %zu bytes", n);
	memcpy(&size, file, HEAD);
	if (size > HEADER_MAX || size > n - HEAD)
		return err_set(e, MDB_E_INVALID,
			"no safetensors file, or cut short: a header of %llu "
			"bytes in a file of %zu",
			(unsigned long long)size, n);
	header = jx_parse((const char *)file + HEAD, (size_t)size, &why);
	if (!header && why.code == MDB_E_NOMEM)
		return err_nomem(e);
	if (!header)
		return err_set(e, MDB_E_INVALID,
			"no safetensors file: its header is %s", why.text);
	ret->header = header;
	ret->data = file + HEAD + size;
	ret->n = n - HEAD - (size_t)size;
	return 0;
}

void
safetensors_done(struct safetensors *s)
{
	json_decref(s->header);
	s->header = NULL;
}

static int
read_type(const json_t *o, const char *name, enum tensor_type *ret,
	struct err *e)
{
	const char *s = NULL;
	int rc = jx_string(o, "dtype", JX_REQUIRED, &s, NULL, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(types[i].name, s) == 0) {
			*ret = (enum tensor_type)i;
			return 0;
		}
	}
	return err_set(e, MDB_E_INVALID,
		"tensor '%s' has dtype %s; right would be F32, F16, BF16, F64 "
		"or I8",
		name, s);
}

/* A list of n sizes, or of one with the second taken as 1. */
static int
read_sizes(const json_t *o, const char *key, size_t least, size_t sizes[2],
	struct err *e)
{
	json_t *a = NULL;
	int rc = jx_array(o, key, JX_REQUIRED, &a, e);
	size_t n;

	if (rc < 0)
		return rc;
	n = json_array_size(a);
	if (n < least || n > 2)
		return err_set(e, MDB_E_INVALID,
			"%s: must have %zu to 2 entries, has %zu", key, least,
			n);
	sizes[1] = 1;
	for (size_t i = 0; i < n; i++) {
		int64_t v = 0;

		if (!jx_integral(json_array_get(a, i), &v) || v < 0)
			return err_set(e, MDB_E_INVALID,
				"%s: must be integers from 0", key);
		sizes[i] = (size_t)v;
	}
	return 0;
}

static int
safetensors_read_place(const struct safetensors *s, const json_t *o,
	const char *name, struct tensor *t, struct err *e)
{
	size_t shape[2], at[2], size;
	int rc = read_sizes(o, "shape", 1, shape, e);

	if (rc != 0)
		return rc;
	rc = read_sizes(o, "data_offsets", 2, at, e);
	if (rc < 0)
		return rc;
	if (__builtin_mul_overflow(shape[0], shape[1], &size) ||
		__builtin_mul_overflow(size, types[t->type].size, &size) ||
		at[0] > at[1] || at[1] > s->n || at[1] - at[0] != size)
		return err_set(e, MDB_E_INVALID,
			"tensor '%s' of %zu x %zu %s at bytes %zu to %zu of "
			"%zu: the file is cut short or damaged",
			name, shape[0], shape[1], types[t->type].name, at[0],
			at[1], s->n);
	t->rows = shape[0];
	t->cols = shape[1];
	t->data = s->data + at[0];
	return 0;
}

int
safetensors_find(const struct safetensors *s, const char *name,
	struct tensor *ret, struct err *e)
{
	const json_t *o = json_object_get(s->header, name);
	struct tensor t = {0};
	int rc;

	if (!o)
		return 1;
	if (!json_is_object(o))
		return err_set(e, MDB_E_INVALID,
			"tensor '%s' is described by %s, not by an object",
			name, jx_type_name(o));
	rc = read_type(o, name, &t.type, e);
	if (rc != 0)
		return rc;
	rc = safetensors_read_place(s, o, name, &t, e);
	if (rc != 0)
		return rc;
	*ret = t;
	return rc;
}

/* --- values --------------------------------------------------------------- */

static inline float
from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* The exponent is moved by a product, which is exact, also below the least
 * normal number. */
static inline float
from_half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16;
	float f = from_bits((uint32_t)(h & 0x7fff) << 13) * 0x1p112f;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	if ((h & 0x7c00) == 0x7c00)
		bits = 0x7f800000u | (uint32_t)(h & 0x3ff) << 13;
	return from_bits(bits | sign);
}

#define LOAD(type, from)                                                       \
	({                                                                     \
		type load_;                                                    \
		memcpy(&load_, (from), sizeof(load_));                         \
		load_;                                                         \
	})

size_t
tensor_value_size(enum tensor_type type)
{
	return types[type].size;
}

double
tensor_value(const struct tensor *t, size_t i)
{
	const uint8_t *p = t->data + i * types[t->type].size;

	switch (t->type) {
	case TENSOR_I8:
		return LOAD(int8_t, p);
	case TENSOR_I32:
		return LOAD(int32_t, p);
	case TENSOR_I64:
		return (double)LOAD(int64_t, p);
	case TENSOR_F16:
		return (double)from_half(LOAD(uint16_t, p));
	case TENSOR_BF16:
		return (double)from_bits((uint32_t)LOAD(uint16_t, p) << 16);
	case TENSOR_F32:
		return (double)LOAD(float, p);
	case TENSOR_F64:
		break;
	}
	return LOAD(double, p);
}

void
tensor_add_row(const struct tensor *t, size_t row, float weight, float *out)
{
	size_t first = row * t->cols;
	const uint8_t *p = t->data + first * types[t->type].size;

	switch (t->type) {
	case TENSOR_F32:
		for (size_t k = 0; k < t->cols; k++)
			out[k] += weight * LOAD(float, p + 4 * k);
		return;
	case TENSOR_F16:
		for (size_t k = 0; k < t->cols; k++)
			out[k] += weight * from_half(LOAD(uint16_t, p + 2 * k));
		return;
	case TENSOR_I8:
		for (size_t k = 0; k < t->cols; k++)
			out[k] += weight * (float)LOAD(int8_t, p + k);
		return;
	case TENSOR_BF16:
	case TENSOR_F64:
	case TENSOR_I32:
	case TENSOR_I64:
		break;
	}
	for (size_t k = 0; k < t->cols; k++)
		out[k] += weight * (float)tensor_value(t, first + k);
}
