/* One pass over the text. Most bytes are inside of words and cost a look into
 * a table: only the beginning of a word and a few signs can be, or tell, where
 * a secret is. */
#include "memory-db/model/secrets/secrets.h"

#include <stdint.h>
#include <string.h>

#include "common/err.h"
#include "memory-db/model/secrets/secrets_int.h"

enum secret_find_place { PLACE_OTHER, PLACE_WORD, PLACE_DASH, PLACE_SIGN };

static const uint8_t places[256] = {['0' ... '9'] = PLACE_WORD,
	['a' ... 'z'] = PLACE_WORD,
	['A' ... 'Z'] = PLACE_WORD,
	['_'] = PLACE_WORD,
	['-'] = PLACE_DASH,
	['='] = PLACE_SIGN,
	[':'] = PLACE_SIGN,
	['~'] = PLACE_SIGN,
	['@'] = PLACE_SIGN,
	[','] = PLACE_SIGN};

static enum secret_find_place
secret_find_place_of(char c)
{
	return (enum secret_find_place)places[(unsigned char)c];
}

static bool
at_sign(const struct secret_text *t, size_t at, struct secret *ret)
{
	if (t->s[at] == ':' && at + 2 < t->n && t->s[at + 1] == '/' &&
		t->s[at + 2] == '/')
		return secret_url(t, at, ret);
	if (t->s[at] == ',')
		return secret_defined(t, at, ret);
	if (t->s[at] == '@')
		return secret_dsn(t, at, ret);
	if (t->s[at] != '=' && secret_around(t, at, ret))
		return true;
	return t->s[at] != '~' && secret_assigned(t, at, ret);
}

static bool
at_word(const struct secret_text *t, size_t at, struct secret *ret)
{
	return secret_token(t, at, ret) || secret_shape(t, at, ret) ||
	       secret_said(t, at, ret);
}

bool
secret_find(const char *text, size_t n, size_t from, struct secret *ret)
{
	const struct secret_text t = {text, n};
	enum secret_find_place before =
		from > 0 && from <= n ? secret_find_place_of(text[from - 1])
				      : PLACE_OTHER;

	for (size_t at = from; at < n; at++) {
		enum secret_find_place here = secret_find_place_of(text[at]);
		bool found = false;

		if (here == PLACE_WORD && before != PLACE_WORD)
			found = at_word(&t, at, ret);
		else if (here == PLACE_DASH && before != PLACE_DASH)
			found = secret_shape(&t, at, ret) ||
				secret_option(&t, at, ret);
		else if (here == PLACE_SIGN)
			found = at_sign(&t, at, ret);
		/* A rule may look back, into what was found before. */
		if (found && ret->at >= from)
			return true;
		before = here;
	}
	return false;
}

int
secret_mark(const char *text, size_t n, struct buf *out, size_t *ret_marked)
{
	struct secret s;
	size_t done = 0, marked = 0;
	int rc;

	while (secret_find(text, n, done, &s)) {
		if (buf_add(out, text + done, s.at - done) != 0 ||
			buf_addf(out, "[secret:%s]", s.rule) != 0)
			return MDB_E_NOMEM;
		done = s.at + s.n;
		marked++;
	}
	rc = buf_add(out, text + done, n - done);
	if (rc != 0)
		return rc;
	if (ret_marked != NULL)
		*ret_marked = marked;
	return 0;
}
