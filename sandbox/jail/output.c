#include "sandbox/jail/output.h"

#include <string.h>

#include "sandbox/jail/io.h"

#define PIECE 8192

static uint8_t data[WIRE_HEADER + PIECE];
static struct out piece = {data, WIRE_HEADER, sizeof(data), false};
static int64_t left; /* one byte beyond the limit tells that it was cut */

void
output_limit(int64_t bytes)
{
	left = bytes + 1;
}

void
output_write(const char *s, size_t n)
{
	if ((uint64_t)n > (uint64_t)left)
		n = (size_t)left;
	left -= (int64_t)n;
	while (n > 0) {
		size_t k = piece.cap - piece.len;

		if (k > n)
			k = n;
		out_bytes(&piece, s, k);
		s += k;
		n -= k;
		if (piece.len == piece.cap)
			output_flush();
	}
}

void
output_flush(void)
{
	if (piece.len > WIRE_HEADER)
		io_send(&piece, WIRE_PRINT);
	piece.len = WIRE_HEADER;
}
