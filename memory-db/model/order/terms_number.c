/* A single word that is a number, a time, a date or a version: "1,000",
 * "7:30", "2027-01-31", "v1.4.2", "250ms". The same forms are compared here:
 * two dates agree when the one lies within the other ("2027", "2027-01"), two
 * numbers when their values are equal ("two", "2"). */
#include <math.h>
#include <string.h>

#include "common/clock_words.h"
#include "memory-db/model/order/terms.h"

static bool
terms_number_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at s, with commas between groups of three: how many bytes. */
static size_t
terms_number_read_digits(const char *s, size_t n, double *ret)
{
	size_t i = 0;

	*ret = 0;
	while (i < n) {
		bool group = s[i] == ',' && i > 0 && i + 3 < n &&
			     terms_number_is_digit(s[i + 1]) &&
			     terms_number_is_digit(s[i + 2]) &&
			     terms_number_is_digit(s[i + 3]);

		if (!terms_number_is_digit(s[i]) && !group)
			break;
		if (!group)
			*ret = *ret * 10 + (s[i] - '0');
		i++;
	}
	return i;
}

static size_t
read_decimal(const char *s, size_t n, double *ret)
{
	size_t i = terms_number_read_digits(s, n, ret);
	double scale = 1;

	if (i == 0 || i + 1 >= n || s[i] != '.' ||
		!terms_number_is_digit(s[i + 1]))
		return i;
	for (i++; i < n && terms_number_is_digit(s[i]); i++) {
		scale /= 10;
		*ret += scale * (s[i] - '0');
	}
	return i;
}

/* 7:30, 07:30:00 */
static bool
terms_number_read_time(const char *s, size_t n, struct term *ret)
{
	double hour, minute;
	size_t i = terms_number_read_digits(s, n, &hour), k;

	if (i == 0 || i > 2 || i >= n || s[i] != ':' || hour > 24)
		return false;
	k = terms_number_read_digits(s + i + 1, n - i - 1, &minute);
	if (k != 2 || minute > 59)
		return false;
	i += 1 + k;
	if (i < n && s[i] == ':')
		i = n;
	ret->kind = TERM_TIME;
	ret->value = hour * 60 + minute;
	if (n - i == 2 && (s[i] == 'p' || s[i] == 'P') && hour < 12)
		ret->value += 720;
	return i == n || n - i == 2;
}

/* 2027-01-31, 2027-01; 2027-01-31T10:00 */
static bool
terms_number_read_date(const char *s, size_t n, struct term *ret)
{
	double v[3] = {0};
	size_t i = 0;
	int parts = 0;

	while (parts < 3 && i < n) {
		size_t k = terms_number_read_digits(s + i, n - i, &v[parts]);

		if (k != (parts == 0 ? 4 : 2))
			return false;
		parts++;
		i += k;
		if (i < n && s[i] == 'T' && parts == 3)
			i = n;
		if (i == n)
			break;
		if (s[i] != '-')
			return false;
		i++;
	}
	if (parts < 2 || i != n || v[1] < 1 || v[1] > 12 || v[2] > 31)
		return false;
	ret->kind = TERM_DATE;
	ret->year = (int)v[0];
	ret->month = (int)v[1];
	ret->day = (int)v[2];
	return true;
}

/* v2, 1.4.2, v1.5, 10.0.0.1 */
static bool
read_version(const char *s, size_t n, struct term *ret)
{
	bool v = n > 1 && (s[0] == 'v' || s[0] == 'V') &&
		 terms_number_is_digit(s[1]);
	size_t dots = 0, i = v;

	for (; i < n && (terms_number_is_digit(s[i]) || s[i] == '.'); i++)
		dots += s[i] == '.';
	if ((!v && dots < 2) || (i < n && s[i] != '-' && s[i] != '+'))
		return false;
	ret->kind = TERM_VERSION;
	return true;
}

/* What stands behind the digits without a space. */
static bool
take_suffix(const char *s, size_t n, struct term *ret)
{
	char low[8];
	double factor;

	if (n == 0)
		return true;
	if (n >= sizeof(low))
		return false;
	for (size_t i = 0; i < n; i++)
		low[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
	if (n == 1 && (low[0] == '%' || low[0] == 'k')) {
		if (low[0] == '%')
			ret->unit = UNIT_SHARE;
		else
			ret->value *= 1000;
		return true;
	}
	if (n == 1 && (low[0] == 'x' || low[0] == 'm')) {
		ret->unit = low[0] == 'x' ? UNIT_TIMES : UNIT_LENGTH;
		return true;
	}
	if (n == 3 && memcmp(low, "\xe2\x82\xac", 3) == 0) {
		ret->unit = UNIT_EURO;
		return true;
	}
	if (n == 2 && (memcmp(low, "st", 2) == 0 || memcmp(low, "nd", 2) == 0 ||
			      memcmp(low, "rd", 2) == 0 ||
			      memcmp(low, "th", 2) == 0)) {
		ret->unit = UNIT_ORDINAL;
		return true;
	}
	if (n == 2 &&
		(memcmp(low, "am", 2) == 0 || memcmp(low, "pm", 2) == 0)) {
		ret->kind = TERM_TIME;
		ret->value = ret->value * 60 +
			     (low[0] == 'p' && ret->value < 12 ? 720 : 0);
		return true;
	}
	ret->unit = lexicon_unit(low, n, &factor);
	ret->value *= ret->unit != UNIT_NONE ? factor : 1;
	return ret->unit != UNIT_NONE;
}

bool
term_number(const char *s, size_t n, struct term *ret)
{
	static const struct {
		const char *sign;
		enum lexicon_unit unit;
	} money[] = {{"$", UNIT_DOLLAR}, {"\xe2\x82\xac", UNIT_EURO},
		{"\xc2\xa3", UNIT_POUND}};
	enum lexicon_unit unit = UNIT_NONE;
	bool negative = false;
	size_t k;

	if (terms_number_read_time(s, n, ret) ||
		terms_number_read_date(s, n, ret) || read_version(s, n, ret))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(money); i++) {
		k = strlen(money[i].sign);
		if (n > k && memcmp(s, money[i].sign, k) == 0) {
			s += k;
			n -= k;
			unit = money[i].unit;
		}
	}
	if (n > 1 && (*s == '-' || *s == '+' || *s == '#' || *s == '~')) {
		negative = *s == '-';
		s++;
		n--;
	}
	k = read_decimal(s, n, &ret->value);
	if (k == 0)
		return false;
	ret->kind = TERM_NUMBER;
	ret->unit = unit;
	if (!take_suffix(s + k, n - k, ret))
		return false;
	ret->value = negative ? -ret->value : ret->value;
	return true;
}

bool
term_number_word(const char *s, size_t n, struct term *ret)
{
	static const struct {
		const char *word;
		int value;
	} words[] = {{"zero", 0}, {"one", 1}, {"two", 2}, {"three", 3},
		{"four", 4}, {"five", 5}, {"six", 6}, {"seven", 7},
		{"eight", 8}, {"nine", 9}, {"ten", 10}, {"eleven", 11},
		{"twelve", 12}, {"thirteen", 13}, {"fourteen", 14},
		{"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17},
		{"eighteen", 18}, {"nineteen", 19}, {"twenty", 20},
		{"thirty", 30}, {"forty", 40}, {"fifty", 50}, {"sixty", 60},
		{"seventy", 70}, {"eighty", 80}, {"ninety", 90},
		{"hundred", 100}, {"thousand", 1000}, {"dozen", 12},
		{"first", -1}, {"third", -3}, {"fourth", -4}, {"fifth", -5},
		{"sixth", -6}, {"seventh", -7}, {"eighth", -8}, {"ninth", -9},
		{"tenth", -10}, {"twelfth", -12}, {"second", -2},
		{"eighteenth", -18}, {"eleventh", -11}, {"thirteenth", -13},
		{"fourteenth", -14}, {"fifteenth", -15}, {"sixteenth", -16},
		{"seventeenth", -17}, {"nineteenth", -19}, {"twentieth", -20},
		{"thirtieth", -30}};
	static const struct {
		const char *word;
		int times;
	} often[] = {{"twice", 2}, {"thrice", 3}, {"twofold", 2}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].word) == n &&
			memcmp(words[i].word, s, n) == 0) {
			ret->kind = TERM_NUMBER;
			ret->value = words[i].value < 0 ? -words[i].value
							: words[i].value;
			ret->unit =
				words[i].value < 0 ? UNIT_ORDINAL : UNIT_NONE;
			return true;
		}
	for (size_t i = 0; i < ARRAY_LEN(often); i++)
		if (strlen(often[i].word) == n &&
			memcmp(often[i].word, s, n) == 0) {
			ret->kind = TERM_NUMBER;
			ret->value = often[i].times;
			ret->unit = UNIT_TIMES;
			return true;
		}
	if ((n == 4 && memcmp(s, "noon", 4) == 0) ||
		(n == 8 && memcmp(s, "midnight", 8) == 0)) {
		ret->kind = TERM_TIME;
		ret->value = n == 4 ? 720 : 0;
		return true;
	}
	return false;
}

bool
term_dates_fit(const struct term *a, const struct term *b)
{
	if (a->key != 0 && a->key == b->key)
		return true;
	if ((a->year && b->year && a->year != b->year) ||
		(a->month && b->month && a->month != b->month) ||
		(a->day && b->day && a->day != b->day) ||
		(a->weekday && b->weekday && a->weekday != b->weekday))
		return false;
	/* They have something in common. */
	return (a->year && b->year) || (a->month && b->month) ||
	       (a->day && b->day) || (a->weekday && b->weekday);
}

bool
term_same_number(const struct term *a, const struct term *b)
{
	double x = a->value, y = b->value;

	if (a->kind == TERM_DATE && b->kind == TERM_DATE)
		return term_dates_fit(a, b);
	if (a->kind == TERM_VERSION || b->kind == TERM_VERSION)
		return a->kind == b->kind && a->key == b->key;
	if (a->kind == TERM_DATE || b->kind == TERM_DATE)
		return false;
	if (a->kind != b->kind) { /* at 8, at 8:00 */
		x *= a->kind == TERM_NUMBER ? 60 : 1;
		y *= b->kind == TERM_NUMBER ? 60 : 1;
	} else if (a->unit != b->unit && a->unit != UNIT_NONE &&
		   b->unit != UNIT_NONE)
		return false;
	return fabs(x - y) <= 1e-9 * fmax(fabs(x), fabs(y));
}
