/* The table of known patterns. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/pattern.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

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

/* Qwen 3.5's marks are letters; everything else is as in qwen2. */
#define QWEN35                                                                                     \
	CONTRACTION                                                                                    \
	"|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"           \
	"|\\s*[\\r\\n]+|" SPACES

#define NOT_HAN(set) "[" set "&&[^\\p{Han}]]"
#define KIMI_UPPER NOT_HAN("\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}")
#define KIMI_LOWER NOT_HAN("\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}")
#define KIMI                                                                                       \
	"[\\p{Han}]+|"                                                                                 \
	"[^\\r\\n\\p{L}\\p{N}]?" KIMI_UPPER "*" KIMI_LOWER "+" CONTRACTION "?|"                        \
	"[^\\r\\n\\p{L}\\p{N}]?" KIMI_UPPER "+" KIMI_LOWER "*" CONTRACTION "?|"                        \
	"\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|" SPACES

/*
 * DeepSeek's three splits. Each sees only the pieces of the one before: its \s+(?!\S), for
 * instance, takes all of the spaces before a number. As one expression, CJK has alternatives of its
 * own; the others leave it out; and what no alternative of the third takes is taken at the end, in
 * runs that stop at a number or a border of CJK.
 */
#define CJK "\\x{3040}-\\x{30FF}\\x{4E00}-\\x{9FA5}"
#define CJK_WORD                                                                                   \
	"[\\x{3041}-\\x{3096}\\x{3099}\\x{309A}\\x{309D}-\\x{309F}\\x{30A1}-\\x{30FA}"                 \
	"\\x{30FC}-\\x{30FF}\\x{4E00}-\\x{9FA5}]"
#define CJK_SIGN "[\\x{309B}\\x{309C}\\x{30A0}\\x{30FB}]"
#define CJK_OTHER "[\\x{3040}\\x{3097}\\x{3098}]"
#define ASCII_WORD "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
#define DEEPSEEK_V3                                                                                \
	"\\p{N}{1,3}|" ASCII_WORD "|" CJK_OTHER "?" CJK_WORD "+|[^\\r\\n\\p{L}\\p{N}\\p{P}\\p{S}" CJK  \
	"]?[\\p{L}\\p{M}&&[^" CJK "]]+|" CJK_SIGN "+| ?[\\p{P}\\p{S}&&[^" CJK "]]+[\\r\\n]*"           \
	"|\\s*[\\r\\n]+|\\s+(?![^\\s\\p{N}" CJK "])|\\s+|" CJK_OTHER "+(?!" CJK_WORD ")"               \
	"|[^\\s\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}" CJK "]+(?![\\p{L}\\p{M}&&[^" CJK "]])"
#define DEEPSEEK_V3_THIRD(cr, lf)                                                                  \
	ASCII_WORD "|[^" cr lf "\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[" cr lf          \
			   "]*|\\s*[" cr lf "]+|" SPACES

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

#define DEEPSEEK_V3_STEPS(cr, lf)                                                                  \
	{                                                                                              \
		"\\p{N}{1,3}",                                                                             \
			"[\xE4\xB8\x80-\xE9\xBE\xA5\xE3\x81\x80-\xE3\x82\x9F\xE3\x82\xA0-\xE3\x83\xBF]+",      \
			DEEPSEEK_V3_THIRD(cr, lf), NULL                                                        \
	}
/* DeepSeek's own file has the line ends as they are, others escape them. */
static const char *const deepseek_v3_steps[] = DEEPSEEK_V3_STEPS("\r", "\n");
static const char *const deepseek_v3_escaped[] = DEEPSEEK_V3_STEPS("\\r", "\\n");

static const struct pmill_pattern patterns[] = {
	{.name = "gpt2", .expression = GPT2, .spellings = gpt2_spellings, .id = PMILL_PATTERN_GPT2},
	{.name = "cl100k",
		.expression = CL100K("\\p{N}{1,3}"),
		.spellings = cl100k_spellings,
		.id = PMILL_PATTERN_CL100K},
	{.name = "cl100k-hf",
		.expression = HF_LIKE("\\p{N}{1,3}"),
		.spellings = cl100k_hf_spellings,
		.id = PMILL_PATTERN_CL100K_HF},
	{.name = "o200k", .expression = O200K, .id = PMILL_PATTERN_O200K},
	{.name = "llama3",
		.expression = HF_LIKE("\\p{N}{1,3}"),
		.spellings = cl100k_hf_spellings,
		.id = PMILL_PATTERN_CL100K_HF},
	{.name = "qwen2",
		.expression = HF_LIKE("\\p{N}"),
		.spellings = qwen2_spellings,
		.id = PMILL_PATTERN_QWEN2},
	{.name = "qwen3.5", .expression = QWEN35, .id = PMILL_PATTERN_QWEN35},
	{.name = "nanochat",
		.expression = NANOCHAT_LIKE("\\p{N}{1,2}"),
		.spellings = nanochat_spellings,
		.id = PMILL_PATTERN_NANOCHAT},
	{.name = "kimi", .expression = KIMI, .id = PMILL_PATTERN_KIMI},
	{.name = "deepseek-v3",
		.expression = DEEPSEEK_V3,
		.steps = deepseek_v3_steps,
		.other_steps = deepseek_v3_escaped,
		.id = PMILL_PATTERN_DEEPSEEK_V3},
	{.name = "none", .id = PMILL_PATTERN_NONE},
};

enum { PATTERN_COUNT = sizeof patterns / sizeof patterns[0] };

#define BLANKS " \t\r\n"
#define NONE "none"

/* What people type for a known pattern, where the nearest name would be another; by beginnings. */
static const struct nickname {
	const char *beginning, *name;
} nicknames[] = {
	{"gpt-4o", "o200k"},
	{"gpt4o", "o200k"},
	{"gpt-4.", "o200k"},
	{"gpt-5", "o200k"},
	{"gpt5", "o200k"},
	{"gpt-4", "cl100k"},
	{"gpt4", "cl100k"},
	{"gpt-3.5", "cl100k"},
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool begins_with(const char *text, const char *beginning)
{
	while (*beginning != '\0' && lower(*text) == *beginning) {
		text++;
		beginning++;
	}
	return *beginning == '\0';
}

/* Without regard to case and surrounding blanks. `name` is in lower case. */
static bool names_same(const char *text, const char *name)
{
	text += strspn(text, BLANKS);
	if (!begins_with(text, name))
		return false;
	text += strlen(name);
	return text[strspn(text, BLANKS)] == '\0';
}

static bool is_spelling_of(const struct pmill_pattern *pattern, const char *text)
{
	if (pattern->expression == NULL)
		return strcmp(text, pattern->name) == 0;
	if (names_same(text, pattern->name) || strcmp(pattern->expression, text) == 0)
		return true;
	const char *const *spelling = pattern->spellings;
	for (; spelling != NULL && *spelling != NULL; spelling++) {
		if (strcmp(*spelling, text) == 0)
			return true;
	}
	return false;
}

const struct pmill_pattern *pmill_pattern_find(const char *name_or_expression)
{
	for (size_t i = 0; i < PATTERN_COUNT; i++) {
		if (is_spelling_of(&patterns[i], name_or_expression))
			return &patterns[i];
	}
	return NULL;
}

static bool has_steps(
	const char *const *steps, const char *const *expressions, size_t expression_count)
{
	size_t i = 0;
	while (steps != NULL && steps[i] != NULL && i < expression_count &&
		strcmp(steps[i], expressions[i]) == 0)
		i++;
	return steps != NULL && steps[i] == NULL && i == expression_count;
}

const struct pmill_pattern *pmill_pattern_find_steps(const char *const *expressions, size_t count)
{
	if (count == 1)
		return pmill_pattern_find(expressions[0]);
	for (size_t i = 0; i < PATTERN_COUNT; i++) {
		const struct pmill_pattern *pattern = &patterns[i];
		if (has_steps(pattern->steps, expressions, count) ||
			has_steps(pattern->other_steps, expressions, count))
			return pattern;
	}
	return NULL;
}

bool pmill_pattern_is_name(const char *text)
{
	return strpbrk(text, "\\[](){}|*+?^$") == NULL;
}

static pmill_status fail_name(const char *name, pmill_error *error)
{
	if (name[strspn(name, BLANKS)] == '\0')
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the pattern is empty; write " NONE " for no cutting, or leave --pattern out");
	if (names_same(name, NONE) || names_same(name, "null"))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"pattern \"%.100s\": write " NONE " for no cutting, or leave --pattern out", name);
	for (size_t i = 0; i < sizeof nicknames / sizeof nicknames[0]; i++)
		if (begins_with(name + strspn(name, BLANKS), nicknames[i].beginning))
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"unknown pattern \"%.100s\"; did you mean \"%s\"?", name, nicknames[i].name);
	const pmill_status status = pmill_fail_unknown(error, "pattern", name, pmill_pattern_name);
	if (error == NULL || strlen(name) > 40)
		return status;
	const size_t len = strlen(error->message);
	snprintf(error->message + len, sizeof error->message - len,
		" (as a regular expression, it is written (?:%s))", name);
	return status;
}

pmill_status pmill_pattern_resolve(
	const char *name_or_expression, const struct pmill_pattern **known, pmill_error *error)
{
	*known = pmill_pattern_find(name_or_expression);
	if (*known == NULL && pmill_pattern_is_name(name_or_expression))
		return fail_name(name_or_expression, error);
	return PMILL_OK;
}

bool pmill_pattern_is_same(const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return true;
	const struct pmill_pattern *known = pmill_pattern_find(a), *other = pmill_pattern_find(b);
	return known != NULL && other != NULL && known->id == other->id;
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
		if (names_same(name, patterns[i].name))
			return patterns[i].expression;
	return NULL;
}
