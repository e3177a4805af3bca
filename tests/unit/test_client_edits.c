/* Ten thousand random edits of the configurations of MCP clients, of each row
 * of clients.def: what is not ours stays as it is, byte for byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/clientedit.h"
#include "memory-db/cli/lib/cliententry.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/clienttake.h"
#include "tests/lib/client_texts.h"
#include "tests/lib/unit.h"

#define EDITS 10000

static struct texts texts;
static uint64_t seed;
static int number;
/* What became of them: told at the end, and bounds of it are checked. */
static int edits, refused;

static _Noreturn void
bad(const char *what, const struct buf *before, const struct buf *after)
{
	print_error("%s: %s, seed %llu, edit %d\n--- before\n%.*s\n--- "
		    "after\n%.*s\n---\n",
		texts.client->name, what, (unsigned long long)seed, number,
		before ? (int)before->len : 0, before ? before->data : "",
		after ? (int)after->len : 0, after ? after->data : "");
	fail();
	abort();
}

static bool
is_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void
must(int rc, const char *what, const struct err *e, const struct buf *before)
{
	char text[1024];

	if (rc == 0)
		return;
	snprintf(text, sizeof(text), "%s: %s", what, e->text);
	bad(text, before, NULL);
}

static json_t *
entry_of(const struct client *cl, const char *command)
{
	const struct entry_words words = {.name = "memory",
		.command = command,
		.namespace_ = "auto"};
	json_t *entry = cliententry_new(cl->shape, &words);

	assert_non_null(entry);
	return entry;
}

/* The entry as the text has it; NULL: none. Returns new. */
static json_t *
parsed_entry(const struct buf *text)
{
	struct err e = {0};
	AUTO_JSON json_t *all =
		clientfile_parse(texts.client->format, text, &e);
	json_t *entry;

	must(all ? 0 : -1, "it is not valid", &e, text);
	must(cliententry_find(texts.client, all, "memory", &entry, NULL, &e),
		"the entry", &e, text);
	return json_incref(entry);
}

/* after is before with one piece put in, and perhaps a comma before a remark;
 * it may replace blanks, braces of an empty object and what stands for it in
 * YAML. */
static bool
is_insertion(const struct buf *before, const struct buf *after)
{
	size_t n = before->len, head = 0, tail = 0;

	while (head < n && head < after->len &&
		before->data[head] == after->data[head])
		head++;
	while (tail < n - head && tail < after->len - head &&
		before->data[n - 1 - tail] ==
			after->data[after->len - 1 - tail])
		tail++;
	while (head < n - tail && strchr(" {}~nul", before->data[head]))
		head++;
	if (head == n - tail)
		return true;
	if (memmem(after->data, after->len, before->data + head,
		    n - tail - head))
		return true;
	for (size_t i = head; i < n - tail; i++)
		if (strchr(" \t\r\n{}~nul", before->data[i]) == NULL)
			return false;
	return true;
}

/* after, but for its bytes from..to, is before with pieces taken out. */
static bool
is_within(const struct buf *before, const struct buf *after, size_t from,
	size_t to)
{
	size_t at = 0;

	for (size_t i = 0; i < after->len; i++) {
		if (i >= from && i < to)
			continue;
		while (at < before->len && before->data[at] != after->data[i])
			at++;
		if (at++ == before->len)
			return false;
	}
	return true;
}

/* The same; " {}" may have come in their place, or a line end. */
static bool
is_deletion(const struct buf *before, const struct buf *after)
{
	if (is_within(before, after, 0, 0))
		return true;
	for (size_t i = 0; i < after->len; i++) {
		if (after->data[i] == '\n' &&
			is_within(before, after, i, i + 1))
			return true;
		if (i + 3 <= after->len &&
			memcmp(after->data + i, " {}", 3) == 0 &&
			is_within(before, after, i, i + 3))
			return true;
	}
	return false;
}

/* A foreign text is changed in place, as its owner does. False: there is
 * none. */
static bool
edit_foreign(const struct buf *text, struct buf *out)
{
	char word[32];
	const char *hit = NULL;

	for (int i = texts.marks; i > 0 && !hit; i--) {
		snprintf(word, sizeof(word), "m%d.", i);
		hit = strstr(text->data, word);
	}
	if (!hit)
		return false;
	assert_int_equal(buf_add(out, text->data, (size_t)(hit - text->data)),
		0);
	assert_int_equal(buf_adds(out, "changed "), 0);
	assert_int_equal(buf_adds(out, hit), 0);
	return true;
}

static void
take_is(const struct buf *text, const struct buf *old, const struct buf *wanted,
	const char *what)
{
	AUTO_BUF struct buf less = {0};
	struct err e = {0};
	bool is_gone;

	must(clienttake(texts.client, text, "memory", old, &less, &is_gone, &e),
		what, &e, text);
	if (!is_same(&less, wanted))
		bad(what, wanted, &less);
	assert_false(is_gone);
}

/* Uninstalling what was installed, also after its owner edited the file. */
static void
take_out_again(const struct buf *with)
{
	AUTO_BUF struct buf foreign = {0}, foreign_with = {0}, less = {0};
	AUTO_JSON json_t *left = NULL;
	struct err e = {0};

	take_is(with, &texts.out, &texts.out, "the backup is the result");
	if (edit_foreign(&texts.out, &foreign) &&
		edit_foreign(with, &foreign_with))
		take_is(&foreign_with, &texts.out, &foreign,
			"taken out of a file that was edited");
	must(clientedit_remove(texts.client, with, "memory", &less, &e),
		"remove", &e, with);
	left = parsed_entry(&less);
	if (left || texts_lost(&texts, &texts.out, &less) != 0)
		bad("removed", with, &less);
	/* With other servers there is nothing to guess. */
	if (texts.has_others && !is_same(&less, &texts.out))
		bad("removed without a backup", &texts.out, &less);
}

static void
install(const struct client *cl)
{
	AUTO_JSON json_t *entry = entry_of(cl, "/new/bin/memory-mcp");
	AUTO_JSON json_t *there = NULL;
	AUTO_BUF struct buf with = {0};
	struct err e = {0};
	int rc;

	texts_make(&texts, cl, false);
	there = parsed_entry(&texts.out);
	assert_null(there);
	edits++;
	rc = clientedit_put(cl, &texts.out, "memory", entry, &with, &e);
	if (rc != 0) {
		/* Only where the servers stand within one value, or a line end
		 * would become a part of the text of several lines before. */
		if (!texts.is_inline &&
			!(cl->format == CLIENT_YAML &&
				texts.out.data[texts.out.len - 1] != '\n'))
			bad(e.text, &texts.out, NULL);
		refused++;
		return;
	}
	there = parsed_entry(&with);
	if (!json_equal(there, entry) || !is_insertion(&texts.out, &with))
		bad("installed", &texts.out, &with);
	if (texts_lost(&texts, &texts.out, &with) != 0)
		bad("a remark is lost", &texts.out, &with);
	take_out_again(&with);
}

/* Our entry is there: as it was before, with what its owner added. */
static void
update(const struct client *cl)
{
	AUTO_BUF struct buf after = {0}, less = {0}, wanted = {0};
	AUTO_JSON json_t *left = NULL;
	struct err e = {0};
	const char *at;
	bool is_gone;

	texts_make(&texts, cl, true);
	edits++;
	must(clientedit_program(cl, &texts.out, "memory", "/new/memory-mcp",
		     &after, &e),
		"update", &e, &texts.out);
	at = strstr(texts.out.data, texts.old);
	assert_non_null(at);
	/* A plain word of YAML is quoted then. */
	bool is_plain = at[-1] != '"';

	assert_int_equal(buf_add(&wanted, texts.out.data,
				 (size_t)(at - texts.out.data)),
		0);
	assert_int_equal(buf_addf(&wanted, "%s/new/memory-mcp%s%s",
				 is_plain ? "\"" : "", is_plain ? "\"" : "",
				 at + strlen(texts.old)),
		0);
	if (!is_same(&after, &wanted))
		bad("updated", &texts.out, &after);
	int rc =
		clienttake(cl, &texts.out, "memory", NULL, &less, &is_gone, &e);

	/* The lines behind the entry would come to the text before it. */
	if (rc != 0 && texts.keeps_lines) {
		refused++;
		return;
	}
	must(rc, "uninstall", &e, &texts.out);
	left = parsed_entry(&less);
	if (left || !is_deletion(&texts.out, &less) ||
		texts_lost(&texts, &texts.out, &less) != 0)
		bad("uninstalled", &texts.out, &less);
}

/* What is no configuration (any more) is refused, or edited all the same; in
 * no case does an edit lose what it should not. */
static void
broken(const struct client *cl)
{
	static const char odd[] = "{}[]\"'\\,:#-|\n\r\t =&*!\xef\0";
	AUTO_JSON json_t *entry = entry_of(cl, "/new/bin/memory-mcp");
	AUTO_BUF struct buf with = {0}, less = {0};
	struct err e = {0};
	bool is_gone;

	texts_make(&texts, cl, texts_below(&texts, 2) == 0);
	edits++;
	for (unsigned i = texts_below(&texts, 3); i > 0 && texts.out.len > 0;
		i--) {
		unsigned at = texts_below(&texts, (unsigned)texts.out.len);

		texts.out.data[at] = odd[texts_below(&texts, sizeof(odd))];
	}
	if (texts.out.len > 0 && texts_below(&texts, 4) == 0)
		texts.out.len = texts_below(&texts, (unsigned)texts.out.len);
	assert_non_null(buf_str(&texts.out));
	if (clienttake(cl, &texts.out, "memory", NULL, &less, &is_gone, &e) ==
		0)
		json_decref(parsed_entry(&less));
	if (clientedit_put(cl, &texts.out, "memory", entry, &with, &e) != 0) {
		refused++;
		return;
	}
	AUTO_JSON json_t *there = parsed_entry(&with);

	if (!json_equal(there, entry))
		bad("installed", &texts.out, &with);
}

static void
rows_and_edits(int n)
{
	for (number = 0; number < n;) {
		for (size_t i = 0; i < clients_n && number < n; i++) {
			const struct client *cl = &clients[i];

			if (cl->format == CLIENT_NONE)
				continue;
			number++;
			if (number % 8 == 0)
				broken(cl);
			else if (number % 3 == 0)
				update(cl);
			else
				install(cl);
		}
	}
}

static void
foreign_text_stays_to_the_byte(void **state)
{
	const char *wanted = getenv("TEST_SEED");

	(void)state;
	seed = wanted ? strtoull(wanted, NULL, 10) : 20261130;
	texts.x = seed * 2654435761u + 88172645463325252u;
	rows_and_edits(EDITS);
	print_message("seed %llu: %d edits, %d refused\n",
		(unsigned long long)seed, edits, refused);
	assert_int_equal(edits, EDITS);
	/* Most of them were really done. */
	assert_true(refused < EDITS / 5);
	texts_done(&texts);
}

/* A file that install made goes when nothing else came into it. */
static void
a_file_of_ours_goes(void **state)
{
	(void)state;
	for (size_t i = 0; i < clients_n; i++) {
		const struct client *cl = &clients[i];
		AUTO_BUF struct buf none = {0}, with = {0}, less = {0};
		AUTO_JSON json_t *entry = entry_of(cl, "/x/memory-mcp");
		struct err e = {0};
		bool is_gone = false;

		if (cl->format == CLIENT_NONE)
			continue;
		assert_int_equal(clientedit_put(cl, &none, "memory", entry,
					 &with, &e),
			0);
		assert_int_equal(clienttake(cl, &with, "memory", NULL, &less,
					 &is_gone, &e),
			0);
		assert_true(is_gone);
		assert_int_equal(less.len, 0);
		/* An empty file that was there before stays. */
		assert_int_equal(clienttake(cl, &with, "memory", &none, &less,
					 &is_gone, &e),
			0);
		assert_false(is_gone);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_text_stays_to_the_byte),
		cmocka_unit_test(a_file_of_ours_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
