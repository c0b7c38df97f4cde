/* Deep copies of the record of a training run. */
/* SPDX-License-Identifier: MIT */
#include "model/training_record.h"

#include <string.h>

/* NULL stays NULL. Returns false if out of memory. */
static bool copy_text(struct pmill_arena *arena, const char **text)
{
	if (*text == NULL)
		return true;
	*text = pmill_arena_copy(arena, *text, strlen(*text));
	return *text != NULL;
}

/* Copies `count` items. Returns NULL only if out of memory. */
static void *copy_items(struct pmill_arena *arena, const void *items, size_t count, size_t size)
{
	if (count > SIZE_MAX / size)
		return NULL;
	void *copy = pmill_arena_allocate(arena, count * size, 16);
	if (copy != NULL && count > 0)
		memcpy(copy, items, count * size);
	return copy;
}

static bool copy_stages(struct pmill_arena *arena, pmill_training *training)
{
	pmill_stage *stages = copy_items(
		arena, training->stages, training->stage_count, sizeof *stages);
	if (stages == NULL)
		return false;
	for (size_t i = 0; i < training->stage_count; i++)
		if (!copy_text(arena, &stages[i].name))
			return false;
	training->stages = stages;
	return true;
}

static bool copy_inputs(struct pmill_arena *arena, pmill_training *training)
{
	pmill_input *inputs = copy_items(
		arena, training->inputs, training->input_count, sizeof *inputs);
	if (inputs == NULL)
		return false;
	for (size_t i = 0; i < training->input_count; i++)
		if (!copy_text(arena, &inputs[i].name) || !copy_text(arena, &inputs[i].sha256))
			return false;
	training->inputs = inputs;
	return true;
}

static bool copy_merge_counts(struct pmill_arena *arena, pmill_training *training)
{
	if (training->merge_counts == NULL)
		return true;
	if (training->merges > SIZE_MAX)
		return false;
	training->merge_counts = copy_items(
		arena, training->merge_counts, (size_t)training->merges, sizeof *training->merge_counts);
	return training->merge_counts != NULL;
}

pmill_training *pmill_training_record_copy(
	struct pmill_arena *arena, const pmill_training *training)
{
	pmill_training *copy = copy_items(arena, training, 1, sizeof *copy);
	if (copy == NULL)
		return NULL;
	const bool done = copy_text(arena, &copy->version) && copy_text(arena, &copy->stopped) &&
		copy_text(arena, &copy->ties) && copy_text(arena, &copy->layout) &&
		copy_text(arena, &copy->compat) && copy_stages(arena, copy) && copy_inputs(arena, copy) &&
		copy_merge_counts(arena, copy);
	return done ? copy : NULL;
}
