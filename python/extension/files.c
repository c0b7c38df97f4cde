/* Tokenizer's methods that encode and decode files. */
/* SPDX-License-Identifier: MIT */
#include "counts.h"
#include "tokenizer.h"

static PyObject *make_bad_file(const void *context, size_t index)
{
	const pmill_bad_lines *file = &((const pmill_bad_lines *)context)[index];
	return Py_BuildValue("(NKKKs)", PyUnicode_DecodeFSDefault(file->name),
		(unsigned long long)file->count, (unsigned long long)file->first_line,
		(unsigned long long)file->first_offset, file->first_reason);
}

PyObject *core_bad_files(const pmill_bad_lines *files, size_t count)
{
	return core_make_list(count, make_bad_file, files);
}

/* Totals as a dict. */
static PyObject *make_totals(pmill_encode_totals *totals, PyObject *notices)
{
	PyObject *bad_files = core_bad_files(totals->bad_files, totals->bad_file_count);
	pmill_memory_free(totals->bad_files);
	if (bad_files == NULL)
		return NULL;
	return Py_BuildValue("{sKsKsKsKsKsKsNsO}", "documents", (unsigned long long)totals->documents,
		"bytes", (unsigned long long)totals->bytes, "tokens", (unsigned long long)totals->tokens,
		"bad_lines", (unsigned long long)totals->bad_lines, "truncated",
		(unsigned long long)totals->truncated, "skipped_inputs",
		(unsigned long long)totals->skipped_inputs, "bad_files", bad_files, "notices", notices);
}

/* What encoding and decoding files have in common. */
struct job {
	const char *const *paths;
	size_t path_count;
	pmill_run_options run;
	pmill_output_options output;
	struct core_progress progress;
	struct core_holder holder;
};

static bool fill_job(struct job *job, PyObject *paths, PyObject *out, int overwrite, PyObject *run)
{
	job->run.size = sizeof job->run;
	job->output = (pmill_output_options){
		.size = sizeof job->output, .flags = overwrite ? PMILL_OVERWRITE : 0};
	if (!core_fill_paths(paths, &job->paths, &job->path_count, &job->holder) ||
		!core_fill_run(run, &job->run, &job->progress, &job->holder))
		return false;
	job->output.path = core_path(out, &job->holder);
	return job->output.path != NULL;
}

static PyObject *encode_files(struct tokenizer *self, struct job *job,
	const pmill_input_options *input, const pmill_policy *policy,
	const pmill_encode_file_options *options, PyObject *notices)
{
	pmill_encode_totals totals = {.size = sizeof totals};
	pmill_error error;
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_encode_files(self->tokenizer, job->paths, job->path_count, input,
		policy, options, &job->run, &job->output, &totals, &error);
	PyEval_RestoreThread(thread);
	return status == PMILL_OK ? make_totals(&totals, notices) : core_raise(&error);
}

static PyObject *files_encode(PyObject *self, PyObject *args)
{
	PyObject *paths, *out, *special_tokens, *policy_object, *input_dict, *file_dict, *run_dict;
	int overwrite;
	if (!PyArg_ParseTuple(args, "OOpOOO!O!O!", &paths, &out, &overwrite, &special_tokens,
			&policy_object, &PyDict_Type, &input_dict, &PyDict_Type, &file_dict, &PyDict_Type,
			&run_dict))
		return NULL;
	struct job job = {0};
	struct policy policy;
	PyObject *notices = PyList_New(0), *totals = NULL;
	pmill_input_options input = {
		.size = sizeof input, .notice = core_notice, .notice_context = notices};
	pmill_encode_file_options options = {.size = sizeof options};
	if (notices != NULL &&
		core_find_policy(as_tokenizer(self), special_tokens, policy_object, &policy)) {
		if (fill_job(&job, paths, out, overwrite, run_dict) &&
			core_fill_options(input_dict, core_input_options, &input, &job.holder) &&
			core_fill_options(file_dict, core_encode_file_options, &options, &job.holder))
			totals = encode_files(
				as_tokenizer(self), &job, &input, policy.policy, &options, notices);
		core_drop_policy(&policy);
	}
	core_holder_release(&job.holder);
	Py_XDECREF(notices);
	return totals;
}

static const struct core_option decode_options[] = {
	{"format", OPTION_STRING, offsetof(pmill_decode_file_options, format)},
	{"skip_special_tokens", OPTION_FLAG, offsetof(pmill_decode_file_options, skip_special_tokens)},
	{NULL, 0, 0},
};

static PyObject *files_decode(PyObject *self, PyObject *args)
{
	PyObject *paths, *out, *file_dict, *run_dict;
	int overwrite;
	if (!PyArg_ParseTuple(args, "OOpO!O!", &paths, &out, &overwrite, &PyDict_Type, &file_dict,
			&PyDict_Type, &run_dict))
		return NULL;
	struct job job = {0};
	PyObject *result = NULL;
	pmill_decode_file_options options = {.size = sizeof options};
	pmill_encode_totals totals = {.size = sizeof totals};
	if (fill_job(&job, paths, out, overwrite, run_dict) &&
		core_fill_options(file_dict, decode_options, &options, &job.holder)) {
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = pmill_decode_files(as_tokenizer(self)->tokenizer, job.paths,
			job.path_count, &options, &job.run, &job.output, &totals, &error);
		PyEval_RestoreThread(thread);
		result = status == PMILL_OK ? make_totals(&totals, Py_None) : core_raise(&error);
	}
	core_holder_release(&job.holder);
	return result;
}

PyMethodDef core_file_methods[] = {
	{"_encode_files", files_encode, METH_VARARGS, NULL},
	{"_decode_files", files_decode, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};
