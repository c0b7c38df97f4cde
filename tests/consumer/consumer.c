/* An external program: trains on text from two threads, saves, loads, encodes, decodes. */
/* SPDX-License-Identifier: MIT */
#include <pairmill.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
	"the cat sat on the mat; the cats and the mats, the hat that sat.<|end|>";

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

static void *add_text(void *trainer)
{
	pmill_error error;
	for (int i = 0; i < 100; i++)
		check(pmill_trainer_add_text(trainer, text, strlen(text), &error), &error);
	return NULL;
}

static int count_progress(void *context, const pmill_progress *progress)
{
	expect(progress->stage != NULL && progress->unit != NULL,
		"a progress event without stage or unit");
	++*(int *)context;
	return 0;
}

static pmill_tokenizer *train(void)
{
	pmill_error error;
	int events = 0;
	pmill_bytes end = {"<|end|>", 7};
	pmill_text_options text_options = {.size = sizeof text_options,
		.special_tokens = &end,
		.special_token_count = 1,
		.progress = count_progress,
		.progress_context = &events};
	pmill_train_options options = {.size = sizeof options, .vocab_size = 270};
	pmill_trainer *trainer;
	check(pmill_trainer_create(&text_options, &options, &trainer, &error), &error);
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		expect(pthread_create(&threads[i], NULL, add_text, trainer) == 0, "cannot start a thread");
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pmill_tokenizer *tokenizer;
	check(pmill_trainer_train(trainer, &tokenizer, &error), &error);
	pmill_trainer_free(trainer);
	expect(events > 0, "no progress was reported");
	return tokenizer;
}

static pmill_tokenizer *save_and_load(pmill_tokenizer *tokenizer)
{
	pmill_error error;
	void *data;
	size_t len;
	check(pmill_tokenizer_save_memory(tokenizer, "tokenizer.json", &data, &len, &error), &error);
	pmill_tokenizer_free(tokenizer);
	pmill_load_options options = {.size = sizeof options, .format = "tokenizer.json"};
	check(pmill_tokenizer_load_memory(data, len, &options, &tokenizer, &error), &error);
	pmill_memory_free(data);
	return tokenizer;
}

static void check_round_trip(const pmill_tokenizer *tokenizer)
{
	pmill_error error;
	pmill_encode_options options = {.size = sizeof options, .special_tokens = "all"};
	pmill_encoder *encoder;
	check(pmill_encoder_create(tokenizer, &options, &encoder, &error), &error);
	const uint32_t *ids;
	size_t id_count, len;
	check(pmill_encoder_encode(encoder, text, strlen(text), &ids, &id_count, &error), &error);
	expect(id_count > 0 && id_count < strlen(text), "encoding shortened nothing");
	expect(ids[id_count - 1] == 256, "the special token has the wrong id");
	char back[sizeof text];
	check(
		pmill_tokenizer_decode(tokenizer, ids, id_count, back, sizeof back, &len, &error), &error);
	expect(len == strlen(text) && memcmp(back, text, len) == 0, "decoding gave different bytes");
	pmill_encoder_free(encoder);
}

int main(void)
{
	char version[32];
	snprintf(version, sizeof version, "%d.%d.%d", PMILL_VERSION_MAJOR, PMILL_VERSION_MINOR,
		PMILL_VERSION_PATCH);
	expect(strcmp(version, pmill_version()) == 0, "header and library differ in version");
	pmill_tokenizer *tokenizer = train();
	expect(pmill_tokenizer_vocab_size(tokenizer) == 270, "the vocab size is not the requested one");
	/* "at" is the most frequent pair, and merges come after the bytes and the special token. */
	uint32_t left, right, id;
	pmill_tokenizer_merge(tokenizer, 0, &left, &right, &id);
	expect(left == 'a' && right == 't' && id == 257, "the first merge is not \"at\"");
	tokenizer = save_and_load(tokenizer);
	check_round_trip(tokenizer);
	pmill_tokenizer_free(tokenizer);
	printf("consumer: pairmill %s works\n", pmill_version());
	return 0;
}
