/* tokenizer.json: post_processor → template, and back. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "formats/tokenizer_json.h"
#include "notation/json.h"
#include "notation/json_read.h"
#include "unicode/quote.h"

/* Ids around the text, by processors one after another: each puts its own around the last one's. */
struct template_reader {
	struct pmill_tokenizer *tokenizer;
	struct pmill_buffer before, after; /* of uint32_t */
};

static pmill_status fail_part(const char *type, const char *what, struct pmill_json_place place,
	struct pmill_json_error *error)
{
	return pmill_json_fail(error, place, "the post_processor %s %s", type, what);
}

static pmill_status append_id(struct template_reader *reader, const char *type, const json_t *list,
	size_t index, struct pmill_buffer *ids, struct pmill_json_error *error)
{
	const json_t *value = json_array_get(list, index);
	const json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
	const uint32_t id = number < 0 || number >= PMILL_NO_ID ? PMILL_NO_ID : (uint32_t)number;
	if (pmill_vocab_token(&reader->tokenizer->vocab, id).data == NULL) {
		/* A token that decodes to nothing isn't there. */
		return reader->tokenizer->refusal != NULL
			? PMILL_OK
			: fail_part(type, "has a token whose id is not in the vocab",
				  pmill_json_at_item(list, index), error);
	}
	return pmill_buffer_append(ids, &id, sizeof id) ? PMILL_OK : pmill_fail_memory(error->error);
}

/* Puts `before` and `after` around what is there; takes them. */
static pmill_status wrap(struct template_reader *reader, struct pmill_buffer *before,
	struct pmill_buffer *after, struct pmill_json_error *error)
{
	const bool done = pmill_buffer_append(before, reader->before.data, reader->before.len) &&
		pmill_buffer_append(&reader->after, after->data, after->len);
	pmill_buffer_release(after);
	pmill_buffer_release(&reader->before);
	reader->before = *before;
	return done ? PMILL_OK : pmill_fail_memory(error->error);
}

static pmill_status read_byte_level(
	struct template_reader *reader, const json_t *value, struct pmill_json_error *error)
{
	(void)reader;
	(void)value;
	(void)error;
	return PMILL_OK;
}

/* RobertaProcessing and BertProcessing: "cls" and "sep" are a name and an id. */
static pmill_status read_pair(
	struct template_reader *reader, const json_t *value, struct pmill_json_error *error)
{
	struct pmill_buffer before = {0}, after = {0};
	const char *type = pmill_hf_type(value);
	pmill_status status = append_id(reader, type, json_object_get(value, "cls"), 1, &before, error);
	if (status == PMILL_OK)
		status = append_id(reader, type, json_object_get(value, "sep"), 1, &after, error);
	const pmill_status wrapped = wrap(reader, &before, &after, error);
	return status == PMILL_OK ? wrapped : status;
}

static pmill_status append_special(struct template_reader *reader, const json_t *special,
	const json_t *tokens, struct pmill_buffer *ids, struct pmill_json_error *error)
{
	const json_t *token = json_object_get(tokens, pmill_hf_text(special, "id"));
	const json_t *list = json_object_get(token, "ids");
	if (!json_is_array(list))
		return fail_part("TemplateProcessing", "has a token without ids",
			token == NULL ? pmill_json_at(special) : pmill_json_at_member(token, "ids"), error);
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < json_array_size(list) && status == PMILL_OK; i++)
		status = append_id(reader, "TemplateProcessing", list, i, ids, error);
	return status;
}

static pmill_status read_single(struct template_reader *reader, const json_t *value,
	struct pmill_buffer *before, struct pmill_buffer *after, struct pmill_json_error *error)
{
	const json_t *single = json_object_get(value, "single");
	size_t texts = 0;
	pmill_status status = json_is_array(single) ? PMILL_OK
												: fail_part("TemplateProcessing", "has no single",
													  pmill_json_at_member(value, "single"), error);
	for (size_t i = 0; i < json_array_size(single) && status == PMILL_OK; i++) {
		const json_t *special = json_object_get(json_array_get(single, i), "SpecialToken");
		if (special == NULL)
			texts++;
		else
			status = append_special(reader, special, json_object_get(value, "special_tokens"),
				texts == 0 ? before : after, error);
	}
	if (status == PMILL_OK && texts != 1)
		status = pmill_hf_refuse(reader->tokenizer, error,
			"the post_processor TemplateProcessing with %zu texts in its single is not supported",
			texts);
	return status;
}

static pmill_status read_template(
	struct template_reader *reader, const json_t *value, struct pmill_json_error *error)
{
	struct pmill_buffer before = {0}, after = {0};
	const pmill_status status = read_single(reader, value, &before, &after, error);
	const pmill_status wrapped = wrap(reader, &before, &after, error);
	return status == PMILL_OK ? wrapped : status;
}

static const struct kind {
	const char *type;
	pmill_status (*read)(
		struct template_reader *reader, const json_t *value, struct pmill_json_error *error);
} kinds[] = {
	{"ByteLevel", read_byte_level},
	{"TemplateProcessing", read_template},
	{"RobertaProcessing", read_pair},
	{"BertProcessing", read_pair},
};

static pmill_status read_leaf(
	struct template_reader *reader, const json_t *value, struct pmill_json_error *error)
{
	const char *type = pmill_hf_type(value);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].type, type) == 0)
			return kinds[i].read(reader, value, error);
	struct pmill_quote quote;
	return pmill_hf_refuse(reader->tokenizer, error, "the post_processor %s is not supported",
		pmill_quote(&quote, type, strlen(type)));
}

pmill_status pmill_hf_read_post_processor(
	struct pmill_tokenizer *tokenizer, const json_t *post_processor, struct pmill_json_error *error)
{
	struct template_reader reader = {.tokenizer = tokenizer};
	json_t *leaves;
	pmill_status status = pmill_hf_flatten(post_processor, "processors", &leaves, error);
	if (status != PMILL_OK)
		return status;
	for (size_t i = 0; i < json_array_size(leaves) && status == PMILL_OK; i++)
		status = pmill_json_blame(error, pmill_json_at(json_array_get(leaves, i)),
			read_leaf(&reader, json_array_get(leaves, i), error));
	const struct pmill_template whole = {(const uint32_t *)(const void *)reader.before.data,
		(const uint32_t *)(const void *)reader.after.data, reader.before.len / sizeof(uint32_t),
		reader.after.len / sizeof(uint32_t)};
	if (status == PMILL_OK && (whole.before_count > 0 || whole.after_count > 0))
		status = pmill_tokenizer_set_template(tokenizer, &whole, error->error);
	pmill_buffer_release(&reader.before);
	pmill_buffer_release(&reader.after);
	json_decref(leaves);
	return status;
}

/* ---- Writing what was kept ---- */

/* The string with quotation marks, as JSON writers spell it. */
static bool append_quoted(struct pmill_buffer *out, pmill_bytes text)
{
	return pmill_json_append_string(out, text.data, text.len);
}

/* Whether `quoted` is at `at`, as a whole string. */
static bool is_string_at(
	const uint8_t *text, size_t len, size_t at, const struct pmill_buffer *quoted)
{
	return quoted->len <= len - at && memcmp(text + at, quoted->data, quoted->len) == 0 &&
		(at == 0 || text[at - 1] != '\\');
}

static bool rename_one(
	const struct pmill_rename *rename, const struct pmill_buffer *text, struct pmill_buffer *out)
{
	struct pmill_buffer from = {0}, to = {0};
	bool done = append_quoted(&from, rename->from) && append_quoted(&to, rename->to);
	for (size_t at = 0; at < text->len && done;) {
		const bool is_found = is_string_at(text->data, text->len, at, &from);
		done = is_found ? pmill_buffer_append(out, to.data, to.len)
						: pmill_buffer_append(out, text->data + at, 1);
		at += is_found ? from.len : 1;
	}
	pmill_buffer_release(&from);
	pmill_buffer_release(&to);
	return done;
}

bool pmill_hf_append_renamed(
	const struct pmill_tokenizer *tokenizer, const void *text, size_t len, struct pmill_buffer *out)
{
	struct pmill_buffer now = {0};
	bool done = pmill_buffer_append(&now, text, len);
	for (size_t i = 0; i < tokenizer->kept.rename_count && done; i++) {
		struct pmill_buffer next = {0};
		done = rename_one(&tokenizer->kept.renames[i], &now, &next);
		pmill_buffer_release(&now);
		now = next;
	}
	done = done && pmill_buffer_append(out, now.data, now.len);
	pmill_buffer_release(&now);
	return done;
}

/* The id that a token has now; its old one if it is no special token. */
static int update_id(const struct pmill_tokenizer *tokenizer, const json_t *name, json_t *id)
{
	if (!json_is_string(name) || !json_is_integer(id))
		return 0;
	const struct pmill_special *special = pmill_tokenizer_find_special(
		tokenizer, (pmill_bytes){json_string_value(name), json_string_length(name)});
	return special == NULL ? 0 : json_integer_set(id, special->id);
}

static int update_leaf(const struct pmill_tokenizer *tokenizer, const json_t *leaf)
{
	static const char *const pairs[] = {"cls", "sep"};
	int failed = 0;
	for (size_t i = 0; i < 2; i++) {
		const json_t *pair = json_object_get(leaf, pairs[i]);
		failed |= update_id(tokenizer, json_array_get(pair, 0), json_array_get(pair, 1));
	}
	const char *key;
	json_t *token;
	json_object_foreach(json_object_get(leaf, "special_tokens"), key, token)
	{
		const json_t *names = json_object_get(token, "tokens"),
					 *ids = json_object_get(token, "ids");
		for (size_t i = 0; i < json_array_size(ids); i++)
			failed |= update_id(tokenizer, json_array_get(names, i), json_array_get(ids, i));
	}
	return failed;
}

static pmill_status update_ids(
	const struct pmill_tokenizer *tokenizer, const json_t *value, pmill_error *error)
{
	struct pmill_json_error located = {.error = error};
	json_t *leaves;
	const pmill_status status = pmill_hf_flatten(value, "processors", &leaves, &located);
	if (status != PMILL_OK)
		return status;
	int failed = 0;
	for (size_t i = 0; i < json_array_size(leaves); i++)
		failed |= update_leaf(tokenizer, json_array_get(leaves, i));
	json_decref(leaves);
	return failed ? pmill_fail_memory(error) : PMILL_OK;
}

static pmill_status make_kept(
	const struct pmill_tokenizer *tokenizer, json_t **value, pmill_error *error)
{
	const char *kept = tokenizer->kept.post_processor;
	struct pmill_buffer text = {0};
	json_t *made = NULL;
	pmill_status status = PMILL_NO_MEMORY;
	if (pmill_hf_append_renamed(tokenizer, kept, strlen(kept), &text))
		status = pmill_json_read(text.data, text.len, PMILL_JSON_NO_NUL, &made, error);
	else
		pmill_fail_memory(error);
	pmill_buffer_release(&text);
	if (status == PMILL_OK && !json_is_null(made))
		status = update_ids(tokenizer, made, error);
	if (status == PMILL_OK)
		*value = made;
	else
		json_decref(made);
	return status;
}

/* ---- Writing anew ---- */

/* `type`: that of the text it is beside. Adds the token's entry to `tokens`. */
static int append_token(
	const struct pmill_tokenizer *tokenizer, json_t *list, json_t *tokens, uint32_t id, int type)
{
	const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
	char *name = pmill_copy_text(token.data, token.len);
	int failed = name == NULL ||
		json_array_append_new(
			list, json_pack("{s:{s:s, s:i}}", "SpecialToken", "id", name, "type_id", type)) ||
		json_object_set_new(tokens, name,
			json_pack("{s:s, s:[I], s:[s]}", "id", name, "ids", (json_int_t)id, "tokens", name));
	pmill_memory_free(name);
	return failed;
}

/* A text with the template's tokens around it. */
static int append_text(const struct pmill_tokenizer *tokenizer, json_t *list, json_t *tokens,
	const char *name, int type)
{
	const struct pmill_template *template = &tokenizer->template;
	int failed = 0;
	for (size_t i = 0; i < template->before_count; i++)
		failed |= append_token(tokenizer, list, tokens, template->before[i], type);
	failed |= json_array_append_new(
		list, json_pack("{s:{s:s, s:i}}", "Sequence", "id", name, "type_id", type));
	for (size_t i = 0; i < template->after_count; i++)
		failed |= append_token(tokenizer, list, tokens, template->after[i], type);
	return failed;
}

pmill_status pmill_hf_make_post_processor(
	const struct pmill_tokenizer *tokenizer, json_t **value, pmill_error *error)
{
	if (tokenizer->kept.post_processor != NULL)
		return make_kept(tokenizer, value, error);
	const struct pmill_template *template = &tokenizer->template;
	json_t *plain = json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 0,
		"trim_offsets", 1, "use_regex", 1);
	if (template->before_count == 0 && template->after_count == 0) {
		*value = plain;
		return plain == NULL ? pmill_fail_memory(error) : PMILL_OK;
	}
	json_t *single = json_array(), *pair = json_array(), *tokens = json_object();
	const int failed = append_text(tokenizer, single, tokens, "A", 0) |
		append_text(tokenizer, pair, tokens, "A", 0) | append_text(tokenizer, pair, tokens, "B", 1);
	/* "o" takes over what it is given, also when it fails. */
	*value = json_pack("{s:s, s:[o, {s:s, s:o, s:o, s:o}]}", "type", "Sequence", "processors",
		plain, "type", "TemplateProcessing", "single", single, "pair", pair, "special_tokens",
		tokens);
	if (failed && *value != NULL) {
		json_decref(*value);
		*value = NULL;
	}
	return *value == NULL ? pmill_fail_memory(error) : PMILL_OK;
}
