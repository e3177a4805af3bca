/* Frames over the one socket of the jail: read(2) and write(2) on descriptor
 * WIRE_FD, as the policy has it. Both buffers are static, since the script
 * owns all other memory and may have used it up; pages that no frame reaches
 * are never touched. */
#include "sandbox/jail/io.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/utf8.h"
#include "sandbox/jail/alarm.h"

/* Untouched pages of these cost nothing. */
static uint8_t out_data[WIRE_HEADER + WIRE_FRAME_BYTES];
static uint8_t in_data[WIRE_HEADER + WIRE_FRAME_BYTES];
static size_t in_len;  /* read so far */
static size_t in_used; /* of the frame handed out last */
static volatile bool sending;

struct out *
out_begin(void)
{
	static struct out o;

	o = (struct out){out_data, WIRE_HEADER, sizeof(out_data), false};
	return &o;
}

void
out_bytes(struct out *o, const void *data, size_t n)
{
	if (o->full || n > o->cap - o->len) {
		o->full = true;
		return;
	}
	memcpy(o->data + o->len, data, n);
	o->len += n;
}

void
out_tag(struct out *o, enum wire_tag tag)
{
	uint8_t byte = (uint8_t)tag;

	out_bytes(o, &byte, 1);
}

static void
out_u32(struct out *o, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
		(uint8_t)(v >> 24)};

	out_bytes(o, b, sizeof(b));
}

static void
out_u64(struct out *o, uint64_t v)
{
	out_u32(o, (uint32_t)v);
	out_u32(o, (uint32_t)(v >> 32));
}

void
out_count(struct out *o, enum wire_tag tag, uint32_t n)
{
	out_tag(o, tag);
	out_u32(o, n);
}

void
out_int(struct out *o, int64_t v)
{
	out_tag(o, WIRE_INT);
	out_u64(o, (uint64_t)v);
}

void
out_float(struct out *o, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	out_tag(o, WIRE_FLOAT);
	out_u64(o, bits);
}

void
out_string(struct out *o, const char *s, size_t n)
{
	if (n > UINT32_MAX) {
		o->full = true;
		return;
	}
	out_count(o, WIRE_STRING, (uint32_t)n);
	out_bytes(o, s, n);
}

void
out_text(struct out *o, const char *s)
{
	out_string(o, s, strlen(s));
}

void
out_scrub(char *s)
{
	size_t n = strlen(s), k;
	uint32_t cp;

	for (size_t i = 0; i < n; i += k) {
		k = utf8_decode(s + i, n - i, &cp);
		if (k == 0) {
			s[i] = '?';
			k = 1;
		}
	}
}

void
out_textf(struct out *o, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	out_scrub(text);
	out_text(o, text);
}

static void
io_write_all(const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(WIRE_FD, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			_exit(WIRE_EXIT_ALONE);
		p += w;
		n -= (size_t)w;
	}
}

void
io_send(struct out *o, enum wire_frame type)
{
	size_t body = o->len - WIRE_HEADER;

	for (unsigned i = 0; i < 4; i++)
		o->data[i] = (uint8_t)((body + 1) >> (8 * i));
	o->data[4] = (uint8_t)type;
	sending = true;
	io_write_all(o->data, o->len);
	sending = false;
}

bool
io_sending(void)
{
	return sending;
}

/* Reads until `need` bytes are there. */
static void
io_fill(size_t need)
{
	while (in_len < need) {
		ssize_t n = read(WIRE_FD, in_data + in_len,
			sizeof(in_data) - in_len);

		if (n < 0 && errno == EINTR) {
			alarm_check();
			continue;
		}
		if (n <= 0)
			_exit(WIRE_EXIT_ALONE);
		in_len += (size_t)n;
	}
}

void
io_read(struct frame *ret)
{
	size_t len;

	memmove(in_data, in_data + in_used, in_len - in_used);
	in_len -= in_used;
	in_used = 0;
	io_fill(WIRE_HEADER);
	len = (size_t)in_data[0] | (size_t)in_data[1] << 8 |
	      (size_t)in_data[2] << 16 | (size_t)in_data[3] << 24;
	if (len < 1 || len > WIRE_FRAME_BYTES + 1)
		_exit(WIRE_EXIT_PROTOCOL);
	in_used = WIRE_HEADER - 1 + len;
	io_fill(in_used);
	ret->type = (enum wire_frame)in_data[4];
	ret->body = in_data + WIRE_HEADER;
	ret->len = len - 1;
}

/* --- taking frames apart -------------------------------------------------- */
static size_t
io_left(const struct in *in)
{
	return (size_t)(in->end - in->at);
}

bool
in_tag(struct in *in, enum wire_tag *ret)
{
	if (io_left(in) < 1 || *in->at > WIRE_MAP)
		return false;
	*ret = (enum wire_tag) * in->at++;
	return true;
}

bool
in_u32(struct in *in, uint32_t *ret)
{
	if (io_left(in) < 4)
		return false;
	*ret = (uint32_t)in->at[0] | (uint32_t)in->at[1] << 8 |
	       (uint32_t)in->at[2] << 16 | (uint32_t)in->at[3] << 24;
	in->at += 4;
	return true;
}

bool
in_u64(struct in *in, uint64_t *ret)
{
	uint32_t lo, hi;

	if (!in_u32(in, &lo) || !in_u32(in, &hi))
		return false;
	*ret = (uint64_t)hi << 32 | lo;
	return true;
}

bool
in_count(struct in *in, size_t least_each, uint32_t *ret)
{
	uint32_t n;

	if (!in_u32(in, &n) || n > io_left(in) / least_each)
		return false;
	*ret = n;
	return true;
}

bool
in_bytes(struct in *in, const char **ret, size_t *ret_n)
{
	uint32_t n;

	if (!in_count(in, 1, &n))
		return false;
	*ret = (const char *)in->at;
	*ret_n = n;
	in->at += n;
	return true;
}

bool
in_string(struct in *in, const char **ret, size_t *ret_n)
{
	enum wire_tag tag;

	return in_tag(in, &tag) && tag == WIRE_STRING &&
	       in_bytes(in, ret, ret_n);
}

bool
in_int(struct in *in, int64_t *ret)
{
	enum wire_tag tag;
	uint64_t v;

	if (!in_tag(in, &tag) || tag != WIRE_INT || !in_u64(in, &v))
		return false;
	*ret = (int64_t)v;
	return true;
}

bool
in_array(struct in *in, uint32_t *ret_n)
{
	enum wire_tag tag;

	return in_tag(in, &tag) && tag == WIRE_ARRAY && in_count(in, 1, ret_n);
}
