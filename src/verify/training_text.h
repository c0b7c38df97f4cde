/* The text options that a training's record implies. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_VERIFY_TRAINING_TEXT_H
#define PMILL_VERIFY_TRAINING_TEXT_H

#include "model/tokenizer.h"

/*
 * How the text was cut from which the tokenizer learned. `tokens`, for the caller to free, are the
 * special tokens that `options` points to; all else belongs to the tokenizer. PMILL_BAD_OPTION if
 * there is no record, or the separator, which it doesn't keep, is not a special token;
 * PMILL_BAD_INPUT if the record is of another model.
 */
pmill_status pmill_training_text_find(const struct pmill_tokenizer *tokenizer,
	pmill_bytes doc_separator, pmill_text_options *options, pmill_bytes **tokens,
	pmill_error *error);

#endif
