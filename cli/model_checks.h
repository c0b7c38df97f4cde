/* Checks of a model: one function each, in a table. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_MODEL_CHECKS_H
#define PMILL_CLI_MODEL_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "pairmill.h"

struct pmill_cli_model_check {
	const char *name;  /* for JSON */
	const char *claim; /* what holds if it passes */
	bool (*holds)(const pmill_tokenizer *tokenizer);
};

const struct pmill_cli_model_check *pmill_cli_model_check_at(size_t index); /* NULL at the end */

/* "bytes-first", "hf", "gpt2", or NULL if the ids follow none of these layouts. */
const char *pmill_cli_model_layout(const pmill_tokenizer *tokenizer);

/* The ordinary token that is this byte, or PMILL_NO_ID. */
uint32_t pmill_cli_model_byte_id(const pmill_tokenizer *tokenizer, unsigned byte);

#endif
