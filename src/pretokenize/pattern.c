/* The table of known patterns. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/pattern.h"

#include <string.h>

/*
 * Why the spellings are equal, on every text, in PCRE2 and in Rust's engines, and except for {1,3}+
 * in Oniguruma:
 *
 * - Possessive or not makes no difference: no alternative continues after \p{L}+, \p{N}{1,3} or
 *   [^\s\p{L}\p{N}]+[\r\n]* in a way that giving characters back could help.
 * - \s*[\r\n] and \s*[\r\n]+ both end after the last line end of the run of white space: \s* takes
 *   the whole run and gives back only as much as one line end needs.
 * - \s++$ matches a run that reaches the end of the text and nothing else, whatever $ means: no
 *   line end can follow \s++. Placed before \s+(?!\S), which takes such a run too, it changes
 *   nothing (gpt2). Placed before \s*[\r\n] it does: "\n  " at the end is one pretoken (cl100k),
 *   otherwise two (cl100k-hf).
 * - \s after \s+(?!\S) only meets runs of one character, where it equals \s+.
 *
 * The suffix of o200k's letters and the contractions ignore case by Unicode's simple folding:
 * U+017F is an s. gpt2's contractions are case-sensitive.
 */
#define CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define SHORT_CONTRACTION "'(?i:[sdmt]|ll|ve|re)"
#define SPACES "\\s+(?!\\S)|\\s+"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"

#define GPT2_MIDDLE "| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|" SPACES
#define GPT2 "'(?:[sdmt]|ll|ve|re)" GPT2_MIDDLE
#define CL100K(numbers)                                                                            \
	SHORT_CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|" numbers                                  \
					  "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+"                                          \
					  "|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"
#define HF_LIKE(numbers)                                                                           \
	CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" numbers "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"        \
				"|\\s*[\\r\\n]+|" SPACES
#define NANOCHAT_LIKE(numbers)                                                                     \
	SHORT_CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|" numbers                                   \
					  "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*"                                           \
					  "|\\s*[\\r\\n]|" SPACES
#define O200K                                                                                      \
	"[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" CONTRACTION "?|"                                  \
	"[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*" CONTRACTION "?|"                                  \
	"\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|" SPACES

static const char *const gpt2_spellings[] = {
	"'s|'t|'re|'ve|'m|'ll|'d" GPT2_MIDDLE,
	"'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|\\s",
	NULL,
};

/*
 * tiktoken's own spelling. It is not the canonical one because Oniguruma reads {1,3}+ as a repeated
 * repetition, and what is written to files must mean the same everywhere.
 */
static const char *const cl100k_spellings[] = {
	CL100K("\\p{N}{1,3}+"),
	NULL,
};

static const char *const cl100k_hf_spellings[] = {
	NANOCHAT_LIKE("\\p{N}{1,3}"),
	NULL,
};

static const char *const qwen2_spellings[] = {
	NANOCHAT_LIKE("\\p{N}"),
	NULL,
};

static const char *const nanochat_spellings[] = {
	HF_LIKE("\\p{N}{1,2}"),
	NULL,
};

static const struct pmill_pattern patterns[] = {
	{"gpt2", GPT2, gpt2_spellings, PMILL_PATTERN_GPT2},
	{"cl100k", CL100K("\\p{N}{1,3}"), cl100k_spellings, PMILL_PATTERN_CL100K},
	{"cl100k-hf", HF_LIKE("\\p{N}{1,3}"), cl100k_hf_spellings, PMILL_PATTERN_CL100K_HF},
	{"o200k", O200K, NULL, PMILL_PATTERN_O200K},
	{"llama3", HF_LIKE("\\p{N}{1,3}"), cl100k_hf_spellings, PMILL_PATTERN_CL100K_HF},
	{"qwen2", HF_LIKE("\\p{N}"), qwen2_spellings, PMILL_PATTERN_QWEN2},
	{"nanochat", NANOCHAT_LIKE("\\p{N}{1,2}"), nanochat_spellings, PMILL_PATTERN_NANOCHAT},
	{"none", NULL, NULL, PMILL_PATTERN_NONE},
};

enum { PATTERN_COUNT = sizeof patterns / sizeof patterns[0] };

static int is_spelling_of(const struct pmill_pattern *pattern, const char *text)
{
	if (strcmp(pattern->name, text) == 0)
		return 1;
	if (pattern->expression != NULL && strcmp(pattern->expression, text) == 0)
		return 1;
	const char *const *spelling = pattern->spellings;
	for (; spelling != NULL && *spelling != NULL; spelling++) {
		if (strcmp(*spelling, text) == 0)
			return 1;
	}
	return 0;
}

const struct pmill_pattern *pmill_pattern_find(const char *name_or_expression)
{
	for (size_t i = 0; i < PATTERN_COUNT; i++) {
		if (is_spelling_of(&patterns[i], name_or_expression))
			return &patterns[i];
	}
	return NULL;
}

const struct pmill_pattern *pmill_pattern_at(size_t index)
{
	return index < PATTERN_COUNT ? &patterns[index] : NULL;
}

const char *pmill_pattern_name(size_t index)
{
	const struct pmill_pattern *pattern = pmill_pattern_at(index);
	return pattern != NULL ? pattern->name : NULL;
}

const char *pmill_pattern_expression(const char *name)
{
	for (size_t i = 0; i < PATTERN_COUNT; i++)
		if (strcmp(patterns[i].name, name) == 0)
			return patterns[i].expression;
	return NULL;
}
