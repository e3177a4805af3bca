#include <stdio.h>
#include <string.h>

#include "tests/lib/client_texts_int.h"

static void
put(struct texts *t, const char *s)
{
	texts_put(t, s);
}

static void
indent(struct texts *t, int depth)
{
	while (depth-- > 0)
		put(t, t->tab);
}

static void
remark(struct texts *t, int depth)
{
	if (texts_below(t, 10) == 0)
		put(t, t->nl);
	if (!t->has_comments || texts_below(t, 4) > 0)
		return;
	indent(t, texts_below(t, 4) == 0 ? 0 : depth);
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
block(struct texts *t, int depth)
{
	static const char *const heads[] = {"|", "|-", ">", ">-", "|+"};

	unsigned head = texts_below(t, sizeof(heads) / sizeof(*heads));

	t->keeps_lines = t->keeps_lines || heads[head][1] == '+';
	put(t, heads[head]);
	line_end(t);
	indent(t, depth + 1);
	texts_mark(t, "");
	put(t, t->nl);
	if (texts_below(t, 2) == 0) {
		put(t, texts_below(t, 2) ? t->nl : "");
		indent(t, depth + 1);
		put(t, "memory: # a line of the text");
		put(t, t->nl);
	}
}

/* A value behind "key:", up to its line's end. */
static void
value(struct texts *t, int depth)
{
	static const char *const plain[] = {" 1", " 1.50", " true", " ~", "",
		" yes", " 'it''s # no remark'", " \"a\\tb\\u00e4\"", " {}",
		" []", " 2001-12-14", " [a, 'b: c', {d: 1}]",
		" {x: 1, \"y\": [2]}", " plain text", " !!str 12",
		" http://a.b/c#d"};

	switch (depth < 4 ? texts_below(t, 8) : 7) {
	case 0:
		put(t, " ");
		block(t, depth);
		return;
	case 1: /* a list, on the key's column or deeper */
		line_end(t);
		for (unsigned i = texts_below(t, 3) + 1, d = texts_below(t, 2);
			i > 0; i--) {
			indent(t, depth + (int)d);
			put(t, "- ");
			texts_mark(t, "'");
			line_end(t);
		}
		return;
	case 2: /* a mapping */
		line_end(t);
		remark(t, depth + 1);
		indent(t, depth + 1);
		texts_mark(t, "\"");
		put(t, ":");
		value(t, depth + 1);
		return;
	case 3: /* an anchor, and what stands for it */
		put(t, t->has_anchor ? " *anchor" : " &anchor 12");
		t->has_anchor = true;
		break;
	case 4:
		put(t, " \"");
		texts_mark(t, "");
		put(t, "\"");
		break;
	default:
		put(t, plain[texts_below(t, sizeof(plain) / sizeof(*plain))]);
	}
	line_end(t);
}

static void
key(struct texts *t)
{
	char word[32];

	snprintf(word, sizeof(word), "k%d:", ++t->marks);
	put(t, word);
}

static void
ours(struct texts *t, int depth)
{
	char text[128];

	t->old = "/old/bin/memory-mcp";
	indent(t, depth);
	put(t, texts_below(t, 6) == 0 ? "\"memory\":" : "memory:");
	put(t, t->nl);
	indent(t, depth + 1);
	snprintf(text, sizeof(text), "%s: %s",
		t->client->shape == SHAPE_GOOSE ? "cmd" : "command", t->old);
	put(t, text);
	put(t, t->nl);
	if (texts_below(t, 2) == 0) {
		indent(t, depth + 1);
		put(t, "timeout: 5");
		put(t, t->nl);
	}
	if (texts_below(t, 2) == 0) {
		indent(t, depth + 1);
		put(t, "args:");
		put(t, t->nl);
		indent(t, depth + 1);
		put(t, "- --tools");
		put(t, t->nl);
		indent(t, depth + 1);
		put(t, "- all");
		put(t, t->nl);
	}
}

static void
other(struct texts *t, int depth)
{
	remark(t, depth);
	indent(t, depth);
	key(t);
	line_end(t);
	indent(t, depth + 1);
	put(t, "command: ");
	texts_mark(t, "'");
	line_end(t);
	if (texts_below(t, 2) == 0) {
		indent(t, depth + 1);
		put(t, "more:");
		value(t, depth + 1);
	}
}

static void
servers(struct texts *t)
{
	static const char *const empty[] = {"", " {}", " ~", " null", "  {}",
		" {  }"};
	unsigned n = t->has_others ? texts_below(t, 3) + 1 : 0;
	unsigned at = texts_below(t, n + 1), all = n + t->has_ours;

	put(t, t->client->key);
	put(t, ":");
	if (n > 0 && !t->has_ours && texts_below(t, 8) == 0) {
		put(t, " {x: {command: y}}");
		line_end(t);
		t->is_inline = true;
		return;
	}
	if (all == 0)
		put(t, empty[texts_below(t, sizeof(empty) / sizeof(*empty))]);
	line_end(t);
	for (unsigned i = 0; i < all; i++)
		if (t->has_ours && i == at)
			ours(t, 1);
		else
			other(t, 1);
}

void
texts_yaml(struct texts *t)
{
	unsigned n = texts_below(t, 4), at = texts_below(t, n + 1);

	t->has_anchor = t->keeps_lines = false;
	remark(t, 0);
	if (texts_below(t, 6) == 0) {
		put(t, "---");
		line_end(t);
	}
	for (unsigned i = 0; i < n + t->has_holder; i++) {
		remark(t, 0);
		if (t->has_holder && i == at) {
			servers(t);
			continue;
		}
		key(t);
		value(t, 0);
	}
	remark(t, 0);
	put(t, texts_below(t, 6) == 0 ? t->nl : "");
}
