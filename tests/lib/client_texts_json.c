#include <stdio.h>
#include <string.h>

#include "tests/lib/client_texts_int.h"

static void
put(struct texts *t, const char *s)
{
	texts_put(t, s);
}

/* A remark where a blank may stand. */
static void
remark(struct texts *t, int depth)
{
	if (!t->has_comments || texts_below(t, 4) > 0)
		return;
	if (t->is_compact || texts_below(t, 2) == 0) {
		put(t, "/* ");
		texts_mark(t, "");
		put(t, " */");
		return;
	}
	put(t, "// ");
	texts_mark(t, "");
	texts_nl(t, depth);
}

static void
line(struct texts *t, int depth)
{
	if (t->is_compact) {
		put(t, texts_below(t, 2) == 0 ? "" : " ");
		return;
	}
	if (texts_below(t, 12) == 0)
		put(t, t->nl);
	texts_nl(t, depth);
}

/* Behind a member, before the next one. */
static void
comma(struct texts *t)
{
	put(t, texts_below(t, 20) == 0 ? " ," : ",");
	if (t->has_comments && !t->is_compact && texts_below(t, 5) == 0) {
		put(t, " // ");
		texts_mark(t, "");
	}
}

static void
value(struct texts *t, int depth)
{
	static const char *const plain[] = {"1.50", "-0", "1e3", "true", "null",
		"[]", "{}", "{ }", "[ ]", "\"\"", "\"https://a.b//c\"",
		"\"/* no remark */\"", "\"\\\"}{\\u00e4\\\\\"", "\"\\\\\"",
		"9007199254740993"};

	if (depth < 4 && texts_below(t, 5) == 0) {
		put(t, "[");
		for (unsigned i = texts_below(t, 3) + 1; i > 0; i--) {
			value(t, depth + 1);
			put(t, i > 1 ? ", " : "");
		}
		put(t, "]");
		return;
	}
	if (depth < 4 && texts_below(t, 5) == 0) {
		put(t, "{");
		line(t, depth + 1);
		texts_mark(t, "\"");
		put(t, texts_below(t, 2) ? ": " : ":");
		value(t, depth + 1);
		if (t->has_comments && t->has_last_commas)
			put(t, ",");
		line(t, depth);
		put(t, "}");
		return;
	}
	if (texts_below(t, 2) == 0)
		texts_mark(t, "\"");
	else
		put(t, plain[texts_below(t, sizeof(plain) / sizeof(*plain))]);
}

/* Our entry as it was written before, or by somebody else's hand. */
static void
ours(struct texts *t, int depth)
{
	const char *command =
		t->client->shape == SHAPE_GOOSE ? "cmd" : "command";
	char text[256];

	put(t, texts_below(t, 8) == 0 ? "\"m\\u0065mory\": " : "\"memory\": ");
	t->old = "/old/bin/memory-mcp";
	snprintf(text, sizeof(text),
		t->client->shape == SHAPE_ARRAY ? "{%s\"%s\": [\"%s\"]"
						: "{%s\"%s\": \"%s\"",
		texts_below(t, 2) ? "\"disabled\": false, " : "", command,
		t->old);
	put(t, text);
	if (texts_below(t, 2) == 0) {
		put(t, ",");
		line(t, depth + 1);
		put(t, "\"env\": {\"A\": \"b\"}");
	}
	line(t, depth);
	put(t, "}");
}

static void
other(struct texts *t, int depth)
{
	texts_mark(t, "\"");
	put(t, ": ");
	if (texts_below(t, 4) == 0) {
		put(t, "{\"url\": \"http://x/");
		texts_mark(t, "");
		put(t, "\"}");
		return;
	}
	put(t, "{");
	line(t, depth + 1);
	put(t, "\"command\": ");
	texts_mark(t, "\"");
	put(t, ",");
	line(t, depth + 1);
	put(t, "\"args\": [\"-y\"]");
	line(t, depth);
	put(t, "}");
}

/* The object of the servers. */
static void
servers(struct texts *t, int depth)
{
	unsigned n = t->has_others ? texts_below(t, 3) + 1 : 0;
	unsigned at = texts_below(t, n + 1), all = n + t->has_ours;

	put(t, "{");
	if (all == 0) {
		if (texts_below(t, 3) == 0)
			line(t, depth);
		remark(t, depth + 1);
		put(t, "}");
		return;
	}
	for (unsigned i = 0; i < all; i++) {
		line(t, depth + 1);
		remark(t, depth + 1);
		if (t->has_ours && i == at)
			ours(t, depth + 1);
		else
			other(t, depth + 1);
		if (i + 1 < all)
			comma(t);
		else if (t->has_comments && t->has_last_commas)
			put(t, ",");
	}
	line(t, depth);
	put(t, "}");
}

/* The members of the object that the key leads to. */
static void
members(struct texts *t, const char *key, int depth)
{
	unsigned n = texts_below(t, 4), at = texts_below(t, n + 1);
	unsigned all = n + t->has_holder;
	size_t part = strcspn(key, "/");
	char name[64];

	put(t, "{");
	for (unsigned i = 0; i < all; i++) {
		line(t, depth + 1);
		remark(t, depth + 1);
		if (t->has_holder && i == at) {
			snprintf(name, sizeof(name), "\"%.*s\": ", (int)part,
				key);
			put(t, name);
			if (key[part] == '/')
				members(t, key + part + 1, depth + 1);
			else
				servers(t, depth + 1);
		} else {
			texts_mark(t, "\"");
			put(t, ": ");
			value(t, depth + 1);
		}
		if (i + 1 < all)
			comma(t);
		else if (t->has_comments && t->has_last_commas)
			put(t, ",");
	}
	if (all > 0 || texts_below(t, 2) == 0)
		line(t, depth);
	remark(t, depth);
	put(t, "}");
}

void
texts_json(struct texts *t)
{
	if (!t->has_holder && texts_below(t, 20) == 0) {
		remark(t, 0);
		return;
	}
	remark(t, 0);
	members(t, t->client->key, 0);
	put(t, texts_below(t, 4) == 0 ? " " : "");
	if (t->has_comments && texts_below(t, 5) == 0) {
		put(t, " // ");
		texts_mark(t, "");
	}
	put(t, t->nl);
}
