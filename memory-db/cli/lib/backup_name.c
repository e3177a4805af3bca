/* Names of backups, written and read; backup_name.h has examples. A name is
 * taken apart strictly, piece by piece: a file that only looks like a backup
 * is somebody's own, and is neither listed nor removed. */
#include "memory-db/cli/lib/backup_name.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"

#define PREFIX	     "memory_"
#define WHOLE_SUFFIX ".db.gz"
#define PART_SUFFIX  ".log.gz"
#define TEMP_DIGITS  7 /* ".XXXXXX" of newfile */
#define TIME_DIGITS  16
#define DAY_MS	     86400000LL

const char *
backup_cipher_suffix(enum backup_cipher c)
{
	static const char *const suffixes[BACKUP_CIPHER_MAX] = {"", ".age",
		".gpg"};

	return suffixes[c];
}

void
backup_name_format(const struct backup_name *n, char out[BACKUP_NAME_SIZE])
{
	char at[CLOCK_TEXT_SIZE], digits[TIME_DIGITS + 1], changes[48];
	size_t k = 0;

	/* 2026-11-29T18:15:00.120Z without its marks and its fraction */
	clock_format(n->made_ms, at);
	for (const char *p = at; *p != '.' && *p != '\0'; p++)
		if (*p != '-' && *p != ':' && k < TIME_DIGITS - 1)
			digits[k++] = *p;
	digits[k++] = 'Z';
	digits[k] = '\0';
	if (n->is_whole)
		snprintf(changes, sizeof(changes), "c%" PRId64, n->to);
	else
		snprintf(changes, sizeof(changes), "c%" PRId64 "-c%" PRId64,
			n->from, n->to);
	snprintf(out, BACKUP_NAME_SIZE, PREFIX "%s_%s_%s%s%s", digits, n->id,
		changes, n->is_whole ? WHOLE_SUFFIX : PART_SUFFIX,
		backup_cipher_suffix(n->cipher));
}

/* Takes exactly n digits as a number. */
static bool
take_number(const char **at, int n, int64_t *ret)
{
	*ret = 0;
	for (int i = 0; i < n; i++, ++*at) {
		if (!isdigit((unsigned char)**at))
			return false;
		*ret = *ret * 10 + (**at - '0');
	}
	return true;
}

static bool
take_time(const char **at, int64_t *ret_ms)
{
	int64_t year, month, day, hour, minute, second;

	if (!take_number(at, 4, &year) || !take_number(at, 2, &month) ||
		!take_number(at, 2, &day) || *(*at)++ != 'T' ||
		!take_number(at, 2, &hour) || !take_number(at, 2, &minute) ||
		!take_number(at, 2, &second) || *(*at)++ != 'Z' || month < 1 ||
		month > 12 || day < 1 || day > 31)
		return false;
	*ret_ms = clock_days((struct clock_date){year, (int)month, (int)day}) *
			  DAY_MS +
		  ((hour * 60 + minute) * 60 + second) * 1000;
	return true;
}

/* "c50": a change id of at most 15 digits. */
static bool
backup_name_take_change(const char **at, int64_t *ret)
{
	char digits[16];
	size_t n = 0;

	if (*(*at)++ != 'c')
		return false;
	while (n < sizeof(digits) - 1 && isdigit((unsigned char)**at))
		digits[n++] = *(*at)++;
	digits[n] = '\0';
	return text_int(digits, 0, INT64_MAX, ret) == 0;
}

static bool
backup_name_take_text(const char **at, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(*at, text, n) != 0)
		return false;
	*at += n;
	return true;
}

bool
backup_name_parse(const char *file, struct backup_name *ret)
{
	struct backup_name n = {0};
	const char *at = file;

	if (!backup_name_take_text(&at, PREFIX) ||
		!take_time(&at, &n.made_ms) || *at++ != '_')
		return false;
	for (int i = 0; i < BACKUP_ID_DIGITS; i++, at++) {
		if (!isxdigit((unsigned char)*at) ||
			isupper((unsigned char)*at))
			return false;
		n.id[i] = *at;
	}
	if (*at++ != '_' || !backup_name_take_change(&at, &n.to))
		return false;
	n.is_whole = *at != '-';
	if (!n.is_whole) {
		n.from = n.to;
		at++;
		if (!backup_name_take_change(&at, &n.to) || n.to < n.from)
			return false;
	}
	if (!backup_name_take_text(&at,
		    n.is_whole ? WHOLE_SUFFIX : PART_SUFFIX))
		return false;
	for (int c = BACKUP_PLAIN; c < BACKUP_CIPHER_MAX; c++)
		if (strcmp(at, backup_cipher_suffix((enum backup_cipher)c)) ==
			0) {
			n.cipher = (enum backup_cipher)c;
			*ret = n;
			return true;
		}
	return false;
}

bool
backup_name_is_leftover(const char *file)
{
	static const char unnamed[] = BACKUP_UNNAMED, sum[] = BACKUP_SUM_SUFFIX;
	char name[BACKUP_NAME_SIZE + sizeof(sum) + TEMP_DIGITS];
	struct backup_name n;
	size_t len = strlen(file);

	if (strncmp(file, unnamed, sizeof(unnamed) - 1) == 0)
		return len == sizeof(unnamed) - 1 + TEMP_DIGITS - 1;
	if (len <= TEMP_DIGITS || len >= sizeof(name) ||
		file[len - TEMP_DIGITS] != '.')
		return false;
	len -= TEMP_DIGITS;
	memcpy(name, file, len);
	name[len] = '\0';
	if (len > sizeof(sum) && strcmp(name + len - sizeof(sum) + 1, sum) == 0)
		name[len - sizeof(sum) + 1] = '\0';
	return backup_name_parse(name, &n);
}
