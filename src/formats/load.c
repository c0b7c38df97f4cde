/* What the readers of all formats share. */
/* SPDX-License-Identifier: MIT */
#include "formats/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "files/file.h"
#include "pretokenize/pattern.h"
#include "unicode/class.h"
#include "unicode/quote.h"

enum { MOST_KNOWN_STEPS = 8 }; /* no known pattern has more */

pmill_status pmill_name_error(pmill_error *error, const char *name, pmill_status status)
{
	if (error == NULL || status == PMILL_OK || status == PMILL_NO_MEMORY)
		return status;
	char message[sizeof error->message];
	memcpy(message, error->message, sizeof message);
	const uint64_t offset = error->offset;
	return pmill_fail(error, status, offset, "%.300s: %s", name, message);
}

pmill_status pmill_name_error_at(
	pmill_error *error, const char *name, uint64_t offset, pmill_status status)
{
	if (error == NULL || status == PMILL_OK || status == PMILL_NO_MEMORY ||
		offset == PMILL_NO_OFFSET)
		return pmill_name_error(error, name, status);
	char message[sizeof error->message];
	memcpy(message, error->message, sizeof message);
	return pmill_fail(
		error, status, offset, "%.300s: byte %llu: %s", name, (unsigned long long)offset, message);
}

pmill_status pmill_name_json_error(const struct pmill_json_error *error,
	const struct pmill_json_source *source, pmill_status status)
{
	uint64_t offset = PMILL_NO_OFFSET;
	if (error->error == NULL || status == PMILL_OK || status == PMILL_NO_MEMORY)
		return status;
	return pmill_json_find(source, &error->place, &offset)
		? pmill_name_error_at(error->error, source->name, offset, status)
		: pmill_fail_memory(error->error);
}

static pmill_status check_pattern(
	const char *name, const char *pattern, const char *asked, pmill_error *error)
{
	if (pattern == NULL || asked == NULL || pmill_pattern_is_same(pattern, asked))
		return PMILL_OK;
	struct pmill_quote quote, other;
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"%s: its pattern is %s, but %s was asked for", name,
		pmill_quote(&quote, pattern, strlen(pattern)), pmill_quote(&other, asked, strlen(asked)));
}

pmill_status pmill_load_text(struct pmill_tokenizer *tokenizer, const char *name,
	const char *pattern, const pmill_load_options *options, pmill_error *error)
{
	const struct pmill_pattern *known;
	pmill_status status = PMILL_OK;
	if (options->pattern != NULL)
		status = pmill_pattern_resolve(options->pattern, &known, error);
	if (status == PMILL_OK)
		status = check_pattern(name, pattern, options->pattern, error);
	if (status != PMILL_OK)
		return status;
	/* Of two names for one pattern, the requested one is kept. */
	const char *chosen = options->pattern != NULL ? options->pattern : pattern;
	known = chosen == NULL ? NULL : pmill_pattern_find(chosen);
	const struct pmill_unicode *unicode = pmill_unicode_find(options->unicode_version);
	if (unicode == NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"no tables for Unicode version %.40s", options->unicode_version);
	status = pmill_tokenizer_set_text(
		tokenizer, known == NULL ? chosen : known->name, unicode->version, error);
	if (options->unicode_version != NULL)
		tokenizer->form_version = tokenizer->unicode_version;
	return status;
}

/* The known pattern that cuts as several plain steps do, or NULL. */
static const struct pmill_pattern *find_pattern(const struct pmill_cut_step *steps, size_t count)
{
	const char *expressions[MOST_KNOWN_STEPS];
	if (count > MOST_KNOWN_STEPS)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!pmill_cut_step_is_plain(&steps[i]))
			return NULL;
		expressions[i] = steps[i].pattern;
	}
	return pmill_pattern_find_steps(expressions, count);
}

pmill_status pmill_load_steps(struct pmill_tokenizer *tokenizer, const char *name,
	const struct pmill_cut_step *steps, size_t count, const pmill_load_options *options,
	pmill_error *error)
{
	if (count == 0)
		return pmill_load_text(tokenizer, name, NULL, options, error);
	if (count == 1 && pmill_cut_step_is_plain(steps))
		return pmill_load_text(tokenizer, name, steps->pattern, options, error);
	const struct pmill_pattern *known = find_pattern(steps, count);
	if (known != NULL)
		return pmill_load_text(tokenizer, name, known->name, options, error);
	struct pmill_quote quote;
	if (options->pattern != NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%s: it cuts in several steps or adds spaces, but the pattern %s was asked for", name,
			pmill_quote(&quote, options->pattern, strlen(options->pattern)));
	const pmill_status status = pmill_load_text(tokenizer, name, NULL, options, error);
	return status == PMILL_OK ? pmill_tokenizer_set_steps(tokenizer, steps, count, error) : status;
}

static uint32_t next_free_id(const struct pmill_vocab *vocab, uint32_t id)
{
	while (id < vocab->count && vocab->tokens[id].len != 0)
		id++;
	return id;
}

pmill_status pmill_load_specials(struct pmill_tokenizer *tokenizer,
	const pmill_load_options *options, uint32_t (*find)(const void *context, pmill_bytes content),
	const void *context, pmill_error *error)
{
	const size_t count = options->special_token_count;
	if (count == 0)
		return PMILL_OK;
	struct pmill_special *specials = calloc(count, sizeof *specials);
	if (specials == NULL)
		return pmill_fail_memory(error);
	pmill_status status = PMILL_OK;
	/* Those with an id go first, so that the others don't take it. */
	for (size_t i = 0; i < count && status == PMILL_OK; i++) {
		const pmill_bytes content = options->special_tokens[i];
		const uint32_t id = find == NULL ? PMILL_NO_ID : find(context, content);
		specials[i] = (struct pmill_special){.content = content, .id = id, .is_special = true};
		if (id != PMILL_NO_ID)
			status = pmill_vocab_add(&tokenizer->vocab, id, content.data, content.len, true, error);
	}
	uint32_t next = 0;
	for (size_t i = 0; i < count && status == PMILL_OK; i++) {
		if (specials[i].id != PMILL_NO_ID)
			continue;
		next = next_free_id(&tokenizer->vocab, next);
		specials[i].id = next;
		status = pmill_vocab_add(&tokenizer->vocab, next, specials[i].content.data,
			specials[i].content.len, true, error);
	}
	if (status == PMILL_OK)
		status = pmill_tokenizer_set_specials(tokenizer, specials, count, error);
	free(specials);
	return status;
}

pmill_status pmill_load_check_specials(
	const struct pmill_tokenizer *tokenizer, const pmill_load_options *options, pmill_error *error)
{
	for (size_t i = 0; i < options->special_token_count; i++) {
		const pmill_bytes asked = options->special_tokens[i];
		struct pmill_quote quote;
		if (pmill_tokenizer_find_special(tokenizer, asked) == NULL)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"%s was asked for, but is not one of its special tokens",
				pmill_quote(&quote, asked.data, asked.len));
	}
	return PMILL_OK;
}

pmill_status pmill_write_file(
	const char *path, const struct pmill_buffer *bytes, unsigned flags, pmill_error *error)
{
	struct pmill_file_writer writer;
	pmill_status status = pmill_file_writer_open(&writer, path, flags, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_file_writer_append(&writer, bytes->data, bytes->len, error);
	if (status == PMILL_OK)
		status = pmill_file_writer_commit(&writer, error);
	pmill_file_writer_release(&writer);
	return status;
}
