/* training.json: the record of a training run. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_TRAINING_JSON_H
#define PMILL_FORMATS_TRAINING_JSON_H

#include "base/array.h"
#include "model/tokenizer.h"

/* training_json_write.c */

/*
 * The name of an input that isn't UTF-8 is written twice: as "name", with U+FFFD for each bad byte,
 * and whole as "printable", in printable bytes.
 */

/* Appends the record of a tokenizer that has one. Returns false if out of memory. */
bool pmill_training_json_write(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out);

/* training_json_read.c */

/*
 * Reads the record into a loaded tokenizer: its training, its Unicode version, and which name of
 * its pattern was used if there are several. PMILL_BAD_INPUT if it is the record of another
 * tokenizer.
 */
pmill_status pmill_training_json_read(struct pmill_tokenizer *tokenizer, const void *data,
	size_t len, const char *name, const pmill_load_options *options, pmill_error *error);

#endif
