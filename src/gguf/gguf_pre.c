/* The names of tokenizer.ggml.pre, as llama.cpp 0.5.0 knows them. */
/* SPDX-License-Identifier: MIT */
/*
 * A name stands for the expression of the model's own tokenizer. llama.cpp runs some of them on an
 * engine without character classes, and so writes something near to it: for "gpt-4o", "llama4" and
 * "tekken" it takes every letter beyond ASCII for both upper and lower case, and no mark for a
 * letter; for "kimi-k2" and "youtu" no letter has a case; and U+017F is no s there. The model's own
 * expression is meant here.
 *
 * Left out, so that such files can be decoded only: names whose expressions llama.cpp replaces by
 * another (pixtral, chameleon, afmoe, tiny_aya, cohere2moe), names that give tokens flags which the
 * file doesn't have (jina-v2-*, modern-bert), an expression that matches nothing but places
 * (superbpe), and "default", which llama.cpp takes for files that don't say.
 */
#include "gguf/gguf_pre.h"

#include <string.h>

#include "pretokenize/pattern.h"

#define CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define ANY_CASE(after)                                                                            \
	"[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" after "|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER   \
	"*" after
#define WORD "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define MARKS "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
#define SPACES "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CODE_WORD                                                                                  \
	"[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"                                        \
	"|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+"
#define CJK "[一-龥぀-ゟ゠-ヿ]+"
#define HAN_AND_HANGUL "[一-龥ࠀ-一가-퟿]+"
#define KOREAN_AND_MORE                                                                            \
	"[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|" CJK
#define NOT_A_BREAK " ?[^(\\s|.,!?…。，、।۔،)]+"
#define HALVES                                                                                     \
	"|\\s*[\\r\\n]+|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)"                \
	"|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}"

/* DeepSeek LLM's letters: those that have case. */
/* clang-format off */
#define CASED \
	"A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕ" \
	"Ἐ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤ" \
	"Ⳬ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃"
/* clang-format on */

static const struct pmill_gguf_pre rows[] = {
	{.names = {"gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "a.x-4.0", "mellum", "mpt",
		 "olmo", "jais", "trillion", "granite-docling", "exaone4", "jina-v1-en", "roberta-bpe"},
		.patterns = {"gpt2"}},
	{.names = {"dbrx", "smaug-bpe", "chatglm-bpe", "glm4"}, .patterns = {"llama3"}},
	{.names = {"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "midm-2.0", "lfm2",
		 "jina-v5-nano"},
		.patterns = {"llama3"},
		.ignores_merges = true,
		.adds_bos = true},
	{.names = {"qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "hunyuan",
		 "solar-open", "megrez", "grok-2", "bailingmoe", "bailingmoe2", "llada-moe"},
		.patterns = {"qwen2"}},
	{.names = {"qwen35"}, .patterns = {"qwen3.5"}},
	{.names = {"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"}, .patterns = {"o200k"}},
	{.names = {"granite-embed-multi-97m"}, .patterns = {"o200k"}, .ignores_merges = true},
	{.names = {"tekken"},
		.patterns = {ANY_CASE("") "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACES},
		.ignores_merges = true,
		.adds_bos = true},
	{.names = {"starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b",
		 "mellum2"},
		.patterns = {"\\p{N}", "gpt2"}},
	{.names = {"falcon"}, .patterns = {"[\\p{P}\\$\\+<=>\\^~\\|`]+", "gpt2", "[0-9][0-9][0-9]"}},
	{.names = {"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"}, .patterns = {"deepseek-v3"}},
	{.names = {"deepseek-llm"},
		.patterns = {"[\\r\\n]", "\\s?[" CASED "]+", "\\s?[!-/:-~！-／：-～‘-‟　-。]+", "\\s+$",
			HAN_AND_HANGUL, "\\p{N}+"}},
	{.names = {"deepseek-coder"},
		.patterns = {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", HAN_AND_HANGUL, "\\p{N}"}},
	{.names = {"kimi-k2"}, .patterns = {"kimi"}},
	{.names = {"jais-2"}, .patterns = {CONTRACTION "|" WORD "|\\p{N}{1,3}" MARKS HALVES}},
	{.names = {"minicpm5"},
		.patterns = {"\\p{N}{1,3}", CONTRACTION "|" WORD "|\\p{N}+" MARKS SPACES},
		.ignores_merges = true},
	{.names = {"spark2_5"},
		.patterns = {"\\p{N}{1,3}", CJK, CODE_WORD "|[\\r\\n]|\\s+(?!\\S)|\\s+", "\\p{N}"}},
	{.names = {"youtu"},
		.patterns = {KOREAN_AND_MORE,
			ANY_CASE(CONTRACTION "?") "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACES},
		.ignores_merges = true},
	{.names = {"poro-chat", "bloom", "gpt3-finnish"}, .patterns = {NOT_A_BREAK}},
	{.names = {"viking"}, .patterns = {NOT_A_BREAK, "\\p{N}"}},
	{.names = {"seed-coder"},
		.patterns = {CONTRACTION "|" WORD "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+" SPACES}},
	{.names = {"ufakzeka"}, .patterns = {WORD "|\\p{N}" MARKS SPACES}},
	{.names = {"laguna"}, .patterns = {"[^\\n]+|[\\n]+", "qwen2"}},
	{.names = {"exaone-moe"},
		.patterns = {CONTRACTION
			"|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"
			"| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"}},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const struct pmill_gguf_pre *pmill_gguf_pre_at(size_t index)
{
	return index < ROW_COUNT ? &rows[index] : NULL;
}

static bool has_name(const struct pmill_gguf_pre *pre, const char *name)
{
	for (size_t i = 0; i < PMILL_GGUF_MOST_NAMES && pre->names[i] != NULL; i++)
		if (strcmp(pre->names[i], name) == 0)
			return true;
	return false;
}

size_t pmill_gguf_pre_step_count(const struct pmill_gguf_pre *pre)
{
	size_t count = 0;
	while (count < PMILL_GGUF_MOST_STEPS && pre->patterns[count] != NULL)
		count++;
	return count;
}

const struct pmill_gguf_pre *pmill_gguf_pre_find(const char *name)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (has_name(&rows[i], name))
			return &rows[i];
	return NULL;
}

/* Known patterns leave nothing between matches that could be dropped. */
static bool is_step(const struct pmill_cut_step *step, const char *pattern)
{
	return !step->adds_space && !step->on_printable &&
		(!step->drops_gaps || pmill_pattern_find(step->pattern) != NULL) &&
		pmill_pattern_is_same(step->pattern, pattern);
}

const struct pmill_gguf_pre *pmill_gguf_pre_choose(
	const struct pmill_cut_step *steps, size_t count, bool ignores_merges)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		size_t same = 0;
		if (rows[i].ignores_merges != ignores_merges ||
			pmill_gguf_pre_step_count(&rows[i]) != count)
			continue;
		while (same < count && is_step(&steps[same], rows[i].patterns[same]))
			same++;
		if (same == count)
			return &rows[i];
	}
	return NULL;
}
