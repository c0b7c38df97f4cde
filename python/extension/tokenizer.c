/* The type Tokenizer of the extension, which pairmill.Tokenizer is derived from. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tokenizer.h"

PyObject *core_wrap_tokenizer(PyTypeObject *type, pmill_tokenizer *tokenizer)
{
	allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
	PyObject *policies = PyDict_New();
	struct tokenizer *self = policies == NULL ? NULL : (struct tokenizer *)allocate(type, 0);
	if (self == NULL) {
		Py_XDECREF(policies);
		pmill_tokenizer_free(tokenizer);
		return NULL;
	}
	pthread_mutex_init(&self->mutex, NULL);
	self->tokenizer = tokenizer;
	self->policies = policies;
	return (PyObject *)self;
}

static void tokenizer_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct tokenizer *tokenizer = as_tokenizer(self);
	core_free_workers(tokenizer);
	Py_XDECREF(tokenizer->policies);
	pmill_tokenizer_free(tokenizer->tokenizer);
	pthread_mutex_destroy(&tokenizer->mutex);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(self);
	Py_DECREF(type);
}

static PyObject *tokenizer_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	(void)type;
	(void)args;
	(void)keywords;
	PyErr_SetString(PyExc_TypeError,
		"a Tokenizer comes from train(), Tokenizer.load(), from_bytes() or from_parts()");
	return NULL;
}

/* One table of all methods: each file has those that belong together. */
static PyMethodDef methods[64];

static void gather_methods(void)
{
	static PyMethodDef *const tables[] = {core_encode_methods, core_decode_methods,
		core_model_methods, core_stream_methods, core_file_methods, core_train_methods};
	size_t count = 0;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		for (PyMethodDef *method = tables[i]; method->ml_name != NULL; method++)
			methods[count++] = *method;
	}
}

bool core_add_tokenizer(PyObject *module)
{
	gather_methods();
	PyType_Slot slots[] = {
		{Py_tp_doc, (void *)"Tokenizer()\n--\n\nWhat pairmill.Tokenizer is made of."},
		{Py_tp_new, tokenizer_new},
		{Py_tp_dealloc, tokenizer_dealloc},
		{Py_tp_methods, methods},
		{Py_tp_getset, core_model_getters},
		{0, NULL},
	};
	PyType_Spec spec = {
		.name = "pairmill._core.Tokenizer",
		.basicsize = sizeof(struct tokenizer),
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
		.slots = slots,
	};
	core.tokenizer = core_make_type(module, &spec);
	return core.tokenizer != NULL;
}
