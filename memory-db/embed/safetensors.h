/* Reads the tensors of a safetensors file (github.com/huggingface/safetensors)
 * that lies in memory. Trusts nothing in it. */
#ifndef EMBED_SAFETENSORS_H
#define EMBED_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

enum tensor_type {
	TENSOR_I8,
	TENSOR_I32,
	TENSOR_I64,
	TENSOR_F16,
	TENSOR_BF16,
	TENSOR_F32,
	TENSOR_F64
};

struct tensor {
	enum tensor_type type;
	size_t rows, cols;   /* of one dimension: cols is 1 */
	const uint8_t *data; /* part of the file; any alignment */
};

struct safetensors {
	json_t *header;	     /* owned */
	const uint8_t *data; /* borrowed: behind the header */
	size_t n;
};

/* file is borrowed until safetensors_done. MDB_E_INVALID, MDB_E_NOMEM. */
int safetensors_open(const uint8_t *file, size_t n, struct safetensors *ret,
	struct err *e) MUST_CHECK;
void safetensors_done(struct safetensors *s);

/* 1 when there is none of that name; MDB_E_INVALID: one of a type or shape that
 * we do not read, or that lies outside the file. */
int safetensors_find(const struct safetensors *s, const char *name,
	struct tensor *ret, struct err *e) MUST_CHECK;

size_t tensor_value_size(enum tensor_type type);

/* Value i, row by row; i < rows * cols. Not a number: as it stands there. */
double tensor_value(const struct tensor *t, size_t i);

/* out[k] += weight * the k-th value of the row, for cols values. */
void tensor_add_row(const struct tensor *t, size_t row, float weight,
	float *out);

#endif
