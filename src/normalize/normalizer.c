/* Normalises text by the steps of a model. */
/* SPDX-License-Identifier: MIT */
#include "normalize/normalizer.h"

#include <stdlib.h>

#include "base/error.h"
#include "normalize/lower_case.h"
#include "normalize/normal_form.h"
#include "normalize/normal_table.h"
#include "normalize/replace.h"
#include "unicode/class.h"
#include "unicode/utf8.h"

/* That of Hugging Face's tokenizers. */
#define FORM_VERSION "9.0"

struct rule {
	enum pmill_normal_kind kind;
	bool strips_left, strips_right;
	char *prepended;
	size_t prepended_len;
	struct pmill_replace *replace;
};

struct pmill_normalizer {
	struct rule *rules;
	size_t count;
	unsigned form_version;
};

/* ---- Creating ---- */

static pmill_status make_rule(const struct pmill_normal_step *step, const char *unicode_version,
	struct rule *rule, pmill_error *error)
{
	rule->kind = step->kind;
	rule->strips_left = step->strips_left;
	rule->strips_right = step->strips_right;
	if (step->kind == PMILL_NORMAL_REPLACE)
		return pmill_replace_create(step, unicode_version, &rule->replace, error);
	if (step->kind != PMILL_NORMAL_PREPEND)
		return PMILL_OK;
	rule->prepended = pmill_copy_text(step->content.data, step->content.len);
	rule->prepended_len = step->content.len;
	return rule->prepended != NULL ? PMILL_OK : pmill_fail_memory(error);
}

pmill_status pmill_normalizer_create(const struct pmill_normal_step *steps, size_t count,
	const char *unicode_version, const char *form_version, struct pmill_normalizer **normalizer,
	pmill_error *error)
{
	const int version = pmill_normal_version_find(
		form_version == NULL ? FORM_VERSION : form_version);
	if (version < 0)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"no normal forms of Unicode version %.40s", form_version);
	struct pmill_normalizer *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->form_version = (unsigned)version;
	made->rules = calloc(count > 0 ? count : 1, sizeof *made->rules);
	made->count = made->rules != NULL ? count : 0;
	pmill_status status = made->rules != NULL ? PMILL_OK : pmill_fail_memory(error);
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = make_rule(&steps[i], unicode_version, &made->rules[i], error);
	if (status == PMILL_OK)
		*normalizer = made;
	else
		pmill_normalizer_free(made);
	return status;
}

void pmill_normalizer_free(struct pmill_normalizer *normalizer)
{
	if (normalizer == NULL)
		return;
	for (size_t i = 0; i < normalizer->count; i++) {
		pmill_replace_free(normalizer->rules[i].replace);
		free(normalizer->rules[i].prepended);
	}
	free(normalizer->rules);
	free(normalizer);
}

bool pmill_normalizer_is_local(const struct pmill_normalizer *normalizer)
{
	for (size_t i = 0; i < normalizer->count; i++) {
		const enum pmill_normal_kind kind = normalizer->rules[i].kind;
		if (kind == PMILL_NORMAL_PREPEND || kind == PMILL_NORMAL_REPLACE ||
			kind == PMILL_NORMAL_STRIP)
			return false;
	}
	return true;
}

/* ---- White space ---- */

/* The same in all Unicode versions. */
static bool is_space(uint32_t code_point)
{
	return pmill_unicode_class(pmill_unicode_at(0), code_point) == PMILL_CLASS_SPACE;
}

/* Where the first character begins that is none; `len` if all are. */
static size_t strip_left(const uint8_t *text, size_t len)
{
	for (size_t begin = 0, read; begin < len; begin += read) {
		uint32_t code_point;
		read = pmill_utf8_decode(text + begin, len - begin, &code_point);
		if (!is_space(code_point))
			return begin;
	}
	return len;
}

/* The bytes of the white space that the text ends with: one character, or none. */
static size_t last_space(const uint8_t *text, size_t len)
{
	size_t read = 1;
	while (read < len && read < 4 && (text[len - read] & 0xC0) == 0x80)
		read++;
	uint32_t code_point;
	const bool is_whole = pmill_utf8_decode(text + len - read, read, &code_point) == read;
	return is_whole && is_space(code_point) ? read : 0;
}

static bool append_stripped(const struct rule *rule, const uint8_t *text, size_t len,
	struct pmill_buffer *out, struct pmill_source_map *map)
{
	const size_t begin = rule->strips_left ? strip_left(text, len) : 0;
	size_t end = len, last = 1;
	while (rule->strips_right && end > begin && last > 0) {
		last = last_space(text + begin, end - begin);
		end -= last;
	}
	return pmill_buffer_append(out, text + begin, end - begin) &&
		(map == NULL || pmill_source_map_add_copied(map, begin, end - begin));
}

/* ---- Applying ---- */

static bool append_prepended(const struct rule *rule, const uint8_t *text, size_t len,
	struct pmill_buffer *out, struct pmill_source_map *map)
{
	return pmill_buffer_append(out, rule->prepended, rule->prepended_len) &&
		pmill_buffer_append(out, text, len) &&
		(map == NULL ||
			(pmill_source_map_add_changed(map, rule->prepended_len, 0, 0) &&
				pmill_source_map_add_copied(map, 0, len)));
}

/* Empty text stays empty, whatever the step. */
static pmill_status apply_rule(const struct pmill_normalizer *normalizer, const struct rule *rule,
	const uint8_t *text, size_t len, struct pmill_buffer *out, struct pmill_source_map *map,
	pmill_error *error)
{
	if (len == 0)
		return PMILL_OK;
	bool done = false;
	switch (rule->kind) {
	case PMILL_NORMAL_NFC:
	case PMILL_NORMAL_NFD:
	case PMILL_NORMAL_NFKC:
	case PMILL_NORMAL_NFKD:
		done = pmill_normal_form_append(rule->kind, normalizer->form_version, text, len, out, map);
		break;
	case PMILL_NORMAL_LOWERCASE: done = pmill_lower_case_append(text, len, out, map); break;
	case PMILL_NORMAL_PREPEND: done = append_prepended(rule, text, len, out, map); break;
	case PMILL_NORMAL_REPLACE:
		return pmill_replace_append(rule->replace, text, len, out, map, error);
	case PMILL_NORMAL_STRIP: done = append_stripped(rule, text, len, out, map); break;
	}
	return done ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status copy_text(const uint8_t *text, size_t len, struct pmill_buffer *out,
	struct pmill_source_map *map, pmill_error *error)
{
	const bool done = pmill_buffer_append(out, text, len) &&
		(map == NULL || pmill_source_map_add_copied(map, 0, len));
	return done ? PMILL_OK : pmill_fail_memory(error);
}

/* The maps of the steps so far, of the last step, and of both. */
struct maps {
	struct pmill_source_map *all;
	struct pmill_source_map step, both;
};

static bool compose(struct maps *maps)
{
	if (!pmill_source_map_compose(maps->all, &maps->step, &maps->both))
		return false;
	const struct pmill_source_map before = *maps->all;
	*maps->all = maps->both;
	maps->both = before;
	return true;
}

static pmill_status apply_step(const struct pmill_normalizer *normalizer, size_t index,
	const uint8_t *text, size_t len, struct pmill_buffer *out, struct maps *maps,
	pmill_error *error)
{
	const struct rule *rule = &normalizer->rules[index];
	if (maps->all == NULL || index == 0)
		return apply_rule(normalizer, rule, text, len, out, maps->all, error);
	pmill_source_map_clear(&maps->step);
	const pmill_status status = apply_rule(normalizer, rule, text, len, out, &maps->step, error);
	return status == PMILL_OK && !compose(maps) ? pmill_fail_memory(error) : status;
}

pmill_status pmill_normalizer_apply(const struct pmill_normalizer *normalizer, const uint8_t *text,
	size_t len, struct pmill_buffer *out, struct pmill_source_map *map, pmill_error *error)
{
	out->len = 0;
	if (map != NULL)
		pmill_source_map_clear(map);
	if (normalizer->count == 0)
		return copy_text(text, len, out, map, error);
	/* The steps write to both buffers in turn, the last to `out`. */
	struct pmill_buffer other = {0};
	struct maps maps = {.all = map};
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < normalizer->count && status == PMILL_OK; i++) {
		struct pmill_buffer *to = (normalizer->count - i) % 2 == 1 ? out : &other;
		to->len = 0;
		status = apply_step(normalizer, i, text, len, to, &maps, error);
		text = to->data;
		len = to->len;
	}
	pmill_buffer_release(&other);
	pmill_source_map_release(&maps.step);
	pmill_source_map_release(&maps.both);
	return status;
}
