/* The report as a picture: how long merging took in each system, and where the time went. */
/* SPDX-License-Identifier: MIT */
/*
 * Times differ by factors of thousands, so one bar can't show both. Each line has two: on the left
 * how long merging took, on a logarithmic axis; on the right that time, divided into its parts.
 *
 *   name  workers | left bar, then its seconds | right bar: 0 % to 100 %
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report_parts.h"

/* In pixels. */
enum {
	WIDTH = 1000,
	MARGIN = 24,
	WORKERS_END = 212, /* where the numbers of workers end */
	LEFT = 224,        /* the left bars */
	LEFT_WIDTH = 250,
	RIGHT = 566,                               /* the right bars; before them, room for seconds */
	RIGHT_WIDTH = WIDTH - MARGIN - 12 - RIGHT, /* half of "100 %" sticks out */
	LEGEND_TOP = 92,
	LEGEND_LINE = 22,
	LETTER = 7, /* mostly at most: widths can't be known */
	HEAD = 66,  /* from the legend to the first bar */
	BAR = 16,
	LINE = 22,
	GAP = 8, /* between systems */
	FOOT = 32
};

enum part {
	COPY,
	CUT,
	COPY_STRINGS,
	SEARCH,
	SEARCH_BY_COUNT,
	CROSSING,
	UPDATE,
	REST,
	WHOLE,
	PARTS
};

static const struct {
	const char *name, *colour, *ink;
} parts[PARTS] = {
	[COPY] = {"copying the table", "#e69f00", "#1f2328"},
	[CUT] = {"cutting it into chunks", "#f2dc5d", "#1f2328"},
	[COPY_STRINGS] = {"copying byte strings", "#a6761d", "#ffffff"},
	[SEARCH] = {"searching (compute)", "#0072b2", "#ffffff"},
	[SEARCH_BY_COUNT] = {"searching by count alone", "#7cc4ef", "#1f2328"},
	[CROSSING] = {"crossing and waiting (max minus compute)", "#c9480b", "#ffffff"},
	[UPDATE] = {"update", "#00855f", "#ffffff"},
	[REST] = {"the rest", "#c3c8ce", "#1f2328"},
	[WHOLE] = {"search and update, not separated", "#7b68a6", "#ffffff"},
};

struct picture {
	const struct pmill_study_report *report;
	struct pmill_study_groups groups;
	int lowest, highest; /* powers of ten on the left axis */
	double y;            /* top of the next line */
	double top;          /* of the first bar */
	struct pmill_buffer *out;
	bool has_failed;
};

/* ---- Text ---- */

static void put(struct picture *picture, const char *text)
{
	picture->has_failed = picture->has_failed || !pmill_buffer_append_text(picture->out, text);
}

#define PUT(picture, ...)                                                                          \
	((picture)->has_failed = (picture)->has_failed ||                                              \
			!pmill_buffer_append_format((picture)->out, __VA_ARGS__))

static void put_escaped(struct picture *picture, const char *text)
{
	struct pmill_buffer clean = {0};
	bool done = pmill_study_append_clean(&clean, text);
	for (size_t i = 0; i < clean.len && done; i++) {
		uint8_t character = clean.data[i];
		const char *name = character == '&' ? "&amp;"
			: character == '<'              ? "&lt;"
			: character == '>'              ? "&gt;"
			: character == '"'              ? "&quot;"
											: NULL;
		done = name != NULL ? pmill_buffer_append_text(picture->out, name)
							: pmill_buffer_append(picture->out, &character, 1);
	}
	pmill_buffer_release(&clean);
	picture->has_failed = picture->has_failed || !done;
}

static void put_text(
	struct picture *picture, double x, double y, const char *attributes, const char *text)
{
	PUT(picture, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
	put_escaped(picture, text);
	put(picture, "</text>\n");
}

/* "1.23 s", "45.6 ms", "789 µs". */
static void format_seconds(double seconds, char *text, size_t size)
{
	if (seconds >= 1)
		snprintf(text, size, "%.*f s", pmill_study_digits(seconds), seconds);
	else if (seconds >= 1e-3)
		snprintf(text, size, "%.*f ms", pmill_study_digits(seconds * 1e3), seconds * 1e3);
	else
		snprintf(text, size, "%.0f µs", seconds * 1e6);
}

/* ---- Times ---- */

static double seconds_of(const struct pmill_study_group *group)
{
	return (double)group->median->times.ns[PMILL_STUDY_MERGE] / 1e9;
}

static double at_least_zero(double value)
{
	return value > 0 ? value : 0;
}

/* Shares of merging. Without compute, the search itself is max; update and max may be absent. */
static void share(const struct pmill_study_group *group, double *shares)
{
	double section[PMILL_STUDY_SECTIONS], sum = 0;
	double merge = (double)group->median->times.ns[PMILL_STUDY_MERGE];
	for (int i = 0; i < PMILL_STUDY_SECTIONS; i++)
		section[i] = merge > 0 ? (double)group->median->times.ns[i] / merge : 0;
	bool has_compute = group->has[PMILL_STUDY_COMPUTE];
	shares[COPY] = section[PMILL_STUDY_COPY];
	shares[CUT] = section[PMILL_STUDY_COPY_TRUNKS];
	shares[COPY_STRINGS] = section[PMILL_STUDY_COPY_STRINGS];
	shares[SEARCH] = section[has_compute ? PMILL_STUDY_COMPUTE : PMILL_STUDY_MAX];
	shares[SEARCH_BY_COUNT] = section[PMILL_STUDY_MAX_BY_COUNT];
	shares[CROSSING] = at_least_zero(section[PMILL_STUDY_MAX] - shares[SEARCH]);
	shares[UPDATE] = section[PMILL_STUDY_UPDATE];
	for (int i = 0; i < REST; i++)
		sum += shares[i];
	shares[REST] = sum > 0 ? at_least_zero(1 - sum) : 0;
	shares[WHOLE] = sum > 0 ? 0 : 1;
}

/* The left axis: whole powers of ten around all times, so that even the shortest bar shows. */
static void find_axis(struct picture *picture)
{
	double least = INFINITY, most = 0;
	for (size_t i = 0; i < picture->groups.count; i++) {
		double seconds = fmax(seconds_of(&picture->groups.items[i]), 1e-6);
		least = fmin(least, seconds);
		most = fmax(most, seconds);
	}
	picture->lowest = (int)floor(log10(least * 0.9));
	picture->highest = (int)ceil(log10(most));
	if (picture->highest <= picture->lowest)
		picture->highest = picture->lowest + 1;
}

static double left_width(const struct picture *picture, double seconds)
{
	double place = log10(fmax(seconds, 1e-6)) - picture->lowest;
	return place / (picture->highest - picture->lowest) * LEFT_WIDTH;
}

/* ---- Head ---- */

static void put_what_was_run(struct picture *picture, double y)
{
	const struct pmill_study_report *report = picture->report;
	const char *path = report->counts_path != NULL ? report->counts_path
		: report->input_count > 0                  ? report->inputs[0].name
												   : "";
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	PUT(picture, "<text x=\"%d\" y=\"%.1f\" class=\"m\">", MARGIN, y);
	if (pmill_study_is_stopped_early(report))
		PUT(picture, "Stopped after %llu of %llu merges (--merges)",
			(unsigned long long)report->merges, (unsigned long long)report->merges_possible);
	else
		PUT(picture, "%llu merges", (unsigned long long)report->merges);
	PUT(picture, ", %llu words of ", (unsigned long long)report->totals.words);
	/* A longer name would not fit the picture. */
	char shown[60];
	snprintf(shown, sizeof shown, "%s", name);
	put_escaped(picture, shown);
	if (strlen(name) >= sizeof shown)
		put(picture, "…");
	if (report->input_count > 1)
		PUT(picture, " and %zu more", report->input_count - 1);
	if (report->runs > 1)
		PUT(picture, "; the median of %u runs", report->runs);
	put(picture, "</text>\n");
}

static bool is_part_used(const struct picture *picture, int part)
{
	double shares[PARTS];
	for (size_t i = 0; i < picture->groups.count; i++) {
		share(&picture->groups.items[i], shares);
		if (shares[part] > 0)
			return true;
	}
	return false;
}

static void put_legend(struct picture *picture)
{
	double x = MARGIN;
	picture->y = LEGEND_TOP;
	for (int i = 0; i < PARTS; i++) {
		if (!is_part_used(picture, i))
			continue;
		double width = 18 + (double)LETTER * (double)strlen(parts[i].name) + 14;
		if (x + width > WIDTH - MARGIN) {
			x = MARGIN;
			picture->y += LEGEND_LINE;
		}
		PUT(picture,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" rx=\"2\" fill=\"%s\"/>\n", x,
			picture->y - 10, parts[i].colour);
		put_text(picture, x + 18, picture->y, "", parts[i].name);
		x += width;
	}
	picture->y += HEAD;
	picture->top = picture->y;
}

static double height_of_lines(const struct picture *picture)
{
	double height = 0;
	for (size_t i = 0; i < picture->groups.count; i++) {
		bool is_new = i > 0 &&
			picture->groups.items[i].system != picture->groups.items[i - 1].system;
		height += LINE + (is_new ? GAP : 0);
	}
	return height;
}

/* ---- Axes ---- */

static void put_grid_line(struct picture *picture, double x, double bottom, const char *label)
{
	PUT(picture, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"g\"/>\n", x,
		picture->top - 8, x, bottom);
	put_text(picture, x, picture->top - 14, "class=\"m\" text-anchor=\"middle\"", label);
	put_text(picture, x, bottom + 16, "class=\"m\" text-anchor=\"middle\"", label);
}

static void put_axes(struct picture *picture)
{
	double bottom = picture->top + height_of_lines(picture);
	char label[40];
	put_text(picture, LEFT, picture->top - 34, "class=\"b\"",
		"How long merging took (logarithmic axis)");
	put_text(picture, RIGHT, picture->top - 34, "class=\"b\"", "Where that time went");
	/* On a long axis, labels at every line would touch. */
	int step = (picture->highest - picture->lowest + 5) / 6;
	for (int power = picture->lowest; power <= picture->highest; power += step) {
		double seconds = pow(10, power);
		if (seconds >= 1)
			snprintf(label, sizeof label, "%.0f s", seconds);
		else if (seconds >= 0.00099)
			snprintf(label, sizeof label, "%.0f ms", seconds * 1e3);
		else
			snprintf(label, sizeof label, "%.2g µs", seconds * 1e6);
		put_grid_line(picture, LEFT + left_width(picture, seconds), bottom, label);
	}
	for (int percent = 0; percent <= 100; percent += 25) {
		snprintf(label, sizeof label, "%d %%", percent);
		put_grid_line(picture, RIGHT + percent / 100.0 * RIGHT_WIDTH, bottom, label);
	}
}

/* ---- Bars ---- */

static void put_name(struct picture *picture, const struct pmill_study_group *group, bool is_new)
{
	char workers[40];
	double y = picture->y + BAR - 3.5;
	if (is_new)
		put_text(picture, MARGIN, y, "class=\"b\"", group->system->name);
	if (group->workers == 0)
		return;
	snprintf(
		workers, sizeof workers, "%u worker%s", group->workers, group->workers == 1 ? "" : "s");
	put_text(picture, WORKERS_END, y, "class=\"m\" text-anchor=\"end\"", workers);
}

static void put_left_bar(struct picture *picture, const struct pmill_study_group *group)
{
	char label[40];
	double seconds = seconds_of(group), width = left_width(picture, seconds);
	format_seconds(seconds, label, sizeof label);
	PUT(picture,
		"<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"#4b5a6a\"/>\n",
		LEFT, picture->y, at_least_zero(width), BAR);
	put_text(
		picture, LEFT + at_least_zero(width) + 6, picture->y + BAR - 3.5, "class=\"v\"", label);
}

static void put_part(struct picture *picture, int part, double x, double portion, double seconds)
{
	char label[40];
	double width = portion * RIGHT_WIDTH;
	format_seconds(seconds, label, sizeof label);
	PUT(picture,
		"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\" fill=\"%s\">"
		"<title>%s: %s, %.1f %%</title></rect>\n",
		x, picture->y, width, BAR, parts[part].colour, parts[part].name, label, portion * 100);
	if (width < 34) /* no room for a label */
		return;
	PUT(picture,
		"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"11\" fill=\"%s\">%.0f "
		"%%</text>\n",
		x + width / 2, picture->y + BAR - 4, parts[part].ink, portion * 100);
}

/* Parts are measured separately, and may exceed the whole a little: scales them down to it. */
static void put_right_bar(struct picture *picture, const struct pmill_study_group *group)
{
	double shares[PARTS], x = RIGHT, sum = 0;
	share(group, shares);
	for (int i = 0; i < PARTS; i++)
		sum += shares[i];
	for (int i = 0; i < PARTS; i++) {
		double portion = shares[i] / (sum > 1 ? sum : 1);
		if (portion > 0)
			put_part(picture, i, x, portion, shares[i] * seconds_of(group));
		x += portion * RIGHT_WIDTH;
	}
}

static void put_bars(struct picture *picture)
{
	const struct pmill_study_system *before = NULL;
	for (size_t i = 0; i < picture->groups.count; i++) {
		const struct pmill_study_group *group = &picture->groups.items[i];
		bool is_new = group->system != before;
		if (is_new && i > 0)
			picture->y += GAP;
		put_name(picture, group, is_new);
		put_left_bar(picture, group);
		put_right_bar(picture, group);
		picture->y += LINE;
		before = group->system;
	}
}

/* ---- The whole ---- */

/* The height comes first: writes the legend once for nothing, to count its lines. */
static double measure(struct picture *picture)
{
	size_t len = picture->out->len;
	put_legend(picture);
	picture->out->len = len;
	return picture->y + height_of_lines(picture) + FOOT;
}

static void put_head(struct picture *picture, double height)
{
	PUT(picture,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" viewBox=\"0 0 %d "
		"%.0f\" font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif\" "
		"font-size=\"12.5\" fill=\"#1f2328\" role=\"img\">\n",
		WIDTH, height, WIDTH, height);
	put(picture,
		"<title>Where the time of merging goes</title>\n"
		"<style>.b{font-weight:600}.m{fill:#57606a}.g{stroke:#dfe3e8}"
		".v{paint-order:stroke;stroke:#fff;stroke-width:3px}</style>\n");
	PUT(picture,
		"<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%.0f\" rx=\"8\" fill=\"#ffffff\" "
		"stroke=\"#d0d7de\"/>\n",
		WIDTH - 1, height - 1);
	put_text(picture, MARGIN, 36, "class=\"b\" font-size=\"18\"",
		"Where the time goes: ways to find the most frequent pair");
}

static void draw(struct picture *picture)
{
	bool has_bars = picture->groups.count > 0;
	put_head(picture, has_bars ? measure(picture) : LEGEND_TOP);
	if (!has_bars) {
		put_text(
			picture, MARGIN, 60, "class=\"m\"", "No system was run: there is nothing to show.");
	} else {
		find_axis(picture);
		put_what_was_run(picture, 58);
		put_legend(picture);
		put_axes(picture);
		put_bars(picture);
	}
	put(picture, "</svg>\n");
}

bool pmill_study_report_svg(const struct pmill_study_report *report, struct pmill_buffer *text)
{
	struct picture picture = {.report = report, .out = text};
	picture.has_failed = !pmill_study_groups_init(&picture.groups, report);
	if (!picture.has_failed)
		draw(&picture);
	pmill_study_groups_release(&picture.groups);
	return !picture.has_failed;
}
