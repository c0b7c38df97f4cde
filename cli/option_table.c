/* The table of options: each row serves the parser, the help, the man pages and the completions. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include "command.h"

/* The same option may have a row for each group of commands that says another thing about it. */

enum {
	TRAIN = PMILL_CLI_TRAIN,
	COUNT = PMILL_CLI_COUNT,
	MERGE_COUNTS = PMILL_CLI_MERGE_COUNTS,
	ENCODE = PMILL_CLI_ENCODE,
	DECODE = PMILL_CLI_DECODE,
	CONVERT = PMILL_CLI_CONVERT,
	INSPECT = PMILL_CLI_INSPECT,
	BENCH = PMILL_CLI_BENCH,
	CUTS_TEXT = TRAIN | COUNT | BENCH,
	COUNTS_WORDS = TRAIN | COUNT | MERGE_COUNTS,
	READS_TEXT = TRAIN | COUNT | ENCODE | BENCH,
	READS_COUNTS = TRAIN | MERGE_COUNTS | INSPECT,
	NEEDS_MODEL = ENCODE | DECODE,
	LOADS_MODEL = ENCODE | DECODE | CONVERT | INSPECT,
	WRITES = PMILL_CLI_WORK & ~(INSPECT | BENCH),
	GIVES_FIGURES = PMILL_CLI_WORK & ~CONVERT,
};

enum { MOST_THREADS = 1024 }; /* far above any machine; keeps a slip of the finger from hurting */

static const char *progress_form(size_t index)
{
	static const char *const forms[] = {"auto", "plain", "json", "none"};
	return index < sizeof forms / sizeof *forms ? forms[index] : NULL;
}

/* Those of token files, and the view for people. */
static const char *encode_format(size_t index)
{
	if (index == 1)
		return "tokens";
	return pmill_token_format_name(index > 1 ? index - 1 : 0);
}

static const char *const later_formats[] = {"jsonl", "npy", "megatron", "datatrove", "llmc", NULL};

#define FIELD(member) .offset = offsetof(struct pmill_cli_settings, member)
#define FLAG(member) .kind = PMILL_CLI_FLAG, FIELD(member)
#define NUMBER(member, from, to)                                                                   \
	.value = "N", .kind = PMILL_CLI_NUMBER, FIELD(member), .least = (from), .most = (to)
#define SIZE(member, from, to)                                                                     \
	.value = "BYTES", .kind = PMILL_CLI_SIZE, FIELD(member), .least = (from), .most = (to)
#define MEMORY                                                                                     \
	.value = "SIZE", .kind = PMILL_CLI_SIZE, FIELD(memory), .least = 1, .most = UINT64_MAX
#define TEXT(member, name) .value = (name), .kind = PMILL_CLI_TEXT, FIELD(member)
#define PATH(member, name) TEXT(member, name), .is_path = true
#define CHOICE(member, name, list)                                                                 \
	.value = (name), .kind = PMILL_CLI_CHOICE, FIELD(member), .choice_at = (list)
#define LIST(member, name) .value = (name), .kind = PMILL_CLI_LIST, FIELD(member)
#define LATER(bits, long_name, of_value)                                                           \
	{                                                                                              \
		.commands = (bits), .name = (long_name), .value = (of_value), .kind = PMILL_CLI_LATER      \
	}

static const struct pmill_cli_option options[] = {
	/* ---- Output ---- */
	{TRAIN, 'o', "output", PATH(output, "OUT"), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Where to write the model: a folder (it gets tokenizer.json, "
				   "tokenizer_config.json, vocab.json, merges.txt and training.json), or a file "
				   "by its suffix: .json (tokenizer.json), .tiktoken, vocab.json with merges.txt "
				   "beside it. Without it nothing is written, and only the summary is shown."},
	{COUNT | MERGE_COUNTS, 'o', "output", PATH(output, "OUT"), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "The count file to write; with the suffix .tsv as text, a word and its count a "
				   "line."},
	{ENCODE | DECODE, 'o', "output", PATH(output, "OUT"), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "The file to write, whole or not at all. Without it, or with -: stdout."},
	{ENCODE, 0, "format", CHOICE(format, "FORMAT", encode_format), .later = later_formats,
		.group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "How ids are written: text (ids with spaces, a document a line), tokens (the "
				   "tokens themselves, to look at: coloured on a terminal, parted by | "
				   "elsewhere), u16 or u32 (little-endian, bare). Default: by the suffix of OUT "
				   "(.txt, .u16, .u32, .bin), text on stdout."},
	{DECODE, 0, "format", CHOICE(format, "FORMAT", pmill_token_format_name), .later = later_formats,
		.group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "How the ids are stored: text (ids with spaces, a document a line), u16 or u32 "
				   "(little-endian, bare). Default: by the suffix of FILE (.txt, .u16, .u32, "
				   ".bin), text from stdin."},
	{ENCODE, 0, "count", FLAG(count_only), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Write no ids, only how many: documents, bytes, tokens, bytes per token."},
	{INSPECT, 0, "top", NUMBER(top, 0, UINT32_MAX), .initial = 10, .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "How many to show of the longest tokens and the first merges, or of the most "
				   "frequent words (default 10). With 0 only the head of a count file is read."},
	{BENCH, 0, "runs", NUMBER(runs, 1, 10000), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "How often each stage is timed (default 5)."},
	{INSPECT, 0, "check", FLAG(check), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Read every block of a count file and check it. (Models are always checked.)"},
	{WRITES, 'f', "force", FLAG(force), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Overwrite a file that is there, or the files of ours in a folder; write binary "
				   "to a terminal."},

	/* ---- Model ---- */
	{NEEDS_MODEL, 'm', "model", PATH(model, "MODEL"), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "The model: a folder, a tokenizer.json, a .tiktoken, or a vocab.json with "
				   "merges.txt beside it."},
	{ENCODE, 0, "special-tokens", LIST(special_tokens, "WHICH"), .group = PMILL_CLI_GROUP_MODEL,
		.summary =
			"What special tokens in the text mean: none (default: they are plain text), "
			"all (they are recognised), error (meeting one is an error), or a LIST of those "
			"to recognise. Given once, a list is split at its commas; given several times, each "
			"is one token, commas and all."},
	{ENCODE, 0, "eot", TEXT(eot, "TOKEN"), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "Append this special token to every document."},
	{LOADS_MODEL, 0, "pattern", TEXT(pattern, "PATTERN"), .value_at = pmill_pattern_name,
		.group = PMILL_CLI_GROUP_MODEL,
		.summary = "The pattern of a model whose file carries none (.tiktoken, vocab.json): the "
				   "name of a known one, or a regular expression."},
	{LOADS_MODEL, 0, "special", LIST(special, "TOKEN"), .group = PMILL_CLI_GROUP_MODEL,
		.summary =
			"A special token of a model whose file carries none (.tiktoken, vocab.json); may "
			"be repeated. A vocab.json says its id; for a .tiktoken ids go in order: first the "
			"holes in the ranks, then after the last."},
	{LOADS_MODEL, 0, "unicode", CHOICE(unicode, "VERSION", NULL), .value_at = pmill_unicode_name,
		.group = PMILL_CLI_GROUP_MODEL,
		.summary = "The Unicode version of a model whose file carries none."},
	LATER(CONVERT, "vocab-size", "N"),

	/* ---- Vocab ---- */
	{TRAIN, 's', "vocab-size", NUMBER(vocab_size, 1, UINT32_MAX - 1),
		.group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Entries of the vocab, special tokens and reserved ones included; at least "
				   "these and 256. Required."},
	{BENCH, 's', "vocab-size", NUMBER(vocab_size, 1, UINT32_MAX - 1),
		.group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Entries of the vocab, special tokens included (default 32000)."},
	{TRAIN, 0, "reserve", NUMBER(reserve, 1, UINT32_MAX - 1), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Reserve special tokens <|reserved_0|>, <|reserved_1|>, ... for later use; they "
				   "are part of --vocab-size."},
	{TRAIN, 0, "pad-vocab-to", .value = "MULTIPLE", .kind = PMILL_CLI_NUMBER, FIELD(pad_vocab_to),
		.least = 1, .most = UINT32_MAX - 1, .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "More reserved tokens at the very end, beyond --vocab-size, up to a multiple of "
				   "this."},
	{TRAIN, 0, "min-count", NUMBER(min_count, 1, INT64_MAX), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Never merge a pair that occurs fewer times (default 1)."},
	{TRAIN, 0, "max-token-length", SIZE(max_token_length, 1, UINT64_MAX),
		.group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Never make a token longer than this. (With --compat hf by Hugging Face's rule: "
				   "a merge longer than two bytes must be shorter than this.)"},
	{TRAIN, 0, "ties", CHOICE(ties, "RULE", pmill_ties_name), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Which of several pairs with the same count is taken first: bytes (default: the "
				   "greater bytes) or ids (the smaller ids, as Hugging Face)."},
	{TRAIN, 0, "layout", CHOICE(layout, "LAYOUT", pmill_layout_name), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "The order of ids: bytes-first (default: bytes, special tokens, merges), hf "
				   "(special tokens, bytes in printable order, merges) or gpt2 (bytes in printable "
				   "order, merges, special tokens)."},
	{TRAIN, 0, "compat", CHOICE(compat, "WHOM", pmill_compat_name), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Learn what this trainer learns. hf (Hugging Face tokenizers): layout hf, ties "
				   "by ids, and its rule for the longest token."},

	/* ---- Text ---- */
	{CUTS_TEXT, 0, "special", LIST(special, "TOKEN"), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "A special token; may be repeated. It is taken out of the text, and the text on "
				   "its two sides never touches. The bytes count as they are typed."},
	{CUTS_TEXT, 0, "pattern", TEXT(pattern, "PATTERN"), .value_at = pmill_pattern_name,
		.group = PMILL_CLI_GROUP_TEXT,
		.summary = "How text is cut into pretokens: the name of a known pattern (default gpt2), "
				   "none (no cutting), or a regular expression of your own."},
	{CUTS_TEXT, 0, "unicode", CHOICE(unicode, "VERSION", NULL), .value_at = pmill_unicode_name,
		.group = PMILL_CLI_GROUP_TEXT,
		.summary = "The Unicode version that says what is a letter, a number, a space (default "
				   "16.0)."},
	{READS_TEXT, 0, "input-format", CHOICE(input_format, "FORMAT", pmill_input_format_name),
		.group = PMILL_CLI_GROUP_TEXT,
		.summary = "How documents stand in a file: text (it is one document), lines (each line is "
				   "one; its line feed belongs to it) or jsonl (each line is a JSON object, one "
				   "of its fields the document). Default: by suffix, text for any other."},
	{READS_TEXT, 0, "field", TEXT(field, "NAME"), .allows_empty = true,
		.group = PMILL_CLI_GROUP_TEXT,
		.summary = "The field of a JSON line that holds the text (default text)."},
	{READS_TEXT, 0, "skip-bad-lines", FLAG(skip_bad_lines), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "Count and report JSON lines without the field instead of failing."},
	{CUTS_TEXT, 0, "doc-separator", TEXT(doc_separator, "TOKEN"), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "This token ends documents; it joins the special tokens if it is not among "
				   "them."},
	{ENCODE, 0, "doc-separator", TEXT(doc_separator, "TOKEN"), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "This token ends documents and is not encoded (see --eot)."},
	{ENCODE, 0, "text", TEXT(text, "STRING"), .allows_empty = true, .group = PMILL_CLI_GROUP_TEXT,
		.summary = "Encode this string, as one document, instead of files."},
	{BENCH, 0, "text-size", SIZE(text_size, 1, UINT64_C(1) << 40), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "Bytes of text to make where no FILE is named (default 32M)."},
	{TRAIN | COUNT, 0, "sha256", FLAG(sha256), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "Hash the inputs as they are read; train writes the hashes into training.json."},

	/* ---- Counts ---- */
	{TRAIN, 0, "counts", LIST(counts, "FILE"), .is_path = true, .group = PMILL_CLI_GROUP_COUNTS,
		.summary = "Train from a count file or a TSV; may be repeated. Without any FILE there is "
				   "no text then. Pattern, Unicode version and special tokens come from the count "
				   "file, and an option that contradicts it is an error; for a TSV the options say "
				   "them."},
	{READS_COUNTS, 0, "tsv", CHOICE(tsv, "SPELLING", pmill_tsv_name),
		.group = PMILL_CLI_GROUP_COUNTS,
		.summary = "How the words of a TSV without our first line are spelled: raw bytes, or "
				   "printable bytes as in a vocab.json."},
	{MERGE_COUNTS, 0, "pattern", TEXT(pattern, "PATTERN"), .value_at = pmill_pattern_name,
		.group = PMILL_CLI_GROUP_COUNTS,
		.summary = "The pattern by which the words of a TSV were cut (default gpt2); a count file "
				   "says it itself, and must agree."},
	{MERGE_COUNTS, 0, "special", LIST(special, "TOKEN"), .group = PMILL_CLI_GROUP_COUNTS,
		.summary = "A special token of the text behind a TSV; may be repeated. A count file says "
				   "it itself, and must agree."},
	{MERGE_COUNTS, 0, "unicode", CHOICE(unicode, "VERSION", NULL),
		.value_at = pmill_unicode_name, .group = PMILL_CLI_GROUP_COUNTS,
		.summary = "The Unicode version of a TSV (default 16.0); a count file says it itself, and "
				   "must agree."},

	/* ---- Memory ---- */
	{TRAIN, 0, "memory", MEMORY, .group = PMILL_CLI_GROUP_MEMORY,
		.summary =
			"Memory that counting may take, such as 500M or 4G; the result does not depend "
			"on it. Words that would take more go to temporary files, sorted, and are "
			"merged in the end. Where reading the words of a --counts file and adding them up "
			"takes more than SIZE, the command stops with both figures (a TSV out of order "
			"takes more than one in order: merge-counts makes a count file of it within "
			"SIZE). What merging pairs will need is computed before it starts: "
			"where that is more than SIZE, the command stops with both figures and keeps "
			"the counts as OUT.counts (without -o, or where OUT is a pipe or a device: as "
			"pairmill.counts in --tmp-dir)."},
	{COUNT | MERGE_COUNTS, 0, "memory", MEMORY, .group = PMILL_CLI_GROUP_MEMORY,
		.summary = "Memory that counts may take, such as 500M or 4G; the result does not depend on "
				   "it. Words that would take more go to temporary files, sorted, and are merged "
				   "in the end."},
	{COUNTS_WORDS, 0, "tmp-dir", PATH(tmp_dir, "DIR"), .group = PMILL_CLI_GROUP_MEMORY,
		.summary = "The folder of temporary files (default: the one of OUT; without -o that of "
				   "the environment variable TMPDIR, or /tmp). They have no name, so nothing is "
				   "left in it, whatever happens."},

	/* ---- Common ---- */
	{CUTS_TEXT, 'j', "threads", NUMBER(threads, 0, MOST_THREADS), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "Threads to use; 0 (default) is one for each processor. The result does not "
				   "depend on it."},
	{PMILL_CLI_WORK & ~CUTS_TEXT, 'j', "threads", NUMBER(threads, 0, MOST_THREADS),
		.group = PMILL_CLI_GROUP_COMMON,
		.summary = "Threads to use at most. This command works with one in this version."},
	{PMILL_CLI_WORK, 'q', "quiet", FLAG(quiet), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "No progress and no summary; errors stay."},
	{PMILL_CLI_WORK, 'v', "verbose", FLAG(verbose), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "Say more: the model, the options taken, the inputs, the stages."},
	{PMILL_CLI_WORK, 0, "progress", CHOICE(progress, "FORM", progress_form),
		.group = PMILL_CLI_GROUP_COMMON,
		.summary = "How progress is shown on stderr: auto (default: one line that is redrawn, only "
				   "on a terminal), plain (a line now and then), json (an object a line, and no "
				   "summary among them; total 0 means not known) or none."},
	{GIVES_FIGURES, 0, "json", FLAG(json), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "One JSON document with all figures on stdout. Bytes in names that are not "
				   "UTF-8 appear as \\xHH; tokens and words also in printable bytes, as in a "
				   "vocab.json."},
	{PMILL_CLI_VERSION, 0, "json", FLAG(json), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "One JSON document on stdout, with the known patterns and Unicode versions."},
	{PMILL_CLI_ALL, 'h', "help", FLAG(help), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "Show this help."},

	/* ---- For tests ---- */
	{CUTS_TEXT, 0, "chunk-size", SIZE(chunk_size, 1, SIZE_MAX / 2), .group = PMILL_CLI_GROUP_TESTS,
		.summary = "Bytes of text given to a thread at a time (default 512K). The result does not "
				   "depend on it."},
	{READS_TEXT, 0, "scanner", CHOICE(scanner, "NAME", pmill_scanner_name), .group = PMILL_CLI_GROUP_TESTS,
		.summary =
			"The engine that cuts text: an instruction set's (avx512, avx2, sse4, neon), block, "
			"scalar, or regex (PCRE2). The result does not depend on it."},
	{TRAIN, 0, "merger", CHOICE(merger, "NAME", pmill_merger_name), .group = PMILL_CLI_GROUP_TESTS,
		.summary =
			"How merges are found: one-by-one, pipelined on two threads, or in batches on all. The "
			"result does not depend on it."},

	/* ---- Later ---- */
	LATER(PMILL_CLI_WORK & ~COUNTS_WORDS, "tmp-dir", "DIR"),
	LATER(ENCODE, "shard-tokens", "N"),
	LATER(ENCODE, "resume", NULL),
	LATER(ENCODE, "offsets", NULL),
	LATER(ENCODE, "template", NULL),
};

const struct pmill_cli_option *pmill_cli_option_at(size_t index)
{
	return index < sizeof options / sizeof *options ? &options[index] : NULL;
}

const char *pmill_cli_group_title(enum pmill_cli_group group)
{
	static const char *const titles[PMILL_CLI_GROUP_END] = {
		[PMILL_CLI_GROUP_OUTPUT] = "Output",
		[PMILL_CLI_GROUP_MODEL] = "Model",
		[PMILL_CLI_GROUP_VOCAB] = "Vocab",
		[PMILL_CLI_GROUP_TEXT] = "Text",
		[PMILL_CLI_GROUP_COUNTS] = "Counts",
		[PMILL_CLI_GROUP_MEMORY] = "Memory",
		[PMILL_CLI_GROUP_COMMON] = "Common",
		[PMILL_CLI_GROUP_TESTS] = "For tests",
	};
	return titles[group];
}

const char *pmill_cli_option_value(const struct pmill_cli_option *option, size_t index)
{
	if (option->value_at != NULL)
		return option->value_at(index);
	return option->choice_at != NULL ? option->choice_at(index) : NULL;
}
