/* Policies of one tokenizer, made once for each Policy of Python's. */
/* SPDX-License-Identifier: MIT */
#include "tokenizer.h"

/* A caller may give another list each time; beyond this many policies all are made anew. */
enum { KEPT_POLICIES = 64 };

static const struct core_option policy_options[] = {
	{"special", OPTION_STRING, offsetof(pmill_policy_options, special)},
	{"added", OPTION_STRING, offsetof(pmill_policy_options, added)},
	{"add_template", OPTION_FLAG, offsetof(pmill_policy_options, add_template)},
	{NULL, 0, 0},
};

struct token_list {
	const pmill_bytes *tokens;
	size_t count;
};

static const struct core_option list_options[] = {
	{"tokens", OPTION_TOKENS, 0},
	{NULL, 0, 0},
};

/* A choice by name, or a tuple of tokens. */
static bool fill_choice(
	PyObject *value, const char **name, struct token_list *list, struct core_holder *holder)
{
	bool is_name = PyUnicode_Check(value);
	PyObject *dict = Py_BuildValue("{sO}", is_name ? "special" : "tokens", value);
	if (dict == NULL)
		return false;
	bool worked;
	if (is_name) {
		pmill_policy_options options = {.size = sizeof options};
		worked = core_fill_options(dict, policy_options, &options, holder);
		*name = options.special;
	} else {
		worked = core_fill_options(dict, list_options, list, holder);
		*name = "list";
	}
	Py_DECREF(dict);
	return worked;
}

static void free_policy(PyObject *capsule)
{
	pmill_policy_free(PyCapsule_GetPointer(capsule, "pmill_policy"));
}

/* `key` is a Policy: a tuple (special, added, template). */
static PyObject *make_policy(struct tokenizer *self, PyObject *key)
{
	PyObject *special, *added;
	int template;
	if (!PyArg_ParseTuple(key, "OOp", &special, &added, &template))
		return NULL;
	pmill_policy_options options = {.size = sizeof options, .add_template = template};
	struct token_list specials = {0}, addeds = {0};
	struct core_holder holder = {0};
	PyObject *capsule = NULL;
	if (fill_choice(special, &options.special, &specials, &holder) &&
		fill_choice(added, &options.added, &addeds, &holder)) {
		options.special_list = specials.tokens;
		options.special_list_count = specials.count;
		options.added_list = addeds.tokens;
		options.added_list_count = addeds.count;
		pmill_error error;
		pmill_policy *policy;
		if (pmill_policy_create(self->tokenizer, &options, &policy, &error) != PMILL_OK) {
			core_raise(&error);
		} else {
			capsule = PyCapsule_New(policy, "pmill_policy", free_policy);
			if (capsule == NULL)
				pmill_policy_free(policy);
		}
	}
	core_holder_release(&holder);
	return capsule;
}

static PyObject *find_by_key(struct tokenizer *self, PyObject *key)
{
	PyObject *capsule = core_dict_item(self->policies, key);
	if (capsule != NULL || PyErr_Occurred())
		return capsule;
	capsule = make_policy(self, key);
	if (capsule == NULL)
		return NULL;
	if (PyDict_Size(self->policies) >= KEPT_POLICIES)
		PyDict_Clear(self->policies);
	if (PyDict_SetItem(self->policies, key, capsule) != 0)
		Py_CLEAR(capsule);
	return capsule;
}

/* A str and a Policy are keys themselves, so that most calls need no Python. */
static PyObject *find_raw(struct tokenizer *self, PyObject *raw)
{
	return PyUnicode_Check(raw) || PyTuple_Check(raw) ? core_dict_item(self->policies, raw) : NULL;
}

static PyObject *find_capsule(struct tokenizer *self, PyObject *special_tokens, PyObject *policy)
{
	PyObject *raw = policy == Py_None ? special_tokens : special_tokens == Py_None ? policy : NULL;
	PyObject *capsule = raw == NULL ? NULL : find_raw(self, raw);
	if (capsule != NULL)
		return capsule;
	PyErr_Clear();
	PyObject *key = PyObject_CallFunctionObjArgs(
		core.resolve_policy, (PyObject *)self, special_tokens, policy, NULL);
	if (key == NULL)
		return NULL;
	capsule = find_by_key(self, key);
	Py_DECREF(key);
	if (capsule != NULL && raw != NULL && PyUnicode_Check(raw) &&
		PyDict_SetItem(self->policies, raw, capsule) != 0)
		Py_CLEAR(capsule);
	return capsule;
}

bool core_find_policy(
	struct tokenizer *self, PyObject *special_tokens, PyObject *policy, struct policy *found)
{
	*found = (struct policy){0};
	if (special_tokens == NULL)
		special_tokens = Py_None;
	if (policy == NULL)
		policy = Py_None;
	if (special_tokens == Py_None && policy == Py_None)
		return true;
	found->capsule = find_capsule(self, special_tokens, policy);
	if (found->capsule == NULL)
		return false;
	found->policy = PyCapsule_GetPointer(found->capsule, "pmill_policy");
	return true;
}

void core_drop_policy(struct policy *policy)
{
	Py_XDECREF(policy->capsule);
}
