/* The command: a table of commands, and the way to the one that is named. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "completions.h"
#include "help.h"
#include "interrupt.h"
#include "messages.h"
#include "output.h"
#include "suggest.h"

enum { ANY_NUMBER = INT_MAX };

static const char *const train_examples[] = {
	"pairmill train -s 32000 --special '<|endoftext|>' -o model corpus.txt",
	"pairmill train -s 50000 --pattern o200k --compat hf -o tokenizer.json texts/",
	"pairmill train -s 32000 --counts january.counts --counts february.counts -o model", NULL};
static const char *const count_examples[] = {
	"pairmill count --special '<|endoftext|>' -o january.counts january.jsonl.zst", NULL};
static const char *const merge_counts_examples[] = {
	"pairmill merge-counts -o all.counts january.counts february.counts", NULL};
static const char *const encode_examples[] = {
	"pairmill encode -m model -o corpus.bin --eot '<|endoftext|>' corpus.txt",
	"pairmill encode -m model --format tokens --text 'Hello, world'",
	"pairmill encode -m model --count corpus.txt", NULL};
static const char *const decode_examples[] = {
	"pairmill encode -m model --text 'Hello, world' | pairmill decode -m model", NULL};
static const char *const convert_examples[] = {
	"pairmill convert tokenizer.json vocab.tiktoken", NULL};
static const char *const inspect_examples[] = {
	"pairmill inspect model", "pairmill inspect --check all.counts", NULL};
static const char *const bench_examples[] = {
	"pairmill bench", "pairmill bench -s 50000 -j 1 --runs 9 corpus.txt", NULL};
static const char *const completions_examples[] = {
	"pairmill completions bash > ~/.local/share/bash-completion/completions/pairmill",
	"pairmill completions fish > ~/.config/fish/completions/pairmill.fish", NULL};
static const char *const help_examples[] = {"pairmill help train", NULL};

#define NAMES                                                                                      \
	"No FILE, or -, is stdin. A folder means all regular files in it and below, hidden ones "      \
	"aside, sorted by path. @LIST reads names from the file LIST, one a line."
#define INPUTS NAMES " Compressed input (gzip, zstd) is recognised by its first bytes."

static const struct pmill_cli_command commands[] = {
	{.name = "train",
		.bit = PMILL_CLI_TRAIN,
		.run = pmill_cli_run_train,
		.usage = "-s N [-o OUT] [options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "learn a vocab from text or counts, and write the model",
		.description = "Learns a vocab of N entries from the text of the files, and writes the "
					   "model. Training is exact: the same text and options give the same bytes, "
					   "on any number of threads.\n\n" INPUTS,
		.examples = train_examples},
	{.name = "count",
		.bit = PMILL_CLI_COUNT,
		.run = pmill_cli_run_count,
		.usage = "-o OUT [options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "count the words of text into a count file",
		.description = "Counts words into a count file, from which train learns what it would "
					   "learn from the text. Count files of parts of a text add up (see "
					   "merge-counts).\n\n" INPUTS,
		.examples = count_examples},
	{.name = "merge-counts",
		.bit = PMILL_CLI_MERGE_COUNTS,
		.run = pmill_cli_run_merge_counts,
		.usage = "-o OUT [options] FILE...",
		.operands = "one or more count files",
		.operand_least = 1,
		.operand_most = ANY_NUMBER,
		.summary = "add count files up",
		.description = "Adds count files up in one pass, with bounded memory (a TSV is sorted in "
					   "memory). Counts made with another pattern, Unicode version or list of "
					   "special tokens do not add up, and are refused.",
		.examples = merge_counts_examples},
	{.name = "encode",
		.bit = PMILL_CLI_ENCODE,
		.run = pmill_cli_run_encode,
		.usage = "-m MODEL [-o OUT] [options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "turn text into ids",
		.description = "Turns text into the ids of its tokens.\n\n" INPUTS,
		.examples = encode_examples},
	{.name = "decode",
		.bit = PMILL_CLI_DECODE,
		.run = pmill_cli_run_decode,
		.usage = "-m MODEL [-o OUT] [options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "turn ids back into the same bytes",
		.description = "Turns ids back into the bytes they came from; several files follow one "
					   "another. An unknown id is an error that names its position.\n\n" NAMES
					   " Ids as text may be compressed (gzip, zstd); binary ones are read as they "
					   "are.",
		.examples = decode_examples},
	{.name = "convert",
		.bit = PMILL_CLI_CONVERT,
		.run = pmill_cli_run_convert,
		.usage = "[options] IN OUT",
		.operands = "two names: the model to read, and the one to write",
		.operand_least = 2,
		.operand_most = 2,
		.summary = "write a model in another format",
		.description =
			"Reads a model and writes it in the format that the name OUT says: a folder, "
			".json (tokenizer.json), .tiktoken, or vocab.json with merges.txt beside it.",
		.examples = convert_examples},
	{.name = "inspect",
		.bit = PMILL_CLI_INSPECT,
		.run = pmill_cli_run_inspect,
		.usage = "[options] FILE",
		.operands = "a FILE: a model or a count file",
		.operand_least = 1,
		.operand_most = 1,
		.summary = "tell what a model or a count file holds, and check it",
		.description = "Tells what a model holds (vocab, pattern, Unicode version, special tokens, "
					   "longest tokens, first merges, record of its training) and checks it, or "
					   "what a count file holds (pattern, Unicode version, special tokens, totals, "
					   "most frequent words). A check that fails exits with 1.\n\n"
					   "Bytes are shown so that none is lost: a space as a middle dot, control "
					   "bytes and what is not UTF-8 as \\n, \\t or \\xHH, a backslash as two.",
		.examples = inspect_examples},
	{.name = "verify"},
	{.name = "bench",
		.bit = PMILL_CLI_BENCH,
		.run = pmill_cli_run_bench,
		.usage = "[options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "time this machine: count, merge, encode, decode",
		.description =
			"Learns a vocab from the text, encodes the text with it and decodes the ids, several "
			"times, and prints seconds and speed of each stage: count and sort (text to sorted "
			"words), index and merge (words to a vocab), encode and decode (one thread in this "
			"version; ids stay in memory). Nothing is written. A pass before the first run is not "
			"timed.\n\n"
			"Without a FILE the text is made in memory: lower-case words whose frequency follows "
			"Zipf's law, the same on every machine. A folder means all regular files in it and "
			"below, hidden ones aside, sorted by path. @LIST reads names from the file LIST, one a "
			"line. Compressed input (gzip, zstd) is recognised by its first bytes, and "
			"decompressing it is part of the time. The text is read several times, so a pipe is "
			"refused.",
		.examples = bench_examples},
	{.name = "completions",
		.bit = PMILL_CLI_COMPLETIONS,
		.run = pmill_cli_run_completions,
		.usage = "bash|zsh|fish",
		.operands = "the name of a shell: bash, zsh or fish",
		.operand_least = 1,
		.operand_most = 1,
		.operand_values = pmill_cli_completion_shells,
		.summary = "print the completions for a shell",
		.description = "Prints what makes a shell complete commands, options and their values.",
		.examples = completions_examples},
	{.name = "help",
		.bit = PMILL_CLI_HELP,
		.run = pmill_cli_run_help,
		.usage = "[COMMAND]",
		.operand_most = 1,
		.summary = "show help, of all or of one command",
		.description = "Shows what the commands are, or what one command does and which options it "
					   "has.",
		.examples = help_examples},
	{.name = "version",
		.bit = PMILL_CLI_VERSION,
		.run = pmill_cli_run_version,
		.usage = "[options]",
		.summary = "print the version",
		.description = "Prints the version of the library that runs."},
	{.name = "man",
		.bit = PMILL_CLI_MAN,
		.run = pmill_cli_run_man,
		.is_hidden = true,
		.usage = "[COMMAND]",
		.operand_most = 1,
		.summary = "print a man page",
		.description = "Prints the man page of pairmill, or of one command, as roff."},
};

const struct pmill_cli_command *pmill_cli_command_at(size_t index)
{
	return index < sizeof commands / sizeof *commands ? &commands[index] : NULL;
}

const struct pmill_cli_command *pmill_cli_command_require(
	const struct pmill_cli *cli, const char *name)
{
	struct pmill_cli_suggestion suggestion = {0};
	const struct pmill_cli_command *command;
	for (size_t i = 0; (command = pmill_cli_command_at(i)) != NULL; i++) {
		if (strcmp(command->name, name) == 0 && command->run != NULL)
			return command;
		if (strcmp(command->name, name) == 0) {
			pmill_cli_wrong_usage(cli, "command \"%s\": this version does not have it yet", name);
			return NULL;
		}
		if (pmill_cli_command_is_shown(command))
			pmill_cli_suggestion_offer(&suggestion, name, strlen(name), command->name);
	}
	if (suggestion.nearest != NULL)
		pmill_cli_wrong_usage(
			cli, "unknown command \"%s\"; did you mean \"%s\"?", name, suggestion.nearest);
	else
		pmill_cli_wrong_usage(cli, "unknown command \"%s\"", name);
	return NULL;
}

const struct pmill_cli_option *pmill_cli_command_option(
	const struct pmill_cli_command *command, const char *name, size_t len)
{
	const struct pmill_cli_option *option;
	for (size_t i = 0; (option = pmill_cli_option_at(i)) != NULL; i++) {
		if ((option->commands & command->bit) == 0)
			continue;
		if (len == 1 ? option->letter == *name
					 : strlen(option->name) == len && memcmp(option->name, name, len) == 0)
			return option;
	}
	return NULL;
}

static int run_command(struct pmill_cli *cli, int argc, char **argv)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	int code = pmill_cli_options_parse(cli, argc, argv);
	if (code == 0 && settings->help) {
		pmill_cli_help_command(stdout, cli->command);
	} else if (code == 0) {
		pmill_cli_progress_init(&cli->progress, settings->progress, settings->quiet);
		code = cli->command->run(cli);
		pmill_cli_progress_clear(&cli->progress);
	}
	pmill_cli_options_release(cli);
	return code;
}

/* "--help" and "--version" stand where a command would, and mean it. */
static const char *command_name(const char *argument)
{
	if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)
		return "help";
	if (strcmp(argument, "--version") == 0 || strcmp(argument, "-V") == 0)
		return "version";
	return argument;
}

int main(int argc, char **argv)
{
	struct pmill_cli cli = {0};
	pmill_cli_interrupt_install();
	if (argc < 2) {
		pmill_cli_help_overview(stderr);
		return PMILL_CLI_WRONG_USAGE;
	}
	const char *name = command_name(argv[1]);
	if (name[0] == '-')
		return pmill_cli_wrong_usage(
			&cli, "\"%s\" stands where a command is needed: pairmill COMMAND [options]", name);
	const struct pmill_cli_command *command = pmill_cli_command_require(&cli, name);
	if (command == NULL)
		return PMILL_CLI_WRONG_USAGE;
	cli.command = command;
	int code = run_command(&cli, argc, argv);
	return pmill_cli_stdout_finish(&cli, code);
}
