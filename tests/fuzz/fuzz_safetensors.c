/* A file of tensors: what is found lies within the file and can be read. */
#include "memory-db/embed/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = {"embeddings", "embedding.weight",
		"weights", "mapping"};
	volatile double seen = 0;
	struct err e = {0};
	struct safetensors s;
	int rc = safetensors_open(data, n, &s, &e);

	if (rc < 0) {
		if (e.code != MDB_E_INVALID || !e.text[0])
			abort();
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct tensor t;
		float row[64] = {0};
		size_t all;

		rc = safetensors_find(&s, names[i], &t, &e);
		if (rc == 1)
			continue;
		if (rc < 0) {
			if (e.code != MDB_E_INVALID || !e.text[0])
				abort();
			continue;
		}
		all = t.rows * t.cols;
		if (all > n || all * tensor_value_size(t.type) > n)
			abort();
		for (size_t k = 0; k < all; k++)
			seen += tensor_value(&t, k);
		if (t.cols <= ARRAY_LEN(row))
			for (size_t k = 0; k < t.rows && all > 0; k++)
				tensor_add_row(&t, k, 1, row);
	}
	safetensors_done(&s);
	return 0;
}
