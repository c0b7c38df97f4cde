/* Printable bytes: each byte as one visible code point, as vocab files spell tokens. */
/* SPDX-License-Identifier: MIT */
#include "unicode/printable.h"

#include "unicode/utf8.h"

/* Bytes whose printable form is another code point, in byte order: 0–32, 127–160 and 173. */
enum {
	FIRST_GAP_END = 33,
	SECOND_GAP = 127,
	SECOND_GAP_END = 161,
	SOFT_HYPHEN = 173,
	SHIFTED = 0x100, /* the code point of the first of them */
	SHIFTED_END = SHIFTED + FIRST_GAP_END + (SECOND_GAP_END - SECOND_GAP) + 1,
};

const uint8_t pmill_printable_order[256] = {33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46,
	47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70,
	71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94,
	95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114,
	115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 161, 162, 163, 164, 165, 166, 167,
	168, 169, 170, 171, 172, 174, 175, 176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 187,
	188, 189, 190, 191, 192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206,
	207, 208, 209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 221, 222, 223, 224, 225,
	226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244,
	245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 127, 128, 129,
	130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148,
	149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 173};

uint32_t pmill_printable_from_byte(uint8_t byte)
{
	if (byte < FIRST_GAP_END)
		return SHIFTED + (uint32_t)byte;
	if (byte >= SECOND_GAP && byte < SECOND_GAP_END)
		return SHIFTED + FIRST_GAP_END + ((uint32_t)byte - SECOND_GAP);
	return byte == SOFT_HYPHEN ? SHIFTED_END - 1 : byte;
}

int pmill_printable_to_byte(uint32_t code_point)
{
	if (code_point >= SHIFTED_END)
		return -1;
	if (code_point >= SHIFTED)
		return pmill_printable_order[256 - (SHIFTED_END - code_point)];
	return pmill_printable_from_byte((uint8_t)code_point) == code_point ? (int)code_point : -1;
}

bool pmill_printable_append(struct pmill_buffer *buffer, const void *data, size_t len)
{
	/* The printable form of a byte has at most two bytes. */
	if (len > SIZE_MAX / 2 || !pmill_buffer_reserve(buffer, 2 * len))
		return false;
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i++)
		buffer->len += pmill_utf8_encode(
			pmill_printable_from_byte(bytes[i]), buffer->data + buffer->len);
	return true;
}

bool pmill_printable_parse(
	struct pmill_buffer *buffer, const void *text, size_t len, size_t *bad_offset)
{
	const size_t before = buffer->len;
	if (!pmill_buffer_reserve(buffer, len)) {
		*bad_offset = SIZE_MAX;
		return false;
	}
	const uint8_t *bytes = text;
	for (size_t i = 0; i < len;) {
		/*
		 * The common case: most bytes are their own printable form, and vocabs and word lists are
		 * long.
		 */
		if (bytes[i] >= FIRST_GAP_END && bytes[i] < SECOND_GAP) {
			buffer->data[buffer->len++] = bytes[i++];
			continue;
		}
		uint32_t code_point;
		const size_t step = pmill_utf8_decode(bytes + i, len - i, &code_point);
		const int byte = pmill_printable_to_byte(code_point);
		if (byte < 0) {
			*bad_offset = i;
			buffer->len = before;
			return false;
		}
		buffer->data[buffer->len++] = (uint8_t)byte;
		i += step;
	}
	return true;
}
