/* Arrays of ids and of offsets, read-only, over memory that the library gave or that was copied. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "array.h"
#include "core.h"

/* ---- Memory of the library ---- */

struct memory {
	PyObject_HEAD void *data;
};

static void memory_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	pmill_memory_free(((struct memory *)self)->data);
	PyObject_Free(self);
	Py_DECREF(type);
}

static PyType_Slot memory_slots[] = {
	{Py_tp_dealloc, memory_dealloc},
	{0, NULL},
};

static PyType_Spec memory_spec = {
	.name = "pairmill._core._Memory",
	.basicsize = sizeof(struct memory),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = memory_slots,
};

PyObject *core_memory(void *data)
{
	struct memory *memory = PyObject_New(struct memory, core.memory);
	if (memory == NULL) {
		pmill_memory_free(data);
		return NULL;
	}
	memory->data = data;
	return (PyObject *)memory;
}

/* ---- One array ---- */

static struct array *make_array(PyTypeObject *type, PyObject *owner, const void *data, size_t count,
	unsigned item_bytes, unsigned columns)
{
	struct array *array = PyObject_New(struct array, type);
	if (array == NULL)
		return NULL;
	array->owner = Py_NewRef(owner);
	array->data = data;
	array->item_bytes = item_bytes;
	array->columns = columns;
	array->shape[0] = (Py_ssize_t)count;
	array->shape[1] = columns;
	array->strides[0] = (Py_ssize_t)(item_bytes * columns);
	array->strides[1] = item_bytes;
	return array;
}

PyObject *core_token_array(PyObject *owner, const void *data, size_t count, unsigned id_bytes)
{
	return (PyObject *)make_array(core.token_array, owner, data, count, id_bytes, 1);
}

PyObject *core_copied_array(const void *data, size_t count, unsigned id_bytes)
{
	PyObject *copy = PyBytes_FromStringAndSize(
		data == NULL ? "" : data, (Py_ssize_t)(count * id_bytes));
	if (copy == NULL)
		return NULL;
	PyObject *array = core_token_array(copy, PyBytes_AsString(copy), count, id_bytes);
	Py_DECREF(copy);
	return array;
}

PyObject *core_offset_array(PyObject *owner, const uint64_t *data, size_t count, unsigned columns)
{
	return (PyObject *)make_array(core.offset_array, owner, data, count, 8, columns);
}

/* Short results are copied, so that the buffer keeps its memory; long ones are handed over. */
enum { COPIED_BYTES = 65536 };

PyObject *core_take_array(pmill_ids *ids)
{
	pmill_ids_view view = {.size = sizeof view};
	pmill_ids_get(ids, &view);
	if (view.count * view.id_bytes <= COPIED_BYTES) {
		PyObject *array = core_copied_array(view.data, (size_t)view.count, view.id_bytes);
		pmill_ids_clear(ids);
		return array;
	}
	pmill_ids_take(ids, &view);
	pmill_memory_free((void *)view.ends);
	pmill_memory_free((void *)view.offsets);
	PyObject *owner = core_memory((void *)view.data);
	if (owner == NULL)
		return NULL;
	PyObject *array = core_token_array(owner, view.data, (size_t)view.count, view.id_bytes);
	Py_DECREF(owner);
	return array;
}

PyObject *core_take_offsets(const uint64_t *offsets, uint64_t count)
{
	PyObject *owner = core_memory((void *)offsets);
	if (owner == NULL)
		return NULL;
	PyObject *array = core_offset_array(owner, offsets, (size_t)count, 2);
	Py_DECREF(owner);
	return array;
}

bool core_array_view(PyObject *object, const void **data, size_t *count, unsigned *id_bytes)
{
	if (!PyObject_TypeCheck(object, core.token_array))
		return false;
	struct array *array = (struct array *)object;
	*data = array->data;
	*count = (size_t)array->shape[0];
	*id_bytes = array->item_bytes;
	return true;
}

/* ---- Items ---- */

static uint64_t read_number(const struct array *array, size_t index)
{
	switch (array->item_bytes) {
	case 2: return ((const uint16_t *)array->data)[index];
	case 4: return ((const uint32_t *)array->data)[index];
	default: return ((const uint64_t *)array->data)[index];
	}
}

static PyObject *make_item(const struct array *array, size_t row)
{
	if (array->columns == 1)
		return PyLong_FromUnsignedLongLong(read_number(array, row));
	return Py_BuildValue("(KK)", (unsigned long long)read_number(array, 2 * row),
		(unsigned long long)read_number(array, 2 * row + 1));
}

PyObject *core_id_list(const void *data, size_t count, unsigned id_bytes)
{
	PyObject *list = PyList_New((Py_ssize_t)count);
	for (size_t i = 0; list != NULL && i < count; i++) {
		unsigned long id = id_bytes == 2 ? ((const uint16_t *)data)[i]
										 : ((const uint32_t *)data)[i];
		PyObject *item = PyLong_FromUnsignedLong(id);
		if (item == NULL)
			Py_CLEAR(list);
		else
			PyList_SetItem(list, (Py_ssize_t)i, item);
	}
	return list;
}

static PyObject *array_to_list(PyObject *self, PyObject *none)
{
	(void)none;
	struct array *array = (struct array *)self;
	size_t count = (size_t)array->shape[0];
	if (array->columns == 1 && array->item_bytes <= 4)
		return core_id_list(array->data, count, array->item_bytes);
	PyObject *list = PyList_New((Py_ssize_t)count);
	for (size_t i = 0; list != NULL && i < count; i++) {
		PyObject *item = make_item(array, i);
		if (item == NULL)
			Py_CLEAR(list);
		else
			PyList_SetItem(list, (Py_ssize_t)i, item);
	}
	return list;
}

static size_t array_bytes(const struct array *array)
{
	return (size_t)array->shape[0] * array->columns * array->item_bytes;
}

static PyObject *array_to_bytes(PyObject *self, PyObject *none)
{
	(void)none;
	struct array *array = (struct array *)self;
	return PyBytes_FromStringAndSize(
		array->data == NULL ? "" : array->data, (Py_ssize_t)array_bytes(array));
}

static Py_ssize_t array_length(PyObject *self)
{
	return ((struct array *)self)->shape[0];
}

static PyObject *array_item(PyObject *self, Py_ssize_t index)
{
	struct array *array = (struct array *)self;
	if (index < 0 || index >= array->shape[0]) {
		PyErr_SetString(PyExc_IndexError, "index out of range");
		return NULL;
	}
	return make_item(array, (size_t)index);
}

/* A slice with the step 1 is a view; any other is copied. */
static PyObject *array_slice(struct array *array, PyObject *slice)
{
	Py_ssize_t begin, end, step;
	if (PySlice_Unpack(slice, &begin, &end, &step) != 0)
		return NULL;
	Py_ssize_t count = PySlice_AdjustIndices(array->shape[0], &begin, &end, step);
	size_t row_bytes = (size_t)array->strides[0];
	const char *data = array->data;
	if (step == 1) {
		return (PyObject *)make_array(Py_TYPE((PyObject *)array), array->owner,
			count == 0 ? data : data + (size_t)begin * row_bytes, (size_t)count, array->item_bytes,
			array->columns);
	}
	PyObject *copy = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)row_bytes);
	if (copy == NULL)
		return NULL;
	char *out = PyBytes_AsString(copy);
	for (Py_ssize_t i = 0; i < count; i++)
		memcpy(
			out + (size_t)i * row_bytes, data + (size_t)(begin + i * step) * row_bytes, row_bytes);
	PyObject *sliced = (PyObject *)make_array(
		Py_TYPE((PyObject *)array), copy, out, (size_t)count, array->item_bytes, array->columns);
	Py_DECREF(copy);
	return sliced;
}

static PyObject *array_subscript(PyObject *self, PyObject *key)
{
	struct array *array = (struct array *)self;
	if (PySlice_Check(key))
		return array_slice(array, key);
	Py_ssize_t index = PyNumber_AsSsize_t(key, PyExc_IndexError);
	if (index == -1 && PyErr_Occurred())
		return NULL;
	return array_item(self, index < 0 ? index + array->shape[0] : index);
}

/* ---- Comparing, showing ---- */

static bool equal_arrays(const struct array *a, const struct array *b)
{
	if (a->shape[0] != b->shape[0] || a->columns != b->columns)
		return false;
	size_t count = (size_t)a->shape[0] * a->columns;
	if (a->item_bytes == b->item_bytes)
		return count == 0 || memcmp(a->data, b->data, count * a->item_bytes) == 0;
	for (size_t i = 0; i < count; i++) {
		if (read_number(a, i) != read_number(b, i))
			return false;
	}
	return true;
}

static PyObject *array_compare(PyObject *self, PyObject *other, int operation)
{
	if (operation != Py_EQ && operation != Py_NE)
		return Py_NewRef(Py_NotImplemented);
	if (Py_TYPE(self) == Py_TYPE(other)) {
		bool equal = equal_arrays((struct array *)self, (struct array *)other);
		return PyBool_FromLong(equal == (operation == Py_EQ));
	}
	if (!PyList_Check(other))
		return Py_NewRef(Py_NotImplemented);
	PyObject *list = array_to_list(self, NULL);
	PyObject *result = list == NULL ? NULL : PyObject_RichCompare(list, other, operation);
	Py_XDECREF(list);
	return result;
}

static const char *number_name(const struct array *array)
{
	return array->item_bytes == 2 ? "uint16" : array->item_bytes == 4 ? "uint32" : "uint64";
}

/* Long arrays show their first and last items. */
static PyObject *array_repr(PyObject *self)
{
	enum { SHOWN = 12, AT_END = 3 };
	struct array *array = (struct array *)self;
	bool is_long = array->shape[0] > SHOWN;
	PyObject *head = PySequence_GetSlice(self, 0, is_long ? SHOWN - AT_END : SHOWN);
	PyObject *tail = PySequence_GetSlice(
		self, is_long ? array->shape[0] - AT_END : PY_SSIZE_T_MAX, PY_SSIZE_T_MAX);
	PyObject *first = head == NULL ? NULL : array_to_list(head, NULL);
	PyObject *last = tail == NULL ? NULL : array_to_list(tail, NULL);
	PyObject *text = NULL;
	const char *type = array->item_bytes == 8 ? "OffsetArray" : "TokenArray";
	if (first != NULL && last != NULL && is_long) {
		PyObject *left = PyObject_Repr(first), *right = PyObject_Repr(last);
		PyObject *begin = left == NULL
			? NULL
			: PyUnicode_Substring(left, 0, PyUnicode_GetLength(left) - 1);
		PyObject *end = right == NULL ? NULL
									  : PyUnicode_Substring(right, 1, PyUnicode_GetLength(right));
		if (begin != NULL && end != NULL)
			text = PyUnicode_FromFormat("%s(%U, ..., %U, count=%zd, dtype='%s')", type, begin, end,
				array->shape[0], number_name(array));
		Py_XDECREF(left);
		Py_XDECREF(right);
		Py_XDECREF(begin);
		Py_XDECREF(end);
	} else if (first != NULL) {
		text = PyUnicode_FromFormat("%s(%R, dtype='%s')", type, first, number_name(array));
	}
	Py_XDECREF(head);
	Py_XDECREF(tail);
	Py_XDECREF(first);
	Py_XDECREF(last);
	return text;
}

/* ---- The buffer protocol ---- */

static int array_get_buffer(PyObject *self, Py_buffer *view, int flags)
{
	static const char nothing[8];
	struct array *array = (struct array *)self;
	if (flags & PyBUF_WRITABLE) {
		view->obj = NULL;
		PyErr_SetString(PyExc_BufferError, "the array is read-only");
		return -1;
	}
	view->buf = (void *)(array->data == NULL ? nothing : array->data);
	view->obj = Py_NewRef(self);
	view->len = (Py_ssize_t)array_bytes(array);
	view->itemsize = (Py_ssize_t)array->item_bytes;
	view->readonly = 1;
	view->ndim = array->columns == 1 ? 1 : 2;
	view->format = flags & PyBUF_FORMAT ? (char *)(array->item_bytes == 2  ? "H"
												  : array->item_bytes == 4 ? "I"
																		   : "Q")
										: NULL;
	view->shape = flags & PyBUF_ND ? array->shape : NULL;
	view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? array->strides : NULL;
	view->suboffsets = NULL;
	view->internal = NULL;
	return 0;
}

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
	if (id_bytes == 0 || (object != NULL && !core_ids_borrow(object, &ids)))
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
	PyObject *bytes = make == NULL ? NULL : array_to_bytes(self, none);
	PyObject *result = bytes == NULL
		? NULL
		: Py_BuildValue("(O(Os))", make, bytes, number_name((struct array *)self));
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
	return PyUnicode_FromString(number_name((struct array *)self));
}

static void array_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	Py_DECREF(((struct array *)self)->owner);
	PyObject_Free(self);
	Py_DECREF(type);
}

PyDoc_STRVAR(token_array_doc,
	"TokenArray(ids=(), dtype='uint32')\n--\n\n"
	"Ids, read-only, of type uint16 or uint32.\n\n"
	"Supports the buffer protocol, one dimension: ``np.asarray(array)`` copies nothing. Also "
	"gives\n"
	"Arrow data (``pa.array(array)``). Slices with the step 1 share memory.\n\n"
	"Raises ValueError if an id is negative or too large.");

static PyMethodDef token_array_methods[] = {
	{"tolist", array_to_list, METH_NOARGS, "tolist($self, /)\n--\n\nThe ids as a list of int."},
	{"tobytes", array_to_bytes, METH_NOARGS,
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
	{Py_tp_dealloc, array_dealloc},
	{Py_tp_methods, token_array_methods},
	{Py_tp_getset, token_array_getters},
	{Py_tp_repr, array_repr},
	{Py_tp_richcompare, array_compare},
	{Py_tp_hash, PyObject_HashNotImplemented},
	{Py_sq_length, array_length},
	{Py_sq_item, array_item},
	{Py_mp_length, array_length},
	{Py_mp_subscript, array_subscript},
	{Py_bf_getbuffer, array_get_buffer},
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
	"nothing.");

static PyMethodDef offset_array_methods[] = {
	{"tolist", array_to_list, METH_NOARGS,
		"tolist($self, /)\n--\n\nThe offsets as a list of (begin, end), or of int."},
	{"tobytes", array_to_bytes, METH_NOARGS,
		"tobytes($self, /)\n--\n\nThe offsets as bytes, in the machine's byte order."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot offset_array_slots[] = {
	{Py_tp_doc, (void *)offset_array_doc},
	{Py_tp_dealloc, array_dealloc},
	{Py_tp_methods, offset_array_methods},
	{Py_tp_repr, array_repr},
	{Py_tp_richcompare, array_compare},
	{Py_tp_hash, PyObject_HashNotImplemented},
	{Py_sq_length, array_length},
	{Py_sq_item, array_item},
	{Py_mp_length, array_length},
	{Py_mp_subscript, array_subscript},
	{Py_bf_getbuffer, array_get_buffer},
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
	core.memory = core_make_type(module, &memory_spec);
	core.token_array = core_make_type(module, &token_array_spec);
	core.offset_array = core_make_type(module, &offset_array_spec);
	return core.memory != NULL && core.token_array != NULL && core.offset_array != NULL;
}
