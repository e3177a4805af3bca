/* What a conversation in a file says. A long one goes to the service in pieces
 * that end at line ends; each is a change of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"
#include "memory-db/cli/lib/where.h"

/* Bytes of a piece: with escapes a request takes it. */
#define PIECE_BYTES (256 * 1024)
/* Bytes of a file: more is no conversation. */
#define FILE_BYTES (64 * 1024 * 1024)

static const char *session, *date, *user, *project;
static bool store;

static const struct conf_opt opts[] = {
	CLI_FLAG("store", &store, "store the facts; without it they are shown"),
	CLI_TEXT("date", &date, "WHEN",
		"when it was said: what \"yesterday\" is (today)"),
	CLI_TEXT("session", &session, "ID", "source of the facts"),
	CLI_TEXT("user", &user, "NAME",
		"who \"I\" is where no speaker is named (user)"),
	CLI_TEXT("project", &project, "NAME",
		"what \"we\" work on (that of the namespace)"),
};

struct sums {
	int64_t facts, stored, known, conflicts, not_read;
};

/* --- the file ------------------------------------------------------------------- */
static int
cmd_extract_read_all(const char *path, struct buf *out)
{
	AUTO_FD int fd = strcmp(path, "-") == 0
				 ? dup(STDIN_FILENO)
				 : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && out->len <= FILE_BYTES) {
		if (buf_reserve(out, 65536) != 0)
			return cli_nomem();
		n = read(fd, out->data + out->len, 65536);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			out->len += (size_t)n;
	}
	if (n < 0)
		return cli_fail(CLI_SYSTEM, "cannot read %s: %s", path,
			strerror(errno));
	if (out->len > FILE_BYTES)
		return cli_fail(CLI_USAGE, "%s has more than %d MB", path,
			FILE_BYTES / 1024 / 1024);
	if (!text_is_utf8(out->data ? out->data : "", out->len))
		return cli_fail(CLI_USAGE, "%s is no UTF-8 text", path);
	return CLI_OK;
}

/* Bytes of the next piece: whole lines where there are any. */
static size_t
piece_of(const char *s, size_t n)
{
	const char *end;

	if (n <= PIECE_BYTES)
		return n;
	end = memrchr(s, '\n', PIECE_BYTES);
	return end ? (size_t)(end - s) + 1 : text_cut(s, PIECE_BYTES);
}

/* --- the facts -------------------------------------------------------------------- */
static void
put_rows(struct table *t, const json_t *facts, struct sums *sums)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)facts, i, row) {
		const json_t *text =
			json_array_get(json_object_get(row, "observations"), 0);
		const char *status = cli_str(row, "status", "");
		char sure[16];

		snprintf(sure, sizeof(sure), "%.2f",
			cli_num(row, "confidence", 0));
		table_text(t, cli_str(row, "name", ""));
		table_text(t, json_string_value(text));
		table_text(t, cli_str(row, "kind", ""));
		table_text(t, sure);
		table_text(t, status);
		table_text(t, cli_str(row, "source", ""));
		sums->facts++;
		sums->stored += strcmp(status, "stored") == 0;
		sums->known += strcmp(status, "known") == 0;
	}
}

static int
cmd_extract_ask(struct cli *c, const char *s, size_t n, json_t **ret)
{
	AUTO_JSON json_t *p = json_pack("{s:s%,s:b}", "conversation_text", s, n,
		"auto_store", store);
	const struct {
		const char *key, *text;
	} texts[] = {{"session_date", date}, {"session_id", session},
		{"user", user}, {"project", project}};

	for (size_t i = 0; p && i < ARRAY_LEN(texts); i++)
		if (texts[i].text && jx_set(p, texts[i].key,
					     json_string(texts[i].text)) != 0)
			return cli_fail(CLI_USAGE,
				"an option is no valid UTF-8");
	return cli_call(c, "auto_extract_facts", take_ptr(p), CLI_NOW, ret);
}

static int
extract_piece(struct cli *c, const char *s, size_t n, struct table *t,
	struct sums *sums)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cmd_extract_ask(c, s, n, &reply);

	if (rc != CLI_OK)
		return rc;
	put_rows(t, json_object_get(reply, "facts"), sums);
	sums->conflicts +=
		(int64_t)json_array_size(json_object_get(reply, "conflicts"));
	sums->not_read += cli_int(reply, "lines_not_read", 0);
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	return CLI_OK;
}

static void
cmd_extract_tell(const struct cli *c, const struct sums *sums)
{
	if (sums->not_read > 0)
		cli_note(c,
			"%lld lines are in another language than English, and "
			"nothing is kept of them",
			(long long)sums->not_read);
	if (!store)
		cli_note(c, "%lld facts; nothing is stored without --store",
			(long long)sums->facts);
	else
		cli_note(c,
			"%lld facts%s: %lld stored, %lld known already, %lld in "
			"conflict with others",
			(long long)sums->facts, where_said(c),
			(long long)sums->stored, (long long)sums->known,
			(long long)sums->conflicts);
}

static int
cmd_extract_run(struct cli *c, int argc, char **argv)
{
	static const struct table_column columns[] = {{"entity", false, false},
		{"fact", false, true}, {"kind", false, false},
		{"sure", true, false}, {"", false, false},
		{"said", false, true}};
	AUTO_TABLE struct table t = {0};
	AUTO_BUF struct buf text = {0};
	struct sums sums = {0};
	int rc = cmd_extract_read_all(argv[0], &text);

	(void)argc;
	table_init(&t, columns, ARRAY_LEN(columns));
	if (rc != CLI_OK)
		return rc;
	for (size_t at = 0; at < text.len;) {
		size_t n = piece_of(text.data + at, text.len - at);

		if (n == 0)
			break;
		rc = extract_piece(c, text.data + at, n, &t, &sums);
		if (rc != CLI_OK)
			return rc;
		at += n;
	}
	if (c->json)
		return CLI_OK;
	if (table_print(&t, c, stdout) != 0)
		return cli_nomem();
	cmd_extract_tell(c, &sums);
	return sums.facts > 0 ? CLI_OK : CLI_PROBLEM;
}

const struct cli_command cli_cmd_extract = {
	.name = "extract",
	.args = "FILE|-",
	.summary = "the facts of a conversation",
	.about =
		"Shows the facts of a conversation: plain text, lines "
		"\"Ada: ..\", or turns as JSON (also one a line, as clients keep "
		"them). With --store they are stored; what is known already "
		"is not stored again. Long files go in several changes.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = 1,
	.writes = true,
	.pages = true,
	.run = cmd_extract_run,
};
