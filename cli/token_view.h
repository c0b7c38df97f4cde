/* A readable view of tokens, from ids in the format "text". */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_TOKEN_VIEW_H
#define PMILL_CLI_TOKEN_VIEW_H

#include "output.h"
#include "pairmill.h"

/*
 * On a terminal, tokens have alternating backgrounds; elsewhere, and with NO_COLOR, they are
 * separated by |. A document is a line. In colour, a line feed in the text also ends the line.
 */
struct pmill_cli_token_view {
	const pmill_tokenizer *tokenizer;
	struct pmill_cli_output *output;
	bool is_coloured;
	uint64_t shown; /* tokens of this document */
	uint64_t id;    /* the digits so far */
	bool is_in_number;
};

void pmill_cli_token_view_init(struct pmill_cli_token_view *view, const pmill_tokenizer *tokenizer,
	struct pmill_cli_output *output);
/* A pmill_write_fn; `context` is a struct pmill_cli_token_view, `data` ids in the format "text". */
int pmill_cli_token_view_write(void *context, const void *data, size_t len);
void pmill_cli_token_view_show(struct pmill_cli_token_view *view, uint32_t id);
void pmill_cli_token_view_end_document(struct pmill_cli_token_view *view);

#endif
