/* Runs many small cases in one process, driven through pipes: trains, counts, loads, encodes. */
/* SPDX-License-Identifier: MIT */
/*
 * Input and output are records "key length LF bytes LF". A case is the records up to "run", and its
 * answer the records up to "end". Like any other program, this uses only the public header. Keys
 * marked * may be repeated.
 *
 *   how text is cut   pattern, unicode, special*, separator, threads, chunk_size, scanner
 *   how to train      vocab_size, min_count, reserve, pad_vocab_to, max_token_length, ties,
 *                     layout, compat
 *   what to train on  text*, file*, counts* (a path), format, field, skip_bad_lines,
 *                     add_threads (the number of threads that add the texts)
 *   instead           take (return the words, do not train), model (the bytes of a model to load),
 *                     model_path, model_format
 *   afterwards        save* (a format), encode* (a text), encode_special, allowed*
 *
 * Answers: status, message; words ("hex count" lines); totals, stopped, merges ("left right id
 * count" lines), vocab (hex lines), specials ("id hex" lines), a `saved` for each save, `ids` and
 * `decoded` for each encode. A failing save or encode gives `save_error` or `encode_error` instead.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/text_encoder.h"

struct list {
	pmill_bytes *items;
	size_t count, capacity;
};

struct test_case {
	pmill_text_options text;
	pmill_run_options run;
	pmill_input_options input;
	pmill_train_options train;
	pmill_load_options load;
	const char *encode_special;
	const char *model_path;
	pmill_bytes model;
	unsigned add_threads;
	int take;
	struct list specials, allowed, texts, files, counts, saves, encodes;
	struct list owned; /* every value read */
};

static void *or_die(void *memory)
{
	if (memory == NULL) {
		fprintf(stderr, "train: out of memory\n");
		exit(2);
	}
	return memory;
}

static void add_item(struct list *list, pmill_bytes item)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity * 2 + 8;
		list->items = or_die(realloc(list->items, list->capacity * sizeof *list->items));
	}
	list->items[list->count++] = item;
}

static void put(const char *key, const void *data, size_t len)
{
	printf("%s %zu\n", key, len);
	fwrite(data, 1, len, stdout);
	putchar('\n');
}

static void put_text(const char *key, const char *text)
{
	put(key, text, strlen(text));
}

static void put_failure(const char *key, const pmill_error *error)
{
	put_text(key, error->message);
}

/* Lines are collected in memory, because a record begins with its length. */
static FILE *open_lines(char **data, size_t *len)
{
	return or_die(open_memstream(data, len));
}

static void put_lines(const char *key, FILE *lines, char **data, size_t *len)
{
	fclose(lines);
	put(key, *data, *len);
	free(*data);
}

static void put_hex(FILE *out, pmill_bytes bytes)
{
	const unsigned char *data = bytes.data;

	for (size_t i = 0; i < bytes.len; i++)
		fprintf(out, "%02x", data[i]);
}

static const char **as_paths(const struct list *list)
{
	const char **paths = or_die(calloc(list->count + 1, sizeof *paths));

	for (size_t i = 0; i < list->count; i++)
		paths[i] = list->items[i].data;
	return paths;
}

struct adder {
	pmill_counter *counter;
	const struct list *texts;
	size_t first, step;
	pmill_status status;
	pmill_error error;
};

static void *add_texts(void *argument)
{
	struct adder *adder = argument;

	for (size_t i = adder->first; i < adder->texts->count; i += adder->step) {
		const pmill_bytes *text = &adder->texts->items[i];
		adder->status = pmill_counter_add_text(
			adder->counter, text->data, text->len, &adder->error);
		if (adder->status != PMILL_OK)
			break;
	}
	return NULL;
}

static pmill_status add_all_texts(
	const struct test_case *test, pmill_counter *counter, pmill_error *error)
{
	size_t count = test->add_threads ? test->add_threads : 1;
	struct adder *adders = or_die(calloc(count, sizeof *adders));
	pthread_t *threads = or_die(calloc(count, sizeof *threads));
	pmill_status status = PMILL_OK;

	for (size_t i = 0; i < count; i++) {
		adders[i] = (struct adder){
			.counter = counter, .texts = &test->texts, .first = i, .step = count};
		if (count == 1)
			add_texts(&adders[i]);
		else if (pthread_create(&threads[i], NULL, add_texts, &adders[i]) != 0)
			exit(2);
	}
	for (size_t i = 0; i < count; i++) {
		if (count > 1)
			pthread_join(threads[i], NULL);
		if (status == PMILL_OK && adders[i].status != PMILL_OK) {
			status = adders[i].status;
			*error = adders[i].error;
		}
	}
	free(adders);
	free(threads);
	return status;
}

static pmill_status add_counts(
	const struct test_case *test, pmill_counter *counter, pmill_error *error)
{
	for (size_t i = 0; i < test->counts.count; i++) {
		pmill_counts *counts = NULL;
		pmill_status status = pmill_counts_load(
			test->counts.items[i].data, NULL, &test->text, &test->run, &counts, error);
		if (status == PMILL_OK)
			status = pmill_counter_add_counts(counter, counts, error);
		pmill_counts_free(counts);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

static pmill_status add_everything(
	const struct test_case *test, pmill_counter *counter, pmill_error *error)
{
	pmill_status status = add_all_texts(test, counter, error);

	if (status == PMILL_OK && test->files.count > 0) {
		const char **paths = as_paths(&test->files);
		status = pmill_counter_add_files(counter, paths, test->files.count, &test->input, error);
		free(paths);
	}
	return status == PMILL_OK ? add_counts(test, counter, error) : status;
}

static void put_totals(const pmill_totals *totals)
{
	char line[200];

	snprintf(line, sizeof line, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
		totals->documents, totals->bytes, totals->pretokens, totals->words, totals->bad_lines);
	put_text("totals", line);
}

static void put_words(const pmill_counts *counts)
{
	char *data;
	size_t len;
	FILE *lines = open_lines(&data, &len);
	pmill_counts_info info = {.size = sizeof info};

	pmill_counts_get_info(counts, &info);
	for (size_t i = 0; i < info.totals.words; i++) {
		pmill_bytes word;
		int64_t count;
		pmill_counts_get_word(counts, i, &word, &count);
		put_hex(lines, word);
		fprintf(lines, " %" PRId64 "\n", count);
	}
	put_totals(&info.totals);
	put_lines("words", lines, &data, &len);
}

static void put_merges(const pmill_tokenizer *tokenizer)
{
	pmill_training training = {.size = sizeof training};
	char *data;
	size_t len;
	FILE *lines = open_lines(&data, &len);

	pmill_tokenizer_get_training(tokenizer, &training);
	for (size_t rank = 0; rank < pmill_tokenizer_merge_count(tokenizer); rank++) {
		uint32_t left, right, id;
		pmill_tokenizer_get_merge(tokenizer, rank, &left, &right, &id);
		fprintf(lines, "%" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRId64 "\n", left, right, id,
			training.version != NULL ? training.merge_counts[rank] : 0);
	}
	put_lines("merges", lines, &data, &len);
}

static void put_vocab(const pmill_tokenizer *tokenizer)
{
	char *data;
	size_t len;
	FILE *lines = open_lines(&data, &len);

	for (uint32_t id = 0; id < pmill_tokenizer_vocab_size(tokenizer); id++) {
		put_hex(lines, pmill_tokenizer_token_bytes(tokenizer, id));
		putc('\n', lines);
	}
	put_lines("vocab", lines, &data, &len);
	lines = open_lines(&data, &len);
	for (size_t i = 0; i < pmill_tokenizer_special_count(tokenizer); i++) {
		pmill_special_info info = {.size = sizeof info};
		pmill_tokenizer_get_special(tokenizer, i, &info);
		fprintf(lines, "%" PRIu32 " ", info.id);
		put_hex(lines, info.content);
		putc('\n', lines);
	}
	put_lines("specials", lines, &data, &len);
}

static void put_saved(const struct test_case *test, const pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < test->saves.count; i++) {
		pmill_error error;
		void *data;
		size_t len;
		if (pmill_tokenizer_save_memory(
				tokenizer, test->saves.items[i].data, &data, &len, &error) != PMILL_OK) {
			put_failure("save_error", &error);
			continue;
		}
		put("saved", data, len);
		pmill_memory_free(data);
	}
}

static void put_decoded(const pmill_tokenizer *tokenizer, const uint32_t *ids, size_t count)
{
	pmill_error error;
	void *text = NULL;
	size_t len;

	if (pmill_tokenizer_decode(tokenizer, ids, count, NULL, &text, &len, &error) == PMILL_OK)
		put("decoded", text, len);
	else
		put_failure("decode_error", &error);
	pmill_memory_free(text);
}

static void put_ids(const pmill_tokenizer *tokenizer, const uint32_t *ids, size_t count)
{
	char *data;
	size_t len;
	FILE *line = open_lines(&data, &len);
	uint32_t *copy = or_die(malloc((count + 1) * sizeof *copy));

	for (size_t i = 0; i < count; i++) {
		copy[i] = ids[i];
		fprintf(line, "%" PRIu32 " ", ids[i]);
	}
	put_lines("ids", line, &data, &len);
	put_decoded(tokenizer, copy, count);
	free(copy);
}

static void put_encoded(const struct test_case *test, const pmill_tokenizer *tokenizer)
{
	const pmill_policy_options options = {.size = sizeof options,
		.special = test->encode_special,
		.special_list = test->allowed.items,
		.special_list_count = test->allowed.count};
	struct text_encoder encoder;
	pmill_error error;

	if (test->encodes.count == 0)
		return;
	if (text_encoder_init(&encoder, tokenizer, &options, &test->run, &error) != PMILL_OK) {
		put_failure("encode_error", &error);
		return;
	}
	for (size_t i = 0; i < test->encodes.count; i++) {
		const uint32_t *ids;
		size_t count;
		if (text_encoder_encode(&encoder, test->encodes.items[i].data, test->encodes.items[i].len,
				&ids, &count, &error) == PMILL_OK)
			put_ids(tokenizer, ids, count);
		else
			put_failure("encode_error", &error);
	}
	text_encoder_release(&encoder);
}

static void put_tokenizer(const struct test_case *test, const pmill_tokenizer *tokenizer)
{
	pmill_training training = {.size = sizeof training};

	pmill_tokenizer_get_training(tokenizer, &training);
	if (training.version != NULL) {
		put_totals(&training.totals);
		put_text("stopped", training.stopped);
	}
	put_text("meaning", pmill_tokenizer_meaning(tokenizer));
	put_text("pattern", pmill_tokenizer_pattern(tokenizer));
	put_merges(tokenizer);
	put_vocab(tokenizer);
	put_saved(test, tokenizer);
	put_encoded(test, tokenizer);
}

static pmill_status load(
	const struct test_case *test, pmill_tokenizer **tokenizer, pmill_error *error)
{
	if (test->model_path != NULL)
		return pmill_tokenizer_load(test->model_path, &test->load, tokenizer, error);
	return pmill_tokenizer_load_memory(
		test->model.data, test->model.len, &test->load, tokenizer, error);
}

static pmill_status train(const struct test_case *test, pmill_tokenizer **tokenizer,
	pmill_counts **counts, pmill_error *error)
{
	pmill_counter *counter = NULL;
	pmill_text_options text = test->text;
	pmill_status status = PMILL_OK;

	text.reserve = test->train.reserve;
	if (!test->take)
		status = pmill_tokenizer_check_train(&text, &test->train, error);
	if (status == PMILL_OK)
		status = pmill_counter_create(&text, &test->run, &counter, error);
	if (status == PMILL_OK)
		status = add_everything(test, counter, error);
	if (status == PMILL_OK)
		status = test->take ? pmill_counter_take(counter, counts, error)
							: pmill_tokenizer_train(counter, &test->train, tokenizer, error);
	pmill_counter_free(counter);
	return status;
}

static void run(struct test_case *test)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_counts *counts = NULL;
	pmill_error error;
	pmill_status status;

	test->load.special_tokens = test->text.special_tokens = test->specials.items;
	test->load.special_token_count = test->text.special_token_count = test->specials.count;
	if (test->model.data != NULL || test->model_path != NULL)
		status = load(test, &tokenizer, &error);
	else
		status = train(test, &tokenizer, &counts, &error);
	put_text("status", status == PMILL_OK ? "ok" : pmill_status_text(status));
	if (status != PMILL_OK)
		put_failure("message", &error);
	if (counts != NULL)
		put_words(counts);
	if (tokenizer != NULL)
		put_tokenizer(test, tokenizer);
	put_text("end", "");
	fflush(stdout);
	pmill_counts_free(counts);
	pmill_tokenizer_free(tokenizer);
}

static struct list *find_list(struct test_case *test, const char *key)
{
	const struct {
		const char *key;
		struct list *list;
	} lists[] = {{"special", &test->specials}, {"allowed", &test->allowed}, {"text", &test->texts},
		{"file", &test->files}, {"counts", &test->counts}, {"save", &test->saves},
		{"encode", &test->encodes}};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (strcmp(lists[i].key, key) == 0)
			return lists[i].list;
	return NULL;
}

static const char **find_string(struct test_case *test, const char *key)
{
	const struct {
		const char *key;
		const char **string;
	} strings[] = {{"unicode", &test->text.unicode_version}, {"scanner", &test->run.scanner},
		{"ties", &test->train.ties}, {"layout", &test->train.layout},
		{"compat", &test->train.compat}, {"format", &test->input.format},
		{"field", &test->input.field}, {"encode_special", &test->encode_special},
		{"model_path", &test->model_path}, {"model_format", &test->load.format}};

	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		if (strcmp(strings[i].key, key) == 0)
			return strings[i].string;
	return NULL;
}

static int set_number(struct test_case *test, const char *key, const char *value)
{
	unsigned long long number = strtoull(value, NULL, 10);

	if (strcmp(key, "vocab_size") == 0)
		test->train.vocab_size = number;
	else if (strcmp(key, "min_count") == 0)
		test->train.min_count = (int64_t)number;
	else if (strcmp(key, "reserve") == 0)
		test->train.reserve = (uint32_t)number;
	else if (strcmp(key, "pad_vocab_to") == 0)
		test->train.pad_vocab_to = (uint32_t)number;
	else if (strcmp(key, "max_token_length") == 0)
		test->train.max_token_length = number;
	else if (strcmp(key, "threads") == 0)
		test->run.threads = (unsigned)number;
	else if (strcmp(key, "chunk_size") == 0)
		test->run.chunk_size = (size_t)number;
	else if (strcmp(key, "skip_bad_lines") == 0)
		test->input.skip_bad_lines = (int)number;
	else if (strcmp(key, "add_threads") == 0)
		test->add_threads = (unsigned)number;
	else if (strcmp(key, "take") == 0)
		test->take = (int)number;
	else
		return 0;
	return 1;
}

static void set(struct test_case *test, const char *key, pmill_bytes value)
{
	struct list *list = find_list(test, key);
	const char **string = find_string(test, key);

	if (list != NULL)
		add_item(list, value);
	else if (string != NULL)
		*string = value.data;
	else if (strcmp(key, "pattern") == 0)
		test->load.pattern = test->text.pattern = value.data;
	else if (strcmp(key, "separator") == 0)
		test->text.doc_separator = value;
	else if (strcmp(key, "model") == 0)
		test->model = value;
	else if (!set_number(test, key, value.data)) {
		fprintf(stderr, "train: unknown key %s\n", key);
		exit(2);
	}
}

static void begin_case(struct test_case *test)
{
	*test = (struct test_case){.text.size = sizeof test->text,
		.run.size = sizeof test->run,
		.input.size = sizeof test->input,
		.train.size = sizeof test->train,
		.load.size = sizeof test->load};
}

static void end_case(struct test_case *test)
{
	struct list *lists[] = {&test->specials, &test->allowed, &test->texts, &test->files,
		&test->counts, &test->saves, &test->encodes};

	for (size_t i = 0; i < test->owned.count; i++)
		free((void *)(uintptr_t)test->owned.items[i].data);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		free(lists[i]->items);
	free(test->owned.items);
}

/* Names and numbers end with a NUL. Bytes don't, so that sanitizers detect reads past their end. */
static int is_bytes(const char *key)
{
	static const char *const keys[] = {
		"text", "encode", "special", "allowed", "separator", "model"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(keys[i], key) == 0)
			return 1;
	return 0;
}

static int read_record(char key[32], pmill_bytes *value)
{
	size_t len;
	char *data;

	if (scanf("%31s %zu", key, &len) != 2)
		return 0;
	data = or_die(malloc(len + !(is_bytes(key) && len > 0)));
	if (getchar() != '\n' || fread(data, 1, len, stdin) != len || getchar() != '\n') {
		fprintf(stderr, "train: a record is cut short\n");
		exit(2);
	}
	if (!is_bytes(key))
		data[len] = '\0';
	*value = (pmill_bytes){data, len};
	return 1;
}

int main(void)
{
	struct test_case test;
	char key[32];
	pmill_bytes value;

	begin_case(&test);
	while (read_record(key, &value)) {
		add_item(&test.owned, value);
		if (strcmp(key, "run") != 0) {
			set(&test, key, value);
			continue;
		}
		run(&test);
		end_case(&test);
		begin_case(&test);
	}
	end_case(&test);
	return 0;
}
