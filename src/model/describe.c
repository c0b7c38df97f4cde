/* What a tokenizer does with text, in words. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "model/tokenizer.h"
#include "unicode/quote.h"

static const char *quote(struct pmill_quote *room, pmill_bytes bytes)
{
	return pmill_quote(room, bytes.data, bytes.len);
}

static const char *strip_sides(const struct pmill_normal_step *step)
{
	if (step->strips_left && step->strips_right)
		return "at both ends";
	return step->strips_left ? "at the beginning" : "at the end";
}

static bool describe_normal_step(const struct pmill_normal_step *step, struct pmill_buffer *out)
{
	static const char *const plain[] = {
		[PMILL_NORMAL_NFC] = "NFC",
		[PMILL_NORMAL_NFD] = "NFD",
		[PMILL_NORMAL_NFKC] = "NFKC",
		[PMILL_NORMAL_NFKD] = "NFKD",
		[PMILL_NORMAL_LOWERCASE] = "lower case",
	};
	struct pmill_quote content, found;
	switch (step->kind) {
	case PMILL_NORMAL_PREPEND:
		return pmill_buffer_append_format(out, "puts %s before\n", quote(&content, step->content));
	case PMILL_NORMAL_REPLACE:
		if (step->expression != NULL)
			return pmill_buffer_append_text(out, "replaces matches of ") &&
				pmill_buffer_append_text(out, step->expression) &&
				pmill_buffer_append_format(out, " by %s\n", quote(&content, step->content));
		return pmill_buffer_append_format(
			out, "replaces %s by %s\n", quote(&found, step->found), quote(&content, step->content));
	case PMILL_NORMAL_STRIP:
		return pmill_buffer_append_format(out, "strips white space %s\n", strip_sides(step));
	default: return pmill_buffer_append_format(out, "%s\n", plain[step->kind]);
	}
}

static bool describe_normalizer(const pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	bool done = true;
	for (size_t i = 0; i < tokenizer->normal_step_count && done; i++)
		done = describe_normal_step(&tokenizer->normal_steps[i], out);
	return done;
}

static bool describe_pattern(const pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	bool done = true;
	for (size_t i = 0; i < tokenizer->step_count && done; i++) {
		const struct pmill_cut_step *step = &tokenizer->steps[i];
		done = pmill_buffer_append_text(out, step->pattern) &&
			pmill_buffer_append_text(out, step->adds_space ? ", adds a space before" : "") &&
			pmill_buffer_append_text(out, step->drops_gaps ? ", drops the rest" : "") &&
			pmill_buffer_append_text(out, step->on_printable ? ", on printable bytes\n" : "\n");
	}
	return done;
}

static bool describe_ids(const pmill_tokenizer *tokenizer, const uint32_t *ids, size_t count,
	const char *where, struct pmill_buffer *out)
{
	bool done = true;
	for (size_t i = 0; i < count && done; i++) {
		struct pmill_quote room;
		const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, ids[i]);
		done = pmill_buffer_append_format(
			out, "%s %s (id %u)\n", where, quote(&room, token), (unsigned)ids[i]);
	}
	return done;
}

static bool describe_template(const pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	const struct pmill_template *template = &tokenizer->template;
	return describe_ids(tokenizer, template->before, template->before_count, "before", out) &&
		describe_ids(tokenizer, template->after, template->after_count, "after", out);
}

static const struct part {
	const char *name;
	bool (*describe)(const pmill_tokenizer *tokenizer, struct pmill_buffer *out);
} parts[] = {
	{"normalizer", describe_normalizer},
	{"pattern", describe_pattern},
	{"template", describe_template},
};

pmill_status pmill_tokenizer_describe(
	const pmill_tokenizer *tokenizer, const char *part, char **text, pmill_error *error)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strcmp(parts[i].name, part) != 0)
			continue;
		struct pmill_buffer out = {0};
		if (parts[i].describe(tokenizer, &out) && pmill_buffer_terminate(&out)) {
			*text = (char *)out.data;
			return PMILL_OK;
		}
		pmill_buffer_release(&out);
		return pmill_fail_memory(error);
	}
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "no part %.40s to describe", part);
}
