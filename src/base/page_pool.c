/* Large allocations, recycled from one stage to the next. */
/* SPDX-License-Identifier: MIT */
#include "base/page_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"

enum {
	MAX_BLOCKS = 64,
	MAX_KEPT = 64 << 20,
	/* The granularity of blocks. */
	UNIT = PMILL_PAGES_UNIT,
};

/* A free block, a multiple of UNIT long. */
struct block {
	uint8_t *begin;
	size_t len;
};

struct pmill_page_pool {
	pthread_mutex_t lock;
	atomic_uint references;
	struct block blocks[MAX_BLOCKS];
	size_t count;
	size_t kept;                          /* bytes */
	struct pmill_memory_account *account; /* NULL: no limit */
};

struct pmill_page_pool *pmill_page_pool_create(void)
{
	struct pmill_page_pool *pool = calloc(1, sizeof *pool);
	if (pool == NULL)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	atomic_init(&pool->references, 1);
	return pool;
}

struct pmill_page_pool *pmill_page_pool_create_limited(struct pmill_memory_account *account)
{
	struct pmill_page_pool *pool = pmill_page_pool_create();
	if (pool != NULL)
		pool->account = account;
	return pool;
}

struct pmill_memory_account *pmill_page_pool_account(const struct pmill_page_pool *pool)
{
	return pool == NULL ? NULL : pool->account;
}

struct pmill_page_pool *pmill_page_pool_share(struct pmill_page_pool *pool)
{
	if (pool != NULL)
		atomic_fetch_add(&pool->references, 1);
	return pool;
}

void pmill_page_pool_drain(struct pmill_page_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	while (pool->count > 0) {
		const struct block *block = &pool->blocks[--pool->count];
		pmill_pages_free(block->begin, block->len);
	}
	pool->kept = 0;
	pthread_mutex_unlock(&pool->lock);
}

void pmill_page_pool_release(struct pmill_page_pool *pool)
{
	if (pool == NULL || atomic_fetch_sub(&pool->references, 1) > 1)
		return;
	pmill_page_pool_drain(pool);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static void drop_block(struct pmill_page_pool *pool, size_t at)
{
	pool->blocks[at] = pool->blocks[--pool->count];
}

/* The front of the smallest block that is long enough, or NULL. */
static void *take_kept(struct pmill_page_pool *pool, size_t len)
{
	size_t best = pool->count;
	for (size_t i = 0; i < pool->count; i++)
		if (pool->blocks[i].len >= len &&
			(best == pool->count || pool->blocks[i].len < pool->blocks[best].len))
			best = i;
	if (best == pool->count)
		return NULL;
	void *pages = pool->blocks[best].begin;
	pool->kept -= len;
	pool->blocks[best].begin += len;
	pool->blocks[best].len -= len;
	if (pool->blocks[best].len == 0)
		drop_block(pool, best);
	return pages;
}

/* Recycled pages, or NULL if none of this size are left. */
static void *take(struct pmill_page_pool *pool, size_t len)
{
	if (pool == NULL || len < PMILL_PAGES_LEAST || len > SIZE_MAX / 2)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	void *pages = take_kept(pool, pmill_pages_size(len));
	pthread_mutex_unlock(&pool->lock);
	return pages;
}

/* New pages, charged. */
static void *allocate_new(struct pmill_page_pool *pool, size_t len, uint64_t charge)
{
	struct pmill_memory_account *account = pmill_page_pool_account(pool);
	if (len > SIZE_MAX / 2 || !pmill_memory_account_charge(account, charge))
		return NULL;
	void *pages = pmill_pages_allocate(len);
	if (pages == NULL)
		pmill_memory_account_credit(account, charge);
	return pages;
}

void *pmill_page_pool_allocate_raw(struct pmill_page_pool *pool, size_t len)
{
	void *pages = take(pool, len);
	return pages != NULL ? pages : allocate_new(pool, len, pmill_pages_size(len));
}

void *pmill_page_pool_allocate(struct pmill_page_pool *pool, size_t len)
{
	void *pages = take(pool, len);
	return pages != NULL ? memset(pages, 0, len) : allocate_new(pool, len, pmill_pages_size(len));
}

/* What a move takes on top of the larger of the two. */
static uint64_t moving_charge(size_t old_len)
{
	size_t size = pmill_pages_size(old_len);
	return size < PMILL_PAGES_MOVED ? size : PMILL_PAGES_MOVED;
}

void *pmill_page_pool_allocate_larger(struct pmill_page_pool *pool, size_t len, size_t old_len)
{
	if (pmill_page_pool_account(pool) == NULL)
		return pmill_page_pool_allocate(pool, len);
	return allocate_new(
		pool, len, pmill_pages_size(len) - pmill_pages_size(old_len) + moving_charge(old_len));
}

void pmill_page_pool_free_moved(struct pmill_page_pool *pool, void *pages, size_t len)
{
	if (pmill_page_pool_account(pool) == NULL) {
		pmill_page_pool_free(pool, pages, len);
		return;
	}
	pmill_pages_free(pages, len);
	pmill_memory_account_credit(pool->account, moving_charge(len));
}

/* Merges adjacent blocks. Returns false if there is no room for the block. */
static bool keep(struct pmill_page_pool *pool, struct block block)
{
	if (block.len > MAX_KEPT - pool->kept)
		return false;
	size_t len = block.len;
	for (size_t i = 0; i < pool->count;) {
		const struct block other = pool->blocks[i];
		if (other.begin + other.len != block.begin && block.begin + block.len != other.begin) {
			i++;
			continue;
		}
		block.begin = other.begin < block.begin ? other.begin : block.begin;
		block.len += other.len;
		drop_block(pool, i);
		i = 0;
	}
	if (pool->count == MAX_BLOCKS)
		return false;
	pool->blocks[pool->count++] = block;
	pool->kept += len;
	return true;
}

void pmill_page_pool_free(struct pmill_page_pool *pool, void *pages, size_t len)
{
	bool is_kept = false;
	if (pmill_page_pool_account(pool) != NULL) {
		pmill_memory_account_credit(pool->account, pages == NULL ? 0 : pmill_pages_size(len));
	} else if (pool != NULL && pages != NULL && len >= PMILL_PAGES_LEAST) {
		pthread_mutex_lock(&pool->lock);
		is_kept = keep(pool, (struct block){pages, pmill_pages_size(len)});
		pthread_mutex_unlock(&pool->lock);
	}
	if (!is_kept)
		pmill_pages_free(pages, len);
}
