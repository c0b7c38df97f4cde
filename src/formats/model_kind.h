/* What a file given as a model is, by its content. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_MODEL_KIND_H
#define PMILL_FORMATS_MODEL_KIND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "pairmill.h"

/* Whether the first line that isn't empty is one of a .tiktoken: base64, a space and a rank. */
bool pmill_model_kind_is_ranks(const uint8_t *data, size_t len);

/* Whether it begins as JSON does, after white space and a byte-order mark. */
bool pmill_model_kind_is_json(const uint8_t *data, size_t len);

/*
 * Refuses bytes of a known kind that no reader of models takes, such as a SentencePiece model or a
 * count file, by what they are and with a way out. `name` is for the message.
 */
pmill_status pmill_model_kind_check(
	const uint8_t *data, size_t len, const char *name, pmill_error *error);

/* What an object that was parsed is: a tokenizer.json has a model, a vocab.json only ids. */
bool pmill_model_kind_has_model(const json_t *root);
bool pmill_model_kind_is_vocab(const json_t *root);

/* Refuses an object of another known kind, such as a config.json, like pmill_model_kind_check. */
pmill_status pmill_model_kind_check_json(const json_t *root, const char *name, pmill_error *error);

#endif
