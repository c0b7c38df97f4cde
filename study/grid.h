/* A table of text: filled cell by cell, then written as plain text or Markdown. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_GRID_H
#define PMILL_STUDY_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"

enum pmill_study_form { PMILL_STUDY_PLAIN, PMILL_STUDY_MARKDOWN };

/*
 * All zero is empty. The first row is the header. Cells are added row by row, left to right. If
 * memory runs out, writing the grid fails.
 */
struct pmill_study_grid {
	struct pmill_buffer cells; /* each ends with a NUL */
	size_t column_count;       /* of the first row */
	size_t cell_count;
	size_t text_columns; /* this many are aligned left, the rest right */
	bool has_failed;
};

void pmill_study_grid_release(struct pmill_study_grid *grid);
void pmill_study_grid_add(struct pmill_study_grid *grid, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Text from outside is cleaned. */
void pmill_study_grid_add_text(struct pmill_study_grid *grid, const char *text);
/* Leaves the rest of the row empty; the first row determines the number of columns. */
void pmill_study_grid_end_row(struct pmill_study_grid *grid);
bool pmill_study_grid_write(
	const struct pmill_study_grid *grid, enum pmill_study_form form, struct pmill_buffer *text);

#endif
