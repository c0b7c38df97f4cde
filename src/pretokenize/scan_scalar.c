/* The scanner that runs everywhere: one byte at a time, by a table. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/scan_scalar.h"

#include "pretokenize/scan_view.h"

/* See scan_template.h. */
static inline size_t skip(struct view *view, size_t position, unsigned set)
{
	for (;;) {
		while (position < view->limit && (pmill_ascii_class_bits[view->text[position]] & set) != 0)
			position++;
		if (position < view->limit && view->text[position] < 0x80)
			return position;
		struct character next = look(view, position);
		if ((next.bit & set) == 0)
			return position;
		position += next.len;
	}
}

#include "pretokenize/scan_template.h"

const struct pmill_scanner pmill_scanner_scalar = {"scalar", NULL, scan_functions};
