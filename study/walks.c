/* Experiments: the cost of walking a list of pairs, in children and in the process that owns it. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "base/progress.h"
#include "search.h"
#include "trial.h"

/* A walk returns the index of the highest count, the first of several. */
typedef size_t walk_fn(struct pmill_study_item *items, size_t count);

__attribute__((noinline)) static size_t walk_reading(struct pmill_study_item *items, size_t count)
{
	size_t best = 0;
	for (size_t i = 1; i < count; i++)
		if (items[i].count > items[best].count)
			best = i;
	return best;
}

/*
 * Does as Python, which counts a reference in every object it looks at. The counter is `right`,
 * which the walk does not otherwise use, so the list has the same size as in the other walk.
 */
static size_t walk_writing(struct pmill_study_item *items, size_t count)
{
	size_t best = 0;
	for (size_t i = 0; i < count; i++) {
		items[i].right++;
		if (items[i].count > items[best].count)
			best = i;
	}
	return best;
}

struct list {
	struct pmill_study_item *items;
	size_t count;
	walk_fn *walk;
};

/* Distinct pairs, with counts from a simple generator: the same list in every run. */
static struct pmill_study_item *make_items(size_t count)
{
	enum { LEFTS = 1 << 13 };
	struct pmill_study_item *items = malloc(count * sizeof *items);
	uint64_t random = 1;
	for (size_t i = 0; items != NULL && i < count; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		items[i] = (struct pmill_study_item){
			(int64_t)(random >> 34) + 1, (uint32_t)(i % LEFTS), (uint32_t)(i / LEFTS)};
	}
	return items;
}

/* ---- Walking a list, and its cost ---- */

struct cost {
	uint64_t best;
	uint64_t faults_before; /* minor page faults of the process before the walk */
	uint64_t faults_during;
	uint64_t ns, again_ns; /* of the first walk, and of a second one */
};

static struct cost measure_walk(const struct list *list)
{
	struct pmill_study_counters counters = {0};
	struct cost cost = {0};
	pmill_study_counters_read(&counters);
	cost.faults_before = counters.own_minor_faults;
	uint64_t began = pmill_clock_ns();
	cost.best = list->walk(list->items, list->count);
	cost.ns = pmill_clock_ns() - began;
	pmill_study_counters_since(&counters);
	cost.faults_during = counters.own_minor_faults;
	began = pmill_clock_ns();
	list->walk(list->items, list->count);
	cost.again_ns = pmill_clock_ns() - began;
	return cost;
}

static int walk_and_answer(const struct list *list, int out)
{
	struct pmill_buffer message = {0};
	const struct cost cost = measure_walk(list);
	bool done = pmill_study_put_u64(&message, cost.best) &&
		pmill_study_put_u64(&message, cost.faults_before) &&
		pmill_study_put_u64(&message, cost.faults_during) &&
		pmill_study_put_u64(&message, cost.ns) && pmill_study_put_u64(&message, cost.again_ns) &&
		pmill_study_send(out, &message, "the parent", NULL, NULL) == PMILL_OK;
	pmill_buffer_release(&message);
	return done ? 0 : 1;
}

static struct cost get_cost(const struct pmill_buffer *message)
{
	struct pmill_study_reader reader = {.data = message->data, .len = message->len};
	struct cost cost = {.best = pmill_study_get_u64(&reader)};
	cost.faults_before = pmill_study_get_u64(&reader);
	cost.faults_during = pmill_study_get_u64(&reader);
	cost.ns = pmill_study_get_u64(&reader);
	cost.again_ns = pmill_study_get_u64(&reader);
	return cost;
}

/* ---- In children ---- */

static int walk_inherited(void *context, unsigned worker, int in, int out)
{
	(void)worker;
	(void)in;
	return walk_and_answer(context, out);
}

static bool serialise_list(struct pmill_buffer *message, const void *context)
{
	const struct list *list = context;
	return pmill_study_put_items(message, list->items, list->count);
}

static int walk_received(walk_fn *walk, int in, int out)
{
	struct pmill_buffer message = {0};
	struct list list = {.walk = walk};
	int code = 1;
	if (pmill_study_receive(in, &message, "the parent", NULL, NULL) == PMILL_OK) {
		struct pmill_study_reader reader = {.data = message.data, .len = message.len};
		list.items = pmill_study_get_items(&reader, &list.count);
	}
	if (list.items != NULL)
		code = walk_and_answer(&list, out);
	free(list.items);
	pmill_buffer_release(&message);
	return code;
}

int pmill_study_spawned_walk(void *context, unsigned worker, int in, int out)
{
	(void)context;
	(void)worker;
	return walk_received(walk_reading, in, out);
}

int pmill_study_spawned_walk_writing(void *context, unsigned worker, int in, int out)
{
	(void)context;
	(void)worker;
	return walk_received(walk_writing, in, out);
}

/* ---- walk, walk_writing ---- */

static pmill_status add_walk(const struct pmill_study_experiment *about, const struct cost *cost,
	const struct pmill_study_trial *trial, struct pmill_study_report *report, pmill_error *error)
{
	struct pmill_study_experiment experiment = *about;
	pmill_study_experiment_put(&experiment, "total_s", (double)trial->ns / 1e9);
	pmill_study_experiment_put(&experiment, "walking_s", (double)cost->ns / 1e9);
	pmill_study_experiment_put(&experiment, "walking_again_s", (double)cost->again_ns / 1e9);
	pmill_study_experiment_put(&experiment, "start_s", (double)trial->counters.start_ns / 1e9);
	pmill_study_experiment_put(&experiment, "minor_faults_before", (double)cost->faults_before);
	pmill_study_experiment_put(&experiment, "minor_faults_during", (double)cost->faults_during);
	pmill_study_experiment_put(&experiment, "bytes_sent", (double)trial->counters.bytes_sent);
	return pmill_study_report_add_experiment(report, &experiment) ? PMILL_OK
																  : pmill_fail_memory(error);
}

static pmill_status walk_in_child(struct list *list, const struct pmill_study_experiment *about,
	bool is_spawned, struct pmill_study_report *report, pmill_error *error)
{
	struct pmill_study_trial trial = {.name = about->name,
		.is_spawned = is_spawned,
		.work = walk_inherited,
		.context = list,
		.serialise = serialise_list};
	pmill_status status = pmill_study_trial_run(&trial, error);
	if (status == PMILL_OK) {
		const struct cost cost = get_cost(&trial.answer);
		status = cost.best == walk_reading(list->items, list->count)
			? add_walk(about, &cost, &trial, report, error)
			: pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
				  "%s, %s: the child found a different pair", about->name, about->variant);
	}
	pmill_study_trial_release(&trial);
	return status;
}

/* To compare with: no child at all. */
static pmill_status walk_here(const struct list *list, const struct pmill_study_experiment *about,
	struct pmill_study_report *report, pmill_error *error)
{
	struct cost cost = measure_walk(list);
	cost.faults_before = 0; /* a child's are those since its start */
	const struct pmill_study_trial none = {.ns = cost.ns};
	return add_walk(about, &cost, &none, report, error);
}

pmill_status pmill_study_run_walk(const struct pmill_study_experiment_row *row, unsigned run,
	size_t pairs, struct pmill_study_report *report, pmill_error *error)
{
	bool writes = strcmp(row->name, "walk_writing") == 0;
	struct list list = {make_items(pairs), pairs, writes ? walk_writing : walk_reading};
	struct pmill_study_experiment about = {.name = row->name, .run = run};
	if (list.items == NULL)
		return pmill_fail_memory(error);
	about.variant = "parent";
	pmill_status status = walk_here(&list, &about, report, error);
	about.variant = "fork";
	if (status == PMILL_OK)
		status = walk_in_child(&list, &about, false, report, error);
	about.variant = "spawn";
	if (status == PMILL_OK)
		status = walk_in_child(&list, &about, true, report, error);
	free(list.items);
	return status;
}

/* ---- walk_table ---- */

enum { REPETITIONS = 5 }; /* timed, after one that is not; their mean is reported */

/* Like walk_reading, finds an index, not only a count. */
__attribute__((noinline)) static size_t walk_slots(const struct pmill_study_state *state)
{
	size_t best = 0;
	for (size_t i = 0; i < state->slot_count; i++)
		if (state->slots[i].left != UINT32_MAX && state->slots[i].count > state->slots[best].count)
			best = i;
	return best;
}

static int64_t walk_table(const struct pmill_study_search *search)
{
	return search->state.slots[walk_slots(&search->state)].count;
}

static int64_t walk_array(const struct pmill_study_search *search)
{
	return search->items[walk_reading(search->items, search->item_count)].count;
}

static pmill_status repeat(const struct pmill_study_search *search,
	int64_t (*walk)(const struct pmill_study_search *search), uint64_t bytes,
	const struct pmill_study_experiment *about, struct pmill_study_report *report,
	pmill_error *error)
{
	struct pmill_study_experiment experiment = *about;
	int64_t best = walk(search);
	bool is_same = true;
	uint64_t began = pmill_clock_ns();
	for (int i = 0; i < REPETITIONS; i++) {
		is_same &= walk(search) == best;
		/* Otherwise a compiler may see that the next walk finds the same, and drop it. */
		__asm__ volatile("" ::: "memory");
	}
	uint64_t ns = (pmill_clock_ns() - began) / REPETITIONS;
	if (!is_same || best != walk_array(search))
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"%s: table and array have different counts", about->name);
	pmill_study_experiment_put(&experiment, "walking_s", (double)ns / 1e9);
	pmill_study_experiment_put(&experiment, "bytes_walked", (double)bytes);
	pmill_study_experiment_put(&experiment, "pairs", (double)search->item_count);
	return pmill_study_report_add_experiment(report, &experiment) ? PMILL_OK
																  : pmill_fail_memory(error);
}

pmill_status pmill_study_run_table_walk(const struct pmill_study_experiment_row *row, unsigned run,
	size_t pairs, struct pmill_study_report *report, pmill_error *error)
{
	struct pmill_study_search search = {0};
	struct pmill_study_experiment about = {.name = row->name, .variant = "table", .run = run};
	struct pmill_study_item *items = make_items(pairs);
	if (items == NULL)
		return pmill_fail_memory(error);
	pmill_status status = pmill_study_state_init_with_pairs(&search.state, items, pairs, error);
	free(items);
	if (status == PMILL_OK)
		status = pmill_study_search_copy(&search, error);
	if (status == PMILL_OK)
		status = repeat(&search, walk_table, search.state.slot_count * sizeof *search.state.slots,
			&about, report, error);
	about.variant = "array";
	if (status == PMILL_OK)
		status = repeat(
			&search, walk_array, search.item_count * sizeof *search.items, &about, report, error);
	free(search.items);
	pmill_study_state_release(&search.state);
	return status;
}
