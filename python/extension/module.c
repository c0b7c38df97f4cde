/* The module pairmill._core. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core.h"

struct core core;

/* The module has the type under its name without the module's. */
PyTypeObject *core_make_type(PyObject *module, PyType_Spec *spec)
{
	PyObject *type = PyType_FromSpec(spec);
	if (type == NULL)
		return NULL;
	const char *name = strrchr(spec->name, '.') + 1;
	if (PyModule_AddObjectRef(module, name, type) != 0)
		Py_CLEAR(type);
	return (PyTypeObject *)type;
}

/* ---- Choices: the names that options take ---- */

static const struct choice {
	const char *kind;
	const char *(*name)(size_t);
} choices[] = {
	{"patterns", pmill_pattern_name},
	{"unicode_versions", pmill_unicode_name},
	{"ties", pmill_ties_name},
	{"layouts", pmill_layout_name},
	{"compats", pmill_compat_name},
	{"input_formats", pmill_input_format_name},
	{"tsv_spellings", pmill_tsv_name},
	{"model_formats", pmill_model_format_name},
	{"encodings", pmill_encoding_name},
	{"meanings", pmill_meaning_name},
	{"token_formats", pmill_token_format_name},
	{"policy_choices", pmill_policy_choice_name},
	{"offset_units", pmill_offset_unit_name},
	{"scanners", pmill_scanner_name},
};

static PyObject *list_names(const char *(*get_name)(size_t))
{
	PyObject *list = PyList_New(0);
	for (size_t i = 0; list != NULL && get_name(i) != NULL; i++) {
		PyObject *name = PyUnicode_FromString(get_name(i));
		if (name == NULL || PyList_Append(list, name) != 0)
			Py_CLEAR(list);
		Py_XDECREF(name);
	}
	PyObject *tuple = list == NULL ? NULL : PyList_AsTuple(list);
	Py_XDECREF(list);
	return tuple;
}

static PyObject *module_choices(PyObject *module, PyObject *none)
{
	(void)module;
	(void)none;
	PyObject *dict = PyDict_New();
	for (size_t i = 0; dict != NULL && i < sizeof choices / sizeof *choices; i++) {
		PyObject *names = list_names(choices[i].name);
		if (names == NULL || PyDict_SetItemString(dict, choices[i].kind, names) != 0)
			Py_CLEAR(dict);
		Py_XDECREF(names);
	}
	return dict;
}

static PyObject *module_pattern_expression(PyObject *module, PyObject *args)
{
	const char *name;
	(void)module;
	if (!PyArg_ParseTuple(args, "s", &name))
		return NULL;
	const char *expression = pmill_pattern_expression(name);
	return expression == NULL ? Py_NewRef(Py_None) : PyUnicode_FromString(expression);
}

static PyObject *module_peak_memory(PyObject *module, PyObject *none)
{
	(void)module;
	(void)none;
	return PyLong_FromUnsignedLongLong(pmill_peak_memory());
}

static PyObject *module_set_resolver(PyObject *module, PyObject *function)
{
	(void)module;
	PyObject *before = core.resolve_policy;
	core.resolve_policy = Py_NewRef(function);
	Py_XDECREF(before);
	return Py_NewRef(Py_None);
}

static PyMethodDef module_methods[] = {
	{"_choices", module_choices, METH_NOARGS, NULL},
	{"_pattern_expression", module_pattern_expression, METH_VARARGS, NULL},
	{"_set_resolver", module_set_resolver, METH_O, NULL},
	{"peak_memory", module_peak_memory, METH_NOARGS,
		"peak_memory()\n--\n\n"
		"The most memory that this process has had resident so far, in bytes; 0 if unknown."},
	{NULL, NULL, 0, NULL},
};

/* ---- The module ---- */

/* Types are shared by all files, so a second interpreter can't have them as well. */
static int fill_module(PyObject *module)
{
	if (core.tokenizer != NULL) {
		PyErr_SetString(PyExc_ImportError, "pairmill can be loaded by one interpreter only");
		return -1;
	}
	bool worked = core_add_arrays(module) && core_add_batch(module) && core_add_tokenizer(module) &&
		core_add_streams(module) && core_add_counts(module) && core_add_training(module) &&
		PyModule_AddStringConstant(module, "version", pmill_version()) == 0;
	return worked ? 0 : -1;
}

static PyModuleDef_Slot module_slots[] = {
	{Py_mod_exec, fill_module},
#ifdef Py_GIL_DISABLED
	{Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
	{0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "pairmill._core",
	.m_doc = "The C library behind pairmill.",
	.m_methods = module_methods,
	.m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__core(void);
PyMODINIT_FUNC PyInit__core(void)
{
	return PyModuleDef_Init(&definition);
}
