/* Normalises many texts from stdin by the steps of the command line, for the Python tests. */
/* SPDX-License-Identifier: MIT */
/*
 *   normalize [STEP...]
 *   normalize --version VERSION FORM
 *
 * Steps: NFC, NFD, NFKC, NFKD, lowercase, prepend CONTENT, replace FOUND CONTENT, replace-regex
 * EXPRESSION CONTENT, strip-left, strip-right, strip. --version gives a form of another Unicode
 * version. Stdin and stdout: texts, each as its length, a little-endian 32-bit number, and its
 * bytes. Errors go to stderr, with exit code 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "normalize/normal_form.h"
#include "normalize/normal_table.h"
#include "normalize/normalizer.h"

enum { MOST_STEPS = 100 };

static void fail(const char *message)
{
	fprintf(stderr, "normalize: %s\n", message);
	exit(1);
}

static pmill_bytes bytes_of(const char *text)
{
	return (pmill_bytes){text, strlen(text)};
}

static const char *const names[] = {"NFC", "NFD", "NFKC", "NFKD", "lowercase", "prepend", "replace",
	"strip", "replace-regex", "strip-left", "strip-right"};

static size_t find_name(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	fail("unknown step");
	return 0;
}

/* Returns the arguments used. */
static int parse_step(int left, char **arguments, struct pmill_normal_step *step)
{
	static const enum pmill_normal_kind kinds[] = {
		PMILL_NORMAL_REPLACE, PMILL_NORMAL_STRIP, PMILL_NORMAL_STRIP};
	const char *name = arguments[0];
	const size_t row = find_name(name);
	const bool is_plain = row <= PMILL_NORMAL_STRIP;
	*step = (struct pmill_normal_step){
		.kind = is_plain ? (enum pmill_normal_kind)row : kinds[row - PMILL_NORMAL_STRIP - 1]};
	step->strips_left = strcmp(name, "strip-right") != 0;
	step->strips_right = strcmp(name, "strip-left") != 0;
	const int used = step->kind == PMILL_NORMAL_REPLACE ? 3
		: step->kind == PMILL_NORMAL_PREPEND            ? 2
														: 1;
	if (left < used)
		fail("an argument is missing");
	if (used > 1)
		step->content = bytes_of(arguments[used - 1]);
	if (used == 3 && is_plain)
		step->found = bytes_of(arguments[1]);
	else if (used == 3)
		step->expression = arguments[1];
	return used;
}

static bool read_text(struct pmill_buffer *text)
{
	uint8_t head[4];
	if (fread(head, 1, 4, stdin) != 4)
		return false;
	const size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 |
		(size_t)head[3] << 24;
	pmill_buffer_release(text); /* so that its room ends with the text */
	if (!pmill_buffer_reserve(text, len) || fread(text->data, 1, len, stdin) != len)
		fail("cannot read a text");
	text->len = len;
	return true;
}

static void write_text(const struct pmill_buffer *text)
{
	for (int shift = 0; shift < 32; shift += 8)
		putchar((int)(text->len >> shift & 255));
	fwrite(text->data, 1, text->len, stdout);
}

static void run_steps(const struct pmill_normal_step *steps, size_t count)
{
	pmill_error error;
	struct pmill_normalizer *normalizer;
	if (pmill_normalizer_create(steps, count, NULL, NULL, &normalizer, &error) != PMILL_OK)
		fail(error.message);
	struct pmill_buffer text = {0}, out = {0};
	while (read_text(&text)) {
		if (pmill_normalizer_apply(normalizer, text.data, text.len, &out, NULL, &error) != PMILL_OK)
			fail(error.message);
		write_text(&out);
	}
	pmill_buffer_release(&text);
	pmill_buffer_release(&out);
	pmill_normalizer_free(normalizer);
}

static void run_form(const char *version, const char *name)
{
	const int number = pmill_normal_version_find(version);
	const size_t form = find_name(name);
	if (number < 0 || form > PMILL_NORMAL_NFKD)
		fail("unknown version or form");
	struct pmill_buffer text = {0}, out = {0};
	while (read_text(&text)) {
		out.len = 0;
		if (!pmill_normal_form_append(
				(enum pmill_normal_kind)form, (unsigned)number, text.data, text.len, &out, NULL))
			fail("out of memory");
		write_text(&out);
	}
	pmill_buffer_release(&text);
	pmill_buffer_release(&out);
}

int main(int argc, char **argv)
{
	struct pmill_normal_step steps[MOST_STEPS];
	size_t count = 0;
	if (argc == 4 && strcmp(argv[1], "--version") == 0) {
		run_form(argv[2], argv[3]);
		return 0;
	}
	for (int i = 1; i < argc && count < MOST_STEPS;)
		i += parse_step(argc - i, argv + i, &steps[count++]);
	run_steps(steps, count);
	return 0;
}
