/* Normalizers of any steps on any bytes, with a map, and what normal forms of normal forms are. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "normalize/normal_form.h"
#include "normalize/normal_table.h"
#include "normalize/normalizer.h"
#include "support/check_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_normalizer: %s\n", what);
	abort();
}

static void append_form(enum pmill_normal_kind form, unsigned version,
	const struct pmill_buffer *text, struct pmill_buffer *out)
{
	out->len = 0;
	require(pmill_normal_form_append(form, version, text->data, text->len, out, NULL), "memory");
}

static bool is_same(const struct pmill_buffer *a, const struct pmill_buffer *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Decomposing or composing before changes nothing. */
static void check_forms(const struct pmill_buffer *text, unsigned version)
{
	struct pmill_buffer composed = {0}, decomposed = {0}, again = {0};
	for (int i = 0; i < 2; i++) {
		const enum pmill_normal_kind form_c = i == 0 ? PMILL_NORMAL_NFC : PMILL_NORMAL_NFKC;
		const enum pmill_normal_kind form_d = i == 0 ? PMILL_NORMAL_NFD : PMILL_NORMAL_NFKD;
		append_form(form_c, version, text, &composed);
		append_form(form_d, version, text, &decomposed);
		append_form(form_c, version, &composed, &again);
		require(is_same(&again, &composed), "composed twice");
		append_form(form_c, version, &decomposed, &again);
		require(is_same(&again, &composed), "decomposed, then composed");
		append_form(form_d, version, &composed, &again);
		require(is_same(&again, &decomposed), "composed, then decomposed");
		append_form(form_d, version, &decomposed, &again);
		require(is_same(&again, &decomposed), "decomposed twice");
	}
	pmill_buffer_release(&composed);
	pmill_buffer_release(&decomposed);
	pmill_buffer_release(&again);
}

/* Replacing byte by byte, without an algorithm. */
static void check_replace(const struct pmill_buffer *text, pmill_bytes found)
{
	const struct pmill_normal_step step = {
		.kind = PMILL_NORMAL_REPLACE, .found = found, .content = {"<>", 2}};
	struct pmill_normalizer *normalizer;
	struct pmill_buffer out = {0}, plain = {0};
	for (size_t at = 0; at < text->len;) {
		const bool is_found = text->len - at >= found.len &&
			memcmp(text->data + at, found.data, found.len) == 0;
		require(is_found ? pmill_buffer_append_text(&plain, "<>")
						 : pmill_buffer_append(&plain, text->data + at, 1),
			"memory");
		at += is_found ? found.len : 1;
	}
	require(pmill_normalizer_create(&step, 1, NULL, NULL, &normalizer, NULL) == PMILL_OK, "create");
	require(pmill_normalizer_apply(normalizer, text->data, text->len, &out, NULL, NULL) == PMILL_OK,
		"apply");
	require(is_same(&out, &plain), "replaced differently");
	pmill_normalizer_free(normalizer);
	pmill_buffer_release(&out);
	pmill_buffer_release(&plain);
}

/* A byte is a step. */
static struct pmill_normal_step read_step(uint8_t byte)
{
	static const char *const expressions[] = {"\\s+", "a*", "(?<=.)b|\\z", ".", "(a+)+$", "\\b"};
	static const char *const contents[] = {"", "a", "\xCC\x81", " a"};
	const char *content = contents[byte >> 6];
	struct pmill_normal_step step = {.kind = (enum pmill_normal_kind)(byte % 8),
		.content = {content, strlen(content)},
		.found = {"a ", 1 + (byte >> 3 & 1)},
		.strips_left = (byte >> 3 & 1) != 0,
		.strips_right = (byte >> 4 & 1) != 0};
	if ((byte >> 5 & 1) != 0)
		step.expression = expressions[byte / 8 % 6];
	return step;
}

/* Before each ASCII character in turn, up to a few of them. */
static void check_local_cuts(const struct pmill_normalizer *normalizer,
	const struct pmill_buffer *text, const struct pmill_buffer *normal)
{
	struct pmill_buffer x = {0}, y = {0};
	int left = 8;
	for (size_t cut = 0; cut < text->len && left > 0; cut++) {
		if (text->data[cut] >= 0x80)
			continue;
		left--;
		const uint8_t *rest = text->data + cut;
		require(pmill_normalizer_apply(normalizer, text->data, cut, &x, NULL, NULL) == PMILL_OK &&
				pmill_normalizer_apply(normalizer, rest, text->len - cut, &y, NULL, NULL) ==
					PMILL_OK &&
				pmill_buffer_append(&x, y.data, y.len),
			"parts");
		require(is_same(&x, normal), "parts become something else");
	}
	pmill_buffer_release(&x);
	pmill_buffer_release(&y);
}

static void check_map(
	const struct pmill_normalizer *normalizer, const struct pmill_buffer *text, bool lowers)
{
	struct pmill_buffer out = {0}, plain = {0};
	struct pmill_source_map map = {0};
	pmill_error error;
	const pmill_status status = pmill_normalizer_apply(
		normalizer, text->data, text->len, &out, &map, &error);
	require(status == PMILL_OK || status == PMILL_BAD_INPUT, "apply");
	require(
		pmill_normalizer_apply(normalizer, text->data, text->len, &plain, NULL, &error) == status,
		"another status without a map");
	if (status == PMILL_OK) {
		require(is_same(&out, &plain), "another text without a map");
		const char *fault = find_map_fault(normalizer, text->data, text->len, &out, &map, lowers);
		require(fault == NULL, fault);
		if (pmill_normalizer_is_local(normalizer))
			check_local_cuts(normalizer, text, &out);
	}
	pmill_buffer_release(&out);
	pmill_buffer_release(&plain);
	pmill_source_map_release(&map);
}

static void check_steps(const uint8_t *data, size_t count, const struct pmill_buffer *text)
{
	struct pmill_normal_step steps[3];
	struct pmill_normalizer *normalizer = NULL;
	pmill_error error;
	bool lowers = false;
	for (size_t i = 0; i < count; i++) {
		steps[i] = read_step(data[i]);
		lowers |= steps[i].kind == PMILL_NORMAL_LOWERCASE;
	}
	pmill_status status = pmill_normalizer_create(steps, count, NULL, NULL, &normalizer, &error);
	require(status == PMILL_OK || status == PMILL_UNSUPPORTED, "create");
	if (status == PMILL_OK)
		check_map(normalizer, text, lowers);
	pmill_normalizer_free(normalizer);
}

/* The first byte says how many steps follow, and which version; then the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	struct pmill_buffer text = {0};
	require(pmill_buffer_append(&text, data + 4, size - 4), "memory");
	check_forms(&text, data[0] / 4 % 11);
	check_steps(data + 1, data[0] % 4, &text);
	if (size >= 7)
		check_replace(&text, (pmill_bytes){data + 4, 1 + data[1] % 3});
	pmill_buffer_release(&text);
	return 0;
}
