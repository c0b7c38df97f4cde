/* Ids as Arrow data, without a copy: uint16 or uint32, or large_list of these. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "array.h"
#include "arrow.h"
#include "core.h"

/* ---- Schemas: one allocation holds the schema's child and the pointer to it ---- */

struct schema_parts {
	struct ArrowSchema child;
	struct ArrowSchema *children[1];
};

/* Also of children, which the parent's memory holds. */
static void release_schema(struct ArrowSchema *schema)
{
	struct schema_parts *parts = schema->private_data;
	if (parts != NULL && parts->child.release != NULL)
		parts->child.release(&parts->child);
	free(parts);
	schema->release = NULL;
}

static const char *id_format(unsigned id_bytes)
{
	return id_bytes == 2 ? "S" : "I";
}

static void free_schema_capsule(PyObject *capsule)
{
	struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");
	if (schema->release != NULL)
		schema->release(schema);
	free(schema);
}

/* A capsule of `schema`, which it takes; NULL releases it. */
static PyObject *wrap_schema(struct ArrowSchema *schema)
{
	PyObject *capsule = PyCapsule_New(schema, "arrow_schema", free_schema_capsule);
	if (capsule == NULL) {
		schema->release(schema);
		free(schema);
	}
	return capsule;
}

PyObject *core_arrow_id_schema(unsigned id_bytes)
{
	struct ArrowSchema *schema = malloc(sizeof *schema);
	if (schema == NULL)
		return PyErr_NoMemory();
	*schema = (struct ArrowSchema){
		.format = id_format(id_bytes), .name = "", .release = release_schema};
	return wrap_schema(schema);
}

PyObject *core_arrow_list_schema(unsigned id_bytes)
{
	struct ArrowSchema *schema = malloc(sizeof *schema);
	struct schema_parts *parts = malloc(sizeof *parts);
	if (schema == NULL || parts == NULL) {
		free(schema);
		free(parts);
		return PyErr_NoMemory();
	}
	parts->child = (struct ArrowSchema){
		.format = id_format(id_bytes), .name = "item", .release = release_schema};
	parts->children[0] = &parts->child;
	*schema = (struct ArrowSchema){.format = "+L",
		.name = "",
		.n_children = 1,
		.children = parts->children,
		.release = release_schema,
		.private_data = parts};
	return wrap_schema(schema);
}

/* ---- Arrays ---- */

struct array_parts {
	PyObject *owner; /* NULL for a child: its parent has it */
	const void *buffers[2], *child_buffers[2];
	struct ArrowArray child;
	struct ArrowArray *children[1];
};

static void release_child(struct ArrowArray *array)
{
	array->release = NULL;
}

/* Consumers may call this on any thread. After the interpreter has ended, the memory stays. */
static void release_array(struct ArrowArray *array)
{
	struct array_parts *parts = array->private_data;
	if (parts->child.release != NULL)
		parts->child.release(&parts->child);
	if (Py_IsInitialized()) {
		PyGILState_STATE state = PyGILState_Ensure();
		Py_DECREF(parts->owner);
		PyGILState_Release(state);
	}
	free(parts);
	array->release = NULL;
}

static void free_array_capsule(PyObject *capsule)
{
	struct ArrowArray *array = PyCapsule_GetPointer(capsule, "arrow_array");
	if (array->release != NULL)
		array->release(array);
	free(array);
}

/* The pair of capsules. Takes both; `schema` may be NULL after a failure. */
static PyObject *make_pair(PyObject *schema, struct ArrowArray *array)
{
	PyObject *capsule = PyCapsule_New(array, "arrow_array", free_array_capsule);
	if (capsule == NULL) {
		array->release(array);
		free(array);
	}
	PyObject *pair = schema == NULL || capsule == NULL ? NULL : PyTuple_Pack(2, schema, capsule);
	Py_XDECREF(schema);
	Py_XDECREF(capsule);
	return pair;
}

static struct ArrowArray *make_array(PyObject *owner, struct array_parts **parts_out)
{
	struct ArrowArray *array = malloc(sizeof *array);
	struct array_parts *parts = calloc(1, sizeof *parts);
	if (array == NULL || parts == NULL) {
		free(array);
		free(parts);
		PyErr_NoMemory();
		return NULL;
	}
	parts->owner = Py_NewRef(owner);
	*array = (struct ArrowArray){
		.n_buffers = 2, .buffers = parts->buffers, .release = release_array, .private_data = parts};
	*parts_out = parts;
	return array;
}

/* No consumer should need a pointer for no ids, but some do. */
static const uint32_t no_ids[1];

PyObject *core_arrow_ids(PyObject *owner, const void *data, size_t count, unsigned id_bytes)
{
	struct array_parts *parts;
	struct ArrowArray *array = make_array(owner, &parts);
	if (array == NULL)
		return NULL;
	parts->buffers[1] = data == NULL ? no_ids : data;
	array->length = (int64_t)count;
	return make_pair(core_arrow_id_schema(id_bytes), array);
}

PyObject *core_arrow_lists(PyObject *owner, const void *data, unsigned id_bytes,
	const int64_t *offsets, size_t document_count)
{
	struct array_parts *parts;
	struct ArrowArray *array = make_array(owner, &parts);
	if (array == NULL)
		return NULL;
	parts->buffers[1] = offsets;
	parts->child_buffers[1] = data == NULL ? no_ids : data;
	parts->child = (struct ArrowArray){.length = offsets[document_count],
		.n_buffers = 2,
		.buffers = parts->child_buffers,
		.release = release_child};
	parts->children[0] = &parts->child;
	array->length = (int64_t)document_count;
	array->n_children = 1;
	array->children = parts->children;
	return make_pair(core_arrow_list_schema(id_bytes), array);
}
