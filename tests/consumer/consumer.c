/* A program of somebody else's: counts text from two threads, trains, saves, encodes, decodes. */
/* SPDX-License-Identifier: MIT */
#include <pairmill.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
	"the cat sat on the mat; the cats and the mats, the hat that sat.<|end|>";

enum { THREADS = 2, TIMES = 100, VOCAB_SIZE = 270 };

static void check(pmill_status status, const pmill_error *error)
{
	if (status == PMILL_OK)
		return;
	fprintf(stderr, "consumer: %s: %s\n", pmill_status_text(status), error->message);
	exit(1);
}

static void expect(int is_so, const char *what)
{
	if (is_so)
		return;
	fprintf(stderr, "consumer: %s\n", what);
	exit(1);
}

/* ---- Counting ---- */

static void *add_text(void *counter)
{
	pmill_error error;
	for (int i = 0; i < TIMES; i++)
		check(pmill_counter_add_text(counter, text, strlen(text), &error), &error);
	return NULL;
}

static int count_progress(void *context, const pmill_progress *progress)
{
	expect(progress->stage != NULL && progress->unit != NULL,
		"a progress event without stage or unit");
	++*(int *)context;
	return 0;
}

static pmill_counter *create_counter(int *events)
{
	pmill_error error;
	const pmill_bytes end = {"<|end|>", 7};
	pmill_text_options words = {
		.size = sizeof words, .special_tokens = &end, .special_token_count = 1};
	pmill_run_options run = {.size = sizeof run,
		.threads = THREADS,
		.progress = count_progress,
		.progress_context = events};
	pmill_counter *counter;
	check(pmill_counter_create(&words, &run, &counter, &error), &error);
	return counter;
}

static void count_text(pmill_counter *counter)
{
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		expect(pthread_create(&threads[i], NULL, add_text, counter) == 0, "no thread");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void check_counts(const pmill_counts *counts)
{
	pmill_counts_info info = {.size = sizeof info};
	expect(pmill_counts_get_info(counts, &info) == PMILL_OK, "no info of the counts");
	expect(info.totals.documents == THREADS * TIMES, "another number of documents");
	expect(info.totals.bytes == THREADS * TIMES * strlen(text), "another number of bytes");
	expect(strcmp(info.pattern, "gpt2") == 0, "another pattern than the default");
	expect(info.special_token_count == 1, "another number of special tokens");
	uint64_t pretokens = 0;
	for (size_t i = 0; i < info.totals.words; i++) {
		pmill_bytes word;
		int64_t count;
		expect(pmill_counts_get_word(counts, i, &word, &count) == PMILL_OK, "no such word");
		expect(word.len > 0 && count % (THREADS * TIMES) == 0, "a word was miscounted");
		pretokens += (uint64_t)count;
	}
	expect(pretokens == info.totals.pretokens, "the counts don't add up");
}

/* ---- Training ---- */

static void check_training(const pmill_tokenizer *tokenizer)
{
	pmill_training training = {.size = sizeof training};
	expect(pmill_tokenizer_get_training(tokenizer, &training) == PMILL_OK, "no record");
	expect(strcmp(training.version, pmill_version()) == 0, "the record has another version");
	expect(training.vocab_size_asked == VOCAB_SIZE, "the record has another vocab size");
	expect(training.merges == pmill_tokenizer_merge_count(tokenizer), "the record has more merges");
	expect(pmill_tokenizer_vocab_size(tokenizer) == VOCAB_SIZE, "another vocab size than asked");
	/* Nothing is as frequent as "at", and ids after the bytes and the special token are merges. */
	uint32_t left, right, id;
	expect(pmill_tokenizer_get_merge(tokenizer, 0, &left, &right, &id) == PMILL_OK, "no merge");
	expect(left == 'a' && right == 't' && id == 257, "the first merge is not \"at\"");
}

static void expect_same_merges(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	size_t count = pmill_tokenizer_merge_count(a);
	expect(pmill_tokenizer_merge_count(b) == count, "another number of merges");
	for (size_t i = 0; i < count; i++) {
		uint32_t x[3], y[3];
		pmill_tokenizer_get_merge(a, i, &x[0], &x[1], &x[2]);
		pmill_tokenizer_get_merge(b, i, &y[0], &y[1], &y[2]);
		expect(memcmp(x, y, sizeof x) == 0, "another merge");
	}
}

/* At once, and from counts that are kept. */
static pmill_tokenizer *train(void)
{
	pmill_error error;
	int events = 0;
	pmill_train_options options = {.size = sizeof options, .vocab_size = VOCAB_SIZE};
	pmill_counter *counter = create_counter(&events);
	count_text(counter);
	pmill_tokenizer *tokenizer;
	check(pmill_tokenizer_train(counter, &options, &tokenizer, &error), &error);
	expect(events > 0, "no progress was told");
	check_training(tokenizer);

	count_text(counter);
	pmill_counts *counts;
	check(pmill_counter_take(counter, &counts, &error), &error);
	pmill_counter_free(counter);
	check_counts(counts);
	pmill_tokenizer *same;
	check(pmill_tokenizer_train_from_counts(counts, &options, NULL, &same, &error), &error);
	pmill_counts_free(counts);
	expect_same_merges(tokenizer, same);
	pmill_tokenizer_free(same);
	return tokenizer;
}

/* ---- Using ---- */

static pmill_tokenizer *save_and_load(pmill_tokenizer *tokenizer)
{
	pmill_error error;
	void *data;
	size_t len;
	check(pmill_tokenizer_save_memory(tokenizer, "tokenizer.json", &data, &len, &error), &error);
	pmill_load_options options = {.size = sizeof options, .format = "tokenizer.json"};
	pmill_tokenizer *loaded;
	check(pmill_tokenizer_load_memory(data, len, &options, &loaded, &error), &error);
	pmill_memory_free(data);
	expect_same_merges(tokenizer, loaded);
	pmill_tokenizer_free(tokenizer);
	return loaded;
}

static void check_round_trip(const pmill_tokenizer *tokenizer)
{
	pmill_error error;
	pmill_policy_options choices = {.size = sizeof choices, .special = "all"};
	pmill_policy *policy;
	check(pmill_policy_create(tokenizer, &choices, &policy, &error), &error);
	pmill_encoder *encoder;
	check(pmill_encoder_create(tokenizer, NULL, &encoder, &error), &error);
	pmill_ids_options width = {.size = sizeof width, .id_bytes = 4};
	pmill_ids *buffer;
	check(pmill_ids_create(tokenizer, &width, &buffer, &error), &error);
	check(pmill_encoder_encode(encoder, text, strlen(text), policy, buffer, &error), &error);
	pmill_ids_view view = {.size = sizeof view};
	expect(pmill_ids_get(buffer, &view) == PMILL_OK, "no view of the ids");
	const uint32_t *ids = view.data;
	size_t id_count = view.count, len;
	expect(view.document_count == 1 && view.ends[0] == id_count, "another number of documents");
	expect(id_count > 0 && id_count < strlen(text), "encoding made nothing shorter");
	expect(ids[id_count - 1] == 256, "the special token has another id");
	void *back;
	check(pmill_tokenizer_decode(tokenizer, ids, id_count, NULL, &back, &len, &error), &error);
	expect(len == strlen(text) && memcmp(back, text, len) == 0, "decoding gave other bytes");
	pmill_memory_free(back);
	pmill_ids_free(buffer);
	pmill_encoder_free(encoder);
	pmill_policy_free(policy);
}

int main(void)
{
	char version[32];
	snprintf(version, sizeof version, "%d.%d.%d", PMILL_VERSION_MAJOR, PMILL_VERSION_MINOR,
		PMILL_VERSION_PATCH);
	expect(strcmp(version, pmill_version()) == 0, "header and library differ in version");
	pmill_tokenizer *tokenizer = save_and_load(train());
	check_round_trip(tokenizer);
	pmill_tokenizer_free(tokenizer);
	printf("consumer: pairmill %s works\n", pmill_version());
	return 0;
}
