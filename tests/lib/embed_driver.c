/* Embeds what a test asks for: embed_driver SPEC [MODEL KEY TIMEOUT QUERY_TIMEOUT]
 *
 * Prints what it opened as a line of JSON, or the error; then for each line of
 * stdin, ["stored" or "question", TEXT...], a line with the vectors or the
 * error. "many" asks from four threads at once. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/embed/embed.h"

#define THREADS 4

static struct embedder *embedder;

static void
print(json_t *o)
{
	struct buf b = {0};

	if (!o || jx_dump(o, &b) < 0 || buf_addc(&b, '\n') < 0)
		exit(111);
	fwrite(b.data, 1, b.len, stdout);
	fflush(stdout);
	buf_done(&b);
	json_decref(o);
}

static json_t *
error_of(int rc, const struct err *e)
{
	return json_pack("{s:s, s:s}", "code", err_name(rc), "error", e->text);
}

static json_t *
vectors(const float *v, size_t n, size_t dims)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *one = json_array();

		for (size_t k = 0; k < dims; k++)
			json_array_append_new(one,
				json_real((double)v[i * dims + k]));
		json_array_append_new(all, one);
	}
	return all;
}

/* What the line asks for; new. */
static json_t *
answer(const json_t *line)
{
	struct embed_text texts[EMBED_BATCH_MAX];
	size_t n = json_array_size(line) - 1, dims = 0;
	const char *use = json_string_value(json_array_get(line, 0));
	struct err e = {0};
	float *v = NULL;
	json_t *o;
	int rc;

	for (size_t i = 0; i < n; i++) {
		const json_t *t = json_array_get(line, i + 1);

		texts[i].s = json_string_value(t);
		texts[i].n = json_string_length(t);
	}
	rc = embed_texts(embedder,
		strcmp(use, "question") == 0 ? EMBED_QUESTION : EMBED_STORED,
		texts, n, &v, &dims, &e);
	if (rc < 0)
		return error_of(rc, &e);
	o = json_pack("{s:I, s:o}", "dims", (json_int_t)dims, "vectors",
		vectors(v, n, dims));
	free(v);
	return o;
}

static void *
ask(void *line)
{
	return answer(line);
}

static json_t *
ask_many(json_t *line)
{
	pthread_t threads[THREADS];
	json_t *all = json_array();

	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, ask, line) != 0)
			exit(111);
	for (size_t i = 0; i < THREADS; i++) {
		void *o = NULL;

		pthread_join(threads[i], &o);
		json_array_append_new(all, o);
	}
	return all;
}

int
main(int argc, char **argv)
{
	struct embed_options o = {.spec = argc > 1 ? argv[1] : "none",
		.timeout_ms = 5000,
		.query_timeout_ms = 5000};
	struct err e = {0};
	AUTO_FREE char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc;

	if (argc > 5) {
		o.model = argv[2];
		o.key = *argv[3] ? argv[3] : NULL;
		if (text_int(argv[4], 1, INT64_MAX, &o.timeout_ms) < 0 ||
			text_int(argv[5], 1, INT64_MAX, &o.query_timeout_ms) <
				0)
			return 100;
	}
	rc = embed_open(&o, &embedder, &e);
	if (rc < 0 || !embedder) {
		print(rc < 0 ? error_of(rc, &e) : json_object());
		return 0;
	}
	print(json_pack("{s:s, s:s, s:I}", "provider", embed_provider(embedder),
		"model", embed_model(embedder), "dims",
		(json_int_t)embed_dims(embedder)));
	while ((n = getline(&line, &cap, stdin)) > 0) {
		AUTO_JSON json_t *asked = jx_parse_any(line, (size_t)n, &e);
		const char *use = json_string_value(json_array_get(asked, 0));

		if (!use)
			return 100;
		print(strcmp(use, "many") == 0 ? ask_many(asked)
					       : answer(asked));
	}
	embed_close(embedder);
	return 0;
}
