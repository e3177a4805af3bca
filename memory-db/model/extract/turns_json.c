/* Turns as JSON, as the clients of models keep them: messages with a role and
 * a content. Names of members differ from client to client ("role", "sender",
 * "author"; "content", "text"), so each is looked for under several; of a
 * content of blocks only those that are text are read. What is no message is
 * passed over. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/extract/turns.h"

/* Blocks of one message that are read. */
#define BLOCKS 1000

static const char *
first_text(const json_t *o, const char *const *keys)
{
	for (; *keys; keys++) {
		const char *s = json_string_value(json_object_get(o, *keys));

		if (s)
			return s;
	}
	return NULL;
}

static int64_t
turns_json_at_of(const struct extract_request *q, const json_t *o)
{
	static const char *const keys[] = {"at", "timestamp", "created_at",
		"time", "date", "ts", NULL};
	const char *text = first_text(o, keys);
	struct err e;
	int64_t at;

	if (!text || clock_parse(text, q->at, q->zone_minutes, false, &at, &e))
		return EXTRACT_NO_TIME;
	return at;
}

static int
turns_json_add_text(struct turns *t, struct turn *x, const json_t *text,
	struct err *e)
{
	x->text = json_string_value(text);
	x->n = json_string_length(text);
	return x->n > 0 ? turns_add(t, x, e) : 0;
}

/* Adds the blocks of a list that are text; pictures and calls are passed
 * over. */
static int
add_content(struct turns *t, struct turn *x, const json_t *content,
	struct err *e)
{
	json_t *block;
	size_t i;
	int rc = 0;

	if (json_is_string(content))
		return turns_json_add_text(t, x, content, e);
	json_array_foreach((json_t *)(uintptr_t)content, i, block) {
		const char *type = jx_text(block, "type");

		if (i == BLOCKS || rc != 0)
			break;
		if (json_is_string(block))
			rc = turns_json_add_text(t, x, block, e);
		else if (!type || strcmp(type, "text") == 0 ||
			 strcmp(type, "input_text") == 0 ||
			 strcmp(type, "output_text") == 0)
			rc = turns_json_add_text(t, x,
				json_object_get(block, "text"), e);
	}
	return rc;
}

/* A message; whatever is none is passed over. *ret_any: it was one. */
static int
add_message(const struct extract_request *q, struct turns *t, const json_t *m,
	size_t number, bool *ret_any, struct err *e)
{
	static const char *const names[] = {"speaker", "name", "author", "from",
		"sender", "user", NULL};
	static const char *const texts[] = {"content", "text", "message",
		"value", "utterance", "body", NULL};
	struct turn x = {.line_no = number};
	const json_t *inner = json_object_get(m, "message"), *content = NULL;
	const char *who = first_text(m, names), *role;

	x.at = turns_json_at_of(q, m);
	if (json_is_object(inner)) /* a line of a transcript of Claude Code */
		m = inner;
	role = jx_text(m, "role");
	for (int i = 0; texts[i] && !content; i++)
		content = json_object_get(m, texts[i]);
	if (!content || (!role && !who && !json_is_string(content)))
		return 0;
	*ret_any = true;
	if (role)
		turns_speaker(&x, role, strlen(role));
	if (who && (!role || x.role == ROLE_PERSON || x.role == ROLE_USER))
		turns_speaker(&x, who, strlen(who));
	return add_content(t, &x, content, e);
}

static int
add_messages(const struct extract_request *q, struct turns *t, bool *ret_any,
	struct err *e)
{
	static const char *const lists[] = {"messages", "turns", "conversation",
		"dialogue", "dialog", "history", "transcript", NULL};
	const json_t *list = t->root;
	json_t *m;
	size_t i;

	for (int k = 0; json_is_object(t->root) && lists[k]; k++)
		if (json_is_array(json_object_get(t->root, lists[k])))
			list = json_object_get(t->root, lists[k]);
	if (json_is_object(list))
		return add_message(q, t, list, 1, ret_any, e);
	json_array_foreach((json_t *)(uintptr_t)list, i, m) {
		int rc = add_message(q, t, m, i + 1, ret_any, e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* An object a line. NULL: it is something else. */
static json_t *
turns_json_read_lines(const char *s, size_t n)
{
	AUTO_JSON json_t *list = json_array();

	while (list && n > 0) {
		const char *end = memchr(s, '\n', n);
		size_t k = end ? (size_t)(end - s) + 1 : n;
		struct err e;
		json_t *row;

		if (strspn(s, " \t\r\n") < k) {
			row = jx_parse(s, end ? k - 1 : k, &e);
			if (!row || json_array_append_new(list, row) != 0)
				return NULL;
		}
		s += k;
		n -= k;
	}
	return json_array_size(list) > 0 ? take_ptr(list) : NULL;
}

int
turns_json(const struct extract_request *q, struct turns *t, struct err *e)
{
	size_t i = 0;
	struct err unused;
	bool any = false;
	int rc;

	while (i < q->n && strchr(" \t\r\n", q->text[i]) != NULL)
		i++;
	if (i == q->n || (q->text[i] != '[' && q->text[i] != '{'))
		return 0;
	t->root = jx_parse_any(q->text + i, q->n - i, &unused);
	if (!t->root && unused.code == MDB_E_NOMEM)
		return err_nomem(e);
	if (!t->root && q->text[i] == '{')
		t->root = turns_json_read_lines(q->text + i, q->n - i);
	if (!t->root)
		return 0;
	rc = add_messages(q, t, &any, e);
	return rc != 0 ? rc : any;
}
