/* Times the library's encoding calls, for bench/calls.py, which times the same ones in Python. */
/* SPDX-License-Identifier: MIT */
/*
 *   bench_calls MODEL FILE LEN COUNT RUNS [THREADS]
 *
 * The texts are the first COUNT pieces of LEN bytes of FILE. With THREADS they are one batch, whose
 * ids are handed over, else each is a call of its own. Stdout: a line for each of RUNS: the seconds
 * for all texts, those of all processors, and the number of ids.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pairmill.h"

struct job {
	pmill_tokenizer *tokenizer;
	pmill_encoder *encoder;
	pmill_ids *ids; /* of single calls */
	pmill_bytes *texts;
	size_t count;
	pmill_run_options run;
};

static void require(int is_good, const char *what)
{
	if (!is_good) {
		fprintf(stderr, "bench_calls: %s\n", what);
		exit(1);
	}
}

static double now(void)
{
	struct timespec time;
	timespec_get(&time, TIME_UTC);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static size_t to_number(const char *word)
{
	return strtoull(word, NULL, 10);
}

static void read_texts(struct job *job, const char *path, size_t len, size_t count)
{
	char *data = malloc(len * count + 1);
	job->texts = malloc((count + 1) * sizeof *job->texts);
	FILE *file = fopen(path, "rb");
	require(data != NULL && job->texts != NULL && file != NULL, "no file or memory");
	require(fread(data, len, count, file) == count, "the file is too short");
	fclose(file);
	job->count = count;
	for (size_t i = 0; i < count; i++)
		job->texts[i] = (pmill_bytes){data + i * len, len};
}

static uint64_t encode_each(const struct job *job)
{
	uint64_t count = 0;
	pmill_error error;
	for (size_t i = 0; i < job->count; i++) {
		pmill_ids_view view = {.size = sizeof view};
		pmill_ids_clear(job->ids);
		require(pmill_encoder_encode(job->encoder, job->texts[i].data, job->texts[i].len, NULL,
					job->ids, &error) == PMILL_OK,
			error.message);
		pmill_ids_get(job->ids, &view);
		count += view.count;
	}
	return count;
}

static uint64_t encode_batch(const struct job *job)
{
	pmill_error error;
	pmill_ids *ids;
	pmill_ids_view view = {.size = sizeof view};
	require(pmill_ids_create(job->tokenizer, NULL, &ids, &error) == PMILL_OK, error.message);
	require(pmill_encoder_encode_batch(
				job->encoder, job->texts, job->count, NULL, &job->run, ids, &error) == PMILL_OK,
		error.message);
	pmill_ids_take(ids, &view);
	pmill_ids_free(ids);
	pmill_memory_free((void *)view.data);
	pmill_memory_free((void *)view.ends);
	return view.count;
}

int main(int argc, char **argv)
{
	require(argc == 6 || argc == 7, "usage: bench_calls MODEL FILE LEN COUNT RUNS [THREADS]");
	struct job job = {.run = {.size = sizeof job.run}};
	pmill_error error;
	require(pmill_tokenizer_load(argv[1], NULL, &job.tokenizer, &error) == PMILL_OK &&
			pmill_encoder_create(job.tokenizer, NULL, &job.encoder, &error) == PMILL_OK &&
			pmill_ids_create(job.tokenizer, NULL, &job.ids, &error) == PMILL_OK,
		error.message);
	read_texts(&job, argv[2], to_number(argv[3]), to_number(argv[4]));
	job.run.threads = argc == 7 ? (unsigned)to_number(argv[6]) : 0;
	for (size_t run = to_number(argv[5]); run > 0; run--) {
		clock_t cpu = clock();
		double began = now();
		uint64_t count = argc == 7 ? encode_batch(&job) : encode_each(&job);
		double seconds = now() - began;
		double cpu_seconds = (double)(clock() - cpu) / CLOCKS_PER_SEC;
		printf("%.9f %.6f %llu\n", seconds, cpu_seconds, (unsigned long long)count);
	}
	pmill_ids_free(job.ids);
	pmill_encoder_free(job.encoder);
	pmill_tokenizer_free(job.tokenizer);
	return 0;
}
