/* A model of encode_models.h with its encoder and policies, for tests that use one at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_OPENED_MODEL_H
#define PMILL_TESTS_SUPPORT_OPENED_MODEL_H

#include "support/encode_models.h"

static struct pmill_tokenizer *tokenizer;
static pmill_encoder *encoder;
static pmill_policy *policies[ENCODE_POLICIES];

static inline void open_model(unsigned kind)
{
	tokenizer = make_encode_model(kind);
	make_encode_policies(tokenizer, policies);
	require(pmill_encoder_create(tokenizer, NULL, &encoder, NULL) == PMILL_OK, "encoder");
}

static inline void close_model(void)
{
	pmill_encoder_free(encoder);
	free_encode_policies(policies);
	pmill_tokenizer_free(tokenizer);
}

/* A second encoder of the same model, for whole documents beside a stream. */
static pmill_encoder *other;

static inline void open_both(unsigned kind)
{
	open_model(kind);
	require(pmill_encoder_clone(encoder, &other, NULL) == PMILL_OK, "clone");
}

static inline void close_both(void)
{
	pmill_encoder_free(other);
	close_model();
}

#endif
