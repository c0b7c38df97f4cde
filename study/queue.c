/* A bounded queue between processes, built like Python's multiprocessing.Queue. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

/* In memory shared by all processes. */
struct pmill_study_queue_board {
	unsigned capacity;
	sem_t free; /* places */
	/* Robust: waiters learn that the holder died, since half an item may be in the pipe. */
	pthread_mutex_t reading, writing;
	atomic_uint most;
	uint64_t bytes; /* writers add to it */
};

/* Waits for the feeder to end. */
struct pmill_study_queue_item {
	struct pmill_study_queue_item *next;
	struct pmill_buffer bytes;
};

/* ---- Making one ---- */

static int init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attributes;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	int reason = pthread_mutex_init(lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return reason;
}

static pmill_status init_board(
	struct pmill_study_queue *queue, unsigned capacity, pmill_error *error)
{
	struct pmill_study_queue_board *board = mmap(
		NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		return pmill_fail_memory(error);
	queue->board = board;
	board->capacity = capacity;
	atomic_init(&board->most, 0);
	if (sem_init(&board->free, 1, capacity) != 0)
		return pmill_fail_errno(error, queue->name, "cannot make a semaphore", errno);
	int reason = init_lock(&board->reading);
	if (reason == 0)
		reason = init_lock(&board->writing);
	return reason == 0 ? PMILL_OK
					   : pmill_fail_errno(error, queue->name, "cannot make a lock", reason);
}

pmill_status pmill_study_queue_init(
	struct pmill_study_queue *queue, const char *name, unsigned capacity, pmill_error *error)
{
	*queue = (struct pmill_study_queue){.name = name, .files = {-1, -1}};
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->changed, NULL);
	queue->last = &queue->first;
	if (pipe2(queue->files, O_CLOEXEC) != 0)
		return pmill_fail_errno(error, name, "cannot make a pipe", errno);
	return init_board(queue, capacity, error);
}

static void close_end(int *file)
{
	if (*file >= 0)
		close(*file);
	*file = -1;
}

void pmill_study_queue_keep_putting(struct pmill_study_queue *queue)
{
	close_end(&queue->files[0]);
}

void pmill_study_queue_keep_getting(struct pmill_study_queue *queue)
{
	close_end(&queue->files[1]);
}

void pmill_study_queue_close(struct pmill_study_queue *queue)
{
	close_end(&queue->files[0]);
	close_end(&queue->files[1]);
}

void pmill_study_queue_release(struct pmill_study_queue *queue)
{
	if (queue->name == NULL)
		return;
	pmill_study_queue_close(queue);
	/* Locks and semaphore own only their memory, and a dead process may still hold them. */
	if (queue->board != NULL)
		munmap(queue->board, sizeof *queue->board);
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->lock);
	*queue = (struct pmill_study_queue){0};
}

/* ---- The pipe ---- */

static pmill_status take_lock(
	const struct pmill_study_queue *queue, pthread_mutex_t *lock, pmill_error *error)
{
	int reason = pthread_mutex_lock(lock);
	if (reason == 0)
		return PMILL_OK;
	/* Unlocked without being made consistent, it fails for all others, too. */
	if (reason == EOWNERDEAD)
		pthread_mutex_unlock(lock);
	return pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET,
		"%s: a process died while it held the queue", queue->name);
}

static pmill_status write_item(
	struct pmill_study_queue *queue, const struct pmill_buffer *item, pmill_error *error)
{
	struct pmill_study_queue_board *board = queue->board;
	pmill_status status = take_lock(queue, &board->writing, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_study_send(queue->files[1], item, queue->name, &board->bytes, error);
	pthread_mutex_unlock(&board->writing);
	return status;
}

pmill_status pmill_study_queue_get(
	struct pmill_study_queue *queue, struct pmill_buffer *item, pmill_error *error)
{
	struct pmill_study_queue_board *board = queue->board;
	pmill_status status = take_lock(queue, &board->reading, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_study_receive(queue->files[0], item, queue->name, NULL, error);
	pthread_mutex_unlock(&board->reading);
	sem_post(&board->free);
	return status;
}

/* ---- The feeder ---- */

/* Waits for the next item. NULL: no more will follow. */
static struct pmill_study_queue_item *take_first(struct pmill_study_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->first == NULL && !queue->is_ending)
		pthread_cond_wait(&queue->changed, &queue->lock);
	struct pmill_study_queue_item *item = queue->first;
	if (item != NULL)
		queue->first = item->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
	pthread_mutex_unlock(&queue->lock);
	return item;
}

static void free_item(struct pmill_study_queue_item *item)
{
	pmill_buffer_release(&item->bytes);
	free(item);
}

/* After a failure items are dropped; the next put reports it. */
static void *feed(void *context)
{
	struct pmill_study_queue *queue = context;
	struct pmill_study_queue_item *item;
	pmill_error error = {0};
	pmill_status status = PMILL_OK;
	while ((item = take_first(queue)) != NULL) {
		if (status == PMILL_OK)
			status = write_item(queue, &item->bytes, &error);
		free_item(item);
		pthread_mutex_lock(&queue->lock);
		queue->status = status;
		queue->error = error;
		pthread_mutex_unlock(&queue->lock);
	}
	return NULL;
}

static pmill_status start_feeder(struct pmill_study_queue *queue, pmill_error *error)
{
	if (queue->has_feeder)
		return PMILL_OK;
	int reason = pthread_create(&queue->feeder, NULL, feed, queue);
	queue->has_feeder = reason == 0;
	return reason == 0 ? PMILL_OK
					   : pmill_fail_errno(error, queue->name, "cannot start a thread", reason);
}

static struct pmill_study_queue_item *copy_item(const struct pmill_buffer *bytes)
{
	struct pmill_study_queue_item *item = calloc(1, sizeof *item);
	if (item == NULL || pmill_buffer_append(&item->bytes, bytes->data, bytes->len))
		return item;
	free(item);
	return NULL;
}

static pmill_status get_status(struct pmill_study_queue *queue, pmill_error *error)
{
	pthread_mutex_lock(&queue->lock);
	pmill_status status = queue->status;
	if (status != PMILL_OK && error != NULL)
		*error = queue->error;
	pthread_mutex_unlock(&queue->lock);
	return status;
}

static void take_place(struct pmill_study_queue_board *board)
{
	while (sem_wait(&board->free) != 0 && errno == EINTR)
		;
	int free_places;
	sem_getvalue(&board->free, &free_places);
	unsigned length = board->capacity - (unsigned)free_places;
	unsigned most = atomic_load(&board->most);
	while (most < length && !atomic_compare_exchange_weak(&board->most, &most, length))
		;
}

pmill_status pmill_study_queue_put(
	struct pmill_study_queue *queue, const struct pmill_buffer *bytes, pmill_error *error)
{
	pmill_status status = start_feeder(queue, error);
	if (status == PMILL_OK)
		status = get_status(queue, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_study_queue_item *item = copy_item(bytes);
	if (item == NULL)
		return pmill_fail_memory(error);
	take_place(queue->board);
	pthread_mutex_lock(&queue->lock);
	*queue->last = item;
	queue->last = &item->next;
	pthread_cond_signal(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
	return PMILL_OK;
}

pmill_status pmill_study_queue_flush(struct pmill_study_queue *queue, pmill_error *error)
{
	if (!queue->has_feeder)
		return PMILL_OK;
	pthread_mutex_lock(&queue->lock);
	queue->is_ending = true;
	pthread_cond_signal(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
	pthread_join(queue->feeder, NULL);
	queue->has_feeder = false;
	queue->is_ending = false;
	return get_status(queue, error);
}

/* ---- Figures ---- */

unsigned pmill_study_queue_length(const struct pmill_study_queue *queue)
{
	int free_places = 0;
	sem_getvalue(&queue->board->free, &free_places);
	return queue->board->capacity - (unsigned)free_places;
}

unsigned pmill_study_queue_most(const struct pmill_study_queue *queue)
{
	return atomic_load(&queue->board->most);
}

uint64_t pmill_study_queue_bytes(const struct pmill_study_queue *queue)
{
	return queue->board->bytes;
}
