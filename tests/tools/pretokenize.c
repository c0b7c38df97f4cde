/* Cuts many texts from stdin into pretokens, for the Python tests. */
/* SPDX-License-Identifier: MIT */
/*
 *   pretokenize [--pattern P] [--unicode V] [--scanner S] [--capacity N]
 *               [--not-final | --sure-cuts]
 *   pretokenize [--unicode V] --classes | --fine-classes
 *   pretokenize --patterns | --unicode-versions | --scanners
 *
 * Stdin: texts, each as a length and the bytes. Stdout: for each text a count and that many ends of
 * pretokens. Lengths, counts and ends are little-endian 32-bit numbers.
 *
 *   --capacity    how many ends to request at a time
 *   --not-final   treats each text as if more could follow
 *   --sure-cuts   prints the offsets of sure cuts instead of ends
 *   --classes     prints the class of every code point, one byte each; or the fine class
 *   --patterns    prints lines of name, tab, expression
 *   --scanners    prints the names of the scanners that this machine can run
 *
 * Errors go to stderr, with exit code 1.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pairmill.h"
#include "pretokenize/pattern.h"
#include "pretokenize/pretokenizer.h"
#include "pretokenize/scanner_table.h"
#include "unicode/class.h"

enum mode {
	PRETOKENS,
	PRETOKENS_NOT_FINAL,
	SURE_CUTS,
	CLASSES,
	FINE_CLASSES,
	PATTERNS,
	VERSIONS,
	SCANNERS,
};

struct options {
	const char *pattern, *unicode, *scanner;
	size_t capacity;
	enum mode mode;
};

static int fail(const char *message)
{
	fprintf(stderr, "pretokenize: %s\n", message);
	return 1;
}

static void write_u32(size_t value)
{
	for (int shift = 0; shift < 32; shift += 8)
		putchar((int)(value >> shift & 255));
}

static int read_u32(size_t *value)
{
	uint8_t bytes[4];
	if (fread(bytes, 1, 4, stdin) != 4)
		return 0;
	*value = bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
	return 1;
}

static void write_all(const size_t *values, size_t count)
{
	write_u32(count);
	for (size_t i = 0; i < count; i++)
		write_u32(values[i]);
}

static pmill_status collect_ends(struct pmill_pretoken_cursor *cursor, const uint8_t *text,
	size_t len, const struct options *options, size_t *ends, size_t *count, pmill_error *error)
{
	pmill_status status = pmill_pretoken_cursor_start(
		cursor, text, len, options->mode != PRETOKENS_NOT_FINAL, error);
	*count = 0;
	for (size_t more = 1; status == PMILL_OK && more > 0; *count += more) {
		more = 0;
		/* There is room for one end per byte, and for a last call that returns none. */
		status = pmill_pretoken_cursor_next(cursor, ends + *count, options->capacity, &more, error);
	}
	return status;
}

static size_t collect_cuts(
	const struct pmill_pretokenizer *pretokenizer, const uint8_t *text, size_t len, size_t *cuts)
{
	size_t count = 0;
	for (size_t offset = 1; offset < len; offset++) {
		if (pmill_pretokenizer_is_sure_cut(pretokenizer, text, len, offset))
			cuts[count++] = offset;
	}
	return count;
}

/* Reads a text into an allocation of its exact size, so that reads past the end are detected. */
static uint8_t *read_text(size_t len)
{
	uint8_t *text = malloc(len);
	if (len > 0 && (text == NULL || fread(text, 1, len, stdin) != len)) {
		free(text);
		return NULL;
	}
	return text;
}

static int run_texts(const struct options *options)
{
	pmill_error error;
	struct pmill_pretokenizer *pretokenizer;
	pmill_status status = pmill_pretokenizer_create(
		options->pattern, options->unicode, options->scanner, &pretokenizer, &error);
	if (status != PMILL_OK)
		return fail(error.message);
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	for (size_t len; status == PMILL_OK && read_u32(&len);) {
		size_t count = 0;
		uint8_t *text = read_text(len);
		size_t *ends = malloc((len + options->capacity) * sizeof *ends);
		if ((len > 0 && text == NULL) || ends == NULL)
			exit(fail("cannot read a text"));
		if (options->mode == SURE_CUTS)
			count = collect_cuts(pretokenizer, text, len, ends);
		else
			status = collect_ends(&cursor, text, len, options, ends, &count, &error);
		if (status == PMILL_OK)
			write_all(ends, count);
		free(ends);
		free(text);
	}
	pmill_pretoken_cursor_release(&cursor);
	pmill_pretokenizer_free(pretokenizer);
	return status == PMILL_OK ? 0 : fail(error.message);
}

static int write_classes(const char *version, bool is_fine)
{
	const struct pmill_unicode *unicode = pmill_unicode_find(version);
	if (unicode == NULL)
		return fail("no such Unicode version");
	if (is_fine)
		unicode = pmill_unicode_fine(unicode);
	for (uint32_t code_point = 0; code_point < 0x110000; code_point++)
		putchar(pmill_unicode_class(unicode, code_point));
	return 0;
}

static int write_patterns(void)
{
	for (size_t i = 0; pmill_pattern_at(i) != NULL; i++) {
		const struct pmill_pattern *pattern = pmill_pattern_at(i);
		const char *expression = pattern->expression != NULL ? pattern->expression : "";
		printf("%s\t%s\n", pattern->name, expression);
		const char *const *spelling = pattern->spellings;
		for (; spelling != NULL && *spelling != NULL; spelling++)
			printf("%s\t%s\n", pattern->name, *spelling);
	}
	return 0;
}

static int write_versions(void)
{
	for (size_t i = 0; pmill_unicode_name(i) != NULL; i++)
		puts(pmill_unicode_name(i));
	return 0;
}

static int write_scanners(void)
{
	for (size_t i = 0; pmill_scanner_at(i) != NULL; i++) {
		const struct pmill_scanner *scanner = pmill_scanner_at(i);
		if (pmill_scanner_is_available(scanner))
			puts(scanner->name);
	}
	return 0;
}

static int parse_option(const char *name, const char *value, struct options *options)
{
	static const char *const modes[] = {"", "--not-final", "--sure-cuts", "--classes",
		"--fine-classes", "--patterns", "--unicode-versions", "--scanners"};
	for (int mode = PRETOKENS_NOT_FINAL; mode <= SCANNERS; mode++) {
		if (strcmp(name, modes[mode]) == 0) {
			options->mode = (enum mode)mode;
			return 1;
		}
	}
	if (value == NULL)
		return 0;
	if (strcmp(name, "--pattern") == 0)
		options->pattern = value;
	else if (strcmp(name, "--unicode") == 0)
		options->unicode = value;
	else if (strcmp(name, "--scanner") == 0)
		options->scanner = value;
	else if (strcmp(name, "--capacity") == 0)
		options->capacity = strtoul(value, NULL, 10);
	else
		return 0;
	return 2;
}

int main(int argc, char **argv)
{
	struct options options = {.capacity = 64};
	for (int i = 1, used; i < argc; i += used) {
		used = parse_option(argv[i], argv[i + 1], &options);
		if (used == 0 || options.capacity == 0) {
			fail("wrong option");
			return 2;
		}
	}
	switch (options.mode) {
	case CLASSES: return write_classes(options.unicode, false);
	case FINE_CLASSES: return write_classes(options.unicode, true);
	case PATTERNS: return write_patterns();
	case VERSIONS: return write_versions();
	case SCANNERS: return write_scanners();
	default: return run_texts(&options);
	}
}
