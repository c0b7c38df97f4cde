/* pairmill: train, save, load and apply byte-pair-encoding vocabularies. */
/* SPDX-License-Identifier: MIT */
/*
 * Conventions, for every function here:
 *
 * - Text is bytes. Lengths and offsets are in bytes. Only `char *` ends in NUL.
 * - Inputs come first, then out arguments, then the error. A function that can fail returns a
 *   pmill_status and, on failure, fills `error` if it takes one and that isn't NULL; on success
 *   `error` is unspecified. After a failure the out arguments are unchanged. Pointers must not be
 *   NULL unless a comment here says so; a pointer to 0 bytes or items may be NULL.
 * - A struct that may grow begins with its size. Initialise options and results with
 *   `= {.size = sizeof x}`. In options, zero fields mean the defaults, and NULL instead of the
 *   struct means all defaults. Structs of an older, shorter header work. A size of 0, or nonzero
 *   bytes beyond what this library knows, is PMILL_BAD_OPTION. pmill_bytes, pmill_error,
 *   pmill_progress, structs inside others and array elements never grow and have no size.
 * - Options, and everything they point to, are borrowed for the duration of the call.
 * - The caller owns each object that a call gives, and releases it with the `_free` function of its
 *   type, which accepts NULL.
 * - A getter of one value returns it. A getter of several is called `_get_` and returns a status,
 *   PMILL_BAD_OPTION if an index is out of range. What the values point to belongs to the object
 *   and lives as long as it does.
 * - Bytes that a call produces are valid until a stream decoder's next call; those of a tokenizer
 *   are handed over: release them with pmill_memory_free. Ids go into a pmill_ids of the caller.
 * - Any thread may use an object, but only one at a time, unless a comment allows more. A
 *   pmill_tokenizer, pmill_policy, pmill_counts or pmill_counts_head never changes: any number of
 *   threads may use it at once.
 * - The library prints nothing, never exits, sets no signal handler, reads no environment variable
 *   and keeps no global state. Writing past a limit on file sizes is PMILL_IO, without SIGXFSZ.
 */
#ifndef PAIRMILL_H
#define PAIRMILL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(PMILL_BUILD_SHARED) && defined(__GNUC__)
#define PMILL_API __attribute__((visibility("default")))
#else
#define PMILL_API
#endif

#define PMILL_VERSION_MAJOR 0
#define PMILL_VERSION_MINOR 1
#define PMILL_VERSION_PATCH 0

PMILL_API const char *pmill_version(void); /* of the library in use: "0.1.0" */

/* ---- Errors --------------------------------------------------------------------------------- */

typedef enum pmill_status {
	PMILL_OK = 0,
	PMILL_NO_MEMORY,    /* an allocation failed */
	PMILL_BAD_OPTION,   /* a bad option, options that contradict each other, or a bad index */
	PMILL_BAD_INPUT,    /* malformed or contradictory input; `offset` says where, if known */
	PMILL_IO,           /* the system, or a pmill_write_fn, failed to open, read or write */
	PMILL_EXISTS,       /* the target exists, and PMILL_OVERWRITE was not given */
	PMILL_OVERFLOW,     /* a count or size doesn't fit its type */
	PMILL_UNSUPPORTED,  /* not supported by this build, or not possible in this format */
	PMILL_CANCELLED,    /* the progress callback asked to stop */
	PMILL_MEMORY_LIMIT, /* the work needs more memory than the memory limit allows */
} pmill_status;

/* A status as a short lower-case phrase, such as "out of memory". Never NULL. */
PMILL_API const char *pmill_status_text(pmill_status status);

#define PMILL_NO_OFFSET UINT64_MAX

typedef struct pmill_error {
	pmill_status status;
	uint64_t offset;    /* in bytes, in the input named by the message, or PMILL_NO_OFFSET */
	char message[1000]; /* one line without a full stop: "corpus.txt: byte 1048576: ..." */
} pmill_error;

/* ---- Shared types --------------------------------------------------------------------------- */

/* A borrowed byte string, not NUL-terminated. */
typedef struct pmill_bytes {
	const void *data;
	size_t len;
} pmill_bytes;

typedef struct pmill_progress {
	const char *stage; /* "count", "sort", "index", ...; or with a note, "count (a note)" */
	uint64_t done;     /* units done in this stage */
	uint64_t total;    /* 0: unknown; for "merge" an estimate, which changes */
	const char *unit;  /* "bytes", "words", "places" (where merges are applied), ... */
	double elapsed_s;  /* since the stage began */
} pmill_progress;

/*
 * Called up to about ten times a second, and at the beginning and end of each stage, on the thread
 * that called the library. The event is valid during the call. To stop, return nonzero: the library
 * call then returns PMILL_CANCELLED and leaves no partial file.
 */
typedef int (*pmill_progress_fn)(void *context, const pmill_progress *progress);

/*
 * Receives the next `len` bytes of output, in order, possibly on one of the library's threads.
 * Return 0, or nonzero if they can't be written: the library call then returns PMILL_IO.
 */
typedef int (*pmill_write_fn)(void *context, const void *data, size_t len);

/* Flags of functions that write files. */
#define PMILL_OVERWRITE 1u   /* replace an existing file, or this library's files in a folder */
#define PMILL_KEEP_COUNTS 2u /* pmill_counter_save: the counter keeps what it saved */
#define PMILL_MERGES_AS_STRINGS 4u /* pmill_tokenizer_save: as tokenizers before 0.20 read them */
#define PMILL_ALLOW_LOSS 8u        /* pmill_tokenizer_save: write even what would lose something */

/* Releases memory that a call handed over. Accepts NULL. Any thread. */
PMILL_API void pmill_memory_free(void *memory);
/* The most memory that this process has had resident so far, in bytes; 0: unknown. Any thread. */
PMILL_API uint64_t pmill_peak_memory(void);

/* ---- Choices: the names that options take --------------------------------------------------- */

/*
 * Each lists one kind of name, in the order to show them to users, and returns NULL for an index
 * past the last. The strings are static. The default, if any, is documented at the option.
 */
PMILL_API const char *pmill_pattern_name(size_t index);       /* "gpt2", "cl100k", ... */
PMILL_API const char *pmill_unicode_name(size_t index);       /* "14.0", ... "17.0" */
PMILL_API const char *pmill_ties_name(size_t index);          /* "bytes", "ids" */
PMILL_API const char *pmill_layout_name(size_t index);        /* "bytes-first", "hf", "gpt2" */
PMILL_API const char *pmill_compat_name(size_t index);        /* "hf" */
PMILL_API const char *pmill_input_format_name(size_t index);  /* "text", "lines", "jsonl" */
PMILL_API const char *pmill_tsv_name(size_t index);           /* "raw", "printable" */
PMILL_API const char *pmill_model_format_name(size_t index);  /* "folder", "tiktoken", ... */
PMILL_API const char *pmill_encoding_name(size_t index);      /* "cl100k_base", ... */
PMILL_API const char *pmill_meaning_name(size_t index);       /* "merge list", "rank by id", ... */
PMILL_API const char *pmill_token_format_name(size_t index);  /* "text", "u16", "jsonl", ... */
PMILL_API const char *pmill_policy_choice_name(size_t index); /* "none", "all", "error", "list" */
PMILL_API const char *pmill_offset_unit_name(size_t index);   /* "byte", "char" */
PMILL_API const char *pmill_scanner_name(size_t index); /* built in; the processor may lack some */
PMILL_API const char *pmill_merger_name(size_t index);  /* "one-by-one", "batches" */

/*
 * The regular expression of a named pattern; NULL for "none" and for unknown names. Wherever a
 * pattern is named, case and surrounding blanks don't matter ("GPT2"); only "none" must be exact.
 * What holds no operator of regular expressions but dots is a name: if unknown, it is refused.
 * "deepseek-v3" is three expressions in a row in DeepSeek's files; here, one that cuts alike.
 */
PMILL_API const char *pmill_pattern_expression(const char *name);

/* ---- Options that many calls take ----------------------------------------------------------- */

/*
 * How text is cut into words. Counts add up only if pattern, Unicode version and special tokens
 * agree. One match of an expression may take 10,000,000 steps back and 1 GiB of memory; more is
 * PMILL_BAD_INPUT with the byte where it begins.
 */
typedef struct pmill_text_options {
	size_t size;
	const char *pattern; /* pmill_pattern_name or a regular expression; NULL: "gpt2" */
	/* pmill_unicode_name; NULL: "16.0". An expression that can't follow it is PMILL_UNSUPPORTED. */
	const char *unicode_version;
	const pmill_bytes *special_tokens; /* distinct, not empty; never part of a word */
	size_t special_token_count;
	/* Ends documents; a special token even if not listed. len 0: none. */
	pmill_bytes doc_separator;
	/*
	 * This many reserved tokens, <|reserved_0|>, <|reserved_1|> and so on, are never part of a word
	 * either. Counts don't record them. Set pmill_train_options.reserve as well to give them ids.
	 */
	uint32_t reserve;
} pmill_text_options;

/* How to run the work. Never affects the result. A function ignores what doesn't apply to it. */
typedef struct pmill_run_options {
	size_t size;
	unsigned threads; /* 0: one per processor */
	/*
	 * Bytes that counting, adding up counts and training may use; 0: no limit. Words that don't fit
	 * go to temporary files as sorted runs. Training counts all that the process uses when it
	 * begins to merge, and stops with PMILL_MEMORY_LIMIT before it would use more. What the limit
	 * leaves no room for (a pretoken, JSON line, word, zstd window, or a document if the pattern is
	 * a regular expression) is PMILL_MEMORY_LIMIT with its byte. Not included: what an expression
	 * takes that backtracks far, and while counting, counts that the caller holds. A limit too
	 * small to work at all is PMILL_BAD_OPTION with the minimum in the message.
	 */
	uint64_t memory_limit;
	const char *tmp_dir; /* for runs; NULL: "/tmp", or the output's folder to merge count files */
	pmill_progress_fn progress; /* NULL: none */
	void *progress_context;
	const char *scanner; /* pmill_scanner_name, which limits all kernels; NULL: the fastest */
	size_t chunk_size;   /* bytes of text given to a thread at a time; 0: 512 KiB */
} pmill_run_options;

/* What users may want to know of an input, though it isn't an error. */
typedef enum pmill_notice {
	PMILL_NOTICE_SKIPPED,  /* left out with skip_binary; `detail`: what it looks like, "Parquet" */
	PMILL_NOTICE_REPEATED, /* read again, since it was named twice; `detail`: the first name */
} pmill_notice;

/* Called before any file is read, on the thread that called; the strings are valid meanwhile. */
typedef void (*pmill_notice_fn)(
	void *context, pmill_notice notice, const char *name, const char *detail);

/* What input files contain. */
typedef struct pmill_input_options {
	size_t size;
	/*
	 * pmill_input_format_name. NULL: by suffix (.jsonl, .ndjson, .jl; .json if the first line is an
	 * object with the field), else "text". A file that isn't text is then PMILL_BAD_INPUT. So is
	 * JSON that may or may not be JSON lines, unless it is found in a folder: there it is text.
	 */
	const char *format;
	/*
	 * The field of a JSON line that contains the text; NULL: "text". "a.b" is the field b of the
	 * object a, and so on, unless there is a field spelled "a.b".
	 */
	const char *field;
	int skip_bad_lines;     /* nonzero: skip and count bad JSON lines instead of failing */
	int sha256;             /* nonzero: hash the inputs as stored, before decompression */
	int skip_binary;        /* nonzero: leave out files in folders that aren't text */
	pmill_notice_fn notice; /* NULL: none */
	void *notice_context;
} pmill_input_options;

/* Where output goes: to `path`, written whole or not at all, or if that is NULL to `write`. */
typedef struct pmill_output_options {
	size_t size;
	const char *path;
	pmill_write_fn write; /* if both are NULL, the output is counted and dropped */
	void *write_context;
	unsigned flags; /* for `path`: 0 or PMILL_OVERWRITE */
} pmill_output_options;

/* ---- Counts: words and how often they occur ------------------------------------------------- */

typedef struct pmill_counts pmill_counts;

/* How the words of counts were cut, and the totals, without the words. */
typedef struct pmill_counts_head pmill_counts_head;

typedef struct pmill_totals {
	uint64_t documents;
	uint64_t bytes;     /* of text, after decompression, including special tokens */
	uint64_t pretokens; /* the sum of all counts */
	uint64_t words;     /* distinct pretokens */
	uint64_t bad_lines; /* JSON lines skipped on request */
} pmill_totals;

/* A file with bad JSON lines that were skipped on request. */
typedef struct pmill_bad_lines {
	const char *name;
	uint64_t count;
	uint64_t first_line;      /* number of the first, from 1 */
	uint64_t first_offset;    /* of the byte that is wrong in it, in the decompressed file */
	const char *first_reason; /* what is wrong there, such as "the field \"text\" is missing" */
} pmill_bad_lines;

typedef struct pmill_counts_info {
	size_t size;
	pmill_totals totals; /* of a TSV only pretokens and words, the rest is 0 */
	const char *pattern; /* a name if the pattern has one, otherwise the expression */
	const char *unicode_version;
	const pmill_bytes *special_tokens; /* including the document separator */
	size_t special_token_count;
} pmill_counts_info;

/*
 * Loads a count file or a TSV; "-" is stdin. `tsv` (pmill_tsv_name) says how words are spelled in a
 * TSV without this library's first line; NULL: refuse such a file. `expected` (may be NULL) gives
 * pattern, Unicode version and special tokens of a TSV. A count file knows its own: if they differ
 * from what `expected` sets, that is PMILL_BAD_OPTION. Of `run` only the memory limit and progress
 * apply. PMILL_MEMORY_LIMIT, with both figures in the message, if reading the words and adding them
 * to others would take more than the limit.
 */
PMILL_API pmill_status pmill_counts_load(const char *path, const char *tsv,
	const pmill_text_options *expected, const pmill_run_options *run, pmill_counts **counts,
	pmill_error *error);
PMILL_API void pmill_counts_free(pmill_counts *counts);

/*
 * Saves as a count file, or if `path` ends in ".tsv" as a TSV, which has only words and counts.
 * Written whole or not at all. `flags`: 0 or PMILL_OVERWRITE.
 */
PMILL_API pmill_status pmill_counts_save(
	const pmill_counts *counts, const char *path, unsigned flags, pmill_error *error);
PMILL_API pmill_status pmill_counts_get_info(const pmill_counts *counts, pmill_counts_info *info);
/* Words are sorted by their bytes. `index` must be below totals.words. */
PMILL_API pmill_status pmill_counts_get_word(
	const pmill_counts *counts, size_t index, pmill_bytes *word, int64_t *count);

/*
 * Loads the head of a count file, not of a TSV; "-" is stdin. If `check` is nonzero, also reads and
 * checks every block; damage is PMILL_BAD_INPUT.
 */
PMILL_API pmill_status pmill_counts_head_load(
	const char *path, int check, pmill_counts_head **head, pmill_error *error);
PMILL_API void pmill_counts_head_free(pmill_counts_head *head);
PMILL_API pmill_status pmill_counts_head_get_info(
	const pmill_counts_head *head, pmill_counts_info *info);

/*
 * Adds up count files and TSVs (`tsv` and `expected` as in pmill_counts_load) and saves the sum as
 * `out` (like pmill_counts_save), in one pass with bounded memory. A TSV is sorted in memory unless
 * `run` sets a memory limit. More files than that, or the system's limit of open files, allows to
 * read at once are added up in groups. PMILL_BAD_INPUT, with what differs, if files don't agree;
 * PMILL_BAD_OPTION if `out` is also an input. Gives the head of the sum unless `head` is NULL.
 */
PMILL_API pmill_status pmill_counts_merge_files(const char *const *paths, size_t path_count,
	const char *tsv, const pmill_text_options *expected, const pmill_run_options *run,
	const char *out, unsigned flags, pmill_counts_head **head, pmill_error *error);

/* ---- Counter: text, files and counts in; counts out ----------------------------------------- */

typedef struct pmill_counter pmill_counter;

typedef struct pmill_input {
	const char *name;   /* of a file that was read */
	uint64_t bytes;     /* as stored, before decompression */
	const char *sha256; /* 64 hexadecimal digits, or NULL if not asked for */
} pmill_input;

typedef struct pmill_counter_info {
	size_t size;
	const char *pattern; /* a name if the pattern has one, otherwise the expression */
	const char *unicode_version;
	const pmill_bytes *special_tokens; /* including the document separator */
	size_t special_token_count;
	uint64_t memory_limit;     /* bytes; 0: none */
	uint64_t table_memory;     /* most bytes that all hash tables took together */
	uint64_t spilled_runs;     /* sorted runs written to temporary files */
	uint64_t spilled_bytes;    /* their size */
	const pmill_input *inputs; /* files added; valid until the next add_files */
	size_t input_count;
	const pmill_bad_lines *bad_files; /* those of them with skipped lines; valid as long */
	size_t bad_file_count;
	uint64_t skipped_inputs;  /* files left out with skip_binary */
	uint64_t repeated_inputs; /* files named again, and read again, in one call */
	uint64_t hidden_inputs;   /* hidden files and folders in folders, left out */
} pmill_counter_info;

/* Copies `text` and `run`. The counter and its training call the progress callback of `run`. */
PMILL_API pmill_status pmill_counter_create(const pmill_text_options *text,
	const pmill_run_options *run, pmill_counter **counter, pmill_error *error);
PMILL_API void pmill_counter_free(pmill_counter *counter);

/*
 * Adds one document, or several if a document separator is set; empty text adds none. Any number
 * of threads may call this at once, while no other function uses the counter. After a failure, part
 * of the text may have been counted.
 */
PMILL_API pmill_status pmill_counter_add_text(
	pmill_counter *counter, const void *text, size_t len, pmill_error *error);

/*
 * Adds files, on the counter's threads. A path may be "-" for stdin, a folder for all files in and
 * below it (except hidden ones; links are followed, each folder is read once), or "@LIST" for the
 * names in the file LIST, one per line. gzip and zstd are recognised by their content. After a
 * failure, part of the files may have been counted.
 */
PMILL_API pmill_status pmill_counter_add_files(pmill_counter *counter, const char *const *paths,
	size_t path_count, const pmill_input_options *input, pmill_error *error);
/* Adds counts. PMILL_BAD_OPTION unless pattern, Unicode version and special tokens are the same. */
PMILL_API pmill_status pmill_counter_add_counts(
	pmill_counter *counter, const pmill_counts *counts, pmill_error *error);
/* The same, but moves the words if possible. On success frees `*counts` and sets it to NULL. */
PMILL_API pmill_status pmill_counter_move_counts(
	pmill_counter *counter, pmill_counts **counts, pmill_error *error);

/* Hands over all that was added, even beyond the memory limit, and is empty then, failed or not. */
PMILL_API pmill_status pmill_counter_take(
	pmill_counter *counter, pmill_counts **counts, pmill_error *error);

/*
 * Saves everything added so far, like pmill_counts_save but within the memory limit. The counter is
 * empty afterwards, unless the file can't be written (PMILL_EXISTS, PMILL_IO), the caller stops
 * while it is, or PMILL_KEEP_COUNTS is in `flags`. Gives the head of it unless `head` is NULL.
 */
PMILL_API pmill_status pmill_counter_save(pmill_counter *counter, const char *path, unsigned flags,
	pmill_counts_head **head, pmill_error *error);
/* Whether a word contains one of the strings, none empty. After a failure the counter is empty. */
PMILL_API pmill_status pmill_counter_contains(pmill_counter *counter, const pmill_bytes *texts,
	size_t text_count, int *contains, pmill_error *error);
/* How it cuts words, and what counting has taken since it was last empty, until more is added. */
PMILL_API pmill_status pmill_counter_get_info(
	const pmill_counter *counter, pmill_counter_info *info);

/* ---- Tokenizer: a vocab, its merges, its pattern -------------------------------------------- */

typedef struct pmill_tokenizer pmill_tokenizer;

typedef struct pmill_load_options {
	size_t size;
	/* pmill_model_format_name. NULL: a folder is one; a file is what its content is. */
	const char *format;
	/* For models that have none (.tiktoken); PMILL_BAD_OPTION if the model has another. */
	const char *pattern; /* pmill_pattern_name or a regular expression; NULL: the model's */
	/*
	 * pmill_unicode_name; NULL: the model's, else "16.0". If it is named, normal forms are of this
	 * version, too; else of 9.0, as in Hugging Face's tokenizers.
	 */
	const char *unicode_version;
	/*
	 * For formats that don't mark special tokens (.tiktoken, vocab.json): those not in the file get
	 * the free ids, in order, and then those after the last. A tokenizer.json must have them all.
	 */
	const pmill_bytes *special_tokens;
	size_t special_token_count;
	/*
	 * pmill_encoding_name, for rank files that serve several (o200k_base, o200k_harmony); NULL: the
	 * base one. PMILL_BAD_OPTION for any other file.
	 */
	const char *encoding;
} pmill_load_options;

/*
 * Loads a model from a file or a folder; "-" is stdin. Text may begin with a byte-order mark. What
 * is recognised as something else (a SentencePiece model, a count file, ...) is PMILL_UNSUPPORTED.
 * Of a GGUF, which may be a model of any size, only the header is read.
 */
PMILL_API pmill_status pmill_tokenizer_load(const char *path, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error);
/* Loads a model from the content of one file, which isn't needed afterwards. */
PMILL_API pmill_status pmill_tokenizer_load_memory(const void *data, size_t len,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error);
PMILL_API void pmill_tokenizer_free(pmill_tokenizer *tokenizer);

/* A token and its id. */
typedef struct pmill_token {
	pmill_bytes bytes;
	uint32_t id;
} pmill_token;

/* The ids of the two tokens that a merge joins. */
typedef struct pmill_pair_ids {
	uint32_t left, right;
} pmill_pair_ids;

/*
 * What a tokenizer consists of. Ids may have up to 65,536 holes; arrays may be in any order, except
 * merges. A special token that is also among `tokens` stays special: ordinary text never becomes
 * it, and merges can't join or make it.
 */
typedef struct pmill_tokenizer_parts {
	size_t size;
	const pmill_token *tokens;
	size_t token_count;
	const pmill_pair_ids *merges; /* in order; the joined bytes must be a token */
	size_t merge_count;
	const pmill_token *special_tokens; /* one that is also in `tokens` has the same id */
	size_t special_token_count;
	const char *pattern;         /* pmill_pattern_name or a regular expression; NULL: "gpt2" */
	const char *unicode_version; /* pmill_unicode_name; NULL: "16.0" */
	/* pmill_meaning_name; NULL: "merge list" with merges, "rank by id" (takes none) without. */
	const char *meaning;
} pmill_tokenizer_parts;

/*
 * Builds a tokenizer from parts, which are copied. PMILL_BAD_INPUT for a duplicate id or token, or
 * a merge of unknown ids or to unknown bytes (its rank is the error's offset).
 */
PMILL_API pmill_status pmill_tokenizer_create(
	const pmill_tokenizer_parts *parts, pmill_tokenizer **tokenizer, pmill_error *error);

/* A special token's name in a model, and the one that it gets. */
typedef struct pmill_rename {
	pmill_bytes from, to;
} pmill_rename;

typedef struct pmill_edit_options {
	size_t size;
	/*
	 * Keep this many entries, special tokens and unused ids included: the first merges, as training
	 * with this size would have learned. What came after a dropped entry moves up. 0: keep all.
	 */
	uint64_t vocab_size;
	const pmill_rename *renames; /* of special and added tokens, which keep their ids */
	size_t rename_count;
	const pmill_bytes *new_specials;
	size_t new_special_count;
	const uint32_t *new_special_ids; /* NULL: the unused ids, in order, then those after the last */
} pmill_edit_options;

/*
 * Makes a changed copy of a tokenizer. PMILL_BAD_OPTION if the vocab is smaller than asked, or what
 * no merge makes is more; if there is no such special token; or if two would have one name. A
 * smaller vocab has no training record.
 */
PMILL_API pmill_status pmill_tokenizer_edit(const pmill_tokenizer *tokenizer,
	const pmill_edit_options *options, pmill_tokenizer **edited, pmill_error *error);

/*
 * Saves a model. `format`: pmill_model_format_name; NULL: by the suffix of `path`, else "folder".
 * Written whole or not at all, also if it has several files (docs/writing.md: the limits of that).
 * Another writer of the same folder is waited for, up to half a minute. PMILL_UNSUPPORTED if the
 * format can't express the model, or without PMILL_ALLOW_LOSS would lose a part of it. `flags`:
 * PMILL_OVERWRITE, PMILL_ALLOW_LOSS, PMILL_MERGES_AS_STRINGS.
 */
PMILL_API pmill_status pmill_tokenizer_save(const pmill_tokenizer *tokenizer, const char *path,
	const char *format, unsigned flags, pmill_error *error);

/*
 * PMILL_UNSUPPORTED, with the reason, if a format (pmill_model_format_name) can't hold the model. A
 * folder lacks vocab.json and merges.txt if they can't hold it.
 */
PMILL_API pmill_status pmill_tokenizer_check_format(
	const pmill_tokenizer *tokenizer, const char *format, pmill_error *error);

/*
 * What a model saved so wouldn't say, though the format can hold its tokens: phrases separated by
 * ", ", such as "the pattern, the special tokens"; NULL: nothing. `path` and `format` as for
 * pmill_tokenizer_save. Release `*losses` with pmill_memory_free.
 */
PMILL_API pmill_status pmill_tokenizer_list_losses(const pmill_tokenizer *tokenizer,
	const char *path, const char *format, char **losses, pmill_error *error);
/* In memory, whatever is lost, in a format of one file; NULL: "tokenizer.json". Release `*data`. */
PMILL_API pmill_status pmill_tokenizer_save_memory(const pmill_tokenizer *tokenizer,
	const char *format, void **data, size_t *len, pmill_error *error);

/*
 * Checks, before hours of training, whether a model with the pattern and special tokens of `text`
 * could be saved to `path`. Arguments and failures as for pmill_tokenizer_save, which may still
 * fail for what training learns (pmill_tokenizer_save_risks).
 */
PMILL_API pmill_status pmill_tokenizer_check_save(const char *path, const char *format,
	const pmill_text_options *text, unsigned flags, pmill_error *error);

/*
 * Some models turn out only after training to be more than a format can hold. Gives byte strings,
 * mostly none, such that pmill_tokenizer_save can't refuse what is learned from words that contain
 * none of them (pmill_counter_contains); if one does, save the counts first. Arguments as in
 * pmill_tokenizer_check_save. Release `*risks`, which may be NULL, with pmill_memory_free.
 */
PMILL_API pmill_status pmill_tokenizer_save_risks(const char *path, const char *format,
	const pmill_text_options *text, pmill_bytes **risks, size_t *risk_count, pmill_error *error);

#define PMILL_NO_ID UINT32_MAX

/* One more than the largest id. Not every id below it need be in use. */
PMILL_API uint32_t pmill_tokenizer_vocab_size(const pmill_tokenizer *tokenizer);
/* The bytes of a token, which belong to the tokenizer; data is NULL if `id` is not in use. */
PMILL_API pmill_bytes pmill_tokenizer_token_bytes(const pmill_tokenizer *tokenizer, uint32_t id);
/* The id of the token, or else of the special token, with these bytes; else PMILL_NO_ID. */
PMILL_API uint32_t pmill_tokenizer_token_id(
	const pmill_tokenizer *tokenizer, const void *data, size_t len);
/*
 * A name if the pattern has one, otherwise the expression. NULL if the model has no pattern, and so
 * can't encode, or if it cuts in several steps (pmill_tokenizer_describe).
 */
PMILL_API const char *pmill_tokenizer_pattern(const pmill_tokenizer *tokenizer);
/* The Unicode version of the character classes: pmill_unicode_name. */
PMILL_API const char *pmill_tokenizer_unicode_version(const pmill_tokenizer *tokenizer);
/* How the model applies merges: pmill_meaning_name. */
PMILL_API const char *pmill_tokenizer_meaning(const pmill_tokenizer *tokenizer);
/* The encoding of a known rank file; NULL for any other model. */
PMILL_API const char *pmill_tokenizer_encoding(const pmill_tokenizer *tokenizer);

/*
 * With ranks by id, merges follow from the tokens: the first call that needs them finds them, which
 * takes about a microsecond a token. That may run out of memory: then, unless this was called
 * before, the count is 0, and getting one is PMILL_NO_MEMORY.
 */
PMILL_API pmill_status pmill_tokenizer_prepare_merges(
	const pmill_tokenizer *tokenizer, pmill_error *error);
PMILL_API size_t pmill_tokenizer_merge_count(const pmill_tokenizer *tokenizer);
/* The merge at `rank`, from 0: the ids of the pair and of the token that it becomes. */
PMILL_API pmill_status pmill_tokenizer_get_merge(
	const pmill_tokenizer *tokenizer, size_t rank, uint32_t *left, uint32_t *right, uint32_t *id);
PMILL_API size_t pmill_tokenizer_special_count(const pmill_tokenizer *tokenizer);

/* An added token with the flags that Hugging Face's files give it. */
typedef struct pmill_special_info {
	size_t size;
	pmill_bytes content;
	uint32_t id;
	int is_special;                /* policies treat the others apart */
	int strips_left, strips_right; /* takes the white space beside it */
	int is_single_word;            /* found only where no letter or number is beside it */
	int is_normalized;             /* searched for in normalised text, after the others */
} pmill_special_info;

/* Special and other added tokens, ordered by id. PMILL_BAD_OPTION past the last. */
PMILL_API pmill_status pmill_tokenizer_get_special(
	const pmill_tokenizer *tokenizer, size_t index, pmill_special_info *info);
/* Why the model can't encode (it can be inspected and decode): all reasons; NULL: it can. */
PMILL_API const char *pmill_tokenizer_refusal(const pmill_tokenizer *tokenizer);

/*
 * Describes for people, in lines that each end with LF, the "normalizer", the "pattern" (steps of
 * cutting) or the "template". No line if there is none. Release `*text` with pmill_memory_free.
 */
PMILL_API pmill_status pmill_tokenizer_describe(
	const pmill_tokenizer *tokenizer, const char *part, char **text, pmill_error *error);

/* ---- Training: a counter or counts → a tokenizer -------------------------------------------- */

typedef struct pmill_train_options {
	size_t size;
	uint64_t vocab_size; /* required: at least 256 and the special and reserved tokens */
	int64_t min_count;   /* never merge a pair that occurs less often; 0: 1 */
	/*
	 * Special tokens <|reserved_0|> ..., included in vocab_size. Take as many out of the text
	 * (pmill_text_options.reserve): a model that learned to spell one can't be saved everywhere.
	 */
	uint32_t reserve;
	uint32_t pad_vocab_to;     /* append reserved tokens up to a multiple of this; 0: none */
	uint64_t max_token_length; /* bytes; 0: no limit */
	const char *ties;          /* pmill_ties_name; NULL: "bytes" */
	const char *layout;        /* pmill_layout_name; NULL: "bytes-first" */
	const char *compat; /* "hf": layout hf, ties ids, Hugging Face's length filter; NULL: none */
	const char *merger; /* pmill_merger_name; never affects the result; NULL: the fastest */
} pmill_train_options;

typedef struct pmill_stage {
	const char *name; /* "count", "sort", "index", "merge" */
	double seconds;
	uint64_t peak_memory; /* bytes: the process's peak when the stage ended */
} pmill_stage;

/* The record of a training. */
typedef struct pmill_training {
	size_t size;
	const char *version; /* of the library that trained; NULL: the model has no record */
	pmill_totals totals; /* of the text that was counted */
	uint64_t vocab_size_asked;
	uint64_t merges;     /* learned */
	const char *stopped; /* why: "full", "min-count" or "no-pairs" */
	int64_t min_count;
	uint64_t max_token_length;
	uint32_t reserve, pad_vocab_to;
	const char *ties, *layout, *compat; /* compat is NULL for none */
	unsigned threads;
	const pmill_stage *stages;
	size_t stage_count;
	const pmill_input *inputs;
	size_t input_count;
	const int64_t *merge_counts; /* by rank: how often the pair occurred when merged; may be NULL */
	uint64_t memory_limit;       /* bytes; 0: none */
	uint64_t spilled_runs;       /* sorted runs that counting wrote to temporary files */
} pmill_training;

/* Checks, before hours of counting, the options for training on such text. */
PMILL_API pmill_status pmill_tokenizer_check_train(
	const pmill_text_options *text, const pmill_train_options *options, pmill_error *error);

/*
 * Learns a vocab from what a counter holds, with the counter's threads, memory limit and progress.
 * The counter is empty afterwards, even after a failure, except PMILL_BAD_OPTION and
 * PMILL_MEMORY_LIMIT: merging, or saving the model, would take more than the limit; the message has
 * both figures and the number of merges done, and pmill_counter_save can still save the counts.
 */
PMILL_API pmill_status pmill_tokenizer_train(pmill_counter *counter,
	const pmill_train_options *options, pmill_tokenizer **tokenizer, pmill_error *error);
/* Learns a vocab from counts. PMILL_MEMORY_LIMIT as in pmill_tokenizer_train. */
PMILL_API pmill_status pmill_tokenizer_train_from_counts(const pmill_counts *counts,
	const pmill_train_options *options, const pmill_run_options *run, pmill_tokenizer **tokenizer,
	pmill_error *error);
/* The training's record, which is loaded and saved in a folder; version is NULL if there's none. */
PMILL_API pmill_status pmill_tokenizer_get_training(
	const pmill_tokenizer *tokenizer, pmill_training *training);

/* ---- Ids: what encoding gives --------------------------------------------------------------- */

/* A buffer of ids that grows and can be used again, with the ends of its documents. */
typedef struct pmill_ids pmill_ids;

typedef struct pmill_ids_options {
	size_t size;
	unsigned id_bytes; /* 2 or 4; 0: 2 if the vocab has at most 65,536 entries, otherwise 4 */
	/*
	 * pmill_offset_unit_name: also keep from where in its document each id comes, in bytes or in
	 * characters, of which ill-formed bytes are one each; NULL: don't.
	 */
	const char *offsets;
} pmill_ids_options;

/* For the ids of `tokenizer`; NULL: of any, in 4 bytes unless the options say 2. */
PMILL_API pmill_status pmill_ids_create(const pmill_tokenizer *tokenizer,
	const pmill_ids_options *options, pmill_ids **ids, pmill_error *error);
PMILL_API void pmill_ids_free(pmill_ids *ids);
PMILL_API void pmill_ids_clear(pmill_ids *ids); /* empties it, and keeps the memory */

/*
 * Appends ids of the caller's own, with offsets 0; ends a document there. An id that has no room in
 * two bytes is PMILL_OVERFLOW with its index as the offset, and then none is appended.
 */
PMILL_API pmill_status pmill_ids_append(
	pmill_ids *ids, const uint32_t *more, size_t count, pmill_error *error);
PMILL_API pmill_status pmill_ids_end_document(pmill_ids *ids, pmill_error *error);

typedef struct pmill_ids_view {
	size_t size;
	const void *data; /* uint16_t or uint32_t, in the machine's byte order */
	unsigned id_bytes;
	uint64_t count;
	const uint64_t *ends; /* of each document: the index after its last id */
	uint64_t document_count;
	/* Of each id, where it begins and ends in its document: 2 * count; NULL: not kept. */
	const uint64_t *offsets;
} pmill_ids_view;

/* What the buffer holds, which stays its own: valid until the buffer's next change. */
PMILL_API pmill_status pmill_ids_get(const pmill_ids *ids, pmill_ids_view *view);
/*
 * The same, but the memory is the caller's, without a copy: release `data`, `ends` and `offsets`,
 * any of which may be NULL and may have room for more, with pmill_memory_free. The buffer is empty.
 */
PMILL_API pmill_status pmill_ids_take(pmill_ids *ids, pmill_ids_view *view);

/* ---- Policies: which tokens are recognised in text ------------------------------------------ */

/* Immutable; may be shared by threads. NULL stands for the default everywhere. */
typedef struct pmill_policy pmill_policy;

typedef struct pmill_policy_options {
	size_t size;
	/*
	 * How special tokens in text are treated, and added tokens that aren't special: "none", as
	 * ordinary text; "all" are recognised; "list": those listed; "error": meeting one is
	 * PMILL_BAD_INPUT. NULL: "none" for special tokens, which text from others could forge, and
	 * "all" for added ones, as in Hugging Face's. For text that isn't trusted take "none" for both.
	 */
	const char *special, *added;
	const pmill_bytes *special_list, *added_list; /* tokens of the model; for "list" only */
	size_t special_list_count, added_list_count;
	int add_template; /* put before and after each document what the model's template says */
} pmill_policy_options;

/* The tokenizer must outlive the policy, and all that uses the policy be of this tokenizer. */
PMILL_API pmill_status pmill_policy_create(const pmill_tokenizer *tokenizer,
	const pmill_policy_options *options, pmill_policy **policy, pmill_error *error);
PMILL_API void pmill_policy_free(pmill_policy *policy); /* unfinished streams keep it alive */

/* ---- Encoding ------------------------------------------------------------------------------- */

/* Encodes text in memory, which need not be valid UTF-8. One thread at a time: others clone it. */
typedef struct pmill_encoder pmill_encoder;

/*
 * Makes the tables that encoding needs. The tokenizer must outlive it. Of `run` the scanner and
 * progress apply: calls of the encoder and its clones that encode 1 MiB or more report to it.
 * PMILL_BAD_OPTION: the model has no pattern; PMILL_UNSUPPORTED: pmill_tokenizer_refusal.
 */
PMILL_API pmill_status pmill_encoder_create(const pmill_tokenizer *tokenizer,
	const pmill_run_options *run, pmill_encoder **encoder, pmill_error *error);
/*
 * A second encoder, which shares the tables and is where the first one is in its stream: for
 * another thread, or to end or continue a stream in more ways than one. Takes little time.
 */
PMILL_API pmill_status pmill_encoder_clone(
	const pmill_encoder *encoder, pmill_encoder **clone, pmill_error *error);
PMILL_API void pmill_encoder_free(pmill_encoder *encoder);

/*
 * Text with a policy. Spans in a row are encoded as one text, and merges cross their borders, but a
 * token is recognised only if each span that has a byte of it allows it; one that isn't allowed
 * never hides a shorter one that is. It is an error if each of its spans allows or forbids it, and
 * one forbids it. The first span's policy says whether a template is put before the document, the
 * last one's whether after it, even if they are empty.
 */
typedef struct pmill_span {
	pmill_bytes text;
	const pmill_policy *policy;
} pmill_span;

/*
 * Appends the ids of one document to `ids` and ends it there; a failure leaves `ids` as it was.
 * PMILL_BAD_INPUT, with the offset, if the vocab lacks a byte or a policy forbids a token. This and
 * the calls below leave a stream alone.
 */
PMILL_API pmill_status pmill_encoder_encode(pmill_encoder *encoder, const void *text, size_t len,
	const pmill_policy *policy, pmill_ids *ids, pmill_error *error);
PMILL_API pmill_status pmill_encoder_encode_spans(pmill_encoder *encoder, const pmill_span *spans,
	size_t span_count, pmill_ids *ids, pmill_error *error);
/* The number of ids, without keeping them. */
PMILL_API pmill_status pmill_encoder_count(pmill_encoder *encoder, const pmill_span *spans,
	size_t span_count, uint64_t *id_count, pmill_error *error);

/*
 * Encodes until there are `most` ids: the first ones of the document, and what a template adds at
 * either end (PMILL_BAD_OPTION if that alone is more). `*used` is how many bytes of the text they
 * stand for: all if there are no more. An id may end within a character. `ids` may be NULL.
 */
PMILL_API pmill_status pmill_encoder_truncate(pmill_encoder *encoder, const pmill_span *spans,
	size_t span_count, uint64_t most, pmill_ids *ids, uint64_t *used, pmill_error *error);

/*
 * Encodes documents on threads, appends their ids in order. Of `run` threads and progress apply.
 * PMILL_BAD_INPUT is that of the first document that has one, with its index as the offset.
 */
PMILL_API pmill_status pmill_encoder_encode_batch(const pmill_encoder *encoder,
	const pmill_bytes *texts, size_t text_count, const pmill_policy *policy,
	const pmill_run_options *run, pmill_ids *ids, pmill_error *error);

/*
 * Takes more text of the document that this encoder is reading, in pieces of any size, as spans:
 * the ids of all pieces together are those of the whole. Appends the ids that can't change any
 * more, whatever follows. After a failure go on with pmill_encoder_drop; offsets are in the whole.
 */
PMILL_API pmill_status pmill_encoder_add(pmill_encoder *encoder, const void *text, size_t len,
	const pmill_policy *policy, pmill_ids *ids, pmill_error *error);
/* How many bytes of the text, and ids, can't change any more; those ids have been appended. */
PMILL_API void pmill_encoder_settled(
	const pmill_encoder *encoder, uint64_t *bytes, uint64_t *id_count);
/*
 * The document ends here: appends its last ids and ends it in `ids`; the encoder can begin another
 * one. To see the ids as if it ended here, and go on, finish a clone.
 */
PMILL_API pmill_status pmill_encoder_finish(
	pmill_encoder *encoder, pmill_ids *ids, pmill_error *error);
/* Forgets the text of an unfinished stream. */
PMILL_API void pmill_encoder_drop(pmill_encoder *encoder);

/* How to encode files: where documents end, and what to write. */
typedef struct pmill_encode_file_options {
	size_t size;
	pmill_bytes doc_separator; /* ends documents and is not encoded; len 0: none */
	pmill_bytes eot;           /* special token to append to each document; len 0: none */
	const char *format; /* pmill_token_format_name; NULL: by the output's suffix, else "text" */
	uint64_t most_ids;  /* of each document, besides eot and bos (pmill_encoder_truncate); 0: all */
	int add_offsets;    /* write the byte offsets of each id; for the format "jsonl" */
	pmill_bytes text;   /* encode this document and no files, if data isn't NULL */
	pmill_bytes bos;    /* special token to put before each document; len 0: none */
	uint64_t shard_tokens; /* the output is a folder of files with so many ids; 0: one file */
	int resume;            /* go on with such a folder that the same call began */
} pmill_encode_file_options;

/* What was encoded or decoded. */
typedef struct pmill_encode_totals {
	size_t size;
	uint64_t documents;
	uint64_t bytes; /* of text */
	uint64_t tokens;
	uint64_t bad_lines;         /* JSON lines skipped on request */
	pmill_bad_lines *bad_files; /* with skipped lines; release with pmill_memory_free */
	size_t bad_file_count;
	uint64_t skipped_inputs, repeated_inputs, hidden_inputs; /* as in pmill_counter_info */
	uint64_t truncated; /* documents that had more than most_ids */
} pmill_encode_totals;

/*
 * Encodes files on threads, in order, into a token file, which doesn't depend on their number, and
 * what belongs beside it (docs/token-files.md): all or none. `paths` as in pmill_counter_add_files;
 * `totals` may be NULL. Of `run` threads, scanner, chunk size and progress apply.
 */
PMILL_API pmill_status pmill_encode_files(const pmill_tokenizer *tokenizer,
	const char *const *paths, size_t path_count, const pmill_input_options *input,
	const pmill_policy *policy, const pmill_encode_file_options *file_options,
	const pmill_run_options *run, const pmill_output_options *output, pmill_encode_totals *totals,
	pmill_error *error);

/* ---- Decoding ------------------------------------------------------------------------------- */

typedef struct pmill_decode_options {
	size_t size;
	int skip_special_tokens; /* leave out special tokens; added ones that aren't special stay */
} pmill_decode_options;

/*
 * Decodes ids to bytes. Release `*data` with pmill_memory_free. An unknown id is PMILL_BAD_INPUT
 * with its index in `ids`, not a byte, as the error's offset.
 */
PMILL_API pmill_status pmill_tokenizer_decode(const pmill_tokenizer *tokenizer, const uint32_t *ids,
	size_t id_count, const pmill_decode_options *options, void **data, size_t *len,
	pmill_error *error);

/*
 * Decodes documents on threads: `ids` as pmill_ids_get gives them, or the caller's own, up to the
 * last end. `*data` are the bytes of all, `*ends` where each document ends in them; release both
 * with pmill_memory_free. Of `run` threads and progress apply. PMILL_BAD_INPUT as above.
 */
PMILL_API pmill_status pmill_tokenizer_decode_batch(const pmill_tokenizer *tokenizer,
	const pmill_ids_view *ids, const pmill_decode_options *options, const pmill_run_options *run,
	void **data, uint64_t **ends, pmill_error *error);

typedef struct pmill_decode_file_options {
	size_t size;
	const char *format;      /* NULL: as PATH.json says, else by suffix; "text" for stdin */
	int skip_special_tokens; /* as in pmill_decode_options */
} pmill_decode_file_options;

/*
 * Decodes token files, in order, into one output. `paths` as in pmill_counter_add_files; "text" and
 * "jsonl" may be compressed, and the text of each of several lines ends with LF. An unknown id is
 * PMILL_BAD_INPUT with the offset of its first byte in the file. `totals` may be NULL; lines count
 * as documents, and what an index has. Of `run` progress applies.
 */
PMILL_API pmill_status pmill_decode_files(const pmill_tokenizer *tokenizer,
	const char *const *paths, size_t path_count, const pmill_decode_file_options *file_options,
	const pmill_run_options *run, const pmill_output_options *output, pmill_encode_totals *totals,
	pmill_error *error);

typedef struct pmill_token_file_info {
	size_t size;
	const char *format, *dtype;        /* constants; dtype, as NumPy has it, is NULL for digits */
	uint64_t documents, tokens, bytes; /* bytes: of text; UINT64_MAX: unknown */
	uint32_t eot, bos;                 /* PMILL_NO_ID: none, or unknown */
	char model_sha256[65];             /* of the model that made it; "": unknown */
	int is_of_model;                   /* `tokenizer` is that model */
	uint64_t unknown_ids;              /* ids, of those that were looked at, that it lacks */
	uint32_t ids[16];                  /* the first ones */
	size_t id_count;
} pmill_token_file_info;

/*
 * Reads header, index, PATH.json and the first ids, or if `reads_all`, or ids are digits, all ids.
 * `format` as in pmill_decode_file_options; `tokenizer` may be NULL.
 */
PMILL_API pmill_status pmill_token_file_get_info(const char *path, const char *format,
	const pmill_tokenizer *tokenizer, int reads_all, pmill_token_file_info *info,
	pmill_error *error);

/* Decodes ids as they arrive, holding back the bytes of an incomplete UTF-8 character. */
typedef struct pmill_stream_decoder pmill_stream_decoder;
/* The tokenizer must outlive the decoder. */
PMILL_API pmill_status pmill_stream_decoder_create(const pmill_tokenizer *tokenizer,
	const pmill_decode_options *options, pmill_stream_decoder **decoder, pmill_error *error);
PMILL_API void pmill_stream_decoder_free(pmill_stream_decoder *decoder);
/*
 * Decodes more ids. `*bytes`, perhaps empty, belongs to the decoder and is valid until its next
 * call. An unknown id is PMILL_BAD_INPUT with its index as the offset; then no id was consumed.
 */
PMILL_API pmill_status pmill_stream_decoder_add(pmill_stream_decoder *decoder, const uint32_t *ids,
	size_t id_count, pmill_bytes *bytes, pmill_error *error);
/* Ends the stream: gives the bytes held back, valid until the next call, which begins another. */
PMILL_API pmill_bytes pmill_stream_decoder_finish(pmill_stream_decoder *decoder);

/* ---- Verifying ------------------------------------------------------------------------------ */

/* Whether two things agree, and where they first don't. */
typedef struct pmill_verification {
	size_t size;
	int is_equal;
	uint64_t documents, bytes; /* of text that was compared */
	uint64_t compared;         /* ids, or merges, that are equal */
	char *difference;          /* the first, and where, for people; NULL: none; pmill_memory_free */
	uint64_t bad_lines;        /* JSON lines skipped on request */
	pmill_bad_lines *bad_files; /* by pmill_verify_models; release with pmill_memory_free */
	size_t bad_file_count;
	uint64_t skipped_inputs, repeated_inputs, hidden_inputs; /* as in pmill_counter_info */
} pmill_verification;

typedef struct pmill_verify_options {
	size_t size;
	/* Which tokens each model recognises; NULL: the default. */
	const pmill_policy *policy, *other_policy;
	pmill_bytes doc_separator;     /* ends documents and is not encoded; len 0: none */
	const char *name, *other_name; /* of the models, in messages; NULL: "the model", "the other" */
} pmill_verify_options;

/*
 * Encodes the documents of the same files with both models, on threads, and compares the ids. Each
 * document is in memory as a whole, with its ids. `paths` as in pmill_counter_add_files. Of `run`
 * threads, scanner, chunk size and progress apply. The figures are those up to a difference.
 */
PMILL_API pmill_status pmill_verify_models(const pmill_tokenizer *tokenizer,
	const pmill_tokenizer *other, const char *const *paths, size_t path_count,
	const pmill_input_options *input, const pmill_verify_options *options,
	const pmill_run_options *run, pmill_verification *verification, pmill_error *error);

/*
 * Creates a counter as the training of this model had one. `doc_separator`, which is not recorded,
 * is a special token; len 0: none. PMILL_BAD_OPTION if it isn't, or if there is no record;
 * PMILL_BAD_INPUT if the model's special tokens can't be those of the record.
 */
PMILL_API pmill_status pmill_counter_create_from_record(const pmill_tokenizer *tokenizer,
	pmill_bytes doc_separator, const pmill_run_options *run, pmill_counter **counter,
	pmill_error *error);

/*
 * Learns anew from what the counter holds, as the model's record says, and compares: the totals of
 * the text, each merge with its id and count, why it stopped. The counter is empty afterwards.
 * Failures as in pmill_counter_create_from_record and pmill_tokenizer_train.
 */
PMILL_API pmill_status pmill_verify_training(const pmill_tokenizer *tokenizer,
	pmill_counter *counter, pmill_verification *verification, pmill_error *error);

/* ---- Audit: what surprises in a model ------------------------------------------------------- */

typedef struct pmill_audit pmill_audit;
/* Looks at all tokens, which takes about a second for 200,000. The tokenizer must outlive it. */
PMILL_API pmill_status pmill_audit_create(
	const pmill_tokenizer *tokenizer, pmill_audit **audit, pmill_error *error);
PMILL_API void pmill_audit_free(pmill_audit *audit);
/* What is looked for: "unreachable", "missing_bytes", ...; NULL past the last. */
PMILL_API const char *pmill_audit_kind_name(size_t kind);
/* The same as a phrase: "ids without a token". */
PMILL_API const char *pmill_audit_kind_claim(size_t kind);
/* How many were found; SIZE_MAX: that can't be known, since the pattern is unknown. */
PMILL_API size_t pmill_audit_count(const pmill_audit *audit, size_t kind);
/*
 * `*bytes` is the token, with data NULL for an unused id, or a missing byte, whose `*id` is
 * PMILL_NO_ID. `*other` is a second token that it has to do with, or PMILL_NO_ID. `*note` says
 * more, or is NULL.
 */
PMILL_API pmill_status pmill_audit_get_finding(const pmill_audit *audit, size_t kind, size_t index,
	uint32_t *id, pmill_bytes *bytes, uint32_t *other, const char **note);

#ifdef __cplusplus
}
#endif
#endif
