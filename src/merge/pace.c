/* Which of two ways to do the same work is faster, measured while it is done. */
/* SPDX-License-Identifier: MIT */
#include "merge/pace.h"

enum { FIRST_PATIENCE = 8, LAST_PATIENCE = 1024 };

static unsigned faster(const struct pmill_pace *pace)
{
	return pace->costs[1] < pace->costs[0];
}

unsigned pmill_pace_choose(struct pmill_pace *pace)
{
	if (pace->costs[1] == 0)
		return 1;
	if (pace->patience == 0)
		pace->patience = FIRST_PATIENCE;
	unsigned way = pace->costs[0] == 0 ? 1 : faster(pace);
	if (++pace->waited < pace->patience)
		return way;
	pace->waited = 0;
	return !way;
}

void pmill_pace_note(struct pmill_pace *pace, unsigned way, double nanoseconds, size_t place_count)
{
	double cost = nanoseconds / (double)place_count;
	bool is_known = pace->costs[way] > 0;
	bool is_trial = is_known && pace->costs[!way] > 0 && way != faster(pace);
	if (is_trial || !is_known)
		pace->costs[way] = cost;
	else
		pace->costs[way] = (3 * pace->costs[way] + cost) / 4;
	if (!is_trial)
		return;
	if (way == faster(pace))
		pace->patience = FIRST_PATIENCE;
	else if (pace->patience < LAST_PATIENCE)
		pace->patience *= 2;
}
