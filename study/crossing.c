/* Experiments: objects that can't be serialised, and locks held by another thread, in a child. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/progress.h"
#include "trial.h"

static const char *const variants[] = {"fork", "spawn"};

static pmill_status add(struct pmill_study_report *report,
	const struct pmill_study_experiment *experiment, pmill_error *error)
{
	return pmill_study_report_add_experiment(report, experiment) ? PMILL_OK
																 : pmill_fail_memory(error);
}

static int answer(int out, struct pmill_buffer *message, bool is_complete)
{
	bool done = is_complete && pmill_study_send(out, message, "the parent", NULL, NULL) == PMILL_OK;
	pmill_buffer_release(message);
	return done ? 0 : 1;
}

/* ---- what_crosses ---- */

enum { SECRET_LEN = 32 };

/* What no serialiser can write: an address in the program and one in the heap. */
struct object {
	uint64_t (*use)(const uint8_t *secret);
	const uint8_t *secret; /* random bytes */
};

static uint64_t use_secret(const uint8_t *secret)
{
	return pmill_hash64(secret, SECRET_LEN, 0);
}

/*
 * Asks the kernel for the bytes, which returns EFAULT if there are none. (A plain system call:
 * sanitizers intercept write.)
 */
static bool read_safely(const uint8_t *address, uint8_t bytes[SECRET_LEN])
{
	int files[2];
	if (pipe(files) != 0)
		return false;
	bool done = syscall(SYS_write, files[1], address, (size_t)SECRET_LEN) == SECRET_LEN &&
		read(files[0], bytes, SECRET_LEN) == SECRET_LEN;
	close(files[0]);
	close(files[1]);
	return done;
}

/* Does the same in both children. Calls the function only if the address is known to be one. */
static int try_object(const struct object *object, int out)
{
	uint8_t bytes[SECRET_LEN] = {0};
	struct pmill_buffer message = {0};
	bool is_readable = read_safely(object->secret, bytes);
	bool is_function = object->use == use_secret;
	uint64_t result = is_readable && is_function ? object->use(bytes) : 0;
	return answer(out, &message,
		pmill_study_put_u32(&message, is_readable) && pmill_study_put_u32(&message, is_function) &&
			pmill_study_put_bytes(&message, (pmill_bytes){bytes, SECRET_LEN}) &&
			pmill_study_put_u64(&message, result));
}

static int try_inherited(void *context, unsigned worker, int in, int out)
{
	(void)worker;
	(void)in;
	return try_object(context, out);
}

/* All of it that can be written. */
static bool serialise_object(struct pmill_buffer *message, const void *context)
{
	const struct object *object = context;
	return pmill_study_put_u64(message, (uint64_t)(uintptr_t)object->use) &&
		pmill_study_put_u64(message, (uint64_t)(uintptr_t)object->secret);
}

int pmill_study_spawned_crossing(void *context, unsigned worker, int in, int out)
{
	struct pmill_buffer message = {0};
	(void)context;
	(void)worker;
	if (pmill_study_receive(in, &message, "the parent", NULL, NULL) != PMILL_OK)
		return 1;
	struct pmill_study_reader reader = {.data = message.data, .len = message.len};
	struct object object = {0};
	object.use = (uint64_t(*)(const uint8_t *))(uintptr_t)pmill_study_get_u64(&reader);
	object.secret = (const uint8_t *)(uintptr_t)pmill_study_get_u64(&reader);
	pmill_buffer_release(&message);
	return reader.is_short ? 1 : try_object(&object, out);
}

static void judge_crossing(const struct object *object, const struct pmill_buffer *message,
	struct pmill_study_experiment *experiment)
{
	struct pmill_study_reader reader = {.data = message->data, .len = message->len};
	bool is_readable = pmill_study_get_u32(&reader), is_function = pmill_study_get_u32(&reader);
	pmill_bytes bytes = pmill_study_get_bytes(&reader);
	bool is_used = pmill_study_get_u64(&reader) == use_secret(object->secret);
	bool is_same = is_readable && bytes.len == SECRET_LEN &&
		memcmp(bytes.data, object->secret, SECRET_LEN) == 0;
	pmill_study_experiment_put(experiment, "passes", is_same && is_function && is_used);
	pmill_study_experiment_put(experiment, "address_is_readable", is_readable);
	pmill_study_experiment_put(experiment, "heap_is_there", is_same);
	pmill_study_experiment_put(experiment, "function_is_there", is_function);
}

static pmill_status cross(const struct object *object, struct pmill_study_experiment *experiment,
	bool is_spawned, pmill_error *error)
{
	struct pmill_study_trial trial = {.name = experiment->name,
		.is_spawned = is_spawned,
		.work = try_inherited,
		.context = (void *)(uintptr_t)object,
		.serialise = serialise_object};
	pmill_status status = pmill_study_trial_run(&trial, error);
	if (status == PMILL_OK) {
		judge_crossing(object, &trial.answer, experiment);
		pmill_study_experiment_put(experiment, "total_s", (double)trial.ns / 1e9);
	}
	pmill_study_trial_release(&trial);
	return status;
}

pmill_status pmill_study_run_crossing(const struct pmill_study_experiment_row *row, unsigned run,
	size_t pairs, struct pmill_study_report *report, pmill_error *error)
{
	uint8_t *secret = malloc(SECRET_LEN);
	const struct object object = {use_secret, secret};
	(void)pairs;
	if (secret == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < SECRET_LEN; i++)
		secret[i] = (uint8_t)pmill_hash_random_seed();
	pmill_status status = PMILL_OK;
	for (unsigned i = 0; i < 2 && status == PMILL_OK; i++) {
		struct pmill_study_experiment experiment = {
			.name = row->name, .variant = variants[i], .run = run};
		status = cross(&object, &experiment, i == 1, error);
		if (status == PMILL_OK)
			status = add(report, &experiment, error);
	}
	free(secret);
	return status;
}

/* ---- fork_locks ---- */

enum { PATIENCE_MS = 200 };

/* Like the locks inside every program's libraries: not an object that is passed on. */
static pthread_mutex_t program_lock = PTHREAD_MUTEX_INITIALIZER;

struct holder {
	pthread_t thread;
	sem_t is_held, may_go;
};

static void wait_on(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0 && errno == EINTR)
		;
}

static void *hold(void *context)
{
	struct holder *holder = context;
	pthread_mutex_lock(&program_lock);
	sem_post(&holder->is_held);
	wait_on(&holder->may_go);
	pthread_mutex_unlock(&program_lock);
	return NULL;
}

static int try_lock(void *context, unsigned worker, int in, int out)
{
	struct timespec until;
	struct pmill_buffer message = {0};
	(void)context;
	(void)worker;
	(void)in;
	uint64_t began = pmill_clock_ns();
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += PATIENCE_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	int reason = pthread_mutex_timedlock(&program_lock, &until);
	if (reason == 0)
		pthread_mutex_unlock(&program_lock);
	return answer(out, &message,
		pmill_study_put_u32(&message, (uint32_t)reason) &&
			pmill_study_put_u64(&message, pmill_clock_ns() - began));
}

int pmill_study_spawned_locks(void *context, unsigned worker, int in, int out)
{
	return try_lock(context, worker, in, out);
}

static pmill_status try_in_child(
	struct pmill_study_experiment *experiment, bool is_spawned, pmill_error *error)
{
	struct pmill_study_trial trial = {
		.name = experiment->name, .is_spawned = is_spawned, .work = try_lock};
	pmill_status status = pmill_study_trial_run(&trial, error);
	struct pmill_study_reader reader = {.data = trial.answer.data, .len = trial.answer.len};
	if (status == PMILL_OK) {
		uint32_t reason = pmill_study_get_u32(&reader);
		pmill_study_experiment_put(experiment, "passes", reason == 0);
		pmill_study_experiment_put(experiment, "times_out", reason == ETIMEDOUT);
		pmill_study_experiment_put(
			experiment, "waited_s", (double)pmill_study_get_u64(&reader) / 1e9);
	}
	pmill_study_trial_release(&trial);
	return status;
}

pmill_status pmill_study_run_locks(const struct pmill_study_experiment_row *row, unsigned run,
	size_t pairs, struct pmill_study_report *report, pmill_error *error)
{
	struct holder holder;
	(void)pairs;
	sem_init(&holder.is_held, 0, 0);
	sem_init(&holder.may_go, 0, 0);
	int reason = pthread_create(&holder.thread, NULL, hold, &holder);
	if (reason != 0)
		return pmill_fail_errno(error, row->name, "cannot start a thread", reason);
	wait_on(&holder.is_held);
	pmill_status status = PMILL_OK;
	for (unsigned i = 0; i < 2 && status == PMILL_OK; i++) {
		struct pmill_study_experiment experiment = {
			.name = row->name, .variant = variants[i], .run = run};
		status = try_in_child(&experiment, i == 1, error);
		if (status == PMILL_OK)
			status = add(report, &experiment, error);
	}
	sem_post(&holder.may_go);
	pthread_join(holder.thread, NULL);
	return status;
}
