/* An answer of an endpoint: the first byte is the number of texts. */
#include <math.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/embed/embed.h"
#include "memory-db/embed/http_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_BUF struct buf b = {0};
	struct err e = {0};
	const char *body = (const char *)data + 1;
	size_t texts = n > 0 ? data[0] % EMBED_BATCH_MAX + 1 : 1, dims = 0;
	float *v = NULL;
	int rc;

	if (n == 0)
		return 0;
	rc = http_reply_vectors(body, n - 1, texts, &v, &dims, &e);
	if (rc < 0 && (rc != MDB_E_INVALID || !e.text[0] || v ||
			      !text_is_utf8(e.text, strlen(e.text))))
		abort();
	if (rc == 0 && (dims == 0 || dims > EMBED_DIMS_MAX))
		abort();
	for (size_t i = 0; rc == 0 && i < texts * dims; i++)
		if (!(fabsf(v[i]) <= 1.001f))
			abort();
	free(v);
	if (http_reply_message(body, n - 1, "ab", &b) < 0 ||
		b.len > HTTP_MESSAGE_BYTES ||
		(b.len > 0 && (memmem(b.data, b.len, "ab", 2) ||
				      !text_is_utf8(b.data, b.len))))
		abort();
	return 0;
}
