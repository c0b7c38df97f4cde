/* Finds one match after another, within limits, and can be stopped. */
/* SPDX-License-Identifier: MIT */
/*
 * PCRE2 limits the steps back of one attempt to match at one place, but a search makes an attempt
 * at every place up to the next match, and a step can pass over a long run. Nothing can interrupt
 * its JIT. So that an expression that backtracks badly can be stopped:
 *
 * - A search that may run far is cut into windows. They begin small, grow while the text is passed
 *   quickly, and shrink when it isn't.
 * - An attempt first gets a small limit. If that is not enough, the limit grows as long as the
 *   time it will take is short.
 * - Beyond that the expression is compiled again with a callout before each of its items, which
 *   looks whether to stop. That is several times slower, so few texts get there.
 */
#include "regex/matcher.h"

#if PMILL_HAVE_PCRE2

enum { JIT_STACK_FIRST = 32 * 1024, JIT_STACK_SMALL = 8 << 20, JIT_STACK_LARGE = 1 << 30 };

/* Steps back that take microseconds on usual text. */
enum { FIRST_LIMIT = 1000, LIMIT_GROWTH = 10 };

enum { FIRST_WINDOW = 64, LARGEST_WINDOW = 1 << 20 };

/* PCRE2's own default is 20 GB. In KiB. */
enum { HEAP_LIMIT = 1 << 20 };

enum { CALLS_BETWEEN_LOOKS = 64, CALLOUTS_BETWEEN_LOOKS = 4096 };

static const uint64_t quick_ns = 1000000, slow_ns = 100000000, verdict_ns = 1000000000;

/* ---- How fast it goes ---- */

void pmill_matcher_forget_time(struct pmill_matcher *matcher)
{
	matcher->measured_ns = 0;
	matcher->calls_left = 0;
}

void pmill_matcher_set_text(struct pmill_matcher *matcher, const uint8_t *text, size_t len)
{
	matcher->passed += matcher->len - matcher->measured_at;
	matcher->measured_at = 0;
	matcher->text = text;
	matcher->len = len;
	matcher->renew_at = 0;
}

/* Looks at the clock; about once a second, says whether matching crawls. */
static void measure(struct pmill_matcher *matcher, size_t position)
{
	const uint64_t now = pmill_clock_ns();
	const uint64_t spent = matcher->measured_ns != 0 ? now - matcher->measured_ns : 0;
	matcher->spent_ns += spent;
	matcher->calls_left = spent < slow_ns ? CALLS_BETWEEN_LOOKS : 0;
	matcher->measured_ns = now;
	if (position > matcher->measured_at)
		matcher->passed += position - matcher->measured_at;
	matcher->measured_at = position;
	if (matcher->spent_ns < verdict_ns)
		return;
	const double seconds = (double)matcher->spent_ns * 1e-9;
	if ((double)matcher->passed < seconds * PMILL_MATCH_CRAWL_BYTES_PER_S)
		atomic_store_explicit(&matcher->watch->crawled_ns, now, memory_order_relaxed);
	matcher->spent_ns = 0;
	matcher->passed = 0;
}

static bool is_stopped(const struct pmill_matcher *matcher)
{
	return matcher->watch != NULL &&
		atomic_load_explicit(&matcher->watch->is_stopped, memory_order_relaxed);
}

/* Of the patient code, and of callouts that the expression itself may hold. */
static int call_out(pcre2_callout_block *block, void *context)
{
	struct pmill_matcher *matcher = context;
	if (is_stopped(matcher))
		return PCRE2_ERROR_CALLOUT;
	if (matcher->watch != NULL && ++matcher->callouts % CALLOUTS_BETWEEN_LOOKS == 0)
		measure(matcher, block->start_match);
	return 0;
}

/* ---- One call of PCRE2 ---- */

static bool give_stack(struct pmill_matcher *matcher, size_t largest)
{
	pcre2_jit_stack *stack = pcre2_jit_stack_create(JIT_STACK_FIRST, largest, NULL);
	if (stack == NULL)
		return false;
	pcre2_jit_stack_free(matcher->stack);
	matcher->stack = stack;
	pcre2_jit_stack_assign(matcher->context, NULL, stack);
	return true;
}

bool pmill_matcher_init(
	struct pmill_matcher *matcher, const struct pmill_regex_code *code, const char *expression)
{
	*matcher = (struct pmill_matcher){
		.code = code, .expression = expression, .window = FIRST_WINDOW};
	matcher->match = pcre2_match_data_create(1, NULL);
	matcher->context = pcre2_match_context_create(NULL);
	if (matcher->match == NULL || matcher->context == NULL)
		return false;
	matcher->offsets = pcre2_get_ovector_pointer(matcher->match);
	pcre2_set_heap_limit(matcher->context, HEAP_LIMIT);
	pcre2_set_match_limit(matcher->context, expression == NULL ? PMILL_MATCH_LIMIT : FIRST_LIMIT);
	pcre2_set_callout(matcher->context, call_out, matcher);
	return !code->has_jit || give_stack(matcher, JIT_STACK_SMALL);
}

void pmill_matcher_release(struct pmill_matcher *matcher)
{
	pmill_regex_code_release(&matcher->patient);
	pcre2_match_data_free(matcher->match);
	pcre2_match_context_free(matcher->context);
	pcre2_jit_stack_free(matcher->stack);
	*matcher = (struct pmill_matcher){0};
}

static int match_once(const struct pmill_matcher *matcher, const struct pmill_regex_code *code,
	size_t begin, uint32_t options)
{
	if (code->has_jit)
		return pcre2_jit_match(code->code, matcher->text, matcher->len, begin, options,
			matcher->match, matcher->context);
	return pcre2_match(code->code, matcher->text, matcher->len, begin, options | PCRE2_NO_UTF_CHECK,
		matcher->match, matcher->context);
}

/* Only long matches that can backtrack far need a large stack, so it is allocated on demand. */
static int match_with_enough_stack(struct pmill_matcher *matcher,
	const struct pmill_regex_code *code, size_t begin, uint32_t options)
{
	int result = match_once(matcher, code, begin, options);
	size_t largest = JIT_STACK_SMALL;
	while (result == PCRE2_ERROR_JIT_STACKLIMIT && largest < JIT_STACK_LARGE) {
		largest *= 8;
		if (largest > JIT_STACK_LARGE)
			largest = JIT_STACK_LARGE;
		if (!give_stack(matcher, largest))
			return PCRE2_ERROR_NOMEMORY;
		result = match_once(matcher, code, begin, options);
	}
	return result;
}

/* ---- Limits ---- */

/* Without JIT's stack, or memory for the code, there is only the code without callouts. */
static const struct pmill_regex_code *find_patient(struct pmill_matcher *matcher)
{
	if (matcher->patient.code != NULL)
		return &matcher->patient;
	const pmill_status status = pmill_regex_code_compile(&matcher->patient, matcher->expression,
		PCRE2_AUTO_CALLOUT | PCRE2_USE_OFFSET_LIMIT, 0, NULL);
	if (status == PMILL_OK && matcher->patient.has_jit && matcher->stack == NULL &&
		!give_stack(matcher, JIT_STACK_SMALL))
		pmill_regex_code_release(&matcher->patient);
	return matcher->patient.code != NULL ? &matcher->patient : NULL;
}

/* One search without windows. The first limit was not enough. */
static int match_with_more(struct pmill_matcher *matcher, size_t begin, uint32_t options)
{
	const struct pmill_regex_code *code = matcher->code;
	int result = PCRE2_ERROR_MATCHLIMIT;
	uint64_t spent = 0;
	for (uint32_t limit = FIRST_LIMIT; result == PCRE2_ERROR_MATCHLIMIT;) {
		if (limit == PMILL_MATCH_LIMIT)
			return result;
		limit *= LIMIT_GROWTH;
		if (is_stopped(matcher))
			return PCRE2_ERROR_CALLOUT;
		if (spent * LIMIT_GROWTH > 4 * slow_ns) {
			limit = PMILL_MATCH_LIMIT;
			code = find_patient(matcher);
			if (code == NULL)
				return PCRE2_ERROR_NOMEMORY;
		}
		pcre2_set_match_limit(matcher->context, limit);
		const uint64_t began = pmill_clock_ns();
		result = match_with_enough_stack(matcher, code, begin, options);
		spent = pmill_clock_ns() - began;
	}
	return result;
}

/* ---- Windows ---- */

static size_t next_character(const struct pmill_matcher *matcher, size_t position)
{
	do
		position++;
	while (position < matcher->len && (matcher->text[position] & 0xC0) == 0x80);
	return position;
}

static size_t next_window(size_t window, uint64_t spent_ns)
{
	if (spent_ns < quick_ns && window < LARGEST_WINDOW)
		return window * 2;
	if (spent_ns > slow_ns && window > 1)
		return window / 4 + 1;
	return window;
}

/* The limit of a window serves the searches that begin in its first half, too. */
static void set_window(struct pmill_matcher *matcher, size_t begin)
{
	matcher->limit = PCRE2_UNSET;
	matcher->renew_at = SIZE_MAX;
	if (matcher->has_windows && matcher->len - begin > matcher->window) {
		matcher->limit = begin + matcher->window;
		matcher->renew_at = begin + matcher->window / 2;
	}
	pcre2_set_offset_limit(matcher->context, matcher->limit);
}

/* After a first call without a match: needs more steps, or the next windows. */
static int search_on(struct pmill_matcher *matcher, size_t begin, uint32_t options, int result)
{
	uint64_t began = 0;
	for (;;) {
		if (result == PCRE2_ERROR_MATCHLIMIT) {
			result = match_with_more(matcher, begin, options);
			pcre2_set_match_limit(matcher->context, FIRST_LIMIT);
		}
		if (result != PCRE2_ERROR_NOMATCH || matcher->limit == PCRE2_UNSET)
			return result;
		begin = next_character(matcher, matcher->limit);
		const uint64_t now = pmill_clock_ns();
		if (began != 0)
			matcher->window = next_window(matcher->window, now - began);
		began = now;
		if (is_stopped(matcher))
			return PCRE2_ERROR_CALLOUT;
		if (matcher->watch != NULL)
			measure(matcher, begin);
		set_window(matcher, begin);
		result = match_with_enough_stack(matcher, matcher->code, begin, options);
	}
}

int pmill_matcher_find(struct pmill_matcher *matcher, size_t begin, uint32_t options)
{
	if (matcher->watch != NULL) {
		if (is_stopped(matcher))
			return PCRE2_ERROR_CALLOUT;
		if (matcher->calls_left-- == 0)
			measure(matcher, begin);
	}
	if (begin >= matcher->renew_at)
		set_window(matcher, begin);
	const int result = match_with_enough_stack(matcher, matcher->code, begin, options);
	return result >= 0 || matcher->expression == NULL ? result
													  : search_on(matcher, begin, options, result);
}

#endif
