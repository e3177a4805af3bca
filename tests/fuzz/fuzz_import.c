/* Files given to memoryctl import: lines come out as they are, in bounded
 * memory, and any slice of them is a valid request. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/frame.h"
#include "common/limits.h"
#include "memory-db/cli/lib/lines.h"
#include "memory-db/cli/lib/slice.h"

#define LONGEST 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
check_slice(const struct slice *s)
{
	AUTO_BUF struct buf params = {0};
	AUTO_JSON json_t *p = NULL;

	must(slice_params(s, "source", false, "", &params) == 0);
	p = json_loadb(params.data, params.len, 0, NULL);
	must(json_array_size(json_object_get(p, "records")) == s->lines);
	/* The envelope that the client puts around. */
	AUTO_BUF struct buf request = {0};
	struct frame_lexer lx;
	size_t skip, used;

	must(buf_addf(&request, "{\"id\":1,\"params\":%.*s}", (int)params.len,
		     params.data) == 0);
	frame_init(&lx, LIMIT_REQUEST_BYTES, LIMIT_REQUEST_VALUES);
	must(frame_feed(&lx, request.data, request.len, &skip, &used) ==
			FRAME_DONE &&
		used == request.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct slice s;
	AUTO_FD int fd = memfd_create("import", MFD_CLOEXEC);
	AUTO_LINES struct lines l;
	size_t seen = 0, len;
	const char *line;
	struct err e;
	int rc;

	if (n > 60000 || fd < 0 || write(fd, data, n) != (ssize_t)n ||
		lseek(fd, 0, SEEK_SET) != 0)
		return 0;
	lines_init(&l, fd, LONGEST);
	slice_next(&s);
	while ((rc = lines_next(&l, &line, &len, &e)) != 0) {
		struct slice_cost cost = {0};
		const uint8_t *nl = memchr(data + seen, '\n', n - seen);
		size_t expected = nl ? (size_t)(nl - data) - seen : n - seen;

		must(rc == (expected > LONGEST ? MDB_E_LIMIT : 1));
		if (rc == 1) {
			must(len == expected &&
				memcmp(line, data + seen, len) == 0);
			rc = slice_weigh(line, len, &cost, &e);
		}
		seen += expected + (nl != NULL);

		if (!slice_has_room(&s, &cost)) {
			check_slice(&s);
			slice_next(&s);
		}
		must(slice_add(&s, rc == 0 ? line : NULL, &cost) == 0);
	}
	must(seen == n);
	check_slice(&s);
	slice_next(&s);
	return 0;
}
