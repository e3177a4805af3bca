/* Remembers a fact and finds it again:
 *
 *   cc example_client.c $(pkg-config --cflags --libs libmemory-client)
 *   ./a.out ada person "likes tea"
 */
#include <memory_client.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts in parameters are JSON: quotes, backslashes and control characters
 * need an escape. */
static void
example_client_put_string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* {"entities":[{"name":..,"entityType":..,"observations":[..]}]} */
static char *
create_params(const char *name, const char *type, const char *fact)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	fputs("{\"entities\":[{\"name\":", out);
	example_client_put_string(out, name);
	fputs(",\"entityType\":", out);
	example_client_put_string(out, type);
	fputs(",\"observations\":[", out);
	example_client_put_string(out, fact);
	fputs("]}]}", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static char *
search_params(const char *query)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	fputs("{\"query\":", out);
	example_client_put_string(out, query);
	fputs("}", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Takes params. */
static int
example_client_call(memory_client *c, const char *method, char *params)
{
	char *reply = NULL;
	int result = params == NULL
			     ? MEMORY_NO_MEMORY
			     : memory_client_call(c, method, params, &reply);

	free(params);
	if (reply != NULL)
		printf("%s\n", reply);
	if (result != MEMORY_OK)
		fprintf(stderr, "%s: %s\n", method, memory_client_error(c));
	memory_free(reply);
	return result;
}

int
main(int argc, char **argv)
{
	struct memory_options options = {.size = sizeof(options),
		.client = "example/1.0",
		.timeout_ms = 5000};

	if (argc != 4) {
		fprintf(stderr, "usage: %s NAME TYPE FACT\n", argv[0]);
		return 100;
	}
	memory_client *c = memory_client_new(&options);
	if (c == NULL) {
		fprintf(stderr, "%s: out of memory\n", argv[0]);
		return 111;
	}
	int result = example_client_call(c, "create_entities",
		create_params(argv[1], argv[2], argv[3]));
	if (result == MEMORY_OK)
		result = example_client_call(c, "search_nodes",
			search_params(argv[3]));
	memory_client_free(c);
	if (result == MEMORY_OK)
		return 0;
	if (result == MEMORY_REFUSED)
		return 1;
	return 111;
}
