#include <stdio.h>
#include <string.h>

#include "tests/lib/client_texts_int.h"

static void
put(struct texts *t, const char *s)
{
	texts_put(t, s);
}

static void
remark(struct texts *t)
{
	if (!t->has_comments || texts_below(t, 3) > 0)
		return;
	put(t, "# ");
	texts_mark(t, "");
	put(t, t->nl);
}

static void
line_end(struct texts *t)
{
	if (t->has_comments && texts_below(t, 5) == 0) {
		put(t, " # ");
		texts_mark(t, "");
	}
	put(t, t->nl);
}

static void
name(struct texts *t, const char *prefix)
{
	char word[32];

	snprintf(word, sizeof(word), "%sk%d", prefix, ++t->marks);
	put(t, word);
}

/* A text of several lines with what looks like a table in it. */
static void
long_text(struct texts *t, const char *quotes)
{
	put(t, quotes);
	put(t, t->nl);
	put(t, "[mcp_servers.memory]");
	put(t, t->nl);
	texts_mark(t, "");
	put(t, t->nl);
	put(t, quotes);
}

static void
value(struct texts *t)
{
	static const char *const plain[] = {"1", "0x1f", "1_000", "inf",
		"1979-05-27T07:32:00Z", "true", "[]", "{}", "\"\"", "'C:\\x'",
		"\"\\u00e4 # no remark\"", "[1, 2,]"};

	switch (texts_below(t, 6)) {
	case 0:
		put(t, "{ a = ");
		texts_mark(t, "\"");
		put(t, ", b.c = 1 }");
		break;
	case 1:
		put(t, "[");
		put(t, t->nl);
		put(t, t->tab);
		texts_mark(t, "'");
		put(t, ",");
		line_end(t);
		put(t, "]");
		break;
	case 2:
		long_text(t, texts_below(t, 2) ? "\"\"\"" : "'''");
		break;
	case 3:
		texts_mark(t, "\"");
		break;
	default:
		put(t, plain[texts_below(t, sizeof(plain) / sizeof(*plain))]);
	}
}

static void
statements(struct texts *t, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		remark(t);
		put(t, texts_below(t, 8) == 0 ? t->tab : "");
		name(t, texts_below(t, 5) == 0 ? "dotted." : "");
		put(t, texts_below(t, 4) == 0 ? "=" : " = ");
		value(t);
		line_end(t);
	}
}

static void
blank(struct texts *t)
{
	for (unsigned i = texts_below(t, 3); i > 0; i--)
		put(t, t->nl);
}

static void
header(struct texts *t, const char *text)
{
	blank(t);
	remark(t);
	put(t, text);
	line_end(t);
}

static void
ours(struct texts *t, bool is_list)
{
	char text[128];

	t->old = "/old/bin/memory-mcp";
	blank(t);
	put(t, is_list ? "[[mcp_servers]]" : "[mcp_servers.memory]");
	put(t, t->nl);
	put(t, is_list ? "name = \"memory\"" : "startup_timeout_ms = 1");
	put(t, t->nl);
	snprintf(text, sizeof(text), "command = \"%s\"", t->old);
	put(t, text);
	put(t, t->nl);
	if (is_list || texts_below(t, 2) == 0)
		return;
	put(t, texts_below(t, 2) ? t->nl : "");
	put(t, "[mcp_servers.memory.env]");
	put(t, t->nl);
	put(t, "A = \"b\"");
	put(t, t->nl);
}

static void
other(struct texts *t, bool is_list)
{
	char text[64];

	snprintf(text, sizeof(text),
		is_list ? "[[mcp_servers]]" : "[mcp_servers.s%d]", ++t->marks);
	header(t, text);
	if (is_list) {
		put(t, "name = ");
		texts_mark(t, "\"");
		put(t, t->nl);
	}
	put(t, "command = ");
	texts_mark(t, "\"");
	line_end(t);
	put(t, texts_below(t, 2) ? "args = [\"-y\"]" : "enabled = false");
	line_end(t);
}

static void
foreign(struct texts *t)
{
	char text[64];
	int number = ++t->marks;

	if (texts_below(t, 3) == 0) {
		header(t, "[[hooks]]");
		statements(t, texts_below(t, 2) + 1);
		return;
	}
	snprintf(text, sizeof(text),
		texts_below(t, 2) ? "[t%d]" : "[ \"t %d\" . x ]", number);
	header(t, text);
	statements(t, texts_below(t, 3));
}

void
texts_toml(struct texts *t)
{
	bool is_list = t->client->shape == SHAPE_NAMED;
	unsigned n = texts_below(t, 4), others = 0, at;

	remark(t);
	statements(t, texts_below(t, 4));
	if (t->has_holder && !t->has_ours && texts_below(t, 8) == 0) {
		put(t, is_list ? "mcp_servers = [{name = \"x\"}]"
			       : "mcp_servers = { x = { command = \"y\" } }");
		put(t, t->nl);
		t->is_inline = t->has_others = true;
	} else if (t->has_others) {
		others = texts_below(t, 3) + 1;
	}
	at = texts_below(t, n + others + 1);
	for (unsigned i = 0; i <= n + others; i++) {
		if (t->has_ours && i == at)
			ours(t, is_list);
		if (i < n)
			foreign(t);
		else if (i < n + others)
			other(t, is_list);
	}
	remark(t);
	blank(t);
}
