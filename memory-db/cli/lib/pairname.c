#include "memory-db/cli/lib/pairname.h"

#include <sodium.h>
#include <string.h>

void
pairname(const char *a, const char *b, char ret[PAIRNAME_SIZE])
{
	unsigned char d[(PAIRNAME_SIZE - 1) / 2];
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, sizeof(d));
	/* With its end, so that ("ab", "c") is another one than ("a", "bc"). */
	crypto_generichash_update(&h, (const unsigned char *)a, strlen(a) + 1);
	crypto_generichash_update(&h, (const unsigned char *)b, strlen(b));
	crypto_generichash_final(&h, d, sizeof(d));
	sodium_bin2hex(ret, PAIRNAME_SIZE, d, sizeof(d));
}
