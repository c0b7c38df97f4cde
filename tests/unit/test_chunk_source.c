/* Chunks of any size, on any thread, give the pretokens and documents of whole files. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/thread.h"
#include "corpus/chunk_source.h"
#include "corpus/documents.h"
#include "support/compressed.h"
#include "support/random.h"
#include "support/scratch_folder.h"
#include "support/walk_log.h"

static struct scratch_folder folder;

static int set_up(void **state)
{
	(void)state;
	scratch_create(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&folder);
	return 0;
}

static size_t below(uint64_t *random, size_t limit)
{
	return (size_t)random_below(random, limit);
}

static uint64_t first_seed(void)
{
	const char *seed = getenv("PMILL_SEED");
	return seed != NULL ? strtoull(seed, NULL, 10) : 1;
}

/* ---- Kinds of special tokens and text ---- */

#define TOKEN(text)                                                                                \
	{                                                                                              \
		text, sizeof(text) - 1                                                                     \
	}

struct token_set {
	pmill_bytes tokens[6];
	size_t count;
	size_t separator_index;
};

static const struct token_set token_sets[] = {
	{{{NULL, 0}}, 0, SIZE_MAX},
	{{TOKEN("<|end|>")}, 1, 0},
	{{TOKEN("<|end|>")}, 1, SIZE_MAX},
	{{TOKEN("ab"), TOKEN("abab"), TOKEN("b"), TOKEN("ba ")}, 4, 1},
	{{TOKEN("\n\n"), TOKEN("\n"), TOKEN(" a\nb")}, 3, 0},
	{{TOKEN(" "), TOKEN("'s")}, 2, 0},
	{{TOKEN("\xFF\x00"), TOKEN("\xC3"), TOKEN("\xA9")}, 3, 1},
	{{TOKEN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), TOKEN("<"), TOKEN("<|"), TOKEN("<|end|>")}, 4,
		3},
	{{TOKEN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), TOKEN("aa"), TOKEN("abab"),
		 TOKEN(" the the the the Word")},
		4, 1},
};

static const char *const pieces[] = {"a", "b", "ab", " the", "n't", "'s", "'", "A", "Word", " ",
	"  ", "\n", "\r\n", "\n\n", "\t", "7", "1234567", "<|end|>", "<|end", "<|", "|>", ".", "!!",
	"/", "\xC3\xA9", "\xC3", "\xA9", "e\xCC\x81", "\xE4\xB8\xAD", "\xE4\xB8", "\xF0\x9F\x98\x80",
	"\xFF", "\xC2\x85", "\xE3\x80\x80", "aaaaaaaaaaaaaaaaaaaaaaaaa"};

static void append_text(struct pmill_buffer *text, uint64_t *random)
{
	size_t target = below(random, 4) == 0 ? below(random, 4) : below(random, 250);
	/* Few kinds of pieces at a time, so that long runs occur. */
	size_t kinds = 1 + below(random, 12), first = below(random, sizeof pieces / sizeof *pieces);
	while (text->len < target) {
		size_t kind = (first + below(random, kinds) * 7) % (sizeof pieces / sizeof *pieces);
		if (below(random, 40) == 0)
			assert_true(pmill_buffer_append(text, "\xFF\x00", 2));
		assert_true(pmill_buffer_append_text(text, pieces[kind]));
	}
}

/* ---- A corpus in chunks ---- */

enum { MOST_CHUNKS = 4096, RANDOM_CASES = 450 };

struct run {
	const struct walk_settings *settings;
	struct pmill_chunk_source *source;
	struct walk_log logs[MOST_CHUNKS]; /* by sequence number */
	size_t chunk_count;
	size_t largest_chunk, largest_lookahead;
	pthread_mutex_t lock;
	pmill_status status;
	pmill_error error;
};

static void keep_log(struct run *run, const struct pmill_chunk *chunk, const struct walk_log *log)
{
	pthread_mutex_lock(&run->lock);
	assert_true(chunk->sequence < MOST_CHUNKS);
	assert_null(run->logs[chunk->sequence].events.data);
	run->logs[chunk->sequence] = *log;
	run->chunk_count++;
	if (chunk->len > run->largest_chunk)
		run->largest_chunk = chunk->len;
	if (chunk->lookahead > run->largest_lookahead)
		run->largest_lookahead = chunk->lookahead;
	pthread_mutex_unlock(&run->lock);
}

static void walk_chunks(void *context, unsigned index)
{
	(void)index;
	struct run *run = context;
	struct pmill_chunk chunk = {0};
	struct pmill_segment_walk walk = {.field = "text"};
	pmill_error error = {0};
	pmill_status status;
	for (;;) {
		status = pmill_chunk_source_next(run->source, &chunk, &error);
		if (status != PMILL_OK || chunk.data == NULL)
			break;
		struct walk_log log = {0};
		walk.documents = 0;
		status = log_chunk(&log, run->settings, &walk, &chunk, &error);
		keep_log(run, &chunk, &log);
		if (status != PMILL_OK)
			break;
	}
	pthread_mutex_lock(&run->lock);
	if (status != PMILL_OK) {
		pmill_chunk_source_stop(run->source);
		run->status = status;
		run->error = error;
	}
	pthread_mutex_unlock(&run->lock);
	pmill_segment_walk_release(&walk);
	pmill_chunk_release(&chunk);
}

static struct run *start_run(
	const struct walk_settings *settings, const struct pmill_inputs *inputs, size_t chunk_size)
{
	struct run *run = calloc(1, sizeof *run);
	assert_non_null(run);
	run->settings = settings;
	pthread_mutex_init(&run->lock, NULL);
	struct pmill_chunk_settings chunk_settings = {.pretokenizer = settings->pretokenizer,
		.specials = settings->specials,
		.chunk_size = chunk_size,
		.sha256 = true};
	assert_int_equal(
		pmill_chunk_source_open(inputs, &chunk_settings, &run->source, NULL), PMILL_OK);
	return run;
}

static void end_run(struct run *run)
{
	for (size_t i = 0; i < MOST_CHUNKS; i++)
		walk_log_release(&run->logs[i]);
	pmill_chunk_source_close(run->source);
	pthread_mutex_destroy(&run->lock);
	free(run);
}

static void join_logs(const struct run *run, struct walk_log *whole)
{
	for (size_t i = 0; i < run->chunk_count; i++) {
		const struct walk_log *log = &run->logs[i];
		assert_true(pmill_buffer_append(&whole->events, log->events.data, log->events.len));
		whole->documents += log->documents;
		whole->text_bytes += log->text_bytes;
	}
}

static void fail_on_difference(
	const struct walk_log *expected, const struct walk_log *got, const char *what)
{
	bool same = expected->events.len == got->events.len && expected->documents == got->documents &&
		expected->text_bytes == got->text_bytes &&
		(got->events.len == 0 ||
			memcmp(expected->events.data, got->events.data, got->events.len) == 0);
	if (same)
		return;
	print_error("%s\n  expected %.*s\n  got      %.*s\n", what, (int)expected->events.len,
		(const char *)expected->events.data, (int)got->events.len, (const char *)got->events.data);
	fail();
}

static void check_chunks(const struct walk_settings *settings, const struct pmill_inputs *inputs,
	const struct walk_log *expected, size_t chunk_size, unsigned threads, const char *what)
{
	struct run *run = start_run(settings, inputs, chunk_size);
	pmill_threads_run(threads, walk_chunks, run);
	if (run->status != PMILL_OK) {
		print_error("%s: %s\n", what, run->error.message);
		fail();
	}
	struct walk_log got = {0};
	join_logs(run, &got);
	fail_on_difference(expected, &got, what);
	size_t count;
	pmill_chunk_source_inputs(run->source, &count);
	assert_int_equal(count, inputs->count);
	assert_int_equal(pmill_chunk_source_stored_bytes(run->source), inputs->bytes);
	walk_log_release(&got);
	end_run(run);
}

static void check_all_sizes(const struct walk_settings *settings, const struct pmill_inputs *inputs,
	const struct walk_log *expected, const char *what)
{
	static const size_t sizes[] = {1, 2, 3, 7, 16, 64, 1000, 0};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (unsigned threads = 1; threads <= 3; threads += 2) {
			char label[400];
			snprintf(
				label, sizeof label, "%s, chunk size %zu, %u threads", what, sizes[i], threads);
			check_chunks(settings, inputs, expected, sizes[i], threads, label);
		}
}

/* ---- Random texts ---- */

struct pattern_case {
	const char *pattern;
	const char *scanner;
};

static const struct pattern_case patterns[] = {{"gpt2", NULL}, {"cl100k", NULL},
	{"cl100k-hf", NULL}, {"o200k", NULL}, {"qwen2", NULL}, {"nanochat", NULL}, {"none", NULL},
	{"cl100k", "regex"}, {"(?<=b)a|[^ ]+ $|\\w+", NULL}};

static void append_json_string(struct pmill_buffer *line, const struct pmill_buffer *text)
{
	assert_true(pmill_buffer_append_text(line, "\""));
	for (size_t i = 0; i < text->len; i++) {
		uint8_t byte = text->data[i];
		bool done = byte < 0x20 || byte == '"' || byte == '\\'
			? pmill_buffer_append_format(line, "\\u%04x", byte)
			: pmill_buffer_append(line, &byte, 1);
		assert_true(done);
	}
	assert_true(pmill_buffer_append_text(line, "\""));
}

/* JSON lines with random texts, blank lines and CR LF. The last line may lack a line end. */
static void append_json_lines(struct pmill_buffer *file, struct walk_log *log,
	const struct walk_settings *settings, uint64_t *random)
{
	static const char *const ends[] = {"\n", "\r\n", "\n\n", " \t\n \r\n"};
	size_t count = below(random, 8);
	for (size_t i = 0; i < count; i++) {
		struct pmill_buffer text = {0};
		append_text(&text, random);
		log_whole_piece(log, settings, text.data, text.len, true);
		assert_true(pmill_buffer_append_text(file, "{\"id\": [1, {}], \"te\\u0078t\" : "));
		append_json_string(file, &text);
		assert_true(pmill_buffer_append_text(file, "}"));
		bool is_open = i + 1 == count && below(random, 2) == 0;
		assert_true(pmill_buffer_append_text(file, is_open ? "" : ends[below(random, 4)]));
		pmill_buffer_release(&text);
	}
}

static void write_file(const struct walk_settings *settings, struct pmill_inputs *inputs,
	struct walk_log *expected, size_t format, uint64_t *random)
{
	const struct pmill_corpus_format *row = pmill_corpus_format_at(format);
	struct pmill_buffer file = {0};
	char name[40];
	snprintf(name, sizeof name, "%zu.txt", inputs->count);
	if (row->kind == PMILL_CORPUS_JSONL) {
		append_json_lines(&file, expected, settings, random);
	} else {
		append_text(&file, random);
		log_whole_file(expected, settings, row->kind, file.data, file.len);
	}
	const char *path = scratch_write(&folder, name, file.data, file.len);
	pmill_input_options options = {.size = sizeof options, .format = row->name};
	assert_int_equal(pmill_inputs_add(inputs, &path, 1, &options, NULL), PMILL_OK);
	pmill_buffer_release(&file);
}

static void check_random_corpus(uint64_t seed)
{
	uint64_t random = seed;
	const struct pattern_case *pattern = &patterns[seed % (sizeof patterns / sizeof *patterns)];
	const struct token_set *set =
		&token_sets[below(&random, sizeof token_sets / sizeof *token_sets)];
	struct walk_settings settings;
	walk_settings_create(&settings, pattern->pattern, pattern->scanner, set->tokens, set->count,
		set->separator_index);
	struct pmill_inputs inputs = {0};
	struct walk_log expected = {0};
	size_t files = 1 + below(&random, 3);
	for (size_t i = 0; i < files; i++)
		write_file(&settings, &inputs, &expected, below(&random, 3), &random);
	char what[200];
	snprintf(what, sizeof what, "seed %llu: pattern %s, special tokens %zu",
		(unsigned long long)seed, pattern->pattern, (size_t)(set - token_sets));
	check_all_sizes(&settings, &inputs, &expected, what);
	walk_log_release(&expected);
	pmill_inputs_release(&inputs);
	walk_settings_release(&settings);
}

static void test_random_texts(void **state)
{
	(void)state;
	uint64_t seed = first_seed();
	print_message("seeds %llu to %llu (PMILL_SEED)\n", (unsigned long long)seed,
		(unsigned long long)seed + RANDOM_CASES - 1);
	for (uint64_t i = 0; i < RANDOM_CASES; i++)
		check_random_corpus(seed + i);
}

/* ---- Long texts ---- */

struct long_case {
	const char *pattern;
	const char *repeated;
	size_t len;
	size_t chunk_size;
	size_t largest_chunk;     /* at most */
	size_t largest_lookahead; /* at most */
};

/* Chunk sizes are bounded if pretokens end, surely or not; else the whole text is one chunk. */
static void check_long_text(const struct long_case *row)
{
	struct pmill_buffer text = {0};
	while (text.len < row->len)
		assert_true(pmill_buffer_append_text(&text, row->repeated));
	struct walk_settings settings;
	walk_settings_create(&settings, row->pattern, NULL, NULL, 0, SIZE_MAX);
	struct walk_log expected = {0}, got = {0};
	log_whole_file(&expected, &settings, PMILL_CORPUS_TEXT, text.data, text.len);
	struct pmill_inputs inputs = {0};
	const char *path = scratch_write(&folder, "long.txt", text.data, text.len);
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, NULL, NULL), PMILL_OK);
	struct run *run = start_run(&settings, &inputs, row->chunk_size);
	pmill_threads_run(2, walk_chunks, run);
	join_logs(run, &got);
	fail_on_difference(&expected, &got, row->repeated);
	assert_in_range(run->largest_chunk, 1, row->largest_chunk);
	assert_in_range(run->largest_lookahead, 0, row->largest_lookahead);
	end_run(run);
	walk_log_release(&expected);
	walk_log_release(&got);
	pmill_inputs_release(&inputs);
	walk_settings_release(&settings);
	pmill_buffer_release(&text);
}

static void test_long_texts(void **state)
{
	(void)state;
	static const struct long_case cases[] = {
		{"gpt2", "Words and more words. ", 1 << 20, 4096, 5000, 0},
		{"gpt2", "\xE4\xB8\xAD\xE6\x96\x87\xE3\x80\x82 ", 1 << 20, 4096, 5000, 0},
		/* Three digits at a time: no sure cut, but the serial walk finds ends of pretokens. */
		{"cl100k", "1234567", 1 << 20, 4096, 5000, 16},
		/* Undecided until the very end. */
		{"gpt2", "x", 1 << 20, 64, 2 << 20, 0},
		{"cl100k", " ", 1 << 20, 1, 2 << 20, 1 << 20},
		{"none", "no borders at all ", 1 << 20, 100, 2 << 20, 0},
		{"\\w+", "an expression ", 1 << 18, 100, 1 << 20, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_long_text(&cases[i]);
}

/* ---- Special tokens longer than a chunk ---- */

enum { LONG_TOKEN = 300 };

/* A token that text may look like for nearly its whole length. */
static void fill_long_token(uint8_t *token, const char *period)
{
	for (size_t i = 0; i < LONG_TOKEN; i++)
		token[i] = (uint8_t)period[i % strlen(period)];
	token[LONG_TOKEN - 1] = '>';
}

/* The token among text that it begins or ends like, so that a border falls `shift` bytes later. */
static void append_long_tokens(struct pmill_buffer *text, const uint8_t *token, size_t shift)
{
	bool done = true;
	for (size_t i = 0; i < shift; i++)
		done &= pmill_buffer_append(text, &"word "[i % 5], 1);
	done &= pmill_buffer_append(text, token, LONG_TOKEN);
	done &= pmill_buffer_append_text(text, " and ");
	done &= pmill_buffer_append(text, token, LONG_TOKEN - 1);
	done &= pmill_buffer_append(text, token, LONG_TOKEN);
	done &= pmill_buffer_append(text, token, LONG_TOKEN);
	done &= pmill_buffer_append(text, token + 1, LONG_TOKEN - 1);
	done &= pmill_buffer_append_text(text, " then more words");
	assert_true(done);
}

typedef void store_fn(struct pmill_buffer *out, const void *data, size_t len);

static void store_plain(struct pmill_buffer *out, const void *data, size_t len)
{
	assert_true(pmill_buffer_append(out, data, len));
}

static store_fn *const stores[] = {
	store_plain,
#if PMILL_HAVE_ZLIB
	append_gzip,
#endif
#if PMILL_HAVE_ZSTD
	append_zstd,
#endif
};

/* Stores the text in two parts; compressed, the second begins within the first token. */
static void add_stored(
	struct pmill_inputs *inputs, const struct pmill_buffer *text, store_fn *store)
{
	struct pmill_buffer stored = {0};
	size_t middle = text->len / 6;
	store(&stored, text->data, middle);
	store(&stored, text->data + middle, text->len - middle);
	const char *path = scratch_write(&folder, "long-token", stored.data, stored.len);
	assert_int_equal(pmill_inputs_add(inputs, &path, 1, NULL, NULL), PMILL_OK);
	pmill_buffer_release(&stored);
}

/* Returns how many chunks there are. */
static size_t walk_all(const struct walk_settings *settings, const struct pmill_inputs *inputs,
	size_t chunk_size, struct walk_log *log)
{
	struct run *run = start_run(settings, inputs, chunk_size);
	pmill_threads_run(2, walk_chunks, run);
	if (run->status != PMILL_OK)
		fail_msg("chunk size %zu: %s", chunk_size, run->error.message);
	join_logs(run, log);
	size_t count = run->chunk_count;
	end_run(run);
	return count;
}

static void check_long_token(
	const struct walk_settings *settings, const uint8_t *token, size_t shift, store_fn *store)
{
	static const size_t sizes[] = {1, 20, 64, LONG_TOKEN - 1};
	struct pmill_buffer text = {0};
	struct pmill_inputs inputs = {0};
	struct walk_log expected = {0}, whole = {0};
	append_long_tokens(&text, token, shift);
	log_whole_file(&expected, settings, PMILL_CORPUS_TEXT, text.data, text.len);
	add_stored(&inputs, &text, store);
	assert_int_equal(walk_all(settings, &inputs, 0, &whole), 1);
	fail_on_difference(&expected, &whole, "one chunk");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct walk_log got = {0};
		char what[80];
		snprintf(what, sizeof what, "shift %zu, chunk size %zu", shift, sizes[i]);
		assert_in_range(walk_all(settings, &inputs, sizes[i], &got), 3, MOST_CHUNKS);
		fail_on_difference(&whole, &got, what);
		walk_log_release(&got);
	}
	walk_log_release(&expected);
	walk_log_release(&whole);
	pmill_inputs_release(&inputs);
	pmill_buffer_release(&text);
}

/* Every border of chunks of 64 bytes falls at each place of the token once. */
static void test_tokens_longer_than_a_chunk(void **state)
{
	(void)state;
	static const char *const periods[] = {"<|a long token|", "word ", "a"};
	static const char *const used_patterns[] = {"gpt2", "o200k", "none", "\\w+"};
	for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
		uint8_t token[LONG_TOKEN];
		fill_long_token(token, periods[i]);
		const pmill_bytes tokens[] = {{token, LONG_TOKEN}, {"and", 3}};
		for (size_t j = 0; j < sizeof used_patterns / sizeof *used_patterns; j++) {
			struct walk_settings settings;
			walk_settings_create(&settings, used_patterns[j], NULL, tokens, 2, 0);
			for (size_t shift = 0; shift < 64; shift++)
				check_long_token(&settings, token, shift,
					stores[(shift + j) % (sizeof stores / sizeof *stores)]);
			walk_settings_release(&settings);
		}
	}
}

/* ---- Failures ---- */

static pmill_status run_inputs(
	const char *const *paths, size_t count, size_t chunk_size, unsigned threads, pmill_error *error)
{
	struct walk_settings settings;
	walk_settings_create(&settings, "gpt2", NULL, NULL, 0, SIZE_MAX);
	struct pmill_inputs inputs = {0};
	assert_int_equal(pmill_inputs_add(&inputs, paths, count, NULL, NULL), PMILL_OK);
	struct run *run = start_run(&settings, &inputs, chunk_size);
	pmill_threads_run(threads, walk_chunks, run);
	pmill_status status = run->status;
	*error = run->error;
	struct pmill_chunk chunk = {0};
	assert_int_equal(pmill_chunk_source_next(run->source, &chunk, NULL), PMILL_OK);
	assert_null(chunk.data);
	pmill_chunk_release(&chunk);
	end_run(run);
	pmill_inputs_release(&inputs);
	walk_settings_release(&settings);
	return status;
}

static void test_bad_json_line_is_named(void **state)
{
	(void)state;
	static const char text[] =
		"{\"text\": \"a\"}\n\n{\"text\": \"b\"}\r\n{\"text\": 1}\n{\"text\": \"c\"}\n";
	for (size_t chunk_size = 1; chunk_size < 100; chunk_size += 9) {
		pmill_error error;
		const char *path = scratch_write(&folder, "bad.jsonl", text, sizeof text - 1);
		assert_int_equal(run_inputs(&path, 1, chunk_size, 1, &error), PMILL_BAD_INPUT);
		assert_int_equal(error.offset, 39);
		char expected[1000];
		snprintf(expected, sizeof expected,
			"%s: line 4: byte 39: the field \"text\" is not a string", path);
		assert_string_equal(error.message, expected);
	}
}

static void test_file_that_shrinks(void **state)
{
	(void)state;
	struct walk_settings settings;
	walk_settings_create(&settings, "gpt2", NULL, NULL, 0, SIZE_MAX);
	size_t len = 1 << 20;
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, ' ', len);
	for (size_t i = 0; i < len; i += 5)
		text[i] = 'a';
	const char *path = scratch_write(&folder, "shrinking.txt", text, len);
	struct pmill_inputs inputs = {0};
	struct pmill_chunk chunk = {0};
	pmill_error error;
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, NULL, NULL), PMILL_OK);
	struct run *run = start_run(&settings, &inputs, 1000);
	assert_int_equal(pmill_chunk_source_next(run->source, &chunk, &error), PMILL_OK);
	assert_int_equal(truncate(path, (off_t)len / 2), 0);
	pmill_status status = PMILL_OK;
	while (status == PMILL_OK && chunk.data != NULL)
		status = pmill_chunk_source_next(run->source, &chunk, &error);
	assert_int_equal(status, PMILL_BAD_INPUT);
	assert_int_equal(error.offset, len / 2);
	assert_non_null(strstr(error.message, "shrank"));
	pmill_chunk_release(&chunk);
	end_run(run);
	pmill_inputs_release(&inputs);
	walk_settings_release(&settings);
	free(text);
}

static void test_deleted_file(void **state)
{
	(void)state;
	struct walk_settings settings;
	walk_settings_create(&settings, "gpt2", NULL, NULL, 0, SIZE_MAX);
	const char *path = scratch_write(&folder, "gone.txt", "a b", 3);
	struct pmill_inputs inputs = {0};
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, NULL, NULL), PMILL_OK);
	assert_int_equal(unlink(path), 0);
	struct run *run = start_run(&settings, &inputs, 0);
	pmill_threads_run(4, walk_chunks, run);
	assert_int_equal(run->status, PMILL_IO);
	assert_int_equal(run->chunk_count, 0);
	end_run(run);
	pmill_inputs_release(&inputs);
	walk_settings_release(&settings);
}

static void *stop_soon(void *source)
{
	usleep(20000);
	pmill_chunk_source_stop(source);
	return NULL;
}

static void test_stop_while_a_pipe_is_silent(void **state)
{
	(void)state;
	struct walk_settings settings;
	walk_settings_create(&settings, "gpt2", NULL, NULL, 0, SIZE_MAX);
	const char *path = scratch_path(&folder, "pipe");
	assert_int_equal(mkfifo(path, 0600), 0);
	struct pmill_inputs inputs = {0};
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, NULL, NULL), PMILL_OK);
	int writer = open(path, O_RDWR);
	assert_true(writer >= 0 && write(writer, "some words", 10) == 10);
	struct run *run = start_run(&settings, &inputs, 0);
	pthread_t stopper;
	assert_int_equal(pthread_create(&stopper, NULL, stop_soon, run->source), 0);
	pmill_threads_run(3, walk_chunks, run);
	pthread_join(stopper, NULL);
	assert_int_equal(run->status, PMILL_OK);
	assert_int_equal(run->chunk_count, 0);
	close(writer);
	end_run(run);
	pmill_inputs_release(&inputs);
	walk_settings_release(&settings);
}

static void test_hashes_of_inputs(void **state)
{
	(void)state;
	struct walk_settings settings;
	walk_settings_create(&settings, "gpt2", NULL, NULL, 0, SIZE_MAX);
	struct pmill_inputs inputs = {0};
	const char *path = scratch_write(&folder, "empty.txt", "", 0);
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, NULL, NULL), PMILL_OK);
	path = scratch_write(&folder, "abc.txt", "abc", 3);
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, NULL, NULL), PMILL_OK);
	struct run *run = start_run(&settings, &inputs, 0);
	pmill_threads_run(1, walk_chunks, run);
	size_t count;
	const pmill_input *done = pmill_chunk_source_inputs(run->source, &count);
	assert_int_equal(count, 2);
	assert_int_equal(run->logs[0].documents, 0);
	assert_int_equal(run->logs[1].documents, 1);
	assert_int_equal(done[1].bytes, 3);
	assert_string_equal(
		done[0].sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(
		done[1].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	end_run(run);
	pmill_inputs_release(&inputs);
	walk_settings_release(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_texts),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_tokens_longer_than_a_chunk),
		cmocka_unit_test(test_bad_json_line_is_named),
		cmocka_unit_test(test_file_that_shrinks),
		cmocka_unit_test(test_deleted_file),
		cmocka_unit_test(test_stop_while_a_pipe_is_silent),
		cmocka_unit_test(test_hashes_of_inputs),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
