/* A table of text: filled cell by cell, then written plainly or as Markdown. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_GRID_H
#define PMILL_STUDY_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"

enum pmill_study_form { PMILL_STUDY_PLAIN, PMILL_STUDY_MARKDOWN };

/*
 * All zero is an empty one. The first row is the head. Cells are added row by row, left to right; without
 * memory the grid remembers it until it is written.
 */
struct pmill_study_grid {
	struct pmill_buffer cells; /* each ends with a NUL */
	size_t column_count;       /* that of the first row */
	size_t cell_count;
	size_t text_columns; /* so many from the left begin at the left, the others end at the right */
	bool has_failed;
};

void pmill_study_grid_release(struct pmill_study_grid *grid);
void pmill_study_grid_add(struct pmill_study_grid *grid, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Text of others: made clean. */
void pmill_study_grid_add_text(struct pmill_study_grid *grid, const char *text);
/* The rest of the row stays empty; the first row says how many columns there are. */
void pmill_study_grid_end_row(struct pmill_study_grid *grid);
bool pmill_study_grid_write(
	const struct pmill_study_grid *grid, enum pmill_study_form form, struct pmill_buffer *text);

#endif
