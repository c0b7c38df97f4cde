/* What all reports share: results grouped by system and workers, the machine, cleaning text. */
/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "unicode/utf8.h"

/* ---- Groups ---- */

static struct pmill_study_group *group_of(
	const struct pmill_study_groups *groups, const struct pmill_study_result *result)
{
	for (size_t i = 0; i < groups->count; i++)
		if (groups->items[i].system == result->system &&
			groups->items[i].workers == result->workers)
			return &groups->items[i];
	return NULL;
}

static void count_runs(struct pmill_study_groups *groups, const struct pmill_study_report *report)
{
	for (size_t i = 0; i < report->result_count; i++) {
		const struct pmill_study_result *result = &report->results[i];
		struct pmill_study_group *group = group_of(groups, result);
		if (group == NULL) {
			group = &groups->items[groups->count++];
			*group = (struct pmill_study_group){
				.system = result->system, .workers = result->workers};
		}
		group->run_count++;
	}
}

/* Gives each group its part of the array of all runs. */
static void share_out(struct pmill_study_groups *groups, const struct pmill_study_report *report)
{
	const struct pmill_study_result **next = groups->runs;
	for (size_t i = 0; i < groups->count; i++) {
		groups->items[i].runs = next;
		next += groups->items[i].run_count;
		groups->items[i].run_count = 0;
	}
	for (size_t i = 0; i < report->result_count; i++) {
		struct pmill_study_group *group = group_of(groups, &report->results[i]);
		group->runs[group->run_count++] = &report->results[i];
	}
}

/* A section that took no time in any run is not one of the system's. */
static void find_sections(struct pmill_study_group *group)
{
	group->has[PMILL_STUDY_TOTAL] = true;
	group->has[PMILL_STUDY_WORD_COUNT] = true;
	group->has[PMILL_STUDY_MERGE] = true;
	for (size_t i = 0; i < group->run_count; i++)
		for (int section = 0; section < PMILL_STUDY_SECTIONS; section++)
			group->has[section] |= group->runs[i]->times.ns[section] > 0;
}

/* How many runs precede it in the order of merge times; equal ones keep their order. */
static size_t place_of(const struct pmill_study_group *group, size_t run)
{
	uint64_t own = group->runs[run]->times.ns[PMILL_STUDY_MERGE];
	size_t before = 0;
	for (size_t i = 0; i < group->run_count; i++) {
		uint64_t other = group->runs[i]->times.ns[PMILL_STUDY_MERGE];
		before += other < own || (other == own && i < run);
	}
	return before;
}

static void find_median(struct pmill_study_group *group)
{
	for (size_t i = 0; i < group->run_count; i++)
		if (place_of(group, i) == (group->run_count - 1) / 2)
			group->median = group->runs[i];
}

bool pmill_study_groups_init(
	struct pmill_study_groups *groups, const struct pmill_study_report *report)
{
	*groups = (struct pmill_study_groups){0};
	groups->items = calloc(report->result_count + 1, sizeof *groups->items);
	groups->runs = calloc(report->result_count + 1, sizeof(struct pmill_study_result *));
	if (groups->items == NULL || groups->runs == NULL)
		return false;
	count_runs(groups, report);
	share_out(groups, report);
	for (size_t i = 0; i < groups->count; i++) {
		find_sections(&groups->items[i]);
		find_median(&groups->items[i]);
	}
	return true;
}

void pmill_study_groups_release(struct pmill_study_groups *groups)
{
	free(groups->items);
	free(groups->runs);
	*groups = (struct pmill_study_groups){0};
}

/* ---- Facts ---- */

bool pmill_study_is_stopped_early(const struct pmill_study_report *report)
{
	return report->has_merged && report->merges < report->merges_possible;
}

#if defined __clang__
#define COMPILER __VERSION__
#elif defined __GNUC__
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

struct pmill_study_machine pmill_study_machine_read(void)
{
	struct pmill_study_machine machine = {
		.processors = sysconf(_SC_NPROCESSORS_ONLN), .kernel = "unknown", .compiler = COMPILER};
	struct utsname name;
	if (uname(&name) == 0)
		snprintf(machine.kernel, sizeof machine.kernel, "%s %s %s", name.sysname, name.release,
			name.machine);
	return machine;
}

/* ---- Text ---- */

int pmill_study_digits(double seconds)
{
	int digits = 0;
	for (double limit = 100; digits < 5 && seconds > 0 && seconds < limit; limit /= 10)
		digits++;
	return digits;
}

bool pmill_study_append_clean(struct pmill_buffer *out, const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t len = strlen(text);
	bool done = true;
	for (size_t i = 0; i < len && done;) {
		uint32_t character;
		size_t step = pmill_utf8_decode(bytes + i, len - i, &character);
		/* XML 1.0 has no U+FFFE and no U+FFFF. */
		bool is_bad = character == PMILL_INVALID_CODE_POINT || character < 0x20 ||
			(character >= 0x7F && character < 0xA0) || (character & 0xFFFE) == 0xFFFE;
		done = is_bad ? pmill_buffer_append_text(out, "\xEF\xBF\xBD")
					  : pmill_buffer_append(out, bytes + i, step);
		i += step;
	}
	return done;
}
