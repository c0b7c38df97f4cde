/* pairmill: train, save, load and apply byte-pair-encoding vocabularies. */
/* SPDX-License-Identifier: MIT */
/*
 * Conventions, for every function here:
 *
 * - Lengths and offsets are bytes. Text is bytes; nothing needs to end in NUL unless it is `char *`.
 * - A function that can fail returns a pmill_status and fills `error` unless that is NULL. After a
 *   failure the out arguments are untouched.
 * - Options structs begin with their size (`options.size = sizeof options`); all else zero means the
 *   defaults, and NULL in place of the struct means all defaults. Strings and arrays in them are
 *   borrowed for the length of the call.
 * - What a `_create`, `_load` or `_train` gives is the caller's, and goes with the `_free` of its type,
 *   which takes NULL too. What a getter gives belongs to the object and lives as long as it.
 * - Objects may be used from any thread, by one at a time, unless a function says more.
 *   A pmill_tokenizer never changes: any number of threads may read it at once.
 * - The library prints nothing, never exits, sets no signal handler, reads no environment and keeps
 *   no global state.
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

/* The version of the library that runs, such as "0.1.0". */
PMILL_API const char *pmill_version(void);

/* ---- Errors -------------------------------------------------------------------------------- */

typedef enum pmill_status {
	PMILL_OK = 0,
	PMILL_NO_MEMORY,    /* an allocation failed */
	PMILL_BAD_OPTION,   /* an option's value, or two options that contradict each other */
	PMILL_BAD_INPUT,    /* bytes that are not what they must be; `offset` says where */
	PMILL_IO,           /* the system refused to open, read or write */
	PMILL_EXISTS,       /* the target is there, and PMILL_OVERWRITE was not given */
	PMILL_OVERFLOW,     /* a count or size does not fit its type */
	PMILL_UNSUPPORTED,  /* known, but not by this build or not by this format */
	PMILL_CANCELLED,    /* the progress callback asked to stop */
	PMILL_MEMORY_LIMIT, /* the work needs more memory than it was allowed */
} pmill_status;

/* A status as a short lower-case phrase, such as "out of memory". Never NULL. */
PMILL_API const char *pmill_status_text(pmill_status status);

#define PMILL_NO_OFFSET UINT64_MAX

typedef struct pmill_error {
	pmill_status status;
	uint64_t offset;    /* bytes into the input that the message names, or PMILL_NO_OFFSET */
	char message[1000]; /* one line without a full stop: "corpus.txt: byte 1048576: ..." */
} pmill_error;

/* ---- Shared types -------------------------------------------------------------------------- */

/* A byte string that somebody else owns. */
typedef struct pmill_bytes {
	const void *data;
	size_t len;
} pmill_bytes;

typedef struct pmill_progress {
	const char *stage; /* "count", "sort", "index", "merge", "encode", ... */
	uint64_t done;
	uint64_t total;   /* 0: not known */
	const char *unit; /* "bytes", "merges", ... */
	double elapsed_s; /* since the stage began */
} pmill_progress;

/*
 * Called some ten times a second, and at the end of each stage, on the thread that called the library.
 * Any value but 0 asks to stop: the call then returns PMILL_CANCELLED and leaves no half file.
 */
typedef int (*pmill_progress_fn)(void *context, const pmill_progress *progress);

/*
 * Takes `len` bytes of output; any value but 0 says that they could not be taken (PMILL_IO). Called in
 * order, but perhaps on a thread of the library's.
 */
typedef int (*pmill_write_fn)(void *context, const void *data, size_t len);

/* Flags of functions that write files. */
#define PMILL_OVERWRITE 1u /* replace a file, or the files of ours in a folder */

/* Releases memory that the library handed over by a `void **`. Takes NULL. */
PMILL_API void pmill_memory_free(void *memory);

/* ---- Text: what is read, and how it is cut -------------------------------------------------- */

/* How text becomes words. Counts add up only where pattern, Unicode version and special tokens agree. */
typedef struct pmill_text_options {
	size_t size;
	const char *pattern;               /* a name ("gpt2") or a regular expression; NULL: "gpt2" */
	const char *unicode_version;       /* "14.0", "15.0", "15.1", "16.0", "17.0"; NULL: "16.0" */
	const pmill_bytes *special_tokens; /* distinct, not empty; removed from the text */
	size_t special_token_count;
	pmill_bytes doc_separator; /* ends documents; joins the special tokens; len 0: none */
	unsigned threads;          /* 0: one for each processor */
	size_t chunk_size;         /* bytes of text given to a thread at a time; 0: 512 KiB */
	/*
	 * NULL: the fastest. For tests: "scalar", "block" (the blocks of the vector scanners in plain
	 * C), "sse4", "avx2", "avx512", "neon", or "regex" (PCRE2). What the processor lacks is refused.
	 */
	const char *scanner;
	pmill_progress_fn progress;
	void *progress_context;
	/*
	 * Bytes that counting may take; 0: no limit. Words that would take more go to temporary files as
	 * sorted runs, which are merged in the end, with the same result. What can't be bounded comes on
	 * top: the longest pretoken, line of JSON and, with an expression of the user's own, document;
	 * decompressors; counts that the caller holds. Too small a limit is PMILL_BAD_OPTION with the least.
	 */
	uint64_t memory_limit;
	const char *tmp_dir; /* the folder of these files; NULL: beside the output, or "/tmp" */
} pmill_text_options;

/* What the input files hold. */
typedef struct pmill_input_options {
	size_t size;
	const char *format; /* "text", "lines", "jsonl"; NULL: by suffix, else "text" */
	const char *field;  /* the field of a JSON line that holds the text; NULL: "text" */
	int skip_bad_lines; /* count bad JSON lines instead of failing */
	int sha256;         /* hash the inputs as they are read (as stored, before decompression) */
} pmill_input_options;

/* Names and aliases of the known patterns: NULL at the end of the list. `expression` may be NULL. */
PMILL_API const char *pmill_pattern_name(size_t index, const char **expression);

/* The Unicode versions that character classes can follow: NULL at the end of the list. */
PMILL_API const char *pmill_unicode_version(size_t index);

/* ---- Counts: words and how often they occur -------------------------------------------------- */

typedef struct pmill_counts pmill_counts;

typedef struct pmill_totals {
	uint64_t documents;
	uint64_t bytes;     /* of text, after decompression, special tokens included */
	uint64_t pretokens; /* the sum of all counts */
	uint64_t words;     /* distinct pretokens */
	uint64_t bad_lines; /* skipped on request */
} pmill_totals;

typedef struct pmill_counts_info {
	pmill_totals totals;
	const char *pattern; /* the name of a known pattern, else the expression */
	const char *unicode_version;
	const pmill_bytes *special_tokens;
	size_t special_token_count;
} pmill_counts_info;

/*
 * Loads a count file, or a TSV. `tsv` says how the words of a TSV without our first line are spelled:
 * "raw" or "printable"; NULL: refuse such a file. `expected` (may be NULL) says pattern, Unicode version
 * and special tokens of a TSV; for a count file whatever it sets must agree. Where it sets a memory limit,
 * words that would take more while they are read and added to others are PMILL_MEMORY_LIMIT, with both
 * figures.
 */
PMILL_API pmill_status pmill_counts_load(const char *path, const char *tsv,
	const pmill_text_options *expected, pmill_counts **counts, pmill_error *error);

/* Saves as a count file, or as a TSV where `path` ends in ".tsv". Written whole or not at all. */
PMILL_API pmill_status pmill_counts_save(
	const pmill_counts *counts, const char *path, unsigned flags, pmill_error *error);

PMILL_API void pmill_counts_free(pmill_counts *counts);
PMILL_API void pmill_counts_get_info(const pmill_counts *counts, pmill_counts_info *info);

/* Words are sorted by their bytes; `index` is below totals.words. */
PMILL_API void pmill_counts_get_word(
	const pmill_counts *counts, size_t index, pmill_bytes *word, int64_t *count);

/*
 * Adds count files up into `out`, in one pass and with bounded memory (a TSV is sorted in memory,
 * unless `expected` sets a memory limit). Of very many files, or with a small limit, groups are added
 * up into temporary files first: in its tmp_dir, or beside `out`.
 * Refuses files that do not belong together, or not to `expected`, as PMILL_BAD_INPUT, and says what
 * differs. `totals` may be NULL.
 */
PMILL_API pmill_status pmill_counts_merge_files(const char *const *paths, size_t path_count,
	const char *tsv, const pmill_text_options *expected, const char *out, unsigned flags,
	pmill_totals *totals, pmill_error *error);

/* Reads the head of a count file (and with `check` every block of it) without keeping the words. */
PMILL_API pmill_status pmill_counts_inspect(
	const char *path, int check, pmill_counts **head, pmill_error *error);

/* ---- Training --------------------------------------------------------------------------------- */

typedef struct pmill_trainer pmill_trainer;
typedef struct pmill_tokenizer pmill_tokenizer;

typedef struct pmill_train_options {
	size_t size;
	uint64_t vocab_size; /* special tokens and reserved ones included; at least those and 256 */
	int64_t min_count;   /* a pair counted less often is never merged; 0: 1 */
	uint32_t reserve;    /* special tokens <|reserved_0|> ... more, part of vocab_size */
	uint32_t
		pad_vocab_to; /* more reserved tokens at the very end, up to a multiple of this; 0: none */
	uint64_t max_token_length; /* bytes; 0: no limit */
	const char *ties;          /* "bytes", "ids"; NULL: "bytes" */
	const char *layout;        /* "bytes-first", "hf", "gpt2"; NULL: "bytes-first" */
	const char
		*compat; /* "hf": layout hf, ties ids, and Hugging Face's length filter; NULL: none */
	const char *merger; /* NULL: the fastest; "one-by-one", "pipelined", "batches": for tests */
} pmill_train_options;

typedef struct pmill_stage {
	const char *name; /* "count", "sort", "index", "merge" */
	double seconds;
	uint64_t peak_memory; /* of the process when the stage ended, in bytes */
} pmill_stage;

typedef struct pmill_input {
	const char *name;
	uint64_t bytes;     /* as stored */
	const char *sha256; /* 64 hexadecimal digits, or NULL */
} pmill_input;

/* The record of a training run. */
typedef struct pmill_training {
	const char *version; /* of the library that trained */
	pmill_totals totals;
	uint64_t vocab_size_asked;
	uint64_t merges;
	const char *stopped; /* "full", "min-count" or "no-pairs" */
	int64_t min_count;
	uint64_t max_token_length;
	uint32_t reserve, pad_vocab_to;
	const char *ties, *layout, *compat; /* compat may be NULL */
	unsigned threads;
	const pmill_stage *stages;
	size_t stage_count;
	const pmill_input *inputs;
	size_t input_count;
	const int64_t *merge_counts; /* how often each merged pair occurred when it was taken */
	uint64_t memory_limit;       /* of counting; 0: none */
	uint64_t spilled_runs;       /* sorted runs that counting wrote to temporary files */
} pmill_training;

/* Both option structs are copied. */
PMILL_API pmill_status pmill_trainer_create(const pmill_text_options *text,
	const pmill_train_options *options, pmill_trainer **trainer, pmill_error *error);
PMILL_API void pmill_trainer_free(pmill_trainer *trainer);

/* Adds one document (or more, where a document separator is set). Any number of threads at once. */
PMILL_API pmill_status pmill_trainer_add_text(
	pmill_trainer *trainer, const void *text, size_t len, pmill_error *error);

/* Adds files: "-" is stdin, a folder stands for the files below it, "@LIST" for the names in a file. */
PMILL_API pmill_status pmill_trainer_add_files(pmill_trainer *trainer, const char *const *paths,
	size_t path_count, const pmill_input_options *input, pmill_error *error);

/* Adds words. They must have been cut by the trainer's pattern, Unicode version and special tokens. */
PMILL_API pmill_status pmill_trainer_add_counts(
	pmill_trainer *trainer, const pmill_counts *counts, pmill_error *error);

/*
 * The same, and takes the words out of `counts`, which keeps its totals and what its words were made with:
 * so they are not in memory twice. After a failure it has them still.
 */
PMILL_API pmill_status pmill_trainer_move_counts(
	pmill_trainer *trainer, pmill_counts *counts, pmill_error *error);

/*
 * What has been added so far, as counts of the caller's own, in memory whatever the limit. The trainer
 * is empty afterwards.
 */
PMILL_API pmill_status pmill_trainer_take_counts(
	pmill_trainer *trainer, pmill_counts **counts, pmill_error *error);

/*
 * Saves what has been added so far, as pmill_counts_save does; with a memory limit within it, whatever
 * the number of words. Reserved tokens are left out: they are names for later. `head` (may be NULL) gets
 * totals and identity without the words. The trainer is empty afterwards.
 */
PMILL_API pmill_status pmill_trainer_save_counts(pmill_trainer *trainer, const char *path,
	unsigned flags, pmill_counts **head, pmill_error *error);

/* What counting took, so far or until the trainer was emptied. */
typedef struct pmill_counting {
	uint64_t memory_limit;
	uint64_t table_memory;  /* bytes of all tables of words when they were largest */
	uint64_t spilled_runs;  /* sorted runs written to temporary files */
	uint64_t spilled_bytes; /* of these files */
} pmill_counting;

PMILL_API void pmill_trainer_get_counting(const pmill_trainer *trainer, pmill_counting *counting);

/*
 * Learns the vocab. The trainer is empty afterwards, also after a failure; but not after
 * PMILL_MEMORY_LIMIT: what merging would need is computed before it starts, and where the memory limit
 * is less, the message has both figures and pmill_trainer_save_counts can still keep what was counted.
 */
PMILL_API pmill_status pmill_trainer_train(
	pmill_trainer *trainer, pmill_tokenizer **tokenizer, pmill_error *error);

/* ---- Tokenizer: a vocab, its merges, its pattern ------------------------------------------------ */

typedef struct pmill_load_options {
	size_t size;
	const char *format;  /* "folder", "tokenizer.json", "tiktoken", "vocab.json"; NULL: by path */
	const char *pattern; /* for formats that carry none (.tiktoken); a contradiction is refused */
	const char *unicode_version;
	const pmill_bytes *special_tokens; /* for .tiktoken: ids fill the holes, then follow the last */
	size_t special_token_count;
} pmill_load_options;

PMILL_API pmill_status pmill_tokenizer_load(const char *path, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error);
PMILL_API pmill_status pmill_tokenizer_load_memory(const void *data, size_t len,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error);

/* `format` as in pmill_load_options; NULL: by the suffix of `path`. Written whole or not at all. */
PMILL_API pmill_status pmill_tokenizer_save(const pmill_tokenizer *tokenizer, const char *path,
	const char *format, unsigned flags, pmill_error *error);

/* A format of one file only ("tokenizer.json", "tiktoken"). `*data` goes with pmill_memory_free. */
PMILL_API pmill_status pmill_tokenizer_save_memory(const pmill_tokenizer *tokenizer,
	const char *format, void **data, size_t *len, pmill_error *error);

/*
 * Whether a model with this pattern, these special tokens and this separator could be saved there: asked
 * before hours of training. A special token that is spelled as a token not learned yet shows only later.
 */
PMILL_API pmill_status pmill_tokenizer_check_save(const char *path, const char *format,
	const pmill_text_options *text, unsigned flags, pmill_error *error);

PMILL_API void pmill_tokenizer_free(pmill_tokenizer *tokenizer);

#define PMILL_NO_ID UINT32_MAX

/* Ids are below this; a loaded vocab may have holes. */
PMILL_API uint32_t pmill_tokenizer_vocab_size(const pmill_tokenizer *tokenizer);
/* The bytes of a token; data is NULL where `id` is a hole or beyond the vocab. */
PMILL_API pmill_bytes pmill_tokenizer_token(const pmill_tokenizer *tokenizer, uint32_t id);
/* The id of the token with these bytes (special tokens last), or PMILL_NO_ID. */
PMILL_API uint32_t pmill_tokenizer_id(
	const pmill_tokenizer *tokenizer, const void *data, size_t len);
PMILL_API size_t pmill_tokenizer_merge_count(const pmill_tokenizer *tokenizer);
/* The merge of this rank: `left` and `right` became `id`. */
PMILL_API void pmill_tokenizer_merge(
	const pmill_tokenizer *tokenizer, size_t rank, uint32_t *left, uint32_t *right, uint32_t *id);
PMILL_API size_t pmill_tokenizer_special_count(const pmill_tokenizer *tokenizer);
/* `is_special` is 0 for an added token that is ordinary text. */
PMILL_API void pmill_tokenizer_special(const pmill_tokenizer *tokenizer, size_t index,
	pmill_bytes *content, uint32_t *id, int *is_special);
/*
 * The name of a known pattern, else the expression; NULL where the model carries none and none was named: it
 * can then decode, but not encode.
 */
PMILL_API const char *pmill_tokenizer_pattern(const pmill_tokenizer *tokenizer);
PMILL_API const char *pmill_tokenizer_unicode_version(const pmill_tokenizer *tokenizer);
/* "merge list", "rank by id" or "ignore merges": which of the three meanings of BPE the model has. */
PMILL_API const char *pmill_tokenizer_meaning(const pmill_tokenizer *tokenizer);
/* The record of its training, or NULL. */
PMILL_API const pmill_training *pmill_tokenizer_training(const pmill_tokenizer *tokenizer);

/* ---- Encoding and decoding ---------------------------------------------------------------------- */

typedef struct pmill_encoder pmill_encoder;

typedef struct pmill_encode_options {
	size_t size;
	const char *special_tokens; /* "none": they are text; "all": recognised; "error": meeting one
	                             * is an error; "list": those below; NULL: "none" */
	const pmill_bytes *allowed;
	size_t allowed_count;
	pmill_bytes doc_separator; /* files: ends documents, is not encoded; len 0: none */
	pmill_bytes eot;           /* files: special token appended to every document; len 0: none */
	const char *format;        /* files: "text", "u16", "u32"; NULL: by suffix of the output */
	const char *scanner;       /* as in pmill_text_options */
	pmill_progress_fn progress;
	void *progress_context;
} pmill_encode_options;

/* The tokenizer must outlive the encoder. One thread at a time uses an encoder. */
PMILL_API pmill_status pmill_encoder_create(const pmill_tokenizer *tokenizer,
	const pmill_encode_options *options, pmill_encoder **encoder, pmill_error *error);
PMILL_API void pmill_encoder_free(pmill_encoder *encoder);

/* Encodes one document. `*ids` belongs to the encoder until its next call. */
PMILL_API pmill_status pmill_encoder_encode(pmill_encoder *encoder, const void *text, size_t len,
	const uint32_t **ids, size_t *id_count, pmill_error *error);

typedef struct pmill_encode_totals {
	uint64_t documents, bytes, tokens, bad_lines;
} pmill_encode_totals;

/*
 * Encodes files into `out`, a path, or, where that is NULL, through `write`; where both are NULL the
 * tokens are only counted. `totals` may be NULL.
 */
PMILL_API pmill_status pmill_encode_files(const pmill_tokenizer *tokenizer,
	const char *const *paths, size_t path_count, const pmill_input_options *input,
	const pmill_encode_options *options, const char *out, pmill_write_fn write, void *write_context,
	unsigned flags, pmill_encode_totals *totals, pmill_error *error);

/*
 * Writes the bytes of `ids` to `out` and their number to `*len`. Where `capacity` is too small nothing
 * is written, `*len` is the room needed, and the status is PMILL_OK: call again. An unknown id is
 * PMILL_BAD_INPUT, with its index as the offset.
 */
PMILL_API pmill_status pmill_tokenizer_decode(const pmill_tokenizer *tokenizer, const uint32_t *ids,
	size_t id_count, void *out, size_t capacity, size_t *len, pmill_error *error);

typedef struct pmill_decode_options {
	size_t size;
	const char *format; /* "text", "u16", "u32"; NULL: by suffix of each file, "text" for stdin */
	pmill_progress_fn progress; /* stage "decode", in bytes of the files as stored */
	void *progress_context;
} pmill_decode_options;

/*
 * Decodes files of ids, one after another, into one output: the bytes that were encoded. `paths` as in
 * pmill_trainer_add_files; ids as text may be compressed, binary ones are read as they are. Where it
 * goes: as pmill_encode_files. An id that is not in the vocab is PMILL_BAD_INPUT, with the byte of its
 * file where it begins as the offset. `totals` may be NULL; its documents are those of text.
 */
PMILL_API pmill_status pmill_decode_files(const pmill_tokenizer *tokenizer,
	const char *const *paths, size_t path_count, const pmill_decode_options *options,
	const char *out, pmill_write_fn write, void *write_context, unsigned flags,
	pmill_encode_totals *totals, pmill_error *error);

/* Gives text as ids arrive: bytes of a character that is not whole yet are held back. */
typedef struct pmill_stream_decoder pmill_stream_decoder;

PMILL_API pmill_status pmill_stream_decoder_create(
	const pmill_tokenizer *tokenizer, pmill_stream_decoder **decoder, pmill_error *error);
PMILL_API void pmill_stream_decoder_free(pmill_stream_decoder *decoder);
/* `*bytes` belongs to the decoder until its next call. */
PMILL_API pmill_status pmill_stream_decoder_add(pmill_stream_decoder *decoder, const uint32_t *ids,
	size_t id_count, pmill_bytes *bytes, pmill_error *error);
/* What was held back at the end of the stream. */
PMILL_API pmill_bytes pmill_stream_decoder_finish(pmill_stream_decoder *decoder);

#ifdef __cplusplus
}
#endif
#endif
