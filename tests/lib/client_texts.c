#include "tests/lib/client_texts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/client_texts_int.h"

uint64_t
texts_random(struct texts *t)
{
	t->x ^= t->x << 13;
	t->x ^= t->x >> 7;
	t->x ^= t->x << 17;
	return t->x;
}

unsigned
texts_below(struct texts *t, unsigned n)
{
	return (unsigned)((texts_random(t) >> 20) % n);
}

void
texts_put(struct texts *t, const char *s)
{
	int rc = buf_adds(&t->out, s);

	assert(rc == 0);
}

void
texts_nl(struct texts *t, int depth)
{
	texts_put(t, t->nl);
	while (depth-- > 0)
		texts_put(t, t->tab);
}

/* A mark in a remark or a text, among what could be taken for syntax. */
void
texts_mark(struct texts *t, const char *quotes)
{
	static const char *const odd[] = {"", " \xc3\xa4\xe2\x82\xac", " {",
		" }", " ,", " [x]", " \xf0\x9f\x8e\x89", " mcpServers",
		" memory", " a: b", " = 1"};
	char word[64];

	snprintf(word, sizeof(word), "%sm%d.%s%s", quotes, ++t->marks,
		odd[texts_below(t, sizeof(odd) / sizeof(odd[0]))], quotes);
	texts_put(t, word);
}

static void
pick_style(struct texts *t)
{
	static const char *const tabs[] = {"  ", "\t", "    "};

	t->nl = texts_below(t, 4) == 0 ? "\r\n" : "\n";
	t->tab = t->client->format == CLIENT_YAML ? tabs[texts_below(t, 2) * 2]
						  : tabs[texts_below(t, 3)];
	t->is_compact =
		t->client->format == CLIENT_JSON && texts_below(t, 5) == 0;
	t->has_comments = texts_below(t, 3) > 0;
	t->has_last_commas = texts_below(t, 3) == 0;
}

void
texts_make(struct texts *t, const struct client *cl, bool with_ours)
{
	buf_clear(&t->out, 4096);
	t->client = cl;
	t->marks = 0;
	t->has_ours = with_ours;
	t->has_holder = with_ours || texts_below(t, 3) > 0;
	t->has_others = t->has_holder && texts_below(t, 3) > 0;
	t->is_inline = false;
	t->old = NULL;
	pick_style(t);
	if (texts_below(t, 8) == 0)
		texts_put(t, "\xef\xbb\xbf");
	if (cl->format == CLIENT_JSON)
		texts_json(t);
	else if (cl->format == CLIENT_TOML)
		texts_toml(t);
	else
		texts_yaml(t);
	if (texts_below(t, 4) == 0)
		while (t->out.len > 0 &&
			strchr("\r\n", t->out.data[t->out.len - 1]) != NULL)
			t->out.len--;
	const char *end = buf_str(&t->out);

	assert(end != NULL);
}

int
texts_lost(const struct texts *t, const struct buf *before,
	const struct buf *after)
{
	const char *at = after->len > 0 ? after->data : "";
	const char *from = before->len > 0 ? before->data : "";

	for (int i = 1; i <= t->marks; i++) {
		char word[32];
		const char *hit, *there;

		snprintf(word, sizeof(word), "m%d.", i);
		there = strstr(from, word);
		if (!there)
			continue;
		hit = strstr(at, word);
		if (!hit)
			return i;
		at = hit;
		from = there;
	}
	return 0;
}

void
texts_done(struct texts *t)
{
	buf_done(&t->out);
}
