/* One structured line a record. The line is built on the stack, at most
 * PIPE_BUF bytes, and written by one write(2): records of threads and
 * processes never mix, and logging needs no memory. */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/owned.h"
#include "common/text.h"
#include "common/utf8.h"

#define LINE_MAX_BYTES 4096
#define PATH_MAX_BYTES 4096
/* Kept free for what closes a line that was cut. */
#define LINE_TAIL 8
#define DAY_MS	  86400000LL

struct log_line {
	char s[LINE_MAX_BYTES];
	size_t n;
	bool full;
	enum log_format format;
};

struct log_file {
	int fd; /* -1: none */
	char path[PATH_MAX_BYTES];
	int64_t size, max_bytes;
	int64_t day; /* of its lines, since 1970 (UTC) */
};

static struct {
	pthread_mutex_t lock; /* files, sizes and rotation */
	char program[32];
	enum log_level level;
	enum log_format format;
	struct log_file file; /* none: stderr */
	struct log_file audit;
	log_moved_fn moved;
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER,
	.program = "memory",
	.level = LOG_INFO,
	.file.fd = -1,
	.audit.fd = -1};

/* Lines that could not be written since the last that could. */
static _Atomic int64_t log_lost;

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char *const format_names[] = {"text", "json"};

void
log_setup(const char *program, enum log_level level, enum log_format format)
{
	pthread_mutex_lock(&log_state.lock);
	snprintf(log_state.program, sizeof(log_state.program), "%s", program);
	log_state.level = level;
	log_state.format = format;
	pthread_mutex_unlock(&log_state.lock);
}

bool
log_enabled(enum log_level level)
{
	return level <= log_state.level;
}

/* --- the file ------------------------------------------------------------- */

static int64_t
log_day_of(int64_t ms)
{
	return ms / DAY_MS;
}

static int
log_open_file(struct log_file *f, const char *path, struct err *e)
{
	struct stat st;
	int fd;
	int rc = owned_open(path, O_WRONLY | O_CREAT | O_APPEND, 0600, &fd, &st,
		e);

	if (rc)
		return rc;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = fd;
	f->size = st.st_size;
	f->day = log_day_of(
		st.st_size > 0 ? (int64_t)st.st_mtime * 1000 : clock_now_ms());
	return 0;
}

static int
open_at(struct log_file *f, const char *path, int64_t max_bytes, struct err *e)
{
	struct err why = {0};
	int rc;

	/* ".1" must fit behind it */
	if (strlen(path) + 3 > PATH_MAX_BYTES)
		return err_set(e, MDB_E_STORE,
			"the path of the log file is "
			"too long");
	pthread_mutex_lock(&log_state.lock);
	rc = log_open_file(f, path, &why);
	if (rc == 0) {
		f->max_bytes = max_bytes;
		memcpy(f->path, path, strlen(path) + 1);
	}
	pthread_mutex_unlock(&log_state.lock);
	if (rc < 0)
		return err_set(e, MDB_E_STORE, "the log file: %s", why.text);
	return 0;
}

int
log_to_file(const char *path, int64_t max_bytes, struct err *e)
{
	return open_at(&log_state.file, path, max_bytes, e);
}

int
log_audit_to_file(const char *path, int64_t max_bytes, struct err *e)
{
	return open_at(&log_state.audit, path, max_bytes, e);
}

void
log_on_moved(log_moved_fn fn)
{
	log_state.moved = fn;
}

/* Moves the file aside when n more bytes would make it too long, or when its lines
 * are of another day. If that fails, the old one goes on: a log that is too long
 * beats none. */
static void
rotate(struct log_file *f, size_t n)
{
	char old[PATH_MAX_BYTES + 2];
	int64_t day = f->day;

	if (f->max_bytes <= 0 || f->size == 0)
		return;
	if (f->size + (int64_t)n <= f->max_bytes &&
		(!log_state.moved || day == log_day_of(clock_now_ms())))
		return;
	snprintf(old, sizeof(old), "%s.1", f->path);
	if (rename(f->path, old) < 0 && errno != ENOENT)
		return;
	if (log_open_file(f, f->path, NULL) < 0)
		return;
	if (log_state.moved)
		log_state.moved(f->path, old, day);
}

static ssize_t
put_into(struct log_file *f, const struct log_line *l)
{
	ssize_t n;

	rotate(f, l->n);
	while ((n = write(f->fd, l->s, l->n)) < 0 && errno == EINTR)
		;
	f->size += n > 0 ? n : 0;
	return n;
}

/* A pipe that nobody empties must not stop the program: what does not fit is
 * lost and counted. A pipe that is ready takes a whole line. */
static bool
log_is_ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) > 0 && (p.revents & POLLOUT) != 0;
}

static bool
log_put(const struct log_line *l)
{
	ssize_t n = -1;

	pthread_mutex_lock(&log_state.lock);
	if (log_state.file.fd >= 0) {
		n = put_into(&log_state.file, l);
	} else if (log_is_ready(STDERR_FILENO)) {
		while ((n = write(STDERR_FILENO, l->s, l->n)) < 0 &&
			errno == EINTR)
			;
	}
	pthread_mutex_unlock(&log_state.lock);
	return n >= 0;
}

/* --- the line ------------------------------------------------------------- */

static void
log_add(struct log_line *l, const char *s, size_t n)
{
	if (l->full || l->n + n > sizeof(l->s) - LINE_TAIL) {
		l->full = true;
		return;
	}
	memcpy(l->s + l->n, s, n);
	l->n += n;
}

static void
adds(struct log_line *l, const char *s)
{
	log_add(l, s, strlen(s));
}

/* As JSON has it: above U+FFFF by two surrogates. */
static void
add_code(struct log_line *l, uint32_t cp)
{
	char code[16];

	if (cp < 0x10000)
		snprintf(code, sizeof(code), "\\u%04x", (unsigned)cp);
	else
		snprintf(code, sizeof(code), "\\u%04x\\u%04x",
			(unsigned)(0xd800 + ((cp - 0x10000) >> 10)),
			(unsigned)(0xdc00 + ((cp - 0x10000) & 0x3ff)));
	adds(l, code);
}

/* Text inside of quotes; valid for JSON, and without control characters in
 * either format, so that no text can forge a line or hide in one. */
static void
add_escaped(struct log_line *l, const char *s)
{
	size_t n = strlen(s), i = 0;
	uint32_t cp;

	while (i < n && !l->full) {
		size_t len = utf8_decode(s + i, n - i, &cp);
		char code[2];

		if (len == 0) {
			log_add(l, "?", 1);
			i++;
			continue;
		}
		if (cp == '"' || cp == '\\') {
			code[0] = '\\';
			code[1] = (char)cp;
			log_add(l, code, 2);
		} else if (cp == '\n') {
			log_add(l, "\\n", 2);
		} else if (text_is_dangerous(cp)) {
			add_code(l, cp);
		} else {
			log_add(l, s + i, len);
		}
		i += len;
	}
}

static void
add_number(struct log_line *l, int64_t v)
{
	char s[24];
	int n = snprintf(s, sizeof(s), "%lld", (long long)v);

	log_add(l, s, (size_t)n);
}

static void
add_json(struct log_line *l, const char *key, const struct log_field *f)
{
	size_t before = l->n;

	adds(l, ",\"");
	add_escaped(l, key);
	adds(l, "\":");
	if (f->text) {
		adds(l, "\"");
		if (l->full) {
			l->n = before;
			return;
		}
		add_escaped(l, f->text);
		l->s[l->n++] = '"'; /* in the tail if the text was cut */
		return;
	}
	add_number(l, f->number);
	if (l->full)
		l->n = before;
}

/* Letters, digits and a few signs stand without quotes. */
static bool
log_is_bare(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return true;
}

static void
log_add_text(struct log_line *l, const char *key, const struct log_field *f)
{
	adds(l, " ");
	adds(l, key);
	adds(l, "=");
	if (!f->text) {
		add_number(l, f->number);
	} else if (log_is_bare(f->text)) {
		adds(l, f->text);
	} else {
		adds(l, "\"");
		if (l->full)
			return;
		add_escaped(l, f->text);
		l->s[l->n++] = '"';
	}
}

static void
add_field(struct log_line *l, const struct log_field *f)
{
	if (l->full)
		return;
	if (l->format == LOG_JSON)
		add_json(l, f->key, f);
	else
		log_add_text(l, f->key, f);
}

void
log_write(enum log_level level, const char *event, uint64_t request_id,
	const struct log_field *fields, size_t n)
{
	struct log_line l = {.format = log_state.format};
	char now[CLOCK_TEXT_SIZE];
	int64_t lost;

	if (!log_enabled(level))
		return;
	clock_format(clock_now_ms(), now);
	if (log_state.format == LOG_JSON) {
		adds(&l, "{\"ts\":\"");
		adds(&l, now);
		adds(&l, "\"");
		add_field(&l,
			&(struct log_field){"level", level_names[level], 0});
		add_field(&l,
			&(struct log_field){"program", log_state.program, 0});
		add_field(&l, &(struct log_field){"event", event, 0});
	} else {
		adds(&l, now);
		adds(&l, " ");
		adds(&l, level_names[level]);
		adds(&l, " ");
		adds(&l, log_state.program);
		adds(&l, " ");
		add_escaped(&l, event);
	}
	if (request_id != 0)
		add_field(&l,
			&LOG_I(log_state.format == LOG_JSON ? "request" : "id",
				request_id));
	lost = atomic_exchange(&log_lost, 0);
	if (lost > 0)
		add_field(&l, &LOG_I("lost_before", lost));
	for (size_t i = 0; i < n; i++)
		add_field(&l, &fields[i]);
	if (log_state.format == LOG_JSON)
		l.s[l.n++] = '}';
	l.s[l.n++] = '\n';
	if (!log_put(&l))
		atomic_fetch_add(&log_lost, lost + 1);
}

bool
log_audit_enabled(void)
{
	return log_state.audit.fd >= 0;
}

void
log_audit(const struct log_field *fields, size_t n)
{
	struct log_line l = {.format = LOG_JSON};
	char now[CLOCK_TEXT_SIZE];
	ssize_t put;

	if (!log_audit_enabled())
		return;
	clock_format(clock_now_ms(), now);
	adds(&l, "{\"ts\":\"");
	adds(&l, now);
	adds(&l, "\"");
	for (size_t i = 0; i < n; i++)
		add_field(&l, &fields[i]);
	l.s[l.n++] = '}';
	l.s[l.n++] = '\n';
	pthread_mutex_lock(&log_state.lock);
	put = put_into(&log_state.audit, &l);
	pthread_mutex_unlock(&log_state.lock);
	if (put != (ssize_t)l.n)
		log_event(LOG_ERROR, "audit line lost", 0,
			LOG_S("error",
				put < 0 ? strerrordesc_np(errno) : "no room"));
}

static int
log_find(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return MDB_E_INVALID;
}

int
log_level_of(const char *name, enum log_level *ret_level)
{
	int i = log_find(level_names, ARRAY_LEN(level_names), name);

	if (i >= 0)
		*ret_level = (enum log_level)i;
	return i < 0 ? i : 0;
}

int
log_format_of(const char *name, enum log_format *ret_format)
{
	int i = log_find(format_names, ARRAY_LEN(format_names), name);

	if (i >= 0)
		*ret_format = (enum log_format)i;
	return i < 0 ? i : 0;
}
