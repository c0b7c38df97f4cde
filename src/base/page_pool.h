/* Large allocations, recycled from one stage to the next. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_PAGE_POOL_H
#define PMILL_BASE_PAGE_POOL_H

#include <stddef.h>

#include "base/memory_account.h"

/*
 * The system has to clear new pages, which takes up to a tenth of a 0.2 s training run. So what one
 * stage frees is kept for the next, up to 64 MiB. Thread-safe; reference-counted, because words may
 * outlive the trainer that counted them. A NULL pool always asks the system.
 *
 * A pool with an account keeps nothing, and charges what it allocates. The account must live as
 * long as the pool.
 */
struct pmill_page_pool;

struct pmill_page_pool *pmill_page_pool_create(void); /* one reference; NULL if out of memory */
struct pmill_page_pool *pmill_page_pool_create_limited(struct pmill_memory_account *account);
/* NULL if it has none. */
struct pmill_memory_account *pmill_page_pool_account(const struct pmill_page_pool *pool);
struct pmill_page_pool *pmill_page_pool_share(struct pmill_page_pool *pool); /* adds a reference */
void pmill_page_pool_release(struct pmill_page_pool *pool);
/* Returns all kept memory to the system. */
void pmill_page_pool_drain(struct pmill_page_pool *pool);

/*
 * As pmill_pages_allocate, or raw: with undefined contents. Free with pmill_page_pool_free of this
 * pool.
 */
void *pmill_page_pool_allocate(struct pmill_page_pool *pool, size_t len);
void *pmill_page_pool_allocate_raw(struct pmill_page_pool *pool, size_t len);
void pmill_page_pool_free(struct pmill_page_pool *pool, void *pages, size_t len);

/*
 * To move an allocation of `old_len` bytes to a larger one: zeroed pages, charged as if the old
 * ones were gone. They are to be dropped while they are read, all but PMILL_PAGES_MOVED bytes, and
 * then freed with pmill_page_pool_free_moved.
 */
void *pmill_page_pool_allocate_larger(struct pmill_page_pool *pool, size_t len, size_t old_len);
void pmill_page_pool_free_moved(struct pmill_page_pool *pool, void *pages, size_t len);

#endif
