#include "memory-db/cli/lib/source.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_BYTES 16

static void
format(const char *prefix, const unsigned char hash[HASH_BYTES],
	char ret[SOURCE_SIZE])
{
	char hex[HASH_BYTES * 2 + 1];

	sodium_bin2hex(hex, sizeof(hex), hash, HASH_BYTES);
	snprintf(ret, SOURCE_SIZE, "%s:%s", prefix, hex);
}

static int
hash_content(int fd, const char *target, unsigned char hash[HASH_BYTES],
	struct err *e)
{
	static char chunk[256 * 1024];
	crypto_generichash_state state;
	ssize_t got;

	crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)target,
		strlen(target) + 1);
	while ((got = read(fd, chunk, sizeof(chunk))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(e, MDB_E_STORE, "reading failed: %s",
				strerrordesc_np(errno));
		crypto_generichash_update(&state, (const unsigned char *)chunk,
			(size_t)got);
	}
	crypto_generichash_final(&state, hash, HASH_BYTES);
	return 0;
}

int
source_identity(int fd, const char *target, bool is_fresh,
	char ret[SOURCE_SIZE], int64_t *ret_bytes, bool *ret_resumable,
	struct err *e)
{
	unsigned char hash[HASH_BYTES];
	struct stat st;
	off_t begin;
	int rc;

	if (sodium_init() < 0)
		return err_set(e, MDB_E_INTERNAL, "no randomness");
	*ret_bytes = -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		*ret_bytes = st.st_size;
	begin = lseek(fd, 0, SEEK_CUR);
	*ret_resumable = *ret_bytes >= 0 && begin >= 0 && !is_fresh;
	if (!*ret_resumable) {
		randombytes_buf(hash, sizeof(hash));
		format("once", hash, ret);
		return 0;
	}
	if ((rc = hash_content(fd, target, hash, e)) != 0)
		return rc;
	if (lseek(fd, begin, SEEK_SET) < 0)
		return err_set(e, MDB_E_STORE,
			"cannot go back to its begin: "
			"%s",
			strerrordesc_np(errno));
	format("content", hash, ret);
	return 0;
}
