/* Static models: Model2Vec (github.com/MinishLab/model2vec). A text's vector is
 * the mean of the rows of its tokens, and nothing else is computed.
 *
 *   model.safetensors	"embeddings" (or "embedding.weight"), a row a token;
 *			perhaps "weights", one a token, and "mapping", the row
 *			of each token
 *   tokenizer.json	WordPiece
 *
 * Vectors always get length 1, whatever config.json says, so it is not read.
 *
 * The model is mapped and its rows are read where they lie: it costs the
 * memory of the rows that are used, and processes share them. It must not be
 * cut short while the service runs; put a new file in its place by renaming.
 *
 * The name of the model is a digest. To hash 129 MB would hold up each start by
 * 0.15 s and, cold, read the whole file; of large files 256 blocks spread over
 * it are hashed (2 ms), with the size and the whole tokenizer. Training again
 * changes every value, so this tells models apart. */
#include <fcntl.h>
#include <math.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/allocator.h"
#include "memory-db/embed/internal.h"
#include "memory-db/embed/safetensors.h"
#include "memory-db/embed/wordpiece.h"

/* As the reference cuts: texts at so many tokens of the usual length, then
 * what they give at as many tokens. */
#define TOKENS_MAX 512
/* The largest that a vocabulary of 100,000 tokens needs, twice. */
#define TOKENIZER_MAX (8 * 1024 * 1024)
/* Far above the largest model there is (129 MB). */
#define MODEL_MAX      ((int64_t)4 * 1024 * 1024 * 1024)
#define HASH_WHOLE_MAX (1024 * 1024)
#define HASH_BLOCKS    256
#define HASH_BLOCK     4096
#define DIGEST_BYTES   16
/* Rows that are looked at when it is opened. */
#define ROWS_CHECKED 256

struct mapped {
	const uint8_t *data;
	size_t n;
};

struct static_model {
	struct embedder head;
	struct mapped file;
	struct safetensors tensors;
	struct tensor rows;
	struct tensor weights, mapping; /* data NULL: there is none */
	struct wordpiece words;
};

/* --- files ---------------------------------------------------------------- */

static void
unmap(struct mapped *m)
{
	if (m->data)
		munmap((void *)(uintptr_t)m->data, m->n);
	m->data = NULL;
}
#define AUTO_MAPPED __attribute__((cleanup(unmap)))

static int
map_fd(int fd, int64_t most, struct mapped *ret, struct err *e)
{
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, MDB_E_INVALID, "cannot be opened: %m");
	if (!S_ISREG(st.st_mode))
		return err_set(e, MDB_E_INVALID, "is no regular file");
	if (st.st_size <= 0 || st.st_size > most)
		return err_set(e, MDB_E_INVALID,
			"has %lld bytes; a model's has 1 to %lld",
			(long long)st.st_size, (long long)most);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_set(e, MDB_E_INVALID, "cannot be mapped: %m");
	ret->data = p;
	ret->n = (size_t)st.st_size;
	return 0;
}

static int
map_file(const char *folder, const char *name, int64_t most, struct mapped *ret,
	struct err *e)
{
	AUTO_FREE char *path = NULL;
	AUTO_FD int fd = -1;

	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		path = NULL;
		return err_nomem(e);
	}
	/* Not blocking: a pipe of that name must not hold us up. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return map_fd(fd, most, ret, e);
}

static int
name_model(struct static_model *m, const struct mapped *json, struct err *e)
{
	crypto_generichash_state state;
	uint8_t digest[DIGEST_BYTES];
	char hex[2 * DIGEST_BYTES + 1];
	const struct mapped *f = &m->file;
	uint64_t sizes[2] = {json->n, f->n};

	crypto_generichash_init(&state, NULL, 0, sizeof(digest));
	crypto_generichash_update(&state, (const uint8_t *)sizes,
		sizeof(sizes));
	crypto_generichash_update(&state, json->data, json->n);
	if (f->n <= HASH_WHOLE_MAX)
		crypto_generichash_update(&state, f->data, f->n);
	else
		for (size_t i = 0; i < HASH_BLOCKS; i++)
			crypto_generichash_update(&state,
				f->data + (f->n - HASH_BLOCK) /
						  (HASH_BLOCKS - 1) * i,
				HASH_BLOCK);
	crypto_generichash_final(&state, digest, sizeof(digest));
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	if (asprintf(&m->head.model, "static:%s", hex) >= 0)
		return 0;
	m->head.model = NULL;
	return err_nomem(e);
}

/* --- what the files must be ----------------------------------------------- */

static bool
is_real(enum tensor_type type)
{
	return type != TENSOR_I32 && type != TENSOR_I64;
}

static bool
is_finite_row(const struct tensor *t, size_t row)
{
	for (size_t k = 0; k < t->cols; k++)
		if (!isfinite((float)tensor_value(t, row * t->cols + k)))
			return false;
	return true;
}

/* A sample: to read all would read the whole file. */
static int
check_rows(const struct tensor *t, struct err *e)
{
	size_t step = t->rows / ROWS_CHECKED + 1;

	if (!is_real(t->type) || t->rows == 0 || t->cols < 2 ||
		t->cols > EMBED_DIMS_MAX)
		return err_set(e, MDB_E_INVALID,
			"its embeddings are %zu rows of %zu %s; right would "
			"be rows of 2 to %d real numbers",
			t->rows, t->cols,
			is_real(t->type) ? "numbers" : "integers",
			EMBED_DIMS_MAX);
	for (size_t i = 0; i < t->rows; i += step)
		if (!is_finite_row(t, i))
			return err_set(e, MDB_E_INVALID,
				"row %zu of its embeddings has a value that "
				"is no number: the file is damaged",
				i);
	return 0;
}

static int
check_weights(const struct tensor *t, struct err *e)
{
	if (!is_real(t->type) || t->cols != 1)
		return err_set(e, MDB_E_INVALID,
			"its weights are not one real number a token");
	for (size_t i = 0; i < t->rows; i++)
		if (!isfinite((float)tensor_value(t, i)))
			return err_set(e, MDB_E_INVALID,
				"weight %zu is no number: the file is damaged",
				i);
	return 0;
}

static int
check_mapping(const struct tensor *t, size_t rows, struct err *e)
{
	if (is_real(t->type) || t->cols != 1)
		return err_set(e, MDB_E_INVALID,
			"its mapping is not one integer a token");
	for (size_t i = 0; i < t->rows; i++) {
		double row = tensor_value(t, i);

		if (!(row >= 0 && row < (double)rows))
			return err_set(e, MDB_E_INVALID,
				"its mapping has row %.0f of %zu for token "
				"%zu: the file is damaged",
				row, rows, i);
	}
	return 0;
}

static int
read_tensors(struct static_model *m, struct err *e)
{
	const struct safetensors *s = &m->tensors;
	int rc = safetensors_find(s, "embeddings", &m->rows, e);

	/* as sentence-transformers calls it */
	if (rc == 1)
		rc = safetensors_find(s, "embedding.weight", &m->rows, e);
	if (rc == 1)
		rc = err_set(e, MDB_E_INVALID,
			"it has no tensor 'embeddings': this is no Model2Vec "
			"model");
	if (rc < 0 || (rc = check_rows(&m->rows, e)) < 0)
		return rc;
	/* These two are optional: 1 is none. */
	rc = safetensors_find(s, "weights", &m->weights, e);
	if (rc == 0)
		rc = check_weights(&m->weights, e);
	if (rc < 0)
		return rc;
	rc = safetensors_find(s, "mapping", &m->mapping, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return check_mapping(&m->mapping, m->rows.rows, e);
}

/* The vocabulary's numbers must lie in the tensors. */
static int
check_numbers(const struct static_model *m, struct err *e)
{
	size_t tokens = m->mapping.data ? m->mapping.rows : m->rows.rows;

	if (m->weights.data && m->weights.rows < tokens)
		tokens = m->weights.rows;
	if (m->words.highest < tokens)
		return 0;
	return err_set(e, MDB_E_INVALID,
		"tokenizer.json has tokens up to number %u, "
		"model.safetensors %zu of them: the files do not belong "
		"together",
		m->words.highest, tokens);
}

/* --- texts ---------------------------------------------------------------- */

/* Bytes of the first `chars` characters. */
static size_t
static_cut(const struct embed_text *t, size_t chars)
{
	size_t i = 0;

	for (; i < t->n; i++)
		if (((unsigned char)t->s[i] & 0xc0) != 0x80 && chars-- == 0)
			break;
	return i;
}

static void
static_add_token(const struct static_model *m, uint32_t id, float *out)
{
	size_t row = id;

	if (m->mapping.data)
		row = (size_t)tensor_value(&m->mapping, id);
	tensor_add_row(&m->rows, row,
		m->weights.data ? (float)tensor_value(&m->weights, id) : 1,
		out);
}

/* One bad row must not take the text with it. */
static void
add_without_bad(const struct static_model *m, const uint32_t *ids, size_t n,
	float *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t row = ids[i];

		if (m->mapping.data)
			row = (size_t)tensor_value(&m->mapping, ids[i]);
		if (is_finite_row(&m->rows, row))
			static_add_token(m, ids[i], out);
	}
}

static int
static_text(struct embedder *x, const struct embed_text *t, float *out,
	struct err *e)
{
	const struct static_model *m = (const struct static_model *)x;
	uint32_t ids[TOKENS_MAX];
	size_t n = wordpiece_ids(&m->words, t->s,
		static_cut(t, TOKENS_MAX * m->words.median_chars), ids,
		TOKENS_MAX);

	(void)e;
	for (size_t i = 0; i < n; i++)
		static_add_token(m, ids[i], out);
	/* The sum has the direction of the mean. */
	if (!embed_unit(out, m->rows.cols) && n > 0) {
		add_without_bad(m, ids, n, out);
		embed_unit(out, m->rows.cols);
	}
	return 0;
}

/* --- the provider --------------------------------------------------------- */

static void
static_close(struct embedder *x)
{
	struct static_model *m = (struct static_model *)x;

	wordpiece_done(&m->words);
	safetensors_done(&m->tensors);
	unmap(&m->file);
	free(m);
}

static size_t
static_dims(const struct embedder *x)
{
	return ((const struct static_model *)x)->rows.cols;
}

static const struct embed_ops static_ops = {.provider = "static",
	.is_local = true,
	.close = static_close,
	.dims = static_dims,
	.local = static_text};

static int
prefixed(int rc, const char *folder, const char *name, struct err *e)
{
	if (rc < 0 && rc != MDB_E_NOMEM)
		err_prefix(e, "embeddings: %s/%s", folder, name);
	return rc;
}

static int
open_tensors(struct static_model *m, const struct mapped *json, struct err *e)
{
	int rc = safetensors_open(m->file.data, m->file.n, &m->tensors, e);

	if (rc != 0)
		return rc;
	rc = read_tensors(m, e);
	if (rc != 0)
		return rc;
	rc = check_numbers(m, e);
	if (rc != 0)
		return rc;
	return name_model(m, json, e);
}

static int
open_words(struct static_model *m, const char *folder, struct mapped *json,
	struct err *e)
{
	int rc = map_file(folder, "tokenizer.json", TOKENIZER_MAX, json, e);

	if (rc != 0)
		return rc;
	return wordpiece_open((const char *)json->data, json->n, &m->words, e);
}

static int
open_files(struct static_model *m, const char *folder, struct err *e)
{
	AUTO_MAPPED struct mapped json = {0};
	int rc = open_words(m, folder, &json, e);

	if (rc < 0)
		return prefixed(rc, folder, "tokenizer.json", e);
	rc = map_file(folder, "model.safetensors", MODEL_MAX, &m->file, e);
	if (rc >= 0)
		rc = open_tensors(m, &json, e);
	return prefixed(rc, folder, "model.safetensors", e);
}

/* Gives back what only opening needed: the pages that were looked at, and the
 * JSON of the vocabulary (5 to 10 MB). Rows are used here and there: reading
 * ahead would only read more. */
static void
static_settle(const struct static_model *m)
{
	void *p = (void *)(uintptr_t)m->file.data;

	madvise(p, m->file.n, MADV_DONTNEED);
	madvise(p, m->file.n, MADV_RANDOM);
	allocator_trim();
}

int
embed_static_open(const struct embed_options *o, const char *folder,
	struct embedder **ret, struct err *e)
{
	struct static_model *m;
	int rc;

	(void)o;
	if (*folder != '/')
		return err_set(e, MDB_E_INVALID,
			"embeddings: static:%s must name a folder by its "
			"absolute path, such as static:/usr/share/potion",
			folder);
	m = calloc(1, sizeof(*m));
	if (!m)
		return err_nomem(e);
	m->head.ops = &static_ops;
	rc = open_files(m, folder, e);
	if (rc < 0) {
		embed_close(&m->head);
		return rc;
	}
	static_settle(m);
	*ret = &m->head;
	return 0;
}
