/* The types TokenArray and OffsetArray: made from Python, pickled, shown to others. */
/* SPDX-License-Identifier: MIT */
#include "array.h"
#include "core.h"

/* ---- Making arrays from Python ---- */

/* "uint16" → 2, "uint32" or NULL → 4, else 0 with an exception. */
static unsigned read_dtype(PyObject *dtype)
{
	if (dtype == NULL || dtype == Py_None)
		return 4;
	if (PyUnicode_Check(dtype)) {
		if (PyUnicode_CompareWithASCIIString(dtype, "uint16") == 0)
			return 2;
		if (PyUnicode_CompareWithASCIIString(dtype, "uint32") == 0)
			return 4;
	}
	PyErr_Format(PyExc_ValueError, "dtype must be 'uint16' or 'uint32', not %R", dtype);
	return 0;
}

static PyObject *copy_ids(const struct core_ids *ids, unsigned id_bytes)
{
	if (id_bytes == 4)
		return core_copied_array(ids->ids, ids->count, 4);
	PyObject *copy = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(ids->count * 2));
	if (copy == NULL)
		return NULL;
	uint16_t *out = (uint16_t *)(void *)PyBytes_AsString(copy);
	for (size_t i = 0; i < ids->count; i++) {
		if (ids->ids[i] > UINT16_MAX) {
			PyErr_Format(PyExc_ValueError, "id %lu at index %zu doesn't fit into uint16",
				(unsigned long)ids->ids[i], i);
			Py_DECREF(copy);
			return NULL;
		}
		out[i] = (uint16_t)ids->ids[i];
	}
	PyObject *array = core_token_array(copy, out, ids->count, 2);
	Py_DECREF(copy);
	return array;
}

static PyObject *token_array_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"ids", "dtype", NULL};
	PyObject *object = NULL, *dtype = NULL;
	(void)type;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|OO:TokenArray", names, &object, &dtype))
		return NULL;
	unsigned id_bytes = read_dtype(dtype);
	struct core_ids ids = {0};
	if (id_bytes == 0 || (object != NULL && !core_ids_borrow(object, 0, &ids)))
		return NULL;
	PyObject *array = copy_ids(&ids, id_bytes);
	core_ids_release(&ids);
	return array;
}

static PyObject *token_array_from_bytes(PyObject *type, PyObject *args)
{
	PyObject *bytes, *dtype = NULL;
	(void)type;
	if (!PyArg_ParseTuple(args, "O!|O:frombytes", &PyBytes_Type, &bytes, &dtype))
		return NULL;
	unsigned id_bytes = read_dtype(dtype);
	if (id_bytes == 0)
		return NULL;
	size_t len = (size_t)PyBytes_Size(bytes);
	if (len % id_bytes != 0) {
		PyErr_Format(
			PyExc_ValueError, "%zu bytes are not a whole number of ids of %u bytes", len, id_bytes);
		return NULL;
	}
	return core_copied_array(PyBytes_AsString(bytes), len / id_bytes, id_bytes);
}

static PyObject *token_array_reduce(PyObject *self, PyObject *none)
{
	PyObject *make = PyObject_GetAttrString((PyObject *)core.token_array, "frombytes");
	PyObject *bytes = make == NULL ? NULL : core_array_bytes(self, none);
	PyObject *result = bytes == NULL
		? NULL
		: Py_BuildValue("(O(Os))", make, bytes, core_number_name((struct array *)self));
	Py_XDECREF(make);
	Py_XDECREF(bytes);
	return result;
}

static PyObject *offset_array_from_bytes(PyObject *type, PyObject *args)
{
	PyObject *bytes;
	unsigned columns;
	(void)type;
	if (!PyArg_ParseTuple(args, "O!I:_frombytes", &PyBytes_Type, &bytes, &columns))
		return NULL;
	size_t len = (size_t)PyBytes_Size(bytes);
	if ((columns != 1 && columns != 2) || len % (columns * sizeof(uint64_t)) != 0) {
		PyErr_SetString(PyExc_ValueError, "not the bytes of offsets");
		return NULL;
	}
	return core_offset_array(bytes, (const uint64_t *)(const void *)PyBytes_AsString(bytes),
		len / (columns * sizeof(uint64_t)), columns);
}

static PyObject *offset_array_reduce(PyObject *self, PyObject *none)
{
	PyObject *make = PyObject_GetAttrString((PyObject *)core.offset_array, "_frombytes");
	PyObject *bytes = make == NULL ? NULL : core_array_bytes(self, none);
	PyObject *result = bytes == NULL
		? NULL
		: Py_BuildValue("(O(OI))", make, bytes, ((struct array *)self)->columns);
	Py_XDECREF(make);
	Py_XDECREF(bytes);
	return result;
}

static PyObject *array_arrow(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"requested_schema", NULL};
	PyObject *schema = NULL;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:__arrow_c_array__", names, &schema))
		return NULL;
	struct array *array = (struct array *)self;
	return core_arrow_ids(self, array->data, (size_t)array->shape[0], array->item_bytes);
}

static PyObject *array_schema(PyObject *self, PyObject *none)
{
	(void)none;
	return core_arrow_id_schema(((struct array *)self)->item_bytes);
}

static PyObject *array_dtype(PyObject *self, void *closure)
{
	(void)closure;
	return PyUnicode_FromString(core_number_name((struct array *)self));
}

PyDoc_STRVAR(token_array_doc,
	"TokenArray(ids=(), dtype='uint32')\n--\n\n"
	"Ids, read-only, of type uint16 or uint32.\n\n"
	"Supports the buffer protocol, one dimension: ``np.asarray(array)`` copies nothing. Also "
	"gives\n"
	"Arrow data (``pa.array(array)``). Slices with the step 1 share memory.\n\n"
	"Raises ValueError if an id is negative or too large.\n\n"
	">>> ids = pairmill.TokenArray([5, 6, 7], 'uint16')\n"
	">>> ids[1:], ids[0], memoryview(ids).nbytes\n"
	"(TokenArray([6, 7], dtype='uint16'), 5, 6)");

static PyMethodDef token_array_methods[] = {
	CORE_SEQUENCE_METHODS,
	{"tolist", core_array_list, METH_NOARGS, "tolist($self, /)\n--\n\nThe ids as a list of int."},
	{"tobytes", core_array_bytes, METH_NOARGS,
		"tobytes($self, /)\n--\n\nThe ids as bytes, in the machine's byte order."},
	{"frombytes", token_array_from_bytes, METH_VARARGS | METH_CLASS,
		"frombytes($type, data, dtype='uint32', /)\n--\n\n"
		"Ids from the bytes that ``tobytes`` gives. Raises ValueError if there is half an id."},
	{"__arrow_c_array__", (PyCFunction)(void (*)(void))array_arrow, METH_VARARGS | METH_KEYWORDS,
		"__arrow_c_array__($self, /, requested_schema=None)\n--\n\n"
		"Arrow's schema and array as PyCapsules; the type is uint16 or uint32."},
	{"__arrow_c_schema__", array_schema, METH_NOARGS,
		"__arrow_c_schema__($self, /)\n--\n\nArrow's schema as a PyCapsule."},
	{"__reduce__", token_array_reduce, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef token_array_getters[] = {
	{"dtype", array_dtype, NULL, "'uint16' or 'uint32'.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot token_array_slots[] = {
	{Py_tp_doc, (void *)token_array_doc},
	{Py_tp_new, token_array_new},
	{Py_tp_dealloc, core_array_dealloc},
	{Py_tp_methods, token_array_methods},
	{Py_tp_getset, token_array_getters},
	{Py_tp_repr, core_array_repr},
	{Py_tp_richcompare, core_array_compare},
	{Py_tp_hash, PyObject_HashNotImplemented},
	{Py_tp_iter, PySeqIter_New},
	{Py_sq_length, core_array_length},
	{Py_sq_item, core_array_item},
	{Py_mp_length, core_array_length},
	{Py_mp_subscript, core_array_subscript},
	{Py_bf_getbuffer, core_array_get_buffer},
	{0, NULL},
};

static PyType_Spec token_array_spec = {
	.name = "pairmill._core.TokenArray",
	.basicsize = sizeof(struct array),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = token_array_slots,
};

PyDoc_STRVAR(offset_array_doc,
	"Offsets, read-only, of type uint64: pairs (begin, end), or single numbers.\n\n"
	"Supports the buffer protocol with the shape (n, 2) or (n,): ``np.asarray(array)`` copies\n"
	"nothing. From ``Tokenizer.encode_with_offsets`` and ``TokenBatch.offsets``.");

static PyMethodDef offset_array_methods[] = {
	CORE_SEQUENCE_METHODS,
	{"tolist", core_array_list, METH_NOARGS,
		"tolist($self, /)\n--\n\nThe offsets as a list of (begin, end), or of int."},
	{"tobytes", core_array_bytes, METH_NOARGS,
		"tobytes($self, /)\n--\n\nThe offsets as bytes, in the machine's byte order."},
	{"_frombytes", offset_array_from_bytes, METH_VARARGS | METH_CLASS, NULL},
	{"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS,
		"__class_getitem__($type, item, /)\n--\n\n"
		"For annotations: OffsetArray[tuple[int, int]] has pairs, OffsetArray[int] numbers."},
	{"__reduce__", offset_array_reduce, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot offset_array_slots[] = {
	{Py_tp_doc, (void *)offset_array_doc},
	{Py_tp_dealloc, core_array_dealloc},
	{Py_tp_methods, offset_array_methods},
	{Py_tp_repr, core_array_repr},
	{Py_tp_richcompare, core_array_compare},
	{Py_tp_hash, PyObject_HashNotImplemented},
	{Py_tp_iter, PySeqIter_New},
	{Py_sq_length, core_array_length},
	{Py_sq_item, core_array_item},
	{Py_mp_length, core_array_length},
	{Py_mp_subscript, core_array_subscript},
	{Py_bf_getbuffer, core_array_get_buffer},
	{0, NULL},
};

static PyType_Spec offset_array_spec = {
	.name = "pairmill._core.OffsetArray",
	.basicsize = sizeof(struct array),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = offset_array_slots,
};

bool core_add_arrays(PyObject *module)
{
	core.memory = core_make_type(module, &core_memory_spec);
	core.token_array = core_make_type(module, &token_array_spec);
	core.offset_array = core_make_type(module, &offset_array_spec);
	return core.memory != NULL && core.token_array != NULL && core.offset_array != NULL;
}
