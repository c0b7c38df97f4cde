/* Commands: the table, and the context that every command gets. */
/* SPDX-License-Identifier: MIT */
/*
 * The program uses the library as any other client does: through pairmill.h, with nothing of src/.
 * A command is a row of the table in main.c and a file cmd_NAME.c; its options are the rows of
 * option_table.c that have its bit. Parser, help, man pages and completions read these two tables.
 */
#ifndef PMILL_CLI_COMMAND_H
#define PMILL_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "pairmill.h"
#include "progress.h"

enum {
	PMILL_CLI_DONE = 0,
	PMILL_CLI_FAILED = 1,
	PMILL_CLI_WRONG_USAGE = 2,
	PMILL_CLI_DIFFERENT = 3,     /* verify: what was compared differs */
	PMILL_CLI_INTERRUPTED = 130, /* 128 + SIGINT, as in shells */
};

/* Which commands have an option: bits, so that one row of the option table can serve several. */
enum pmill_cli_command_bit {
	PMILL_CLI_TRAIN = 1 << 0,
	PMILL_CLI_COUNT = 1 << 1,
	PMILL_CLI_MERGE_COUNTS = 1 << 2,
	PMILL_CLI_ENCODE = 1 << 3,
	PMILL_CLI_DECODE = 1 << 4,
	PMILL_CLI_CONVERT = 1 << 5,
	PMILL_CLI_INSPECT = 1 << 6,
	PMILL_CLI_BENCH = 1 << 7,
	PMILL_CLI_VERIFY = 1 << 8,
	PMILL_CLI_COMPLETIONS = 1 << 9,
	PMILL_CLI_HELP = 1 << 10,
	PMILL_CLI_VERSION = 1 << 11,
	PMILL_CLI_MAN = 1 << 12,
	PMILL_CLI_WORK = (1 << 9) - 1, /* all that read or write data */
	PMILL_CLI_ALL = (1 << 13) - 1,
};

struct pmill_cli_command;

/* One run of the program. */
struct pmill_cli {
	const struct pmill_cli_command *command;
	struct pmill_cli_settings settings;
	struct pmill_cli_progress progress;
	const char *const *operands; /* the arguments that are not options */
	size_t operand_count;
	uint64_t repeated_shown; /* notes about files that were named twice */
	bool is_stdout_lost;     /* writing failed, and the error was reported */
};

struct pmill_cli_command {
	const char *name;
	unsigned bit;
	int (*run)(struct pmill_cli *cli);
	bool is_hidden;       /* not in help and completions */
	const char *usage;    /* after the name: "[options] FILE..." */
	const char *operands; /* what it needs if `operand_least` is not 0 */
	size_t operand_least, operand_most;
	const char *const *operand_values; /* fixed words, for completions; NULL: files */
	const char *summary;               /* a phrase */
	const char *description;           /* paragraphs, separated by empty lines */
	const char *const *examples;       /* lines; NULL at the end */
};

const struct pmill_cli_command *pmill_cli_command_at(size_t index); /* NULL at the end */
/* The command with this name. NULL after a message (wrong usage) if there is none. */
const struct pmill_cli_command *pmill_cli_command_require(
	const struct pmill_cli *cli, const char *name);
/* An option of the command, by long name or letter, including those of later versions. */
const struct pmill_cli_option *pmill_cli_command_option(
	const struct pmill_cli_command *command, const char *name, size_t len);

int pmill_cli_run_train(struct pmill_cli *cli);
int pmill_cli_run_count(struct pmill_cli *cli);
int pmill_cli_run_merge_counts(struct pmill_cli *cli);
int pmill_cli_run_encode(struct pmill_cli *cli);
int pmill_cli_run_decode(struct pmill_cli *cli);
int pmill_cli_run_convert(struct pmill_cli *cli);
int pmill_cli_run_inspect(struct pmill_cli *cli);
int pmill_cli_run_verify(struct pmill_cli *cli);
int pmill_cli_run_bench(struct pmill_cli *cli);
int pmill_cli_run_completions(struct pmill_cli *cli);
int pmill_cli_run_help(struct pmill_cli *cli);
int pmill_cli_run_version(struct pmill_cli *cli);
int pmill_cli_run_man(struct pmill_cli *cli);

#endif
