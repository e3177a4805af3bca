/* Frames over the one socket of the jail. */
#ifndef SANDBOX_JAIL_IO_H
#define SANDBOX_JAIL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/wire.h"

/* A frame being built. The first WIRE_HEADER bytes belong to io_send. */
struct out {
	uint8_t *data;
	size_t len, cap;
	bool full; /* something did not fit */
};

/* The one large buffer, emptied. */
struct out *out_begin(void);

void out_bytes(struct out *o, const void *data, size_t n);
void out_tag(struct out *o, enum wire_tag tag);
void out_count(struct out *o, enum wire_tag tag, uint32_t n);
void out_int(struct out *o, int64_t v);
void out_float(struct out *o, double v);
void out_string(struct out *o, const char *s, size_t n);
void out_text(struct out *o, const char *s);
/* Replaces what is not UTF-8 in s by '?'. */
void out_scrub(char *s);
/* printf into a string of at most 255 bytes, scrubbed; no memory, no locale. */
void out_textf(struct out *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sends the frame, blocking. The process ends when nobody listens. */
void io_send(struct out *o, enum wire_frame type);

/* True in the middle of io_send: nobody else may write then. */
bool io_sending(void);

struct frame {
	enum wire_frame type;
	const uint8_t *body; /* valid until the next io_read */
	size_t len;
};

/* Waits for a frame. The process ends when the peer has gone or breaks the
 * protocol. */
void io_read(struct frame *ret);

/* --- taking frames apart -------------------------------------------------- */
struct in {
	const uint8_t *at, *end;
};
/* All return false when the bytes are no such thing. */
bool in_tag(struct in *in, enum wire_tag *ret);
bool in_u32(struct in *in, uint32_t *ret);
bool in_u64(struct in *in, uint64_t *ret);
/* The count of an array or map, checked against the bytes that are left. */
bool in_count(struct in *in, size_t least_each, uint32_t *ret);
/* Bytes of a string (the tag is read already); they point into the frame. */
bool in_bytes(struct in *in, const char **ret, size_t *ret_n);
/* With the tag. */
bool in_string(struct in *in, const char **ret, size_t *ret_n);
bool in_int(struct in *in, int64_t *ret);
bool in_array(struct in *in, uint32_t *ret_n);

#endif
