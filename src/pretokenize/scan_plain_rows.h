/* First bytes of UTF-8 whose characters all have the same class, in every Unicode version. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_SCAN_PLAIN_ROWS_H
#define PMILL_PRETOKENIZE_SCAN_PLAIN_ROWS_H

/* A unit test checks them against the tables of all versions. */
enum {
	/* Caseless letters. */
	PLAIN_HAN_LOW = 0xE5, /* U+5000 to U+9FFF */
	PLAIN_HAN_HIGH = 0xE9,
	PLAIN_MOST_HAN = 0xE4,     /* U+4000 to U+4FFF, except for the row with this second byte: */
	PLAIN_MOST_HAN_BUT = 0xB7, /* U+4DC0 to U+4DFF */
	PLAIN_HANGUL_LOW = 0xEB,   /* U+B000 to U+CFFF */
	PLAIN_HANGUL_HIGH = 0xEC,
	PLAIN_FIRST_HANGUL = 0xEA, /* with second bytes from this one: U+AC00 to U+AFFF */
	PLAIN_FIRST_HANGUL_FROM = 0xB0,
	PLAIN_LAST_HANGUL = 0xED, /* with second bytes up to this one: U+D000 to U+D77F */
	PLAIN_LAST_HANGUL_TO = 0x9D,
	/* Symbols: U+1F140 to U+1FBBF, nearly all pictographs. */
	PLAIN_PICTURE_FIRST = 0xF0,
	PLAIN_PICTURE_SECOND = 0x9F,
	PLAIN_PICTURE_THIRD_LOW = 0x85,
	PLAIN_PICTURE_THIRD_HIGH = 0xAE,
};

#endif
