/* The command line: the table of commands, and main. */
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
	"pairmill convert vocab.tiktoken --pattern cl100k --special '<|endoftext|>' tokenizer.json",
	"pairmill convert --allow-loss tokenizer.json vocab.tiktoken",
	"pairmill convert -s 16000 --rename-special '<|reserved_0|>=<|user|>' model smaller", NULL};
static const char *const inspect_examples[] = {"pairmill inspect model",
	"pairmill inspect --audit tokenizer.json", "pairmill inspect --check all.counts",
	"pairmill inspect -m model tokens.bin", NULL};
static const char *const verify_examples[] = {"pairmill verify -m model --training corpus.txt",
	"pairmill verify -m model --against tokenizer.json corpus.txt", NULL};
static const char *const bench_examples[] = {
	"pairmill bench", "pairmill bench -s 50000 -j 1 --runs 9 corpus.txt", NULL};
static const char *const completions_examples[] = {
	"pairmill completions bash > ~/.local/share/bash-completion/completions/pairmill",
	"pairmill completions fish > ~/.config/fish/completions/pairmill.fish", NULL};
static const char *const help_examples[] = {"pairmill help train", NULL};

#define NAMES                                                                                      \
	"With no FILE, or if FILE is -, reads stdin. A folder stands for all regular files in and "    \
	"below it except hidden ones, sorted by path. @LIST reads names from the file LIST, one per "  \
	"line."
#define INPUTS NAMES " Compressed input (gzip, zstd) is recognised by its first bytes."

static const struct pmill_cli_command commands[] = {
	{.name = "train",
		.bit = PMILL_CLI_TRAIN,
		.run = pmill_cli_run_train,
		.usage = "-s N [-o OUT] [options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "learn a vocab from text or counts and write the model",
		.description = "Learns a vocab of N entries from the text in the files and writes the "
					   "model. Training is exact: the same text and options give the same bytes, "
					   "on any number of threads.\n\n" INPUTS,
		.examples = train_examples},
	{.name = "count",
		.bit = PMILL_CLI_COUNT,
		.run = pmill_cli_run_count,
		.usage = "-o OUT [options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "count the words of a text and write a count file",
		.description = "Counts words and writes a count file. Training on it gives the same result "
					   "as training on the text. Count files of parts of a text can be added up "
					   "(see merge-counts).\n\n" INPUTS,
		.examples = count_examples},
	{.name = "merge-counts",
		.bit = PMILL_CLI_MERGE_COUNTS,
		.run = pmill_cli_run_merge_counts,
		.usage = "-o OUT [options] FILE...",
		.operands = "FILE, a count file or TSV (or several)",
		.operand_least = 1,
		.operand_most = ANY_NUMBER,
		.summary = "add up count files",
		.description = "Adds up count files in one pass, with bounded memory (without --memory, a "
					   "TSV is sorted in memory). Counts made with different patterns, "
					   "Unicode versions or special tokens cannot be added up and are refused.",
		.examples = merge_counts_examples},
	{.name = "encode",
		.bit = PMILL_CLI_ENCODE,
		.run = pmill_cli_run_encode,
		.usage = "-m MODEL [-o OUT] [options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "encode text as ids",
		.description = "Encodes text as the ids of its tokens.\n\n" INPUTS,
		.examples = encode_examples},
	{.name = "decode",
		.bit = PMILL_CLI_DECODE,
		.run = pmill_cli_run_decode,
		.usage = "-m MODEL [-o OUT] [options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "decode ids to the original bytes",
		.description = "Decodes ids to the bytes they came from, and concatenates the output of "
					   "several files. An unknown id is an error that names its position.\n\n" NAMES
					   " Text input may be compressed (gzip, zstd); binary input is read as it is.",
		.examples = decode_examples},
	{.name = "convert",
		.bit = PMILL_CLI_CONVERT,
		.run = pmill_cli_run_convert,
		.usage = "[options] IN OUT",
		.operands = "IN and OUT, the model to read and the one to write",
		.operand_least = 2,
		.operand_most = 2,
		.summary = "write a model in another format",
		.description =
			"Reads a model and writes it in the format given by --to or the name OUT: a folder, "
			".json (tokenizer.json), tekken.json, .tiktoken, .gguf (the vocab alone, for "
			"llama.cpp), "
			"or vocab.json with merges.txt beside it. The model "
			"written gives every text the same ids; if the format can't hold it, or would lose a "
			"part of it, nothing is written.\n\n"
			"The vocab may change on the way: -s makes it smaller, --rename-special and "
			"--add-special name special tokens, in this order.",
		.examples = convert_examples},
	{.name = "inspect",
		.bit = PMILL_CLI_INSPECT,
		.run = pmill_cli_run_inspect,
		.usage = "[options] FILE",
		.operands = "FILE, a model, a count file or a token file",
		.operand_least = 1,
		.operand_most = 1,
		.summary = "show and check what a model, a count file or a token file holds",
		.description = "Shows what a model holds (vocab, pattern, Unicode version, special tokens, "
					   "longest tokens, first merges, training record) and checks it; what a "
					   "count file holds (pattern, Unicode version, special tokens, totals, most "
					   "frequent words); or what a token file holds (format, type, documents, "
					   "tokens, first ids) and, with -m, whether it fits a model. Exits with "
					   "status 1 if a check fails, but not for "
					   "what --audit finds, which may well be meant.\n\n"
					   "Bytes are shown unambiguously: a space as a middle dot, control bytes and "
					   "invalid UTF-8 as \\n, \\t or \\xHH, a backslash as two.",
		.examples = inspect_examples},
	{.name = "verify",
		.bit = PMILL_CLI_VERIFY,
		.run = pmill_cli_run_verify,
		.usage = "-m MODEL (--against OTHER|--training) [options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "prove on your text that two models, or a model and its training, agree",
		.description =
			"Encodes text with two models and compares the ids, or learns anew from the text that "
			"a model was trained on and compares the merges and the count of each. Shows the first "
			"difference.\n\n"
			"Exits with status 0 if they agree, 3 if they differ, and 1 if that can't be "
			"known.\n\n" INPUTS,
		.examples = verify_examples},
	{.name = "bench",
		.bit = PMILL_CLI_BENCH,
		.run = pmill_cli_run_bench,
		.usage = "[options] [FILE...]",
		.operand_most = ANY_NUMBER,
		.summary = "time counting, merging, encoding and decoding on this machine",
		.description =
			"Learns a vocab from the text, encodes the text with it and decodes the ids, several "
			"times, and prints the time and speed of each stage: count and sort (text to sorted "
			"words), index and merge (words to a vocab), encode and decode (one thread in this "
			"version; ids stay in memory). Nothing is written. An untimed warm-up pass comes "
			"first.\n\n"
			"Without FILE, the text is generated in memory: lower-case words whose frequency "
			"follows Zipf's law, the same on every machine. A folder stands for all regular files "
			"in and below it except hidden ones, sorted by path. @LIST reads names from the file "
			"LIST, one per line. Compressed input (gzip, zstd) is recognised by its first bytes; "
			"decompression is part of the time. The text is read several times, so pipes are "
			"refused.",
		.examples = bench_examples},
	{.name = "completions",
		.bit = PMILL_CLI_COMPLETIONS,
		.run = pmill_cli_run_completions,
		.usage = "bash|zsh|fish",
		.operands = "a shell: bash, zsh or fish",
		.operand_least = 1,
		.operand_most = 1,
		.operand_values = pmill_cli_completion_shells,
		.summary = "print a completion script for a shell",
		.description = "Prints a script that makes a shell complete commands, options and values.",
		.examples = completions_examples},
	{.name = "help",
		.bit = PMILL_CLI_HELP,
		.run = pmill_cli_run_help,
		.usage = "[COMMAND]",
		.operand_most = 1,
		.summary = "show help for all commands or for one",
		.description = "Lists the commands, or shows what one command does and its options.",
		.examples = help_examples},
	{.name = "version",
		.bit = PMILL_CLI_VERSION,
		.run = pmill_cli_run_version,
		.usage = "[options]",
		.summary = "print the version",
		.description = "Prints the version of the library in use."},
	{.name = "man",
		.bit = PMILL_CLI_MAN,
		.run = pmill_cli_run_man,
		.is_hidden = true,
		.usage = "[COMMAND]",
		.operand_most = 1,
		.summary = "print a man page",
		.description = "Prints the man page of pairmill or of one command, as roff."},
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
		if (strcmp(command->name, name) == 0)
			return command;
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

/* "--help" and "--version" are aliases of the commands. */
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
			&cli, "expected a command before \"%s\": pairmill COMMAND [options]", name);
	const struct pmill_cli_command *command = pmill_cli_command_require(&cli, name);
	if (command == NULL)
		return PMILL_CLI_WRONG_USAGE;
	cli.command = command;
	int code = run_command(&cli, argc, argv);
	return pmill_cli_stdout_finish(&cli, code);
}
