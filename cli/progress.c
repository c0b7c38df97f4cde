/* Progress on stderr, in four forms. Also passes Ctrl-C on to the library. */
/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "sizes.h"

struct pmill_cli_progress_form {
	const char *name;
	void (*show)(struct pmill_cli_progress *progress, const pmill_progress *event);
};

enum {
	USUAL_COLUMNS = 80,
	LINE_CAPACITY = 256,
};

/* Earlier, the rate means little, and most commands are done. */
static const double estimate_after_s = 1;
/* Plain lines: at most one per second; one for each tenth of the work, or after ten seconds. */
static const double plain_least_s = 1, plain_most_s = 10;

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct pmill_cli_figure amount(const char *unit, uint64_t value)
{
	return strcmp(unit, "bytes") == 0 ? pmill_cli_bytes_text(value) : pmill_cli_count_text(value);
}

static double rate_of(const pmill_progress *event)
{
	return event->elapsed_s > 0 ? (double)event->done / event->elapsed_s : 0;
}

static void append(char *line, const char *format, const char *a, const char *b)
{
	size_t len = strlen(line);
	snprintf(line + len, LINE_CAPACITY - len, format, a, b);
}

/* Only of bytes: nobody knows how many words or places a second are fast. */
static void append_speed(char *line, const pmill_progress *event)
{
	double rate = rate_of(event);
	if (rate < 1 || event->elapsed_s < 0.05 || strcmp(event->unit, "bytes") != 0)
		return;
	size_t len = strlen(line);
	snprintf(line + len, LINE_CAPACITY - len, ", %.1f MB/s", rate / 1e6);
}

static void append_time_left(char *line, const pmill_progress *event)
{
	double rate = rate_of(event);
	if (event->total <= event->done || event->elapsed_s < estimate_after_s || rate <= 0)
		return;
	double seconds = (double)(event->total - event->done) / rate;
	if (seconds < 59.5) {
		size_t len = strlen(line);
		snprintf(line + len, LINE_CAPACITY - len, ", %.0f s left", seconds + 0.5);
	} else {
		append(line, ", %s left%s", pmill_cli_seconds_text(seconds).text, "");
	}
}

/* "count: 45 %, 54.1 MB of 120.0 MB, 310.5 MB/s, 12 s left" */
static void write_line(char *line, const pmill_progress *event)
{
	const char *unit = strcmp(event->unit, "bytes") == 0 ? "" : event->unit;
	line[0] = 0;
	append(line, "%s: %s", event->stage, "");
	if (event->total != 0) {
		double part = (double)event->done / (double)event->total;
		size_t len = strlen(line);
		snprintf(line + len, LINE_CAPACITY - len, "%d %%, ", part < 1 ? (int)(part * 100) : 100);
	}
	append(line, "%s%s", amount(event->unit, event->done).text, "");
	if (event->total != 0)
		append(line, " of %s%s", amount(event->unit, event->total).text, "");
	append(line, "%s%s", *unit != 0 ? " " : "", unit);
	append_speed(line, event);
	append_time_left(line, event);
}

static size_t terminal_columns(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		return size.ws_col;
	return USUAL_COLUMNS;
}

/* Leaves the last column free: some terminals wrap when it is filled. */
static void show_redrawn(struct pmill_cli_progress *progress, const pmill_progress *event)
{
	char line[LINE_CAPACITY];
	write_line(line, event);
	int columns = (int)terminal_columns() - 1;
	fprintf(progress->out, "\r\033[K%.*s", columns, line);
	fflush(progress->out);
	progress->is_line_drawn = true;
}

static uint64_t tenths_of(const pmill_progress *event)
{
	return event->total == 0 ? 0 : (uint64_t)((double)event->done / (double)event->total * 10);
}

static void show_plain(struct pmill_cli_progress *progress, const pmill_progress *event)
{
	double now = now_s();
	uint64_t tenths = tenths_of(event);
	double silence = now - progress->shown_s;
	bool is_at_end = event->total != 0 && event->done == event->total;
	bool is_end = is_at_end && !progress->was_at_end;
	bool is_due = silence >= plain_most_s ||
		(silence >= plain_least_s && tenths != progress->shown_tenths);
	progress->was_at_end = is_at_end;
	if (!is_end && !is_due)
		return;
	char line[LINE_CAPACITY];
	write_line(line, event);
	fprintf(progress->out, "%s\n", line);
	progress->shown_s = now;
	progress->shown_tenths = tenths;
}

/* The length of the stage's name, without " (a note)" after it, and no more than is kept of it. */
static int name_len(const char *stage)
{
	const char *note = strstr(stage, " (");
	const size_t len = note != NULL ? (size_t)(note - stage) : strlen(stage);
	return len < PMILL_CLI_STAGE_NAME ? (int)len : PMILL_CLI_STAGE_NAME - 1;
}

static void show_json(struct pmill_cli_progress *progress, const pmill_progress *event)
{
	const char *note = strstr(event->stage, " (");
	fprintf(progress->out,
		"{\"stage\":\"%.*s\",\"done\":%" PRIu64 ",\"total\":%" PRIu64
		",\"unit\":\"%s\",\"elapsed_s\":%.3f",
		name_len(event->stage), event->stage, event->done, event->total, event->unit,
		event->elapsed_s);
	if (note != NULL)
		fprintf(progress->out, ",\"note\":\"%.*s\"", (int)strcspn(note + 2, ")"), note + 2);
	fputs("}\n", progress->out);
	fflush(progress->out);
}

static void show_nothing(struct pmill_cli_progress *progress, const pmill_progress *event)
{
	(void)progress;
	(void)event;
}

static const struct pmill_cli_progress_form forms[] = {
	{"auto", show_redrawn},
	{"plain", show_plain},
	{"json", show_json},
	{"none", show_nothing},
};

static const struct pmill_cli_progress_form *find_form(const char *name)
{
	size_t i = 0;
	while (strcmp(forms[i].name, name) != 0)
		i++;
	return &forms[i];
}

static bool can_redraw(void)
{
	const char *terminal = getenv("TERM");
	return isatty(STDERR_FILENO) && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

void pmill_cli_progress_init(struct pmill_cli_progress *progress, const char *form, bool is_quiet)
{
	if (form == NULL)
		form = is_quiet ? "none" : "auto";
	if (strcmp(form, "auto") == 0 && !can_redraw())
		form = "none";
	double now = now_s();
	*progress = (struct pmill_cli_progress){
		.form = find_form(form), .out = stderr, .began_s = now, .shown_s = now};
}

bool pmill_cli_progress_is_json(const struct pmill_cli_progress *progress)
{
	return progress->form != NULL && progress->form->show == show_json;
}

void pmill_cli_progress_spare_stdout(struct pmill_cli_progress *progress)
{
	if (progress->form->show == show_redrawn && isatty(STDOUT_FILENO))
		progress->form = find_form("none");
}

void pmill_cli_progress_clear(struct pmill_cli_progress *progress)
{
	if (!progress->is_line_drawn)
		return;
	fputs("\r\033[K", progress->out);
	fflush(progress->out);
	progress->is_line_drawn = false;
}

double pmill_cli_progress_seconds(const struct pmill_cli_progress *progress)
{
	return now_s() - progress->began_s;
}

static void record_stage(struct pmill_cli_progress *progress, const pmill_progress *event)
{
	struct pmill_cli_stage *stage = NULL;
	if (progress->stage_count > 0)
		stage = &progress->stages[progress->stage_count - 1];
	const int len = name_len(event->stage);
	if (stage == NULL || strncmp(stage->name, event->stage, (size_t)len) != 0 ||
		stage->name[len] != '\0') {
		if (progress->stage_count == PMILL_CLI_STAGES)
			return;
		stage = &progress->stages[progress->stage_count++];
		snprintf(stage->name, sizeof stage->name, "%.*s", len, event->stage);
	}
	stage->seconds = event->elapsed_s;
}

int pmill_cli_progress_event(void *context, const pmill_progress *event)
{
	struct pmill_cli_progress *progress = context;
	record_stage(progress, event);
	if (pmill_cli_is_interrupted())
		return 1;
	progress->form->show(progress, event);
	return pmill_cli_is_interrupted(); /* show may have taken a while */
}
