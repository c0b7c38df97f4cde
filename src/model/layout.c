/* The table of id layouts. */
/* SPDX-License-Identifier: MIT */
#include "model/layout.h"

#include <string.h>

#include "pairmill.h"
#include "unicode/printable.h"

static uint32_t at_start(uint32_t specials, uint32_t merges)
{
	(void)specials;
	(void)merges;
	return 0;
}

static uint32_t after_bytes(uint32_t specials, uint32_t merges)
{
	(void)specials;
	(void)merges;
	return 256;
}

static uint32_t after_specials(uint32_t specials, uint32_t merges)
{
	(void)merges;
	return specials;
}

static uint32_t after_bytes_and_specials(uint32_t specials, uint32_t merges)
{
	(void)merges;
	return 256 + specials;
}

static uint32_t after_bytes_and_merges(uint32_t specials, uint32_t merges)
{
	(void)specials;
	return 256 + merges;
}

static const struct pmill_layout layouts[] = {
	{"bytes-first", at_start, after_bytes, after_bytes_and_specials, false},
	{"hf", after_specials, at_start, after_bytes_and_specials, true},
	{"gpt2", at_start, after_bytes_and_merges, after_bytes, true},
};

enum { LAYOUT_COUNT = sizeof layouts / sizeof layouts[0] };

uint8_t pmill_layout_byte(const struct pmill_layout *layout, unsigned index)
{
	return layout->is_printable_order ? pmill_printable_order[index] : (uint8_t)index;
}

const struct pmill_layout *pmill_layout_at(size_t index)
{
	return index < LAYOUT_COUNT ? &layouts[index] : NULL;
}

const char *pmill_layout_name(size_t index)
{
	return index < LAYOUT_COUNT ? layouts[index].name : NULL;
}

const struct pmill_layout *pmill_layout_find(const char *name)
{
	if (name == NULL)
		return &layouts[0];
	for (size_t i = 0; i < LAYOUT_COUNT; i++)
		if (strcmp(layouts[i].name, name) == 0)
			return &layouts[i];
	return NULL;
}
