/* A tokenizer: vocab, merges, pattern, meaning of BPE. The internals of pmill_tokenizer. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_TOKENIZER_H
#define PMILL_MODEL_TOKENIZER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "model/cut_step.h"
#include "model/vocab.h"
#include "normalize/normal_step.h"
#include "pairmill.h"

struct pmill_merge {
	uint32_t left, right, id;
};

/* A token that is recognised in the text itself, before the pattern cuts it. */
struct pmill_special {
	pmill_bytes content;
	uint32_t id;
	bool is_special; /* false: an added token that is ordinary text (Qwen 3's <think>) */
	bool strips_left, strips_right; /* the white space beside it belongs to it */
	bool is_single_word;            /* not where a letter, number or the like is beside it */
	bool is_normalized; /* searched for after the others, in normalised text, itself normalised */
};

/* What a template puts before and after a document when it is asked for. */
struct pmill_template {
	const uint32_t *before, *after;
	size_t before_count, after_count;
};

/* A file of a model's folder that is handed on as it is. */
struct pmill_kept_file {
	const char *name;
	pmill_bytes content;
};

/* What a model's files say besides, to be written again. */
struct pmill_kept {
	/* Members of a tokenizer.json, as JSON; NULL: written from the tokenizer's own parts. */
	const char *truncation, *padding, *normalizer, *pre_tokenizer, *post_processor, *decoder;
	const struct pmill_kept_file *files;
	size_t file_count;
	const struct pmill_rename *renames; /* since it was loaded: for post_processor and files */
	size_t rename_count;
};

enum pmill_meaning {
	PMILL_MEANING_MERGE_LIST, /* repeatedly apply the merge of lowest rank present */
	PMILL_MEANING_RANK_BY_ID, /* any neighbours whose joined bytes are a token, lowest id first */
	PMILL_MEANING_IGNORE_MERGES, /* takes a pretoken in the vocab whole, else the merge list */
};

/* The merges that the tokens of a model with ranks by id split into, once they were asked for. */
struct pmill_split_merges {
	atomic_bool is_done;
	pthread_mutex_t lock; /* held by the thread that splits */
	struct pmill_merge *merges;
	size_t count;
};

struct pmill_tokenizer {
	struct pmill_arena arena; /* owns what is pointed to below, unless noted */
	struct pmill_vocab vocab; /* ordinary tokens and special ones */
	uint32_t byte_ids[256];   /* PMILL_NO_ID: the vocab lacks the byte */
	/* By rank; malloc. None with ranks by id: to read merges, use pmill_tokenizer_find_merges. */
	struct pmill_merge *listed_merges;
	size_t listed_count;
	struct pmill_split_merges *split; /* malloc */
	struct pmill_special *specials;   /* by id */
	size_t special_count;
	enum pmill_meaning meaning;
	const struct pmill_cut_step *steps; /* none: the pattern is unknown */
	size_t step_count;
	const struct pmill_normal_step *normal_steps;
	size_t normal_step_count;
	const char *unicode_version; /* of the classes in patterns */
	const char *form_version;    /* of normal forms; NULL: 9.0, as in Hugging Face's tokenizers */
	struct pmill_template template;
	struct pmill_kept kept;
	const char *encoding;    /* of a known rank file: "cl100k_base"; constant; NULL: unknown */
	const char *tekken_rest; /* a tekken.json without its vocab; NULL: it comes from another file */
	const char *refusal;     /* why it can't encode: all reasons, one line; NULL: it can */
	pmill_training *training; /* NULL: unknown */
};

/* Empty, for the caller to fill in. NULL if out of memory. */
struct pmill_tokenizer *pmill_tokenizer_create_empty(void);

/* Sets byte_ids from the vocab. Call once all tokens are in it. */
void pmill_tokenizer_find_bytes(struct pmill_tokenizer *tokenizer);

/* Copies the specials, sorted by id. The caller adds their tokens to the vocab. */
pmill_status pmill_tokenizer_set_specials(struct pmill_tokenizer *tokenizer,
	const struct pmill_special *specials, size_t count, pmill_error *error);

/* Whether `id` is that of a special token. One that is merely added is not. */
bool pmill_tokenizer_is_special(const struct pmill_tokenizer *tokenizer, uint32_t id);

/* The special or added token with this content, or NULL. */
const struct pmill_special *pmill_tokenizer_find_special(
	const struct pmill_tokenizer *tokenizer, pmill_bytes content);

/* Copies both; NULL: the pattern is unknown. Sets a single plain step. */
pmill_status pmill_tokenizer_set_text(struct pmill_tokenizer *tokenizer, const char *pattern,
	const char *unicode_version, pmill_error *error);

/* Copies the steps and what they point to. */
pmill_status pmill_tokenizer_set_steps(struct pmill_tokenizer *tokenizer,
	const struct pmill_cut_step *steps, size_t count, pmill_error *error);
pmill_status pmill_tokenizer_set_normal_steps(struct pmill_tokenizer *tokenizer,
	const struct pmill_normal_step *steps, size_t count, pmill_error *error);
pmill_status pmill_tokenizer_set_template(
	struct pmill_tokenizer *tokenizer, const struct pmill_template *whole, pmill_error *error);

/* Copies a file of the model's folder, or a rename, and adds it to `kept`. */
pmill_status pmill_tokenizer_keep_file(
	struct pmill_tokenizer *tokenizer, const struct pmill_kept_file *file, pmill_error *error);
pmill_status pmill_tokenizer_keep_rename(
	struct pmill_tokenizer *tokenizer, const struct pmill_rename *rename, pmill_error *error);

/* Adds a reason to `refusal`. */
pmill_status pmill_tokenizer_refuse(
	struct pmill_tokenizer *tokenizer, const char *reason, pmill_error *error);

#endif
