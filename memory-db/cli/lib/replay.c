/* Lines are cut out of replies and put into requests as they came: nothing is
 * parsed here but where a line ends. */
#include "memory-db/cli/lib/replay.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/cli/lib/jscan.h"

/* Of a slice: a request may hold LIMIT_LIST_ENTRIES lines in 4 MiB. */
#define SLICE_BYTES (1024 * 1024)
/* A line has at least 60 bytes: a page of this has no more than fit into a
 * slice. */
#define PAGE_BYTES (512 * 1024)
#define READ_BYTES (256 * 1024)

/* --- writing -------------------------------------------------------------- */
void
log_replay_begin(struct log_replay *r, struct cli *to)
{
	unsigned char bytes[16];
	char hex[2 * sizeof(bytes) + 1];

	*r = (struct log_replay){.to = to};
	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(hex, sizeof(hex), bytes, sizeof(bytes));
	snprintf(r->source, sizeof(r->source), "restore:%s", hex);
}

/* Errors of lines are none that a restore may pass over. */
static int
check_reply(const json_t *reply)
{
	const json_t *first =
		json_array_get(json_object_get(reply, "errors"), 0);

	if (!first)
		return CLI_OK;
	return cli_fail(CLI_PROBLEM, "line %lld of the log: %s",
		(long long)cli_int(first, "line", 0),
		cli_str(first, "error", "?"));
}

static int
replay_send_once(struct log_replay *r, bool is_last, int64_t *ret_next)
{
	AUTO_BUF struct buf params = {0};
	AUTO_JSON json_t *reply = NULL;
	char *text = NULL;
	int rc;

	if (buf_addf(&params,
		    "{\"source\":\"%s\",\"offset\":%lld,\"done\":%s,"
		    "\"all_namespaces\":true,\"confirm_erasures\":true,"
		    "\"continues\":true,"
		    "\"allow_secret\":true,\"records\":[",
		    r->source, (long long)r->offset,
		    is_last ? "true" : "false") != 0 ||
		buf_add(&params, r->lines.data, r->lines.len) != 0 ||
		buf_adds(&params, "]}") != 0 || !buf_str(&params))
		return cli_nomem();
	rc = cli_call_text(r->to, "import_records", params.data, &text);
	if (rc != CLI_OK)
		return rc;
	reply = jx_parse(text, strlen(text), NULL);
	memory_free(text);
	if (!reply)
		return cli_nomem();
	*ret_next = cli_int(reply, "next_offset", 0);
	return check_reply(reply);
}

/* A slice may be too large for one change of turns: what is there is passed over
 * when it comes again. */
static int
replay_send_slice(struct log_replay *r, bool is_last)
{
	int64_t end = r->offset + (int64_t)r->n, next = r->offset, last;

	do {
		int rc;

		last = next;
		rc = replay_send_once(r, is_last, &next);
		if (rc != CLI_OK)
			return rc;
	} while (next < end && next > last);
	if (next < end)
		return cli_fail(CLI_SYSTEM,
			"the log cannot be replayed behind line %lld",
			(long long)next);
	r->offset = end;
	r->n = 0;
	buf_clear(&r->lines, SLICE_BYTES);
	return CLI_OK;
}

int
log_replay_add(struct log_replay *r, const char *line, size_t n)
{
	if (r->n > 0 && (r->n >= LIMIT_LIST_ENTRIES ||
				r->lines.len + n > SLICE_BYTES)) {
		int rc = replay_send_slice(r, false);

		if (rc != CLI_OK)
			return rc;
	}
	if ((r->n > 0 && buf_addc(&r->lines, ',') != 0) ||
		buf_add(&r->lines, line, n) != 0)
		return cli_nomem();
	r->n++;
	return CLI_OK;
}

int
log_replay_end(struct log_replay *r)
{
	return replay_send_slice(r, true);
}

void
log_replay_done(struct log_replay *r)
{
	buf_done(&r->lines);
}

/* --- reading -------------------------------------------------------------- */
static json_t *
page_params(int64_t since, const char *as_of, const char *cursor)
{
	AUTO_JSON json_t *p = json_pack("{s:b,s:b,s:i}", "all", 1, "counters",
		1, "max_bytes", PAGE_BYTES);
	bool bad;

	if (cursor)
		bad = jx_set(p, "cursor", json_string(cursor)) != 0;
	else
		bad = (since > 0 &&
			      jx_set(p, "since", json_integer(since)) != 0) ||
		      (as_of && jx_set(p, "as_of", cli_point(as_of)) != 0);
	return bad ? NULL : take_ptr(p);
}

static int
each_line(const char *reply, size_t n, log_replay_line_fn fn, void *ctx)
{
	struct jmember lines, m;
	struct jwalk w;
	int more = -1, rc;

	if (jscan_find(reply, n, 0, "lines", &lines) == 1 &&
		jwalk_init(&w, reply, n, lines.value.at))
		while ((more = jwalk_next(&w, &m)) == 1) {
			rc = fn(ctx, reply + m.value.at,
				m.value.end - m.value.at);
			if (rc != CLI_OK)
				return rc;
		}
	return more == 0 ? CLI_OK
			 : cli_fail(CLI_SYSTEM, "the reply of the service "
						"cannot be read");
}

static int
replay_read_page(struct cli *from, int64_t since, const char *as_of,
	char **cursor, log_replay_line_fn fn, void *ctx)
{
	AUTO_JSON json_t *params = page_params(since, as_of, *cursor);
	AUTO_BUF struct buf b = {0};
	char *reply = NULL;
	int rc;

	if (!params || jx_dump(params, &b) != 0 || !buf_str(&b))
		return cli_nomem();
	rc = cli_call_text(from, "export_log", b.data, &reply);
	if (rc != CLI_OK)
		return rc;
	free(take_ptr(*cursor));
	rc = jscan_text(reply, strlen(reply), 0, "next", cursor) >= 0
		     ? each_line(reply, strlen(reply), fn, ctx)
		     : cli_fail(CLI_SYSTEM, "the reply of the service cannot "
					    "be read");
	memory_free(reply);
	return rc;
}

int
log_replay_read(struct cli *from, int64_t since, const char *as_of,
	log_replay_line_fn fn, void *ctx)
{
	AUTO_FREE char *cursor = NULL;
	do {
		int rc = replay_read_page(from, since, as_of, &cursor, fn, ctx);

		if (rc != CLI_OK)
			return rc;
	} while (cursor);
	return CLI_OK;
}

static int
replay_add_line(void *ctx, const char *line, size_t n)
{
	return log_replay_add(ctx, line, n);
}

int
log_replay_copy(struct cli *from, const char *as_of, struct cli *to)
{
	AUTO_LOG_REPLAY struct log_replay r = {0};
	int rc;

	log_replay_begin(&r, to);
	rc = log_replay_read(from, 0, as_of, replay_add_line, &r);
	return rc == CLI_OK ? log_replay_end(&r) : rc;
}

/* Whole lines of what was read so far; keeps the rest. */
static int
replay_take_lines(struct buf *text, struct log_replay *r)
{
	size_t at = 0;
	const char *end;

	while ((end = memchr(text->data + at, '\n', text->len - at)) != NULL) {
		size_t n = (size_t)(end - (text->data + at));
		int rc = n > 0 ? log_replay_add(r, text->data + at, n) : CLI_OK;

		if (rc != CLI_OK)
			return rc;
		at += n + 1;
	}
	buf_consume(text, at);
	return CLI_OK;
}

int
log_replay_part(struct backup_reader *part, struct cli *to, struct err *e)
{
	AUTO_LOG_REPLAY struct log_replay r = {0};
	AUTO_BUF struct buf text = {0};
	ssize_t got;
	int rc;

	log_replay_begin(&r, to);
	do {
		if (text.len > LIMIT_REQUEST_BYTES ||
			buf_reserve(&text, READ_BYTES) != 0)
			return cli_nomem();
		got = backup_reader_read(part, text.data + text.len, READ_BYTES,
			e);
		if (got < 0)
			return CLI_PROBLEM;
		text.len += (size_t)got;
		rc = replay_take_lines(&text, &r);
		if (rc != CLI_OK)
			return rc;
	} while (got > 0);
	return log_replay_end(&r);
}
