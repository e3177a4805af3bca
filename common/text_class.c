/* The class of a code point, by itself alone. For example "e" with an acute accent
 * is of a word, the accent that stands alone is dropped, a kana needs no space
 * behind it, and an emoji is a sign. */
#include "common/text_class.h"

#include <stdbool.h>
#include <stddef.h>
#include <utf8proc.h>

#include "common/cleanup.h"

/* Scripts written without spaces; sorted. Marks in them carry vowels and
 * tones, so they stay. */
static const struct {
	uint32_t first, last;
} unspaced[] = {
	{0x0e01, 0x0e5b}, /* Thai */
	{0x0e80, 0x0eff}, /* Lao */
	{0x1000, 0x109f}, /* Myanmar */
	{0x1100, 0x11ff}, /* Hangul Jamo */
	{0x1780, 0x17ff}, /* Khmer */
	{0x2e80, 0x2fdf}, /* Han radicals */
	{0x3005, 0x3007}, /* iteration marks, zero */
	{0x3021, 0x3029}, {0x3031, 0x3035}, {0x3038, 0x303c}, {0x3041, 0x3096},
	{0x309d, 0x309f},		    /* Hiragana */
	{0x30a1, 0x30fa}, {0x30fc, 0x30ff}, /* Katakana */
	{0x3105, 0x312f},		    /* Bopomofo */
	{0x3131, 0x318e},		    /* Hangul letters */
	{0x31a0, 0x31bf}, {0x31f0, 0x31ff}, {0x3400, 0x4dbf},
	{0x4e00, 0x9fff},		    /* Han */
	{0xa960, 0xa97f},		    /* Jamo */
	{0xa9e0, 0xa9ff}, {0xaa60, 0xaa7f}, /* Myanmar */
	{0xac00, 0xd7ff},		    /* Hangul syllables, Jamo */
	{0xf900, 0xfaff},		    /* Han, compatibility */
	{0xff66, 0xffdc},		    /* halfwidth kana and Hangul */
	{0x1aff0, 0x1b16f},		    /* kana */
	{0x20000, 0x3ffff},		    /* Han */
};

static bool
is_unspaced(uint32_t cp)
{
	size_t low = 0, high = ARRAY_LEN(unspaced);

	if (cp < unspaced[0].first)
		return false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cp > unspaced[mid].last)
			low = mid + 1;
		else if (cp < unspaced[mid].first)
			high = mid;
		else
			return true;
	}
	return false;
}

/* Vowel signs and viramas of Indic scripts are part of the word; accents,
 * points and keycaps are not. */
static enum text_class
mark_class(const utf8proc_property_t *p)
{
	if (p->category == UTF8PROC_CATEGORY_ME)
		return TEXT_CLASS_DROP;
	return p->combining_class == 0 || p->combining_class == 9
		       ? TEXT_CLASS_WORD
		       : TEXT_CLASS_DROP;
}

enum text_class
text_class_of(uint32_t cp)
{
	const utf8proc_property_t *p =
		utf8proc_get_property((utf8proc_int32_t)cp);

	if (p->ignorable)
		return TEXT_CLASS_DROP;
	switch ((utf8proc_category_t)p->category) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return is_unspaced(cp) ? TEXT_CLASS_CJK : TEXT_CLASS_WORD;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return is_unspaced(cp) ? TEXT_CLASS_CJK : mark_class(p);
	case UTF8PROC_CATEGORY_SO:
		return is_unspaced(cp) ? TEXT_CLASS_CJK : TEXT_CLASS_SIGN;
	case UTF8PROC_CATEGORY_SM:
	case UTF8PROC_CATEGORY_SC:
	case UTF8PROC_CATEGORY_SK:
	/* Not assigned yet, or by somebody else: most likely new emoji. */
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CO:
		return TEXT_CLASS_SIGN;
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
		break;
	}
	return TEXT_CLASS_NONE;
}
