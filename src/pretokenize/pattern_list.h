/* The known patterns as the scanners see them: one row for each way of cutting. */
/* SPDX-License-Identifier: MIT */
/*
 * ROW(ID, family, rules) defines PMILL_PATTERN_ID, its entry in every scanner's table of functions,
 * and its rules. The scalar scanner calls end_FAMILY (scan_scalar_patterns.h), the block scanners
 * call start_FAMILY (scan_block_patterns.h), both with the row's rules as constants. A family reads
 * only the rules in which its patterns differ; is_sure_between (pretokenizer.c) reads all of them.
 *
 * pattern.c has the names and expressions. Names that cut alike share a row: llama3 and cl100k-hf.
 */
#ifndef PMILL_PRETOKENIZE_PATTERN_LIST_H
#define PMILL_PRETOKENIZE_PATTERN_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* Rules that a row leaves out are false or 0. */
struct pmill_pattern_rules {
	bool is_uncut;           /* the whole text is one pretoken */
	bool is_cased;           /* letters and marks are cut by case; otherwise marks are symbols */
	bool has_prefix;         /* [^\r\n\p{L}\p{N}]? before letters */
	bool has_suffix;         /* a contraction after letters belongs to them */
	uint8_t max_numbers;     /* \p{N}{1,max_numbers}; 0: \p{N}+ */
	bool has_line_rules;     /* [\r\n]* after symbols, \s*[\r\n]+ */
	bool has_slash_rule;     /* [\r\n/]* after symbols */
	bool has_whole_run_rule; /* \s++$ before \s*[\r\n] */
	bool has_marks;          /* marks are letters throughout: [\p{L}\p{M}]+ */
	bool has_fine_classes;   /* tells Han, or signs, from others; on the scalar scanner only */
};

#define PMILL_PATTERN_LIST(ROW)                                                                    \
	ROW(GPT2, gpt2, .max_numbers = 0)                                                              \
	ROW(CL100K, cl100k, .has_prefix = true, .max_numbers = 3, .has_line_rules = true,              \
		.has_whole_run_rule = true)                                                                \
	ROW(CL100K_HF, cl100k, .has_prefix = true, .max_numbers = 3, .has_line_rules = true)           \
	ROW(O200K, o200k, .is_cased = true, .has_prefix = true, .has_suffix = true, .max_numbers = 3,  \
		.has_line_rules = true, .has_slash_rule = true)                                            \
	ROW(QWEN2, cl100k, .has_prefix = true, .max_numbers = 1, .has_line_rules = true)               \
	ROW(NANOCHAT, cl100k, .has_prefix = true, .max_numbers = 2, .has_line_rules = true)            \
	ROW(QWEN35, cl100k, .has_prefix = true, .max_numbers = 1, .has_line_rules = true,              \
		.has_marks = true)                                                                         \
	ROW(KIMI, kimi, .is_cased = true, .has_prefix = true, .has_suffix = true, .max_numbers = 3,    \
		.has_line_rules = true, .has_fine_classes = true)                                          \
	ROW(DEEPSEEK_V3, deepseek_v3, .has_prefix = true, .max_numbers = 3, .has_line_rules = true,    \
		.has_marks = true, .has_fine_classes = true)                                               \
	ROW(NONE, none, .is_uncut = true)

#define PMILL_PATTERN_ID(id, ...) PMILL_PATTERN_##id,
enum pmill_pattern_id { PMILL_PATTERN_LIST(PMILL_PATTERN_ID) PMILL_PATTERN_COUNT };
#undef PMILL_PATTERN_ID

#define PMILL_PATTERN_RULES(id, family, ...) [PMILL_PATTERN_##id] = {__VA_ARGS__},
static const struct pmill_pattern_rules pmill_pattern_rules[] = {
	PMILL_PATTERN_LIST(PMILL_PATTERN_RULES)};
#undef PMILL_PATTERN_RULES

#endif
