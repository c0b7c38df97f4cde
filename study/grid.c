/* A table of text: filled cell by cell, then written as plain text or Markdown. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "grid.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "report_parts.h"

void pmill_study_grid_release(struct pmill_study_grid *grid)
{
	pmill_buffer_release(&grid->cells);
	*grid = (struct pmill_study_grid){0};
}

/* ---- Filling ---- */

void pmill_study_grid_add_text(struct pmill_study_grid *grid, const char *text)
{
	if (pmill_study_append_clean(&grid->cells, text) && pmill_buffer_append(&grid->cells, "", 1))
		grid->cell_count++;
	else
		grid->has_failed = true;
}

void pmill_study_grid_add(struct pmill_study_grid *grid, const char *format, ...)
{
	char *cell = NULL;
	va_list arguments;
	va_start(arguments, format);
	int len = vasprintf(&cell, format, arguments);
	va_end(arguments);
	if (len < 0) {
		grid->has_failed = true;
		return;
	}
	pmill_study_grid_add_text(grid, cell);
	free(cell);
}

void pmill_study_grid_end_row(struct pmill_study_grid *grid)
{
	if (grid->column_count == 0)
		grid->column_count = grid->cell_count;
	while (!grid->has_failed && grid->cell_count % grid->column_count != 0)
		pmill_study_grid_add_text(grid, "");
}

/* ---- Writing ---- */

/* In characters: continuation bytes are not counted. */
static size_t width_of(const char *cell)
{
	size_t width = 0;
	for (; *cell != '\0'; cell++)
		width += ((unsigned char)*cell & 0xC0) != 0x80;
	return width;
}

static bool append_repeated(struct pmill_buffer *text, char character, size_t count)
{
	bool done = pmill_buffer_reserve(text, count);
	if (done) {
		memset(text->data + text->len, character, count);
		text->len += count;
	}
	return done;
}

static bool write_plain_cell(const struct pmill_study_grid *grid, const char *cell, size_t column,
	size_t width, struct pmill_buffer *text)
{
	size_t blanks = width - width_of(cell);
	bool is_left = column < grid->text_columns, is_last = column + 1 == grid->column_count;
	return (is_left || append_repeated(text, ' ', blanks)) &&
		pmill_buffer_append_text(text, cell) &&
		(!is_left || is_last || append_repeated(text, ' ', blanks)) &&
		pmill_buffer_append_text(text, is_last ? "\n" : "  ");
}

/* "v4_mp" needs no escape: an underscore within a word is not emphasis. */
static bool is_sign(const char *text, size_t at)
{
	if (text[at] == '_')
		return at == 0 || !isalnum((unsigned char)text[at - 1]) ||
			!isalnum((unsigned char)text[at + 1]);
	return strchr("\\|<>*`[]&", text[at]) != NULL;
}

static bool append_escaped(struct pmill_buffer *out, const char *text)
{
	bool done = true;
	for (size_t i = 0; text[i] != '\0' && done; i++)
		done = (!is_sign(text, i) || pmill_buffer_append(out, "\\", 1)) &&
			pmill_buffer_append(out, &text[i], 1);
	return done;
}

static bool write_markdown_cell(
	const struct pmill_study_grid *grid, const char *cell, size_t column, struct pmill_buffer *text)
{
	return pmill_buffer_append_text(text, column == 0 ? "| " : " ") && append_escaped(text, cell) &&
		pmill_buffer_append_text(text, column + 1 == grid->column_count ? " |\n" : " |");
}

/* The line under the header. */
static bool write_rule(const struct pmill_study_grid *grid, enum pmill_study_form form,
	const size_t *widths, struct pmill_buffer *text)
{
	bool done = true;
	for (size_t i = 0; i < grid->column_count && done; i++) {
		bool is_last = i + 1 == grid->column_count;
		if (form == PMILL_STUDY_PLAIN)
			done = append_repeated(text, '-', widths[i] + (is_last ? 0 : 2));
		else
			done = pmill_buffer_append_text(text, i < grid->text_columns ? "|---" : "|--:");
	}
	return done && pmill_buffer_append_text(text, form == PMILL_STUDY_PLAIN ? "\n" : "|\n");
}

static void measure(const struct pmill_study_grid *grid, size_t *widths)
{
	const char *cell = (const char *)grid->cells.data;
	for (size_t i = 0; i < grid->cell_count; i++, cell += strlen(cell) + 1) {
		size_t width = width_of(cell), *widest = &widths[i % grid->column_count];
		*widest = width > *widest ? width : *widest;
	}
}

bool pmill_study_grid_write(
	const struct pmill_study_grid *grid, enum pmill_study_form form, struct pmill_buffer *text)
{
	if (grid->has_failed)
		return false;
	size_t *widths = calloc(grid->column_count + 1, sizeof *widths);
	bool done = widths != NULL;
	const char *cell = (const char *)grid->cells.data;
	if (done)
		measure(grid, widths);
	for (size_t i = 0; i < grid->cell_count && done; i++, cell += strlen(cell) + 1) {
		size_t column = i % grid->column_count;
		if (i == grid->column_count)
			done = write_rule(grid, form, widths, text);
		if (done)
			done = form == PMILL_STUDY_PLAIN
				? write_plain_cell(grid, cell, column, widths[column], text)
				: write_markdown_cell(grid, cell, column, text);
	}
	free(widths);
	return done;
}
