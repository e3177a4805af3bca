/* UTF-8, case folding, strict numbers, similar names.
 *
 * The nearest name is for errors: `entity_typ` gives "did you mean
 * entityType?". Names are compared without case, _ and -, one may be a part of
 * the other, and otherwise the fewest edits win; a name that has nothing in
 * common with any other gets no suggestion. */
#include "common/text.h"

#include <string.h>
#include <utf8proc.h>

#include "common/err.h"
#include "common/limits.h"
#include "common/utf8.h"

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)
/* Code points that one folds to at most (CaseFolding.txt has 3). */
#define FOLD_MAX 8
/* A name shorter than this is part of too many others. */
#define PART_LEAST 4

/* Eight bytes that are ASCII and not NUL. */
static inline bool
text_is_plain(const char *s)
{
	uint64_t v;

	memcpy(&v, s, sizeof(v));
	return ((v | (v - ONES)) & HIGHS) == 0;
}

bool
text_is_utf8(const char *s, size_t n)
{
	size_t i = 0;
	uint32_t cp;

	while (i < n) {
		size_t len;

		if (n - i >= 8 && text_is_plain(s + i)) {
			i += 8;
			continue;
		}
		len = utf8_decode(s + i, n - i, &cp);
		if (len == 0 || cp == 0)
			return false;
		i += len;
	}
	return true;
}

size_t
text_cut(const char *s, size_t n)
{
	return utf8_cut(s, n);
}

int
text_add_cut(struct buf *out, const char *s, size_t most)
{
	size_t n = strlen(s);

	return buf_add(out, s, n > most ? text_cut(s, most) : n);
}

bool
text_is_dangerous(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return true;
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CS:
		return true;
	case UTF8PROC_CATEGORY_CF:
		return cp != 0x200c && cp != 0x200d && cp != 0xad;
	default:
		return false;
	}
}

static inline char
ascii_fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int
fold_one(uint32_t cp, struct buf *out)
{
	utf8proc_int32_t to[FOLD_MAX];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, to,
		FOLD_MAX, UTF8PROC_CASEFOLD, &boundary);

	if (n < 0 || n > FOLD_MAX) {
		n = 1;
		to[0] = (utf8proc_int32_t)cp;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		char s[4];

		if (buf_add(out, s, utf8_encode((uint32_t)to[i], s)) < 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

int
text_fold(const char *s, size_t n, struct buf *out)
{
	size_t i = 0, before = out->len;

	if (buf_reserve(out, n) < 0)
		return MDB_E_NOMEM;
	while (i < n) {
		uint32_t cp;
		size_t len;

		if ((unsigned char)s[i] < 0x80) {
			if (buf_addc(out, ascii_fold(s[i++])) < 0)
				goto fail;
			continue;
		}
		len = utf8_decode(s + i, n - i, &cp);
		if (len == 0) { /* not valid: kept as it is */
			if (buf_addc(out, s[i++]) < 0)
				goto fail;
			continue;
		}
		if (fold_one(cp, out) < 0)
			goto fail;
		i += len;
	}
	return 0;
fail:
	out->len = before;
	return MDB_E_NOMEM;
}

int
text_int(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	bool minus = *s == '-';
	int64_t v = 0;

	s += minus;
	if (*s == '\0')
		return MDB_E_INVALID;
	/* Summed below zero: INT64_MIN has no positive counterpart. */
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10, &v) ||
			__builtin_sub_overflow(v, *s - '0', &v))
			return MDB_E_INVALID;
	}
	if (!minus && __builtin_sub_overflow(0, v, &v))
		return MDB_E_INVALID;
	if (v < min || v > max)
		return MDB_E_INVALID;
	*ret = v;
	return 0;
}

int
text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The next number of a version text; moves *at behind it and its dot. */
static int64_t
next_number(const char **at)
{
	int64_t n = 0;
	const char *s = *at;

	for (; *s >= '0' && *s <= '9'; s++)
		if (n < INT32_MAX)
			n = n * 10 + (*s - '0');
	/* What follows the number (a suffix) does not count. */
	s += strcspn(s, ".");
	*at = *s == '.' ? s + 1 : s;
	return n;
}

int
text_version_order(const char *a, const char *b)
{
	for (int i = 0; i < 3; i++) {
		int64_t x = next_number(&a), y = next_number(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* --- similar names -------------------------------------------------------- */

/* Optimal string alignment: insert, delete, replace, swap of neighbours. Three
 * rows of the table are enough. */
static unsigned
distance(const char *a, size_t na, const char *b, size_t nb, unsigned limit)
{
	uint16_t rows[3][LIMIT_NAME_BYTES + 1];
	uint16_t *two = rows[0], *one = rows[1], *now = rows[2], *spare;

	if (na > LIMIT_NAME_BYTES || nb > LIMIT_NAME_BYTES ||
		(na > nb ? na - nb : nb - na) > limit)
		return limit + 1;
	for (size_t j = 0; j <= nb; j++)
		one[j] = (uint16_t)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned least = now[0] = (uint16_t)i;

		for (size_t j = 1; j <= nb; j++) {
			unsigned v =
				one[j - 1] + (a[i - 1] != b[j - 1] ? 1u : 0u);

			if (v > one[j] + 1u)
				v = one[j] + 1u;
			if (v > now[j - 1] + 1u)
				v = now[j - 1] + 1u;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] && v > two[j - 2] + 1u)
				v = two[j - 2] + 1u;
			now[j] = (uint16_t)v;
			least = v < least ? v : least;
		}
		/* A swap can still profit from the row before. */
		if (least > limit + 1)
			return limit + 1;
		spare = two;
		two = one;
		one = now;
		now = spare;
	}
	return one[nb] > limit ? limit + 1 : one[nb];
}

unsigned
text_distance(const char *a, const char *b, unsigned limit)
{
	return distance(a, strlen(a), b, strlen(b), limit);
}

/* Lower case, without _ and -: entity_type and entityType are one name. */
static size_t
plain_name(const char *s, char *out, size_t size)
{
	size_t n = 0;

	for (; *s && n < size; s++)
		if (*s != '_' && *s != '-')
			out[n++] = ascii_fold(*s);
	return n;
}

/* One name is part of the other: type for entityType, search for
 * search_nodes. */
static bool
text_is_part(const char *a, size_t na, const char *b, size_t nb)
{
	if (na < PART_LEAST || nb < PART_LEAST)
		return false;
	return na < nb ? memmem(b, nb, a, na) != NULL
		       : memmem(a, na, b, nb) != NULL;
}

const char *
text_nearest(const char *s, const char *const *list)
{
	char a[LIMIT_TYPE_BYTES], b[LIMIT_TYPE_BYTES];
	size_t na = plain_name(s, a, sizeof(a));
	const char *best = NULL, *part = NULL;
	size_t part_n = SIZE_MAX;
	unsigned best_distance = (unsigned)(na < 3 ? 1 : na / 3) + 1;

	if (na == 0)
		return NULL;
	if (best_distance > 4)
		best_distance = 4;
	for (; *list; list++) {
		size_t nb = plain_name(*list, b, sizeof(b));
		unsigned d = distance(a, na, b, nb, best_distance);

		/* All of a short name replaced is no slip. */
		if (d < best_distance && d < na && d < nb) {
			best = *list;
			best_distance = d;
		}
		if (nb < part_n && text_is_part(a, na, b, nb)) {
			part = *list;
			part_n = nb;
		}
	}
	return best ? best : part;
}
