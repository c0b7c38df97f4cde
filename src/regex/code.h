/* Compiles expressions with PCRE2. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_REGEX_CODE_H
#define PMILL_REGEX_CODE_H

#include <stdbool.h>

#include "pairmill.h"
#include "regex/class_text.h"

#if PMILL_HAVE_PCRE2

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct pmill_regex_code {
	pcre2_code *code;
	bool has_jit;
};

/* `options` and `jit_options` are added to those that every expression gets. */
pmill_status pmill_regex_code_compile(struct pmill_regex_code *code, const char *expression,
	uint32_t options, uint32_t jit_options, pmill_error *error);

/*
 * Checks the syntax of an expression. Properties that PCRE2 doesn't know are no error, but then
 * nothing after the first of them is checked.
 */
pmill_status pmill_regex_code_check(
	const char *expression, bool *knows_properties, pmill_error *error);

/* The versions of an expression that shall follow `wanted`. */
struct pmill_versions pmill_regex_code_versions(const struct pmill_unicode *wanted);

void pmill_regex_code_release(struct pmill_regex_code *code);

#endif

#endif
