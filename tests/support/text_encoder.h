/* Encodes texts one by one with one policy, and gives their ids as a plain array. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_TEXT_ENCODER_H
#define PMILL_TESTS_SUPPORT_TEXT_ENCODER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pairmill.h"

/* All zero may be released. */
struct text_encoder {
	pmill_encoder *encoder;
	pmill_policy *policy;
	pmill_ids *ids; /* of the last text, in 4 bytes */
};

static inline void text_encoder_release(struct text_encoder *encoder)
{
	pmill_ids_free(encoder->ids);
	pmill_policy_free(encoder->policy);
	pmill_encoder_free(encoder->encoder);
	*encoder = (struct text_encoder){NULL, NULL, NULL};
}

/* Special tokens by that choice; "untrusted": no other added tokens either, as for the command. */
static inline pmill_policy_options special_tokens(const char *choice)
{
	if (choice == NULL || strcmp(choice, "untrusted") != 0)
		return (pmill_policy_options){.size = sizeof(pmill_policy_options), .special = choice};
	return (pmill_policy_options){
		.size = sizeof(pmill_policy_options), .special = "none", .added = "none"};
}

/* `options` and `run` may be NULL. After a failure all is zero. */
static inline pmill_status text_encoder_init(struct text_encoder *encoder,
	const pmill_tokenizer *tokenizer, const pmill_policy_options *options,
	const pmill_run_options *run, pmill_error *error)
{
	*encoder = (struct text_encoder){NULL, NULL, NULL};
	pmill_status status = pmill_encoder_create(tokenizer, run, &encoder->encoder, error);
	if (status == PMILL_OK)
		status = pmill_policy_create(tokenizer, options, &encoder->policy, error);
	if (status == PMILL_OK)
		status = pmill_ids_create(NULL, NULL, &encoder->ids, error);
	if (status != PMILL_OK)
		text_encoder_release(encoder);
	return status;
}

/* `*ids` are valid until the next call. */
static inline pmill_status text_encoder_encode(struct text_encoder *encoder, const void *text,
	size_t len, const uint32_t **ids, size_t *count, pmill_error *error)
{
	pmill_ids_view view = {.size = sizeof view};
	pmill_ids_clear(encoder->ids);
	pmill_status status = pmill_encoder_encode(
		encoder->encoder, text, len, encoder->policy, encoder->ids, error);
	if (status == PMILL_OK)
		status = pmill_ids_get(encoder->ids, &view);
	if (status != PMILL_OK)
		return status;
	*ids = view.data;
	*count = (size_t)view.count;
	return PMILL_OK;
}

#endif
