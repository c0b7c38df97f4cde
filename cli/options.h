/* Options: one table for the parser, the help, the man pages and the completions. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_OPTIONS_H
#define PMILL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmill_cli;

/* Values of an option that may be repeated, in order. */
struct pmill_cli_list {
	const char **items;
	size_t count;
};

/* The values of the options. Zero means "not given". Strings belong to argv. */
struct pmill_cli_settings {
	int help, quiet, verbose, json, force;
	uint64_t threads;
	const char *progress, *unicode;

	const char *input_format, *field, *pattern, *doc_separator, *scanner, *merger;
	struct pmill_cli_list special;
	int skip_bad_lines, skip_binary, sha256;
	uint64_t chunk_size, memory;
	const char *tmp_dir;

	uint64_t vocab_size, min_count, reserve, pad_vocab_to, max_token_length;
	const char *ties, *layout, *compat, *tsv;
	struct pmill_cli_list counts;

	const char *against;
	int training;
	const char *model, *model_format, *encoding, *output, *format, *text, *eot, *bos;
	struct pmill_cli_list special_tokens;
	int count_only, check, audit, add_template, offsets, resume, skip_special_tokens;
	uint64_t max_tokens, shard_tokens;
	const char *to, *merges;
	struct pmill_cli_list rename_special, add_special;
	int allow_loss;
	uint64_t top;

	uint64_t runs, text_size;
};

enum pmill_cli_kind {
	PMILL_CLI_FLAG,   /* int */
	PMILL_CLI_NUMBER, /* uint64_t from `least` to `most`, such as 32000 or 32k */
	PMILL_CLI_SIZE,   /* uint64_t, in bytes, such as 10MB or 2GiB: see sizes.h */
	PMILL_CLI_TEXT,   /* const char * */
	PMILL_CLI_CHOICE, /* const char *, one of pmill_cli_option_value */
	PMILL_CLI_LIST,   /* struct pmill_cli_list */
	PMILL_CLI_LATER,  /* of a later version: refused with a message, never shown */
};

/* The headings of the help, in order. */
enum pmill_cli_group {
	PMILL_CLI_GROUP_OUTPUT,
	PMILL_CLI_GROUP_MODEL,
	PMILL_CLI_GROUP_VOCAB,
	PMILL_CLI_GROUP_TEXT,
	PMILL_CLI_GROUP_COUNTS,
	PMILL_CLI_GROUP_MEMORY,
	PMILL_CLI_GROUP_COMMON,
	PMILL_CLI_GROUP_TESTS,
	PMILL_CLI_GROUP_END,
};

struct pmill_cli_option {
	unsigned commands; /* bits of pmill_cli_command_bit */
	char letter;       /* 0: none */
	const char *name;
	const char *value; /* the name of the value in the help; NULL: takes none */
	enum pmill_cli_kind kind;
	enum pmill_cli_group group;
	size_t offset;                    /* into pmill_cli_settings */
	const char *(*choice_at)(size_t); /* the values, if the summary explains them */
	const char *(*value_at)(size_t);  /* the values, if the help is to list them */
	const char *const *later;         /* values of later versions */
	uint64_t least, most, initial;
	bool allows_empty;
	bool is_path; /* completions offer files */
	const char *summary;
};

/* A row of the table, including options of later versions; NULL at the end. */
const struct pmill_cli_option *pmill_cli_option_at(size_t index);
const char *pmill_cli_group_title(enum pmill_cli_group group);
/* A known value of the option; NULL at the end. */
const char *pmill_cli_option_value(const struct pmill_cli_option *option, size_t index);

/*
 * Parses argv[2..] into settings and operands. Returns 0, or the exit code after a message. Options
 * may come between and after operands; "--" ends them; "-" is an operand.
 */
int pmill_cli_options_parse(struct pmill_cli *cli, int argc, char **argv);
void pmill_cli_options_release(struct pmill_cli *cli);

#endif
