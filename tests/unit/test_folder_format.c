/* Models in folders: read while they are replaced, and written out of memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/training_json.h"
#include "support/plan.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/scratch_folder.h"

pmill_status __real_pmill_training_json_read(struct pmill_tokenizer *tokenizer, const void *data,
	size_t len, const char *name, const pmill_load_options *options, pmill_error *error);
pmill_status __wrap_pmill_training_json_read(struct pmill_tokenizer *tokenizer, const void *data,
	size_t len, const char *name, const pmill_load_options *options, pmill_error *error);

/* What another program writes between two files of a folder that is being read. */
static struct {
	const pmill_tokenizer *tokenizer;
	const char *path;
	int times;
} writer;

pmill_status __wrap_pmill_training_json_read(struct pmill_tokenizer *tokenizer, const void *data,
	size_t len, const char *name, const pmill_load_options *options, pmill_error *error)
{
	if (writer.times-- > 0)
		assert_int_equal(
			pmill_tokenizer_save(writer.tokenizer, writer.path, NULL, PMILL_OVERWRITE, NULL),
			PMILL_OK);
	return __real_pmill_training_json_read(tokenizer, data, len, name, options, error);
}

static const int64_t merge_counts[PLAN_MERGES] = {7, 7, 7, 6, 5, 4, 3};
static const pmill_training training = {.version = "0.1.0",
	.vocab_size_asked = 300,
	.merges = PLAN_MERGES,
	.stopped = "no-pairs",
	.min_count = 1,
	.ties = "bytes",
	.layout = "hf",
	.threads = 1,
	.merge_counts = merge_counts};

static pmill_tokenizer *make_model(const char *layout, uint32_t pad_count)
{
	pmill_pair_ids pairs[PLAN_MERGES];
	struct pmill_tokenizer_plan plan = make_plan(layout, pairs);
	plan.pattern = "gpt2";
	plan.unicode_version = "15.0";
	plan.pad_count = pad_count;
	plan.training = &training;
	pmill_tokenizer *tokenizer = NULL;
	assert_int_equal(pmill_tokenizer_build(&plan, &tokenizer, NULL), PMILL_OK);
	return tokenizer;
}

/* Read again, the folder is one model, also if the first two tries met two. */
static void test_replaced_while_read(void **state)
{
	(void)state;
	struct scratch_folder folder;
	scratch_create(&folder);
	pmill_tokenizer *old = make_model("hf", 2), *new = make_model("gpt2", 3), *loaded = NULL;
	char path[500];
	snprintf(path, sizeof path, "%s", scratch_path(&folder, "m"));
	for (int times = 1; times <= 2; times++) {
		assert_int_equal(pmill_tokenizer_save(old, path, NULL, PMILL_OVERWRITE, NULL), PMILL_OK);
		writer.tokenizer = new;
		writer.path = path;
		writer.times = times;
		assert_int_equal(pmill_tokenizer_load(path, NULL, &loaded, NULL), PMILL_OK);
		assert_int_equal(pmill_tokenizer_vocab_size(loaded), pmill_tokenizer_vocab_size(new));
		pmill_tokenizer_free(loaded);
	}
	/* A folder that is exchanged all the time is read in the end. */
	writer.times = 1000;
	assert_int_equal(pmill_tokenizer_load(path, NULL, &loaded, NULL), PMILL_OK);
	assert_in_range(writer.times, 980, 999);
	writer.times = 0;
	pmill_tokenizer_free(loaded);
	pmill_tokenizer_free(old);
	pmill_tokenizer_free(new);
	scratch_remove(&folder);
}

static uint32_t loaded_size(const char *path)
{
	pmill_tokenizer *loaded = NULL;
	assert_int_equal(pmill_tokenizer_load(path, NULL, &loaded, NULL), PMILL_OK);
	const uint32_t size = pmill_tokenizer_vocab_size(loaded);
	pmill_tokenizer_free(loaded);
	return size;
}

static void check_out_of_memory(const char *path, const char *foreign)
{
	pmill_tokenizer *models[2] = {make_model("hf", 2), make_model("hf", 3)};
	assert_int_equal(pmill_tokenizer_save(models[0], path, NULL, PMILL_OVERWRITE, NULL), PMILL_OK);
	bool refused = true;
	for (long k = 0; refused; k++) {
		allocations_left = k;
		const pmill_status status = pmill_tokenizer_save(
			models[1], path, NULL, PMILL_OVERWRITE, NULL);
		refused = was_refused();
		assert_true(status == PMILL_OK || (refused && status == PMILL_NO_MEMORY));
		assert_int_equal(loaded_size(path), pmill_tokenizer_vocab_size(models[status == PMILL_OK]));
		assert_int_equal(access(foreign, F_OK), 0);
		if (status == PMILL_OK)
			assert_int_equal(
				pmill_tokenizer_save(models[0], path, NULL, PMILL_OVERWRITE, NULL), PMILL_OK);
	}
	pmill_tokenizer_free(models[0]);
	pmill_tokenizer_free(models[1]);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	struct scratch_folder folder;
	scratch_create(&folder);
	char path[500], foreign[600];
	snprintf(path, sizeof path, "%s", scratch_path(&folder, "m"));
	snprintf(foreign, sizeof foreign, "%s/notes", path);
	scratch_make_folder(&folder, "m");
	scratch_write(&folder, "m/notes", "mine", 4);
	check_out_of_memory(path, foreign);
	/* A link among the files makes them be replaced one by one. */
	unlink(scratch_path(&folder, "m/vocab.json"));
	scratch_write(&folder, "shared", "", 0);
	assert_int_equal(symlink("../shared", scratch_path(&folder, "m/vocab.json")), 0);
	check_out_of_memory(path, foreign);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced_while_read),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
