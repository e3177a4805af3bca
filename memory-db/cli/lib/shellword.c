#include "memory-db/cli/lib/shellword.h"

#include <string.h>

#include "common/err.h"

int
shellword_add(struct buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
				    "QRSTUVWXYZ0123456789_-./:@%+=,";

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0')
		return buf_adds(out, word);
	if (buf_addc(out, '\'') != 0)
		return MDB_E_NOMEM;
	for (; *word != '\0'; word++)
		if ((*word == '\'' ? buf_adds(out, "'\\''")
				   : buf_addc(out, *word)) != 0)
			return MDB_E_NOMEM;
	return buf_addc(out, '\'');
}
