/* Which kind of piece a code point is a part of (text_words.c). */
#ifndef COMMON_TEXT_CLASS_H
#define COMMON_TEXT_CLASS_H

#include <stdint.h>

enum text_class {
	TEXT_CLASS_NONE, /* ends a piece */
	TEXT_CLASS_DROP, /* neither ends a piece nor stands in it */
	TEXT_CLASS_WORD,
	TEXT_CLASS_CJK, /* of a script that is written without spaces */
	TEXT_CLASS_SIGN
};

/* Of a code point above 0x7f. */
enum text_class text_class_of(uint32_t cp);

#endif
