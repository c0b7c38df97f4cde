/* Collects the results of a run of the program. */
/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdlib.h>

void pmill_study_report_release(struct pmill_study_report *report)
{
	free(report->results);
	free(report->countings);
	free(report->experiments);
	*report = (struct pmill_study_report){0};
}

bool pmill_study_report_add_result(
	struct pmill_study_report *report, const struct pmill_study_result *result)
{
	void *items = report->results;
	if (!pmill_array_reserve(
			&items, &report->result_capacity, report->result_count + 1, sizeof *report->results))
		return false;
	report->results = items;
	report->results[report->result_count++] = *result;
	return true;
}

bool pmill_study_report_add_counting(
	struct pmill_study_report *report, const struct pmill_study_counting *counting)
{
	void *items = report->countings;
	if (!pmill_array_reserve(&items, &report->counting_capacity, report->counting_count + 1,
			sizeof *report->countings))
		return false;
	report->countings = items;
	report->countings[report->counting_count++] = *counting;
	return true;
}

bool pmill_study_report_add_experiment(
	struct pmill_study_report *report, const struct pmill_study_experiment *experiment)
{
	void *items = report->experiments;
	if (!pmill_array_reserve(&items, &report->experiment_capacity, report->experiment_count + 1,
			sizeof *report->experiments))
		return false;
	report->experiments = items;
	report->experiments[report->experiment_count++] = *experiment;
	return true;
}
