/* The table of options: parser, help, man pages and completions all read it. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include "command.h"

/* An option has several rows if its summary differs between commands. */

enum {
	TRAIN = PMILL_CLI_TRAIN,
	COUNT = PMILL_CLI_COUNT,
	MERGE_COUNTS = PMILL_CLI_MERGE_COUNTS,
	ENCODE = PMILL_CLI_ENCODE,
	DECODE = PMILL_CLI_DECODE,
	CONVERT = PMILL_CLI_CONVERT,
	INSPECT = PMILL_CLI_INSPECT,
	BENCH = PMILL_CLI_BENCH,
	VERIFY = PMILL_CLI_VERIFY,
	CUTS_TEXT = TRAIN | COUNT | BENCH,
	USES_THREADS = CUTS_TEXT | ENCODE | VERIFY,
	COUNTS_WORDS = TRAIN | COUNT | MERGE_COUNTS,
	READS_TEXT = TRAIN | COUNT | ENCODE | BENCH | VERIFY,
	READS_COUNTS = TRAIN | MERGE_COUNTS | INSPECT | VERIFY,
	NEEDS_MODEL = ENCODE | DECODE | VERIFY,
	LOADS_MODEL = ENCODE | DECODE | CONVERT | INSPECT | VERIFY,
	GIVES_FIGURES = PMILL_CLI_WORK & ~CONVERT,
};

enum { MOST_THREADS = 1024 }; /* more than any machine has; catches typos */

static const char *progress_form(size_t index)
{
	static const char *const forms[] = {"auto", "plain", "json", "none"};
	return index < sizeof forms / sizeof *forms ? forms[index] : NULL;
}

static const char *merges_form(size_t index)
{
	static const char *const forms[] = {"pairs", "strings"};
	return index < sizeof forms / sizeof *forms ? forms[index] : NULL;
}

/* The formats of token files, and "tokens", the view for people. */
static const char *encode_format(size_t index)
{
	if (index == 1)
		return "tokens";
	return pmill_token_format_name(index > 1 ? index - 1 : 0);
}

static const char *const later_model_formats[] = {"sentencepiece", NULL};

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
		.summary = "Where to write the model: a folder (tokenizer.json, tokenizer_config.json, "
				   "vocab.json, merges.txt and training.json), or a file, by its suffix: .json "
				   "(tokenizer.json), tekken.json, .tiktoken, .gguf, or vocab.json with merges.txt "
				   "beside it. Any other name, such as out.xyz, is that of a folder. Without -o, "
				   "only the summary "
				   "is shown and nothing is written."},
	{COUNT | MERGE_COUNTS, 'o', "output", PATH(output, "OUT"), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "The count file to write. With the suffix .tsv it is text, one word and its "
				   "count per line."},
	{ENCODE | DECODE, 'o', "output", PATH(output, "OUT"), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "The file to write, whole or not at all. Default, or with -: stdout."},
	{ENCODE, 0, "format", CHOICE(format, "FORMAT", encode_format), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Output format: text (ids separated by spaces, one document per line), tokens "
				   "(the tokens themselves, for reading: coloured on a terminal, separated by | "
				   "elsewhere), jsonl (a JSON object per document, with its ids and tokens), u16 "
				   "or u32 (little-endian, no header), npy (NumPy), olmo (no header, for OLMo), "
				   "llmc (llm.c), megatron (OUT.bin and OUT.idx) or datatrove (OUT, OUT.index and "
				   "OUT.metadata); ids have 16 bits if the vocab allows, else 32. Default: by the "
				   "suffix of OUT (.txt, .jsonl, .u16, .u32, .bin, .npy, .ds), text on stdout. "
				   "Beside a file of ids, FILE.json says what they are."},
	{DECODE, 0, "format", CHOICE(format, "FORMAT", pmill_token_format_name),
		.group = PMILL_CLI_GROUP_OUTPUT,
		.summary =
			"Input format: text (ids separated by spaces, one document per line), jsonl "
			"(the member \"ids\" of each line), u16 or u32 (little-endian, no header), "
			"npy, olmo, llmc, megatron or datatrove. Default: what FILE.json beside it says, "
			"else by the suffix of FILE (.txt, .jsonl, .u16, .u32, .bin, .npy, .ds), text "
			"from stdin. If text or jsonl has several lines, the text of each ends with a "
			"line feed, added where it is missing."},
	{INSPECT, 0, "format", CHOICE(format, "FORMAT", pmill_token_format_name),
		.group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "The format of a token file, as for decode. Default: what FILE.json beside it "
				   "says, else by the suffix of FILE."},
	{ENCODE, 0, "count", FLAG(count_only), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Print totals instead of ids: documents, bytes, tokens, bytes per token."},
	{ENCODE, 0, "max-tokens", NUMBER(max_tokens, 1, UINT64_MAX), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Write at most N tokens of each document: the first ones, and what --template "
				   "puts around them. --bos and --eot come on top."},
	{ENCODE, 0, "shard-tokens", NUMBER(shard_tokens, 1, UINT64_MAX),
		.group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Write shards: OUT is a folder of files 00000, 00001 and so on, each with the "
				   "first documents that make N tokens or more."},
	{ENCODE, 0, "resume", FLAG(resume), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Go on with shards that a run of the same command left when it was stopped. "
				   "Refused if model, options or inputs have changed."},
	{ENCODE, 0, "offsets", FLAG(offsets), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "With --format jsonl: also write where each token begins and ends in its "
				   "document, in bytes; for JSON lines, of the text in the field."},
	{INSPECT, 0, "top", NUMBER(top, 0, UINT32_MAX), .initial = 10, .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Show the N longest tokens and first N merges, or the N most frequent words "
				   "(default 10). With 0, only the head of a count file is read."},
	{BENCH, 0, "runs", NUMBER(runs, 1, 10000), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Time each stage N times (default 5)."},
	{INSPECT, 0, "check", FLAG(check), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Read and check every block of a count file, every id of a token file. (Models "
				   "are always checked.)"},
	{INSPECT, 0, "audit", FLAG(audit), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Look for what surprises in a model: tokens that their own bytes don't encode "
				   "to, missing bytes, unused ids, added tokens that any text can contain, and so "
				   "on, each with its count and the first --top of them (with --json, all)."},
	{CONVERT, 0, "to", CHOICE(to, "FORMAT", pmill_model_format_name), .later = later_model_formats,
		.group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "The format of OUT (--model-format is that of IN). Default: by the suffix of "
				   "OUT, otherwise a folder."},
	{CONVERT, 0, "allow-loss", FLAG(allow_loss), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Write OUT even if its format can't say everything that IN says (its pattern, "
				   "say, or which tokens are special). Without this, nothing is written, and the "
				   "message says what would be lost. -f does not allow it."},
	{CONVERT, 0, "merges", CHOICE(merges, "FORM", merges_form), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "How a tokenizer.json spells its merges: pairs (default) or strings, as "
				   "Hugging Face tokenizers before 0.20 read them."},
	{TRAIN | CONVERT, 'f', "force", FLAG(force), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Overwrite an existing file, or the model files in an existing folder."},
	{ENCODE, 'f', "force", FLAG(force), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Overwrite an existing file; write binary formats even to a terminal."},
	{COUNT | MERGE_COUNTS | DECODE, 'f', "force", FLAG(force), .group = PMILL_CLI_GROUP_OUTPUT,
		.summary = "Overwrite an existing file."},

	/* ---- Model ---- */
	{NEEDS_MODEL, 'm', "model", PATH(model, "MODEL"), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "The model: a folder, a tokenizer.json, a tekken.json, a .tiktoken file (also "
				   "under another name, such as Llama 3's tokenizer.model), a .gguf, or a "
				   "vocab.json with merges.txt beside it. "
				   "Required."},
	{INSPECT, 'm', "model", PATH(model, "MODEL"), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "Of a token file: the model that its ids are those of. Shows whether they fit, "
				   "and the tokens of the first ones."},
	{VERIFY, 0, "against", PATH(against, "OTHER"), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "Another model: encode the text with both, and compare the ids."},
	{VERIFY, 0, "training", FLAG(training), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "Count the text anew, learn as the model's training record (training.json) "
				   "says, and compare totals, merges and the count of each."},
	{LOADS_MODEL & ~VERIFY, 0, "model-format",
		CHOICE(model_format, "NAME", pmill_model_format_name), .later = later_model_formats,
		.group = PMILL_CLI_GROUP_MODEL,
		.summary =
			"The format of the model: folder, tiktoken, vocab.json (with merges.txt beside "
			"it), tekken.json, tokenizer.json or gguf. Default: what its content is, whatever its "
			"name."},
	{VERIFY, 0, "model-format", CHOICE(model_format, "NAME", pmill_model_format_name),
		.later = later_model_formats, .group = PMILL_CLI_GROUP_MODEL,
		.summary = "The format of MODEL, not of OTHER: folder, tiktoken, vocab.json (with "
				   "merges.txt beside it), tekken.json, tokenizer.json or gguf. Default: what its "
				   "content is."},
	{LOADS_MODEL & ~VERIFY, 0, "encoding", CHOICE(encoding, "NAME", pmill_encoding_name),
		.group = PMILL_CLI_GROUP_MODEL,
		.summary = "Which encoding of a known rank file is meant, where several share it: "
				   "o200k_base (default) or o200k_harmony, p50k_base or p50k_edit, llama3 or "
				   "llama3.1. Gives its pattern and special tokens."},
	{VERIFY, 0, "encoding", CHOICE(encoding, "NAME", pmill_encoding_name),
		.group = PMILL_CLI_GROUP_MODEL,
		.summary = "Which encoding is meant if MODEL is a known rank file that several share, as "
				   "for encode. OTHER, if it is one, is taken for the first."},
	{ENCODE | VERIFY, 0, "special-tokens", LIST(special_tokens, "WHICH"),
		.group = PMILL_CLI_GROUP_MODEL,
		.summary =
			"How to treat special tokens in the text: none (default: as ordinary text), all "
			"(recognise them), error (fail on the first one), untrusted (as none, and added tokens "
			"that aren't special are ordinary text, too), or a list of those to recognise. If the "
			"list has added tokens that aren't special, only these of them are recognised. "
			"A single list is split at commas; if the option is repeated, each value is one "
			"token, commas included."},
	{DECODE, 0, "skip-special-tokens", FLAG(skip_special_tokens), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "Leave special tokens out of the text. Added tokens that aren't special stay."},
	{ENCODE | VERIFY, 0, "template", FLAG(add_template), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "Put around every document what the model's template says, such as Llama 3's "
				   "begin-of-text token."},
	{ENCODE, 0, "eot", TEXT(eot, "TOKEN"), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "Append this special token to every document."},
	{ENCODE, 0, "bos", TEXT(bos, "TOKEN"), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "Put this special token before every document."},
	{LOADS_MODEL, 0, "pattern", TEXT(pattern, "PATTERN"), .value_at = pmill_pattern_name,
		.group = PMILL_CLI_GROUP_MODEL,
		.summary = "The pattern of a model whose file has none (.tiktoken, vocab.json), or in a "
				   ".gguf a name that isn't known: a known name or a regular expression."},
	{LOADS_MODEL, 0, "special", LIST(special, "TOKEN"), .group = PMILL_CLI_GROUP_MODEL,
		.summary = "A special token of a model whose file has none (.tiktoken, vocab.json); may be "
				   "repeated. A vocab.json gives its id; for a .tiktoken file, ids are assigned in "
				   "order: first the holes between ranks, then those after the last rank."},
	{LOADS_MODEL, 0, "unicode", CHOICE(unicode, "VERSION", NULL), .value_at = pmill_unicode_name,
		.group = PMILL_CLI_GROUP_MODEL,
		.summary = "The Unicode version of a model whose file has none."},

	/* ---- Vocab ---- */
	{TRAIN, 's', "vocab-size", NUMBER(vocab_size, 1, UINT32_MAX - 1),
		.group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Size of the vocab, including special and reserved tokens; at least 256 plus "
				   "their number. Required."},
	{BENCH, 's', "vocab-size", NUMBER(vocab_size, 1, UINT32_MAX - 1),
		.group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Size of the vocab, including special tokens (default 32000)."},
	{CONVERT, 's', "vocab-size", NUMBER(vocab_size, 1, UINT32_MAX - 1),
		.group = PMILL_CLI_GROUP_VOCAB,
		.summary =
			"Keep N entries, as if the vocab had been trained with this size: the bytes, all "
			"special tokens (padding, too), unused ids, and as many of the first merges (of "
			"a file of ranks: the first ranks) as there is room for. Ids after those that "
			"go move up. The training record is not kept."},
	{CONVERT, 0, "rename-special", LIST(rename_special, "OLD=NEW"), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Give the special token OLD, such as a reserved one, the name NEW; it keeps its "
				   "id. May be repeated."},
	{CONVERT, 0, "add-special", LIST(add_special, "TOKEN"), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Add a special token, with the first unused id, or if there is none, the one "
				   "after the last. May be repeated."},
	{TRAIN, 0, "reserve", NUMBER(reserve, 1, UINT32_MAX - 1), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Reserve N special tokens for later use: <|reserved_0|>, <|reserved_1|>, ... "
				   "They are part of --vocab-size."},
	{TRAIN, 0, "pad-vocab-to", .value = "MULTIPLE", .kind = PMILL_CLI_NUMBER, FIELD(pad_vocab_to),
		.least = 1, .most = UINT32_MAX - 1, .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Append reserved tokens, beyond --vocab-size, until the size is a multiple of "
				   "this. If merging stops early, the size reached is padded, not --vocab-size."},
	{TRAIN, 0, "min-count", NUMBER(min_count, 0, INT64_MAX), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Never merge a pair that occurs fewer than N times (default 1; 0 means 1)."},
	{TRAIN, 0, "max-token-length", SIZE(max_token_length, 1, UINT64_MAX),
		.group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Never make a token longer than this. (With --compat hf, Hugging Face's rule "
				   "applies: a merge longer than two bytes must be shorter than this.)"},
	{TRAIN, 0, "ties", CHOICE(ties, "RULE", pmill_ties_name), .group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Which of several pairs with the same count to merge first: bytes (default: "
				   "the greatest bytes) or ids (the smallest ids, as Hugging Face does)."},
	{TRAIN, 0, "layout", CHOICE(layout, "LAYOUT", pmill_layout_name),
		.group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Order of ids: bytes-first (default: bytes, special tokens, merges), hf "
				   "(special tokens, bytes in printable order, merges) or gpt2 (bytes in printable "
				   "order, merges, special tokens)."},
	{TRAIN, 0, "compat", CHOICE(compat, "TRAINER", pmill_compat_name),
		.group = PMILL_CLI_GROUP_VOCAB,
		.summary = "Learn exactly what another trainer learns: hf (Hugging Face tokenizers) means "
				   "layout hf, ties by ids, and its rule for the longest token. Special tokens are "
				   "still taken out of the text, where Hugging Face's trainer leaves them in."},

	/* ---- Text ---- */
	{CUTS_TEXT, 0, "special", LIST(special, "TOKEN"), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "A special token, taken literally; may be repeated. It is removed from the "
				   "text, and no pretoken spans the place where it was."},
	{CUTS_TEXT, 0, "pattern", TEXT(pattern, "PATTERN"), .value_at = pmill_pattern_name,
		.group = PMILL_CLI_GROUP_TEXT,
		.summary = "How to split text into pretokens: a known pattern (default gpt2), none (no "
				   "splitting), or a regular expression of your own."},
	{CUTS_TEXT, 0, "unicode", CHOICE(unicode, "VERSION", NULL), .value_at = pmill_unicode_name,
		.group = PMILL_CLI_GROUP_TEXT,
		.summary = "The Unicode version that defines letters, numbers and spaces (default 16.0)."},
	{READS_TEXT, 0, "input-format", CHOICE(input_format, "FORMAT", pmill_input_format_name),
		.group = PMILL_CLI_GROUP_TEXT,
		.summary = "How files store documents: text (the file is one document), lines (each line "
				   "is one, including its line feed) or jsonl (each line is a JSON object with "
				   "the document in one field). Default: by suffix (.jsonl, .ndjson, .jl; .json if "
				   "the first line is an object with the field), otherwise text; a FILE that isn't "
				   "text, or may be JSON lines, is then refused."},
	{READS_TEXT, 0, "field", TEXT(field, "NAME"), .allows_empty = true,
		.group = PMILL_CLI_GROUP_TEXT,
		.summary = "The field of a JSON line that holds the text (default text). A dot leads into "
				   "an object: a.b is the field b of the object a, unless a field is spelled a.b."},
	{READS_TEXT, 0, "skip-bad-lines", FLAG(skip_bad_lines), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "Skip JSON lines that are invalid or lack the field, and report how many and "
				   "the first (-v: of each file), instead of failing."},
	{READS_TEXT, 0, "skip-binary", FLAG(skip_binary), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "In folders, leave out files that aren't text (compressed with xz, Parquet, "
				   "UTF-16, PDF and so on), and report their number, instead of failing."},
	{CUTS_TEXT, 0, "doc-separator", TEXT(doc_separator, "TOKEN"), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "End documents at this token, which becomes a special token if it is not one "
				   "already."},
	{ENCODE, 0, "doc-separator", TEXT(doc_separator, "TOKEN"), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "End documents at this token, which is not encoded (see --eot)."},
	{VERIFY, 0, "doc-separator", TEXT(doc_separator, "TOKEN"), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "End documents at this token: with --training as then, with --against without "
				   "encoding it."},
	{ENCODE, 0, "text", TEXT(text, "STRING"), .allows_empty = true, .group = PMILL_CLI_GROUP_TEXT,
		.summary = "Encode this string, as one document, instead of files."},
	{BENCH, 0, "text-size", SIZE(text_size, 1, UINT64_C(1) << 40), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "Bytes of text to generate if no FILE is given (default 32MiB)."},
	{TRAIN | COUNT, 0, "sha256", FLAG(sha256), .group = PMILL_CLI_GROUP_TEXT,
		.summary = "Hash the inputs while reading them; train writes the hashes to training.json."},

	/* ---- Counts ---- */
	{TRAIN, 0, "counts", LIST(counts, "FILE"), .is_path = true, .group = PMILL_CLI_GROUP_COUNTS,
		.summary = "Train from a count file or a TSV; may be repeated. Text is then read only if "
				   "a FILE is given. Pattern, Unicode version and special tokens come from the "
				   "count file, and an option that disagrees is an error; for a TSV they come "
				   "from the options."},
	{VERIFY, 0, "counts", LIST(counts, "FILE"), .is_path = true, .group = PMILL_CLI_GROUP_COUNTS,
		.summary = "With --training, a count file or a TSV instead of its text; may be repeated. "
				   "Text is then read only if a FILE is given."},
	{READS_COUNTS, 0, "tsv", CHOICE(tsv, "SPELLING", pmill_tsv_name),
		.group = PMILL_CLI_GROUP_COUNTS,
		.summary = "How words are spelled in a TSV without the line that pairmill puts first: raw "
				   "(the bytes themselves) or printable (as in a vocab.json). A word is taken as "
				   "it is, whole: the pattern does not split it."},
	{MERGE_COUNTS, 0, "pattern", TEXT(pattern, "PATTERN"), .value_at = pmill_pattern_name,
		.group = PMILL_CLI_GROUP_COUNTS,
		.summary = "The pattern that split the words of a TSV (default gpt2). A count file names "
				   "its own, which must agree."},
	{MERGE_COUNTS, 0, "special", LIST(special, "TOKEN"), .group = PMILL_CLI_GROUP_COUNTS,
		.summary = "A special token of the text that a TSV was counted from; may be repeated. A "
				   "count file names its own, which must agree."},
	{MERGE_COUNTS, 0, "unicode", CHOICE(unicode, "VERSION", NULL), .value_at = pmill_unicode_name,
		.group = PMILL_CLI_GROUP_COUNTS,
		.summary = "The Unicode version of a TSV (default 16.0). A count file names its own, "
				   "which must agree."},

	/* ---- Memory ---- */
	{TRAIN, 0, "memory", MEMORY, .group = PMILL_CLI_GROUP_MEMORY,
		.summary =
			"Limit the memory of the process to SIZE, such as 500MB or 4GiB; the result does not "
			"depend on it. Words that do not fit go to sorted temporary files, which are merged at "
			"the end. If reading and adding up the words of a --counts file takes more than SIZE, "
			"the command stops and reports both figures (an unsorted TSV takes more than a "
			"sorted one; merge-counts turns it into a count file within SIZE). If merging pairs "
			"takes more, training stops, reports both figures and keeps the counts as OUT.counts "
			"(without -o, or if OUT is a pipe or a device: as pairmill.counts in --tmp-dir)."},
	{COUNT | MERGE_COUNTS, 0, "memory", MEMORY, .group = PMILL_CLI_GROUP_MEMORY,
		.summary =
			"Limit the memory used for counts to SIZE, such as 500MB or 4GiB; the result "
			"does not depend on it. Words that do not fit go to sorted temporary files, which are "
			"merged at the end."},
	{VERIFY, 0, "memory", MEMORY, .group = PMILL_CLI_GROUP_MEMORY,
		.summary = "With --training, limit the memory of the process to SIZE, such as 500MB or "
				   "4GiB, as for train."},
	{VERIFY, 0, "tmp-dir", PATH(tmp_dir, "DIR"), .group = PMILL_CLI_GROUP_MEMORY,
		.summary = "The folder for temporary files of --memory (default: the one named by the "
				   "environment variable TMPDIR, or /tmp). They have no names, so none is left "
				   "behind."},
	{COUNTS_WORDS, 0, "tmp-dir", PATH(tmp_dir, "DIR"), .group = PMILL_CLI_GROUP_MEMORY,
		.summary = "The folder for temporary files (default: that of OUT; without -o, the one "
				   "named by the environment variable TMPDIR, or /tmp). The files have no names, "
				   "so none is left behind, whatever happens."},

	/* ---- Common ---- */
	{USES_THREADS, 'j', "threads", NUMBER(threads, 0, MOST_THREADS),
		.group = PMILL_CLI_GROUP_COMMON,
		.summary = "Number of threads; 0 (default) means one per processor. The result does not "
				   "depend on it."},
	{PMILL_CLI_WORK & ~USES_THREADS, 'j', "threads", NUMBER(threads, 0, MOST_THREADS),
		.group = PMILL_CLI_GROUP_COMMON,
		.summary = "Maximum number of threads. In this version, this command uses one."},
	{PMILL_CLI_WORK, 'q', "quiet", FLAG(quiet), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "Show no progress and no summary, only errors."},
	{PMILL_CLI_WORK, 'v', "verbose", FLAG(verbose), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "Show more detail: the model, the options used, the inputs, the stages."},
	{PMILL_CLI_WORK, 0, "progress", CHOICE(progress, "FORM", progress_form),
		.group = PMILL_CLI_GROUP_COMMON,
		.summary = "How to show progress on stderr: auto (default: one redrawn line, only on a "
				   "terminal), plain (a line now and then), json (one object per line, and no "
				   "summary; a total of 0 means unknown) or none."},
	{GIVES_FIGURES, 0, "json", FLAG(json), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "Print all figures to stdout as one JSON document. Bytes that are not UTF-8 "
				   "appear as \\xHH; file names that have any, tokens and words also appear in "
				   "printable bytes, as in a vocab.json."},
	{PMILL_CLI_VERSION, 0, "json", FLAG(json), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "Print one JSON document, including the known patterns and Unicode versions."},
	{PMILL_CLI_ALL, 'h', "help", FLAG(help), .group = PMILL_CLI_GROUP_COMMON,
		.summary = "Show this help."},

	/* ---- For tests ---- */
	{USES_THREADS, 0, "chunk-size", SIZE(chunk_size, 1, SIZE_MAX / 2),
		.group = PMILL_CLI_GROUP_TESTS,
		.summary = "Bytes of text to give a thread at a time (default 512KiB). The result does not "
				   "depend on it."},
	{READS_TEXT, 0, "scanner", CHOICE(scanner, "NAME", NULL), .value_at = pmill_scanner_name,
		.group = PMILL_CLI_GROUP_TESTS,
		.summary = "The engine that splits text (default: the fastest that the processor "
				   "supports; regex is PCRE2). The result does not depend on it."},
	{TRAIN, 0, "merger", CHOICE(merger, "NAME", pmill_merger_name), .group = PMILL_CLI_GROUP_TESTS,
		.summary =
			"How to apply merges: one-by-one, or in batches (on all threads). The result does "
			"not depend on it."},

	/* ---- Later ---- */
	LATER(PMILL_CLI_WORK & ~(COUNTS_WORDS | VERIFY), "tmp-dir", "DIR"),
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
		[PMILL_CLI_GROUP_TESTS] = "For testing",
	};
	return titles[group];
}

const char *pmill_cli_option_value(const struct pmill_cli_option *option, size_t index)
{
	if (option->value_at != NULL)
		return option->value_at(index);
	return option->choice_at != NULL ? option->choice_at(index) : NULL;
}
